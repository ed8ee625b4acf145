"""The doctor on the screen: causes, a pasted error, a log, and the way to a dialog."""

from __future__ import annotations

import bz2
import gzip
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from goneaway_tui.doctor.live import LiveState
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Pattern, PatternKind, PatternScope
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.columns import CAUSE_COLUMNS
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.doctor import DoctorRow, DoctorScreen, sessions_of
from goneaway_tui.ui.screens.help import Prose, TextViewer
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.ledger import LedgerScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.widgets.plain_text import Static
from tests.builders import NOW
from tests.fakes import FakeExecutor
from tests.snapshot.shots import busy_day, settle
from tests.ui.stage import an_app
from tests.ui.test_board import lines
from tests.ui.test_tuning import an_app as an_acting_app
from tests.ui.test_tuning import on, ready, until

SIZE = (120, 40)
GONE = "OperationalError: (2006, 'MySQL server has gone away')"


async def test_every_cause_stands_there_with_why() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await settle(app, pilot)
        shown = lines(app)
        await pilot.press("escape")
        await settle(app, pilot)

        assert isinstance(app.screen, BoardScreen)
    for word in ("idle_timeout", "server_restart", "ruled out", "possible"):
        assert word in shown


async def test_a_pasted_error_is_answered(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = GONE
        await pilot.press("enter")
        await until(pilot, on(app, TextViewer))

        assert "2006" in lines(app)
        assert "idle timeout" in lines(app)


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_an_answer_is_wrapped_once_to_the_room_there_is(columns: int) -> None:
    app = an_app()
    async with app.run_test(size=(columns, 60)) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = GONE
        await pilot.press("enter")
        await until(pilot, on(app, TextViewer))
        await settle(app, pilot)
        prose = app.screen.query_one(Prose)
        text, (width, height) = str(prose.visual), prose.size

    told = text.splitlines()
    why = next(nth for nth, line in enumerate(told) if line.startswith("    why"))
    assert max(len(line) for line in told if "https://" not in line) <= width
    assert told[why + 1].startswith(" " * 11)
    assert height == sum(-(-max(1, len(line)) // width) for line in told)


async def test_a_log_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(f"2026-11-23 18:00:00 ERROR {GONE}\n")
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = str(path)
        await pilot.press("enter")
        await until(pilot, on(app, TextViewer))

        assert "app.log:1" in lines(app)


async def read_log(app: Any, pilot: Any, path: Path) -> None:
    """Open the doctor and name a log in its field."""
    await settle(app, pilot)
    await pilot.press("d", "slash")
    await settle(app, pilot)
    assert isinstance(app.screen, DoctorScreen)
    app.screen.field.value = str(path)
    await pilot.press("enter")


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress], ids=["gz", "xz", "bz2"])
async def test_a_compressed_log_is_read_by_its_name(tmp_path: Path, compress: Any) -> None:
    path = tmp_path / "app.log.1"
    path.write_bytes(compress(f"2026-11-23 18:00:00 ERROR {GONE}\n".encode()))
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await read_log(app, pilot, path)
        await until(pilot, on(app, TextViewer))

        assert "app.log.1:1" in lines(app)


async def test_a_damaged_compressed_log_is_reported_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(GONE.encode())[:20])
    app = an_app()
    async with app.run_test(size=(300, 40)) as pilot:
        await read_log(app, pilot, path)

        await until(pilot, lambda: f"cannot read {path}: " in lines(app))


async def test_text_without_an_error_event_is_reported() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = "(1062, 'Duplicate entry')"
        await pilot.press("enter")

        await until(pilot, lambda: "No lost or refused connection" in lines(app))


CONFIRMED, POSSIBLE, RULED_OUT = (
    (each, ()) for each in (Certainty.CONFIRMED, Certainty.POSSIBLE, Certainty.RULED_OUT)
)


@pytest.mark.parametrize(
    ("harm", "since_start", "now", "tints"),
    [
        ("lines--imminent", CONFIRMED, RULED_OUT, ("lines--imminent", "lines--quiet")),
        ("lines--imminent", POSSIBLE, None, ("lines--calm", "lines--quiet")),
        ("lines--calm", CONFIRMED, POSSIBLE, ("lines--calm", "lines--calm")),
    ],
)
def test_colour_of_a_certainty_is_that_of_the_harm(
    harm: str, since_start: Any, now: Any, tints: tuple[str, str]
) -> None:
    row = DoctorRow("idle_timeout", Certainty.CONFIRMED, (), since_start=since_start, now=now, harm=harm)
    by_column = {column.id: column.tint(row) for column in CAUSE_COLUMNS if column.tint is not None}

    assert tints == (by_column["since_start"], by_column["now"])
    assert row.tint in tints


def state_of(app: GoneawayApp) -> LiveState:
    assert app.snapshot is not None
    return LiveState(app.snapshot, tuple(app.ledger), app.now)


def choose(screen: DoctorScreen, name: str) -> None:
    index = next(index for index, row in enumerate(screen.rows.rows) if row.name == name)
    screen.rows.action_move(index - screen.rows.cursor)


