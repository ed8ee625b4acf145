"""Timestamps as logs write them: a table of forms, parsed with their time zone where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

MAX_OFFSET_CHARS: Final = 160
"""Characters into a line within which its timestamp begins: containers and frameworks put names before it."""

_OWN_OFFSET_CHARS: Final = 8
"""A timestamp that begins within these characters is the line's own: no other form is tried."""
_MONTH_NAMES: Final = (
    "january jan janv jän gen ene oca sty led янв 一月 1月",
    "february feb febr févr fév fev şub lut úno фев февр 二月 2月",
    "march mar mär märz mrz mars maart mrt bře мар марта 三月 3月",
    "april apr avr avril abr nis kwi dub апр 四月 4月",
    "may mai maj mei mag maggio mayo kvě май мая 五月 5月",
    "june jun juin juni jún giu haz cze čer čen čvn июн июня 六月 6月",
    "july jul juil juli júl lug tem lip čvc čec июл июля 七月 7月",
    "august aug août aoû ago ağu sie srp авг 八月 8月",
    "september sep sept set eyl wrz zář сен сент 九月 9月",
    "october oct okt ott out eki paź říj окт 十月 10月",
    "november nov kas lis ноя нояб 十一月 11月",
    "december dec déc dez dic des ara gru pro дек 十二月 12月",
)
"""Names of each month: in full in English, and the short ones of strftime and of Java in English, French, German, Italian, Spanish, Portuguese, Dutch,
Swedish, Danish, Norwegian, Turkish, Polish, Czech, Russian, Chinese and Japanese.
"""
_MONTHS: Final = {name: month for month, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTH: Final = (
    r"(?<!\w)(?P<mon>"
    + "|".join(
        sorted({form for name in _MONTHS for form in (name, name.title(), name.upper())}, key=len)[::-1]
    )
    + r")\b\.?"
)
_HALF: Final = r"(?: (?P<half>[AP]M|上午|下午|午前|午後|VORM\.|NACHM\.))?"
_AFTER_NOON: Final = frozenset({"PM", "下午", "午後", "NACHM."})
"""The half of the day as Java's loggers write it."""
_CLOCK: Final = r"(?P<h>\d{1,2}):(?P<m>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?"
_ZONE: Final = r"(?: ?(?P<z>Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b))?"
_BEFORE_DATE: Final = r"(?<![\d:.,/-])" + _CLOCK + r",?[ T]{1,2}"
"""A clock that stands before its date."""
_NO_CLOCK: Final = r"(?![T ,]{1,2}\d{1,2}:\d\d)"
"""The date has no clock behind it, so that the one before it is its own."""
_SIGNATURE: Final = re.compile(
    r"<[^<>@\s]{1,80}@[^<>\s]{1,80}>\s{1,4}(?:[A-Z][a-z]{2}, )?$|^(?:Date:\s{2}|(?:Author|Commit)Date:)\s{1,8}(?:[A-Z][a-z]{2},? )?$"
)
"""What stands before the time at which a person signed a change, in changelogs and in what git prints."""
_TAI_SECONDS: Final = 2**62 + 10
"""What TAI64 counts from, in seconds before 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An instant as a log writes it."""

    local: datetime
    """In UTC where `zoned`, else in a time zone that the log does not name."""
    zoned: bool
    decimals: int = 0
    """How many decimals of a second the log wrote."""
    offset_seconds: float = 0.0
    """What the zone adds to UTC."""
    year_guessed: bool = False
    """Whether the log wrote no year, and the last year is taken that lets the time not be in the future."""
    is_ambiguous: bool = False
    """Whether day and month stand between slashes and may be exchanged."""
    is_day_first: bool | None = None
    """Which of them stands first, where slashes stand between them and only one order is possible."""

    @property
    def in_other_order(self) -> Timestamp | None:
        """The same text with day and month exchanged; None where it can be read in one way only."""
        if not self.is_ambiguous:
            return None
        return replace(self, local=self.local.replace(month=self.local.day, day=self.local.month))

    @property
    def iso(self) -> str:
        """In ISO 8601: with `Z` where the zone is known, without where it is not."""
        precision = (
            "seconds" if not self.decimals else "milliseconds" if self.decimals <= 3 else "microseconds"
        )
        return self.local.isoformat(timespec=precision).removesuffix("+00:00") + ("Z" if self.zoned else "")

    @property
    def clock_seconds(self) -> float:
        """Seconds since 1970 by the log's own clock, UTC where the zone is known: for differences within one log."""
        return self.local.replace(tzinfo=UTC).timestamp()

    def seconds_after(self, earlier: Timestamp) -> float | None:
        """Seconds since another instant of one log; None where that is not known.

        Of one with a zone and one without the clocks on the wall are compared: most logs are written in one place.
        """
        if self.zoned == earlier.zoned:
            return self.clock_seconds - earlier.clock_seconds
        apart = self.clock_seconds + self.offset_seconds - earlier.clock_seconds - earlier.offset_seconds
        return apart if apart >= 0 else None

    def seconds_from(self, other: Timestamp) -> float:
        """Seconds from another instant of one log to this one, below 0 where this one is the earlier.

        Of one with a zone and one without the clocks on the wall are compared.
        """
        apart = self.with_year_of(other).clock_seconds - other.with_year_of(self).clock_seconds
        return apart + (self.offset_seconds - other.offset_seconds if self.zoned != other.zoned else 0.0)

    def seconds_apart(self, other: Timestamp) -> float:
        """Seconds between two instants of one log, as `seconds_from` counts them."""
        return abs(self.seconds_from(other))

    def seconds_apart_in_any_zone(self, other: Timestamp) -> float:
        """Seconds between two instants, where the one without a zone may be of any zone."""
        apart = abs(self.with_year_of(other).clock_seconds - other.with_year_of(self).clock_seconds)
        if self.zoned == other.zoned or apart > MAX_ZONE_SECONDS:
            return self.seconds_apart(other)
        return min(apart % ZONE_STEP_SECONDS, -apart % ZONE_STEP_SECONDS)

    def with_year_of(self, other: Timestamp | None) -> Timestamp:
        """The same time in the year of an instant shortly before or after it, where the log wrote no year."""
        if not self.year_guessed or other is None or other.year_guessed:
            return self
        year = other.local.year + {(1, 12): 1, (12, 1): -1}.get((self.local.month, other.local.month), 0)
        try:
            return replace(self, local=self.local.replace(year=year), year_guessed=False)
        except ValueError:
            return self

    @property
    def utc_seconds(self) -> float | None:
        """Seconds since 1970 UTC; None where the zone is not known."""
        return self.clock_seconds if self.zoned else None


FORMS: Final = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/](?P<mo>\d\d)[-/](?P<d>\d\d),?[T _] ?" + _CLOCK + _ZONE),
    re.compile(r"(?<!\d)(?P<d>\d\d)(?:[-/]|\.? )" + _MONTH + r"[-/ ](?P<y>\d{4})[: ]" + _CLOCK + _ZONE),
    re.compile(_MONTH + r" {1,2}(?P<d>\d{1,2}) " + _CLOCK + r"(?: (?P<y>\d{4}))?\b" + _ZONE),
    re.compile(r"(?<!\d)(?P<y>\d\d)(?P<mo>\d\d)(?P<d>\d\d) {1,2}" + _CLOCK),
    re.compile(r"^\W{0,2}(?P<y>\d\d)-(?P<mo>\d\d)-(?P<d>\d\d) " + _CLOCK),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})(?P<by>[/.])(?P<b>\d{1,2})[/.](?P<y>\d{4}),? " + _CLOCK + _HALF + _ZONE),
    re.compile(r"^ {0,6}\d{1,7}:(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d):(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)\.(?P<f>\d{3})\b"),
    re.compile(r"^[IWEF](?P<mo>\d\d)(?P<d>\d\d) " + _CLOCK),
    re.compile(r'"(?:ts|time|timestamp|@timestamp)" ?: ?"?(?P<epoch>\d{10}(?:\.\d{1,9})?|\d{13})\b'),
    re.compile(_BEFORE_DATE + r"(?P<y>\d{4})[-/.](?P<mo>\d\d)[-/.](?P<d>\d\d)\b" + _NO_CLOCK),
    re.compile(_BEFORE_DATE + r"(?P<a>\d{1,2})(?P<by>[-/.])(?P<b>\d{1,2})(?P=by)(?P<y>\d{4})\b" + _NO_CLOCK),
    re.compile(_BEFORE_DATE + r"(?P<d>\d{1,2})[- /]" + _MONTH + r"[- /](?P<y>\d{4})\b" + _NO_CLOCK),
    re.compile(_MONTH + r" (?P<d>\d{1,2}), (?P<y>\d{4}),? (?:at )?" + _CLOCK + _HALF + _ZONE),
    re.compile(r"(?<!\d)(?P<y>\d{4})\.(?P<mo>\d\d)\.(?P<d>\d\d)[T _-]{1,3}" + _CLOCK + _ZONE),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})(?P<by>-)(?P<b>\d{1,2})-(?P<y>\d{4})[T ,]{1,2}" + _CLOCK + _ZONE),
    re.compile(r"(?<!\d)(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)[T _-]" + _CLOCK + _ZONE),
    re.compile(r"(?<!\w)(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)T(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)(?!\d)(?:[.,](?P<f>\d{1,9}))?" + _ZONE),
    re.compile(r"^\[(?P<epoch>\d{10}(?:\.\d{1,9})?)\] "),
    re.compile(r"^@(?P<tai>4[0-9a-f]{15})[0-9a-f]{8} "),
    re.compile(r"^(?P<d>\d\d)-" + _MONTH + r" (?P<h>\d\d):(?P<m>\d\d) "),
)  # fmt: skip
"""ISO 8601, Go and svlogd; Apache, PHP, Tomcat; syslog, the journal, ctime; old MariaDB; two-digit years; slashes and dots; Zabbix; glog; Unix
time; the clock before the date, three ways; java.util.logging; dots from the year on; dashes from the day on; dates
without marks; Nagios; TAI64N of multilog; Bacula, without seconds.

A line without a match of _HINT is not searched: a new form must hold one of its alternatives, or add one.
"""

