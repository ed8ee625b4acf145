"""The limit that governs a session, the deadline that follows, how near it is, and the limit that ended a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED, LearnedLimits, limit_for
from goneaway_tui.model.blocking import UNKNOWN_LOCKS, LockState
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import (
    TRANSACTION_LIMITS,
    Basis,
    GlobalLimits,
    Limit,
    Risk,
    RiskThresholds,
    Verdict,
)
from goneaway_tui.text.format import seconds_words

if TYPE_CHECKING:
    from goneaway_tui.model.departure import Departure


def risk_of(
    session: Session, seconds_left: float | None, policy: RiskThresholds, late_seconds: float = 0.0
) -> Risk:
    """How near a session's end is. An idle session without a known deadline is calm: nothing is known to end it.

    `late_seconds`: by how many seconds after the deadline this server may close.
    """
    if session.is_exempt:
        return Risk.EXEMPT
    if seconds_left is None:
        return Risk.CALM if session.is_idle else Risk.BUSY
    return risk_within(seconds_left, policy, late_seconds)


def risk_within(seconds_left: float, policy: RiskThresholds, late_seconds: float = 0.0) -> Risk:
    """The risk by the seconds left until a known deadline.

    >>> risk_within(59, RiskThresholds(watch_below=600, imminent_below=60)).value
    'imminent'
    """
    if seconds_left <= -late_seconds:
        return Risk.OVERDUE
    if seconds_left < policy.imminent_below:
        return Risk.IMMINENT
    return Risk.WATCH if seconds_left < policy.watch_below else Risk.CALM


CLOCK_SLACK = 0.1
"""Seconds by which a predicted deadline may be too late: two clocks, and the network between them."""
GRACE_SECONDS = 0.75
"""Seconds a session may outlive an assumed deadline before that is disproved. Servers close 0 to 11 ms late with a
thread each; MariaDB's pool-of-threads up to 0.5 s (one tick of `thread_pool_stall_limit`)."""
POOL_TICK_SECONDS = 0.5
"""The tick that GRACE_SECONDS already allows for: the default of thread_pool_stall_limit."""


WHY_DISPROVED = {
    Basis.ASSUMED: N_(
        "the session has been idle for longer than the global {variable} of {limit}, so its own value is higher (an "
        "interactive client, a SET SESSION, or a command that has partly arrived); its deadline is not known"
    ),
    Basis.LEARNED: N_(
        "the session has been idle for longer than the {limit} learned from similar sessions, so its own value is higher "
        "(an interactive client, a SET SESSION, or a command that has partly arrived); its deadline is not known"
    ),
}
"""The bases that a session disproves by outliving the limit, and the explanation that is then shown."""

READ_FROM_SESSION = N_("read from the session's own variables")
GLOBAL_WHEN_FIRST_SEEN = N_(
    "the global value when the session was first listed; the server does not show what the session has set for itself, "
    "or whether its client is interactive (then the session copied interactive_timeout)"
)
LOGIN_NOT_FINISHED = N_(
    "the login is not finished: the global value when the session was first listed; the server does not show what the "
    "session has set for itself"
)
WROTE_ROWS = N_(
    "idle inside a transaction that wrote rows: the global value when the session was first listed; the server does "
    "not show what the session has set for itself"
)
WROTE_NOTHING = N_(
    "idle inside a transaction that wrote nothing: the global value when the session was first listed; the server does "
    "not show what the session has set for itself"
)
SHARED_LIMIT = N_(
    "idle inside a transaction: all sessions have this one value; the server closes the session after the shorter of "
    "it and the session's wait_timeout"
)
"""Explanations without fields: each session has one at every sample, so they are translated only where they are shown."""


