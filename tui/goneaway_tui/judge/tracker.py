"""From one sample to the next: the new snapshot, and what happened in between."""

from __future__ import annotations

from dataclasses import dataclass, replace

from goneaway_tui.judge.deadline import verdict_on
from goneaway_tui.judge.departures import find_departures
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED, LearnedLimits, learn
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample, is_same_run
from goneaway_tui.model.snapshot import Inherited, Policy, Snapshot, Verdict


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A global variable that somebody has set."""

    variable: str
    old: int | float | None
    new: int | float | None


@dataclass(frozen=True, slots=True)
class Step:
    """A snapshot, and what happened since the one before; nothing where there was none."""

    snapshot: Snapshot
    departed: tuple[Departure, ...] = ()
    opened: tuple[Verdict, ...] = ()
    changes: tuple[VariableChange, ...] = ()
    restarted: bool = False
    """The server is another run than before: its session ids have begun anew."""
    learned_limits: LearnedLimits = NOTHING_LEARNED
    """What is known after it of limits no session shows; to be handed to the next."""


def track(
    sample: Sample,
    previous: Snapshot | None = None,
    policy: Policy | None = None,
    learned_limits: LearnedLimits = NOTHING_LEARNED,
    server_name: str = "",
) -> Step:
    """Judge a sample and tell it from the one before."""
    snapshot = judge(sample, previous, policy, learned_limits, server_name)
    if previous is None:
        return Step(snapshot, learned_limits=learn(learned_limits, (), snapshot))
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
    policy: Policy | None = None,
    learned_limits: LearnedLimits = NOTHING_LEARNED,
    server_name: str = "",
) -> Snapshot:
    """Give every session in the sample a verdict.

    `previous` is what was known one reading ago: sessions keep the limits they were born with, and what outlived
    its limit stays disproved. A snapshot of another server run is ignored: session ids start over with it.
    `server_name` says which of several it is; `previous` is of the same.
    """
    policy = policy or Policy()
    current, now = Inherited.from_sample(sample), sample.taken_at
    if previous is None or not is_same_run(previous.sample, sample):
        fresh = tuple(
            verdict_on(s, now, current, None, policy, learned_limits, server_name) for s in sample.sessions
        )
        return Snapshot(sample, fresh, policy, learned_limits=learned_limits.limits, server_name=server_name)
    known = previous.by_id
    holds = policy == previous.policy and learned_limits.limits is previous.learned_limits
    verdicts, came, went = [], [], []
    for session in sample.sessions:
        before = known.get(session.id)
        if before is not None and before.session is session and now < before.unchanged_until and holds:
            verdicts.append(before)
            continue
        verdict = verdict_on(session, now, current, before, policy, learned_limits, server_name)
        verdicts.append(verdict)
        came.append(verdict)
        if before is not None:
            went.append(before)
    snapshot = Snapshot(
        sample, tuple(verdicts), policy, learned_limits=learned_limits.limits, server_name=server_name
    )
    went += [known[number] for number in known.keys() - snapshot.by_id.keys()]
    return replace(snapshot, updated_totals=previous.totals.updated(went, came))
