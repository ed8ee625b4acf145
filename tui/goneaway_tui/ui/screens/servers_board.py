"""The board of several servers: the sessions of all servers, the next closing first, and a cell for each server."""

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
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.columns import SESSION_COLUMNS, server_column
from goneaway_tui.ui.controllers.several_servers import SeveralServersController
from goneaway_tui.ui.controllers.tuning import NEEDS
from goneaway_tui.ui.screens.board import LESS_USED_KEYS, MAIN_KEYS, SERVER_COLUMN, BoardScreen
from goneaway_tui.ui.screens.help import SEVERAL_SERVERS_KEYS, HelpScreen, help_rows
from goneaway_tui.ui.server_status import ServerStatus
from goneaway_tui.ui.widgets.server_strip import ServerStrip

MARKED_ACTIONS = ("app.tune(", "app.tunables", "app.undo")
"""Beginnings of the actions that this board runs itself, for the marked servers."""


def for_marked_servers(binding: BindingType) -> BindingType:
    """The binding of a key; a key that changes servers gets the action of this board, for the marked servers."""
    if isinstance(binding, Binding) and binding.action.startswith(MARKED_ACTIONS):
        return replace(binding, action=binding.action.removeprefix("app."))
    return binding


class SeveralServersBoard(BoardScreen, inherit_bindings=False):
    """Shows the snapshots of all servers, and follows them at each tick of the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *BoardScreen.BINDINGS[:2],
        Binding("o", "only", "one server", id="board.only"),
        *map(for_marked_servers, BoardScreen.BINDINGS[2:-6]),
        Binding("m", "servers", "servers", id="board.servers"),
        *map(for_marked_servers, BoardScreen.BINDINGS[-6:]),
    ]

    DOCS_PAGE: ClassVar[str] = "servers"
    FOOTER_IDS: ClassVar[tuple[str, ...]] = (
        *MAIN_KEYS[:4],
        "board.only",
        "board.servers",
        "board.doctor",
        "board.help",
        "board.ledger",
        "board.tune",
        *LESS_USED_KEYS,
    )

    servers: reactive[tuple[ServerStatus, ...]] = reactive((), repaint=False)
    active_server: reactive[str] = reactive("", repaint=False)
    """The name of the server that the keys act on."""
    marked_servers: reactive[frozenset[str]] = reactive(frozenset(), repaint=False)
    """The names of the servers that the next change is for."""

    def __init__(self, names: Sequence[str], controller: SeveralServersController) -> None:
        """`names`: the different names of the servers. `controller` runs the keys that change servers."""
        super().__init__(names[0])
        self._names = tuple(names)
        self._controller = controller
        self.set_reactive(SeveralServersBoard.active_server, names[0])
        self._columns = (server_column(names), *SESSION_COLUMNS)
        self._groupings = [*GROUPINGS]
        self._only_name = ""

    def compose(self) -> ComposeResult:
        yield ServerStrip(id="strip").data_bind(
            SeveralServersBoard.servers,
            SeveralServersBoard.now,
            SeveralServersBoard.active_server,
            SeveralServersBoard.marked_servers,
            SeveralServersBoard.access,
            SeveralServersBoard.is_recording,
            SeveralServersBoard.marked_sessions,
        )
        yield from super().compose()

    def on_mount(self) -> None:
        super().on_mount()
        for table in (self.sessions, self.groups):
            self.watch(table, "cursor_key", self._follow_cursor, init=False)

    def on_screen_resume(self) -> None:
        self._follow_cursor()

    def watch_snapshot(self) -> None:
        """Do nothing: the snapshot is of the active server, and the rows are of all servers."""

    def watch_servers(self) -> None:
        self._draw()

    def _follow_cursor(self, _key: Hashable = None) -> None:
        """Activate the server of the row under the cursor, unless another screen is open."""
        if not self.is_mounted or self.app.screen is not self:
            return
        group, row = self.groups.cursor_row, self.sessions.cursor_row
        if self._only_name:
            self.active_server = self._only_name
        elif self._grouped == SERVER_COLUMN and group is not None:
            self.active_server = group.key
        elif row is not None:
            self.active_server = row.server_name

    def watch_marked_servers(self) -> None:
        self._draw()
        self.refresh_bindings()

    def _marked_groups(self) -> set[Hashable]:
        """The marked groups. A mark on a server is for a change there, not for its sessions."""
        return {*self.marked_servers} if self._grouped == SERVER_COLUMN else super()._marked_groups()

    def _markable_snapshots(self) -> list[Snapshot]:
        return [status.snapshot for status in self.servers if status.snapshot is not None]

    def _shown_servers(self) -> list[ServerStatus]:
        return [status for status in self.servers if self._only_name in {"", status.name}]

    def _shown_snapshots(self) -> list[Snapshot]:
        return [status.snapshot for status in self._shown_servers() if status.snapshot is not None]

    def _only_server(self) -> str:
        return self._only_name

    def _server_trouble(self) -> str:
        """The trouble of the first server with trouble, and how many more have some; empty while filtered or grouped."""
        if self._grouped or self._visible.filter.tests:
            return ""
        troubled = [status for status in self._shown_servers() if status.trouble]
        more = _("  (and {number} more)", number=len(troubled) - 1) if len(troubled) > 1 else ""
        return (
            wording.labelled(plain(troubled[0].name, 60), f"{troubled[0].trouble}{more}") if troubled else ""
        )

    def _limitations_words(self) -> str:
        """The limitations of the single shown server. With all servers the line would change with the cursor."""
        return super()._limitations_words() if self._only_name else ""

    def action_only(self) -> None:
        """Show only the active server, or all servers again."""
        self._show_only("" if self._only_name else self.active_server)
        self._draw()

    def action_leave(self) -> None:
        """Close what was opened last; if nothing is open, remove the marks of servers."""
        if not (self.field.display or self._grouped):
            self.marked_servers = self.marked_servers if self._only_name else frozenset()
            self._show_only("")
        super().action_leave()

    def action_servers(self) -> None:
        """Show a row for each server, to mark it; or the sessions again."""
        if self._grouped != SERVER_COLUMN:
            self._show_only("")
        self._group_by("" if self._grouped == SERVER_COLUMN else SERVER_COLUMN)

    def _mark_group(self, key: Hashable) -> None:
        if self._grouped == SERVER_COLUMN:
            self.marked_servers ^= {str(key)}
        else:
            super()._mark_group(key)

    def action_mark_all(self) -> None:
        """Mark all visible sessions, or all servers where the rows are servers."""
        if self._grouped != SERVER_COLUMN:
            super().action_mark_all()
            return
        names = {str(group.key) for group in self.groups.rows}
        marked = self.marked_servers
        self.marked_servers = marked - names if names <= marked else marked | names

    def unmark(self, name: str) -> None:
        """Unmark a server, after the change for which it was marked."""
        self.marked_servers -= {name}

    def _servers_to_change(self) -> list[str]:
        """The marked servers in their order; the active server without marks, or if a single server is shown."""
        marked = [name for name in self._names if name in self.marked_servers and not self._only_name]
        return marked or [self.active_server]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the keys that do nothing on the active server, but not the keys for marked servers."""
        if action in NEEDS and not (self.marked_servers and action != "undo"):
            return self.app.check_action(action, parameters)
        return super().check_action(action, parameters)

    def action_tune(self, name: str) -> None:
        self._controller.tune(name, self._servers_to_change())

    def action_tunables(self) -> None:
        self._controller.choose(self._servers_to_change())

    def action_undo(self) -> None:
        self._controller.undo(self.active_server)

    def _show_only(self, name: str) -> None:
        self._only_name = name
        self.sessions.set_columns(SESSION_COLUMNS if name else self._columns)
        self.set_class(bool(name), "one")
        for status in self.servers:
            if status.name == name and isinstance(self.app, BaseApp):
                self.app.set_accent(status.color)
                self.summary.show_server(name)
        self.sessions.to_top()

    def action_help(self) -> None:
        self.app.push_screen(
            HelpScreen(
                self.key_words(), self.snapshot, page=self.DOCS_PAGE, parts=self.HELP_PARTS, of_several=True
            )
        )

    def key_words(self) -> list[tuple[str, str]]:
        return [*help_rows(SEVERAL_SERVERS_KEYS), *super().key_words()]
