"""How an end that a server knows is joined to an error: by session, by time, by counters, and how much each join weighs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.doctor.case import NO_SERVER, Case, RaisedError, ServerFacts
from goneaway_tui.doctor.corroboration import corroborating_arguments
from goneaway_tui.doctor.rules import Argument
from goneaway_tui.logs.error_events import ErrorEvent, FailureKind
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Risk, Verdict
from tests.unit.doctor.test_rules import AT, KILLED, LOSS

PROOF = 100
SEVEN = ProcesslistId(7)
OF_SEVEN = replace(LOSS, session_id=SEVEN)
REFUSED = replace(LOSS, code=2003, failures=frozenset({FailureKind.REFUSED}))


def arguments(cause: Cause, server: ServerFacts, event: ErrorEvent = LOSS) -> list[Argument]:
    return list(corroborating_arguments(Case(event, server), cause))


def weights(cause: Cause, server: ServerFacts, event: ErrorEvent = LOSS) -> list[int]:
    return [argument.weight for argument in arguments(cause, server, event)]


def ended(
    ago: float, cause: Cause = Cause.KILLED, certainty: Certainty = Certainty.CONFIRMED, number: int = 7
) -> Departure:
    session = Session(ProcesslistId(number), "shop", "web-3:51234", None, "Sleep")
    return Departure(
        Verdict(session, Risk.OVERDUE), AT - ago, 0.1, cause, certainty, ("Com_kill rose.", "And more.")
    )


def logged(
    ago: float | None, cause: Cause = Cause.IDLE_TIMEOUT, number: int | None = 7, text: str = "x"
) -> LogEntry:
    return LogEntry(
        None if ago is None else AT - ago, text, None if number is None else ProcesslistId(number), cause
    )


# --- The session that the log names


@pytest.mark.parametrize(
    ("departure", "expected"),
    [
        (ended(60), [PROOF]),
        (ended(60, certainty=Certainty.LIKELY), [5]),
        (ended(-5), [PROOF]),
        (ended(-6), []),
        (ended(28_800), [PROOF]),
        (ended(28_801), []),
        (ended(60, number=8), []),
        (ended(60, Cause.IDLE_TIMEOUT), []),
    ],
)
def test_an_end_in_the_ledger_of_the_session_itself_is_proof_where_it_is_sure_and_in_time(
    departure: Departure, expected: list[int]
) -> None:
    assert expected == weights(Cause.KILLED, ServerFacts(departures=(departure,)), OF_SEVEN)


def test_the_first_evidence_of_the_ledger_is_quoted() -> None:
    (argument,) = arguments(Cause.KILLED, ServerFacts(departures=(ended(60),)), OF_SEVEN)

    assert "The ledger lists session 7 with this cause. Com_kill rose." == argument.text


@pytest.mark.parametrize(
    ("entry", "counters", "started", "expected"),
    [
        (logged(10), {"aborted_clients": 1}, None, [PROOF]),
        (logged(10), {}, None, [5]),
        (logged(10), {"aborted_clients": 0}, None, [1]),
        (logged(10), {"aborted_clients": 1}, AT - 5, [PROOF]),
        (logged(11), {"aborted_clients": 1}, AT - 5, [5]),
        (logged(28_801), {"aborted_clients": 1}, None, []),
        (logged(-6), {"aborted_clients": 1}, None, []),
        (logged(10, number=8), {"aborted_clients": 1}, None, []),
        (logged(10, Cause.KILLED), {"aborted_clients": 1}, None, []),
        (logged(None), {"aborted_clients": 1}, None, [PROOF]),
    ],
)
def test_an_entry_of_the_servers_log_about_the_session_is_proof_where_the_counters_cover_it(
    entry: LogEntry, counters: dict[str, int], started: float | None, expected: list[int]
) -> None:
    server = ServerFacts(log_entries=(entry,), counters=counters, started_at=started)
    of_session = [
        argument.weight
        for argument in arguments(Cause.IDLE_TIMEOUT, server, OF_SEVEN)
        if "log reports this cause for session 7" in argument.text
    ]

    assert expected == of_session


@pytest.mark.parametrize(
    ("ago", "started", "is_used"),
    [
        (106, -100, False),
        (105, -100, True),
        (106, -54, True),
        (106, -55, True),
        (106, -56, False),
        (106, None, True),
    ],
)
def test_an_entry_of_an_earlier_run_is_of_another_session_with_the_same_id(
    ago: float,
    started: float | None,
    is_used: bool,  # noqa: FBT001
) -> None:
    """Where the error came less than a minute after the start, the session may have been of the run before."""
    server = ServerFacts(log_entries=(logged(ago),), started_at=None if started is None else AT + started)

    assert is_used == any(
        "log reports this cause for session 7" in argument.text
        for argument in arguments(Cause.IDLE_TIMEOUT, server, OF_SEVEN)
    )


def test_a_long_entry_is_quoted_up_to_120_characters() -> None:
    server = ServerFacts(log_entries=(logged(10, text="y" * 200),), counters={"aborted_clients": 1})
    quotes = [argument.text.count("y" * 120) for argument in arguments(Cause.IDLE_TIMEOUT, server, OF_SEVEN)]

    assert 1 in quotes
    assert not any("y" * 121 in argument.text for argument in arguments(Cause.IDLE_TIMEOUT, server, OF_SEVEN))


# --- The ledger, where the log names no session


@pytest.mark.parametrize(
    ("departures", "expected"),
    [
        ([ended(60)], [PROOF]),
        ([ended(61)], [2]),
        ([ended(60), ended(28_000)], [PROOF]),
        ([ended(60), ended(28_000, certainty=Certainty.LIKELY)], [5]),
        ([ended(60), ended(28_000, Cause.IDLE_TIMEOUT, number=8)], [5]),
        ([ended(60), ended(28_801, Cause.IDLE_TIMEOUT, number=8)], [PROOF]),
        ([ended(60), ended(50, Cause.CLIENT_QUIT, number=8)], [PROOF]),
        ([ended(28_000), ended(20)], [PROOF]),
        ([ended(60, Cause.IDLE_TIMEOUT)], []),
        ([ended(-6)], []),
        ([], []),
    ],
)
def test_the_only_end_in_the_ledger_is_proof_within_a_minute_and_an_argument_after_it(
    departures: list[Departure], expected: list[int]
) -> None:
    assert expected == weights(Cause.KILLED, ServerFacts(departures=tuple(departures)))


def test_of_several_ends_in_the_ledger_the_nearest_is_named() -> None:
    server = ServerFacts(departures=(ended(50, number=8), ended(20), ended(40, number=9)))
    (argument,) = arguments(Cause.KILLED, server)

    assert (
        "The ledger lists session 7 (shop@web-3) with this cause, ended 20 s before this error"
        in argument.text
    )


# --- What was counted or logged last

ONE_IDLED = ServerFacts(
    started_at=AT - 3600,
    counters={"aborted_clients": 1, "com_kill": 0},
    errors=(RaisedError(4031, 1, "shop", "web-3", AT - 9, AT - 9),),
    counts_errors=True,
)


def idled(ago: float, **fields: object) -> ServerFacts:
    error = RaisedError(4031, 1, "shop", "web-3", AT - ago, AT - ago)
    return replace(ONE_IDLED, errors=(error,), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (idled(60), [PROOF]),
        (idled(61), [2]),
        (idled(28_800), [2]),
        (idled(28_801), []),
        (idled(5, counters={}), [6]),
        (idled(6, counters={}), [4]),
        (idled(60, counters={}), [4]),
        (idled(61, counters={}), [2]),
        (idled(-5, counters={}), [6]),
        (idled(-6, counters={}), []),
    ],
)
def test_the_error_that_was_counted_last_weighs_by_how_long_before_it_was(
    server: ServerFacts, expected: list[int]
) -> None:
    assert expected == weights(Cause.IDLE_TIMEOUT, server)


def test_a_driver_that_knew_before_makes_a_counted_error_nearly_nothing() -> None:
    late = replace(LOSS, used_after_close=True)

    assert [1] == weights(Cause.IDLE_TIMEOUT, idled(9, counters={}), late)


def test_a_client_that_heard_nothing_is_joined_to_no_counted_error() -> None:
    assert [] == weights(
        Cause.IDLE_TIMEOUT, ONE_IDLED, replace(LOSS, failures=frozenset({FailureKind.TIMED_OUT}))
    )


def test_without_a_time_no_counted_error_is_joined() -> None:
    assert [] == weights(Cause.IDLE_TIMEOUT, ONE_IDLED, replace(LOSS, timestamp=None))


@pytest.mark.parametrize(
    ("fields", "is_proof"),
    [
        ({}, True),
        ({"counters": {"aborted_clients": 2, "com_kill": 0}}, False),
        ({"counters": {"aborted_clients": 0, "com_kill": 0}}, True),
        ({"counters": {"aborted_clients": 1}}, False),
        ({"counters": {"com_kill": 0}}, False),
        ({"counts_errors": False}, False),
        ({"idle_since": (AT - 6,)}, False),
        ({"idle_since": (AT - 5,)}, True),
        ({"errors": (*ONE_IDLED.errors, RaisedError(1158, 1, last_at=AT - 60))}, False),
        ({"errors": (*ONE_IDLED.errors, RaisedError(1158, 1, last_at=AT - 61))}, True),
        ({"errors": (*ONE_IDLED.errors, RaisedError(1159, 1, last_at=AT - 60))}, False),
        ({"errors": (*ONE_IDLED.errors, RaisedError(1160, 1, last_at=AT - 60))}, False),
        ({"errors": (*ONE_IDLED.errors, RaisedError(1045, 1, last_at=AT - 60))}, True),
        ({"started_at": AT - 60, "log_entries": (logged(70, Cause.SERVER_CRASH, None),)}, False),
        ({"started_at": AT - 61, "log_entries": (logged(70, Cause.SERVER_CRASH, None),)}, True),
        ({"started_at": None, "log_entries": (logged(70, Cause.SERVER_RESTART, None),)}, False),
        ({"started_at": AT - 60, "log_entries": (logged(7000, Cause.SERVER_CRASH, 7),)}, True),
    ],
)
def test_a_counted_error_is_proof_only_where_no_other_end_can_be_meant(
    fields: dict[str, object],
    is_proof: bool,  # noqa: FBT001
) -> None:
    server = replace(ONE_IDLED, **fields)  # type: ignore[arg-type]

    assert ([PROOF] if is_proof else [4]) == weights(Cause.IDLE_TIMEOUT, server)


@pytest.mark.parametrize(
    ("code", "cause", "within"),
    [
        (4031, Cause.IDLE_TIMEOUT, 28_800),
        (1153, Cause.PACKET_TOO_LARGE, 5),
        (1161, Cause.NET_WRITE_TIMEOUT, 60),
    ],
)
def test_each_counted_error_explains_a_loss_as_long_as_a_client_may_take_to_notice(
    code: int, cause: Cause, within: float
) -> None:
    def counted(ago: float) -> ServerFacts:
        return ServerFacts(errors=(RaisedError(code, 1, last_at=AT - ago),))

    assert weights(cause, counted(within))
    assert [] == weights(cause, counted(within + 1))


@pytest.mark.parametrize(
    ("cause", "within"),
    [
        (Cause.IDLE_TIMEOUT, 28_800),
        (Cause.KILLED, 28_800),
        (Cause.PACKET_TOO_LARGE, 5),
        (Cause.NET_WRITE_TIMEOUT, 60),
        (Cause.CLIENT_LOST, 0),
    ],
)
def test_so_does_each_end_in_the_servers_log(cause: Cause, within: float) -> None:
    def of(ago: float, number: int | None = 7) -> ServerFacts:
        return ServerFacts(log_entries=(logged(ago, cause, number),))

    assert bool(within) == bool(weights(cause, of(within - 1)))
    assert [] == weights(cause, of(within))
    assert [] == weights(cause, of(within - 1, None))


def test_a_log_entry_that_the_counters_contradict_explains_nothing() -> None:
    entry = logged(10, Cause.KILLED)

    assert [] == weights(Cause.KILLED, ServerFacts(log_entries=(entry,), counters={"aborted_clients": 0}))
    assert [4] == weights(Cause.KILLED, ServerFacts(log_entries=(entry,), counters={"aborted_clients": 1}))


@pytest.mark.parametrize(("ago", "expected"), [(1, [6]), (28_800, [2]), (28_801, []), (-5, [6]), (-6, [])])
def test_a_kill_explains_a_loss_for_eight_hours(ago: float, expected: list[int]) -> None:
    assert expected == weights(Cause.KILLED, ServerFacts(killed_at=AT - ago))


def test_only_the_last_end_of_all_explains_the_loss() -> None:
    server = replace(idled(9), killed_at=AT - 3)

    assert [6] == weights(Cause.KILLED, server)
    assert [] == weights(Cause.IDLE_TIMEOUT, server)
    assert [] == weights(Cause.KILLED, replace(idled(3), killed_at=AT - 9))


def test_the_account_is_that_of_the_last_count() -> None:
    errors = (
        RaisedError(4031, 1, "early", "web-1", last_at=AT - 50),
        RaisedError(4031, 1, "late", "web-2", last_at=AT - 9),
        RaisedError(1153, 1, "other", "web-3", last_at=AT - 40),
    )
    (argument,) = arguments(Cause.IDLE_TIMEOUT, ServerFacts(errors=errors))
    (unnamed,) = arguments(Cause.IDLE_TIMEOUT, ServerFacts(errors=(RaisedError(4031, 1, last_at=AT - 9),)))

    assert "The server counted error 4031 for late@web-2 9 s before this error." == argument.text
    assert "for an unknown account 9 s before" in unnamed.text


@pytest.mark.parametrize(
    ("ago", "words"),
    [(0.9, "at the time of this error"), (1.0, "1 s before this error"), (-3, "at the time of")],
)
def test_less_than_a_second_is_at_the_time(ago: float, words: str) -> None:
    (argument,) = arguments(Cause.KILLED, ServerFacts(killed_at=AT - ago))

    assert words in argument.text


# --- How the server went down

STOP, CRASH = Cause.SERVER_RESTART, Cause.SERVER_CRASH


@pytest.mark.parametrize(
    ("entry", "fields", "expected"),
    [
        (logged(600, STOP, None), {}, [PROOF]),
        (logged(601, STOP, None), {}, [3]),
        (logged(20, STOP, None), {"started_at": AT - 10, "counters": {"aborted_clients": 0}}, [PROOF]),
        (logged(20, STOP, None), {"started_at": AT - 10}, [PROOF]),
        (logged(20, STOP, None), {"started_at": AT - 10, "counters": {"aborted_clients": 1}}, [1]),
        (logged(20, STOP, None), {"started_at": AT + 1, "counters": {"aborted_clients": 1}}, [1]),
        (logged(20, STOP, None), {"started_at": AT + 2, "counters": {"aborted_clients": 1}}, [PROOF]),
        (logged(20, STOP, None), {"counters": {"aborted_clients": 1}}, [PROOF]),
        (logged(20, STOP, 7), {}, []),
        (logged(20, Cause.KILLED, None), {}, []),
        (logged(28_801, STOP, None), {}, []),
        (logged(-6, STOP, None), {}, []),
    ],
)
def test_a_logged_stop_is_proof_for_ten_minutes_of_sessions_of_the_run_before(
    entry: LogEntry, fields: dict[str, object], expected: list[int]
) -> None:
    server = ServerFacts(log_entries=(entry,), **fields)  # type: ignore[arg-type]

    assert expected == weights(STOP, server)
    assert expected == weights(STOP, server, REFUSED)
    assert expected == weights(STOP, server, KILLED)


def test_a_stop_in_order_speaks_against_a_crash_and_a_crash_not_against_a_stop() -> None:
    stopped, crashed = (ServerFacts(log_entries=(logged(20, cause, None),)) for cause in (STOP, CRASH))

    assert [-4] == weights(CRASH, stopped)
    assert [] == weights(STOP, crashed)
    assert [PROOF] == weights(CRASH, crashed)
    assert [] == weights(CRASH, crashed, KILLED)


def test_of_one_end_that_left_several_entries_the_first_is_quoted() -> None:
    """A signal, and the start that came of it, at most a minute apart."""
    signal, start = (
        logged(80, CRASH, None, "got signal 11"),
        logged(20, CRASH, None, "mysqld starting as process 9"),
    )
    (near,) = arguments(CRASH, ServerFacts(log_entries=(signal, start)))
    (far,) = arguments(CRASH, ServerFacts(log_entries=(replace(signal, at=AT - 81), start)))

    assert "The server's log reports this, 80 s before this error: got signal 11" == near.text
    assert (
        "a start without a stop before it, 20 s before this error: mysqld starting as process 9" in far.text
    )


def test_nothing_is_joined_where_an_error_is_no_loss() -> None:
    named = replace(LOSS, stated_cause=Cause.PACKET_TOO_LARGE)
    server = replace(ONE_IDLED, log_entries=(logged(20, STOP, None),), departures=(ended(3),))

    assert [] == [found for cause in Cause for found in arguments(cause, server, named)]
    assert [] == [found for cause in Cause for found in arguments(cause, NO_SERVER)]
