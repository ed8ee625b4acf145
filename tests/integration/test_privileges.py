"""What an account may not see is either said, with what would show it, or known some other way; never guessed in silence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Basis
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, Name, RealServer
from tests.waiting import PATIENCE

PROCESS = "GRANT PROCESS ON *.* TO"
SELECT = "GRANT SELECT ON performance_schema.* TO"
GRANTS = {"nothing": (), "process": (PROCESS,), "events": (SELECT,), "both": (PROCESS, SELECT)}
OTHERS_UNSEEN = {
    (Flavour.MYSQL, "nothing"), (Flavour.MARIADB, "nothing"), (Flavour.MARIADB, "events"),
}  # fmt: skip
"""Where an account's process list is cut to its own rows."""
SLACK = 0.15
"""Seconds by which the clock of a server, read over a connection, may be off."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """When a session began to idle: between these two instants, which lie far apart on a busy machine."""

    asked: float
    answered: float

    def is_told(self, session: Session) -> bool:
        """Whether the idle clock of the session began then, as exactly as it claims."""
        error = session.idle_within + SLACK
        return (
            session.idle_since is not None
            and self.asked - error <= session.idle_since <= self.answered + error
        )


def run(connection: Any, *statements: str) -> Quiet:
    """Run statements; when the last one ended."""
    asked = time.time()
    with connection.cursor() as cursor:
        for statement in statements:
            asked = time.time()
            cursor.execute(statement)
    return Quiet(asked, time.time())


def opened_connection(server: RealServer) -> closing[Any]:
    """One more session of root's, gone with its block."""
    return closing(server.connect(autocommit=True))


def new_account(server: RealServer, name: str, *grants: str) -> str:
    with opened_connection(server) as admin:
        run(
            admin,
            f"DROP USER IF EXISTS '{name}'@'%'",
            f"CREATE USER '{name}'@'%'",
            *(f"{grant} '{name}'@'%'" for grant in grants),
        )
    return name


def address(server: RealServer, user: str) -> Address:
    return Address("127.0.0.1", server.port, user)


def look(server: RealServer, user: str) -> Sample:
    """One reading over a connection of its own."""
    with closing(LiveSource(address(server, user), time.time)) as source:
        return source.sample()


@dataclass(slots=True)
class Crew:
    """Sessions that wait, of root's but one, on one server."""

    server: RealServer
    connections: dict[str, Any] = field(default_factory=dict)
    quiet_since: dict[str, Quiet] = field(default_factory=dict)

    def seat(self, label: str, *statements: str, **options: Any) -> None:
        connection = self.server.connect(autocommit=True, program_name=f"crew {label}", **options)
        self.connections[label] = connection
        self.quiet_since[label] = run(connection, *statements)

    def find(self, sample: Sample, label: str) -> Session | None:
        wanted = self.connections[label].thread_id()
        return next((session for session in sample.sessions if session.id == wanted), None)

    def get(self, sample: Sample, label: str) -> Session:
        found = self.find(sample, label)
        assert found is not None, f"{label} is not seen"
        return found

    def close(self) -> None:
        for connection in self.connections.values():
            connection._force_close()
        with opened_connection(self.server) as admin:
            run(
                admin,
                "DROP DATABASE IF EXISTS crew",
                *(f"DROP USER IF EXISTS 'may_{name}'@'%'" for name in GRANTS),
            )


def a_crew(server: RealServer) -> Crew:
    crew = Crew(server)
    with opened_connection(server) as admin:
        run(admin, "CREATE DATABASE IF NOT EXISTS crew",
            "CREATE TABLE IF NOT EXISTS crew.cart (id INT PRIMARY KEY, n INT) ENGINE=InnoDB",
            "REPLACE INTO crew.cart VALUES (1, 0), (2, 0)")  # fmt: skip
    crew.seat("plain", "SET SESSION wait_timeout = 120")
    crew.seat("writer", "BEGIN", "UPDATE crew.cart SET n = n + 1")
    crew.seat("opener", "BEGIN")
    crew.seat("past", "SET timestamp = 1000000000")
    for name, grants in GRANTS.items():
        crew.seat(f"own {name}", "DO 0", user=new_account(server, f"may_{name}", *grants))
    return crew


@pytest.fixture(scope="module", params=NAMES)
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    """On each server; seated once, as nobody disturbs anybody."""
    crew = a_crew(request.getfixturevalue(request.param))
    time.sleep(1.2)
    yield crew
    crew.close()


