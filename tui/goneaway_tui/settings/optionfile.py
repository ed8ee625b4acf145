"""Reading a group of an option file (`my.cnf`) as the clients of MySQL and MariaDB read it.

Pinned by a test against `my_print_defaults`. The lines `!include` and `!includedir` are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.errors import SettingsError

Entry = tuple[str, str | None]
"""An option's name with `-` for `_`, and its value: None where there is no `=`."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", "\\": "\\", '"': '"', "'": "'"}
_BLANK = " \t\r\n\v\f"


def entries(text: str, group: str, name: str) -> Iterator[Entry]:
    """What `group` says, in order, later entries overruling earlier ones.

    Raises SettingsError, with `name` and the line's number and never its text, for what is no option and
    no group.

    >>> list(entries("[client]\\nuser = 'a b' # me\\nssl_ca=x", "client", "my.cnf"))
    [('user', 'a b'), ('ssl-ca', 'x')]
    """
    current: str | None = None
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        bare = line.strip(_BLANK)
        if not bare or bare[0] in "#;!":
            continue
        if bare[0] == "[":
            inner, closing, _ = bare[1:].partition("]")
            if not closing:
                raise SettingsError(f"{name} line {number}: a group without ]", "write it as [client]")
            current = inner.rstrip(_BLANK)
        elif current is None:
            raise SettingsError(f"{name} line {number}: an option before any group", "put [client] above it")
        elif current == group:
            key, equals, value = _uncommented(bare).partition("=")
            if not key.strip(_BLANK):
                raise SettingsError(f"{name} line {number}: a value without a name", "write name=value")
            plain = key.strip(_BLANK).replace("_", "-").removeprefix("loose-")
            yield plain, _unescaped(_unquoted(value.strip(_BLANK))) if equals else None


def _uncommented(line: str) -> str:
    """`line` up to the first `#` that is outside quotes, with or without a blank before it."""
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