_HINT: Final = re.compile(r"\d\d?:\d\d:\d\d|\d{10}|\d{8}(?::|T)\d{6}|^@4|^\d\d-[^\W\d_]{3,5}\.? \d\d:")
"""What every form holds: one search for this spares the others for most lines."""


def parse_timestamp(line: str, now: float | None = None) -> Timestamp | None:
    """Parse the first timestamp near the beginning of a line; None where there is none. Never raises.

    `now`, in seconds since 1970, dates a timestamp that has no year: it is the last such day that is not in the future.

    >>> parse_timestamp("[2026-11-23 22:23:21,200] ERROR ...").iso, parse_timestamp("I1123 22:00:00.1 x", 1795459202.0).iso
    ('2026-11-23T22:23:21.200', '2026-11-23T22:00:00.100')
    >>> parse_timestamp("now=2026-11-23T22:00:00Z t=2026-11-23T22:00:01Z level=error").iso
    '2026-11-23T22:00:01Z'
    >>> parse_timestamp("23/Nov/2026:23:23:21 +0100").iso
    '2026-11-23T22:23:21Z'
    """
    head = line if line[:1] == "{" else line[: MAX_OFFSET_CHARS + 40]
    if not _HINT.search(head):
        return None
    if "now=" in head:
        head = _TIME_SPOKEN_OF.sub("", head)
    matches = []
    for form in FORMS:
        match = form.search(head)
        if match and (match.start() <= MAX_OFFSET_CHARS or line[:1] == "{"):
            matches.append(match)
            if match.start() <= _OWN_OFFSET_CHARS:
                break
    for match in sorted(matches, key=lambda match: match.start()):
        timestamp = None if _is_value(head, match.start()) else _timestamp_of(match, now)
        if timestamp is not None:
            return timestamp
    return None


