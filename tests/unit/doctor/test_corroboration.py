"""What a server remembers: the last end before an error is the likeliest, and proof only where nothing else ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.doctor.case import Case, RaisedError, ServerFacts
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Risk, Verdict
from tests.unit.doctor.test_rules import AT, LOSS, finding

IDLED = ServerFacts(
    started_at=AT - 3600,
    limits={"wait_timeout": 28_800},
    counters={"aborted_clients": 1, "com_kill": 0},
    errors=(RaisedError(4031, 1, "shop", "web-3", AT - 9, AT - 9),),
    counts_errors=True,
)
RESTARTED = ServerFacts(
    started_at=AT - 5,
    counters={"aborted_clients": 0, "com_kill": 0},
    log_entries=(LogEntry(AT - 10, "Received SHUTDOWN from user root", None, Cause.SERVER_RESTART),),
)


def first(server: ServerFacts) -> Finding:
    return diagnose(Case(LOSS, server))[0]


def test_only_counted_session_end_is_the_cause() -> None:
    told = first(IDLED)

    assert (Cause.IDLE_TIMEOUT, Certainty.CONFIRMED) == (told.cause, told.certainty)
    assert "shop@web-3 9 s before" in told.because[0]


@pytest.mark.parametrize(
    "rival",
    [
        {"counters": {"aborted_clients": 2, "com_kill": 0}},
        {"counters": {"aborted_clients": 1, "com_kill": 1}},
        {"counters": {}},
        {"idle_since": (AT - 400,)},
        {"errors": (*IDLED.errors, RaisedError(1158, 1, "shop", "web-3", AT - 20, AT - 20))},
        {"errors": (RaisedError(4031, 1, "shop", "web-3", AT - 300, AT - 300),)},
        {"errors": (RaisedError(4031, 1, "shop", "web-3", AT + 300, AT + 300),)},
    ],
)
def test_competing_cause_leaves_the_idle_timeout_unconfirmed(rival: dict[str, object]) -> None:
    server = replace(IDLED, **rival)  # type: ignore[arg-type]

    assert Certainty.CONFIRMED is not finding(Cause.IDLE_TIMEOUT, LOSS, server).certainty


def test_a_kill_after_the_last_timeout_is_likelier() -> None:
    server = replace(IDLED, counters={"aborted_clients": 2, "com_kill": 1}, killed_at=AT - 1)

    assert (Cause.KILLED, Certainty.LIKELY) == (first(server).cause, first(server).certainty)


def test_a_restart_proves_nothing_once_the_server_has_ended_sessions_since() -> None:
    assert (Cause.SERVER_RESTART, Certainty.CONFIRMED) == (first(RESTARTED).cause, first(RESTARTED).certainty)
    after = replace(RESTARTED, counters={"aborted_clients": 1, "com_kill": 1}, killed_at=AT)

    assert Cause.KILLED is first(after).cause
    assert Certainty.CONFIRMED is not finding(Cause.SERVER_RESTART, LOSS, after).certainty


def test_of_two_ends_of_the_server_the_later_counts() -> None:
    crash = LogEntry(AT - 6, "mysqld got signal 11 ;", None, Cause.SERVER_CRASH)
    server = replace(RESTARTED, log_entries=(*RESTARTED.log_entries, crash))

    assert (Cause.SERVER_CRASH, Certainty.CONFIRMED) == (first(server).cause, first(server).certainty)
    assert Certainty.CONFIRMED is not finding(Cause.SERVER_RESTART, LOSS, server).certainty


def a_departure(number: int, cause: Cause, at: float) -> Departure:
    session = Session(ProcesslistId(number), "shop", "web-3:51234", None, "Sleep")
    return Departure(Verdict(session, Risk.OVERDUE), at, 0.1, cause, Certainty.CONFIRMED, ())


def test_only_session_that_ended_near_the_error_is_the_cause() -> None:
    told = first(
        ServerFacts(
            departures=(a_departure(7, Cause.KILLED, AT - 3), a_departure(8, Cause.CLIENT_QUIT, AT - 2))
        )
    )

    assert (Cause.KILLED, Certainty.CONFIRMED) == (told.cause, told.certainty)


def test_two_ended_sessions_near_the_error_are_both_possible() -> None:
    both = ServerFacts(
        departures=(a_departure(7, Cause.KILLED, AT - 3), a_departure(8, Cause.IDLE_TIMEOUT, AT - 4000))
    )

    assert (Cause.KILLED, Certainty.LIKELY) == (first(both).cause, first(both).certainty)


def test_session_that_ended_after_the_error_is_another_session() -> None:
    assert Cause.KILLED is not first(ServerFacts(departures=(a_departure(7, Cause.KILLED, AT + 60),))).cause
