"""Reads a recording back: the snapshots that were recorded, at any instant of it."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeGuard, TypeVar

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.delta import BriefDepartures, DepartureReader, SampleReader
from goneaway_tui.source.recording.rows import UnfitRecord
from goneaway_tui.source.recording.store import (
    DAMAGE,
    READ,
    file_error,
    piece_of,
    read_pieces,
    recording_error,
    salvage,
    sql,
)
from goneaway_tui.source.recording.tape import LEAN, WHOLE, StreamBounds, StreamTooLong, TapeReader, Track

T = TypeVar("T")
Reader = TypeVar("Reader")
END_OF_TIME = 253_402_300_800.0
"""The end of the year 9999: no later instant can be shown."""
MOST_SEGMENTS = 1_000_000
LATEST_BYTES = 12 << 20
"""Of memory for the latest departures: five thousand with evidence of their own take 8."""
DEPARTURE_BYTES = 1000
"""Of memory for one, beside what its line told for the first time."""


class RecordingGap(Exception):
    """A piece is missing or damaged, and what follows cannot be read by it."""


class RecordingStream(Generic[Reader]):
    """One stream, read forward from its beginning."""

    def __init__(
        self,
        database: sqlite3.Connection,
        segment: int,
        track: Track,
        open_reader: Callable[[Any], Reader],
        bounds: StreamBounds = WHOLE,
    ) -> None:
        self.segment = segment
        self.reached = 0
        """The last piece read, by its row's number."""
        self.server_name = ""
        self.reader: Reader | None = None
        """There once the first piece was read."""
        self._database, self._track, self._open_reader = database, track, open_reader
        self._unroll = TapeReader(segment, track, bounds)

    def lines(self, until: int) -> Iterator[tuple[float | None, Any]]:
        """The lines that end in the pieces up to a row, each with its piece's instant. Raises Gap and Misfit."""
        wanted = (self.segment, self._track, self.reached, until)
        for row_id, *values in self._database.execute(sql("stream"), wanted):
            piece = piece_of(*values)
            if piece is None or not self._unroll.fits(piece):
                raise RecordingGap
            for line in self._unroll.lines(piece):
                if self.reader is None:
                    self._open(line)
                else:
                    yield piece.at, line
            self.reached = row_id
        if self.reached != until or self.reader is None:
            raise RecordingGap

    def must_read(self) -> Reader:
        """What follows the lines. Raises Gap where not even the first was read."""
        if self.reader is None:
            raise RecordingGap
        return self.reader

    def _open(self, line: Any) -> None:
        match line:
            case [str(server_name), columns]:
                self.server_name, self.reader = server_name, self._open_reader(columns)
            case _:
                raise UnfitRecord(_("no beginning of a stream"))


