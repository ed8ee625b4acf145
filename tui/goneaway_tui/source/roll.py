"""Who is on a server, and who may have done anything since the last look: what need not be read is not read.

MySQL tells of every session the second its last command began in. While a session sleeps, that second stays; so whoever
shows another one has run something. What that cannot tell is asked each time: a session that works, one whose last command
began in the second of the look (another may follow in the same), and one that has set its own clock (`SET timestamp`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

SECOND = 0xFFFF_FFFF
"""The bits of an entry that hold the second; the id stands above them."""
MOST_BY_ID = 50
"""Sessions up to which it is never cheaper to read all."""
FLUTTER = 1
"""Seconds by which one beginning may be told differently: a list is not filled in one instant."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a look at the roll says."""

    asked: frozenset[int]
    """Sessions that are new or may have done something."""
    gone: frozenset[int] = frozenset()


@dataclass(slots=True)
class Roll:
    """What was told at the last look."""

    restless: set[int] = field(default_factory=set)
    """Sessions whose second tells nothing; kept by whoever reads them."""
    _entries: set[int] = field(default_factory=set)
    _seconds: dict[int, int] = field(default_factory=dict)
    _checksum: int = 0
    _recent: frozenset[int] = frozenset()
    _looked: int = 0

    def call(self, entries: Iterable[int], second: int) -> Call:
        """Take a look: an entry a session, and the second it is by the server's clock. Everybody is asked at the first."""
        now = set(entries)
        came, went = now - self._entries, self._entries - now
        told = {entry >> 32: entry & SECOND for entry in came}
        gone = frozenset({entry >> 32 for entry in went} - told.keys())
        for number in gone:
            self._checksum ^= number * self._seconds.pop(number, 0)  # a list may name one session twice
        moved = {number for number, began in told.items() if not self._flutters(number, began)}
        for number in told.keys() - moved:
            now ^= {number << 32 | told[number], number << 32 | self._seconds[number]}
        for number in moved:
            self._checksum ^= number * self._seconds.get(number, 0) ^ number * told[number]
            self._seconds[number] = told[number]
        self._entries = now
        return self._called(moved | self._recent - gone, second, gone)

    def unmoved(self, second: int) -> Call:
        """A look at which everybody was as before."""
        return self._called(self._recent, second)

    def digest(self, but: int) -> tuple[int, int]:
        """How many there were, and a checksum, one of them left out: as roll_digest.sql has it."""
        own = self._seconds.get(but)
        return (
            (len(self._seconds), self._checksum)
            if own is None
            else (len(self._seconds) - 1, self._checksum ^ but * own)
        )

    def lists(self, number: int) -> bool:
        """Whether a session was there at the last look: one may come between the look and the reading."""
        return number in self._seconds

    def agrees(self, number: int, instant: float) -> bool:
        """Whether a session's second is that of an instant of the server's clock: one that set its own clock has another."""
        return abs(self._seconds.get(number, 0) - instant) <= 2 * FLUTTER

    def _called(self, asked: Collection[int], second: int, gone: frozenset[int] = frozenset()) -> Call:
        """Who is restless and not listed came after the last look, and went before this one."""
        never_listed = self.restless - self._seconds.keys()
        self.restless -= gone | never_listed
        called = Call(frozenset(asked) | self.restless, gone | never_listed)
        self._recent = frozenset(n for n in called.asked if self._seconds[n] >= second - FLUTTER)
        self._looked = second
        return called

    def _flutters(self, number: int, began: int) -> bool:
        """Whether this is but the beginning told before: one that came later would have been seen then."""
        before = self._seconds.get(number)
        return before is not None and abs(began - before) <= FLUTTER and began < self._looked - FLUTTER


def few(asked: Collection[int], present: int) -> bool:
    """Whether it is cheaper to ask for these than to read all."""
    return len(asked) <= max(MOST_BY_ID, present // 4)
