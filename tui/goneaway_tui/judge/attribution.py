"""Why sessions ended between two samples, read off what the server counted in that interval: by account, or in all.

The errors below were provoked on MySQL 9.7, over plain TCP and TLS, and read back by account:

    COM_QUIT                          the statement event `com/Quit`
    idle past wait_timeout            4031
    part of a command, then nothing   1159 (once for each wait: a stalled LOAD DATA raises two)
    a packet too large                1153
    a result no client reads          1161
    KILL of an idle session           1158 and 1160
    KILL of a busy session            1160
    KILL of itself                    none of these
    a client lost while idle          1158, or 1158 and 1160: which, depends on how its socket broke
    a client lost while busy          1160, or 1158 and 1160, at the end of its statement

So 1158 and 1160 say that a connection broke, and only KILL statements, which are counted elsewhere, that the session may have
been killed. Turning `offline_mode` on raises both too, and counts as no KILL. Before 8.0.24 there is no 4031, and 1159 is raised for
an idle timeout too (`net_read_raw_loop` in sql-common/net_serv.cc; 4031 is in the release notes of 8.0.24).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.deadline import CLOCK_SLACK
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, ErrorCount
from goneaway_tui.model.session import Account, ProcesslistId
from goneaway_tui.model.snapshot import SHARED_TRANSACTION_LIMITS, Basis, Limit, Snapshot, Verdict
from goneaway_tui.text.format import seconds_words
from goneaway_tui.text.sanitize import plain

NET_READ_ERROR, NET_WRITE_ERROR = 1158, 1160
"""Raised when a read from, or a write to, a client fails (ER_NET_READ_ERROR, ER_NET_ERROR_ON_WRITE)."""
BROKEN_CAUSES = frozenset({Cause.KILLED, Cause.CLIENT_LOST})
"""The causes that raise NET_READ_ERROR or NET_WRITE_ERROR: the connection is broken."""
CAUSE_BY_CODE: Mapping[int, Cause] = {
    COM_QUIT: Cause.CLIENT_QUIT,
    4031: Cause.IDLE_TIMEOUT,
    1153: Cause.PACKET_TOO_LARGE,
    1161: Cause.NET_WRITE_TIMEOUT,
    1159: Cause.NET_READ_TIMEOUT,
}
"""Why a session ended, by each other code that is counted by account."""
IDLE_TIMEOUT_CODE, READ_TIMEOUT_CODE = 4031, 1159
CAUSE_BY_CODE_BEFORE_4031 = {
    code: cause for code, cause in CAUSE_BY_CODE.items() if code != IDLE_TIMEOUT_CODE
} | {READ_TIMEOUT_CODE: Cause.IDLE_TIMEOUT}
"""The same where an idle timeout has no error of its own: most timeouts of reading are idle timeouts."""
OFFLINE_MODE_ENDS_SESSIONS = N_(
    "offline_mode was turned on. That ends every session without CONNECTION_ADMIN, and does not count as a KILL."
)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Why one session ended."""

    cause: Cause
    certainty: Certainty
    evidence: tuple[str, ...] = ()
    at: float | None = None
    """When, on the source's clock; None where the two samples say no more than that it was between them."""
    within: float = 0.0
    """Half-width in seconds of the error of `at`."""


Attributions = dict[ProcesslistId, Attribution]


