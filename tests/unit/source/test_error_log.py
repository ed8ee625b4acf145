"""Following a log as it grows, is put aside, is cut off, or is not one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from goneaway_tui.errors import FileError
from goneaway_tui.model.cause import Cause
from goneaway_tui.source import error_log
from goneaway_tui.source.error_log import ErrorLog

LOST = (
    "2026-11-23T22:01:02.123456Z {id} [Note] [MY-010914] [Server] Aborted connection {id} to db: 'shop' user: 'u' "
    "host: 'h' (Got an error reading communication packets).\n"
)


def add(path: Path, *ids: int) -> None:
    with path.open("a", encoding="utf-8") as out:
        out.writelines(LOST.format(id=each) for each in ids)


def ids(log: ErrorLog, *present: int) -> list[int | None]:
    return [entry.session_id for entry in log.entries(set(present))]


Follow = Callable[[], ErrorLog]


@pytest.fixture
def follow(path: Path) -> Iterator[Follow]:
    """Opens the log, and closes it after the test."""
    opened: list[ErrorLog] = []

    def open_it() -> ErrorLog:
        opened.append(ErrorLog(path))
        return opened[-1]

    yield open_it
    for log in opened:
        log.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "error.log"
    add(path, 1)
    return path


def test_log_is_read_from_its_end_and_each_line_is_reported_once(path: Path, follow: Follow) -> None:
    log = follow()
    add(path, 2, 3)

    assert [2, 3] == ids(log)
    assert [] == ids(log)
    add(path, 9)
    assert [Cause.CLIENT_LOST] == [entry.cause for entry in log.entries(())]


def test_log_line_is_reported_once_it_is_complete(path: Path, follow: Follow) -> None:
    log = follow()
    line = LOST.format(id=7)
    with path.open("a", encoding="utf-8") as out:
        out.write(line[:50])
        out.flush()
        assert [] == ids(log)
        out.write(line[50:])

    assert [7] == ids(log)


def test_log_entry_for_a_listed_session_is_kept_until_the_session_ends(path: Path, follow: Follow) -> None:
    log = follow()
    add(path, 5)

    assert [] == ids(log, 5)
    assert [5] == ids(log)
    assert [] == ids(log)


def test_unmatched_log_entry_is_not_kept_for_ever(path: Path, follow: Follow) -> None:
    log = follow()
    add(path, 5)
    for _ in range(error_log.HELD_SAMPLES + 1):
        assert [] == ids(log, 5)

    assert [] == ids(log)


def test_a_rotated_log_is_read_to_its_end_and_its_successor_from_its_start(
    path: Path, follow: Follow
) -> None:
    log = follow()
    add(path, 2)
    path.rename(path.with_suffix(".1"))
    add(path, 3)

    assert [2, 3] == ids(log) + ids(log)


def test_a_truncated_log_is_read_from_its_start(path: Path, follow: Follow) -> None:
    log = follow()
    os.truncate(path, 0)
    add(path, 4)
    os.truncate(path, path.stat().st_size - 1)
    add(path)
    assert [] == ids(log)
    with path.open("a", encoding="utf-8") as out:
        out.write("\n")

    assert [4] == ids(log)


def test_missing_log_reports_nothing_until_it_is_back(path: Path, follow: Follow) -> None:
    log = follow()
    path.unlink()
    assert [] == ids(log)
    add(path, 6)

    assert [6] == ids(log)


@pytest.mark.parametrize("junk", [b"\0" * 100_000, b"\xff\xfe\n" * 1000, b"x" * 300_000, b"\x1b[2J\n[MY-\n"])
def test_what_is_no_log_does_no_harm(path: Path, follow: Follow, junk: bytes) -> None:
    log = follow()
    with path.open("ab") as out:
        out.write(junk + b"\n")
    assert [] == ids(log)
    add(path, 8)

    assert [8] == ids(log)


def test_a_log_that_grows_faster_than_it_is_read_is_caught_up_with(
    path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_log, "READ_BYTES", 300)
    log = follow()
    add(path, *range(10, 20))

    assert list(range(10, 20)) == [each for _ in range(20) for each in ids(log)]


def test_path_that_is_no_file_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is not a file") as told:
        ErrorLog(tmp_path)
    assert "@@log_error" in told.value.hint
    with pytest.raises(FileError, match="is not a file"):
        ErrorLog(tmp_path / "absent.log")


def test_log_entries_before_the_start_are_reported_only_on_request(
    path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = follow()
    add(path, 2, 3)

    past = log.past() or ()
    assert [1, 2, 3] == [entry.session_id for entry in past]
    assert all(entry.is_past_text for entry in past)
    assert [2, 3] == ids(log)

    monkeypatch.setattr(error_log, "READ_BYTES", len(LOST) + 20)
    monkeypatch.setattr(error_log, "LONGEST_ENTRY", 10)
    assert [3] == [entry.session_id for entry in log.past() or ()]
    path.unlink()
    assert log.past() is None
