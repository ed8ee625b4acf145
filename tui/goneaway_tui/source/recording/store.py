"""What is left of a recording: its rows, read from a database file's pages by their form alone.

For a file that was cut, or lost its journal, so that SQLite itself refuses it. A table's rows are in its leaf pages,
and ours fit into them whole (https://www.sqlite.org/fileformat2.html, 1.6 and 2.1); whether a row is a piece of a
stream is for its seal to tell. Pages of no use any more may hold pieces of a past that was deleted; they do no harm.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _, marked
from goneaway_tui.private_files import must_be_private, open_private
from goneaway_tui.source.recording.tape import PIECE_BYTES, TapePiece, first_seal, seal_of
from goneaway_tui.text.sanitize import plain

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


class PieceRow(NamedTuple):
    """One row of the table of pieces."""

    id: int
    segment: int
    track: int
    at: float | None
    seal: int
    body: bytes


def rows_in(file: BinaryIO) -> Iterator[PieceRow]:
    """Every row of the right form in the pages of a file, wherever its reading begins; half a page is read as far as it goes."""
    start = HEADER_BYTES
    while page := file.read(PAGE_BYTES):
        yield from _rows_of(page, start)
        start = 0


def _rows_of(page: bytes, start: int) -> Iterator[PieceRow]:
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


def _row_at(page: bytes, place: int) -> PieceRow | None:
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
            return PieceRow(row_id, segment, track, None if at is None else float(at), seal, body)
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
    for _byte in range(8):
        byte = page[place]
        place += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place
    return value << 8 | page[place], place + 1


SCHEMA = 1
"""The form of what is in the file, kept as `user_version`."""
MARK = int.from_bytes(b"gone")
"""Whose file it is, kept as `application_id`."""
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite writes beside a database, by the ends of the names."""
OBJECTS = ("piece", "piece_at", "piece_of")
MOST_LENGTH = 1 << 20
"""Bytes of any value or row SQLite may hand out; ours are below 5,000."""
BUSY_SECONDS = 5.0
STEPS, STEPS_A_BYTE = 2_000_000, 16
"""Steps of SQLite's machine that one transaction may take, and for each byte of the file. A row takes some 10 to read
and 30 to restore, and 20 bytes at least; but a few pages that all lead to one another make a scan that never ends."""
STEPS_A_LOOK = 50_000
WORDS = {
    "SQLITE_FULL": (marked("the disk is full"), marked("free some space, or name a place on another disk")),
    "SQLITE_READONLY": (marked("it may not be written to"), marked("name a place you may write to")),
    "SQLITE_CANTOPEN": (
        marked("it cannot be opened"),
        marked("look at the rights to the file and its folder"),
    ),
    "SQLITE_BUSY": (marked("another program holds it"), marked("end that one first, or name another file")),
    "SQLITE_CORRUPT": (
        marked("it is damaged"),
        marked("`replay` shows what is left in it; record into another"),
    ),
    "SQLITE_INTERRUPT": (
        marked("it is damaged"),
        marked("`replay` shows what is left in it; record into another"),
    ),
    "SQLITE_NOTADB": (marked("it is no recording"), marked("name a file made by --record")),
}
"""What to say to which of SQLite's complaints."""
NO_RECORDING = marked("name a file made by --record")
READ, RECORD = marked("cannot read {path}: {why}"), marked("cannot record into {path}: {why}")
"""What was tried, and did not work."""
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file ends with; the second where SQLite's complaint quotes what is no text."""


def file_error(what: str, path: Path, error: OSError | sqlite3.Error | UnicodeDecodeError) -> FileError:
    """One line for what the system or SQLite said. `what` is READ or RECORD."""
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, UnicodeDecodeError):
        name = "SQLITE_CORRUPT"
    why, hint = WORDS.get(name, (plain(said).lower(), marked("look at the file, or name another")))
    return recording_error(what, path, _(why), _(hint))


def recording_error(what: str, path: Path, why: str, hint: str = "") -> FileError:
    """`what` is READ or RECORD; why, and what to do, are said already."""
    return FileError(_(what, path=plain(str(path)), why=why), hint)


class BoundedDatabase(sqlite3.Connection):
    """A database that gives up a transaction, or a statement outside of one, which takes far more steps than a file of
    that size is worth: sqlite3.OperationalError, SQLITE_INTERRUPT.
    """

    worth: Path
    """The file whose size counts."""
    _looks = 0
    """How often more SQLite may ask."""

    def bound_by(self, worth: Path) -> None:
        self.worth = worth
        self.set_progress_handler(self._is_too_much, STEPS_A_LOOK)

    def execute(self, *asked: Any) -> sqlite3.Cursor:
        """As in sqlite3."""
        if not self.in_transaction:
            self._looks = (STEPS + STEPS_A_BYTE * _size(self.worth)) // STEPS_A_LOOK
        return super().execute(*asked)

    def _is_too_much(self) -> bool:
        self._looks -= 1
        return self._looks < 0


def _size(path: Path) -> int:
    """Bytes of a database and of the WAL beside it."""
    size = 0
    for each in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            size += each.stat().st_size
    return size


