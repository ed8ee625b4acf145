"""The grammar of an option file (`my.cnf`), as the clients of MySQL and MariaDB read it.

Pinned by tests against both clients. Which files are read, and in which order, is `optionfiles`' to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _

LONGEST_LINE = 4095
"""Bytes. The clients take what a line has beyond them for a line of its own (`char buff[4096]`); we refuse it."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", "\\": "\\", '"': '"', "'": "'"}
_BLANK = " \t\r\n\v\f"


@dataclass(frozen=True, slots=True)
class Entry:
    """One option in one group."""

    group: str
    """In lower case: the clients find `[CLIENT]` where `[client]` is looked for."""
    key: str
    """With `-` for `_`."""
    value: str | None = field(repr=False)
    """None where there is no `=`."""
    line: int


@dataclass(frozen=True, slots=True)
class Include:
    """`!include FILE` or `!includedir FOLDER`: to be read before what follows it."""

    path: str
    is_folder: bool
    line: int


def parse(text: str, name: str) -> Iterator[Entry | Include]:
    """What a file says, in order, later entries overruling earlier ones.

    Raises SettingsError, with `name` and the line's number and never its text, for what is no option, no group
    and no inclusion; what stands before it has been yielded by then.

    >>> [(each.key, each.value) for each in parse("[client]\\nuser = 'a b' # me\\nssl_ca=x", "my.cnf")]
    [('user', 'a b'), ('ssl-ca', 'x')]
    """
    group: str | None = None
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        bare = line.partition("\0")[0].strip(_BLANK)
        if not bare or bare[0] in "#;":
            continue
        place = _("{file} line {line}", file=name, line=number)
        if len(bare) > LONGEST_LINE // 4 and len(bare.encode("utf-8", "surrogateescape")) > LONGEST_LINE:
            raise SettingsError(
                _("longer than {number} bytes, which the clients cut in two", number=LONGEST_LINE),
                _("make it shorter"),
                place,
            )
        if bare[0] == "!":
            yield from _inclusion(bare[1:].lstrip(_BLANK), place, number)
        elif bare[0] == "[":
            inner, closing, _rest = bare[1:].partition("]")
            if not closing:
                raise SettingsError(_("a group without ]"), _("write it as [client]"), place)
            group = inner.rstrip(_BLANK).lower()
        elif group is None:
            raise SettingsError(_("an option before any group"), _("put [client] above it"), place)
        else:
            yield _entry(group, bare, place, number)


def _inclusion(directive: str, place: str, number: int) -> Iterator[Include]:
    """Nothing for a word that is not known: the clients pass over it."""
    word = directive.split(maxsplit=1)[0] if directive else ""
    if word in {"include", "includedir"}:
        path = directive[len(word) :].partition("#")[0].strip(_BLANK)
        if not path:
            raise SettingsError(
                _("{name} without a name", name=f"!{word}"),
                _("write {example}", example=f"!{word} /etc/mysql/..."),
                place,
            )
        yield Include(path, word == "includedir", number)


def _entry(group: str, bare: str, place: str, number: int) -> Entry:
    key, equals, value = _uncommented(bare).partition("=")
    if not key.strip(_BLANK):
        raise SettingsError(_("a value without a name"), _("write {example}", example="name=value"), place)
    plain = key.strip(_BLANK).replace("_", "-")
    return Entry(group, plain, _unescaped(_unquoted(value.strip(_BLANK))) if equals else None, number)


def _uncommented(line: str) -> str:
    """`line` up to the first `#` that is outside quotes, with or without a blank before it."""
    if "#" not in line:
        return line
    quote, escaped = "", False
    for position, character in enumerate(line):
        if character in "'\"" and not escaped:
            quote = "" if quote == character else quote or character
        if character == "#" and not quote:
            return line[:position]
        escaped = bool(quote) and character == "\\" and not escaped
    return line


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] in "'\"" and value[0] == value[-1]:
        return value[1:-1]
    return value


def _unescaped(value: str) -> str:
    """`value` with its escapes resolved; a backslash before anything else stands for itself."""
    if "\\" not in value:
        return value
    out: list[str] = []
    characters = iter(value)
    for character in characters:
        if character != "\\":
            out.append(character)
            continue
        following = next(characters, "")
        out.append(_ESCAPES.get(following, "\\" + following))
    return "".join(out)
