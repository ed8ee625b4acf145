"""A sample with opinions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from functools import cached_property

from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tally import Tally

RECKONED = {"recorded": False}
"""Marks a field that follows from the others, or from where they were read: it is part of no recording, and no comparison."""


class Risk(Enum):
    """How near a session's end is. Words of the contract; order is by how much it matters."""

    EXEMPT = "exempt"
    BUSY = "busy"
    CALM = "calm"
    WATCH = "watch"
    IMMINENT = "imminent"
    OVERDUE = "overdue"

    @property
    def rank(self) -> int:
        return RISK_ORDER[self]


RISK_ORDER = {risk: rank for rank, risk in enumerate(Risk)}


class Basis(StrEnum):
    """How we know a limit."""

    OWN = "own"
    """Read from that session."""
    ASSUMED = "assumed"
    """The global value; the server cannot show the session's own."""
    LEARNED = "learned"
    """Inferred from what was observed; `why` says from what."""
    DISPROVED = "disproved"
    """Outlived, so it was wrong."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What will end a session, and how we know."""

    seconds: float
    variable: str
    basis: Basis
    why: str = field(compare=False)
    """One sentence for the person who asks."""


OF_TRANSACTIONS = (
    "idle_transaction_timeout",
    "idle_write_transaction_timeout",
    "idle_readonly_transaction_timeout",
)
"""MariaDB's limits of a session that is idle inside a transaction."""
COPIED = ("wait_timeout", *OF_TRANSACTIONS, "connect_timeout")
SHARED = (
    # Percona Server from 5.7.17 on, docs.percona.com/percona-server/8.4/kill-idle-trx.html; before that it was InnoDB's.
    "kill_idle_transaction",
    "innodb_kill_idle_transaction",
    # Tencent's TXSQL: the shorter of it and the session's wait_timeout.
    "cdb_kill_idle_trans_timeout",
    # PolarDB-X.
    "kill_idle_transaction_timeout",
)
"""Variables of relatives of MySQL that close a session which is idle inside a transaction, where they are above 0. Percona's
source: the shorter of it and the session's own wait_timeout, looked up at each wait."""
STALL_LIMIT = "thread_pool_stall_limit"
"""Milliseconds between two looks of a thread pool at its idle sessions; a sample has it only where there is a pool."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """The global limits a session copies when it connects, in seconds; None where the server has no such variable."""

    wait_timeout: float | None = None
    idle_transaction_timeout: float | None = None
    idle_write_transaction_timeout: float | None = None
    idle_readonly_transaction_timeout: float | None = None
    connect_timeout: float | None = None
    shared: tuple[str, float] | None = None
    """A limit of idle transactions that is one value for all sessions, which none copies: its variable, and seconds."""
    late: float = 0.0
    """By how many seconds after a deadline the server may close a session."""

    @classmethod
    def of(cls, sample: Sample) -> Inherited:
        limits = ((name, sample.variable(name)) for name in SHARED)
        return cls(
            **{name: sample.variable(name) for name in COPIED},
            shared=next(((name, seconds) for name, seconds in limits if seconds), None),
            late=(sample.variable(STALL_LIMIT) or 0.0) / 1000,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One session, judged."""

    session: Session
    risk: Risk
    limit: Limit | None = None
    deadline: float | None = None
    """The instant the server will close it, on the source's clock; None where none is running or none is known."""
    inherited: Inherited = Inherited()
    """The globals in force when this session was first seen."""
    outlived: frozenset[Limit] = frozenset()
    """Assumed limits this session has outlived; they are never believed of it again."""
    until: float = field(default=float("-inf"), compare=False, repr=False, metadata=RECKONED)
    """The instant up to which time alone changes nothing of it."""
    server_name: str = field(default="", compare=False, repr=False, metadata=RECKONED)
    """Which of several servers it is of; empty where there is one."""

    def seconds_left(self, now: float) -> float | None:
        return None if self.deadline is None else self.deadline - now

    def idle_seconds(self, now: float) -> float | None:
        since = self.session.idle_since
        return None if since is None else max(0.0, now - since)


@dataclass(frozen=True, slots=True)
class Policy:
    """Where the person watching draws the lines."""

    watch_below: float = 600.0
    imminent_below: float = 60.0


@dataclass(frozen=True)
class Snapshot:
    """A sample and a verdict on each of its sessions, in the sample's order."""

    sample: Sample
    verdicts: tuple[Verdict, ...]
    policy: Policy = Policy()
    reckoned: Tally | None = field(default=None, compare=False, repr=False, metadata=RECKONED)
    """The tally, where it was kept up from the snapshot before."""
    believed: object = field(default=None, compare=False, repr=False, metadata=RECKONED)
    """What was believed of limits nobody shows: while it stays the same object, no verdict is in doubt for it."""
    server_name: str = field(default="", compare=False, repr=False, metadata=RECKONED)
    """Which of several servers it is of; empty where there is one."""

    @property
    def taken_at(self) -> float:
        return self.sample.taken_at

    def called(self, server_name: str) -> Snapshot:
        """The same, of a server that is called so from now on, as it is once there are others beside it."""
        if self.server_name == server_name:
            return self
        verdicts = tuple(replace(each, server_name=server_name) for each in self.verdicts)
        return replace(self, verdicts=verdicts, server_name=server_name, reckoned=self.tally)

    @cached_property
    def by_id(self) -> Mapping[ProcesslistId, Verdict]:
        return {verdict.session.id: verdict for verdict in self.verdicts}

    @cached_property
    def tally(self) -> Tally:
        return Tally().after((), self.verdicts) if self.reckoned is None else self.reckoned
