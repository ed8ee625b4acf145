"""What a server said, between two samples, that bears on why sessions end."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.model.cause import Cause
from goneaway_tui.model.server import Limitation, Server, Variable
from goneaway_tui.model.session import ProcesslistId, Session

COM_QUIT = 0
"""Stands among the error codes for none: the client said COM_QUIT."""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often one error was raised in sessions of one account since the sample before."""

    user: str
    host: str
    """The client's host as the server names it, without a port."""
    code: int
    """As a client would see it: 4031, 1158, 1153; or COM_QUIT (0) for a clean disconnect."""
    count: int
    counted_before: bool = False
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
class KillStatement:
    """A KILL of a session that the server remembers."""

    session_id: ProcesslistId
    """The victim."""
    by: str
    """The account and session that ran it."""


@dataclass(frozen=True, slots=True)
class EndEvidence:
    """Everything of that kind since the sample before."""

    errors: tuple[ErrorCount, ...] = ()
    log: tuple[LogEntry, ...] = ()
    kills: tuple[KillStatement, ...] = ()
    aborted: int | None = None
    """How many sessions ended without a goodbye; None where nobody counted."""
    killed: int | None = None
    """How many KILL statements of any kind were run whose victim is not known; None where the server does not count them."""
    counted_codes: frozenset[int] = frozenset()
    """The codes the server counts by account: one of these that is absent from `errors` was not raised."""
    offline: bool | None = None
    """Whether `offline_mode` was turned on lately, which ends sessions and counts as no KILL; None where that is not known."""
    stop_reported: bool = False
    """Whether the server ended our own session by an error that it sends when it stops."""


NO_EVIDENCE = EndEvidence()


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server said."""

    taken_at: float
    """Seconds since 1970 UTC on the source's clock."""
    server: Server
    sessions: tuple[Session, ...]
    variables: tuple[Variable, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()
    """Status counters by lower-case name."""
    limitations: tuple[Limitation, ...] = ()
    seconds_to_read: float = 0.0
    """How long the reading took, as the source's clock saw it."""
    seconds_at_server: float = 0.0
    """How much of that the server may have worked for: without the way there and back."""
    clues: EndEvidence = NO_EVIDENCE
    """What was said since the sample before of why sessions end."""

    def variable(self, name: str) -> int | float | None:
        """A global variable's value, or None where the server has no such variable."""
        return next((v.value for v in self.variables if v.name == name), None)

    def counter(self, name: str) -> int | None:
        return next((value for counter, value in self.counters if counter == name), None)


RESTART_TOLERANCE = 2.0
"""Seconds by which the start of a server may seem to move (Uptime counts whole seconds) before it is another start."""


def is_same_run(before: Sample, after: Sample) -> bool:
    """Whether both samples are of one run of one server.

    A restart moves a server's start to later, never to earlier: where it is surely the same server, an earlier start means
    that its clock was set.
    """
    one, other = before.server, after.server
    named = None not in {one.uid, other.uid}
    moved = (after.taken_at - other.uptime) - (before.taken_at - one.uptime)
    return (
        one.banner == other.banner
        and (one.uid == other.uid or not named)
        and other.uptime + RESTART_TOLERANCE >= one.uptime
        and (moved if named else abs(moved)) <= RESTART_TOLERANCE
    )
