"""Sessions: rows of the process list, with what each session runs and holds.

A recording writes the fields of Session by their names: renaming one changes its format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NewType

ProcesslistId = NewType("ProcesslistId", int)
"""What KILL takes and CONNECTION_ID() returns."""

ThreadId = NewType("ThreadId", int)
"""Performance Schema's own key. Joins tables; never reaches KILL."""

Account = tuple[str, str]
"""User and client host, by which a server counts how sessions ended: `Session.user` and `Session.client_host`."""


class Role(StrEnum):
    """What a session is to the server; decides whether an idle clock runs at all."""

    CLIENT = "client"
    LOGIN = "login"
    """Connected, not yet authenticated: `connect_timeout` runs, not `wait_timeout`."""
    REPLICA = "replica"
    DUMP = "dump"
    """Sends the binary log to a replica."""
    DAEMON = "daemon"


@dataclass(frozen=True, slots=True)
class PastStatement:
    """A statement that a session has run in its open transaction."""

    text: str
    """Untrusted, and cut by the server or by the reader."""
    began: float | None
    """Instant on the source's clock; None where the server did not time it."""


@lru_cache(maxsize=1024)
def library_name(name: str | None, version: str | None) -> str | None:
    """The client library and its version, by the connect attributes; PHP's driver repeats its name in its version.

    >>> library_name("libmysql", "8.4.7"), library_name("mysqlnd", "mysqlnd 8.4.12"), library_name(None, None)
    ('libmysql 8.4.7', 'mysqlnd 8.4.12', None)
    """
    if name and version and version.startswith(name):
        return version
    return " ".join(filter(None, (name, version))) or None


@dataclass(frozen=True, slots=True)
class Transaction:
    """What would be rolled back."""

    started: float | None
    """Instant on the source's clock."""
    rows_modified: int | None = None
    """As InnoDB counts them, rows of temporary tables included; None where it may not be read."""
    rows_locked: int | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One session as the server lists it. All texts are untrusted."""

    id: ProcesslistId
    user: str
    host: str
    """`web-3:51234`; without the port where the server does not show it."""
    db: str | None
    command: str
    """As in the process list: `Sleep`, `Query`, `Binlog Dump`."""
    state: str | None = None
    statement: str | None = None
    """The current or last SQL, cut by the server or by the reader; None where it is not known, or was not read."""
    program: str | None = None
    """`program_name` of the connect attributes."""
    client: str | None = None
    """The client library and its version, of the connect attributes."""
    role: Role = Role.CLIENT
    own: bool = False
    """One of our own connections."""
    idle_since: float | None = None
    """When the session became idle, on the source's clock; None while it is busy, or where that is not known."""
    idle_within: float = 0.0
    """Half-width in seconds of the error of `idle_since`: 0 where the server shows it to the millisecond."""
    own_limit: int | None = None
    """The session's own `wait_timeout` in seconds, or None where the server does not show it."""
    half_sent: bool = False
    """Part of a command has arrived, which restarted the server's read timer."""
    transaction: Transaction | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    """All connect attributes, as the client sent them."""
    thread: ThreadId | None = None
    busy_since: float | None = None
    """When the running statement began, on the source's clock; None while the session is idle, or where that is not known."""
    gaps: tuple[float, ...] = ()
    """How long the session was idle before each command that it began since it was last seen idle or busy otherwise, in
    seconds, as the server timed them; only the first may be below a second. Empty where the server does not time them."""

    @property
    def is_idle(self) -> bool:
        return self.command == "Sleep" and self.role is Role.CLIENT

    @property
    def is_client(self) -> bool:
        """Whether it is a client's, and not our own."""
        return self.role is Role.CLIENT and not self.own

    @property
    def is_exempt(self) -> bool:
        """Whether no idle limit applies: to our own, and to what is no client's."""
        return self.own or self.role not in {Role.CLIENT, Role.LOGIN}

    @property
    def client_host(self) -> str:
        """`host` without its port.

        >>> Session(ProcesslistId(1), "u", "web-3:51234", None, "Sleep").client_host
        'web-3'
        >>> Session(ProcesslistId(1), "u", "::1", None, "Sleep").client_host
        '::1'
        """
        host, colon, port = self.host.rpartition(":")
        return host if colon and port.isdigit() and (":" not in host or host.count(":") > 6) else self.host
