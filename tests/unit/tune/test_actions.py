"""Actions as data, and the statements a DBA would type."""

from __future__ import annotations

import pytest

from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.tune.actions import (
    Action,
    KillQuery,
    KillSession,
    ResetPersist,
    SetVariable,
    undo_action,
)
from tests.builders import a_session

WITNESS = a_session(id=ProcesslistId(9))


@pytest.mark.parametrize(
    ("action", "statement"),
    [
        (SetVariable("wait_timeout", 600, Persistence.GLOBAL, 28_800), "SET GLOBAL wait_timeout = 600"),
        (SetVariable("wait_timeout", 600.0, Persistence.PERSIST, None), "SET PERSIST wait_timeout = 600"),
        (
            SetVariable("max_statement_time", 1e-6, Persistence.GLOBAL, 0),
            "SET GLOBAL max_statement_time = 0.000001",
        ),
        (ResetPersist("wait_timeout"), "RESET PERSIST wait_timeout"),
        (KillSession(WITNESS), "KILL 9"),
        (KillQuery(WITNESS), "KILL QUERY 9"),
    ],
)
def test_an_action_prints_as(action: Action, statement: str) -> None:
    assert statement == action.statement


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_value(value: float) -> None:
    with pytest.raises(ValueError, match="no value for wait_timeout"):
        SetVariable("wait_timeout", value, Persistence.GLOBAL, 1)


@pytest.mark.parametrize(
    ("keep", "persisted", "statements"),
    [
        (Persistence.GLOBAL, None, ["SET GLOBAL wait_timeout = 28800"]),
        (Persistence.GLOBAL, 1200, ["SET GLOBAL wait_timeout = 28800"]),
        (Persistence.PERSIST, None, ["RESET PERSIST wait_timeout", "SET GLOBAL wait_timeout = 28800"]),
        (Persistence.PERSIST, 28_800, ["SET PERSIST wait_timeout = 28800"]),
        (Persistence.PERSIST, 1200, ["SET PERSIST wait_timeout = 1200", "SET GLOBAL wait_timeout = 28800"]),
    ],
)
def test_what_was_persisted_comes_back_too(
    keep: Persistence, persisted: int | None, statements: list[str]
) -> None:
    steps = undo_action("wait_timeout", 28_800, 600, keep, persisted, "a1")

    assert statements == [each.statement for each in steps]
    assert 600 == steps[0].old
    assert isinstance(steps[-1], SetVariable)
    assert "a1" == steps[-1].undoes
