"""Patterns: what many sessions of one program, user or host do alike, with evidence and remedies.

Every rule looks at idle intervals: how long each session has been idle, or was when it ended.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.topology import sessions_behind_proxies
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure, Pattern, PatternKind, PatternScope
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Basis, Limit, Snapshot, Verdict
from goneaway_tui.text.format import largest_unit_words, seconds_words
from goneaway_tui.text.sanitize import plain

MIN_OBSERVATIONS = 5
"""Observations below which nothing is a pattern."""
LIKELY_OBSERVATIONS = 10
"""Observations from which an inference is likely rather than possible."""
REMEMBERED_SECONDS = 86_400.0
"""Seconds for which a departure counts: a pattern disappears once its cause is corrected."""


@dataclass(frozen=True, slots=True)
class IdleInterval:
    """The last time one session was idle, over or still running."""

    verdict: Verdict
    idle_seconds: float
    """Seconds until now, or until the session ended."""
    departure: Departure | None = None
    """How the session ended; None where it is still there."""

    @property
    def session(self) -> Session:
        return self.verdict.session

    @property
    def within(self) -> float:
        """Half-width in seconds of the error of `idle_seconds`."""
        return self.session.idle_within + (0.0 if self.departure is None else self.departure.within)


def idle_intervals(
    snapshot: Snapshot, departures: Iterable[Departure], now: float
) -> tuple[IdleInterval, ...]:
    """Every idle interval of a client whose length is known, the shortest first. Departures after `now` are left out."""
    running = (
        IdleInterval(v, seconds)
        for v in snapshot.verdicts
        if v.session.is_idle and not v.session.own and (seconds := v.idle_seconds(now)) is not None
    )
    ended = (
        IdleInterval(d.verdict, seconds, d)
        for d in departures
        if now - REMEMBERED_SECONDS <= d.at <= now
        and d.verdict.session.is_idle
        and not d.verdict.session.own
        and (seconds := d.idle_seconds) is not None
    )
    return tuple(sorted((*running, *ended), key=_by_length))


def _by_length(interval: IdleInterval) -> tuple[float, ProcesslistId, float]:
    ended_at = -1.0 if interval.departure is None else interval.departure.at
    return interval.idle_seconds, interval.session.id, ended_at


def session_ids(intervals: Iterable[IdleInterval]) -> tuple[ProcesslistId, ...]:
    """The sessions the intervals are of, each once, in order."""
    return tuple(sorted({interval.session.id for interval in intervals}))


def certainty_by_count(observations: int) -> Certainty:
    """How sure an inference from so many observations is."""
    return Certainty.LIKELY if observations >= LIKELY_OBSERVATIONS else Certainty.POSSIBLE


# --- Scopes

ScopeOf = Callable[[Session], PatternScope | None]
"""The scope a session belongs to; None where the session does not show the property."""


def program_scope(session: Session) -> PatternScope | None:
    return PatternScope(program=session.program) if session.program else None


def user_scope(session: Session) -> PatternScope | None:
    return PatternScope(user=session.user) if session.user else None


def host_scope(session: Session) -> PatternScope | None:
    return PatternScope(host=session.client_host) if session.client_host else None


def limit_group_scope(session: Session) -> PatternScope | None:
    """The sessions that share everything a server knows of its clients: program, user and host."""
    return PatternScope(session.program or "", session.user, session.client_host)


SCOPES: tuple[ScopeOf, ...] = (program_scope, user_scope, host_scope)
"""The most specific property of a client program first: each session is reported once, under the first that fits."""


def by_scope(
    intervals: Iterable[IdleInterval], scope_of: ScopeOf
) -> Iterator[tuple[PatternScope, Sequence[IdleInterval]]]:
    """The intervals of each scope, in the order given; scopes in the order of their first interval."""
    members: dict[PatternScope, list[IdleInterval]] = {}
    for interval in intervals:
        scope = scope_of(interval.session)
        if scope is not None:
            members.setdefault(scope, []).append(interval)
    return iter(members.items())


FoundPattern = tuple[Pattern, Sequence[IdleInterval]]
"""A pattern, and the intervals that show it."""


def scope_patterns(
    intervals: Sequence[IdleInterval],
    rule: Callable[[PatternScope, Sequence[IdleInterval]], FoundPattern | None],
) -> Iterator[Pattern]:
    """The patterns `rule` finds in each scope; an interval that shows one pattern shows no other."""
    used: set[int] = set()
    for scope_of in SCOPES:
        for scope, members in by_scope(intervals, scope_of):
            found = rule(scope, members) if len(members) >= MIN_OBSERVATIONS else None
            if found is None:
                continue
            pattern, shown_by = found
            if used.isdisjoint(map(id, shown_by)):
                used.update(map(id, shown_by))
                yield pattern


def scope_name(scope: PatternScope) -> str:
    """A scope in words, fit to show: `program gunicorn`, or `shop@web-3 (gunicorn)` where user and host are given."""
    user, host, program = (plain(part or "", 60) for part in (scope.user, scope.host, scope.program))
    if scope.user is not None and scope.host is not None:
        return f"{user}@{host} ({program})" if program else f"{user}@{host}"
    properties = (
        (N_("program {name}"), scope.program),
        (N_("user {name}"), scope.user),
        (N_("host {name}"), scope.host),
    )
    given = next(((words, name) for words, name in properties if name), None)
    return _("all clients") if given is None else _(given[0], name=plain(given[1], 60))


KNOWN_IDLE_LIMITS: tuple[tuple[float, str], ...] = (
    (
        60.0,
        N_(
            "the default of AWS Classic Load Balancer, and a common value of HAProxy's timeout client and timeout server"
        ),
    ),
    (240.0, N_("the default of Azure Load Balancer and Azure NAT (4 min; they notify neither side)")),
    (300.0, N_("5 min, a common value in pools and firewalls")),
    (350.0, N_("the default of AWS Network Load Balancer and AWS NAT gateway")),
    (
        600.0,
        N_(
            "the default of HikariCP's idleTimeout, and of Google Cloud's firewall, which drops connections after 10 min"
        ),
    ),
    (900.0, N_("15 min, a common value in pools and firewalls")),
    (1800.0, N_("the default of RDS Proxy's idle client timeout, and 30 min, a common value in pools")),
    (3600.0, N_("1 h, the default of stateful firewalls, among them Cisco ASA")),
)
"""Idle seconds, and the product that usually ends a connection there; shown with `_`."""
KNOWN_LIMIT_TOLERANCE = 0.02
"""Share of a known limit by which an idle time may differ from it, in addition to one second."""


def known_idle_limit(seconds: float) -> str | None:
    """The product that usually ends a connection after so many idle seconds, or None.

    >>> known_idle_limit(350.4)
    'the default of AWS Network Load Balancer and AWS NAT gateway'
    >>> known_idle_limit(410)
    """
    limit, product = min(KNOWN_IDLE_LIMITS, key=lambda row: abs(row[0] - seconds))
    return product if abs(limit - seconds) <= 1.0 + KNOWN_LIMIT_TOLERANCE * limit else None


# --- Something other than the server ends sessions at one idle time

CAUSES_NOT_OF_THE_SERVER = frozenset(
    {Cause.CLIENT_QUIT, Cause.CLIENT_LOST, Cause.PROXY_OR_FIREWALL, Cause.UNKNOWN}
)
"""Causes that are not the server's doing, or not known to be."""
MIN_CUT_OFF_SECONDS = 20.0
"""Idle seconds below which a program may simply have finished."""
MAX_SHARE_OF_LIMIT = 0.8
"""Share of a session's limit; a session that ended before it was not ended by the limit."""
MIN_SHARE_ENDED = 0.8
"""Share of the intervals that reached an idle time and ended at it: chance alone lets most of them pass."""
WINDOWS_BEFORE, TIMES_FEWER_BEFORE = 5, 4
"""In so many windows before that idle time, so many times fewer may have ended in each: else the time is not special."""


