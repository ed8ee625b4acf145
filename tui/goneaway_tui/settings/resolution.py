"""From what was typed, exported and written down to the one frozen Settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, language_of
from goneaway_tui.settings import configfile, later
from goneaway_tui.settings.answers import defaults_text, help_text, version_text
from goneaway_tui.settings.belonging import NOT_FOR_DEMO, refuse_what_is_not_for
from goneaway_tui.settings.commandline import CommandLine, Question, command_line
from goneaway_tui.settings.config import Config, Server
from goneaway_tui.settings.decision import decided_by
from goneaway_tui.settings.mention import (
    BY_NAME,
    KEY_NAMES,
    LOCALE,
    Found,
    Mention,
    Rank,
    found,
    meaning,
)
from goneaway_tui.settings.optionfiles import Choice, OptionFiles
from goneaway_tui.settings.options import (
    COMPLETION,
    CONFIG,
    DEMO,
    MANUAL,
    OPTIONS,
    SCHEMA,
    UI,
    Bare,
    Section,
)
from goneaway_tui.settings.settings import Answer, ConnectionSettings, Settings
from goneaway_tui.settings.surroundings import Surroundings

Targets = list[tuple[Server | None, tuple[Mention, ...]]]


def resolve(argv: Sequence[str], around: Surroundings) -> Settings | Answer:
    """What to do with one server, or the answer to a question about it.

    Raises SettingsError, also where several are named, and FileError where a file that was named cannot be read.
    """
    told = resolve_each(argv, around)
    if isinstance(told, Answer):
        return told
    if len(told) > 1:
        raise SettingsError(
            _("this takes one server, and several are named"), _("give one by flags, DSN or @name")
        )
    return told[0]


def resolve_each(argv: Sequence[str], around: Surroundings) -> tuple[Settings, ...] | Answer:
    """The same for each server there is: every `@name`, every one of `--group`, every DSN; or the one unnamed."""
    line = command_line(argv)
    if line.question is Question.HELP:
        return Answer(help_text(line.command))
    if line.question is Question.VERSION:
        return Answer(version_text())
    refuse_what_is_not_for(line)
    for mention in line.mentions:
        if mention.option.name == "lang":
            found(mention)
    if line.command in {SCHEMA, COMPLETION, MANUAL}:
        from goneaway_tui.settings.documents import DOCUMENTS

        return Answer(DOCUMENTS[line.command](line.action))
    variables = tuple(_from_environment(around.environ, line.command))
    where = {
        mention.option.name: found(mention).value
        for mention in (*variables, *line.mentions)
        if mention.option.section is Section.ORIGINS
    }
    if line.command == CONFIG:
        return _about_config(line.action, where.get("config"), around)
    config = configfile.load(where.get("config"), around)
    path, _name = configfile.place(where.get("config"), around)
    files = OptionFiles(_choice(where), around)
    general = (*_from_option_files(files, line.command), *config.mentions)
    each = []
    for server, dsn in _targets(line, where.get("group"), config):
        own = server.mentions if server else ()
        decided = decided_by(line.command, (*general, *own, *variables, *dsn, *line.mentions))
        if decided["lang"].value is None:
            decided["lang"] = Found(language_of(around.environ), LOCALE, Rank.DEFAULT)
        warnings = (*files.warnings, *_overruled(server, decided))
        each.append(_settings(line, decided, around.login, config, path, server, warnings))
    if line.question is Question.DEFAULTS:
        told = dict.fromkeys(warning for settings in each for warning in settings.warnings)
        return Answer("\n".join(map(defaults_text, each)), warnings=tuple(told))
    return tuple(each)


def _about_config(action: str, named: str | None, around: Surroundings) -> Answer:
    """The answer; before a file is said to be right, every server in it is put together as a run would."""
    if action != "check":
        return configfile.answer(action, named, around)
    path, _name = configfile.place(named, around)
    config, faults = configfile.examined(str(path), around)
    together: dict[str, SettingsError] = {}
    for mentions in ((), *(server.mentions for server in config.servers.values())):
        try:
            decided_by(UI, (*config.mentions, *mentions))
        except SettingsError as fault:
            together.setdefault(fault.line, fault)
    return configfile.verdict(config, (*faults, *together.values()))


def _choice(where: Mapping[str, Any]) -> Choice:
    return Choice(
        file=where.get("defaults_file"),
        extra_file=where.get("defaults_extra_file"),
        suffix=where.get("defaults_group_suffix"),
        no_defaults=where.get("no_defaults", False),
        login_path=where.get("login_path"),
        no_login_paths=where.get("no_login_paths", False),
    )


def _targets(line: CommandLine, group: str | None, config: Config) -> Targets:
    """Each server to be reached, with what its DSN says if it has one."""
    names = [*line.servers, *(config.group(group) if group else ())]
    if names and line.command == DEMO:
        raise SettingsError(_(NOT_FOR_DEMO, flag=f"@{names[0]}"), _("leave one out"))
    targets: Targets = [(config.server(name), ()) for name in dict.fromkeys(names)]
    targets += [(None, dsn) for dsn in line.dsns]
    return targets or [(None, ())]


def _from_option_files(files: OptionFiles, command: str) -> Iterator[Mention]:
    """What they say, unless the command has no connection: then they are not even opened."""
    if command not in BY_NAME["host"].commands:
        return
    for said in files:
        option, text = meaning(KEY_NAMES, said.key.lower(), said.value)
        if option is not None:
            yield Mention(option, text, said.origin, Rank.OPTION_FILE)
        elif said.key in later.UNCHECKED and said.value:
            files.warn(
                _(
                    "{place}: {name} is passed over; --ssl-ca names whom to trust here",
                    place=said.origin,
                    name=said.key,
                )
            )


def _from_environment(environ: Mapping[str, str], command: str) -> Iterator[Mention]:
    """What the variables say that the command asks; an empty one says nothing."""
    for option in OPTIONS:
        if option.env and environ.get(option.env) and command in option.commands:
            yield Mention(option, environ[option.env], option.env, Rank.ENVIRONMENT)


def _overruled(server: Server | None, decided: Mapping[str, Found]) -> Iterator[str]:
    """A variable that sends a server's name elsewhere is easily forgotten, and the wrong server may be harmed."""
    for mention in server.mentions if server else ():
        by = decided[mention.option.name]
        if mention.option.name in {"host", "port", "socket"} and by.rank is Rank.ENVIRONMENT:
            yield _(
                "{variable} overrules the {name} of {place}; unset it if that is not meant",
                variable=by.origin,
                name=mention.option.word,
                place=mention.origin,
            )


