"""Paragraphs in so many cells."""

from __future__ import annotations

import textwrap
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.text.width import breaks, cell_width, pieces, wrapped

WORDS = st.lists(st.text("abc-_,.()[]\xa0", min_size=1, max_size=20).filter(str.strip), max_size=20).map(
    " ".join
)


def filled(text: str, width: int, first: str = "", others: str = "") -> str:
    return "\n".join(wrapped(text, width, first, others))


MIXED = st.text("关闭会话时限，。：（）“”「」 ab-.", max_size=120)


@given(WORDS, st.integers(0, 12))
def test_words_are_filled_as_the_standard_library_does(text: str, indent: int) -> None:
    blank = " " * indent
    expected = textwrap.fill(
        text, 40, initial_indent="- ", subsequent_indent=blank, break_on_hyphens=False, break_long_words=False
    )

    assert (expected or "- ") == filled(text, 40, "- ", blank)


@given(MIXED)
def test_nothing_is_lost_and_no_line_too_wide(text: str) -> None:
    lines = filled(text, 40).split("\n")

    assert text.replace(" ", "") == "".join(lines).replace(" ", "")
    assert [] == [line for line in lines if cell_width(line) > 40 and len(list(pieces(line))) > 1]


@given(MIXED)
def test_no_line_begins_with_what_closes_nor_ends_with_what_opens(text: str) -> None:
    breaks = [
        (before, after)
        for before, after in pairwise(pieces(text))
        if not (before.isspace() or after.isspace())
    ]

    assert [] == [each for each in breaks if each[0][-1] in "（“「" or each[1][0] in "，。：）”」"]


def test_letters_without_spaces_are_broken_anywhere() -> None:
    assert "每个会\n话" == filled("每个会话", 6)
    assert "每个\n会" == filled("每个会", 5)


@given(MIXED, st.integers(2, 60))
def test_a_screen_cuts_where_no_cell_is_lost_and_no_part_is_too_wide(text: str, width: int) -> None:
    cuts = [0, *breaks(text, width), len(text)]

    assert cuts == sorted(cuts)
    assert all(cell_width(text[start:end].rstrip(" ")) <= width for start, end in pairwise(cuts))


@given(st.text("关闭会话时限 ab", max_size=120), st.integers(4, 60))
def test_a_screen_leaves_no_line_emptier_than_it_has_to_be(text: str, width: int) -> None:
    cuts = [0, *breaks(text, width), len(text)]

    for start, end in pairwise(cuts[:-1]):
        following = next(pieces(text[end:]))
        if not following.isspace():
            assert cell_width(text[start:end]) + cell_width(following) > width


def test_what_is_longer_than_a_line_is_cut_where_that_is_wanted() -> None:
    assert ["- abcd", "  efgh", "  ij"] == wrapped("abcdefghij", 6, "- ", "  ", fold=True)
    assert ["- abcdefghij"] == wrapped("abcdefghij", 6, "- ", "  ")
