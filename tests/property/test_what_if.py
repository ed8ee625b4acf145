"""What another limit would do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.judge.forecast import already_closed, what_if
from goneaway_tui.model.sample import Sample
from tests.builders import NOW
from tests.property.facts import idle_clients, samples, seconds


@given(samples(idle_clients), seconds, seconds)
def test_a_longer_limit_never_closes_more(sample: Sample, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    few, many = (what_if(judge(sample).verdicts, NOW, limit) for limit in (longer, shorter))

    assert few.by_now <= many.by_now
    assert few.within_minute <= many.within_minute
    assert few.within_hour <= many.within_hour


@given(samples(), seconds | st.just(float("inf")))
def test_each_figure_holds_the_one_before(sample: Sample, limit: float) -> None:
    verdicts = judge(sample).verdicts
    answer = what_if(verdicts, NOW, limit)

    assert answer.by_now <= answer.within_minute <= answer.within_hour <= answer.idle
    assert answer == what_if(verdicts[::-1], NOW, limit)
    assert answer.by_now == already_closed(verdicts, NOW, limit)
