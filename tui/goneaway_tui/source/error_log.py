"""MySQL's error log as a table, `performance_schema.error_log`: its rows read as the lines they were."""

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
    """What each row tells, dated on our clock, by how long ago the server says it was (negative) when it was `asked`.

    `rows` are (thread, error code, text, seconds), the oldest first: a server that is going down means something else
    by the same words.
    """
    log = ServerLog()
    for thread, code, data, ago in rows:
        entry = log.parse_entry(
            f"1970-01-01T00:00:00Z {int(thread)} [Note] [{text(code)}] [Server] {text(data)}"
        )
        if entry is not None:
            yield replace(entry, at=asked + float(ago))


READ_BYTES = 4 << 20
"""At most this much is read for one sample; a log that grows faster is caught up with in the next."""
LONGEST_ENTRY = 1024
"""Bytes of one entry, at most."""
HELD_SAMPLES = 3
"""For how many samples a word on a session that is still there is kept: the log may speak before the list forgets."""
HELD_ENTRIES = 10_000
"""How many such words are kept at most."""


@dataclass(frozen=True, slots=True)
class _HeldEntry:
    entry: LogEntry
    samples: int


class ErrorLog:
    """Follows one file from its present end, over rotation (another file of that name) and truncation."""

    def __init__(self, path: Path, zone: tzinfo | None = None) -> None:
        """Opens it. `zone` is the server's, for logs that do not tell. Raises FileError."""
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
        """What it said since the last call of sessions that are not `present` any more, and of the server itself.

        Never raises: a file that cannot be read just now says nothing, and is tried again.
        """
        fresh = [
            _HeldEntry(entry, 0)
            for line in self._lines()
            if (entry := self._log.parse_entry(line.text)) and entry.cause
        ]
        pending = [*self._held, *fresh]
        self._held = [
            _HeldEntry(each.entry, each.samples + 1)
            for each in pending
            if each.entry.session_id in present and each.samples < HELD_SAMPLES
        ][-HELD_ENTRIES:]
        return tuple(each.entry for each in pending if each.entry.session_id not in present)

    def past(self) -> tuple[LogEntry, ...] | None:
        """What it told of ends so far, as far back as READ_BYTES reach; None where it cannot be read."""
        try:
            with FileIO(self._path) as file:
                start = max(0, os.fstat(file.fileno()).st_size - READ_BYTES - LONGEST_ENTRY)
                file.seek(start)
                data = file.read(READ_BYTES + LONGEST_ENTRY)
        except OSError:
            return None
        if start:  # in the midst of an entry, perhaps, and its names may look like other entries
            data = data[data.find(b"\n", LONGEST_ENTRY) + 1 :]
        log = ServerLog(self._zone)
        read = joined_entries(_line(line) for line in data.split(b"\n")[:-1])
        return tuple(
            replace(entry, is_past_text=True)
            for line in read
            if (entry := log.parse_entry(line.text)) and entry.cause
        )

    def _lines(self) -> list[LogLine]:
        """Whole entries only; what has no end yet waits for it, as far as anybody would look at it."""
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
        """The file's new bytes; of a file that was put aside, its last ones first."""
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
        """Whether the open file is still the one of that name, or none has taken its place yet."""
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
            _("mend its permissions, or leave --error-log out"),
        ) from None
