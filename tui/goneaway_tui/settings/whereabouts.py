"""On which line of a TOML text a key stands: `tomllib` tells what it found, not where."""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str, ...]

_HEADING = re.compile(r"\s*\[{1,2}([^\]#]{1,200})\]")
_ASSIGNMENT = re.compile(r"""\s*((?:[\w.\s-]|"[^"]*"|'[^']*'){1,200}?)\s*=""")


class Whereabouts:
    """The lines of a text that parses.

    A line inside a text of several lines may pass for a key; the first line that looks like it is taken then.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        table: KeyPath = ()
        for number, line in enumerate(text.split("\n"), 1):
            if heading := _HEADING.match(line):
                table = _parts(heading[1])
                self._note(table, number)
            elif assignment := _ASSIGNMENT.match(line):
                self._note((*table, *_parts(assignment[1])), number)

    def line(self, path: KeyPath) -> int:
        """That of the key, or else of the nearest table around it; 1 where neither was seen.

        >>> Whereabouts('a = 1\\n[servers."x y"]\\nhost = "db1"').line(("servers", "x y", "host"))
        3
        """
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _note(self, path: KeyPath, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)


def _parts(dotted: str) -> KeyPath:
    """The parts of a key as written, read by the one who knows the quoting; none for what is no key."""
    try:
        inner: object = tomllib.loads(f"{dotted} = 0")
    except ValueError:
        return ()
    path: list[str] = []
    while isinstance(inner, dict) and len(inner) == 1:
        [(part, inner)] = inner.items()
        path.append(part)
    return tuple(path)
