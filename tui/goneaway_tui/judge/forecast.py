"""Closings ahead: how many sessions the server will close, and when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from goneaway_tui.model.snapshot import Verdict

HORIZONS = ((60.0, 6), (600.0, 5), (3600.0, 7), (28_800.0, 24))
"""Each stretch of the time ahead: where it ends in seconds, and how many equal buckets it is cut into."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Equal buckets between two distances in time."""

    start: float
    end: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many close when; overdue ones count as now."""

    stretches: tuple[Stretch, ...]
    beyond: int
    """Closings later than the last stretch."""
    next: Verdict | None
    """Who closes first."""


def closings(
    verdicts: Sequence[Verdict], now: float, horizons: Iterable[tuple[float, int]] = HORIZONS
) -> Forecast:
    """The closings ahead of `now`, each counted once."""
    edges: list[float] = []
    cuts: list[tuple[float, float, int]] = []
    start = 0.0
    for end, buckets in horizons:
        edges.extend(start + (end - start) * i / buckets for i in range(1, buckets + 1))
        cuts.append((start, end, buckets))
        start = end
    counts = [0] * (len(edges) + 1)
    first: Verdict | None = None
    for verdict in verdicts:
        if verdict.deadline is None:
            continue
        counts[bisect_right(edges, max(0.0, verdict.deadline - now))] += 1
        if first is None or first.deadline is None or verdict.deadline < first.deadline:
            first = verdict
    stretches, at = [], 0
    for begin, end, buckets in cuts:
        stretches.append(Stretch(begin, end, tuple(counts[at : at + buckets])))
        at += buckets
    return Forecast(tuple(stretches), counts[-1], first)


def already_closed(verdicts: Iterable[Verdict], now: float, seconds: float) -> int:
    """How many of the idle client sessions have idled longer than `seconds`: with that limit they would be gone.

    Ours are left out, and so is whoever has an idle wait of unknown beginning.
    """
    return sum(
        (v.idle_seconds(now) or 0.0) > seconds for v in verdicts if v.session.is_idle and not v.session.own
    )
