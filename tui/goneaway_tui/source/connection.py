"""Our one connection: polite, bounded in time, named, and read-only by what we say on it.

PyMySQL does the protocol. Here its errors become ours, each with what to do about it; text stays bytes until it is
decoded in a way that survives anything a client may have sent.
"""

from __future__ import annotations

import socket as sockets
import ssl
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pymysql
from pymysql import converters
from pymysql.connections import Connection as Wire
from pymysql.constants import FIELD_TYPE

from goneaway_tui.errors import AccessDenied, SettingsError, SourceError, TooSlow, Unreachable
from goneaway_tui.model.plain import from_wire, plain
from goneaway_tui.source.address import Address

PROGRAM = "goneaway-tui"
STATEMENT_SECONDS = 5.0
"""What the server may spend on one statement of ours; the socket waits one second more."""

Row = tuple[Any, ...]

_PROTOCOL_ERRORS = (OSError, EOFError, AssertionError, IndexError, KeyError, ValueError, struct.error)
"""What PyMySQL lets through when the other side breaks off or does not speak the protocol."""

_HINTS = {
    1040: (
        AccessDenied,
        "all its connections are taken; an account with CONNECTION_ADMIN (MySQL) or SUPER gets the reserved one",
    ),
    1044: (AccessDenied, "leave out -D, or name a database this account may use"),
    1045: (AccessDenied, "check the user (-u) and the password (-p asks for it)"),
    1049: (AccessDenied, "leave out -D, or name a database that exists"),
    1129: (
        AccessDenied,
        "unblock this host on the server: TRUNCATE performance_schema.host_cache or FLUSH HOSTS",
    ),
    1130: (
        AccessDenied,
        "the account is not allowed from this host: CREATE USER ...@'this host' on the server",
    ),
    1203: (AccessDenied, "this account holds max_user_connections already"),
    1226: (AccessDenied, "this account has used up a limit of its own"),
    1820: (AccessDenied, "the password has expired: change it with the mysql client first"),
    1862: (AccessDenied, "the password has expired: change it with the mysql client first"),
    2026: (Unreachable, "check --ssl-mode, --ssl-ca and the name in the server's certificate"),
    3118: (AccessDenied, "the account is locked: ALTER USER ... ACCOUNT UNLOCK on the server"),
    3159: (AccessDenied, "the server wants TLS: --ssl-mode=REQUIRED"),
    4151: (AccessDenied, "the account is locked: ALTER USER ... ACCOUNT UNLOCK on the server"),
    1317: (TooSlow, "the server is busy, or somebody stopped the statement; the next poll tries again"),
    1969: (TooSlow, "the server is busy; the next poll tries again"),
    3024: (TooSlow, "the server is busy; the next poll tries again"),
    1053: (Unreachable, "the server is shutting down"),
    1927: (Unreachable, "somebody killed our session"),
    4031: (Unreachable, "the server closed our idle session"),
}

DENIED = frozenset({1142, 1143, 1044, 1045, 1227, 1370})
"""Error numbers that mean: this account may not read that."""
ABSENT = frozenset({1054, 1109, 1146, 1193, 1049, 1305})
"""Error numbers that mean: this server has no such thing."""


