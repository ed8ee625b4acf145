"""The texts of `--help`, `--version` and `--print-defaults`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from goneaway_tui import __version__
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings.options import (
    ACTIONS,
    ADVISE,
    ALL,
    COMMANDS,
    COMPLETION,
    CONFIG,
    CONNECTED,
    DEMO,
    DOCS,
    DOCTOR_BUNDLE,
    EXPLAIN,
    EXPORTER,
    KILL,
    MANUAL,
    OPTIONS,
    PAGE_OF,
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
    "COMMAND [...]",
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
    "docs [PAGE]",
    f"schema {'|'.join(ACTIONS[SCHEMA])}",
    f"completion {'|'.join(ACTIONS[COMPLETION])}",
    "manual [COMMAND]",
)
"""The ways to call the program, without its name; the board first. A text in square brackets is not broken across lines."""

EXAMPLES_OF: Mapping[str, tuple[str, ...]] = {
    UI: (
        "goneaway-tui -h db1 -u dba -p",
        "goneaway-tui @db1 @db2",
        "goneaway-tui --ssh jump -h db1 -u dba -p",
        "goneaway-tui @db1 --record night.goneaway",
    ),
    DEMO: ("goneaway-tui demo", "goneaway-tui demo --simulated --for 60"),
    SNAPSHOT: (
        "goneaway-tui snapshot -h db1 -u dba -p --format text",
        "goneaway-tui snapshot mysql://dba@db1/ --output sessions.csv",
        "goneaway-tui snapshot @db1 | jq '.sessions[] | select(.blocks > 0)'",
    ),
    WATCH: (
        "goneaway-tui watch -h db1 -u dba -p --for 1h --output events.jsonl",
        "goneaway-tui watch @db1 --since 2h --for 10s",
        "goneaway-tui watch @db1 --record night.goneaway --for 8h",
        "goneaway-tui watch @db1 --exec ./page-the-dba",
    ),
    KILL: (
        "goneaway-tui kill @db1 --match 'program:leaky idle>10m -trx:yes'",
        "goneaway-tui kill @db1 --match 'program:leaky idle>10m -trx:yes' --apply",
        "goneaway-tui kill @db1 --match 'running>30s user:report' --query --apply",
        "goneaway-tui kill @db1 --rule leaky --apply --every 30s --for 8h",
    ),
    EXPLAIN: (
        "goneaway-tui explain app.log.gz",
        "goneaway-tui explain app.log -h db1 -u dba -p",
        "goneaway-tui explain app.log --error-log mysqld.err --format markdown",
        "journalctl -u shop | goneaway-tui explain --format json",
    ),
    ADVISE: (
        "goneaway-tui advise -h db1 -u dba -p --for 1d --save db1.gaps",
        "goneaway-tui advise db1.gaps",
        "goneaway-tui advise night.goneaway --format markdown",
    ),
    REPLAY: ("goneaway-tui replay night.goneaway", "goneaway-tui replay night.goneaway --no-statements"),
    EXPORTER: (
        "goneaway-tui exporter -h db1 -u dba -p --listen 0.0.0.0:9104",
        "goneaway-tui exporter @db1 @db2",
        "goneaway-tui exporter --print-rules > goneaway.rules.yml",
    ),
    SERVE: (
        "goneaway-tui serve @db1",
        "goneaway-tui serve @db1 @db2 --wall --listen 0.0.0.0:8104 --listen-auth login",
    ),
    DOCTOR_BUNDLE: (
        "goneaway-tui doctor-bundle",
        "goneaway-tui doctor-bundle -h db1 -u dba -p -o bundle.zip",
    ),
    CONFIG: ("goneaway-tui config init", "goneaway-tui config check", "goneaway-tui config path"),
    DOCS: ("goneaway-tui docs", "goneaway-tui docs blocking", "goneaway-tui docs tuning | grep -i persist"),
    SCHEMA: ("goneaway-tui schema snapshot", "goneaway-tui schema watch > watch.schema.json"),
    COMPLETION: (
        "goneaway-tui completion bash > goneaway-tui.bash",
        "goneaway-tui completion zsh > _goneaway-tui",
        "goneaway-tui completion fish | source",
    ),
    MANUAL: ("goneaway-tui manual | man -l -", "goneaway-tui manual snapshot | man -l -"),
}
"""Examples, by the command they show: for `--help` and the manual pages."""

KEYS = (
    ("enter", N_("show the session's details, and how its limit is known")),
    ("/", N_("filter: user:shop idle>10m -trx:yes")),
    ("space, k", N_("mark sessions; kill the marked ones")),
    ("b", N_("show which session blocks which")),
    ("l", N_("show which sessions ended, when and why")),
    ("d", N_("show every cause and pattern; explain a pasted error")),
    ("t, u", N_("change a limit, with a preview; undo it")),
    ("?", N_("help: all keys and marks")),
)
"""The keys that a newcomer needs, in the order of the README."""

READ_ON = (
    ("COMMAND --help", N_("the examples and options of a command")),
    ("--help all", N_("every option of every command")),
    ("docs", N_("the documentation: docs blocking shows a page")),
    ("manual | man -l -", N_("the manual page, also: manual COMMAND")),
)
"""Where `--help` leads, as arguments of the program."""

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

OWN_OPTIONS = N_("Options")
_SHARED_SECTIONS = (Section.SHOWING, Section.CONNECTION, Section.ORIGINS)
_ONLY_NAMED = (Section.CONNECTION, Section.ORIGINS)
"""The options that the help of a command names and does not explain: all commands share them, and there are many."""
_WITHOUT_EFFECT: Mapping[str, tuple[str, ...]] = {
    "theme": (SNAPSHOT, WATCH, KILL, EXPLAIN, ADVISE, EXPORTER, DOCTOR_BUNDLE),
    "interval": (SNAPSHOT, EXPLAIN, REPLAY, DOCTOR_BUNDLE),
    "read_only": (SNAPSHOT, WATCH, EXPLAIN, ADVISE, REPLAY, EXPORTER, DOCTOR_BUNDLE),
    "watch_below": (KILL, EXPLAIN, ADVISE, DOCTOR_BUNDLE),
    "imminent_below": (KILL, EXPLAIN, ADVISE, DOCTOR_BUNDLE),
}
"""Common options that a command takes and does not use."""

_BRACKETS, _PLAIN = r"\[[^]]*\]", r"[^\s#'\"\\]*"


def help_text(command: str = UI) -> str:
    """The help of one command, in at most 80 columns; of the program for UI, and all options for ALL."""
    if command == ALL:
        return _help_of_all()
    return _help_of_program() if command == UI else _help_of(command)


def _help_of_program() -> str:
    """The short help: examples, commands, keys, and where to read on."""
    return "\n".join(
        (
            _filled(_(ABOUT)),
            "".join(_usage_lines(synopses_of(UI))),
            _examples(UI),
            _titled(_("Commands"), _rows(COMMANDS.items())),
            _titled(_("Keys on the screen"), _rows(KEYS)),
            _titled(_("Read on"), _rows((f"goneaway-tui {words}", text) for words, text in READ_ON)),
        )
    )


def _help_of(command: str) -> str:
    """The help of one command: its purpose, examples and options. The options that all share are only named."""
    parts = [
        _filled(_("{command}: {what}.", command=f"goneaway-tui {command}", what=_(COMMANDS[command]))),
        _examples(command),
        "".join(_usage_lines(synopses_of(command))),
    ]
    for title, options in option_groups(command):
        if title in _ONLY_NAMED:
            names = " ".join(option.flags[0] for option in options)
            parts.append(_titled(_(title), (_filled(names, "  ", "  "),)))
        else:
            parts.append(_titled(_(title), (_columns(*option_help(option, command)) for option in options)))
    pages = " ".join(f"goneaway-tui\xa0docs\xa0{page}" for page in pages_of(command))
    parts.append(
        _filled(
            _(
                "Read on: {pages}. goneaway-tui --help all explains every option.",
                pages=pages.replace(" ", ", "),
            )
        )
    )
    return "\n".join(parts)


def pages_of(command: str) -> tuple[str, ...]:
    """The pages of documentation about a command."""
    pages = (PAGE_OF.get(command, "index"), *(("connecting",) if command in CONNECTED else ()))
    return tuple(dict.fromkeys(pages))


def option_groups(command: str) -> list[tuple[str, list[Option]]]:
    """The options of a command in titled groups; those first that are most its own. Options without effect are left out."""
    groups: dict[str, list[Option]] = {title: [] for title in (OWN_OPTIONS, *map(str, _SHARED_SECTIONS))}
    for option in sorted(OPTIONS, key=lambda option: len(option.commands)):
        if command in option.commands and command not in _WITHOUT_EFFECT.get(option.name, ()):
            is_shared = option.section in _SHARED_SECTIONS
            groups[str(option.section) if is_shared else OWN_OPTIONS].append(option)
    return [(title, options) for title, options in groups.items() if options]


def synopses_of(command: str) -> tuple[str, ...]:
    """The ways to call a command, the program for UI, without the name of the program."""
    return tuple(
        text for text in SYNOPSES if command == (text.partition(" ")[0] if text[0].islower() else UI)
    )


def _help_of_all() -> str:
    parts = [_filled(_(ABOUT)), "".join(_usage_lines(SYNOPSES))]
    for section in Section:
        rows = (_columns(*option_help(option)) for option in OPTIONS if option.section is section)
        parts.append(_titled(_(section.value), rows))
    parts.append(_titled(_("Commands"), _rows(COMMANDS.items())))
    parts.append(_titled(_("Information"), (_columns(flags, _(text)) for flags, text in QUESTIONS.items())))
    parts.append("".join(_filled(_(text, place=_("in brackets above"))) for text in SOURCES))
    statuses = (f"{status:>5}  {_(text)}\n" for status, text in STATUSES.items())
    parts.append(_titled(_("Exit status"), statuses))
    return "\n".join(parts)


def _examples(command: str) -> str:
    return _titled(_("Examples"), (f"  {example}\n" for example in EXAMPLES_OF[command]))


def _titled(title: str, lines: Iterable[str]) -> str:
    return _("{title}:", title=title) + "\n" + "".join(lines)


def option_help(option: Option, command: str = "") -> tuple[str, str]:
    """The flags of an option with the name of their value, and its sentence: for one command, or for all."""
    flags = ", ".join(option.flags)
    if option.metavar:
        flags += f"[={option.metavar}]" if option.bare is BareMeaning.ASK else f" {option.metavar}"
    text = option.help_text(command)
    if option.default and not option.is_switch:
        text += _(" Default {value}.", value=option.default)
    if option.env:
        text += f" [{option.env}]"
    return flags, text


def _usage_lines(synopses: Sequence[str]) -> Iterator[str]:
    lead = _("{title}:", title=_("Usage"))
    for index, synopsis in enumerate(synopses):
        start = f"{lead if not index else ' ' * cell_width(lead)} goneaway-tui "
        word = synopsis.partition("[")[0]
        yield _filled(re.sub(_BRACKETS, _unbreakable, synopsis), start, " " * cell_width(start + word))


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Rows in two columns, the first as wide as its widest cell; the second is not translated yet."""
    listed = list(rows)
    width = max(cell_width(name) for name, _text in listed)
    for name, text in listed:
        yield _filled(_(text), f"  {name:<{width}}  ", " " * (width + 4))


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
    if re.fullmatch(_PLAIN, text) and text.isprintable():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    safe = "".join(character if character.isprintable() else "?" for character in escaped)
    return f'"{safe}"'
