"""The word that was meant."""

from __future__ import annotations

from collections.abc import Iterable

from goneaway_tui.language import _


def nearest(word: str, known: Iterable[str]) -> str:
    """The most alike of `known`; empty where none is much alike.

    >>> nearest("intervall", ["host", "interval"]), nearest("x", ["host"])
    ('interval', '')
    """
    import difflib

    return next(iter(difflib.get_close_matches(word[:40], list(known), 1, cutoff=0.7)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    near = nearest(word, known)
    return _("did you mean {word}?", word=near) if near else ""
