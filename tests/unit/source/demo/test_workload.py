"""The demo's first minute, played without a server, on a clock that moves while the workload waits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import pymysql
import pytest

from goneaway_tui.source.demo import workload
from goneaway_tui.source.demo.server import GLOBAL_LIMIT_SECONDS, INTERACTIVE_LIMIT_SECONDS, MAX_PACKET_BYTES
from goneaway_tui.source.demo.workload import LATE_SECONDS, NEAR_SECONDS, OPENING_SECONDS


@dataclass
class FakeServer:
    """Knows what each session said and when; time passes while the workload waits."""

    seconds: float = 60.0
    late: float = 0.0
    """By how many seconds each wait may last longer than it should; every fifth does."""
    now: float = 0.0
    waits: int = 0
    logins: int = 0
    said: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Instants of the commands of each session, by its id."""
    limits: dict[int, float] = field(default_factory=dict)
    interactive: set[int] = field(default_factory=set)
    quit: set[int] = field(default_factory=set)
    killed: dict[int, float] = field(default_factory=dict)
    too_much: dict[int, float] = field(default_factory=dict)

    def wait(self, seconds: float) -> bool:
        self.waits += 1
        self.now += seconds + (0 if self.waits % 5 else self.late)
        return self.now > self.seconds

    def connect(
        self, _socket: str, _user: str, _program: str, _database: str | None, flag: int = 0
    ) -> FakeWire:
        self.logins += 1
        self.limits[self.logins] = INTERACTIVE_LIMIT_SECONDS if flag else GLOBAL_LIMIT_SECONDS
        if flag:
            self.interactive.add(self.logins)
        self.said[self.logins].append(self.now)
        return FakeWire(self, self.logins)

    def run(self, wire: FakeWire, statement: str, *values: object) -> None:
        who = wire.number
        if who in self.killed or who in self.too_much or self.now - self.said[who][-1] >= self.limits[who]:
            raise pymysql.OperationalError(2006, "MySQL server has gone away")
        self.said[who].append(self.now)
        if statement.startswith("SET SESSION wait_timeout"):
            self.limits[who] = float(str(values[0]))
        elif statement.startswith("KILL"):
            self.killed[int(str(values[0]))] = self.now
        elif any(len(str(value)) >= MAX_PACKET_BYTES for value in values):
            self.too_much[who] = self.now
            raise pymysql.OperationalError(1153, "Got a packet bigger than 'max_allowed_packet' bytes")


@dataclass
class FakeWire:
    server: FakeServer
    number: int

    def thread_id(self) -> int:
        return self.number

    def close(self) -> None:
        self.server.quit.add(self.number)


@pytest.fixture(params=[True, False], ids=["own limits shown", "own limits hidden"])
def shown(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def late() -> float:
    return 0.0


@pytest.fixture(params=range(5))
def server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, *, late: float, shown: bool
) -> FakeServer:
    server = FakeServer(OPENING_SECONDS, late)
    monkeypatch.setattr(workload, "connect", server.connect)
    monkeypatch.setattr(workload, "run", server.run)
    demo = workload.Workload("", lambda: server.now, request.param + 9, shows_limits=shown)
    monkeypatch.setattr(demo, "_stopped", server)
    demo._run_clients()
    return server


def expected_limit(server: FakeServer, who: int, *, shown: bool) -> float:
    return server.limits[who] if shown else GLOBAL_LIMIT_SECONDS


def test_session_near_its_deadline_is_closed(server: FakeServer, *, shown: bool) -> None:
    closed = 0
    for who, instants in server.said.items():
        limit = expected_limit(server, who, shown=shown)
        for before, after in pairwise(instants):
            assert after - before <= limit - NEAR_SECONDS or after - before < 1.0, (who, before, after)
        is_there = who not in server.quit | server.killed.keys() | server.too_much.keys()
        if is_there and server.now - instants[-1] > limit - NEAR_SECONDS:
            assert server.limits[who] == limit, f"{who} outlives what a reader assumes"
        closed += who in server.quit and instants[-1] + limit <= server.now
    assert closed >= 5


@pytest.mark.parametrize("late", [1.0, 6.0])
def test_no_session_is_used_near_its_deadline_by_a_client_that_acts_late(
    server: FakeServer, *, shown: bool
) -> None:
    for who, instants in server.said.items():
        limit = expected_limit(server, who, shown=shown)
        for before, after in pairwise(instants):
            assert after - before <= limit - NEAR_SECONDS + LATE_SECONDS or after - before < 1.0, who


def test_one_session_is_killed_and_one_sends_too_much_after_a_reader_has_seen_it(server: FakeServer) -> None:
    for deeds in (server.killed, server.too_much):
        ((who, at),) = deeds.items()
        assert at < OPENING_SECONDS / 2
        assert at - server.said[who][0] >= 2.0


def test_the_first_session_is_the_first_under_the_global_limit_to_be_closed(server: FakeServer) -> None:
    assert server.said[1] == [0.0]
    assert server.limits[1] == GLOBAL_LIMIT_SECONDS
