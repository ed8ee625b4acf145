"""Stands while what a key needs to know is asked of the server: what is typed meanwhile was meant for its dialog."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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

    def __init__(self, is_command: Callable[[str], bool]) -> None:
        """`is_command` tells by its action whether a key of the screen below takes the place of the one that waits."""
        super().__init__()
        self._typed = ""
        self._is_over = False
        self._is_command: Callable[[str], bool] | None = is_command

    def take_text(self) -> None:
        """What is typed from now on is for the dialog, whatever it does on the screen below."""
        self._is_command = None

    def on_key(self, event: events.Key) -> None:
        below = self.app.screen_stack[-2].active_bindings.get(event.key)
        if (
            self._is_command is not None
            and not self._typed
            and below is not None
            and self._is_command(below.binding.action)
        ):
            event.stop()
            self.action_leave()
            self.app.post_message(events.Key(event.key, event.character))
        elif event.is_printable and event.character:
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

    def leave_for(self, act: Callable[[], object]) -> None:
        """Do what was waited with; nothing where that was cancelled."""
        if not self._is_over:
            self.action_leave()
            act()

    def give_way(self, screen: TuneScreen, answered: Callable[..., None]) -> None:
        """To what was waited for, with what was typed; to nothing where that was cancelled."""
        screen.typed = self._typed
        self.leave_for(partial(self.app.push_screen, screen, answered))
