"""Samples of one run of a server, in which most sessions stay as they are, and are the same objects."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from tests.property.facts import idle_clients, samples, sessions

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
