"""Text in the columns of a terminal."""

from __future__ import annotations

from goneaway_tui.model import wrapping
from goneaway_tui.model.plain import plain


def wrapped(text: str, width: int, indent: str = "", later: str | None = None) -> list[str]:
    """Lines of so many columns at most, fit to show; `later` is the indent of all but the first.

    >>> wrapped("空闲超时。重试 ping。", 8)
    ['空闲超', '时。重试', 'ping。']
    """
    return wrapping.wrapped(plain(text), width, indent, indent if later is None else later, fold=True)


def padded(label: str, width: int) -> str:
    """With as many blanks as fill `width` columns.

    >>> padded("why", 5), padded("依据", 5)
    ('why  ', '依据 ')
    """
    return label + " " * (width - wrapping.cell_width(label))
