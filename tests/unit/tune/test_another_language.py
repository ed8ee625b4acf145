"""A person reads his own language; the journal is English, and understood when it is read back in any."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import Refused, SourceError
from goneaway_tui.i18n import _, english
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.tuning import Persistence, VariableState
from goneaway_tui.tune.actions import Action, KillQuery, KillSession, ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal, outcome_text
from goneaway_tui.tune.tunables import TUNABLES, AppliesTo
from tests.builders import NOW, a_session
from tests.fakes import FakeExecutor
from tests.tongues import Bracketed, spoken, unsaid

SEEN = a_session(id=ProcesslistId(9), idle_for=20)
BUSY = a_session(id=ProcesslistId(8), command="Query", statement="SELECT SLEEP(1000)")
ACTS: tuple[Action, ...] = (
    SetVariable("wait_timeout", 600, Persistence.GLOBAL, 28_800),
    SetVariable("wait_timeout", 32_140_800, Persistence.GLOBAL, 28_800),
    ResetPersist("wait_timeout", 28_800),
    KillSession(SEEN),
    KillQuery(BUSY),
    KillSession(a_session(id=ProcesslistId(404))),
)


def a_gate(path: Path) -> Gate:
    executor = FakeExecutor(sessions=(SEEN, BUSY))
    return Gate(executor, Journal(path / "journal.jsonl", lambda: NOW), executor.can)


@pytest.mark.parametrize("action", ACTS, ids=str)
def test_outcome_is_shown_translated_stored_in_english_and_shown_again(
    action: Action, tmp_path: Path
) -> None:
    gate = a_gate(tmp_path)

    with spoken(Bracketed()):
        outcome = gate.run(action)
        read_back = gate.journal.acts()[-1].outcome

    assert not unsaid(outcome.sentence)
    assert outcome.sentence == read_back
    assert (
        english(outcome.sentence)
        == gate.journal.read().entries[-1].outcome
        == gate.journal.acts()[-1].outcome
    )
    assert "⟦" not in gate.journal.path.read_text()


def test_refusal_is_shown_translated_and_stored_in_english(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)

    with spoken(Bracketed()), pytest.raises(Refused) as caught:
        gate.run(SetVariable("wait_timeout", 600, Persistence.GLOBAL, 1))

    assert "; " == unsaid(caught.value.line)
    assert (
        "wait_timeout is now 28800, not 1: it was changed since; check the current state, then decide again"
        == gate.journal.read().entries[-1].outcome
    )


class Silent(FakeExecutor):
    """Its server cannot be reached."""

    def variable_state(self, name: str) -> VariableState:
        raise SourceError(_("{server} does not answer in time", server=f"db of {name}"), _("start again"))


def test_failure_is_stored_in_english_and_its_start_translated_again(tmp_path: Path) -> None:
    executor = Silent()
    gate = Gate(executor, Journal(tmp_path / "journal.jsonl", lambda: NOW), executor.can)

    with spoken(Bracketed()):
        with pytest.raises(SourceError):
            gate.run(ACTS[0])
        read_back = gate.journal.acts()[-1].outcome

    kept = "not performed: db of wait_timeout does not answer in time; start again"
    assert kept == gate.journal.read().entries[-1].outcome
    assert f"⟦{kept}⟧" == read_back


@given(st.text(max_size=200))
def test_what_is_read_back_in_english_is_what_was_written(outcome: str) -> None:
    assert outcome == outcome_text(outcome)


def test_a_line_of_the_journal_takes_no_longer_the_longer_it_is() -> None:
    """Whoever can write to the file chose it."""
    for hostile in ("session " * 100_000, "x is " * 100_000, "a" * 1_000_000 + " is 1 now"):
        assert hostile == outcome_text(hostile)


def test_the_table_of_tunables_is_only_marked() -> None:
    with spoken(Bracketed()):
        assert all(not unsaid(_(tunable.why)) for tunable in TUNABLES)
        assert all(not unsaid(applies_to.sentence) for applies_to in AppliesTo)
        assert not any("⟦" in tunable.why for tunable in TUNABLES)
