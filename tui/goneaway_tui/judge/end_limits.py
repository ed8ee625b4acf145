"""Which limit ended a session by a timeout, and whether it is a global limit that is still in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from goneaway_tui.judge.absence import EARLY
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import OF_TRANSACTIONS, Basis, Limit, Verdict

HIDDEN: Mapping[Cause, tuple[str, ...]] = {
    Cause.IDLE_TIMEOUT: ("interactive_timeout",),
    Cause.TRANSACTION_TIMEOUT: OF_TRANSACTIONS,
}
"""Global limits that a session may have without any server's showing it, by what they end."""


class Whose(Enum):
    """Where a limit came from."""

    GLOBAL = "global"
    """It equals the global value that is in force now."""
    EARLIER_GLOBAL = "earlier global"
    """It equals the global value when the session was first seen, which is not the value now."""
    OWN = "own"
    """No global value that was seen equals it: the session set it, or copied a global value from before."""
    UNKNOWN = "unknown"
    """The server does not show it: the idle time at the end is all that is known."""


@dataclass(frozen=True, slots=True)
class EndLimit:
    """A limit that ended a session."""

    seconds: float
    """Where `whose` is UNKNOWN: how long the session had been idle, so that the limit was no longer."""
    variable: str | None
    """None where that is not known."""
    whose: Whose


def end_limit(departure: Departure, limits: Mapping[str, float]) -> EndLimit | None:
    """What ended a session by a timeout; None where no timeout did, or neither its limit nor its idle time is known.

    `limits` are the global values in force now, in seconds.
    """
    hidden = HIDDEN.get(departure.cause)
    if hidden is None:
        return None
    verdict, limit, idle = departure.verdict, departure.verdict.limit, departure.idle_seconds
    slack = departure.within + EARLY + verdict.session.idle_within
    if (
        limit is not None
        and limit.basis is not Basis.DISPROVED
        and (limit.basis is Basis.OWN or idle is None or idle >= limit.seconds - slack)
    ):
        return _known(limit, verdict, limits)
    if idle is None:
        return None
    for name in hidden:
        seconds = limits.get(name)
        if seconds and abs(idle - seconds) <= slack:
            return EndLimit(seconds, name, Whose.GLOBAL)
    return EndLimit(idle, None, Whose.UNKNOWN)


def _known(limit: Limit, verdict: Verdict, limits: Mapping[str, float]) -> EndLimit:
    name, seconds = limit.variable, limit.seconds
    if seconds == limits.get(name):
        return EndLimit(seconds, name, Whose.GLOBAL)
    if limit.basis is Basis.ASSUMED or seconds == verdict.inherited.wait_timeout:
        return EndLimit(seconds, name, Whose.EARLIER_GLOBAL)
    if name == "wait_timeout" and seconds == limits.get("interactive_timeout"):
        return EndLimit(seconds, "interactive_timeout", Whose.GLOBAL)
    return EndLimit(seconds, name, Whose.OWN)


def shortest_end(departures: Iterable[Departure], limits: Mapping[str, float]) -> EndLimit | None:
    """The shortest limit that ended any of them by idling; None where that is not known of one."""
    ends = (end_limit(each, limits) for each in departures if each.cause is Cause.IDLE_TIMEOUT)
    return min((each for each in ends if each is not None), key=lambda each: each.seconds, default=None)
