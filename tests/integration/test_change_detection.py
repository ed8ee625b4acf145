"""A large server read a little at a time is the server read whole, also while its sessions come, go and work."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import replace
from random import Random
from typing import Any

import pymysql
import pytest

from goneaway_tui.model.session import Session
from goneaway_tui.source.capabilities import find_capabilities
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.live import READERS
from goneaway_tui.source.sockets import Address
from tests.servers.private import RealServer
from tests.waiting import comes_true

NEVER = 10**9
"""A size no server has: such a reader reads all, always."""
SESSIONS, ROUNDS, DEEDS = 40, 25, 15
NEAR = 0.05
"""Seconds by which two readings of one idle wait may differ: each tells the server's clock over its own way."""
WORK = (
    "DO 0",
    "SELECT 1",
    "USE mysql",
    "USE information_schema",
    "BEGIN",
    "COMMIT",
    "SET timestamp = 1000000000",
    "SET timestamp = DEFAULT",
    "SET SESSION wait_timeout = 1234",
    "SET SESSION wait_timeout = DEFAULT",
)


class ActiveSessions:
    """Sessions that do things by lot."""

    def __init__(self, server: RealServer) -> None:
        self._server = server
        self._chance = Random(7)
        self._admin = server.connect(autocommit=True)
        self._open: list[Any] = []
        self._busy: list[Any] = []
        self._came: set[int] = set()
        for _ in range(SESSIONS):
            self._come()

    def _come(self) -> None:
        connection: Any = self._server.connect(autocommit=None)
        self._open.append(connection)
        self._came.add(connection.thread_id())

    def do_things(self) -> None:
        for _ in range(self._chance.randint(0, DEEDS)):
            connection = self._chance.choice(self._open)
            match self._chance.randrange(12):
                case 0:
                    self._open.remove(connection)
                    connection.close()
                case 1 | 2:
                    self._come()
                case 3:
                    connection.ping()
                case 4 if len(self._busy) < 3:
                    self._open.remove(connection)
                    connection._execute_command(3, "SELECT SLEEP(0.3)")
                    self._busy.append(connection)
                case 5:
                    with self._admin.cursor() as cursor, suppress(pymysql.Error):
                        cursor.execute(f"KILL {connection.thread_id()}")
                    self._open.remove(connection)
                    connection._force_close()
                case _:
                    with connection.cursor() as cursor:
                        cursor.execute(self._chance.choice(WORK))

    def among(self, sessions: tuple[Session, ...]) -> list[Session]:
        """These sessions alone: the one that asks whether they rest is never at rest itself."""
        return [session for session in sessions if session.id in self._came]

    def rest(self) -> None:
        """Until nobody is on the way in, out or at work."""
        for connection in self._busy:
            connection._read_query_result()
        self._open += self._busy
        self._busy.clear()
        with self._admin.cursor() as cursor:

            def is_at_rest() -> bool:
                cursor.execute("SELECT id, command FROM information_schema.processlist")
                active_sessions = {
                    number: command for number, command in cursor.fetchall() if number in self._came
                }
                return active_sessions == {connection.thread_id(): "Sleep" for connection in self._open}

            comes_true(is_at_rest)

    def close(self) -> None:
        for connection in (self._admin, *self._open):
            connection._force_close()


def shown(session: Session) -> Session:
    """Without what two readings may show differently.

    MariaDB's last statement is what was seen running. A gap is in the one reading that follows it, which is not the same
    for both readers where a session runs while they read.
    """
    told = session if session.thread is not None else replace(session, statement=None)
    return replace(told, idle_since=None, idle_within=0, transaction=None, gaps=())


def differences(whole: list[Session], little: list[Session]) -> list[str]:
    """Each field that the two readings show differently, with both values."""
    ids = [session.id for session in whole], [session.id for session in little]
    if ids[0] != ids[1]:
        return [f"sessions: {ids[0]} / {ids[1]}"]
    return [
        f"session {one.id}: {name}: {value} / {other_value}"
        for one, other in zip(whole, little, strict=True)
        for name in one.__slots__
        if (value := getattr(one, name)) != (other_value := getattr(other, name))
    ]


def test_incremental_reading_equals_a_full_reading(any_server: RealServer) -> None:
    address = Address("127.0.0.1", any_server.port, "root")
    with closing(Connection(address)) as first, closing(Connection(address)) as second:
        readers = [
            READERS[any_server.flavour](
                connection, find_capabilities(connection), time.time, 1024, large=large
            )
            for connection, large in ((first, NEVER), (second, 0))
        ]
        active_sessions = ActiveSessions(any_server)
        for number in range(ROUNDS):
            active_sessions.do_things()
            if number % 3 == 0:
                for reader in readers:  # in the middle of it, too
                    reader.sessions(1e9)
            active_sessions.rest()
            whole, little = (active_sessions.among(reader.sessions(1e9)[1]) for reader in readers)

            assert [] == differences(list(map(shown, whole)), list(map(shown, little)))
            for one, other in zip(whole, little, strict=True):
                assert (one.idle_since is None) == (other.idle_since is None)
                if one.idle_since is not None and other.idle_since is not None:
                    assert one.idle_since == pytest.approx(other.idle_since, abs=NEAR + one.idle_within)
                assert (one.transaction is None) == (other.transaction is None)
        active_sessions.close()