@dataclass(slots=True)
class EndingCounts:
    """How often sessions of one account ended, by what was counted, less the sessions whose cause is known otherwise."""

    causes: Counter[Cause] = field(default_factory=Counter)
    net_errors: Counter[int] = field(default_factory=Counter)
    """How often NET_READ_ERROR and NET_WRITE_ERROR were raised."""
    broken_explained: int = 0
    """Broken connections whose cause is known otherwise."""

    @property
    def broken_at_least(self) -> int:
        """How many connections broke at least: one raises either code, or both."""
        return max(0, max(self.net_errors.values(), default=0) - self.broken_explained)

    @property
    def broken_at_most(self) -> int:
        """How many connections broke at most: as if each raised one code."""
        return max(0, self.net_errors.total() - self.broken_explained)

    @property
    def killed_at_most(self) -> int:
        """How many of them may have been killed: every KILL raises NET_WRITE_ERROR."""
        return max(0, self.net_errors[NET_WRITE_ERROR] - self.broken_explained)

    def take_out(self, cause: Cause) -> bool:
        """Take out one session that stronger evidence shows to have ended by `cause`; False where none is counted."""
        if cause in BROKEN_CAUSES:
            self.broken_explained += self.broken_at_least > 0
            return self.broken_explained > 0
        found = self.causes[cause] > 0
        self.causes[cause] -= found
        return found

    def possible_causes(self) -> set[Cause]:
        """The causes that were counted; a broken connection counts as a lost client."""
        causes = {cause for cause, n in self.causes.items() if n > 0}
        return causes | {Cause.CLIENT_LOST} if self.broken_at_least else causes


def is_due(verdict: Verdict, now: float) -> bool:
    """Whether the session's deadline had come by `now`, on the source's clock."""
    slack = CLOCK_SLACK + verdict.session.idle_within
    return verdict.deadline is not None and verdict.deadline <= now + slack


