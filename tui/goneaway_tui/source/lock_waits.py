"""Read which sessions wait for locks, and which hold them; only while some session waits.

Servers list the waits for a lock as pairs of each waiter with every session ahead of it: n (n + 1) / 2 rows for n waiters on one
row, 125,250 for 500. Joining these in the server took 0.5 s of CPU on MySQL 9.7 and 6.6 s on MariaDB 11.8. So the pairs are never
joined. The waiting transactions are read in every sample, with the lock that each requests. The holders are read once for each
lock (MySQL: `data_lock_waits` by its index) or from `innodb_locks`, one row a lock (MariaDB, MySQL 5.7), and matched here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.session_cache import text, text_or_none
from goneaway_tui.source.session_table import rows_of


@dataclass(frozen=True, slots=True)
class WaitingTransaction:
    """An InnoDB transaction that waits for a lock."""

    session: ProcesslistId
    requested: str
    """The id of the lock; its parts between the first and the last name the record."""
    since: float | None


def is_lock_wait(state: str | None) -> bool:
    """Whether a session's state says that it waits for a lock of the server itself; waits for rows have no state of their own.

    >>> is_lock_wait("Waiting for table metadata lock"), is_lock_wait("Waiting for table flush"), is_lock_wait(None)
    (True, False, False)
    """
    return state is not None and state.startswith("Waiting for ") and state.endswith("lock")


@dataclass(frozen=True, slots=True)
class InnodbLock:
    """A row of `information_schema.innodb_locks`: a lock that a transaction waits for, or that others wait for."""

    id: str
    session: ProcesslistId
    mode: str
    table: str | None
    index: str | None


@dataclass(frozen=True, slots=True)
class MetadataLock:
    """A row of `performance_schema.metadata_locks`, or of MariaDB's `information_schema.metadata_lock_info`."""

    session: ProcesslistId
    kind: str
    """`TABLE`, `SCHEMA`, `GLOBAL` and so on."""
    schema: str | None
    name: str | None
    mode: str
    """Empty where the mode is not known; then the session waits for any."""
    is_granted: bool

    @property
    def object(self) -> tuple[str, str | None, str | None]:
        return self.kind, self.schema, self.name


def record_of(lock_id: str) -> str:
    """The record or table in the id of a lock of `innodb_locks`, without the transaction.

    >>> record_of("523:8:3:2")
    '8:3:2'
    """
    return lock_id.partition(":")[2]


