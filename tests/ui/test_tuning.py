"""Tuning, undoing and killing by keys: what the dialogs foretell, what the server hears, what is told afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Button, Input

from goneaway_tui.errors import AccessDenied, OutcomeUnknown, Unreachable
from goneaway_tui.judge.reuse_gaps import LIMIT_LADDER, GroupGaps, ReuseGaps, bucket_of
from goneaway_tui.model.session import Session
from goneaway_tui.model.tuning import Persistence, Privileges, VariableState
from goneaway_tui.monitor.server_monitor import NO_KILL_POLICY, MonitorSpec
from goneaway_tui.tune.actions import SetVariable
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.kill_rules import KillPolicy
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.columns import session_key
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.dialogs import ConfirmScreen, tunables
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.report import ReportScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.screens.variables import VariablesScreen
from tests.builders import NOW, a_sample, a_session
from tests.fakes import POWERS, FakeExecutor
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import board, ids, lines
from tests.waiting import PATIENCE, becomes_true

SIZE = (120, 40)
SESSIONS = [a_session(id=n, idle_for=n, own_limit=600) for n in (3, 4, 5)]


def an_app(
    tmp_path: Path,
    executor: FakeExecutor | None,
    sessions: Sequence[Session] = SESSIONS,
    *,
    connected: int = 3,
    kill_policy: KillPolicy = NO_KILL_POLICY,
) -> GoneawayApp:
    clock = HeldClock()
    journal = None if executor is None else Journal(tmp_path / "journal.jsonl", clock)
    source = Scripted(a_sample(sessions, counters={"threads_connected": connected, "max_connections": 151}))
    subject = MonitorSpec(
        source,
        executor=executor,
        journal=journal,
        why_read_only="started with --read-only",
        kill_policy=kill_policy,
    )
    return GoneawayApp([subject], clock, ticking=False)


async def until(pilot: Pilot[Any], fact: Callable[[], bool]) -> None:
    """Let threads and messages go on until something is true."""

    async def pause() -> None:
        await asyncio.sleep(0.01)
        await pilot.pause()

    await pilot.pause()
    await becomes_true(fact, pause=pause)
    await pilot.pause()  # what it changed is drawn after it
    await pilot.pause()


async def ready(app: GoneawayApp, pilot: Pilot[None]) -> None:
    await settle(app, pilot)
    await until(pilot, lambda: app.tuning.is_read_only or app.tuning.gate is not None)


def on(app: GoneawayApp, screen: type) -> Callable[[], bool]:
    return lambda: isinstance(app.screen, screen)


def reported(app: GoneawayApp) -> Callable[[], bool]:
    """All acts are over."""
    return lambda: isinstance(app.screen, ReportScreen) and app.screen.is_finished


async def test_clamp_is_predicted_the_warning_shown_the_journal_right_and_u_undoes_it(
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
        await pilot.press("u")
        await until(pilot, on(app, ConfirmScreen))
        assert 1 == len(executor.did)
        await pilot.press("enter")
        await until(pilot, reported(app))

    assert "31,536,000" in foretold
    assert "the server's maximum" in foretold
    assert "u undo   esc back" in told
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
        await until(pilot, on(app, BoardScreen))

    assert [] == executor.did
    assert not (tmp_path / "journal.jsonl").exists()


class Slow(FakeExecutor):
    """One whose server takes its time to say how a variable stands."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def variable_state(self, name: str) -> VariableState:
        assert self.may_answer.wait(PATIENCE)
        return super().variable_state(name)


async def test_value_typed_in_one_burst_after_backspaces_stays_in_the_dialog(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"10m")
        for key, character in (*[("backspace", "\x7f")] * 20, ("2", "2"), ("h", "h")):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        await pilot.pause()

        assert "2h" == app.screen.query_one("#value", Input).value


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
        assert isinstance(app.screen, BoardScreen)
    assert [] == executor.did


async def test_escape_before_the_dialog_is_open_opens_none(tmp_path: Path) -> None:
    executor = Slow()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w", "escape")
        executor.may_answer.set()
        await until(pilot, lambda: not app.tuning.is_acting)

        assert isinstance(app.screen, BoardScreen)


