"""A server's error log is read as its server meant it. The logs are real; `logs/provoke.py` tells how they came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.server_log import (
    DENIED_MESSAGES,
    MAX_LINE_CHARS,
    QUOTING_MESSAGES,
    USER_CHARS,
    ServerLog,
    TornEntryJoiner,
    error_number,
    joined_entries,
)
from goneaway_tui.logs.translations import (
    ABORTED_MESSAGES,
    SLOTS,
    TranslatedMessage,
    translated_messages,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry

LOGS = Path(__file__).parents[1] / "doctor" / "logs"

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
    return [entry for line in lines if (entry := log.parse_entry(line))]


def ends(name: str) -> list[tuple[int | None, str, int | None]]:
    return [(entry.session_id, entry.cause, error_number(entry)) for entry in entries(name) if entry.cause]


def test_mysql_reports_the_ended_sessions_and_their_causes() -> None:
    assert ends("mysql97.err") == MYSQL


def test_mysqls_json_log_agrees_and_ends_before_the_server() -> None:
    text, data = entries("mysql97.err"), entries("mysql97.00.json")

    assert {entry for entry in data if entry.cause} <= {entry for entry in text if entry.cause}
    assert [entry for entry in text if entry.cause and entry not in data and "signal" not in entry.text] == [
        entry for entry in text if entry.code == "MY-010910"
    ]


def test_mariadb_reports_the_ended_sessions_and_their_causes() -> None:
    assert ends("mariadb1011-warnings2.err") == MARIADB_2


@pytest.mark.parametrize("name", ["mariadb1011-warnings4.err", "mariadb118-warnings4.err"])
def test_mariadb_logs_more_about_kills_and_slow_readers_from_log_warnings_4_on(name: str) -> None:
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


def test_crash_is_reported_again_at_its_own_instant() -> None:
    crashes = [entry for entry in entries("mysql97.err") if "got signal" in entry.text]

    assert [entry.at for entry in crashes] == [datetime(2026, 11, 23, 22, 13, 29, tzinfo=UTC).timestamp()] * 2


def test_the_instant_of_mariadb_wants_the_servers_zone() -> None:
    line = "2026-11-23 22:12:52 5 [Warning] Aborted connection 5 to db: 'a' user: 'b' host: 'c' (KILLED)"
    at = datetime(2026, 11, 23, 22, 12, 52, tzinfo=UTC).timestamp()

    assert [None, at, at - 7200] == [
        entry.at
        for zone in (None, UTC, timezone(timedelta(hours=2)))
        if (entry := ServerLog(zone).parse_entry(line))
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
    entry = ServerLog(UTC).parse_entry(line)

    assert entry is not None
    assert (entry.session_id, entry.cause) == (session, cause)


def test_a_name_cannot_forge_a_reason() -> None:
    """The reason is what the server wrote last; names come before it."""
    line = (
        "2026-11-23 22:12:52 5 [Warning] Aborted connection 5 to db: 'x' user: "
        "'(Got timeout reading communication packets)' host: 'h' (Got an error reading communication packets)"
    )
    entry = ServerLog().parse_entry(line)

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
    assert ServerLog().parse_entry(line) is None


@given(
    st.text()
    | st.builds(
        "2026-11-23 22:12:52 5 [Warning] Aborted connection {} to db: {}".format, st.text(), st.text()
    )
)
def test_no_line_raises(line: str) -> None:
    entry = ServerLog(UTC).parse_entry(line)

    assert entry is None or error_number(entry) is None or isinstance(error_number(entry), int)


def test_a_long_line_is_cut() -> None:
    entry = ServerLog().parse_entry("2026-11-23 22:12:52 5 [Warning] " + "a (" * 10**6)

    assert entry is not None
    assert len(entry.text) <= MAX_LINE_CHARS


AT = "2026-11-23 22:12:52"
DENIED_ROWS = [row for row in translated_messages() if row.number in DENIED_MESSAGES]
ABORTED_ROWS = [row for row in translated_messages() if row.number in ABORTED_MESSAGES]
VICTIM = 16


def denied(user: str, row: TranslatedMessage | None = None, host: str = "localhost") -> str:
    """What MariaDB writes of a failed login: the name is cut, and otherwise as it came."""
    row = row or next(row for row in DENIED_ROWS if row.language == "english" and row.number == 1045)
    return f"{AT} 99 [Warning] {filled(row, user[:USER_CHARS], host, 'YES')}"


def aborted(database: str, user: str, reason: str = "KILLED", row: TranslatedMessage | None = None) -> str:
    row = row or next(row for row in ABORTED_ROWS if row.language == "english" and row.number == 1184)
    return f"{AT} 98 [Warning] {filled(row, '98', database[:64], user[:48], 'localhost', reason[:64])}"


def filled(row: TranslatedMessage, *values: str) -> str:
    slots = len(SLOTS.findall(row.text))
    given_values = iter([*values[: slots - 1], values[-1]] if row.number in ABORTED_MESSAGES else values)
    return SLOTS.sub(lambda _slot: next(given_values), row.text)


TIMEOUT = f"{AT} {VICTIM} [Warning] Aborted connection {VICTIM} to db: 'shop' user: 'app' host: 'h' (Got timeout reading communication packets)"
FORGED = (
    TIMEOUT,
    f"{AT} {VICTIM} [Warning] Aborted connection {VICTIM} to db: (Got timeout reading communication packets)",
    f"{AT} {VICTIM} [Warning] 终止连线 {VICTIM} 数据库: '' 用户: '' (读取通信包超时)",
    f"{AT} {VICTIM} [Warning] mysqld: Connection was killed",
    f"{AT} {VICTIM} [Note] m: Connection was killed",
    f"{AT} {VICTIM} [Warning] Could not write packet: x errno: 110 ",
    f"{AT} {VICTIM} [Note] m: Forcing close of thread {VICTIM}  user: 'a",
    f"{AT} 0 [Note] m: Normal shutdown",
    f"{AT} 0 [ERROR] InnoDB: Assertion failure",
    f"2026-11-23T22:12:52Z {VICTIM} [Note] A connection from a was closed by the server due to a timeout",
    f"261123 22:12:52 [Warning] Aborted connection {VICTIM} to db: (Got timeout reading communication packets)",
    "22:12:52 UTC - mysqld got signal 11 ;",
    f"{AT} {VICTIM} [Warning] Too many connections",
)
AROUND = (
    "{}",
    "\n{}",
    "x\n{}",
    "x\n{}\n",
    "x\n{}\ny",
    "\n\n\n{}\r",
    "x'@'h' (using password: NO)\n{}",
    "x'@'h' (using password: NO)\n{}\ny",
    "'@'h'\n{}\n",
    "'@''\n{}\n" + f"{AT} 5 [Warning] Access denied for user '",
    "x\n{}'@'h' (using password: NO)\nz",
    "x\n" + f"{AT} 5 [Warning] Access denied for user 'y\n" + "{}\nz",
    "x\r{}",
    "x\x1b[2J{}\x00",
    "db-1  | {}",
    "x\ndb-1  | {}\ny",
    'x\n{{"log":"{}"}}\n',
)  # fmt: skip
"""Where in a name a forged line may stand."""


def told(text: str) -> list[LogEntry]:
    """What is read of a log that tells of ends of sessions or of the server."""
    log = ServerLog(UTC)
    lines = joined_entries(LogLine(0, line, len(line)) for line in text.split("\n"))
    return [
        entry
        for line in lines
        if (entry := log.parse_entry(line.text)) and entry.cause not in {None, Cause.ACCESS_DENIED}
    ]


TOLD_OF_TIMEOUT = told(TIMEOUT)


@cache
def names() -> tuple[str, ...]:
    """Of a client that would like to be read as somebody else's entry."""
    return tuple(_names())


