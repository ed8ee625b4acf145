"""However many lines a stranger causes, few are written, and how many were not is told."""

from __future__ import annotations

from goneaway_tui.web.service import LOG_PERIOD_SECONDS, MAX_LINES_A_PERIOD, LogLimit
from tests.ui.stage import HeldClock


def test_lines_beyond_the_limit_are_counted_and_not_written() -> None:
    written: list[str] = []
    clock = HeldClock()
    limited = LogLimit(written.append, clock)
    for _ in range(100_000):
        limited("accept failed")
    assert ["accept failed"] * MAX_LINES_A_PERIOD == written

    clock.now += LOG_PERIOD_SECONDS
    limited("another")

    assert [f"{100_000 - MAX_LINES_A_PERIOD} more lines were left out", "another"] == written[
        MAX_LINES_A_PERIOD:
    ]
