"""The topology screen: replicas, sources and group members that the watched servers report, to watch them too.

Opening it connects to no new server: it queries only the watched servers. A server is added only after a confirmation.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.screen import Screen

from goneaway_tui.errors import GoneawayError, SourceError
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.topology import ProposedServer, TopologyReport, proposed_servers
from goneaway_tui.model.server import ServerTopology, TopologyRelation
from goneaway_tui.monitor.server_monitor import MonitorSpec, ServerMonitor
from goneaway_tui.text.sanitize import display_hostname, plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import MonitorApp, run_in_thread
from goneaway_tui.ui.columns import UNBOUNDED, Column
from goneaway_tui.ui.messages import PollFault, RowChosen
from goneaway_tui.ui.screens.dialogs import ConfirmScreen
from goneaway_tui.ui.screens.help import HelpScreen, help_rows
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import KeyFooter, Static

KEYS = (
    (N_("arrows page home end"), N_("Move the cursor")),
    ("space", N_("Mark a server")),
    ("enter", N_("Watch the marked servers too, or the one under the cursor")),
    ("esc, r, q", N_("Return to the board")),
)
MAX_PARALLEL = 16
"""Servers that are queried at the same time."""
MAX_PROBLEMS = 6
"""Lines about problems at most."""
RELATIONS: Mapping[TopologyRelation, str] = {
    TopologyRelation.SOURCE: N_("source of {name}"),
    TopologyRelation.REPLICA: N_("replica of {name}"),
    TopologyRelation.READER: N_("reads the binary log of {name}"),
    TopologyRelation.MEMBER: N_("in a replication group with {name}"),
    TopologyRelation.NODE: N_("in a Galera cluster with {name}"),
    TopologyRelation.INSTANCE: N_("in an Aurora cluster with {name}"),
}


def server_address(proposal: ProposedServer) -> str:
    """Host and port; if the host is not ASCII, also the name for DNS."""
    if not proposal.host:
        return _("not reported")
    host = f"[{proposal.host}]" if ":" in proposal.host else proposal.host
    shown = plain(f"{host}:{proposal.port}", 300)
    resolved = display_hostname(proposal.host)
    return f"{shown} ({resolved})" if resolved else shown


def relation_words(proposal: ProposedServer) -> str:
    """The relation of the server to those that report it: `replica of db1, replica of db2`."""
    relations = (
        _(RELATIONS[statement.member.relation], name=plain(statement.server_name, 60))
        for statement in proposal.statements
    )
    return _(", ").join(dict.fromkeys(relations))


def proposal_remark(proposal: ProposedServer) -> str:
    """How reliable the address is, and which statements report it."""
    remarks = (
        [_("already monitored as {name}", name=plain(proposal.watched_as, 60))] if proposal.watched_as else []
    )
    if proposal.loopback_host:
        remarks.append(
            _(
                "{name} reports {host}, which is its own machine",
                name=plain(proposal.server_name, 60),
                host=plain(proposal.loopback_host, 60),
            )
        )
    if resolved := display_hostname(proposal.host):
        remarks.append(_("the host name is not ASCII and is resolved as {name}", name=resolved))
    if proposal.host and not proposal.is_port_reported:
        remarks.append(
            _("no port reported: the port of {name} is used", name=plain(proposal.server_name, 60))
        )
    remarks += [_(statement.member.note) for statement in proposal.statements if statement.member.note]
    statements = dict.fromkeys(statement.member.reported_by for statement in proposal.statements)
    return plain(
        _("; ").join([*dict.fromkeys(remarks), _("from {statements}", statements=", ".join(statements))]), 500
    )


COLUMNS: tuple[Column[ProposedServer], ...] = (
    Column(
        "address",
        N_("Server"),
        lambda p, *_: server_address(p),
        server_address,
        min_width=16,
        max_width=40,
        rank=0,
        tinted=True,
    ),
    Column(
        "relation",
        N_("Relation"),
        lambda p, *_: relation_words(p),
        relation_words,
        min_width=18,
        max_width=46,
        rank=0,
    ),
    Column(
        "remark",
        N_("Remark"),
        lambda p, *_: proposal_remark(p),
        proposal_remark,
        min_width=20,
        max_width=UNBOUNDED,
        rank=1,
    ),
)


@dataclass(frozen=True, slots=True)
class TopologyAnswer:
    """The topology that one server reports, or why it reports none."""

    server_name: str
    topology: ServerTopology
    trouble: str = ""


class TopologyScreen(Screen[tuple[ProposedServer, ...] | None]):
    """Lists the servers that the watched servers report, and answers with those to watch too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", key_display="?", id="relatives.help"),
        Binding("escape,r,q", "dismiss(None)", "back", id="relatives.back"),
    ]

    rows: query_one[LineTable[ProposedServer]] = query_one("#relatives", LineTable)

    def __init__(self, servers: Sequence[ServerMonitor]) -> None:
        """`servers`: the watched servers that can report a topology."""
        super().__init__()
        self._servers = tuple(servers)
        self._answers: dict[str, TopologyAnswer] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield LineTable(
            COLUMNS,
            proposal_key,
            lambda p: "lines--quiet" if not p.is_proposable else "",
            id="relatives",
            can_mark=True,
        )
        yield Static(id="remark")
        yield Static(id="lacks")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.rows.focus()
        self.watch(self.rows, "cursor_key", self._draw_remark, init=False)
        self._draw()
        waiting = list(self._servers)
        for _number in range(min(MAX_PARALLEL, len(waiting))):
            self._ask_servers(waiting)

    @work
    async def _ask_servers(self, waiting: list[ServerMonitor]) -> None:
        """Take servers from `waiting` and query them, one after the other; each query ends within the timeout of a poll."""
        while waiting:
            server = waiting.pop()
            read_topology = server.spec.read_topology
            assert read_topology is not None  # noqa: S101 - the screen gets only such servers
            try:
                topology = await run_in_thread(read_topology, "topology")
                answer = TopologyAnswer(server.name, topology)
            except SourceError as error:
                answer = TopologyAnswer(server.name, ServerTopology(), error.line)
            self._answers[server.name] = answer
            self._draw()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words(), page="servers"))

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(KEYS)

    def _draw(self) -> None:
        proposals = proposed_servers([self._report(server) for server in self._servers])
        self.rows.show(proposals, 0.0)
        title = _("topology, as the servers report it")
        totals = Content.assemble((f"{title}  ", "bold"), self._state_words(proposals))
        self.query_one("#totals", Static).update(totals)
        lacks = self.query_one("#lacks", Static)
        lacks.update(Content("\n").join(self._problem_lines()))
        lacks.display = any(
            answer.trouble or answer.topology.limitations for answer in self._answers.values()
        )
        self._draw_remark()

    def _report(self, server: ServerMonitor) -> TopologyReport:
        """What one server has reported so far."""
        answer = self._answers.get(server.name)
        return TopologyReport(
            server.name,
            None if server.newest is None else server.newest.sample.server,
            ServerTopology() if answer is None else answer.topology,
        )

    def _draw_remark(self) -> None:
        """Show the whole remark of the row under the cursor, which its column may cut."""
        proposal = self.rows.cursor_row
        line = self.query_one("#remark", Static)
        line.update(Content("" if proposal is None else proposal_remark(proposal)))
        line.display = proposal is not None

    def _state_words(self, proposals: Sequence[ProposedServer]) -> str:
        waiting = len(self._servers) - len(self._answers)
        if waiting:
            return ngettext("waiting for {number} server", "waiting for {number} servers", waiting)
        if not proposals:
            return _("no server reports another server")
        return _("space mark  enter monitor")

    def _problem_lines(self) -> list[Content]:
        """The failed queries, and what the accounts may not read; at most `MAX_PROBLEMS` lines."""
        lines = []
        for answer in self._answers.values():
            name = plain(answer.server_name, 60)
            if answer.trouble:
                lines.append(f"✖ {wording.labelled(name, plain(answer.trouble, 300))}")
            for limitation in answer.topology.limitations:
                parts = (name, _(limitation.what), _(limitation.why), plain(limitation.grant or "", 300))
                lines.append(f"! {wording.labelled(*parts)}")
        further = len(lines) - MAX_PROBLEMS
        if further > 0:
            lines = [*lines[: MAX_PROBLEMS - 1], _("and {number} more", number=further + 1)]
        return [Content.styled(line, "$text-warning") for line in lines]

    @on(RowChosen)
    def _propose(self) -> None:
        """Ask whether to watch the marked servers; without marks, the server under the cursor."""
        current = self.rows.cursor_row
        chosen = [proposal for proposal in self.rows.rows if proposal_key(proposal) in self.rows.marks]
        if not chosen and current is not None:
            chosen = [current]
        proposable = tuple(proposal for proposal in chosen if proposal.is_proposable)
        if not proposable:
            is_watched = current is not None and current.watched_as
            words = (
                _("This server is already monitored.")
                if is_watched
                else _("The address of this server is not reported.")
            )
            self.notify(words, severity="warning")
            return

        def confirmed(is_confirmed: bool | None) -> None:  # noqa: FBT001 - the dialog answers with it
            if is_confirmed:
                self.dismiss(proposable)

        title = ngettext("monitor {number} more server", "monitor {number} more servers", len(proposable))
        self.app.push_screen(ConfirmScreen(title, confirmation_lines(proposable), _("Monitor")), confirmed)


