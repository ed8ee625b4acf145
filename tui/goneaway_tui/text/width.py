"""Text in a grid of equal cells, and where a line of it may end. All that wraps text asks here: exports, help, answers, screens.

Wide letters (Chinese, Japanese, Korean) take two cells and are written without spaces: a line may end between any two,
but none ends with an opening sign or begins with a closing one.
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
_WORD = re.compile(r" +|[^ ]+")
_HAS_WIDE = re.compile(f"[{_WIDE}]")
_PIECE = re.compile(
    rf"[{_OPENING}]*(?:[^{_WIDE}{_OPENING}{_CLOSING}]+|(?![{_OPENING}])[{_WIDE}{_CLOSING}])[{_CLOSING}]*|[{_OPENING}]+"
)


def cell_width(text: str) -> int:
    """How many cells a terminal draws it in.

    >>> cell_width("shop"), cell_width("商店"), cell_width("e\u0301")
    (4, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"} or ord(char) in _JOINED:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def has_wide(text: str) -> bool:
    """Whether a line of it may end elsewhere than at a blank."""
    return not text.isascii() and _HAS_WIDE.search(text) is not None


def pieces(text: str) -> Iterator[str]:
    """What no line may be broken in, runs of blanks among them; between two of them it may.

    >>> list(pieces("of 3 sessions")), list(pieces("用 --help、-?。"))
    (['of', ' ', '3', ' ', 'sessions'], ['用', ' ', '--help、', '-?。'])
    """
    for word in _WORD.findall(text):
        if has_wide(word):
            yield from _PIECE.findall(word)
        else:
            yield word


def breaks(
    text: str, width: int, *, fold: bool = True, measure: Callable[[str], int] = cell_width
) -> list[int]:
    """Where to cut one line of text, as offsets from its start, so that each part takes at most `width` cells.

    Blanks at the end of a part do not count. A piece that is longer is cut in itself where `fold` is set.

    >>> breaks("空闲超时。重试", 8), breaks("no place like it", 8), breaks("12345678", 5)
    ([3], [9], [5])
    """
    cuts: list[int] = []
    used = start = 0
    for piece in pieces(text):
        room = measure(piece)
        if piece[0] == " " or used + room <= width:
            used += room
        else:
            if start:
                cuts.append(start)
            used = room
            if fold and room > width:
                used = 0
                for place, char in enumerate(piece, start):
                    used += measure(char)
                    if used > width and place > start:
                        cuts.append(place)
                        used = measure(char)
        start += len(piece)
    return cuts


def wrapped(text: str, width: int, first: str = "", others: str = "", *, fold: bool = False) -> list[str]:
    """Lines of at most `width` cells, the first behind `first` and the others behind `others`.

    A piece that is longer has a line of its own; with `fold` it is cut.

    >>> wrapped("每个会话与关闭它的时限。", 14, "  ", "    ")
    ['  每个会话与关', '    闭它的时', '    限。']
    """
    done: list[str] = []
    line, blank, bare = first, "", True
    for piece in pieces(text):
        if piece[0] == " ":
            blank = piece
            continue
        if not bare and cell_width(line + blank + piece) > width:
            done.append(line)
            line, bare = others, True
        rest = piece if bare else blank + piece
        if fold and bare:
            room = max(1, width - cell_width(line))
            cuts = [0, *breaks(rest, room), len(rest)]
            *whole, rest = (rest[start:end] for start, end in pairwise(cuts))
            for part in whole:
                done.append(line + part)
                line = others
        line += rest
        blank, bare = "", False
    return [*done, line]
