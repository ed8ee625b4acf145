from __future__ import annotations

import math
from dataclasses import replace

import pytest

from goneaway_tui.export.summary import next_closing, server_name
from goneaway_tui.export.table import at_stake, in_closing_order
from goneaway_tui.model.session import Transaction
from goneaway_tui.model.snapshot import Basis, Limit, Risk, Snapshot
from goneaway_tui.text.width import cell_width, cut_to, wrapped_to_fit
from tests.builders import NOW, a_server, a_session, a_snapshot, a_transaction, a_verdict
from tests.unit.export.rich import rich_snapshot
from tests.unit.export.written import written


def test_no_line_is_wider_than_120_cells() -> None:
    assert [line for line in written(rich_snapshot(), "text").splitlines() if cell_width(line) > 120] == []


def test_header_shows_server_and_time() -> None:
    head = written(a_snapshot(), "text").splitlines()[0]

    assert head.split() == [
        "goneaway",
        "db-01:3306",
        "MySQL",
        "9.7.4",
        "up",
        "41",
        "d",
        "2026-11-23T18:40:02Z",
    ]
    assert len(head) == 120


def test_the_figures_are_those_of_the_main_screen() -> None:
    assert (
        written(a_snapshot(), "text").splitlines()[1]
        == "wait_timeout 8 h   interactive 8 h   packet 64 MiB   sessions 1 / 151   idle 1   aborted 3"
    )


def test_columns_stay_aligned_under_wide_letters() -> None:
    sessions = [a_session(id=1, user="商店"), a_session(id=2, user="shop")]
    wide, narrow = written(a_snapshot(sessions), "text").splitlines()[6:8]

    assert cell_width(wide.partition("web-3")[0]) == cell_width(narrow.partition("web-3")[0])


@pytest.mark.parametrize(
    ("basis", "expected"),
    [(Basis.OWN, " 8 h "), (Basis.ASSUMED, " ~8 h "), (Basis.LEARNED, " 8 h "), (Basis.DISPROVED, " >8 h ")],
)
def test_mark_before_a_limit_shows_its_basis(basis: Basis, expected: str) -> None:
    judged = a_verdict(limit=Limit(28_800, "wait_timeout", basis, "why"))
    lines = written(replace(a_snapshot(), verdicts=(judged,)), "text").splitlines()

    assert expected in lines[6]


def test_a_mark_is_explained_only_where_it_occurs() -> None:
    assert "assumed" not in written(a_snapshot(), "text")
    assert "~ assumed: the global value" in written(a_snapshot([a_session(own_limit=None)]), "text")


def test_the_closings_line_draws_a_bucket_for_each_stretch_of_time() -> None:
    sessions = [a_session(own_limit=60, idle_for=5), a_session(own_limit=31_536_000)]
    line = written(a_snapshot(sessions), "text").splitlines()[3]

    assert line == ("closings  now ▁▁▁▁▁▁▁▁▁▁▁█ 1m  ▁▁▁▁▁▁▁▁▁▁ 10m  ▁▁▁▁▁▁▁▁ 1h  ▁▁▁▁▁▁▁▁▁▁ 8h  1 later")


def test_sessions_are_ordered_by_deadline_then_risk_then_id() -> None:
    verdicts = (
        a_verdict(a_session(id=6), risk=Risk.EXEMPT, deadline=None),
        a_verdict(a_session(id=5), risk=Risk.BUSY, deadline=None),
        a_verdict(a_session(id=4), risk=Risk.CALM, deadline=math.nan),
        a_verdict(a_session(id=3), risk=Risk.CALM, deadline=NOW + 9),
        a_verdict(a_session(id=2), risk=Risk.CALM, deadline=NOW + 9),
        a_verdict(a_session(id=1), risk=Risk.OVERDUE, deadline=NOW - 9),
    )
    ordered = in_closing_order(Snapshot(a_snapshot().sample, verdicts))

    assert [verdict.session.id for verdict in ordered] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("idle_for", "expected"),
    [(59.25, "4711 in 0:01"), (60.0, "4711 overdue by 0:00"), (63.5, "4711 overdue by 0:03")],
)
def test_next_closing_is_shown_with_its_time(idle_for: float, expected: str) -> None:
    assert expected == next_closing(a_snapshot([a_session(own_limit=60, idle_for=idle_for)]))


def test_no_closing_is_predicted_without_a_known_deadline() -> None:
    assert next_closing(a_snapshot([a_session(command="Query")])) == "none known"


@pytest.mark.parametrize(
    ("transaction", "expected"),
    [
        (None, ""),
        (a_transaction(), "trx 3 rows"),
        (a_transaction(rows_modified=1), "trx 1 row"),
        (a_transaction(rows_modified=12_345), "trx 12,345 rows"),
        (a_transaction(rows_modified=0), "trx 1 locked"),
        (a_transaction(rows_modified=None, rows_locked=None), "trx open"),
        (a_transaction(rows_modified=0, rows_locked=0, read_only=True), "trx read only"),
    ],
)
def test_transaction_at_risk_is_described_in_a_few_words(
    transaction: Transaction | None, expected: str
) -> None:
    assert expected == at_stake(transaction)


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("db-01", 3306, "db-01:3306"),
        ("::1", 3306, "[::1]:3306"),
        (None, None, "localhost"),
        ("a\x1b[2J", None, "a␛[2J"),
    ],
)
def test_a_server_is_named_as_a_person_would(host: str | None, port: int | None, expected: str) -> None:
    assert expected == server_name(a_server(host=host, port=port))


@pytest.mark.parametrize("width", range(12))
def test_cut_text_never_takes_more_than_its_cells(width: int) -> None:
    assert width >= cell_width(cut_to("商e\u0301店 shop 店", width))


def test_a_long_word_is_cut_rather_than_left_sticking_out() -> None:
    assert wrapped_to_fit("see " + "x" * 30 + " end", 10, "  ") == ["see", "  xxxxxxx…", "  end"]
