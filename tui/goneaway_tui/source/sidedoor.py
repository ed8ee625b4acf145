"""The door a full server leaves open: MySQL's admin port, MariaDB's extra port.

A full server refuses before it says what it is, so only who was in before knows of its door; it is named, not tried.
Tried on MySQL 9.7, MariaDB 10.11 and 11.8: `admin_port` takes accounts with SERVICE_CONNECTION_ADMIN and refuses the
others with 1227; `extra_port` takes anybody up to `extra_max_connections`, and one more.
"""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.model.server import Flavour
from goneaway_tui.source.connection import Connection, Refusal
from goneaway_tui.source.dossier import text
from goneaway_tui.source.globals import number
from goneaway_tui.source.survey import Survey


@dataclass(frozen=True, slots=True)
class Kind:
    """How a family's door is told of."""

    variable: str
    admits: str
    how_to_have: str


KINDS = {
    Flavour.MYSQL: Kind(
        "admin_port",
        marked("an account with SERVICE_CONNECTION_ADMIN"),
        marked("admin_address under [mysqld]"),
    ),
    Flavour.MARIADB: Kind(
        "extra_port", marked("extra_max_connections more"), marked("extra_port under [mariadbd]")
    ),
}


def side_door(connection: Connection, found: Survey) -> str:
    """What to do where this server is full, once we know it; empty where it does not say. Raises SourceError."""
    try:
        ((address, port),) = connection.rows(found.must("side_door"))
    except (Refusal, ValueError):
        return ""
    return told(KINDS[found.flavour], plain(text(address), 200), int(number(port) or 0))


def told(kind: Kind, address: str, port: int) -> str:
    """
    >>> told(KINDS[Flavour.MYSQL], "10.0.0.1", 33062)
    'The admin_port still takes an account with SERVICE_CONNECTION_ADMIN: -h 10.0.0.1 -P 33062'
    >>> told(KINDS[Flavour.MARIADB], "", 0)
    'The server has no extra_port. For the next time: set extra_port under [mariadbd]'
    """
    if not port:
        return _(
            "The server has no {variable}. For the next time: set {setting}",
            variable=kind.variable,
            setting=_(kind.how_to_have),
        )
    host = f"-h {address} " if address else ""
    return _(
        "The {variable} still takes {whom}: {flags}",
        variable=kind.variable,
        whom=_(kind.admits),
        flags=f"{host}-P {port}",
    )
