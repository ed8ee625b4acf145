"""A yes or no to something already put in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen

from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.tune.actions import Action
from goneaway_tui.tune.entries import Entry
from goneaway_tui.ui.widgets.plain_text import Button, Label, heading


class ConfirmScreen(ModalScreen[bool]):
    """Answers True only to the button that says so; opens with Cancel focused."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "cancel", id="confirm.cancel")
    ]

    def __init__(self, title: str, lines: Iterable[str], verb: str) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog changing") as dialog:
            dialog.border_title = heading(self._title)
            for line in self._lines:
                yield Label(Content(plain(line, 400)))
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(self._verb, variant="primary", id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


def undoing(entry: Entry, actions: Sequence[Action]) -> list[str]:
    """What is to be undone, and what does it."""
    return [
        _("done  {statement}", statement=entry.statement),
        _("      at {instant} by {account}", instant=entry.at, account=entry.account),
        *(_("runs  {statement}", statement=action.statement) for action in actions),
    ]
