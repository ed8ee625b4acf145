"""Each cause on a live server: whether it ended sessions since the start, and whether it may do so now.

One check a cause, each a row of CHECKS: it says how sure the cause is and why, in words that name their figures.
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
from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.deadline import EndLimit, LimitOrigin, shortest_end
from goneaway_tui.judge.forecast import already_closed
from goneaway_tui.logs.server_log import error_number
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.snapshot import (
    SHARED_TRANSACTION_LIMITS,
    TRANSACTION_LIMITS,
    Basis,
    Risk,
    Snapshot,
)
from goneaway_tui.text.format import in_list, largest_unit_words, seconds_words, size_with_bytes

RECENT_SECONDS = 600.0
"""Seconds that count as recent."""
RECENT_START_SECONDS = 3600.0
"""Seconds of uptime below which a restart counts."""
FULL_SHARE = 0.9
"""Share of max_connections from which a server is about to refuse."""
CERTAINTY_ORDER = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class LiveState:
    """What the checks judge by."""

    snapshot: Snapshot
    departures: tuple[Departure, ...]
    now: float
    """Seconds since 1970 UTC."""
    history: ServerFacts = NO_SERVER
    """What the server knows of the time since it started, as far as it was asked."""

    @property
    def facts(self) -> ServerFacts:
        return facts_from_sample(self.snapshot.sample).with_history(self.history)

    def counter(self, name: str) -> int | None:
        return self.snapshot.sample.counter(name)

    def limit(self, name: str) -> float | None:
        return self.snapshot.sample.variable(name)

    @property
    def shortest_end(self) -> EndLimit | None:
        """The shortest idle limit that ended a session while watching; None where none did."""
        return shortest_end(self.departures, self.facts.limits)

    def departures_by(self, cause: Cause) -> list[Departure]:
        return [d for d in self.departures if d.cause is cause]

    def log_entries_by(self, cause: Cause) -> list[LogEntry]:
        """The server's log entries of sessions that ended by a cause since it started, the latest of each session."""
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


CertaintyWithReasons = tuple[Certainty, tuple[str, ...]]
"""How sure a cause is, and why: one sentence each."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check; None where it can say nothing of that time."""

    since_start: CertaintyWithReasons | None = None
    """Whether the cause ended or refused sessions since the server started."""
    now: CertaintyWithReasons | None = None
    """Whether the cause may end or refuse sessions now."""


Check = Callable[[LiveState], CheckResult]


@dataclass(frozen=True, slots=True)
class CauseStatus(Finding):
    """A cause on a live server. Its certainty is the higher of `since_start` and `now`."""

    since_start: CertaintyWithReasons | None = None
    now: CertaintyWithReasons | None = None
    limit_is_own: bool = False
    """Whether no global limit in force ended sessions, so that no global variable is to be changed."""
    variable: str | None = None
    """The global variable whose limit ended sessions in the ledger; None where none did."""


def cause_statuses(state: LiveState) -> tuple[CauseStatus, ...]:
    """A finding for every cause that has a check, the surest first."""
    findings = [_status(state, cause, check(state)) for cause, check in CHECKS.items()]
    return tuple(sorted(findings, key=lambda f: CERTAINTY_ORDER.index(f.certainty)))


def _status(state: LiveState, cause: Cause, checked: CheckResult) -> CauseStatus:
    since_start = _with_departures(state, cause, checked.since_start)
    verdicts = [verdict for verdict in (since_start, checked.now) if verdict is not None]
    end = state.shortest_end if cause is Cause.IDLE_TIMEOUT else None
    remedies = _remedies(state, since_start, end) if cause is Cause.IDLE_TIMEOUT else ()
    variable = end.variable if end is not None and end.origin is LimitOrigin.GLOBAL else None
    return CauseStatus(
        cause,
        min(
            (certainty for certainty, _why in verdicts), key=CERTAINTY_ORDER.index, default=Certainty.POSSIBLE
        ),
        tuple(why for _certainty, because in verdicts for why in because),
        remedies=remedies,
        since_start=since_start,
        now=checked.now,
        limit_is_own=bool(remedies) and variable is None,
        variable=variable,
    )


def _with_departures(
    state: LiveState, cause: Cause, counted: CertaintyWithReasons | None
) -> CertaintyWithReasons | None:
    """The verdict of the counters with what the ledger knows: sessions that ended by the cause outweigh counters."""
    departures = state.departures_by(cause)
    if not departures:
        return counted
    recent = sum(state.now - d.at <= RECENT_SECONDS for d in departures)
    surest = min((d.certainty for d in departures), key=CERTAINTY_ORDER.index)
    if recent == len(departures):
        words = ngettext(
            "{number:,} session ended this way while watching, in the last 10 minutes",
            "{number:,} sessions ended this way while watching; all in the last 10 minutes",
            len(departures),
        )
    else:
        words = ngettext(
            "{number:,} session ended this way while watching; {lately:,} in the last 10 minutes",
            "{number:,} sessions ended this way while watching; {lately:,} in the last 10 minutes",
            len(departures),
            lately=recent,
        )
    if counted is None:
        return surest, (words,)
    return min(surest, counted[0], key=CERTAINTY_ORDER.index), (words, *counted[1])


