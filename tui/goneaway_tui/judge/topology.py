"""Who belongs with whom: what several servers say of others, put together into one proposal for each place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Pattern, PatternKind, PatternScope
from goneaway_tui.model.server import Server, ServerTopology, TopologyMember, TopologyRelation, is_loopback
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain

STANDARD_PORT = 3306


@dataclass(frozen=True, slots=True)
class TopologyReport:
    """A server that is watched, and what it says of others."""

    name: str
    """What it is called here."""
    server: Server | None
    """As it was read last; None where it never was."""
    topology: ServerTopology


@dataclass(frozen=True, slots=True)
class TopologyStatement:
    """What one server says of a place."""

    server_name: str
    """Its name here."""
    member: TopologyMember


@dataclass(frozen=True, slots=True)
class ProposedServer:
    """One place that could be watched, and who says so. Nobody has been there."""

    host: str
    """Empty where nobody tells it."""
    port: int
    statements: tuple[TopologyStatement, ...]
    is_port_reported: bool = True
    """Otherwise it is that of the server that speaks."""
    loopback_host: str = ""
    """The loopback address that was said, where the host is that of the server who said it."""
    watched_as: str = ""
    """The name it is watched by already."""

    @property
    def server_name(self) -> str:
        """Whose account it would be visited with."""
        return self.statements[0].server_name

    @property
    def is_proposable(self) -> bool:
        """It can be proposed."""
        return bool(self.host) and not self.watched_as


def proposed_servers(reports: Sequence[TopologyReport]) -> tuple[ProposedServer, ...]:
    """One for each place, in the order they were named; those that are watched already are told as such.

    A server is known again by its uuid, by its address, or by a `server_id` that only one of the watched has. Two
    names of one address cannot be told to be one: nobody is asked, not even for the address of a name.
    """
    known = _WatchedServers(reports)
    found: dict[object, ProposedServer] = {}
    for witness in reports:
        for relative in witness.topology.members:
            proposal = _proposed(witness, relative)
            proposal = replace(proposal, watched_as=known.name_of(proposal, relative))
            key: object = proposal.watched_as or (proposal.host.casefold(), proposal.port)
            if not proposal.host and not proposal.watched_as:
                key = (witness.name, relative)
            before = found.get(key)
            found[key] = (
                proposal
                if before is None
                else replace(
                    before,
                    statements=(
                        *before.statements,
                        *(s for s in proposal.statements if s not in before.statements),
                    ),
                )
            )
    return tuple(found.values())


class _WatchedServers:
    """The servers that are watched."""

    def __init__(self, witnesses: Iterable[TopologyReport]) -> None:
        self._uids: dict[str, str] = {}
        self._places: dict[tuple[str, int], str] = {}
        self._numbers: dict[int, str] = {}
        counted = Counter(each.topology.server_id for each in witnesses)
        for each in witnesses:
            if each.topology.server_id is not None and counted[each.topology.server_id] == 1:
                self._numbers[each.topology.server_id] = each.name
            if each.server is not None:
                if each.server.uid:
                    self._uids[each.server.uid.lower()] = each.name
                if each.server.host and each.server.port:
                    self._places[each.server.host.casefold(), each.server.port] = each.name

    def name_of(self, proposal: ProposedServer, relative: TopologyMember) -> str:
        """A uuid that is told decides, where that of each who is watched is told too; else the place, then the number."""
        if relative.uid in self._uids:
            return self._uids[relative.uid or ""]
        place = self._places.get((proposal.host.casefold(), proposal.port), "")
        if place or relative.relation not in REPLICATION:
            return place
        return self._numbers.get(relative.server_id or 0, "")


REPLICATION = frozenset({TopologyRelation.SOURCE, TopologyRelation.REPLICA})
"""Those between whom a `server_id` is unique, or replication would refuse."""


def _proposed(witness: TopologyReport, relative: TopologyMember) -> ProposedServer:
    """Where we would go: what a server calls its own machine is, seen from here, where that server is."""
    server = witness.server
    host, instead_of = relative.host, ""
    theirs = server.host if server is not None and server.port is not None else None
    if theirs and host and is_loopback(host) and not is_loopback(theirs):
        host, instead_of = theirs, host
    port = relative.port or (server.port if server is not None else None) or STANDARD_PORT
    return ProposedServer(
        host, port, (TopologyStatement(witness.name, relative),), relative.port is not None, instead_of
    )


PROXY_BY_PROGRAM = {"proxysql": "ProxySQL", "proxysql_monitor": "ProxySQL", "proxysql_killer": "ProxySQL"}
"""By program_name."""
PROXY_BY_USER = {"rdsproxyadmin": "RDS Proxy"}
"""By account; no proxy's that an administrator is free to name."""
MIN_SESSIONS = 10
"""Sessions below which nothing is made of where they come from."""
MIN_ACCOUNTS = 3
"""Accounts at one address below which it is a program's."""
LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1"})
"""What everybody on the server's own machine comes from."""


def proxy_named_by(session: Session) -> str:
    """The proxy a session gives away by what it says of itself; empty where it says nothing.

    >>> from goneaway_tui.model.session import ProcesslistId
    >>> proxy_named_by(Session(ProcesslistId(1), "shop", "10.0.0.9:5123", None, "Sleep", program="proxysql"))
    'ProxySQL'
    """
    return PROXY_BY_PROGRAM.get(session.program or "", "") or PROXY_BY_USER.get(session.user, "")


def sessions_behind_proxies(snapshot: Snapshot) -> Iterator[Pattern]:
    """One pattern for each address that a proxy has, or may have."""
    clients = [v.session for v in snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own]
    by_host: dict[str, list[Session]] = {}
    for session in clients:
        by_host.setdefault(session.client_host, []).append(session)
    for host, of in by_host.items():
        names = [name for session in of if (name := proxy_named_by(session))]
        if names:
            yield _proxy_pattern(host, of, len(clients), Certainty.LIKELY, [*_proxy_sentences(names)])
        elif _is_only_host(host, of, len(clients)):
            doubt = _("one application server that uses all these accounts looks the same")
            yield _proxy_pattern(host, of, len(clients), Certainty.POSSIBLE, [doubt])


def _is_only_host(host: str, of: Sequence[Session], number: int) -> bool:
    """All there are, of several accounts."""
    return (
        len(of) == number >= MIN_SESSIONS
        and host not in LOCAL_HOSTS
        and len({each.user for each in of}) >= MIN_ACCOUNTS
    )


def _proxy_sentences(names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        yield ngettext(
            "{number} of them is {name}'s by its own account",
            "{number} of them are {name}'s by their own account",
            names.count(name),
            name=name,
        )


def _proxy_pattern(
    host: str, of: Sequence[Session], number: int, certainty: Certainty, basis: Sequence[str]
) -> Pattern:
    where = plain(host, 60) or _("an address that is not told")
    users = len({each.user for each in of})
    comes = _("{here} of {number} clients come from there", here=f"{len(of):,}", number=f"{number:,}")
    accounts = ngettext("they use {number} account", "they use {number} accounts", users)
    title = (
        _("{host} is a proxy's address, by what its sessions say", host=where)
        if certainty is Certainty.LIKELY
        else _("{host} may be a proxy's address: every client comes from it", host=where)
    )
    return Pattern(
        PatternKind.PROXIED,
        title,
        certainty,
        (*basis, comes, accounts),
        (
            _("who is behind it the server cannot see: ask the proxy which client has the session of an id"),
            _(
                "the proxy has idle limits of its own, towards its clients and towards this server: look at both"
            ),
        ),
        tuple(sorted(each.id for each in of)),
        PatternScope(host=host),
    )
