"""What is known of the time between the last look that saw some sessions and the first that did not.

What each count says was provoked on MySQL 9.7, over plain TCP and TLS, and read back by account:

    COM_QUIT                          the statement event `com/Quit`
    idle past wait_timeout            4031
    part of a command, then nothing   1159 (once for each wait: a stalled LOAD DATA raises two)
    a packet too large                1153
    a result nobody takes             1161
    KILL of an idle session           1158 and 1160
    KILL of a busy session            1160
    KILL of itself                    none of these
    a client lost while idle          1158, or 1158 and 1160: which, depends on how its socket went
    a client lost while busy          1160, or 1158 and 1160, at the end of its statement

So 1158 and 1160 tell that a session was torn, and only KILL statements counted elsewhere that it may have been killed.
Turning `offline_mode` on raises both too, and counts as no KILL. Before 8.0.24 there is no 4031, and 1159 is raised for
an idle timeout too (`net_read_raw_loop` in sql-common/net_serv.cc; 4031 is in the release notes of 8.0.24).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from goneaway_tui.i18n import _, marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, ErrorCount
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import SHARED_TRANSACTION_LIMITS, Basis, Limit, Snapshot, Verdict
from goneaway_tui.text.sanitize import plain

CLOCK_SLACK = 0.1
"""Seconds by which a deadline may be foretold too late: what two clocks and the way between them leave open."""
NET_READ_ERROR, NET_WRITE_ERROR = 1158, 1160
"""Raised when a read from, or a write to, a client fails."""
BROKEN_CAUSES = frozenset({Cause.KILLED, Cause.CLIENT_LOST})
"""What NET_READ_ERROR and NET_WRITE_ERROR are raised for."""
CAUSE_BY_CODE: Mapping[int, Cause] = {
    COM_QUIT: Cause.CLIENT_QUIT,
    4031: Cause.IDLE_TIMEOUT,
    1153: Cause.PACKET_TOO_LARGE,
    1161: Cause.NET_WRITE_TIMEOUT,
    1159: Cause.NET_READ_TIMEOUT,
}
"""What each other code counted by account says of one session's end."""
IDLE_TIMEOUT_CODE, READ_TIMEOUT_CODE = 4031, 1159
CAUSE_BY_CODE_BEFORE_4031 = {
    code: cause for code, cause in CAUSE_BY_CODE.items() if code != IDLE_TIMEOUT_CODE
} | {READ_TIMEOUT_CODE: Cause.IDLE_TIMEOUT}
"""The same where an idle timeout has no error of its own: of most timeouts of reading it is the cause."""
OFFLINE_MODE_ENDS_SESSIONS = marked(
    "offline_mode was turned on: it ends every session without CONNECTION_ADMIN and is not counted as a KILL"
)
Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Why one session left."""

    cause: Cause
    certainty: Certainty
    evidence: tuple[str, ...] = ()
    at: float | None = None
    """When, on the source's clock, if that is known better than by the two looks."""
    within: float = 0.0


Attributions = dict[ProcesslistId, Attribution]


@dataclass(slots=True)
class EndingCounts:
    """Endings counted of one account, less those that are explained."""

    causes: Counter[Cause] = field(default_factory=Counter)
    net_errors: Counter[int] = field(default_factory=Counter)
    """NET_READ_ERROR and NET_WRITE_ERROR."""
    broken_explained: int = 0
    """Torn sessions whose cause is known otherwise."""

    @property
    def broken_at_least(self) -> int:
        """How many were torn at the least: one raises either code, or both."""
        return max(0, max(self.net_errors.values(), default=0) - self.broken_explained)

    @property
    def broken_at_most(self) -> int:
        return max(0, self.net_errors.total() - self.broken_explained)

    @property
    def killed_at_most(self) -> int:
        """How many of them may have been killed: a KILL never leaves NET_WRITE_ERROR out."""
        return max(0, self.net_errors[NET_WRITE_ERROR] - self.broken_explained)

    def take_out(self, cause: Cause) -> bool:
        """One session of the account ended so, as harder evidence has it. Whether that had been counted here."""
        if cause in BROKEN_CAUSES:
            self.broken_explained += self.broken_at_least > 0
            return self.broken_explained > 0
        found = self.causes[cause] > 0
        self.causes[cause] -= found
        return found

    def possible_causes(self) -> set[Cause]:
        """Which causes it leaves open; a torn session counts as lost."""
        kinds = {cause for cause, n in self.causes.items() if n > 0}
        return kinds | {Cause.CLIENT_LOST} if self.broken_at_least else kinds


