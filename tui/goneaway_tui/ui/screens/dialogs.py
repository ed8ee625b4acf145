"""The common dialogs: prompt, confirmation, chooser, and the screen that waits for privileges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.widgets.option_list import Option

from goneaway_tui.errors import GoneawayError
from goneaway_tui.i18n import _
from goneaway_tui.model.sample import Sample
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import Action
from goneaway_tui.tune.journal import JournalEntry
from goneaway_tui.tune.tunables import Tunable, tunables_of
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui.columns import in_cells, variable_words
from goneaway_tui.ui.screens.help import HELP_KEY
from goneaway_tui.ui.widgets.plain_text import Button, Field, Label, OptionList, heading, key_line

if TYPE_CHECKING:
    from goneaway_tui.ui.screens.tune import TuneScreen

R = TypeVar("R")


class GuardedDialog(ModalScreen[R]):
    """A dialog that ignores keys typed before it was visible: they were meant for another screen."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_since = float("inf")

    def on_mount(self) -> None:
        self.call_after_refresh(self._set_shown_since)

    def _set_shown_since(self) -> None:
        self._shown_since = events.Key("escape", None).time

    def was_typed_blind(self, key: events.Key) -> bool:
        """Whether a key was typed before the dialog was visible."""
        return key.time < self._shown_since


class PromptScreen(ModalScreen[str | None]):
    """Answers with the typed text, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="ask.cancel")]

    def __init__(self, title: str, examples: str) -> None:
        super().__init__()
        self._title = title
        self._examples = examples

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = heading(self._title)
            yield Field(placeholder=self._examples, compact=True)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class ConfirmScreen(ModalScreen[bool]):
    """Answers True only to its button."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "cancel", id="confirm.cancel"),
        HELP_KEY,
    ]

    def __init__(self, title: str, lines: Iterable[str], verb: str, *, focused: str = "cancel") -> None:
        """`focused`: the button with the focus, `cancel` or `yes`."""
        super().__init__()
        self._title = title
        self._lines = tuple(lines)
        self._verb = verb
        self._focused = focused

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog changing") as dialog:
            dialog.border_title = heading(self._title)
            for line in self._lines:
                yield Label(Content(plain(line, 400)))
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(self._verb, variant="primary", id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one(f"#{self._focused}", Button).focus()

    def on_descendant_focus(self) -> None:
        self.query_one(".dialog").border_subtitle = heading(key_line(self.focused))

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


def undo_entries(entry: JournalEntry, actions: Sequence[Action]) -> list[str]:
    """The lines of the undo dialog: the change, and the statements that undo it."""
    return [
        _("done  {statement}", statement=entry.statement),
        _("      at {instant} by {account}", instant=entry.at, account=entry.account),
        *(_("runs  {statement}", statement=action.statement) for action in actions),
    ]


VALUE_CELLS = 12
"""Cells of a value in the list of tunables."""


def tunables(sample: Sample) -> list[tuple[str, str]]:
    """Every tunable of a server: its name, and a line with its current value and its key."""
    variables = {variable.name: variable for variable in sample.variables}

    def now(tunable: Tunable) -> str:
        variable = variables.get(tunable.name)
        if variable is None or variable.value is None:
            return "?"
        return variable_words(variable) or value_words(variable.value, tunable.unit)

    return [
        (
            tunable.name,
            f"{tunable.name:<34} {in_cells(now(tunable), VALUE_CELLS, right=True)}  {tunable.key or ''}",
        )
        for tunable in tunables_of(sample)
    ]


class ChooserScreen(ModalScreen[str | None]):
    """Answers with the chosen id, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="chooser.cancel"),
        HELP_KEY,
    ]

    def __init__(self, title: str, options: Iterable[tuple[str, str]], current: str) -> None:
        """`options` are pairs of id and words."""
        super().__init__()
        self._title = title
        self._options = list(options)
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog chooser") as dialog:
            dialog.border_title = heading(self._title)
            dialog.border_subtitle = heading(_("enter choose · esc cancel"))
            yield OptionList(*(Option(Content(words), id=key) for key, words in self._options))

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.highlighted = next((i for i, (key, _) in enumerate(self._options) if key == self._current), 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


T = TypeVar("T")


class WaitingScreen(ModalScreen[None]):
    """An invisible screen that keeps keys from the board while a command waits for the privileges."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel", id="waiting.cancel")]

    def __init__(self, is_command: Callable[[str], bool]) -> None:
        """`is_command`: whether an action of the screen below replaces the waiting command."""
        super().__init__()
        self._typed = ""
        self._is_over = False
        self._is_command: Callable[[str], bool] | None = is_command

    def keep_keys_for_dialog(self) -> None:
        """From now on every typed key is for the dialog, also a command key of the screen below."""
        self._is_command = None

    def on_key(self, event: events.Key) -> None:
        binding_below = self.app.screen_stack[-2].active_bindings.get(event.key)
        if (
            self._is_command is not None
            and not self._typed
            and binding_below is not None
            and self._is_command(binding_below.binding.action)
        ):
            event.stop()
            self.action_leave()
            self.app.post_message(events.Key(event.key, event.character))
        elif event.is_printable and event.character:
            self._typed += event.character
            event.stop()

    def action_leave(self) -> None:
        """Cancel the wait, and open no dialog."""
        if not self._is_over:
            self._is_over = True
            self.dismiss(None)

    def ask(self, read: Callable[[], T]) -> T:
        """Call `read` in the current thread, which is not that of the app. After a GoneawayError the wait ends."""
        try:
            return read()
        except GoneawayError:
            self.app.call_from_thread(self.action_leave)
            raise

    def close_and_run(self, callback: Callable[[], object]) -> None:
        """End the wait and call `callback`; do nothing if the wait was cancelled."""
        if not self._is_over:
            self.action_leave()
            callback()

    def open_dialog(self, screen: TuneScreen, answered: Callable[..., None]) -> None:
        """End the wait and open the dialog with the typed text; do nothing if the wait was cancelled."""
        screen.typed = self._typed
        self.close_and_run(partial(self.app.push_screen, screen, answered))
