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

from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Variable
from goneaway_tui.tune.entries import Act
from goneaway_tui.tune.tunables import TUNABLE, Unit
from goneaway_tui.tune.values import words
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.wording import on

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
        self._title = on(_("variables"), server)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="variables") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = _("esc back")
            with TabbedContent():
                with TabPane(_("Variables"), id="tab-variables"):
                    yield Static(self._variables())
                with TabPane(_("Journal ({number})", number=len(self._acts)), id="tab-journal"):
                    yield Static(self._journal())

    def _variables(self) -> Content:
        if self._sample is None or not self._sample.variables:
            return Content.styled(_("Nothing has been read yet."), "$foreground-muted")
        heading = "".join(
            (
                in_cells(_("variable"), 36, right=False),
                in_cells(_("value"), 16, right=True) + "  " + " " * 14,
                in_cells(_("set by"), 10, right=False) + " " + _("bounds"),
            )
        )
        lines = [Content.styled(heading, "bold")]
        for each in self._sample.variables:
            tunable = TUNABLE.get(each.name)
            value = _("unknown") if each.value is None else f"{each.value:,}"
            said = words(each.value, tunable.unit) if tunable and each.value is not None else ""
            bounds = bounds_of(each, tunable.unit if tunable else Unit.COUNT)
            lines.append(
                Content.assemble(
                    f"{each.name:<36}",
                    (in_cells(value, 16, right=True) + "  ", "bold"),
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
                        _(
                            "  {account} on {server}",
                            account=plain(entry.account, 60),
                            server=plain(entry.server_name or entry.server, 60),
                        ),
                        "$foreground-muted",
                    ),
                )
            )
        if not lines:
            lines.append(
                Content.styled(
                    _("Nothing has been changed through this tool. What is will stand here."),
                    "$foreground-muted",
                )
            )
        if self._garbage:
            lines.append(
                Content.styled(
                    _("{number} lines of the journal could not be read.", number=self._garbage),
                    "$text-warning",
                )
            )
        return Content("\n").join(lines)


def bounds_of(variable: Variable, unit: Unit) -> str:
    """What the server takes: `1 s to 1 y`, `1 or more`; empty where it does not say."""
    if variable.min is None or variable.max is None:
        return ""
    least = words(variable.min, unit)
    if variable.max >= BOUNDLESS:
        return _("{least} or more", least=least)
    return _("{least} to {most}", least=least, most=words(variable.max, unit))
