"""The limits of the server, and the journal of the changes by this tool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import TabbedContent, TabPane, Tabs

from goneaway_tui.i18n import _
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Variable
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.journal import JournalAct
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.columns import (
    ACT_COLUMNS,
    ACT_TINTS,
    VARIABLE_COLUMNS,
    bounds_words,
    variable_words,
)
from goneaway_tui.ui.copying import CopyItem, table_text
from goneaway_tui.ui.messages import RowChosen
from goneaway_tui.ui.screens.help import HELP_KEY, TextViewer
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Static, heading
from goneaway_tui.ui.wording import origin_word
from goneaway_tui.ui.wording import title_on as on_server

TAB_TABLES = {"tab-variables": "variables", "tab-journal": "acts"}
"""The id of the table, by the id of its tab."""
MIN_LINES = 4
"""Lines of a table at least, for the text of an empty one."""


class VariablesScreen(ModalScreen[None]):
    """Two tabs: the variables and the journal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,v,q", "dismiss", "back", id="variables.back"),
        Binding("tab,shift+tab,left,right", "other", "other tab", priority=True, id="variables.other"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        HELP_KEY,
    ]
    DOCS_PAGE: ClassVar[str] = "tuning"

    def __init__(
        self, sample: Sample | None, acts: Sequence[JournalAct], unreadable: int, server: str = ""
    ) -> None:
        """`unreadable`: number of unreadable lines of the journal. `server`: its name, where there are several."""
        super().__init__()
        self._variables = sample.variables if sample is not None else ()
        self._acts = tuple(reversed(acts))
        self._unreadable = unreadable
        self._title = on_server(_("variables"), server)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide", id="variables-dialog") as dialog:
            dialog.border_title = heading(self._title)
            dialog.border_subtitle = heading(_("tab other tab  enter details  y copy  esc back"))
            with TabbedContent():
                with TabPane(_("Variables"), id="tab-variables"):
                    yield LineTable(VARIABLE_COLUMNS, lambda v: v.name, lambda _: "", id="variables")
                with TabPane(_("Journal ({number})", number=len(self._acts)), id="tab-journal"):
                    yield LineTable(
                        ACT_COLUMNS, lambda a: a.id, lambda a: ACT_TINTS[a.entry.phase], id="acts"
                    )
                    if self._unreadable:
                        words = _("{number} lines of the journal could not be read.", number=self._unreadable)
                        yield Static(Content.styled(words, "$text-warning"))

    def on_mount(self) -> None:
        self.query_one(Tabs).can_focus = False
        empty = _("The server has not been read yet. Its limits will be listed here.")
        self._fill("variables", self._variables, empty)
        empty = _(
            "This tool has changed nothing yet. Changes by w i p t u or k are listed here with time, account, statement and result."
        )
        self._fill("acts", self._acts, empty)
        self._table.focus()

    def _fill(self, name: str, rows: Sequence[Any], empty: str) -> None:
        table: LineTable[Any] = self.query_one(f"#{name}", LineTable)
        table.styles.height = max(len(rows), MIN_LINES) + 1
        table.set_empty_text(empty)
        table.show(rows, 0.0)

    @property
    def _table(self) -> LineTable[Any]:
        return self.query_one(f"#{TAB_TABLES[self.query_one(TabbedContent).active]}", LineTable)

    def action_other(self) -> None:
        """Show the other tab."""
        tabs = self.query_one(TabbedContent)
        tabs.active = next(tab for tab in TAB_TABLES if tab != tabs.active)

    @on(TabbedContent.TabActivated)
    def _move_in(self) -> None:
        self._table.focus()

    def copy_items(self) -> list[CopyItem]:
        row = self._table.cursor_row
        if isinstance(row, Variable):
            value = "" if row.value is None else str(row.value)
            statement = f"SET GLOBAL {row.name} = {value}" if value and row.name in TUNABLE else ""
            return [
                CopyItem("name", row.name),
                CopyItem("value", value),
                CopyItem("statement", statement),
                CopyItem("row", table_text([row], VARIABLE_COLUMNS, 0.0)),
            ]
        if isinstance(row, JournalAct):
            return [
                CopyItem("statement", row.entry.statement),
                CopyItem("row", table_text([row], ACT_COLUMNS, 0.0)),
                CopyItem("all", "\n".join(act_details(row))),
            ]
        return []

    @on(RowChosen)
    def _open(self) -> None:
        row = self._table.cursor_row
        if isinstance(row, Variable):
            self.app.push_screen(TextViewer(row.name, variable_details(row)))
        elif isinstance(row, JournalAct):
            self.app.push_screen(TextViewer(plain(row.entry.statement, 60), act_details(row)))


def variable_details(variable: Variable) -> Iterator[str]:
    """The details of a variable: its purpose, its value, its origin, its bounds."""
    tunable = TUNABLE.get(variable.name)
    if tunable is not None:
        yield from (_(tunable.why), "")
    value = _("unknown") if variable.value is None else f"{variable.value:,}"
    yield _("now     {value}  {words}", value=value, words=variable_words(variable)).rstrip()
    yield _("set by  {origin}", origin=origin_word(variable.set_by or "") or _("not reported"))
    if bounds_words(variable):
        source = "  " + _("(from the manual)") if variable.is_documented else ""
        yield _("range   {bounds}", bounds=bounds_words(variable)) + source


def act_details(act: JournalAct) -> Iterator[str]:
    """The details of a journal entry."""
    entry = act.entry
    yield from (entry.statement, "")
    yield f"{entry.at}  {entry.account}  {entry.server_name or entry.server}"
    if entry.about:
        yield entry.about
    yield act.outcome
    yield from entry.warnings
