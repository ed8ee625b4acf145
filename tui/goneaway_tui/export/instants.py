"""Instants as text: ISO 8601 in UTC, with `Z`."""

from __future__ import annotations

from datetime import UTC, datetime

EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
"""The years 1 and 9999: what the notation can hold. What lies beyond is written as the nearer end."""


def instant(at: float, precision: str = "milliseconds") -> str:
    """`at`, in seconds since 1970, to the nearest millisecond; `precision` may be `seconds`, which cuts off.

    >>> instant(1795459202.5), instant(1795459202.5, "seconds")
    ('2026-11-23T18:40:02.500Z', '2026-11-23T18:40:02Z')
    """
    return _moment(at).isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def stamp(at: float) -> str:
    """An instant fit for a file's name.

    >>> stamp(1795459202.5)
    '20261123T184002Z'
    """
    return instant(at, "seconds").replace("-", "").replace(":", "")


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(round(max(EARLIEST, min(LATEST, at)), 3), UTC)
