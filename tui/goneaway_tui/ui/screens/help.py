"""The keys, the words, and what this account cannot see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Policy, Risk, Snapshot
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.ui import wording
from goneaway_tui.ui.screens.keys import said
from goneaway_tui.ui.widgets.entry import Entry, paragraphs
from goneaway_tui.ui.widgets.plain_text import Label, heading

MEANINGS = {
    Risk.OVERDUE: marked("past its deadline and still there"),
    Risk.IMMINENT: marked("closes within {imminent} (--imminent-below)"),
    Risk.WATCH: marked("closes within {watch} (--watch-below)"),
    Risk.CALM: marked("closes later, or nobody knows when (?)"),
    Risk.BUSY: marked("running something: its idle clock stands still"),
    Risk.EXEMPT: marked("has no idle clock: replica, dump, daemon, our own"),
}
MARKS = (
    ("8 h", marked("read from the session itself")),
    ("~8 h", marked("assumed: the global value; the session's own is not shown")),
    (">8 h", marked("outlived, so wrong: its own limit is longer and unknown")),
    ("~0:12", marked("a clock in whole seconds, right to a second")),
    ("trx", marked("idle or working inside an open transaction: closing rolls it back")),
)
FILTERS = (
    ("shop", marked("the word anywhere in a row")),
    ("user:shop db=dw", marked("in one column; = is the whole word")),
    ("idle>10m left<1m", marked("times, as 90, 10m, 8h")),
    ("risk>=watch trx:yes", marked("judgements")),
    ("-program:cron", marked("everything else")),
)
FIELDS = (
    (marked("text"), "user host client program library db command state statement variable"),
    (marked("words"), "risk basis trx own"),
    (marked("times, numbers"), "idle left limit, id rows"),
)
OF_SEVERAL = ((marked("of several servers"), "server"),)


class HelpScreen(ModalScreen[None]):
    """What can be pressed, and what is meant."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "back", id="help.back")
    ]

    def __init__(
        self, keys: Iterable[tuple[str, str]], shown: Snapshot | None = None, *, of_several: bool = False
    ) -> None:
        """`shown` tells where the lines between the risks are drawn, and what is hidden. `of_several`: whether there are
        servers to tell apart.
        """
        super().__init__()
        self._of_several = of_several
        self._keys = tuple(keys)
        self._limitations = () if shown is None else shown.sample.limitations
        self._policy = Policy() if shown is None else shown.policy

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="help") as dialog:
            dialog.border_title = heading(_("help"))
            dialog.border_subtitle = heading(_("esc back"))
            yield from section(_("Keys"), self._keys)
            meanings = ((named(risk), drawn(words, self._policy)) for risk, words in MEANINGS.items())
            yield from section(_("Risk"), meanings)
            yield from section(_("Marks"), said(MARKS))
            yield from section(_("Filter"), said(FILTERS))
            yield from section(
                _("Fields of the filter"), (*FIELDS, *(OF_SEVERAL if self._of_several else ()))
            )
            for each in section(_("Limits, under t"), ((each.name, _(each.why)) for each in TUNABLES)):
                each.add_class("named")
                yield each
            if self._limitations:
                yield from section(_("Not visible here"), map(hidden, self._limitations))


def named(risk: Risk) -> str:
    """As it is drawn; where that is another language's word, with the one that filters take."""
    shown = wording.risk_word(risk)
    return shown if shown.endswith(risk.value) else f"{shown} {risk.value}"


def drawn(words: str, policy: Policy) -> str:
    """A meaning, with where the lines are drawn."""
    return _(
        words,
        imminent=wording.limit_words(policy.imminent_below),
        watch=wording.limit_words(policy.watch_below),
    )


def section(title: str, rows: Iterable[tuple[str, str | Content]]) -> Iterable[Widget]:
    yield Label(title, classes="title")
    for left, right in rows:
        yield Entry(left, Content(right) if isinstance(right, str) else right)


def hidden(limitation: Limitation) -> tuple[str, Content]:
    """What is lost, why, and what would show it."""
    parts: list[str | tuple[str, str]] = [plain(_(limitation.why), 300)]
    if limitation.grant:
        parts.append((plain(_(limitation.grant), 300), "$text-accent"))
    return plain(_(limitation.what), 300), paragraphs(*parts)
