"""One variable: what it is, what a new value would do, and the statement that would set it.

Answers with an action and performs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, RadioSet

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Persistence, Privileges, VariableState
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import ResetPersist, SetVariable
from goneaway_tui.tune.preview import Preview, preview
from goneaway_tui.tune.tunables import Tunable, Unit
from goneaway_tui.tune.values import parse_value, value_words
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.widgets.plain_text import (
    Button,
    Field,
    Label,
    LabelledEntry,
    RadioChoice,
    RadioChoices,
    Static,
    heading,
    key_line,
    paragraphs,
)
from goneaway_tui.ui.wording import origin_word
from goneaway_tui.ui.wording import title_on as on_server

TIME_UNITS = {Unit.SECONDS, Unit.MILLISECONDS}
PREVIEW_LABELS = ("meaning", "runs", "undo", "effects", "lasting")
"""What changes with each key that is typed, in the order shown."""


class TuneScreen(ModalScreen[SetVariable | ResetPersist | None]):
    """Shows the consequence before the key that causes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="tune.cancel"),
        Binding("y,ctrl+y", "app.copy", "copy", id="tune.copy"),  # in the field y is a year
    ]
    VERB: ClassVar[str] = N_("Apply")
    ASKS: ClassVar[bool] = True
    """Whether what is likely to be an accident is asked about a second time."""

    def __init__(
        self,
        tunable: Tunable,
        standing: VariableState,
        privileges: Privileges,
        snapshot: Callable[[], Snapshot],
        server: str,
    ) -> None:
        """`snapshot` is asked for at every look ahead: sessions go on idling while a value is thought about."""
        super().__init__()
        self._tunable = tunable
        self._standing = standing
        self._privileges = privileges
        self._snapshot = snapshot
        self._server_name = server
        self._confirmed: str | None = None
        self.typed = ""
        """A value that was begun before it was open."""
        self.note = ""
        """What is to be known about how it would be done."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune changing") as dialog:
            dialog.border_title = heading(on_server(self._tunable.name, self._server_name))
            with VerticalScroll(classes="body", can_focus=False):
                yield Label(Content(self._why), id="why")
                yield LabelledEntry("now", self._now(), id="now")
                yield LabelledEntry("bounds", self._bounds(), id="bounds")
                with Horizontal(id="new"):
                    yield Label(_("new"), classes="entry--label")
                    yield Field(placeholder=self._examples(), id="value", compact=True)
                yield LabelledEntry("means", id="meaning")
                if self._privileges.can_persist:
                    with RadioChoices(id="keep", compact=True):
                        yield RadioChoice(
                            _("until the server restarts (GLOBAL)"), value=True, id="keep-global"
                        )
                        yield RadioChoice(_("across restarts (PERSIST)"), id="keep-persist")
                yield LabelledEntry("runs", id="runs")
                yield LabelledEntry("undo", id="undo")
                yield LabelledEntry(
                    "effect", id="effects"
                )  # as long as it has to be, so it comes after what is of one line
                yield LabelledEntry("lasting", id="lasting")
            if self.note:
                yield Label(Content(self.note), classes="note")
            warning = Static(id="warning")
            warning.display = False
            yield warning
            with Horizontal(classes="buttons"):
                if self._can_forget:
                    yield Button(_("Forget persisted"), id="reset", compact=True)
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_(self.VERB), variant="primary", id="apply", disabled=True, compact=True)

    def on_descendant_focus(self) -> None:
        self.query_one(".dialog").border_subtitle = heading(key_line(self.focused))

    def on_mount(self) -> None:
        value = self.query_one("#value", Input)
        value.focus()
        value.value, value.cursor_position = self.typed, len(self.typed)
        if self._why_not:
            self._warn(self._why_not)

    @property
    def _why_not(self) -> str:
        """Why it cannot be set, whatever the value."""
        return self._standing.why_not_settable or self._privileges.why_not_set(self._tunable.name)

    def _warn(self, text: str) -> None:
        warning = self.query_one("#warning", Static)
        warning.update(Content(f"▲ {plain(text, 400)}"))
        warning.display = True

    def _examples(self) -> str:
        presets = "  ".join(value_words(value, self._tunable.unit) for value in self._tunable.presets[:4])
        more = "+10m  x2" if self._tunable.unit in TIME_UNITS else "x2"
        return _("type a value, as {presets}   {more}", presets=presets, more=more)

    def _now(self) -> Content:
        """Today's value, where it came from, and what a restart makes of it."""
        now, unit = self._standing.variable, self._tunable.unit
        value = _("unknown") if now.value is None else f"{now.value:,}   {value_words(now.value, unit)}"
        today = Content.assemble((value, "bold"), (f"   {self._origin()}", "$foreground-muted"))
        persisted = self._standing.persisted
        if persisted is None or persisted == now.value:
            return today
        back = _(
            "▲ a restart brings back {value:,} ({words})", value=persisted, words=value_words(persisted, unit)
        )
        return paragraphs(today, (back, "$text-warning"))

    def _bounds(self) -> Content | None:
        """The server's own, or those of the manual where it tells none."""
        now, unit = self._standing.variable, self._tunable.unit
        bounds = [
            f"{_(name)} {value_words(number, unit)}"
            for name, number in (
                (N_("min"), now.min),
                (N_("max"), now.max),
                (N_("default"), self._standing.default),
            )
            if number is not None
        ]
        if self._standing.block_size and self._standing.block_size > 1:
            bounds.append(_("in steps of {number:,}", number=self._standing.block_size))
        if now.is_documented:
            bounds.append(_("(from the manual)"))
        return Content.styled("   ".join(bounds), "$foreground-muted") if bounds else None

    def _origin(self) -> str:
        """As the server has it: of who set it last it does not tell whether that was for all or for one session only."""
        set_by = self._standing.variable.set_by
        parts = [origin_word(set_by) if set_by else _("origin unknown")]
        if self._standing.path:
            parts.append(_("in {file}", file=plain(self._standing.path, 80)))
        if self._standing.set_by_account:
            account = plain(self._standing.set_by_account, 80)
            parts.append(_("last SET, GLOBAL or SESSION, by {account}", account=account))
        if self._standing.set_at is not None:
            parts.append(_("at {instant}", instant=iso_instant(self._standing.set_at, "seconds")))
        return " ".join(parts)

    @property
    def _why(self) -> str:
        """What the variable is for."""
        return _(self._tunable.why)

    @property
    def _can_forget(self) -> bool:
        """Whether a persisted value can be forgotten from here."""
        return self._standing.persisted is not None and self._privileges.can_persist

    @property
    def _keep(self) -> Persistence:
        chosen = self.query("#keep-persist")
        return Persistence.PERSIST if chosen and chosen.first(RadioChoice).value else Persistence.GLOBAL

    def _preview(self) -> Preview:
        """What the typed value would do. Raises ValueError with a sentence."""
        typed = self.query_one("#value", Input).value
        if typed.strip().lower() == "default" and self._standing.default is not None:
            wanted = self._standing.default
        else:
            now = self._standing.variable.value
            wanted = parse_value(typed, self._tunable.unit, now, self._tunable.decimals)
        return preview(self._tunable, self._standing, wanted, self._snapshot(), self._keep)

    @on(Input.Changed, "#value")
    @on(RadioSet.Changed, "#keep")
    def _show_preview(self) -> None:
        """Say what Apply would do, as it is typed."""
        self._confirmed = None
        apply = self.query_one("#apply", Button)
        apply.label = _(self.VERB)
        apply.disabled = True
        seen, mistake = None, None
        if self.query_one("#value", Input).value.strip():
            try:
                seen = self._preview()
            except ValueError as error:
                mistake = Content.styled(f"▲ {plain(str(error), 200)}", "$text-warning")
        for name, text in zip(PREVIEW_LABELS, self._preview_lines(seen), strict=True):
            self.query_one(f"#{name}", LabelledEntry).set_text(text)
        if mistake is not None:
            self.query_one("#meaning", LabelledEntry).set_text(mistake)
        apply.disabled = seen is None or bool(self._why_not)

    def _preview_lines(self, seen: Preview | None) -> tuple[Content | None, ...]:
        """What stands beside each label of PREVIEW_LABELS."""
        if seen is None:
            return (None,) * len(PREVIEW_LABELS)
        means = f"{seen.kept:,}   {value_words(seen.kept, self._tunable.unit)}"
        because = (
            _("   ▲ not {value:,}: {why}", value=seen.action.value, why=seen.why_clamped)
            if seen.why_clamped
            else ""
        )
        runs = Content.styled(seen.statement, "$text-accent")
        if seen.kept != seen.action.value:
            keeps = _("   the server keeps {value:,}", value=seen.kept)
            runs = Content.assemble(runs, (keeps, "$text-warning"))
        lasting = None
        if seen.option_file and not self._privileges.can_persist:
            lines = ((line, "$text-accent") for line in seen.option_file)
            lasting = paragraphs((_("in the option file:"), "$foreground-muted"), *lines)
        return (
            Content.assemble((means, "bold"), (because, "$text-warning")),
            runs,
            Content.styled(seen.undo, "$text-accent") if seen.undo else None,
            paragraphs(*seen.effects),
            lasting,
        )

    def copy_items(self) -> list[CopyItem]:
        """What would be run, as the dialog says it."""
        try:
            seen = self._preview()
        except ValueError:
            return []
        return [
            CopyItem("statement", seen.statement),
            CopyItem("undo", seen.undo),
            CopyItem("all", "\n".join(seen.option_file)),
        ]

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#reset")
    def _reset(self) -> None:
        self.dismiss(ResetPersist(self._tunable.name, self._standing.variable.value))

    @on(Button.Pressed, "#apply")
    @on(Input.Submitted, "#value")
    def _apply(self) -> None:
        """Answer, once a dangerous value has been asked about a second time."""
        apply = self.query_one("#apply", Button)
        if apply.disabled or not self.is_current:
            return  # answered already: two of a kind were in one burst
        seen = self._preview()
        if self.ASKS and seen.confirmation and self._confirmed != seen.statement:
            self._confirmed = seen.statement
            self._warn(seen.confirmation)
            apply.label = _("Do it all the same")
            apply.refresh(layout=True)
            self.query_one("#cancel", Button).focus()
            return
        self.dismiss(seen.action)
