"""A text to read."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from goneaway_tui.model.plain import plain

MOST_LINES = 2_000


class ReadingScreen(ModalScreen[None]):
    """Lines as they come; what a terminal would obey is made harmless."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "back", id="reading.back")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        lines = self._text.rstrip().splitlines()
        shown = [plain(line, 2000) for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            shown.append(
                f"... and {len(lines) - MOST_LINES:,} lines more; goneaway-tui explain writes them all"
            )
        with VerticalScroll(classes="dialog wide") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "esc back"
            yield Static(Content("\n".join(shown)))
