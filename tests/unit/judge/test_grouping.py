"""Sessions counted by what they have in common."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.grouping import GROUPINGS, Group, group_by
from goneaway_tui.judge.narrowing import TEXTS
from tests.builders import NOW, a_session, a_snapshot, a_transaction

CROWD = a_snapshot(
    [
        a_session(user="shop", idle_for=20, own_limit=600, transaction=a_transaction()),
        a_session(user="shop", idle_for=50, own_limit=600),
        a_session(user="shop", command="Query"),
        a_session(user="etl", idle_for=10, own_limit=30, program=None, host="job-1:40112"),
        a_session(user="cron", command="Query", db=None),
        a_session(user="adm", command="Query", db=None),
    ]
).verdicts


def test_a_group_counts_its_sessions() -> None:
    shop = next(group for group in group_by("user", CROWD) if group.key == "shop")

    assert Group("user", "shop", 3, 2, NOW - 50, NOW - 50 + 600, 1) == shop


def test_a_group_with_a_session_past_its_deadline_is_overdue() -> None:
    late = a_snapshot(
        [a_session(user="shop", idle_for=61, own_limit=60), a_session(user="etl", idle_for=59, own_limit=60)]
    )

    assert {"shop": True, "etl": False} == {g.key: g.is_overdue for g in group_by("user", late.verdicts)}


def test_the_soonest_closing_comes_first_then_the_name() -> None:
    assert ["etl", "shop", "adm", "cron"] == [group.key for group in group_by("user", CROWD)]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("user", {"shop", "etl", "cron", "adm"}),
        ("client", {"web-3", "job-1"}),
        ("program", {"gunicorn", ""}),
        ("db", {"shop", ""}),
    ],
)
def test_sessions_are_grouped_by(by: str, keys: set[str]) -> None:
    groups = group_by(by, CROWD)

    assert keys == {group.key for group in groups}
    assert len(CROWD) == sum(group.sessions for group in groups)
    assert {by} == {group.by for group in groups}


def test_a_group_without_a_deadline_has_none() -> None:
    cron = next(group for group in group_by("user", CROWD) if group.key == "cron")

    assert (None, None, 0) == (cron.soonest_deadline, cron.oldest_idle_since, cron.idle)


def test_nobody_makes_no_group() -> None:
    assert () == group_by("user", [])


def test_the_name_of_every_grouping_is_a_word_of_the_filter() -> None:
    assert GROUPINGS.keys() <= TEXTS.keys()
