"""The environment of a run: variables, files, the home directory, the user."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from goneaway_tui.text.sanitize import plain


@dataclass(frozen=True, slots=True)
class FileContent:
    """The content of a file with its permissions."""

    data: bytes = field(repr=False)
    mode: int = 0o100600
    """Type and permissions, as in `st_mode` of `stat`."""
    is_ours: bool = True
    """Whether the file belongs to the user of this run, or to root."""

    @property
    def is_safe(self) -> bool:
        """Whether the file belongs to the user of this run or to root, and no other user may write it.

        A pipe of a shell (`<(...)`) belongs to its user, and on some systems its group may write.
        """
        writers = {stat.S_IFREG: stat.S_IWGRP | stat.S_IWOTH, stat.S_IFIFO: stat.S_IWOTH}
        return self.is_ours and not self.mode & writers.get(stat.S_IFMT(self.mode), 0)


class Files(Protocol):
    """The file system, for reading settings."""

    def read(self, path: Path) -> FileContent | None:
        """The content of a file; None where it does not exist. Raises FileError where it cannot be read or is too
        long.
        """

    def names(self, folder: Path) -> Sequence[str] | None:
        """The names in a folder, in any order; None where it cannot be listed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The sources of settings besides the arguments."""

    environ: Mapping[str, str]
    files: Files
    home: Path
    login: str
    """The name of the user on this system; the default user on the server."""
    config: Callable[[], Path]
    """The default path of the config file; called only when the path is needed."""

    def name(self, path: Path) -> str:
        """The name of a file in messages: sanitized, with `~` for the home directory."""
        return plain(f"~/{path.relative_to(self.home)}" if path.is_relative_to(self.home) else str(path))
