"""One session that left: why, how that is known, and what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.deadline import limit_that_ended
from goneaway_tui.judge.filters import NO_DEPARTURE_FILTER, DepartureFilter, parse_departure_filter
from goneaway_tui.judge.ledger import ALL_OTHERS, TOTAL_KEYS, UNNAMED, Ledger
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import CAUSE_TINTS, DEPARTURE_COLUMNS, in_cells, sorted_rows
from goneaway_tui.ui.copying import CopyItem, departure_items
from goneaway_tui.ui.messages import RowChosen, VariableChosen
from goneaway_tui.ui.screens.help import HelpScreen, help_rows
from goneaway_tui.ui.screens.session import attributes_content, statement_content
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import (
    Field,
    KeyFooter,
    LabelledEntry,
    Static,
    heading,
    paragraphs,
)
from goneaway_tui.ui.widgets.summary import QUIET, Part


class DepartureScreen(ModalScreen[None]):
    """The evidence, a line each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "back", id="departure.back"),
        Binding("y", "app.copy", "copy", id="app.copy"),
    ]

    def __init__(self, departure: Departure) -> None:
        super().__init__()
        self._departure = departure

    def compose(self) -> ComposeResult:
        departure, verdict = self._departure, self._departure.verdict
        session = verdict.session
        with VerticalScroll(classes="dialog wide", id="departure") as dialog:
            dialog.border_title = heading(_("session {id} left", id=session.id))
            dialog.border_subtitle = heading(_("esc back"))
            yield LabelledEntry(
                "cause",
                Content.assemble(
                    (departure.cause.value, "bold"), f"   {wording.certainty_word(departure.certainty)}"
                ),
            )
            yield LabelledEntry("because", paragraphs(*(plain(each, 600) for each in departure.evidence)))
            yield LabelledEntry(
                "left",
                Content(
                    _(
                        "{instant}, give or take {seconds:.2g} s",
                        instant=iso_instant(departure.at),
                        seconds=departure.within,
                    )
                ),
            )
            if verdict.deadline is not None:
                yield LabelledEntry("foretold", Content(predicted_words(departure)))
            if verdict.limit is not None:
                limit = verdict.limit
                words = f"{wording.limit_in_full(limit)}  {limit.variable}, {wording.basis_word(limit.basis)}"
                yield LabelledEntry("limit", paragraphs(words, (_(limit.why), "$foreground-muted")))
            yield LabelledEntry("idle", Content(wording.idle(verdict, departure.at)))
            yield LabelledEntry("user", Content(plain(session.user, 200)))
            yield LabelledEntry("client", Content(plain(session.host, 200)))
            yield LabelledEntry("program", Content(wording.program(session) or _("not told")))
            yield LabelledEntry(
                "at stake", Content(wording.at_stake_words(session) or _("no open transaction was seen"))
            )
            yield Static(statement_content(session))
            yield Static(attributes_content(session))

    def copy_items(self) -> list[CopyItem]:
        return departure_items(self._departure)


def predicted_words(departure: Departure) -> str:
    """The deadline that stood on the board, and how far off it was."""
    deadline = departure.verdict.deadline
    if deadline is None:
        return ""
    early = deadline - departure.at
    if early > departure.within:
        return _(
            "{instant}: it left {early} before that",
            instant=iso_instant(deadline),
            early=wording.clock_words(early),
        )
    return iso_instant(deadline)


CAUSE_VARIABLES = {
    Cause.PACKET_TOO_LARGE: "max_allowed_packet",
    Cause.NET_READ_TIMEOUT: "net_read_timeout",
    Cause.NET_WRITE_TIMEOUT: "net_write_timeout",
}
"""The variable behind a cause, where it is not the session's own limit."""
KEYS = (
    (N_("arrows page home end"), N_("move")),
    ("enter", N_("one departure, whole: the cause, its evidence, what was foretold")),
    ("/", N_("filter, as on the board, and by cause:idle_timeout, certainty:likely")),
    ("s", N_("sort by the next column; a click on a heading sorts by it")),
    ("t", N_("change the variable that ended it")),
    ("y", N_("copy: the id, the row, the evidence, the statement, the client")),
    ("esc, l, q", N_("back to the board")),
)
TOTALS_TITLES = {
    "cause": N_("by cause"),
    "user": N_("by user"),
    "program": N_("by program"),
    "host": N_("by host"),
}
TITLE_CELLS = 11
MAX_NAMED = 4
"""How many of each kind the totals name."""


