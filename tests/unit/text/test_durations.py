"""Durations as people type them, and what is none."""

from __future__ import annotations

import pytest

from goneaway_tui.text.format import UNITS, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("28800", 28_800),
        (" 90 ", 90),
        ("1.5", 1.5),
        ("250ms", 0.25),
        ("90s", 90),
        ("90 sec", 90),
        ("10m", 600),
        ("10 min", 600),
        ("8h", 28_800),
        ("8H", 28_800),
        ("0.5h", 1800),
        ("1h30m", 5400),
        ("1 h 30 m", 5400),
        ("1d", 86_400),
        ("2w", 1_209_600),
        ("1y", 31_536_000),
        ("1y 1d 1h 1m 1s 1ms", 31_536_000 + 86_400 + 3600 + 60 + 1 + 0.001),
        ("30m1h", 5400),
    ],
)
def test_duration_text_parses_to_its_seconds(text: str, seconds: float) -> None:
    assert seconds == parse_duration(text)


@pytest.mark.parametrize("text", ["8h", "28800", "1.0", "1000ms"])
def test_whole_seconds_are_an_int(text: str) -> None:
    assert type(parse_duration(text)) is int


@pytest.mark.parametrize(
    "text",
    ["", "  ", "h", "8 x", "8 hours", "-1", "+1", "1h 30", "1 2", "1e3", "0x10", "inf", "nan", "1,5", "1..5",
     "٣", "²", "1h,30m", "1_000", "9" * 16, "8h;", "\x00", "1\x00h"],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_a_way_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration: .*write it like 90, 90s, 10m, 1h30m, 8h or 1y"):
        parse_duration(text)


def test_a_refusal_quotes_no_more_than_a_line() -> None:
    with pytest.raises(ValueError, match="not a duration") as refused:
        parse_duration("x" * 100_000)

    assert len(str(refused.value)) < 120
    assert str(refused.value).isprintable()


def test_a_year_is_the_servers_maximum() -> None:
    assert 31_536_000 == UNITS["y"]
