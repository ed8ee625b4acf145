"""A list kept in order, in which to put in or take out a few costs the few, however many there are."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=tuple[Any, ...])
BLOCK = 512
"""How many are moved at most to make room for one."""
FEW = 8
"""Where more than one in so many change, all are sorted anew."""


class Ordered(Generic[T]):
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
