"""Changing the simulated server: it answers as a real one does, and its play goes on accordingly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import Unsupported
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.tuning import NewSessionProbe, Persistence
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.source.simulated.engine import SimulatedExecutor
from tests.builders import NOW

YEAR = 31_536_000
LONGER = 32_140_800


class HeldClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def staged(flavour: Flavour = Flavour.MYSQL) -> tuple[HeldClock, SimulatedSource, SimulatedExecutor]:
    clock = HeldClock()
    source = SimulatedSource(clock, flavour=flavour)
    return clock, source, source.executor()


def value(sample: Sample, name: str) -> float | None:
    return next(variable.value for variable in sample.variables if variable.name == name)


@pytest.mark.parametrize("flavour", Flavour)
def test_more_than_a_year_is_cut_down_with_the_warning_that_servers_give(flavour: Flavour) -> None:
    _, source, executor = staged(flavour)

    kept = executor.set_global("wait_timeout", LONGER, Persistence.GLOBAL)

    assert kept.statement == "SET GLOBAL wait_timeout = 32140800"
    assert kept.value == YEAR
    assert kept.warnings == ("Warning 1292: Truncated incorrect wait_timeout value: '32140800'",)
    assert value(source.sample(), "wait_timeout") == YEAR
    assert executor.variable_state("wait_timeout").variable.set_by == "dynamic"


def test_what_is_within_the_bounds_is_kept_without_a_word() -> None:
    _, _, executor = staged()

    assert executor.set_global("wait_timeout", 600, Persistence.GLOBAL).warnings == ()
    assert executor.variable_state("wait_timeout").variable.value == 600
    assert executor.variable_state("wait_timeout").default == 28_800
    assert executor.probe("wait_timeout") == (
        NewSessionProbe(interactive=False, value=600),
        NewSessionProbe(interactive=True, value=28_800),
    )


@pytest.mark.parametrize("flavour", Flavour)
def test_new_sessions_get_the_new_limit_and_open_sessions_keep_theirs(flavour: Flavour) -> None:
    clock, source, executor = staged(flavour)
    before = {session.id: session.own_limit for session in source.sample().sessions}

    executor.set_global("wait_timeout", 7777, Persistence.GLOBAL)
    clock.now += 900
    after = source.sample().sessions

    assert all(before[session.id] == session.own_limit for session in after if session.id in before)
    if flavour is Flavour.MYSQL:
        assert 7777 in {session.own_limit for session in after}


def test_max_connections_is_counted_as_it_is_set() -> None:
    _, source, executor = staged()

    executor.set_global("max_connections", 300, Persistence.GLOBAL)

    assert source.sample().counter("max_connections") == 300


def test_persisted_value_is_reported_until_reset() -> None:
    _, _, executor = staged()

    executor.set_global("wait_timeout", 600, Persistence.PERSIST)
    persisted = executor.variable_state("wait_timeout").persisted
    forgotten = executor.reset_persist("wait_timeout")

    assert persisted == 600
    assert (forgotten.value, forgotten.warnings) == (600, ())
    assert executor.variable_state("wait_timeout").persisted is None
    assert "3615" in executor.reset_persist("wait_timeout").warnings[0]


def test_mariadb_persists_nothing() -> None:
    _, source, executor = staged(Flavour.MARIADB)

    assert not executor.privileges().can_persist
    with pytest.raises(Unsupported):
        executor.set_global("wait_timeout", 600, Persistence.PERSIST)
    with pytest.raises(Unsupported):
        executor.reset_persist("wait_timeout")
    assert value(source.sample(), "wait_timeout") == 28_800


def test_there_is_no_setting_what_there_is_not() -> None:
    _, _, executor = staged()

    with pytest.raises(Unsupported, match="idle_transaction_timeout"):
        executor.variable_state("idle_transaction_timeout")


def test_simulated_server_is_named_as_simulated() -> None:
    assert staged()[2].privileges().server_id == "db-01:3306 (simulated)"


def test_killed_session_ends_and_is_counted() -> None:
    _, source, executor = staged()
    before = source.sample()
    victim = next(session for session in before.sessions if session.is_idle)

    assert executor.find(victim.id) == victim
    assert executor.kill(victim.id).warnings == ()
    after = source.sample()

    assert victim.id not in {session.id for session in after.sessions}
    assert after.end_evidence.kill_statements == 1
    assert executor.find(victim.id) is None
    assert executor.kill(victim.id).warnings == ("already ended",)
    assert executor.kill_query(victim.id).warnings == ("already ended",)


def test_killing_a_statement_leaves_its_session_idle() -> None:
    _, source, executor = staged()
    busy = next(each for each in source.sample().sessions if each.command == "Query" and not each.own)

    executor.kill_query(busy.id)
    after = executor.find(busy.id)

    assert after is not None
    assert after.is_idle
    assert replace(after, transaction=None) == replace(
        busy, command="Sleep", state=None, idle_since=NOW, transaction=None, busy_since=None
    )


def test_a_login_has_no_statement_to_kill() -> None:
    clock, source, executor = staged()
    while True:
        before = source.sample()
        login = next((each for each in before.sessions if each.role is Role.LOGIN), None)
        if login is not None:
            break
        clock.now += 0.25

    executor.kill_query(login.id)
    assert executor.find(login.id) == login
    assert source.sample().counter("threads_running") == before.counter("threads_running")


@given(
    flavour=st.sampled_from(Flavour),
    acts=st.lists(st.tuples(st.sampled_from(["kill", "kill_query"]), st.integers(0, 80), st.floats(0, 60))),
)
def test_simulation_goes_on_whichever_session_is_killed(
    flavour: Flavour, acts: list[tuple[str, int, float]]
) -> None:
    clock, source, executor = staged(flavour)

    for act, place, later in acts:
        clock.now += later
        sessions = source.sample().sessions
        getattr(executor, act)(ProcesslistId(sessions[place % len(sessions)].id))
        sample = source.sample()
        running = sum(session.command == "Query" for session in sample.sessions)
        assert sample.counter("threads_running") == running
