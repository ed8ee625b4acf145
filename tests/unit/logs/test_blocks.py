"""Blocks: how a text is told from a binary, UTF-16 from UTF-8, and which lines around a hit are read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from goneaway_tui.logs.blocks import LogLine, Progress, find_blocks, find_hits, looks_binary, read_file_blocks
from goneaway_tui.logs.server_log import HOST_MESSAGES, end_message

HIT = b"2026-11-23 12:00:00 MySQL server has gone away\n"
FILL = b"x" * 63 + b"\n"


def read(tmp_path: Path, content: bytes) -> bytes:
    path = tmp_path / "a.log"
    path.write_bytes(content)
    return b"".join(read_file_blocks(str(path)))


# --- Encodings


@pytest.mark.parametrize(("controls", "is_binary"), [(2, False), (3, True)])
def test_a_file_is_binary_from_two_in_a_hundred_control_characters_on(controls: int, is_binary: bool) -> None:  # noqa: FBT001
    assert is_binary is looks_binary(b"\0" * controls + b"x" * (100 - controls))


@pytest.mark.parametrize(
    ("byte", "is_control"),
    [(8, True), (9, False), (10, False), (13, False), (14, True), (26, True), (27, False), (31, False)],
)
def test_white_space_and_the_escape_of_a_terminal_are_no_controls(byte: int, is_control: bool) -> None:  # noqa: FBT001
    assert is_control is looks_binary(bytes([byte]) * 9)


def test_only_the_beginning_of_a_file_is_looked_at() -> None:
    assert not looks_binary(b"x" * 4096 + b"\0" * 4096)
    assert looks_binary(b"x" * 4000 + b"\0" * 96)


TEXT = "2026-11-23 gone away\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8"])
def test_a_text_is_read_in_its_encoding_without_the_mark(tmp_path: Path, encoding: str) -> None:
    marks = {"utf-16-be": "\ufeff"} if encoding == "utf-16-be" else {}

    assert TEXT.encode() == read(tmp_path, (marks.get(encoding, "") + TEXT).encode(encoding))


@pytest.mark.parametrize(
    ("head", "is_wide"),
    [
        (b"a\0b\0c\0d\0", True),
        (b"a\0b\0c\0d", False),
        (b"\0a\0b\0c\0d", True),
        (b"a\0b\0cdef", True),
        (b"a\0bcdefg", False),
        (b"\0\0a\0b\0c\0", False),
    ],
)
def test_without_a_mark_half_of_every_other_byte_is_zero_and_none_between(
    tmp_path: Path,
    head: bytes,
    is_wide: bool,  # noqa: FBT001
) -> None:
    assert is_wide is (read(tmp_path, head) != head)


def test_a_short_text_and_none_are_read_as_they_are(tmp_path: Path) -> None:
    assert b"" == read(tmp_path, b"")
    assert b"x" == read(tmp_path, b"x")
    assert b"BZ" == read(tmp_path, b"BZ")


# --- Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("size", "drawn"), [(64 << 18, True), ((64 << 18) - 1, False)])
def test_a_bar_is_drawn_for_a_file_of_sixteen_megabytes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    drawn: bool,  # noqa: FBT001
) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    path = tmp_path / "a.log"
    with path.open("wb") as file:
        file.truncate(size)
    with path.open("rb", buffering=0) as raw:
        with Progress("a.log", raw):
            assert 0 == raw.tell()
        assert drawn == terminal.getvalue().endswith("\r\x1b[K")


# --- Lines around a hit


def lines_of(log: bytes) -> list[LogLine]:
    return list(find_blocks([log]))


@pytest.mark.parametrize(("size", "whole"), [(262_144, True), (262_145, False)])
def test_a_log_of_a_quarter_of_a_megabyte_is_read_whole(size: int, whole: bool) -> None:  # noqa: FBT001
    assert whole == bool(lines_of((FILL * 5000)[:size]))


def test_four_kilobytes_before_and_after_a_hit_are_read() -> None:
    lines = lines_of(FILL * 5000 + HIT + FILL * 5000)
    numbers = [line.number for line in lines]

    assert 5001 in numbers
    assert (5001 - 64 <= numbers[0] <= 5001 - 62, numbers[-1] - 5001 in {62, 63}) == (True, True)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert [True] + [False] * (len(lines) - 1) == [line.starts_block for line in lines]
    assert HIT.decode().strip() == lines[numbers.index(5001)].text


@pytest.mark.parametrize(("apart", "blocks"), [(60_000, 1), (90_000, 2)])
def test_two_hits_within_64_kilobytes_are_of_one_block(apart: int, blocks: int) -> None:
    log = FILL * 5000 + HIT + FILL * (apart // 64) + HIT + FILL * 5000

    assert blocks == sum(line.starts_block for line in lines_of(log))


def test_a_hit_at_the_beginning_is_of_no_cut_off_block() -> None:
    lines = lines_of(HIT + FILL * 5000)

    assert (1, False) == (lines[0].number, lines[0].starts_block)


def test_a_hit_at_the_end_is_read_to_the_end() -> None:
    lines = lines_of(FILL * 5000 + HIT.rstrip())

    assert (5001, "2026-11-23 12:00:00 MySQL server has gone away") == (lines[-1].number, lines[-1].text)


@pytest.mark.parametrize("size", [6144, 6145])
def test_of_a_long_line_both_ends_are_kept(size: int) -> None:
    (line,) = lines_of(b"a" * (size - 3) + b"end")

    assert size == line.size_bytes
    assert (
        "a" * (size - 3) + "end" if size == 6144 else "a" * 4096 + " ... " + "a" * 2045 + "end"
    ) == line.text


def test_a_carriage_return_and_what_is_no_utf_8_are_harmless() -> None:
    assert ["a", "\\xff", ""] == [line.text for line in lines_of(b"a\r\n\xff\n")]


@pytest.mark.parametrize(
    ("line", "hits"),
    [
        (b"2026-11-23 5 [Warning] x 'a'@'b' y", 1),
        (b"2026-11-23 5 [Note] mysqld: y", 1),
        (b"2026-11-23 5 [Note] nothing of a session", 0),
        (b"2026-11-23 5 [Note] nothing of a session\n'a'@'b'", 0),
        (b"2026-11-23 5 [Error] 'a'@'b'", 0),
        (b"onnect onnect", 1),
        (b'{"response_flags":"UF,URX","upstream_host":"192.0.2.4:3306"}', 1),
        (rb'{"log":"{\"response_flags\": \"UF\"}"}', 1),
        (b'{"response_flags":"-"}', 0),
        (b"dial tcp 192.0.2.5:3306: i/o timeout", 1),
        (b"Can't reach database server at `db`:`3306`", 1),
        (b'Datasource "db": MySQL database "shop" at "db:3306"', 1),
        (b"mysql-1 exited with code 137", 1),
        (b'{"response_flags":null}', 0),
    ],
)
def test_a_label_is_a_hit_where_its_line_is_of_a_session(line: bytes, hits: int) -> None:
    assert hits == len(find_hits(line + b"\n", 0, len(line) + 1))


def test_hits_are_in_order_and_within_bounds() -> None:
    data = b"x has gone away\n onnect\n"

    assert [1, 17] == find_hits(data, 0, len(data))
    assert [17] == find_hits(data, 16, len(data))
    assert [17] == find_hits(data, 22, len(data)), "a word that begins just before"
    assert [] == find_hits(data, 23, len(data))
    assert [] == find_hits(data, 16, 20)


HOST_LINES = (
    b"Out of memory: Killed process 811 (mysqld) total-vm:1kB",
    b"Memory cgroup out of memory: Kill process 811 (mysqld) score 900\nKilled process 811 (mysqld) total-vm:1kB",
    b"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=mysqld,pid=811,uid=27",
    b"mysqld[811]: segfault at 0 ip 000055d sp 00007ff error 4 in mysqld",
    b"traps: mariadbd[811] general protection fault ip:55d sp:7ff error:0",
    b"Process 811 (mariadbd) of user 27 dumped core.",
    b"mariadb.service: State 'stop-sigterm' timed out. Killing.",
    b"mysqld.service: stop-sigterm timed out. Killing.",
    b"mysqld.service: Main process exited, code=killed, status=9/KILL",
    b"mysqld.service: Main process exited, code=killed, status=15/TERM",
    b"mysqld.service: A process of this unit has been killed by the OOM killer.",
    b"mysqld.service: Failed with result 'oom-kill'.",
    b"Killed /system.slice/mysqld.service due to memory pressure for /system.slice being 60%",
    b"mysql exited with code 137",
    b"mysql exited with code 143",
    b"Error,11/23/2026 12:00:26,Service Control Manager,7034,None,The MySQL80 service terminated unexpectedly.  It has done this 1 time(s).",
)
"""What each of HOST_MESSAGES stands for."""
END_LINES = (
    b"# 2026-11-23T12:00:00 KILL 48213 (Query 312 sec) SELECT 1",
    b"2026-11-23T12:00:00.1Z\t   12 Query\tKILL 48213",
    b"KILL CONNECTION 48213 on 192.0.2.4:3306",
    b"*7 connection timed out (110: Connection timed out) while proxying connection, client: 192.0.2.5, server: 0.0.0.0:3306",
    b"mysql exited with code 0",
)
"""Ends that other parties report, and that may stand far from the errors they explain."""


def test_every_message_of_an_operating_system_is_a_hit_in_a_long_log() -> None:
    lines = [line for lines in HOST_LINES for line in lines.decode().splitlines()]

    assert all(any(form.search(line) for line in lines) for form, _cause in HOST_MESSAGES)
    assert [line for line in HOST_LINES if not find_hits(line, 0, len(line))] == []
    assert [line for line in END_LINES if not find_hits(line, 0, len(line))] == []
    assert [line for line in END_LINES if end_message(line.decode()) is None] == []
