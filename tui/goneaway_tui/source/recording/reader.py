"""Reads a recording back: the snapshots that were recorded, at any instant of it, and the departures."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeGuard, TypeVar

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import PAUSE_SECONDS, ReuseCounter, ReuseGaps, merged, unpack_gaps
from goneaway_tui.model.as_json import MAX_INSTANT
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.database import (
    DAMAGE,
    NAME_ANOTHER,
    READ,
    file_errors,
    file_size,
    open_to_read,
    recording_error,
    salvage,
    sql,
)
from goneaway_tui.source.recording.lines import (
    FREE_BYTES,
    LEAN,
    MAX_RATIO,
    WHOLE,
    StreamGap,
    StreamReader,
    StreamTooLong,
    Track,
    short_departures,
    unpack_departure,
)

P = ParamSpec("P")
T = TypeVar("T")
MAX_SEGMENTS = 1_000_000
LATEST_BYTES = 14 << 20
"""Of memory for the latest departures: five thousand with two sentences of evidence take 13."""
DEPARTURE_BYTES = 500
"""Of memory for one, beside its values."""
COUNTED_BYTES, COUNTED_BYTES_PER_BYTE = 4 << 20, 4
"""Of lines with counts that are added up, and for each byte of the file: they take some 20 times as much of memory."""
COUNTED_ROWS, COUNTED_ROWS_PER_BYTE, ROWS_PER_SAMPLE = 10_000_000, 32, 100
"""Sessions of samples that are counted, one for each sample it is in, and for each byte of the file; a million take 0.2 s.
A sample costs as much as some sessions. Bytes alone bound neither: a line that leaves all sessions as they are has twelve."""


def _steady(method: Callable[Concatenate[Recording, P], T]) -> Callable[Concatenate[Recording, P], T]:
    """A method that reads everything from one state of the file; where that is damaged, from what is left."""

    @wraps(method)
    def steady(self: Recording, /, *values: P.args, **options: P.kwargs) -> T:
        with self._lock, file_errors(READ, self.path):
            if self._is_closed:
                raise recording_error(READ, self.path, _("the file was closed"), _(NAME_ANOTHER))
            with suppress(*() if self.is_damaged else (StreamGap, *DAMAGE)), self._database:
                self._database.execute("BEGIN")
                return method(self, *values, **options)
            self._database.close()
            self._database, self.is_damaged, self._samples = salvage(self.path), True, None
            with self._database:
                self._database.execute("BEGIN")
                return method(self, *values, **options)

    return steady


class Recording:
    """One file, read only; it may be one that is being written. What is damaged in it is left out.

    Instants are seconds since 1970 UTC on the recorded source's clock. Every call may raise FileError.
    """

    def __init__(self, path: Path, *, departures_alone: bool = False) -> None:
        """`departures_alone`: no snapshot will be asked for, so none is read. Raises FileError where there is no whole
        sample in it; with `departures_alone`, where it has no instant of a sample."""
        self.path = path
        self._lock = threading.Lock()
        self._database, self.is_damaged = open_to_read(path)
        """`is_damaged`: whether something was found to be missing by now, most likely the end."""
        self._is_closed = False
        self._samples: StreamReader | None = None
        self._rows_left = 0
        """Sessions of samples that may still be counted."""
        self.server_name = ""
        """Who was recorded, by `Source.name`; where there are several, the server of the last snapshot read."""
        try:
            if not (departures_alone and self.span):
                self.snapshot_at(math.inf)
        except FileError:
            self.close()
            raise

    @property
    @_steady
    def span(self) -> tuple[float, float]:
        """The instants of the first sample and the last."""
        first, last = self._row("span", Track.SAMPLES, Track.SAMPLES)
        if not _is_instant(first) or not _is_instant(last):
            raise StreamGap
        return first, last

    @_steady
    def after(self, instant: float, *, departures: bool = False) -> float | None:
        """The instant of the first sample after this one, or of the first that brought departures; None at the end."""
        return self._instant("after", Track(departures), instant)

    @_steady
    def before(self, instant: float, *, departures: bool = False, skip: int = 0) -> float | None:
        """The same backwards, without the first `skip` of them."""
        return self._instant("before", Track(departures), instant, skip)

    @_steady
    def snapshot_at(self, instant: float) -> Snapshot:
        """The last one at or before that instant; the first where none is as old."""
        return self._snapshot(*self._row("last", instant) or (0, None))

    def snapshots(self) -> Iterator[Snapshot]:
        """All of them as they were recorded, those of one instant and of a clock set back included."""
        done = 0
        while (found := self._next_snapshot(done)) is not None:
            done, snapshot = found
            yield snapshot

    def sampled(self, at: float, until: float, step: float) -> Iterator[Snapshot]:
        """The snapshots from one instant to another, one each `step` seconds. The file is opened for it once more, so that another
        thread may iterate."""
        with closing(Recording(self.path)) as recording:
            while at <= until:
                yield recording.snapshot_at(at)
                at += step

    @_steady
    def departures_between(self, after: float, until: float) -> tuple[Departure, ...]:
        """Those brought by the samples after one instant and up to another, in the order they were recorded."""
        streams = self._segments(Track.DEPARTURES, after, until)
        return tuple(each for stream in streams for each in self._departures(*stream, after, until))

    @_steady
    def latest_departures(self, limit: int) -> tuple[Departure, ...]:
        """The newest, oldest first, without their statements and with texts cut. Takes some 25 MB, whatever is in the
        file: of a segment that holds more of them than LEAN allows, those within that; of all, the newest within
        LATEST_BYTES. What all segments together unpack to is bounded as one stream is, for the time it takes to read."""
        latest: deque[Departure] = deque()
        bytes_left, is_all = LATEST_BYTES, True
        lines_left = FREE_BYTES + MAX_RATIO * file_size(self.path)
        for segment, last in self._database.execute(sql("latest_segments"), (Track.DEPARTURES,)):
            found: deque[tuple[Departure, int]] = deque()
            stream = StreamReader(segment, Track.DEPARTURES, LEAN._replace(bytes=min(LEAN.bytes, lines_left)))
            with suppress(StreamTooLong):
                for _at, line in self._lines(stream, last):
                    for departure, memory_bytes in short_departures(line):
                        found.append((departure, memory_bytes + DEPARTURE_BYTES))
                        bytes_left -= found[-1][1]
                    while len(found) + len(latest) > limit or bytes_left < 0:
                        bytes_left += found.popleft()[1]
                        is_all = False
            latest.extendleft(departure for departure, _bytes in reversed(found))
            lines_left -= stream.line_bytes
            if not is_all or len(latest) == limit or lines_left <= 0:
                break
        return tuple(latest)

    @_steady
    def reuse_gaps(self) -> ReuseGaps:
        """What was counted while it was made; a segment without counts, as the last of a torn file, is counted from its samples."""
        counted = merged(filter(None, self._counted_gaps()))
        if counted is None:
            raise StreamGap
        return counted

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        with self._lock:
            self._is_closed = True
            self._database.close()

    @_steady
    def _next_snapshot(self, done: int) -> tuple[int, Snapshot] | None:
        row = self._row("next", done)
        return None if row is None else (row[0], self._snapshot(*row))

    def _snapshot(self, until: int, segment: int) -> Snapshot:
        """The sample that the piece with this row id ends."""
        stream, self._samples = self._samples, None  # after an error its reader is not whole
        if stream is None or stream.segment != segment or stream.reached > until:
            stream = StreamReader(segment, Track.SAMPLES)
        if stream.reached < until:
            for _at, line in self._lines(stream, until):
                stream.samples.follow(line)
        self._samples, self.server_name = stream, stream.server_name
        return stream.samples.snapshot()

    def _departures(self, segment: int, last: int, after: float, until: float) -> Iterator[Departure]:
        """Those of one segment; `last`: the piece that ends the last of them."""
        packed: list[Any] = []
        for at, line in self._lines(StreamReader(segment, Track.DEPARTURES), last):
            packed += line
            if at is not None:
                if after < at <= until:
                    yield from map(unpack_departure, packed)
                packed.clear()

    def _counted_gaps(self) -> Iterator[ReuseGaps | None]:
        """Raises UnfitRecord where that is more work than a file of its size is worth."""
        file_bytes = file_size(self.path)
        bytes_left = COUNTED_BYTES + COUNTED_BYTES_PER_BYTE * file_bytes
        self._rows_left = COUNTED_ROWS + COUNTED_ROWS_PER_BYTE * file_bytes
        samples, departures, counted = (dict(self._segments(track, -1.0, MAX_INSTANT)) for track in Track)
        before: tuple[int, int] | None = None
        for segment, last in samples.items():
            if segment in counted:
                bounds = WHOLE._replace(bytes=min(WHOLE.bytes, bytes_left))
                stream = StreamReader(segment, Track.GAPS, bounds)
                for _at, line in self._lines(stream, counted[segment]):
                    yield unpack_gaps(line)
                bytes_left -= stream.line_bytes
            else:
                left: tuple[Departure, ...] = ()
                if segment in departures:
                    left = tuple(self._departures(segment, departures[segment], -1.0, MAX_INSTANT))
                yield self._gaps_of_samples(segment, last, before, left)
            before = last, segment

    def _gaps_of_samples(
        self, segment: int, last: int, before: tuple[int, int] | None, departures: tuple[Departure, ...]
    ) -> ReuseGaps | None:
        """Count one segment. `before` is the last piece of the segment before it and that segment: its last sample is
        compared with the first one of this."""
        counter = ReuseCounter()
        stream = StreamReader(segment, Track.SAMPLES)
        for _at, line in self._lines(stream, last):
            stream.samples.follow(line)
            self._rows_left -= ROWS_PER_SAMPLE + len(stream.samples)
            if self._rows_left < 0:
                raise StreamTooLong(_("too much data"))
            snapshot = stream.samples.snapshot()
            if before is not None:
                earlier, before = self._snapshot(*before), None
                if 0 <= snapshot.taken_at - earlier.taken_at <= PAUSE_SECONDS:
                    counter.observe(earlier)
                    counter.take()
            counter.observe(snapshot, departures)
            departures = ()
        return counter.counted()

    def _lines(self, stream: StreamReader, until: int) -> Iterator[tuple[float | None, list[Any]]]:
        wanted = (stream.segment, stream.track, stream.reached, until)
        return stream.lines(self._database.execute(sql("stream"), wanted), until)

    def _segments(self, track: Track, after: float, until: float) -> list[tuple[int, int]]:
        return self._database.execute(sql("segments_between"), (track, after, until)).fetchmany(MAX_SEGMENTS)

    def _instant(self, name: str, track: Track, *values: float) -> float | None:
        (instant,) = self._row(name, track, *values) or (None,)
        return instant if _is_instant(instant) else None

    def _row(self, name: str, *values: float) -> Any:
        return self._database.execute(sql(name), values).fetchone()


def _is_instant(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and 0 <= value < MAX_INSTANT