def row_waits(waiting: Iterable[WaitingTransaction], locks: Iterable[InnodbLock]) -> tuple[LockWait, ...]:
    """Waits for rows, from the locks that `innodb_locks` lists."""
    waiting = tuple(waiting)
    requested = {transaction.requested for transaction in waiting}
    by_id: dict[str, InnodbLock] = {}
    granted: dict[str, list[InnodbLock]] = defaultdict(list)
    for lock in locks:
        by_id.setdefault(lock.id, lock)
        if lock.id not in requested:
            granted[record_of(lock.id)].append(lock)
    waits = []
    for transaction in waiting:
        wanted = by_id.get(transaction.requested)
        mode = wanted.mode if wanted is not None else "X"
        holders = tuple(
            dict.fromkeys(
                lock.session
                for lock in granted[record_of(transaction.requested)]
                if lock.session != transaction.session and _conflicts(mode, lock.mode)
            )
        )
        wanted_lock = (
            Lock(LockKind.ROW, wanted.table, wanted.index, wanted.mode) if wanted else Lock(LockKind.ROW)
        )
        waits.append(
            LockWait(
                transaction.session, holders, wanted_lock, transaction.since, record_of(transaction.requested)
            )
        )
    return tuple(waits)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A row of `mysql/lock_holders.sql`: a lock that a requested lock waits for, and what the requested lock is."""

    asked: str
    id: str
    session: ProcesslistId
    table: str | None
    index: str | None
    mode: str | None


def oldest_of_each_record(
    waiting: Iterable[WaitingTransaction], limit: int
) -> tuple[WaitingTransaction, ...]:
    """The oldest wait for each record: it has the fewest others ahead of it. The longest waits first, at most `limit`."""
    oldest: dict[str, WaitingTransaction] = {}
    for transaction in sorted(
        waiting, key=lambda wait: (wait.since is None, wait.since or 0.0, wait.session)
    ):
        oldest.setdefault(_record_in_queue(transaction.requested), transaction)
    return tuple(oldest.values())[:limit]


def _record_in_queue(lock_id: str) -> str:
    """The record or table in an id of `performance_schema.data_locks`; different transactions wait for the same one.

    The parts are transaction:space:page:heap:address, or transaction:table:address. MySQL 9.7 writes one more number after the
    transaction, which differs from transaction to transaction too.

    >>> _record_in_queue("93825784093200:2:4:2:93825991139360"), _record_in_queue("93825784093200:24:2:4:2:93825991139360")
    ('2:4:2', '2:4:2')
    >>> _record_in_queue("93825784093200:1064:93825991139360"), _record_in_queue("93825784093200:24:1064:93825991139360")
    ('1064', '1064')
    """
    parts = lock_id.split(":")
    return ":".join(parts[1 + (len(parts) % 2 == 0) : -1])


def row_waits_by_holder(
    waiting: Iterable[WaitingTransaction], holders: Iterable[LockHolder]
) -> tuple[LockWait, ...]:
    """Waits for rows, from the holders of the oldest wait of each record.

    All that wait for the same record get the holders of the oldest; a wait without any rows read has none.
    """
    waiting = tuple(waiting)
    requested = {transaction.requested for transaction in waiting}
    by_record: dict[str, list[LockHolder]] = defaultdict(list)
    for holder in holders:
        by_record[_record_in_queue(holder.asked)].append(holder)
    waits = []
    for transaction in waiting:
        rows = by_record.get(_record_in_queue(transaction.requested), [])
        granted = [
            row.session for row in rows if row.id not in requested and row.session != transaction.session
        ]
        ahead = [row.session for row in rows if row.session != transaction.session]
        lock = Lock(LockKind.ROW, rows[0].table, rows[0].index, rows[0].mode) if rows else Lock(LockKind.ROW)
        holders_or_ahead = tuple(dict.fromkeys(granted or ahead))
        record = _record_in_queue(transaction.requested)
        waits.append(LockWait(transaction.session, holders_or_ahead, lock, transaction.since, record))
    return tuple(waits)


def _conflicts(wanted: str, held: str) -> bool:
    """Whether InnoDB lets one wait for the other: shared locks do not wait for shared ones.

    >>> _conflicts("S", "S,REC_NOT_GAP"), _conflicts("X", "S"), _conflicts("S", "X,GAP")
    (False, True, True)
    """
    return not (_strength(wanted) == "S" and _strength(held) in {"S", "IS"})


def _strength(mode: str) -> str:
    return mode.partition(",")[0]


def metadata_waits(
    locks: Sequence[MetadataLock], since: Mapping[ProcesslistId, float | None]
) -> tuple[LockWait, ...]:
    """Waits for metadata locks. `since`: when the statement of each session began, as far as known."""
    granted: dict[tuple[str, str | None, str | None], list[MetadataLock]] = defaultdict(list)
    pending: dict[tuple[str, str | None, str | None], list[MetadataLock]] = defaultdict(list)
    for lock in locks:
        (granted if lock.is_granted else pending)[lock.object].append(lock)
    waits = []
    for key, requests in pending.items():
        queue = ".".join(part or "" for part in key)
        locks_of_mode = {
            mode: (
                _in_conflict(mode, granted[key]),
                _in_conflict(mode, requests),
                Lock(
                    LockKind.METADATA, ".".join(part for part in key[1:] if part) or None, None, mode or None
                ),
            )
            for mode in {request.mode for request in requests}
        }
        for request in requests:
            holding, asking, wanted = locks_of_mode[request.mode]
            session = request.session
            # where no session holds it, it is queued behind a stronger request that waits too
            holders = _without(session, holding) or _without(session, asking)
            waits.append(LockWait(session, holders, wanted, since.get(session), queue))
    return tuple(waits)


def _in_conflict(mode: str, locks: Iterable[MetadataLock]) -> tuple[ProcesslistId, ...]:
    """The sessions whose locks, held or requested, a request of that mode waits for."""
    return tuple(dict.fromkeys(lock.session for lock in locks if metadata_conflict(mode, lock.mode)))


def _without(session: ProcesslistId, sessions: tuple[ProcesslistId, ...]) -> tuple[ProcesslistId, ...]:
    return tuple(other for other in sessions if other != session) if session in sessions else sessions


_WRITES = frozenset({"SHARED_WRITE", "SHARED_WRITE_LOW_PRIO"})
_STRONG = frozenset({"SHARED_NO_READ_WRITE", "EXCLUSIVE"})
CONFLICTS: Mapping[str, frozenset[str]] = {
    "SHARED": frozenset({"EXCLUSIVE", "INTENTION_EXCLUSIVE"}),
    "SHARED_HIGH_PRIO": frozenset({"EXCLUSIVE"}),
    "SHARED_READ": _STRONG,
    "SHARED_WRITE": _STRONG | {"SHARED_NO_WRITE", "SHARED_READ_ONLY"},
    "SHARED_WRITE_LOW_PRIO": _STRONG | {"SHARED_NO_WRITE", "SHARED_READ_ONLY"},
    "SHARED_UPGRADABLE": _STRONG | {"SHARED_NO_WRITE", "SHARED_UPGRADABLE"},
    "SHARED_READ_ONLY": _STRONG | _WRITES,
    "SHARED_NO_WRITE": _STRONG | _WRITES | {"SHARED_UPGRADABLE", "SHARED_NO_WRITE"},
    "SHARED_NO_READ_WRITE": _STRONG
    | _WRITES
    | {"SHARED_READ", "SHARED_UPGRADABLE", "SHARED_READ_ONLY", "SHARED_NO_WRITE"},
    "INTENTION_EXCLUSIVE": frozenset({"SHARED", "EXCLUSIVE"}),
}
"""The locks on the same object that a request waits for: the table of compatibility in sql/mdl.cc of MySQL 8.0."""


def metadata_conflict(wanted: str, held: str) -> bool:
    """Whether a request waits for a lock of that mode; a mode that is not in CONFLICTS waits for any."""
    return wanted not in CONFLICTS or held in CONFLICTS[wanted]


REST = 50
"""After an answer, the statement is not sent again for so many times as long as the answer took."""
RECORDS_ASKED = 200
"""The number of records and tables whose holders one statement reads."""
START_TOLERANCE = 1.0
"""Seconds by which two readings of the start of one wait may differ: the server keeps whole seconds."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The rows of a statement, and when it may be sent again, on our clock."""

    rows: Sequence[Row]
    again_at: float


