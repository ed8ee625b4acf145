"""Combine all origins into the settings of a run: which origin wins, what follows from it, and which flags go with
which command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import N_, _, language_of
from goneaway_tui.settings import config_file, values
from goneaway_tui.settings.command_line import CommandLine, InfoRequest, parse_command_line
from goneaway_tui.settings.config_reader import Config, ConfigServer
from goneaway_tui.settings.environment import Environment
from goneaway_tui.settings.help import defaults_text, help_text, version_text
from goneaway_tui.settings.option_files import OptionFileChoice, OptionFiles
from goneaway_tui.settings.option_value import (
    BY_NAME,
    DEFAULT,
    KEY_NAMES,
    LOCALE,
    UNSUPPORTED_CHECKS,
    OptionValue,
    OriginRank,
    ResolvedOption,
    find_option,
    resolved_option,
    spelled,
)
from goneaway_tui.settings.options import (
    COMPLETION,
    CONFIG,
    DEMO,
    DOCS,
    EXPORTER,
    FORMATS,
    KILL,
    KILL_FORMATS,
    LISTEN,
    MANUAL,
    OPTIONS,
    SCHEMA,
    SERVE,
    SNAPSHOT,
    UI,
    BareMeaning,
    Section,
)
from goneaway_tui.settings.settings import (
    ConnectionSettings,
    InfoAnswer,
    Settings,
    SslMode,
    Transport,
)
from goneaway_tui.text.sanitize import plain

NOT_FOR_DEMO = N_("{flag} cannot be used with demo, which starts its own server")
MAX_COMMANDS_LISTED = 3
"""An option of more commands than this is not listed with them in an error."""


def refuse_foreign_options(line: CommandLine) -> None:
    """Raise SettingsError for the first flag that the command does not take."""
    for option_value in line.option_values:
        option = option_value.option
        if line.command in option.commands:
            continue
        if line.command == DEMO and option.section in {Section.CONNECTION, Section.ORIGINS}:
            raise SettingsError(
                _(NOT_FOR_DEMO, flag=option_value.origin), _("leave it out, or leave out {word}", word=DEMO)
            )
        commands = _(" or ").join(option.commands)
        if line.command == UI:
            raise SettingsError(
                _("{flag} works only with {commands}", flag=option_value.origin, commands=commands),
                _("write {example}", example=f"goneaway-tui {option.commands[0]}"),
            )
        hint = _("it works only with {commands}", commands=commands)
        raise SettingsError(
            _("{flag} cannot be used with {command}", flag=option_value.origin, command=line.command),
            hint if len(option.commands) <= MAX_COMMANDS_LISTED else _("leave it out"),
        )


SERVE_READ_ONLY = N_("serve without --allow-changes")


def derived_value(command: str, decided: Mapping[str, ResolvedOption]) -> dict[str, ResolvedOption]:
    """The values that follow from other values: the address of exporter and serve; read-only for `--wall`, and for serve
    without `--allow-changes`.
    """
    derived: dict[str, ResolvedOption] = {}
    if decided["listen"].value is None:
        address = LISTEN.get(command, LISTEN[EXPORTER])
        derived["listen"] = ResolvedOption(values.listen(address), DEFAULT, OriginRank.DEFAULT)
    if decided["wall"].value:
        derived["read_only"] = decided["wall"]
    elif command == SERVE and not (decided["allow_changes"].value or decided["read_only"].value):
        derived["read_only"] = ResolvedOption(True, SERVE_READ_ONLY, OriginRank.DEFAULT)
    return derived


LOCALHOST = "localhost"

_MODES = tuple(SslMode)


def connection_settings(decided: Mapping[str, ResolvedOption]) -> dict[str, ResolvedOption]:
    """The options `transport`, `host` and `socket`, without contradictions.

    As in the `mysql` client, no host and `localhost` mean the Unix socket, and any other host means TCP. There are
    two exceptions, each for a value that was given on purpose.

    A port by flag, DSN or config file makes `localhost` TCP, unless a socket of equal or stronger origin is named.
    MariaDB's client does the same; MySQL's uses the socket and drops the port silently.

    A socket beats another host if its origin is stronger, or if both come by flag, both by DSN or both by the config
    file. Option files often name the distribution's socket, so there a host wins: the wrong server would be the worse
    guess.

    `--protocol` decides before all this, unless the value against it is of stronger origin. Through ssh it is TCP
    unless a socket was named on purpose: the sockets of this machine do not matter there.
    """
    host, port, socket = decided["host"], decided["port"], decided["socket"]
    has_socket = socket.value is not None
    protocol, ssh = decided["protocol"], decided["ssh"]
    tcp = ssh if ssh.value is not None and not (has_socket and socket.rank.is_deliberate) else None
    if tcp is None and protocol.value is Transport.TCP and not (has_socket and socket.rank > protocol.rank):
        tcp = protocol
    if tcp is not None:
        return _tcp(host, socket, tcp)
    if protocol.value is Transport.SOCKET and host.rank <= protocol.rank:
        return _socket(host, socket, protocol)
    if host.value is None or host.value.lower() == LOCALHOST:
        if port.rank.is_deliberate and not (has_socket and socket.rank >= port.rank):
            return _tcp(host, socket, port)
        return _through_socket(host, socket, socket if has_socket else host)
    if has_socket and (socket.rank > host.rank or (socket.rank is host.rank and host.rank.is_deliberate)):
        return _through_socket(socket.with_value(None), socket, socket)
    return _tcp(host, socket, host)


def _socket(
    host: ResolvedOption, socket: ResolvedOption, protocol: ResolvedOption
) -> dict[str, ResolvedOption]:
    if host.value is not None and host.value.lower() != LOCALHOST:
        if host.rank is protocol.rank:
            raise SettingsError(
                _(
                    "the host ({host}) is another machine, but the protocol ({protocol}) is a socket of this machine",
                    host=host.origin,
                    protocol=protocol.origin,
                ),
                _("leave out the host or the protocol"),
            )
        host = protocol.with_value(None)
    return _through_socket(host, socket, protocol)


def _through_socket(
    host: ResolvedOption, socket: ResolvedOption, decider: ResolvedOption
) -> dict[str, ResolvedOption]:
    return {"host": host, "socket": socket, "transport": decider.with_value(Transport.SOCKET)}


def _tcp(host: ResolvedOption, socket: ResolvedOption, decider: ResolvedOption) -> dict[str, ResolvedOption]:
    return {
        "host": decider.with_value(LOCALHOST) if host.value is None else host,
        "socket": socket if socket.value is None else decider.with_value(None),
        "transport": decider.with_value(Transport.TCP),
    }


def ssl_mode(decided_options: Mapping[str, ResolvedOption]) -> ResolvedOption:
    """The mode that follows from `--ssl-mode`, MariaDB's switches and `--ssl-ca`.

    `--skip-ssl` overrides a mode of weaker origin. The other two switches only ask for more, and count unless a mode,
    or `--skip-ssl`, is of stronger origin. A CA without a mode means VERIFY_CA, as in MySQL's client.
    """
    mode, switch, verify, ca = (
        decided_options[name] for name in ("ssl_mode", "ssl", "ssl_verify_server_cert", "ssl_ca")
    )
    decided = mode
    if switch.value is False and switch.rank > mode.rank:
        decided = switch.with_value(SslMode.DISABLED)
    min_rank = decided.rank
    requests = (
        (SslMode.REQUIRED, switch, switch.value is True),
        (SslMode.VERIFY_CA, ca, ca.value is not None and min_rank is OriginRank.DEFAULT),
        (SslMode.VERIFY_IDENTITY, verify, verify.value is True),
    )
    for wanted_mode, option, is_asked in requests:
        if is_asked and option.rank >= min_rank and _MODES.index(decided.value) < _MODES.index(wanted_mode):
            decided = option.with_value(wanted_mode)
    return decided


def decide_by_precedence(command: str, option_values: Iterable[OptionValue]) -> dict[str, ResolvedOption]:
    """The value of every option by its name: the last value of the origin with the highest rank.

    Raises SettingsError for an invalid value, or for values that contradict each other.
    """
    strongest = {option_value.option.name: option_value for option_value in option_values}
    decided = {
        option.name: resolved_option(strongest[option.name])
        if option.name in strongest
        else ResolvedOption(option.default and option.read(option.default), DEFAULT, OriginRank.DEFAULT)
        for option in OPTIONS
    }
    decided |= connection_settings(decided)
    decided |= derived_value(command, decided)
    decided["ssl_mode"] = ssl_mode(decided)
    if command == SNAPSHOT and decided["format"].value is None:
        decided["format"] = _format(decided["output"])
    decided["imminent_below"] = _imminent_below(decided["watch_below"], decided["imminent_below"])
    return decided


def _imminent_below(watch: ResolvedOption, imminent: ResolvedOption) -> ResolvedOption:
    """`--imminent-below`, whose default follows a lower `--watch-below`. Raises SettingsError for a higher one."""
    if imminent.value <= watch.value:
        return imminent
    if imminent.rank is OriginRank.DEFAULT:
        return ResolvedOption(watch.value, N_("default, never above watch-below"), OriginRank.DEFAULT)
    upper, lower = spelled("watch-below", watch.rank), spelled("imminent-below", imminent.rank)
    raise SettingsError(
        _(
            "{lower} ({imminent} s, {one}) is more than {upper} ({watch} s, {other})",
            lower=lower,
            imminent=imminent.value,
            one=_(imminent.origin),
            upper=upper,
            watch=watch.value,
            other=_(watch.origin),
        ),
        _(
            "raise {upper} or lower {lower}",
            upper=upper,
            lower=lower,
        ),
    )


def _format(output: ResolvedOption) -> ResolvedOption:
    """The format of a snapshot by the suffix of its file; JSON without a suffix. Raises SettingsError for an unknown
    suffix.
    """
    suffix = PurePath(output.value or "").suffix.lower()
    for name, format_suffix in FORMATS.items():
        if suffix == format_suffix:
            return output.with_value(name)
    if suffix:
        raise SettingsError(
            _(
                "no format has the suffix {suffix} ({place})",
                suffix=plain(suffix, 40),
                place=output.origin,
            ),
            _(
                "use one of {suffixes}, or name the format: --format=json",
                suffixes=", ".join(FORMATS.values()),
            ),
        )
    return ResolvedOption("json", DEFAULT, OriginRank.DEFAULT)


def kill_values(config: Config, decided: Mapping[str, ResolvedOption]) -> dict[str, ResolvedOption]:
    """The options of `kill` from its rule, and its format. Raises SettingsError for options that do not go together."""
    derived: dict[str, ResolvedOption] = {}
    match, name, format_name = (decided[option].value for option in ("match", "rule", "format"))
    if (match is None) is (name is None):
        what = _("kill needs a filter") if match is None else _("kill takes one filter, but two are given")
        raise SettingsError(what, _("write --match FILTER, or --rule NAME for a rule of the config file"))
    if decided["run_for"].value is not None and decided["every"].value is None:
        raise SettingsError(_("--for works only with --every"), _("write {example}", example="--every 30s"))
    if format_name is None:
        derived["format"] = ResolvedOption(KILL_FORMATS[0], DEFAULT, OriginRank.DEFAULT)
    elif format_name not in KILL_FORMATS:
        raise SettingsError(
            _("{flag} cannot be used with {command}", flag=f"--format={format_name}", command=KILL),
            _("use one of {names}", names=", ".join(KILL_FORMATS)),
        )
    if name is not None:
        rule = config.rule(name)
        origin = _("[rules.{name}] of {file}", name=rule.name, file=config.name)
        rule_values = {"match": rule.match, "max_kills": rule.max_kills, "query": rule.query}
        derived |= {
            option: ResolvedOption(value, origin, OriginRank.CONFIG)
            for option, value in rule_values.items()
            if decided[option].rank < OriginRank.CONFIG
        }
    return derived


Targets = list[tuple[ConfigServer | None, tuple[OptionValue, ...]]]


def resolve(argv: Sequence[str], environment: Environment) -> Settings | InfoAnswer:
    """The settings for one server, or the answer to a request for information.

    Raises SettingsError, also where several servers are named, and FileError where a file that was named cannot be read.
    """
    resolved = resolve_each(argv, environment)
    if isinstance(resolved, InfoAnswer):
        return resolved
    if len(resolved) > 1:
        raise SettingsError(
            _("only one server can be used here, but several are named"), _("name one by flags, DSN or @name")
        )
    return resolved[0]


def resolve_each(argv: Sequence[str], environment: Environment) -> tuple[Settings, ...] | InfoAnswer:
    """The settings for each server: every `@name`, every member of `--group`, every DSN; else for the one unnamed server.

    Raises as `resolve` does, except for several servers.
    """
    line = parse_command_line(argv)
    answer = _answer_without_files(line)
    if answer is not None:
        return answer
    variables = tuple(_from_environment(environment.environ, line.command))
    locations = {
        option_value.option.name: resolved_option(option_value).value
        for option_value in (*variables, *line.option_values)
        if option_value.option.section is Section.ORIGINS
    }
    if line.command == CONFIG:
        return _config_answer(line.action, locations.get("config"), environment)
    servers = _settings_of_servers(line, variables, locations, environment)
    if line.question is InfoRequest.DEFAULTS:
        warnings = dict.fromkeys(warning for settings in servers for warning in settings.warnings)
        return InfoAnswer("\n".join(map(defaults_text, servers)), warnings=tuple(warnings))
    return servers


def _answer_without_files(line: CommandLine) -> InfoAnswer | None:
    """The answer to a request that reads no config file; None for others. Raises SettingsError for a foreign flag."""
    if line.question is InfoRequest.HELP:
        return InfoAnswer(help_text(line.command))
    if line.question is InfoRequest.VERSION:
        return InfoAnswer(version_text())
    refuse_foreign_options(line)
    for option_value in line.option_values:
        if option_value.option.name == "lang":
            resolved_option(option_value)
    if line.command == DOCS:
        return InfoAnswer("", page=line.action)
    if line.command not in {SCHEMA, COMPLETION, MANUAL}:
        return None
    from goneaway_tui.settings.man_page import DOCUMENTS

    return InfoAnswer(DOCUMENTS[line.command](line.action))


def _settings_of_servers(
    line: CommandLine,
    variables: tuple[OptionValue, ...],
    locations: Mapping[str, Any],
    environment: Environment,
) -> tuple[Settings, ...]:
    """`locations` are the values of the options of `Section.ORIGINS`, by their names."""
    config = config_file.load_config(locations.get("config"), environment)
    path, _name = config_file.config_path(locations.get("config"), environment)
    option_files = OptionFiles(_choice(locations), environment)
    common = (*_from_option_files(option_files, line.command), *config.option_values)
    settings = []
    for server, dsn in _targets(line, locations.get("group"), config):
        of_server = server.option_values if server else ()
        decided = decide_by_precedence(
            line.command, (*common, *of_server, *variables, *dsn, *line.option_values)
        )
        if line.command == KILL:
            decided |= kill_values(config, decided)
        if decided["lang"].value is None:
            decided["lang"] = ResolvedOption(language_of(environment.environ), LOCALE, OriginRank.DEFAULT)
        warnings = (*option_files.warnings, *_overruled(server, decided))
        settings.append(_settings(line, decided, environment.login, config, path, server, warnings))
    return tuple(settings)


def _config_answer(action: str, given_path: str | None, environment: Environment) -> InfoAnswer:
    """The output of `config`. `check` also combines the values of every server, as a run would."""
    if action != "check":
        return config_file.config_answer(action, given_path, environment)
    path, _name = config_file.config_path(given_path, environment)
    config, faults = config_file.check_config(str(path), environment)
    contradictions: dict[str, SettingsError] = {}
    for option_values in ((), *(server.option_values for server in config.servers.values())):
        try:
            decide_by_precedence(UI, (*config.option_values, *option_values))
        except SettingsError as fault:
            contradictions.setdefault(fault.line, fault)
    return config_file.check_report(config, (*faults, *contradictions.values()))


def _choice(locations: Mapping[str, Any]) -> OptionFileChoice:
    return OptionFileChoice(
        file=locations.get("defaults_file"),
        extra_file=locations.get("defaults_extra_file"),
        suffix=locations.get("defaults_group_suffix"),
        no_defaults=locations.get("no_defaults", False),
        login_path=locations.get("login_path"),
        no_login_paths=locations.get("no_login_paths", False),
    )


def _targets(line: CommandLine, group: str | None, config: Config) -> Targets:
    """Each server of the run, with the options of its DSN if it has one."""
    names = [*line.servers, *(config.group(group) if group else ())]
    if names and line.command == DEMO:
        raise SettingsError(_(NOT_FOR_DEMO, flag=f"@{names[0]}"), _("leave out the server or demo"))
    targets: Targets = [(config.server(name), ()) for name in dict.fromkeys(names)]
    targets += [(None, dsn) for dsn in line.dsns]
    return targets or [(None, ())]


def _from_option_files(files: OptionFiles, command: str) -> Iterator[OptionValue]:
    """The options in the option files; the files are not opened for a command without a connection."""
    if command not in BY_NAME["host"].commands:
        return
    for entry in files:
        option, text = find_option(KEY_NAMES, entry.key.lower(), entry.value)
        if option is not None:
            yield OptionValue(option, text, entry.origin, OriginRank.OPTION_FILE)
        elif entry.key in UNSUPPORTED_CHECKS and entry.value:
            files.warn(
                _(
                    "{place}: {name} is not supported and is ignored; choose the trusted CAs with --ssl-ca",
                    place=entry.origin,
                    name=entry.key,
                )
            )


def _from_environment(environ: Mapping[str, str], command: str) -> Iterator[OptionValue]:
    """The options in environment variables that the command takes. An empty variable sets nothing."""
    for option in OPTIONS:
        if option.env and environ.get(option.env) and command in option.commands:
            yield OptionValue(option, environ[option.env], option.env, OriginRank.ENVIRONMENT)


def _overruled(server: ConfigServer | None, decided: Mapping[str, ResolvedOption]) -> Iterator[str]:
    """Warnings of variables that override the address of a named server: a forgotten variable may lead to the wrong
    server.
    """
    for option_value in server.option_values if server else ():
        winner = decided[option_value.option.name]
        if option_value.option.name in {"host", "port", "socket"} and winner.rank is OriginRank.ENVIRONMENT:
            yield _(
                "{variable} overrides the {name} of {place}; unset the variable if this is not intended",
                variable=winner.origin,
                name=option_value.option.word,
                place=option_value.origin,
            )


_WITHOUT_FIELD = {"ssl", "ssl_verify_server_cert", "protocol"} | {
    option.name for option in OPTIONS if option.section is Section.ORIGINS
}
"""Options without a field in the settings: they only decide the values of other options."""
_OF_CONNECTION = frozenset(field.name for field in fields(ConnectionSettings)) - {"ask_password"}
_OF_RUN = frozenset(field.name for field in fields(Settings)) & ({*BY_NAME} - _WITHOUT_FIELD)
"""The fields of the settings that hold the value of the option of the same name."""


def _settings(
    line: CommandLine,
    decided: Mapping[str, ResolvedOption],
    login: str,
    config: Config,
    config_path: Path,
    server: ConfigServer | None,
    warnings: tuple[str, ...],
) -> Settings:
    """The settings of one run. `login`: the name of the user on this system, used if no user is given."""
    value = {name: option.value for name, option in decided.items()}
    value["user"] = value["user"] or login
    ask_password = value["password"] is BareMeaning.ASK
    if ask_password:
        value["password"] = None
    origins = {name: option.origin for name, option in decided.items() if name not in _WITHOUT_FIELD}
    return Settings(
        command=line.command,
        connection=ConnectionSettings(
            ask_password=ask_password, **{name: value[name] for name in _OF_CONNECTION}
        ),
        **{name: value[name] for name in _OF_RUN},
        files=line.files,
        live=server is not None or _names_a_server(decided),
        origins=MappingProxyType(origins),
        config=config_path,
        profile=server.name if server else None,
        color=server.color if server else None,
        keys=MappingProxyType(dict(config.keys)),
        rules=MappingProxyType(dict(config.rules)),
        never_kill=(*config.never_kill, *(server.never_kill if server else ())),
        warnings=warnings,
    )


def _names_a_server(decided: Mapping[str, ResolvedOption]) -> bool:
    """Whether the arguments of this run say where to connect. Files and variables apply to every run."""
    return any(
        decided[name].rank >= OriginRank.DSN for name in ("host", "port", "user", "password", "socket")
    )
