"""Whether a server's counters allow for what its log says of sessions.

A log is text, and quotes what clients chose. Nobody who only writes into it can move a counter too: an end that a log tells of
is in the errors counted by account (MySQL), or in `Aborted_clients`, which rises for each session that ends without COM_QUIT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.attribution import (
    CLOCK_SLACK,
    Attribution,
    Attributions,
    EndingCounts,
    EndInterval,
    account_of,
    attributed_by_account,
    counted_endings,
    hidden_transaction_limit,
    timeout_cause,
)
from goneaway_tui.judge.deadline import grace_seconds
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import EndEvidence, LogEntry, is_same_run
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.text.sanitize import plain

READ_TIMEOUT_ERRORS = (Cause.IDLE_TIMEOUT, Cause.NET_READ_TIMEOUT)
"""Which error a timeout of reading raises depends on the version and on what was waited for; the words do not."""
READ_TIMEOUT_CAUSES = frozenset({*READ_TIMEOUT_ERRORS, Cause.TRANSACTION_TIMEOUT})
_CERTAINTIES = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class CounterAgreement:
    """What is left of a log's word."""

    accepted: Attributions
    rejected: Mapping[ProcesslistId, str]
    """What the log says of those whose end no counter allows for, in words."""


def checked_by_counters(
    clues: EndEvidence, logged: Sequence[tuple[Verdict, Attribution]], known_aborted: int
) -> CounterAgreement:
    """`logged` is what a log says of sessions that ended, `known_aborted` how many more ended without COM_QUIT for a known cause."""
    fresh, early = counted_endings(clues)
    believed: Attributions = {}
    left = []
    for verdict, reason in logged:
        account = account_of(verdict)
        if _explains((fresh[account], early[account]), reason.cause):
            believed[verdict.session.id] = reason
        else:
            left.append((verdict.session.id, reason))
    if clues.aborted is None:
        why = _("the server's counters are not known, so nothing but its log says so")
        return CounterAgreement(
            believed | {number: _weaker(each, Certainty.LIKELY, why) for number, each in left}, {}
        )
    aborted = max(0, clues.aborted - len(believed) - known_aborted)
    if left and not aborted:
        return CounterAgreement(
            believed,
            {
                number: _(
                    "not believed, because Aborted_clients did not rise for it: {line}",
                    line=reason.evidence[0],
                )
                for number, reason in left
            },
        )
    if aborted < len(left):
        why = ngettext(
            "the log names {number} session that ended without COM_QUIT, and Aborted_clients rose by {aborted}",
            "the log names {number} sessions that ended without COM_QUIT, and Aborted_clients rose by {aborted}",
            len(left),
            aborted=aborted,
        )
        return CounterAgreement(
            believed | {number: _weaker(each, Certainty.POSSIBLE, why) for number, each in left}, {}
        )
    return CounterAgreement(believed | dict(left), {})


def _explains(counts: Iterable[EndingCounts], cause: Cause) -> bool:
    """Takes one end by that cause from what was counted. Whether there was one."""
    causes = READ_TIMEOUT_ERRORS if cause in READ_TIMEOUT_CAUSES else (cause,)
    return any(tally.take_out(each) for tally in counts for each in causes)


def _weaker(reason: Attribution, most: Certainty, why: str) -> Attribution:
    certainty = max(reason.certainty, most, key=_CERTAINTIES.index)
    return replace(reason, certainty=certainty, evidence=(*reason.evidence, why))


TRACKED_ROLES = frozenset({Role.CLIENT, Role.REPLICA, Role.DUMP})
"""Roles that come and go; a login that was not finished is no session yet, and a daemon is the server itself."""
START_CODE = "MY-010116"
"""MySQL's `starting as process`. A stop is logged at every verbosity, and a crash by nobody below verbosity 3: there a
start without a stop before it is all that tells of one (MySQL 9.7)."""
STOPPING_SECONDS = 2.0
"""How long MySQL waits for sessions to leave before it forces them."""


