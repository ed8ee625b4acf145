"""How a team's sessions end: at one age that is not their limit, or always by it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median

from goneaway_tui.judge.cutters import cutter_at
from goneaway_tui.judge.waits import FEWEST, Told, Wait, ids, named, sure
from goneaway_tui.language import _
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.pattern import Pattern, PatternKind, Team
from goneaway_tui.model.snapshot import Basis

# --- Something else than the server ends them, always at one age

LEFT = frozenset({Cause.CLIENT_QUIT, Cause.CLIENT_LOST, Cause.PROXY_OR_FIREWALL, Cause.UNKNOWN})
"""Causes that are not the server's doing, or not known to be."""
YOUNGEST = 20.0
"""Seconds of idling below which leaving is what programs do when they are done."""
FAR_BELOW = 0.8
"""Share of a session's limit it must not have reached for the limit to have nothing to do with it."""
LEAVING = 0.8
"""Share of those that reached an age and then left at it: chance alone lets most of them pass."""


BEFORE, SHARPER = 5, 4
"""In so many spreads before that age, so many times fewer a spread may have ended: else the age is nothing special."""


def _spread(age: float) -> float:
    """Seconds by which the ages of one habit may differ: two looks at the list, and timers that tick rarely."""
    return 2.0 + 0.01 * age


def cut_off(team: Team, of: Sequence[Wait]) -> Told | None:
    """The age at which most of a team leave of those that reach it, with nothing of the sort before it."""
    ages = [wait.age for wait in of]
    ended = [wait.age for wait in of if wait.end is not None]
    left = [wait for wait in of if _leaves_early(wait)]
    best: Sequence[Wait] = ()
    passed, start = 0, 0
    for end, last in enumerate(left, 1):
        while last.age > left[start].age + _spread(left[start].age):
            start += 1
        here, first = end - start, left[start].age
        beyond = len(ages) - bisect_right(ages, first + _spread(first))
        before = bisect_left(ended, first) - bisect_left(ended, first - BEFORE * _spread(first))
        special = here >= LEAVING * (here + beyond) and here * BEFORE >= before * SHARPER
        if special and here >= FEWEST and here > len(best):
            best, passed = left[start:end], beyond
    return (_cut_off_pattern(team, best, passed), best) if best else None


def _leaves_early(wait: Wait) -> bool:
    if wait.end is None or wait.end.cause not in LEFT or wait.age < YOUNGEST:
        return False
    if wait.within > _spread(wait.age) / 2:
        return False
    limit = wait.verdict.limit
    return limit is None or limit.basis is Basis.DISPROVED or wait.age <= FAR_BELOW * limit.seconds


def _cut_off_pattern(team: Team, of: Sequence[Wait], beyond: int) -> Pattern:
    age = median(wait.age for wait in of)
    quits = sum(wait.end is not None and wait.end.cause is Cause.CLIENT_QUIT for wait in of)
    polite = quits * 2 > len(of)
    limits = [wait.verdict.limit for wait in of if wait.verdict.limit is not None]
    shown = bool(limits) and all(limit.basis is Basis.OWN for limit in limits)
    evidence = [
        _(
            "of {all} that idled for {age:,.0f} s, {left} left between {least:,.1f} and {most:,.1f} s",
            all=len(of) + beyond,
            age=age,
            left=len(of),
            least=of[0].age,
            most=of[-1].age,
        )
    ]
    if limits:
        least = min(limit.seconds for limit in limits)
        evidence.append(
            _("their limit of {seconds:,.0f} s had not come", seconds=least)
            if shown
            else _("their limit of {seconds:,.0f} s is only assumed", seconds=least)
        )
    evidence.append(
        _("{number} said goodbye, as a pool or a proxy does that closes what it does not need", number=quits)
        if polite
        else _(
            "{number} said no goodbye, as when a firewall or a balancer on the way forgets a connection",
            number=len(of) - quits,
        )
    )
    if (who := cutter_at(age)) is not None:
        evidence.append(_("who usually ends connections there: {who}", who=_(who)))
    remedies = [
        _(
            "look for this number among the settings of the pool, and of whatever stands between it and the server"
        ),
        _("let the client ping, or let go of, what has idled for {seconds:,.0f} s", seconds=age * 0.8),
    ]
    if not shown:
        remedies.append(
            _("look whether the program sets its own wait_timeout to {seconds:,.0f} s", seconds=age)
        )
    return Pattern(
        PatternKind.CUT_OFF,
        _(
            "{team}: {number} sessions left after {age:,.0f} s idle, far below their limit",
            team=named(team),
            number=len(of),
            age=age,
        ),
        sure(len(of)),
        tuple(evidence),
        tuple(remedies),
        ids(of),
        team,
    )


def _always_first(team: Team, closed: Sequence[Wait]) -> str:
    ages = [wait.age for wait in closed]
    if max(ages) > 2 * min(ages):
        return _(
            "{team}: each session's own limit, {least:,.0f} to {most:,.0f} s, always comes first, "
            "and the pool opens new sessions",
            team=named(team),
            least=min(ages),
            most=max(ages),
        )
    return _(
        "{team}: the server's limit of {seconds:,.0f} s always comes first, and the pool opens new sessions",
        team=named(team),
        seconds=median(ages),
    )


# --- A limit below the pool's own lifetime

POOLS = "HikariCP maxLifetime, SQLAlchemy pool_recycle, Django CONN_MAX_AGE, Go SetConnMaxLifetime"
ALWAYS = 0.9
"""Share of a team's departures that makes a rule of them."""


def limit_below_pool(team: Team, of: Sequence[Wait]) -> Told | None:
    """A team whose sessions end by idling and hardly ever otherwise, one generation after the other."""
    ended = [wait.end for wait in of if wait.end is not None]
    closed = [wait for wait in of if wait.end is not None and wait.end.cause is Cause.IDLE_TIMEOUT]
    if len(closed) < max(FEWEST, ALWAYS * len(ended)) or len(closed) == len(of):
        return None
    limit = median(wait.age for wait in closed)
    instants = [wait.end.at for wait in closed if wait.end is not None]
    if max(instants) - min(instants) < limit:
        return None  # one generation that died, and nobody can say whether the next will
    pattern = Pattern(
        PatternKind.LIMIT_BELOW_POOL,
        _always_first(team, closed),
        sure(len(closed)),
        (
            _(
                "{closed} of {left} that left were closed by the server for idling, not by the client",
                closed=len(closed),
                left=len(ended),
            ),
            _(
                "{open} are open now, and this has gone on for {seconds:,.0f} s",
                open=len(of) - len(ended),
                seconds=max(instants) - min(instants),
            ),
        ),
        (
            _(
                "let the pool retire what it holds before {seconds:,.0f} s: {settings}",
                seconds=limit * 0.8,
                settings=POOLS,
            ),
            _(
                "or raise the limit where it is set: the global wait_timeout, init_command, or the program itself; "
                "open sessions keep theirs until they reconnect"
            ),
        ),
        ids(closed),
        team,
        "wait_timeout",
    )
    return pattern, closed
