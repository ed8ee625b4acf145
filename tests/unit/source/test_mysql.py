"""Reading MySQL's sessions: what is asked, when, and what is made of the answers."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.model.session import Role, Session, ThreadId, Transaction
from goneaway_tui.source.clocks import Timebase, idle_since_whole_seconds
from goneaway_tui.source.mysql import ASKED_AT_ONCE, LOOK_BACK, SWEEP_SECONDS, UNLIKELY_AT_ONCE, MysqlReader
from goneaway_tui.source.session_cache import command_words
from tests.builders import NOW
from tests.unit.source.standins import OWN_ID, OWN_THREAD, Event, MysqlSession, MysqlStandin, stem

TEXT = 1024


def a_reader(server: MysqlStandin, *, without: str = "", text: int = TEXT) -> MysqlReader:
    return MysqlReader(server.connection, server.found(without=without), server.clock, text)


def read(reader: MysqlReader) -> dict[int, Session]:
    _, sessions = reader.sessions()
    return {int(session.id): session for session in sessions}


def read_one(server: MysqlStandin, *, without: str = "", text: int = TEXT) -> Session:
    (session,) = read(a_reader(server, without=without, text=text)).values()
    return session


def idle(number: int, idle_for: float, **fields: object) -> MysqlSession:
    """A session whose last statement ended so long ago."""
    server_session = MysqlSession(number, event=Event(NOW - idle_for - 0.5, NOW - idle_for))
    for name, value in fields.items():
        setattr(server_session, name, value)
    return server_session


# --- What is asked, and when


def test_a_new_sessions_own_limit_is_asked_once() -> None:
    server = MysqlStandin(idle(11, 20, limit=30))
    reader = a_reader(server)
    first = read(reader)

    assert [([51],)] == server.heard_of("own_limits")

    server.now += 1
    second = read(reader)

    assert [] == server.heard_of("own_limits")
    assert [30, 30] == [sessions[11].own_limit for sessions in (first, second)]


def test_an_own_limit_is_asked_again_of_those_that_ran_something() -> None:
    server = MysqlStandin(idle(11, 20, limit=30), idle(12, 20, limit=30))
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    server.now += 1
    server.server_sessions[1].event = Event(
        server.now - 0.2, server.now - 0.1, text="SET SESSION wait_timeout = 5"
    )
    server.server_sessions[0].limit = server.server_sessions[1].limit = 5
    sessions = read(reader)

    assert [([52],)] == server.heard_of("own_limits")
    assert {11: 30, 12: 5} == {number: session.own_limit for number, session in sessions.items()}


def test_event_read_twice_in_the_overlap_causes_no_second_query() -> None:
    server = MysqlStandin(idle(11, 0.001))
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    read(reader)

    assert [] == server.heard_of("own_limits")


def test_sessions_that_ran_what_sets_no_limit_wait_behind_those_that_may_have_set_theirs() -> None:
    ran = [idle(number, 20) for number in range(11, 61)]
    for server_session in ran:
        assert server_session.event is not None
        server_session.event.first_id = 1
    server = MysqlStandin(*ran)
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    server.now += 1
    for server_session in ran:
        server_session.event = Event(server.now - 0.2, server.now - 0.1, first_id=2)
    ran[-1].event = Event(server.now - 0.2, server.now - 0.1, "statement/sql/set_option", first_id=2)
    ran[-2].event = Event(server.now - 0.2, server.now - 0.1, first_id=3)
    read(reader)

    ((threads,),) = server.heard_of("own_limits")
    assert {99, 100} < set(threads)
    assert UNLIKELY_AT_ONCE + 2 == len(threads)


def test_where_no_session_ran_anything_only_the_checksum_is_asked_for() -> None:
    server = MysqlStandin(
        MysqlSession(OWN_ID, OWN_THREAD, command="Query"),
        MysqlSession(
            7, 47, user="event_scheduler", command="Daemon", thread_name="thread/sql/event_scheduler", time=50
        ),
        idle(11, 20, time=20),
    )
    reader = MysqlReader(server.connection, server.found(), server.clock, TEXT, large=0)
    for _ in range(3):
        read(reader)
        server.heard.clear()
        server.now += 1
        for server_session in server.server_sessions[1:]:
            server_session.time = (server_session.time or 0) + 1
    sessions = read(reader)

    assert ["clock_statements", "activity_checksum"] == [stem(file) for file, _ in server.heard]
    assert sessions[OWN_ID].busy_since == server.now


def test_gap_before_the_next_statement_needs_no_history() -> None:
    server = MysqlStandin(idle(11, 20), idle(12, 20))
    for server_session in server.server_sessions:
        assert server_session.event is not None
        server_session.event.first_id = 1
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    server.now += 1
    for server_session, number in zip(server.server_sessions, (2, 4), strict=True):
        server_session.event = Event(server.now - 0.2, server.now - 0.1, first_id=number)
    sessions = read(reader)

    assert ((20.8,), ()) == (sessions[11].gaps, sessions[12].gaps)
    assert [([52],)] == server.heard_of("statement_history")


def test_no_more_sessions_than_agreed_are_asked_for_at_once() -> None:
    server = MysqlStandin(*(idle(1000 + each, 20) for each in range(ASKED_AT_ONCE + 1)))
    sessions = read(a_reader(server))

    assert [ASKED_AT_ONCE, 1] == [len(threads) for (threads,) in server.heard_of("own_limits")]
    assert all(session.own_limit == 28_800 for session in sessions.values())


def test_what_never_changes_is_asked_once_for_sessions_that_are_new() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)

    assert [(11,)] == [parameters for file, parameters in server.heard if "hosts" in file]
    assert [([11],)] == [parameters for file, parameters in server.heard if "attributes" in file]

    server.heard.clear()
    read(reader)
    server.server_sessions.append(idle(15, 2))

    assert [] == [file for file, _ in server.heard if "hosts" in file or "attributes" in file]

    read(reader)

    assert [(15,)] == server.heard_of("hosts")


def test_events_are_asked_from_a_little_before_the_last_reading() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    first = server.picoseconds(server.now)

    assert [(TEXT, 0)] == server.heard_of("statements")

    server.now += 1
    read(reader)
    (asked,) = server.heard_of("statements")

    assert asked == (TEXT, pytest.approx(first - LOOK_BACK * 1e12, abs=1e6))


def test_a_statement_that_ended_between_two_questions_of_a_reading_is_not_missed() -> None:
    server = MysqlStandin(idle(11, 20))
    server.way = 0.05
    reader = a_reader(server)
    read(reader)
    server.server_sessions[0].event = Event(server.now - 0.03, server.now - 0.01, text="SELECT 2")
    server.now += 1

    assert "SELECT 2" == read(reader)[11].statement


# --- The idle clock


def test_idle_time_starts_where_the_last_statement_ended() -> None:
    session = read_one(MysqlStandin(idle(11, 20)))

    assert session.idle_since == pytest.approx(NOW - 20, abs=1e-6)
    assert 0.0 == session.idle_within


@pytest.mark.parametrize("way", [0.0, 0.01, 0.2])
def test_an_idle_clock_is_right_to_half_the_way(way: float) -> None:
    server = MysqlStandin(idle(11, 20))
    server.way = way

    assert read_one(server).idle_since == pytest.approx(NOW - 20, abs=way + 1e-6)


def test_a_reading_was_taken_half_way_through_the_question() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    server.way = 0.1
    taken_at, _ = reader.sessions()

    assert ["clock_statements", "activity", "packed_sessions"] == [
        stem(file) for file, _ in server.heard[1:4]
    ]
    assert taken_at == pytest.approx(NOW + 2 * 2 * server.way + server.way, abs=1e-6)


@pytest.mark.parametrize("absurd", [0, 1000, 10**9, 2**31 - 1, -5, -(10**9)])
def test_an_absurd_time_of_set_timestamp_does_not_matter_where_events_are(absurd: int) -> None:
    session = read_one(MysqlStandin(idle(11, 20, time=absurd)))

    assert session.idle_since == pytest.approx(NOW - 20, abs=1e-6)
    assert "Sleep" == session.command


@pytest.mark.parametrize("absurd", [10**9, 2**31 - 1, -5])
@pytest.mark.parametrize("without", ["statements", "statements transactions attributes bounds"])
def test_an_absurd_time_places_nothing_where_there_is_nothing_else(absurd: int, without: str) -> None:
    assert read_one(MysqlStandin(MysqlSession(11, time=absurd)), without=without).idle_since is None


def test_part_of_a_packet_restarts_the_clock_when_it_arrives() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.now += 5
    arrived = server.now - 2
    server.server_sessions[0].event = Event(arrived, None, "statement/abstract/new_packet", None)
    server.server_sessions[0].state = "starting"
    session = read(reader)[11]

    assert session.idle_since == pytest.approx(arrived, abs=1e-6)
    assert (True, "Sleep", "SELECT 1") == (session.half_sent, session.command, session.statement)


def test_a_half_sent_packet_goes_on_counting_from_its_beginning() -> None:
    server = MysqlStandin(idle(11, 20))
    server.server_sessions[0].event = Event(NOW - 2, None, "statement/abstract/new_packet", None)
    reader = a_reader(server)
    read(reader)
    server.now += 10

    assert read(reader)[11].idle_since == pytest.approx(NOW - 2, abs=1e-6)


def test_a_session_whose_packet_arrived_whole_is_no_longer_half_sent() -> None:
    server = MysqlStandin(idle(11, 20))
    server.server_sessions[0].event = Event(NOW - 2, None, "statement/abstract/new_packet", None)
    reader = a_reader(server)
    read(reader)
    server.now += 1
    server.server_sessions[0].event = Event(NOW - 2, server.now - 0.5)

    assert not read(reader)[11].half_sent


def test_running_statement_makes_a_session_busy_although_the_list_shows_sleep() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.now += 1
    server.server_sessions[0].event = Event(server.now - 0.001, None, text="SELECT SLEEP(9)")
    session = read(reader)[11]

    assert ("Query", None, False) == (session.command, session.idle_since, session.half_sent)
    assert "SELECT SLEEP(9)" == session.statement


def test_a_statement_that_has_ended_makes_it_idle_again() -> None:
    server = MysqlStandin(idle(11, 20))
    server.server_sessions[0].event = Event(NOW - 1, None)
    server.server_sessions[0].command = "Query"
    reader = a_reader(server)

    assert read(reader)[11].idle_since is None

    server.now += 3
    server.server_sessions[0].command = "Sleep"
    server.server_sessions[0].event = Event(NOW - 1, NOW + 2)

    assert read(reader)[11].idle_since == pytest.approx(NOW + 2, abs=1e-6)


def test_no_session_began_to_idle_after_the_reading() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.server_sessions[0].event = Event(NOW, NOW + 0.5)
    server.now = NOW + 0.4
    taken_at, (session,) = reader.sessions()

    assert taken_at == session.idle_since


def test_a_session_that_has_run_nothing_idles_since_it_logged_in() -> None:
    session = read_one(MysqlStandin(MysqlSession(11, timestamp=NOW - 77.125, time=3)))

    assert session.idle_since == pytest.approx(NOW - 77.125, abs=1e-5)
    assert 0.0 == session.idle_within


def test_uninstrumented_thread_is_timed_in_whole_seconds() -> None:
    session = read_one(MysqlStandin(idle(11, 999, instrumented=0, time=20)))

    assert session.idle_since == pytest.approx(NOW - 20, abs=1.0)
    assert 1.0 == session.idle_within


@pytest.mark.parametrize("without", ["statements", "threads", "instrumented threads statements"])
def test_without_events_the_idle_time_is_shown_with_its_error(without: str) -> None:
    session = read_one(MysqlStandin(idle(11, 999, time=20)), without=without)

    assert session.idle_since == pytest.approx(NOW - 20, abs=1.0)
    assert 1.0 == session.idle_within


@pytest.mark.parametrize("command", ["Query", "Execute", "Killed", "Connect"])
def test_session_that_is_not_idle_has_no_idle_clock(command: str) -> None:
    assert read_one(MysqlStandin(idle(11, 20, command=command))).idle_since is None


# --- Sessions without events


def test_idle_time_that_started_between_two_samples_is_dated_between_them() -> None:
    """A statement that took an hour ends: TIME goes on counting from its start, the idle wait does not."""
    server = MysqlStandin(MysqlSession(11, command="Query", time=3600))
    reader = a_reader(server, without="statements")
    read(reader)
    server.now += 10
    server.server_sessions[0].command, server.server_sessions[0].time = "Sleep", 3610
    session = read(reader)[11]

    assert session.idle_since is not None
    assert abs(session.idle_since - (NOW + 5)) <= 0.5 + 1e-6
    assert session.idle_since - session.idle_within <= NOW + 1e-6
    assert session.idle_since + session.idle_within >= server.now - 1e-6


def test_idle_time_keeps_its_start_from_sample_to_sample() -> None:
    server = MysqlStandin(MysqlSession(11, time=20))
    reader = a_reader(server, without="statements")
    first = read(reader)[11].idle_since
    server.now += 100.3
    server.server_sessions[0].time = 120

    assert first == read(reader)[11].idle_since


def test_limit_that_may_have_changed_unseen_is_read_again_when_the_idle_time_restarted() -> None:
    server = MysqlStandin(MysqlSession(11, time=20))
    reader = a_reader(server, without="statements")
    read(reader)
    server.now += 10
    server.heard.clear()
    server.server_sessions[0].time, server.server_sessions[0].limit = 3, 5

    assert 5 == read(reader)[11].own_limit


def test_limits_of_sessions_without_events_are_asked_again_after_a_while() -> None:
    server = MysqlStandin(MysqlSession(11, time=200))
    reader = a_reader(server, without="statements")
    read(reader)
    server.heard.clear()
    server.now += 2
    server.server_sessions[0].time = 202
    read(reader)

    assert [] == server.heard_of("own_limits")

    server.now += SWEEP_SECONDS
    server.server_sessions[0].time = 232
    server.server_sessions[0].limit = 5

    assert 5 == read(reader)[11].own_limit


def test_session_older_than_the_server_has_no_idle_start() -> None:
    server = MysqlStandin(MysqlSession(11, time=5000))
    _, (session,) = a_reader(server, without="statements").sessions(uptime=4000.0)

    assert session.idle_since is None


def test_reader_that_cannot_read_the_timer_any_more_reports_it() -> None:
    server = MysqlStandin(idle(11, 20, time=20))
    reader = a_reader(server)
    read(reader)

    assert not reader.has_lost_timer

    server.scripted["mysql/clock_statements.sql"] = []
    session = read(reader)[11]

    assert reader.has_lost_timer
    assert session.idle_since is not None
    assert abs(session.idle_since - (NOW - 20)) <= session.idle_within + 1.0


# --- Clocks that are set


def test_a_timer_that_stood_still_keeps_idle_clocks_right() -> None:
    """A suspended machine: its timer, and with it each session's, did not go on while ours did."""
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.now += 3600
    server.timer_offset += 3599
    server.server_sessions[0].event = Event(NOW - 20.5 + 3599, NOW - 20 + 3599)
    session = read(reader)[11]

    assert session.idle_since == pytest.approx(NOW - 20 + 3599, abs=1e-6)


