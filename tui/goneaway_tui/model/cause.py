"""Causes of an ended session, their certainty, and the finding that weighs one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from goneaway_tui.i18n import N_, _


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
    Cause.IDLE_TIMEOUT: N_("idle timeout"),
    Cause.TRANSACTION_TIMEOUT: N_("transaction timeout"),
    Cause.KILLED: N_("killed"),
    Cause.CLIENT_QUIT: N_("client quit"),
    Cause.CLIENT_LOST: N_("client lost"),
    Cause.PACKET_TOO_LARGE: N_("packet too large"),
    Cause.NET_READ_TIMEOUT: N_("net read timeout"),
    Cause.NET_WRITE_TIMEOUT: N_("net write timeout"),
    Cause.STATEMENT_TIMEOUT: N_("statement timeout"),
    Cause.SERVER_RESTART: N_("server restart"),
    Cause.SERVER_CRASH: N_("server crash"),
    Cause.TOO_MANY_CONNECTIONS: N_("too many connections"),
    Cause.HOST_BLOCKED: N_("host blocked"),
    Cause.ACCESS_DENIED: N_("access denied"),
    Cause.FORKED_CONNECTION: N_("forked connection"),
    Cause.PROXY_OR_FIREWALL: N_("proxy or firewall"),
    Cause.UNKNOWN: N_("unknown"),
    Certainty.CONFIRMED: N_("confirmed"),
    Certainty.LIKELY: N_("likely"),
    Certainty.POSSIBLE: N_("possible"),
    Certainty.RULED_OUT: N_("ruled out"),
}
"""Causes and certainties in words for sentences; translated where they are shown."""


def cause_name(cause: Cause) -> str:
    """The word of the contract, by which filters and manuals find the cause; in another language with its translation first.

    >>> cause_name(Cause.IDLE_TIMEOUT)
    'idle_timeout'
    """
    words = _(CAUSE_WORDS[cause])
    return cause.value if words == CAUSE_WORDS[cause] else f"{words} {cause.value}"


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
