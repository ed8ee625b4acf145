"""Reading the arguments, as the `mysql` client reads them.

Our own reader and not argparse, which has no word for `-p[PASSWORD]`: a flag that may have a value glued to
it but never takes the next argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import dsn, later
from goneaway_tui.settings.argv import masked
from goneaway_tui.settings.mention import FLAG_NAMES, Mention, Rank, canonical
from goneaway_tui.settings.options import COMMANDS, EXPLAIN, OPTIONS, UI, Bare
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
    """Weakest first: what the DSN says, then the flags in their order."""
    question: Question | None = None
    files: tuple[str, ...] = ()
    """What `explain` is to read."""


QUESTIONS = {flag: question for question in Question for flag in question.value}
_LONG_FLAGS = [option.flag for option in OPTIONS] + [flag for flag in QUESTIONS if flag.startswith("--")]
_SHORT = {option.flags[0]: option for option in OPTIONS if len(option.flags[0]) == 2}


def command_line(argv: Sequence[str]) -> CommandLine:
    """What the arguments say. `--help` and `--version` answer at once, whatever follows.

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
                return CommandLine(question=question)
        else:
            flags.append(_flag(word, left))
            asked = flags[-1].option.bare is Bare.ASK and flags[-1].text is None
    command, source, files = _command_and_dsn(words)
    from_dsn = [] if source is None else dsn.mentions(source)
    return CommandLine(command, (*from_dsn, *flags), question, files)


def _flag(word: str, left: deque[str]) -> Mention:
    """The flag `word`, with its value taken off `left` if it needs one and has none glued on."""
    text: str | None
    if word.startswith("--"):
        name, equals, glued = word[2:].partition("=")
        option, meant = FLAG_NAMES.get(canonical(name), (None, None))
        text = meant or (glued if equals else None)
    else:
        option, text = _SHORT.get(word[:2]), word[2:] or None
    if option is None:
        raise _unknown(word)
    if text is None and option.bare is Bare.REFUSED:
        if not left or (left[0].startswith("-") and left[0] != "-"):
            hint = f"write {option.flag}={option.metavar}"
            raise SettingsError(
                f"{word[:2] if word in option.flags[:-1] else option.flag} needs a value",
                f"{hint}, or --help for help" if word == "-h" else hint,
            )
        text = left.popleft()
    return Mention(option, text, option.flag, Rank.FLAG)


def _command_and_dsn(words: Sequence[tuple[str, bool]]) -> tuple[str, str | None, tuple[str, ...]]:
    command, source = UI, None
    files: list[str] = []
    for word, after_password in words:
        if dsn.is_dsn(word):
            if source is not None:
                raise later.not_yet(later.SEVERAL)
            source = word
        elif command == EXPLAIN and not after_password:
            files.append(word)
        elif word in later.COMMANDS:
            raise later.not_yet(word)
        elif word in COMMANDS:
            if command != UI:
                raise SettingsError(f"two commands, {command} and {word}", "give one")
            command = word
        elif after_password:
            raise SettingsError(
                "the word after -p is not taken for the password, as in the mysql client",
                "glue it to the flag, or leave -p alone to be asked",
            )
        elif word.startswith("@"):
            raise later.not_yet(later.PROFILE)
        else:
            raise _unexpected(word)
    return command, source, tuple(files)


def _unknown(word: str) -> SettingsError:
    if not word.startswith("--"):
        return SettingsError(f"there is no flag {shown(word[:2])}", "see --help")
    flag = canonical(word.partition("=")[0])
    if flag in later.FLAGS:
        return later.not_yet(flag)
    near = _nearest(flag, _LONG_FLAGS)
    return SettingsError(
        f"there is no flag {shown(masked(flag))}", f"did you mean {near}?" if near else "see --help"
    )


def _unexpected(word: str) -> SettingsError:
    near = _nearest(word, COMMANDS)
    hint = f"did you mean {near}?" if near else "-h HOST names a server, -D NAME a database"
    return SettingsError(f"there is no command {shown(masked(word))}", hint)


def _nearest(word: str, known: Collection[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(word[:40], known, 1, cutoff=0.7)), "")
