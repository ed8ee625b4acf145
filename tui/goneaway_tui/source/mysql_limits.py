"""Each session's own limit on MySQL, asked as seldom as may be: to answer for one, the server builds all its variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from goneaway_tui.model.session import ThreadId
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.dossier import Dossier, text
from goneaway_tui.source.packed import rows_of
from goneaway_tui.source.survey import Survey
from goneaway_tui.source.timebase import Timebase

ASKED_AT_ONCE = 500
"""Sessions whose variables one statement asks for: 20 ms of the server's time at the measured 40 microseconds each."""
RAN_AT_ONCE = 100
"""How many of those that ran something are asked in one reading; the others wait for the next."""
SWEEP_SECONDS = 30.0
"""How often limits are asked again of sessions that did nothing: those without events may have changed them unseen."""
SWEPT_AT_ONCE = 50
"""How many of those with events are asked at a sweep."""


class OwnLimits:
    """Asks whom it must, at most so many in one reading: the others wait for the next, those nobody knows of least."""

    def __init__(self, connection: Connection, found: Survey, wall: Timebase) -> None:
        """`wall` places the instants that the server tells."""
        self._connection = connection
        self._found = found
        self._wall = wall
        self._waiting: dict[ThreadId, None] = {}
        self._unswept: list[ThreadId] = []
        self._begun = False

    def read(self, by_thread: Mapping[ThreadId, Dossier], threads: Iterable[ThreadId]) -> list[Dossier]:
        """Ask for those that are new or ran something; at the first reading for all. Returns those that were told."""
        if self._found.statement("own_limits") is None:
            return []
        for thread in sorted(threads):
            self._waiting.setdefault(thread)
        asked = [thread for thread in self._waiting if thread in by_thread]
        if self._begun:
            unknown = [thread for thread in asked if by_thread[thread].own_limit is None]
            known = [thread for thread in asked if by_thread[thread].own_limit is not None]
            asked = [*unknown[:ASKED_AT_ONCE], *known[:RAN_AT_ONCE]]
        for first in range(0, len(asked), ASKED_AT_ONCE):
            bunch = sorted(asked[first : first + ASKED_AT_ONCE])
            for thread, name, value in rows_of(self._connection, self._found, "own_limits", (bunch,)):
                dossier = by_thread.get(thread)
                if dossier is None:
                    continue
                if text(name) == "wait_timeout":
                    dossier.own_limit = int(value)
                else:
                    dossier.began = self._wall.local(float(value))
        done = set(asked)
        self._waiting = {each: None for each in self._waiting if each in by_thread and each not in done}
        self._begun = True
        return [by_thread[thread] for thread in asked]

    def sweep(self, by_thread: Mapping[ThreadId, Dossier]) -> set[ThreadId]:
        """Some of those that did nothing, in turn: nobody's limit stays unread for ever, whatever was missed."""
        if not self._unswept:
            self._unswept = sorted(by_thread, reverse=True)
        return {self._unswept.pop() for _ in range(min(SWEPT_AT_ONCE, len(self._unswept)))}
