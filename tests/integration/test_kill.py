"""`goneaway-tui kill` on real servers: whom it kills, whom it spares, what it writes, and pt-kill beside it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest

from goneaway_tui.judge import Step, track
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal, Phase
from goneaway_tui.tune.kill_rules import KillEvent, KillPass, choose_victims, kill_filter
from tests.integration.conftest import StartServer
from tests.integration.test_topology import follow
from tests.schemas import check
from tests.servers.private import NAMES, RealServer, home_of_servers
from tests.unit.cli.test_run import ROOT, run
from tests.waiting import PATIENCE, comes_true, patience_with

JOURNAL = ".local/state/goneaway-tui/journal.jsonl"
NOBODY = "mysql://root@127.0.0.1:1/"


USERS = ("app", "etl", "boss")


@pytest.fixture(scope="module", params=NAMES)
def prepared_server(request: pytest.FixtureRequest, start_module_server: StartServer) -> RealServer:
    return prepared(start_module_server(request.param, "--max-connections=1200"))


@pytest.fixture
def server(prepared_server: RealServer) -> Iterator[RealServer]:
    """A server with a database, a table, and accounts of applications without a session."""
    with closing(prepared_server.connect()) as connection, connection.cursor() as cursor:
        theirs = f"SELECT 1 FROM information_schema.processlist WHERE user IN {USERS}"
        comes_true(lambda: not cursor.execute(theirs))
    yield prepared_server
    with closing(prepared_server.connect()) as connection:
        query(connection, "DROP USER IF EXISTS looker@'%'")
        for service in PROCEDURES.values():
            for procedure in service:
                query(connection, f"DROP PROCEDURE IF EXISTS {procedure}")


def prepared(server: RealServer) -> RealServer:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for statement in (
            "CREATE DATABASE shop",
            "CREATE TABLE shop.cart (id INT PRIMARY KEY) ENGINE=InnoDB",
            *(f"CREATE USER {user}@'%' IDENTIFIED BY ''" for user in USERS),
            *(f"GRANT ALL ON shop.* TO {user}@'%'" for user in USERS),
        ):
            cursor.execute(statement)
    return server


@contextmanager
def sessions_of(server: RealServer, user: str, number: int, **options: Any) -> Iterator[list[Any]]:
    """So many idle sessions of an account; those that were killed are closed without a word."""
    with ExitStack() as stack:
        opened = []
        for _ in range(number):
            connection: Any = server.connect(user=user, database="shop", **options)
            stack.callback(connection._force_close)
            opened.append(connection)
        yield opened


def ids(connections: list[Any]) -> set[int]:
    return {connection.thread_id() for connection in connections}


def listed(server: RealServer) -> set[int]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist")
        return {int(row[0]) for row in cursor.fetchall()}


def query(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def running(connection: Any, statement: str) -> Iterator[list[BaseException]]:
    """Run a statement in a thread of its own; what it ended with is in the list then."""
    ended: list[BaseException] = []

    def go() -> None:
        try:
            query(connection, statement)
        except (pymysql.Error, AttributeError) as error:
            ended.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield ended
    finally:
        with suppress(OSError, AttributeError):
            connection._sock.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


def idle_for(server: RealServer, connections: list[Any], seconds: int) -> None:
    """Wait until all of them have been idle for so long; the server counts the turns of its second, so one more is waited for."""
    wanted = ids(connections)

    def are_idle() -> bool:
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE command = 'Sleep' AND time > %s",
                (seconds,),
            )
            return wanted <= {int(row[0]) for row in cursor.fetchall()}

    comes_true(are_idle)


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for event in found:
        check("kill", event)
    return found


def killed_by_us(home: Path, server: RealServer, match: str, *arguments: str) -> list[dict[str, Any]]:
    return events(run(home, "kill", server.dsn, f"--match={match}", "--format=json", *arguments))


# --- Once


def test_a_dry_run_lists_and_the_kill_ends_the_same_sessions(server: RealServer, tmp_path: Path) -> None:
    with sessions_of(server, "app", 4) as leaky, sessions_of(server, "etl", 1) as other:
        query(leaky[3], "BEGIN")
        query(leaky[3], "INSERT INTO cart VALUES (1)")
        idle_for(server, leaky, 1)
        match = "user:app idle>500ms -trx:yes"
        dry = killed_by_us(tmp_path, server, match)
        assert not (tmp_path / JOURNAL).exists()
        done = killed_by_us(tmp_path, server, match, "--apply")

        assert [("match", None)] * 3 == [(event["event"], event["why"]) for event in dry]
        assert ["killed"] * 3 == [event["event"] for event in done]
        assert ids(leaky[:3]) == {event["id"] for event in dry} == {event["id"] for event in done}
        assert [f"KILL {event['id']}" for event in done] == [event["statement"] for event in done]
        comes_true(lambda: not ids(leaky[:3]) & listed(server))
        assert ids([leaky[3], *other]) <= listed(server)
    acts = Journal(tmp_path / JOURNAL, time.time).read().acts
    assert [Phase.DONE] * 3 == [act.entry.phase for act in acts]
    assert all(act.attempted is not None for act in acts)


def test_only_the_statement_is_killed(server: RealServer, tmp_path: Path) -> None:
    with sessions_of(server, "app", 2) as (busy, idle), running(busy, "SELECT SLEEP(1000)") as ended:
        comes_true(lambda: killed_by_us(tmp_path, server, "user:app running>200ms", "--query"))
        done = run(tmp_path, "kill", server.dsn, "--match=user:app", "--query", "--apply")

        assert 0 == done.returncode, done.stderr
        assert done.stdout.startswith(f"killed  KILL QUERY {busy.thread_id()}  app@")
        comes_true(lambda: ended or not killed_by_us(tmp_path, server, "user:app", "--query"))
        assert ids([busy, idle]) <= listed(server)


def test_statuses_say_what_was_found(server: RealServer, tmp_path: Path) -> None:
    with sessions_of(server, "app", 3) as leaky:
        nobody = run(tmp_path, "kill", server.dsn, "--match=user:nobody", "--apply")
        many = run(tmp_path, "kill", server.dsn, "--match=user:app", "--max=2", "--apply")
        listed_only = run(tmp_path, "kill", server.dsn, "--match=user:app", "--max=2")
        unreached = run(tmp_path, "kill", NOBODY, "--match=user:app", "--apply")

        assert (1, "", "goneaway-tui: no session matches\n") == (
            nobody.returncode,
            nobody.stdout,
            nobody.stderr,
        )
        assert (2, "") == (many.returncode, many.stdout)
        assert "3 sessions match, more than --max=2: no session is killed" in many.stderr
        assert 3 == len(listed_only.stdout.splitlines())
        assert (2, many.stderr) == (listed_only.returncode, listed_only.stderr)
        assert (3, "") == (unreached.returncode, unreached.stdout)
        assert ids(leaky) <= listed(server)


def test_rules_never_kill_and_read_only_come_from_the_config_file(server: RealServer, tmp_path: Path) -> None:
    folder = tmp_path / ".config/goneaway-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        'never_kill = ["boss"]\n'
        f'[servers.a]\nhost = "127.0.0.1"\nport = {server.port}\nuser = "root"\n'
        f'[servers.safe]\nhost = "127.0.0.1"\nport = {server.port}\nuser = "root"\nread_only = true\n'
        '[rules.leaky]\nmatch = "db:shop command:sleep"\nmax = 2\n'
    )
    with sessions_of(server, "boss", 2) as boss, sessions_of(server, "app", 2) as leaky:
        safe = run(tmp_path, "kill", "@safe", "--rule=leaky", "--apply")
        both = run(tmp_path, "kill", "@a", "@safe", "--rule=leaky", "--apply")
        for refused in (safe, both):
            assert (2, "") == (refused.returncode, refused.stdout)
            assert refused.stderr.startswith(
                "goneaway-tui: read-only by ~/.config/goneaway-tui/config.toml line "
            )
        assert ids(leaky) <= listed(server)
        assert 0 == run(tmp_path, "kill", "@safe", "--rule=leaky").returncode

        done = run(tmp_path, "kill", "@a", "--rule=leaky", "--apply", "--format=json")
        assert ids(leaky) == {event["id"] for event in events(done)}
        assert ids(boss) <= listed(server)


def test_a_command_is_run_for_each_kill(server: RealServer, tmp_path: Path) -> None:
    with sessions_of(server, "app", 3) as leaky:
        done = run(
            tmp_path, "kill", server.dsn, "--match=user:app", "--apply", f"--exec=tee -a {tmp_path}/told"
        )
        assert 0 == done.returncode
        told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
        assert ids(leaky) == {event["id"] for event in told}
        assert {"killed"} == {event["event"] for event in told}


PROCEDURES = {
    "RDS": ("mysql.rds_kill", "mysql.rds_kill_query"),
    "Azure": ("mysql.az_kill", "mysql.az_kill_query"),
}
"""What the services give an account that may not run KILL on sessions of others: they run as root does."""


@pytest.mark.parametrize("service", PROCEDURES)
def test_the_procedures_of_a_service_kill_where_the_account_may_not(
    service: str, server: RealServer, tmp_path: Path
) -> None:
    kill_session, kill_query = PROCEDURES[service]
    with closing(server.connect()) as admin:
        for statement in (
            f"CREATE DEFINER=root@localhost PROCEDURE {kill_session}(IN victim BIGINT) KILL victim",
            f"CREATE DEFINER=root@localhost PROCEDURE {kill_query}(IN victim BIGINT) KILL QUERY victim",
            "GRANT PROCESS ON *.* TO boss@'%'",
            f"GRANT EXECUTE ON PROCEDURE {kill_session} TO boss@'%'",
            f"GRANT EXECUTE ON PROCEDURE {kill_query} TO boss@'%'",
        ):
            query(admin, statement)
    with (
        sessions_of(server, "app", 2) as leaky,
        sessions_of(server, "etl", 1) as busy,
        running(busy[0], f"SELECT SLEEP({PATIENCE})"),
    ):
        idle_for(server, leaky, 1)
        dsn = f"mysql://boss@127.0.0.1:{server.port}/"
        done = run(tmp_path, "kill", dsn, "--match=user:app", "--apply", "--format=json")
        assert done.returncode == 0, done.stderr
        assert {f"CALL {kill_session}({number})" for number in ids(leaky)} == {
            event["statement"] for event in events(done) if event["event"] == "killed"
        }
        comes_true(lambda: not listed(server) & ids(leaky))
        comes_true(lambda: killed_queries(run(tmp_path, "kill", dsn, "--match=user:etl -command:sleep",
                                              "--query", "--apply", "--format=json"))
                   == [f"CALL {kill_query}({busy[0].thread_id()})"])  # fmt: skip
        assert ids(busy) <= listed(server)


def killed_queries(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [event["statement"] for event in events(done) if event["event"] == "killed"]


def test_an_account_that_may_not_kill_is_refused_by_the_server(server: RealServer, tmp_path: Path) -> None:
    with closing(server.connect()) as root:
        query(root, "CREATE USER looker@'%' IDENTIFIED BY ''")
        query(root, "GRANT PROCESS ON *.* TO looker@'%'")
    with sessions_of(server, "app", 2) as leaky:
        dsn = server.dsn.replace("root@", "looker@")
        done = run(tmp_path, "kill", dsn, "--match=user:app", "--apply", "--format=json")

        assert 3 == done.returncode
        assert [("refused", True)] * 2 == [(e["event"], "GRANT" in e["why"]) for e in events(done)]
        assert ids(leaky) <= listed(server)


def test_what_the_account_is_not_shown_cannot_be_excluded(mysql97: RealServer, tmp_path: Path) -> None:
    with closing(mysql97.connect()) as root:
        query(root, "CREATE USER blind@'%' IDENTIFIED BY ''")
        try:
            dsn = mysql97.dsn.replace("root@", "blind@")
            done = run(tmp_path, "kill", dsn, "--match=user:blind -trx:yes", "--apply")
            others = run(tmp_path, "kill", dsn, "--match=user:root")
        finally:
            query(root, "DROP USER blind@'%'")

    assert (1, "") == (others.returncode, others.stdout)
    assert "the account cannot see every session, and hidden sessions never match" in others.stderr
    assert (2, "") == (done.returncode, done.stdout)
    assert "the filter excludes sessions by trx, which this account cannot see" in done.stderr


def test_each_of_several_servers_is_named(start_server: StartServer, tmp_path: Path) -> None:
    one, other = (prepared(start_server(name)) for name in NAMES[:2])
    with sessions_of(one, "app", 1) as here, sessions_of(other, "app", 1) as there:
        done = run(
            tmp_path, "kill", one.dsn, other.dsn, NOBODY, "--match=user:app", "--apply", "--format=json"
        )

        assert 3 == done.returncode
        assert {
            (f"127.0.0.1:{one.port}", here[0].thread_id()),
            (f"127.0.0.1:{other.port}", there[0].thread_id()),
        } == {(event["server_name"], event["id"]) for event in events(done)}
        assert "goneaway-tui: 127.0.0.1:1: " in done.stderr


def test_a_full_server_is_relieved(start_server: StartServer, tmp_path: Path) -> None:
    """The connection that reads takes the last place, so the statements run over it."""
    server = prepared(start_server("mariadb1011", "--max-connections=12"))
    with sessions_of(server, "app", 11):
        dsn, match = server.dsn.replace("root@", "app@"), "--match=user:app command:sleep"
        done: list[subprocess.CompletedProcess[str]] = []

        def is_read() -> bool:  # a place is taken for a moment longer than its session
            done.append(run(tmp_path, "kill", dsn, match, "--apply", "--format=json"))
            return done[-1].returncode != 3

        comes_true(is_read)

        assert ["killed"] * 11 == [event["event"] for event in events(done[-1])], done[-1].stderr
        assert "the server gave no second connection" in done[-1].stderr


def test_replicas_and_dump_threads_never_match(start_server: StartServer, tmp_path: Path) -> None:
    options = ("--log-bin", "--event-scheduler=ON")
    source = start_server("mariadb1011", "--server-id=1", *options)
    replica = start_server("mariadb1011", "--server-id=2", *options)
    follow(replica, source)
    comes_true(lambda: "Binlog Dump" in run(tmp_path, "snapshot", source.dsn, "--format=json").stdout)

    for match in ("command~dump", "user=copy", "command=daemon", "user=event_scheduler"):
        assert 1 == run(tmp_path, "kill", source.dsn, f"--match={match}", "--apply").returncode, match
    for match in ('user="system user"', "command~^slave", "state~master", "user=event_scheduler"):
        assert 1 == run(tmp_path, "kill", replica.dsn, f"--match={match}", "--apply").returncode, match


# --- Under churn


SESSIONS, WOKEN = 1000, 150


def test_a_dry_run_and_the_kill_agree_under_churn_except_for_those_that_changed(
    start_server: StartServer, tmp_path: Path
) -> None:
    """1,000 idle sessions are matched. Before and during the kill some run a statement, end, or begin a transaction."""
    server = prepared(start_server("mysql97", "--max-connections=1200"))
    with sessions_of(server, "app", SESSIONS) as crowd:
        idle_for(server, crowd, 1)
        address = Address(host="127.0.0.1", port=server.port, user="root")
        source = LiveSource(address, time.time)
        chosen = kill_filter("user:app idle>1s -trx:yes")
        step: Step = track(source.sample())
        victims = choose_victims(step.snapshot, chosen, (), query=False)
        kill_pass = KillPass(chosen, step, victims, query=False)
        dry = {int(result.verdict.session.id) for result in kill_pass.matches()}
        assert ids(crowd) == dry
        woke, began, left = crowd[:WOKEN], crowd[WOKEN : 2 * WOKEN], crowd[2 * WOKEN : 3 * WOKEN]
        for connection in woke:
            query(connection, "DO 0")
        for connection in began:
            query(connection, "BEGIN")
            query(connection, f"INSERT INTO cart VALUES ({connection.thread_id()})")
        for connection in left:
            connection.close()
        comes_true(lambda: not ids_of_closed(left) & listed(server))
        executor = LiveExecutor(address, time.time, lender=source)
        gate = Gate(executor, Journal(tmp_path / "journal.jsonl", time.time), executor.privileges())
        done = {
            result.verdict.session.id: (result.event, result.why)
            for result in kill_pass.perform(gate, time.time)
        }
        source.close()

    assert dry == set(done)
    changed = ids(woke) | ids(began)
    assert changed == {id_ for id_, (event, _why) in done.items() if event is KillEvent.SPARED}
    assert WOKEN == sum(event is KillEvent.GONE for event, _why in done.values())
    assert SESSIONS - 3 * WOKEN == sum(event is KillEvent.KILLED for event, _why in done.values())
    assert all(why for _event, why in done.values())
    acts = Journal(tmp_path / "journal.jsonl", time.time).read().acts
    assert SESSIONS == len(acts) == sum(act.ended is not None for act in acts)


def ids_of_closed(connections: list[Any]) -> set[int]:
    """The ids of connections, also of closed ones."""
    return {connection.server_thread_id[0] for connection in connections}


# --- Again and again


@contextmanager
def watchman(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-m", "goneaway_tui", "kill", *arguments]
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "tui")},
        ) as process,
        patience_with(process),
    ):
        try:
            yield process
        finally:
            process.terminate()


def test_a_watchman_kills_what_comes_and_survives_a_restart_of_the_server(
    server: RealServer, tmp_path: Path
) -> None:
    arguments = (server.dsn, "--match=user:app idle>500ms", "--apply", "--every=1s", "--format=json")
    with watchman(tmp_path, *arguments) as process:
        assert process.stdout is not None
        for _ in range(2):
            with sessions_of(server, "app", 2) as leaky:
                found = [json.loads(process.stdout.readline()) for _ in range(2)]
                assert ids(leaky) == {event["id"] for event in found}
                assert {"killed"} == {event["event"] for event in found}
            server.stop()
            server.start()
        process.terminate()
        _out, said = process.communicate(timeout=PATIENCE)

    assert 0 == process.returncode, said
    assert "the server answers again" in said
    assert said.endswith("goneaway-tui: 4 sessions were killed\n")


def test_a_watchman_ends_when_its_time_is_over(mysql97: RealServer, tmp_path: Path) -> None:
    done = run(tmp_path, "kill", mysql97.dsn, "--match=user:nobody", "--every=1s", "--for=1500ms", "--apply")

    assert (1, "goneaway-tui: no session matches\n") == (done.returncode, done.stderr)


# --- Beside pt-kill

PT_KILL = home_of_servers() / "bin" / "pt-kill"

PAIRS: dict[str, tuple[str, tuple[str, ...]]] = {
    "idle time": ("command:sleep idle>=2s user=app", ("--match-command", "Sleep", "--idle-time", "1", "--match-user", "^app$")),
    "user": ("user~^ap", ("--match-user", "^ap")),
    "user left out": ("db=shop -user=boss command:sleep", ("--match-db", "^shop$", "--ignore-user", "^boss$", "--match-command", "Sleep")),
    "db": ("db~^shop$ command:sleep", ("--match-db", "^shop$", "--match-command", "Sleep")),
    "command": ("command=query statement~sleep", ("--match-command", "^Query$", "--match-info", "(?i)sleep")),
    "busy time": ("running>=2s user=etl", ("--match-command", "Query", "--busy-time", "1", "--match-user", "etl")),
    "state": ('state~"user sleep"', ("--match-state", "(?i)user sleep")),
    "info": ("statement~^select command:query user:etl", ("--match-info", "(?i)^select", "--match-command", "Query", "--match-user", "etl")),
    "the oldest of each user": ("command:sleep db=shop oldest:1/user", ("--match-command", "Sleep", "--match-db", "shop", "--group-by", "user", "--victims", "oldest")),
    "all but the oldest": ("command:sleep db=shop -oldest:1/user", ("--match-command", "Sleep", "--match-db", "shop", "--group-by", "user", "--victims", "all-but-oldest")),
}  # fmt: skip
"""Our filter, and what pt-kill is told, by the kind of match."""


def pt_kill_command(server: RealServer, *arguments: str) -> list[str]:
    way = ("--host", "127.0.0.1", "--port", str(server.port), "--user", "root")
    return [str(PT_KILL), "--no-version-check", *way, "--run-time", "2s", "--interval", "1", *arguments]


def pt_kill(server: RealServer, *arguments: str) -> set[int]:
    """The ids that pt-kill names in two seconds."""
    done = subprocess.run(
        pt_kill_command(server, *arguments), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert 0 == done.returncode, done.stderr
    return {int(line.split("KILL ")[1].split()[0]) for line in done.stdout.splitlines() if "KILL " in line}


def require_pt_kill() -> None:
    if PT_KILL.exists():
        return
    missing = f"{PT_KILL} is not here: run tests/servers/get percona"
    if os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


@pytest.fixture
def crowded(start_server: StartServer) -> Iterator[RealServer]:
    """Sessions of three accounts: some idle, two that run a statement."""
    require_pt_kill()
    server = prepared(start_server("mariadb1011"))
    with (
        sessions_of(server, "app", 3) as app,
        sessions_of(server, "boss", 2) as boss,
        sessions_of(server, "etl", 3) as etl,
        running(etl[0], "SELECT SLEEP(1000)"),
        running(etl[1], "DO SLEEP(1000)"),
    ):
        idle_for(server, [*app, *boss, etl[2]], 3)
        _wake([*app[1:], *boss[1:]])  # pt-kill counts whole seconds: the oldest are older by some
        idle_for(server, [*app, *boss, etl[2]], 2)
        yield server


def test_it_names_the_victims_that_pt_kill_names(crowded: RealServer, tmp_path: Path) -> None:
    def named(pair: tuple[str, tuple[str, ...]]) -> tuple[set[int], set[int]]:
        match, options = pair
        victims = () if "--victims" in options else ("--victims", "all")
        theirs = pt_kill(crowded, "--print", *victims, *options)
        return theirs, {event["id"] for event in killed_by_us(tmp_path, crowded, match)}

    with ThreadPoolExecutor(len(PAIRS)) as pool:  # each of theirs takes two seconds
        for name, (theirs, ours) in zip(PAIRS, pool.map(named, PAIRS.values()), strict=True):
            assert ours, name
            assert theirs == ours, name


def test_those_that_woke_up_are_killed_by_pt_kill_alone(start_server: StartServer, tmp_path: Path) -> None:
    """Both decide about the same idle sessions; half of them run a statement before the kill."""
    require_pt_kill()
    outcomes = {}
    for name, kill in (("pt-kill", _kill_by_pt_kill), ("ours", _kill_by_us)):
        server = prepared(start_server("mariadb1011"))
        with sessions_of(server, "app", 6) as crowd:
            idle_for(server, crowd, 2)
            kill(server, crowd[:3], tmp_path)
            comes_true(lambda s=server, c=crowd: not ids_of_closed(c[3:]) & listed(s))  # type: ignore[misc]
            outcomes[name] = [bool(ids_of_closed([each]) & listed(server)) for each in crowd]

    assert [False] * 6 == outcomes["pt-kill"]
    assert [True] * 3 + [False] * 3 == outcomes["ours"]


def _kill_by_pt_kill(server: RealServer, woken: list[Any], _home: Path) -> None:
    """It prints each victim, and waits a second before its KILL: time enough to wake up."""
    options = ("--kill", "--print", "--victims", "all", "--match-user", "^app$", "--match-command", "Sleep")
    command = pt_kill_command(server, *options, "--idle-time", "1", "--wait-before-kill", "1")
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process,
        patience_with(process),
    ):
        assert process.stdout is not None
        assert "KILL" in process.stdout.readline()
        _wake(woken)
        process.communicate()


def _kill_by_us(server: RealServer, woken: list[Any], home: Path) -> None:
    address = Address(host="127.0.0.1", port=server.port, user="root")
    with closing(LiveSource(address, time.time)) as source:
        chosen, step = kill_filter("user=app command:sleep idle>=1s"), track(source.sample())
        victims = choose_victims(step.snapshot, chosen, (), query=False)
        assert 6 == len(victims)
        _wake(woken)
        executor = LiveExecutor(address, time.time, lender=source)
        gate = Gate(executor, Journal(home / "journal.jsonl", time.time), executor.privileges())
        list(KillPass(chosen, step, victims, query=False).perform(gate, time.time))


def _wake(connections: list[Any]) -> None:
    for connection in connections:
        with suppress(pymysql.Error, OSError):
            query(connection, "DO 0")