class Refusal(Exception):
    """The server understood a statement and will not run it; `number` is its error number."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


_CONVERSIONS: dict[Any, Any] = {
    **converters.encoders,
    **dict.fromkeys(
        (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG), int
    ),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE, FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), float),
}
"""Numbers become numbers; everything else stays the bytes it was sent as."""


class Connection:
    """One conversation with one server. Not for two threads at once, except `abandon`."""

    def __init__(self, address: Address) -> None:
        """Connect. Raises SourceError with a line for the user."""
        self._address = address
        self._wire = _open(address)

    @property
    def id(self) -> int:
        return int(self._wire.thread_id())  # type: ignore[no-untyped-call]

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and bring all its rows. Raises Refusal where the server will not, else SourceError."""
        try:
            with self._wire.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return list(cursor.fetchall())
        except pymysql.Error as error:
            number, message = number_and_message(error)
            if number in DENIED | ABSENT:
                raise Refusal(number, message) from None
            raise explained(self._address, number, message) from None
        except _PROTOCOL_ERRORS as error:
            raise explained(self._address, 2013, f"{type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Say goodbye, so that the server does not count us among the aborted."""
        with suppress(pymysql.Error, *_PROTOCOL_ERRORS):
            if self._wire.open:
                sock = self._socket()
                if sock is not None:
                    sock.settimeout(0.5)
                self._wire.close()

    def abandon(self) -> None:
        """Cut the line; a thread that waits on it wakes at once. Safe from any thread."""
        sock = self._socket()
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(sockets.SHUT_RDWR)

    def _socket(self) -> sockets.socket | None:
        return getattr(self._wire, "_sock", None)


def _open(address: Address) -> Wire[Any]:
    path = address.socket
    tls: dict[str, Any] = {}
    if address.ssl_mode == "DISABLED" or (path and address.ssl_mode == "PREFERRED"):
        tls["ssl_disabled"] = True
    elif address.ssl_mode != "PREFERRED":
        tls["ssl"] = _tls(address)
    try:
        return pymysql.connect(
            host=address.host,
            port=address.port,
            unix_socket=path,
            user=address.user,
            password=address.password.encode("utf-8", "surrogateescape"),
            database=address.database,
            charset="utf8mb4",
            use_unicode=False,
            conv=_CONVERSIONS,
            autocommit=True,
            connect_timeout=max(1, round(address.connect_timeout)),
            read_timeout=STATEMENT_SECONDS + 1,
            write_timeout=STATEMENT_SECONDS + 1,
            program_name=PROGRAM,
            **tls,
        )
    except pymysql.Error as error:
        raise explained(address, *number_and_message(error)) from None
    except (RuntimeError, *_PROTOCOL_ERRORS) as error:
        raise explained(address, 2003, f"{type(error).__name__}: {error}") from None


def _tls(address: Address) -> ssl.SSLContext:
    """What the mode asks for, exactly: REQUIRED verifies nothing, VERIFY_CA the chain, VERIFY_IDENTITY the name too."""
    try:
        context = ssl.create_default_context(cafile=address.ssl_ca)
        context.check_hostname = address.ssl_mode == "VERIFY_IDENTITY"
        context.verify_mode = ssl.CERT_NONE if address.ssl_mode == "REQUIRED" else ssl.CERT_REQUIRED
        context.verify_flags &= (
            ~ssl.VERIFY_X509_STRICT
        )  # the certificates servers make for themselves fail it
        if address.ssl_cert:
            context.load_cert_chain(address.ssl_cert, address.ssl_key)
    except OSError as error:
        files = ", ".join(filter(None, (address.ssl_ca, address.ssl_cert, address.ssl_key)))
        raise SettingsError(
            f"cannot use {files}: {error}", "check --ssl-ca, --ssl-cert and --ssl-key"
        ) from None
    return context


def number_and_message(error: pymysql.Error) -> tuple[int, str]:
    """PyMySQL's exceptions carry (number, message), or anything at all where the protocol broke."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 2013
    message = error.args[1] if len(error.args) > 1 else str(error)
    return number, from_wire(message) if isinstance(message, bytes) else str(message)


def explained(address: Address, number: int, message: str) -> SourceError:
    """The error a person is told, with what to do."""
    said = plain(message, 300).rstrip(".")
    if number in _HINTS:
        kind, hint = _HINTS[number]
        return kind(f"{address.name}: {said} ({number})", hint)
    if number in {2002, 2003}:
        return Unreachable(f"cannot reach {address.name}: {_reason(said)}", _way_out(address, said))
    if number in {0, 2006, 2013, 2014, 2027}:
        return Unreachable(
            f"lost {address.name}: {said or 'the connection is closed'}", "reconnecting by itself"
        )
    return SourceError(
        f"{address.name}: {said} ({number})", "see the server's documentation for this error number"
    )


def _reason(said: str) -> str:
    """The part of PyMySQL's message that tells something: what stands in its last parentheses."""
    inner = said.rpartition("(")[2].rstrip(")")
    return inner.partition("] ")[2] or inner or said


def _way_out(address: Address, said: str) -> str:
    if "Name or service" in said or "getaddrinfo" in said or "nodename" in said or "resolution" in said:
        return "check the host name (-h)"
    if "timed out" in said:
        return "a firewall may drop the packets; check host and port, or raise --connect-timeout"
    if address.socket:
        return "is the server running here? name its socket with -S, or a host with -h"
    if "CERTIFICATE" in said.upper() or "SSL" in said.upper():
        return "check --ssl-mode, --ssl-ca and the name in the server's certificate"
    return "is the server running, and is the port (-P) right?"
