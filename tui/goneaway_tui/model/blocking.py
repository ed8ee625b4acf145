"""Waits for locks: which session waits, which hold the lock, and who blocks whom through all levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class LockState:
    """Where one session stands among the waits for locks."""

    wait: LockWait | None = None
    """What it waits for; None where it waits for nothing, or where that is not known."""
    blocks: int | None = 0
    """How many sessions wait for it, directly or through others; None where that is not known."""
    is_known: bool = True
    """Whether the server tells if it waits."""

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
        seen = {holder}
        ahead = [(1, waiter) for waiter in reversed(self.waiters.get(holder, ()))]
        while ahead:
            depth, session = ahead.pop()
            if session in seen:
                continue
            seen.add(session)
            yield depth, session
            ahead += [(depth + 1, waiter) for waiter in reversed(self.waiters.get(session, ()))]

    def freed_by(self, ended: Iterable[ProcesslistId]) -> frozenset[ProcesslistId]:
        """The sessions that can go on once these have ended: all whose every holder is among them, or goes on itself."""
        gone = set(ended)
        free: set[ProcesslistId] = set()
        changed = True
        while changed:
            changed = False
            for session, wait in self.waits.items():
                if session in gone or session in free or not wait.holders:
                    continue
                if all(holder in gone or holder in free for holder in wait.holders):
                    free.add(session)
                    changed = True
        return frozenset(free)


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
    partial = Blocking(by_waiter, links)
    blocks = {holder: sum(1 for _ in partial.below(holder)) for holder in links}
    free = [holder for holder in links if not _waits(by_waiter, holder)]
    reached = {session for holder in free for _depth, session in partial.below(holder)} | set(free)
    roots = sorted(free, key=lambda holder: (-blocks[holder], holder))
    for holder in sorted(links, key=lambda each: (-blocks[each], each)):
        if holder not in reached:
            roots.append(holder)
            reached |= {holder} | {session for _depth, session in partial.below(holder)}
    is_complete = all(wait.holders for wait in by_waiter.values())
    return Blocking(by_waiter, links, blocks, tuple(roots), is_complete)


def _waits(by_waiter: Mapping[ProcesslistId, LockWait], session: ProcesslistId) -> bool:
    wait = by_waiter.get(session)
    return wait is not None and any(holder != session for holder in wait.holders)


def _longest_first(wait: LockWait) -> tuple[float, ProcesslistId]:
    return (wait.since if wait.since is not None else float("inf"), wait.waiter)
