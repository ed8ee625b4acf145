"""The chooser of a connection: the list of saved profiles, and the form for a new connection."""

from __future__ import annotations

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
from textual.screen import ModalScreen
from textual.widgets import Input, Select
from textual.widgets.option_list import Option

from goneaway_tui.errors import GoneawayError
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import ConnectedServer, Profile, ProfileDraft
from goneaway_tui.ports import ServerDirectory
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.base_app import BaseApp, run_in_thread
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.messages import limitations_line
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.widgets.plain_text import (
    Button,
    CheckMark,
    Field,
    Label,
    OptionList,
    OrderedInput,
    Static,
    heading,
)

TLS_MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
"""The values of `--ssl-mode`."""
DEFAULT_TLS_MODE = "PREFERRED"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the form: the attribute of a `ProfileDraft` it fills in, its label and an example."""

    attribute: str
    label: str
    example: str


CONNECTION_ROWS: tuple[tuple[FormField, ...], ...] = (
    (
        FormField("host", N_("host"), N_("empty: this machine")),
        FormField("port", N_("port"), "3306"),
    ),
    (
        FormField("socket", N_("socket"), "/run/mysqld/mysqld.sock"),
        FormField("ssh", "ssh", N_("jump host: [user@]host")),
    ),
    (
        FormField("user", N_("user"), N_("your login name")),
        FormField("password", N_("password"), N_("not saved")),
    ),
)
"""The rows of the form that say how the server is reached; TLS comes below them."""
PROFILE_ROWS: tuple[tuple[FormField, ...], ...] = (
    (
        FormField("name", N_("name"), "prod-db1"),
        FormField("color", N_("colour"), N_("red, or #c04040")),
    ),
    (
        FormField("password_command", N_("command"), "pass db1"),
        FormField("password_keyring", N_("keyring"), N_("service name")),
    ),
)
"""The rows that matter only for a saved profile."""


class FormScreen(ModalScreen[ProfileDraft | None]):
    """Asks for a new connection, and answers with its draft or None. Saving writes a profile to the config file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="form.cancel"),
        Binding("ctrl+t", "test", "test", id="form.test"),
        Binding("ctrl+s", "save", "save", priority=True, id="form.save"),
    ]

    def __init__(
        self, directory: ServerDirectory, draft: ProfileDraft | None = None, trouble: str = ""
    ) -> None:
        """`draft`: the initial content of the fields. `trouble`: why the previous attempt failed."""
        super().__init__()
        self._directory = directory
        self._initial_draft = draft or ProfileDraft()
        self._trouble = trouble

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune", id="form") as dialog:
            dialog.border_title = heading(_("new connection"))
            dialog.border_subtitle = heading(_("enter connect · ctrl+t test · ctrl+s save · esc back"))
            for row in CONNECTION_ROWS:
                yield from self._row(row)
            with Horizontal(classes="row"):
                yield Label("TLS", classes="row--label")
                mode = self._initial_draft.ssl_mode or DEFAULT_TLS_MODE
                yield Select(
                    [(mode, mode) for mode in TLS_MODES],
                    value=mode,
                    allow_blank=False,
                    compact=True,
                    id="ssl_mode",
                )
                yield Label(_("CA file"), classes="row--second")
                yield self._field(FormField("ssl_ca", "", "/etc/ssl/db-ca.pem"))
            yield Label(
                _("To save it: a name, and a command or a keyring for the password:"), classes="title"
            )
            for row in PROFILE_ROWS:
                yield from self._row(row)
            yield CheckMark(
                _("read-only: allow no change on this server"),
                value=self._initial_draft.read_only,
                compact=True,
                id="read_only",
            )
            yield Static(id="answer")
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_("Test"), id="test", compact=True)
                yield Button(_("Save"), id="save", compact=True)
                yield Button(_("Connect"), variant="primary", id="connect", compact=True)

    def _row(self, form_fields: tuple[FormField, ...]) -> ComposeResult:
        with Horizontal(classes="row"):
            for index, form_field in enumerate(form_fields):
                yield Label(_(form_field.label), classes="row--second" if index else "row--label")
                yield self._field(form_field)

    def _field(self, form_field: FormField) -> Input:
        """The input of one field. A password is no Field: it may hold any character, and is never shown."""
        is_password = form_field.attribute == "password"
        input_class = OrderedInput if is_password else Field
        value = getattr(self._initial_draft, form_field.attribute)
        return input_class(
            value,
            placeholder=_(form_field.example),
            password=is_password,
            compact=True,
            id=form_field.attribute,
        )

    def on_mount(self) -> None:
        self.query_one("#host", Input).focus()
        if self._trouble:
            self._show_answer(f"▲ {self._trouble}", "$text-error")

    @property
    def draft(self) -> ProfileDraft:
        """The connection as the fields describe it now."""
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
        self._try(connects=False)

    @on(Button.Pressed, "#connect")
    @on(Input.Submitted)
    def _connect(self) -> None:
        self._try(connects=True)

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        draft = self.draft
        try:
            name = self._directory.save(draft)
        except GoneawayError as error:
            self._show_answer(f"▲ {error.line}", "$text-error")
            return
        is_password_dropped = draft.password and not (
            draft.password_command.strip() or draft.password_keyring.strip()
        )
        remark = _(" The password is not saved. You will be asked for it.") if is_password_dropped else ""
        saved = _("● Saved in {file}: goneaway-tui @{name}.", file=name, name=draft.name.strip())
        self._show_answer(saved + remark, "$text-success")

    def _try(self, *, connects: bool) -> None:
        """Try to connect. An attempt that may ask at the terminal gets the terminal, and the form waits.

        `connects`: close the form with the draft once the server has accepted the connection.
        """
        self.workers.cancel_node(self)
        draft = self.draft
        try:
            wants_terminal = self._directory.wants_terminal(draft)
        except GoneawayError as error:
            self._show_answer(f"▲ {error.line}", "$text-error")
            return
        if wants_terminal and connects:
            self.dismiss(draft)
        elif wants_terminal:
            with suppress(SuspendNotSupported), self.app.suspend():
                answer = self._attempt(draft)
                self._show_result(draft, answer, connects=False)
        else:
            self._show_answer(_("◌ connecting ..."), "$foreground-muted")
            self._try_in_thread(draft, connects=connects)

    @work
    async def _try_in_thread(self, draft: ProfileDraft, *, connects: bool) -> None:
        """Connect in a thread. A newer attempt cancels this one, and closing the form does."""
        self._show_result(
            draft, await run_in_thread(partial(self._attempt, draft), "attempt"), connects=connects
        )

    def _attempt(self, draft: ProfileDraft) -> ConnectedServer | GoneawayError:
        """Connect; return the answer of the server, or the error."""
        try:
            return self._directory.attempt(draft)
        except GoneawayError as error:
            return error

    def _show_result(
        self, draft: ProfileDraft, answer: ConnectedServer | GoneawayError, *, connects: bool
    ) -> None:
        if isinstance(answer, GoneawayError):
            self._show_answer(f"▲ {answer.line}", "$text-error")
        elif connects:
            self.dismiss(draft)
        else:
            hidden = limitations_line(answer.limitations)
            words = _("● Connected to {server} as {account}. ", server=answer.server, account=answer.account)
            self._show_answer(
                words + (hidden or _("This account can see everything important.")), "$text-success"
            )

    def _show_answer(self, words: str, style: str) -> None:
        self.query_one("#answer", Static).update(Content.styled(plain(words, 600), style))


