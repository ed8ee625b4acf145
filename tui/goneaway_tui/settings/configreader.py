"""Reading the config file.

Which keys there are is read off the table of options; what is not right is told with its line and the key that
was meant.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, marked
from goneaway_tui.settings.bindings import BINDINGS, binding_of, collisions, leaves
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
from goneaway_tui.settings.configfaults import Faults
from goneaway_tui.settings.mention import BY_NAME, Mention, Rank, canonical, found, spelled
from goneaway_tui.settings.nearest import did_you_mean
from goneaway_tui.settings.options import Option
from goneaway_tui.settings.settings import Command, Keyring
from goneaway_tui.settings.values import shown
from goneaway_tui.settings.whereabouts import KeyPath, Whereabouts

_FORM = marked('write key = "value"')
_LETTERS = marked("write letters, digits, - and .")
_NAME = re.compile(r"\w[\w.-]{0,63}")
_COLOR = re.compile(r"#(?:[0-9a-f]{3}){1,2}", re.IGNORECASE)
_KEY = re.compile(r"(?:(?:ctrl|alt|shift|super|meta|hyper)\+)*(?:\w{1,30}|[!-~])")


def read(text: str, name: str, *, is_private: bool, is_safe: bool = True) -> Config:
    """What a config file says, every value of it looked at.

    `is_private` says that nobody but its owner may read it, `is_safe` that nobody but its owner may write it. Raises SettingsError with `name` and the line.
    """
    config, faults = examined(text, name, is_private=is_private, is_safe=is_safe)
    if faults:
        raise faults[0]
    return config


def examined(
    text: str, name: str, *, is_private: bool, is_safe: bool = True
) -> tuple[Config, tuple[SettingsError, ...]]:
    """What of it is right, and every fault by its line. Where it is no TOML, only the first fault can be told."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Config(name), (_not_toml(text, name, error),)
    faults = Faults(name, Whereabouts(text))
    return _Reader(faults, is_private=is_private, is_safe=is_safe).config(document), faults.by_line


def _not_toml(text: str, name: str, error: Exception) -> SettingsError:
    """`tomllib` says the line at the end; we say it where all our lines stand."""
    told = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
    if told is None:  # of what is no syntax it says no line: nested too deep, a number of thousands of digits
        return SettingsError(_("not TOML: a value beyond reason"), _(_FORM), name)
    line = told[2] or text.rstrip().count("\n") + 1
    what = (told[1][:1].lower() + told[1][1:100]).encode("unicode_escape").decode()
    place = _("{file} line {line}", file=name, line=line)
    return SettingsError(_("not TOML: {why}", why=what), _(_FORM), place)


