"""The idle clock where a server tells whole seconds only."""

from __future__ import annotations

import math

from goneaway_tui.source.timebase import Timebase

TIME_ERROR = 1.0
"""What whole seconds from a command's start may be wrong by, when nothing better is to be had."""


def by_whole_seconds(
    seconds: int, taken_at: float, wall: Timebase, uptime: float = math.inf
) -> tuple[float | None, float]:
    """The idle clock from TIME alone: it began in that second of the server's clock. None where TIME is absurd.

    A session that ran SET timestamp shows a TIME in the past or future of its own making; no session is older than
    its server (`uptime` seconds, as far as known), and none idles in the future. What `wall` has not been set by cannot be placed.
    """
    if not 0 <= seconds <= min(OLDEST, uptime + 2 * TIME_ERROR) or not wall.is_set:
        return None, TIME_ERROR
    second_began = int(taken_at - wall.offset) - seconds + 0.5
    return min(taken_at, wall.local(second_began)), TIME_ERROR


OLDEST = 366 * 86_400 * 20 - 1
"""Seconds beyond which a TIME is nobody's age, however old the server says it is."""
