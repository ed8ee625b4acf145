"""Reading the config file.

Which keys there are is read off the table of options; what is not right is told with its line and the key that
was meant.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from goneaway_tui.errors import SettingsError
from goneaway_tui.model.plain import plain
from goneaway_tui.settings.bindings import BINDINGS, binding_of, leaves
from goneaway_tui.settings.config import (
    COLOR,
    COLORS,
    COMMON,
    CONNECTION,
    GROUP,
    GROUPS,
    KEYS,
    OF_A_SERVER,
    PASSWORD_COMMAND,
    PASSWORD_KEYRING,
    PASSWORD_PROMPT,
    SERVERS,
    Config,
    Server,
)
from goneaway_tui.settings.mention import BY_NAME, Mention, Rank, canonical, found
from goneaway_tui.settings.nearest import did_you_mean
from goneaway_tui.settings.options import Option
from goneaway_tui.settings.settings import Command, Keyring
from goneaway_tui.settings.values import shown
from goneaway_tui.settings.whereabouts import KeyPath, Whereabouts

_FORM = 'write key = "value"'
_LETTERS = "write letters, digits, - and ."
_NAME = re.compile(r"\w[\w.-]{0,63}")
_COLOR = re.compile(r"#(?:[0-9a-f]{3}){1,2}", re.IGNORECASE)
_KEY = re.compile(r"(?:(?:ctrl|alt|shift|super|meta|hyper)\+)*(?:\w{1,30}|[!-~])")


def read(text: str, name: str, *, is_private: bool) -> Config:
    """What a config file says, every value of it looked at.

    `is_private` says that nobody but its owner may read it. Raises SettingsError with `name` and the line.
    """
    config, faults = examined(text, name, is_private=is_private)
    if faults:
        raise faults[0]
    return config


def examined(text: str, name: str, *, is_private: bool) -> tuple[Config, tuple[SettingsError, ...]]:
    """What of it is right, and every fault by its line. Where it is no TOML, only the first fault can be told."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Config(name), (_not_toml(text, name, error),)
    reader = _Reader(name, Whereabouts(text), is_private=is_private)
    config = reader.config(document)
    return config, tuple(fault for _, fault in sorted(reader.faults, key=lambda each: each[0]))


def _not_toml(text: str, name: str, error: Exception) -> SettingsError:
    """`tomllib` says the line at the end; we say it where all our lines stand."""
    told = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
    if told is None:  # of what is no syntax it says no line: nested too deep, a number of thousands of digits
        return SettingsError(f"{name}: not TOML: a value beyond reason", _FORM)
    line = told[2] or text.rstrip().count("\n") + 1
    what = (told[1][:1].lower() + told[1][1:100]).encode("unicode_escape").decode()
    return SettingsError(f"{name} line {line}: not TOML: {what}", _FORM)


