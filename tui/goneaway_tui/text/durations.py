"""Durations as people type them."""

from __future__ import annotations

import math
import re

from goneaway_tui.i18n import _

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
