"""A recording that was cut anywhere, or lost what lay beside it, gives all that is whole in what is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from goneaway_tui.errors import FileError
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.lines import Track
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import CHECKPOINT_SAMPLES, RecordingWriter
from tests.unit.source.recording.takes import SERVER_NAME, exact, read_back, record, same, takes

pytestmark = pytest.mark.long

SAMPLES = 40
RUN = 8
"""Samples of one run, and so of one segment."""
CUTS = 100


@pytest.fixture(scope="module")
def story() -> list[Snapshot]:
    return takes(SAMPLES, sessions=7)


@pytest.fixture(scope="module")
def whole(story: list[Snapshot], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "recording"
    for begin in range(0, SAMPLES, RUN):
        record(path, story[begin : begin + RUN])
    return path


def ends(path: Path) -> list[int]:
    """For each sample, in order, how much of the file must be there for it: up to the last byte of its and earlier pieces."""
    content, needed, found = path.read_bytes(), 0, []
    with closing(sqlite3.connect(path)) as database, database:
        rows = database.execute("SELECT at, body, track FROM piece ORDER BY id").fetchall()
    database.close()
    for at, body, track in rows:
        needed = max(needed, content.rindex(body) + len(body))
        if at is not None and track == Track.SAMPLES:
            found.append(needed)
    return found


said: list[str] = []
"""Every complaint about a file."""


@pytest.fixture(autouse=True)
def one_line_is_said() -> Iterator[None]:
    said.clear()
    yield
    assert not any("\n" in line for line in said)


def left_of(path: Path) -> list[Snapshot]:
    """What is read from a damaged file; nothing where something was said instead."""
    try:
        return read_back(path)
    except FileError as error:
        said.append(error.line)
        return []


def test_a_cut_recording_opens_up_to_its_last_whole_sample(
    whole: Path, story: list[Snapshot], tmp_path: Path
) -> None:
    content, path = whole.read_bytes(), tmp_path / "cut"
    needed = ends(whole)
    known = [repr(exact(snapshot)) for snapshot in story]
    rng = random.Random(1)
    cuts = [rng.randrange(len(content)) for _ in range(CUTS)]
    for cut in [0, 1, 99, 100, 4095, 4096, *needed, *(end - 1 for end in needed), *cuts]:
        path.write_bytes(content[:cut])
        left = [repr(exact(snapshot)) for snapshot in left_of(path)]
        whole_ones = sum(end <= cut for end in needed)

        assert known[:whole_ones] == left[:whole_ones], cut
        assert set(left) <= set(known), cut


def test_truncated_recording_is_reported_as_incomplete(whole: Path, tmp_path: Path) -> None:
    content, path = whole.read_bytes(), tmp_path / "cut"
    for size in (len(content), len(content) - 1, len(content) * 4 // 5):
        path.write_bytes(content[:size])
        with closing(Recording(path)) as recording:
            assert (size < len(content)) == recording.is_damaged


def test_recording_with_a_gap_reports_nothing_that_did_not_happen(
    whole: Path, story: list[Snapshot], tmp_path: Path
) -> None:
    content, path = whole.read_bytes(), tmp_path / "torn"
    known = {repr(exact(snapshot)) for snapshot in story}
    rng = random.Random(2)
    for _ in range(CUTS // 2):
        begin = rng.randrange(len(content))
        hole = rng.choice([rng.randbytes(rng.randrange(1, 64)), bytes(5000)])
        path.write_bytes((content[:begin] + hole + content[begin + len(hole) :])[: len(content)])

        assert {repr(exact(snapshot)) for snapshot in left_of(path)} <= known, begin


def test_a_hole_costs_no_more_than_what_follows_it_in_its_segment(
    whole: Path, story: list[Snapshot], tmp_path: Path
) -> None:
    path = tmp_path / "torn"
    with closing(sqlite3.connect(whole)) as database, database:
        (body,) = database.execute("SELECT body FROM piece WHERE at = ?", (story[20].taken_at,)).fetchone()
    database.close()
    path.write_bytes(whole.read_bytes().replace(body, b"\xff" * len(body)))

    assert same(story[:20] + story[24:], left_of(path))


def test_what_is_being_recorded_can_be_copied_without_what_lies_beside_it(
    story: list[Snapshot], tmp_path: Path
) -> None:
    """As a crash may leave it where the journal is lost: the last checkpoint is all there is."""
    path, copy = tmp_path / "recording", tmp_path / "copy"
    recorder = RecordingWriter(path, SERVER_NAME)
    for number, snapshot in enumerate(story, 1):
        recorder.record(snapshot)
        shutil.copyfile(path, copy)
        left = left_of(copy)

        assert len(left) >= number - number % CHECKPOINT_SAMPLES
        assert same(story[: len(left)], left)
    recorder.close()


KILLED = """
import sys
from collections.abc import Iterator
from pathlib import Path
from goneaway_tui.source.recording.writer import RecordingWriter
from tests.unit.source.recording.takes import takes

recorder = RecordingWriter(Path(sys.argv[1]), "db-01:3306")
for number, snapshot in enumerate(takes(1000), 1):
    recorder.record(snapshot)
    print(number, flush=True)
"""


def test_killed_recorder_loses_nothing_it_had_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, path],
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        cwd=Path(__file__).parents[4],
    ) as child:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(23)]
        child.send_signal(signal.SIGKILL)
        said += [int(line) for line in child.stdout.read().split()]
    left = read_back(path)

    assert len(left) in {said[-1], said[-1] + 1}
    assert same(takes(len(left)), left)

    record(path, takes(3))
    assert len(read_back(path)) == len(left) + 3


def test_a_file_that_forgets_can_be_cut_too(tmp_path: Path) -> None:
    """Its pages are in no order any more."""
    path, cut = tmp_path / "recording", tmp_path / "cut"
    story = takes(300, sessions=5)
    record(path, story, keep_bytes=100_000)
    content = path.read_bytes()
    known = {repr(exact(snapshot)) for snapshot in story}
    rng = random.Random(3)
    for _ in range(40):
        cut.write_bytes(content[: rng.randrange(len(content))])

        assert {repr(exact(snapshot)) for snapshot in left_of(cut)} <= known
