from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goneaway_tui.export.csv import HEADER, csv_cell, flat_fields
from goneaway_tui.export.data import session_data
from goneaway_tui.model.snapshot import Snapshot
from tests.builders import NOW, a_session, a_snapshot, a_transaction, a_verdict
from tests.unit.export.rich import rich_snapshot
from tests.unit.export.written import written


def rows_of(snapshot: Snapshot) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(snapshot, "csv"), newline="")))


def test_the_header_is_the_contracts_names_flattened_in_their_order() -> None:
    everything = session_data(a_verdict(a_session(transaction=a_transaction())), NOW)

    assert list(flat_fields(everything)) == list(HEADER)


def test_there_is_a_header_where_there_are_no_sessions() -> None:
    assert ",".join(HEADER) + "\n" == written(a_snapshot([]), "csv")


def test_each_session_is_one_row_in_the_order_of_the_sample() -> None:
    assert [str(s.id) for s in rich_snapshot().sample.sessions] == [
        row["id"] for row in rows_of(rich_snapshot())
    ]


def test_what_is_nested_elsewhere_is_flat_here() -> None:
    row = rows_of(a_snapshot([a_session(transaction=a_transaction())]))[0]

    assert (
        row["limit_seconds"],
        row["limit_variable"],
        row["limit_basis"],
    ) == ("28800", "wait_timeout", "own")
    assert tuple(
        row[f"at_stake_{name}"] for name in ("transaction_seconds", "rows_modified", "rows_locked")
    ) == ("3.25", "3", "1")


def test_unknown_is_an_empty_cell() -> None:
    row = rows_of(a_snapshot([a_session(command="Query", db=None)]))[0]

    assert {""} == {row[name] for name in ("db", "state", "idle_seconds", "deadline", "at_stake_rows_locked")}


@pytest.mark.parametrize(
    "text",
    [
        "=cmd()",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "  =1",
        " \t=1",
        "\x0b@x",
        "\u3000=1",
        "\u0301=1",
        "\uff1d1",
    ],
)
def test_a_cell_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert csv_cell(text)[0] == "'"


@pytest.mark.parametrize("text", ["shop", "a=b", "web-3:51234", "", "'=1", "SELECT -1"])
def test_a_harmless_cell_is_left_alone(text: str) -> None:
    assert text == csv_cell(text)


def test_number_from_the_catalogue_stays_a_number() -> None:
    overdue = rows_of(a_snapshot([a_session(idle_for=63.5, own_limit=60)]))[0]

    assert overdue["seconds_left"] == "-3.5"


def test_a_line_break_in_a_statement_breaks_no_row() -> None:
    text = written(a_snapshot([a_session(statement='SELECT 1,\r\n  "x"')]), "csv")

    assert len(text.splitlines()) == 2
    assert (
        rows_of(a_snapshot([a_session(statement='SELECT 1,\r\n  "x"')]))[0]["statement"] == 'SELECT 1,    "x"'
    )


def test_a_cell_fits_into_a_spreadsheet() -> None:
    assert len(csv_cell("=" * 100_000)) <= 32_767


@given(st.lists(st.text(st.sampled_from("=+-@;|\"' \t\n\uff1da1"), max_size=12), min_size=1, max_size=3))
@example(['a;"=1+1;"'])
@example([';""=1'])
def test_no_cell_is_a_formula_whatever_separates_cells_where_the_file_is_opened(texts: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["1", *map(csv_cell, texts), "2"])

    for separator in ",;|\t":
        for row in csv.reader([out.getvalue()], delimiter=separator):
            assert not [each for each in row if each.strip().startswith(("=", "+", "-", "@", "\uff1d"))]
