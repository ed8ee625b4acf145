"""When a server is asked again."""

from __future__ import annotations

import pytest

from goneaway_tui.monitor.poller import PollSchedule
from goneaway_tui.ui.server_status import freshness


def asked(schedule: PollSchedule, tick: float, until: float, *, first: float = 0.0) -> list[float]:
    """The ticks at which a server is asked."""
    when = []
    for number in range(round(until / tick)):
        now = first + number * tick
        if schedule.is_due(now):
            schedule.begin(now)
            when.append(round(now, 6))
    return when


@pytest.mark.parametrize("tick", [0.25, 0.2501, 0.26])
def test_a_tick_that_comes_a_little_early_or_late_costs_no_beat(tick: float) -> None:
    assert 60 == pytest.approx(len(asked(PollSchedule(1.0, 0.125), tick, 60)), abs=1)


def test_a_poll_that_came_late_is_not_made_up_for() -> None:
    schedule = PollSchedule(1.0, 0.125)
    asked(schedule, 0.25, 1.0)

    assert [10.0, 11.0] == asked(schedule, 0.25, 2.0, first=10.0)


def test_a_server_that_needs_long_is_asked_less_often() -> None:
    schedule = PollSchedule(1.0, 0.125)
    schedule.succeed(0.3)
    assert (1.0, False) == (schedule.pause, schedule.is_stretched), "one slow answer alone is no reason"

    schedule.succeed(0.4)
    assert schedule.pause == pytest.approx(3.0)
    assert schedule.is_stretched
    assert "slow server, read every 3 s" in freshness(2.0, schedule, in_trouble=False).words

    schedule.succeed(0.05)
    assert (1.0, False) == (schedule.pause, schedule.is_stretched)
    assert "live 1 s" in freshness(2.0, schedule, in_trouble=False).words
