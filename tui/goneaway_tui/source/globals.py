"""Read the global variables and status counters of a server."""

from __future__ import annotations

import math
from dataclasses import replace

from goneaway_tui.model.server import Flavour, Variable
from goneaway_tui.model.snapshot import STALL_LIMIT
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.server_variants import UNPROBED_VARIANTS
from goneaway_tui.source.session_cache import text
from goneaway_tui.source.sql.shapes import UNSIGNED
from goneaway_tui.tune.tunables import TUNABLE

Cell = bytes | str | float | None

BOUNDS_SECONDS = 60.0
"""How long bounds and origins are kept while no limit changes: reading them costs ten times as much as the limits."""

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
    "AUTO": "compiled",
}
"""The contract's words for where a value came from. A command line counts as a file, because a service file holds it. A value that
the server computed itself (MariaDB's AUTO) counts as compiled, because no setting gave it."""

DOCUMENTED: dict[str, tuple[int, int]] = {
    "wait_timeout": (1, 31_536_000),
    "interactive_timeout": (1, 31_536_000),
    "max_allowed_packet": (1024, 1_073_741_824),
    "net_read_timeout": (1, 31_536_000),
    "net_write_timeout": (1, 31_536_000),
    "connect_timeout": (2, 31_536_000),
    "max_connections": (1, 100_000),
    "max_user_connections": (0, 4_294_967_295),
    "max_connect_errors": (1, 18_446_744_073_709_551_615),
    "innodb_lock_wait_timeout": (1, 1_073_741_824),
    "lock_wait_timeout": (1, 31_536_000),
    "log_error_verbosity": (1, 3),
    "thread_cache_size": (0, 16_384),
}
"""The bounds of MySQL 5.7, which reports none: dev.mysql.com/doc/refman/5.7/en/server-system-variables.html and
innodb-parameters.html. The maximum of interactive_timeout is that of wait_timeout (LONG_TIMEOUT in sql/sys_vars.cc)."""


def variable(
    capabilities: Capabilities,
    name: str,
    value: Cell,
    low: Cell = None,
    high: Cell = None,
    origin: bytes | None = None,
) -> Variable:
    """A variable as the server reports it; for MySQL 5.7, which reports no bounds, with the bounds of its manual."""
    as_read = Variable(name, number(value), number(low), number(high), SET_BY.get(text(origin)))
    reports_no_bounds = capabilities.flavour is Flavour.MYSQL and capabilities.features.isdisjoint(
        {"bounds", *UNPROBED_VARIANTS}
    )
    bounds = DOCUMENTED.get(name) if reports_no_bounds and capabilities.version.startswith("5.7") else None
    return as_read if bounds is None else replace(as_read, min=bounds[0], max=bounds[1], is_documented=True)


class GlobalsReader:
    """Reads the limits in every sample, and the other variables where a limit changed or BOUNDS_SECONDS have passed."""

    def __init__(self, connection: Connection, capabilities: Capabilities) -> None:
        self._connection = connection
        self._capabilities = capabilities
        self._variables: dict[str, Variable] = {}
        self._limits: dict[str, int | float | None] = {}
        self._read_at = -math.inf

    def variables(self, now: float) -> tuple[Variable, ...]:
        """The limits and tunables that the server has, with bounds and origin where it reports them. Raises SourceError and Refusal."""
        limits = {
            text(name): number(value)
            for name, value in self._connection.rows(self._capabilities.required_statement("limits"))
        }
        if limits != self._limits or now - self._read_at > BOUNDS_SECONDS:
            self._limits, self._read_at = limits, now
            statement = self._capabilities.required_statement("variables")
            more = {STALL_LIMIT} if "pool" in self._capabilities.features else set()
            names = [list(TUNABLE.keys() | limits.keys() | more)] if "%s" in statement else []
            self._variables = {
                text(row[0]): variable(self._capabilities, text(row[0]), *row[1:])
                for row in self._connection.rows(statement, names)
            }
        return tuple(sorted(self._variables.values(), key=lambda v: v.name))

    def counters(self) -> tuple[tuple[str, int], ...]:
        """Status counters by lower-case name. Raises SourceError and Refusal."""
        rows = self._connection.rows(self._capabilities.required_statement("counters"))
        read = {text(name).lower(): int(n) for name, value in rows if (n := number(value)) is not None}
        max_connections = self._variables.get("max_connections")
        if max_connections is not None and max_connections.value is not None:
            read["max_connections"] = int(max_connections.value)
        return tuple(sorted(read.items()))


def number(value: Cell) -> int | float | None:
    """A number that a server sent; None for NULL, for what is no number, and for a number of more than 64 bits.

    >>> number(b"28800"), number(b"0.500000"), number(b""), number(b"1e300"), number(None)
    (28800, 0.5, None, None, None)
    """
    try:
        as_float = float(text(value) if isinstance(value, bytes) else "" if value is None else value)
    except ValueError:
        return None
    if not -UNSIGNED <= as_float <= UNSIGNED:
        return None
    whole = text(value) if isinstance(value, bytes) else str(value)
    return int(whole) if whole.lstrip("-").isdigit() else int(as_float) if as_float.is_integer() else as_float
