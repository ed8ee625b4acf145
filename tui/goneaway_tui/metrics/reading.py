"""One server in numbers: what a step adds to what was counted before. Pure; needs no Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from goneaway_tui.judge.step import Step
from goneaway_tui.metrics.families import Name
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.plain import plain
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Risk, Snapshot, Verdict
from goneaway_tui.tune.tunables import TUNABLES, Unit

OTHER = "other"
"""Stands for users and programs that have no series of their own."""
LONGEST = 80
"""Characters of a label."""
STALE = 300.0
"""Seconds after which what was last seen of a server is told no more: so long Prometheus itself believes a series."""
KEPT = 2
"""How many times as many sessions a newcomer needs to take the series of who has one: else series would flicker."""

Labels = tuple[str, ...]
Pair = tuple[str, str]
Values = Mapping[Name, Mapping[Labels, float]]
"""By metric, and by the values of its labels in their order."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A server as it was last read, and what was counted since the exporter began."""

    most_series: int
    seen_at: float | None = None
    """The instant of the snapshot, on the source's clock; None before the first."""
    up: bool = False
    seconds: float = 0.0
    """What the last reading and judging took."""
    polls: int = 0
    failures: int = 0
    present: Values = field(default_factory=dict)
    """What the last snapshot says."""
    next_closing: float | None = None
    """An instant."""
    counts: Values = field(default_factory=dict)
    """What only grows."""
    named: frozenset[Pair] = frozenset()
    """Users and programs that have series of their own."""
    endangered: frozenset[ProcesslistId] = frozenset()

    def missed(self) -> Reading:
        """After a reading that failed."""
        return replace(self, up=False, polls=self.polls + 1, failures=self.failures + 1)

    def after(self, step: Step, seconds: float) -> Reading:
        """After one that took so many seconds."""
        snapshot = step.snapshot
        crowd = [v for v in snapshot.verdicts if not v.session.own]
        in_danger = [v for v in crowd if _is_endangered(v)]
        sessions = Counter(
            (v.session.user, v.session.program or "", v.risk, v.limit and v.limit.basis) for v in crowd
        )
        by_pair: dict[Pair, Counter[Labels]] = {}
        for (user, program, risk, basis), number in sessions.items():
            counted = by_pair.setdefault((plain(user, LONGEST), plain(program, LONGEST)), Counter())
            counted[risk.value, basis.value if basis else "none"] += number
        dangers = Counter(
            (plain(v.session.user, LONGEST), plain(v.session.program or "", LONGEST)) for v in in_danger
        )
        named = _named(by_pair, dangers, self.named, self.most_series)
        present: dict[Name, Mapping[Labels, float]] = {
            **_whole(snapshot, crowd),
            Name.SESSIONS: _summed(
                ((*(pair if pair in named else (OTHER, OTHER)), *rest), number)
                for pair, counted in by_pair.items()
                for rest, number in counted.items()
            ),
            Name.ENDANGERED: _summed(
                (pair if pair in named else (OTHER, OTHER), number) for pair, number in dangers.items()
            ),
            Name.FOLDED: {(): len(by_pair) - len(named)},
        }
        deadlines = snapshot.tally.deadlines
        now_endangered = frozenset(v.session.id for v in in_danger)
        return replace(
            self,
            seen_at=snapshot.taken_at,
            up=True,
            seconds=seconds,
            polls=self.polls + 1,
            present=present,
            next_closing=deadlines[0][0] if deadlines else None,
            counts=_counted(self.counts, step, len(now_endangered - self._still(step))),
            named=named,
            endangered=now_endangered,
        )

    def _still(self, step: Step) -> frozenset[ProcesslistId]:
        """Who was endangered before; ids begin anew with a server."""
        return frozenset() if step.restarted else self.endangered

    def values(self, now: float) -> Values:
        """All of it as of `now`, on the source's clock."""
        age = None if self.seen_at is None else max(0.0, now - self.seen_at)
        found: dict[Name, Mapping[Labels, float]] = {
            Name.UP: {(): float(self.up)},
            Name.POLLS: {(): self.polls},
            Name.FAILED_POLLS: {(): self.failures},
            **self.counts,
        }
        if age is None:
            return found
        found |= {Name.AGE: {(): age}, Name.POLL_DURATION: {(): self.seconds}}
        if age <= STALE:
            found |= self.present
            if self.next_closing is not None:
                found[Name.NEXT_CLOSING] = {(): self.next_closing - now}
        return found


