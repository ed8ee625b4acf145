"""The error numbers of lost and refused connections: their names, and what each says by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from goneaway_tui.model.cause import Cause, Certainty


@dataclass(frozen=True, slots=True)
class Code:
    """One error number."""

    name: str
    means: str
    says: Cause | None = None
    """What it blames by itself."""
    certainty: Certainty = Certainty.POSSIBLE
    refuses: bool = False
    """A connection that never began."""


_SURE, _LIKELY = Certainty.CONFIRMED, Certainty.LIKELY

CODES: Final[dict[int | None, Code]] = {
    0: Code("InterfaceError", "the driver had closed this connection object before it was used"),
    1040: Code("ER_CON_COUNT_ERROR", "the server is full", Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1043: Code("ER_HANDSHAKE_ERROR", "the greeting was not understood", refuses=True),
    1045: Code("ER_ACCESS_DENIED_ERROR", "user or password were refused", Cause.ACCESS_DENIED, _SURE, refuses=True),
    1053: Code("ER_SERVER_SHUTDOWN", "the server was shutting down", Cause.SERVER_RESTART, _SURE),
    1077: Code("ER_NORMAL_SHUTDOWN", "the server was shut down", Cause.SERVER_RESTART, _SURE),
    1078: Code("ER_GOT_SIGNAL", "the server got a signal and went down", Cause.SERVER_CRASH, _LIKELY),
    1079: Code("ER_SHUTDOWN_COMPLETE", "the server was shut down", Cause.SERVER_RESTART, _SURE),
    1080: Code("ER_FORCING_CLOSE", "the server closed sessions to shut down", Cause.SERVER_RESTART, _SURE),
    1129: Code("ER_HOST_IS_BLOCKED", "the client's host is blocked", Cause.HOST_BLOCKED, _SURE, refuses=True),
    1130: Code("ER_HOST_NOT_PRIVILEGED", "no account fits this host", Cause.ACCESS_DENIED, _SURE, refuses=True),
    1152: Code("ER_ABORTING_CONNECTION", "the server gave up the session"),
    1153: Code("ER_NET_PACKET_TOO_LARGE", "a packet was larger than max_allowed_packet", Cause.PACKET_TOO_LARGE, _SURE),
    1156: Code("ER_NET_PACKETS_OUT_OF_ORDER", "packets came out of order", Cause.FORKED_CONNECTION, _LIKELY),
    1158: Code("ER_NET_READ_ERROR", "the server could not read from the client", Cause.CLIENT_LOST, _LIKELY),
    1159: Code("ER_NET_READ_INTERRUPTED", "the server waited too long for the client", Cause.NET_READ_TIMEOUT, _LIKELY),
    1160: Code("ER_NET_ERROR_ON_WRITE", "the server could not write to the client", Cause.CLIENT_LOST, _LIKELY),
    1161: Code("ER_NET_WRITE_INTERRUPTED", "the client did not take its result in time", Cause.NET_WRITE_TIMEOUT, _SURE),
    1184: Code("ER_NEW_ABORTING_CONNECTION", "the server gave up the session"),
    1203: Code("ER_TOO_MANY_USER_CONNECTIONS", "the account has too many sessions", Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1226: Code("ER_USER_LIMIT_REACHED", "the account has used up a limit", Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1317: Code("ER_QUERY_INTERRUPTED", "the statement was interrupted", Cause.KILLED, _LIKELY),
    1698: Code("ER_ACCESS_DENIED_NO_PASSWORD_ERROR", "the account was refused", Cause.ACCESS_DENIED, _SURE, refuses=True),
    1927: Code("ER_CONNECTION_KILLED", "somebody killed the session", Cause.KILLED, _SURE),
    1969: Code("ER_STATEMENT_TIMEOUT", "the statement ran into max_statement_time", Cause.STATEMENT_TIMEOUT, _SURE),
    2002: Code("CR_CONNECTION_ERROR", "nobody answered at the socket", refuses=True),
    2003: Code("CR_CONN_HOST_ERROR", "nobody answered at the address", refuses=True),
    2005: Code("CR_UNKNOWN_HOST", "the server's name has no address", refuses=True),
    2006: Code("CR_SERVER_GONE_ERROR", "the connection was dead when the client began to send"),
    2013: Code("CR_SERVER_LOST", "the connection ended while the client waited for an answer"),
    2020: Code("CR_NET_PACKET_TOO_LARGE", "a packet was larger than the client's max_allowed_packet", Cause.PACKET_TOO_LARGE, _SURE),
    2026: Code("CR_SSL_CONNECTION_ERROR", "TLS failed"),
    2027: Code("CR_MALFORMED_PACKET", "what came was no packet", Cause.FORKED_CONNECTION, _LIKELY),
    2055: Code("CR_SERVER_LOST_EXTENDED", "the connection ended, with an error of the operating system"),
    3024: Code("ER_QUERY_TIMEOUT", "the statement ran into max_execution_time", Cause.STATEMENT_TIMEOUT, _SURE),
    3032: Code("ER_SERVER_OFFLINE_MODE", "the server is in offline mode", Cause.ACCESS_DENIED, _SURE, refuses=True),
    3118: Code("ER_ACCOUNT_HAS_BEEN_LOCKED", "the account is locked", Cause.ACCESS_DENIED, _SURE, refuses=True),
    3169: Code("ER_SESSION_WAS_KILLED", "somebody killed the session", Cause.KILLED, _SURE),
    4031: Code("ER_CLIENT_INTERACTION_TIMEOUT", "the session idled past its wait_timeout", Cause.IDLE_TIMEOUT, _SURE),
    9001: Code("ProxySQL 9001", "the proxy reached no server in time", Cause.PROXY_OR_FIREWALL, _LIKELY, refuses=True),
}  # fmt: skip