@dataclass(frozen=True, slots=True)
class EndInterval:
    """From `start` to `end`, on the source's clock."""

    start: float
    end: float
    unexplained: tuple[Verdict, ...]
    """Those whose end nothing but counts explains."""
    recent_counts: Mapping[Account, EndingCounts]
    """What was counted since the last look."""
    earlier_counts: Mapping[Account, EndingCounts]
    """What had been counted by the last look, of sessions it may still have seen."""
    counted_causes: frozenset[Cause] = frozenset()
    """Which the server counts by account."""
    aborted_clients: int | None = None
    """Sessions that ended without a goodbye, less those that are explained; None where nobody counted."""
    kill_statements: int | None = None
    """KILL statements of any kind that may have ended one of them; None where they are not counted."""
    turned_offline: bool | None = None
    """Whether `offline_mode` was turned on lately; None where that is not known."""
    has_idle_timeout_error: bool = True
    """Whether an idle timeout has an error of its own: else it is counted as any other timeout of reading."""
    interactive_timeout: float | None = None
    """The global limit of interactive clients."""

    @classmethod
    def between(
        cls,
        before: Snapshot,
        after: Snapshot,
        gone: Sequence[Verdict],
        named: Mapping[ProcesslistId, Attribution],
    ) -> EndInterval:
        """`named` are those of `gone` that harder evidence has explained."""
        explained = [(v, named[v.session.id].cause) for v in gone if v.session.id in named]
        clues = after.sample.clues
        names_idle = _has_idle_timeout_error(clues)
        endings = CAUSE_BY_CODE if names_idle else CAUSE_BY_CODE_BEFORE_4031
        fresh, early = counted_endings(clues)
        logged = {e.session_id: e.cause for e in clues.log if e.session_id is not None and e.cause}
        ahead = [(v, cause) for v in after.verdicts if (cause := logged.get(v.session.id)) is not None]
        for verdict, cause in (*explained, *ahead):  # those ahead are counted, and listed for a moment yet
            account = account_of(verdict)
            if not fresh[account].take_out(cause):
                early[account].take_out(cause)
        remembered = {kill.session_id for kill in clues.kills}
        killed = [v for v, cause in explained if cause is Cause.KILLED and v.session.id not in remembered]
        torn = sum(cause is not Cause.CLIENT_QUIT for _verdict, cause in explained)
        return cls(
            before.taken_at,
            after.taken_at,
            tuple(v for v in gone if v.session.id not in named),
            fresh,
            early,
            frozenset(endings[code] for code in clues.counted_codes & endings.keys()),
            None if clues.aborted is None else max(0, clues.aborted - torn),
            None if clues.killed is None else max(0, clues.killed - len(killed)),
            clues.offline,
            names_idle,
            after.sample.variable("interactive_timeout"),
        )

    def is_due(self, verdict: Verdict) -> bool:
        """Whether its deadline had come when it was missed."""
        slack = CLOCK_SLACK + verdict.session.idle_within
        return verdict.deadline is not None and verdict.deadline <= self.end + slack

    def hidden_limit_met(self, verdict: Verdict) -> tuple[str, float] | None:
        """A limit it may have had without anybody's being able to see that, and which ran out meanwhile.

        Interactive clients copy `interactive_timeout`; a MariaDB session after a bare BEGIN obeys the limits of transactions.
        """
        since, limit = verdict.session.idle_since, verdict.limit
        if since is None or limit is None or limit.basis is Basis.OWN:
            return None
        slack = CLOCK_SLACK + verdict.session.idle_within
        hidden = (("interactive_timeout", self.interactive_timeout), *hidden_transaction_limit(verdict))
        return next(
            (
                (name, seconds)
                for name, seconds in hidden
                if seconds and self.start - slack <= since + seconds <= self.end + slack
            ),
            None,
        )

    def could_have_idled(self, verdict: Verdict) -> bool:
        """Whether one that was busy could have fallen silent and reached its limit unseen."""
        limit = verdict.limit
        return not verdict.session.is_idle and limit is not None and limit.seconds <= self.end - self.start


