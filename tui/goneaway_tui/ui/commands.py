"""Every command by name, for the palette: a new one is a new row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import SystemCommand
from textual.command import CommandList, CommandPalette
from textual.content import Content
from textual.screen import Screen
from textual.widgets.option_list import Option

from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain

Row = tuple[str, str, str]
"""Title, help, and the action as a binding would name it."""

ON_THE_BOARD: tuple[Row, ...] = (
    (marked("Filter"), marked("Narrow the sessions by words and fields"), "filter"),
    (marked("Sort"), marked("Sort by a column"), "sort"),
    (marked("Group"), marked("Group by user, client, program or database"), "group"),
    (marked("Freeze"), marked("Hold the screen, or let it go on"), "app.freeze"),
    (marked("Ledger"), marked("Who left, when, and why"), "app.ledger"),
    (marked("Doctor"), marked("Every cause as it stands now; explain an error"), "app.doctor"),
    (marked("Export"), marked("Write the snapshot on the screen to a file"), "app.export"),
    (marked("Tune"), marked("Change a limit of the server"), "app.tunables"),
    (marked("Kill"), marked("End the marked sessions, or the one under the cursor"), "app.kill"),
    (marked("Undo"), marked("Take back the last change"), "app.undo"),
    (marked("Variables"), marked("The limits, and the journal of changes"), "app.variables"),
    (
        marked("Relatives"),
        marked("Replicas, sources and members that the servers themselves name"),
        "app.relatives",
    ),
    (marked("Wall"), marked("Large and calm, for a screen on a wall; esc leaves it"), "app.wall"),
    (marked("Help"), marked("Keys, words, and what this account cannot see"), "help"),
)
ON_SEVERAL: tuple[Row, ...] = (
    (marked("One server"), marked("Only the server of the row under the cursor, and all again"), "only"),
    (marked("Servers"), marked("A row a server, to mark with space, and the sessions again"), "servers"),
    (
        marked("Tune the marked servers"),
        marked("The same change on each, one by one, up to the first surprise"),
        "tunables",
    ),
)
ANYWHERE: tuple[Row, ...] = (
    (marked("Theme"), marked("Change the colours"), "app.change_theme"),
    (marked("Quit"), marked("Leave"), "app.quit"),
)


class Palette(CommandPalette):
    """The framework's palette. Where no command matches it says so at once, in the language of the run."""

    def _start_no_matches_countdown(self, search_value: str) -> None:
        if search_value:
            words = Content(_("No match for {text}.", text=plain(search_value, 60)))
            self.query_one(CommandList).add_option(Option(words, id=self._NO_MATCHES, disabled=True))
        self._list_visible = bool(search_value)


def every_command(screen: Screen[Any], *, on_board: bool, has_several: bool) -> Iterable[SystemCommand]:
    """Those that mean something on the screen that is shown."""
    if on_board:
        yield from commands(screen, ON_THE_BOARD)
        yield from commands(screen, ON_SEVERAL if has_several else ())
    yield from commands(screen, ANYWHERE)


def commands(screen: Screen[Any], rows: Iterable[Row]) -> Iterable[SystemCommand]:
    for title, words, action in rows:
        yield SystemCommand(_(title), _(words), lambda action=action: screen.run_action(action))
