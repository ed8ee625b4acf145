"""How a team's sessions end: at one age that is not their limit, or always by it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median

from goneaway_tui.judge.cutters import cutter_at
from goneaway_tui.judge.waits import FEWEST, Told, Wait, ids, named, sure
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
        f"of {len(of) + beyond} that idled for {age:,.0f} s, {len(of)} left between {of[0].age:,.1f} and {of[-1].age:,.1f} s"
    ]
    if limits:
        least = min(limit.seconds for limit in limits)
        evidence.append(f"their limit of {least:,.0f} s {'had not come' if shown else 'is only assumed'}")
    evidence.append(
        f"{quits} said goodbye, as a pool or a proxy does that closes what it does not need"
        if polite
        else f"{len(of) - quits} said no goodbye, as when a firewall or a balancer on the way forgets a connection"
    )
    if (who := cutter_at(age)) is not None:
        evidence.append(f"who usually ends connections there: {who}")
    remedies = [
        "look for this number among the settings of the pool, and of whatever stands between it and the server",
        f"let the client ping, or let go of, what has idled for {age * 0.8:,.0f} s",
    ]
    if not shown:
        remedies.append(f"look whether the program sets its own wait_timeout to {age:,.0f} s")
    return Pattern(
        PatternKind.CUT_OFF,
        f"{named(team)}: {len(of)} sessions left after {age:,.0f} s idle, far below their limit",
        sure(len(of)),
        tuple(evidence),
        tuple(remedies),
        ids(of),
        team,
    )


def _limits(closed: Sequence[Wait]) -> str:
    ages = [wait.age for wait in closed]
    if max(ages) > 2 * min(ages):
        return f"each session's own limit, {min(ages):,.0f} to {max(ages):,.0f} s,"
    return f"the server's limit of {median(ages):,.0f} s"


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
        f"{named(team)}: {_limits(closed)} always comes first, and the pool opens new sessions",
        sure(len(closed)),
        (
            f"{len(closed)} of {len(ended)} that left were closed by the server for idling, not by the client",
            f"{len(of) - len(ended)} are open now, and this has gone on for {max(instants) - min(instants):,.0f} s",
        ),
        (
            f"let the pool retire what it holds before {limit * 0.8:,.0f} s: {POOLS}",
            "or raise wait_timeout above the pool's lifetime; open sessions keep theirs until they reconnect",
        ),
        ids(closed),
        team,
        "wait_timeout",
    )
    return pattern, closed
