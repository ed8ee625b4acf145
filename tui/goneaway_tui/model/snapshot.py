"""Snapshots: a sample with a verdict on each session (risk, limit, deadline), and totals over all verdicts.

A recording writes the fields of Verdict by their names: renaming one changes its format.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from functools import cached_property
from typing import NamedTuple

from goneaway_tui.model.blocking import UNKNOWN_LOCKS, Blocking, LockState
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Role, Session

NOT_RECORDED = {"recorded": False}
"""Marks a field that follows from others, or from where they were read: recordings and comparisons leave it out."""


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
    """How a limit is known."""

    OWN = "own"
    """Read from the session itself."""
    ASSUMED = "assumed"
    """The global value; the server does not show the session's own."""
    LEARNED = "learned"
    """Inferred from sessions that ended; `why` says from which."""
    DISPROVED = "disproved"
    """The session outlived the limit, so it does not have it."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The idle limit that will end a session, and how it is known."""

    seconds: float
    variable: str
    basis: Basis
    why: str = field(compare=False)
    """One sentence that explains the basis."""


TRANSACTION_LIMITS = (
    "idle_transaction_timeout",
    "idle_write_transaction_timeout",
    "idle_readonly_transaction_timeout",
)
"""MariaDB's limits of a session that is idle inside a transaction."""
COPIED_LIMITS = ("wait_timeout", *TRANSACTION_LIMITS, "connect_timeout", "interactive_timeout")
SHARED_TRANSACTION_LIMITS = (
    # Percona Server from 5.7.17 on, docs.percona.com/percona-server/8.4/kill-idle-trx.html; before that it was InnoDB's.
    "kill_idle_transaction",
    "innodb_kill_idle_transaction",
    # Tencent's TXSQL: the shorter of it and the session's wait_timeout.
    "cdb_kill_idle_trans_timeout",
    # PolarDB-X.
    "kill_idle_transaction_timeout",
)
"""Variables of MySQL's variants that close a session which is idle inside a transaction, where they are above 0. By Percona's
source, the shorter of the variable and the session's own wait_timeout applies, read again each time a session becomes idle."""
STALL_LIMIT = "thread_pool_stall_limit"
"""Milliseconds between two checks of a thread pool for idle sessions; a sample has it only where there is a pool."""