class _Reader:
    """Turns a document into a Config, and knows where everything stands.

    A key that is wrong is a fault and left out; the keys beside it are still looked at.
    """

    def __init__(self, faults: Faults, *, is_private: bool, is_safe: bool) -> None:
        self._faults = faults
        self._is_private = is_private
        self._is_safe = is_safe

    def config(self, document: Mapping[str, object]) -> Config:
        tables: dict[str, Mapping[str, object]] = {}
        for table in (SERVERS, GROUPS, KEYS):
            tables[table] = {}
            with self._faults.noting():
                tables[table] = self._table(document.get(table, {}), (table,))
        mentions = self._each(
            lambda key: self._mention(COMMON, (key,), document[key]),
            [key for key in document if key not in tables],
        )
        servers = {}
        for name, value in tables[SERVERS].items():
            with self._faults.noting():
                servers[name] = self._server(name, value)
        groups = self._groups(tables[GROUPS], tables[SERVERS])
        return Config(self._faults.name, mentions, servers, groups, self._keys(tables[KEYS]))

    def _each(self, read: Callable[[str], Mention], keys: Iterable[str]) -> tuple[Mention, ...]:
        """What can be read of some keys."""
        mentions = []
        for key in keys:
            with self._faults.noting():
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
            with self._faults.noting():
                color = self._color((*path, key), table[key])
        if not _NAME.fullmatch(name):
            raise self._faults.fault(path, _("not a server's name: {name}", name=shown(name)), _(_LETTERS))
        named = [mention.option.name for mention in mentions]
        for mention in mentions:
            if named.count(mention.option.name) > 1:
                raise self._faults.fault(path, _("{key} is said twice", key=mention.word), _("say it once"))
        return Server(name, mentions, color, self._faults.line(path))

    def _said_of_server(self, path: KeyPath, value: object) -> Mention:
        read = self._passwords.get(canonical(path[-1]))
        if read is None:
            return self._mention(OF_A_SERVER, path, value)
        return Mention(BY_NAME["password"], None, self._faults.place(path), Rank.CONFIG, read(path, value))

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
            raise self._faults.fault(path, _("{key} is not one value", key=path[-1]), _write(path, "..."))
        if option.name == "password" and not self._is_private:
            raise self._faults.fault(
                path,
                _("a password in a file that others may read"),
                _("chmod 600 it, or say {key}", key=spelled(PASSWORD_COMMAND, Rank.CONFIG)),
            )
        mention = Mention(option, text, self._faults.place(path), Rank.CONFIG)
        found(mention)
        return mention

    def _unknown(self, path: KeyPath, known: Mapping[str, Option]) -> SettingsError:
        extra = (COLOR, GROUP, *self._passwords) if len(path) > 1 else (SERVERS, GROUPS, KEYS)
        key = canonical(path[-1])
        hint = did_you_mean(key, [*known, *extra]).replace("-", "_")
        if not hint and len(path) == 1 and key in CONNECTION:
            hint = _("write it below [servers.NAME]")
        return self._faults.fault(
            path,
            _("there is no key {key}", key=shown(path[-1])),
            hint or _("goneaway-tui config init shows them all"),
        )

    def _command(self, path: KeyPath, value: object) -> Command:
        if not (
            isinstance(value, list)
            and value
            and all(isinstance(word, str) and word and "\0" not in word for word in value)
        ):
            raise self._faults.fault(
                path,
                _("not a list of words"),
                _("{hint}; no shell takes it apart", hint=_write(path, '["pass", "db1"]')),
            )
        if not self._is_safe:
            raise self._faults.fault(
                path,
                _("a command in a file that another user can write"),
                _("chmod go-w it, and make it your own file"),
            )
        return Command(tuple(value), self._faults.title(path))

    def _keyring(self, path: KeyPath, value: object) -> Keyring:
        if not (isinstance(value, str) and value and value.isprintable()):
            raise self._faults.fault(path, _("not a service of the keyring"), _write(path, '"goneaway-tui"'))
        return Keyring(value, self._faults.title(path))

    def _prompt(self, path: KeyPath, value: object) -> None:
        """No value: what is asked for is known only then."""
        if value is not True:
            raise self._faults.fault(
                path, _("not true"), _("{hint}, or leave it out", hint=_write(path, "true"))
            )

    def _color(self, path: KeyPath, value: object) -> str:
        if not isinstance(value, str) or not (value in COLORS or _COLOR.fullmatch(value)):
            near = did_you_mean(value, COLORS) if isinstance(value, str) else ""
            raise self._faults.fault(path, _("not a colour"), near or _('write color = "red", or "#c04040"'))
        return value

    def _groups(
        self, table: Mapping[str, object], servers: Mapping[str, object]
    ) -> dict[str, tuple[str, ...]]:
        groups: dict[str, dict[str, None]] = {}
        for group, names in table.items():
            with self._faults.noting():
                for name in self._words((GROUPS, group), names):
                    groups.setdefault(group, {})[self._known(group, name, servers)] = None
        for name, server in servers.items():
            for key, value in server.items() if isinstance(server, dict) else ():
                if canonical(key) == GROUP:
                    with self._faults.noting():
                        [group] = self._words((SERVERS, name, key), [value])
                        groups.setdefault(group, {})[name] = None
        for group in groups:
            with self._faults.noting():
                if not _NAME.fullmatch(group):
                    raise self._faults.fault(
                        (GROUPS, group), _("not a group's name: {name}", name=shown(group)), _(_LETTERS)
                    )
        return {group: tuple(names) for group, names in groups.items()}

    def _known(self, group: str, name: str, servers: Mapping[str, object]) -> str:
        if name in servers:
            return name
        hint = did_you_mean(name, servers) or _("[servers.NAME] makes one")
        raise self._faults.fault((GROUPS, group), _("there is no server {name}", name=shown(name)), hint)

    def _keys(self, table: Mapping[str, object]) -> dict[str, str]:
        keys: dict[str, str] = {}
        paths: dict[str, KeyPath] = {}
        for path, value in leaves(table, (KEYS,)):
            with self._faults.noting():
                binding = self._binding(path)
                keys[binding] = self._bound(path, value)
                paths[binding] = path
        for key, binding, other in collisions(keys):
            with self._faults.noting():
                both = _(
                    "{name} and {other} have the same key {key}", name=binding, other=other, key=shown(key)
                )
                raise self._faults.fault(paths[binding], both, _("give each its own key"))
        return keys

    def _binding(self, path: KeyPath) -> str:
        name = ".".join(path[1:])
        binding = binding_of(name)
        if binding is None:
            hint = did_you_mean(name, BINDINGS) or _("goneaway-tui config init lists what has one")
            raise self._faults.fault(path, _("nothing that has a key: {name}", name=shown(name)), hint)
        return binding

    def _bound(self, path: KeyPath, value: object) -> str:
        said = value.split(",") if isinstance(value, str) and value != "," else value
        each = [key.strip() for key in self._words(path, said)]
        for key in each:
            if not _KEY.fullmatch(key):
                raise self._faults.fault(
                    path, _("not a key: {key}", key=shown(key)), _('write it like "w", "f2" or "ctrl+w"')
                )
        return ",".join(each)

    def _words(self, path: KeyPath, value: object) -> Iterator[str]:
        if not (isinstance(value, list) and value):
            raise self._faults.fault(path, _("not a list of names"), _write(path, '["..."]'))
        for word in value:
            if not (isinstance(word, str) and word.isprintable() and word):
                raise self._faults.fault(path, _("not a name"), _write(path, '"..."'))
            yield word

    def _table(self, value: object, path: KeyPath) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._faults.fault(
                path,
                _("{key} is not a table", key=shown(".".join(path))),
                _("write {example} above it", example=f"[{path[0]}...]"),
            )
        return value


def _write(path: KeyPath, value: str) -> str:
    return _("write {example}", example=f"{path[-1]} = {value}")
