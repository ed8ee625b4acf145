"""Reads a recording back: the snapshots that were recorded, at any instant of it, and on a clock that can be moved."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import PAUSE_SECONDS, ReuseCounter, ReuseGaps, merged
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.database import (
    DAMAGE,
    READ,
    file_error,
    open_to_read,
    recording_error,
    salvage,
    sql,
)
from goneaway_tui.source.recording.facts import (
    MAX_INSTANT,
    DepartureReader,
    GapsReader,
    SampleReader,
    UnfitRecord,
)
from goneaway_tui.source.recording.streams import (
    LEAN,
    LineReader,
    StreamGap,
    StreamReader,
    StreamTooLong,
    Track,
)

T = TypeVar("T")
END_OF_TIME = MAX_INSTANT
"""No later instant can be shown."""
MAX_SEGMENTS = 1_000_000
LATEST_BYTES = 14 << 20
"""Of memory for the latest departures: five thousand with two sentences of evidence take 13."""
DEPARTURE_BYTES = 500
"""Of memory for one, beside its values."""
MAX_DEPARTURES = 10_000


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
        self._samples: StreamReader[SampleReader] | None = None
        self.server_name = ""
        """Who was recorded, by `Source.name`; where there are several, the server of the last snapshot read."""
        try:
            if departures_alone:
                self._steady(self._span)
            else:
                self.snapshot_at(math.inf)
        except FileError:
            self.close()
            raise

    @property
    def span(self) -> tuple[float, float]:
        """The instants of the first sample and the last."""
        return self._steady(self._span)

    def after(self, instant: float, track: Track = Track.SAMPLES) -> float | None:
        """The instant of the first sample after this one, or of the first that brought departures; None at the end."""
        return self._steady(lambda: self._instant("after", track, instant))

    def before(self, instant: float, track: Track = Track.SAMPLES, skip: int = 0) -> float | None:
        """The same backwards, without the first `skip` of them."""
        return self._steady(lambda: self._instant("before", track, instant, skip))

    def snapshot_at(self, instant: float) -> Snapshot:
        """The last one at or before that instant; the first where none is as old."""
        return self._steady(lambda: self._snapshot_at(instant))

    def snapshots(self) -> Iterator[Snapshot]:
        """All of them as they were recorded, those of one instant and of a clock set back included."""
        done = 0
        while (found := self._steady(lambda: self._next_snapshot(done))) is not None:  # noqa: B023 - called at once
            done, snapshot = found
            yield snapshot

    def departures_between(self, after: float, until: float) -> tuple[Departure, ...]:
        """Those brought by the samples after one instant and up to another, in the order they were recorded."""
        return self._steady(lambda: tuple(self._departures_between(after, until)))

    def latest_departures(self, limit: int) -> tuple[Departure, ...]:
        """The newest, oldest first, without their statements and with texts cut. Takes some 25 MB, whatever is in the
        file: of a segment that holds more of them than LEAN allows, those within that; of all, the newest within
        LATEST_BYTES."""
        return self._steady(lambda: tuple(self._latest_departures(limit)))

    def reuse_gaps(self) -> ReuseGaps:
        """What was counted while it was made; a segment without counts, as the last of a torn file, is counted from its samples."""
        counted = self._steady(lambda: merged(self._counted_gaps()))
        if counted is None:
            raise self._unreadable(_("there is no whole sample in it"))
        return counted

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        with self._lock:
            self._is_closed = True
            self._database.close()

    def _span(self) -> tuple[float, float]:
        first, last = self._row("span", Track.SAMPLES)
        if not _is_instant(first) or not _is_instant(last):
            raise StreamGap
        return first, last

    def _snapshot_at(self, instant: float) -> Snapshot:
        return self._snapshot(*self._row("last", max(instant, self._span()[0])) or (0, None))

    def _next_snapshot(self, done: int) -> tuple[int, Snapshot] | None:
        row = self._row("next", done)
        return None if row is None else (row[0], self._snapshot(*row))

    def _snapshot(self, until: int, segment: object) -> Snapshot:
        """The sample that the piece with this row id ends."""
        if not isinstance(segment, int):
            raise StreamGap
        stream, self._samples = self._samples, None  # after an error its reader is not whole
        if stream is None or stream.segment != segment or stream.reached > until:
            stream = StreamReader(segment, Track.SAMPLES, SampleReader)
        if stream.reached < until:
            for _at, line in self._lines(stream, until):
                stream.reader.follow(line)
        self._samples, self.server_name = stream, stream.server_name
        return stream.reader.snapshot()

    def _departures_between(
        self, after: float, until: float, alone: int | None = None
    ) -> Iterator[Departure]:
        """`alone`: the only segment to read."""
        for segment, last in self._segments(Track.DEPARTURES, after, until):
            if alone not in {None, segment}:
                continue
            stream = StreamReader(segment, Track.DEPARTURES, DepartureReader)
            lines: list[Any] = []
            for at, line in self._lines(stream, last):
                lines.append(line)
                if at is not None:
                    if after < at <= until:
                        for brought in lines:
                            yield from stream.reader.departures(brought)
                    lines.clear()

    def _latest_departures(self, limit: int) -> deque[Departure]:
        latest: deque[Departure] = deque()
        bytes_left, is_all = LATEST_BYTES, True
        for segment, last in self._database.execute(sql("latest_segments"), (Track.DEPARTURES,)):
            if not isinstance(segment, int):
                raise StreamGap
            stream = StreamReader(segment, Track.DEPARTURES, DepartureReader, LEAN)
            found: deque[tuple[Departure, int]] = deque()
            with suppress(StreamTooLong):
                for _at, line in self._lines(stream, last):
                    for departure, memory_bytes in stream.reader.short_departures(line):
                        found.append((departure, memory_bytes + DEPARTURE_BYTES))
                        bytes_left -= found[-1][1]
                    while len(found) + len(latest) > limit or bytes_left < 0:
                        bytes_left += found.popleft()[1]
                        is_all = False
            latest.extendleft(departure for departure, _bytes in reversed(found))
            if not is_all or len(latest) == limit:
                break
        return latest

    def _counted_gaps(self) -> Iterator[ReuseGaps]:
        counted = dict(self._segments(Track.GAPS, -1.0, END_OF_TIME))
        before: tuple[int, int] | None = None
        for segment, last in self._segments(Track.SAMPLES, -1.0, END_OF_TIME):
            if segment in counted:
                stream = StreamReader(segment, Track.GAPS, GapsReader)
                for _at, line in self._lines(stream, counted[segment]):
                    yield stream.reader.gaps(line)
            else:
                gaps = self._gaps_of_samples(segment, last, before)
                if gaps is not None:
                    yield gaps
            before = segment, last

    def _gaps_of_samples(self, segment: int, last: int, before: tuple[int, int] | None) -> ReuseGaps | None:
        """Count one segment. `before` is the segment before it, whose last sample its first one is compared with."""
        counter, seen_at = ReuseCounter(), -1.0
        if before is not None:
            counter.observe(snapshot := self._snapshot(before[1], before[0]))
            seen_at = snapshot.taken_at
        departures = tuple(self._departures_between(seen_at, END_OF_TIME, segment))
        stream = StreamReader(segment, Track.SAMPLES, SampleReader)
        for _at, line in self._lines(stream, last):
            stream.reader.follow(line)
            snapshot = stream.reader.snapshot()
            if before is not None:
                if not 0 <= snapshot.taken_at - seen_at <= PAUSE_SECONDS:
                    counter = ReuseCounter()
                counter.take()
                before = None
            counter.observe(snapshot, departures)
            departures = ()
        return counter.counted()

    def _lines(self, stream: StreamReader[LineReader], until: int) -> Iterator[tuple[float | None, Any]]:
        wanted = (stream.segment, stream.track, stream.reached, until)
        return stream.lines(self._database.execute(sql("stream"), wanted), until)

    def _segments(self, track: Track, after: float, until: float) -> list[tuple[int, int]]:
        rows = self._database.execute(sql("segments_between"), (track, after, until)).fetchmany(MAX_SEGMENTS)
        return [(segment, last) for segment, last in rows if isinstance(segment, int)]

    def _instant(self, name: str, track: Track, *values: float) -> float | None:
        (instant,) = self._row(name, track, *values) or (None,)
        return instant if _is_instant(instant) else None

    def _row(self, name: str, *values: float) -> Any:
        return self._database.execute(sql(name), values).fetchone()

    def _steady(self, read: Callable[[], T]) -> T:
        """What `read` returns, all of it from one state of the file; where that is damaged, from what is left."""
        with self._lock:
            if self._is_closed:
                raise self._unreadable(_("it was closed"))
            try:
                with suppress(*() if self.is_damaged else (StreamGap, *DAMAGE)):
                    return self._in_transaction(read)
                self._database.close()
                self._database, self.is_damaged, self._samples = salvage(self.path), True, None
                return self._in_transaction(read)
            except StreamGap as error:
                raise self._unreadable(_("there is no whole sample in it")) from error
            except UnfitRecord as error:
                raise self._unreadable(
                    _("it is not what a recorder writes ({detail})", detail=error)
                ) from error
            except (sqlite3.Error, *DAMAGE) as error:
                raise file_error(READ, self.path, error) from error

    def _in_transaction(self, read: Callable[[], T]) -> T:
        self._database.execute("BEGIN")
        try:
            return read()
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def _unreadable(self, why: str) -> FileError:
        return recording_error(READ, self.path, why, _("name another file made by --record"))


def _is_instant(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and 0 <= value < END_OF_TIME


class Replay:
    """A position in a recording. It begins at its first sample, at rest; whatever moves it by hand stops it.

    For one thread. What reads the file may raise FileError. `clock` has the shape of ports.Clock.
    """

    def __init__(self, recording: Recording, max_departures: int = MAX_DEPARTURES) -> None:
        """`max_departures`: how many of the newest are remembered."""
        self.recording = recording
        self.speed = 0.0
        """Seconds of the recording to one real second; 0 at rest."""
        self._now = recording.span[0]
        self._max_departures = max_departures
        self._departures: tuple[Departure, ...] = ()
        self._departures_at = -math.inf

    def clock(self) -> float:
        """The replay's own time."""
        return self._now

    @property
    def is_playing(self) -> bool:
        return self.speed > 0

    @property
    def span(self) -> tuple[float, float]:
        """The recording's first and last instant."""
        return self.recording.span

    def play(self, speed: float = 1.0) -> None:
        """Let time pass `speed` times as fast as it does, once `advance` reports how much of it has."""
        self.speed = max(0.0, speed)

    def pause(self) -> None:
        self.speed = 0.0

    def advance(self, real_seconds: float) -> None:
        """So much real time has passed. Comes to rest at the end of the recording, as far as it is written by now."""
        if self.is_playing:
            end = self.recording.span[1]
            self._now = min(self._now + max(0.0, real_seconds) * self.speed, max(self._now, end))
            if self._now >= end:
                self.pause()

    def jump(self, instant: float) -> None:
        """Go to any instant of the recording, or to its end that is nearer."""
        first, last = self.recording.span
        self._now = min(max(instant, first), last)
        self.pause()

    def step(self, samples: int) -> bool:
        """Go so many samples on, or back where negative. False where there are not as many: then to the last there is."""
        at = self._now
        for _step in range(abs(samples)):
            found = self.recording.after(at) if samples > 0 else self._before(at)
            if found is None:
                self.jump(at)
                return False
            at = found
        self.jump(at)
        return True

    def next_departure(self) -> bool:
        """Go to the next sample that brought a departure; False, and stay, where there is none."""
        return self._go(self.recording.after(self._now, Track.DEPARTURES))

    def previous_departure(self) -> bool:
        """The same backwards."""
        return self._go(self.recording.before(self._now, Track.DEPARTURES))

    def snapshot(self) -> Snapshot:
        """What the board showed then: the last sample that had been taken."""
        return self.recording.snapshot_at(self._now)

    def departures(self) -> tuple[Departure, ...]:
        """The newest that had been recorded by then, oldest first."""
        if self._now < self._departures_at:
            self._departures, self._departures_at = (), -math.inf
        if self._now > self._departures_at:
            floor = self.recording.before(self._now, Track.DEPARTURES, skip=self._max_departures)
            since = self._departures_at if floor is None else max(floor, self._departures_at)
            new = self.recording.departures_between(since, self._now)
            self._departures = (self._departures + new)[-self._max_departures :]
            self._departures_at = self._now
        return self._departures

    def past(self, seconds: float, step: float) -> Iterator[Snapshot]:
        """What the board showed in the last `seconds`, one snapshot each `step`, the oldest first: read from the file by itself."""
        return _snapshots_between(
            self.recording.path, max(self.span[0], self._now - seconds), self._now, step
        )

    def _before(self, at: float) -> float | None:
        """The sample before the one on the board at that instant."""
        shown = self.recording.before(math.nextafter(at, math.inf))
        return None if shown is None else self.recording.before(shown)

    def _go(self, instant: float | None) -> bool:
        if instant is not None:
            self.jump(instant)
        return instant is not None


def _snapshots_between(path: Path, at: float, until: float, step: float) -> Iterator[Snapshot]:
    recording = Recording(path)
    try:
        while at <= until:
            yield recording.snapshot_at(at)
            at += step
    finally:
        recording.close()
