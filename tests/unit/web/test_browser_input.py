"""A browser's keys reach the screen; reports of a terminal and pastes without an end do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.web.browser_input import MAX_PASTE_CHARACTERS, BrowserInput

KEYS = [
    *(
        "a",
        "é",
        "会",
        "\r",
        "\t",
        "\x7f",
        "\x03",
        "\x1b",
        "\x1bx",
        "\x1bOP",
        "\x1b[A",
        "\x1b[1;5C",
        "\x1b[15~",
    ),
    *("\x1b[97;5u", "\x1b[<0;12;7M", "\x1b[<64;1;1m", "\x1b[I", "\x1b[O", "\x1b[Z", "\x1b[?2026;2$y"),
    "\x1b[200~SELECT 1\x1b[201~",
]
REPORTS = [
    *("\x1b[48;20000;20000;1;1t", "\x1b[?2048;1$y", "\x1b[?1;2c", "\x1b[0n", "\x1b[8;500;500t", "\x1b[201~"),
    *("\x1b[" + "1" * 40 + "A", "\x1b[5;5;5;5t"),
]


@pytest.mark.parametrize("keys", KEYS, ids=repr)
def test_a_key_passes_as_it_is(keys: str) -> None:
    assert keys == BrowserInput().allowed(keys)


@pytest.mark.parametrize("report", REPORTS, ids=repr)
def test_a_report_of_a_terminal_does_not_pass_as_one(report: str) -> None:
    assert "\x1b" not in BrowserInput().allowed(f"a{report}b")


@given(st.lists(st.sampled_from([*KEYS[:-1], *REPORTS]) | st.text("\x1b[0123456789;?$t~AM<", max_size=9)))
def test_a_size_never_passes_however_the_messages_are_cut(pieces: list[str]) -> None:
    browser = BrowserInput()

    passed = "".join(browser.allowed(piece) for piece in pieces)

    assert not re.search(r"\x1b\[[\x20-\x3f]*[tcn]", passed)


@given(st.sampled_from(KEYS), st.data())
def test_a_key_that_comes_in_two_messages_passes(keys: str, data: st.DataObject) -> None:
    browser = BrowserInput()
    cut = data.draw(st.integers(0, len(keys)))

    assert keys == browser.allowed(keys[:cut]) + browser.allowed(keys[cut:])


def test_a_paste_without_an_end_is_cut_and_its_end_is_heard() -> None:
    browser = BrowserInput()
    passed = [browser.allowed("\x1b[200~")]
    passed += [browser.allowed("x" * 1_000_000) for _ in range(5)]

    assert len("\x1b[200~") + MAX_PASTE_CHARACTERS == len("".join(passed))
    assert "\x1b[201~k" == browser.allowed("more\x1b[201~k")


def test_a_sequence_without_an_end_is_not_kept() -> None:
    browser = BrowserInput()
    for _ in range(100):
        browser.allowed("\x1b[" + "1" * 100_000)

    assert "q" == browser.allowed("q")[-1:]
    assert len(browser._held) < 40
