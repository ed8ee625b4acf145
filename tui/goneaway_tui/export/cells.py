"""Text in a grid of equal cells, as terminals draw it: wide letters take two, combining marks none."""

from __future__ import annotations

import unicodedata

_JOINED = range(0x1160, 0x1200)
"""Hangul vowels and finals, drawn inside the letter before them."""


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
    """Lines of at most `width` cells, broken between words; all but the first begin with `indent`.

    >>> wrap("the account lacks PROCESS", 14, "  ")
    ['the account', '  lacks', '  PROCESS']
    """
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line.strip() else line + word
        if cell_width(longer) > width and line.strip():
            lines.append(line)
            longer = indent + word
        line = longer
    return [cut(each, width) for each in (*lines, line)]


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"} or ord(char) in _JOINED:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
