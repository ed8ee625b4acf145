"""The limits of the server, and the journal of what was changed through this tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TabbedContent, TabPane, Tabs

from goneaway_tui.model.plain import plain
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Variable
from goneaway_tui.tune.entries import Act
from goneaway_tui.tune.tunables import TUNABLE, Unit
from goneaway_tui.tune.values import words

BOUNDLESS = 2**32 - 1
"""A maximum from here on is the width of a number, not a bound."""
LOOKS = {
    "done": "$text-success",
    "failed": "$text-error",
    "refused": "$text-warning",
    "attempted": "bold $text-error",
}


class VariablesScreen(ModalScreen[None]):
    """Two tabs, to read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,v,q", "dismiss", "back", id="variables.back")]

    def __init__(self, sample: Sample | None, acts: Sequence[Act], garbage: int, server: str = "") -> None:
        """`garbage`: lines of the journal that could not be read. `server`: which of several it is."""
        super().__init__()
        self._sample = sample
        self._acts = tuple(acts)
        self._garbage = garbage
        self._title = f"variables on {plain(server, 60)}" if server else "variables"

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="variables") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "esc back"
            with TabbedContent():
                with TabPane("Variables", id="tab-variables"):
                    yield Static(self._variables())
                with TabPane(f"Journal ({len(self._acts)})", id="tab-journal"):
                    yield Static(self._journal())

    def _variables(self) -> Content:
        if self._sample is None or not self._sample.variables:
            return Content.styled("Nothing has been read yet.", "$foreground-muted")
        lines = [Content.styled(f"{'variable':<36}{'value':>16}  {'':<14}{'set by':<10} bounds", "bold")]
        for each in self._sample.variables:
            tunable = TUNABLE.get(each.name)
            value = "unknown" if each.value is None else f"{each.value:,}"
            said = words(each.value, tunable.unit) if tunable and each.value is not None else ""
            bounds = bounds_of(each, tunable.unit if tunable else Unit.COUNT)
            lines.append(
                Content.assemble(
                    f"{each.name:<36}",
                    (f"{value:>16}  ", "bold"),
                    f"{said if said != value else '':<14}",
                    (f"{each.set_by or '?':<10} {bounds}", "$foreground-muted"),
                )
            )
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        self.query_one(Tabs).focus()

    def _journal(self) -> Content:
        lines = []
        for act in reversed(self._acts):
            entry = act.entry
            look = LOOKS.get(entry.phase.value, "")
            lines.append(
                Content.assemble(
                    (f"{plain(entry.at, 30)}  ", "$foreground-muted"),
                    plain(entry.statement, 100),
                    (f"  {plain(act.outcome, 200)}", look),
                    (
                        f"  {plain(entry.account, 60)} on {plain(entry.server_name or entry.server, 60)}",
                        "$foreground-muted",
                    ),
                )
            )
        if not lines:
            lines.append(
                Content.styled(
                    "Nothing has been changed through this tool. What is will stand here.",
                    "$foreground-muted",
                )
            )
        if self._garbage:
            lines.append(
                Content.styled(f"{self._garbage} lines of the journal could not be read.", "$text-warning")
            )
        return Content("\n").join(lines)


def bounds_of(variable: Variable, unit: Unit) -> str:
    """What the server takes: `1 s to 1 y`, `1 or more`; empty where it does not say."""
    if variable.min is None or variable.max is None:
        return ""
    least = words(variable.min, unit)
    return f"{least} or more" if variable.max >= BOUNDLESS else f"{least} to {words(variable.max, unit)}"
