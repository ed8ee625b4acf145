"""The JSON contract: snapshots, and the events of `watch`, as plain data. Instants are ISO 8601 in UTC with `Z`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from goneaway_tui.judge import Step
from goneaway_tui.model.blocking import LockState, LockWait
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Server, Variable
from goneaway_tui.model.session import ProcesslistId, Transaction
from goneaway_tui.model.snapshot import Limit, Snapshot, Verdict

EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
"""The years 1 and 9999, the limits of ISO 8601; an instant beyond them is written as the limit."""


def iso_instant(instant: float, precision: str = "milliseconds") -> str:
    """`instant`, in seconds since 1970, to the nearest millisecond; with the `precision` `seconds` the fraction is cut
    off.

    >>> iso_instant(1795459202.5), iso_instant(1795459202.5, "seconds")
    ('2026-11-23T18:40:02.500Z', '2026-11-23T18:40:02Z')
    """
    return _moment(instant).isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def file_stamp(instant: float) -> str:
    """An instant for the name of a file.

    >>> file_stamp(1795459202.5)
    '20261123T184002Z'
    """
    return iso_instant(instant, "seconds").replace("-", "").replace(":", "")


def _moment(instant: float) -> datetime:
    return datetime.fromtimestamp(round(max(EARLIEST, min(LATEST, instant)), 3), UTC)


SCHEMA = "goneaway.snapshot/1"

VARIABLES = ("wait_timeout", "interactive_timeout", "max_allowed_packet")
"""Variables that the contract names: they are always there, and null where the server has no such variable."""

COUNTERS = ("aborted_clients", "aborted_connects", "threads_connected", "max_connections")
"""Counters that the contract names. `max_connections` is a variable of the server, but here it stands beside the
counters.
"""

Data = dict[str, object]


def snapshot_data(snapshot: Snapshot) -> Data:
    """The whole snapshot, with its sessions in the order of the sample."""
    return {
        **head_data(snapshot),
        "sessions": [session_data(v, snapshot.taken_at) for v in snapshot.verdicts],
    }


def head_data(snapshot: Snapshot) -> Data:
    """The snapshot without its sessions. For one of several servers it begins with the name of the server."""
    sample = snapshot.sample
    return {
        **({"server_name": snapshot.server_name} if snapshot.server_name else {}),
        "schema": SCHEMA,
        "taken_at": iso_instant(sample.taken_at),
        "server": server_data(sample.server),
        "limitations": [asdict(limitation) for limitation in sample.limitations],
        "variables": variables_data(sample),
        "counters": counters_data(sample),
    }


def server_data(server: Server) -> Data:
    """The server, and the ids of this tool's own sessions on it."""
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
    """Variables by name, those of the contract first. `min` and `max` are null where only the manual states them."""
    variables = {name: Variable(name, None) for name in VARIABLES} | {v.name: v for v in sample.variables}
    return {
        name: {
            "value": finite(v.value),
            "min": None if v.is_documented else finite(v.min),
            "max": None if v.is_documented else finite(v.max),
            "set_by": v.set_by,
        }
        for name, v in variables.items()
    }


def counters_data(sample: Sample) -> Data:
    """Counters by name, those of the contract first."""
    counters: Data = dict.fromkeys(COUNTERS)
    counters["max_connections"] = finite(sample.variable("max_connections"))
    return counters | dict(sample.counters)


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
        "at_stake": transaction_data(session.transaction, now),
        "busy_seconds": to_millisecond(verdict.busy_seconds(now)),
        **locks_data(verdict.locks, now),
    }


def locks_data(locks: LockState, now: float) -> Data:
    """The sessions that a session waits for, for how long, and how many wait for it; null where it is not known."""
    holders = [] if locks.wait is None else list(locks.wait.holders) or None
    return {
        "blocked_by": holders if locks.is_known else None,
        "waiting_seconds": to_millisecond(locks.waiting_seconds(now)),
        "blocks": locks.blocks,
    }


def limit_data(limit: Limit | None) -> Data | None:
    """The limit of a session, or None."""
    if limit is None:
        return None
    return {
        "seconds": to_millisecond(limit.seconds),
        "variable": limit.variable,
        "basis": limit.basis.value,
    }


def deadline_data(deadline: float | None) -> str | None:
    """A deadline as an instant; None where there is none."""
    return None if deadline is None or not math.isfinite(deadline) else iso_instant(deadline)


def transaction_data(transaction: Transaction | None, now: float) -> Data | None:
    """What would be rolled back; None without a transaction."""
    if transaction is None:
        return None
    started = transaction.started
    return {
        "transaction_seconds": None if started is None else to_millisecond(max(0.0, now - started)),
        "rows_modified": transaction.rows_modified,
        "rows_locked": transaction.rows_locked,
    }


def to_millisecond(seconds: float | None) -> float | None:
    """Seconds with three decimals; whole seconds without decimals.

    >>> to_millisecond(12.34567), to_millisecond(28800.0), to_millisecond(float("nan"))
    (12.346, 28800, None)
    """
    if seconds is None or not math.isfinite(seconds):
        return None
    rounded = round(seconds, 3)
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 2**53 else rounded


def finite(value: float | None) -> float | None:
    """A number, or None for one that JSON cannot hold."""
    return value if value is not None and math.isfinite(value) else None


