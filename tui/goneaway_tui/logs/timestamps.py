"""Time stamps as logs write them: a table of forms, read with their zone where there is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

MAX_OFFSET_CHARS: Final = 160
"""How far into a line its stamp may begin: containers, journals and frameworks put names in front of it."""

_OWN_OFFSET_CHARS: Final = 8
"""A stamp that begins this early is the line's own; no other form is tried."""
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_MONTH: Final = "(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = r"(?P<h>\d{1,2}):(?P<m>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?"
_ZONE: Final = r"(?: ?(?P<z>Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b))?"


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An instant as a log tells it."""

    local: datetime
    """In UTC where `zoned`, else in a zone the log does not name."""
    zoned: bool
    decimals: int = 0
    """How many decimals of a second the log wrote."""

    @property
    def iso(self) -> str:
        """As the contract has it: with `Z` where the zone is known, without any where it is not."""
        precision = (
            "seconds" if not self.decimals else "milliseconds" if self.decimals <= 3 else "microseconds"
        )
        return self.local.isoformat(timespec=precision).removesuffix("+00:00") + ("Z" if self.zoned else "")

    @property
    def clock_seconds(self) -> float:
        """Since 1970, UTC where the zone is known: for differences within one log."""
        return self.local.replace(tzinfo=UTC).timestamp()

    @property
    def utc_seconds(self) -> float | None:
        """Seconds since 1970 UTC; None where the zone is not known."""
        return self.clock_seconds if self.zoned else None


FORMS: Final = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/](?P<mo>\d\d)[-/](?P<d>\d\d)[T ] ?" + _CLOCK + _ZONE),
    re.compile(r"(?<!\d)(?P<d>\d\d)[-/ ]" + _MONTH + r"[-/ ](?P<y>\d{4})[: ]" + _CLOCK + _ZONE),
    re.compile(_MONTH + r" {1,2}(?P<d>\d{1,2}) " + _CLOCK + r"(?: (?P<y>\d{4}))?\b" + _ZONE),
    re.compile(r"(?<!\d)(?P<y>\d\d)(?P<mo>\d\d)(?P<d>\d\d) {1,2}" + _CLOCK),
    re.compile(r"^\W{0,2}(?P<y>\d\d)-(?P<mo>\d\d)-(?P<d>\d\d) " + _CLOCK),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})(?P<by>[/.])(?P<b>\d{1,2})[/.](?P<y>\d{4}),? " + _CLOCK + r"(?: (?P<half>[AP]M))?" + _ZONE),
    re.compile(r"^[IWEF](?P<mo>\d\d)(?P<d>\d\d) " + _CLOCK),
    re.compile(r'"(?:ts|time|timestamp|@timestamp)" ?: ?"?(?P<epoch>\d{10}(?:\.\d{1,9})?|\d{13})\b'),
)  # fmt: skip
"""ISO 8601 and Go; Apache, PHP; syslog, ctime; MariaDB's old one; two-digit years; slashes and dots; glog; Unix time."""

_HINT: Final = re.compile(r"\d\d?:\d\d:\d\d|\d{10}")
"""What every form has: one look at this spares the others for most lines."""


def parse_timestamp(line: str, now: float | None = None) -> Timestamp | None:
    """The first time stamp near the beginning of a line, None where there is none. Never raises.

    `now`, in seconds since 1970, dates a stamp that has no year: it is the last such day that is not to come.

    >>> parse_timestamp("[2026-11-23 22:23:21,200] ERROR ...").iso, parse_timestamp("I1123 22:00:00.1 x", 1795459202.0).iso
    ('2026-11-23T22:23:21.200', '2026-11-23T22:00:00.100')
    >>> parse_timestamp("23/Nov/2026:23:23:21 +0100").iso
    '2026-11-23T22:23:21Z'
    """
    near = line if line[:1] == "{" else line[: MAX_OFFSET_CHARS + 40]
    if not _HINT.search(near):
        return None
    found = []
    for form in FORMS:
        match = form.search(near)
        if match and (match.start() <= MAX_OFFSET_CHARS or line[:1] == "{"):
            found.append(match)
            if match.start() <= _OWN_OFFSET_CHARS:
                break
    for match in sorted(found, key=lambda each: each.start()):
        read = _timestamp_of(match, now)
        if read is not None:
            return read
    return None


def _timestamp_of(match: re.Match[str], now: float | None) -> Timestamp | None:
    part = match.groupdict()
    try:
        if part.get("epoch"):
            digits = part["epoch"]
            seconds = float(digits) / (1000 if len(digits) == 13 else 1)
            return Timestamp(datetime.fromtimestamp(seconds, UTC), zoned=True, decimals=3)
        fraction = part.get("f") or ""
        month, day = _month_and_day(part)
        hour = (
            int(part["h"]) % 12 + (12 if part["half"] == "PM" else 0) if part.get("half") else int(part["h"])
        )
        local = datetime(  # noqa: DTZ001 - the zone, where there is one, is applied below
            _year(part.get("y"), month, day, now), month, day, hour, int(part["m"]), min(int(part["s"]), 59),
            int(fraction[:6].ljust(6, "0") or 0),
        )  # fmt: skip
        zone = _zone(part.get("z"))
        if zone is None:
            return Timestamp(local, zoned=False, decimals=len(fraction))
        return Timestamp(local.replace(tzinfo=zone).astimezone(UTC), zoned=True, decimals=len(fraction))
    except (ValueError, OverflowError, OSError):
        return None


def _month_and_day(part: dict[str, str | None]) -> tuple[int, int]:
    """Slashes are read the American way unless that is impossible, dots the European."""
    if part.get("mon"):
        return _MONTHS.index(part["mon"] or "") // 3 + 1, int(part["d"] or 0)
    if part.get("a"):
        first, second = int(part["a"] or 0), int(part["b"] or 0)
        return (second, first) if part["by"] == "." or first > 12 else (first, second)
    return int(part["mo"] or 0), int(part["d"] or 0)


def _year(text: str | None, month: int, day: int, now: float | None) -> int:
    if text:
        return int(text) + (2000 if len(text) == 2 else 0)
    if now is None:
        raise ValueError("a day without a year")
    today = datetime.fromtimestamp(now, UTC)
    return today.year - ((month, day) > ((today + timedelta(days=1)).month, (today + timedelta(days=1)).day))


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


Reader = Callable[[str], Timestamp | None]
"""`parse_timestamp` with its `now` given."""
