"""Errors of a connection or a server as one line for a person, with what to do."""

from __future__ import annotations

import re

import pymysql

from goneaway_tui.errors import (
    AccessDenied,
    NoConnectionLeft,
    ServerFull,
    SourceError,
    StopReported,
    TooSlow,
    Unreachable,
)
from goneaway_tui.i18n import N_, _
from goneaway_tui.source.sockets import NO_TUNNEL, Address
from goneaway_tui.text.sanitize import from_wire, plain

CLIENTS = range(2000, 3000)
"""Error numbers of client libraries: no server sends them."""
FIRST_OF_SERVERS = 1000
"""The lowest error number that a server sends."""
_FULL = N_(
    "all connections are in use. Connect with an account that has CONNECTION_ADMIN or SUPER, or use "
    "-P with admin_port (MySQL) or extra_port (MariaDB). If the reserved connection is in use too, kill sessions from there"
)
_FULL_WITH_ADMIN_PORT = N_(
    "all connections are in use. Connect with an account that has CONNECTION_ADMIN or SUPER. {side_door}"
)
HINTS = {
    1040: (ServerFull, _FULL),
    1044: (AccessDenied, N_("leave out -D, or name a database that the account can use")),
    1045: (AccessDenied, N_("check the user (-u) and the password (-p asks for it)")),
    1049: (AccessDenied, N_("leave out -D, or name a database that exists")),
    1129: (
        AccessDenied,
        N_("unblock this host on the server: TRUNCATE performance_schema.host_cache or FLUSH HOSTS"),
    ),
    1130: (
        AccessDenied,
        N_("the account cannot log in from this host: run CREATE USER ...@'this host' on the server"),
    ),
    1203: (NoConnectionLeft, N_("the account already has max_user_connections sessions")),
    1226: (NoConnectionLeft, N_("the account has reached one of its resource limits")),
    1820: (AccessDenied, N_("the password has expired: change it with the mysql client first")),
    1862: (AccessDenied, N_("the password has expired: change it with the mysql client first")),
    2020: (SourceError, N_("goneaway-tui expects no result of this size: check the address of the server")),
    2059: (
        AccessDenied,
        N_(
            "give the account a supported plugin: caching_sha2_password, sha256_password or mysql_native_password"
        ),
    ),
    2061: (
        AccessDenied,
        N_(
            "verify the server with --ssl-mode=VERIFY_CA and --ssl-ca=FILE, or use its socket (-S). To send "
            "the password anyway, as with mysql: --get-server-public-key, --enable-cleartext-plugin"
        ),
    ),
    2026: (Unreachable, N_("check --ssl-mode, --ssl-ca and the name in the server's certificate")),
    3118: (AccessDenied, N_("the account is locked: ALTER USER ... ACCOUNT UNLOCK on the server")),
    3159: (AccessDenied, N_("the server requires TLS: use --ssl-mode=REQUIRED")),
    4151: (AccessDenied, N_("the account is locked: ALTER USER ... ACCOUNT UNLOCK on the server")),
    # MySQL 5.7 reports this where MAX_EXECUTION_TIME ends a statement that sorts.
    1028: (TooSlow, N_("the server is busy; the next sample tries again")),
    1317: (
        TooSlow,
        N_("the server is busy, or another user stopped the statement; the next sample tries again"),
    ),
    1969: (TooSlow, N_("the server is busy; the next sample tries again")),
    3024: (TooSlow, N_("the server is busy; the next sample tries again")),
    1053: (StopReported, N_("the server is shutting down")),
    1927: (
        StopReported,
        N_(
            "a KILL ended the session of goneaway-tui, or the server is stopping: MariaDB before 10.6 "
            "reports error 1927 for both"
        ),
    ),
    4031: (Unreachable, N_("the server closed the idle session of goneaway-tui")),
}


OLD_TLS = ("unsupported protocol", "alert protocol version")
"""What OpenSSL reports where the two sides have no version of TLS in common; MySQL 5.7 built with yaSSL ends at TLS 1.1."""


def number_and_message(error: pymysql.Error) -> tuple[int, str]:
    """Number and message of an exception of PyMySQL; 2013 where it has no number, because the protocol broke."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 2013
    message = error.args[1] if len(error.args) > 1 else str(error)
    return number, from_wire(message) if isinstance(message, bytes) else str(message)


def explain_error(address: Address, number: int, message: str) -> SourceError:
    """The error to report to a person, with what to do. `message` is from the server, from PyMySQL, or ours and not yet translated."""
    reported = plain(message, 300).rstrip(".")
    if number in HINTS:
        kind, hint = HINTS[number]
        if any(words in reported for words in OLD_TLS):
            hint = N_(
                "the server supports only old TLS versions, as some MySQL 5.7 servers do: use --ssl-mode=DISABLED"
            )
        if hint == _FULL and address.admin_port_hint:
            hint = _FULL_WITH_ADMIN_PORT
        line = _(reported) if number in CLIENTS else reported
        line = f"{address.name}: {line} ({number})"
        return kind(line, _(hint, side_door=address.admin_port_hint))
    if number in {2002, 2003}:
        return Unreachable(
            _("cannot reach {server}: {why}", server=address.name, why=_(_reason(reported))),
            _(_hint_for(address, reported)),
        )
    if number in {0, 2006, 2013, 2014, 2027}:
        return Unreachable(
            _(
                "lost the connection to {server}: {why}",
                server=address.name,
                why=_(_reason(reported) or N_("the connection is closed")),
            ),
            _("reconnecting automatically"),
        )
    return SourceError(
        f"{address.name}: {reported} ({number})", _("see the server's documentation for this error number")
    )


def _reason(reported: str) -> str:
    """The useful part of a message of PyMySQL: the text in its parentheses, without the wrapping.

    >>> _reason("MySQL server has gone away (BrokenPipeError(32, 'Broken pipe'))")
    'Broken pipe'
    >>> _reason("Lost connection to MySQL server during query")
    'the server closed the connection'
    """
    if reported == "Lost connection to MySQL server during query":
        return N_("the server closed the connection")
    inner = reported.partition("(")[2].removesuffix(")")
    quoted = re.search(r"'(.*)'", inner)
    return quoted[1] if quoted else inner.partition("] ")[2] or inner or reported


def _hint_for(address: Address, reported: str) -> str:
    """What to do, not yet translated. Searches `reported` for messages of ours, which are English until they are translated."""
    if address.via and "before its handshake" in reported:
        return N_("check that the server listens there, as seen from the machine of --ssh")
    for words, hint in _HINTS_BY_REASON.items():
        if any(word in reported for word in words):
            return hint
    if address.socket:
        return N_("check that the server runs on this machine, or name its socket (-S) or its host (-h)")
    if "CERTIFICATE" in reported.upper() or "SSL" in reported.upper():
        return N_("check --ssl-mode, --ssl-ca and the name in the server's certificate")
    return N_("check that the server runs, and check the port (-P)")


_HINTS_BY_REASON = {
    (NO_TUNNEL,): N_("start goneaway-tui again: ssh can then ask for a password or a host key"),
    ("not a possible", "no address", "Name or", "nodename", "resolution"): N_("check the host name (-h)"),
    ("timed out",): N_("a firewall may drop the packets; check host and port, or raise --connect-timeout"),
}
"""What to do, by words of the error; the first row of which a word occurs applies."""
