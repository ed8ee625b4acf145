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
from goneaway_tui.model.snapshot import Snapshot, Verdict
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
"""Series of one user and program: the buckets, the bucket `+Inf`, the sum and the count."""
GAP_SHARE = 4
"""The gaps may have a quarter of `--max-series` in addition. Their series stay, since a new series would restart at 0."""
OTHER = "other"
"""The label of users and programs without a series of their own."""
MAX_LABEL_CHARACTERS = 80
"""Characters of a label value at most."""
STALE_SECONDS = 300.0
"""Seconds after which the last reading of a server is not exported any more: Prometheus itself drops a series after
so long.
"""
NEWCOMER_FACTOR = 2
"""A pair takes over the series of another pair only with so many times its sessions: otherwise series would flicker."""

Labels = tuple[str, ...]
Pair = tuple[str, str]
Values = Mapping[MetricName, Mapping[Labels, float]]
"""Values by metric, and by the values of its labels in their order."""


@dataclass(frozen=True, slots=True)
class ServerMetrics:
    """The metrics of one server: its last reading, and the counters since the exporter started."""

    max_series: int
    taken_at: float | None = None
    """The instant of the snapshot, on the source's clock; None before the first."""
    up: bool = False
    seconds: float = 0.0
    """How long the last reading took, in seconds."""
    polls: int = 0
    failures: int = 0
    gauges: Values = field(default_factory=dict)
    """The gauges of the last snapshot."""
    next_closing: float | None = None
    """The next deadline of a session, on the source's clock; None if none is known."""
    counters: Values = field(default_factory=dict)
    """The counters, which only grow."""
    pairs_with_series: frozenset[Pair] = frozenset()
    """Users and programs with their own series."""
    endangered: frozenset[ProcesslistId] = frozenset()
    count_gaps: Callable[[], ReuseGaps | None] = lambda: None
    """Returns the reuse gaps counted so far; None before the first reading."""

    def after_failure(self) -> ServerMetrics:
        """The metrics after a reading that failed."""
        return replace(self, up=False, polls=self.polls + 1, failures=self.failures + 1)

    def after(self, step: Step, seconds: float) -> ServerMetrics:
        """The metrics after a reading that took so many seconds."""
        snapshot = step.snapshot
        verdicts = [verdict for verdict in snapshot.verdicts if not verdict.session.own]
        endangered = [verdict for verdict in verdicts if verdict.is_endangered]
        endangered_ids = frozenset(verdict.session.id for verdict in endangered)
        sessions_of = _sessions_by_pair(verdicts)
        endangered_of = Counter(
            _pair(verdict.session.user, verdict.session.program) for verdict in endangered
        )
        pairs_with_series = _choose_pairs(sessions_of, endangered_of, self.pairs_with_series, self.max_series)
        deadlines = snapshot.totals.deadlines
        return replace(
            self,
            taken_at=snapshot.taken_at,
            up=True,
            seconds=seconds,
            polls=self.polls + 1,
            gauges={
                **_server_metrics(snapshot, verdicts),
                **_by_pair(sessions_of, endangered_of, pairs_with_series),
            },
            next_closing=deadlines[0][0] if deadlines else None,
            counters=_counters(self.counters, step, len(endangered_ids - self._previously_endangered(step))),
            pairs_with_series=pairs_with_series,
            endangered=endangered_ids,
        )

    def _previously_endangered(self, step: Step) -> frozenset[ProcesslistId]:
        """The sessions that were endangered before; none after a restart, which gives their ids to other sessions."""
        return frozenset() if step.restarted else self.endangered

    def values(self, now: float) -> Values:
        """All metrics as of `now`, on the source's clock."""
        age = None if self.taken_at is None else max(0.0, now - self.taken_at)
        values: dict[MetricName, Mapping[Labels, float]] = {
            MetricName.UP: {(): float(self.up)},
            MetricName.POLLS: {(): self.polls},
            MetricName.FAILED_POLLS: {(): self.failures},
            **self.counters,
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
            values |= self.gauges
            if self.next_closing is not None:
                values[MetricName.NEXT_CLOSING] = {(): self.next_closing - now}
        return values


def _gap_values(gaps: ReuseGaps, max_pairs: int) -> Mapping[Labels, float]:
    """A histogram for each of the first `max_pairs` pairs, and one for all others: by the suffix of the metric's name, user,
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


def _pair(user: str, program: str | None) -> Pair:
    return plain(user, MAX_LABEL_CHARACTERS), plain(program or "", MAX_LABEL_CHARACTERS)


def _sessions_by_pair(verdicts: list[Verdict]) -> dict[Pair, Counter[Labels]]:
    """How many sessions each user and program has, by risk and basis."""
    sessions = Counter(  # grouped by the raw texts first: many are equal, and `plain` is slow
        (v.session.user, v.session.program, v.risk, v.limit and v.limit.basis) for v in verdicts
    )
    by_pair: dict[Pair, Counter[Labels]] = {}
    for (user, program, risk, basis), number in sessions.items():
        counted = by_pair.setdefault(_pair(user, program), Counter())
        counted[risk.value, basis.value if basis else "none"] += number
    return by_pair


def _by_pair(
    sessions_of: Mapping[Pair, Counter[Labels]],
    endangered_of: Mapping[Pair, int],
    pairs_with_series: frozenset[Pair],
) -> Values:
    """The metrics that name users and programs; pairs without their own series are counted together as OTHER."""

    def labels(pair: Pair) -> Pair:
        return pair if pair in pairs_with_series else (OTHER, OTHER)

    return {
        MetricName.SESSIONS: _summed(
            ((*labels(pair), *other_labels), number)
            for pair, counted in sessions_of.items()
            for other_labels, number in counted.items()
        ),
        MetricName.ENDANGERED: _summed((labels(pair), number) for pair, number in endangered_of.items()),
        MetricName.FOLDED: {(): len(sessions_of) - len(pairs_with_series)},
    }


def _server_metrics(snapshot: Snapshot, verdicts: list[Verdict]) -> Values:
    """The metrics of a server that name no user and no program."""
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
    """The number of sessions that wait for locks, the number that block them, and the longest wait; empty if unknown."""
    blocking = snapshot.blocking
    if blocking is None:
        return {}
    starts = [wait.since for wait in blocking.waits.values()]
    known_starts = [start for start in starts if start is not None]
    metrics: dict[MetricName, Mapping[Labels, float]] = {MetricName.BLOCKED: {(): len(starts)}}
    if blocking.is_complete:
        metrics[MetricName.BLOCKING] = {(): len(blocking.roots)}
    if known_starts or not starts:
        metrics[MetricName.LONGEST_WAIT] = {
            (): max(0.0, snapshot.taken_at - min(known_starts)) if known_starts else 0.0
        }
    return metrics


def _limits(sample: Sample, units: Mapping[Unit, float]) -> Mapping[Labels, float]:
    return {
        (row.name,): value * units[row.unit]
        for row in TUNABLES
        if row.unit in units and (value := sample.variable(row.name)) is not None
    }


def _choose_pairs(
    by_pair: Mapping[Pair, Counter[Labels]],
    endangered_of: Mapping[Pair, int],
    previous: frozenset[Pair],
    max_series: int,
) -> frozenset[Pair]:
    """The pairs that get their own series: those with the most sessions, until `max_series` is reached."""
    costs = {pair: len(counted) + (pair in endangered_of) for pair, counted in by_pair.items()}
    if sum(costs.values()) <= max_series:
        return frozenset(by_pair)
    priorities = {
        pair: counted.total() * (NEWCOMER_FACTOR if pair in previous else 1)
        for pair, counted in by_pair.items()
    }
    series_left = max_series - len({labels for counted in by_pair.values() for labels in counted}) - 1
    pairs = []
    for pair in sorted(by_pair, key=lambda pair: (-priorities[pair], pair)):
        series_left -= costs[pair]
        if series_left < 0:
            break
        pairs.append(pair)
    return frozenset(pairs)


def _counters(before: Values, step: Step, endangered: int) -> Values:
    """The counters after a step. Each counter starts at 0: Prometheus sees no increase in a counter that
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
    """The last metrics of each server. They are replaced as a whole, so any thread may set them at any time."""

    def __init__(self, servers: Iterable[str], clock: Clock, max_series: int) -> None:
        """`servers`: different names. `max_series` are divided among them."""
        names = tuple(servers)
        self._clock = clock
        self._readings = dict.fromkeys(names, ServerMetrics(max_series // max(1, len(names))))
        self._cached_samples: dict[tuple[str, MetricName], Rows] = {}

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
        """The samples of a metric. They are cached as long as the values are the same object."""
        cached = self._cached_samples.get((server, name))
        if cached is None or cached[0] is not values:
            server_label = plain(server, MAX_LABEL_CHARACTERS)
            cached = values, [_sample(FAMILIES[name], server_label, *row) for row in values.items()]
            self._cached_samples[server, name] = cached
        return cached[1]


def _sample(family: MetricFamily, server: str, values: Labels, value: float) -> MetricSample:
    """One line of a metric. The values of a histogram begin with the suffix of its name, and end with the upper bound."""
    if family.kind != HISTOGRAM:
        labels = dict(zip((SERVER, *family.labels), (server, *values), strict=True))
        return MetricSample(family.name.value, labels, value)
    suffix, *pair, bound = values
    labels = dict(zip((SERVER, *family.labels), (server, *pair), strict=True))
    return MetricSample(family.name.value + suffix, {**labels, "le": bound} if bound else labels, value)
