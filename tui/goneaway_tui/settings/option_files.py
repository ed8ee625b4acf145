"""The option files (`my.cnf`) and login paths of the MySQL and MariaDB clients: which are read, in which order, and
their grammar.

Written by hand, without a library: no library reads them as the clients do. Tests hold it against both clients.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings.environment import Environment, FileContent
from goneaway_tui.text.format import did_you_mean
from goneaway_tui.text.sanitize import plain

MAX_LINE_BYTES = 4095
"""Bytes. The clients read the rest of a longer line as a line of its own (`char buff[4096]`); we refuse such a line."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", "\\": "\\", '"': '"', "'": "'"}
_BLANK = " \t\r\n\v\f"


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One option in one group."""

    group: str
    """In lower case: the clients find `[CLIENT]` where they look for `[client]`."""
    key: str
    """With `-` for `_`."""
    value: str | None = field(repr=False)
    """None where there is no `=`."""
    line: int


@dataclass(frozen=True, slots=True)
class Include:
    """`!include FILE` or `!includedir FOLDER`, to be read before the lines after it."""

    path: str
    is_folder: bool
    line: int


def parse_option_file(text: str, name: str) -> Iterator[OptionLine | Include]:
    """The options and includes of a file, in their order; a later option overrides an earlier one.

    Raises SettingsError for a line that is no option, group or include, with `name` and the line's number but not its
    text; the lines before it have been yielded by then.

    >>> [(each.key, each.value) for each in parse_option_file("[client]\\nuser = 'a b' # me\\nssl_ca=x", "my.cnf")]
    [('user', 'a b'), ('ssl-ca', 'x')]
    """
    group: str | None = None
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        content = line.partition("\0")[0].strip(_BLANK)
        if not content or content[0] in "#;":
            continue
        position = _("{file} line {line}", file=name, line=number)
        if (
            len(content) > MAX_LINE_BYTES // 4
            and len(content.encode("utf-8", "surrogateescape")) > MAX_LINE_BYTES
        ):
            raise SettingsError(
                _("longer than {number} bytes, where the clients split the line", number=MAX_LINE_BYTES),
                _("shorten the line"),
                position,
            )
        if content[0] == "!":
            yield from _inclusion(content[1:].lstrip(_BLANK), position, number)
        elif content[0] == "[":
            group_name, closing, _rest = content[1:].partition("]")
            if not closing:
                raise SettingsError(_("a group without ]"), _("write it as [client]"), position)
            group = group_name.rstrip(_BLANK).lower()
        elif group is None:
            raise SettingsError(_("an option before any group"), _("put [client] above it"), position)
        else:
            yield _entry(group, content, position, number)


def _inclusion(directive: str, position: str, number: int) -> Iterator[Include]:
    """The include of a directive; None for an unknown word, which the clients ignore."""
    word = directive.split(maxsplit=1)[0] if directive else ""
    if word in {"include", "includedir"}:
        path = directive[len(word) :].partition("#")[0].strip(_BLANK)
        if not path:
            raise SettingsError(
                _("{name} without a path", name=f"!{word}"),
                _("write {example}", example=f"!{word} /etc/mysql/..."),
                position,
            )
        yield Include(path, word == "includedir", number)


def _entry(group: str, content: str, position: str, number: int) -> OptionLine:
    key, equals, value = _uncommented(content).partition("=")
    if not key.strip(_BLANK):
        raise SettingsError(_("a value without a name"), _("write {example}", example="name=value"), position)
    plain = key.strip(_BLANK).replace("_", "-")
    return OptionLine(group, plain, _unescaped(_unquoted(value.strip(_BLANK))) if equals else None, number)


def _uncommented(line: str) -> str:
    """`line` up to the first `#` that is outside quotes, with or without a blank before it."""
    if "#" not in line:
        return line
    quote, escaped = "", False
    for position, character in enumerate(line):
        if character in "'\"" and not escaped:
            quote = "" if quote == character else quote or character
        if character == "#" and not quote:
            return line[:position]
        escaped = bool(quote) and character == "\\" and not escaped
    return line


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] in "'\"" and value[0] == value[-1]:
        return value[1:-1]
    return value


def _unescaped(value: str) -> str:
    """`value` with its escapes resolved; a backslash before anything else stands for itself."""
    if "\\" not in value:
        return value
    out: list[str] = []
    characters = iter(value)
    for character in characters:
        if character != "\\":
            out.append(character)
            continue
        following = next(characters, "")
        out.append(_ESCAPES.get(following, "\\" + following))
    return "".join(out)


_UNUSED, _KEY, _LENGTH, _BLOCK = 4, 20, 4, 16
Decryption = Callable[[bytes], bytes]
MAX_CIPHERTEXT_BYTES = 4096
"""Bytes of ciphertext in a line at most, as in MySQL."""


def decrypt_login_path(data: bytes, name: str) -> str:
    """The option file within a `.mylogin.cnf`; empty for an empty file.

    Raises SettingsError, with `name`, for a file that `mysql_config_editor` did not write.
    """
    if not data:
        return ""
    try:
        return b"".join(_lines(data)).decode("utf-8", "surrogateescape")
    except ValueError as error:
        raise SettingsError(
            _("{file} is damaged: {why}", file=name, why=error),
            _("create it again with mysql_config_editor, or skip it with --no-login-paths"),
        ) from None


def _lines(data: bytes) -> Iterator[bytes]:
    at = _UNUSED + _KEY
    if len(data) < at:
        raise ValueError(_("the key at its beginning is incomplete"))
    decrypt = _decryption(data[_UNUSED:at])
    while at < len(data):
        length = int.from_bytes(data[at : at + _LENGTH], "little")
        at += _LENGTH
        cipher = data[at : at + length]
        if not 0 < length <= MAX_CIPHERTEXT_BYTES or length % _BLOCK or len(cipher) < length:
            raise ValueError(_("the length of the line at byte {number} is wrong", number=at))
        yield _unpadded(decrypt(cipher))
        at += length


def _unpadded(text: bytes) -> bytes:
    padding = text[-1]
    if not 1 <= padding <= _BLOCK or text[-padding:] != bytes([padding]) * padding:
        raise ValueError(_("its key does not decrypt it"))
    return text[:-padding]


def _decryption(material: bytes) -> Decryption:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        raise SettingsError(
            _("cannot decrypt login paths: the Python package cryptography is not installed"),
            _("install the Python package cryptography"),
        ) from None

    key = bytearray(_BLOCK)
    for position, part in enumerate(material):
        key[position % _BLOCK] ^= part
    cipher = Cipher(algorithms.AES(bytes(key)), modes.ECB())  # noqa: S305 - the format's choice, not ours

    def decrypt(text: bytes) -> bytes:
        decryptor = cipher.decryptor()
        return decryptor.update(text) + decryptor.finalize()

    return decrypt


GROUPS = ("client", "mysql", "client-server", "client-mariadb", "mariadb-client")
"""Groups that are read: the first two by all clients, the others only by MariaDB's client."""
LOGIN_GROUPS = ("client", "mysql")
FOLDERS = ("/etc", "/etc/mysql")
"""Folders that are compiled into the packages of most systems; `--help` of each client lists its own."""

