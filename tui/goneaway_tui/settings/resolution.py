"""From what was typed, exported and written down to the one frozen Settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import optionfile, transport
from goneaway_tui.settings.answers import defaults_text, help_text, version_text
from goneaway_tui.settings.commandline import CommandLine, Question, command_line
from goneaway_tui.settings.mention import BY_NAME, KEY_NAMES, Found, Mention, Rank
from goneaway_tui.settings.options import FORMATS, OPTIONS, SNAPSHOT, Bare, Section
from goneaway_tui.settings.settings import Answer, ConnectionSettings, Settings

GROUP = "client"
FILE = "~/.my.cnf"


def resolve(
    argv: Sequence[str],
    environ: Mapping[str, str],
    read: Callable[[Path], str | None],
    home: Path,
    login: str,
) -> Settings | Answer:
    """What to do, or the answer to a question about it. Raises SettingsError and nothing else.

    `read` gives a file's text, None where there is no such file; what it raises passes through. `login` is
    the user's name to this system, and to the server unless another is given.
    """
    line = command_line(argv)
    if line.question is Question.HELP:
        return Answer(help_text())
    if line.question is Question.VERSION:
        return Answer(version_text())
    _refuse_what_is_not_for(line)
    mentions = [
        mention
        for mention in (*_from_file(read, home, line.command), *_from_environment(environ), *line.mentions)
        if line.command in mention.option.commands
    ]
    settings = _settings(line.command, _decided(line.command, mentions), login, line.files)
    return Answer(defaults_text(settings)) if line.question is Question.DEFAULTS else settings


def _from_file(read: Callable[[Path], str | None], home: Path, command: str) -> Iterator[Mention]:
    """What ~/.my.cnf says, unless the command has no connection: then it is not even opened."""
    if command not in BY_NAME["host"].commands:
        return
    for key, value in optionfile.entries(read(home / ".my.cnf") or "", GROUP, FILE):
        if key in KEY_NAMES:
            option, meant = KEY_NAMES[key]
            yield Mention(option, meant or value, f"{FILE} [{GROUP}]", Rank.OPTION_FILE)


def _from_environment(environ: Mapping[str, str]) -> Iterator[Mention]:
    """What the variables say; an empty one says nothing."""
    for option in OPTIONS:
        if option.env and environ.get(option.env):
            yield Mention(option, environ[option.env], option.env, Rank.ENVIRONMENT)


def _refuse_what_is_not_for(line: CommandLine) -> None:
    for mention in line.mentions:
        option = mention.option
        if line.command in option.commands:
            continue
        what = f"{mention.origin} does not go with {line.command}"
        if option.section is Section.CONNECTION:
            raise SettingsError(
                f"{what}, which has a server of its own", f"leave it out, or leave out {line.command}"
            )
        command = option.commands[0]
        if line.command == "ui":
            raise SettingsError(f"{mention.origin} goes with {command} only", f"write goneaway-tui {command}")
        raise SettingsError(what, f"it goes with {command} only")


def _decided(command: str, mentions: Iterable[Mention]) -> dict[str, Found]:
    """Every option's value by the strongest who named it, the last of them if it was named twice."""
    said = {mention.option.name: mention for mention in mentions}
    found = {
        option.name: _found(said[option.name])
        if option.name in said
        else Found(option.default and option.read(option.default), "default", Rank.DEFAULT)
        for option in OPTIONS
    }
    found |= transport.reach(found)
    found["ssl_mode"] = transport.ssl_mode(found)
    if command == SNAPSHOT and found["format"].value is None:
        found["format"] = _format(found["output"])
    watch, imminent = found["watch_below"], found["imminent_below"]
    if imminent.value > watch.value and imminent.rank is Rank.DEFAULT:
        found["imminent_below"] = Found(watch.value, "default, never above watch-below", Rank.DEFAULT)
    elif imminent.value > watch.value:
        raise SettingsError(
            f"imminent-below ({imminent.value} s, {imminent.origin}) is more than "
            f"watch-below ({watch.value} s, {watch.origin})",
            "sessions are watched before they are imminent: raise --watch-below or lower --imminent-below",
        )
    return found


def _found(mention: Mention) -> Found:
    """The value of a mention. A DSN's text is not repeated in the error: see `dsn`."""
    option = mention.option
    where = mention.origin
    if mention.rank in {Rank.OPTION_FILE, Rank.DSN}:
        where = f"{where}: {option.key}"
    if mention.text is None:
        if option.bare is Bare.REFUSED:
            raise SettingsError(f"{where} needs a value", f"write {option.key}={option.metavar}")
        return Found(option.bare, mention.origin, mention.rank)
    try:
        return Found(option.read(mention.text), mention.origin, mention.rank)
    except ValueError as error:
        what, _, hint = str(error).rpartition("; ")
        if mention.rank is Rank.DSN:
            what = what.partition(":")[0]
        raise SettingsError(f"{where}: {what}", hint) from None


def _format(output: Found) -> Found:
    suffix = PurePath(output.value or "").suffix.lower()
    for name, usual in FORMATS.items():
        if suffix == usual:
            return Found(name, output.origin, output.rank)
    return Found("json", "default", Rank.DEFAULT)


def _settings(command: str, found: Mapping[str, Found], login: str, files: tuple[str, ...] = ()) -> Settings:
    value = {name: each.value for name, each in found.items()}
    ask = value["password"] is Bare.ASK
    connection = ConnectionSettings(
        host=value["host"],
        port=value["port"],
        user=value["user"] or login,
        password=None if ask else value["password"],
        ask_password=ask,
        socket=value["socket"],
        database=value["database"],
        ssl_mode=value["ssl_mode"],
        ssl_ca=value["ssl_ca"],
        ssl_cert=value["ssl_cert"],
        ssl_key=value["ssl_key"],
        connect_timeout=value["connect_timeout"],
        transport=value["transport"],
    )
    return Settings(
        command=command,
        connection=connection,
        interval=value["interval"],
        read_only=value["read_only"],
        statements=value["statements"],
        watch_below=value["watch_below"],
        imminent_below=value["imminent_below"],
        theme=value["theme"],
        output=value["output"],
        format=value["format"],
        run_for=value["run_for"],
        simulated=value["simulated"],
        files=files,
        live=_names_a_server(found),
        origins=MappingProxyType({name: each.origin for name, each in found.items() if name not in _MERGED}),
    )


def _names_a_server(found: Mapping[str, Found]) -> bool:
    """Whether this very run says where to connect; what files and variables say holds for every run."""
    return any(found[name].rank >= Rank.DSN for name in ("host", "port", "user", "password", "socket"))


_MERGED = ("ssl", "ssl_verify_server_cert")
"""Options without a field: they only have a say in `ssl_mode`."""
