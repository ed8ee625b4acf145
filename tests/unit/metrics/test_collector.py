"""What is counted of a server, before anybody asks for it."""

from __future__ import annotations

from dataclasses import replace

from goneaway_tui.judge import track
from goneaway_tui.judge.reuse_gaps import GroupGaps, ReuseGaps, bucket_of
from goneaway_tui.metrics.collector import (
    COUNTER,
    FAMILIES,
    GAP_SERIES,
    OTHER,
    STALE_SECONDS,
    MetricName,
    MetricsStore,
    ServerMetrics,
)
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.server import Server
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import RiskThresholds
from tests.builders import NOW, a_sample, a_server, a_session, a_transaction

ROW = Lock(LockKind.ROW)
IDLE = a_session(id=1, user="shop", program="web", idle_for=10, own_limit=28_800)
NEAR = a_session(
    id=2, user="etl", program="job", idle_for=28_790, own_limit=28_800, transaction=a_transaction()
)


def read(*sessions: object, most: int = 1000, **fields: object) -> ServerMetrics:
    return ServerMetrics(most).after(track(a_sample(sessions, **fields)), 0.25)  # type: ignore[arg-type]


def test_sessions_are_counted_by_user_program_and_risk() -> None:
    values = read(IDLE, NEAR).values(NOW)

    assert {("shop", "web", "calm", "own"): 1, ("etl", "job", "imminent", "own"): 1} == values[
        MetricName.SESSIONS
    ]
    assert {("etl", "job"): 1} == values[MetricName.ENDANGERED]
    assert {(): 1} == values[MetricName.IDLE_TRANSACTIONS]
    assert {(): 2} == values[MetricName.IDLE]
    assert {(): 1} == values[MetricName.BECAME_ENDANGERED]


def test_the_next_closing_comes_nearer_between_two_readings() -> None:
    reading = read(IDLE, NEAR)

    assert {(): 10} == reading.values(NOW)[MetricName.NEXT_CLOSING]
    assert {(): 7} == reading.values(NOW + 3)[MetricName.NEXT_CLOSING]
    assert {(): 3} == reading.values(NOW + 3)[MetricName.AGE]


def test_a_stale_reading_is_not_exported() -> None:
    values = read(IDLE).after_failure().values(NOW + STALE_SECONDS + 1)

    assert {(): 0} == values[MetricName.UP]
    assert MetricName.SESSIONS not in values
    assert {(): STALE_SECONDS + 1} == values[MetricName.AGE]


def test_our_own_sessions_are_not_counted() -> None:
    assert {} == read(a_session(id=9, own=True)).values(NOW)[MetricName.SESSIONS]


def test_every_counter_is_there_at_0_from_the_start() -> None:
    values = read(IDLE).values(NOW)

    assert {0.0} == set(values[MetricName.DEPARTURES].values())
    assert {0.0} == set(values[MetricName.CHANGES].values())
    assert {(): 0.0} == values[MetricName.RESTARTS] == values[MetricName.BECAME_ENDANGERED]


def later(seconds: float) -> Server:
    return a_server(uptime=a_server().uptime + seconds)


def test_what_happens_is_counted_once() -> None:
    first = track(a_sample([IDLE, NEAR]), None, RiskThresholds())
    changed = track(
        a_sample([IDLE], taken_at=NOW + 11, server=later(11), variables={"wait_timeout": 60}),
        first.snapshot,
        RiskThresholds(),
        first.learned_limits,
    )
    again = track(
        a_sample([IDLE], taken_at=NOW + 12, server=later(12), variables={"wait_timeout": 60}),
        changed.snapshot, RiskThresholds(), changed.learned_limits,
    )  # fmt: skip
    restarted = track(
        a_sample([], taken_at=NOW + 20, server=a_server(uptime=3.0)),
        again.snapshot,
        RiskThresholds(),
        again.learned_limits,
    )
    reading = ServerMetrics(1000)
    for each in (first, changed, again):
        reading = reading.after(each, 0.1)

    assert 1 == sum(reading.values(NOW)[MetricName.DEPARTURES].values())
    assert 1 == reading.values(NOW)[MetricName.CHANGES]["wait_timeout",]
    assert 1 == reading.after(restarted, 0.1).values(NOW)[MetricName.RESTARTS][()]
    assert 3 == reading.values(NOW)[MetricName.POLLS][()]


def test_series_beyond_the_maximum_are_added_up_as_other() -> None:
    crowd = [a_session(id=n, user=f"u{n}", program="p") for n in range(1, 101)]
    crowd += [a_session(id=n, user="big", program="p") for n in range(200, 220)]
    values = read(*crowd, most=10).values(NOW)
    sessions = values[MetricName.SESSIONS]

    assert len(sessions) <= 10
    assert 120 == sum(sessions.values())
    assert 20 == sessions["big", "p", "calm", "own"]
    assert 100 - (len(sessions) - 2) == sessions[OTHER, OTHER, "calm", "own"] == values[MetricName.FOLDED][()]


