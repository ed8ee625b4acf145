"""The board over several real servers: one that hangs is marked in time, and holds up neither the others nor the end."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import TICK_SECONDS, GoneawayApp
from tests.integration.conftest import StartServer
from tests.integration.session_watch import SessionWatch, assert_deadlines_predicted
from tests.integration.terminal import Terminal
from tests.servers.private import NAMES, RealServer
from tests.waiting import Stopwatch, becomes_true

NOBODY = "mysql://root@127.0.0.1:1/"
INTERVAL = 1.0
NEVER = 3600.0
SPARED = 15
"""Seconds that sessions of a server may idle: none ends before that server is frozen."""
SLACK = 0.3
"""Seconds for what is computed and drawn."""


@pytest.fixture(scope="module")
def three(start_module_server: StartServer) -> list[RealServer]:
    return [start_module_server(name) for name in NAMES]


def board_of(servers: list[RealServer]) -> GoneawayApp:
    subjects = [
        MonitorSpec(
            LiveSource(Address("127.0.0.1", server.port, "root"), time.time, interval=INTERVAL),
            name=f"{server.name}-{place}",
            interval=INTERVAL,
        )
        for place, server in enumerate(servers, 1)
    ]
    return GoneawayApp(subjects, time.time)


async def lag(app: GoneawayApp, place: int) -> float:
    """Seconds by which four more snapshots of one server come later than its pace says."""
    watched, planned = app.monitors[place], 0.0
    with Stopwatch() as watch:
        for _ in range(4):
            newest = watched.newest
            planned += watched.schedule.pause
            await becomes_true(lambda newest=newest: watched.newest is not newest)  # type: ignore[misc]
    return watch.seconds - planned


async def test_frozen_server_is_marked_within_two_intervals_and_delays_no_other_server(
    three: list[RealServer], long_answer_timeout: None
) -> None:
    app = board_of(three)
    async with app.run_test(size=(120, 36)):
        await becomes_true(
            lambda: len(app.server_statuses) == 3 and all(each.is_healthy for each in app.server_statuses)
        )
        before = await lag(app, 1)
        three[0].freeze()
        try:
            with Stopwatch() as watch:
                await becomes_true(lambda: not app.server_statuses[0].is_healthy)
            print(f"marked {watch.seconds:.2f} s after it froze")
            after = await lag(app, 1)
            await becomes_true(
                lambda: [False, True, True] == [each.is_healthy for each in app.server_statuses]
            )
        finally:
            three[0].thaw()
        await becomes_true(lambda: app.server_statuses[0].is_healthy)

    assert watch.seconds < 2 * app.monitors[0].schedule.pause + TICK_SECONDS + SLACK
    assert abs(after - before) < INTERVAL


async def listen(app: GoneawayApp, sittings: list[SessionWatch]) -> None:
    """Keep what the board says of every sitter."""
    last: dict[int, float] = {}
    while True:
        for place, (each, session_watch) in enumerate(zip(app.monitors, sittings, strict=True)):
            if each.newest is None or each.newest.taken_at == last.get(place):
                continue
            last[place] = each.newest.taken_at
            verdicts = {verdict.session.id: verdict for verdict in each.newest.verdicts}
            for watched_session in [
                s for s in session_watch.watched_sessions if s.closed_at is None and s.id in verdicts
            ]:
                watched_session.predicted.append(verdicts[watched_session.id])  # type: ignore[index]
        await asyncio.sleep(0.05)


@pytest.mark.quiet
async def test_closings_are_predicted_for_each_server_while_another_is_frozen(
    three: list[RealServer], start_server: StartServer
) -> None:
    servers = [*three, start_server(NAMES[0])]
    with ExitStack() as stack:
        sittings = [stack.enter_context(SessionWatch(server, every=NEVER)) for server in servers]
        frozen, others = sittings[-1], sittings[:-1]

        async def seat(limit: int, *where: SessionWatch) -> None:
            """Ten sessions on each server, once the board has told of all when they will be closed."""
            for session_watch in where:
                await asyncio.to_thread(session_watch.admin, f"SET GLOBAL wait_timeout = {limit}")
                for _ in range(10):
                    await asyncio.to_thread(
                        session_watch.seat, f"{session_watch.server.name} {limit}", limit, "DO 0"
                    )
            await becomes_true(lambda: all(s.predicted for each in where for s in each.watched_sessions))
            for session_watch in where:
                session_watch.watch(*session_watch.watched_sessions[-10:])

        app = board_of(servers)
        async with app.run_test(size=(120, 36)):
            listening = asyncio.create_task(listen(app, sittings))
            await becomes_true(
                lambda: len(app.server_statuses) == 4 and all(each.is_healthy for each in app.server_statuses)
            )
            await seat(SPARED, frozen)
            servers[-1].freeze()
            try:
                await becomes_true(lambda: not app.server_statuses[-1].is_healthy)
                for limit in (7, 8, 9):
                    await seat(limit, *others)
                await becomes_true(lambda: all(s.closed_at for each in others for s in each.watched_sessions))
                still_marked, spared = not app.server_statuses[-1].is_healthy, frozen.watched_sessions
                closed_meanwhile = [s for s in spared if s.closed_at]
                last_said = app.monitors[-1].newest
            finally:
                servers[-1].thaw()
            await becomes_true(lambda: app.server_statuses[-1].is_healthy)
            await becomes_true(lambda: all(s.closed_at for s in spared))
            listening.cancel()

    assert still_marked
    assert [] == closed_meanwhile
    assert last_said is not None
    assert {s.id for s in spared} <= {v.session.id for v in last_said.verdicts}
    for session_watch in others:
        assert 30 == len(session_watch.watched_sessions)
        assert_deadlines_predicted(session_watch.watched_sessions)


async def test_session_is_distinguished_from_a_session_of_another_server(three: list[RealServer]) -> None:
    app = board_of(three)
    guests: list[Any] = [server.connect() for server in three]
    try:
        async with app.run_test(size=(120, 36)):

            def are_there() -> bool:
                rows = {(v.server_name, v.session.id) for v in app._board.sessions.rows}
                return {(w.name, g.thread_id()) for w, g in zip(app.monitors, guests, strict=True)} <= rows

            await becomes_true(are_there)
    finally:
        for guest in guests:
            guest.close()


def test_the_program_shows_all_of_them_and_quits_at_once_beside_a_frozen_one(
    three: list[RealServer], tmp_path: Path
) -> None:
    arguments = [*(server.dsn for server in three), NOBODY]
    with Terminal(tmp_path, *arguments, long_answer_timeout=True) as terminal:
        terminal.wait_for("4 servers")
        terminal.wait_for("3 live")
        terminal.wait_for("✖ 127.0.0.1:1: ")
        three[0].freeze()
        try:
            terminal.wait_for("2 live")
            terminal.press("q")
            status = terminal.ended()
        finally:
            three[0].thaw()

        assert (0, []) == (status, terminal.left_on())
