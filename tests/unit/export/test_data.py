"""What `watch` writes: the contract's names, and values a program can read."""

from __future__ import annotations

import json

from goneaway_tui.export.data import at_risk_events, hello_event, lost_event, recovered_event, step_events
from goneaway_tui.export.json import dumps
from goneaway_tui.judge import track
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, ErrorCount, Sample
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
        "at_stake", "evidence",
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
