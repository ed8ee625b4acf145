"""What is read of a large server a little at a time is what would have been read whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from goneaway_tui.model.session import Session
from goneaway_tui.source.mariadb import MariadbReader
from goneaway_tui.source.mysql import MysqlReader
from goneaway_tui.source.session_table import CLOCK_NOISE_SECONDS
from goneaway_tui.source.sql.shapes import Statement
from tests.unit.source.standins import (
    OWN_ID,
    OWN_THREAD,
    Event,
    MariadbSession,
    MariadbStandin,
    MysqlSession,
    MysqlStandin,
)

NEVER = 10**9
"""A size no server has: such a reader reads all, always."""

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ("come", "come", "go", "run", "run", "run", "start", "finish", "begin", "commit", "use", "set timestamp",
             "send half", "limit", "change user", "blind", "flutter", "nothing")
        ),
        st.integers(0, 3),
        st.sampled_from((0.0, 0.1, 0.4, 0.5, 0.9, 1.0, 1.0, 1.0, 1.6, 2.0, 5.0, 70.0)),
        st.booleans(),
    ),
    max_size=40,
)  # fmt: skip
"""What happens, to which of the sessions, how long after the thing before, and whether it is looked at then."""


class LiveStandin(MysqlStandin):
    """A MySQL server whose sessions live."""

    def __init__(self) -> None:
        super().__init__(MysqlSession(OWN_ID, OWN_THREAD, command="Query", user="dba"))
        self.next_id = 11
        self.commands: dict[int, float] = {}
        """When each session's last command began, by its own clock."""
        self.set_clocks: dict[int, float] = {}
        self.shift = 0

    def answer_sessions_threads(self, length: int) -> list[tuple[Any, ...]]:
        self._tell_time()
        return super().answer_sessions_threads(length)

    def _seconds(self) -> dict[int, int]:
        self._tell_time()
        return super()._seconds()

    def _tell_time(self) -> None:
        for server_session in self.server_sessions:
            began = self.set_clocks.get(server_session.id, self.commands.get(server_session.id, self.now))
            server_session.time = int(self.wall(self.now)) - int(self.wall(began)) + self.shift

    def do(self, deed: str, index: int) -> None:
        server_sessions = [
            server_session for server_session in self.server_sessions if server_session.id != OWN_ID
        ]
        if deed == "come":
            event = Event(self.now, self.now, first_id=1)
            server_session = MysqlSession(self.next_id, event=event, timestamp=self.now)
            self.next_id += 1
            self.server_sessions.append(server_session)
            self.commands[server_session.id] = self.now
        elif deed == "flutter":
            self.shift = 1 - self.shift
        elif server_sessions:
            self._done_by(deed, server_sessions[index % len(server_sessions)])

    def _done_by(self, deed: str, server_session: MysqlSession) -> None:
        if deed == "go":
            self.server_sessions.remove(server_session)
            return
        running = server_session.event is not None and server_session.event.end is None
        if deed == "finish" and running and server_session.event is not None:
            server_session.event, server_session.command = (
                replace(server_session.event, end=self.now),
                "Sleep",
            )
        if running or deed in {"finish", "nothing"}:
            return
        self.commands[server_session.id] = self.now
        number = 1 if server_session.event is None else server_session.event.first_id + 1
        server_session.event = Event(self.now, self.now, text=f"{deed} {self.now}", first_id=number)
        if deed == "start":
            server_session.event, server_session.command = replace(server_session.event, end=None), "Query"
        elif deed == "send half":
            server_session.event = Event(self.now, None, "statement/abstract/new_packet", None, number)
        elif deed == "set timestamp":
            self.set_clocks[server_session.id] = self.now - 1_000_000
        elif deed == "limit":
            server_session.limit = (server_session.limit or 0) + 1
        elif deed == "use":
            server_session.db = f"db{self.now}"
        elif deed == "change user":
            server_session.user = f"user{self.now}"
        elif deed == "blind":
            server_session.instrumented = 1 - server_session.instrumented
        elif deed == "begin":
            assert server_session.thread is not None
            self.began = [*self.began, (server_session.thread, self.now, 0)]
        elif deed == "commit":
            self.began = [row for row in self.began if row[0] != server_session.thread]


def alike(whole: tuple[Session, ...], little: tuple[Session, ...]) -> None:
    assert [session.id for session in whole] == [session.id for session in little]
    for one, other in zip(whole, little, strict=True):
        since, told = one.idle_since, other.idle_since
        assert (since is None) == (told is None), (one, other)
        assert since is None or told is None or abs(since - told) <= CLOCK_NOISE_SECONDS + one.idle_within, (
            one,
            other,
        )
        assert replace(one, idle_since=None, idle_within=0) == replace(other, idle_since=None, idle_within=0)


