"""The texts of `--help`, `--version` and `--print-defaults`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from goneaway_tui import __version__
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings.options import (
    ACTIONS,
    ADVISE,
    COMMANDS,
    COMPLETION,
    CONFIG,
    CONNECTED,
    DEMO,
    DOCTOR_BUNDLE,
    EXPLAIN,
    EXPORTER,
    KILL,
    MANUAL,
    OPTIONS,
    REPLAY,
    SCHEMA,
    SERVE,
    SNAPSHOT,
    UI,
    WATCH,
    BareMeaning,
    Option,
    Section,
)
from goneaway_tui.settings.secrets import MASK, Secret
from goneaway_tui.settings.settings import Keyring, PasswordCommand, Settings
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import cell_width, wrapped

WIDTH = 80
_COLUMN = 32

ABOUT = N_("goneaway-tui shows every MySQL or MariaDB session beside the limit that will close it.")

SYNOPSES = (
    "[CONNECTION] [DSN ... | @NAME ...]",
    "snapshot [CONNECTION] [DSN | @NAME] [--format NAME] [--output FILE]",
    "watch [CONNECTION] [DSN | @NAME] [--for SECONDS] [--output FILE]",
    "kill [CONNECTION] [DSN ... | @NAME ...] [--match FILTER | --rule NAME] [--query] [--apply] [--max NUMBER]",
    "kill ... --every SECONDS [--for SECONDS]",
    "explain [FILE ... | -] [CONNECTION] [DSN | @NAME] [--format NAME]",
    "advise [CONNECTION] [DSN ... | @NAME ...] [RECORDING ...] [--for SECONDS]",
    "replay FILE",
    "exporter [CONNECTION] [DSN ... | @NAME ...] [--listen ADDRESS:PORT]",
    "serve [CONNECTION] [DSN ... | @NAME ...] [--wall] [--listen ADDRESS:PORT]",
    "demo [--simulated] [--for SECONDS]",
    "doctor-bundle [CONNECTION] [DSN | @NAME] [-o FILE]",
    f"config [--config FILE] {'|'.join(ACTIONS[CONFIG])}",
    f"schema {'|'.join(ACTIONS[SCHEMA])}",
    f"completion {'|'.join(ACTIONS[COMPLETION])}",
    "manual",
)
"""The ways to call the program, without its name. A text in square brackets is not broken across lines."""

EXAMPLES = (
    "goneaway-tui -h db1 -u dba -p",
    "goneaway-tui demo",
    "goneaway-tui snapshot mysql://dba@db1/ --output sessions.csv",
    "goneaway-tui explain app.log.gz -h db1 -u dba -p",
)

EXAMPLES_OF: Mapping[str, tuple[str, ...]] = {
    DEMO: ("goneaway-tui demo", "goneaway-tui demo --simulated --for 60"),
    SNAPSHOT: (
        "goneaway-tui snapshot -h db1 -u dba -p --format text",
        "goneaway-tui snapshot mysql://dba@db1/ --output sessions.csv",
    ),
    WATCH: (
        "goneaway-tui watch -h db1 -u dba -p --for 1h --output events.jsonl",
        "goneaway-tui watch -h db1 -u dba -p --record db1.recording",
    ),
    KILL: (
        "goneaway-tui kill -h db1 -u dba -p --match 'program:leaky idle>10m -trx:yes'",
        "goneaway-tui kill @db1 --rule leaky --apply --every 30s --for 8h",
    ),
    EXPLAIN: (
        "goneaway-tui explain app.log.gz -h db1 -u dba -p",
        "goneaway-tui explain app.log --error-log mysqld.err --format markdown",
    ),
    ADVISE: (
        "goneaway-tui advise -h db1 -u dba -p --for 1d --save db1.gaps",
        "goneaway-tui advise db1.recording --format markdown",
    ),
    REPLAY: ("goneaway-tui replay db1.recording",),
    EXPORTER: (
        "goneaway-tui exporter -h db1 -u dba -p --listen 0.0.0.0:9104",
        "goneaway-tui exporter --print-rules > goneaway.rules.yml",
    ),
    SERVE: ("goneaway-tui serve -h db1 -u dba -p --wall",),
    DOCTOR_BUNDLE: (
        "goneaway-tui doctor-bundle",
        "goneaway-tui doctor-bundle -h db1 -u dba -p -o bundle.zip",
    ),
    CONFIG: ("goneaway-tui config init", "goneaway-tui config check"),
    SCHEMA: ("goneaway-tui schema snapshot",),
    COMPLETION: ("goneaway-tui completion fish | source", "goneaway-tui completion bash > goneaway-tui.bash"),
    MANUAL: ("goneaway-tui manual | man -l -",),
}
"""Examples, by the command they show."""

SOURCES = (
    N_(
        "A DSN is mysql://user:password@host:port/database?ssl-mode=REQUIRED, or mariadb://...; its query takes the"
        " connection's other options."
    ),
    N_(
        "A value is taken from the first that has one: flag, DSN, environment variable ({place}), config"
        " file, option files of the mysql client, default."
    ),
    N_("A duration is seconds, or as in 250ms, 90s, 10m, 1h30m, 1y."),
)
"""Paragraphs on the origins of values; `{place}` says where the names of the variables are listed."""

STATUSES = {
    ExitCode.DONE: N_("done"),
    ExitCode.NOTHING_FOUND: N_("explain found no lost or refused connection; kill matched no session"),
    ExitCode.USAGE: N_("a flag, variable or file has a wrong value"),
    ExitCode.UNREACHABLE: N_("the server cannot be reached, or rejects the account"),
    ExitCode.FILE: N_("an input or output file cannot be read or written"),
    ExitCode.INTERRUPTED: N_("interrupted"),
}

QUESTIONS = {
    "-?, --help": N_("Show this help."),
    "-V, --version": N_("Show the version."),
    "--print-defaults": N_("Show the value of each option, and where it comes from."),
}

_BRACKETS = re.compile(r"\[[^]]*\]")
_PLAIN = re.compile(r"[^\s#'\"\\]*")


def help_text(command: str = UI) -> str:
    """The help of one command, or of the whole program, in at most 80 columns."""
    return _help_of_all() if command == UI else _help_of(command)


def _help_of(command: str) -> str:
    """The help of one command: its purpose, examples, its own options, then the shared options."""
    parts = [
        _filled(_("{command}: {what}.", command=f"goneaway-tui {command}", what=_(COMMANDS[command]))),
        "".join(_usage(command)),
        _titled(_("Examples"), (f"  {example}\n" for example in EXAMPLES_OF[command])),
    ]
    common = {Section.CONNECTION, Section.SHOWING, Section.ORIGINS}
    of_its_own = (section for section in Section if section not in common)
    shared = (Section.SHOWING,) if command in CONNECTED else (Section.SHOWING, Section.ORIGINS)
    for section in (*of_its_own, *shared):
        rows = [
            _columns(*option_help(option))
            for option in OPTIONS
            if option.section is section and command in option.commands
        ]
        if rows:
            parts.append(_titled(_(section.value), rows))
    parts.append(
        _filled(
            _(
                "goneaway-tui --help shows all: the options of the connection, the other commands, where values come"
                " from, and the exit statuses."
            )
        )
    )
    return "\n".join(parts)


def _help_of_all() -> str:
    parts = [
        _filled(_(ABOUT)),
        "".join(_usage()),
        _titled(_("Examples"), (f"  {example}\n" for example in EXAMPLES)),
    ]
    for section in Section:
        rows = (_columns(*option_help(option)) for option in OPTIONS if option.section is section)
        parts.append(_titled(_(section.value), rows))
    parts.append(_titled(_("Commands"), (_columns(name, _(text)) for name, text in COMMANDS.items())))
    parts.append(_titled(_("Information"), (_columns(flags, _(text)) for flags, text in QUESTIONS.items())))
    parts.append("".join(_filled(_(text, place=_("in brackets above"))) for text in SOURCES))
    statuses = (f"{status:>5}  {_(text)}\n" for status, text in STATUSES.items())
    parts.append(_titled(_("Exit status"), statuses))
    return "\n".join(parts)


def _titled(title: str, lines: Iterable[str]) -> str:
    return _("{title}:", title=title) + "\n" + "".join(lines)


def option_help(option: Option) -> tuple[str, str]:
    """The flags of an option with the name of their value, and its sentence."""
    flags = ", ".join(option.flags)
    if option.metavar:
        flags += f"[={option.metavar}]" if option.bare is BareMeaning.ASK else f" {option.metavar}"
    text = option.help_text
    if option.default and not option.is_switch:
        text += _(" Default {value}.", value=option.default)
    if option.env:
        text += f" [{option.env}]"
    return flags, text


def _usage(command: str = UI) -> Iterator[str]:
    lead = _("{title}:", title=_("Usage"))
    synopses = [text for text in SYNOPSES if command in {UI, text.partition(" ")[0]}]
    beginnings = (lead, *[" " * cell_width(lead)] * (len(synopses) - 1))
    for beginning, synopsis in zip(beginnings, synopses, strict=True):
        start = f"{beginning} goneaway-tui "
        word = synopsis.partition("[")[0]
        yield _filled(_BRACKETS.sub(_unbreakable, synopsis), start, " " * cell_width(start + word))


def _columns(flags: str, text: str) -> str:
    first = f"  {flags} ".ljust(_COLUMN)
    indent = " " * _COLUMN
    if len(first) > _COLUMN:
        return f"{first}\n" + _filled(text, indent, indent)
    return _filled(text, first, indent)


def _filled(text: str, first: str = "", others: str = "") -> str:
    return "\n".join(wrapped(text, WIDTH, first, others)).replace("\xa0", " ") + "\n"


def _unbreakable(bracket: re.Match[str]) -> str:
    return bracket[0].replace(" ", "\xa0")


def version_text() -> str:
    """The name and version of the program."""
    return f"goneaway-tui {__version__}\n"


def defaults_text(settings: Settings) -> str:
    """The values that the command uses, one `name = value  # origin` a line."""
    rows = _defaults(settings)
    return "".join(f"{label} = {shown_value(value)}  # {_(origin)}\n" for label, value, origin in rows)


def _defaults(settings: Settings) -> Iterator[tuple[str, object, str]]:
    connection = settings.connection
    for option in OPTIONS:
        if settings.command not in option.commands or option.name not in settings.origins:
            continue
        holder = connection if option.section is Section.CONNECTION else settings
        value: object = getattr(holder, option.name)
        if option.name == "password" and connection.ask_password:
            value = DescribedValue(_("asked at the terminal"))
        yield option.label, value, settings.origins[option.name]
        if option.name == "socket":
            yield "protocol", connection.transport, settings.origins["transport"]


class DescribedValue(str):
    """A word that describes a value instead of showing it, such as a password."""

    __slots__ = ()


def shown_value(value: object) -> str:
    """A value as an option file would have it, in quotes where a bare word would be misread."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, DescribedValue | PasswordCommand | Keyring):
        return f"({plain(str(value))})"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    safe = "".join(character if character.isprintable() else "?" for character in escaped)
    return f'"{safe}"'