@dataclass(frozen=True, slots=True)
class EndInterval:
    """The time from one sample to the next (`start` to `end`, on the source's clock), and what was counted in it."""

    start: float
    end: float
    unexplained: tuple[Verdict, ...]
    """The sessions that ended, and whose cause only counts can show."""
    recent_counts: Mapping[Account, EndingCounts]
    """What was counted after the first sample, by account."""
    earlier_counts: Mapping[Account, EndingCounts]
    """What had been counted by the first sample, of sessions that it may still list."""
    counted_causes: frozenset[Cause] = frozenset()
    """The causes that the server counts by account."""
    aborted_clients: int | None = None
    """Sessions that ended without COM_QUIT, less those whose cause is known; None where that is not counted."""
    kill_statements: int | None = None
    """KILL statements of any kind that may have ended one of `unexplained`; None where they are not counted."""
    turned_offline: bool | None = None
    """Whether `offline_mode` was turned on in the interval or shortly before; None where that is not known."""
    has_idle_timeout_error: bool = True
    """Whether an idle timeout has an error of its own; else it is counted like any other timeout of reading."""
    interactive_timeout: float | None = None
    """The global `interactive_timeout` in seconds."""

    @classmethod
    def between(
        cls,
        before: Snapshot,
        after: Snapshot,
        ended: Sequence[Verdict],
        known: Mapping[ProcesslistId, Attribution],
    ) -> EndInterval:
        """The interval between two snapshots. `known`: the attributions of those of `ended` that stronger evidence explains."""
        evidence = after.sample.end_evidence
        has_idle_timeout_error = _has_idle_timeout_error(evidence)
        cause_by_code = CAUSE_BY_CODE if has_idle_timeout_error else CAUSE_BY_CODE_BEFORE_4031
        explained = [(v, known[v.session.id].cause) for v in ended if v.session.id in known]
        recent, earlier = _unexplained_counts(explained, after)
        with_known_victim = {kill.session_id for kill in evidence.kills}
        killed = sum(
            cause is Cause.KILLED and v.session.id not in with_known_victim for v, cause in explained
        )
        aborted = sum(cause is not Cause.CLIENT_QUIT for _verdict, cause in explained)
        return cls(
            before.taken_at,
            after.taken_at,
            tuple(v for v in ended if v.session.id not in known),
            recent,
            earlier,
            frozenset(cause_by_code[code] for code in evidence.counted_codes & cause_by_code.keys()),
            None if evidence.aborted_clients is None else max(0, evidence.aborted_clients - aborted),
            None if evidence.kill_statements is None else max(0, evidence.kill_statements - killed),
            evidence.offline,
            has_idle_timeout_error,
            after.sample.variable("interactive_timeout"),
        )

    def is_due(self, verdict: Verdict) -> bool:
        """Whether the session's deadline had come by the end of the interval."""
        return is_due(verdict, self.end)

    def hidden_limit_met(self, verdict: Verdict) -> tuple[str, float] | None:
        """A limit that the session may have had, that no server shows, and that ran out in the interval; else None.

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
        """Whether a session that was busy had time to become idle and reach its limit within the interval."""
        limit = verdict.limit
        return not verdict.session.is_idle and limit is not None and limit.seconds <= self.end - self.start


def _unexplained_counts(
    explained: Iterable[tuple[Verdict, Cause]], after: Snapshot
) -> tuple[dict[Account, EndingCounts], dict[Account, EndingCounts]]:
    """`counted_endings` less the sessions whose cause is known.

    A session that the log says has ended may be counted already, and still be listed for a moment.
    """
    evidence = after.sample.end_evidence
    recent, earlier = counted_endings(evidence)
    logged = {e.session_id: e.cause for e in evidence.log if e.session_id is not None and e.cause}
    still_listed = [(v, cause) for v in after.verdicts if (cause := logged.get(v.session.id)) is not None]
    for verdict, cause in (*explained, *still_listed):
        account = account_of(verdict)
        if not recent[account].take_out(cause):
            earlier[account].take_out(cause)
    return recent, earlier


def hidden_transaction_limit(verdict: Verdict) -> tuple[tuple[str, float], ...]:
    """The limit, by name and seconds, that a bare BEGIN would put in place of `wait_timeout`; empty where none would.

    MariaDB lists no transaction that has not touched a table, and such a transaction wrote nothing (see `judge.deadline`).
    """
    if verdict.session.transaction is not None:
        return ()
    for name in ("idle_readonly_transaction_timeout", "idle_transaction_timeout"):
        seconds: float | None = getattr(verdict.inherited, name)
        if seconds:
            return ((name, seconds),)
    return ()


def counted_endings(evidence: EndEvidence) -> tuple[dict[Account, EndingCounts], dict[Account, EndingCounts]]:
    """By account: what was counted since the sample before, and what had been counted by then."""
    cause_by_code = CAUSE_BY_CODE if _has_idle_timeout_error(evidence) else CAUSE_BY_CODE_BEFORE_4031
    recent = ending_counts((e for e in evidence.errors if not e.counted_before), cause_by_code)
    earlier = ending_counts((e for e in evidence.errors if e.counted_before), cause_by_code)
    return recent, earlier


def _has_idle_timeout_error(evidence: EndEvidence) -> bool:
    return IDLE_TIMEOUT_CODE in evidence.counted_codes or READ_TIMEOUT_CODE not in evidence.counted_codes


def ending_counts(
    errors: Iterable[ErrorCount], cause_by_code: Mapping[int, Cause]
) -> dict[Account, EndingCounts]:
    """Counts by account; the mapping has empty counts for an account of which nothing was counted."""
    by_account: dict[Account, EndingCounts] = defaultdict(EndingCounts)
    for error in errors:
        counts = by_account[error.user, error.host]
        if error.code in cause_by_code:
            counts.causes[cause_by_code[error.code]] += error.count
        elif error.code in {NET_READ_ERROR, NET_WRITE_ERROR}:
            counts.net_errors[error.code] += error.count
    return by_account


def timeout_cause(verdict: Verdict) -> Cause:
    """Which timeout of the server would end the session: of the wait for a command, for the rest of one, or of a transaction."""
    if verdict.session.state == "Reading from net" or verdict.session.half_sent:
        return Cause.NET_READ_TIMEOUT
    limit = verdict.limit
    transaction = limit is not None and (
        limit.variable.startswith("idle_") or limit.variable in SHARED_TRANSACTION_LIMITS
    )
    return Cause.TRANSACTION_TIMEOUT if transaction else Cause.IDLE_TIMEOUT


def timeout_attribution(verdict: Verdict, certainty: Certainty, counts: str) -> Attribution:
    """The session was idle until its own deadline. `counts`: what was counted, in words."""
    within = CLOCK_SLACK + verdict.session.idle_within
    return Attribution(
        timeout_cause(verdict), certainty, (_limit_ran_out(verdict.limit), counts), verdict.deadline, within
    )


def _limit_ran_out(limit: Limit | None) -> str:
    if limit is None:
        return _(
            "The session's limit expired between the last sample that listed the session and the next sample."
        )
    return _(
        "The session's {variable} of {limit} expired between the last sample that listed the session and the next sample.",
        variable=limit.variable,
        limit=seconds_words(limit.seconds),
    )


def account_of(verdict: Verdict) -> Account:
    return verdict.session.user, verdict.session.client_host


CAUSE_BY_STATE = {"Writing to net": Cause.NET_WRITE_TIMEOUT, "Reading from net": Cause.NET_READ_TIMEOUT}
OWN_LIMIT_LOOKS_THE_SAME = N_(
    "A shorter wait_timeout of the session itself has the same effect. This server does not show the value of a session."
)
PACKET_LOOKS_THE_SAME = N_(
    "A packet that is too large ends a session the same way. The server's error log shows which of the two it was."
)


def attributed_by_counters(interval: EndInterval) -> Attributions:
    """A cause for each unexplained session, from counters of the whole server: Aborted_clients and Com_kill."""
    aborted = interval.aborted_clients
    if aborted is None:
        return {v.session.id: _without_counters(interval, v) for v in interval.unexplained}
    counters = _counters_words(interval, aborted)
    candidates = sorted(
        ((rank, v) for v in interval.unexplained if (rank := _timeout_rank(interval, v)) is not None),
        key=lambda candidate: (candidate[0], candidate[1].deadline or 0.0, candidate[1].session.id),
    )
    certainty = Certainty.LIKELY if aborted >= len(candidates) else Certainty.POSSIBLE
    attributions = {
        v.session.id: _by_timeout(interval, v, certainty, counters) for _rank, v in candidates[:aborted]
    }
    rest = [v for v in interval.unexplained if v.session.id not in attributions]
    return attributions | _without_timeout(interval, rest, aborted - len(attributions), counters)


def _counters_words(interval: EndInterval, aborted: int) -> str:
    if interval.kill_statements is None:
        return _(
            "Aborted_clients rose by {aborted}. Sessions that ended without another explanation: {ended}. The server does not "
            "count KILL statements.",
            aborted=aborted,
            ended=len(interval.unexplained),
        )
    return _(
        "Aborted_clients rose by {aborted}, Com_kill by {kills}. Sessions that ended without another explanation: {ended}.",
        aborted=aborted,
        kills=interval.kill_statements,
        ended=len(interval.unexplained),
    )


def _timeout_rank(interval: EndInterval, verdict: Verdict) -> int | None:
    """How well a timeout would explain the session's end, 0 best; None where it cannot."""
    if interval.is_due(verdict):
        return 0
    if interval.hidden_limit_met(verdict) is not None:
        return 1
    return 2 if interval.could_have_idled(verdict) else None


