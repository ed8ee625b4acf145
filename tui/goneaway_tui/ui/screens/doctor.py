"""The doctor: every cause and pattern with its certainty on this server now, and a field to paste an error into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Input

from goneaway_tui.doctor.case import NO_SERVER, ServerFacts
from goneaway_tui.doctor.diagnosis import explain_log
from goneaway_tui.doctor.live import (
    CERTAINTY_ORDER,
    CauseStatus,
    CertaintyWithReasons,
    LiveState,
    cause_statuses,
)
from goneaway_tui.doctor.report import EventGroups, grouped_events, report_lines
from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.patterns import find_patterns
from goneaway_tui.logs.blocks import read_file_blocks
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Pattern
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.base_app import run_in_thread
from goneaway_tui.ui.columns import CAUSE_COLUMNS, CERTAINTY_TINTS
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.messages import RowChosen, VariableChosen
from goneaway_tui.ui.screens.help import HelpScreen, TextViewer, help_rows
from goneaway_tui.ui.screens.ledger import CAUSE_VARIABLES
from goneaway_tui.ui.server_status import Freshness
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Field, KeyFooter, Static
from goneaway_tui.ui.widgets.summary import Part, left_and_right
from goneaway_tui.ui.wording import certainty_word

IDLING = {"idle_timeout": "wait_timeout", "transaction_timeout": "idle_transaction_timeout",
          "too_many_connections": "max_connections"}  # fmt: skip
"""The variable to change for a cause of the whole server."""
PATTERNS_SECONDS = 15.0
"""How often patterns are looked for: it takes a while where thousands of sessions have ended."""
KEYS = (
    (N_("arrows page home end"), N_("move")),
    ("enter", N_("one cause or habit, whole: why, and what to do")),
    ("/", N_("paste an error line, or name a log file, and press enter")),
    ("t", N_("change the variable behind it")),
    ("l", N_("the ledger")),
    ("y", N_("copy what is said of it, or what to do")),
    ("esc, d, q", N_("back to the board")),
)


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One row of the doctor's table: a cause, or a pattern of many ended sessions."""

    name: str
    certainty: Certainty
    because: tuple[str, ...]
    remedies: tuple[str, ...] = ()
    tunable: str | None = None
    """The variable to change; None where no variable is behind it."""
    since_start: CertaintyWithReasons | None = None
    """Whether it ended sessions since the server started, and why; None where that is unknown."""
    now: CertaintyWithReasons | None = None
    """Whether it can end sessions as things stand now."""

    @classmethod
    def from_finding(cls, finding: CauseStatus | Pattern) -> DoctorRow:
        """The row for a cause's status or for a pattern."""
        if isinstance(finding, Pattern):
            because = (finding.title, *finding.evidence)
            return cls(
                finding.kind.value,
                finding.certainty,
                because,
                finding.remedies,
                finding.tunable,
                now=(finding.certainty, because),
            )
        usual = CAUSE_VARIABLES.get(finding.cause, IDLING.get(finding.cause.value))
        return cls(
            finding.cause.value,
            finding.certainty,
            finding.because,
            finding.remedies,
            None if finding.limit_is_own else finding.variable or usual,
            finding.since_start,
            finding.now,
        )

    def details(self) -> list[str]:
        """Everything known of it, in lines: the evidence, the variable, and what to do."""
        lines: list[str] = []
        for verdict, heading in (
            (self.since_start, N_("since the server started: {certainty}")),
            (self.now, N_("on this server now: {certainty}")),
        ):
            if verdict is not None:
                certainty, because = verdict
                lines += ["", _(heading, certainty=certainty_word(certainty)), *map("- {}".format, because)]
        lines = lines[1:]
        if self.tunable is not None:
            lines += ["", _("Variable: {variable}. {why} Press t to change it.",
                            variable=self.tunable, why=_(TUNABLE[self.tunable].why))]  # fmt: skip
        if self.remedies:
            lines += ["", _("what to do"), *map("- {}".format, self.remedies)]
        return lines


