"""Departures: the sessions that ended between two snapshots, each with its cause and evidence, the strongest evidence first.

The server's log is believed only as far as its counters agree. A log is text, and quotes what clients chose; a client that only writes
into it cannot move a counter too. An end that a log reports is also in the errors counted by account (MySQL), or in
`Aborted_clients`, which rises for each session that ends without COM_QUIT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.attribution import (
    Attribution,
    Attributions,
    EndingCounts,
    EndInterval,
    account_of,
    attributed_by_account,
    counted_endings,
    hidden_transaction_limit,
    is_due,
    timeout_cause,
)
from goneaway_tui.judge.deadline import CLOCK_SLACK, grace_seconds
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import EndEvidence, LogEntry, is_same_run
from goneaway_tui.model.session import ProcesslistId, Role, Session
from goneaway_tui.model.snapshot import Risk, Snapshot, Verdict
from goneaway_tui.text.format import seconds_words
from goneaway_tui.text.sanitize import plain

READ_TIMEOUT_ERRORS = (Cause.IDLE_TIMEOUT, Cause.NET_READ_TIMEOUT)
"""A timeout of reading raises either error, by the server's version and by what it waited for; the log's words are the same."""
READ_TIMEOUT_CAUSES = frozenset({*READ_TIMEOUT_ERRORS, Cause.TRANSACTION_TIMEOUT})
_CERTAINTIES = tuple(Certainty)
NO_COUNTERS = N_("The server's counters are not known, so only the server's log reports this.")


@dataclass(frozen=True, slots=True)
class CounterAgreement:
    """Which of a log's statements the counters confirm."""

    accepted: Attributions
    rejected: Attributions
    """What the log says of the sessions whose end no counter confirms."""


def checked_by_counters(
    evidence: EndEvidence, logged: Sequence[tuple[Verdict, Attribution]], known_aborted: int, now: float
) -> CounterAgreement:
    """Compare what the log says of sessions that ended with the counters.

    `logged`: the sessions and what the log says of each. `known_aborted`: how many others ended without COM_QUIT for a known
    cause. `now`: when `evidence` was read, on the source's clock.
    """
    recent, earlier = counted_endings(evidence)
    accepted: Attributions = {}
    unconfirmed = []
    for verdict, reason in logged:
        account = account_of(verdict)
        if _explains((recent[account], earlier[account]), reason.cause):
            accepted[verdict.session.id] = reason
        else:
            unconfirmed.append((verdict, reason))
    if evidence.aborted_clients is None:
        why = _(NO_COUNTERS)
        return CounterAgreement(
            accepted | {v.session.id: _weaker(reason, Certainty.LIKELY, why) for v, reason in unconfirmed}, {}
        )
    aborted = max(0, evidence.aborted_clients - len(accepted) - known_aborted)
    doubtful = {verdict.session.id: reason for verdict, reason in unconfirmed}
    if unconfirmed and not aborted:
        return CounterAgreement(accepted, doubtful)
    if aborted < len(unconfirmed):
        why = ngettext(
            "The log names {number} session that ended without COM_QUIT, and Aborted_clients rose by {aborted}.",
            "The log names {number} sessions that ended without COM_QUIT, and Aborted_clients rose by {aborted}.",
            len(unconfirmed),
            aborted=aborted,
        )
        for verdict, reason in unconfirmed:
            # A count may have risen one sample early, and been taken for the end of another session.
            limit = Certainty.LIKELY if _is_due_timeout(verdict, reason, now) else Certainty.POSSIBLE
            doubtful[verdict.session.id] = _weaker(reason, limit, why)
    return CounterAgreement(accepted | doubtful, {})


def _is_due_timeout(verdict: Verdict, logged: Attribution, now: float) -> bool:
    """Whether the log says that a timeout of reading ended the session, and its deadline had come."""
    return logged.cause in READ_TIMEOUT_CAUSES and is_due(verdict, now)


