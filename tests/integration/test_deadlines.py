"""What is foretold is held against what the servers do: real sessions, real limits, real closings."""

from __future__ import annotations

import threading
import time

import pytest

from goneaway_tui.model.snapshot import Basis, Risk, Verdict
from tests.integration.session_watch import SessionWatch, WatchedSession, assert_deadlines_predicted
from tests.servers.private import RealServer
from tests.waiting import comes_true

pytestmark = pytest.mark.quiet

PING, RESET = 0x0E, 0x1F
HOURS = 3600


@pytest.fixture(params=["mariadb1011", "mariadb118"])
def any_mariadb(request: pytest.FixtureRequest) -> RealServer:
    server: RealServer = request.getfixturevalue(request.param)
    return server


def a_table(session_watch: SessionWatch) -> None:
    session_watch.admin(
        "CREATE DATABASE IF NOT EXISTS truth",
        "CREATE TABLE IF NOT EXISTS truth.cart (id INT PRIMARY KEY, n INT) ENGINE=InnoDB",
        "REPLACE INTO truth.cart SELECT seq, 0 FROM (SELECT 1 AS seq UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) s",
    )


def open_idle_sessions(session_watch: SessionWatch, limits: tuple[int, ...]) -> list[threading.Thread]:
    """Sessions whose last statement took long: their TIME runs ahead of their idleness."""

    def sleeper(limit: int) -> None:
        session_watch.seat(
            f"slept first {limit}", limit, f"SET SESSION wait_timeout = {limit}", "SELECT SLEEP(1.3)"
        )

    threads = [threading.Thread(target=sleeper, args=(limit,)) for limit in limits]
    for thread in threads:
        thread.start()
    return threads


def test_mysql_closings_are_predicted_whatever_the_sessions_did(mysql97: RealServer) -> None:
    with SessionWatch(mysql97) as session_watch:
        a_table(session_watch)
        threads = open_idle_sessions(session_watch, (3, 4, 5, 6))
        own = [
            session_watch.seat(f"own limit {limit}", limit, f"SET SESSION wait_timeout = {limit}")
            for limit in range(6, 1, -1)
            for _ in range(11)
        ]
        session_watch.admin("SET GLOBAL wait_timeout = 4, GLOBAL interactive_timeout = 5")
        for _ in range(6):
            session_watch.seat("plain", 4, "DO 0")
            session_watch.seat("interactive", 5, "DO 0", interactive=True)
            session_watch.seat_mute("logged in only", 4)
        session_watch.admin("SET GLOBAL wait_timeout = DEFAULT, GLOBAL interactive_timeout = DEFAULT")
        for row in (1, 2):
            session_watch.seat("wrote rows", 5, "SET SESSION wait_timeout = 5", "BEGIN",
                         f"UPDATE truth.cart SET n = n + 1 WHERE id = {row}")  # fmt: skip
            session_watch.seat("bare BEGIN", 5, "SET SESSION wait_timeout = 5", "BEGIN")
            session_watch.seat(
                "past timestamp", 6, "SET SESSION wait_timeout = 6", "SET timestamp = 1000000000"
            )
            session_watch.seat(
                "future timestamp",
                5,
                "SET SESSION wait_timeout = 5",
                "SET timestamp = UNIX_TIMESTAMP() + 99999",
            )
        calm = [
            session_watch.seat(f"calm {limit}", limit, f"SET SESSION wait_timeout = {limit}")
            for limit in (60, 15 * 60, HOURS, 8 * HOURS)
        ]
        changing = [
            session_watch.seat("shortened its limit", 3, "SET SESSION wait_timeout = 300") for _ in range(3)
        ]
        pinging = [session_watch.seat("pinged", 4, "SET SESSION wait_timeout = 4") for _ in range(3)]
        resetting = [
            session_watch.seat("reset by its pool", 6, "SET SESSION wait_timeout = 5") for _ in range(3)
        ]
        half = [session_watch.seat("half a packet", 5, "SET SESSION wait_timeout = 5") for _ in range(2)]
        for thread in threads:
            thread.join()
        moving = [*changing, *pinging, *resetting, *half]
        doomed = [s for s in session_watch.watched_sessions if s not in calm]
        session_watch.watch(*(s for s in doomed if s not in moving))
        time.sleep(1.5)
        for watched_session in changing:
            watched_session.run("SET SESSION wait_timeout = 3")
        for watched_session in pinging:
            watched_session.command(PING)
        session_watch.admin("SET GLOBAL wait_timeout = 6")
        for watched_session in resetting:
            watched_session.command(RESET)
        for watched_session in half:
            watched_session.send_part_of_a_packet()
        followed: dict[int, Verdict] = {}

        def is_followed() -> bool:
            """What is sent without an answer has reached the session's thread at some later reading."""
            followed.update({int(v.session.id): v for v in session_watch.look().verdicts})
            return all(s.is_due(followed[s.id].deadline) for s in half)

        comes_true(is_followed)
        session_watch.watch(*moving)
        comes_true(lambda: all(s.closed_at for s in doomed))

    assert len(own) + 40 < len(doomed)
    for watched_session in moving:
        verdict = followed[watched_session.id]
        assert verdict.limit is not None
        assert (watched_session.label, watched_session.limit) == (
            watched_session.label,
            verdict.limit.seconds,
        )
        assert watched_session.is_due(verdict.deadline), watched_session
    for watched_session in [*doomed, *calm]:
        assert watched_session.last.limit is not None
        assert (watched_session.label, watched_session.limit, Basis.OWN) == (
            watched_session.label,
            watched_session.last.limit.seconds,
            watched_session.last.limit.basis,
        )
    for watched_session in calm:
        assert watched_session.is_due(watched_session.last.deadline), watched_session
    assert_deadlines_predicted(doomed)


