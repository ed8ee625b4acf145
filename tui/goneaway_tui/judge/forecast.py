"""The forecast: how many sessions the server will close, and when; and what another limit would close."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Snapshot, Verdict

HORIZONS = ((60.0, 12), (600.0, 10), (3600.0, 8), (28_800.0, 10))
"""Each range of the time ahead: where it ends in seconds, and into how many buckets it is divided."""
FIRST_RANGE_RATIO = 32.0
"""How many times longer the first range is than its first bucket would be if it had no bucket for the time before."""

BEFORE_ANY_SESSION = -1
"""Less than any session id: sorts before every session of the same deadline."""


@dataclass(frozen=True, slots=True)
class BucketRange:
    """How many sessions close in each of several buckets between `start` and `end`, in seconds from now."""

    start: float
    end: float
    counts: tuple[int, ...]

    @property
    def edges(self) -> list[float]:
        """Where each bucket ends, in seconds from now."""
        return bucket_edges(self.start, self.end, len(self.counts))


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many sessions close when; overdue sessions count as closing now."""

    ranges: tuple[BucketRange, ...]
    later: int
    """Closings after the last range."""
    first_to_close: Verdict | None
    """The session that closes first."""


def bucket_edges(start: float, end: float, buckets: int) -> list[float]:
    """Where each bucket of a range ends: the buckets become longer by the same factor, as the time ahead is less urgent.

    >>> [round(edge) for edge in bucket_edges(600.0, 3600.0, 3)], [round(edge) for edge in bucket_edges(0.0, 60.0, 5)]
    ([1090, 1981, 3600], [4, 8, 15, 30, 60])
    """
    ratio = end / start if start else FIRST_RANGE_RATIO
    return [*(end * ratio ** (bucket / buckets - 1) for bucket in range(1, buckets)), end]


def closing_forecast(
    snapshot: Snapshot, now: float, horizons: Iterable[tuple[float, int]] = HORIZONS
) -> Forecast:
    """The closings ahead of `now`, each counted once."""
    deadlines = snapshot.totals.deadlines
    ranges, start, counted = [], 0.0, 0
    for end, buckets in horizons:
        counts = []
        for edge in bucket_edges(start, end, buckets):
            before = bisect_left(deadlines, (now + edge, BEFORE_ANY_SESSION))
            counts.append(before - counted)
            counted = before
        ranges.append(BucketRange(start, end, tuple(counts)))
        start = end
    return Forecast(tuple(ranges), len(deadlines) - counted, next(in_closing_order(snapshot), None))


def in_closing_order(snapshot: Snapshot) -> Iterator[Verdict]:
    """The sessions whose deadline is known, the soonest first. Logins are left out: nearly all of them are completed."""
    for _deadline, number in snapshot.totals.deadlines:
        verdict = snapshot.by_id[ProcesslistId(number)]
        if verdict.session.role is not Role.LOGIN:
            yield verdict


def summed_forecast(forecasts: Iterable[Forecast]) -> Forecast:
    """The sum of the forecasts of several servers: at least one, all with the same ranges."""
    summands = list(forecasts)
    ranges = (
        BucketRange(
            same_range[0].start,
            same_range[0].end,
            tuple(map(sum, zip(*(part.counts for part in same_range), strict=True))),
        )
        for same_range in zip(*(forecast.ranges for forecast in summands), strict=True)
    )
    candidates = (f.first_to_close for f in summands if f.first_to_close is not None)
    first = min(candidates, key=lambda v: v.deadline or 0.0, default=None)
    return Forecast(tuple(ranges), sum(forecast.later for forecast in summands), first)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another idle limit would do to the sessions that are idle now, if they stay idle; each figure includes the one before."""

    seconds: float
    """The limit."""
    idle: int
    """Idle client sessions whose idle time is known, our own left out."""
    by_now: int
    """The limit would have closed them already."""
    within_minute: int
    within_hour: int


def what_if(verdicts: Iterable[Verdict], now: float, seconds: float) -> WhatIf:
    """How many of the idle sessions a limit of `seconds` would close by now, within a minute and within an hour."""
    idle_times = [
        idle_seconds
        for v in verdicts
        if v.session.is_idle and not v.session.own and (idle_seconds := v.idle_seconds(now)) is not None
    ]
    by_now, minute, hour = (
        sum(idle_seconds + ahead > seconds for idle_seconds in idle_times) for ahead in (0.0, 60.0, 3600.0)
    )
    return WhatIf(seconds, len(idle_times), by_now, minute, hour)


def already_closed(verdicts: Iterable[Verdict], now: float, seconds: float) -> int:
    """How many idle client sessions have been idle longer than `seconds`: that limit would have closed them.

    Our own sessions are left out, and those whose idle time is not known.
    """
    return what_if(verdicts, now, seconds).by_now
