"""The doctor screen: every cause and pattern on this server, details of the chosen one, and a field for pasted errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Input

from goneaway_tui.doctor.case import NO_SERVER, ServerFacts
from goneaway_tui.doctor.diagnosis import explain_log, general_advice
from goneaway_tui.doctor.live import (
    CERTAINTY_ORDER,
    CauseStatus,
    CertaintyWithReasons,
    LiveState,
    cause_statuses,
)
from goneaway_tui.doctor.report import (
    WIDTH_COLUMNS,
    EventGroup,
    EventGroups,
    group_details,
    grouped_events,
    report_lines,
    verdict_words,
)
from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.filters import filter_term, parse_departure_filter, parse_filter
from goneaway_tui.judge.patterns import find_patterns
from goneaway_tui.logs.blocks import read_file_blocks
from goneaway_tui.model.cause import Cause, Certainty, Finding, cause_name
from goneaway_tui.model.departure import Pattern, PatternKind
from goneaway_tui.model.snapshot import Risk, Snapshot, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import cell_width, wrapped
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.base_app import BaseApp, MonitorApp, run_in_thread
from goneaway_tui.ui.columns import (
    CAUSE_COLUMNS,
    CAUSE_TINTS,
    GUTTER,
    PATTERN_TINTS,
    UNBOUNDED,
    Column,
    harm_tint,
)
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.messages import RowChosen, VariableChosen, post_if_disabled
from goneaway_tui.ui.screens.help import HelpScreen, help_rows
from goneaway_tui.ui.screens.ledger import CAUSE_VARIABLES
from goneaway_tui.ui.server_status import Freshness
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Field, FooterPlan, KeyFooter, Static
from goneaway_tui.ui.widgets.summary import Part, left_and_right
from goneaway_tui.ui.wording import certainty_word

SERVER_CAUSE_VARIABLES = {
    Cause.IDLE_TIMEOUT: "wait_timeout",
    Cause.TRANSACTION_TIMEOUT: "idle_transaction_timeout",
    Cause.TOO_MANY_CONNECTIONS: "max_connections",
}
"""The variable to change, by cause, where the cause affects the whole server."""
PATTERNS_SECONDS = 15.0
"""Seconds between two searches for patterns, which are slow with thousands of departures."""
OPEN_SESSIONS = {
    Cause.IDLE_TIMEOUT: "risk>=watch",
    Cause.TRANSACTION_TIMEOUT: "trx:yes command:sleep",
    Cause.TOO_MANY_CONNECTIONS: "command:sleep",
    Cause.PROXY_OR_FIREWALL: "idle>1h",
}
"""The filter of the open sessions that a cause may end."""
PATTERN_SESSIONS = {
    PatternKind.SATURATION: (True, "command:sleep"),
    PatternKind.IDLE_IN_TRANSACTION: (True, "trx:yes command:sleep"),
    PatternKind.LIMIT_BELOW_POOL: (False, "cause:timeout"),
    PatternKind.CUT_OFF: (False, ""),
    PatternKind.GHOSTS: (True, "idle>1h"),
    PatternKind.OLD_LIMIT: (True, "limit!=global"),
    PatternKind.PROXIED: (True, ""),
}
"""Whether the sessions of a pattern are open ones, and their filter beside what they have in common."""
KEYS = (
    (N_("arrows page home end"), N_("Move the cursor")),
    ("enter", N_("Show the sessions of the finding, on the board or in the ledger")),
    ("tab", N_("Scroll the chosen finding. Enter on an address opens the manual")),
    ("/", N_("Paste an error line or type the path of a log file, then press enter")),
    ("t", N_("Change the variable of the finding")),
    ("w", N_("Change wait_timeout")),
    ("k", N_("Kill the open sessions of the finding")),
    ("l", N_("Open the ledger")),
    ("y", N_("Copy the finding, what to do, or the address of the manual page")),
    ("esc, d, q", N_("Return to the board")),
)
MIN_DETAILS = 20
"""Cells that a finding is wrapped to at least."""
WIDE_SCREEN = 100
"""Cells from which on the chosen finding stands beside the list, not below it."""
HARM_STYLES = {
    "lines--imminent": "bold $text-error",
    "lines--watch": "$text-warning",
    "lines--busy": "$text-primary",
    "lines--calm": "$foreground",
    "lines--quiet": "$foreground-muted",
}
"""The colours of the component classes, the most harm first."""
HARM_ORDER = tuple(HARM_STYLES)


class SessionsToOpen(NamedTuple):
    """The sessions that a finding is about."""

    are_open: bool
    """Whether they are on the board; otherwise they are in the ledger."""
    filter_text: str
    """The filter that matches them."""
    number: int

    def words(self) -> str:
        words = (
            ngettext(
                "{number:,} open session. Press enter to show it on the board, k to kill it.",
                "{number:,} open sessions. Press enter to show them on the board, k to kill them.",
                self.number,
            )
            if self.are_open
            else ngettext(
                "{number:,} session that ended. Press enter to show it in the ledger.",
                "{number:,} sessions that ended. Press enter to show them in the ledger.",
                self.number,
            )
        )
        return f"{words}  {self.filter_text}"


def sessions_of(finding: CauseStatus | Pattern, state: LiveState) -> SessionsToOpen | None:
    """The sessions of a finding. For a cause: the sessions that it ended, else those that it may end; None without any."""
    if isinstance(finding, Pattern):
        are_open, filter_text = PATTERN_SESSIONS[finding.kind]
        scope = finding.scope
        shared = (("program", scope.program), ("user", scope.user), ("client", scope.host))
        terms = (filter_term(field, plain(value)) for field, value in shared if value is not None)
        return _counted_sessions(" ".join(filter(None, (*terms, filter_text))), state, are_open=are_open)
    ended_sessions = _counted_sessions(filter_term("cause", finding.cause.value), state, are_open=False)
    is_possible = finding.now is not None and finding.now[0] is not Certainty.RULED_OUT
    filter_text = OPEN_SESSIONS.get(finding.cause, "") if is_possible else ""
    return ended_sessions or (_counted_sessions(filter_text, state, are_open=True) if filter_text else None)


def _counted_sessions(filter_text: str, state: LiveState, *, are_open: bool) -> SessionsToOpen | None:
    if are_open:
        number = len(open_sessions(filter_text, state))
    else:
        number = sum(map(parse_departure_filter(filter_text).matches, state.departures))
    return SessionsToOpen(are_open, filter_text, number) if number else None


def open_sessions(filter_text: str, state: LiveState) -> list[Verdict]:
    """The open sessions that a filter matches, without those of this tool and those that no limit ends."""
    matching = parse_filter(filter_text).select(state.snapshot.verdicts, state.now)
    return [v for v in matching if not v.session.own and v.risk is not Risk.EXEMPT]


class FindingPart(NamedTuple):
    """One section of the details of a finding."""

    heading: str
    harm: str
    """The component class of the heading."""
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One row of the doctor's table: a cause, or a pattern of many ended sessions."""

    name: str
    certainty: Certainty
    because: tuple[str, ...]
    remedies: tuple[str, ...] = ()
    tunable: str | None = None
    """The variable to change; None without one."""
    since_start: CertaintyWithReasons | None = None
    """Whether it ended sessions since the server started, and why; None if that is unknown."""
    now: CertaintyWithReasons | None = None
    """Whether it can end sessions now, and why; None if that is unknown."""
    harm: str = "lines--calm"
    """The component class for the harm that it does, if it is the case."""
    cause: Cause | None = None
    """None for a pattern."""
    sessions: SessionsToOpen | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Its name and the filter of its sessions: one pattern may occur for several programs."""
        return (
            self.name,
            self.sessions.filter_text if self.cause is None and self.sessions is not None else "",
        )

    @classmethod
    def from_finding(cls, finding: CauseStatus | Pattern, state: LiveState) -> DoctorRow:
        """The row for a cause's status or for a pattern."""
        sessions = sessions_of(finding, state)
        if isinstance(finding, Pattern):
            because = (finding.title, *finding.evidence)
            return cls(
                finding.kind.value,
                finding.certainty,
                because,
                finding.remedies,
                finding.tunable,
                now=(finding.certainty, because),
                harm=PATTERN_TINTS.get(finding.kind, "lines--watch"),
                sessions=sessions,
            )
        default_variable = CAUSE_VARIABLES.get(finding.cause, SERVER_CAUSE_VARIABLES.get(finding.cause))
        harm = CAUSE_TINTS.get(finding.cause, "lines--imminent")
        return cls(
            finding.cause.value,
            finding.certainty,
            finding.because,
            finding.remedies,
            None if finding.limit_is_own else finding.variable or default_variable,
            finding.since_start,
            finding.now,
            harm="lines--calm" if finding.cause is Cause.CLIENT_QUIT else harm,
            cause=finding.cause,
            sessions=sessions,
        )

    @property
    def tint(self) -> str:
        """The component class of the row: the higher of the harm since the start and now."""
        tints = (harm_tint(self.harm, verdict) for verdict in (self.since_start, self.now))
        return min(tints, key=HARM_ORDER.index)

    @property
    def title(self) -> str:
        """Its name above its details."""
        return self.name if self.cause is None else cause_name(self.cause)

    @property
    def sort_key(self) -> tuple[int, int]:
        """The most harm first, then the surest."""
        return HARM_ORDER.index(self.tint), CERTAINTY_ORDER.index(self.certainty)

    def sections(self, advice: Finding | None = None) -> Iterator[FindingPart]:
        """The sections of the details. `advice`: the general advice for the cause."""
        for verdict, heading in (
            (self.since_start, N_("since the server started: {certainty}")),
            (self.now, N_("on this server now: {certainty}")),
        ):
            if verdict is not None:
                certainty, because = verdict
                words = _(heading, certainty=certainty_word(certainty))
                yield FindingPart(words, harm_tint(self.harm, verdict), because)
        if self.sessions is not None:
            yield FindingPart(_("sessions"), "", (self.sessions.words(),))
        is_possible = advice is not None and self.certainty is not Certainty.RULED_OUT
        remedies = self.remedies or (advice.remedies if advice is not None and is_possible else ())
        if remedies:
            yield FindingPart(_("what to do"), "", remedies)
        if advice is not None and is_possible and advice.prove:
            yield FindingPart(_("how to verify"), "", (advice.prove,))
        if self.tunable is not None:
            words = _("Variable: {variable}. {why} Press t to change it.",
                      variable=self.tunable, why=_(TUNABLE[self.tunable].why))  # fmt: skip
            yield FindingPart(words, "", ())
        if advice is not None and is_possible and advice.docs:
            yield FindingPart(_("see {page}", page=advice.docs), "lines--quiet", ())

    def details(self, advice: Finding | None = None) -> list[str]:
        """The details in lines, for the clipboard."""
        lines: list[str] = []
        for section in self.sections(advice):
            lines += ["", section.heading, *map("- {}".format, section.sentences)]
        return lines[1:]

    def content(self, width: int, advice: Finding | None, *, has_gaps: bool) -> Content:
        """The details, wrapped to `width` cells. `has_gaps`: put a blank line between two sections."""
        lines: list[tuple[str, str]] = [
            (plain(self.title), f"bold {HARM_STYLES[self.tint].removeprefix('bold ')}")
        ]
        for section in self.sections(advice):
            style = HARM_STYLES[section.harm] if section.harm else "bold" if section.sentences else ""
            lines += [("", "")] if has_gaps else []
            lines += [(line, style) for line in wrapped(plain(section.heading, 600), width)]
            for sentence in section.sentences:
                lines += [(line, "") for line in wrapped(plain(sentence, 600), width, "· ", "  ", fold=True)]
        return Content("\n").join([Content.styled(line, style) for line, style in lines])


