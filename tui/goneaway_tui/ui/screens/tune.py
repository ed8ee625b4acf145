"""One variable: what it is, what a new value would do, and the statement that would set it.

Answers with an action and performs nothing.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, RadioSet, Static

from goneaway_tui.export.instants import instant
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Keep, Powers, Standing
from goneaway_tui.tune.actions import ResetPersist, SetVariable
from goneaway_tui.tune.preview import Preview, preview
from goneaway_tui.tune.tunables import Tunable, Unit
from goneaway_tui.tune.values import parse_value, words
from goneaway_tui.ui.widgets.choice import Choice
from goneaway_tui.ui.widgets.field import Field

LABEL = 8
IN_TIME = {Unit.SECONDS, Unit.MILLISECONDS}
Parts = list[tuple[str, str]]


class TuneScreen(ModalScreen[SetVariable | ResetPersist | None]):
    """Shows the consequence before the key that causes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="tune.cancel")]

    def __init__(
        self, tunable: Tunable, standing: Standing, powers: Powers, snapshot: Snapshot, server: str
    ) -> None:
        super().__init__()
        self._tunable = tunable
        self._standing = standing
        self._powers = powers
        self._snapshot = snapshot
        self._server_name = server
        self._confirmed: str | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog tune") as dialog:
            dialog.border_title = f"{self._tunable.name} on {plain(self._server_name, 60)}"
            yield Label(Content(self._tunable.why))
            yield Static(self._now_line(), id="now")
            with Horizontal(id="new"):
                yield Label(Content.styled(f"{'new':<{LABEL}}", "$foreground-muted"))
                yield Field(placeholder=self._examples(), id="value", compact=True)
            yield Static(id="meaning")
            if self._powers.can_persist:
                with RadioSet(id="keep"):
                    yield Choice("until the server restarts (GLOBAL)", value=True, id="keep-global")
                    yield Choice("across restarts (PERSIST)", id="keep-persist")
            yield Static(id="effects")
            yield Static(id="warning")
            with Horizontal(classes="buttons"):
                if self._standing.persisted is not None and self._powers.can_persist:
                    yield Button("Forget persisted", id="reset")
                yield Button("Cancel", id="cancel")
                yield Button("Apply", variant="primary", id="apply", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#value", Input).focus()
        why_not = self._powers.why_not_set(self._tunable.name)
        if why_not:
            self.query_one("#warning", Static).update(Content(f"▲ {plain(why_not, 400)}"))

    def _examples(self) -> str:
        presets = "  ".join(words(value, self._tunable.unit) for value in self._tunable.presets[:4])
        return f"{presets}   {'+10m  ' if self._tunable.unit in IN_TIME else ''}x2"

    def _now_line(self) -> Content:
        """Today's value, where it came from, and the server's own bounds."""
        now, unit = self._standing.variable, self._tunable.unit
        value = "unknown" if now.value is None else f"{now.value:,}   {words(now.value, unit)}"
        lines = [row("now", [(value, "bold"), (f"   {self._origin()}", "$foreground-muted")])]
        bounds = [
            f"{name} {words(number, unit)}"
            for name, number in (("min", now.min), ("max", now.max), ("default", self._standing.default))
            if number is not None
        ]
        if self._standing.block and self._standing.block > 1:
            bounds.append(f"in steps of {self._standing.block:,}")
        if bounds:
            lines.append(row("bounds", [("   ".join(bounds), "$foreground-muted")]))
        persisted = self._standing.persisted
        if persisted is not None and persisted != now.value:
            lines.append(
                row(
                    "▲",
                    [(f"a restart brings back {persisted:,} ({words(persisted, unit)})", "$text-warning")],
                )
            )
        return Content("\n").join(lines)

    def _origin(self) -> str:
        parts = [self._standing.variable.set_by or "origin unknown"]
        if self._standing.path:
            parts.append(f"in {plain(self._standing.path, 80)}")
        if self._standing.set_by_account:
            parts.append(f"by {plain(self._standing.set_by_account, 80)}")
        if self._standing.set_at is not None:
            parts.append(f"at {instant(self._standing.set_at, 'seconds')}")
        return " ".join(parts)

    @property
    def _keep(self) -> Keep:
        chosen = self.query("#keep-persist")
        return Keep.PERSIST if chosen and chosen.first(Choice).value else Keep.GLOBAL

    def _preview(self) -> Preview:
        """What the typed value would do. Raises ValueError with a sentence."""
        typed = self.query_one("#value", Input).value
        if typed.strip().lower() == "default" and self._standing.default is not None:
            wanted = self._standing.default
        else:
            now = self._standing.variable.value
            wanted = parse_value(typed, self._tunable.unit, now, self._tunable.decimals)
        return preview(self._tunable, self._standing, wanted, self._snapshot, self._keep)

    @on(Input.Changed, "#value")
    @on(RadioSet.Changed, "#keep")
    def _foretell(self) -> None:
        """Say what Apply would do, as it is typed."""
        self._confirmed = None
        apply = self.query_one("#apply", Button)
        apply.label = "Apply"
        apply.disabled = True
        meaning, effects = self.query_one("#meaning", Static), self.query_one("#effects", Static)
        if not self.query_one("#value", Input).value.strip():
            meaning.update("")
            effects.update("")
            return
        try:
            seen = self._preview()
        except ValueError as error:
            meaning.update(row("", [(f"▲ {plain(str(error), 200)}", "$text-warning")]))
            effects.update("")
            return
        because = f"   ▲ {seen.because}" if seen.because else ""
        meaning.update(
            row(
                "means",
                [
                    (f"{seen.kept:,}   {words(seen.kept, self._tunable.unit)}", "bold"),
                    (because, "$text-warning"),
                ],
            )
        )
        effects.update(self._effects(seen))
        apply.disabled = bool(self._powers.why_not_set(self._tunable.name))

    def _effects(self, seen: Preview) -> Content:
        lines = [row("effect" if i == 0 else "", [(text, "")]) for i, text in enumerate(seen.effects)]
        lines.append(row("runs", [(seen.statement, "$text-accent")]))
        lines.append(row("undo", [(seen.undo, "$text-accent")]))
        if seen.option_file and not self._powers.can_persist:
            lines.append(row("lasting", [("in the option file:", "$foreground-muted")]))
            lines += [row("", [(line, "$text-accent")]) for line in seen.option_file]
        return Content("\n").join(lines)

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
        if apply.disabled:
            return
        seen = self._preview()
        if seen.second_ask and self._confirmed != seen.statement:
            self._confirmed = seen.statement
            self.query_one("#warning", Static).update(Content(f"▲ {seen.second_ask}"))
            apply.label = "Do it all the same"
            self.query_one("#cancel", Button).focus()
            return
        self.dismiss(seen.action)


def row(label: str, parts: Parts) -> Content:
    return Content.assemble((f"{label:<{LABEL}}", "$foreground-muted"), *parts)
