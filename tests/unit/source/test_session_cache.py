"""What is asked once for a session and kept while it lives."""

from __future__ import annotations

import pytest

from goneaway_tui.source.session_cache import (
    ATTRIBUTES_KEPT,
    TEXT_KEPT,
    SessionCache,
    StatementEvent,
    read_attributes,
    read_open_transactions,
    text,
    text_or_none,
)
from tests.unit.source.standins import MysqlSession, MysqlStandin


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (b"", ""),
        (b"shop", "shop"),
        ("shop", "shop"),
        (b"caf\xe9", r"caf\xe9"),
        ("é".encode(), "é"),
    ],
)
def test_a_column_is_text_whatever_it_holds(value: bytes | str | None, shown: str) -> None:
    assert shown == text(value)


@pytest.mark.parametrize(("value", "kept"), [(None, None), (b"", None), ("", None), (b"x", "x")])
def test_an_empty_column_is_nothing_where_it_may_be(value: bytes | str | None, kept: str | None) -> None:
    assert kept == text_or_none(value)


@pytest.mark.parametrize(
    ("attributes", "program", "client"),
    [
        ((), None, None),
        ((("program_name", "gunicorn"),), "gunicorn", None),
        ((("program_name", ""), ("program_name", "etl")), "etl", None),
        ((("program_name", ""),), None, None),
        ((("_client_name", "pymysql"), ("_client_version", "1.2.4")), None, "pymysql 1.2.4"),
        ((("_client_version", "1.2.4"),), None, "1.2.4"),
        ((("_client_name", ""), ("_client_version", "")), None, None),
    ],
)
def test_program_and_client_come_from_the_attributes(
    attributes: tuple[tuple[str, str], ...], program: str | None, client: str | None
) -> None:
    dossier = SessionCache(attributes=attributes)

    assert (program, client) == (dossier.program, dossier.client)


@pytest.mark.parametrize(
    ("running", "name", "half_sent"),
    [
        (True, "statement/abstract/new_packet", True),
        (False, "statement/abstract/new_packet", False),
        (True, "statement/abstract/Query", False),
        (True, "statement/sql/select", False),
    ],
)
def test_only_an_unfinished_packet_is_half_sent(running: bool, name: str, half_sent: bool) -> None:  # noqa: FBT001
    event = StatementEvent(1, 2, 3, None if running else 3, name)
    assert half_sent == event.half_sent


def test_attributes_go_to_the_sessions_they_belong_to() -> None:
    server = MysqlStandin(
        MysqlSession(11, attributes=(("program_name", "a"),)),
        MysqlSession(12),
        MysqlSession(13, attributes=(("program_name", "c"),)),
    )
    new = {11: SessionCache(), 13: SessionCache()}
    read_attributes(server.connection, server.found(), new)

    assert {11: "a", 13: "c"} == {number: dossier.program for number, dossier in new.items()}


def test_client_that_sends_too_much_is_not_kept_whole() -> None:
    server = MysqlStandin(
        MysqlSession(11, attributes=tuple((f"{each}" * 999, "v" * 70_000) for each in range(999)))
    )
    new = {11: SessionCache()}
    read_attributes(server.connection, server.found(), new)

    assert ATTRIBUTES_KEPT == len(new[11].attributes)
    assert all(len(name) <= TEXT_KEPT >= len(value) for name, value in new[11].attributes)


@pytest.mark.parametrize(("new", "without"), [({}, ""), ({11: SessionCache()}, "attributes")])
def test_no_query_is_sent_without_a_new_session_or_the_privilege(
    new: dict[int, SessionCache], without: str
) -> None:
    server = MysqlStandin(MysqlSession(11))
    read_attributes(server.connection, server.found(without=without), new)

    assert [] == server.heard


def test_open_transactions_are_listed_by_session() -> None:
    server = MysqlStandin()
    server.held = [(11, 2.5, 3, 1, 0, b"29", None, None), (12, None, 0, 0, 1, b"30", b"30:1", 2.5)]

    assert {
        11: [2.5, 3, 1, 0, "29", None, None],
        12: [None, 0, 0, 1, "30", "30:1", 2.5],
    } == read_open_transactions(server.connection, server.found())


def test_without_process_no_transaction_is_asked_for() -> None:
    server = MysqlStandin()

    assert {} == read_open_transactions(server.connection, server.found(without="process"))
    assert [] == server.heard
