"""One rule a cause, each by what it alone weighs: the log's words, and what a server can say beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from goneaway_tui.doctor.case import Case, RaisedError, ServerFacts
from goneaway_tui.doctor.diagnosis import CAUSE_RULES, VERIFICATIONS, diagnose
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import ErrorEvent, FailureKind, LogClient
from goneaway_tui.logs.timestamps import Timestamp
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Basis, Limit, Risk, Verdict

NOON = Timestamp(datetime(2026, 11, 23, 12, tzinfo=UTC), zoned=True)
AT = NOON.clock_seconds
DAY = 86_400
LOSS = ErrorEvent(7, NOON, "x", 2013, LogClient("PyMySQL"))
GONE = replace(LOSS, code=2006)
UP_LONG = ServerFacts("db1:3306", read_at=AT + 60, started_at=AT - 40 * DAY, limits={"wait_timeout": 28_800})


def finding(cause: Cause, event: ErrorEvent, server: ServerFacts | None = None) -> Finding:
    found = diagnose(Case(event, server or ServerFacts()))
    return next(each for each in found if each.cause is cause)


def first(event: ErrorEvent, server: ServerFacts | None = None) -> Finding:
    return diagnose(Case(event, server or ServerFacts()))[0]


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (replace(GONE, unread_by_client=True), Cause.NET_WRITE_TIMEOUT),
        (replace(LOSS, mixed_up_near=True), Cause.FORKED_CONNECTION),
        (replace(LOSS, failures=frozenset({FailureKind.TIMED_OUT})), Cause.CLIENT_QUIT),
    ],
)
def test_what_is_near_or_expired_makes_its_cause_alone_likely(event: ErrorEvent, cause: Cause) -> None:
    found = first(event)

    assert (cause, Certainty.LIKELY) == (found.cause, found.certainty)
    assert (
        cause is Cause.NET_WRITE_TIMEOUT
        or Certainty.POSSIBLE is finding(Cause.PROXY_OR_FIREWALL, event).certainty
    )


def test_a_slow_reader_of_another_client_ranks_below_the_idle_limit() -> None:
    found = first(replace(GONE, unread_near=True))

    assert Cause.IDLE_TIMEOUT is found.cause


def test_an_interrupted_statement_asks_for_no_new_connection() -> None:
    interrupted = replace(LOSS, code=1317, stated_cause=Cause.KILLED, certainty=Certainty.LIKELY)

    assert not any("reconnect" in remedy for remedy in first(interrupted).remedies)
    assert any("reconnect" in remedy for remedy in first(replace(interrupted, code=1927)).remedies)


def test_every_cause_of_the_contract_but_none_twice_has_a_rule() -> None:
    assert sorted(Cause) == sorted(suspect.cause for suspect in CAUSE_RULES)


def test_lost_connection_alone_confirms_no_cause() -> None:
    certainties = {each.certainty for each in diagnose(Case(GONE))}

    assert certainties <= {Certainty.LIKELY, Certainty.POSSIBLE}


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (4031, Cause.IDLE_TIMEOUT),
        (1153, Cause.PACKET_TOO_LARGE),
        (3169, Cause.KILLED),
        (1040, Cause.TOO_MANY_CONNECTIONS),
        (3024, Cause.STATEMENT_TIMEOUT),
        (1129, Cause.HOST_BLOCKED),
    ],
)
def test_cause_named_in_the_message_is_confirmed(code: int, cause: Cause) -> None:
    told = first(replace(LOSS, code=code, stated_cause=cause, certainty=Certainty.CONFIRMED))

    assert (cause, Certainty.CONFIRMED) == (told.cause, told.certainty)


def test_an_idle_time_past_the_limit_points_at_it_and_shows_both() -> None:
    told = first(replace(GONE, idle_seconds=28_801.0), UP_LONG)

    assert told.cause is Cause.IDLE_TIMEOUT
    assert any(
        "28801 s" in each and "28800 s" in each and "according to db1:3306" in each for each in told.because
    )


def test_idle_time_far_below_the_limit_is_evidence_against_the_limit_and_for_the_network_between() -> None:
    event = replace(GONE, idle_seconds=350.0)

    assert first(event, UP_LONG).cause is Cause.PROXY_OR_FIREWALL
    assert finding(Cause.IDLE_TIMEOUT, event, UP_LONG).against


def test_no_limit_is_shorter_than_a_second() -> None:
    assert Certainty.RULED_OUT is finding(Cause.IDLE_TIMEOUT, replace(GONE, idle_seconds=0.009)).certainty


def test_a_silent_log_points_at_idling() -> None:
    assert first(replace(LOSS, silent_seconds=30_000.0)).cause is Cause.IDLE_TIMEOUT


def test_driver_that_would_have_received_4031_makes_an_idle_timeout_less_likely() -> None:
    assert (
        Cause.IDLE_TIMEOUT
        is not first(replace(LOSS, client=LogClient("mysqlclient", reports_4031=True))).cause
    )


def test_a_gigabyte_rules_the_packet_out() -> None:
    server = replace(UP_LONG, limits={**UP_LONG.limits, "max_allowed_packet": 1024**3})

    assert Certainty.RULED_OUT is finding(Cause.PACKET_TOO_LARGE, GONE, server).certainty


def test_a_small_statement_rules_the_packet_out() -> None:
    server = replace(UP_LONG, limits={**UP_LONG.limits, "max_allowed_packet": 64 * 1024**2})
    told = finding(Cause.PACKET_TOO_LARGE, replace(GONE, statement_bytes=9000), server)

    assert Certainty.RULED_OUT is told.certainty
    assert "64 MiB" in told.because[0]


def test_a_statement_larger_than_the_limit_comes_first() -> None:
    server = replace(UP_LONG, limits={**UP_LONG.limits, "max_allowed_packet": 1024**2})

    assert first(replace(GONE, statement_bytes=1_300_000), server).cause is Cause.PACKET_TOO_LARGE


def test_counted_errors_are_evidence_and_uncounted_errors_rule_out() -> None:
    counted = replace(UP_LONG, counts_errors=True, errors=(RaisedError(4031, 3, "shop"),))

    assert any("3 times" in each for each in finding(Cause.IDLE_TIMEOUT, LOSS, counted).because)
    assert Certainty.RULED_OUT is finding(Cause.PACKET_TOO_LARGE, LOSS, counted).certainty


def test_an_error_the_server_does_not_have_argues_nothing_by_not_being_counted() -> None:
    """Before 8.0.24 MySQL has no 4031."""
    counted = replace(UP_LONG, counts_errors=True)
    young = replace(counted, unknown_errors=frozenset({4031}))
    says = (
        "The server started before this error and has counted no error 4031 (idle timeout) since it started."
    )

    assert says in finding(Cause.IDLE_TIMEOUT, LOSS, counted).against
    assert says not in finding(Cause.IDLE_TIMEOUT, LOSS, young).against


# --- 1927, which MariaDB 10.5 reports for a KILL and for its own stop

KILLED = replace(LOSS, code=1927, stated_cause=Cause.KILLED, certainty=Certainty.LIKELY)
STOPPED = LogEntry(AT - 10, "mariadbd (initiated by: unknown): Normal shutdown", None, Cause.SERVER_RESTART)


def test_alone_1927_is_likely_a_kill_and_possibly_a_restart() -> None:
    assert (Cause.KILLED, Certainty.LIKELY) == (first(KILLED).cause, first(KILLED).certainty)
    assert Certainty.POSSIBLE is finding(Cause.SERVER_RESTART, KILLED).certainty


def test_beside_a_logged_stop_1927_is_a_restart() -> None:
    server = ServerFacts(started_at=AT - 5, log_entries=(STOPPED,), counters={"aborted_clients": 0})
    told = first(KILLED, server)

    assert (Cause.SERVER_RESTART, Certainty.CONFIRMED) == (told.cause, told.certainty)
    assert "Normal shutdown" in " ".join(told.because)
    assert Certainty.POSSIBLE is finding(Cause.KILLED, KILLED, server).certainty
    alone = first(KILLED, ServerFacts(log_entries=(STOPPED,)))
    assert (Cause.SERVER_RESTART, Certainty.CONFIRMED) == (alone.cause, alone.certainty)


def test_beside_a_start_1927_is_likely_a_restart() -> None:
    told = first(KILLED, ServerFacts(started_at=AT + 5))

    assert (Cause.SERVER_RESTART, Certainty.LIKELY) == (told.cause, told.certainty)


@pytest.mark.parametrize(
    ("event", "server"),
    [
        (KILLED, UP_LONG),
        (replace(KILLED, idle_seconds=60.0), ServerFacts(started_at=AT - 600)),
    ],
)
def test_of_a_server_that_did_not_stop_1927_is_surely_a_kill(event: ErrorEvent, server: ServerFacts) -> None:
    assert (Cause.KILLED, Certainty.CONFIRMED) == (first(event, server).cause, first(event, server).certainty)


def test_what_a_proxy_closed_for_its_own_reasons_is_neither_a_kill_nor_a_stop() -> None:
    timed_out = replace(KILLED, stated_cause=Cause.PROXY_OR_FIREWALL)
    lost = replace(KILLED, stated_cause=Cause.SERVER_RESTART)

    assert (Cause.PROXY_OR_FIREWALL, Certainty.LIKELY) == (first(timed_out).cause, first(timed_out).certainty)
    assert (Cause.PROXY_OR_FIREWALL, Certainty.LIKELY) == (
        first(timed_out, UP_LONG).cause,
        first(timed_out, UP_LONG).certainty,
    )
    assert not any("10.6" in words for each in diagnose(Case(timed_out)) for words in each.because)
    for event in (timed_out, lost):
        causes = {each.cause: each.certainty for each in diagnose(Case(event, UP_LONG))}
        assert Certainty.CONFIRMED not in causes.values()
        assert Cause.KILLED not in causes


def test_a_server_that_was_up_all_the_time_was_not_restarted() -> None:
    for cause in (Cause.SERVER_RESTART, Cause.SERVER_CRASH):
        assert Certainty.RULED_OUT is finding(cause, LOSS, UP_LONG).certainty


def test_a_server_that_started_just_before_was() -> None:
    assert first(LOSS, replace(UP_LONG, started_at=AT - 5)).cause is Cause.SERVER_RESTART


@pytest.mark.parametrize("cause", [Cause.SERVER_RESTART, Cause.SERVER_CRASH])
def test_the_servers_log_proves_it(cause: Cause) -> None:
    server = replace(
        UP_LONG, started_at=AT - 5, log_entries=(LogEntry(AT - 10, "mysqld got signal 11 ;", None, cause),)
    )

    assert (cause, Certainty.CONFIRMED) == (first(LOSS, server).cause, first(LOSS, server).certainty)


def test_timestamp_without_a_zone_is_read_in_the_given_zone() -> None:
    event = replace(LOSS, timestamp=Timestamp(NOON.local.replace(tzinfo=None), zoned=False))

    assert AT == Case(event).noticed_at


def test_kill_is_ruled_out_where_no_kill_was_counted() -> None:
    server = replace(UP_LONG, counters={"com_kill": 0})

    assert Certainty.RULED_OUT is finding(Cause.KILLED, LOSS, server).certainty


def test_server_that_closed_no_session_points_at_the_network_between() -> None:
    server = replace(UP_LONG, counters={"aborted_clients": 0})

    assert first(LOSS, server).cause is Cause.PROXY_OR_FIREWALL


def test_session_that_is_still_idle_was_not_closed_by_the_server() -> None:
    server = replace(UP_LONG, idle_session_ids=frozenset({ProcesslistId(42)}))
    told = first(replace(LOSS, session_id=ProcesslistId(42)), server)

    assert (Cause.PROXY_OR_FIREWALL, Certainty.CONFIRMED) == (told.cause, told.certainty)


@pytest.mark.parametrize("certainty", [Certainty.CONFIRMED, Certainty.LIKELY])
def test_ledger_names_the_session_of_the_log_entry(certainty: Certainty) -> None:
    session = Session(ProcesslistId(42), "shop", "web-3:51234", None, "Sleep")
    left = Departure(
        Verdict(session, Risk.OVERDUE), AT - 60, 0.1, Cause.KILLED, certainty, ("Com_kill rose.",)
    )
    server = replace(UP_LONG, departures=(left,))
    told = first(replace(LOSS, session_id=ProcesslistId(42)), server)

    assert (Cause.KILLED, certainty) == (told.cause, told.certainty)
    assert Cause.KILLED is not first(replace(LOSS, session_id=ProcesslistId(43)), server).cause


@pytest.mark.parametrize(
    ("counters", "certainty"),
    [({"aborted_clients": 1}, Certainty.CONFIRMED), ({}, Certainty.LIKELY), ({"aborted_clients": 0}, None)],
)
def test_the_servers_log_proves_the_end_of_the_session_the_log_names_where_the_counters_agree(
    counters: dict[str, int], certainty: Certainty | None
) -> None:
    entry = LogEntry(AT, "Aborted connection 42 to db: ...", ProcesslistId(42), Cause.IDLE_TIMEOUT)
    server = replace(UP_LONG, log_entries=(entry,), counters=counters)
    told = finding(Cause.IDLE_TIMEOUT, replace(LOSS, session_id=ProcesslistId(42)), server)

    if certainty is None:
        assert told.certainty in {Certainty.POSSIBLE, Certainty.RULED_OUT}
    else:
        assert certainty is told.certainty
        assert Cause.IDLE_TIMEOUT is first(replace(LOSS, session_id=ProcesslistId(42)), server).cause


def test_a_refused_connection_had_no_session_to_lose() -> None:
    event = replace(LOSS, code=2003, failures=frozenset({FailureKind.REFUSED}))

    assert first(event).cause is Cause.SERVER_RESTART
    for cause in (Cause.IDLE_TIMEOUT, Cause.KILLED, Cause.PACKET_TOO_LARGE):
        assert Certainty.RULED_OUT is finding(cause, event).certainty


def test_refused_connections_soon_after_point_at_a_server_restart() -> None:
    assert first(replace(LOSS, refused_near=True)).cause is Cause.SERVER_RESTART


def test_mariadbs_transaction_limits_are_thought_of_where_they_are_set() -> None:
    server = replace(UP_LONG, limits={**UP_LONG.limits, "idle_transaction_timeout": 30})

    assert finding(Cause.TRANSACTION_TIMEOUT, LOSS, server).remedies


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (LogClient("mysqlclient", "Django"), "CONN_MAX_AGE'] = 540"),
        (LogClient("PyMySQL", "SQLAlchemy"), "pool_recycle=540"),
        (LogClient("MySQL Connector/J", "HikariCP"), "maxLifetime=540000"),
        (LogClient("go-sql-driver"), "SetConnMaxIdleTime(540 * time.Second)"),
        (LogClient("Node mysql2"), "idleTimeout: 540000"),
        (LogClient(), "540 s"),
    ],
    ids=lambda each: each.name if isinstance(each, LogClient) else "",
)
def test_remedies_use_the_settings_of_the_client_and_show_their_arithmetic(
    client: LogClient, words: str
) -> None:
    server = replace(UP_LONG, limits={"wait_timeout": 600})
    reached = replace(GONE, client=client, idle_seconds=700.0)
    remedies = "\n".join(finding(Cause.IDLE_TIMEOUT, reached, server).remedies)

    assert words in remedies
    assert "600 s - 10 % = 540 s" in remedies
    assert "new sessions only" in remedies


# --- No limit is raised that was not shown to be the cause

RAISING = ("SET GLOBAL", "SET SESSION", "raise ", "Raise ")


def raised(found: Finding) -> list[str]:
    return [each for each in found.remedies if any(word in each for word in RAISING)]


@pytest.mark.parametrize("server", [ServerFacts(), UP_LONG], ids=["nobody asked", "asked"])
@pytest.mark.parametrize(
    "event",
    [LOSS, GONE, replace(LOSS, failures=frozenset({FailureKind.RESET}))],
    ids=["2013", "2006", "reset"],
)
def test_loss_without_evidence_has_no_remedy_that_raises_a_limit(
    event: ErrorEvent, server: ServerFacts
) -> None:
    limits = {"wait_timeout": 28_800.0, "max_allowed_packet": 2.0**26, "idle_transaction_timeout": 60.0}
    found = diagnose(Case(event, replace(server, limits=limits if server.limits else {})))

    assert {each.cause: raised(each) for each in found if raised(each)} == {}


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (1153, Cause.PACKET_TOO_LARGE, "SET GLOBAL max_allowed_packet"),
        (1161, Cause.NET_WRITE_TIMEOUT, "SET SESSION net_write_timeout"),
        (1040, Cause.TOO_MANY_CONNECTIONS, "raise max_connections"),
        (3024, Cause.STATEMENT_TIMEOUT, "Raise the limit for this statement alone"),
        (1129, Cause.HOST_BLOCKED, "raise max_connect_errors"),
    ],
)
def test_a_limit_that_the_error_itself_names_may_be_raised(code: int, says: Cause, words: str) -> None:
    found = finding(says, replace(LOSS, code=code, stated_cause=says, certainty=Certainty.CONFIRMED))

    assert any(words in each for each in raised(found))


def test_an_accounts_own_limit_is_not_mended_by_max_connections() -> None:
    found = finding(
        Cause.TOO_MANY_CONNECTIONS,
        replace(LOSS, code=1203, stated_cause=Cause.TOO_MANY_CONNECTIONS, certainty=Certainty.CONFIRMED),
    )

    assert raised(found) == []


IDLED_OUT = replace(LOSS, code=4031, stated_cause=Cause.IDLE_TIMEOUT, certainty=Certainty.CONFIRMED)
YOUNGER_THAN_LIMITS = replace(
    UP_LONG, started_at=AT - 480, limits={"wait_timeout": 32_400, "interactive_timeout": 28_800}
)


@pytest.mark.parametrize("event", [IDLED_OUT, replace(IDLED_OUT, idle_seconds=300.0)])
def test_a_server_younger_than_its_global_limits_closed_the_session_by_another_limit(
    event: ErrorEvent,
) -> None:
    remedies = finding(Cause.IDLE_TIMEOUT, event, YOUNGER_THAN_LIMITS).remedies

    assert remedies[0].startswith("Find what sets a shorter wait_timeout: init_command, the driver, the pool")
    assert not any("29160" in each or "SET GLOBAL" in each for each in remedies)
    assert event.idle_seconds is None or any("= 270" in each or "270 s" in each for each in remedies)


def test_a_shorter_global_limit_of_interactive_sessions_may_have_closed_it() -> None:
    server = replace(YOUNGER_THAN_LIMITS, limits={"wait_timeout": 32_400, "interactive_timeout": 60})

    assert not any(
        "Find what sets" in each for each in finding(Cause.IDLE_TIMEOUT, IDLED_OUT, server).remedies
    )


def test_an_error_without_a_time_gets_no_figure_from_a_limit_the_server_is_too_young_for() -> None:
    server = replace(YOUNGER_THAN_LIMITS, read_at=AT, started_at=AT - 110)
    remedies = " ".join(finding(Cause.IDLE_TIMEOUT, replace(GONE, timestamp=None), server).remedies)

    assert "did not close the session, which had been idle for at most 110 s" in remedies
    assert not any(figure in remedies for figure in ("25920", "29160", "SET GLOBAL"))


def test_of_two_global_limits_the_figure_is_of_the_one_the_server_is_old_enough_for() -> None:
    server = replace(
        YOUNGER_THAN_LIMITS,
        read_at=AT,
        started_at=AT - 45,
        limits={"wait_timeout": 28_800, "interactive_timeout": 8},
    )
    remedies = " ".join(finding(Cause.IDLE_TIMEOUT, replace(GONE, timestamp=None), server).remedies)

    assert "8 s - 10 % = 7 s; interactive_timeout, " in remedies
    assert "25920" not in remedies


def test_only_where_no_global_was_set_is_every_global_limit_cleared() -> None:
    unchanged = replace(
        YOUNGER_THAN_LIMITS, unchanged_variables=frozenset({"wait_timeout", "interactive_timeout"})
    )
    sure, unsure = (
        finding(Cause.IDLE_TIMEOUT, IDLED_OUT, server).remedies[0]
        for server in (unchanged, YOUNGER_THAN_LIMITS)
    )

    assert "No global limit closed the session" in sure
    assert "A shorter limit did: an earlier global value, or a value set by the session." in unsure


def test_a_pools_figure_stays_below_the_shortest_limit_that_ended_a_session() -> None:
    """The global is 20 s, and those that ended had 5 s of their own."""
    session = Session(
        ProcesslistId(42), "shop", "web-3:51234", None, "Sleep", idle_since=AT - 35, own_limit=5
    )
    verdict = Verdict(session, Risk.OVERDUE, Limit(5, "wait_timeout", Basis.OWN, ""))
    left = Departure(verdict, AT - 30, 0.1, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED)
    server = replace(UP_LONG, limits={"wait_timeout": 20, "interactive_timeout": 20}, departures=(left,))
    django = replace(GONE, client=LogClient("mysqlclient", "Django"))
    remedies = " ".join(finding(Cause.IDLE_TIMEOUT, django, server).remedies)

    assert "CONN_MAX_AGE'] = 4 " in remedies
    assert "The session's own limit of 5 s ended it" in remedies
    assert "18" not in remedies


def test_idle_timeout_before_the_last_start_is_no_evidence_for_the_limit() -> None:
    event = replace(GONE, idle_seconds=40_000.0)

    assert not any(
        "Find what sets" in each for each in finding(Cause.IDLE_TIMEOUT, event, YOUNGER_THAN_LIMITS).remedies
    )


@pytest.mark.parametrize("field", ["idle_seconds", "silent_seconds"])
@pytest.mark.parametrize("client", [LogClient("MySQL Connector/J", "HikariCP"), LogClient()])
@pytest.mark.parametrize("cause", [Cause.IDLE_TIMEOUT, Cause.PROXY_OR_FIREWALL])
def test_a_remedy_stays_below_the_idle_time_that_was_fatal(
    field: str, client: LogClient, cause: Cause
) -> None:
    event = replace(GONE, client=client, **{field: 118.0})  # type: ignore[arg-type]
    remedies = " ".join(finding(cause, event).remedies)

    assert "106" in remedies
    assert not any(figure in remedies for figure in ("25920", "216000", "216 s"))


def test_idle_time_below_the_limit_is_evidence_against_an_idle_timeout() -> None:
    found = finding(Cause.IDLE_TIMEOUT, replace(GONE, silent_seconds=180.0))

    assert any("180 s" in each and "28800 s" in each for each in found.against)
    assert not any("180 s" in each for each in found.because)


@pytest.mark.parametrize(
    ("server", "speaks"), [(ServerFacts(), True), (UP_LONG, False)], ids=["assumed", "known"]
)
def test_hours_of_idle_time_are_compared_only_with_a_known_limit(server: ServerFacts, speaks: bool) -> None:  # noqa: FBT001
    found = finding(Cause.IDLE_TIMEOUT, replace(GONE, silent_seconds=12_122.0), server)

    assert speaks == any("12122 s" in each for each in found.because)
    assert speaks != any("12122 s" in each for each in found.against)


def test_server_log_with_the_server_start_bounds_the_age_of_a_session() -> None:
    log = (
        b"2026-11-30  4:43:00 0 [Note] /usr/sbin/mariadbd: ready for connections.\n"
        b"2026-11-30  4:43:04 5 [Warning] Aborted connection 5 to db: 'a' user: 'b' host: 'c' "
        b"(Got timeout reading communication packets)\n"
    )
    (event,) = find_error_events([log])
    remedies = finding(Cause.IDLE_TIMEOUT, event).remedies

    assert event.server_up_seconds == 4
    assert remedies[0].startswith("Find what sets a wait_timeout that short")
    assert not any("25920" in each for each in remedies)


# --- A server that started lately


YOUNG = replace(UP_LONG, limits={"wait_timeout": 600})


@pytest.mark.parametrize(
    ("up", "event", "cause"),
    [
        (5, LOSS, Cause.SERVER_RESTART),
        (200, replace(GONE, silent_seconds=1.0), Cause.SERVER_RESTART),
        (3000, replace(GONE, silent_seconds=700.0), Cause.IDLE_TIMEOUT),
        (3000, replace(GONE, silent_seconds=None), Cause.IDLE_TIMEOUT),
        (3000, replace(GONE, idle_seconds=700.0), Cause.IDLE_TIMEOUT),
        (3000, replace(GONE, idle_seconds=3300.0), Cause.SERVER_RESTART),
        (3000, replace(GONE, idle_seconds=4000.0), Cause.IDLE_TIMEOUT),
        (3000, replace(GONE, silent_seconds=3300.0), Cause.SERVER_RESTART),
        (3000, replace(GONE, silent_seconds=40_000.0), Cause.IDLE_TIMEOUT),
    ],
    ids=[
        "noticed at once", "within what a pool takes to notice", "idle since the start", "long after it", "used after it",
        "used before it, and not since", "idle too long before it", "nobody looked since", "nobody looked for too long before it",
    ],
)  # fmt: skip
def test_restart_explains_only_sessions_that_were_open_when_the_server_started(
    up: float, event: ErrorEvent, cause: Cause
) -> None:
    server = replace(YOUNG, started_at=AT - up)

    assert cause is first(event, server).cause


def test_uptime_in_whole_seconds_allows_a_start_just_before_the_error() -> None:
    """Who has already ended sessions in this run may have ended this one."""
    server = replace(YOUNG, started_at=AT + 0.9, counters={"aborted_clients": 1})
    later = replace(server, started_at=AT + 10)

    assert Certainty.POSSIBLE is finding(Cause.SERVER_RESTART, GONE, server).certainty
    assert Certainty.LIKELY is finding(Cause.SERVER_RESTART, GONE, later).certainty


def test_a_connection_used_since_the_start_was_of_this_run() -> None:
    server = replace(YOUNG, started_at=AT - 3000)
    for cause in (Cause.SERVER_RESTART, Cause.SERVER_CRASH):
        assert Certainty.RULED_OUT is finding(cause, replace(GONE, idle_seconds=700.0), server).certainty


# --- Each server's own way


PROVABLE = [LOSS, GONE, replace(LOSS, code=1129, stated_cause=Cause.HOST_BLOCKED), replace(LOSS, code=None, failures=frozenset({FailureKind.GREETING})),
            replace(LOSS, code=1317, stated_cause=Cause.KILLED)]  # fmt: skip


@pytest.mark.parametrize("event", PROVABLE, ids=lambda each: f"{each.code}")
@pytest.mark.parametrize(
    ("flavour", "not_there"),
    [
        (Flavour.MARIADB, ("performance_schema", " MySQL", "4031", "offline_mode", "MAX_EXECUTION_TIME", "log_error_verbosity")),
        (Flavour.MYSQL, ("MariaDB", "log_warnings", "max_statement_time", "FLUSH HOSTS", "flush-hosts")),
    ],
)  # fmt: skip
def test_known_server_gets_only_checks_and_remedies_of_its_family(
    event: ErrorEvent, flavour: Flavour, not_there: tuple[str, ...]
) -> None:
    told = [
        words
        for each in diagnose(Case(event, ServerFacts(flavour=flavour)))
        for words in (each.prove, *each.remedies)
    ]

    assert [] == [words for words in told if any(word in words for word in not_there)]
    assert all(each.prove for each in diagnose(Case(event)) if each.certainty is not Certainty.RULED_OUT)


def test_unknown_server_gets_the_checks_of_both_families() -> None:
    prove = finding(Cause.PACKET_TOO_LARGE, GONE).prove

    assert "MySQL: " in prove
    assert "MariaDB: " in prove


def test_every_cause_can_be_proved() -> None:
    assert set(Cause) == VERIFICATIONS.keys()
    assert all(VERIFICATIONS[cause].words(flavour) for cause in Cause for flavour in (None, *Flavour))


# --- TLS, and offline mode


TLS = replace(GONE, failures=frozenset({FailureKind.TLS_EOF, FailureKind.EOF}))


def test_a_line_that_ends_in_tls_while_sending_was_idle_or_sent_too_much() -> None:
    findings = diagnose(Case(TLS))

    assert [Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE] == [each.cause for each in findings[:2]]
    assert {Certainty.LIKELY} == {each.certainty for each in findings[:2]}
    assert any("TLS" in each and "1153" in each for each in findings[1].because)
    assert {Certainty.POSSIBLE} == {
        each.certainty
        for each in findings
        if each.cause in {Cause.KILLED, Cause.SERVER_RESTART, Cause.SERVER_CRASH}
    }


def test_a_large_statement_whose_line_ends_in_tls_was_too_large() -> None:
    assert Cause.PACKET_TOO_LARGE is first(replace(TLS, statement_bytes=1_300_000)).cause


OFFLINE = b"2026-11-23T12:00:00Z pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query')\n"
REFUSED = (
    b"2026-11-23T12:00:02Z pymysql.err.OperationalError: (3032, 'The server is currently in offline mode')\n"
)


def test_a_server_that_is_put_offline_ends_sessions() -> None:
    lost, refused = find_error_events([OFFLINE + REFUSED])
    killed, denied = diagnose(Case(lost))[0], diagnose(Case(refused))[0]

    assert (Cause.KILLED, Certainty.LIKELY) == (killed.cause, killed.certainty)
    assert any("offline mode" in each for each in killed.because)
    assert (Cause.ACCESS_DENIED, Certainty.CONFIRMED) == (denied.cause, denied.certainty)
    assert any("offline_mode = OFF" in each for each in denied.remedies)
    assert diagnose(Case(next(find_error_events([OFFLINE]))))[0].cause is not Cause.KILLED


def test_connections_refused_as_offline_at_that_time_show_offline_mode() -> None:
    server = replace(
        UP_LONG,
        counts_errors=True,
        errors=(RaisedError(3032, 1, "shop", "web-3", AT + 2, AT + 2),),
        counters={"com_kill": 0},
    )

    assert Cause.KILLED is first(LOSS, server).cause
    assert (
        Cause.KILLED
        is not first(
            LOSS, replace(server, errors=(RaisedError(3032, 1, "shop", "web-3", AT - DAY, AT - DAY),))
        ).cause
    )


def test_a_connection_that_ended_before_the_login_had_no_session_to_lose() -> None:
    log = replace(LOSS, failures=frozenset({FailureKind.GREETING}))
    nobody = {Cause.IDLE_TIMEOUT, Cause.KILLED, Cause.PACKET_TOO_LARGE}

    assert {finding(cause, log).certainty for cause in nobody} == {Certainty.RULED_OUT}
    assert Cause.PROXY_OR_FIREWALL is first(log).cause
    assert not any("idle" in each for each in first(log).remedies)


def test_idle_timeout_counted_after_the_error_is_no_evidence() -> None:
    late = replace(
        UP_LONG, errors=(RaisedError(4031, 13, first_at=AT + 480, last_at=AT + 900),), counts_errors=True
    )
    early = replace(late, errors=(RaisedError(4031, 13, first_at=AT - 480, last_at=AT + 900),))

    assert "(idle timeout) 13 times" not in " ".join(finding(Cause.IDLE_TIMEOUT, GONE, late).because)
    assert "(idle timeout) 13 times" in " ".join(finding(Cause.IDLE_TIMEOUT, GONE, early).because)


def test_default_is_not_reported_as_the_value_of_the_server() -> None:
    known = replace(UP_LONG, limits={"wait_timeout": 28_800})

    reached = replace(GONE, idle_seconds=30_000.0)
    told = " ".join(finding(Cause.IDLE_TIMEOUT, reached).remedies)

    assert "the default, because no server was asked" in told
    assert "SET GLOBAL" not in told
    assert any("now 28800 s" in each for each in finding(Cause.IDLE_TIMEOUT, reached, known).remedies)


def test_of_several_crashes_the_last_before_the_error_is_quoted() -> None:
    log = tuple(
        LogEntry(AT - ago, f"mysqld (9.7.4) starting as process {number}", cause=Cause.SERVER_CRASH)
        for ago, number in ((14_000, 22976), (30, 29412))
    )
    said = " ".join(
        finding(Cause.SERVER_CRASH, LOSS, ServerFacts(log_entries=log, started_at=AT - 29)).because
    )

    assert "29412" in said
    assert "22976" not in said
    assert "a start without a stop before it, 30 s before" in said


def test_time_without_a_zone_is_reported_as_local_time() -> None:
    local = replace(LOSS, timestamp=Timestamp(datetime(2026, 11, 23, 12), zoned=False))  # noqa: DTZ001 - that is the point
    young = ServerFacts(started_at=AT - 60)

    assert "names no zone" in " ".join(finding(Cause.SERVER_RESTART, local, young).because)
    assert "names no zone" not in " ".join(finding(Cause.SERVER_RESTART, LOSS, young).because)


def test_a_command_lines_error_below_another_programs_stamp_has_no_time() -> None:
    log = (
        b"2026-11-24 08:47:00 INFO ready\nERROR 2013 (HY000): Lost connection to MySQL server during query\n"
    )
    (found,) = find_error_events([log])

    assert 2013 == found.code
    assert found.timestamp is None


FULL = replace(LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS, certainty=Certainty.CONFIRMED)


def test_error_that_names_its_cause_makes_no_other_cause_likely() -> None:
    young = replace(UP_LONG, started_at=AT - 440)

    assert [Certainty.CONFIRMED] == [
        each.certainty for each in diagnose(Case(FULL, young)) if each.certainty is not Certainty.RULED_OUT
    ]


@pytest.mark.parametrize(("used", "speaks"), [(64, False), (6000, True)])
def test_server_that_was_never_full_rules_out_too_many_connections(used: int, speaks: bool) -> None:  # noqa: FBT001
    server = replace(UP_LONG, limits={"max_connections": 6000}, counters={"max_used_connections": used})
    told = finding(Cause.TOO_MANY_CONNECTIONS, FULL, server)

    assert speaks == any(f"{used} of 6000" in each for each in told.because)
    assert speaks != any("Another server reported the error" in each for each in told.against)


def test_a_server_that_was_stopped_in_order_did_not_crash() -> None:
    stopped = LogEntry(AT - 20, "Received SHUTDOWN from user root", None, Cause.SERVER_RESTART)
    server = replace(UP_LONG, started_at=AT - 15, log_entries=(stopped,))

    assert Certainty.POSSIBLE is finding(Cause.SERVER_CRASH, GONE, server).certainty
    assert any("stopped cleanly" in each for each in finding(Cause.SERVER_CRASH, GONE, server).against)
    assert Cause.SERVER_RESTART is first(GONE, server).cause
