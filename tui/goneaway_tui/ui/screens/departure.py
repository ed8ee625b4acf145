"""One session that left: why, how that is known, and what it was."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from goneaway_tui.export.instants import instant
from goneaway_tui.language import _
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.plain import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.copying import Piece, of_departure
from goneaway_tui.ui.screens.session import attributes, statement
from goneaway_tui.ui.widgets.entry import Entry, paragraphs
from goneaway_tui.ui.widgets.plain_text import Static, heading


class DepartureScreen(ModalScreen[None]):
    """The evidence, a line each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "back", id="departure.back"),
        Binding("y", "app.copy", "copy", id="app.copy"),
    ]

    def __init__(self, departure: Departure) -> None:
        super().__init__()
        self._departure = departure

    def compose(self) -> ComposeResult:
        departure, verdict = self._departure, self._departure.verdict
        session = verdict.session
        with VerticalScroll(classes="dialog wide", id="departure") as dialog:
            dialog.border_title = heading(_("session {id} left", id=session.id))
            dialog.border_subtitle = heading(_("esc back"))
            yield Entry(
                "cause",
                Content.assemble(
                    (departure.cause.value, "bold"), f"   {wording.certainty_word(departure.certainty)}"
                ),
            )
            yield Entry("because", paragraphs(*(plain(each, 600) for each in departure.evidence)))
            yield Entry(
                "left",
                Content(
                    _(
                        "{instant}, give or take {seconds:.2g} s",
                        instant=instant(departure.at),
                        seconds=departure.within,
                    )
                ),
            )
            if verdict.deadline is not None:
                yield Entry("foretold", Content(foretold(departure)))
            if verdict.limit is not None:
                limit = verdict.limit
                words = f"{wording.limit_in_full(limit)}  {limit.variable}, {wording.basis_word(limit.basis)}"
                yield Entry("limit", paragraphs(words, (_(limit.why), "$foreground-muted")))
            yield Entry("idle", Content(wording.idle(verdict, departure.at)))
            yield Entry("user", Content(plain(session.user, 200)))
            yield Entry("client", Content(plain(session.host, 200)))
            yield Entry("program", Content(wording.program(session) or _("not told")))
            yield Entry("at stake", Content(wording.stake(session) or _("no open transaction was seen")))
            yield Static(statement(session))
            yield Static(attributes(session))

    def copies(self) -> list[Piece]:
        return of_departure(self._departure)


def foretold(departure: Departure) -> str:
    """The deadline that stood on the board, and how far off it was."""
    deadline = departure.verdict.deadline
    if deadline is None:
        return ""
    early = deadline - departure.at
    if early > departure.within:
        return _(
            "{instant}: it left {early} before that", instant=instant(deadline), early=wording.clock(early)
        )
    return instant(deadline)
