"""What people type, and the number they mean."""

from __future__ import annotations

import pytest

from goneaway_tui.model.server import Variable
from goneaway_tui.model.tuning import VariableState
from goneaway_tui.tune.tunables import TUNABLE, Tunable, Unit
from goneaway_tui.tune.values import Clamped, clamped, parse_value, value_words

S, MS, B, N, L = Unit.SECONDS, Unit.MILLISECONDS, Unit.BYTES, Unit.COUNT, Unit.LEVEL
MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("28800", S, 28_800),
        ("28,800", S, 28_800),
        (" 8h ", S, 28_800),
        ("8 Hours", S, 28_800),
        ("1h30m", S, 5400),
        ("1 h 30 m", S, 5400),
        ("1.5h", S, 5400),
        ("1y", S, 31_536_000),
        ("1 year 1 s", S, 31_536_001),
        ("2w", S, 1_209_600),
        ("0", S, 0),
        ("30000ms", S, 30),
        ("=8h", S, 28_800),
        ("500", MS, 500),
        ("500ms", MS, 500),
        ("30s", MS, 30_000),
        ("1.5 s", MS, 1500),
        ("64M", B, 64 * MIB),
        ("64 mb", B, 64 * MIB),
        ("64MiB", B, 64 * MIB),
        ("1 GiB", B, 1 << 30),
        ("1.5g", B, 3 << 29),
        ("16,383 KiB", B, 16_383 * 1024),
        ("67108864", B, 64 * MIB),
        ("1 GiB 1 B", B, (1 << 30) + 1),
        ("5,000", N, 5000),
        ("5 000", N, 5000),
        ("5\u202f000", N, 5000),
        ("5_000", N, 5000),
        ("1,234,567", N, 1_234_567),
        ("18446744073709551615", N, 2**64 - 1),
        ("=-1", N, -1),
        ("2", L, 2),
    ],
)
def test_what_is_typed_means(text: str, unit: Unit, number: int) -> None:
    value = parse_value(text, unit, None)

    assert value == number
    assert isinstance(value, int)


@pytest.mark.parametrize(
    ("text", "unit", "now", "number"),
    [
        ("+10m", S, 28_800, 29_400),
        ("+ 10 m", S, 28_800, 29_400),
        ("-10m", S, 28_800, 28_200),
        ("-10m", S, 60, -540),
        ("x2", S, 28_800, 57_600),
        ("X 2", S, 28_800, 57_600),
        ("×2", S, 28_800, 57_600),
        ("*1.5", S, 28_800, 43_200),
        ("/2", S, 28_800, 14_400),
        ("/ 3", S, 100, 33),
        ("+16M", B, 64 * MIB, 80 * MIB),
        ("+1s", MS, 500, 1500),
        ("+100", N, 151, 251),
    ],
)
def test_what_counts_from_todays_value_means(text: str, unit: Unit, now: int, number: int) -> None:
    assert number == parse_value(text, unit, now)


@pytest.mark.parametrize(
    ("text", "now", "number"),
    [
        ("0.5", 0, 0.5),
        ("250ms", 0, 0.25),
        ("x3", 0.1, 0.3),
        ("/3", 1, 0.333333),
        ("+0.2", 0.1, 0.3),
        ("1m", 0, 60),
    ],
)
def test_decimals_where_the_variable_has_them(text: str, now: float, number: float) -> None:
    assert number == parse_value(text, S, now, decimals=6)


