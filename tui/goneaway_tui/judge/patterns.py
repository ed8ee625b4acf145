"""Idle waits, over or still running, and the teams they can be told by: what every pattern is looked for in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from goneaway_tui.i18n import _, marked, ngettext
from goneaway_tui.judge.topology import sessions_behind_proxies
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure, Pattern, PatternKind, PatternScope
from goneaway_tui.model.session import ProcesslistId, Role, Session
from goneaway_tui.model.snapshot import Basis, Snapshot, Verdict
from goneaway_tui.text.sanitize import plain

MIN_OBSERVATIONS = 5
"""Observations below which nothing is a pattern."""
LIKELY_OBSERVATIONS = 10
"""Observations from which an inference is likely rather than possible."""
REMEMBERED_SECONDS = 86_400.0
"""Seconds for which a departure is remembered: a habit somebody has mended is not held against him for ever."""


@dataclass(frozen=True, slots=True)
class IdleInterval:
    """One session's last idle wait."""

    verdict: Verdict
    idle_seconds: float
    """Seconds it has lasted, or lasted until the session left."""
    departure: Departure | None = None
    """How the session left; None where it is still there."""

    @property
    def session(self) -> Session:
        return self.verdict.session

    @property
    def within(self) -> float:
        """Half-width in seconds of what `age` may be wrong by."""
        return self.session.idle_within + (0.0 if self.departure is None else self.departure.within)


def idle_intervals(
    snapshot: Snapshot, departures: Iterable[Departure], now: float
) -> tuple[IdleInterval, ...]:
    """Every idle wait of a client that is known in length, the shortest first. What was not yet at `now` is left out."""
    running = (
        IdleInterval(v, age)
        for v in snapshot.verdicts
        if v.session.is_idle and not v.session.own and (age := v.idle_seconds(now)) is not None
    )
    over = (
        IdleInterval(d.verdict, age, d)
        for d in departures
        if now - REMEMBERED_SECONDS <= d.at <= now
        and d.verdict.session.is_idle
        and not d.verdict.session.own
        and (age := d.idle_seconds) is not None
    )
    return tuple(sorted((*running, *over), key=_by_age))


def _by_age(wait: IdleInterval) -> tuple[float, ProcesslistId, float]:
    return wait.idle_seconds, wait.session.id, -1.0 if wait.departure is None else wait.departure.at


def session_ids(of: Iterable[IdleInterval]) -> tuple[ProcesslistId, ...]:
    return tuple(sorted({wait.session.id for wait in of}))


def certainty_by_count(observations: int) -> Certainty:
    """How sure so many make an inference."""
    return Certainty.LIKELY if observations >= LIKELY_OBSERVATIONS else Certainty.POSSIBLE


# --- Teams

ScopeOf = Callable[[Session], PatternScope | None]
"""The team a session belongs to, or None where it has not said."""


def program_scope(session: Session) -> PatternScope | None:
    return PatternScope(program=session.program) if session.program else None


def user_scope(session: Session) -> PatternScope | None:
    return PatternScope(user=session.user) if session.user else None


def host_scope(session: Session) -> PatternScope | None:
    return PatternScope(host=session.client_host) if session.client_host else None


def limit_group_scope(session: Session) -> PatternScope | None:
    """Those that share everything a server knows of its clients."""
    return PatternScope(session.program or "", session.user, session.client_host)


SCOPES: tuple[ScopeOf, ...] = (program_scope, user_scope, host_scope)
"""From what says most about a habit to what says least: each session is told of once, by the first that fits."""


def by_scope(
    of: Iterable[IdleInterval], team_of: ScopeOf
) -> Iterator[tuple[PatternScope, Sequence[IdleInterval]]]:
    """The waits of each team, in the order given; teams in the order of their first."""
    members: dict[PatternScope, list[IdleInterval]] = {}
    for wait in of:
        team = team_of(wait.session)
        if team is not None:
            members.setdefault(team, []).append(wait)
    return iter(members.items())


FoundPattern = tuple[Pattern, Sequence[IdleInterval]]
"""A pattern, and the waits it was seen in."""


def scope_patterns(
    of: Sequence[IdleInterval], rule: Callable[[PatternScope, Sequence[IdleInterval]], FoundPattern | None]
) -> Iterator[Pattern]:
    """What a rule finds in each team; what one team has told of is not told again of another."""
    told: set[int] = set()
    for team_of in SCOPES:
        for team, members in by_scope(of, team_of):
            found = rule(team, members) if len(members) >= MIN_OBSERVATIONS else None
            if found is None:
                continue
            pattern, seen_in = found
            if told.isdisjoint(map(id, seen_in)):
                told.update(map(id, seen_in))
                yield pattern


