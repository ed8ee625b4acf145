"""A recording on a clock of its own, which somebody holds: at rest, stepping, jumping or running."""

from __future__ import annotations

import math

from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.recording import Recording
from goneaway_tui.source.recording.tape import Track

MOST_DEPARTURES = 10_000


class Replay:
    """Where somebody is in a recording. It begins at its first sample, at rest; whatever moves it by hand stops it.

    For one thread. What reads the file may raise FileError. `clock` has the shape of ports.Clock.
    """

    def __init__(self, recording: Recording, most_departures: int = MOST_DEPARTURES) -> None:
        """`most_departures`: how many of the newest are remembered."""
        self.recording = recording
        self.speed = 0.0
        """Seconds of the recording to one real second; 0 at rest."""
        self._now = recording.span[0]
        self._most = most_departures
        self._departures: tuple[Departure, ...] = ()
        self._departures_at = -math.inf

    def clock(self) -> float:
        """The replay's own time."""
        return self._now

    @property
    def is_playing(self) -> bool:
        return self.speed > 0

    @property
    def span(self) -> tuple[float, float]:
        """The recording's first and last instant."""
        return self.recording.span

    def play(self, speed: float = 1.0) -> None:
        """Let time pass `speed` times as fast as it does, once `advance` tells how much of it has."""
        self.speed = max(0.0, speed)

    def pause(self) -> None:
        self.speed = 0.0

    def advance(self, real_seconds: float) -> None:
        """So much real time has passed. Comes to rest at the end of the recording, as far as it is written by now."""
        if self.is_playing:
            end = self.recording.span[1]
            self._now = min(self._now + max(0.0, real_seconds) * self.speed, max(self._now, end))
            if self._now >= end:
                self.pause()

    def jump(self, instant: float) -> None:
        """Go to any instant of the recording, or to its end that is nearer."""
        first, last = self.recording.span
        self._now = min(max(instant, first), last)
        self.pause()

    def step(self, samples: int) -> bool:
        """Go so many samples on, or back where negative. False where there are not as many: then to the last there is."""
        at = self._now
        for _ in range(abs(samples)):
            found = self.recording.after(at) if samples > 0 else self._before(at)
            if found is None:
                self.jump(at)
                return False
            at = found
        self.jump(at)
        return True

    def next_departure(self) -> bool:
        """Go to the next sample that brought a departure; False, and stay, where there is none."""
        return self._go(self.recording.after(self._now, Track.DEPARTURES))

    def previous_departure(self) -> bool:
        """The same backwards."""
        return self._go(self.recording.before(self._now, Track.DEPARTURES))

    def snapshot(self) -> Snapshot:
        """What the board showed then: the last sample that had been taken."""
        return self.recording.snapshot_at(self._now)

    def departures(self) -> tuple[Departure, ...]:
        """The newest that had been recorded by then, oldest first."""
        if self._now < self._departures_at:
            self._departures, self._departures_at = (), -math.inf
        if self._now > self._departures_at:
            floor = self.recording.before(self._now, Track.DEPARTURES, skip=self._most)
            since = self._departures_at if floor is None else max(floor, self._departures_at)
            new = self.recording.departures_between(since, self._now)
            self._departures = (self._departures + new)[-self._most :]
            self._departures_at = self._now
        return self._departures

    def _before(self, at: float) -> float | None:
        """The sample before the one on the board at that instant."""
        shown = self.recording.before(math.nextafter(at, math.inf))
        return None if shown is None else self.recording.before(shown)

    def _go(self, instant: float | None) -> bool:
        if instant is not None:
            self.jump(instant)
        return instant is not None
