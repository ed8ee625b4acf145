"""Signs for a terminal whose character set has not got ours: each gives way to a letter that means as much."""

from __future__ import annotations

import codecs
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

SIGNS = {
    **dict.fromkeys("▲◆", "!"),
    "▴": "^",
    "▾": "v",
    "△": "^",
    **dict.fromkeys("●•✔", "*"),
    "✖": "x",
    "◌": "o",
    "·": ".",
    "»": ">",
    "▶": ">",
    "❄": "*",
    "…": "~",
    "⏎": "<",
    **dict.fromkeys("–—─━╸╺", "-"),
    **dict.fromkeys("│┃║▌▐▎▊╻╹", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┣┫╋", "+"),
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
    "▮": "|",
}
"""Of one cell each, as what they stand for."""
MOST_LINES = 2048
"""Texts that are remembered: the same ones are drawn again and again."""


class Letters(LineFilter):
    """Draws what a character set can say, as wide as it was."""

    def __init__(self, encoding: str) -> None:
        """`encoding`: the terminal's, as Python names it."""
        super().__init__()
        self._encoding = encoding
        self._said = lru_cache(MOST_LINES)(self._say)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the framework's shape
        return [
            segment if segment.text.isascii() else Segment(self._said(segment.text), segment.style)
            for segment in segments
        ]

    def _say(self, text: str) -> str:
        return "".join(map(self._letter, text))

    def _letter(self, sign: str) -> str:
        try:
            sign.encode(self._encoding)
        except UnicodeEncodeError:
            return SIGNS.get(sign, "?" * cell_len(sign))
        return sign


def letters_of(encoding: str | None) -> Letters | None:
    """What a terminal needs that speaks so; None where it can say everything.

    >>> letters_of("utf-8") is None, letters_of("ANSI_X3.4-1968") is None
    (True, False)
    """
    try:
        name = codecs.lookup(encoding or "utf-8").name
    except LookupError:
        name = "ascii"
    return None if name.startswith("utf") else Letters(name)
