"""Patterns nobody sees in one session: each kind is one small rule and one row of a table.

Every rule is quiet with fewer than FEWEST observations, and rests on shares and medians rather than on means: a few
strays neither make a pattern nor hide one. Waits come sorted, so all of it is O(n log n).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from goneaway_tui.judge.endings import cut_off, limit_below_pool
from goneaway_tui.judge.proxies import proxied
from goneaway_tui.judge.waits import FEWEST, Told, Wait, by_team, ids, kin_of, named, teams, waits
from goneaway_tui.language import _, ngettext
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.pattern import Pattern, PatternKind, Team
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Scene:
    """What the rules look at."""

    snapshot: Snapshot
    waits: tuple[Wait, ...]
    """The shortest first."""


def patterns(snapshot: Snapshot, departures: Sequence[Departure], now: float) -> tuple[Pattern, ...]:
    """What many sessions do alike as of `now`, the most important first; nothing where there is nothing to tell.

    `departures` are those of one source, in any order.
    """
    scene = Scene(snapshot, waits(snapshot, departures, now))
    found = (pattern for rule in RULES.values() for pattern in rule(scene))
    order = {kind: at for at, kind in enumerate(PatternKind)}
    return tuple(sorted(found, key=lambda p: (order[p.kind], -len(p.sessions), p.title)))


# --- The client is gone, and the server does not know

SIBLINGS = 20
"""Waits of the same user, host and program from which what they reach is known."""
FAR_PAST = 10
"""How many times longer than the longest of its siblings a ghost has idled."""
LONG = 3600.0
"""Seconds of idling below which nobody is a ghost."""
FEW = 10
"""Ghosts are at most one in so many: where more idle so long, that is what they do."""


def _ghosts(scene: Scene) -> Iterator[Pattern]:
    for team, of in teams(scene.waits, kin_of):
        first = _first_ghost(of)
        if first is None:
            continue
        ghosts, reach = of[first:], of[first - 1].age
        yield Pattern(
            PatternKind.GHOSTS,
            ngettext(
                "{team}: {number} session idle far past what the others reach",
                "{team}: {number} sessions idle far past what the others reach",
                len(ghosts),
                team=named(team),
            ),
            Certainty.POSSIBLE,
            (
                ngettext(
                    "it has idled for {seconds:,.0f} s or more",
                    "they have idled for {seconds:,.0f} s or more",
                    len(ghosts),
                    seconds=ghosts[0].age,
                ),
                _(
                    "none of {others} others of the same user, host and program idled longer than {seconds:,.0f} s",
                    others=first,
                    seconds=reach,
                ),
            ),
            (
                _(
                    "look one id up in the application's log; here, the filter id:{id} shows it",
                    id=ghosts[0].session.id,
                ),
                _(
                    "if nobody there uses it any more, the client is gone: kill it; "
                    "a shorter keepalive finds such sooner"
                ),
            ),
            ids(ghosts),
            team,
        )


def _first_ghost(of: Sequence[Wait]) -> int | None:
    """Where the ghosts begin; all of them must be there still."""
    for at in range(len(of) - 1, SIBLINGS - 1, -1):
        if of[at].end is not None or (len(of) - at) * FEW > at:
            return None
        if of[at].age >= LONG and of[at].age > FAR_PAST * of[at - 1].age:
            return at
    return None


# --- Transactions left open

PAUSE = 60.0
"""Seconds: who idles longer inside a transaction is not on his way to the next statement of it."""
HALF = 0.5


def _idle_in_transaction(team: Team, of: Sequence[Wait]) -> Told | None:
    pausing = [wait for wait in of if wait.end is None and wait.age >= PAUSE]
    held = [wait for wait in pausing if wait.session.transaction is not None]
    if len(held) < max(FEWEST, HALF * len(pausing)):
        return None
    rows = sum((wait.session.transaction.rows_modified or 0) for wait in held if wait.session.transaction)
    pattern = Pattern(
        PatternKind.IDLE_IN_TRANSACTION,
        _(
            "{team}: {held} of {idle} sessions idle {seconds:.0f} s and more inside a transaction",
            team=named(team),
            held=len(held),
            idle=len(pausing),
            seconds=PAUSE,
        ),
        Certainty.CONFIRMED,
        (
            _(
                "half of them for {half:,.0f} s or longer, one for {longest:,.0f} s",
                half=median(wait.age for wait in held),
                longest=held[-1].age,
            ),
            _("they hold {rows:,} changed rows, which are lost when the session is", rows=rows),
        ),
        (
            _(
                "commit or roll back before waiting: autocommit switched off opens a transaction with the first SELECT"
            ),
            _(
                "where the server has idle_transaction_timeout, it bounds this without touching other sessions"
            ),
        ),
        ids(held),
        team,
    )
    return pattern, held


# --- Full, and asleep

FULL = 0.8
"""Share of max_connections from which a server is running out of them."""
ASLEEP = 0.7
"""Share of its clients that sleep, from which it is sleepers that fill it."""


def _saturation(scene: Scene) -> Iterator[Pattern]:
    sample = scene.snapshot.sample
    most, connected = sample.variable("max_connections"), sample.counter("threads_connected")
    clients = [v for v in scene.snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own]
    asleep = [v for v in clients if v.session.is_idle]
    connected = len(scene.snapshot.verdicts) if connected is None else connected
    if not most or connected < FULL * most or len(asleep) < max(FEWEST, ASLEEP * len(clients)):
        return
    counted = Counter((v.session.program or "", v.session.user) for v in asleep)
    (program, user), number = min(counted.items(), key=lambda each: (-each[1], each[0]))
    team = Team(program=program) if program else Team(user=user)
    yield Pattern(
        PatternKind.SATURATION,
        _(
            "{connected:,} of {most:,.0f} connections are taken, and most of them sleep",
            connected=connected,
            most=most,
        ),
        Certainty.CONFIRMED,
        (
            _("{idle:,} of {all:,} clients are idle", idle=len(asleep), all=len(clients)),
            _("{number:,} of the idle ones are of {team}", number=number, team=named(team)),
        ),
        (
            _(
                "let the pool of {team} keep fewer connections, and let go sooner of those it does not need",
                team=named(team),
            ),
            _("a higher max_connections gives room until then, and each connection takes memory"),
        ),
        tuple(sorted(v.session.id for v in asleep)),
        team,
        "max_connections",
    )


Rule = Callable[[Scene], Iterator[Pattern]]
RULES: dict[PatternKind, Rule] = {
    PatternKind.SATURATION: _saturation,
    PatternKind.IDLE_IN_TRANSACTION: lambda scene: by_team(scene.waits, _idle_in_transaction),
    PatternKind.LIMIT_BELOW_POOL: lambda scene: by_team(scene.waits, limit_below_pool),
    PatternKind.CUT_OFF: lambda scene: by_team(scene.waits, cut_off),
    PatternKind.GHOSTS: _ghosts,
    PatternKind.PROXIED: lambda scene: proxied(scene.snapshot),
}
