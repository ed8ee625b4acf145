"""What is remembered of each session, and which sessions must be read again.

MySQL lists for every session the second in which its last command began. While a session is idle, that second stays the same,
so a session with another second has run something. Three kinds of session are read in every sample, because the second does not
show whether they ran something: a session that works; one whose last command began in the second of the sample (another may
follow in the same second); and one that has set its own clock (`SET timestamp`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache

from goneaway_tui.model.server import Limitation
from goneaway_tui.model.session import PastStatement, ProcesslistId, ThreadId, library_name
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import Capabilities, history_limitation
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.session_table import rows_of
from goneaway_tui.text.sanitize import from_wire

SECOND_BITS = 32
"""The low bits of an entry of activity.sql, which hold the second. The bits above hold the id of the session."""
SECOND_MASK = (1 << SECOND_BITS) - 1
READ_BY_ID = 50
"""Up to so many sessions, reading them by id is always cheaper than reading the whole list."""
SECOND_TOLERANCE = 1
"""Seconds by which the server may report the same beginning differently: it does not fill the list in one instant."""


@dataclass(frozen=True, slots=True)
class ChangedSessions:
    """How the list of sessions differs from the list of the sample before."""

    to_read: frozenset[int]
    """Ids of the sessions that are new or may have run something."""
    ended: frozenset[int] = frozenset()
    recent: frozenset[int] = frozenset()
    """Those of `to_read` that may have run something only because another command may have followed in the same second."""

    @property
    def nothing(self) -> bool:
        return not self.to_read and not self.ended

    def without(self, session_id: int) -> ChangedSessions:
        """The same without one session that is not to be read."""
        return replace(self, to_read=self.to_read - {session_id}, recent=self.recent - {session_id})

    def narrowed(self, ran: AbstractSet[int]) -> ChangedSessions:
        """The same where all sessions that ran a statement since the sample before are known: a recent one among no others is idle."""
        return replace(self, to_read=self.to_read - self.recent | ran, recent=self.recent & ran)


@dataclass(slots=True)
class ChangeDetector:
    """Finds the sessions that may have run something since the sample before.

    It compares the answers to one of two statements:

    - `activity.sql` brings an entry a session, one integer: `id << 32 | second`, with the second in which the session's last
      command began. A session whose entry is the same as before has run nothing.
    - `activity_checksum.sql` brings the number of sessions and a checksum, our own session left out of both: the XOR of
      `id * second` over the sessions. Where both are equal to those of `checksum`, no session has run anything. An XOR with a
      term that is already in it removes that term, so a session that changed costs two terms, not a new sum over all.
    """

    always_read: set[int] = field(default_factory=set)
    """Ids of the sessions whose second does not show whether they ran something; the reader of the rows keeps this up to date."""
    _entries: set[int] = field(default_factory=set)
    """The entries of the sample before, with the seconds of `_second_of`."""
    _second_of: dict[int, int] = field(default_factory=dict)
    """By session id. Where the server reports a second that differs by no more than the tolerance, the first one stays."""
    _checksum: int = 0
    """The XOR of `id * second` over all sessions, our own included."""
    _recent: frozenset[int] = frozenset()
    """Sessions whose last command began in the second of the sample before: another may have followed in the same second."""
    _updated_at: int = 0
    """The second of the sample before, by the server's clock."""

    def update(self, entries: Iterable[int], second: int) -> ChangedSessions:
        """Compare the entries of activity.sql with those of the sample before. The first call returns all sessions as `to_read`.

        `second` is the server's clock.
        """
        now = set(entries)
        new_seconds = _seconds_by_id(now - self._entries)
        ended = frozenset(_seconds_by_id(self._entries - now).keys() - new_seconds.keys())
        for session_id in ended:
            self._checksum ^= session_id * self._second_of.pop(
                session_id, 0
            )  # a list may name one session twice
        changed = {
            session_id
            for session_id, began_at_second in new_seconds.items()
            if not self._is_same_beginning(session_id, began_at_second)
        }
        for session_id in new_seconds.keys() - changed:
            now ^= {
                _entry(session_id, new_seconds[session_id]),
                _entry(session_id, self._second_of[session_id]),
            }
        for session_id in changed:
            self._checksum ^= (
                session_id * self._second_of.get(session_id, 0) ^ session_id * new_seconds[session_id]
            )
            self._second_of[session_id] = new_seconds[session_id]
        self._entries = now
        return self._changes(changed, self._recent - ended - changed, second, ended)

    def unchanged(self, second: int) -> ChangedSessions:
        """As `update`, for a sample at which the checksum was as before."""
        return self._changes(frozenset(), self._recent, second)

    def checksum(self, own_id: int) -> tuple[int, int]:
        """The number of sessions and their checksum, without our own session: what activity_checksum.sql brings."""
        count, own_second = len(self._second_of), self._second_of.get(own_id)
        if own_second is None:
            return count, self._checksum
        return count - 1, self._checksum ^ own_id * own_second

    def is_listed(self, session_id: int) -> bool:
        """Whether activity.sql listed the session: one may log in between that statement and the one that reads the rows."""
        return session_id in self._second_of

    def began_at(self, session_id: int, instant: float) -> bool:
        """Whether the second of a session is that of an instant of the server's clock. It differs where the session set its clock."""
        return abs(self._second_of.get(session_id, 0) - instant) <= 2 * SECOND_TOLERANCE

    def _changes(
        self,
        changed: AbstractSet[int],
        recent: frozenset[int],
        second: int,
        ended: frozenset[int] = frozenset(),
    ) -> ChangedSessions:
        """The changes, with the sessions that are always read. One of those that was never listed ended between two samples."""
        never_listed = self.always_read - self._second_of.keys()
        self.always_read -= ended | never_listed
        changes = ChangedSessions(
            frozenset(changed | recent | self.always_read), ended | never_listed, recent - self.always_read
        )
        self._recent = frozenset(
            session_id
            for session_id in changes.to_read
            if self._second_of[session_id] >= second - SECOND_TOLERANCE
        )
        self._updated_at = second
        return changes

    def _is_same_beginning(self, session_id: int, began_at_second: int) -> bool:
        """Whether this is the beginning that was reported before: a later one would have been in the sample before already."""
        before = self._second_of.get(session_id)
        return (
            before is not None
            and abs(began_at_second - before) <= SECOND_TOLERANCE
            and began_at_second < self._updated_at - SECOND_TOLERANCE
        )


