"""Tuning: a variable's state, the privileges to change it, and what the server made of a change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.i18n import _
from goneaway_tui.model.server import Variable


class Persistence(StrEnum):
    """For how long a change is to last."""

    GLOBAL = "global"
    """Until the server restarts."""
    PERSIST = "persist"
    """Across restarts; MySQL 8.0 and later."""


@dataclass(frozen=True, slots=True)
class KeptValue:
    """The server's result of one statement: the value it kept, and its warnings."""

    statement: str
    """As it ran."""
    value: int | float | None
    """The global value read back afterwards; None for a statement that sets none."""
    warnings: tuple[str, ...] = ()
    """Word for word."""


@dataclass(frozen=True, slots=True)
class NewSessionProbe:
    """The value that a session opened just now has."""

    interactive: bool
    value: int | float | None


@dataclass(frozen=True, slots=True)
class ResourceHeadroom:
    """How many connections a server's resources allow, and how much memory each may take."""

    connections_by_descriptors: int | None = None
    """How many connections the server's file descriptors allow, its open tables subtracted."""
    bytes_per_session: int | None = None
    """Bytes of buffers one session may take: stack, network, sort, join and read buffers, each once."""


@dataclass(frozen=True, slots=True)
class VariableState:
    """One variable, as far as the server shows it: read again before and after a change."""

    variable: Variable
    default: int | float | None = None
    block_size: int | None = None
    """The value is rounded down to a multiple of this."""
    path: str | None = None
    """The option file it came from."""
    set_by_account: str | None = None
    """The account that set or persisted it at run time: `root@localhost`. MySQL counts every SET SESSION as that."""
    set_at: float | None = None
    """Seconds since 1970 UTC by the server's clock."""
    persisted: int | float | None = None
    """The persisted value, which a restart restores; None where nothing is persisted."""
    headroom: ResourceHeadroom = ResourceHeadroom()
    why_not_settable: str = ""
    """Why no value can be set while the server runs; empty where one can."""


@dataclass(frozen=True, slots=True)
class Privileges:
    """What our account may change on this server, read once; and for each missing privilege the GRANT."""

    account: str
    """The account the server matched, quoted."""
    server_id: str
    """The server's uuid where it has one, else `host:port`."""
    can_set: bool
    can_persist: bool
    can_kill: bool
    why_not: tuple[tuple[str, str], ...] = ()
    """Pairs of `set`, `persist` or `kill`, and one line: why that is not allowed, and the GRANT or the setting that allows it."""
    why_not_by_variable: tuple[tuple[str, str], ...] = ()
    """Variables that need another privilege than `can_set` covers: the name, and why it cannot be set, or "" where it can."""

    @property
    def user(self) -> str:
        """The account's user name; empty for an anonymous account.

        >>> Privileges("'d''b@a'@'%'", "1", True, True, True).user
        "d'b@a"
        """
        return self.account.rpartition("@")[0][1:-1].replace("''", "'").replace("\\\\", "\\")

    def why_not_set(self, name: str) -> str:
        """Why this account cannot set this variable; empty where it can.

        >>> Privileges("'dba'@'%'", "1", True, True, True, why_not_by_variable=(("connect_timeout", "GRANT ..."),)).why_not_set("wait_timeout")
        ''
        """
        general = "" if self.can_set else dict(self.why_not).get("set", _("not allowed"))
        return dict(self.why_not_by_variable).get(name, general)
