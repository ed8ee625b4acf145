"""The ledger: the sessions that ended, with cause and evidence; and the details of one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.deadline import limit_that_ended
from goneaway_tui.judge.filters import (
    NO_DEPARTURE_FILTER,
    DepartureFilter,
    filter_term,
    parse_departure_filter,
)
from goneaway_tui.judge.ledger import ALL_OTHERS, TOTAL_KEYS, UNNAMED, Ledger
from goneaway_tui.model.cause import Cause, cause_name
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import departure_columns, departure_tint, in_cells, sorted_rows
from goneaway_tui.ui.copying import CopyItem, departure_items
from goneaway_tui.ui.messages import RowChosen, VariableChosen
from goneaway_tui.ui.screens.dialogs import ChooserScreen
from goneaway_tui.ui.screens.help import HELP_KEY, HelpPart, HelpScreen, help_rows
from goneaway_tui.ui.screens.session import attributes_content, statement_content
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import (
    Field,
    FooterPlan,
    KeyFooter,
    LabelledEntry,
    Static,
    heading,
    paragraphs,
)
from goneaway_tui.ui.widgets.summary import QUIET, Part, left_and_right


class DepartureScreen(ModalScreen[None]):
    """The details of a session that ended."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "back", id="departure.back"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        HELP_KEY,
    ]
    DOCS_PAGE: ClassVar[str] = "history"

    def __init__(self, departure: Departure, zone: tzinfo = UTC) -> None:
        """`zone`: the local time zone, shown beside UTC."""
        super().__init__()
        self._departure = departure
        self._zone = zone

    def compose(self) -> ComposeResult:
        departure, verdict = self._departure, self._departure.verdict
        session = verdict.session
        with VerticalScroll(classes="dialog wide", id="departure") as dialog:
            dialog.border_title = heading(_("session {id} ended", id=session.id))
            dialog.border_subtitle = heading(_("esc back"))
            yield LabelledEntry(
                "cause",
                Content.assemble(
                    (cause_name(departure.cause), "bold"), f"   {wording.certainty_word(departure.certainty)}"
                ),
            )
            yield LabelledEntry("evidence", paragraphs(*(plain(line, 600) for line in departure.evidence)))
            yield LabelledEntry("ended at", self._ended())
            if verdict.deadline is not None:
                yield LabelledEntry("predicted", Content(predicted_words(departure)))
            if verdict.limit is not None:
                limit = verdict.limit
                words = f"{wording.limit_in_full(limit)}  {limit.variable}, {wording.basis_word(limit.basis)}"
                yield LabelledEntry("limit", paragraphs(words, (_(limit.why), "$foreground-muted")))
            yield LabelledEntry("idle", Content(wording.idle(verdict, departure.at)))
            yield LabelledEntry("user", Content(plain(session.user, 200)))
            yield LabelledEntry("client", Content(plain(session.host, 200)))
            yield LabelledEntry("program", Content(wording.program(session) or _("not reported")))
            yield LabelledEntry(
                "rolled back", Content(wording.at_stake_words(session) or _("no open transaction"))
            )
            yield Static(statement_content(session))
            yield Static(attributes_content(session))

    def _ended(self) -> Content:
        """When it ended, in UTC and below that in local time."""
        at = self._departure.at
        words = _("{instant} ± {seconds:.2g} s", instant=iso_instant(at), seconds=self._departure.within)
        if wording.is_utc(self._zone, at):
            return Content(words)
        return paragraphs(words, _("{instant} local time", instant=wording.local_instant(at, self._zone)))

    def copy_items(self) -> list[CopyItem]:
        return departure_items(self._departure)


def predicted_words(departure: Departure) -> str:
    """The predicted deadline, and how long before it the session ended."""
    deadline = departure.verdict.deadline
    if deadline is None:
        return ""
    early = deadline - departure.at
    if early > departure.within:
        return _(
            "{instant}; the session ended {early} earlier",
            instant=iso_instant(deadline),
            early=wording.clock_words(early),
        )
    return iso_instant(deadline)