@pytest.mark.parametrize("step", [3600, -3600])
def test_setting_the_clock_does_not_move_idle_times(step: float) -> None:
    """The statement timer is the server's clock by default: events keep the reckoning they were written in."""
    server = MysqlStandin(idle(11, 20), idle(12, 30))
    reader = a_reader(server)
    read(reader)
    raw = {
        server_session.id: (server_session.event.start, server_session.event.end)
        for server_session in server.server_sessions
        if server_session.event
    }
    server.now += 1
    server.timer_offset -= step
    for server_session in server.server_sessions:
        start, end = raw[server_session.id]
        assert end is not None
        server_session.event = Event(start - step, end - step)
    stepped = read(reader)
    server.now += 5
    server.server_sessions[1].event = Event(server.now - 1, server.now - 0.5)
    after = read(reader)

    for sessions in (stepped, after):
        assert sessions[11].idle_since == pytest.approx(NOW - 20, abs=1e-6)
    assert stepped[12].idle_since == pytest.approx(NOW - 30, abs=1e-6)
    assert after[12].idle_since == pytest.approx(server.now - 0.5, abs=1e-6)


def test_after_a_step_of_the_timer_every_event_is_read_again() -> None:
    server = MysqlStandin(idle(11, 20))
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    server.now += 1
    server.timer_offset += 100
    read(reader)

    assert [(TEXT, 0)] == server.heard_of("statements")


