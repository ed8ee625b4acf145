"""The same change on several real servers: foretold for each, made on one after the other, stopped by the first surprise."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.ports import Executor
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.tune.journal import Journal, Phase
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.controllers.several_servers import ChangeSeveralScreen, TuneSeveralScreen
from tests.integration.conftest import StartServer
from tests.integration.test_privileges import new_account
from tests.servers.private import NAMES, RealServer
from tests.ui.test_board import lines
from tests.waiting import becomes_true

HIDDEN = "--maximum-wait-timeout=7200"
"""A maximum that no server tells of before it cuts a value down to it."""
SELDOM = 60.0
"""Seconds between two readings. The first tells all; no server becomes stale after it on a busy machine."""


def board_of(
    servers: Sequence[RealServer],
    journal: Journal,
    users: Sequence[str | None] = ("root", "root", "root"),
    interval: float = SELDOM,
) -> GoneawayApp:
    """A user of None is one who only looks; `interval` is in seconds."""

    def address(server: RealServer, user: str | None) -> Address:
        return Address("127.0.0.1", server.port, user or "root")

    def executor(server: RealServer, user: str | None) -> Executor | None:
        return None if user is None else LiveExecutor(address(server, user), time.time)

    subjects = [
        MonitorSpec(
            LiveSource(address(server, user), time.time, interval=interval),
            interval=interval,
            name=server.name,
            executor=executor(server, user),
            journal=journal,
            why_read_only="started with --read-only",
        )
        for server, user in zip(servers, users, strict=True)
    ]
    return GoneawayApp(subjects, time.time)


async def mark_all(app: GoneawayApp, pilot: Pilot[None]) -> None:
    for each in app.monitors:
        each.schedule.make_due()  # their first readings are spread over the interval
    await becomes_true(
        lambda: len(app.server_statuses) == 3 and all(each.is_healthy for each in app.server_statuses)
    )
    await becomes_true(lambda: all(t.is_read_only or t.gate for t in map(app.tuning_of, app.monitors)))
    await pilot.press("m", "home", "space", "space", "space")
    await becomes_true(lambda: "✔ 3 marked" in lines(app))


async def preview(app: GoneawayApp, pilot: Pilot[None], value: str) -> str:
    await pilot.press("w")
    await becomes_true(lambda: isinstance(app.screen, TuneSeveralScreen))
    await pilot.pause()
    await pilot.press(*value, "enter")
    await becomes_true(lambda: isinstance(app.screen, ChangeSeveralScreen))
    await pilot.pause()
    return lines(app)


async def over(app: GoneawayApp, pilot: Pilot[None]) -> str:
    await becomes_true(lambda: isinstance(app.screen, ChangeSeveralScreen) and app.screen.is_finished)
    await pilot.pause()
    return lines(app)


def values(servers: Sequence[RealServer]) -> list[int]:
    """What new sessions of each get, by the server's own word."""
    read = []
    for server in servers:
        guest: Any = server.connect()
        with guest, guest.cursor() as cursor:
            cursor.execute("SELECT @@GLOBAL.wait_timeout")
            read.append(int(cursor.fetchone()[0]))
    return read


@pytest.fixture(scope="module")
def module_servers(start_module_server: StartServer) -> list[RealServer]:
    return [start_module_server(name) for name in NAMES]


@pytest.fixture
def three(module_servers: list[RealServer]) -> Iterator[list[RealServer]]:
    yield module_servers
    for server in module_servers:
        with closing(server.connect()) as admin:
            admin.query("SET GLOBAL wait_timeout = DEFAULT")
            admin.query("DROP USER IF EXISTS watcher@'%'")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl", time.time)


