"""Another machine's timer, told in our clock's seconds.

A reading of the remote timer is asked for at `sent` and arrives at `received`; it was taken somewhere between. The
tightest recent reading bounds the offset best, so it is kept for a while; a reading that contradicts it means that
one of the two clocks was set, and then the newest word counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from goneaway_tui.model.session import ThreadId
from goneaway_tui.source.connection import Row
from goneaway_tui.source.session_cache import SessionCache, WholeSecondWait, text

PICOSECONDS = 1e12
"""Of performance_schema's timers, to a second."""
KEEP_SECONDS = 30.0
"""How long a tight reading outranks newer, looser ones: clocks drift 50 millionths at worst, 1.5 ms in this time."""
SLACK = 0.005
"""Seconds two readings may disagree by beyond their own uncertainty before a clock must have been set."""


@dataclass(slots=True)
class Timebase:
    """Offset between a remote timer and ours, in seconds."""

    offset: float = 0.0
    uncertainty: float = field(default=float("inf"))
    """Half-width in seconds of the reading in use."""
    _read_at: float = float("-inf")

    def observe(self, sent: float, received: float, remote: float) -> float:
        """Take a reading. Returns by how many seconds the remote clock was *set* since the last: 0 if it was not."""
        uncertainty = (received - sent) / 2
        offset = (sent + received) / 2 - remote
        stepped = self.is_set and abs(offset - self.offset) > uncertainty + self.uncertainty + SLACK
        step = self.offset - offset if stepped else 0.0
        if stepped or uncertainty <= self.uncertainty or received - self._read_at > KEEP_SECONDS:
            self.offset, self.uncertainty, self._read_at = offset, uncertainty, received
        return step

    @property
    def is_set(self) -> bool:
        """Whether there was any reading: before, nothing can be placed."""
        return self.uncertainty != float("inf")

    @property
    def round_trip(self) -> float:
        """Seconds the reading in use took to ask and be answered; 0 before any."""
        return 2 * self.uncertainty if self.is_set else 0.0

    def local(self, remote: float) -> float:
        """The instant on our clock at which the remote timer stood at `remote`."""
        return remote + self.offset


TIME_ERROR = 1.0
"""What whole seconds from a command's start may be wrong by, when nothing better is to be had."""


def idle_since_whole_seconds(
    seconds: int, taken_at: float, wall: Timebase, uptime: float = math.inf, doubt: float = 0.0
) -> tuple[float | None, float]:
    """The idle clock from TIME alone: it began in that second of the server's clock. None where TIME is absurd.

    A session that ran SET timestamp shows a TIME in the past or future of its own making; no session is older than
    its server (`uptime` seconds, as far as known), and none idles in the future. What `wall` has not been set by cannot be placed.
    The server read its clock within `doubt` seconds of `taken_at`; where its second changed meanwhile, either may be meant.
    """
    if not 0 <= seconds <= min(OLDEST, uptime + 2 * TIME_ERROR) or not wall.is_set:
        return None, TIME_ERROR
    earliest, latest = (math.floor(taken_at - wall.offset + shift) for shift in (-doubt, doubt))
    began = (earliest + latest + 1) / 2 - seconds
    return min(taken_at, wall.local(began)), TIME_ERROR + (latest - earliest) / 2


OLDEST = 366 * 86_400 * 20 - 1
"""Seconds beyond which a TIME is nobody's age, however old the server says it is."""


class WholeSecondWaits:
    """Follows the idle waits of sessions without events, from look to look."""

    def __init__(self, wall: Timebase) -> None:
        self._wall = wall
        self._watched_at = -math.inf
        self.doubt = 0.0
        """Seconds between the server's reading of its clock and the instant we take for it, at most."""

    def began(self, seconds: int, taken_at: float, uptime: float = math.inf) -> tuple[float | None, float]:
        """When a wait of so many whole seconds began, as a single look can tell."""
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
        """Note each wait; return the threads that may have run something unseen, at a `sweep` all.

        Where TIME began anew since the last look, the wait began between the looks, whatever TIME says.
        """
        possibly_changed: set[ThreadId] = set()
        for row in rows:
            session_id, command, seconds, instrumented = int(row[1]), text(row[5]), row[6], bool(row[10])
            cached = known.get(session_id)
            if cached is None or seconds is None:
                continue
            if instrumented and exact:
                cached.was_followed = False
                continue
            before, cached.whole_second_wait = cached.whole_second_wait, None
            if command == "Sleep":
                was_followed = cached.was_followed or (session_id in new and self._watched_at > -math.inf)
                began = self.began(int(seconds), taken_at, uptime)
                cached.whole_second_wait = self._wait(
                    before, int(seconds), taken_at, began, was_followed=was_followed
                )
            cached.was_followed = True
            is_recent = not uptime >= int(seconds) > taken_at - self._watched_at + 2 * TIME_ERROR
            if cached.thread is not None and (sweep or is_recent or cached.whole_second_wait != before):
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
        """This session's idle wait. `was_followed`: at the last look it worked, waited otherwise, or was not there."""
        second = math.floor(taken_at - self._wall.offset) - seconds
        if before is not None and abs(second - before.second) <= 1:
            return before
        since, within = began
        if was_followed:
            earliest = max(self._watched_at, -math.inf if since is None else since - TIME_ERROR / 2)
            since, within = (earliest + taken_at) / 2, max(TIME_ERROR, (taken_at - earliest) / 2)
        return WholeSecondWait(second, since, within)
