"""Recording and reading back are inverse, to the last bit."""

from __future__ import annotations

import json
import tempfile
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from goneaway_tui.judge.reuse_gaps import unpack_gaps
from goneaway_tui.model.as_json import UnfitRecord, pack, recorded_fields, unpacker
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import Limit, RiskThresholds, Snapshot, Verdict
from goneaway_tui.source.recording.database import LEAF, PAGE_BYTES, rows_in_pages
from goneaway_tui.source.recording.lines import (
    COLUMNS,
    SampleReader,
    SampleWriter,
    StreamReader,
    Track,
    departure_lines,
    short_departures,
    unpack_departure,
)
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from tests.builders import NOW
from tests.unit.source.recording.takes import SERVER_NAME, exact, same, takes

SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-3, 3) | st.integers(-(2**63), 2**64 - 1),
    float: st.sampled_from([0.0, -0.0, 600, 600.0, NOW]) | st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    str: st.sampled_from(["", "shop", "\ud800", "\0\n\x1b", '"[1]', "商店"]) | st.text(max_size=5),
    NoneType: st.none(),
}


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Whatever an annotation allows."""
    if isinstance(hint, NewType):
        return anything(hint.__supertype__)
    if hint in SCALARS:
        return SCALARS[hint]
    origin, of = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.one_of(*map(anything, of))
    if origin is frozenset:
        return st.frozensets(anything(of[0]), max_size=2)
    if origin is tuple:
        return (
            st.lists(anything(of[0]), max_size=2).map(tuple)
            if of[-1] is Ellipsis
            else st.tuples(*map(anything, of))
        )
    if is_dataclass(hint):
        fact: Any = hint
        hints = get_type_hints(fact)
        return st.builds(fact, **{field.name: anything(hints[field.name]) for field in recorded_fields(fact)})
    assert issubclass(hint, Enum)
    return st.sampled_from(hint)


def changed(verdict: Verdict, other: Verdict, names: frozenset[str]) -> Verdict:
    """One session as it might be in the next sample: some of it from another, the id its own."""
    session = verdict.session
    parts = {f.name: getattr(other.session if f.name in names else session, f.name) for f in fields(session)}
    mixed = {f.name: getattr(other if f.name in names else verdict, f.name) for f in recorded_fields(Verdict)}
    return Verdict(**{**mixed, "session": type(session)(**{**parts, "id": session.id})})


NAMES = [f.name for fact in (Verdict, type(takes(1)[0].verdicts[0].session)) for f in recorded_fields(fact)]


@st.composite
def stories(draw: st.DrawFn) -> list[Snapshot]:
    """Snapshots in which sessions come, go, change, change places, and now and then share an id."""
    people = draw(st.lists(anything(Verdict), min_size=1, max_size=4))
    samples = draw(st.lists(anything(Sample), min_size=1, max_size=2))
    story = []
    for _ in range(draw(st.integers(1, 5))):
        names = st.frozensets(st.sampled_from(NAMES), max_size=3)
        someone = st.sampled_from(people)
        crowd = draw(st.lists(someone | st.builds(changed, someone, someone, names), max_size=5))
        people += crowd
        head = draw(st.sampled_from(samples))
        sample = Sample(
            **{
                **{f.name: getattr(head, f.name) for f in fields(Sample)},
                "sessions": tuple(v.session for v in crowd),
            }
        )
        story.append(Snapshot(sample, tuple(crowd), draw(anything(RiskThresholds))))
    return story


@settings(max_examples=20)
@given(stories())
def test_a_story_is_read_as_it_was_written(story: list[Snapshot]) -> None:
    writer = SampleWriter(statements=True)
    reader = SampleReader(COLUMNS[Track.SAMPLES])
    for snapshot in story:
        reader.follow(json.loads(writer.line(snapshot)))

        assert same([snapshot], [reader.snapshot()])


@settings(max_examples=15)
@given(stories())
def test_only_the_snapshot_asked_for_is_built(story: list[Snapshot]) -> None:
    writer = SampleWriter(statements=True)
    reader = SampleReader(COLUMNS[Track.SAMPLES])
    for snapshot in story:
        reader.follow(json.loads(writer.line(snapshot)))

    assert same(story[-1:], [reader.snapshot()])


@settings(max_examples=20)
@given(st.lists(st.lists(anything(Departure), max_size=3), max_size=3))
def test_departures_are_read_as_they_were_written(lines: list[list[Departure]]) -> None:
    assert exact([tuple(line) for line in lines]) == exact(
        [
            tuple(
                found
                for text in departure_lines(line, statements=True).splitlines()
                for found in map(unpack_departure, json.loads(text))
            )
            for line in lines
        ]
    )


@given(st.sampled_from([Snapshot, Departure, Limit]), st.data())
def test_a_fact_is_unpacked_as_it_was_packed(fact: Any, data: st.DataObject) -> None:
    value = data.draw(anything(fact))

    assert exact(value) == exact(unpacker(fact)(json.loads(json.dumps(pack(value)))))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=20,
)


@given(JSON)
def test_nothing_but_a_misfit_comes_of_what_no_recorder_wrote(raw: Any) -> None:
    samples = SampleReader(COLUMNS[Track.SAMPLES])
    streams = [StreamReader(1, track)._open for track in Track]
    for read in (
        samples.follow,
        *streams,
        short_departures,
        unpack_departure,
        unpack_gaps,
        unpacker(Snapshot),
    ):
        try:
            read(raw)
        except UnfitRecord:
            continue


NUMBERS = st.lists(st.integers(-2, 40) | st.none() | st.just(["x"]), max_size=4)


@given(
    st.lists(st.tuples(st.none() | st.lists(NUMBERS, max_size=6), st.lists(NUMBERS, max_size=6)), max_size=4)
)
def test_no_line_leads_out_of_the_sessions(lines: list[tuple[Any, Any]]) -> None:
    reader = SampleReader(COLUMNS[Track.SAMPLES])
    reader.follow(json.loads(SampleWriter(statements=True).line(takes(1)[0])))
    for runs, changes in lines:
        try:
            reader.follow([{}, runs, changes])
            reader.snapshot()
        except UnfitRecord:
            return


@settings(max_examples=15)
@given(stories())
def test_a_file_gives_the_very_snapshots(story: list[Snapshot]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording")
        recorder = RecordingWriter(path, SERVER_NAME)
        timely = [
            Snapshot(
                Sample(
                    **{
                        **{f.name: getattr(s.sample, f.name) for f in fields(Sample)},
                        "taken_at": NOW + number,
                    }
                ),
                s.verdicts,
                s.policy,
            )
            for number, s in enumerate(story)
        ]
        for snapshot in timely:
            recorder.record(snapshot)
        recorder.close()
        recording = Recording(path)

        assert same(timely, list(recording.snapshots()))
        assert same(timely, [recording.snapshot_at(snapshot.taken_at) for snapshot in timely])
        recording.close()


@given(st.binary(max_size=300), st.integers(0, 2), st.lists(st.integers(0, 400), max_size=8))
def test_pages_of_anything_give_rows_of_the_right_form_or_none(
    content: bytes, pages: int, pointers: list[int]
) -> None:
    table = bytes([LEAF, 0, 0]) + len(pointers).to_bytes(2) + bytes(3)
    page = table + b"".join(pointer.to_bytes(2) for pointer in pointers) + content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording")
        path.write_bytes(bytes(PAGE_BYTES) * pages + page)
        for row_id, segment, track, at, seal, body in rows_in_pages(path):
            assert {int} == {type(row_id), type(segment), type(track), type(seal)}
            assert isinstance(at, float | None)
            assert isinstance(body, bytes)