def grants_of(sample: Sample) -> list[str]:
    return [limitation.grant for limitation in sample.limitations if limitation.grant is not None]


def lost(sample: Sample) -> str:
    return "; ".join(limitation.what for limitation in sample.limitations)


@pytest.mark.parametrize("account", GRANTS)
def test_every_session_is_seen_or_a_limitation_reports_the_unseen(crew: Crew, account: str) -> None:
    sample = look(crew.server, f"may_{account}")
    unseen = [label for label in crew.connections if crew.find(sample, label) is None]
    cut = (crew.server.flavour, account) in OTHERS_UNSEEN

    assert cut == ("the sessions of other accounts" in lost(sample))
    assert crew.find(sample, f"own {account}") is not None
    assert unseen == ([label for label in crew.connections if label != f"own {account}"] if cut else [])


@pytest.mark.parametrize("account", GRANTS)
def test_a_limit_is_called_own_only_where_it_was_read_from_the_session(crew: Crew, account: str) -> None:
    sample = look(crew.server, f"may_{account}")
    readable = crew.server.flavour is Flavour.MYSQL and account in {"events", "both"}
    limits = {v.session.id: v.limit for v in judge(sample).verdicts}
    checked = 0
    for label in ("plain", f"own {account}"):
        session = crew.find(sample, label)
        if session is None:
            continue
        limit = limits[session.id]
        assert limit is not None
        expected = (120, Basis.OWN) if readable and label == "plain" else (28_800, limit.basis)
        assert expected == (limit.seconds, limit.basis)
        assert readable == (limit.basis is Basis.OWN)
        checked += 1

    assert checked
    assert readable != ("own limit" in lost(sample))


@pytest.mark.parametrize("account", GRANTS)
def test_idle_time_is_right_within_its_stated_error_or_not_shown(crew: Crew, account: str) -> None:
    sample = look(crew.server, f"may_{account}")
    coarse = crew.server.flavour is Flavour.MYSQL and account in {"nothing", "process"}
    for label, truth in crew.quiet_since.items():
        session = crew.find(sample, label)
        if session is None:
            continue
        if coarse and label == "past":
            assert session.idle_since is None, "a TIME of thirty years is nobody's"
            continue
        assert truth.is_told(session)
        assert session.idle_within == (1.0 if coarse else 0.0)

    assert coarse == ("exact idle times" in lost(sample))


@pytest.mark.parametrize("account", GRANTS)
def test_program_is_shown_or_reported_as_not_available(crew: Crew, account: str) -> None:
    sample = look(crew.server, f"may_{account}")
    readable = account in {"events", "both"}
    for label in crew.connections:
        session = crew.find(sample, label)
        if session is not None:
            assert session.program == (f"crew {label}" if readable else None)
            assert ("_client_name", "pymysql") in session.attributes or not readable

    assert readable != ("the program and client of each session" in lost(sample))


@pytest.mark.parametrize("account", GRANTS)
def test_what_a_transaction_holds_is_right_or_unknown(crew: Crew, account: str) -> None:
    sample = look(crew.server, f"may_{account}")
    events = crew.server.flavour is Flavour.MYSQL and account in {"events", "both"}
    rows = account in {"process", "both"}
    writer, opener, plain = (crew.find(sample, label) for label in ("writer", "opener", "plain"))
    if writer is not None:
        held = writer.transaction
        assert (events or rows) == (held is not None)
        if held is not None:
            assert held.rows_modified == (2 if rows else None)
            error, wrote = 0.5 if events else 1.5, crew.quiet_since["writer"]
            assert held.started is not None
            assert wrote.asked - error <= held.started <= wrote.answered + error
    if opener is not None:
        assert events == (opener.transaction is not None)
    if plain is not None:
        assert plain.transaction is None

    assert rows != ("transactions hold" in lost(sample))
    assert events != ("a bare BEGIN" in lost(sample))


@pytest.mark.parametrize("account", GRANTS)
def test_what_a_limitation_names_lights_it(any_server: RealServer, account: str) -> None:
    name = new_account(any_server, f"to_{account}", *GRANTS[account])
    with opened_connection(any_server) as admin:
        while dark := {grant for grant in grants_of(look(any_server, name)) if grant.startswith("GRANT")}:
            run(admin, *dark)
            assert not dark & set(grants_of(look(any_server, name)))
        run(admin, f"DROP USER '{name}'@'%'")