def _remedies(
    state: LiveState, since_start: CertaintyWithReasons | None, end: EndLimit | None
) -> tuple[str, ...]:
    """What to do about idle timeouts by another limit than a global one in force."""
    facts, uptime = state.facts, state.snapshot.sample.server.uptime
    if end is not None:
        sentences = tuple(end_limit_words(end, facts))
        return (*sentences, idle_less_words(end)) if sentences else ()
    shortest = facts.shortest_global_seconds
    has_ended = since_start is not None and since_start[0] in {Certainty.CONFIRMED, Certainty.LIKELY}
    if not has_ended or shortest is None or uptime >= shortest - 1:
        return ()
    return (own_limit_words(uptime, facts),)


def _idle_timeout(state: LiveState) -> CheckResult:
    return CheckResult(_idle_timeout_since_start(state), _idle_timeout_now(state))


def _idle_timeout_since_start(state: LiveState) -> CertaintyWithReasons:
    facts, aborted = state.facts, state.counter("aborted_clients")
    count, entries = facts.error_count(IDLE_TIMEOUT_ERROR), state.log_entries_by(Cause.IDLE_TIMEOUT)
    if count:
        return Certainty.CONFIRMED, (_error_count_words(state, IDLE_TIMEOUT_ERROR, count),)
    if entries and aborted != 0:
        names_timeout = facts.confirms(entries[-1]) and any(
            error_number(entry) == IDLE_TIMEOUT_ERROR for entry in entries
        )
        words = ngettext(
            "the server's log reports {number:,} session closed after a read timeout since the start",
            "the server's log reports {number:,} sessions closed after a read timeout since the start",
            len(entries),
        )
        return Certainty.CONFIRMED if names_timeout else Certainty.LIKELY, (words,)
    if count == 0:
        return Certainty.RULED_OUT, (_("the server counted no error 4031 (idle timeout) since its start"),)
    if aborted == 0:
        return Certainty.RULED_OUT, (_("the server ended no session without COM_QUIT since its start"),)
    return Certainty.POSSIBLE, (_("the server does not count its idle timeouts"),)


def _idle_timeout_now(state: LiveState) -> CertaintyWithReasons:
    known_limits = [v.limit for v in state.snapshot.verdicts if v.limit is not None]
    limits = [limit.seconds for limit in known_limits]
    uptime = state.snapshot.sample.server.uptime
    closing_soon_count = sum(v.risk in {Risk.IMMINENT, Risk.OVERDUE} for v in state.snapshot.verdicts)
    globals_ = [limit for limit in map(state.limit, IDLE_LIMITS) if limit is not None]
    shortest = min((*limits, *globals_), default=None)
    if shortest is None:
        return Certainty.POSSIBLE, (_("no limit could be read"),)
    words = _("the shortest limit in force is {limit}", limit=seconds_words(shortest))
    if closing_soon_count:
        meet = ngettext(
            "{number:,} session reaches its limit within a minute",
            "{number:,} sessions reach their limits within a minute",
            closing_soon_count,
        )
        return Certainty.LIKELY, (meet, words)
    if not known_limits or not all(limit.basis is Basis.OWN for limit in known_limits):
        return Certainty.POSSIBLE, (
            words,
            _("a session may have a shorter limit of its own, which the server does not show"),
        )
    if shortest > uptime:
        return Certainty.RULED_OUT, (
            _(
                "the shortest limit in force is {limit}, and the server has been up for only {uptime}",
                limit=seconds_words(shortest),
                uptime=seconds_words(uptime),
            ),
        )
    return Certainty.POSSIBLE, (words,)


def _error_count_words(state: LiveState, code: int, count: int) -> str:
    """How often the server counted an error since its start, and for which accounts."""
    accounts = sorted(
        {f"{error.user}@{error.host}" for error in state.facts.errors if error.code == code and error.user}
    )
    words = ngettext(
        "the server counted {number:,} error {code} since its start",
        "the server counted {number:,} errors {code} since its start",
        count,
        code=code,
    )
    return _("{counted}: {accounts}", counted=words, accounts=in_list(accounts[:3])) if accounts else words


def _transaction_timeout(state: LiveState) -> CheckResult:
    names = (*TRANSACTION_LIMITS, *SHARED_TRANSACTION_LIMITS)
    known_limits = {name: state.limit(name) for name in names if state.limit(name) is not None}
    if not known_limits:
        return CheckResult(
            now=(Certainty.RULED_OUT, (_("this server has no limit for idling inside a transaction"),))
        )
    values = [_value_words(name, seconds_words(value)) for name, value in known_limits.items() if value]
    all_off = (Certainty.RULED_OUT, (_("every limit of idle transactions is off"),))
    return CheckResult(now=(Certainty.POSSIBLE, tuple(values)) if values else all_off)


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
    now = (
        (Certainty.POSSIBLE, (_value_words("max_allowed_packet", size_with_bytes(limit)),)) if limit else None
    )
    return CheckResult(_counted_verdict(state, 1153), now)


