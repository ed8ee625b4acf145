"""Files that are no recordings, or pretend to be: one line is said, and no more memory taken than a recording may."""

from __future__ import annotations

import json
import os
import sqlite3
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui import private_files
from goneaway_tui.errors import FileError
from goneaway_tui.source.recording.delta import SampleWriter
from goneaway_tui.source.recording.recorder import Recorder
from goneaway_tui.source.recording.recording import Recording
from goneaway_tui.source.recording.store import MARK, SCHEMA, create_or_continue
from goneaway_tui.source.recording.tape import PIECE_BYTES, WHOLE, first_seal, seal_of
from tests.builders import NOW, a_session, a_verdict
from tests.unit.source.recording.takes import SERVER_NAME, a_departure, a_take, read_back, record, takes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording"


def complaint(path: Path) -> str:
    with pytest.raises(FileError) as refused:
        read_back(path)
    assert "\n" not in refused.value.line
    assert refused.value.hint
    return str(refused.value)


def forged(path: Path, *statements: str) -> sqlite3.Connection:
    """A recording that somebody else had a hand in."""
    record(path, takes(3))
    database = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        database.execute(statement)
    return database


def sealed(path: Path, bodies: Iterator[bytes] | list[bytes], at: float = NOW) -> None:
    """A recording of one stream of any content, its seals in order."""
    database = forged(path, "DELETE FROM piece")
    seal = first_seal(1, 0)
    for body in bodies:
        seal = seal_of(at, body, seal)
        database.execute("INSERT INTO piece VALUES (NULL, 1, 0, ?, ?, ?)", (at, seal, body))
    database.close()


def told(path: Path, *lines: Any) -> None:
    """A recording whose stream holds these lines as JSON."""
    raw = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(raw) + packed.flush(zlib.Z_SYNC_FLUSH)
    sealed(path, [body[place : place + PIECE_BYTES] for place in range(0, len(body), PIECE_BYTES)])


def test_what_is_not_there(path: Path) -> None:
    assert f"cannot read {path}: no such file" in complaint(path)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 10_000, b"SQLite format 3\0", b"{}\n" * 5000])
def test_what_is_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert f"cannot read {path}: it is no recording" == complaint(path)


def test_garbage_under_our_header(path: Path) -> None:
    record(path, takes(3))
    path.write_bytes(path.read_bytes()[:100] + os.urandom(50_000))

    assert f"cannot read {path}: there is no whole sample in it" == complaint(path)


def test_the_database_of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE piece (id INTEGER PRIMARY KEY)")
    database.close()

    assert f"cannot read {path}: it is no recording" == complaint(path)
    with pytest.raises(FileError, match="it is no recording") as refused:
        Recorder(path, SERVER_NAME)
    assert "name another file, or remove that one first" == refused.value.hint


@pytest.mark.parametrize("content", [b"x", b"important\n" * 1000])
def test_no_file_of_somebody_is_recorded_into(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"cannot record into .* it is no recording"):
        Recorder(path, SERVER_NAME)

    assert content == path.read_bytes()


def test_a_later_version(path: Path) -> None:
    forged(path, f"PRAGMA user_version = {SCHEMA + 1}").close()

    assert f"it is of version {SCHEMA + 1}" in complaint(path)
    with pytest.raises(FileError, match=f"version {SCHEMA + 1}"):
        Recorder(path, SERVER_NAME)


def test_a_folder_and_a_pipe(path: Path, tmp_path: Path) -> None:
    os.mkfifo(path)

    assert "not a regular file" in complaint(path)
    assert "cannot read" in complaint(tmp_path)
    for each in (path, tmp_path, tmp_path / "none" / "recording"):
        with pytest.raises(FileError, match="cannot record into"):
            Recorder(each, SERVER_NAME)


def test_a_name_that_cannot_be(tmp_path: Path) -> None:
    assert "not a possible file name" in complaint(tmp_path / "a\0b")


ENDLESS = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT n, 1, 0, n * 1.0, 1, x'' FROM more"


def test_a_view_that_never_ends(path: Path) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA application_id = {MARK}")
    database.execute(f"PRAGMA user_version = {SCHEMA}")
    database.execute(f"CREATE VIEW piece (id, segment, track, at, seal, body) AS {ENDLESS}")
    database.close()

    assert "there is no whole sample in it" in complaint(path)
    with pytest.raises(FileError, match="cannot record into"):
        Recorder(path, SERVER_NAME)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM piece",
        "UPDATE piece SET at = 'soon'",
        "UPDATE piece SET at = NULL",
        "UPDATE piece SET at = 1e300",
        "UPDATE piece SET at = -1.0",
        "UPDATE piece SET segment = 'first'",
        "UPDATE piece SET seal = 'x'",
        "UPDATE piece SET seal = 0.5",
        "UPDATE piece SET body = 'text'",
        "UPDATE piece SET body = zeroblob(3000000)",
        "UPDATE piece SET segment = 9223372036854775807",
    ],
)
def test_rows_of_other_kinds(path: Path, change: str) -> None:
    forged(path, change).close()

    assert "cannot read" in complaint(path)


def columns() -> list[str]:
    return SampleWriter(statements=True).columns


def first_line() -> Any:
    return json.loads(SampleWriter(statements=True).line(a_take(0)))


def changed(change: Callable[[Any], object]) -> Any:
    line = first_line()
    change(line)
    return line


