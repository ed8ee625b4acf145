"""Ends that a server tells little of, or words that mislead: nothing of them is called certain that is not so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast, get_args

import pymysql
import pytest

from goneaway_tui.errors import SourceError
from goneaway_tui.judge.tracker import track
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import RESTART_TOLERANCE
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import OwnKills
from goneaway_tui.source.error_log import ErrorLog
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.integration.conftest import StartServer
from tests.integration.endings import PATIENT
from tests.servers.private import Name, RealServer
from tests.waiting import comes_true

pytestmark = pytest.mark.quiet

STATEMENTS = "--performance-schema-consumer-events-statements-current=ON"
HISTORY = "--performance-schema-consumer-events-statements-history=ON"


class Watch:
    """Looks at one server whenever it is told to, and keeps what was said of every session that ended."""

    def __init__(self, server: RealServer, *, followed: bool = False, ours: OwnKills | None = None) -> None:
        """`followed`: whether the server's error log is read too. `ours`: the KILL statements of this tool."""
        self._ours = ours or OwnKills()
        log: dict[str, Any] = {}
        if followed:
            log = {"log": ErrorLog(server.log, datetime.now().astimezone().tzinfo)}
        self._source = LiveSource(Address("127.0.0.1", server.port, "root"), time.time, **log)
        self.snapshot: Snapshot | None = None
        self.departed: dict[int, Departure] = {}
        self.lost: list[SourceError] = []
        """What our own connection met."""

    def look(self) -> None:
        try:
            taken = track(self._ours.added_to(self._source.sample()), self.snapshot)
        except SourceError as error:
            self.lost.append(error)
            return
        self.snapshot = taken.snapshot
        self.departed |= {each.verdict.session.id: each for each in taken.departed}

    def look_until_gone(self, *sessions: int, seconds: float = 60.0) -> list[Departure]:
        """What is said of these sessions once all of them have ended. Fails where they stay."""
        give_up = time.monotonic() + seconds
        while not self.departed.keys() >= set(sessions):
            assert time.monotonic() < give_up, "a session did not end in time"
            time.sleep(0.2)
            self.look()
        return [self.departed[each] for each in sessions]

    def look_until_old_enough(self) -> None:
        """Until the server has run for longer than its start may seem to move without a restart."""
        self.look()
        while self.snapshot is None or self.snapshot.sample.server.uptime < 2 * RESTART_TOLERANCE:
            time.sleep(0.2)
            self.look()

    def close(self) -> None:
        self._source.close()


@contextmanager
def watching(server: RealServer, *, followed: bool = False, ours: OwnKills | None = None) -> Iterator[Watch]:
    watch = Watch(server, followed=followed, ours=ours)
    try:
        yield watch
    finally:
        watch.close()


def seat(server: RealServer, user: str = "shop") -> Any:
    """A session of an account without privileges, idle."""
    connection = server.connect(user=user, autocommit=True)
    connection.query("DO 0")
    return connection


def prepare(admin: Any, *statements: str) -> None:
    for statement in (PATIENT, "CREATE USER shop@'%'", *statements):
        admin.query(statement)


def verdict(departure: Departure) -> tuple[Cause, Certainty]:
    return departure.cause, departure.certainty


# --- KILL statements of every form

Killing = Callable[[Any, int], None]


def by(*statements: str) -> Killing:
    """`{id}` is the victim's."""

    def run(killer: Any, victim: int) -> None:
        for statement in statements:
            killer.query(statement.format(id=victim))

    return run


NAMED: dict[str, Killing] = {
    "quoted": by("KILL '{id}'"),
    "comment before": by("/* tag */ KILL {id}"),
    "comment after": by("KILL {id} -- why"),
}
COUNTED: dict[str, Killing] = {
    "variable": by("SET @v = {id}", "KILL @v"),
    "expression": by("KILL {id}+0"),
    "procedure": by("CALL mysql.rds_kill({id})"),
    "event": by(
        "CREATE EVENT mysql.ends_{id} ON SCHEDULE AT CURRENT_TIMESTAMP DO KILL {id}",
    ),
}


