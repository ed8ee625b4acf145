"""A server's uptime that a step of the server's clock does not move.

Servers reckon Uptime by their wall clock, so setting that by an hour makes them look restarted, or an hour older.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from goneaway_tui.judge.runs import RESTART_TOLERANCE


def uptime_of(counters: Mapping[str, int]) -> float:
    """What the server says. One whose clock was set to before its start says it as an unsigned number below nothing.

    >>> uptime_of({"uptime": 9}), uptime_of({"uptime": 18446744073709548025}), uptime_of({})
    (9.0, -3591.0, 0.0)
    """
    told = counters.get("uptime", 0)
    return float(told - (1 << 64) if told >= 1 << 63 else told)


@dataclass(slots=True)
class SteadyUptime:
    """Of one server over one connection, which no restart outlives. Seconds all."""

    told: float
    """What the server said last."""
    at: float
    """When it did, on our clock."""
    stepped: float = 0.0
    """By how much its clock was set since the connection began."""

    def is_step(self, told: float, at: float) -> bool:
        """Whether the server says what no passing of time makes of what it said before."""
        return abs(told - self.now(at)) > RESTART_TOLERANCE

    def take(self, told: float, at: float) -> float:
        """Note what it says now; its uptime as our clock would have counted it."""
        if self.is_step(told, at):
            self.stepped += told - self.now(at)
        self.told, self.at = told, at
        return self.steady(at)

    def steady(self, at: float) -> float:
        """Its uptime then, as our clock counts it."""
        return max(0.0, self.now(at) - self.stepped)

    def now(self, at: float) -> float:
        """What the server would say now."""
        return self.told + (at - self.at)
