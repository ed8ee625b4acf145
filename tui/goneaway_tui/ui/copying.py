"""What of a screen is worth copying, and its way to the terminal's clipboard (OSC 52)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets.option_list import Option

from goneaway_tui.i18n import _, marked
from goneaway_tui.judge.filters import SessionGroup
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import KillSession
from goneaway_tui.ui.columns import (
    DEPARTURE_COLUMNS,
    GROUP_COLUMNS,
    SESSION_COLUMNS,
    UNBOUNDED,
    Column,
    in_cells,
)
from goneaway_tui.ui.widgets.plain_text import OptionList, heading

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
MAX_COPIED = 50_000
"""Characters that are copied: in base64 most terminals take no more than some 75,000."""
MAX_ECHO = 60
"""Cells of it that are repeated in the answer."""


@dataclass(frozen=True, slots=True)
class CopyItem:
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
            "\t".join(plain(cell, MAX_COPIED) for cell in line.split("\t"))
            for line in self.text[:MAX_COPIED].replace("\r\n", "\n").split("\n")
        )

    @property
    def short(self) -> str:
        """In one short line: of rows not their headings."""
        text = self.text.partition("\n")[2] if self.kind == "row" else self.text
        words = " ".join(plain(text, 400).split())
        return words if cell_len(words) <= MAX_ECHO else in_cells(words, MAX_ECHO, right=False)


@runtime_checkable
class HasCopyItems(Protocol):
    """A screen that has something to copy."""

    def copies(self) -> Sequence[CopyItem]:
        """What is under the cursor, or is marked; the most wanted first."""


def offer_copy(app: App[Any]) -> None:
    """Copy what the screen has; where that is more than one thing, ask which."""

    pieces = (
        [each for each in app.screen.copies() if each.text] if isinstance(app.screen, HasCopyItems) else []
    )

    def chosen(piece: CopyItem | None) -> None:
        if piece is not None:
            copy(app, piece)

    if len(pieces) > 1:
        app.push_screen(CopyScreen(pieces), chosen)
    elif pieces:
        copy(app, pieces[0])
    else:
        notify_copied(app, _("There is nothing here to copy."))


def copy(app: App[Any], piece: CopyItem) -> None:
    """Hand it to the terminal, and say what; whether the terminal took it nobody is told."""
    is_first = not app.clipboard
    text = piece.clean
    app.copy_to_clipboard(text)
    words = [_("Copied the {what}: {text}", what=piece.name, text=piece.short)]
    if len(piece.text) > MAX_COPIED:
        words.append(_("Only its first {number} characters.", number=f"{MAX_COPIED:,}"))
    if is_first:
        words.append(
            _("If it cannot be pasted, the terminal lets no program copy (in tmux: set -g set-clipboard on).")
        )
    notify_copied(app, "\n".join(words))


def notify_copied(app: App[Any], words: str) -> None:
    """Where notices would cover what is read, they are not shown: there the dialog's edge says it."""
    dialogs = app.screen.query(".changing")
    if dialogs:
        dialogs.first().border_subtitle = heading(words.splitlines()[0])
    else:
        app.notify(words, timeout=6, markup=False)


def session_items(verdicts: Sequence[Verdict], now: float) -> list[CopyItem]:
    """Of one session or of those that are marked, one below the other."""
    mortal = [v.session for v in verdicts if not v.session.own and v.session.role is Role.CLIENT]
    return [
        CopyItem("id", _lines(str(v.session.id) for v in verdicts)),
        CopyItem("row", table_text(verdicts, SESSION_COLUMNS, now)),
        CopyItem("statement", ";\n".join(v.session.statement for v in verdicts if v.session.statement)),
        CopyItem("client", _lines(dict.fromkeys(v.session.host for v in verdicts))),
        CopyItem("kill", _lines(f"{KillSession(each).statement};" for each in mortal)),
    ]


def group_items(group: SessionGroup, now: float) -> list[CopyItem]:
    return [CopyItem("name", group.key), CopyItem("row", table_text([group], GROUP_COLUMNS, now))]


def departure_items(departure: Departure) -> list[CopyItem]:
    session = departure.verdict.session
    return [
        CopyItem("id", str(session.id)),
        CopyItem("row", table_text([departure], DEPARTURE_COLUMNS, departure.at)),
        CopyItem("because", _lines(departure.evidence)),
        CopyItem("statement", session.statement or ""),
        CopyItem("client", session.host),
    ]


def table_text(rows: Sequence[Any], columns: Sequence[Column[Any]], now: float) -> str:
    """Rows under their headings as the screen has them, each column as wide as what it holds; empty ones are left out."""
    table = []
    for column in (each for each in columns if each.heading):
        cells = [column.cell(row, now, UNBOUNDED) for row in rows]
        if any(cells):
            width = max(map(cell_len, (column.heading, *cells)))
            table.append([in_cells(each, width, right=column.right) for each in (column.heading, *cells)])
    return _lines("  ".join(line).rstrip() for line in zip(*table, strict=True))


def _lines(each: Iterable[str]) -> str:
    return "\n".join(each)


class CopyScreen(ModalScreen[CopyItem | None]):
    """Answers with the piece chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"pick('{kind}')", name, id=f"copy.{kind}") for kind, (key, name) in KINDS.items()),
        Binding("y", "highlighted", "the one under the cursor", id="copy.highlighted"),
        Binding("escape,q", "dismiss(None)", "cancel", id="copy.cancel"),
    ]

    def __init__(self, pieces: Sequence[CopyItem]) -> None:
        super().__init__()
        self._pieces = {each.kind: each for each in pieces}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog chooser") as dialog:
            dialog.border_title = heading(_("copy"))
            dialog.border_subtitle = heading(_("a letter or enter copies, esc cancels"))
            yield OptionList(id="pieces")

    def on_mount(self) -> None:
        keys = {
            each.binding.id: self.app.get_key_display(each.binding) for each in self.active_bindings.values()
        }
        names = max(cell_len(each.name) for each in self._pieces.values())
        listed = self.query_one(OptionList)
        for kind, piece in self._pieces.items():
            words = Content.assemble(
                (f" {keys.get(f'copy.{kind}', ' '):<2} ", "bold"),
                in_cells(piece.name, names, right=False),
                f"  {piece.short}",
            )
            listed.add_option(Option(words, id=kind))
        listed.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_pick(event.option.id or "")

    def action_pick(self, kind: str) -> None:
        """A letter of what is not there to be copied does nothing."""
        if kind in self._pieces:
            self.dismiss(self._pieces[kind])

    def action_highlighted(self) -> None:
        self.query_one(OptionList).action_select()
