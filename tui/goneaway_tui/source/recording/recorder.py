"""Writes what was seen to a recording, one sample at a time."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.delta import DepartureWriter, SampleWriter
from goneaway_tui.source.recording.rows import written
from goneaway_tui.source.recording.store import (
    PAGE_BYTES,
    RECORD,
    create_or_continue,
    file_error,
    recording_error,
    sql,
)
from goneaway_tui.source.recording.tape import TapePiece, TapeWriter, Track

SEGMENT_SAMPLES = 180
SEGMENT_SECONDS = 900.0
SEGMENT_BYTES = 4 << 20
"""What ends a segment, whichever comes first: samples, the time they span, their lines' bytes. Whoever jumps into a
segment reads it from its beginning."""
SHARES = 8
"""Segments that fit into what is kept, at least: the oldest goes as a whole."""
CHECKPOINT_SAMPLES = 5
"""Samples between two checkpoints: what a copy of the file without its WAL may lack."""
SPARE_PAGES = 16
"""Pages a sample may cost beside one for each of its pieces: leaves and inner pages of the two indexes."""


class RecordingSegment:
    """The one that is being written."""

    def __init__(self, segment_id: int, server_name: str, began: float, *, statements: bool) -> None:
        self.id, self.began = segment_id, began
        self.samples = 0
        self._server_name = server_name
        self._writers = SampleWriter(statements=statements), DepartureWriter(statements=statements)
        self._rolls = tuple(TapeWriter(segment_id, track) for track in Track)

    def pieces(
        self, snapshot: Snapshot, departures: Sequence[Departure]
    ) -> Iterator[tuple[Track, TapePiece]]:
        """What tells this sample to whoever has read the ones before."""
        self.samples += 1
        samples, departed = self._writers
        yield from self._told(Track.SAMPLES, samples.columns, samples.line(snapshot), snapshot.taken_at)
        if departures:
            yield from self._told(
                Track.DEPARTURES, departed.columns, departed.lines(departures), snapshot.taken_at
            )

    def _told(
        self, track: Track, columns: list[str], line: str, at: float
    ) -> Iterator[tuple[Track, TapePiece]]:
        roll = self._rolls[track]
        first = "" if roll.raw else f"{written([self._server_name, columns])}\n"
        for piece in roll.pieces(f"{first}{line}\n", at):
            yield track, piece

    def is_over(self, at: float, seconds: float, rolled: float) -> bool:
        """Whether the sample of that instant begins another."""
        return (
            self.samples >= SEGMENT_SAMPLES
            or not 0 <= at - self.began < seconds
            or any(roll.raw >= SEGMENT_BYTES for roll in self._rolls)
            or sum(roll.rolled for roll in self._rolls) >= rolled
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
        what is told of one sample is, and beside it lies a WAL of the last few samples while it is written.
        `statements`: whether SQL text is written.

        Raises FileError, also where the file exists and is no recording.
        """
        self.path = path
        self._server_name, self._statements = server_name, statements
        self._keep_seconds = math.inf if keep_seconds is None else keep_seconds
        self._keep_bytes = math.inf if keep_bytes is None else keep_bytes
        self._segment: RecordingSegment | None = None
        self._samples = 0
        self._lock = threading.Lock()
        self._database = create_or_continue(path)
        self._closed = False
        try:
            with self._told():
                self._shrink()
        except FileError:
            self.close()
            raise

    def record(self, snapshot: Snapshot, departures: Sequence[Departure] = ()) -> None:
        """Add a sample and the departures it brought; on return both outlive this process, whatever ends it.

        Raises FileError where that is not possible: then nothing of the two is in the recording, and a later call
        begins anew.
        """
        with self._lock, self._told():
            if self._closed:
                raise recording_error(RECORD, self.path, _("the recording is closed"))
            segment, self._segment = self._segment, None  # what breaks off here is never gone on with
            self._database.execute("BEGIN IMMEDIATE")
            try:
                segment = self._going_on(segment, snapshot.taken_at)
                self._append(segment, [*segment.pieces(snapshot, departures)])
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            self._segment = segment
            self._samples += 1
            if self._samples % CHECKPOINT_SAMPLES == 0:
                with suppress(
                    sqlite3.Error
                ):  # the sample is safe in the WAL; where that has no room, the next is told
                    self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of the file, which is then whole by itself; safe to call twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                with suppress(sqlite3.Error):  # where somebody reads along it stays in the WAL beside it
                    self._database.execute("PRAGMA busy_timeout = 0")
                    self._database.execute("PRAGMA journal_mode = DELETE")
                self._database.close()

    def _going_on(self, segment: RecordingSegment | None, at: float) -> RecordingSegment:
        """The segment the next sample goes into; with a new one goes what is too old by then."""
        seconds = min(SEGMENT_SECONDS, self._keep_seconds / SHARES)
        if segment is not None and not segment.is_over(at, seconds, self._keep_bytes / SHARES):
            return segment
        while (oldest := self._oldest()) is not None:
            (end,) = self._database.execute(sql("segment_end"), (oldest,)).fetchone()
            if end is not None and end >= at - self._keep_seconds:
                break
            self._database.execute(sql("forget"), (oldest,))
        (number,) = self._database.execute(sql("next_segment")).fetchone()
        return RecordingSegment(number, self._server_name, at, statements=self._statements)

    def _append(self, segment: RecordingSegment, pieces: list[tuple[Track, TapePiece]]) -> None:
        self._make_room(len(pieces) + SPARE_PAGES, segment.id)
        self._database.executemany(
            sql("append"), [(segment.id, track, piece.at, piece.seal, piece.body) for track, piece in pieces]
        )

    def _make_room(self, pages: int, spared: int | None = None) -> None:
        """Forget the oldest segments until so many pages more fit into what may be kept."""
        if self._keep_bytes == math.inf:
            return
        while (
            self._pages("page_count") - self._pages("freelist_count") + pages
        ) * PAGE_BYTES > self._keep_bytes:
            oldest = self._oldest()
            if oldest is None or oldest == spared:
                break
            self._database.execute(sql("forget"), (oldest,))

    def _shrink(self) -> None:
        """Bring a file that was kept by other bounds within ours: pages of no use go only when all are written anew."""
        if self._pages("page_count") * PAGE_BYTES > self._keep_bytes:
            self._make_room(SPARE_PAGES)
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _oldest(self) -> int | None:
        row = self._database.execute(sql("oldest_segment")).fetchone()
        return None if row is None else int(row[0])

    def _pages(self, which: str) -> int:
        return int(self._database.execute(f"PRAGMA {which}").fetchone()[0])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what goes wrong in one line."""
        try:
            yield
        except sqlite3.Error as error:
            raise file_error(RECORD, self.path, error) from error
        except ValueError as error:
            why = _("a sample holds what no recording can: {detail}", detail=error)
            raise recording_error(RECORD, self.path, why) from error
