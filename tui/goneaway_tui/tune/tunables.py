"""The table of tunables: the variables that can be changed. Keys, dialogs, help, docs/tuning.md and the gate's allow-list follow it.

The bounds of a value are not here: the server reports them with the variable. MySQL 5.7 does not, so `source/globals.py` has the bounds
of its manual (DOCUMENTED), and the simulated servers have their own (`source/simulated/workload.py`). Families are not here either: a
variable that a server lacks is not in its samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.sample import Sample

MIB, GIB = 1 << 20, 1 << 30


class Unit(StrEnum):
    """The unit of a variable's value; SET takes the bare number."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    BYTES = "bytes"
    COUNT = "count"
    LEVEL = "level"
    """One of a few steps, where more is more."""


class AppliesTo(StrEnum):
    """Which sessions a new global value applies to, and when."""

    NEW_SESSIONS = N_("new sessions")
    NEXT_LOGIN = N_("next login")
    SERVER_WIDE = N_("server-wide")
    RECONNECT = N_("reconnect")

    @property
    def sentence(self) -> str:
        return _(APPLIES_TO_SENTENCES[self])


APPLIES_TO_SENTENCES = {
    AppliesTo.NEW_SESSIONS: N_("only sessions that connect afterwards get the new value"),
    AppliesTo.NEXT_LOGIN: N_("applies at each login from then on; connected sessions stay"),
    AppliesTo.SERVER_WIDE: N_("applies to the whole server at once"),
    AppliesTo.RECONNECT: N_("a session keeps its value until it reconnects"),
}
"""Sessions copy most globals when they connect, and never again (measured on MySQL 9.7, MariaDB 10.11 and 11.8)."""


class IdleCounting(StrEnum):
    """Which idle sessions a limit closes, as far as the process list shows."""

    NO_SESSION = N_("no sessions")
    IDLE = N_("idle sessions")
    INTERACTIVE = N_("idle sessions (if their clients are interactive)")
    """The process list does not show which sessions those are."""
    TRANSACTIONS = N_("sessions idle inside a transaction")
    READERS = N_("sessions idle inside a transaction that wrote nothing")
    WRITERS = N_("sessions idle inside a transaction that wrote rows")


@dataclass(frozen=True, slots=True)
class Tunable:
    """One global variable that may be set."""

    name: str
    key: str | None
    """The key that opens its dialog from the board; without one it is listed under `t`."""
    unit: Unit
    applies_to: AppliesTo
    presets: tuple[int | float, ...]
    """Values to choose from, in the variable's own unit, the smallest first."""
    why: str
    """What the variable limits, in one sentence."""
    decimals: int = 0
    """Digits after the point that the server keeps."""
    block_size: int = 1
    """The value is rounded down to a multiple of this, where the server does not show its own."""
    idle_counting: IdleCounting = IdleCounting.NO_SESSION
    """Which sessions it closes for being idle."""
    zero_meaning: str = ""
    """What 0 means, where it is not a quantity; else empty."""
    client_note: str = ""
    """What to know of the client's own settings."""

    @property
    def closes_idle(self) -> bool:
        return self.idle_counting is not IdleCounting.NO_SESSION


S, MS, NEW = Unit.SECONDS, Unit.MILLISECONDS, AppliesTo.NEW_SESSIONS

