"""A case: what the facts of a server and the time of an error say together, and what a person pasted of a server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

from goneaway_tui.doctor.case import (
    Case,
    RaisedError,
    ServerFacts,
    facts_from_sample,
    facts_from_text,
)
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.timestamps import Timestamp
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.server import Flavour, Variable
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import GlobalLimits
from tests.builders import NOW, a_sample, a_session, a_verdict
from tests.unit.doctor.test_rules import AT, LOSS

WAIT = {"wait_timeout": 28_800.0}


def a_case(server: ServerFacts | None = None, **fields: Any) -> Case:
    return Case(replace(LOSS, **fields), server or ServerFacts())


def up(seconds: float, **fields: Any) -> ServerFacts:
    return ServerFacts(started_at=AT - seconds, **fields)


# --- Facts


def test_the_shorter_global_idle_limit_is_taken_of_those_that_are_known() -> None:
    assert 8 == ServerFacts(limits={"wait_timeout": 20, "interactive_timeout": 8}).shortest_global_seconds
    assert 20 == ServerFacts(limits={"wait_timeout": 20}).shortest_global_seconds
    assert ServerFacts(limits={"net_read_timeout": 3}).shortest_global_seconds is None


def test_idle_limits_are_unchanged_only_where_both_are() -> None:
    assert ServerFacts(
        unchanged_variables=frozenset({"wait_timeout", "interactive_timeout"})
    ).idle_limits_unchanged
    assert not ServerFacts(unchanged_variables=frozenset({"wait_timeout"})).idle_limits_unchanged


COUNTED = ServerFacts(
    counts_errors=True,
    errors=(
        RaisedError(4031, 2, "a", first_at=10.0, last_at=40.0),
        RaisedError(4031, 3, "b", first_at=20.0, last_at=90.0),
        RaisedError(1153, 7, "a", first_at=5.0, last_at=99.0),
    ),
)


def test_counts_of_one_error_are_added_over_accounts() -> None:
    assert (5, 12, 0) == (
        COUNTED.error_count(4031),
        COUNTED.error_count(4031, 1153),
        COUNTED.error_count(1161),
    )
    assert replace(COUNTED, counts_errors=False).error_count(4031) is None
    unknown = replace(COUNTED, unknown_errors=frozenset({4031}))
    assert unknown.error_count(4031) is None
    assert 12 == unknown.error_count(4031, 1153), "only where the server has none of them"


def test_the_first_and_last_count_of_an_error_are_over_all_accounts() -> None:
    assert (10.0, 90.0) == (COUNTED.first_error_at(4031), COUNTED.last_error_at(4031))
    assert 99.0 == COUNTED.last_error_at(4031, 1153)
    assert COUNTED.last_error_at(1161) is COUNTED.first_error_at(1161) is None


def test_a_first_count_without_a_time_may_have_been_the_first_of_all() -> None:
    server = replace(COUNTED, errors=(*COUNTED.errors, RaisedError(4031, 1, "c", last_at=50.0)))

    assert server.first_error_at(4031) is None
    assert 5.0 == server.first_error_at(1153)
    assert 90.0 == server.last_error_at(4031)


@pytest.mark.parametrize(
    ("at", "aborted", "confirms"),
    [
        (AT - 100, 1, True),
        (AT - 100, 0, False),
        (AT - 100, None, None),
        (AT - 105, 1, True),
        (AT - 106, 1, None),
        (None, 1, True),
    ],
)
def test_the_counter_of_aborted_clients_covers_the_time_since_the_start(
    at: float | None,
    aborted: int | None,
    confirms: bool | None,  # noqa: FBT001
) -> None:
    counters = {} if aborted is None else {"aborted_clients": aborted}

    assert confirms is up(100, counters=counters).confirms(LogEntry(at, "x"))
    assert confirms is None or confirms is ServerFacts(counters=counters).confirms(LogEntry(at, "x"))


def test_what_a_server_says_goes_before_what_was_pasted() -> None:
    pasted = ServerFacts("log", Flavour.MARIADB, "10.11.6", limits={"wait_timeout": 9, "net_read_timeout": 4}, counters={"com_kill": 1})  # fmt: skip
    server = ServerFacts("db1", Flavour.MYSQL, "9.7.4", limits=WAIT, counters={"aborted_clients": 2})
    whole = server.completed_by(pasted)

    assert ("db1", Flavour.MYSQL, "9.7.4") == (whole.name, whole.flavour, whole.version)
    assert {"wait_timeout": 28_800, "net_read_timeout": 4} == whole.limits
    assert {"aborted_clients": 2, "com_kill": 1} == whole.counters
    assert pasted == ServerFacts().completed_by(pasted)


def test_history_keeps_the_log_of_the_sample_where_it_has_none() -> None:
    entry, other = LogEntry(AT, "x"), LogEntry(AT, "y")
    server = ServerFacts(log_entries=(entry,))

    assert (entry,) == server.with_history(ServerFacts(counts_errors=True)).log_entries
    assert (other,) == server.with_history(ServerFacts(log_entries=(other,))).log_entries
    assert server.with_history(ServerFacts(killed_at=5.0)).killed_at == 5.0


# --- A case


def local(hour: int) -> Timestamp:
    return Timestamp(datetime(2026, 11, 23, hour), zoned=False)  # noqa: DTZ001 - that is the point


def test_a_time_without_a_zone_is_of_the_zone_of_the_case() -> None:
    berlin = timezone(timedelta(hours=1))
    event = replace(LOSS, timestamp=local(13))

    assert AT == Case(event, zone=berlin).noticed_at
    assert AT + 3600 == Case(event).noticed_at
    assert Case(replace(LOSS, timestamp=None)).noticed_at is None


def test_the_time_of_an_error_is_worked_out_once_however_many_departures_it_is_held_against() -> None:
    """A stranger's recording of five thousand made the log of a day take hours."""

    class Counting(tzinfo):
        asked = 0

        def utcoffset(self, _at: datetime | None) -> timedelta:
            self.asked += 1
            return timedelta()

        def tzname(self, _at: datetime | None) -> None:
            return None

        def dst(self, _at: datetime | None) -> None:
            return None

    zone, verdict = Counting(), a_verdict(a_session())
    left = Departure(verdict, AT - 5, 0.5, Cause.IDLE_TIMEOUT, Certainty.LIKELY, ("seen",), observed=True)
    case = Case(replace(LOSS, timestamp=local(12)), ServerFacts(departures=(left,) * 1_000), zone)
    diagnose(case)

    assert 1 <= zone.asked < 10


