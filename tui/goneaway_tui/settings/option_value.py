"""The value of an option by one origin, the spelling of its name there, and the precedence of origins.

Also the options of the `mysql` client that this program does not support.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings.options import OPTIONS, BareMeaning, Option
from goneaway_tui.settings.values import InvalidValue

UNSUPPORTED: Mapping[str, str] = dict.fromkeys(
    ("--compress", "-C", "--compression-algorithms", "--zstd-compression-level"),
    N_("leave it out: samples are small"),
)
"""Options of the `mysql` client for compression, which this program does not support. An option file may hold them."""

UNSUPPORTED_CHECKS = frozenset({"ssl-capath", "ssl-crl", "ssl-crlpath", "ssl-fp", "ssl-fplist"})
"""Options of an option file for a check of the server that this program does not make; a warning says so."""


def unsupported_error(flag: str) -> SettingsError:
    """The error for a flag of UNSUPPORTED."""
    return SettingsError(
        _("{flag} is not supported: this connection does not compress data", flag=flag), _(UNSUPPORTED[flag])
    )


DEFAULT, LOCALE = N_("default"), N_("locale")
"""The origins of values that the user did not give."""


class OriginRank(IntEnum):
    """Kinds of origin, weakest first. The highest that gives a value wins."""

    DEFAULT = 0
    OPTION_FILE = 1
    CONFIG = 2
    ENVIRONMENT = 3
    DSN = 4
    FLAG = 5

    @property
    def is_deliberate(self) -> bool:
        """Whether the value was given to this program: by flag, DSN or config file."""
        return self >= OriginRank.DSN or self is OriginRank.CONFIG


@dataclass(frozen=True, slots=True)
class OptionValue:
    """The value that one origin gives an option, not yet read."""

    option: Option
    text: str | None = field(repr=False)
    """As written; None where the option is named without a value. It may be a password."""
    origin: str
    rank: OriginRank
    value: object = None
    """The value, where the origin does not write it as text; else None."""

    @property
    def word(self) -> str:
        """The option's name as it is spelled at its origin."""
        return spelled(self.option.word, self.rank)


@dataclass(frozen=True, slots=True)
class ResolvedOption:
    """The value of an option, and the origin that won."""

    value: Any
    """Of the type that the option's reader returns."""
    origin: str
    rank: OriginRank

    def with_value(self, value: object) -> ResolvedOption:
        """Another value, decided by the same origin."""
        return ResolvedOption(value, self.origin, self.rank)


def _names(kind: str) -> dict[str, tuple[Option, str | None]]:
    """The options by each of their long names, with the text that the name implies, as `skip-x` implies 0; else None."""
    names: dict[str, tuple[Option, str | None]] = {}
    for option in OPTIONS:
        name = option.key if kind == "key" else option.flag.removeprefix("--")
        if name:
            names[name] = option, None
        if name and option.key and option.skip_text is not None:
            names[f"skip-{name}"] = names[f"disable-{name}"] = option, option.skip_text
        if name and option.key and option.is_switch:
            names[f"enable-{name}"] = option, "1"
    return names


_OPPOSITE = {"0": "1", "1": "0"}

FoundOption = tuple[Option | None, str | None]

FLAG_NAMES = _names("flag")
KEY_NAMES = _names("key")
BY_NAME = {option.name: option for option in OPTIONS}


def canonical(name: str) -> str:
    """The name of an option with `-` for `_`: both are allowed everywhere."""
    return name.replace("_", "-")


def spelled(word: str, rank: OriginRank) -> str:
    """An option's name as an origin of this rank spells it: with `_` in the config file.

    >>> spelled("watch-below", OriginRank.CONFIG), spelled("watch-below", OriginRank.FLAG)
    ('watch_below', 'watch-below')
    """
    return word.replace("-", "_") if rank is OriginRank.CONFIG else word


def find_option(names: Mapping[str, tuple[Option, str | None]], name: str, text: str | None) -> FoundOption:
    """The option of a name, and its text; a `loose-` before the name is ignored.

    The option is None for an unknown name. `skip-x=0` switches x on, as in the clients.
    """
    option, fixed_text = names.get(name.removeprefix("loose-"), (None, None))
    if fixed_text is not None:
        text = _OPPOSITE.get(fixed_text, fixed_text) if text == "0" else fixed_text
    return option, text


def resolved_option(option_value: OptionValue) -> ResolvedOption:
    """Read the text of an option. Raises SettingsError, which does not repeat the text of a DSN: it may be part of a
    password.
    """
    option = option_value.option
    has_line = option_value.rank in {OriginRank.OPTION_FILE, OriginRank.CONFIG, OriginRank.DSN}
    if option_value.value is not None:
        return ResolvedOption(option_value.value, option_value.origin, option_value.rank)
    if option_value.text is None:
        if option.bare is BareMeaning.REFUSED:
            raise SettingsError(
                _("{name} needs a value", name=option_value.word if has_line else option_value.origin),
                _("write {example}", example=f"{option_value.word}={option.metavar}"),
                option_value.origin if has_line else "",
            )
        return ResolvedOption(option.bare, option_value.origin, option_value.rank)
    try:
        return ResolvedOption(option.read(option_value.text), option_value.origin, option_value.rank)
    except InvalidValue as error:
        what = error.what if option_value.rank is OriginRank.DSN else str(error)
        what = _("{place}: {what}", place=option_value.word, what=what) if has_line else what
        raise SettingsError(what, error.hint, option_value.origin) from None
