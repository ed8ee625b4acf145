"""How many sessions there were: the highest numbers of each stretch of the last hour, whatever the clock does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.judge.ledger import POINT_SECONDS, TREND_SECONDS, Trend, TrendPoint
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Snapshot
from tests.builders import NOW, a_sample, a_session

WAIT = LockWait(ProcesslistId(1), (ProcesslistId(2),), Lock(LockKind.ROW))


def a_snapshot(at: float, connected: int = 3, *, waits: tuple[LockWait, ...] | None = ()) -> Snapshot:
    return judge(
        a_sample(
            [a_session(id=1), a_session(id=2)],
            taken_at=at,
            counters={"threads_connected": connected},
            lock_waits=waits,
        )
    )


def trend_of(*snapshots: Snapshot) -> Trend:
    trend = Trend()
    for snapshot in snapshots:
        trend = trend.with_snapshot(snapshot)
    return trend


def test_a_point_has_the_highest_numbers_of_ten_seconds() -> None:
    start = NOW // POINT_SECONDS * POINT_SECONDS
    trend = trend_of(
        a_snapshot(start, 3, waits=(WAIT,)), a_snapshot(start + 4, 7), a_snapshot(start + 9, 5, waits=None)
    )

    assert (TrendPoint(start + 9, 7, 2, 1),) == trend.points
    assert 2 == len(trend.with_snapshot(a_snapshot(start + 10)).points)


def test_what_is_not_known_of_waits_stays_unknown() -> None:
    trend = trend_of(a_snapshot(NOW, waits=None))

    assert [None] == [point.blocked for point in trend.points]
    assert {None} == set(trend.levels(6).blocked)


def test_a_clock_that_is_set_back_leaves_out_what_is_later() -> None:
    trend = trend_of(*(a_snapshot(NOW + 20 * n) for n in range(10)), a_snapshot(NOW + 55))

    assert [NOW, NOW + 20, NOW + 40, NOW + 55] == [point.at for point in trend.points]


def test_levels_are_of_the_time_that_is_known_and_at_most_of_an_hour() -> None:
    short = trend_of(a_snapshot(NOW, 1), a_snapshot(NOW + 60, 9)).levels(6)
    long = trend_of(*(a_snapshot(NOW + 30 * n, n) for n in range(300))).levels(12)

    assert (60, (1, None, None, None, None, 9)) == (short.seconds, short.connections)
    assert TREND_SECONDS == long.seconds
    assert 299 == long.connections[-1]
    assert sorted(long.connections, key=lambda each: each or 0) == list(long.connections)
    assert () == Trend().levels(6).connections


@given(st.lists(st.floats(-9000, 9000), max_size=60), st.integers(1, 30))
def test_a_trend_is_bounded_and_in_order_whatever_the_clock_does(moves: list[float], number: int) -> None:
    trend, now = Trend(), NOW
    for move in moves:
        now = max(1.0, now + move)
        trend = trend.with_snapshot(a_snapshot(now))
        instants = [point.at for point in trend.points]

        assert sorted(instants) == instants
        assert instants[-1] == now
        assert instants[0] >= now - TREND_SECONDS
        assert len(instants) <= TREND_SECONDS / POINT_SECONDS + 1
        assert number == len(trend.levels(number).idle)


def test_a_trend_that_is_followed_by_another_takes_what_is_later() -> None:
    earlier = trend_of(a_snapshot(NOW), a_snapshot(NOW + 20))
    later = trend_of(a_snapshot(NOW + 15), a_snapshot(NOW + 40))

    assert [NOW, NOW + 20, NOW + 40] == [point.at for point in earlier.followed_by(later).points]
    assert earlier.covers(NOW)
    assert not later.covers(NOW - 100)


def test_an_hour_in_points_of_ten_seconds_is_kept() -> None:
    assert (3600, 10) == (TREND_SECONDS, POINT_SECONDS)
    kept, dropped = (trend_of(a_snapshot(NOW), a_snapshot(NOW + later)) for later in (3600, 3601))

    assert [2, 1] == [len(kept.points), len(dropped.points)]


def test_without_a_counter_the_listed_sessions_are_counted() -> None:
    sample = replace(a_sample([a_session(id=1), a_session(id=2)]), counters=())

    assert [(2, 2)] == [(point.connections, point.idle) for point in trend_of(judge(sample)).points]


def test_a_young_trend_is_drawn_over_ten_seconds_a_stretch() -> None:
    levels = trend_of(a_snapshot(NOW, 1), a_snapshot(NOW + 20, 9)).levels(6)

    assert (60, (None, None, None, None, 1, 9)) == (levels.seconds, levels.connections)


def test_of_two_points_in_a_stretch_the_higher_numbers_count() -> None:
    trend = trend_of(a_snapshot(NOW, 5, waits=(WAIT,)), a_snapshot(NOW + 20, 9), a_snapshot(NOW + 60, 2))

    assert ((9, 2), (1, 0)) == (trend.levels(2).connections, trend.levels(2).blocked)


def test_a_trend_is_followed_only_by_what_is_later_than_its_newest_point() -> None:
    trend = trend_of(a_snapshot(NOW))

    assert [NOW] == [point.at for point in trend.followed_by(trend_of(a_snapshot(NOW))).points]
    assert [NOW] == [point.at for point in Trend().followed_by(trend).points]


def test_a_trend_covers_an_instant_that_is_at_most_two_points_before_it() -> None:
    trend = trend_of(a_snapshot(NOW))
    long = trend_of(*(a_snapshot(NOW + 10 * n) for n in range(360)))

    assert trend.covers(NOW - 20)
    assert not trend.covers(NOW - 21)
    assert long.covers(NOW - 9000), "it goes back for an hour"
    assert not Trend().covers(NOW)
