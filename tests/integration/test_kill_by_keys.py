"""Killing many sessions of a real server by the keys of the board: all are gone but those that woke up, and the journal tells each."""

from __future__ import annotations

import math
import time
from contextlib import closing
from pathlib import Path

from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.tune.journal import Journal, Phase
from goneaway_tui.tune.kill_rules import KillPolicy, KillRule
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.kill import KillScreen, RulesScreen
from goneaway_tui.ui.screens.report import ReportScreen
from tests.integration.test_blocking_screen import until
from tests.integration.test_kill import idle_for, ids, listed, prepared_server, query, server, sessions_of
from tests.servers.private import RealServer
from tests.ui.test_board import lines
from tests.waiting import comes_true

__all__ = ["prepared_server", "server"]
CROWD, WOKEN, BOSSES = 200, 5, 3
POLICY = KillPolicy(rules=(KillRule("app", "user:app", max_kills=CROWD),), never_kill=("boss",))


def is_shown(dialog: KillScreen) -> bool:
    """Whether it takes keys: it ignores those that were typed before it was on the screen."""
    return math.isfinite(dialog._shown_since)


async def test_two_hundred_marked_sessions_are_gone_but_those_that_woke_up(
    server: RealServer, tmp_path: Path
) -> None:
    address = Address("127.0.0.1", server.port, "root")
    journal = Journal(tmp_path / "journal.jsonl", time.time)
    with (
        sessions_of(server, "app", CROWD) as crowd,
        sessions_of(server, "boss", BOSSES) as bosses,
        closing(LiveSource(address, time.time)) as source,
    ):
        idle_for(server, [*crowd, *bosses], 1)
        spec = MonitorSpec(
            source,
            name="db",
            executor=LiveExecutor(address, time.time, lender=source),
            journal=journal,
            kill_policy=POLICY,
        )
        app = GoneawayApp([spec], time.time)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: app.snapshot is not None and app.tuning.gate is not None)
            await pilot.press("R")
            await until(pilot, lambda: f"A pass would kill {CROWD} sessions now." in lines(app))
            assert isinstance(app.screen, RulesScreen)
            await pilot.press("escape", "slash", *"db:shop", "enter")
            board = app.screen
            assert isinstance(board, BoardScreen)
            await until(pilot, lambda: len(board.sessions.rows) == CROWD + BOSSES)
            await pilot.press("A", "k")
            await until(pilot, lambda: isinstance(app.screen, KillScreen) and is_shown(app.screen))
            asked = lines(app)
            woken = crowd[:: CROWD // WOKEN]
            for connection in woken:
                query(connection, "DO 0")
            await pilot.press("shift+tab", *str(CROWD), "enter")
            await until(pilot, lambda: isinstance(app.screen, ReportScreen) and app.screen.is_finished)
            told = lines(app)
        assert f"{CROWD - WOKEN} of {CROWD} killed" in told, told
        killed = ids(crowd) - ids(woken)
        comes_true(lambda: not killed & listed(server))
        assert ids(woken) | ids(bosses) <= listed(server)

    assert WOKEN == len(woken)
    assert f"{BOSSES} skipped: never_kill in the config file" in asked
    acts = journal.read().acts
    by_phase = {
        phase: {int(act.entry.statement.split()[-1]) for act in acts if act.entry.phase is phase}
        for phase in (Phase.DONE, Phase.REFUSED)
    }
    assert {Phase.DONE: killed, Phase.REFUSED: ids(woken)} == by_phase
    assert CROWD == len(acts)