def hidden_transaction_limit(verdict: Verdict) -> tuple[tuple[str, float], ...]:
    """The limit, by name and seconds, that a bare BEGIN would put in place of `wait_timeout`; empty where none would.

    MariaDB lists no transaction that has not touched a table, and such a one wrote nothing (see `judge.deadline`).
    """
    if verdict.session.transaction is not None:
        return ()
    for name in ("idle_readonly_transaction_timeout", "idle_transaction_timeout"):
        seconds: float | None = getattr(verdict.inherited, name)
        if seconds:
            return ((name, seconds),)
    return ()


def counted_endings(clues: EndEvidence) -> tuple[dict[Account, EndingCounts], dict[Account, EndingCounts]]:
    """What was counted by account since the last look, and what had been counted by then."""
    endings = CAUSE_BY_CODE if _has_idle_timeout_error(clues) else CAUSE_BY_CODE_BEFORE_4031
    fresh = ending_counts((each for each in clues.errors if not each.counted_before), endings)
    early = ending_counts((each for each in clues.errors if each.counted_before), endings)
    return fresh, early


def _has_idle_timeout_error(clues: EndEvidence) -> bool:
    return IDLE_TIMEOUT_CODE in clues.counted_codes or READ_TIMEOUT_CODE not in clues.counted_codes


def ending_counts(errors: Iterable[ErrorCount], endings: Mapping[int, Cause]) -> dict[Account, EndingCounts]:
    """By account; also of an account nothing was counted of."""
    found: dict[Account, EndingCounts] = defaultdict(EndingCounts)
    for each in errors:
        tally = found[each.user, each.host]
        if each.code in endings:
            tally.causes[endings[each.code]] += each.count
        elif each.code in {NET_READ_ERROR, NET_WRITE_ERROR}:
            tally.net_errors[each.code] += each.count
    return found


def timeout_cause(verdict: Verdict) -> Cause:
    """What a timeout of the server ended: the wait for a command, for the rest of one, or a transaction."""
    if verdict.session.state == "Reading from net" or verdict.session.half_sent:
        return Cause.NET_READ_TIMEOUT
    limit = verdict.limit
    transaction = limit is not None and (
        limit.variable.startswith("idle_") or limit.variable in SHARED_TRANSACTION_LIMITS
    )
    return Cause.TRANSACTION_TIMEOUT if transaction else Cause.IDLE_TIMEOUT


def timeout_attribution(verdict: Verdict, certainty: Certainty, told: str) -> Attribution:
    """It idled until its own deadline."""
    within = CLOCK_SLACK + verdict.session.idle_within
    return Attribution(
        timeout_cause(verdict), certainty, (_limit_ran_out(verdict.limit), told), verdict.deadline, within
    )


def _limit_ran_out(limit: Limit | None) -> str:
    if limit is None:
        return _("its limit ran out between the last look that saw it and the first that did not")
    return _(
        "its limit of {seconds:.12g} s ({variable}) ran out between the last look that saw it and the first that did not",
        seconds=limit.seconds,
        variable=limit.variable,
    )


def account_of(verdict: Verdict) -> Account:
    return verdict.session.user, verdict.session.client_host


CAUSE_BY_STATE = {"Writing to net": Cause.NET_WRITE_TIMEOUT, "Reading from net": Cause.NET_READ_TIMEOUT}
OWN_LIMIT_LOOKS_THE_SAME = marked(
    "so does a shorter wait_timeout of its own, which this server shows of nobody"
)
PACKET_LOOKS_THE_SAME = marked(
    "an oversized packet ends a session the same way; the server's error log tells them apart"
)


def attributed_by_counters(absence: EndInterval) -> Attributions:
    """A reason for each session of the absence."""
    if absence.aborted_clients is None:
        return {v.session.id: _without_counters(absence, v) for v in absence.unexplained}
    told = _counters_words(absence, absence.aborted_clients)
    fitting = sorted(
        ((rank, v) for v in absence.unexplained if (rank := _timeout_rank(absence, v)) is not None),
        key=lambda each: (each[0], each[1].deadline or 0.0, each[1].session.id),
    )
    certainty = Certainty.LIKELY if absence.aborted_clients >= len(fitting) else Certainty.POSSIBLE
    reasons = {
        v.session.id: _by_timeout(absence, v, certainty, told)
        for _rank, v in fitting[: absence.aborted_clients]
    }
    rest = [v for v in absence.unexplained if v.session.id not in reasons]
    return reasons | _without_timeout(absence, rest, absence.aborted_clients - len(reasons), told)


