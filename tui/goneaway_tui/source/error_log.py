"""The error log of a server: as MySQL's table `performance_schema.error_log`, and as a file on this machine that is followed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from io import FileIO
from pathlib import Path
from typing import Any

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.server_log import MAX_LINE_CHARS, ServerLog, TornEntryJoiner, joined_entries
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.source.session_cache import text
from goneaway_tui.text.sanitize import plain


def entries(rows: Iterable[tuple[Any, ...]], asked: float) -> Iterator[LogEntry]:
    """The entry of each row, dated on our clock.

    `rows` are (thread, error code, text, seconds), the oldest first: the same message means something else while a server is
    shutting down. `seconds` is how long before `asked` the row was logged, as a negative number.
    """
    log = ServerLog()
    for thread, code, data, ago in rows:
        entry = log.parse_entry(
            f"1970-01-01T00:00:00Z {int(thread)} [Note] [{text(code)}] [Server] {text(data)}"
        )
        if entry is not None:
            yield replace(entry, at=asked + float(ago))


READ_BYTES = 4 << 20
"""Bytes that are read for one sample at most; the rest of a log that grows faster is read for the next sample."""
LONGEST_ENTRY = 1024
"""The longest entry, in bytes."""
HELD_SAMPLES = 3
"""For how many samples an entry about a session that is still listed is kept: the server may log an end before the list changes."""
HELD_ENTRIES = 10_000
"""How many such entries are kept at most."""


@dataclass(frozen=True, slots=True)
class _HeldEntry:
    entry: LogEntry
    samples: int


class ErrorLog:
    """Follows one file from its present end, over rotation (another file of that name) and truncation."""

    def __init__(self, path: Path, zone: tzinfo | None = None) -> None:
        """Open the file. `zone` is the time zone of the server, for logs without one in their time stamps. Raises FileError."""
        self._path, self._zone = path, zone
        self._log = ServerLog(zone)
        self._mender = TornEntryJoiner()
        self._tail = b""
        self._held: list[_HeldEntry] = []
        self._file = _opened(path)
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        self._file.close()

    def entries(self, present: Collection[int]) -> tuple[LogEntry, ...]:
        """The entries since the last call about sessions that are not `present` any more, and about the server itself.

        Never raises: a file that cannot be read gives no entries, and is read again at the next call.
        """
        fresh = [
            _HeldEntry(entry, 0)
            for line in self._lines()
            if (entry := self._log.parse_entry(line.text)) and entry.cause
        ]
        pending = [*self._held, *fresh]
        self._held = [
            _HeldEntry(held.entry, held.samples + 1)
            for held in pending
            if held.entry.session_id in present and held.samples < HELD_SAMPLES
        ][-HELD_ENTRIES:]
        return tuple(held.entry for held in pending if held.entry.session_id not in present)

    def past(self) -> tuple[LogEntry, ...] | None:
        """The entries about ends in the last READ_BYTES of the file; None where it cannot be read."""
        try:
            with FileIO(self._path) as file:
                start = max(0, os.fstat(file.fileno()).st_size - READ_BYTES - LONGEST_ENTRY)
                file.seek(start)
                data = file.read(READ_BYTES + LONGEST_ENTRY)
        except OSError:
            return None
        if start:  # this may be in the middle of an entry, and names in it may look like other entries
            data = data[data.find(b"\n", LONGEST_ENTRY) + 1 :]
        log = ServerLog(self._zone)
        read = joined_entries(_line(line) for line in data.split(b"\n")[:-1])
        return tuple(
            replace(entry, is_past_text=True)
            for line in read
            if (entry := log.parse_entry(line.text)) and entry.cause
        )

    def _lines(self) -> list[LogLine]:
        """New lines, only whole ones: the beginning of a line is kept until its end is there, up to MAX_LINE_CHARS."""
        try:
            data = self._read()
        except OSError:
            return []
        *whole, tail = (self._tail + data).split(b"\n")
        self._tail = tail[: MAX_LINE_CHARS * 4]
        found = [entry for line in whole for entry in self._mender.add(_line(line))]
        if len(data) < READ_BYTES:
            found += self._mender.pause()
        return found

    def _read(self) -> bytes:
        """The new bytes of the file; of a file that was rotated, its last bytes first."""
        if self._file.tell() > os.fstat(self._file.fileno()).st_size:
            self._file.seek(0)
            self._tail = b""
        data = self._file.read(READ_BYTES)
        if data or self._is_current():
            return data
        successor = FileIO(self._path)
        self._file.close()
        self._file, self._tail = successor, b""
        return self._file.read(READ_BYTES)

    def _is_current(self) -> bool:
        """Whether the open file is still the one at the path, or there is none at the path."""
        try:
            named = self._path.stat()
        except OSError:
            return True
        return os.path.samestat(named, os.fstat(self._file.fileno()))


def _line(data: bytes) -> LogLine:
    return LogLine(0, data[: MAX_LINE_CHARS * 4].decode("utf-8", errors="replace"), len(data))


def _opened(path: Path) -> FileIO:
    try:
        if not path.is_file():
            raise FileError(
                _("{path} is not a file", path=plain(str(path), 300)),
                _("name the server's error log: SELECT @@log_error"),
            )
        return FileIO(path)
    except OSError as error:
        raise FileError(
            _("cannot read {path}: {why}", path=plain(str(path), 300), why=error.strerror),
            _("correct its permissions, or leave out --error-log"),
        ) from None