def _entry(session_id: int, second: int) -> int:
    """
    >>> _seconds_by_id({_entry(7, 1_700_000_000)})
    {7: 1700000000}
    """
    return session_id << SECOND_BITS | second


def _seconds_by_id(entries: Iterable[int]) -> dict[int, int]:
    return {entry >> SECOND_BITS: entry & SECOND_MASK for entry in entries}


def is_cheaper_by_id(to_read: Collection[int], present: int) -> bool:
    """Whether reading these sessions by id is cheaper than reading the whole list of `present` sessions."""
    return len(to_read) <= max(READ_BY_ID, present // 4)


ATTRIBUTES_KEPT = 64
TEXT_KEPT = 256
"""Attributes of a session, and characters of each, that are kept: a client may send 64 KB of them."""
PAIRS_SHARED = 2048
FEW_NEW = 100
"""Up to so many new sessions, their attributes are read by key: with 5,000 sessions 0.5 ms for one, where all cost 25 ms."""


@dataclass(slots=True)
class SessionCache:
    """What a reader remembers of one session between samples. Not used outside `source`."""

    id: int = 0
    thread: ThreadId | None = None
    host: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    own_limit: int | None = None
    may_have_set_limit: bool = True
    """Whether it may have run a statement that sets its limit since that was read."""
    command_began_at: float | None = None
    """When its last command began, on our clock; read once, for a session that has run nothing yet."""
    event: StatementEvent | None = None
    timer_moved: float = 0.0
    """Seconds by which the server's timer was set since `event` was read: the event keeps the timer's earlier values."""
    gaps: tuple[float, ...] = ()
    """As in `Session.gaps`."""
    statement: str | None = None
    query_id: int = 0
    """MariaDB's QUERY_ID of its last command."""
    idle_since: float | None = None
    busy_since: float | None = None
    """When the command that it runs began, on our clock."""
    whole_second_wait: WholeSecondWait | None = None
    """Its idle wait by TIME in whole seconds, for a session without events; None while it works."""
    was_followed: bool = False
    """In the sample before it had no events either, so `whole_second_wait` is about that sample."""

    @property
    def program(self) -> str | None:
        return next((value for name, value in self.attributes if name == "program_name" and value), None)

    @property
    def client(self) -> str | None:
        """`pymysql 1.2.4`: the client library and its version."""
        values = dict(self.attributes)
        return library_name(values.get("_client_name"), values.get("_client_version"))


@dataclass(frozen=True, slots=True)
class StatementEvent:
    """The last statement of a session as performance_schema timed it; seconds of the server's timer."""

    start: float
    end: float
    """While it runs, when it was read."""
    first_id: int
    """The number of this event among those of its thread."""
    last_id: int | None
    """The number of the last event within it; None while it runs."""
    name: str

    @property
    def running(self) -> bool:
        return self.last_id is None

    def is_next_after(self, before: StatementEvent) -> bool:
        """Whether the session ran nothing between the two; False where that is not known."""
        return before.last_id is not None and self.first_id == before.last_id + 1

    @property
    def half_sent(self) -> bool:
        """Part of a packet has arrived and the server waits for the rest."""
        return self.running and self.name == "statement/abstract/new_packet"


def gaps_between(
    before: StatementEvent, after: StatementEvent, history: Iterable[tuple[float, float]]
) -> tuple[float, ...]:
    """The idle times between two events of one session, as in `Session.gaps`.

    `history`: start and end of the statements that ended, in any order. Without the event before among them some are missing:
    then nothing is known.

    >>> before, after = StatementEvent(10, 10.5, 1, 1, ""), StatementEvent(33, 33.25, 4, None, "")
    >>> gaps_between(before, after, [(10, 10.5), (20, 20.5), (20.75, 21.0)]), gaps_between(before, after, [(20, 20.5)])
    ((9.5, 12.0), ())
    """
    spans = sorted({(start, end) for start, end in history if before.start <= start < after.start})
    if not spans or spans[0][0] != before.start:
        return ()
    gaps, ended = list[float](), spans[0][1]
    for start, end in (*spans[1:], (after.start, after.end)):
        gaps.append(round(start - ended, 3))
        ended = max(ended, end)
    return tuple(gap for number, gap in enumerate(gaps) if gap >= 1 or (number == 0 and gap >= 0))


@dataclass(frozen=True, slots=True)
class WholeSecondWait:
    """An idle wait of a session for which the server keeps no events."""

    second: int
    """The second of the server's clock in which its last command began: another second means another wait."""
    since: float | None
    """When it began on our clock, to within `within` seconds; None where that is not known."""
    within: float


def read_attributes(connection: Connection, capabilities: Capabilities, new: dict[int, SessionCache]) -> None:
    """Read the attributes of the `new` sessions, by session id; does nothing where the account may not read them."""
    if capabilities.statement("attributes") is None or not new:
        return
    of_some = capabilities.statement("some_attributes")
    if of_some is not None and len(new) <= FEW_NEW:
        rows = connection.rows(of_some, (sorted(new),))
    else:
        rows = rows_of(connection, capabilities, "attributes", (min(new),))
    values: dict[int, list[tuple[str, str]]] = {}
    for session_id, name, value in rows:
        if int(session_id) in new:
            values.setdefault(int(session_id), []).append(_pair(name, value))
    for session_id, attributes in values.items():
        new[session_id].attributes = tuple(attributes[:ATTRIBUTES_KEPT])


@lru_cache(maxsize=PAIRS_SHARED)
def _pair(name: bytes | str, value: bytes | str | None) -> tuple[str, str]:
    """The same object for the same texts: all sessions of a program send the same, and thousands of ended sessions are kept."""
    return text(name)[:TEXT_KEPT], text(value)[:TEXT_KEPT]


def text(value: bytes | str | None) -> str:
    """A column as text, whatever it holds; NULL is empty."""
    if value is None:
        return ""
    return from_wire(value) if isinstance(value, bytes) else str(value)


@lru_cache(maxsize=PAIRS_SHARED)
def shared_text(value: bytes | str | None) -> str:
    """As `text`, for values that many sessions have in common: the same object for all of them."""
    return text(value)


def text_or_none(value: bytes | str | None) -> str | None:
    """As `text`, with NULL and the empty string as None."""
    return text(value) or None


def read_open_transactions(connection: Connection, capabilities: Capabilities) -> dict[int, Row]:
    """Each InnoDB transaction by session id: age in seconds, rows modified, rows locked, read-only, the transaction's id, the id of
    the lock it waits for (None where it waits for none), seconds it has waited.
    """
    if capabilities.statement("innodb_transactions") is None:
        return {}
    return {int(row[0]): row[1:] for row in rows_of(connection, capabilities, "innodb_transactions")}


def read_transaction_statements(
    connection: Connection,
    capabilities: Capabilities,
    clock: Clock,
    session: ProcesslistId,
    text_length: int,
) -> tuple[PastStatement, ...] | Limitation:
    """The statements of one session's open transaction, the oldest first; or why they cannot be read.

    Raises SourceError and Refusal.
    """
    statement = capabilities.statement("transaction_statements")
    if statement is None or not text_length:
        return history_limitation(capabilities, is_wanted=bool(text_length))
    rows = connection.rows(statement, (text_length, session))
    now = clock()
    return tuple(
        PastStatement(text(words), None if seconds_ago is None else now - float(seconds_ago))
        for seconds_ago, words in rows
    )


def command_words(event_name: str) -> str | None:
    """What to show for a command that has no SQL text: `Ping`, `Reset Connection`.

    >>> command_words("statement/com/Ping"), command_words("statement/sql/select")
    ('(Ping)', None)
    """
    beginning = "statement/com/"
    return f"({event_name.removeprefix(beginning)})" if event_name.startswith(beginning) else None