_TIME_SPOKEN_OF: Final = re.compile(r"\bnow=\"?[\d:.TZ+-]{8,40}")
"""A time in logfmt for which something was to be done, besides the time of the line."""
_PRINTED: Final = re.compile(r'\[1\] "')
"""How R begins a line that it prints."""


def _is_value(line: str, start: int) -> bool:
    """Whether what looks like a timestamp is a value of a statement, as in `updated_at = '2026-11-23 22:00:00'`, or signs a change."""
    if start == 0 or line[:1] == "{":
        return False
    before = line[:start]
    is_quoted = before.endswith("'") or (before.endswith(' "') and not _PRINTED.fullmatch(before))
    return is_quoted or _SIGNATURE.search(before) is not None


MAX_ZONE_SECONDS: Final = 15 * 3600
ZONE_STEP_SECONDS: Final = 900
SAME_MOMENT_SECONDS: Final = 120


def better_timestamp(own: Timestamp | None, outer: Timestamp | None) -> Timestamp | None:
    """Of a line's own timestamp and that of its wrapper the one that says more: a year first, then a zone.

    The wrapper's zone counts only where both can be one instant in two zones: a collector may come late.

    >>> own, outer = parse_timestamp("2026-11-23 23:00:00 x"), parse_timestamp("2026-11-23T22:00:00.5Z")
    >>> better_timestamp(own, outer).iso
    '2026-11-23T22:00:00.500Z'
    """
    if own is None or outer is None:
        return own or outer
    if own.year_guessed != outer.year_guessed:
        return outer if own.year_guessed else own
    if own.zoned or not outer.zoned:
        return own
    apart = abs(own.clock_seconds - outer.clock_seconds)
    remainder = min(apart % ZONE_STEP_SECONDS, -apart % ZONE_STEP_SECONDS)
    is_same = apart <= MAX_ZONE_SECONDS and remainder <= SAME_MOMENT_SECONDS
    return outer if is_same else own


