"""The one door: written down before and after, at most once, and only to what was shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from goneaway_tui.errors import (
    AccessDenied,
    FileError,
    NoConnectionLeft,
    OutcomeUnknown,
    Refused,
    SourceError,
    Unreachable,
)
from goneaway_tui.model.session import ProcesslistId, Role, Session
from goneaway_tui.model.tuning import KeptValue, Persistence, VariableState
from goneaway_tui.tune.actions import Action, KillQuery, KillSession, ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import OUTCOME_NOT_WRITTEN, Journal, JournalEntry, Phase
from tests.builders import NOW, VARIABLES, a_session
from tests.fakes import POWERS, FakeExecutor

SEEN = a_session(id=ProcesslistId(9), idle_for=20)
BUSY = a_session(id=ProcesslistId(9), command="Query", statement="SELECT SLEEP(1000)")
YEAR = SetVariable("wait_timeout", 32_140_800, Persistence.GLOBAL, 28_800)
PERSIST = SetVariable("wait_timeout", 600, Persistence.PERSIST, 28_800)
CRASH = KeyboardInterrupt()


class FullJournal(Journal):
    """Takes so many lines, and then the disk is full."""

    room = 0

    def append(self, entry: JournalEntry) -> None:
        self.room -= 1
        if self.room < 0:
            raise FileError("cannot write the journal: the disk is full")
        super().append(entry)


class Stage:
    """A gate before a server that is none."""

    def __init__(self, path: Path, *sessions: Session, room: int | None = None) -> None:
        self.executor = FakeExecutor(sessions=sessions)
        self.path = path / "journal.jsonl"
        self.journal = Journal(self.path, lambda: NOW)
        if room is not None:
            self.journal = FullJournal(self.path, lambda: NOW)
            self.journal.room = room
        self.gate = self.a_gate()

    def a_gate(self) -> Gate:
        """As after a restart of the tool."""
        return Gate(self.executor, self.journal, self.executor.can, "db-01:3306", lambda: {77})

    @property
    def phases(self) -> list[str]:
        return [entry.phase.value for entry in self.journal.read().entries]

    @property
    def last(self) -> JournalEntry:
        return self.journal.read().entries[-1]

    def value(self, name: str = "wait_timeout") -> int | float | None:
        return self.executor.variables[name].variable.value


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, SEEN)


# --- Over which connection


def test_borrowing_actions_run_on_a_full_server_and_the_journal_names_the_connection(
    stage: Stage,
) -> None:
    stage.executor.takes_no_more = True
    with pytest.raises(NoConnectionLeft):
        stage.gate.run(KillSession(SEEN))
    assert [] == stage.executor.did
    assert stage.gate.run(KillSession(SEEN), borrow=True).was_borrowed
    stage.executor.takes_no_more = False

    assert not stage.gate.run(YEAR, borrow=True).was_borrowed
    assert [(False, "failed"), (True, "done"), (False, "done")] == [
        (act.entry.lent, act.entry.phase.value) for act in stage.journal.acts()
    ]


def test_a_change_of_unknown_outcome_is_known_to_have_been_made_over_the_lent_connection(
    stage: Stage,
) -> None:
    stage.executor.takes_no_more = True
    stage.executor.raises = OutcomeUnknown("the line broke")
    with pytest.raises(OutcomeUnknown):
        stage.gate.run(YEAR, borrow=True)

    assert (True, "failed") == (stage.last.lent, stage.last.phase.value)


def test_batch_of_actions_uses_one_connection_and_reads_each_session_right_before_the_kill(
    tmp_path: Path,
) -> None:
    victims = [a_session(id=ProcesslistId(number), idle_for=20) for number in range(9, 14)]
    stage = Stage(tmp_path, *victims)
    with stage.gate.conversation() as connection:
        for victim in victims:
            stage.gate.run(KillSession(victim), connection)

    assert 1 == stage.executor.connections
    assert [f"find {victim.id}" for victim in victims] == stage.executor.looked
    assert [f"KILL {victim.id}" for victim in victims] == stage.executor.did
    assert ["attempted", "done"] * 5 == stage.phases


# --- Setting


def test_a_value_is_set_once_read_back_and_written_down(stage: Stage) -> None:
    outcome = stage.gate.run(YEAR)

    assert ["SET GLOBAL wait_timeout = 32140800"] == stage.executor.did
    assert "wait_timeout is 31536000 now, not 32140800 as asked for" == outcome.sentence
    assert outcome.kept is not None
    assert ("Warning 1292: Truncated incorrect wait_timeout value: '32140800'",) == outcome.kept.warnings
    assert outcome.before is not None
    assert outcome.after is not None
    assert (28_800, 31_536_000) == (outcome.before.variable.value, outcome.after.variable.value)
    assert outcome.journal_error is None

    attempted, done = stage.journal.read().entries
    assert Phase.ATTEMPTED is attempted.phase
    assert done == replace(
        attempted,
        phase=Phase.DONE,
        old=28_800,
        kept=31_536_000,
        warnings=outcome.kept.warnings,
        outcome=outcome.sentence,
    )
    assert (POWERS.account, POWERS.server_id, "db-01:3306") == (done.account, done.server, done.server_name)
    assert (32_140_800, "wait_timeout", Persistence.GLOBAL) == (done.requested, done.variable, done.keep)
    assert outcome.id == done.id == attempted.id


def test_the_journal_knows_before_the_server_does(stage: Stage) -> None:
    class Watching(FakeExecutor):
        def variable_state(self, name: str) -> VariableState:
            assert "attempted" in stage.phases
            return super().variable_state(name)

    stage.executor = Watching()
    stage.a_gate().run(YEAR)

    assert ["attempted", "done"] == stage.phases


def test_a_journal_that_cannot_be_written_stops_the_act(tmp_path: Path) -> None:
    stage = Stage(tmp_path, SEEN, room=0)

    for action in (YEAR, KillSession(SEEN)):
        with pytest.raises(FileError):
            stage.gate.run(action)

    assert [] == stage.executor.did == stage.executor.looked


def test_full_disk_between_two_entries_is_reported_with_the_change_that_was_made(tmp_path: Path) -> None:
    stage = Stage(tmp_path, room=1)
    outcome = stage.gate.run(YEAR)

    assert outcome.journal_error == "cannot write the journal: the disk is full"
    assert 31_536_000 == stage.value()
    assert [OUTCOME_NOT_WRITTEN] == [act.outcome for act in stage.journal.acts()]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OutcomeUnknown("the line broke", "look"), "outcome unknown: the line broke; look"),
        (AccessDenied("1227 denied", "GRANT ..."), "not performed: 1227 denied; GRANT ..."),
        (SourceError("1231 wrong value"), "not performed: 1231 wrong value"),
        (RuntimeError("a bug"), "outcome unknown: RuntimeError('a bug')"),
        (CRASH, "outcome unknown: KeyboardInterrupt()"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
@pytest.mark.parametrize("action", [YEAR, ResetPersist("wait_timeout", 28_800), KillSession(SEEN)])
def test_what_fails_is_written_down_and_never_tried_again(
    action: Action, error: BaseException, said: str, stage: Stage
) -> None:
    stage.executor.raises = error
    with pytest.raises(type(error)):
        stage.gate.run(action)

    assert 1 == len(stage.executor.did)
    assert ["attempted", "failed"] == stage.phases
    assert said == stage.last.outcome


def test_what_fails_where_the_journal_fails_too_fails_as_it_did(tmp_path: Path) -> None:
    stage = Stage(tmp_path, room=1)
    stage.executor.raises = OutcomeUnknown("the line broke")
    with pytest.raises(OutcomeUnknown):
        stage.gate.run(YEAR)

    assert [OUTCOME_NOT_WRITTEN] == [act.outcome for act in stage.journal.acts()]


def test_server_that_cannot_be_read_is_not_changed(stage: Stage) -> None:
    stage.executor.blind = Unreachable("nobody answers")
    for action in (YEAR, KillSession(SEEN)):
        with pytest.raises(Unreachable):
            stage.gate.run(action)

        assert "not performed: nobody answers" == stage.last.outcome
    assert [] == stage.executor.did


def test_a_reading_that_fails_afterwards_does_not_make_it_undone(stage: Stage) -> None:
    class BlindedByIt(FakeExecutor):
        def _act(self, statement: str) -> None:
            super()._act(statement)
            self.blind = Unreachable("nobody answers")

    stage.executor = BlindedByIt()
    outcome = stage.a_gate().run(YEAR)

    assert outcome.after is None
    assert ["attempted", "done"] == stage.phases


@pytest.mark.parametrize("name", ["sql_mode", "wait_timeout = 1; DROP TABLE x; --", ""])
def test_what_is_not_in_the_table_is_refused(name: str, stage: Stage) -> None:
    for action in (SetVariable(name, 1, Persistence.GLOBAL, None), ResetPersist(name)):
        with pytest.raises(Refused, match="not a variable that goneaway-tui can set"):
            stage.gate.run(action)

    assert [] == stage.executor.did == stage.executor.looked
    assert ["attempted", "refused"] * 2 == stage.phases


@pytest.mark.parametrize("action", [replace(YEAR, old=600), ResetPersist("wait_timeout", 600)])
def test_a_value_that_is_not_the_one_shown_is_left_alone(action: Action, stage: Stage) -> None:
    with pytest.raises(Refused, match="wait_timeout is now 28800, not 600: it was changed"):
        stage.gate.run(action)

    assert [] == stage.executor.did
    assert "refused" == stage.last.phase


def test_what_the_account_may_not_do_is_not_tried(stage: Stage) -> None:
    lacks = {"can_set": False, "can_persist": False, "why_not": (("set", "GRANT A"), ("persist", "GRANT B"))}
    stage.executor.can = replace(POWERS, **lacks)  # type: ignore[arg-type]
    with pytest.raises(Refused) as no_set:
        stage.a_gate().run(YEAR)
    stage.executor.can = replace(stage.executor.can, can_set=True)
    with pytest.raises(Refused) as no_persist:
        stage.a_gate().run(PERSIST)

    assert ("GRANT A", "GRANT B") == (no_set.value.hint, no_persist.value.hint)
    assert [] == stage.executor.did


def test_what_is_persisted_can_be_forgotten(stage: Stage) -> None:
    stage.gate.run(PERSIST)
    outcome = stage.gate.run(ResetPersist("wait_timeout", 600))

    assert outcome.before is not None
    assert outcome.after is not None
    assert (600, None) == (outcome.before.persisted, outcome.after.persisted)
    assert 600 == stage.value()


# --- Killing


@pytest.mark.parametrize(
    ("action", "found", "statement"),
    [
        (KillSession(SEEN), SEEN, "KILL 9"),
        (KillSession(SEEN), replace(SEEN, state="cleaned up"), "KILL 9"),
        (KillSession(BUSY), replace(BUSY, statement="SELECT 2"), "KILL 9"),
        (KillQuery(BUSY), BUSY, "KILL QUERY 9"),
    ],
)
def test_session_that_matches_the_shown_session_is_killed(
    action: Action, found: Session, statement: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, found)
    outcome = stage.gate.run(action)

    assert [statement] == stage.executor.did
    assert "killed" in outcome.sentence
    assert not outcome.already_ended
    assert "session 9 of shop@web-3:51234, gunicorn" == stage.last.about


@pytest.mark.parametrize(
    ("action", "found", "why"),
    [
        (KillSession(SEEN), a_session(id=9, idle_for=0.5), "session 9 was used since"),
        (KillSession(SEEN), replace(SEEN, user="etl"), "belongs to etl"),
        (KillSession(SEEN), replace(SEEN, host="web-4:1"), "comes from web-4:1"),
        (KillSession(SEEN), replace(SEEN, db="dw"), "now uses dw"),
        (KillSession(SEEN), BUSY, "now has the command Query"),
        (KillSession(SEEN), replace(SEEN, own=True), "belongs to goneaway-tui"),
        (KillSession(SEEN), replace(SEEN, role=Role.DUMP), "binary log"),
        (KillQuery(BUSY), SEEN, "now has the command Sleep"),
        (KillQuery(BUSY), replace(BUSY, statement="SELECT 2"), "another statement"),
        (KillQuery(SEEN), SEEN, "runs no statement"),
    ],
)
def test_session_that_differs_from_the_shown_session_is_not_killed(
    action: Action, found: Session, why: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, found)
    with pytest.raises(Refused, match=why):
        stage.gate.run(action)

    assert [] == stage.executor.did
    assert ["attempted", "refused"] == stage.phases
    assert why in stage.last.outcome


@pytest.mark.parametrize(
    "witness",
    [
        replace(SEEN, own=True),
        replace(SEEN, id=ProcesslistId(77)),
        *(replace(SEEN, role=r) for r in Role if r is not Role.CLIENT),
    ],
)
def test_own_sessions_and_server_threads_are_refused_without_a_query(
    witness: Session, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, witness)
    with pytest.raises(Refused, match=f"session {witness.id} "):
        stage.gate.run(KillSession(witness))

    assert [] == stage.executor.did == stage.executor.looked


@pytest.mark.parametrize("action", [KillSession(SEEN), KillQuery(BUSY)])
def test_already_ended_is_a_normal_outcome(action: Action, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    outcome = stage.gate.run(action)

    assert (True, None, "session 9 had already ended") == (
        outcome.already_ended,
        outcome.kept,
        outcome.sentence,
    )
    assert [] == stage.executor.did
    assert ["attempted", "done"] == stage.phases


def test_session_that_ends_before_the_kill_had_already_ended(stage: Stage) -> None:
    stage.executor.loses = True
    outcome = stage.gate.run(KillSession(SEEN))

    assert (True, "session 9 had already ended") == (outcome.already_ended, outcome.sentence)
    assert ["KILL 9"] == stage.executor.did


def test_only_sessions_that_stayed_idle_are_killed(tmp_path: Path) -> None:
    shown = [a_session(id=each, idle_for=20) for each in range(100, 150)]
    now = [replace(each, idle_since=NOW) if each.id % 5 == 0 else each for each in shown if each.id % 7]
    stage = Stage(tmp_path, *now)
    spared, gone = set(), set()
    for witness in shown:
        try:
            if stage.gate.run(KillSession(witness)).already_ended:
                gone.add(witness.id)
        except Refused:
            spared.add(witness.id)

    assert gone == {each.id for each in shown if each.id % 7 == 0}
    assert spared == {each.id for each in now if each.id % 5 == 0}
    assert stage.executor.did == [f"KILL {each.id}" for each in now if each.id % 5]
    assert 100 == len(stage.journal.read().entries)


# --- Undoing


def test_the_last_change_is_taken_back_once_also_after_a_restart(stage: Stage) -> None:
    stage.gate.run(YEAR)
    later = stage.a_gate()
    change = later.last_change()
    outcome = later.undo()

    assert 28_800 == stage.value()
    assert "wait_timeout is 28800 now" == outcome.sentence
    assert change is not None
    assert change.id == stage.last.undoes

    with pytest.raises(Refused, match="no change on this server is left"):
        later.undo()


def test_changes_are_taken_back_newest_first(stage: Stage) -> None:
    stage.gate.run(YEAR)
    stage.gate.run(SetVariable("wait_timeout", 600, Persistence.GLOBAL, 31_536_000))
    stage.gate.undo()

    assert 31_536_000 == stage.value()

    stage.gate.undo()

    assert 28_800 == stage.value()


def test_value_changed_by_another_user_since_is_left_alone(stage: Stage) -> None:
    stage.gate.run(YEAR)
    stage.executor.variables["wait_timeout"] = VariableState(replace(VARIABLES["wait_timeout"], value=3600))
    with pytest.raises(Refused, match="wait_timeout is now 3600, not 31536000: it was changed since"):
        stage.gate.undo()

    assert 3600 == stage.value()
    assert ["attempted", "done", "attempted", "refused"] == stage.phases


@pytest.mark.parametrize("persisted", [None, 1200, 28_800])
def test_what_was_persisted_comes_back_with_the_value(persisted: int | None, stage: Stage) -> None:
    before = VariableState(VARIABLES["wait_timeout"], persisted=persisted)
    stage.executor.variables["wait_timeout"] = before
    stage.gate.run(PERSIST)
    stage.gate.undo()
    after = stage.executor.variables["wait_timeout"]

    assert (28_800, persisted) == (after.variable.value, after.persisted)
    assert stage.gate.last_change() is None


def test_value_persisted_by_another_user_since_stays(stage: Stage) -> None:
    stage.gate.run(PERSIST)
    standing = stage.executor.variables["wait_timeout"]
    stage.executor.variables["wait_timeout"] = replace(standing, persisted=900)
    with pytest.raises(Refused, match="wait_timeout = 900 was persisted since"):
        stage.gate.undo()

    assert 1 == len(stage.executor.did)


def test_an_undoing_that_failed_half_way_can_be_asked_again(stage: Stage) -> None:
    stage.gate.run(PERSIST)

    class FailsToSet(FakeExecutor):
        def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
            raise AccessDenied("not now")

    broken = FailsToSet(variables=stage.executor.variables)
    with pytest.raises(AccessDenied):
        Gate(broken, stage.journal, POWERS).undo()
    stage.executor.variables = broken.variables
    stage.gate.undo()

    assert (28_800, None) == (stage.value(), stage.executor.variables["wait_timeout"].persisted)


def test_journal_of_other_server_names_is_ignored(stage: Stage) -> None:
    stage.gate.run(YEAR)
    forged = replace(stage.last, id="x", variable="sql_mode")
    stage.journal.append(forged)
    with pytest.raises(Refused, match="does not record the values before"):
        stage.gate.undo()


def test_change_with_an_unknown_outcome_is_not_undone_blindly(stage: Stage) -> None:
    stage.gate.run(YEAR)
    stage.executor.raises = OutcomeUnknown("the line broke")
    with pytest.raises(OutcomeUnknown):
        stage.gate.run(SetVariable("wait_timeout", 600, Persistence.GLOBAL, 31_536_000))
    stage.executor.raises = None
    stage.executor.variables["wait_timeout"] = VariableState(replace(VARIABLES["wait_timeout"], value=600))

    with pytest.raises(Refused, match="it was changed since"):
        stage.gate.undo()


def test_proof_is_read_without_the_journal(stage: Stage) -> None:
    assert 28_800 == stage.gate.variable_state("wait_timeout").variable.value
    assert [28_800, 28_800] == [probe.value for probe in stage.gate.probe("wait_timeout")]
    assert [] == stage.phases
