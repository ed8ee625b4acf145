"""Reading the arguments, as the `mysql` client reads them.

Our own reader and not argparse, which has no word for `-p[PASSWORD]`: a flag that may have a value glued to
it but never takes the next argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise, takewhile

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, language_named, language_of
from goneaway_tui.settings import dsn, later
from goneaway_tui.settings.argv import masked
from goneaway_tui.settings.mention import BY_NAME, FLAG_NAMES, Mention, Rank, canonical, meaning
from goneaway_tui.settings.nearest import did_you_mean
from goneaway_tui.settings.options import ACTIONS, COMMANDS, OPTIONS, READS, REPLAY, UI, Bare
from goneaway_tui.settings.values import shown


class Question(Enum):
    """What can be answered without a run."""

    HELP = ("-?", "--help")
    VERSION = ("-V", "--version")
    DEFAULTS = ("--print-defaults",)


@dataclass(frozen=True, slots=True)
class CommandLine:
    command: str = UI
    mentions: tuple[Mention, ...] = ()
    """What the flags say, in their order."""
    question: Question | None = None
    servers: tuple[str, ...] = ()
    """Names in the config file, each written `@name`."""
    dsns: tuple[tuple[Mention, ...], ...] = ()
    """What each DSN says; every one is a server."""
    action: str = ""
    """The word after a command of `options.ACTIONS`."""
    files: tuple[str, ...] = ()
    """What `explain` or `replay` is to read."""


QUESTIONS = {flag: question for question in Question for flag in question.value}
_LONG_FLAGS = [option.flag for option in OPTIONS] + [flag for flag in QUESTIONS if flag.startswith("--")]
_SHORT = {option.flags[0]: option for option in OPTIONS if len(option.flags[0]) == 2}


def language_asked(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language to complain in while nothing is known yet: by the last `--lang`, its variable, or the locale.

    What names none of ours is passed over here; where it counts, it is complained of when it is read.
    """
    option = BY_NAME["lang"]
    said = [environ.get(option.env, "")]
    for word, following in pairwise((*takewhile("--".__ne__, argv), "")):
        name, equals, glued = word.partition("=")
        if name.startswith("--") and meaning(FLAG_NAMES, canonical(name[2:]), None)[0] is option:
            said.append(glued if equals else following)
    named = (language_named(text.strip()) for text in reversed(said))
    return next(filter(None, named), None) or language_of(environ)


def command_line(argv: Sequence[str]) -> CommandLine:
    """What the arguments say. `--help` and `--version` answer at once, whatever follows; help is about the command named.

    Raises SettingsError, which repeats no password.
    """
    left = deque(argv)
    words: list[tuple[str, bool]] = []
    flags: list[Mention] = []
    question = None
    asked = ended = False
    while left:
        word = left.popleft()
        if ended or word == "-" or not word.startswith("-"):
            words.append((word, asked))
            asked = False
        elif word == "--":
            ended = True
        elif word in QUESTIONS:
            question = QUESTIONS[word]
            if question is not Question.DEFAULTS:
                named = (each for each in (*(said for said, _asked in words), *left) if each in COMMANDS)
                return CommandLine(next(named, UI), question=question)
        else:
            flags.append(_flag(word, left))
            asked = flags[-1].option.bare is Bare.ASK and flags[-1].text is None
    return replace(_words_said(words), mentions=tuple(flags), question=question)


def _flag(word: str, left: deque[str]) -> Mention:
    """The flag `word`, with its value taken off `left` if it needs one and has none glued on."""
    text: str | None
    if word.startswith("--"):
        name, equals, glued = word[2:].partition("=")
        option, text = meaning(FLAG_NAMES, canonical(name), glued if equals else None)
    else:
        option, text = _SHORT.get(word[:2]), word[2:] or None
    if option is None:
        raise _unknown(word)
    if text is None and option.bare is Bare.REFUSED:
        if not left or (left[0].startswith("-") and left[0] != "-"):
            hint = _("write {example}", example=f"{option.flag}={option.metavar}")
            raise SettingsError(
                _("{name} needs a value", name=word[:2] if word in option.flags[:-1] else option.flag),
                _("{hint}, or --help for help", hint=hint) if word == "-h" else hint,
            )
        text = left.popleft()
    return Mention(option, text, option.flag, Rank.FLAG)


def _words_said(words: Sequence[tuple[str, bool]]) -> CommandLine:  # noqa: C901 - one branch a kind of word
    """Command, servers, files and DSNs, in whatever order."""
    command, action = UI, ""
    servers: list[str] = []
    dsns: list[tuple[Mention, ...]] = []
    files: list[str] = []
    for word, after_password in words:
        if dsn.is_dsn(word):
            dsns.append(tuple(dsn.mentions(word)))
        elif command in READS and not after_password and not word.startswith("@"):
            files.append(word)
        elif command in ACTIONS and not action:
            action = _action(command, word)
        elif word in COMMANDS:
            if command != UI:
                raise SettingsError(
                    _("two commands, {one} and {other}", one=command, other=word), _("give one")
                )
            command = word
        elif after_password:
            raise SettingsError(
                _("the word after -p is not taken for the password, as in the mysql client"),
                _("glue it to the flag, or leave -p alone to be asked"),
            )
        elif word.startswith("@"):
            servers.append(word[1:])
        else:
            raise _unexpected(word)
    if command in ACTIONS and not action:
        raise SettingsError(_("{command} needs a word after it", command=command), _one_of(ACTIONS[command]))
    if command == REPLAY and len(files) != 1:
        raise SettingsError(
            _("replay takes one recording"), _("write {example}", example="goneaway-tui replay FILE")
        )
    return CommandLine(command, servers=tuple(servers), dsns=tuple(dsns), action=action, files=tuple(files))


def _action(command: str, word: str) -> str:
    if word not in ACTIONS[command]:
        hint = did_you_mean(word, ACTIONS[command]) or _one_of(ACTIONS[command])
        raise SettingsError(_("{command} has no {word}", command=command, word=shown(masked(word))), hint)
    return word


def _one_of(names: Sequence[str]) -> str:
    return _("it is one of {names}", names=", ".join(names))


def _unknown(word: str) -> SettingsError:
    if word[:2] in later.LEFT_OUT:
        return later.left_out(word[:2])
    if not word.startswith("--"):
        return SettingsError(_("there is no flag {flag}", flag=shown(word[:2])), _("see --help"))
    flag = canonical(word.partition("=")[0])
    if flag in later.LEFT_OUT:
        return later.left_out(flag)
    if flag[2:] in COMMANDS:
        return SettingsError(
            _("there is no flag {flag}", flag=shown(flag)),
            _("write {example}", example=f"goneaway-tui {flag[2:]}"),
        )
    return SettingsError(
        _("there is no flag {flag}", flag=shown(masked(flag))),
        did_you_mean(flag, _LONG_FLAGS) or _("see --help"),
    )


def _unexpected(word: str) -> SettingsError:
    hint = did_you_mean(word, COMMANDS) or _("-h HOST names a server, -D NAME a database")
    return SettingsError(_("there is no command {word}", word=shown(masked(word))), hint)
