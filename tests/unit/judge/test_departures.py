"""Who left, and what names the cause of one session by itself."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.departures import MAX_PAST, past_departures
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, KillStatement, LogEntry
from goneaway_tui.model.session import ProcesslistId, Role
from tests.builders import NOW, a_transaction
from tests.unit.judge.absences import SECOND, about_to_close, counts, missed, one, said

ABORTED = "Aborted connection 1 to db: 'shop' (Got an error reading communication packets)"


def entry(cause: Cause | None, number: int | None = 1, **fields: object) -> LogEntry:
    found = {"at": NOW + 0.25, "text": ABORTED, **fields}
    return LogEntry(session_id=None if number is None else ProcesslistId(number), cause=cause, **found)  # type: ignore[arg-type]


def test_listed_session_has_not_ended() -> None:
    assert () == missed(clues=said(), stay=[one()])


@pytest.mark.parametrize("role", [Role.LOGIN, Role.DAEMON])
def test_login_or_server_thread_is_not_reported_as_ended(role: Role) -> None:
    assert () == missed(one(role=role), clues=said())


def test_own_connection_is_never_reported_as_ended() -> None:
    assert () == missed(one(own=True), clues=said())


def test_a_remembered_kill_names_the_killer() -> None:
    [departure] = missed(
        one(), clues=said({1160: 1}, kills=(KillStatement(ProcesslistId(1), "dba@bastion, session 9"),))
    )

    assert (Cause.KILLED, Certainty.CONFIRMED) == (departure.cause, departure.certainty)
    assert ("KILL 1 was run by dba@bastion, session 9.",) == departure.evidence


def test_kill_of_another_session_explains_no_ended_session() -> None:
    [departure] = missed(one(), clues=said({0: 1}, kills=(KillStatement(ProcesslistId(2), "dba"),)))

    assert Cause.CLIENT_QUIT is departure.cause


def test_log_entry_confirms_the_cause_at_its_instant() -> None:
    [departure] = missed(one(), clues=said({1158: 1}, aborted_clients=1, log=(entry(Cause.CLIENT_LOST),)))

    assert (Cause.CLIENT_LOST, Certainty.CONFIRMED) == (departure.cause, departure.certainty)
    assert NOW + 0.25 == departure.at
    assert ABORTED in departure.evidence[0]


def test_log_entry_of_a_lost_client_counts_as_evidence_beside_a_kill() -> None:
    """MySQL does not log a session that was killed."""
    [departure] = missed(one(), clues=said({1160: 1}, kill_statements=1, log=(entry(Cause.CLIENT_LOST),)))

    assert (Cause.CLIENT_LOST, Certainty.CONFIRMED) == (departure.cause, departure.certainty)


def test_a_logged_timeout_inside_a_transaction_is_the_transactions() -> None:
    session = one(own_limit=None, idle_for=29.5, transaction=a_transaction())
    [departure] = missed(
        session,
        clues=said(aborted_clients=1, log=(entry(Cause.IDLE_TIMEOUT, at=None),)),
        variables={"idle_transaction_timeout": 30},
    )

    assert Cause.TRANSACTION_TIMEOUT is departure.cause
    assert (NOW + 0.5, 0.1) == (departure.at, departure.within)


TIMEOUT = "Aborted connection 1 to db: 'shop' (Got timeout reading communication packets)"


@pytest.mark.parametrize(
    ("limits", "idled", "cause", "certainty"),
    [
        ({"idle_readonly_transaction_timeout": 6}, 5.5, Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY),
        ({"idle_transaction_timeout": 6}, 5.5, Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY),
        # A busy server closes late.
        ({"idle_transaction_timeout": 5.8}, 5.5, Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY),
        ({"idle_transaction_timeout": 5.3}, 5.5, Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY),
        # One that wrote nothing obeys the limit of those, not the general one; and the limit it outlived it did not have.
        (
            {"idle_readonly_transaction_timeout": 4, "idle_transaction_timeout": 6},
            5.5,
            Cause.IDLE_TIMEOUT,
            Certainty.CONFIRMED,
        ),
        # Both run out at once: no evidence tells which.
        ({"idle_readonly_transaction_timeout": 60}, 59.5, Cause.IDLE_TIMEOUT, Certainty.LIKELY),
        ({"idle_readonly_transaction_timeout": 70}, 59.5, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
    ],
)
@pytest.mark.parametrize("at", [NOW + 0.5, NOW + 0.51])
def test_a_logged_timeout_at_the_limit_of_a_transaction_that_is_listed_nowhere(
    limits: dict[str, float], idled: float, cause: Cause, certainty: Certainty, at: float
) -> None:
    [departure] = missed(
        one(own_limit=None, idle_for=idled),
        clues=said(aborted_clients=1, log=(entry(Cause.IDLE_TIMEOUT, at=at, text=TIMEOUT),)),
        variables={"wait_timeout": 60} | limits,
    )

    assert (cause, certainty) == (departure.cause, departure.certainty)


def test_instant_of_a_log_entry_lies_between_the_samples() -> None:
    [departure] = missed(one(), clues=said(aborted_clients=1, log=(entry(Cause.CLIENT_LOST, at=NOW - 5),)))

    assert NOW == departure.at


def test_session_last_seen_as_killed_was_likely_killed() -> None:
    """MariaDB shows an idle session so after a KILL QUERY too."""
    [departure] = missed(one(command="Killed"), clues=said({1160: 1}, aborted_clients=1))

    assert (Cause.KILLED, Certainty.LIKELY) == (departure.cause, departure.certainty)


def test_ended_session_named_in_the_log_is_not_counted_twice() -> None:
    """One of two was logged as lost: the other is the goodbye."""
    told = missed(
        one(1), one(2), clues=said({1158: 1, 0: 1}, aborted_clients=1, log=(entry(Cause.CLIENT_LOST),))
    )

    assert [Cause.CLIENT_LOST, Cause.CLIENT_QUIT] == [each.cause for each in told]
    assert [Certainty.CONFIRMED] * 2 == [each.certainty for each in told]


# --- A log and the counters

LOGGED = tuple(
    cause
    for cause in Cause
    if cause not in {Cause.CLIENT_QUIT, Cause.UNKNOWN, Cause.TRANSACTION_TIMEOUT, Cause.NET_READ_TIMEOUT}
)


def totals(**fields: object) -> EndEvidence:
    """What a MariaDB server counted, with its performance schema on."""
    return said(**{"counted_codes": frozenset({COM_QUIT}), **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("cause", LOGGED)
def test_log_entry_without_a_matching_counter_is_not_used_as_evidence(cause: Cause) -> None:
    [departure] = missed(one(), clues=totals(errors=counts({COM_QUIT: 1}), log=(entry(cause),)))

    assert (Cause.CLIENT_QUIT, Certainty.CONFIRMED) == (departure.cause, departure.certainty)
    assert (
        f"A log entry is not believed, because Aborted_clients did not rise for this session. The server's log: {ABORTED}"
        in departure.evidence
    )


def test_a_timeout_in_the_log_at_the_deadline_is_likely_where_the_counter_did_not_rise_for_it() -> None:
    [departure] = missed(about_to_close(), clues=said(log=(entry(Cause.IDLE_TIMEOUT, at=NOW + 0.5),)))

    assert (Cause.IDLE_TIMEOUT, Certainty.LIKELY) == (departure.cause, departure.certainty)
    assert departure.evidence == (
        f"The server's log: {ABORTED}",
        "The session's deadline had passed, but Aborted_clients did not rise for this session in this interval.",
    )


def test_a_timeout_in_the_log_at_the_deadline_is_not_believed_where_com_quit_was_counted() -> None:
    log = (entry(Cause.IDLE_TIMEOUT, at=NOW + 0.5),)
    [departure] = missed(about_to_close(), clues=said({COM_QUIT: 1}, log=log))

    assert (Cause.CLIENT_QUIT, Certainty.CONFIRMED) == (departure.cause, departure.certainty)
    assert "not believed" in departure.evidence[-1]


@pytest.mark.parametrize("cause", LOGGED)
def test_log_alone_confirms_no_cause_without_counters(cause: Cause) -> None:
    [departure] = missed(one(), clues=EndEvidence(log=(entry(cause),)))

    assert (cause, Certainty.LIKELY) == (departure.cause, departure.certainty)


def test_a_log_that_names_more_than_were_counted_is_possible() -> None:
    log = (entry(Cause.IDLE_TIMEOUT, 1), entry(Cause.CLIENT_LOST, 2))
    told = missed(one(1), one(2), clues=totals(aborted_clients=1, log=log))

    assert [Cause.IDLE_TIMEOUT, Cause.CLIENT_LOST] == [each.cause for each in told]
    assert {Certainty.POSSIBLE} == {each.certainty for each in told}
    assert "names 2 sessions" in told[0].evidence[-1]


def test_a_timeout_at_the_deadline_is_likely_where_the_log_names_more_than_were_counted() -> None:
    log = (entry(Cause.IDLE_TIMEOUT, 1), entry(Cause.CLIENT_LOST, 2))
    told = missed(about_to_close(1), one(2), clues=totals(aborted_clients=1, log=log))

    assert [Certainty.LIKELY, Certainty.POSSIBLE] == [each.certainty for each in told]
    assert "names 2 sessions" in told[0].evidence[-1]


def test_kill_in_the_statement_history_is_not_counted_for_the_log_entry_of_another_session() -> None:
    kills = (KillStatement(ProcesslistId(1), "dba"),)
    told = missed(
        one(1), one(2), clues=totals(aborted_clients=1, kills=kills, log=(entry(Cause.IDLE_TIMEOUT, 2),))
    )

    assert [Cause.KILLED, Cause.CLIENT_QUIT] == [each.cause for each in told]


def test_a_timeout_that_the_account_was_not_counted_for_needs_one_of_all_accounts() -> None:
    log = (entry(Cause.IDLE_TIMEOUT),)
    certain = {
        aborted: missed(one(), clues=said({COM_QUIT: 1}, aborted_clients=aborted, log=log))[0].cause
        for aborted in (0, 1)
    }

    assert {0: Cause.CLIENT_QUIT, 1: Cause.IDLE_TIMEOUT} == certain


# --- A server that stopped

STOP = entry(Cause.SERVER_RESTART, None, text="Received SHUTDOWN from user root.", code="MY-013172")
START = entry(None, None, text="mysqld starting as process 7", code="MY-010116")
RECOVERY = entry(Cause.SERVER_CRASH, None, text="Database was not shutdown normally!", code="MY-012551")


@pytest.mark.parametrize(
    ("log", "cause", "certainty"),
    [
        ((STOP, START), Cause.SERVER_RESTART, Certainty.CONFIRMED),
        ((START, RECOVERY), Cause.SERVER_CRASH, Certainty.CONFIRMED),
        ((START,), Cause.SERVER_CRASH, Certainty.LIKELY),
        ((), Cause.SERVER_RESTART, Certainty.LIKELY),
    ],
)
def test_server_stop_ends_every_session(
    log: tuple[LogEntry, ...], cause: Cause, certainty: Certainty
) -> None:
    told = missed(one(1), one(2), clues=EndEvidence(log=log), stay=[one(3)], restarted=True)

    assert [1, 2, 3] == [each.verdict.session.id for each in told]
    assert {(cause, certainty)} == {(each.cause, each.certainty) for each in told}
    assert all(NOW <= each.at <= NOW + SECOND for each in told)


def test_a_server_that_reported_its_stop_to_us_was_stopped() -> None:
    [told] = missed(one(), clues=EndEvidence(stop_reported=True), restarted=True)
    [silent] = missed(one(), clues=EndEvidence(), restarted=True)

    assert (Cause.SERVER_RESTART, Certainty.LIKELY) == (told.cause, told.certainty)
    assert "it sends when it stops" in told.evidence[0]
    assert "no evidence whether" in silent.evidence[0]


def test_forced_out_session_ended_at_that_instant() -> None:
    forced = entry(Cause.SERVER_RESTART, 1, at=NOW + 0.4, text="Forcing close of thread 1  user: 'shop'")
    [departure] = missed(one(), clues=EndEvidence(log=(STOP, forced)), restarted=True)

    assert NOW + 0.4 == departure.at
    assert "Forcing close" in departure.evidence[0]


def test_reached_deadline_is_reported_with_its_limit() -> None:
    [departure] = missed(about_to_close(), clues=said({4031: 1}, aborted_clients=1))

    assert (Cause.IDLE_TIMEOUT, Certainty.CONFIRMED) == (departure.cause, departure.certainty)
    assert NOW + 0.5 == departure.at
    assert 60 == departure.idle_seconds
    assert "wait_timeout of 60 s" in departure.evidence[0]


def test_what_ended_before_we_came_is_read_from_the_log() -> None:
    aborted = "Aborted connection 8 to db: 'shop' user: 'app' host: 'web-3' (The client was disconnected by the server because of inactivity.)"
    entries = [
        LogEntry(NOW - 9_000, aborted, ProcesslistId(7), Cause.IDLE_TIMEOUT),
        LogEntry(
            NOW - 60.25,
            "The client was disconnected because of inactivity.",
            ProcesslistId(8),
            Cause.IDLE_TIMEOUT,
        ),
        LogEntry(NOW - 60.24, aborted, ProcesslistId(8), Cause.CLIENT_LOST),
        LogEntry(NOW - 50, "Shutdown", None, Cause.SERVER_RESTART),
        LogEntry(NOW - 40, "a note", ProcesslistId(9), None),
        LogEntry(None, aborted, ProcesslistId(10), Cause.IDLE_TIMEOUT),
        LogEntry(NOW - 30.5, "user: '\x1b[31m' host: '\x07'", ProcesslistId(11), Cause.KILLED),
        LogEntry(NOW + 1, aborted, ProcesslistId(12), Cause.IDLE_TIMEOUT),
    ]
    first, second = past_departures(entries, NOW - 3_600, NOW)

    assert (8, "app", "web-3", Cause.IDLE_TIMEOUT, NOW - 60.25) == (
        first.verdict.session.id,
        first.verdict.session.user,
        first.verdict.session.host,
        first.cause,
        first.at,
    )
    assert 2 == len(first.evidence)
    assert (False, None, None, None) == (
        first.observed,
        first.idle_seconds,
        first.verdict.limit,
        first.verdict.deadline,
    )
    assert second.verdict.session.user.isprintable()


@pytest.mark.parametrize(
    ("texts", "certainty"),
    [
        (("Aborted connection 8 (Got timeout reading communication packets)",), Certainty.LIKELY),
        (("The client was disconnected by the server because of inactivity.",), Certainty.CONFIRMED),
        (
            (
                "Aborted connection 8 (Got timeout reading communication packets)",
                "A connection from app@web-3 was closed by the server due to a timeout",
            ),
            Certainty.CONFIRMED,
        ),
    ],
)
def test_a_read_timeout_in_the_log_alone_does_not_confirm_that_the_session_was_idle(
    texts: tuple[str, ...], certainty: Certainty
) -> None:
    entries = [LogEntry(NOW - 60, text, ProcesslistId(8), Cause.IDLE_TIMEOUT) for text in texts]

    assert [(Cause.IDLE_TIMEOUT, certainty)] == [
        (each.cause, each.certainty) for each in past_departures(entries, NOW - 3_600, NOW)
    ]


def test_no_text_file_confirms_what_ended_before_we_came() -> None:
    text = "Aborted connection 8 to db: 'shop' user: 'app' host: 'web-3' (Got an error reading communication packets)"
    told = LogEntry(NOW - 60, text, ProcesslistId(8), Cause.CLIENT_LOST, is_past_text=True)
    [departure] = past_departures([told], NOW - 3_600, NOW)

    assert (Cause.CLIENT_LOST, Certainty.LIKELY) == (departure.cause, departure.certainty)
    assert "counters are not known" in departure.evidence[-1]


def test_a_refused_login_in_the_log_is_no_proof_of_how_a_session_ended() -> None:
    """Two entries of MariaDB's log look like one login by a user whose name holds the end of the first and the head of the second."""
    refused = entry(Cause.ACCESS_DENIED, 1, text="Access denied for user 'y'@'10.0.0.9' (using password: NO)")
    [departure] = missed(one(), clues=EndEvidence(log=(refused,), aborted_clients=1))

    assert Certainty.CONFIRMED is not departure.certainty


