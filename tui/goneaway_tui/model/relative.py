"""What a server says of others that belong with it: a source, a replica, another member."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.model.server import Limitation


class Relation(StrEnum):
    """What the other one is to the server that names it."""

    SOURCE = "source"
    REPLICA = "replica"
    READER = "reader"
    """Reads the binary log: a replica, or a program that follows changes."""
    MEMBER = "member"
    """Of the same replication group."""
    NODE = "node"
    """Of the same Galera cluster."""
    INSTANCE = "instance"
    """Of the same Aurora cluster."""


@dataclass(frozen=True, slots=True)
class Relative:
    """One server that another names. Its texts are as hostile as that one's administrator, and are cut to a bound."""

    relation: Relation
    host: str
    """As that server says it; empty where it does not."""
    port: int | None
    """None where it is not told."""
    said_by: str
    """The statement, table or status that names it."""
    note: str = ""
    """What the address is worth, a sentence; empty where it is what the other one reports of itself."""
    uid: str | None = None
    """The other's `server_uuid`, where it is told."""
    server_id: int | None = None
    """The other's `server_id`, where it is told."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Everything one server says of others."""

    relatives: tuple[Relative, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    """What could not be asked, and why."""
    server_id: int | None = None
    """Its own: by it others name it."""
