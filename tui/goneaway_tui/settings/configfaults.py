"""What is wrong in a config file, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.settings.whereabouts import KeyPath, Whereabouts


class Faults:
    """Found while a file is read, in any order."""

    def __init__(self, name: str, where: Whereabouts) -> None:
        self.name = name
        """The file's, as a person would write it."""
        self._where = where
        self._noted: list[tuple[int, SettingsError]] = []
        self._line = 1
        """Of the latest."""

    @property
    def by_line(self) -> tuple[SettingsError, ...]:
        return tuple(fault for _line, fault in sorted(self._noted, key=lambda each: each[0]))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What goes wrong inside is noted, and ends no more than what is inside."""
        try:
            yield
        except SettingsError as fault:
            if str(fault) not in {str(known) for _line, known in self._noted}:
                self._noted.append((self._line, fault))

    def fault(self, path: KeyPath, what: str, hint: str) -> SettingsError:
        """Keys come into both parts as they were written: whatever they are, it stays one line."""
        return SettingsError(plain(what, 400), plain(hint, 200), plain(self.place(path), 400))

    def line(self, path: KeyPath) -> int:
        return self._where.line(path)

    def place(self, path: KeyPath) -> str:
        """Where a key stands; what is found wrong from now on is about there."""
        self._line = self._where.line(path)
        return _("{file} line {line}", file=self.name, line=self._line)

    def title(self, path: KeyPath) -> str:
        """A key with its place before it."""
        return _("{place}: {what}", place=self.place(path), what=path[-1])
