"""Writes a recording, one sample at a time."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import ReuseCounter
from goneaway_tui.model.as_json import pack, to_json
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.database import (
    PAGE_BYTES,
    RECORD,
    create_or_continue,
    file_errors,
    recording_error,
    sql,
)
from goneaway_tui.source.recording.lines import SampleWriter, StreamWriter, Track, departure_lines

SEGMENT_SAMPLES = 180
SEGMENT_SECONDS = 900.0
SEGMENT_BYTES = 4 << 20
"""What ends a segment, whichever comes first: samples, the time they span, their lines' bytes. A jump into a segment reads
it from its beginning."""
KEPT_SEGMENTS = 8
"""Segments that fit into what is kept, at least: the oldest goes as a whole."""
CHECKPOINT_SAMPLES = 5
"""Samples between two checkpoints: what a copy of the file without its WAL may lack."""
SPARE_PAGES = 16
"""Pages a sample may cost beside one for each of its pieces: leaves and inner pages of the two indexes."""


class SegmentWriter:
    """The segment that is being written, a stream a track; that of samples begins with everything."""

    def __init__(self, segment: int, server_name: str, began: float, *, statements: bool) -> None:
        self.id, self.began = segment, began
        self.count = 0
        """Of samples."""
        self.samples = SampleWriter(statements=statements)
        self.streams = {track: StreamWriter(segment, track, server_name) for track in Track}

    def rows(self, track: Track, lines: str, at: float) -> list[tuple[object, ...]]:
        """Rows of the database for lines of the sample of that instant."""
        return [(self.id, track, *piece) for piece in self.streams[track].pieces(lines, at)]


class RecordingWriter:
    """Adds to a recording; an existing one is continued. May be called from any thread."""

    def __init__(
        self,
        path: Path,
        server_name: str,
        *,
        keep_seconds: float | None = None,
        keep_bytes: int | None = None,
        statements: bool = True,
    ) -> None:
        """`keep_seconds`, `keep_bytes`: how much of the newest is kept, None for all. The oldest goes by segments, so
        up to an eighth more than `keep_seconds` is kept; the file itself is never larger than `keep_bytes`, unless
        one sample is, and beside it lies a WAL of the last few samples while it is written.
        `statements`: whether SQL text is written.

        Raises FileError, also where the file exists and is no recording.
        """
        self.path = path
        self._server_name, self._statements = server_name, statements
        self._keep_seconds = math.inf if keep_seconds is None else keep_seconds
        self._keep_bytes = math.inf if keep_bytes is None else keep_bytes
        self._segment: SegmentWriter | None = None
        self._reuse_counter = ReuseCounter()
        self._count = 0
        self._lock = threading.Lock()
        self._database = create_or_continue(path)
        self._is_closed = False
        try:
            with file_errors(RECORD, path):
                self._shrink()
        except FileError:
            self.close()
            raise

    def record(self, snapshot: Snapshot, departures: Sequence[Departure] = ()) -> None:
        """Add a sample and the departures it brought; on return both outlive this process, whatever ends it.

        Raises FileError where that is not possible: then nothing of the two is in the recording, and a later call
        begins another segment.
        """
        with self._lock, file_errors(RECORD, self.path):
            if self._is_closed:
                raise recording_error(RECORD, self.path, _("the recording is closed"))
            segment, self._segment = self._segment, None  # after an error its streams lack this sample
            at = snapshot.taken_at
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                segment = self._current(segment, at)
                segment.count += 1
                self._reuse_counter.observe(snapshot, departures)
                rows = segment.rows(Track.SAMPLES, segment.samples.line(snapshot), at)
                if departures:
                    lines = departure_lines(departures, statements=self._statements)
                    rows += segment.rows(Track.DEPARTURES, lines, at)
                self._append(rows, segment)
            self._segment = segment
            self._count += 1
            if self._count % CHECKPOINT_SAMPLES == 0:
                # The sample is safe in the WAL; where that has no room, the next call says so.
                with suppress(sqlite3.Error):
                    self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of the file, which is then whole by itself; safe to call twice."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                if self._segment is not None:
                    # Without its counts the segment is counted from its samples.
                    with suppress(sqlite3.Error, ValueError), self._database:
                        self._database.execute("BEGIN IMMEDIATE")
                        self._write_gaps(self._segment)
                # While another program reads along it stays in the WAL beside it.
                with suppress(sqlite3.Error):
                    self._database.execute("PRAGMA busy_timeout = 0")
                    self._database.execute("PRAGMA journal_mode = DELETE")
                self._database.close()

    def _current(self, segment: SegmentWriter | None, at: float) -> SegmentWriter:
        """The segment for the sample of that instant; a new one is begun after what is too old by then is deleted."""
        if segment is not None and not self._is_over(segment, at):
            return segment
        self._write_gaps(segment)
        earliest = at - self._keep_seconds
        self._forget_while(lambda oldest: (self._value("segment_end", oldest) or -math.inf) < earliest)
        return SegmentWriter(self._value("next_segment"), self._server_name, at, statements=self._statements)

    def _is_over(self, segment: SegmentWriter, at: float) -> bool:
        """Whether the sample of that instant begins another segment."""
        streams = segment.streams.values()
        return (
            segment.count >= SEGMENT_SAMPLES
            or not 0 <= at - segment.began < min(SEGMENT_SECONDS, self._keep_seconds / KEPT_SEGMENTS)
            or max(stream.line_bytes for stream in streams) >= SEGMENT_BYTES
            or sum(stream.piece_bytes for stream in streams) >= self._keep_bytes / KEPT_SEGMENTS
        )

    def _write_gaps(self, segment: SegmentWriter | None) -> None:
        """Add what was counted of a segment that is over, and begin to count the next; one that failed is counted from its
        samples."""
        gaps = self._reuse_counter.take()
        if gaps is not None and segment is not None:
            self._append(segment.rows(Track.GAPS, to_json(pack(gaps)), gaps.ended), segment)

    def _append(self, rows: list[tuple[object, ...]], segment: SegmentWriter) -> None:
        self._make_room(len(rows) + SPARE_PAGES, spare=segment.id)
        self._database.executemany(sql("append"), rows)

    def _make_room(self, pages: int, spare: int | None = None) -> None:
        """Delete the oldest segments but for `spare` until so many pages more fit into what may be kept."""
        self._forget_while(
            lambda oldest: (
                oldest != spare and (self._value("used_pages") + pages) * PAGE_BYTES > self._keep_bytes
            )
        )

    def _forget_while(self, is_to_go: Callable[[int], bool]) -> None:
        """Delete the oldest segments."""
        while (oldest := self._value("oldest_segment")) is not None and is_to_go(oldest):
            self._database.execute(sql("forget"), (oldest,))

    def _shrink(self) -> None:
        """Bring a file that was kept by other bounds within ours: only VACUUM gives unused pages back."""
        if self._value("all_pages") * PAGE_BYTES > self._keep_bytes:
            self._make_room(SPARE_PAGES)
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _value(self, name: str, *values: object) -> Any:
        """The first value of a statement's first row; None where there is none."""
        row = self._database.execute(sql(name), values).fetchone()
        return None if row is None else row[0]
