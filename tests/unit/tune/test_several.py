"""A change on several servers: who is left out and why, what counts as a surprise, what is taken back."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from goneaway_tui.errors import FileError, OutcomeUnknown, Refused, TooSlow
from goneaway_tui.model.server import Variable
from goneaway_tui.model.tuning import KeptValue, Persistence, Privileges, VariableState
from goneaway_tui.tune.actions import Outcome, SetVariable
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.several import (
    ExaminedServer,
    ExcludedServer,
    ServerChange,
    changes,
    one_by_one,
    plan_changes,
    settable,
    undo_on,
    unexpected_result,
)
from goneaway_tui.tune.tunables import TUNABLE
from tests.builders import VARIABLES, a_snapshot
from tests.fakes import POWERS, FakeExecutor
from tests.ui.stage import HeldClock

WAIT = TUNABLE["wait_timeout"]
NO_SET = replace(POWERS, can_set=False, why_not=(("set", "GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO 'ro'@'%'"),))
NO_PERSIST = replace(
    POWERS, can_persist=False, why_not=(("persist", "MariaDB keeps nothing across restarts"),)
)
CUT = "Warning 1292: Truncated incorrect wait_timeout value: '32140800'"


def looked(server: str, privileges: Privileges = POWERS, **variable: float) -> ExaminedServer:
    """Each is a server of its own."""
    standing = VariableState(replace(VARIABLES["wait_timeout"], **variable))  # type: ignore[arg-type]
    return ExaminedServer(server, standing, replace(privileges, server_id=server), a_snapshot())


def test_each_keeps_what_its_own_bounds_let_it() -> None:
    one, two = changes(plan_changes(WAIT, 9000, Persistence.GLOBAL, [looked("db1"), looked("db2", max=7200)]))

    assert (9000, None) == (one.preview.kept, one.preview.why_clamped)
    assert (7200, "the server's maximum") == (two.preview.kept, two.preview.why_clamped)
    assert ["SET GLOBAL wait_timeout = 9000"] * 2 == [one.preview.statement, two.preview.statement]
    assert "SET GLOBAL wait_timeout = 28800" == two.preview.undo


@pytest.mark.parametrize(
    ("keep", "seen", "why"),
    [
        (Persistence.GLOBAL, looked("db2", value=600), "the value is already 10 m"),
        (Persistence.GLOBAL, looked("db2", value=300, max=300), "the value is already 5 m"),
        (Persistence.PERSIST, looked("db2", NO_PERSIST), "MariaDB keeps nothing across restarts"),
        (Persistence.GLOBAL, ExcludedServer("db2", "read-only"), "read-only"),
        (
            Persistence.GLOBAL,
            replace(looked("db2"), privileges=replace(POWERS, server_id="db1")),
            "it is the same server as db1",
        ),
    ],
)
def test_server_that_cannot_be_changed_is_excluded_with_the_reason(
    keep: Persistence, seen: ExaminedServer | ExcludedServer, why: str
) -> None:
    parts = plan_changes(WAIT, 600, keep, [looked("db1"), seen, looked("db3")])

    assert ["db1", "db3"] == [each.server for each in changes(parts)]
    assert ExcludedServer("db2", why) == parts[1]


def test_a_running_value_that_is_not_persisted_yet_is_persisted() -> None:
    seen = looked("db1", value=600)
    kept = replace(seen, variable_state=replace(seen.variable_state, persisted=600))

    assert [1, 0] == [
        len(changes(plan_changes(WAIT, 600, Persistence.PERSIST, [each]))) for each in (seen, kept)
    ]


def test_server_that_cannot_set_the_variable_is_known_before_a_value_is_chosen() -> None:
    fixed = looked("db1")
    fixed = replace(
        fixed, variable_state=replace(fixed.variable_state, why_not_settable="only in the option file")
    )

    assert ExcludedServer("db1", "only in the option file") == settable(fixed, WAIT)
    assert ExcludedServer("db1", NO_SET.why_not[0][1]) == settable(looked("db1", NO_SET), WAIT)
    assert looked("db1") == settable(looked("db1"), WAIT)


# --- Surprises


def an_outcome(kept: KeptValue | None, after: float | None = None, unrecorded: str | None = None) -> Outcome:
    standing = None if after is None else VariableState(Variable("wait_timeout", after))
    return Outcome(
        SetVariable("wait_timeout", 1, Persistence.GLOBAL, 2),
        "1",
        "",
        kept,
        None,
        standing,
        journal_error=unrecorded,
    )


def kept(value: float | None, *warnings: str) -> KeptValue:
    return KeptValue("SET", value, warnings)


@pytest.mark.parametrize(
    ("wanted", "outcome", "words"),
    [
        (600, an_outcome(kept(600), 600), ""),
        (32_140_800, an_outcome(kept(31_536_000, CUT), 31_536_000), ""),
        (32_140_800, an_outcome(kept(7200, CUT), 7200), "kept 7200, not 31536000"),
        (600, an_outcome(kept(300), 300), "kept 300, not 600"),
        (600, an_outcome(kept(600, CUT), 600), "a warning that was not predicted"),
        (
            32_140_800,
            an_outcome(kept(31_536_000, CUT, "Warning 1287: deprecated"), 31_536_000),
            "a warning that was not predicted",
        ),
        (600, an_outcome(kept(None), 600), "could not be read back"),
        (600, an_outcome(None), "could not be read back"),
        (600, an_outcome(kept(600)), "could not be read again"),
        (600, an_outcome(kept(600), 900), "the value is now 900"),
        (600, an_outcome(kept(600), 600, "disk full"), "disk full"),
    ],
)
def test_result_that_was_not_predicted_is_reported_as_unexpected(
    wanted: float, outcome: Outcome, words: str
) -> None:
    (part,) = changes(plan_changes(WAIT, wanted, Persistence.GLOBAL, [looked("db1")]))
    told = unexpected_result(part.preview, outcome)

    assert bool(words) == bool(told)
    assert words in told


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refused("it was changed", "look again"), "not done: it was changed; look again"),
        (TooSlow("took too long"), "not done: took too long"),
        (FileError("cannot write the journal"), "not done: cannot write the journal"),
        (OutcomeUnknown("lost db1"), "it is not known whether the change was made: lost db1"),
    ],
)
def test_failed_change_is_reported_and_stops_the_remaining_changes(error: Exception, words: str) -> None:
    asked: list[str] = []

    def fails(part: ServerChange) -> Outcome:
        asked.append(part.server)
        raise error

    parts = changes(plan_changes(WAIT, 600, Persistence.GLOBAL, [looked("db1"), looked("db2")]))
    (ended,) = one_by_one(parts, fails, lambda: False)

    assert ("db1", None, words) == (ended.server, ended.outcome, ended.unexpected)
    assert ["db1"] == asked


def test_internal_error_is_not_reported_as_an_unexpected_result() -> None:
    def breaks(_: ServerChange) -> Outcome:
        raise ZeroDivisionError

    row = one_by_one(
        changes(plan_changes(WAIT, 600, Persistence.GLOBAL, [looked("db1")])), breaks, lambda: False
    )
    with pytest.raises(ZeroDivisionError):
        next(row)


# --- Taking back


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    numbers = count(1)
    journal = Journal(tmp_path / "journal.jsonl", HeldClock(), lambda: str(next(numbers)))
    return Gate(FakeExecutor(), journal, POWERS, "db1")


@pytest.mark.parametrize(
    ("keep", "statements"),
    [
        (Persistence.GLOBAL, "SET GLOBAL wait_timeout = 28800"),
        (Persistence.PERSIST, "RESET PERSIST wait_timeout; SET GLOBAL wait_timeout = 28800"),
    ],
)
def test_undo_of_a_change_is_predicted_too(gate: Gate, keep: Persistence, statements: str) -> None:
    done = gate.run(SetVariable("wait_timeout", 600, keep, 28_800))
    part = undo_on("db1", gate.last_change(), done.id)

    assert isinstance(part, ServerChange)
    assert (600, 28_800, statements) == (part.current_value, part.preview.kept, part.preview.statement)
    assert "" == unexpected_result(part.preview, gate.undo(done.id))
    assert isinstance(undo_on("db1", gate.last_change(), done.id), ExcludedServer)


def test_only_the_act_that_is_meant_is_taken_back(gate: Gate) -> None:
    first = gate.run(SetVariable("wait_timeout", 600, Persistence.GLOBAL, 28_800))
    gate.run(SetVariable("wait_timeout", 900, Persistence.GLOBAL, 600))

    assert isinstance(undo_on("db1", gate.last_change(), first.id), ExcludedServer)
    with pytest.raises(Refused, match="another change was made"):
        gate.undo(first.id)
    assert 900 == gate.variable_state("wait_timeout").variable.value