async def open_doctor(app: GoneawayApp, pilot: Pilot[Any]) -> DoctorScreen:
    await settle(app, pilot)
    await pilot.press("d")
    await settle(app, pilot)
    assert isinstance(app.screen, DoctorScreen)
    return app.screen


async def test_confirmed_client_quit_is_no_alarm_and_stands_below_what_harms() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        rows = {row.name: row for row in screen.rows.rows}
        names = list(rows)

    assert rows["client_quit"].certainty is Certainty.CONFIRMED
    assert rows["client_quit"].tint == "lines--calm"
    assert names.index("packet_too_large") < names.index("idle_timeout") < names.index("client_quit")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_chosen_finding_is_shown_in_full_beside_the_list(size: tuple[int, int]) -> None:
    app = busy_day()
    async with app.run_test(size=size) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "idle_timeout")
        await settle(app, pilot)
        shown = str(screen.query_one("#details Static", Static).visual)

    for part in ("idle_timeout", "since the server started: confirmed", "on this server now: likely", "what to do",
                 "to verify", "Compare the pause", "see https://"):  # fmt: skip
        assert part in shown
    assert "…" not in shown


async def test_a_cause_opens_the_sessions_that_it_ended_in_the_ledger() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "client_quit")
        row = screen.rows.cursor_row
        assert row is not None
        assert row.sessions is not None
        await pilot.press("enter")
        await settle(app, pilot)
        ledger = app.screen
        assert isinstance(ledger, LedgerScreen)
        assert {each.cause for each in ledger.rows.rows} == {Cause.CLIENT_QUIT}
        assert len(ledger.rows.rows) == row.sessions.number
        await pilot.press("escape")
        await settle(app, pilot)

        assert app.screen is screen


async def test_a_cause_opens_the_open_sessions_that_it_may_end_on_the_board() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "idle_timeout")
        row = screen.rows.cursor_row
        assert row is not None
        assert row.sessions is not None
        killed = {each.session.id for each in screen.chosen_sessions()}
        await pilot.press("enter")
        await settle(app, pilot)
        assert isinstance(app.screen, BoardScreen)

        assert app.screen.field.value == "risk>=watch"
        assert {each.session.id for each in app.screen.sessions.rows} == killed
        assert len(killed) == row.sessions.number


async def test_a_finding_without_sessions_says_so() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "server_crash")
        await pilot.press("enter")
        await settle(app, pilot)

        assert app.screen is screen
        assert any("No session to show" in notice.message for notice in app._notifications)


@pytest.mark.parametrize("kind", PatternKind)
async def test_every_pattern_has_a_filter_of_its_sessions(kind: PatternKind) -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        state = state_of(app)
        scope = PatternScope(program='go "x"', user="shop_app", host="web-1")
        pattern = Pattern(kind, "title", Certainty.LIKELY, ("why",), (), (), scope)

        assert sessions_of(pattern, state) is None  # no program is called that
        everyone = replace(pattern, scope=PatternScope())
        row = DoctorRow.from_finding(everyone, state)
        assert row.sessions is None or row.sessions.number > 0


async def test_from_a_finding_its_open_sessions_are_killed_and_wait_timeout_is_changed(
    tmp_path: Path,
) -> None:
    app = an_acting_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("d")
        await until(pilot, on(app, DoctorScreen))
        assert isinstance(app.screen, DoctorScreen)
        screen = app.screen
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        assert "wait_timeout" in lines(app)
        await pilot.press("escape")
        await until(pilot, on(app, DoctorScreen))
        with_sessions = next(
            row for row in screen.rows.rows if row.sessions is not None and row.sessions.are_open
        )
        choose(screen, with_sessions.name)
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))


async def test_the_table_paints_each_certainty_by_itself() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        table = app.screen.rows
        sign = DoctorRow(
            "idle_timeout",
            Certainty.CONFIRMED,
            (),
            since_start=(Certainty.CONFIRMED, ()),
            now=(Certainty.RULED_OUT, ()),
            harm="lines--imminent",
        )
        table.show([DoctorRow("x", Certainty.CONFIRMED, ()), sign], NOW)
        line = table.render_line(2)
        styles = {segment.text.strip(): segment.style for segment in line if segment.text.strip()}

    assert styles["confirmed"] != styles["ruled out"]


def test_variable_is_named_and_not_given_as_the_cause() -> None:
    told = DoctorRow("idle_timeout", Certainty.RULED_OUT, (), tunable="wait_timeout").details()

    assert told[-1].startswith("Variable: wait_timeout. ")
    assert told[-1].endswith(" Press t to change it.")


async def test_a_finding_leads_to_its_dialog(tmp_path: Path) -> None:
    app = an_acting_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("d")
        await until(pilot, on(app, DoctorScreen))
        assert isinstance(app.screen, DoctorScreen)
        app.screen.rows.cursor = next(
            i for i, f in enumerate(app.screen.rows.rows) if f.name == "packet_too_large"
        )
        await pilot.press("t")
        await until(pilot, on(app, TuneScreen))

        assert "max_allowed_packet" in lines(app)
