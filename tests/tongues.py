"""Languages nobody speaks: what was said through the catalogues is told by its look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from string import Formatter

from goneaway_tui.i18n import Catalogue, EnglishCatalogue, set_language


class Bracketed:
    """Every message in brackets: what stands outside of them nobody could translate."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return f"⟦{message}⟧"

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return f"⟦{EnglishCatalogue.ngettext(one, many, number)}⟧"


class Wide:
    """Every letter takes two cells, as in Chinese."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return "".join(
            _widened(text) + ("" if name is None else f"{{{name}{f':{form}' if form else ''}}}")
            for text, name, form, _conversion in Formatter().parse(message)
        )

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return Wide.gettext(EnglishCatalogue.ngettext(one, many, number))


@contextmanager
def spoken(words: Catalogue) -> Iterator[None]:
    """Say everything in these words for a while."""
    set_language(words)
    try:
        yield
    finally:
        set_language(EnglishCatalogue())


def unsaid(text: str) -> str:
    """What stands outside of all brackets.

    >>> unsaid("a ⟦b ⟦c⟧ d⟧ e")
    'a  e'
    """
    inner = re.compile(r"⟦[^⟦⟧]*⟧")
    while inner.search(text):
        text = inner.sub("", text)
    return text


def _widened(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" < char <= "~" else char for char in text)
