"""The board over several real servers: one that hangs is marked in time, and holds up neither the others nor the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.source.address import Address
from goneaway_tui.source.live import LiveSource
from goneaway_tui.ui.app import TICK_SECONDS, GoneawayApp
from goneaway_tui.ui.watched import Subject
from tests.integration.conftest import StartServer
from tests.integration.sitting import Sitting, assert_foretold
from tests.integration.terminal import Terminal
from tests.servers.private import NAMES, RealServer

NOBODY = "mysql://root@127.0.0.1:1/"
INTERVAL = 1.0
NEVER = 3600.0
SLACK = 0.3
"""Seconds a busy machine may be late by."""


@pytest.fixture
def three(start_server: StartServer) -> list[RealServer]:
    return [start_server(name) for name in NAMES]


def board_of(servers: list[RealServer]) -> GoneawayApp:
    subjects = [
        Subject(
            LiveSource(Address("127.0.0.1", server.port, "root"), time.time, interval=INTERVAL),
            name=f"{server.name}-{place}",
            interval=INTERVAL,
        )
        for place, server in enumerate(servers, 1)
    ]
    return GoneawayApp(subjects, time.time)


async def comes_true(fact: Callable[[], bool], seconds: float) -> float:
    """Seconds until it is so. Fails where it does not become so in time."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds, "it did not come true"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def readings(app: GoneawayApp, place: int, seconds: float) -> int:
    """How many snapshots of one server come in so many seconds."""
    seen = set()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        newest = app.watched[place].newest
        if newest is not None:
            seen.add(newest.taken_at)
        await asyncio.sleep(0.05)
    return len(seen)


async def test_a_frozen_server_is_marked_within_two_intervals_and_nobody_else_waits(
    three: list[RealServer],
) -> None:
    app = board_of(three)
    async with app.run_test(size=(120, 36)):
        await comes_true(lambda: len(app.fleet) == 3 and all(each.is_well for each in app.fleet), 20)
        before = await readings(app, 1, 4 * INTERVAL)
        three[0].freeze()
        try:
            took = await comes_true(lambda: not app.fleet[0].is_well, 10)
            print(f"marked {took:.2f} s after it froze")
            after = await readings(app, 1, 4 * INTERVAL)
            others = [each.is_well for each in app.fleet[1:]]
        finally:
            three[0].thaw()
        await comes_true(lambda: app.fleet[0].is_well, 20)

    assert took < 2 * INTERVAL + TICK_SECONDS + SLACK
    assert [True, True] == others
    assert abs(after - before) <= 1


async def listen(app: GoneawayApp, sittings: list[Sitting]) -> None:
    """Keep what the board says of every sitter."""
    last: dict[int, float] = {}
    while True:
        for place, (each, sitting) in enumerate(zip(app.watched, sittings, strict=True)):
            if each.newest is None or each.newest.taken_at == last.get(place):
                continue
            last[place] = each.newest.taken_at
            verdicts = {verdict.session.id: verdict for verdict in each.newest.verdicts}
            for sitter in [s for s in sitting.sitters if s.closed_at is None and s.id in verdicts]:
                sitter.foretold.append(verdicts[sitter.id])  # type: ignore[index]
        await asyncio.sleep(0.05)


@pytest.mark.quiet
async def test_closings_are_foretold_of_each_server_while_another_is_frozen(
    three: list[RealServer], start_server: StartServer
) -> None:
    servers = [*three, start_server(NAMES[0])]
    with ExitStack() as stack:
        sittings = [stack.enter_context(Sitting(server, every=NEVER)) for server in servers]
        everybody, others = [sittings[-1], *sittings[:-1]], sittings[:-1]

        def seat(limit: int) -> None:
            for sitting in everybody:
                sitting.admin(f"SET GLOBAL wait_timeout = {limit}")
                for _ in range(10):
                    sitting.seat(f"{sitting.server.name} {limit}", limit, "DO 0")

        app = board_of(servers)
        async with app.run_test(size=(120, 36)):
            listening = asyncio.create_task(listen(app, sittings))
            await comes_true(lambda: len(app.fleet) == 4 and all(each.is_well for each in app.fleet), 20)
            for limit in (12, 14, 16):
                await asyncio.to_thread(seat, limit)
                await comes_true(lambda: all(s.foretold for each in sittings for s in each.sitters), 20)
            for sitting in sittings:
                sitting.watch()
            servers[-1].freeze()
            try:
                await comes_true(lambda: not app.fleet[-1].is_well, 20)
                await comes_true(lambda: all(s.closed_at for each in others for s in each.sitters), 40)
                still_marked, spared = not app.fleet[-1].is_well, sittings[-1].sitters
                closed_meanwhile = [s for s in spared if s.closed_at]
                last_said = app.watched[-1].newest
            finally:
                servers[-1].thaw()
            await comes_true(lambda: app.fleet[-1].is_well, 40)
            await comes_true(lambda: all(s.closed_at for s in spared), 20)
            listening.cancel()

    assert still_marked
    assert [] == closed_meanwhile
    assert last_said is not None
    assert {s.id for s in spared} <= {v.session.id for v in last_said.verdicts}
    for sitting in others:
        assert 30 == len(sitting.sitters)
        assert_foretold(sitting.sitters)


async def test_a_session_is_told_apart_from_that_of_another_server(three: list[RealServer]) -> None:
    app = board_of(three)
    guests: list[Any] = [server.connect() for server in three]
    try:
        async with app.run_test(size=(120, 36)):

            def are_there() -> bool:
                rows = {(v.server_name, v.session.id) for v in app._board.sessions.rows}
                return {(w.name, g.thread_id()) for w, g in zip(app.watched, guests, strict=True)} <= rows

            await comes_true(are_there, 20)
    finally:
        for guest in guests:
            guest.close()


def test_the_program_shows_all_of_them_and_quits_at_once_beside_a_frozen_one(
    three: list[RealServer], tmp_path: Path
) -> None:
    arguments = [*(server.dsn for server in three), NOBODY]
    with Terminal(tmp_path, *arguments) as terminal:
        terminal.wait_for("4 servers")
        terminal.wait_for("3 live")
        terminal.wait_for("✖ 127.0.0.1:1: ")
        three[0].freeze()
        try:
            terminal.wait_for("2 live", 10)
            began = time.monotonic()
            terminal.press("q")
            status = terminal.process.wait(10)
            took = time.monotonic() - began
        finally:
            three[0].thaw()
        time.sleep(0.1)

        print(f"ended {took * 1000:.0f} ms after q")
        assert (0, []) == (status, terminal.left_on())
        assert took < 1.5
