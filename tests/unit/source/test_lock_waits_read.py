"""When the holders of locks are asked for, and what is put together from the answer."""

from __future__ import annotations

from typing import Any

from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.source.lock_waits import REST, LockWaitReader
from tests.builders import NOW, a_session
from tests.unit.source.standins import MariadbStandin, MysqlStandin, Row, Standin

A, B, C = map(ProcesslistId, (5, 6, 7))
HELD: Row = (9.0, 1, 1, 0, b"27", None, None)
LOCK = Lock(LockKind.ROW, "d.t", "PRIMARY", "X")


def waits(lock_id: str, seconds: float = 3.0) -> Row:
    return (9.0, 0, 1, 0, lock_id.partition(":")[0].encode(), lock_id.encode(), seconds)


def waiting_for_metadata(number: int, **fields: Any) -> Session:
    return a_session(id=number, command="Query", state="Waiting for table metadata lock", **fields)


def read(
    reader: LockWaitReader, server: Standin, rows: dict[int, Row], *sessions: Session
) -> tuple[LockWait, ...] | None:
    return reader.read(rows, sessions, server.now, 2 * server.way)


def a_reader(server: Standin, without: str = "") -> LockWaitReader:
    return LockWaitReader(server.connection, server.found(without=without), server.clock)


def mysql(without: str = "innodb_locks") -> tuple[MysqlStandin, LockWaitReader]:
    server = MysqlStandin()
    server.scripted["mysql/lock_holders.sql"] = lambda _ids: [
        (b"903:2:4:2:77", b"901:2:4:2:55", A, b"d.t", b"PRIMARY", b"X")
    ]
    return server, a_reader(server, without)


def test_no_holder_is_asked_for_while_no_session_waits() -> None:
    server, reader = mysql()

    assert () == read(reader, server, {A: HELD}, a_session(id=A), a_session(id=B, command="Query"))
    assert [] == server.heard


def test_the_holder_of_a_row_is_read_where_a_transaction_waits() -> None:
    server, reader = mysql()

    assert (LockWait(B, (A,), LOCK, NOW - 3),) == read(reader, server, {A: HELD, B: waits("903:2:4:2:77")})
    assert [('["903:2:4:2:77"]',)] == server.heard_of("lock_holders")


def test_a_wait_begins_no_earlier_than_the_statement_that_waits() -> None:
    """InnoDB tells the start of a wait in whole seconds, so it can seem older than its statement."""
    server, reader = mysql()
    busy = a_session(id=B, command="Query", busy_since=NOW - 2.5)

    assert (LockWait(B, (A,), LOCK, NOW - 2.5),) == read(
        reader, server, {A: HELD, B: waits("903:2:4:2:77")}, busy
    )


def test_a_wait_keeps_the_start_that_was_read_first() -> None:
    server, reader = mysql()
    read(reader, server, {B: waits("903:2:4:2:77", 3.0)})
    server.now += 1

    found = read(reader, server, {B: waits("903:2:4:2:77", 3.75)})

    assert found is not None
    assert [NOW - 3] == [wait.since for wait in found]


def test_a_slow_answer_is_not_asked_for_again_before_it_cost_two_percent() -> None:
    server, reader = mysql()

    def slowly(_ids: str) -> list[Row]:
        server.now += 0.1
        return [(b"903:2:4:2:77", b"901:2:4:2:55", A, b"d.t", b"PRIMARY", b"X")]

    server.scripted["mysql/lock_holders.sql"] = slowly
    read(reader, server, {A: HELD, B: waits("903:2:4:2:77")})
    server.now += 0.1 * REST - 0.01
    later = read(reader, server, {A: HELD, C: waits("904:2:4:2:78")})
    gone = read(reader, server, {C: waits("904:2:4:2:78")})

    assert later is not None
    assert gone is not None
    assert [(C, (A,))] == [(wait.waiter, wait.holders) for wait in later], "of the same record"
    assert [(C, ())] == [(wait.waiter, wait.holders) for wait in gone], "its holder has ended"
    assert 1 == len(server.heard_of("lock_holders"))
    server.now += 0.02
    read(reader, server, {A: HELD, C: waits("904:2:4:2:78")})
    assert 1 == len(server.heard_of("lock_holders"))


def test_mariadb_lists_the_locks_themselves() -> None:
    server = MariadbStandin()
    server.scripted["mariadb/innodb_locks.sql"] = lambda: [
        (b"29:5:3:2", b"29", b"X", b"`d`.`t`", b"PRIMARY"),
        (b"27:5:3:2", b"27", b"X", b"`d`.`t`", b"PRIMARY"),
        (b"11:5:3:2", b"11", b"X", b"`d`.`t`", b"PRIMARY"),
    ]

    found = read(a_reader(server), server, {A: HELD, B: waits("29:5:3:2")})

    assert (LockWait(B, (A,), LOCK, NOW - 3),) == found


def test_a_metadata_wait_is_read_with_its_holder() -> None:
    server = MysqlStandin()
    server.scripted["mysql/metadata_locks.sql"] = lambda: [
        (A, b"TABLE", b"d", b"t", b"SHARED_READ", 1),
        (B, b"TABLE", b"d", b"t", b"EXCLUSIVE", 0),
    ]
    sessions = (a_session(id=A), waiting_for_metadata(B, busy_since=NOW - 4))

    found = read(a_reader(server), server, {}, *sessions)

    assert (LockWait(B, (A,), Lock(LockKind.METADATA, "d.t", None, "EXCLUSIVE"), NOW - 4),) == found


def test_a_wait_whose_holder_cannot_be_read_has_none() -> None:
    server = MysqlStandin()
    reader = a_reader(server, "metadata_instrument data_locks innodb_locks")
    found = read(reader, server, {C: waits("903:2:4:2:77")}, waiting_for_metadata(B, busy_since=NOW - 4))

    assert (
        LockWait(B, (), Lock(LockKind.METADATA), NOW - 4),
        LockWait(C, (), Lock(LockKind.ROW), NOW - 3),
    ) == found
    assert [] == server.heard


def test_without_process_it_is_not_known_which_sessions_wait() -> None:
    server, reader = mysql("process")

    assert read(reader, server, {}, waiting_for_metadata(B)) is None