def _counters_words(absence: EndInterval, aborted: int) -> str:
    if absence.kill_statements is None:
        return _(
            "Aborted_clients rose by {aborted}, {gone} left that nothing else explains; the server does not count KILL statements",
            aborted=aborted,
            gone=len(absence.unexplained),
        )
    return _(
        "Aborted_clients rose by {aborted}, Com_kill by {kills}, {gone} left that nothing else explains",
        aborted=aborted,
        kills=absence.kill_statements,
        gone=len(absence.unexplained),
    )


def _timeout_rank(absence: EndInterval, verdict: Verdict) -> int | None:
    """How well a timeout would explain its end, the best 0; None where not at all."""
    if absence.is_due(verdict):
        return 0
    if absence.hidden_limit_met(verdict) is not None:
        return 1
    return 2 if absence.could_have_idled(verdict) else None


def _by_timeout(absence: EndInterval, verdict: Verdict, certainty: Certainty, told: str) -> Attribution:
    if absence.is_due(verdict):
        return timeout_attribution(verdict, certainty, told)
    hidden = absence.hidden_limit_met(verdict)
    if hidden is None:
        why = _("it was last seen busy, and there was time to fall silent and reach its limit")
        return Attribution(timeout_cause(verdict), Certainty.POSSIBLE, (why, told))
    name, seconds = hidden
    since = verdict.session.idle_since or 0.0
    cause = Cause.TRANSACTION_TIMEOUT if name.startswith("idle_") else Cause.IDLE_TIMEOUT
    why = _(
        "{variable} of {seconds:.12g} s ran out in that time, if that was its limit, which the server does not show",
        variable=name,
        seconds=seconds,
    )
    return Attribution(
        cause, certainty, (why, told), since + seconds, CLOCK_SLACK + verdict.session.idle_within
    )


def _without_timeout(absence: EndInterval, rest: list[Verdict], torn: int, told: str) -> Attributions:
    """Those no timeout explains, of whom so many ended without a goodbye."""
    quits = _clean_disconnects(absence)
    silent = Counter(account_of(v) for v in rest)
    silent.subtract(quits)  # what is left above 0 said no goodbye, whoever else of the account may have
    kills = torn if absence.turned_offline else absence.kill_statements or 0
    sole = torn >= len(rest) and kills >= torn
    ordered = sorted(
        rest, key=lambda v: (-max(0, silent[account_of(v)]), v.session.is_idle, account_of(v), v.session.id)
    )
    reasons: Attributions = {}
    for position, verdict in enumerate(ordered):
        if position >= torn:
            reasons[verdict.session.id] = _clean_disconnect(absence, quits, ordered[torn:], verdict, told)
            continue
        reason = _broken(absence, verdict, kills=kills, sole=sole, told=told)
        kills -= reason.cause is Cause.KILLED
        reasons[verdict.session.id] = reason
    return reasons


def _clean_disconnects(absence: EndInterval) -> Counter[Account]:
    counts: Counter[Account] = Counter()
    for tallies in (absence.recent_counts, absence.earlier_counts):
        for account, tally in tallies.items():
            counts[account] += tally.causes[Cause.CLIENT_QUIT]
    return counts


def _clean_disconnect(
    absence: EndInterval, quits: Counter[Account], orderly: Iterable[Verdict], verdict: Verdict, told: str
) -> Attribution:
    account = account_of(verdict)
    goodbyes, needed = quits[account], sum(account_of(v) == account for v in orderly)
    if absence.aborted_clients:
        certainty = Certainty.POSSIBLE
    else:
        sure = absence.kill_statements == 0 and goodbyes >= needed
        certainty = Certainty.CONFIRMED if sure else Certainty.LIKELY
    counted = _("goodbyes counted of its account: {number}", number=goodbyes)
    said = (counted,) if Cause.CLIENT_QUIT in absence.counted_causes else ()
    return Attribution(Cause.CLIENT_QUIT, certainty, (*said, told))


