"""Text of a widget is broken between wide letters too, and never before a sign that closes."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from goneaway_tui.ui.base_app import BaseApp
from tests.ui.test_board import lines

TEXT = "0 个现有会话会改变：重新连接后才生效 (wait_timeout)，空闲 8 小时后关闭。"


class Page(BaseApp[None]):
    CSS = ""

    def compose(self) -> ComposeResult:
        yield Static(Content(TEXT))


async def test_a_line_ends_between_chinese_letters_where_it_is_full() -> None:
    app = Page()
    async with app.run_test(size=(20, 10)) as pilot:
        await pilot.pause()
        shown = [line.rstrip() for line in lines(app).splitlines() if line.strip()]  # type: ignore[arg-type]
        height = app.query_one(Static).size.height

    assert shown == ["0 个现有会话会改变：", "重新连接后才生效", "(wait_timeout)，空闲", "8 小时后关闭。"]
    assert height == len(shown)


def test_text_of_narrow_letters_is_wrapped_as_ever() -> None:
    assert ["no place", "like", "127.0.0.1"] == [
        line.plain.rstrip() for line in Content("no place like 127.0.0.1").wrap(9)
    ]
