"""The figures that changes are made by. Whoever changes one changes it here too."""

from __future__ import annotations

import pytest

from goneaway_tui.tune import journal, kill_rules, preconditions, preview, values
from goneaway_tui.tune.tunables import Unit
from goneaway_tui.tune.values import parse_value


def test_bounds() -> None:
    assert (2**20, 100, 0.5) == (journal.MAX_LINE_BYTES, kill_rules.MAX_KILLS, preconditions.SLACK_SECONDS)
    assert (10, 2**20, 30) == (
        preview.SPARE_SHARE,
        preview.SMALLEST_DEFAULT_PACKET,
        preview.TOO_SHORT_SECONDS,
    )
    assert (80, 2**64 - 1) == (values.MAX_CHARACTERS, values.MAX_VALUE)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("s sec secs second seconds", 1),
        ("m min mins minute minutes", 60),
        ("h hr hrs hour hours", 3600),
        ("d day days", 86_400),
        ("w week weeks", 604_800),
        ("y year years", 31_536_000),
    ],
)
def test_every_word_for_a_time_is_worth_its_seconds(words: str, seconds: int) -> None:
    for word in words.split():
        assert 2 * seconds == parse_value(f"2 {word}", Unit.SECONDS, None)
        assert 2000 * seconds == parse_value(f"2 {word}", Unit.MILLISECONDS, None)


@pytest.mark.parametrize(("letter", "size"), [("k", 2**10), ("m", 2**20), ("g", 2**30), ("t", 2**40)])
def test_every_word_for_a_size_is_worth_its_bytes(letter: str, size: int) -> None:
    for word in (letter, f"{letter}b", f"{letter}ib"):
        assert 3 * size == parse_value(f"3{word}", Unit.BYTES, None)
    for word in ("b", "byte", "bytes"):
        assert 3 == parse_value(f"3 {word}", Unit.BYTES, None)