def _without_counters(absence: EndInterval, verdict: Verdict) -> Attribution:
    told = _("nobody counted in that time")
    if absence.is_due(verdict):
        return timeout_attribution(verdict, Certainty.LIKELY, told)
    return Attribution(Cause.UNKNOWN, Certainty.POSSIBLE, (told,))


def _broken(absence: EndInterval, verdict: Verdict, *, kills: int, sole: bool, told: str) -> Attribution:
    """It ended without a goodbye, and not for idling. `sole`: by a KILL, or nobody was killed."""
    state = CAUSE_BY_STATE.get(verdict.session.state or "")
    if state is not None:
        seen = _("it was last seen in state {state}", state=verdict.session.state)
        return Attribution(state, Certainty.LIKELY, (seen, told))
    if kills > 0:
        offline = (_(OFFLINE_MODE_ENDS_SESSIONS),) if absence.turned_offline else ()
        return Attribution(Cause.KILLED, Certainty.LIKELY if sole else Certainty.POSSIBLE, (*offline, told))
    own = (
        (_(OWN_LIMIT_LOOKS_THE_SAME),)
        if verdict.session.is_idle and verdict.session.own_limit is None
        else ()
    )
    return Attribution(Cause.CLIENT_LOST, Certainty.POSSIBLE, (told, _(PACKET_LOOKS_THE_SAME), *own))


CAUSES_OF_BUSY = (
    Cause.NET_WRITE_TIMEOUT,
    Cause.NET_READ_TIMEOUT,
    Cause.KILLED,
    Cause.CLIENT_LOST,
    Cause.PACKET_TOO_LARGE,
    Cause.IDLE_TIMEOUT,
    Cause.CLIENT_QUIT,
)
CAUSES_OF_IDLE = (
    Cause.IDLE_TIMEOUT,
    Cause.PACKET_TOO_LARGE,
    Cause.CLIENT_LOST,
    Cause.KILLED,
    Cause.NET_READ_TIMEOUT,
    Cause.NET_WRITE_TIMEOUT,
    Cause.CLIENT_QUIT,
)
"""What is taken first for a session that was last seen busy, or idle: goodbyes last, since the unseen say them too."""


def attributed_by_account(absence: EndInterval) -> Attributions:
    """A reason for each session of the absence."""
    if Cause.IDLE_TIMEOUT not in absence.counted_causes:
        return attributed_by_counters(absence)
    groups: dict[Account, list[Verdict]] = defaultdict(list)
    for verdict in absence.unexplained:
        groups[account_of(verdict)].append(verdict)
    killable_of = {account: _killed_at_most(absence, account) for account in sorted(groups)}
    all_killable = sum(killable_of.values())
    reasons: Attributions = {}
    kills = enough = all_killable if absence.turned_offline else absence.kill_statements or 0
    for account, killable in killable_of.items():
        share = KillShare(min(kills, killable), is_exact=all_killable <= enough)
        found = _AccountAttribution(absence, account, groups[account], share).reasons()
        kills = max(0, kills - sum(reason.cause is Cause.KILLED for reason in found.values()))
        reasons |= found
    return reasons


def _killed_at_most(absence: EndInterval, account: Account) -> int:
    return sum(
        tallies.get(account, EndingCounts()).killed_at_most
        for tallies in (absence.recent_counts, absence.earlier_counts)
    )


@dataclass(frozen=True, slots=True)
class KillShare:
    """How many of an account's torn sessions were killed."""

    kills: int
    is_exact: bool
    """Whether there were KILL statements enough for every session that may have been killed, in all accounts. Turning
    `offline_mode` on is enough for all."""


