"""Another machine's timer, told in our clock's seconds.

A reading of the remote timer is asked for at `sent` and arrives at `received`; it was taken somewhere between. The
tightest recent reading bounds the offset best, so it is kept for a while; a reading that contradicts it means that
one of the two clocks was set, and then the newest word counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
        jump = self.offset - offset if stepped else 0.0
        if stepped or uncertainty <= self.uncertainty or received - self._read_at > KEEP_SECONDS:
            self.offset, self.uncertainty, self._read_at = offset, uncertainty, received
        return jump

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
