"""A server's error log as a log to explain: a shutdown is one error event, a crash one, a session's end one."""

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
SERVER = [(1053, "server_restart"), (1053, "server_restart"), (None, "server_crash"), (None, "server_crash")]


def told(name: str) -> list[tuple[int | None, str]]:
    return [
        (one.code, diagnose(Case(one))[0].cause.value)
        for one in find_error_events([(LOGS / name).read_bytes()])
    ]


@pytest.mark.parametrize("name", ["mysql97.err", "mysql97.00.json"])
def test_mysqls_log_reports_each_end_once(name: str) -> None:
    assert SESSIONS + SERVER == told(name)


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