MAX_INCLUDE_DEPTH = 10
"""Levels of includes at most, as in both clients."""
MAX_FILES = 200
MAX_TOTAL_BYTES = 256 << 10
"""Limits on all files together; the clients have none. Ten levels of `!includedir` could name any number of files."""
MAX_WARNINGS = 20
LOGIN_PATH_HINT = N_("create one with mysql_config_editor set --login-path=NAME")

_OTHERS_MAY_READ = stat.S_IXUSR | stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class OptionFileChoice:
    """Which option files are read, by the command line and the environment."""

    file: str | None = None
    extra_file: str | None = None
    suffix: str | None = None
    no_defaults: bool = False
    login_path: str | None = None
    no_login_paths: bool = False


@dataclass(frozen=True, slots=True)
class OptionSetting:
    """One option of the groups that are read."""

    group: str
    key: str
    value: str | None = field(repr=False)
    origin: str
    """The place of the option, such as `~/.my.cnf [client] line 2`."""


class OptionFiles:
    """The option files and login paths of one run. Iterating reads them."""

    def __init__(self, choice: OptionFileChoice, environment: Environment) -> None:
        self.warnings: dict[str, None] = {}
        """Warnings about what the clients ignore, in order and without repeats."""
        self._choice = choice
        self._environment = environment
        self._files = 0
        self._bytes = 0

    def __iter__(self) -> Iterator[OptionSetting]:
        """Every option in the groups that are read, the strongest last. Raises SettingsError with file and line."""
        groups = _with_suffix(GROUPS, self._choice.suffix)
        for path, is_required in self._paths():
            for entry, name in self._file(path, is_required=is_required):
                if entry.group in groups:
                    origin = _("{file} line {line}", file=f"{name} [{entry.group}]", line=entry.line)
                    yield OptionSetting(entry.group, entry.key, entry.value, origin)
        if not self._choice.no_login_paths:
            yield from self._login_paths()

    def _paths(self) -> Iterator[tuple[Path, bool]]:
        choice = self._choice
        if choice.file is not None:
            yield self._expanded(choice.file), True
        elif not choice.no_defaults:
            for folder in _unique((*FOLDERS, _mysql_home(self._environment.environ))):
                yield Path(folder, "my.cnf"), False
            if choice.extra_file is not None:
                yield self._expanded(choice.extra_file), True
            yield self._environment.home / ".my.cnf", False

    def _file(
        self, path: Path, depth: int = 0, *, is_required: bool = False
    ) -> Iterator[tuple[OptionLine, str]]:
        """The options of a file and of the files it includes, each with the name of its file."""
        name = self._environment.name(path)
        content = self._content(path, is_required=is_required)
        if content is None:
            return
        self._files += 1
        self._bytes += len(content.data)
        if self._exceeds_bounds:
            raise SettingsError(
                _("too many option files, or too large"),
                _("check whether !include directives form a circle"),
                name,
            )
        if stat.S_ISREG(content.mode) and content.mode & stat.S_IWOTH:
            self.warn(_("{file} is ignored, as by the clients: every user can write it", file=name))
            return
        for entry in parse_option_file(content.data.decode("utf-8", "surrogateescape"), name):
            if isinstance(entry, OptionLine):
                yield entry, name
            elif depth == MAX_INCLUDE_DEPTH:
                position = _("{file} line {line}", file=name, line=entry.line)
                self.warn(
                    _(
                        "{place}: not included, because includes are nested {number} levels deep",
                        place=position,
                        number=MAX_INCLUDE_DEPTH,
                    )
                )
            else:
                yield from self._included(entry, name, depth)

    def _included(self, include: Include, name: str, depth: int) -> Iterator[tuple[OptionLine, str]]:
        """The options of an include. A fault in an included file ends that file, not the file that includes it."""
        origin = _("{file} line {line}", file=name, line=include.line)
        for path in self._targets(include, origin):
            try:
                yield from self._file(path, depth + 1)
            except SettingsError as error:
                if self._exceeds_bounds:
                    raise
                self.warn(_("{fault}; the rest of the file is ignored", fault=error))

    @property
    def _exceeds_bounds(self) -> bool:
        return self._files > MAX_FILES or self._bytes > MAX_TOTAL_BYTES

    def _targets(self, include: Include, origin: str) -> list[Path]:
        if not include.is_folder:
            return [self._expanded(include.path)]
        folder = Path(include.path)
        names = self._environment.files.names(folder)
        if names is None:
            raise SettingsError(
                _("!includedir: cannot list the folder"), _("correct the path, or create the folder"), origin
            )
        return [folder / name for name in sorted(names, key=os.fsencode) if name.endswith(".cnf")]

    def _content(self, path: Path, *, is_required: bool) -> FileContent | None:
        """The text of a file; None where it does not exist, or cannot be read and `is_required` is false."""
        try:
            content = self._environment.files.read(path)
        except FileError as error:
            if is_required:
                raise
            self.warn(_("{fault}; the file is ignored", fault=error))
            return None
        if content is None and is_required:
            what = _("there is no option file {file}", file=self._environment.name(path))
            raise SettingsError(what, _("correct the path"))
        return content

    def _login_paths(self) -> Iterator[OptionSetting]:
        login_path = self._choice.login_path
        names = (*LOGIN_GROUPS, login_path) if login_path else LOGIN_GROUPS
        groups = [group.lower() for group in _with_suffix(names, self._choice.suffix)]
        path = Path(
            self._environment.environ.get("MYSQL_TEST_LOGIN_FILE") or self._environment.home / ".mylogin.cnf"
        )
        file = self._environment.name(path)
        content = self._content(path, is_required=False)
        if content is not None and content.mode & _OTHERS_MAY_READ and stat.S_ISREG(content.mode):
            self.warn(_("{file} is ignored, as by the mysql client: other users can access it", file=file))
            content = None
        found_groups = set()
        for entry in parse_option_file(
            "" if content is None else decrypt_login_path(content.data, file), file
        ):
            if isinstance(entry, OptionLine):
                found_groups.add(plain(entry.group, 64))
                if entry.group in groups:
                    yield OptionSetting(entry.group, entry.key, entry.value, f"{file} [{entry.group}]")
        if login_path and found_groups.isdisjoint(_with_suffix((login_path.lower(),), self._choice.suffix)):
            raise _no_login_path(login_path, file, found_groups, is_read=content is not None)

    def warn(self, line: str) -> None:
        """Add a warning for the user."""
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings[line] = None

    def _expanded(self, path: str) -> Path:
        return self._environment.home / path[2:] if path.startswith("~/") else Path(path)


def _no_login_path(name: str, file: str, found_groups: set[str], *, is_read: bool) -> SettingsError:
    if not is_read:
        why = _("there is no login path {name!r}: {file} does not exist, or is ignored", name=name, file=file)
        return SettingsError(why, _(LOGIN_PATH_HINT))
    hint = did_you_mean(name, found_groups) or _("list the login paths with mysql_config_editor print --all")
    return SettingsError(_("{file} has no login path {name!r}", file=file, name=name), hint)


def _with_suffix(groups: tuple[str, ...], suffix: str | None) -> tuple[str, ...]:
    return (*groups, *(f"{group}{suffix}".lower() for group in groups)) if suffix else groups


def _mysql_home(environ: Mapping[str, str]) -> str:
    """$MYSQL_HOME; $MARIADB_HOME comes first, as in MariaDB's clients."""
    return environ.get("MARIADB_HOME") or environ.get("MYSQL_HOME") or ""


def _unique(folders: tuple[str, ...]) -> list[str]:
    """The folders without repeats, each at its last position, as in the clients."""
    stripped = [folder.rstrip("/") or folder for folder in folders if folder]
    return [folder for index, folder in enumerate(stripped) if folder not in stripped[index + 1 :]]
