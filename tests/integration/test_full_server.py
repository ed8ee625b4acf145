"""A server that gives no further connection: what is wanted most then still works, over the connection that reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest
from textual.pilot import Pilot

from goneaway_tui.errors import NoConnectionLeft, OutcomeUnknown, Refused, SourceError, TooSlow
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source import live
from goneaway_tui.source.executor import LiveExecutor, WriteConnection
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.source.sql import shapes
from goneaway_tui.source.sql.shapes import SESSION_BEFORE, Statement
from goneaway_tui.tune.actions import KillSession
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.report import ReportScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from tests.integration.conftest import StartServer
from tests.integration.relay import Relay
from tests.servers.private import NAMES, Name, RealServer
from tests.ui.test_board import lines
from tests.waiting import PATIENCE, becomes_true

PLACES = 10
"""Connections of a server that is to be full."""


def run(server: RealServer, *statements: str) -> list[tuple[Any, ...]]:
    with closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@dataclass(slots=True)
class FullServer:
    """Sessions of an ordinary account that take all places of a server."""

    server: RealServer
    sessions: list[Any]

    def fill(self) -> None:
        """Till it is refused for a while: the places of those who left just now become free one by one."""
        refused = 0
        while refused < 5:
            try:
                self.sessions.append(self.server.connect(user="crowd"))
            except pymysql.OperationalError:
                refused += 1
                time.sleep(0.1)
            else:
                refused = 0

    def make_room(self, number: int = 5) -> None:
        for _ in range(number):
            self.sessions.pop().close()

    @property
    def newest(self) -> ProcesslistId:
        return ProcesslistId(self.sessions[-1].thread_id())


@pytest.fixture(params=NAMES)
def full_server(request: pytest.FixtureRequest, start_server: StartServer) -> Iterator[FullServer]:
    """Before anybody of ours came: root gets in by the place that is kept for it."""
    server = start_server(request.param, f"--max-connections={PLACES}")
    run(server, "CREATE USER crowd")
    full_server = FullServer(server, [])
    full_server.fill()
    yield full_server
    for session in full_server.sessions:
        session._force_close()


def root(server: RealServer) -> Address:
    return Address("127.0.0.1", server.port, "root")


@contextmanager
def reader(address: Address) -> Iterator[tuple[LiveSource, LiveExecutor]]:
    with closing(LiveSource(address, time.time)) as source:
        source.sample()
        yield source, LiveExecutor(address, time.time, lender=source)


def is_listed(source: LiveSource, session: ProcesslistId) -> bool:
    return session in {each.id for each in source.sample().sessions}


def hang_up(relay: Relay) -> None:
    """End what goes through it, and go on taking more."""
    for end in relay._open[1:]:
        end.close()


def listed_sessions(sample: Sample) -> int:
    return sum(each.user == "crowd" for each in sample.sessions)


def test_privileges_are_read_over_the_read_connection(full_server: FullServer) -> None:
    with reader(root(full_server.server)) as (_source, executor):
        privileges = executor.privileges()

        assert (True, True) == (privileges.can_kill, privileges.can_set)
        with pytest.raises(NoConnectionLeft):
            LiveExecutor(root(full_server.server), time.time).privileges()


async def test_kill_runs_over_the_read_connection_until_a_connection_is_free_again(
    full_server: FullServer, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.jsonl", time.time)
    with reader(root(full_server.server)) as (source, executor):
        gate = Gate(executor, journal, executor.privileges())
        seen = {each.id: each for each in source.sample().sessions}
        first, second = full_server.newest, ProcesslistId(full_server.sessions[0].thread_id())
        with pytest.raises(NoConnectionLeft):
            gate.run(KillSession(seen[first]))
        assert executor.is_full
        assert is_listed(source, first)

        assert gate.run(KillSession(seen[first]), borrow=True).was_borrowed
        await becomes_true(lambda: not is_listed(source, first))
        full_server.make_room(2)
        await becomes_true(lambda: listed_sessions(source.sample()) < PLACES - 1)

        assert not gate.run(KillSession(seen[second]), borrow=True).was_borrowed
        assert not executor.is_full
        await becomes_true(lambda: not is_listed(source, second))

    assert [False, True, False] == [act.entry.lent for act in journal.acts()]
    assert ["failed", "done", "done"] == [act.entry.phase for act in journal.acts()]


def test_session_that_became_active_is_not_killed_over_the_read_connection_either(
    full_server: FullServer, tmp_path: Path
) -> None:
    with reader(root(full_server.server)) as (source, executor):
        gate = Gate(executor, Journal(tmp_path / "j", time.time), executor.privileges())
        time.sleep(0.7)
        seen = next(each for each in source.sample().sessions if each.id == full_server.newest)
        time.sleep(0.7)
        full_server.sessions[-1].query("SELECT 1")
        with pytest.raises(Refused, match="was used since"):
            gate.run(KillSession(seen), borrow=True)

        assert is_listed(source, full_server.newest)


@pytest.mark.parametrize("name", NAMES)
def test_kill_during_which_the_lent_connection_broke_is_unknown_and_the_next_sample_reconnects(
    name: Name, start_server: StartServer
) -> None:
    server = start_server(name, f"--max-connections={PLACES}")
    run(server, "CREATE USER crowd")
    full_server = FullServer(server, [])
    broken: list[Relay] = []
    with ExitStack() as stack:
        relay = stack.enter_context(Relay(server, b"KILL CONNECTION", lambda: hang_up(broken.pop())))
        broken.append(relay)
        source = stack.enter_context(closing(LiveSource(relay.address, time.time)))
        full_server.fill()
        before = source.sample().server.own_session_ids
        executor = LiveExecutor(relay.address, time.time, lender=source)
        with executor.conversation(borrow=True) as conversation:
            with pytest.raises(OutcomeUnknown):
                conversation.kill(full_server.newest)
            with pytest.raises(SourceError, match="broke earlier"):
                conversation.kill(full_server.newest)
        for session in full_server.sessions:
            session._force_close()
        time.sleep(0.3)

        assert before != source.sample().server.own_session_ids


async def test_the_board_kills_and_tunes_on_a_full_server_and_by_itself_again_once_there_is_room(
    full_server: FullServer, tmp_path: Path
) -> None:
    address = root(full_server.server)
    source = LiveSource(address, time.time)
    journal = Journal(tmp_path / "journal.jsonl", time.time)
    executor = LiveExecutor(address, time.time, lender=source)
    app = GoneawayApp([MonitorSpec(source, executor=executor, journal=journal)], time.time)

    def on(screen: type) -> bool:
        return isinstance(app.screen, screen)

    async def reported(pilot: Pilot[None]) -> str:
        await becomes_true(lambda: isinstance(app.screen, ReportScreen) and app.screen.is_finished)
        await pilot.pause()
        return lines(app)

    async with app.run_test(size=(120, 40)) as pilot:
        await becomes_true(lambda: app.snapshot is not None)
        await pilot.press("k")
        await becomes_true(lambda: on(KillScreen))
        await pilot.pause()
        asked = lines(app)
        await pilot.click("#kill")
        killed = await reported(pilot)
        await pilot.press("escape")
        await becomes_true(lambda: listed_sessions(source.sample()) < PLACES)
        full_server.fill()
        full_server.sessions.append(
            full_server.server.connect()
        )  # somebody else has the place that is kept for root

        await pilot.press("w")
        await becomes_true(lambda: on(TuneScreen))
        await pilot.pause()
        tuning = lines(app)
        await pilot.press(*"9h", "enter")
        tuned = await reported(pilot)
        await pilot.press("escape")

        full_server.make_room()
        await becomes_true(
            lambda: app.snapshot is not None and listed_sessions(app.snapshot.sample) < PLACES - 2
        )
        await pilot.press("w")
        await becomes_true(lambda: on(TuneScreen))
        await pilot.pause()
        roomy = lines(app)
        await pilot.press(*"8h", "enter")
        alone = await reported(pilot)

    for dialog in (asked, tuning):  # by the server's counters, or by its refusal where those are older
        assert "The server is full" in dialog or "refused this account another connection" in dialog
        assert "monitoring connection" in " ".join(dialog.split())
    assert "✔ KILL" in killed
    assert "ran on the monitoring connection" in killed
    assert "wait_timeout is 32400 now" in tuned
    assert "ran on the monitoring connection" in tuned
    assert "the value of a new session is not known" in tuned
    assert "refused this account" not in roomy
    assert "wait_timeout = 28,800" in alone
    assert "ran on" not in alone
    assert [True, True, False] == [act.entry.lent for act in journal.acts()]
    assert [(28800,)] == run(full_server.server, "SELECT @@GLOBAL.wait_timeout")


@pytest.mark.parametrize("name", NAMES)
def test_a_value_out_of_bounds_is_cut_over_the_lent_connection_as_over_any(
    name: Name, start_server: StartServer
) -> None:
    server = start_server(name, f"--max-connections={PLACES}", "--sql-mode=TRADITIONAL")
    run(server, "CREATE USER crowd")
    full_server = FullServer(server, [])
    full_server.fill()
    with reader(root(server)) as (source, executor):
        asked = Statement("SELECT @@SESSION.time_zone, @@SESSION.sql_mode", SESSION_BEFORE)
        with source.lend_connection() as (reading, _found):
            before = reading.rows(asked)
        with executor.conversation(borrow=True) as conversation:
            kept = conversation.set_global("wait_timeout", 32140800, Persistence.GLOBAL)
            is_borrowed = conversation.is_borrowed
        with source.lend_connection() as (reading, _found):
            after = reading.rows(asked)

        assert is_borrowed
        assert before == after
        assert 31536000 == kept.value
        assert 1 == len(kept.warnings)
    for session in full_server.sessions:
        session._force_close()


def test_sample_waits_for_the_borrowing_action_and_no_action_waits_for_ever(
    mysql97: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reader(root(mysql97)) as (source, executor), ThreadPoolExecutor() as pool:
        before = source.sample().server.own_session_ids
        with source.lend_connection() as (connection, _found):
            reading = pool.submit(source.sample)
            assert [(42,)] == connection.rows(Statement("SELECT 42", shapes.PROBE))
            assert not reading.done()
            monkeypatch.setattr(live, "SAMPLE_SECONDS", 0.1)
            with pytest.raises(TooSlow), source.lend_connection():
                pass
            monkeypatch.undo()
        assert before == reading.result(PATIENCE).server.own_session_ids
        assert executor.privileges().can_kill


def test_batch_of_kills_uses_one_connection(any_server: RealServer, tmp_path: Path, monkeypatch: Any) -> None:
    opened: list[int] = []
    connect = WriteConnection.__init__

    def counted(self: Any, *arguments: Any, **options: Any) -> None:
        connect(self, *arguments, **options)
        opened.append(self.id)

    monkeypatch.setattr(WriteConnection, "__init__", counted)
    with ExitStack() as stack:
        sessions: list[Any] = [stack.enter_context(closing(any_server.connect())) for _ in range(30)]
        source, executor = stack.enter_context(reader(root(any_server)))
        gate = Gate(executor, Journal(tmp_path / "j", time.time), executor.privileges())
        victims = {each.thread_id() for each in sessions}
        witnesses = [each for each in source.sample().sessions if each.id in victims]
        with gate.conversation() as connection:
            for witness in witnesses:
                gate.run(KillSession(witness), connection)

        assert 30 == len(witnesses)
        assert 1 == len(opened)
        until = time.monotonic() + PATIENCE
        while victims & {each.id for each in source.sample().sessions} and time.monotonic() < until:
            time.sleep(0.05)
        assert not victims & {each.id for each in source.sample().sessions}
        for session in sessions:
            session._force_close()


@pytest.mark.parametrize("name", NAMES)
def test_batch_whose_connection_breaks_attempts_nothing_more(
    name: Name, start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(name)
    relays: list[Relay] = []
    journal = Journal(tmp_path / "journal.jsonl", time.time)
    with ExitStack() as stack:
        sessions: list[Any] = [stack.enter_context(closing(server.connect())) for _ in range(4)]
        relay = stack.enter_context(Relay(server, b"KILL CONNECTION", lambda: relays.pop().cut()))
        relays.append(relay)
        source = stack.enter_context(closing(LiveSource(root(server), time.time)))
        ids = [each.thread_id() for each in sessions]
        witnesses = [each for each in source.sample().sessions if each.id in ids]
        executor = LiveExecutor(relay.address, time.time)
        gate = Gate(executor, journal, executor.privileges())
        with gate.conversation() as connection:
            with pytest.raises(OutcomeUnknown):
                gate.run(KillSession(witnesses[0]), connection)
            with pytest.raises(SourceError, match="broke earlier"):
                gate.run(KillSession(witnesses[1]), connection)

        assert set(ids[1:]) <= {each.id for each in source.sample().sessions}
        for session in sessions:
            session._force_close()
    unknown, untried = journal.acts()
    assert "outcome is unknown" in unknown.outcome
    assert "not performed" in untried.outcome
