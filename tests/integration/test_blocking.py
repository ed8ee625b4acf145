"""Sessions that really wait for locks: who waits for whom is read within one refresh, or said to be unknown."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from typing import Any

import pymysql
import pytest

from goneaway_tui.model.blocking import LockKind, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.source.address import Address
from goneaway_tui.source.live import LiveSource
from tests.servers.private import RealServer
from tests.waiting import comes_true

INSTRUMENT = (
    "UPDATE performance_schema.setup_instruments SET ENABLED = '{}' WHERE NAME = 'wait/lock/metadata/sql/mdl'"
)


@pytest.fixture(params=["mysql97", "mariadb105", "mariadb1011", "mariadb118"])
def server(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    server: RealServer = request.getfixturevalue(request.param)
    run(server, "CREATE DATABASE IF NOT EXISTS waits",
        "CREATE TABLE IF NOT EXISTS waits.cart (id INT PRIMARY KEY, n INT) ENGINE=InnoDB",
        "REPLACE INTO waits.cart VALUES (1, 0), (2, 0), (3, 0)")  # fmt: skip
    yield server
    run(server, "DROP DATABASE IF EXISTS waits", "DROP USER IF EXISTS 'blind'@'%'")


def run(server: RealServer, *statements: str) -> None:
    with closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Waiters:
    """Sessions with open transactions, some of which wait in a statement."""

    def __init__(self, server: RealServer) -> None:
        self._server = server
        self._connections: list[Any] = []
        self._threads: list[threading.Thread] = []

    def open(self, *statements: str) -> Any:
        """A session that ran these statements, and its transaction stays open."""
        connection = self._server.connect(autocommit=False)
        self._connections.append(connection)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return connection

    def wait(self, connection: Any, statement: str, *, commits: bool = False) -> threading.Thread:
        """Let the session run a statement that waits, and commit once it has gone on."""

        def ask() -> None:
            with suppress(pymysql.Error), connection.cursor() as cursor:
                cursor.execute(statement)
                if commits:
                    connection.commit()

        thread = threading.Thread(target=ask)
        self._threads.append(thread)
        thread.start()
        return thread

    def end(self) -> None:
        for connection in self._connections:
            with suppress(pymysql.Error):
                run(self._server, f"KILL {connection.thread_id()}")
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection._force_close()


@contextmanager
def waiters_on(server: RealServer) -> Iterator[Waiters]:
    waiters = Waiters(server)
    try:
        yield waiters
    finally:
        waiters.end()


def a_source(server: RealServer, user: str = "root") -> Any:
    return closing(LiveSource(Address("127.0.0.1", server.port, user), time.time))


def waits_of(sample: Sample) -> dict[int, LockWait]:
    assert sample.lock_waits is not None
    return {wait.waiter: wait for wait in sample.lock_waits}


def is_waiting(server: RealServer, number: int, condition: str) -> None:
    """Return once that many sessions wait."""

    def waits() -> bool:
        time.sleep(0.2)  # MariaDB fills innodb_trx anew only if it was not read for 0.1 s
        with closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {condition}")
            return bool(cursor.fetchone()[0] >= number)

    comes_true(waits)


ROW_WAITS = "information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
METADATA_WAITS = "information_schema.processlist WHERE state = 'Waiting for table metadata lock'"


def test_a_chain_of_row_locks_is_read_at_once(server: RealServer) -> None:
    change = "UPDATE waits.cart SET n = n + 1 WHERE id = {}"
    with waiters_on(server) as waiters, a_source(server) as source:
        assert () == source.sample().lock_waits
        root, middle, low = (waiters.open(change.format(row)) for row in (1, 2, 3))
        last = waiters.open()
        waiters.wait(middle, change.format(1))
        is_waiting(server, 1, ROW_WAITS)
        waiters.wait(low, change.format(2))
        is_waiting(server, 2, ROW_WAITS)
        waiters.wait(last, change.format(3))
        is_waiting(server, 3, ROW_WAITS)
        sample = source.sample()

    waits = waits_of(sample)
    ids = [connection.thread_id() for connection in (root, middle, low, last)]
    assert {waiter: (holder,) for holder, waiter in pairwise(ids)} == {
        waiter: wait.holders for waiter, wait in waits.items()
    }
    wait = waits[ids[1]]
    assert (LockKind.ROW, "waits.cart", "PRIMARY") == (wait.lock.kind, wait.lock.table, wait.lock.index)
    assert (wait.lock.mode or "").startswith("X")
    assert wait.since is not None
    assert abs(sample.taken_at - wait.since) < 30
    busy = {session.id: session.busy_since for session in sample.sessions}
    assert busy[ids[0]] is None
    assert busy[ids[1]] is not None
    assert () == sample.limitations or Flavour.MARIADB is sample.server.flavour


def test_a_metadata_wait_is_read_with_the_idle_session_that_holds_it(server: RealServer) -> None:
    run(server, INSTRUMENT.format("YES"))
    try:
        with waiters_on(server) as waiters, a_source(server) as source:
            holder = waiters.open("SELECT n FROM waits.cart")
            changer = waiters.open()
            waiters.wait(changer, "ALTER TABLE waits.cart ADD COLUMN m INT")
            is_waiting(server, 1, METADATA_WAITS)
            behind = waiters.open()
            waiters.wait(behind, "SELECT n FROM waits.cart")
            is_waiting(server, 2, METADATA_WAITS)
            waits = waits_of(source.sample())
    finally:
        if server.name != "mysql97":
            run(server, INSTRUMENT.format("NO"))

    assert {
        changer.thread_id(): (holder.thread_id(),),
        behind.thread_id(): (changer.thread_id(),),
    } == {waiter: wait.holders for waiter, wait in waits.items()}
    lock = waits[changer.thread_id()].lock
    assert (LockKind.METADATA, "waits.cart") == (lock.kind, lock.table)
    assert waits[changer.thread_id()].since is not None


def test_without_the_instrument_the_wait_is_told_without_its_holder(server: RealServer) -> None:
    run(server, INSTRUMENT.format("NO"))
    try:
        with waiters_on(server) as waiters, a_source(server) as source:
            waiters.open("SELECT n FROM waits.cart")
            changer = waiters.open()
            waiters.wait(changer, "ALTER TABLE waits.cart ADD COLUMN m INT")
            is_waiting(server, 1, METADATA_WAITS)
            sample = source.sample()
    finally:
        if server.name == "mysql97":
            run(server, INSTRUMENT.format("YES"))

    assert () == waits_of(sample)[changer.thread_id()].holders
    remedies = [each.grant or "" for each in sample.limitations]
    is_off = [each for each in remedies if "wait/lock/metadata/sql/mdl" in each]
    assert bool(is_off) == any("metadata lock" in each.what for each in sample.limitations)
    assert is_off


def test_an_account_that_may_not_see_transactions_is_told_so(server: RealServer) -> None:
    run(server, "DROP USER IF EXISTS 'blind'@'%'", "CREATE USER 'blind'@'%'")
    with a_source(server, "blind") as source:
        sample = source.sample()

    assert sample.lock_waits is None
    assert any("PROCESS" in (each.grant or "") for each in sample.limitations)


def test_an_account_that_may_not_see_locks_is_told_that_a_session_waits(server: RealServer) -> None:
    change = "UPDATE waits.cart SET n = n + 1 WHERE id = 1"
    run(
        server,
        "DROP USER IF EXISTS 'blind'@'%'",
        "CREATE USER 'blind'@'%'",
        "GRANT PROCESS ON *.* TO 'blind'@'%'",
    )
    with waiters_on(server) as waiters, a_source(server, "blind") as source:
        holder, waiter = waiters.open(change), waiters.open()
        waiters.wait(waiter, change)
        is_waiting(server, 1, ROW_WAITS)
        sample = source.sample()

    tells = sample.server.flavour is Flavour.MARIADB
    assert ((holder.thread_id(),) if tells else ()) == waits_of(sample)[waiter.thread_id()].holders
    assert tells or any("GRANT SELECT" in (each.grant or "") for each in sample.limitations)