def _window_seconds(idle_seconds: float) -> float:
    """Seconds by which intervals that one limit ended may differ: two samples of the list, and timers that tick rarely."""
    return 2.0 + 0.01 * idle_seconds


@dataclass(frozen=True, slots=True)
class IdleTimeWindow:
    """Intervals that ended within one window of idle time, not by the server."""

    cut_off: Sequence[IdleInterval]
    """The shortest first; never empty."""
    outlasted: int
    """How many intervals lasted longer than the window."""
    ended_before: int
    """How many ended, by any cause, in the WINDOWS_BEFORE windows before this one."""

    @property
    def ends_most_intervals(self) -> bool:
        """Whether most that reached the window ended in it, and hardly any before it."""
        number = len(self.cut_off)
        return (
            number >= MIN_OBSERVATIONS
            and number >= MIN_SHARE_ENDED * (number + self.outlasted)
            and number * WINDOWS_BEFORE >= self.ended_before * TIMES_FEWER_BEFORE
        )


def cut_off_ages(scope: PatternScope, intervals: Sequence[IdleInterval]) -> FoundPattern | None:
    """The idle time at which most sessions of a scope end of those that reach it, with nothing of the kind before it."""
    candidates = (window for window in _windows(intervals) if window.ends_most_intervals)
    window = max(candidates, key=lambda window: len(window.cut_off), default=None)
    return None if window is None else (_cut_off_pattern(scope, window), window.cut_off)


