"""Files that are no recordings, or pretend to be: one line is said, and no more memory taken than a recording may."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui import system
from goneaway_tui.errors import FileError
from goneaway_tui.judge import judge
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.source.recording import database as recording_database
from goneaway_tui.source.recording import lines as lines_
from goneaway_tui.source.recording import reader
from goneaway_tui.source.recording.database import (
    LEAF,
    MARK,
    PAGE_BYTES,
    SCHEMA,
    create_or_continue,
    rows_in_pages,
    salvage,
)
from goneaway_tui.source.recording.lines import (
    COLUMNS,
    FREE_BYTES,
    LEAN,
    MAX_RATIO,
    PIECE_BYTES,
    WHOLE,
    SampleWriter,
    Track,
    departure_lines,
    first_seal,
    seal_of,
)
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from tests.builders import NOW, a_sample, a_session, a_verdict
from tests.unit.source.recording.takes import SERVER_NAME, a_departure, a_take, read_back, record, takes

pytestmark = pytest.mark.long


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
    database = forged(path, "BEGIN", "DELETE FROM piece")
    seal = first_seal(1, 0)
    for body in bodies:
        seal = seal_of(at, body, seal)
        database.execute("INSERT INTO piece VALUES (NULL, 1, 0, ?, ?, ?)", (at, seal, body))
    database.execute("COMMIT")
    database.close()


def told(path: Path, *lines: Any, level: int = 9) -> None:
    """A recording whose stream holds these lines as JSON."""
    raw = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    packed = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = packed.compress(raw) + packed.flush(zlib.Z_SYNC_FLUSH)
    sealed(path, [body[place : place + PIECE_BYTES] for place in range(0, len(body), PIECE_BYTES)])


def test_what_is_not_there(path: Path) -> None:
    assert f"cannot read {path}: no such file" in complaint(path)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 10_000, b"SQLite format 3\0", b"{}\n" * 5000])
def test_what_is_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert f"cannot read {path}: the file is not a recording" == complaint(path)


def test_garbage_under_our_header(path: Path) -> None:
    record(path, takes(3))
    path.write_bytes(path.read_bytes()[:100] + os.urandom(50_000))

    assert f"cannot read {path}: the file has no complete sample" == complaint(path)


def test_the_database_of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE piece (id INTEGER PRIMARY KEY)")
    database.close()

    assert f"cannot read {path}: the file is not a recording" == complaint(path)
    with pytest.raises(FileError, match="the file is not a recording") as refused:
        RecordingWriter(path, SERVER_NAME)
    assert "name another file, or remove this file first" == refused.value.hint


@pytest.mark.parametrize("content", [b"x", b"important\n" * 1000])
def test_file_that_is_no_recording_is_never_recorded_into(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"cannot record into .* the file is not a recording"):
        RecordingWriter(path, SERVER_NAME)

    assert content == path.read_bytes()


@pytest.mark.parametrize("version", [SCHEMA - 1, SCHEMA + 1])
def test_a_recording_of_another_version_is_refused(path: Path, version: int) -> None:
    forged(path, f"PRAGMA user_version = {version}").close()

    assert f"the recording has format version {version}" in complaint(path)
    with pytest.raises(FileError, match=f"version {version}"):
        RecordingWriter(path, SERVER_NAME)


def test_a_folder_and_a_pipe(path: Path, tmp_path: Path) -> None:
    os.mkfifo(path)

    assert "not a regular file" in complaint(path)
    assert "cannot read" in complaint(tmp_path)
    for each in (path, tmp_path, tmp_path / "none" / "recording"):
        with pytest.raises(FileError, match="cannot record into"):
            RecordingWriter(each, SERVER_NAME)


def test_a_name_that_cannot_be(tmp_path: Path) -> None:
    assert "not a possible file name" in complaint(tmp_path / "a\0b")


ENDLESS = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT n, 1, 0, n * 1.0, 1, x'' FROM more"


def test_a_view_that_never_ends(path: Path) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA application_id = {MARK}")
    database.execute(f"PRAGMA user_version = {SCHEMA}")
    database.execute(f"CREATE VIEW piece (id, segment, track, at, seal, body) AS {ENDLESS}")
    database.close()

    assert "the file has no complete sample" in complaint(path)
    with pytest.raises(FileError, match="cannot record into"):
        RecordingWriter(path, SERVER_NAME)


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


SAMPLE_COLUMNS, DEPARTURE_COLUMNS = COLUMNS[Track.SAMPLES], COLUMNS[Track.DEPARTURES]
SESSION_COLUMNS, VERDICT_COLUMNS = SAMPLE_COLUMNS


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
        [["db-01", [[1], [2]]]],
        [["db-01", [["password"], VERDICT_COLUMNS]]],
        [["db-01", [[*SESSION_COLUMNS, "password"], VERDICT_COLUMNS]], first_line()],
        [["db-01", [SESSION_COLUMNS[1:], VERDICT_COLUMNS]], first_line()],
        [["db-01", [SESSION_COLUMNS[:3], VERDICT_COLUMNS]], first_line()],
        [["db-01", [SESSION_COLUMNS, VERDICT_COLUMNS[:1]]], first_line()],
        [["db-01", [[], []]], first_line()],
        [["db-01", SAMPLE_COLUMNS * 2]],
        [[7, COLUMNS], first_line()],
        [["db-01", SAMPLE_COLUMNS]],
        [["db-01", SAMPLE_COLUMNS], None],
        [["db-01", SAMPLE_COLUMNS], [{}, []]],
        [["db-01", SAMPLE_COLUMNS], [{"taken_at": 1}, []]],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[0].update(taken_at="now"))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[0].update(server=["mysql"]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[0].update(policy=[float("nan"), 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[0].update(secret=1))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append(1))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append([-1, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append([0, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append([0, 0]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append([[]]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append("x"))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1].append([line[1][0][0][:-1]]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append([0, 1 << 99, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append([0, 0]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append([9, 1, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append([-1, 1, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append([0, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append([0, 1, 1, 1]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[2].append(None))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1][0][0].__setitem__(0, "4711"))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1][0][0].__setitem__(0, 2**70))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1][0][0].__setitem__(1, 5))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line[1][0][0].__setitem__(1, [5]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line.append([]))],
        [["db-01", SAMPLE_COLUMNS], changed(lambda line: line.__setitem__(2, {}))],
    ],
)
def test_lines_no_recorder_writes(path: Path, lines: list[Any]) -> None:
    told(path, *lines)

    assert "cannot read" in complaint(path)


def test_a_line_of_one_session_made_a_million(path: Path) -> None:
    """Each line doubles the crowd; forty would make it outgrow any memory."""
    doubled = [[{}, [[0, 3 << n], [0, 3 << n]], []] for n in range(40)]
    told(path, ["db-01", SAMPLE_COLUMNS], first_line(), *doubled)

    assert "too many sessions" in complaint(path)


def test_lines_that_hand_on_many_sessions_in_few_bytes_are_bounded_in_number(path: Path) -> None:
    """A line of ten bytes makes whoever reads it walk along 150,000 rows; a short file held a million of them."""
    doubled = [[{}, [[0, 3 << n], [0, 3 << n]], []] for n in range(15)]
    crowd = 3 << 15
    told(
        path, ["db-01", SAMPLE_COLUMNS], first_line(), *doubled, *[[{}, [[0, crowd - 1], [0, 1]], []]] * 2_000
    )

    assert "too much data" in complaint(path)


def test_the_departures_alone_take_little_memory_whatever_is_in_the_file(path: Path) -> None:
    recorder = RecordingWriter(path, SERVER_NAME)
    for number in range(4):
        left = [
            replace(a_departure(each), verdict=a_verdict(a_session(statement=f"{number} {each} {'x' * 900}")))
            for each in range(1_000)
        ]
        recorder.record(a_take(number), left)
    recorder.close()
    tracemalloc.start()
    with closing(Recording(path)) as recording:
        found = recording.latest_departures(500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 500 == len(found)
    assert {None} == {each.verdict.session.statement for each in found}
    assert peak < 5 << 20


def cell(*values: tuple[int, bytes]) -> bytes:
    """A record of these serial types and values, after https://www.sqlite.org/fileformat2.html, 2.1."""
    record = bytes([len(values) + 1, *(kind for kind, _value in values)])
    record += b"".join(value for _kind, value in values)
    return bytes([len(record)]) + record


