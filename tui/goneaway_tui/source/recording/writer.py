"""Writes a recording, one sample at a time."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import ReuseCounter, ReuseGaps
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.database import (
    PAGE_BYTES,
    RECORD,
    create_or_continue,
    file_error,
    recording_error,
    sql,
)
from goneaway_tui.source.recording.facts import (
    DEPARTURE_COLUMNS,
    GAP_COLUMNS,
    SAMPLE_COLUMNS,
    SampleWriter,
    departure_lines,
    pack,
    to_json,
)
from goneaway_tui.source.recording.streams import StreamWriter, Track

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
    """The segment that is being written: a stream of samples, which begins with everything, and one of departures."""

    def __init__(self, segment: int, server_name: str, began: float, *, statements: bool) -> None:
        self.id, self._began = segment, began
        self._server_name = server_name
        self._count = 0
        self._statements = statements
        self._sample_writer = SampleWriter(statements=statements)
        self._samples = StreamWriter(segment, Track.SAMPLES, server_name, SAMPLE_COLUMNS)
        self._departures = StreamWriter(segment, Track.DEPARTURES, server_name, DEPARTURE_COLUMNS)

    def rows(self, snapshot: Snapshot, departures: Sequence[Departure]) -> Sequence[tuple[object, ...]]:
        """Rows of the database for the next sample and its departures."""
        self._count += 1
        at, line = snapshot.taken_at, self._sample_writer.line(snapshot)
        rows = [(self.id, Track.SAMPLES, *piece) for piece in self._samples.pieces(line, at)]
        if departures:
            lines = departure_lines(departures, statements=self._statements)
            rows += [(self.id, Track.DEPARTURES, *piece) for piece in self._departures.pieces(lines, at)]
        return rows

    def gap_rows(self, gaps: ReuseGaps) -> list[tuple[object, ...]]:
        """Rows of the database for what was counted of the segment, which is over."""
        stream = StreamWriter(self.id, Track.GAPS, self._server_name, GAP_COLUMNS)
        return [(self.id, Track.GAPS, *piece) for piece in stream.pieces(to_json(pack(gaps)), gaps.ended)]

    def is_over(self, at: float, seconds: float, piece_bytes: float) -> bool:
        """Whether the sample of that instant begins another segment, by the time and the bytes that one may take."""
        return (
            self._count >= SEGMENT_SAMPLES
            or not 0 <= at - self._began < seconds
            or max(self._samples.line_bytes, self._departures.line_bytes) >= SEGMENT_BYTES
            or self._samples.piece_bytes + self._departures.piece_bytes >= piece_bytes
        )


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
            with self._as_file_error():
                self._shrink()
        except FileError:
            self.close()
            raise

    def record(self, snapshot: Snapshot, departures: Sequence[Departure] = ()) -> None:
        """Add a sample and the departures it brought; on return both outlive this process, whatever ends it.

        Raises FileError where that is not possible: then nothing of the two is in the recording, and a later call
        begins another segment.
        """
        with self._lock, self._as_file_error():
            if self._is_closed:
                raise recording_error(RECORD, self.path, _("the recording is closed"))
            segment, self._segment = self._segment, None  # after an error its streams lack this sample
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                segment = self._current(segment, snapshot.taken_at)
                self._reuse_counter.observe(snapshot, departures)
                rows = segment.rows(snapshot, departures)
                self._make_room(len(rows) + SPARE_PAGES, spare=segment.id)
                self._database.executemany(sql("append"), rows)
            self._segment = segment
            self._count += 1
            if self._count % CHECKPOINT_SAMPLES == 0:
                with suppress(
                    sqlite3.Error
                ):  # the sample is safe in the WAL; where that has no room, the next call says so
                    self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of the file, which is then whole by itself; safe to call twice."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                with suppress(
                    sqlite3.Error, ValueError
                ):  # without its counts the segment is counted from its samples
                    if self._segment is not None:
                        with self._database:
                            self._database.execute("BEGIN IMMEDIATE")
                            self._write_gaps(self._segment)
                with suppress(
                    sqlite3.Error
                ):  # while another program reads along it stays in the WAL beside it
                    self._database.execute("PRAGMA busy_timeout = 0")
                    self._database.execute("PRAGMA journal_mode = DELETE")
                self._database.close()

    def _current(self, segment: SegmentWriter | None, at: float) -> SegmentWriter:
        """The segment for the sample of that instant; a new one is begun after what is too old by then is deleted."""
        seconds = min(SEGMENT_SECONDS, self._keep_seconds / KEPT_SEGMENTS)
        if segment is not None and not segment.is_over(at, seconds, self._keep_bytes / KEPT_SEGMENTS):
            return segment
        if segment is None:
            self._reuse_counter.take()  # of a segment that failed, which is counted from its samples
        else:
            self._write_gaps(segment)
        while (oldest := self._value("oldest_segment")) is not None:
            end = self._value("segment_end", oldest)
            if end is not None and end >= at - self._keep_seconds:
                break
            self._database.execute(sql("forget"), (oldest,))
        return SegmentWriter(self._value("next_segment"), self._server_name, at, statements=self._statements)

    def _write_gaps(self, segment: SegmentWriter) -> None:
        """Add what was counted of a segment that is over, and begin to count the next."""
        gaps = self._reuse_counter.take()
        if gaps is not None:
            rows = segment.gap_rows(gaps)
            self._make_room(len(rows) + SPARE_PAGES, spare=segment.id)
            self._database.executemany(sql("append"), rows)

    def _make_room(self, pages: int, spare: int | None = None) -> None:
        """Delete the oldest segments but for `spare` until so many pages more fit into what may be kept."""
        while self._keep_bytes < (self._value("used_pages") + pages) * PAGE_BYTES:
            oldest = self._value("oldest_segment")
            if oldest is None or oldest == spare:
                break
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

    @contextmanager
    def _as_file_error(self) -> Iterator[None]:
        """Say what goes wrong in one line."""
        try:
            yield
        except sqlite3.Error as error:
            raise file_error(RECORD, self.path, error) from error
        except ValueError as error:
            why = _("a sample holds what no recording can: {detail}", detail=error)
            raise recording_error(RECORD, self.path, why) from error