def test_the_log_is_read_back_within_bounds() -> None:
    entries = [
        LogEntry(NOW - 5_000 + number, "gone", ProcesslistId(number), Cause.CLIENT_LOST)
        for number in range(2 * MAX_PAST)
    ]

    assert MAX_PAST == len(past_departures(entries, 0, NOW))


# --- Instants, and what is said


@pytest.mark.parametrize(
    ("at", "instant", "within"),
    [
        (NOW + 0.25, NOW + 0.25, 0.1),
        (float(int(NOW)) + 1, float(int(NOW)) + 1.5, 0.5),
        (None, NOW + 0.5, 0.1),
    ],
    ids=["exact", "whole seconds", "no time"],
)
def test_an_end_is_dated_by_the_log_or_else_by_the_deadline(
    at: float | None, instant: float, within: float
) -> None:
    clues = said({4031: 1}, aborted_clients=1, log=(entry(Cause.IDLE_TIMEOUT, at=at),))
    [departure] = missed(about_to_close(), clues=clues)

    assert within == departure.within
    assert pytest.approx(min(max(instant, NOW), NOW + 1)) == departure.at


def test_a_logged_kill_of_a_session_that_was_shown_as_killed_is_only_likely() -> None:
    clues = said({1158: 1, 1160: 1}, aborted_clients=1, kill_statements=1, log=(entry(Cause.KILLED),))

    assert Certainty.LIKELY is missed(one(command="Killed"), clues=clues)[0].certainty
    assert Certainty.CONFIRMED is missed(one(), clues=clues)[0].certainty