@pytest.mark.parametrize("step", [-3600.0, -1.0, 1.0, 3600.0])
def test_a_wall_clock_that_is_set_does_not_move_clocks_of_events(step: float) -> None:
    server = MysqlStandin(idle(11, 20), MysqlSession(12, timestamp=NOW - 77))
    reader = a_reader(server)
    read(reader)
    server.now += 1
    server.wall_offset -= step
    sessions = read(reader)

    assert sessions[11].idle_since == pytest.approx(NOW - 20, abs=1e-5)
    assert sessions[12].idle_since == pytest.approx(NOW - 77, abs=1e-5)


@pytest.mark.parametrize("step", [-10, 600, 3600])
def test_a_wall_clock_that_is_set_does_not_move_clocks_of_whole_seconds(step: int) -> None:
    """TIME is a difference of the server's wall clock, so it jumps with it; the session's idle wait does not."""
    server = MysqlStandin(idle(11, 999, time=20))
    reader = a_reader(server, without="statements")
    read(reader)
    server.now += 1
    server.wall_offset -= step
    server.server_sessions[0].time = 21 + step
    session = read(reader)[11]

    assert session.idle_since is None or session.idle_since == pytest.approx(NOW - 20, abs=2.0)


@pytest.mark.parametrize(
    "server_session", [idle(11, 20, time=20), MysqlSession(11, time=20, timestamp=NOW - 20)]
)
def test_where_our_own_thread_is_not_instrumented_no_clock_runs_from_1970(
    server_session: MysqlSession,
) -> None:
    """`setup_actors` may leave our account out: then no event of ours tells what the timer stands at."""
    server = MysqlStandin(server_session)
    server.scripted["mysql/clock_statements.sql"] = []
    session = read_one(server)

    assert session.idle_since is None or session.idle_since == pytest.approx(NOW - 20, abs=1.0)


