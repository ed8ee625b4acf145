"""The same change on several servers, by keys: marks, one preview a server, one after the other up to the first surprise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Button

from goneaway_tui.errors import OutcomeUnknown, Unreachable
from goneaway_tui.model.server import Variable
from goneaway_tui.model.tuning import KeptValue, Persistence, VariableState
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.controllers.several_servers import ChangeSeveralScreen, TuneSeveralScreen
from goneaway_tui.ui.screens.dialogs import ChooserScreen, ConfirmScreen
from goneaway_tui.ui.screens.servers_board import SeveralServersBoard
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.theme import server_accent
from tests.builders import a_sample, a_session
from tests.fakes import POWERS, FakeExecutor
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import lines
from tests.ui.test_board_of_several_servers import ready
from tests.ui.test_tuning import on, reported, until
from tests.waiting import FAR

SIZE = (120, 60)
NAMES = ("db1", "db2", "db3")


class Server(FakeExecutor):
    """One of several. `before` is called when a change is heard."""

    def __init__(self, number: int, *, most: int = 31_536_000) -> None:
        variable = Variable("wait_timeout", 28_800, 1, most, "compiled")
        super().__init__(variables={"wait_timeout": VariableState(variable)})
        self.can = replace(POWERS, server_id=f"server-{number}")
        self.before: Callable[[], object] = lambda: None

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        self.before()
        return super().set_global(name, value, keep)


class Stage:
    """A board of servers called db1, db2 and so on, and a journal they share."""

    def __init__(self, folder: Path, *servers: Server | None, colors: tuple[str | None, ...] = ()) -> None:
        self.clock = HeldClock()
        self.servers = servers
        self.journal = Journal(folder / "journal.jsonl", self.clock)
        self.sources = [
            Scripted(
                a_sample([a_session(id=n, idle_for=10 * n, own_limit=60_000) for n in range(number, 20)])
            )
            for number in range(1, len(servers) + 1)
        ]
        subjects = [
            MonitorSpec(
                source,
                name=f"db{number}",
                executor=server,
                journal=None if server is None else self.journal,
                why_read_only="started with --read-only",
                color=colors[number - 1] if colors else None,
            )
            for number, (server, source) in enumerate(zip(servers, self.sources, strict=True), 1)
        ]
        self.app = GoneawayApp(subjects, self.clock, ticking=False)

    def server(self, number: int) -> Server:
        server = self.servers[number - 1]
        assert server is not None
        return server

    @property
    def did(self) -> list[list[str]]:
        return [[] if each is None else each.did for each in self.servers]

    async def mark_all(self, pilot: Pilot[None]) -> None:
        await ready(self.app, pilot, self.clock)
        await until(
            pilot, lambda: all(t.is_read_only or t.gate for t in map(self.app.tuning_of, self.app.monitors))
        )
        await pilot.press("m", "home", *["space"] * len(self.servers))
        await pilot.pause()
        assert {each.name for each in self.app.monitors} == self.board.marked_servers

    @property
    def board(self) -> SeveralServersBoard:
        found = self.app._board
        assert isinstance(found, SeveralServersBoard)
        return found

    async def preview(self, pilot: Pilot[None], value: str, key: str = "w") -> str:
        """Type a value for all that are marked; what is shown of it."""
        await pilot.press(key)
        await until(pilot, on(self.app, TuneSeveralScreen))
        await pilot.press(*value, "enter")
        await until(pilot, on(self.app, ChangeSeveralScreen))
        return lines(self.app)

    async def over(self, pilot: Pilot[None]) -> str:
        """Wait until nothing more will be changed; what is told."""
        await until(
            pilot, lambda: isinstance(self.app.screen, ChangeSeveralScreen) and self.app.screen.is_finished
        )
        return lines(self.app)


def three(folder: Path) -> Stage:
    return Stage(folder, *(Server(number) for number in (1, 2, 3)))


def focused(app: GoneawayApp) -> str | None:
    return None if app.focused is None else app.focused.id


async def test_marks_are_shown_and_taken_away(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        shown = lines(stage.app)
        assert all(f"●✔ {name}" in shown for name in NAMES)
        assert "✔ 3 marked" in shown
        await pilot.press("m")
        await pilot.pause()
        assert "Closes in" in lines(stage.app)
        assert "✔ 3 marked" in lines(stage.app)
        await pilot.press("m", "home", "space")
        await pilot.pause()
        assert "✔ 2 marked" in lines(stage.app)
        await pilot.press("escape")
        assert 2 == len(stage.board.marked_servers)
        await pilot.press("escape")
        await pilot.pause()

        assert frozenset() == stage.board.marked_servers
        assert "marked" not in lines(stage.app)


async def test_same_change_is_predicted_and_made_on_each_server_and_journalled_by_name(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, Server(1), Server(2, most=7200), Server(3))
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await pilot.press("w")
        await until(pilot, on(stage.app, TuneSeveralScreen))
        asked = lines(stage.app)
        await pilot.press(*"9h", "enter")
        await until(pilot, on(stage.app, ChangeSeveralScreen))
        shown = lines(stage.app)
        assert [[], [], []] == stage.did
        assert "apply" == focused(stage.app)
        await pilot.press("enter")
        told = await stage.over(pilot)
        await pilot.press("escape")
        await until(pilot, on(stage.app, SeveralServersBoard))

        assert frozenset() == stage.board.marked_servers
    assert "wait_timeout on 3 servers: db1, db2, db3" in asked
    assert "This dialog shows db1" in asked
    assert "28,800 (8 h) » 32,400 (9 h)" in shown
    assert "28,800 (8 h) » 7,200 (2 h)   ▲ not 32,400: the server's maximum" in shown
    assert 3 == shown.count("SET GLOBAL wait_timeout = 32400")
    assert 3 == shown.count("SET GLOBAL wait_timeout = 28800")
    assert "0 of 17 open sessions change" in shown
    assert "3 of 3 done, as predicted" in told
    assert "Warning 1292: Truncated incorrect wait_timeout value: '32400'" in told
    assert [["SET GLOBAL wait_timeout = 32400"]] * 3 == stage.did
    assert [("db1", 32_400), ("db2", 7200), ("db3", 32_400)] == [
        (act.entry.server_name, act.entry.kept) for act in stage.journal.acts()
    ]


async def test_the_first_surprise_stops_the_rest_which_stay_marked(tmp_path: Path) -> None:
    stage = three(tmp_path)
    lesser = stage.server(2)
    lesser.before = lambda: lesser.variables.update(
        wait_timeout=replace(
            lesser.variables["wait_timeout"], variable=Variable("wait_timeout", 28_800, 1, 7200)
        )
    )
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        await pilot.press("enter")
        told = await stage.over(pilot)
        await pilot.press("escape")
        await pilot.pause()

        assert {"db2", "db3"} == stage.board.marked_servers
    assert "1 of 3 done; unexpected result on db2; 1 not changed" in told
    assert "the server kept 7200, not 32400 as predicted" in told
    assert "not changed" in told
    assert [1, 1, 0] == [len(each) for each in stage.did]
    assert ["db1", "db2"] == [act.entry.server_name for act in stage.journal.acts()]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OutcomeUnknown("lost db1 in mid-act"),
            "it is not known whether the change was made: lost db1 in mid-act",
        ),
        (Unreachable("lost db1"), "not done: lost db1"),
    ],
)
async def test_failed_change_is_not_retried_and_stops_the_remaining_changes(
    tmp_path: Path, error: Exception, words: str
) -> None:
    stage = three(tmp_path)
    stage.server(1).raises = error
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        await pilot.press("enter")
        told = await stage.over(pilot)
        await pilot.press("u")
        await pilot.pause()

        assert isinstance(stage.app.screen, ChangeSeveralScreen)
    assert words in told
    assert "0 of 3 done; unexpected result on db1; 2 not changed" in told
    assert "u undo   esc back" not in told
    assert [1, 0, 0] == [len(each) for each in stage.did]


async def test_value_changed_by_another_user_meanwhile_is_not_undone(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        stage.server(2).set_global("wait_timeout", 60, Persistence.GLOBAL)
        await pilot.press("enter")
        told = await stage.over(pilot)

    assert "not done: wait_timeout is now 60, not 28800: it was changed since" in told
    assert [["SET GLOBAL wait_timeout = 32400"], ["SET GLOBAL wait_timeout = 60"], []] == stage.did


async def test_server_that_cannot_be_changed_is_listed_with_the_reason(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *(Server(number) for number in range(1, 6)), None)
    away, poor, done, fine = (stage.server(number) for number in (1, 2, 3, 4))
    poor.can = replace(poor.can, can_set=False, why_not=(("set", "GRANT SYSTEM_VARIABLES_ADMIN ON *.*"),))
    done.set_global("wait_timeout", 32_400, Persistence.GLOBAL)
    stage.server(5).can = fine.can
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        stage.sources[0]._script = [Unreachable("db1 is gone")]
        await ready(stage.app, pilot, stage.clock)
        shown = await stage.preview(pilot, "9h")
        await pilot.press("enter")
        await stage.over(pilot)

    assert "Changes one server at a time. Stops at the first unexpected result. 5 skipped." in shown
    assert "db1   skipped: not reachable now: db1 is gone" in shown
    assert "db2   skipped: GRANT SYSTEM_VARIABLES_ADMIN" in shown
    assert "db3   skipped: the value is already 9 h" in shown
    assert "db5   skipped: it is the same server as db4" in shown
    assert "db6   skipped: started with --read-only" in shown
    assert "Change 1 server" in shown
    assert [] == away.looked
    assert ["SET GLOBAL wait_timeout = 32400"] == fine.did
    assert [0, 0, 1, 1, 0, 0] == [len(each) for each in stage.did]


async def test_where_it_can_be_changed_nowhere_that_is_all_that_is_shown(tmp_path: Path) -> None:
    stage = Stage(tmp_path, None, None)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await pilot.press("w")
        await until(pilot, on(stage.app, ChangeSeveralScreen))
        shown = lines(stage.app)
        await pilot.press("enter")
        await until(pilot, on(stage.app, SeveralServersBoard))

    assert "No server can be changed." in shown
    assert 2 == shown.count("skipped: started with --read-only")


async def test_cancel_is_focused_where_any_asks_twice_and_the_first_dialog_leaves_that_to_it(
    tmp_path: Path,
) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        shown = await stage.preview(pilot, "20")
        assert "cancel" == focused(stage.app)
        await pilot.press("enter")
        await until(pilot, on(stage.app, SeveralServersBoard))

        assert 3 == len(stage.board.marked_servers)
    assert 3 == shown.count("the server will close sessions between two statements")
    assert [[], [], []] == stage.did


async def test_escape_in_the_middle_lets_the_one_under_way_end_and_no_other_begin(tmp_path: Path) -> None:
    stage = three(tmp_path)
    heard, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        heard.set()
        go_on.wait(FAR)

    stage.server(1).before = hold
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        await pilot.press("enter")
        await until(pilot, heard.is_set)
        assert "changing" in lines(stage.app)
        assert 2 == lines(stage.app).count("waiting")
        await pilot.press("escape")
        await pilot.pause()
        assert "stopping after this step" in lines(stage.app)
        go_on.set()
        told = await stage.over(pilot)

    assert "1 of 3 done; 2 not changed" in told
    assert [1, 0, 0] == [len(each) for each in stage.did]


async def test_keys_typed_before_the_previews_were_seen_do_not_apply_them(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await pilot.press("w")
        await until(pilot, on(stage.app, TuneSeveralScreen))
        await pilot.press(*"9h")
        for key in ("enter", "enter", "enter"):
            stage.app.post_message(events.Key(key, None))
        await until(pilot, on(stage.app, ChangeSeveralScreen))
        await pilot.pause()

        assert isinstance(stage.app.screen, ChangeSeveralScreen)
        assert not stage.app.screen.is_started
    assert [[], [], []] == stage.did


# --- Undo


async def test_u_takes_it_back_on_all_it_was_made_on(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        await pilot.press("enter")
        told = await stage.over(pilot)
        await pilot.press("u")
        await until(pilot, lambda: "Undo on 3 servers" in lines(stage.app))
        shown = lines(stage.app)
        assert "cancel" == focused(stage.app)
        await pilot.press("tab", "enter")
        undone = await stage.over(pilot)

    assert "u undo   esc back" in told
    assert "undo on 3 servers: db1, db2, db3" in shown
    assert 3 == shown.count("32,400 (9 h) » 28,800 (8 h)")
    assert "3 of 3 done, as predicted" in undone
    assert "u undo   esc back" not in undone
    assert [["SET GLOBAL wait_timeout = 32400", "SET GLOBAL wait_timeout = 28800"]] * 3 == stage.did
    acts = stage.journal.acts()
    assert [act.id for act in acts[:3]] == [act.entry.undoes for act in acts[3:]]


async def test_u_on_the_board_offers_all_or_one_and_leaves_alone_what_was_changed_since(
    tmp_path: Path,
) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        await pilot.press("enter")
        await stage.over(pilot)
        await pilot.press("escape", "home", "u")
        await until(pilot, on(stage.app, ChangeSeveralScreen))
        name = stage.app.server_name
        assert f"Only on {name}" in lines(stage.app)
        await pilot.click("#only")
        await until(pilot, on(stage.app, ConfirmScreen))
        assert f"undo on {name}" in lines(stage.app)
        await pilot.press("enter")
        await until(pilot, reported(stage.app))
        await pilot.press("escape", "down", "u")
        await until(pilot, on(stage.app, ChangeSeveralScreen))
        again = lines(stage.app)
        await pilot.click("#apply")
        await stage.over(pilot)
        await pilot.press("escape", "u")
        await pilot.pause()

        assert any("every change is undone" in note.message for note in stage.app._notifications)
    assert f"{name}   skipped: the change was undone" in again
    assert "Undo on 2 servers" in again
    assert [["SET GLOBAL wait_timeout = 32400", "SET GLOBAL wait_timeout = 28800"]] * 3 == stage.did


# --- What else


async def test_one_marked_server_is_tuned_wherever_the_cursor_is(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await pilot.press("home", "space", "space")
        (left,) = stage.board.marked_servers
        assert left != stage.app.server_name or stage.board.groups.cursor == 2
        await pilot.press("home", "w")
        await until(pilot, on(stage.app, TuneScreen))

        assert left != stage.app.server_name
        assert f"wait_timeout on {left}" in lines(stage.app)
        assert not isinstance(stage.app.screen, TuneSeveralScreen)


async def test_a_board_narrowed_to_one_server_tunes_that_one(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await pilot.press("m", "o", "w")
        await until(pilot, on(stage.app, TuneScreen))

        assert f"wait_timeout on {stage.app.server_name}" in lines(stage.app)
        assert not isinstance(stage.app.screen, TuneSeveralScreen)


async def test_no_notice_hides_what_is_to_be_confirmed_or_read(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=(80, 24), notifications=True) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")
        stage.app.notify("db1: the server has restarted")
        await pilot.pause()
        await pilot.pause()
        before = lines(stage.app)
        await pilot.press("escape")
        await until(pilot, on(stage.app, SeveralServersBoard))

        assert "restarted" in lines(stage.app)
    assert "restarted" not in before


async def test_any_limit_can_be_chosen_for_all(tmp_path: Path) -> None:
    stage = three(tmp_path)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await pilot.press("t")
        await until(pilot, on(stage.app, ChooserScreen))
        assert "tune on 3 servers: db1, db2, db3" in lines(stage.app)
        await pilot.press("down", "enter")
        await until(pilot, on(stage.app, TuneSeveralScreen))
        assert "interactive_timeout on 3 servers" in lines(stage.app)


@pytest.mark.parametrize(
    ("colors", "worn"),
    [(("red", "red"), server_accent("red")), (("red", "green"), None), ((None, None), None)],
)
async def test_the_dialog_wears_a_colour_they_have_in_common(
    tmp_path: Path, colors: tuple[str | None, ...], worn: object
) -> None:
    stage = Stage(tmp_path, Server(1), Server(2), colors=colors)
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.mark_all(pilot)
        await stage.preview(pilot, "9h")

        assert worn == stage.app.accent


async def test_all_of_many_can_be_scrolled_to_by_keys_while_a_button_has_the_focus(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *(Server(number) for number in range(1, 7)))
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await stage.mark_all(pilot)
        shown = await stage.preview(pilot, "9h")
        assert "· db1 " in shown
        assert "· db6 " not in shown
        await pilot.press(*["pagedown"] * 6)
        await pilot.pause()
        assert "· db6 " in lines(stage.app)
        button = stage.app.screen.query_one("#apply", Button)
        assert button.region.bottom < 24
        await pilot.press("enter")
        await stage.over(pilot)

    assert [1] * 6 == [len(each) for each in stage.did]