def find_departures(before: Snapshot, after: Snapshot) -> tuple[Departure, ...]:
    """Everybody in `before` who is not in `after`, in the order of `before`, each with the cause and what speaks for it."""
    same_run = is_same_run(before.sample, after.sample)
    missed = before.by_id.keys() - (after.by_id.keys() if same_run else frozenset())
    gone = [v for v in before.verdicts if v.session.id in missed and _is_tracked(v)] if missed else []
    if not gone:
        return ()
    if not same_run:
        return tuple(_ended_with_server(v, before, after) for v in gone)
    killed = _attributed_by(_killed, gone, after)
    logged = [
        (v, reason) for v in gone if v.session.id not in killed and (reason := _logged(v, after)) is not None
    ]
    agreement = checked_by_counters(after.sample.clues, logged, len(killed))
    named = _attributed_by(_marked_killed, gone, after) | agreement.accepted | killed
    absence = EndInterval.between(before, after, tuple(gone), named)
    reasons = named | attributed_by_account(absence)
    for number, doubt in agreement.rejected.items():
        reasons[number] = replace(reasons[number], evidence=(*reasons[number].evidence, doubt))
    return tuple(_departure(v, reasons[v.session.id], absence) for v in gone)


EvidenceRule = Callable[[Verdict, Snapshot], Attribution | None]


def _attributed_by(rule: EvidenceRule, gone: Iterable[Verdict], after: Snapshot) -> Attributions:
    return {v.session.id: reason for v in gone if (reason := rule(v, after)) is not None}


def _is_tracked(verdict: Verdict) -> bool:
    return verdict.session.role in TRACKED_ROLES and not verdict.session.own


def _departure(verdict: Verdict, reason: Attribution, absence: EndInterval) -> Departure:
    at = (absence.start + absence.end) / 2
    within = (absence.end - absence.start) / 2
    if reason.at is not None:
        at, within = min(max(reason.at, absence.start), absence.end), min(within, reason.within)
    return Departure(verdict, at, within, reason.cause, reason.certainty, reason.evidence)


# --- Hard evidence: the server names the session


def _killed(verdict: Verdict, after: Snapshot) -> Attribution | None:
    """Somebody's KILL is among the statements the server remembers."""
    for kill in after.sample.clues.kills:
        if kill.session_id == verdict.session.id:
            told = _("KILL {id} by {whom}", id=kill.session_id, whom=plain(kill.by, 200))
            return Attribution(Cause.KILLED, Certainty.CONFIRMED, (told,))
    return None


def _logged(verdict: Verdict, after: Snapshot) -> Attribution | None:
    """The server's own log says it of this session; whether that is believed is for the counters to say."""
    said = [e for e in after.sample.clues.log if e.session_id == verdict.session.id and e.cause is not None]
    if not said:
        return None
    entry = said[-1]
    cause = entry.cause or Cause.UNKNOWN
    certainty = Certainty.CONFIRMED
    if cause is Cause.KILLED and verdict.session.command == "Killed":
        certainty = (
            Certainty.LIKELY
        )  # MariaDB says so too of one that was idle at a KILL QUERY and then timed out
    evidence = [_quoted(entry)]
    if cause is Cause.IDLE_TIMEOUT:
        cause = timeout_cause(verdict)
        for variable, seconds in _transaction_limits_met(verdict, entry, after.taken_at):
            certainty = Certainty.LIKELY
            if verdict.deadline is None or verdict.deadline > (verdict.session.idle_since or 0.0) + seconds:
                cause = Cause.TRANSACTION_TIMEOUT
            evidence.append(
                _(
                    "{variable} of {seconds:.12g} s ran out at that time; it ends a session after a bare BEGIN, and MariaDB does not list such a transaction",
                    variable=variable,
                    seconds=seconds,
                )
            )
    return Attribution(cause, certainty, tuple(evidence), *_instant(entry, verdict))


