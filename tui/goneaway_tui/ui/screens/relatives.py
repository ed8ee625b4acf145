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
from goneaway_tui.i18n import _, marked, ngettext
from goneaway_tui.judge.topology import ProposedServer, TopologyReport, proposed_servers
from goneaway_tui.model.server import ServerTopology, TopologyRelation
from goneaway_tui.monitor.server_monitor import ServerMonitor
from goneaway_tui.text.sanitize import display_hostname, plain
from goneaway_tui.ui.columns import WIDE, Column
from goneaway_tui.ui.messages import PollFault, RowChosen
from goneaway_tui.ui.screens.dialogs import ConfirmScreen
from goneaway_tui.ui.widgets.keys import KeyFooter
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Static

AT_ONCE = 16
"""How many servers are asked at the same time."""
LACKS_SHOWN = 6
RELATIONS: Mapping[TopologyRelation, str] = {
    TopologyRelation.SOURCE: marked("source of {name}"),
    TopologyRelation.REPLICA: marked("replica of {name}"),
    TopologyRelation.READER: marked("reads the binary log of {name}"),
    TopologyRelation.MEMBER: marked("in a replication group with {name}"),
    TopologyRelation.NODE: marked("in a Galera cluster with {name}"),
    TopologyRelation.INSTANCE: marked("in an Aurora cluster with {name}"),
}


def server_address(proposal: ProposedServer) -> str:
    """Where it is; with the name that is looked up, where that is another than the one it is said to have."""
    if not proposal.host:
        return _("not told")
    host = f"[{proposal.host}]" if ":" in proposal.host else proposal.host
    shown = plain(f"{host}:{proposal.port}", 300)
    resolved = display_hostname(proposal.host)
    return f"{shown} ({resolved})" if resolved else shown


def relation(proposal: ProposedServer) -> str:
    each = (_(RELATIONS[saying.relative.relation], name=plain(saying.by, 60)) for saying in proposal.sayings)
    return ", ".join(dict.fromkeys(each))


def proposal_remark(proposal: ProposedServer) -> str:
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
    if resolved := display_hostname(proposal.host):
        said.append(_("the host name is not ASCII and is looked up as {name}", name=resolved))
    if proposal.host and not proposal.is_port_told:
        said.append(_("no port is told: it is that of {name}", name=plain(proposal.by, 60)))
    said += [_(saying.relative.note) for saying in proposal.sayings if saying.relative.note]
    names = dict.fromkeys(saying.relative.said_by for saying in proposal.sayings)
    return plain("; ".join([*dict.fromkeys(said), _("by {statements}", statements=", ".join(names))]), 500)


COLUMNS: tuple[Column[ProposedServer], ...] = (
    Column(
        "place", marked("Server"), lambda p, *_: server_address(p), server_address, 16, 40, 0, tinted=True
    ),
    Column("relation", marked("Is"), lambda p, *_: relation(p), relation, 18, 46, 0),
    Column("remark", marked("Remark"), lambda p, *_: proposal_remark(p), proposal_remark, 20, WIDE, 1),
)


@dataclass
class TopologyAnswered(Message):
    """One server has said what it says of others, or why it does not."""

    name: str
    kin: ServerTopology
    trouble: str = ""


class TopologyScreen(Screen[tuple[ProposedServer, ...] | None]):
    """Answers with those that shall be watched too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,r,q", "dismiss(None)", "back", id="relatives.back"),
    ]

    rows: query_one[LineTable[ProposedServer]] = query_one("#relatives", LineTable)

    def __init__(self, watched: Sequence[ServerMonitor]) -> None:
        """`watched`: those that can be asked."""
        super().__init__()
        self._watched = tuple(watched)
        self._told: dict[str, TopologyAnswered] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield LineTable(COLUMNS, key_of, lambda p: "lines--quiet" if not p.is_open else "", id="relatives")
        yield Static(id="remark")
        yield Static(id="lacks")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.rows.focus()
        self.watch(self.rows, "cursor_key", self._remark, init=False)
        self._draw()
        left = list(self._watched)
        for _number in range(min(AT_ONCE, len(left))):
            threading.Thread(target=self._ask, args=(left,), name="relatives", daemon=True).start()

    def _ask(self, left: list[ServerMonitor]) -> None:
        """Some of them, one after the other; whoever is asked answers within the bounds of a poll."""
        while True:
            try:
                each = left.pop()
            except IndexError:
                return
            ask = each.spec.relatives
            assert ask is not None  # noqa: S101 - nobody else is asked
            try:
                told = TopologyAnswered(each.name, ask())
            except SourceError as error:
                told = TopologyAnswered(each.name, ServerTopology(), error.line)
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                self.app.post_message(PollFault(error))
                return
            self.post_message(told)

    @on(TopologyAnswered)
    def _take(self, told: TopologyAnswered) -> None:
        self._told[told.name] = told
        self._draw()

    def _draw(self) -> None:
        witnesses = [
            TopologyReport(each.name, None if each.newest is None else each.newest.sample.server, told.kin)
            for each in self._watched
            if (told := self._told.get(each.name, TopologyAnswered(each.name, ServerTopology())))
        ]
        found = proposed_servers(witnesses)
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
        line.update(Content("" if under is None else proposal_remark(under)))
        line.display = under is not None

    def _state(self, found: Sequence[ProposedServer]) -> str:
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


def lines_of(wanted: Sequence[ProposedServer]) -> list[str]:
    """What is about to happen, and what may go wrong with it."""
    opens = [
        _(
            "opens  {place}  by the account and the options of {name}",
            place=server_address(each),
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


def key_of(proposal: ProposedServer) -> tuple[object, ...]:
    return (proposal.host, proposal.port, proposal.sayings if not proposal.host else ())
