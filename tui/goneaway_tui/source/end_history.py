"""Read what a server has counted and logged of ended sessions and refused logins since it started.

`end_evidence` covers the time between two samples; this covers the time before the first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from goneaway_tui.doctor.case import FailingHost, RaisedError
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection, Refusal
from goneaway_tui.source.end_evidence import IDLE_ERROR
from goneaway_tui.source.error_log import entries
from goneaway_tui.source.session_cache import text
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.text.sanitize import plain

LOG_SECONDS: Final = 7 * 86_400.0
"""How far back the error log is asked for."""
_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class EndHistory:
    """What the server keeps of ended sessions and refused logins. A field is empty where the account may not read it."""

    errors: tuple[RaisedError, ...] = ()
    counts_errors: bool = False
    """Whether an error that is absent from `errors` was not raised since the server started."""
    unknown_errors: frozenset[int] = frozenset()
    """Error codes that this server does not have: 4031 before MySQL 8.0.24."""
    log: tuple[LogEntry, ...] = ()
    """In the order in which they were written; only entries about why sessions or the server ended."""
    reads_log: bool = False
    """Whether the log could be read. Where it could not, an empty `log` means nothing."""
    hosts: tuple[FailingHost, ...] = ()
    killed_at: float | None = None
    """When a KILL last ended a session, seconds since 1970 UTC; None where none did, or the server does not keep it."""


def read_history(connection: Connection, capabilities: Capabilities, clock: Clock) -> EndHistory:
    """Read all of it, dated on our clock. Raises SourceError where the connection breaks."""
    errors = _rows(connection, capabilities.statement("raised_errors"))
    asked_at = clock()
    raised = tuple(
        RaisedError(
            int(code),
            int(count),
            _name(user),
            _name(host),
            _instant_before(asked_at, first),
            _instant_before(asked_at, last),
        )
        for user, host, code, count, first, last in errors or ()
    )
    killed = _rows(connection, capabilities.statement("last_kill"))
    killed_at = _instant_before(clock(), killed[0][0]) if killed else None
    hosts = _rows(connection, capabilities.statement("failing_hosts")) or ()
    log = _log(connection, capabilities, clock)
    return EndHistory(
        raised,
        errors is not None,
        frozenset({IDLE_ERROR})
        if errors is not None and "idle_error" not in capabilities.features
        else frozenset(),
        log or (),
        log is not None,
        tuple(FailingHost(_name(ip), int(failures), int(refusals)) for ip, failures, refusals in hosts),
        killed_at,
    )


def _log(connection: Connection, capabilities: Capabilities, clock: Clock) -> tuple[LogEntry, ...] | None:
    """None where there is no such table, or it may not be read."""
    asked_at = clock()
    newest_first = _rows(connection, capabilities.statement("past_log"), (LOG_SECONDS,))
    if newest_first is None:
        return None
    return tuple(entry for entry in entries(reversed(newest_first), asked_at) if entry.cause is not None)


def _rows(
    connection: Connection, statement: Statement | None, parameters: Sequence[object] = ()
) -> Sequence[tuple[Any, ...]] | None:
    """None where there is no such table, or it may not be read."""
    try:
        return None if statement is None else connection.rows(statement, parameters)
    except Refusal:
        return None


def _instant_before(asked_at: float, seconds_ago: float | None) -> float | None:
    return None if seconds_ago is None else asked_at + float(seconds_ago)


def _name(value: bytes | str | None) -> str:
    """A name fit to show. Hostile: the client that tried to log in chose it. Empty where the client had sent no name yet."""
    return plain(text(value), _NAME)
