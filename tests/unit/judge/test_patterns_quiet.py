"""Hours of ordinary traffic raise no alarm."""

from __future__ import annotations

import pytest

from goneaway_tui.judge import track
from goneaway_tui.judge.patterns import find_patterns
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.simulated import SimulatedSource
from tests.builders import NOW

EVERY_SECONDS = 5


class HeldClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.mark.long
@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("seed", [1, 4])
def test_the_simulated_server_is_left_in_peace_for_hours(flavour: Flavour, seed: int) -> None:
    clock = HeldClock()
    source = SimulatedSource(clock, sessions=120, seed=seed, flavour=flavour)
    ledger: list[Departure] = []
    snapshot: Snapshot | None = None
    for second in range(0, 3 * 3600, EVERY_SECONDS):
        now = track(source.sample(), snapshot)
        snapshot = now.snapshot
        ledger.extend(now.departed)
        if second % 300 == 0:
            assert () == find_patterns(snapshot, ledger, clock.now), second
        clock.now += EVERY_SECONDS

    assert len(ledger) > 500
