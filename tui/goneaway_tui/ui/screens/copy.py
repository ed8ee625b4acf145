"""Which of several things to copy: a letter takes one, and so does enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets.option_list import Option

from goneaway_tui.language import _
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.copying import KINDS, Piece
from goneaway_tui.ui.widgets.plain_text import OptionList, heading


class CopyScreen(ModalScreen[Piece | None]):
    """Answers with the piece chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"pick('{kind}')", name, id=f"copy.{kind}") for kind, (key, name) in KINDS.items()),
        Binding("y", "highlighted", "the one under the cursor", id="copy.highlighted"),
        Binding("escape,q", "dismiss(None)", "cancel", id="copy.cancel"),
    ]

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._pieces = {each.kind: each for each in pieces}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog chooser") as dialog:
            dialog.border_title = heading(_("copy"))
            dialog.border_subtitle = heading(_("a letter or enter copies, esc cancels"))
            yield OptionList(id="pieces")

    def on_mount(self) -> None:
        keys = {
            each.binding.id: self.app.get_key_display(each.binding) for each in self.active_bindings.values()
        }
        names = max(cell_len(each.name) for each in self._pieces.values())
        listed = self.query_one(OptionList)
        for kind, piece in self._pieces.items():
            words = Content.assemble(
                (f" {keys.get(f'copy.{kind}', ' '):<2} ", "bold"),
                in_cells(piece.name, names, right=False),
                f"  {piece.short}",
            )
            listed.add_option(Option(words, id=kind))
        listed.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_pick(event.option.id or "")

    def action_pick(self, kind: str) -> None:
        """A letter of what is not there to be copied does nothing."""
        if kind in self._pieces:
            self.dismiss(self._pieces[kind])

    def action_highlighted(self) -> None:
        self.query_one(OptionList).action_select()