def _by_timeout(interval: EndInterval, verdict: Verdict, certainty: Certainty, counters: str) -> Attribution:
    if interval.is_due(verdict):
        return timeout_attribution(verdict, certainty, counters)
    hidden = interval.hidden_limit_met(verdict)
    if hidden is None:
        why = _(
            "The session was busy in the last sample that listed it. There was time for it to become idle and reach its limit."
        )
        return Attribution(timeout_cause(verdict), Certainty.POSSIBLE, (why, counters))
    name, seconds = hidden
    since = verdict.session.idle_since or 0.0
    cause = Cause.TRANSACTION_TIMEOUT if name.startswith("idle_") else Cause.IDLE_TIMEOUT
    why = _(
        "{variable} of {limit} expired in that interval, if it was the session's limit. The server does not show the session's limit.",
        variable=name,
        limit=seconds_words(seconds),
    )
    within = CLOCK_SLACK + verdict.session.idle_within
    return Attribution(cause, certainty, (why, counters), since + seconds, within)


def _without_timeout(interval: EndInterval, rest: list[Verdict], broken: int, counters: str) -> Attributions:
    """Causes for the sessions that no timeout explains, of which `broken` ended without COM_QUIT."""
    quits = _clean_disconnects(interval)
    without_quit = Counter(account_of(v) for v in rest)
    without_quit.subtract(
        quits
    )  # above 0: so many of the account's sessions ended without COM_QUIT, whichever they are
    kills = broken if interval.turned_offline else interval.kill_statements or 0
    is_only_cause = broken >= len(rest) and kills >= broken
    ordered = sorted(
        rest,
        key=lambda v: (
            -max(0, without_quit[account_of(v)]),
            v.session.is_idle,
            account_of(v),
            v.session.id,
        ),
    )
    attributions: Attributions = {}
    for verdict in ordered[:broken]:
        attribution = _broken(interval, verdict, kills=kills, is_only_cause=is_only_cause, counters=counters)
        kills -= attribution.cause is Cause.KILLED
        attributions[verdict.session.id] = attribution
    clean = Counter(account_of(v) for v in ordered[broken:])
    for verdict in ordered[broken:]:
        account = account_of(verdict)
        attributions[verdict.session.id] = _clean_disconnect(
            interval, quits[account], clean[account], counters
        )
    return attributions


