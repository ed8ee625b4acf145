"""Reuse gaps: how long sessions were idle before they ran something again, counted from snapshot to snapshot.

A gap is counted in one bucket of a fixed table, once, for the user and program of its session and the day on which it ended.
Where the server does not time it, only two bounds of it are known: the session was still idle at the snapshot before, and had run
something by this one. Beside the gaps it is counted how many sessions a shorter limit would have closed: at each snapshot, how
many are idle for longer than each limit of a ladder.

A recording writes the fields of ReuseGaps and GroupGaps by their names: renaming one changes its format.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from goneaway_tui.i18n import _
from goneaway_tui.model.as_json import MAX_INSTANT, UnfitRecord, unpacker
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import is_same_run
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Snapshot, Verdict

DAY_SECONDS = 86_400

GAP_EDGES: tuple[int, ...] = (
    *range(120),
    *range(120, 600, 5),
    *range(600, 3_600, 30),
    *range(3_600, 21_600, 180),
    *range(21_600, DAY_SECONDS, 900),
    *range(DAY_SECONDS, 7 * DAY_SECONDS, 7_200),
    *range(7 * DAY_SECONDS, 366 * DAY_SECONDS, DAY_SECONDS // 2),
)
"""Where each bucket begins, in seconds: a second each up to two minutes, then about a twentieth of the gap, and half a day from
a week on. The first bucket holds all gaps below a second."""

LIMIT_LADDER: tuple[int, ...] = (
    10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1_200, 1_800, 2_700, 3_600, 5_400, 7_200, 10_800,
    14_400, 21_600, 28_800, 43_200, 64_800, 86_400, 129_600, 172_800, 259_200, 345_600, 604_800, 1_209_600, 2_592_000,
    7_776_000, 31_536_000,
)  # fmt: skip
"""Limits that people set, in seconds. Each is the edge of a bucket, so the reuses that it would cut are counted exactly."""

MAX_GROUPS = 100
"""Users and programs that are counted separately; the gaps of all others are counted together."""
MAX_DAYS = 370
"""Days that are counted separately; the oldest is added to the next."""
OTHER = "other"
"""Stands for user and program of the groups above MAX_GROUPS."""
KILLED = "Killed"
"""The command of a session that a KILL is about to end: it runs nothing."""
IDLE_TIME_SLACK = 0.05
"""Seconds by which two readings of one idle time may differ."""
MAX_WIDTH, MAX_WIDTH_SHARE = 5.0, 0.1
"""A gap whose bounds are further apart than so many seconds, and than this share of the gap, is not measured."""
PAUSE_SECONDS = 3_660.0
"""Between two snapshots further apart than this the server was not observed."""


class GroupKey(NamedTuple):
    """The sessions that are counted together."""

    user: str
    program: str
    """Empty where the client names none."""


class FreedSessions(NamedTuple):
    """Sessions that a limit would have closed."""

    mean: float
    peak: int


@dataclass(frozen=True, slots=True)
class GroupGaps:
    """The gaps of one group on one day."""

    user: str
    program: str
    day: int
    """Days since 1970-01-01 UTC."""
    sessions: int = 0
    """Sessions that were first seen on that day."""
    at_most: tuple[tuple[int, int], ...] = ()
    """Buckets of the gaps' upper bounds, by index into GAP_EDGES, and how many gaps each holds."""
    at_least: tuple[tuple[int, int], ...] = ()
    """The same of their lower bounds; a gap that the server timed has both in one bucket."""
    longest: float = 0.0
    """The largest upper bound in seconds."""
    unmeasured: int = 0
    """Reuses after a gap of which too little is known: the server was read too seldom."""
    timed_out: int = 0
    """Sessions that the server closed after an idle time: it is not known when they would have been used again."""
    timed_out_after: float | None = None
    """The shortest idle time of those, in seconds."""
    client: str = ""
    """The client library, as a session of the group named it last."""
    in_transaction: tuple[tuple[int, int], ...] = ()
    """As `at_most`, of the gaps within an open transaction alone."""
    total_seconds: float = 0.0
    """The sum of the upper bounds."""

    @property
    def key(self) -> GroupKey:
        return GroupKey(self.user, self.program)

    @property
    def reuses(self) -> int:
        return sum(count for _bucket, count in self.at_most)

    def cut(self, limit_seconds: float) -> int:
        """How many reuses would have met a closed connection under this limit; where a bound leaves it open, they count."""
        first = bucket_of(limit_seconds)
        return sum(count for bucket, count in self.at_most if bucket >= first)

    def transactions_cut(self, limit_seconds: float) -> int:
        """How many of them were within an open transaction."""
        first = bucket_of(limit_seconds)
        return sum(count for bucket, count in self.in_transaction if bucket >= first)

    def certainly_cut(self, limit_seconds: float) -> int:
        """The same without those that a bound leaves open."""
        first = bisect_left(GAP_EDGES, limit_seconds)
        return sum(count for bucket, count in self.at_least if bucket >= first)

    def quantile(self, share: float) -> float | None:
        """The gap that this share of the reuses does not exceed, rounded up to the end of its bucket; None without reuses."""
        counts = sorted(self.at_most)
        wanted = share * sum(count for _bucket, count in counts)
        for (bucket, _count), total in zip(
            counts, accumulate(count for _bucket, count in counts), strict=True
        ):
            if total >= wanted:
                return min(self.longest, float(bucket_end(bucket)))
        return None