def confirmation_lines(proposals: Sequence[ProposedServer]) -> list[str]:
    """The connections that would be opened, with their accounts, and a warning."""
    connections = [
        _(
            "opens  {place}  with the account and options of {name}",
            place=server_address(proposal),
            name=plain(proposal.server_name, 60),
        )
        for proposal in proposals
    ]
    return [
        *connections,
        "",
        _("The account logs in to these servers with its password. Continue only if you know the addresses."),
        _("No server is changed. The board will show all servers."),
    ]


def proposal_key(proposal: ProposedServer) -> tuple[object, ...]:
    """The key of a row: its address; without a reported address, the statements that report it."""
    return (proposal.host, proposal.port, proposal.statements if not proposal.host else ())


class TopologyController:
    """Runs the topology key."""

    def __init__(self, app: MonitorApp) -> None:
        self._app = app

    def open(self, monitors: Sequence[ServerMonitor]) -> None:
        """Query the servers that can report a topology, and add the servers that the user chooses."""
        reporting = [monitor for monitor in monitors if monitor.spec.read_topology is not None]
        if not reporting:
            self._app.notify(_("No monitored server can report its topology."), severity="warning")
            return
        by_name = {monitor.name: monitor for monitor in reporting}

        def chosen(proposals: tuple[ProposedServer, ...] | None) -> None:
            if proposals:
                threading.Thread(
                    target=self._add, args=(by_name, proposals), name="add servers", daemon=True
                ).start()

        self._app.push_screen(TopologyScreen(reporting), chosen)

    def _add(self, by_name: dict[str, ServerMonitor], proposals: Sequence[ProposedServer]) -> None:
        """Add servers. Called in a thread: a connection may need an SSH tunnel."""
        app = self._app
        specs: list[MonitorSpec] = []
        for proposal in proposals:
            reporter = by_name.get(proposal.server_name)
            if reporter is None or reporter.spec.spec_for_host is None:
                continue
            try:
                specs.append(reporter.spec.spec_for_host(proposal.host, proposal.port))
            except GoneawayError as error:
                words = plain(error.line, 400)
                app.call_from_thread(app.notify, words, severity="error", timeout=20, markup=False)
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                app.post_message(PollFault(error))
        if specs:
            app.call_from_thread(app.add_servers, specs)
