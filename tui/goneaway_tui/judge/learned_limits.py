"""Limits learned from how long similar sessions were idle when they ended, where a server shows no session's own limit.

A session of MariaDB may have its own `wait_timeout`, or be interactive, and the server does not show which. But sessions of one
user, host and program under one global value (a limit group) usually have the same limit. Where three of them ended at one idle
time that no session of the group has outlived, that time is their limit. It is forgotten as soon as a session outlives it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, floor
from typing import TYPE_CHECKING

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import (
    Basis,
    GlobalLimits,
    Limit,
    LimitGroup,
    Snapshot,
    limit_group,
)
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.model.departure import Departure

AGREEMENT_SECONDS = 0.5
"""Seconds by which an end may differ from the limit it agrees on. A sample a second dates an end to half a second, and
MariaDB's pool-of-threads closes up to half a second late."""
MIN_AGREEING = 3
"""How many ends must agree."""
MAX_UNCERTAINTY_SECONDS = 1.0
"""Half-width in seconds above which the idle time at an end is too uncertain to count."""
MAX_ENDS_KEPT = 64
"""How many ends are kept of each group, the latest."""
MAX_GROUPS = 4096
"""How many groups are kept; the group without news for longest is forgotten first."""
CAUSES_OF_A_LIMIT = frozenset({Cause.IDLE_TIMEOUT, Cause.CLIENT_LOST, Cause.UNKNOWN})
"""Causes behind which a limit may be: the idle timeout, and ends without COM_QUIT that nothing explains."""


def may_show_a_limit(departure: Departure) -> bool:
    """Whether a limit may have ended the session: not where the server itself confirms another cause."""
    is_confirmed_otherwise = (
        departure.certainty is Certainty.CONFIRMED and departure.cause is not Cause.IDLE_TIMEOUT
    )
    return departure.cause in CAUSES_OF_A_LIMIT and not is_confirmed_otherwise


@dataclass(frozen=True, slots=True)
class LimitObservations:
    """What was observed of one limit group."""

    ended_at: tuple[float, ...] = ()
    """How many seconds its sessions had been idle when they ended, the latest last."""
    outlived: float = 0.0
    """The longest time in seconds that one of its sessions has certainly been idle without being closed."""

    @property
    def limit(self) -> int | None:
        """The whole second that most ends agree on, if MIN_AGREEING or more do and no session has outlived it; else None."""
        seconds = common_limit(s for s in self.ended_at if s + 2 * AGREEMENT_SECONDS >= self.outlived)
        return None if seconds is None or self.outlived > seconds + AGREEMENT_SECONDS else seconds

    def agreeing_with(self, seconds: float) -> int:
        """How many ends agree with a limit of `seconds`."""
        return sum(abs(idle_seconds - seconds) <= AGREEMENT_SECONDS for idle_seconds in self.ended_at)


@dataclass(frozen=True, slots=True)
class LearnedLimits:
    """Everything learned so far: a value, bounded in size."""

    by_group: Mapping[LimitGroup, LimitObservations] = field(default_factory=dict)
    """The group with the latest news last. Never changed."""
    limits: Mapping[LimitGroup, int] = field(default_factory=dict)
    """The groups whose limit is known. The same object as long as nothing is learned or forgotten."""


NOTHING_LEARNED = LearnedLimits()