async def test_failed_reading_of_a_variable_returns_to_the_board(tmp_path: Path) -> None:
    executor = FakeExecutor()
    executor.blind = AccessDenied("no", "ask somebody")
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: not app.tuning.is_acting and isinstance(app.screen, BoardScreen))

        assert "no; ask somebody" in [note.message for note in app._notifications]


class Secretive(FakeExecutor):
    """One whose server takes its time to say what the account may do, and may refuse to."""

    def __init__(self) -> None:
        super().__init__(sessions=SESSIONS)
        self.may_answer = threading.Event()
        self.refuses = False

    def privileges(self) -> Privileges:
        assert self.may_answer.wait(10)
        if self.refuses:
            raise Unreachable("nobody answers", "wait")
        return super().privileges()


@pytest.mark.parametrize(
    ("keys", "screen"),
    [("k", KillScreen), ("w", TuneScreen), ("kw", TuneScreen), ("wk", KillScreen), ("w30s", TuneScreen)],
)
async def test_key_pressed_before_the_privileges_are_known_opens_its_dialog_as_soon_as_they_are(
    tmp_path: Path, keys: str, screen: type
) -> None:
    executor = Secretive()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: app.snapshot is not None)
        for key in keys:
            await pilot.press(key)
        assert app.tuning.gate is None
        executor.may_answer.set()
        await until(pilot, on(app, screen))
        await until(pilot, lambda: not app.tuning.is_acting)

        assert isinstance(app.screen, screen)
        assert {"information"} >= {note.severity for note in app._notifications}
        if keys == "w30s":
            assert "30s" == app.screen.query_one("#value", Input).value
        await pilot.press("escape")
        assert isinstance(app.screen, BoardScreen)
    assert [] == executor.did


async def test_escape_discards_a_key_that_is_pending_for_the_privileges(tmp_path: Path) -> None:
    executor = Secretive()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.snapshot is not None)
        await pilot.press("k", "escape")
        executor.may_answer.set()
        await until(pilot, lambda: app.tuning.gate is not None and not app.tuning.is_acting)

        assert isinstance(app.screen, BoardScreen)


async def test_privileges_are_read_again_on_the_next_key_after_a_failure(
    tmp_path: Path,
) -> None:
    executor = Secretive()
    executor.refuses = True
    executor.may_answer.set()
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("k")
        await until(pilot, lambda: not app.tuning.is_acting)
        assert isinstance(app.screen, BoardScreen)
        executor.refuses = False
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))


async def test_missing_privilege_is_reported_to_the_pending_key(
    tmp_path: Path,
) -> None:
    executor = Secretive()
    executor.can = replace(POWERS, can_kill=False, why_not=(("kill", "GRANT CONNECTION_ADMIN"),))
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: app.snapshot is not None)
        await pilot.press("k")
        executor.may_answer.set()
        await until(pilot, lambda: not app.tuning.is_acting)

        assert isinstance(app.screen, BoardScreen)
        assert ["GRANT CONNECTION_ADMIN"] == [note.message for note in app._notifications]


APP = replace(
    POWERS,
    account="'app'@'%'",
    can_kill=False,
    why_not=(("kill", "only its own account's: GRANT CONNECTION_ADMIN"),),
)


async def test_an_account_without_the_privilege_may_kill_the_sessions_of_its_own_user_and_no_others(
    tmp_path: Path,
) -> None:
    sessions = [
        a_session(id=1, idle_for=0, user="app", own=True),
        a_session(id=3, idle_for=30, user="app"),
        a_session(id=4, idle_for=20, user="shop"),
    ]
    executor = FakeExecutor(sessions=sessions)
    executor.can = APP
    app = an_app(tmp_path, executor, sessions)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        table = board(app).sessions
        table.marks = {session_key(v) for v in table.rows if v.session.id == 4}
        await pilot.press("k")
        await pilot.pause()
        assert isinstance(app.screen, BoardScreen)
        assert ["only its own account's: GRANT CONNECTION_ADMIN"] == [
            note.message for note in app._notifications
        ]
        table.marks = {session_key(v) for v in table.rows if v.session.id in {3, 4}}
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        said = lines(app)
        await pilot.press("tab", "enter")
        await until(pilot, reported(app))

    assert "1 skipped: only its own account's: GRANT CONNECTION_ADMIN" in said
    assert ["KILL 3"] == executor.did