class _AccountAttribution:
    """The sessions of one account that left, and what was counted of it."""

    def __init__(
        self, absence: EndInterval, account: Account, group: list[Verdict], share: KillShare
    ) -> None:
        self._absence = absence
        self._group = group
        self._share = share
        self._fresh = absence.recent_counts.get(account, EndingCounts())
        self._early = absence.earlier_counts.get(account, EndingCounts())
        self._killable = _killed_at_most(absence, account)
        self._told = counts_words(
            account, self._fresh, self._early, names_idle=absence.has_idle_timeout_error
        )

    def reasons(self) -> Attributions:
        """The due are the timed out; then come the endings counted since the last look, then what it had left over."""
        fresh, early = (tally.causes[Cause.IDLE_TIMEOUT] for tally in (self._fresh, self._early))
        due = sorted((v for v in self._group if self._absence.is_due(v)), key=_by_deadline)
        certainty = Certainty.CONFIRMED if fresh + early >= len(due) else Certainty.POSSIBLE
        reasons = {v.session.id: timeout_attribution(v, certainty, self._told) for v in due[: fresh + early]}
        rest = [v for v in self._group if v.session.id not in reasons]
        slots = _available_causes(self._fresh, len(rest), self._share.kills)
        unforeseen = min(max(0, fresh - len(due)), max(0, len(rest) - slots.total()))
        slots[Cause.IDLE_TIMEOUT] = unforeseen
        if slots.total() < len(rest):
            slots += _available_causes(
                self._early, len(rest) - slots.total(), self._share.kills - slots[Cause.KILLED]
            )
        kinds = (self._fresh.possible_causes() | self._early.possible_causes()) - {Cause.IDLE_TIMEOUT}
        alone = len(kinds | ({Cause.IDLE_TIMEOUT} if fresh > len(due) else set())) == 1
        enough = slots.total() >= len(rest)
        for verdict in sorted(rest, key=lambda v: (v.session.is_idle, v.session.id)):
            order = CAUSES_OF_IDLE if verdict.session.is_idle else CAUSES_OF_BUSY
            cause = next((each for each in order if slots[each] > 0), None)
            if cause is None:
                reasons[verdict.session.id] = self._uncounted()
                continue
            slots[cause] -= 1
            reasons[verdict.session.id] = self._reason(verdict, cause, alone=alone, enough=enough)
        return reasons

    def _reason(self, verdict: Verdict, cause: Cause, *, alone: bool, enough: bool) -> Attribution:
        """`alone`: the account's sessions met one kind of end only. `enough`: as often as sessions left."""
        certainty = Certainty.LIKELY if alone else Certainty.POSSIBLE
        evidence = [self._told]
        sure = alone and enough
        if cause is Cause.IDLE_TIMEOUT:
            cause = self._timed_out_early(verdict)
            sure = sure and self._absence.has_idle_timeout_error
            evidence.append(_why_earlier_than_limit(verdict))
        if not alone:
            evidence.append(
                _(
                    "{number} of its sessions left in that time; the counts do not say which was which",
                    number=len(self._group),
                )
            )
        if cause in BROKEN_CAUSES:
            evidence += self._what_may_have_torn(cause)
            may_be_killed = (
                bool(self._absence.turned_offline or self._absence.kill_statements) and self._killable > 0
            )
            if may_be_killed and (
                not self._share.is_exact or self._share.kills < self._fresh.broken_at_least
            ):
                certainty = Certainty.POSSIBLE  # the KILL, if it was one, is among the earlier counts too
            sure = (
                sure and cause is Cause.CLIENT_LOST and self._nothing_else_tears() and _ends_at_once(verdict)
            )
        return Attribution(cause, Certainty.CONFIRMED if sure else certainty, tuple(evidence))

    def _timed_out_early(self, verdict: Verdict) -> Cause:
        """What a timeout ended before the session's deadline, or without one."""
        if (
            self._absence.has_idle_timeout_error
            or verdict.session.is_idle
            or verdict.limit is None
            or self._absence.could_have_idled(verdict)
        ):
            return timeout_cause(verdict)
        return Cause.NET_READ_TIMEOUT

    def _nothing_else_tears(self) -> bool:
        """Whether no KILL, and no offline mode, can have ended a session of the absence: both are known, and were none."""
        return self._absence.kill_statements == 0 and self._absence.turned_offline is False

    def _what_may_have_torn(self, cause: Cause) -> list[str]:
        absence = self._absence
        words = []
        if absence.turned_offline:
            words.append(_(OFFLINE_MODE_ENDS_SESSIONS))
        if absence.kill_statements:
            words.append(_("KILL statements run in that time: {number}", number=absence.kill_statements))
        if cause is Cause.CLIENT_LOST and absence.turned_offline is None:
            words.append(_(OFFLINE_MODE_MAY_END_SESSIONS))
        if cause is Cause.CLIENT_LOST and absence.kill_statements is None:
            words.append(_("the server does not say how many KILL statements were run"))
        return words

    def _uncounted(self) -> Attribution:
        absence = self._absence
        if absence.kill_statements:
            why = _(
                "KILL statements run in that time: {number}; one that kills itself is not counted",
                number=absence.kill_statements,
            )
            return Attribution(Cause.KILLED, Certainty.LIKELY, (why, self._told))
        if absence.aborted_clients == 0:
            return Attribution(
                Cause.CLIENT_QUIT, Certainty.LIKELY, (_("Aborted_clients did not rise"), self._told)
            )
        rose = _("unknown") if absence.aborted_clients is None else absence.aborted_clients
        why = _("the rise of Aborted_clients: {number}", number=rose)
        return Attribution(Cause.UNKNOWN, Certainty.POSSIBLE, (why, self._told))


