"""Every cause as it stands on a live server now: what was seen, what is counted, what is out of the question.

One small check a cause, each a row of CHECKS; a check says how sure and why, in words that name their figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.doctor.case import (
    CLOCK_DIFFERENCE_SECONDS,
    IDLE_LIMITS,
    IDLE_TIMEOUT_ERROR,
    NO_SERVER,
    ServerFacts,
    facts_from_sample,
)
from goneaway_tui.doctor.remedies import end_limit_words, idle_less_words, own_limit_words
from goneaway_tui.doctor.units import age_words, bytes_words, in_list, seconds_words
from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.deadline import EndLimit, LimitOrigin, shortest_end
from goneaway_tui.judge.forecast import already_closed
from goneaway_tui.logs.server_log import error_number
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.snapshot import OF_TRANSACTIONS, SHARED, Basis, Risk, Snapshot

RECENT_SECONDS = 600.0
"""Seconds that count as the trend."""
RECENT_START_SECONDS = 3600.0
"""Seconds of uptime below which a restart is still news."""
FULL_SHARE = 0.9
"""Share of max_connections from which a server is about to refuse."""
CERTAINTY_ORDER = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is looked at."""

    snapshot: Snapshot
    departures: tuple[Departure, ...]
    now: float
    history: ServerFacts = NO_SERVER
    """What the server remembers of the time since it started, as far as it was asked."""

    @property
    def facts(self) -> ServerFacts:
        return facts_from_sample(self.snapshot.sample).with_history(self.history)

    def counter(self, name: str) -> int | None:
        return self.snapshot.sample.counter(name)

    def limit(self, name: str) -> float | None:
        return self.snapshot.sample.variable(name)

    @property
    def shortest_end(self) -> EndLimit | None:
        """The shortest limit that ended a session by idling while watching."""
        return shortest_end(self.departures, self.facts.limits)

    def departures_by(self, cause: Cause) -> list[Departure]:
        return [d for d in self.departures if d.cause is cause]

    def log_entries_by(self, cause: Cause) -> list[LogEntry]:
        """What the server's log told of sessions that ended by a cause since it started, the latest entry of each."""
        sample = self.snapshot.sample
        started = sample.taken_at - sample.server.uptime
        entries = {
            entry.session_id: entry
            for entry in self.facts.log_entries
            if entry.cause is cause
            and entry.session_id is not None
            and entry.at is not None
            and entry.at >= started - CLOCK_DIFFERENCE_SECONDS
        }
        return list(entries.values())


