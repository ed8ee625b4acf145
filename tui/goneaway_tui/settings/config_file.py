"""The config file: its path, its content, the output of `goneaway-tui config`, and an example file."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.settings import config_reader
from goneaway_tui.settings.bindings import BINDINGS
from goneaway_tui.settings.config_reader import (
    COLOR,
    COMMON_OPTIONS,
    CONNECTION_OPTIONS,
    GROUPS,
    RULES,
    SERVER_OPTIONS,
    SERVERS,
    Config,
)
from goneaway_tui.settings.environment import Environment, FileContent
from goneaway_tui.settings.help import DescribedValue, shown_value
from goneaway_tui.settings.option_value import OptionValue, resolved_option, spelled
from goneaway_tui.settings.options import BareMeaning
from goneaway_tui.settings.settings import InfoAnswer

MAX_CONFIG_BYTES = 256 << 10
"""Bytes of a config file at most."""

_EXAMPLES = {
    "theme": "nord",
    "lang": "zh",
    "error-log": "/var/log/mysql/error.log",
    "host": "db1.example.com",
    "user": "dba",
    "socket": "/run/mysqld/mysqld.sock",
    "protocol": "TCP",
    "database": "shop",
    "ssl-mode": "VERIFY_IDENTITY",
    "ssl-ca": "/etc/ssl/certs/db-ca.pem",
    "ssl-cert": "/etc/ssl/certs/dba.pem",
    "ssl-key": "/etc/ssl/private/dba.pem",
    "server-public-key-path": "/etc/ssl/certs/db1-public-key.pem",
    "ssh": "dba@jump.example.com",
}
"""Example values for options without a default, or with a better example than the default."""
_NOT_IN_EXAMPLE = {"password", "ssl", "ssl-verify-server-cert"}
"""Keys that the example file leaves out: passwords, and alternative names of an option."""

_BEGINNING = N_(
    "# Settings of goneaway-tui. Every line is an example. Remove the # to use it.\n"
    "# Flags, DSNs and environment variables override this file. This file overrides the option files of mysql.\n"
)

_SERVERS = N_(
    "\n# A server, its name and its own settings. Use it with: goneaway-tui @prod-db1\n#[servers.prod-db1]\n"
)

_ENDING = N_(
    "# A program that prints the password on its first line. It runs without a shell, and only when needed.\n"
    '#password_command = ["pass", "db1"]\n'
    "# Or take the password from the system's keyring. Store it with: keyring set SERVICE USER\n"
    '#password_keyring = "SERVICE"\n'
    "# Or ask for it at the terminal, each time.\n"
    "#password_prompt = true\n"
    "# The colour that marks this server on the screen.\n"
    '#color = "red"\n'
    "# Any option from above, for this server only.\n"
    "#read_only = true\n"
    "# Its group. Use it with: goneaway-tui --group prod\n"
    '#group = "prod"\n'
    "# Accounts whose sessions `goneaway-tui kill` never kills. Above all tables, it applies to every server.\n"
    '#never_kill = ["root", "backup@10.0.0.7"]\n'
    "\n"
    "# Or list the groups in one place.\n"
    "#[groups]\n"
    '#all = ["prod-db1"]\n'
    "\n"
    "# A filter for kill. Use it with: goneaway-tui kill --rule leaky\n"
    "#[rules.leaky]\n"
    '#match = "program:leaky-worker idle>10m -trx:yes"\n'
    "# If more sessions match, none is killed.\n"
    "#max = 20\n"
    "# With true, only the statements are killed. The sessions stay.\n"
    "#query = false\n"
    "\n"
    "# Keys, by the id of the action. Separate several keys with commas.\n"
    "#[keys]\n"
    '#board.kill = "K"\n'
    '#board.doctor = "d,f2"\n'
)


def load_config(given_path: str | None, environment: Environment) -> Config:
    """Read the config file; an empty Config where no file is named and none exists.

    Raises SettingsError with the file and the line, and FileError where the file cannot be read.
    """
    config, faults = check_config(given_path, environment)
    if faults:
        raise faults[0]
    return config


def check_config(
    given_path: str | None, environment: Environment
) -> tuple[Config, tuple[SettingsError, ...]]:
    """Read the config file and collect every fault in it. Raises as `load_config` does, except for faults."""
    path, name = config_path(given_path, environment)
    content = environment.files.read(path)
    if content is None:
        if given_path is None:
            return Config(name), ()
        raise SettingsError(
            _("there is no config file {file}", file=name), _("create it with goneaway-tui config init")
        )
    return config_reader.find_faults(
        decoded(content, name), name, is_private=is_private(content), is_safe=content.is_safe
    )


def decoded(content: FileContent, name: str) -> str:
    """The text of a config file. Raises SettingsError where it is too long or not UTF-8."""
    if len(content.data) > MAX_CONFIG_BYTES:
        raise SettingsError(
            _("{file} is longer than {number} KiB", file=name, number=MAX_CONFIG_BYTES >> 10),
            _("name a config file with --config"),
        )
    try:
        return content.data.decode()
    except UnicodeDecodeError as error:
        line = content.data.count(b"\n", 0, error.start) + 1
        position = _("{file} line {line}", file=name, line=line)
        raise SettingsError(_("not UTF-8"), _("save it as UTF-8"), position) from None


def is_private(content: FileContent) -> bool:
    """Whether only its owner may read the file."""
    return not (stat.S_ISREG(content.mode) and content.mode & (stat.S_IRWXG | stat.S_IRWXO))


def config_answer(action: str, given_path: str | None, environment: Environment) -> InfoAnswer:
    """The answer to `goneaway-tui config ACTION`, except `check`. Raises as `load_config` does."""
    path, _name = config_path(given_path, environment)
    if action == "path":
        return InfoAnswer(f"{path}\n")
    if action == "init":
        return InfoAnswer(example_config(), path)
    if action in {SERVERS, GROUPS, RULES}:
        return InfoAnswer(
            "".join(f"{name}\n" for name in getattr(load_config(given_path, environment), action))
        )
    return InfoAnswer("\n".join(_shown(load_config(str(path), environment))) + "\n")


def check_report(config: Config, faults: tuple[SettingsError, ...]) -> InfoAnswer:
    """The answer to `goneaway-tui config check`."""
    if faults:
        return InfoAnswer("", faults=tuple(fault.line for fault in faults))
    report = _(
        "{file} is valid: {servers}, {groups}, {keys}",
        file=config.name,
        servers=ngettext("{number} server", "{number} servers", len(config.servers)),
        groups=ngettext("{number} group", "{number} groups", len(config.groups)),
        keys=ngettext("{number} key", "{number} keys", len(config.keys)),
    )
    return InfoAnswer(f"{report}\n")


def example_config() -> str:
    """A config file with every key, each behind a `#`."""
    common = (line for word in COMMON_OPTIONS for line in _sample(word))
    connection = (
        line for word in CONNECTION_OPTIONS if word not in _NOT_IN_EXAMPLE for line in _sample(word)
    )
    import textwrap

    keys = textwrap.fill(", ".join(BINDINGS), 100, initial_indent="# ", subsequent_indent="# ")
    samples = (
        _(_BEGINNING),
        "\n",
        *common,
        _(_SERVERS),
        *connection,
        _(_ENDING),
        _("# Actions that can have a key:") + "\n",
        keys,
        "\n",
    )
    return "".join(samples)


def _sample(word: str) -> Iterator[str]:
    option = SERVER_OPTIONS[word]
    value = "false" if option.is_switch else str(_EXAMPLES.get(word, option.default))
    yield f"# {option.help_text()}\n"
    yield (
        f"#{word.replace('-', '_')} = "
        + (value if value.isdecimal() or option.is_switch else f'"{value}"')
        + "\n"
    )


def _shown(settings: Config) -> Iterator[str]:
    yield f"# {settings.name}"
    yield from map(_line, settings.option_values)
    yield from _never_kill_line(settings.never_kill)
    for server in settings.servers.values():
        yield f"\n[servers.{server.name}]"
        yield from map(_line, server.option_values)
        if server.color:
            yield f"{COLOR} = {shown_value(server.color)}"
        yield from _never_kill_line(server.never_kill)
    for rule in settings.rules.values():
        yield f"\n[rules.{rule.name}]"
        yield f"match = {shown_value(rule.match)}"
        yield f"max = {rule.max_kills}"
        yield f"query = {shown_value(rule.query)}"
    for title, table in (
        ("groups", {k: " ".join(v) for k, v in settings.groups.items()}),
        ("keys", settings.keys),
    ):
        if table:
            yield f"\n[{title}]"
            yield from (f"{shown_value(key)} = {shown_value(value)}" for key, value in table.items())


def _never_kill_line(accounts: tuple[str, ...]) -> Iterator[str]:
    if accounts:
        yield f"never_kill = {shown_value(' '.join(accounts))}"


def _line(option_value: OptionValue) -> str:
    value = resolved_option(option_value).value
    text = shown_value(DescribedValue(_("asked at the terminal")) if value is BareMeaning.ASK else value)
    return f"{spelled(option_value.option.label, option_value.rank)} = {text}  # {option_value.origin}"


def config_path(given_path: str | None, environment: Environment) -> tuple[Path, str]:
    """The path of the config file, and its name in messages."""
    path = environment.config() if given_path is None else Path(given_path)
    return path, environment.name(path)
