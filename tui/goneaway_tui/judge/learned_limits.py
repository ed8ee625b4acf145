"""Limits learned from those that died and those that did not, where a server shows no session's own limit.

A session of MariaDB may have been given its own `wait_timeout`, or be interactive, and nothing tells. But sessions of one
user, host and program under one global value are usually given the same. Where three of them ended at one idle age that
none of their kind has been seen to outlive, that age is their limit, and it is forgotten as soon as one outlives it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, floor

from goneaway_tui.i18n import _, marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Basis, Inherited, Limit, LimitGroup, Snapshot, limit_group
from goneaway_tui.text.sanitize import plain

AGREEMENT_SECONDS = 0.5
"""Seconds a death may lie off the age it agrees on. A look a second tells an end to half a second, and MariaDB's
pool-of-threads closes up to half a second late."""
MIN_AGREEING = 3
"""Deaths that must agree."""
MAX_UNCERTAINTY_SECONDS = 1.0
"""Half-width in seconds beyond which the age of a death is too vague to teach anything."""
MAX_ENDS_KEPT = 64
"""Deaths kept of each kin, the latest."""
MAX_GROUPS = 4096
"""Kin remembered; those not heard of for longest are forgotten first."""
CAUSES_OF_A_LIMIT = frozenset({Cause.IDLE_TIMEOUT, Cause.CLIENT_LOST, Cause.UNKNOWN})
"""Ends that may be a limit's doing: those said to be, and those without a goodbye that nothing explains."""


def may_show_a_limit(departure: Departure) -> bool:
    """Whether it teaches anything: a client of which the server itself says that it was lost met no limit."""
    said_otherwise = departure.certainty is Certainty.CONFIRMED and departure.cause is not Cause.IDLE_TIMEOUT
    return departure.cause in CAUSES_OF_A_LIMIT and not said_otherwise


@dataclass(frozen=True, slots=True)
class LimitObservations:
    """What one kin has taught."""

    ended_at: tuple[float, ...] = ()
    """Idle ages in seconds, the latest last."""
    outlived: float = 0.0
    """The longest that one of them has certainly idled without being closed, in seconds."""

    @property
    def limit(self) -> int | None:
        """The whole second that most deaths agree on of those that nobody has outlived, if DEATHS or more do."""
        seconds = common_limit(age for age in self.ended_at if age + 2 * AGREEMENT_SECONDS >= self.outlived)
        return None if seconds is None or self.outlived > seconds + AGREEMENT_SECONDS else seconds

    def agreeing_with(self, seconds: float) -> int:
        """How many deaths speak for a limit of so many seconds."""
        return sum(abs(age - seconds) <= AGREEMENT_SECONDS for age in self.ended_at)


@dataclass(frozen=True, slots=True)
class LearnedLimits:
    """All that was learned; a value, and bounded in size."""

    by_group: Mapping[LimitGroup, LimitObservations] = field(default_factory=dict)
    """The most recently heard of last. Never changed."""
    limits: Mapping[LimitGroup, int] = field(default_factory=dict)
    """Of whom a limit is believed. The same object as long as nothing is learned or forgotten."""


NOTHING_LEARNED = LearnedLimits()


def learn(lessons: LearnedLimits, departures: Iterable[Departure], snapshot: Snapshot) -> LearnedLimits:
    """What is known after these departures, told once each, and with those still alive in `snapshot`."""
    survived = _longest_idle(snapshot)
    deaths: dict[LimitGroup, list[tuple[float, float]]] = {}
    for departure in departures:
        kin = limit_group(departure.verdict)
        age = departure.idle_seconds
        if kin is None or age is None:
            continue
        vague = departure.within + departure.verdict.session.idle_within
        survived[kin] = max(survived.get(kin, 0.0), age - vague)
        if may_show_a_limit(departure) and vague <= MAX_UNCERTAINTY_SECONDS:
            deaths.setdefault(kin, []).append((departure.at, age))
    if not survived:
        return lessons
    known = dict(lessons.by_group)
    for kin in sorted(survived):
        ages = [age for _at, age in sorted(deaths.get(kin, ()))]
        known[kin] = _observed(known.pop(kin, LimitObservations()), ages, survived[kin])
    for forgotten in [*known][: max(0, len(known) - MAX_GROUPS)]:
        del known[forgotten]
    limits = {kin: seconds for kin, lesson in known.items() if (seconds := lesson.limit) is not None}
    return LearnedLimits(known, lessons.limits if limits == lessons.limits else limits)


def limit_for(lessons: LearnedLimits, session: Session, inherited: Inherited) -> Limit | None:
    """The limit learned for a session that came under these globals; None where nothing is known, or it shows its own."""
    if session.own_limit is not None or inherited.wait_timeout is None:
        return None
    kin = LimitGroup(session.user, session.client_host, session.program or "", inherited.wait_timeout)
    seconds = lessons.limits.get(kin)
    if seconds is None:
        return None
    lesson = lessons.by_group[kin]
    return _learned_limit(_(LEARNED_FROM), kin, seconds, lesson.agreeing_with(seconds), len(lesson.ended_at))


def common_limit(deaths: Iterable[float]) -> int | None:
    """The whole second most of these idle ages agree on, the longest of equals; None below DEATHS of them.

    Limits are whole seconds, and never less than 1.

    >>> common_limit([600.2, 31.0, 599.7, 600.4]), common_limit([600.2, 599.7]), common_limit([600, 600, 600, 300, 300, 300])
    (600, None, 600)
    """
    votes = Counter(
        second
        for age in deaths
        for second in {ceil(age - AGREEMENT_SECONDS), floor(age + AGREEMENT_SECONDS)}
        if second >= 1
    )
    seconds, agreeing = max(votes.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
    return seconds if agreeing >= MIN_AGREEING else None


def _longest_idle(snapshot: Snapshot) -> dict[LimitGroup, float]:
    """How long one of each kin is certain to have idled by now."""
    return {
        kin: max(0.0, snapshot.taken_at - marks[0][0]) for kin, marks in snapshot.totals.idle_by_group.items()
    }


def _observed(lesson: LimitObservations, deaths: list[float], survived: float) -> LimitObservations:
    """Where the latest deaths agree on what another has outlived, the kin has no common limit: all is forgotten."""
    outlived = max(lesson.outlived, survived)
    known = (*lesson.ended_at, *deaths)
    latest = common_limit(known[-MIN_AGREEING:])
    if latest is not None and outlived > latest + AGREEMENT_SECONDS:
        known = ()
    return LimitObservations(known[-MAX_ENDS_KEPT:], outlived)


LEARNED_FROM = marked(
    "learned from {agreeing} of the last {deaths} sessions of {whose} that ended without a goodbye: they did at this idle "
    "age, and none was seen to outlive it; their own wait_timeout, or something on the way, closes them"
)


@lru_cache(maxsize=1024)
def _learned_limit(why: str, kin: LimitGroup, seconds: int, agreeing: int, deaths: int) -> Limit:
    """`why` is said already: what is kept here is of one language."""
    whose = f"{plain(kin.user, 60)}@{plain(kin.host, 60)}"
    program = f" ({plain(kin.program, 60)})" if kin.program else ""
    told = why.format(agreeing=agreeing, deaths=deaths, whose=whose + program)
    return Limit(seconds, "wait_timeout", Basis.LEARNED, told)
