"""What happens, as the contract's objects: one a line, for `watch`."""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.export.data import (
    Data,
    at_stake_data,
    deadline_data,
    limit_data,
    server_data,
    session_data,
    to_millisecond,
)
from goneaway_tui.export.instants import instant
from goneaway_tui.judge import Step
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.server import Server
from goneaway_tui.model.snapshot import Risk, Snapshot, Verdict


def hello(snapshot: Snapshot) -> Data:
    """The first line: who is watched."""
    return _event("hello", snapshot.taken_at) | {"server": server_data(snapshot.sample.server)}


def happened(step: Step) -> Iterator[Data]:
    """Everything between two samples, in the order it is best read: what ended, what began, what changed."""
    at = step.snapshot.taken_at
    if step.restarted:
        server: Server = step.snapshot.sample.server
        yield _event("server_restarted", at - server.uptime) | {"server": server_data(server)}
    for departure in sorted(step.departed, key=lambda d: d.at):
        yield departed(departure)
    for verdict in step.opened:
        yield _event("opened", at) | session_data(verdict, at)
    for change in step.changes:
        yield _event("variable_changed", at) | {
            "variable": change.variable,
            "old": change.old,
            "new": change.new,
        }


def departed(departure: Departure) -> Data:
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
        "at_stake": at_stake_data(session.transaction, departure.at),
        "evidence": list(departure.evidence),
    }


def endangered(before: Snapshot | None, after: Snapshot) -> Iterator[Data]:
    """Sessions that have just come within reach of their end with a transaction open; never a line of `watch`."""
    known = {v.session.id for v in before.verdicts if _in_danger(v)} if before is not None else set()
    for verdict in after.verdicts:
        if _in_danger(verdict) and verdict.session.id not in known:
            yield _event("imminent", after.taken_at) | session_data(verdict, after.taken_at)


def lost(at: float, why: str) -> Data:
    """Our own connection broke."""
    return _event("lost", at) | {"why": why}


def recovered(at: float) -> Data:
    return _event("recovered", at)


def named(server_name: str, event: Data) -> Data:
    """An event of one of several servers."""
    return {"server_name": server_name} | event


def _in_danger(verdict: Verdict) -> bool:
    return verdict.session.transaction is not None and verdict.risk in {Risk.IMMINENT, Risk.OVERDUE}


def _event(name: str, at: float) -> Data:
    return {"event": name, "at": instant(at)}
