"""Laws of patterns and of what is learned: what is told hangs on what happened, not on the order it was told in."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.judge.learned_limits import (
    AGREEMENT_SECONDS,
    NOTHING_LEARNED,
    common_limit,
    learn,
)
from goneaway_tui.judge.patterns import MIN_OBSERVATIONS, find_patterns
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure, PatternKind
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from tests.builders import NOW, a_session, a_snapshot, a_verdict
from tests.property.facts import idle_clients, samples, sessions, strangers

AGES = st.sampled_from([30.0, 31.0, 350.0, 350.4, 600.0, 28_800.0]) | st.floats(0, 30_000)


@st.composite
def leavings(draw: st.DrawFn, of: st.SearchStrategy[Session] = sessions) -> Departure:
    """Somebody leaves, often at an age at which others do."""
    at = NOW - draw(st.floats(0, 90_000))
    session = draw(of)
    since = at - draw(AGES)
    verdict = a_verdict(session if session.idle_since is None else a_session(id=session.id, idle_since=since))
    return Departure(
        verdict, at, draw(st.sampled_from([0.1, 0.5, 30.0])), draw(st.sampled_from(Cause)), Certainty.LIKELY
    )


crowds = st.lists(leavings() | leavings(strangers), max_size=40)
seeds = st.integers(0, 2**32)


@given(samples(strangers), crowds, seeds)
def test_order_of_the_departures_changes_nothing(sample: Sample, gone: list[Departure], seed: int) -> None:
    snapshot = judge(sample)
    shuffled = Random(seed).sample(gone, len(gone))

    assert find_patterns(snapshot, gone, NOW) == find_patterns(snapshot, shuffled, NOW)
    assert learn(NOTHING_LEARNED, gone, snapshot) == learn(NOTHING_LEARNED, shuffled, snapshot)


@given(samples(strangers), crowds)
def test_every_pattern_is_fit_to_show_and_rests_on_enough(sample: Sample, gone: list[Departure]) -> None:
    for pattern in find_patterns(judge(sample), gone, NOW):
        told = (pattern.title, *pattern.evidence, *pattern.remedies)
        assert all(each and each.isprintable() for each in told)
        assert list(pattern.sessions) == sorted(set(pattern.sessions))
        assert pattern.kind is PatternKind.GHOSTS or len(gone) + len(sample.sessions) >= MIN_OBSERVATIONS


@given(st.lists(idle_clients, max_size=4, unique_by=lambda each: each.id))
def test_few_sessions_make_no_pattern(idle: list[Session]) -> None:
    assert () == find_patterns(a_snapshot(idle), [], NOW)


@pytest.mark.parametrize("pause", [5.0, 15.0, 45.0, 120.0, 300.0])
def test_ordinary_comings_and_goings_make_no_pattern(pause: float) -> None:
    """Each leaves when it pleases, whatever it has waited: sixty such days."""
    for seed in range(60):
        chance = Random(seed)
        gone = [
            Departure(
                a_verdict(a_session(id=each, idle_since=NOW - each - chance.expovariate(1 / pause))),
                NOW - each,
                0.5,
                chance.choice([Cause.CLIENT_QUIT, Cause.CLIENT_LOST]),
                Certainty.LIKELY,
            )
            for each in range(100)
        ]

        assert () == find_patterns(a_snapshot([]), gone, NOW), seed


@given(st.lists(AGES, max_size=64))
def test_learned_limit_lies_near_three_session_ends(deaths: list[float]) -> None:
    second = common_limit(deaths)

    if second is None:
        assert all(
            sum(abs(age - other) <= AGREEMENT_SECONDS for age in deaths) < 3
            for other in {round(age) for age in deaths} - {0}
        )
    else:
        assert sum(abs(age - second) <= AGREEMENT_SECONDS for age in deaths) >= 3
