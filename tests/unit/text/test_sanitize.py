"""Hostile text made fit to show."""

from __future__ import annotations

import pytest

from goneaway_tui.text.sanitize import MAX_MARKS, REPLACEMENT, from_wire, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT 1", "SELECT 1"),
        ("商店 é ñ", "商店 é ñ"),
        ("", ""),
        ("a\nb\r\nc\td", "a b  c d"),
        ("a\x0bb\x0cc\x1cd\x1de\x1ef\x1fg", "a b c d e f g"),
        ("a\x85b\u2028c\u2029d", "a b c d"),
        ("a\xa0b", "a b"),
        ("\x00\x07\x08", "␀␇␈"),
        ("\x1b[2J", "␛[2J"),
        ("\x7f", "␡"),
        ("\x9b31m", f"{REPLACEMENT}31m"),
        ("\u202eevil\u202c", f"{REPLACEMENT}evil{REPLACEMENT}"),
        ("\u2066a\u2069", f"{REPLACEMENT}a{REPLACEMENT}"),
        ("ad\u200bmin", f"ad{REPLACEMENT}min"),
        ("ad\u200d\u2060min", f"ad{REPLACEMENT * 2}min"),
        ("\ufeffroot", f"{REPLACEMENT}root"),
        ("\xad", REPLACEMENT),
        ("\ud800", REPLACEMENT),
        ("\ue000", REPLACEMENT),
        ("\U000e0041", REPLACEMENT),
        ("\ufdd0", REPLACEMENT),
    ],
)
def test_a_text_is_shown_as(text: str, shown: str) -> None:
    assert shown == plain(text)


def test_a_letter_keeps_few_of_its_marks() -> None:
    assert "a" + "\u0301" * MAX_MARKS + "b" == plain("a" + "\u0301" * 500 + "b")


def test_combining_mark_without_a_letter_is_removed() -> None:
    assert "a" == plain("\u0301a")


@pytest.mark.parametrize("selector", ["\ufe00", "\ufe0e", "\ufe0f"])
def test_variation_selector_is_removed(selector: str) -> None:
    assert "ab" == plain(f"a{selector}b")


@pytest.mark.parametrize("selector", ["\U000e0100", "\U000e01ef"])
def test_other_240_variation_selectors_are_removed_too(selector: str) -> None:
    """Invisible, of no width: a text can smuggle bytes in them."""
    assert "ab" == plain(f"a{selector}b")


def test_what_is_cut_off_is_marked() -> None:
    assert "abcd…" == plain("abcdefgh", 5)
    assert "abcde" == plain("abcde", 5)


def test_a_limit_holds_for_a_text_of_any_kind() -> None:
    assert 5 == len(plain("\x1b" * 100, 5))


def test_bytes_that_are_not_utf8_are_reported() -> None:
    assert r"caf\xe9" == from_wire(b"caf\xe9")
    assert "café" == from_wire("café".encode())
