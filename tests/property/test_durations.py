"""Durations: what is written is read back, and what is typed is a number or a sentence."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goneaway_tui.text.format import UNITS, limit_words, parse_duration

amounts = st.integers(0, 10**9)
spaces = st.sampled_from(["", " ", "  "])
typed = st.text() | st.text("0123456789.smhdwy +-e_", max_size=20)


@given(st.integers(0, 10**12))
@example(0)
@example(31_536_000)
@example(59)
def test_a_limit_in_words_is_read_back(seconds: int) -> None:
    assert seconds == parse_duration(limit_words(seconds))


@given(st.integers(0, 10**11))
def test_a_limit_in_milliseconds_is_read_back(milliseconds: int) -> None:
    assert parse_duration(limit_words(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=1e-6)


@given(typed)
def test_whatever_is_typed_is_a_duration_or_a_sentence(text: str) -> None:
    refused, seconds = "", 0.0
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        refused = str(error)

    assert 0 <= seconds < math.inf
    assert refused.isprintable()
    assert refused == "" or refused.startswith("not a duration")


@given(amounts, st.sampled_from([*UNITS]), spaces, spaces)
def test_an_amount_of_a_unit_is_so_many_of_its_seconds(
    amount: int, unit: str, before: str, between: str
) -> None:
    expected = pytest.approx(amount * UNITS[unit])

    assert expected == parse_duration(f"{before}{amount}{between}{unit}")
    assert expected == parse_duration(f"{before}{amount}{between}{unit.upper()}")


@given(st.lists(st.tuples(amounts, st.sampled_from([*UNITS])), min_size=1, max_size=6), spaces)
def test_parts_add_up(parts: list[tuple[int, str]], between: str) -> None:
    text = between.join(f"{amount}{unit}" for amount, unit in parts)

    assert parse_duration(text) == pytest.approx(sum(amount * UNITS[unit] for amount, unit in parts))


@given(st.integers(0, 10**15 - 1))
def test_a_bare_number_is_seconds(seconds: int) -> None:
    assert seconds == parse_duration(str(seconds))
