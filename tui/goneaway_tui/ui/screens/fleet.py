"""The board of several servers: the same board, all their sessions by who closes first, and a cell for each server."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from goneaway_tui.i18n import _
from goneaway_tui.judge.filters import GROUPINGS
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.columns import SESSION_COLUMNS, server_column
from goneaway_tui.ui.controllers.several_servers import SeveralServersController
from goneaway_tui.ui.controllers.tuning import NEEDS
from goneaway_tui.ui.screens.board import OF_SEVERAL, BoardScreen
from goneaway_tui.ui.screens.help import OF_SEVERAL_KEYS, HelpScreen, help_rows
from goneaway_tui.ui.server_status import ServerStatus
from goneaway_tui.ui.widgets.server_strip import ServerStrip

ON_MARKED = ("app.tune(", "app.tunables", "app.undo")
"""What begins so is done here, where it is known which servers are marked."""


def on_marked(binding: BindingType) -> BindingType:
    """Of a key that changes servers: the marked ones, where there are any."""
    if isinstance(binding, Binding) and binding.action.startswith(ON_MARKED):
        return replace(binding, action=binding.action.removeprefix("app."))
    return binding


class SeveralServersBoard(BoardScreen, inherit_bindings=False):
    """Shows what the app hands down of all servers, at its ticks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *BoardScreen.BINDINGS[:2],
        Binding("o", "only", "one server", id="board.only"),
        *map(on_marked, BoardScreen.BINDINGS[2:-6]),
        Binding("m", "servers", "servers", id="board.servers"),
        *map(on_marked, BoardScreen.BINDINGS[-6:]),
    ]

    fleet: reactive[tuple[ServerStatus, ...]] = reactive((), repaint=False)
    in_hand: reactive[str] = reactive("", repaint=False)
    """The name of the server the keys act on."""
    marked: reactive[frozenset[str]] = reactive(frozenset(), repaint=False)
    """The names of the servers that a change is to be made on alike."""

    def __init__(self, names: Sequence[str], several: SeveralServersController) -> None:
        """`names`: of the servers, each unlike the others. `several` does what the keys that change servers ask for."""
        super().__init__(names[0])
        self._names = tuple(names)
        self._several = several
        self.set_reactive(SeveralServersBoard.in_hand, names[0])
        self._columns = (server_column(names), *SESSION_COLUMNS)
        self._groupings = [*GROUPINGS]
        self._narrowed_to = ""

    def compose(self) -> ComposeResult:
        yield ServerStrip(id="strip").data_bind(
            SeveralServersBoard.fleet,
            SeveralServersBoard.now,
            SeveralServersBoard.in_hand,
            SeveralServersBoard.marked,
            SeveralServersBoard.reach,
            SeveralServersBoard.is_recording,
            SeveralServersBoard.marked_sessions,
        )
        yield from super().compose()

    def on_mount(self) -> None:
        super().on_mount()
        for table in (self.sessions, self.groups):
            self.watch(table, "cursor_key", self._take_in_hand, init=False)

    def on_screen_resume(self) -> None:
        self._take_in_hand()

    def watch_snapshot(self) -> None:
        """Of the server in hand; the rows are of all."""

    def watch_fleet(self) -> None:
        self._draw()

    def _take_in_hand(self, _key: Hashable = None) -> None:
        """That of the row under the cursor; while another screen is open it stays as it was."""
        if not self.is_mounted or self.app.screen is not self:
            return
        group, row = self.groups.cursor_row, self.sessions.cursor_row
        if self._narrowed_to:
            self.in_hand = self._narrowed_to
        elif self._grouped == OF_SEVERAL and group is not None:
            self.in_hand = group.key
        elif row is not None:
            self.in_hand = row.server_name

    def watch_marked(self) -> None:
        self._draw()
        self.refresh_bindings()

    def _marked_groups(self) -> set[Hashable]:
        """A mark on a server is for a change there, not for its sessions."""
        return {*self.marked} if self._grouped == OF_SEVERAL else super()._marked_groups()

    def _every(self) -> list[Snapshot]:
        return [each.snapshot for each in self.fleet if each.snapshot is not None]

    def _left(self) -> list[ServerStatus]:
        return [each for each in self.fleet if self._narrowed_to in {"", each.name}]

    def _shown(self) -> list[Snapshot]:
        return [each.snapshot for each in self._left() if each.snapshot is not None]

    def _only(self) -> str:
        return self._narrowed_to

    def _complaint(self) -> str:
        """Of the first that is in trouble, and how many more are; each has its cell, so what was asked for goes before it."""
        if self._grouped or self._standing.filter.tests:
            return ""
        ill = [each for each in self._left() if each.trouble]
        more = _("  (and {number} more)", number=len(ill) - 1) if len(ill) > 1 else ""
        return f"{plain(ill[0].name, 60)}: {ill[0].trouble}{more}" if ill else ""

    def _hidden(self) -> str:
        """Of one that the board is narrowed to: of all it would come and go with the cursor."""
        return super()._hidden() if self._narrowed_to else ""

    def action_only(self) -> None:
        """Only the server in hand, and all again."""
        self._narrow_to_server("" if self._narrowed_to else self.in_hand)
        self._draw()

    def action_leave(self) -> None:
        """Leave what was opened last; where nothing is open, the marks of servers."""
        if not (self.field.display or self._grouped):
            self.marked = self.marked if self._narrowed_to else frozenset()
            self._narrow_to_server("")
        super().action_leave()

    def action_servers(self) -> None:
        """A row a server, to be marked; and their sessions again."""
        if self._grouped != OF_SEVERAL:
            self._narrow_to_server("")
        self._group_by("" if self._grouped == OF_SEVERAL else OF_SEVERAL)

    def _mark_group(self, key: Hashable) -> None:
        if self._grouped == OF_SEVERAL:
            self.marked ^= {str(key)}
        else:
            super()._mark_group(key)

    def unmark(self, name: str) -> None:
        """What was marked was marked for what is done now."""
        self.marked -= {name}

    def _meant(self) -> list[str]:
        """The marked servers, in the order they were named; where none is marked or one is shown alone, that in hand."""
        return [name for name in self._names if name in self.marked and not self._narrowed_to] or [
            self.in_hand
        ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey the keys that can do nothing on the server in hand; of marked ones each says so for itself."""
        if action in NEEDS and not (self.marked and action != "undo"):
            return self.app.check_action(action, parameters)
        return super().check_action(action, parameters)

    def action_tune(self, name: str) -> None:
        self._several.tune(name, self._meant())

    def action_tunables(self) -> None:
        self._several.choose(self._meant())

    def action_undo(self) -> None:
        self._several.undo(self.in_hand)

    def _narrow_to_server(self, name: str) -> None:
        self._narrowed_to = name
        self.set_class(bool(name), "one")
        for each in self.fleet:
            if each.name == name and isinstance(self.app, BaseApp):
                self.app.set_accent(each.color)
                self.summary.tell_of(name)
        self.sessions.to_top()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words(), self.snapshot, of_several=True))

    def key_words(self) -> list[tuple[str, str]]:
        return [*help_rows(OF_SEVERAL_KEYS), *super().key_words()]
