from __future__ import annotations

import math

import pytest

from goneaway_tui.export.data import file_stamp, iso_instant
from goneaway_tui.export.table import limit_cell
from goneaway_tui.text.format import (
    age_words,
    clock_words,
    count_words,
    countdown,
    limit_words,
    size_words,
)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (30, "30 s"),
        (59.999, "59.999 s"),
        (59.9999, "1 m"),
        (60, "1 m"),
        (90, "1 m 30 s"),
        (5400, "1 h 30 m"),
        (28_800, "8 h"),
        (28_801, "8 h 1 s"),
        (604_800, "7 d"),
        (31_536_000, "1 y"),
        (31_622_400, "1 y 1 d"),
        (-5, "-5 s"),
        (math.inf, "?"),
    ],
)
def test_limit_is_shown_exactly(seconds: float, expected: str) -> None:
    assert expected == limit_words(seconds)


def test_no_limit_is_an_empty_cell() -> None:
    assert limit_cell(None) == ""


@pytest.mark.parametrize(
    ("seconds", "gone", "left"),
    [
        (0, "0:00", "now"),
        (0.4, "0:00", "0:01"),
        (59.5, "0:59", "1:00"),
        (3599.5, "59:59", "1:00:00"),
        (86_399.5, "23:59:59", "1d 00:00:00"),
        (-0.4, "0:00", "now"),
        (-3.0, "0:00", "now"),
        (math.nan, "?", "?"),
    ],
)
def test_idle_time_is_rounded_down_and_time_left_up_and_neither_is_negative(
    seconds: float, gone: str, left: str
) -> None:
    assert (gone, left) == (clock_words(seconds), countdown(seconds))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3600, "1h"),
        (3605, "1h"),
        (86_400, "1d"),
        (10 * 86_400 - 1, "9d 23h"),
        (1_000 * 86_400, "1,000d"),
        (-1, "0s"),
        (math.inf, "?"),
    ],
)
def test_age_is_shown_in_its_leading_units(seconds: float, expected: str) -> None:
    assert expected == age_words(seconds)


def test_a_count_has_its_thousands_apart() -> None:
    assert [count_words(n) for n in (0, 999, 1000, 18_446_744_073_709_551_615)] == [
        "0",
        "999",
        "1,000",
        "18,446,744,073,709,551,615",
    ]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1025, "1,025 B"),
        (16_777_216, "16 MiB"),
        (16_776_192, "16,383 KiB"),
        (1_073_741_824, "1 GiB"),
        (1_073_741_823, "1.0 GiB"),
        (5 << 40, "5 TiB"),
    ],
)
def test_a_size_is_exact_where_few_digits_can_say_it(number: int, expected: str) -> None:
    assert expected == size_words(number)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1795459202.1239, "2026-11-23T18:40:02.124Z"),
        (1795459202.9999, "2026-11-23T18:40:03.000Z"),
        (1e18, "9999-12-31T23:59:59.000Z"),
        (-1e18, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_an_instant_is_in_utc_to_the_nearest_millisecond(at: float, expected: str) -> None:
    assert expected == iso_instant(at)


def test_a_stamp_has_nothing_a_file_name_may_not_hold() -> None:
    assert file_stamp(1795459202.5) == "20261123T184002Z"