def _windows(intervals: Sequence[IdleInterval]) -> Iterator[IdleTimeWindow]:
    """The window that ends at each interval that was cut off, the shortest interval first."""
    lengths = [interval.idle_seconds for interval in intervals]
    ended = [interval.idle_seconds for interval in intervals if interval.departure is not None]
    cut_off = [interval for interval in intervals if _is_cut_off(interval)]
    start = 0
    for end, last in enumerate(cut_off, 1):
        while last.idle_seconds > cut_off[start].idle_seconds + _window_seconds(cut_off[start].idle_seconds):
            start += 1
        shortest = cut_off[start].idle_seconds
        width = _window_seconds(shortest)
        yield IdleTimeWindow(
            cut_off[start:end],
            len(lengths) - bisect_right(lengths, shortest + width),
            bisect_left(ended, shortest) - bisect_left(ended, shortest - WINDOWS_BEFORE * width),
        )


def _is_cut_off(interval: IdleInterval) -> bool:
    """Whether something other than the server, and other than the session's limit, may have ended it."""
    departure, seconds = interval.departure, interval.idle_seconds
    if departure is None or departure.cause not in CAUSES_NOT_OF_THE_SERVER or seconds < MIN_CUT_OFF_SECONDS:
        return False
    if interval.within > _window_seconds(seconds) / 2:
        return False
    limit = interval.verdict.limit
    return limit is None or limit.basis is Basis.DISPROVED or seconds <= MAX_SHARE_OF_LIMIT * limit.seconds


def _cut_off_pattern(scope: PatternScope, window: IdleTimeWindow) -> Pattern:
    number = len(window.cut_off)
    seconds = median(interval.idle_seconds for interval in window.cut_off)
    limits = [limit for interval in window.cut_off if (limit := interval.verdict.limit) is not None]
    limits_are_shown = bool(limits) and all(limit.basis is Basis.OWN for limit in limits)
    return Pattern(
        PatternKind.CUT_OFF,
        _(
            "{group}: {number} sessions ended after {age} of idle time, far below their limit",
            group=scope_name(scope),
            number=number,
            age=seconds_words(seconds),
        ),
        certainty_by_count(number),
        tuple(_cut_off_evidence(window, seconds, limits, shown=limits_are_shown)),
        tuple(_cut_off_remedies(seconds, shown=limits_are_shown)),
        session_ids(window.cut_off),
        scope,
    )


