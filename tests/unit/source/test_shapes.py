"""What a server answers is checked where it becomes a row."""

from __future__ import annotations

import random
from typing import Any

import pytest

from goneaway_tui.errors import SourceError, UnexpectedAnswer
from goneaway_tui.i18n import spoken, write_english
from goneaway_tui.model.server import Flavour
from goneaway_tui.source import sql
from goneaway_tui.source.connection import Refusal, UnfitAnswer, fitted
from goneaway_tui.source.sql import shapes
from goneaway_tui.source.sql.shapes import ColumnShape, MisshapenAnswer, RowsShape
from tests import tongues
from tests.property.answers import Wire, WireExecutor, WireSource, answers
from tests.unit.source.standins import (
    OWN_ID,
    OWN_THREAD,
    Event,
    MariadbSession,
    MariadbStandin,
    MysqlSession,
    MysqlStandin,
    Standin,
)

NAN, INF = float("nan"), float("inf")
MISFITS: list[tuple[ColumnShape, list[Any]]] = [
    (shapes.ID, [None, -1, 2**63, 10**400, 0.5, NAN, INF, b"", b"x", b"\xff", b"9" * 5000, "nan", [], {}]),
    (shapes.seconds(), [None, NAN, INF, -INF, 1e12, 10**400, b"nan", b"1e999", b"", []]),
    (shapes.text(9), [None, 7, 0.5, [], {}]),
    (shapes.NAME, [None, b"", b"a b", b"a\x1b]52;c;x\x07", b"[@click=x]", "\u202e", b"a" * 65, 7]),
    (shapes.FIGURE, [NAN, INF, 10**400, []]),
    (shapes.PACKED, ["[]", 7]),
]


@pytest.mark.parametrize(
    ("column", "came", "taken"),
    [
        (shapes.ID, 7, 7),
        (shapes.ID, b"7", 7),
        (shapes.ID, 7.0, 7),
        (shapes.COUNT, b"18446744073709551615", 2**64 - 1),
        (shapes.FLAG, True, True),
        (shapes.ID.or_null, None, None),
        (shapes.seconds(), b"0.25", 0.25),
        (shapes.text(4), b"abcdef", b"abcd"),
        (shapes.text(4), "abcdef", "abcd"),
        (shapes.text(4).or_null, None, None),
        (shapes.NAME, b"wait_timeout", b"wait_timeout"),
        (shapes.FIGURE, b"ON", b"ON"),
        (shapes.FIGURE, 0.5, 0.5),
        (shapes.FIGURE, None, None),
        (shapes.ANYTHING, object, object),
    ],
)  # fmt: skip
def test_what_fits_is_taken(column: ColumnShape, came: Any, taken: Any) -> None:
    assert [taken] == list(column.fitted([came]))
    assert [taken, taken] == list(column.fitted([came, came]))


@pytest.mark.parametrize(
    ("column", "came"),
    [
        (column, came)
        for column, misfits in MISFITS
        for came in misfits
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not(column: ColumnShape, came: Any) -> None:
    with pytest.raises(MisshapenAnswer):
        column.fitted([came])
    with pytest.raises(MisshapenAnswer):
        RowsShape("x", (column,)).fitted([(7,), (came,)] if column is shapes.ID else [(came,)])


def test_rows_that_fit_are_the_rows_that_came() -> None:
    rows = [(7, b"web-3:51234"), (9, None)]

    assert all(after is before for after, before in zip(shapes.HOSTS.fitted(rows), rows, strict=True))


def test_one_row_that_is_cut_leaves_the_others_as_they_are() -> None:
    rows = [(7, b"h" * 1_000_000), (9, b"web-3")]

    assert [(7, b"h" * 512), (9, b"web-3")] == shapes.HOSTS.fitted(rows)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(7,)], "unexpected answer (clients' ports): number of columns 1, expected 2"),
        ([(7, b"a"), (8, b"b", 1)], "unexpected answer (clients' ports): number of columns 3, expected 2"),
        (
            [(7, b"a"), (b"x", b"b")],
            "unexpected answer (clients' ports): column 1: a value is not a whole number",
        ),
        ([(None, b"a")], "unexpected answer (clients' ports): column 1: a value is missing (NULL)"),
        ([(-7, b"a")], "unexpected answer (clients' ports): column 1: a number is out of range"),
        ([(7, 0.5)], "unexpected answer (clients' ports): column 2: a value is not text"),
    ],
)
def test_error_names_the_query_and_what_is_wrong(rows: list[tuple[Any, ...]], why: str) -> None:
    with pytest.raises(UnfitAnswer) as told:
        fitted(sql.read_sql("mysql/hosts.sql"), rows)

    assert why == str(told.value)
    error = told.value.server_error("db1")
    assert isinstance(error, UnexpectedAnswer)
    assert isinstance(error, SourceError)
    assert f"db1: {why}" == str(error)
    assert "check that the address is a MySQL or MariaDB server" in error.hint


