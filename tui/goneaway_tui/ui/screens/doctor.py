"""What the doctor's table lists: a cause as it stands, or a habit of many sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Input

from goneaway_tui.doctor.case import NO_SERVER, ServerFacts
from goneaway_tui.doctor.diagnosis import explanations
from goneaway_tui.doctor.live import ORDER, CauseStatus, LiveState, Verdict, cause_statuses
from goneaway_tui.doctor.report import grouped_events, report_lines
from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import _, marked
from goneaway_tui.judge.patterns import find_patterns
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Pattern
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.columns import SIGN_COLUMNS, SIGN_TINTS
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.messages import RowChosen, VariableChosen
from goneaway_tui.ui.screens.help import HelpScreen, Lines, TextViewer, help_rows
from goneaway_tui.ui.screens.ledger import GOVERNS
from goneaway_tui.ui.server_status import Freshness
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Field, KeyFooter, Static
from goneaway_tui.ui.widgets.summary import Part, spread
from goneaway_tui.ui.wording import certainty_word


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """A line of it."""

    name: str
    certainty: Certainty
    because: tuple[str, ...]
    remedies: tuple[str, ...] = ()
    tunable: str | None = None
    since_start: Verdict | None = None
    """Whether it ended sessions since the server started, and why; None where nobody knows."""
    now: Verdict | None = None
    """Whether it may do so as things stand."""

    @classmethod
    def of(cls, found: CauseStatus | Pattern) -> DoctorRow:
        if isinstance(found, Pattern):
            return cls(
                found.kind.value,
                found.certainty,
                (found.title, *found.evidence),
                found.remedies,
                found.tunable,
                now=(found.certainty, (found.title, *found.evidence)),
            )
        usual = GOVERNS.get(found.cause, IDLING.get(found.cause.value))
        tunable = None if found.limit_is_own else found.variable or usual
        return cls(
            found.cause.value,
            found.certainty,
            found.because,
            found.remedies,
            tunable,
            found.since_start,
            found.now,
        )

    @property
    def told(self) -> list[str]:
        """Whole, in lines: why, and what to do."""
        lines: list[str] = []
        for verdict, heading in (
            (self.since_start, marked("since the server started: {certainty}")),
            (self.now, marked("on this server now: {certainty}")),
        ):
            if verdict is not None:
                certainty, because = verdict
                lines += [
                    "",
                    _(heading, certainty=certainty_word(certainty)),
                    *(f"- {each}" for each in because),
                ]
        lines = lines[1:]
        if self.tunable is not None:
            lines += ["", _("Variable: {variable}. {why} Press t to change it.",
                            variable=self.tunable, why=_(TUNABLE[self.tunable].why))]  # fmt: skip
        return (
            [*lines, "", _("what to do"), *(f"- {each}" for each in self.remedies)]
            if self.remedies
            else lines
        )


IDLING = {"idle_timeout": "wait_timeout", "transaction_timeout": "idle_transaction_timeout",
          "too_many_connections": "max_connections"}  # fmt: skip
"""The variable to change for a cause that is not of one session."""


PATTERNS_SECONDS = 15.0
"""How often habits are looked for: it takes a while where thousands have left."""
KEYS = (
    (marked("arrows page home end"), marked("move")),
    ("enter", marked("one cause or habit, whole: why, and what to do")),
    ("/", marked("paste an error line, or name a log file, and press enter")),
    ("t", marked("change the variable behind it")),
    ("l", marked("the ledger")),
    ("y", marked("copy what is said of it, or what to do")),
    ("esc, d, q", marked("back to the board")),
)
PIECE = 1 << 20
"""Bytes of a log that are read at a time."""


class DoctorScreen(Screen[None]):
    """Causes, and a place to paste."""

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
        patient: Callable[[], LiveState | None],
        facts: Callable[[], ServerFacts],
        server: str,
        fail: Callable[[Exception], object],
        fresh: Callable[[], Freshness],
        recall: Callable[[], ServerFacts] | None = None,
    ) -> None:
        """`patient`, `facts` and `fresh` are asked whenever they are needed; `fail` is told of a fault of ours.

        `recall` asks the server, in a thread, for what it remembers since it started; it raises SourceError.
        """
        super().__init__()
        self._patient = patient
        self._fail = fail
        self._fresh = fresh
        self._facts = facts
        self._server_name = server
        self._seen: Snapshot | None = None
        self._patterns: tuple[Pattern, ...] = ()
        self._looked_at = float("-inf")
        self._recall = recall
        self._past = NO_SERVER

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield Field(placeholder=_("paste an error line, or name a log file, and press enter"), id="paste",
                    select_on_focus=False)  # fmt: skip
        yield Static(id="notice")
        yield LineTable(SIGN_COLUMNS, lambda s: s.name, lambda s: SIGN_TINTS[s.certainty], id="causes")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#notice").display = False
        self.rows.say_nothing(
            _(
                "The server has not been read yet. What ends sessions will stand here, as it is on this server now."
                "\nAn error line can be explained all the same: / and paste it."
            )
        )
        self.rows.focus()
        self._look()

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Look again, where there is a newer snapshot than it looked at; say how old it is in any case."""
        self._draw_title()
        if snapshot is not self._seen:
            self._look_again()

    def _draw_title(self) -> None:
        """What is said is as old as what was read last."""
        fresh = self._fresh()
        title: list[Part] = [(_("doctor "), "bold $text-primary"), (plain(self._server_name, 100), "bold")]
        self.query_one("#totals", Static).update(
            spread(title, [(f" {_(fresh.words)}", fresh.look)], max(0, self.size.width - 2))
        )

    def on_resize(self) -> None:
        self._draw_title()

    def _look_again(self) -> None:
        if self.is_mounted:
            self._look()

    def _look(self) -> None:
        patient = self._patient()
        if patient is None:
            return
        self._seen = patient.snapshot
        patient = replace(patient, past=self._past)
        found: tuple[CauseStatus | Pattern, ...] = (*self._patterns, *cause_statuses(patient))
        self.rows.show(sorted(map(DoctorRow.of, found), key=lambda s: ORDER.index(s.certainty)), patient.now)
        if patient.now - self._looked_at >= PATTERNS_SECONDS:
            self._looked_at = patient.now
            arguments = (patient, self.app.call_from_thread)
            threading.Thread(
                target=self._look_for_patterns, args=arguments, name="patterns", daemon=True
            ).start()

    def _look_for_patterns(self, patient: LiveState, later: Callable[..., object]) -> None:
        try:
            found = find_patterns(patient.snapshot, patient.departures, patient.now)
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            later(self._fail, error)
        else:
            later(self._take_patterns, found)
        self._ask_for_the_past(later)

    def _ask_for_the_past(self, later: Callable[..., object]) -> None:
        """A server that could not be asked once is left in peace: the same line reads its sessions."""
        if self._recall is None:
            return
        try:
            past = self._recall()
        except SourceError:
            self._recall = None
        else:
            later(self._take_past, past)

    def _take_past(self, past: ServerFacts) -> None:
        if past != self._past:
            self._past = past
            self._look_again()

    def _take_patterns(self, found: tuple[Pattern, ...]) -> None:
        if found != self._patterns:
            self._patterns = found
            self._look_again()

    def action_paste(self) -> None:
        self.set_focus(self.field)  # at once: the next key may be in the same burst

    def action_leave(self) -> None:
        """One step back: out of the field, then out of here."""
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

    def copies(self) -> list[CopyItem]:
        sign = self.rows.cursor_row
        if sign is None:
            return []
        return [
            CopyItem("all", "\n".join(sign.told)),
            CopyItem("remedies", "\n".join(sign.remedies)),
            CopyItem("name", sign.name),
        ]

    def action_govern(self) -> None:
        sign = self.rows.cursor_row
        if sign is None or sign.tunable is None:
            self.notify(_("No variable of the server is behind this."), severity="warning")
        else:
            self.post_message(VariableChosen(sign.tunable))

    @on(RowChosen)
    def _whole(self) -> None:
        sign = self.rows.cursor_row
        if sign is not None:
            self.app.push_screen(TextViewer(sign.name, lambda _: sign.told))

    @on(Input.Submitted, "#paste")
    def _explain(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._say(_("reading ..."), "quiet")
            arguments = (event.value, self._facts().remembering(self._past), self.app.call_from_thread)
            threading.Thread(target=self._read, args=arguments, name="doctor", daemon=True).start()

    def _read(self, text: str, facts: ServerFacts, later: Callable[..., object]) -> None:
        """In a thread: a log may be gigabytes long."""
        path = Path(text.strip())
        try:
            is_file = (
                path.is_file() and not self.app.is_web
            )  # in a browser, this machine's files are nobody's to read
        except (OSError, ValueError):
            is_file = False
        if path.is_absolute() and " " not in text.strip() and not is_file:
            later(self._say, _("{file} is no file that can be read", file=plain(str(path), 200)), "warning")
            return
        try:
            blocks = paste_blocks(path) if is_file else iter([text.encode("utf-8", "replace")])
            told = grouped_events(
                explanations(path.name if is_file else "-", blocks, facts, now=facts.asked_at)
            )
        except OSError as error:
            words = _("cannot read {file}: {why}", file=plain(str(path), 200), why=error.strerror)
            later(self._say, words, "warning")
            return
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            later(self._fail, error)
            return
        if told.count:
            later(self._answer, lambda width: report_lines(told, width))
        else:
            later(
                self._say,
                _("No lost or refused connection in that. A whole line of a log says most."),
                "warning",
            )

    def _answer(self, lines: Lines) -> None:
        self.query_one("#notice").display = False
        self.app.push_screen(TextViewer(_("the doctor's answer"), lines))

    def _say(self, words: str, look: str) -> None:
        notice = self.query_one("#notice", Static)
        notice.display = True
        notice.set_classes(look)
        notice.update(Content(words))


def paste_blocks(path: Path) -> Iterator[bytes]:
    """A file, a piece at a time. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
