"""A connection described by hand: tried live, saved to the config file, gone through."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Select

from goneaway_tui.errors import GoneawayError
from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.model.profile import Draft, Welcome
from goneaway_tui.ports import Door
from goneaway_tui.ui.notice import hidden
from goneaway_tui.ui.widgets.choice import Tick
from goneaway_tui.ui.widgets.field import Field
from goneaway_tui.ui.widgets.plain_text import Button, Label, Static, heading

MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
"""Of TLS, as the clients call them."""
USUAL_MODE = "PREFERRED"


@dataclass(frozen=True, slots=True)
class Blank:
    """A field: the part of a draft that it fills in."""

    part: str
    label: str
    example: str


ROWS: tuple[tuple[Blank, ...], ...] = (
    (Blank("host", marked("host"), marked("none: this machine")), Blank("port", marked("port"), "3306")),
    (
        Blank("socket", marked("socket"), "/run/mysqld/mysqld.sock"),
        Blank("ssh", "ssh", marked("[user@]host to go through")),
    ),
    (
        Blank("user", marked("user"), marked("your login name")),
        Blank("password", marked("password"), marked("never written")),
    ),
)
"""What reaches a server; TLS comes below."""
SAVED: tuple[tuple[Blank, ...], ...] = (
    (Blank("name", marked("name"), "prod-db1"), Blank("color", marked("colour"), marked("red, or #c04040"))),
    (
        Blank("password_command", marked("command"), "pass db1"),
        Blank("password_keyring", marked("keyring"), marked("its service")),
    ),
)
"""What only matters once it is saved."""


class FormScreen(ModalScreen[Draft | None]):
    """Answers with what to connect to, or None. It writes to the config file when it is told to save."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="form.cancel"),
        Binding("ctrl+t", "test", "test", id="form.test"),
        Binding("ctrl+s", "save", "save", priority=True, id="form.save"),
    ]

    class Answered(Message):
        """What came of trying a draft."""

        def __init__(self, draft: Draft, answer: Welcome | Exception, *, go: bool) -> None:
            super().__init__()
            self.draft = draft
            self.answer = answer
            self.go = go

    def __init__(self, door: Door, draft: Draft | None = None, trouble: str = "") -> None:
        """`trouble`: why the last try came to nothing."""
        super().__init__()
        self._door = door
        self._begun = draft or Draft()
        self._trouble = trouble
        self._asking: Draft | None = None
        """What is being tried; an answer about anything else comes too late."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune", id="form") as dialog:
            dialog.border_title = heading(_("new connection"))
            dialog.border_subtitle = heading(_("enter connect · ctrl+t test · ctrl+s save · esc back"))
            for row in ROWS:
                yield from self._row(row)
            with Horizontal(classes="row"):
                yield Label("TLS", classes="row--label")
                mode = self._begun.ssl_mode or USUAL_MODE
                yield Select(
                    [(each, each) for each in MODES],
                    value=mode,
                    allow_blank=False,
                    compact=True,
                    id="ssl_mode",
                )
                yield Label(_("CA file"), classes="row--second")
                yield self._field(Blank("ssl_ca", "", "/etc/ssl/db-ca.pem"))
            yield Label(
                _("Saved under a name, with its password from a command or the keyring:"), classes="title"
            )
            for row in SAVED:
                yield from self._row(row)
            yield Tick(
                _("read-only: nothing can be changed there"),
                value=self._begun.read_only,
                compact=True,
                id="read_only",
            )
            yield Static(id="answer")
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_("Test"), id="test", compact=True)
                yield Button(_("Save"), id="save", compact=True)
                yield Button(_("Connect"), variant="primary", id="connect", compact=True)

    def _row(self, blanks: tuple[Blank, ...]) -> ComposeResult:
        with Horizontal(classes="row"):
            for at, blank in enumerate(blanks):
                yield Label(_(blank.label), classes="row--second" if at else "row--label")
                yield self._field(blank)

    def _field(self, blank: Blank) -> Input:
        """A password is not Field's to clean: it may be anything, and is never shown."""
        secret = blank.part == "password"
        kind = Input if secret else Field
        value = getattr(self._begun, blank.part)
        return kind(value, placeholder=_(blank.example), password=secret, compact=True, id=blank.part)

    def on_mount(self) -> None:
        self.query_one("#host", Input).focus()
        if self._trouble:
            self._say(f"▲ {self._trouble}", "$text-error")

    @property
    def draft(self) -> Draft:
        """As it is typed now."""
        typed: dict[str, Any] = {field.id: field.value for field in self.query(Input) if field.id}
        mode = self.query_one("#ssl_mode", Select).value
        return Draft(**typed, ssl_mode=str(mode), read_only=self.query_one("#read_only", Tick).value)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#test")
    def action_test(self) -> None:
        self._try(go=False)

    @on(Button.Pressed, "#connect")
    @on(Input.Submitted)
    def _connect(self) -> None:
        self._try(go=True)

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        draft = self.draft
        try:
            name = self._door.save(draft)
        except GoneawayError as error:
            self._say(f"▲ {error.line}", "$text-error")
            return
        kept = draft.password and not (draft.password_command.strip() or draft.password_keyring.strip())
        asked = _(" Its password is not written: it will be asked for.") if kept else ""
        saved = _("● Saved in {file}: goneaway-tui @{name}.", file=name, name=draft.name.strip())
        self._say(saved + asked, "$text-success")

    def _try(self, *, go: bool) -> None:
        """Connect in a thread; what may ask something at the terminal gets it, and the screen waits."""
        draft = self._asking = self.draft
        try:
            aloud = self._door.wants_terminal(draft)
        except GoneawayError as error:
            self._say(f"▲ {error.line}", "$text-error")
            return
        if aloud and go:
            self.dismiss(draft)
        elif aloud:
            with suppress(SuspendNotSupported), self.app.suspend():
                self._attempt(draft, go=False)
        else:
            self._say(_("◌ connecting ..."), "$foreground-muted")
            work = partial(self._attempt, draft, go=go)
            threading.Thread(target=work, name="attempt", daemon=True).start()

    def _attempt(self, draft: Draft, *, go: bool) -> None:
        answer: Welcome | Exception
        try:
            answer = self._door.attempt(draft)
        except Exception as error:  # noqa: BLE001 - told where it is ours to tell, else handed to the app, which ends with it
            answer = error
        self.post_message(self.Answered(draft, answer, go=go))

    @on(Answered)
    def _take(self, message: Answered) -> None:
        if message.draft is not self._asking:
            return
        answer = message.answer
        if isinstance(answer, GoneawayError):
            self._say(f"▲ {answer.line}", "$text-error")
        elif isinstance(answer, Exception):
            raise answer
        elif message.go:
            self.dismiss(message.draft)
        else:
            less = hidden(answer.limitations)
            words = _("● {server} lets {account} in. ", server=answer.server, account=answer.account)
            self._say(words + (less or _("It hides nothing grave from this account.")), "$text-success")

    def _say(self, words: str, look: str) -> None:
        self.query_one("#answer", Static).update(Content.styled(plain(words, 600), look))