class FindingDetails(VerticalScroll):
    """The details of the chosen finding; enter opens the page of the manual that they name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open_page", "manual", id="table.choose"),
    ]


class DoctorScreen(Screen[None]):
    """The table of causes and patterns, and the field that explains a pasted error or a log file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "paste", "explain an error", key_display="/", id="doctor.paste"),
        Binding("t", "govern", "tune", id="doctor.tune"),
        Binding("w", "app.tune('wait_timeout')", "wait_timeout", id="doctor.wait_timeout"),
        Binding("k", "app.kill", "kill", id="doctor.kill"),
        Binding("l", "app.ledger", "ledger", id="doctor.ledger"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("question_mark", "help", "help", key_display="?", id="doctor.help"),
        Binding("escape", "leave", "back", id="doctor.leave"),
        Binding("d,q", "app.pop_screen", "back", show=False, id="doctor.back"),
    ]

    rows: query_one[LineTable[DoctorRow]] = query_one("#causes", LineTable)
    field = query_one("#paste", Input)

    def __init__(
        self,
        live_state: Callable[[], LiveState | None],
        facts: Callable[[], ServerFacts],
        server_name: str,
        freshness: Callable[[], Freshness],
        history: Callable[[], ServerFacts] | None = None,
    ) -> None:
        """`live_state`, `facts` and `freshness` return the current values.

        `history` asks the server for what it counted since it started. It blocks, and raises SourceError.
        """
        super().__init__()
        self._live_state = live_state
        self._facts = facts
        self._server_name = server_name
        self._freshness = freshness
        self._history = history
        self._history_facts = NO_SERVER
        self._drawn_snapshot: Snapshot | None = None
        self._patterns: tuple[Pattern, ...] = ()
        self._patterns_at = float("-inf")

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield Field(placeholder=_("Paste an error line or type the path of a log file, then press enter"), id="paste",
                    select_on_focus=False)  # fmt: skip
        yield Static(id="notice")
        with Container(id="diagnosis"):
            yield LineTable(CAUSE_COLUMNS, lambda row: row.key, lambda row: row.tint, id="causes")
            with FindingDetails(id="details"):
                yield Static()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#notice").display = False
        self.rows.set_empty_text(
            _(
                "The server has not been read yet. The causes that end sessions will be listed here.\nTo explain an error line now, press / and paste it."
            )
        )
        self.rows.focus()
        self.watch(self.rows, "cursor_key", self._show_chosen, init=False)
        self._draw_rows()

    def footer_plan(self) -> FooterPlan:
        """The keys of the footer, the most used first."""
        keys = ("doctor.paste", "doctor.tune", "doctor.wait_timeout", "doctor.kill", "doctor.ledger",
                "doctor.leave", "doctor.help", "app.copy")  # fmt: skip
        enter = N_("manual") if isinstance(self.focused, FindingDetails) else N_("sessions")
        return FooterPlan((("table.choose", enter), *((key, "") for key in keys)), always="doctor.help")

    def on_key(self, event: events.Key) -> None:
        """Let a disabled key show why it is disabled."""
        post_if_disabled(self, event)

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Draw the rows of a new snapshot; the title shows its age in any case."""
        self._draw_title()
        if snapshot is not self._drawn_snapshot and self.is_mounted:
            self._draw_rows()

    def _draw_title(self) -> None:
        freshness = self._freshness()
        title: list[Part] = [(_("doctor "), "bold $text-primary"), (plain(self._server_name, 100), "bold")]
        self.query_one("#totals", Static).update(
            left_and_right(title, [(f" {_(freshness.words)}", freshness.style)], max(0, self.size.width - 2))
        )

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE_SCREEN, "wide")
        self._draw_title()
        self.call_after_refresh(self._draw_details)

    def _draw_rows(self) -> None:
        state = self._live_state()
        if state is None:
            return
        self._drawn_snapshot = state.snapshot
        findings: tuple[CauseStatus | Pattern, ...] = (
            *self._patterns,
            *cause_statuses(replace(state, history=self._history_facts)),
        )
        rows = [DoctorRow.from_finding(finding, state) for finding in findings]
        self.rows.show(sorted(rows, key=lambda row: row.sort_key), state.now)
        self._draw_details()
        if state.now - self._patterns_at >= PATTERNS_SECONDS:
            self._patterns_at = state.now
            self._refresh_findings(state)

    def _show_chosen(self) -> None:
        """Show the finding under the cursor, from its beginning."""
        self.query_one("#details").scroll_home(animate=False)
        self._draw_details()

    def _draw_details(self) -> None:
        row, details = self.rows.cursor_row, self.query_one("#details")
        if row is not None:
            width = max(MIN_DETAILS, details.scrollable_content_region.width)
            details.query_one(Static).update(
                row.content(width, self._advice(row), has_gaps=self.has_class("wide"))
            )

    def _advice(self, row: DoctorRow) -> Finding | None:
        """The general advice for the cause of a row; None for a pattern."""
        state = self._live_state()
        if row.cause is None or state is None:
            return None
        return general_advice(row.cause, replace(state.facts, departures=state.departures))

    def chosen_sessions(self) -> list[Verdict]:
        """The open sessions that the finding under the cursor is about: those that `k` kills."""
        row, state = self.rows.cursor_row, self._live_state()
        if row is None or row.sessions is None or not row.sessions.are_open or state is None:
            return []
        return open_sessions(row.sessions.filter_text, state)

    @work
    async def _refresh_findings(self, state: LiveState) -> None:
        """Look for patterns, then ask the server what it counted since it started.

        After one failure the server is not asked again: the connection that answers also reads its sessions.
        """
        search = partial(find_patterns, state.snapshot, state.departures, state.now)
        patterns = await run_in_thread(search, "patterns")
        if patterns != self._patterns:
            self._patterns = patterns
            self._draw_rows()
        if self._history is None:
            return
        try:
            history_facts = await run_in_thread(self._history, "patterns")
        except SourceError:
            self._history = None
            return
        if history_facts != self._history_facts:
            self._history_facts = history_facts
            self._draw_rows()

    def action_paste(self) -> None:
        self.set_focus(self.field)  # at once: the next key may be in the same burst

    def action_leave(self) -> None:
        """Leave the field; if the field has no focus, leave the screen."""
        if self.field.has_focus:
            self.field.value = ""
            self.rows.focus()
        else:
            self.app.pop_screen()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words(), page="explain"))

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(KEYS)

    def copy_items(self) -> list[CopyItem]:
        row = self.rows.cursor_row
        if row is None:
            return []
        advice = self._advice(row)
        remedies = row.remedies or (() if advice is None else advice.remedies)
        return [
            CopyItem("all", "\n".join(row.details(advice))),
            CopyItem("remedies", "\n".join(remedies)),
            CopyItem("docs", (advice and advice.docs) or ""),
            CopyItem("name", row.name),
        ]

    def action_open_page(self) -> None:
        """Open the page of the manual about the finding under the cursor."""
        row = self.rows.cursor_row
        advice = None if row is None else self._advice(row)
        if advice is None or not advice.docs:
            self.notify(_("No page of a manual is about this finding."), severity="warning")
        elif isinstance(self.app, BaseApp):
            self.app.open_page(advice.docs)

    def action_govern(self) -> None:
        """Open the dialog of the variable of the row under the cursor."""
        row = self.rows.cursor_row
        if row is None or row.tunable is None:
            self.notify(_("This finding has no server variable."), severity="warning")
        else:
            self.post_message(VariableChosen(row.tunable))

    @on(RowChosen)
    def _open_sessions(self) -> None:
        row = self.rows.cursor_row
        if row is None or not isinstance(self.app, MonitorApp):
            return
        if row.sessions is None:
            words = _(
                "No session to show: no session ended this way while monitoring, and no open session is affected."
            )
            self.notify(words, severity="warning")
        elif row.sessions.are_open:
            self.app.show_matching(row.sessions.filter_text)
        else:
            self.app.show_ended(row.sessions.filter_text)

    @on(Input.Submitted, "#paste")
    def _explain(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._show_notice(_("reading ..."), "quiet")
            self._show_explanation(event.value, self._facts().with_history(self._history_facts))

    @work
    async def _show_explanation(self, text: str, facts: ServerFacts) -> None:
        """Explain a pasted error or a log file, which may be gigabytes long."""
        explain = partial(explain_text, text, facts, reads_files=not self.app.is_web)
        report = await run_in_thread(explain, "doctor")
        if isinstance(report, str):
            self._show_notice(report, "warning")
            return
        self.query_one("#notice").display = False
        self.app.push_screen(AnswerScreen(report))

    def _show_notice(self, words: str, css_class: str) -> None:
        notice = self.query_one("#notice", Static)
        notice.display = True
        notice.set_classes(css_class)
        notice.update(Content(words))


def explain_text(text: str, facts: ServerFacts, *, reads_files: bool) -> EventGroups | str:
    """Explain the errors of the log file that `text` names, or of `text` itself; return a message if there are none.

    `reads_files`: false in a browser, which may read no file of this machine.
    """
    path = Path(text.strip())
    try:
        is_file = reads_files and path.is_file()
    except (OSError, ValueError):
        is_file = False
    if path.is_absolute() and " " not in text.strip() and not is_file:
        return _("There is no file {file}.", file=plain(str(path), 200))
    try:
        blocks = read_file_blocks(str(path)) if is_file else iter([text.encode("utf-8", "replace")])
        file_name = path.name if is_file else "-"
        report = grouped_events(explain_log(file_name, blocks, facts, now=facts.read_at))
    except FileError as error:
        return str(error)
    if not report.count:
        return _("The text reports no lost or refused connection. Paste a whole line of the log.")
    return report


# --- The answer to a pasted error or a log

ANSWER_KEYS = (
    (N_("arrows page home end"), N_("Move the cursor")),
    ("enter, space", N_("Unfold this kind of error: evidence, how to verify, what to do; press again to fold")),
    ("a", N_("Unfold all kinds; press again to fold them")),
    ("v", N_("Show all causes and errors, like explain --verbose; press again for the first cause only")),
    ("enter", N_("On an address of the manual: open it in the browser")),
    ("y", N_("Copy the whole answer, what to do, or the address of the manual page")),
    ("esc, q", N_("Return to the doctor")),
)  # fmt: skip
FOLDED, UNFOLDED = "▸", "▾"
END_GAP = 2
"""Cells after the text, in which the scroll bar stands."""


class AnswerLine(NamedTuple):
    """A line of the answer."""

    group: int
    """The index of the kind of errors that it is about."""
    number: int
    """Its number among the lines of that kind, the verdict's first one being 0."""
    text: str
    tint: str
    """The component class of its colour."""
    url: str = ""
    """The page of a manual that it names."""

    @property
    def key(self) -> tuple[int, int]:
        return self.group, self.number


