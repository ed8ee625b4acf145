"""Writing TOML: the little of it that a server's table needs, since Python reads TOML and does not write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Value = str | bool | int | Sequence[str]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}


def toml_table(path: Sequence[str], values: Mapping[str, Value]) -> str:
    """A table under its heading.

    >>> print(toml_table(("servers", "db.1"), {"host": "db1", "port": 3307}), end="")
    [servers."db.1"]
    host = "db1"
    port = 3307
    """
    heading = ".".join(map(toml_key, path))
    return f"[{heading}]\n" + "".join(
        f"{toml_key(name)} = {toml_value(value)}\n" for name, value in values.items()
    )


def toml_key(name: str) -> str:
    return name if _BARE.fullmatch(name) else quoted(name)


def toml_value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    return "[" + ", ".join(map(quoted, value)) + "]"


def quoted(text: str) -> str:
    """A basic string on one line. Half a character, which no TOML file can hold, stays what it is.

    >>> print(quoted('a "b"'))
    "a \\"b\\""
    """
    return '"' + "".join(_ESCAPES.get(each) or _escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    """Control characters may not stand in a string."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x20 or code == 0x7F else character
