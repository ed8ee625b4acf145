"""What a server's settings hide from a reading, and how the reading says so."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing

import pytest

from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import GlobalLimits, Risk
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.contract.checks import check_pair, check_sample
from tests.integration.conftest import StartServer
from tests.integration.session_watch import SessionWatch
from tests.servers.private import Name, RealServer
from tests.waiting import comes_true

CONSUMER = "UPDATE performance_schema.setup_consumers"
INSTRUMENT = "UPDATE performance_schema.setup_instruments"


def a_source(server: RealServer, user: str = "root") -> LiveSource:
    return LiveSource(Address("127.0.0.1", server.port, user), time.time)


def grants(sample: Sample) -> list[str]:
    return [each.grant or "" for each in sample.limitations]


def run(server: RealServer, *statements: str) -> None:
    with closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_sessions_beyond_performance_schema_sizing_are_read_and_reported(
    start_server: StartServer,
) -> None:
    server = start_server("mysql97", "--performance-schema-max-thread-instances=50", "--max-connections=300")
    with ExitStack() as stack, closing(a_source(server)) as source:
        guests = {int(stack.enter_context(server.connect()).thread_id()) for _ in range(200)}  # type: ignore[no-untyped-call]
        time.sleep(1.5)
        first, second = source.sample(), source.sample()
    for sample in (first, second):
        check_sample(sample)
        assert guests <= {session.id for session in sample.sessions}
        assert "performance_schema_max_thread_instances = -1" in grants(sample)[0]
        assert not any("setup_actors" in each.why for each in sample.limitations)
    check_pair(first, second)
    unlisted = [session for session in second.sessions if session.id in guests and session.thread is None]

    assert 100 < len(unlisted) < 200
    for session in unlisted:
        assert session.idle_since is not None
        assert session.own_limit is None
        assert second.taken_at - session.idle_since + session.idle_within > 1.4, session


def test_without_process_the_unseen_sessions_are_reported(start_server: StartServer) -> None:
    server = start_server("mysql97", "--performance-schema-max-thread-instances=50", "--max-connections=300")
    run(server, "CREATE USER reader", "GRANT SELECT ON performance_schema.* TO reader")
    with ExitStack() as stack, closing(a_source(server, "reader")) as source:
        for _ in range(100):
            stack.enter_context(server.connect())
        sample = source.sample()

    assert "GRANT PROCESS ON *.* TO 'reader'@'%'" == grants(sample)[0]
    assert "sessions of other accounts that performance_schema has no room for" == sample.limitations[0].what


def test_no_warning_while_connections_are_free(mysql97: RealServer) -> None:
    with closing(a_source(mysql97)) as source:
        assert not any("max_thread_instances" in grant for grant in grants(source.sample()))


@pytest.mark.parametrize(
    ("arguments", "offered"),
    [
        (("--performance-schema-instrument=transaction=OFF",), [INSTRUMENT]),
        (("--performance-schema-consumer-events-transactions-current=OFF",), [CONSUMER]),
        (
            (
                "--performance-schema-instrument=transaction=OFF",
                "--performance-schema-consumer-events-transactions-current=OFF",
            ),
            [CONSUMER, INSTRUMENT],
        ),
        ((), []),
    ],
)
def test_what_shows_a_bare_begin_is_offered_where_it_is_missing_and_works(
    start_server: StartServer, arguments: tuple[str, ...], offered: list[str]
) -> None:
    """MySQL 5.7 has both off."""
    server = start_server("mysql97", *arguments)
    with closing(a_source(server)) as source:
        remedies = [each.grant or "" for each in source.sample().limitations if "bare BEGIN" in each.what]
    assert offered == [remedy.partition(" SET ")[0] for remedy in remedies]

    run(server, *remedies)
    with closing(server.connect()) as guest, closing(a_source(server)) as source:
        with guest.cursor() as cursor:
            cursor.execute("BEGIN")
        (session,) = [s for s in source.sample().sessions if s.id == guest.thread_id()]  # type: ignore[no-untyped-call]
        assert session.transaction is not None
        assert not any("bare BEGIN" in each.what for each in source.sample().limitations)


@pytest.mark.parametrize("name", ["mariadb105", "mariadb118"])
def test_thread_pool_closes_late_and_no_session_is_overdue_for_that(
    start_server: StartServer, name: Name
) -> None:
    server = start_server(name, "--thread-handling=pool-of-threads")
    with SessionWatch(server, every=0.05) as session_watch:
        session_watch.admin("SET GLOBAL wait_timeout = 2")
        guests = [session_watch.seat(f"guest {n}", 2, "DO 0") for n in range(8)]
        session_watch.look()
        session_watch.admin("SET GLOBAL wait_timeout = DEFAULT")
        session_watch.watch()
        comes_true(lambda: all(guest.closed_at for guest in guests))
        risks = {verdict.risk for guest in guests for verdict in guest.predicted}
    with closing(a_source(server)) as source:
        sample = source.sample()

    assert 0.5 == GlobalLimits.from_sample(sample).late_seconds
    assert any("thread_pool_stall_limit" in each.why for each in sample.limitations)
    late = max(guest.closed_at - guest.quiet_since - 2 for guest in guests if guest.closed_at)
    assert Risk.OVERDUE not in risks or late > 0.5, late