class Recording:
    """One file, read only; it may be one that is being written. What is damaged in it is passed over.

    Instants are seconds since 1970 UTC on the recorded source's clock. Every call may raise FileError.
    """

    def __init__(self, path: Path, *, departures_alone: bool = False) -> None:
        """`departures_alone`: no snapshot will be asked for, so none is read. Raises FileError where there is no whole
        sample in it; where it is for the departures alone, where there is no instant of any."""
        self.path = path
        self._lock = threading.Lock()
        self._database, self._is_salvaged = read_pieces(path)
        self._is_closed = False
        self._samples: RecordingStream[SampleReader] | None = None
        self.server_name = ""
        """Who was recorded, as `Source.name` said it; where there are several, whoever is in the last snapshot read."""
        try:
            if departures_alone:
                self._asked(self._span)
            else:
                self.snapshot_at(math.inf)
        except FileError:
            self.close()
            raise

    @property
    def is_damaged(self) -> bool:
        """Whether something was found to be missing by now: its end, most likely."""
        return self._is_salvaged

    @property
    def span(self) -> tuple[float, float]:
        """The instants of the first sample and the last."""
        return self._asked(self._span)

    def after(self, instant: float, track: Track = Track.SAMPLES) -> float | None:
        """The instant of the first sample after this one, or of the first that brought departures; None at the end."""
        return self._asked(lambda: self._instant("after", track, instant))

    def before(self, instant: float, track: Track = Track.SAMPLES, skip: int = 0) -> float | None:
        """The same backwards, passing over `skip` of them."""
        return self._asked(lambda: self._instant("before", track, instant, skip))

    def snapshot_at(self, instant: float) -> Snapshot:
        """The last one at or before that instant; the first where none is as old."""
        return self._asked(lambda: self._snapshot_at(instant))

    def snapshots(self) -> Iterator[Snapshot]:
        """All of them as they were recorded, those of one instant and of a clock set back included."""
        done = 0
        while (found := self._asked(lambda: self._segment_after(done))) is not None:  # noqa: B023 - called at once
            done, snapshots = found
            yield from snapshots

    def departures_between(self, after: float, until: float) -> tuple[Departure, ...]:
        """Those brought by the samples after one instant and up to another, in the order they were recorded."""
        return self._asked(lambda: tuple(self._departures_between(after, until)))

    def latest_departures(self, most: int) -> tuple[Departure, ...]:
        """The newest, oldest first, without their statements and brief. Takes some 25 MB, whatever is in the file: of a
        segment that holds more of them than LEAN allows, those within that; of all, the newest within LATEST_BYTES.
        """
        return self._asked(lambda: tuple(self._latest_departures(most)))

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        with self._lock:
            self._is_closed = True
            self._database.close()

    def _span(self) -> tuple[float, float]:
        first, last = self._row("span", Track.SAMPLES) or (None, None)
        if not _is_instant(first) or not _is_instant(last):
            raise RecordingGap
        return first, last

    def _snapshot_at(self, instant: float) -> Snapshot:
        found = self._row("last", max(instant, self._span()[0]))
        if found is None or not isinstance(found[1], int):
            raise RecordingGap
        until, segment = found
        stream, self._samples = self._samples, None  # where reading breaks off, nobody reads on
        if stream is None or stream.segment != segment or stream.reached > until:
            stream = RecordingStream(self._database, segment, Track.SAMPLES, SampleReader)
        if stream.reached < until:
            for _at, line in stream.lines(until):
                stream.must_read().follow(line)
        self._samples, self.server_name = stream, stream.server_name
        return stream.must_read().snapshot()

    def _segment_after(self, done: int) -> tuple[int, list[Snapshot]] | None:
        for segment, last in self._segments(Track.SAMPLES, -math.inf, math.inf):
            if segment > done:
                stream = RecordingStream(self._database, segment, Track.SAMPLES, SampleReader)
                return segment, [_followed(stream.must_read(), line) for _at, line in stream.lines(last)]
        return None

    def _departures_between(self, after: float, until: float) -> Iterator[Departure]:
        for segment, last in self._segments(Track.DEPARTURES, after, until):
            stream = RecordingStream(self._database, segment, Track.DEPARTURES, DepartureReader)
            brought: list[Departure] = []
            for at, line in stream.lines(last):
                brought += stream.must_read().follow(line)
                if at is not None:
                    if after < at <= until:
                        yield from brought
                    brought.clear()

    def _latest_departures(self, most: int) -> deque[Departure]:
        latest: deque[Departure] = deque()
        left = LATEST_BYTES
        for segment, last in self._database.execute(sql("latest_segments"), (Track.DEPARTURES,)):
            if not isinstance(segment, int):
                raise RecordingGap
            here, weight, is_all = self._departures_of(segment, last, most - len(latest), left)
            latest.extendleft(reversed(here))
            left -= weight
            if not is_all or len(latest) == most:
                break
        return latest

    def _departures_of(
        self, segment: int, last: int, most: int, most_bytes: int
    ) -> tuple[deque[Departure], int, bool]:
        """The newest of a segment, their weight, and whether they are all that were read."""
        brief = BriefDepartures()
        stream = RecordingStream(
            self._database, segment, Track.DEPARTURES, lambda columns: DepartureReader(columns, brief), LEAN
        )
        found: deque[Departure] = deque()
        weights: deque[int] = deque()
        weight, is_all = 0, True
        with suppress(StreamTooLong):
            for _at, line in stream.lines(last):
                before = brief.told
                brought = stream.must_read().follow(line)
                for departure in brought:
                    found.append(departure)
                    weights.append(DEPARTURE_BYTES + (brief.told - before) // len(brought))
                    weight += weights[-1]
                    while len(found) > most or weight > most_bytes:
                        found.popleft()
                        weight -= weights.popleft()
                        is_all = False
        return found, weight, is_all

    def _segments(self, track: Track, after: float, until: float) -> list[tuple[int, int]]:
        rows = self._database.execute(sql("segments_between"), (track, after, until)).fetchmany(MOST_SEGMENTS)
        return [(segment, last) for segment, last in rows if isinstance(segment, int)]

    def _instant(self, name: str, track: Track, *values: float) -> float | None:
        row = self._row(name, track, *values)
        return row[0] if row is not None and _is_instant(row[0]) else None

    def _row(self, name: str, *values: float) -> Any:
        return self._database.execute(sql(name), values).fetchone()

    def _asked(self, answer: Callable[[], T]) -> T:
        """The answer, all of it from one state of the file; where that turns out to be damaged, from what is left."""
        with self._lock:
            if self._is_closed:
                raise self._not(_("it was closed"))
            try:
                try:
                    return self._steady(answer)
                except (RecordingGap, *DAMAGE):
                    if self._is_salvaged:
                        raise
                    self._database.close()
                    self._database, self._is_salvaged, self._samples = salvage(self.path), True, None
                    return self._steady(answer)
            except RecordingGap as error:
                raise self._not(_("there is no whole sample in it")) from error
            except UnfitRecord as error:
                raise self._not(_("it is not what a recorder writes ({detail})", detail=error)) from error
            except (sqlite3.Error, *DAMAGE) as error:
                raise file_error(READ, self.path, error) from error

    def _steady(self, answer: Callable[[], T]) -> T:
        self._database.execute("BEGIN")
        try:
            return answer()
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def _not(self, why: str) -> FileError:
        return recording_error(READ, self.path, why, _("name another file made by --record"))


def _followed(reader: SampleReader, line: Any) -> Snapshot:
    reader.follow(line)
    return reader.snapshot()


def _is_instant(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and 0 <= value < END_OF_TIME
