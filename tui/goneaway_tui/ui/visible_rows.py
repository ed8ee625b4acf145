"""The visible rows of the board, filtered and sorted. An update costs only as much as the changed rows."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar, overload

from goneaway_tui.judge.filters import NO_FILTER, Filter
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.ui.columns import SORT_KEYS

EntryT = TypeVar("EntryT", bound=tuple[Any, ...])
BLOCK = 512
"""Items of a block: an insertion moves at most twice as many."""
FULL_SORT_SHARE = 8
"""If more than one in so many items changes, all are sorted again."""


class SortedBlocks(Generic[EntryT]):
    """Distinct tuples in ascending order, kept in blocks so that an insertion moves few of them."""

    def __init__(self) -> None:
        self._blocks: list[list[EntryT]] = []
        self._lasts: list[EntryT] = []
        """The greatest item of each block."""
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[EntryT]:
        return chain.from_iterable(self._blocks)

    def __reversed__(self) -> Iterator[EntryT]:
        return chain.from_iterable(map(reversed, reversed(self._blocks)))

    def __getitem__(self, index: int) -> EntryT:
        """The item at an index from 0 on. Raises IndexError."""
        for block in self._blocks:
            if index < len(block):
                return block[index]
            index -= len(block)
        raise IndexError(index)

    def change(self, removed: Collection[EntryT], added: Collection[EntryT]) -> None:
        """Remove items, which must be the very objects held, and add others."""
        if (len(removed) + len(added)) * FULL_SORT_SHARE > self._length:
            removed_ids = set(map(id, removed))
            self._replace_all(sorted([*(item for item in self if id(item) not in removed_ids), *added]))
            return
        for item in removed:
            self._remove(item)
        for item in added:
            self._add(item)

    def _replace_all(self, ordered: list[EntryT]) -> None:
        self._length = len(ordered)
        self._blocks = [ordered[start : start + BLOCK] for start in range(0, len(ordered), BLOCK)]
        self._lasts = [block[-1] for block in self._blocks]

    def _remove(self, item: EntryT) -> None:
        at = bisect_left(self._lasts, item)
        block = self._blocks[at]
        del block[bisect_left(block, item)]
        self._length -= 1
        if block:
            self._lasts[at] = block[-1]
        else:
            del self._blocks[at], self._lasts[at]

    def _add(self, item: EntryT) -> None:
        if not self._blocks:
            self._replace_all([item])
            return
        at = min(bisect_left(self._lasts, item), len(self._blocks) - 1)
        block = self._blocks[at]
        insort(block, item)
        self._length += 1
        self._lasts[at] = block[-1]
        if len(block) > 2 * BLOCK:
            self._blocks[at : at + 1] = [block[:BLOCK], block[BLOCK:]]
            self._lasts[at : at + 1] = [block[BLOCK - 1], block[-1]]


Entry = tuple[Any, int, int, str, Verdict]
"""The sort key, then for equal keys the higher risk, the lower id and the server's name; last the verdict."""


class VisibleRowView(Sequence[Verdict]):
    """The visible rows in order, as a sequence that looks up each row when it is read."""

    def __init__(self, known: SortedBlocks[Entry], unknown: SortedBlocks[Entry], *, reverse: bool) -> None:
        self._parts = (known, unknown)
        self._reverse = reverse

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, index: int) -> Verdict: ...
    @overload
    def __getitem__(self, index: slice) -> list[Verdict]: ...
    def __getitem__(self, index: int | slice) -> Verdict | list[Verdict]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        known, unknown = self._parts
        at = index if index >= 0 else index + len(self)
        part, at = (known, at) if at < len(known) else (unknown, at - len(known))
        if not 0 <= at < len(part):
            raise IndexError(index)
        return part[len(part) - 1 - at if self._reverse else at][-1]

    def __iter__(self) -> Iterator[Verdict]:
        for part in self._parts:
            for entry in reversed(part) if self._reverse else part:
                yield entry[-1]


class VisibleRows:
    """The rows of one server's snapshot or of several that pass the filter, sorted by a column."""

    def __init__(self, column: str) -> None:
        """`column`: the id of the column to sort by."""
        self.filter: Filter = NO_FILTER
        self.column, self.reverse = column, False
        self._reset()

    def _reset(self) -> None:
        self._settings = (self.filter, self.column, self.reverse)
        self._snapshots: dict[str, Snapshot] = {}
        self._verdicts: dict[str, dict[int, Verdict]] = {}
        self._entries: dict[int, Entry] = {}
        """The entries of the visible rows. This and `_verdicts` are keyed by `id(verdict)`: a changed verdict is a new object."""
        self._known: SortedBlocks[Entry] = SortedBlocks()
        self._unknown: SortedBlocks[Entry] = SortedBlocks()
        """The rows without a value in the column: they come last in both directions."""
        self.rows = VisibleRowView(self._known, self._unknown, reverse=self.reverse)

    def sort_by(self, column: str) -> None:
        """Sort by a column; sorting by the same column again reverses the order."""
        self.reverse = column == self.column and not self.reverse
        self.column = column

    def shows(self, verdict: Verdict) -> bool:
        """Whether a verdict of the latest snapshots is among the visible rows."""
        return id(verdict) in self._entries

    def follow(self, *snapshots: Snapshot) -> VisibleRowView:
        """The rows of these snapshots, one for each server. A view returned earlier must not be read after this."""
        if self._settings != (self.filter, self.column, self.reverse):
            self._reset()
        current = {snapshot.server_name: snapshot for snapshot in snapshots}
        removed: list[Entry] = []
        added: list[Entry] = []
        for name in self._snapshots.keys() - current:
            removed += self._forget_rows(self._verdicts.pop(name))
        for name, snapshot in current.items():
            if snapshot is not self._snapshots.get(name):
                self._find_changes(snapshot, removed, added)
        self._snapshots = current
        if removed or added:
            for part, known in ((self._known, True), (self._unknown, False)):
                changes = (
                    [e for e in entries if (e[0] is not None) is known] for entries in (removed, added)
                )
                part.change(*changes)
            self.rows = VisibleRowView(self._known, self._unknown, reverse=self.reverse)
        return self.rows

    def _forget_rows(self, verdicts: Iterable[int]) -> list[Entry]:
        """Remove verdicts, given by their ids, from the visible ones; returns the entries of those that were visible."""
        return [self._entries.pop(number) for number in verdicts if number in self._entries]

    def _find_changes(self, snapshot: Snapshot, removed: list[Entry], added: list[Entry]) -> None:
        """Append the entries that a server's new snapshot removes and adds."""
        previous = self._verdicts.get(snapshot.server_name, {})
        now = dict(zip(map(id, snapshot.verdicts), snapshot.verdicts, strict=True))
        self._verdicts[snapshot.server_name] = now
        removed += self._forget_rows(previous.keys() - now.keys())
        sort_key, direction = SORT_KEYS[self.column], 1 if self.reverse else -1
        selected = (
            set(map(id, self.filter.select(snapshot.verdicts, snapshot.taken_at)))
            if self.filter.selections
            else None
        )
        for number in now if self.filter.depends_on_time else now.keys() - previous.keys():
            verdict = now[number]
            matches = (
                self.filter.matches(verdict, snapshot.taken_at) if selected is None else number in selected
            )
            if not matches:
                removed += self._forget_rows((number,))
            elif number not in self._entries:
                session, rank = verdict.session, verdict.risk.rank
                entry = (
                    sort_key(verdict),
                    direction * rank,
                    -direction * session.id,
                    verdict.server_name,
                    verdict,
                )
                self._entries[number] = entry
                added.append(entry)
