"""Clients that are not who they seem: many accounts behind one address, with a proxy in between.

Two things give a proxy away. It names itself: ProxySQL calls its connections `proxysql` (MySQL_Connection.cpp and
MySQL_Monitor.cpp), and RDS Proxy looks after its targets as the account `rdsproxyadmin` ("Managing RDS Proxy"). Or nobody
comes from anywhere else, which one application server with many accounts does as well, so that is possible and no more.
MaxScale and HAProxy leave no name: they pass on what the client said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goneaway_tui.language import _, ngettext
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.pattern import Pattern, PatternKind, Team
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Snapshot

PROGRAMS = {"proxysql": "ProxySQL", "proxysql_monitor": "ProxySQL", "proxysql_killer": "ProxySQL"}
"""By program_name."""
USERS = {"rdsproxyadmin": "RDS Proxy"}
"""By account; no proxy's that an administrator is free to name."""
FEWEST = 10
"""Sessions below which nothing is made of where they come from."""
ACCOUNTS = 3
"""Accounts at one address below which it is a program's."""
LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
"""What everybody on the server's own machine comes from."""


def proxy_named_by(session: Session) -> str:
    """The proxy a session gives away by what it says of itself; empty where it says nothing.

    >>> from goneaway_tui.model.session import ProcesslistId
    >>> proxy_named_by(Session(ProcesslistId(1), "shop", "10.0.0.9:5123", None, "Sleep", program="proxysql"))
    'ProxySQL'
    """
    return PROGRAMS.get(session.program or "", "") or USERS.get(session.user, "")


def proxied(snapshot: Snapshot) -> Iterator[Pattern]:
    """One pattern for each address that a proxy has, or may have."""
    clients = [v.session for v in snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own]
    by_host: dict[str, list[Session]] = {}
    for session in clients:
        by_host.setdefault(session.client_host, []).append(session)
    for host, of in by_host.items():
        names = [name for session in of if (name := proxy_named_by(session))]
        if names:
            yield _pattern(host, of, len(clients), Certainty.LIKELY, [*_spoken(names)])
        elif _is_everybody(host, of, len(clients)):
            doubt = _("one application server that uses all these accounts looks the same")
            yield _pattern(host, of, len(clients), Certainty.POSSIBLE, [doubt])


def _is_everybody(host: str, of: Sequence[Session], number: int) -> bool:
    """All there are, of several accounts."""
    return len(of) == number >= FEWEST and host not in LOCAL and len({each.user for each in of}) >= ACCOUNTS


def _spoken(names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        yield ngettext(
            "{number} of them is {name}'s by its own account",
            "{number} of them are {name}'s by their own account",
            names.count(name),
            name=name,
        )


def _pattern(
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
        Team(host=host),
    )
