"""Paragraphs in lines of so many cells, also of letters that take two and are written without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from goneaway_tui.export.cells import cell_width

_OPENING = "（「『《【“‘"
_CLOSING = "，。、；：？！…）」』》】”’"
"""Nothing ends a line with one of the former, nor begins it with one of the latter."""
_WIDE = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff01-\uff60"
_PIECE = re.compile(
    rf" +|[{_OPENING}]*(?:[^ {_WIDE}{_OPENING}{_CLOSING}]+|(?![{_OPENING}])[{_WIDE}{_CLOSING}])[{_CLOSING}]*|[{_OPENING}]+"
)


def pieces(text: str) -> Iterator[str]:
    """What no line may be broken in; between two of them it may.

    >>> list(pieces("of 3 sessions")), list(pieces("用 --help、-?。"))
    (['of', ' ', '3', ' ', 'sessions'], ['用', ' ', '--help、', '-?。'])
    """
    yield from _PIECE.findall(text)


def filled(text: str, width: int, first: str = "", others: str = "") -> str:
    """Lines of at most `width` cells, the first behind `first` and the others behind `others`.

    A piece that is longer has a line of its own.

    >>> print(filled("每个会话与关闭它的时限。", 14, "  ", "    "))
      每个会话与关
        闭它的时
        限。
    """
    lines, line, blank, bare = [], first, "", True
    for piece in pieces(text):
        if piece[0] == " ":
            blank = piece
            continue
        if not bare and cell_width(line + blank + piece) > width:
            lines.append(line)
            line, bare = others, True
        line += piece if bare else blank + piece
        blank, bare = "", False
    return "\n".join((*lines, line))
