"""Remedies: the figures of settings, which limit they are about, and when a limit is raised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from goneaway_tui.doctor import remedies
from goneaway_tui.doctor.case import Case, ServerFacts
from goneaway_tui.doctor.remedies import (
    arithmetic,
    end_limit_words,
    idle_less_words,
    own_limit_words,
    pool_settings,
    safe_seconds,
)
from goneaway_tui.judge.deadline import EndLimit, LimitOrigin
from goneaway_tui.logs.error_events import FailureKind, LogClient
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.server import Flavour
from tests.unit.doctor.test_case import idled_at
from tests.unit.doctor.test_rules import AT, LOSS

WAIT = {"wait_timeout": 600.0}
UNCHANGED = frozenset({"wait_timeout", "interactive_timeout"})


def said(remedy: remedies.Remedies, server: ServerFacts | None = None, **fields: Any) -> str:
    return "\n".join(remedy(Case(replace(LOSS, **fields), server or ServerFacts())))


# --- Figures


@pytest.mark.parametrize(("limit", "safe"), [(28_800, 25_920), (10, 9), (9, 8), (1, 1), (0.5, 1), (2, 1)])
def test_a_pool_stays_a_tenth_below_the_limit_and_at_least_a_second(limit: float, safe: int) -> None:
    assert safe == safe_seconds(limit)


def test_the_arithmetic_names_whose_limit_it_is() -> None:
    assert "600 s - 10 % = 540 s; wait_timeout, db1 says" == arithmetic(600, "wait_timeout, db1 says")


@pytest.mark.parametrize(
    ("framework", "driver", "limit", "words"),
    [
        ("HikariCP", "", 600, "maxLifetime=540000 (milliseconds), keepaliveTime=54000 "),
        ("HikariCP", "", 5, "maxLifetime=4000 (milliseconds), keepaliveTime=1000 "),
        ("c3p0", "", 600, "maxIdleTime=540, idleConnectionTestPeriod=54 "),
        ("c3p0", "", 5, "maxIdleTime=4, idleConnectionTestPeriod=1 "),
        ("Sequelize", "", 600, "idle: 10000,"),
        ("Sequelize", "", 5, "idle: 4000,"),
    ],
)
def test_each_setting_has_its_unit_and_its_bounds(
    framework: str, driver: str, limit: float, words: str
) -> None:
    assert words in pool_settings(framework, driver, limit)[0]


def test_a_pools_own_settings_are_all_and_a_frameworks_stand_before_the_drivers() -> None:
    assert 1 == len(pool_settings("HikariCP", "MySQL Connector/J", 600))
    django = pool_settings("Django", "mysqlclient", 600)
    assert django[0].startswith("Django")
    assert django[-1].startswith("mysqlclient")
    assert 4 == len(django)


@pytest.mark.parametrize(
    ("driver", "words"),
    [(".NET MySqlConnector", ".NET: "), ("Perl DBD::mysql", "Perl DBI: "), ("mariadb command line", "The command line"), ("Node mysql2", "Node mysql2: ")],
)  # fmt: skip
def test_a_driver_is_known_by_its_name_and_a_few_by_a_part_of_it(driver: str, words: str) -> None:
    (setting,) = pool_settings("", driver, 600)

    assert setting.startswith(words)


def test_an_unknown_client_gets_the_rule_for_any_pool() -> None:
    expected = (
        "Any pool: let no connection be idle for more than 540 s, or check each connection before its use",
    )

    assert expected == pool_settings("", "", 600) == pool_settings("Maxwell", "JDBC", 600)


# --- Idling


def test_without_any_fact_the_figure_is_of_the_default_limit() -> None:
    told = said(remedies.for_idling, client=LogClient())

    assert "28800 s - 10 % = 25920 s; wait_timeout, the default, because no server was asked." in told
    assert "25920 s" in told.splitlines()[1]


@pytest.mark.parametrize(("idle", "words"), [(599.0, "600 s - 10 %"), (598.0, "598 s - 10 %")])
def test_the_limit_is_what_was_reached_and_else_the_fatal_idle_time(idle: float, words: str) -> None:
    told = said(remedies.for_idling, ServerFacts(limits=WAIT), idle_seconds=idle)

    assert words in told
    assert 1 == told.count(" - 10 %")


def test_a_limit_that_was_reached_is_to_blame_whatever_else_ended_sessions() -> None:
    server = ServerFacts(limits=WAIT, departures=(idled_at(5, 100),))

    assert "own limit of 5 s" in said(remedies.for_idling, server)
    assert "own limit of 5 s" not in said(remedies.for_idling, server, idle_seconds=599.0)
    assert "own limit of 5 s" in said(remedies.for_idling, server, idle_seconds=598.0)


@pytest.mark.parametrize(("idle", "figure"), [(None, "5 s - 10 %"), (5.0, "5 s - 10 %"), (4.0, "4 s - 10 %")])
def test_a_limit_longer_than_the_fatal_idle_time_gives_no_figure(idle: float | None, figure: str) -> None:
    told = said(
        remedies.for_idling, ServerFacts(limits=WAIT, departures=(idled_at(5, 100),)), idle_seconds=idle
    )

    assert figure in told
    assert 1 == told.count(" - 10 %")


def test_the_global_limit_that_ended_a_session_needs_no_explanation() -> None:
    server = ServerFacts(limits=WAIT, departures=(idled_at(600, 100),))
    told = said(remedies.for_idling, server)

    assert "600 s - 10 % = 540 s; wait_timeout, according to the server." in told
    assert "Find what" not in told


def test_a_session_younger_than_its_limits_is_checked_before_use() -> None:
    told = said(remedies.for_idling, ServerFacts(started_at=AT - 100, limits=WAIT))

    assert "idle for at most 100 s" in told
    assert "check each connection before its use: ping()" in told
    assert " - 10 %" not in told


@pytest.mark.parametrize(
    ("uptime", "variable"),
    [(8, "wait_timeout"), (9, "interactive_timeout"), (598, "interactive_timeout"), (599, "wait_timeout")],
)
def test_the_limit_is_the_one_that_can_have_run_out(uptime: float, variable: str) -> None:
    server = ServerFacts(started_at=AT - uptime, limits={**WAIT, "interactive_timeout": 8})
    told = said(remedies.for_idling, server)

    assert uptime == 8 or f"; {variable}, " in told
    assert (variable == "interactive_timeout") == ("8 s - 10 % = 7 s" in told)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (ServerFacts(), "Find what sets a wait_timeout that short"),
        (ServerFacts(limits=WAIT, unchanged_variables=UNCHANGED), "No global limit closed the session"),
        (ServerFacts(limits=WAIT), "The global limit, now 10 m (600 s), did not close"),
    ],
)
def test_a_limit_of_its_own_is_looked_for_where_it_can_be(server: ServerFacts, words: str) -> None:
    told = own_limit_words(40.0, server)

    assert words in told
    assert "idle for at most 40 s" in told


def test_a_limit_that_only_the_log_states_is_not_told_as_the_servers_global_one() -> None:
    told = said(remedies.for_idling, limits=(("wait_timeout", 600.0),), server_up_seconds=4.0)

    assert "Find what sets a wait_timeout that short" in told
    assert "The global limit, now" not in told


OWN, EARLIER, GLOBAL, UNKNOWN = (
    EndLimit(5.5, variable, origin)
    for variable, origin in (
        ("wait_timeout", LimitOrigin.OWN),
        ("wait_timeout", LimitOrigin.EARLIER_GLOBAL),
        ("interactive_timeout", LimitOrigin.GLOBAL),
        (None, LimitOrigin.UNKNOWN),
    )
)


@pytest.mark.parametrize(
    ("end", "server", "words"),
    [
        (
            EARLIER,
            ServerFacts(limits=WAIT),
            "An earlier global wait_timeout of 6 s ended the session. The global value is now 10 m (600 s)",
        ),
        (EARLIER, ServerFacts(), "ended the session. The global value is now unknown."),
        (
            OWN,
            ServerFacts(unchanged_variables=UNCHANGED),
            "own limit of 6 s ended it. No global value is that short",
        ),
        (OWN, ServerFacts(), "or copied it from an earlier global value"),
        (
            UNKNOWN,
            ServerFacts(limits=WAIT),
            "The global limit, now 10 m (600 s), did not close the session",
        ),
        (UNKNOWN, ServerFacts(), "The global limit, now unknown, did not close the session"),
    ],
)
def test_the_limit_that_ended_a_session_is_explained_by_its_origin(
    end: EndLimit, server: ServerFacts, words: str
) -> None:
    (told,) = end_limit_words(end, server)

    assert words in told
    assert [] == list(end_limit_words(GLOBAL, server))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (OWN, "5.5 s - 10 % = 4 s; the session's own wait_timeout."),
        (EARLIER, "5.5 s - 10 % = 4 s; an earlier global wait_timeout."),
        (GLOBAL, "5.5 s - 10 % = 4 s; interactive_timeout."),
        (UNKNOWN, "5 s - 10 % = 4 s; the idle time when the server closed the session."),
    ],
)
def test_the_figure_names_the_limit_and_a_measured_idle_time_is_cut_to_whole_seconds(
    end: EndLimit, words: str
) -> None:
    assert idle_less_words(end).endswith(words)


@pytest.mark.parametrize(
    ("fields", "server", "wanted"),
    [
        ({"idle_seconds": 599.0}, ServerFacts(limits=WAIT), "wait_timeout = 1800 (now 600 s)"),
        ({"silent_seconds": 599.0}, ServerFacts(limits=WAIT), "wait_timeout = 1800 (now 600 s)"),
        (
            {"idle_seconds": 30_000_000.0},
            ServerFacts(limits={"wait_timeout": 20_000_000}),
            "wait_timeout = 31536000 (now 20000000 s)",
        ),
        ({"idle_seconds": 598.0}, ServerFacts(limits=WAIT), ""),
        ({}, ServerFacts(limits=WAIT), ""),
        ({"idle_seconds": 30_000.0}, ServerFacts(), ""),
        (
            {"idle_seconds": 30_000.0, "limits": (("wait_timeout", 600.0),)},
            ServerFacts(),
            "wait_timeout = 1800 (now 600 s)",
        ),
        ({"silent_seconds": 700.0}, ServerFacts(started_at=AT - 300, limits=WAIT), ""),
    ],
)
def test_the_global_limit_is_raised_where_it_is_known_and_was_reached(
    fields: dict[str, Any], server: ServerFacts, wanted: str
) -> None:
    told = said(remedies.longer_idling, server, **fields)

    assert wanted in told
    assert bool(wanted) == bool(told)


# --- Packets, connections, proxies


@pytest.mark.parametrize(
    ("size", "limit", "wanted"),
    [
        (None, 1024**2, 2 * 1024**2),
        (1024**2 + 1, 1024**2, 2 * 1024**2),
        (2 * 1024**2, 1024**2, 4 * 1024**2),
        (2 * 1024**2 - 1, 1024**2, 2 * 1024**2),
        (None, 100, 1024),
        (None, 1023, 1024),
        (None, 1024, 2048),
        (None, 2**29, 2**30),
        (None, None, 2**27),
    ],
)
def test_a_packet_limit_is_raised_to_the_next_power_of_two_above_statement_and_limit(
    size: int | None, limit: int | None, wanted: int
) -> None:
    server = ServerFacts(limits={} if limit is None else {"max_allowed_packet": limit})
    told = said(remedies.larger_packets, server, statement_bytes=size)

    assert f"max_allowed_packet = {wanted} " in told
    assert 2 == len(told.splitlines())


def test_no_packet_limit_above_a_gigabyte_is_proposed() -> None:
    told = said(remedies.larger_packets, ServerFacts(limits={"max_allowed_packet": 2**30}))

    assert "SET GLOBAL" not in told
    assert "The client has its own limit" in told


@pytest.mark.parametrize(
    ("code", "limits", "counters", "uptime", "words"),
    [
        (1040, {"max_connections": 100}, {"max_used_connections": 100}, 50, "(now 100)"),
        (None, {"max_connections": 100}, {"max_used_connections": 101}, 50, "(now 100)"),
        (1040, {"max_connections": 100}, {"max_used_connections": 99}, 1, ""),
        (1040, {"max_connections": 100}, {"max_used_connections": 99}, 0, "(now 100)"),
        (1040, {"max_connections": 100}, {}, 50, "(now 100)"),
        (1040, {}, {"max_used_connections": 99}, 50, "raise max_connections, if there is memory"),
        (1203, {"max_connections": 100}, {"max_used_connections": 100}, 50, ""),
    ],
)
def test_max_connections_is_raised_where_the_server_may_have_been_full(
    code: int | None, limits: dict[str, float], counters: dict[str, int], uptime: float, words: str
) -> None:
    server = ServerFacts(started_at=AT - uptime, limits=limits, counters=counters)
    told = said(remedies.more_connections, server, code=code)

    assert words in told
    assert bool(words) == bool(told)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, 216),
        ({"idle_seconds": 100.0}, 90),
        ({"idle_seconds": 1000.0}, 216),
        ({"silent_seconds": 59.0}, 216),
    ],
)
def test_a_pool_behind_a_balancer_stays_below_the_shortest_of_all(
    fields: dict[str, Any], seconds: int
) -> None:
    assert f"more than {seconds} s" in said(remedies.for_proxies, client=LogClient(), **fields)


def test_a_connection_that_never_began_is_checked_on_the_way() -> None:
    refused = said(remedies.for_proxies, code=2003, failures=frozenset({FailureKind.REFUSED}))
    unfinished = said(remedies.for_proxies, failures=frozenset({FailureKind.LOGIN}))

    assert "nc -vz HOST 3306" in refused
    assert 1 == len(refused.splitlines())
    assert "does a login take longer than connect_timeout" in unfinished
    assert 2 == len(unfinished.splitlines())
    assert 4 == len(said(remedies.for_proxies).splitlines())


def test_maxscale_that_could_not_write_to_its_client_did_not_find_it_idle() -> None:
    words = said(remedies.for_proxies, text="Network write timed out for 'shop'@web-3.")

    assert "net_write_timeout" in words
    assert "idle" not in words
    assert 2 == len(words.splitlines())


@pytest.mark.parametrize(
    ("framework", "words", "others"),
    [
        ("SQLAlchemy", "engine.dispose", "connections.close_all"),
        ("Django", "connections.close_all", "engine.dispose"),
    ],
)
def test_after_a_fork_each_framework_has_its_own_words(framework: str, words: str, others: str) -> None:
    told = said(remedies.for_forks, client=LogClient("PyMySQL", framework))

    assert words in told
    assert others not in told


@pytest.mark.parametrize(
    ("remedy", "name", "default"),
    [(remedies.slower_reading, "net_write_timeout", 60), (remedies.slower_sending, "net_read_timeout", 30)],
)
def test_a_net_timeout_is_raised_tenfold_for_the_session(
    remedy: remedies.Remedies, name: str, default: int
) -> None:
    assert f"SET SESSION {name} = 70 (now 7 s)" in said(remedy, ServerFacts(limits={name: 7}))
    assert f"SET SESSION {name} = {default * 10} (now {default} s)" in said(remedy)


@pytest.mark.parametrize(
    ("limits", "commit", "longer"),
    [
        ({}, "", False),
        ({"idle_transaction_timeout": 0}, "", False),
        ({"idle_transaction_timeout": 1}, "Commit within 1 s - 10 % = 1 s", True),
        (
            {"idle_transaction_timeout": 60, "idle_readonly_transaction_timeout": 20},
            "Commit within 20 s",
            True,
        ),
        ({"kill_idle_transaction": 30}, "Commit within 30 s", False),
    ],
)
def test_a_transaction_is_committed_within_the_shortest_limit_that_is_on(
    limits: dict[str, float],
    commit: str,
    longer: bool,  # noqa: FBT001
) -> None:
    server = ServerFacts(limits=limits)
    told = said(remedies.for_transactions, server)

    assert commit in told
    assert bool(commit) == ("Commit within" in told)
    assert longer == bool(said(remedies.longer_transactions, server))


def test_offline_mode_is_waited_for_and_a_refused_account_is_compared() -> None:
    offline, denied = said(remedies.for_refusals, code=3032), said(remedies.for_refusals, code=1045)

    assert "offline_mode = OFF" in offline
    assert "offline_mode" not in denied
    assert "SHOW GRANTS" in denied
    assert "SHOW GRANTS" not in offline


@pytest.mark.parametrize(
    ("flavour", "words"),
    [
        (Flavour.MYSQL, "Set log_error_verbosity=3 at the server."),
        (Flavour.MARIADB, "Set log_warnings=4 at the server."),
        (None, "Set log_error_verbosity=3 (MySQL) or log_warnings=4 (MariaDB) at the server."),
    ],
)
def test_each_family_has_its_own_setting_and_an_unknown_server_both(
    flavour: Flavour | None, words: str
) -> None:
    assert words in said(
        remedies.for_unknown_causes, ServerFacts(flavour=flavour), stated_cause=Cause.UNKNOWN
    )


def test_a_keepalive_finds_a_lost_client_within_two_minutes() -> None:
    assert "A keepalive (120 s)" in said(remedies.for_lost_clients)