@dataclass(frozen=True, slots=True)
class ReuseGaps:
    """What was counted in a stretch of time, or in several."""

    began: float
    """The first snapshot and the last, seconds since 1970 UTC."""
    ended: float
    seconds: float = 0.0
    """How long the server was observed between them."""
    groups: tuple[GroupGaps, ...] = ()
    freed: tuple[tuple[int, float, int], ...] = ()
    """For each limit of LIMIT_LADDER: the limit, for how many seconds sessions were idle beyond it (the sum over all), and
    how many were at the same time, at most."""

    @property
    def sessions(self) -> int:
        return sum(group.sessions for group in self.groups)

    @property
    def reuses(self) -> int:
        return sum(group.reuses for group in self.groups)

    def by_group(self) -> tuple[GroupGaps, ...]:
        """Each group with all its days as one, the group with the most reuses first."""
        tallies: dict[GroupKey, Tally] = {}
        for group in self.groups:
            tallies.setdefault(group.key, Tally()).add(group)
        summed = [tally.frozen(key, 0) for key, tally in tallies.items()]
        return tuple(sorted(summed, key=lambda group: (-group.reuses, -group.sessions, group.key)))

    def freed_under(self, limit_seconds: float) -> FreedSessions:
        """How many sessions would not have been open; for a limit between two of the ladder, those of the larger."""
        for limit, idle_seconds, peak in self.freed:
            if limit >= limit_seconds:
                return FreedSessions(idle_seconds / self.seconds if self.seconds else 0.0, peak)
        return FreedSessions(0.0, 0)


def bucket_of(seconds: float) -> int:
    """The bucket of a gap, by index into GAP_EDGES.

    >>> bucket_of(0.4), bucket_of(4.2), GAP_EDGES[bucket_of(7_300)]
    (0, 4, 7200)
    """
    return max(0, bisect_right(GAP_EDGES, seconds) - 1)


def bucket_end(bucket: int) -> int:
    """Where a bucket ends, in seconds."""
    return GAP_EDGES[min(bucket + 1, len(GAP_EDGES) - 1)]