def verdict_on(
    session: Session,
    now: float,
    current: GlobalLimits,
    previous: Verdict | None,
    policy: RiskThresholds,
    learned_limits: LearnedLimits = NOTHING_LEARNED,
    server_name: str = "",
    locks: LockState = UNKNOWN_LOCKS,
) -> Verdict:
    """Judge one session as of `now`. `current`: the globals now. `previous`: its verdict one sample ago."""
    if previous is not None and previous.session.user != session.user:
        previous = None  # a login or COM_CHANGE_USER: it copied the globals again
    inherited = previous.inherited if previous is not None else current
    outlived = previous.outlived if previous is not None else frozenset()
    limit = governing_limit(session, inherited, current)
    if limit is not None and limit.variable == "wait_timeout":
        learned = limit_for(learned_limits, session, inherited)
        limit = limit if learned is None or learned in outlived else learned
    deadline = None
    if (
        limit is not None
        and session.idle_since is not None
        and (session.is_idle or session.role is Role.LOGIN)
    ):
        deadline = session.idle_since + limit.seconds
    if limit is not None and limit.basis in WHY_DISPROVED:
        if deadline is not None and now - deadline > grace_seconds(current) + session.idle_within:
            outlived |= {limit}
        if limit in outlived:
            limit, deadline = disproved_limit(limit), None
    seconds_left = None if deadline is None else deadline - now
    risk = risk_of(session, seconds_left, policy, current.late_seconds)
    until = _unchanged_until(session, deadline, now, policy, current)
    differs = limit is not None and _differs_from_global(limit, inherited, current)
    return Verdict(session, risk, limit, deadline, inherited, outlived, differs, until, server_name, locks)


def _differs_from_global(limit: Limit, inherited: GlobalLimits, current: GlobalLimits) -> bool:
    """Whether a session that connects now would copy another limit. A limit that is not copied never differs.

    A session with the value of `interactive_timeout` is taken for an interactive one, unless it had that value from the global
    `wait_timeout` before.
    """
    now = getattr(current, limit.variable, None)
    if now is None or limit.seconds == now:
        return False
    is_wait = limit.variable == "wait_timeout"
    return not (
        is_wait and limit.seconds == current.interactive_timeout and limit.seconds != inherited.wait_timeout
    )


def grace_seconds(current: GlobalLimits) -> float:
    """Seconds a session may outlive an assumed deadline before that is disproved."""
    return GRACE_SECONDS + max(0.0, current.late_seconds - POOL_TICK_SECONDS)


def _unchanged_until(
    session: Session, deadline: float | None, now: float, policy: RiskThresholds, current: GlobalLimits
) -> float:
    """The first instant from now on at which time alone changes the risk, or disproves an assumption."""
    if deadline is None:
        return inf
    thresholds = (
        policy.watch_below,
        policy.imminent_below,
        -current.late_seconds,
        -grace_seconds(current) - session.idle_within,
    )
    return min((deadline - ahead for ahead in thresholds if deadline - ahead >= now), default=inf)


def governing_limit(
    session: Session, inherited: GlobalLimits, current: GlobalLimits | None = None
) -> Limit | None:
    """The limit that ends this session when it is idle; None where no idle clock runs, or no limit is known.

    `inherited`: the globals the session copied. `current`: the globals now, where they differ.
    """
    limit = _copied_limit(session, inherited)
    shared = (current or inherited).shared_limit
    if session.transaction is None or shared is None or limit is None or session.role is not Role.CLIENT:
        return limit
    name, seconds = shared
    return _assumed(name, seconds, SHARED_LIMIT) if seconds < limit.seconds else limit


def _copied_limit(session: Session, inherited: GlobalLimits) -> Limit | None:
    """The limit that the session copied when it connected, or set for itself."""
    if session.is_exempt:
        return None
    if session.role is Role.LOGIN:
        return _assumed("connect_timeout", inherited.connect_timeout, LOGIN_NOT_FINISHED)
    if session.transaction is not None:
        if session.transaction.rows_modified:
            name_by_rows, why = "idle_write_transaction_timeout", WROTE_ROWS
        else:
            name_by_rows, why = "idle_readonly_transaction_timeout", WROTE_NOTHING
        for name in (name_by_rows, "idle_transaction_timeout"):
            if getattr(inherited, name):
                return _assumed(name, getattr(inherited, name), why)
    if session.own_limit is not None:
        return _own(session.own_limit)
    return _assumed("wait_timeout", inherited.wait_timeout, GLOBAL_WHEN_FIRST_SEEN)


