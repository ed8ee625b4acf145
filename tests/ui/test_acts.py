"""Tuning, undoing and killing by keys: what the dialogs foretell, what the server hears, what is told afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from textual.widgets import Button, Input

from goneaway_tui.errors import AccessDenied, OutcomeUnknown
from goneaway_tui.model.tuning import Standing
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.board import Board
from goneaway_tui.ui.screens.confirm import ConfirmScreen
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.report import ReportScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.screens.variables import VariablesScreen
from goneaway_tui.ui.watched import Subject
from tests.builders import a_sample, a_session
from tests.fakes import POWERS, FakeExecutor
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import board, ids, lines

SIZE = (120, 40)
SESSIONS = [a_session(id=n, idle_for=n, own_limit=600) for n in (3, 4, 5)]


def an_app(tmp_path: Path, executor: FakeExecutor | None) -> GoneawayApp:
    clock = HeldClock()
    journal = None if executor is None else Journal(tmp_path / "journal.jsonl", clock)
    source = Scripted(a_sample(SESSIONS))
    subject = Subject(source, executor=executor, journal=journal, why_read_only="started with --read-only")
    return GoneawayApp([subject], clock, ticking=False)


async def until(pilot: Pilot[None], fact: Callable[[], bool]) -> None:
    """Let threads and messages go on until something is true."""
    for _ in range(400):
        await pilot.pause()
        if fact():
            await pilot.pause()  # what it changed is drawn after it
            await pilot.pause()
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


async def ready(app: GoneawayApp, pilot: Pilot[None]) -> None:
    await settle(app, pilot)
    await until(pilot, lambda: app.acts.is_read_only or app.acts.gate is not None)


def on(app: GoneawayApp, screen: type) -> Callable[[], bool]:
    return lambda: isinstance(app.screen, screen)


def reported(app: GoneawayApp) -> Callable[[], bool]:
    """All acts are over."""
    return lambda: isinstance(app.screen, ReportScreen) and app.screen.is_finished


async def test_the_clamp_is_foretold_the_warning_shown_the_journal_right_and_u_takes_it_back(
    tmp_path: Path,
) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"32140800")
        await pilot.pause()
        foretold = lines(app)
        assert [] == executor.did
        await pilot.press("enter")
        await until(pilot, reported(app))
        told = lines(app)
        await pilot.press("escape", "u")
        await until(pilot, on(app, ConfirmScreen))
        assert 1 == len(executor.did)
        await pilot.press("tab", "enter")
        await until(pilot, reported(app))

    assert "31,536,000" in foretold
    assert "the server's maximum" in foretold
    assert "SET GLOBAL wait_timeout = 28800" in foretold
    assert "Warning 1292: Truncated incorrect wait_timeout value" in told
    assert ["SET GLOBAL wait_timeout = 32140800", "SET GLOBAL wait_timeout = 28800"] == executor.did
    acts = Journal(tmp_path / "journal.jsonl", HeldClock()).acts()
    assert [31_536_000, 28_800] == [act.entry.kept for act in acts]


async def test_a_year_is_the_servers_maximum(tmp_path: Path) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"1y", "enter")
        await until(pilot, reported(app))

    assert ["SET GLOBAL wait_timeout = 31536000"] == executor.did


async def test_escape_changes_nothing(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"60", "escape")
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        await pilot.press("escape")
        await until(pilot, on(app, Board))

    assert [] == executor.did
    assert not (tmp_path / "journal.jsonl").exists()


class Slow(FakeExecutor):
    """One whose server takes its time to say how a variable stands."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def standing(self, name: str) -> Standing:
        assert self.may_answer.wait(10)
        return super().standing(name)


async def test_what_is_typed_before_the_dialog_is_open_is_its_value_and_no_key_of_the_board(
    tmp_path: Path,
) -> None:
    executor = Slow()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press(*"w30s")
        executor.may_answer.set()
        await until(pilot, on(app, TuneScreen))
        await pilot.press("0", "backspace")

        assert "30s" == app.screen.query_one("#value", Input).value
        await pilot.press("escape")
        assert isinstance(app.screen, Board)
    assert [] == executor.did


async def test_escape_before_the_dialog_is_open_opens_none(tmp_path: Path) -> None:
    executor = Slow()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w", "escape")
        executor.may_answer.set()
        await until(pilot, lambda: not app.acts.is_acting)

        assert isinstance(app.screen, Board)