def _is_endangered(verdict: Verdict) -> bool:
    return verdict.session.transaction is not None and verdict.risk in {Risk.IMMINENT, Risk.OVERDUE}


def _whole(snapshot: Snapshot, crowd: list[Verdict]) -> Values:
    """What is told of a server as a whole."""
    sample = snapshot.sample
    server = sample.server
    held = [v for v in crowd if v.session.transaction is not None]
    found: dict[Name, Mapping[Labels, float]] = {
        Name.SERVER_INFO: {(server.flavour.value, plain(server.version, LONGEST)): 1},
        Name.UPTIME: {(): server.uptime},
        Name.IDLE: {(): snapshot.tally.idle},
        Name.TRANSACTIONS: {(): len(held)},
        Name.IDLE_TRANSACTIONS: {(): sum(v.session.is_idle for v in held)},
        Name.LIMIT_SECONDS: _limits(sample, {Unit.SECONDS: 1, Unit.MILLISECONDS: 0.001}),
        Name.LIMIT_BYTES: _limits(sample, {Unit.BYTES: 1}),
    }
    connected, most = sample.counter("threads_connected"), sample.variable("max_connections")
    if connected is not None:
        found[Name.CONNECTIONS] = {(): connected}
    if most is not None:
        found[Name.MOST_CONNECTIONS] = {(): most}
    return found


def _limits(sample: Sample, units: Mapping[Unit, float]) -> Mapping[Labels, float]:
    return {
        (row.name,): value * units[row.unit]
        for row in TUNABLES
        if row.unit in units and (value := sample.variable(row.name)) is not None
    }


def _named(
    by_pair: Mapping[Pair, Counter[Labels]], dangers: Mapping[Pair, int], before: frozenset[Pair], most: int
) -> frozenset[Pair]:
    """Who gets series of their own: the most sessions first, until the bound is reached."""
    costs = {pair: len(counted) + (pair in dangers) for pair, counted in by_pair.items()}
    if sum(costs.values()) <= most:
        return frozenset(by_pair)
    weights = {pair: counted.total() * (KEPT if pair in before else 1) for pair, counted in by_pair.items()}
    left = most - len({labels for counted in by_pair.values() for labels in counted}) - 1
    chosen = []
    for pair in sorted(by_pair, key=lambda pair: (-weights[pair], pair)):
        left -= costs[pair]
        if left < 0:
            break
        chosen.append(pair)
    return frozenset(chosen)


def _counted(before: Values, step: Step, endangered: int) -> Values:
    """Every counter is there from the start, at 0: of one that begins at 1 Prometheus sees no increase."""
    departures = before.get(Name.DEPARTURES) or dict.fromkeys(
        ((cause.value, certainty.value) for cause in Cause for certainty in Certainty), 0.0
    )
    changes = dict.fromkeys(((v.name,) for v in step.snapshot.sample.variables), 0.0)
    return {
        Name.DEPARTURES: _summed(
            (*departures.items(), *(((d.cause.value, d.certainty.value), 1.0) for d in step.departed))
        ),
        Name.CHANGES: _summed(
            (
                *changes.items(),
                *before.get(Name.CHANGES, {}).items(),
                *(((change.variable,), 1.0) for change in step.changes),
            )
        ),
        Name.RESTARTS: _summed((*before.get(Name.RESTARTS, {}).items(), ((), float(step.restarted)))),
        Name.BECAME_ENDANGERED: _summed(
            (*before.get(Name.BECAME_ENDANGERED, {}).items(), ((), float(endangered)))
        ),
    }


def _summed(values: Iterable[tuple[Labels, float]]) -> Mapping[Labels, float]:
    found: dict[Labels, float] = {}
    for labels, value in values:
        found[labels] = found.get(labels, 0.0) + value
    return found
