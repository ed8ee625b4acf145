"""What is judged is said in the language of the run, also where it was kept from an earlier one."""

from __future__ import annotations

import pytest

from goneaway_tui.i18n import Catalogue, EnglishCatalogue
from goneaway_tui.judge.deadline import GLOBAL_WHEN_FIRST_SEEN, disproved_limit
from goneaway_tui.judge.filters import parse_filter
from goneaway_tui.judge.learned_limits import (
    NOTHING_LEARNED,
    LearnedLimits,
    LimitObservations,
    limit_for,
)
from goneaway_tui.model.snapshot import Basis, GlobalLimits, Limit, LimitGroup
from tests.builders import a_session
from tests.tongues import Bracketed, spoken, unsaid

ASSUMED = Limit(600, "wait_timeout", Basis.ASSUMED, GLOBAL_WHEN_FIRST_SEEN)
LANGUAGES: tuple[tuple[Catalogue, bool], ...] = (
    (EnglishCatalogue(), False),
    (Bracketed(), True),
    (EnglishCatalogue(), False),
)


def test_disproved_limit_is_described_again_in_each_language() -> None:
    for words, in_brackets in LANGUAGES:
        with spoken(words):
            why = disproved_limit(ASSUMED).why

        assert in_brackets == (not unsaid(why))
        assert "longer than the global wait_timeout of" in why


def test_learned_limit_is_described_again_in_each_language() -> None:
    session = a_session(own_limit=None)
    kin = LimitGroup(session.user, session.client_host, session.program or "", 28_800)
    lessons = LearnedLimits({kin: LimitObservations((600.1, 600.2, 599.9))}, {kin: 600})

    for words, in_brackets in LANGUAGES:
        with spoken(words):
            limit = limit_for(lessons, session, GlobalLimits(wait_timeout=28_800))

        assert limit is not None
        assert in_brackets == (not unsaid(limit.why))
    assert limit_for(NOTHING_LEARNED, session, GlobalLimits(wait_timeout=28_800)) is None


@pytest.mark.parametrize("text", ["risk:grave", "idle:x", "id:x", "risk>", "db>a", "own>yes"])
def test_errors_of_a_filter_are_reported(text: str) -> None:
    with spoken(Bracketed()), pytest.raises(ValueError, match=r".") as caught:
        parse_filter(text)

    assert not unsaid(str(caught.value)) or text == "idle:x", "durations are read by another room"