@given(DEEDS)
@settings(max_examples=100)
def test_mysql_read_by_the_roll_is_mysql_read_whole(deeds: list[tuple[str, int, float, bool]]) -> None:
    standin = LiveStandin()
    readers = [
        MysqlReader(standin.connection, standin.found(), standin.clock, 100, large=large, many=many)
        for large, many in ((NEVER, NEVER), (0, NEVER), (0, 0))
    ]
    for deed, index, pause, look in deeds:
        standin.now += pause
        standin.do(deed, index)
        if look:
            whole, by_thread, by_event = (reader.sessions(1e9)[1] for reader in readers)
            alike(whole, by_thread)
            alike(whole, by_event)
    whole, by_thread, by_event = (reader.sessions(1e9)[1] for reader in readers)
    alike(whole, by_thread)
    alike(whole, by_event)


class LiveStandinDuringRead(LiveStandin):
    """One where sessions come and go also while it is being read."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[tuple[str, int]] = []

    def answer_activity(self) -> list[tuple[Any, ...]]:
        return self._then(super().answer_activity())

    def answer_activity_checksum(self) -> list[tuple[Any, ...]]:
        return self._then(super().answer_activity_checksum())

    def _then(self, told: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        for deed, index in self.meanwhile:
            self.do(deed, index)
        self.meanwhile.clear()
        return told


MEANWHILE = st.lists(
    st.tuples(st.sampled_from(("come", "come", "go", "go", "run", "blind", "start")), st.integers(0, 3)), max_size=3
)  # fmt: skip


@given(
    st.lists(st.tuples(MEANWHILE, MEANWHILE, st.sampled_from((0.1, 1.0, 70.0))), min_size=1, max_size=12),
    st.sampled_from((0, NEVER)),
)
@settings(max_examples=100)
def test_session_that_starts_or_ends_during_a_sample_is_seen_in_the_next_sample(
    looks: list[tuple[list[tuple[str, int]], list[tuple[str, int]], float]],
    many: int,
) -> None:
    standin = LiveStandinDuringRead()
    reader = MysqlReader(standin.connection, standin.found(), standin.clock, 100, large=0, many=many)
    for during, after, pause in looks:
        standin.meanwhile = list(during)
        reader.sessions(1e9)
        standin.meanwhile.clear()
        for deed, index in after:
            standin.do(deed, index)
        standin.now += pause
        seen = {session.id for session in reader.sessions(1e9)[1]}

        assert {server_session.id for server_session in standin.server_sessions} == seen


class Port(MariadbStandin):
    """A MariaDB server whose sessions live."""

    def __init__(self) -> None:
        super().__init__(MariadbSession(OWN_ID, 0.0, user="dba", command="Query"))
        self.next_id = 11
        self.queries = 100

    def rows(self, statement: Statement, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Our statements are numbered like anybody's."""
        self.server_sessions[0].query, self.server_sessions[0].since = self.number(), self.now
        return super().rows(statement, parameters)

    def number(self) -> int:
        self.queries += 1
        return self.queries

    def do(self, deed: str, index: int) -> None:
        server_sessions = self.server_sessions[1:]
        if deed == "come":
            self.server_sessions.append(MariadbSession(self.next_id, self.now, query=self.number()))
            self.next_id += 1
        elif server_sessions:
            self._done_by(deed, server_sessions[index % len(server_sessions)])

    def _done_by(self, deed: str, server_session: MariadbSession) -> None:
        running = server_session.command != "Sleep"
        if deed == "go":
            self.server_sessions.remove(server_session)
        elif deed == "finish" and running:
            server_session.command, server_session.since, server_session.info = "Sleep", self.now, None
        elif not running and deed not in {"finish", "nothing", "flutter", "blind"}:
            server_session.query, server_session.since = self.number(), self.now
            if deed == "start":
                server_session.command, server_session.info = "Query", f"SELECT {self.now}"
            elif deed == "use":
                server_session.db = f"db{self.now}"
            elif deed == "change user":
                server_session.user = f"user{self.now}"
            elif deed == "send half":
                server_session.command = "Reset Connection"
            elif deed == "begin":
                self.held = [*self.held, (server_session.id, 0.0, 1, 1, 0)]
            elif deed == "commit":
                self.held = [row for row in self.held if row[0] != server_session.id]


@given(DEEDS)
@settings(max_examples=100)
def test_mariadb_read_by_query_numbers_is_mariadb_read_whole(
    deeds: list[tuple[str, int, float, bool]],
) -> None:
    port = Port()
    readers = [
        MariadbReader(port.connection, port.found(without="statements"), port.clock, 100, large=large)
        for large in (NEVER, 0)
    ]
    for deed, index, pause, look in deeds:
        port.now += pause
        port.do(deed, index)
        if look:
            whole, little = (reader.sessions()[1] for reader in readers)
            alike(whole[1:], little[1:])  # our own session has run a statement in between
    whole, little = (reader.sessions()[1] for reader in readers)
    alike(whole[1:], little[1:])
