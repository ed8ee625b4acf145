"""Samples: one reading of a server, with the evidence since the sample before of why sessions ended.

A recording writes the fields of Sample by their names: renaming one changes its format.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from goneaway_tui.model.blocking import Blocking, LockWait, blocking
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.server import Limitation, Server, Variable
from goneaway_tui.model.session import ProcesslistId, Session

COM_QUIT = 0
"""Stands among the error codes for a clean disconnect: the client sent COM_QUIT."""
ABORT_ERRORS = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
"""The errors that MySQL raises when it ends a session without COM_QUIT, and counts by account: a packet too large (1153), a
connection that broke or timed out (1158 to 1161), an idle timeout (4031)."""


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
    """Already counted at the sample before, when the session was still listed: only this sample shows which session it was."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the server's own error log."""

    at: float | None
    """Seconds since 1970 UTC by the clock of the log; None where the entry has no readable time stamp."""
    text: str
    """The message without its time stamp and label. Hostile: it quotes user and database names."""
    session_id: ProcesslistId | None = None
    """The session the message is about; None where it is about the server."""
    cause: Cause | None = None
    """Why the session, or the server, ended, by the words of the message; None where they give no cause."""
    code: str | None = None
    """`MY-010914`, where the server numbers its messages."""
    is_past_text: bool = field(default=False, metadata={"recorded": False})
    """Whether it was in a text file before the first sample: no counter confirms what a file says of that time."""


@dataclass(frozen=True, slots=True)
class KillStatement:
    """A KILL of a session that the server remembers."""

    session_id: ProcesslistId
    """The session that was killed."""
    by: str
    """The account and session that ran it."""


@dataclass(frozen=True, slots=True)
class EndEvidence:
    """Everything the server reports since the sample before that bears on why sessions ended."""

    errors: tuple[ErrorCount, ...] = ()
    log: tuple[LogEntry, ...] = ()
    kills: tuple[KillStatement, ...] = ()
    aborted_clients: int | None = None
    """How many sessions ended without COM_QUIT, by the rise of Aborted_clients; None where that is not known."""
    kill_statements: int | None = None
    """How many KILL statements of any kind ran beside those of `kills`, each of a session that is not known; None where the server
    does not count them."""
    counted_codes: frozenset[int] = frozenset()
    """The error codes the server counts by account: a code that is absent from `errors` was not raised."""
    offline: bool | None = None
    """Whether `offline_mode` was turned on since, which ends sessions and counts as no KILL; None where that is not known."""
    stop_reported: bool = False
    """Whether the server ended our own session with an error that it sends when it stops (1053 or 1927)."""


NO_EVIDENCE = EndEvidence()


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a server."""

    taken_at: float
    """Seconds since 1970 UTC on the source's clock."""
    server: Server
    sessions: tuple[Session, ...]
    variables: tuple[Variable, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()
    """Status counters by lower-case name."""
    limitations: tuple[Limitation, ...] = ()
    seconds_to_read: float = 0.0
    """How long the reading took, by the source's clock."""
    seconds_at_server: float = 0.0
    """How much of that the server may have worked: without the network round trips."""
    end_evidence: EndEvidence = NO_EVIDENCE
    """The evidence since the sample before of why sessions ended."""
    lock_waits: tuple[LockWait, ...] | None = None
    """The sessions that wait for locks; None where the account cannot read which sessions wait."""

    def blocking(self) -> Blocking | None:
        """Which session blocks which, computed at each call; None where the account cannot read which sessions wait for locks."""
        return None if self.lock_waits is None else blocking(self.lock_waits)

    def variable(self, name: str) -> int | float | None:
        """A global variable's value, or None where the server has no such variable."""
        return next((v.value for v in self.variables if v.name == name), None)

    def counter(self, name: str) -> int | None:
        """A status counter by its lower-case name, or None where the server has no such counter."""
        return next((value for counter, value in self.counters if counter == name), None)


RESTART_TOLERANCE = 2.0
"""Seconds by which the start of a server may seem to move (Uptime counts whole seconds) before it is another start."""


def is_same_run(before: Sample, after: Sample) -> bool:
    """Whether both samples are of one run of one server.

    A restart moves a server's start to later, never to earlier: for a server that is certainly the same, an earlier start means
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