def _despite_counters(verdict: Verdict, logged: Attribution, counted: Attribution, now: float) -> Attribution:
    """The cause of a session whose end is in the log, and in no counter."""
    if _is_due_timeout(verdict, logged, now) and counted.certainty is not Certainty.CONFIRMED:
        # Its count may have risen one sample early, and been taken for the end of another session.
        why = _(
            "The session's deadline had passed, but Aborted_clients did not rise for this session in this interval."
        )
        return _weaker(logged, Certainty.LIKELY, why)
    doubt = _(
        "A log entry is not believed, because Aborted_clients did not rise for this session. {line}",
        line=logged.evidence[0],
    )
    return replace(counted, evidence=(*counted.evidence, doubt))


def _explains(counts: Iterable[EndingCounts], cause: Cause) -> bool:
    """Take one end by `cause` out of the counts; False where none is counted."""
    causes = READ_TIMEOUT_ERRORS if cause in READ_TIMEOUT_CAUSES else (cause,)
    return any(count.take_out(possible) for count in counts for possible in causes)


def _weaker(attribution: Attribution, limit: Certainty, why: str) -> Attribution:
    """`attribution` with the certainty `limit` at most, and why."""
    certainty = max(attribution.certainty, limit, key=_CERTAINTIES.index)
    return replace(attribution, certainty=certainty, evidence=(*attribution.evidence, why))


TRACKED_ROLES = frozenset({Role.CLIENT, Role.REPLICA, Role.DUMP})
"""Roles that come and go; a login that was not finished is no session yet, and a daemon is the server itself."""
START_CODE = "MY-010116"
"""MySQL's `starting as process`. A stop is logged at every verbosity, and a crash only at verbosity 3: below that, a start
without a stop before it is the only trace of a crash (MySQL 9.7)."""
STOPPING_SECONDS = 2.0
"""How long MySQL waits for sessions to end before it forces them."""


def find_departures(before: Snapshot, after: Snapshot) -> tuple[Departure, ...]:
    """Every session in `before` that is not in `after`, in the order of `before`, with its cause and evidence."""
    same_run = is_same_run(before.sample, after.sample)
    ended_ids = before.by_id.keys() - (after.by_id.keys() if same_run else frozenset())
    ended = [v for v in before.verdicts if v.session.id in ended_ids and _is_tracked(v)] if ended_ids else []
    if not ended:
        return ()
    if not same_run:
        return tuple(_ended_with_server(v, before, after) for v in ended)
    killed = _attributed_by(_killed, ended, after)
    logged = [
        (v, attribution)
        for v in ended
        if v.session.id not in killed and (attribution := _logged(v, after)) is not None
    ]
    agreement = checked_by_counters(after.sample.end_evidence, logged, len(killed), after.taken_at)
    known = _attributed_by(_marked_killed, ended, after) | agreement.accepted | killed
    interval = EndInterval.between(before, after, tuple(ended), known)
    attributions = known | attributed_by_account(interval)
    for number, reason in agreement.rejected.items():
        verdict = before.by_id[number]
        attributions[number] = _despite_counters(verdict, reason, attributions[number], after.taken_at)
    return tuple(_departure(v, attributions[v.session.id], interval) for v in ended)


EvidenceRule = Callable[[Verdict, Snapshot], Attribution | None]


def _attributed_by(rule: EvidenceRule, ended: Iterable[Verdict], after: Snapshot) -> Attributions:
    return {v.session.id: attribution for v in ended if (attribution := rule(v, after)) is not None}


def _is_tracked(verdict: Verdict) -> bool:
    return verdict.session.role in TRACKED_ROLES and not verdict.session.own


def _departure(verdict: Verdict, attribution: Attribution, interval: EndInterval) -> Departure:
    at = (interval.start + interval.end) / 2
    within = (interval.end - interval.start) / 2
    if attribution.at is not None:
        at, within = min(max(attribution.at, interval.start), interval.end), min(within, attribution.within)
    return Departure(verdict, at, within, attribution.cause, attribution.certainty, attribution.evidence)


# --- Strong evidence: the server names the session