def _settings(
    line: CommandLine,
    decided: Mapping[str, Found],
    login: str,
    config: Config,
    path: Path,
    server: Server | None,
    warnings: tuple[str, ...],
) -> Settings:
    value = {name: each.value for name, each in decided.items()}
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
        enable_cleartext_plugin=value["enable_cleartext_plugin"],
        get_server_public_key=value["get_server_public_key"],
        server_public_key_path=value["server_public_key_path"],
        connect_timeout=value["connect_timeout"],
        transport=value["transport"],
        ssh=value["ssh"],
    )
    return Settings(
        command=line.command,
        connection=connection,
        interval=value["interval"],
        read_only=value["read_only"],
        statements=value["statements"],
        watch_below=value["watch_below"],
        imminent_below=value["imminent_below"],
        theme=value["theme"],
        lang=value["lang"],
        wall=value["wall"],
        output=value["output"],
        format=value["format"],
        run_for=value["run_for"],
        simulated=value["simulated"],
        error_log=value["error_log"],
        execute=value["execute"],
        record=value["record"],
        keep=value["keep"],
        recording=value["recording"],
        listen=value["listen"],
        listen_cert=value["listen_cert"],
        listen_key=value["listen_key"],
        listen_ca=value["listen_ca"],
        listen_auth=value["listen_auth"],
        max_series=value["max_series"],
        print_rules=value["print_rules"],
        print_dashboard=value["print_dashboard"],
        allow_changes=value["allow_changes"],
        max_viewers=value["max_viewers"],
        files=line.files,
        live=server is not None or _names_a_server(decided),
        origins=MappingProxyType(
            {name: each.origin for name, each in decided.items() if name not in _MERGED}
        ),
        config=path,
        profile=server.name if server else None,
        color=server.color if server else None,
        keys=MappingProxyType(dict(config.keys)),
        warnings=warnings,
    )


def _names_a_server(decided: Mapping[str, Found]) -> bool:
    """Whether this very run says where to connect; what files and variables say holds for every run."""
    return any(decided[name].rank >= Rank.DSN for name in ("host", "port", "user", "password", "socket"))


_MERGED = {"ssl", "ssl_verify_server_cert", "protocol"} | {
    option.name for option in OPTIONS if option.section is Section.ORIGINS
}
"""Options without a field: they only have a say in others."""
