"""Whether a session is still what was shown."""

from __future__ import annotations

import pytest

from goneaway_tui.model.session import Role, Session
from goneaway_tui.tune.preconditions import (
    other_statement_problem,
    protected_problem,
    same_session_problem,
)
from tests.builders import a_session

SEEN = a_session(idle_for=20)
BUSY = a_session(command="Query", statement="SELECT * FROM carts")


@pytest.mark.parametrize(
    "found",
    [
        SEEN,
        a_session(idle_for=20.4),
        a_session(idle_for=19.6),
        a_session(idle_for=19.5),
        a_session(idle_for=18, idle_within=2),
        a_session(idle_for=500),
        a_session(idle_for=20, host="web-3"),
        a_session(idle_for=20, state="cleaned up", statement=None, program=None),
    ],
)
def test_session_that_stayed_idle_is_still_the_same(found: Session) -> None:
    assert same_session_problem(SEEN, found) is None


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (a_session(idle_for=0.5), "was used since"),
        (a_session(idle_for=19), "was used since"),
        (a_session(idle_for=20, half_sent=True), "a command is arriving"),
        (a_session(idle_since=None), "may be in use again"),
        (a_session(idle_for=20, user="etl"), "now belongs to etl, not to shop"),
        (a_session(idle_for=20, host="web-4:51234"), "now comes from web-4:51234"),
        (a_session(idle_for=20, host="web-3:51235"), "now comes from web-3:51235"),
        (a_session(idle_for=20, host="web-4"), "now comes from web-4"),
        (a_session(idle_for=20, db=None), "now uses no database, not shop"),
        (BUSY, "now has the command Query, not Sleep"),
    ],
)
def test_session_that_differs_from_the_shown_session_is_reported(found: Session, why: str) -> None:
    assert why in (same_session_problem(SEEN, found) or "")


def test_unknown_start_of_the_idle_time_counts_as_the_same_session() -> None:
    assert same_session_problem(a_session(idle_since=None), a_session(idle_for=1)) is None


def test_busy_session_with_the_same_statement_is_still_the_same() -> None:
    assert same_session_problem(BUSY, BUSY) is None
    assert "now has the command Sleep, not Query" == same_session_problem(BUSY, SEEN)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT * FROM carts", None),
        ("SELECT * FROM car…", None),
        ("SELECT * FROM carts WHERE id = 1", None),
        (None, None),
        ("DELETE FROM carts", "now runs another statement"),
    ],
)
def test_different_statement_is_distinguished_from_a_truncated_statement(
    statement: str | None, why: str | None
) -> None:
    assert why == other_statement_problem(BUSY, a_session(command="Query", statement=statement))


def test_idle_session_runs_no_statement() -> None:
    assert "runs no statement" == other_statement_problem(SEEN, SEEN)


def test_only_clients_of_others_may_be_touched() -> None:
    assert protected_problem(SEEN) is None
    assert "belongs to goneaway-tui" == protected_problem(a_session(own=True))
    for role in set(Role) - {Role.CLIENT}:
        assert protected_problem(a_session(role=role)) is not None