def scope_name(scope: PatternScope) -> str:
    """Who it is, fit to show: `program gunicorn`, or `shop@web-3 (gunicorn)` for kin."""
    user, host, program = (plain(each or "", 60) for each in (scope.user, scope.host, scope.program))
    if scope.user is not None and scope.host is not None:
        return f"{user}@{host} ({program})" if program else f"{user}@{host}"
    known = (
        (marked("program {name}"), scope.program),
        (marked("user {name}"), scope.user),
        (marked("host {name}"), scope.host),
    )
    told = next(((said, name) for said, name in known if name), None)
    return _("all clients") if told is None else _(told[0], name=plain(told[1], 60))


KNOWN_IDLE_LIMITS: tuple[tuple[float, str], ...] = (
    (
        60.0,
        marked(
            "AWS Classic Load Balancer as it comes, and many a HAProxy's timeout client and timeout server"
        ),
    ),
    (240.0, marked("Azure Load Balancer and Azure NAT as they come (4 min, and no word to either end)")),
    (300.0, marked("the five minutes many pools and firewalls are set to")),
    (350.0, marked("AWS Network Load Balancer and NAT gateway as they come")),
    (
        600.0,
        marked("HikariCP's idleTimeout as it comes, and Google Cloud's firewall, which forgets after 10 min"),
    ),
    (900.0, marked("the quarter of an hour many pools and firewalls are set to")),
    (1800.0, marked("RDS Proxy's idle client timeout as it comes, and the 30 min many pools are set to")),
    (3600.0, marked("the hour stateful firewalls come with (Cisco ASA among them)")),
)
"""Seconds of idling, and who usually ends it there; to be said with `_`."""
KNOWN_LIMIT_TOLERANCE = 0.02
"""Share of a cutter's time by which an age may differ and still be its doing, with a second besides."""


def known_idle_limit(seconds: float) -> str | None:
    """Who usually cuts at this idle age, or None.

    >>> known_idle_limit(350.4)
    'AWS Network Load Balancer and NAT gateway as they come'
    >>> known_idle_limit(410)
    """
    at, who = min(KNOWN_IDLE_LIMITS, key=lambda row: abs(row[0] - seconds))
    return who if abs(at - seconds) <= 1.0 + KNOWN_LIMIT_TOLERANCE * at else None


# --- Something else than the server ends them, always at one age

CAUSES_NOT_OF_THE_SERVER = frozenset(
    {Cause.CLIENT_QUIT, Cause.CLIENT_LOST, Cause.PROXY_OR_FIREWALL, Cause.UNKNOWN}
)
"""Causes that are not the server's doing, or not known to be."""
MIN_CUT_OFF_SECONDS = 20.0
"""Seconds of idling below which leaving is what programs do when they are done."""
MAX_SHARE_OF_LIMIT = 0.8
"""Share of a session's limit it must not have reached for the limit to have nothing to do with it."""
MIN_SHARE_ENDED = 0.8
"""Share of those that reached an age and then left at it: chance alone lets most of them pass."""


SPREADS_BEFORE, TIMES_FEWER_BEFORE = 5, 4
"""In so many spreads before that age, so many times fewer a spread may have ended: else the age is nothing special."""


def _window_seconds(age: float) -> float:
    """Seconds by which the ages of one habit may differ: two looks at the list, and timers that tick rarely."""
    return 2.0 + 0.01 * age


def cut_off_ages(team: PatternScope, of: Sequence[IdleInterval]) -> FoundPattern | None:
    """The age at which most of a team leave of those that reach it, with nothing of the sort before it."""
    ages = [wait.idle_seconds for wait in of]
    ended = [wait.idle_seconds for wait in of if wait.departure is not None]
    left = [wait for wait in of if _is_cut_off(wait)]
    best: Sequence[IdleInterval] = ()
    passed, start = 0, 0
    for end, last in enumerate(left, 1):
        while last.idle_seconds > left[start].idle_seconds + _window_seconds(left[start].idle_seconds):
            start += 1
        here, first = end - start, left[start].idle_seconds
        beyond = len(ages) - bisect_right(ages, first + _window_seconds(first))
        before = bisect_left(ended, first) - bisect_left(
            ended, first - SPREADS_BEFORE * _window_seconds(first)
        )
        special = (
            here >= MIN_SHARE_ENDED * (here + beyond) and here * SPREADS_BEFORE >= before * TIMES_FEWER_BEFORE
        )
        if special and here >= MIN_OBSERVATIONS and here > len(best):
            best, passed = left[start:end], beyond
    return (_cut_off_pattern(team, best, passed), best) if best else None


def _is_cut_off(wait: IdleInterval) -> bool:
    if (
        wait.departure is None
        or wait.departure.cause not in CAUSES_NOT_OF_THE_SERVER
        or wait.idle_seconds < MIN_CUT_OFF_SECONDS
    ):
        return False
    if wait.within > _window_seconds(wait.idle_seconds) / 2:
        return False
    limit = wait.verdict.limit
    return (
        limit is None
        or limit.basis is Basis.DISPROVED
        or wait.idle_seconds <= MAX_SHARE_OF_LIMIT * limit.seconds
    )


