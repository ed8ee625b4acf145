"""What a shell has to know to complete our words: flags, what may follow each, commands and theirs. It is English everywhere.

It is read off the table of options; how it is said to a shell is that shell's module. What a script cannot know, the names
in the config file, it asks of `goneaway-tui config servers` when they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Final

from goneaway_tui.doctor.answers import FORMATS as EXPLANATIONS
from goneaway_tui.language import LANGUAGES
from goneaway_tui.settings.answers import QUESTIONS
from goneaway_tui.settings.options import COMMANDS, EXPLAIN, FORMATS, OPTIONS, RUNS, UI, Bare, Option
from goneaway_tui.settings.settings import SslMode, Transport


class Kind(Enum):
    """What follows a flag."""

    NOTHING = "nothing that may stand apart"
    ANYTHING = "a value nobody can guess"
    FILE = "a file"
    HOST = "a machine"
    PROGRAM = "a command"
    GROUP = "a group of the config file"
    WORD = "one of the words beside it"


KINDS: Mapping[str, Kind] = {
    "FILE": Kind.FILE,
    "HOST": Kind.HOST,
    "[USER@]HOST": Kind.HOST,
    "COMMAND": Kind.PROGRAM,
}
"""By what `--help` calls the value."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "format": tuple(FORMATS),
    "ssl_mode": tuple(SslMode),
    "protocol": tuple(Transport),
    "lang": tuple(LANGUAGES),
}
"""Options that take one of a few words, by their field."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag as a shell sees it."""

    names: tuple[str, ...]
    help: str
    commands: tuple[str, ...]
    kind: Kind = Kind.NOTHING
    metavar: str = ""
    words: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Without its dash; empty where there is none."""
        return self.names[0][1:] if len(self.names) > 1 else ""

    @property
    def long(self) -> str:
        """Without its dashes."""
        return self.names[-1].removeprefix("--")

    @property
    def takes_next(self) -> bool:
        """Whether the next word is its value where none is glued to it."""
        return self.kind is not Kind.NOTHING


def flags() -> Iterator[Flag]:
    """Every flag. One may come twice, for different commands."""
    for option in OPTIONS:
        yield from _of(option)
    for names, text in QUESTIONS.items():
        yield Flag(tuple(names.split(", ")), text, RUNS if "--print-defaults" in names else (UI, *COMMANDS))


def _of(option: Option) -> Iterator[Flag]:
    if option.name == "format":
        others = tuple(command for command in option.commands if command != EXPLAIN)
        yield Flag(option.flags, option.english, others, Kind.WORD, option.metavar, WORDS["format"])
        yield Flag(option.flags, option.english, (EXPLAIN,), Kind.WORD, option.metavar, tuple(EXPLANATIONS))
        return
    words = WORDS.get(option.name, ())
    kind = Kind.WORD if words else KINDS.get(option.metavar, Kind.ANYTHING)
    if option.name == "group":
        kind = Kind.GROUP
    if option.bare is not Bare.REFUSED:
        kind = Kind.NOTHING
    yield Flag(option.flags, option.english, option.commands, kind, option.metavar, words)


SHELLS: Final = ("bash", "zsh", "fish")


def completion_text(shell: str) -> str:
    """A script for one of SHELLS: to be sourced, or put where that shell looks for such."""
    write: Callable[[], str] = import_module(f"{__name__}.{shell}").script
    return write()
