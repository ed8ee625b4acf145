"""Write files completely or not at all, readable by their owner alone, and never over an existing file by accident."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from goneaway_tui.errors import FileError
from goneaway_tui.export.data import file_stamp
from goneaway_tui.i18n import N_, _
from goneaway_tui.system import LINK_OF_ANOTHER, is_link_of_another
from goneaway_tui.text.sanitize import plain

NO_HARD_LINKS = {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
"""Errors of file systems without hard links."""

ELSEWHERE = N_("choose another path")

REASONS = {
    errno.EEXIST: (N_("a file with this name exists"), N_("choose another name, or remove the file first")),
    errno.EISDIR: (N_("the path is a directory"), N_("add a file name")),
    errno.ENOENT: (N_("no such directory"), N_("create the directory first, or choose another")),
    errno.ENOTDIR: (N_("part of the path is a file, not a directory"), ELSEWHERE),
    errno.EACCES: (N_("permission denied"), N_("choose a path that you may write to")),
    errno.EPERM: (N_("permission denied"), N_("choose a path that you may write to")),
    errno.EROFS: (N_("the file system is read-only"), ELSEWHERE),
    errno.ENOSPC: (N_("the disk is full"), N_("free some space, or choose a path on another disk")),
    errno.EDQUOT: (
        N_("your disk quota is used up"),
        N_("free some space, or choose a path on another disk"),
    ),
    errno.ENAMETOOLONG: (N_("the name is too long"), N_("choose a shorter name")),
    errno.ELOOP: (N_("the symbolic links form a loop"), ELSEWHERE),
}
"""The cause and what to do, by errno; neither is translated yet."""

Link = Callable[[Path, Path], None]
"""Gives an existing file (second) another name (first). Raises FileExistsError where the name is taken."""


def write_file(
    path: str | os.PathLike[str], write: Callable[[TextIO], None], *, overwrite: bool = False
) -> Path:
    """Write a text file and return its path. No other user can read it, and it appears only when it is complete.

    Without `overwrite` an existing file stays as it is, even one that is created while ours is being written. Raises
    FileError.
    """
    requested = Path(path)
    target = requested
    try:
        if overwrite:
            if is_link_of_another(requested):
                raise _write_error(requested, _(LINK_OF_ANOTHER), ELSEWHERE)
            target = Path(os.path.realpath(requested))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        if target.exists() and not target.is_file():
            raise _write_error(requested, _("the path is not a regular file"), ELSEWHERE)
        if os.path.lexists(target) and not overwrite:
            raise FileExistsError(errno.EEXIST, "")
        _write(target, write, overwrite=overwrite)
    except OSError as error:
        raise file_error(requested, error) from error
    except ValueError as error:
        if _is_valid_name(requested):
            raise
        raise _write_error(requested, _("the file name is not valid"), ELSEWHERE) from error
    return requested


def file_error(path: Path, error: OSError) -> FileError:
    """The FileError for an OSError."""
    why, hint = REASONS.get(error.errno or 0, (plain(error.strerror or str(error)).lower(), ELSEWHERE))
    if error.errno == errno.ENOENT and path.parent.is_dir():
        why, hint = _("the directory does not accept files"), ELSEWHERE
    elif error.errno == errno.ENOENT:
        why = _("the directory {folder} does not exist", folder=_shown(path.parent))
    return _write_error(path, _(why), hint)


def file_name(host: str | None, taken_at: float, suffix: str) -> str:
    """A file name that every file system accepts.

    >>> file_name("db-01", 1795459202.5, ".json"), file_name("../[::1]/x y", 1795459202.5, ".csv")
    ('goneaway-db-01-20261123T184002Z.json', 'goneaway-1-x-y-20261123T184002Z.csv')
    """
    safe = re.sub(r"[^A-Za-z0-9.]+|\.{2,}", "-", host or "localhost")[:64].strip("-.")
    return f"goneaway-{safe or 'server'}-{file_stamp(taken_at)}{suffix}"


def _write(target: Path, write: Callable[[TextIO], None], *, overwrite: bool) -> None:
    handle, name = tempfile.mkstemp(prefix=".goneaway-", suffix=".tmp", dir=target.parent)
    draft = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as out:  # noqa: PTH123 - by descriptor, kept at 0600
            write(out)
            out.flush()
            os.fsync(handle)
        if overwrite:
            draft.replace(target)
        else:
            publish(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def publish(draft: Path, target: Path, link: Link = Path.hardlink_to) -> None:
    """Rename the complete draft to its final name. Raises FileExistsError if a file of that name exists."""
    try:
        link(target, draft)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            draft.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def _write_error(path: Path, why: str, hint: str) -> FileError:
    """The error for a file that cannot be written. `why` is translated already; `hint` is not."""
    return FileError(_("cannot write {path}: {why}", path=_shown(path), why=why), _(hint))


def _shown(path: Path) -> str:
    return plain(str(path))


def _is_valid_name(path: Path) -> bool:
    """Whether a path can be a file name: no NUL, and no characters that cannot be encoded."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False
