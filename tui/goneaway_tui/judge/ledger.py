"""What happened while watching.

The ledger has every departure, the newest first, with totals by cause, user, program and host; the trend has how many sessions
there were.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from goneaway_tui.i18n import N_
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot

DEFAULT_KEPT = 10_000
"""How many departures are kept one by one by default; the totals count all."""
MAX_NAMES = 1_000
"""How many different users, programs or hosts are counted by name. A bound: clients choose their program names."""
ALL_OTHERS, UNNAMED = N_("(all others)"), N_("(none)")
"""The totals of all names above MAX_NAMES, and of sessions without a name; shown with `_`."""

TOTAL_KEYS: Mapping[str, Callable[[Departure], str]] = {
    "cause": lambda d: d.cause.value,
    "user": lambda d: d.verdict.session.user,
    "program": lambda d: d.verdict.session.program or UNNAMED,
    "host": lambda d: d.verdict.session.client_host or UNNAMED,
}
"""What departures are counted by: the name of a total, and the key of a departure in it."""


class Ledger:
    """The departures of one run; grows as sessions end."""

    def __init__(self, departures: Iterable[Departure] = (), limit: int = DEFAULT_KEPT) -> None:
        """`departures`: the oldest first. `limit`: how many to keep one by one."""
        self._kept: deque[Departure] = deque(maxlen=limit)
        self._past: tuple[Departure, ...] = ()
        self._totals: dict[str, Counter[str]] = {name: Counter() for name in TOTAL_KEYS}
        self.add(departures)

    def add(self, departures: Iterable[Departure]) -> None:
        """Append departures, the oldest first."""
        for departure in departures:
            self._kept.append(departure)
            for name, key in TOTAL_KEYS.items():
                total, counted_as = self._totals[name], key(departure)
                is_named = counted_as in total or len(total) < MAX_NAMES
                total[counted_as if is_named else ALL_OTHERS] += 1

    def set_past(self, departures: Sequence[Departure]) -> None:
        """The sessions that ended before the first reading, the oldest first. They are listed, and in no total."""
        self._past = tuple(departures)

    def __iter__(self) -> Iterator[Departure]:
        """The departures that are kept, the newest first; last those before the first reading."""
        return chain(reversed(self._kept), reversed(self._past))

    def __len__(self) -> int:
        """How many departures there were, also those no longer kept."""
        return self._totals["cause"].total() + len(self._past)

    def totals(self, name: str) -> list[tuple[str, int]]:
        """How many by one of TOTALS, the most first."""
        return sorted(self._totals[name].items(), key=lambda total: (-total[1], total[0]))


TREND_SECONDS = 3600
"""How far back a trend goes."""
POINT_SECONDS = 10
"""How long the time is that one point of a trend stands for."""


class TrendPoint(NamedTuple):
    """The highest numbers of sessions in one stretch of time; None where they were not known."""

    at: float
    """The instant of the newest snapshot in it."""
    connections: int
    idle: int
    blocked: int | None
    """Sessions that waited for a lock."""


class TrendLevels(NamedTuple):
    """The highest numbers in each of several equal stretches up to the newest point; None where none was read."""

    seconds: float
    """How long all stretches are together."""
    connections: tuple[int | None, ...]
    idle: tuple[int | None, ...]
    blocked: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """How many sessions there were in the last hour: at most 361 points, the oldest first."""

    points: tuple[TrendPoint, ...] = ()

    def with_snapshot(self, snapshot: Snapshot) -> Trend:
        """The trend with a snapshot more. Points later than the snapshot are left out: the clock, or the replay, was set back."""
        at, waits = snapshot.taken_at, snapshot.sample.lock_waits
        blocked = None if waits is None else len(waits)
        point = TrendPoint(at, snapshot.connected, snapshot.totals.idle, blocked)
        kept = [before for before in self.points if at - TREND_SECONDS <= before.at <= at]
        if kept and kept[-1].at // POINT_SECONDS == at // POINT_SECONDS:
            point = _higher(kept.pop(), point)
        return Trend((*kept, point))

    def followed_by(self, later: Trend) -> Trend:
        """The trend with those points of another that are later than its own."""
        newest = self.points[-1].at if self.points else float("-inf")
        return Trend((*self.points, *(point for point in later.points if point.at > newest)))

    def levels(self, number: int) -> TrendLevels:
        """The trend in `number` stretches: of an hour, or of the time since its first point where that is shorter."""
        if not self.points:
            return TrendLevels(0.0, (), (), ())
        newest = self.points[-1].at
        seconds = min(TREND_SECONDS, max(newest - self.points[0].at, number * POINT_SECONDS))
        stretches: list[TrendPoint | None] = [None] * number
        for point in self.points:
            index = min(number - 1, int((point.at - (newest - seconds)) / seconds * number))
            if index >= 0:
                before = stretches[index]
                stretches[index] = point if before is None else _higher(before, point)
        return TrendLevels(
            seconds,
            tuple(point and point.connections for point in stretches),
            tuple(point and point.idle for point in stretches),
            tuple(point and point.blocked for point in stretches),
        )

    def covers(self, since: float) -> bool:
        """Whether it goes back to an instant, or for an hour."""
        return bool(self.points) and (
            self.points[0].at <= max(since, self.points[-1].at - TREND_SECONDS) + 2 * POINT_SECONDS
        )


def _higher(before: TrendPoint, after: TrendPoint) -> TrendPoint:
    blocked = [number for number in (before.blocked, after.blocked) if number is not None]
    return TrendPoint(
        after.at,
        max(before.connections, after.connections),
        max(before.idle, after.idle),
        max(blocked, default=None),
    )
