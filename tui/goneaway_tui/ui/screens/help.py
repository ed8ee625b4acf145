"""The keys, the words, and what this account cannot see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from goneaway_tui.model.plain import plain
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Risk
from goneaway_tui.ui import wording

MEANINGS = {
    Risk.OVERDUE: "past its deadline and still there",
    Risk.IMMINENT: "closes within --imminent-below",
    Risk.WATCH: "closes within --watch-below",
    Risk.CALM: "closes later, or nobody knows when (?)",
    Risk.BUSY: "running something: its idle clock stands still",
    Risk.EXEMPT: "has no idle clock: replica, dump, daemon, our own",
}
MARKS = (
    ("8 h", "read from the session itself"),
    ("~8 h", "assumed: the global value; the session's own is not shown"),
    (">8 h", "outlived, so wrong: its own limit is longer and unknown"),
    ("~0:12", "a clock in whole seconds, right to a second"),
    ("trx", "idle or working inside an open transaction: closing rolls it back"),
)
FILTERS = (
    ("shop", "the word anywhere in a row"),
    ("user:shop db=dw", "in one column; = is the whole word"),
    ("idle>10m left<1m", "times, as 90, 10m, 8h"),
    ("risk>=watch trx:yes", "judgements"),
    ("-program:cron", "everything else"),
)
FIELDS = (
    ("text", "user host client program library db command state statement variable"),
    ("words", "risk basis trx own"),
    ("times, numbers", "idle left limit, id rows"),
)


class HelpScreen(ModalScreen[None]):
    """What can be pressed, and what is meant."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "back", id="help.back")
    ]

    def __init__(self, keys: Iterable[tuple[str, str]], limitations: tuple[Limitation, ...]) -> None:
        super().__init__()
        self._keys = tuple(keys)
        self._limitations = limitations

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="help") as dialog:
            dialog.border_title = "help"
            dialog.border_subtitle = "esc back"
            yield Static(Content("\n").join(self._lines()))

    def _lines(self) -> list[Content]:
        lines = [*section("Keys", self._keys)]
        lines += section("Risk", ((wording.risk_word(risk), words) for risk, words in MEANINGS.items()))
        lines += section("Marks", MARKS)
        lines += section("Filter", FILTERS)
        lines += section("Fields of the filter", FIELDS)
        if self._limitations:
            lines += [Content.styled("Not visible here", "bold $text-primary")]
            for each in self._limitations:
                lines.append(Content(f"  {plain(each.what, 300)}: {plain(each.why, 300)}"))
                if each.grant:
                    lines.append(Content.styled(f"    {plain(each.grant, 300)}", "$text-accent"))
        return lines


def section(title: str, rows: Iterable[tuple[str, str]]) -> list[Content]:
    shown = [Content.assemble((f"  {left:<24}", "bold"), right) for left, right in rows]
    return [Content.styled(title, "bold $text-primary"), *shown, Content("")]