async def test_a_server_that_keeps_another_value_stops_the_rest_and_what_was_done_is_taken_back(
    three: list[RealServer], start_server: StartServer, journal: Journal
) -> None:
    servers = [three[0], start_server(NAMES[1], HIDDEN), three[2]]
    assert [28_800] * 3 == values(servers)
    app = board_of(servers, journal)
    async with app.run_test(size=(120, 50)) as pilot:
        await mark_all(app, pilot)
        shown = await preview(app, pilot, "9h")
        await pilot.press("enter")
        told = await over(app, pilot)
        after = values(servers)
        await pilot.press("u")
        await becomes_true(lambda: "Undo on 2 servers" in lines(app))
        await pilot.press("tab", "enter")
        undone = await over(app, pilot)

    assert 3 == shown.count("28,800 (8 h) » 32,400 (9 h)")
    assert f"1 of 3 done; unexpected result on {NAMES[1]}; 1 not changed" in told
    assert "the server kept 7200, not 32400 as predicted" in told
    assert "Warning 1292: Truncated incorrect wait_timeout value: '32400'" in told
    assert [32_400, 7200, 28_800] == after
    first, second, *rest = journal.acts()
    assert [(NAMES[0], 28_800, 32_400), (NAMES[1], 28_800, 7200)] == [
        (act.entry.server_name, act.entry.old, act.entry.kept) for act in (first, second)
    ]
    assert [first.id, second.id] == [act.entry.undoes for act in rest]
    assert f"1 of 2 done; unexpected result on {NAMES[1]}" in undone
    assert [28_800, 7200, 28_800] == values(servers)


async def test_server_without_the_privilege_is_excluded_with_the_grant_and_the_others_are_changed(
    three: list[RealServer], journal: Journal
) -> None:
    servers = three
    watcher = new_account(servers[1], "watcher", "GRANT PROCESS ON *.* TO")
    app = board_of(servers, journal, ("root", watcher, "root"))
    async with app.run_test(size=(120, 50)) as pilot:
        await mark_all(app, pilot)
        shown = await preview(app, pilot, "2y")
        await pilot.press("enter")
        told = await over(app, pilot)
        await pilot.press("u")
        await becomes_true(lambda: "Undo on 2 servers" in lines(app))
        await pilot.press("tab", "enter")
        undone = await over(app, pilot)

    assert 2 == shown.count("31,536,000 (1 y)   ▲ not 63,072,000: the server's maximum")
    assert f"{NAMES[1]}   skipped: " in shown
    assert "GRANT" in shown
    assert "2 of 2 done, as predicted" in told
    assert "2 of 2 done, as predicted" in undone
    assert [28_800] * 3 == values(servers)
    assert [NAMES[0], NAMES[2]] * 2 == [act.entry.server_name for act in journal.acts()]
    assert {Phase.DONE} == {act.entry.phase for act in journal.acts()}


async def test_server_that_freezes_during_a_change_is_the_last_server_changed(
    three: list[RealServer], journal: Journal
) -> None:
    servers = three
    app = board_of(servers, journal)
    async with app.run_test(size=(120, 50)) as pilot:
        await mark_all(app, pilot)
        await preview(app, pilot, "9h")
        servers[1].freeze()
        try:
            await pilot.press("enter")
            told = await over(app, pilot)
        finally:
            servers[1].thaw()

    assert f"1 of 3 done; unexpected result on {NAMES[1]}; 1 not changed" in told
    assert "not done: " in told
    assert [32_400, 28_800, 28_800] == values(servers)
    first, second = journal.acts()
    assert [(NAMES[0], Phase.DONE), (NAMES[1], Phase.FAILED)] == [
        (act.entry.server_name, act.entry.phase) for act in (first, second)
    ]
    assert second.outcome.startswith("not performed: ")


async def test_unreachable_and_read_only_servers_are_left_out_without_a_statement(
    three: list[RealServer], journal: Journal
) -> None:
    servers = three
    app = board_of(servers, journal, ("root", "root", None), interval=5.0)
    async with app.run_test(size=(120, 50)) as pilot:
        await mark_all(app, pilot)
        servers[0].freeze()
        try:
            await becomes_true(lambda: not app.server_statuses[0].is_healthy)
            await becomes_true(lambda: all(each.is_healthy for each in app.server_statuses[1:]))
            shown = await preview(app, pilot, "9h")
            await pilot.press("enter")
            told = await over(app, pilot)
        finally:
            servers[0].thaw()

    assert re.search(rf"{NAMES[0]}   skipped: (not reachable now|the server has not answered)", shown)
    assert f"{NAMES[2]}   skipped: started with --read-only" in shown
    assert "1 of 1 done, as predicted" in told
    assert [28_800, 32_400, 28_800] == values(servers)
