"""`advise` on files: recordings, whole and torn, of one server and of two, and what an earlier run saved."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui import system
from goneaway_tui.cli import run
from goneaway_tui.judge.tracker import track
from goneaway_tui.model.as_json import pack
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from tests.builders import NOW, SERVER, a_sample, a_server, a_session
from tests.schemas import check

SESSIONS = 20


def record(path: Path, seconds: int, name: str = "db1:3306", uid: str | None = "one", start: int = 0) -> Path:
    """A recording of sessions that are used every few seconds, each in its own rhythm."""
    recorder, before = RecordingWriter(path, name), None
    for second in range(start, start + seconds):
        sample = a_sample(
            [
                a_session(id=ProcesslistId(number), idle_since=NOW + second - second % (number + 2) - 0.5)
                for number in range(1, SESSIONS + 1)
            ],
            taken_at=NOW + second,
            server=a_server(uptime=SERVER.uptime + second, uid=uid),
        )
        step = track(sample, before)
        recorder.record(step.snapshot, step.departed)
        before = step.snapshot
    recorder.close()
    return path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    status = run(["advise", *map(str, words)])
    out, err = capsys.readouterr()
    return status, out, err


def as_json(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    status, out, _err = said(capsys, *words, "--format=json")
    assert status == 0
    try:
        return [json.loads(out)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in out.splitlines()]


def test_a_recording_is_advised_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (advice,) = as_json(capsys, record(tmp_path / "a", 700))

    check("advise", advice)
    assert 60 == advice["recommendation"]["limit_seconds"]
    assert 699 == advice["observed"]["seconds"]
    assert "server_name" not in advice


def test_counts_of_a_recording_are_those_of_its_samples(tmp_path: Path) -> None:
    path = record(tmp_path / "a", 700)
    recording = Recording(path)
    counted = recording.reuse_gaps()
    recording._database.close()
    import sqlite3

    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM piece WHERE track = 2")
    again = Recording(path)

    assert pack(counted) == pack(again.reuse_gaps())
    again.close()


def test_a_torn_recording_is_advised_on_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path / "a", 700)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 4 // 5])
    status, out, err = said(capsys, path)

    assert status == 0
    assert "wait_timeout = 60 s" in out
    assert "the file is damaged" in err
    assert err.count("\n") == 1


def test_a_minute_is_too_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, record(tmp_path / "a", 60))

    assert (0, "") == (status, err)
    assert "No recommendation" in out
    assert "Not enough data" in out


def test_recordings_of_two_servers_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = record(tmp_path / "a", 60), record(tmp_path / "b", 60, "db2:3306", uid="two")
    advices = as_json(capsys, *files)

    assert ["db1:3306", "db2:3306"] == [advice["server_name"] for advice in advices]


def test_recordings_of_one_server_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = record(tmp_path / "a", 60), record(tmp_path / "b", 60, "localhost", start=100)
    (advice,) = as_json(capsys, *files, files[0])

    assert 118 == advice["observed"]["seconds"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "not a recording"),
        (b"nothing of the kind" * 99, "not a recording"),
        (b"{", "neither a recording nor written by advise --save"),
        (b"[" * 99_999, "not a recording"),
        (b'{"schema": "goneaway.gaps/1"}', "neither a recording"),
        (
            b'{"schema":"goneaway.gaps/1","server_name":"a","uid":null,"limit_seconds":1,"gaps":[1,0,0,[],[]]}',
            "neither",
        ),
        (
            b'{"schema":"goneaway.gaps/1","server_name":"a","uid":null,"limit_seconds":1,"gaps":[0,1,1e300,[],[]]}',
            "neither",
        ),
        (
            b'{"schema":"goneaway.gaps/1","server_name":"a","uid":null,"limit_seconds":1,"gaps":[0,1,1,[["a","b",1,1,[[99,-1]]]],[]]}',
            "neither",
        ),
        *(
            (
                b'{"schema":"goneaway.gaps/1","server_name":"a","uid":null,"limit_seconds":%b,"gaps":[0,1,1,[],[]]}'
                % limit,
                "neither",
            )
            for limit in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1e308", b"-5", b"true", b"9" * 30)
        ),
        *(
            (
                b'{"schema":"goneaway.gaps/1","server_name":"a","uid":null,"limit_seconds":1,"gaps":[0,1,1,'
                b'[["a","b",1,1,[[99,1]],[[99,1]],%b,0,1,%b]],[]]}' % (longest, timed_out_after),
                "neither",
            )
            for longest, timed_out_after in (
                (b"1e308", b"600"),
                (b"9", b"1e308"),
                (b"9", b"-1"),
                (b"9", b"NaN"),
            )
        ),
    ],
)
def test_another_file_is_refused_in_one_line(
    content: bytes | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    status, out, err = said(capsys, path)

    assert (4, "", 1) == (status, out, err.count("\n"))
    assert words in err


@pytest.mark.parametrize(
    "words", [["--for", "0"], ["--for", "never"], ["--format", "csv"], ["--save", "x", "some.recording"]]
)
def test_impossible_options_are_refused_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(capsys, *words)

    assert (2, "", 1) == (status, out, err.count("\n"))


def test_nothing_is_watched_for_a_file_of_another_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of watching would end with a file that cannot be written."""
    path = tmp_path / "gaps"
    path.write_text("")
    monkeypatch.setattr(system, "ROOT", -1)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    status, out, err = said(capsys, "--host=127.0.0.1", "--port=1", f"--save={path}")

    assert (4, "", 1) == (status, out, err.count("\n"))
    assert "belongs to another user" in err
