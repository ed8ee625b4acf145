"""Copying from a screen to the terminal's clipboard (OSC 52): the copy items and their menu."""

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

from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.filters import SessionGroup
from goneaway_tui.model.departure import Departure
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
    "id": ("i", N_("id")),
    "name": ("n", N_("name")),
    "value": ("v", N_("value")),
    "row": ("r", N_("row")),
    "statement": ("s", N_("statement")),
    "client": ("c", N_("client")),
    "kill": ("k", N_("KILL statement")),
    "because": ("b", N_("evidence")),
    "remedies": ("w", N_("what to do")),
    "undo": ("u", N_("undo statement")),
    "docs": ("d", N_("address of the manual page")),
    "all": ("a", N_("all shown text")),
}
"""Every kind of copy item: its key in the menu, and its name. To add a kind, add a row."""
MAX_COPIED = 50_000
"""Characters that are copied at most: most terminals accept about 75,000 characters of base64."""
MAX_ECHO = 60
"""Cells of the copied text that the notice repeats."""


@dataclass(frozen=True, slots=True)
class CopyItem:
    """One thing that can be copied."""

    kind: str
    """A key of KINDS."""
    text: str
    """The text as the server has it: it may hold control characters."""

    @property
    def name(self) -> str:
        """The kind's name, translated."""
        return _(KINDS[self.kind][1])

    @property
    def safe_text(self) -> str:
        """The text with its lines and tabs, at most `MAX_COPIED` characters; control characters become visible."""
        return "\n".join(
            "\t".join(plain(cell, MAX_COPIED) for cell in line.split("\t"))
            for line in self.text[:MAX_COPIED].replace("\r\n", "\n").split("\n")
        )

    @property
    def summary(self) -> str:
        """The text in one short line; of a table without its headings."""
        text = self.text.partition("\n")[2] if self.kind == "row" else self.text
        words = " ".join(plain(text, 400).split())
        return words if cell_len(words) <= MAX_ECHO else in_cells(words, MAX_ECHO, right=False)


@runtime_checkable
class HasCopyItems(Protocol):
    """A screen with something to copy."""

    def copy_items(self) -> Sequence[CopyItem]:
        """Copy items of the marked rows, or of the row under the cursor; the most useful one first."""


def offer_copy(app: App[Any]) -> None:
    """Copy the screen's only copy item; where there are several, ask which."""
    screen = app.screen
    items = [item for item in screen.copy_items() if item.text] if isinstance(screen, HasCopyItems) else []

    def chosen(item: CopyItem | None) -> None:
        if item is not None:
            copy(app, item)

    if len(items) > 1:
        app.push_screen(CopyScreen(items), chosen)
    elif items:
        copy(app, items[0])
    else:
        notify_copied(app, _("Nothing to copy here."))


def copy(app: App[Any], item: CopyItem) -> None:
    """Send an item to the terminal's clipboard, and show a notice. Terminals do not report whether they accepted it."""
    is_first = not app.clipboard
    text = item.safe_text
    app.copy_to_clipboard(text)
    words = [_("Copied the {what}: {text}", what=item.name, text=item.summary)]
    if len(item.text) > MAX_COPIED:
        words.append(_("Only the first {number} characters were copied.", number=f"{MAX_COPIED:,}"))
    if is_first:
        words.append(
            _(
                "If you cannot paste it, let programs copy in the settings of the terminal (tmux: set -g set-clipboard on)."
            )
        )
    notify_copied(app, "\n".join(words))


def notify_copied(app: App[Any], words: str) -> None:
    """Show a notice; on a dialog whose text it would cover, show its first line in the dialog's frame instead."""
    dialogs = app.screen.query(".changing")
    if dialogs:
        dialogs.first().border_subtitle = heading(words.splitlines()[0])
    else:
        app.notify(words, timeout=6, markup=False)


def session_items(verdicts: Sequence[Verdict], now: float) -> list[CopyItem]:
    """Copy items of sessions, the texts of several one below the other."""
    killable = [v.session for v in verdicts if v.session.is_client]
    return [
        CopyItem("id", _lines(str(v.session.id) for v in verdicts)),
        CopyItem("row", table_text(verdicts, SESSION_COLUMNS, now)),
        CopyItem("statement", ";\n".join(v.session.statement for v in verdicts if v.session.statement)),
        CopyItem("client", _lines(dict.fromkeys(v.session.host for v in verdicts))),
        CopyItem("kill", _lines(f"{KillSession(session).statement};" for session in killable)),
    ]


def group_items(group: SessionGroup, now: float) -> list[CopyItem]:
    """Copy items of a row of the grouped board."""
    return [CopyItem("name", group.key), CopyItem("row", table_text([group], GROUP_COLUMNS, now))]


def departure_items(departure: Departure) -> list[CopyItem]:
    """Copy items of an ended session."""
    session = departure.verdict.session
    return [
        CopyItem("id", str(session.id)),
        CopyItem("row", table_text([departure], DEPARTURE_COLUMNS, departure.at)),
        CopyItem("because", _lines(departure.evidence)),
        CopyItem("statement", session.statement or ""),
        CopyItem("client", session.host),
    ]


def table_text(rows: Sequence[Any], columns: Sequence[Column[Any]], now: float) -> str:
    """Rows under their headings as text; each column is as wide as its content, and empty columns are left out."""
    table = []
    for column in (column for column in columns if column.heading):
        cells = [column.cell(row, now, UNBOUNDED) for row in rows]
        if any(cells):
            width = max(map(cell_len, (column.heading, *cells)))
            table.append([in_cells(cell, width, right=column.right) for cell in (column.heading, *cells)])
    return _lines("  ".join(line).rstrip() for line in zip(*table, strict=True))


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


class CopyScreen(ModalScreen[CopyItem | None]):
    """The menu of copy items; answers with the chosen one, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"pick('{kind}')", name, id=f"copy.{kind}") for kind, (key, name) in KINDS.items()),
        Binding("y", "highlighted", "the item under the cursor", id="copy.highlighted"),
        Binding("escape,q", "dismiss(None)", "cancel", id="copy.cancel"),
    ]

    def __init__(self, items: Sequence[CopyItem]) -> None:
        super().__init__()
        self._items = {item.kind: item for item in items}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog chooser") as dialog:
            dialog.border_title = heading(_("copy"))
            dialog.border_subtitle = heading(_("letter or enter copy   esc cancel"))
            yield OptionList(id="pieces")

    def on_mount(self) -> None:
        keys = {
            active.binding.id: self.app.get_key_display(active.binding)
            for active in self.active_bindings.values()
        }
        name_cells = max(cell_len(item.name) for item in self._items.values())
        listed = self.query_one(OptionList)
        for kind, item in self._items.items():
            words = Content.assemble(
                (f" {keys.get(f'copy.{kind}', ' '):<2} ", "bold"),
                in_cells(item.name, name_cells, right=False),
                f"  {item.summary}",
            )
            listed.add_option(Option(words, id=kind))
        listed.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_pick(event.option.id or "")

    def action_pick(self, kind: str) -> None:
        """Answer with the item of a kind; nothing happens where there is none."""
        if kind in self._items:
            self.dismiss(self._items[kind])

    def action_highlighted(self) -> None:
        self.query_one(OptionList).action_select()