ADMINS = {
    Flavour.MYSQL: ("", "CONNECTION_ADMIN", "SYSTEM_VARIABLES_ADMIN", "SUPER"),
    Flavour.MARIADB: ("", "CONNECTION ADMIN", "SUPER"),
}
"""Privileges to change something, which show nothing more."""
KILLS = {
    "mysql97": {"CONNECTION_ADMIN", "SUPER"},
    "mariadb1011": {"CONNECTION ADMIN", "SUPER"},
    "mariadb118": {"CONNECTION ADMIN"},
}
"""Which of them let an account end the sessions of others."""  # fmt: skip


def combinations(server: RealServer) -> Iterator[tuple[str, ...]]:
    """Every set of grants an account of a monitor or an administrator may come with."""
    for reading in ((), (PROCESS,), (SELECT,), (PROCESS, SELECT)):
        for replication in ((), ("GRANT REPLICATION CLIENT ON *.* TO",)):
            for admin in ADMINS[server.flavour]:
                yield (*reading, *replication, *((f"GRANT {admin} ON *.* TO",) if admin else ()))


def statements_of(sample: Sample) -> list[str]:
    return sorted(grant for grant in grants_of(sample) if grant.startswith("GRANT"))


def test_each_missing_grant_is_one_line_that_disappears_after_the_grant(any_server: RealServer) -> None:
    for had in combinations(any_server):
        name = new_account(any_server, "combined", *had)
        missing = sorted(f"{each} '{name}'@'%'" for each in (PROCESS, SELECT) if each not in had)
        sample = look(any_server, name)
        assert missing == statements_of(sample), had
        assert [True] == [session.own for session in sample.sessions if session.user == name]
        assert all(each.what and each.why for each in sample.limitations)

        privileges = LiveExecutor(address(any_server, name), time.time).privileges()
        may = {privilege for privilege in ADMINS[any_server.flavour] if privilege and any(f" {privilege} " in each for each in had)}  # fmt: skip
        assert privileges.can_kill == bool(may & KILLS[any_server.name])
        assert privileges.can_set == bool(may & {"SUPER", "SYSTEM_VARIABLES_ADMIN"})
        with opened_connection(any_server) as admin:
            while missing:
                run(admin, missing.pop())
                assert missing == statements_of(look(any_server, name)), had
    with opened_connection(any_server) as admin:
        run(admin, "DROP USER combined")


PARTS = {
    "threads": "the program and client of each session",
    "session_connect_attrs": "last statement",
}
"""A table of performance_schema that was granted alone, and what is lost without the rest."""


@pytest.mark.parametrize("table", PARTS)
def test_a_grant_on_one_table_leaves_one_line_for_the_rest(any_server: RealServer, table: str) -> None:
    name = new_account(any_server, "partial", PROCESS, f"GRANT SELECT ON performance_schema.{table} TO")
    sample = look(any_server, name)
    (line,) = [each for each in sample.limitations if each.grant and each.grant.startswith("GRANT")]
    assert PARTS[table] in line.what
    assert line.grant is not None
    with opened_connection(any_server) as admin:
        run(admin, line.grant)
        assert [] == statements_of(look(any_server, name))
        run(admin, f"DROP USER {name}")


@pytest.mark.parametrize("user", ["o''brien", "back\\\\slash", "semi; DROP", "na`ve %s {0}", "größe"])
def test_a_limitations_grant_is_valid_for_any_account(any_server: RealServer, user: str) -> None:
    """`user` as it is written between quotes in SQL; the grant may not be cut or broken by it."""
    with closing(any_server.connect(autocommit=True, charset="utf8mb4")) as admin:
        run(admin, f"DROP USER IF EXISTS '{user}'@'%'", f"CREATE USER '{user}'@'%'")
        typed = user.replace("''", "'").replace("\\\\", "\\")
        grants = grants_of(look(any_server, typed))
        assert grants
        run(admin, *(grant for grant in grants if grant.startswith("GRANT")))
        remaining = grants_of(look(any_server, typed))
        run(admin, f"DROP USER '{user}'@'%'")

    assert not any(grant.startswith("GRANT") for grant in remaining)


