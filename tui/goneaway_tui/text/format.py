"""Durations, sizes and counts in words: every rule by which a number of seconds, bytes or things becomes text, and durations
as people type them.

| function | 5400 s or 1,300,077 bytes | for |
|---|---|---|
| `limit_words` | `1 h 30 m` | a limit: exact to the millisecond |
| `exact_duration` | `1 h 30 m` | a variable's value: exact whatever its decimals, and grouped in thousands |
| `clock_words` | `1:30:00` | a time that runs: it ticks once a second |
| `countdown` | `1:30:00`, `now` | the time until a deadline |
| `age_words` | `1 h 30 m` | how long something has lasted |
| `largest_unit_words` | `90 minutes` | an age in a sentence |
| `seconds_words` | `1 h 30 m (5400 s)` | a sentence that names a setting: what people call it, and the number as it is typed |
| `size_words` | `1.2 MiB` | a cell: rounded, and shown to be |
| `exact_size` | `1,300,077 B` | a variable's value |
| `size_with_bytes` | `1.2 MiB (1300077 bytes)` | a sentence that names a setting |

`parse_duration` reads back what `limit_words` writes, `parse_value` (tune.values) what the `exact_` ones write.
humanize is loaded by the first count, size or locale: no command waits for it that shows none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import reduce
from typing import TYPE_CHECKING

from goneaway_tui.i18n import N_, NC_, _

if TYPE_CHECKING:
    from fractions import Fraction

DURATION_UNITS = (("y", 31_536_000), ("d", 86_400), ("h", 3600), ("m", 60))
"""Seconds in each unit, the longest first. A year is 365 days: the most the servers allow for `wait_timeout`."""
SIZE_UNITS = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
"""Bytes in each unit, the largest first. Sizes are binary: `SET` has no other kind."""
UNKNOWN = "?"
"""Stands for a figure that is not a finite number."""


# --- Durations


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
    words = []
    for unit, length in DURATION_UNITS:
        amount, rest = divmod(rest, length * 1000)
        if amount:
            words.append(f"{amount} {unit}")
    if rest or not words:
        words.append(f"{rest / 1000:.12g} s")
    return " ".join(words)


def exact_duration(seconds: Fraction) -> str:
    """A variable's value: every decimal, thousands grouped, and a fraction of a second in milliseconds; 0 or more.

    >>> from fractions import Fraction
    >>> exact_duration(Fraction("90.5")), exact_duration(Fraction("0.25"))
    ('1 m 30.5 s', '250 ms')
    """
    if 0 < seconds < 1 and (seconds * 1000).denominator == 1:
        return f"{seconds * 1000} ms"
    words, rest = [], seconds
    for unit, length in DURATION_UNITS:
        amount, rest = divmod(rest, length)
        if amount:
            words.append(f"{amount:,} {unit}")
    if rest or not words:
        words.append(f"{exact_number(rest)} s")
    return " ".join(words)


def clock_words(seconds: float) -> str:
    """Elapsed time as a clock shows it; a second counts once it is over.

    >>> clock_words(12.9), clock_words(3588), clock_words(28321), clock_words(274329), clock_words(-3)
    ('0:12', '59:48', '7:52:01', '3 d 04:12:09', '0:00')
    """
    return _clock(math.floor(seconds)) if math.isfinite(seconds) else UNKNOWN


def countdown(seconds_left: float, *, is_overdue: bool = False) -> str:
    """Time until the server closes a session. It is never negative, and with `clock_words` it adds up to the limit.

    At the deadline and past it this is `now`: only the next sample shows whether the server closed the session.
    `is_overdue`: that reading found it still there.

    >>> countdown(11.4), countdown(0.001), countdown(0), countdown(-3.5), countdown(-3.5, is_overdue=True)
    ('0:12', '0:01', 'now', 'now', 'overdue')
    """
    if not math.isfinite(seconds_left):
        return UNKNOWN
    if seconds_left > 0:
        return _clock(math.ceil(seconds_left))
    return _("overdue") if is_overdue else _(NC_("countdown", "now"))


def _clock(seconds: int) -> str:
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02}:{minutes:02}:{rest:02}"
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}"


def age_words(seconds: float, units: int = 2) -> str:
    """How long something has lasted, in its two leading units, or in one; from ten days on, in days.

    >>> age_words(41 * 86400 + 7), age_words(11520), age_words(12), age_words(125), age_words(3 * 86400 + 4 * 3600)
    ('41 d', '3 h 12 m', '12 s', '2 m 5 s', '3 d 4 h')
    """
    if not math.isfinite(seconds):
        return UNKNOWN
    rest = max(0, math.floor(seconds))
    days, rest = divmod(rest, 86_400)
    if days >= 10:
        return f"{count_words(days)} d"
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{n} {unit}" for i, (n, unit) in enumerate(parts[:units]) if n or i == 0)


_LARGEST_UNITS = (
    (86_400, N_("{number} days")),
    (3600, N_("{number} hours")),
    (60, N_("{number} minutes")),
)
"""Seconds in each unit; never fewer than two of it."""


def largest_unit_words(seconds: float) -> str:
    """How long something has lasted, in its largest unit, cut off. For sentences.

    >>> largest_unit_words(3568200), largest_unit_words(7300), largest_unit_words(480), largest_unit_words(81)
    ('41 days', '2 hours', '8 minutes', '81 s')
    """
    for length, words in _LARGEST_UNITS:
        if seconds >= 2 * length:
            return _(words, number=int(seconds // length))
    return f"{seconds:.0f} s"


_DAYS_ALONE = 10 * 86_400
"""Seconds from which a duration that is not whole days is given in days alone."""


def seconds_words(seconds: float) -> str:
    """A duration in the units that people use, with the seconds in parentheses; seconds alone below two minutes.

    For sentences that name a setting: the reader types the seconds.

    >>> seconds_words(28800), seconds_words(5400), seconds_words(3568200), seconds_words(864000)
    ('8 h (28800 s)', '1 h 30 m (5400 s)', '41 days', '10 d (864000 s)')
    >>> seconds_words(3.556), seconds_words(0.009)
    ('4 s', '0.009 s')
    """
    if seconds < 120:
        exact = f"{seconds:.3f}".rstrip("0").rstrip(".") if 0 < seconds < 1 else f"{seconds:.0f}"
        return f"{exact} s"
    whole = round(seconds)
    if whole > _DAYS_ALONE and whole % 86_400:
        return largest_unit_words(seconds)
    return _("{duration} ({number} s)", duration=age_words(whole), number=whole)


# --- Sizes


def size_words(number: int) -> str:
    """Bytes, exact where few digits can say it; rounded sizes keep their decimal to show that they are. For cells.

    >>> size_words(67108864), size_words(1572864), size_words(16776192), size_words(1000), size_words(67108865)
    ('64 MiB', '1.5 MiB', '16,383 KiB', '1,000 B', '64.0 MiB')
    """
    for unit, length in (*SIZE_UNITS, ("B", 1)):
        if abs(number) >= length and number * 10 % length == 0:
            tenths = number * 10 // length
            if tenths % 10 == 0 and abs(tenths) < 1_000_000:
                return f"{count_words(tenths // 10)} {unit}"
            if abs(tenths) < 10_240:
                return f"{tenths / 10:.1f} {unit}"
    if not number:
        return "0 B"
    from humanize import naturalsize

    return naturalsize(number, binary=True)


def exact_size(number: int) -> str:
    """A variable's value in bytes: in the largest unit that needs one decimal at most, else in bytes; 0 or more.

    >>> exact_size(67108864), exact_size(1572864), exact_size(1300077)
    ('64 MiB', '1.5 MiB', '1,300,077 B')
    """
    for unit, length in SIZE_UNITS:
        if number >= length and number * 10 % length == 0:
            whole, tenth = divmod(number * 10 // length, 10)
            return f"{whole:,}.{tenth} {unit}" if tenth else f"{whole:,} {unit}"
    return f"{number:,} B"


def size_with_bytes(size: float) -> str:
    """Bytes in the largest unit, up to GiB, with all of them in parentheses where that is rounded. For sentences.

    >>> size_with_bytes(67108864), size_with_bytes(1300077), size_with_bytes(12)
    ('64 MiB', '1.2 MiB (1300077 bytes)', '12 bytes')
    """
    for unit, length in SIZE_UNITS[1:]:
        if size >= length:
            amount = f"{size / length:.1f}".removesuffix(".0")
            whole = f"{amount} {unit}"
            return whole if size % length == 0 else _("{whole} ({size:.0f} bytes)", whole=whole, size=size)
    return _("{size:.0f} bytes", size=size)


# --- Counts


def count_words(number: int) -> str:
    """A count, its thousands grouped as the language of the run writes them.

    >>> count_words(5000)
    '5,000'
    """
    from humanize import intcomma

    return intcomma(number)


def exact_number(value: Fraction) -> str:
    """A variable's value that counts: every decimal, with commas before the point as `parse_value` reads them.

    >>> from fractions import Fraction
    >>> exact_number(Fraction("1234567.000001"))
    '1,234,567.000001'
    """
    from decimal import Decimal

    whole, rest = divmod(value, 1)
    decimals = f"{Decimal(rest.numerator) / Decimal(rest.denominator):f}".partition(".")[2].rstrip("0")
    return f"{whole:,}.{decimals}" if decimals else f"{whole:,}"


def rounded_count(number: int) -> str:
    """A count in at most four letters up to a trillion, rounded down. For cells with no room for all digits.

    >>> rounded_count(950), rounded_count(3_999), rounded_count(120_000), rounded_count(1_250_000)
    ('950', '3.9k', '120k', '1.2M')
    """
    for power, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= power:
            tenths = number * 10 // power
            return f"{tenths // 10}.{tenths % 10}{letter}" if tenths < 100 else f"{tenths // 10}{letter}"
    return str(number)


def use_locale(locale: str) -> None:
    """Write counts and sizes as `locale` does, in this thread; as in English where humanize does not know it."""
    import humanize

    with suppress(FileNotFoundError):
        humanize.activate(locale)


# --- Several beside each other


def in_list(names: Iterable[str]) -> str:
    """Names beside each other; at least one.

    >>> in_list(["killed", "client lost"])
    'killed, client lost'
    """
    return reduce(lambda listed, name: _("{names}, {name}", names=listed, name=name), names)


def in_sentences(sentences: Iterable[str]) -> str:
    """Sentences one after the other, with what the language puts between them; empty ones are left out.

    >>> in_sentences(["It sleeps.", "It is asked."]), in_sentences([])
    ('It sleeps. It is asked.', '')
    """
    text = ""
    for sentence in filter(None, sentences):
        text = _("{said} {next}", said=text, next=sentence) if text else sentence
    return text


# --- Words that people type


def did_you_mean(word: str, candidates: Iterable[str], limit: int = 1) -> str:
    """A hint that names the most similar of `candidates`, at most `limit` of them; empty where none is similar.

    >>> did_you_mean("intervall", ["host", "interval"]), did_you_mean("x", ["host"])
    ('did you mean interval?', '')
    """
    import difflib

    nearest = difflib.get_close_matches(word[:40], list(candidates), limit, cutoff=0.7 if limit == 1 else 0.6)
    return _("did you mean {word}?", word=_(" or ").join(nearest)) if nearest else ""


# --- Durations as people type them

UNITS = {
    "ms": 0.001,
    "s": 1,
    "sec": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "y": 31_536_000,
}
"""Seconds in each unit. A year is 365 days: the very maximum the servers allow for `wait_timeout`."""
UNIT_WORDS = {
    **UNITS,
    **dict.fromkeys(("secs", "second", "seconds"), 1),
    **dict.fromkeys(("mins", "minute", "minutes"), 60),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("day", "days"), 86_400),
    **dict.fromkeys(("week", "weeks"), 604_800),
    **dict.fromkeys(("year", "years"), 31_536_000),
}
"""Seconds in each unit, also by its longer names."""

_PART = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]*)", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds meant by `text`; a bare number is seconds. Raises ValueError with a sentence.

    >>> parse_duration("1h30m"), parse_duration("28800"), parse_duration("1 y"), parse_duration("250ms")
    (5400, 28800, 31536000, 0.25)
    """
    total, position, bare = 0.0, 0, text.strip().lower()
    while position < len(bare):
        part = _PART.match(bare, position)
        unit = part[2] if part else ""
        if part is None or (unit and unit not in UNITS) or (not unit and part[0] != bare):
            raise _not_a_duration(text)
        total += float(part[1]) * UNITS[unit or "s"]
        position = part.end()
    if not bare or not math.isfinite(total):
        raise _not_a_duration(text)
    return int(total) if total == int(total) else round(total, 9)


def _not_a_duration(text: str) -> ValueError:
    return ValueError(
        _(
            "not a duration: {text!r}; write it like 90, 90s, 10m, 1h30m, 8h or 1y",
            text=text.strip()[:40],
        )
    )
