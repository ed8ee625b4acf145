"""Open transactions on MySQL: when they began from the events, what they hold from InnoDB."""

from __future__ import annotations

from collections.abc import Mapping

from goneaway_tui.model.session import ThreadId, Transaction
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.dossier import Dossier, read_open_transactions
from goneaway_tui.source.survey import Survey
from goneaway_tui.source.timebase import PICOSECONDS, Timebase


class Transactions:
    """Reads them all each time: they are few, and both tables are short."""

    def __init__(self, connection: Connection, found: Survey, timer: Timebase) -> None:
        """`timer` places the instants of events."""
        self._connection = connection
        self._found = found
        self._timer = timer

    def read(self, by_thread: Mapping[ThreadId, Dossier], taken_at: float) -> dict[int, Transaction]:
        """By session id. Raises SourceError."""
        began: dict[int, tuple[float, bool]] = {}
        statement = self._found.statement("transactions")
        if statement is not None and self._timer.is_set:
            for thread, start, read_only in self._connection.rows(statement):
                dossier = by_thread.get(thread)
                if dossier is not None and start is not None:
                    began[dossier.id] = (self._timer.local(start / PICOSECONDS), bool(read_only))
        held = read_open_transactions(self._connection, self._found)
        readable = "process" in self._found.able
        return {
            number: _transaction(began.get(number), held.get(number), taken_at, rows_readable=readable)
            for number in began.keys() | held.keys()
        }


def _transaction(
    began: tuple[float, bool] | None, held: Row | None, taken_at: float, *, rows_readable: bool
) -> Transaction:
    started, read_only = began if began is not None else (None, False)
    if held is None:
        rows = 0 if rows_readable else None
        return Transaction(started, rows, rows, read_only)
    age, modified, locked, innodb_read_only = held
    if started is None and age is not None:
        started = taken_at - max(0.0, float(age))
    return Transaction(started, int(modified), int(locked), read_only or bool(int(innodb_read_only)))
