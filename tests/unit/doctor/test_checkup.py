"""Each cause as it stands on a live server."""

from __future__ import annotations

import pytest

from goneaway_tui.doctor.checkup import CHECKS, Patient, checkup
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.finding import Finding
from tests.builders import NOW, a_sample, a_server, a_session, a_snapshot, a_verdict

CONFIRMED, LIKELY, POSSIBLE, RULED_OUT = Certainty


def found(cause: Cause, patient: Patient) -> Finding:
    return next(f for f in checkup(patient) if f.cause is cause)


def a_patient(*departures: Departure, **fields: object) -> Patient:
    return Patient(a_snapshot(**fields), departures, NOW)  # type: ignore[arg-type]


def left(cause: Cause, certainty: Certainty = CONFIRMED, ago: float = 60.0) -> Departure:
    return Departure(a_verdict(), NOW - ago, 0.5, cause, certainty)


def test_every_cause_is_looked_at_once_and_the_surest_stands_first() -> None:
    findings = checkup(a_patient(left(Cause.KILLED)))

    assert list(CHECKS) != [f.cause for f in findings]
    assert set(CHECKS) == {f.cause for f in findings}
    assert Cause.KILLED is findings[0].cause
    assert findings == tuple(sorted(findings, key=lambda f: list(Certainty).index(f.certainty)))


def test_who_was_seen_to_leave_outweighs_the_counters() -> None:
    finding = found(
        Cause.IDLE_TIMEOUT, a_patient(left(Cause.IDLE_TIMEOUT), left(Cause.IDLE_TIMEOUT, LIKELY, 3600.0))
    )

    assert CONFIRMED is finding.certainty
    assert "2 sessions left by it while we looked, 1 of them in the last ten minutes" == finding.because[0]


@pytest.mark.parametrize(
    ("cause", "counters", "certainty"),
    [
        (Cause.KILLED, {"com_kill": 0}, RULED_OUT),
        (Cause.KILLED, {"com_kill": 3}, POSSIBLE),
        (Cause.KILLED, {}, POSSIBLE),
        (Cause.CLIENT_LOST, {"aborted_clients": 0}, RULED_OUT),
        (Cause.CLIENT_LOST, {"aborted_clients": 5}, POSSIBLE),
        (Cause.TOO_MANY_CONNECTIONS, {"connection_errors_max_connections": 2}, CONFIRMED),
        (Cause.TOO_MANY_CONNECTIONS, {"connection_errors_max_connections": 0}, RULED_OUT),
        (Cause.TOO_MANY_CONNECTIONS, {}, POSSIBLE),
        (
            Cause.TOO_MANY_CONNECTIONS,
            {"threads_connected": 140, "connection_errors_max_connections": 0},
            LIKELY,
        ),
    ],
)
def test_what_is_counted_decides(cause: Cause, counters: dict[str, int], certainty: Certainty) -> None:
    patient = a_patient(counters=counters, variables={"max_connections": 151})

    assert certainty is found(cause, patient).certainty


def test_what_is_not_counted_is_not_said_to_be_none() -> None:
    patient = a_patient(counters={}, variables={"max_connections": 151})

    assert () == found(Cause.KILLED, patient).because
    assert "nobody was refused so far" not in found(Cause.TOO_MANY_CONNECTIONS, patient).because


def test_a_limit_longer_than_the_server_is_up_has_closed_nobody() -> None:
    sample = a_sample([a_session(own_limit=28_800)], server=a_server(uptime=3600.0))
    patient = Patient(a_snapshot(sample.sessions, server=sample.server), (), NOW)

    assert RULED_OUT is found(Cause.IDLE_TIMEOUT, patient).certainty


def test_sessions_near_their_end_make_it_likely() -> None:
    patient = a_patient(sessions=[a_session(idle_for=55, own_limit=60)])

    assert LIKELY is found(Cause.IDLE_TIMEOUT, patient).certainty


@pytest.mark.parametrize(
    ("variables", "certainty"),
    [
        ({}, RULED_OUT),
        ({"idle_transaction_timeout": 0}, RULED_OUT),
        ({"idle_transaction_timeout": 60}, POSSIBLE),
    ],
)
def test_transaction_limits_that_are_off_or_unknown_close_nobody(
    variables: dict[str, float], certainty: Certainty
) -> None:
    assert certainty is found(Cause.TRANSACTION_TIMEOUT, a_patient(variables=variables)).certainty


@pytest.mark.parametrize(("uptime", "certainty"), [(60.0, LIKELY), (3000.0, POSSIBLE), (86_400.0, RULED_OUT)])
def test_a_young_server_has_been_restarted(uptime: float, certainty: Certainty) -> None:
    assert certainty is found(Cause.SERVER_RESTART, a_patient(server=a_server(uptime=uptime))).certainty


def test_a_server_that_shows_no_ones_own_limit_rules_no_shorter_one_out() -> None:
    sample = a_sample([a_session(own_limit=None)], server=a_server(uptime=3600.0))
    patient = Patient(a_snapshot(sample.sessions, server=sample.server), (), NOW)

    assert POSSIBLE is found(Cause.IDLE_TIMEOUT, patient).certainty
