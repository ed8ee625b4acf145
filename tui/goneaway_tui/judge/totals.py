"""From counts to causes where a server counts endings of all sessions together: `Aborted_clients` and `Com_kill`.

So MariaDB does, which with its performance schema on counts by account how often sessions said goodbye, and no more.
`Aborted_clients` rises by one for each session that ended in any other way (measured on MariaDB 10.11 and 11.8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from goneaway_tui.judge.absence import (
    EARLY,
    TURNED_OFFLINE,
    Absence,
    Account,
    Reason,
    Reasons,
    account_of,
    timed_out,
    timeout,
)
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.snapshot import Verdict

NET_STATES = {"Writing to net": Cause.NET_WRITE_TIMEOUT, "Reading from net": Cause.NET_READ_TIMEOUT}
OWN_LIMIT = marked("so does a shorter wait_timeout of its own, which this server shows of nobody")
ALIKE = marked("an oversized packet ends a session the same way; the server's error log tells them apart")


def by_totals(absence: Absence) -> Reasons:
    """A reason for each session of the absence."""
    if absence.aborted is None:
        return {v.session.id: _unobserved(absence, v) for v in absence.gone}
    told = _what_rose(absence, absence.aborted)
    fitting = sorted(
        ((rank, v) for v in absence.gone if (rank := _fit(absence, v)) is not None),
        key=lambda each: (each[0], each[1].deadline or 0.0, each[1].session.id),
    )
    certainty = Certainty.LIKELY if absence.aborted >= len(fitting) else Certainty.POSSIBLE
    reasons = {
        v.session.id: _out_of_time(absence, v, certainty, told) for _rank, v in fitting[: absence.aborted]
    }
    rest = [v for v in absence.gone if v.session.id not in reasons]
    return reasons | _rest(absence, rest, absence.aborted - len(reasons), told)


def _what_rose(absence: Absence, aborted: int) -> str:
    if absence.kills is None:
        return _(
            "Aborted_clients rose by {aborted}, {gone} left that nothing else explains; the server does not count KILL statements",
            aborted=aborted,
            gone=len(absence.gone),
        )
    return _(
        "Aborted_clients rose by {aborted}, Com_kill by {kills}, {gone} left that nothing else explains",
        aborted=aborted,
        kills=absence.kills,
        gone=len(absence.gone),
    )


def _fit(absence: Absence, verdict: Verdict) -> int | None:
    """How well a timeout would explain its end, the best 0; None where not at all."""
    if absence.is_due(verdict):
        return 0
    if absence.other_limit(verdict) is not None:
        return 1
    return 2 if absence.had_time_to_idle(verdict) else None


def _out_of_time(absence: Absence, verdict: Verdict, certainty: Certainty, told: str) -> Reason:
    if absence.is_due(verdict):
        return timeout(verdict, certainty, told)
    hidden = absence.other_limit(verdict)
    if hidden is None:
        why = _("it was last seen busy, and there was time to fall silent and reach its limit")
        return Reason(timed_out(verdict), Certainty.POSSIBLE, (why, told))
    name, seconds = hidden
    since = verdict.session.idle_since or 0.0
    cause = Cause.TRANSACTION_TIMEOUT if name.startswith("idle_") else Cause.IDLE_TIMEOUT
    why = _(
        "{variable} of {seconds:.12g} s ran out in that time, if that was its limit, which the server does not show",
        variable=name,
        seconds=seconds,
    )
    return Reason(cause, certainty, (why, told), since + seconds, EARLY + verdict.session.idle_within)


def _rest(absence: Absence, rest: list[Verdict], torn: int, told: str) -> Reasons:
    """Those no timeout explains, of whom so many ended without a goodbye."""
    quits = _goodbyes(absence)
    silent = Counter(account_of(v) for v in rest)
    silent.subtract(quits)  # what is left above 0 said no goodbye, whoever else of the account may have
    kills = torn if absence.offline else absence.kills or 0
    sole = torn >= len(rest) and kills >= torn
    ordered = sorted(
        rest, key=lambda v: (-max(0, silent[account_of(v)]), v.session.is_idle, account_of(v), v.session.id)
    )
    reasons: Reasons = {}
    for position, verdict in enumerate(ordered):
        if position >= torn:
            reasons[verdict.session.id] = _orderly(absence, quits, ordered[torn:], verdict, told)
            continue
        reason = _torn(absence, verdict, kills=kills, sole=sole, told=told)
        kills -= reason.cause is Cause.KILLED
        reasons[verdict.session.id] = reason
    return reasons


def _goodbyes(absence: Absence) -> Counter[Account]:
    counts: Counter[Account] = Counter()
    for tallies in (absence.fresh, absence.early):
        for account, tally in tallies.items():
            counts[account] += tally.causes[Cause.CLIENT_QUIT]
    return counts


def _orderly(
    absence: Absence, quits: Counter[Account], orderly: Iterable[Verdict], verdict: Verdict, told: str
) -> Reason:
    account = account_of(verdict)
    goodbyes, needed = quits[account], sum(account_of(v) == account for v in orderly)
    if absence.aborted:
        certainty = Certainty.POSSIBLE
    else:
        sure = absence.kills == 0 and goodbyes >= needed
        certainty = Certainty.CONFIRMED if sure else Certainty.LIKELY
    counted = _("goodbyes counted of its account: {number}", number=goodbyes)
    said = (counted,) if Cause.CLIENT_QUIT in absence.counts else ()
    return Reason(Cause.CLIENT_QUIT, certainty, (*said, told))


def _unobserved(absence: Absence, verdict: Verdict) -> Reason:
    told = _("nobody counted in that time")
    if absence.is_due(verdict):
        return timeout(verdict, Certainty.LIKELY, told)
    return Reason(Cause.UNKNOWN, Certainty.POSSIBLE, (told,))


def _torn(absence: Absence, verdict: Verdict, *, kills: int, sole: bool, told: str) -> Reason:
    """It ended without a goodbye, and not for idling. `sole`: by a KILL, or nobody was killed."""
    state = NET_STATES.get(verdict.session.state or "")
    if state is not None:
        seen = _("it was last seen in state {state}", state=verdict.session.state)
        return Reason(state, Certainty.LIKELY, (seen, told))
    if kills > 0:
        offline = (_(TURNED_OFFLINE),) if absence.offline else ()
        return Reason(Cause.KILLED, Certainty.LIKELY if sole else Certainty.POSSIBLE, (*offline, told))
    own = (_(OWN_LIMIT),) if verdict.session.is_idle and verdict.session.own_limit is None else ()
    return Reason(Cause.CLIENT_LOST, Certainty.POSSIBLE, (told, _(ALIKE), *own))
