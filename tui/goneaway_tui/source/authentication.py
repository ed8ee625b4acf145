"""Authentication plugins that send a password only to a server that has proved which one it is.

A Unix socket can be such proof: `is_trusted_peer` checks which user listens on it. In a directory that others may write
(`/tmp`), another user may listen where a server is expected.
"""

from __future__ import annotations

import os
import socket as sockets
import ssl
import stat
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pymysql
from pymysql import _auth
from pymysql.connections import Connection as Wire

from goneaway_tui.i18n import N_
from goneaway_tui.source.sockets import Address
from goneaway_tui.system import user_id

ROOT = 0
SERVER_ACCOUNTS = ("mysql", "_mysql")
"""The system accounts that servers run as: `mysql` in packages of Linux, `_mysql` on macOS and the BSDs."""
_CREDENTIALS = struct.Struct("3i")
"""Process, user, group: `struct ucred` in unix(7)."""


def is_trusted_peer(line: sockets.socket, path: str) -> bool:
    """Whether root, our own user, or a server's account listens at `path`, to which `line` is connected.

    Another user is trusted only as the owner of the directory, where only root and the owner can have made the socket.
    """
    user = _user(line, path)
    return user is not None and (
        user in {ROOT, user_id()} or _is_owner_of_folder(user, path) or _is_server_account(user)
    )


def _user(line: sockets.socket, path: str) -> int | None:
    """The user that listens, as the kernel reports it; where it does not (macOS), the owner of the file."""
    try:
        if hasattr(sockets, "SO_PEERCRED"):
            credentials = line.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _CREDENTIALS.size)
            _process, user, _group = _CREDENTIALS.unpack(credentials)
            return int(user)
        return os.lstat(path).st_uid
    except (OSError, struct.error):
        return None


def _is_owner_of_folder(user: int, path: str) -> bool:
    """False below a directory that every user may write: there any user can have made it."""
    folder = Path(path).absolute().parent
    try:
        return folder.stat().st_uid == user and not any(
            directory.stat().st_mode & stat.S_IWOTH for directory in (folder, *folder.parents)
        )
    except OSError:
        return False


def _is_server_account(user: int) -> bool:
    import pwd  # Windows has none, and no Unix socket to ask for

    for name in SERVER_ACCOUNTS:
        try:
            if pwd.getpwnam(name).pw_uid == user:
                return True
        except KeyError:
            continue
    return False


IN_CLEAR = 2061
"""The client libraries' number for an error of a plugin: it needs an encrypted connection, or a server that has proved itself."""
CANNOT = 2059
"""The client libraries' number for: this client has no such plugin."""
_FAST_AUTHENTICATION, _FULL_AUTHENTICATION = b"\x01\x03", b"\x01\x04"
"""What `caching_sha2_password` answers where the scramble was right, and where the server has no hash of the account cached."""
_ASK_FOR_KEY = {"caching_sha2_password": b"\x02", "sha256_password": b"\x01"}


class AuthPlugin:
    """What is known of the server at the other end of a connection. Made when the plugin is chosen, after TLS has begun."""

    def __init__(self, wire: Any, *, address: Address) -> None:
        self._wire = wire
        self._address = address
        line = self._wire._sock  # noqa: SLF001 - PyMySQL has no public name for it
        self._is_tls = isinstance(line, ssl.SSLSocket)
        self._is_proved_socket = address.socket is not None and is_trusted_peer(
            line, address.via or address.socket
        )

    def _refuse(self, why: str) -> NoReturn:
        raise pymysql.OperationalError(IN_CLEAR, why)

    def _read(self) -> Any:
        packet = self._wire._read_packet()  # noqa: SLF001 - as PyMySQL's own plugins do
        packet.check_error()
        return packet

    def _ask(self, sent: bytes) -> Any:
        self._wire.write_packet(sent)
        return self._read()


class InClear(AuthPlugin):
    """The server asks for the password itself. PyMySQL answers `dialog` where the plugin has no method for it."""

    def __init__(self, wire: Wire[Any], *, address: Address) -> None:
        super().__init__(wire, address=address)
        if not self._is_tls and address.socket is None:
            self._refuse(
                N_("the server asks for the password in clear text, but the connection is not encrypted")
            )
        is_verified = self._is_tls and address.ssl_mode in {"VERIFY_CA", "VERIFY_IDENTITY"}
        if not (is_verified or self._is_proved_socket or address.enable_cleartext_plugin):
            self._refuse(
                N_("the server asks for the password in clear text, but its identity is not verified")
            )


