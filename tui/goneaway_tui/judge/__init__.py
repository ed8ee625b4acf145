"""Judgement: which session will be closed, when, and how sure we are. Pure functions, model to model."""

from __future__ import annotations

from goneaway_tui.judge.deadline import verdict_on
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import Inherited, Policy, Snapshot

RESTART_TOLERANCE = 2.0
"""Seconds by which the start of a server may seem to move (Uptime counts whole seconds) before it is another start."""


def judge(sample: Sample, previous: Snapshot | None = None, policy: Policy | None = None) -> Snapshot:
    """Give every session in the sample a verdict.

    `previous` is what was known one reading ago: sessions keep the limits they were born with, and what outlived
    its limit stays disproved. A snapshot of another server run is ignored: session ids start over with it.
    """
    policy = policy or Policy()
    known = {}
    if previous is not None and is_same_run(previous.sample, sample):
        known = {v.session.id: v for v in previous.verdicts}
    current = Inherited.of(sample)
    return Snapshot(
        sample,
        tuple(verdict_on(s, sample.taken_at, current, known.get(s.id), policy) for s in sample.sessions),
        policy,
    )


def is_same_run(before: Sample, after: Sample) -> bool:
    """Whether both samples are of one run of one server."""
    started_before = before.taken_at - before.server.uptime
    started_after = after.taken_at - after.server.uptime
    return (
        before.server.banner == after.server.banner
        and after.server.uptime + RESTART_TOLERANCE >= before.server.uptime
        and abs(started_after - started_before) <= RESTART_TOLERANCE
    )
