"""A sample with opinions."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from functools import cached_property
from typing import NamedTuple

from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Role, Session

NOT_RECORDED = {"recorded": False}
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


TRANSACTION_LIMITS = (
    "idle_transaction_timeout",
    "idle_write_transaction_timeout",
    "idle_readonly_transaction_timeout",
)
"""MariaDB's limits of a session that is idle inside a transaction."""
COPIED_LIMITS = ("wait_timeout", *TRANSACTION_LIMITS, "connect_timeout")
SHARED_TRANSACTION_LIMITS = (
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
    shared_limit: tuple[str, float] | None = None
    """A limit of idle transactions that is one value for all sessions, which none copies: its variable, and seconds."""
    late_seconds: float = 0.0
    """By how many seconds after a deadline the server may close a session."""

    @classmethod
    def from_sample(cls, sample: Sample) -> Inherited:
        limits = ((name, sample.variable(name)) for name in SHARED_TRANSACTION_LIMITS)
        return cls(
            **{name: sample.variable(name) for name in COPIED_LIMITS},
            shared_limit=next(((name, seconds) for name, seconds in limits if seconds), None),
            late_seconds=(sample.variable(STALL_LIMIT) or 0.0) / 1000,
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
    unchanged_until: float = field(default=float("-inf"), compare=False, repr=False, metadata=NOT_RECORDED)
    """The instant up to which time alone changes nothing of it."""
    server_name: str = field(default="", compare=False, repr=False, metadata=NOT_RECORDED)
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
    updated_totals: SnapshotTotals | None = field(
        default=None, compare=False, repr=False, metadata=NOT_RECORDED
    )
    """The tally, where it was kept up from the snapshot before."""
    learned_limits: object = field(default=None, compare=False, repr=False, metadata=NOT_RECORDED)
    """What was believed of limits nobody shows: while it stays the same object, no verdict is in doubt for it."""
    server_name: str = field(default="", compare=False, repr=False, metadata=NOT_RECORDED)
    """Which of several servers it is of; empty where there is one."""

    @property
    def taken_at(self) -> float:
        return self.sample.taken_at

    def with_server_name(self, server_name: str) -> Snapshot:
        """The same, of a server that is called so from now on, as it is once there are others beside it."""
        if self.server_name == server_name:
            return self
        verdicts = tuple(replace(each, server_name=server_name) for each in self.verdicts)
        return replace(self, verdicts=verdicts, server_name=server_name, updated_totals=self.totals)

    @cached_property
    def by_id(self) -> Mapping[ProcesslistId, Verdict]:
        return {verdict.session.id: verdict for verdict in self.verdicts}

    @cached_property
    def totals(self) -> SnapshotTotals:
        return (
            SnapshotTotals().updated((), self.verdicts)
            if self.updated_totals is None
            else self.updated_totals
        )


SessionInstant = tuple[float, int]
"""An instant on the source's clock, and the session it is of."""


class LimitGroup(NamedTuple):
    """Sessions that are likely to have been given the same limit."""

    user: str
    host: str
    """Without a port."""
    program: str
    inherited: float
    """The global `wait_timeout` in force when they came: who came under another was not given the same."""


@dataclass(frozen=True, slots=True)
class SnapshotTotals:
    """Sums over all verdicts. Never changed: `after` makes the next."""

    risks: Mapping[Risk, int] = field(default_factory=dict)
    idle: int = 0
    """Sessions that sleep."""
    deadlines: Sequence[SessionInstant] = ()
    """Of all that have one, in their order."""
    roles: Mapping[Role, int] = field(default_factory=dict)
    """How many of each, of those that are no clients: they tell what the server is to others."""
    idle_by_group: Mapping[LimitGroup, Sequence[SessionInstant]] = field(default_factory=dict)
    """When those of each kin surely idled already, in order: of sessions whose own limit nobody shows."""

    def updated(self, went: Collection[Verdict], came: Collection[Verdict]) -> SnapshotTotals:
        """With some verdicts taken out, and others put in."""
        risks = Counter(self.risks)
        risks.subtract(verdict.risk for verdict in went)
        risks.update(verdict.risk for verdict in came)
        idle = self.idle + sum(v.session.is_idle for v in came) - sum(v.session.is_idle for v in went)
        waits = dict(self.idle_by_group)
        for kin, marks in _idle_by_group(went).items():
            waits[kin] = _updated_order(waits[kin], marks, ())
        for kin, marks in _idle_by_group(came).items():
            waits[kin] = _updated_order(waits.get(kin, ()), (), marks)
        return SnapshotTotals(
            risks,
            idle,
            _updated_order(self.deadlines, _deadlines(went), _deadlines(came)),
            self._roles(went, came),
            {kin: marks for kin, marks in waits.items() if marks},
        )

    def _roles(self, went: Iterable[Verdict], came: Iterable[Verdict]) -> Mapping[Role, int]:
        left = [v.session.role for v in went if v.session.role is not Role.CLIENT]
        arrived = [v.session.role for v in came if v.session.role is not Role.CLIENT]
        if not left and not arrived:
            return self.roles
        roles = Counter(self.roles)
        roles.update(arrived)
        roles.subtract(left)
        return {role: number for role, number in roles.items() if number}


def limit_group(verdict: Verdict) -> LimitGroup | None:
    """Whom an idle session speaks for: nobody if its own limit is shown, or another than wait_timeout governs it."""
    session, limit = verdict.session, verdict.limit
    silent = session.own_limit is not None or session.own or session.half_sent or not session.is_idle
    if silent or limit is None or limit.variable != "wait_timeout" or verdict.inherited.wait_timeout is None:
        return None
    return LimitGroup(
        session.user, session.client_host, session.program or "", verdict.inherited.wait_timeout
    )


def _idle_by_group(verdicts: Iterable[Verdict]) -> dict[LimitGroup, list[SessionInstant]]:
    found: dict[LimitGroup, list[SessionInstant]] = {}
    for verdict in verdicts:
        kin, since = limit_group(verdict), verdict.session.idle_since
        if kin is not None and since is not None:
            found.setdefault(kin, []).append((since + verdict.session.idle_within, verdict.session.id))
    return found


def _deadlines(verdicts: Iterable[Verdict]) -> list[SessionInstant]:
    return [(v.deadline, v.session.id) for v in verdicts if v.deadline is not None]


def _updated_order(
    marks: Sequence[SessionInstant], went: Sequence[SessionInstant], came: Sequence[SessionInstant]
) -> Sequence[SessionInstant]:
    """Some taken out of an ordered list, others put in."""
    if not went and not came:
        return marks
    if len(went) + len(came) > len(marks) // 4:
        gone = set(went)
        return sorted([*(mark for mark in marks if mark not in gone), *came])
    moved = list(marks)
    for mark in went:
        del moved[bisect_left(moved, mark)]
    for mark in came:
        insort(moved, mark)
    return moved
