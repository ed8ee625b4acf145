"""A server's error log is read as its server meant it. The logs are real; `logs/provoke.py` tells how they came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.doctor.serverlog import LONGEST_LINE, ServerLog, error_number
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.clue import LogEntry

LOGS = Path(__file__).parent / "logs"

MYSQL = [
    (10, "idle_timeout", 4031),
    (10, "idle_timeout", 4031),
    (14, "packet_too_large", 1153),
    (15, "client_lost", 1158),
    (16, "client_lost", 1158),
    (17, "idle_timeout", 4031),
    (17, "idle_timeout", 4031),
    (18, "net_write_timeout", 1161),
    (19, "access_denied", 1045),
    (None, "server_restart", 1053),
    (9, "server_restart", 1053),
    (37, "server_restart", 1053),
    (None, "server_restart", 1053),
    (None, "server_restart", 1053),
    (9, "server_restart", 1053),
    (None, "server_restart", 1053),
    *[(None, "server_crash", None)] * 7,
]
"""What `mysql97.err` says of sessions' ends; a session that is killed, by a KILL, leaves no trace in it."""
MARIADB_2 = [
    (5, "idle_timeout", 1159),
    (9, "packet_too_large", 1153),
    (10, "client_lost", 1158),
    (11, "client_lost", 1158),
    (12, "idle_timeout", 1159),
    (15, "idle_timeout", 1159),
    (16, "access_denied", 1045),
    (None, "too_many_connections", 1040),
    (None, "server_restart", 1053),
    (35, "client_lost", 1158),
    (None, "server_restart", 1053),
    (None, "server_restart", 1053),
    (None, "server_restart", 1053),
    *[(None, "server_crash", None)] * 4,
]
KNOWN_AT_4_ALONE = {(6, "killed", 1927), (13, "net_write_timeout", 1161)}


def entries(name: str) -> list[LogEntry]:
    log = ServerLog(UTC)
    lines = (LOGS / name).read_text(encoding="utf-8").splitlines()
    return [entry for line in lines if (entry := log.entry(line))]


def ends(name: str) -> list[tuple[int | None, str, int | None]]:
    return [(entry.session_id, entry.cause, error_number(entry)) for entry in entries(name) if entry.cause]


def test_mysql_says_who_ended_and_why() -> None:
    assert ends("mysql97.err") == MYSQL


def test_mysqls_json_says_the_same_and_ends_before_the_server_does() -> None:
    text, data = entries("mysql97.err"), entries("mysql97.00.json")

    assert {entry for entry in data if entry.cause} <= {entry for entry in text if entry.cause}
    assert [entry for entry in text if entry.cause and entry not in data and "signal" not in entry.text] == [
        entry for entry in text if entry.code == "MY-010910"
    ]


def test_mariadb_says_who_ended_and_why() -> None:
    assert ends("mariadb1011-warnings2.err") == MARIADB_2


@pytest.mark.parametrize("name", ["mariadb1011-warnings4.err", "mariadb118-warnings4.err"])
def test_mariadb_says_more_of_kills_and_slow_readers_from_warnings_4_on(name: str) -> None:
    said = {(session, cause, error) for session, cause, error in ends(name) if cause != "server_restart"}

    assert said == {each for each in MARIADB_2 if each[1] != "server_restart"} | KNOWN_AT_4_ALONE


@pytest.mark.parametrize("name", ["mariadb1011-warnings4.err", "mariadb118-warnings4.err"])
def test_killed_proves_nothing_of_a_session_while_the_server_stays(name: str) -> None:
    """8 met KILL QUERY and 14 a statement limit, and both lived on; 34 and 4 fell with the server."""
    killed = [(entry.session_id, entry.cause) for entry in entries(name) if entry.text.endswith("(KILLED)")]

    assert killed[:4] == [(6, None), (7, None), (8, None), (14, None)]
    assert {cause for _, cause in killed[4:]} == {Cause.SERVER_RESTART}