def test_a_server_that_has_no_row_for_our_own_thread_is_read_all_the_same() -> None:
    """performance_schema loses threads beyond performance_schema_max_thread_instances; ours may be one."""
    server = MysqlStandin(idle(11, 20, time=20))
    server.scripted["mysql/own_thread.sql"] = []
    session = read_one(server)

    assert session.idle_since is None or session.idle_since == pytest.approx(NOW - 20, abs=1.0)


# --- Who is who


def test_a_reused_id_with_another_thread_is_another_session() -> None:
    server = MysqlStandin(idle(11, 20, limit=30, port=1111))
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    server.now += 1
    server.server_sessions[0] = MysqlSession(
        11, thread=99, limit=60, port=2222, timestamp=server.now - 0.5, attributes=(("program_name", "etl"),)
    )
    session = read(reader)[11]

    assert [([99],)] == [parameters for file, parameters in server.heard if "own_limits" in file]
    assert (60, "web-3:2222", "etl", None) == (
        session.own_limit, session.host, session.program, session.statement,
    )  # fmt: skip
    assert session.idle_since == pytest.approx(server.now - 0.5, abs=1e-5)
    assert ThreadId(99) == session.thread


def test_ended_session_is_forgotten() -> None:
    server_session = idle(11, 20)
    server = MysqlStandin(server_session)
    reader = a_reader(server)
    read(reader)
    server.server_sessions.clear()

    assert {} == read(reader)

    server.heard.clear()
    server.server_sessions.append(server_session)
    read(reader)

    assert [([51],)] == server.heard_of("own_limits")


