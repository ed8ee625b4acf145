"""The environment of a run on this machine: its files, environment variables and user."""

from __future__ import annotations

import getpass
import os
import stat
from pathlib import Path

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.settings import Environment, FileContent
from goneaway_tui.system import open_private, user_id

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
