"""A snapshot as the contract's names and plain values; `json`, `csv` and every machine-read line are made of this."""

from __future__ import annotations

import math
from dataclasses import asdict

from goneaway_tui.export.instants import instant
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Server, Variable
from goneaway_tui.model.session import Transaction
from goneaway_tui.model.snapshot import Limit, Snapshot, Verdict

SCHEMA = "goneaway.snapshot/1"

VARIABLES = ("wait_timeout", "interactive_timeout", "max_allowed_packet")
"""Named in the contract, so always there; null where the server has no such variable."""

COUNTERS = ("aborted_clients", "aborted_connects", "threads_connected", "max_connections")
"""The same for counters. `max_connections` is a variable to the server, a figure beside the others to a reader."""

Data = dict[str, object]


def as_data(snapshot: Snapshot) -> Data:
    """The whole snapshot, sessions in the sample's order."""
    return {
        **head_data(snapshot),
        "sessions": [session_data(v, snapshot.taken_at) for v in snapshot.verdicts],
    }


def head_data(snapshot: Snapshot) -> Data:
    """All but the sessions. Of one of several servers it begins with the server's name."""
    sample = snapshot.sample
    return {
        **({"server_name": snapshot.server_name} if snapshot.server_name else {}),
        "schema": SCHEMA,
        "taken_at": instant(sample.taken_at),
        "server": server_data(sample.server),
        "limitations": [asdict(limitation) for limitation in sample.limitations],
        "variables": variables_data(sample),
        "counters": counters_data(sample),
    }


def server_data(server: Server) -> Data:
    return {
        "flavour": server.flavour.value,
        "version": server.version,
        "banner": server.banner,
        "host": server.host,
        "port": server.port,
        "uptime_seconds": to_millisecond(server.uptime),
        "own_session_ids": list(server.own_session_ids),
    }


def variables_data(sample: Sample) -> Data:
    """Variables by name, the contract's own first. Bounds are what the server tells: those of a manual are none of its words."""
    named = {name: Variable(name, None) for name in VARIABLES} | {v.name: v for v in sample.variables}
    return {
        name: {
            "value": finite(v.value),
            "min": None if v.is_documented else finite(v.min),
            "max": None if v.is_documented else finite(v.max),
            "set_by": v.set_by,
        }
        for name, v in named.items()
    }


def counters_data(sample: Sample) -> Data:
    """Counters by name, the contract's own first."""
    named: Data = dict.fromkeys(COUNTERS)
    named["max_connections"] = finite(sample.variable("max_connections"))
    return named | dict(sample.counters)


def session_data(verdict: Verdict, now: float) -> Data:
    """One session as of `now`."""
    session = verdict.session
    return {
        "id": session.id,
        "user": session.user or None,
        "host": session.host or None,
        "db": session.db,
        "program": session.program,
        "command": session.command,
        "state": session.state,
        "statement": session.statement,
        "idle_seconds": to_millisecond(verdict.idle_seconds(now)),
        "limit": limit_data(verdict.limit),
        "deadline": deadline_data(verdict.deadline),
        "seconds_left": to_millisecond(verdict.seconds_left(now)),
        "risk": verdict.risk.value,
        "own": session.own,
        "at_stake": at_stake_data(session.transaction, now),
    }


def limit_data(limit: Limit | None) -> Data | None:
    if limit is None:
        return None
    return {
        "seconds": to_millisecond(limit.seconds),
        "variable": limit.variable,
        "basis": limit.basis.value,
    }


def deadline_data(deadline: float | None) -> str | None:
    return None if deadline is None or not math.isfinite(deadline) else instant(deadline)


def at_stake_data(transaction: Transaction | None, now: float) -> Data | None:
    """What would be rolled back, or None outside a transaction."""
    if transaction is None:
        return None
    started = transaction.started
    return {
        "transaction_seconds": None if started is None else to_millisecond(max(0.0, now - started)),
        "rows_modified": transaction.rows_modified,
        "rows_locked": transaction.rows_locked,
    }


def to_millisecond(seconds: float | None) -> float | None:
    """Seconds to three decimals; whole ones without any.

    >>> to_millisecond(12.34567), to_millisecond(28800.0), to_millisecond(float("nan"))
    (12.346, 28800, None)
    """
    if seconds is None or not math.isfinite(seconds):
        return None
    rounded = round(seconds, 3)
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 2**53 else rounded


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