def _killed(verdict: Verdict, after: Snapshot) -> Attribution | None:
    """A KILL of the session is among the statements the server remembers."""
    for kill in after.sample.end_evidence.kills:
        if kill.session_id == verdict.session.id:
            statement = _("KILL {id} was run by {account}.", id=kill.session_id, account=plain(kill.by, 200))
            return Attribution(Cause.KILLED, Certainty.CONFIRMED, (statement,))
    return None


def _logged(verdict: Verdict, after: Snapshot) -> Attribution | None:
    """The server's log says why the session ended; `checked_by_counters` decides whether that is believed."""
    entries = [
        e for e in after.sample.end_evidence.log if e.session_id == verdict.session.id and e.cause is not None
    ]
    if not entries:
        return None
    entry = entries[-1]
    cause = entry.cause or Cause.UNKNOWN
    certainty = Certainty.CONFIRMED
    if cause is Cause.ACCESS_DENIED or (cause is Cause.KILLED and verdict.session.command == "Killed"):
        # Two refused logins in MariaDB's log can be one whose user name holds the rest. Of a session that was idle at a
        # KILL QUERY and then timed out MariaDB also says that it was killed.
        certainty = Certainty.LIKELY
    evidence = [_quoted(entry)]
    if cause is Cause.IDLE_TIMEOUT:
        cause = timeout_cause(verdict)
        for variable, seconds in _transaction_limits_met(verdict, entry, after.taken_at):
            certainty = Certainty.LIKELY
            if verdict.deadline is None or verdict.deadline > (verdict.session.idle_since or 0.0) + seconds:
                cause = Cause.TRANSACTION_TIMEOUT
            evidence.append(
                _(
                    "{variable} of {limit} expired at that time. It ends a session after a bare BEGIN. MariaDB does not list such a transaction.",
                    variable=variable,
                    limit=seconds_words(seconds),
                )
            )
    return Attribution(cause, certainty, tuple(evidence), *_instant(entry, verdict))


def _transaction_limits_met(verdict: Verdict, entry: LogEntry, now: float) -> list[tuple[str, float]]:
    """The limit of a transaction that MariaDB would not have listed, if the limit ran out when the session was closed.

    A busy server closes late: only a limit that is disproved (see `judge.deadline`) is ruled out.
    """
    since = verdict.session.idle_since
    if since is None:
        return []
    first, last = since, now
    if entry.at is not None and since <= entry.at <= now:  # else the log was written by another clock
        first, last = entry.at, min(now, entry.at + 1.0) if entry.at.is_integer() else entry.at
    slack = CLOCK_SLACK + verdict.session.idle_within
    late_seconds = grace_seconds(verdict.inherited) + verdict.session.idle_within
    return [
        (variable, seconds)
        for variable, seconds in hidden_transaction_limit(verdict)
        if first - late_seconds <= since + seconds <= last + slack
    ]


def _marked_killed(verdict: Verdict, after: Snapshot) -> Attribution | None:  # noqa: ARG001 - the shape of a rule
    """The process list showed the session as Killed; MariaDB shows the same after a KILL QUERY of an idle session, which stays."""
    if verdict.session.command != "Killed":
        return None
    return Attribution(Cause.KILLED, Certainty.LIKELY, (_("The process list showed the session as Killed."),))


def _instant(entry: LogEntry, verdict: Verdict) -> tuple[float | None, float]:
    """When the session ended and the half-width of the error, by the log's time stamp; by the deadline where there is none."""
    if entry.at is not None:
        if entry.at.is_integer():  # the log has whole seconds, cut off
            return entry.at + 0.5, 0.5
        return entry.at, CLOCK_SLACK
    return verdict.deadline, 0.1


# --- Before we came

SAME_END_SECONDS = 5.0
"""Entries on one session that are no further apart are about one end: MySQL 9.7 writes two on an idle timeout."""
MAX_PAST = 1_000
"""Sessions that ended before the first sample and are listed, at most: the newest."""
LOGGED_ACCOUNT = re.compile(r"user: '(?P<user>.{0,100}?)' host: '(?P<host>[^']{0,255})'", re.DOTALL)
"""As both families write it: `Aborted connection 8 to db: 'shop' user: 'app' host: 'web-3' (...)`."""

