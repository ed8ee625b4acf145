"""From counts to causes: which of the sessions that left are the ones a server counted as timed out, killed, lost or gone.

Two kinds of servers: those that count endings by account (MySQL's `performance_schema`), and those that only count all of
them together (`Aborted_clients`, `Com_kill`). Where the counts leave a choice, the answer says so by its certainty.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.clue import GOODBYE, Clues
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Basis, Snapshot, Verdict

EARLY = 0.1
"""Seconds by which a deadline may be foretold too late: what two clocks and the way between them leave open."""
LOST, WRITING = 1158, 1160
"""Raised when a read from, or a write to, a client fails. A KILL raises both: it shuts the socket first."""
ENDINGS: Mapping[int, Cause] = {
    GOODBYE: Cause.CLIENT_QUIT,
    4031: Cause.IDLE_TIMEOUT,
    1153: Cause.PACKET_TOO_LARGE,
    1161: Cause.NET_WRITE_TIMEOUT,
    1159: Cause.NET_READ_TIMEOUT,
}
"""What each code counted by account says of one session's end. Measured on MySQL 9.7."""
BUSY_ENDINGS = (
    Cause.NET_WRITE_TIMEOUT,
    Cause.NET_READ_TIMEOUT,
    Cause.KILLED,
    Cause.CLIENT_LOST,
    Cause.PACKET_TOO_LARGE,
)
IDLE_ENDINGS = (
    Cause.CLIENT_QUIT,
    Cause.CLIENT_LOST,
    Cause.KILLED,
    Cause.PACKET_TOO_LARGE,
    Cause.NET_WRITE_TIMEOUT,
)
"""What ends a session that was last seen busy, or idle, the most usual first."""
NET_STATES = {"Writing to net": Cause.NET_WRITE_TIMEOUT, "Reading from net": Cause.NET_READ_TIMEOUT}
Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one session left."""

    cause: Cause
    certainty: Certainty
    evidence: tuple[str, ...] = ()
    at: float | None = None
    """When, on the source's clock, if that is known better than by the two looks."""
    within: float = 0.0


Reasons = dict[ProcesslistId, Reason]


@dataclass(frozen=True, slots=True)
class Absence:
    """What is known of the time between the last look that saw some sessions and the first that did not."""

    start: float
    end: float
    gone: tuple[Verdict, ...]
    """Those whose end nothing but counts explains."""
    tallies: Mapping[Account, Counter[Cause]] = field(default_factory=dict)
    """Endings counted by account, less those that are explained."""
    counts: frozenset[Cause] = frozenset()
    """Which the server counts by account."""
    aborted: int | None = None
    """Sessions that ended without a goodbye, less those that are explained; None where nobody counted."""
    kills: int = 0
    """KILL statements of any kind, less those that are explained."""
    interactive: float | None = None
    """The global limit of interactive clients."""

    @classmethod
    def between(
        cls, before: Snapshot, after: Snapshot, gone: Sequence[Verdict], named: Mapping[ProcesslistId, Reason]
    ) -> Absence:
        """`named` are those of `gone` that harder evidence has explained."""
        explained = [(v, named[v.session.id].cause) for v in gone if v.session.id in named]
        clues = after.sample.clues
        tallies = _tallies(clues)
        for verdict, cause in explained:
            tallies[_account(verdict)][cause] -= 1
        torn = sum(cause is not Cause.CLIENT_QUIT for _, cause in explained)
        return cls(
            before.taken_at,
            after.taken_at,
            tuple(v for v in gone if v.session.id not in named),
            tallies,
            frozenset(ENDINGS[code] for code in clues.counted & ENDINGS.keys()),
            None if clues.aborted is None else max(0, clues.aborted - torn),
            max(0, clues.killed - sum(cause is Cause.KILLED for _, cause in explained)),
            after.sample.variable("interactive_timeout"),
        )

    def is_due(self, verdict: Verdict) -> bool:
        """Whether its deadline had come when it was missed."""
        slack = EARLY + verdict.session.idle_within
        return verdict.deadline is not None and verdict.deadline <= self.end + slack

    def is_due_if_interactive(self, verdict: Verdict) -> bool:
        """Whether an interactive client's limit fits the time it left, where its own is not shown."""
        since, limit = verdict.session.idle_since, verdict.limit
        if since is None or self.interactive is None or limit is None or limit.basis is Basis.OWN:
            return False
        return self.start - EARLY <= since + self.interactive <= self.end + EARLY