def test_unfinished_login_is_shown_as_such() -> None:
    server = MysqlStandin(MysqlSession(11, user=None, host=None, db=None, time=None, limit=None))
    session = read_one(server)

    assert (Role.LOGIN, "Connect", "unauthenticated user", None, None) == (
        session.role, session.command, session.user, session.idle_since, session.own_limit,
    )  # fmt: skip
    assert [] == [file for file, _ in server.heard if "own_limits" in file or "attributes" in file]


def test_attributes_are_read_after_the_login() -> None:
    server = MysqlStandin(MysqlSession(11, user=None, host=None, db=None, time=None, limit=None))
    reader = a_reader(server)
    read(reader)
    server.heard.clear()
    server.server_sessions[0] = MysqlSession(11, limit=30, time=0)
    session = read(reader)[11]

    assert (Role.CLIENT, 30, "gunicorn") == (session.role, session.own_limit, session.program)


@pytest.mark.parametrize(
    ("server_session", "role"),
    [
        (MysqlSession(11, user="repl", command="Binlog Dump"), Role.DUMP),
        (MysqlSession(11, user="repl", command="Binlog Dump GTID"), Role.DUMP),
        (
            MysqlSession(11, user="root", command="Query", thread_name="thread/sql/replica_worker"),
            Role.REPLICA,
        ),
        (MysqlSession(11, user="root", command="Connect", thread_name="thread/sql/slave_io"), Role.REPLICA),
        (MysqlSession(11, user="event_scheduler", command="Daemon"), Role.DAEMON),
        (
            MysqlSession(11, user=None, command="Daemon", thread_name="thread/sql/compress_gtid_table"),
            Role.DAEMON,
        ),
        (
            MysqlSession(11, user=None, command="Sleep", time=None, thread_name="thread/sql/event_worker"),
            Role.DAEMON,
        ),
    ],
)
def test_server_thread_has_no_idle_clock(server_session: MysqlSession, role: Role) -> None:
    session = read_one(MysqlStandin(server_session))

    assert (role, None) == (session.role, session.idle_since)