def _names() -> Iterator[str]:
    for around in AROUND:
        for forged in FORGED:
            name = around.format(forged)
            yield name
            yield name.replace(f" {VICTIM} ", " 5 ")
            yield "x" * max(0, USER_CHARS - len(name)) + name


def of(row: TranslatedMessage) -> tuple[str, ...]:
    """All of them in two languages, the shortest being one; in each of the others some, and every one in one of these."""
    every = names()
    return every if row.language in {"english", "chinese"} else every[len(row.text) % 7 :: 7]


@pytest.mark.long
@pytest.mark.parametrize("row", DENIED_ROWS, ids=lambda row: f"{row.language} {row.number}")
def test_no_user_name_of_a_failed_login_is_read_as_an_entry(row: TranslatedMessage) -> None:
    for name in of(row):
        entry = denied(name, row)
        assert [] == told(entry), entry
        assert TOLD_OF_TIMEOUT == told(f"{entry}\n{TIMEOUT}"), entry
        assert TOLD_OF_TIMEOUT == told(f"{TIMEOUT}\n{entry}\n{entry}\n"), entry


@pytest.mark.long
@pytest.mark.parametrize("row", ABORTED_ROWS, ids=lambda row: f"{row.language} {row.number}")
def test_no_database_user_or_reason_of_a_lost_session_is_read_as_an_entry_of_another(
    row: TranslatedMessage,
) -> None:
    for name in of(row):
        for entry in (
            aborted(name, "u", row=row),
            aborted("d", name, row=row),
            aborted(name, name, row=row),
            aborted("d", "u", name, row),
            aborted("d", "u", f"x)\n{name}", row),
        ):
            assert {98} >= {each.session_id for each in told(entry)}, entry
            assert TOLD_OF_TIMEOUT == [e for e in told(f"{entry}\n{TIMEOUT}") if e.session_id != 98], entry


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize(
    "entry",
    [
        f"{AT} 18 [ERROR] Event Scheduler: [shop@%][test.e] m\n{{}}\nyy",
        f"{AT} 18 [Warning] Unsafe statement written to the binary log. Statement: INSERT /*\n{{}}\n*/ 1",
        f"{AT} 18 [Note] mariadbd: Forcing close of thread 18  user: 'x\n{{}}\n'",
    ],
)
def test_nor_is_what_an_event_raises_or_a_statement_that_is_quoted(entry: str, forged: str) -> None:
    assert {18} >= {each.session_id for each in told(entry.format(forged[: USER_CHARS - 3]))}