def disproved_limit(limit: Limit) -> Limit:
    return _disproved(limit, _(WHY_DISPROVED[limit.basis]))


@lru_cache(maxsize=1024)
def _disproved(limit: Limit, why: str) -> Limit:
    """`why` is translated already: the cache holds texts of one language."""
    text = why.format(variable=limit.variable, limit=seconds_words(limit.seconds))
    return Limit(limit.seconds, limit.variable, Basis.DISPROVED, text)


@lru_cache(maxsize=1024)
def _own(seconds: int) -> Limit:
    return Limit(seconds, "wait_timeout", Basis.OWN, READ_FROM_SESSION)


@lru_cache(maxsize=1024)
def _assumed(name: str, seconds: float | None, why: str) -> Limit | None:
    return None if seconds is None else Limit(seconds, name, Basis.ASSUMED, why)


HIDDEN_LIMITS: Mapping[Cause, tuple[str, ...]] = {
    Cause.IDLE_TIMEOUT: ("interactive_timeout",),
    Cause.TRANSACTION_TIMEOUT: TRANSACTION_LIMITS,
}
"""Global limits that a session may have although no server shows it, by the cause of an end."""


class LimitOrigin(Enum):
    """Where a limit came from."""

    GLOBAL = "global"
    """The limit equals the global value now."""
    EARLIER_GLOBAL = "earlier global"
    """The limit equals the global value when the session was first listed, which is not the value now."""
    OWN = "own"
    """The limit equals no global value that was read: the session set it, or copied an earlier global value."""
    UNKNOWN = "unknown"
    """The server does not show the limit: only the idle time at the end is known."""


@dataclass(frozen=True, slots=True)
class EndLimit:
    """A limit that ended a session."""

    seconds: float
    """Where `origin` is UNKNOWN: how long the session had been idle, so the limit was at most that."""
    variable: str | None
    """None where the variable is not known."""
    origin: LimitOrigin


def limit_that_ended(departure: Departure, limits: Mapping[str, float]) -> EndLimit | None:
    """The limit that ended a session by a timeout; None where no timeout did, or neither limit nor idle time is known.

    `limits`: the global values now, in seconds, by variable.
    """
    hidden_limits = HIDDEN_LIMITS.get(departure.cause)
    if hidden_limits is None:
        return None
    verdict, limit, idle = departure.verdict, departure.verdict.limit, departure.idle_seconds
    slack = departure.within + CLOCK_SLACK + verdict.session.idle_within
    if (
        limit is not None
        and limit.basis is not Basis.DISPROVED
        and (limit.basis is Basis.OWN or idle is None or idle >= limit.seconds - slack)
    ):
        return _end_by_limit(limit, verdict, limits)
    if idle is None:
        return None
    for name in hidden_limits:
        seconds = limits.get(name)
        if seconds and abs(idle - seconds) <= slack:
            return EndLimit(seconds, name, LimitOrigin.GLOBAL)
    return EndLimit(idle, None, LimitOrigin.UNKNOWN)


def _end_by_limit(limit: Limit, verdict: Verdict, limits: Mapping[str, float]) -> EndLimit:
    name, seconds = limit.variable, limit.seconds
    if seconds == limits.get(name):
        return EndLimit(seconds, name, LimitOrigin.GLOBAL)
    if limit.basis is Basis.ASSUMED or seconds == verdict.inherited.wait_timeout:
        return EndLimit(seconds, name, LimitOrigin.EARLIER_GLOBAL)
    if name == "wait_timeout" and seconds == limits.get("interactive_timeout"):
        return EndLimit(seconds, "interactive_timeout", LimitOrigin.GLOBAL)
    return EndLimit(seconds, name, LimitOrigin.OWN)


def shortest_end(departures: Iterable[Departure], limits: Mapping[str, float]) -> EndLimit | None:
    """The shortest limit that ended one of the ended sessions by an idle timeout; None where no such limit is known."""
    ends = (limit_that_ended(d, limits) for d in departures if d.cause is Cause.IDLE_TIMEOUT)
    return min((end for end in ends if end is not None), key=lambda end: end.seconds, default=None)