@pytest.mark.parametrize(
    ("instant", "is_later"), [(AT + 6, True), (AT + 5, False), (AT - 9, False), (None, False)]
)
def test_clocks_may_differ_by_five_seconds(instant: float | None, is_later: bool) -> None:  # noqa: FBT001
    assert is_later is a_case().is_later(instant)
    assert not a_case(timestamp=None).is_later(instant)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"silent_seconds": 700.0}, 400),
        ({"idle_seconds": 800.0, "silent_seconds": 700.0}, 500),
        ({"idle_seconds": 299.0}, None),
        ({"idle_seconds": 300.0}, 0),
        ({}, None),
    ],
)
def test_how_long_a_connection_was_idle_before_the_start(
    fields: dict[str, Any], seconds: float | None
) -> None:
    assert seconds == a_case(up(300), **fields).idle_before_start_seconds
    assert a_case(up(-1), **fields).idle_before_start_seconds is None
    assert a_case(**fields).idle_before_start_seconds is None


def test_at_the_moment_of_the_start_the_whole_idle_time_was_before_it() -> None:
    assert 700 == a_case(up(0), idle_seconds=700.0).idle_before_start_seconds


def test_the_uptime_at_the_error_is_by_the_server_where_its_clock_covers_it() -> None:
    assert 100 == a_case(up(100), server_up_seconds=7.0).known_uptime_seconds
    assert 0 == a_case(up(0), server_up_seconds=7.0).known_uptime_seconds
    assert 7 == a_case(up(-1), server_up_seconds=7.0).known_uptime_seconds
    assert 7 == a_case(server_up_seconds=7.0).known_uptime_seconds


@pytest.mark.parametrize(("idle", "seconds"), [(None, 110), (110.0, 110), (111.0, None)])
def test_an_error_without_a_time_is_of_this_run_unless_it_was_idle_for_longer(
    idle: float | None, seconds: float | None
) -> None:
    server = ServerFacts(read_at=AT, started_at=AT - 110)

    assert (
        seconds
        == a_case(server, timestamp=None, idle_seconds=idle, server_up_seconds=3.0).known_uptime_seconds
    )
    assert (
        3 == a_case(replace(server, read_at=None), timestamp=None, server_up_seconds=3.0).known_uptime_seconds
    )
    assert (
        3
        == a_case(
            replace(server, started_at=None), timestamp=None, server_up_seconds=3.0
        ).known_uptime_seconds
    )


def idled_at(limit: int, ago: float, number: int = 7) -> Departure:
    session = a_session(id=ProcesslistId(number), idle_for=NOW - AT + ago + limit, own_limit=limit)
    verdict = a_verdict(session, inherited=GlobalLimits(wait_timeout=28_800))
    return Departure(verdict, AT - ago, 0.5, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED)


