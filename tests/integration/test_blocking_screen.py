"""The tree of who blocks whom on real servers: it shows what waits, follows it, and its kill frees whom it names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goneaway_tui.model.server import Limitation
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.blocking import BlockingScreen, RowKind, TreeRow
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.report import ReportScreen
from tests.integration.test_blocking import (
    INSTRUMENT,
    METADATA_WAITS,
    ROW_WAITS,
    is_waiting,
    run,
    server,
    waiters_on,
)
from tests.servers.private import RealServer
from tests.ui.test_board import lines
from tests.waiting import becomes_true, comes_true

__all__ = ["server"]
CHANGE = "UPDATE waits.cart SET n = n + 1 WHERE id = {}"
HISTORY = (
    "UPDATE performance_schema.setup_consumers SET ENABLED = '{}' "
    "WHERE NAME IN ('events_statements_history', 'events_statements_current')"
)


@asynccontextmanager
async def tree_on(
    server: RealServer, folder: Path, user: str = "root"
) -> AsyncIterator[tuple[GoneawayApp, Pilot[None]]]:
    """The tree of a real server, read every 0.3 s."""
    address = Address("127.0.0.1", server.port, user)
    with closing(LiveSource(address, time.time, interval=0.3)) as source:
        spec = MonitorSpec(
            source,
            name="db",
            interval=0.3,
            executor=LiveExecutor(address, time.time, lender=source),
            journal=Journal(folder / "journal.jsonl", time.time),
            read_statements=source.transaction_statements,
        )
        app = GoneawayApp([spec], time.time)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: app.snapshot is not None and app.tuning.gate is not None)
            await pilot.press("b")
            yield app, pilot


async def until(pilot: Pilot[None], fact: Callable[[], object]) -> None:
    async def pause() -> None:
        await asyncio.sleep(0.05)
        await pilot.pause()

    await becomes_true(fact, pause=pause)
    await pilot.pause()


def tree(app: GoneawayApp) -> list[TreeRow]:
    if not isinstance(app.screen, BlockingScreen) or not app.screen.query("#blocking"):
        return []
    return list(app.screen.rows.rows)


def ids(app: GoneawayApp) -> list[int | None]:
    return [row.session for row in tree(app)]


async def test_killing_the_root_frees_exactly_those_it_names(server: RealServer, tmp_path: Path) -> None:
    run(server, "REPLACE INTO waits.cart VALUES (4, 0)")
    with waiters_on(server) as waiters:
        root, middle, apart = (waiters.open(CHANGE.format(row)) for row in (1, 2, 4))
        low, other = waiters.open(), waiters.open()
        freed = [waiters.wait(middle, CHANGE.format(1), commits=True)]
        is_waiting(server, 1, ROW_WAITS)
        freed.append(waiters.wait(low, CHANGE.format(2), commits=True))
        kept = waiters.wait(other, CHANGE.format(4), commits=True)
        is_waiting(server, 3, ROW_WAITS)
        first, second, third, unrelated, stays = (
            each.thread_id() for each in (root, middle, low, apart, other)
        )
        async with tree_on(server, tmp_path) as (app, pilot):
            await until(pilot, lambda: ids(app) == [first, second, third, unrelated, stays])
            await pilot.press("home", "k")
            await until(pilot, lambda: isinstance(app.screen, KillScreen))
            asked = lines(app)
            await pilot.press("tab", "enter")
            await until(pilot, lambda: isinstance(app.screen, ReportScreen) and app.screen.is_finished)
            await pilot.press("escape")
            await until(pilot, lambda: not any(thread.is_alive() for thread in freed))
            await until(pilot, lambda: ids(app) == [unrelated, stays])
            assert kept.is_alive()

    named = _(second, third)
    assert f"Frees 2 waiting sessions: {named}. 1 of them immediately" in " ".join(asked.split())


def _(*numbers: int) -> str:
    return ", ".join(map(str, sorted(numbers)))


async def test_a_holder_that_commits_while_the_tree_is_open_goes(server: RealServer, tmp_path: Path) -> None:
    with waiters_on(server) as waiters:
        root, waiter = waiters.open(CHANGE.format(1)), waiters.open()
        waiters.wait(waiter, CHANGE.format(1), commits=True)
        is_waiting(server, 1, ROW_WAITS)
        async with tree_on(server, tmp_path) as (app, pilot):
            await until(pilot, lambda: ids(app) == [root.thread_id(), waiter.thread_id()])
            root.commit()
            await until(pilot, lambda: ids(app) == [])
            assert "No session waits for a lock." in lines(app)


async def test_a_metadata_wait_stands_below_the_idle_session(server: RealServer, tmp_path: Path) -> None:
    run(server, INSTRUMENT.format("YES"))
    try:
        with waiters_on(server) as waiters:
            holder, changer, behind = waiters.open("SELECT n FROM waits.cart"), waiters.open(), waiters.open()
            waiters.wait(changer, "ALTER TABLE waits.cart ADD COLUMN m INT")
            is_waiting(server, 1, METADATA_WAITS)
            waiters.wait(behind, "SELECT n FROM waits.cart")
            is_waiting(server, 2, METADATA_WAITS)
            async with tree_on(server, tmp_path) as (app, pilot):
                expected = [each.thread_id() for each in (holder, changer, behind)]
                await until(pilot, lambda: ids(app) == expected)
                await pilot.press("home")
                await pilot.pause()
                shown = lines(app)
    finally:
        if server.name != "mysql97":
            run(server, INSTRUMENT.format("NO"))

    assert "metadata waits.cart" in shown
    assert "After its end 2 waiting sessions continue" in shown
    assert "1 of them immediately" in " ".join(shown.split())


async def test_two_hundred_waiters_on_one_row_are_folded(server: RealServer, tmp_path: Path) -> None:
    run(server, "SET GLOBAL max_connections = 400")
    try:
        with waiters_on(server) as waiters:
            holder = waiters.open(CHANGE.format(1))
            for _number in range(200):
                waiters.wait(waiters.open(), CHANGE.format(1))
            is_waiting(server, 200, ROW_WAITS)
            async with tree_on(server, tmp_path) as (app, pilot):
                await until(pilot, lambda: any(len(row.hidden) == 195 for row in tree(app)))
                shown = lines(app)
                rows = tree(app)
    finally:
        run(server, "SET GLOBAL max_connections = 151")

    assert [RowKind.SESSION] * 6 + [RowKind.FOLD] == [row.kind for row in rows]
    assert holder.thread_id() == rows[0].session
    assert 200 == rows[0].blocks
    assert "200 sessions wait" in shown
    assert "195 more" in shown


async def test_an_account_without_the_privilege_is_told_the_grant(server: RealServer, tmp_path: Path) -> None:
    run(server, "DROP USER IF EXISTS 'blind'@'%'", "CREATE USER 'blind'@'%'")
    async with tree_on(server, tmp_path, "blind") as (app, pilot):
        await until(pilot, lambda: "GRANT PROCESS ON *.* TO 'blind'@'%'" in " ".join(lines(app).split()))

        assert "This account cannot see which sessions wait for locks" in lines(app)


def test_the_statements_of_an_open_transaction_are_read(server: RealServer) -> None:
    run(server, HISTORY.format("YES"))
    try:
        with waiters_on(server) as waiters, closing(a_source(server)) as source:
            before = waiters.open("SELECT 'before'")
            before.commit()
            time.sleep(2.1)  # where only whole seconds tell which statements are of the transaction
            with before.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(CHANGE.format(1))
                cursor.execute("SELECT 'last'")
            source.sample()

            def read() -> list[str]:
                kept = source.transaction_statements(ProcesslistId(before.thread_id()))
                assert isinstance(kept, tuple)
                assert all(each.began is not None and abs(time.time() - each.began) < 60 for each in kept)
                return [each.text for each in kept]

            comes_true(lambda: read()[-2:] == [CHANGE.format(1), "SELECT 'last'"])
            told = read()
    finally:
        if server.name != "mysql97":
            run(server, HISTORY.format("NO"))

    assert "SELECT 'before'" not in told
    assert told[0] == "BEGIN"


def test_statements_that_are_not_kept_are_not_told(server: RealServer) -> None:
    run(server, HISTORY.format("NO"))
    try:
        with waiters_on(server) as waiters, closing(a_source(server)) as source:
            session = waiters.open(CHANGE.format(1))
            source.sample()

            told = source.transaction_statements(ProcesslistId(session.thread_id()))
            assert isinstance(told, Limitation)
            assert "events_statements_history" in (told.grant or "")
    finally:
        if server.name == "mysql97":
            run(server, HISTORY.format("YES"))


def a_source(server: RealServer) -> Any:
    return LiveSource(Address("127.0.0.1", server.port, "root"), time.time)
