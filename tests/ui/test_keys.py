"""The footer says whole words, as many as there is room for."""

from __future__ import annotations

import pytest

from goneaway_tui.ui.widgets.plain_text import KeyFooter
from tests.snapshot.shots import tunable
from tests.ui.stage import an_app
from tests.waiting import becomes_true


@pytest.mark.parametrize("width", [20, 60, 80, 81, 100, 120, 160, 200])
async def test_no_word_of_the_footer_is_cut(width: int) -> None:
    async with tunable().run_test(size=(width, 24)) as pilot:
        footer = pilot.app.screen.query_one(KeyFooter)
        await becomes_true(lambda: footer.children, pause=pilot.pause)
        await pilot.pause()
        keys = list(footer.children)

        assert width >= max(key.region.right for key in keys)


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_help_and_the_way_out_are_always_shown(width: int) -> None:
    async with tunable().run_test(size=(width, 24)) as pilot:
        await pilot.pause()

        assert {"help", "quit"} <= set(said(pilot.app.screen.query_one(KeyFooter)))


async def test_a_wider_terminal_shows_more_at_once() -> None:
    async with tunable().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        narrow = said(pilot.app.screen.query_one(KeyFooter))
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        wide = said(pilot.app.screen.query_one(KeyFooter))

    assert set(narrow) < set(wide)
    assert "vars" in wide


async def test_what_cannot_be_pressed_gives_way_to_what_can() -> None:
    async with an_app().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = said(pilot.app.screen.query_one(KeyFooter))

    assert {"ledger", "doctor", "export", "sort"} <= set(shown)
    assert "kill" not in shown


def said(keys: KeyFooter) -> list[str]:
    return [key.description for key in keys.children if hasattr(key, "description")]
