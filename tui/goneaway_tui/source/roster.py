"""The sessions of one server, as last read.

A session that did nothing since the last reading stays the same object: so the rest of the program knows, without looking,
that there is nothing new about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from goneaway_tui.model.session import Session, Transaction

STEADY = 0.005
"""Seconds two readings of one instant may differ by, as a server's clock is told over an uneven way."""


class Roster:
    """Sessions by id, in the order of their ids."""

    def __init__(self) -> None:
        self._by_id: dict[int, Session] = {}
        self._holding: set[int] = set()
        self._all: tuple[Session, ...] | None = ()

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def sessions(self) -> tuple[Session, ...]:
        if self._all is None:
            self._all = tuple(self._by_id.values())
        return self._all

    def fill(self, sessions: Iterable[Session]) -> None:
        """These are all there are."""
        before = self._by_id
        self._by_id = {each.id: steady(each, before.get(each.id)) for each in sorted(sessions, key=_id)}
        self._all = None

    def update(self, sessions: Iterable[Session], gone: Iterable[int]) -> None:
        """These did something, or are new; those went."""
        for number in gone:
            self._by_id.pop(number, None)
            self._all = None
        last = next(reversed(self._by_id), 0)
        for each in sorted(sessions, key=_id):
            before = self._by_id.get(each.id)
            after = steady(each, before)
            if after is before:
                continue
            self._by_id[each.id] = after
            self._all = None
            if before is None and each.id < last:  # ids have begun anew, or one was missed
                self._by_id = dict(sorted(self._by_id.items()))

    def limit(self, number: int, seconds: int | None) -> None:
        """What was learned of a session's own limit, though it did nothing else."""
        session = self._by_id.get(number)
        if session is not None and session.own_limit != seconds:
            self._by_id[number] = replace(session, own_limit=seconds)
            self._all = None

    def hold(self, transactions: Mapping[int, Transaction]) -> None:
        """These are all the transactions that are open."""
        for number in self._holding | transactions.keys():
            session = self._by_id.get(number)
            if session is None:
                continue
            transaction = lasting(transactions.get(number), session.transaction)
            if transaction is not session.transaction:
                self._by_id[number] = replace(session, transaction=transaction)
                self._all = None
        self._holding = set(transactions)


def steady(now: Session, before: Session | None) -> Session:
    """The session as it was, where nothing has happened to it but that its clock was told a little differently."""
    if before is None:
        return now
    since, was = now.idle_since, before.idle_since
    moved = abs(since - was) if since is not None and was is not None else 0.0
    if since != was and (since is None or was is None or moved > STEADY):
        return now
    alike = replace(now, idle_since=was, transaction=lasting(now.transaction, before.transaction))
    return before if alike == before else now


def lasting(now: Transaction | None, before: Transaction | None) -> Transaction | None:
    """The same of what a session holds."""
    if now is None or before is None or now.started is None or before.started is None:
        return before if now == before else now
    if abs(now.started - before.started) > STEADY or replace(now, started=before.started) != before:
        return now
    return before


def _id(session: Session) -> int:
    return session.id
