"""Error events: the tables by the servers' and clients' own numbers, what an event says of itself, and what is near it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymysql.constants import CR, ER

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.client_log import ERROR_PATTERNS, parse_line
from goneaway_tui.logs.error_events import (
    CODES,
    ErrorEvent,
    FailureKind,
    LogClient,
    idle_and_waiting,
    recognise_client,
    with_neighbours,
)
from goneaway_tui.logs.timestamps import Timestamp
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.session import ProcesslistId

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an_event(seconds: float | None = 0.0, *failures: FailureKind, **fields: Any) -> ErrorEvent:
    """A lost connection so many seconds after noon; without a time where that is None."""
    timestamp = None if seconds is None else Timestamp(NOON + timedelta(seconds=seconds), zoned=True)
    fields.setdefault("code", 2013)
    line = fields.pop("line", 1)
    return ErrorEvent(line, timestamp, failures=frozenset(failures), **fields)


# --- Numbers

NEWER = {
    "ER_NEW_ABORTING_CONNECTION": 1184,
    "ER_ACCESS_DENIED_NO_PASSWORD_ERROR": 1698,
    "ER_CONNECTION_KILLED": 1927,
    "ER_STATEMENT_TIMEOUT": 1969,
    "ER_QUERY_TIMEOUT": 3024,
    "ER_SERVER_OFFLINE_MODE": 3032,
    "ER_ACCOUNT_HAS_BEEN_LOCKED": 3118,
    "ER_SESSION_WAS_KILLED": 3169,
    "ER_CLIENT_INTERACTION_TIMEOUT": 4031,
    "ProxySQL 9001": 9001,
    "ProxySQL 9004": 9004,
    "InterfaceError": 0,
}
"""What PyMySQL's tables of the servers' numbers do not have."""


@pytest.mark.parametrize(("number", "name"), [(number, code.name) for number, code in CODES.items()])
def test_an_error_has_the_number_that_the_server_or_the_client_library_gives_it(
    number: int, name: str
) -> None:
    known = getattr(CR, name, None) or getattr(ER, name.removeprefix("ER_"), None) or NEWER.get(name)

    assert number == known


def test_every_number_that_words_stand_for_is_known() -> None:
    assert {pattern.code for pattern in ERROR_PATTERNS if pattern.code is not None} <= CODES.keys()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4031, "The client was disconnected by the server because of inactivity."),
        (4031, "read packet timeout, close this connection"),
        (2006, "MySQL server has gone away"),
        (2013, "Lost connection to MySQL server during query"),
        (2013, "Lost connection to server during query"),
        (3024, "Query execution was interrupted, maximum statement execution time exceeded"),
        (1969, "Query execution was interrupted (max_statement_time exceeded)"),
        (1317, "Query execution was interrupted"),
        (1153, "Got a packet bigger than 'max_allowed_packet' bytes"),
        (2020, "Got packet bigger than 'max_allowed_packet' bytes"),
        (1203, "User shop already has more than 'max_user_connections' active connections"),
        (1226, "User 'shop' has exceeded the 'max_user_connections' resource (current value: 3)"),
        (1040, "Too many connections"),
        (1129, "Host '10.0.0.7' is blocked because of many connection errors"),
        (1130, "Host '10.0.0.7' is not allowed to connect to this MySQL server"),
        (1045, "Access denied for user 'app'@'web-3' (using password: YES)"),
        (1053, "Server shutdown in progress"),
        (1927, "Connection was killed"),
        (1927, "killed by MaxScale: Timed out by MaxScale"),
        (1040, "killed by MaxScale: Too many connections"),
        (1927, "killed by MaxScale: Killed by another session"),
        (1927, "killed by MaxScale: Router could not recover from connection errors"),
        (1927, "killed by MaxScale: for a reason of its own"),
        (3169, "The session was killed"),
        (1158, "Got an error reading communication packets"),
        (1159, "Got timeout reading communication packets"),
        (1160, "Got an error writing communication packets"),
        (1161, "Got timeout writing communication packets"),
        (1156, "Got packets out of order"),
        (2027, "Malformed packet"),
        (2002, "Can't connect to local MySQL server through socket '/run/mysqld/mysqld.sock' (2)"),
        (2003, "Can't connect to MySQL server on 'db1:3306' (111)"),
        (2005, "Unknown MySQL server host 'db9' (-2)"),
        (2026, "SSL connection error: error:00000000"),
        (0, "pymysql.err.InterfaceError: (0, '')"),
        (3032, "The server is currently in offline mode"),
        (9001, "Max connect timeout reached while reaching hostgroup 10 after 10000ms"),
    ],
)
def test_the_words_of_an_error_stand_for_its_number(code: int, words: str) -> None:
    parsed = parse_line(words)

    assert parsed is not None
    assert code == parsed.code


@pytest.mark.parametrize(
    "code", [1040, 1043, 1045, 1129, 1130, 1203, 1226, 1698, 2002, 2003, 2005, 3032, 3118, 9001]
)
def test_an_error_of_a_connection_attempt_is_of_no_session(code: int) -> None:
    assert an_event(code=code).refused
    assert not an_event(code=code).is_loss


@pytest.mark.parametrize("code", [None, 0, 1152, 1184, 2006, 2013, 2026, 2055])
def test_an_error_that_names_no_cause_is_a_loss(code: int | None) -> None:
    assert an_event(code=code).is_loss
    assert not an_event(code=code, from_server_log=True).is_loss
    assert not an_event(code=code, stated_cause=Cause.KILLED).is_loss


@pytest.mark.parametrize("code", [1317, 1927, 1156, 2027])
def test_another_error_is_none(code: int) -> None:
    assert not an_event(code=code).is_loss


# --- What an event says of itself


@pytest.mark.parametrize(
    ("code", "failure", "refused"),
    [
        (None, FailureKind.REFUSED, True),
        (None, FailureKind.DIALLING, True),
        (None, FailureKind.NO_SOCKET, True),
        (None, FailureKind.TIMED_OUT, False),
        (2006, FailureKind.REFUSED, False),
        (2013, FailureKind.REFUSED, False),
        (4031, FailureKind.REFUSED, False),
        (2055, FailureKind.REFUSED, True),
    ],
)
def test_a_connection_is_refused_by_its_failure_unless_its_number_is_of_a_session(
    code: int | None,
    failure: FailureKind,
    refused: bool,  # noqa: FBT001
) -> None:
    assert refused is an_event(0.0, failure, code=code).refused


def test_a_kill_is_told_to_the_client_alone() -> None:
    assert an_event(code=1927).is_kill
    assert not an_event(code=1927, from_server_log=True).is_kill
    assert not an_event(code=1928).is_kill


@pytest.mark.parametrize(
    ("failure", "fields", "never"),
    [
        (FailureKind.LOGIN, {}, True),
        (FailureKind.LOGIN, {"code": 2006}, True),
        (FailureKind.GREETING, {}, True),
        (FailureKind.GREETING, {"code": 2006}, False),
        (FailureKind.EOF, {}, False),
        (FailureKind.LOGIN, {"idle_seconds": 0.0}, False),
        (FailureKind.LOGIN, {"stated_cause": Cause.KILLED}, False),
    ],
)
def test_a_session_never_began_where_the_connection_was_lost_in_its_login(
    failure: FailureKind,
    fields: dict[str, Any],
    never: bool,  # noqa: FBT001
) -> None:
    assert never is an_event(0.0, failure, **fields).never_began


@pytest.mark.parametrize(
    ("code", "failure", "failed"),
    [
        (2006, FailureKind.EOF, True),
        (2013, FailureKind.BROKEN_PIPE, False),
        (None, FailureKind.BROKEN_PIPE, True),
        (None, FailureKind.WRITING, True),
        (None, FailureKind.RESET, True),
        (None, FailureKind.EOF, False),
    ],
)
def test_writing_failed_by_number_or_by_what_the_system_said(
    code: int | None,
    failure: FailureKind,
    failed: bool,  # noqa: FBT001
) -> None:
    event = an_event(0.0, failure, code=code)

    assert failed is event.write_failed
    php = replace(event, client=LogClient("PHP PDO", separates_write_errors=False))
    assert php.write_failed is (failure is FailureKind.WRITING)


def test_the_answer_never_came_where_the_statement_was_sent_and_nothing_reset_the_line() -> None:
    assert an_event().answer_never_came
    assert not an_event(code=2006).answer_never_came
    assert not an_event(0.0, FailureKind.RESET).answer_never_came
    assert not an_event(client=LogClient("PHP PDO", separates_write_errors=False)).answer_never_came


def test_a_line_was_cut_in_tls_where_a_loss_failed_to_send() -> None:
    assert an_event(0.0, FailureKind.TLS_EOF, code=2006).cut_in_tls
    assert not an_event(0.0, FailureKind.TLS_EOF).cut_in_tls
    assert not an_event(code=2006).cut_in_tls
    assert not an_event(0.0, FailureKind.TLS_EOF, code=2006, from_server_log=True).cut_in_tls


# --- What its lines tell


def described(*lines: str, **fields: Any) -> ErrorEvent:
    return an_event(**fields).described_by(
        LogLine(number, text, len(text)) for number, text in enumerate(lines, 1)
    )


@pytest.mark.parametrize(
    ("line", "idle"),
    [
        ("lost 350 seconds after the last command started", 350.0),
        ("the session was idle for 90 s", 90.0),
        ("last_used 1200345ms ago", 1200.345),
        ("last packet successfully received from the server was 28,805,123 milliseconds ago", 28_805.123),
        ("last packet successfully received from the server was ,. milliseconds ago", 0.0),
    ],
)
def test_an_idle_time_is_read_in_its_unit(line: str, idle: float) -> None:
    assert pytest.approx(idle) == described(line).idle_seconds


def test_haproxy_states_how_long_a_session_lasted_and_not_that_it_was_idle() -> None:
    event = described("haproxy[7]: mysql/db1 1/0/60001 1234 cD 12/11/10/9/0 0/0")

    assert pytest.approx(60.001) == event.lasted_seconds
    assert event.idle_seconds is None
    assert 7 == described("nothing", lasted_seconds=7.0).lasted_seconds


def test_the_last_statement_of_an_idle_time_counts_and_none_leaves_it() -> None:
    assert 9 == described("idle for 5 s", "idle for 9 s").idle_seconds
    assert 7 == described("nothing", idle_seconds=7.0).idle_seconds


def test_connector_j_tells_an_idle_time_and_a_wait() -> None:
    received = "last packet successfully received from the server was 146,750 milliseconds ago"
    event = described(received, "last packet sent successfully to the server was 142,250 milliseconds ago")

    assert (4.5, 142.25) == (event.idle_seconds, event.waited_seconds)
    assert (146.75, None) == (described(received).idle_seconds, described(received).waited_seconds)
    assert (5.0, None) == idle_and_waiting(5.0, 5.0)


def test_workbench_tells_how_long_a_statement_had_run() -> None:
    assert 30.5 == described("Lost connection to MySQL server during query 30.500 sec").waited_seconds


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("Packet for query is too large (1,300,000 > 1,048,576)", 1_300_000),
        ("INSERT ... (90000 characters truncated) ...", 90_000),
        ("query size (17000000) is >= to max_allowed_packet (16777216)", 17_000_000),
        ("x" * 8192, 8192),
        ("x" * 8191, None),
    ],
)
def test_the_size_of_a_statement_is_stated_or_that_of_a_long_line(line: str, size: int | None) -> None:
    assert size == described(line).statement_bytes


@pytest.mark.parametrize(
    ("line", "name", "limit"),
    [
        ("query size (17000000) is >= to max_allowed_packet (16777216)", "max_allowed_packet", 16_777_216),
        ("Packet for query is too large (1,300,000 > 1,048,576)", "max_allowed_packet", 1_048_576),
        ("pool waitTimeout=90 reached", "wait_timeout", 90),
        ("Currently configured wait_timeout is 600 seconds", "wait_timeout", 600),
    ],
)
def test_a_limit_is_read_where_a_log_states_it(line: str, name: str, limit: float) -> None:
    assert ((name, limit),) == described(line).limits


@pytest.mark.parametrize(
    "line", ["(conn=42) lost", "Aborted connection 42 to db", "connection_id()=42", "CONNECTION_ID(): 42"]
)
def test_the_session_is_the_last_that_is_named(line: str) -> None:
    assert 42 == described("(conn=7)", line).session_id
    assert 5 == described("no id", session_id=ProcesslistId(5)).session_id


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("connection_id: 42", 42),
        ("MySQL thread id: 42", 42),
        ("processlist_id=42", 42),
        ("ws connection id: 42", None),
    ],
)
def test_an_id_in_words_that_others_use_too_is_only_likely_the_sessions(
    line: str, number: int | None
) -> None:
    event = described(line)

    assert (event.session_id, event.own_session_id) == (None, number)


def test_the_first_row_of_a_table_that_matches_any_line_names_the_client() -> None:
    assert "Django on mysqlclient" == recognise_client(["django.db", "MySQLdb.OperationalError"]).name
    assert (
        "HikariCP on MySQL Connector/J" == recognise_client(["com.zaxxer.hikari", "com.mysql.cj.jdbc"]).name
    )
    assert recognise_client(["hello"]).name is None
    assert "PyMySQL" == recognise_client([r"Traceback\nimport pymysql\n"]).driver


@pytest.mark.parametrize(
    ("line", "driver", "reports"),
    [
        ("MySQLdb.OperationalError", "mysqlclient", True),
        ("pymysql.err", "PyMySQL", False),
        ("go-sql-driver", "go-sql-driver", False),
        ("node_modules/mysql2/lib", "Node mysql2", True),
    ],
)
def test_a_driver_reports_4031_or_does_not(line: str, driver: str, reports: bool) -> None:  # noqa: FBT001
    client = recognise_client([line])

    assert (driver, reports) == (client.driver, client.reports_4031)


# --- What is near


def near(*events: ErrorEvent) -> list[ErrorEvent]:
    return list(with_neighbours(events))


REFUSED = an_event(60.0, FailureKind.REFUSED, code=2003)


@pytest.mark.parametrize(("seconds", "is_near"), [(60.0, True), (61.0, False), (-60.0, True), (-61.0, False)])
def test_what_is_within_a_minute_is_near(seconds: float, is_near: bool) -> None:  # noqa: FBT001
    other = replace(REFUSED, timestamp=an_event(seconds).timestamp)
    offline = replace(other, code=3032)
    pair = (an_event(), other) if seconds > 0 else (other, an_event())
    pairs = (an_event(), offline) if seconds > 0 else (offline, an_event())

    assert is_near is next(event for event in near(*pair) if event.code == 2013).refused_near
    assert is_near is next(event for event in near(*pairs) if event.code == 2013).offline_near


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (REFUSED, True),
        (an_event(1.0, FailureKind.NO_SOCKET, code=2002), True),
        (an_event(1.0, code=2003), True),
        (an_event(1.0, code=2002), True),
        (an_event(1.0, FailureKind.TIMED_OUT, code=2003), False),
        (an_event(1.0, FailureKind.UNREACHABLE, code=2003), False),
        (an_event(1.0, FailureKind.TIMED_OUT, FailureKind.REFUSED, code=2003), True),
        (an_event(1.0, code=1040), False),
        (an_event(1.0), False),
    ],
)
def test_no_program_listened_where_a_connection_was_refused_and_not_by_a_server(
    other: ErrorEvent,
    found: bool,  # noqa: FBT001
) -> None:
    assert found is near(an_event(), other)[0].refused_near


@pytest.mark.parametrize(
    ("other", "number"),
    [
        (an_event(2.0, program="web-2"), 1),
        (an_event(2.1, program="web-2"), 0),
        (an_event(2.0, program="web-1"), 0),
        (an_event(2.0), 1),
        (an_event(2.0, program="web-2", stated_cause=Cause.KILLED), 0),
        (an_event(2.0, program="web-2", code=1040), 0),
    ],
)
def test_connections_of_other_programs_that_were_lost_together_are_counted(
    other: ErrorEvent, number: int
) -> None:
    assert number == near(an_event(program="web-1"), other)[0].lost_near
    assert 0 == near(an_event(), an_event(1.0))[0].lost_near


@pytest.mark.parametrize(
    ("seconds", "speaker", "found"),
    [(2.0, "b", True), (2.1, "b", False), (2.0, "a", False), (2.0, "", False)],
)
def test_a_process_beside_one_that_got_foreign_packets_shares_its_connection(
    seconds: float,
    speaker: str,
    found: bool,  # noqa: FBT001
) -> None:
    mixed_up = an_event(seconds, FailureKind.MIXED_UP, speaker=speaker, stated_cause=Cause.FORKED_CONNECTION)

    assert found is near(an_event(speaker="a"), mixed_up)[0].mixed_up_near


UNREAD = replace(
    an_event(0.0, stated_cause=Cause.NET_WRITE_TIMEOUT, from_server_log=True, session_id=ProcesslistId(7)),
    text="7 [Note] Aborted connection 7 to db: 'shop' user: 'app' host: 'web-3' (Got timeout writing communication packets)",
)


@pytest.mark.parametrize(("seconds", "found"), [(10.0, True), (10.1, False)])
def test_a_slow_reader_that_the_server_gave_up_is_near_for_ten_seconds(seconds: float, found: bool) -> None:  # noqa: FBT001
    events = near(UNREAD, an_event(seconds))

    assert [False, found] == [event.unread_near for event in events]
    assert not any(event.unread_by_client for event in events)
    assert not near(replace(UNREAD, is_mention=True), an_event(seconds))[1].unread_near


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"text": "'app'@'web-1': lost"}, True),
        ({"text": "user=app lost"}, True),
        ({"text": "the app: lost"}, False),
        ({"text": "user=app2 lost"}, False),
        ({"program": "web-3"}, True),
        ({"program": "web-33"}, False),
        ({"session_id": ProcesslistId(7)}, True),
        ({"session_id": ProcesslistId(8), "program": "web-3"}, False),
        ({"failures": frozenset({FailureKind.READING})}, True),
    ],
)
def test_for_a_minute_a_slow_reader_is_known_by_session_user_host_or_by_reading(
    fields: dict[str, Any],
    found: bool,  # noqa: FBT001
) -> None:
    assert found is near(UNREAD, replace(an_event(60.0), **fields))[1].unread_by_client
    assert not near(UNREAD, replace(an_event(61.0), **fields))[1].unread_by_client


@pytest.mark.parametrize(
    ("lines", "found"),
    [((13,), True), ((14,), False), ((2, 3, 13), True), ((2, 3, 4, 13), False)],
    ids=["twelve lines", "thirteen lines", "the third", "the fourth"],
)
def test_without_times_the_next_three_errors_within_twelve_lines_are_near(
    lines: tuple[int, ...],
    found: bool,  # noqa: FBT001
) -> None:
    *others, last = lines
    followers = [an_event(None, line=line) for line in others]
    refused = an_event(None, FailureKind.REFUSED, code=2003, line=last)

    assert found is near(an_event(None), *followers, refused)[0].refused_near
    assert not near(refused, an_event(None, line=last + 1))[1].refused_near
    assert not near(an_event(), *followers, refused)[0].refused_near


def test_order_and_number_of_events_stay() -> None:
    events = [an_event(number % 7 * 10.0 + number, line=number) for number in range(300)]

    assert list(range(300)) == [event.line for event in near(*events)]


def test_of_a_crowd_at_one_instant_those_that_are_held_are_counted() -> None:
    """Memory is bounded: at most 128 events are held beside one, of which 64 are later ones."""
    crowd = near(*(an_event(program=f"web-{number}", line=number) for number in range(400)))

    assert 400 == len(crowd)
    assert 64 == crowd[0].lost_near
    assert max(event.lost_near for event in crowd) == 128
