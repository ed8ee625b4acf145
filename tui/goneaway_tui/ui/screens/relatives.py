"""Servers that belong together, as they say themselves: to be looked at, marked, and watched too once that is confirmed.

Nobody is connected to for it: those who speak are watched already.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen

from goneaway_tui.errors import SourceError
from goneaway_tui.judge.kinship import Proposal, Witness, proposals
from goneaway_tui.language import _, marked, ngettext
from goneaway_tui.model.hostname import looked_up
from goneaway_tui.model.plain import plain
from goneaway_tui.model.relative import Kin, Relation
from goneaway_tui.ui.columns import WIDE, Column
from goneaway_tui.ui.messages import PollBroke, RowChosen
from goneaway_tui.ui.screens.confirm import ConfirmScreen
from goneaway_tui.ui.watched import Watched
from goneaway_tui.ui.widgets.keys import Keys
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Static

AT_ONCE = 16
"""How many servers are asked at the same time."""
LACKS_SHOWN = 6
RELATIONS: Mapping[Relation, str] = {
    Relation.SOURCE: marked("source of {name}"),
    Relation.REPLICA: marked("replica of {name}"),
    Relation.READER: marked("reads the binary log of {name}"),
    Relation.MEMBER: marked("in a replication group with {name}"),
    Relation.NODE: marked("in a Galera cluster with {name}"),
    Relation.INSTANCE: marked("in an Aurora cluster with {name}"),
}


def place(proposal: Proposal) -> str:
    """Where it is; with the name that is looked up, where that is another than the one it is said to have."""
    if not proposal.host:
        return _("not told")
    host = f"[{proposal.host}]" if ":" in proposal.host else proposal.host
    shown = plain(f"{host}:{proposal.port}", 300)
    resolved = looked_up(proposal.host)
    return f"{shown} ({resolved})" if resolved else shown


def relation(proposal: Proposal) -> str:
    each = (_(RELATIONS[saying.relative.relation], name=plain(saying.by, 60)) for saying in proposal.sayings)
    return ", ".join(dict.fromkeys(each))


def remark(proposal: Proposal) -> str:
    """What the address is worth, and who tells it."""
    said = [_("already watched as {name}", name=plain(proposal.watched, 60))] if proposal.watched else []
    if proposal.instead_of:
        said.append(
            _(
                "{name} says {host}, which is its own machine",
                name=plain(proposal.by, 60),
                host=plain(proposal.instead_of, 60),
            )
        )
    if resolved := looked_up(proposal.host):
        said.append(_("the host name is not ASCII and is looked up as {name}", name=resolved))
    if proposal.host and not proposal.is_port_told:
        said.append(_("no port is told: it is that of {name}", name=plain(proposal.by, 60)))
    said += [_(saying.relative.note) for saying in proposal.sayings if saying.relative.note]
    names = dict.fromkeys(saying.relative.said_by for saying in proposal.sayings)
    return plain("; ".join([*dict.fromkeys(said), _("by {statements}", statements=", ".join(names))]), 500)


COLUMNS: tuple[Column[Proposal], ...] = (
    Column("place", marked("Server"), lambda p, *_: place(p), place, 16, 40, 0, tinted=True),
    Column("relation", marked("Is"), lambda p, *_: relation(p), relation, 18, 46, 0),
    Column("remark", marked("Remark"), lambda p, *_: remark(p), remark, 20, WIDE, 1),
)


@dataclass
class Told(Message):
    """One server has said what it says of others, or why it does not."""

    name: str
    kin: Kin
    trouble: str = ""


class RelativesScreen(Screen[tuple[Proposal, ...] | None]):
    """Answers with those that shall be watched too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,r,q", "dismiss(None)", "back", id="relatives.back"),
    ]

    rows: query_one[LineTable[Proposal]] = query_one("#relatives", LineTable)

    def __init__(self, watched: Sequence[Watched]) -> None:
        """`watched`: those that can be asked."""
        super().__init__()
        self._watched = tuple(watched)
        self._told: dict[str, Told] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield LineTable(COLUMNS, key_of, lambda p: "lines--quiet" if not p.is_open else "", id="relatives")
        yield Static(id="remark")
        yield Static(id="lacks")
        yield Keys()

    def on_mount(self) -> None:
        self.rows.focus()
        self.watch(self.rows, "cursor_key", self._remark, init=False)
        self._draw()
        left = list(self._watched)
        for _number in range(min(AT_ONCE, len(left))):
            threading.Thread(target=self._ask, args=(left,), name="relatives", daemon=True).start()

    def _ask(self, left: list[Watched]) -> None:
        """Some of them, one after the other; whoever is asked answers within the bounds of a poll."""
        while True:
            try:
                each = left.pop()
            except IndexError:
                return
            assert each.relatives is not None  # noqa: S101 - nobody else is asked
            try:
                told = Told(each.name, each.relatives())
            except SourceError as error:
                told = Told(each.name, Kin(), error.line)
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                self.app.post_message(PollBroke(error))
                return
            self.post_message(told)

    @on(Told)
    def _take(self, told: Told) -> None:
        self._told[told.name] = told
        self._draw()

    def _draw(self) -> None:
        witnesses = [
            Witness(each.name, None if each.newest is None else each.newest.sample.server, told.kin)
            for each in self._watched
            if (told := self._told.get(each.name, Told(each.name, Kin())))
        ]
        found = proposals(witnesses)
        self.rows.show(found, 0.0)
        title = _("servers that belong together, as they say themselves")
        self.query_one("#totals", Static).update(Content.assemble((f"{title}  ", "bold"), self._state(found)))
        lacks = self.query_one("#lacks", Static)
        lacks.update(Content("\n").join(self._lacks()))
        lacks.display = any(each.trouble or each.kin.limitations for each in self._told.values())
        self._remark()

    def _remark(self) -> None:
        """All of it, for the row under the cursor: the column may cut it off."""
        under = self.rows.cursor_row
        line = self.query_one("#remark", Static)
        line.update(Content("" if under is None else remark(under)))
        line.display = under is not None

    def _state(self, found: Sequence[Proposal]) -> str:
        waited = len(self._watched) - len(self._told)
        if waited:
            return ngettext("{number} has not answered yet", "{number} have not answered yet", waited)
        if not found:
            return _("none names another")
        return _("space marks, enter proposes to watch")

    def _lacks(self) -> list[Content]:
        """Who could not be asked for what."""
        lines = []
        for told in self._told.values():
            name = plain(told.name, 60)
            if told.trouble:
                lines.append(f"✖ {name}: {plain(told.trouble, 300)}")
            for each in told.kin.limitations:
                grant = f": {plain(each.grant, 300)}" if each.grant else ""
                lines.append(f"! {name}: {_(each.what)}: {_(each.why)}{grant}")
        more = len(lines) - LACKS_SHOWN
        shown = lines if more <= 0 else [*lines[: LACKS_SHOWN - 1], _("and {number} more", number=more + 1)]
        return [Content.styled(line, "$text-warning") for line in shown]

    @on(RowChosen)
    def _propose(self) -> None:
        """Those that are marked, else the one under the cursor."""
        under = self.rows.cursor_row
        marked_ones = [each for each in self.rows.rows if key_of(each) in self.rows.marks]
        wanted = tuple(each for each in marked_ones or ([under] if under is not None else []) if each.is_open)
        if not wanted:
            words = (
                _("It is watched already.")
                if under is not None and under.watched
                else _("Its address is not told.")
            )
            self.notify(words, severity="warning")
            return

        def confirmed(yes: bool | None) -> None:  # noqa: FBT001 - the dialog answers with it
            if yes:
                self.dismiss(wanted)

        title = ngettext("watch {number} more server", "watch {number} more servers", len(wanted))
        self.app.push_screen(ConfirmScreen(title, lines_of(wanted), _("Watch")), confirmed)


def lines_of(wanted: Sequence[Proposal]) -> list[str]:
    """What is about to happen, and what may go wrong with it."""
    opens = [
        _(
            "opens  {place}  by the account and the options of {name}",
            place=place(each),
            name=plain(each.by, 60),
        )
        for each in wanted
    ]
    return [
        *opens,
        "",
        _("The account logs in there with its password: go on where you know these addresses."),
        _("Nothing is changed on any server; the board is laid anew around all of them."),
    ]


def key_of(proposal: Proposal) -> tuple[object, ...]:
    return (proposal.host, proposal.port, proposal.sayings if not proposal.host else ())