def _clean_disconnects(interval: EndInterval) -> Counter[Account]:
    """How many COM_QUIT were counted, by account."""
    quits: Counter[Account] = Counter()
    for by_account in (interval.recent_counts, interval.earlier_counts):
        for account, counts in by_account.items():
            quits[account] += counts.causes[Cause.CLIENT_QUIT]
    return quits


def _clean_disconnect(interval: EndInterval, quits: int, sessions: int, counters: str) -> Attribution:
    """`quits`: COM_QUIT counted of the session's account. `sessions`: how many of its sessions need one to be explained."""
    if interval.aborted_clients:
        certainty = Certainty.POSSIBLE
    else:
        is_sure = interval.kill_statements == 0 and quits >= sessions
        certainty = Certainty.CONFIRMED if is_sure else Certainty.LIKELY
    counted = _("Clean disconnects (COM_QUIT) counted for the account: {number}.", number=quits)
    evidence = (counted,) if Cause.CLIENT_QUIT in interval.counted_causes else ()
    return Attribution(Cause.CLIENT_QUIT, certainty, (*evidence, counters))


def _without_counters(interval: EndInterval, verdict: Verdict) -> Attribution:
    nothing_counted = _("The server's counters are not known for that interval.")
    if interval.is_due(verdict):
        return timeout_attribution(verdict, Certainty.LIKELY, nothing_counted)
    return Attribution(Cause.UNKNOWN, Certainty.POSSIBLE, (nothing_counted,))


def _broken(
    interval: EndInterval, verdict: Verdict, *, kills: int, is_only_cause: bool, counters: str
) -> Attribution:
    """A session that ended without COM_QUIT, and not by an idle timeout.

    `kills`: how many KILL statements are left to explain it. `is_only_cause`: they explain every session.
    """
    state = CAUSE_BY_STATE.get(verdict.session.state or "")
    if state is not None:
        last_state = _(
            "The session was in state {state} in the last sample that listed it.", state=verdict.session.state
        )
        return Attribution(state, Certainty.LIKELY, (last_state, counters))
    if kills > 0:
        offline = (_(OFFLINE_MODE_ENDS_SESSIONS),) if interval.turned_offline else ()
        certainty = Certainty.LIKELY if is_only_cause else Certainty.POSSIBLE
        return Attribution(Cause.KILLED, certainty, (*offline, counters))
    limit_is_hidden = verdict.session.is_idle and verdict.session.own_limit is None
    own_limit = (_(OWN_LIMIT_LOOKS_THE_SAME),) if limit_is_hidden else ()
    evidence = (counters, _(PACKET_LOOKS_THE_SAME), *own_limit)
    return Attribution(Cause.CLIENT_LOST, Certainty.POSSIBLE, evidence)


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
"""Which cause is tried first for a session that was last busy, or idle. COM_QUIT last: sessions that no sample listed send it too."""