def apportioned(absence: Absence) -> Reasons:
    """A reason for each session of the absence."""
    if Cause.IDLE_TIMEOUT not in absence.counts:
        return _by_totals(absence)
    groups: dict[Account, list[Verdict]] = defaultdict(list)
    for verdict in absence.gone:
        groups[_account(verdict)].append(verdict)
    reasons: Reasons = {}
    for account, group in groups.items():
        reasons |= _by_account(absence, account, group)
    return reasons


# --- Where the server counts endings by account


def _by_account(absence: Absence, account: Account, group: list[Verdict]) -> Reasons:
    tally = Counter(absence.tallies.get(account, Counter()))
    told = _told(account, tally)
    reasons: Reasons = {}
    due = sorted((v for v in group if absence.is_due(v)), key=lambda v: v.deadline or 0.0)
    timeouts = max(0, tally.pop(Cause.IDLE_TIMEOUT, 0))
    for verdict in due[:timeouts]:
        certainty = Certainty.CONFIRMED if timeouts >= len(due) else Certainty.LIKELY
        reasons[verdict.session.id] = _timeout(verdict, absence, certainty, told)
    rest = [v for v in group if v.session.id not in reasons]
    others = Counter({cause: n for cause, n in tally.items() if n > 0})
    surplus = timeouts - len(reasons)
    early = sorted(rest, key=lambda v: not v.session.is_idle)[: max(0, surplus)]
    for verdict in early:
        sure = not others and surplus >= len(rest)
        certainty = Certainty.CONFIRMED if sure else Certainty.LIKELY
        why = "earlier than its limit as last seen, which it has changed since, or later than its clock was read"
        reasons[verdict.session.id] = Reason(Cause.IDLE_TIMEOUT, certainty, (told, why))
    rest = [v for v in rest if v.session.id not in reasons]
    return reasons | _others(absence, rest, others, told)


def _others(absence: Absence, rest: list[Verdict], others: Counter[Cause], told: str) -> Reasons:
    """Those no timeout explains."""
    if not others:
        return {v.session.id: _uncounted(absence, told) for v in rest}
    reasons: Reasons = {}
    only = len(others) == 1
    enough = sum(others.values()) >= len(rest)
    for verdict in rest:
        order = IDLE_ENDINGS if verdict.session.is_idle else BUSY_ENDINGS
        cause = max(others, key=lambda c: (others[c] > 0, -order.index(c) if c in order else -len(order)))
        others[cause] -= 1
        certainty = Certainty.POSSIBLE
        if only:
            certainty = Certainty.CONFIRMED if enough else Certainty.LIKELY
        evidence = (
            (told,)
            if only
            else (told, f"{len(rest)} of the account left at once; which was which it does not say")
        )
        reasons[verdict.session.id] = Reason(cause, certainty, evidence)
    return reasons


def _uncounted(absence: Absence, told: str) -> Reason:
    if absence.kills:
        return Reason(Cause.KILLED, Certainty.LIKELY, (f"Com_kill rose by {absence.kills}", told))
    if not absence.aborted:
        return Reason(Cause.CLIENT_QUIT, Certainty.LIKELY, ("Aborted_clients did not rise", told))
    return Reason(Cause.UNKNOWN, Certainty.POSSIBLE, (f"Aborted_clients rose by {absence.aborted}", told))


# --- Where it counts them all together


def _by_totals(absence: Absence) -> Reasons:
    fitting = sorted(
        (v for v in absence.gone if absence.is_due(v) or absence.is_due_if_interactive(v)),
        key=lambda v: v.deadline or 0.0,
    )
    if absence.aborted is None:
        return {v.session.id: _unobserved(absence, v, due=v in fitting) for v in absence.gone}
    told = (
        f"Aborted_clients rose by {absence.aborted}, Com_kill by {absence.kills}, "
        f"{len(absence.gone)} left that nothing else explains"
    )
    aborted = absence.aborted
    certainty = Certainty.LIKELY if aborted >= len(fitting) else Certainty.POSSIBLE
    reasons: Reasons = {v.session.id: _timeout(v, absence, certainty, told) for v in fitting[:aborted]}
    aborted -= len(reasons)
    rest = [v for v in absence.gone if v.session.id not in reasons]
    sole = len(rest) <= aborted
    quits = Counter({account: n[Cause.CLIENT_QUIT] for account, n in absence.tallies.items()})
    for verdict in sorted(rest, key=lambda v: (quits[_account(v)], v.session.is_idle)):
        if aborted > 0:
            aborted -= 1
            reasons[verdict.session.id] = _torn(absence, verdict, sole=sole, told=told)
        else:
            reasons[verdict.session.id] = _gone_home(absence, quits[_account(verdict)], told)
    return reasons


