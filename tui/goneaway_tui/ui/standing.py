"""The sessions in sight, in their order, kept up from snapshot to snapshot: what did not change is not sorted anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from goneaway_tui.judge.narrowing import EVERYTHING, Filter
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.ui.columns import ORDERS

Entry = tuple[Any, int, int, str, Verdict]
"""What is sorted by, and between equals the graver risk, then the lower id, then the server; and who that is."""
FEW = 8
"""Where fewer than one in so many go, each is looked up; else the whole list is gone through."""


class Standing:
    """Who is in sight, and where; of one server or several."""

    def __init__(self, column: str) -> None:
        """`column`: the id of the one that is sorted by."""
        self.filter: Filter = EVERYTHING
        self.column, self.reverse = column, False
        self._asked: tuple[Filter, str, bool] | None = None
        self._seen: dict[str, Snapshot] = {}
        self._entries: dict[str, dict[ProcesslistId, Entry]] = {}
        self._known: list[Entry] = []
        self._unknown: list[Entry] = []
        """Of whom the column has no value: they come last either way."""
        self.rows: list[Verdict] = []

    def sort_by(self, column: str) -> None:
        """By this one; where it is already, the other way."""
        self.reverse = column == self.column and not self.reverse
        self.column = column

    def follow(self, *snapshots: Snapshot) -> list[Verdict]:
        """The rows of these snapshots, one a server. The same list as before means: nothing has changed."""
        asked = (self.filter, self.column, self.reverse)
        if asked != self._asked:
            self._asked, self._seen, self._entries = asked, {}, {}
            self._known, self._unknown, self.rows = [], [], []
        seen = {snapshot.server_name: snapshot for snapshot in snapshots}
        gone = [entry for name in self._seen.keys() - seen for entry in self._entries.pop(name).values()]
        came: list[Entry] = []
        for name, snapshot in seen.items():
            if snapshot is not self._seen.get(name):
                self._tell_apart(snapshot, gone, came)
        self._seen = seen
        if gone or came:
            self._known = _moved(self._known, *(_of_known(each, known=True) for each in (gone, came)))
            self._unknown = _moved(self._unknown, *(_of_known(each, known=False) for each in (gone, came)))
            self.rows = [
                entry[-1] for entry in chain(self._in_order(self._known), self._in_order(self._unknown))
            ]
        return self.rows

    def _in_order(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        return reversed(entries) if self.reverse else iter(entries)

    def _tell_apart(self, snapshot: Snapshot, gone: list[Entry], came: list[Entry]) -> None:
        """Who is to be taken out, and who is to be put in."""
        last = self._seen.get(snapshot.server_name)
        now, before = snapshot.by_id, {} if last is None else last.by_id
        entries = self._entries.setdefault(snapshot.server_name, {})
        order, sign = ORDERS[self.column], 1 if self.reverse else -1
        gone += (entries.pop(number) for number in before.keys() - now.keys() if number in entries)
        seen = map(before.get, now)
        changed = [verdict for verdict, old in zip(now.values(), seen, strict=True) if verdict is not old]
        for verdict in now.values() if self.filter.timed else changed:
            number = verdict.session.id
            entry = entries.get(number)
            if not self.filter.admits(verdict, snapshot.taken_at):
                if entry is not None:
                    gone.append(entries.pop(number))
            elif entry is None or entry[-1] is not verdict:
                if entry is not None:
                    gone.append(entry)
                entry = (
                    order(verdict),
                    sign * verdict.risk.rank,
                    -sign * number,
                    verdict.server_name,
                    verdict,
                )
                entries[number] = entry
                came.append(entry)


def _of_known(entries: Iterable[Entry], *, known: bool) -> list[Entry]:
    return [entry for entry in entries if (entry[0] is not None) is known]


def _moved(entries: list[Entry], gone: Sequence[Entry], came: Sequence[Entry]) -> list[Entry]:
    """Some taken out of an ordered list, others put in. What stays is in order already: to sort is to merge."""
    if len(gone) * FEW > len(entries):
        dead = set(map(id, gone))
        entries = [entry for entry in entries if id(entry) not in dead]
    elif gone:
        start, kept = 0, []
        for place in sorted(bisect_left(entries, entry) for entry in gone):
            kept += entries[start:place]
            start = place + 1
        entries = kept + entries[start:]
    return sorted([*entries, *came]) if came else entries
