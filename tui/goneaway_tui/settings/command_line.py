"""The command line: flags, the command and its words, names of servers, and DSNs
(`mysql://user:password@host:port/db?ssl-mode=...`).

No error repeats any part of a DSN: where a DSN is malformed, any part of it may be a piece of the password.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise, takewhile

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import N_, _, language_named, language_of
from goneaway_tui.settings.option_value import (
    BY_NAME,
    FLAG_NAMES,
    KEY_NAMES,
    UNSUPPORTED,
    OptionValue,
    OriginRank,
    canonical,
    find_option,
    unsupported_error,
)
from goneaway_tui.settings.options import (
    ACTIONS,
    ALL,
    COMMANDS,
    DOCS,
    FILE_COMMANDS,
    OPTIONAL_ACTIONS,
    OPTIONS,
    PAGE_OF,
    PAGES,
    REPLAY,
    UI,
    BareMeaning,
)
from goneaway_tui.settings.secrets import mask_secret
from goneaway_tui.settings.values import choose_one_of, shown
from goneaway_tui.text.format import did_you_mean

ORIGIN = "DSN"

FLAG_HINTS: Mapping[str, str] = {"--dry-run": N_("without --apply, kill only lists the sessions")}
"""What to do instead, by flags that other tools have and this program needs not."""

SCHEMES = ("mysql", "mariadb")

_FORM = N_("write mysql://user:password@host:port/database")
_ESCAPING = N_("in a user or password write %40 for @, %2F for /, %3F for ?, %23 for #")
_DSN_PARTS = ("host", "port", "user", "password", "database")
"""Options with a place of their own in a DSN. Other options of the connection go into its query."""

QUERY_KEYS = tuple(
    key for key, (option, _text) in KEY_NAMES.items() if option.name not in _DSN_PARTS and key == option.key
)


def is_dsn(text: str) -> bool:
    """Whether a word of the command line is a DSN."""
    return "://" in text


def option_values_in(text: str) -> list[OptionValue]:
    """The options that a DSN sets, in its order. An empty part sets nothing. Raises SettingsError."""
    scheme, _colon, rest = text.partition("://")
    if scheme.lower() not in SCHEMES:
        scheme_known = _(" or ").join(f"{scheme_known}://" for scheme_known in SCHEMES)
        raise SettingsError(
            _("the DSN's scheme is not known"), _("a DSN begins with {schemes}", schemes=scheme_known)
        )
    authority, slash, tail = rest.partition("/")
    if not slash or "?" in authority:
        authority, mark, query = rest.partition("?")
        database = ""
    else:
        database, mark, query = tail.partition("?")
    if "#" in rest or "@" in database + query:
        raise SettingsError(_("the DSN has # in it, or @ after the host"), _(_ESCAPING))
    credentials, _at, address = authority.rpartition("@")
    user, colon, password = credentials.partition(":")
    host, port = _address(address)
    parts = {"user": user, "host": host, "port": port, "database": database}
    option_values = [_dsn_option(name, part) for name, part in parts.items() if part]
    if colon:
        option_values.append(_dsn_option("password", password))
    return option_values + [_from_query(item) for item in query.split("&") if mark and item]


def _address(text: str) -> tuple[str, str]:
    """Split the host from the port, both as written; an IPv6 address loses its brackets."""
    if text.startswith("["):
        host, bracket, after_bracket = text[1:].partition("]")
        colon, port = after_bracket[:1], after_bracket[1:]
        malformed = not bracket or colon not in {"", ":"}
    else:
        host, _colon, port = text.partition(":")
        malformed = ":" in port
    if malformed:
        raise SettingsError(
            _("the DSN's host is malformed"), _("write an IPv6 address in brackets, as in [::1]:3306")
        )
    if port and not (port.isascii() and port.isdecimal()):
        raise SettingsError(
            _("the DSN's port is not a number"), _("{what}; {hint}", what=_(_FORM), hint=_(_ESCAPING))
        )
    return host, port


def _from_query(item: str) -> OptionValue:
    key, equals, value = item.partition("=")
    option, text = find_option(
        KEY_NAMES, canonical(_decoded(key)).lower(), _decoded(value) if equals else None
    )
    if option is None or option.name in _DSN_PARTS:
        raise SettingsError(
            _("unknown key in the DSN's query"),
            _("the keys are {names}", names=", ".join(QUERY_KEYS)),
        )
    return OptionValue(option, text, ORIGIN, OriginRank.DSN)


def _dsn_option(name: str, text: str) -> OptionValue:
    return OptionValue(BY_NAME[name], _decoded(text), ORIGIN, OriginRank.DSN)


def _decoded(text: str) -> str:
    from urllib.parse import unquote

    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise SettingsError(_("the percent codes in the DSN are not valid UTF-8"), _(_ESCAPING)) from None


class InfoRequest(Enum):
    """A flag that asks for information and runs no command."""

    HELP = ("-?", "--help")
    VERSION = ("-V", "--version")
    DEFAULTS = ("--print-defaults",)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A parsed command line. The texts of the options are not read into values yet."""

    command: str = UI
    option_values: tuple[OptionValue, ...] = ()
    """The options of the flags, in their order."""
    question: InfoRequest | None = None
    servers: tuple[str, ...] = ()
    """Names in the config file, each written as `@name`."""
    dsns: tuple[tuple[OptionValue, ...], ...] = ()
    """The options of each DSN. Each DSN is a server."""
    action: str = ""
    """The word after a command of `options.ACTIONS`."""
    files: tuple[str, ...] = ()
    """The files that `explain`, `advise` or `replay` is to read."""