def test_the_shortest_end_is_of_sessions_that_ended_before_the_error() -> None:
    server = ServerFacts(limits=WAIT, departures=(idled_at(20, 100), idled_at(5, -6), idled_at(9, -5, 8)))
    of_any, of_seven = a_case(server).shortest_end, a_case(server, session_id=ProcesslistId(7)).shortest_end

    assert of_any is not None
    assert of_seven is not None
    assert (9, 20) == (of_any.seconds, of_seven.seconds)
    assert a_case(server, session_id=ProcesslistId(9)).shortest_end is None


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"idle_seconds": 1.0}, 1),
        ({"idle_seconds": 0.9}, None),
        ({"idle_seconds": 0.9, "silent_seconds": 700.0}, None),
        ({"idle_seconds": 5.0, "silent_seconds": 700.0}, 5),
        ({"silent_seconds": 60.0}, 60),
        ({"silent_seconds": 59.0}, None),
        ({}, None),
    ],
)
def test_the_idle_time_that_was_fatal_is_the_stated_one_or_a_silence_of_a_minute(
    fields: dict[str, Any], seconds: float | None
) -> None:
    assert seconds == a_case(**fields).fatal_idle_seconds


BOTH = {"wait_timeout": 1000.0, "interactive_timeout": 500.0}


@pytest.mark.parametrize(
    ("seconds_up", "idle", "limits", "age"),
    [
        (498, None, BOTH, 498),
        (499, None, BOTH, None),
        (600, 300.0, BOTH, 300),
        (300, 600.0, BOTH, 300),
        (900, None, {"wait_timeout": 1000.0}, 900),
        (900, None, BOTH, None),
        (900, None, {}, 900),
        (28_799, None, {}, None),
        (28_798, None, {}, 28_798),
    ],
)
def test_a_session_younger_than_both_global_limits_had_one_of_its_own(
    seconds_up: float, idle: float | None, limits: dict[str, float], age: float | None
) -> None:
    """A limit less a second: servers and logs round."""
    assert age == a_case(up(seconds_up, limits=limits), idle_seconds=idle).age_below_global_limits


def test_a_session_that_idled_out_before_the_start_has_no_such_age() -> None:
    limits = {"wait_timeout": 1000.0}

    assert a_case(up(300, limits=limits), silent_seconds=1300.0).age_below_global_limits is None
    assert 300 == a_case(up(300, limits=limits), silent_seconds=1299.0).age_below_global_limits
    assert a_case(up(300, limits=limits), silent_seconds=1300.0).idled_out_before_start
    assert not a_case(up(300, limits=limits), silent_seconds=1299.0).idled_out_before_start


@pytest.mark.parametrize(("uptime", "limits", "was_up"), [(28_801, {}, True), (28_800, {}, False), (61, {"wait_timeout": 60}, True), (60, {"wait_timeout": 60}, False)])  # fmt: skip
def test_a_server_was_up_before_a_session_could_idle_where_it_is_older_than_the_limit(
    uptime: float,
    limits: dict[str, float],
    was_up: bool,  # noqa: FBT001
) -> None:
    assert was_up is a_case(up(uptime, limits=limits)).was_up_before_idling
    assert not a_case(ServerFacts(limits=limits)).was_up_before_idling


@pytest.mark.parametrize(("seconds_up", "aborted", "none"), [(0, 0, True), (1, 0, True), (-1, 0, False), (1, 1, False), (1, None, False)])  # fmt: skip
def test_no_session_was_aborted_only_where_the_counter_is_of_the_run_of_the_error(
    seconds_up: float,
    aborted: int | None,
    none: bool,  # noqa: FBT001
) -> None:
    counters = {} if aborted is None else {"aborted_clients": aborted}

    assert none is a_case(up(seconds_up, counters=counters)).aborted_no_session
    assert not a_case(ServerFacts(counters=counters)).aborted_no_session


def test_a_limit_is_the_servers_then_the_logs_then_the_default() -> None:
    stated = (("wait_timeout", 30.0),)
    named, unnamed = ServerFacts("db1", limits={"wait_timeout": 20}), ServerFacts(limits={"wait_timeout": 20})

    assert (20, "according to db1") == a_case(named, limits=stated).limit("wait_timeout")
    assert (20, "according to the server") == a_case(unnamed, limits=stated).limit("wait_timeout")
    assert (30, "according to the log") == a_case(limits=stated).limit("wait_timeout")
    assert (28_800, "the default, because no server was asked") == a_case().limit("wait_timeout")
    assert 64 * 1024**2 == a_case().limit("max_allowed_packet")[0]
    assert a_case().limit("net_read_timeout")[0] is None
    assert a_case(unnamed).knows_limit("wait_timeout")
    assert a_case(limits=stated).knows_limit("wait_timeout")
    assert not a_case().knows_limit("wait_timeout")