def attributed_by_account(interval: EndInterval) -> Attributions:
    """A cause for each unexplained session, from the counts of its account; from the server's counters where there are none."""
    if Cause.IDLE_TIMEOUT not in interval.counted_causes:
        return attributed_by_counters(interval)
    by_account: dict[Account, list[Verdict]] = defaultdict(list)
    for verdict in interval.unexplained:
        by_account[account_of(verdict)].append(verdict)
    killed_at_most = {account: _killed_at_most(interval, account) for account in sorted(by_account)}
    total = sum(killed_at_most.values())
    kills = total if interval.turned_offline else interval.kill_statements or 0
    explains_all = total <= kills
    attributions: Attributions = {}
    for account, account_kills in killed_at_most.items():
        share = KillShare(min(kills, account_kills), is_exact=explains_all)
        found = _AccountAttribution(interval, account, by_account[account], share).attributions()
        kills = max(0, kills - sum(attribution.cause is Cause.KILLED for attribution in found.values()))
        attributions |= found
    return attributions


def _killed_at_most(interval: EndInterval, account: Account) -> int:
    return sum(
        by_account.get(account, EndingCounts()).killed_at_most
        for by_account in (interval.recent_counts, interval.earlier_counts)
    )


@dataclass(frozen=True, slots=True)
class KillShare:
    """How many of an account's broken connections were killed."""

    kills: int
    is_exact: bool
    """Whether there were KILL statements enough for every session that may have been killed, in all accounts. Turning
    `offline_mode` on is enough for all."""


