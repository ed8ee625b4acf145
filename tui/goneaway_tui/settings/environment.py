"""What a run finds around it: variables, files, a home and a name. The tests make their own."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from goneaway_tui.text.sanitize import plain


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file as it was found."""

    data: bytes = field(repr=False)
    mode: int = 0o100600
    """Kind and permissions, as `stat` gives them."""
    is_ours: bool = True
    """Whether it belongs to who runs this, or to root."""

    @property
    def is_safe(self) -> bool:
        """Whether no other user wrote it or may write it.

        The pipe of a shell (`<(...)`) is its user's, and some systems let its group write.
        """
        writers = {stat.S_IFREG: stat.S_IWGRP | stat.S_IWOTH, stat.S_IFIFO: stat.S_IWOTH}
        return self.is_ours and not self.mode & writers.get(stat.S_IFMT(self.mode), 0)


class Files(Protocol):
    """The file system, as far as settings are read from it."""

    def read(self, path: Path) -> FileContent | None:
        """None where there is no such file. Raises FileError where it cannot be read, or is beyond all reason."""

    def names(self, folder: Path) -> Sequence[str] | None:
        """What is in a folder, in any order; None where it cannot be listed."""


@dataclass(frozen=True, slots=True)
class Environment:
    environ: Mapping[str, str]
    files: Files
    home: Path
    login: str
    """The user's name to this system, and to the server unless another is given."""
    config: Callable[[], Path]
    """Where the config file is unless `--config` names another; asked only when it matters."""

    def name(self, path: Path) -> str:
        """A file as a person would write it, fit to be shown."""
        return plain(f"~/{path.relative_to(self.home)}" if path.is_relative_to(self.home) else str(path))
