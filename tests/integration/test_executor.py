"""What the executor does to real servers, and what it says of it; the servers' own word is the truth."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pymysql
import pytest

from goneaway_tui.errors import (
    AccessDenied,
    OutcomeUnknown,
    SourceError,
    TooSlow,
    Unreachable,
    Unsupported,
)
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import KeptValue, Persistence
from goneaway_tui.source import connection as connections
from goneaway_tui.source.executor import ALREADY_GONE, LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.tune.preconditions import SLACK_SECONDS, same_session_problem
from tests.integration.acting import OneByOne
from tests.integration.conftest import StartServer
from tests.integration.relay import Relay
from tests.servers.private import NAMES, Name, RealServer
from tests.waiting import PATIENCE, Stopwatch, comes_true

NOBODY = ProcesslistId(4_000_000_000)
CLAMPED = "Warning 1292: Truncated incorrect wait_timeout value: '32140800'"
TUNABLE = {
    Flavour.MYSQL: (
        "wait_timeout",
        "interactive_timeout",
        "max_allowed_packet",
        "net_read_timeout",
        "net_write_timeout",
        "connect_timeout",
        "max_connections",
        "max_user_connections",
        "max_connect_errors",
        "max_execution_time",
        "lock_wait_timeout",
        "innodb_lock_wait_timeout",
        "log_error_verbosity",
        "thread_cache_size",
    ),
    Flavour.MARIADB: (
        "wait_timeout",
        "interactive_timeout",
        "max_allowed_packet",
        "net_read_timeout",
        "net_write_timeout",
        "connect_timeout",
        "max_connections",
        "max_connect_errors",
        "max_statement_time",
        "lock_wait_timeout",
        "innodb_lock_wait_timeout",
        "log_warnings",
        "thread_cache_size",
        "idle_transaction_timeout",
        "idle_write_transaction_timeout",
        "idle_readonly_transaction_timeout",
    ),
}
PRIVILEGES = {
    Flavour.MYSQL: {
        "nothing": (),
        "variables": ("SYSTEM_VARIABLES_ADMIN",),
        "connections": ("CONNECTION_ADMIN",),
        "both": ("SYSTEM_VARIABLES_ADMIN", "CONNECTION_ADMIN"),
        "super": ("SUPER",),
        "reader": ("PROCESS", "SELECT"),
        "session": ("SESSION_VARIABLES_ADMIN", "SYSTEM_USER"),
        "all": ("ALL PRIVILEGES",),
    },
    Flavour.MARIADB: {
        "nothing": (),
        "variables": ("SUPER",),
        "connections": ("CONNECTION ADMIN",),
        "both": ("SUPER", "CONNECTION ADMIN"),
        "reader": ("PROCESS", "SELECT"),
        "session": ("READ_ONLY ADMIN", "BINLOG ADMIN", "FEDERATED ADMIN", "REPLICATION SLAVE ADMIN"),
        "all": ("ALL PRIVILEGES",),
    },
}


def executor(server: RealServer, user: str = "root") -> OneByOne:
    return OneByOne(Address("127.0.0.1", server.port, user), time.time)


def run(server: RealServer, *statements: str, **options: Any) -> list[tuple[Any, ...]]:
    """What the last one brought."""
    rows: list[tuple[Any, ...]] = []
    with closing(server.connect(autocommit=True, **options)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            rows = list(cursor.fetchall())
    return rows


def value_of(server: RealServer, name: str) -> Any:
    return run(server, f"SELECT @@GLOBAL.{name}")[0][0]


def account(server: RealServer, user: str, *privileges: str) -> str:
    run(
        server,
        f"DROP USER IF EXISTS '{user}'@'%'",
        f"CREATE USER '{user}'@'%'",
        *(f"GRANT {privilege} ON *.* TO '{user}'@'%'" for privilege in privileges),
    )
    return user


@contextmanager
def opened_connection(server: RealServer, user: str = "root") -> Iterator[Any]:
    """Somebody's session, however it ends."""
    connection: Any = server.connect(user=user, autocommit=True)
    try:
        yield connection
    finally:
        connection._force_close()


def id_of(connection: Any) -> ProcesslistId:
    return ProcesslistId(connection.thread_id())