OFFLINE_MODE_MAY_END_SESSIONS = marked(
    "turning offline_mode on tears every session without CONNECTION_ADMIN too, and is counted as no KILL"
)
"""Measured on MySQL 9.7: 1158 and 1160 rise, Aborted_clients too; Com_kill does not, and the error log says nothing."""


def _available_causes(tally: EndingCounts, wanted: int, kills: int) -> Counter[Cause]:
    """The endings counted, and of goodbyes as many as are wanted besides. `kills`: of how many torn sessions."""
    found = Counter({cause: n for cause, n in tally.causes.items() if n > 0})
    del found[Cause.IDLE_TIMEOUT]
    goodbyes = found.pop(Cause.CLIENT_QUIT, 0)
    torn = min(tally.broken_at_most, max(tally.broken_at_least, wanted - found.total() - goodbyes))
    killed = min(torn, kills, tally.killed_at_most)
    found += Counter({Cause.KILLED: killed, Cause.CLIENT_LOST: torn - killed})
    found[Cause.CLIENT_QUIT] = max(0, min(goodbyes, wanted - found.total()))
    return found


def _ends_at_once(verdict: Verdict) -> bool:
    """Whether a KILL would have been counted in the time it left: one that has to roll back first stays for a while."""
    held = verdict.session.transaction
    return verdict.session.is_idle and (held is None or held.rows_modified == 0)


def _why_earlier_than_limit(verdict: Verdict) -> str:
    if verdict.session.is_idle:
        return _("earlier than its limit as last seen, so it has changed that since")
    return _("it was last seen busy; its wait began after that")


def _by_deadline(verdict: Verdict) -> tuple[float, int]:
    return verdict.deadline or 0.0, verdict.session.id


ENDING_WORDS = {
    Cause.CLIENT_LOST: marked("ended without COM_QUIT"),
    Cause.CLIENT_QUIT: marked("ended with COM_QUIT"),
}
"""How a session ended, in words, where the cause's own name says more than was counted."""
ENDING_WORDS_BEFORE_4031 = ENDING_WORDS | {Cause.IDLE_TIMEOUT: marked("by a timeout of reading (1159)")}
"""The same where an idle timeout has no error of its own."""
COUNT_AND_ENDING, COUNT_AND_ENDING_EARLIER = (
    marked("{number} {ending}"),
    marked("{number} {ending} a little earlier"),
)


def counts_words(
    account: Account, fresh: EndingCounts, early: EndingCounts, *, names_idle: bool = True
) -> str:
    """What was counted of an account, in words."""
    ended = ENDING_WORDS if names_idle else ENDING_WORDS_BEFORE_4031
    whose = f"{plain(account[0], 60)}@{plain(account[1], 60)}"
    parts = [
        _(times, number=n, ending=_(ended.get(cause, cause.value)))
        for tally, times in ((fresh, COUNT_AND_ENDING), (early, COUNT_AND_ENDING_EARLIER))
        for cause, n in sorted((tally.causes + Counter({Cause.CLIENT_LOST: tally.broken_at_least})).items())
        if n > 0
    ]
    if not parts:
        return _("in that time the server counted for {account}: no ending of a session", account=whose)
    return _(
        "in that time the server counted for {account}: {endings}", account=whose, endings=_(", ").join(parts)
    )
