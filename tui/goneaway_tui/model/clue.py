"""What a server said, between two samples, that bears on why sessions end."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.model.cause import Cause
from goneaway_tui.model.session import ProcesslistId

GOODBYE = 0
"""Stands among the error codes for none: the client said COM_QUIT."""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often one error was raised in sessions of one account since the sample before."""

    user: str
    host: str
    """The client's host as the server names it, without a port."""
    code: int
    """As a client would see it: 4031, 1158, 1153; or GOODBYE."""
    count: int
    early: bool = False
    """Counted by the sample before already, which saw more endings than absences: whose it was, only this one can tell."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the server's own error log."""

    at: float | None
    """Seconds since 1970 UTC, on the clock the log was written by; None where it carries none that can be read."""
    text: str
    """The message without its time stamp and label. Hostile: it quotes user and database names."""
    session_id: ProcesslistId | None = None
    """The session the message speaks of."""
    cause: Cause | None = None
    """What the words say of why that session, or with no session the server, ended; None where they do not."""
    code: str | None = None
    """`MY-010914`, where the server numbers its messages."""


@dataclass(frozen=True, slots=True)
class Kill:
    """A KILL of a session that the server remembers."""

    session_id: ProcesslistId
    """The victim."""
    by: str
    """The account and session that ran it."""


@dataclass(frozen=True, slots=True)
class Clues:
    """Everything of that kind since the sample before."""

    errors: tuple[ErrorCount, ...] = ()
    log: tuple[LogEntry, ...] = ()
    kills: tuple[Kill, ...] = ()
    aborted: int | None = None
    """How many sessions ended without a goodbye; None where nobody counted."""
    killed: int | None = None
    """How many KILL statements of any kind were run whose victim is not known; None where the server does not count them."""
    counted: frozenset[int] = frozenset()
    """The codes the server counts by account: one of these that is absent from `errors` was not raised."""
    offline: bool | None = None
    """Whether `offline_mode` was turned on lately, which ends sessions and counts as no KILL; None where that is not known."""
    stop_reported: bool = False
    """Whether the server ended our own session by an error that it sends when it stops."""


NOTHING_SAID = Clues()
