"""The file of a recording: an SQLite database whose rows are the pieces of streams, and what is left of a damaged one.

SQLite itself refuses a file that was cut or lost its journal. Then each of its pages is read alone: the rows of a table are
in its leaf pages, and ours fit into them whole (https://www.sqlite.org/fileformat2.html, 1.6). Whether a row is a piece of a
stream, its seal shows. Unused pages may hold pieces of a past that was deleted; the seals separate these too.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.as_json import UnfitRecord
from goneaway_tui.source.recording.lines import StreamGap, first_seal, seal_of
from goneaway_tui.system import (
    BINARY,
    CLOSE_ON_EXEC,
    NON_BLOCKING,
    make_private,
    must_be_private,
    open_private,
    read_at,
    write_at,
)
from goneaway_tui.text.sanitize import plain

SCHEMA = 2
"""The version of what is in the file, kept as `user_version`."""
MARK = int.from_bytes(b"gone")
"""Whose file it is, kept as `application_id`."""
BESIDE = ("-wal", "-shm", "-journal")
"""The ends of the names of the files that SQLite writes beside a database."""
OBJECTS = ("piece", "piece_at", "piece_of")
PAGE_BYTES = 4096
HEADER_BYTES = 100
CHANGE_COUNTER = 24
"""Where a database counts its changes: with another number there, SQLite reads its pages again."""
LEAF = 0x0D
"""The first byte of a leaf page of a table."""
MAX_VALUE_BYTES = 1 << 20
"""Of any value or row SQLite may hand out; ours are below 5,000."""
BUSY_SECONDS = 5.0
STEPS, STEPS_PER_BYTE = 2_000_000, 16
"""Steps of SQLite's machine that one transaction may take, and for each byte of the file. A row takes some 10 to read
and 40 to restore, and 20 bytes at least; but a few pages that all lead to one another make a scan that never ends."""
STEPS_PER_CHECK = 50_000
READ, RECORD = N_("cannot read {path}: {why}"), N_("cannot record into {path}: {why}")
"""What was tried, and did not work."""
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file ends with; the second where SQLite's complaint quotes what is no text."""
NAME_ANOTHER = N_("name another file made by --record")
DAMAGED = N_("the file is damaged"), N_("`replay` shows the readable part; record into another file")
COMPLAINTS = {
    "SQLITE_FULL": (N_("the disk is full"), N_("free some space, or name a place on another disk")),
    "SQLITE_READONLY": (N_("the file is read-only"), N_("name a place you may write to")),
    "SQLITE_CANTOPEN": (
        N_("the file cannot be opened"),
        N_("check the permissions of the file and its folder"),
    ),
    "SQLITE_BUSY": (N_("another program uses the file"), N_("end that program first, or name another file")),
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_INTERRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}
"""What to say for an error of SQLite, and what to do."""


def recording_error(what: str, path: Path, why: str, hint: str = "") -> FileError:
    """`what` is READ or RECORD; `why` and `hint` are translated."""
    return FileError(_(what, path=plain(str(path)), why=why), hint)


@contextmanager
def file_errors(what: str, path: Path) -> Iterator[None]:
    """Say in one line what goes wrong with a file; `what` is READ or RECORD. Raises FileError."""
    try:
        yield
    except (OSError, sqlite3.Error, *DAMAGE, UnfitRecord, StreamGap) as error:
        raise recording_error(what, path, *_complaint(what, error)) from error


def _complaint(what: str, error: Exception) -> tuple[str, str]:
    """What to say, and what to do."""
    match error:
        case StreamGap():
            return _("the file has no complete sample"), _(NAME_ANOTHER)
        case UnfitRecord() if what == READ:
            return _("the file is not a valid recording ({detail})", detail=error), _(NAME_ANOTHER)
        case UnfitRecord():
            return _("a sample has a value that cannot be recorded: {detail}", detail=error), ""
        case UnicodeDecodeError():
            why, hint = DAMAGED
        case _:
            name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
            words = plain(getattr(error, "strerror", None) or str(error)).lower()
            why, hint = COMPLAINTS.get(name, (words, N_("check the file, or name another file")))
    return _(why), _(hint)


