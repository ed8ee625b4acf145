"""Logs in the formats of public reports, and of what is no error at all: each error once, its client and its causes.

`world.txt` has an entry each: `=== name`, then a line for each error, `? code, client, causes` by tabs, then the log itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import pymysql
import pytest

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.model.cause import Cause, Certainty, Finding

NOW = 1_790_930_000.0
ENTRIES = {
    name: text.splitlines()
    for name, _, text in (
        entry.partition("\n")
        for entry in (Path(__file__).parent / "world.txt").read_text(encoding="utf-8").split("=== ")[1:]
    )
}
CERTAIN = {1040, 1129, 1161, 4031}
"""Errors that name their cause."""


@pytest.mark.parametrize("name", ENTRIES)
def test_each_error_of_a_log_is_found_once_and_understood(name: str) -> None:
    lines = ENTRIES[name]
    expected = [
        line.removeprefix("? ").split("\t") for line in takewhile(lambda line: line[:2] == "? ", lines)
    ]
    events = list(find_error_events(["\n".join(lines[len(expected) :]).encode()], NOW))

    assert len(expected) == len(events), [event.text for event in events]
    for (codes, client, causes), event in zip(expected, events, strict=True):
        assert ("-" if event.code is None else str(event.code)) in codes.split()
        assert client == (event.client.name or "-")
        assert diagnose(Case(event))[0].cause.value in causes.split()


def findings_of(name: str) -> dict[Cause, Finding]:
    lines = ENTRIES[name]
    (event,) = find_error_events(["\n".join(line for line in lines if line[:2] != "? ").encode()], NOW)
    return {finding.cause: finding for finding in diagnose(Case(event))}


@pytest.mark.parametrize(
    "name",
    [
        "maxscale idle limit",
        "maxscale lost its backend",
        "killed, without the name of a module",
        "dump that broke in a result",
        "proxysql just used",
    ],
)
def test_nothing_is_confirmed_that_no_server_said(name: str) -> None:
    assert Certainty.CONFIRMED not in {finding.certainty for finding in findings_of(name).values()}


@pytest.mark.parametrize(
    "name",
    [
        "connector/j never heard a server",
        "pdo connects",
        "mysqli connects",
        "greeting told four times",
        "agroal",
        "maxwell prints twice",
    ],
)
def test_a_session_that_never_began_was_not_idle_killed_or_too_large(name: str) -> None:
    findings = findings_of(name)

    for cause in (Cause.IDLE_TIMEOUT, Cause.KILLED, Cause.PACKET_TOO_LARGE):
        assert Certainty.RULED_OUT is findings[cause].certainty


@pytest.mark.parametrize(
    "name",
    [
        "dump that broke in a result",
        "r reads a result",
        "pymysql reads rows",
        "load data local",
        "maxscale log",
        "proxysql just used",
    ],
)
def test_a_busy_session_was_not_idle(name: str) -> None:
    assert Certainty.RULED_OUT is findings_of(name)[Cause.IDLE_TIMEOUT].certainty


def test_a_connection_that_waited_was_not_idle_for_as_long() -> None:
    found = findings_of("connector/j idle a moment, then waited")

    assert "5 s" in " ".join(found[Cause.IDLE_TIMEOUT].against)
    assert "181 s" in " ".join(found[Cause.IDLE_TIMEOUT].against)


def test_a_silence_below_the_limit_speaks_against_it() -> None:
    found = findings_of("a silence of minutes speaks against the default limit")[Cause.IDLE_TIMEOUT]

    assert any("240 s" in words for words in found.against)
    assert not any("240 s" in words for words in found.because)


def test_what_timed_out_is_not_called_refused() -> None:
    found = findings_of("connect that timed out")
    told = " ".join(words for finding in found.values() for words in (*finding.because, *finding.remedies))

    assert "was refused" not in told
    assert "pool" not in told


@pytest.mark.parametrize(("name", "own"), [("druid", "Druid: "), ("agroal", "Agroal, Quarkus")])
def test_a_pool_gets_its_own_setting_alone(name: str, own: str) -> None:
    remedies = [words for finding in findings_of(name).values() for words in finding.remedies]

    assert not any("HikariCP" in words for words in remedies)
    assert name == "agroal" or any(words.startswith(own) for words in remedies)


def test_what_may_be_quoted_is_at_most_possible() -> None:
    log = b"In that night we saw Lost connection to MySQL server during query many times\n"
    (event,) = find_error_events([log])

    assert event.is_mention
    assert {finding.remedies for finding in diagnose(Case(event))} == {()}
    assert {finding.certainty for finding in diagnose(Case(event))} <= {
        Certainty.POSSIBLE,
        Certainty.RULED_OUT,
    }


@pytest.mark.parametrize(
    "sentence",
    [
        'The error "Too many connections" means that max_connections is reached.',
        "When you get the error Lost connection to MySQL server during query, first check the error log.",
        "Client error 2006 is returned when the server closes the connection while the client still has it open.",
        "The server timed out and closed the connection. In this case you normally get\nERROR 2006: MySQL server has gone away",
        "On Tuesday the shop answered with ERROR 1040 (HY000): Too many connections for 12 minutes, because a deploy doubled the workers.",
        "A worker that sleeps for too long\n\n    ERROR 2013 (HY000): Lost connection to MySQL server during query\n\nmay end with this message.",
        "A razão mais comum para o erro MySQL server has gone away é que o servidor esgotou o tempo limite e fechou a conexão.",
    ],
)
def test_a_sentence_about_errors_is_a_mention(sentence: str) -> None:
    page = f"MySQL\n{sentence}\n"
    assert [True] == [event.is_mention for event in find_error_events([page.encode()], NOW)]


QUOTING = (
    (
        "# Time: 2026-03-01T10:00:{second:02}.123456Z\n# User@Host: app[app] @ web-2 [192.0.2.7]  Id:  4711\n"
        "# Query_time: 12.000341  Lock_time: 0.000002 Rows_sent: 0  Rows_examined: {number}\nSET timestamp=1772359200;\n"
        "INSERT INTO t (body) VALUES ('{message}');"
    ),
    "2026-03-01T10:00:{second:02}.000001Z\t 4711 Query\tSELECT * FROM t WHERE body LIKE '%{message}%'",
    '- Fixed: job {number} no longer stops with "{message}" (#{number})',
    '* {number:07x} Retry on "{message}"',
    'Most people see "{message}" when a limit is too small, as in part {number}.',
    '    if "{message}" in str(error):  # {number}',
    '+    raise Lost("{message} ({{error}})")',
    '192.0.2.9 - - [01/Mar/2026:10:00:{second:02} +0000] "GET /search?q={message} HTTP/1.1" 200 {number} "-" "-"',
)
"""Slow and general logs, changelogs, prose, source, diffs and access logs that hold the words of an error."""
QUOTED = (
    "MySQL server has gone away",
    "Lost connection to MySQL server during query",
    "ERROR 2006 (HY000): MySQL server has gone away",
    "Communications link failure",
)


@pytest.mark.long
def test_ten_thousand_lines_that_quote_errors_raise_no_alarm() -> None:
    text = "\n".join(
        QUOTING[number % len(QUOTING)].format(
            number=number, second=number % 60, message=QUOTED[number // len(QUOTING) % len(QUOTED)]
        )
        for number in range(8000)
    )

    assert text.count("\n") >= 10_000
    assert [] == [event.text for event in find_error_events([text.encode()], NOW)]


@pytest.mark.parametrize(
    "path", sorted(Path(pymysql.__file__).parent.rglob("*.py")), ids=lambda path: path.name
)
def test_the_source_of_a_driver_raises_no_alarm(path: Path) -> None:
    assert [] == [event.text for event in find_error_events([path.read_bytes()], NOW)]


def told_in(name: str) -> str:
    """All that is told of the one error of an entry."""
    findings = findings_of(name).values()
    return " ".join(words for one in findings for words in (*one.because, *one.against, *one.remedies))


@pytest.mark.parametrize(
    ("name", "words", "never"),
    [
        ("mysql router full", "MySQL Router: raise max_connections of the route (now 64)", "At the server: raise"),
        ("idle, by a number of seconds beside the word", "900 s - 10 % = 810 s", "25920"),
        ("c3p0 in the java service wrapper", "The driver compared this with the server's wait_timeout", "HikariCP"),
        ("c3p0 in the java service wrapper", "c3p0: maxIdleTime=7212", "reports MySQL's error 4031"),
        ("go finds a closed connection in its pool", "lost while it was idle", "4031, when it closes an idle"),
        ("a client that waited as long as it may", "CommandTimeout", "discard a connection"),
        ("haproxy's year, and its timeout of the client's side", "lasted 60 s, so HAProxy's timeout client", "timeout server is"),
    ],
)  # fmt: skip
def test_what_a_log_says_is_told_and_nothing_else(name: str, words: str, never: str) -> None:
    told = told_in(name)

    assert words in told
    assert never not in told


def test_a_silence_is_not_called_an_idle_time() -> None:
    log = (
        b"2026-03-01 22:31:02 info: Processing: a.jpg\n"
        b'2026-03-01 22:43:10 info: mysql_error (4031): "The client was disconnected by the server because of inactivity."\n'
    )
    (event,) = find_error_events([log], NOW)
    (remedy, *_) = diagnose(Case(event))[0].remedies

    assert (None, 728) == (event.idle_seconds, event.silent_seconds)
    assert "or for less" in remedy
    assert "as long as the lost connection was" not in remedy


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("(idled for 900 secs)", 900),
        ("after 3600 seconds of inactivity", 3600),
        ("connection unused for 15 minutes", 900),
        ("idle time: 1,800 s, idle timeout 60 s", 1800),
        ("because inactive for 3600012ms", 3600.012),
        ("was idle for more than 2 hours", 7200),
        ("idle timeout 900 s", None),
        ("max idle 10 s", None),
        ("60 s idle timeout", None),
    ],
)
def test_an_idle_time_is_read_and_a_setting_is_none(words: str, seconds: float | None) -> None:
    (event,) = find_error_events(
        [f"2026-03-01 10:00:00 (2006, 'MySQL server has gone away') {words}".encode()]
    )

    assert seconds == event.idle_seconds


TRACEBACK_WRAPPERS: tuple[Callable[[str, str], str], ...] = (
    lambda clock, line: f"Mar 16 {clock} web1 app[7]: {line}",
    lambda clock, line: f"2024-03-16T{clock}.000000000Z {'stdout' if 'INFO' in line else 'stderr'} F {line}",
    lambda clock, line: f"api-1  | 2024-03-16T{clock}.000000000Z {line}",
    lambda clock, line: json.dumps({"log": f"{line}\n", "stream": "stderr", "time": f"2024-03-16T{clock}Z"}),
)


@pytest.mark.parametrize("wrapped", TRACEBACK_WRAPPERS)
@pytest.mark.parametrize("served", ["INFO served", "[2024-03-16 08:11:21 +0000] [7] [INFO] served"])
def test_a_traceback_is_of_the_time_around_it_and_not_of_the_record_before(
    wrapped: Callable[[str, str], str], served: str
) -> None:
    lines = [
        wrapped("08:11:21", served),
        wrapped("17:11:22", "Traceback (most recent call last):"),
        wrapped("17:11:22", "MySQLdb.OperationalError: (2006, 'MySQL server has gone away')"),
    ]
    (event,) = find_error_events(["\n".join(lines).encode()], NOW)

    assert event.timestamp is not None
    assert "03-16T17:11:22" == event.timestamp.iso[5:19]
    assert 32_401 == event.silent_seconds


def test_a_traceback_that_a_logger_announces_keeps_the_time_of_the_logger() -> None:
    log = (
        "Mar 16 08:11:21 web1 app[7]: 2024-03-16 08:11:20,100 INFO served\n"
        "Mar 16 17:11:23 web1 app[7]: 2024-03-16 17:11:22,900 ERROR request\n"
        "Mar 16 17:11:24 web1 app[7]: Traceback (most recent call last):\n"
        "Mar 16 17:11:24 web1 app[7]: MySQLdb.OperationalError: (2006, 'MySQL server has gone away')\n"
    )
    (event,) = find_error_events([log.encode()], NOW)

    assert event.timestamp is not None
    assert "2024-03-16T17:11:22.900" == event.timestamp.iso


def test_a_silence_in_two_time_zones_is_by_the_clock_on_the_wall() -> None:
    log = (
        b'time="2026-03-01T16:42:08+08:00" level=trace msg="saved"\n'
        b"[mysql] 2026/03/01 17:50:17 connection.go:158: driver: bad connection\n"
    )
    (event,) = find_error_events([log], NOW)

    assert 4089 == event.silent_seconds


def test_a_silence_before_a_piece_of_work_counts_for_all_of_it() -> None:
    log = (
        "2026-03-01 19:40:02 GET /a 200\n2026-03-02 09:14:51 POST /b\n2026-03-02 09:14:51 routing\n"
        "2026-03-02 09:14:52 ERROR (2006, 'MySQL server has gone away')\n"
    )
    (event,) = find_error_events([log.encode()], NOW)
    (started,) = find_error_events([log.replace("routing", "app started").encode()], NOW)

    assert 48_889 == event.silent_seconds
    assert 1 == started.silent_seconds


@pytest.mark.parametrize("name", ["pymysql was sending", "php could not send"])
def test_a_client_that_was_sending_met_an_idle_limit_or_one_of_size(name: str) -> None:
    first, second, *_ = findings_of(name)

    assert {Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE} == {first, second}


def test_a_proxy_that_logs_no_year_has_that_of_the_session_before() -> None:
    log = "Jan  1 00:00:41 lb1 haproxy[1]: 192.0.2.20:5 [31/Dec/2019:23:59:41.002] mysql galera/pxc1 1/0/60012 99 cD 3/3/2/0/0 0/0\n"
    (event,) = find_error_events([log.encode()], NOW)

    assert event.timestamp is not None
    assert ("2020-01-01T00:00:41", False) == (event.timestamp.iso, event.timestamp.year_guessed)


def test_two_losses_an_hour_apart_are_two() -> None:
    log = "[mysql] 2026/03/01 08:00:00 packets.go:36: unexpected EOF\n" + "\n".join(
        f't=2026-03-01T0{hour}:00:00+0700 lvl=eror msg="no update" error="invalid connection"'
        for hour in (8, 9)
    )
    events = list(find_error_events([log.encode()], NOW))

    assert [2, 3] == [event.line for event in events]


@pytest.mark.parametrize(
    ("name", "certainty"),
    [
        ("pt-kill names the session of the client", Certainty.CONFIRMED),
        ("pt-kill names the session of another", Certainty.LIKELY),
        ("a watcher names the session that it kills", Certainty.LIKELY),
    ],
)
def test_a_kill_is_confirmed_where_it_is_of_the_clients_own_session(name: str, certainty: Certainty) -> None:
    assert certainty is findings_of(name)[Cause.KILLED].certainty


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a worker that does not connect again", "had a statement answered 5 s before"),
        ("a worker that polls for jobs", "asks for the next job"),
        ("a job that ran until its connection was reset", "An idle limit closes a session"),
        ("a node client that the network left alone", "received no end of the connection"),
    ],
)
def test_a_connection_in_use_or_cut_off_is_at_most_possibly_idle(name: str, words: str) -> None:
    found = findings_of(name)[Cause.IDLE_TIMEOUT]

    assert Certainty.POSSIBLE is found.certainty
    assert words in " ".join((*found.because, *found.against))
    assert "silent for" not in " ".join((*found.because, *found.against))


def test_a_fork_just_before_leaves_an_idle_timeout_at_most_possible() -> None:
    found = findings_of("python multiprocessing fork")

    assert Certainty.LIKELY is found[Cause.FORKED_CONNECTION].certainty
    assert Certainty.POSSIBLE is found[Cause.IDLE_TIMEOUT].certainty


@pytest.mark.parametrize(
    "name", ["a certificate that no authority signed, told twice", "a certificate that python refuses"]
)
def test_a_refused_certificate_is_no_work_of_the_server_or_a_firewall(name: str) -> None:
    found = findings_of(name)

    assert "TLS" in " ".join(found[Cause.UNKNOWN].because)
    assert "openssl s_client" in " ".join(found[Cause.UNKNOWN].remedies)
    assert Certainty.RULED_OUT is found[Cause.IDLE_TIMEOUT].certainty
    assert Cause.SERVER_RESTART not in found


def test_a_stop_by_systemd_ends_every_session() -> None:
    lines = [line for line in ENTRIES["systemd stops a node"] if line[:2] != "? "]
    stop, loss = find_error_events(["\n".join(lines).encode()], NOW)

    assert (Cause.SERVER_RESTART, Certainty.CONFIRMED) == (stop.stated_cause, stop.certainty)
    assert Certainty.LIKELY is diagnose(Case(loss))[0].certainty


def test_a_report_of_a_crash_has_the_silence_of_the_programs_log() -> None:
    lines = [line for line in ENTRIES["a report of a crash, and the program's own log"] if line[:2] != "? "]
    (event,) = find_error_events(["\n".join(lines).encode()], NOW)

    assert 13.5 * 3600 - 60 < (event.silent_seconds or 0.0) < 13.5 * 3600


def test_a_reader_that_stood_still_is_compared_with_net_write_timeout() -> None:
    found = findings_of("a reader that stood still in the middle of a row")

    assert Certainty.LIKELY is found[Cause.NET_WRITE_TIMEOUT].certainty
    assert any("71.9 s" in reason or "72 s" in reason for reason in found[Cause.NET_WRITE_TIMEOUT].because)
