"""Reuse gaps: counted once, within their bounds, from snapshot to snapshot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge.reuse_gaps import (
    DAY_SECONDS,
    GAP_EDGES,
    LIMIT_LADDER,
    MAX_DAYS,
    MAX_GROUPS,
    MONITOR_PROGRAM,
    OTHER,
    ReuseCounter,
    ReuseGaps,
    bucket_of,
    merged,
)
from goneaway_tui.judge.tracker import track
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Role, Session
from tests.builders import NOW, SERVER, a_sample, a_server, a_session


def one(number: int = 1, **fields: Any) -> Session:
    return a_session(id=ProcesslistId(number), **fields)


def busy(number: int = 1, **fields: Any) -> Session:
    return one(number, command="Query", **fields)


def at(seconds: float, sessions: list[Session], start: float = NOW) -> Sample:
    """The server as it is so many seconds after the start."""
    return a_sample(sessions, taken_at=start + seconds, server=a_server(uptime=SERVER.uptime + seconds))


def counted(*moments: tuple[float, list[Session]], start: float = NOW) -> ReuseGaps:
    """What is counted of sessions as they were so many seconds after the start."""
    counter, before = ReuseCounter(), None
    for seconds, sessions in moments:
        step = track(at(seconds, sessions, start), before)
        counter.observe(step.snapshot, step.departed)
        before = step.snapshot
    gaps = counter.counted()
    assert gaps is not None
    return gaps


def only(gaps: ReuseGaps) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The buckets of the only group: by lower bounds and by upper bounds."""
    (group,) = gaps.by_group()
    return group.at_least, group.at_most


def test_edges_rise_and_hold_each_limit_of_the_ladder() -> None:
    assert list(GAP_EDGES) == sorted(set(GAP_EDGES))
    assert set(LIMIT_LADDER) <= set(GAP_EDGES)
    assert len(GAP_EDGES) < 1500


def test_a_gap_that_the_server_timed_is_counted_exactly() -> None:
    asleep = one(idle_since=NOW - 40)
    awake = one(idle_since=NOW + 0.6, gaps=(40.4,))

    assert (((40, 1),), ((40, 1),)) == only(counted((0, [asleep]), (1, [awake]), (2, [awake])))


def test_other_runs_of_this_program_are_not_counted() -> None:
    asleep = one(idle_since=NOW - 40, program=MONITOR_PROGRAM)
    awake = one(idle_since=NOW + 0.6, gaps=(40.4,), program=MONITOR_PROGRAM)

    assert () == counted((0, [asleep]), (1, [awake])).by_group()


def test_a_session_that_is_seen_busy_has_woken() -> None:
    asleep, awake = one(idle_since=NOW - 40), busy(busy_since=NOW + 0.5)
    then = one(idle_since=NOW + 1.5)

    assert (((40, 1),), ((40, 1),)) == only(counted((0, [asleep]), (1, [awake]), (2, [then])))


def test_a_gap_that_is_not_timed_lies_between_the_reading_before_and_the_command() -> None:
    asleep, awake = one(idle_since=NOW - 40), one(idle_since=NOW + 1.7)

    assert (((40, 1),), ((41, 1),)) == only(counted((0, [asleep]), (2, [awake])))


def test_a_session_that_ran_several_statements_between_two_readings_is_counted_for_each_gap() -> None:
    asleep, awake = one(idle_since=NOW - 40), one(idle_since=NOW + 9.5, gaps=(41.0, 3.0, 5.0))
    gaps = counted((0, [asleep]), (10, [awake]))

    assert ((3, 1), (5, 1), (41, 1)) == only(gaps)[1]


def test_gaps_behind_a_busy_reading_are_counted_once() -> None:
    first, then = busy(busy_since=NOW - 1), one(idle_since=NOW + 9.5, gaps=(0.4, 7.0))

    assert ((0, 1), (7, 1)) == only(counted((0, [first]), (10, [then]), (11, [then])))[1]


