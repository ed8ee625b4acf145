"""A recording in the poller's place: each tick moves its own time on, and what it held then is shown as it was."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from goneaway_tui.errors import FileError
from goneaway_tui.judge.ledger import Ledger
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.ports import Clock, Timeline
from goneaway_tui.ui.messages import Judged, PlayFailed

SPEEDS = (1, 2, 5, 10, 30, 60)
"""Seconds of the recording to one of ours."""


class Player:
    """Has the poller's shape, and buttons."""

    is_busy = False
    """Nothing is ever out: reading a recording takes milliseconds."""

    def __init__(self, timeline: Timeline, real: Clock) -> None:
        """`real` is our own clock, by which the recording is played."""
        self._timeline = timeline
        self._real = real
        self._told = real()
        self._shown: Snapshot | None = None
        self._post: Callable[[Message], object] = lambda _: None
        self.speed = SPEEDS[0]

    @property
    def is_playing(self) -> bool:
        return self._timeline.is_playing

    @property
    def span(self) -> tuple[float, float]:
        return self._timeline.span

    def attach(self, post: Callable[[Message], object]) -> None:
        """Where what is shown goes."""
        self._post = post

    def start(self) -> None:
        """Nothing has to be started."""

    def stop(self) -> None:
        self._timeline.pause()

    def wait(self, timeout: float) -> bool:  # noqa: ARG002 - the poller's shape
        return True

    def request(self) -> bool:
        """Let time pass, and show what there was then."""
        now = self._real()
        self._guarded(lambda: self._timeline.advance(now - self._told))
        self._told = now
        return True

    def toggle(self) -> None:
        if self._timeline.is_playing:
            self._timeline.pause()
        else:
            self._told = self._real()
            self._timeline.play(self.speed)

    def faster(self, steps: int) -> None:
        place = SPEEDS.index(self.speed) + steps
        self.speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
        if self._timeline.is_playing:
            self._timeline.play(self.speed)

    def step(self, samples: int) -> None:
        self._guarded(lambda: self._timeline.step(samples))

    def to_departure(self, *, forward: bool) -> None:
        self._guarded(self._timeline.next_departure if forward else self._timeline.previous_departure)

    def jump(self, instant: float) -> None:
        self._guarded(lambda: self._timeline.jump(instant))

    def ledger(self) -> Ledger:
        """Everybody who had left by then. Raises FileError."""
        return Ledger(self._timeline.departures())

    def _guarded(self, move: Callable[[], object]) -> None:
        try:
            move()
            shown = self._timeline.snapshot()
        except FileError as error:
            self._timeline.pause()
            self._post(PlayFailed(error))
            return
        if shown is not self._shown:
            self._shown = shown
            self._post(Judged(shown))