@pytest.mark.parametrize(
    "lines",
    [
        [b"{"],
        [b"[" * 100_000],
        [b"1" * 10_000],
        [None],
        ["db-01", []],
        [["db-01", None]],
        [["db-01", [1]]],
        [["db-01", ["session.password"]]],
        [["db-01", columns()[1:]], first_line()],
        [["db-01", columns() * 2]],
        [[7, columns()], first_line()],
        [["db-01", columns()]],
        [["db-01", columns()], None],
        [["db-01", columns()], [{}, []]],
        [["db-01", columns()], [{"taken_at": 1}, []]],
        [["db-01", columns()], changed(lambda line: line[0].update(taken_at="now"))],
        [["db-01", columns()], changed(lambda line: line[0].update(server=["mysql"]))],
        [["db-01", columns()], changed(lambda line: line[0].update(policy=[float("nan"), 1]))],
        [["db-01", columns()], changed(lambda line: line[0].update(secret=1))],
        [["db-01", columns()], changed(lambda line: line[1].append(1))],
        [["db-01", columns()], changed(lambda line: line[1].append([-1]))],
        [["db-01", columns()], changed(lambda line: line[1].append([1 << 99, 1]))],
        [["db-01", columns()], changed(lambda line: line[1].append("x"))],
        [["db-01", columns()], changed(lambda line: line[1][0].pop())],
        [["db-01", columns()], changed(lambda line: line[1][0].__setitem__(1, "4711"))],
        [["db-01", columns()], changed(lambda line: line[1][0].__setitem__(1, 2**70))],
        [["db-01", columns()], changed(lambda line: line[1][0].__setitem__(2, 5))],
        [["db-01", columns()], changed(lambda line: line[1][0].__setitem__(2, [5]))],
    ],
)
def test_lines_no_recorder_writes(path: Path, lines: list[Any]) -> None:
    told(path, *lines)

    assert "cannot read" in complaint(path)


def test_a_line_of_one_session_made_a_million(path: Path) -> None:
    """Each line doubles the crowd; forty would make it outgrow any memory."""
    doubled = [[{}, [[0], 3 << n, [0], 3 << n]] for n in range(40)]
    told(path, ["db-01", columns()], first_line(), *doubled)

    assert "more sessions than any server has" in complaint(path)


def test_lines_that_hand_on_many_sessions_in_few_bytes_are_bounded_in_number(path: Path) -> None:
    """A line of ten bytes makes whoever reads it walk along 150,000 rows; a short file held a million of them."""
    doubled = [[{}, [[0], 3 << n, [0], 3 << n]] for n in range(15)]
    crowd = 3 << 15
    told(path, ["db-01", columns()], first_line(), *doubled, *[[{}, [[0], crowd - 1, [0], 1]]] * 2_000)

    assert "more in it than any recorder puts there" in complaint(path)


def test_the_departures_alone_take_little_memory_whatever_is_in_the_file(path: Path) -> None:
    recorder = Recorder(path, SERVER_NAME)
    for number in range(4):
        left = [
            replace(a_departure(each), verdict=a_verdict(a_session(statement=f"{number} {each} {'x' * 900}")))
            for each in range(10_000)
        ]
        recorder.record(a_take(number), left)
    recorder.close()
    tracemalloc.start()
    with closing(Recording(path)) as recording:
        found = recording.latest_departures(5_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 5_000 == len(found)
    assert {None} == {each.verdict.session.statement for each in found}
    assert peak < 48 << 20


@pytest.mark.parametrize("filling", [b" ", b"[],"])
def test_a_bomb(path: Path, filling: bytes) -> None:
    packed = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = b"".join(packed.compress(filling * (1 << 20)) for _ in range(50)) + packed.flush()
    sealed(path, [body[place : place + PIECE_BYTES] for place in range(0, len(body), PIECE_BYTES)])
    tracemalloc.start()

    assert "cannot read" in complaint(path)
    assert tracemalloc.get_traced_memory()[1] < 3 * WHOLE.bytes
    tracemalloc.stop()


def test_a_bomb_of_one_line_that_is_whole(path: Path) -> None:
    told(path, b"[" + b"".join(b"[%d]," % number for number in range(2_500_000)) + b"[]]")

    assert "more at once than a recording holds" in complaint(path)


def test_a_recording_is_closed_where_it_cannot_be_read(path: Path) -> None:
    told(path, None)
    complaint(path)

    record(path, [a_take(0)])  # nobody holds it
    assert NOW == Recording(path).span[1]


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_nothing_is_recorded_beside_files_of_another_user(
    path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.touch()
    Path(f"{path}{end}").touch()
    strange = Path(f"{path}{end}").stat().st_ino
    monkeypatch.setattr(private_files, "_is_trusted", lambda found: found.st_ino != strange)

    with pytest.raises(FileError, match="a file beside it belongs to another user"):
        create_or_continue(path)
    assert 0 == Path(f"{path}{end}").stat().st_size


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_nothing_is_recorded_through_a_link_beside_it(path: Path, tmp_path: Path, end: str) -> None:
    Path(f"{path}{end}").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileError, match="not a regular file"):
        create_or_continue(path)
    assert not (tmp_path / "elsewhere").exists()


def test_another_user_who_makes_a_file_beside_it_meanwhile_reads_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Path(f"{path}-wal")
    monkeypatch.setattr(
        private_files, "_is_trusted", lambda found: not log.exists() or found.st_ino != log.stat().st_ino
    )

    with pytest.raises(FileError, match="a file beside it belongs to another user"):
        create_or_continue(path)


def test_a_link_of_ours_is_recorded_through_unless_files_beside_its_target_are_strange(
    path: Path, tmp_path: Path
) -> None:
    path.symlink_to(tmp_path / "real")
    create_or_continue(path).close()
    (tmp_path / "real-wal").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileError, match="not a regular file"):
        create_or_continue(path)
