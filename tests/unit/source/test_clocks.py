"""Another machine's timer, told in our clock's seconds."""

from __future__ import annotations

import pytest

from goneaway_tui.source.clocks import KEEP_SECONDS, Timebase
from tests.builders import NOW


def a_timebase(way: float = 0.01, offset: float = 1000.0) -> Timebase:
    """One that has heard a single reading, which took `way` seconds in each direction."""
    timebase = Timebase()
    timebase.observe(NOW, NOW + 2 * way, NOW + way - offset)
    return timebase


def test_a_reading_was_taken_half_way() -> None:
    timebase = a_timebase(way=0.01)

    assert timebase.local(NOW - 1000) == pytest.approx(NOW, abs=1e-6)
    assert timebase.uncertainty == pytest.approx(0.01, abs=1e-6)


def test_nothing_is_known_before_the_first_reading() -> None:
    assert float("inf") == Timebase().uncertainty


def test_the_first_reading_is_no_step() -> None:
    assert 0.0 == Timebase().observe(NOW, NOW + 0.1, 0.0)


def test_tighter_clock_reading_is_used() -> None:
    timebase = a_timebase(way=0.1)
    timebase.observe(NOW + 1, NOW + 1.002, NOW + 1.001 - 1000.05)

    assert timebase.offset == pytest.approx(1000.05, abs=1e-6)
    assert timebase.uncertainty == pytest.approx(0.001, abs=1e-6)


def test_looser_clock_reading_is_ignored() -> None:
    timebase = a_timebase(way=0.001)
    timebase.observe(NOW + 1, NOW + 1.2, NOW + 1.1 - 1000.05)

    assert timebase.offset == pytest.approx(1000.0, abs=1e-6)


def test_a_tight_reading_is_outranked_when_it_is_old() -> None:
    timebase = a_timebase(way=0.001)
    later = NOW + KEEP_SECONDS + 1
    timebase.observe(later, later + 0.2, later + 0.1 - 1000.05)

    assert timebase.offset == pytest.approx(1000.05, abs=1e-6)
    assert timebase.uncertainty == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("step", [-3600.0, -1.0, -0.05, 0.05, 1.0, 3600.0])
def test_a_clock_that_was_set_is_noticed_and_by_how_much(step: float) -> None:
    timebase = a_timebase(way=0.001)
    jump = timebase.observe(NOW + 1, NOW + 1.002, NOW + 1.001 - 1000 + step)

    assert jump == pytest.approx(step, abs=1e-6)
    assert timebase.local(NOW + 1.001 - 1000 + step) == pytest.approx(NOW + 1.001, abs=1e-6)


def test_after_a_clock_step_the_newest_reading_counts_though_it_is_looser() -> None:
    timebase = a_timebase(way=0.001)
    timebase.observe(NOW + 1, NOW + 1.2, NOW + 1.1 - 1000 + 60)

    assert timebase.offset == pytest.approx(940.0, abs=1e-6)
    assert timebase.uncertainty == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("drift", [-0.004, 0.0, 0.004])
def test_a_few_milliseconds_are_no_step(drift: float) -> None:
    timebase = a_timebase(way=0.001)

    assert 0.0 == timebase.observe(NOW + 1, NOW + 1.002, NOW + 1.001 - 1000 + drift)
