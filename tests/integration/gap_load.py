"""Sessions with known gaps: each is idle for times that were drawn before, and knows how long it really was idle.

One thread runs the statements of all. `GapLoad.run` plays a plan; `Measured` is what the program counted meanwhile, session by
session, beside what the load knows.
"""

from __future__ import annotations

import heapq
import math
import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pymysql
from pymysql.connections import Connection

from goneaway_tui.judge.reuse_gaps import LIMIT_LADDER, GroupGaps, GroupKey, ReuseCounter, Tally
from goneaway_tui.model.session import Session
from goneaway_tui.monitor.poller import WAKE_UP_SECONDS, FailedReading, Poller, PollSchedule, Reading
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.servers.private import RealServer
from tests.waiting import comes_true

Plan = tuple[float, ...]
"""The gaps of one session, in seconds, one after the other."""
BELOW, ABOVE = 1.3, 0.4
"""Seconds around a limit in which no gap is planned: client and server measure a gap a little differently, and where the
server does not time it, it is known to a second."""
PROGRAMS = ("web", "worker", "report")
SLACK = 0.2
"""Seconds by which the load and the program may time one event differently."""
BURST = 3
"""Statements at most that a session runs at once."""


def plans(sessions: int, seconds: float, longest: float, seed: int) -> list[Plan]:
    """Random gaps, as many short ones as long ones by their logarithm, for so many seconds a session."""
    rng = random.Random(seed)
    return [tuple(_gaps(rng, seconds, longest)) for _ in range(sessions)]


def _gaps(rng: random.Random, seconds: float, longest: float) -> Iterator[float]:
    left = seconds
    while left > 0:
        gap = math.exp(rng.uniform(math.log(0.05), math.log(longest)))
        if gap <= left and not any(limit - BELOW < gap < limit + ABOVE for limit in LIMIT_LADDER):
            yield gap
        left -= gap


class RealGap(NamedTuple):
    """One idle time as the load measured it."""

    number: int
    """The session's id."""
    woke_at: float
    seconds: float


class CountedGap(NamedTuple):
    """One idle time as it was counted between two readings."""

    seen_at: float
    """The reading before: the session was still idle."""
    read_at: float
    least: float
    most: float

    def error(self, gap: float) -> float:
        """By how many seconds the gap is outside of the bounds; 0 or below where it is within."""
        return max(self.least - gap, gap - self.most)


@dataclass(slots=True)
class LoadSession:
    """One session of the load, and what it did."""

    program: str
    plan: Plan
    connection: Connection[Any]
    next_gap: int = 0
    ended_at: float = 0.0
    gaps: list[RealGap] = field(default_factory=list)
    errors: int = 0
    """Statements that met a closed connection."""


class GapLoad:
    """A plan for each of several sessions, played against one server."""

    def __init__(self, server: RealServer, all_plans: Sequence[Plan], seed: int = 1) -> None:
        self._server = server
        self._rng = random.Random(seed)
        self.sessions = [
            LoadSession(
                PROGRAMS[number % len(PROGRAMS)], plan, self._connected(PROGRAMS[number % len(PROGRAMS)])
            )
            for number, plan in enumerate(all_plans)
        ]
        for session in self.sessions:
            self._run_statements(session)

    def _connected(self, program: str) -> Connection[Any]:
        return self._server.connect(program_name=program)

    def _run_statements(self, session: LoadSession) -> None:
        with session.connection.cursor() as cursor:
            for _ in range(self._rng.randint(1, BURST)):
                cursor.execute("SELECT 1")
        session.ended_at = time.time()

    def run(self) -> None:
        """Play all plans to their ends."""
        due = [(s.ended_at + s.plan[0], number) for number, s in enumerate(self.sessions) if s.plan]
        heapq.heapify(due)
        while due:
            at, number = heapq.heappop(due)
            time.sleep(max(0.0, at - time.time()))
            session = self.sessions[number]
            self._use(session)
            session.next_gap += 1
            if session.next_gap < len(session.plan):
                heapq.heappush(due, (session.ended_at + session.plan[session.next_gap], number))

    def _use(self, session: LoadSession) -> None:
        began = time.time()
        number: int = session.connection.thread_id()  # type: ignore[no-untyped-call]
        gap = began - session.ended_at
        try:
            self._run_statements(session)
        except (pymysql.OperationalError, pymysql.InterfaceError, pymysql.InternalError):
            session.errors += 1
            session.connection = self._connected(session.program)
            self._run_statements(session)
        session.gaps.append(RealGap(number, began, gap))

    @property
    def errors(self) -> int:
        return sum(session.errors for session in self.sessions)

    @property
    def gaps(self) -> list[float]:
        """All real gaps."""
        return [gap.seconds for session in self.sessions for gap in session.gaps]

    def close(self) -> None:
        for session in self.sessions:
            if session.connection.open:
                session.connection.close()


