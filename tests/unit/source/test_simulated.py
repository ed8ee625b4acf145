"""The simulated server: the same play whoever watches, with something of everything in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.judge.tracker import Step, track
from goneaway_tui.model.blocking import LockKind
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import COM_QUIT, NO_EVIDENCE, Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Basis, Risk, Snapshot
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.source.simulated.engine import LAST_SECONDS

START = 1_795_459_202.5
HOUR = 3600

flavours = st.sampled_from(Flavour)


class HeldClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def played(source: SimulatedSource, clock: HeldClock, seconds: int, every: float = 1.0) -> Iterator[Sample]:
    """Samples `every` so many seconds, the first one now."""
    for _ in range(int(seconds / every)):
        yield source.sample()
        clock.now += every
    yield source.sample()


def judged(samples: Iterator[Sample]) -> Iterator[Snapshot]:
    snapshot = None
    for sample in samples:
        snapshot = judge(sample, snapshot)
        yield snapshot


@settings(max_examples=40, deadline=None)
@given(
    flavour=flavours,
    seed=st.integers(0, 2**31),
    steps=st.lists(st.floats(0.0, 90.0), max_size=12),
    sessions=st.integers(0, 40),
)
def test_the_last_sample_is_the_same_however_often_it_was_sampled_before(
    flavour: Flavour, seed: int, steps: list[float], sessions: int
) -> None:
    often, once = HeldClock(), HeldClock()
    watched = SimulatedSource(often, sessions, seed, flavour=flavour)
    unwatched = SimulatedSource(once, sessions, seed, flavour=flavour)
    for pause in steps:
        often.now += pause
        watched.sample()
    once.now = often.now
    assert standing(watched.sample()) == standing(unwatched.sample())


def test_sampling_every_second_for_ten_minutes_changes_nothing_about_the_last_sample() -> None:
    often, once = HeldClock(), HeldClock()
    watched, unwatched = SimulatedSource(often), SimulatedSource(once)
    *_, last = played(watched, often, 600)
    once.now += 600
    assert standing(last) == standing(unwatched.sample())


def standing(sample: Sample) -> Sample:
    """A sample without what is of the time since the one before."""
    return replace(sample, end_evidence=NO_EVIDENCE)


def test_ended_sessions_are_counted_by_the_counters_of_the_family() -> None:
    clock = HeldClock()
    source = SimulatedSource(clock)
    told = [each for sample in played(source, clock, 600) for each in sample.end_evidence.errors]

    assert {COM_QUIT, 4031} <= {each.code for each in told}


def test_another_seed_gives_another_simulation() -> None:
    clock = HeldClock()
    assert SimulatedSource(clock, seed=1).sample() != SimulatedSource(clock, seed=2).sample()


def test_simulation_that_started_earlier_is_as_far_as_a_simulation_sampled_throughout() -> None:
    clock = HeldClock()
    watched = SimulatedSource(clock)
    clock.now += 300
    late = SimulatedSource(clock, started=START)
    assert late.sample() == watched.sample()


def test_without_statements_nothing_else_is_missing() -> None:
    clock = HeldClock()
    told, silent = SimulatedSource(clock), SimulatedSource(clock, statements=False)
    clock.now += 120
    bare = [replace(session, statement=None) for session in told.sample().sessions]
    assert list(silent.sample().sessions) == bare
    assert any(session.statement for session in told.sample().sessions)


@pytest.mark.parametrize("count", [3, 4, 60, 500])
def test_there_are_as_many_sessions_as_asked_for_at_the_start(count: int) -> None:
    assert len(SimulatedSource(HeldClock(), sessions=count).sample().sessions) == count


@pytest.mark.parametrize("flavour", Flavour)
def test_at_the_start_some_are_imminent_some_on_watch_and_most_calm(flavour: Flavour) -> None:
    snapshot = judge(SimulatedSource(HeldClock(), flavour=flavour).sample())
    risks = Counter(verdict.risk for verdict in snapshot.verdicts)
    assert 3 <= risks[Risk.IMMINENT] <= 12
    assert 6 <= risks[Risk.WATCH] <= 20
    assert risks[Risk.CALM] > max(risks[Risk.IMMINENT], risks[Risk.WATCH])
    assert risks[Risk.BUSY] >= 2
    assert risks[Risk.EXEMPT] == 3
    assert not risks[Risk.OVERDUE]


@pytest.mark.parametrize("flavour", Flavour)
def test_something_is_at_stake_at_the_start(flavour: Flavour) -> None:
    held = [
        session.transaction
        for session in SimulatedSource(HeldClock(), flavour=flavour).sample().sessions
        if session.is_idle and session.transaction is not None
    ]
    assert any(transaction.rows_modified for transaction in held)
    assert any(transaction.rows_locked and not transaction.rows_modified for transaction in held)


def test_every_application_and_every_role_is_on_the_stage() -> None:
    sessions = SimulatedSource(HeldClock()).sample().sessions
    users = {session.user for session in sessions}
    assert {"shop_app", "etl", "cron", "report", "grafana", "dba", "repl", "event_scheduler"} <= users
    assert {Role.CLIENT, Role.DUMP, Role.DAEMON} == {session.role for session in sessions}
    assert {30, 60, 120, 600, 3600, 28_800, 31_536_000} >= {s.own_limit for s in sessions if s.own_limit}
    assert len({session.own_limit for session in sessions}) >= 5


def test_the_server_closes_each_session_at_its_limit_and_not_before() -> None:
    clock = HeldClock()
    closed = 0
    earlier: Snapshot | None = None
    for later in judged(played(SimulatedSource(clock), clock, 600)):
        assert not any(verdict.risk is Risk.OVERDUE for verdict in later.verdicts)
        there = {verdict.session.id for verdict in later.verdicts}
        if earlier is not None:
            due = [v for v in earlier.verdicts if v.deadline is not None and v.deadline <= later.taken_at]
            closed += sum(v.session.id not in there for v in due)
        earlier = later
    assert closed >= 8


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("seed", range(6))
def test_in_the_first_minute_what_is_about_to_be_closed_is_closed(flavour: Flavour, seed: int) -> None:
    clock = HeldClock()
    source = SimulatedSource(clock, flavour=flavour, seed=seed)
    predicted: dict[ProcesslistId, float] = {}
    ended: dict[ProcesslistId, Departure] = {}
    before: Step | None = None
    for sample in played(source, clock, 75):
        before = track(sample, None if before is None else before.snapshot)
        ended |= {each.verdict.session.id: each for each in before.departed}
        if clock.now <= START + 60:
            predicted |= {
                v.session.id: v.deadline
                for v in before.snapshot.verdicts
                if v.deadline is not None
                and v.deadline - clock.now < LAST_SECONDS
                and v.session.role is not Role.LOGIN
            }

    assert len(predicted) >= 3
    for number, deadline in predicted.items():
        assert ended[number].cause in {Cause.IDLE_TIMEOUT, Cause.TRANSACTION_TIMEOUT}
        assert ended[number].at == pytest.approx(deadline)


@pytest.mark.parametrize("flavour", Flavour)
def test_in_the_first_minute_sessions_end_for_every_reason_a_new_user_should_see(flavour: Flavour) -> None:
    clock = HeldClock()
    before: Step | None = None
    causes: set[Cause] = set()
    for sample in played(SimulatedSource(clock, flavour=flavour), clock, 60):
        before = track(sample, None if before is None else before.snapshot)
        causes |= {each.cause for each in before.departed}

    assert causes >= {Cause.IDLE_TIMEOUT, Cause.KILLED, Cause.CLIENT_QUIT}
    assert (Cause.PACKET_TOO_LARGE in causes) == (flavour is Flavour.MYSQL), "MariaDB counts no packets"


@pytest.mark.parametrize("flavour", Flavour)
def test_sessions_end_in_every_way_and_new_sessions_have_higher_ids(flavour: Flavour) -> None:
    clock = HeldClock()
    samples = played(SimulatedSource(clock, flavour=flavour), clock, HOUR)
    first = earlier = next(samples)
    gone = 0
    for later in samples:
        known, there = ({s.id for s in sample.sessions} for sample in (earlier, later))
        gone += len(known - there)
        assert all(new > max(known) for new in there - known)
        earlier = later

    def grown(name: str) -> int:
        return (earlier.counter(name) or 0) - (first.counter(name) or 0)

    assert grown("com_kill") >= 5
    assert grown("aborted_connects") >= 5
    assert grown("aborted_clients") > grown("com_kill")
    assert gone > grown("aborted_clients") + grown("aborted_connects"), "nobody said goodbye"
    assert len(earlier.sessions) > 45, "the play dies out"


def test_logins_are_listed_before_they_are_complete() -> None:
    clock = HeldClock()
    samples = played(SimulatedSource(clock), clock, 300, every=0.25)
    assert any(session.role is Role.LOGIN for sample in samples for session in sample.sessions)


def test_a_session_that_did_not_change_is_the_same_object_in_the_next_sample() -> None:
    clock = HeldClock()
    source = SimulatedSource(clock, sessions=1000)
    earlier = {session.id: session for session in source.sample().sessions}
    clock.now += 1
    later = source.sample().sessions
    kept = sum(earlier.get(session.id) is session for session in later)
    assert kept > 900
    assert all(earlier[s.id] is s for s in later if s.id in earlier and earlier[s.id] == s)


@pytest.mark.parametrize("flavour", Flavour)
def test_the_counters_count_what_is_there(flavour: Flavour) -> None:
    clock = HeldClock()
    for sample in played(SimulatedSource(clock, flavour=flavour), clock, 300):
        working = sum(session.command == "Query" for session in sample.sessions)
        assert sample.counter("threads_running") == working
        assert sample.counter("threads_connected") == len(sample.sessions) - 1, "all but the event scheduler"
        assert (sample.counter("connections") or 0) >= max(session.id for session in sample.sessions)
        assert sample.counter("uptime") == sample.server.uptime


def test_mariadb_keeps_own_limits_to_itself_so_they_are_assumed_and_sometimes_disproved() -> None:
    clock = HeldClock()
    source = SimulatedSource(clock, flavour=Flavour.MARIADB)
    sample = source.sample()
    assert not any(session.own_limit for session in sample.sessions)
    limits = [verdict.limit for verdict in judge(sample).verdicts if verdict.limit is not None]
    assert {limit.basis for limit in limits} == {Basis.ASSUMED, Basis.DISPROVED}
    assert {"wait_timeout", "idle_write_transaction_timeout"} <= {limit.variable for limit in limits}
    assert sample.server.version == "10.11.19"
    assert sample.limitations


def test_mysql_shows_every_clients_own_limit() -> None:
    sample = SimulatedSource(HeldClock()).sample()
    assert all(session.own_limit for session in sample.sessions if session.role is Role.CLIENT)
    assert (sample.server.version, sample.server.banner) == ("9.7.4", "9.7.4 (simulated)")
    assert not sample.limitations


def test_crowded_server_stays_below_max_connections() -> None:
    sample = SimulatedSource(HeldClock(), sessions=8000).sample()
    assert (sample.variable("max_connections") or 0) > 8000
    assert SimulatedSource(HeldClock()).sample().variable("max_connections") == 5000


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("seed", range(3))
def test_sessions_wait_for_locks_of_idle_transactions_now_and_then(flavour: Flavour, seed: int) -> None:
    clock = HeldClock()
    source = SimulatedSource(clock, flavour=flavour, seed=seed)
    kinds: set[LockKind] = set()
    most, calm, deepest = 0, 0, 0
    for sample in played(source, clock, 600):
        blocking = sample.blocking()
        assert blocking is not None
        sessions = {session.id: session for session in sample.sessions}
        for wait in blocking.waits.values():
            waiter = sessions[wait.waiter]
            assert (waiter.command, waiter.busy_since) == ("Query", wait.since)
            assert all(sessions[holder].transaction is not None for holder in wait.holders)
            kinds.add(wait.lock.kind)
        most, calm = max(most, len(blocking.waits)), calm + (not blocking.waits)
        depths = (depth for root in blocking.roots for depth, _session in blocking.below(root))
        deepest = max(deepest, *depths, 0)

    assert set(LockKind) == kinds
    assert (most, deepest) == (5, 3)
    assert calm > 300


@pytest.mark.parametrize("seconds", [30, 160])
@pytest.mark.parametrize("flavour", Flavour)
def test_who_waits_for_a_session_goes_on_once_it_is_killed(flavour: Flavour, seconds: int) -> None:
    clock = HeldClock()
    source = SimulatedSource(clock, flavour=flavour)
    clock.now += seconds
    blocking = source.sample().blocking()
    assert blocking is not None
    (root,) = blocking.roots

    source.executor().kill(root)
    clock.now += 3
    later = source.sample()

    assert set(blocking.waits) == blocking.freed_by([root])
    assert () == later.lock_waits
    assert blocking.freed_by([root]) <= {session.id for session in later.sessions}


def test_a_wait_whose_statement_is_killed_ends_and_those_behind_it_go_on() -> None:
    clock = HeldClock()
    source = SimulatedSource(clock)
    clock.now += 160
    before = source.sample().blocking()
    assert before is not None
    (root,) = before.roots
    (changer,) = before.waiters[root]

    source.executor().kill_query(changer)
    clock.now += 3

    assert () == source.sample().lock_waits
    assert before.waiters[changer]


def test_a_wait_for_a_row_fails_after_innodb_lock_wait_timeout() -> None:
    clock = HeldClock()
    source = SimulatedSource(clock)
    source.executor().set_global("innodb_lock_wait_timeout", 3, Persistence.GLOBAL)
    waited = [
        sample.taken_at - wait.since
        for sample in played(source, clock, 40, every=0.5)
        for wait in sample.lock_waits or ()
        if wait.since is not None
    ]

    assert 2 < max(waited) < 3
