"""Ways of proving who we are that PyMySQL would follow too willingly, or cannot follow at all."""

from __future__ import annotations

import ssl
from typing import Any

import pymysql
from pymysql import _auth
from pymysql.connections import Connection as Wire

from goneaway_tui.language import marked

IN_CLEAR = 2061
"""The client libraries' number for: this plugin needs a private line."""
CANNOT = 2059
"""The client libraries' number for: no such plugin here."""


class InClear:
    """The server wants the password itself: it gets it over TLS or a socket, never where others can read along."""

    def __init__(self, wire: Wire[Any]) -> None:
        if not wire._secure:  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public tells
            raise pymysql.OperationalError(
                IN_CLEAR,
                marked("the server asks for the password in clear text, on a line that is not encrypted"),
            )
        self._wire = wire


class ClearPassword(InClear):
    """`mysql_clear_password`, as PAM and LDAP accounts use it."""

    def authenticate(self, _: object) -> Any:
        wire: Any = self._wire
        wire.write_packet(wire.password + b"\0")
        return wire._read_packet()  # noqa: SLF001 - as PyMySQL's own plugins do


class Sha256:
    """`sha256_password`, to which a socket is not private enough: there too the password goes under the server's key."""

    def __init__(self, wire: Wire[Any]) -> None:
        self._wire: Any = wire

    def authenticate(self, packet: object) -> Any:
        wire = self._wire
        wire._secure = isinstance(wire._sock, ssl.SSLSocket)  # noqa: SLF001 - what PyMySQL's own plugin asks
        return _auth.sha256_password_auth(wire, packet)  # type: ignore[no-untyped-call]


class OldPassword:
    """Hashes of the last century, which PyMySQL names and does not have."""

    def __init__(self, _: Wire[Any]) -> None:
        raise pymysql.OperationalError(CANNOT, marked("the account's password is in the format of MySQL 4.0"))


PLUGINS: dict[Any, Any] = {
    "mysql_clear_password": ClearPassword,
    "dialog": InClear,
    "mysql_old_password": OldPassword,
    "sha256_password": Sha256,
}
"""What PyMySQL is told to use instead of its own, by the names servers give."""
