"""What a server remembers, asked by somebody who comes after the event."""

from __future__ import annotations

import pytest

from goneaway_tui.doctor.case import FailingHost, RaisedError
from goneaway_tui.errors import Unreachable
from goneaway_tui.model.cause import Cause
from goneaway_tui.source.end_history import LOG_SECONDS, EndHistory, read_history
from tests.builders import NOW
from tests.unit.source.standins import MariadbStandin, MysqlStandin, Row, Standin, refused

ABORTED = (
    b"Aborted connection 42 to db: 'shop' user: 'shop' host: 'web-3' "
    b"(The client was disconnected by the server because of inactivity.)"
)
KILLED = b"Aborted connection 43 to db: 'shop' user: 'shop' host: 'web-3' (KILLED)"
STOPPING = b"Received SHUTDOWN from user root. Shutting down mysqld (Version: 9.7.4)."
READY = b"/usr/sbin/mysqld: ready for connections. Version: '9.7.4'"


class Remembering(MysqlStandin):
    """Remembers what a test says; its wall clock is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Row] = []
        """The oldest first, as it was written."""
        self.scripted = {
            "mysql/raised_errors.sql": [],
            "mysql/last_kill.sql": [(None,)],
            "mysql/failing_hosts.sql": [],
            "mysql/past_log.sql": lambda _: [*reversed(self.log)],
        }

    def says(self, file: str, *rows: Row) -> EndHistory:
        self.scripted[f"mysql/{file}.sql"] = list(rows)
        return self.tells()

    def tells(self) -> EndHistory:
        return read_history(self.connection, self.found(), self.clock)


def test_server_without_history_reports_only_what_it_counts() -> None:
    assert EndHistory(counts_errors=True, reads_log=True) == Remembering().tells()


def test_missing_idle_timeout_error_of_the_server_is_reported() -> None:
    server = Remembering()

    assert (
        frozenset({4031})
        == read_history(server.connection, server.found(without="idle_error"), server.clock).unknown_errors
    )


def test_counts_are_dated_on_our_clock_by_how_long_ago_they_were() -> None:
    told = Remembering().says(
        "raised_errors", (b"shop", b"web-3", 4031, 3, -7200.5, -60.25), (None, None, 1045, 1, None, None)
    )

    assert (
        RaisedError(4031, 3, "shop", "web-3", NOW - 7200.5, NOW - 60.25),
        RaisedError(1045, 1),
    ) == told.errors


def test_each_answer_is_dated_by_when_it_was_asked() -> None:
    server = Remembering()
    server.way = 10.0
    server.scripted["mysql/raised_errors.sql"] = [(b"shop", b"web-3", 4031, 1, -5.0, -5.0)]
    server.scripted["mysql/last_kill.sql"] = [(-5.0,)]
    told = server.tells()

    assert told.errors[0].last_at is not None
    assert NOW - 5 <= told.errors[0].last_at <= NOW + 15
    assert told.killed_at is not None
    assert NOW + 15 <= told.killed_at <= NOW + 35


def test_time_of_the_last_kill_is_reported() -> None:
    assert NOW - 30 == Remembering().says("last_kill", (-30.0,)).killed_at
    assert Remembering().says("last_kill").killed_at is None


def test_hosts_in_trouble_are_named() -> None:
    assert (FailingHost("10.0.0.7", 100, 12),) == Remembering().says(
        "failing_hosts", (b"10.0.0.7", 100, 12)
    ).hosts


def test_log_entries_are_reported_in_order_and_only_session_ends() -> None:
    server = Remembering()
    server.log = [
        (42, b"MY-010914", ABORTED, -900.0),
        (43, b"MY-010914", KILLED, -800.0),
        (0, b"MY-013172", STOPPING, -700.0),
        (44, b"MY-010914", KILLED, -699.0),
        (0, b"MY-010931", READY, -600.0),
    ]
    told = server.tells().log

    assert [
        (NOW - 900, 42, Cause.IDLE_TIMEOUT),
        (NOW - 700, None, Cause.SERVER_RESTART),
        (NOW - 699, 43, Cause.SERVER_RESTART),
    ] == [(each.at, each.session_id, each.cause) for each in told]


def test_the_log_of_a_week_is_asked_for() -> None:
    server = Remembering()
    server.tells()

    assert [(LOG_SECONDS,)] == server.heard_of("past_log")


@pytest.mark.parametrize("file", ["raised_errors", "last_kill", "failing_hosts", "past_log"])
def test_unreadable_columns_are_empty_and_the_rest_is_shown(file: str) -> None:
    server = Remembering()
    server.scripted["mysql/raised_errors.sql"] = [(b"shop", b"web-3", 4031, 1, -5.0, -5.0)]
    server.scripted["mysql/last_kill.sql"] = [(-30.0,)]
    server.scripted["mysql/failing_hosts.sql"] = [(b"10.0.0.7", 1, 0)]
    server.log = [(42, b"MY-010914", ABORTED, -900.0)]
    server.scripted[f"mysql/{file}.sql"] = refused()
    told = server.tells()

    assert {
        "raised_errors": bool(told.errors) and told.counts_errors,
        "last_kill": told.killed_at is not None,
        "failing_hosts": bool(told.hosts),
        "past_log": bool(told.log),
    } == {each: each != file for each in ("raised_errors", "last_kill", "failing_hosts", "past_log")}


def test_a_broken_line_is_no_refusal() -> None:
    server = Remembering()
    server.scripted["mysql/last_kill.sql"] = Unreachable("lost db1")

    with pytest.raises(Unreachable):
        server.tells()


def test_hostile_client_names_are_escaped() -> None:
    (told,) = (
        Remembering().says("raised_errors", (b"\x1b[2J" + b"x" * 200, b"a\nb", 1045, 1, None, None)).errors
    )

    assert told.user.isprintable()
    assert told.host.isprintable()
    assert len(told.user) <= 80


def test_a_server_that_counts_by_no_account_rules_nothing_out() -> None:
    server: Standin = MariadbStandin()
    server.scripted = {"mariadb/last_kill.sql": [(None,)], "mariadb/failing_hosts.sql": []}
    told = read_history(server.connection, server.found(), server.clock)

    assert EndHistory() == told
