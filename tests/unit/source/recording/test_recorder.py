"""What is recorded, what is kept of it, and what is said where that is not possible."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.errors import FileError
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Limit
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import KEPT_SEGMENTS, SEGMENT_SAMPLES, RecordingWriter
from tests.builders import NOW, a_session, a_snapshot
from tests.unit.source.recording.takes import (
    SERVER_NAME,
    a_departure,
    a_long_take,
    a_take,
    exact,
    read_back,
    record,
    same,
    takes,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording"


def test_a_recording_is_one_file_for_its_owner(path: Path) -> None:
    record(path, takes(3))

    assert [path] == [*path.parent.iterdir()]
    assert 0o600 == path.stat().st_mode & 0o777


def test_while_it_is_written_all_its_files_are_for_their_owner(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME)
    recorder.record(a_take(0))

    assert {0o600} == {each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    recorder.close()


def test_more_than_one_segment_is_read_through(path: Path) -> None:
    story = [a_take(step) for step in range(2 * SEGMENT_SAMPLES + 7)]
    record(path, story)

    assert same(story, read_back(path))


def test_an_existing_recording_is_continued(path: Path) -> None:
    record(path, takes(3))
    record(path, [a_take(10)])

    assert same([*takes(3), a_take(10)], read_back(path))


def test_two_may_record_into_one_file(path: Path) -> None:
    one, other = RecordingWriter(path, "db-01"), RecordingWriter(path, "db-02")
    for step in range(0, 20, 2):
        one.record(a_take(step))
        other.record(a_take(step + 1))
    one.close()
    other.close()
    recording = Recording(path)

    assert all(same([a_take(step)], [recording.snapshot_at(NOW + step)]) for step in range(20))
    assert "db-02" == recording.server_name
    recording.close()


def test_waits_for_locks_are_recorded_and_whether_they_are_known(path: Path) -> None:
    wait = LockWait(
        ProcesslistId(2), (ProcesslistId(1),), Lock(LockKind.ROW, "shop.cart", None, "X"), NOW - 2
    )
    sessions = [a_session(id=1), a_session(id=2, command="Query", busy_since=NOW - 2.5)]
    known = a_snapshot(sessions, lock_waits=(wait,))
    free, unknown = (
        a_snapshot(sessions, taken_at=NOW + each, lock_waits=waits) for each, waits in ((1, ()), (2, None))
    )
    record(path, [known, free, unknown])

    assert same([known, free, unknown], read_back(path))
    assert [{1: 1}, {}, None] == [each.blocking and dict(each.blocking.blocks) for each in read_back(path)]


def test_statements_stay_out_of_it(path: Path) -> None:
    story = takes(30)
    recorder = RecordingWriter(path, SERVER_NAME, statements=False)
    for snapshot in story:
        recorder.record(snapshot, [replace(a_departure(7), verdict=snapshot.verdicts[-2])])
    recorder.close()
    recording = Recording(path)
    back = [*recording.snapshots()]
    departed = recording.departures_between(0, NOW + 99)

    assert any(verdict.session.statement for snapshot in story for verdict in snapshot.verdicts)
    assert {None} == {v.session.statement for s in back for v in s.verdicts} | {
        d.verdict.session.statement for d in departed
    }
    assert [s.sample.counters for s in story] == [s.sample.counters for s in back]
    recording.close()


def test_why_a_limit_is_what_it_is_is_recorded_when_it_alone_changes(path: Path) -> None:
    first = a_take(0, number=1)
    (verdict,) = first.verdicts
    assert verdict.limit is not None
    told = replace(verdict, limit=Limit(**{**_fields(verdict.limit), "why": "learned otherwise"}))
    story = [first, replace(first, sample=replace(first.sample, taken_at=NOW + 1), verdicts=(told,))]
    record(path, story)

    assert "learned otherwise" == read_back(path)[1].verdicts[0].limit.why  # type: ignore[union-attr]
    assert same(story, read_back(path))


def _fields(limit: Limit) -> dict[str, Any]:
    return {"seconds": limit.seconds, "variable": limit.variable, "basis": limit.basis, "why": limit.why}


@pytest.mark.parametrize("name", [b"a b%20#c?mode=rw", b"\xff\xfe", "商店".encode(), b"-wal"])
def test_any_name_will_do(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    record(path, [a_take(0)])

    assert same([a_take(0)], read_back(path))
    assert [path] == [*tmp_path.iterdir()]


# --- Keeping


@pytest.mark.parametrize("most", [120_000, 300_000])
def test_a_file_never_grows_beyond_what_is_kept(path: Path, most: int) -> None:
    recorder = RecordingWriter(path, SERVER_NAME, keep_bytes=most)
    for step in range(500):
        recorder.record(a_long_take(step))
        assert path.stat().st_size <= most
    recorder.close()
    left = read_back(path)

    assert path.stat().st_size <= most
    assert 10 < len(left) < 500
    assert [a_long_take(step) for step in range(500 - len(left), 500)] == left


def test_what_is_kept_of_a_larger_file_is_its_end(path: Path) -> None:
    record(path, [a_long_take(step) for step in range(200)])
    assert path.stat().st_size > 150_000
    record(path, [a_long_take(200)], keep_bytes=150_000)
    left = read_back(path)

    assert path.stat().st_size <= 150_000
    assert 20 < len(left) < 201
    assert [a_long_take(step) for step in range(201 - len(left), 201)] == left


def test_what_is_too_old_is_forgotten(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME, keep_seconds=80)
    for step in range(600):
        recorder.record(a_take(step))
    recorder.close()
    left = read_back(path)

    assert 80 <= len(left) <= 80 + 2 * 80 / KEPT_SEGMENTS + 1
    assert same([a_take(step) for step in range(600 - len(left), 600)], left)


def test_nothing_is_forgotten_unless_asked_for(path: Path) -> None:
    record(path, [a_take(step * 86_400) for step in range(30)])

    assert 30 == len(read_back(path))


def test_clock_that_was_set_back_starts_again(path: Path) -> None:
    story = [a_take(step) for step in (0, 1, 2, -50, -49, 3)]
    record(path, story, keep_seconds=1000)

    assert same(story, read_back(path))
    recording = Recording(path)
    assert (NOW - 50, NOW + 3) == recording.span
    assert same([a_take(-49)], [recording.snapshot_at(NOW - 40)])
    recording.close()


# --- Failing


@contextmanager
def no_larger_than(most: int) -> Iterator[None]:
    """As on a full disk: no file of this process grows beyond."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_full_disk_is_reported_and_the_recorded_samples_stay(path: Path) -> None:
    story = takes(60, sessions=40)
    recorder = RecordingWriter(path, SERVER_NAME)
    done, refused = 0, ""
    with no_larger_than(60_000):
        for snapshot in story:
            try:
                recorder.record(snapshot)
                done += 1
            except FileError as error:
                refused = error.line
                break
    assert refused.startswith(f"cannot record into {path}: ")
    assert "\n" not in refused
    assert 0 < done < len(story)

    recorder.record(story[done])
    recorder.close()
    assert same(story[: done + 1], read_back(path))


