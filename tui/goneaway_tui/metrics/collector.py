"""Every metric there is, one row each: the dashboards and alert rules of other people are written against this table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample as MetricSample

from goneaway_tui.judge.tracker import Step
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Risk, Snapshot, Verdict
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLES, Unit

COUNTER, GAUGE = "counter", "gauge"
SERVER = "server"
"""The label that all have."""


class MetricName(StrEnum):
    """What each is called; those of counters end in `_total`."""

    UP = "goneaway_up"
    SERVER_INFO = "goneaway_server_info"
    UPTIME = "goneaway_server_uptime_seconds"
    SESSIONS = "goneaway_sessions"
    IDLE = "goneaway_idle_sessions"
    TRANSACTIONS = "goneaway_transaction_sessions"
    IDLE_TRANSACTIONS = "goneaway_idle_transaction_sessions"
    ENDANGERED = "goneaway_endangered_transactions"
    NEXT_CLOSING = "goneaway_next_closing_seconds"
    LIMIT_SECONDS = "goneaway_limit_seconds"
    LIMIT_BYTES = "goneaway_limit_bytes"
    CONNECTIONS = "goneaway_connections"
    MOST_CONNECTIONS = "goneaway_max_connections"
    FOLDED = "goneaway_folded_pairs"
    DEPARTURES = "goneaway_departures_total"
    BECAME_ENDANGERED = "goneaway_endangered_total"
    CHANGES = "goneaway_variable_changes_total"
    RESTARTS = "goneaway_server_restarts_total"
    AGE = "goneaway_data_age_seconds"
    POLL_DURATION = "goneaway_poll_duration_seconds"
    POLLS = "goneaway_polls_total"
    FAILED_POLLS = "goneaway_failed_polls_total"


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """One metric."""

    name: MetricName
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    """Besides the server's."""


FAMILIES = {
    row.name: row
    for row in (
        MetricFamily(MetricName.UP, GAUGE, "Whether the last reading of the server succeeded."),
        MetricFamily(MetricName.SERVER_INFO, GAUGE, "Who is answering; always 1.", ("flavour", "version")),
        MetricFamily(MetricName.UPTIME, GAUGE, "Seconds since the server started."),
        MetricFamily(
            MetricName.SESSIONS,
            GAUGE,
            "Sessions, without our own; risk and basis as on the board, basis none where no limit is known.",
            ("user", "program", "risk", "basis"),
        ),
        MetricFamily(MetricName.IDLE, GAUGE, "Sessions that sleep."),
        MetricFamily(MetricName.TRANSACTIONS, GAUGE, "Sessions with an open transaction."),
        MetricFamily(MetricName.IDLE_TRANSACTIONS, GAUGE, "Sessions that sleep with an open transaction."),
        MetricFamily(
            MetricName.ENDANGERED,
            GAUGE,
            "Sessions with an open transaction that are about to be closed: the transaction would be rolled back.",
            ("user", "program"),
        ),
        MetricFamily(
            MetricName.NEXT_CLOSING,
            GAUGE,
            "Seconds until the next session is closed, below 0 if it is overdue; absent where none is foreseen.",
        ),
        MetricFamily(
            MetricName.LIMIT_SECONDS, GAUGE, "A limit in force, as new sessions get it.", ("variable",)
        ),
        MetricFamily(MetricName.LIMIT_BYTES, GAUGE, "A limit in force on sizes.", ("variable",)),
        MetricFamily(MetricName.CONNECTIONS, GAUGE, "Connections in use, by the server's own count."),
        MetricFamily(MetricName.MOST_CONNECTIONS, GAUGE, "How many there may be."),
        MetricFamily(
            MetricName.FOLDED,
            GAUGE,
            "Pairs of user and program that are counted under other, above --max-series.",
        ),
        MetricFamily(MetricName.DEPARTURES, COUNTER, "Sessions that left.", ("cause", "certainty")),
        MetricFamily(
            MetricName.BECAME_ENDANGERED,
            COUNTER,
            "Sessions that came near their closing with a transaction open.",
        ),
        MetricFamily(MetricName.CHANGES, COUNTER, "Changes of a global variable.", ("variable",)),
        MetricFamily(MetricName.RESTARTS, COUNTER, "Restarts of the server."),
        MetricFamily(MetricName.AGE, GAUGE, "Seconds since the server was last read."),
        MetricFamily(
            MetricName.POLL_DURATION, GAUGE, "How long it took to read and judge the server the last time."
        ),
        MetricFamily(MetricName.POLLS, COUNTER, "Readings of the server, those that failed too."),
        MetricFamily(MetricName.FAILED_POLLS, COUNTER, "Readings that failed."),
    )
}


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
Values = Mapping[MetricName, Mapping[Labels, float]]
"""By metric, and by the values of its labels in their order."""


