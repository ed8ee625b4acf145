"""The doctor on the screen: causes, a pasted error, a log, and the way to a dialog."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.model.cause import Certainty
from goneaway_tui.ui.columns import CAUSE_COLUMNS, CERTAINTY_TINTS
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.doctor import DoctorRow, DoctorScreen
from goneaway_tui.ui.screens.help import Prose, TextViewer
from goneaway_tui.ui.screens.tune import TuneScreen
from tests.builders import NOW
from tests.fakes import FakeExecutor
from tests.snapshot.shots import settle
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


def test_each_certainty_has_its_own_colour() -> None:
    ruled_out, confirmed = (Certainty.RULED_OUT, ()), (Certainty.CONFIRMED, ())
    sign = DoctorRow("idle_timeout", Certainty.CONFIRMED, (), since_start=confirmed, now=ruled_out)
    tints = {column.id: column.tint(sign) for column in CAUSE_COLUMNS if column.tint is not None}

    assert {
        "since_start": CERTAINTY_TINTS[Certainty.CONFIRMED],
        "now": CERTAINTY_TINTS[Certainty.RULED_OUT],
    } == tints


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