@contextmanager
def kept_as_it_was(server: RealServer, *names: str) -> Iterator[None]:
    before = {name: value_of(server, name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            run(server, f"SET GLOBAL {name} = {value!r}")


# --- Setting


def test_value_of_more_than_a_year_is_clamped_and_reported(any_server: RealServer) -> None:
    with kept_as_it_was(any_server, "wait_timeout"):
        kept = executor(any_server).set_global("wait_timeout", 32140800, Persistence.GLOBAL)

        assert KeptValue("SET GLOBAL wait_timeout = 32140800", 31536000, (CLAMPED,)) == kept
        assert 31536000 == value_of(any_server, "wait_timeout")


def test_what_fits_is_kept_without_a_word_also_after_a_warning(any_server: RealServer) -> None:
    """MariaDB shows the last statement's warnings again, where nobody looked at the count first."""
    with kept_as_it_was(any_server, "wait_timeout"):
        acting = executor(any_server)
        acting.set_global("wait_timeout", 32140800, Persistence.GLOBAL)

        assert KeptValue("SET GLOBAL wait_timeout = 600", 600) == acting.set_global(
            "wait_timeout", 600.0, Persistence.GLOBAL
        )


def test_every_warning_is_reported(any_server: RealServer) -> None:
    with kept_as_it_was(any_server, "max_allowed_packet"):
        kept = executor(any_server).set_global("max_allowed_packet", 1500, Persistence.GLOBAL)

    assert 1024 == kept.value
    assert [1292, 1708] == [int(each.split()[1].rstrip(":")) for each in kept.warnings]


def test_a_strict_server_cuts_as_well_instead_of_refusing(start_server: StartServer) -> None:
    for name in NAMES:
        server = start_server(name, "--sql-mode=TRADITIONAL")

        assert 31536000 == executor(server).set_global("wait_timeout", 32140800, Persistence.GLOBAL).value


def test_a_fraction_of_a_second_is_kept(mariadb1011: RealServer, mariadb118: RealServer) -> None:
    for server in (mariadb1011, mariadb118):
        with kept_as_it_was(server, "max_statement_time"):
            kept = executor(server).set_global("max_statement_time", 0.5, Persistence.GLOBAL)

            assert KeptValue("SET GLOBAL max_statement_time = 0.5", 0.5) == kept


@pytest.mark.parametrize(
    "name", ["wait_timeout = 1, GLOBAL net_read_timeout", "Wait_Timeout", "", "wait-timeout", "a b", "x\n"]
)
def test_invalid_name_reaches_no_server(name: str, mysql97: RealServer) -> None:
    for act in (
        lambda: executor(mysql97).set_global(name, 5, Persistence.GLOBAL),
        lambda: executor(mysql97).probe(name),
    ):
        with pytest.raises(Unsupported, match="is not a variable name"):
            act()


@pytest.mark.parametrize("name", ["no_such_variable", "version"])
def test_variable_that_cannot_be_set_is_distinguished_from_a_broken_server(
    name: str, any_server: RealServer
) -> None:
    with pytest.raises(Unsupported, match=f"no variable {name}"):
        executor(any_server).set_global(name, 5, Persistence.GLOBAL)


def test_variable_that_needs_a_restart_is_refused_with_that_hint(mariadb1011: RealServer) -> None:
    """MariaDB started without max_user_connections never takes one."""
    assert "restart" in executor(mariadb1011).variable_state("max_user_connections").why_not_settable
    with pytest.raises(SourceError, match="1290") as refused:
        executor(mariadb1011).set_global("max_user_connections", 5, Persistence.GLOBAL)

    assert "restart" in refused.value.hint


def test_a_limit_that_stops_every_statement_can_still_be_undone(any_server: RealServer) -> None:
    server = any_server
    variable, tiny = (
        ("max_execution_time", 1) if server.flavour is Flavour.MYSQL else ("max_statement_time", 0.000_001)
    )
    acting = executor(server)
    before = acting.variable_state(variable).variable.value
    acting.set_global(variable, tiny, Persistence.GLOBAL)
    for _ in range(20):
        acting.variable_state(variable)
    assert before is not None

    assert before == acting.set_global(variable, before, Persistence.GLOBAL).value


@pytest.mark.parametrize("name", NAMES)
def test_a_read_only_server_is_tuned_all_the_same(name: Name, start_server: StartServer) -> None:
    server = start_server(name)
    run(server, "SET GLOBAL read_only = ON")
    if server.flavour is Flavour.MYSQL:
        run(server, "SET GLOBAL super_read_only = ON")
    needed = PRIVILEGES[server.flavour]["both"]
    acting = executor(
        server, account(server, "tuner", *needed) if server.flavour is Flavour.MARIADB else "root"
    )

    assert acting.privileges().can_set
    assert 600 == acting.set_global("wait_timeout", 600, Persistence.GLOBAL).value
    with opened_connection(server) as victim:
        assert acting.kill(id_of(victim)).warnings == ()


# --- Where a value stands


def test_compiled_value_is_shown_in_full(start_server: StartServer) -> None:
    for name in NAMES:
        server = start_server(name)
        stands = executor(server).variable_state("max_allowed_packet")

        assert (1024, 1073741824, "compiled", 1024) == (
            stands.variable.min,
            stands.variable.max,
            stands.variable.set_by,
            stands.block_size,
        )
        assert stands.default == stands.variable.value == value_of(server, "max_allowed_packet")
        assert (None, None, None, None) == (
            stands.path,
            stands.set_by_account,
            stands.set_at,
            stands.persisted,
        )


def test_reading_a_variable_changes_nothing(start_server: StartServer) -> None:
    """On MySQL a mere SET SESSION marks a variable as set at run time, by whoever ran it."""
    server = start_server("mysql97")
    acting = executor(server)
    acting.privileges()
    acting.find(NOBODY)
    acting.probe("wait_timeout")
    acting.kill(NOBODY)

    assert {"compiled", "file"} == {
        acting.variable_state(name).variable.set_by
        for name in ("wait_timeout", "max_execution_time", "lock_wait_timeout", "log_error_verbosity")
    }


def test_mysql_reports_the_user_that_set_a_value_and_the_time(mysql97: RealServer) -> None:
    with kept_as_it_was(mysql97, "net_read_timeout"):
        acting = executor(mysql97)
        began = time.time()
        acting.set_global("net_read_timeout", 44, Persistence.GLOBAL)
        stands = acting.variable_state("net_read_timeout")

    assert (44, "dynamic", "root@localhost") == (
        stands.variable.value,
        stands.variable.set_by,
        stands.set_by_account,
    )
    assert stands.set_at is not None
    assert began - 1 < stands.set_at < time.time() + 1


def test_a_default_is_known_where_the_value_is_another(mariadb118: RealServer) -> None:
    with kept_as_it_was(mariadb118, "net_read_timeout"):
        acting = executor(mariadb118)
        acting.set_global("net_read_timeout", 44, Persistence.GLOBAL)
        stands = acting.variable_state("net_read_timeout")

    assert (44, 30) == (stands.variable.value, stands.default)


# --- What a new session gets


def test_probe_reads_the_value_of_each_kind_of_session(any_server: RealServer) -> None:
    with kept_as_it_was(any_server, "wait_timeout", "interactive_timeout"):
        acting = executor(any_server)
        acting.set_global("wait_timeout", 601, Persistence.GLOBAL)
        acting.set_global("interactive_timeout", 701, Persistence.GLOBAL)

        assert [(False, 601), (True, 701)] == [(p.interactive, p.value) for p in acting.probe("wait_timeout")]
        assert [(False, 701), (True, 701)] == [
            (p.interactive, p.value) for p in acting.probe("interactive_timeout")
        ]


def test_probe_of_a_variable_without_session_value_reads_the_global_value(any_server: RealServer) -> None:
    assert {10} == {probe.value for probe in executor(any_server).probe("connect_timeout")}


@pytest.mark.parametrize("name", ["mariadb1011", "mariadb118"])
def test_a_probe_of_a_value_of_zero_is_zero(name: Name, request: pytest.FixtureRequest) -> None:
    server: RealServer = request.getfixturevalue(name)

    assert {0} == {probe.value for probe in executor(server).probe("idle_transaction_timeout")}
    assert {0.0} == {probe.value for probe in executor(server).probe("max_statement_time")}


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_shows_what_init_connect_makes_of_a_session(name: Name, start_server: StartServer) -> None:
    server = start_server(name, "--init-connect=SET SESSION wait_timeout = 77")
    acting = executor(server, account(server, "app"))

    assert [77, 77] == [probe.value for probe in acting.probe("wait_timeout")]


# --- Across restarts


def with_option_file(server: RealServer) -> RealServer:
    """The same, stopped, to be started as servers are: `--no-defaults` keeps the persisted file from being read too."""
    server.stop()
    file = server.datadir.parent / "my.cnf"
    file.write_text("[mysqld]\nnet_write_timeout = 61\n", "utf-8")
    file.chmod(0o600)
    command = [f"--defaults-file={file}" if part == "--no-defaults" else part for part in server._command]
    return replace(server, _command=tuple(command))


def test_what_is_persisted_is_there_after_a_restart(start_server: StartServer) -> None:
    server = with_option_file(start_server("mysql97"))
    server.start()
    acting = executor(server)
    kept = acting.set_global("wait_timeout", 32140800, Persistence.PERSIST)

    assert KeptValue("SET PERSIST wait_timeout = 32140800", 31536000, (CLAMPED,)) == kept
    assert 31536000 == acting.variable_state("wait_timeout").persisted

    acting.set_global("wait_timeout", 600, Persistence.GLOBAL)
    stands = acting.variable_state("wait_timeout")

    assert (600, 31536000) == (stands.variable.value, stands.persisted)

    server.stop()
    server.start()
    stands = executor(server).variable_state("wait_timeout")

    assert (31536000, "persisted", 31536000, "root@localhost") == (
        stands.variable.value,
        stands.variable.set_by,
        stands.persisted,
        stands.set_by_account,
    )
    assert (stands.path or "").endswith("mysqld-auto.cnf")

    kept = acting.reset_persist("wait_timeout")

    assert KeptValue("RESET PERSIST IF EXISTS wait_timeout", 31536000) == kept
    assert acting.variable_state("wait_timeout").persisted is None
    assert ("Warning 3615: Variable wait_timeout does not exist in persisted config file",) == (
        acting.reset_persist("wait_timeout").warnings
    )

    from_file = acting.variable_state("net_write_timeout")

    assert (61, "file") == (from_file.variable.value, from_file.variable.set_by)
    assert (from_file.path or "").endswith("my.cnf")

    server.stop()
    server.start()

    assert 28800 == value_of(server, "wait_timeout")


def test_a_server_that_will_not_read_what_is_persisted_is_not_asked_to(start_server: StartServer) -> None:
    privileges = executor(start_server("mysql97", "--persisted-globals-load=OFF")).privileges()

    assert privileges.can_set
    assert not privileges.can_persist
    assert "persisted_globals_load" in dict(privileges.why_not)["persist"]


@pytest.mark.parametrize("name", ["mariadb1011", "mariadb118"])
def test_mariadb_sends_to_the_option_file(name: Name, request: pytest.FixtureRequest) -> None:
    server: RealServer = request.getfixturevalue(name)
    acting = executor(server)
    acts: list[Callable[[], object]] = [
        lambda: acting.set_global("wait_timeout", 600, Persistence.PERSIST),
        lambda: acting.reset_persist("wait_timeout"),
    ]
    for act in acts:
        with pytest.raises(Unsupported, match="cannot keep a value across restarts") as refused:
            act()

        assert "option file" in refused.value.hint
    assert "option file" in dict(acting.privileges().why_not)["persist"]


# --- What we may


def really(server: RealServer, user: str) -> dict[str, bool]:
    """What an account may, by trying: each variable, `persist`, `reset`, `kill` and `kill query`."""
    run(server, *(["SET PERSIST wait_timeout = 28800"] if server.flavour is Flavour.MYSQL else []))
    with (
        opened_connection(server, "victim") as victim,
        opened_connection(server, user) as own,
        own.cursor() as cursor,
    ):

        def may(statement: str) -> bool:
            try:
                cursor.execute(statement)
            except pymysql.OperationalError as error:
                if error.args[0] not in {1095, 1227}:
                    raise
                return False
            return True

        tried = {name: may(f"SET GLOBAL {name} = @@GLOBAL.{name}") for name in TUNABLE[server.flavour]}
        if server.flavour is Flavour.MYSQL:
            tried["persist"] = may("SET PERSIST wait_timeout = 28800")
            tried["reset"] = may("RESET PERSIST IF EXISTS wait_timeout")
        tried["kill query"] = may(f"KILL QUERY {id_of(victim)}")
        tried["kill"] = may(f"KILL CONNECTION {id_of(victim)}")
    return tried


def said(server: RealServer, user: str) -> dict[str, bool]:
    """The same, by the word of `privileges`."""
    privileges = executor(server, user).privileges()
    for act, can in (
        ("set", privileges.can_set),
        ("persist", privileges.can_persist),
        ("kill", privileges.can_kill),
    ):
        assert can == (act not in dict(privileges.why_not)), f"{user} {act}: no reason, or one too many"
    assert privileges.can_set == (not privileges.why_not_set("wait_timeout"))
    told = {name: not privileges.why_not_set(name) for name in TUNABLE[server.flavour]}
    if server.flavour is Flavour.MYSQL:
        told |= {"persist": privileges.can_persist, "reset": privileges.can_persist}
    return told | {"kill query": privileges.can_kill, "kill": privileges.can_kill}


@pytest.mark.parametrize("name", NAMES)
def test_reported_privileges_match_the_actual_privileges(name: Name, start_server: StartServer) -> None:
    server = start_server(name)
    account(server, "victim")
    for label, privileges in PRIVILEGES[server.flavour].items():
        user = account(server, f"may_{label}", *privileges)

        assert really(server, user) == said(server, user), label


@pytest.mark.parametrize("name", NAMES)
def test_what_a_role_grants_counts_while_it_is_in_use(name: Name, start_server: StartServer) -> None:
    server = start_server(name)
    account(server, "victim")
    account(server, "member")
    inner, outer = PRIVILEGES[server.flavour]["both"]
    run(
        server,
        "CREATE ROLE inner_role",
        "CREATE ROLE outer_role",
        f"GRANT {inner} ON *.* TO inner_role",
        f"GRANT {outer} ON *.* TO outer_role",
        "GRANT inner_role TO outer_role",
        "GRANT outer_role TO 'member'@'%'",
    )

    assert {False} == {*really(server, "member").values(), *said(server, "member").values()}

    to = "TO" if server.flavour is Flavour.MYSQL else "FOR"
    run(server, f"SET DEFAULT ROLE outer_role {to} 'member'@'%'")

    assert {True} == {*really(server, "member").values(), *said(server, "member").values()}


def test_the_grant_that_is_named_lights_the_key(any_server: RealServer) -> None:
    user = account(any_server, "poor")
    before = executor(any_server, user).privileges()
    for line in dict(before.why_not).values():
        if "GRANT" in line:
            run(any_server, line[line.index("GRANT") :])
    after = executor(any_server, user).privileges()

    assert (False, False, True, True) == (before.can_set, before.can_kill, after.can_set, after.can_kill)
    assert "'poor'@'%'" == before.account == after.account


def test_server_has_one_name_for_all_accounts_and_runs(start_server: StartServer) -> None:
    names = set()
    for name in NAMES:
        server = start_server(name)
        before = executor(server).privileges().server_id
        user = account(server, "reader")
        server.stop()
        server.start()

        assert before == executor(server, user).privileges().server_id
        names.add(before)

    assert len(NAMES) == len(names)


# --- Killing


def test_a_session_is_killed(any_server: RealServer) -> None:
    with opened_connection(any_server) as victim:
        session = id_of(victim)

        assert KeptValue(f"KILL CONNECTION {session}", None) == executor(any_server).kill(session)
        comes_true(lambda: not any_server.lists(session))


def test_running_statement_is_killed_and_its_session_stays(any_server: RealServer) -> None:
    ended: list[object] = []

    def sleep(victim: Any) -> None:
        with suppress(pymysql.Error), victim.cursor() as cursor:
            cursor.execute("SELECT SLEEP(300)")
            ended.append(cursor.fetchall())

    with opened_connection(any_server) as victim:
        session = id_of(victim)
        sleeper = threading.Thread(target=sleep, args=(victim,))
        sleeper.start()
        try:
            comes_true(
                lambda: (
                    run(
                        any_server, f"SELECT COMMAND FROM information_schema.processlist WHERE ID = {session}"
                    )
                    == [("Query",)]
                )
            )

            assert KeptValue(f"KILL QUERY {session}", None) == executor(any_server).kill_query(session)
        finally:
            sleeper.join(PATIENCE)

        assert not sleeper.is_alive()
        assert any_server.lists(session)


def test_killing_an_already_ended_session_is_no_error(any_server: RealServer) -> None:
    for act in (executor(any_server).kill, executor(any_server).kill_query):
        assert (ALREADY_GONE,) == act(NOBODY).warnings


def test_missing_kill_privilege_is_reported_with_the_grant(any_server: RealServer) -> None:
    user = account(any_server, "poor")
    with opened_connection(any_server) as victim:
        with pytest.raises(AccessDenied, match="1095") as refused:
            executor(any_server, user).kill(id_of(victim))

        assert "GRANT CONNECTION" in refused.value.hint
        assert "TO 'poor'@'%'" in refused.value.hint
        assert any_server.lists(id_of(victim))


def test_mysql_protects_system_users(mysql97: RealServer) -> None:
    user = account(mysql97, "killer", "CONNECTION_ADMIN")
    with opened_connection(mysql97) as victim:
        assert executor(mysql97, user).privileges().can_kill
        with pytest.raises(AccessDenied, match="1095") as refused:
            executor(mysql97, user).kill(id_of(victim))

    assert (
        "the account of the session has SYSTEM_USER: GRANT SYSTEM_USER ON *.* TO 'killer'@'%'"
        == refused.value.hint
    )


@pytest.mark.parametrize("service", ["rds", "az"])
def test_a_service_s_procedure_is_used_where_it_lends_one(
    service: str, any_server: RealServer, request: pytest.FixtureRequest
) -> None:
    server = any_server
    account(server, "victim")
    account(server, "customer")
    for procedure, how in ((f"{service}_kill", "KILL"), (f"{service}_kill_query", "KILL QUERY")):
        request.addfinalizer(partial(run, server, f"DROP PROCEDURE mysql.{procedure}"))
        run(
            server,
            f"CREATE PROCEDURE mysql.{procedure} (IN session BIGINT) {how} session",
            f"GRANT EXECUTE ON PROCEDURE mysql.{procedure} TO 'customer'@'%'",
        )
    acting = executor(server, "customer")
    privileges = acting.privileges()

    assert (False, True) == (privileges.can_set, privileges.can_kill)
    assert "change the" in privileges.why_not_set("wait_timeout")

    with opened_connection(server, "victim") as victim:
        session = id_of(victim)

        assert f"CALL mysql.{service}_kill_query({session})" == acting.kill_query(session).statement
        assert server.lists(session)
        assert f"CALL mysql.{service}_kill({session})" == acting.kill(session).statement
        comes_true(lambda: not server.lists(session))
    assert (ALREADY_GONE,) == acting.kill(NOBODY).warnings


# --- Reading one session again


def test_a_session_is_found_as_the_source_shows_it(any_server: RealServer) -> None:
    address = Address("127.0.0.1", any_server.port, "root")
    with opened_connection(any_server) as sitter, closing(LiveSource(address, time.time)) as source:
        with Stopwatch() as watch:
            with sitter.cursor() as cursor:
                cursor.execute("SELECT 'here'")
            quiet_since = time.time()
            time.sleep(0.3)
            acting = executor(any_server)
            shown = next(each for each in source.sample().sessions if each.id == id_of(sitter))
            found = acting.find(id_of(sitter))

        assert found is not None
        assert found.idle_since is not None
        assert shown.idle_since is not None
        assert (
            shown.user,
            shown.host,
            shown.db,
            shown.command,
            shown.role,
            shown.own_limit,
            shown.client,
        ) == (
            found.user,
            found.host,
            found.db,
            found.command,
            found.role,
            found.own_limit,
            found.client,
        )
        assert abs(shown.idle_since - found.idle_since) < 0.15 + watch.late
        assert abs(quiet_since - found.idle_since) < 0.15 + watch.late
        assert not found.own

        time.sleep(0.4)
        with sitter.cursor() as cursor:
            cursor.execute("SELECT 'awake'")
        again = acting.find(id_of(sitter))

        assert again is not None
        assert again.idle_since is not None
        assert again.idle_since > shown.idle_since + 0.3


def test_server_that_stalls_while_it_is_asked_does_not_make_an_idle_session_look_awake(
    any_server: RealServer,
) -> None:
    """MySQL shows its timer in an answer of its own: where that takes long, the timer is placed by half of that time."""
    address = Address("127.0.0.1", any_server.port, "root")
    calls: Iterator[int] = itertools.count(-1_000)

    def clock() -> float:
        """Fourth call of a reading: the answer with the timer has arrived, 1.4 s after it was asked for."""
        return time.time() + 1.4 * (next(calls) >= 3)

    with opened_connection(any_server) as sitter, closing(LiveSource(address, time.time)) as source:
        shown = next(session for session in source.sample().sessions if session.id == id_of(sitter))
        with LiveExecutor(address, clock).conversation() as conversation:
            conversation.find(shown.id)
            calls = itertools.count()
            found = conversation.find(shown.id)

    assert found is not None
    assert found.idle_within > 0.7
    assert shown.idle_since is not None
    assert found.idle_since is not None
    if any_server.flavour is Flavour.MYSQL:
        assert found.idle_since > shown.idle_since + SLACK_SECONDS
        assert same_session_problem(shown, found) is None


def test_what_a_session_holds_is_found_too(any_server: RealServer) -> None:
    run(
        any_server,
        "CREATE DATABASE IF NOT EXISTS acted",
        "CREATE TABLE IF NOT EXISTS acted.t (id INT PRIMARY KEY) ENGINE=InnoDB",
    )
    with opened_connection(any_server) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO acted.t VALUES (1)")
        found: list[Session | None] = []

        def holds() -> bool:
            """InnoDB copies its list of transactions again only where no session has read it for 0.1 s."""
            time.sleep(0.2)
            found.append(executor(any_server).find(id_of(holder)))
            transaction = found[-1].transaction if found[-1] else None
            return transaction is not None and transaction.rows_modified == 1

        comes_true(holds)
        cursor.execute("ROLLBACK")
    run(any_server, "DROP DATABASE acted")


def test_one_session_is_asked_for_however_many_there_are(
    any_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[int] = []
    ask = connections.Connection.rows

    def asked(connection: connections.Connection, *what: Any) -> Any:
        rows = ask(connection, *what)
        brought.append(len(rows))
        return rows

    acting = executor(any_server)
    acting.privileges()
    with ExitStack() as crowd:
        sitters = [crowd.enter_context(opened_connection(any_server)) for _ in range(30)]
        monkeypatch.setattr(connections.Connection, "rows", asked)

        assert acting.find(id_of(sitters[0])) is not None
    assert max(brought) < 30


def test_ended_session_is_not_found(any_server: RealServer) -> None:
    assert executor(any_server).find(NOBODY) is None


def test_account_with_few_privileges_still_finds_its_own_sessions(any_server: RealServer) -> None:
    user = account(any_server, "poor")
    with opened_connection(any_server, user) as own, opened_connection(any_server) as other:
        acting = executor(any_server, user)
        found = acting.find(id_of(own))

        assert found is not None
        assert "poor" == found.user
        assert acting.find(id_of(other)) is None


# --- Manners


@pytest.mark.parametrize("name", NAMES)
def test_no_own_session_remains_and_no_abort_is_counted(name: Name, start_server: StartServer) -> None:
    server = start_server(name)
    user = account(server, "tuner", *PRIVILEGES[server.flavour]["both"])
    before = dict(run(server, "SHOW GLOBAL STATUS LIKE 'Aborted%'"))
    acting = executor(server, user)
    acting.privileges()
    acting.variable_state("wait_timeout")
    acting.probe("wait_timeout")
    acting.set_global("wait_timeout", 32140800, Persistence.GLOBAL)
    acting.find(NOBODY)
    acting.kill(NOBODY)
    with suppress(SourceError):
        acting.set_global("no_such_variable", 1, Persistence.GLOBAL)
    with suppress(SourceError):
        acting.reset_persist("wait_timeout")

    comes_true(lambda: not run(server, "SELECT 1 FROM information_schema.processlist WHERE USER = 'tuner'"))
    assert before == dict(run(server, "SHOW GLOBAL STATUS LIKE 'Aborted%'"))


# --- When the line breaks


@pytest.fixture
def short_answer_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait one second for an answer, so that a test need not wait six."""
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 1.0)


@pytest.fixture
def tunable_server(any_server: RealServer) -> Iterator[RealServer]:
    with kept_as_it_was(any_server, "wait_timeout"):
        yield any_server


def is_done_after_a_thaw(server: RealServer) -> None:
    """The server does in the end what it was told while it stood still: "unknown" is the truth."""
    server.thaw()
    comes_true(lambda: value_of(server, "wait_timeout") == 600)


def test_frozen_server_is_waited_for_as_long_as_the_timeout(mysql97: RealServer) -> None:
    server = mysql97
    with (
        kept_as_it_was(server, "wait_timeout"),
        Relay(server, b"SET GLOBAL wait_timeout", server.freeze) as relay,
    ):
        acting = OneByOne(relay.address, time.time)
        with (
            Stopwatch() as watch,
            pytest.raises(
                OutcomeUnknown,
                match=r"while SET GLOBAL wait_timeout = 600 was running: the outcome is unknown",
            ),
        ):
            acting.set_global("wait_timeout", 600, Persistence.GLOBAL)

        assert watch.seconds < connections.ANSWER_SECONDS + 2
        assert relay.happened
        is_done_after_a_thaw(server)


def test_a_change_the_server_stood_still_in_may_have_been_made(
    tunable_server: RealServer, short_answer_timeout: None
) -> None:
    server = tunable_server
    with Relay(server, b"SET GLOBAL wait_timeout", server.freeze) as relay:
        with pytest.raises(OutcomeUnknown, match="the outcome is unknown"):
            OneByOne(relay.address, time.time).set_global("wait_timeout", 600, Persistence.GLOBAL)

        is_done_after_a_thaw(server)


def test_a_change_the_line_broke_in_is_unknown_and_not_tried_again(tunable_server: RealServer) -> None:
    server = tunable_server
    broken: list[Relay] = []
    with Relay(server, b"SET GLOBAL wait_timeout", lambda: broken.pop().cut()) as relay:
        broken.append(relay)
        with pytest.raises(OutcomeUnknown, match="the outcome is unknown"):
            OneByOne(relay.address, time.time).set_global("wait_timeout", 600, Persistence.GLOBAL)

    assert 28800 == value_of(server, "wait_timeout")


def test_kill_during_which_the_connection_broke_is_unknown(any_server: RealServer) -> None:
    server = any_server
    broken: list[Relay] = []
    with (
        opened_connection(server) as victim,
        Relay(server, b"KILL CONNECTION", lambda: broken.pop().cut()) as relay,
    ):
        broken.append(relay)
        with pytest.raises(OutcomeUnknown, match="the outcome is unknown"):
            OneByOne(relay.address, time.time).kill(id_of(victim))


def test_a_change_that_was_taken_is_not_called_undone(
    tunable_server: RealServer, short_answer_timeout: None
) -> None:
    """The server said yes, and broke off before we could read back what it kept."""
    server = tunable_server
    sign = b"persisted_variables" if server.flavour is Flavour.MYSQL else b"NUMERIC_BLOCK_SIZE"
    with Relay(server, sign, server.freeze) as relay:
        with pytest.raises(
            OutcomeUnknown, match=r"accepted SET GLOBAL wait_timeout = 600\. Then: .* is unknown"
        ):
            OneByOne(relay.address, time.time).set_global("wait_timeout", 600, Persistence.GLOBAL)
        is_done_after_a_thaw(server)


def test_unreachable_server_is_known_to_have_changed_nothing(
    tunable_server: RealServer, short_answer_timeout: None
) -> None:
    server = tunable_server
    server.freeze()
    acting = OneByOne(Address("127.0.0.1", server.port, "root", connect_timeout=1), time.time)
    with pytest.raises((Unreachable, TooSlow)) as failed:
        acting.set_global("wait_timeout", 600, Persistence.GLOBAL)

    assert not isinstance(failed.value, OutcomeUnknown)

    server.thaw()

    assert 28800 == value_of(server, "wait_timeout")
