"""What was done to servers and by whom: JSON lines, added to and never rewritten, on the disk before the act.

Whoever can write to the file can write anything into it, and a crash can leave half a line: reading it never fails for
what is in it. What it tells is as hostile as any text and is made plain where it is shown.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from goneaway_tui.errors import FileError
from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.ports import Clock
from goneaway_tui.private_files import open_private
from goneaway_tui.tune.entries import Act, Entry, acts_of, entry_of, last_change_of

TOO_LONG = 1 << 20
"""Bytes of a line above which nobody reads on: none of ours is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal holds."""

    entries: tuple[Entry, ...] = ()
    """In the order they were written."""
    garbage: int = 0
    """Lines that are none of ours, or only half of one."""

    @property
    def acts(self) -> tuple[Act, ...]:
        return acts_of(self.entries)


class Journal:
    """One file. Several tools may write to it at once: each line goes to its end in one piece."""

    def __init__(self, path: Path, clock: Clock, new_id: Callable[[], str] = lambda: uuid4().hex) -> None:
        self.path = path
        self.new_id = new_id
        self._clock = clock

    def now(self) -> str:
        """The instant for an entry: ISO 8601 in UTC, with `Z`."""
        at = datetime.fromtimestamp(self._clock(), UTC)
        return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

    def append(self, entry: Entry) -> None:
        """Write one line and wait until it is on the disk. Raises FileError where that is not possible."""
        line = json.dumps(asdict(entry)).encode("ascii") + b"\n"
        try:
            with self._opened() as handle:
                _write_whole(handle, line if _ends_whole(handle) else b"\n" + line)
        except OSError as error:
            raise self._not("write", error) from error

    def read(self) -> Reading:
        """Everything in it; nothing where there is no file yet. Raises FileError where it cannot be read."""
        entries: list[Entry] = []
        garbage = 0
        try:
            _must_be_regular(self.path.stat())
            with self.path.open("rb") as file:
                while line := file.readline(TOO_LONG):
                    entry = entry_of(line) if line.endswith(b"\n") else None
                    if entry is not None:
                        entries.append(entry)
                    elif line.strip():
                        garbage += 1
        except FileNotFoundError:
            return Reading()
        except OSError as error:
            raise self._not("read", error) from error
        return Reading(tuple(entries), garbage)

    def entries(self) -> tuple[Entry, ...]:
        return self.read().entries

    def acts(self) -> tuple[Act, ...]:
        """Each attempt with what came of it, oldest first. Raises FileError."""
        return self.read().acts

    def last_change(self, server_id: str) -> Act | None:
        """The newest change to a variable of that server that is not undone; also of an earlier run. Raises FileError."""
        return last_change_of(self.acts(), server_id)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        if not self.path.parent.is_dir():
            _make(self.path.parent)
        handle = open_private(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK)
        try:
            found = os.fstat(handle)
            _must_be_regular(found)
            if stat.S_IMODE(found.st_mode) & 0o077:
                os.fchmod(handle, 0o600)
            yield handle
        finally:
            os.close(handle)

    def _not(self, what: str, error: OSError) -> FileError:
        why = plain((error.strerror or str(error)).lower())
        path = plain(str(self.path))
        if what == "write":
            return FileError(
                _("cannot write the journal {path}: {why}", path=path, why=_(why)),
                _("without it nothing is changed on a server"),
            )
        return FileError(
            _("cannot read the journal {path}: {why}", path=path, why=_(why)), _("look at the file")
        )


def _make(folder: Path) -> None:
    """A folder for its owner alone, and so each parent that is made with it."""
    if not folder.parent.is_dir():
        _make(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def _write_whole(handle: int, line: bytes) -> None:
    if os.write(handle, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(handle)


def _must_be_regular(found: os.stat_result) -> None:
    """What is read from a pipe or a device never ends, and what is written to one is nowhere."""
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, marked("not a regular file"))


def _ends_whole(handle: int) -> bool:
    """Whether the next line begins on a line of its own; after a crash half a line may be the last."""
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"