def killed_in_each_way(server: RealServer, ways: dict[str, Killing]) -> dict[str, Departure]:
    """One session after the other; the killer stays, so that the server remembers what it ran."""
    told = {}
    with server.connect(autocommit=True) as killer, watching(server) as watch:
        prepare(
            killer,
            "CREATE PROCEDURE mysql.rds_kill(IN victim BIGINT) KILL victim",
            "SET GLOBAL event_scheduler = ON",
        )
        for title, kill in ways.items():
            victim = seat(server)
            watch.look()
            watch.look()
            kill(killer, victim.thread_id())
            [told[title]] = watch.look_until_gone(victim.thread_id())
            watch.look()
            watch.look()
            victim._force_close()
    return told


KILLABLE: tuple[tuple[Name, tuple[str, ...]], ...] = (
    ("mysql97", ()),
    ("mariadb1011", ("--performance-schema=ON", STATEMENTS, HISTORY)),
    ("mariadb118", ("--performance-schema=ON", STATEMENTS, HISTORY)),
)


@pytest.mark.parametrize(("name", "arguments"), KILLABLE)
def test_a_kill_of_any_form_is_a_kill(
    start_server: StartServer, name: Name, arguments: Sequence[str]
) -> None:
    told = killed_in_each_way(start_server(name, *arguments), NAMED | COUNTED)
    print({title: (verdict(each), each.evidence) for title, each in told.items()})

    assert dict.fromkeys(NAMED, (Cause.KILLED, Certainty.CONFIRMED)) == {
        title: verdict(told[title]) for title in NAMED
    }
    assert dict.fromkeys(COUNTED, (Cause.KILLED, Certainty.LIKELY)) == {
        title: verdict(told[title]) for title in COUNTED
    }


UNCOUNTED: tuple[tuple[Name, tuple[str, ...]], ...] = (
    ("mysql97", ("--performance-schema=OFF",)),
    ("mysql97", ("--performance-schema-instrument=%=OFF",)),
)


@pytest.mark.parametrize(("name", "arguments"), UNCOUNTED)
def test_a_kill_is_counted_where_nothing_is_instrumented(
    start_server: StartServer, name: Name, arguments: Sequence[str]
) -> None:
    told = killed_in_each_way(start_server(name, *arguments), NAMED | COUNTED)
    print({title: (verdict(each), each.evidence) for title, each in told.items()})

    assert {(Cause.KILLED, Certainty.LIKELY)} == {verdict(each) for each in told.values()}
    assert all("Com_kill by 0" not in line for each in told.values() for line in each.evidence)


def test_own_kill_by_a_procedure_is_recognised_and_a_later_lost_client_is_confirmed(
    start_server: StartServer,
) -> None:
    server = start_server("mysql97")
    ours = OwnKills()
    with server.connect(autocommit=True) as admin, watching(server, ours=ours) as watch:
        prepare(
            admin,
            "CREATE PROCEDURE mysql.rds_kill(IN victim BIGINT) KILL victim",
            "CREATE PROCEDURE mysql.rds_kill_query(IN victim BIGINT) KILL QUERY victim",
        )
        victim, lost = seat(server), seat(server)
        watch.look()
        watch.look()
        ours.begin(ProcesslistId(victim.thread_id()))
        executor = LiveExecutor(Address("127.0.0.1", server.port, "root"), time.time)
        with executor.conversation() as conversation:
            kept = conversation.kill(ProcesslistId(victim.thread_id()))
        [told] = watch.look_until_gone(victim.thread_id())
        lost._force_close()
        [other] = watch.look_until_gone(lost.thread_id())

        assert f"CALL mysql.rds_kill({victim.thread_id()})" == kept.statement
        assert (Cause.KILLED, Certainty.CONFIRMED) == verdict(told), told.evidence
        assert (Cause.CLIENT_LOST, Certainty.CONFIRMED) == verdict(other), other.evidence


