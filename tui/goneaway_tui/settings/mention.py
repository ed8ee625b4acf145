"""One option named once, somewhere; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from goneaway_tui.settings.options import OPTIONS, Option


class Rank(IntEnum):
    """Kinds of origin, weakest first: the highest that says something decides."""

    DEFAULT = 0
    OPTION_FILE = 1
    ENVIRONMENT = 2
    DSN = 3
    FLAG = 4


@dataclass(frozen=True, slots=True)
class Mention:
    option: Option
    text: str | None = field(repr=False)
    """As written; None where the option was named without a value."""
    origin: str
    rank: Rank


@dataclass(frozen=True, slots=True)
class Found:
    """What was decided for one option, and who decided."""

    value: Any
    """Of the kind the option's row reads."""
    origin: str
    rank: Rank


def _names(of: str) -> dict[str, tuple[Option, str | None]]:
    """Options by each long name they answer to, with the text that name stands for, if it does."""
    names: dict[str, tuple[Option, str | None]] = {}
    for option in OPTIONS:
        name = option.key if of == "key" else option.flag.removeprefix("--")
        if name:
            names[name] = option, None
        if name and option.key and option.is_switch:
            names[f"skip-{name}"] = names[f"disable-{name}"] = option, "0"
    return names


FLAG_NAMES = _names("flag")
KEY_NAMES = _names("key")
BY_NAME = {option.name: option for option in OPTIONS}


def canonical(name: str) -> str:
    """`_` is `-` in the name of an option, wherever it is written."""
    return name.replace("_", "-")