def test_a_person_reads_the_error_in_the_language_of_the_run_where_scripts_read_english() -> None:
    with tongues.spoken(tongues.Bracketed()):
        write_english()
        with pytest.raises(UnfitAnswer) as told:
            fitted(sql.read_sql("mysql/hosts.sql"), [(7,)])
        sentence = told.value.server_error("db1").sentence

    assert sentence.startswith("db1: unexpected answer")
    assert tongues.unsaid(spoken(sentence)) == ""


def test_error_message_of_a_server_is_one_plain_line() -> None:
    refusal = Refusal(1193, "no\n\x1b]52;c;x\x07" + "9" * 5000)

    assert str(refusal).isprintable()
    assert str(refusal).startswith("no ")
    assert 300 == len(str(refusal))


def a_server(flavour: Flavour) -> Standin:
    server: Standin = MysqlStandin(
        MysqlSession(OWN_ID, OWN_THREAD, command="Query", event=Event(0, None)),
        MysqlSession(11),
        MysqlSession(12),
    )
    if flavour is Flavour.MARIADB:
        server = MariadbStandin(MariadbSession(OWN_ID, 0.0), MariadbSession(11, 0.0), MariadbSession(12, 0.0))
    answers(server, random.Random(0), 0)
    return server


OPTIONAL = [
    (flavour, what)
    for flavour in Flavour
    for what in ("attributes", "innodb_transactions", "accounts", "statements")
] + [(Flavour.MYSQL, what) for what in ("own_limits", "hosts", "transactions")]


@pytest.mark.parametrize(("flavour", "what"), OPTIONAL)
def test_an_optional_reading_that_is_bent_is_a_limitation(flavour: Flavour, what: str) -> None:
    server = a_server(flavour)
    bent = {variant.file for name, variants in sql.STATEMENTS[flavour].items() for variant in variants
            if name.removeprefix("packed_").removeprefix("some_").removesuffix("_some") == what}  # fmt: skip
    source = WireSource(server, Wire(server, lambda file, rows: [("?",)] if file in bent else rows))

    sample = source.sample()

    assert {11, 12} < {session.id for session in sample.sessions}
    assert [each for each in sample.limitations if "unexpected answer" in each.why]


@pytest.mark.parametrize("what", ["limits", "variables", "counters", "sessions"])
@pytest.mark.parametrize("flavour", list(Flavour))
def test_a_required_reading_that_is_bent_is_the_error_of_its_server(flavour: Flavour, what: str) -> None:
    server = a_server(flavour)
    bent = {variant.file for name, variants in sql.STATEMENTS[flavour].items() for variant in variants
            if name.removeprefix("packed_") in {what, "all_sessions" if what == "sessions" else what}}  # fmt: skip
    is_bent = True
    source = WireSource(
        server, Wire(server, lambda file, rows: [("?",)] if is_bent and file in bent else rows)
    )

    with pytest.raises(UnexpectedAnswer) as told:
        source.sample()

    assert "unexpected answer (" in str(told.value)
    assert str(told.value).startswith("db1")
    assert told.value.line.isprintable()
    is_bent = False
    assert source.sample().sessions


@pytest.mark.parametrize("flavour", list(Flavour))
def test_action_with_malformed_answers_is_reported(flavour: Flavour) -> None:
    server = a_server(flavour)
    executor = WireExecutor(
        server,
        Wire(server, lambda file, rows: [(7, 7)] if file.endswith(("grants.sql", "own_value.sql")) else rows),
        None,
    )

    with pytest.raises(UnexpectedAnswer, match="the grants"):
        executor.privileges()
    with pytest.raises(UnexpectedAnswer, match="our own session's value"):
        executor.probe("wait_timeout")


def test_malformed_topology_entries_are_a_limitation_and_the_others_are_listed() -> None:
    server = a_server(Flavour.MYSQL)
    source = WireSource(
        server,
        Wire(server, lambda file, rows: [(2, b"db2", 70_000, 1, b"u")] if "replicas" in file else rows),
    )

    kin = source.topology()

    assert {"source", "member"} <= {each.relation.value for each in kin.members}
    assert ["unexpected answer (the replicas): column port: a number is out of range"] == [
        each.why for each in kin.limitations
    ]
