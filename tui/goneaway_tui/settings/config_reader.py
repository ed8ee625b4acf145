"""Read the config file (TOML) into a Config, and report every fault with its line.

`tomllib` reads the values but does not keep their lines, so TomlLines finds the lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings.bindings import BINDINGS, binding_leaves, binding_of, collisions
from goneaway_tui.settings.option_value import (
    BY_NAME,
    OptionValue,
    OriginRank,
    canonical,
    resolved_option,
    spelled,
)
from goneaway_tui.settings.options import OPTIONS, Option, Section
from goneaway_tui.settings.settings import Keyring, PasswordCommand
from goneaway_tui.settings.values import shown
from goneaway_tui.text.format import did_you_mean
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.tune.kill_rules import KillRule

KeyPath = tuple[str, ...]

_HEADING = r"\s*\[{1,2}([^\]#]{1,200})\]"
_ASSIGNMENT = r"""\s*((?:[\w.\s-]|"[^"]*"|'[^']*'){1,200}?)\s*="""
"""Patterns; `re` compiles and keeps each when it is first used: most runs read no config file."""


class TomlLines:
    """The line of each key in a TOML text that parses.

    A line within a multi-line string may look like a key; the first line that looks like the key is taken.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        table: KeyPath = ()
        for number, line in enumerate(text.split("\n"), 1):
            if heading := re.match(_HEADING, line):
                table = _parts(heading[1])
                self._add(table, number)
            elif assignment := re.match(_ASSIGNMENT, line):
                self._add((*table, *_parts(assignment[1])), number)

    def line_of(self, path: KeyPath) -> int:
        """The line of a key, else of the nearest table that holds it, else 1.

        >>> TomlLines('a = 1\\n[servers."x y"]\\nhost = "db1"').line_of(("servers", "x y", "host"))
        3
        """
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _add(self, path: KeyPath, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)


def _parts(dotted: str) -> KeyPath:
    """The parts of a dotted key as `tomllib` reads them; empty where it is no key."""
    try:
        value: object = tomllib.loads(f"{dotted} = 0")
    except ValueError:
        return ()
    path: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        [(part, value)] = value.items()
        path.append(part)
    return tuple(path)


SERVERS, GROUPS, KEYS, RULES = "servers", "groups", "keys", "rules"
COLOR, GROUP, NEVER_KILL = "color", "group", "never-kill"
MATCH, MAX, QUERY = "match", "max", "query"
"""The keys of a rule."""
PASSWORD_COMMAND, PASSWORD_KEYRING, PASSWORD_PROMPT = (
    "password-command",
    "password-keyring",
    "password-prompt",
)
"""The keys of a server that are not options. The whole file may have `never_kill`, too."""

COLORS = (
    *("red", "orange", "yellow", "green", "teal", "cyan", "blue", "purple", "magenta", "pink"),
    *("brown", "gray", "white", "black"),
)
"""Colours with a name; any other is `#rrggbb`."""

COMMON_OPTIONS: Mapping[str, Option] = {
    option.word: option for option in OPTIONS if option.section is Section.SHOWING
}
CONNECTION_OPTIONS: Mapping[str, Option] = {
    option.word: option for option in OPTIONS if option.section is Section.CONNECTION
}
SERVER_OPTIONS = {**CONNECTION_OPTIONS, **COMMON_OPTIONS}

MAX_NAMES_LISTED = 8
"""Names listed in one line of an error."""


@dataclass(frozen=True, slots=True)
class ConfigServer:
    """One table `[servers.NAME]`."""

    name: str
    option_values: tuple[OptionValue, ...]
    color: str | None
    line: int
    never_kill: tuple[str, ...] = ()
    """Accounts, each `user` or `user@host`."""


@dataclass(frozen=True, slots=True)
class Config:
    """The content of a config file."""

    name: str
    """The name of the file in messages."""
    option_values: tuple[OptionValue, ...] = ()
    """For every server."""
    servers: Mapping[str, ConfigServer] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of servers by the name of their group; no group is empty."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of their binding, with commas between several."""
    rules: Mapping[str, KillRule] = field(default_factory=dict)
    """By name."""
    never_kill: tuple[str, ...] = ()
    """For every server."""

    def server(self, name: str) -> ConfigServer:
        """The server of a name. Raises SettingsError."""
        if name in self.servers:
            return self.servers[name]
        what = _("{file} has no server {name}", file=self.name, name=shown(name))
        raise SettingsError(what, _names_hint(name, self.servers) or _("add [servers.NAME]"))

    def group(self, name: str) -> tuple[str, ...]:
        """The names of the servers in a group. Raises SettingsError."""
        if name in self.groups:
            return self.groups[name]
        what = _("{file} has no group {name}", file=self.name, name=shown(name))
        raise SettingsError(what, _names_hint(name, self.groups) or _("add the group to [groups]"))

    def rule(self, name: str) -> KillRule:
        """The rule of a name. Raises SettingsError."""
        if name in self.rules:
            return self.rules[name]
        what = _("{file} has no rule {name}", file=self.name, name=shown(name))
        raise SettingsError(what, _names_hint(name, self.rules) or _("add [rules.NAME]"))


def _names_hint(name: str, names: Mapping[str, object]) -> str:
    """A hint that lists the known names; empty where there are none."""
    listed = ", ".join([*names][:MAX_NAMES_LISTED]) + ", ..." * (len(names) > MAX_NAMES_LISTED)
    return did_you_mean(name, names) or (_("known names: {names}", names=listed) if names else "")


class ConfigFaults:
    """Collects the faults of a config file while it is read."""

    def __init__(self, name: str, lines: TomlLines) -> None:
        self.name = name
        """The name of the file in messages."""
        self._toml_lines = lines
        self._collected: list[tuple[int, SettingsError]] = []
        self._line = 1
        """The line of the key that was located last."""

    @property
    def by_line(self) -> tuple[SettingsError, ...]:
        """The faults in the order of their lines."""
        return tuple(fault for _line, fault in sorted(self._collected, key=lambda entry: entry[0]))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """While inside, keep a SettingsError as a fault instead of raising it."""
        try:
            yield
        except SettingsError as fault:
            if str(fault) not in {str(kept) for _line, kept in self._collected}:
                self._collected.append((self._line, fault))

    def fault(self, path: KeyPath, what: str, hint: str) -> SettingsError:
        """The error for a key. `what` and `hint` may hold text of the file, so they are shortened and made one line."""
        return SettingsError(plain(what, 400), plain(hint, 200), plain(self.locate(path), 400))

    def line(self, path: KeyPath) -> int:
        """The line of a key."""
        return self._toml_lines.line_of(path)

    def locate(self, path: KeyPath) -> str:
        """The file and line of a key. A fault that is collected from now on belongs to this line."""
        self._line = self._toml_lines.line_of(path)
        return _("{file} line {line}", file=self.name, line=self._line)

    def title(self, path: KeyPath) -> str:
        """A key with its file and line before it."""
        return _("{place}: {what}", place=self.locate(path), what=path[-1])


_FORM = N_('write key = "value"')
_LETTERS = N_("use only letters, digits, _, - and .")
_NAME = r"\w[\w.-]{0,63}"
_COLOR = r"#(?:[0-9a-fA-F]{3}){1,2}"
_KEY = r"(?:(?:ctrl|alt|shift|super|meta|hyper)\+)*(?:\w{1,30}|[!-~])"


def read_config(text: str, name: str, *, is_private: bool, is_safe: bool = True) -> Config:
    """Read and check a config file. Raises SettingsError, with `name` and the line, for the first fault.

    `is_private`: only its owner may read the file. `is_safe`: only its owner may write it.
    """
    config, faults = find_faults(text, name, is_private=is_private, is_safe=is_safe)
    if faults:
        raise faults[0]
    return config


def find_faults(
    text: str, name: str, *, is_private: bool, is_safe: bool = True
) -> tuple[Config, tuple[SettingsError, ...]]:
    """The valid part of a config file, and every fault in the order of lines. A text that is not TOML has one
    fault.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Config(name), (_not_toml(text, name, error),)
    faults = ConfigFaults(name, TomlLines(text))
    return _Reader(faults, is_private=is_private, is_safe=is_safe).config(document), faults.by_line


def _not_toml(text: str, name: str, error: Exception) -> SettingsError:
    """The error of `tomllib` as a fault with its line."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
    if match is None:  # tomllib gives no line: nested too deep, or a number with thousands of digits
        return SettingsError(_("not TOML: nested too deep, or a number is too long"), _(_FORM), name)
    line = match[2] or text.rstrip().count("\n") + 1
    what = (match[1][:1].lower() + match[1][1:100]).encode("unicode_escape").decode()
    position = _("{file} line {line}", file=name, line=line)
    return SettingsError(_("not TOML: {why}", why=what), _(_FORM), position)


class _Reader:
    """Turns a TOML document into a Config.

    A wrong key becomes a fault and is left out; the reader goes on with the next key.
    """

    def __init__(self, faults: ConfigFaults, *, is_private: bool, is_safe: bool) -> None:
        self._faults = faults
        self._is_private = is_private
        self._is_safe = is_safe

    def config(self, document: Mapping[str, object]) -> Config:
        tables: dict[str, Mapping[str, object]] = {}
        for table in (SERVERS, GROUPS, KEYS, RULES):
            tables[table] = {}
            with self._faults.collecting():
                tables[table] = self._table(document.get(table, {}), (table,))
        option_values = self._readable(
            lambda key: self._option(COMMON_OPTIONS, (key,), document[key]),
            [key for key in document if key not in tables and canonical(key) != NEVER_KILL],
        )
        servers = {}
        for name, value in tables[SERVERS].items():
            with self._faults.collecting():
                servers[name] = self._server(name, value)
        groups = self._groups(tables[GROUPS], tables[SERVERS])
        return Config(
            self._faults.name,
            option_values,
            servers,
            groups,
            self._keys(tables[KEYS]),
            self._rules(tables[RULES]),
            self._never_kill((), document),
        )

    def _readable(self, read: Callable[[str], OptionValue], keys: Iterable[str]) -> tuple[OptionValue, ...]:
        """The options of the keys, without those that have a fault."""
        option_values = []
        for key in keys:
            with self._faults.collecting():
                option_values.append(read(key))
        return tuple(option_values)

    def _server(self, name: str, value: object) -> ConfigServer:
        path = (SERVERS, name)
        table = self._table(value, path)
        words = {key: canonical(key) for key in table}
        option_values = self._readable(
            lambda key: self._server_option((*path, key), table[key]),
            [key for key, word in words.items() if word not in {COLOR, GROUP, NEVER_KILL}],
        )
        color = None
        for key in (key for key, word in words.items() if word == COLOR):
            with self._faults.collecting():
                color = self._color((*path, key), table[key])
        if not re.fullmatch(_NAME, name):
            raise self._faults.fault(
                path, _("not a valid server name: {name}", name=shown(name)), _(_LETTERS)
            )
        option_names = [option_value.option.name for option_value in option_values]
        for option_value in option_values:
            if option_names.count(option_value.option.name) > 1:
                raise self._faults.fault(
                    path, _("{key} is set twice", key=option_value.word), _("set it once")
                )
        never_kill = self._never_kill(path, table)
        return ConfigServer(name, option_values, color, self._faults.line(path), never_kill)

    def _server_option(self, path: KeyPath, value: object) -> OptionValue:
        read = self._passwords.get(canonical(path[-1]))
        if read is None:
            return self._option(SERVER_OPTIONS, path, value)
        return OptionValue(
            BY_NAME["password"], None, self._faults.locate(path), OriginRank.CONFIG, read(path, value)
        )

    @property
    def _passwords(self) -> Mapping[str, Callable[[KeyPath, object], PasswordCommand | Keyring | None]]:
        """The readers of password_command, password_keyring and password_prompt, by their keys."""
        return {
            PASSWORD_COMMAND: self._command,
            PASSWORD_KEYRING: self._keyring,
            PASSWORD_PROMPT: self._prompt,
        }

    def _option(self, options: Mapping[str, Option], path: KeyPath, value: object) -> OptionValue:
        key = canonical(path[-1])
        option = options.get(key)
        if option is None:
            raise self._unknown(path, options)
        if isinstance(value, bool):
            text = str(int(value))
        elif isinstance(value, str | int | float):
            text = str(value)
        else:
            raise self._faults.fault(
                path, _("{key} needs a single value", key=path[-1]), _write_hint(path, "...")
            )
        if option.name == "password" and not self._is_private:
            raise self._faults.fault(
                path,
                _("the file holds a password, but other users can read the file"),
                _("run chmod 600 on it, or use {key}", key=spelled(PASSWORD_COMMAND, OriginRank.CONFIG)),
            )
        option_value = OptionValue(option, text, self._faults.locate(path), OriginRank.CONFIG)
        resolved_option(option_value)
        return option_value

    def _unknown(self, path: KeyPath, options: Mapping[str, Option]) -> SettingsError:
        extra = (COLOR, GROUP, *self._passwords) if len(path) > 1 else (SERVERS, GROUPS, KEYS)
        key = canonical(path[-1])
        hint = did_you_mean(key, [*options, *extra]).replace("-", "_")
        if not hint and len(path) == 1 and key in CONNECTION_OPTIONS:
            hint = _("write it below [servers.NAME]")
        return self._faults.fault(
            path,
            _("there is no key {key}", key=shown(path[-1])),
            hint or _("goneaway-tui config init lists all keys"),
        )

    def _command(self, path: KeyPath, value: object) -> PasswordCommand:
        if not (
            isinstance(value, list)
            and value
            and all(isinstance(word, str) and word and "\0" not in word for word in value)
        ):
            raise self._faults.fault(
                path,
                _("not a list of strings"),
                _("{hint} (no shell splits the words)", hint=_write_hint(path, '["pass", "db1"]')),
            )
        self._refuse_unsafe(path, _("the command is not used, because another user can write the file"))
        return PasswordCommand(tuple(value), self._faults.title(path))

    def _refuse_unsafe(self, path: KeyPath, what: str) -> None:
        """Raise SettingsError where another user can write the file."""
        if not self._is_safe:
            raise self._faults.fault(path, what, _("own the file yourself, and run chmod go-w on it"))

    def _keyring(self, path: KeyPath, value: object) -> Keyring:
        if not (isinstance(value, str) and value and value.isprintable()):
            raise self._faults.fault(
                path, _("not a service name of the keyring"), _write_hint(path, '"goneaway-tui"')
            )
        return Keyring(value, self._faults.title(path))

    def _prompt(self, path: KeyPath, value: object) -> None:
        """Check `password_prompt`. It has no value: the user types the password when it is needed."""
        if value is not True:
            raise self._faults.fault(
                path,
                _("the value is not true"),
                _("{hint}, or remove the key", hint=_write_hint(path, "true")),
            )

    def _color(self, path: KeyPath, value: object) -> str:
        if not isinstance(value, str) or not (value in COLORS or re.fullmatch(_COLOR, value)):
            hint = did_you_mean(value, COLORS) if isinstance(value, str) else ""
            raise self._faults.fault(path, _("not a colour"), hint or _('write color = "red", or "#c04040"'))
        return value

    def _groups(
        self, table: Mapping[str, object], servers: Mapping[str, object]
    ) -> dict[str, tuple[str, ...]]:
        groups: dict[str, dict[str, None]] = {}
        for group, names in table.items():
            with self._faults.collecting():
                for name in self._words((GROUPS, group), names):
                    groups.setdefault(group, {})[self._existing_server(group, name, servers)] = None
        for name, server in servers.items():
            for key, value in server.items() if isinstance(server, dict) else ():
                if canonical(key) == GROUP:
                    with self._faults.collecting():
                        [group] = self._words((SERVERS, name, key), [value])
                        groups.setdefault(group, {})[name] = None
        for group in groups:
            with self._faults.collecting():
                if not re.fullmatch(_NAME, group):
                    raise self._faults.fault(
                        (GROUPS, group), _("not a valid group name: {name}", name=shown(group)), _(_LETTERS)
                    )
        return {group: tuple(names) for group, names in groups.items()}

    def _never_kill(self, path: KeyPath, table: Mapping[str, object]) -> tuple[str, ...]:
        """The accounts whose sessions are never killed, of the whole file or of one server."""
        for key in (key for key in table if canonical(key) == NEVER_KILL):
            with self._faults.collecting():
                return tuple(self._words((*path, key), table[key]))
        return ()

    def _rules(self, table: Mapping[str, object]) -> dict[str, KillRule]:
        rules = {}
        for name, value in table.items():
            with self._faults.collecting():
                rules[name] = self._rule((RULES, name), self._table(value, (RULES, name)))
        return rules

    def _rule(self, path: KeyPath, table: Mapping[str, object]) -> KillRule:
        from goneaway_tui.tune.kill_rules import (  # a run without rules does not load it
            MAX_KILLS,
            KillRule,
            kill_filter,
        )

        self._refuse_unsafe(path, _("the rule is not used, because another user can write the file"))
        name = path[-1]
        if not re.fullmatch(_NAME, name):
            raise self._faults.fault(path, _("not a valid rule name: {name}", name=shown(name)), _(_LETTERS))
        for key in table.keys() - {MATCH, MAX, QUERY}:
            hint = did_you_mean(key, (MATCH, MAX, QUERY)) or _("the keys of a rule are match, max and query")
            raise self._faults.fault((*path, key), _("a rule has no key {key}", key=shown(key)), hint)
        match, number, query = table.get(MATCH), table.get(MAX, MAX_KILLS), table.get(QUERY, False)
        if not isinstance(match, str):
            raise self._faults.fault(
                (*path, MATCH), _("the rule has no filter"), _('write match = "user:shop idle>10m"')
            )
        try:
            kill_filter(match)
        except ValueError as error:
            what = _("not a filter for kill: {text}", text=shown(match))
            raise self._faults.fault((*path, MATCH), what, str(error)) from None
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 100_000:
            raise self._faults.fault((*path, MAX), _("not a number in range"), _write_hint((MAX,), "100"))
        if not isinstance(query, bool):
            raise self._faults.fault((*path, QUERY), _("not true or false"), _write_hint((QUERY,), "true"))
        return KillRule(name, match, number, query)

    def _existing_server(self, group: str, name: str, servers: Mapping[str, object]) -> str:
        if name in servers:
            return name
        hint = did_you_mean(name, servers) or _("add [servers.NAME]")
        raise self._faults.fault((GROUPS, group), _("there is no server {name}", name=shown(name)), hint)

    def _keys(self, table: Mapping[str, object]) -> dict[str, str]:
        keys: dict[str, str] = {}
        paths: dict[str, KeyPath] = {}
        for path, value in binding_leaves(table, (KEYS,)):
            with self._faults.collecting():
                binding = self._binding(path)
                keys[binding] = self._keys_of(path, value)
                paths[binding] = path
        for key, binding, other in collisions(keys):
            with self._faults.collecting():
                what = _(
                    "{name} and {other} have the same key {key}", name=binding, other=other, key=shown(key)
                )
                raise self._faults.fault(paths[binding], what, _("give each action its own key"))
        return keys

    def _binding(self, path: KeyPath) -> str:
        name = ".".join(path[1:])
        binding = binding_of(name)
        if binding is None:
            hint = did_you_mean(name, BINDINGS) or _("goneaway-tui config init lists the actions")
            raise self._faults.fault(path, _("no action has the id {name}", name=shown(name)), hint)
        return binding

    def _keys_of(self, path: KeyPath, value: object) -> str:
        names = value.split(",") if isinstance(value, str) and value != "," else value
        keys = [key.strip() for key in self._words(path, names)]
        for key in keys:
            if not re.fullmatch(_KEY, key):
                raise self._faults.fault(
                    path, _("not a key: {key}", key=shown(key)), _('write it like "w", "f2" or "ctrl+w"')
                )
        return ",".join(keys)

    def _words(self, path: KeyPath, value: object) -> Iterator[str]:
        if not (isinstance(value, list) and value):
            raise self._faults.fault(path, _("not a list of names"), _write_hint(path, '["..."]'))
        for word in value:
            if not (isinstance(word, str) and word.isprintable() and word):
                raise self._faults.fault(path, _("not a name"), _write_hint(path, '"..."'))
            yield word

    def _table(self, value: object, path: KeyPath) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._faults.fault(
                path,
                _("{key} is not a table", key=shown(".".join(path))),
                _("write {example} above it", example=f"[{path[0]}...]"),
            )
        return value


def _write_hint(path: KeyPath, value: str) -> str:
    return _("write {example}", example=f"{path[-1]} = {value}")
