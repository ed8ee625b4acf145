"""A labelled entry of a dialog: the label keeps its column when the text wraps."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from goneaway_tui.language import _
from goneaway_tui.ui.widgets.plain_text import Label, Static


class Entry(Horizontal):
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
