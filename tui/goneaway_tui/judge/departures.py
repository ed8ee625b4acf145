"""Who left between two samples, and why: a table over what the server let be seen.

Sources: `performance_schema` counts errors and goodbyes by account before it drops a session from its list, and so
`Aborted_clients` and `Com_kill` (measured on MySQL 9.7, MariaDB 10.11 and 11.8: evidence is never later than the absence).
What names the session itself is hard evidence. The rest are counts, which are apportioned in `judge.apportioning`.
"""

from __future__ import annotations

from collections.abc import Callable

from goneaway_tui.judge.apportioning import EARLY, Absence, Reason, apportioned, timed_out
from goneaway_tui.judge.runs import is_same_run
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.clue import LogEntry
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Snapshot, Verdict

SOCIAL = frozenset({Role.CLIENT, Role.REPLICA, Role.DUMP})
"""Roles that come and go; a login that was not finished is no session yet, and a daemon is the server itself."""


def departures(before: Snapshot, after: Snapshot) -> tuple[Departure, ...]:
    """Everybody in `before` who is not in `after`, in the order of `before`, each with the cause and what speaks for it."""
    same_run = is_same_run(before.sample, after.sample)
    present = {v.session.id: v.session.user for v in after.verdicts} if same_run else {}
    gone = [v for v in before.verdicts if v.session.id not in present and _counts(v)]
    if not gone:
        return ()
    if not same_run:
        return tuple(_swept_away(v, before, after) for v in gone)
    named = {v.session.id: reason for v in gone if (reason := _named(v, after)) is not None}
    absence = Absence.between(before, after, tuple(gone), named)
    reasons = named | apportioned(absence)
    return tuple(_departure(v, reasons[v.session.id], absence) for v in gone)


def _counts(verdict: Verdict) -> bool:
    return verdict.session.role in SOCIAL and not verdict.session.own


def _departure(verdict: Verdict, reason: Reason, absence: Absence) -> Departure:
    at = (absence.start + absence.end) / 2
    within = (absence.end - absence.start) / 2
    if reason.at is not None:
        at, within = min(max(reason.at, absence.start), absence.end), min(within, reason.within)
    return Departure(verdict, at, within, reason.cause, reason.certainty, reason.evidence)


# --- Hard evidence: the server names the session


def _named(verdict: Verdict, after: Snapshot) -> Reason | None:
    return next((reason for rule in NAMED if (reason := rule(verdict, after)) is not None), None)


def _killed_by(verdict: Verdict, after: Snapshot) -> Reason | None:
    """Somebody's KILL is among the statements the server remembers."""
    for kill in after.sample.clues.kills:
        if kill.session_id == verdict.session.id:
            return Reason(
                Cause.KILLED, Certainty.CONFIRMED, (f"KILL {kill.session_id} by {plain(kill.by, 200)}",)
            )
    return None


def _logged(verdict: Verdict, after: Snapshot) -> Reason | None:
    """The server's own log says it of this session."""
    said = [e for e in after.sample.clues.log if e.session_id == verdict.session.id and e.cause is not None]
    if not said:
        return None
    entry = said[-1]
    cause = entry.cause or Cause.UNKNOWN
    if cause is Cause.CLIENT_LOST and after.sample.clues.killed:
        return None  # a KILL shuts the socket, and the log then reads the same; the counts tell them apart
    if cause is Cause.IDLE_TIMEOUT:
        cause = timed_out(verdict)
    return Reason(
        cause,
        Certainty.CONFIRMED,
        (f"the server's log: {plain(entry.text, 400)}",),
        *_instant(entry, verdict),
    )


def _dying(verdict: Verdict, after: Snapshot) -> Reason | None:  # noqa: ARG001 - the shape of a rule
    """It was seen on its way out."""
    if verdict.session.command != "Killed":
        return None
    return Reason(Cause.KILLED, Certainty.CONFIRMED, ("the process list showed it as Killed",))


NAMED: tuple[Callable[[Verdict, Snapshot], Reason | None], ...] = (_killed_by, _logged, _dying)
"""Tried in this order; the first that knows decides."""


def _instant(entry: LogEntry, verdict: Verdict) -> tuple[float | None, float]:
    """When, by the log's clock; where it has none, by the deadline."""
    if entry.at is not None:
        return entry.at, EARLY
    return verdict.deadline, 0.1


# --- A server that stopped


def _swept_away(verdict: Verdict, before: Snapshot, after: Snapshot) -> Departure:
    """Every session ends with its server; whether that was a stop or a crash only the log tells."""
    started = after.taken_at - after.sample.server.uptime
    within = max(0.0, started - before.taken_at) / 2
    at = min(before.taken_at + within, after.taken_at)
    restart = f"the server began anew: it is up {after.sample.server.uptime:.0f} s"
    said = [e for e in after.sample.clues.log if e.cause in {Cause.SERVER_RESTART, Cause.SERVER_CRASH}]
    crash = next((e for e in said if e.cause is Cause.SERVER_CRASH), None)
    spoken = crash or next(iter(said), None)
    if spoken is None:
        return Departure(
            verdict,
            at,
            within,
            Cause.SERVER_RESTART,
            Certainty.LIKELY,
            (restart, "nothing says whether it was stopped or crashed"),
        )
    cause = spoken.cause or Cause.SERVER_RESTART
    return Departure(
        verdict,
        at,
        within,
        cause,
        Certainty.CONFIRMED,
        (f"the server's log: {plain(spoken.text, 400)}", restart),
    )