@dataclass(frozen=True, slots=True)
class ServerMetrics:
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

    def missed(self) -> ServerMetrics:
        """After a reading that failed."""
        return replace(self, up=False, polls=self.polls + 1, failures=self.failures + 1)

    def after(self, step: Step, seconds: float) -> ServerMetrics:
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
        present: dict[MetricName, Mapping[Labels, float]] = {
            **_whole(snapshot, crowd),
            MetricName.SESSIONS: _summed(
                ((*(pair if pair in named else (OTHER, OTHER)), *rest), number)
                for pair, counted in by_pair.items()
                for rest, number in counted.items()
            ),
            MetricName.ENDANGERED: _summed(
                (pair if pair in named else (OTHER, OTHER), number) for pair, number in dangers.items()
            ),
            MetricName.FOLDED: {(): len(by_pair) - len(named)},
        }
        deadlines = snapshot.totals.deadlines
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
        found: dict[MetricName, Mapping[Labels, float]] = {
            MetricName.UP: {(): float(self.up)},
            MetricName.POLLS: {(): self.polls},
            MetricName.FAILED_POLLS: {(): self.failures},
            **self.counts,
        }
        if age is None:
            return found
        found |= {MetricName.AGE: {(): age}, MetricName.POLL_DURATION: {(): self.seconds}}
        if age <= STALE:
            found |= self.present
            if self.next_closing is not None:
                found[MetricName.NEXT_CLOSING] = {(): self.next_closing - now}
        return found


def _is_endangered(verdict: Verdict) -> bool:
    return verdict.session.transaction is not None and verdict.risk in {Risk.IMMINENT, Risk.OVERDUE}


def _whole(snapshot: Snapshot, crowd: list[Verdict]) -> Values:
    """What is told of a server as a whole."""
    sample = snapshot.sample
    server = sample.server
    held = [v for v in crowd if v.session.transaction is not None]
    found: dict[MetricName, Mapping[Labels, float]] = {
        MetricName.SERVER_INFO: {(server.flavour.value, plain(server.version, LONGEST)): 1},
        MetricName.UPTIME: {(): server.uptime},
        MetricName.IDLE: {(): snapshot.totals.idle},
        MetricName.TRANSACTIONS: {(): len(held)},
        MetricName.IDLE_TRANSACTIONS: {(): sum(v.session.is_idle for v in held)},
        MetricName.LIMIT_SECONDS: _limits(sample, {Unit.SECONDS: 1, Unit.MILLISECONDS: 0.001}),
        MetricName.LIMIT_BYTES: _limits(sample, {Unit.BYTES: 1}),
    }
    connected, most = sample.counter("threads_connected"), sample.variable("max_connections")
    if connected is not None:
        found[MetricName.CONNECTIONS] = {(): connected}
    if most is not None:
        found[MetricName.MOST_CONNECTIONS] = {(): most}
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
    departures = before.get(MetricName.DEPARTURES) or dict.fromkeys(
        ((cause.value, certainty.value) for cause in Cause for certainty in Certainty), 0.0
    )
    changes = dict.fromkeys(((v.name,) for v in step.snapshot.sample.variables), 0.0)
    return {
        MetricName.DEPARTURES: _summed(
            (*departures.items(), *(((d.cause.value, d.certainty.value), 1.0) for d in step.departed))
        ),
        MetricName.CHANGES: _summed(
            (
                *changes.items(),
                *before.get(MetricName.CHANGES, {}).items(),
                *(((change.variable,), 1.0) for change in step.changes),
            )
        ),
        MetricName.RESTARTS: _summed(
            (*before.get(MetricName.RESTARTS, {}).items(), ((), float(step.restarted)))
        ),
        MetricName.BECAME_ENDANGERED: _summed(
            (*before.get(MetricName.BECAME_ENDANGERED, {}).items(), ((), float(endangered)))
        ),
    }


def _summed(values: Iterable[tuple[Labels, float]]) -> Mapping[Labels, float]:
    found: dict[Labels, float] = {}
    for labels, value in values:
        found[labels] = found.get(labels, 0.0) + value
    return found


Rows = tuple[Mapping[Labels, float], list[MetricSample]]


class MetricsStore(Collector):
    """The last reading of each server. A reading is replaced whole, so any thread may do so at any time."""

    def __init__(self, servers: Iterable[str], clock: Clock, most_series: int) -> None:
        """`servers` by name, none like another; the series are divided among them."""
        names = tuple(servers)
        self._clock = clock
        self._readings = dict.fromkeys(names, ServerMetrics(most_series // max(1, len(names))))
        self._drawn: dict[tuple[str, MetricName], Rows] = {}

    def __getitem__(self, server: str) -> ServerMetrics:
        return self._readings[server]

    def __setitem__(self, server: str, reading: ServerMetrics) -> None:
        self._readings[server] = reading

    def collect(self) -> Iterable[Metric]:
        """Every metric of every server, as of now."""
        now = self._clock()
        each = {server: reading.values(now) for server, reading in self._readings.items()}
        for family in FAMILIES.values():
            metric = Metric(family.name.removesuffix("_total"), family.help, family.kind)
            for server, values in each.items():
                metric.samples += self._samples(server, family.name, values.get(family.name, {}))
            yield metric

    def _samples(self, server: str, name: MetricName, values: Mapping[Labels, float]) -> list[MetricSample]:
        """Drawn once for a reading, however often it is asked for."""
        drawn = self._drawn.get((server, name))
        if drawn is None or drawn[0] is not values:
            labels = (SERVER, *FAMILIES[name].labels)
            shown = plain(server, LONGEST)
            drawn = (
                values,
                [
                    MetricSample(name.value, dict(zip(labels, (shown, *each), strict=True)), value)
                    for each, value in values.items()
                ],
            )
            self._drawn[server, name] = drawn
        return drawn[1]
