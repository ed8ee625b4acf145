"""MySQL's two clocks, told in ours: the statement timer, by which events are timed, and its wall clock."""

from __future__ import annotations

from goneaway_tui.model.session import ThreadId
from goneaway_tui.ports import Clock
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.source.survey import Survey
from goneaway_tui.source.timebase import PICOSECONDS, Timebase


class Clocks:
    """Reads both at each reading. The timer is read off our own running statement, so our thread must be instrumented."""

    def __init__(self, connection: Connection, found: Survey, clock: Clock) -> None:
        self._connection = connection
        self._found = found
        self._clock = clock
        self.timer = Timebase()
        self.wall = Timebase()
        self.exact = False
        """Whether this reading could tell the timer, without which no event can be placed in time."""
        self.moved = 0.0
        """Seconds by which the timer was found to have been set since the reading before."""
        self.is_blinded = False
        """The timer could be told when we connected and no longer can."""
        self.own_thread: ThreadId | None = None
        statement = found.statement("own_thread")
        tells_timer = "%s" in found.must("clock") and found.statement("statements") is not None
        if statement is not None and tells_timer:
            own = connection.rows(statement)
            self.own_thread = ThreadId(int(own[0][0])) if own else None

    def read(self) -> float | None:
        """Set both timebases; the statement timer's reading in seconds, where there is one. Raises SourceError."""
        timer, self.moved = None, 0.0
        if self.own_thread is not None:
            timer = self._observe(self._found.must("clock"), (self.own_thread,))
            self.is_blinded = timer is None
        if timer is None:
            self._observe(self._found.must("wall"), ())
        self.exact = timer is not None
        return timer

    def _observe(self, statement: Statement, parameters: tuple[int, ...]) -> float | None:
        sent = self._clock()
        rows = self._connection.rows(statement, parameters)
        received = self._clock()
        if not rows:
            return None
        timer, wall = rows[0]
        self.wall.observe(sent, received, float(wall))
        if timer is None:
            return None
        seconds = int(timer) / PICOSECONDS
        self.moved = self.timer.observe(sent, received, seconds)
        return seconds