def merged(counted: Iterable[ReuseGaps]) -> ReuseGaps | None:
    """The sum of what was counted in several stretches of time, of one server or more; None of nothing."""
    tallies: dict[tuple[GroupKey, int], Tally] = {}
    idle_seconds, peaks = Counter[int](), Counter[int]()
    began, ended, observed = math.inf, -math.inf, 0.0
    for stretch in counted:
        began, ended = min(began, stretch.began), max(ended, stretch.ended)
        observed += stretch.seconds
        for group in stretch.groups:
            tallies.setdefault((group.key, group.day), Tally()).add(group)
        for limit, seconds, peak in stretch.freed:
            idle_seconds[limit] += seconds  # type: ignore[assignment]  # a sum, whatever a Counter is made for
            peaks[limit] = max(peaks[limit], peak)
    if began > ended:
        return None
    return ReuseGaps(
        began,
        ended,
        observed,
        tuple(tally.frozen(key, day) for (key, day), tally in tallies.items()),
        tuple((limit, idle_seconds[limit], peaks[limit]) for limit in sorted(peaks)),
    )


def unpack_gaps(raw: object) -> ReuseGaps:
    """What was counted, from JSON. Raises UnfitRecord for anything that no counter writes."""
    gaps: ReuseGaps = unpacker(ReuseGaps)(raw)
    figures = (gaps.seconds, *(figure for row in gaps.freed for figure in row))
    is_fit = 0 <= gaps.began <= gaps.ended < MAX_INSTANT and min(figures) >= 0 and gaps.seconds < MAX_INSTANT
    if not is_fit or not all(map(_is_plausible, gaps.groups)):
        raise UnfitRecord(_("the counts of idle gaps are not valid"))
    return gaps


def _is_plausible(group: GroupGaps) -> bool:
    """Whether a counter can have come to such figures."""
    buckets = (*group.at_most, *group.at_least, *group.in_transaction)
    counts = (
        group.sessions,
        group.unmeasured,
        group.timed_out,
        group.total_seconds,
        *(n for _b, n in buckets),
    )
    return (
        min(counts) >= 0
        and all(0 <= bucket < len(GAP_EDGES) for bucket, _count in buckets)
        and 0 <= group.longest < MAX_INSTANT
        and 0 <= (group.timed_out_after or 0.0) < MAX_INSTANT
        and 0 <= group.day < MAX_INSTANT // DAY_SECONDS
    )


@dataclass(slots=True)
class Tally:
    """The counts of one group, while they grow."""

    sessions: int = 0
    at_most: Counter[int] = field(default_factory=Counter)
    at_least: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0
    unmeasured: int = 0
    timed_out: int = 0
    timed_out_after: float | None = None
    client: str = ""
    in_transaction: Counter[int] = field(default_factory=Counter)
    total_seconds: float = 0.0

    def count(self, lower: float, upper: float, *, in_transaction: bool = False) -> None:
        """Count a gap between two bounds, in seconds."""
        if upper - lower > max(MAX_WIDTH, MAX_WIDTH_SHARE * upper):
            self.unmeasured += 1
            return
        self.at_most[bucket_of(upper)] += 1
        self.at_least[bucket_of(lower)] += 1
        self.longest = max(self.longest, upper)
        self.total_seconds += upper
        if in_transaction:
            self.in_transaction[bucket_of(upper)] += 1

    def time_out(self, idle_seconds: float | None, times: int = 1) -> None:
        """Count sessions that the server closed after an idle time."""
        self.timed_out += times
        if idle_seconds is not None:
            self.timed_out_after = min(idle_seconds, self.timed_out_after or idle_seconds)

    def add(self, other: GroupGaps) -> None:
        """Add what was counted elsewhere."""
        self.sessions += other.sessions
        self.at_most.update(dict(other.at_most))
        self.at_least.update(dict(other.at_least))
        self.longest = max(self.longest, other.longest)
        self.unmeasured += other.unmeasured
        self.time_out(other.timed_out_after, other.timed_out)
        self.client = other.client or self.client
        self.in_transaction.update(dict(other.in_transaction))
        self.total_seconds += other.total_seconds

    def frozen(self, key: GroupKey, day: int) -> GroupGaps:
        return GroupGaps(
            *key,
            day,
            self.sessions,
            tuple(sorted(self.at_most.items())),
            tuple(sorted(self.at_least.items())),
            round(self.longest, 3),
            self.unmeasured,
            self.timed_out,
            self.timed_out_after,
            self.client,
            tuple(sorted(self.in_transaction.items())),
            round(self.total_seconds, 3),
        )


