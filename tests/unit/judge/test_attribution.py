"""From counts to causes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge.attribution import (
    EndingCounts,
    EndInterval,
    counts_words,
    timeout_attribution,
    timeout_cause,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, LogEntry
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Basis, Limit
from tests.builders import NOW, a_snapshot, a_transaction, a_verdict
from tests.unit.judge.absences import ACCOUNT, COUNTED, about_to_close, counts, missed, one, said

LIMITS = {"wait_timeout": 60, "interactive_timeout": 30, "idle_transaction_timeout": 15}
Told = tuple[Cause, Certainty]


def told_of(*gone: Session, clues: EndEvidence, **fields: object) -> list[Told]:
    return [(each.cause, each.certainty) for each in missed(*gone, clues=clues, **fields)]  # type: ignore[arg-type]


BUSY = one(command="Query", state="executing")
WRITER = one(transaction=a_transaction())

ALONE = [
    (one(), said({0: 1}), Cause.CLIENT_QUIT, Certainty.CONFIRMED),
    (about_to_close(), said({4031: 1}, aborted_clients=1), Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
    (about_to_close(), said({0: 1}), Cause.CLIENT_QUIT, Certainty.CONFIRMED),
    (about_to_close(), said({1159: 1}, aborted_clients=1), Cause.NET_READ_TIMEOUT, Certainty.CONFIRMED),
    (one(), said({4031: 1}, aborted_clients=1), Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
    (BUSY, said({4031: 1}, aborted_clients=1), Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
    (one(), said({1153: 1}, aborted_clients=1), Cause.PACKET_TOO_LARGE, Certainty.CONFIRMED),
    (BUSY, said({1161: 1}, aborted_clients=1), Cause.NET_WRITE_TIMEOUT, Certainty.CONFIRMED),
    (BUSY, said({1159: 2}, aborted_clients=1), Cause.NET_READ_TIMEOUT, Certainty.CONFIRMED),
    (one(), said({1158: 1}, aborted_clients=1), Cause.CLIENT_LOST, Certainty.CONFIRMED),
    (one(), said({1158: 1, 1160: 1}, aborted_clients=1), Cause.CLIENT_LOST, Certainty.CONFIRMED),
    (one(), said({1158: 1}, aborted_clients=1, kill_statements=1), Cause.CLIENT_LOST, Certainty.LIKELY),
    (one(), said({1158: 1}, aborted_clients=1, kill_statements=None), Cause.CLIENT_LOST, Certainty.LIKELY),
    (
        one(),
        said({1158: 1, 1160: 1}, aborted_clients=1, kill_statements=None),
        Cause.CLIENT_LOST,
        Certainty.LIKELY,
    ),
    (one(), said({1158: 1, 1160: 1}, aborted_clients=1, offline=None), Cause.CLIENT_LOST, Certainty.LIKELY),
    (one(), said({1158: 1, 1160: 1}, aborted_clients=1, offline=True), Cause.KILLED, Certainty.LIKELY),
    (BUSY, said({1160: 1}, aborted_clients=1, offline=True), Cause.KILLED, Certainty.LIKELY),
    (one(), said({0: 1}, offline=True), Cause.CLIENT_QUIT, Certainty.CONFIRMED),
    # Counted a sample before it was missed, as was the KILL.
    (
        one(),
        said(early={1158: 1, 1160: 1}, aborted_clients=1, kill_statements=1),
        Cause.KILLED,
        Certainty.LIKELY,
    ),
    (one(), said(early={1158: 1}, aborted_clients=1, kill_statements=1), Cause.CLIENT_LOST, Certainty.LIKELY),
    # A KILL of long ago may have needed until now to roll back.
    (BUSY, said({1160: 1}, aborted_clients=1), Cause.CLIENT_LOST, Certainty.LIKELY),
    (WRITER, said({1158: 1, 1160: 1}, aborted_clients=1), Cause.CLIENT_LOST, Certainty.LIKELY),
    (one(), said({1158: 1, 1160: 1}, aborted_clients=1, kill_statements=1), Cause.KILLED, Certainty.LIKELY),
    (BUSY, said({1160: 1}, aborted_clients=1, kill_statements=1), Cause.KILLED, Certainty.LIKELY),
    (BUSY, said({}, aborted_clients=1, kill_statements=1), Cause.KILLED, Certainty.LIKELY),
    (one(), said({}), Cause.CLIENT_QUIT, Certainty.LIKELY),
    (one(), said({}, aborted_clients=1), Cause.UNKNOWN, Certainty.POSSIBLE),
    # Visitors of the account said goodbye as well.
    (one(), said({0: 9}), Cause.CLIENT_QUIT, Certainty.CONFIRMED),
    (one(), said({0: 9, 1158: 1}, aborted_clients=1), Cause.CLIENT_LOST, Certainty.POSSIBLE),
    (about_to_close(), said({0: 9, 4031: 1}, aborted_clients=1), Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
    # Counted a sample before it was missed.
    (one(), said(early={1153: 1}, aborted_clients=1), Cause.PACKET_TOO_LARGE, Certainty.CONFIRMED),
    (about_to_close(), said(early={4031: 1}, aborted_clients=1), Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
    (one(), said({0: 1}, early={1153: 1}), Cause.CLIENT_QUIT, Certainty.POSSIBLE),
]


@pytest.mark.parametrize(("session", "clues", "cause", "certainty"), ALONE)
def test_cause_of_a_single_ended_session(
    session: Session, clues: EndEvidence, cause: Cause, certainty: Certainty
) -> None:
    assert [(cause, certainty)] == told_of(session, clues=clues)


def test_errors_of_other_accounts_are_no_evidence() -> None:
    clues = said(errors=counts({0: 1}) + counts({1158: 3}, ("etl", "job-1")), aborted_clients=3)

    assert [(Cause.CLIENT_QUIT, Certainty.CONFIRMED)] == told_of(one(), clues=clues)


def test_sessions_of_one_account_that_ended_together_are_distinguished_by_their_last_command() -> None:
    told = told_of(BUSY, about_to_close(2), one(3), clues=said({1161: 1, 4031: 1, 0: 1}, aborted_clients=2))

    assert [
        (Cause.NET_WRITE_TIMEOUT, Certainty.POSSIBLE),
        (Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
        (Cause.CLIENT_QUIT, Certainty.POSSIBLE),
    ] == told


def test_more_deadlines_than_timeouts_leave_the_session_unknown() -> None:
    told = told_of(about_to_close(1), about_to_close(2), clues=said({4031: 1, 0: 1}, aborted_clients=1))

    assert {Cause.IDLE_TIMEOUT: 1, Cause.CLIENT_QUIT: 1} == Counter(cause for cause, _ in told)
    assert Certainty.CONFIRMED not in {certainty for _, certainty in told[:1]}


def test_two_lost_sessions_and_one_kill_leave_the_killed_session_unknown() -> None:
    elsewhere = one(2, user="etl", host="job-1:4")
    clues = said(
        errors=counts({1158: 1, 1160: 1}) + counts({1158: 1, 1160: 1}, ("etl", "job-1")),
        aborted_clients=2,
        kill_statements=1,
    )
    told = told_of(one(), elsewhere, clues=clues)

    assert {Cause.KILLED: 1, Cause.CLIENT_LOST: 1} == Counter(cause for cause, _ in told)
    assert {Certainty.POSSIBLE} == {certainty for _, certainty in told}


def test_two_codes_raised_once_each_are_two_lost_sessions() -> None:
    told = told_of(one(1), one(2), clues=said({1158: 1, 1160: 1}, aborted_clients=2))

    assert [(Cause.CLIENT_LOST, Certainty.CONFIRMED)] * 2 == told


@pytest.mark.parametrize(
    ("offline", "told"),
    [
        (None, (Cause.CLIENT_LOST, Certainty.LIKELY)),
        (True, (Cause.KILLED, Certainty.LIKELY)),
        (False, (Cause.CLIENT_LOST, Certainty.CONFIRMED)),
    ],
)
def test_many_lost_sessions_at_once_without_a_kill_may_be_offline_mode(
    offline: bool | None,  # noqa: FBT001 - a parameter of the test
    told: Told,
) -> None:
    """As `SET GLOBAL offline_mode = ON` was seen to be counted, of an idle session and a busy one."""
    clues = said({1158: 2, 1160: 2}, aborted_clients=2, offline=offline)

    assert [told] * 2 == told_of(one(1), one(2), clues=clues)


# --- MySQL before 8.0.24, where an idle timeout is error 1159

BEFORE_4031 = COUNTED - {4031}
LOADING = one(command="Query", state="Reading from net")


@pytest.mark.parametrize(
    ("session", "codes", "cause", "certainty"),
    [
        (about_to_close(), {1159: 1}, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
        (about_to_close(half_sent=True), {1159: 1}, Cause.NET_READ_TIMEOUT, Certainty.CONFIRMED),
        (LOADING, {1159: 2}, Cause.NET_READ_TIMEOUT, Certainty.LIKELY),
        (BUSY, {1159: 1}, Cause.NET_READ_TIMEOUT, Certainty.LIKELY),
        (one(), {1159: 1}, Cause.IDLE_TIMEOUT, Certainty.LIKELY),
        (about_to_close(), {0: 1}, Cause.CLIENT_QUIT, Certainty.CONFIRMED),
        (one(), {1158: 1}, Cause.CLIENT_LOST, Certainty.CONFIRMED),
    ],
)
def test_before_4031_a_timeout_of_reading_at_the_deadline_is_the_idle_timeout(
    session: Session, codes: dict[int, int], cause: Cause, certainty: Certainty
) -> None:
    clues = said(codes, aborted_clients=int(0 not in codes), counted_codes=BEFORE_4031)

    assert [(cause, certainty)] == told_of(session, clues=clues)


def test_before_4031_the_evidence_names_the_error_that_was_counted() -> None:
    [departure] = missed(
        about_to_close(), clues=said({1159: 1}, aborted_clients=1, counted_codes=BEFORE_4031)
    )

    assert "1 x error 1159 (read timeout)" in departure.evidence[1]


def test_log_entry_of_a_listed_session_explains_no_other_session() -> None:
    entry = LogEntry(NOW, "a packet bigger than", ProcesslistId(2), Cause.PACKET_TOO_LARGE)
    clues = said({1158: 1, 1160: 1, 1153: 1}, aborted_clients=2, kill_statements=1, log=(entry,))

    assert [(Cause.KILLED, Certainty.LIKELY)] == told_of(one(1), clues=clues, stay=[one(2)])


@pytest.mark.parametrize(("recent", "left"), [({1153: 1}, (0, 1)), ({}, (0, 0))])
def test_an_end_that_is_known_is_taken_out_of_what_was_counted_last(
    recent: dict[int, int], left: tuple[int, int]
) -> None:
    cause = Cause.PACKET_TOO_LARGE
    clues = said(recent, early={1153: 1}, log=(LogEntry(NOW, "", ProcesslistId(1), cause),))
    before, after = a_snapshot([one()]), a_snapshot([one()], end_evidence=clues)
    interval = EndInterval.between(before, after, [], {})

    counted = (interval.recent_counts[ACCOUNT], interval.earlier_counts[ACCOUNT])
    assert left == tuple(each.causes[cause] for each in counted)


# --- Where they are counted all together


def totals(
    aborted_clients: int | None,
    *,
    kill_statements: int | None = 0,
    goodbyes: int | None = None,
    offline: bool = False,
) -> EndEvidence:
    """What a MariaDB server counted; goodbyes only with its performance schema on."""
    if goodbyes is None:
        return EndEvidence(aborted_clients=aborted_clients, kill_statements=kill_statements, offline=offline)
    return EndEvidence(
        counts({COM_QUIT: goodbyes}),
        aborted_clients=aborted_clients,
        kill_statements=kill_statements,
        counted_codes=frozenset({COM_QUIT}),
    )


def hidden(idle_for: float, **fields: Any) -> Session:
    return one(own_limit=None, idle_for=idle_for, **fields)


TOTALS = [
    (hidden(59.5), totals(1), Cause.IDLE_TIMEOUT, Certainty.LIKELY),
    (hidden(59.5), totals(0), Cause.CLIENT_QUIT, Certainty.LIKELY),
    (hidden(59.5), totals(None), Cause.IDLE_TIMEOUT, Certainty.LIKELY),
    (hidden(20), totals(None), Cause.UNKNOWN, Certainty.POSSIBLE),
    (hidden(29.5), totals(1), Cause.IDLE_TIMEOUT, Certainty.LIKELY),
    (hidden(14.5), totals(1), Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY),
    (hidden(14.5, transaction=a_transaction()), totals(1), Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY),
    (hidden(20), totals(1), Cause.CLIENT_LOST, Certainty.POSSIBLE),
    (hidden(20), totals(1, kill_statements=1), Cause.KILLED, Certainty.LIKELY),
    (hidden(20), totals(1, kill_statements=None), Cause.CLIENT_LOST, Certainty.POSSIBLE),
    (hidden(20), totals(1, offline=True), Cause.KILLED, Certainty.LIKELY),
    (hidden(20), totals(0, kill_statements=None, goodbyes=1), Cause.CLIENT_QUIT, Certainty.LIKELY),
    (hidden(20), totals(0, goodbyes=1), Cause.CLIENT_QUIT, Certainty.CONFIRMED),
    (hidden(20), totals(0, goodbyes=0), Cause.CLIENT_QUIT, Certainty.LIKELY),
    (hidden(20), totals(1, goodbyes=1), Cause.CLIENT_LOST, Certainty.POSSIBLE),
    (replace(BUSY, state="Writing to net", own_limit=None), totals(1), Cause.NET_WRITE_TIMEOUT, Certainty.LIKELY),
]  # fmt: skip


@pytest.mark.parametrize(("session", "clues", "cause", "certainty"), TOTALS)
def test_cause_of_an_ended_session_on_a_server_with_few_counters(
    session: Session, clues: EndEvidence, cause: Cause, certainty: Certainty
) -> None:
    assert [(cause, certainty)] == told_of(session, clues=clues, variables=LIMITS)


def test_equal_numbers_of_kills_and_lost_sessions_leave_no_ambiguity() -> None:
    told = told_of(hidden(20), replace(hidden(20), id=ProcesslistId(2)), clues=totals(2, kill_statements=2))

    assert [(Cause.KILLED, Certainty.LIKELY)] * 2 == told


def test_a_bare_begin_may_have_met_the_limit_of_read_only_transactions() -> None:
    """MariaDB lists no such transaction; one that wrote nothing obeys this limit before the general one."""
    limits = LIMITS | {"idle_readonly_transaction_timeout": 6}
    [departure] = missed(hidden(5.5), clues=totals(1), variables=limits)

    assert (Cause.TRANSACTION_TIMEOUT, Certainty.LIKELY) == (departure.cause, departure.certainty)
    assert "idle_readonly_transaction_timeout of 6 s" in departure.evidence[0]
    [general] = missed(hidden(14.5), clues=totals(1), variables=limits)
    assert Cause.CLIENT_LOST is general.cause


def test_number_of_kills_is_unknown_without_a_counter() -> None:
    [departure] = missed(hidden(20), clues=totals(1, kill_statements=None))

    assert "does not count KILL statements" in departure.evidence[0]


def test_session_that_became_idle_between_samples_may_have_reached_a_shorter_limit() -> None:
    busy = replace(BUSY, own_limit=None)

    assert [(Cause.IDLE_TIMEOUT, Certainty.POSSIBLE)] == told_of(
        busy, clues=totals(1), variables={"wait_timeout": 1}
    )


def test_account_without_com_quit_had_a_lost_client() -> None:
    clues = replace(
        totals(1), errors=counts({COM_QUIT: 1}, ("etl", "job-1")), counted_codes=frozenset({COM_QUIT})
    )
    told = told_of(one(1, user="etl", host="job-1:4"), one(2), clues=clues)

    assert [Cause.CLIENT_QUIT, Cause.CLIENT_LOST] == [cause for cause, _ in told]


# --- Laws

accounts = st.sampled_from([ACCOUNT, ("etl", "job-1"), ("", "")])


@st.composite
def sessions(draw: st.DrawFn) -> list[Session]:
    crowd = []
    for number in range(draw(st.integers(1, 6))):
        user, host = draw(accounts)
        made = draw(st.sampled_from([one(), about_to_close(), BUSY, WRITER, hidden(59.5), hidden(29.5)]))
        crowd.append(replace(made, id=ProcesslistId(number + 1), user=user, host=f"{host}:1"))
    return crowd


@st.composite
def clues(draw: st.DrawFn, counted: frozenset[int] = COUNTED) -> EndEvidence:
    codes = st.dictionaries(st.sampled_from(sorted(counted)), st.integers(1, 4), max_size=4)
    errors = [
        each
        for account in (ACCOUNT, ("etl", "job-1"), ("", ""))
        for early in (False, True)
        for each in counts(draw(codes), account, early=early)
    ]
    aborted = draw(st.none() | st.integers(0, 6))
    killed = draw(st.none() | st.integers(0, 3))
    offline = draw(st.sampled_from([None, False, True]))
    return EndEvidence(
        tuple(errors), aborted_clients=aborted, kill_statements=killed, counted_codes=counted, offline=offline
    )


anything = (
    clues()
    | clues(BEFORE_4031)
    | clues(frozenset({COM_QUIT}))
    | clues().map(lambda c: replace(c, counted_codes=frozenset()))
)


@given(sessions(), anything, st.sets(st.integers(1, 6)))
def test_session_missing_from_the_sample_departs_once(
    crowd: list[Session], said_then: EndEvidence, staying: set[int]
) -> None:
    gone = [each for each in crowd if each.id not in staying]
    stay = [each for each in crowd if each.id in staying]
    told = missed(*gone, clues=said_then, stay=stay)

    assert [each.id for each in gone] == [each.verdict.session.id for each in told]
    for departure in told:
        assert NOW <= departure.at <= NOW + 1
        assert 0 <= departure.within <= 0.5
        assert departure.evidence


@given(sessions(), anything, st.randoms(use_true_random=False))
def test_the_order_of_a_list_changes_no_word(
    crowd: list[Session], said_then: EndEvidence, chance: object
) -> None:
    shuffled = [*crowd]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    def words(order: list[Session]) -> set[object]:
        return {
            (each.verdict.session.id, each.cause, each.certainty, each.evidence, each.at)
            for each in missed(*order, clues=said_then, variables=LIMITS)
        }

    assert words(crowd) == words(shuffled)


@given(sessions(), clues())
def test_no_cause_is_named_more_often_than_it_was_counted(
    crowd: list[Session], said_then: EndEvidence
) -> None:
    told = missed(*crowd, clues=said_then)
    number = Counter[int]()
    for each in said_then.errors:
        number[each.code] += each.count
    named = Counter(each.cause for each in told if each.certainty is not Certainty.LIKELY)

    assert named[Cause.IDLE_TIMEOUT] <= number[4031]
    assert named[Cause.PACKET_TOO_LARGE] <= number[1153]
    assert named[Cause.NET_WRITE_TIMEOUT] <= number[1161]
    assert named[Cause.CLIENT_QUIT] <= number[COM_QUIT]
    assert named[Cause.CLIENT_LOST] <= number[1158] + number[1160]
    assert said_then.offline or named[Cause.KILLED] <= (said_then.kill_statements or 0)


@given(sessions(), anything)
def test_cause_is_not_confirmed_without_a_count_of_its_account(
    crowd: list[Session], said_then: EndEvidence
) -> None:
    codes = {
        Cause.IDLE_TIMEOUT: {4031} if 4031 in said_then.counted_codes else {1159},
        Cause.CLIENT_QUIT: {COM_QUIT},
        Cause.CLIENT_LOST: {1158, 1160},
        Cause.PACKET_TOO_LARGE: {1153},
        Cause.NET_WRITE_TIMEOUT: {1161},
        Cause.NET_READ_TIMEOUT: {1159},
    }
    for departure in missed(*crowd, clues=said_then):
        if departure.certainty is not Certainty.CONFIRMED:
            continue
        session = departure.verdict.session
        of_account = {
            e.code for e in said_then.errors if (e.user, e.host) == (session.user, session.client_host)
        }

        assert of_account & codes[departure.cause]


@given(sessions(), anything)
def test_lost_client_is_not_confirmed_where_a_kill_or_offline_mode_is_possible(
    crowd: list[Session], said_then: EndEvidence
) -> None:
    sure = said_then.kill_statements == 0 and said_then.offline is False
    for departure in missed(*crowd, clues=said_then):
        lost = departure.cause is Cause.CLIENT_LOST and departure.certainty is Certainty.CONFIRMED
        assert sure or not lost


@given(sessions())
def test_no_cause_is_confirmed_without_counters(crowd: list[Session]) -> None:
    assert all(
        each.certainty is not Certainty.CONFIRMED
        for each in missed(*crowd, clues=EndEvidence(), variables=LIMITS)
    )


# --- Counts


def ending_counts(net: dict[int, int] | None = None, explained: int = 0, **causes: int) -> EndingCounts:
    return EndingCounts(
        Counter({Cause(name): n for name, n in causes.items()}), Counter(net or {}), explained
    )


@pytest.mark.parametrize(
    ("net", "explained", "least", "most", "killed"),
    [
        ({}, 0, 0, 0, 0),
        ({1158: 2}, 0, 2, 2, 0),
        ({1158: 2, 1160: 3}, 0, 3, 5, 3),
        ({1158: 2, 1160: 3}, 1, 2, 4, 2),
        ({1158: 2, 1160: 1}, 2, 0, 1, 0),
        ({1160: 1}, 5, 0, 0, 0),
    ],
)
def test_a_broken_connection_raises_one_error_or_two(
    net: dict[int, int], explained: int, least: int, most: int, killed: int
) -> None:
    counted = ending_counts(net, explained)

    assert (least, most, killed) == (counted.broken_at_least, counted.broken_at_most, counted.killed_at_most)


def test_an_end_that_is_known_otherwise_is_taken_out_once() -> None:
    counted = ending_counts({1158: 1, 1160: 1}, idle_timeout=1)

    assert counted.take_out(Cause.IDLE_TIMEOUT)
    assert not counted.take_out(Cause.IDLE_TIMEOUT)
    assert 0 == counted.causes[Cause.IDLE_TIMEOUT]
    assert counted.take_out(Cause.KILLED)
    assert (1, 0) == (counted.broken_explained, counted.broken_at_least)
    assert counted.take_out(Cause.CLIENT_LOST), "it may be the same one"
    assert 1 == counted.broken_explained
    assert not ending_counts().take_out(Cause.CLIENT_LOST)


def test_causes_are_possible_that_were_counted() -> None:
    assert {Cause.IDLE_TIMEOUT, Cause.CLIENT_LOST} == ending_counts(
        {1158: 1}, idle_timeout=1, client_quit=0
    ).possible_causes()
    assert {Cause.IDLE_TIMEOUT} == ending_counts(idle_timeout=1).possible_causes()


def an_interval(**fields: Any) -> EndInterval:
    return EndInterval(
        **{
            "start": NOW,
            "end": NOW + 1,
            "unexplained": (),
            "recent_counts": {},
            "earlier_counts": {},
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("deadline", "within", "due"),
    [
        (NOW + 1.1, 0.0, True),
        (NOW + 1.11, 0.0, False),
        (NOW + 2.1, 1.0, True),
        (NOW - 99, 0.0, True),
        (None, 0.0, False),
    ],
)
def test_a_deadline_had_come_by_the_end_of_the_interval(
    deadline: float | None,
    within: float,
    due: bool,  # noqa: FBT001
) -> None:
    verdict = a_verdict(one(idle_within=within), deadline=deadline)

    assert due is an_interval().is_due(verdict)


@pytest.mark.parametrize(
    ("since", "met"),
    [(NOW - 30.1, True), (NOW - 30.11, False), (NOW - 28.9, True), (NOW - 28.89, False)],
)
def test_a_hidden_limit_is_met_within_the_interval_and_a_tenth_of_a_second(since: float, met: bool) -> None:  # noqa: FBT001
    verdict = a_verdict(one(idle_since=since, own_limit=None))
    interval = an_interval(interactive_timeout=30)

    assert (("interactive_timeout", 30) if met else None) == interval.hidden_limit_met(verdict)
    assert an_interval(interactive_timeout=0).hidden_limit_met(verdict) is None
    assert interval.hidden_limit_met(a_verdict(one(idle_since=since, own_limit=60))) is None
    assert interval.hidden_limit_met(a_verdict(one(idle_since=None, own_limit=None))) is None


@pytest.mark.parametrize(("seconds", "could"), [(1.0, True), (1.1, False)])
def test_a_busy_session_could_have_idled_where_the_interval_is_as_long_as_its_limit(
    seconds: float,
    could: bool,  # noqa: FBT001
) -> None:
    limit = Limit(seconds, "wait_timeout", Basis.ASSUMED, "")

    assert could is an_interval().could_have_idled(a_verdict(BUSY, limit=limit))
    assert not an_interval().could_have_idled(a_verdict(one(), limit=limit))
    assert not an_interval().could_have_idled(a_verdict(BUSY, limit=None))


@pytest.mark.parametrize(
    ("session", "variable", "cause"),
    [
        (one(state="Reading from net"), "wait_timeout", Cause.NET_READ_TIMEOUT),
        (one(half_sent=True), "wait_timeout", Cause.NET_READ_TIMEOUT),
        (one(), "wait_timeout", Cause.IDLE_TIMEOUT),
        (one(), "idle_transaction_timeout", Cause.TRANSACTION_TIMEOUT),
        (one(), "kill_idle_transaction", Cause.TRANSACTION_TIMEOUT),
        (one(), None, Cause.IDLE_TIMEOUT),
    ],
)
def test_which_timeout_would_end_a_session(session: Session, variable: str | None, cause: Cause) -> None:
    limit = None if variable is None else Limit(60, variable, Basis.OWN, "")

    assert cause is timeout_cause(a_verdict(session, limit=limit))


def test_a_timeout_is_dated_by_the_deadline_within_a_tenth_of_a_second() -> None:
    limit = Limit(60, "wait_timeout", Basis.OWN, "")
    found = timeout_attribution(
        a_verdict(one(idle_within=0.5), limit=limit, deadline=NOW), Certainty.LIKELY, "counted"
    )
    bare = timeout_attribution(a_verdict(one(), limit=None, deadline=NOW), Certainty.LIKELY, "counted")

    assert (NOW, 0.6) == (found.at, found.within)
    assert found.evidence[0].startswith("The session's wait_timeout of 60 s expired")
    assert bare.evidence[0].startswith("The session's limit expired")


def test_what_was_counted_of_an_account_is_told_in_words() -> None:
    recent, earlier = (
        ending_counts({1158: 1, 1160: 2}, client_quit=3, killed=0),
        ending_counts(idle_timeout=1),
    )

    assert (
        "The server counted for shop@web-3 in that interval: 2 x end without COM_QUIT, 3 x clean disconnect (COM_QUIT), 1 x error 4031 (idle timeout) shortly before."
        == counts_words(ACCOUNT, recent, earlier)
    )
    assert "no end of a session" in counts_words(ACCOUNT, ending_counts(), ending_counts())
    assert "1 x error 1159 (read timeout)" in counts_words(
        ACCOUNT, earlier, ending_counts(), has_idle_timeout_error=False
    )


@pytest.mark.parametrize(
    ("clues", "words"),
    [
        (said({1158: 1}, aborted_clients=1, kill_statements=2), "KILL statements in that interval: 2."),
        (
            said({1158: 1}, aborted_clients=1, kill_statements=None),
            "The server does not report how many KILL statements were run.",
        ),
        (said({1158: 1}, aborted_clients=1, offline=None), "Turning offline_mode on also ends every session"),
        (said({1158: 1, 1160: 1}, aborted_clients=1, offline=True), "offline_mode was turned on"),
        (
            said({1158: 1, 0: 1}, aborted_clients=1),
            "Sessions of the account that ended in that interval: 1. The counters do not show which session ended in which way.",
        ),
        (
            said({}, aborted_clients=1, kill_statements=3),
            "KILL statements in that interval: 3. A session that kills itself is not counted.",
        ),
        (said({}), "Aborted_clients did not rise"),
        (said({}, aborted_clients=2), "Rise of Aborted_clients: 2."),
        (said({}, aborted_clients=None), "Rise of Aborted_clients: unknown."),
        (
            said({4031: 1}, aborted_clients=1),
            "The session ended before the limit that the last sample showed, so the session has changed its limit since.",
        ),
    ],
)
def test_what_may_have_ended_it_is_told(clues: EndEvidence, words: str) -> None:
    [departure] = missed(one(), clues=clues)

    assert any(words in sentence for sentence in departure.evidence), departure.evidence


@pytest.mark.parametrize(
    "clues",
    [
        said({1158: 1}, aborted_clients=1),
        said({1158: 1}, aborted_clients=1, kill_statements=0, offline=False),
    ],
)
def test_what_is_known_not_to_have_happened_is_not_told(clues: EndEvidence) -> None:
    [departure] = missed(one(), clues=clues)

    assert not any("KILL" in sentence or "offline_mode" in sentence for sentence in departure.evidence)


def test_a_session_that_timed_out_early_while_busy_began_to_wait_after_the_reading() -> None:
    [departure] = missed(BUSY, clues=said({4031: 1}, aborted_clients=1))

    assert any("Its idle time began later" in sentence for sentence in departure.evidence)


@pytest.mark.parametrize(
    ("session", "clues", "words"),
    [
        (hidden(20), totals(1), "A shorter wait_timeout of the session itself"),
        (hidden(20), totals(1), "A packet that is too large ends a session the same way"),
        (
            hidden(20),
            totals(2, kill_statements=1),
            "Aborted_clients rose by 2, Com_kill by 1. Sessions that ended without another explanation: 1.",
        ),
        (hidden(20), totals(0, goodbyes=3), "Clean disconnects (COM_QUIT) counted for the account: 3."),
        (hidden(20), totals(1, offline=True), "offline_mode was turned on"),
        (
            replace(BUSY, state="Writing to net", own_limit=None),
            totals(1),
            "The session was in state Writing to net in the last sample that listed it.",
        ),
        (hidden(20), totals(None), "The server's counters are not known for that interval."),
    ],
)
def test_what_few_counters_say_is_told(session: Session, clues: EndEvidence, words: str) -> None:
    [departure] = missed(session, clues=clues, variables=LIMITS)

    assert any(words in sentence for sentence in departure.evidence), departure.evidence


@pytest.mark.parametrize("session", [one(idle_for=20), replace(BUSY, own_limit=None)])
def test_a_session_whose_limit_is_shown_or_that_was_busy_had_no_shorter_one(session: Session) -> None:
    [departure] = missed(session, clues=totals(1))

    assert not any(
        "A shorter wait_timeout of the session itself" in sentence for sentence in departure.evidence
    )


def test_of_two_sessions_the_one_at_its_own_deadline_is_the_likelier_timeout() -> None:
    due, hidden_due = hidden(59.5), replace(hidden(29.5), id=ProcesslistId(2))
    told = missed(hidden_due, due, clues=totals(1), variables=LIMITS)

    assert {1: Cause.IDLE_TIMEOUT, 2: Cause.CLIENT_QUIT} == {
        each.verdict.session.id: each.cause for each in told
    }
    assert {Certainty.POSSIBLE} == {each.certainty for each in told}
