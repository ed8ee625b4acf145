"""The footer says whole words, as many as there is room for."""

from __future__ import annotations

import re

import pytest
from textual.widgets._footer import FooterKey

from goneaway_tui.model.server import Limitation
from goneaway_tui.settings.options import PAGES
from goneaway_tui.ui.widgets.plain_text import KeyFooter
from tests.builders import a_sample
from tests.snapshot.shots import settle, tunable
from tests.ui.stage import Scripted, an_app
from tests.ui.test_board import lines
from tests.ui.test_tuning import until
from tests.waiting import becomes_true


@pytest.mark.parametrize("width", [20, 60, 80, 81, 100, 120, 160, 200])
async def test_no_word_of_the_footer_is_cut(width: int) -> None:
    async with tunable().run_test(size=(width, 24)) as pilot:
        footer = pilot.app.screen.query_one(KeyFooter)
        await becomes_true(lambda: footer.children, pause=pilot.pause)
        await pilot.pause()
        keys = list(footer.children)

        assert width >= max(key.region.right for key in keys)


MAIN_KEYS = "⏎ details  / filter  space mark  k kill  d doctor  l ledger  t limits  ? help"


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_the_main_keys_stand_in_one_order_and_apart(width: int) -> None:
    app = tunable()
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(app, pilot)

        assert lines(app).splitlines()[-1].strip().startswith(MAIN_KEYS)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
async def test_help_is_always_shown(width: int) -> None:
    async with tunable().run_test(size=(width, 24)) as pilot:
        footer = pilot.app.screen.query_one(KeyFooter)
        await becomes_true(lambda: "help" in said(footer), pause=pilot.pause)


async def test_a_wider_terminal_shows_more_at_once_and_the_rare_keys_last() -> None:
    app = tunable()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        narrow = said(pilot.app.screen.query_one(KeyFooter))
        await pilot.resize_terminal(200, 50)
        await settle(app, pilot)
        wide = said(pilot.app.screen.query_one(KeyFooter))

    assert narrow == wide[: len(narrow)]
    assert ["inter", "packet"] == wide[-2:]


async def test_a_key_that_cannot_be_pressed_is_dim_and_not_gone() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        keys = {key.description: key for key in app.screen.query(FooterKey)}

        assert lines(app).splitlines()[-1].strip() == MAIN_KEYS
    assert keys["kill"].has_class("-disabled")
    assert not keys["ledger"].has_class("-disabled")


async def test_the_footer_of_marks_says_what_k_and_esc_do_now() -> None:
    app = tunable()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("space")
        await until(pilot, lambda: lines(app).splitlines()[-1].strip() == "1 marked: k kill  esc clear")
        await pilot.press("space")
        await until(pilot, lambda: lines(app).splitlines()[-1].strip() == "2 marked: k kill  esc clear")
        await pilot.press("slash", *"user:shop", "enter")
        await until(pilot, lambda: lines(app).splitlines()[-1].strip() == "2 marked: k kill  esc back")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: lines(app).splitlines()[-1].strip() == MAIN_KEYS)


async def test_the_footer_of_the_filter_says_what_enter_and_esc_do_there() -> None:
    app = tunable()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("slash", "s")
        await until(pilot, lambda: lines(app).splitlines()[-1].strip() == "⏎ keep  esc clear")
        await pilot.press("enter")
        await until(pilot, lambda: lines(app).splitlines()[-1].strip() == MAIN_KEYS)


def said(keys: KeyFooter) -> list[str]:
    return [key.description for key in keys.children if hasattr(key, "description")]


@pytest.mark.parametrize(
    ("keys", "page"), [("", "board"), ("l", "history"), ("d", "explain"), ("b", "blocking")]
)
async def test_the_help_of_a_screen_names_its_page_of_documentation(keys: str, page: str) -> None:
    app = an_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(app, pilot)
        await pilot.press(*keys)
        await settle(app, pilot)
        await pilot.press("question_mark")

        await until(pilot, lambda: f"goneaway-tui docs {page}" in lines(app))
    assert page in PAGES


async def test_the_help_names_the_page_of_each_limitation() -> None:
    hidden = (Limitation("the locks", "no grant", "GRANT x"), Limitation("the clock", "it is a relative"))
    app = an_app(Scripted(a_sample(limitations=hidden)))
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(app, pilot)
        await pilot.press("question_mark")
        await settle(app, pilot)
        await pilot.press("end")

        await until(
            pilot, lambda: {"docs privileges", "docs versions"} <= {*re.findall(r"docs \w+", lines(app))}
        )
