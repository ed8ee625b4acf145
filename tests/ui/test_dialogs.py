"""Dialogs: an arrow chooses, enter opens one, and what is going to be kept is said beside what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button

from goneaway_tui.model.tuning import Persistence
from goneaway_tui.monitor.poller import Poller
from goneaway_tui.tune.actions import SetVariable
from goneaway_tui.ui.screens.export import ExportScreen
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.widgets.plain_text import RadioChoice
from tests.builders import NOW, a_sample, a_session
from tests.fakes import FakeExecutor
from tests.snapshot.shots import settle
from tests.ui.stage import Scripted
from tests.ui.test_board import lines
from tests.ui.test_tuning import SESSIONS, an_app, on, ready, reported, until

SIZE = (120, 40)


async def test_an_arrow_chooses_what_it_reaches_and_apply_runs_that(tmp_path: Path) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"600", "tab", "down")
        await pilot.pause()
        shown = lines(app)
        app.screen.query_one("#apply", Button).press()
        await until(pilot, reported(app))

    assert "(•) across restarts (PERSIST)" in shown
    assert "SET PERSIST wait_timeout = 600" in shown
    assert ["SET PERSIST wait_timeout = 600"] == executor.did


async def test_up_after_down_is_the_first_choice_again(tmp_path: Path) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"600", "tab", "down", "up")
        await pilot.press("shift+tab", "enter")
        await until(pilot, reported(app))

    assert ["SET GLOBAL wait_timeout = 600"] == executor.did


@pytest.mark.parametrize("key", ["k", "e"])
async def test_every_set_of_choices_follows_the_arrows(tmp_path: Path, key: str) -> None:
    working = [a_session(id=7, command="Query", busy_since=NOW - 3)]
    app = an_app(tmp_path, FakeExecutor(sessions=working), working)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, KillScreen | ExportScreen))
        app.screen.query("RadioChoices").first().focus()
        await pilot.press("down")
        await pilot.pause()

        assert [False, True] == [choice.value for choice in app.screen.query(RadioChoice)][:2]
        assert app.screen.query(RadioChoice)[1].has_class("-selected")


async def test_what_the_server_keeps_stands_beside_the_statement(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"2y")
        await pilot.pause()
        clamped = lines(app)
        await pilot.press("backspace", "backspace", *"600")
        await pilot.pause()
        kept = lines(app)

    line = next(each for each in clamped.splitlines() if "SET GLOBAL" in each and "63072000" in each)
    assert "the server keeps 31,536,000" in line
    assert "the server keeps" not in kept


async def test_a_change_of_our_own_is_not_announced_and_one_of_another_user_is(tmp_path: Path) -> None:
    executor = FakeExecutor()
    app = an_app(tmp_path, executor)
    before = a_sample(SESSIONS)
    ours = a_sample(SESSIONS, variables={"wait_timeout": 600})
    others = a_sample(SESSIONS, variables={"wait_timeout": 700})
    poller = app.monitors[0].poller
    assert isinstance(poller, Poller)
    source = poller._source
    assert isinstance(source, Scripted)
    announced: list[str] = []
    app.notify = lambda words, **_: announced.append(words)  # type: ignore[method-assign]
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        source._script[:] = [before]
        gate = app.tuning.gate
        assert gate is not None
        gate.run(SetVariable("wait_timeout", 600, Persistence.GLOBAL, 28_800))
        for sample in (ours, others):
            source._script[:] = [sample]
            poller.request()
            await settle(app, pilot)

    assert ["wait_timeout changed from 10 m (600 s) to 11 m 40 s (700 s)"] == announced
