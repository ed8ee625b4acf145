"""Which sessions wait for locks, and which hold them: asked only while some session waits.

Servers list a lock's wait as pairs of each waiter with everybody ahead of it: n (n + 1) / 2 rows for n waiters on one row,
125,250 for 500, and joining these at the server took 0.5 s of CPU on MySQL 9.7 and 6.6 s on MariaDB 11.8. So the pairs are
never joined: the waiting transactions are read already, with the lock each requests; what holds a lock is asked once for each
lock (MySQL: `data_lock_waits` by its index), or read off `innodb_locks`, one row a lock (MariaDB, MySQL 5.7), and put together here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from goneaway_tui.model.lock_wait import Lock, LockKind, LockWait
from goneaway_tui.model.session import ProcesslistId


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
    """A row of `performance_schema.metadata_locks`."""

    session: ProcesslistId
    kind: str
    """`TABLE`, `SCHEMA`, `GLOBAL` and so on."""
    schema: str | None
    name: str | None
    mode: str
    is_granted: bool

    @property
    def object(self) -> tuple[str, str | None, str | None]:
        return self.kind, self.schema, self.name


def record_of(lock_id: str) -> str:
    """What the id of a lock in `innodb_locks` says of the record or table, without the transaction it is of.

    >>> record_of("523:8:3:2")
    '8:3:2'
    """
    return lock_id.partition(":")[2]


def row_waits(waiting: Iterable[WaitingTransaction], locks: Iterable[InnodbLock]) -> tuple[LockWait, ...]:
    """Waits for rows, from the locks that `innodb_locks` lists."""
    waiting = tuple(waiting)
    requested = {each.requested for each in waiting}
    by_id: dict[str, InnodbLock] = {}
    granted: dict[str, list[InnodbLock]] = defaultdict(list)
    for lock in locks:
        by_id.setdefault(lock.id, lock)
        if lock.id not in requested:
            granted[record_of(lock.id)].append(lock)
    waits = []
    for each in waiting:
        wanted = by_id.get(each.requested)
        mode = wanted.mode if wanted is not None else "X"
        holders = tuple(
            dict.fromkeys(
                lock.session
                for lock in granted[record_of(each.requested)]
                if lock.session != each.session and _conflicts(mode, lock.mode)
            )
        )
        wanted_lock = (
            Lock(LockKind.ROW, wanted.table, wanted.index, wanted.mode) if wanted else Lock(LockKind.ROW)
        )
        waits.append(LockWait(each.session, holders, wanted_lock, each.since))
    return tuple(waits)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A row of `mysql/lock_holders.sql`: a lock that stands before one that was asked about, and what that one is."""

    asked: str
    id: str
    session: ProcesslistId
    table: str | None
    index: str | None
    mode: str | None


def oldest_of_each_record(
    waiting: Iterable[WaitingTransaction], limit: int
) -> tuple[WaitingTransaction, ...]:
    """One wait for each record, the oldest: before it stands the least of the queue. The longest waits first, at most `limit`."""
    oldest: dict[str, WaitingTransaction] = {}
    for each in sorted(waiting, key=lambda wait: (wait.since is None, wait.since or 0.0, wait.session)):
        oldest.setdefault(_record_in_queue(each.requested), each)
    return tuple(oldest.values())[:limit]


def _record_in_queue(lock_id: str) -> str:
    """The middle of an id of `performance_schema.data_locks`, between the transaction and the lock's own address.

    >>> _record_in_queue("93825784093200:2:2:4:2:93825991139360")
    '2:2:4:2'
    """
    return ":".join(lock_id.split(":")[1:-1])


def row_waits_by_holder(
    waiting: Iterable[WaitingTransaction], holders: Iterable[LockHolder]
) -> tuple[LockWait, ...]:
    """Waits for rows, from what stands before the oldest wait of each record.

    All that wait for the same record get the holders of the oldest; a wait nothing was read of has none.
    """
    waiting = tuple(waiting)
    requested = {each.requested for each in waiting}
    by_record: dict[str, list[LockHolder]] = defaultdict(list)
    for holder in holders:
        by_record[_record_in_queue(holder.asked)].append(holder)
    waits = []
    for each in waiting:
        rows = by_record.get(_record_in_queue(each.requested), [])
        granted = [row.session for row in rows if row.id not in requested and row.session != each.session]
        ahead = [row.session for row in rows if row.session != each.session]
        lock = Lock(LockKind.ROW, rows[0].table, rows[0].index, rows[0].mode) if rows else Lock(LockKind.ROW)
        waits.append(LockWait(each.session, tuple(dict.fromkeys(granted or ahead)), lock, each.since))
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
    """Waits for metadata locks. `since` has when the statement of each session began, as far as known."""
    granted: dict[tuple[str, str | None, str | None], list[MetadataLock]] = defaultdict(list)
    pending: dict[tuple[str, str | None, str | None], list[MetadataLock]] = defaultdict(list)
    for lock in locks:
        (granted if lock.is_granted else pending)[lock.object].append(lock)
    waits = []
    for key, requests in pending.items():
        for request in requests:
            others = [lock for lock in granted[key] if lock.session != request.session]
            holders = [lock.session for lock in others if metadata_conflict(request.mode, lock.mode)]
            if not holders:  # it stands behind a stronger request that waits itself
                holders = [
                    other.session
                    for other in requests
                    if other.session != request.session and metadata_conflict(request.mode, other.mode)
                ]
            table = ".".join(part for part in (request.schema, request.name) if part) or None
            wanted = Lock(LockKind.METADATA, table, None, request.mode)
            waits.append(
                LockWait(request.session, tuple(dict.fromkeys(holders)), wanted, since.get(request.session))
            )
    return tuple(waits)


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
"""Which locks on the same object a request waits for: the table of compatibility in sql/mdl.cc of MySQL 8.0."""


def metadata_conflict(wanted: str, held: str) -> bool:
    """Whether a request waits for a lock of that mode; a mode that is not in CONFLICTS waits for any."""
    return wanted not in CONFLICTS or held in CONFLICTS[wanted]
