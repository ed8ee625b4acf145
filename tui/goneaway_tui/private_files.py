"""Files that are added to for months, opened so that no other user can read them or redirect what is written.

In a folder that others may write (`/tmp`), another user may have created the file before us and kept it open, or put
a link of its name to a file of ours.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from goneaway_tui.i18n import N_

ROOT = 0
NOT_YOURS = N_("the file belongs to another user")
LINK_OF_ANOTHER = N_("the file is a link made by another user")


def open_private(path: str | os.PathLike[str], flags: int) -> int:
    """Open a file and return its descriptor; a new file is for its owner alone. Raises OSError, also for another
    user's file.

    A symbolic link is followed if the user or root owns it. A pipe or a device may belong to any user.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP or not Path(path).is_symlink():
            raise
        if is_link_of_another(path):
            raise OSError(errno.EPERM, LINK_OF_ANOTHER) from None
        descriptor = os.open(Path(path).resolve(), flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
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
    return status.st_uid in {os.geteuid(), ROOT}