class ReuseCounter:
    """Counts what one snapshot after another shows. It looks at the sessions that changed, and may be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._previous: Snapshot | None = None
        self._idle_since: list[float] = []
        """Since when each idle session has been idle, in order."""
        self._names: set[GroupKey] = set()
        self._start(None)

    def _start(self, at: float | None) -> None:
        self._began = at
        self._ended = 0.0 if at is None else at
        self._seconds = 0.0
        self._tallies: dict[tuple[GroupKey, int], Tally] = {}
        self._idle_seconds = [0.0] * len(LIMIT_LADDER)
        self._peaks = [0] * len(LIMIT_LADDER)

    def observe(self, snapshot: Snapshot, departed: Sequence[Departure] = ()) -> None:
        """Count what happened since the snapshot before. `departed`: the sessions that ended since."""
        with self._lock:
            before, self._previous = self._previous, snapshot
            if self._began is None:
                self._start(snapshot.taken_at)
            if before is None or not is_same_run(before.sample, snapshot.sample):
                self._idle_since = sorted(filter(None, map(_idle_start, snapshot.verdicts)))
                opened: Iterable[Verdict] = snapshot.verdicts
            else:
                opened = self._compare(before, snapshot)
            for verdict in opened:
                self._count_session(verdict, snapshot.taken_at)
            for departure in departed:
                if departure.cause is Cause.IDLE_TIMEOUT and _is_counted(departure.verdict.session):
                    self._tally(departure.verdict.session, departure.at).time_out(departure.idle_seconds)
            self._pass_time(snapshot.taken_at)

    def counted(self) -> ReuseGaps | None:
        """What was counted so far; None before the first snapshot."""
        with self._lock:
            return self._counted()

    def take(self) -> ReuseGaps | None:
        """The same, and count from zero from here on. The sessions that are open stay known."""
        with self._lock:
            counted = self._counted()
            self._start(self._ended if self._previous is not None else None)
            return counted

    def _counted(self) -> ReuseGaps | None:
        if self._began is None:
            return None
        return ReuseGaps(
            self._began,
            self._ended,
            round(self._seconds, 3),
            tuple(tally.frozen(key, day) for (key, day), tally in self._tallies.items()),
            tuple(
                (limit, round(seconds, 3), peak)
                for limit, seconds, peak in zip(LIMIT_LADDER, self._idle_seconds, self._peaks, strict=True)
            ),
        )

    def _compare(self, before: Snapshot, after: Snapshot) -> list[Verdict]:
        """Count the sessions that changed; return those that are new."""
        removed, added = after.removed, after.added
        if removed is None:  # of a recording
            removed, added = _differences(before, after)
        remaining, opened = {verdict.session.id: verdict for verdict in removed}, []
        for verdict in added:
            earlier = remaining.pop(verdict.session.id, None)
            if earlier is None:
                opened.append(verdict)
                self._note_idle(verdict)
            elif earlier.session is not verdict.session:
                self._count_change(earlier.session, verdict.session, before.taken_at, after.taken_at)
                self._forget_idle(earlier)
                self._note_idle(verdict)
        for verdict in remaining.values():
            self._forget_idle(verdict)
        return opened

    def _count_change(self, before: Session, after: Session, seen_at: float, now: float) -> None:
        if not _is_counted(after):
            return
        in_transaction = before.transaction is not None
        was_busy = before.busy_since is not None and after.gaps != before.gaps
        if after.gaps and (was_busy or has_run(before, after, seen_at)):
            for index, gap in enumerate(after.gaps):
                within = in_transaction and index == 0 and not was_busy
                self._tally(after, now).count(gap, gap, in_transaction=within)
        elif before.idle_since is not None and has_run(before, after, seen_at):
            slack = max(before.idle_within, after.idle_within)
            ran_by = min(now, after.busy_since or after.idle_since or now)
            lower = max(0.0, seen_at - before.idle_since - slack)
            upper = max(lower, ran_by - before.idle_since + slack)
            self._tally(after, now).count(lower, upper, in_transaction=in_transaction)

    def _count_session(self, verdict: Verdict, now: float) -> None:
        if _is_counted(verdict.session):
            tally = self._tally(verdict.session, now)
            tally.sessions += 1
            tally.client = verdict.session.client or tally.client

    def _tally(self, session: Session, at: float) -> Tally:
        key = GroupKey(session.user, session.program or "")
        if key not in self._names:
            if len(self._names) < MAX_GROUPS:
                self._names.add(key)
            else:
                key = GroupKey(OTHER, OTHER)
        day = int(at // DAY_SECONDS)
        tally = self._tallies.get((key, day))
        if tally is None:
            tally = self._tallies[key, day] = Tally()
            self._drop_oldest_day()
        return tally

    def _drop_oldest_day(self) -> None:
        days = sorted({day for _key, day in self._tallies})
        if len(days) <= MAX_DAYS:
            return
        for key, day in [*self._tallies]:
            if day == days[0]:
                old = self._tallies.pop((key, day)).frozen(key, day)
                self._tallies.setdefault((key, days[1]), Tally()).add(old)

    def _note_idle(self, verdict: Verdict) -> None:
        since = _idle_start(verdict)
        if since is not None:
            insort(self._idle_since, since)

    def _forget_idle(self, verdict: Verdict) -> None:
        since = _idle_start(verdict)
        if since is None:
            return
        index = bisect_left(self._idle_since, since)
        if index < len(self._idle_since) and self._idle_since[index] == since:
            del self._idle_since[index]

    def _pass_time(self, now: float) -> None:
        """Add the time since the snapshot before to each limit, once for each session that is idle for longer."""
        passed, self._ended = now - self._ended, max(now, self._ended)
        passed = passed if 0 < passed <= PAUSE_SECONDS else 0.0
        self._seconds += passed
        for index, limit in enumerate(LIMIT_LADDER):
            idle_longer = bisect_left(self._idle_since, now - limit)
            if not idle_longer:
                break
            self._idle_seconds[index] += idle_longer * passed
            self._peaks[index] = max(self._peaks[index], idle_longer)


def has_run(before: Session, after: Session, seen_at: float) -> bool:
    """Whether a session that was idle at `seen_at` has run something since. A clock that was set is no reuse."""
    if before.idle_since is None or not before.is_idle:
        return False
    if not after.is_idle:
        return after.command != KILLED
    since = after.idle_since
    return (
        since is not None
        and since - before.idle_since > IDLE_TIME_SLACK
        and since + after.idle_within + IDLE_TIME_SLACK >= seen_at
    )


MONITOR_PROGRAM = "goneaway-tui"
"""The program name of another run of this program: its sessions run something every second, and are no application."""


def _is_counted(session: Session) -> bool:
    return session.is_client and session.program != MONITOR_PROGRAM


def _idle_start(verdict: Verdict) -> float | None:
    session = verdict.session
    return session.idle_since if session.is_idle and _is_counted(session) else None


def _differences(before: Snapshot, after: Snapshot) -> tuple[tuple[Verdict, ...], tuple[Verdict, ...]]:
    """Removed and added verdicts, as in Snapshot."""
    known, now = before.by_id, after.by_id
    added = tuple(v for v in after.verdicts if known.get(v.session.id) is not v)
    removed = tuple(v for v in before.verdicts if now.get(v.session.id) is not v)
    return removed, added
