"""The sessions in sight, in their order, kept up from snapshot to snapshot: what did not change is not sorted anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from goneaway_tui.judge.narrowing import EVERYTHING, Filter
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.ui.columns import SESSION_COLUMNS

Key = tuple[Any, int, int]
"""What is sorted by, and between equals the graver risk, then the lower id."""


class Standing:
    """Who is in sight, and where."""

    def __init__(self, column: str) -> None:
        """`column`: the id of the one that is sorted by."""
        self.filter: Filter = EVERYTHING
        self.column, self.reverse = column, False
        self._asked: tuple[Filter, str, bool] | None = None
        self._seen: Mapping[ProcesslistId, Verdict] = {}
        self._keys: dict[ProcesslistId, Key] = {}
        self._known: list[ProcesslistId] = []
        self._unknown: list[ProcesslistId] = []
        """Of whom the column has no value: they come last either way."""
        self.rows: list[Verdict] = []

    def sort_by(self, column: str) -> None:
        """By this one; where it is already, the other way."""
        self.reverse = column == self.column and not self.reverse
        self.column = column

    def follow(self, snapshot: Snapshot) -> list[Verdict]:
        """The rows of this snapshot. The same list as before means: nothing has changed."""
        asked = (self.filter, self.column, self.reverse)
        if asked != self._asked:
            self._asked, self._seen, self._keys, self._known, self._unknown = asked, {}, {}, [], []
        now, before = snapshot.by_id, self._seen
        came = [verdict for number, verdict in now.items() if before.get(number) is not verdict]
        gone = before.keys() - now.keys()
        if came or gone or self.filter.timed:
            self._move(gone, now.values() if self.filter.timed else came, snapshot.taken_at)
            self.rows = [now[number] for number in (*self._known, *self._unknown)]
        elif not now:
            self.rows = []
        self._seen = now
        return self.rows

    def _move(self, gone: Iterable[ProcesslistId], came: Iterable[Verdict], at: float) -> None:
        order = next(column.order for column in SESSION_COLUMNS if column.id == self.column)
        sign = 1 if self.reverse else -1
        keys, moved = self._keys, set(gone)
        for number in gone:
            keys.pop(number, None)
        for verdict in came:
            number = verdict.session.id
            moved.add(number)
            if self.filter.admits(verdict, at):
                keys[number] = (order(verdict), sign * verdict.risk.rank, -sign * number)
            else:
                keys.pop(number, None)
        arrived = [number for number in moved if number in keys]
        known = [number for number in self._known if number not in moved]
        known += (number for number in arrived if keys[number][0] is not None)
        unknown = [number for number in self._unknown if number not in moved]
        unknown += (number for number in arrived if keys[number][0] is None)
        # Those that stayed are in order still, and come first: to sort is to merge the others in.
        self._known = sorted(known, key=keys.__getitem__, reverse=self.reverse)
        self._unknown = sorted(unknown, key=lambda number: keys[number][1:], reverse=self.reverse)
