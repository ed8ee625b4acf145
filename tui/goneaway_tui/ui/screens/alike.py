"""The same change on several servers: one preview a server, and then, on the same screen, what came of it on each.

Performs nothing: who opened it is told to begin, and hands in what came of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one

from goneaway_tui.language import _, marked, ngettext
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.tune.alike import Ended, Looked, Part, changes
from goneaway_tui.tune.tunables import Tunable
from goneaway_tui.ui.screens.seen import SeenScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.widgets.block import BAD, GOOD, QUIET, TROUBLE, Block, Line
from goneaway_tui.ui.widgets.plain_text import Button, Static, heading


class AskAlike(TuneScreen):
    """The dialog of one of several servers, where the value for all of them is typed; what it does to each comes next."""

    VERB = marked("Show each")
    ASKS = False

    def __init__(
        self, tunable: Tunable, looked: Looked, snapshot: Callable[[], Snapshot], servers: str
    ) -> None:
        super().__init__(tunable, looked.standing, looked.powers, snapshot, servers)
        self._typed_on = looked.server

    @property
    def _why(self) -> str:
        here = _(
            "Shown here is {name}; what the value would do to each is shown next.",
            name=plain(self._typed_on, 60),
        )
        return f"{super()._why}\n{here}"

    @property
    def _can_forget(self) -> bool:
        return False


class AlikeScreen(SeenScreen[None]):
    """Asks once, in full; then shows how it goes on, one server after the other, until it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="alike.back"),
        Binding("u", "undo", "undo", id="alike.undo"),
        Binding("up", "scroll_by(-1)", "up", show=False, id="alike.up"),
        Binding("down", "scroll_by(1)", "down", show=False, id="alike.down"),
        Binding("pageup", "scroll_by(-10)", "page up", show=False, id="alike.page_up"),
        Binding("pagedown", "scroll_by(10)", "page down", show=False, id="alike.page_down"),
    ]

    body = query_one("#parts", VerticalScroll)

    def __init__(
        self,
        title: str,
        tunable: Tunable,
        parts: Iterable[Part],
        colors: Mapping[str, str | None],
        apply: Callable[[AlikeScreen], object],
        *,
        undo: Callable[[], object] | None = None,
        only: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """`colors`: of the servers by name. `apply` begins it. `undo`: what takes back what was done; None where this is
        the taking back. `only`: a button for one server alone, and what it does.
        """
        super().__init__()
        self._title = title
        self._tunable = tunable
        self._parts = tuple(parts)
        self.changes = changes(self._parts)
        self._colors = colors
        self._apply = apply
        self._undo = undo
        self._only = only
        self._ended: list[Ended] = []
        self.is_begun = self.is_stopping = self.is_finished = False
        """Begun: Apply was pressed. Stopping: nothing more is to be begun. Finished: nothing more will be."""

    def compose(self) -> ComposeResult:
        number = len(self.changes)
        with Vertical(classes="dialog tune wide changing", id="alike") as dialog:
            dialog.border_title = heading(self._title)
            yield Static(id="tally")
            with VerticalScroll(classes="body", id="parts", can_focus=False):
                for part in self._parts:
                    yield Block(part, self._tunable, self._colors.get(part.server))
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel") if number else _("Back"), id="cancel", compact=True)
                if self._only is not None:
                    yield Button(self._only[0], id="only", compact=True)
                if number:
                    verb = (
                        ngettext("Undo on {number} server", "Undo on {number} servers", number)
                        if self._undo is None
                        else ngettext("Change {number} server", "Change {number} servers", number)
                    )
                    yield Button(verb, variant="primary", id="apply", compact=True)

    def on_mount(self) -> None:
        is_plain = bool(self.changes) and not self._is_asking
        self.query_one("#apply" if is_plain else "#cancel", Button).focus()
        self._tell()

    @property
    def _is_asking(self) -> bool:
        """Whether what would happen is likely to be an accident somewhere, or is a taking back."""
        return self._undo is None or any(part.ahead.second_ask for part in self.changes)

    # --- What happens

    def add(self, ended: Ended) -> None:
        """One more is over."""
        self._ended.append(ended)
        self._tell()

    def finish(self) -> None:
        """All are over, or will not be begun."""
        self.is_finished = True
        self._tell()

    def action_leave(self) -> None:
        if self.is_begun and not self.is_finished:
            self.is_stopping = True
            self._tell()
        else:
            self._leave()

    def action_undo(self) -> None:
        """Take back all that were done, on such a screen again."""
        if self._undo is not None and self.is_finished and self._has_changed and self._leave():
            self._undo()

    def action_scroll_by(self, lines: int) -> None:
        self.body.scroll_relative(y=lines, animate=False)

    @property
    def _has_changed(self) -> bool:
        """Whether there is anything to take back."""
        return any(each.outcome is not None for each in self._ended)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self._leave()

    @on(Button.Pressed, "#only")
    def _one(self) -> None:
        if self._only is not None and self._leave():
            self._only[1]()

    def _leave(self) -> bool:
        """False where it was left already: two keys of a kind were in one burst."""
        is_here = self.is_current
        if is_here:
            self.dismiss()
        return is_here

    @on(Button.Pressed, "#apply")
    def _begin(self) -> None:
        if self.is_begun or not self.is_current:
            return
        self.is_begun = True
        self.query_one(".buttons").display = False
        self.set_focus(None)
        self._tell()
        self._apply(self)

    # --- What is told

    def _tell(self) -> None:
        self.query_one("#tally", Static).update(Content(plain(self._tally(), 300)))
        self.query_one("#alike").border_subtitle = heading(self._way_out())
        if not self.is_begun:
            return
        over = {each.server: each for each in self._ended}
        waiting = [part.server for part in self.changes if part.server not in over]
        for block in self.query(Block):
            name = block.part.server
            if name in over:
                sign, look, lines = told(over[name])
                block.tell(sign, look, lines)
            elif self.is_finished and name in waiting:
                block.tell("–", BAD, [(_("not touched"), BAD)])
            elif name == next(iter(waiting), None):
                block.tell("▶", "bold", [(_("being changed"), "")])
                self.body.scroll_to_widget(block, animate=False)
            elif name in waiting:
                block.tell("·", "", [(_("not begun"), QUIET)])

    def _tally(self) -> str:
        number, left_out = len(self.changes), len(self._parts) - len(self.changes)
        if not number:
            return _("It can be changed on none of them.")
        if not self.is_begun:
            first = _("One after the other, in this order; the first surprise stops the rest.")
            more = ngettext("{number} left out.", "{number} left out.", left_out) if left_out else ""
            return f"{first} {more}".rstrip()
        done = sum(not each.surprise for each in self._ended)
        said = _("{done} of {number} done", done=done, number=number)
        if not self.is_finished:
            return said
        untouched = number - len(self._ended)
        odd = next((each for each in self._ended if each.surprise), None)
        if odd is not None:
            said = _("{said}; a surprise on {name}", said=said, name=odd.server)
        elif not untouched:
            return _("{said}, as foretold", said=said)
        return _("{said}; {number} not touched", said=said, number=untouched) if untouched else said

    def _way_out(self) -> str:
        if not self.is_begun:
            return _("esc cancel") if self.changes else _("esc back")
        if not self.is_finished:
            return _("stopping after this one") if self.is_stopping else _("esc stops after this one")
        if self._undo is not None and self._has_changed:
            return _("u undoes what was done   esc back")
        return _("esc back")


def told(ended: Ended) -> tuple[str, str, list[Line]]:
    """A sign, its look, and the lines of what came of one server."""
    lines: list[Line] = []
    if ended.outcome is not None:
        lines.append((ended.outcome.said, ""))
        warnings = ended.outcome.kept.warnings if ended.outcome.kept else ()
        lines += [(_("the server says: {warning}", warning=each), BAD) for each in warnings]
    if ended.surprise:
        return "✖", TROUBLE, [*lines, (f"▲ {ended.surprise}", TROUBLE)]
    return "✔", GOOD, lines
