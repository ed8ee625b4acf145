"""The columns of the board: the default order, what a session does, and figures that keep their unit in every width."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.model.blocking import Lock, LockKind, LockState, LockWait
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Risk, Verdict
from goneaway_tui.text.width import cell_width, shortened
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import (
    DEPARTURE_COLUMNS,
    SESSION_COLUMNS,
    SORT_KEYS,
    Layout,
    closing_order,
    server_column,
)
from goneaway_tui.ui.visible_rows import VisibleRows
from tests.builders import NOW, a_sample, a_session, a_snapshot, a_transaction, a_verdict

COLUMNS = {column.id: column for column in SESSION_COLUMNS}
ROW = Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X")


def a_wait(waiter: int, *holders: int, seconds: float | None = 12) -> LockWait:
    ahead = tuple(ProcesslistId(holder) for holder in holders)
    return LockWait(ProcesslistId(waiter), ahead, ROW, None if seconds is None else NOW - seconds)


def busy(number: int, state: str | None = "updating", seconds: float = 12, **fields: Any) -> Verdict:
    session = a_session(
        id=number, command="Query", state=state, busy_since=NOW - seconds, own_limit=None, **fields
    )
    return a_verdict(session)


def shown(verdict: Verdict, room: int, column: str = "state") -> str:
    return COLUMNS[column].cell(verdict, NOW, room)


@pytest.mark.parametrize(("column", "mark"), [("at", "▾"), ("user", "▴"), ("stake", "▾")])
def test_the_sort_mark_says_in_which_direction_the_values_go(column: str, mark: str) -> None:
    layout = Layout(DEPARTURE_COLUMNS)
    layout.fit_to(200)
    other = "▴" if mark == "▾" else "▾"

    assert [mark] == re.findall("[▴▾]", " ".join(layout.headings(column, reverse=False)))
    assert [other] == re.findall("[▴▾]", " ".join(layout.headings(column, reverse=True)))


def test_trouble_comes_first_then_open_transactions_then_the_calm_and_the_busy_last() -> None:
    sessions = [
        a_session(id=1, idle_for=10, own_limit=28_800),
        a_session(id=2, idle_for=10, own_limit=10_000, transaction=a_transaction()),
        a_session(id=3, idle_for=30, own_limit=600),
        a_session(id=4, idle_for=570, own_limit=600, transaction=a_transaction()),
        a_session(id=5, command="Query", state="updating", busy_since=NOW - 1),
        a_session(id=4802, idle_for=5, own_limit=28_800, transaction=a_transaction()),
        a_session(id=6, command="Query", state="updating", busy_since=NOW - 12),
        a_session(id=7, command="Query", state="updating", busy_since=NOW - 60),
        a_session(id=8, idle_for=5, own_limit=20_000),
    ]
    snapshot = judge(a_sample(sessions, lock_waits=(a_wait(6, 4802), a_wait(7, 6, seconds=60))))
    rows = VisibleRows("left").follow(snapshot)

    assert [4802, 6, 4, 3, 2, 8, 1, 7, 5] == [verdict.session.id for verdict in rows]


def test_a_session_stands_where_it_belongs_as_soon_as_another_waits_for_it_and_no_longer() -> None:
    holder = a_session(id=4802, idle_for=5, transaction=a_transaction())
    closing = a_session(id=3, idle_for=30, own_limit=60)
    waiter = a_session(id=6, command="Query", state="updating", busy_since=NOW - 12)
    rows, previous, first = VisibleRows("left"), None, []
    for waits in ((), (a_wait(6, 4802),), ()):
        previous = a_snapshot([holder, closing, waiter], previous=previous, lock_waits=waits)
        first.append(rows.follow(previous)[0].session.id)

    assert [3, 4802, 3] == first


@given(
    st.sampled_from(Risk),
    st.none() | st.floats(NOW - 100, NOW + 1e6),
    st.none() | st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
def test_every_session_has_a_place_beside_every_other(
    risk: Risk,
    deadline: float | None,
    blocks: int | None,
    waits: bool,  # noqa: FBT001
    writes: bool,  # noqa: FBT001
) -> None:
    verdict = a_verdict(
        a_session(transaction=a_transaction() if writes else None),
        risk=risk,
        deadline=deadline,
        locks=LockState(a_wait(4711, 1, seconds=None) if waits else None, blocks),
    )
    known = [key for key in (closing_order(verdict), closing_order(a_verdict())) if key is not None]

    assert len(known) == len(sorted(known))


@pytest.mark.parametrize(
    ("room", "text"),
    [(28, "waits for 4802 1 m 12 s"), (22, "waits for 4802 1 m"), (14, "waits 1 m 12 s"), (10, "waits 1 m")],
)
def test_a_waiter_names_whom_it_waits_for_and_how_long_as_far_as_there_is_room(room: int, text: str) -> None:
    waiter = replace(busy(6), locks=LockState(a_wait(6, 4802, seconds=72)))

    assert text == shown(waiter, room)


def test_a_wait_says_only_what_is_known_of_it() -> None:
    two, unknown, undated, neither = (
        replace(busy(6), locks=LockState(wait))
        for wait in (a_wait(6, 4802, 4803), a_wait(6), a_wait(6, 4802, seconds=None), a_wait(6, seconds=None))
    )

    assert ["waits for 4802 +1 12 s", "waits 12 s", "waits for 4802", "waits"] == [
        shown(verdict, 28) for verdict in (two, unknown, undated, neither)
    ]


def test_a_holder_says_how_many_wait_for_it_also_while_it_waits_itself() -> None:
    holder = a_verdict(locks=LockState(None, 5))
    middle = replace(busy(6), locks=LockState(a_wait(6, 4802), 2))

    assert "blocks 5" == shown(holder, 10)
    assert "blocks 1.2k" == shown(replace(holder, locks=LockState(None, 1234)), 11)
    assert "blocks 2, waits for 4802 12 s" == shown(middle, 30)
    assert "blocks 2, waits 12 s" == shown(middle, 20)
    assert "waits for 4802 12 s" == shown(middle, 19)


def test_a_busy_session_shows_its_state_and_where_no_other_column_does_how_long_it_runs() -> None:
    verdict = busy(6, "Waiting for table metadata lock", 75)

    assert "Waiting for table metadata lock" == shown(verdict, 1000)
    assert "Waiting f… 1 m 15 s" == shown(verdict, 19)
    assert "1:15" == shown(verdict, 7, "running")
    assert "Query 1 m" == shown(busy(6, None, 75), 10)
    assert "" == shown(a_verdict(), 19)
    assert "" == shown(a_verdict(), 7, "running")


@given(st.floats(0, 1e8), st.integers(10, 19))
def test_a_running_time_is_never_cut(seconds: float, room: int) -> None:
    verdict = busy(6, "Waiting for table metadata lock", seconds)
    words = shown(verdict, room)

    assert cell_width(words) <= room
    assert words.endswith((" s", " m", " h", " d"))
    assert cell_width(shown(verdict, 7, "running")) <= 7


@given(st.floats(0, 4e8), st.sampled_from(["idle", "trx_age"]))
def test_times_keep_their_unit_in_the_narrowest_column(seconds: float, column: str) -> None:
    session = a_session(idle_for=seconds, transaction=a_transaction(started=NOW - seconds))
    words = shown(a_verdict(session), COLUMNS[column].min_width, column)

    assert cell_width(words) <= COLUMNS[column].min_width
    assert ":" in words or words.endswith((" s", " m", " h", " d"))


def test_an_id_without_room_keeps_its_last_digits() -> None:
    verdict = a_verdict(a_session(id=1_234_567_890))

    assert "…67890" == shown(verdict, 6, "id")
    assert "1234567890" == shown(verdict, 10, "id")


def test_a_client_has_its_port_only_where_all_of_it_is_asked_for() -> None:
    verdict = a_verdict(a_session(host="web-3:51234"))

    assert "web-3" == shown(verdict, 24, "client")
    assert "web-3:51234" == shown(verdict, wording.UNBOUNDED, "client")


def test_sessions_are_sorted_by_what_they_do_how_long_and_since_when() -> None:
    holder, waiter = a_verdict(locks=LockState(None, 5)), replace(busy(6), locks=LockState(a_wait(6, 1)))
    reading, writing = busy(7, "Sending data", 5), busy(8, "updating", 50, transaction=a_transaction())
    idle = a_verdict()

    def order(column: str) -> list[Verdict]:
        known = [v for v in (idle, writing, reading, waiter, holder) if SORT_KEYS[column](v) is not None]
        return sorted(known, key=SORT_KEYS[column])

    assert [holder, waiter, reading, writing] == order("state")
    assert [writing, waiter, reading] == order("running")
    assert [writing] == order("trx_age")


@pytest.mark.parametrize("room", [12, 14, 18])
def test_a_server_s_name_is_shortened_in_its_middle_and_keeps_its_port(room: int) -> None:
    names = ["db-prod-eu-west.example.com:3306", "db-prod-eu-west.example.com:3307"]
    cell = server_column(names).cell

    texts = [cell(a_verdict(server_name=name), NOW, room) for name in names]

    assert all(text.startswith("db-p") and "…" in text and cell_width(text) <= room for text in texts)
    assert [":3306", ":3307"] == [text[-5:] for text in texts]


@given(st.text(max_size=60), st.integers(2, 40))
def test_a_shortened_name_fits(name: str, room: int) -> None:
    assert cell_width(shortened(name, room)) <= room