def test_our_own_session_is_marked() -> None:
    sessions = read(a_reader(MysqlStandin(MysqlSession(OWN_ID, thread=OWN_THREAD), idle(11, 20))))

    assert {OWN_ID: True, 11: False} == {number: session.own for number, session in sessions.items()}


def test_every_column_finds_its_place() -> None:
    session = read_one(
        MysqlStandin(
            idle(
                11,
                20,
                user="etl",
                host="job-1",
                port=40112,
                db="dw",
                state="init",
                attributes=(
                    ("_client_name", "libmysql"),
                    ("_client_version", "9.7.4"),
                    ("program_name", "etl"),
                ),
            )
        )
    )

    assert ("etl", "job-1:40112", "dw", "init", "etl", "libmysql 9.7.4", ThreadId(51)) == (
        session.user, session.host, session.db, session.state, session.program, session.client, session.thread,
    )  # fmt: skip


def test_host_without_a_reported_port_is_listed_without_a_port() -> None:
    assert "web-3" == read_one(MysqlStandin(idle(11, 20)), without="processlist").host


def test_without_threads_no_own_limit_is_made_up() -> None:
    session = read_one(MysqlStandin(idle(11, 20, time=20)), without="threads")

    assert (None, None) == (session.own_limit, session.thread)


# --- Statements


def test_an_idle_session_shows_the_last_it_ran() -> None:
    server = MysqlStandin(idle(11, 20))
    server.server_sessions[0].event = Event(NOW - 21, NOW - 20, text="UPDATE cart SET quantity = 2")
    reader = a_reader(server)
    read(reader)
    server.now += 60

    assert "UPDATE cart SET quantity = 2" == read(reader)[11].statement


def test_a_running_session_shows_what_it_runs() -> None:
    session = read_one(MysqlStandin(idle(11, 20, command="Query", info="SELECT 2")))

    assert "SELECT 2" == session.statement


def test_command_without_text_is_shown_by_its_name() -> None:
    server = MysqlStandin(idle(11, 20))
    server.server_sessions[0].event = Event(NOW - 20, NOW - 20, "statement/com/Ping", None)

    assert "(Ping)" == read_one(server).statement


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("statement/com/Ping", "(Ping)"),
        ("statement/com/Reset Connection", "(Reset Connection)"),
        ("statement/sql/select", None),
        ("statement/abstract/new_packet", None),
        ("", None),
    ],
)
def test_a_command_is_called(name: str, words: str | None) -> None:
    assert words == command_words(name)


def test_with_statements_off_no_text_is_brought() -> None:
    server = MysqlStandin(
        idle(11, 20),
        idle(12, 20, command="Query", info="SELECT 'secret'"),
        MysqlSession(13, event=Event(NOW - 1, NOW - 1, "statement/com/Ping", None)),
    )
    reader = a_reader(server, text=0)
    sessions = [*read(reader).values(), *read(reader).values()]

    assert [None] * 6 == [session.statement for session in sessions]
    assert {0} == {
        parameters[0]
        for file, parameters in server.heard
        if "sessions" in file or file.endswith("/statements.sql")
    }


def test_no_more_text_is_asked_for_than_wanted() -> None:
    server = MysqlStandin(idle(11, 20))
    server.server_sessions[0].event = Event(NOW - 21, NOW - 20, text="x" * 100)

    assert "x" * 10 == read_one(server, text=10).statement


def test_text_that_is_no_utf8_survives() -> None:
    server = MysqlStandin(idle(11, 20))
    server.scripted["mysql/sessions_threads.sql"] = [
        (51, 11, b"caf\xe9", b"web-3", b"d\xff", b"Query", 0, None, b"SELECT '\xe9'", b"thread/sql/one", 1)
    ]
    session = read_one(server)

    assert (r"caf\xe9", r"d\xff", r"SELECT '\xe9'") == (session.user, session.db, session.statement)


# --- Transactions


def about(instant: float) -> Any:
    return pytest.approx(instant, abs=1e-6)


