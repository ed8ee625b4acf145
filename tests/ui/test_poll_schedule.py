"""When a server is asked again."""

from __future__ import annotations

import pytest

from goneaway_tui.ui.poller import PollSchedule
from goneaway_tui.ui.server_status import freshness


def asked(pace: PollSchedule, tick: float, until: float, *, first: float = 0.0) -> list[float]:
    """The ticks at which a server is asked."""
    when = []
    for number in range(round(until / tick)):
        now = first + number * tick
        if pace.is_due(now):
            pace.asked(now)
            when.append(round(now, 6))
    return when


@pytest.mark.parametrize("tick", [0.25, 0.2501, 0.26])
def test_a_tick_that_comes_a_little_early_or_late_costs_no_beat(tick: float) -> None:
    assert 60 == pytest.approx(len(asked(PollSchedule(1.0, 0.125), tick, 60)), abs=1)


def test_a_poll_that_came_late_is_not_made_up_for() -> None:
    pace = PollSchedule(1.0, 0.125)
    asked(pace, 0.25, 1.0)

    assert [10.0, 11.0] == asked(pace, 0.25, 2.0, first=10.0)


def test_a_server_that_needs_long_is_asked_less_often() -> None:
    pace = PollSchedule(1.0, 0.125)
    pace.answered(0.3)
    assert (1.0, False) == (pace.pause, pace.is_stretched), "one slow answer alone is no reason"

    pace.answered(0.4)
    assert pace.pause == pytest.approx(3.0)
    assert pace.is_stretched
    assert "slow server, asked every 3 s" in freshness(2.0, pace, in_trouble=False).words

    pace.answered(0.05)
    assert (1.0, False) == (pace.pause, pace.is_stretched)
    assert "live 1 s" in freshness(2.0, pace, in_trouble=False).words
