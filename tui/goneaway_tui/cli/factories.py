"""Make what a run needs of this machine: its settings' environment and files, the source, the recording, clock and time zone."""

from __future__ import annotations

import getpass
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.terminal import write_err
from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.settings import Environment, FileContent, Settings
from goneaway_tui.system import open_private, user_id

if TYPE_CHECKING:
    from goneaway_tui.ports import Clock, Recorder
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.source.sockets import Address

SECRETS = ("MYSQL_PWD",)
"""Environment variables that hold a password; removed from `os.environ`."""
MAX_SETTINGS_BYTES = 1 << 20
"""Longest file that settings are read from."""


class LocalFiles:
    """The files of this machine, for reading settings."""

    def read(self, path: Path) -> FileContent | None:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_SETTINGS_BYTES + 1)
                status = os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise FileError(
                _("cannot read {file}: {why}", file=path, why=_why(error)),
                _("correct its permissions, or move it away"),
            ) from None
        if len(data) > MAX_SETTINGS_BYTES:
            why = _("the file is larger than {number} MiB", number=MAX_SETTINGS_BYTES >> 20)
            raise FileError(_("cannot read {file}: {why}", file=path, why=why), _("name another file"))
        return FileContent(data, status.st_mode, is_ours=status.st_uid in {user_id(), 0})

    def names(self, folder: Path) -> list[str] | None:
        try:
            return [entry.name for entry in folder.iterdir()]
        except (OSError, ValueError):
            return None


def local_environment() -> Environment:
    """The environment of this run.

    Variables with passwords are removed from `os.environ`, so that no program that is started inherits them.
    """
    environ = dict(os.environ)
    for name in SECRETS:
        os.environ.pop(name, None)
    return Environment(environ, LocalFiles(), _home(), _login(), _config)


def create(path: Path, text: str) -> None:
    """Write a new file that only its owner may read. Raises FileError, also where the file exists."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            hint = _("edit it, or name another file with --config")
            raise FileError(_("{file} exists, and is not replaced", file=path), hint) from None
        raise FileError(
            _("cannot write {file}: {why}", file=path, why=_why(error)), _("name another file with --config")
        ) from None


def append(path: Path, data: bytes) -> None:
    """Add to the end of a file, which is created for its owner alone if it does not exist. Raises FileError.

    The content before it, its permissions and symbolic links to it stay as they are, also where the disk is full.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            size = os.fstat(descriptor).st_size
            is_whole = file.write(data) == len(data)
            if not is_whole:
                file.truncate(size)
    except (OSError, ValueError) as error:
        raise FileError(
            _("cannot write {file}: {why}", file=path, why=_why(error)),
            _("correct its permissions, or free some space"),
        ) from None
    if not is_whole:
        why = _("no space left")
        raise FileError(
            _("cannot write {file}: {why}", file=path, why=why), _("free some space, and save again")
        )


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or _("not a valid file name")


def _config() -> Path:
    from platformdirs import user_config_path

    return user_config_path("goneaway-tui") / "config.toml"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # the last on Windows without USERNAME, before Python 3.13
        return ""


# --- What is watched, and by which clock


def live_source(settings: Settings, address: Address, clock: Clock, *, evidence: bool = True) -> LiveSource:
    """Open the source of one server; `evidence` as in LiveSource. Raises FileError for an error log that cannot be read."""
    from goneaway_tui.source.live import LiveSource

    log = None
    if settings.error_log is not None:
        from goneaway_tui.source.error_log import ErrorLog

        log = ErrorLog(Path(settings.error_log), LocalZone())
    return LiveSource(
        address,
        clock,
        statements=settings.statements,
        interval=settings.interval,
        log=log,
        evidence=evidence,
    )


def single_sample_source(settings: Settings, address: Address, clock: Clock) -> LiveSource:
    """As `live_source`, for one sample."""
    return live_source(settings, address, clock, evidence=False)


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
