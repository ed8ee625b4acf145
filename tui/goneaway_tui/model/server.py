"""A server: its identity, its global variables, what it hides from our account, the other servers it names, and how a
profile of the config file names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from goneaway_tui.i18n import N_


class Flavour(StrEnum):
    """The family a server belongs to."""

    MYSQL = "mysql"
    MARIADB = "mariadb"

    @property
    def title(self) -> str:  # type: ignore[override]  # a noun here; str's is a verb
        return {"mysql": "MySQL", "mariadb": "MariaDB"}[self.value]


@dataclass(frozen=True, slots=True)
class Server:
    """The server that answered, and the session ids that are ours on it."""

    flavour: Flavour
    version: str
    """Digits and dots, as compared: `10.11.19`."""
    banner: str
    """The version string as the server sends it: `10.11.19-MariaDB-0+deb12u1 Debian 12`."""
    host: str | None
    port: int | None
    """Null on a Unix socket."""
    uptime: float
    """Seconds since it started."""
    own_session_ids: tuple[int, ...] = ()
    uid: str | None = None
    """The server's unique id (`server_uuid`, `server_uid`); None where it has none."""


OTHER_ACCOUNTS_MYSQL = N_("the sessions of other accounts, and the rows that transactions hold")
OTHER_ACCOUNTS_MARIADB = N_("the sessions of other accounts, and what transactions hold")
OTHER_ACCOUNTS_NO_ROOM = N_("sessions of other accounts that performance_schema has no room for")
HIDES_SESSIONS = frozenset({OTHER_ACCOUNTS_MYSQL, OTHER_ACCOUNTS_MARIADB, OTHER_ACCOUNTS_NO_ROOM})
"""The `what` of a Limitation where whole sessions are not listed."""
LOCK_HOLDERS = N_("which session holds the lock that another session waits for")
METADATA_LOCK_HOLDERS = N_("which session holds the metadata lock that another session waits for")
ROWS_PORTS_AND_WAITS = N_(
    "the rows that transactions hold, clients' ports, and which sessions wait for locks"
)
HIDES_LOCK_WAITS = HIDES_SESSIONS | {LOCK_HOLDERS, METADATA_LOCK_HOLDERS, ROWS_PORTS_AND_WAITS}
"""The `what` of a Limitation where waits for locks, or the sessions that hold the locks, are not shown."""


@dataclass(frozen=True, slots=True)
class Limitation:
    """Something this account or server does not show, and what would show it."""

    what: str
    """What is not shown: `the rows a transaction holds`."""
    why: str
    """`the account lacks PROCESS`."""
    grant: str | None = None
    """The exact statement or setting that would show it."""

    @property
    def page(self) -> str:
        """The page of documentation about it: what an account needs, or what differs between servers."""
        return "privileges" if self.grant else "versions"


@dataclass(frozen=True, slots=True)
class Variable:
    """A global variable that bears on how long sessions live."""

    name: str
    value: int | float | None
    min: int | float | None = None
    max: int | float | None = None
    set_by: str | None = None
    """`compiled`, `file`, `persisted`, `dynamic`, or None where the server does not show it."""
    is_documented: bool = False
    """Whether the bounds are those of the manual, because the server does not show its own."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is that of the machine itself.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "db1", "10.0.0.1")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() in {"localhost", "localhost.localdomain"}


class TopologyRelation(StrEnum):
    """What a server is to the server that names it."""

    SOURCE = "source"
    REPLICA = "replica"
    READER = "reader"
    """Reads the binary log: a replica, or a change data capture program."""
    MEMBER = "member"
    """Of the same replication group."""
    NODE = "node"
    """Of the same Galera cluster."""
    INSTANCE = "instance"
    """Of the same Aurora cluster."""


@dataclass(frozen=True, slots=True)
class TopologyMember:
    """One server that another server names. Its texts are untrusted, and cut to a bound."""

    relation: TopologyRelation
    host: str
    """The host as the other server reports it; empty where it does not."""
    port: int | None
    """None where it is not reported."""
    reported_by: str
    """The statement, table or status that names it."""
    note: str = ""
    """How reliable the address is, a sentence; empty where the named server reported it itself."""
    uid: str | None = None
    """Its `server_uuid`, where that is reported."""
    server_id: int | None = None
    """Its `server_id`, where that is reported."""


@dataclass(frozen=True, slots=True)
class ServerTopology:
    """The other servers that one server names."""

    members: tuple[TopologyMember, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    """What could not be read, and why."""
    server_id: int | None = None
    """The server's own `server_id`, by which others name it."""


# --- Profiles: servers of the config file, a connection typed into the dialog, and the result of trying one


@dataclass(frozen=True, slots=True)
class Profile:
    """A server of the config file, as a list shows it."""

    name: str
    account_and_address: str
    """Account and address: `dba@db1:3306 via jump`; or what is wrong with the profile."""
    color: str | None = None
    """One of the config file's names, or `#rrggbb`."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A connection as typed into the dialog; empty texts where nothing was typed."""

    name: str = ""
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    """For this run only; never written to a file."""
    socket: str = ""
    ssl_mode: str = ""
    ssl_ca: str = ""
    ssh: str = ""
    password_command: str = ""
    """A command line, split as a shell does."""
    password_keyring: str = ""
    color: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ConnectedServer:
    """A server that accepted the login."""

    server: str
    """`MySQL 9.7.4`."""
    account: str
    """The account the server matched, quoted: `'dba'@'%'`."""
    limitations: tuple[Limitation, ...] = ()