@cache
def sql(name: str) -> str:
    """A statement's text without its comment."""
    text = (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()


def create_or_continue(path: Path) -> sqlite3.Connection:
    """The file, ready to be added to; made where there is none. Raises FileError, also where it is another's."""
    try:
        with _opened(path, os.O_RDWR | os.O_CREAT) as handle:
            if os.fstat(handle).st_size:
                _must_be_ours(path, os.pread(handle, HEADER_BYTES, 0), RECORD)
            os.fchmod(handle, 0o600)
        _must_be_alone(path)
        database = _connected(str(path), path)
    except (OSError, ValueError) as error:
        raise _not_opened(RECORD, path, error) from error
    try:
        _found(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        # Reading makes SQLite open the files beside it. Another user may have made them since the first look; nothing
        # of ours is in them yet.
        _is_ours(database)
        _must_be_alone(path)
    except (OSError, *DAMAGE) as error:
        database.close()
        raise file_error(RECORD, path, error) from error
    return database


def _must_be_alone(path: Path) -> None:
    """Raise OSError where SQLite would write into a file of another user: it would read along."""
    for suffix in BESIDE:
        must_be_private(f"{path.resolve()}{suffix}")


def read_pieces(path: Path) -> tuple[sqlite3.Connection, bool]:
    """The file as it is, or where SQLite will not have it, what is left in it; and whether that is so. Raises FileError."""
    try:
        with _opened(path, os.O_RDONLY) as handle:
            _must_be_ours(path, os.pread(handle, HEADER_BYTES, 0), READ)
    except (OSError, ValueError) as error:
        raise _not_opened(READ, path, error) from error
    for way in ("mode=ro", "mode=ro&immutable=1"):
        with suppress(*DAMAGE):
            database = _connected(f"file:{quote(os.fsencode(path))}?{way}", path, uri=True)
            try:
                if _is_ours(database):
                    return database, False
            except DAMAGE:
                database.close()
                raise
            database.close()
    return salvage(path), True


def salvage(path: Path) -> sqlite3.Connection:
    """What is left in a damaged file, in a database of its own that is gone when it is closed. Raises FileError."""
    whole = _connected("", path)
    try:
        for name in OBJECTS:
            whole.execute(sql(name))
        whole.execute("BEGIN")
        with path.open("rb") as file:
            whole.executemany(sql("restore"), (row for row in rows_in(file) if len(row.body) <= PIECE_BYTES))
        whole.execute(sql("gap"))
        whole.executemany(sql("add_gap"), _after_gaps(whole))
        whole.execute(sql("forget_rest"))
        whole.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        whole.close()
        raise file_error(READ, path, error) from error
    return whole


def _after_gaps(database: sqlite3.Connection) -> Iterator[tuple[int, int, int]]:
    """Segment, track and row where each stream breaks off that does."""
    for (segment, track), rows in groupby(database.execute(sql("found")), lambda row: row[1:3]):
        seal = first_seal(segment, track)
        for row_id, _segment, _track, at, written, body in rows:
            seal = seal_of(at, body, seal)
            if seal != written:
                yield segment, track, row_id
                break


def piece_of(at: object, seal: object, body: object) -> TapePiece | None:
    """A row as a piece; None where its values are of other types than ours."""
    if isinstance(seal, int) and isinstance(body, bytes) and isinstance(at, float | None):
        return TapePiece(at, seal, body)
    return None


def _is_ours(database: sqlite3.Connection) -> bool:
    """Whether it defines what ours do, word for word: a view or a trigger of that name could run anything."""
    return dict(database.execute(sql("objects"))) == {name: sql(name) for name in OBJECTS}


def _found(database: sqlite3.Connection) -> None:
    """Lay the foundations, unless they are there."""
    if database.execute(sql("objects")).fetchone() is None:
        database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        database.execute("BEGIN IMMEDIATE")
        database.execute(f"PRAGMA application_id = {MARK}")
        database.execute(f"PRAGMA user_version = {SCHEMA}")
        for name in OBJECTS:
            database.execute(sql(name))
        database.execute("COMMIT")
    if not _is_ours(database):
        raise sqlite3.DatabaseError(marked("it holds something else"))


def _connected(name: str, worth: Path, *, uri: bool = False) -> BoundedDatabase:
    """A database that will be read with suspicion, worth as much work as a file's size tells."""
    database = sqlite3.connect(
        name,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=BoundedDatabase,
        uri=uri,
    )
    database.bound_by(worth)
    database.text_factory = _as_text
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_LENGTH)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


def _as_text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    opened = os.open if flags == os.O_RDONLY else open_private
    handle = opened(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, marked("not a regular file"))
        yield handle
    finally:
        os.close(handle)


def _must_be_ours(path: Path, header: bytes, what: str) -> None:
    """https://www.sqlite.org/fileformat2.html, 1.3: the version at 60, the application at 68."""
    if len(header) < HEADER_BYTES or int.from_bytes(header[68:72]) != MARK:
        hint = _(NO_RECORDING) if what == READ else _("name another file, or remove that one first")
        raise recording_error(what, path, _("it is no recording"), hint)
    version = int.from_bytes(header[60:64])
    if version != SCHEMA:
        why = _(
            "it is of version {version}, and this program knows version {known}",
            version=version,
            known=SCHEMA,
        )
        raise recording_error(what, path, why, _("use the program it was made with"))


def _not_opened(what: str, path: Path, error: OSError | ValueError) -> FileError:
    if isinstance(error, OSError):
        return file_error(what, path, error)
    return recording_error(what, path, _("not a possible file name"), _("name another"))