def _cut_off_evidence(
    window: IdleTimeWindow, seconds: float, limits: Sequence[Limit], *, shown: bool
) -> Iterator[str]:
    """`shown`: the server shows the sessions' own limits."""
    cut_off, number = window.cut_off, len(window.cut_off)
    yield _(
        "of {all} sessions that were idle for {age}, {ended} ended after {least:,.1f} to {most:,.1f} s",
        all=number + window.outlasted,
        age=seconds_words(seconds),
        ended=number,
        least=cut_off[0].idle_seconds,
        most=cut_off[-1].idle_seconds,
    )
    if limits:
        shortest = min(limit.seconds for limit in limits)
        yield (
            _("they had not reached their limit of {limit}", limit=seconds_words(shortest))
            if shown
            else _("their limit of {limit} is only assumed", limit=seconds_words(shortest))
        )
    quits = sum(_is_client_quit(interval) for interval in cut_off)
    yield (
        _(
            "{number} ended with COM_QUIT, as when a pool or a proxy closes connections that it does not need",
            number=quits,
        )
        if quits * 2 > number
        else _(
            "{number} ended without COM_QUIT, as when a firewall or a load balancer drops a connection",
            number=number - quits,
        )
    )
    product = known_idle_limit(seconds)
    if product is not None:
        yield _("what usually ends connections after this time: {setting}", setting=_(product))


def _is_client_quit(interval: IdleInterval) -> bool:
    return interval.departure is not None and interval.departure.cause is Cause.CLIENT_QUIT


def _cut_off_remedies(seconds: float, *, shown: bool) -> Iterator[str]:
    yield _(
        "Find this number in the settings of the pool, and of everything between the pool and the server."
    )
    yield _(
        "Let the client ping or close connections that have been idle for {limit}.",
        limit=seconds_words(seconds * 0.8),
    )
    if not shown:
        yield _("Check whether the program sets wait_timeout = {seconds:.0f} s itself.", seconds=seconds)


# --- The server's limit is shorter than the pool keeps a connection

POOL_SETTINGS = "HikariCP maxLifetime, SQLAlchemy pool_recycle, Django CONN_MAX_AGE, Go SetConnMaxLifetime"
MIN_SHARE_BY_LIMIT = 0.9
"""Share of a scope's departures that the limit must have ended."""


def limit_below_pool(scope: PatternScope, intervals: Sequence[IdleInterval]) -> FoundPattern | None:
    """A scope whose sessions end by the idle limit and hardly ever otherwise, one generation after the other."""
    ended = [interval for interval in intervals if interval.departure is not None]
    closed = [
        (interval, departure.at)
        for interval in ended
        if (departure := interval.departure) is not None and departure.cause is Cause.IDLE_TIMEOUT
    ]
    enough = len(closed) >= max(MIN_OBSERVATIONS, MIN_SHARE_BY_LIMIT * len(ended))
    if not enough or len(closed) == len(intervals):
        return None
    instants = [at for _interval, at in closed]
    duration, timed_out = max(instants) - min(instants), [interval for interval, _at in closed]
    if duration < median(interval.idle_seconds for interval in timed_out):
        return None  # one generation ended, and nothing shows whether the next will
    return _limit_below_pool_pattern(scope, intervals, timed_out, len(ended), duration), timed_out


