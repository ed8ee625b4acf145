"""The settings of one run, complete and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.i18n import _
from goneaway_tui.settings.secrets import Secret

if TYPE_CHECKING:
    from goneaway_tui.tune.kill_rules import KillRule


class SslMode(StrEnum):
    """How much TLS is required, least first; the names are those of MySQL's `--ssl-mode`."""

    DISABLED = "DISABLED"
    PREFERRED = "PREFERRED"
    """TLS where the server offers it, else a connection without."""
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    """TLS with a certificate that a known CA signed."""
    VERIFY_IDENTITY = "VERIFY_IDENTITY"
    """VERIFY_CA, and the certificate must name the host."""


class Transport(StrEnum):
    """How the server is reached."""

    TCP = "TCP"
    SOCKET = "SOCKET"
    """A Unix socket of this machine."""


@dataclass(frozen=True, slots=True)
class PasswordCommand:
    """A program that prints the password. It runs without a shell, and only when the password is needed."""

    words: tuple[str, ...]
    """The program and its arguments; never empty."""
    origin: str
    """Its name in messages: `password_command of ...`."""

    def __str__(self) -> str:
        return _("from {program}", program=self.words[0])


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keyring of the system has the password, by this service and the name of the account."""

    service: str
    origin: str
    """Its name in messages."""

    def __str__(self) -> str:
        return _("from the keyring")


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach one server, and as which user."""

    host: str | None
    """None only where `transport` is SOCKET and no host was named."""
    port: int
    user: str
    password: Secret | PasswordCommand | Keyring | None
    """None where none was given; an empty Secret where an empty password was given."""
    ask_password: bool
    """Whether to ask for the password at the terminal before connecting."""
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
    """Decided here, so that no other code needs to know what `localhost` means to which client."""
    enable_cleartext_plugin: bool = False
    get_server_public_key: bool = False
    server_public_key_path: str | None = None
    ssh: str | None = None
    """The SSH host of the tunnel; None connects directly. `host` and `socket` are resolved on that machine."""


@dataclass(frozen=True, slots=True)
class RecordingBound:
    """The limit of a recording: seconds or bytes."""

    seconds: float | None = None
    bytes: int | None = None

    def __str__(self) -> str:
        """As an option's value."""
        return f"{self.seconds:g}s" if self.bytes is None else f"{self.bytes >> 10}KiB"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on."""

    host: str
    """A name or an address; an IPv6 address without brackets."""
    port: int

    def __str__(self) -> str:
        """As an option's value."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run with one server."""

    command: str
    """One of `options.COMMANDS`, or `ui`."""
    connection: ConnectionSettings
    """The defaults where the command is `demo`, which starts a server of its own."""
    interval: float
    """Seconds between polls."""
    read_only: bool
    statements: bool
    """Whether SQL text may be shown and written."""
    watch_below: float
    """Seconds to the deadline."""
    imminent_below: float
    """Seconds to the deadline; never more than `watch_below`."""
    theme: str | None
    lang: str
    """A key of `i18n.LANGUAGES`."""
    wall: bool
    """The full-screen display for a wall: it needs no keys and changes nothing."""
    output: str | None
    """Path; None is standard output."""
    format: str | None
    """Always given for `snapshot`; as named for `explain` and `advise`; None for other commands."""
    run_for: float | None
    """Seconds; None runs until the user quits."""
    simulated: bool
    error_log: str | None
    """Path of the server's error log on this machine; None where there is none to read."""
    since: float | None
    """How many seconds back `watch` begins, from the log of the server; None begins now."""
    execute: tuple[str, ...]
    """The words of the command that `watch` and `kill` run; empty for none."""
    match: str | None
    """The filter of `kill`; None where a rule has it."""
    rule: str | None
    """The name of a rule of the config file."""
    query: bool
    """Kill the statements and not the sessions."""
    apply: bool
    """Whether `kill` kills the sessions; otherwise it only lists them."""
    max_kills: int
    """Sessions that one pass may kill."""
    every: float | None
    """Seconds between two passes; None for one pass."""
    record: str | None
    """Path of the recording to write."""
    keep: RecordingBound
    """How much of a recording is kept."""
    recording: str | None
    """Path of the recording in which `explain` looks up ended sessions."""
    facts: str | None
    """Path of pasted output of the server, which `explain` uses as the server's variables and counters."""
    verbose: bool
    """Whether `explain` reports every error, and every finding in full."""
    save: str | None
    """Path of the file to which `advise` adds the counted gaps."""
    listen: ListenAddress
    """The address of the exporter, or of the screen in a browser."""
    listen_cert: str | None
    """Paths of a certificate and its key, for TLS on that address."""
    listen_key: str | None
    listen_ca: str | None
    """Path of the CAs whose client certificates are let in; None requires no client certificate."""
    listen_auth: str | None
    """Path of a file with the `user:password` that is let in."""
    max_series: int
    """Series at most that name users and programs."""
    print_rules: bool
    """Print the alert rules of the exporter, and do nothing else."""
    print_dashboard: bool
    allow_changes: bool
    """Whether the screens in browsers may change the server."""
    max_viewers: int
    """Browsers at most that have a screen at the same time."""
    files: tuple[str, ...]
    """The files that `explain`, `advise` or `replay` is to read; `-`, and for `explain` no file, is standard input."""
    live: bool
    """Whether a flag, the DSN or @name says where to connect."""
    origins: Mapping[str, str]
    """Where each value came from, by the names of the fields above: `--host`, `DSN`, `MYSQL_HOST`,
    `~/.config/goneaway-tui/config.toml line 3`, `~/.my.cnf [client] line 2`, `default`."""
    config: Path
    """Path of the config file, which need not exist."""
    profile: str | None = None
    """The name of the server in the config file."""
    color: str | None = None
    """The colour of this server in the config file: one of `config_reader.COLORS`, or `#rrggbb`."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of their binding, with commas between several."""
    rules: Mapping[str, KillRule] = field(default_factory=dict)
    """The rules of the config file, by name."""
    never_kill: tuple[str, ...] = ()
    """The accounts whose sessions `kill` never matches, each `user` or `user@host`."""
    warnings: tuple[str, ...] = ()
    """What was ignored, one line each."""


@dataclass(frozen=True, slots=True)
class InfoAnswer:
    """The answer to a request for information, for standard output."""

    text: str
    file: Path | None = None
    """The file to write the text to instead of standard output; an existing file is not replaced."""
    warnings: tuple[str, ...] = ()
    """What was ignored, one line each."""
    faults: tuple[str, ...] = ()
    """Faults, one line each. With faults the exit status is USAGE."""
    page: str | None = None
    """The page of documentation to show instead of a text; empty for the list of the pages."""