async def test_a_server_that_does_not_say_how_a_variable_stands_gives_the_board_back(tmp_path: Path) -> None:
    executor = FakeExecutor()
    executor.blind = AccessDenied("no", "ask somebody")
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: not app.acts.is_acting and isinstance(app.screen, Board))

        assert "no; ask somebody" in [note.message for note in app._notifications]


async def test_a_dangerous_value_is_asked_about_a_second_time(tmp_path: Path) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"4", "enter")
        await pilot.pause()

        assert isinstance(app.screen, TuneScreen)
        assert "all the same" in str(app.screen.query_one("#apply", Button).label)
        assert "cancel" == app.focused.id  # type: ignore[union-attr]

        await pilot.click("#apply")
        await until(pilot, reported(app))

    assert ["SET GLOBAL wait_timeout = 4"] == executor.did


async def test_what_cannot_be_read_cannot_be_applied(tmp_path: Path) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"soon", "enter")
        await pilot.pause()

        assert isinstance(app.screen, TuneScreen)
        assert app.screen.query_one("#apply", Button).disabled
    assert [] == executor.did


async def test_marked_sessions_are_killed_and_who_woke_up_is_spared(tmp_path: Path) -> None:
    awake = a_session(id=4, idle_for=0.1, own_limit=600)
    executor = FakeExecutor(sessions=[SESSIONS[0], awake, SESSIONS[2]])
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("space", "space", "space", "k")
        await until(pilot, on(app, KillScreen))
        assert "cancel" == app.focused.id  # type: ignore[union-attr]
        await pilot.click("#kill")
        await until(pilot, reported(app))
        told = lines(app)

        assert set() == board(app).sessions.marks
    assert ["KILL 5", "KILL 3"] == executor.did
    assert "4 woke up" in told


async def test_keys_typed_before_the_kill_dialog_was_seen_do_not_answer_it(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        for key in ("k", "tab", "enter", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, on(app, KillScreen))
        await pilot.pause()

        assert isinstance(app.screen, KillScreen)
    assert [] == executor.did


async def test_our_own_session_is_never_killed(tmp_path: Path) -> None:
    ours = a_session(id=9, own=True, command="Query")
    clock = HeldClock()
    executor = FakeExecutor(sessions=[ours])
    source = Scripted(a_sample([ours]))
    subject = Subject(source, executor=executor, journal=Journal(tmp_path / "j", clock))
    app = GoneawayApp([subject], clock, ticking=False)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await pilot.pause()

        assert isinstance(app.screen, Board)
        assert any("never killed" in note.message for note in app._notifications)


async def test_without_an_executor_the_keys_say_why(tmp_path: Path) -> None:
    app = an_app(tmp_path, None)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(app, pilot)
        for key in ("w", "t", "k", "u"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, Board)
        said = [note.message for note in app._notifications]

    assert 4 == sum("--read-only" in each for each in said)


async def test_a_missing_privilege_greys_a_key_with_its_grant(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    grant = "the account may not: GRANT CONNECTION_ADMIN ON *.* TO 'dba'@'%'"
    executor.can = type(POWERS)(
        POWERS.account, POWERS.server_id, True, True, False, why_not=(("kill", grant),)
    )
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await pilot.pause()

        assert any("GRANT CONNECTION_ADMIN" in note.message for note in app._notifications)
    assert [] == executor.did


async def test_a_line_lost_in_mid_act_is_told_as_unknown_and_never_tried_again(tmp_path: Path) -> None:
    executor = FakeExecutor()
    executor.raises = OutcomeUnknown(
        "lost db in the middle of SET GLOBAL: the outcome is unknown", "look again"
    )
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"9h", "enter")
        await until(pilot, reported(app))

        assert "the outcome is unknown" in lines(app)
    assert 1 == len(executor.did)


async def test_a_journal_that_cannot_be_written_stops_the_act(tmp_path: Path) -> None:
    executor = FakeExecutor()
    clock = HeldClock()
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file" / "journal.jsonl", clock)
    subject = Subject(Scripted(a_sample(SESSIONS)), executor=executor, journal=journal)
    app = GoneawayApp([subject], clock, ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"9h", "enter")
        await until(pilot, reported(app))

        assert "✖ SET GLOBAL wait_timeout = 32400" in lines(app)
    assert [] == executor.did


async def test_v_shows_the_limits_and_the_journal(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("v")
        await until(pilot, on(app, VariablesScreen))

        assert "wait_timeout" in lines(app)


async def test_t_lists_every_tunable_the_server_has(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("t")
        await pilot.pause()
        shown = lines(app)

        assert {"max_allowed_packet", "wait_timeout"} <= {
            each.name for each in TUNABLES if each.name in shown
        }
        assert 3 == len(ids(app))