class MeasuringCounter(ReuseCounter):
    """Counts as ever, and keeps each gap with its session, by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.measured: dict[int, list[CountedGap]] = {}
        self._interval: tuple[float, float] | None = None

    def _tally(self, session: Session, at: float) -> Tally:
        tally, kept = super()._tally(session, at), self.measured.setdefault(session.id, [])
        if self._interval is None:
            return tally
        seen_at, read_at = self._interval

        class Keeping(Tally):
            def count(self, least: float, most: float, *, in_transaction: bool = False) -> None:
                kept.append(CountedGap(seen_at, read_at, least, most))
                tally.count(least, most, in_transaction=in_transaction)

        return Keeping()

    def _count_change(self, before: Session, after: Session, seen_at: float, now: float) -> None:
        self._interval = seen_at, now
        super()._count_change(before, after, seen_at, now)
        self._interval = None


class GapListener:
    """Counts the readings."""

    def __init__(self) -> None:
        self.readings = 0

    def on_reading(self, _reading: Reading) -> None:
        self.readings += 1

    def on_failed_reading(self, failure: FailedReading) -> None:
        raise failure.error

    def on_recording_error(self, error: Exception) -> None:
        raise error


@contextmanager
def measuring(server: RealServer, interval: float = 1.0) -> Iterator[MeasuringCounter]:
    """Watch a server meanwhile; the counter is complete once this is left."""
    listener, counter = GapListener(), MeasuringCounter()
    source = LiveSource(Address(socket=str(server.socket), user="root"), time.time, statements=False)
    poller = Poller(source, time.time, listener, PollSchedule(interval, WAKE_UP_SECONDS))
    poller.reuse_counter = counter
    thread = threading.Thread(target=poller.run, name="measuring", daemon=True)
    thread.start()
    try:
        comes_true(lambda: listener.readings)
        yield counter
        seen = listener.readings
        comes_true(lambda: listener.readings > seen + 1)
    finally:
        poller.stop()
        source.close()
        thread.join()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counted gaps beside real ones."""

    real: int
    """Real gaps above the threshold."""
    missing: int
    """Real gaps for which nothing was counted when they ended."""
    extra: int
    """Gaps that were counted and were not there."""
    outside: float
    """By how many seconds a real gap was outside of the bounds that were counted for it, at the most."""
    widest: float
    """The largest distance of two bounds, in seconds."""
    loose: int
    """Gaps whose bounds are further apart than SLACK."""


def compare(load: GapLoad, measured: Mapping[int, Sequence[CountedGap]], longer_than: float) -> Comparison:
    """Each real gap above the threshold against the one that was counted for its session between the readings around its end."""
    real = missing = extra = loose = 0
    outside = widest = 0.0
    for number, gaps in _by_session(load.sessions).items():
        left = list(measured.get(number, ()))
        for gap in gaps:
            if gap.seconds <= longer_than:
                continue
            real += 1
            there = [c for c in left if c.seen_at - SLACK <= gap.woke_at <= c.read_at + SLACK]
            counted = min(there, key=lambda c: c.error(gap.seconds), default=None)
            if counted is None or counted.error(gap.seconds) > longer_than / 2:
                missing += 1
                continue
            left.remove(counted)
            outside = max(outside, counted.error(gap.seconds))
            widest = max(widest, counted.most - counted.least)
            loose += counted.most - counted.least > SLACK
        extra += sum(counted.least > longer_than + SLACK for counted in left)
    return Comparison(real, missing, extra, outside, widest, loose)


def _by_session(sessions: Iterable[LoadSession]) -> dict[int, list[RealGap]]:
    gaps: dict[int, list[RealGap]] = {}
    for session in sessions:
        for gap in session.gaps:
            gaps.setdefault(gap.number, []).append(gap)
    return gaps


class Proof(NamedTuple):
    """What happened under a limit that was really set."""

    errors: int
    """Statements that met a closed connection."""
    long_gaps: int
    """Gaps that were really as long as the limit in this run: a machine that is late makes some longer than planned."""


def prove(
    server: RealServer, limits: Sequence[int], all_plans: Sequence[Plan], seed: int = 1
) -> dict[int, Proof]:
    """Play the plans by fresh sessions under each limit at once; what happened, by limit.

    A session that lost its connection copies the limit that was set last, so the shortest comes last.
    """
    loads: dict[int, GapLoad] = {}
    with closing(server.connect()) as admin, admin.cursor() as cursor:
        for limit in sorted(limits, reverse=True):
            cursor.execute("SET GLOBAL wait_timeout = %s", (limit,))
            loads[limit] = GapLoad(server, all_plans, seed)
        threads = [threading.Thread(target=load.run, daemon=True) for load in loads.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for load in loads.values():
        load.close()
    return {
        limit: Proof(load.errors, sum(gap >= limit for gap in load.gaps)) for limit, load in loads.items()
    }


def real_quantile(gaps: Sequence[float], share: float) -> float:
    """The gap that this share of all does not exceed."""
    return sorted(gaps)[math.ceil(share * len(gaps)) - 1]


def all_gaps(groups: Iterable[GroupGaps]) -> GroupGaps:
    """All groups as one."""
    tally = Tally()
    for group in groups:
        tally.add(group)
    return tally.frozen(GroupKey("", ""), 0)
