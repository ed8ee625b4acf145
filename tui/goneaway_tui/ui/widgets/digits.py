"""Figures three lines high, drawn with the framework's own digits."""

from __future__ import annotations

from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD

HEIGHT = 3
"""Lines of a figure."""
NARROW = ":,."
"""Drawn as they are, on the lowest line but for the colon."""


def digits(text: str) -> list[str]:
    """
    >>> print("\\n".join(digits("1:0")))
    ╺┓  ┏━┓
     ┃ :┃ ┃
    ╺┻╸ ┗━┛
    """
    lines = [""] * HEIGHT
    for sign in text:
        for line, part in enumerate(_drawn(sign)):
            lines[line] += part
    return lines


def digits_width(text: str) -> int:
    """Columns it takes.

    >>> digits_width("7:52:01")
    17
    """
    return sum(len(_drawn(sign)[1]) for sign in text)


def _drawn(sign: str) -> tuple[str, str, str]:
    if sign == ":" or sign not in DIGITS:
        return (" ", sign, " ") if sign == ":" else (" ", " ", sign)
    start = DIGITS.index(sign) * HEIGHT
    first, second, third = (line.ljust(3) for line in DIGITS3X3_BOLD[start : start + HEIGHT])
    return first, second, third
