"""Each cause as it stands on a live server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.doctor.case import RaisedError, ServerFacts
from goneaway_tui.doctor.live import CHECKS, CauseStatus, LiveState, cause_statuses
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.server import Variable
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import GlobalLimits
from tests.builders import NOW, a_sample, a_server, a_session, a_snapshot, a_verdict

CONFIRMED, LIKELY, POSSIBLE, RULED_OUT = Certainty


def found(cause: Cause, state: LiveState) -> CauseStatus:
    return next(f for f in cause_statuses(state) if f.cause is cause)


def a_state(*departures: Departure, **fields: object) -> LiveState:
    return LiveState(a_snapshot(**fields), departures, NOW)  # type: ignore[arg-type]


def a_departure(cause: Cause, certainty: Certainty = CONFIRMED, ago: float = 60.0) -> Departure:
    return Departure(a_verdict(), NOW - ago, 0.5, cause, certainty)


def test_every_cause_is_checked_once_and_the_most_certain_is_first() -> None:
    findings = cause_statuses(a_state(a_departure(Cause.KILLED)))

    assert list(CHECKS) != [f.cause for f in findings]
    assert set(CHECKS) == {f.cause for f in findings}
    assert Cause.KILLED is findings[0].cause
    assert findings == tuple(sorted(findings, key=lambda f: list(Certainty).index(f.certainty)))


def test_observed_departures_outweigh_the_counters() -> None:
    finding = found(
        Cause.IDLE_TIMEOUT,
        a_state(a_departure(Cause.IDLE_TIMEOUT), a_departure(Cause.IDLE_TIMEOUT, LIKELY, 3600.0)),
    )

    assert CONFIRMED is finding.certainty
    assert "2 sessions ended this way while watching; 1 in the last 10 minutes" == finding.because[0]


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
    state = a_state(counters=counters, variables={"max_connections": 151})

    assert certainty is found(cause, state).certainty


def test_missing_counter_is_not_reported_as_zero() -> None:
    state = a_state(counters={}, variables={"max_connections": 151})

    assert () == found(Cause.KILLED, state).because
    assert "nobody was refused so far" not in found(Cause.TOO_MANY_CONNECTIONS, state).because


YOUNG = a_snapshot([a_session(own_limit=28_800)], server=a_server(uptime=480.0))
"""Up for 8 minutes, and the only session may idle for 8 hours."""


def idled_out(state: LiveState) -> CauseStatus:
    return found(Cause.IDLE_TIMEOUT, state)


def test_a_limit_longer_than_the_server_is_up_rules_out_the_living_alone() -> None:
    """Who idled out before may have had a shorter one."""
    status = idled_out(LiveState(YOUNG, (), NOW))

    assert status.now is not None
    assert status.since_start is not None
    assert (RULED_OUT, POSSIBLE, POSSIBLE) == (status.now[0], status.since_start[0], status.certainty)


def test_a_server_that_counts_idle_timeouts_and_counted_none_rules_them_out() -> None:
    assert RULED_OUT is idled_out(LiveState(YOUNG, (), NOW, ServerFacts(counts_errors=True))).certainty


def test_server_that_ended_no_session_rules_idle_timeouts_out() -> None:
    snapshot = a_snapshot(
        [a_session(own_limit=28_800)], server=a_server(uptime=480.0), counters={"aborted_clients": 0}
    )

    assert RULED_OUT is idled_out(LiveState(snapshot, (), NOW)).certainty


def test_idle_timeouts_counted_before_the_start_outweigh_open_idle_sessions() -> None:
    past = ServerFacts(
        errors=(RaisedError(4031, 3, "app", "web-3", NOW - 300, NOW - 200),), counts_errors=True
    )
    status = idled_out(LiveState(YOUNG, (), NOW, past))

    assert CONFIRMED is status.certainty
    assert status.since_start == (CONFIRMED, ("the server counted 3 errors 4031 since its start: app@web-3",))
    assert status.now is not None
    assert RULED_OUT is status.now[0]


def test_of_a_server_younger_than_its_limits_the_sessions_own_limit_is_to_blame() -> None:
    past = ServerFacts(
        errors=(RaisedError(4031, 3, "app", "web-3", NOW - 300, NOW - 200),), counts_errors=True
    )
    young, old = (
        idled_out(LiveState(a_snapshot(server=a_server(uptime=uptime)), (), NOW, past))
        for uptime in (480.0, 86_400.0)
    )

    assert young.limit_is_own
    assert "Find who sets a shorter wait_timeout" in young.remedies[0]
    assert not old.limit_is_own
    assert () == old.remedies


@pytest.mark.parametrize(
    ("reason", "certainty"),
    [
        ("The client was disconnected by the server because of inactivity.", CONFIRMED),
        ("Got timeout reading communication packets", LIKELY),
        ("读取通信包超时", LIKELY),
    ],
)
def test_log_entries_before_the_start_outweigh_open_idle_sessions(reason: str, certainty: Certainty) -> None:
    text = f"Aborted connection 7 to db: 'a' user: 'b' host: 'c' ({reason})"
    entry = LogEntry(NOW - 200, text, ProcesslistId(7), Cause.IDLE_TIMEOUT)

    past = ServerFacts(log_entries=(entry,))
    told = {
        aborted: idled_out(
            LiveState(replace(YOUNG, sample=replace(YOUNG.sample, counters=counters)), (), NOW, past)
        )
        for aborted, counters in (
            (None, ()),
            (0, (("aborted_clients", 0),)),
            (1, (("aborted_clients", 1),)),
        )
    }

    assert [LIKELY, RULED_OUT, certainty] == [each.certainty for each in told.values()]
    before = replace(entry, at=NOW - 1000)
    assert POSSIBLE is idled_out(LiveState(YOUNG, (), NOW, ServerFacts(log_entries=(before,)))).certainty


def test_a_mysql_before_8_0_24_has_no_error_for_it_and_none_counted_rules_nothing_out() -> None:
    past = ServerFacts(counts_errors=True, unknown_errors=frozenset({4031}))

    assert POSSIBLE is idled_out(LiveState(YOUNG, (), NOW, past)).certainty


@pytest.mark.parametrize(("code", "cause"), [(1153, Cause.PACKET_TOO_LARGE), (1161, Cause.NET_WRITE_TIMEOUT)])
def test_an_error_with_one_cause_confirms_it_where_it_was_counted(code: int, cause: Cause) -> None:
    past = ServerFacts(errors=(RaisedError(code, 1, "app", "web-3"),), counts_errors=True)

    assert POSSIBLE is found(cause, a_state()).certainty
    assert CONFIRMED is found(cause, LiveState(YOUNG, (), NOW, past)).certainty


def ended_at(limit: int | None, idle: float, *, inherited: float = 28_800, ago: float = 60.0) -> Departure:
    """One that a timeout ended after so many seconds; the server shows `limit` as its own, or with None shows none."""
    verdict = a_verdict(
        a_session(idle_for=ago + idle, own_limit=limit), inherited=GlobalLimits(wait_timeout=inherited)
    )
    return Departure(verdict, NOW - ago, 0.5, Cause.IDLE_TIMEOUT, CONFIRMED)


def told(state: LiveState) -> str:
    return " ".join(idled_out(state).remedies)


def test_where_a_global_limit_was_changed_no_one_limit_is_blamed() -> None:
    """It was 8 s when the sessions connected, before we came, and is 8 h now."""
    own = told(a_state(ended_at(8, 8.0), variables={"wait_timeout": 28_800}))
    snapshot = a_snapshot(server=a_server(uptime=81.0), variables={"wait_timeout": 28_800})
    counted = told(
        LiveState(snapshot, (), NOW, ServerFacts(errors=(RaisedError(4031, 4),), counts_errors=True))
    )

    assert "own limit of 8 s ended it" in own
    assert "or copied it from an earlier global value" in own
    assert "The global limit now (8 h (28800 s)) did not close the session" in counted
    assert "an earlier global value, or one set by the session" in counted
    assert "No global limit closed" not in own + counted


def test_an_earlier_global_limit_that_was_seen_is_named() -> None:
    status = idled_out(a_state(ended_at(8, 8.0, inherited=8)))

    assert (
        "An earlier global wait_timeout of 8 s ended the session; now it is 8 h (28800 s)"
        in status.remedies[0]
    )
    assert status.limit_is_own


def test_remedy_stays_below_the_shortest_limit_that_ended_a_session_and_names_the_session() -> None:
    state = a_state(
        ended_at(5, 5.0),
        ended_at(20, 20.0),
        variables={"wait_timeout": Variable("wait_timeout", 20, set_by="file")},
    )
    status = idled_out(state)

    assert status.limit_is_own
    assert "The session's own limit of 5 s ended it; no global value is that short." in status.remedies[0]
    assert "5 s - 10 % = 4 s; the session's own wait_timeout" in status.remedies[1]


@pytest.mark.parametrize("own", [8, None], ids=["shown", "hidden"])
def test_a_session_that_copied_interactive_timeout_blames_that(own: int | None) -> None:
    status = idled_out(a_state(ended_at(own, 8.0), variables={"interactive_timeout": 8}))

    assert ("interactive_timeout", False) == (status.variable, status.limit_is_own)


def test_a_short_global_limit_of_interactive_sessions_rules_nothing_out() -> None:
    status = idled_out(LiveState(a_snapshot([], variables={"interactive_timeout": 8}), (), NOW))

    assert status.now is not None
    assert POSSIBLE is status.now[0]
    assert "the shortest limit in force is 8 s" in status.now[1]


def test_a_limit_that_no_server_shows_is_no_longer_than_the_session_was_idle() -> None:
    status = idled_out(a_state(ended_at(None, 5.3)))

    assert status.limit_is_own
    assert "The global limit now (8 h (28800 s)) did not close the session" in status.remedies[0]
    assert "= 4 s" in status.remedies[1]


def test_lost_client_is_not_a_session_ended_by_a_timeout() -> None:
    state = a_state(*(ended_at(8, 8.0) for _ in range(3)), counters={"aborted_clients": 4})
    all_idle = a_state(ended_at(8, 8.0), counters={"aborted_clients": 1})
    (words,) = found(Cause.CLIENT_LOST, state).because

    assert (
        "4 sessions ended without COM_QUIT since the server started; 3 by an idle timeout, 1 by another cause"
        == words
    )
    assert RULED_OUT is found(Cause.CLIENT_LOST, all_idle).certainty
    assert "of any cause" in found(Cause.CLIENT_LOST, a_state(counters={"aborted_clients": 4})).because[0]


def test_uptime_is_shown_in_days() -> None:
    assert ("the server is up 41 days",) == found(
        Cause.SERVER_RESTART, a_state(server=a_server(uptime=3_568_200.0))
    ).because


def test_sessions_near_their_end_make_it_likely() -> None:
    state = a_state(sessions=[a_session(idle_for=55, own_limit=60)])

    assert LIKELY is found(Cause.IDLE_TIMEOUT, state).certainty


@pytest.mark.parametrize(
    ("variables", "certainty"),
    [
        ({}, RULED_OUT),
        ({"idle_transaction_timeout": 0}, RULED_OUT),
        ({"idle_transaction_timeout": 60}, POSSIBLE),
    ],
)
def test_transaction_limits_that_are_off_or_unknown_close_no_session(
    variables: dict[str, float], certainty: Certainty
) -> None:
    assert certainty is found(Cause.TRANSACTION_TIMEOUT, a_state(variables=variables)).certainty


@pytest.mark.parametrize(("uptime", "certainty"), [(60.0, LIKELY), (3000.0, POSSIBLE), (86_400.0, RULED_OUT)])
def test_a_young_server_has_been_restarted(uptime: float, certainty: Certainty) -> None:
    assert certainty is found(Cause.SERVER_RESTART, a_state(server=a_server(uptime=uptime))).certainty


def test_server_that_shows_no_session_limits_rules_no_shorter_limit_out() -> None:
    sample = a_sample([a_session(own_limit=None)], server=a_server(uptime=3600.0))
    state = LiveState(a_snapshot(sample.sessions, server=sample.server), (), NOW)

    assert POSSIBLE is found(Cause.IDLE_TIMEOUT, state).certainty


def test_a_limit_of_idle_transactions_of_any_family_is_not_ruled_out() -> None:
    state = a_state(variables={"kill_idle_transaction": 300})
    status = found(Cause.TRANSACTION_TIMEOUT, state)

    assert POSSIBLE is status.certainty
    assert any("kill_idle_transaction" in words for words in status.because)


# --- Boundaries


@pytest.mark.parametrize(
    ("ago", "words"), [(600.0, "all in the last 10 minutes"), (601.0, "1 in the last 10 minutes")]
)
def test_ten_minutes_ago_is_recent(ago: float, words: str) -> None:
    status = found(Cause.KILLED, a_state(a_departure(Cause.KILLED), a_departure(Cause.KILLED, ago=ago)))

    assert words in status.because[0]


def test_the_surest_of_the_ledger_and_of_the_counters_counts() -> None:
    counted = {"com_kill": 0}

    assert (
        LIKELY is found(Cause.KILLED, a_state(a_departure(Cause.KILLED, LIKELY), counters=counted)).certainty
    )
    assert 2 == len(found(Cause.KILLED, a_state(a_departure(Cause.KILLED, LIKELY), counters=counted)).because)
    assert POSSIBLE is found(Cause.CLIENT_QUIT, a_state(a_departure(Cause.CLIENT_QUIT, POSSIBLE))).certainty


@pytest.mark.parametrize(
    ("uptime", "restart", "crash"),
    [
        (599.0, LIKELY, POSSIBLE),
        (600.0, POSSIBLE, POSSIBLE),
        (3599.0, POSSIBLE, POSSIBLE),
        (3600.0, RULED_OUT, RULED_OUT),
    ],
)
def test_a_start_counts_for_an_hour_and_is_likely_for_ten_minutes(
    uptime: float, restart: Certainty, crash: Certainty
) -> None:
    state = a_state(server=a_server(uptime=uptime))

    assert (restart, crash) == (
        found(Cause.SERVER_RESTART, state).certainty,
        found(Cause.SERVER_CRASH, state).certainty,
    )


@pytest.mark.parametrize(
    ("counters", "limit", "certainty"),
    [
        ({"threads_connected": 90}, 100, LIKELY),
        ({"threads_connected": 89}, 100, RULED_OUT),
        ({"threads_connected": 0}, 100, None),
        ({"threads_connected": 90}, 0, None),
    ],
)
def test_a_server_is_about_to_refuse_from_nine_tenths_on(
    counters: dict[str, int], limit: int, certainty: Certainty | None
) -> None:
    state = a_state(counters=counters, variables={"max_connections": limit})
    now = found(Cause.TOO_MANY_CONNECTIONS, state).now

    assert certainty is (None if now is None else now[0])
    assert now is None or "1 of them asleep" in now[1][0]


@pytest.mark.parametrize(
    ("idle", "own", "certainty"),
    [(0.0, 60, POSSIBLE), (1.0, 60, LIKELY), (61.0, 60, LIKELY), (10.0, 600, POSSIBLE)],
)
def test_a_session_within_a_minute_of_its_limit_makes_a_timeout_likely(
    idle: float, own: int, certainty: Certainty
) -> None:
    now = found(Cause.IDLE_TIMEOUT, a_state(sessions=[a_session(idle_for=idle, own_limit=own)])).now

    assert now is not None
    assert certainty is now[0]


@pytest.mark.parametrize(("uptime", "certainty"), [(59.0, RULED_OUT), (60.0, POSSIBLE)])
def test_a_limit_longer_than_the_uptime_has_ended_nobody(uptime: float, certainty: Certainty) -> None:
    sessions = [a_session(idle_for=0.0, own_limit=60)]
    limits = {"wait_timeout": 60, "interactive_timeout": 60}
    now = found(
        Cause.IDLE_TIMEOUT, a_state(sessions=sessions, server=a_server(uptime=uptime), variables=limits)
    ).now

    assert now is not None
    assert certainty is now[0]


def test_one_session_whose_limit_is_not_shown_may_have_a_shorter_one() -> None:
    sessions = [a_session(own_limit=28_800), a_session(id=ProcesslistId(8), own_limit=None)]
    now = found(Cause.IDLE_TIMEOUT, a_state(sessions=sessions, server=a_server(uptime=480.0))).now

    assert now is not None
    assert (POSSIBLE, 2) == (now[0], len(now[1]))


def test_without_any_limit_nothing_is_known() -> None:
    now = found(
        Cause.IDLE_TIMEOUT,
        a_state(
            sessions=[],
            variables={name: Variable(name, None) for name in ("wait_timeout", "interactive_timeout")},
        ),
    ).now

    assert now == (POSSIBLE, ("no limit could be read",))


@pytest.mark.parametrize(
    ("uptime", "is_own"), [(28_798.0, True), (28_799.0, False)], ids=["too young", "old enough"]
)
def test_a_server_as_old_as_its_shortest_limit_may_have_used_it(uptime: float, is_own: bool) -> None:  # noqa: FBT001
    past = ServerFacts(errors=(RaisedError(4031, 3),), counts_errors=True)
    status = idled_out(LiveState(a_snapshot(server=a_server(uptime=uptime)), (), NOW, past))

    assert is_own is status.limit_is_own


def test_a_timeout_that_is_only_possible_blames_no_limit_of_its_own() -> None:
    status = idled_out(LiveState(YOUNG, (), NOW))

    assert ((), False) == (status.remedies, status.limit_is_own)


def test_a_timeout_that_the_log_makes_likely_does() -> None:
    entry = LogEntry(
        NOW - 200, "Got timeout reading communication packets", ProcesslistId(7), Cause.IDLE_TIMEOUT
    )

    assert idled_out(LiveState(YOUNG, (), NOW, ServerFacts(log_entries=(entry,)))).limit_is_own


@pytest.mark.parametrize(("ago", "number"), [(485.0, 1), (486.0, 0)])
def test_an_entry_of_the_log_is_of_this_run_by_a_clock_that_may_differ_five_seconds(
    ago: float, number: int
) -> None:
    entry = LogEntry(NOW - ago, "Got timeout", ProcesslistId(7), Cause.IDLE_TIMEOUT)
    state = LiveState(YOUNG, (), NOW, ServerFacts(log_entries=(entry,)))

    assert number == len(state.log_entries_by(Cause.IDLE_TIMEOUT))


def test_of_one_session_the_latest_entry_counts_and_one_of_no_session_does_not() -> None:
    entries = tuple(
        LogEntry(at, text, None if number is None else ProcesslistId(number), Cause.IDLE_TIMEOUT)
        for at, text, number in (
            (NOW - 9, "first", 7), (NOW - 8, "second", 7), (NOW - 7, "other", 8), (NOW - 6, "none", None), (None, "when", 9)
        )
    )  # fmt: skip
    state = LiveState(YOUNG, (), NOW, ServerFacts(log_entries=entries))

    assert ["second", "other"] == [entry.text for entry in state.log_entries_by(Cause.IDLE_TIMEOUT)]
    assert [] == state.log_entries_by(Cause.KILLED)


def test_at_most_three_accounts_are_named_of_those_that_met_an_error() -> None:
    errors = tuple(RaisedError(4031, 1, user, "web-1") for user in ("d", "c", "b", "a", ""))
    other = RaisedError(1153, 1, "aa", "web-1")
    state = LiveState(YOUNG, (), NOW, ServerFacts(errors=(*errors, other), counts_errors=True))

    assert idled_out(state).because[0].endswith(": a@web-1, b@web-1, c@web-1")


@pytest.mark.parametrize(("ago", "certainty"), [(480.0, RULED_OUT), (481.0, POSSIBLE)])
def test_only_timeouts_of_this_run_are_among_its_aborted_sessions(ago: float, certainty: Certainty) -> None:
    state = a_state(ended_at(8, 8.0, ago=ago), server=a_server(uptime=480.0), counters={"aborted_clients": 1})

    assert certainty is found(Cause.CLIENT_LOST, state).certainty


def test_aborted_sessions_are_counted_by_the_server_or_by_the_ledger_whichever_is_more() -> None:
    past = ServerFacts(errors=(RaisedError(4031, 2),), counts_errors=True)
    snapshot = a_snapshot(counters={"aborted_clients": 4})
    by_server = found(Cause.CLIENT_LOST, LiveState(snapshot, (ended_at(8, 8.0),), NOW, past)).because[0]
    unsure = replace(ended_at(8, 8.0), certainty=LIKELY)
    by_ledger = found(
        Cause.CLIENT_LOST, LiveState(snapshot, (*[ended_at(8, 8.0)] * 3, unsure), NOW, past)
    ).because[0]
    more = found(Cause.CLIENT_LOST, LiveState(snapshot, tuple([ended_at(8, 8.0)] * 9), NOW, past))

    assert "2 by an idle timeout, 2 by another cause" in by_server
    assert "3 by an idle timeout, 1 by another cause" in by_ledger
    assert (RULED_OUT, True) == (more.certainty, "4 by an idle timeout, 0 by" in more.because[0])


@pytest.mark.parametrize(
    ("idle", "words"),
    [(3601.0, "1 session idle for more than an hour"), (3600.0, "nothing the server can see")],
)
def test_a_session_idle_for_more_than_an_hour_may_have_lost_its_client(idle: float, words: str) -> None:
    state = a_state(sessions=[a_session(idle_for=idle)])

    assert words in found(Cause.PROXY_OR_FIREWALL, state).because[0]


@pytest.mark.parametrize(
    ("cause", "variable"),
    [
        (Cause.NET_READ_TIMEOUT, "net_read_timeout"),
        (Cause.NET_WRITE_TIMEOUT, "net_write_timeout"),
        (Cause.PACKET_TOO_LARGE, "max_allowed_packet"),
    ],
)
def test_a_limit_in_force_is_shown_where_it_is_on(cause: Cause, variable: str) -> None:
    on, off = (found(cause, a_state(variables={variable: value})) for value in (2048, 0))

    assert variable in on.because[-1]
    assert off.now is None


def test_no_verdict_at_all_is_possible() -> None:
    status = found(
        Cause.NET_READ_TIMEOUT, a_state(variables={"net_read_timeout": Variable("net_read_timeout", None)})
    )

    assert (POSSIBLE, None, None) == (status.certainty, status.since_start, status.now)


def test_an_error_that_was_never_counted_rules_its_cause_out() -> None:
    past = ServerFacts(counts_errors=True)

    assert RULED_OUT is found(Cause.NET_WRITE_TIMEOUT, LiveState(YOUNG, (), NOW, past)).certainty