QUESTIONS = {flag: question for question in InfoRequest for flag in question.value}
_LONG_FLAGS = [option.flag for option in OPTIONS] + [flag for flag in QUESTIONS if flag.startswith("--")]
_SHORT = {option.flags[0]: option for option in OPTIONS if len(option.flags[0]) == 2}


def language_asked(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language of errors before the settings are read: by the last `--lang`, its variable, or the locale.

    An unknown language is ignored here; it is an error when the option is read.
    """
    option = BY_NAME["lang"]
    texts = [environ.get(option.env, "")]
    for word, next_word in pairwise((*takewhile("--".__ne__, argv), "")):
        name, equals, attached = word.partition("=")
        if name.startswith("--") and find_option(FLAG_NAMES, canonical(name[2:]), None)[0] is option:
            texts.append(attached if equals else next_word)
    languages = (language_named(text.strip()) for text in reversed(texts))
    return next(filter(None, languages), None) or language_of(environ)


def parse_command_line(argv: Sequence[str]) -> CommandLine:
    """Parse the arguments. `--help` and `--version` end the parsing; the command of the help may stand
    before or after the flag.

    Raises SettingsError, which repeats no password.
    """
    remaining = deque(argv)
    words: list[tuple[str, bool]] = []
    flags: list[OptionValue] = []
    question = None
    after_password = flags_ended = False
    while remaining:
        word = remaining.popleft()
        if flags_ended or word == "-" or not word.startswith("-"):
            words.append((word, after_password))
            after_password = False
        elif word == "--":
            flags_ended = True
        elif word in QUESTIONS:
            question = QUESTIONS[word]
            if question is not InfoRequest.DEFAULTS:
                commands = (
                    candidate
                    for candidate in (*(text for text, _after_password in words), *remaining)
                    if candidate in COMMANDS or candidate == ALL
                )
                return CommandLine(next(commands, UI), question=question)
        else:
            flags.append(_flag(word, remaining))
            after_password = flags[-1].option.bare is BareMeaning.ASK and flags[-1].text is None
    return replace(_classified_words(words), option_values=tuple(flags), question=question)


def _flag(word: str, remaining: deque[str]) -> OptionValue:
    """Read the flag `word`. Its value is attached, or the next word, which is then taken from `remaining`."""
    text: str | None
    if word.startswith("--"):
        name, equals, attached = word[2:].partition("=")
        option, text = find_option(FLAG_NAMES, canonical(name), attached if equals else None)
    else:
        option, text = _SHORT.get(word[:2]), word[2:] or None
    if option is None:
        raise _unknown(word)
    if text is None and option.bare is BareMeaning.REFUSED:
        if not remaining or (remaining[0].startswith("-") and remaining[0] != "-"):
            hint = _("write {example}", example=f"{option.flag}={option.metavar}")
            raise SettingsError(
                _("{name} needs a value", name=word[:2] if word in option.flags[:-1] else option.flag),
                _("{hint}, or --help for help", hint=hint) if word == "-h" else hint,
            )
        text = remaining.popleft()
    return OptionValue(option, text, option.flag, OriginRank.FLAG)


def _classified_words(words: Sequence[tuple[str, bool]]) -> CommandLine:  # noqa: C901 - one branch a kind of word
    """Classify the words that are no flags as command, action, server, file or DSN, in any order."""
    command, action = UI, ""
    servers: list[str] = []
    dsns: list[tuple[OptionValue, ...]] = []
    files: list[str] = []
    for word, after_password in words:
        if is_dsn(word):
            dsns.append(tuple(option_values_in(word)))
        elif command in FILE_COMMANDS and not after_password and not word.startswith("@"):
            files.append(word)
        elif command in ACTIONS and not action:
            action = _action(command, word)
        elif word in COMMANDS:
            if command != UI:
                raise SettingsError(
                    _("two commands are given, {one} and {other}", one=command, other=word),
                    _("give only one command"),
                )
            command = word
        elif after_password:
            raise SettingsError(
                _("the word after -p is not read as the password, as in the mysql client"),
                _("write -pPASSWORD without a space, or -p alone for a prompt"),
            )
        elif word.startswith("@"):
            servers.append(word[1:])
        else:
            raise _unexpected(word)
    if command in ACTIONS and not action and command not in OPTIONAL_ACTIONS:
        raise SettingsError(
            _("{command} needs an argument", command=command), choose_one_of(ACTIONS[command])
        )
    if command == REPLAY and len(files) != 1:
        raise SettingsError(
            _("replay takes one recording"), _("write {example}", example="goneaway-tui replay FILE")
        )
    return CommandLine(command, servers=tuple(servers), dsns=tuple(dsns), action=action, files=tuple(files))


def _action(command: str, word: str) -> str:
    if word in ACTIONS[command]:
        return word
    named = shown(mask_secret(word))
    if command == DOCS:
        raise SettingsError(_("no page of documentation is called {word}", word=named), _page_hint(word))
    hint = did_you_mean(word, ACTIONS[command]) or choose_one_of(ACTIONS[command])
    raise SettingsError(_("{command} does not take {word}", command=command, word=named), hint)


def _page_hint(word: str) -> str:
    """The page about the command of that name, else the pages with similar names."""
    if word in PAGE_OF:
        return _("did you mean {word}?", word=PAGE_OF[word])
    return did_you_mean(word, PAGES, 3) or _("goneaway-tui docs lists the pages")


def _unknown(word: str) -> SettingsError:
    if word[:2] in UNSUPPORTED:
        return unsupported_error(word[:2])
    if not word.startswith("--"):
        return SettingsError(_("there is no flag {flag}", flag=shown(word[:2])), _("see --help"))
    flag = canonical(word.partition("=")[0])
    if flag in UNSUPPORTED:
        return unsupported_error(flag)
    if flag[2:] in COMMANDS:
        return SettingsError(
            _("there is no flag {flag}", flag=shown(flag)),
            _("write {example}", example=f"goneaway-tui {flag[2:]}"),
        )
    return SettingsError(
        _("there is no flag {flag}", flag=shown(mask_secret(flag))),
        _(FLAG_HINTS[flag]) if flag in FLAG_HINTS else did_you_mean(flag, _LONG_FLAGS) or _("see --help"),
    )


def _unexpected(word: str) -> SettingsError:
    hint = did_you_mean(word, COMMANDS) or _("use -h HOST for a server, -D NAME for a database")
    return SettingsError(_("there is no command {word}", word=shown(mask_secret(word))), hint)
