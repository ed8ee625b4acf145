"""The config file: common options, servers by name, groups of them, and keys.

Which keys there are is read off the table of options; what is not right is told with its line and the key that
was meant.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from goneaway_tui.errors import SettingsError
from goneaway_tui.model.plain import plain
from goneaway_tui.settings.mention import BY_NAME, Mention, Rank, canonical, found
from goneaway_tui.settings.nearest import did_you_mean
from goneaway_tui.settings.options import OPTIONS, Option, Section
from goneaway_tui.settings.settings import Command, Keyring
from goneaway_tui.settings.values import shown
from goneaway_tui.settings.whereabouts import KeyPath, Whereabouts

SERVERS, GROUPS, KEYS = "servers", "groups", "keys"
COLOR, GROUP = "color", "group"
PASSWORD_COMMAND, PASSWORD_KEYRING = "password-command", "password-keyring"
"""What a server has besides options."""

COMMON: Mapping[str, Option] = {
    option.word: option for option in OPTIONS if option.section is Section.SHOWING
}
CONNECTION: Mapping[str, Option] = {
    option.word: option for option in OPTIONS if option.section is Section.CONNECTION
}
OF_A_SERVER = {**CONNECTION, **COMMON}

MOST_NAMED = 8
"""Names said in one line of an error."""

_FORM = 'write key = "value"'
_LETTERS = "write letters, digits, - and ."
_NAME = re.compile(r"\w[\w.-]{0,63}")
_COLOR = re.compile(r"[a-z][a-z_]{0,30}[0-9]{0,3}|#(?:[0-9a-f]{3}){1,2}", re.IGNORECASE)
_BINDING = re.compile(r"[a-z][\w.-]{0,63}")
_KEY = re.compile(r"(?:(?:ctrl|alt|shift|super|meta|hyper)\+)*(?:\w{1,30}|[!-~])")


@dataclass(frozen=True, slots=True)
class Server:
    """What is said of one server."""

    name: str
    mentions: tuple[Mention, ...]
    color: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Config:
    name: str
    """The file's, as a person would write it."""
    mentions: tuple[Mention, ...] = ()
    """What holds for every server."""
    servers: Mapping[str, Server] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of servers by the name of their group; none is empty."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of their binding, with commas between several."""

    def server(self, name: str) -> Server:
        if name in self.servers:
            return self.servers[name]
        raise self._absent(f"server {shown(name)}", name, self.servers, "[servers.NAME] makes one")

    def group(self, name: str) -> tuple[str, ...]:
        if name in self.groups:
            return self.groups[name]
        raise self._absent(f"group {shown(name)}", name, self.groups, "[groups] names them")

    def _absent(self, what: str, name: str, known: Mapping[str, object], way: str) -> SettingsError:
        some = ", ".join([*known][:MOST_NAMED]) + ", ..." * (len(known) > MOST_NAMED)
        hint = did_you_mean(name, known) or (f"there are {some}" if known else way)
        return SettingsError(f"{self.name} has no {what}", hint)


