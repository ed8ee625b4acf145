"""Every command by name, for the palette: a new one is a new row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

Row = tuple[str, str, str]
"""Title, help, and the action as a binding would name it."""

ON_THE_BOARD: tuple[Row, ...] = (
    ("Filter", "Narrow the sessions by words and fields", "filter"),
    ("Sort", "Sort by a column", "sort"),
    ("Group", "Group by user, client, program or database", "group"),
    ("Freeze", "Hold the screen, or let it go on", "app.freeze"),
    ("Ledger", "Who left, when, and why", "app.ledger"),
    ("Doctor", "Every cause as it stands now; explain an error", "app.doctor"),
    ("Export", "Write the snapshot on the screen to a file", "app.export"),
    ("Tune", "Change a limit of the server", "app.tunables"),
    ("Kill", "End the marked sessions, or the one under the cursor", "app.kill"),
    ("Undo", "Take back the last change", "app.undo"),
    ("Variables", "The limits, and the journal of changes", "app.variables"),
    ("Help", "Keys, words, and what this account cannot see", "help"),
)
ON_SEVERAL: tuple[Row, ...] = (
    ("One server", "Only the server of the row under the cursor, and all again", "only"),
    ("Servers", "A row a server, to mark with space, and the sessions again", "servers"),
    ("Tune the marked servers", "The same change on each, one by one, up to the first surprise", "tunables"),
)
ANYWHERE: tuple[Row, ...] = (
    ("Theme", "Change the colours", "app.change_theme"),
    ("Quit", "Leave", "app.quit"),
)


def commands(screen: Screen[Any], rows: Iterable[Row]) -> Iterable[SystemCommand]:
    for title, words, action in rows:
        yield SystemCommand(title, words, lambda action=action: screen.run_action(action))