def test_mysql_shows_what_is_at_stake(mysql97: RealServer) -> None:
    with SessionWatch(mysql97, every=60) as session_watch:
        a_table(session_watch)
        began = time.time()
        writer = session_watch.seat(
            "writer", 0, "BEGIN", "UPDATE truth.cart SET n = n + 1 WHERE id IN (1, 2)"
        )
        opener = session_watch.seat("opener", 0, "BEGIN")
        reader = session_watch.seat("reader", 0, "SELECT 1")
        time.sleep(0.2)
        taken = session_watch.look()

    held = writer.last.session.transaction
    assert held is not None
    assert (2, 2) == (held.rows_modified, held.rows_locked)
    assert held.started is not None
    assert 0.1 < taken.taken_at - held.started < taken.taken_at - began + 0.1
    assert opener.last.session.transaction is not None
    assert 0 == opener.last.session.transaction.rows_modified
    assert reader.last.session.transaction is None
    assert "SELECT 1" == reader.last.session.statement


def test_mariadb_closings_are_predicted_where_the_global_limit_applies(any_mariadb: RealServer) -> None:
    with SessionWatch(any_mariadb) as session_watch:
        for limit in range(2, 7):
            session_watch.admin(f"SET GLOBAL wait_timeout = {limit}")
            for statement in ("DO 0", "SELECT SLEEP(0.2)", "SET timestamp = 1000000000", "SELECT 1") * 3:
                session_watch.seat(f"plain {limit}", limit, statement)
            session_watch.seat_mute(f"logged in only {limit}", limit)
            session_watch.look()
        session_watch.admin("SET GLOBAL wait_timeout = DEFAULT")
        calm = session_watch.seat("calm", 8 * HOURS, "DO 0")
        pinging = [s for s in session_watch.watched_sessions if s.limit == 6][:3]
        doomed = [s for s in session_watch.watched_sessions if s is not calm]
        for watched_session in pinging:
            watched_session.command(PING)
        session_watch.watch(*doomed)
        comes_true(lambda: all(s.closed_at for s in doomed))
        session_watch.look()

    for watched_session in [*doomed, calm]:
        assert watched_session.last.limit is not None
        assert (watched_session.label, watched_session.limit) == (
            watched_session.label,
            watched_session.last.limit.seconds,
        )
        assert Basis.ASSUMED is watched_session.last.limit.basis
    assert calm.is_due(calm.last.deadline), calm
    assert_deadlines_predicted(doomed)


