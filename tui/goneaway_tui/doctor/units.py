"""Figures as a colleague would say them, exact where they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from goneaway_tui.i18n import _, marked

_TIMES = (
    (86_400, marked("{exact} s ({amount:g} days)"), marked("{exact} s (about {amount:g} days)")),
    (3600, marked("{exact} s ({amount:g} hours)"), marked("{exact} s (about {amount:g} hours)")),
    (60, marked("{exact} s ({amount:g} minutes)"), marked("{exact} s (about {amount:g} minutes)")),
)
"""Seconds in each unit, and how many of it there are, exactly or not; never fewer than two."""
_AGES = (
    (86_400, marked("{number} days")),
    (3600, marked("{number} hours")),
    (60, marked("{number} minutes")),
)
"""Seconds in each unit; never fewer than two of it."""
_SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def seconds_words(seconds: float) -> str:
    """A duration, in whole seconds from one second on.

    >>> seconds_words(28800), seconds_words(3.556), seconds_words(0.009), seconds_words(90000.5)
    ('28800 s (8 hours)', '4 s', '0.009 s', '90000 s (25 hours)')
    """
    exact = f"{seconds:.3f}".rstrip("0").rstrip(".") if 0 < seconds < 1 else f"{seconds:.0f}"
    for length, just, about in _TIMES:
        amount = round(seconds / length, 1)
        if seconds >= 2 * length:
            return _(just if amount * length == round(seconds) else about, exact=exact, amount=amount)
    return f"{exact} s"


def age_words(seconds: float) -> str:
    """How long something has lasted, in its largest unit.

    >>> age_words(3568200), age_words(7300), age_words(480), age_words(81)
    ('41 days', '2 hours', '8 minutes', '81 s')
    """
    for length, words in _AGES:
        if seconds >= 2 * length:
            return _(words, number=int(seconds // length))
    return f"{seconds:.0f} s"


def bytes_words(size: float) -> str:
    """
    >>> bytes_words(67108864), bytes_words(1300077), bytes_words(12)
    ('64 MiB', '1.2 MiB (1300077 bytes)', '12 bytes')
    """
    for length, unit in _SIZES:
        if size >= length:
            amount = f"{size / length:.1f}".removesuffix(".0")
            whole = f"{amount} {unit}"
            return whole if size % length == 0 else _("{whole} ({size:.0f} bytes)", whole=whole, size=size)
    return _("{size:.0f} bytes", size=size)


def in_list(names: Iterable[str]) -> str:
    """Names beside each other; at least one.

    >>> in_list(["killed", "client lost"])
    'killed, client lost'
    """
    return reduce(lambda said, name: _("{names}, {name}", names=said, name=name), names)


def in_sentences(sentences: Iterable[str]) -> str:
    """One after the other, with between them whatever the language puts there.

    >>> in_sentences(["It sleeps.", "It is asked."]), in_sentences([])
    ('It sleeps. It is asked.', '')
    """
    said = ""
    for each in filter(None, sentences):
        said = _("{said} {next}", said=said, next=each) if said else each
    return said