@dataclass(frozen=True, slots=True)
class GlobalLimits:
    """The global limits a session copies when it connects, in seconds; None where the server has no such variable."""

    wait_timeout: float | None = None
    idle_transaction_timeout: float | None = None
    idle_write_transaction_timeout: float | None = None
    idle_readonly_transaction_timeout: float | None = None
    connect_timeout: float | None = None
    shared_limit: tuple[str, float] | None = None
    """A limit of idle transactions that is one value for all sessions and is not copied: its variable, and seconds."""
    late_seconds: float = 0.0
    """By how many seconds after a deadline the server may close a session."""
    interactive_timeout: float | None = None
    """What an interactive session copies in place of `wait_timeout`."""

    @classmethod
    def from_sample(cls, sample: Sample) -> GlobalLimits:
        limits = ((name, sample.variable(name)) for name in SHARED_TRANSACTION_LIMITS)
        return cls(
            **{name: sample.variable(name) for name in COPIED_LIMITS},
            shared_limit=next(((name, seconds) for name, seconds in limits if seconds), None),
            late_seconds=(sample.variable(STALL_LIMIT) or 0.0) / 1000,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One session with its risk, its limit and its deadline."""

    session: Session
    risk: Risk
    limit: Limit | None = None
    deadline: float | None = None
    """When the server will close the session, on the source's clock; None where no idle clock runs, or no limit is known."""
    inherited: GlobalLimits = GlobalLimits()
    """The global limits when the session was first listed."""
    outlived: frozenset[Limit] = frozenset()
    """Limits that the session has outlived; none of them is assumed again."""
    differs_from_global: bool = False
    """Whether its limit is another than a session that connects now would copy."""
    unchanged_until: float = field(default=float("-inf"), compare=False, repr=False, metadata=NOT_RECORDED)
    """Until this instant time alone does not change the verdict."""
    server_name: str = field(default="", compare=False, repr=False, metadata=NOT_RECORDED)
    """Which of several servers it belongs to; empty where there is one server."""
    locks: LockState = field(default=UNKNOWN_LOCKS, metadata=NOT_RECORDED)
    """Which lock the session waits for, and how many wait for it."""

    def seconds_left(self, now: float) -> float | None:
        return None if self.deadline is None else self.deadline - now

    @property
    def is_endangered(self) -> bool:
        """Whether the session is about to be closed with an open transaction, which the server would roll back."""
        return self.session.transaction is not None and self.risk in {Risk.IMMINENT, Risk.OVERDUE}

    def idle_seconds(self, now: float) -> float | None:
        since = self.session.idle_since
        return None if since is None else max(0.0, now - since)

    def busy_seconds(self, now: float) -> float | None:
        """How long the current statement has run; None while the session is idle, or where that is not known."""
        since = self.session.busy_since
        return None if since is None else max(0.0, now - since)

    def transaction_seconds(self, now: float) -> float | None:
        """How old the open transaction is; None without one, or where its start is not known."""
        transaction = self.session.transaction
        return (
            None
            if transaction is None or transaction.started is None
            else max(0.0, now - transaction.started)
        )


@dataclass(frozen=True, slots=True)
class RiskThresholds:
    """Below how many seconds left a session is to be watched, and is imminent."""

    watch_below: float = 600.0
    imminent_below: float = 60.0


@dataclass(frozen=True)
class Snapshot:
    """A sample and a verdict on each of its sessions, in the sample's order."""

    sample: Sample
    verdicts: tuple[Verdict, ...]
    policy: RiskThresholds = RiskThresholds()
    updated_totals: SnapshotTotals | None = field(
        default=None, compare=False, repr=False, metadata=NOT_RECORDED
    )
    """The totals, where they were updated from the snapshot before."""
    removed: tuple[Verdict, ...] | None = field(
        default=None, compare=False, repr=False, metadata=NOT_RECORDED
    )
    """The verdicts of the snapshot before that do not hold any more; None where there was none of this server run."""
    added: tuple[Verdict, ...] = field(default=(), compare=False, repr=False, metadata=NOT_RECORDED)
    """The verdicts that were not in the snapshot before: of sessions that are new or changed."""
    learned_limits: object = field(default=None, compare=False, repr=False, metadata=NOT_RECORDED)
    """The learned limits that the verdicts rest on: while it is the same object, no verdict changes for it."""
    server_name: str = field(default="", compare=False, repr=False, metadata=NOT_RECORDED)
    """Which of several servers it belongs to; empty where there is one server."""

    @property
    def taken_at(self) -> float:
        return self.sample.taken_at

    @property
    def connected(self) -> int:
        """How many connections the server counts; how many sessions it lists, where it does not show that count."""
        counted = self.sample.counter("threads_connected")
        return len(self.verdicts) if counted is None else counted

    def with_server_name(self, server_name: str) -> Snapshot:
        """The same snapshot under another server name, as is needed once there are several servers."""
        if self.server_name == server_name:
            return self
        verdicts = tuple(replace(verdict, server_name=server_name) for verdict in self.verdicts)
        return replace(self, verdicts=verdicts, server_name=server_name, updated_totals=self.totals)

    @cached_property
    def by_id(self) -> Mapping[ProcesslistId, Verdict]:
        return {verdict.session.id: verdict for verdict in self.verdicts}

    @cached_property
    def blocking(self) -> Blocking | None:
        """Which session blocks which; None where the account cannot read which sessions wait for locks."""
        return self.sample.blocking()

    @cached_property
    def totals(self) -> SnapshotTotals:
        return (
            SnapshotTotals().updated((), self.verdicts)
            if self.updated_totals is None
            else self.updated_totals
        )


SessionInstant = tuple[float, int]
"""An instant on the source's clock, and the id of its session."""


class LimitGroup(NamedTuple):
    """Sessions that probably have the same limit: of one user, host and program, under one global value."""

    user: str
    host: str
    """Without a port."""
    program: str
    inherited: float
    """The global `wait_timeout` when they connected: sessions under another value did not copy the same."""


@dataclass(frozen=True, slots=True)
class SnapshotTotals:
    """Totals over all verdicts. Immutable: `updated` makes the next."""

    risks: Mapping[Risk, int] = field(default_factory=dict)
    idle: int = 0
    """How many sessions are idle."""
    deadlines: Sequence[SessionInstant] = ()
    """Every deadline with its session, in order."""
    roles: Mapping[Role, int] = field(default_factory=dict)
    """How many sessions have each role other than CLIENT: they show what the server is to others."""
    idle_by_group: Mapping[LimitGroup, Sequence[SessionInstant]] = field(default_factory=dict)
    """Since when each session of a group has certainly been idle, in order; only sessions whose own limit is not shown."""

    def updated(self, removed: Collection[Verdict], added: Collection[Verdict]) -> SnapshotTotals:
        """The totals with some verdicts removed and others added."""
        risks = Counter(self.risks)
        risks.subtract(verdict.risk for verdict in removed)
        risks.update(verdict.risk for verdict in added)
        idle = self.idle + sum(v.session.is_idle for v in added) - sum(v.session.is_idle for v in removed)
        idle_by_group = dict(self.idle_by_group)
        for group, instants in _idle_by_group(removed).items():
            idle_by_group[group] = _updated_order(idle_by_group[group], instants, ())
        for group, instants in _idle_by_group(added).items():
            idle_by_group[group] = _updated_order(idle_by_group.get(group, ()), (), instants)
        return SnapshotTotals(
            risks,
            idle,
            _updated_order(self.deadlines, _deadlines(removed), _deadlines(added)),
            self._roles(removed, added),
            {group: instants for group, instants in idle_by_group.items() if instants},
        )

    def _roles(self, removed: Iterable[Verdict], added: Iterable[Verdict]) -> Mapping[Role, int]:
        leaving = [v.session.role for v in removed if v.session.role is not Role.CLIENT]
        arriving = [v.session.role for v in added if v.session.role is not Role.CLIENT]
        if not leaving and not arriving:
            return self.roles
        roles = Counter(self.roles)
        roles.update(arriving)
        roles.subtract(leaving)
        return {role: number for role, number in roles.items() if number}


def limit_group(verdict: Verdict) -> LimitGroup | None:
    """The group an idle session belongs to; None if its own limit is shown, or wait_timeout does not govern it."""
    session, limit = verdict.session, verdict.limit
    is_left_out = session.own_limit is not None or session.own or session.half_sent or not session.is_idle
    if (
        is_left_out
        or limit is None
        or limit.variable != "wait_timeout"
        or verdict.inherited.wait_timeout is None
    ):
        return None
    return LimitGroup(
        session.user, session.client_host, session.program or "", verdict.inherited.wait_timeout
    )


def _idle_by_group(verdicts: Iterable[Verdict]) -> dict[LimitGroup, list[SessionInstant]]:
    by_group: dict[LimitGroup, list[SessionInstant]] = {}
    for verdict in verdicts:
        group, since = limit_group(verdict), verdict.session.idle_since
        if group is not None and since is not None:
            by_group.setdefault(group, []).append((since + verdict.session.idle_within, verdict.session.id))
    return by_group


def _deadlines(verdicts: Iterable[Verdict]) -> list[SessionInstant]:
    return [(v.deadline, v.session.id) for v in verdicts if v.deadline is not None]


def _updated_order(
    instants: Sequence[SessionInstant], removed: Sequence[SessionInstant], added: Sequence[SessionInstant]
) -> Sequence[SessionInstant]:
    """An ordered list with some instants removed and others added."""
    if not removed and not added:
        return instants
    if len(removed) + len(added) > len(instants) // 4:
        removed_set = set(removed)
        return sorted([*(instant for instant in instants if instant not in removed_set), *added])
    updated = list(instants)
    for instant in removed:
        del updated[bisect_left(updated, instant)]
    for instant in added:
        insort(updated, instant)
    return updated
