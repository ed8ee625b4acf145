"""What is empty says what would be there, and how it comes there."""

from __future__ import annotations

from typing import Any

import pytest

from goneaway_tui.errors import Unreachable
from tests.builders import a_sample
from tests.snapshot.shots import press, settle, tunable
from tests.ui.stage import Scripted, an_app


def drawn(app: Any) -> str:
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


@pytest.mark.parametrize("size", [(120, 36), (60, 15)])
@pytest.mark.parametrize(
    ("source", "keys", "said"),
    [
        (None, ("slash", "+nobodyisthis", "enter"), "No session matches nobodyisthis"),
        (None, ("g", "down", "enter", "slash", "+nobodyisthis", "enter"), "No session matches nobodyisthis"),
        (Scripted(a_sample([])), (), "No session is connected."),
        (Scripted(Unreachable("cannot connect", "")), (), "No session has been read yet."),
        (Scripted(Unreachable("cannot connect", "")), ("d",), "has not been read yet"),
        (None, ("l",), "No session has ended yet."),
        (None, ("l", "slash", "+nobody"), "No session has ended yet."),
        (None, ("v",), "wait_timeout"),
        (None, ("v", "tab"), "This tool has changed nothing yet."),
    ],
)
async def test_empty_screen_explains_what_it_would_list(
    source: Scripted | None, keys: tuple[str, ...], said: str, size: tuple[int, int]
) -> None:
    app = an_app(source)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await press(app, pilot, *keys)

        assert said in " ".join(drawn(app).split())


async def test_nothing_to_undo_is_reported() -> None:
    app = tunable()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("u")
        await settle(app, pilot)

        assert any(each.message.startswith("Nothing to undo") for each in app._notifications)


async def test_the_groups_are_drawn_and_have_the_keys_at_once() -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        everybody = len(app.screen.sessions.rows)  # type: ignore[attr-defined]
        for key in ("g", "down", "enter", "enter"):  # no time between them
            await pilot.press(key)
        await settle(app, pilot)

        assert len(app.screen.sessions.rows) < everybody  # type: ignore[attr-defined]
