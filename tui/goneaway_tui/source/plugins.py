"""Ways of proving who we are that PyMySQL would follow too willingly, or cannot follow at all.

The password itself, or what anybody could read it from, goes only to a server that has proved who it is: over its
socket, or with a verified certificate. The client of MySQL refuses the same unless a switch says otherwise
(`--enable-cleartext-plugin`, `--get-server-public-key`, `--server-public-key-path`); so do we.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import pymysql
from pymysql import _auth
from pymysql.connections import Connection as Wire

from goneaway_tui.language import marked
from goneaway_tui.source.address import Address

IN_CLEAR = 2061
"""The client libraries' number for: this plugin needs a private line, or a server that has proved itself."""
CANNOT = 2059
"""The client libraries' number for: no such plugin here."""
_FULL_AUTHENTICATION = b"\x01\x04"
"""What `caching_sha2_password` says where it does not know the account's hash yet."""


class InClear:
    """The server wants the password itself."""

    def __init__(self, wire: Wire[Any], *, is_allowed: bool) -> None:
        if not wire._secure:  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public tells
            raise pymysql.OperationalError(
                IN_CLEAR,
                marked("the server asks for the password in clear text, on a line that is not encrypted"),
            )
        if not is_allowed:
            raise pymysql.OperationalError(
                IN_CLEAR,
                marked("the server asks for the password in clear text, and has not proved who it is"),
            )
        self._wire = wire


class ClearPassword(InClear):
    """`mysql_clear_password`, as PAM and LDAP accounts use it."""

    def authenticate(self, _: object) -> Any:
        wire: Any = self._wire
        wire.write_packet(wire.password + b"\0")
        return wire._read_packet()  # noqa: SLF001 - as PyMySQL's own plugins do


class PublicKey:
    """On a line that is not encrypted the password goes under the server's public key, which whoever answers may make up."""

    def __init__(self, wire: Wire[Any], *, is_allowed: bool) -> None:
        self._wire: Any = wire
        self._is_allowed = is_allowed

    def _refuse_unproved(self) -> None:
        wire = self._wire
        if wire.password and not wire._secure and not self._is_allowed:  # noqa: SLF001 - as above
            raise pymysql.OperationalError(
                IN_CLEAR,
                marked(
                    "the server asks for the password under a key of its own, and has not proved who it is"
                ),
            )


class CachingSha2(PublicKey):
    """`caching_sha2_password`: a server that knows the hash already asks for no more than a scramble."""

    def authenticate(self, packet: Any) -> Any:
        wire = self._wire
        if packet.is_auth_switch_request() and wire.password:
            wire.salt = packet.read_all().removesuffix(b"\0")
            wire.write_packet(_auth.scramble_caching_sha2(wire.password, wire.salt))
            packet = wire._read_packet()  # noqa: SLF001 - as PyMySQL's own plugins do
            packet.check_error()
        if packet.get_all_data() == _FULL_AUTHENTICATION:
            self._refuse_unproved()
        return _auth.caching_sha2_password_auth(wire, packet)


class Sha256(PublicKey):
    """`sha256_password`, to which a socket is not private enough: there too the password goes under the server's key."""

    def authenticate(self, packet: object) -> Any:
        wire = self._wire
        wire._secure = isinstance(wire._sock, ssl.SSLSocket)  # noqa: SLF001 - what PyMySQL's own plugin asks
        self._refuse_unproved()
        return _auth.sha256_password_auth(wire, packet)  # type: ignore[no-untyped-call]


class OldPassword:
    """Hashes of the last century, which PyMySQL names and does not have."""

    def __init__(self, _: Wire[Any]) -> None:
        raise pymysql.OperationalError(CANNOT, marked("the account's password is in the format of MySQL 4.0"))


def plugins(address: Address) -> dict[Any, Callable[[Wire[Any]], object]]:
    """What PyMySQL is told to use instead of its own, by the names servers give."""
    is_proved = address.socket is not None or address.ssl_mode in {"VERIFY_CA", "VERIFY_IDENTITY"}
    may_clear = is_proved or address.enable_cleartext_plugin
    may_ask_key = (
        address.socket is not None or address.get_server_public_key or bool(address.server_public_key_path)
    )
    return {
        "mysql_clear_password": partial(ClearPassword, is_allowed=may_clear),
        "dialog": partial(InClear, is_allowed=may_clear),
        "mysql_old_password": OldPassword,
        "caching_sha2_password": partial(CachingSha2, is_allowed=may_ask_key),
        "sha256_password": partial(Sha256, is_allowed=may_ask_key),
    }
