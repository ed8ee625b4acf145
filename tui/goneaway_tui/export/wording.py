"""Seconds, counts and sizes as people write them; exact where the figure is exact."""

from __future__ import annotations

import math
from contextlib import suppress

import humanize

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.snapshot import Basis, Limit, Risk, Verdict

__all__ = [
    "LANGUAGE",
    "age_words",
    "clock_words",
    "count_as_in",
    "count_words",
    "countdown",
    "countdown_of",
    "iso_instant",
    "limit_cell",
    "limit_words",
    "risk_word",
    "size_words",
]

UNITS = (("y", 31_536_000), ("d", 86_400), ("h", 3600), ("m", 60))
SIZES = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1))

MARKS = {Basis.ASSUMED: "~", Basis.DISPROVED: ">"}
"""Marks before a limit that is not the session's own value."""

LANGUAGE = marked("en")
"""The language tag of a catalogue, as on the web: `zh-CN`."""
RISKS = {
    Risk.EXEMPT: marked("exempt"),
    Risk.BUSY: marked("busy"),
    Risk.CALM: marked("calm"),
    Risk.WATCH: marked("watch"),
    Risk.IMMINENT: marked("imminent"),
    Risk.OVERDUE: marked("overdue"),
}

UNKNOWN = "?"
"""Shown for a figure that is infinite or no number."""


def limit_words(seconds: float) -> str:
    """A limit, exact to the millisecond; `parse_duration` reads it back.

    >>> limit_words(28800), limit_words(5400), limit_words(31536000), limit_words(30), limit_words(90.5)
    ('8 h', '1 h 30 m', '1 y', '30 s', '1 m 30.5 s')
    """
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 0:
        return "-" + limit_words(-seconds)
    whole = math.floor(seconds)
    rest = whole * 1000 + round((seconds - whole) * 1000)
    parts = []
    for unit, length in UNITS:
        amount, rest = divmod(rest, length * 1000)
        if amount:
            parts.append(f"{amount} {unit}")
    if rest or not parts:
        parts.append(f"{rest / 1000:.12g} s")
    return " ".join(parts)


def limit_cell(limit: Limit | None) -> str:
    """A limit with the mark of its basis: `~` assumed, `>` outlived; empty where there is none."""
    return "" if limit is None else MARKS.get(limit.basis, "") + limit_words(limit.seconds)


def risk_word(risk: Risk) -> str:
    """The word for a risk in the language of the run; in English the word of the contract."""
    return _(RISKS[risk])


def clock_words(seconds: float) -> str:
    """Elapsed time in whole seconds, rounded down.

    >>> clock_words(12.9), clock_words(3588), clock_words(28321), clock_words(274329), clock_words(-3)
    ('0:12', '59:48', '7:52:01', '3d 04:12:09', '0:00')
    """
    return _clock(math.floor(seconds)) if math.isfinite(seconds) else UNKNOWN


def countdown(seconds_left: float, *, is_overdue: bool = False) -> str:
    """Time until the server closes a session. It is never negative, and with `clock_words` it adds up to the limit.

    At the deadline and past it this is `now`: only the next reading tells whether the server closed the session.
    `is_overdue`: that reading found it still there.

    >>> countdown(11.4), countdown(0.001), countdown(0), countdown(-3.5), countdown(-3.5, is_overdue=True)
    ('0:12', '0:01', 'now', 'now', 'overdue')
    """
    if not math.isfinite(seconds_left):
        return UNKNOWN
    if seconds_left > 0:
        return _clock(math.ceil(seconds_left))
    return risk_word(Risk.OVERDUE) if is_overdue else _("now")


def countdown_of(verdict: Verdict, now: float) -> str | None:
    """`countdown` of a session; None where it has no known deadline."""
    seconds_left = verdict.seconds_left(now)
    return None if seconds_left is None else countdown(seconds_left, is_overdue=verdict.risk is Risk.OVERDUE)


def age_words(seconds: float) -> str:
    """A long time in its two largest units; from ten days on, in days.

    >>> age_words(41 * 86400 + 7), age_words(11520), age_words(12), age_words(125), age_words(3 * 86400 + 4 * 3600)
    ('41d', '3h 12m', '12s', '2m 5s', '3d 4h')
    """
    if not math.isfinite(seconds):
        return UNKNOWN
    rest = max(0, math.floor(seconds))
    days, rest = divmod(rest, 86_400)
    if days >= 10:
        return f"{count_words(days)}d"
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{n}{unit}" for i, (n, unit) in enumerate(parts[:2]) if n or i == 0)


def count_as_in(locale: str) -> None:
    """Write counts and sizes as in that locale, in this thread; as in English where humanize does not know the
    locale.
    """
    with suppress(FileNotFoundError):
        humanize.activate(locale)


def count_words(number: int) -> str:
    """A number with separators of thousands.

    >>> count_words(5000)
    '5,000'
    """
    return humanize.intcomma(number)


def size_words(number: int) -> str:
    """Bytes, exact where few digits can say it; rounded sizes keep their decimal to show that they are.

    >>> size_words(67108864), size_words(1572864), size_words(16776192), size_words(1000), size_words(67108865)
    ('64 MiB', '1.5 MiB', '16,383 KiB', '1,000 B', '64.0 MiB')
    """
    for unit, length in SIZES:
        if abs(number) >= length and number * 10 % length == 0:
            tenths = number * 10 // length
            if tenths % 10 == 0 and abs(tenths) < 1_000_000:
                return f"{count_words(tenths // 10)} {unit}"
            if abs(tenths) < 10_240:
                return f"{tenths / 10:.1f} {unit}"
    return humanize.naturalsize(number, binary=True) if number else "0 B"


def _clock(seconds: int) -> str:
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}:{minutes:02}:{rest:02}"
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}"