@pytest.mark.parametrize(
    ("text", "unit", "sentence"),
    [
        ("", S, "write it like 90, 10m"),
        ("   ", B, "write it like 67108864"),
        ("soon", S, "'soon' is not a duration; write it like"),
        ("default", S, "'default' is not a duration"),
        ("1h30", S, "is not a duration"),
        ("1,5h", S, "is not a duration"),
        ("8 parsecs", S, "is not a duration"),
        ("1.5", S, "only whole seconds"),
        ("5.000", S, "only whole seconds"),
        ("1.2345s", MS, "only whole milliseconds"),
        ("250ms", S, "only whole seconds"),
        ("64.000", B, "only whole bytes"),
        ("64Q", B, "is not a size"),
        ("5.000", N, "only whole numbers"),
        ("5k", N, "is not a count"),
        ("50,00", N, "is not a count"),
        ("٣", N, "is not a count"),
        ("high", L, "is not a level"),
        ("--5", S, "is not a duration"),
        ("=--5", S, "is not a duration"),
        ("+", S, "is not a duration"),
        ("=", N, "is not a count"),
        ("/0", S, "division by 0"),
        ("x", S, "is not a duration"),
        ("18446744073709551616", N, "too large for any variable"),
        ("9999999999999y", S, "too large for any variable"),
        ("1" * 81, N, "is not a count"),
    ],
)
def test_meaningless_value_is_reported_in_a_sentence(text: str, unit: Unit, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_value(text, unit, 28_800)


@pytest.mark.parametrize("text", ["+10m", "-1", "x2", "/2"])
def test_relative_change_of_an_unknown_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not show the current value"):
        parse_value(text, S, None)


def test_more_decimals_than_the_server_keeps_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 6 digits after the point"):
        parse_value("0.0000001", S, None, decimals=6)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (28_800, S, "8 h"),
        (5400, S, "1 h 30 m"),
        (31_536_000, S, "1 y"),
        (32_140_800, S, "1 y 7 d"),
        (0, S, "0 s"),
        (0.5, S, "500 ms"),
        (0.000001, S, "0.000001 s"),
        (90.5, S, "1 m 30.5 s"),
        (250, MS, "250 ms"),
        (30_000, MS, "30 s"),
        (1500, MS, "1.5 s"),
        (64 * MIB, B, "64 MiB"),
        (3 << 19, B, "1.5 MiB"),
        (16_383 * 1024, B, "16,383 KiB"),
        (64 * MIB + 1, B, "67,108,865 B"),
        (0, B, "0 B"),
        (5000, N, "5,000"),
        (-1, N, "-1"),
        (3, L, "3"),
    ],
)
def test_words_are_exact(value: float, unit: Unit, said: str) -> None:
    assert said == value_words(value, unit)


WAIT = TUNABLE["wait_timeout"], VariableState(Variable("wait_timeout", 28_800, 1, 31_536_000))
PACKET = TUNABLE["max_allowed_packet"], VariableState(Variable("max_allowed_packet", 1 << 26, 1024, 1 << 30))
MAXIMUM, MINIMUM = "the server's maximum", "the server's minimum"
ROUNDED = "rounded down to a multiple of 1,024"


@pytest.mark.parametrize(
    ("about", "wanted", "kept", "because"),
    [
        (WAIT, 28_800, 28_800, None),
        (WAIT, 31_536_000, 31_536_000, None),
        (WAIT, 32_140_800, 31_536_000, MAXIMUM),
        (WAIT, 0, 1, MINIMUM),
        (WAIT, -5, 1, MINIMUM),
        (PACKET, 1500, 1024, ROUNDED),
        (PACKET, 1, 1024, MINIMUM),
        (PACKET, 1 << 31, 1 << 30, MAXIMUM),
        (PACKET, 1 << 24, 1 << 24, None),
    ],
)
def test_a_server_keeps(
    about: tuple[Tunable, VariableState], wanted: int, kept: int, because: str | None
) -> None:
    tunable, standing = about

    assert Clamped(kept, because) == clamped(wanted, standing, tunable)


@pytest.mark.parametrize(("block", "kept"), [(4096, 4096), (2, 5000)])
def test_the_servers_own_block_counts_before_ours(block: int, kept: int) -> None:
    standing = VariableState(Variable("max_allowed_packet", 1 << 26, 1, 1 << 30), block_size=block)

    assert Clamped(kept, f"rounded down to a multiple of {block:,}") == clamped(5001, standing, PACKET[0])


def test_a_maximum_that_is_no_multiple_is_rounded_too() -> None:
    standing = VariableState(Variable("max_allowed_packet", 1 << 26, 1024, 5000))

    assert Clamped(4096, f"{MAXIMUM}, {ROUNDED}") == clamped(1 << 20, standing, PACKET[0])


def test_clamp_is_not_predicted_without_known_bounds() -> None:
    assert Clamped(10**12, None) == clamped(10**12, VariableState(Variable("wait_timeout", 28_800)), WAIT[0])


def test_decimals_are_kept() -> None:
    standing = VariableState(Variable("max_statement_time", 0, 0, 31_536_000))

    assert Clamped(0.25, None) == clamped(0.25, standing, TUNABLE["max_statement_time"])
