"""Closings ahead."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.forecast import HORIZONS, Forecast, closing_forecast
from goneaway_tui.model.snapshot import Snapshot
from tests.builders import NOW, a_snapshot_of_verdicts, a_verdict


def closing_in(*seconds: float | None) -> Snapshot:
    return a_snapshot_of_verdicts(
        a_verdict(deadline=None if each is None else NOW + each) for each in seconds
    )


def counted(forecast: Forecast) -> int:
    return sum(sum(stretch.counts) for stretch in forecast.ranges) + forecast.later


def where(seconds: float) -> tuple[int, int] | None:
    """Stretch and bucket a single closing falls into; None beyond the last."""
    forecast = closing_forecast(closing_in(seconds), NOW)
    assert 1 == counted(forecast)
    return next(
        ((at, stretch.counts.index(1)) for at, stretch in enumerate(forecast.ranges) if 1 in stretch.counts),
        None,
    )


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (-1e9, (0, 0)),
        (0, (0, 0)),
        (2.5, (0, 0)),
        (2.51, (0, 1)),
        (59.999, (0, 11)),
        (60, (1, 0)),
        (75.5, (1, 0)),
        (75.6, (1, 1)),
        (599, (1, 9)),
        (600, (2, 0)),
        (3599, (2, 7)),
        (3600, (3, 0)),
        (28_799, (3, 9)),
        (28_800, None),
        (1e12, None),
    ],
)
def test_a_closing_falls_into(seconds: float, bucket: tuple[int, int] | None) -> None:
    assert bucket == where(seconds)


def test_the_stretches_are_the_horizons_without_a_gap() -> None:
    stretches = closing_forecast(closing_in(), NOW).ranges

    assert [*HORIZONS] == [(stretch.end, len(stretch.counts)) for stretch in stretches]
    assert [0, *(end for end, _ in HORIZONS[:-1])] == [stretch.start for stretch in stretches]


def test_session_with_the_first_deadline_is_the_next_to_close() -> None:
    crowd = closing_in(300, None, 12, 500)

    assert crowd.verdicts[2] is closing_forecast(crowd, NOW).first_to_close


def test_of_two_that_close_together_the_first_in_order_is_next() -> None:
    crowd = closing_in(12, 12)

    assert crowd.verdicts[0] is closing_forecast(crowd, NOW).first_to_close


def test_forecast_has_no_next_session_without_a_known_deadline() -> None:
    forecast = closing_forecast(closing_in(None, None), NOW)

    assert (None, 0) == (forecast.first_to_close, counted(forecast))
