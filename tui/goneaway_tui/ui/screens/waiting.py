"""Stands while a dialog reads what it is about: what is typed meanwhile was meant for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from goneaway_tui.errors import GoneawayError
from goneaway_tui.ui.screens.tune import TuneScreen

T = TypeVar("T")


class WaitingScreen(ModalScreen[None]):
    """Shows nothing of its own, and no key gets past it to the board."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel", id="waiting.cancel")]

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""
        self._is_over = False

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character:
            self._typed += event.character
            event.stop()

    def action_leave(self) -> None:
        """Wait no more, and open nothing."""
        if not self._is_over:
            self._is_over = True
            self.dismiss(None)

    def asked(self, question: Callable[[], T]) -> T:
        """An answer, in a thread of its own; who is refused it waits no more. Raises what the question does."""
        try:
            return question()
        except GoneawayError:
            self.app.call_from_thread(self.action_leave)
            raise

    def give_way(self, screen: TuneScreen, answered: Callable[..., None]) -> None:
        """To what was waited for, with what was typed; to nothing where that was cancelled."""
        if not self._is_over:
            self.action_leave()
            screen.typed = self._typed
            self.app.push_screen(screen, answered)
