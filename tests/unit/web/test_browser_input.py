"""A browser's keys reach the screen; reports of a terminal and pastes without an end do not."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._xterm_parser import XTermParser
from textual.events import Key

from goneaway_tui.web.viewer import (
    ESCAPE_KEY,
    KEYS_A_SECOND,
    MAX_KEYS_AT_ONCE,
    MAX_PASTE_CHARACTERS,
    BrowserInput,
)
from tests.ui.stage import HeldClock

KEYS = [
    *(
        "a",
        "é",
        "会",
        "\r",
        "\t",
        "\x7f",
        "\x03",
        ESCAPE_KEY,
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
    *("\x1b[1114112u", "\x1b[55296u", "\x1b[97:99999999999u"),
    *("\x1b[48;20000;20000;1;1t", "\x1b[?2048;1$y", "\x1b[?1;2c", "\x1b[0n", "\x1b[8;500;500t", "\x1b[201~"),
    *(
        "\x1b[" + "1" * 40 + "A",
        "\x1b[5;5;5;5t",
        "\x1b]52;c;QQ==\x07",
        "\x1bPq",
        "\x1b_Gq",
        "\x1b^q",
        "\x1bXq",
    ),
]
PASSES = re.compile(
    r"""(?: [^\x1b\x80-\x9f] | \x1b[^\x1b\[\]PX^_\x80-\x9f]
          | \x1b\[ (?: [0-9;:]*[A-HPQRSZu] | (?!20[01]~)[0-9;:]*~ | <[0-9;]+[Mm] | [IO] | \?2026;[0-4]\$y )
          | \x1b\[200~ [^\x1b\x80-\x9f]{0,65536} (?: \x1b\[201~ | \Z )
        )*""",
    re.VERBOSE,
)
"""All that may ever be sent, from the first character to the last."""


@pytest.mark.parametrize("keys", KEYS, ids=repr)
def test_a_key_passes_as_it_is(keys: str) -> None:
    assert keys == BrowserInput(HeldClock()).allowed(keys)


@pytest.mark.parametrize("report", REPORTS, ids=repr)
def test_a_report_of_a_terminal_does_not_pass_as_one(report: str) -> None:
    assert "\x1b" not in BrowserInput(HeldClock()).allowed(f"a{report}b")


PIECES = st.sampled_from(
    [
        *KEYS,
        *REPORTS,
        "\x1b",
        "\x1b[",
        "[48;9;9;1;1t",
        "[200~",
        "[201~",
        "\x1b[200~",
        "\x9b48;9;9;1;1t",
        "]52;c;QQ==\x07",
    ]
) | st.text("\x1b[]0123456789;?$t~AMPX<_^\x90\x9b\x9d", max_size=9)


@given(st.lists(st.lists(PIECES, max_size=4).map("".join)))
def test_all_that_passes_is_keys_and_bounded_pastes_however_the_messages_are_cut(messages: list[str]) -> None:
    browser = BrowserInput(HeldClock())

    passed = "".join(browser.allowed(message) for message in messages)

    assert PASSES.fullmatch(passed)


@pytest.mark.parametrize(
    "messages",
    [
        ["\x1b\x1b[48;1t[48;20000;20000;1;1t"],
        ["\x1b", "[48;3000;3000;1;1t"],
        ["\x1b\x1b[48;1t[200~" + "x" * 1_000_000],
        ["\x1b", "\x1b[48;1t", "[48;3000;3000;1;1t"],
        ["\x1b[200~" + "x" * (MAX_PASTE_CHARACTERS - 1) + "\x1bx", "[201~", "[48;9;9;1;1t"],
        ["\u009b48;3000;3000;1;1t"],
    ],
    ids=range(6),
)
def test_no_two_of_what_passes_join_to_what_may_not(messages: list[str]) -> None:
    browser = BrowserInput(HeldClock())

    assert PASSES.fullmatch("".join(browser.allowed(message) for message in messages))


def test_the_escape_key_arrives_at_once_and_later_characters_as_text() -> None:
    browser, parser = BrowserInput(HeldClock()), XTermParser()

    events = [event for keys in ("\x1b", "[x") for event in parser.feed(browser.allowed(keys))]

    assert ["escape", "left_square_bracket", "x"] == [event.key for event in events if isinstance(event, Key)]


NUMBERS = ("", "1", "27", "97", "55296", "1114112", "9" * 25)


@pytest.mark.parametrize("end", "ABHPQRSZu~GIOMm")
def test_no_sequence_ends_the_screen(end: str) -> None:
    """The framework's parser takes the numbers of some keys for characters, and raises where they are none."""
    passed = 0
    for one, sign, other, more in product(
        NUMBERS, (";", ":", ""), NUMBERS, ("", ";", ";97", ";97:98", ";1114112", ":5")
    ):
        for sequence in (f"\x1b[{one}{sign}{other}{more}{end}", f"\x1b[<{one};{other}{more}{end}"):
            characters = BrowserInput(HeldClock()).allowed(sequence)
            if characters:
                passed += 1
                list(XTermParser().feed(characters))

    assert passed


def test_excess_keys_are_dropped_and_later_keys_accepted() -> None:
    clock = HeldClock()
    browser = BrowserInput(clock)
    flood = "\x1b[A" * 300_000

    assert MAX_KEYS_AT_ONCE * len("\x1b[A") == len(browser.allowed(flood))
    assert not browser.allowed("q" * 100)
    clock.now += 1
    assert "q" * round(KEYS_A_SECOND) == browser.allowed("q" * 1_000_000)


def test_screen_that_is_behind_receives_only_the_end_of_the_open_paste() -> None:
    browser = BrowserInput(HeldClock())
    browser.allowed("\x1b[200~SELECT")

    assert "\x1b[201~" == browser.allowed(" 1\x1b[201~more\x1b[200~x\x1b[201~", is_behind=True)
    assert "q" == browser.allowed("q")


@given(st.sampled_from(KEYS), st.data())
def test_a_key_that_comes_in_two_messages_passes(keys: str, data: st.DataObject) -> None:
    browser = BrowserInput(HeldClock())
    cut = data.draw(st.integers(0, len(keys)).filter(lambda cut: not keys[:cut].endswith("\x1b")))

    assert keys == browser.allowed(keys[:cut]) + browser.allowed(keys[cut:])


def test_paste_without_an_end_is_cut_and_its_end_is_recognised() -> None:
    browser = BrowserInput(HeldClock())
    passed = [browser.allowed("\x1b[200~")]
    passed += [browser.allowed("x" * 1_000_000) for _ in range(5)]

    assert len("\x1b[200~") + MAX_PASTE_CHARACTERS == len("".join(passed))
    assert "\x1b[201~k" == browser.allowed("more\x1b[201~k")


def test_a_sequence_without_an_end_is_not_kept() -> None:
    clock = HeldClock()
    browser = BrowserInput(clock)
    for _ in range(100):
        clock.now += 100
        browser.allowed("\x1b[" + "1" * 100_000)

    clock.now += 1
    assert "q" == browser.allowed("q")[-1:]
    assert len(browser._partial) < 40
