"""What is asked once for a session and kept while it lives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from goneaway_tui.model.plain import from_wire
from goneaway_tui.model.session import ThreadId, library
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.packed import rows_of
from goneaway_tui.source.survey import Survey

ATTRIBUTES_KEPT = 64
TEXT_KEPT = 256
"""A client may send 64 KB of attributes; what does not fit these is not kept."""
PAIRS_SHARED = 2048
FEW_NEW = 100
"""New sessions up to which attributes are asked by key: of 5,000 sessions one costs 0.5 ms so, and 25 ms otherwise."""


@dataclass(slots=True)
class Dossier:
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
        return library(told.get("_client_name"), told.get("_client_version"))


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


def read_attributes(connection: Connection, found: Survey, new: dict[int, Dossier]) -> None:
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


def read_open_transactions(connection: Connection, found: Survey) -> dict[int, Row]:
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