# --- A sample's facts


def test_a_sample_tells_who_is_idle_and_how_many_clients_there_are() -> None:
    sessions = [
        a_session(id=ProcesslistId(1)),
        a_session(id=ProcesslistId(2), idle_since=None),
        a_session(id=ProcesslistId(3), own=True),
        a_session(id=ProcesslistId(4), command="Query"),
        a_session(id=ProcesslistId(5), command="Binlog Dump", role=Role.REPLICA),
    ]
    facts = facts_from_sample(a_sample(sessions, counters={"uptime": 5, "com_kill": 2}), "db1")

    assert {1, 2} == facts.idle_session_ids
    assert (NOW - 12.25,) == facts.idle_since
    assert 3 == facts.session_count
    assert ("db1", NOW, 2) == (facts.name, facts.read_at, facts.counters["com_kill"])


def test_the_start_is_known_where_the_sample_counts_the_uptime() -> None:
    sample = a_sample(counters={"uptime": 5})

    assert NOW - sample.server.uptime == facts_from_sample(sample).started_at
    assert facts_from_sample(a_sample()).started_at is None


@pytest.mark.parametrize(
    ("origin", "is_unchanged"),
    [("compiled", True), ("file", True), ("persisted", True), ("dynamic", False), (None, False)],
)
def test_a_variable_is_unchanged_where_its_value_is_as_old_as_the_server(
    origin: str | None,
    is_unchanged: bool,  # noqa: FBT001
) -> None:
    variable = Variable("wait_timeout", 20, set_by=origin)

    assert is_unchanged == (
        "wait_timeout"
        in facts_from_sample(a_sample(variables={"wait_timeout": variable})).unchanged_variables
    )


def test_a_variable_without_a_value_is_no_limit() -> None:
    sample = a_sample(variables={"net_read_timeout": Variable("net_read_timeout", None)})

    assert "net_read_timeout" not in facts_from_sample(sample).limits


# --- What a person pasted


@pytest.mark.parametrize(
    "text",
    [
        "| wait_timeout | 600 |",
        "wait_timeout\t600",
        "Variable_name: wait_timeout\n        Value: 600",
        "VARIABLE_NAME: WAIT_TIMEOUT\nVARIABLE_VALUE: 600",
        "| @@GLOBAL.wait_timeout |\n+-----+\n| 600 |",
        "@@wait_timeout\n600",
        "| @@session.wait_timeout | @@max_allowed_packet |\n|---|---|\n| 600 | 1000 |",
    ],
)
def test_a_pasted_variable_is_read_in_every_form_of_the_client(text: str) -> None:
    assert 600 == facts_from_text(f"hello\n{text}\n").limits["wait_timeout"]


@pytest.mark.parametrize(
    "text",
    [
        "| wait_timeout | OFF |",
        "| wait_timeout | 6.0.0 |",
        "Variable_name: wait_timeout\n-----\n        Value: 600",
        "| @@wait_timeout | @@max_allowed_packet |\n| 600 |",
        "SELECT @@wait_timeout\n600",
        "@@wait_timeout\n---\n---\n600",
        "| sort_buffer_size | 600 |",
    ],
)
def test_what_is_no_answer_of_the_client_states_nothing(text: str) -> None:
    assert {} == facts_from_text(text).limits


def test_a_fraction_is_read_and_counters_are_whole() -> None:
    facts = facts_from_text(
        "| max_statement_time | 0.5 |\n| Aborted_clients | 3 |\n| Uptime | 9 |", "app.log"
    )

    assert {"max_statement_time": 0.5} == facts.limits
    assert {"aborted_clients": 3} == facts.counters
    assert "app.log" == facts.name


@pytest.mark.parametrize(
    ("text", "flavour", "version"),
    [
        ("Server version:\t\t9.7.4 MySQL Community Server - GPL", Flavour.MYSQL, "9.7.4"),
        ("Server version: 10.11.6-MariaDB-0+deb12u1 Debian 12", Flavour.MARIADB, "10.11.6"),
        ("| version | 8.0.36 |", Flavour.MYSQL, "8.0.36"),
        ("hello", None, ""),
    ],
)
def test_a_pasted_version_tells_the_family(text: str, flavour: Flavour | None, version: str) -> None:
    facts = facts_from_text(text, "app.log")

    assert (flavour, version) == (facts.flavour, facts.version)
    assert ("app.log" if version else "") == facts.name


@pytest.mark.parametrize(("before", "read"), [(19_999, True), (20_000, False)])
def test_of_a_pasted_text_twenty_thousand_lines_are_read(before: int, read: bool) -> None:  # noqa: FBT001
    assert read == bool(facts_from_text("x\n" * before + "| wait_timeout | 600 |").limits)
