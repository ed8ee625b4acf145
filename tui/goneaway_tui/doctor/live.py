"""Every cause as it stands on a live server now: what was seen, what is counted, what is out of the question.

One small check a cause, each a row of CHECKS; a check says how sure and why, in words that name their figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.doctor.case import (
    CLOCKS_DIFFER,
    IDLE_LIMITS,
    IDLED_OUT,
    NO_SERVER,
    ServerFacts,
    facts_of,
)
from goneaway_tui.doctor.remedies import end_limit_words, idle_less_words, own_limit_words
from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.deadline import EndLimit, LimitOrigin, shortest_end
from goneaway_tui.judge.forecast import already_closed
from goneaway_tui.logs.server_log import error_number
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.snapshot import SHARED_TRANSACTION_LIMITS, TRANSACTION_LIMITS, Basis, Risk, Snapshot
from goneaway_tui.text.format import in_list, largest_unit_words, seconds_words, size_with_bytes

LATELY = 600.0
"""Seconds that count as the trend."""
FRESH = 3600.0
"""Seconds of uptime below which a restart is still news."""
FULL = 0.9
"""Share of max_connections from which a server is about to refuse."""
ORDER = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is looked at."""

    snapshot: Snapshot
    departures: tuple[Departure, ...]
    now: float
    past: ServerFacts = NO_SERVER
    """What the server remembers of the time since it started, as far as it was asked."""

    @property
    def facts(self) -> ServerFacts:
        return facts_of(self.snapshot.sample).remembering(self.past)

    def counter(self, name: str) -> int | None:
        return self.snapshot.sample.counter(name)

    def limit(self, name: str) -> float | None:
        return self.snapshot.sample.variable(name)

    @property
    def shortest_end(self) -> EndLimit | None:
        """The shortest limit that ended a session by idling while watching."""
        return shortest_end(self.departures, self.facts.limits)

    def left_by(self, cause: Cause) -> list[Departure]:
        return [d for d in self.departures if d.cause is cause]

    def logged(self, cause: Cause) -> list[LogEntry]:
        """What the server's log told of sessions that ended by a cause since it started, the latest entry of each."""
        sample = self.snapshot.sample
        started = sample.taken_at - sample.server.uptime
        entries = {
            entry.session_id: entry
            for entry in self.facts.log
            if entry.cause is cause
            and entry.session_id is not None
            and entry.at is not None
            and entry.at >= started - CLOCKS_DIFFER
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


def cause_statuses(patient: LiveState) -> tuple[CauseStatus, ...]:
    """A finding for every cause, the surest first."""
    findings = [_status(patient, cause, check(patient)) for cause, check in CHECKS.items()]
    return tuple(sorted(findings, key=lambda f: ORDER.index(f.certainty)))


def _status(patient: LiveState, cause: Cause, checked: CheckResult) -> CauseStatus:
    since = _beside_the_ledger(patient, cause, checked.since_start)
    both = [verdict for verdict in (since, checked.now) if verdict is not None]
    end = patient.shortest_end if cause is Cause.IDLE_TIMEOUT else None
    remedies = _remedies(patient, since, end) if cause is Cause.IDLE_TIMEOUT else ()
    variable = end.variable if end is not None and end.origin is LimitOrigin.GLOBAL else None
    return CauseStatus(
        cause,
        min((certainty for certainty, _why in both), key=ORDER.index, default=Certainty.POSSIBLE),
        tuple(why for _certainty, because in both for why in because),
        remedies=remedies,
        since_start=since,
        now=checked.now,
        limit_is_own=bool(remedies) and variable is None,
        variable=variable,
    )


def _beside_the_ledger(patient: LiveState, cause: Cause, counted: Verdict | None) -> Verdict | None:
    """Sessions that were seen to end by a cause outweigh what counters say of it."""
    left = patient.left_by(cause)
    if not left:
        return counted
    lately = sum(patient.now - d.at <= LATELY for d in left)
    surest = min((d.certainty for d in left), key=ORDER.index)
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
    return min(surest, counted[0], key=ORDER.index), (words, *counted[1])


def _remedies(patient: LiveState, since_start: Verdict | None, end: EndLimit | None) -> tuple[str, ...]:
    """Of sessions that idled out by another limit than a global one in force."""
    facts, uptime = patient.facts, patient.snapshot.sample.server.uptime
    if end is not None:
        told = tuple(end_limit_words(end, facts))
        return (*told, idle_less_words(end)) if told else ()
    shortest = facts.shortest_global
    ended = since_start is not None and since_start[0] in {Certainty.CONFIRMED, Certainty.LIKELY}
    if not ended or shortest is None or uptime >= shortest - 1:
        return ()
    return (own_limit_words(uptime, facts, global_known=True),)


def _idle_timeout(patient: LiveState) -> CheckResult:
    return CheckResult(_idled_out(patient), _about_to_idle_out(patient))


def _idled_out(patient: LiveState) -> Verdict:
    facts, aborted = patient.facts, patient.counter("aborted_clients")
    count, logged = facts.raised(IDLED_OUT), patient.logged(Cause.IDLE_TIMEOUT)
    if count:
        return Certainty.CONFIRMED, (_counted(patient, IDLED_OUT, count),)
    if logged and aborted != 0:
        named = facts.bears_out(logged[-1]) and any(error_number(entry) == IDLED_OUT for entry in logged)
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


def _about_to_idle_out(patient: LiveState) -> Verdict:
    known = [v.limit for v in patient.snapshot.verdicts if v.limit is not None]
    limits = [limit.seconds for limit in known]
    uptime = patient.snapshot.sample.server.uptime
    soon = sum(v.risk in {Risk.IMMINENT, Risk.OVERDUE} for v in patient.snapshot.verdicts)
    globals_ = [each for each in map(patient.limit, IDLE_LIMITS) if each is not None]
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


def _counted(patient: LiveState, code: int, count: int) -> str:
    """How often the server counted an error since its start, and for whom."""
    accounts = sorted(
        {f"{each.user}@{each.host}" for each in patient.facts.errors if each.code == code and each.user}
    )
    words = ngettext(
        "the server counted {number:,} error {code} since its start",
        "the server counted {number:,} errors {code} since its start",
        count,
        code=code,
    )
    return _("{counted}: {accounts}", counted=words, accounts=in_list(accounts[:3])) if accounts else words


def _transaction_timeout(patient: LiveState) -> CheckResult:
    names = (*TRANSACTION_LIMITS, *SHARED_TRANSACTION_LIMITS)
    known = {name: patient.limit(name) for name in names if patient.limit(name) is not None}
    if not known:
        return CheckResult(
            now=(Certainty.RULED_OUT, (_("this server has no limit for idling inside a transaction"),))
        )
    on = [_is(name, seconds_words(value)) for name, value in known.items() if value]
    off = (Certainty.RULED_OUT, (_("these limits are all off"),))
    return CheckResult(now=(Certainty.POSSIBLE, tuple(on)) if on else off)


def _killed(patient: LiveState) -> CheckResult:
    kills = patient.counter("com_kill")
    if kills is None:
        return CheckResult((Certainty.POSSIBLE, ()))
    if kills == 0:
        return CheckResult(
            (
                Certainty.RULED_OUT,
                (_("no KILL was run since the server started, {uptime} ago", uptime=_age(patient)),),
            )
        )
    return CheckResult(
        (Certainty.POSSIBLE, (_("{number:,} KILL statements since the server started", number=kills),))
    )


def _packet(patient: LiveState) -> CheckResult:
    limit = patient.limit("max_allowed_packet")
    now = (Certainty.POSSIBLE, (_is("max_allowed_packet", size_with_bytes(limit)),)) if limit else None
    return CheckResult(_raised(patient, 1153), now)


def _raised(patient: LiveState, code: int) -> Verdict | None:
    """By an error that has no other cause."""
    count = patient.facts.raised(code)
    if count is None:
        return None
    if count == 0:
        return Certainty.RULED_OUT, (_("the server counted no error {code} since its start", code=code),)
    return Certainty.CONFIRMED, (_counted(patient, code, count),)


def _timeout_of(name: str, code: int | None) -> Check:
    """`code` is the error that this timeout alone raises, if one does."""

    def check(patient: LiveState) -> CheckResult:
        limit = patient.limit(name)
        now = (Certainty.POSSIBLE, (_is(name, seconds_words(limit)),)) if limit else None
        return CheckResult(None if code is None else _raised(patient, code), now)

    return check


def _restart(patient: LiveState) -> CheckResult:
    uptime = patient.snapshot.sample.server.uptime
    if uptime < FRESH:
        certainty = Certainty.LIKELY if uptime < LATELY else Certainty.POSSIBLE
        words = _(
            "the server is up {uptime} only: what was open before is lost", uptime=largest_unit_words(uptime)
        )
        return CheckResult((certainty, (words,)))
    return CheckResult(
        (Certainty.RULED_OUT, (_("the server is up {uptime}", uptime=largest_unit_words(uptime)),))
    )


def _crash(patient: LiveState) -> CheckResult:
    uptime = patient.snapshot.sample.server.uptime
    if uptime < FRESH:
        words = _(
            "the server is up {uptime} only; its error log tells how it ended",
            uptime=largest_unit_words(uptime),
        )
        return CheckResult((Certainty.POSSIBLE, (words,)))
    return CheckResult(
        (Certainty.RULED_OUT, (_("the server is up {uptime}", uptime=largest_unit_words(uptime)),))
    )


def _too_many(patient: LiveState) -> CheckResult:
    refused = patient.counter("connection_errors_max_connections")
    if refused is None:
        since: Verdict = (Certainty.POSSIBLE, (_("the server does not count refused connections"),))
    elif refused:
        since = (
            Certainty.CONFIRMED,
            (_("{number:,} were refused since the server started", number=refused),),
        )
    else:
        since = (Certainty.RULED_OUT, (_("nobody was refused so far"),))
    used, most = patient.counter("threads_connected"), patient.limit("max_connections")
    if not used or not most:
        return CheckResult(since)
    room = _(
        "{used:,} of {most:,.0f} connections are in use, {asleep:,} of them asleep",
        used=used,
        most=most,
        asleep=_asleep(patient),
    )
    return CheckResult(since, (Certainty.LIKELY if used >= FULL * most else Certainty.RULED_OUT, (room,)))


def _aborted(patient: LiveState) -> CheckResult:
    aborted = patient.counter("aborted_clients")
    if aborted is None:
        return CheckResult((Certainty.POSSIBLE, ()))
    if aborted == 0:
        words = _(
            "no session ended without COM_QUIT since the server started, {uptime} ago", uptime=_age(patient)
        )
        return CheckResult((Certainty.RULED_OUT, (words,)))
    idled = min(aborted, max(patient.facts.raised(IDLED_OUT) or 0, _confirmed_idle(patient)))
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


def _confirmed_idle(patient: LiveState) -> int:
    """How many sessions of this run of the server were seen to end by a confirmed idle timeout."""
    sample = patient.snapshot.sample
    started = sample.taken_at - sample.server.uptime
    return sum(
        each.certainty is Certainty.CONFIRMED and each.at >= started
        for each in patient.left_by(Cause.IDLE_TIMEOUT)
    )


def _quit(_patient: LiveState) -> CheckResult:
    words = _("a pool that closes what its application still uses looks like this")
    return CheckResult(now=(Certainty.POSSIBLE, (words,)))


def _between(patient: LiveState) -> CheckResult:
    ghosts = already_closed(patient.snapshot.verdicts, patient.now, 3600)
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
    Cause.NET_READ_TIMEOUT: _timeout_of("net_read_timeout", None),
    Cause.NET_WRITE_TIMEOUT: _timeout_of("net_write_timeout", 1161),
    Cause.SERVER_RESTART: _restart,
    Cause.SERVER_CRASH: _crash,
    Cause.TOO_MANY_CONNECTIONS: _too_many,
    Cause.CLIENT_LOST: _aborted,
    Cause.CLIENT_QUIT: _quit,
    Cause.PROXY_OR_FIREWALL: _between,
}
"""What a live server lets be said of each cause."""


def _age(patient: LiveState) -> str:
    return largest_unit_words(patient.snapshot.sample.server.uptime)


def _asleep(patient: LiveState) -> int:
    return sum(v.session.is_idle for v in patient.snapshot.verdicts)


def _is(variable: str, value: str) -> str:
    return _("{variable} is {value}", variable=variable, value=value)