def file_size(path: Path) -> int:
    """Bytes of a file, with the WAL beside it."""
    size = 0
    for part in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            size += part.stat().st_size
    return size


class BoundedDatabase(sqlite3.Connection):
    """A database that is read with suspicion. It gives up a transaction, or a statement outside of one, which takes far more
    steps than a file of that size is worth: sqlite3.OperationalError, SQLITE_INTERRUPT.
    """

    def __init__(self, name: str, file: Path) -> None:
        """`name` may be a URI. `file`: whose size counts, with the WAL beside it."""
        is_uri = name.startswith("file:")
        super().__init__(
            name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=is_uri
        )
        self._file = file
        self._checks_left = 0.0
        self.set_progress_handler(self._is_too_much, STEPS_PER_CHECK)
        self.text_factory = lambda raw: raw.decode("utf-8", "replace")
        self.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        try:
            for pragma in (f"page_size = {PAGE_BYTES}", "trusted_schema = OFF", "cell_size_check = ON"):
                self.execute(f"PRAGMA {pragma}")
        except BaseException:
            self.close()
            raise

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """As in sqlite3."""
        if not self.in_transaction:
            self._checks_left = (STEPS + STEPS_PER_BYTE * file_size(self._file)) // STEPS_PER_CHECK
        return super().execute(*arguments)

    def _is_too_much(self) -> bool:
        """Whether SQLite must stop; asked after each STEPS_PER_CHECK steps."""
        self._checks_left -= 1
        return self._checks_left < 0

    def is_recording(self) -> bool:
        """Whether it defines what ours do, word for word: a view or a trigger of that name could run anything."""
        return dict(self.execute(sql("objects"))) == {name: sql(name) for name in OBJECTS}


@cache
def sql(name: str) -> str:
    """The text of a statement."""
    text = (files(__package__) / "statements.sql").read_text(encoding="utf-8")
    statements: dict[str, str] = dict(re.findall(r"^-- (\w+): .*\n(.+)$", text, re.MULTILINE))
    return statements[name]


def create_or_continue(path: Path) -> BoundedDatabase:
    """The file, ready to be added to; made where there is none. Raises FileError, also where it is another's."""
    with file_errors(RECORD, path):
        _check_file(path, RECORD)
        _must_be_alone(path)
        database = BoundedDatabase(str(path), path)
        try:
            _create_objects(database)
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 0"):
                database.execute(f"PRAGMA {pragma}")
            # Reading makes SQLite open the files beside it. Another user may have made them since the first look; nothing
            # of ours is in them yet.
            database.is_recording()
            _must_be_alone(path)
        except BaseException:
            database.close()
            raise
    return database


def open_to_read(path: Path) -> tuple[BoundedDatabase, bool]:
    """The file as it is, or where SQLite refuses it, what is left in it; and whether that is so. Raises FileError."""
    with file_errors(READ, path):
        _check_file(path, READ)
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        with suppress(*DAMAGE), ExitStack() as stack:
            uri = f"file:{quote(os.fsencode(path))}?{mode}"
            database = stack.enter_context(closing(BoundedDatabase(uri, path)))
            if database.is_recording():
                stack.pop_all()
                return database, False
    return salvage(path), True


def salvage(path: Path) -> BoundedDatabase:
    """What is left in a damaged file, in a database of its own that is gone when it is closed. Raises FileError."""
    whole = BoundedDatabase("", path)
    try:
        with file_errors(READ, path), closing(BoundedDatabase("", path)) as found:
            for database, objects in ((found, OBJECTS[:1]), (whole, OBJECTS)):
                for name in objects:
                    database.execute(sql(name))
                database.execute("BEGIN")
            found.executemany(sql("restore"), rows_in_pages(path))
            whole.executemany(sql("restore"), _unbroken(found.execute(sql("streams"))))
            whole.execute("COMMIT")
    except BaseException:
        whole.close()
        raise
    return whole