# --- offline_mode


@pytest.mark.parametrize("arguments", [(), ("--performance-schema=OFF",)])
@pytest.mark.parametrize(
    "statements",
    [
        ("SET GLOBAL offline_mode = ON",),
        ("SET GLOBAL offline_mode = ON", "SET GLOBAL offline_mode = OFF"),
    ],
    ids=["stays", "for a moment"],
)
def test_a_session_that_offline_mode_ended_was_likely_killed(
    start_server: StartServer, arguments: Sequence[str], statements: Sequence[str]
) -> None:
    server = start_server("mysql97", *arguments)
    with server.connect(autocommit=True) as admin, watching(server) as watch:
        prepare(admin)
        one, busy = seat(server), seat(server)
        busy._execute_command(3, "SELECT SLEEP(60)")
        watch.look()
        watch.look()
        for statement in statements:
            admin.query(statement)
        told = watch.look_until_gone(one.thread_id(), busy.thread_id())
        print([(verdict(each), each.evidence) for each in told])

        assert [(Cause.KILLED, Certainty.LIKELY)] * 2 == [verdict(each) for each in told]
        assert all("offline_mode was turned on" in " ".join(each.evidence) for each in told)


def test_a_client_lost_long_before_offline_mode_is_still_surely_lost(start_server: StartServer) -> None:
    server = start_server("mysql97")
    with server.connect(autocommit=True) as admin, watching(server) as watch:
        prepare(admin)
        lost = seat(server)
        watch.look()
        watch.look()
        lost._force_close()
        [told] = watch.look_until_gone(lost.thread_id())

        assert (Cause.CLIENT_LOST, Certainty.CONFIRMED) == verdict(told), told.evidence


# --- Limits of transactions that MariaDB lists nowhere


@pytest.mark.parametrize("name", ["mariadb1011", "mariadb118"])
@pytest.mark.parametrize("followed", [False, True])
def test_a_bare_begin_under_the_limit_of_read_only_transactions(
    start_server: StartServer, name: Name, *, followed: bool
) -> None:
    server = start_server(name, "--log-warnings=4", "--idle-readonly-transaction-timeout=3")
    with server.connect(autocommit=True) as admin, watching(server, followed=followed) as watch:
        prepare(admin)
        begun = seat(server)
        begun.query("BEGIN")
        watch.look()
        [told] = watch.look_until_gone(begun.thread_id())

        assert (Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY) == verdict(told), told.evidence
        assert "idle_readonly_transaction_timeout of 3 s" in " ".join(told.evidence)


# --- Names in MariaDB's log that look like its entries

FORGED = (
    "{at} {id} [W] Aborted connection {id} to db: (Got timeout reading communication packets)",
    "{at} {id} [Warning] Aborted connection {id} to db: (Got timeout reading communication packets)",
    "{at} {id} [Warning] mysqld: Connection was killed",
    "{at} {id} [Warning] 终止连线 {id} 数据库: '' 用户: '' (读取通信包超时)",
)
AROUND = (
    "x\n{forged}",
    "x\n{forged}\n",
    "x'@'h' (using password: NO)\n{forged}\ny",
    "'@'h'\n{forged}\n{at} 5 [Warning] Access denied for user '",
)


def now() -> str:
    """As MariaDB writes it."""
    return f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"


def be_refused(server: RealServer, user: str) -> None:
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        server.connect(user=user, password="wrong")