def _timestamp_of(match: re.Match[str], now: float | None) -> Timestamp | None:
    fields = match.groupdict()
    try:
        if fields.get("tai"):
            return Timestamp(datetime.fromtimestamp(int(fields["tai"], 16) - _TAI_SECONDS, UTC), zoned=True)
        if fields.get("epoch"):
            digits = fields["epoch"]
            seconds = float(digits) / (1000 if len(digits) == 13 else 1)
            return Timestamp(datetime.fromtimestamp(seconds, UTC), zoned=True, decimals=3)
        fraction = fields.get("f") or ""
        month, day = _month_and_day(fields)
        hour = (
            int(fields["h"]) % 12 + (12 if fields["half"] in _AFTER_NOON else 0)
            if fields.get("half")
            else int(fields["h"])
        )
        local = datetime(  # noqa: DTZ001 - the zone, where there is one, is applied below
            _year(fields.get("y"), month, day, now), month, day, hour, int(fields["m"]), min(int(fields.get("s") or 0), 59),
            int(fraction[:6].ljust(6, "0") or 0),
        )  # fmt: skip
        zone, is_guessed = _zone(fields.get("z")), not fields.get("y")
        if zone is None:
            order = _day_order(fields)
            return Timestamp(
                local, zoned=False, decimals=len(fraction), year_guessed=is_guessed,
                is_ambiguous=order is None and fields.get("by") == "/" and day != month, is_day_first=order,
            )  # fmt: skip
        offset_seconds = (zone.utcoffset(None) or timedelta()).total_seconds()
        local = local.replace(tzinfo=zone).astimezone(UTC)
        return Timestamp(
            local, zoned=True, decimals=len(fraction), offset_seconds=offset_seconds, year_guessed=is_guessed
        )
    except (ValueError, OverflowError, OSError):
        return None


def _month_and_day(fields: dict[str, str | None]) -> tuple[int, int]:
    """Month and day. Slashes are read the American way unless that is impossible, dots and dashes the European way."""
    if fields.get("mon"):
        return _MONTHS[(fields["mon"] or "").lower()], int(fields["d"] or 0)
    if fields.get("a"):
        first, second = int(fields["a"] or 0), int(fields["b"] or 0)
        return (second, first) if fields["by"] in {".", "-"} or first > 12 else (first, second)
    return int(fields["mo"] or 0), int(fields["d"] or 0)


def _day_order(fields: dict[str, str | None]) -> bool | None:
    """Whether the day stands before the month between slashes; None where both orders are possible, or there are no slashes."""
    if fields.get("by") != "/":
        return None
    first, second = int(fields["a"] or 0), int(fields["b"] or 0)
    return None if max(first, second) <= 12 else first > 12


def _year(text: str | None, month: int, day: int, now: float | None) -> int:
    if text:
        return int(text) + (2000 if len(text) == 2 else 0)
    if now is None:
        raise ValueError("a day without a year")
    tomorrow = datetime.fromtimestamp(now, UTC) + timedelta(days=1)
    return tomorrow.year - ((month, day) > (tomorrow.month, tomorrow.day))


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)
