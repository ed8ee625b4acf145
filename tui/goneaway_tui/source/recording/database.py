"""The file of a recording: an SQLite database whose rows are the pieces of streams, and what is left of a damaged one.

SQLite itself refuses a file that was cut or lost its journal. Then each of its pages is read alone: the rows of a table are
in its leaf pages, and ours fit into them whole (https://www.sqlite.org/fileformat2.html, 1.6). Whether a row is a piece of a
stream, its seal shows. Unused pages may hold pieces of a past that was deleted; the seals separate these too.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import N_, _
from goneaway_tui.private_files import must_be_private, open_private
from goneaway_tui.source.recording.streams import first_seal, seal_of
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
DAMAGED = N_("it is damaged"), N_("`replay` shows what is left in it; record into another")
COMPLAINTS = {
    "SQLITE_FULL": (N_("the disk is full"), N_("free some space, or name a place on another disk")),
    "SQLITE_READONLY": (N_("it may not be written to"), N_("name a place you may write to")),
    "SQLITE_CANTOPEN": (
        N_("it cannot be opened"),
        N_("look at the rights to the file and its folder"),
    ),
    "SQLITE_BUSY": (N_("another program holds it"), N_("end that one first, or name another file")),
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_INTERRUPT": DAMAGED,
    "SQLITE_NOTADB": (N_("it is no recording"), N_("name a file made by --record")),
}
"""What to say for an error of SQLite, and what to do."""
READ, RECORD = N_("cannot read {path}: {why}"), N_("cannot record into {path}: {why}")
"""What was tried, and did not work."""
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file ends with; the second where SQLite's complaint quotes what is no text."""


def recording_error(what: str, path: Path, why: str, hint: str = "") -> FileError:
    """`what` is READ or RECORD; `why` and `hint` are translated."""
    return FileError(_(what, path=plain(str(path)), why=why), hint)