CAUSE_VARIABLES = {
    Cause.PACKET_TOO_LARGE: "max_allowed_packet",
    Cause.NET_READ_TIMEOUT: "net_read_timeout",
    Cause.NET_WRITE_TIMEOUT: "net_write_timeout",
}
"""The variable of a cause, where it is not the limit of the session."""
KEYS = (
    (N_("arrows page home end"), N_("Move the cursor")),
    ("enter", N_("Show the session's cause, evidence and predicted deadline")),
    ("/", N_("Filter as on the board, also by cause:idle_timeout, certainty:likely")),
    (
        "g",
        N_("Filter by a summary; a click on it does the same, a second click clears it"),
    ),
    ("c", N_("Show or hide sessions closed by the client (client_quit)")),
    ("s", N_("Sort by the next column; a click on a heading sorts by it")),
    ("t", N_("Change the variable that ended the session")),
    ("y", N_("Copy the id, row, evidence, statement or client")),
    ("esc, l, q", N_("Return to the board")),
)
TOTALS_TITLES = {
    "cause": N_("by cause"),
    "user": N_("by user"),
    "program": N_("by program"),
    "host": N_("by host"),
}
FILTER_FIELDS = {"cause": "cause", "user": "user", "program": "program", "host": "client"}
"""The field of the filter that each summary counts by."""
TITLE_CELLS = 11
MAX_NAMED = 8
"""Choices that a summary shows at most."""
MAX_CHOICES = 12
"""Choices of each summary that the key offers at most."""


QUIET_TERMS = {filter_term("cause", Cause.CLIENT_QUIT.value)}
"""Terms of dim choices: their sessions are hidden at first."""


class TotalsChoice(NamedTuple):
    """One choice of a summary, which filters the ledger."""

    term: str
    """The term of the filter; empty if no term can express it."""
    words: str
    number: int


class Totals(Static):
    """The title and the summaries. A click on a choice posts `Chosen`."""

    class Chosen(Message):
        """A choice of a summary was clicked."""

        def __init__(self, term: str) -> None:
            super().__init__()
            self.term = term

    def __init__(self) -> None:
        super().__init__(id="totals")
        self._terms: list[str] = []

    def show(self, title: Content, summaries: list[tuple[str, list[TotalsChoice]]], text: str) -> None:
        """Show the summaries, each a name of TOTALS_TITLES with its choices. `text`: the current filter."""
        width = self.size.width - 2
        self._terms = []
        lines = [totals_line(name, choices, width, text, self._terms) for name, choices in summaries]
        self.update(Content("\n").join([title, *lines]))

    def on_click(self, event: events.Click) -> None:
        index = event.style.meta.get("@choice")
        if index is not None:
            self.post_message(self.Chosen(self._terms[int(index)]))


