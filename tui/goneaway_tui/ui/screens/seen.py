"""A dialog that nobody answers before it is on the screen."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.screen import ModalScreen

R = TypeVar("R")


class SeenScreen(ModalScreen[R]):
    """Keys typed before it was to be seen do not answer it: they were meant for something else."""

    def __init__(self) -> None:
        super().__init__()
        self._seen_since = float("inf")

    def on_mount(self) -> None:
        self.call_after_refresh(self._now_seen)

    def _now_seen(self) -> None:
        self._seen_since = events.Key("escape", None).time

    def was_typed_blind(self, key: events.Key) -> bool:
        """Typed before this was on the screen."""
        return key.time < self._seen_since
