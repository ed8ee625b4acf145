"""Who belongs with whom: what several servers say of others, put together into one proposal for each place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from goneaway_tui.model.relative import Kin, Relation, Relative
from goneaway_tui.model.server import Server, is_loopback

STANDARD_PORT = 3306


@dataclass(frozen=True, slots=True)
class Witness:
    """A server that is watched, and what it says of others."""

    name: str
    """What it is called here."""
    server: Server | None
    """As it was read last; None where it never was."""
    kin: Kin


@dataclass(frozen=True, slots=True)
class Saying:
    """What one server says of a place."""

    by: str
    """Its name here."""
    relative: Relative


@dataclass(frozen=True, slots=True)
class Proposal:
    """One place that could be watched, and who says so. Nobody has been there."""

    host: str
    """Empty where nobody tells it."""
    port: int
    sayings: tuple[Saying, ...]
    is_port_told: bool = True
    """Otherwise it is that of the server that speaks."""
    instead_of: str = ""
    """The loopback address that was said, where the host is that of the server who said it."""
    watched: str = ""
    """The name it is watched by already."""

    @property
    def by(self) -> str:
        """Whose account it would be visited with."""
        return self.sayings[0].by

    @property
    def is_open(self) -> bool:
        """It can be proposed."""
        return bool(self.host) and not self.watched


def proposals(witnesses: Sequence[Witness]) -> tuple[Proposal, ...]:
    """One for each place, in the order they were named; those that are watched already are told as such.

    A server is known again by its uuid, by its address, or by a `server_id` that only one of the watched has. Two
    names of one address cannot be told to be one: nobody is asked, not even for the address of a name.
    """
    known = _Known(witnesses)
    found: dict[object, Proposal] = {}
    for witness in witnesses:
        for relative in witness.kin.relatives:
            proposal = _placed(witness, relative)
            proposal = replace(proposal, watched=known.name_of(proposal, relative))
            key: object = proposal.watched or (proposal.host.casefold(), proposal.port)
            if not proposal.host and not proposal.watched:
                key = (witness.name, relative)
            before = found.get(key)
            found[key] = (
                proposal
                if before is None
                else replace(
                    before,
                    sayings=(*before.sayings, *(s for s in proposal.sayings if s not in before.sayings)),
                )
            )
    return tuple(found.values())


class _Known:
    """The servers that are watched."""

    def __init__(self, witnesses: Iterable[Witness]) -> None:
        self._uids: dict[str, str] = {}
        self._places: dict[tuple[str, int], str] = {}
        self._numbers: dict[int, str] = {}
        counted = Counter(each.kin.server_id for each in witnesses)
        for each in witnesses:
            if each.kin.server_id is not None and counted[each.kin.server_id] == 1:
                self._numbers[each.kin.server_id] = each.name
            if each.server is not None:
                if each.server.uid:
                    self._uids[each.server.uid.lower()] = each.name
                if each.server.host and each.server.port:
                    self._places[each.server.host.casefold(), each.server.port] = each.name

    def name_of(self, proposal: Proposal, relative: Relative) -> str:
        """A uuid that is told decides, where that of each who is watched is told too; else the place, then the number."""
        if relative.uid in self._uids:
            return self._uids[relative.uid or ""]
        place = self._places.get((proposal.host.casefold(), proposal.port), "")
        if place or relative.relation not in NUMBERED:
            return place
        return self._numbers.get(relative.server_id or 0, "")


NUMBERED = frozenset({Relation.SOURCE, Relation.REPLICA})
"""Those between whom a `server_id` is unique, or replication would refuse."""


def _placed(witness: Witness, relative: Relative) -> Proposal:
    """Where we would go: what a server calls its own machine is, seen from here, where that server is."""
    server = witness.server
    host, instead_of = relative.host, ""
    theirs = server.host if server is not None and server.port is not None else None
    if theirs and host and is_loopback(host) and not is_loopback(theirs):
        host, instead_of = theirs, host
    port = relative.port or (server.port if server is not None else None) or STANDARD_PORT
    return Proposal(host, port, (Saying(witness.name, relative),), relative.port is not None, instead_of)