class LedgerScreen(Screen[None]):
    """Shows the ledger, and follows it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="ledger.filter"),
        Binding("g", "choose", "summaries", id="ledger.summaries"),
        Binding("c", "show_quits", "client_quit", id="ledger.quits"),
        Binding("t", "govern", "tune", id="ledger.tune"),
        Binding("s", "sort", "sort", id="ledger.sort"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("question_mark", "help", "help", key_display="?", id="ledger.help"),
        Binding("escape", "leave", "back", id="ledger.leave"),
        Binding("l,q", "app.pop_screen", "back", show=False, id="ledger.back"),
    ]

    rows: query_one[LineTable[Departure]] = query_one("#departures", LineTable)
    field = query_one("#filter", Input)

    def __init__(
        self,
        ledger: Callable[[], Ledger],
        now: Callable[[], float],
        server: str,
        zone: tzinfo = UTC,
        filter_text: str = "",
    ) -> None:
        """`ledger` and `now` return the current values.

        `zone`: the local time zone, shown beside UTC. `filter_text`: the initial filter.
        """
        super().__init__()
        self._ledger = ledger
        self._now = now
        self._server_name = server
        self._zone = zone
        self._columns = departure_columns(zone, now())
        self._initial_filter = filter_text
        self._filter: DepartureFilter = (
            parse_departure_filter(filter_text) if filter_text else NO_DEPARTURE_FILTER
        )
        self._error = ""
        self._shows_quits = bool(filter_text)
        """Whether sessions that their client closed are shown without a filter for them."""
        self._drawn_count = -1
        self._limits: Mapping[str, float] = {}
        """The current global values, by variable."""
        self._sort, self._reverse = "at", False

    def compose(self) -> ComposeResult:
        yield Totals()
        yield Static(id="notice")
        yield Field(self._initial_filter, placeholder=_("filter: shop  user:shop  idle>10m  cause:idle_timeout  certainty:likely"), id="filter",
                    select_on_focus=False)  # fmt: skip
        yield LineTable(
            self._columns, lambda d: (d.verdict.session.id, d.at), departure_tint, id="departures"
        )
        yield KeyFooter()

    def on_mount(self) -> None:
        self.field.display = bool(self._initial_filter)
        self.rows.focus()
        self._draw()

    def footer_plan(self) -> FooterPlan:
        """The keys of the footer, the most used first."""
        keys = ("table.choose", "ledger.filter", "ledger.summaries", "ledger.quits", "ledger.tune", "ledger.help",
                "ledger.leave", "ledger.sort", "app.copy")  # fmt: skip
        return FooterPlan(tuple((key, "") for key in keys), always="ledger.help")

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Draw again if more sessions have ended."""
        if snapshot is not None:
            self._limits = {
                variable.name: variable.value
                for variable in snapshot.sample.variables
                if variable.value is not None
            }
        if ended_count != self._drawn_count:
            self.redraw()

    def redraw(self) -> None:
        """Draw the current ledger."""
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        ledger, now = self._ledger(), self._now()
        self._drawn_count = len(ledger)
        matching = [d for d in ledger if self._filter.matches(d)]
        hides_quits = not (self._shows_quits or self._filter.names_cause)
        listed = [d for d in matching if d.cause is not Cause.CLIENT_QUIT] if hides_quits else matching
        hidden = len(matching) - len(listed)
        self.rows.set_empty_text(self._empty_text(len(ledger), hidden))
        self.rows.show(
            sorted_rows(listed, self._columns, self._sort, reverse=self._reverse),
            now,
            self._sort,
            reverse=self._reverse,
        )
        self._draw_totals(ledger)
        notice = self.query_one("#notice", Static)
        words, css_class = self._notice(len(listed), hidden)
        notice.display = bool(words)
        notice.set_classes(css_class)
        notice.update(Content(words))

    def _empty_text(self, ended_count: int, hidden: int) -> str:
        if hidden:
            return _("Only sessions closed by the client match. Press c to show them.")
        if ended_count:
            return _(
                "No ended session matches {filter}\nPress / to change the filter, esc to clear it.",
                filter=plain(self._filter.text),
            )
        return _("No session has ended yet. Ended sessions are listed here with time, cause and evidence.")

    def _draw_totals(self, ledger: Ledger) -> None:
        unobserved_count = sum(not departure.observed for departure in ledger)
        ended_words = _("{number:,} ended", number=len(ledger) - unobserved_count)
        title: list[Part] = [
            (_("ledger "), "bold $text-primary"),
            (plain(self._server_name, 100), "bold"),
            (f"   {ended_words}", ""),
        ]
        unobserved = _("{number:,} earlier, from the server's log", number=unobserved_count)
        right: list[Part] = [(f" {unobserved}", QUIET)] if unobserved_count else []
        totals = self.query_one(Totals)
        totals.show(
            left_and_right(title, right, max(0, totals.size.width - 2)), self._summaries(), self.field.value
        )

    def _summaries(self) -> list[tuple[str, list[TotalsChoice]]]:
        """The choices of each summary, the highest number first."""
        ledger = self._ledger()
        return [
            (name, [totals_choice(name, key, number) for key, number in ledger.totals(name)])
            for name in TOTAL_KEYS
        ]

    def _notice(self, shown: int, hidden: int) -> tuple[str, str]:
        if self._error:
            before = plain(self._filter.text, 100) or _("none")
            return (
                f"▲ {self._error}  ·  {_('the previous filter still applies: {filter}', filter=before)}",
                "warning",
            )
        words = []
        if self._filter.text:
            words.append(_("{number:,} shown: {filter}", number=shown, filter=plain(self._filter.text, 200)))
        if hidden:
            words.append(
                ngettext(
                    "hidden: {number:,} session closed by the client (client_quit); c shows it",
                    "hidden: {number:,} sessions closed by the client (client_quit); c shows them",
                    hidden,
                )
            )
        warning = self._filter.warning
        if warning:
            words.insert(0, f"▲ {plain(warning)}")
        return "   ".join(words), "warning" if warning else "quiet"

    def action_show_quits(self) -> None:
        """Show the sessions that their client closed, or hide them."""
        self._shows_quits = not self._shows_quits
        self.redraw()

    def action_choose(self) -> None:
        """Ask for a choice of the summaries, and filter by it."""
        options = {
            choice.term: f"{in_cells(_(TOTALS_TITLES[name]), TITLE_CELLS, right=False)}{choice.number:>6,} {choice.words}"
            for name, choices in self._summaries()
            for choice in choices[:MAX_CHOICES]
            if choice.term
        }
        if not options:
            self.notify(_("No session has ended yet."), severity="warning")
            return
        chosen = next((term for term in options if has_term(self.field.value, term)), "")
        self.app.push_screen(
            ChooserScreen(_("filter by (again: clear)"), options.items(), chosen), self._toggle_term
        )

    @on(Totals.Chosen)
    def _choose_clicked(self, event: Totals.Chosen) -> None:
        self._toggle_term(event.term)

    def _toggle_term(self, term: str | None) -> None:
        """Put a term into the filter, in place of another term of its field; remove it if the filter has it."""
        if term is None:
            return
        self.field.value = toggled_term(self.field.value, term)
        self.field.display = bool(self.field.value)
        self.rows.focus()

    def action_filter(self) -> None:
        self.field.display = True
        self.field.focus()

    def action_leave(self) -> None:
        """Clear the filter; without a filter, or with the initial one, leave the screen."""
        if self.field.display and not (self._initial_filter and self.field.value == self._initial_filter):
            self.field.value = ""
            self.field.display = False
            self.rows.focus()
        else:
            self.app.pop_screen()

    def action_sort(self) -> None:
        """Sort by the next column; after the last column by the first."""
        columns = self.rows.shown_columns
        self._sort = (
            columns[(columns.index(self._sort) + 1) % len(columns)] if self._sort in columns else columns[0]
        )
        self.redraw()

    def copy_items(self) -> list[CopyItem]:
        departure = self.rows.cursor_row
        return [] if departure is None else departure_items(departure)

    def action_help(self) -> None:
        self.app.push_screen(
            HelpScreen(self.key_words(), page="history", parts=(HelpPart.FILTER,), of_ended=True)
        )

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(KEYS)

    def action_govern(self) -> None:
        departure = self.rows.cursor_row
        name = governing_variable(departure, self._limits) if departure is not None else None
        if name is None:
            self.notify(_("No server variable ended this session."), severity="warning")
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
            self.app.push_screen(DepartureScreen(departure, self._zone))

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self.redraw)


