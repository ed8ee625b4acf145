"""Where the terminal's character set lacks our signs, others stand in their places, as wide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from goneaway_tui.ui.theme import CharsetFilter, charset_filter
from tests.snapshot.shots import tunable
from tests.ui.stage import an_app

BLACK = Color(0, 0, 0)


@given(st.text(max_size=60), st.sampled_from(("ascii", "iso8859-1", "gb2312")))
def test_every_line_can_be_encoded_and_keeps_its_width(text: str, encoding: str) -> None:
    (said,) = CharsetFilter(encoding).apply([Segment(text)], BLACK)

    said.text.encode(encoding)
    assert cell_len(text) == cell_len(said.text)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "utf_16", None])
def test_a_terminal_that_can_say_everything_is_left_alone(encoding: str | None) -> None:
    assert charset_filter(encoding) is None


@pytest.mark.parametrize("encoding", ["ANSI_X3.4-1968", "no such thing"])
@pytest.mark.parametrize("key", ["", "question_mark", "w"])
async def test_no_screen_needs_more_than_ascii(encoding: str, key: str) -> None:
    app = tunable() if key == "w" else an_app()
    app.set_charset(encoding)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        if key:
            await pilot.press(key)
            await pilot.pause()
        drawn = "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)

    assert drawn.isascii()
    assert "goneaway" in drawn
    assert "! imminent" in drawn or key
