"""Reading MariaDB's sessions: what is asked, when, and what is made of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from goneaway_tui.model.session import Role, Session, Transaction
from goneaway_tui.source.mariadb import MariadbReader
from tests.builders import NOW
from tests.unit.source.standins import OWN_ID, MariadbSession, MariadbStandin

TEXT = 1024


def a_reader(server: MariadbStandin, *, without: str = "", text: int = TEXT) -> MariadbReader:
    return MariadbReader(server.connection, server.found(without=without), server.clock, text)


def read(reader: MariadbReader) -> dict[int, Session]:
    _, sessions = reader.sessions()
    return {int(session.id): session for session in sessions}


def read_one(server: MariadbStandin, *, without: str = "", text: int = TEXT) -> Session:
    (session,) = read(a_reader(server, without=without, text=text)).values()
    return session


def idle(number: int, idle_for: float, **fields: object) -> MariadbSession:
    server_session = MariadbSession(number, NOW - idle_for)
    for name, value in fields.items():
        setattr(server_session, name, value)
    return server_session


# --- The idle clock


def test_idle_time_in_milliseconds_gives_its_start() -> None:
    session = read_one(MariadbStandin(idle(11, 20.123)))

    assert session.idle_since == pytest.approx(NOW - 20.123, abs=1e-6)
    assert 0.0 == session.idle_within


@pytest.mark.parametrize("way", [0.0, 0.01, 0.2])
def test_an_idle_clock_is_right_to_half_the_way(way: float) -> None:
    server = MariadbStandin(idle(11, 20))
    server.way = way

    assert read_one(server).idle_since == pytest.approx(NOW - 20, abs=way + 0.001)


def test_list_is_as_old_as_our_own_row() -> None:
    """A busy server may fill its list late: our own statement has run so long by then."""
    server = MariadbStandin()
    server.now = NOW
    server.way = 0.5
    server.scripted["mariadb/sessions.sql"] = [
        (OWN_ID, b"dba", b"h:1", None, b"Query", 0.25, b"", None, 9),
        (11, b"shop", b"h:2", None, b"Sleep", 20.0, b"", None, 1),
    ]
    taken_at, sessions = a_reader(server).sessions()
    asked = NOW + 1.0

    assert taken_at == pytest.approx(asked + 0.5 + 0.25, abs=1e-6)
    assert sessions[1].idle_since == pytest.approx(taken_at - 20, abs=1e-6)


def test_no_reading_is_of_the_future() -> None:
    server = MariadbStandin()
    server.scripted["mariadb/sessions.sql"] = [(OWN_ID, b"dba", b"h:1", None, b"Query", 99.0, b"", None, 9)]
    taken_at, _ = a_reader(server).sessions()

    assert server.now == taken_at


def test_idle_time_keeps_one_start_despite_uneven_network_delay() -> None:
    server = MariadbStandin(idle(11, 20))
    reader = a_reader(server)
    first = read(reader)[11].idle_since
    server.now += 1
    server.way = 0.2

    assert first == read(reader)[11].idle_since


def test_a_slow_first_reading_is_mended_by_a_quick_one() -> None:
    server = MariadbStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.server_sessions.append(idle(12, -1))
    server.now += 5
    server.way = 0.2
    slow = read(reader)[12].idle_since
    server.way = 0.0
    server.now += 1

    assert slow == pytest.approx(NOW + 1 - 0.2, abs=0.001)
    assert read(reader)[12].idle_since == pytest.approx(NOW + 1, abs=0.001)


def test_clocks_that_drift_apart_are_followed() -> None:
    server = MariadbStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.now += 1
    server.server_sessions[0].since -= 0.010

    assert read(reader)[11].idle_since == pytest.approx(NOW - 20.010, abs=0.001)


def test_idle_time_that_restarts_without_a_query_has_a_new_start() -> None:
    """COM_PING restarts it and need not take a number."""
    server = MariadbStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.now += 1
    server.server_sessions[0].since = server.now - 0.5

    assert read(reader)[11].idle_since == pytest.approx(server.now - 0.5, abs=0.001)


def test_query_starts_a_new_idle_time_even_after_milliseconds() -> None:
    server = MariadbStandin(idle(11, 0.010))
    reader = a_reader(server)
    read(reader)
    server.server_sessions[0].since, server.server_sessions[0].query = NOW, 2

    assert read(reader)[11].idle_since == pytest.approx(NOW, abs=1e-6)


@pytest.mark.parametrize("command", ["Query", "Execute", "Killed", "Connect"])
def test_session_that_is_not_idle_has_no_idle_clock(command: str) -> None:
    assert read_one(MariadbStandin(idle(11, 20, command=command))).idle_since is None


def test_a_negative_age_is_none_at_all() -> None:
    assert NOW == read_one(MariadbStandin(idle(11, -5))).idle_since


def test_a_wall_clock_that_is_set_moves_no_idle_clock() -> None:
    server = MariadbStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.now += 1
    server.wall_offset -= 3600

    assert read(reader)[11].idle_since == pytest.approx(NOW - 20, abs=0.001)


def test_nothing_is_known_of_a_sessions_own_limit() -> None:
    assert read_one(MariadbStandin(idle(11, 20))).own_limit is None


# --- Who is who


def test_unfinished_login_has_its_own_clock() -> None:
    server = MariadbStandin(idle(11, 0.7, user="unauthenticated user", command="Connect"))
    session = read_one(server)

    assert (Role.LOGIN, "Connect", None) == (session.role, session.command, session.program)
    assert session.idle_since == pytest.approx(NOW - 0.7, abs=0.001)
    assert [] == server.heard_of("attributes")


def test_attributes_are_read_after_the_login() -> None:
    server = MariadbStandin(idle(11, 0.7, user="unauthenticated user", command="Connect"))
    reader = a_reader(server)
    read(reader)
    server.server_sessions[0] = idle(11, 0.1)
    session = read(reader)[11]

    assert (Role.CLIENT, "gunicorn") == (session.role, session.program)


@pytest.mark.parametrize(
    ("user", "command", "role"),
    [
        ("repl", "Binlog Dump", Role.DUMP),
        ("system user", "Slave_IO", Role.REPLICA),
        ("system user", "Slave_SQL", Role.REPLICA),
        ("system user", "Connect", Role.REPLICA),
        ("delayed", "Delayed insert", Role.DAEMON),
        ("event_scheduler", "Daemon", Role.DAEMON),
    ],
)
def test_server_thread_has_no_idle_clock(user: str, command: str, role: Role) -> None:
    session = read_one(MariadbStandin(idle(11, 20, user=user, command=command)))

    assert (role, None) == (session.role, session.idle_since)


def test_our_own_session_is_marked() -> None:
    sessions = read(a_reader(MariadbStandin(idle(OWN_ID, 0, command="Query"), idle(11, 20))))

    assert {OWN_ID: True, 11: False} == {number: session.own for number, session in sessions.items()}


def test_every_column_finds_its_place() -> None:
    attributes = (("_client_name", "libmariadb"), ("_client_version", "3.4"), ("program_name", "etl"))
    session = read_one(
        MariadbStandin(
            idle(11, 20, user="etl", host="job-1:40112", db="dw", state="x", attributes=attributes)
        )
    )

    assert ("etl", "job-1:40112", "dw", "x", "etl", "libmariadb 3.4", attributes) == (
        session.user, session.host, session.db, session.state,
        session.program, session.client, session.attributes,
    )  # fmt: skip


def test_an_empty_column_is_nothing_rather_than_an_empty_text() -> None:
    session = read_one(MariadbStandin(idle(11, 20, db=None, state="", attributes=())))

    assert (None, None, None, None, None) == (
        session.db, session.state, session.statement, session.program, session.client,
    )  # fmt: skip


def test_what_never_changes_is_asked_once_for_sessions_that_are_new() -> None:
    server = MariadbStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)

    assert [(11,)] == server.heard_of("attributes")

    read(reader)

    assert [] == server.heard_of("attributes")

    server.server_sessions.append(idle(15, 2))
    read(reader)

    assert [(15,)] == server.heard_of("attributes")


def test_ended_session_is_forgotten() -> None:
    server_session = idle(11, 20, command="Query", info="SELECT 2")
    server = MariadbStandin(server_session)
    reader = a_reader(server, without="statements")
    read(reader)
    server.server_sessions.clear()

    assert {} == read(reader)

    server_session.command, server_session.info = "Sleep", None
    server.server_sessions.append(server_session)

    assert read(reader)[11].statement is None


# --- Statements


def test_a_running_session_shows_what_it_runs() -> None:
    assert "SELECT 2" == read_one(MariadbStandin(idle(11, 1, command="Query", info="SELECT 2"))).statement


def test_an_idle_session_shows_what_it_was_seen_to_run() -> None:
    server = MariadbStandin(idle(11, 1, command="Query", info="SELECT 2"))
    reader = a_reader(server, without="statements")
    read(reader)
    server.server_sessions[0].command, server.server_sessions[0].info = "Sleep", None

    assert "SELECT 2" == read(reader)[11].statement


def test_the_last_statement_is_asked_for_once_a_statement() -> None:
    server = MariadbStandin(idle(11, 20, last="SELECT 1"), idle(12, 20, last="SELECT 1"))
    reader = a_reader(server)
    sessions = read(reader)

    assert ["SELECT 1", "SELECT 1"] == [session.statement for session in sessions.values()]
    assert [(TEXT, 11)] == server.heard_of("statements")

    read(reader)

    assert [] == server.heard_of("statements")

    server.server_sessions[1].query, server.server_sessions[1].last = 2, "SELECT 2"
    server.server_sessions[0].last = "never asked"
    sessions = read(reader)

    assert [(TEXT, 12)] == server.heard_of("statements")
    assert ["SELECT 1", "SELECT 2"] == [session.statement for session in sessions.values()]


def test_an_earlier_statement_is_not_taken_for_a_later_one() -> None:
    """Without the consumer a statement that ran between two readings was not seen: what it was is unknown."""
    server = MariadbStandin(idle(11, 1, command="Query", info="SELECT 2", query=1))
    reader = a_reader(server, without="statements")
    read(reader)
    server.now += 60
    server.server_sessions[0] = idle(11, -59, query=7)

    assert read(reader)[11].statement != "SELECT 2"


def test_with_statements_off_no_text_is_brought() -> None:
    server = MariadbStandin(
        idle(11, 20, last="SELECT 'secret'"), idle(12, 20, command="Query", info="SELECT 'secret'")
    )
    reader = a_reader(server, text=0)
    sessions = [*read(reader).values(), *read(reader).values()]

    assert [None] * 4 == [session.statement for session in sessions]
    assert {0} == {
        parameters[0]
        for file, parameters in server.heard
        if file.endswith(("/sessions.sql", "/statements.sql"))
    }


def test_text_that_is_no_utf8_survives() -> None:
    server = MariadbStandin()
    server.scripted["mariadb/sessions.sql"] = [
        (11, b"caf\xe9", b"h:1", b"d\xff", b"Query", 1.0, b"", b"SELECT '\xe9'", 1)
    ]
    session = read_one(server)

    assert (r"caf\xe9", r"d\xff", r"SELECT '\xe9'") == (session.user, session.db, session.statement)


# --- Transactions


def about(instant: float) -> Any:
    return pytest.approx(instant, abs=1e-6)


def test_without_a_transaction_there_is_none() -> None:
    assert read_one(MariadbStandin(idle(11, 20))).transaction is None


def test_a_transaction_is_what_innodb_says() -> None:
    server = MariadbStandin(idle(11, 20))
    server.held = [(11, 20.0, 3, 1, 0), (99, 1.0, 1, 1, 0)]

    assert read_one(server).transaction == Transaction(about(NOW - 20), 3, 1, read_only=False)


@pytest.mark.parametrize(("age", "started"), [(None, None), (-3.0, NOW), (0.0, NOW)])
def test_a_transaction_began_no_later_than_now(age: float | None, started: float | None) -> None:
    server = MariadbStandin(idle(11, 20))
    server.held = [(11, age, 0, 0, 1)]

    assert read_one(server).transaction == Transaction(started, 0, 0, read_only=True)


def test_without_process_no_transaction_is_asked_for() -> None:
    server = MariadbStandin(idle(11, 20))
    server.held = [(11, 20.0, 3, 1, 0)]

    assert read_one(server, without="process").transaction is None


def test_a_running_statement_began_so_many_milliseconds_ago() -> None:
    busy = MariadbSession(11, NOW - 4.25, command="Query")

    assert read_one(MariadbStandin(busy)).busy_since == about(NOW - 4.25)
    assert read_one(MariadbStandin(idle(11, 20))).busy_since is None
