"""Laws of what changes a server: values mean what they say, a clamp settles, and nothing goes past the gate unseen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import AccessDenied, FileError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.model.server import Variable
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import Persistence, VariableState
from goneaway_tui.tune.actions import Action, KillQuery, KillSession, ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal, JournalEntry, Phase
from goneaway_tui.tune.preview import preview
from goneaway_tui.tune.tunables import TUNABLES, Tunable, Unit
from goneaway_tui.tune.values import MAX_VALUE, clamped, parse_value, value_words
from tests.builders import NOW, a_session, a_snapshot
from tests.fakes import POWERS, FakeExecutor
from tests.property.facts import idle_clients

units = st.sampled_from(Unit)
widest = st.integers(0, MAX_VALUE)
numbers = st.integers(0, 100_000) | widest | st.sampled_from([2**each for each in range(64)])
todays = st.none() | st.integers(-1, MAX_VALUE) | st.integers(0, 10**9).map(lambda each: each / 10**6)
typed = st.text(max_size=30) | st.text("0123456789 .,_+-x*/=hmsydkMGiBb\u00a0", max_size=30)

# --- Values


@given(value=numbers, unit=units, now=todays)
def test_displayed_value_parses_back_to_that_value(value: int, unit: Unit, now: float | None) -> None:
    assert value == parse_value(value_words(value, unit), unit, now)


@given(micros=st.integers(0, 31_536_000 * 10**6), now=todays)
def test_decimals_are_shown_and_read_exactly(micros: int, now: float | None) -> None:
    value = micros / 10**6

    assert value == parse_value(value_words(value, Unit.SECONDS), Unit.SECONDS, now, decimals=6)


def told(text: str, unit: Unit, now: float | None, decimals: int) -> float | ValueError:
    try:
        return parse_value(text, unit, now, decimals)
    except ValueError as error:
        return error


@given(text=typed, unit=units, now=todays, decimals=st.sampled_from([0, 6]))
def test_whatever_is_typed_is_a_value_or_a_sentence(
    text: str, unit: Unit, now: float | None, decimals: int
) -> None:
    meant = told(text, unit, now, decimals)

    if isinstance(meant, ValueError):
        assert str(meant)
        assert "\n" not in str(meant)
    else:
        assert abs(meant) <= MAX_VALUE
        assert decimals or isinstance(meant, int)


@given(value=numbers, step=st.integers(0, 10**6), unit=units)
def test_what_is_added_can_be_taken_away(value: int, step: int, unit: Unit) -> None:
    more = parse_value(f"+{step}", unit, min(value, MAX_VALUE - step))

    assert min(value, MAX_VALUE - step) == parse_value(f"-{step}", unit, more)


# --- The clamp


@st.composite
def standings(draw: st.DrawFn) -> VariableState:
    low, high = sorted(draw(st.tuples(numbers, numbers)))
    variable = Variable(
        "wait_timeout", None, draw(st.sampled_from([None, low])), draw(st.sampled_from([None, high]))
    )
    return VariableState(variable, block_size=draw(st.sampled_from([None, 1, 4096])))


tunables = st.sampled_from(TUNABLES)
wanted = st.integers(-(2**64), 2**65) | st.integers(-10, 10_000)


@given(value=wanted, standing=standings(), tunable=tunables)
def test_what_a_server_keeps_it_keeps_again(value: int, standing: VariableState, tunable: Tunable) -> None:
    kept = clamped(value, standing, tunable).value

    assert kept == clamped(kept, standing, tunable).value


@given(value=wanted, standing=standings(), tunable=tunables)
def test_what_a_server_keeps_is_within_its_bounds(
    value: int, standing: VariableState, tunable: Tunable
) -> None:
    kept = clamped(value, standing, tunable)
    low, high = standing.variable.min, standing.variable.max

    assert low is None or kept.value >= low
    assert high is None or kept.value <= high
    assert (kept.why_clamped is None) == (kept.value == value)


@given(one=wanted, other=wanted, standing=standings(), tunable=tunables)
def test_larger_requested_value_is_never_clamped_to_a_smaller_one(
    one: int, other: int, standing: VariableState, tunable: Tunable
) -> None:
    less, more = sorted((one, other))

    assert clamped(less, standing, tunable).value <= clamped(more, standing, tunable).value


@given(
    value=st.integers(0, MAX_VALUE),
    standing=standings(),
    tunable=tunables,
    keep=st.sampled_from(Persistence),
    people=st.lists(idle_clients, max_size=4, unique_by=lambda each: each.id),
)
def test_every_consequence_can_be_shown(
    value: int, standing: VariableState, tunable: Tunable, keep: Persistence, people: list[Session]
) -> None:
    told = preview(tunable, standing, value, a_snapshot(people), keep)

    assert told.effects
    assert told.kept == clamped(value, standing, tunable).value
    assert all("\n" not in each for each in (*told.effects, *told.option_file, told.confirmation or ""))


# --- The gate

ids = st.integers(1, 4).map(ProcesslistId)
people = st.builds(
    lambda id_, ago, command: (
        a_session(id=id_, command=command) if command == "Query" else a_session(id=id_, idle_for=ago)
    ),
    ids,
    st.sampled_from([0.0, 20.0, 60.0]),
    st.sampled_from(["Sleep", "Sleep", "Query"]),
)
names = st.sampled_from(["wait_timeout", "max_connections", "max_allowed_packet", "sql_mode"])
values = st.integers(-10, 2**33)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        SetVariable, names, values, st.sampled_from(Persistence), st.none() | st.sampled_from([28_800, 151])
    ),
    st.builds(ResetPersist, names),
    st.builds(KillSession, people),
    st.builds(KillQuery, people),
)
mishaps = st.sampled_from(
    [
        None,
        None,
        OutcomeUnknown("the line broke"),
        AccessDenied("no"),
        RuntimeError("a bug"),
        FileError("full"),
    ]
)


class FussyJournal(Journal):
    """Full whenever it is told to be; counts what it took."""

    full = False

    def append(self, entry: JournalEntry) -> None:
        if self.full:
            raise FileError("the disk is full")
        super().append(entry)


@contextmanager
def a_journal() -> Iterator[FussyJournal]:
    with tempfile.TemporaryDirectory() as folder:
        yield FussyJournal(Path(folder) / "journal.jsonl", lambda: NOW)


@given(
    here=st.lists(people, max_size=4, unique_by=lambda each: each.id),
    acts=st.lists(st.tuples(actions, mishaps), max_size=6),
)
def test_nothing_is_done_twice_and_nothing_unseen(
    here: list[Session], acts: list[tuple[Action, BaseException | None]]
) -> None:
    with a_journal() as journal:
        executor = FakeExecutor(sessions=here)
        gate = Gate(executor, journal, POWERS)
        for action, mishap in acts:
            heard, written = len(executor.did), len(journal.read().entries)
            journal.full = isinstance(mishap, FileError)
            executor.raises = None if journal.full else mishap
            raised: BaseException | None = None
            try:
                gate.run(action)
            except (Refused, SourceError, RuntimeError, FileError) as error:
                raised = error
            did, told = executor.did[heard:], journal.read().entries[written:]

            assert len(did) <= 1
            if journal.full:
                assert isinstance(raised, FileError)
                assert (did, told) == ([], ())
                continue
            attempted, ended = told
            assert (Phase.ATTEMPTED, attempted.id) == (attempted.phase, ended.id)
            expected = {type(None): Phase.DONE, Refused: Phase.REFUSED}.get(type(raised), Phase.FAILED)
            assert expected is ended.phase
            if isinstance(raised, Refused):
                assert did == []
            if isinstance(raised, (OutcomeUnknown, RuntimeError)):
                assert ended.outcome.startswith("outcome unknown")


@given(
    changes=st.lists(st.tuples(names, values, st.sampled_from(Persistence)), max_size=5),
)
def test_undoing_everything_brings_everything_back(changes: list[tuple[str, int, Persistence]]) -> None:
    with a_journal() as journal:
        executor = FakeExecutor()
        before = {name: (each.variable.value, each.persisted) for name, each in executor.variables.items()}
        made = 0
        for name, value, keep in changes:
            try:
                Gate(executor, journal, POWERS).run(SetVariable(name, value, keep, None))
                made += 1
            except Refused:
                assert name == "sql_mode"
        for _ in range(made):
            Gate(executor, journal, POWERS).undo()

        assert before == {n: (each.variable.value, each.persisted) for n, each in executor.variables.items()}
        assert Gate(executor, journal, POWERS).last_change() is None


# --- The journal

garbage = st.binary(max_size=40) | st.sampled_from([b'{"phase":"done"}', b"[" * 2000, b"{", b"\x80"])
hostile = st.text(max_size=20)


@given(junk=st.lists(garbage, max_size=5), account=hostile, outcome=hostile, cut=st.integers(0, 200))
def test_nothing_in_the_file_keeps_what_is_ours_from_being_read(
    junk: list[bytes], account: str, outcome: str, cut: int
) -> None:
    entry = JournalEntry(
        "2026-11-23T18:40:02.500Z", Phase.DONE, "a1", account, "s", "db", "KILL 9", outcome=outcome
    )
    with a_journal() as journal:
        for each in junk:
            journal.append(entry)
            with journal.path.open("ab") as file:
                file.write(each)
        journal.append(replace(entry, id="b2"))
        whole = [each.id for each in journal.read().entries]
        journal.path.write_bytes(journal.path.read_bytes()[: -1 - cut])
        journal.append(replace(entry, id="c3"))

        assert ["a1"] * len(junk) + ["b2"] == whole
        assert "c3" == journal.read().entries[-1].id
