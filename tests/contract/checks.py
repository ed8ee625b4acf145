"""What every Source promises, as plain functions: call them on a simulation, a recording or a living server."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from goneaway_tui.errors import SourceError
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Role, Session
from goneaway_tui.ports import Source

ORIGINS = {"compiled", "file", "persisted", "dynamic", None}
NEVER_FALL = ("aborted_clients", "aborted_connects", "connections", "uptime")
WHOLE_SECOND = 1.0
"""Servers tell some instants in whole seconds."""
SKEW = 0.25
"""Seconds two clocks and a round trip may be apart; a simulation has none of it."""


def check_sample(sample: Sample) -> None:
    """One sample, by itself."""
    check_frozen(sample)
    check_sessions(sample)
    check_numbers(sample)


def check_frozen(sample: Sample) -> None:
    facts: list[Any] = [sample, sample.server, *sample.sessions, *sample.variables, *sample.limitations]
    for of in facts:
        for field in fields(of):
            with pytest.raises(FrozenInstanceError):
                setattr(of, field.name, None)
    for held in (sample.sessions, sample.variables, sample.counters, sample.limitations):
        assert isinstance(held, tuple)
    hash(sample)


def check_sessions(sample: Sample) -> None:
    ids = [session.id for session in sample.sessions]
    assert len(ids) == len(set(ids)), "two sessions with one id"
    assert {s.id for s in sample.sessions if s.own} == set(sample.server.own_session_ids)
    assert sample.server.own_session_ids, "whoever samples holds a session"
    for session in sample.sessions:
        check_session(session, sample.taken_at)


def check_session(session: Session, taken_at: float) -> None:
    if session.idle_since is not None:
        assert session.is_idle or session.role is Role.LOGIN, f"an idle clock that should not run: {session}"
        assert session.idle_since <= taken_at + session.idle_within + SKEW, (
            f"idle since the future: {session}"
        )
    assert session.idle_within >= 0
    assert session.own_limit is None or session.own_limit >= 1
    held = session.transaction
    if held is not None:
        assert held.started is None or held.started <= taken_at + WHOLE_SECOND + SKEW, (
            f"begun later: {session}"
        )
        assert held.rows_modified is None or held.rows_modified >= 0
        assert held.rows_locked is None or held.rows_locked >= 0
    told = dict(session.attributes)
    assert len(told) == len(session.attributes), f"an attribute told twice: {session}"
    if told.get("program_name"):
        assert session.program == told["program_name"]


def check_numbers(sample: Sample) -> None:
    assert sample.seconds_to_read >= 0
    assert sample.server.uptime >= 0
    names = [variable.name for variable in sample.variables]
    assert len(names) == len(set(names)), "two variables of one name"
    assert {"wait_timeout", "interactive_timeout", "max_allowed_packet", "connect_timeout"} <= set(names)
    for variable in sample.variables:
        assert variable.set_by in ORIGINS, variable
        if variable.value is not None:
            assert variable.min is None or variable.min <= variable.value, variable
            assert variable.max is None or variable.value <= variable.max, variable
    counters = [name for name, _ in sample.counters]
    assert len(counters) == len(set(counters)), "two counters of one name"
    assert {"aborted_clients", "aborted_connects", "threads_connected", "max_connections"} <= set(counters)
    for name, value in sample.counters:
        assert name == name.lower()
        assert value >= 0, name


def check_pair(earlier: Sample, later: Sample) -> None:
    """Two samples of one run of one server."""
    assert earlier.taken_at <= later.taken_at
    assert earlier.server.uptime <= later.server.uptime
    for name in ("flavour", "version", "banner", "host", "port"):
        assert getattr(earlier.server, name) == getattr(later.server, name), name
    for name in NEVER_FALL:
        before, after = earlier.counter(name), later.counter(name)
        assert before is None or after is None or before <= after, name
    known = {session.id: session for session in earlier.sessions}
    for session in later.sessions:
        before_it = known.get(session.id)
        if before_it is None:
            continue
        assert session.host == before_it.host, f"one session, two hosts: {session}"
        if session.idle_since is not None and before_it.idle_since is not None:
            slack = session.idle_within + before_it.idle_within + SKEW
            assert session.idle_since >= before_it.idle_since - slack, (
                f"an idle clock ran backwards: {session}"
            )


def check_closing(source: Source) -> None:
    """Ends the source."""
    source.close()
    source.close()
    with pytest.raises(SourceError) as told:
        source.sample()
    assert "\n" not in told.value.line


def check_source(source: Source) -> None:
    """All of it on a source whose clock runs by itself. Ends the source."""
    assert source.name
    earlier, later = source.sample(), source.sample()
    check_sample(earlier)
    check_sample(later)
    check_pair(earlier, later)
    check_closing(source)
