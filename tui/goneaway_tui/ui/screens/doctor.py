"""The doctor: every cause as it stands on this server now, and an answer to an error that is pasted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from goneaway_tui.doctor.answers import FORMATS
from goneaway_tui.doctor.checkup import Patient, checkup
from goneaway_tui.doctor.evidence import Facts
from goneaway_tui.doctor.explanation import explained
from goneaway_tui.model.finding import Finding
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.ui.columns import FINDING_COLUMNS, FINDING_TINTS
from goneaway_tui.ui.messages import RowChosen
from goneaway_tui.ui.screens.ledger import GOVERNS
from goneaway_tui.ui.screens.reading import ReadingScreen
from goneaway_tui.ui.widgets.field import Field
from goneaway_tui.ui.widgets.line_table import LineTable

PIECE = 1 << 20
"""Bytes of a log that are read at a time."""
IDLING = {"idle_timeout": "wait_timeout", "transaction_timeout": "idle_transaction_timeout",
          "too_many_connections": "max_connections"}  # fmt: skip
"""The variable to change for a cause that is not of one session."""


class DoctorScreen(Screen[None]):
    """Causes, and a place to paste."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "paste", "explain an error", key_display="/", id="doctor.paste"),
        Binding("t", "govern", "tune", id="doctor.tune"),
        Binding("l", "app.ledger", "ledger", id="doctor.ledger"),
        Binding("escape", "leave", "back", id="doctor.leave"),
        Binding("d,q", "app.pop_screen", "back", show=False, id="doctor.back"),
    ]

    rows: query_one[LineTable[Finding]] = query_one("#causes", LineTable)
    field = query_one("#paste", Input)

    def __init__(
        self,
        patient: Callable[[], Patient | None],
        facts: Callable[[], Facts],
        server: str,
        fail: Callable[[Exception], object],
    ) -> None:
        """`patient` and `facts` are asked whenever they are needed; `fail` is told of a fault of ours."""
        super().__init__()
        self._patient = patient
        self._fail = fail
        self._facts = facts
        self._server_name = server
        self._seen: Snapshot | None = None

    def compose(self) -> ComposeResult:
        title = Content.assemble(("doctor ", "bold $text-primary"), (plain(self._server_name, 100), "bold"))
        yield Static(title, id="totals", classes="one")
        yield Field(placeholder="paste an error line, or name a log file, and press enter", id="paste",
                    select_on_focus=False)  # fmt: skip
        yield Static(id="notice")
        yield LineTable(FINDING_COLUMNS, lambda f: f.cause, lambda f: FINDING_TINTS[f.certainty], id="causes")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#notice").display = False
        self.rows.focus()
        self._look()

    def is_behind(self, snapshot: Snapshot | None) -> bool:
        """Whether there is a newer one than it looked at."""
        return snapshot is not self._seen

    def follow(self) -> None:
        """Look again."""
        if self.is_mounted:
            self._look()

    def _look(self) -> None:
        patient = self._patient()
        if patient is not None:
            self._seen = patient.snapshot
            self.rows.show(checkup(patient), patient.now)

    def action_paste(self) -> None:
        self.field.focus()

    def action_leave(self) -> None:
        """One step back: out of the field, then out of here."""
        if self.field.has_focus:
            self.field.value = ""
            self.rows.focus()
        else:
            self.app.pop_screen()

    async def action_govern(self) -> None:
        finding = self.rows.cursor_row
        name = None if finding is None else GOVERNS.get(finding.cause, IDLING.get(finding.cause.value))
        if name is None:
            self.notify("No variable of the server is behind this cause.", severity="warning")
        else:
            await self.run_action(f"app.tune('{name}')")

    @on(RowChosen)
    def _whole(self) -> None:
        finding = self.rows.cursor_row
        if finding is not None:
            certainty = finding.certainty.value.replace("_", " ")
            lines = [f"{finding.cause.value}: {certainty} now", "", *finding.because]
            self.app.push_screen(ReadingScreen(finding.cause.value, "\n".join(lines)))

    @on(Input.Submitted, "#paste")
    def _explain(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._say("reading ...", "quiet")
            arguments = (event.value, self._facts(), self.app.call_from_thread)
            threading.Thread(target=self._read, args=arguments, name="doctor", daemon=True).start()

    def _read(self, text: str, facts: Facts, later: Callable[..., object]) -> None:
        """In a thread: a log may be gigabytes long."""
        said: list[str] = []
        path = Path(text.strip())
        try:
            is_file = path.is_file()
        except (OSError, ValueError):
            is_file = False
        try:
            blocks = pieces(path) if is_file else iter([text.encode("utf-8", "replace")])
            count = FORMATS["text"](
                explained(path.name if is_file else "-", blocks, facts, now=facts.asked_at), said.append
            )
        except OSError as error:
            later(self._say, f"cannot read {plain(str(path), 200)}: {error.strerror}", "warning")
            return
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            later(self._fail, error)
            return
        if count:
            later(self._answer, "".join(said))
        else:
            later(
                self._say,
                "No lost or refused connection in that. A whole line of a log says most.",
                "warning",
            )

    def _answer(self, text: str) -> None:
        self.query_one("#notice").display = False
        self.app.push_screen(ReadingScreen("the doctor's answer", text))

    def _say(self, words: str, look: str) -> None:
        notice = self.query_one("#notice", Static)
        notice.display = True
        notice.set_classes(look)
        notice.update(Content(words))


def pieces(path: Path) -> Iterator[bytes]:
    """A file, a piece at a time. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
