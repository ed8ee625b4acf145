"""Every source whose clock a test can hold. Living servers pass `checks.check_source` in the integration tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.ports import Clock, Source
from goneaway_tui.source.simulated import SimulatedSource
from tests.contract.checks import check_closing, check_pair, check_sample, check_source

START = 1_795_459_202.5


class HeldClock:
    """Stands still until it is moved."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


SOURCES: dict[str, Callable[[Clock], Source]] = {
    "simulated mysql": SimulatedSource,
    "simulated mariadb": partial(SimulatedSource, flavour=Flavour.MARIADB),
    "simulated without statements": partial(SimulatedSource, statements=False),
    "simulated without clients": partial(SimulatedSource, sessions=0),
}
"""Another source on a clock joins the suite by joining this table."""


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, clock: HeldClock) -> Source:
    return SOURCES[request.param](clock)


def test_every_sample_is_consistent_as_time_goes_on(source: Source, clock: HeldClock) -> None:
    earlier = source.sample()
    check_sample(earlier)
    for step in (0.0, 0.25, 1.0, 1.0, 10.0, 60.0, 600.0):
        clock.now += step
        later = source.sample()
        check_sample(later)
        check_pair(earlier, later)
        earlier = later


def test_sample_is_taken_at_the_time_of_the_clock(source: Source, clock: HeldClock) -> None:
    assert source.sample().taken_at == START
    clock.now += 17.25
    assert source.sample().taken_at == START + 17.25


def test_a_closed_source_refuses_in_one_line_and_closing_twice_is_fine(source: Source) -> None:
    check_closing(source)


def test_a_source_that_was_read_passes_the_whole_suite(source: Source) -> None:
    check_source(source)
