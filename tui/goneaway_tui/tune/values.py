"""Values of variables as people type them and as they are shown: exact, and what is shown can be typed.

`8h 1h30m 1y 28800` · `64M 1 GiB 1.5g` · `5,000` · `+10m -10m x2 /2` count from the current value · `=-1` where a value is
itself below 0. Sizes are binary whatever they are called: `SET` has no other kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.tuning import VariableState
from goneaway_tui.text.format import UNIT_WORDS, exact_duration, exact_number, exact_size
from goneaway_tui.tune.tunables import TUNABLE, Tunable, Unit

MAX_CHARACTERS = 80
"""Characters; a longer text was not meant as a value."""
MAX_VALUE = 2**64 - 1
"""The largest value of any variable. MySQL does not clamp a larger one, but rejects it (error 1232)."""

_TIME_FACTORS = {name: Fraction(str(length)) for name, length in UNIT_WORDS.items()}
_SIZE_FACTORS = {
    f"{letter}{ending}": Fraction(1 << shift)
    for letter, shift in (("k", 10), ("m", 20), ("g", 30), ("t", 40))
    for ending in ("", "b", "ib")
}

FACTORS: dict[Unit, dict[str, Fraction]] = {
    Unit.SECONDS: _TIME_FACTORS,
    Unit.MILLISECONDS: {name: length * 1000 for name, length in _TIME_FACTORS.items()},
    Unit.BYTES: {**_SIZE_FACTORS, **dict.fromkeys(("b", "byte", "bytes"), Fraction(1))},
    Unit.COUNT: {},
    Unit.LEVEL: {},
}
"""What each word after a number is worth in the variable's own unit; a bare number is worth 1."""

UNREADABLE_MESSAGES = {
    Unit.SECONDS: N_("{text!r} is not a duration; {example}"),
    Unit.MILLISECONDS: N_("{text!r} is not a duration; {example}"),
    Unit.BYTES: N_("{text!r} is not a size; {example}"),
    Unit.COUNT: N_("{text!r} is not a count; {example}"),
    Unit.LEVEL: N_("{text!r} is not a level; {example}"),
}
EXAMPLES = {
    Unit.SECONDS: N_("write it like 90, 10m, 1h30m, 8h, 1y, +10m or x2"),
    Unit.MILLISECONDS: N_("write it like 500, 500ms, 30s, 10m, +1s or x2; a bare number is milliseconds"),
    Unit.BYTES: N_("write it like 67108864, 64M, 1 GiB, +16M or x2"),
    Unit.COUNT: N_("write it like 500, 5,000, +100 or x2"),
    Unit.LEVEL: N_("write it like 2"),
}
ONLY_WHOLE = {
    Unit.SECONDS: N_("only whole seconds"),
    Unit.MILLISECONDS: N_("only whole milliseconds"),
    Unit.BYTES: N_("only whole bytes"),
    Unit.COUNT: N_("only whole numbers"),
    Unit.LEVEL: N_("only whole numbers"),
}

_NUMBER = r"(\d{1,3}(?:[,_ ]\d{3})+(?!\d)|\d{1,20})(\.\d{1,20})?"
_PART = rf"(?a)\s*{_NUMBER}\s*([a-z]*)"
_SCALED = r"(?a)([x*\N{MULTIPLICATION SIGN}/])\s*(\d{1,20}(?:\.\d{1,20})?)"
"""Patterns; `re` compiles and keeps each when a value is typed."""


def parse_value(text: str, unit: Unit, current_value: float | None, decimals: int = 0) -> int | float:
    """The number that `text` means, in the variable's own unit, before the server clamps it. Raises ValueError with a sentence.

    `current_value` is the value now, from which `+10m`, `-10m`, `x2` and `/2` count; multiples are rounded down to what the
    variable can hold, `decimals` digits after the point.

    >>> parse_value("1h30m", Unit.SECONDS, None), parse_value("x2", Unit.SECONDS, 28800)
    (5400, 57600)
    >>> parse_value("1.5g", Unit.BYTES, None), parse_value("5 000", Unit.COUNT, None)
    (1610612736, 5000)
    """
    bare = " ".join(text.lower().split())
    if not bare or len(text) > MAX_CHARACTERS:
        raise _unreadable_error(text, unit)
    scaled = re.fullmatch(_SCALED, bare)
    if scaled:
        value = _rounded(_scaled(scaled[1], Fraction(scaled[2]), _current_value(current_value)), decimals)
    elif bare[0] in "+-":
        step = _absolute(bare[1:], text, unit, decimals)
        value = _rounded(_current_value(current_value) + (step if bare[0] == "+" else -step), decimals)
    else:
        sign, plain = (-1, bare[2:]) if bare.startswith("=-") else (1, bare.removeprefix("="))
        value = sign * _absolute(plain, text, unit, decimals)
    if abs(value) > MAX_VALUE:
        raise ValueError(_("the number is too large for any variable"))
    return value.numerator if value.denominator == 1 else float(value)


