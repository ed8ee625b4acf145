"""What `watch` writes: the contract's names, and values a program can read."""

from __future__ import annotations

import json

from goneaway_tui.export.data import (
    at_risk_events,
    hello_event,
    lock_wait_events,
    lost_event,
    recovered_event,
    step_events,
)
from goneaway_tui.export.json import dumps
from goneaway_tui.judge import track
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, ErrorCount, Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Snapshot
from tests.builders import NOW, a_sample, a_session, a_snapshot, a_transaction

GONE = a_session(id=7, idle_for=20, own_limit=30, transaction=a_transaction())
NEW = a_session(id=8)


def later(*sessions: object, seconds: float = 1.0, **fields: object) -> Sample:
    return a_sample(list(sessions), taken_at=NOW + seconds, **fields)  # type: ignore[arg-type]


def test_first_line_names_the_monitored_servers() -> None:
    told = hello_event(a_snapshot())

    assert "hello" == told["event"]
    assert {"flavour", "version", "banner", "host", "port", "uptime_seconds", "own_session_ids"} == set(
        told["server"]
    )  # type: ignore[call-overload]


def test_a_departure_has_the_contracts_names() -> None:
    clues = EndEvidence(
        errors=(ErrorCount(GONE.user, GONE.client_host, COM_QUIT, 1),),
        counted_codes=frozenset({COM_QUIT, 4031}),
    )
    taken = track(later(end_evidence=clues), a_snapshot([GONE]))
    (told,) = step_events(taken)

    assert [
        "event", "at", "id", "user", "host", "program", "cause", "certainty", "idle_seconds", "limit", "deadline",
        "at_stake", "evidence", "observed",
    ] == list(told)  # fmt: skip
    assert ("departed", 7, "client_quit", "confirmed") == tuple(
        told[key] for key in ("event", "id", "cause", "certainty")
    )
    assert json.loads(dumps(told)) == told


def test_opened_session_is_reported_with_all_its_fields() -> None:
    (told,) = step_events(track(later(GONE, NEW), a_snapshot([GONE])))

    assert ("opened", 8) == (told["event"], told["id"])
    assert {"user", "limit", "deadline", "risk", "statement"} <= set(told)


def test_changed_variable_is_reported_with_both_values() -> None:
    before = a_snapshot([GONE], variables={"wait_timeout": 28800})
    (told,) = step_events(track(later(GONE, variables={"wait_timeout": 60}), before))

    assert ("variable_changed", "wait_timeout", 28800, 60) == tuple(
        told[key] for key in ("event", "variable", "old", "new")
    )


def test_nothing_happened_between_equal_samples() -> None:
    assert [] == list(step_events(track(later(GONE), a_snapshot([GONE]))))


def test_first_sample_reports_no_session() -> None:
    assert [] == list(step_events(track(a_sample([GONE]))))


def test_session_at_risk_is_reported_once() -> None:
    calm, soon = (
        a_snapshot([a_session(id=7, idle_for=1, own_limit=3600, transaction=a_transaction())]),
        a_snapshot([GONE]),
    )

    assert ["imminent"] == [told["event"] for told in at_risk_events(calm, soon)]
    assert [] == list(at_risk_events(soon, soon))
    assert [] == list(at_risk_events(None, a_snapshot([a_session(idle_for=20, own_limit=30)])))


def test_events_of_our_own_connection_are_reported() -> None:
    assert "refused" == lost_event(NOW, "refused")["why"]
    assert "recovered" == recovered_event(NOW)["event"]


def waiting(seconds: float | None, *holders: int, after: float = 0.0) -> Snapshot:
    """Session 7 has waited for that long, `after` seconds later than NOW; None where its start is not known."""
    since = None if seconds is None else NOW + after - seconds
    lock = Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X")
    waits = (LockWait(ProcesslistId(7), tuple(map(ProcesslistId, holders)), lock, since),)
    return a_snapshot([GONE], taken_at=NOW + after, lock_waits=waits)


def names(before: Snapshot | None, after: Snapshot) -> list[object]:
    return [event["event"] for event in lock_wait_events(before, after)]


def test_a_wait_of_more_than_a_second_is_told_with_its_holders_and_its_lock() -> None:
    (told,) = lock_wait_events(waiting(0.5, 9), waiting(1.5, 9, after=1))

    assert {
        "event": "blocked",
        "at": "2026-11-23T18:40:03.500Z",
        "id": 7,
        "blocked_by": [9],
        "waiting_seconds": 1.5,
        "lock": {"kind": "row", "table": "shop.cart", "index": "PRIMARY", "mode": "X"},
    } == told


def test_a_wait_is_told_once_and_so_is_its_end() -> None:
    free = a_snapshot([GONE], taken_at=NOW + 2, lock_waits=())

    assert ["blocked"] == names(None, waiting(5, 9))
    assert [] == names(waiting(5, 9), waiting(6.2, 9, after=1)), "the server keeps whole seconds"
    assert ["unblocked"] == names(waiting(5, 9), free)
    assert [] == names(waiting(0.5, 9), free)
    assert [5] == [event["waiting_seconds"] for event in lock_wait_events(waiting(5, 9), free)]


def test_the_next_wait_of_a_session_is_another() -> None:
    assert ["unblocked", "blocked"] == names(waiting(5, 9), waiting(2, 9, after=60))
    assert ["unblocked"] == names(waiting(5, 9), waiting(0.5, 9, after=60))


def test_where_it_is_not_known_which_sessions_wait_no_event_says_so() -> None:
    assert [] == names(waiting(5, 9), a_snapshot([GONE]))
    assert [None] == [event["blocked_by"] for event in lock_wait_events(None, waiting(None))]
