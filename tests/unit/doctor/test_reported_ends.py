"""Ends that another party reports in the same log: the system, a cloud, a proxy, an administrator. Each in its true format."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from goneaway_tui.doctor.diagnosis import Explanation, explain_log
from goneaway_tui.model.cause import Cause, Certainty

NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
LOST = "Lost connection to MySQL server during query"
GONE = "pymysql.err.OperationalError: (2006, 'MySQL server has gone away')"


def explained(*lines: str) -> list[Explanation]:
    return list(explain_log("app.log", ["\n".join(lines).encode()], now=NOW))


def first(explanation: Explanation) -> tuple[Cause, Certainty]:
    finding = explanation.findings[0]
    return finding.cause, finding.certainty


STOPPED = "Nov 23 12:00:26 app1 systemd[1]: Stopping MySQL Community Server..."
FAILOVER = "EVENTS\tfailover,failure\t2026-11-23T12:00:26.811000+00:00\tStarted cross AZ failover to DB instance: shop-2\tshop\tdb-cluster"
RESTARTED = "db1\t2026-11-23T12:00:26.811000+00:00\tDB instance restarted"
PT_KILL = "# 2026-11-23T12:00:26 KILL 48213 (Query 312 sec) SELECT SQL_NO_CACHE p.id FROM products p"
GENERAL_LOG = "2026-11-23T12:00:26.100000Z\t   12 Query\tKILL 48213"
PROXYSQL = "2026-11-23 12:00:26 MySQL_Thread.cpp:1: KILL CONNECTION 48213 on 192.0.2.4:3306"
WINDOWS = "Error,11/23/2026 12:00:26,Service Control Manager,7034,None,The MySQL80 service terminated unexpectedly.  It has done this 1 time(s)."
WINDOWS_STOP = "Information,11/23/2026 12:00:26,Service Control Manager,7036,None,The MariaDB service entered the stopped state."
COMPOSE = "2026-11-23T12:00:26.100000000Z mysql exited with code 0"
GROUP = "2026-11-23T12:00:26.100000Z 0 [System] [MY-011507] [Repl] Plugin group_replication reported: 'A new primary with address db2:3306 was elected. The new primary will execute all previous group transactions.'"


SUDO = "Nov 23 12:00:26 db1 sudo: anna : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/systemctl restart mysql"
DPKG = "2026-11-23 12:00:26 upgrade mysql-server-8.0:amd64 8.0.36-0ubuntu0.22.04.1 8.0.37-0ubuntu0.22.04.3"
KUBELET = 'Nov 23 12:00:26 node-3 kubelet[811]: I1123 12:00:26.100000 811 kuberuntime_container.go:750] "Killing container with a grace period" pod="shop/mysql-0" podUID="5f" containerName="mysql" containerID="containerd://7c" gracePeriod=30'
MHA = "Mon Nov 23 12:00:26 2026 - [info] Starting master failover."
STUNNEL = "2026.11.23 12:00:26 LOG3[5]: transfer: s_poll_wait: TIMEOUTidle exceeded: sending reset"


@pytest.mark.parametrize(
    ("report", "cause"),
    [
        (STOPPED, Cause.SERVER_RESTART),
        (SUDO, Cause.SERVER_RESTART),
        (DPKG, Cause.SERVER_RESTART),
        (KUBELET, Cause.SERVER_RESTART),
        (MHA, Cause.SERVER_RESTART),
        (STUNNEL, Cause.PROXY_OR_FIREWALL),
        (FAILOVER, Cause.SERVER_RESTART),
        (RESTARTED, Cause.SERVER_RESTART),
        (WINDOWS_STOP, Cause.SERVER_RESTART),
        (COMPOSE, Cause.SERVER_RESTART),
        (GROUP, Cause.SERVER_RESTART),
        (WINDOWS, Cause.SERVER_CRASH),
        (PT_KILL, Cause.KILLED),
        (GENERAL_LOG, Cause.KILLED),
        (PROXYSQL, Cause.KILLED),
    ],
)
def test_an_end_that_another_party_reports_explains_the_loss_at_its_time(report: str, cause: Cause) -> None:
    loss = f"2026-11-23 12:00:27 ERROR app: (2013, '{LOST}')"

    assert (cause, Certainty.LIKELY) == first(explained(report, loss)[-1])
    assert (cause, Certainty.LIKELY) == first(
        next(each for each in explained(loss, report) if each.event.is_loss)
    )


@pytest.mark.parametrize(
    "report",
    [
        SUDO.replace("restart", "start"),
        SUDO.replace("restart", "status"),
        SUDO.replace("mysql", "mysql-exporter"),
        DPKG.replace("mysql-server", "mysql-client"),
        KUBELET.replace('containerName="mysql"', 'containerName="mysql-exporter"'),
        WINDOWS.replace("MySQL80", "MySQL Router"),
        STOPPED.replace("MySQL Community Server", "Prometheus MySQL exporter for the server"),
    ],
)
def test_what_starts_a_server_or_ends_another_program_is_no_end_of_it(report: str) -> None:
    loss = f"2026-11-23 12:00:27 ERROR app: (2013, '{LOST}')"

    assert explained(report, loss)[-1].event.end is None


@pytest.mark.parametrize("report", [STOPPED, FAILOVER, PT_KILL, WINDOWS])
def test_an_end_after_the_loss_did_not_cause_it(report: str) -> None:
    loss = f"2026-11-23 12:00:17 ERROR app: (2013, '{LOST}')"
    found = next(each for each in explained(loss, report) if each.event.is_loss)

    assert found.event.end is None


@pytest.mark.parametrize(
    "report", [FAILOVER, RESTARTED, WINDOWS_STOP, COMPOSE, GROUP, PT_KILL, GENERAL_LOG, PROXYSQL]
)
def test_what_ends_sessions_in_order_is_no_error_itself(report: str) -> None:
    assert [] == explained(report)


@pytest.mark.parametrize(
    ("seconds", "code", "words", "found"),
    [
        (28, 2013, LOST, True),
        (29, 2013, LOST, False),
        (36, 2006, "MySQL server has gone away", True),
        (37, 2006, "MySQL server has gone away", False),
    ],
)
def test_a_kill_is_noticed_at_once_by_a_client_that_waits_and_soon_by_others(
    seconds: int,
    code: int,
    words: str,
    found: bool,  # noqa: FBT001
) -> None:
    loss = f"2026-11-23 12:00:{seconds} ERROR app: ({code}, '{words}')"

    assert found is (explained(PT_KILL, loss)[0].event.end is not None)


def test_a_kill_of_the_clients_own_session_is_sure_and_one_of_another_session_is_not_its_end() -> None:
    loss = "2026-11-23 12:00:27 ERROR (conn={}) Socket error: java.sql.SQLNonTransientConnectionException: mariadb.jdbc"

    assert (Cause.KILLED, Certainty.CONFIRMED) == first(explained(PT_KILL, loss.format(48213))[0])
    assert explained(PT_KILL, loss.format(48214))[0].event.end is None


@pytest.mark.parametrize("words", ["KILL QUERY 48213", "CALL mysql.rds_kill_query(48213)"])
def test_the_kill_of_a_statement_ends_no_session(words: str) -> None:
    report = GENERAL_LOG.replace("KILL 48213", words)
    interrupted = "2026-11-23 12:00:27 ERROR app: (1317, 'Query execution was interrupted')"

    assert explained(report, f"2026-11-23 12:00:27 ERROR app: (2013, '{LOST}')")[0].event.end is None
    assert "a statement was killed" in " ".join(explained(report, interrupted)[0].findings[0].because)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 12:00:26 DEBUG sql: INSERT INTO notes VALUES ('KILL 48213')",
        "2026-11-23T12:00:26.1Z\t  12 Query\tSELECT * FROM notes WHERE body LIKE '%Query KILL 48213%'",
        "2026-11-23 12:00:26 INFO shop: killing session 48213 of anna",
        "2026-11-23 12:00:26 INFO shop: backup killed 5 workers",
    ],
)
def test_a_text_about_a_kill_is_no_kill_of_a_session(line: str) -> None:
    loss = "2026-11-23 12:00:27 ERROR (conn=48213) Socket error: java.sql.SQLNonTransientConnectionException: mariadb.jdbc"

    assert explained(line, loss)[-1].event.end is None


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 12:00:26 INFO watchdog: killing mysql thread 48213 after 300 s",
        "2026-11-23 12:00:26 INFO watchdog: Killed connection id: 48213, seen in processlist",
    ],
)
def test_a_script_of_ones_own_reports_a_kill_in_its_own_words(line: str) -> None:
    loss = f"2026-11-23 12:00:27 ERROR app: (2013, '{LOST}')"

    assert explained(line, loss)[-1].event.end is not None


@pytest.mark.parametrize(("milliseconds", "found"), [("9,000", True), ("3", False)])
def test_what_ended_before_a_connection_was_used_last_was_not_its_end(milliseconds: str, found: bool) -> None:  # noqa: FBT001
    loss = (
        "2026-11-23 12:00:32 ERROR com.mysql.cj.jdbc: Communications link failure The last packet successfully received from the server "
        f"was {milliseconds} milliseconds ago. The last packet sent successfully to the server was {milliseconds} milliseconds ago."
    )

    assert found is (explained(GENERAL_LOG, loss)[-1].event.end is not None)
    assert found is (explained(PROXY_END.replace("11:30:11", "12:00:26"), loss)[-1].event.end is not None)


PROXY_END = (
    "2026/11/23 11:30:11 [info] 31#31: *1182 connection timed out (110: Connection timed out) while proxying connection, client: 192.0.2.5, "
    'server: 0.0.0.0:3306, upstream: "192.0.2.9:3306", bytes from/to client:1203/5011, bytes from/to upstream:5011/1203'
)


@pytest.mark.parametrize(("last_used", "found"), [("11:20:11", True), ("11:32:11", False)])
def test_a_proxy_that_timed_a_session_out_since_its_last_use_ended_it(last_used: str, found: bool) -> None:  # noqa: FBT001
    used = f"2026/11/23 {last_used} web.go:1: completed GET /api"
    loss = "2026/11/23 11:34:50 web.go:2: [mysql] packets.go:37: unexpected EOF"
    (explanation,) = explained(*sorted((PROXY_END, used, loss)))

    assert found is (explanation.event.end is not None)
    assert found is (first(explanation) == (Cause.PROXY_OR_FIREWALL, Certainty.LIKELY))


def test_a_server_that_stopped_while_the_client_was_silent_ended_its_session() -> None:
    used, loss = "2026-11-23 11:00:00 INFO app: done", f"2026-11-23 14:00:00 ERROR app: {GONE}"
    found = explained(used, STOPPED, loss)[-1]

    assert (Cause.SERVER_RESTART, Certainty.LIKELY) == first(found)
    assert explained(STOPPED, used.replace("11:", "13:"), loss)[-1].event.end is None


def test_the_times_of_one_log_have_one_year() -> None:
    stop = "Feb 13 12:37:58 db1 mysqld[2210]: 2020-02-13 12:37:58 0 [Note] /usr/sbin/mysqld (initiated by: unknown): Normal shutdown"
    loss = "Feb 13 12:38:12 efa1 php: PHP Warning:  mysqli::query(): MySQL server has gone away in functions.php on line 1061"

    for found in (explained(stop, loss), explained(loss, stop)):
        assert {2020} == {each.event.timestamp.local.year for each in found if each.event.timestamp}
    assert first(explained(stop, loss)[-1]) == (Cause.SERVER_RESTART, Certainty.LIKELY)
    assert explained(stop, loss.replace("Feb 13", "Feb 15"))[-1].year_guessed


def test_times_without_a_zone_are_in_the_zone_that_the_log_names() -> None:
    report = "db1\t2026-11-23T20:00:26.811000+08:00\tDB instance restarted"

    assert (
        first(explained(report, f"2026-11-23 20:00:27 ERROR app: (2013, '{LOST}')")[-1])[0]
        is Cause.SERVER_RESTART
    )


def test_the_end_of_the_clients_own_session_in_the_servers_log_is_sure() -> None:
    ended = (
        "2026-11-23T12:00:26.100000Z 7 [Note] [MY-010914] [Server] Aborted connection 7 to db: 'shop' user: 'app' host: 'web-1' "
        "(The client was disconnected by the server because of inactivity.)."
    )
    loss = "2026-11-23T12:00:27Z ERROR (conn=7) Socket error: java.sql.SQLNonTransientConnectionException: mariadb.jdbc"

    assert (Cause.IDLE_TIMEOUT, Certainty.CONFIRMED) == first(explained(ended, loss)[-1])
    assert Certainty.CONFIRMED is not first(explained(ended, loss.replace("conn=7", "conn=8"))[-1])[1]


# --- What another session shows


def test_a_loss_beside_busy_ones_before_a_refusal_is_no_idle_timeout() -> None:
    """Zabbix: three processes lose their sessions in one instant, and reconnect to nothing."""
    head, refused = (
        "  {}:20240611:031502.88{} [Z3005] query failed: ",
        "[Z3001] connection to database 'zabbix' failed: [2002] Can't connect to local MySQL server through socket '/run/mysqld.sock' (2)",
    )
    lines = (
        head.format(1163, 2) + f"[2013] {LOST} [select taskid from task]",
        head.format(1171, 3) + "[2006] MySQL server has gone away [commit;]",
        f"  1163:20240611:031502.901 {refused}",
    )  # fmt: skip
    found = explained(*lines)

    assert [1, 2, 3] == [each.event.line for each in found]
    assert {Cause.SERVER_RESTART} == {first(each)[0] for each in found}


@pytest.mark.parametrize(("seconds", "ruled_out"), [("04.9", True), ("06.5", False)])
def test_a_dump_of_the_binlog_shorter_than_any_limit_was_given_up_by_its_client(
    seconds: str,
    ruled_out: bool,  # noqa: FBT001
) -> None:
    began = "2026-11-23T08:12:04.412709+08:00 89792184 [Note] Start binlog_dump to master_thread_id(89792184) slave_server(5601), pos(./mysql-bin.240254, 4) with GTID"
    ended = f"2026-11-23T08:12:{seconds}+08:00 89792184 [Note] Aborted connection 89792184 to db: 'unconnected' user: '' host: '192.0.2.66' (Failed on my_net_write())"
    findings = {finding.cause: finding.certainty for finding in explained(began, ended)[0].findings}

    assert ruled_out is (findings[Cause.NET_WRITE_TIMEOUT] is Certainty.RULED_OUT)
    assert findings[Cause.CLIENT_LOST] is Certainty.POSSIBLE


def test_a_client_that_was_sending_explains_the_servers_wait_for_it() -> None:
    load = (
        "$ mysqlimport --local --host=192.0.2.4 etl facts.tsv",
        f"mysqlimport: Error: 2013, {LOST}, when using table: facts",
    )
    server = "2019-09-17T22:41:09.118432Z 311 [Note] Aborted connection 311 to db: 'etl' user: 'loader' host: '192.0.2.30' (Got timeout reading communication packets)"

    assert [Cause.NET_READ_TIMEOUT] * 2 == [first(each)[0] for each in explained(*load, "", server)]
    assert first(explained(load[0].replace(" --local", ""), load[1], "", server)[-1])[0] is Cause.IDLE_TIMEOUT


def test_the_line_that_reports_the_end_is_named() -> None:
    found = explained(
        "2026-11-23 12:00:24 INFO app: done", PT_KILL, f"2026-11-23 12:00:27 ERROR app: (2013, '{LOST}')"
    )

    assert (
        "The same log (line 2) reports that a session was killed at that time."
        in found[0].findings[0].because
    )


# --- Clocks of two zones, and ends without a time


CRASH_AHEAD = "261123 14:00:26 [ERROR] mysqld got signal 11 ;"
SQLX = "2026-11-23T12:00:26.118Z ERROR api: error=error communicating with database: expected to read 4 bytes, got 0 bytes at EOF"


def test_a_crash_by_the_clock_of_another_zone_explains_the_loss_of_its_second() -> None:
    loss = explained(SQLX, "$ docker logs mariadb", CRASH_AHEAD)[0]

    assert (Cause.SERVER_CRASH, Certainty.LIKELY) == first(loss)
    assert any("Its clock differs by 2 h" in reason for reason in loss.findings[0].because)


@pytest.mark.parametrize(
    "crash",
    [
        CRASH_AHEAD.replace("14:00:26", "14:00:31"),
        CRASH_AHEAD.replace("14:00:26", "14:07:26"),
        "2026-11-23T14:00:26Z 0 [ERROR] mysqld got signal 11 ;",
    ],
)
def test_a_crash_at_no_whole_offset_or_with_a_zone_of_its_own_is_of_another_time(crash: str) -> None:
    assert first(explained(SQLX, "", crash)[0])[0] is not Cause.SERVER_CRASH


def test_two_offsets_of_one_log_move_no_end() -> None:
    later = SQLX.replace("12:00:26", "12:30:26")
    losses = explained(SQLX, later, "", CRASH_AHEAD)[:2]

    assert first(losses[1])[0] is not Cause.SERVER_CRASH


def test_a_packet_that_the_server_refused_explains_a_loss_of_that_second_only() -> None:
    refused = "2026-11-23T10:53:33.412881Z 3783 [Note] Aborted connection 3783 to db: 'ido' user: 'ido' host: 'm1' (Got a packet bigger than 'max_allowed_packet' bytes)"
    loss = '[2026-11-23 12:53:33 +0200] critical/IdoMysqlConnection: Error "MySQL server has gone away" when executing query "DELETE FROM a"'

    assert (Cause.PACKET_TOO_LARGE, Certainty.LIKELY) == first(explained(loss, refused)[0])
    other_time = loss.replace("12:53:33", "12:53:43")
    assert first(explained(other_time, refused)[0])[0] is Cause.IDLE_TIMEOUT


UNDATED = f"ERROR 2013 (HY000) at line 1: {LOST}"
OOM_LISTED = ("$ kubectl get pods", "mysql-0   0/1   OOMKilled   1   9d")


def test_a_crash_beside_an_error_without_a_time_makes_it_likely() -> None:
    near = explained("sending the schema", UNDATED, "", *OOM_LISTED)
    far = explained("sending the schema", UNDATED, *[""] * 60, *OOM_LISTED)

    assert [(Cause.SERVER_CRASH, Certainty.LIKELY)] == [first(each) for each in near if each.event.is_loss]
    assert [Cause.SERVER_CRASH] != [first(each)[0] for each in far if each.event.is_loss]


DBT = (
    "02:40:03  dbt adapter: opened mysql connection id={} host=db1",
    *(f"02:4{minute}:03  {minute} of 9 START sql table model" for minute in range(1, 9)),
    f"03:10:08    2013 (HY000): {LOST}",
    "",
    "# 2026-11-23T03:10:{} KILL 48213 (Query 1805 sec) create table m as select 1",
)


@pytest.mark.parametrize("second", ["08", "40"])
def test_a_kill_of_the_session_that_a_log_names_as_its_own_needs_no_date(second: str) -> None:
    head, *lines, report = DBT
    own, other = (explained(head.format(session), *lines, report.format(second))[0] for session in (48213, 9))

    assert first(own)[0] is Cause.KILLED
    assert Certainty.CONFIRMED is not first(other)[1]
    assert Cause.KILLED is not first(other)[0]


def test_a_kill_in_the_second_of_an_error_with_a_clock_and_no_date() -> None:
    _head, *lines, report = DBT

    assert (Cause.KILLED, Certainty.LIKELY) == first(explained(*lines, report.format("08"))[0])
    assert first(explained(*lines, report.format("40"))[0])[0] is not Cause.KILLED


WINDOWS_ENTRY = (
    "TimeCreated  : 11/23/2026 12:00:{}\nProviderName : {}\nId           : {}\nMessage      : {}\n"
)
DOTNET = """Application: Billing.exe
               Description: The process was terminated due to an unhandled exception.
               Exception Info: System.IO.EndOfStreamException
                  at MySql.Data.MySqlClient.MySqlStream.ReadFully(System.IO.Stream, Byte[], Int32, Int32)
                  at MySql.Data.MySqlClient.MySqlStream.LoadPacket()

               Exception Info: MySql.Data.MySqlClient.MySqlException
                  at MySql.Data.MySqlClient.MySqlCommand.ExecuteReader(System.Data.CommandBehavior)"""


def test_events_of_windows_are_read_with_the_newest_first() -> None:
    message = "The MySQL80 service terminated unexpectedly.  It has done this 1 time(s)."
    entries = [
        WINDOWS_ENTRY.format("27", ".NET Runtime", 1026, DOTNET),
        WINDOWS_ENTRY.format("26", "Service Control Manager", 7034, message),
    ]
    for ordered in (entries, entries[::-1]):
        found = explained(*"\n".join(ordered).splitlines())
        losses = [each for each in found if each.event.is_loss]

        assert len(found) == 2
        assert [(Cause.SERVER_CRASH, Certainty.LIKELY)] == [first(each) for each in losses]
        assert ".NET MySql.Data" == losses[0].event.client.name


def test_the_end_of_another_stream_is_no_error_of_mysql() -> None:
    other = DOTNET.replace("MySql.Data.MySqlClient.MySql", "Contoso.Billing.")

    assert [] == explained(*WINDOWS_ENTRY.format("27", ".NET Runtime", 1026, other).splitlines())


# --- The settings of a proxy, pasted beside the log


SILENT = (
    "2026-11-23 11:28:26 INFO app: request served",
    f"2026-11-23 12:00:26 ERROR app: {GONE}",
)


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        (["12:    timeout client  30m", "14:    timeout server  30m"], Cause.PROXY_OR_FIREWALL),
        (["    timeout server 1800000"], Cause.PROXY_OR_FIREWALL),
        (["    proxy_timeout 10m;"], Cause.PROXY_OR_FIREWALL),
        (["      idle_timeout: 900s"], Cause.PROXY_OR_FIREWALL),
        (["| mysql-wait_timeout | 600000 |"], Cause.PROXY_OR_FIREWALL),
        (["    timeout connect 5s"], Cause.IDLE_TIMEOUT),
        (["    timeout client 8h"], Cause.IDLE_TIMEOUT),
        (["    timeout client 30m", "    timeout tunnel 4h"], Cause.IDLE_TIMEOUT),
        (["    timeout client 50s", "listen mysql", "    timeout client 4h"], Cause.IDLE_TIMEOUT),
        (["    timeout client 30m", "wait_timeout\t600"], Cause.IDLE_TIMEOUT),
    ],
)
def test_a_stated_idle_limit_of_a_proxy_below_the_silence_comes_first(
    settings: list[str], cause: Cause
) -> None:
    assert (cause, Certainty.LIKELY) == first(explained(*SILENT, "", *settings)[0])


def test_the_proxys_figure_is_named() -> None:
    loss = explained(*SILENT, "", "timeout client 30m")[0]

    assert any("HAProxy: timeout client" in reason for reason in loss.findings[0].because)


# --- What proves that an end was that of the error's session

AT = "2026-11-23 12:00:26"
RESET = "2026-11-23 12:00:27 ERROR (conn={}) Connection reset: mariadb.jdbc"
ANY_LOSS = f"2026-11-23 12:00:27 ERROR app: (2013, '{LOST}')"
KILL_12 = "2026-11-23T12:00:26.100000Z\t    9 Query\tKILL 12"


def is_confirmed(*lines: str) -> bool:
    return first(explained(*lines)[-1])[1] is Certainty.CONFIRMED


def test_an_end_of_a_session_that_the_process_had_before_proves_nothing_of_the_one_it_lost() -> None:
    named = "2026-11-23 12:00:20 INFO app connection_id()=7"

    assert not is_confirmed(
        named, PT_KILL.replace("48213", "7"), RESET.format(5).replace("(conn", "app (conn")
    )


@pytest.mark.parametrize(
    "words",
    [
        "INFO login failed for user: KILL 48213",
        'INFO GET / ua="KILL 48213"',
        "WARN could not KILL 48213: Unknown thread id: 48213",
        "INFO guard: dry run: KILL 48213",
        "INFO mysql guard: would KILL 48213",
        "INFO sudo: anna : COMMAND=/bin/kill -s KILL 48213",
        "INFO mysql supervisor: sending signal KILL 48213",
        "INFO chat: user 4 wrote: KILL 48213",
        "INFO postgres: connection 12 KILL 48213",
    ],
)
def test_a_text_of_another_program_about_a_kill_ends_no_session(words: str) -> None:
    assert explained(f"{AT} {words}", RESET.format(48213))[-1].event.end is None
    assert explained(f"{AT} {words}", ANY_LOSS)[-1].event.end is None


def test_a_free_text_about_a_kill_is_likely_at_most() -> None:
    found = explained(f"{AT} INFO mysql watchdog: KILL 48213", RESET.format(48213))[-1]

    assert (Cause.KILLED, Certainty.LIKELY) == first(found)


@pytest.mark.parametrize(("seconds", "proven"), [(25, False), (26, True), (27, True)])
def test_an_end_after_the_error_does_not_prove_it(seconds: int, proven: bool) -> None:  # noqa: FBT001
    loss = RESET.format(48213).replace(":27 ", f":{seconds} ")

    assert proven is (
        first(next(e for e in explained(loss, PT_KILL) if e.event.is_loss))[1] is Certainty.CONFIRMED
    )


def test_a_client_that_gave_up_waiting_was_not_surely_killed() -> None:
    loss = (
        "2026-11-23 12:00:27 ERROR (conn=48213) Socket error: java.sql.SQLNonTransientConnectionException: mariadb.jdbc "
        "java.net.SocketTimeoutException: Read timed out"
    )

    assert not is_confirmed(PT_KILL, loss)


ABORTED = (
    "Nov 23 12:00:20 {} mysqld[9]: 2026-11-23T12:00:20.100000Z 12 [Note] [MY-010914] [Server] Aborted connection 12 to db: 'shop' user: 'app' "
    "host: 'web-1' (The client was disconnected by the server because of inactivity.)."
)
ON_DB1 = "Nov 23 12:00:27 app1 app[3]: ERROR (conn=12) Connection reset: mariadb.jdbc host=db1"


@pytest.mark.parametrize(("server", "proven"), [("db1", True), ("db2", False)])
def test_a_session_of_another_server_has_the_same_id(server: str, proven: bool) -> None:  # noqa: FBT001
    assert proven is is_confirmed(ABORTED.format(server), ON_DB1)


def test_the_id_alone_is_no_proof_where_the_server_is_not_known() -> None:
    assert is_confirmed(KILL_12, RESET.format(12))
    assert not is_confirmed(KILL_12, f"{RESET.format(12)} host=db1")
    other = ABORTED.format("db3").replace("12 [Note]", "13 [Note]").replace("connection 12", "connection 13")
    unnamed = ON_DB1.removesuffix(" host=db1")
    assert is_confirmed(ABORTED.format("db1"), unnamed)
    assert not is_confirmed(other, ABORTED.format("db1"), unnamed)


@pytest.mark.parametrize(
    "loss",
    [
        f"(2013, '{LOST}') [SQL: SELECT * FROM links WHERE connection_id()=12]",
        f"(2013, '{LOST}') [SQL: SELECT * FROM links WHERE connection_id=12]",
        f"ws Connection id: 12 closed; (2013, '{LOST}')",
    ],
)
def test_an_id_in_a_statement_or_of_another_connection_is_not_the_sessions(loss: str) -> None:
    found = explained(KILL_12, f"2026-11-23 12:00:27 ERROR app: {loss}")[-1]

    assert found.event.session_id is None
    assert first(found)[1] is not Certainty.CONFIRMED


def test_the_id_of_a_connection_of_another_kind_is_not_the_processs_session() -> None:
    interrupted = "2026-11-23 12:00:27 ERROR app (1317, 'Query execution was interrupted')"

    assert not is_confirmed(
        "2026-11-23 12:00:20 INFO app http conn id 12 accepted",
        KILL_12.replace("KILL", "KILL QUERY"),
        interrupted,
    )


@pytest.mark.parametrize(
    "words",
    [
        "INFO ticket 12: The MySQL80 service terminated unexpectedly, please help",
        "INFO slack bot: anna wrote: mysql-0   0/1   OOMKilled",
    ],
)
def test_a_text_that_quotes_the_end_of_a_server_is_no_error(words: str) -> None:
    assert [] == explained(f"{AT} {words}")


def test_each_of_many_killed_sessions_is_known_by_its_id() -> None:
    kills = [PT_KILL.replace("48213", str(number)) for number in range(1, 101)]
    losses = [RESET.format(number) for number in range(1, 101)]

    assert {(Cause.KILLED, Certainty.CONFIRMED)} == set(map(first, explained(*kills, *losses)))


@pytest.mark.parametrize(
    ("time", "seconds"), [("88123", None), ("8812", None), ("312 s", 312.0), ("0:05:12", 312.0)]
)
def test_a_number_is_a_duration_only_with_its_unit(time: str, seconds: float | None) -> None:
    found = explained(f"2026-11-23 12:00:27 ERROR app: query failed for {time}: (2013, '{LOST}')")[-1]

    assert found.event.waited_seconds == seconds
