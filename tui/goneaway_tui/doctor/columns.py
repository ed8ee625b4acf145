"""Text in the columns of a terminal: a wide character takes two, and a line may end after it."""

from __future__ import annotations

import re
import textwrap
from typing import Final
from unicodedata import east_asian_width

from goneaway_tui.model.plain import plain

_SECOND: Final = "\ufdd0"
"""Stands for a wide character's second column while text is laid out. No character: `plain` lets none of it through."""
_CLOSING: Final = f"[，。、；：？！）」』】》]{_SECOND}"
"""What no line may begin with, and next what none may end with."""
_OPENING: Final = f"[（「『【《]{_SECOND}"
_PIECES: Final = re.compile(f"(?:{_OPENING})*(?:[^{_SECOND}]{_SECOND}|(?:(?!.{_SECOND}).)+)(?:{_CLOSING})*", re.DOTALL)  # fmt: skip


class _Wrapper(textwrap.TextWrapper):
    """As for narrow text, and between any two wide characters where no punctuation forbids it."""

    def _split(self, text: str) -> list[str]:
        chunks = super()._split(text)
        return chunks if text.isascii() else [piece for each in chunks for piece in _PIECES.findall(each)]


def wrapped(text: str, width: int, indent: str = "", later: str | None = None) -> list[str]:
    """Lines of so many columns at most, fit to show; `later` is the indent of all but the first.

    >>> wrapped("空闲超时。重试 ping。", 8)
    ['空闲超', '时。重试', 'ping。']
    """
    first, further = _laid_out(indent), _laid_out(indent if later is None else later)
    lines = _Wrapper(width, initial_indent=first, subsequent_indent=further).wrap(_laid_out(plain(text)))
    return [line.replace(_SECOND, "") for line in lines]


def padded(label: str, width: int) -> str:
    """With as many blanks as fill `width` columns.

    >>> padded("why", 5), padded("依据", 5)
    ('why  ', '依据 ')
    """
    return label + " " * (width - len(_laid_out(label)))


def _laid_out(text: str) -> str:
    """One letter a column."""
    if text.isascii():
        return text
    return "".join(each + _SECOND if east_asian_width(each) in "WF" else each for each in text)
