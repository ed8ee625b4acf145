"""Global variables and counters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.model.server import Flavour, Variable
from goneaway_tui.source.globals import BOUNDS_SECONDS, SET_BY, GlobalsReader, number, variable
from tests.builders import NOW
from tests.unit.source.standins import ALL_ABLE, MariadbStandin, MysqlStandin, Row

LIMITS: list[Row] = [(b"wait_timeout", 30), (b"max_connections", 151)]
VARIABLES: list[Row] = [
    (b"wait_timeout", b"30", b"1", b"31536000", b"DYNAMIC"),
    (b"max_connections", b"151", b"1", b"100000", b"COMPILED"),
    (b"log_error_verbosity", b"", None, None, b"SOMETHING NEW"),
]


def a_server() -> MysqlStandin:
    server = MysqlStandin()
    server.scripted = {
        "mysql/limits.sql": LIMITS,
        "mysql/variables_bounds.sql": VARIABLES,
        "mysql/counters.sql": [
            (b"Uptime", b"41"),
            (b"Aborted_clients", b"0"),
            (b"Threads_running", b""),
        ],
    }
    return server


def a_reader(server: MysqlStandin) -> GlobalsReader:
    return GlobalsReader(server.connection, server.found())


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        (b"", None),
        ("", None),
        (b"ON", None),
        (b"nan", None),
        (b"inf", None),
        (b"9" * 400, None),
        (b"\xff", None),
        (b"0", 0),
        ("0", 0),
        (b"28800", 28_800),
        (28_800, 28_800),
        (b"-1", -1),
        (b"18446744073709551615", 2**64 - 1),
        (b"0.500000", 0.5),
        (b"10.000000", 10),
        (0.25, 0.25),
        (10.0, 10),
    ],
)
def test_a_servers_number_is_read(value: bytes | str | float | None, read: float | None) -> None:
    assert read == number(value)
    assert type(read) is type(number(value))


@pytest.mark.parametrize("zero", [0, 0.0])
def test_zero_is_a_number(zero: float) -> None:
    """`idle_transaction_timeout` is 0 where it is off, and the wire brings it as a number."""
    assert 0 == number(zero)


def test_variables_come_sorted_with_bounds_and_origin() -> None:
    assert (
        Variable("log_error_verbosity", None, None, None, None),
        Variable("max_connections", 151, 1, 100_000, "compiled"),
        Variable("wait_timeout", 30, 1, 31_536_000, "dynamic"),
    ) == a_reader(a_server()).variables(NOW)


def test_bounds_are_read_once_while_nothing_changes() -> None:
    server = a_server()
    reader = a_reader(server)
    reader.variables(NOW)
    server.heard.clear()
    reader.variables(NOW + BOUNDS_SECONDS)

    assert ["mysql/limits.sql"] == [file for file, _ in server.heard]


def test_bounds_are_read_again_after_a_while() -> None:
    server = a_server()
    reader = a_reader(server)
    reader.variables(NOW)
    server.heard.clear()
    reader.variables(NOW + BOUNDS_SECONDS + 0.1)

    assert ["mysql/limits.sql", "mysql/variables_bounds.sql"] == [file for file, _ in server.heard]


def test_changed_limit_is_reported_in_the_same_sample() -> None:
    server = a_server()
    reader = a_reader(server)
    reader.variables(NOW)
    server.scripted["mysql/limits.sql"] = [(b"wait_timeout", 60), (b"max_connections", 151)]
    server.scripted["mysql/variables_bounds.sql"] = [(b"wait_timeout", b"60", b"1", b"31536000", b"DYNAMIC")]

    assert [60] == [variable.value for variable in reader.variables(NOW + 1)]


def test_counters_come_sorted_and_with_the_limit_they_run_against() -> None:
    server = a_server()
    reader = a_reader(server)
    reader.variables(NOW)

    assert (
        ("aborted_clients", 0),
        ("max_connections", 151),
        ("uptime", 41),
    ) == reader.counters()


def test_where_no_limit_of_connections_is_known_none_is_counted() -> None:
    assert "max_connections" not in dict(a_reader(a_server()).counters())


def test_a_variable_that_is_off_is_zero_and_not_unknown() -> None:
    server = MariadbStandin()
    server.scripted = {
        "mariadb/limits.sql": [(b"idle_transaction_timeout", 0)],
        "mariadb/variables.sql": [(b"idle_transaction_timeout", b"0", b"0", b"31536000", b"COMPILE-TIME")],
    }
    reader = GlobalsReader(server.connection, server.found())

    assert (Variable("idle_transaction_timeout", 0, 0, 31_536_000, "compiled"),) == reader.variables(NOW)


def test_origins_use_the_words_of_the_contract() -> None:
    assert {"compiled", "file", "persisted", "dynamic"} == set(SET_BY.values())


@pytest.mark.parametrize("version", ["5.7.9", "5.7.44"])
def test_bounds_that_mysql_5_7_does_not_report_come_from_its_manual(version: str) -> None:
    found = replace(MysqlStandin().found(without="bounds"), version=version)
    told = variable(found, "wait_timeout", b"28800")

    assert (28_800, 1, 31_536_000, True) == (told.value, told.min, told.max, told.is_documented)


@pytest.mark.parametrize(("version", "without"), [("8.0.20", "bounds"), ("5.7.44", "")])
def test_bounds_come_from_the_server_and_not_from_the_manual_where_readable(
    version: str, without: str
) -> None:
    found = replace(MysqlStandin().found(without=without), version=version)

    assert variable(found, "wait_timeout", b"28800").min is None


def test_value_computed_by_the_server_was_set_by_no_user() -> None:
    """MariaDB says AUTO of thread_cache_size."""
    told = variable(MariadbStandin().found(), "thread_cache_size", b"151", b"0", b"16384", b"AUTO")

    assert "compiled" == told.set_by


def test_limits_of_a_fork_and_the_stall_limit_of_a_pool_are_read_at_each_poll() -> None:
    server = MysqlStandin()
    asked: list[list[str]] = []

    def answer(names: list[str]) -> list[tuple[object, ...]]:
        asked.append(names)
        return [(b"kill_idle_transaction", b"30", b"0", b"31536000", b"GLOBAL")]

    server.scripted |= {
        "mysql/limits_idle_transactions.sql": [
            (b"wait_timeout", b"28800"),
            (b"kill_idle_transaction", b"30"),
        ],
        "mysql/variables_bounds.sql": answer,
    }
    found = server.found(ALL_ABLE[Flavour.MYSQL] | {"idle_transactions", "pool"})
    told = GlobalsReader(server.connection, found).variables(NOW)

    assert [("kill_idle_transaction", 30)] == [(each.name, each.value) for each in told]
    assert {"kill_idle_transaction", "thread_pool_stall_limit", "wait_timeout"} <= set(asked[0])
