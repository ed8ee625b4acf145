"""Who answers: a family, a version, an account, and the service that a banner names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from goneaway_tui.errors import Unsupported
from goneaway_tui.language import _
from goneaway_tui.model.plain import from_wire, plain
from goneaway_tui.model.server import Flavour
from goneaway_tui.source import services, sql
from goneaway_tui.source.connection import ABSENT, DENIED, Connection, Misfit, Refusal

NOT_PARSED = 1064
"""What a server says of a statement it cannot read; ProxySQL's admin port says 1045."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers, before anything is found out about it."""

    banner: str
    comment: str
    own_id: int
    account: str
    """As the server says it: `dba@%`."""
    service: str = ""
    """The word of the service that its banner names."""

    @property
    def flavour(self) -> Flavour:
        return flavour_of(self.banner, self.comment)

    @property
    def stands_alone(self) -> bool:
        return self.service in services.ALONE


def identified(connection: Connection) -> Identity:
    """Ask who answers. Raises SourceError."""
    try:
        version, comment, own_id, account = connection.rows(sql.read(sql.IDENTIFY))[0]
    except Refusal as refusal:
        if not isinstance(refusal, Misfit) and refusal.number not in DENIED | ABSENT | {NOT_PARSED}:
            raise connection.explained(refusal) from None
        return _proxysql(connection, refusal)
    banner, comment = plain(from_wire(version), 200), plain(from_wire(comment or b""), 200)
    service = services.by_banner(banner, comment)
    return Identity(banner, comment, int(own_id), from_wire(account), service.word if service else "")


def _proxysql(connection: Connection, unknown: Exception) -> Identity:
    """ProxySQL's admin port, which is no MySQL; of anything else it is `unknown` that is told."""
    try:
        comment = plain(from_wire(connection.rows(sql.read(sql.PROXYSQL_COMMENT))[0][0]), 200)
        service = services.by_banner("", comment)
        if service is not None:
            version = plain(from_wire(connection.rows(sql.read(sql.PROXYSQL_VERSION))[0][0]), 200)
            return Identity(version, comment, connection.id, "admin@ProxySQL", service.word)
    except Refusal:
        pass
    raise Unsupported(
        _("what answers does not say what it is: {said}", said=plain(str(unknown), 200)),
        _("is it MySQL or MariaDB?"),
    ) from None


def flavour_of(banner: str, comment: str) -> Flavour:
    """
    >>> flavour_of("5.5.5-10.4.2-MariaDB", "mariadb.org binary distribution").value
    'mariadb'
    """
    return Flavour.MARIADB if "mariadb" in f"{banner} {comment}".lower() else Flavour.MYSQL


def number_of(banner: str) -> str:
    """The version's digits. MariaDB once wore a `5.5.5-` in front to please old replicas.

    >>> number_of("5.5.5-10.4.2-MariaDB"), number_of("9.7.4-2")
    ('10.4.2', '9.7.4')
    """
    found = re.match(r"(?:5\.5\.5-)?(\d+(?:\.\d+)*)", banner)
    return found[1] if found else ""
