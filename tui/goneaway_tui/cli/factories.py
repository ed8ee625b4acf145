"""Make the source, the recording, the clock and the local time zone of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.terminal import write_err
from goneaway_tui.i18n import _
from goneaway_tui.settings import Settings

if TYPE_CHECKING:
    from goneaway_tui.ports import Clock, Recorder
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.source.sockets import Address


def live_source(settings: Settings, address: Address, clock: Clock) -> LiveSource:
    """Open the source of one server. Raises FileError for an error log that cannot be read."""
    from goneaway_tui.source.live import LiveSource

    log = None
    if settings.error_log is not None:
        from goneaway_tui.source.error_log import ErrorLog

        log = ErrorLog(Path(settings.error_log), LocalZone())
    return LiveSource(address, clock, statements=settings.statements, interval=settings.interval, log=log)


@contextmanager
def recorder_of(settings: Settings, server_name: str) -> Iterator[Recorder | None]:
    """A recording that is open for writing, or None where the settings ask for none. Raises FileError."""
    if settings.record is None:
        yield None
        return
    from goneaway_tui.source.recording.writer import RecordingWriter

    keep = settings.keep
    if Path(settings.record).is_file() and Path(settings.record).stat().st_size:
        write_err(_("{file} exists: new samples are added to it", file=settings.record))
    recorder = RecordingWriter(
        Path(settings.record),
        server_name,
        keep_seconds=keep.seconds,
        keep_bytes=keep.bytes,
        statements=settings.statements,
    )
    try:
        yield recorder
    finally:
        recorder.close()


def steady_clock() -> Clock:
    """A clock in seconds since 1970 that no change of the system's clock moves. It counts the time a laptop sleeps."""
    ticks = time.monotonic  # on Windows it counts that time too
    if hasattr(time, "clock_gettime"):
        ticks = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    started_at, started_ticks = time.time(), ticks()
    return lambda: started_at + (ticks() - started_ticks)


class LocalZone(tzinfo):
    """The time zone of this machine, with its offset at each instant; for logs that name no zone."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        if when is None:
            return timedelta()
        try:
            return timedelta(seconds=time.localtime(when.replace(tzinfo=UTC).timestamp()).tm_gmtoff)
        except (OverflowError, ValueError, OSError):
            return timedelta()

    def dst(self, _when: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, _when: datetime | None) -> str:
        return "local"