def read(text: str, name: str, *, is_private: bool) -> Config:
    """What a config file says, every value of it looked at.

    `is_private` says that nobody but its owner may read it. Raises SettingsError with `name` and the line.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_toml(text, name, error) from None
    return _Reader(name, Whereabouts(text), is_private=is_private).config(document)


def _not_toml(text: str, name: str, error: Exception) -> SettingsError:
    """`tomllib` says the line at the end; we say it where all our lines stand."""
    told = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
    if told is None:  # of what is no syntax it says no line: nested too deep, a number of thousands of digits
        return SettingsError(f"{name}: not TOML: a value beyond reason", _FORM)
    line = told[2] or text.rstrip().count("\n") + 1
    what = (told[1][:1].lower() + told[1][1:100]).encode("unicode_escape").decode()
    return SettingsError(f"{name} line {line}: not TOML: {what}", _FORM)


class _Reader:
    """Turns a document into a Config, and knows where everything stands."""

    def __init__(self, name: str, where: Whereabouts, *, is_private: bool) -> None:
        self._name = name
        self._where = where
        self._is_private = is_private

    def config(self, document: Mapping[str, object]) -> Config:
        tables = {table: self._table(document.get(table, {}), (table,)) for table in (SERVERS, GROUPS, KEYS)}
        mentions = [
            self._mention(COMMON, (key,), value) for key, value in document.items() if key not in tables
        ]
        servers = {name: self._server(name, value) for name, value in tables[SERVERS].items()}
        return Config(
            self._name,
            tuple(mentions),
            servers,
            self._groups(tables[GROUPS], tables[SERVERS]),
            self._keys(tables[KEYS]),
        )

    def _server(self, name: str, value: object) -> Server:
        path = (SERVERS, name)
        if not _NAME.fullmatch(name):
            raise self._wrong(path, f"not a server's name: {shown(name)}", _LETTERS)
        color, mentions = None, []
        for key, each in self._table(value, path).items():
            inner = (*path, key)
            word = canonical(key)
            if word == COLOR:
                color = self._color(inner, each)
            elif word == PASSWORD_COMMAND:
                mentions.append(self._password(inner, self._command(inner, each)))
            elif word == PASSWORD_KEYRING:
                mentions.append(self._password(inner, self._keyring(inner, each)))
            elif word != GROUP:
                mentions.append(self._mention(OF_A_SERVER, inner, each))
        named = [mention.option.name for mention in mentions]
        for mention in mentions:
            if named.count(mention.option.name) > 1:
                raise self._wrong(path, f"{mention.option.word} is said twice", "say it once")
        return Server(name, tuple(mentions), color, self._where.line(path))

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
        extra = (
            (COLOR, GROUP, PASSWORD_COMMAND, PASSWORD_KEYRING) if len(path) > 1 else (SERVERS, GROUPS, KEYS)
        )
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

    def _password(self, path: KeyPath, way: Command | Keyring) -> Mention:
        return Mention(BY_NAME["password"], None, self._place(path), Rank.CONFIG, way)

    def _color(self, path: KeyPath, value: object) -> str:
        if not (isinstance(value, str) and _COLOR.fullmatch(value)):
            raise self._wrong(path, "not a colour", 'write color = "red", or "#c04040"')
        return value

    def _groups(
        self, table: Mapping[str, object], servers: Mapping[str, object]
    ) -> dict[str, tuple[str, ...]]:
        groups: dict[str, dict[str, None]] = {}
        for group, names in table.items():
            path = (GROUPS, group)
            for name in self._words(path, names):
                if name not in servers:
                    hint = did_you_mean(name, servers) or f"[{SERVERS}.NAME] makes one"
                    raise self._wrong(path, f"there is no server {shown(name)}", hint)
                groups.setdefault(group, {})[name] = None
        for name, server in servers.items():
            for key, value in self._table(server, (SERVERS, name)).items():
                if canonical(key) == GROUP:
                    [group] = self._words((SERVERS, name, key), [value])
                    groups.setdefault(group, {})[name] = None
        for group in groups:
            if not _NAME.fullmatch(group):
                raise self._wrong((GROUPS, group), f"not a group's name: {shown(group)}", _LETTERS)
        return {group: tuple(names) for group, names in groups.items()}

    def _keys(self, table: Mapping[str, object]) -> dict[str, str]:
        keys: dict[str, str] = {}
        taken: dict[str, str] = {}
        for binding, value in table.items():
            path = (KEYS, binding)
            if not _BINDING.fullmatch(binding):
                raise self._wrong(
                    path, f"not a binding's id: {shown(binding)}", "the help on the screen names them"
                )
            said = value.split(",") if isinstance(value, str) and value != "," else value
            each = [key.strip() for key in self._words(path, said)]
            for key in each:
                if not _KEY.fullmatch(key):
                    raise self._wrong(path, f"not a key: {shown(key)}", 'write it like "w", "f2" or "ctrl+w"')
                if taken.setdefault(key, binding) != binding:
                    raise self._wrong(path, f"{shown(key)} is taken by {taken[key]}", "give each its own key")
            keys[binding] = ",".join(each)
        return keys

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
        return f"{self._name} line {self._where.line(path)}"

    def _wrong(self, path: KeyPath, what: str, hint: str) -> SettingsError:
        """Keys come into both parts as they were written: whatever they are, it stays one line."""
        return SettingsError(plain(f"{self._place(path)}: {what}", 400), plain(hint, 200))