# --- performance_schema is off, or parts of it are


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mysql97", ()),
        ("mysql97", ("--performance-schema-show-processlist=1",)),
        ("mariadb1011", ()),
        ("mariadb118", ()),
    ],
)
def test_without_performance_schema_every_session_is_seen_and_nothing_is_made_up(
    start_server: StartServer, name: Name, more: tuple[str, ...]
) -> None:
    server = start_server(name, "--performance-schema=OFF", *more)
    with closing(a_crew(server)) as crew:
        time.sleep(1.2)
        sample = look(server, "root")
        narrow = look(server, "may_events")
    coarse = server.flavour is Flavour.MYSQL
    for label, truth in crew.quiet_since.items():
        session = crew.get(sample, label)
        assert (None, None) == (session.own_limit, session.program)
        if coarse and label == "past":
            assert session.idle_since is None
        else:
            assert truth.is_told(session)
    assert {v.limit.basis for v in judge(sample).verdicts if v.limit} == {Basis.ASSUMED}
    assert crew.get(sample, "writer").transaction is not None
    assert "program" in lost(sample)
    assert any("performance_schema = ON" in grant for grant in grants_of(sample))
    assert "the sessions of other accounts" in lost(narrow)
    assert "the sessions of other accounts" not in lost(sample)

    server.stop()
    server.start("--performance-schema=ON")

    assert not any("performance_schema = ON" in grant for grant in grants_of(look(server, "root")))


SWITCHES = {
    "statements": (
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'events_statements_current'",
        "exact idle times and the last statement",
    ),
    "threads": (
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'thread_instrumentation'",
        "exact idle times and the last statement",
    ),
    "transactions": (
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'events_transactions_current'",
        "a bare BEGIN",
    ),
    "instruments": (
        "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME = 'statement/sql/set_option'",
        "exact idle times",
    ),
    "timers": (
        "UPDATE performance_schema.setup_instruments SET TIMED = 'NO' WHERE NAME LIKE 'statement/com/%'",
        "exact idle times",
    ),
    "one session": (
        "UPDATE performance_schema.threads SET INSTRUMENTED = 'NO' WHERE PROCESSLIST_ID = {plain}",
        "exact idle times and the last statement of some sessions",
    ),
}


@pytest.fixture(scope="module")
def breakable(servers: Any) -> Iterator[Crew]:
    """A MySQL whose performance_schema tests may switch about, as long as they switch it back."""
    with ExitStack() as stack:
        crew = a_crew(stack.enter_context(servers.run("mysql97")))
        time.sleep(1.2)
        yield crew
        crew.close()


@pytest.mark.parametrize("switch", SWITCHES)
def test_disabled_instrumentation_is_reported_with_the_statement_that_enables_it(
    breakable: Crew, switch: str
) -> None:
    statement, what = SWITCHES[switch]
    server = breakable.server
    with opened_connection(server) as admin:
        run(admin, statement.format(plain=breakable.connections["plain"].thread_id()))
        dark = look(server, "may_both")
        grants = [each.grant for each in dark.limitations if what in each.what]
        assert 1 == len(grants)
        assert grants[0] is not None
        run(admin, grants[0])
    for label in ("plain", "writer", "opener"):
        session, truth = breakable.get(dark, label), breakable.quiet_since[label]
        assert truth.is_told(session)
    assert 120 == breakable.get(dark, "plain").own_limit
    assert 2 == breakable.get(dark, "writer").transaction.rows_modified  # type: ignore[union-attr]
    assert () == look(server, "may_both").limitations


def test_account_excluded_by_setup_actors_is_reported_and_timed_in_whole_seconds(
    start_server: StartServer,
) -> None:
    server = start_server("mysql97")
    with opened_connection(server) as admin, closing(Crew(server)) as crew:
        new_account(server, "monitor", PROCESS, SELECT)
        run(admin, "DELETE FROM performance_schema.setup_actors",
            "INSERT INTO performance_schema.setup_actors (HOST, USER) VALUES ('%', 'root')")  # fmt: skip
        crew.seat("plain", "SELECT 1")
        crew.seat("past", "SET timestamp = 1000000000")
        time.sleep(1.5)
        dark = look(server, "monitor")
        (grant,) = grants_of(dark)
        run(admin, grant)
        lit = look(server, "monitor")
    plain, past = crew.get(dark, "plain"), crew.get(dark, "past")

    assert crew.quiet_since["plain"].is_told(plain)
    assert 1.0 == plain.idle_within
    assert past.idle_since is None
    assert "SELECT 1" == plain.statement
    assert () == lit.limitations
    assert crew.quiet_since["past"].is_told(crew.get(lit, "past"))
    assert 0.0 == crew.get(lit, "past").idle_within