def test_closed_recording_cannot_be_written(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME)
    recorder.record(a_take(0))
    recorder.close()
    recorder.close()

    with pytest.raises(FileError, match="the recording is closed"):
        recorder.record(a_take(1))


def test_lock_held_by_another_process_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goneaway_tui.source.recording.database.BUSY_SECONDS", 0.05)
    recorder = RecordingWriter(path, SERVER_NAME)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(FileError, match="another program uses the file"):
        recorder.record(a_take(0))
    other.execute("ROLLBACK")
    recorder.record(a_take(1))
    other.close()
    recorder.close()
    assert same([a_take(1)], read_back(path))


def test_a_number_that_is_none_is_refused_and_the_next_sample_is_not(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME)
    recorder.record(a_take(0))
    bad = a_take(1)
    with pytest.raises(FileError, match="a sample has a value that cannot be recorded"):
        recorder.record(replace(bad, sample=replace(bad.sample, seconds_to_read=float("nan"))))
    recorder.record(a_take(2))
    recorder.close()

    assert same([a_take(0), a_take(2)], read_back(path))


# --- Reading along


def test_what_is_being_recorded_can_be_read(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME)
    recorder.record(a_take(0))
    recording = Recording(path)
    for step in range(1, 30):
        recorder.record(a_take(step), [a_departure(step, NOW + step)])

        assert NOW + step == recording.span[1]
        assert same([a_take(step)], [recording.snapshot_at(NOW + step)])
        assert exact(recording.departures_between(NOW + step - 1, NOW + step)) == exact(
            (a_departure(step, NOW + step),)
        )
    recording.close()
    recorder.close()
    assert [path] == [*path.parent.iterdir()]


def test_any_thread_may_record(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME)
    for step in range(3):
        worker = threading.Thread(target=recorder.record, args=[a_take(step)])
        worker.start()
        worker.join()
    recorder.close()

    assert 3 == len(read_back(path))