class _AccountAttribution:
    """The sessions of one account that ended, and what was counted of the account."""

    def __init__(
        self, interval: EndInterval, account: Account, ended: list[Verdict], share: KillShare
    ) -> None:
        self._interval = interval
        self._ended = ended
        self._share = share
        self._recent = interval.recent_counts.get(account, EndingCounts())
        self._earlier = interval.earlier_counts.get(account, EndingCounts())
        self._killed_at_most = _killed_at_most(interval, account)
        self._counts_words = counts_words(
            account,
            self._recent,
            self._earlier,
            has_idle_timeout_error=interval.has_idle_timeout_error,
        )

    def attributions(self) -> Attributions:
        """Timeouts go to the sessions whose deadline had come; the rest share the other counts, the recent ones first."""
        timeouts, earlier_timeouts = (
            counts.causes[Cause.IDLE_TIMEOUT] for counts in (self._recent, self._earlier)
        )
        number = timeouts + earlier_timeouts
        due = sorted((v for v in self._ended if self._interval.is_due(v)), key=_by_deadline)
        certainty = Certainty.CONFIRMED if number >= len(due) else Certainty.POSSIBLE
        attributions = {
            v.session.id: timeout_attribution(v, certainty, self._counts_words) for v in due[:number]
        }
        rest = [v for v in self._ended if v.session.id not in attributions]
        return attributions | self._without_deadline(rest, timeouts - len(due))

    def _without_deadline(self, rest: list[Verdict], timeouts: int) -> Attributions:
        """Causes for the sessions whose deadline had not come. `timeouts`: recent ones that no deadline explains."""
        available = self._available(len(rest), timeouts)
        causes = (self._recent.possible_causes() | self._earlier.possible_causes()) - {Cause.IDLE_TIMEOUT}
        is_only_cause = len(causes | ({Cause.IDLE_TIMEOUT} if timeouts > 0 else set())) == 1
        counts_suffice = available.total() >= len(rest)
        attributions: Attributions = {}
        for verdict in sorted(rest, key=lambda v: (v.session.is_idle, v.session.id)):
            order = CAUSES_OF_IDLE if verdict.session.is_idle else CAUSES_OF_BUSY
            cause = next((cause for cause in order if available[cause] > 0), None)
            if cause is None:
                attributions[verdict.session.id] = self._attribution_beyond_counts()
                continue
            available[cause] -= 1
            attributions[verdict.session.id] = self._attribution(
                verdict, cause, is_only_cause=is_only_cause, counts_suffice=counts_suffice
            )
        return attributions

    def _available(self, sessions: int, timeouts: int) -> Counter[Cause]:
        """How many of `sessions` each cause can explain: recent counts first, then as many of the earlier ones as are needed."""
        available = _available_causes(self._recent, sessions, self._share.kills)
        available[Cause.IDLE_TIMEOUT] = min(max(0, timeouts), max(0, sessions - available.total()))
        if available.total() < sessions:
            available += _available_causes(
                self._earlier,
                sessions - available.total(),
                self._share.kills - available[Cause.KILLED],
            )
        return available

    def _attribution(
        self, verdict: Verdict, cause: Cause, *, is_only_cause: bool, counts_suffice: bool
    ) -> Attribution:
        """`is_only_cause`: all counts of the account are of one cause. `counts_suffice`: there are as many as sessions."""
        certainty = Certainty.LIKELY if is_only_cause else Certainty.POSSIBLE
        evidence = [self._counts_words]
        is_sure = is_only_cause and counts_suffice
        if cause is Cause.IDLE_TIMEOUT:
            cause = self._cause_of_early_timeout(verdict)
            is_sure = is_sure and self._interval.has_idle_timeout_error
            evidence.append(_why_earlier_than_limit(verdict))
        if not is_only_cause:
            evidence.append(
                _(
                    "Sessions of the account that ended in that interval: {number}. The counters do not show which session ended in which way.",
                    number=len(self._ended),
                )
            )
        if cause in BROKEN_CAUSES:
            evidence += self._what_may_have_broken(cause)
            if self._may_be_killed() and (
                not self._share.is_exact or self._share.kills < self._recent.broken_at_least
            ):
                certainty = Certainty.POSSIBLE  # the KILL, if it was one, is among the earlier counts too
            is_sure = (
                is_sure
                and cause is Cause.CLIENT_LOST
                and self._nothing_else_breaks()
                and _ends_at_once(verdict)
            )
        return Attribution(cause, Certainty.CONFIRMED if is_sure else certainty, tuple(evidence))

    def _may_be_killed(self) -> bool:
        return (
            bool(self._interval.turned_offline or self._interval.kill_statements) and self._killed_at_most > 0
        )

    def _cause_of_early_timeout(self, verdict: Verdict) -> Cause:
        """Which timeout ended a session before its deadline, or without one."""
        if (
            self._interval.has_idle_timeout_error
            or verdict.session.is_idle
            or verdict.limit is None
            or self._interval.could_have_idled(verdict)
        ):
            return timeout_cause(verdict)
        return Cause.NET_READ_TIMEOUT

    def _nothing_else_breaks(self) -> bool:
        """Whether it is known that no KILL and no offline mode ended a session in the interval."""
        return self._interval.kill_statements == 0 and self._interval.turned_offline is False

    def _what_may_have_broken(self, cause: Cause) -> list[str]:
        interval = self._interval
        sentences = []
        if interval.turned_offline:
            sentences.append(_(OFFLINE_MODE_ENDS_SESSIONS))
        if interval.kill_statements:
            sentences.append(
                _("KILL statements in that interval: {number}.", number=interval.kill_statements)
            )
        if cause is Cause.CLIENT_LOST and interval.turned_offline is None:
            sentences.append(_(OFFLINE_MODE_MAY_END_SESSIONS))
        if cause is Cause.CLIENT_LOST and interval.kill_statements is None:
            sentences.append(_("The server does not report how many KILL statements were run."))
        return sentences

    def _attribution_beyond_counts(self) -> Attribution:
        """A session more than was counted of its account."""
        interval = self._interval
        if interval.kill_statements:
            why = _(
                "KILL statements in that interval: {number}. A session that kills itself is not counted.",
                number=interval.kill_statements,
            )
            return Attribution(Cause.KILLED, Certainty.LIKELY, (why, self._counts_words))
        if interval.aborted_clients == 0:
            return Attribution(
                Cause.CLIENT_QUIT, Certainty.LIKELY, (_("Aborted_clients did not rise."), self._counts_words)
            )
        rise = _("unknown") if interval.aborted_clients is None else interval.aborted_clients
        why = _("Rise of Aborted_clients: {number}.", number=rise)
        return Attribution(Cause.UNKNOWN, Certainty.POSSIBLE, (why, self._counts_words))