def _gone_home(absence: Absence, goodbyes: int, told: str) -> Reason:
    """`goodbyes`: how many its account's sessions have said, where that is counted."""
    if goodbyes and not absence.aborted:
        return Reason(
            Cause.CLIENT_QUIT, Certainty.CONFIRMED, (f"its account said goodbye {goodbyes} times", told)
        )
    return Reason(Cause.CLIENT_QUIT, Certainty.POSSIBLE if absence.aborted else Certainty.LIKELY, (told,))


def _unobserved(absence: Absence, verdict: Verdict, *, due: bool) -> Reason:
    told = "nobody counted in that time"
    if due:
        return _timeout(verdict, absence, Certainty.LIKELY, told)
    return Reason(Cause.UNKNOWN, Certainty.POSSIBLE, (told,))


def _torn(absence: Absence, verdict: Verdict, *, sole: bool, told: str) -> Reason:
    """It ended without a goodbye, and not for idling. `sole`: nobody else could be meant."""
    state = NET_STATES.get(verdict.session.state or "")
    if state is not None:
        return Reason(state, Certainty.LIKELY, (f"it was last seen in state {verdict.session.state}", told))
    if absence.kills:
        certainty = Certainty.LIKELY if sole and absence.kills >= len(absence.gone) else Certainty.POSSIBLE
        return Reason(Cause.KILLED, certainty, (told,))
    alike = "an oversized packet ends a session the same way; the server's error log tells them apart"
    return Reason(Cause.CLIENT_LOST, Certainty.POSSIBLE, (told, alike))


# --- Pieces


def timed_out(verdict: Verdict) -> Cause:
    """What a timeout of the server ended: the wait for a command, for the rest of one, or a transaction."""
    if verdict.session.state == "Reading from net":
        return Cause.NET_READ_TIMEOUT
    transaction = verdict.limit is not None and verdict.limit.variable.startswith("idle_")
    return Cause.TRANSACTION_TIMEOUT if transaction else Cause.IDLE_TIMEOUT


def _timeout(verdict: Verdict, absence: Absence, certainty: Certainty, told: str) -> Reason:
    at = verdict.deadline
    limit = (
        f"its limit of {verdict.limit.seconds:g} s ({verdict.limit.variable})"
        if verdict.limit
        else "its limit"
    )
    if not absence.is_due(verdict):
        at = (verdict.session.idle_since or 0.0) + (absence.interactive or 0.0)
        limit = f"interactive_timeout of {absence.interactive:g} s, if its client is interactive,"
    evidence = (f"{limit} ran out between the last look that saw it and the first that did not", told)
    cause = timed_out(verdict)
    return Reason(cause, certainty, evidence, at, EARLY + verdict.session.idle_within)


def _told(account: Account, tally: Mapping[Cause, int]) -> str:
    """What was counted of an account, in words."""
    whose = f"{plain(account[0], 60)}@{plain(account[1], 60)}"
    counted = ", ".join(f"{n} {cause.value}" for cause, n in tally.items() if n > 0)
    return f"in that time the server counted for {whose}: {counted or 'no ending of a session'}"


def _tallies(clues: Clues) -> dict[Account, Counter[Cause]]:
    """Endings by account. Each KILL of a session raises LOST and WRITING; a client that is lost raises one of them."""
    tallies: dict[Account, Counter[Cause]] = defaultdict(Counter)
    broken: dict[Account, Counter[int]] = defaultdict(Counter)
    for each in clues.errors:
        if each.code in ENDINGS:
            tallies[each.user, each.host][ENDINGS[each.code]] += each.count
        else:
            broken[each.user, each.host][each.code] += each.count
    for account, codes in broken.items():
        killed = min(codes[LOST], codes[WRITING], clues.killed)
        tallies[account][Cause.KILLED] += killed
        tallies[account][Cause.CLIENT_LOST] += max(codes[LOST], codes[WRITING]) - killed
    return tallies


def _account(verdict: Verdict) -> Account:
    return verdict.session.user, verdict.session.client_host