def _counted_verdict(state: LiveState, code: int) -> CertaintyWithReasons | None:
    """The verdict by an error that has no other cause."""
    count = state.facts.error_count(code)
    if count is None:
        return None
    if count == 0:
        return Certainty.RULED_OUT, (_("the server counted no error {code} since its start", code=code),)
    return Certainty.CONFIRMED, (_error_count_words(state, code, count),)


def _timeout_check(name: str, code: int | None) -> Check:
    """The check of a timeout variable; `code` is the error that only this timeout raises, if there is one."""

    def check(state: LiveState) -> CheckResult:
        limit = state.limit(name)
        now = (Certainty.POSSIBLE, (_value_words(name, seconds_words(limit)),)) if limit else None
        return CheckResult(None if code is None else _counted_verdict(state, code), now)

    return check


def _restart(state: LiveState) -> CheckResult:
    uptime = state.snapshot.sample.server.uptime
    if uptime < RECENT_START_SECONDS:
        certainty = Certainty.LIKELY if uptime < RECENT_SECONDS else Certainty.POSSIBLE
        words = _(
            "the server started only {uptime} ago: every session from before has ended",
            uptime=largest_unit_words(uptime),
        )
        return CheckResult((certainty, (words,)))
    return CheckResult(
        (Certainty.RULED_OUT, (_("the server has been up for {uptime}", uptime=largest_unit_words(uptime)),))
    )


def _crash(state: LiveState) -> CheckResult:
    uptime = state.snapshot.sample.server.uptime
    if uptime < RECENT_START_SECONDS:
        words = _(
            "the server started only {uptime} ago; its error log shows how the run before ended",
            uptime=largest_unit_words(uptime),
        )
        return CheckResult((Certainty.POSSIBLE, (words,)))
    return CheckResult(
        (Certainty.RULED_OUT, (_("the server has been up for {uptime}", uptime=largest_unit_words(uptime)),))
    )


def _too_many(state: LiveState) -> CheckResult:
    refused = state.counter("connection_errors_max_connections")
    if refused is None:
        certainty, reason = Certainty.POSSIBLE, _("the server does not count refused connections")
    elif refused:
        certainty = Certainty.CONFIRMED
        reason = _("the server has refused {number:,} connections since its start", number=refused)
    else:
        certainty, reason = Certainty.RULED_OUT, _("the server has refused no connection since its start")
    since_start: CertaintyWithReasons = certainty, (reason,)
    used, limit = state.counter("threads_connected"), state.limit("max_connections")
    if not used or not limit:
        return CheckResult(since_start)
    room = _(
        "{used:,} of {most:,.0f} connections are in use, {asleep:,} of them by idle sessions",
        used=used,
        most=limit,
        asleep=_idle_count(state),
    )
    return CheckResult(
        since_start, (Certainty.LIKELY if used >= FULL_SHARE * limit else Certainty.RULED_OUT, (room,))
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
            "{number:,} session ended without COM_QUIT since the server started, by any cause",
            "{number:,} sessions ended without COM_QUIT since the server started, by any cause",
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
    """How many sessions in the ledger ended by a confirmed idle timeout since the server started."""
    sample = state.snapshot.sample
    started = sample.taken_at - sample.server.uptime
    return sum(
        departure.certainty is Certainty.CONFIRMED and departure.at >= started
        for departure in state.departures_by(Cause.IDLE_TIMEOUT)
    )


def _quit(_state: LiveState) -> CheckResult:
    words = _("a pool that closes connections which its application still uses has this effect")
    return CheckResult(now=(Certainty.POSSIBLE, (words,)))


def _proxy(state: LiveState) -> CheckResult:
    idle_count = already_closed(state.snapshot.verdicts, state.now, 3600)
    words = (
        ngettext(
            "{number:,} session has been idle for more than an hour: check whether its client still has the connection",
            "{number:,} sessions have been idle for more than an hour: check whether their clients still have the connections",
            idle_count,
        )
        if idle_count
        else _(
            "the server cannot see this cause; filter by the session ids that the application logged, for example /id:4711"
        )
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
"""The check of each cause of which a server shows traces. A cause without a row only a log can show."""


def _uptime_words(state: LiveState) -> str:
    return largest_unit_words(state.snapshot.sample.server.uptime)


def _idle_count(state: LiveState) -> int:
    return sum(v.session.is_idle for v in state.snapshot.verdicts)


def _value_words(variable: str, value: str) -> str:
    return _("{variable} is {value}", variable=variable, value=value)
