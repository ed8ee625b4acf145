"""The error numbers of lost and refused connections: their names, and what each says by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from goneaway_tui.language import marked
from goneaway_tui.model.cause import Cause, Certainty


@dataclass(frozen=True, slots=True)
class Code:
    """One error number."""

    name: str
    means: str
    """Marked: translated where it is shown."""
    says: Cause | None = None
    """What it blames by itself."""
    certainty: Certainty = Certainty.POSSIBLE
    refuses: bool = False
    """A connection that never began."""


_SURE, _LIKELY = Certainty.CONFIRMED, Certainty.LIKELY

CODES: Final[dict[int | None, Code]] = {
    0: Code("InterfaceError", marked("the driver had closed this connection object before it was used")),
    1040: Code("ER_CON_COUNT_ERROR", marked("the server is full"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1043: Code("ER_HANDSHAKE_ERROR", marked("the greeting was not understood"), refuses=True),
    1045: Code("ER_ACCESS_DENIED_ERROR", marked("user or password were refused"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    1053: Code("ER_SERVER_SHUTDOWN", marked("the server was shutting down"), Cause.SERVER_RESTART, _SURE),
    1077: Code("ER_NORMAL_SHUTDOWN", marked("the server was shut down"), Cause.SERVER_RESTART, _SURE),
    1078: Code("ER_GOT_SIGNAL", marked("the server got a signal and went down"), Cause.SERVER_CRASH, _LIKELY),
    1079: Code("ER_SHUTDOWN_COMPLETE", marked("the server was shut down"), Cause.SERVER_RESTART, _SURE),
    1080: Code("ER_FORCING_CLOSE", marked("the server closed sessions to shut down"), Cause.SERVER_RESTART, _SURE),
    1129: Code("ER_HOST_IS_BLOCKED", marked("the client's host is blocked"), Cause.HOST_BLOCKED, _SURE, refuses=True),
    1130: Code("ER_HOST_NOT_PRIVILEGED", marked("no account fits this host"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    1152: Code("ER_ABORTING_CONNECTION", marked("the server gave up the session")),
    1153: Code("ER_NET_PACKET_TOO_LARGE", marked("a packet was larger than max_allowed_packet"), Cause.PACKET_TOO_LARGE, _SURE),
    1156: Code("ER_NET_PACKETS_OUT_OF_ORDER", marked("packets came out of order"), Cause.FORKED_CONNECTION, _LIKELY),
    1158: Code("ER_NET_READ_ERROR", marked("the server could not read from the client"), Cause.CLIENT_LOST, _LIKELY),
    1159: Code("ER_NET_READ_INTERRUPTED", marked("the server waited too long for the client"), Cause.NET_READ_TIMEOUT, _LIKELY),
    1160: Code("ER_NET_ERROR_ON_WRITE", marked("the server could not write to the client"), Cause.CLIENT_LOST, _LIKELY),
    1161: Code("ER_NET_WRITE_INTERRUPTED", marked("the client did not take its result in time"), Cause.NET_WRITE_TIMEOUT, _SURE),
    1184: Code("ER_NEW_ABORTING_CONNECTION", marked("the server gave up the session")),
    1203: Code("ER_TOO_MANY_USER_CONNECTIONS", marked("the account has too many sessions"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1226: Code("ER_USER_LIMIT_REACHED", marked("the account has used up a limit"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1317: Code("ER_QUERY_INTERRUPTED", marked("the statement was interrupted"), Cause.KILLED, _LIKELY),
    1698: Code("ER_ACCESS_DENIED_NO_PASSWORD_ERROR", marked("the account was refused"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    1927: Code("ER_CONNECTION_KILLED", marked("a KILL ended the session, or MariaDB before 10.6 was stopping"), Cause.KILLED, _LIKELY),
    1969: Code("ER_STATEMENT_TIMEOUT", marked("the statement ran into max_statement_time"), Cause.STATEMENT_TIMEOUT, _SURE),
    2002: Code("CR_CONNECTION_ERROR", marked("nobody answered at the socket"), refuses=True),
    2003: Code("CR_CONN_HOST_ERROR", marked("nobody answered at the address"), refuses=True),
    2005: Code("CR_UNKNOWN_HOST", marked("the server's name has no address"), refuses=True),
    2006: Code("CR_SERVER_GONE_ERROR", marked("the connection was dead when the client began to send")),
    2013: Code("CR_SERVER_LOST", marked("the connection ended while the client waited for an answer")),
    2020: Code("CR_NET_PACKET_TOO_LARGE", marked("a packet was larger than the client's max_allowed_packet"), Cause.PACKET_TOO_LARGE, _SURE),
    2026: Code("CR_SSL_CONNECTION_ERROR", marked("TLS failed")),
    2027: Code("CR_MALFORMED_PACKET", marked("what came was no packet"), Cause.FORKED_CONNECTION, _LIKELY),
    2055: Code("CR_SERVER_LOST_EXTENDED", marked("the connection ended, with an error of the operating system")),
    3024: Code("ER_QUERY_TIMEOUT", marked("the statement ran into max_execution_time"), Cause.STATEMENT_TIMEOUT, _SURE),
    3032: Code("ER_SERVER_OFFLINE_MODE", marked("the server is in offline mode"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    3118: Code("ER_ACCOUNT_HAS_BEEN_LOCKED", marked("the account is locked"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    3169: Code("ER_SESSION_WAS_KILLED", marked("somebody killed the session"), Cause.KILLED, _SURE),
    4031: Code("ER_CLIENT_INTERACTION_TIMEOUT", marked("the session idled past its wait_timeout"), Cause.IDLE_TIMEOUT, _SURE),
    9001: Code("ProxySQL 9001", marked("the proxy reached no server in time"), Cause.PROXY_OR_FIREWALL, _LIKELY, refuses=True),
}  # fmt: skip
