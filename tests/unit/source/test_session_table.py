"""Packs bring what rows bring, or are not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goneaway_tui.model.session import Role
from goneaway_tui.source import sql
from goneaway_tui.source.executor import SingleSessionCapabilities
from goneaway_tui.source.session_cache import text
from goneaway_tui.source.session_table import (
    BY_COMMAND,
    BY_THREAD,
    BY_USER,
    role_of,
    rows_of,
    unpack,
)
from tests.unit.source.standins import ALL_ABLE, MysqlSession, MysqlStandin, packed

HOSTS = [(7, b"web-3:51234"), (9, b"cron-1:4")]
CELLS = st.one_of(st.none(), st.integers(0, 2**64 - 1), st.binary(max_size=20))


def a_server() -> MysqlStandin:
    return MysqlStandin(MysqlSession(7), MysqlSession(9, host="cron-1", port=4))


def brought(server: MysqlStandin, without: str = "") -> list[list[str]]:
    found = server.found(without=without)
    return [[text(cell) for cell in row] for row in rows_of(server.connection, found, "hosts", (1,))]


@pytest.mark.parametrize("without", ["", "aggregate"], ids=["packed", "row by row"])
def test_rows_are_the_same_however_they_come(without: str) -> None:
    assert [["7", "web-3:51234"], ["9", "cron-1:4"]] == brought(a_server(), without)
    assert "aggregate" in ALL_ABLE[MysqlStandin.flavour]


@pytest.mark.parametrize(
    "pack",
    [
        (2, None),
        (2, b'[[7, "web-3:51234"], [9, "cr'),
        (2, b'[[7, "web-3:51234"]]'),
        (2, rb'[[7, "\ud83d"], [9, "cron-1:4"]]'),
        (2, b"[" * 100_000),
        (2, b'[[7, "web-3:51234"], [9, "cron \xff\xfe'),
        (2, b"[7, 9]"),
        (2, b'{"a": 7, "b": 9}'),
        (2, b'[[7, "web-3:51234"], [9]]'),
        (2, b'[[7, "web-3:51234"], ["nine", "cron-1:4"]]'),
        (2, b'[[7, "web-3:51234"], [NaN, "cron-1:4"]]'),
        (2, b'[[7, "web-3:51234"], [' + b"9" * 5000 + b', "cron-1:4"]]'),
    ],
    ids=[
        "too large",
        "cut off",
        "one is missing",
        "half a character",
        "too deep",
        "cut off and not UTF-8",
        "numbers alone",
        "an object",
        "a short row",
        "a word for an id",
        "no number",
        "a number of 5,000 digits",
    ],
)
def test_a_pack_that_is_not_whole_is_asked_row_by_row(pack: tuple[int, bytes | None]) -> None:
    server = a_server()
    server.scripted["mysql/packed_hosts.sql"] = [pack]

    assert [["7", "web-3:51234"], ["9", "cron-1:4"]] == brought(server)
    assert ["mysql/packed_hosts.sql", "mysql/hosts.sql"] == [file for file, _ in server.heard]


def test_no_sessions_unpack_to_an_empty_list() -> None:
    assert [] == unpack([(0, None)])
    assert [] == unpack([])


@given(st.lists(st.lists(st.tuples(CELLS, CELLS), max_size=4), max_size=3))
@example([[(None, rb"\ud"), (None, rb"\\ud83d")]])
def test_whatever_bytes_a_cell_holds_it_reads_as_it_does_in_a_row(packs: list[list[tuple[Any, Any]]]) -> None:
    rows = [[text(cell) for cell in row] for pack in packs for row in pack]
    told = unpack([packed(pack) for pack in packs])

    assert rows == [[text(cell) for cell in row] for row in told or []]
    assert all(json.dumps(row) and "".join(row).encode() is not None for row in rows)


def test_query_for_one_session_reads_no_packed_list_of_all() -> None:
    found = a_server().found()
    alone = SingleSessionCapabilities(
        found.flavour, found.version, found.banner, found.own_id, found.account, found.features
    )

    assert found.statement("packed_hosts") is not None
    assert [] == [
        what for what in sql.STATEMENTS[found.flavour] if what.startswith("packed_") and alone.statement(what)
    ]


@pytest.mark.parametrize(
    ("command", "user", "thread_name", "role"),
    [
        ("Sleep", "shop", "thread/sql/one_connection", Role.CLIENT),
        ("Query", "root", "", Role.CLIENT),
        ("Killed", "shop", "", Role.CLIENT),
        ("", "", "", Role.CLIENT),
        ("Binlog Dump", "repl", "thread/sql/one_connection", Role.DUMP),
        ("Connect", "system user", "", Role.REPLICA),
        ("Query", "system user", "thread/sql/one_connection", Role.REPLICA),
        ("Query", "root", "thread/sql/replica_sql", Role.REPLICA),
        ("Query", "root", "thread/sql/slave_worker", Role.REPLICA),
        ("Connect", "root", "thread/group_rpl/THD_applier_module_receiver", Role.REPLICA),
        ("Connect", "unauthenticated user", "", Role.LOGIN),
        ("Daemon", "event_scheduler", "thread/sql/event_scheduler", Role.DAEMON),
        ("Daemon", "", "thread/sql/compress_gtid_table", Role.DAEMON),
        ("Delayed insert", "delayed", "", Role.DAEMON),
        ("Daemon", "system user", "", Role.DAEMON),
    ],
)
def test_a_row_is(command: str, user: str, thread_name: str, role: Role) -> None:
    assert role is role_of(command, user, thread_name)


@pytest.mark.parametrize(("command", "role"), BY_COMMAND.items())
def test_a_command_of_the_table_decides_for_any_user(command: str, role: Role) -> None:
    assert role is role_of(command, "shop")


@pytest.mark.parametrize(("user", "role"), BY_USER.items())
def test_a_user_of_the_table_decides_for_a_command_that_does_not(user: str, role: Role) -> None:
    assert role is role_of("Query", user)


@pytest.mark.parametrize(("beginning", "role"), BY_THREAD.items())
def test_a_thread_of_the_table_decides_before_all_else(beginning: str, role: Role) -> None:
    assert role is role_of("Binlog Dump", "unauthenticated user", beginning + "_17")


def test_a_client_may_be_called_almost_like_a_servant() -> None:
    assert Role.CLIENT is role_of("Sleep", "system users")
