"""What many sessions do alike: each habit is found where it is, named, and not found where it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from goneaway_tui.judge.patterns import (
    KNOWN_IDLE_LIMITS,
    LIKELY_OBSERVATIONS,
    REMEMBERED_SECONDS,
    find_patterns,
    idle_intervals,
    known_idle_limit,
    scope_name,
    session_ids,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure, Pattern, PatternKind, PatternScope
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Basis, Limit, Snapshot
from tests.builders import NOW, a_session, a_snapshot, a_transaction, a_verdict

EMPTY = a_snapshot([])


def a_departure(
    number: int, age: float, cause: Cause = Cause.CLIENT_QUIT, ago: float = 0.0, **fields: Any
) -> Departure:
    """Session `number` left `ago` seconds before NOW, having idled `age` seconds."""
    within = fields.pop("within", 0.5)
    session = a_session(id=number, idle_since=NOW - ago - age, **fields)
    return Departure(a_verdict(session), NOW - ago, within, cause, Certainty.LIKELY)


def seen(departures: list[Departure], snapshot: Snapshot = EMPTY, now: float = NOW) -> tuple[Pattern, ...]:
    return find_patterns(snapshot, departures, now)


def sole(found: tuple[Pattern, ...], kind: PatternKind) -> Pattern:
    assert [kind] == [pattern.kind for pattern in found]
    return found[0]


def test_empty_result_reports_nothing() -> None:
    assert () == seen([])


# --- Cut off


def cut(count: int, age: float = 350.0, cause: Cause = Cause.CLIENT_LOST, **fields: Any) -> list[Departure]:
    return [
        a_departure(each, age + each % 3 * 0.4, cause, ago=each * 60.0, **fields)
        for each in range(1, count + 1)
    ]


def test_sessions_that_repeatedly_end_at_one_age_are_cut_off() -> None:
    pattern = sole(seen(cut(12)), PatternKind.CUT_OFF)

    assert (
        "program gunicorn: 12 sessions ended after 5 m 50 s (350 s) of idle time, far below their limit"
        == pattern.title
    )
    assert Certainty.LIKELY is pattern.certainty
    assert PatternScope(program="gunicorn") == pattern.scope
    assert tuple(range(1, 13)) == pattern.sessions
    assert any("AWS Network Load Balancer" in each for each in pattern.evidence)
    assert any("12 ended without COM_QUIT" in each for each in pattern.evidence)


def test_sessions_that_end_with_com_quit_are_closed_by_a_pool() -> None:
    pattern = sole(seen(cut(6, cause=Cause.CLIENT_QUIT)), PatternKind.CUT_OFF)

    assert any("6 ended with COM_QUIT, as when a pool" in each for each in pattern.evidence)


@pytest.mark.parametrize(("count", "found"), [(4, 0), (5, 1)])
def test_fewer_than_five_are_no_pattern(count: int, found: int) -> None:
    assert found == len(seen(cut(count)))


@pytest.mark.parametrize(
    ("count", "certainty"),
    [(LIKELY_OBSERVATIONS - 1, Certainty.POSSIBLE), (LIKELY_OBSERVATIONS, Certainty.LIKELY)],
)
def test_more_of_them_make_it_likely(count: int, certainty: Certainty) -> None:
    assert certainty is sole(seen(cut(count)), PatternKind.CUT_OFF).certainty


@pytest.mark.parametrize(("limit", "found"), [(438, 1), (437, 0)])
def test_near_their_limit_it_is_the_limit(limit: int, found: int) -> None:
    assert found == len(seen([a_departure(each, 350.0, own_limit=limit) for each in range(5)]))


@pytest.mark.parametrize(("age", "found"), [(20.0, 1), (19.9, 0)])
def test_sessions_that_end_young_are_no_pattern(age: float, found: int) -> None:
    assert found == len(seen([a_departure(each, age) for each in range(5)]))


@pytest.mark.parametrize(
    "cause", [Cause.IDLE_TIMEOUT, Cause.KILLED, Cause.SERVER_RESTART, Cause.SERVER_CRASH]
)
def test_server_closings_are_not_attributed_to_the_network(cause: Cause) -> None:
    assert () == seen(cut(12, cause=cause))


@pytest.mark.parametrize(("passing", "found"), [(2, 1), (3, 0)])
def test_where_more_than_a_fifth_pass_that_age_nothing_cuts_there(passing: int, found: int) -> None:
    living = a_snapshot([a_session(id=100 + each, idle_for=1000 + 100 * each) for each in range(passing)])

    assert found == len(seen(cut(8), living))


@pytest.mark.parametrize(("every", "found"), [(4.0, 1), (3.6, 0)])
def test_age_at_which_no_more_sessions_end_than_shortly_before_is_no_pattern(
    every: float, found: int
) -> None:
    """Five leave at 350 s; the spread there is 5.5 s, and in the five spreads before it six may have left, not seven."""
    earlier = [a_departure(100 + each, 349.9 - 5.5 - each * every) for each in range(20)]

    assert found == len([p for p in seen([*cut(5), *earlier]) if p.sessions == (1, 2, 3, 4, 5)])


def test_what_is_known_too_vaguely_counts_for_nothing() -> None:
    assert () == seen([a_departure(each, 350.0, within=30.0) for each in range(12)])


def test_pattern_of_a_program_is_not_reported_again_for_its_host() -> None:
    assert 1 == len(seen(cut(12)))


def test_sessions_of_many_programs_behind_one_host_are_reported_by_host() -> None:
    departures = [
        a_departure(each, 350.0, program=f"p{each}", user=f"u{each}", host="nat-1:9") for each in range(6)
    ]

    assert PatternScope(host="nat-1") == sole(seen(departures), PatternKind.CUT_OFF).scope


def test_a_limit_that_is_only_assumed_may_be_the_sessions_own() -> None:
    assumed = sole(seen(cut(6, own_limit=None)), PatternKind.CUT_OFF)
    shown = sole(seen(cut(6)), PatternKind.CUT_OFF)

    assert any("sets wait_timeout = 350 s itself" in each for each in assumed.remedies)
    assert not any("sets wait_timeout" in each for each in shown.remedies)


def test_events_after_the_error_or_long_before_it_are_ignored() -> None:
    assert () == seen(cut(12), now=NOW - 3600)
    assert () == seen(cut(12), now=NOW + REMEMBERED_SECONDS)


def test_hostile_names_cannot_move_the_cursor() -> None:
    pattern = sole(seen(cut(6, program="\x1b[2Jevil\n")), PatternKind.CUT_OFF)

    assert pattern.title.isprintable()


@pytest.mark.parametrize("seconds", [seconds for seconds, _ in KNOWN_IDLE_LIMITS])
def test_only_known_network_idle_limits_are_named(seconds: float) -> None:
    assert (
        known_idle_limit(seconds) == known_idle_limit(seconds * 1.019 + 1) == dict(KNOWN_IDLE_LIMITS)[seconds]
    )
    assert dict(KNOWN_IDLE_LIMITS)[seconds] != known_idle_limit(seconds * 1.021 + 1)


# --- Ghosts

SIBLINGS = [a_departure(each, 30.0 + each * 9, ago=each) for each in range(1, 21)]
"""Twenty that reached 210 s at most."""


def ghost(number: int = 900, idle_for: float = 7200.0) -> Session:
    return a_session(id=number, idle_for=idle_for)


def test_session_idle_far_longer_than_its_siblings_is_reported_as_a_ghost() -> None:
    pattern = sole(seen(SIBLINGS, a_snapshot([ghost()])), PatternKind.GHOSTS)

    assert (900,) == pattern.sessions
    assert PatternScope("gunicorn", "shop", "web-3") == pattern.scope
    assert "shop@web-3 (gunicorn): 1 session has been idle far longer than the others" == pattern.title
    assert any("id:900" in each for each in pattern.remedies)
    assert Certainty.POSSIBLE is pattern.certainty


@pytest.mark.parametrize(("idle_for", "found"), [(3600.0, 1), (3599.9, 0)])
def test_ghost_session_needs_an_idle_time_of_an_hour(idle_for: float, found: int) -> None:
    assert found == len(seen(SIBLINGS, a_snapshot([ghost(idle_for=idle_for)])))


def test_ten_times_as_long_as_any_other_is_far_past() -> None:
    longer = a_departure(21, 400.0, ago=21)

    assert () == seen([*SIBLINGS, longer], a_snapshot([ghost(idle_for=4000.0)]))
    assert 1 == len(seen([*SIBLINGS, longer], a_snapshot([ghost(idle_for=4000.1)])))


def test_few_siblings_give_no_usual_idle_time() -> None:
    assert () == seen(SIBLINGS[1:], a_snapshot([ghost()]))


def test_where_many_idle_so_long_it_is_what_they_do() -> None:
    assert 1 == len(seen(SIBLINGS, a_snapshot([ghost(900), ghost(901)])))
    assert () == seen(SIBLINGS, a_snapshot([ghost(900), ghost(901), ghost(902)]))


def test_another_hosts_sessions_are_no_siblings() -> None:
    assert () == seen(SIBLINGS, a_snapshot([a_session(id=900, idle_for=7200, host="web-4:1")]))


# --- A limit below the pool's own lifetime


def closed(count: int, every: float, **fields: Any) -> list[Departure]:
    """So many closed by the server after 600 s, one each `every` seconds."""
    return [
        a_departure(each, 600.0, Cause.IDLE_TIMEOUT, ago=each * every, own_limit=600, **fields)
        for each in range(count)
    ]


OPEN = a_snapshot([a_session(id=900, idle_for=5, own_limit=600)])


def test_a_pool_that_never_closes_anything_itself_holds_it_too_long() -> None:
    pattern = sole(seen(closed(5, 150), OPEN), PatternKind.LIMIT_BELOW_POOL)

    assert "wait_timeout" == pattern.tunable
    assert "10 m (600 s)" in pattern.title
    assert any("5 of the 5" in each for each in pattern.evidence)


def test_sessions_that_end_together_once_are_no_pattern() -> None:
    assert () == seen(closed(5, 149.9), OPEN)


def test_pool_that_opens_no_more_sessions_is_not_a_pattern() -> None:
    assert () == seen(closed(12, 150))


@pytest.mark.parametrize(("quits", "found"), [(1, 1), (2, 0)])
def test_program_that_often_sends_com_quit_is_not_always_cut_off(quits: int, found: int) -> None:
    goodbyes = [a_departure(100 + each, 1.0, own_limit=600) for each in range(quits)]

    assert found == len(seen([*closed(9, 150), *goodbyes], OPEN))


# --- Transactions left open


def holding(count: int, idle_for: float = 60.0) -> list[Session]:
    return [a_session(id=each, idle_for=idle_for, transaction=a_transaction()) for each in range(count)]


@pytest.mark.parametrize(("count", "idle_for", "found"), [(5, 60.0, 1), (4, 60.0, 0), (5, 59.9, 0)])
def test_idle_in_transaction_pattern_needs_enough_sessions_and_idle_time(
    count: int, idle_for: float, found: int
) -> None:
    told = seen([], a_snapshot(holding(count, idle_for)))

    assert [PatternKind.IDLE_IN_TRANSACTION] * found == [pattern.kind for pattern in told]
    assert all(Certainty.CONFIRMED is pattern.certainty for pattern in told)


def test_what_they_hold_is_counted() -> None:
    assert any("15 changed rows" in each for each in seen([], a_snapshot(holding(5)))[0].evidence)


@pytest.mark.parametrize(("others", "found"), [(5, 1), (6, 0)])
def test_idle_in_transaction_is_a_pattern_from_half_of_the_sessions_on(others: int, found: int) -> None:
    idle = [a_session(id=100 + each, idle_for=90) for each in range(others)]

    assert found == len(seen([], a_snapshot([*holding(5), *idle])))


# --- Full, and asleep


def full(connected: int, *, asleep: int = 70, busy: int = 30, most: int = 100) -> tuple[Pattern, ...]:
    sessions = [a_session(id=each, idle_for=1) for each in range(asleep)]
    sessions += [a_session(id=1000 + each, command="Query") for each in range(busy)]
    return seen(
        [],
        a_snapshot(sessions, variables={"max_connections": most}, counters={"threads_connected": connected}),
    )


@pytest.mark.parametrize(("connected", "found"), [(80, 1), (79, 0)])
def test_a_server_runs_out_of_connections_from_four_fifths_on(connected: int, found: int) -> None:
    assert found == len(full(connected))


@pytest.mark.parametrize(("asleep", "found"), [(70, 1), (69, 0)])
def test_idle_sessions_fill_max_connections(asleep: int, found: int) -> None:
    assert found == len(full(100, asleep=asleep, busy=100 - asleep))


def test_a_tiny_server_is_let_be() -> None:
    assert () == full(4, asleep=4, busy=0, most=4)


def test_pattern_names_the_program_with_most_sessions() -> None:
    pattern = sole(full(90), PatternKind.SATURATION)

    assert "90 of 100 connections are in use, most of them by idle sessions" == pattern.title
    assert PatternScope(program="gunicorn") == pattern.scope
    assert ("max_connections", 70) == (pattern.tunable, len(pattern.sessions))


def test_free_connections_are_unknown_without_max_connections() -> None:
    assert () == full(0, most=0)


# --- All together


def test_what_matters_most_comes_first() -> None:
    snapshot = a_snapshot(
        [*holding(6, 70), ghost()], variables={"max_connections": 8}, counters={"threads_connected": 8}
    )
    kinds = [pattern.kind for pattern in seen([*cut(6, program="job"), *SIBLINGS], snapshot)]

    assert [
        PatternKind.SATURATION,
        PatternKind.IDLE_IN_TRANSACTION,
        PatternKind.CUT_OFF,
        PatternKind.GHOSTS,
    ] == kinds


@pytest.mark.parametrize(
    ("own_limit", "certainty"), [(28_800, Certainty.CONFIRMED), (None, Certainty.LIKELY)]
)
def test_sessions_that_keep_an_earlier_global_value_are_counted_until_they_reconnect(
    own_limit: int | None, certainty: Certainty
) -> None:
    def session(number: int, limit: int | None) -> Session:
        return a_session(id=ProcesslistId(number), own_limit=limit)

    before = a_snapshot([session(1, own_limit), session(2, own_limit)])
    new = None if own_limit is None else 600
    after = a_snapshot(
        [session(2, own_limit), session(3, new)], previous=before, variables={"wait_timeout": 600}
    )
    (found,) = (p for p in find_patterns(after, (), NOW) if p.kind is PatternKind.OLD_LIMIT)
    later = a_snapshot([session(3, new)], previous=after, variables={"wait_timeout": 600})

    assert "1 of 2 sessions keeps an earlier wait_timeout" == found.title
    assert (certainty, (2,)) == (found.certainty, found.sessions)
    assert "limit!=global" in found.remedies[1]
    assert [2] == [v.session.id for v in after.verdicts if v.differs_from_global]
    assert not [p for p in find_patterns(later, (), NOW) if p.kind is PatternKind.OLD_LIMIT]


# --- Boundaries, and what is said


def test_a_day_of_departures_counts() -> None:
    assert 86_400 == REMEMBERED_SECONDS
    assert 5 == len(idle_intervals(EMPTY, [a_departure(each, 350.0) for each in range(5)], NOW + 86_400))
    assert () == idle_intervals(EMPTY, [a_departure(1, 350.0)], NOW + 86_401)
    assert () == idle_intervals(EMPTY, [a_departure(1, 350.0)], NOW - 1)


def test_intervals_are_of_idle_sessions_of_others_the_shortest_first() -> None:
    living = a_snapshot(
        [
            a_session(id=1, idle_for=90),
            a_session(id=2, idle_for=30, own=True),
            a_session(id=3, command="Query"),
            a_session(id=4, idle_since=None),
        ]
    )
    ended = [
        a_departure(5, 60.0),
        a_departure(6, 60.0, own=True),
        a_departure(7, 60.0, command="Query"),
        a_departure(2, 90.0, ago=5.0),
        a_departure(1, 90.0, ago=9.0),
    ]
    intervals = idle_intervals(living, ended, NOW)

    assert [5, 1, 1, 2] == [interval.session.id for interval in intervals]
    assert [None, NOW - 9] == [each.departure and each.departure.at for each in intervals[1:3]]
    assert (1, 2, 5) == session_ids(intervals)
    assert 0.5 == intervals[0].within
    assert 0.0 == intervals[1].within


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (PatternScope(program="gunicorn"), "program gunicorn"),
        (PatternScope(user="shop"), "user shop"),
        (PatternScope(host="web-3"), "host web-3"),
        (PatternScope("", "shop", "web-3"), "shop@web-3"),
        (PatternScope("gunicorn", "shop", "web-3"), "shop@web-3 (gunicorn)"),
        (PatternScope(), "all clients"),
        (PatternScope(user="u" * 61), "user " + "u" * 59 + "…"),
    ],
)
def test_a_scope_is_named_by_what_its_sessions_share(scope: PatternScope, name: str) -> None:
    assert name == scope_name(scope)


def test_five_of_a_nameless_program_are_reported_by_user_or_host() -> None:
    departures = [a_departure(each, 350.0, program=None) for each in range(5)]

    assert PatternScope(user="shop") == sole(seen(departures), PatternKind.CUT_OFF).scope


def test_known_limits_are_those_of_the_manuals() -> None:
    assert [60, 240, 300, 350, 600, 900, 1800, 3600] == [seconds for seconds, _ in KNOWN_IDLE_LIMITS]


def test_what_is_said_of_sessions_that_are_cut_off() -> None:
    pattern = sole(seen(cut(6)), PatternKind.CUT_OFF)

    assert (
        "of 6 sessions that were idle for 5 m 50 s (350 s), 6 ended after 350.0 to 350.8 s",
        "they had not reached their limit of 8 h (28800 s)",
        "6 ended without COM_QUIT, as when a firewall or a load balancer drops a connection",
        "what usually ends connections after this time: the default of AWS Network Load Balancer and AWS NAT gateway",
    ) == pattern.evidence
    assert (
        "Let the client ping or close connections that have been idle for 4 m 40 s (280 s)."
        == pattern.remedies[1]
    )


@pytest.mark.parametrize(("quits", "words"), [(3, "3 ended without COM_QUIT"), (4, "4 ended with COM_QUIT")])
def test_more_than_half_must_say_goodbye(quits: int, words: str) -> None:
    departures = [
        *cut(6 - quits),
        *(replace(each, cause=Cause.CLIENT_QUIT) for each in cut(quits, user="shop")),
    ]
    numbered = [
        replace(
            each,
            verdict=replace(each.verdict, session=replace(each.verdict.session, id=ProcesslistId(place))),
        )
        for place, each in enumerate(departures)
    ]

    assert any(words in sentence for sentence in sole(seen(numbered), PatternKind.CUT_OFF).evidence)


def test_a_limit_that_one_session_does_not_show_is_assumed() -> None:
    mixed = [*cut(5), a_departure(9, 350.0, own_limit=None)]

    assert any("only assumed" in sentence for sentence in sole(seen(mixed), PatternKind.CUT_OFF).evidence)


@pytest.mark.parametrize(("within", "found"), [(2.75, 1), (2.76, 0)])
def test_an_end_known_to_half_a_window_counts(within: float, found: int) -> None:
    """A window at 350 s is 5.5 s wide: two seconds and a hundredth of the idle time."""
    assert found == len(seen([a_departure(each, 350.0, within=within) for each in range(5)]))


@pytest.mark.parametrize(("spread", "found"), [(5.5, 1), (5.6, 0)])
def test_ends_of_one_window_are_of_one_limit(spread: float, found: int) -> None:
    departures = [a_departure(1, 350.0), *(a_departure(each, 350.0 + spread) for each in range(2, 6))]

    assert found == len(seen(departures))


def test_a_disproved_limit_is_no_limit_to_end_by() -> None:
    verdict = a_verdict(
        a_session(idle_since=NOW - 350, own_limit=None),
        limit=Limit(360, "wait_timeout", Basis.DISPROVED, "x"),
    )
    departures = [
        Departure(replace(verdict, session=replace(verdict.session, id=ProcesslistId(each))), NOW, 0.5, Cause.CLIENT_LOST, Certainty.LIKELY)
        for each in range(5)
    ]  # fmt: skip

    assert 1 == len(seen(departures))
    assumed = [
        replace(d, verdict=replace(d.verdict, limit=Limit(360, "wait_timeout", Basis.ASSUMED, "x")))
        for d in departures
    ]
    assert () == seen(assumed)


def test_of_several_idle_times_that_of_the_most_sessions_is_reported() -> None:
    pattern = sole(
        seen([*cut(5, 100.0), *(a_departure(20 + each, 350.0) for each in range(7))]), PatternKind.CUT_OFF
    )

    assert "7 sessions ended after 5 m 50 s (350 s)" in pattern.title


def test_what_is_said_of_ghosts() -> None:
    one, two = (
        sole(seen(SIBLINGS, a_snapshot([ghost(900 + each) for each in range(number)])), PatternKind.GHOSTS)
        for number in (1, 2)
    )

    assert (
        "it has been idle for 2 h (7200 s) or longer",
        "none of the 20 other sessions of the same user, host and program was idle for longer than 3 m 30 s (210 s)",
    ) == one.evidence
    assert "2 sessions have been idle far longer" in two.title
    assert "they have been idle for 2 h (7200 s) or longer" == two.evidence[0]


def test_a_session_that_ended_after_so_long_shows_that_it_was_no_ghost() -> None:
    assert () == seen([*SIBLINGS, a_departure(30, 7300.0)], a_snapshot([ghost()]))


def test_what_is_said_of_a_limit_below_the_pools() -> None:
    pattern = sole(seen(closed(12, 150), OPEN), PatternKind.LIMIT_BELOW_POOL)

    assert (
        "the server closed 12 of the 12 ended sessions for being idle; the client did not close them",
        "sessions open now: 1; this has lasted for 27 minutes",
    ) == pattern.evidence
    assert "before 8 m (480 s): HikariCP" in pattern.remedies[0]
    assert Certainty.LIKELY is pattern.certainty


@pytest.mark.parametrize(
    ("longest", "words"),
    [
        (1200.0, "the server's limit of 10 m (600 s)"),
        (1201.0, "its own limit (10 m (600 s) to 20 m 1 s (1201 s))"),
    ],
)
def test_limits_more_than_twice_as_long_are_the_sessions_own(longest: float, words: str) -> None:
    other = a_departure(50, longest, Cause.IDLE_TIMEOUT, own_limit=int(longest))

    assert words in sole(seen([*closed(6, 150), other], OPEN), PatternKind.LIMIT_BELOW_POOL).title


def test_what_is_said_of_transactions_left_open() -> None:
    pattern = sole(
        seen(
            [],
            a_snapshot([*holding(4), *(replace(each, id=ProcesslistId(90)) for each in holding(1, 300.0))]),
        ),
        PatternKind.IDLE_IN_TRANSACTION,
    )

    assert (
        "program gunicorn: 5 of 5 sessions that have been idle for 60 s or longer are inside a transaction"
        == pattern.title
    )
    assert "half of them have been idle for 60 s or longer, one of them for 5 minutes" == pattern.evidence[0]


def test_changed_rows_that_are_not_told_count_for_none() -> None:
    untold = a_session(id=90, idle_for=60.0, transaction=a_transaction(rows_modified=None))

    assert any(
        "12 changed rows" in sentence for sentence in seen([], a_snapshot([*holding(4), untold]))[0].evidence
    )


def test_what_is_said_of_a_full_server() -> None:
    pattern = sole(full(90), PatternKind.SATURATION)

    assert (
        "70 of 100 client sessions are idle",
        "70 of the idle sessions belong to program gunicorn",
    ) == pattern.evidence


def test_of_programs_with_as_many_sessions_the_first_by_name_is_named_and_a_nameless_one_by_its_user() -> (
    None
):
    def scope(*programs: str | None) -> PatternScope:
        sessions = [
            a_session(id=place, program=program, user=f"u{program}") for place, program in enumerate(programs)
        ]
        return sole(
            seen(
                [], a_snapshot(sessions, variables={"max_connections": 6}, counters={"threads_connected": 6})
            ),
            PatternKind.SATURATION,
        ).scope

    assert PatternScope(program="a") == scope("b", "b", "a", "a", "b", "a")
    assert PatternScope(user="uNone") == scope(None, None, None, "a", "a")


def test_without_a_counter_listed_sessions_fill_the_server() -> None:
    snapshot = a_snapshot([a_session(id=each) for each in range(8)], variables={"max_connections": 10})
    bare = replace(snapshot, sample=replace(snapshot.sample, counters=()))

    assert (
        "8 of 10 connections are in use, most of them by idle sessions"
        == sole(seen([], bare), PatternKind.SATURATION).title
    )


def test_what_is_said_of_an_earlier_global_value() -> None:
    def session(number: int) -> Session:
        return a_session(id=ProcesslistId(number), own_limit=28_800)

    before = a_snapshot([session(1), session(2), session(3)])
    after = a_snapshot([session(1), session(2)], previous=before, variables={"wait_timeout": 600})
    gone = Departure(before.verdicts[2], NOW - 1, 0.5, Cause.CLIENT_QUIT, Certainty.LIKELY)
    (found,) = (p for p in find_patterns(after, (gone,), NOW) if p.kind is PatternKind.OLD_LIMIT)

    assert "2 of 2 sessions keep an earlier wait_timeout" == found.title
    assert (
        "the global wait_timeout is now 10 m (600 s); it was 8 h (28800 s) when they connected",
        "1 idle session with an earlier value has ended since",
    ) == found.evidence
