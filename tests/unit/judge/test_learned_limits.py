"""Limits learned from the dead, and unlearned from the living."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from goneaway_tui.judge.deadline import GRACE_SECONDS, verdict_on
from goneaway_tui.judge.learned_limits import (
    MAX_ENDS_KEPT,
    MAX_GROUPS,
    NOTHING_LEARNED,
    LearnedLimits,
    common_limit,
    learn,
    limit_for,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Basis, GlobalLimits, Limit, RiskThresholds, Snapshot
from tests.builders import NOW, a_session, a_snapshot, a_transaction

GLOBALS = GlobalLimits(wait_timeout=28_800)


def silent(**fields: Any) -> Session:
    """A session whose own limit the server does not show."""
    return a_session(**{"own_limit": None, **fields})


def living(*sessions: Session, **variables: float) -> Snapshot:
    return a_snapshot(sessions, variables=variables)


def dead(age: float, cause: Cause = Cause.CLIENT_LOST, within: float = 0.5, **fields: Any) -> Departure:
    """It left at NOW."""
    variables = fields.pop("variables", {})
    verdict = living(silent(idle_for=age, **fields), **variables).verdicts[0]
    return Departure(verdict, NOW, within, cause, Certainty.POSSIBLE)


def taught(*ages: float, **fields: Any) -> LearnedLimits:
    return learn(NOTHING_LEARNED, [dead(age, **fields) for age in ages], living())


def limit_of(lessons: LearnedLimits, session: Session | None = None) -> Limit | None:
    return limit_for(lessons, session or silent(), GLOBALS)


def seconds_of(lessons: LearnedLimits, session: Session | None = None) -> float | None:
    limit = limit_of(lessons, session)
    return None if limit is None else limit.seconds


@pytest.mark.parametrize(
    ("ages", "seconds"),
    [
        ((600.0, 600.0, 600.0), 600),
        ((599.5, 600.0, 600.5), 600),
        ((599.4, 600.0, 600.5), None),
        ((600.0, 600.0), None),
        ((600.0, 600.0, 600.0, 31.0, 7.5), 600),
        ((0.1, 0.2, 0.3), None),
        ((), None),
    ],
)
def test_three_deaths_within_half_a_second_agree(ages: tuple[float, ...], seconds: int | None) -> None:
    assert seconds == common_limit(ages) == seconds_of(taught(*ages))


def test_learned_limit_states_its_evidence() -> None:
    limit = limit_of(taught(600, 600.3, 599.8, 12))

    assert limit is not None
    assert (Basis.LEARNED, "wait_timeout", 600) == (limit.basis, limit.variable, limit.seconds)
    assert "3 of the last 4 sessions of shop@web-3 (gunicorn)" in limit.why


@pytest.mark.parametrize("cause", [Cause.IDLE_TIMEOUT, Cause.CLIENT_LOST, Cause.UNKNOWN])
def test_session_end_that_a_limit_may_have_caused_teaches(cause: Cause) -> None:
    assert 600 == seconds_of(taught(600, 600, 600, cause=cause))


@pytest.mark.parametrize(
    "cause", [Cause.CLIENT_QUIT, Cause.KILLED, Cause.SERVER_RESTART, Cause.TRANSACTION_TIMEOUT]
)
def test_other_cause_teaches_no_limit(cause: Cause) -> None:
    assert None is seconds_of(taught(600, 600, 600, cause=cause))


def test_client_confirmed_as_lost_teaches_no_limit() -> None:
    deaths = [replace(dead(600), certainty=Certainty.CONFIRMED) for _ in range(3)]

    assert None is seconds_of(learn(NOTHING_LEARNED, deaths, living()))


@pytest.mark.parametrize(("within", "seconds"), [(1.0, 600), (1.1, None)])
def test_end_with_a_vague_instant_teaches_no_limit(within: float, seconds: int | None) -> None:
    assert seconds == seconds_of(taught(600, 600, 600, within=within))


@pytest.mark.parametrize(
    "fields",
    [
        {"own_limit": 600},
        {"own": True},
        {"half_sent": True},
        {"role": Role.DUMP},
        {"command": "Query"},
        {"transaction": a_transaction(), "variables": {"idle_transaction_timeout": 600}},
    ],
    ids=str,
)
def test_session_end_under_another_limit_or_none_teaches_no_limit(fields: dict[str, Any]) -> None:
    assert None is seconds_of(taught(600, 600, 600, **fields))


@pytest.mark.parametrize(
    "fields", [{"user": "etl"}, {"host": "web-4:51234"}, {"program": "cron"}, {"program": None}], ids=str
)
def test_only_sessions_of_the_same_account_and_host_share_learned_limits(fields: dict[str, Any]) -> None:
    lessons = taught(600, 600, 600)

    assert 600 == seconds_of(lessons, silent(host="web-3:9"))
    assert None is seconds_of(lessons, silent(**fields))


def test_learned_limit_does_not_apply_to_sessions_of_another_global_value() -> None:
    lessons = taught(600, 600, 600)

    assert None is limit_for(lessons, silent(), GlobalLimits(wait_timeout=3600))
    assert None is limit_for(lessons, silent(), GlobalLimits())


def test_session_that_shows_its_own_limit_needs_no_learned_limit() -> None:
    assert None is seconds_of(taught(600, 600, 600), a_session())


@pytest.mark.parametrize(("idle_for", "seconds"), [(600.5, 600), (600.6, None)])
def test_learned_limit_outlived_by_an_open_session_is_forgotten(idle_for: float, seconds: int | None) -> None:
    survivor = living(silent(id=1, idle_for=idle_for))

    assert seconds == seconds_of(learn(taught(600, 600, 600), [], survivor))


def test_disproved_limit_stays_forgotten_after_the_surviving_session_ended() -> None:
    outlived = learn(taught(600, 600, 600), [], living(silent(id=1, idle_for=700)))

    assert None is seconds_of(learn(outlived, [dead(600), dead(600), dead(600)], living()))


def test_limit_that_a_session_may_not_yet_have_outlived_stays() -> None:
    survivor = living(silent(id=1, idle_for=605, idle_within=5.0))

    assert 600 == seconds_of(learn(taught(600, 600, 600), [], survivor))


def test_session_closed_by_the_client_later_disproves_the_limit_too() -> None:
    assert None is seconds_of(learn(taught(600, 600, 600), [dead(700, Cause.CLIENT_QUIT)], living()))


def test_a_longer_limit_is_learned_after_a_shorter_one_is_disproved() -> None:
    lessons = learn(taught(600, 600, 600), [], living(silent(id=1, idle_for=800)))

    assert 900 == seconds_of(learn(lessons, [dead(900), dead(900), dead(900)], living()))


def test_where_the_latest_agree_on_less_there_is_no_common_limit() -> None:
    lessons = taught(600, 600, 600)

    assert 600 == seconds_of(learn(lessons, [dead(300), dead(300)], living()))
    assert None is seconds_of(learn(lessons, [dead(300), dead(300), dead(300)], living()))


def test_where_nothing_was_to_be_seen_nothing_changes() -> None:
    lessons = taught(600, 600, 600)

    assert lessons is learn(lessons, [], living(a_session()))


def test_lessons_are_values() -> None:
    before = taught(600, 600)
    learn(before, [dead(600)], living())

    assert taught(600, 600) == before


def test_what_is_remembered_is_bounded() -> None:
    lessons = taught(*(each / 7 for each in range(1000)))
    crowd = [silent(id=each, user=f"u{each}") for each in range(MAX_GROUPS + 10)]

    assert all(len(lesson.ended_at) == MAX_ENDS_KEPT for lesson in lessons.by_group.values())
    assert MAX_GROUPS == len(learn(lessons, [], living(*crowd)).by_group)


# --- How judgement uses it


def test_a_learned_limit_foretells_the_closing() -> None:
    verdict = verdict_on(silent(idle_for=100), NOW, GLOBALS, None, RiskThresholds(), taught(600, 600, 600))

    assert verdict.limit is not None
    assert (Basis.LEARNED, NOW + 500) == (verdict.limit.basis, verdict.deadline)


@pytest.mark.parametrize("late", [GRACE_SECONDS, GRACE_SECONDS + 0.01])
def test_session_that_outlives_a_learned_limit_gets_the_assumed_limit_again(late: float) -> None:
    session, lessons = silent(idle_for=600), taught(600, 600, 600)
    verdict = verdict_on(session, NOW + late, GLOBALS, None, RiskThresholds(), lessons)
    again = verdict_on(session, NOW + late + 1, GLOBALS, verdict, RiskThresholds(), lessons)

    assert verdict.limit is not None
    assert again.limit is not None
    if late > GRACE_SECONDS:
        assert (Basis.DISPROVED, Basis.ASSUMED) == (verdict.limit.basis, again.limit.basis)
        assert "10 m (600 s) learned from similar sessions" in verdict.limit.why
        assert again.deadline == NOW - 600 + 28_800
    else:
        assert Basis.LEARNED is verdict.limit.basis


def test_inside_a_transaction_its_own_limit_governs() -> None:
    globals_ = GlobalLimits(28_800, idle_transaction_timeout=50)
    session = silent(idle_for=1, transaction=a_transaction())
    verdict = verdict_on(session, NOW, globals_, None, RiskThresholds(), taught(600, 600, 600))

    assert verdict.limit is not None
    assert "idle_transaction_timeout" == verdict.limit.variable
