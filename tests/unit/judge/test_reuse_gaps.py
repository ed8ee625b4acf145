"""Reuse gaps: counted once, within their bounds, from snapshot to snapshot."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
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
    GroupGaps,
    GroupKey,
    ReuseCounter,
    ReuseGaps,
    Tally,
    bucket_of,
    has_run,
    merged,
)
from goneaway_tui.judge.tracker import track
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Role, Session
from goneaway_tui.text.format import limit_words
from tests.builders import NOW, SERVER, a_sample, a_server, a_session, a_transaction


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


# --- Boundaries


def test_the_buckets_grow_with_the_gap() -> None:
    widths = [end - start for start, end in pairwise(GAP_EDGES)]
    runs = [
        (start, width)
        for start, width, before in zip(GAP_EDGES, widths, [0, *widths], strict=False)
        if width != before
    ]

    assert [
        (0, 1), (120, 5), (600, 30), (3_600, 180), (21_600, 900), (86_400, 7_200), (604_800, 43_200)
    ] == runs  # fmt: skip
    assert 366 * 86_400 - 43_200 == GAP_EDGES[-1]


def test_the_ladder_has_the_limits_that_people_set() -> None:
    assert (
        "10 s, 15 s, 20 s, 30 s, 45 s, 1 m, 1 m 30 s, 2 m, 3 m, 4 m, 5 m, 7 m 30 s, 10 m, 15 m, 20 m, 30 m, 45 m, 1 h, "
        "1 h 30 m, 2 h, 3 h, 4 h, 6 h, 8 h, 12 h, 18 h, 1 d, 1 d 12 h, 2 d, 3 d, 4 d, 7 d, 14 d, 30 d, 90 d, 1 y"
    ) == ", ".join(map(limit_words, LIMIT_LADDER))


@pytest.mark.parametrize(
    ("least", "most", "is_measured"),
    [
        (0.0, 5.0, True),
        (0.0, 5.01, False),
        (90.0, 100.0, True),
        (89.9, 100.0, False),
        (45.0, 50.0, True),
        (44.9, 50.0, False),
    ],
)
def test_a_gap_is_measured_whose_bounds_are_five_seconds_or_a_tenth_apart(
    least: float,
    most: float,
    is_measured: bool,  # noqa: FBT001
) -> None:
    tally = Tally()
    tally.count(least, most)
    group = tally.frozen(GroupKey("a", ""), 0)

    assert (int(is_measured), int(not is_measured)) == (group.reuses, group.unmeasured)
    assert (most if is_measured else 0.0) == group.longest == group.total_seconds


def test_gaps_within_a_transaction_are_counted_apart() -> None:
    tally = Tally()
    tally.count(40, 40, in_transaction=True)
    tally.count(50, 50)
    group = tally.frozen(GroupKey("a", ""), 0)

    assert ((40, 1),) == group.in_transaction
    assert (2, 1, 1, 0) == (
        group.cut(40),
        group.transactions_cut(40),
        group.cut(41),
        group.transactions_cut(41),
    )


@pytest.mark.parametrize(("limit", "cut", "certainly"), [(40, 1, 1), (41, 1, 0), (44, 1, 0), (45, 0, 0)])
def test_a_reuse_between_two_bounds_is_cut_by_the_upper_and_certainly_by_the_lower(
    limit: float, cut: int, certainly: int
) -> None:
    tally = Tally()
    tally.count(40, 44.5)
    group = tally.frozen(GroupKey("a", ""), 0)

    assert (cut, certainly) == (group.cut(limit), group.certainly_cut(limit))


def test_the_shortest_idle_time_of_all_that_timed_out_is_kept() -> None:
    tally = Tally()
    for seconds in (60.0, 40.0, 50.0, None):
        tally.time_out(seconds)

    assert (4, 40.0) == (tally.timed_out, tally.timed_out_after)


def test_a_quantile_is_the_end_of_its_bucket_and_no_more_than_the_longest_gap() -> None:
    tally = Tally()
    for gap in (1.2, 1.4, 5.5, 9.2):
        tally.count(gap, gap)
    group = tally.frozen(GroupKey("a", ""), 0)

    assert [2.0, 2.0, 6.0, 9.2] == [group.quantile(share) for share in (0.25, 0.5, 0.75, 1.0)]
    assert Tally().frozen(GroupKey("a", ""), 0).quantile(0.5) is None


def test_all_days_of_a_group_are_one_and_the_group_with_the_most_reuses_is_first() -> None:
    def group(user: str, gaps: int, day: int, sessions: int, **fields: Any) -> GroupGaps:
        tally = Tally(sessions=sessions, **fields)
        for _ in range(gaps):
            tally.count(4, 4)
        return tally.frozen(GroupKey(user, ""), day)

    gaps = ReuseGaps(
        NOW, NOW, 9.0,
        (group("a", 1, 0, 5, client="old"), group("b", 3, 0, 1), group("a", 2, 1, 2, client="new", unmeasured=4), group("c", 1, 0, 9), group("d", 1, 0, 9)),
    )  # fmt: skip
    first, second, *others = gaps.by_group()

    assert [("a", 3, 7, "new", 4, 12.0), ("b", 3, 1, "", 0, 12.0)] == [
        (row.user, row.reuses, row.sessions, row.client, row.unmeasured, row.total_seconds)
        for row in (first, second)
    ]
    assert ["c", "d"] == [row.user for row in others]
    assert (26, 8) == (gaps.sessions, gaps.reuses)


def test_of_several_stretches_times_are_added_and_peaks_are_the_highest() -> None:
    parts = [
        ReuseGaps(NOW + 10, NOW + 20, 9.0, (), ((30, 5.0, 3), (10, 1.0, 1))),
        ReuseGaps(NOW, NOW + 15, 4.0, (), ((30, 2.0, 7),)),
    ]

    assert ReuseGaps(NOW, NOW + 20, 13.0, (), ((10, 1.0, 1), (30, 7.0, 7))) == merged(parts)
    assert merged([]) is None


@pytest.mark.parametrize(("limit", "freed"), [(5, (0.5, 4)), (10, (0.5, 4)), (11, (0.25, 2)), (31, (0.0, 0))])
def test_a_limit_between_two_of_the_ladder_frees_as_the_larger(
    limit: float, freed: tuple[float, int]
) -> None:
    gaps = ReuseGaps(NOW, NOW, 10.0, (), ((10, 5.0, 4), (30, 2.5, 2)))

    assert freed == gaps.freed_under(limit)
    assert (0.0, 4) == replace(gaps, seconds=0.0).freed_under(10)


@pytest.mark.parametrize(("apart", "seconds"), [(3660, 3660.0), (3661, 0.0)])
def test_across_a_pause_of_more_than_an_hour_the_server_was_not_observed(
    apart: float, seconds: float
) -> None:
    gaps = counted((0, [one(idle_since=NOW - 100)]), (apart, [one(idle_since=NOW - 100)]))

    assert seconds == gaps.seconds
    assert seconds == gaps.freed[0][1]


def test_a_clock_that_is_set_back_adds_no_time() -> None:
    gaps = counted((0, [one()]), (10, [one()]), (5, [one()]), (12, [one()]))

    assert (12.0, NOW, NOW + 12) == (gaps.seconds, gaps.began, gaps.ended)


@pytest.mark.parametrize(("idle", "peak"), [(30.0, 0), (30.1, 1)])
def test_a_limit_frees_who_has_been_idle_for_longer(idle: float, peak: int) -> None:
    assert peak == counted((0, [one(idle_since=NOW - idle)])).freed_under(30).peak


def test_100_groups_and_370_days_are_told_apart() -> None:
    assert (100, 370) == (MAX_GROUPS, MAX_DAYS)


@pytest.mark.parametrize(
    ("after", "woken"),
    [
        (one(idle_since=NOW - 39.95), False),
        (one(idle_since=NOW - 39.9), False),
        (one(idle_since=NOW - 0.05), True),
        (one(idle_since=NOW - 0.06), False),
        (one(idle_since=NOW - 1.0, idle_within=0.95), True),
        (busy(), True),
        (one(command="Killed"), False),
        (one(idle_since=None), False),
    ],
)
def test_a_session_has_woken_whose_idle_time_began_after_the_reading(after: Session, woken: bool) -> None:  # noqa: FBT001
    assert woken is has_run(one(idle_since=NOW - 40), after, NOW)
    assert not has_run(one(idle_since=None), after, NOW)
    assert not has_run(busy(), after, NOW)


def test_a_moved_clock_of_no_more_than_a_twentieth_of_a_second_is_no_reuse() -> None:
    assert not has_run(one(idle_since=NOW - 0.02), one(idle_since=NOW + 0.03), NOW)
    assert has_run(one(idle_since=NOW - 0.02), one(idle_since=NOW + 0.04), NOW)


def test_only_the_first_gap_of_several_was_in_the_transaction_that_was_seen() -> None:
    asleep = one(idle_since=NOW - 40, transaction=a_transaction())
    (group,) = counted((0, [asleep]), (10, [one(idle_since=NOW + 9.5, gaps=(41.0, 3.0))])).by_group()
    (untimed,) = counted((0, [asleep]), (1, [one(idle_since=NOW + 0.5)])).by_group()
    running = busy(busy_since=NOW - 1, transaction=a_transaction())
    (awake,) = counted((0, [running]), (10, [one(idle_since=NOW + 9.5, gaps=(7.0,))])).by_group()

    assert ((41, 1),) == group.in_transaction
    assert ((40, 1),) == untimed.in_transaction
    assert () == awake.in_transaction


def test_an_idle_time_known_to_a_second_widens_the_bounds_by_it() -> None:
    asleep, awake = one(idle_since=NOW - 40, idle_within=1.0), one(idle_since=NOW + 1.7)

    assert (((39, 1),), ((42, 1),)) == only(counted((0, [asleep]), (2, [awake])))


def test_the_same_gaps_read_twice_behind_a_busy_reading_are_no_new_ones() -> None:
    first = busy(busy_since=NOW - 1, gaps=(7.0,))

    assert 0 == counted((0, [first]), (10, [one(idle_since=NOW - 0.5, gaps=(7.0,))])).reuses
