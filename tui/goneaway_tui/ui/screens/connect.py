"""A connection described by hand: tried live, saved to the config file, gone through."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Select
from textual.widgets.option_list import Option

from goneaway_tui.errors import GoneawayError
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.profile import ConnectedServer, Profile, ProfileDraft
from goneaway_tui.ports import ServerDirectory
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.messages import limitations_line
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.widgets.plain_text import Button, CheckMark, Field, Label, OptionList, Static, heading

MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
"""Of TLS, as the clients call them."""
USUAL_MODE = "PREFERRED"


@dataclass(frozen=True, slots=True)
class FormField:
    """A field: the part of a draft that it fills in."""

    part: str
    label: str
    example: str


ROWS: tuple[tuple[FormField, ...], ...] = (
    (
        FormField("host", marked("host"), marked("none: this machine")),
        FormField("port", marked("port"), "3306"),
    ),
    (
        FormField("socket", marked("socket"), "/run/mysqld/mysqld.sock"),
        FormField("ssh", "ssh", marked("[user@]host to go through")),
    ),
    (
        FormField("user", marked("user"), marked("your login name")),
        FormField("password", marked("password"), marked("never written")),
    ),
)
"""What reaches a server; TLS comes below."""
SAVED: tuple[tuple[FormField, ...], ...] = (
    (
        FormField("name", marked("name"), "prod-db1"),
        FormField("color", marked("colour"), marked("red, or #c04040")),
    ),
    (
        FormField("password_command", marked("command"), "pass db1"),
        FormField("password_keyring", marked("keyring"), marked("its service")),
    ),
)
"""What only matters once it is saved."""


class FormScreen(ModalScreen[ProfileDraft | None]):
    """Answers with what to connect to, or None. It writes to the config file when it is told to save."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="form.cancel"),
        Binding("ctrl+t", "test", "test", id="form.test"),
        Binding("ctrl+s", "save", "save", priority=True, id="form.save"),
    ]

    class Answered(Message):
        """What came of trying a draft."""

        def __init__(self, draft: ProfileDraft, answer: ConnectedServer | Exception, *, go: bool) -> None:
            super().__init__()
            self.draft = draft
            self.answer = answer
            self.go = go

    def __init__(self, door: ServerDirectory, draft: ProfileDraft | None = None, trouble: str = "") -> None:
        """`trouble`: why the last try came to nothing."""
        super().__init__()
        self._door = door
        self._begun = draft or ProfileDraft()
        self._trouble = trouble
        self._asking: ProfileDraft | None = None
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
                yield self._field(FormField("ssl_ca", "", "/etc/ssl/db-ca.pem"))
            yield Label(
                _("Saved under a name, with its password from a command or the keyring:"), classes="title"
            )
            for row in SAVED:
                yield from self._row(row)
            yield CheckMark(
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

    def _row(self, blanks: tuple[FormField, ...]) -> ComposeResult:
        with Horizontal(classes="row"):
            for at, blank in enumerate(blanks):
                yield Label(_(blank.label), classes="row--second" if at else "row--label")
                yield self._field(blank)

    def _field(self, blank: FormField) -> Input:
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
    def draft(self) -> ProfileDraft:
        """As it is typed now."""
        typed: dict[str, Any] = {field.id: field.value for field in self.query(Input) if field.id}
        mode = self.query_one("#ssl_mode", Select).value
        return ProfileDraft(
            **typed, ssl_mode=str(mode), read_only=self.query_one("#read_only", CheckMark).value
        )

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

    def _attempt(self, draft: ProfileDraft, *, go: bool) -> None:
        answer: ConnectedServer | Exception
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
            less = limitations_line(answer.limitations)
            words = _("● {server} lets {account} in. ", server=answer.server, account=answer.account)
            self._say(words + (less or _("It hides nothing grave from this account.")), "$text-success")

    def _say(self, words: str, look: str) -> None:
        self.query_one("#answer", Static).update(Content.styled(plain(words, 600), look))


NEW = "/new"
"""The answer that names no server: no name has a slash in it."""
WIDEST_NAME = 24
QUIET = "$foreground-muted"


class PickerScreen(ModalScreen[str | None]):
    """Answers with a server's name, with the empty one for the server nearby, with NEW, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "quit", id="picker.quit"),
        Binding("n", f"dismiss('{NEW}')", "new", id="picker.new"),
    ]

    def __init__(self, profiles: Sequence[Profile], nearby: Profile, trouble: str, current: str) -> None:
        """`trouble`: why the last choice came to nothing. `current`: which it was."""
        super().__init__()
        self._profiles = tuple(profiles)
        self._nearby = nearby
        self._trouble = trouble
        self._current = current
        self._room = min(WIDEST_NAME, max((cell_len(each.name) for each in profiles), default=0))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune", id="picker") as dialog:
            dialog.border_title = heading(_("connect to"))
            dialog.border_subtitle = heading(_("enter connect · n new connection · esc quit"))
            yield OptionList(
                *(Option(self._line(each), id=each.name) for each in self._profiles),
                None,
                Option(self._words(_("this machine"), self._nearby.account_and_address), id=""),
                Option(self._words(_("new ..."), _("describe it, try it, save it")), id=NEW),
            )
            yield Static(
                Content.styled(f"▲ {plain(self._trouble, 500)}" if self._trouble else "", "$text-error"),
                id="trouble",
            )

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        ids = [each.name for each in self._profiles]
        listed.highlighted = ids.index(self._current) if self._current in ids else 0
        self.query_one("#trouble").display = bool(self._trouble)
        listed.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def _line(self, profile: Profile) -> Content:
        """Its name on its colour, the colour's name, whether it is only to be looked at, and where it is."""
        chip = server_accent(profile.color)
        name = self._padded(f" {profile.name} ")
        marks = f"  {profile.color or '':<7}  {in_cells(_('read-only') if profile.read_only else '', 9, right=False)}"
        return Content.assemble(
            (name, "bold" if chip is None else chip.style), (marks, QUIET), f"  {profile.account_and_address}"
        )

    def _words(self, name: str, words: str) -> Content:
        return Content.assemble(self._padded(f" {name} "), (f"{'':22}{words}", QUIET))

    def _padded(self, name: str) -> str:
        room = max(self._room, cell_len(_("this machine"))) + 2
        cut = Content(name).truncate(room, ellipsis=True).plain
        return cut + " " * (room - cell_len(cut))


class ConnectApp(BaseApp[ProfileDraft | str | None]):
    """Ends with a server's name, the empty name of the one nearby, a draft, or None for neither."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        door: ServerDirectory,
        *,
        trouble: str = "",
        last: ProfileDraft | str | None = None,
        theme: str | None = None,
    ) -> None:
        """`last` is what was chosen before, and `trouble` what came of it."""
        super().__init__(theme)
        self._door = door
        self._trouble = trouble
        self._last = last

    def on_mount(self) -> None:
        self.converse()

    @work
    async def converse(self) -> None:
        """The list, or where there is none the form; the form leads back to the list."""
        trouble, last = self._trouble, self._last
        while True:
            profiles = self._door.profiles()
            if profiles and not isinstance(last, ProfileDraft):
                nearby = self._door.nearby()
                chosen = await self.push_screen_wait(PickerScreen(profiles, nearby, trouble, last or ""))
                trouble, last = "", chosen
                if chosen != NEW:
                    self.exit(chosen)
                    return
            begun = last if isinstance(last, ProfileDraft) else None
            draft = await self.push_screen_wait(FormScreen(self._door, begun, trouble))
            trouble, last = "", None
            if draft is not None or not self._door.profiles():
                self.exit(draft)
                return
