"""The bound on lines that strangers can make us write."""

from __future__ import annotations

from collections.abc import Callable

from goneaway_tui.language import _
from goneaway_tui.ports import Clock

MAX_LINES, SECONDS = 20, 10.0
"""So many lines are written in so long."""


class LogLimit:
    """Takes lines and writes them, as long as they are not too many. Used in one thread."""

    def __init__(self, write: Callable[[str], object], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def __call__(self, line: str) -> None:
        now = self._clock()
        if now - self._since >= SECONDS:
            if self._lines > MAX_LINES:
                self._write(_("{number} more lines were left out", number=self._lines - MAX_LINES))
            self._since, self._lines = now, 0
        self._lines += 1
        if self._lines <= MAX_LINES:
            self._write(line)