def value_words(value: float, unit: Unit) -> str:
    """The exact value in words; `parse_value` reads it back, except for a value below 0.

    >>> value_words(28800, Unit.SECONDS), value_words(90500, Unit.MILLISECONDS), value_words(67108864, Unit.BYTES), value_words(5000, Unit.COUNT)
    ('8 h', '1 m 30.5 s', '64 MiB', '5,000')
    """
    if value < 0:
        return f"-{value_words(-value, unit)}"
    exact = Fraction(Decimal(repr(value)))
    if unit is Unit.BYTES and exact.denominator == 1:
        return exact_size(exact.numerator)
    if unit in {Unit.SECONDS, Unit.MILLISECONDS}:
        return exact_duration(exact / FACTORS[unit]["s"])
    return exact_number(exact)


def value_with_unit(name: str, value: float | None) -> str:
    """A variable's value in words, with the bare number where that says more; a variable not in the table: the number.

    >>> value_with_unit("wait_timeout", 28800), value_with_unit("wait_timeout", 8), value_with_unit("max_connections", 151)
    ('8 h (28800 s)', '8 s', '151')
    """
    if value is None:
        return _("unknown")
    if name not in TUNABLE:
        return f"{value:,}"
    words = value_words(value, TUNABLE[name].unit)
    suffix = {Unit.SECONDS: "s", Unit.BYTES: "B"}.get(TUNABLE[name].unit)
    bare = f"{value:.12g} {suffix}"
    return words if suffix is None or words == bare else f"{words} ({bare})"


def _absolute(bare: str, text: str, unit: Unit, decimals: int) -> Fraction:
    total, position, factors = Fraction(0), 0, FACTORS[unit]
    while position < len(bare) or not position:
        part = re.compile(_PART).match(bare, position)
        if part is None or (part[3] and part[3] not in factors) or (not part[3] and part[0] != bare):
            raise _unreadable_error(text, unit)
        factor = factors[part[3]] if part[3] else Fraction(1)
        if part[2] and factor <= 1 and not decimals:
            raise ValueError(_(ONLY_WHOLE[unit]))
        total += Fraction(re.sub(r"[,_ ]", "", part[1]) + (part[2] or "")) * factor
        position = part.end()
    if (total * 10**decimals).denominator != 1:
        raise ValueError(
            _("at most {number} digits after the point", number=decimals) if decimals else _(ONLY_WHOLE[unit])
        )
    return total


def _scaled(sign: str, by: Fraction, today: Fraction) -> Fraction:
    if sign != "/":
        return today * by
    if not by:
        raise ValueError(_("division by 0 is not possible"))
    return today / by


def _current_value(now: float | None) -> Fraction:
    if now is None:
        raise ValueError(_("the server does not show the current value; write the new value in full"))
    return Fraction(Decimal(repr(now)))


def _rounded(value: Fraction, decimals: int) -> Fraction:
    return Fraction(value * 10**decimals // 1, 10**decimals)


def _unreadable_error(text: str, unit: Unit) -> ValueError:
    shown = " ".join(text.split())[:40]
    example = _(EXAMPLES[unit])
    return ValueError(_(UNREADABLE_MESSAGES[unit], text=shown, example=example) if shown else example)


@dataclass(frozen=True, slots=True)
class Clamped:
    """The value a server will keep."""

    value: int | float
    why_clamped: str | None
    """Why it is not the value asked for; None where it is."""


def clamped(wanted: float, state: VariableState, tunable: Tunable) -> Clamped:
    """The value the server will keep of `wanted`, clamped in the server's order: the maximum, the block, the minimum.

    A bound that the server does not show is not applied.
    """
    value, reasons = wanted, []
    low, high = state.variable.min, state.variable.max
    documented = state.variable.is_documented
    block = state.block_size or tunable.block_size
    if high is not None and value > high:
        value = high
        reasons = [_("the maximum in the manual") if documented else _("the server's maximum")]
    if block > 1 and value % block:
        value = value // block * block
        reasons.append(_("rounded down to a multiple of {block:,}", block=block))
    if low is not None and value < low:
        value = low
        reasons = [_("the minimum in the manual") if documented else _("the server's minimum")]
    return Clamped(value, None if value == wanted else _(", ").join(reasons))
