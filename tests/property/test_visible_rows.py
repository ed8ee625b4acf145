"""What is kept up from snapshot to snapshot is what would be found by looking at everything anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from goneaway_tui.judge import Step, track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot, SnapshotTotals
from tests.builders import NOW, a_sample
from tests.property.facts import idle_clients, policies
from tests.property.streams import streams


def strangers(sample: Sample) -> Sample:
    """The same sample, of which nothing can be known to be as before."""
    return replace(sample, sessions=tuple(replace(session) for session in sample.sessions))


def looked_through(snapshot: Snapshot) -> SnapshotTotals:
    return Snapshot(snapshot.sample, snapshot.verdicts).totals


def nonzero(tally: SnapshotTotals) -> SnapshotTotals:
    return replace(
        tally, risks={risk: n for risk, n in tally.risks.items() if n}, deadlines=list(tally.deadlines)
    )


@given(streams(), policies)
@settings(max_examples=100)
def test_what_is_kept_up_is_what_would_be_found(stream: list[Sample], policy: RiskThresholds) -> None:
    kept: Step | None = None
    anew: Step | None = None
    for sample in stream:
        kept = track(
            sample, kept.snapshot if kept else None, policy, kept.learned_limits if kept else NOTHING_LEARNED
        )
        anew = track(
            strangers(sample),
            anew.snapshot if anew else None,
            policy,
            anew.learned_limits if anew else NOTHING_LEARNED,
        )

        assert anew.snapshot == kept.snapshot
        assert (anew.departed, anew.opened, anew.learned_limits) == (
            kept.departed,
            kept.opened,
            kept.learned_limits,
        )
        assert nonzero(looked_through(kept.snapshot)) == nonzero(kept.snapshot.totals)


@given(
    st.lists(idle_clients, min_size=1, max_size=4, unique_by=lambda session: session.id), st.floats(0, 4e7)
)
def test_verdict_is_valid_until_its_stated_instant(crowd: list[Session], later: float) -> None:
    """At any instant before, time alone has changed nothing."""
    sample = a_sample(crowd)
    first = track(sample).snapshot
    for verdict in first.verdicts:
        if NOW + later < verdict.unchanged_until:
            server = replace(sample.server, uptime=sample.server.uptime + later)
            then = replace(strangers(sample), taken_at=NOW + later, server=server)
            again = track(then, first).snapshot.by_id[verdict.session.id]
            assert (verdict.risk, verdict.limit, verdict.outlived) == (
                again.risk,
                again.limit,
                again.outlived,
            )
