"""What `y` hands to the terminal, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App

from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.ui.copying import KINDS, MAX_COPIED, CopyItem, CopyScreen
from tests.snapshot.shots import busy_day, press, settle, tunable
from tests.ui.stage import HeldClock, an_app


def said(app: App[Any]) -> list[str]:
    return [each.message for each in app._notifications]


@pytest.mark.parametrize(
    ("key", "is_copied"),
    [
        ("i", lambda row: str(row.session.id)),
        ("enter", lambda row: str(row.session.id)),
        ("y", lambda row: str(row.session.id)),
        ("s", lambda row: row.session.statement),
        ("c", lambda row: row.session.host),
        ("k", lambda row: f"KILL {row.session.id};"),
    ],
)
async def test_a_letter_copies_one_thing_of_the_session_under_the_cursor(key: str, is_copied: Any) -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        row = app.screen.sessions.cursor_row  # type: ignore[attr-defined]
        await press(app, pilot, "y", key)

        assert app.clipboard == is_copied(row)
        assert not isinstance(app.screen, CopyScreen)


async def test_a_row_is_copied_under_its_headings() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        session = app.screen.sessions.cursor_row.session  # type: ignore[attr-defined]
        await press(app, pilot, "y", "r")

        headings, row = app.clipboard.splitlines()
        assert headings.split()[:4] == ["Risk", "Id", "User", "Client"]
        assert row.split()[2:5] == [str(session.id), session.user, session.host]
        assert row.endswith(session.statement)


async def test_what_is_marked_is_copied_together() -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        first, second = app.screen.sessions.rows[:2]  # type: ignore[attr-defined]
        await press(app, pilot, "space", "space", "y", "k")

        assert app.clipboard == f"KILL {first.session.id};\nKILL {second.session.id};"


async def test_copying_reports_what_was_copied_and_once_that_the_terminal_may_not_allow_it() -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "y", "i", "y", "c")

        first, second = said(app)
        assert first.startswith(f"Copied the id: {app.screen.sessions.cursor_row.session.id}\n")  # type: ignore[attr-defined]
        assert "let programs copy" in first
        assert "\n" not in second


async def test_sql_that_is_not_shown_cannot_be_copied() -> None:
    clock = HeldClock()
    app = an_app(SimulatedSource(clock, statements=False), clock)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "y")

        assert "statement" not in app.screen._items  # type: ignore[attr-defined]
        await press(app, pilot, "s")
        assert app.clipboard == ""


@pytest.mark.parametrize(
    ("keys", "start"),
    [
        (("l", "y", "b"), ""),
        (("l", "enter", "y", "i"), ""),
        (("d", "y", "a"), ""),
        (("d", "enter", "y", "i"), ""),
        (("down", "enter", "y", "a"), "risk "),
    ],
)
async def test_every_screen_with_content_can_copy_it(keys: tuple[str, ...], start: str) -> None:
    app = busy_day()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await press(app, pilot, *keys)

        assert app.clipboard
        assert app.clipboard.startswith(start)


async def test_in_the_dialog_of_a_variable_y_is_a_year_and_ctrl_y_copies() -> None:
    app = tunable()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "w", "1", "y", "ctrl+y", "s")

        assert app.clipboard == "SET GLOBAL wait_timeout = 31536000"
        assert "Copied the statement" in str(app.screen.query_one(".changing").border_subtitle)


async def test_the_dialog_that_kills_has_its_statements_to_copy() -> None:
    app = tunable()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "k", "y")

        assert app.clipboard.startswith("KILL ")


async def test_nothing_to_copy_is_reported() -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "slash", "+nobodyhasthisname", "enter", "y")

        assert said(app)[-1] == "Nothing to copy here."


def test_what_is_copied_commands_no_terminal_it_is_pasted_into() -> None:
    assert CopyItem("statement", "SELECT\t1,\r\n\x1b]0;x\x07 2").safe_text == "SELECT\t1,\n␛]0;x␇ 2"
    assert len(CopyItem("statement", "x" * 2 * MAX_COPIED).safe_text) == MAX_COPIED


def test_every_kind_has_a_key_of_its_own() -> None:
    assert len({key for key, _ in KINDS.values()} - {"y", "q"}) == len(KINDS)
