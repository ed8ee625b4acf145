"""Every closing ahead is counted once, where it belongs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.export.summary import next_closing
from goneaway_tui.judge import judge
from goneaway_tui.judge.forecast import HORIZONS, Forecast, closing_forecast, summed_forecast
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Verdict
from tests.builders import NOW, a_session, a_snapshot_of_verdicts, a_verdict
from tests.property.facts import samples

edges = [float(edge) for end, _ in HORIZONS for edge in (end, end - 1, end + 1)]
lefts = st.none() | st.floats(-1e6, 1e9) | st.sampled_from([0.0, *edges])
crowds = st.lists(lefts.map(lambda left: a_verdict(deadline=None if left is None else NOW + left)))


@st.composite
def horizons(draw: st.DrawFn) -> list[tuple[float, int]]:
    ends = draw(st.lists(st.integers(1, 100_000), min_size=1, max_size=5, unique=True))
    return [(float(end), draw(st.integers(1, 30))) for end in sorted(ends)]


def counted(forecast: Forecast) -> int:
    return sum(sum(stretch.counts) for stretch in forecast.ranges) + forecast.later


@given(crowds, horizons() | st.just([*HORIZONS]))
def test_every_deadline_is_counted_exactly_once(
    verdicts: list[Verdict], ahead: list[tuple[float, int]]
) -> None:
    forecast = closing_forecast(a_snapshot_of_verdicts(verdicts), NOW, ahead)

    assert sum(verdict.deadline is not None for verdict in verdicts) == counted(forecast)


@given(samples())
def test_every_judged_session_is_counted_in_the_forecast(sample: Sample) -> None:
    snapshot = judge(sample)

    assert sum(verdict.deadline is not None for verdict in snapshot.verdicts) == counted(
        closing_forecast(snapshot, NOW)
    )


@given(crowds, st.floats(0, 1e6))
def test_each_interval_counts_the_sessions_that_close_in_it(verdicts: list[Verdict], later: float) -> None:
    now = NOW + later
    lefts_ = [max(0.0, verdict.deadline - now) for verdict in verdicts if verdict.deadline is not None]
    forecast = closing_forecast(a_snapshot_of_verdicts(verdicts), now)

    for stretch in forecast.ranges:
        assert sum(stretch.start <= left < stretch.end for left in lefts_) == sum(stretch.counts)
    assert sum(left >= HORIZONS[-1][0] for left in lefts_) == forecast.later


@given(crowds)
def test_no_deadline_is_before_the_next_closing(verdicts: list[Verdict]) -> None:
    deadlines = [verdict.deadline for verdict in verdicts if verdict.deadline is not None]
    first = closing_forecast(a_snapshot_of_verdicts(verdicts), NOW).first_to_close

    assert min(deadlines, default=None) == (None if first is None else first.deadline)


def test_a_login_is_not_the_next_closing() -> None:
    login = a_session(id=1, user="unauthenticated user", command="Connect", role=Role.LOGIN)
    crowd = a_snapshot_of_verdicts(
        [a_verdict(login, deadline=NOW + 10), a_verdict(a_session(id=2), deadline=NOW + 60)]
    )
    first = closing_forecast(crowd, NOW).first_to_close

    assert first is not None
    assert first.session.id == 2
    assert next_closing(crowd) == "2 in 1:00"


@given(crowds, crowds)
def test_two_crowds_together_are_the_sum_of_both(some: list[Verdict], others: list[Verdict]) -> None:
    def figures(forecast: Forecast) -> list[int]:
        return [*(count for stretch in forecast.ranges for count in stretch.counts), forecast.later]

    apart = zip(
        figures(closing_forecast(a_snapshot_of_verdicts(some), NOW)),
        figures(closing_forecast(a_snapshot_of_verdicts(others), NOW)),
        strict=True,
    )

    assert [one + other for one, other in apart] == figures(
        closing_forecast(a_snapshot_of_verdicts([*some, *others]), NOW)
    )


@given(horizons())
def test_the_stretches_lie_end_to_end(ahead: list[tuple[float, int]]) -> None:
    stretches = closing_forecast(a_snapshot_of_verdicts([]), NOW, ahead).ranges

    assert ahead == [(stretch.end, len(stretch.counts)) for stretch in stretches]
    assert [0.0, *(end for end, _ in ahead[:-1])] == [stretch.start for stretch in stretches]


@given(st.lists(crowds, min_size=1, max_size=3), horizons())
def test_the_closings_of_several_servers_are_those_of_each(
    each: list[list[Verdict]], ahead: list[tuple[float, int]]
) -> None:
    every = summed_forecast(
        closing_forecast(a_snapshot_of_verdicts(verdicts), NOW, ahead) for verdicts in each
    )
    known = [v.deadline for verdicts in each for v in verdicts if v.deadline is not None]
    all_in_one = closing_forecast(
        a_snapshot_of_verdicts([v for verdicts in each for v in verdicts]), NOW, ahead
    )

    assert (all_in_one.ranges, all_in_one.later) == (every.ranges, every.later)
    assert (None if every.first_to_close is None else every.first_to_close.deadline) == min(
        known, default=None
    )