def learn(learned: LearnedLimits, departures: Iterable[Departure], snapshot: Snapshot) -> LearnedLimits:
    """What is known after `departures`, each handed in once, and with the sessions still open in `snapshot`."""
    outlived = _longest_idle(snapshot)
    ends: dict[LimitGroup, list[tuple[float, float]]] = {}
    for departure in departures:
        group = limit_group(departure.verdict)
        idle_seconds = departure.idle_seconds
        if group is None or idle_seconds is None:
            continue
        uncertainty = departure.within + departure.verdict.session.idle_within
        outlived[group] = max(outlived.get(group, 0.0), idle_seconds - uncertainty)
        if may_show_a_limit(departure) and uncertainty <= MAX_UNCERTAINTY_SECONDS:
            ends.setdefault(group, []).append((departure.at, idle_seconds))
    if not outlived:
        return learned
    by_group = dict(learned.by_group)
    for group in sorted(outlived):
        ended_at = [idle_seconds for _at, idle_seconds in sorted(ends.get(group, ()))]
        by_group[group] = _observed(by_group.pop(group, LimitObservations()), ended_at, outlived[group])
    for group in [*by_group][: max(0, len(by_group) - MAX_GROUPS)]:
        del by_group[group]
    limits = {group: limit for group, known in by_group.items() if (limit := known.limit) is not None}
    return LearnedLimits(by_group, learned.limits if limits == learned.limits else limits)


def limit_for(learned: LearnedLimits, session: Session, inherited: GlobalLimits) -> Limit | None:
    """The limit learned for a session that copied these globals; None where none is known, or the server shows its own."""
    if session.own_limit is not None or inherited.wait_timeout is None:
        return None
    group = LimitGroup(session.user, session.client_host, session.program or "", inherited.wait_timeout)
    seconds = learned.limits.get(group)
    if seconds is None:
        return None
    observations = learned.by_group[group]
    number = len(observations.ended_at)
    return _learned_limit(_(LEARNED_FROM), group, seconds, observations.agreeing_with(seconds), number)


def common_limit(ended_at: Iterable[float]) -> int | None:
    """The whole second that most of these idle times agree on, the longest of equals; None below MIN_AGREEING of them.

    Limits are whole seconds, and never less than 1.

    >>> common_limit([600.2, 31.0, 599.7, 600.4]), common_limit([600.2, 599.7]), common_limit([600, 600, 600, 300, 300, 300])
    (600, None, 600)
    """
    votes = Counter(
        second
        for idle_seconds in ended_at
        for second in {ceil(idle_seconds - AGREEMENT_SECONDS), floor(idle_seconds + AGREEMENT_SECONDS)}
        if second >= 1
    )
    seconds, agreeing = max(votes.items(), key=lambda vote: (vote[1], vote[0]), default=(0, 0))
    return seconds if agreeing >= MIN_AGREEING else None


def _longest_idle(snapshot: Snapshot) -> dict[LimitGroup, float]:
    """How many seconds one session of each group has certainly been idle by now."""
    return {
        group: max(0.0, snapshot.taken_at - instants[0][0])
        for group, instants in snapshot.totals.idle_by_group.items()
    }


def _observed(before: LimitObservations, ended_at: list[float], outlived: float) -> LimitObservations:
    """The observations with later ones added.

    Where the latest ends agree on a time that another session has outlived, the group has no common limit: all is forgotten.
    """
    outlived = max(before.outlived, outlived)
    ends = (*before.ended_at, *ended_at)
    latest = common_limit(ends[-MIN_AGREEING:])
    if latest is not None and outlived > latest + AGREEMENT_SECONDS:
        ends = ()
    return LimitObservations(ends[-MAX_ENDS_KEPT:], outlived)


LEARNED_FROM = N_(
    "learned from {agreeing} of the last {ends} sessions of {group} that ended without COM_QUIT: they ended at this "
    "idle time, and no session was seen to be idle for longer; their own wait_timeout, or something on the network "
    "path, closes them"
)


@lru_cache(maxsize=1024)
def _learned_limit(why: str, group: LimitGroup, seconds: int, agreeing: int, ends: int) -> Limit:
    """`why` is translated already: the cache holds texts of one language."""
    account = f"{plain(group.user, 60)}@{plain(group.host, 60)}"
    program = f" ({plain(group.program, 60)})" if group.program else ""
    text = why.format(agreeing=agreeing, ends=ends, group=account + program)
    return Limit(seconds, "wait_timeout", Basis.LEARNED, text)