OFFLINE_MODE_MAY_END_SESSIONS = N_(
    "Turning offline_mode on also ends every session without CONNECTION_ADMIN, and does not count as a KILL."
)
"""Measured on MySQL 9.7: 1158 and 1160 rise, Aborted_clients too; Com_kill does not, and the error log says nothing."""


def _available_causes(counts: EndingCounts, sessions: int, kills: int) -> Counter[Cause]:
    """How many of `sessions` each counted cause can explain, idle timeouts aside. `kills`: broken connections that were killed."""
    available = Counter({cause: n for cause, n in counts.causes.items() if n > 0})
    del available[Cause.IDLE_TIMEOUT]
    quits = available.pop(Cause.CLIENT_QUIT, 0)
    broken = min(counts.broken_at_most, max(counts.broken_at_least, sessions - available.total() - quits))
    killed = min(broken, kills, counts.killed_at_most)
    available += Counter({Cause.KILLED: killed, Cause.CLIENT_LOST: broken - killed})
    available[Cause.CLIENT_QUIT] = max(0, min(quits, sessions - available.total()))
    return available


def _ends_at_once(verdict: Verdict) -> bool:
    """Whether a KILL would have been counted in the interval: a session that has to roll back first stays for a while."""
    transaction = verdict.session.transaction
    return verdict.session.is_idle and (transaction is None or transaction.rows_modified == 0)


def _why_earlier_than_limit(verdict: Verdict) -> str:
    if verdict.session.is_idle:
        return _(
            "The session ended before the limit that the last sample showed, so the session has changed its limit since."
        )
    return _("The session was busy in the last sample that listed it. Its idle time began later.")


def _by_deadline(verdict: Verdict) -> tuple[float, int]:
    return verdict.deadline or 0.0, verdict.session.id


ENDING_WORDS = {
    Cause.CLIENT_LOST: N_("end without COM_QUIT"),
    Cause.CLIENT_QUIT: N_("clean disconnect (COM_QUIT)"),
    Cause.IDLE_TIMEOUT: N_("error 4031 (idle timeout)"),
    Cause.PACKET_TOO_LARGE: N_("error 1153 (packet too large)"),
    Cause.NET_WRITE_TIMEOUT: N_("error 1161 (write timeout)"),
    Cause.NET_READ_TIMEOUT: N_("error 1159 (read timeout)"),
}
"""What the server counts of a cause, in words."""
ENDING_WORDS_BEFORE_4031 = ENDING_WORDS | {Cause.IDLE_TIMEOUT: N_("error 1159 (read timeout)")}
"""The same where an idle timeout has no error of its own."""
COUNT_AND_ENDING, COUNT_AND_ENDING_EARLIER = (
    N_("{number} x {ending}"),
    N_("{number} x {ending} shortly before"),
)


def counts_words(
    account: Account,
    recent: EndingCounts,
    earlier: EndingCounts,
    *,
    has_idle_timeout_error: bool = True,
) -> str:
    """What was counted of an account, in words."""
    ending_words = ENDING_WORDS if has_idle_timeout_error else ENDING_WORDS_BEFORE_4031
    account_words = f"{plain(account[0], 60)}@{plain(account[1], 60)}"
    parts = [
        _(sentence, number=n, ending=_(ending_words.get(cause, cause.value)))
        for counts, sentence in ((recent, COUNT_AND_ENDING), (earlier, COUNT_AND_ENDING_EARLIER))
        for cause, n in sorted((counts.causes + Counter({Cause.CLIENT_LOST: counts.broken_at_least})).items())
        if n > 0
    ]
    if not parts:
        return _(
            "The server counted no end of a session for {account} in that interval.", account=account_words
        )
    return _(
        "The server counted for {account} in that interval: {endings}.",
        account=account_words,
        endings=_(", ").join(parts),
    )
