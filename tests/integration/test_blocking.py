"""Sessions that really wait for locks: who waits for whom is read within one refresh, or said to be unknown."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pymysql
import pytest

from goneaway_tui.cli.commands.watch import Watch
from goneaway_tui.model.blocking import LockKind, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.integration.terminal import way_in
from tests.integration.test_exporter import asked, exporting
from tests.servers.private import RealServer
from tests.waiting import comes_true

INSTRUMENT = (
    "UPDATE performance_schema.setup_instruments SET ENABLED = '{}' WHERE NAME = 'wait/lock/metadata/sql/mdl'"
)

MANY = 200


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

    def open(self, *statements: str, autocommit: bool = False) -> Any:
        """A session that ran these statements, and its transaction stays open."""
        connection = self._server.connect(autocommit=autocommit)
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
        with closing(self._server.connect(autocommit=True)) as admin, admin.cursor() as cursor:
            for connection in self._connections:
                with suppress(pymysql.Error):
                    cursor.execute(f"KILL {connection.thread_id()}")
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


def value_of(server: RealServer, statement: str) -> Any:
    with closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def waits_of(sample: Sample) -> dict[int, LockWait]:
    assert sample.lock_waits is not None
    return {wait.waiter: wait for wait in sample.lock_waits}


def sampled(source: LiveSource, waiters: int) -> Sample:
    """The first sample with so many waits, the holders of each known."""
    found: list[Sample] = []

    def has_come() -> bool:
        time.sleep(0.2)  # MariaDB fills innodb_trx anew only if it was not read for 0.1 s
        sample = source.sample()
        found.append(sample)
        return len(sample.lock_waits or ()) == waiters and all(
            wait.holders for wait in sample.lock_waits or ()
        )

    comes_true(has_come, told=lambda: str(found[-1].lock_waits))
    return found[-1]


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


def test_the_plugin_of_mariadb_tells_whom_a_change_of_a_table_waits_for(mariadb1011: RealServer) -> None:
    server = mariadb1011
    try:
        run(server, "INSTALL SONAME 'metadata_lock_info'")
    except pymysql.OperationalError as error:
        pytest.skip(
            f"Debian has the plugin in mariadb-server, and tests/servers/get does not unpack that: {error}"
        )
    run(server, "CREATE DATABASE waits", "CREATE TABLE waits.cart (id INT PRIMARY KEY) ENGINE=InnoDB")
    try:
        with waiters_on(server) as waiters, a_source(server) as source:
            holder = waiters.open("SELECT id FROM waits.cart")
            changer, behind = waiters.open(), waiters.open()
            waiters.wait(changer, "ALTER TABLE waits.cart ADD COLUMN m INT")
            is_waiting(server, 1, METADATA_WAITS)
            waiters.wait(behind, "SELECT id FROM waits.cart")
            is_waiting(server, 2, METADATA_WAITS)
            waits = waits_of(source.sample())
    finally:
        run(server, "DROP DATABASE waits", "UNINSTALL SONAME 'metadata_lock_info'")

    assert (holder.thread_id(),) == waits[changer.thread_id()].holders
    assert () == waits[behind.thread_id()].holders


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


CHANGE = "UPDATE waits.cart SET n = n + 1 WHERE id = 1"


def as_json(server: RealServer) -> dict[int, dict[str, Any]]:
    """The sessions of `snapshot --format json`, by their ids."""
    command = [sys.executable, "-m", "goneaway_tui", "snapshot", *way_in(server), "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=True)
    return {session["id"]: session for session in json.loads(done.stdout)["sessions"]}


def test_all_that_wait_for_one_row_wait_for_its_holder_and_go_on_once_it_is_killed(
    server: RealServer,
) -> None:
    run(server, "SET GLOBAL max_connections = 400", "SET GLOBAL innodb_lock_wait_timeout = 600")
    try:
        with waiters_on(server) as waiters, a_source(server) as source:
            source.sample()
            root = waiters.open(CHANGE)
            for _ in range(MANY):
                waiters.wait(waiters.open(autocommit=True), CHANGE)
            is_waiting(server, MANY, ROW_WAITS)
            blocking = source.sample().blocking()
            seen = as_json(server)
            assert blocking is not None
            predicted = blocking.freed_by([root.thread_id()])
            run(server, f"KILL {root.thread_id()}")
            sampled(source, 0)
    finally:
        run(server, "SET GLOBAL max_connections = 151", "SET GLOBAL innodb_lock_wait_timeout = 50")

    assert blocking.roots == (root.thread_id(),)
    assert blocking.blocks == {root.thread_id(): MANY}
    assert predicted == set(blocking.waits)
    assert MANY == seen[root.thread_id()]["blocks"]
    assert MANY == sum(session["blocked_by"] == [root.thread_id()] for session in seen.values())
    changed = value_of(server, "SELECT n FROM waits.cart WHERE id = 1")
    assert MANY == changed


def test_a_deadlock_leaves_no_wait_behind(server: RealServer) -> None:
    other = "UPDATE waits.cart SET n = n + 1 WHERE id = 2"
    with waiters_on(server) as waiters, a_source(server) as source:
        one, two = waiters.open(CHANGE), waiters.open(other)
        waiters.wait(one, other)
        is_waiting(server, 1, ROW_WAITS)
        before = waits_of(sampled(source, 1))
        with (
            suppress(pymysql.Error),
            two.cursor() as cursor,
        ):  # the server ends one of both, and tells it at once
            cursor.execute(CHANGE)
        sampled(source, 0)

    assert {one.thread_id(): (two.thread_id(),)} == {waiter: wait.holders for waiter, wait in before.items()}


def test_sessions_that_wait_in_a_circle_block_each_other(server: RealServer) -> None:
    run(server, "SET GLOBAL innodb_deadlock_detect = OFF")
    other = "UPDATE waits.cart SET n = n + 1 WHERE id = 2"
    try:
        with waiters_on(server) as waiters, a_source(server) as source:
            one, two = waiters.open(CHANGE), waiters.open(other)
            waiters.wait(one, other)
            waiters.wait(two, CHANGE)
            is_waiting(server, 2, ROW_WAITS)
            blocking = sampled(source, 2).blocking()
            run(server, f"KILL {one.thread_id()}")
            sampled(source, 0)
    finally:
        run(server, "SET GLOBAL innodb_deadlock_detect = ON")

    assert blocking is not None
    assert {one.thread_id(): 1, two.thread_id(): 1} == blocking.blocks
    assert 1 == len(blocking.roots)
    assert {two.thread_id()} == blocking.freed_by([one.thread_id()])


def test_watch_tells_when_a_wait_is_long_and_when_it_ends(server: RealServer) -> None:
    events: list[dict[str, Any]] = []
    with waiters_on(server) as waiters, a_source(server) as source:
        watching = Watch(source, time.time, RiskThresholds(), events.append, interval=0.2)
        thread = threading.Thread(target=watching.run, args=(None,))
        thread.start()
        try:
            holder, waiter = waiters.open(CHANGE), waiters.open()
            waiters.wait(waiter, CHANGE)
            comes_true(lambda: any(event["event"] == "blocked" for event in events))
            holder.commit()
            comes_true(lambda: any(event["event"] == "unblocked" for event in events))
        finally:
            watching.stop()
            thread.join()

    blocked, unblocked = (event for event in events if event["event"] in {"blocked", "unblocked"})
    assert (waiter.thread_id(), [holder.thread_id()]) == (blocked["id"], blocked["blocked_by"])
    assert ("row", "waits.cart", "PRIMARY") == tuple(
        blocked["lock"][each] for each in ("kind", "table", "index")
    )
    assert (blocked["id"], blocked["lock"]) == (unblocked["id"], unblocked["lock"])
    assert 1 < blocked["waiting_seconds"] <= unblocked["waiting_seconds"]


def test_the_exporter_counts_the_sessions_that_wait(server: RealServer, tmp_path: Path) -> None:
    with (
        waiters_on(server) as waiters,
        exporting(tmp_path, "--interval", "0.5", *way_in(server)) as (place, _),
    ):

        def metric(name: str) -> float:
            page = asked(f"http://{place}/metrics")
            lines = (line for line in page.splitlines() if line.startswith(f"goneaway_{name}{{"))
            return float(next(lines, "absent nan").rpartition(" ")[2])

        comes_true(lambda: metric("sessions_blocked") == 0)
        assert metric("longest_lock_wait_seconds") == 0
        holder = waiters.open(CHANGE)
        for _ in range(3):
            waiters.wait(waiters.open(autocommit=True), CHANGE)
        comes_true(lambda: metric("sessions_blocked") == 3)
        assert metric("sessions_blocking") == 1
        comes_true(lambda: metric("longest_lock_wait_seconds") > 1)
        holder.commit()
        comes_true(lambda: metric("sessions_blocked") == 0)