def _limit_below_pool_pattern(
    scope: PatternScope,
    intervals: Sequence[IdleInterval],
    timed_out: Sequence[IdleInterval],
    ended: int,
    duration: float,
) -> Pattern:
    """`ended`: how many intervals ended in any way. `duration`: seconds from the first timeout to the last."""
    limit = median(interval.idle_seconds for interval in timed_out)
    return Pattern(
        PatternKind.LIMIT_BELOW_POOL,
        _limit_below_pool_title(scope, timed_out),
        certainty_by_count(len(timed_out)),
        (
            _(
                "the server closed {closed} of the {ended} ended sessions for being idle; the client did not close them",
                closed=len(timed_out),
                ended=ended,
            ),
            _(
                "sessions open now: {open}; this has lasted for {duration}",
                open=len(intervals) - ended,
                duration=largest_unit_words(duration),
            ),
        ),
        (
            _(
                "Let the pool retire its connections before {limit}: {settings}.",
                limit=seconds_words(limit * 0.8),
                settings=POOL_SETTINGS,
            ),
            _(
                "Or raise the limit where it is set: the global wait_timeout, init_command, or the program itself. Open sessions "
                "keep their limit until they reconnect."
            ),
        ),
        session_ids(timed_out),
        scope,
        "wait_timeout",
    )


def _limit_below_pool_title(scope: PatternScope, timed_out: Sequence[IdleInterval]) -> str:
    lengths = [interval.idle_seconds for interval in timed_out]
    if max(lengths) > 2 * min(lengths):
        return _(
            "{group}: each session always reaches its own limit ({least} to {most}), and the pool opens new sessions",
            group=scope_name(scope),
            least=seconds_words(min(lengths)),
            most=seconds_words(max(lengths)),
        )
    return _(
        "{group}: the sessions always reach the server's limit of {limit}, and the pool opens new sessions",
        group=scope_name(scope),
        limit=seconds_words(median(lengths)),
    )


@dataclass(frozen=True, slots=True)
class PatternInput:
    """What every rule looks at."""

    snapshot: Snapshot
    intervals: tuple[IdleInterval, ...]
    """The shortest first."""


def find_patterns(snapshot: Snapshot, departures: Sequence[Departure], now: float) -> tuple[Pattern, ...]:
    """What many sessions do alike as of `now`, the most important first; empty where no rule finds a pattern.

    `departures` are those of one source, in any order.
    """
    pattern_input = PatternInput(snapshot, idle_intervals(snapshot, departures, now))
    found = (pattern for rule in RULES.values() for pattern in rule(pattern_input))
    order = {kind: rank for rank, kind in enumerate(PatternKind)}
    return tuple(sorted(found, key=lambda p: (order[p.kind], -len(p.sessions), p.title)))


# --- The client has ended, and the server has not noticed

MIN_SIBLINGS = 20
"""Intervals of one user, host and program that show how long its sessions usually idle."""
GHOST_TIMES_LONGER = 10
"""How many times longer a ghost has idled than the longest of the other intervals."""
MIN_GHOST_SECONDS = 3600.0
"""Idle seconds below which no session is a ghost."""
ONE_GHOST_IN = 10
"""Ghosts are at most one in so many: where more sessions idle so long, that is usual for the program."""


def _ghosts(pattern_input: PatternInput) -> Iterator[Pattern]:
    for scope, intervals in by_scope(pattern_input.intervals, limit_group_scope):
        first = _first_ghost(intervals)
        if first is not None:
            yield _ghost_pattern(scope, intervals[first:], first, intervals[first - 1].idle_seconds)


def _ghost_pattern(
    scope: PatternScope, ghosts: Sequence[IdleInterval], others: int, longest_other: float
) -> Pattern:
    """`others`: how many sessions are no ghosts. `longest_other`: seconds that the longest of them idled."""
    return Pattern(
        PatternKind.GHOSTS,
        ngettext(
            "{group}: {number} session has been idle far longer than the others",
            "{group}: {number} sessions have been idle far longer than the others",
            len(ghosts),
            group=scope_name(scope),
        ),
        Certainty.POSSIBLE,
        (
            ngettext(
                "it has been idle for {age} or longer",
                "they have been idle for {age} or longer",
                len(ghosts),
                age=seconds_words(ghosts[0].idle_seconds),
            ),
            _(
                "none of the {others} other sessions of the same user, host and program was idle for longer than {age}",
                others=others,
                age=seconds_words(longest_other),
            ),
        ),
        (
            _(
                "Find one of the ids in the application's log. Here the filter id:{id} shows the session.",
                id=ghosts[0].session.id,
            ),
            _(
                "If the application no longer uses the session, the client has ended: kill the session. A shorter keepalive finds "
                "such sessions sooner."
            ),
        ),
        session_ids(ghosts),
        scope,
    )


