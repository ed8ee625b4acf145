"""A short list to pick one of: what to sort by, what to group by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets.option_list import Option

from goneaway_tui.model.sample import Sample
from goneaway_tui.tune.tunables import Unit, present
from goneaway_tui.tune.values import words
from goneaway_tui.ui.widgets.plain_text import OptionList, heading


def tunables(sample: Sample) -> list[tuple[str, str]]:
    """Every tunable a server has: its name, and beside it what it is now and its key."""
    values = {each.name: each.value for each in sample.variables}

    def now(name: str, unit: Unit) -> str:
        value = values.get(name)
        return "?" if value is None else words(value, unit)

    return [
        (each.name, f"{each.name:<34} {now(each.name, each.unit):>12}  {each.key or ''}")
        for each in present(sample)
    ]


class ChooserScreen(ModalScreen[str | None]):
    """Answers with the id chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="chooser.cancel")
    ]

    def __init__(self, title: str, options: Iterable[tuple[str, str]], current: str) -> None:
        """`options` are pairs of id and words."""
        super().__init__()
        self._title = title
        self._options = list(options)
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog chooser") as dialog:
            dialog.border_title = heading(self._title)
            yield OptionList(*(Option(Content(words), id=key) for key, words in self._options))

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.highlighted = next((i for i, (key, _) in enumerate(self._options) if key == self._current), 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)