async def test_the_key_to_kill_is_grey_only_while_no_session_of_the_accounts_own_user_is_listed(
    tmp_path: Path,
) -> None:
    own = a_session(id=1, idle_for=0, user="app", own=True)
    others = a_sample([own, a_session(id=4, user="shop")])
    mixed = a_sample([own, a_session(id=3, user="app"), a_session(id=4, user="shop")])
    executor = FakeExecutor()
    executor.can = APP
    clock = HeldClock()
    journal = Journal(tmp_path / "journal.jsonl", clock)
    subject = MonitorSpec(Scripted(others, mixed), executor=executor, journal=journal)
    app = GoneawayApp([subject], clock, ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        assert "GRANT CONNECTION_ADMIN" in app.tuning.why_not("kill")
        assert not app.screen.active_bindings["k"].enabled
        clock.now += 10
        app.tick()
        await until(pilot, lambda: app.snapshot is not None and len(app.snapshot.verdicts) == 3)

        assert "" == app.tuning.why_not("kill")
        assert app.screen.active_bindings["k"].enabled


# --- A server that is full


async def test_full_server_is_changed_over_the_read_connection_and_every_screen_says_so(
    tmp_path: Path,
) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    executor.takes_no_more = True
    app = an_app(tmp_path, executor, connected=151)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)
        await pilot.click("#kill")
        await until(pilot, reported(app))
        killed = lines(app)
        await pilot.press("escape", "w")
        await until(pilot, on(app, TuneScreen))
        tuning = lines(app)
        await pilot.press(*"9h", "enter")
        await until(pilot, reported(app))
        tuned = lines(app)
        await pilot.press("escape", "u")
        await until(pilot, on(app, ConfirmScreen))
        undoing = lines(app)

    for screen in (asked, tuning, undoing):
        assert "The server is full: 151 of 151 connections" in screen
    for told in (killed, tuned):
        assert "ran on the monitoring connection" in told
    assert "the value of a new session is not known" in tuned
    assert ["KILL 5", "SET GLOBAL wait_timeout = 32400"] == executor.did
    assert 0 == executor.connections
    assert [True, True] == [act.entry.lent for act in Journal(tmp_path / "journal.jsonl", HeldClock()).acts()]


