"""Who would be gone already under another limit."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.forecast import WhatIf, already_closed, what_if
from goneaway_tui.model.session import Role, Session
from tests.builders import NOW, a_session, a_snapshot

IDLE = [a_session(id=each, idle_for=each) for each in (10, 20, 30)]


@pytest.mark.parametrize(
    ("limit", "closed"), [(5, 3), (10, 2), (19.9, 2), (20, 1), (30, 0), (0, 3), (float("inf"), 0)]
)
def test_sessions_idle_longer_than_the_limit_would_be_closed(limit: float, closed: int) -> None:
    assert closed == already_closed(a_snapshot(IDLE).verdicts, NOW, limit)


def test_time_goes_on_after_the_reading() -> None:
    assert 3 == already_closed(a_snapshot(IDLE).verdicts, NOW + 25, 30)


@pytest.mark.parametrize(
    "session",
    [
        a_session(idle_for=20, own=True),
        a_session(idle_for=20, role=Role.DUMP),
        a_session(idle_for=20, role=Role.LOGIN),
        a_session(command="Query"),
        a_session(idle_since=None),
    ],
)
def test_sessions_without_a_known_idle_limit_are_not_counted(session: Session) -> None:
    assert 0 == already_closed(a_snapshot([session]).verdicts, NOW, 5)


@pytest.mark.parametrize(
    ("limit", "by_now", "minute", "hour"),
    [(15, 2, 3, 3), (70, 0, 2, 3), (3610, 0, 0, 2), (3630, 0, 0, 0), (float("inf"), 0, 0, 0)],
)
def test_sessions_on_screen_show_when_another_limit_would_close_them(
    limit: float, by_now: int, minute: int, hour: int
) -> None:
    answer = what_if(a_snapshot(IDLE).verdicts, NOW, limit)

    assert WhatIf(limit, 3, by_now, minute, hour) == answer


def test_the_answer_moves_on_with_the_clock() -> None:
    verdicts = a_snapshot(IDLE).verdicts

    assert what_if(verdicts, NOW, 80).within_minute == what_if(verdicts, NOW + 60, 80).by_now == 1


def test_session_with_an_unknown_idle_time_is_not_counted_as_idle() -> None:
    assert 1 == what_if(a_snapshot([IDLE[0], a_session(id=2, idle_since=None)]).verdicts, NOW, 5).idle
