"""Waits for locks: which session waits, which hold the lock, and which session blocks which, through all levels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile

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

    @property
    def is_shared(self) -> bool:
        """Whether sessions that wait for it in one queue can get it together."""
        mode = self.mode or ""
        if self.kind is LockKind.ROW:
            return mode.partition(",")[0] in {"S", "IS", "IX"}
        return mode.startswith("SHARED") and not mode.startswith("SHARED_NO_")


@dataclass(frozen=True, slots=True)
class LockWait:
    """One wait; a session has one at a time."""

    waiter: ProcesslistId
    holders: tuple[ProcesslistId, ...]
    """Those that hold the lock, or, where none holds it, those ahead in its queue. Empty where the server does not list them."""
    lock: Lock
    since: float | None = None
    """When the wait began, in seconds on the source's clock, to a second; None where the server does not report it."""
    queue: str | None = field(default=None, compare=False)
    """Names what is locked: waits with the same name stand in one queue. None where the server does not name it."""


@dataclass(frozen=True, slots=True)
class LockState:
    """Where one session stands among the waits for locks."""

    wait: LockWait | None = None
    """What it waits for; None where it waits for nothing, or where that is not known."""
    blocks: int | None = 0
    """How many sessions wait for it, directly or through others; None where that is not known."""
    is_known: bool = True
    """Whether it is known if the session waits."""

    def waiting_seconds(self, now: float) -> float | None:
        """How long it has waited; None where it does not wait, or where the start is not known."""
        return None if self.wait is None or self.wait.since is None else max(0.0, now - self.wait.since)


NO_LOCKS = LockState()
UNKNOWN_LOCKS = LockState(blocks=None, is_known=False)
POSSIBLE_HOLDER = LockState(blocks=None)
"""Of a session that does not wait, while the holders of some waits are not known."""

Ids = tuple[ProcesslistId, ...]


@dataclass(frozen=True, slots=True)
class Blocking:
    """All waits for locks of one sample. Sessions that wait in a circle block each other, and none of them is a root."""

    waits: Mapping[ProcesslistId, LockWait] = field(default_factory=dict)
    """By the session that waits."""
    waiters: Mapping[ProcesslistId, Ids] = field(default_factory=dict)
    """By the session that holds: those that wait for it directly, the longest first."""
    blocks: Mapping[ProcesslistId, int] = field(default_factory=dict)
    """By the session that holds: how many wait for it, directly or through others; itself never counts."""
    roots: Ids = ()
    """Sessions that others wait for and that wait for none, those that block most first; then one of each circle."""
    is_complete: bool = True
    """Whether the holders of every wait are known: else a session may block others without being counted."""

    def states(self) -> Mapping[ProcesslistId, LockState]:
        """The state of each session that waits, or that others are known to wait for."""
        unknown = 0 if self.is_complete else None
        return {
            session: LockState(self.waits.get(session), self.blocks.get(session, unknown))
            for session in self.waits.keys() | self.blocks.keys()
        }

    def below(self, holder: ProcesslistId) -> Iterator[tuple[int, ProcesslistId]]:
        """The sessions that wait for `holder`, each once, with its depth (1 is direct), depth first."""
        visited = {holder}
        ahead = [(1, waiter) for waiter in reversed(self.waiters.get(holder, ()))]
        while ahead:
            depth, session = ahead.pop()
            if session in visited:
                continue
            visited.add(session)
            yield depth, session
            ahead += [(depth + 1, waiter) for waiter in reversed(self.waiters.get(session, ()))]

    def freed_by(self, ended: Iterable[ProcesslistId]) -> frozenset[ProcesslistId]:
        """The sessions that can go on once these have ended: all whose every holder is among them, or goes on itself."""
        ended_ids = set(ended)
        needed = {
            session: len(set(wait.holders) - ended_ids)
            for session, wait in self.waits.items()
            if wait.holders and session not in ended_ids
        }
        ahead = [session for session, holders in needed.items() if not holders]
        free: set[ProcesslistId] = set()
        while ahead:
            session = ahead.pop()
            free.add(session)
            for waiter in set(self.waiters.get(session, ())):
                if waiter in needed:
                    needed[waiter] -= 1
                    if not needed[waiter]:
                        ahead.append(waiter)
        return frozenset(free)

    def freed_at_once(self, ended: Iterable[ProcesslistId]) -> int:
        """How many of `freed_by` get their lock at once; the others get it as those end their transactions.

        Of each queue the first gets it, and with a shared lock those that stand right behind it for a shared one. Which session
        is first is the server's choice: InnoDB prefers one that others wait for.
        """
        ended_ids = set(ended)
        queues: dict[object, list[LockWait]] = defaultdict(list)
        for wait in sorted(self.waits.values(), key=_longest_first):
            if wait.waiter not in ended_ids and wait.holders and ended_ids.issuperset(wait.holders):
                queues[wait.queue or wait.lock].append(wait)
        return sum(
            1 if not queue[0].lock.is_shared else sum(1 for _ in takewhile(lambda w: w.lock.is_shared, queue))
            for queue in queues.values()
        )


