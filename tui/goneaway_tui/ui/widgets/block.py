"""One server among those that are changed alike."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.tune.alike import Change, LeftOut, Part
from goneaway_tui.tune.tunables import Tunable
from goneaway_tui.tune.values import words
from goneaway_tui.ui.accent import accent
from goneaway_tui.ui.widgets.entry import Entry, paragraphs
from goneaway_tui.ui.widgets.plain_text import Static

GOOD, BAD, QUIET, TROUBLE = "$text-success", "$text-warning", "$foreground-muted", "$text-error"
Line = tuple[str, str]
"""Words and their look."""


class Block(Vertical):
    """One server: before the change all that is foretold, from then on what becomes of it."""

    def __init__(self, part: Part, tunable: Tunable, color: str | None) -> None:
        super().__init__(classes="part")
        self.part = part
        self._tunable = tunable
        self._color = color

    def compose(self) -> ComposeResult:
        yield Static(classes="part--head")
        yield Static(classes="part--told")
        if isinstance(self.part, Change):
            ahead = self.part.ahead
            effects = [each for each in ahead.effects if each != self._tunable.client_note]  # alike on all
            yield Entry(_("effect"), paragraphs(*effects) if effects else None)
            yield Entry(_("runs"), Content.styled(ahead.statement, "$text-accent"))
            yield Entry(_("undo"), Content.styled(ahead.undo, "$text-accent") if ahead.undo else None)
            yield Entry("▲", Content.styled(ahead.second_ask, BAD) if ahead.second_ask else None)

    def on_mount(self) -> None:
        self._say("–" if isinstance(self.part, LeftOut) else "·", QUIET, [])

    def tell(self, sign: str, look: str, lines: Sequence[Line]) -> None:
        """What becomes of it, in place of what was foretold."""
        for entry in self.query(Entry):
            entry.display = False
        self._say(sign, look, lines)

    def _say(self, sign: str, look: str, lines: Sequence[Line]) -> None:
        own = accent(self._color)
        head = Content.assemble(
            (f"{sign} ", look),
            (plain(self.part.server, 60), "bold" if own is None else own.style),
            *self._change(),
        )
        self.query_one(".part--head", Static).update(head)
        told = self.query_one(".part--told", Static)
        told.update(paragraphs(*((plain(text, 600), how) for text, how in lines)))
        told.display = bool(lines)

    def _change(self) -> list[Line]:
        """From today's value to the one it would keep, or why it is left out."""
        if isinstance(self.part, LeftOut):
            return [(f"   {_('left out: {why}', why=plain(self.part.why, 400))}", QUIET)]
        now, ahead = self.part.now, self.part.ahead
        parts = [
            (f"   {_('unknown') if now is None else self._both(now)} » ", QUIET),
            (self._both(ahead.kept), "bold"),
        ]
        if ahead.because:
            asked = _("not {value}: {why}", value=f"{ahead.action.value:,}", why=ahead.because)
            parts.append((f"   ▲ {asked}", BAD))
        return parts

    def _both(self, value: float) -> str:
        """As the server has it, and as a person says it."""
        exact, said = f"{value:,}", words(value, self._tunable.unit)
        return exact if exact == said else f"{exact} ({said})"
