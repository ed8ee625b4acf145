"""What one run was told, complete and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.settings.secret import Secret


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
class ConnectionSettings:
    """How to reach one server and as whom."""

    host: str | None
    """None only where `transport` is SOCKET and no host was named."""
    port: int
    user: str
    password: Secret | None
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


@dataclass(frozen=True, slots=True)
class Settings:
    command: str
    """`ui`, `demo`, `snapshot` or `explain`."""
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
    output: str | None
    """Path; None is standard output."""
    format: str | None
    """Always said for `snapshot`, as named for `explain`, None for the others."""
    run_for: float | None
    """Seconds; None is until somebody quits."""
    simulated: bool
    files: tuple[str, ...]
    """What `explain` is to read, as named; `-` is standard input, and so are none."""
    live: bool
    """Whether a flag or the DSN says where to connect."""
    origins: Mapping[str, str]
    """Where each value came from, by the names of the fields above: `--host`, `DSN`, `MYSQL_HOST`,
    `~/.my.cnf [client]`, `default`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked needs no run: this goes to standard output, and that is all."""

    text: str