def _first_ghost(intervals: Sequence[IdleInterval]) -> int | None:
    """The index where the ghosts begin; None where there are none. No session of a ghost has ended."""
    for index in range(len(intervals) - 1, MIN_SIBLINGS - 1, -1):
        interval, next_shorter = intervals[index], intervals[index - 1]
        if interval.departure is not None or (len(intervals) - index) * ONE_GHOST_IN > index:
            return None
        is_longer = interval.idle_seconds > GHOST_TIMES_LONGER * next_shorter.idle_seconds
        if interval.idle_seconds >= MIN_GHOST_SECONDS and is_longer:
            return index
    return None


# --- Transactions left open

MIN_PAUSE_SECONDS = 60.0
"""Idle seconds inside a transaction beyond which the program is not just between two statements."""
MIN_SHARE_IN_TRANSACTION = 0.5
"""Share of the idle sessions of a scope that must be inside a transaction."""


def _idle_in_transaction(scope: PatternScope, intervals: Sequence[IdleInterval]) -> FoundPattern | None:
    pausing = [i for i in intervals if i.departure is None and i.idle_seconds >= MIN_PAUSE_SECONDS]
    in_transaction = [interval for interval in pausing if interval.session.transaction is not None]
    if len(in_transaction) < max(MIN_OBSERVATIONS, MIN_SHARE_IN_TRANSACTION * len(pausing)):
        return None
    transactions = (interval.session.transaction for interval in in_transaction)
    rows = sum(transaction.rows_modified or 0 for transaction in transactions if transaction is not None)
    pattern = Pattern(
        PatternKind.IDLE_IN_TRANSACTION,
        _(
            "{group}: {held} of {idle} sessions that have been idle for {age} or longer are inside a transaction",
            group=scope_name(scope),
            held=len(in_transaction),
            idle=len(pausing),
            age=seconds_words(MIN_PAUSE_SECONDS),
        ),
        Certainty.CONFIRMED,
        (
            _(
                "half of them have been idle for {half} or longer, one of them for {longest}",
                half=largest_unit_words(median(interval.idle_seconds for interval in in_transaction)),
                longest=largest_unit_words(in_transaction[-1].idle_seconds),
            ),
            _("they hold {rows:,} changed rows, which are lost when the sessions end", rows=rows),
        ),
        (
            _(
                "Commit or roll back before a pause. With autocommit off, the first SELECT opens a transaction."
            ),
            _("If the server has idle_transaction_timeout, it limits this without touching other sessions."),
        ),
        session_ids(in_transaction),
        scope,
    )
    return pattern, in_transaction


# --- Nearly no connection left, and most are idle

FULL_SHARE = 0.8
"""Share of max_connections from which a server is running out of them."""
IDLE_SHARE = 0.7
"""Share of the client sessions that must be idle."""


def _saturation(pattern_input: PatternInput) -> Iterator[Pattern]:
    snapshot = pattern_input.snapshot
    limit = snapshot.sample.variable("max_connections")
    connected = snapshot.connected
    clients = [v for v in snapshot.verdicts if v.session.is_client]
    idle = [v for v in clients if v.session.is_idle]
    if (
        limit
        and connected >= FULL_SHARE * limit
        and len(idle) >= max(MIN_OBSERVATIONS, IDLE_SHARE * len(clients))
    ):
        yield _saturation_pattern(limit, connected, len(clients), idle)