NO_WAITS = Blocking()


def lock_states(known: Blocking | None) -> tuple[Mapping[ProcesslistId, LockState], LockState]:
    """The state of each session that waits or blocks, and that of all others; None: nothing is known of any."""
    if known is None:
        return {}, UNKNOWN_LOCKS
    return known.states(), NO_LOCKS if known.is_complete else POSSIBLE_HOLDER


def blocking(waits: Iterable[LockWait]) -> Blocking:
    """Put the waits of a sample together."""
    by_waiter = {wait.waiter: wait for wait in waits}
    if not by_waiter:
        return NO_WAITS
    waiters: dict[ProcesslistId, list[ProcesslistId]] = defaultdict(list)
    for wait in sorted(by_waiter.values(), key=_longest_first):
        for holder in wait.holders:
            if holder != wait.waiter:
                waiters[holder].append(wait.waiter)
    links = {holder: tuple(below) for holder, below in waiters.items()}
    blocks = _waiter_counts(links)
    free = [holder for holder in links if not _waits(by_waiter, holder)]
    roots = sorted(free, key=lambda holder: (-blocks[holder], holder))
    reached: set[ProcesslistId] = set()
    _add_reached(links, free, reached)
    for holder in sorted(links, key=lambda session: (-blocks[session], session)):
        if holder not in reached:
            roots.append(holder)
            _add_reached(links, (holder,), reached)
    is_complete = all(wait.holders for wait in by_waiter.values())
    return Blocking(by_waiter, links, blocks, tuple(roots), is_complete)


Links = Mapping[ProcesslistId, Ids]
"""By the session that holds: those that wait for it directly."""


def _add_reached(links: Links, starts: Iterable[ProcesslistId], reached: set[ProcesslistId]) -> None:
    """Add the sessions and all that wait for them, each once."""
    ahead = list(starts)
    while ahead:
        session = ahead.pop()
        if session not in reached:
            reached.add(session)
            ahead += links.get(session, ())


def _waiter_counts(links: Links) -> dict[ProcesslistId, int]:
    """How many sessions wait for each holder, directly or through others.

    Bits of one number stand for the sessions that a circle, or a session in none, reaches: following the links again from each
    holder took minutes where 800 sessions wait for each other.
    """
    circles = list(_circles(links))
    index_of = {session: index for index, circle in enumerate(circles) for session in circle}
    for waiters in links.values():
        for waiter in waiters:
            index_of.setdefault(waiter, len(index_of))
    bit = {session: index for index, session in enumerate(index_of)}
    below = [
        {index_of[waiter] for holder in circle for waiter in links[holder] if waiter in links} - {index}
        for index, circle in enumerate(circles)
    ]
    uses = Counter(index for indexes in below for index in indexes)
    reachable: dict[int, int] = {}
    blocks: dict[ProcesslistId, int] = {}
    for index, circle in enumerate(circles):
        bits = bytearray(len(bit) // 8 + 1)
        for session in {*circle, *(waiter for holder in circle for waiter in links[holder])}:
            bits[bit[session] // 8] |= 1 << bit[session] % 8
        reached = int.from_bytes(bits, "little")
        for other in below[index]:
            reached |= reachable[other]
            uses[other] -= 1
            if not uses[other]:
                del reachable[other]
        if uses[index]:
            reachable[index] = reached
        blocks |= dict.fromkeys(circle, reached.bit_count() - 1)
    return blocks


def _circles(links: Links) -> Iterator[list[ProcesslistId]]:
    """The holders that wait for each other, together; each other holder alone; none before those that wait for it (Tarjan)."""
    order: dict[ProcesslistId, int] = {}
    first: dict[ProcesslistId, int] = {}
    """The earliest holder of the path that each leads back to."""
    path: list[ProcesslistId] = []
    done: set[ProcesslistId] = set()
    for start in links:
        ahead = [] if start in order else [(start, iter(links[start]))]
        while ahead:
            holder, waiters = ahead[-1]
            if holder not in order:
                order[holder] = first[holder] = len(order)
                path.append(holder)
            for waiter in waiters:
                if waiter in links and waiter not in order:
                    ahead.append((waiter, iter(links[waiter])))
                    break
                if waiter in order and waiter not in done:
                    first[holder] = min(first[holder], order[waiter])
            else:
                ahead.pop()
                if ahead:
                    before = ahead[-1][0]
                    first[before] = min(first[before], first[holder])
                if first[holder] == order[holder]:
                    at = path.index(holder)
                    yield path[at:]
                    done.update(path[at:])
                    del path[at:]


def _waits(by_waiter: Mapping[ProcesslistId, LockWait], session: ProcesslistId) -> bool:
    wait = by_waiter.get(session)
    return wait is not None and any(holder != session for holder in wait.holders)


def _longest_first(wait: LockWait) -> tuple[float, ProcesslistId]:
    return (wait.since if wait.since is not None else float("inf"), wait.waiter)
