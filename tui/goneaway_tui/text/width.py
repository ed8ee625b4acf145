"""Text in a grid of equal cells: how wide it is, how it is cut and padded, and where a line may end.

Exports, help, the doctor's report and the screens all wrap by these rules. Wide letters (Chinese, Japanese, Korean) take two
cells and are written without spaces: a line may end between any two, but none ends with an opening mark or begins with a
closing one.

Textual draws by Rich's `cell_len`, so the screens measure by it, and hand it to `breaks`. This module counts by itself: no room
below the screen loads Rich. Both agree on every letter that `plain` lets through but spacing marks of Indic scripts,
skin tones behind an emoji, and some symbols that are wide since Unicode 16. The library wcwidth would not close the gap: it
counts a Devanagari syllable with a spacing mark as 2 cells, and `cell_len` as 1 (compared: rich 15.0, wcwidth 0.9.4).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

_JOINED = range(0x1160, 0x1200)
"""Hangul vowels and finals, drawn inside the letter before them."""
_OPENING = "（「『《【“‘"
_CLOSING = "，。、；：？！…）」』》】”’"
_WIDE = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff01-\uff60"
_WORD = r" +|[^ ]+"
_HAS_WIDE = f"[{_WIDE}]"
_PIECE = rf"[{_OPENING}]*(?:[^{_WIDE}{_OPENING}{_CLOSING}]+|(?![{_OPENING}])[{_WIDE}{_CLOSING}])[{_CLOSING}]*|[{_OPENING}]+"
"""Patterns; `re` compiles and keeps each when it is first used: English text needs none of the last two."""


def cell_width(text: str) -> int:
    """How many cells a terminal draws `text` in.

    >>> cell_width("shop"), cell_width("商店"), cell_width("e\u0301")
    (4, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"} or ord(char) in _JOINED:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def has_wide(text: str) -> bool:
    """Whether a line of `text` may end elsewhere than at a blank."""
    return not text.isascii() and re.search(_HAS_WIDE, text) is not None


def cut_to(text: str, width: int) -> str:
    """`text` in at most `width` cells, marked by `…` where it lost something.

    >>> cut_to("UPDATE cart", 8), cut_to("商店商店", 6), cut_to("shop", 4)
    ('UPDATE …', '商店…', 'shop')
    """
    if cell_width(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += cell_width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` cells, marked by `…` in its middle where it lost something: names often differ at their end.

    >>> shortened("db-prod.example.com:3307", 14), shortened("db1", 14)
    ('db-prod.…:3307', 'db1')
    """
    if cell_width(text) <= width:
        return text
    start, colon, port = text.rpartition(":")
    end = colon + port if start and port.isdigit() else ""
    if len(end) > width - 3:
        end = ""
    end = end or _last_cells(text, (width - 1) // 2)
    return cut_to(text, width - cell_width(end)) + end


def _last_cells(text: str, width: int) -> str:
    """The end of `text` that takes at most `width` cells."""
    start, used = len(text), 0
    while start and used + cell_width(text[start - 1]) <= width:
        start -= 1
        used += cell_width(text[start])
    return text[start:]


def padded(text: str, width: int, *, right: bool = False) -> str:
    """`text` with as many blanks as fill `width` cells; unchanged where it takes more.

    >>> padded("why", 5), padded("依据", 5)
    ('why  ', '依据 ')
    """
    blank = " " * (width - cell_width(text))
    return blank + text if right else text + blank


def fit_width(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: cut, or padded.

    >>> fit_width("db", 4), fit_width("0:12", 6, right=True)
    ('db  ', '  0:12')
    """
    return padded(cut_to(text, width), width, right=right)


def pieces(text: str) -> Iterator[str]:
    """The parts of `text` that a line keeps whole, runs of blanks among them; it may be broken between two of them.

    >>> list(pieces("of 3 sessions")), list(pieces("用 --help、-?。"))
    (['of', ' ', '3', ' ', 'sessions'], ['用', ' ', '--help、', '-?。'])
    """
    for word in re.findall(_WORD, text):
        if has_wide(word):
            yield from re.findall(_PIECE, word)
        else:
            yield word


def breaks(
    text: str, width: int, *, fold: bool = True, measure: Callable[[str], int] = cell_width
) -> list[int]:
    """Where to cut one line of text, as offsets from its start, so that each part takes at most `width` cells.

    Blanks at the end of a part do not count. `fold` cuts a piece that is wider than a line. `measure` counts cells.

    >>> breaks("空闲超时。重试", 8), breaks("no place like it", 8), breaks("12345678", 5)
    ([3], [9], [5])
    """
    cuts: list[int] = []
    used = start = 0
    for piece in pieces(text):
        piece_width = measure(piece)
        if piece[0] == " " or used + piece_width <= width:
            used += piece_width
        else:
            if start:
                cuts.append(start)
            used = piece_width
            if fold and piece_width > width:
                used = 0
                for offset, char in enumerate(piece, start):
                    used += measure(char)
                    if used > width and offset > start:
                        cuts.append(offset)
                        used = measure(char)
        start += len(piece)
    return cuts


def wrapped(text: str, width: int, first: str = "", others: str = "", *, fold: bool = False) -> list[str]:
    """Lines of at most `width` cells, the first behind `first` and the others behind `others`.

    A piece that is wider than a line gets a line of its own; `fold` cuts it.

    >>> wrapped("每个会话与关闭它的时限。", 14, "  ", "    ")
    ['  每个会话与关', '    闭它的时', '    限。']
    """
    lines: list[str] = []
    line, blank, is_empty = first, "", True
    for piece in pieces(text):
        if piece[0] == " ":
            blank = piece
            continue
        if not is_empty and cell_width(line + blank + piece) > width:
            lines.append(line)
            line, is_empty = others, True
        rest = piece if is_empty else blank + piece
        if fold and is_empty:
            cuts = [0, *breaks(rest, max(1, width - cell_width(line))), len(rest)]
            *full_parts, rest = (rest[start:end] for start, end in pairwise(cuts))
            for part in full_parts:
                lines.append(line + part)
                line = others
        line += rest
        blank, is_empty = "", False
    return [*lines, line]


def wrapped_to_fit(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` cells, all but the first behind `indent`; a piece that is wider is cut and marked by `…`.

    >>> wrapped_to_fit("the account lacks PROCESS", 14, "  "), wrapped_to_fit("账号缺少 PROCESS。看不到", 14, "  ")
    (['the account', '  lacks', '  PROCESS'], ['账号缺少', '  PROCESS。看', '  不到'])
    """
    return [cut_to(line, width) for line in wrapped(" ".join(text.split()), width, "", indent)]
