"""Durations, sizes and lists in words, for the sentences of the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from goneaway_tui.i18n import _, marked

_TIMES = (
    (86_400, marked("{exact} s ({amount:g} days)"), marked("{exact} s (about {amount:g} days)")),
    (3600, marked("{exact} s ({amount:g} hours)"), marked("{exact} s (about {amount:g} hours)")),
    (60, marked("{exact} s ({amount:g} minutes)"), marked("{exact} s (about {amount:g} minutes)")),
)
"""Seconds of each unit, and the forms of an exact and of a rounded amount. A unit is used from two of it on."""
_AGES = (
    (86_400, marked("{number} days")),
    (3600, marked("{number} hours")),
    (60, marked("{number} minutes")),
)
"""Seconds of each unit, and its form. A unit is used from two of it on."""
_SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def seconds_words(seconds: float) -> str:
    """A duration, in whole seconds from one second on.

    >>> seconds_words(28800), seconds_words(3.556), seconds_words(0.009), seconds_words(90000.5)
    ('28800 s (8 hours)', '4 s', '0.009 s', '90000 s (25 hours)')
    """
    exact = f"{seconds:.3f}".rstrip("0").rstrip(".") if 0 < seconds < 1 else f"{seconds:.0f}"
    for unit_seconds, exact_form, rounded_form in _TIMES:
        amount = round(seconds / unit_seconds, 1)
        if seconds >= 2 * unit_seconds:
            return _(
                exact_form if amount * unit_seconds == round(seconds) else rounded_form,
                exact=exact,
                amount=amount,
            )
    return f"{exact} s"


def age_words(seconds: float) -> str:
    """A duration in its largest unit, rounded down.

    >>> age_words(3568200), age_words(7300), age_words(480), age_words(81)
    ('41 days', '2 hours', '8 minutes', '81 s')
    """
    for unit_seconds, words in _AGES:
        if seconds >= 2 * unit_seconds:
            return _(words, number=int(seconds // unit_seconds))
    return f"{seconds:.0f} s"


def bytes_words(size: float) -> str:
    """A size in the largest binary unit, with its bytes where the unit is rounded.

    >>> bytes_words(67108864), bytes_words(1300077), bytes_words(12)
    ('64 MiB', '1.2 MiB (1300077 bytes)', '12 bytes')
    """
    for unit_bytes, unit in _SIZES:
        if size >= unit_bytes:
            amount = f"{size / unit_bytes:.1f}".removesuffix(".0")
            whole = f"{amount} {unit}"
            return (
                whole if size % unit_bytes == 0 else _("{whole} ({size:.0f} bytes)", whole=whole, size=size)
            )
    return _("{size:.0f} bytes", size=size)


def in_list(names: Iterable[str]) -> str:
    """A list of names in words; at least one name.

    >>> in_list(["killed", "client lost"])
    'killed, client lost'
    """
    return reduce(lambda text, name: _("{names}, {name}", names=text, name=name), names)


def in_sentences(sentences: Iterable[str]) -> str:
    """Sentences as one text, joined as the language joins them.

    >>> in_sentences(["It sleeps.", "It is asked."]), in_sentences([])
    ('It sleeps. It is asked.', '')
    """
    text = ""
    for sentence in filter(None, sentences):
        text = _("{said} {next}", said=text, next=sentence) if text else sentence
    return text
