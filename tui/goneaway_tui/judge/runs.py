"""Whether two samples are of one run of one server."""

from __future__ import annotations

from goneaway_tui.model.sample import Sample

RESTART_TOLERANCE = 2.0
"""Seconds by which the start of a server may seem to move (Uptime counts whole seconds) before it is another start."""


def is_same_run(before: Sample, after: Sample) -> bool:
    """Whether both samples are of one run of one server.

    A restart moves a server's start to later, never to earlier: where it is surely the same server, an earlier start means
    that its clock was set.
    """
    one, other = before.server, after.server
    named = None not in {one.uid, other.uid}
    moved = (after.taken_at - other.uptime) - (before.taken_at - one.uptime)
    return (
        one.banner == other.banner
        and (one.uid == other.uid or not named)
        and other.uptime + RESTART_TOLERANCE >= one.uptime
        and (moved if named else abs(moved)) <= RESTART_TOLERANCE
    )