ANSWER_COLUMNS: tuple[Column[AnswerLine], ...] = (
    Column(
        "answer",
        N_("Time, error, client, cause, count"),
        lambda line, *_: line.text,
        lambda line: line.key,
        min_width=MIN_DETAILS,
        max_width=UNBOUNDED,
        rank=0,
        tinted=True,
    ),
)


def verdict_tint(group: EventGroup) -> str:
    """The colour of a verdict: the harm of its cause, where that is likely."""
    finding = group.first.findings[0]
    harm = CAUSE_TINTS.get(finding.cause, "lines--imminent")
    return harm_tint(harm, (finding.certainty, finding.because))


def answer_lines(
    report: EventGroups, unfolded: set[int], width: int, *, verbose: bool = False
) -> Iterator[AnswerLine]:
    """Yield the verdict of each kind of errors, and below it what is known of those kinds that are unfolded.

    `unfolded`: their indexes. Each line has at most `width` cells. `verbose`: with all of every finding.
    """
    for index, group in enumerate(report.groups):
        sign = UNFOLDED if index in unfolded else FOLDED
        tint = verdict_tint(group)
        verdict = wrapped(verdict_words(group), width, f"{sign} {index + 1}. ", " " * 5, fold=True)
        lines = [(line, tint, "") for line in verdict]
        if index in unfolded:
            pages = {finding.docs for finding in group.first.findings if finding.docs}
            for line in group_details(group, min(width, WIDTH_COLUMNS), verbose=verbose):
                url = next((page for page in pages if line.endswith(f" {page}")), "")
                fits = cell_width(line) <= width  # a link may be longer
                parts = [line] if fits else wrapped(line.strip(), width, "    ", " " * 6, fold=True)
                lines += [(part, "lines--busy" if url else "lines--calm", url) for part in parts]
            lines.append(("", "lines--calm", ""))
        for number, (line, tint, url) in enumerate(lines):
            yield AnswerLine(index, number, line, tint, url)


