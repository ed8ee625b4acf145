"""Text in a grid of equal cells, as terminals draw it: wide letters take two, combining marks none."""

from __future__ import annotations

import unicodedata

_JOINED = range(0x1160, 0x1200)
"""Hangul vowels and finals, drawn inside the letter before them."""

OPENING, CLOSING = "（《「『【", "，。、；：！？）》」』】…"
"""Signs no line ends with, and such as none begins with."""


def cell_width(text: str) -> int:
    """
    >>> cell_width("shop"), cell_width("商店"), cell_width("e\u0301")
    (4, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, marked by `…` where it lost something.

    >>> cut("UPDATE cart", 8), cut("商店商店", 6), cut("shop", 4)
    ('UPDATE …', '商店…', 'shop')
    """
    if cell_width(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += _width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells.

    >>> fit("db", 4), fit("0:12", 6, right=True)
    ('db  ', '  0:12')
    """
    text = cut(text, width)
    blank = " " * (width - cell_width(text))
    return blank + text if right else text + blank


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` cells, broken between words or wide letters; all but the first begin with `indent`.

    >>> wrap("the account lacks PROCESS", 14, "  "), wrap("账号缺少 PROCESS。看不到", 14, "  ")
    (['the account', '  lacks', '  PROCESS'], ['账号缺少', '  PROCESS。看', '  不到'])
    """
    lines, line = [], ""
    for word in text.split():
        gap = " " if line.strip() else ""
        for piece in _pieces(word):
            longer = line + gap + piece
            if cell_width(longer) > width and line.strip():
                lines.append(line)
                longer = indent + piece
            line, gap = longer, ""
    return [cut(each, width) for each in (*lines, line)]


def _pieces(word: str) -> list[str]:
    """What a line may be broken between: wide letters, each with the signs that may not begin or end a line."""
    pieces: list[str] = []
    for char in word:
        last = pieces[-1][-1] if pieces else ""
        goes_on = _width(char) < 2 and (_width(char) == 0 or _width(last or char) < 2)
        if last and (goes_on or char in CLOSING or last in OPENING):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"} or ord(char) in _JOINED:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
