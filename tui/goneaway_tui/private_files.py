"""Files that we add to for months: opened only where no other user can read along or lead us elsewhere.

In a folder that others may write (`/tmp`), another user may have made the file before us and kept it open, or put a link
of its name to a file of ours.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from goneaway_tui.i18n import marked

ROOT = 0
NOT_YOURS = marked("it belongs to another user")
LINK_OF_ANOTHER = marked("it is a link that another user made")


def open_private(path: str | os.PathLike[str], flags: int) -> int:
    """A descriptor of a file, made for its owner alone where `flags` say so. Raises OSError, also for another user's file.

    A link is followed where it is ours or root's. What is no regular file (a pipe, a device) belongs to whom it may.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP or not Path(path).is_symlink():
            raise
        if not _is_trusted(os.lstat(path)):
            raise OSError(errno.EPERM, LINK_OF_ANOTHER) from None
        descriptor = os.open(Path(path).resolve(), flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and not _is_trusted(status):
        os.close(descriptor)
        raise OSError(errno.EPERM, NOT_YOURS)
    return descriptor


def must_be_private(path: str | os.PathLike[str]) -> None:
    """Raise OSError where what is there is another user's, or no regular file; what is not there is fine.

    For the files that a library opens by itself, beside one that `open_private` opened.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EPERM, marked("a file beside it is not a regular file"))
    if not _is_trusted(status):
        raise OSError(errno.EPERM, marked("a file beside it belongs to another user"))


def _is_trusted(status: os.stat_result) -> bool:
    return status.st_uid in {os.geteuid(), ROOT}