def governing_variable(departure: Departure, limits: Mapping[str, float]) -> str | None:
    """The variable that ended a session, or that would have. `limits`: the current global values, in seconds."""
    end, limit = limit_that_ended(departure, limits), departure.verdict.limit
    if end is not None and end.variable is not None:
        return end.variable
    return CAUSE_VARIABLES.get(departure.cause) or (limit.variable if limit is not None else None)


def totals_choice(name: str, key: str, number: int) -> TotalsChoice:
    """A choice of the summary `name`, with the term that filters by it."""
    if key == ALL_OTHERS:
        return TotalsChoice("", _(ALL_OTHERS), number)
    value, words = ("", _(UNNAMED)) if key == UNNAMED else (plain(key), plain(key, 40))
    return TotalsChoice(filter_term(FILTER_FIELDS[name], value), words, number)


def has_term(text: str, term: str) -> bool:
    """Whether a filter contains this very term.

    >>> has_term('user="shop" idle>1m', 'user="shop"'), has_term('user="shop2"', 'user="shop"')
    (True, False)
    """
    return f" {term} " in f" {text} "


def toggled_term(text: str, term: str) -> str:
    """The filter with a term in place of another term of its field; without the term if the filter had it.

    >>> toggled_term('user="app" idle>1m', 'user="shop"')
    'idle>1m user="shop"'
    >>> toggled_term('idle>1m user="shop"', 'user="shop"')
    'idle>1m'
    """
    if has_term(text, term):
        return f" {text} ".replace(f" {term} ", " ", 1).strip()
    field = term.partition("=")[0].partition(":")[0]
    others = re.sub(rf'(?<!\S){field}[=:](?:"[^"]*"|\S+)(?!\S)', "", text)
    return " ".join(part for part in (re.sub(" +", " ", others).strip(), term) if part)


def totals_line(name: str, choices: list[TotalsChoice], width: int, text: str, terms: list[str]) -> Content:
    """`by cause   9 idle_timeout   3 client_quit`: as many choices as fit, the others counted.

    `text`: the current filter, whose terms are marked. Appends the term of each choice to `terms`.
    """
    title: list[Part] = [(in_cells(_(TOTALS_TITLES[name]), TITLE_CELLS, right=False), QUIET)]
    groups: list[list[Part]] = []
    for choice in choices[:MAX_NAMED]:
        style = "reverse" if has_term(text, choice.term) else QUIET if choice.term in QUIET_TERMS else ""
        if choice.term:
            style = f"{style} @choice={len(terms)}".strip()
        terms.append(choice.term)
        figure = f"{wording.count_words(choice.number)} "
        groups.append([(figure, f"bold {style}".strip()), (choice.words, style), ("   ", "")])
    room = width - cell_len(title[0][0])
    while True:
        other_count = sum(choice.number for choice in choices[len(groups) :])
        others: list[Part] = [(_("{number:,} others", number=other_count), QUIET)] if other_count else []
        used = sum(cell_len(words) for part in (*groups, others) for words, _style in part)
        if used <= room or not groups:
            return Content.assemble(*title, *(part for group in groups for part in group), *others)
        groups.pop()