class _Reader:
    """Turns a document into a Config, and knows where everything stands.

    A key that is wrong is a fault and left out; the keys beside it are still looked at.
    """

    def __init__(self, name: str, where: Whereabouts, *, is_private: bool) -> None:
        self._name = name
        self._where = where
        self._is_private = is_private
        self.faults: list[tuple[int, SettingsError]] = []
        """Each with its line."""
        self._line = 1
        """Of the latest."""

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """What goes wrong inside is noted, and ends no more than what is inside."""
        try:
            yield
        except SettingsError as fault:
            if str(fault) not in {str(known) for _, known in self.faults}:
                self.faults.append((self._line, fault))

    def config(self, document: Mapping[str, object]) -> Config:
        tables: dict[str, Mapping[str, object]] = {}
        for table in (SERVERS, GROUPS, KEYS):
            tables[table] = {}
            with self._noting():
                tables[table] = self._table(document.get(table, {}), (table,))
        mentions = self._each(
            lambda key: self._mention(COMMON, (key,), document[key]),
            [key for key in document if key not in tables],
        )
        servers = {}
        for name, value in tables[SERVERS].items():
            with self._noting():
                servers[name] = self._server(name, value)
        groups = self._groups(tables[GROUPS], tables[SERVERS])
        return Config(self._name, mentions, servers, groups, self._keys(tables[KEYS]))

    def _each(self, read: Callable[[str], Mention], keys: Iterable[str]) -> tuple[Mention, ...]:
        """What can be read of some keys."""
        mentions = []
        for key in keys:
            with self._noting():
                mentions.append(read(key))
        return tuple(mentions)

    def _server(self, name: str, value: object) -> Server:
        path = (SERVERS, name)
        table = self._table(value, path)
        words = {key: canonical(key) for key in table}
        mentions = self._each(
            lambda key: self._said_of_server((*path, key), table[key]),
            [key for key, word in words.items() if word not in {COLOR, GROUP}],
        )
        color = None
        for key in (key for key, word in words.items() if word == COLOR):
            with self._noting():
                color = self._color((*path, key), table[key])
        if not _NAME.fullmatch(name):
            raise self._wrong(path, f"not a server's name: {shown(name)}", _LETTERS)
        named = [mention.option.name for mention in mentions]
        for mention in mentions:
            if named.count(mention.option.name) > 1:
                raise self._wrong(path, f"{mention.option.word} is said twice", "say it once")
        return Server(name, mentions, color, self._where.line(path))

    def _said_of_server(self, path: KeyPath, value: object) -> Mention:
        read = self._passwords.get(canonical(path[-1]))
        if read is None:
            return self._mention(OF_A_SERVER, path, value)
        return Mention(BY_NAME["password"], None, self._place(path), Rank.CONFIG, read(path, value))

    @property
    def _passwords(self) -> Mapping[str, Callable[[KeyPath, object], Command | Keyring | None]]:
        """The ways to a password besides the password, by their keys."""
        return {
            PASSWORD_COMMAND: self._command,
            PASSWORD_KEYRING: self._keyring,
            PASSWORD_PROMPT: self._prompt,
        }

    def _mention(self, known: Mapping[str, Option], path: KeyPath, value: object) -> Mention:
        key = canonical(path[-1])
        option = known.get(key)
        if option is None:
            raise self._unknown(path, known)
        if isinstance(value, bool):
            text = str(int(value))
        elif isinstance(value, str | int | float):
            text = str(value)
        else:
            raise self._wrong(path, f"{key} is not one value", f"write {path[-1]} = ...")
        if option.name == "password" and not self._is_private:
            raise self._wrong(
                path, "a password in a file that others may read", f"chmod 600 it, or say {PASSWORD_COMMAND}"
            )
        mention = Mention(option, text, self._place(path), Rank.CONFIG)
        found(mention)
        return mention

    def _unknown(self, path: KeyPath, known: Mapping[str, Option]) -> SettingsError:
        extra = (COLOR, GROUP, *self._passwords) if len(path) > 1 else (SERVERS, GROUPS, KEYS)
        key = canonical(path[-1])
        hint = did_you_mean(key, [*known, *extra]).replace("-", "_")
        if not hint and len(path) == 1 and key in CONNECTION:
            hint = f"write it below [{SERVERS}.NAME]"
        return self._wrong(
            path, f"there is no key {shown(path[-1])}", hint or "goneaway-tui config init shows them all"
        )

    def _command(self, path: KeyPath, value: object) -> Command:
        if not (
            isinstance(value, list)
            and value
            and all(isinstance(word, str) and word and "\0" not in word for word in value)
        ):
            raise self._wrong(
                path, "not a list of words", f'write {path[-1]} = ["pass", "db1"]; no shell takes it apart'
            )
        return Command(tuple(value), self._title(path))

    def _keyring(self, path: KeyPath, value: object) -> Keyring:
        if not (isinstance(value, str) and value and value.isprintable()):
            raise self._wrong(path, "not a service of the keyring", f'write {path[-1]} = "goneaway-tui"')
        return Keyring(value, self._title(path))

    def _prompt(self, path: KeyPath, value: object) -> None:
        """No value: what is asked for is known only then."""
        if value is not True:
            raise self._wrong(path, "not true", f"write {path[-1]} = true, or leave it out")

    def _color(self, path: KeyPath, value: object) -> str:
        if not isinstance(value, str) or not (value in COLORS or _COLOR.fullmatch(value)):
            near = did_you_mean(value, COLORS) if isinstance(value, str) else ""
            raise self._wrong(path, "not a colour", near or 'write color = "red", or "#c04040"')
        return value

    def _groups(
        self, table: Mapping[str, object], servers: Mapping[str, object]
    ) -> dict[str, tuple[str, ...]]:
        groups: dict[str, dict[str, None]] = {}
        for group, names in table.items():
            with self._noting():
                for name in self._words((GROUPS, group), names):
                    groups.setdefault(group, {})[self._known(group, name, servers)] = None
        for name, server in servers.items():
            for key, value in server.items() if isinstance(server, dict) else ():
                if canonical(key) == GROUP:
                    with self._noting():
                        [group] = self._words((SERVERS, name, key), [value])
                        groups.setdefault(group, {})[name] = None
        for group in groups:
            with self._noting():
                if not _NAME.fullmatch(group):
                    raise self._wrong((GROUPS, group), f"not a group's name: {shown(group)}", _LETTERS)
        return {group: tuple(names) for group, names in groups.items()}

    def _known(self, group: str, name: str, servers: Mapping[str, object]) -> str:
        if name in servers:
            return name
        hint = did_you_mean(name, servers) or f"[{SERVERS}.NAME] makes one"
        raise self._wrong((GROUPS, group), f"there is no server {shown(name)}", hint)

    def _keys(self, table: Mapping[str, object]) -> dict[str, str]:
        keys: dict[str, str] = {}
        taken: dict[str, str] = {}
        for path, value in leaves(table, (KEYS,)):
            with self._noting():
                binding = self._binding(path)
                keys[binding] = self._bound(path, binding, value, taken)
        return keys

    def _binding(self, path: KeyPath) -> str:
        name = ".".join(path[1:])
        binding = binding_of(name)
        if binding is None:
            hint = did_you_mean(name, BINDINGS) or "goneaway-tui config init lists what has one"
            raise self._wrong(path, f"nothing that has a key: {shown(name)}", hint)
        return binding

    def _bound(self, path: KeyPath, binding: str, value: object, taken: dict[str, str]) -> str:
        said = value.split(",") if isinstance(value, str) and value != "," else value
        each = [key.strip() for key in self._words(path, said)]
        for key in each:
            if not _KEY.fullmatch(key):
                raise self._wrong(path, f"not a key: {shown(key)}", 'write it like "w", "f2" or "ctrl+w"')
            if taken.setdefault(key, binding) != binding:
                raise self._wrong(path, f"{shown(key)} is taken by {taken[key]}", "give each its own key")
        return ",".join(each)

    def _words(self, path: KeyPath, value: object) -> Iterator[str]:
        if not (isinstance(value, list) and value):
            raise self._wrong(path, "not a list of names", f'write {path[-1]} = ["..."]')
        for word in value:
            if not (isinstance(word, str) and word.isprintable() and word):
                raise self._wrong(path, "not a name", f'write {path[-1]} = "..."')
            yield word

    def _table(self, value: object, path: KeyPath) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._wrong(
                path, f"{shown('.'.join(path))} is not a table", f"write [{path[0]}...] above it"
            )
        return value

    def _title(self, path: KeyPath) -> str:
        return f"{self._place(path)}: {path[-1]}"

    def _place(self, path: KeyPath) -> str:
        self._line = self._where.line(path)
        return f"{self._name} line {self._line}"

    def _wrong(self, path: KeyPath, what: str, hint: str) -> SettingsError:
        """Keys come into both parts as they were written: whatever they are, it stays one line."""
        return SettingsError(plain(f"{self._place(path)}: {what}", 400), plain(hint, 200))
