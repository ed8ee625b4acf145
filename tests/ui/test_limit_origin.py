"""Which global a session's limit is said to come from: as far as it is known, and no further."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Variable
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.ui.screens.session import limit_origin
from tests.builders import NOW, a_sample, a_session


def globals_of(sample: Sample, **values: int) -> Sample:
    return replace(sample, variables=tuple(Variable(name, value) for name, value in values.items()))


@pytest.mark.parametrize(
    ("own", "wait", "interactive", "told"),
    [
        (60, 60, 3600, "The global wait_timeout says that: what a session that is not interactive copies."),
        (3600, 60, 3600, "The global interactive_timeout says that: what an interactive client copies, as mysql is one."),
        (60, 60, 60, "The globals wait_timeout and interactive_timeout both say that: it copied one of them."),
        (7, 60, 3600, ("No global says that (wait_timeout 1 m, interactive_timeout 1 h): the session or init_connect set it, or "
                      "the global was another before.")),
    ],
)  # fmt: skip
def test_an_own_limit_is_held_against_the_globals(own: int, wait: int, interactive: int, told: str) -> None:
    sample = globals_of(
        a_sample([a_session(idle_for=1, own_limit=own)]), wait_timeout=wait, interactive_timeout=interactive
    )
    (verdict,) = judge(sample, None, RiskThresholds()).verdicts

    first, *_ = limit_origin(verdict, sample)

    assert told == first


def test_a_global_that_was_changed_since_is_for_others() -> None:
    before = globals_of(a_sample([a_session(id=7, idle_for=1, own_limit=60)]), wait_timeout=60)
    after = globals_of(
        a_sample([a_session(id=7, idle_for=2, own_limit=60)], taken_at=NOW + 1), wait_timeout=3600
    )
    (verdict,) = judge(after, judge(before, None, RiskThresholds()), RiskThresholds()).verdicts

    told = list(limit_origin(verdict, after))

    assert any("was 1 m when this session was first seen, and is 1 h now" in each for each in told)


def test_assumed_limit_is_not_described_as_a_copy() -> None:
    sample = globals_of(
        a_sample([a_session(idle_for=1, own_limit=None)]), wait_timeout=60, interactive_timeout=3600
    )
    (verdict,) = judge(sample, None, RiskThresholds()).verdicts

    assert ["A new global does not reach it before it connects anew."] == list(limit_origin(verdict, sample))
