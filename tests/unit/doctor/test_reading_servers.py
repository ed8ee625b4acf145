"""A server's error log as a log to explain: a shutdown is one error event, a crash one, a session's end one, by a shutdown too."""

from __future__ import annotations

from pathlib import Path

import pytest

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.client_log import find_error_events

LOGS = Path(__file__).parent / "logs"
SESSIONS = [
    (4031, "idle_timeout"),
    (1153, "packet_too_large"),
    (1158, "client_lost"),
    (1158, "client_lost"),
    (4031, "idle_timeout"),
    (1161, "net_write_timeout"),
    (1045, "access_denied"),
]
SHUTDOWN, CRASH = (1053, "server_restart"), (None, "server_crash")
SERVER = [SHUTDOWN, SHUTDOWN, CRASH, CRASH]
FORCED = {9, 37}
"""The sessions that MySQL closed by force: at its first shutdown two, at its second one."""


def told(name: str) -> list[tuple[int | None, str]]:
    return [
        (one.code, diagnose(Case(one))[0].cause.value)
        for one in find_error_events([(LOGS / name).read_bytes()])
    ]


@pytest.mark.parametrize("name", ["mysql97.err", "mysql97.00.json"])
def test_mysqls_log_reports_each_end_once(name: str) -> None:
    assert [*SESSIONS, SHUTDOWN, *[SHUTDOWN] * 2, SHUTDOWN, SHUTDOWN, CRASH, CRASH] == told(name)


@pytest.mark.parametrize("name", ["mysql97.err", "mysql97.00.json"])
def test_a_session_that_a_shutdown_closed_is_joined_with_it(name: str) -> None:
    closed = [
        one
        for one in find_error_events([(LOGS / name).read_bytes()])
        if one.code == 1053 and one.session_id is not None
    ]
    first, *_ = diagnose(Case(closed[0]))

    assert {one.session_id for one in closed} == FORCED
    assert "user: 'root'" in closed[0].text
    assert any("reports that the server was stopped" in words for words in first.because)


def test_mariadbs_log_reports_each_end_once() -> None:
    assert [
        (1159, "idle_timeout"),
        (1153, "packet_too_large"),
        (1158, "client_lost"),
        (1158, "client_lost"),
        (1159, "idle_timeout"),
        (1160, "net_write_timeout"),
        (1159, "idle_timeout"),
        (1045, "access_denied"),
        (None, "client_lost"),
        (None, "client_lost"),
        (1040, "too_many_connections"),
        (1158, "client_lost"),
        *SERVER,
    ] == sorted(told("mariadb1011-warnings2.err"), key=lambda each: each in SERVER)


@pytest.mark.parametrize("name", ["mariadb1011-warnings4.err", "mariadb118-warnings4.err"])
def test_killed_is_likely_where_the_server_only_wrote_so_and_confirmed_where_the_session_did(
    name: str,
) -> None:
    kills = {
        one.session_id: diagnose(Case(one))[0]
        for one in find_error_events([(LOGS / name).read_bytes()])
        if one.session_id in {6, 7, 8, 14}
    }

    assert {6: "confirmed", 7: "likely", 8: "likely", 14: "likely"} == {
        session: finding.certainty.value for session, finding in kills.items()
    }
    assert {"killed"} == {finding.cause.value for finding in kills.values()}