@pytest.mark.parametrize("switch", ["statements", "threads"])
def test_consumer_disabled_during_monitoring_freezes_no_idle_clock(breakable: Crew, switch: str) -> None:
    """Its events stay, and stay what they were: a clock made of them would stand still and nobody would see."""
    statement, what = SWITCHES[switch]
    server = breakable.server
    with (
        opened_connection(server) as admin,
        opened_connection(server) as mover,
        closing(LiveSource(address(server, "may_both"), time.time)) as source,
    ):
        assert "exact idle times" not in lost(source.sample())
        run(admin, statement)
        run(mover, "SET SESSION wait_timeout = 77")
        time.sleep(1.1)
        blind = source.sample()
        said = source.sample()
        run(mover, "SET SESSION wait_timeout = 78")
        moved = source.sample()
        (cure,) = [each.grant for each in said.limitations if what in each.what]
        assert cure is not None
        run(admin, cure)
    for sample in (blind, said, moved):
        for label in ("plain", "writer", "opener"):
            session, truth = breakable.get(sample, label), breakable.quiet_since[label]
            assert truth.is_told(session)
    limits = [
        session.own_limit
        for sample in (said, moved)
        for session in sample.sessions
        if session.id == mover.thread_id()
    ]

    assert [77, 78] == limits


def test_without_events_repeated_samples_narrow_the_start_of_the_idle_time(breakable: Crew) -> None:
    """TIME counts from the start of a command, be it ever so long; seen at work, a session cannot have idled then."""
    server = breakable.server
    with (
        opened_connection(server) as admin,
        opened_connection(server) as worker,
        opened_connection(server) as jumper,
        closing(LiveSource(address(server, "may_process"), time.time)) as source,
    ):
        run(jumper, "DO 0")
        source.sample()
        run(admin, "DO GET_LOCK('work', 0)")
        worker._execute_command(3, f"SELECT GET_LOCK('work', {PATIENCE:.0f})")
        quiet_since = run(jumper, "SET timestamp = 1000000000")
        time.sleep(1.2)
        between = source.sample()
        time.sleep(0.8)
        source.sample()
        asked = time.time()
        run(admin, "DO RELEASE_LOCK('work')")
        worker._read_query_result()
        answered = Quiet(asked, time.time())
        time.sleep(0.3)
        after = source.sample()
        time.sleep(1.2)
        later = source.sample()
    for sample in (after, later):
        session = next(s for s in sample.sessions if s.id == worker.thread_id())
        assert answered.is_told(session)
        assert session.idle_within <= 1.0
    for sample in (between, after, later):
        session = next(s for s in sample.sessions if s.id == jumper.thread_id())
        assert quiet_since.is_told(session)


def test_each_change_of_a_sessions_wait_timeout_is_detected(breakable: Crew) -> None:
    """A session that is not instrumented leaves no event when it changes its own limit."""
    server = breakable.server
    with (
        opened_connection(server) as admin,
        opened_connection(server) as mover,
        closing(LiveSource(address(server, "may_both"), time.time)) as source,
    ):
        row = f"WHERE PROCESSLIST_ID = {mover.thread_id()}"
        run(admin, f"UPDATE performance_schema.threads SET INSTRUMENTED = 'NO' {row}")
        limits = []
        for limit in (70, 71, 72):
            run(mover, f"SET SESSION wait_timeout = {limit}")
            limits += [s.own_limit for s in source.sample().sessions if s.id == mover.thread_id()]

    assert [70, 71, 72] == limits


@pytest.mark.parametrize("name", ["mariadb1011", "mariadb118"])
def test_mariadb_shows_the_last_statement_of_an_idle_session_where_its_consumer_is_on(
    start_server: StartServer, name: Name
) -> None:
    server = start_server(name)
    with (
        opened_connection(server) as admin,
        opened_connection(server) as idler,
        closing(LiveSource(address(server, "root"), time.time)) as source,
    ):
        run(idler, "SELECT 'before'")
        dark = source.sample()
        run(admin, *grants_of(dark))
        run(idler, "SELECT 'after'")
        lit = look(server, "root")
    shown = [s.statement for sample in (dark, lit) for s in sample.sessions if s.id == idler.thread_id()]

    assert "the last statement of idle sessions" in lost(dark)
    assert [None, "SELECT 'after'"] == shown
    assert [] == grants_of(lit)