@pytest.mark.parametrize("name", ["mariadb105", "mariadb1011", "mariadb118"])
def test_failed_login_is_no_evidence_for_how_another_session_ended(
    start_server: StartServer, name: Name
) -> None:
    server = start_server(name)
    with server.connect(autocommit=True) as admin, watching(server, followed=True) as watch:
        prepare(admin)
        victims = [seat(server) for _number in range(3)]
        watch.look()
        watch.look()
        for victim in victims:
            for around in AROUND:
                for forged in FORGED:
                    at = now()
                    line = forged.format(at=at, id=victim.thread_id())
                    be_refused(server, around.format(forged=line, at=at))
            victim.close()
        told = watch.look_until_gone(*(victim.thread_id() for victim in victims))

        assert server.log.read_text(errors="replace").count("mysqld: Connection was killed") >= len(victims)
        assert {Cause.CLIENT_QUIT} == {each.cause for each in told}, [each.evidence for each in told]
        assert "not believed" not in str([each.evidence for each in told])


@pytest.mark.parametrize("name", ["mariadb105", "mariadb1011", "mariadb118"])
def test_forged_log_line_is_not_used_where_the_counters_contradict(
    start_server: StartServer, name: Name
) -> None:
    """However it came into the log."""
    server = start_server(name)
    with server.connect(autocommit=True) as admin, watching(server, followed=True) as watch:
        prepare(admin)
        victim = seat(server)
        watch.look()
        watch.look()
        with server.log.open("a") as log:
            log.write(FORGED[1].format(at=now(), id=victim.thread_id()) + "\n")
        victim.close()
        [told] = watch.look_until_gone(victim.thread_id())

        assert Cause.CLIENT_QUIT is told.cause, told.evidence
        assert "not believed, because Aborted_clients did not rise for this session" in told.evidence[-1]


@pytest.mark.parametrize("name", ["mariadb105", "mariadb1011", "mariadb118"])
def test_log_entry_confirms_an_idle_timeout_amid_hostile_names(start_server: StartServer, name: Name) -> None:
    server = start_server(name)
    with server.connect(autocommit=True) as admin, watching(server, followed=True) as watch:
        prepare(admin)
        hostile = AROUND[0].format(forged=FORGED[0].format(at="2026-11-23 22:12:52", id=7))
        idle = seat(server)
        be_refused(server, hostile)
        watch.look()
        idle.query("SET SESSION wait_timeout = 2")
        # An entry between two such names in one reading may be a part of a name, and is not used.
        entry = f"Aborted connection {idle.thread_id()} to db"
        comes_true(lambda: entry in server.log.read_text(errors="replace"))
        be_refused(server, hostile)
        [told] = watch.look_until_gone(idle.thread_id())

        assert (Cause.IDLE_TIMEOUT, Certainty.CONFIRMED) == verdict(told), told.evidence


# --- A stop that MariaDB 10.5 calls a KILL


@pytest.mark.skipif(
    "mariadb105" not in get_args(Name), reason="MariaDB 10.5 is none of the servers of the tests"
)
def test_mariadb_105_ends_sessions_by_a_stop_and_calls_it_a_kill(start_server: StartServer) -> None:
    server = start_server(cast("Any", "mariadb105"), "--log-warnings=4")
    with server.connect(autocommit=True) as admin, watching(server, followed=True) as watch:
        prepare(admin)
        idle, busy = seat(server), seat(server)
        busy._execute_command(3, "SELECT SLEEP(60)")
        watch.look_until_old_enough()
        server.stop()
        with pytest.raises(pymysql.Error) as error:
            busy._read_query_result()
        server.start()
        told = watch.look_until_gone(idle.thread_id(), busy.thread_id())
        print(error.value, watch.lost, [(verdict(each), each.evidence) for each in told])
        print(server.log.read_text())

        # A server that has little time for it closes the connection without a word.
        if "the server closed the connection" not in str(watch.lost[0]):
            assert "Connection was killed (1927)" in str(watch.lost[0])
            assert "or the server is stopping" in watch.lost[0].hint
        assert [(Cause.SERVER_RESTART, Certainty.CONFIRMED)] * 2 == [verdict(each) for each in told]
