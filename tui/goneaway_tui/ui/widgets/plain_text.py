"""The framework's widgets of text, none of which takes a string for markup.

A name from a server or a file may hold `[@click=...]`: as markup it would run an action of the app on a click, and an
unknown tag would end the app. Screens take these widgets from here, and set titles with `heading`.
"""

from __future__ import annotations

from typing import Any

from textual import widgets
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Checkbox, Input, RadioButton, RadioSet

from goneaway_tui.i18n import _
from goneaway_tui.text.sanitize import plain

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


class Field(Input):
    """An Input that keeps no escape sequence, no line break and nothing hidden."""

    def validate_value(self, value: str) -> str:
        return plain(value)


class RadioChoice(RadioButton):
    """`(•)` or `( )`. Its label is no markup."""

    def __init__(self, label: str, *, value: bool = False, **options: Any) -> None:
        super().__init__(Content(label), value, **options)

    @property
    def _button(self) -> Content:
        return Content.styled("(•)" if self.value else "( )", "bold" if self.value else "")


class RadioChoices(RadioSet):
    """Choices of which one holds. An arrow key chooses the one it reaches: highlighted and chosen are the same."""

    def action_next_button(self) -> None:
        super().action_next_button()
        self._choose()

    def action_previous_button(self) -> None:
        super().action_previous_button()
        self._choose()

    def _choose(self) -> None:
        """Choose what is highlighted, at once: the key that applies it may be in the same burst.

        The framework highlights the first choice when the set is mounted; that is no key, and chooses nothing.
        """
        if self.has_focus and self._selected is not None:
            chosen = self.query(RadioChoice)[self._selected]
            with self.prevent(RadioButton.Changed):
                for other in self.query(RadioChoice):
                    if other is not chosen:
                        other.value = False
            chosen.value = True


class CheckMark(Checkbox):
    """`[x]` or `[ ]`. Its label is no markup."""

    def __init__(self, label: str, *, value: bool = False, **options: Any) -> None:
        super().__init__(Content(label), value, **options)

    @property
    def _button(self) -> Content:
        return Content.styled("[x]" if self.value else "[ ]", "bold" if self.value else "")


class LabelledEntry(Horizontal):
    """Hidden while it has nothing to say."""

    def __init__(self, label: str, text: Content | None = None, *, id: str | None = None) -> None:  # noqa: A002 - the framework's word
        super().__init__(id=id, classes="entry")
        self._label = label
        self._text = text

    def compose(self) -> ComposeResult:
        yield Label(Content(_(self._label)), classes="entry--label")
        yield Static(self._text or "", classes="entry--text")
        self.display = self._text is not None

    def say(self, text: Content | None) -> None:
        if text is not None and self.display and text == self._text:
            return
        self._text = text
        self.display = text is not None
        self.query_one(".entry--text", Static).update(text or "")


def paragraphs(*parts: str | tuple[str, str] | Content) -> Content:
    """Lines one below the other, each plain or with its style."""
    return Content("\n").join(
        part
        if isinstance(part, Content)
        else Content(part)
        if isinstance(part, str)
        else Content.styled(*part)
        for part in parts
    )
