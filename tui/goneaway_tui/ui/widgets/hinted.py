"""A widget that says what is under the mouse, where it rests."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from goneaway_tui.ui.tooltips import figure_hint


class Hinted(Widget):
    """A part of it bears the name of its hint in its look: `bold @hint=idle`."""

    def on_mouse_move(self, event: events.MouseMove) -> None:
        words = self.hint_at(event)
        self.tooltip = Content(words) if words else None

    def hint_at(self, event: events.MouseMove) -> str:
        """What is to be said there; empty where it is nothing."""
        return figure_hint(event.style.meta.get("@hint", ""))