def read_transaction(server: MysqlStandin, without: str = "") -> Transaction | None:
    return read_one(server, without=without).transaction


def test_without_a_transaction_there_is_none() -> None:
    assert read_transaction(MysqlStandin(idle(11, 20))) is None


def test_a_bare_begin_is_a_transaction_that_holds_nothing() -> None:
    server = MysqlStandin(idle(11, 20))
    server.began = [(51, NOW - 20, 0)]
    transaction = read_transaction(server)

    assert transaction == Transaction(about(NOW - 20), 0, 0, read_only=False)


def test_locks_of_a_transaction_are_unknown_without_process() -> None:
    server = MysqlStandin(idle(11, 20))
    server.began = [(51, NOW - 20, 1)]

    assert read_transaction(server, "process") == Transaction(about(NOW - 20), None, None, read_only=True)


def test_innodb_facts_are_merged_with_the_start_of_the_transaction() -> None:
    server = MysqlStandin(idle(11, 20))
    server.began = [(51, NOW - 25, 0)]
    server.held = [(11, 20.0, 3, 1, 0)]

    assert read_transaction(server) == Transaction(about(NOW - 25), 3, 1, read_only=False)


def test_without_events_only_innodb_reports_transactions() -> None:
    server = MysqlStandin(idle(11, 20))
    server.held = [(11, 20.0, 3, 1, 1)]

    assert read_transaction(server, "transactions") == Transaction(about(NOW - 20), 3, 1, read_only=True)


@pytest.mark.parametrize(("age", "started"), [(None, None), (-3.0, NOW), (0.0, NOW)])
def test_a_transaction_began_no_later_than_now(age: float | None, started: float | None) -> None:
    server = MysqlStandin(idle(11, 20))
    server.held = [(11, age, 3, 1, 0)]
    transaction = read_transaction(server)

    assert transaction is not None
    assert started == transaction.started


def test_transaction_of_an_ended_session_is_dropped() -> None:
    server = MysqlStandin(idle(11, 20))
    server.began = [(99, NOW - 20, 0)]
    server.held = [(12, 20.0, 3, 1, 0)]

    assert read_transaction(server) is None


# --- The idle clock from TIME alone


def wall_of(offset: float) -> Timebase:
    wall = Timebase()
    wall.observe(NOW, NOW, NOW - offset)
    return wall


@pytest.mark.parametrize("offset", [0.0, -3600.25, 86_400.5])
@pytest.mark.parametrize("seconds", [0, 1, 20, 28_800])
def test_whole_seconds_are_right_to_their_error(offset: float, seconds: int) -> None:
    since, within = idle_since_whole_seconds(seconds, NOW, wall_of(offset))

    assert since is not None
    assert since <= NOW
    assert abs(since - (NOW - seconds)) <= within


@given(at=st.floats(0, 1), late=st.floats(0, 2), began=st.floats(0, 50))
def test_a_reading_that_straddles_a_second_doubts_which_it_was(at: float, late: float, began: float) -> None:
    """The server reads its clock anywhere between the question and the answer; it subtracts whole seconds."""
    asked, read, answered = NOW + at, NOW + at + late, NOW + at + 2.0
    started = read - began
    seconds = math.floor(read) - math.floor(started)
    since, within = idle_since_whole_seconds(
        seconds, (asked + answered) / 2, wall_of(0), doubt=(answered - asked) / 2
    )

    assert since is not None
    assert abs(since - started) <= within


@pytest.mark.parametrize("seconds", [-1, 366 * 86_400 * 20, 2**63])
def test_missing_age_is_unknown(seconds: int) -> None:
    assert idle_since_whole_seconds(seconds, NOW, wall_of(0))[0] is None


def test_without_the_servers_clock_no_second_can_be_placed() -> None:
    assert idle_since_whole_seconds(20, NOW, Timebase())[0] is None


def test_a_running_statement_began_when_its_event_did() -> None:
    server = MysqlStandin(MysqlSession(11, command="Query", event=Event(NOW - 4, None)))

    assert read_one(server).busy_since == about(NOW - 4)


def test_a_running_statement_without_events_is_timed_by_whole_seconds() -> None:
    server = MysqlStandin(MysqlSession(11, command="Query", time=4))
    busy = read_one(server, without="statements").busy_since

    assert busy is not None
    assert abs(busy - (NOW - 4)) <= 1
    assert read_one(MysqlStandin(idle(11, 20))).busy_since is None
