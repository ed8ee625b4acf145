"""Every table scrolls, and what a key or the mouse wheel scrolls to is painted at once: no tick has to come first."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widget import Widget

import goneaway_tui.ui
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.widgets.line_table import LineTable
from tests.builders import NOW, a_sample, a_session
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted, an_app

SIZE = (120, 36)
SESSIONS = 500
PATIENCE = 30.0


def many(clock: HeldClock | None = None, sessions: int = SESSIONS) -> GoneawayApp:
    """A board over idle sessions with the ids 1001 and on, which close in this order; nothing ticks."""
    sample = a_sample(
        [a_session(id=1000 + n, idle_for=1, own_limit=1000 + n) for n in range(1, sessions + 1)]
    )
    return an_app(Scripted(sample), clock)


def sessions_of(app: GoneawayApp) -> LineTable[Any]:
    found = app.screen_stack[1]
    assert isinstance(found, BoardScreen)
    return found.sessions


class Paints:
    """What is sent to the terminal from now on, as the terminal would get it."""

    def __init__(self, app: GoneawayApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.text = ""
        self._more = asyncio.Event()
        display = app._display

        def recorded(screen: Any, update: Any) -> None:
            if update is not None:
                self.text += update.render_segments(app.console)
                self._more.set()
            display(screen, update)

        monkeypatch.setattr(app, "_display", recorded)

    async def wait_for(self, text: str) -> None:
        """Until this was sent. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.text:
                self._more.clear()
                await self._more.wait()


async def wheel(table: LineTable[Any], pilot: Pilot[None], kind: type[events.MouseEvent], steps: int) -> None:
    for _ in range(steps):
        table.post_message(kind(table, 5, 5, 0, 0, 0, shift=False, meta=False, ctrl=False))
    await pilot.pause()


def in_sight(table: LineTable[Any]) -> range:
    """The rows that are."""
    return range(table.scroll_offset.y, table.scroll_offset.y + table.size.height - 1)


@pytest.mark.parametrize(
    ("before", "key", "row"),
    [
        (["pagedown"], "pagedown", lambda page: 2 * page),
        (["pagedown", "down"], "down", lambda page: page + 2),
        (["end"], "home", lambda _: 0),
        ([], "end", lambda _: SESSIONS - 1),
        (["end", "pageup"], "pageup", lambda page: SESSIONS - 1 - 2 * page),
        (["end", "pageup", "up"], "up", lambda page: SESSIONS - 1 - page - 2),
        (["pagedown", "down"], "space", lambda page: page + 2),
    ],
)
async def test_the_row_a_key_goes_to_is_painted_without_a_tick(
    before: list[str], key: str, row: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = many()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        table = sessions_of(app)
        await pilot.press(*before)
        await settle(app, pilot)
        offset, paints = table.scroll_offset.y, Paints(app, monkeypatch)

        await pilot.press(key)

        expected = row(table.size.height - 2)
        assert expected == table.cursor
        assert expected in in_sight(table)
        assert offset != table.scroll_offset.y
        await paints.wait_for(f"{1001 + expected}")


async def test_what_the_mouse_wheel_scrolls_to_is_painted_without_a_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = many()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        table, paints = sessions_of(app), Paints(app, monkeypatch)

        await wheel(table, pilot, events.MouseScrollDown, 5)

        assert table.scroll_offset.y > 0
        await paints.wait_for(f"{1001 + in_sight(table)[-1]}")
        await wheel(table, pilot, events.MouseScrollUp, 5)
        assert 0 == table.scroll_offset.y


async def test_the_cursor_goes_along_with_the_mouse_wheel_and_a_refresh_leaves_both_there() -> None:
    clock = HeldClock()
    app = many(clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        table = sessions_of(app)
        await wheel(table, pilot, events.MouseScrollDown, 10)
        rows, key = in_sight(table), table.cursor_key

        clock.now += 1
        app.tick()
        await settle(app, pilot)

        assert rows[0] > 0
        assert (rows, key) == (in_sight(table), table.cursor_key)
        assert table.cursor in rows
        assert table._key_of(table.rows[table.cursor]) == key


async def test_rows_that_come_before_the_cursor_leave_it_in_sight_at_once() -> None:
    """Also where the rows before needed no scroll bar."""
    clock = HeldClock()
    last = a_session(id=1, idle_for=1, own_limit=9000)
    others = [a_session(id=1000 + n, idle_for=1, own_limit=1000 + n) for n in range(1, SESSIONS)]
    app = an_app(Scripted(a_sample([*others[:3], last]), a_sample([*others, last], taken_at=NOW + 1)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        table = sessions_of(app)
        await pilot.press("end")
        assert 3 == table.cursor
        clock.now += 1
        app.tick()
        await settle(app, pilot)

        assert SESSIONS - 1 == table.cursor
        assert table.cursor in in_sight(table)


async def test_a_smaller_terminal_has_the_cursor_in_sight() -> None:
    app = many()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        table = sessions_of(app)
        await pilot.press("pagedown")
        await pilot.resize_terminal(120, 20)
        await settle(app, pilot)

        assert table.cursor in in_sight(table)
        assert table.scroll_offset.y > 0


async def test_groups_scroll_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = a_sample([a_session(id=n, user=f"user_{n}", idle_for=1) for n in range(1, 101)])
    app = an_app(Scripted(sample))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        board = app.screen_stack[1]
        assert isinstance(board, BoardScreen)
        board._group_by("user")
        await settle(app, pilot)
        paints = Paints(app, monkeypatch)
        await pilot.press("end")

        assert board.groups.cursor == 99
        assert 99 in in_sight(board.groups)
        assert board.groups.cursor_row is not None
        await paints.wait_for(board.groups.cursor_row.key)


async def test_only_rows_in_sight_are_remembered() -> None:
    app = many()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        table = sessions_of(app)
        await pilot.press(*["pagedown"] * 8, "home", "end")
        await settle(app, pilot)

        assert len(table._drawn) <= table.size.height


async def test_no_column_moves_when_a_scroll_bar_comes() -> None:
    shown = []
    for sessions in (5, SESSIONS):
        app = many(sessions=sessions)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(app, pilot)
            assert (sessions == SESSIONS) == sessions_of(app).show_vertical_scrollbar
            shown.append(sessions_of(app)._layout.fitted)

    assert shown[0] == shown[1]


def test_no_widget_loses_the_style_of_a_class_it_is_built_on() -> None:
    """The framework follows the first base of each class only: with another order of bases a table has no scrolling."""
    for module in pkgutil.walk_packages(goneaway_tui.ui.__path__, "goneaway_tui.ui."):
        importlib.import_module(module.name)
    ours = [each for each in subclasses(Widget) if each.__module__.startswith("goneaway_tui")]
    ours = [
        each for each in ours if not issubclass(each, CommandPalette)
    ]  # the framework's own takes no style
    assert LineTable in ours

    for each in ours:
        styled = {base for base in each.__mro__ if base.__dict__.get("DEFAULT_CSS")}
        assert styled <= set(each._css_bases(each)), each


def subclasses(cls: type[DOMNode]) -> set[type[DOMNode]]:
    return {each for direct in cls.__subclasses__() for each in {direct, *subclasses(direct)}}