IDLE_WORDS = ("because of inactivity", "closed by the server due to a timeout")
"""MySQL's words for an idle session that it closed. `Got timeout reading communication packets` alone may also be of a session
that was closed in the middle of a command, by net_read_timeout."""


def past_departures(entries: Iterable[LogEntry], since: float, until: float) -> tuple[Departure, ...]:
    """The sessions that ended from one instant to another, by the server's log, the oldest first. None of them was listed in a sample.

    What the log does not have is empty: the program, the idle time, the limit, the transaction.
    """
    found: dict[ProcesslistId, list[LogEntry]] = {}
    ends: list[list[LogEntry]] = []
    for entry in entries:
        number, at = entry.session_id, entry.at
        if number is None or entry.cause is None or at is None or not since <= at < until:
            continue
        same = found.get(number)
        if same is not None and at - (same[0].at or at) <= SAME_END_SECONDS:
            same.append(entry)
        else:
            found[number] = [entry]
            ends.append(found[number])
    return tuple(_past_departure(end) for end in ends[-MAX_PAST:])


def _past_departure(entries: Sequence[LogEntry]) -> Departure:
    """`entries`: what the log says of one end."""
    first = entries[0]
    account = next(filter(None, (LOGGED_ACCOUNT.search(entry.text) for entry in entries)), None)
    user, host = ("", "") if account is None else (plain(account["user"], 100), plain(account["host"], 255))
    session = Session(first.session_id or ProcesslistId(0), user, host, None, "")
    at, within = _instant(first, Verdict(session, Risk.EXEMPT))
    is_text = any(entry.is_past_text for entry in entries)
    is_certain = not is_text and (
        first.cause is not Cause.IDLE_TIMEOUT
        or any(words in entry.text for entry in entries for words in IDLE_WORDS)
    )
    return Departure(
        Verdict(session, Risk.EXEMPT),
        at or 0.0,
        within,
        first.cause or Cause.UNKNOWN,
        Certainty.CONFIRMED if is_certain else Certainty.LIKELY,
        (*dict.fromkeys(map(_quoted, entries)), *([_(NO_COUNTERS)] if is_text else [])),
        observed=False,
    )


# --- A server that stopped


def _ended_with_server(verdict: Verdict, before: Snapshot, after: Snapshot) -> Departure:
    """A session that ended with its server; only the log shows whether that was a stop or a crash."""
    started = after.taken_at - after.sample.server.uptime
    within = max(0.0, started - before.taken_at) / 2
    at = min(before.taken_at + within, after.taken_at)
    attribution = _server_end(after.sample.end_evidence, verdict.session.id)
    restart = _(
        "The server has restarted. It has been up for {uptime}.",
        uptime=seconds_words(after.sample.server.uptime),
    )
    if attribution.at is not None:
        at, within = min(max(attribution.at, before.taken_at), after.taken_at), attribution.within
    return Departure(
        verdict, at, within, attribution.cause, attribution.certainty, (*attribution.evidence, restart)
    )


def _server_end(evidence: EndEvidence, session_id: ProcesslistId) -> Attribution:
    """Why a server ended, by the strongest evidence there is."""
    log = evidence.log
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
            "The server's log reports a start without a stop before it: {line}", line=plain(start.text, 400)
        )
        return Attribution(Cause.SERVER_CRASH, Certainty.LIKELY, (why,))
    if evidence.stop_reported:
        why = _("The server ended our own session with an error that it sends when it stops (1053 or 1927).")
        return Attribution(Cause.SERVER_RESTART, Certainty.LIKELY, (why,))
    why = _("There is no evidence whether the server was stopped or crashed.")
    return Attribution(Cause.SERVER_RESTART, Certainty.LIKELY, (why,))


def _quoted(entry: LogEntry) -> str:
    return _("The server's log: {line}", line=plain(entry.text, 400))
