"""What operating systems differ in, and files that no other user can read or redirect.

Windows has no Unix sockets, no numbers of users, and of the signals that end a program only SIGINT and SIGTERM. What can do
without them has a substitute here. What cannot, refuses by `errors.needs_unix`.

In a folder that others may write (`/tmp`), another user may have created a file before us and kept it open, or put a link of its
name to a file of ours. So what is added to for months is opened by `open_private`.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
from pathlib import Path
from typing import Any

from goneaway_tui.i18n import N_

HAS_UNIX_SOCKETS = hasattr(os, "geteuid")
"""Python has them on every Unix, and nowhere else. `socket` itself is not asked: to load it is a twelfth of a short command."""
HAS_JOB_CONTROL = hasattr(signal, "SIGTSTP")
"""Whether a shell can stop the program and continue it."""
HANGUP: int | None = getattr(signal, "SIGHUP", None)
"""The signal of a closed terminal."""
EXIT_SIGNALS = tuple(number for number in (signal.SIGTERM, HANGUP, signal.SIGINT) if number is not None)
"""The signals that ask the program to end."""

BINARY = getattr(os, "O_BINARY", 0)
"""Without it Windows writes two bytes for a line feed."""
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
NON_BLOCKING = getattr(os, "O_NONBLOCK", 0)
"""Flags for `os.open`; 0 where the system has no such flag."""


def package_text(name: str) -> str:
    """A file of this package as text, also where the program is one zip file. `importlib.resources` would load `zipfile` and more first."""
    loader: Any = __spec__.loader
    data: bytes = loader.get_data(str(Path(__file__).parent / name))
    return data.decode("utf-8")


def user_id() -> int:
    """The number of the user of this run. On Windows 0, as of the owner of every file there: its own rules protect files."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def make_private(descriptor: int) -> None:
    """Let only the owner read and write an open file."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Bytes of an open file; on Windows the position moves behind them."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, size)


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write bytes into an open file; on Windows the position moves behind them."""
    if hasattr(os, "pwrite"):
        os.pwrite(descriptor, data, offset)
    else:
        os.lseek(descriptor, offset, os.SEEK_SET)
        os.write(descriptor, data)


ROOT = 0
OPEN_FLAGS = NO_FOLLOW | CLOSE_ON_EXEC | BINARY
NOT_YOURS = N_("the file belongs to another user")
LINK_OF_ANOTHER = N_("the file is a link made by another user")


def open_private(path: str | os.PathLike[str], flags: int) -> int:
    """Open a file and return its descriptor; a new file is for its owner alone. Raises OSError, also for another
    user's file.

    A symbolic link is followed if the user or root owns it. A pipe or a device may belong to any user.
    """
    try:
        descriptor = os.open(path, flags | OPEN_FLAGS, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP or not Path(path).is_symlink():
            raise
        if is_link_of_another(path):
            raise OSError(errno.EPERM, LINK_OF_ANOTHER) from None
        descriptor = os.open(Path(path).resolve(), flags | OPEN_FLAGS, 0o600)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and not _is_trusted(status):
        os.close(descriptor)
        raise OSError(errno.EPERM, NOT_YOURS)
    return descriptor


def is_link_of_another(path: str | os.PathLike[str]) -> bool:
    """Whether the path is a symbolic link that neither we nor root made."""
    return Path(path).is_symlink() and not _is_trusted(os.lstat(path))


def must_be_private(path: str | os.PathLike[str]) -> None:
    """Raise OSError if the file belongs to another user or is not a regular file. A missing file passes.

    For files that a library opens itself, beside one that `open_private` opened.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EPERM, N_("a file beside it is not a regular file"))
    if not _is_trusted(status):
        raise OSError(errno.EPERM, N_("a file beside it belongs to another user"))


def _is_trusted(status: os.stat_result) -> bool:
    return status.st_uid in {user_id(), ROOT}