def _cut_off_pattern(team: PatternScope, of: Sequence[IdleInterval], beyond: int) -> Pattern:
    age = median(wait.idle_seconds for wait in of)
    quits = sum(wait.departure is not None and wait.departure.cause is Cause.CLIENT_QUIT for wait in of)
    polite = quits * 2 > len(of)
    limits = [wait.verdict.limit for wait in of if wait.verdict.limit is not None]
    shown = bool(limits) and all(limit.basis is Basis.OWN for limit in limits)
    evidence = [
        _(
            "of {all} that idled for {age:,.0f} s, {left} left between {least:,.1f} and {most:,.1f} s",
            all=len(of) + beyond,
            age=age,
            left=len(of),
            least=of[0].idle_seconds,
            most=of[-1].idle_seconds,
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
    if (who := known_idle_limit(age)) is not None:
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
            team=scope_name(team),
            number=len(of),
            age=age,
        ),
        certainty_by_count(len(of)),
        tuple(evidence),
        tuple(remedies),
        session_ids(of),
        team,
    )


def _limit_below_pool_title(team: PatternScope, closed: Sequence[IdleInterval]) -> str:
    ages = [wait.idle_seconds for wait in closed]
    if max(ages) > 2 * min(ages):
        return _(
            "{team}: each session's own limit, {least:,.0f} to {most:,.0f} s, always comes first, "
            "and the pool opens new sessions",
            team=scope_name(team),
            least=min(ages),
            most=max(ages),
        )
    return _(
        "{team}: the server's limit of {seconds:,.0f} s always comes first, and the pool opens new sessions",
        team=scope_name(team),
        seconds=median(ages),
    )


# --- A limit below the pool's own lifetime

POOL_SETTINGS = "HikariCP maxLifetime, SQLAlchemy pool_recycle, Django CONN_MAX_AGE, Go SetConnMaxLifetime"
MIN_SHARE_BY_LIMIT = 0.9
"""Share of a team's departures that makes a rule of them."""


def limit_below_pool(team: PatternScope, of: Sequence[IdleInterval]) -> FoundPattern | None:
    """A team whose sessions end by idling and hardly ever otherwise, one generation after the other."""
    ended = [wait.departure for wait in of if wait.departure is not None]
    closed = [
        wait for wait in of if wait.departure is not None and wait.departure.cause is Cause.IDLE_TIMEOUT
    ]
    if len(closed) < max(MIN_OBSERVATIONS, MIN_SHARE_BY_LIMIT * len(ended)) or len(closed) == len(of):
        return None
    limit = median(wait.idle_seconds for wait in closed)
    instants = [wait.departure.at for wait in closed if wait.departure is not None]
    if max(instants) - min(instants) < limit:
        return None  # one generation that died, and nobody can say whether the next will
    pattern = Pattern(
        PatternKind.LIMIT_BELOW_POOL,
        _limit_below_pool_title(team, closed),
        certainty_by_count(len(closed)),
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
                settings=POOL_SETTINGS,
            ),
            _(
                "or raise the limit where it is set: the global wait_timeout, init_command, or the program itself; "
                "open sessions keep theirs until they reconnect"
            ),
        ),
        session_ids(closed),
        team,
        "wait_timeout",
    )
    return pattern, closed


@dataclass(frozen=True, slots=True)
class PatternInput:
    """What the rules look at."""

    snapshot: Snapshot
    intervals: tuple[IdleInterval, ...]
    """The shortest first."""


def find_patterns(snapshot: Snapshot, departures: Sequence[Departure], now: float) -> tuple[Pattern, ...]:
    """What many sessions do alike as of `now`, the most important first; nothing where there is nothing to tell.

    `departures` are those of one source, in any order.
    """
    scene = PatternInput(snapshot, idle_intervals(snapshot, departures, now))
    found = (pattern for rule in RULES.values() for pattern in rule(scene))
    order = {kind: at for at, kind in enumerate(PatternKind)}
    return tuple(sorted(found, key=lambda p: (order[p.kind], -len(p.sessions), p.title)))


# --- The client is gone, and the server does not know

MIN_SIBLINGS = 20
"""Waits of the same user, host and program from which what they reach is known."""
GHOST_TIMES_LONGER = 10
"""How many times longer than the longest of its siblings a ghost has idled."""
MIN_GHOST_SECONDS = 3600.0
"""Seconds of idling below which nobody is a ghost."""
ONE_GHOST_IN = 10
"""Ghosts are at most one in so many: where more idle so long, that is what they do."""


