"""Topology: the servers that other servers name, put together into one proposal for each; and the proxies before a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Pattern, PatternKind, PatternScope
from goneaway_tui.model.server import (
    Server,
    ServerTopology,
    TopologyMember,
    TopologyRelation,
    is_loopback,
)
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain

STANDARD_PORT = 3306


@dataclass(frozen=True, slots=True)
class TopologyReport:
    """A watched server, and the other servers that it names."""

    name: str
    """The watched server's name in this program."""
    server: Server | None
    """As it was read last; None where it was never read."""
    topology: ServerTopology


@dataclass(frozen=True, slots=True)
class TopologyStatement:
    """One watched server's statement about another server."""

    server_name: str
    """The name of the watched server that makes it."""
    member: TopologyMember


@dataclass(frozen=True, slots=True)
class ProposedServer:
    """A server that could be watched, and the statements that name it. No connection to it was tried."""

    host: str
    """Empty where no server reports it."""
    port: int
    statements: tuple[TopologyStatement, ...]
    is_port_reported: bool = True
    """False: the port is that of the server that names it."""
    loopback_host: str = ""
    """The loopback address that was reported; `host` is then the host of the server that reported it."""
    watched_as: str = ""
    """The name under which it is watched already; else empty."""

    @property
    def server_name(self) -> str:
        """The watched server whose account a connection would use."""
        return self.statements[0].server_name

    @property
    def is_proposable(self) -> bool:
        """Whether it has an address and is not watched already."""
        return bool(self.host) and not self.watched_as


def proposed_servers(reports: Sequence[TopologyReport]) -> tuple[ProposedServer, ...]:
    """One proposal for each server that is named, in the order they were named; those watched already are marked.

    A server is recognised by its uuid, by its address, or by a `server_id` that only one watched server has. Two names of one
    address cannot be recognised as one server: nothing is looked up, not even the address of a name.
    """
    watched = _WatchedServers(reports)
    proposals: dict[object, ProposedServer] = {}
    for report in reports:
        for member in report.topology.members:
            proposal = _proposed(report, member)
            proposal = replace(proposal, watched_as=watched.name_of(proposal, member))
            key: object = proposal.watched_as or (proposal.host.casefold(), proposal.port)
            if not proposal.host and not proposal.watched_as:
                key = (report.name, member)
            before = proposals.get(key)
            proposals[key] = proposal if before is None else _with_statements(before, proposal.statements)
    return tuple(proposals.values())


def _with_statements(proposal: ProposedServer, more: Sequence[TopologyStatement]) -> ProposedServer:
    new = (statement for statement in more if statement not in proposal.statements)
    return replace(proposal, statements=(*proposal.statements, *new))


class _WatchedServers:
    """The watched servers, by what others may call them."""

    def __init__(self, reports: Iterable[TopologyReport]) -> None:
        self._by_uid: dict[str, str] = {}
        self._by_address: dict[tuple[str, int], str] = {}
        self._by_server_id: dict[int, str] = {}
        number = Counter(report.topology.server_id for report in reports)
        for report in reports:
            server_id, server = report.topology.server_id, report.server
            if server_id is not None and number[server_id] == 1:
                self._by_server_id[server_id] = report.name
            if server is not None:
                if server.uid:
                    self._by_uid[server.uid.lower()] = report.name
                if server.host and server.port:
                    self._by_address[server.host.casefold(), server.port] = report.name

    def name_of(self, proposal: ProposedServer, member: TopologyMember) -> str:
        """The name of the watched server that is meant; empty where none is: by uuid, else by address, else by server_id."""
        if member.uid in self._by_uid:
            return self._by_uid[member.uid or ""]
        name = self._by_address.get((proposal.host.casefold(), proposal.port), "")
        if name or member.relation not in REPLICATION:
            return name
        return self._by_server_id.get(member.server_id or 0, "")


REPLICATION = frozenset({TopologyRelation.SOURCE, TopologyRelation.REPLICA})
"""Relations between servers whose `server_id` must differ, or replication would refuse."""


