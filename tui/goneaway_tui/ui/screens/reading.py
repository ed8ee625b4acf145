"""A text to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.ui.copying import Piece
from goneaway_tui.ui.widgets.plain_text import Static, heading

MOST_LINES = 2_000
NARROWEST, WIDEST = 30, 80
"""Columns between which prose can be read."""
Lines = Callable[[int], Iterable[str]]
"""A text's lines for so many columns; what is longer is wrapped as it comes."""


class Prose(Static):
    """Asks for its lines anew whenever it has another width, so that they are wrapped once and not twice."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines
        self._width = 0

    def on_resize(self, event: events.Resize) -> None:
        width = max(NARROWEST, min(event.size.width, WIDEST))
        if width != self._width:
            self._width = width
            self.update(Content("\n".join(_shown(self._lines(width)))))


class ReadingScreen(ModalScreen[None]):
    """Lines as they come; what a terminal would obey is made harmless."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "back", id="reading.back"),
        Binding("y", "app.copy", "copy", id="app.copy"),
    ]

    def __init__(self, title: str, lines: Lines) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide") as dialog:
            dialog.border_title = heading(self._title)
            dialog.border_subtitle = heading(_("esc back"))
            yield Prose(self._lines)

    def copies(self) -> list[Piece]:
        return [Piece("all", "\n".join(self._lines(WIDEST)))]


def _shown(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    while every and not every[-1]:
        every.pop()
    shown = [plain(line, 2000) for line in every[:MOST_LINES]]
    if len(every) > MOST_LINES:
        number = len(every) - MOST_LINES
        shown.append(_("... and {number:,} lines more; goneaway-tui explain writes them all", number=number))
    return shown
