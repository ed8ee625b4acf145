"""Who is on a server, and who may have done anything since the last look: what need not be read is not read.

MySQL tells of every session the second its last command began in. While a session sleeps, that second stays; so whoever
shows another one has run something. What that cannot tell is asked each time: a session that works, one whose last command
began in the second of the look (another may follow in the same), and one that has set its own clock (`SET timestamp`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from goneaway_tui.model.session import ThreadId, library_name
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.session_table import rows_of
from goneaway_tui.text.sanitize import from_wire

SECOND = 0xFFFF_FFFF
"""The bits of an entry that hold the second; the id stands above them."""
MOST_BY_ID = 50
"""Sessions up to which it is never cheaper to read all."""
FLUTTER = 1
"""Seconds by which one beginning may be told differently: a list is not filled in one instant."""


@dataclass(frozen=True, slots=True)
class ChangedSessions:
    """What a look at the roll says."""

    asked: frozenset[int]
    """Sessions that are new or may have done something."""
    gone: frozenset[int] = frozenset()


@dataclass(slots=True)
class ChangeDetector:
    """What was told at the last look."""

    restless: set[int] = field(default_factory=set)
    """Sessions whose second tells nothing; kept by whoever reads them."""
    _entries: set[int] = field(default_factory=set)
    _seconds: dict[int, int] = field(default_factory=dict)
    _checksum: int = 0
    _recent: frozenset[int] = frozenset()
    _looked: int = 0

    def call(self, entries: Iterable[int], second: int) -> ChangedSessions:
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

    def unmoved(self, second: int) -> ChangedSessions:
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

    def _called(
        self, asked: Collection[int], second: int, gone: frozenset[int] = frozenset()
    ) -> ChangedSessions:
        """Who is restless and not listed came after the last look, and went before this one."""
        never_listed = self.restless - self._seconds.keys()
        self.restless -= gone | never_listed
        called = ChangedSessions(frozenset(asked) | self.restless, gone | never_listed)
        self._recent = frozenset(n for n in called.asked if self._seconds[n] >= second - FLUTTER)
        self._looked = second
        return called

    def _flutters(self, number: int, began: int) -> bool:
        """Whether this is but the beginning told before: one that came later would have been seen then."""
        before = self._seconds.get(number)
        return before is not None and abs(began - before) <= FLUTTER and began < self._looked - FLUTTER


def is_few(asked: Collection[int], present: int) -> bool:
    """Whether it is cheaper to ask for these than to read all."""
    return len(asked) <= max(MOST_BY_ID, present // 4)


ATTRIBUTES_KEPT = 64
TEXT_KEPT = 256
"""A client may send 64 KB of attributes; what does not fit these is not kept."""
PAIRS_SHARED = 2048
FEW_NEW = 100
"""New sessions up to which attributes are asked by key: of 5,000 sessions one costs 0.5 ms so, and 25 ms otherwise."""


@dataclass(slots=True)
class SessionCache:
    """One session's slow facts. Filled by a reader, never seen outside a source."""

    id: int = 0
    thread: ThreadId | None = None
    host: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    own_limit: int | None = None
    began: float | None = None
    """When its last command began, on our clock; asked once, for a session that has run nothing yet."""
    event: StatementEvent | None = None
    timer_moved: float = 0.0
    """Seconds by which the server's timer was set since that event was read: the event keeps the old reckoning."""
    statement: str | None = None
    query: int = 0
    """MariaDB's QUERY_ID of its last command."""
    idle_since: float | None = None
    wait: CoarseWait | None = None
    """Its idle wait as whole seconds tell it, for a session without events; None while it works."""
    followed: bool = False
    """At the last look it had no events either, so that `wait` tells what it did then."""

    @property
    def program(self) -> str | None:
        return next((value for name, value in self.attributes if name == "program_name" and value), None)

    @property
    def client(self) -> str | None:
        """`pymysql 1.2.4`: the client library and its version."""
        told = dict(self.attributes)
        return library_name(told.get("_client_name"), told.get("_client_version"))


@dataclass(frozen=True, slots=True)
class StatementEvent:
    """A session's last statement as performance_schema timed it; seconds of the server's timer."""

    start: float
    end: float
    running: bool
    name: str

    @property
    def half_sent(self) -> bool:
        """Part of a packet has arrived and the server waits for the rest."""
        return self.running and self.name == "statement/abstract/new_packet"


@dataclass(frozen=True, slots=True)
class CoarseWait:
    """An idle wait of a session of which no events are kept."""

    second: int
    """The second of the server's clock its last command began in: a new one is a new wait."""
    since: float | None
    """When it began on our clock, as well as can be told."""
    within: float


def read_attributes(connection: Connection, found: Capabilities, new: dict[int, SessionCache]) -> None:
    """Fill the attributes of sessions that are new; does nothing where they may not be read."""
    if found.statement("attributes") is None or not new:
        return
    of_some = found.statement("some_attributes")
    if of_some is not None and len(new) <= FEW_NEW:
        rows = connection.rows(of_some, (sorted(new),))
    else:
        rows = rows_of(connection, found, "attributes", (min(new),))
    told: dict[int, list[tuple[str, str]]] = {}
    for session_id, name, value in rows:
        if int(session_id) in new:
            told.setdefault(int(session_id), []).append(_pair(name, value))
    for session_id, attributes in told.items():
        new[session_id].attributes = tuple(attributes[:ATTRIBUTES_KEPT])


@lru_cache(maxsize=PAIRS_SHARED)
def _pair(name: bytes | str, value: bytes | str | None) -> tuple[str, str]:
    """One object for the same words, as all sessions of a program say them: who left is kept by the ten thousand."""
    return text(name)[:TEXT_KEPT], text(value)[:TEXT_KEPT]


def text(value: bytes | str | None) -> str:
    """A column as text, whatever it holds; NULL is empty."""
    if value is None:
        return ""
    return from_wire(value) if isinstance(value, bytes) else str(value)


@lru_cache(maxsize=PAIRS_SHARED)
def word(value: bytes | str | None) -> str:
    """As `text`, of what many sessions say alike: it is one object for all of them."""
    return text(value)


def optional(value: bytes | str | None) -> str | None:
    """As `text`, with NULL and the empty string as None."""
    return text(value) or None


def read_open_transactions(connection: Connection, found: Capabilities) -> dict[int, Row]:
    """(age in seconds, rows modified, rows locked, read-only) of each InnoDB transaction, by session id."""
    statement = found.statement("innodb_transactions")
    if statement is None:
        return {}
    return {int(row[0]): row[1:] for row in connection.rows(statement)}


def command_words(event_name: str) -> str | None:
    """What to show for a command that has no SQL text: `Ping`, `Reset Connection`.

    >>> command_words("statement/com/Ping"), command_words("statement/sql/select")
    ('(Ping)', None)
    """
    beginning = "statement/com/"
    return f"({event_name.removeprefix(beginning)})" if event_name.startswith(beginning) else None
