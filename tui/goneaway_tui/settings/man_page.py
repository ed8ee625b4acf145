"""The manual pages, one a command, in the macros of man(7), from the same tables as `--help`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from goneaway_tui.export import schema_text
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.help import (
    ABOUT,
    EXAMPLES_OF,
    KEYS,
    QUESTIONS,
    SOURCES,
    STATUSES,
    option_groups,
    option_help,
    pages_of,
    synopses_of,
)
from goneaway_tui.settings.options import (
    ACTIONS,
    COMMANDS,
    COMPLETION,
    MANUAL,
    OPTIONAL_ACTIONS,
    RUNS,
    SCHEMA,
    UI,
)
from goneaway_tui.text.width import pieces

NAME = N_("see every MySQL or MariaDB session beside the limit that will close it")

FILES = {
    "~/.config/goneaway-tui/config.toml": N_(
        "The config file: common options, servers by name, groups, keys."
        " goneaway-tui config path says where it is, config init writes one that explains itself."
    ),
    "/etc/my.cnf, /etc/mysql/my.cnf, $MYSQL_HOME/my.cnf, ~/.my.cnf": N_(
        "The option files of the mysql client."
    ),
    "~/.mylogin.cnf": N_("The login paths of mysql_config_editor."),
    "~/.local/state/goneaway-tui/journal.jsonl": N_(
        "The journal: every change made with this tool, and the statement that undoes it."
    ),
}
"""The files of the section FILES, as they are on Linux."""

_FLAG = re.compile(r"(?<![\w-])-{1,2}[a-zA-Z][\w-]*", re.ASCII)
_META = re.compile(r"[A-Z@]{2,}")


def manual_text(command: str = UI) -> str:
    """The page of a command, of the program for UI, for `man -l -`: in English only ASCII, else UTF-8."""
    return "\n".join(_lines(command)) + "\n"


def _lines(command: str) -> Iterator[str]:
    yield from _head(command)
    yield from _description(command)
    if command == UI:
        yield from _section(_("KEYS"), ((keys, _sentence(_(text))) for keys, text in KEYS))
    yield from _options(command)
    statuses = ((str(int(status)), _sentence(_(text))) for status, text in STATUSES.items())
    yield from _section(_("EXIT STATUS"), statuses)
    if command == UI:
        yield from _section(_("FILES"), ((name, _(text)) for name, text in FILES.items()))
    yield from (_titled(_("EXAMPLES")), ".nf", *map(_escaped, EXAMPLES_OF[command]), ".fi")
    yield from _see_also(command)


def page_name(command: str) -> str:
    """The name of the page of a command: `goneaway-tui-snapshot`."""
    return "goneaway-tui" if command == UI else f"goneaway-tui-{command}"


def _head(command: str) -> Iterator[str]:
    """The head of the page and the ways to call the command."""
    chapter, what = _("User Commands"), _(NAME if command == UI else COMMANDS[command])
    yield from (
        f'.TH {page_name(command).upper()} 1 "" goneaway-tui "{chapter}"',
        f'.\\" Made by: {" ".join(("goneaway-tui manual", *([command] if command != UI else [])))}',
        _titled(_("NAME")),
        f"{_escaped(page_name(command))} \\- {_bold_flags(what)}",
        _titled(_("SYNOPSIS")),
        ".nh",
        ".ad l",
    )
    for synopsis in synopses_of(command):
        yield from (".HP 4", f"\\fBgoneaway\\-tui\\fR {_synopsis(synopsis)}")
    yield from (".hy", ".ad b")


def _description(command: str) -> Iterator[str]:
    """What the command does; on the page of the program also the other commands, and where values come from."""
    yield _titled(_("DESCRIPTION"))
    if command != UI:
        yield _bold_flags(_sentence(_(COMMANDS[command])))
        return
    yield _breakable(_escaped(_(ABOUT)))
    for paragraph in SOURCES:
        yield from (".PP", _bold_flags(_(paragraph, place=_("in brackets below"))))
    yield _titled(_("COMMANDS"))
    for name, text in COMMANDS.items():
        words = "" if name in OPTIONAL_ACTIONS else "|".join(ACTIONS.get(name, ()))
        yield from _item(f"\\fB{name}\\fR {words}".rstrip(), _bold_flags(_sentence(_(text))))


def _options(command: str) -> Iterator[str]:
    yield _titled(_("OPTIONS"))
    for title, options in option_groups(command):
        yield _titled(_(title), ".SS")
        for option in options:
            flags, text = option_help(option, command)
            yield from _item(_flags(flags), _bold_flags(text))
    yield _titled(_("Information"), ".SS")
    for flags, text in QUESTIONS.items():
        if command in RUNS or "--print-defaults" not in flags:
            yield from _item(_flags(flags), _bold_flags(_(text)))


def _see_also(command: str) -> Iterator[str]:
    pages = [page_name(other) for other in (UI, *COMMANDS) if other != command]
    listed = pages if command == UI else pages[:1]
    yield _titled(_("SEE ALSO"))
    yield from (f".BR {_escaped(page)} (1)," for page in listed)
    yield from (".BR mysql (1),", ".BR mariadb (1)")
    for page in pages_of(command):
        yield from (".br", _bold_flags(f"goneaway-tui docs {page}"))


def _titled(title: str, macro: str = ".SH") -> str:
    return f"{macro} {title}"


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield _titled(title)
    for term, text in rows:
        yield from _item(_escaped(term), _bold_flags(text))


def _sentence(text: str) -> str:
    return _("{sentence}.", sentence=text[:1].upper() + text[1:])


def _item(term: str, text: str) -> tuple[str, ...]:
    return ".TP", term, text


def _synopsis(text: str) -> str:
    """A synopsis with the command bold and the words to be replaced in italics."""
    word, _blank, rest = text.partition(" ") if text[0].islower() else ("", "", text)
    return " ".join(filter(None, (word and f"\\fB{word}\\fR", _values(rest))))


def _flags(text: str) -> str:
    """Flags in bold, with the name of their value in italics."""
    flags, value = re.fullmatch(r"(.*?)((?:\[=| )\[?[A-Z].*)?", text).groups("")  # type: ignore[union-attr]
    bold = ", ".join(f"\\fB{_escaped(flag)}\\fR" for flag in flags.split(", "))
    return bold + _values(value)


def _values(text: str) -> str:
    return _META.sub(lambda match: f"\\fI{match[0]}\\fR", _escaped(text))


def _bold_flags(text: str) -> str:
    """A sentence with its flags bold."""
    bold = _FLAG.sub(lambda match: f"\\fB{match[0]}\\fR", _escaped(text, dash="-")).replace("-", "\\-")
    return _breakable(bold)


def _breakable(text: str) -> str:
    """`text` with a place to break the line wherever letters are written without spaces: roff finds none there itself."""
    broken, before = "", " "
    for piece in pieces(text):
        broken += piece if before.isspace() or piece.isspace() else f"\\:{piece}"
        before = piece
    return broken


def _escaped(text: str, dash: str = "\\-") -> str:
    """`text` in which roff finds no macro and no escape."""
    escaped = text.replace("\\", "\\e").replace("-", dash).replace("~", "\\(ti").replace("^", "\\(ha")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


DOCUMENTS: Mapping[str, Callable[[str], str]] = {
    SCHEMA: schema_text,
    COMPLETION: completion_text,
    MANUAL: lambda word: manual_text(word or UI),
}
"""The text that each command prints, made from the word after the command."""