async def test_read_connection_is_not_used_without_a_prior_notice(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    counted = {"threads_connected": 3, "max_connections": 151}
    samples = [a_sample(SESSIONS, counters={**counted, "threads_connected": n}) for n in (3, 151)]
    clock = HeldClock()
    journal = Journal(tmp_path / "journal.jsonl", clock)
    app = GoneawayApp(
        [MonitorSpec(Scripted(*samples), executor=executor, journal=journal)], clock, ticking=False
    )
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        executor.takes_no_more = True
        await pilot.click("#kill")
        await until(pilot, reported(app))
        refused = lines(app)
        assert [] == executor.did
        await pilot.press("escape", "k")
        await until(pilot, on(app, KillScreen))
        assert "on the monitoring connection" in lines(app)
        await pilot.click("#kill")
        await until(pilot, reported(app))

    assert "Nothing was sent" in refused
    assert ["KILL 5"] == executor.did


# --- Many kills


async def confirm_many(pilot: Pilot[None], number: int) -> None:
    """Type how many are killed, in a dialog that asks for it."""
    await pilot.press("shift+tab", *str(number), "enter")


CROWD = [a_session(id=n, idle_for=n, own_limit=6000) for n in range(100, 160)]


async def test_batch_of_kills_opens_one_connection_and_its_report_follows_the_newest(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=CROWD)
    app = an_app(tmp_path, executor, CROWD)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        await confirm_many(pilot, 60)
        await until(pilot, reported(app))
        told = lines(app)

    assert 60 == len(executor.did)
    assert 60 == executor.looked.count("find 100") * 60 == len([x for x in executor.looked if "find" in x])
    assert 1 == executor.connections
    assert "60 of 60 killed" in told
    assert executor.did[-1] in told
    assert executor.did[0] not in told


async def test_batch_whose_connection_breaks_reports_unknown_and_not_attempted_actions(
    tmp_path: Path,
) -> None:
    class Breaks(FakeExecutor):
        def _act(self, statement: str) -> None:
            if len(self.did) == 9:
                self.raises = OutcomeUnknown("lost db while KILL was running: the outcome is unknown", "look")
            super()._act(statement)

    executor = Breaks(sessions=CROWD)
    app = an_app(tmp_path, executor, CROWD)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        await confirm_many(pilot, 60)
        await until(pilot, reported(app))
        told = lines(app)

    assert "9 of 60 killed, 1 with unknown outcome, 50 not attempted" in told
    assert "the outcome is unknown" in told
    assert 10 == len(executor.did)


async def test_escape_stops_a_run_of_kills_after_the_one_in_hand(tmp_path: Path) -> None:
    class Slowly(FakeExecutor):
        def __init__(self) -> None:
            super().__init__(sessions=CROWD)
            self.in_hand, self.may_go_on = threading.Event(), threading.Event()

        def _act(self, statement: str) -> None:
            super()._act(statement)
            self.in_hand.set()
            assert self.may_go_on.wait(10)

    executor = Slowly()
    app = an_app(tmp_path, executor, CROWD)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("space", "space", "space", "k")
        await until(pilot, on(app, KillScreen))
        await pilot.click("#kill")
        await until(pilot, executor.in_hand.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: any("step that has begun" in note.message for note in app._notifications))
        executor.may_go_on.set()
        await until(pilot, reported(app))
        told = lines(app)

    assert 1 == len(executor.did)
    assert "1 of 3 killed, 2 not attempted" in told


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
        assert "anyway" in str(app.screen.query_one("#apply", Button).label)
        assert "cancel" == app.focused.id  # type: ignore[union-attr]

        await pilot.click("#apply")
        await until(pilot, reported(app))

    assert ["SET GLOBAL wait_timeout = 4"] == executor.did


async def test_the_value_that_a_server_has_is_not_set_again(tmp_path: Path) -> None:
    state = FakeExecutor().variables["wait_timeout"]
    executor = FakeExecutor(variables={"wait_timeout": replace(state, persisted=600)})
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"8h", "enter")
        await pilot.pause()
        assert "already 28,800: nothing to change" in lines(app)
        assert app.screen.query_one("#apply", Button).disabled
        await pilot.press("tab", "down")
        await pilot.pause()

        assert not app.screen.query_one("#apply", Button).disabled, "a restart would restore another value"
    assert [] == executor.did


async def test_a_value_that_is_only_expected_to_become_the_present_one_may_be_tried(tmp_path: Path) -> None:
    state = FakeExecutor().variables["wait_timeout"]
    full = replace(state, variable=replace(state.variable, max=28_800))
    app = an_app(tmp_path, FakeExecutor(variables={"wait_timeout": full}))
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"10h")
        await pilot.pause()

        assert "not 36,000: the server's maximum" in lines(app)
        assert not app.screen.query_one("#apply", Button).disabled


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


async def test_marked_sessions_are_killed_except_sessions_that_became_active(tmp_path: Path) -> None:
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
    assert "4 was used since" in told


async def test_a_session_that_had_ended_before_its_kill_is_not_counted_as_killed(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS[:2])
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("space", "space", "space", "k")
        await until(pilot, on(app, KillScreen))
        await pilot.click("#kill")
        await until(pilot, reported(app))
        told = lines(app)

    assert "2 of 3 killed, 1 had already ended" in told
    assert "session 5 had already ended" in told
    assert "✔ KILL 5" not in told
    assert "✔ KILL 3" in told


async def test_the_kill_dialog_of_seven_sessions_opens_at_its_top_on_a_small_terminal(tmp_path: Path) -> None:
    seven = [a_session(id=n, idle_for=n, own_limit=600) for n in range(101, 108)]
    app = an_app(tmp_path, FakeExecutor(sessions=seven), seven, connected=151)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press(*["space"] * 7, "k")
        await until(pilot, on(app, KillScreen))
        told = lines(app)

        assert "cancel" == app.focused.id  # type: ignore[union-attr]
    assert all(f" {n} " in told for n in range(101, 108))


