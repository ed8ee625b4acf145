"""A log of clients: which lines report an error, which only quote one, and which two report the same one."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from goneaway_tui.logs.client_log import Mention, find_error_events, mention_in, parse_line
from goneaway_tui.logs.error_events import EndKind, ErrorEvent
from goneaway_tui.model.cause import Cause, Certainty

NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
GONE = "pymysql.err.OperationalError: (2006, 'MySQL server has gone away')"
LOST = "pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query')"


def at(seconds: float, text: str = GONE) -> str:
    return f"2026-11-23 12:{int(seconds) // 60:02}:{seconds % 60:06.3f} {text}"


def events(*lines: str) -> list[ErrorEvent]:
    return list(find_error_events(["\n".join(lines).encode()]))


def numbers(*lines: str) -> list[int]:
    """The lines of the errors that are found."""
    return [event.line for event in events(*lines)]


# --- One line


@pytest.mark.parametrize(
    ("text", "code", "cause", "certainty"),
    [
        (GONE, 2006, None, Certainty.POSSIBLE),
        ("ERROR 1040 (HY000): Too many connections", 1040, Cause.TOO_MANY_CONNECTIONS, Certainty.CONFIRMED),
        ("ERROR 1317 (70100): Query execution was interrupted", 1317, Cause.KILLED, Certainty.LIKELY),
        ("blocking client host 10.0.0.7", None, Cause.HOST_BLOCKED, Certainty.CONFIRMED),
        ("SQLSTATE[HY000] [2002] Connection refused", 2002, None, Certainty.POSSIBLE),
        ("(4031, 'MySQL server has gone away')", 4031, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
        (
            "(2013, 'Got timeout writing communication packets')",
            1161,
            Cause.NET_WRITE_TIMEOUT,
            Certainty.CONFIRMED,
        ),
        ("killed by MaxScale: Timed out", 1927, Cause.PROXY_OR_FIREWALL, Certainty.LIKELY),
        ("(1205, 'Lock wait timeout exceeded')", None, None, None),
        ("ERROR 1062 (23000): Duplicate entry 'Connection refused' for key", None, None, None),
    ],
)
def test_a_line_says_which_error_and_how_sure_its_cause_is(
    text: str, code: int | None, cause: Cause | None, certainty: Certainty | None
) -> None:
    parsed = parse_line(text)

    assert (certainty is None) == (parsed is None)
    assert parsed is None or (code, cause, certainty) == (parsed.code, parsed.stated_cause, parsed.certainty)


@pytest.mark.parametrize(
    "form",
    [
        "({}, 'x')",
        "ERROR {} (HY000): x",
        "Error {}: x",
        "error_code: {} x",
        "SQLSTATE[HY000] [{}] x",
        "SQLSTATE[HY000]: General error: {} x",
        "(HY000/{}): x",
        "{} (HY000): x",
        "driver error ({})",
        "error [{}, HY000]",
        "failed: [{}] x",
        "(errno {})",
        "CODE {} ERROR:",
        "Errors: {} x",
        "errno: {}",
        '"code": {}',
    ],
)
def test_a_number_is_found_in_every_form_and_no_other_number_is_one(form: str) -> None:
    found, other = parse_line(form.format(2006)), parse_line(form.format(2007))

    assert found is not None
    assert (2006, None, False) == (found.code, found.pattern, found.is_unambiguous)
    assert other is None


def test_a_report_by_its_number_alone_is_as_long_as_the_number() -> None:
    parsed = parse_line("x Error 2006: y")

    assert parsed is not None
    assert 4 == parsed.end - parsed.start


def test_of_several_lines_of_one_error_the_one_that_tells_most_is_quoted() -> None:
    ranks = [
        parse_line(text)
        for text in (
            "closing bad idle connection: unexpected read from socket",
            "Communications link failure",
            "(2006, 'x')",
            "MySQL server has gone away",
            "(1040, 'Too many connections')",
        )
    ]

    assert [found.rank for found in ranks if found] == sorted(found.rank for found in ranks if found)


# --- Mentions


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        (GONE, Mention.NO),
        ('people see "MySQL server has gone away" when it idles', Mention.YES),
        ("- MySQL server has gone away", Mention.YES),
        (f"- {GONE}", Mention.NO),
        ("- 2026-11-23 MySQL server has gone away", Mention.NO),
        ('if "MySQL server has gone away" in str(error):', Mention.YES),
        ("INSERT INTO t VALUES ('MySQL server has gone away', 1)", Mention.YES),
        ("UPDATE t SET a = 'MySQL server has gone away' WHERE b", Mention.YES),
        ("we often had MySQL server has gone away", Mention.MAYBE),
        ("the reason is: MySQL server has gone away", Mention.NO),
        ('192.0.2.9 "GET /?q=MySQL server has gone away HTTP/1.1" 200', Mention.YES),
        ("2026-11-23T12:00:00Z 7 Query SELECT MySQL server has gone away", Mention.YES),
        ("MySQL server has gone away", Mention.NO),
        ('it failed with "MySQL server has gone away" and then', Mention.NO),
        ("it failed with `MySQL server has gone away` and then", Mention.YES),
        ('see "MySQL server has gone away" and then', Mention.YES),
        ('see "MySQL server has gone away"=7', Mention.MAYBE),
        ('"MySQL server has gone away"=7', Mention.NO),
        ('"MySQL server has gone away" and then', Mention.YES),
        ('ERROR 2006 (HY000): see "MySQL server has gone away" and then', Mention.NO),
        ('I saw it fail with "MySQL server has gone away" here', Mention.YES),
        ('ERROR I saw it fail with "MySQL server has gone away" here', Mention.NO),
        ("lost because MySQL server has gone away", Mention.NO),
        ("1. MySQL server has gone away", Mention.YES),
        ("# MySQL server has gone away", Mention.YES),
        ("12. pymysql.err.OperationalError: (2006, 'MySQL server has gone away')", Mention.NO),
        ("UPDATE t SET a = 'MySQL server has gone away", Mention.NO),
        ("UPDATE t SET a = 'x', b = 'MySQL server has gone away' WHERE c", Mention.YES),
        ("UPDATE t SET a = 'it\\'s MySQL server has gone away' WHERE c", Mention.YES),
        ("UPDATE t SET a = 'x' -- MySQL server has gone away' WHERE c", Mention.NO),
        ("'UPDATE t SET a = 7' failed: 'MySQL server has gone away' WHERE", Mention.NO),
        ("  'MySQL server has gone away',", Mention.YES),
    ],
)
def test_words_are_quoted_in_prose_in_source_and_in_statements(text: str, mention: Mention) -> None:
    parsed = parse_line(text)

    assert parsed is not None
    assert mention is mention_in(text, parsed.start, [], dated=False)


def test_below_a_timestamp_only_source_and_statements_quote() -> None:
    prose, source = (
        'people see "MySQL server has gone away" when it idles',
        'if "MySQL server has gone away" in str(error):',
    )

    assert Mention.NO is mention_in(prose, 12, [], dated=True)
    assert Mention.YES is mention_in(source, 4, [], dated=True)
    assert Mention.NO is mention_in(source, 4, [], dated=True, may_be_source=False)


@pytest.mark.parametrize(("between", "mention"), [(199, Mention.YES), (200, Mention.NO)])
def test_two_hundred_lines_below_a_head_of_the_slow_log_a_statement_may_quote(
    between: int, mention: Mention
) -> None:
    before = ["# Time: 2026-11-23T12:00:00Z", *["x"] * between]

    assert mention is mention_in("MySQL server has gone away", 0, before, dated=False)


@pytest.mark.parametrize(
    ("first", "line", "found"),
    [
        ("- The worker now tells apart what it met:", '  error 2013 ("Lost connection to MySQL server during query") is tried again.', []),
        ("1. The worker now tells apart what it met:", "   MySQL server has gone away is an error of its own, and is raised.", []),
        ("- The worker met an error:", "  MySQL server has gone away", [2]),
        ("  1) The worker tells apart", "     a test that wants more got MySQL server has gone away", [2]),
    ],
)  # fmt: skip
def test_a_wrapped_item_of_a_list_of_sentences_quotes(first: str, line: str, found: list[int]) -> None:
    assert found == numbers(first, line)


@pytest.mark.parametrize(
    "head",
    ["# Query_time: 1.5  Lock_time: 0.0", "2026-11-23T12:00:00.000000Z\t   42 Query\tSELECT 1"],
)
def test_a_value_of_a_logged_statement_may_hold_a_whole_log(head: str) -> None:
    statement = ["REPLACE INTO note VALUES (7, \"it's\", 'see", at(1, GONE), at(2, GONE.replace("'", "''"))]
    if not head.startswith("#"):
        head, statement = head.replace("SELECT 1", statement[0]), statement[1:]

    found = [(event.line, event.is_mention) for event in events(head, *statement, "');", at(9))]

    assert [(len(statement), True), (len(statement) + 1, True), (len(statement) + 3, False)] == found
    assert [3] == numbers("# Query_time: 1.5  Lock_time: 0.0", "SELECT 'a' FROM t;", at(9))


QUERY = "2026-11-23T12:00:02.000000Z\t   12 Query\t"
ENTRY = "2026-11-23T12:00:0%d.000000Z 7 [Warning] [MY-010914] [Server] %s"
TIMED_OUT = "Aborted connection 7 to db: 'shop' user: 'app' host: 'web-3' (Got timeout reading communication packets)."
SHUTDOWN = "Received SHUTDOWN from user root. Shutting down mysqld (Version: 9.7.0)."


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT /* the user's cart */ 1",
        "SELECT 1 -- don't",
        "SELECT 1 # it's",
        "SELECT 1 --",
        "SELECT 1 /* it's",
    ],
)
def test_a_quotation_mark_in_a_comment_opens_no_value(statement: str) -> None:
    found = events(QUERY + statement, at(1), ENTRY % (2, TIMED_OUT), ENTRY % (3, SHUTDOWN))

    assert [(2, False), (3, False), (4, False)] == [(event.line, event.is_mention) for event in found]


@pytest.mark.parametrize(("second", "is_mention"), [(1, True), (2, False)])
def test_an_open_value_quotes_servers_entries_that_are_older_than_its_statement(
    second: int,
    is_mention: bool,  # noqa: FBT001
) -> None:
    backslash = QUERY + r"SELECT 'C:\'"
    aborted, shutdown = (ENTRY % (second, text) for text in (TIMED_OUT, SHUTDOWN))
    found = events(backslash, aborted, shutdown)

    assert [(2, is_mention), (3, is_mention)] == [(event.line, event.is_mention) for event in found]
    assert [True] == [event.is_mention for event in events(backslash, at(3))]


def test_a_remark_of_settings_that_were_written_at_a_time_quotes() -> None:
    settings = ["[pool]", "url = mysql://db1:3306/shop?ssl=true&charset=utf8mb4", "; or else: MySQL server has gone away", "size = 5"]  # fmt: skip

    assert [] == numbers("; written by the installer 2026-11-23 12:00:00", *settings)
    assert [] == numbers(at(0, "settings:"), *settings)
    assert [2] == numbers("# Logfile created on 2026-11-23 12:00:00", GONE)


@pytest.mark.parametrize(("between", "mention"), [(19, Mention.YES), (20, Mention.NO)])
def test_a_plus_is_of_a_diff_where_one_of_twenty_lines_before_is(between: int, mention: Mention) -> None:
    before = ["@@ -1,2 +1,2 @@", *["x"] * between]

    assert mention is mention_in("+MySQL server has gone away", 1, before, dated=False)


QUOTING = 'if "MySQL server has gone away" in str(error):'


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([at(0, QUOTING)], [1]),
        ([at(0, "hello"), QUOTING], []),
        ([at(0, "hello"), "  " + QUOTING], []),
        ([f"web-1  | {at(0, 'hello')}", f"web-1  | {QUOTING}"], []),
        (["Nov 23 12:00:00 web-1 app[7]: hello", f"Nov 23 12:00:00 web-1 app[7]: {QUOTING}"], [2]),
        ([QUOTING], []),
    ],
)
def test_a_line_with_a_time_of_its_own_is_no_source(lines: list[str], found: list[int]) -> None:
    assert found == [event.line for event in find_error_events(["\n".join(lines).encode()], NOW)]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["Connection refused"], []),
        (["mysql: Connection refused"], [1]),
        (["redis: Connection refused"], []),
        (["mysql and redis: Connection refused"], []),
        ([at(0, "mysql"), "Connection refused"], [2]),
        ([at(0, "mysql and redis"), "Connection refused"], []),
        ([at(0, "mysql and redis"), "mysql: Connection refused"], [2]),
        (["Too many connections"], [1]),
        (["Too many connections to redis"], []),
        (["ERROR 1040 (HY000): Too many connections to redis"], [1]),
        (["x" * 1000 + " redis of mysql: Connection refused"], [1]),
        (["x" * 990 + " redis of mysql: Connection refused"], []),
        (["(2006, 'x') of redis"], []),
    ],
)
def test_words_of_many_programs_are_of_mysql_where_its_name_is_near(
    lines: list[str], found: list[int]
) -> None:
    assert found == numbers(*lines)


# --- One error, reported twice


def test_an_error_a_second_later_is_another_one() -> None:
    assert [1, 2] == numbers(at(0), at(5))


@pytest.mark.parametrize(
    ("seconds", "lines"), [(1.0, [2]), (1.1, [1, 2])], ids=["a second", "more than a second"]
)
def test_a_remark_and_its_error_are_one_within_a_second(seconds: float, lines: list[int]) -> None:
    remark = at(0, "[mysql] 2026/11/23 12:00:00 packets.go:122: closing bad idle connection: EOF")

    assert lines == numbers(remark, at(seconds, "orders: driver: bad connection"))


@pytest.mark.parametrize(("between", "lines"), [(19, [21]), (20, [1, 22])])
def test_without_times_a_remark_is_of_an_error_within_twenty_lines(between: int, lines: list[int]) -> None:
    remark = "[mysql] packets.go:122: unexpected EOF"

    assert lines == numbers(remark, *["hello"] * between, "orders: driver: bad connection")


def test_a_remark_of_another_driver_is_an_error_of_its_own() -> None:
    remark = at(0, "PHP Warning: mysqli_query(): MySQL server has gone away in /srv/x.php")

    assert [1, 2] == numbers(remark, at(0.5, LOST))


@pytest.mark.parametrize(("between", "lines"), [(5, [7]), (6, [1, 8])])
def test_a_chain_quotes_its_error_within_six_lines(between: int, lines: list[int]) -> None:
    first = at(0, "(could not load the orders of the customer: MySQL server has gone away")
    chain = at(0, "[could not load the orders of the customer: MySQL server has gone away")

    assert lines == numbers(first, *[at(0, "hello")] * between, chain)


def test_what_another_process_reports_is_another_error() -> None:
    one, other = (at(0, f"[worker-{number}] {GONE}") for number in (1, 2))

    assert [1, 2] == numbers(one, other)


@pytest.mark.parametrize(
    ("line", "lines"), [(at(0, f"ERROR {GONE}"), [2]), (at(0, f"ERROR: {LOST}"), [1, 2])]
)
def test_the_same_text_at_another_level_is_the_same_error(line: str, lines: list[int]) -> None:
    assert lines == numbers(at(0, f"WARN {GONE}"), line)


def test_errors_of_two_programs_are_two() -> None:
    assert [1, 2] == numbers(f"web-1  | {at(0)}", f"web-2  | {at(0)}")


# --- A server's log


READY = "2026-11-23T12:00:00Z 0 [Note] mysqld: ready for connections."
ABORTED = "2026-11-23T12:00:{:02}Z {} [Warning] Aborted connection {} to db: 'a' user: 'b' host: 'c' (Got timeout reading communication packets)"


def test_a_server_tells_how_long_it_has_been_up() -> None:
    (event,) = events(READY, ABORTED.format(30, 5, 5))

    assert (30.0, 5, Cause.IDLE_TIMEOUT, Certainty.LIKELY) == (
        event.server_up_seconds, event.session_id, event.stated_cause, event.certainty
    )  # fmt: skip
    assert events(ABORTED.format(30, 5, 5))[0].server_up_seconds is None


@pytest.mark.parametrize(
    ("words", "certainty"),
    [
        ("The client was disconnected by the server because of inactivity.", Certainty.CONFIRMED),
        ("Got timeout reading communication packets", Certainty.LIKELY),
        ("Got timeout writing communication packets", Certainty.CONFIRMED),
        ("Got an error reading communication packets", Certainty.LIKELY),
    ],
)
def test_a_server_is_sure_of_a_cause_unless_it_names_only_a_wait_or_a_broken_socket(
    words: str, certainty: Certainty
) -> None:
    (event,) = events(ABORTED.format(30, 5, 5).replace("Got timeout reading communication packets", words))

    assert certainty is event.certainty


@pytest.mark.parametrize(("seconds", "lines"), [(2, [1]), (3, [1, 2])])
def test_two_entries_on_one_session_within_two_seconds_are_one(seconds: int, lines: list[int]) -> None:
    assert lines == numbers(ABORTED.format(0, 5, 5), ABORTED.format(seconds, 5, 5))
    assert [1, 2] == numbers(ABORTED.format(0, 5, 5), ABORTED.format(seconds, 6, 6))


def test_a_server_ends_once_until_it_is_ready_again() -> None:
    stop = "2026-11-23T12:00:30Z 0 [Note] mysqld: Normal shutdown"
    killed = "Nov 23 12:00:31 db1 systemd[1]: mysqld.service: main process exited, code=killed, status=9/KILL"

    assert [1] == numbers(stop, stop.replace("Normal shutdown", "Shutdown complete"), killed)
    assert [1, 3] == numbers(stop, READY, stop)


def test_a_crash_is_reported_from_its_first_line_on() -> None:
    crash = "261123 12:00:09 [ERROR] mariadbd got signal 6 ;"
    recovery = "2026-11-23 12:00:15 0 [Note] InnoDB: Starting crash recovery from checkpoint LSN=42"
    found = events(crash, f"2026-11-23 12:00:10 {LOST}", recovery)

    assert [1, 2] == [event.line for event in found]
    assert EndKind.CRASH is found[1].server_end


@pytest.mark.parametrize(
    ("second", "found"),
    [("12:00:09.5Z stdout F ", [2]), ("12:00:00.5Z stdout F ", []), ("12:00:00.5Z stdout F 2026-11-23T12:00:09.5Z stdout F ", [])],
    ids=["later", "at once", "a prefix in the text"],
)  # fmt: skip
def test_the_wrapper_tells_whether_a_line_is_the_rest_of_an_events_entry(
    second: str, found: list[int]
) -> None:
    entry = "2026-11-23T12:00:00.1Z stdout F 2026-11-23 12:00:00 7 [Note] Event Scheduler: [shop@%][test.e] m"

    assert found == numbers(entry, f"2026-11-23T{second}261123 12:00:09 [ERROR] mariadbd got signal 6 ;")


@pytest.mark.parametrize(
    ("worker", "seconds", "lines"), [("Thread-7", 1, [1]), ("Thread-7", 2, [1, 2]), ("Thread-8", 1, [1, 2])]
)
def test_a_statement_that_was_too_slow_is_interrupted_once(
    worker: str, seconds: float, lines: list[int]
) -> None:
    slow = "(Thread-7) ERROR 1969 (70100): Query execution was interrupted (max_statement_time exceeded)"
    interrupted = f"({worker}) ERROR 1317 (70100): Query execution was interrupted"

    assert lines == numbers(at(0, slow), at(seconds, interrupted))


@pytest.mark.parametrize(
    "words", ["Timing out 'shop'@web-3, idle for 61 seconds", "Network write timed out for 'shop'@web-3."]
)
def test_maxscale_says_that_it_ends_a_session_itself(words: str) -> None:
    (event,) = events(f"2026-11-23 12:00:00   warning: (7) [readwritesplit] {words}")

    assert ("MaxScale", Cause.PROXY_OR_FIREWALL) == (event.client.driver, event.stated_cause)
    assert Certainty.CONFIRMED is event.certainty
    assert (event.idle_seconds is None) == ("write timed out" in words)


@pytest.mark.parametrize(("words", "silent"), [("started", 240.0), ("server started", 1.0)])
def test_a_bare_word_is_of_a_job_and_hides_no_silence(words: str, silent: float) -> None:
    line = '{"ts": "2026-11-23T12:0%s.000Z", "msg": "%s"}'
    (event,) = events(line % ("0:00", "done"), line % ("4:00", words), line % ("4:01", GONE))

    assert silent == event.silent_seconds


def test_a_row_that_could_not_be_read_is_of_the_error_after_it() -> None:
    remark = "PHP Warning:  mysqli_result::fetch_row(): Error while reading a row in /srv/x.php on line 3"
    (event,) = events(at(0, remark), at(0.5, "PHP Fatal error: MySQL server has gone away (2006)"))

    assert (2, True) == (event.line, event.was_busy)


def test_an_operating_system_tells_of_a_servers_end() -> None:
    (event,) = find_error_events(
        [
            b"Nov 23 12:00:31 db1 systemd[1]: mysqld.service: main process exited, code=killed, status=9/KILL\n"
        ],
        NOW,
    )

    assert (Cause.SERVER_CRASH, Certainty.CONFIRMED, True) == (
        event.stated_cause,
        event.certainty,
        event.from_server_log,
    )


# --- Whose error it is


def test_a_program_is_remembered_by_its_client() -> None:
    lines = [f"web-1  | {at(0)}", f"web-1  | {at(30, 'ERROR: Lost connection to server during query')}"]

    assert ["PyMySQL", "PyMySQL"] == [event.client.name for event in events(*lines)]
    assert [None] == [event.client.name for event in events(lines[1])]


@pytest.mark.parametrize(
    ("line", "speaker"),
    [
        (f"x --- [ nio-8080] {GONE}", "nio-8080"),
        (f"I, [2026-11-23 #42] {GONE}", "42"),
        (f"[pid: 42] {GONE}", "42"),
        (f"(Thread-7) {GONE}", "Thread-7"),
        (f"[0a1b2c3d-4e5f] {GONE}", "0a1b2c3d-4e5f"),
        (f"[2026-11-23: ERROR/ForkPoolWorker-3] {GONE}", "ForkPoolWorker-3"),
        (GONE, ""),
    ],
)
def test_the_process_thread_or_request_is_read(line: str, speaker: str) -> None:
    (event,) = events(line)

    assert speaker == event.speaker


@pytest.mark.parametrize(("before", "is_cut"), [(143, False), (144, True)])
def test_a_long_line_is_quoted_from_near_its_error_on(before: int, is_cut: bool) -> None:  # noqa: FBT001
    line = ("word " * 100)[:before] + "MySQL server has gone away"
    (event,) = events(f"2026-11-23T12:00:00Z {line}"[21:])

    assert is_cut == event.text.startswith("... ")
    assert is_cut == bool(event.head)
    assert len(event.head) < 80
    assert event.text.endswith("gone away")


@pytest.mark.parametrize(
    "line",
    [
        '        throw new SQLException("Communications link failure", "08S01");',
        '    { CR_SERVER_GONE_ERROR, "MySQL server has gone away" },',
        '        Assert.Equal("Unable to connect to any of the specified MySQL hosts.", ex.Message);',
        'grep -q "MySQL server has gone away" $LOG && systemctl restart app',
        "  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'MySQL server has gone away';",
        '        $this->expectExceptionMessage("SQLSTATE[HY000]: General error: 2006 MySQL server has gone away");',
        '        self.assertIn("MySQL server has gone away", str(caught.exception))',
        '  @patch("db.execute", side_effect=OperationalError(2006, "MySQL server has gone away"))',
        '        mysql_errmsg[2006] = "MySQL server has gone away";',
        '\tErrInvalidConn = errors.New("invalid connection")',
        "    public const GONE_AWAY = 'MySQL server has gone away';",
        '    private static final String MESSAGE = "Communications link failure";',
        '    public static bool IsLost(Exception e) => e.Message.Contains("MySQL server has gone away");',
        '    match ?= "MySQL server has gone away"',
        "    pattern: 'Lost connection to MySQL server during query'",
        "failregex = ^.*MySQL server has gone away.*$",
        "| 2006 | CR_SERVER_GONE_ERROR | MySQL server has gone away |",
        '    {error, "MySQL server has gone away"} -> reconnect();',
        'msgid "MySQL server has gone away"',
    ],
)
def test_a_string_in_source_settings_or_a_manual_is_no_error(line: str) -> None:
    assert [] == numbers(line)
    assert [] == numbers("src/db/session.py:12:" + line)


@pytest.mark.parametrize(
    "line",
    [
        "pymysql.err.OperationalError('(2006, \"MySQL server has gone away\")')",
        "  sqlMessage: 'MySQL server has gone away',",
        "error: 'MySQL server has gone away';",
        '"errorInfo":["HY000",2006,"MySQL server has gone away"]},',
        'sqlx::Error::Database("MySQL server has gone away")',
        "export failed: 'MySQL server has gone away'",
        "mailfilter: DBD::mysql::st execute failed: MySQL server has gone away",
        'time="2026-11-23T12:00:00Z" level=error msg="MySQL server has gone away"',
        "Error: \"MySQL server has gone away\" while executing INSERT INTO t VALUES ('a');",
        "db error: errno=2006, error='MySQL server has gone away';",
        'query failed (code=2006, msg="MySQL server has gone away");',
        "filter: 'price > 3' SQLSTATE[HY000]: General error: 2006 MySQL server has gone away",
        "2026-11-23 12:00:26 ERROR cron CMD (php artisan schedule:run) failed: SQLSTATE[HY000] [2006] MySQL server has gone away",
        "HikariPool-1 - Connection is not available, request timed out after 30000ms. Caused by: java.net.SocketException: Connection reset com.mysql.cj",
    ],
)
def test_a_string_that_a_program_prints_is_an_error(line: str) -> None:
    assert [1] == numbers(line)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("mysql: HikariPool-1 - Connection is not available, request timed out after 30000ms.", []),
        ("mysql2: could not obtain a connection from the pool within 5.000 seconds; all pooled connections were in use", []),
        ("mysql: connect timeout", [1]),
        ("HikariPool-1 - Connection is not available, request timed out; nested: Communications link failure", [1]),
    ],
)  # fmt: skip
def test_an_empty_pool_of_a_client_lost_no_connection(words: str, found: list[int]) -> None:
    assert found == numbers(at(0, words))


def test_an_echo_of_one_process_is_its_loss_for_an_hour() -> None:
    lost = at(0, "[Worker(pid:7)] Mysql2::Error: MySQL server has gone away")
    echo, late = (at(seconds, "[Worker(pid:7)] MySQL client is not connected") for seconds in (3599, 3601))
    other = at(1, "[Worker(pid:8)] MySQL client is not connected")

    assert [1] == numbers(lost, echo)
    assert [1, 2] == numbers(lost, late.replace("12:60", "13:00"))
    assert [1, 2] == numbers(lost, other)


def test_a_list_of_a_servers_messages_is_no_log() -> None:
    listed = ["Error number: 1153; Symbol: ER_NET_PACKET_TOO_LARGE; SQLSTATE: 08S01"]
    listed += ["Message: Got a packet bigger than 'max_allowed_packet' bytes"]
    listed += ["Error number: 2006; Symbol: CR_SERVER_GONE_ERROR;", "Message: MySQL server has gone away"]

    assert [] == numbers(*listed)
    assert [1] == numbers(listed[-1])


def test_two_loggers_that_lose_connections_at_once_lost_two() -> None:
    assert [1, 2] == numbers(at(0, "ERROR shop.web " + LOST), at(1, "ERROR billing.cron " + GONE))
    assert [1] == numbers(at(0, "ERROR shop.web " + LOST), at(1, "ERROR shop.web " + GONE))


def test_entries_of_java_that_hold_their_cause_are_errors_of_their_own_hours_apart() -> None:
    words = ",100 ERROR [worker] c.x.Dao - save failed: Caused by: com.mysql.cj.exceptions.CJCommunicationsException: Communications link failure"

    assert [1, 2, 3] == numbers(*(f"2026-11-23 {hour}:00:26{words}" for hour in (12, 13, 14)))


@pytest.mark.parametrize(
    "line",
    [
        f"| {GONE}{' |' * 40} x",
        "".join("| v " for _ in range(60)) + "| MySQL server has gone away",
        '{"events":[' + ",".join(["{}"] * 1000) + '],"pad":"' + "x" * 2500 + '"}',
        '{"a}' + " " * 4000 + "x",
        "a.b(" + ")" * 1000 + " " * 4000 + GONE,
    ],
    ids=["table", "cut table", "events", "object", "call"],
)
def test_no_shape_of_a_line_takes_long(line: str) -> None:
    """Each of twenty lines takes milliseconds; a search that backtracks takes minutes."""
    began = time.process_time()
    numbers(*[line] * 20)

    assert time.process_time() - began < 10


@pytest.mark.parametrize(("seconds", "used"), [(60, 60.0), (61, None)])
def test_an_answer_of_a_minute_before_shows_that_a_process_used_its_connection(
    seconds: int, used: float | None
) -> None:
    (event,) = events(
        at(0, "[Worker(pid:7)] Job a COMPLETED after 0.3"), at(seconds, "[Worker(pid:7)] " + GONE)
    )
    (other,) = events(
        at(0, "[Worker(pid:8)] Job a COMPLETED after 0.3"), at(seconds, "[Worker(pid:7)] " + GONE)
    )

    assert (used, None) == (event.used_seconds, other.used_seconds)


@pytest.mark.parametrize(
    ("loss", "year", "end"), [("2018-07-31", 2018, EndKind.STOP), ("2018-08-03", 2026, None)]
)
def test_a_year_that_a_log_does_not_write_is_that_of_its_other_timestamps_nearby(
    loss: str, year: int, end: EndKind | None
) -> None:
    stop = "Jul 31 06:25:26 app1 systemd[1]: Stopping MySQL Community Server..."
    text = f"{stop}\n{loss} 06:25:27,053 ERROR {GONE}\n".encode()
    first, second = find_error_events([text], NOW)

    assert first.timestamp is not None
    assert (year, end) == (first.timestamp.local.year, second.server_end)


@pytest.mark.parametrize(
    "line",
    [
        '2026-03-01 08:48:36 [error] <0.2.1>@ejabberd_sql: failed: <<"Failed sending data on socket : closed">>',
        "2026-03-01 08:48:36 mysql2: Error: read ETIMEDOUT",
        "2026-03-01 08:48:36 Unhandled: Bad state: Cannot write to socket, it is closed (package:mysql1) MySqlConnection.query",
        "Mar  1 06:25:26 app1 systemd[1]: Stopping MySQL Community Server...",
        "2026-03-01 08:48:36 app: MySQL error: Connection closed.",
    ],
)  # fmt: skip
def test_an_error_is_found_in_a_log_that_is_searched_for_words(line: str) -> None:
    fill = b"2026-03-01 08:00:00 GET /orders 200 14 ms\n" * 12_000
    (event,) = find_error_events([fill, line.encode() + b"\n", fill], NOW)

    assert 12_001 == event.line


# --- What holds texts of others


@pytest.mark.parametrize(
    "row",
    [
        '| 2006 | closed | 2026-11-23 09:12:44 | Wiki: "MySQL server has gone away" when saving |',
        "| 2061 | new    | 2026-11-23 10:00:00 | please raise it (ERROR 1040 Too many connections) |",
        '2026-11-23 10:00:00,7,"Wiki about ""MySQL server has gone away"" again"',
    ],
)
def test_a_row_of_a_table_may_hold_a_quotation_and_confirms_nothing(row: str) -> None:
    (event,) = events("+------+--------+", "| id   | status |", "+------+--------+", row)

    assert event.is_mention


YAML = (
    "    - template: 'MySQL by Zabbix agent'",
    "      items:",
    "        - name: 'MySQL: Connection errors'",
    "          key: mysql.connection_errors.rate",
    "          triggers:",
)
TRIGGER = "            - name: 'MySQL: Too many connections (over {$MYSQL.CONN.MAX.WARN} for 5m)'"


def test_a_text_in_a_template_is_no_error_and_a_message_in_yaml_is() -> None:
    assert [] == numbers(*YAML, TRIGGER)
    assert [6] == numbers(*YAML, TRIGGER.replace("- name", "- message"))
    assert [2] == numbers(
        "Slave_IO_State: Connecting to source",
        f"Last_IO_Error: error reconnecting to source 'repl@db1:3306' - {LOST}",
    )


def test_a_dotted_head_begins_an_item_of_a_changelog() -> None:
    change = "Added: db.odbc.get returns [1317] Query execution was interrupted as item error of MySQL"

    assert [] == numbers(f".......PS. {change}")
    assert [1] == numbers("......... ERROR 1317 (70100): Query execution was interrupted")


@pytest.mark.parametrize(("result", "found"), [("PASS", []), ("SKIP", []), ("FAIL", [2])])
def test_what_a_test_of_go_prints_is_an_error_where_it_failed(result: str, found: list[int]) -> None:
    output = "    client_test.go:121: got error: mysql: Query execution was interrupted (errno 1317) (sqlstate 70100)"
    end = f"--- {result}: TestKilledQuery (0.02s)"

    assert found == numbers("=== RUN   TestKilledQuery", output, end, "ok  \tmysql\t0.4s")
    assert found == numbers(end, output, "PASS") or result == "FAIL"


# --- One failure, told line by line

JAVA_HEAD = "2026-11-23 12:26:48 ERROR (/tmp/workspace/1/0) LineGobbler(voidCall):69 -"
PACKETS = "The last packet successfully received from the server was 7,886,513 milliseconds ago. The last packet sent successfully to the server was 8,166,832 milliseconds ago."
JAVA_TRACE = (
    'Exception in thread "main" com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure',
    "",
    PACKETS,
    "at com.mysql.cj.jdbc.exceptions.SQLError.createCommunicationsException(SQLError.java:174)",
    "... 21 more",
    "Caused by: com.mysql.cj.exceptions.CJCommunicationsException: Communications link failure",
    "",
    PACKETS,
    "Caused by: java.io.IOException: Socket is closed",
)


def test_a_traceback_whose_lines_repeat_the_head_of_its_entry_is_one_error() -> None:
    (event,) = events(*(f"{JAVA_HEAD} {line}".rstrip() for line in JAVA_TRACE))

    assert event.idle_seconds == 7886.513


def test_a_trace_behind_the_name_of_its_source_is_one_error() -> None:
    lines = (
        "java.sql.SQLException: Cannot create PoolableConnectionFactory (Communications link failure",
        "",
        *JAVA_TRACE[2:],
    )

    assert 1 == len(events(*(f"2026-11-23 12:26:48 source > {line}" for line in lines)))


@pytest.mark.parametrize(
    ("second", "found"), [(PACKETS, [3]), (PACKETS.replace("7,886,513", "7,886,514"), [1, 3])]
)
def test_two_reports_that_state_the_same_packets_are_of_one_connection(second: str, found: list[int]) -> None:
    logged = "[ERROR] 2026-11-23 14:00:00.749 [task-1] SqlTask:[211] - execute sql error: Communications link failure"
    raised = "[ERROR] 2026-11-23 14:00:00.750 [task-1] SqlTask:[164] - sql task error: com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure"

    assert found == numbers(logged, PACKETS, raised, second)


def test_what_is_typed_after_a_loss_finds_the_same_connection_closed() -> None:
    typed = (
        "mysql> SELECT 1;",
        f"ERROR 2013 (HY000): {LOST[42:-2]}",
        "mysql> SELECT 1;",
        "ERROR 2006 (HY000): MySQL server has gone away",
    )

    assert [False, True] == [event.follows_loss for event in events(*typed)]
    assert [False, False] == [event.follows_loss for event in events(typed[1], *[""] * 5, *typed[2:])]
    assert [False, False] == [event.follows_loss for event in events(typed[1], typed[3])]
    assert [False] == [event.follows_loss for event in events(typed[3])]