def _saturation_pattern(limit: float, connected: int, clients: int, idle: Sequence[Verdict]) -> Pattern:
    by_program = Counter((v.session.program or "", v.session.user) for v in idle)
    (program, user), number = min(by_program.items(), key=lambda item: (-item[1], item[0]))
    scope = PatternScope(program=program) if program else PatternScope(user=user)
    return Pattern(
        PatternKind.SATURATION,
        _(
            "{connected:,} of {limit:,.0f} connections are in use, most of them by idle sessions",
            connected=connected,
            limit=limit,
        ),
        Certainty.CONFIRMED,
        (
            _("{idle:,} of {all:,} client sessions are idle", idle=len(idle), all=clients),
            _("{number:,} of the idle sessions belong to {group}", number=number, group=scope_name(scope)),
        ),
        (
            _(
                "Let the pool of {group} keep fewer connections, and close connections that it does not need sooner.",
                group=scope_name(scope),
            ),
            _("A higher max_connections gives room until then. Each connection takes memory."),
        ),
        tuple(sorted(v.session.id for v in idle)),
        scope,
        "max_connections",
    )


# --- Sessions that keep an earlier global value


def _old_limits(pattern_input: PatternInput) -> Iterator[Pattern]:
    current = pattern_input.snapshot.sample.variable("wait_timeout")
    clients = [v for v in pattern_input.snapshot.verdicts if v.session.is_client]
    old = [v for v in clients if keeps_old_limit(v, current)]
    if current is None or not old:
        return
    former, _number = Counter(v.inherited.wait_timeout or 0.0 for v in old).most_common(1)[0]
    ended = sum(
        i.departure is not None and keeps_old_limit(i.verdict, current) for i in pattern_input.intervals
    )
    is_shown = all(v.limit is not None and v.limit.basis is Basis.OWN for v in old)
    yield Pattern(
        PatternKind.OLD_LIMIT,
        ngettext(
            "{number:,} of {all:,} sessions keeps an earlier wait_timeout",
            "{number:,} of {all:,} sessions keep an earlier wait_timeout",
            len(old),
            all=len(clients),
        ),
        Certainty.CONFIRMED if is_shown else Certainty.LIKELY,
        (
            _(
                "the global wait_timeout is now {now}; it was {former} when they connected",
                now=seconds_words(current),
                former=seconds_words(former),
            ),
            ngettext(
                "{number:,} idle session with an earlier value has ended since",
                "{number:,} idle sessions with an earlier value have ended since",
                ended,
            ),
        ),
        (
            _("A new global value applies to a session once it reconnects: restart the pools, or wait."),
            _("The filter {filter} shows the sessions with another limit.", filter="limit!=global"),
        ),
        tuple(sorted(v.session.id for v in old)),
        tunable="wait_timeout",
    )


def keeps_old_limit(verdict: Verdict, current: float | None) -> bool:
    """Whether a session still has the global wait_timeout of when it was first listed, which is not the value now."""
    inherited, limit = verdict.inherited.wait_timeout, verdict.limit
    return (
        limit is not None
        and limit.variable == "wait_timeout"
        and limit.basis is not Basis.DISPROVED
        and limit.seconds == inherited != current
    )


PatternRule = Callable[[PatternInput], Iterator[Pattern]]
RULES: dict[PatternKind, PatternRule] = {
    PatternKind.SATURATION: _saturation,
    PatternKind.IDLE_IN_TRANSACTION: lambda facts: scope_patterns(facts.intervals, _idle_in_transaction),
    PatternKind.LIMIT_BELOW_POOL: lambda facts: scope_patterns(facts.intervals, limit_below_pool),
    PatternKind.CUT_OFF: lambda facts: scope_patterns(facts.intervals, cut_off_ages),
    PatternKind.GHOSTS: _ghosts,
    PatternKind.OLD_LIMIT: _old_limits,
    PatternKind.PROXIED: lambda facts: sessions_behind_proxies(facts.snapshot),
}