def test_a_pair_keeps_its_series_from_a_new_pair_of_the_same_size() -> None:
    crowd = [a_session(id=n, user=f"u{n:03}", program="p") for n in range(50, 100)]
    before = track(a_sample(crowd))
    reading = ServerMetrics(10).after(before, 0.1)
    more = [*crowd, *(a_session(id=n, user=f"u{n:03}", program="p") for n in range(1, 50))]
    after = reading.after(track(a_sample(more, taken_at=NOW + 1, server=later(1)), before.snapshot), 0.1)

    assert reading.pairs_with_series == after.pairs_with_series


def test_hostile_names_are_one_plain_line() -> None:
    values = read(a_session(id=1, user='a"\n\x1b[2J\u202e\ud800' + "x" * 500, program=None)).values(NOW)
    ((user, program, _, _),) = values[MetricName.SESSIONS]

    assert user.isprintable()
    assert len(user) <= 80
    assert "" == program
    assert user.encode()


def test_limits_are_in_base_units() -> None:
    values = read(IDLE, variables={"max_execution_time": 1500}).values(NOW)

    assert 28_800 == values[MetricName.LIMIT_SECONDS]["wait_timeout",]
    assert 1.5 == values[MetricName.LIMIT_SECONDS]["max_execution_time",]
    assert 67_108_864 == values[MetricName.LIMIT_BYTES]["max_allowed_packet",]


def test_each_metric_is_named_as_prometheus_wants_it() -> None:
    for family in FAMILIES.values():
        assert family.name.startswith("goneaway_")
        assert family.name.endswith("_total") == (family.kind == COUNTER)
        assert "id" not in family.labels
        assert "statement" not in family.labels
    assert FAMILIES.keys() == set(MetricName)


def test_sessions_that_wait_for_locks_are_counted() -> None:
    waits = (
        LockWait(ProcesslistId(2), (ProcesslistId(1),), ROW, NOW - 12),
        LockWait(ProcesslistId(3), (ProcesslistId(2),), ROW, NOW - 4),
    )
    values = read(IDLE, NEAR, lock_waits=waits).values(NOW + 1)

    assert {(): 2} == values[MetricName.BLOCKED]
    assert {(): 1} == values[MetricName.BLOCKING]
    assert {(): 12} == values[MetricName.LONGEST_WAIT]
    assert {(): 0} == read(IDLE, lock_waits=()).values(NOW)[MetricName.LONGEST_WAIT]


def test_what_is_not_known_of_waits_is_absent() -> None:
    locks = {MetricName.BLOCKED, MetricName.BLOCKING, MetricName.LONGEST_WAIT}
    unknown_holder = read(IDLE, lock_waits=(LockWait(ProcesslistId(1), (), ROW),)).values(NOW)

    assert not locks & read(IDLE, lock_waits=None).values(NOW).keys()
    assert {MetricName.BLOCKED} == locks & unknown_holder.keys()


def test_reuse_gaps_are_a_histogram_by_user_and_program_that_never_shrinks() -> None:
    def gaps(*users: str) -> ReuseGaps:
        bucket = ((bucket_of(45), 2),)
        groups = tuple(
            GroupGaps(user, "web", 1, 1, bucket, bucket, 45.0, total_seconds=90.0) for user in users
        )
        return ReuseGaps(NOW, NOW, 1.0, groups)

    values = replace(read(IDLE, most=100), count_gaps=lambda: gaps("a", "b", "c", "d")).values(NOW)
    found = values[MetricName.REUSE_GAP]

    assert (0, 2, 2, 90.0) == (
        found["_bucket", "a", "web", "10.0"],
        found["_bucket", "a", "web", "60.0"],
        found["_count", "a", "web", ""],
        found["_sum", "a", "web", ""],
    )
    assert 4 == found["_bucket", OTHER, OTHER, "+Inf"]
    assert 3 * GAP_SERIES == len(found)


def test_a_histogram_is_written_as_prometheus_reads_it() -> None:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.parser import text_string_to_metric_families

    store = MetricsStore(["db1"], lambda: NOW, 1000)
    bucket = ((bucket_of(45), 2),)
    counted = ReuseGaps(
        NOW, NOW, 1.0, (GroupGaps("a", "web", 1, 1, bucket, bucket, 45.0, total_seconds=90.0),)
    )
    store["db1"] = replace(read(IDLE), count_gaps=lambda: counted)
    registry = CollectorRegistry()
    registry.register(store)
    families = {
        each.name: each for each in text_string_to_metric_families(generate_latest(registry).decode())
    }
    histogram = families["goneaway_reuse_gap_seconds"]

    assert "histogram" == histogram.type
    assert ("goneaway_reuse_gap_seconds_bucket", 2.0) in {
        (sample.name, sample.value) for sample in histogram.samples if sample.labels.get("le") == "60.0"
    }
