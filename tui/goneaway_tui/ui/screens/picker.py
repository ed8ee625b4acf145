"""The servers of the config file, to choose one."""

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
from goneaway_tui.model.plain import plain
from goneaway_tui.model.profile import Profile
from goneaway_tui.ui.accent import accent
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.widgets.plain_text import OptionList, Static, heading

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
                Option(self._words(_("this machine"), self._nearby.place), id=""),
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
        chip = accent(profile.color)
        name = self._padded(f" {profile.name} ")
        marks = f"  {profile.color or '':<7}  {in_cells(_('read-only') if profile.read_only else '', 9, right=False)}"
        return Content.assemble(
            (name, "bold" if chip is None else chip.style), (marks, QUIET), f"  {profile.place}"
        )

    def _words(self, name: str, words: str) -> Content:
        return Content.assemble(self._padded(f" {name} "), (f"{'':22}{words}", QUIET))

    def _padded(self, name: str) -> str:
        room = max(self._room, cell_len(_("this machine"))) + 2
        cut = Content(name).truncate(room, ellipsis=True).plain
        return cut + " " * (room - cell_len(cut))
