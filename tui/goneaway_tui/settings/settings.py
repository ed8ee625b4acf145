"""What one run was told, complete and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from goneaway_tui.i18n import _
from goneaway_tui.settings.secrets import Secret


class SslMode(StrEnum):
    """How much TLS is asked of the server, laxest first; the names are MySQL's `--ssl-mode`."""

    DISABLED = "DISABLED"
    PREFERRED = "PREFERRED"
    """TLS where the server offers it, else in the clear."""
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    """TLS, with a certificate that a known authority signed."""
    VERIFY_IDENTITY = "VERIFY_IDENTITY"
    """The same, made out to the very host that was asked for."""


class Transport(StrEnum):
    TCP = "TCP"
    SOCKET = "SOCKET"
    """A Unix socket: this machine's server, without the network."""


@dataclass(frozen=True, slots=True)
class PasswordCommand:
    """A program that prints the password; run without a shell, and only when the password is needed."""

    words: tuple[str, ...]
    """The program and its arguments; never empty."""
    origin: str
    """What to call it: `password_command of ...`."""

    def __str__(self) -> str:
        return _("from {program}", program=self.words[0])


@dataclass(frozen=True, slots=True)
class Keyring:
    """The system's keyring has the password, for this service and the account's name."""

    service: str
    origin: str
    """As a command's."""

    def __str__(self) -> str:
        return _("from the keyring")


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach one server and as whom."""

    host: str | None
    """None only where `transport` is SOCKET and no host was named."""
    port: int
    user: str
    password: Secret | PasswordCommand | Keyring | None
    """None where none was given; an empty Secret where an empty one was."""
    ask_password: bool
    """The password is to be asked for at the terminal before connecting."""
    socket: str | None
    """Path; None with SOCKET means the standard path of this system, and always with TCP."""
    database: str | None
    ssl_mode: SslMode
    ssl_ca: str | None
    ssl_cert: str | None
    ssl_key: str | None
    connect_timeout: float
    """Seconds, never 0."""
    transport: Transport
    """Decided here, so that nobody has to know what `localhost` means to which client."""
    enable_cleartext_plugin: bool = False
    get_server_public_key: bool = False
    server_public_key_path: str | None = None
    ssh: str | None = None
    """The machine to go through; host and socket are then what they are to it."""


@dataclass(frozen=True, slots=True)
class RecordingBound:
    """The bound of a recording: one of the two."""

    seconds: float | None = None
    bytes: int | None = None

    def __str__(self) -> str:
        """As it may be written."""
        return f"{self.seconds:g}s" if self.bytes is None else f"{self.bytes >> 10}KiB"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to be asked from."""

    host: str
    """A name or an address, an IPv6 one without brackets."""
    port: int

    def __str__(self) -> str:
        """As it may be written."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    command: str
    """One of `options.COMMANDS`, or `ui`."""
    connection: ConnectionSettings
    """The defaults where the command is `demo`, which has a server of its own."""
    interval: float
    """Seconds between polls."""
    read_only: bool
    statements: bool
    """Whether SQL text may be shown and written."""
    watch_below: float
    """Seconds left."""
    imminent_below: float
    """Seconds left; never more than `watch_below`."""
    theme: str | None
    lang: str
    """A key of `language.LANGUAGES`."""
    wall: bool
    """The screen is to hang on a wall: it needs no key, and can change nothing."""
    output: str | None
    """Path; None is standard output."""
    format: str | None
    """Always said for `snapshot`, as named for `explain`, None for the others."""
    run_for: float | None
    """Seconds; None is until somebody quits."""
    simulated: bool
    error_log: str | None
    """The server's own, on this machine; None where there is none to be read."""
    execute: tuple[str, ...]
    """The words of the command that `watch` runs; none is no command."""
    record: str | None
    """Path of the recording to write."""
    keep: RecordingBound
    """How much of a recording is kept."""
    recording: str | None
    """Path of the recording in which `explain` looks up who left."""
    listen: ListenAddress
    """Where the exporter, or the screen in a browser, is to be asked."""
    listen_cert: str | None
    """Paths of a certificate and its key, with which TLS is spoken there."""
    listen_key: str | None
    listen_ca: str | None
    """Path of the authorities that sign the certificates of who may ask; None lets in those without one."""
    listen_auth: str | None
    """Path of a file with the `user:password` of who may ask."""
    max_series: int
    """The most series that name users and programs."""
    print_rules: bool
    """The exporter's alert rules are to be printed, and nothing more."""
    print_dashboard: bool
    allow_changes: bool
    """Those who look by a browser may change the server too."""
    max_viewers: int
    """How many may look by a browser at once."""
    files: tuple[str, ...]
    """What `explain` or `replay` is to read, as named; `-` is standard input, and for `explain` so are none."""
    live: bool
    """Whether a flag, the DSN or @name says where to connect."""
    origins: Mapping[str, str]
    """Where each value came from, by the names of the fields above: `--host`, `DSN`, `MYSQL_HOST`,
    `~/.config/goneaway-tui/config.toml line 3`, `~/.my.cnf [client] line 2`, `default`."""
    config: Path
    """Where the config file is, or would be."""
    profile: str | None = None
    """The server's name in the config file."""
    color: str | None = None
    """What marks this server, as the config file says it: one of `config.COLORS`, or `#rrggbb`."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of their binding; several keys have commas between them."""
    warnings: tuple[str, ...] = ()
    """What was passed over, each in a line for the person."""


@dataclass(frozen=True, slots=True)
class InfoAnswer:
    """What was asked needs no run: this goes to standard output, and that is all."""

    text: str
    file: Path | None = None
    """Where the text goes instead; a file that exists is not replaced."""
    warnings: tuple[str, ...] = ()
    """What was passed over, each in a line for the person."""
    faults: tuple[str, ...] = ()
    """What is wrong with what was asked about, each in a line for the person; then the run has failed."""