class ClearPassword(InClear):
    """`mysql_clear_password`, as PAM and LDAP accounts use it."""

    def authenticate(self, _: object) -> Any:
        return self._ask(self._wire.password + b"\0")


class PublicKey(AuthPlugin):
    """Without TLS the password is encrypted with a public key, which a false server can make up."""

    NAME: ClassVar[str]

    def _ask_under_key(self, sent_key: bytes | None = None) -> Any:
        """Send the password encrypted with the key of the options; without one with the server's, where that is allowed.

        `sent_key` is a key that the server sent without a request; it never replaces the key of the options.
        """
        wire = self._wire
        key = wire.server_public_key
        if not key:
            if not (self._is_proved_socket or self._address.get_server_public_key):
                self._refuse(
                    N_(
                        "the server asks for the password encrypted with its own public key, but its identity is not verified"
                    )
                )
            key = sent_key or self._key_of(self._ask(_ASK_FOR_KEY[self.NAME]))
        sealed = _auth.sha2_rsa_encrypt(wire.password, wire.salt, key)
        return self._ask(sealed)

    def _key_of(self, packet: Any) -> bytes:
        if not packet.is_extra_auth_data():
            raise _malformed()
        key: bytes = packet.get_all_data()[1:]
        return key


class CachingSha2(PublicKey):
    """`caching_sha2_password`: a server that has the hash cached asks only for a scramble.

    After that it sends one of two bytes, and nothing else is an answer: PyMySQL would read the byte and ignore the rest.
    """

    NAME = "caching_sha2_password"

    def authenticate(self, packet: Any) -> Any:
        wire = self._wire
        if not wire.password:
            return self._ask(b"")
        if packet.is_auth_switch_request():
            wire.salt = packet.read_all().removesuffix(b"\0")
            packet = self._ask(_auth.scramble_caching_sha2(wire.password, wire.salt))
        if not packet.is_extra_auth_data():
            return packet
        state = packet.get_all_data()
        if state == _FAST_AUTHENTICATION:
            return self._read()
        if state != _FULL_AUTHENTICATION:
            raise _malformed()
        if self._is_tls or self._is_proved_socket:
            return self._ask(wire.password + b"\0")
        if self._address.socket is not None:
            # Over a socket a server takes the password as it is and has no keys.
            if not self._address.enable_cleartext_plugin:
                self._refuse(
                    N_("the server asks for the password in clear text, but its identity is not verified")
                )
            return self._ask(wire.password + b"\0")
        return self._ask_under_key()


class Sha256(PublicKey):
    """`sha256_password`, which does not count a socket as private: there too the password is encrypted with the server's key."""

    NAME = "sha256_password"

    def authenticate(self, packet: Any) -> Any:
        wire = self._wire
        is_switch = packet.is_auth_switch_request()
        if is_switch:
            wire.salt = packet.read_all().removesuffix(b"\0")
        if self._is_tls:
            return self._ask(wire.password + b"\0")
        if not wire.password:
            return self._ask(b"")
        return self._ask_under_key(None if is_switch else self._key_of(packet))


def _malformed() -> pymysql.OperationalError:
    return pymysql.OperationalError(IN_CLEAR, N_("the server does not follow the authentication protocol"))


class OldPassword:
    """`mysql_old_password`, a plugin that PyMySQL knows by name and does not have."""

    def __init__(self, _: Wire[Any]) -> None:
        raise pymysql.OperationalError(CANNOT, N_("the account's password is in the format of MySQL 4.0"))


def auth_plugins(address: Address) -> dict[Any, Callable[[Wire[Any]], object]]:
    """The plugins that replace PyMySQL's own, by the names that servers send."""
    return {
        "mysql_clear_password": partial(ClearPassword, address=address),
        "dialog": partial(InClear, address=address),
        "mysql_old_password": OldPassword,
        CachingSha2.NAME: partial(CachingSha2, address=address),
        Sha256.NAME: partial(Sha256, address=address),
    }
