"""The clocks of a server, converted to our clock.

The remote clock is read by a statement that is sent at `sent` and answered at `received`; the server read its clock somewhere
between the two. The observation with the shortest round trip bounds the offset best, so it is kept for KEEP_SECONDS. An
observation that contradicts it means that one of the two clocks was set; then the newest observation counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from goneaway_tui.model.session import ThreadId
from goneaway_tui.source.connection import Row
from goneaway_tui.source.session_cache import SessionCache, WholeSecondWait, text

PICOSECONDS = 1e12
"""Picoseconds, the unit of performance_schema's timers, in a second."""
KEEP_SECONDS = 30.0
"""How long an observation is preferred to newer ones with a longer round trip: clocks drift by 0.005 % at worst, 1.5 ms in this time."""
SLACK = 0.005
"""Seconds by which two observations may differ beyond their uncertainty before a clock must have been set."""


@dataclass(slots=True)
class Timebase:
    """The offset between a remote clock and ours, in seconds."""

    offset: float = 0.0
    uncertainty: float = field(default=float("inf"))
    """Half of the round trip of the observation in use, in seconds; inf before any."""
    _read_at: float = float("-inf")

    def observe(self, sent: float, received: float, remote: float) -> float:
        """Take in an observation. Returns by how many seconds the remote clock was *set* since the last one: 0 where it was not."""
        uncertainty = (received - sent) / 2
        offset = (sent + received) / 2 - remote
        stepped = self.is_set and abs(offset - self.offset) > uncertainty + self.uncertainty + SLACK
        step = self.offset - offset if stepped else 0.0
        if stepped or uncertainty <= self.uncertainty or received - self._read_at > KEEP_SECONDS:
            self.offset, self.uncertainty, self._read_at = offset, uncertainty, received
        return step

    @property
    def is_set(self) -> bool:
        """Whether there was any observation. Before the first, no instant can be converted."""
        return self.uncertainty != float("inf")

    @property
    def round_trip(self) -> float:
        """The round trip of the observation in use, in seconds; 0 before any."""
        return 2 * self.uncertainty if self.is_set else 0.0

    def local(self, remote: float) -> float:
        """The instant on our clock at which the remote clock was at `remote`."""
        return remote + self.offset


TIME_ERROR = 1.0
"""The error of an idle time that is known only in whole seconds from the start of a command, in seconds."""


def idle_since_whole_seconds(
    seconds: int, taken_at: float, wall: Timebase, uptime: float = math.inf, doubt: float = 0.0
) -> tuple[float | None, float]:
    """When a session became idle, from TIME alone, and the error of that in seconds. None where TIME cannot be right.

    A session that ran SET timestamp shows a TIME that is too large or negative; no session is older than its server (`uptime`
    seconds, as far as known), and none became idle in the future. Without an observation in `wall` the result is None too.
    The server read its clock within `doubt` seconds of `taken_at`; where its second changed meanwhile, either may be meant.
    """
    if not 0 <= seconds <= min(OLDEST, uptime + 2 * TIME_ERROR) or not wall.is_set:
        return None, TIME_ERROR
    earliest, latest = (math.floor(taken_at - wall.offset + shift) for shift in (-doubt, doubt))
    began = (earliest + latest + 1) / 2 - seconds
    return min(taken_at, wall.local(began)), TIME_ERROR + (latest - earliest) / 2


OLDEST = 366 * 86_400 * 20 - 1
"""The largest TIME in seconds that is taken for the age of a session, whatever uptime the server reports."""


class WholeSecondWaits:
    """Follows the idle waits of sessions without events, from one sample to the next."""

    def __init__(self, wall: Timebase) -> None:
        self._wall = wall
        self._watched_at = -math.inf
        self.doubt = 0.0
        """The greatest distance in seconds between the server's reading of its clock and the instant that we take for it."""

    def began(self, seconds: int, taken_at: float, uptime: float = math.inf) -> tuple[float | None, float]:
        """When a wait of so many whole seconds began, by one sample alone; with the error in seconds."""
        return idle_since_whole_seconds(seconds, taken_at, self._wall, uptime, self.doubt)

    def watch(
        self,
        known: Mapping[int, SessionCache],
        new: Mapping[int, SessionCache],
        rows: Iterable[Row],
        taken_at: float,
        uptime: float,
        *,
        exact: bool,
        sweep: bool,
    ) -> set[ThreadId]:
        """Note each wait; return the threads that may have run something without an event, at a `sweep` all.

        Where TIME started again since the sample before, the wait began between the two samples, whatever TIME says.
        """
        possibly_changed: set[ThreadId] = set()
        for row in rows:
            session_id, seconds, instrumented = int(row[1]), row[6], bool(row[10])
            cached = known.get(session_id)
            if cached is None or seconds is None:
                continue
            if instrumented and exact:
                cached.was_followed = False
                continue
            before, cached.whole_second_wait = cached.whole_second_wait, None
            if text(row[5]) == "Sleep":
                was_followed = cached.was_followed or (session_id in new and self._watched_at > -math.inf)
                began = self.began(int(seconds), taken_at, uptime)
                cached.whole_second_wait = self._wait(
                    before, int(seconds), taken_at, began, was_followed=was_followed
                )
            cached.was_followed = True
            is_recent = not uptime >= int(seconds) > taken_at - self._watched_at + 2 * TIME_ERROR
            if cached.thread is not None and (sweep or is_recent or cached.whole_second_wait != before):
                cached.may_have_set_limit = True
                possibly_changed.add(cached.thread)
        self._watched_at = taken_at
        return possibly_changed

    def _wait(
        self,
        before: WholeSecondWait | None,
        seconds: int,
        taken_at: float,
        began: tuple[float | None, float],
        *,
        was_followed: bool,
    ) -> WholeSecondWait:
        """The idle wait of one session. `was_followed`: in the sample before it worked, had another wait, or did not exist."""
        second = math.floor(taken_at - self._wall.offset) - seconds
        if before is not None and abs(second - before.second) <= 1:
            return before
        since, within = began
        if was_followed:
            earliest = max(self._watched_at, -math.inf if since is None else since - TIME_ERROR / 2)
            since, within = (earliest + taken_at) / 2, max(TIME_ERROR, (taken_at - earliest) / 2)
        return WholeSecondWait(second, since, within)