def test_the_instant_of_mysql_has_its_zone() -> None:
    idle = next(entry for entry in entries("mysql97.err") if entry.session_id == 10)

    assert idle.at == datetime(2026, 11, 23, 22, 12, 58, 653372, UTC).timestamp()


def test_a_crash_is_told_again_at_its_own_instant() -> None:
    crashes = [entry for entry in entries("mysql97.err") if "got signal" in entry.text]

    assert [entry.at for entry in crashes] == [datetime(2026, 11, 23, 22, 13, 29, tzinfo=UTC).timestamp()] * 2


def test_the_instant_of_mariadb_wants_the_servers_zone() -> None:
    line = "2026-11-23 22:12:52 5 [Warning] Aborted connection 5 to db: 'a' user: 'b' host: 'c' (KILLED)"
    at = datetime(2026, 11, 23, 22, 12, 52, tzinfo=UTC).timestamp()

    assert [None, at, at - 7200] == [
        entry.at
        for zone in (None, UTC, timezone(timedelta(hours=2)))
        if (entry := ServerLog(zone).entry(line))
    ]


@pytest.mark.parametrize(
    ("line", "session", "cause"),
    [
        (
            ("2019-03-01T10:00:00.123456+02:00 12 [Note] Aborted connection 12 to db: 'a' user: 'b' host: 'c' "
            "(Got timeout reading communication packets)"),
            12,
            "idle_timeout",
        ),
        (("180605  9:54:17 [Warning] Aborted connection 7 to db: 'a' user: 'b' host: 'c' (Got an error reading "
         "communication packets)"), 7, "client_lost"),
        ("2018-06-05  9:54:17 140123456789012 [Warning] Access denied for user 'a'@'b' (using password: YES)",
         None, "access_denied"),
        ("10:00:00 UTC - mysqld got signal 11 ;", None, "server_crash"),
        ("2024-01-31T10:00:00.000000Z 0 [ERROR] [MY-012872] [InnoDB] InnoDB: Assertion failure: x", None, "server_crash"),
        (("db-1  | 2026-11-23 22:12:52 5 [Warning] Aborted connection 5 to db: 'a' user: 'b' host: 'c' "
         "(Got a packet bigger than 'max_allowed_packet' bytes)"), 5, "packet_too_large"),
    ],
)  # fmt: skip
def test_older_and_wrapped_lines_are_read_too(line: str, session: int | None, cause: str) -> None:
    entry = ServerLog(UTC).entry(line)

    assert entry is not None
    assert (entry.session_id, entry.cause) == (session, cause)


def test_a_name_cannot_forge_a_reason() -> None:
    """The reason is what the server wrote last; names come before it."""
    line = (
        "2026-11-23 22:12:52 5 [Warning] Aborted connection 5 to db: 'x' user: "
        "'(Got timeout reading communication packets)' host: 'h' (Got an error reading communication packets)"
    )
    entry = ServerLog().entry(line)

    assert entry is not None
    assert entry.cause is Cause.CLIENT_LOST


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Version: '10.11.18-MariaDB'  socket: '/run/mysqld/mysqld.sock'  port: 3306  Debian 12",
        "Thread pointer: 0x0",
        '{"msg": "no number"}',
        '{"err_code": 10914, "msg": ' + "[" * 2000,
        "ERROR 2006 (HY000) at line 1: MySQL server has gone away",
    ],
)
def test_what_is_no_entry_is_none(line: str) -> None:
    assert ServerLog().entry(line) is None


@given(
    st.text()
    | st.builds(
        "2026-11-23 22:12:52 5 [Warning] Aborted connection {} to db: {}".format, st.text(), st.text()
    )
)
def test_no_line_raises(line: str) -> None:
    entry = ServerLog(UTC).entry(line)

    assert entry is None or error_number(entry) is None or isinstance(error_number(entry), int)


def test_a_long_line_is_cut() -> None:
    entry = ServerLog().entry("2026-11-23 22:12:52 5 [Warning] " + "a (" * 10**6)

    assert entry is not None
    assert len(entry.text) <= LONGEST_LINE