class FoldedLines(LineTable[AnswerLine]):
    """The lines of the answer: space does what enter does, as nothing is marked here."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        return True

    def action_mark(self) -> None:
        self.action_choose()

    def tooltip_at(self, event: events.MouseMove) -> str:  # noqa: ARG002 - as the tables have it
        """None: no line is cut."""
        return ""


class AnswerScreen(Screen[None]):
    """The verdict of each kind of errors in a log, each to be unfolded; at first the first one is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "all", "fold all", id="answer.all"),
        Binding("v", "verbose", "all causes", id="answer.verbose"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("question_mark", "help", "help", key_display="?", id="answer.help"),
        Binding("escape", "app.pop_screen", "back", id="answer.leave"),
        Binding("q", "app.pop_screen", "back", show=False, id="answer.back"),
    ]

    rows: query_one[LineTable[AnswerLine]] = query_one("#answer", LineTable)

    def __init__(self, report: EventGroups) -> None:
        super().__init__()
        self._report = report
        self._unfolded = {0}
        self._is_verbose = False

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield FoldedLines(ANSWER_COLUMNS, lambda line: line.key, lambda line: line.tint, id="answer")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.rows.focus()
        self.watch(self.rows, "cursor_key", self._show_keys, init=False)

    def on_resize(self) -> None:
        self._draw_title()
        self.call_after_refresh(self._draw)

    def _show_keys(self) -> None:
        self.query_one(KeyFooter).show_plan(self.footer_plan())

    def footer_plan(self) -> FooterPlan:
        """The keys of the footer, the most used first."""
        keys = ("answer.all", "answer.verbose", "app.copy", "answer.leave", "answer.help")
        line = self.rows.cursor_row
        enter = N_("manual") if line is not None and line.url else N_("fold")
        planned = (("table.choose", enter), *((key, "") for key in keys))
        return FooterPlan(planned, always="answer.help")

    def _draw_title(self) -> None:
        report = self._report
        figures = [
            _("errors: {number:,}", number=report.count),
            _("kinds: {number:,}", number=len(report.groups)),
        ]
        if report.ungrouped_count:
            figures.append(_("of other kinds: {number:,}", number=report.ungrouped_count))
        file = report.groups[0].first.file
        title: list[Part] = [(_("the doctor's answer"), "bold $text-primary")]
        title += [] if file == "-" else [(f"  {plain(file, 200)}", "bold")]
        self.query_one("#totals", Static).update(
            left_and_right(title, [("  ".join(("", *figures)), "")], max(0, self.size.width - 2))
        )

    def _draw(self) -> None:
        width = max(MIN_DETAILS, self.rows.size.width - GUTTER - END_GAP)
        self.rows.show([*answer_lines(self._report, self._unfolded, width, verbose=self._is_verbose)], 0.0)

    def _draw_at_verdict(self) -> None:
        """Draw with the cursor on the verdict of its kind, and scroll until all of that kind is seen, or its beginning."""
        line = self.rows.cursor_row
        group = 0 if line is None else line.group
        if line is not None:
            self.rows.action_move(-line.number)
        self._draw()
        last = max(index for index, row in enumerate(self.rows.rows) if row.group == group)
        hidden = last - (self.rows.scroll_offset.y + self.rows.visible_lines - 1)
        if hidden > 0:
            top = min(self.rows.cursor, self.rows.scroll_offset.y + hidden)
            self.rows.scroll_to(y=top, animate=False, force=True)

    @on(RowChosen)
    def _fold(self) -> None:
        line = self.rows.cursor_row
        if line is not None and line.url and isinstance(self.app, BaseApp):
            self.app.open_page(line.url)
        elif line is not None:
            self._unfolded ^= {line.group}
            self._draw_at_verdict()

    def action_all(self) -> None:
        """Unfold all kinds; where all are, fold them."""
        every = {*range(len(self._report.groups))}
        self._unfolded = every if self._unfolded != every else set()
        self._draw_at_verdict()

    def action_verbose(self) -> None:
        """Show all of every finding, or of the first one alone; of a kind that is folded too."""
        self._is_verbose = not self._is_verbose
        if self.rows.cursor_row is not None:
            self._unfolded |= {self.rows.cursor_row.group}
        self._draw_at_verdict()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words(), page="explain"))

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(ANSWER_KEYS)

    def copy_items(self) -> list[CopyItem]:
        line = self.rows.cursor_row
        findings = self._report.groups[0 if line is None else line.group].first.findings
        url = line.url if line is not None else ""
        items = [
            CopyItem("all", "\n".join(report_lines(self._report, verbose=self._is_verbose))),
            CopyItem("remedies", "\n".join(findings[0].remedies)),
            CopyItem("docs", url or findings[0].docs or ""),
        ]
        return items[::-1] if url else items
