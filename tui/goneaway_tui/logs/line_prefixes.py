"""What stands before a program's own lines: journals, containers and their keepers put it there, on every line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"

WRAPPERS: Final = (
    re.compile(
        rf"(?P<stamp>[A-Z][a-z]{{2}} [ \d]\d {_CLOCK}|\d{{4}}-\d\d-\d\dT{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?) "
        r"(?P<who>[\w.-]{1,80} [\w./@-]{1,80}(?:\[\d{1,10}\])?): ?"
    ),
    re.compile(rf"(?P<stamp>\d{{4}}-\d\d-\d\dT{_CLOCK}(?:Z|[+-]\d\d:\d\d)) (?P<who>stdout|stderr) [FP] "),
    re.compile(r"(?P<who>[\w.-]{1,64}) *\| ?(?P<stamp>)"),
)
"""Syslog and the journal; containerd; docker compose."""


@dataclass(frozen=True, slots=True)
class UnwrappedLine:
    """A line without what was put before it."""

    who: str
    """Whose line it is, as the wrapper names them."""
    stamp: str
    """The wrapper's own, empty where it has none."""
    body: str


def unwrap(text: str) -> UnwrappedLine | None:
    """None for a line that nobody wrapped.

    >>> unwrap("web-1  | Traceback (most recent call last):").body
    'Traceback (most recent call last):'
    """
    if text.startswith('{"log":"'):
        return _docker(text)
    for wrapper in WRAPPERS:
        found = wrapper.match(text)
        if found:
            return UnwrappedLine(found["who"], found["stamp"], text[found.end() :])
    return None


def _docker(text: str) -> UnwrappedLine | None:
    """Docker's `json-file`, one line an object."""
    try:
        said = json.loads(text)
        return UnwrappedLine(
            str(said.get("stream")), str(said.get("time", "")), str(said["log"]).rstrip("\n")
        )
    except (ValueError, KeyError, RecursionError, AttributeError):
        return None
