"""Whatever strangers write is one line that moves, hides and turns round nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.text.sanitize import from_wire, plain
from goneaway_tui.text.width import cell_width

CONTROLS = {*range(0x20), *range(0x7F, 0xA0)}
LINE_ENDS = {0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029}
BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
INVISIBLE = {
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
}
"""Unicode's Default_Ignorable_Code_Point: drawn as nothing, so a text can hide in them, or hide what it is."""
NEVER = CONTROLS | LINE_ENDS | BIDI | INVISIBLE

letters = st.characters(exclude_categories=())
hostile = st.sampled_from("a商 \u0301\u0300\n\x1b\x7f\x9b\u202e\u200b\u200d\u2028\ufe0f\ufeff\ud800\xad\xa0")
texts = st.text(hostile, max_size=60) | st.text(letters, max_size=60)
limits = st.integers(1, 80)


@pytest.mark.parametrize("among", ["{}", "a{}b", "\u0301{}", "商\u0301{0}{0}"])
def test_nothing_that_moves_hides_or_turns_round_gets_through(among: str) -> None:
    """Each one there is, not only those that chance would try."""
    through = [
        f"U+{code:04X}"
        for code in sorted(NEVER)
        if not NEVER.isdisjoint(map(ord, plain(among.format(chr(code)))))
    ]

    assert [] == through


def test_every_character_there_is_can_be_shown() -> None:
    assert [] == [hex(code) for code in range(0x110000) if not plain("a" + chr(code)).isprintable()]


@given(texts, limits)
def test_no_mixture_moves_or_turns_round(text: str, limit: int) -> None:
    assert not {*map(ord, plain(text, limit))} & (CONTROLS | LINE_ENDS | BIDI)


@given(texts, limits)
def test_what_is_shown_is_printable_and_one_line(text: str, limit: int) -> None:
    shown = plain(text, limit)

    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1


@given(texts, limits)
def test_what_is_shown_is_never_longer_than_agreed(text: str, limit: int) -> None:
    assert len(plain(text, limit)) <= limit


@given(texts, limits)
def test_what_is_shown_once_is_shown_the_same_twice(text: str, limit: int) -> None:
    once = plain(text, limit)

    assert once == plain(once, limit)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80))
def test_printable_ascii_is_left_alone(text: str) -> None:
    assert text == plain(text, 80)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=40))
def test_letters_are_replaced_only_where_they_are_invisible(text: str) -> None:
    assert text == plain(text) or any(ord(char) in INVISIBLE for char in text)


@given(texts)
def test_no_letter_carries_a_tower_of_marks(text: str) -> None:
    tower = 0
    for char in plain(text):
        tower = tower + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        assert tower <= 2


@given(texts)
def test_what_is_shown_fits_into_cells(text: str) -> None:
    shown = plain(text)

    assert cell_width(shown) <= 2 * len(shown)


@given(st.binary(max_size=60))
def test_whatever_bytes_a_server_sends_are_shown(raw: bytes) -> None:
    assert plain(from_wire(raw)).isprintable()


@given(st.text(max_size=40))
def test_utf8_survives_the_wire(text: str) -> None:
    assert text == from_wire(text.encode())
