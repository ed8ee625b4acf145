"""Reading a server's global variables and counters."""

from __future__ import annotations

import math

from goneaway_tui.model.server import Variable
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.dossier import text
from goneaway_tui.source.survey import Survey
from goneaway_tui.tune.tunables import TUNABLE

BOUNDS_SECONDS = 60.0
"""How long bounds and origins are believed while no limit changes: reading them costs ten times the limits."""

SET_BY = {
    "COMPILED": "compiled",
    "COMPILE-TIME": "compiled",
    "GLOBAL": "file",
    "SERVER": "file",
    "EXPLICIT": "file",
    "EXTRA": "file",
    "USER": "file",
    "LOGIN": "file",
    "COMMAND_LINE": "file",
    "COMMAND-LINE": "file",
    "CONFIG": "file",
    "PERSISTED": "persisted",
    "DYNAMIC": "dynamic",
    "SQL": "dynamic",
}
"""The contract's words for where a value came from; a command line is told as a file, being what a service file holds."""


class GlobalsReader:
    """Reads limits at each poll, the rest when something changed."""

    def __init__(self, connection: Connection, found: Survey) -> None:
        self._connection = connection
        self._found = found
        self._variables: dict[str, Variable] = {}
        self._limits: dict[str, int | float | None] = {}
        self._read_at = -math.inf

    def variables(self, now: float) -> tuple[Variable, ...]:
        """Every variable of ours the server has, with bounds and origin where it tells. Raises SourceError."""
        limits = {
            text(name): number(value) for name, value in self._connection.rows(self._found.must("limits"))
        }
        if limits != self._limits or now - self._read_at > BOUNDS_SECONDS:
            self._limits, self._read_at = limits, now
            statement = self._found.must("variables")
            asked = [list(TUNABLE)] if "%s" in statement else []
            self._variables = {
                text(name): Variable(
                    text(name), number(value), number(low), number(high), SET_BY.get(text(origin))
                )
                for name, value, low, high, origin in self._connection.rows(statement, asked)
            }
        return tuple(sorted(self._variables.values(), key=lambda v: v.name))

    def counters(self) -> tuple[tuple[str, int], ...]:
        """Status counters by lower-case name. Raises SourceError."""
        rows = self._connection.rows(self._found.must("counters"))
        read = {text(name).lower(): int(n) for name, value in rows if (n := number(value)) is not None}
        most = self._variables.get("max_connections")
        if most is not None and most.value is not None:
            read["max_connections"] = int(most.value)
        return tuple(sorted(read.items()))


def number(value: bytes | str | float | None) -> int | float | None:
    """A server's number; None for NULL and for what is no number.

    >>> number(b"28800"), number(b"0.500000"), number(b""), number(None)
    (28800, 0.5, None, None)
    """
    try:
        as_float = float(text(value) if isinstance(value, bytes) else "" if value is None else value)
    except ValueError:
        return None
    if not math.isfinite(as_float):
        return None
    whole = text(value) if isinstance(value, bytes) else str(value)
    return int(whole) if whole.lstrip("-").isdigit() else int(as_float) if as_float.is_integer() else as_float
