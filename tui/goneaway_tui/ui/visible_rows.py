"""A list kept in order, in which to put in or take out a few costs the few, however many there are."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar, overload

from goneaway_tui.judge.filters import NO_FILTER, Filter
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.ui.columns import ORDERS

T = TypeVar("T", bound=tuple[Any, ...])
BLOCK = 512
"""How many are moved at most to make room for one."""
FEW = 8
"""Where more than one in so many change, all are sorted anew."""


class SortedBlocks(Generic[T]):
    """Tuples of which no two are equal, in blocks, the least first."""

    def __init__(self) -> None:
        self._blocks: list[list[T]] = []
        self._lasts: list[T] = []
        """The greatest of each block."""
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._blocks)

    def __reversed__(self) -> Iterator[T]:
        return chain.from_iterable(map(reversed, reversed(self._blocks)))

    def __getitem__(self, place: int) -> T:
        """The one at a place from 0 on. Raises IndexError."""
        for block in self._blocks:
            if place < len(block):
                return block[place]
            place -= len(block)
        raise IndexError(place)

    def change(self, gone: Collection[T], came: Collection[T]) -> None:
        """Take out those that are in it, the very objects; then put in others."""
        if (len(gone) + len(came)) * FEW > self._length:
            dead = set(map(id, gone))
            self._take(sorted([*(each for each in self if id(each) not in dead), *came]))
            return
        for each in gone:
            self._remove(each)
        for each in came:
            self._add(each)

    def _take(self, ordered: list[T]) -> None:
        self._length = len(ordered)
        self._blocks = [ordered[start : start + BLOCK] for start in range(0, len(ordered), BLOCK)]
        self._lasts = [block[-1] for block in self._blocks]

    def _remove(self, gone: T) -> None:
        at = bisect_left(self._lasts, gone)
        block = self._blocks[at]
        del block[bisect_left(block, gone)]
        self._length -= 1
        if block:
            self._lasts[at] = block[-1]
        else:
            del self._blocks[at], self._lasts[at]

    def _add(self, came: T) -> None:
        if not self._blocks:
            self._take([came])
            return
        at = min(bisect_left(self._lasts, came), len(self._blocks) - 1)
        block = self._blocks[at]
        insort(block, came)
        self._length += 1
        self._lasts[at] = block[-1]
        if len(block) > 2 * BLOCK:
            self._blocks[at : at + 1] = [block[:BLOCK], block[BLOCK:]]
            self._lasts[at : at + 1] = [block[BLOCK - 1], block[-1]]


Entry = tuple[Any, int, int, str, Verdict]
"""What is sorted by, and between equals the graver risk, then the lower id, then the server; and who that is."""


class VisibleRowView(Sequence[Verdict]):
    """Those in sight, as they stand; looked up where they are asked for."""

    def __init__(self, known: SortedBlocks[Entry], unknown: SortedBlocks[Entry], *, reverse: bool) -> None:
        self._parts = (known, unknown)
        self._reverse = reverse

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, place: int) -> Verdict: ...
    @overload
    def __getitem__(self, place: slice) -> list[Verdict]: ...
    def __getitem__(self, place: int | slice) -> Verdict | list[Verdict]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        known, unknown = self._parts
        at = place if place >= 0 else place + len(self)
        part, at = (known, at) if at < len(known) else (unknown, at - len(known))
        if not 0 <= at < len(part):
            raise IndexError(place)
        return part[len(part) - 1 - at if self._reverse else at][-1]

    def __iter__(self) -> Iterator[Verdict]:
        for part in self._parts:
            for entry in reversed(part) if self._reverse else part:
                yield entry[-1]


class VisibleRows:
    """Who is in sight, and where; of one server or several."""

    def __init__(self, column: str) -> None:
        """`column`: the id of the one that is sorted by."""
        self.filter: Filter = NO_FILTER
        self.column, self.reverse = column, False
        self._forget()

    def _forget(self) -> None:
        self._asked = (self.filter, self.column, self.reverse)
        self._seen: dict[str, Snapshot] = {}
        self._verdicts: dict[str, dict[int, Verdict]] = {}
        self._entries: dict[int, Entry] = {}
        """Of those in sight. Both by the identity of the verdict: another is another object."""
        self._known: SortedBlocks[Entry] = SortedBlocks()
        self._unknown: SortedBlocks[Entry] = SortedBlocks()
        """Of whom the column has no value: they come last either way."""
        self.rows = VisibleRowView(self._known, self._unknown, reverse=self.reverse)

    def sort_by(self, column: str) -> None:
        """By this one; where it is already, the other way."""
        self.reverse = column == self.column and not self.reverse
        self.column = column

    def follow(self, *snapshots: Snapshot) -> VisibleRowView:
        """The rows of these snapshots, one a server; the last that were handed out are not to be read any more."""
        if self._asked != (self.filter, self.column, self.reverse):
            self._forget()
        seen = {snapshot.server_name: snapshot for snapshot in snapshots}
        gone: list[Entry] = []
        came: list[Entry] = []
        for name in self._seen.keys() - seen:
            gone += self._without(self._verdicts.pop(name))
        for name, snapshot in seen.items():
            if snapshot is not self._seen.get(name):
                self._tell_apart(snapshot, gone, came)
        self._seen = seen
        if gone or came:
            for part, known in ((self._known, True), (self._unknown, False)):
                part.change(*([e for e in each if (e[0] is not None) is known] for each in (gone, came)))
            self.rows = VisibleRowView(self._known, self._unknown, reverse=self.reverse)
        return self.rows

    def _without(self, verdicts: Iterable[int]) -> list[Entry]:
        """Those of them that were in sight, which they are no more."""
        return [self._entries.pop(each) for each in verdicts if each in self._entries]

    def _tell_apart(self, snapshot: Snapshot, gone: list[Entry], came: list[Entry]) -> None:
        """Who is to be taken out, and who is to be put in."""
        before = self._verdicts.get(snapshot.server_name, {})
        now = dict(zip(map(id, snapshot.verdicts), snapshot.verdicts, strict=True))
        self._verdicts[snapshot.server_name] = now
        gone += self._without(before.keys() - now.keys())
        order, sign = ORDERS[self.column], 1 if self.reverse else -1
        for number in now if self.filter.depends_on_time else now.keys() - before.keys():
            verdict = now[number]
            if not self.filter.matches(verdict, snapshot.taken_at):
                gone += self._without((number,))
            elif number not in self._entries:
                session, rank = verdict.session, verdict.risk.rank
                entry = (order(verdict), sign * rank, -sign * session.id, verdict.server_name, verdict)
                self._entries[number] = entry
                came.append(entry)