class DoctorScreen(Screen[None]):
    """The table of causes and patterns, and the field that explains a pasted error or a log file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "paste", "explain an error", key_display="/", id="doctor.paste"),
        Binding("t", "govern", "tune", id="doctor.tune"),
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
        """`live_state`, `facts` and `freshness` are called whenever they are needed.

        `history` asks the server for what it counted since it started. It blocks, and raises SourceError.
        """
        super().__init__()
        self._live_state = live_state
        self._facts = facts
        self._server_name = server_name
        self._freshness = freshness
        self._history = history
        self._past = NO_SERVER
        self._shown: Snapshot | None = None
        self._patterns: tuple[Pattern, ...] = ()
        self._patterns_at = float("-inf")

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield Field(placeholder=_("paste an error line, or name a log file, and press enter"), id="paste",
                    select_on_focus=False)  # fmt: skip
        yield Static(id="notice")
        yield LineTable(
            CAUSE_COLUMNS, lambda row: row.name, lambda row: CERTAINTY_TINTS[row.certainty], id="causes"
        )
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#notice").display = False
        self.rows.set_empty_text(
            _(
                "The server has not been read yet. What ends sessions will stand here, as it is on this server now."
                "\nAn error line can be explained all the same: / and paste it."
            )
        )
        self.rows.focus()
        self._draw_rows()

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Draw the rows of a new snapshot; the title shows its age in any case."""
        self._draw_title()
        if snapshot is not self._shown and self.is_mounted:
            self._draw_rows()

    def _draw_title(self) -> None:
        freshness = self._freshness()
        title: list[Part] = [(_("doctor "), "bold $text-primary"), (plain(self._server_name, 100), "bold")]
        self.query_one("#totals", Static).update(
            left_and_right(title, [(f" {_(freshness.words)}", freshness.look)], max(0, self.size.width - 2))
        )

    def on_resize(self) -> None:
        self._draw_title()

    def _draw_rows(self) -> None:
        state = self._live_state()
        if state is None:
            return
        self._shown = state.snapshot
        findings: tuple[CauseStatus | Pattern, ...] = (
            *self._patterns,
            *cause_statuses(replace(state, history=self._past)),
        )
        rows = map(DoctorRow.from_finding, findings)
        self.rows.show(sorted(rows, key=lambda row: CERTAINTY_ORDER.index(row.certainty)), state.now)
        if state.now - self._patterns_at >= PATTERNS_SECONDS:
            self._patterns_at = state.now
            self._refresh_findings(state)

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
            past = await run_in_thread(self._history, "patterns")
        except SourceError:
            self._history = None
            return
        if past != self._past:
            self._past = past
            self._draw_rows()

    def action_paste(self) -> None:
        self.set_focus(self.field)  # at once: the next key may be in the same burst

    def action_leave(self) -> None:
        """Leave the field, or where it has no focus the screen."""
        if self.field.has_focus:
            self.field.value = ""
            self.rows.focus()
        else:
            self.app.pop_screen()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words()))

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(KEYS)

    def copy_items(self) -> list[CopyItem]:
        row = self.rows.cursor_row
        if row is None:
            return []
        return [
            CopyItem("all", "\n".join(row.details())),
            CopyItem("remedies", "\n".join(row.remedies)),
            CopyItem("name", row.name),
        ]

    def action_govern(self) -> None:
        """Open the dialog of the variable behind the row under the cursor."""
        row = self.rows.cursor_row
        if row is None or row.tunable is None:
            self.notify(_("No variable of the server is behind this."), severity="warning")
        else:
            self.post_message(VariableChosen(row.tunable))

    @on(RowChosen)
    def _show_details(self) -> None:
        row = self.rows.cursor_row
        if row is not None:
            self.app.push_screen(TextViewer(row.name, lambda _width: row.details()))

    @on(Input.Submitted, "#paste")
    def _explain(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._show_notice(_("reading ..."), "quiet")
            self._show_explanation(event.value, self._facts().with_history(self._past))

    @work
    async def _show_explanation(self, text: str, facts: ServerFacts) -> None:
        """Explain a pasted error or a log file, which may be gigabytes long."""
        explain = partial(explain_text, text, facts, reads_files=not self.app.is_web)
        report = await run_in_thread(explain, "doctor")
        if isinstance(report, str):
            self._show_notice(report, "warning")
            return
        self.query_one("#notice").display = False
        self.app.push_screen(TextViewer(_("the doctor's answer"), partial(report_lines, report)))

    def _show_notice(self, words: str, look: str) -> None:
        notice = self.query_one("#notice", Static)
        notice.display = True
        notice.set_classes(look)
        notice.update(Content(words))


def explain_text(text: str, facts: ServerFacts, *, reads_files: bool) -> EventGroups | str:
    """The explained errors of a log file that `text` names, or of `text` itself; else why there are none.

    `reads_files`: false in a browser, where no file of this machine may be read.
    """
    path = Path(text.strip())
    try:
        is_file = reads_files and path.is_file()
    except (OSError, ValueError):
        is_file = False
    if path.is_absolute() and " " not in text.strip() and not is_file:
        return _("{file} is no file that can be read", file=plain(str(path), 200))
    try:
        blocks = read_file_blocks(str(path)) if is_file else iter([text.encode("utf-8", "replace")])
        file_name = path.name if is_file else "-"
        report = grouped_events(explain_log(file_name, blocks, facts, now=facts.read_at))
    except FileError as error:
        return str(error)
    if not report.count:
        return _("No lost or refused connection in that. A whole line of a log says most.")
    return report
