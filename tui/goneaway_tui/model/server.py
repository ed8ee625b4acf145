"""Who is answering, what it is set to, and what it does not let us see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from goneaway_tui.i18n import marked


class Flavour(StrEnum):
    """The family a server belongs to."""

    MYSQL = "mysql"
    MARIADB = "mariadb"

    @property
    def title(self) -> str:  # type: ignore[override]  # a noun here; str's is a verb
        return {"mysql": "MySQL", "mariadb": "MariaDB"}[self.value]


@dataclass(frozen=True, slots=True)
class Server:
    """Who is answering."""

    flavour: Flavour
    version: str
    """Digits and dots, as compared: `10.11.19`."""
    banner: str
    """What it says of itself, word for word: `10.11.19-MariaDB-0+deb12u1 Debian 12`."""
    host: str | None
    port: int | None
    """Null on a Unix socket."""
    uptime: float
    """Seconds since it started."""
    own_session_ids: tuple[int, ...] = ()
    uid: str | None = None
    """What it calls itself alone (`server_uuid`, `server_uid`); None where it has no such name."""


OTHER_ACCOUNTS_MYSQL = marked("every session of another account, and the rows transactions hold")
OTHER_ACCOUNTS_MARIADB = marked("every session of another account, and what transactions hold")
OTHER_ACCOUNTS_NO_ROOM = marked("sessions of other accounts that performance_schema has no room for")
HIDES_SESSIONS = frozenset({OTHER_ACCOUNTS_MYSQL, OTHER_ACCOUNTS_MARIADB, OTHER_ACCOUNTS_NO_ROOM})
"""What a Limitation says where whole sessions are not listed."""


@dataclass(frozen=True, slots=True)
class Limitation:
    """Something this account or server keeps from us, and what would light it."""

    what: str
    """What is lost: `the rows a transaction holds`."""
    why: str
    """`the account lacks PROCESS`."""
    grant: str | None = None
    """The exact statement or setting that mends it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A global variable that bears on how long sessions live."""

    name: str
    value: int | float | None
    min: int | float | None = None
    max: int | float | None = None
    set_by: str | None = None
    """`compiled`, `file`, `persisted`, `dynamic`, or None where the server does not tell."""
    is_documented: bool = False
    """The bounds are those of the manual: the server does not tell its own."""


def is_loopback(host: str) -> bool:
    """
    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "db1", "10.0.0.1")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() in {"localhost", "localhost.localdomain"}


class TopologyRelation(StrEnum):
    """What the other one is to the server that names it."""

    SOURCE = "source"
    REPLICA = "replica"
    READER = "reader"
    """Reads the binary log: a replica, or a program that follows changes."""
    MEMBER = "member"
    """Of the same replication group."""
    NODE = "node"
    """Of the same Galera cluster."""
    INSTANCE = "instance"
    """Of the same Aurora cluster."""


@dataclass(frozen=True, slots=True)
class TopologyMember:
    """One server that another names. Its texts are as hostile as that one's administrator, and are cut to a bound."""

    relation: TopologyRelation
    host: str
    """As that server says it; empty where it does not."""
    port: int | None
    """None where it is not told."""
    reported_by: str
    """The statement, table or status that names it."""
    note: str = ""
    """What the address is worth, a sentence; empty where it is what the other one reports of itself."""
    uid: str | None = None
    """The other's `server_uuid`, where it is told."""
    server_id: int | None = None
    """The other's `server_id`, where it is told."""


@dataclass(frozen=True, slots=True)
class ServerTopology:
    """Everything one server says of others."""

    members: tuple[TopologyMember, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    """What could not be asked, and why."""
    server_id: int | None = None
    """Its own: by it others name it."""