def _ghosts(scene: PatternInput) -> Iterator[Pattern]:
    for team, of in by_scope(scene.intervals, limit_group_scope):
        first = _first_ghost(of)
        if first is None:
            continue
        ghosts, reach = of[first:], of[first - 1].idle_seconds
        yield Pattern(
            PatternKind.GHOSTS,
            ngettext(
                "{team}: {number} session idle far past what the others reach",
                "{team}: {number} sessions idle far past what the others reach",
                len(ghosts),
                team=scope_name(team),
            ),
            Certainty.POSSIBLE,
            (
                ngettext(
                    "it has idled for {seconds:,.0f} s or more",
                    "they have idled for {seconds:,.0f} s or more",
                    len(ghosts),
                    seconds=ghosts[0].idle_seconds,
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
            session_ids(ghosts),
            team,
        )


def _first_ghost(of: Sequence[IdleInterval]) -> int | None:
    """Where the ghosts begin; all of them must be there still."""
    for at in range(len(of) - 1, MIN_SIBLINGS - 1, -1):
        if of[at].departure is not None or (len(of) - at) * ONE_GHOST_IN > at:
            return None
        if (
            of[at].idle_seconds >= MIN_GHOST_SECONDS
            and of[at].idle_seconds > GHOST_TIMES_LONGER * of[at - 1].idle_seconds
        ):
            return at
    return None


# --- Transactions left open

MIN_PAUSE_SECONDS = 60.0
"""Seconds: who idles longer inside a transaction is not on his way to the next statement of it."""
MIN_SHARE_IN_TRANSACTION = 0.5


def _idle_in_transaction(team: PatternScope, of: Sequence[IdleInterval]) -> FoundPattern | None:
    pausing = [wait for wait in of if wait.departure is None and wait.idle_seconds >= MIN_PAUSE_SECONDS]
    held = [wait for wait in pausing if wait.session.transaction is not None]
    if len(held) < max(MIN_OBSERVATIONS, MIN_SHARE_IN_TRANSACTION * len(pausing)):
        return None
    rows = sum((wait.session.transaction.rows_modified or 0) for wait in held if wait.session.transaction)
    pattern = Pattern(
        PatternKind.IDLE_IN_TRANSACTION,
        _(
            "{team}: {held} of {idle} sessions idle {seconds:.0f} s and more inside a transaction",
            team=scope_name(team),
            held=len(held),
            idle=len(pausing),
            seconds=MIN_PAUSE_SECONDS,
        ),
        Certainty.CONFIRMED,
        (
            _(
                "half of them for {half:,.0f} s or longer, one for {longest:,.0f} s",
                half=median(wait.idle_seconds for wait in held),
                longest=held[-1].idle_seconds,
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
        session_ids(held),
        team,
    )
    return pattern, held


# --- Full, and asleep

FULL_SHARE = 0.8
"""Share of max_connections from which a server is running out of them."""
IDLE_SHARE = 0.7
"""Share of its clients that sleep, from which it is sleepers that fill it."""


def _saturation(scene: PatternInput) -> Iterator[Pattern]:
    sample = scene.snapshot.sample
    most, connected = sample.variable("max_connections"), sample.counter("threads_connected")
    clients = [v for v in scene.snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own]
    asleep = [v for v in clients if v.session.is_idle]
    connected = len(scene.snapshot.verdicts) if connected is None else connected
    if (
        not most
        or connected < FULL_SHARE * most
        or len(asleep) < max(MIN_OBSERVATIONS, IDLE_SHARE * len(clients))
    ):
        return
    counted = Counter((v.session.program or "", v.session.user) for v in asleep)
    (program, user), number = min(counted.items(), key=lambda each: (-each[1], each[0]))
    team = PatternScope(program=program) if program else PatternScope(user=user)
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
            _("{number:,} of the idle ones are of {team}", number=number, team=scope_name(team)),
        ),
        (
            _(
                "let the pool of {team} keep fewer connections, and let go sooner of those it does not need",
                team=scope_name(team),
            ),
            _("a higher max_connections gives room until then, and each connection takes memory"),
        ),
        tuple(sorted(v.session.id for v in asleep)),
        team,
        "max_connections",
    )


PatternRule = Callable[[PatternInput], Iterator[Pattern]]
RULES: dict[PatternKind, PatternRule] = {
    PatternKind.SATURATION: _saturation,
    PatternKind.IDLE_IN_TRANSACTION: lambda scene: scope_patterns(scene.intervals, _idle_in_transaction),
    PatternKind.LIMIT_BELOW_POOL: lambda scene: scope_patterns(scene.intervals, limit_below_pool),
    PatternKind.CUT_OFF: lambda scene: scope_patterns(scene.intervals, cut_off_ages),
    PatternKind.GHOSTS: _ghosts,
    PatternKind.PROXIED: lambda scene: sessions_behind_proxies(scene.snapshot),
}