def test_the_last_entry_on_a_session_counts() -> None:
    clues = said({1158: 1}, aborted_clients=1, log=(entry(Cause.CLIENT_LOST, text="first"), entry(Cause.CLIENT_LOST, text="last"), entry(None, text="note")))  # fmt: skip

    assert "The server's log: last" == missed(one(), clues=clues)[0].evidence[0]


def test_a_session_that_ended_with_its_server_is_dated_between_the_reading_and_the_start() -> None:
    """Uptime is half a second a second later: it ended in the half second before."""
    [departure] = missed(one(), clues=EndEvidence(), restarted=True)

    assert (NOW + 0.25, 0.25) == (departure.at, departure.within)
    assert any("It has been up for 0.5 s" in sentence for sentence in departure.evidence)


@pytest.mark.parametrize(("number", "within"), [(1, 0.1), (2, 2.0)])
def test_a_stop_dates_the_session_that_it_names_and_all_others_within_two_seconds(
    number: int, within: float
) -> None:
    stop = entry(Cause.SERVER_RESTART, 1, at=NOW + 0.4, text="Forcing close of thread 1")
    [departure] = missed(one(number), clues=EndEvidence(log=(stop,)), restarted=True)

    assert (NOW + 0.4, within) == (departure.at, departure.within)


