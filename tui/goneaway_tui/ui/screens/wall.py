"""The screen for a wall: large and calm. It moves by itself, asks for no key, and can change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.screen import Screen

from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.ui.widgets.wall import Scene, Wall


class WallScreen(Screen[None]):
    """Follows what goes on while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", show=False, id="wall.back")
    ]

    wall = query_one("#wall", Wall)

    def __init__(self, scene: Callable[[], Scene]) -> None:
        """`scene` is asked whenever there may be something new."""
        super().__init__()
        self._scene = scene

    def compose(self) -> ComposeResult:
        yield Wall(self._scene(), id="wall")

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        if self.is_mounted:
            self.wall.scene = self._scene()
