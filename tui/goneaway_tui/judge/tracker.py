"""The step from one sample to the next: the new snapshot, the sessions that ended or opened, the variables that changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from goneaway_tui.judge.deadline import verdict_on
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED, LearnedLimits, learn
from goneaway_tui.model.blocking import lock_states
from goneaway_tui.model.sample import Sample, is_same_run
from goneaway_tui.model.snapshot import GlobalLimits, RiskThresholds, Snapshot, Verdict

if TYPE_CHECKING:
    from goneaway_tui.model.departure import Departure


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A global variable with another value than in the sample before."""

    variable: str
    old: int | float | None
    new: int | float | None


@dataclass(frozen=True, slots=True)
class Step:
    """A snapshot, and what changed since the one before; empty where there was none."""

    snapshot: Snapshot
    departed: tuple[Departure, ...] = ()
    opened: tuple[Verdict, ...] = ()
    changes: tuple[VariableChange, ...] = ()
    restarted: bool = False
    """The server has restarted: its session ids start over."""
    learned_limits: LearnedLimits = NOTHING_LEARNED
    """Limits learned so far, which no server shows; hand them to the next `track`."""


def track(
    sample: Sample,
    previous: Snapshot | None = None,
    policy: RiskThresholds | None = None,
    learned_limits: LearnedLimits = NOTHING_LEARNED,
    server_name: str = "",
) -> Step:
    """Judge a sample and compare it with the snapshot before."""
    snapshot = judge(sample, previous, policy, learned_limits, server_name)
    if previous is None:
        return Step(snapshot, learned_limits=learn(learned_limits, (), snapshot))
    # imported here: a single snapshot does not need it
    from goneaway_tui.judge.departures import find_departures

    restarted = not is_same_run(previous.sample, sample)
    opened = snapshot.by_id.keys() - (frozenset() if restarted else previous.by_id.keys())
    before = {v.name: v.value for v in previous.sample.variables}
    departed = find_departures(previous, snapshot)
    return Step(
        snapshot,
        departed,
        tuple(v for v in map(snapshot.by_id.__getitem__, sorted(opened)) if not v.session.own),
        tuple(
            VariableChange(v.name, before[v.name], v.value)
            for v in sample.variables
            if v.name in before and before[v.name] != v.value
        ),
        restarted,
        learn(learned_limits, departed, snapshot),
    )


def judge(
    sample: Sample,
    previous: Snapshot | None = None,
    policy: RiskThresholds | None = None,
    learned_limits: LearnedLimits = NOTHING_LEARNED,
    server_name: str = "",
) -> Snapshot:
    """Give every session in the sample a verdict.

    `previous`: the snapshot before, of the same server. Sessions keep the limits they copied when they connected, and what
    outlived its limit stays disproved. A snapshot of another server run is ignored: session ids start over with it.
    `server_name`: which of several servers it is.
    """
    policy = policy or RiskThresholds()
    if previous is not None and not is_same_run(previous.sample, sample):
        previous = None
    current, now = GlobalLimits.from_sample(sample), sample.taken_at
    known = {} if previous is None else previous.by_id
    is_unchanged = previous is not None and _judges_alike(previous, current, policy, learned_limits)
    states, other_state = lock_states(sample.blocking())
    verdicts, added, removed = [], [], []
    for session in sample.sessions:
        before = known.get(session.id)
        locks = states.get(session.id, other_state)
        if (
            before is not None
            and before.session is session
            and now < before.unchanged_until
            and is_unchanged
            and (before.locks is locks or before.locks == locks)
        ):
            verdicts.append(before)
            continue
        verdict = verdict_on(session, now, current, before, policy, learned_limits, server_name, locks)
        verdicts.append(verdict)
        added.append(verdict)
        if before is not None:
            removed.append(before)
    snapshot = Snapshot(
        sample, tuple(verdicts), policy, learned_limits=learned_limits.limits, server_name=server_name
    )
    if previous is None:
        return snapshot
    removed += [known[number] for number in known.keys() - snapshot.by_id.keys()]
    return replace(
        snapshot,
        updated_totals=previous.totals.updated(removed, added),
        removed=tuple(removed),
        added=tuple(added),
    )


def _judges_alike(
    previous: Snapshot, current: GlobalLimits, policy: RiskThresholds, learned_limits: LearnedLimits
) -> bool:
    """Whether a verdict of the snapshot before still holds of a session that is the same."""
    return (
        policy == previous.policy
        and learned_limits.limits is previous.learned_limits
        and current == GlobalLimits.from_sample(previous.sample)
    )