def past(*entries: tuple[float, int, Cause]) -> list[tuple[int, float]]:
    """The sessions that ended before the first reading, and when, by entries so many seconds before it."""
    found = past_departures(
        [LogEntry(NOW - ago, "gone", ProcesslistId(number), cause) for ago, number, cause in entries],
        NOW - 100,
        NOW,
    )
    return [(each.verdict.session.id, NOW - each.at) for each in found]


def test_two_entries_on_one_session_within_five_seconds_tell_of_one_end() -> None:
    lost = Cause.CLIENT_LOST

    assert [(8, 20.25)] == past((20.25, 8, lost), (15.25, 8, lost))
    assert [(8, 20.25), (8, 15.0)] == past((20.25, 8, lost), (15.0, 8, lost))
    assert [(8, 20.25), (9, 19.25)] == past((20.25, 8, lost), (19.25, 9, lost))


def test_what_ended_from_one_instant_up_to_another_is_read() -> None:
    lost = Cause.CLIENT_LOST

    assert [7, 8] == [
        number for number, _ago in past((100.0, 7, lost), (0.5, 8, lost), (0.0, 9, lost), (100.5, 6, lost))
    ]


@pytest.mark.parametrize(
    ("aborted", "entries", "certainty", "words"),
    [
        (None, 1, Certainty.LIKELY, "The server's counters are not known"),
        (1, 1, Certainty.CONFIRMED, ""),
        (
            1,
            2,
            Certainty.POSSIBLE,
            "The log names 2 sessions that ended without COM_QUIT, and Aborted_clients rose by 1.",
        ),
        (2, 2, Certainty.CONFIRMED, ""),
        (0, 1, None, "not believed, because Aborted_clients did not rise for this session"),
    ],
)
def test_what_the_log_says_is_believed_as_far_as_the_counters_rose(
    aborted: int | None, entries: int, certainty: Certainty | None, words: str
) -> None:
    log = tuple(entry(Cause.NET_WRITE_TIMEOUT, number) for number in range(1, entries + 1))
    clues = EndEvidence(aborted_clients=aborted, kill_statements=0, offline=False, log=log)
    told = missed(*(one(number) for number in range(1, entries + 1)), clues=clues)

    assert all(words in " ".join(each.evidence) for each in told)
    if certainty is None:
        assert {Cause.CLIENT_QUIT} == {each.cause for each in told}
    else:
        assert {(Cause.NET_WRITE_TIMEOUT, certainty)} == {(each.cause, each.certainty) for each in told}
