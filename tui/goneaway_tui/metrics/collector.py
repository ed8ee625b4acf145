"""The table of all metrics, and their values for each server.

The dashboards and alert rules of other people depend on this table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample as MetricSample

from goneaway_tui.judge.reuse_gaps import ReuseGaps, Tally, bucket_of
from goneaway_tui.judge.tracker import Step
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Risk, Snapshot, Verdict
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLES, Unit

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
SERVER = "server"
"""The label that every metric has."""


class MetricName(StrEnum):
    """The name of each metric; that of a counter ends in `_total`."""

    UP = "goneaway_up"
    SERVER_INFO = "goneaway_server_info"
    UPTIME = "goneaway_server_uptime_seconds"
    SESSIONS = "goneaway_sessions"
    IDLE = "goneaway_idle_sessions"
    TRANSACTIONS = "goneaway_transaction_sessions"
    IDLE_TRANSACTIONS = "goneaway_idle_transaction_sessions"
    ENDANGERED = "goneaway_endangered_transactions"
    BLOCKED = "goneaway_sessions_blocked"
    BLOCKING = "goneaway_sessions_blocking"
    LONGEST_WAIT = "goneaway_longest_lock_wait_seconds"
    NEXT_CLOSING = "goneaway_next_closing_seconds"
    LIMIT_SECONDS = "goneaway_limit_seconds"
    LIMIT_BYTES = "goneaway_limit_bytes"
    CONNECTIONS = "goneaway_connections"
    MOST_CONNECTIONS = "goneaway_max_connections"
    FOLDED = "goneaway_folded_pairs"
    REUSE_GAP = "goneaway_reuse_gap_seconds"
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
    """Besides `server`."""


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
            MetricName.BLOCKED,
            GAUGE,
            "Sessions that wait for a lock; absent where the server or the account does not tell.",
        ),
        MetricFamily(MetricName.BLOCKING, GAUGE, "Sessions that others wait for, at the root of each wait."),
        MetricFamily(
            MetricName.LONGEST_WAIT,
            GAUGE,
            "Seconds that the longest wait for a lock has lasted; 0 where no session waits.",
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
        MetricFamily(
            MetricName.REUSE_GAP,
            HISTOGRAM,
            "How long sessions were idle before they ran something again; below a second, counted at most once a reading.",
            ("user", "program"),
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


GAP_BOUNDS = (1, 10, 60, 300, 600, 1_800, 3_600, 28_800, 86_400)
"""The buckets of the reuse gaps, in seconds. Classic ones: Prometheus reads native histograms from no text format."""
GAP_SERIES = len(GAP_BOUNDS) + 3
"""Series of one user and program: the buckets, that without a bound, the sum and the count."""
GAP_SHARE = 4
"""The gaps have a quarter of `--max-series`, beside it; a series of theirs is never taken away, or it would begin anew."""
OTHER = "other"
"""The label of users and programs without a series of their own."""
MAX_LABEL_CHARACTERS = 80
"""Characters of a label at most."""
STALE_SECONDS = 300.0
"""Seconds after which the last reading of a server is not exported any more: Prometheus itself drops a series after
so long.
"""
NEWCOMER_FACTOR = 2
"""How many times as many sessions another pair needs to take the series of a pair that has one: else series would
flicker.
"""

Labels = tuple[str, ...]
Pair = tuple[str, str]
Values = Mapping[MetricName, Mapping[Labels, float]]
"""By metric, and by the values of its labels in their order."""


@dataclass(frozen=True, slots=True)
class ServerMetrics:
    """The last reading of a server, and what was counted since the exporter started."""

    max_series: int
    taken_at: float | None = None
    """The instant of the snapshot, on the source's clock; None before the first."""
    up: bool = False
    seconds: float = 0.0
    """How long the last reading took."""
    polls: int = 0
    failures: int = 0
    present: Values = field(default_factory=dict)
    """The metrics of the last snapshot."""
    next_closing: float | None = None
    """The deadline of the session that is closed next."""
    counts: Values = field(default_factory=dict)
    """The counters, which only grow."""
    named: frozenset[Pair] = frozenset()
    """Users and programs that have series of their own."""
    endangered: frozenset[ProcesslistId] = frozenset()
    count_gaps: Callable[[], ReuseGaps | None] = lambda: None
    """What was counted of reuses by now."""

    def after_failure(self) -> ServerMetrics:
        """The metrics after a reading that failed."""
        return replace(self, up=False, polls=self.polls + 1, failures=self.failures + 1)

    def after(self, step: Step, seconds: float) -> ServerMetrics:
        """The metrics after a reading that took so many seconds."""
        snapshot = step.snapshot
        verdicts = [verdict for verdict in snapshot.verdicts if not verdict.session.own]
        endangered = [verdict for verdict in verdicts if _is_endangered(verdict)]
        endangered_ids = frozenset(verdict.session.id for verdict in endangered)
        sessions_of = _sessions_by_pair(verdicts)
        endangered_of = Counter(
            _pair(verdict.session.user, verdict.session.program) for verdict in endangered
        )
        named = _pairs_with_series(sessions_of, endangered_of, self.named, self.max_series)
        deadlines = snapshot.totals.deadlines
        return replace(
            self,
            taken_at=snapshot.taken_at,
            up=True,
            seconds=seconds,
            polls=self.polls + 1,
            present={**_server_metrics(snapshot, verdicts), **_by_pair(sessions_of, endangered_of, named)},
            next_closing=deadlines[0][0] if deadlines else None,
            counts=_counters(self.counts, step, len(endangered_ids - self._still(step))),
            named=named,
            endangered=endangered_ids,
        )

    def _still(self, step: Step) -> frozenset[ProcesslistId]:
        """The sessions that were endangered before; a server that restarted gives their ids to other sessions."""
        return frozenset() if step.restarted else self.endangered

    def values(self, now: float) -> Values:
        """All metrics as of `now`, on the source's clock."""
        age = None if self.taken_at is None else max(0.0, now - self.taken_at)
        values: dict[MetricName, Mapping[Labels, float]] = {
            MetricName.UP: {(): float(self.up)},
            MetricName.POLLS: {(): self.polls},
            MetricName.FAILED_POLLS: {(): self.failures},
            **self.counts,
        }
        gaps = self.count_gaps()
        if gaps is not None:
            values[MetricName.REUSE_GAP] = _gap_values(
                gaps, max(1, self.max_series // GAP_SHARE // GAP_SERIES)
            )
        if age is None:
            return values
        values |= {MetricName.AGE: {(): age}, MetricName.POLL_DURATION: {(): self.seconds}}
        if age <= STALE_SECONDS:
            values |= self.present
            if self.next_closing is not None:
                values[MetricName.NEXT_CLOSING] = {(): self.next_closing - now}
        return values


def _gap_values(gaps: ReuseGaps, max_pairs: int) -> Mapping[Labels, float]:
    """The histogram of each pair that was seen first, and of all others together: by the end of the metric's name, user,
    program and upper bound.
    """
    tallies: dict[Pair, Tally] = {}
    for group in gaps.groups:
        pair = _pair(group.user, group.program)
        tallies.setdefault(
            pair if pair in tallies or len(tallies) < max_pairs else (OTHER, OTHER), Tally()
        ).add(group)
    values: dict[Labels, float] = {}
    for pair, tally in tallies.items():
        for bound in GAP_BOUNDS:
            first_above = bucket_of(bound)
            values["_bucket", *pair, f"{bound:.1f}"] = sum(
                number for bucket, number in tally.at_most.items() if bucket < first_above
            )
        reuses = tally.at_most.total()
        values["_bucket", *pair, "+Inf"] = values["_count", *pair, ""] = reuses
        values["_sum", *pair, ""] = tally.total_seconds
    return values


def _is_endangered(verdict: Verdict) -> bool:
    return verdict.session.transaction is not None and verdict.risk in {Risk.IMMINENT, Risk.OVERDUE}


def _pair(user: str, program: str | None) -> Pair:
    return plain(user, MAX_LABEL_CHARACTERS), plain(program or "", MAX_LABEL_CHARACTERS)


def _sessions_by_pair(verdicts: list[Verdict]) -> dict[Pair, Counter[Labels]]:
    """How many sessions each user and program has, by risk and basis."""
    sessions = Counter(  # first by the texts as they are: they are many and alike, and `plain` is slow
        (v.session.user, v.session.program, v.risk, v.limit and v.limit.basis) for v in verdicts
    )
    by_pair: dict[Pair, Counter[Labels]] = {}
    for (user, program, risk, basis), number in sessions.items():
        counted = by_pair.setdefault(_pair(user, program), Counter())
        counted[risk.value, basis.value if basis else "none"] += number
    return by_pair


def _by_pair(
    sessions_of: Mapping[Pair, Counter[Labels]], endangered_of: Mapping[Pair, int], named: frozenset[Pair]
) -> Values:
    """The metrics that name users and programs; those that are not `named` are counted together as OTHER."""

    def labels(pair: Pair) -> Pair:
        return pair if pair in named else (OTHER, OTHER)

    return {
        MetricName.SESSIONS: _summed(
            ((*labels(pair), *rest), number)
            for pair, counted in sessions_of.items()
            for rest, number in counted.items()
        ),
        MetricName.ENDANGERED: _summed((labels(pair), number) for pair, number in endangered_of.items()),
        MetricName.FOLDED: {(): len(sessions_of) - len(named)},
    }


def _server_metrics(snapshot: Snapshot, verdicts: list[Verdict]) -> Values:
    """The metrics of a server as a whole."""
    sample = snapshot.sample
    server = sample.server
    in_transaction = [v for v in verdicts if v.session.transaction is not None]
    metrics: dict[MetricName, Mapping[Labels, float]] = {
        MetricName.SERVER_INFO: {(server.flavour.value, plain(server.version, MAX_LABEL_CHARACTERS)): 1},
        MetricName.UPTIME: {(): server.uptime},
        MetricName.IDLE: {(): snapshot.totals.idle},
        MetricName.TRANSACTIONS: {(): len(in_transaction)},
        MetricName.IDLE_TRANSACTIONS: {(): sum(v.session.is_idle for v in in_transaction)},
        MetricName.LIMIT_SECONDS: _limits(sample, {Unit.SECONDS: 1, Unit.MILLISECONDS: 0.001}),
        MetricName.LIMIT_BYTES: _limits(sample, {Unit.BYTES: 1}),
    }
    metrics |= _lock_metrics(snapshot)
    connected, maximum = sample.counter("threads_connected"), sample.variable("max_connections")
    if connected is not None:
        metrics[MetricName.CONNECTIONS] = {(): connected}
    if maximum is not None:
        metrics[MetricName.MOST_CONNECTIONS] = {(): maximum}
    return metrics


def _lock_metrics(snapshot: Snapshot) -> Values:
    """How many sessions wait for locks, for how many others, and how long; empty where that is not known."""
    blocking = snapshot.blocking
    if blocking is None:
        return {}
    starts = [wait.since for wait in blocking.waits.values()]
    known = [start for start in starts if start is not None]
    metrics: dict[MetricName, Mapping[Labels, float]] = {MetricName.BLOCKED: {(): len(starts)}}
    if blocking.is_complete:
        metrics[MetricName.BLOCKING] = {(): len(blocking.roots)}
    if known or not starts:
        metrics[MetricName.LONGEST_WAIT] = {(): max(0.0, snapshot.taken_at - min(known)) if known else 0.0}
    return metrics


def _limits(sample: Sample, units: Mapping[Unit, float]) -> Mapping[Labels, float]:
    return {
        (row.name,): value * units[row.unit]
        for row in TUNABLES
        if row.unit in units and (value := sample.variable(row.name)) is not None
    }


def _pairs_with_series(
    by_pair: Mapping[Pair, Counter[Labels]],
    dangers: Mapping[Pair, int],
    named_before: frozenset[Pair],
    max_series: int,
) -> frozenset[Pair]:
    """The pairs that get series of their own: those with the most sessions, until `max_series` is reached."""
    costs = {pair: len(counted) + (pair in dangers) for pair, counted in by_pair.items()}
    if sum(costs.values()) <= max_series:
        return frozenset(by_pair)
    weights = {
        pair: counted.total() * (NEWCOMER_FACTOR if pair in named_before else 1)
        for pair, counted in by_pair.items()
    }
    series_left = max_series - len({labels for counted in by_pair.values() for labels in counted}) - 1
    pairs = []
    for pair in sorted(by_pair, key=lambda pair: (-weights[pair], pair)):
        series_left -= costs[pair]
        if series_left < 0:
            break
        pairs.append(pair)
    return frozenset(pairs)


def _counters(before: Values, step: Step, endangered: int) -> Values:
    """The counters after a step. Each is there from the start, at 0: Prometheus sees no increase in a counter that
    begins at 1.
    """
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
    sums: dict[Labels, float] = {}
    for labels, value in values:
        sums[labels] = sums.get(labels, 0.0) + value
    return sums


Rows = tuple[Mapping[Labels, float], list[MetricSample]]


class MetricsStore(Collector):
    """The last reading of each server. A reading is replaced as a whole, so any thread may do so at any time."""

    def __init__(self, servers: Iterable[str], clock: Clock, most_series: int) -> None:
        """`servers` are different names; the series are divided among them."""
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
        values_of = {server: reading.values(now) for server, reading in self._readings.items()}
        for family in FAMILIES.values():
            metric = Metric(family.name.removesuffix("_total"), family.help, family.kind)
            for server, values in values_of.items():
                metric.samples += self._samples(server, family.name, values.get(family.name, {}))
            yield metric

    def _samples(self, server: str, name: MetricName, values: Mapping[Labels, float]) -> list[MetricSample]:
        """The samples of a metric, which are made once for each reading."""
        cached = self._drawn.get((server, name))
        if cached is None or cached[0] is not values:
            server_label = plain(server, MAX_LABEL_CHARACTERS)
            cached = values, [_sample(FAMILIES[name], server_label, *row) for row in values.items()]
            self._drawn[server, name] = cached
        return cached[1]


def _sample(family: MetricFamily, server: str, values: Labels, figure: float) -> MetricSample:
    """One line of a metric; of a histogram, the values begin with the end of its name and end with the upper bound."""
    if family.kind != HISTOGRAM:
        labels = dict(zip((SERVER, *family.labels), (server, *values), strict=True))
        return MetricSample(family.name.value, labels, figure)
    ending, *pair, bound = values
    labels = dict(zip((SERVER, *family.labels), (server, *pair), strict=True))
    return MetricSample(family.name.value + ending, {**labels, "le": bound} if bound else labels, figure)