def test_mariadb_disproves_what_outlives_the_global_limit(any_mariadb: RealServer) -> None:
    with SessionWatch(any_mariadb) as session_watch:
        session_watch.admin("SET GLOBAL wait_timeout = 2, GLOBAL interactive_timeout = 4")
        interactive = session_watch.seat("interactive", 4, "DO 0", interactive=True)
        own = session_watch.seat("own limit", 60, "SET SESSION wait_timeout = 60")
        plain = session_watch.seat("plain", 2, "DO 0")
        session_watch.watch()
        comes_true(lambda: interactive.closed_at is not None)
        session_watch.look()

    for watched_session in (interactive, own):
        assert watched_session.last.limit is not None
        assert (Basis.DISPROVED, 2) == (watched_session.last.limit.basis, watched_session.last.limit.seconds)
        assert watched_session.last.deadline is None
        assert Risk.OVERDUE is not watched_session.last.risk
    assert plain.closed_at is not None
    assert Basis.ASSUMED is plain.last.limit.basis  # type: ignore[union-attr]


TRANSACTIONS = [
    ("wait 5, trx 2", {"wait_timeout": 5, "idle_transaction_timeout": 2}, ("BEGIN", "SELECT * FROM truth.cart"), 2, "idle_transaction_timeout"),
    ("wait 2, trx 4", {"wait_timeout": 2, "idle_transaction_timeout": 4}, ("BEGIN", "SELECT * FROM truth.cart"), 4, "idle_transaction_timeout"),
    ("trx 4, write 2", {"wait_timeout": 6, "idle_transaction_timeout": 4, "idle_write_transaction_timeout": 2}, ("BEGIN", "UPDATE truth.cart SET n = n + 1 WHERE id = 1"), 2, "idle_write_transaction_timeout"),
    ("trx 4, ro 2", {"wait_timeout": 6, "idle_transaction_timeout": 4, "idle_readonly_transaction_timeout": 2}, ("BEGIN", "SELECT * FROM truth.cart"), 2, "idle_readonly_transaction_timeout"),
    ("trx 2, write 4", {"wait_timeout": 7, "idle_transaction_timeout": 2, "idle_write_transaction_timeout": 4}, ("BEGIN", "UPDATE truth.cart SET n = n + 1 WHERE id = 2"), 4, "idle_write_transaction_timeout"),
    ("ro 3, for update", {"wait_timeout": 7, "idle_readonly_transaction_timeout": 3}, ("BEGIN", "SELECT * FROM truth.cart WHERE id = 3 FOR UPDATE"), 3, "idle_readonly_transaction_timeout"),
    ("trx 2, none open", {"wait_timeout": 4, "idle_transaction_timeout": 2}, ("SELECT 1",), 4, "wait_timeout"),
    ("autocommit off", {"wait_timeout": 6, "idle_transaction_timeout": 2}, ("SET autocommit = 0", "SELECT * FROM truth.cart"), 2, "idle_transaction_timeout"),
]  # fmt: skip


@pytest.fixture(params=["mariadb105", "mariadb1011", "mariadb118"])
def any_mariadb_version(request: pytest.FixtureRequest) -> RealServer:
    server: RealServer = request.getfixturevalue(request.param)
    return server


def test_mariadb_transactions_are_governed_by_the_timeout_that_replaces_wait_timeout(
    any_mariadb_version: RealServer,
) -> None:
    family = (
        "idle_transaction_timeout",
        "idle_write_transaction_timeout",
        "idle_readonly_transaction_timeout",
    )
    seated: list[tuple[WatchedSession, str]] = []
    with SessionWatch(any_mariadb_version) as session_watch:
        a_table(session_watch)
        for label, settings, statements, seconds, variable in TRANSACTIONS:
            session_watch.admin(*(f"SET GLOBAL {name} = {value}" for name, value in settings.items()))
            seated.append((session_watch.seat(label, seconds, *statements), variable))
            session_watch.look()
            session_watch.admin(
                *(f"SET GLOBAL {name} = 0" for name in family), "SET GLOBAL wait_timeout = DEFAULT"
            )
        session_watch.watch()
        comes_true(lambda: all(s.closed_at for s in session_watch.watched_sessions))

    for watched_session, variable in seated:
        assert watched_session.last.limit is not None
        expected = (watched_session.label, watched_session.limit, variable, Basis.ASSUMED)

        assert expected == (
            watched_session.label,
            watched_session.last.limit.seconds,
            watched_session.last.limit.variable,
            watched_session.last.limit.basis,
        )
    assert_deadlines_predicted([watched_session for watched_session, _ in seated])