class LedgerScreen(Screen[None]):
    """Follows the ledger while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="ledger.filter"),
        Binding("t", "govern", "tune what ended it", id="ledger.tune"),
        Binding("s", "sort", "sort", id="ledger.sort"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("question_mark", "help", "help", key_display="?", id="ledger.help"),
        Binding("escape", "leave", "back", id="ledger.leave"),
        Binding("l,q", "app.pop_screen", "back", show=False, id="ledger.back"),
    ]

    rows: query_one[LineTable[Departure]] = query_one("#departures", LineTable)
    field = query_one("#filter", Input)

    def __init__(self, ledger: Callable[[], Ledger], now: Callable[[], float], server: str) -> None:
        """`ledger` and `now` are asked whenever it draws."""
        super().__init__()
        self._ledger = ledger
        self._now = now
        self._server_name = server
        self._filter: DepartureFilter = NO_DEPARTURE_FILTER
        self._error = ""
        self._drawn = -1
        self._limits: Mapping[str, float] = {}
        """The global values in force."""
        self._sort, self._reverse = "at", False

    def compose(self) -> ComposeResult:
        yield Static(id="totals")
        yield Static(id="notice")
        yield Field(placeholder=_("filter: shop  user:shop  idle>10m  cause:idle_timeout  certainty:likely"), id="filter",
                    select_on_focus=False)  # fmt: skip
        yield LineTable(
            DEPARTURE_COLUMNS,
            lambda d: (d.verdict.session.id, d.at),
            lambda d: CAUSE_TINTS.get(d.cause, "lines--imminent") if d.observed else "lines--quiet",
            id="departures",
        )
        yield KeyFooter()

    def on_mount(self) -> None:
        self.rows.focus()
        self._draw()

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Draw what there is now, where more have left than are drawn."""
        if snapshot is not None:
            self._limits = {
                each.name: each.value for each in snapshot.sample.variables if each.value is not None
            }
        if departed != self._drawn:
            self.redraw()

    def redraw(self) -> None:
        """As it is now."""
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        ledger, now = self._ledger(), self._now()
        self._drawn = len(ledger)
        kept = [d for d in ledger if self._filter.matches(d)]
        ordered = sorted_rows(kept, DEPARTURE_COLUMNS, self._sort, reverse=self._reverse)
        self.rows.set_empty_text(
            _(
                "Nobody who left matches {filter}\n/ changes the filter, esc takes it away.",
                filter=plain(self._filter.text),
            )
            if len(ledger)
            else _(
                "Nobody has left since this began. Who does will stand here, with when, why, and how sure that is."
            )
        )
        self.rows.show(ordered, now, self._sort, reverse=self._reverse)
        self.query_one("#totals", Static).update(self._totals(ledger))
        notice = self.query_one("#notice", Static)
        words, look = self._notice(len(kept))
        notice.display = bool(words)
        notice.set_classes(look)
        notice.update(Content(words))

    def _totals(self, ledger: Ledger) -> Content:
        width = self.size.width - 2
        title = Content.assemble(
            (_("ledger "), "bold $text-primary"),
            (plain(self._server_name, 100), "bold"),
            "   " + _("{number:,} departed", number=len(ledger)),
        )
        return Content("\n").join(
            [title, *(totals_lines(name, ledger.totals(name), width) for name in TOTAL_KEYS)]
        )

    def _notice(self, shown: int) -> tuple[str, str]:
        if self._error:
            return f"▲ {self._error}", "warning"
        if self._filter.text:
            return _(
                "{number:,} shown: {filter}", number=shown, filter=plain(self._filter.text, 200)
            ), "quiet"
        return "", "quiet"

    def action_filter(self) -> None:
        self.field.display = True
        self.field.focus()

    def action_leave(self) -> None:
        """One step back: out of the filter, then out of here."""
        if self.field.display:
            self.field.value = ""
            self.field.display = False
            self.rows.focus()
        else:
            self.app.pop_screen()

    def action_sort(self) -> None:
        """The next column; after the last the first."""
        shown = self.rows.shown_columns
        self._sort = shown[(shown.index(self._sort) + 1) % len(shown)] if self._sort in shown else shown[0]
        self.redraw()

    def copy_items(self) -> list[CopyItem]:
        departure = self.rows.cursor_row
        return [] if departure is None else departure_items(departure)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words()))

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(KEYS)

    def action_govern(self) -> None:
        departure = self.rows.cursor_row
        name = governing_variable(departure, self._limits) if departure is not None else None
        if name is None:
            self.notify(_("No variable of the server ended this session."), severity="warning")
        else:
            self.post_message(VariableChosen(name))

    @on(Input.Changed, "#filter")
    def _apply_filter(self, event: Input.Changed) -> None:
        try:
            self._filter, self._error = parse_departure_filter(event.value), ""
        except ValueError as error:
            self._error = plain(str(error), 200)
        self.redraw()

    @on(Input.Submitted, "#filter")
    def _leave_field(self) -> None:
        self.rows.focus()

    @on(LineTable.HeadingPressed)
    def _sort_by(self, event: LineTable.HeadingPressed) -> None:
        self._reverse = not self._reverse if self._sort == event.column else False
        self._sort = event.column
        self.redraw()

    @on(RowChosen)
    def _show_details(self) -> None:
        departure = self.rows.cursor_row
        if departure is not None:
            self.app.push_screen(DepartureScreen(departure))

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.redraw)


def governing_variable(departure: Departure, limits: Mapping[str, float]) -> str | None:
    """The variable that ended it, or would have. `limits` are the global values in force, in seconds."""
    end, limit = limit_that_ended(departure, limits), departure.verdict.limit
    if end is not None and end.variable is not None:
        return end.variable
    return CAUSE_VARIABLES.get(departure.cause) or (limit.variable if limit is not None else None)


def totals_lines(name: str, totals: list[tuple[str, int]], width: int) -> Content:
    """`by cause   9 idle_timeout   3 client_quit`: as many as there is room for, the rest counted."""
    title: list[Part] = [(in_cells(_(TOTALS_TITLES[name]), TITLE_CELLS, right=False), QUIET)]
    groups: list[list[Part]] = [
        [
            (f"{wording.count_words(number)} ", "bold"),
            (f"{plain(_(key) if key in {ALL_OTHERS, UNNAMED} else key, 40)}   ", ""),
        ]
        for key, number in totals[:MAX_NAMED]
    ]
    room = width - cell_len(title[0][0])
    while True:
        more = sum(number for _key, number in totals[len(groups) :])
        rest: list[Part] = [(_("{number:,} others", number=more), QUIET)] if more else []
        used = sum(cell_len(text) for part in (*groups, rest) for text, _look in part)
        if used <= room or not groups:
            return Content.assemble(*title, *(part for group in groups for part in group), *rest)
        groups.pop()
