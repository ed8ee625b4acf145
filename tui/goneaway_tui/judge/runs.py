"""Whether two samples are of one run of one server."""

from __future__ import annotations

from goneaway_tui.model.sample import Sample

RESTART_TOLERANCE = 2.0
"""Seconds by which the start of a server may seem to move (Uptime counts whole seconds) before it is another start."""


def is_same_run(before: Sample, after: Sample) -> bool:
    """Whether both samples are of one run of one server."""
    started_before = before.taken_at - before.server.uptime
    started_after = after.taken_at - after.server.uptime
    return (
        before.server.banner == after.server.banner
        and after.server.uptime + RESTART_TOLERANCE >= before.server.uptime
        and abs(started_after - started_before) <= RESTART_TOLERANCE
    )