@pytest.mark.parametrize(
    "after",
    [
        one(idle_since=NOW - 40.004),
        one(idle_since=NOW - 39.2),
        one(idle_since=NOW - 40, own_limit=60),
        one(idle_since=NOW - 40, command="Killed"),
        one(idle_since=None),
    ],
    ids=["reckoned anew", "clock set", "own limit read", "killed", "clock lost"],
)
def test_what_is_no_reuse_is_not_counted(after: Session) -> None:
    assert 0 == counted((0, [one(idle_since=NOW - 40)]), (1, [after])).reuses


@pytest.mark.parametrize("fields", [{"own": True}, {"role": Role.REPLICA}])
def test_our_own_sessions_and_replicas_are_not_counted(fields: dict[str, Any]) -> None:
    gaps = counted((0, [one(idle_since=NOW - 40, **fields)]), (1, [one(idle_since=NOW + 0.5, **fields)]))

    assert (0, 0) == (gaps.reuses, gaps.sessions)


def test_a_gap_whose_bounds_are_far_apart_is_not_measured() -> None:
    asleep, awake = one(idle_since=NOW - 40), one(idle_since=NOW + 590)
    (group,) = counted((0, [asleep]), (600, [awake])).by_group()

    assert (0, 1) == (group.reuses, group.unmeasured)


def test_after_a_restart_an_id_is_another_session() -> None:
    counter = ReuseCounter()
    first = track(a_sample([one(idle_since=NOW - 40)]))
    sample = a_sample([one(idle_since=NOW + 8)], taken_at=NOW + 9, server=a_server(uptime=3.0))
    then = track(sample, first.snapshot)
    counter.observe(first.snapshot)
    counter.observe(then.snapshot, then.departed)
    gaps = counter.counted()

    assert gaps is not None
    assert (0, 2) == (gaps.reuses, gaps.sessions)


