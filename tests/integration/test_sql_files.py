"""Every statement we have, run by the servers it claims to fit."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pymysql
import pytest

from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import find_capabilities
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.session_table import rows_of
from goneaway_tui.source.sockets import Address
from goneaway_tui.source.sql import shapes
from goneaway_tui.source.sql.shapes import Statement
from tests.integration.conftest import StartServer
from tests.servers.private import EVERY_NAME, Name, RealServer

NOBODY = 4_000_000_000
"""An id no session has."""
ASKED_WITH: dict[str, tuple[object, ...]] = {
    "lock_holders": ("[]",),
    "short_wait_timeout": (10,),
    "end_counts": ("root", "localhost", "root", "localhost"),
    "log": (60.5,),
    "past_log": (60.5,),
    "session": (5000, 60),
    "session_restore": ("SYSTEM", ""),
    "sessions": (64,),
    "all_sessions": (64,),
    "statements": (64, 0),
    "statements_some": (64, [1, 2]),
    "statement_history": ([1, 2],),
    "some": (64, [1, 2]),
    "since": (1, [1, 2], 64),
    "own_limits": ([1, 2],),
    "transaction_statements": (64, 1),
    "hosts": (1,),
    "attributes": (1,),
    "some_attributes": ([1, 2],),
    "clock": (1,),
    "one_sessions": (64, 1),
    "one_statements": (64, 0, 1),
    "one_hosts": (1,),
    "one_attributes": (1,),
    "variables": (["wait_timeout", "max_connections"],),
    "variable_state": ("wait_timeout",),
    "set_global": (28800,),
    "set_persist": (28800,),
    "kill_session": (NOBODY,),
    "kill_query": (NOBODY,),
}
"""By thing, or by file where those of a thing differ; what a file has no place for is left out from the end."""
LENT = ("rds_kill", "rds_kill_query", "az_kill", "az_kill_query")
CONSUMERS = (
    "'global_instrumentation', 'thread_instrumentation', 'events_statements_current', 'events_statements_history', "
    "'events_transactions_current'"
)


def everything_to_be_had(server: RealServer) -> None:
    """Whatever a probe may ask for."""
    with closing(server.connect(autocommit=True)) as admin, admin.cursor() as cursor:
        cursor.execute(
            f"UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME IN ({CONSUMERS})"
        )
        cursor.execute(
            "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'"
        )
        for name in LENT:
            how = "KILL QUERY" if name.endswith("query") else "KILL CONNECTION"
            cursor.execute(f"CREATE PROCEDURE mysql.{name} (IN session BIGINT) {how} session")


SERVICES = frozenset({"rds", "azure"})
"""The services for which it is then taken."""

MAY_BE_ABSENT: dict[Name, frozenset[str]] = {
    "mariadb105": frozenset({"uid", "lock_plugin"}),
    "mariadb1011": frozenset({"lock_plugin"}),
    "mariadb118": frozenset({"lock_plugin"}),
    "mysql97": frozenset({"innodb_locks"}),
}
"""What a server has not in every version or not in every package, and whose reader lives with that: server_uid came with 10.5.26,
innodb_locks went with 8.0, metadata_lock_info is a plugin."""


def columns(cursor: Any, statement: str, parameters: tuple[object, ...]) -> int:
    """How many it brings, 0 for none. Raises what the server says against it, but that nobody has this id."""
    try:
        cursor.execute(statement, parameters or None)
    except pymysql.OperationalError as error:
        if error.args[0] != 1094:
            raise
    return len(cursor.description or ())


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_statement_runs_on_the_server_it_claims_to_fit(name: Name, start_server: StartServer) -> None:
    server = start_server(name)
    everything_to_be_had(server)
    with closing(Connection(Address("127.0.0.1", server.port, "root"))) as connection:
        found = find_capabilities(connection)

    absent = MAY_BE_ABSENT.get(name, frozenset())
    assert frozenset(sql.PROBES[found.flavour]) - absent | SERVICES == found.features, (
        "nothing stands in the way of any probe here"
    )

    with closing(server.connect(autocommit=True)) as own, own.cursor() as cursor:
        for what, variants in sql.STATEMENTS[found.flavour].items():
            if what in MAY_BE_ABSENT.get(name, ()):
                continue
            brought = {}
            for variant in variants:
                if not variant.needs <= found.features:  # a service's, and this is none
                    continue
                statement = sql.read_sql(variant.file).replace("{variable}", "wait_timeout")
                asked = ASKED_WITH.get(variant.file, ASKED_WITH.get(what.removeprefix("packed_"), ()))
                parameters = asked[: statement.count("%s")]
                assert statement.count("%s") == len(parameters), f"{variant.file}: what is it asked with?"
                brought[variant.file] = columns(cursor, statement, parameters)

            assert 1 == len(set(brought.values())), f"not the same columns: {brought}"


@pytest.mark.parametrize("name", EVERY_NAME)
def test_what_a_server_brings_is_of_the_shape_that_its_statement_has(
    name: Name, start_server: StartServer
) -> None:
    server = start_server(name)
    everything_to_be_had(server)
    with closing(Connection(Address("127.0.0.1", server.port, "root"))) as connection:
        found = find_capabilities(connection)
        for what, variants in sql.STATEMENTS[found.flavour].items():
            asked = ASKED_WITH.get(what.removeprefix("packed_"), ())
            for variant in variants:
                if (
                    not variant.needs <= found.features
                    or variant.shape is shapes.ACT
                    or what in MAY_BE_ABSENT.get(name, ())
                ):
                    continue
                statement = sql.read_sql(variant.file)
                statement = Statement(statement.replace("{variable}", "wait_timeout"), statement.shape)
                connection.rows(statement, asked[: statement.count("%s")])
            if what.startswith("packed_"):
                before = connection.statements_sent
                rows_of(connection, found, what.removeprefix("packed_"), asked)
                assert before + 1 == connection.statements_sent, f"{what}: its pack is not believed"
        for variants in sql.TOPOLOGY_STATEMENTS[found.flavour].values():
            for variant in variants:
                if variant.needs <= found.features:
                    connection.records(sql.read_sql(variant.file))


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_probe_is_understood(name: Name, start_server: StartServer) -> None:
    """A probe that is wrong would say no for ever, in silence."""
    server = start_server(name)
    with closing(server.connect()) as own, own.cursor() as cursor:
        for probe, file in sql.PROBES[server.flavour].items():
            if probe not in MAY_BE_ABSENT.get(name, ()):
                cursor.execute(sql.read_sql(file))
        for file in sql.VARIANT_PROBES[server.flavour].values():
            cursor.execute(sql.read_sql(file))
            assert not cursor.fetchall(), "it is no service"