def kill_data(verdict: Verdict, now: float) -> Data:
    """A session that `kill` matched, as of `now`, without its SQL text."""
    session = verdict.session
    return {
        "id": session.id,
        "user": session.user or None,
        "host": session.host or None,
        "db": session.db,
        "program": session.program,
        "command": session.command,
        "idle_seconds": to_millisecond(verdict.idle_seconds(now)),
        "busy_seconds": to_millisecond(verdict.busy_seconds(now)),
        "at_stake": transaction_data(session.transaction, now),
    }


def hello_event(snapshot: Snapshot) -> Data:
    """The first event of a server."""
    return _event("hello", snapshot.taken_at) | {"server": server_data(snapshot.sample.server)}


def step_events(step: Step) -> Iterator[Data]:
    """Every event between two samples: first sessions that ended, then sessions that began, then changed variables."""
    at = step.snapshot.taken_at
    if step.restarted:
        server: Server = step.snapshot.sample.server
        yield _event("server_restarted", at - server.uptime) | {"server": server_data(server)}
    for departure in sorted(step.departed, key=lambda d: d.at):
        yield departed_event(departure)
    for verdict in step.opened:
        yield _event("opened", at) | session_data(verdict, at)
    for change in step.changes:
        yield _event("variable_changed", at) | {
            "variable": change.variable,
            "old": change.old,
            "new": change.new,
        }


def departed_event(departure: Departure) -> Data:
    """The end of a session, with its cause."""
    verdict = departure.verdict
    session = verdict.session
    return _event("departed", departure.at) | {
        "id": session.id,
        "user": session.user or None,
        "host": session.host or None,
        "program": session.program,
        "cause": departure.cause.value,
        "certainty": departure.certainty.value,
        "idle_seconds": to_millisecond(departure.idle_seconds),
        "limit": limit_data(verdict.limit),
        "deadline": deadline_data(verdict.deadline),
        "at_stake": transaction_data(session.transaction, departure.at),
        "evidence": list(departure.evidence),
        "observed": departure.observed,
    }


def at_risk_events(before: Snapshot | None, after: Snapshot) -> Iterator[Data]:
    """Sessions with an open transaction that have become imminent or overdue since `before`. These are for `--exec`;
    `watch` does not write them.
    """
    known_ids = {v.session.id for v in before.verdicts if v.is_endangered} if before is not None else set()
    for verdict in after.verdicts:
        if verdict.is_endangered and verdict.session.id not in known_ids:
            yield _event("imminent", after.taken_at) | session_data(verdict, after.taken_at)


LONG_WAIT_SECONDS = 1.0
"""Lock waits up to this length are not events."""
SAME_WAIT_SECONDS = 1.0
"""Seconds by which the start of one wait may differ between two samples: servers keep whole seconds."""


def lock_wait_events(before: Snapshot | None, after: Snapshot) -> Iterator[Data]:
    """First the sessions that no longer wait for a lock, then those whose wait has become longer than LONG_WAIT_SECONDS.

    No events if `after` does not know which sessions wait.
    """
    if after.blocking is None:
        return
    earlier, now = {} if before is None else _long_waits(before), _long_waits(after)
    for session, wait in earlier.items():
        if before is not None and not _is_same_wait(after.blocking.waits.get(session), wait):
            yield _lock_wait_event("unblocked", after.taken_at, wait, before.taken_at)
    for session, wait in now.items():
        if not _is_same_wait(earlier.get(session), wait):
            yield _lock_wait_event("blocked", after.taken_at, wait, after.taken_at)


def _long_waits(snapshot: Snapshot) -> Mapping[ProcesslistId, LockWait]:
    """The waits longer than LONG_WAIT_SECONDS, and those with an unknown start, by the waiting session."""
    waits = {} if snapshot.blocking is None else snapshot.blocking.waits
    earliest = snapshot.taken_at - LONG_WAIT_SECONDS
    return {session: wait for session, wait in waits.items() if wait.since is None or wait.since < earliest}


def _is_same_wait(earlier: LockWait | None, later: LockWait) -> bool:
    """Whether two samples show the same wait of a session. With an unknown start the two count as the same."""
    if earlier is None:
        return False
    return (
        earlier.since is None or later.since is None or abs(earlier.since - later.since) <= SAME_WAIT_SECONDS
    )


def _lock_wait_event(name: str, at: float, wait: LockWait, waited_until: float) -> Data:
    """An event about a lock wait. `waited_until`: the last sample in which the session waited."""
    lock, since = wait.lock, wait.since
    return _event(name, at) | {
        "id": wait.waiter,
        "blocked_by": list(wait.holders) or None,
        "waiting_seconds": None if since is None else to_millisecond(max(0.0, waited_until - since)),
        "lock": {"kind": lock.kind.value, "table": lock.table, "index": lock.index, "mode": lock.mode},
    }


def lost_event(at: float, why: str) -> Data:
    """The connection of this tool broke."""
    return _event("lost", at) | {"why": why}


def recovered_event(at: float) -> Data:
    """The connection of this tool works again."""
    return _event("recovered", at)


def with_server_name(server_name: str, event: Data) -> Data:
    """The event with the name of its server, where there are several."""
    return {"server_name": server_name} | event


def _event(name: str, at: float) -> Data:
    return {"event": name, "at": iso_instant(at)}
