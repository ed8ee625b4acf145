"""The framework's widgets of text, none of which takes a string for markup.

A name from a server or a file may hold `[@click=...]`: as markup it would run an action of the app on a click, and an
unknown tag would end the app. Screens take these widgets from here, and set titles with `heading`.
"""

from __future__ import annotations

from typing import Any

from textual import widgets
from textual.content import Content
from textual.visual import VisualType

from goneaway_tui.model.plain import plain

MAX_TITLE = 200
"""Characters."""


def heading(text: str) -> Content:
    """A title of a frame: one plain line."""
    return Content(plain(text, MAX_TITLE))


class Static(widgets.Static):
    """Text as it is. What has a look of its own is a Content."""

    def __init__(self, content: VisualType = "", **options: Any) -> None:
        super().__init__(content, markup=False, **options)


class Label(widgets.Label):
    """The same for a label."""

    def __init__(self, content: VisualType = "", **options: Any) -> None:
        super().__init__(content, markup=False, **options)


class OptionList(widgets.OptionList):
    """The same for each option."""

    def __init__(self, *content: Any, **options: Any) -> None:
        super().__init__(*content, markup=False, **options)


class Button(widgets.Button):
    """The same for a button, also where its label changes."""

    def validate_label(self, label: Any) -> Content:
        return label if isinstance(label, Content) else Content(str(label))
