"""What is written can be read: 4.5 to 1 on every ground, in every theme that has colours of its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES
from textual.widgets._footer import FooterKey

from goneaway_tui.settings.options import THEMES
from goneaway_tui.ui.theme import MIN_CONTRAST, contrast, legible_colour, readable_colours
from tests.snapshot.shots import busy_day, lost, settle, several_servers, tunable

COLOURED = [name for name in THEMES if not name.startswith("ansi")]
colours = st.builds(Color, *[st.integers(0, 255)] * 3)


@given(colours, colours)
def test_on_one_ground_every_ink_can_be_read(ink: Color, ground: Color) -> None:
    assert contrast(legible_colour(ink, [ground]), ground) >= MIN_CONTRAST


@pytest.mark.parametrize("theme", COLOURED)
def test_the_inks_of_a_theme_can_be_read_on_its_grounds(theme: str) -> None:
    variables = BUILTIN_THEMES[theme].to_color_system().generate()
    told = {**variables, **readable_colours(variables)}
    grounds = [Color.parse(told[name]) for name in ("surface", "panel", "cursor-row", "cursor-row-blurred")]

    for name in (
        "foreground",
        "foreground-muted",
        "text-primary",
        "text-warning",
        "text-error",
        "text-success",
    ):
        assert min(contrast(Color.parse(told[name]), ground) for ground in grounds) >= MIN_CONTRAST, name


def test_the_palette_of_the_terminal_is_left_alone() -> None:
    variables = BUILTIN_THEMES["ansi-dark"].to_color_system().generate()

    assert set(readable_colours(variables)) == {"cursor-row", "cursor-row-blurred", "trouble-ink"}


@pytest.mark.parametrize("theme", sorted(set(THEMES) - set(COLOURED)))
async def test_with_the_palette_of_the_terminal_the_row_under_the_cursor_is_seen(theme: str) -> None:
    app = lost()
    app.theme = theme
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        table = app.screen.sessions  # type: ignore[attr-defined]

        assert all(segment.style.reverse for segment in table.render_line(1))
        assert not any(segment.style.reverse for segment in table.render_line(2))


def ratio(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    return contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "solarized-light", "nord"])
@pytest.mark.parametrize(
    ("app", "keys"),
    [(tunable, ()), (lost, ()), (several_servers, ()), (busy_day, ("l",)), (busy_day, ("d",)), (tunable, ("y",)), (tunable, ("v",))],
    ids=["board", "lost", "fleet", "ledger", "doctor", "copy", "variables"],
)  # fmt: skip
async def test_whatever_is_on_a_screen_can_be_read(app: Any, keys: tuple[str, ...], theme: str) -> None:
    face = app()
    face.theme = theme
    async with face.run_test(size=(120, 36)) as pilot:
        await settle(face, pilot)
        for key in keys:
            await pilot.press(key)
            await settle(face, pilot)
        disabled = face.screen.query(".-disabled").results(FooterKey)
        cannot = {word for key in disabled for word in (key.key_display, key.description)}
        if face.screen.is_modal:  # what is behind is dimmed, and not to be read
            regions = [face.screen.query(".dialog").first().region]
        else:
            regions = [face.screen.region]
        drawn = [
            (segment.text, segment.style)
            for region in regions
            for strip in face.screen._compositor.render_strips()[region.y : region.bottom]
            for segment in strip.crop(region.x, region.right)
        ]

    told = [
        (text, style)
        for text, style in drawn
        if style is not None and any(map(str.isalnum, text)) and text.strip() not in cannot
    ]
    assert len(told) > 10
    assert [] == [(text, f"{ratio(style):.2f}") for text, style in told if ratio(style) < MIN_CONTRAST]
