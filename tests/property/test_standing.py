"""What is kept up from snapshot to snapshot is what would be found by looking at everything anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from goneaway_tui.judge import Step, step
from goneaway_tui.judge.learning import NOTHING_LEARNED
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.model.tally import Tally
from tests.builders import NOW, a_sample
from tests.property.facts import idle_clients, policies, samples, sessions

ANYBODY = sessions | idle_clients
PASSES = st.sampled_from([0.0, 0.25, 1.0, 1.0, 5.0, 60.0, 540.0, 600.0, 3600.0, 28_800.0])


@st.composite
def streams(draw: st.DrawFn) -> list[Sample]:
    """Samples of one run of a server, in which most sessions stay as they are, and are the same objects."""
    first = draw(samples(ANYBODY))
    stream, crowd = [first], {session.id: session for session in first.sessions}
    for _ in range(draw(st.integers(1, 8))):
        passed = draw(PASSES)
        for number in draw(st.lists(st.integers(1, 6), max_size=2)):
            crowd[ProcesslistId(number)] = replace(draw(ANYBODY), id=ProcesslistId(number))
        for gone in draw(st.lists(st.sampled_from(sorted(crowd)), max_size=1)) if crowd else ():
            del crowd[gone]
        before = stream[-1]
        server = replace(before.server, uptime=before.server.uptime + passed)
        stream.append(
            replace(before, taken_at=before.taken_at + passed, server=server, sessions=tuple(crowd.values()))
        )
    return stream


def strangers(sample: Sample) -> Sample:
    """The same sample, of which nothing can be known to be as before."""
    return replace(sample, sessions=tuple(replace(session) for session in sample.sessions))


def looked_through(snapshot: Snapshot) -> Tally:
    return Snapshot(snapshot.sample, snapshot.verdicts).tally


def nonzero(tally: Tally) -> Tally:
    return replace(
        tally, risks={risk: n for risk, n in tally.risks.items() if n}, deadlines=list(tally.deadlines)
    )


@given(streams(), policies)
@settings(max_examples=300)
def test_what_is_kept_up_is_what_would_be_found(stream: list[Sample], policy: Policy) -> None:
    kept: Step | None = None
    anew: Step | None = None
    for sample in stream:
        kept = step(
            sample, kept.snapshot if kept else None, policy, kept.lessons if kept else NOTHING_LEARNED
        )
        anew = step(
            strangers(sample),
            anew.snapshot if anew else None,
            policy,
            anew.lessons if anew else NOTHING_LEARNED,
        )

        assert anew.snapshot == kept.snapshot
        assert (anew.departed, anew.opened, anew.lessons) == (kept.departed, kept.opened, kept.lessons)
        assert nonzero(looked_through(kept.snapshot)) == nonzero(kept.snapshot.tally)


@given(
    st.lists(idle_clients, min_size=1, max_size=4, unique_by=lambda session: session.id), st.floats(0, 4e7)
)
def test_a_verdict_holds_until_it_says(crowd: list[Session], later: float) -> None:
    """At any instant before, time alone has changed nothing."""
    sample = a_sample(crowd)
    first = step(sample).snapshot
    for verdict in first.verdicts:
        if NOW + later < verdict.until:
            server = replace(sample.server, uptime=sample.server.uptime + later)
            then = replace(strangers(sample), taken_at=NOW + later, server=server)
            again = step(then, first).snapshot.by_id[verdict.session.id]
            assert (verdict.risk, verdict.limit, verdict.outlived) == (
                again.risk,
                again.limit,
                again.outlived,
            )