def file_error(what: str, path: Path, error: OSError | sqlite3.Error | ValueError) -> FileError:
    """One line for what went wrong with a file; `what` is READ or RECORD."""
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    why = plain(error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
    complaint = why, N_("look at the file, or name another")
    if isinstance(error, UnicodeDecodeError):
        complaint = DAMAGED
    elif isinstance(error, ValueError):
        complaint = N_("not a possible file name"), N_("name another")
    why, hint = COMPLAINTS.get(name, complaint)
    return recording_error(what, path, _(why), _(hint))


class BoundedDatabase(sqlite3.Connection):
    """A database that gives up a transaction, or a statement outside of one, which takes far more steps than a file of
    that size is worth: sqlite3.OperationalError, SQLITE_INTERRUPT.
    """

    file: Path
    """The file whose size counts, with the WAL beside it."""
    _checks_left = 0.0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """As in sqlite3."""
        if not self.in_transaction:
            size = 0
            for path in (self.file, self.file.with_name(f"{self.file.name}-wal")):
                with suppress(OSError):
                    size += path.stat().st_size
            self._checks_left = (STEPS + STEPS_PER_BYTE * size) // STEPS_PER_CHECK
        return super().execute(*arguments)

    def is_too_much(self) -> bool:
        """Whether SQLite must stop; asked after each STEPS_PER_CHECK steps."""
        self._checks_left -= 1
        return self._checks_left < 0


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
                _must_be_recording(path, os.pread(handle, HEADER_BYTES, 0), RECORD)
            os.fchmod(handle, 0o600)
        _must_be_alone(path)
        database = _connected(str(path), path)
    except (OSError, ValueError) as error:
        raise file_error(RECORD, path, error) from error
    try:
        _create_objects(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        # Reading makes SQLite open the files beside it. Another user may have made them since the first look; nothing
        # of ours is in them yet.
        _is_recording(database)
        _must_be_alone(path)
    except (OSError, *DAMAGE) as error:
        database.close()
        raise file_error(RECORD, path, error) from error
    return database


def open_to_read(path: Path) -> tuple[sqlite3.Connection, bool]:
    """The file as it is, or where SQLite refuses it, what is left in it; and whether that is so. Raises FileError."""
    try:
        with _opened(path, os.O_RDONLY) as handle:
            _must_be_recording(path, os.pread(handle, HEADER_BYTES, 0), READ)
    except (OSError, ValueError) as error:
        raise file_error(READ, path, error) from error
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        with suppress(*DAMAGE):
            database = _connected(f"file:{quote(os.fsencode(path))}?{mode}", path)
            try:
                if _is_recording(database):
                    return database, False
            except DAMAGE:
                database.close()
                raise
            database.close()
    return salvage(path), True


def salvage(path: Path) -> sqlite3.Connection:
    """What is left in a damaged file, in a database of its own that is gone when it is closed. Raises FileError."""
    database = _connected("", path)
    try:
        for name in (*OBJECTS, "found"):
            database.execute(sql(name))
        database.execute("BEGIN")
        database.executemany(sql("add_found"), rows_in_pages(path))
        database.executemany(sql("restore"), _unbroken(database.execute(sql("all_found"))))
        database.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        database.close()
        raise file_error(READ, path, error) from error
    return database


def rows_in_pages(path: Path) -> Iterator[tuple[Any, ...]]:
    """The rows of the right form in the pages of a file; half a page is read as far as it goes.

    Each leaf page becomes the only one of a table in a small database, and SQLite reads it there. Raises OSError.
    """
    with TemporaryDirectory() as folder, path.open("rb") as file:
        copy = Path(folder, "page")
        with closing(_connected(str(copy), path)) as database, copy.open("r+b", buffering=0) as page_file:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(sql("piece"))
            changes = int.from_bytes(page_file.read(HEADER_BYTES)[CHANGE_COUNTER:][:4])
            while page := file.read(PAGE_BYTES):
                if page[0] == LEAF:
                    changes += 1
                    page_file.seek(CHANGE_COUNTER)
                    page_file.write(changes.to_bytes(4))
                    page_file.seek(PAGE_BYTES)
                    page_file.write(page.ljust(PAGE_BYTES, b"\0"))
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


def _is_recording(database: sqlite3.Connection) -> bool:
    """Whether it defines what ours do, word for word: a view or a trigger of that name could run anything."""
    return dict(database.execute(sql("objects"))) == {name: sql(name) for name in OBJECTS}


def _create_objects(database: sqlite3.Connection) -> None:
    """Create tables and indexes, unless they are there."""
    if database.execute(sql("objects")).fetchone() is None:
        database.execute("BEGIN IMMEDIATE")
        database.execute(f"PRAGMA application_id = {MARK}")
        database.execute(f"PRAGMA user_version = {SCHEMA}")
        for name in OBJECTS:
            database.execute(sql(name))
        database.execute("COMMIT")
    if not _is_recording(database):
        raise sqlite3.DatabaseError(N_("it holds something else"))


def _connected(name: str, file: Path) -> BoundedDatabase:
    """A database that is read with suspicion, with as many steps as a file's size allows; `name` may be a URI."""
    database = sqlite3.connect(
        name,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=BoundedDatabase,
        uri=name.startswith("file:"),
    )
    database.file = file
    database.set_progress_handler(database.is_too_much, STEPS_PER_CHECK)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


def _must_be_alone(path: Path) -> None:
    """Raise OSError where SQLite would write into a file of another user, who would read along."""
    for suffix in BESIDE:
        must_be_private(f"{path.resolve()}{suffix}")


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    opened = os.open if flags == os.O_RDONLY else open_private
    handle = opened(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, N_("not a regular file"))
        yield handle
    finally:
        os.close(handle)


def _must_be_recording(path: Path, header: bytes, what: str) -> None:
    """https://www.sqlite.org/fileformat2.html, 1.3: the version at 60, the application at 68."""
    if len(header) < HEADER_BYTES or int.from_bytes(header[68:72]) != MARK:
        read_hint, record_hint = (
            _("name a file made by --record"),
            _("name another file, or remove that one first"),
        )
        raise recording_error(what, path, _("it is no recording"), read_hint if what == READ else record_hint)
    version = int.from_bytes(header[60:64])
    if version != SCHEMA:
        why = _(
            "it is of version {version}, and this program knows version {known}",
            version=version,
            known=SCHEMA,
        )
        raise recording_error(what, path, why, _("use the program it was made with"))
