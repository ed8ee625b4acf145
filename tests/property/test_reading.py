"""What Prometheus is told of any run of a server adds up, grows where it must, and stays within its bound."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge import Step, track
from goneaway_tui.metrics.collector import COUNTER, FAMILIES, OTHER, MetricName, ServerMetrics
from goneaway_tui.model.sample import Sample
from tests.property.streams import streams

bounds = st.integers(1, 30) | st.just(5000)


def read(stream: list[Sample], most: int) -> list[tuple[Step, ServerMetrics]]:
    """Each step of a run with what is told after it."""
    told: list[tuple[Step, ServerMetrics]] = []
    reading, last = ServerMetrics(most), None
    for sample in stream:
        last = (
            track(sample, last.snapshot if last else None, learned_limits=last.learned_limits)
            if last
            else track(sample)
        )
        reading = reading.after(last, 0.1)
        told.append((last, reading))
    return told


@given(streams(), bounds)
def test_every_session_but_ours_is_counted_in_one_series(stream: list[Sample], most: int) -> None:
    for taken, reading in read(stream, most):
        crowd = [v for v in taken.snapshot.verdicts if not v.session.own]
        told = reading.values(taken.snapshot.taken_at)[MetricName.SESSIONS]
        by_risk: Counter[str] = Counter()
        for (_user, _program, risk, _basis), number in told.items():
            by_risk[risk] += int(number)

        assert Counter(v.risk.value for v in crowd) == by_risk


@given(streams(), bounds)
def test_series_of_users_and_programs_stay_within_their_bound(stream: list[Sample], most: int) -> None:
    """Where the bound is less than what `other` needs, nobody is named."""
    for taken, reading in read(stream, most):
        values = reading.values(taken.snapshot.taken_at)
        series = [*values[MetricName.SESSIONS], *values[MetricName.ENDANGERED]]
        named = [labels for labels in series if labels[:2] in reading.pairs_with_series]

        assert len(series) <= most or not named
        assert {labels[:2] for labels in series} <= {*reading.pairs_with_series, (OTHER, OTHER)}
        assert bool(values[MetricName.FOLDED][()]) == (len(named) < len(series))


@given(streams(), bounds)
def test_what_counts_only_grows_and_departures_are_counted_once(stream: list[Sample], most: int) -> None:
    before: ServerMetrics | None = None
    departed = 0
    for taken, reading in read(stream, most):
        now = taken.snapshot.taken_at
        departed += len(taken.departed)
        values = reading.values(now)
        for name in (name for name, family in FAMILIES.items() if family.kind == COUNTER):
            earlier = before.values(now).get(name, {}) if before else {}
            assert all(values[name][labels] >= number for labels, number in earlier.items())
        assert departed == sum(values[MetricName.DEPARTURES].values())
        before = reading


@given(streams(), st.integers(0, 400))
def test_a_reading_that_failed_takes_nothing_back(stream: list[Sample], later: int) -> None:
    taken, reading = read(stream, 5000)[-1]
    missed = reading.after_failure()
    now = taken.snapshot.taken_at + later
    kept = {MetricName.UP, MetricName.POLLS, MetricName.FAILED_POLLS}
    before, after = reading.values(now), missed.values(now)

    assert {n: v for n, v in before.items() if n not in kept} == {
        n: v for n, v in after.items() if n not in kept
    }
    assert (0.0, reading.failures + 1) == (after[MetricName.UP][()], after[MetricName.FAILED_POLLS][()])