TUNABLES: tuple[Tunable, ...] = (
    Tunable(
        "wait_timeout", "w", S, NEW, (60, 600, 3600, 28_800, 31_536_000),
        N_("How long a non-interactive session may be idle before the server closes it."),
        idle_counting=IdleCounting.IDLE,
        client_note=N_("a pool should close a connection before the server does: keep the lifetime of its connections below this value"),
    ),
    Tunable(
        "interactive_timeout", "i", S, NEW, (600, 3600, 28_800, 31_536_000),
        N_("How long an interactive session, such as the mysql prompt, may be idle before the server closes it."),
        idle_counting=IdleCounting.INTERACTIVE,
    ),
    Tunable(
        "max_allowed_packet", "p", Unit.BYTES, AppliesTo.RECONNECT, (16 * MIB, 64 * MIB, 256 * MIB, GIB),
        N_("The largest statement, row or blob; a larger packet ends the session that sent it."),
        block_size=1024,
        client_note=N_("the client has its own limit, whatever the server allows: raise max_allowed_packet there too"),
    ),
    Tunable(
        "net_read_timeout", None, S, NEW, (30, 60, 120, 600),
        N_("How long the server waits for the rest of what a client has begun to send."),
    ),
    Tunable(
        "net_write_timeout", None, S, NEW, (60, 120, 600, 3600),
        N_("How long the server waits for a client to read its result."),
        client_note=N_("this limit ends a client that reads row by row and works in between"),
    ),
    Tunable(
        "connect_timeout", None, S, AppliesTo.NEXT_LOGIN, (5, 10, 30, 60),
        N_("How long a login may take."),
        client_note=N_("the client's own connect timeout may expire first"),
    ),
    Tunable(
        "max_connections", None, Unit.COUNT, AppliesTo.SERVER_WIDE, (151, 500, 1000, 5000),
        N_("How many sessions may be connected at once; one more gets error 1040, Too many connections."),
        client_note=N_("the pools of all clients together should need less than this"),
    ),
    Tunable(
        "max_user_connections", None, Unit.COUNT, AppliesTo.NEXT_LOGIN, (0, 50, 100, 500),
        N_("How many sessions one account may have at once."),
        zero_meaning=N_("no limit"),
    ),
    Tunable(
        "max_connect_errors", None, Unit.COUNT, AppliesTo.SERVER_WIDE, (100, 1000, 100_000),
        N_("How many interrupted logins in a row block a host, with error 1129."),
    ),
    Tunable(
        "max_execution_time", None, MS, NEW, (0, 1000, 10_000, 60_000),
        N_("How long a SELECT may run; the statement ends, the session stays open."),
        zero_meaning=N_("no limit"),
    ),
    Tunable(
        "max_statement_time", None, S, NEW, (0, 1, 10, 60),
        N_("How long any statement may run; the statement ends, the session stays open."),
        decimals=6,
        zero_meaning=N_("no limit"),
    ),
    Tunable(
        "innodb_lock_wait_timeout", None, S, NEW, (5, 10, 50, 120),
        N_("How long a statement waits for a row that another transaction has locked."),
    ),
    Tunable(
        "lock_wait_timeout", None, S, NEW, (60, 3600, 86_400, 31_536_000),
        N_("How long a statement waits for a table whose definition is in use."),
    ),
    Tunable(
        "idle_transaction_timeout", None, S, NEW, (0, 60, 600, 3600),
        N_("How long a session may be idle inside a transaction; replaces wait_timeout there, even where it is longer."),
        idle_counting=IdleCounting.TRANSACTIONS, zero_meaning=N_("off: wait_timeout applies"),
    ),
    Tunable(
        "idle_readonly_transaction_timeout", None, S, NEW, (0, 60, 600, 3600),
        N_("The same for a transaction that wrote nothing."),
        idle_counting=IdleCounting.READERS, zero_meaning=N_("off: idle_transaction_timeout applies"),
    ),
    Tunable(
        "idle_write_transaction_timeout", None, S, NEW, (0, 60, 600, 3600),
        N_("The same for a transaction that wrote rows and holds their locks."),
        idle_counting=IdleCounting.WRITERS, zero_meaning=N_("off: idle_transaction_timeout applies"),
    ),
    Tunable(
        "log_warnings", None, Unit.LEVEL, AppliesTo.SERVER_WIDE, (0, 1, 2, 4),
        N_("Whether the error log reports why a session ended: timeouts from 2 on, kills too from 4 on."),
    ),
    Tunable(
        "log_error_verbosity", None, Unit.LEVEL, AppliesTo.SERVER_WIDE, (1, 2, 3),
        N_("Whether the error log reports why a session ended: only at 3."),
    ),
    Tunable(
        "thread_cache_size", None, Unit.COUNT, AppliesTo.SERVER_WIDE, (0, 16, 64, 256),
        N_("How many threads are kept for new connections."),
    ),
)  # fmt: skip

TUNABLE: dict[str, Tunable] = {tunable.name: tunable for tunable in TUNABLES}
"""The tunables by name; no other variable is ever set."""


def tunables_of(sample: Sample) -> tuple[Tunable, ...]:
    """The tunables whose variable this server has, in the table's order."""
    named = {variable.name for variable in sample.variables}
    return tuple(tunable for tunable in TUNABLES if tunable.name in named)