def _transaction_limits_met(verdict: Verdict, entry: LogEntry, now: float) -> list[tuple[str, float]]:
    """The limit of a transaction that MariaDB would not have listed, if it ran out when the session was closed.

    A busy server closes late: only a limit that is disproved (`judge.deadline`) is taken for none of the session's.
    """
    since = verdict.session.idle_since
    if since is None:
        return []
    first, last = since, now
    if entry.at is not None and since <= entry.at <= now:  # else that log's clock is another
        first, last = entry.at, min(now, entry.at + 1.0) if entry.at.is_integer() else entry.at
    slack = CLOCK_SLACK + verdict.session.idle_within
    late = grace_seconds(verdict.inherited) + verdict.session.idle_within
    return [
        (variable, seconds)
        for variable, seconds in hidden_transaction_limit(verdict)
        if first - late <= since + seconds <= last + slack
    ]


def _marked_killed(verdict: Verdict, after: Snapshot) -> Attribution | None:  # noqa: ARG001 - the shape of a rule
    """It was seen on its way out; but MariaDB shows the same after a KILL QUERY of an idle session, which lives on."""
    if verdict.session.command != "Killed":
        return None
    return Attribution(Cause.KILLED, Certainty.LIKELY, (_("the process list showed it as Killed"),))


def _instant(entry: LogEntry, verdict: Verdict) -> tuple[float | None, float]:
    """When, by the log's clock; where it has none, by the deadline."""
    if entry.at is not None:
        if entry.at.is_integer():  # a log in whole seconds, cut off
            return entry.at + 0.5, 0.5
        return entry.at, CLOCK_SLACK
    return verdict.deadline, 0.1


# --- A server that stopped


def _ended_with_server(verdict: Verdict, before: Snapshot, after: Snapshot) -> Departure:
    """Every session ends with its server; whether that was a stop or a crash only the log tells."""
    started = after.taken_at - after.sample.server.uptime
    within = max(0.0, started - before.taken_at) / 2
    at = min(before.taken_at + within, after.taken_at)
    reason = _server_end(after.sample.clues, verdict.session.id)
    restart = _("the server began anew: it is up {seconds:.0f} s", seconds=after.sample.server.uptime)
    if reason.at is not None:
        at, within = min(max(reason.at, before.taken_at), after.taken_at), reason.within
    return Departure(verdict, at, within, reason.cause, reason.certainty, (*reason.evidence, restart))


def _server_end(clues: EndEvidence, session_id: ProcesslistId) -> Attribution:
    """What is said of the end of a server, the surest first."""
    log = clues.log
    of_server = [e for e in log if e.session_id is None]
    crash = next((e for e in of_server if e.cause is Cause.SERVER_CRASH), None)
    if crash is not None:
        return Attribution(Cause.SERVER_CRASH, Certainty.CONFIRMED, (_quoted(crash),))
    stops = [e for e in log if e.cause is Cause.SERVER_RESTART]
    if stops:
        own = next((e for e in stops if e.session_id == session_id), None)
        within = CLOCK_SLACK if own is not None else STOPPING_SECONDS
        spoken = own or stops[0]
        return Attribution(Cause.SERVER_RESTART, Certainty.CONFIRMED, (_quoted(spoken),), spoken.at, within)
    start = next((e for e in of_server if e.code == START_CODE), None)
    if start is not None:
        why = _(
            "the server's log tells of a start and of no stop before it: {line}", line=plain(start.text, 400)
        )
        return Attribution(Cause.SERVER_CRASH, Certainty.LIKELY, (why,))
    if clues.stop_reported:
        why = _("the server ended our own session by an error that it sends when it stops (1053 or 1927)")
        return Attribution(Cause.SERVER_RESTART, Certainty.LIKELY, (why,))
    why = _("nothing says whether it was stopped or crashed")
    return Attribution(Cause.SERVER_RESTART, Certainty.LIKELY, (why,))


def _quoted(entry: LogEntry) -> str:
    return _("the server's log: {line}", line=plain(entry.text, 400))
