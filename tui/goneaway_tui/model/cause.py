"""Why a session ends, and how sure one may be of it."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Why a session ended, or was never let in. Words of the contract."""

    IDLE_TIMEOUT = "idle_timeout"
    TRANSACTION_TIMEOUT = "transaction_timeout"
    KILLED = "killed"
    CLIENT_QUIT = "client_quit"
    CLIENT_LOST = "client_lost"
    PACKET_TOO_LARGE = "packet_too_large"
    NET_READ_TIMEOUT = "net_read_timeout"
    NET_WRITE_TIMEOUT = "net_write_timeout"
    STATEMENT_TIMEOUT = "statement_timeout"
    SERVER_RESTART = "server_restart"
    SERVER_CRASH = "server_crash"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    HOST_BLOCKED = "host_blocked"
    ACCESS_DENIED = "access_denied"
    FORKED_CONNECTION = "forked_connection"
    PROXY_OR_FIREWALL = "proxy_or_firewall"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How sure we are of a cause. Words of the contract."""

    CONFIRMED = "confirmed"
    """The server said so."""
    LIKELY = "likely"
    POSSIBLE = "possible"
    RULED_OUT = "ruled_out"
