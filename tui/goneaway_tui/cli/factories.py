"""What a run reads from and writes to, opened as its settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.terminal import tell
from goneaway_tui.i18n import _
from goneaway_tui.ports import Clock, Recorder
from goneaway_tui.settings import Settings

if TYPE_CHECKING:
    from goneaway_tui.source.address import Address
    from goneaway_tui.source.live import LiveSource


def live_source(settings: Settings, address: Address, clock: Clock) -> LiveSource:
    """Raises FileError for an error log that cannot be read."""
    from goneaway_tui.source.live import LiveSource

    log = None
    if settings.error_log is not None:
        from goneaway_tui.cli.commands.explain import LocalZone
        from goneaway_tui.source.error_log import ErrorLog

        log = ErrorLog(Path(settings.error_log), LocalZone())
    return LiveSource(address, clock, statements=settings.statements, interval=settings.interval, log=log)


@contextmanager
def recorder_of(settings: Settings, server_name: str) -> Iterator[Recorder | None]:
    """A recording open for writing, where one was asked for. Raises FileError."""
    if settings.record is None:
        yield None
        return
    from goneaway_tui.source.recording.writer import RecordingWriter

    keep = settings.keep
    if Path(settings.record).is_file() and Path(settings.record).stat().st_size:
        tell(_("{file} exists: what is seen is added to it", file=settings.record))
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
