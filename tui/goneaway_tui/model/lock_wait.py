"""A session that waits for a lock, and the sessions that hold it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.model.session import ProcesslistId


class LockKind(StrEnum):
    """What is locked."""

    ROW = "row"
    """A record, a gap or a table inside InnoDB."""
    METADATA = "metadata"
    """A table, a schema or the whole server, by the server itself."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a session waits for. Text is as hostile as the server."""

    kind: LockKind
    table: str | None = None
    """`schema.table`, or the schema alone; None where the lock is of the whole server or nothing is known."""
    index: str | None = None
    mode: str | None = None
    """In the server's words: `X,REC_NOT_GAP`, `EXCLUSIVE`."""


@dataclass(frozen=True, slots=True)
class LockWait:
    """One wait; a session has one at a time."""

    waiter: ProcesslistId
    holders: tuple[ProcesslistId, ...]
    """Those that hold the lock, or, where none holds it, those ahead in its queue. Empty where the server does not tell."""
    lock: Lock
    since: float | None = None
    """When the wait began, in seconds on the source's clock, to a second; None where the server does not tell."""
