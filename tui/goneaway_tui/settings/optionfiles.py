"""Which option files are read, in which order, and for which groups: as the clients of MySQL and MariaDB do.

Both clients read the same files with one grammar; MariaDB's looks into three groups more, and MySQL's into the
login paths besides. Nobody knows which server will answer before it has, so all are read. Of several values the
last one read counts, whichever group it is in, exactly as for the clients:

    /etc/my.cnf  /etc/mysql/my.cnf  $MYSQL_HOME/my.cnf  --defaults-extra-file  ~/.my.cnf  ~/.mylogin.cnf

`--defaults-file` replaces all of them but the last, `--no-defaults` leaves them out, `--no-login-paths` the last.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.settings import loginpath
from goneaway_tui.settings.nearest import did_you_mean
from goneaway_tui.settings.optionfile import Entry, Include, parse
from goneaway_tui.settings.surroundings import Content, Surroundings

GROUPS = ("client", "mysql", "client-server", "client-mariadb", "mariadb-client")
"""The first two are every client's, the others are MariaDB's client's too."""
LOGIN_GROUPS = ("client", "mysql")
FOLDERS = ("/etc", "/etc/mysql")
"""Compiled into the packages of most systems; both clients' `--help` says their own."""

DEEPEST = 10
"""Inclusions within inclusions, the most that both clients follow."""
MOST_FILES = 200
MOST_BYTES = 256 << 10
"""Bounds of ours: ten levels of folders could name more files than there are atoms."""
MOST_WARNINGS = 20
MAKES_ONE = marked("mysql_config_editor set --login-path=NAME makes one")

_OTHERS_MAY_READ = stat.S_IXUSR | stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line and the environment say about where options are to be read."""

    file: str | None = None
    extra_file: str | None = None
    suffix: str | None = None
    no_defaults: bool = False
    login_path: str | None = None
    no_login_paths: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One option that counts, and where it stands."""

    group: str
    key: str
    value: str | None = field(repr=False)
    origin: str
    """`~/.my.cnf [client] line 2`."""


