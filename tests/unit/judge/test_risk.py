"""Seconds left, as a word."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.risk import risk_of, risk_within
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Policy, Risk
from tests.builders import a_session

POLICY = Policy(watch_below=600, imminent_below=60)


@pytest.mark.parametrize(
    ("left", "risk"),
    [
        (1e9, Risk.CALM),
        (600, Risk.CALM),
        (599.999, Risk.WATCH),
        (60, Risk.WATCH),
        (59.999, Risk.IMMINENT),
        (0.001, Risk.IMMINENT),
        (0, Risk.OVERDUE),
        (-1e9, Risk.OVERDUE),
    ],
)
def test_so_much_left_is(left: float, risk: Risk) -> None:
    assert risk is risk_within(left, POLICY)


def test_lines_drawn_the_wrong_way_round_warn_early_rather_than_late() -> None:
    assert Risk.IMMINENT is risk_within(45, Policy(watch_below=30, imminent_below=60))


@pytest.mark.parametrize(
    "session",
    [a_session(own=True), *(a_session(role=role) for role in (Role.DAEMON, Role.DUMP, Role.REPLICA))],
)
@pytest.mark.parametrize("left", [None, -1.0, 1e6])
def test_who_has_no_idle_clock_is_exempt_whatever_is_left(session: Session, left: float | None) -> None:
    assert Risk.EXEMPT is risk_of(session, left, POLICY)


def test_an_idle_session_of_unknown_deadline_is_calm() -> None:
    assert Risk.CALM is risk_of(a_session(), None, POLICY)


@pytest.mark.parametrize("session", [a_session(command="Query"), a_session(role=Role.LOGIN)])
def test_whoever_is_not_idle_is_busy(session: Session) -> None:
    assert Risk.BUSY is risk_of(session, None, POLICY)


def test_a_login_about_to_be_cut_is_imminent() -> None:
    assert Risk.IMMINENT is risk_of(a_session(role=Role.LOGIN), 5, POLICY)