def test_gaps_are_told_apart_by_user_program_and_day() -> None:
    midnight = (NOW // DAY_SECONDS + 1) * DAY_SECONDS
    moments = [
        (when, [one(number, user=user, idle_since=midnight + since) for number, user in enumerate("ab", 1)])
        for when, since in ((-2, -10), (-1, -1.5), (1, 0.5))
    ]
    gaps = counted(*moments, start=midnight)
    day = int(midnight // DAY_SECONDS)

    assert {("a", day - 1), ("b", day - 1), ("a", day), ("b", day)} == {(g.user, g.day) for g in gaps.groups}
    assert [2, 2] == [group.reuses for group in gaps.by_group()]


def test_groups_and_days_are_bounded() -> None:
    many = [one(number, user=f"u{number}") for number in range(MAX_GROUPS + 5)]
    gaps = counted((0, many))
    counter = ReuseCounter()
    for day in range(MAX_DAYS + 3):
        step = track(a_sample([one(day)], taken_at=NOW + day * DAY_SECONDS))
        counter.observe(step.snapshot)
    kept = counter.counted()

    assert MAX_GROUPS + 1 == len(gaps.groups)
    assert 5 == next(group.sessions for group in gaps.groups if group.user == OTHER)
    assert kept is not None
    assert MAX_DAYS == len({group.day for group in kept.groups})
    assert MAX_DAYS + 3 == kept.sessions


def test_freed_sessions_are_those_idle_for_longer_than_the_limit() -> None:
    gaps = counted(
        (0, [one(1, idle_since=NOW - 100), one(2, idle_since=NOW - 25)]),
        (10, [one(1, idle_since=NOW - 100), one(2, idle_since=NOW - 25)]),
        (20, [one(1, idle_since=NOW + 15), one(2, idle_since=NOW - 25)]),
    )

    assert (20.0, 2) == (gaps.seconds, gaps.freed_under(30).peak)
    assert pytest.approx(1.5) == gaps.freed_under(30).mean
    assert (0.5, 1) == tuple(gaps.freed_under(60))
    assert (0.0, 0) == tuple(gaps.freed_under(7_200))


def test_sessions_that_the_server_closed_are_counted_apart() -> None:
    from goneaway_tui.model.cause import Cause, Certainty
    from goneaway_tui.model.departure import Departure

    counter, first = ReuseCounter(), track(a_sample([one(idle_since=NOW - 59)]))
    counter.observe(first.snapshot)
    then = track(a_sample([], taken_at=NOW + 2), first.snapshot)
    verdict = first.snapshot.verdicts[0]
    counter.observe(
        then.snapshot, [Departure(verdict, NOW + 1, 0.1, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED)]
    )
    gaps = counter.counted()

    assert gaps is not None
    (group,) = gaps.groups
    assert (0, 1, 60.0) == (group.reuses, group.timed_out, group.timed_out_after)


def test_counting_on_after_a_take_makes_the_same_sum() -> None:
    def moments() -> list[tuple[float, list[Session]]]:
        return [(when, [one(idle_since=NOW + when - 3 - when % 5)]) for when in range(0, 60, 7)]

    whole, counter, before, parts = counted(*moments()), ReuseCounter(), None, []
    for seconds, sessions in moments():
        step = track(at(seconds, sessions), before)
        parts.append(counter.take())
        counter.observe(step.snapshot, step.departed)
        before = step.snapshot
    parts.append(counter.take())

    assert whole == merged(part for part in parts if part is not None)


@given(st.lists(st.floats(0, 40_000_000, allow_nan=False), min_size=1, max_size=40))
def test_quantiles_and_cuts_are_those_of_the_gaps_to_a_bucket(gaps: list[float]) -> None:
    from goneaway_tui.judge.reuse_gaps import GroupKey, Tally

    tally = Tally()
    for gap in gaps:
        tally.count(gap, gap)
    group, ranked = tally.frozen(GroupKey("a", ""), 0), sorted(gaps)

    assert [sum(gap >= limit for gap in gaps) for limit in LIMIT_LADDER] == [
        group.cut(limit) for limit in LIMIT_LADDER
    ]
    for share in (0.5, 0.9, 0.99, 1.0):
        found, real = group.quantile(share), ranked[max(0, -(-round(share * 100) * len(gaps) // 100) - 1)]
        assert found is not None
        assert abs(bucket_of(found) - bucket_of(real)) <= 1


@given(
    st.lists(st.tuples(st.floats(0.01, 30), st.floats(0.0, 0.3)), min_size=1, max_size=30),
    st.floats(0.2, 3),
)
def test_every_long_gap_is_counted_once_whatever_the_readings_meet(
    life: list[tuple[float, float]], interval: float
) -> None:
    """One session that is idle and busy in turn, read at a steady pace, as a server without timers shows it."""
    spans, now = [], NOW
    for idle, work in life:
        spans.append((now, now + idle, now + idle + work))
        now += idle + work
    sessions_at: list[tuple[float, list[Session]]] = []
    end, when = now + 2 * interval, NOW
    while when <= end:
        idle_from = NOW
        session = one(idle_since=idle_from)
        for began, woke, done in spans:
            if began <= when < woke:
                session = one(idle_since=began)
            elif woke <= when < done:
                session = busy(busy_since=woke)
            elif when >= done:
                session = one(idle_since=done)
        sessions_at.append((when - NOW, [session]))
        when += interval
    gaps = counted(*sessions_at)
    long = [woke - began for began, woke, _done in spans if woke - began > 2 * interval + 1]

    seen = gaps.by_group()[0]
    for limit in LIMIT_LADDER:
        if limit > 2 * interval + 1:
            assert seen.certainly_cut(limit) <= sum(gap >= limit - 1e-6 for gap in long)
            assert seen.cut(limit) >= sum(gap >= limit for gap in long)
