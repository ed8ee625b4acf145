"""A sample becomes a snapshot, and a server's next run starts from nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.judge import is_same_run, judge
from goneaway_tui.model.blocking import NO_LOCKS, UNKNOWN_LOCKS, Lock, LockKind, LockState, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Basis, Risk, RiskThresholds, Snapshot
from tests.builders import NOW, a_sample, a_server, a_session, a_snapshot


def later(
    sample: Sample, seconds: float, *, uptime: float | None = None, banner: str | None = None
) -> Sample:
    """The same sessions, so much later, on a server that is so much older unless it says otherwise."""
    server = a_server(
        uptime=sample.server.uptime + seconds if uptime is None else uptime,
        banner=banner or sample.server.banner,
    )
    return a_sample(
        sample.sessions, taken_at=sample.taken_at + seconds, server=server, variables={"wait_timeout": 10}
    )


def bases(snapshot: Snapshot) -> list[Basis | None]:
    return [verdict.limit.basis if verdict.limit else None for verdict in snapshot.verdicts]


def test_each_session_gets_its_verdict_in_the_samples_order() -> None:
    sessions = [a_session(id=ProcesslistId(number)) for number in (9, 4, 7)]

    assert sessions == [verdict.session for verdict in a_snapshot(sessions).verdicts]


def test_a_snapshot_holds_the_very_sample_and_policy_it_was_judged_by() -> None:
    sample, policy = a_sample(), RiskThresholds(1, 2)
    snapshot = judge(sample, None, policy)

    assert sample is snapshot.sample
    assert policy is snapshot.policy


def test_without_a_policy_the_contracts_lines_are_drawn() -> None:
    assert (600, 60) == (a_snapshot().policy.watch_below, a_snapshot().policy.imminent_below)


def test_the_policy_draws_the_lines() -> None:
    session = a_session(idle_for=20, own_limit=30)

    assert [Risk.CALM, Risk.WATCH, Risk.IMMINENT] == [
        a_snapshot([session], policy=policy).verdicts[0].risk
        for policy in (RiskThresholds(5, 1), RiskThresholds(11, 1), RiskThresholds(11, 11))
    ]


def wait(waiter: int, *holders: int, since: float = NOW - 5) -> LockWait:
    return LockWait(
        ProcesslistId(waiter), tuple(map(ProcesslistId, holders)), Lock(LockKind.ROW, "shop.cart"), since
    )


def test_every_session_knows_what_it_waits_for_and_how_many_wait_for_it() -> None:
    sessions = [a_session(id=ProcesslistId(number)) for number in (1, 2, 3, 4)]
    waits = (wait(2, 1), wait(3, 2))
    snapshot = a_snapshot(sessions, lock_waits=waits)

    assert [LockState(None, 2), LockState(waits[0], 1), LockState(waits[1], 0), NO_LOCKS] == [
        verdict.locks for verdict in snapshot.verdicts
    ]
    assert 5 == snapshot.by_id[ProcesslistId(2)].locks.waiting_seconds(NOW)


def test_where_waits_are_not_told_nothing_is_known_of_any_session() -> None:
    assert [UNKNOWN_LOCKS] == [verdict.locks for verdict in a_snapshot(lock_waits=None).verdicts]


def test_where_the_holder_of_a_wait_is_not_known_any_session_may_block() -> None:
    sessions = [a_session(id=ProcesslistId(number)) for number in (1, 2)]
    snapshot = a_snapshot(sessions, lock_waits=(wait(2),))

    assert [(True, None), (True, None)] == [(v.locks.is_known, v.locks.blocks) for v in snapshot.verdicts]


def test_only_the_verdicts_of_sessions_whose_waits_change_are_new() -> None:
    sessions = tuple(a_session(id=ProcesslistId(number)) for number in (1, 2, 3))
    before = a_snapshot(sessions, lock_waits=(wait(2, 1),))
    same = judge(replace(before.sample, taken_at=NOW + 1, lock_waits=(wait(2, 1),)), before)
    free = judge(replace(before.sample, taken_at=NOW + 2, lock_waits=()), same)

    assert [True, True, True] == [new is old for new, old in zip(same.verdicts, before.verdicts, strict=True)]
    assert [False, False, True] == [new is old for new, old in zip(free.verdicts, same.verdicts, strict=True)]
    assert [NO_LOCKS] * 3 == [verdict.locks for verdict in free.verdicts]


def test_a_session_born_before_a_global_changed_keeps_the_old_one() -> None:
    first = a_snapshot([a_session(own_limit=None)])
    old, new = a_session(own_limit=None), a_session(id=ProcesslistId(4712), own_limit=None)
    second = a_snapshot([old, new], previous=first, variables={"wait_timeout": 60})

    assert [28_800, 60] == [verdict.limit and verdict.limit.seconds for verdict in second.verdicts]


def test_disproved_limit_stays_disproved_in_the_same_run() -> None:
    first = a_snapshot([a_session(own_limit=None, idle_for=40)], variables={"wait_timeout": 10})

    assert [Basis.DISPROVED] == bases(first)
    assert [Basis.DISPROVED] == bases(judge(later(first.sample, 1), first))


def test_a_restarted_server_is_judged_from_nothing() -> None:
    first = a_snapshot([a_session(own_limit=None, idle_for=40)], variables={"wait_timeout": 10})
    reborn = a_sample(
        [a_session(own_limit=None, idle_since=NOW + 59)],
        taken_at=NOW + 60,
        server=a_server(uptime=3),
        variables={"wait_timeout": 20},
    )
    second = judge(reborn, first)

    assert [Basis.ASSUMED] == bases(second)
    assert 20 == second.verdicts[0].inherited.wait_timeout


@pytest.mark.parametrize("drift", [-1.0, 0.0, 1.0])
def test_whole_seconds_of_uptime_are_no_restart(drift: float) -> None:
    before = a_sample()

    assert is_same_run(before, later(before, 1, uptime=before.server.uptime + 1 + drift))


def test_same_sample_read_twice_is_the_same_run() -> None:
    assert is_same_run(a_sample(), a_sample())


def test_an_uptime_that_fell_is_another_run() -> None:
    before = a_sample()

    assert not is_same_run(before, later(before, 60, uptime=5))


def test_an_uptime_that_did_not_grow_with_the_time_is_another_run() -> None:
    before = a_sample(server=a_server(uptime=10))

    assert not is_same_run(before, later(before, 100, uptime=15))


def named(sample: Sample, uid: str | None, uptime: float | None = None) -> Sample:
    server = replace(sample.server, uid=uid, uptime=sample.server.uptime if uptime is None else uptime)
    return replace(sample, server=server)


def test_different_server_name_is_another_run_though_all_else_is_equal() -> None:
    before = named(a_sample(), "a")

    assert not is_same_run(before, named(later(before, 1), "b"))
    assert is_same_run(before, named(later(before, 1), "a"))
    assert is_same_run(before, named(later(before, 1), None)), "it may have become unreadable"


def test_the_clock_of_a_server_known_by_name_may_be_put_forward() -> None:
    """Its start seems to move to earlier then; a restart moves it to later."""
    before = named(a_sample(), "a")
    after = named(later(before, 10), "a", before.server.uptime + 10 + 3600)

    assert is_same_run(before, after)
    assert not is_same_run(named(before, None), named(after, None))
    assert not is_same_run(before, named(after, "a", before.server.uptime + 10 - 3600))


def test_another_banner_is_another_run() -> None:
    before = a_sample()

    assert not is_same_run(before, later(before, 1, banner="11.8.3-MariaDB"))
