"""What of a screen is worth copying, and its way to the terminal's clipboard (OSC 52)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from rich.cells import cell_len
from textual.app import App

from goneaway_tui.judge.grouping import Group
from goneaway_tui.language import _, marked
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.tune.actions import KillSession
from goneaway_tui.ui.columns import DEPARTURE_COLUMNS, GROUP_COLUMNS, SESSION_COLUMNS, WIDE, Column, in_cells
from goneaway_tui.ui.widgets.plain_text import heading

KINDS: Mapping[str, tuple[str, str]] = {
    "id": ("i", marked("id")),
    "name": ("n", marked("name")),
    "value": ("v", marked("value")),
    "row": ("r", marked("row")),
    "statement": ("s", marked("statement")),
    "client": ("c", marked("client")),
    "kill": ("k", marked("KILL statement")),
    "because": ("b", marked("evidence")),
    "remedies": ("w", marked("what to do")),
    "undo": ("u", marked("undo statement")),
    "all": ("a", marked("everything shown")),
}
"""Each thing that can be copied: its key in the menu and what it is called. Another one is another row."""
MOST = 50_000
"""Characters that are copied: in base64 most terminals take no more than some 75,000."""
SAID = 60
"""Cells of it that are repeated in the answer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that can be copied."""

    kind: str
    """A key of KINDS."""
    text: str
    """As a stranger may have written it."""

    @property
    def name(self) -> str:
        return _(KINDS[self.kind][1])

    @property
    def clean(self) -> str:
        """Its lines and tabs kept; what would command a terminal it is pasted into made visible."""
        return "\n".join(
            "\t".join(plain(cell, MOST) for cell in line.split("\t"))
            for line in self.text[:MOST].replace("\r\n", "\n").split("\n")
        )

    @property
    def short(self) -> str:
        """In one short line: of rows not their headings."""
        text = self.text.partition("\n")[2] if self.kind == "row" else self.text
        words = " ".join(plain(text, 400).split())
        return words if cell_len(words) <= SAID else in_cells(words, SAID, right=False)


@runtime_checkable
class Copies(Protocol):
    """A screen that has something to copy."""

    def copies(self) -> Sequence[Piece]:
        """What is under the cursor, or is marked; the most wanted first."""


def offer(app: App[Any]) -> None:
    """Copy what the screen has; where that is more than one thing, ask which."""
    from goneaway_tui.ui.screens.copy import CopyScreen

    pieces = [each for each in app.screen.copies() if each.text] if isinstance(app.screen, Copies) else []

    def chosen(piece: Piece | None) -> None:
        if piece is not None:
            copy(app, piece)

    if len(pieces) > 1:
        app.push_screen(CopyScreen(pieces), chosen)
    elif pieces:
        copy(app, pieces[0])
    else:
        tell(app, _("There is nothing here to copy."))


def copy(app: App[Any], piece: Piece) -> None:
    """Hand it to the terminal, and say what; whether the terminal took it nobody is told."""
    is_first = not app.clipboard
    text = piece.clean
    app.copy_to_clipboard(text)
    words = [_("Copied the {what}: {text}", what=piece.name, text=piece.short)]
    if len(piece.text) > MOST:
        words.append(_("Only its first {number} characters.", number=f"{MOST:,}"))
    if is_first:
        words.append(
            _("If it cannot be pasted, the terminal lets no program copy (in tmux: set -g set-clipboard on).")
        )
    tell(app, "\n".join(words))


def tell(app: App[Any], words: str) -> None:
    """Where notices would cover what is read, they are not shown: there the dialog's edge says it."""
    dialogs = app.screen.query(".changing")
    if dialogs:
        dialogs.first().border_subtitle = heading(words.splitlines()[0])
    else:
        app.notify(words, timeout=6, markup=False)


def of_sessions(verdicts: Sequence[Verdict], now: float) -> list[Piece]:
    """Of one session or of those that are marked, one below the other."""
    mortal = [v.session for v in verdicts if not v.session.own and v.session.role is Role.CLIENT]
    return [
        Piece("id", _lines(str(v.session.id) for v in verdicts)),
        Piece("row", in_lines(verdicts, SESSION_COLUMNS, now)),
        Piece("statement", ";\n".join(v.session.statement for v in verdicts if v.session.statement)),
        Piece("client", _lines(dict.fromkeys(v.session.host for v in verdicts))),
        Piece("kill", _lines(f"{KillSession(each).statement};" for each in mortal)),
    ]


def of_group(group: Group, now: float) -> list[Piece]:
    return [Piece("name", group.key), Piece("row", in_lines([group], GROUP_COLUMNS, now))]


def of_departure(departure: Departure) -> list[Piece]:
    session = departure.verdict.session
    return [
        Piece("id", str(session.id)),
        Piece("row", in_lines([departure], DEPARTURE_COLUMNS, departure.at)),
        Piece("because", _lines(departure.evidence)),
        Piece("statement", session.statement or ""),
        Piece("client", session.host),
    ]


def in_lines(rows: Sequence[Any], columns: Sequence[Column[Any]], now: float) -> str:
    """Rows under their headings as the screen has them, each column as wide as what it holds; empty ones are left out."""
    table = []
    for column in (each for each in columns if each.heading):
        cells = [column.cell(row, now, WIDE) for row in rows]
        if any(cells):
            width = max(map(cell_len, (column.heading, *cells)))
            table.append([in_cells(each, width, right=column.right) for each in (column.heading, *cells)])
    return _lines("  ".join(line).rstrip() for line in zip(*table, strict=True))


def _lines(each: Iterable[str]) -> str:
    return "\n".join(each)