def _proposed(report: TopologyReport, member: TopologyMember) -> ProposedServer:
    """The address to connect to: a loopback address that a server reports is that server's own host."""
    server = report.server
    host, loopback_host = member.host, ""
    server_host = server.host if server is not None and server.port is not None else None
    if server_host and host and is_loopback(host) and not is_loopback(server_host):
        host, loopback_host = server_host, host
    port = member.port or (server.port if server is not None else None) or STANDARD_PORT
    statement = TopologyStatement(report.name, member)
    return ProposedServer(host, port, (statement,), member.port is not None, loopback_host)


PROXY_BY_PROGRAM = {"proxysql": "ProxySQL", "proxysql_monitor": "ProxySQL", "proxysql_killer": "ProxySQL"}
"""The proxy by the `program_name` of its sessions."""
PROXY_BY_USER = {"rdsproxyadmin": "RDS Proxy"}
"""The proxy by the user of its sessions; only users that an administrator cannot choose."""
MIN_SESSIONS = 10
"""Sessions below which a common address is not reported."""
MIN_ACCOUNTS = 3
"""Accounts at one address below which it may be one program's."""
LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1"})
"""The addresses of clients on the server's own machine."""


def proxy_named_by(session: Session) -> str:
    """The proxy that a session belongs to, by its program or user; empty where neither shows one.

    >>> from goneaway_tui.model.session import ProcesslistId
    >>> proxy_named_by(Session(ProcesslistId(1), "shop", "10.0.0.9:5123", None, "Sleep", program="proxysql"))
    'ProxySQL'
    """
    return PROXY_BY_PROGRAM.get(session.program or "", "") or PROXY_BY_USER.get(session.user, "")


def sessions_behind_proxies(snapshot: Snapshot) -> Iterator[Pattern]:
    """One pattern for each address that is, or may be, the address of a proxy."""
    clients = [v.session for v in snapshot.verdicts if v.session.is_client]
    by_host: dict[str, list[Session]] = {}
    for session in clients:
        by_host.setdefault(session.client_host, []).append(session)
    for host, sessions in by_host.items():
        names = [name for session in sessions if (name := proxy_named_by(session))]
        if names:
            yield _proxy_pattern(host, sessions, len(clients), Certainty.LIKELY, [*_proxy_sentences(names)])
        elif _is_only_host(host, sessions, len(clients)):
            doubt = _("one application server that uses all these accounts gives the same picture")
            yield _proxy_pattern(host, sessions, len(clients), Certainty.POSSIBLE, [doubt])


def _is_only_host(host: str, sessions: Sequence[Session], clients: int) -> bool:
    """Whether all client sessions come from `host`, and are of several accounts."""
    accounts = {session.user for session in sessions}
    return (
        len(sessions) == clients >= MIN_SESSIONS and host not in LOCAL_HOSTS and len(accounts) >= MIN_ACCOUNTS
    )


def _proxy_sentences(names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        yield ngettext(
            "{number} session has the program or user name of {name}",
            "{number} sessions have the program or user name of {name}",
            names.count(name),
            name=name,
        )


def _proxy_pattern(
    host: str, sessions: Sequence[Session], clients: int, certainty: Certainty, basis: Sequence[str]
) -> Pattern:
    """`clients`: how many client sessions there are from all addresses. `basis`: why this is a proxy, a sentence each."""
    address = plain(host, 60) or _("an unknown address")
    accounts = len({session.user for session in sessions})
    share = _(
        "{here} of {number} client sessions come from there", here=f"{len(sessions):,}", number=f"{clients:,}"
    )
    account_words = ngettext("they use {number} account", "they use {number} accounts", accounts)
    title = (
        _("{host} is the address of a proxy, according to its sessions", host=address)
        if certainty is Certainty.LIKELY
        else _("{host} may be the address of a proxy: every client session comes from it", host=address)
    )
    return Pattern(
        PatternKind.PROXIED,
        title,
        certainty,
        (*basis, share, account_words),
        (
            _(
                "The server does not see the clients behind the proxy. Ask the proxy which client has a session id."
            ),
            _(
                "The proxy has idle limits of its own, towards its clients and towards this server. Check both."
            ),
        ),
        tuple(sorted(session.id for session in sessions)),
        PatternScope(host=host),
    )
