"""Everything on the screen says what it means, where the mouse rests."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets._footer import FooterKey

from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.columns import (
    ACT_COLUMNS,
    CAUSE_COLUMNS,
    GROUP_COLUMNS,
    SESSION_COLUMNS,
    VARIABLE_COLUMNS,
    Column,
    departure_columns,
    server_column,
)
from goneaway_tui.ui.tooltips import HEADINGS, live_hint
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.server_strip import ServerStrip
from goneaway_tui.ui.widgets.summary import SummaryHeader
from tests.builders import NOW, a_snapshot
from tests.snapshot.shots import CHINA, busy_day, settle, several_servers
from tests.tongues import Bracketed, spoken
from tests.ui.stage import an_app

TABLES: dict[str, tuple[Column[Any], ...]] = {
    "sessions": (server_column(["db1"]), *SESSION_COLUMNS),
    "groups": GROUP_COLUMNS,
    "departures": departure_columns(CHINA, NOW),
    "causes": CAUSE_COLUMNS,
    "variables": VARIABLE_COLUMNS,
    "acts": ACT_COLUMNS,
}


async def hint(pilot: Pilot[Any], widget: Widget, x: int, y: int) -> str:
    await pilot.hover(widget, offset=(x + widget.gutter.left, y))
    await pilot.pause()
    return "" if widget.tooltip is None else str(widget.tooltip)


def line(widget: Widget, y: int) -> str:
    return "".join(segment.text for segment in widget.render_line(y))


async def at(pilot: Pilot[Any], widget: Widget, y: int, words: str) -> str:
    """The hint where these words stand on a line of a widget."""
    return await hint(pilot, widget, line(widget, y).index(words), y)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_its_words_and_no_word_is_of_none(table: str) -> None:
    assert {each.id for each in TABLES[table]} == set(HEADINGS[table])


@pytest.mark.parametrize(
    ("y", "words", "told"),
    [
        (0, "read-only", "read-only"),
        (0, "up ", "Uptime"),
        (0, "live", "Age of"),
        (1, "wait_timeout", "wait_timeout = 28,800 (8 h)"),
        (1, "interactive", "New sessions get this value"),
        (1, "packet", "max_allowed_packet = 67,108,864 (64 MiB)"),
        (1, " %", "max_connections"),
        (1, "aborted", "without COM_QUIT"),
        (2, "imminent", "closes within 1 m"),
        (2, "next", "closes next"),
        (3, "closings", "How many sessions"),
    ],
)
async def test_every_figure_above_the_table_has_a_tooltip(y: int, words: str, told: str) -> None:
    app = an_app()
    async with app.run_test(size=(140, 36), tooltips=True) as pilot:
        await settle(app, pilot)

        assert told in await at(pilot, app.screen.query_one(SummaryHeader), y, words)


async def test_block_of_the_histogram_shows_how_many_sessions_close_when() -> None:
    app = an_app()
    async with app.run_test(size=(140, 36), tooltips=True) as pilot:
        await settle(app, pilot)
        summary = app.screen.query_one(SummaryHeader)
        bars = line(summary, 3).index("now ") + len("now ")
        ahead = summary._forecast_shown
        assert ahead is not None

        assert (await hint(pilot, summary, bars, 3)).startswith(f"{ahead.ranges[0].counts[0]} session")
        last = bars + len(ahead.ranges[0].counts) - 1
        assert (await hint(pilot, summary, last, 3)).endswith(" to 1 m")


async def test_tooltip_shows_the_origin_of_a_limit_and_the_full_text_of_a_cut_cell() -> None:
    app = an_app()
    async with app.run_test(size=(140, 36), tooltips=True) as pilot:
        await settle(app, pilot)
        table: LineTable[Any] = app.screen.sessions  # type: ignore[attr-defined]
        row = table.rows[0]
        heading = line(table, 0)

        assert row.limit.why in await hint(pilot, table, heading.index("Limit") + 3, 1)
        assert (await hint(pilot, table, heading.index("Closes in"), 1)).startswith("in ")
        assert await hint(pilot, table, heading.index("User"), 0) == "The user name of the account."
        assert await hint(pilot, table, heading.index("User"), 1) in {"", row.session.user}
        cut = next(y for y, each in enumerate(table.rows, 1) if line(table, y).rstrip().endswith("…"))
        assert await hint(pilot, table, heading.index("Last"), cut) == table.rows[cut - 1].session.statement


async def test_tooltip_of_an_ended_session_shows_its_evidence() -> None:
    app = busy_day()
    async with app.run_test(size=(120, 36), tooltips=True) as pilot:
        await settle(app, pilot)
        await pilot.press("l")
        await settle(app, pilot)
        table: LineTable[Any] = app.screen.rows  # type: ignore[attr-defined]

        told = await hint(pilot, table, line(table, 0).index("Cause"), 1)
        assert told.splitlines()[0] == table.rows[0].evidence[0]


async def test_cell_of_a_server_shows_its_error_in_full() -> None:
    app = several_servers()
    async with app.run_test(size=(120, 36), tooltips=True) as pilot:
        await settle(app, pilot)
        app.clock.now += 1  # type: ignore[attr-defined]
        app.tick()
        await settle(app, pilot)
        app.tick()
        await settle(app, pilot)
        strip = app.screen.query_one(ServerStrip)
        y = next(
            y
            for y in range(strip.size.height)
            if "prod-db4" in line(strip, y) and "refused" in line(strip, y)
        )

        assert "Connection refused (111)" in await at(pilot, strip, y, "prod-db4")


async def test_footer_names_the_action_of_each_key() -> None:
    app = an_app()
    async with app.run_test(size=(200, 36), tooltips=True) as pilot:
        await settle(app, pilot)
        told = {key.key_display: str(key.tooltip) for key in app.screen.query(FooterKey)}

        assert told["l"] == "Open the ledger: ended sessions with cause and evidence"
        assert told["q"] == "Quit the program"
        assert all(told.values())


def test_tooltip_of_a_variable_explains_it_in_the_language_of_the_run() -> None:
    with spoken(Bracketed()):
        told = live_hint("wait_timeout", a_snapshot())

    assert f"⟦{TUNABLE['wait_timeout'].why}⟧" in told
