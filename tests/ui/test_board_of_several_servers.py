"""The board of several servers: merged rows, the server in hand, and that none holds up another."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from goneaway_tui.errors import Unreachable
from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.columns import server_column
from goneaway_tui.ui.messages import SnapshotTaken
from goneaway_tui.ui.screens.export import ExportScreen
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.ledger import LedgerScreen
from goneaway_tui.ui.screens.servers_board import SeveralServersBoard
from goneaway_tui.ui.screens.session import SessionScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.server_status import ServerStatus
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.widgets.server_strip import server_cells
from tests.builders import NOW, a_sample, a_session, a_snapshot, a_verdict
from tests.fakes import FakeExecutor
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import board, lines, notice
from tests.ui.test_tuning import on, reported, until
from tests.waiting import FAR, PATIENCE

SIZE = (120, 36)
ONE = [a_session(id=n, idle_for=10 * n, own_limit=600) for n in (1, 2, 3)]
TWO = [a_session(id=n, idle_for=10 * n + 5, own_limit=600, user="etl") for n in (2, 3, 4)]


class Hanging(Scripted):
    """Answers as scripted, and when told to hang, not before it is let go."""

    def __init__(self, *script: Sample | Exception) -> None:
        super().__init__(*script)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.is_asked = threading.Event()

    def sample(self) -> Sample:
        self.is_asked.set()
        self.may_answer.wait(FAR)
        return super().sample()


def a_board_of_servers(clock: HeldClock, *sources: Scripted, journal: Journal | None = None) -> GoneawayApp:
    """Servers called db1, db2 and so on; with a journal they can be changed."""
    subjects = [
        MonitorSpec(
            source,
            name=f"db{number}",
            executor=None if journal is None else FakeExecutor(sessions=ONE + TWO),
            journal=journal,
            why_read_only="started with --read-only",
            color=("red", "green", None)[number % 3],
        )
        for number, source in enumerate(sources, 1)
    ]
    return GoneawayApp(subjects, clock, ticking=False)


def two(clock: HeldClock, **more: Journal | None) -> GoneawayApp:
    return a_board_of_servers(clock, Scripted(a_sample(ONE)), Scripted(a_sample(TWO)), **more)


async def ready(app: GoneawayApp, pilot: Pilot[None], clock: HeldClock) -> None:
    """Ask all, and show what they said."""
    clock.now += 1
    app.tick()
    await settle(app, pilot)
    app.tick()
    await settle(app, pilot)


def seen(app: GoneawayApp) -> list[tuple[str, int]]:
    return [(v.server_name, v.session.id) for v in board(app).sessions.rows]


async def test_all_sessions_stand_in_one_order_with_their_server() -> None:
    clock = HeldClock()
    app = two(clock)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        shown = lines(app)

        assert [("db2", 4), ("db2", 3), ("db1", 3), ("db2", 2), ("db1", 2), ("db1", 1)] == seen(app)
    assert "Server" in shown
    assert "2 servers" in shown
    assert "on db2" in shown


async def test_o_narrows_to_the_server_under_the_cursor_and_back() -> None:
    clock = HeldClock()
    app = two(clock)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        everyone = seen(app)
        await pilot.press("down", "down", "o")
        await settle(app, pilot)

        assert {"db1"} == {name for name, _ in seen(app)}
        assert "only db1" in notice(app)
        assert "wait_timeout" in lines(app)
        assert "server" not in board(app).sessions.shown_columns

        await pilot.press("o")
        await settle(app, pilot)
        assert everyone == seen(app)
        assert "server" in board(app).sessions.shown_columns

        await pilot.press("o", "escape")
        await settle(app, pilot)
        assert everyone == seen(app)


async def test_the_filter_and_the_groups_know_servers() -> None:
    clock = HeldClock()
    app = two(clock)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        await pilot.press("slash", *"server:db2", "enter")
        await settle(app, pilot)
        assert {"db2"} == {name for name, _ in seen(app)}

        await pilot.press("escape", "g", "end", "enter")
        await settle(app, pilot)
        groups = board(app).groups
        assert {"db1": 3, "db2": 3} == {group.key: group.sessions for group in groups.rows}

        await pilot.press("end")
        assert groups.cursor_row is not None
        assert groups.cursor_row.key == app.server_name
        await pilot.press("enter")
        await settle(app, pilot)
        assert {app.server_name} == {name for name, _ in seen(app)}


async def test_keys_act_on_the_server_under_the_cursor_and_dialogs_name_it(tmp_path: Path) -> None:
    clock = HeldClock()
    journal = Journal(tmp_path / "journal.jsonl", clock)
    app = two(clock, journal=journal)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        await pilot.press("down", "down")
        await until(pilot, lambda: app.tuning.gate is not None)
        assert "db1" == app.server_name
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        assert "wait_timeout on db1" in lines(app)
        assert server_accent("green") == app.accent
        await pilot.press(*"9h", "enter")
        await until(pilot, reported(app))
        await pilot.press("escape", "e")
        await until(pilot, on(app, ExportScreen))
        assert "export this snapshot of db1" in lines(app)
        await pilot.press("escape", "l")
        await until(pilot, on(app, LedgerScreen))
        assert "ledger db1" in lines(app)
        await pilot.press("escape", "enter")
        await until(pilot, on(app, SessionScreen))
        assert "session 3 on db1" in lines(app)

    (act,) = journal.acts()
    assert "db1" == act.entry.server_name
    first, second = (each.spec.executor for each in app.monitors)
    assert isinstance(first, FakeExecutor)
    assert isinstance(second, FakeExecutor)
    assert ["SET GLOBAL wait_timeout = 32400"] == first.did
    assert [] == second.did


async def test_the_server_in_hand_is_held_while_a_screen_is_open() -> None:
    """The row under the cursor moves on; what is open does not go to another server with it."""
    clock = HeldClock()
    later = a_sample([a_session(id=9, idle_for=590, own_limit=600)], taken_at=NOW + 2)
    app = a_board_of_servers(clock, Scripted(a_sample(ONE), a_sample(ONE), later), Scripted(a_sample(TWO)))
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        assert "db2" == app.server_name
        await pilot.press("enter")
        await until(pilot, on(app, SessionScreen))
        await ready(app, pilot, clock)
        assert "db1" == seen(app)[0][0]
        assert "db2" == app.server_name
        assert "session 4 on db2" in lines(app)
        await pilot.press("escape")
        await until(pilot, on(app, SeveralServersBoard))

        assert "db1" == app.server_name


async def test_marked_sessions_are_killed_where_they_are_and_not_on_two_servers_at_once(
    tmp_path: Path,
) -> None:
    clock = HeldClock()
    app = two(clock, journal=Journal(tmp_path / "journal.jsonl", clock))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot, clock)
        await until(pilot, lambda: all(app.tuning_of(each).gate is not None for each in app.monitors))
        await pilot.press("down", "space")
        assert "db1" == app.server_name
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        assert "kill session 3 on db2" in lines(app)
        await pilot.press("escape", "space", "k")
        await pilot.pause()

        assert isinstance(app.screen, SeveralServersBoard)
        assert any("on 2 servers" in note.message for note in app._notifications)


async def test_hanging_server_is_marked_within_two_intervals_while_the_others_go_on() -> None:
    clock = HeldClock()
    mute = Hanging(a_sample(ONE))
    going = Scripted(*(a_sample(TWO, taken_at=NOW + n) for n in range(1, 9)))
    app = a_board_of_servers(clock, mute, going)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        assert [True, True] == [each.is_healthy for each in app.server_statuses]
        mute.may_answer.clear()
        before = app.monitors[1].shown
        for _ in range(3):
            clock.now += 1
            app.tick()
            await until(pilot, lambda before=before: app.monitors[1].newest is not before)  # type: ignore[misc]
            before = app.monitors[1].newest
            app.tick()
        hung, well = app.server_statuses

        assert (hung.is_stale, well.is_stale) == (True, False)
        assert f"{hung.age_seconds:.0f} s old" in lines(app)
        began = time.monotonic()
        await pilot.press("q")
    mute.may_answer.set()
    assert time.monotonic() - began < PATIENCE


async def test_server_that_refuses_at_the_start_is_shown_and_joins_by_itself(tmp_path: Path) -> None:
    clock = HeldClock()
    refused = Unreachable("cannot connect to db1:3306: refused", "is it there?")
    late = Scripted(refused, refused, a_sample(ONE))
    app = a_board_of_servers(clock, late, Scripted(a_sample(TWO)), journal=Journal(tmp_path / "j", clock))
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        assert "✖ db1" in lines(app)
        assert "db1: cannot connect to db1:3306: refused" in notice(app)
        assert {"db2"} == {name for name, _ in seen(app)}
        assert app.tuning_of(app.monitors[0]).why_not("kill")
        clock.now += 1
        await ready(app, pilot, clock)
        await until(pilot, lambda: app.tuning_of(app.monitors[0]).gate is not None)
        assert "" == app.tuning_of(app.monitors[0]).why_not("kill")

        assert {"db1", "db2"} == {name for name, _ in seen(app)}
        assert "" == notice(app)


async def test_a_held_screen_holds_all_servers() -> None:
    clock = HeldClock()
    app = a_board_of_servers(
        clock, Scripted(a_sample(ONE), a_sample([], taken_at=NOW + 2)), Scripted(a_sample(TWO))
    )
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        everyone = seen(app)
        await pilot.press("f")
        await ready(app, pilot, clock)
        assert everyone == seen(app)
        await pilot.press("f")
        await settle(app, pilot)

        assert {"db2"} == {name for name, _ in seen(app)}


async def test_the_words_of_several_servers_are_known_to_them_alone() -> None:
    clock = HeldClock()
    app = two(clock)
    async with app.run_test(size=(120, 140)) as pilot:
        await ready(app, pilot, clock)
        await pilot.press("question_mark")
        await settle(app, pilot)
        assert "Show only the server of the row under the cursor" in lines(app)
        assert "several servers" in lines(app)


def test_a_snapshot_replaces_none_of_another_server() -> None:
    snapshot = judge(a_sample())
    first, second, newer = SnapshotTaken(snapshot), SnapshotTaken(snapshot, 1), SnapshotTaken(snapshot, 1)

    assert newer.can_replace(second)
    assert not newer.can_replace(first)


@pytest.mark.parametrize("servers", [2, 7, 12, 40, 200])
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_cells_keep_to_their_room(servers: int, width: int) -> None:
    snapshot = a_snapshot(ONE)
    fleet = [
        ServerStatus(
            f"prod-eu-db{n}", snapshot, age_seconds=3.0 * (n == servers - 1), is_stale=n == servers - 1
        )
        for n in range(servers)
    ]
    drawn = server_cells(fleet, width, 6)

    assert 1 <= len(drawn) <= 6
    assert max(line.cell_length for line in drawn) <= width
    assert f"prod-eu-db{servers - 1}" in "\n".join(line.plain for line in drawn)
    if servers == 200:
        assert " more" in drawn[-1].plain


async def test_servers_are_asked_spread_over_their_interval() -> None:
    clock = HeldClock()
    sources = [Scripted(a_sample(ONE), clock=clock) for _ in range(4)]
    app = a_board_of_servers(clock, *sources)
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(20):
            app.poll_due()
            for each in app.monitors:
                await asyncio.to_thread(each.poller.wait, PATIENCE)
            await pilot.pause()
            clock.now += 0.05

    assert [NOW + n / 4 for n in range(4)] == [pytest.approx(each.asked_at[0], abs=0.05) for each in sources]


def test_names_with_the_same_start_are_distinguished_by_their_end() -> None:
    names = ("db.example.com:3306", "db.example.com:3307")
    column = server_column(names)
    verdicts = [replace(a_verdict(), server_name=name) for name in names]

    assert ["db.exa…:3306", "db.exa…:3307"] == [column.cell(each, NOW, 12) for each in verdicts]
    assert list(names) == [column.cell(each, NOW, 19) for each in verdicts]
    assert "prod-d…ase-1" == server_column(("prod-database-1", "x")).cell(
        replace(a_verdict(), server_name="prod-database-1"), NOW, 12
    )