Verdict = tuple[Certainty, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found; None where it can say nothing of that time."""

    since_start: Verdict | None = None
    """Whether the cause ended or refused sessions since the server started."""
    now: Verdict | None = None
    """Whether it may do so as things stand."""


Check = Callable[[LiveState], CheckResult]


@dataclass(frozen=True, slots=True)
class CauseStatus(Finding):
    """A cause on a live server. Its certainty is the surer of the two, as what was counted outweighs who is there now."""

    since_start: Verdict | None = None
    now: Verdict | None = None
    limit_is_own: bool = False
    """No global limit in force did it, so no global variable is to be changed."""
    variable: str | None = None
    """The global variable whose limit did it, where sessions were seen to end by it."""


def cause_statuses(state: LiveState) -> tuple[CauseStatus, ...]:
    """A finding for every cause, the surest first."""
    findings = [_status(state, cause, check(state)) for cause, check in CHECKS.items()]
    return tuple(sorted(findings, key=lambda f: CERTAINTY_ORDER.index(f.certainty)))


def _status(state: LiveState, cause: Cause, checked: CheckResult) -> CauseStatus:
    since = _with_departures(state, cause, checked.since_start)
    both = [verdict for verdict in (since, checked.now) if verdict is not None]
    end = state.shortest_end if cause is Cause.IDLE_TIMEOUT else None
    remedies = _remedies(state, since, end) if cause is Cause.IDLE_TIMEOUT else ()
    variable = end.variable if end is not None and end.whose is LimitOrigin.GLOBAL else None
    return CauseStatus(
        cause,
        min((certainty for certainty, _why in both), key=CERTAINTY_ORDER.index, default=Certainty.POSSIBLE),
        tuple(why for _certainty, because in both for why in because),
        remedies=remedies,
        since_start=since,
        now=checked.now,
        limit_is_own=bool(remedies) and variable is None,
        variable=variable,
    )


def _with_departures(state: LiveState, cause: Cause, counted: Verdict | None) -> Verdict | None:
    """Sessions that were seen to end by a cause outweigh what counters say of it."""
    left = state.departures_by(cause)
    if not left:
        return counted
    lately = sum(state.now - d.at <= RECENT_SECONDS for d in left)
    surest = min((d.certainty for d in left), key=CERTAINTY_ORDER.index)
    if lately == len(left):
        words = ngettext(
            "{number:,} session ended this way while watching, in the last 10 minutes",
            "{number:,} sessions ended this way while watching; all in the last 10 minutes",
            len(left),
        )
    else:
        words = ngettext(
            "{number:,} session ended this way while watching; {lately:,} in the last 10 minutes",
            "{number:,} sessions ended this way while watching; {lately:,} in the last 10 minutes",
            len(left),
            lately=lately,
        )
    if counted is None:
        return surest, (words,)
    return min(surest, counted[0], key=CERTAINTY_ORDER.index), (words, *counted[1])


def _remedies(state: LiveState, since_start: Verdict | None, end: EndLimit | None) -> tuple[str, ...]:
    """Of sessions that idled out by another limit than a global one in force."""
    facts, uptime = state.facts, state.snapshot.sample.server.uptime
    if end is not None:
        told = tuple(end_limit_words(end, facts))
        return (*told, idle_less_words(end)) if told else ()
    shortest = facts.shortest_global_seconds
    ended = since_start is not None and since_start[0] in {Certainty.CONFIRMED, Certainty.LIKELY}
    if not ended or shortest is None or uptime >= shortest - 1:
        return ()
    return (own_limit_words(uptime, facts, global_known=True),)


def _idle_timeout(state: LiveState) -> CheckResult:
    return CheckResult(_idle_timeout_since_start(state), _idle_timeout_now(state))


def _idle_timeout_since_start(state: LiveState) -> Verdict:
    facts, aborted = state.facts, state.counter("aborted_clients")
    count, logged = facts.error_count(IDLE_TIMEOUT_ERROR), state.log_entries_by(Cause.IDLE_TIMEOUT)
    if count:
        return Certainty.CONFIRMED, (_error_count_words(state, IDLE_TIMEOUT_ERROR, count),)
    if logged and aborted != 0:
        named = facts.confirms(logged[-1]) and any(
            error_number(entry) == IDLE_TIMEOUT_ERROR for entry in logged
        )
        words = ngettext(
            "the server's log reports {number:,} session closed after a read timeout since the start",
            "the server's log reports {number:,} sessions closed after a read timeout since the start",
            len(logged),
        )
        return Certainty.CONFIRMED if named else Certainty.LIKELY, (words,)
    if count == 0:
        return Certainty.RULED_OUT, (_("the server counted no error 4031 (idle timeout) since its start"),)
    if aborted == 0:
        return Certainty.RULED_OUT, (_("the server ended no session without COM_QUIT since its start"),)
    return Certainty.POSSIBLE, (_("the server does not count sessions that it closes for idling"),)


def _idle_timeout_now(state: LiveState) -> Verdict:
    known = [v.limit for v in state.snapshot.verdicts if v.limit is not None]
    limits = [limit.seconds for limit in known]
    uptime = state.snapshot.sample.server.uptime
    soon = sum(v.risk in {Risk.IMMINENT, Risk.OVERDUE} for v in state.snapshot.verdicts)
    globals_ = [each for each in map(state.limit, IDLE_LIMITS) if each is not None]
    shortest = min((*limits, *globals_), default=None)
    if shortest is None:
        return Certainty.POSSIBLE, (_("no limit could be read"),)
    words = _("the shortest limit in force is {limit}", limit=seconds_words(shortest))
    if soon:
        meet = ngettext(
            "{number:,} session will meet theirs within a minute",
            "{number:,} sessions will meet theirs within a minute",
            soon,
        )
        return Certainty.LIKELY, (meet, words)
    if not known or not all(limit.basis is Basis.OWN for limit in known):
        return Certainty.POSSIBLE, (
            words,
            _("a session may have a shorter one of its own that the server does not show"),
        )
    if shortest > uptime:
        return Certainty.RULED_OUT, (
            _(
                "the shortest limit in force is {limit}, and the server is up no longer than {uptime}",
                limit=seconds_words(shortest),
                uptime=seconds_words(uptime),
            ),
        )
    return Certainty.POSSIBLE, (words,)


def _error_count_words(state: LiveState, code: int, count: int) -> str:
    """How often the server counted an error since its start, and for whom."""
    accounts = sorted(
        {f"{each.user}@{each.host}" for each in state.facts.errors if each.code == code and each.user}
    )
    words = ngettext(
        "the server counted {number:,} error {code} since its start",
        "the server counted {number:,} errors {code} since its start",
        count,
        code=code,
    )
    return _("{counted}: {accounts}", counted=words, accounts=in_list(accounts[:3])) if accounts else words


def _transaction_timeout(state: LiveState) -> CheckResult:
    names = (*OF_TRANSACTIONS, *SHARED)
    known = {name: state.limit(name) for name in names if state.limit(name) is not None}
    if not known:
        return CheckResult(
            now=(Certainty.RULED_OUT, (_("this server has no limit for idling inside a transaction"),))
        )
    on = [_value_words(name, seconds_words(value)) for name, value in known.items() if value]
    off = (Certainty.RULED_OUT, (_("these limits are all off"),))
    return CheckResult(now=(Certainty.POSSIBLE, tuple(on)) if on else off)


def _killed(state: LiveState) -> CheckResult:
    kills = state.counter("com_kill")
    if kills is None:
        return CheckResult((Certainty.POSSIBLE, ()))
    if kills == 0:
        return CheckResult(
            (
                Certainty.RULED_OUT,
                (_("no KILL was run since the server started, {uptime} ago", uptime=_uptime_words(state)),),
            )
        )
    return CheckResult(
        (Certainty.POSSIBLE, (_("{number:,} KILL statements since the server started", number=kills),))
    )


def _packet(state: LiveState) -> CheckResult:
    limit = state.limit("max_allowed_packet")
    now = (Certainty.POSSIBLE, (_value_words("max_allowed_packet", bytes_words(limit)),)) if limit else None
    return CheckResult(_counted_verdict(state, 1153), now)


def _counted_verdict(state: LiveState, code: int) -> Verdict | None:
    """By an error that has no other cause."""
    count = state.facts.error_count(code)
    if count is None:
        return None
    if count == 0:
        return Certainty.RULED_OUT, (_("the server counted no error {code} since its start", code=code),)
    return Certainty.CONFIRMED, (_error_count_words(state, code, count),)


def _timeout_check(name: str, code: int | None) -> Check:
    """`code` is the error that this timeout alone raises, if one does."""

    def check(state: LiveState) -> CheckResult:
        limit = state.limit(name)
        now = (Certainty.POSSIBLE, (_value_words(name, seconds_words(limit)),)) if limit else None
        return CheckResult(None if code is None else _counted_verdict(state, code), now)

    return check


def _restart(state: LiveState) -> CheckResult:
    uptime = state.snapshot.sample.server.uptime
    if uptime < RECENT_START_SECONDS:
        certainty = Certainty.LIKELY if uptime < RECENT_SECONDS else Certainty.POSSIBLE
        words = _("the server is up {uptime} only: what was open before is lost", uptime=age_words(uptime))
        return CheckResult((certainty, (words,)))
    return CheckResult((Certainty.RULED_OUT, (_("the server is up {uptime}", uptime=age_words(uptime)),)))


def _crash(state: LiveState) -> CheckResult:
    uptime = state.snapshot.sample.server.uptime
    if uptime < RECENT_START_SECONDS:
        words = _(
            "the server is up {uptime} only; its error log tells how it ended", uptime=age_words(uptime)
        )
        return CheckResult((Certainty.POSSIBLE, (words,)))
    return CheckResult((Certainty.RULED_OUT, (_("the server is up {uptime}", uptime=age_words(uptime)),)))


def _too_many(state: LiveState) -> CheckResult:
    refused = state.counter("connection_errors_max_connections")
    if refused is None:
        since: Verdict = (Certainty.POSSIBLE, (_("the server does not count refused connections"),))
    elif refused:
        since = (
            Certainty.CONFIRMED,
            (_("{number:,} were refused since the server started", number=refused),),
        )
    else:
        since = (Certainty.RULED_OUT, (_("nobody was refused so far"),))
    used, most = state.counter("threads_connected"), state.limit("max_connections")
    if not used or not most:
        return CheckResult(since)
    room = _(
        "{used:,} of {most:,.0f} connections are in use, {asleep:,} of them asleep",
        used=used,
        most=most,
        asleep=_idle_count(state),
    )
    return CheckResult(
        since, (Certainty.LIKELY if used >= FULL_SHARE * most else Certainty.RULED_OUT, (room,))
    )


def _aborted(state: LiveState) -> CheckResult:
    aborted = state.counter("aborted_clients")
    if aborted is None:
        return CheckResult((Certainty.POSSIBLE, ()))
    if aborted == 0:
        words = _(
            "no session ended without COM_QUIT since the server started, {uptime} ago",
            uptime=_uptime_words(state),
        )
        return CheckResult((Certainty.RULED_OUT, (words,)))
    idled = min(
        aborted, max(state.facts.error_count(IDLE_TIMEOUT_ERROR) or 0, _confirmed_idle_timeouts(state))
    )
    if not idled:
        words = ngettext(
            "{number:,} session ended without COM_QUIT since the server started, of any cause",
            "{number:,} sessions ended without COM_QUIT since the server started, of any cause",
            aborted,
        )
        return CheckResult((Certainty.POSSIBLE, (words,)))
    words = ngettext(
        "{number:,} session ended without COM_QUIT since the server started; {idled:,} by an idle timeout, {rest:,} by another cause",
        "{number:,} sessions ended without COM_QUIT since the server started; {idled:,} by an idle timeout, {rest:,} by another cause",
        aborted,
        idled=idled,
        rest=aborted - idled,
    )
    return CheckResult((Certainty.POSSIBLE if aborted > idled else Certainty.RULED_OUT, (words,)))


def _confirmed_idle_timeouts(state: LiveState) -> int:
    """How many sessions of this run of the server were seen to end by a confirmed idle timeout."""
    sample = state.snapshot.sample
    started = sample.taken_at - sample.server.uptime
    return sum(
        each.certainty is Certainty.CONFIRMED and each.at >= started
        for each in state.departures_by(Cause.IDLE_TIMEOUT)
    )


def _quit(_state: LiveState) -> CheckResult:
    words = _("a pool that closes what its application still uses looks like this")
    return CheckResult(now=(Certainty.POSSIBLE, (words,)))


def _proxy(state: LiveState) -> CheckResult:
    ghosts = already_closed(state.snapshot.verdicts, state.now, 3600)
    words = (
        ngettext(
            "{number:,} session idle for more than an hour: does each still have its client, or was it cut off in between?",
            "{number:,} sessions idle for more than an hour: does each still have its client, or was it cut off in between?",
            ghosts,
        )
        if ghosts
        else _("nothing the server can see: compare the ids the application logged, as /id:4711")
    )
    return CheckResult(now=(Certainty.POSSIBLE, (words,)))


CHECKS: dict[Cause, Check] = {
    Cause.IDLE_TIMEOUT: _idle_timeout,
    Cause.TRANSACTION_TIMEOUT: _transaction_timeout,
    Cause.KILLED: _killed,
    Cause.PACKET_TOO_LARGE: _packet,
    Cause.NET_READ_TIMEOUT: _timeout_check("net_read_timeout", None),
    Cause.NET_WRITE_TIMEOUT: _timeout_check("net_write_timeout", 1161),
    Cause.SERVER_RESTART: _restart,
    Cause.SERVER_CRASH: _crash,
    Cause.TOO_MANY_CONNECTIONS: _too_many,
    Cause.CLIENT_LOST: _aborted,
    Cause.CLIENT_QUIT: _quit,
    Cause.PROXY_OR_FIREWALL: _proxy,
}
"""What a live server lets be said of each cause."""


def _uptime_words(state: LiveState) -> str:
    return age_words(state.snapshot.sample.server.uptime)


def _idle_count(state: LiveState) -> int:
    return sum(v.session.is_idle for v in state.snapshot.verdicts)


def _value_words(variable: str, value: str) -> str:
    return _("{variable} is {value}", variable=variable, value=value)