class LockWaitReader:
    """Reads the waits for locks over one connection; another connection, or other capabilities, need another reader."""

    def __init__(self, connection: Connection, capabilities: Capabilities, clock: Clock) -> None:
        self._connection = connection
        self._capabilities = capabilities
        self._clock = clock
        self._answers: dict[str, _Answer] = {}
        self._round_trip = 0.0
        self._starts: dict[tuple[ProcesslistId, str], float] = {}
        """By session and requested lock, when the wait began by the first sample of it: later samples differ by milliseconds."""

    def read(
        self,
        open_transactions: Mapping[int, Row],
        sessions: Collection[Session],
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
        if not rows and not any(map(is_lock_wait, {session.state for session in sessions})):
            return ()
        by_id = {session.id: session for session in sessions}
        by_waiter = {wait.waiter: wait for wait in self._metadata_waits(by_id)}
        by_waiter.update((wait.waiter, wait) for wait in rows)
        return tuple(_within_statement(wait, by_id.get(wait.waiter)) for wait in by_waiter.values())

    def _waiting(self, open_transactions: Mapping[int, Row], taken_at: float) -> list[WaitingTransaction]:
        waiting, starts = [], {}
        for session_id, (*_, requested, waited) in open_transactions.items():
            if requested is None:
                continue
            session, lock_id = ProcesslistId(session_id), text(requested)
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
                text(row[4]): ProcesslistId(session_id) for session_id, row in open_transactions.items()
            }
            rows, _is_fresh = self._rows("innodb_locks")
            locks = (_innodb_lock(row, by_transaction) for row in rows)
            return row_waits(waiting, [lock for lock in locks if lock is not None])
        asked = [wait.requested for wait in oldest_of_each_record(waiting, RECORDS_ASKED)]
        rows, is_fresh = self._rows("lock_holders", json.dumps(asked))
        holders = [_lock_holder(row) for row in rows if is_fresh or row[2] in open_transactions]
        return row_waits_by_holder(waiting, holders)

    def _metadata_waits(self, by_id: Mapping[ProcesslistId, Session]) -> tuple[LockWait, ...]:
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
        unlisted = waiting - {wait.waiter for wait in found}
        lock = Lock(LockKind.METADATA)
        return (
            *found,
            *(LockWait(session_id, (), lock, starts.get(session_id)) for session_id in sorted(unlisted)),
        )

    def _rows(self, what: str, *parameters: object) -> tuple[Sequence[Row], bool]:
        """The rows of the statement `what`, and whether they were read now; none where the server has no such statement."""
        if self._capabilities.statement(what) is None:
            return (), True
        before, sent = self._answers.get(what), self._clock()
        if before is not None and sent < before.again_at:
            return before.rows, False
        rows = rows_of(self._connection, self._capabilities, what, parameters)
        received = self._clock()
        at_server = max(0.0, received - sent - self._round_trip)
        self._answers[what] = _Answer(rows, received + REST * at_server)
        return rows, True


def _within_statement(wait: LockWait, session: Session | None) -> LockWait:
    """The wait, begun no earlier than the statement that waits: InnoDB reports the start of a wait in whole seconds."""
    began = None if session is None else session.busy_since
    if began is None or wait.since is None or wait.since >= began:
        return wait
    return LockWait(wait.waiter, wait.holders, wait.lock, began)


def _innodb_lock(row: Row, by_transaction: Mapping[str, ProcesslistId]) -> InnodbLock | None:
    """The lock of a row; None where its transaction is not listed, as a prepared one without a session is not."""
    lock_id, transaction, mode, table, index = row
    session = by_transaction.get(text(transaction))
    if session is None:
        return None
    name = text(table).strip("`").replace("`.`", ".") or None
    return InnodbLock(text(lock_id), session, text(mode), name, text_or_none(index))


def _lock_holder(row: Row) -> LockHolder:
    asked, lock_id, session, table, index, mode = row
    return LockHolder(
        text(asked),
        text(lock_id),
        ProcesslistId(session),
        text_or_none(table),
        text_or_none(index),
        text_or_none(mode),
    )


def _metadata_lock(row: Row) -> MetadataLock:
    session, kind, schema, name, mode, is_granted = row
    return MetadataLock(
        ProcesslistId(session),
        text(kind),
        text_or_none(schema),
        text_or_none(name),
        text(mode),
        bool(is_granted),
    )