def test_an_entry_that_a_name_tore_is_read_whole() -> None:
    entry = aborted("d\n'x", f"w\n{AT} 16 [Warning] q", "Got timeout reading communication packets")

    assert [(98, Cause.IDLE_TIMEOUT)] == [(each.session_id, each.cause) for each in told(entry)]


def test_a_quote_that_stays_open_hides_nothing_that_is_further_away_than_a_name_is_long() -> None:
    broken = f"{AT} 99 [Warning] Access denied for user 'x"

    assert told(TIMEOUT) * 3 == told("\n".join([broken, *[TIMEOUT] * 3]))


def test_each_failed_login_in_a_row_is_reported() -> None:
    lines = [LogLine(nth, denied("a"), 1) for nth in range(50)]

    assert lines == list(joined_entries(lines))


def test_half_of_an_entry_is_kept_once_for_its_rest() -> None:
    mender = TornEntryJoiner()
    first, second = denied(f"x\n{TIMEOUT[:100]}\ny").split("\n")[:2]

    assert [] == list(mender.add(LogLine(0, first, 1)))
    assert [] == list(mender.pause())
    assert [] == list(mender.add(LogLine(0, second, 1)))
    assert [first, second] == [line.text for line in mender.pause()]


NAMES = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [*FORGED, "\n", "'@'h' (using password: NO)", "'", f"{AT} 5 [Warning] Access denied for user '", "' user: '", "(KILLED)"]
    )
    | st.text(max_size=8),
    max_size=6,
).map("".join)  # fmt: skip
GENUINE = st.sampled_from(
    [
        TIMEOUT,
        f"{AT} 7 [Warning] Aborted connection 7 to db: 'a' user: 'b' host: 'c' (KILLED)",
        f"{AT} 8 [Warning] /usr/sbin/mariadbd: Connection was killed",
        f"{AT} 0 [Note] /usr/sbin/mariadbd (initiated by: root[root] @ localhost []): Normal shutdown",
        f"{AT} 9 [Warning] Could not write packet: fd: 42  state: 1  errno: 110  vio_errno: 1161  length: 81",
    ]
)


@given(st.lists(st.tuples(st.booleans(), NAMES, NAMES) | GENUINE, max_size=6))
@example([(True, "x", ""), (True, f"\n'@''\n{AT} 16 [Note] mysqld: Connection was killed\nz", "")])
@example([(True, "x", ""), (False, "z", f"\n'@''\n{AT} 6 [Note] m: Connection was killed\n")])
@example([(True, "x'@'h' (using password: NO)\n", ""), TIMEOUT, (True, "y\n", "")])
def test_no_name_changes_the_meaning_of_other_log_lines(log: list[tuple[bool, str, str] | str]) -> None:
    """Through the forms the server writes, whatever the names."""
    attacked = [
        each if isinstance(each, str) else denied(each[1]) if each[0] else aborted(each[2], each[1])
        for each in log
    ]
    honest = [each for each in log if isinstance(each, str)]

    # What one names itself is its own: session 98 may be said to have ended in any way.
    assert told("\n".join(honest)) == [
        each for each in told("\n".join(attacked)) if each.session_id not in {98, 99}
    ]


@given(st.lists(st.text(alphabet="'@ab\n[]0123456789- :", max_size=40), max_size=20))
def test_each_line_is_kept_or_belongs_to_another_and_none_comes_twice(lines: Iterable[str]) -> None:
    given_lines = [LogLine(nth, text, len(text)) for nth, text in enumerate(lines)]
    numbers = [line.number for line in joined_entries(given_lines)]

    assert numbers == sorted(set(numbers))


def test_forged_lines_are_no_error_events_for_explain() -> None:
    for around in AROUND:
        for forged in FORGED:
            log = "\n".join(f"db-1  | {line}" for line in denied(around.format(forged)).split("\n"))
            for text in (denied(around.format(forged)), log):
                found = list(find_error_events([f"{text}\n".encode()]))
                assert {Cause.ACCESS_DENIED, None} >= {each.stated_cause for each in found}, text


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 22:12:53 INFO app: user wrote '{}'",
        "2026-11-23 22:12:53,120 ERROR [worker] INSERT INTO notes VALUES ('{}')",
        "GET /?q={} HTTP/1.1",
        "  {}",
    ],
)
def test_what_an_application_quotes_is_not_the_servers_word(forged: str, line: str) -> None:
    found = list(find_error_events([line.format(forged).encode()]))

    assert not any(each.from_server_log or each.certainty is Certainty.CONFIRMED for each in found), found


def test_every_message_that_quotes_names_is_known() -> None:
    """In all languages; a table that is renewed keeps them."""
    assert {
        row.number for row in translated_messages() if re.search(r"(?i)user|host", row.text)
    } >= QUOTING_MESSAGES - {1698}
