"""The keys of a screen along its last line: as many as there is room for, whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Footer
from textual.widgets._footer import FooterKey  # what a Footer is composed of has no public name

from goneaway_tui.i18n import _

AROUND = 3
"""Cells around a key and its word; set close it is two."""


class KeyFooter(Footer):
    """A footer that is never cut in the middle of a word. Where it is narrow, what cannot be pressed now gives way first."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._room = 0

    def compose(self) -> ComposeResult:
        keys = cast("list[FooterKey]", list(super().compose()))
        told: Iterable[tuple[str, str]] = getattr(self.screen, "key_words", tuple)()
        for key in keys:
            key.description = _(key.description)
            words = next(
                (words for names, words in told if key.key_display in names.replace(",", "").split()), ""
            )
            key.tooltip = Content(words or key.description)
        self.compact = sum(map(_width, keys)) > self.size.width
        shown = set(fitting(keys, self.size.width, AROUND - self.compact))
        yield from (key for index, key in enumerate(keys) if index in shown)

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._room:
            self._room = event.size.width
            self.call_after_refresh(self.recompose)


def fitting(keys: Iterable[FooterKey], room: int, around: int) -> list[int]:
    """The places of those that fit into so many cells: first come those that can be pressed."""
    numbered = sorted(enumerate(keys), key=lambda each: each[1].has_class("-disabled"))
    fit = []
    for index, key in numbered:
        room -= _width(key, around)
        if room < 0:
            break
        fit.append(index)
    return fit


def _width(key: FooterKey, around: int = AROUND) -> int:
    return cell_len(key.key_display) + cell_len(key.description) + around
