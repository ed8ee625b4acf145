"""Which limit governs a session, and when it runs out.

A session is closed by its own `wait_timeout`. MySQL shows it; MariaDB shows it to nobody, so there it is assumed: the
global value that was in force when the session was first seen, since globals are copied at connect and never again.
Inside a transaction MariaDB's `idle_*transaction_timeout` family *replaces* `wait_timeout`, also upwards:
`idle_write_transaction_timeout` if rows were written, else `idle_readonly_transaction_timeout`, if above 0; else
`idle_transaction_timeout` if above 0; else `wait_timeout` (measured on MariaDB 10.11 and 11.8, twelve combinations).
Huawei's MySQL has the same variables. Percona's, Tencent's and PolarDB-X's have one that all sessions share: inside a
transaction the shorter of it and `wait_timeout` closes.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf

from goneaway_tui.judge.learning import NOTHING_LEARNED, Lessons, limit_for
from goneaway_tui.judge.risk import risk_of
from goneaway_tui.language import _, marked
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Basis, Inherited, Limit, Policy, Verdict

GRACE = 0.75
"""Seconds a session may outlive an assumed deadline before that is disproved. Servers close 0 to 11 ms late with a
thread each; MariaDB's pool-of-threads up to 0.5 s (one tick of `thread_pool_stall_limit`)."""
POOL_TICK = 0.5
"""The tick that is reckoned in: thread_pool_stall_limit's default."""


DISPROVABLE = {
    Basis.ASSUMED: marked(
        "it idled longer than the global {variable} of {seconds:.12g} s and is still there, so its own value is higher "
        "(an interactive client, a SET SESSION, or part of a command has arrived); when it ends is unknown"
    ),
    Basis.LEARNED: marked(
        "it idled longer than the {seconds:.12g} s learned from others like it and is still there, so its own value is "
        "higher (an interactive client, a SET SESSION, or part of a command has arrived); when it ends is unknown"
    ),
}
"""What a session can show to be wrong by living on, and what is then said."""

OWN = marked("read from this session's own variables")
COPIED = marked(
    "the global value when it was first seen; the server does not show what this session has set for itself, "
    "or whether it is interactive (then it copied interactive_timeout)"
)
LOGIN = marked(
    "the login is not finished: the global value when it was first seen; the server does not show what this session "
    "has set for itself"
)
WROTE_ROWS = marked(
    "idle inside a transaction that wrote rows: the global value when it was first seen; the server does not show what "
    "this session has set for itself"
)
WROTE_NOTHING = marked(
    "idle inside a transaction that wrote nothing: the global value when it was first seen; the server does not show "
    "what this session has set for itself"
)
SHARED_BY_ALL = marked(
    "idle inside a transaction: this is one value for all sessions, and the server closes after the shorter of it and the "
    "session's wait_timeout"
)
"""Whys without fields: there is one for every session, every second, so they are said with `_` where somebody looks."""


def verdict_on(
    session: Session,
    now: float,
    current: Inherited,
    before: Verdict | None,
    policy: Policy,
    lessons: Lessons = NOTHING_LEARNED,
    server_name: str = "",
) -> Verdict:
    """Judge one session as of `now`. `current` are today's globals, `before` what was said of it one reading ago."""
    if before is not None and before.session.user != session.user:
        before = None  # a login or COM_CHANGE_USER: it copied the globals anew
    inherited = before.inherited if before is not None else current
    outlived = before.outlived if before is not None else frozenset()
    limit = governing_limit(session, inherited, current)
    if limit is not None and limit.variable == "wait_timeout":
        learned = limit_for(lessons, session, inherited)
        limit = limit if learned is None or learned in outlived else learned
    deadline = None
    if (
        limit is not None
        and session.idle_since is not None
        and (session.is_idle or session.role is Role.LOGIN)
    ):
        deadline = session.idle_since + limit.seconds
    if limit is not None and limit.basis in DISPROVABLE:
        if deadline is not None and now - deadline > grace(current) + session.idle_within:
            outlived |= {limit}
        if limit in outlived:
            limit, deadline = disproved(limit), None
    left = None if deadline is None else deadline - now
    risk = risk_of(session, left, policy, current.late)
    until = _unchanged_until(session, deadline, now, policy, current)
    return Verdict(session, risk, limit, deadline, inherited, outlived, until, server_name)


def grace(current: Inherited) -> float:
    """Seconds a session may outlive an assumed deadline before that is disproved."""
    return GRACE + max(0.0, current.late - POOL_TICK)


def _unchanged_until(
    session: Session, deadline: float | None, now: float, policy: Policy, current: Inherited
) -> float:
    """The first instant from now on at which time brings another risk, or disproves an assumption."""
    if deadline is None:
        return inf
    turns = (
        policy.watch_below,
        policy.imminent_below,
        -current.late,
        -grace(current) - session.idle_within,
    )
    return min((deadline - ahead for ahead in turns if deadline - ahead >= now), default=inf)


def governing_limit(session: Session, inherited: Inherited, current: Inherited | None = None) -> Limit | None:
    """The limit that ends this session's idle waits, or None where no idle clock runs or nothing is known.

    `current` are today's globals, where they are not those it copied.
    """
    limit = _copied_limit(session, inherited)
    shared = (current or inherited).shared
    if session.transaction is None or shared is None or limit is None or session.role is not Role.CLIENT:
        return limit
    name, seconds = shared
    return _assumed(name, seconds, SHARED_BY_ALL) if seconds < limit.seconds else limit


def _copied_limit(session: Session, inherited: Inherited) -> Limit | None:
    """The same of what a session copied when it connected, or set for itself."""
    if session.own or session.role not in {Role.CLIENT, Role.LOGIN}:
        return None
    if session.role is Role.LOGIN:
        return _assumed("connect_timeout", inherited.connect_timeout, LOGIN)
    if session.transaction is not None:
        if session.transaction.rows_modified:
            specific, why = "idle_write_transaction_timeout", WROTE_ROWS
        else:
            specific, why = "idle_readonly_transaction_timeout", WROTE_NOTHING
        for name in (specific, "idle_transaction_timeout"):
            if getattr(inherited, name):
                return _assumed(name, getattr(inherited, name), why)
    if session.own_limit is not None:
        return _own(session.own_limit)
    return _assumed("wait_timeout", inherited.wait_timeout, COPIED)


def disproved(limit: Limit) -> Limit:
    return _disproved(limit, _(DISPROVABLE[limit.basis]))


@lru_cache(maxsize=1024)
def _disproved(limit: Limit, why: str) -> Limit:
    """`why` is said already: what is kept here is of one language."""
    told = why.format(variable=limit.variable, seconds=limit.seconds)
    return Limit(limit.seconds, limit.variable, Basis.DISPROVED, told)


@lru_cache(maxsize=1024)
def _own(seconds: int) -> Limit:
    return Limit(seconds, "wait_timeout", Basis.OWN, OWN)


@lru_cache(maxsize=1024)
def _assumed(name: str, seconds: float | None, why: str) -> Limit | None:
    return None if seconds is None else Limit(seconds, name, Basis.ASSUMED, why)