async def test_what_undoes_a_persisted_value_is_reported_and_written_down_statement_by_statement(
    tmp_path: Path,
) -> None:
    executor = FakeExecutor()
    journal = Journal(tmp_path / "journal.jsonl", HeldClock())
    Gate(executor, journal, POWERS).run(SetVariable("wait_timeout", 600, Persistence.PERSIST, 28_800))
    app = an_app(tmp_path, executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("u")
        await until(pilot, on(app, ConfirmScreen))
        await pilot.press("enter")
        await until(pilot, reported(app))
        told = lines(app)

    assert ["RESET PERSIST wait_timeout", "SET GLOBAL wait_timeout = 28800"] == executor.did[1:]
    assert "2 of 2 done" in told
    assert "✔ RESET PERSIST wait_timeout" in told
    assert "✔ SET GLOBAL wait_timeout = 28800" in told
    assert executor.did == [act.entry.statement for act in journal.acts()]


async def test_a_refused_connection_is_forgotten_once_the_server_counts_free_places(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    app = an_app(tmp_path, executor, connected=3)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        executor.is_full = True
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        of_the_server = lines(app)
        await pilot.press("escape")
        executor.is_account_full = True
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        of_the_account = lines(app)

    assert "last refused" not in of_the_server
    assert "last refused" in of_the_account


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
    subject = MonitorSpec(source, executor=executor, journal=Journal(tmp_path / "j", clock))
    app = GoneawayApp([subject], clock, ticking=False)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await pilot.pause()

        assert isinstance(app.screen, BoardScreen)
        assert any("never kills" in note.message for note in app._notifications)


async def test_without_an_executor_the_keys_show_the_reason(tmp_path: Path) -> None:
    app = an_app(tmp_path, None)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(app, pilot)
        for key in ("w", "t", "k", "u"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, BoardScreen)
        said = [note.message for note in app._notifications]

    assert 4 == sum("--read-only" in each for each in said)


async def test_a_missing_privilege_greys_a_key_with_its_grant(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=SESSIONS)
    grant = "the account lacks the privilege: GRANT CONNECTION_ADMIN ON *.* TO 'dba'@'%'"
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


async def test_connection_lost_during_an_action_is_reported_as_unknown_and_never_retried(
    tmp_path: Path,
) -> None:
    executor = FakeExecutor()
    executor.raises = OutcomeUnknown(
        "lost db while SET GLOBAL was running: the outcome is unknown", "look again"
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
    subject = MonitorSpec(Scripted(a_sample(SESSIONS)), executor=executor, journal=journal)
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
        assert "enter choose · esc cancel" in shown


def test_a_limit_that_is_off_is_off_in_the_list_of_tunables() -> None:
    listed = dict(tunables(a_sample([], variables={"max_execution_time": 0, "wait_timeout": 28_800})))

    assert " off " in listed["max_execution_time"]
    assert " 8 h " in listed["wait_timeout"]


async def test_what_a_limit_would_have_cut_is_drawn_and_the_arrows_move_it(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        gaps = tuple((bucket_of(seconds), number) for seconds, number in ((5, 90), (50, 9), (2_460, 1)))
        group = GroupGaps("shop", "web", 1, 3, gaps, gaps, 2_460.0)
        counted = ReuseGaps(
            NOW - 3_600, NOW, 3_600.0, (group,), tuple((limit, 3_600.0 * 12, 12) for limit in LIMIT_LADDER)
        )
        app.monitors[0].reuse_gaps = lambda: counted  # type: ignore[method-assign]
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        waiting = lines(app)
        await pilot.press(*"30m")
        await pilot.pause()
        typed = lines(app)
        await pilot.press("down", "down", *["up"] * 5)
        await pilot.pause()
        moved = app.screen.query_one("#value", Input).value
        await pilot.press(*["up"] * 20)
        await pilot.pause()
        longest = lines(app)
        await pilot.press("tab", "down")
        await pilot.pause()
        unmoved = app.screen.query_one("#value", Input).value

    assert "100 reuses in 60 minutes" in waiting
    assert "cut: reuses that would meet a closed connection" in waiting
    assert "freed: idle sessions that would be closed" in waiting
    assert "in 60 minutes: 1 of 100 reuses cut (1 %)" in typed
    assert "12.0 idle sessions closed on average, 12 at most" in typed
    assert "1 h 30 m" == moved
    assert "0 of 100 reuses cut" in longest
    assert "12 sessions were idle longer than any reuse needed" in longest
    assert "1 y" == unmoved


async def test_an_empty_count_draws_nothing(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        await pilot.press(*"30m")
        await pilot.pause()
        shown = lines(app)

    assert "reuses" not in shown