def index_page(kind: int, cells: list[bytes], right: int | None = None) -> bytes:
    """A page of an index: 2 an inner one, 10 a leaf."""
    page, place, pointers = bytearray(PAGE_BYTES), PAGE_BYTES, b""
    for each in cells:
        place -= len(each)
        page[place : place + len(each)] = each
        pointers += place.to_bytes(2)
    head = bytes([kind, 0, 0]) + len(cells).to_bytes(2) + place.to_bytes(2) + b"\0"
    head += b"" if right is None else right.to_bytes(4)
    page[: len(head) + len(pointers)] = head + pointers
    return bytes(page)


def with_an_index_that_never_ends(path: Path, levels: int) -> None:
    """Every child of an inner page of the time line is one and the same next page, and so on down."""
    recorder = RecordingWriter(path, SERVER_NAME)
    recorder.record(a_take(0), [a_departure(1)])
    recorder.close()
    with closing(sqlite3.connect(path)) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'piece_at'").fetchone()
        rows = database.execute(
            "SELECT track, at, id FROM piece WHERE at IS NOT NULL ORDER BY track"
        ).fetchall()
    keys = [
        cell((8 + track, b""), (7, struct.pack(">d", at)), (1, bytes([number]))) for track, at, number in rows
    ]
    content = bytearray(path.read_bytes())
    first = len(content) // PAGE_BYTES + 1
    content[(root - 1) * PAGE_BYTES : root * PAGE_BYTES] = index_page(
        2, [first.to_bytes(4) + keys[0]], first + 1
    )
    content += index_page(10, keys[:1])
    for level in range(levels):
        below = first + 2 + level
        content += index_page(2, [below.to_bytes(4) + keys[1]] * 180, below)
    content += index_page(10, [keys[1]] * 180)
    content[28:32] = (len(content) // PAGE_BYTES).to_bytes(4)
    path.write_bytes(content)


def test_an_index_whose_pages_lead_to_one_another_is_given_up(path: Path) -> None:
    """A scan of it has 180 to the sixth rows, which SQLite would walk along for years, deaf to Ctrl+C."""
    with_an_index_that_never_ends(path, 5)
    with closing(Recording(path)) as recording:
        assert 1 == len(recording.latest_departures(5_000))
        assert recording.is_damaged


def test_recording_into_a_damaged_file_is_refused_with_the_reason(path: Path) -> None:
    record(path, takes(3))
    recorder = RecordingWriter(path, SERVER_NAME)
    recorder._database.set_progress_handler(lambda: True, 1)
    with pytest.raises(FileError, match="the file is damaged"):
        recorder.record(a_take(9))
    recorder._database.set_progress_handler(None, 1)
    recorder.close()


def test_long_recordings_of_small_pieces_are_read_well_within_the_bound_of_steps(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of the bound is enough, for reading as for salvage, and nothing is granted beforehand."""
    monkeypatch.setattr(recording_database, "STEPS", 0)
    monkeypatch.setattr(recording_database, "STEPS_PER_BYTE", recording_database.STEPS_PER_BYTE / 4)
    monkeypatch.setattr(recording_database, "STEPS_PER_CHECK", 1_000)
    recorder = RecordingWriter(path, SERVER_NAME)
    still = a_take(0)
    for number in range(1_500):
        recorder.record(replace(still, sample=replace(still.sample, taken_at=NOW + number)))
    recorder.close()
    with closing(Recording(path)) as recording:
        assert 1_500 == sum(1 for _each in recording.snapshots())
        assert not recording.is_damaged
    with closing(salvage(path)) as database:
        assert (1_500,) <= database.execute("SELECT count(*) FROM piece").fetchone()


def test_rows_that_overlap_are_not_multiplied(path: Path) -> None:
    """SQLite never lets two cells share a byte; a page where each ends at the page's end tells of 200 KB."""
    page = bytearray(PAGE_BYTES)
    pointers = []
    place = 8 + 2 * 100
    for row_id in range(1, 101):
        size = (PAGE_BYTES - place - 20) & ~1
        kind = 12 + 2 * size
        head = bytes([8, 0, 9, 8, 0, 8, kind >> 7 | 0x80, kind & 0x7F])
        whole = len(head) + size
        start = bytes([whole >> 7 | 0x80, whole & 0x7F, row_id]) + head
        page[place : place + len(start)] = start
        pointers.append(place)
        place += len(start)
    page[:8] = bytes([LEAF, 0, 0, 0, len(pointers), 0, 0, 0])
    page[8:208] = b"".join(each.to_bytes(2) for each in pointers)
    path.write_bytes(bytes(PAGE_BYTES) + bytes(page))
    found = list(rows_in_pages(path))

    assert 1 <= len(found)
    assert sum(len(body) for *_row, body in found) <= PAGE_BYTES


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
    digits = random.Random(1).randbytes(WHOLE.line_cells + 1).translate(b"0123456789" * 25 + b"012345")
    line = bytearray(b"," * (2 * len(digits)))
    line[::2] = digits
    told(path, b"[" + line + b"0]", level=1)

    assert "a block that is too large" in complaint(path)


def test_a_recording_is_closed_where_it_cannot_be_read(path: Path) -> None:
    told(path, None)
    complaint(path)

    record(path, [a_take(0)])  # nobody holds it
    with closing(Recording(path)) as recording:
        assert NOW == recording.span[1]


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_nothing_is_recorded_beside_files_of_another_user(
    path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.touch()
    Path(f"{path}{end}").touch()
    strange = Path(f"{path}{end}").stat().st_ino
    monkeypatch.setattr(system, "_is_trusted", lambda found: found.st_ino != strange)

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
        system, "_is_trusted", lambda found: not log.exists() or found.st_ino != log.stat().st_ino
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


LESS = 4


def with_heavy_departures(path: Path, segments: int, evidence: Callable[[str], list[str]]) -> None:
    """Departures whose every evidence is another, 30 a line, in streams that are nearly as long as may be where the bounds
    are a quarter."""
    record(path, [a_take(0)])
    row = json.loads(departure_lines([a_departure(1)], statements=True))[0]
    place = DEPARTURE_COLUMNS[2].index("evidence")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        for segment in range(100, 100 + segments):
            packed, seal = zlib.compressobj(9, zlib.DEFLATED, -15), first_seal(segment, 1)
            lines = [["db-01", DEPARTURE_COLUMNS]] + [
                [
                    [*row[:place], evidence(f"{segment} {line} {each}"), *row[place + 1 :]]
                    for each in range(30)
                ]
                for line in range(200 // LESS)
            ]
            for line in lines:
                body = packed.compress(json.dumps(line).encode() + b"\n") + packed.flush(zlib.Z_SYNC_FLUSH)
                parts = [body[begin : begin + PIECE_BYTES] for begin in range(0, len(body), PIECE_BYTES)]
                for number, part in enumerate(parts):
                    at = NOW + segment if number == len(parts) - 1 else None
                    seal = seal_of(at, part, seal)
                    database.execute(
                        "INSERT INTO piece VALUES (NULL, ?, 1, ?, ?, ?)", (segment, at, seal, part)
                    )
        database.execute("COMMIT")


@pytest.mark.parametrize(
    "evidence",
    [
        lambda name: [f"\U0001f600 {name} {'a' * 480}"] * 5,
        lambda name: [f"\U0001f600 {name} {'a' * 20_000}"],
        lambda name: [f"{name} {each}" for each in range(40)],
    ],
)
def test_the_latest_departures_are_bounded_in_memory_all_together(
    path: Path, evidence: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of the bounds shows it too."""
    monkeypatch.setattr(reader, "LATEST_BYTES", reader.LATEST_BYTES // LESS)
    monkeypatch.setattr(reader, "LEAN", LEAN._replace(bytes=LEAN.bytes // LESS))
    with_heavy_departures(path, 6, evidence)
    tracemalloc.start()
    with closing(Recording(path, departures_alone=True)) as recording:
        found = recording.latest_departures(5_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(found) > 100
    assert max(len(each) for departure in found for each in departure.evidence) <= 500
    assert peak < 10 << 20  # of which one line takes some


def test_where_the_departures_alone_are_read_no_snapshot_is(path: Path) -> None:
    told(path, ["db-01", SAMPLE_COLUMNS], b"[" * 1_000)

    with closing(Recording(path, departures_alone=True)) as recording:
        assert () == recording.latest_departures(5_000)


def test_many_streams_that_break_off_take_no_memory_each(path: Path) -> None:
    database = forged(path, "BEGIN")
    database.executemany(
        "INSERT INTO piece VALUES (NULL, ?, 1, ?, 1, x'00')", ((each, NOW) for each in range(1_000, 60_000))
    )
    database.execute("COMMIT")
    database.close()
    tracemalloc.start()
    with closing(Recording(path, departures_alone=True)) as recording:
        recording.latest_departures(5_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 3 << 20


def test_many_short_streams_of_empty_lines_take_little_time_all_together(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of 1 KB unpacks to half a megabyte, all that a short stream may under a quarter of the bound."""
    for module in (lines_, reader):
        monkeypatch.setattr(module, "FREE_BYTES", FREE_BYTES // 4)
    database = forged(path, "BEGIN")
    raw = json.dumps(["db-01", DEPARTURE_COLUMNS]).encode() + b"\n" + b"[]\n" * 172_500
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(raw) + packed.flush(zlib.Z_SYNC_FLUSH)
    for segment in range(100, 120):
        seal = seal_of(NOW + segment, body, first_seal(segment, 1))
        row = (segment, NOW + segment, seal, body)
        database.execute("INSERT INTO piece VALUES (NULL, ?, 1, ?, ?, ?)", row)
    database.execute("COMMIT")
    database.close()
    began = time.process_time()
    with closing(Recording(path, departures_alone=True)) as recording:
        assert () == recording.latest_departures(5_000)

    assert time.process_time() - began < 6


def test_what_packs_better_than_a_reader_lets_it_is_padded(path: Path) -> None:
    """A text of nothing but one letter packs to a thousandth."""
    crowd = [a_session(id=ProcesslistId(each), statement=f"{each}{'x' * 20_000}") for each in range(1, 400)]
    record(path, [judge(replace(a_sample(crowd), taken_at=NOW + step)) for step in range(3)])

    assert 3 == len(read_back(path))
    assert path.stat().st_size * MAX_RATIO + FREE_BYTES > 400 * 20_000


def test_a_short_file_makes_little_work(path: Path) -> None:
    """What unrolls to more than its size allows is refused before it is read: 40 KB cost seconds."""
    told(path, ["db-01", SAMPLE_COLUMNS], first_line(), b"[{},[" + b"[0,1]," * 600_000 + b"[0,1]],[]]")

    assert "too much data" in complaint(path)


def counting_complaint(path: Path) -> str:
    with closing(Recording(path)) as recording, pytest.raises(FileError) as refused:
        recording.reuse_gaps()
    return str(refused.value)


@pytest.mark.parametrize("runs", [None, [[0, 3 << 14]]])
def test_a_short_file_makes_little_work_for_who_counts_its_samples(
    path: Path, runs: list[Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of ten bytes is a sample of 49,000 sessions: 16 KB took hours. A fifth of the bound shows it too."""
    monkeypatch.setattr(reader, "COUNTED_ROWS", reader.COUNTED_ROWS // 5)
    doubled = [[{}, [[0, 3 << n], [0, 3 << n]], []] for n in range(14)]
    told(path, ["db-01", COLUMNS[Track.SAMPLES]], first_line(), *doubled, *[[{}, runs, []]] * 900)
    began = time.process_time()

    assert "too much data" in counting_complaint(path)
    assert time.process_time() - began < 30
    assert path.stat().st_size < 100_000


def test_a_short_file_full_of_counts_takes_little_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each segment of 1 KB unpacks to 0.06 MB of groups; they were kept until the last. A twentieth of the bound shows it too."""
    monkeypatch.setattr(reader, "COUNTED_BYTES", reader.COUNTED_BYTES // 20)
    database = forged(path)
    samples = database.execute("SELECT at, body FROM piece WHERE track = 0 ORDER BY rowid").fetchall()
    group = ["a", "b", 20_000]
    raw = b"".join(
        json.dumps(line, separators=(",", ":")).encode() + b"\n"
        for line in (["db-01", COLUMNS[Track.GAPS]], [NOW, NOW + 1, 1.0, [group] * 3_000, []])
    )
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(raw) + packed.flush(zlib.Z_SYNC_FLUSH)
    database.execute("BEGIN")
    for segment in range(2, 32):
        for track, pieces in ((0, samples), (2, [(NOW, body)])):
            seal = first_seal(segment, track)
            for at, piece in pieces:
                seal = seal_of(at, piece, seal)
                database.execute(
                    "INSERT INTO piece VALUES (NULL, ?, ?, ?, ?, ?)", (segment, track, at, seal, piece)
                )
    database.execute("COMMIT")
    database.close()
    tracemalloc.start()
    assert "too much data" in counting_complaint(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(body) < PIECE_BYTES
    assert peak < (96 << 20) // 20
