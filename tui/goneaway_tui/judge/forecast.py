"""Closings ahead: how many sessions the server will close, and when."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Snapshot, Verdict

HORIZONS = ((60.0, 6), (600.0, 5), (3600.0, 7), (28_800.0, 24))
"""Each stretch of the time ahead: where it ends in seconds, and how many equal buckets it is cut into."""

BEFORE_ANY_SESSION = -1
"""Less than any session's number."""


@dataclass(frozen=True, slots=True)
class BucketRange:
    """Equal buckets between two distances in time."""

    start: float
    end: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many close when; overdue ones count as now."""

    ranges: tuple[BucketRange, ...]
    later: int
    """Closings later than the last stretch."""
    first_to_close: Verdict | None
    """The session that closes first."""


def closing_forecast(
    snapshot: Snapshot, now: float, horizons: Iterable[tuple[float, int]] = HORIZONS
) -> Forecast:
    """The closings ahead of `now`, each counted once."""
    deadlines = snapshot.totals.deadlines
    stretches, start, passed = [], 0.0, 0
    for end, buckets in horizons:
        counts = []
        for bucket in range(1, buckets + 1):
            edge = start + (end - start) * bucket / buckets
            before = bisect_left(deadlines, (now + edge, BEFORE_ANY_SESSION))
            counts.append(before - passed)
            passed = before
        stretches.append(BucketRange(start, end, tuple(counts)))
        start = end
    return Forecast(tuple(stretches), len(deadlines) - passed, next(in_closing_order(snapshot), None))


def in_closing_order(snapshot: Snapshot) -> Iterator[Verdict]:
    """The sessions whose deadline is known, the soonest first. Logins are left out: nearly all of them finish."""
    for _deadline, number in snapshot.totals.deadlines:
        verdict = snapshot.by_id[ProcesslistId(number)]
        if verdict.session.role is not Role.LOGIN:
            yield verdict


def summed_forecast(forecasts: Iterable[Forecast]) -> Forecast:
    """Those of several servers added up; all are cut into the same stretches, and there is at least one."""
    each = list(forecasts)
    stretches = (
        BucketRange(
            alike[0].start, alike[0].end, tuple(map(sum, zip(*(s.counts for s in alike), strict=True)))
        )
        for alike in zip(*(one.ranges for one in each), strict=True)
    )
    first = min(
        (one.first_to_close for one in each if one.first_to_close is not None),
        key=lambda v: v.deadline or 0.0,
        default=None,
    )
    return Forecast(tuple(stretches), sum(one.later for one in each), first)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another idle limit would do to the sessions that idle now, if they went on idling; each figure holds the one before."""

    seconds: float
    """The limit."""
    idle: int
    """Idle client sessions, ours aside, whose waits are known in length."""
    by_now: int
    """Would be gone already."""
    within_minute: int
    within_hour: int


def what_if(verdicts: Iterable[Verdict], now: float, seconds: float) -> WhatIf:
    """How many of the idle sessions a limit of `seconds` would close by now, within a minute and within an hour."""
    known = [
        age
        for v in verdicts
        if v.session.is_idle and not v.session.own and (age := v.idle_seconds(now)) is not None
    ]
    by_now, minute, hour = (sum(age + ahead > seconds for age in known) for ahead in (0.0, 60.0, 3600.0))
    return WhatIf(seconds, len(known), by_now, minute, hour)


def already_closed(verdicts: Iterable[Verdict], now: float, seconds: float) -> int:
    """How many of the idle client sessions have idled longer than `seconds`: with that limit they would be gone.

    Ours are left out, and so is whoever has an idle wait of unknown beginning.
    """
    return what_if(verdicts, now, seconds).by_now