class OptionFiles:
    """One reading of them all."""

    def __init__(self, choice: Choice, around: Surroundings) -> None:
        self.warnings: dict[str, None] = {}
        """What the clients warn of and pass over, each once."""
        self._choice = choice
        self._around = around
        self._files = 0
        self._bytes = 0

    def __iter__(self) -> Iterator[Said]:
        """Everything said, the last word last. Raises SettingsError with file and line."""
        groups = _with_suffix(GROUPS, self._choice.suffix)
        for path, is_required in self._paths():
            for entry, name in self._file(path, is_required=is_required):
                if entry.group in groups:
                    origin = _("{file} line {line}", file=f"{name} [{entry.group}]", line=entry.line)
                    yield Said(entry.group, entry.key, entry.value, origin)
        if not self._choice.no_login_paths:
            yield from self._login_paths()

    def _paths(self) -> Iterator[tuple[Path, bool]]:
        choice = self._choice
        if choice.file is not None:
            yield self._expanded(choice.file), True
        elif not choice.no_defaults:
            for folder in _once((*FOLDERS, _home_of_settings(self._around.environ))):
                yield Path(folder, "my.cnf"), False
            if choice.extra_file is not None:
                yield self._expanded(choice.extra_file), True
            yield self._around.home / ".my.cnf", False

    def _file(self, path: Path, depth: int = 0, *, is_required: bool = False) -> Iterator[tuple[Entry, str]]:
        """Its entries and those of what it includes, each with the name of its file."""
        name = self._around.name(path)
        content = self._content(path, is_required=is_required)
        if content is None:
            return
        self._files += 1
        self._bytes += len(content.data)
        if self._is_too_much:
            raise SettingsError(
                _("too many option files, or too long"), _("look for a circle of !include"), name
            )
        if stat.S_ISREG(content.mode) and content.mode & stat.S_IWOTH:
            self.warn(_("{file} is ignored, as by the clients: anybody may write it", file=name))
            return
        for each in parse(content.data.decode("utf-8", "surrogateescape"), name):
            if isinstance(each, Entry):
                yield each, name
            elif depth == DEEPEST:
                place = _("{file} line {line}", file=name, line=each.line)
                self.warn(_("{place}: not followed, {number} inclusions deep", place=place, number=DEEPEST))
            else:
                yield from self._included(each, name, depth)

    def _included(self, include: Include, name: str, depth: int) -> Iterator[tuple[Entry, str]]:
        """What is wrong inside an included file ends that file and not the one that includes it."""
        where = _("{file} line {line}", file=name, line=include.line)
        for path in self._targets(include, where):
            try:
                yield from self._file(path, depth + 1)
            except SettingsError as error:
                if self._is_too_much:
                    raise
                self.warn(_("{fault}; the rest of that file is passed over", fault=error))

    @property
    def _is_too_much(self) -> bool:
        return self._files > MOST_FILES or self._bytes > MOST_BYTES

    def _targets(self, include: Include, where: str) -> list[Path]:
        if not include.is_folder:
            return [self._expanded(include.path)]
        folder = Path(include.path)
        names = self._around.files.names(folder)
        if names is None:
            raise SettingsError(
                _("!includedir of what cannot be listed"), _("mend the path, or make the folder"), where
            )
        return [folder / each for each in sorted(names, key=os.fsencode) if each.endswith(".cnf")]

    def _content(self, path: Path, *, is_required: bool) -> Content | None:
        """None for what is not there, and for what cannot be read unless somebody asked for just that."""
        try:
            content = self._around.files.read(path)
        except FileError as error:
            if is_required:
                raise
            self.warn(_("{fault}; it is passed over", fault=error))
            return None
        if content is None and is_required:
            what = _("there is no option file {file}", file=self._around.name(path))
            raise SettingsError(what, _("mend the path"))
        return content

    def _login_paths(self) -> Iterator[Said]:
        wanted = self._choice.login_path
        chosen = (*LOGIN_GROUPS, wanted) if wanted else LOGIN_GROUPS
        groups = [group.lower() for group in _with_suffix(chosen, self._choice.suffix)]
        path = Path(self._around.environ.get("MYSQL_TEST_LOGIN_FILE") or self._around.home / ".mylogin.cnf")
        name = self._around.name(path)
        content = self._content(path, is_required=False)
        if content is not None and content.mode & _OTHERS_MAY_READ and stat.S_ISREG(content.mode):
            self.warn(
                _("{file} is ignored, as by the mysql client: not its owner alone may read it", file=name)
            )
            content = None
        text = "" if content is None else loginpath.deciphered(content.data, name)
        known = set()
        for entry in parse(text, name):
            if isinstance(entry, Entry):
                known.add(plain(entry.group, 64))
                if entry.group in groups:
                    yield Said(entry.group, entry.key, entry.value, f"{name} [{entry.group}]")
        if wanted and known.isdisjoint(_with_suffix((wanted.lower(),), self._choice.suffix)):
            if content is None:
                why = _(
                    "there is no login path {name!r}: {file} is not there, or is ignored",
                    name=wanted,
                    file=name,
                )
                raise SettingsError(why, _(MAKES_ONE))
            hint = did_you_mean(wanted, known) or _("mysql_config_editor print --all lists them")
            raise SettingsError(_("{file} has no login path {name!r}", file=name, name=wanted), hint)

    def warn(self, line: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings[line] = None

    def _expanded(self, path: str) -> Path:
        return self._around.home / path[2:] if path.startswith("~/") else Path(path)


def _with_suffix(groups: tuple[str, ...], suffix: str | None) -> tuple[str, ...]:
    return (*groups, *(f"{group}{suffix}".lower() for group in groups)) if suffix else groups


def _home_of_settings(environ: Mapping[str, str]) -> str:
    """$MYSQL_HOME; MariaDB's own variable is heard first, as by its clients."""
    return environ.get("MARIADB_HOME") or environ.get("MYSQL_HOME") or ""


def _once(folders: tuple[str, ...]) -> list[str]:
    """Each folder where it is named last, as in the clients."""
    named = [folder.rstrip("/") or folder for folder in folders if folder]
    return [folder for at, folder in enumerate(named) if folder not in named[at + 1 :]]