NEW_CONNECTION = "/new"
"""The picker's answer for a new connection; no profile's name holds a slash."""
MAX_NAME_CELLS = 24
"""Cells of a profile's name at most."""
QUIET = "$foreground-muted"


class PickerScreen(ModalScreen[str | None]):
    """Lists the profiles. Answers with a name, "" for the local server, NEW_CONNECTION, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "quit", id="picker.quit"),
        Binding("n", f"dismiss('{NEW_CONNECTION}')", "new connection", id="picker.new"),
    ]

    def __init__(self, profiles: Sequence[Profile], local: Profile, trouble: str, current: str) -> None:
        """`local`: the local server. `trouble`: why the previous choice failed. `current`: the previous choice."""
        super().__init__()
        self._profiles = tuple(profiles)
        self._local = local
        self._trouble = trouble
        self._current = current
        self._name_cells = min(
            MAX_NAME_CELLS, max((cell_len(profile.name) for profile in profiles), default=0)
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune", id="picker") as dialog:
            dialog.border_title = heading(_("connect to"))
            dialog.border_subtitle = heading(_("enter connect · n new connection · esc quit"))
            yield OptionList(
                *(Option(self._line(profile), id=profile.name) for profile in self._profiles),
                None,
                Option(self._words(_("this machine"), self._local.account_and_address), id=""),
                Option(self._words(_("new ..."), _("fill in, test, save")), id=NEW_CONNECTION),
            )
            yield Static(
                Content.styled(f"▲ {plain(self._trouble, 500)}" if self._trouble else "", "$text-error"),
                id="trouble",
            )

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        names = [profile.name for profile in self._profiles]
        listed.highlighted = names.index(self._current) if self._current in names else 0
        self.query_one("#trouble").display = bool(self._trouble)
        listed.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def _line(self, profile: Profile) -> Content:
        """A profile's name on its colour, the colour's name, whether it is read-only, and its address."""
        accent = server_accent(profile.color)
        name = self._padded(f" {profile.name} ")
        marks = f"  {profile.color or '':<7}  {in_cells(_('read-only') if profile.read_only else '', 9, right=False)}"
        return Content.assemble(
            (name, "bold" if accent is None else accent.style),
            (marks, QUIET),
            f"  {profile.account_and_address}",
        )

    def _words(self, name: str, words: str) -> Content:
        return Content.assemble(self._padded(f" {name} "), (f"{'':22}{words}", QUIET))

    def _padded(self, name: str) -> str:
        room = max(self._name_cells, cell_len(_("this machine"))) + 2
        shortened = Content(name).truncate(room, ellipsis=True).plain
        return shortened + " " * (room - cell_len(shortened))


class ConnectApp(BaseApp[ProfileDraft | str | None]):
    """Chooses a connection. Returns a profile's name, "" for the local server, a draft, or None."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        directory: ServerDirectory,
        *,
        trouble: str = "",
        previous: ProfileDraft | str | None = None,
        theme: str | None = None,
    ) -> None:
        """`previous`: the previous choice. `trouble`: why it failed."""
        super().__init__(theme)
        self._directory = directory
        self._trouble = trouble
        self._previous = previous

    def on_mount(self) -> None:
        self.choose()

    @work
    async def choose(self) -> None:
        """Show the list of profiles, or the form if there are none; the form leads back to the list."""
        trouble, previous = self._trouble, self._previous
        while True:
            profiles = self._directory.profiles()
            if profiles and not isinstance(previous, ProfileDraft):
                local = self._directory.nearby()
                chosen = await self.push_screen_wait(PickerScreen(profiles, local, trouble, previous or ""))
                trouble, previous = "", chosen
                if chosen != NEW_CONNECTION:
                    self.exit(chosen)
                    return
            draft = previous if isinstance(previous, ProfileDraft) else None
            draft = await self.push_screen_wait(FormScreen(self._directory, draft, trouble))
            trouble, previous = "", None
            if draft is not None or not self._directory.profiles():
                self.exit(draft)
                return
