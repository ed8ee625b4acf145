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
        (60, 60, 3600, "Equals the global wait_timeout, which sessions that are not interactive copy."),
        (3600, 60, 3600, "Equals the global interactive_timeout, which interactive clients such as mysql copy."),
        (60, 60, 60, "Equals both global values, wait_timeout and interactive_timeout. The session copied one of them."),
        (7, 60, 3600, ("Differs from the global values (wait_timeout 1 m, interactive_timeout 1 h): set by the session, by init_connect, "
                      "or copied from an earlier global value.")),
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

    assert any("from 1 m to 1 h since this session was first sampled" in each for each in told)


def test_assumed_limit_is_not_described_as_a_copy() -> None:
    sample = globals_of(
        a_sample([a_session(idle_for=1, own_limit=None)]), wait_timeout=60, interactive_timeout=3600
    )
    (verdict,) = judge(sample, None, RiskThresholds()).verdicts

    assert ["A new global value applies only after the session reconnects."] == list(
        limit_origin(verdict, sample)
    )
