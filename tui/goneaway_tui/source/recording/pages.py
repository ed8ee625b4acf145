"""What is left of a recording: its rows, read from a database file's pages by their form alone.

For a file that was cut, or lost its journal, so that SQLite itself refuses it. A table's rows are in its leaf pages,
and ours fit into them whole (https://www.sqlite.org/fileformat2.html, 1.6 and 2.1); whether a row is a piece of a
stream is for its seal to tell. Pages of no use any more may hold pieces of a past that was deleted; they do no harm.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

PAGE_BYTES = 4096
HEADER_BYTES = 100
"""The file's own header, ahead of the first page's."""
LEAF = 0x0D
MOST_ROWS = PAGE_BYTES // 6
"""A row takes 4 bytes at least, and 2 for the pointer to it."""
MOST_ROW_ID = 2**63 - 1
REAL = 7
NULL = 0
INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer by its serial type; 8 and 9 are 0 and 1 and take none."""
BLOB = 12


class Found(NamedTuple):
    """One row of the table of pieces."""

    id: int
    segment: int
    track: int
    at: float | None
    seal: int
    body: bytes


def rows_in(file: BinaryIO) -> Iterator[Found]:
    """Every row of the right form in the pages of a file, wherever its reading begins; half a page is read as far as it goes."""
    start = HEADER_BYTES
    while page := file.read(PAGE_BYTES):
        yield from _rows_of(page, start)
        start = 0


def _rows_of(page: bytes, start: int) -> Iterator[Found]:
    if len(page) < start + 8 or page[start] != LEAF:
        return
    rows = min(int.from_bytes(page[start + 3 : start + 5]), MOST_ROWS)
    left = PAGE_BYTES - start
    for pointer in range(start + 8, start + 8 + 2 * rows, 2):
        place = int.from_bytes(page[pointer : pointer + 2])
        try:
            left -= _number(page, place)[0]
            if left < 0:
                return  # they overlap: a few pages could hold any amount
            found = _row_at(page, place)
        except (IndexError, struct.error):
            continue  # the page ends in it
        if found is not None:
            yield found


def _row_at(page: bytes, place: int) -> Found | None:
    """The row that begins there. Raises IndexError where the page ends in it, None where it is none of ours."""
    size, place = _number(page, place)
    row_id, place = _number(page, place)
    end, (head, types) = place + size, _number(page, place)
    values, kinds = place + head, []
    while types < values:
        kind, types = _number(page, types)
        kinds.append(kind)
    if len(kinds) != 6 or end > len(page) or row_id > MOST_ROW_ID:
        return None
    found: list[int | float | bytes | None] = []
    for kind in kinds:
        value, values = _value(page, kind, values)
        found.append(value)
    if values != end:
        return None
    match found:
        case [None, int(segment), int(track), float() | int() | None as at, int(seal), bytes(body)]:
            return Found(row_id, segment, track, None if at is None else float(at), seal, body)
    return None


def _value(page: bytes, kind: int, place: int) -> tuple[int | float | bytes | None, int]:
    """A value by its serial type, and where the next begins. SQLite stores a whole REAL as an integer."""
    if kind == NULL:
        return None, place
    if kind == REAL:
        return struct.unpack_from(">d", page, place)[0], place + 8
    if kind in {8, 9}:
        return kind - 8, place
    if kind >= BLOB and kind % 2 == 0:
        end = place + (kind - BLOB) // 2
        if end > len(page):
            raise IndexError
        return page[place:end], end
    if kind in INTEGERS:
        end = place + INTEGERS[kind]
        return int.from_bytes(page[place:end], signed=True), end
    return None, place


def _number(page: bytes, place: int) -> tuple[int, int]:
    """A varint, and where it ends: seven bits a byte, high first, all eight of a ninth."""
    value = 0
    for _ in range(8):
        byte = page[place]
        place += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place
    return value << 8 | page[place], place + 1