def rows_in_pages(path: Path) -> Iterator[tuple[Any, ...]]:
    """The rows of the right form in the pages of a file; half a page is read as far as it goes.

    Each leaf page becomes the only one of a table in a small database, and SQLite reads it there. Raises OSError.
    """
    with TemporaryDirectory() as folder, path.open("rb") as file:
        copy = Path(folder, "page")
        with (
            closing(BoundedDatabase(str(copy), path)) as database,
            copy.open("r+b", buffering=0) as page_file,
        ):
            database.execute("PRAGMA synchronous = OFF")
            database.execute(sql("piece"))
            changes = int.from_bytes(page_file.read(HEADER_BYTES)[CHANGE_COUNTER:][:4])
            while page := file.read(PAGE_BYTES):
                if page[0] == LEAF:
                    changes += 1
                    write_at(page_file.fileno(), changes.to_bytes(4), CHANGE_COUNTER)
                    write_at(page_file.fileno(), page.ljust(PAGE_BYTES, b"\0"), PAGE_BYTES)
                    with suppress(*DAMAGE):
                        yield from _rows_of_page(database)


def _rows_of_page(database: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    bytes_left = PAGE_BYTES
    for row in database.execute(sql("fit_pieces")):
        bytes_left -= len(row[-1])
        if bytes_left < 0:
            return  # they overlap: a few pages could hold any amount
        yield row


def _unbroken(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows without those that follow a gap in their stream; they come stream by stream."""
    for (segment, track), pieces in groupby(rows, lambda row: row[1:3]):
        seal = first_seal(segment, track)
        for piece in pieces:
            seal = seal_of(piece[3], piece[5], seal)
            if seal != piece[4]:
                break
            yield piece


def _create_objects(database: BoundedDatabase) -> None:
    """Create tables and indexes, unless they are there."""
    if database.execute(sql("objects")).fetchone() is None:
        database.execute("BEGIN IMMEDIATE")
        database.execute(f"PRAGMA application_id = {MARK}")
        database.execute(f"PRAGMA user_version = {SCHEMA}")
        for name in OBJECTS:
            database.execute(sql(name))
        database.execute("COMMIT")
    if not database.is_recording():
        raise sqlite3.DatabaseError(N_("the file has other content"))


def _must_be_alone(path: Path) -> None:
    """Raise OSError where SQLite would write into a file of another user, who would read along."""
    for suffix in BESIDE:
        must_be_private(f"{path.resolve()}{suffix}")


def _check_file(path: Path, what: str) -> None:
    """Raise OSError or FileError unless it is a regular file and a recording; to RECORD into, an empty one of ours is made."""
    if "\0" in str(path):
        raise OSError(errno.EINVAL, N_("not a possible file name"))
    flags = NON_BLOCKING | CLOSE_ON_EXEC | BINARY
    if what == READ:
        handle = os.open(path, os.O_RDONLY | flags)
    else:
        handle = open_private(path, os.O_RDWR | os.O_CREAT | flags)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, N_("not a regular file"))
        header = read_at(handle, HEADER_BYTES, 0)
        if header or what == READ:
            # https://www.sqlite.org/fileformat2.html, 1.3: the version at 60, the application at 68
            version, mark = int.from_bytes(header[60:64]), int.from_bytes(header[68:72])
            if mark != MARK or len(header) < HEADER_BYTES:
                hint = NAME_ANOTHER if what == READ else N_("name another file, or remove this file first")
                raise recording_error(what, path, _("the file is not a recording"), _(hint))
            if version != SCHEMA:
                why = N_("the recording has format version {version}, but this program reads version {known}")
                why = _(why, version=version, known=SCHEMA)
                raise recording_error(what, path, why, _("use the goneaway-tui version that wrote it"))
        if what == RECORD:
            make_private(handle)
    finally:
        os.close(handle)
