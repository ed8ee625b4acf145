"""Causes of an ended session, their certainty, and the finding that weighs one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from goneaway_tui.i18n import marked


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


CAUSE_WORDS: Final[Mapping[Cause | Certainty, str]] = {
    Cause.IDLE_TIMEOUT: marked("idle timeout"),
    Cause.TRANSACTION_TIMEOUT: marked("transaction timeout"),
    Cause.KILLED: marked("killed"),
    Cause.CLIENT_QUIT: marked("client quit"),
    Cause.CLIENT_LOST: marked("client lost"),
    Cause.PACKET_TOO_LARGE: marked("packet too large"),
    Cause.NET_READ_TIMEOUT: marked("net read timeout"),
    Cause.NET_WRITE_TIMEOUT: marked("net write timeout"),
    Cause.STATEMENT_TIMEOUT: marked("statement timeout"),
    Cause.SERVER_RESTART: marked("server restart"),
    Cause.SERVER_CRASH: marked("server crash"),
    Cause.TOO_MANY_CONNECTIONS: marked("too many connections"),
    Cause.HOST_BLOCKED: marked("host blocked"),
    Cause.ACCESS_DENIED: marked("access denied"),
    Cause.FORKED_CONNECTION: marked("forked connection"),
    Cause.PROXY_OR_FIREWALL: marked("proxy or firewall"),
    Cause.UNKNOWN: marked("unknown"),
    Certainty.CONFIRMED: marked("confirmed"),
    Certainty.LIKELY: marked("likely"),
    Certainty.POSSIBLE: marked("possible"),
    Certainty.RULED_OUT: marked("ruled out"),
}
"""Causes and certainties in words for sentences; translated where they are shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One possible cause, with the evidence for and against it."""

    cause: Cause
    certainty: Certainty
    because: tuple[str, ...] = ()
    """The evidence for the cause, or the evidence that rules it out, a sentence each."""
    against: tuple[str, ...] = ()
    """The evidence against the cause, a sentence each."""
    prove: str = ""
    """How to verify the cause."""
    remedies: tuple[str, ...] = ()
    """What to do, in the units and with the setting's name of the product that has to be changed."""
    docs: str | None = None
    """The page of a manual that explains the cause."""
