"""Read which sessions wait for locks, and which hold them; the server is asked for holders only while a session waits.

An answer that took the server s seconds is not asked for again within REST * s, so that it never costs the server more than
2 % of a core. Meanwhile the waits are put together from the last answer and the waiting sessions of now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from goneaway_tui.model.lock_wait import Lock, LockKind, LockWait
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.lock_waits import (
    InnodbLock,
    LockHolder,
    MetadataLock,
    WaitingTransaction,
    is_lock_wait,
    metadata_waits,
    oldest_of_each_record,
    row_waits,
    row_waits_by_holder,
)
from goneaway_tui.source.session_cache import optional, text

REST = 50
"""How many times as long as an answer took it is not asked for again."""
RECORDS_ASKED = 200
"""Records and tables whose holders one statement asks for."""
START_TOLERANCE = 1.0
"""Seconds by which two readings of the start of one wait may differ: the server keeps whole seconds."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The rows of a statement, and when it may be sent again, on our clock."""

    rows: Sequence[Row]
    again_at: float


class LockWaitReader:
    """Reads over one connection; a new connection, or other capabilities, need a new reader."""

    def __init__(self, connection: Connection, capabilities: Capabilities, clock: Clock) -> None:
        self._connection = connection
        self._capabilities = capabilities
        self._clock = clock
        self._answers: dict[str, _Answer] = {}
        self._round_trip = 0.0
        self._starts: dict[tuple[ProcesslistId, str], float] = {}
        """By session and requested lock, when the wait began as it was read first: later readings differ by milliseconds."""

    def read(
        self,
        open_transactions: Mapping[int, Row],
        sessions: Iterable[Session],
        taken_at: float,
        round_trip: float,
    ) -> tuple[LockWait, ...] | None:
        """All waits for locks; None where it cannot be read which transactions wait. Raises SourceError and Refusal.

        `open_transactions` are those of `session_cache.read_open_transactions`, `round_trip` the seconds to the server and back.
        """
        if self._capabilities.statement("innodb_transactions") is None:
            return None
        self._round_trip = round_trip
        rows = self._row_waits(self._waiting(open_transactions, taken_at), open_transactions)
        by_waiter = {wait.waiter: wait for wait in self._metadata_waits(sessions)}
        by_waiter.update((wait.waiter, wait) for wait in rows)
        return tuple(by_waiter.values())

    def _waiting(self, open_transactions: Mapping[int, Row], taken_at: float) -> list[WaitingTransaction]:
        waiting, starts = [], {}
        for number, (*_, requested, waited) in open_transactions.items():
            if requested is None:
                continue
            session, lock_id = ProcesslistId(number), text(requested)
            since = None if waited is None else taken_at - max(0.0, float(waited))
            before = self._starts.get((session, lock_id))
            if since is not None:
                if before is not None and abs(since - before) <= START_TOLERANCE:
                    since = before
                starts[session, lock_id] = since
            waiting.append(WaitingTransaction(session, lock_id, since))
        self._starts = starts
        return waiting

    def _row_waits(
        self, waiting: list[WaitingTransaction], open_transactions: Mapping[int, Row]
    ) -> tuple[LockWait, ...]:
        if not waiting:
            return ()
        if self._capabilities.statement("innodb_locks") is not None:
            by_transaction = {
                text(row[4]): ProcesslistId(number) for number, row in open_transactions.items()
            }
            rows, _is_fresh = self._rows("innodb_locks")
            locks = (_innodb_lock(row, by_transaction) for row in rows)
            return row_waits(waiting, [lock for lock in locks if lock is not None])
        asked = [wait.requested for wait in oldest_of_each_record(waiting, RECORDS_ASKED)]
        rows, is_fresh = self._rows("lock_holders", json.dumps(asked))
        holders = [_lock_holder(row) for row in rows if is_fresh or row[2] in open_transactions]
        return row_waits_by_holder(waiting, holders)

    def _metadata_waits(self, sessions: Iterable[Session]) -> tuple[LockWait, ...]:
        by_id = {session.id: session for session in sessions}
        waiting = {session.id for session in by_id.values() if is_lock_wait(session.state)}
        if not waiting:
            return ()
        rows, is_fresh = self._rows("metadata_locks")
        locks = [
            lock
            for lock in map(_metadata_lock, rows)
            if lock.session in by_id and (is_fresh or lock.is_granted or lock.session in waiting)
        ]
        starts = {session.id: session.busy_since for session in by_id.values() if not session.is_idle}
        found = metadata_waits(locks, starts)
        untold = waiting - {wait.waiter for wait in found}
        lock = Lock(LockKind.METADATA)
        return (*found, *(LockWait(number, (), lock, starts.get(number)) for number in sorted(untold)))

    def _rows(self, what: str, *parameters: object) -> tuple[Sequence[Row], bool]:
        """The rows of a thing, and whether they are of now; none where it cannot be read here."""
        statement = self._capabilities.statement(what)
        if statement is None:
            return (), True
        before, sent = self._answers.get(what), self._clock()
        if before is not None and sent < before.again_at:
            return before.rows, False
        rows = self._connection.rows(statement, parameters)
        received = self._clock()
        at_server = max(0.0, received - sent - self._round_trip)
        self._answers[what] = _Answer(rows, received + REST * at_server)
        return rows, True


def _innodb_lock(row: Row, by_transaction: Mapping[str, ProcesslistId]) -> InnodbLock | None:
    """None where the lock is of a transaction that is not listed, as of one that was prepared and has no session."""
    lock_id, transaction, mode, table, index = row
    session = by_transaction.get(text(transaction))
    if session is None:
        return None
    name = text(table).strip("`").replace("`.`", ".") or None
    return InnodbLock(text(lock_id), session, text(mode), name, optional(index))


def _lock_holder(row: Row) -> LockHolder:
    asked, lock_id, session, table, index, mode = row
    return LockHolder(
        text(asked), text(lock_id), ProcesslistId(session), optional(table), optional(index), optional(mode)
    )


def _metadata_lock(row: Row) -> MetadataLock:
    session, kind, schema, name, mode, is_granted = row
    return MetadataLock(
        ProcesslistId(session), text(kind), optional(schema), optional(name), text(mode), bool(is_granted)
    )
