"""Laws of judgement."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.judge.deadline import GRACE_SECONDS, risk_within
from goneaway_tui.judge.filters import GROUPINGS, group_by
from goneaway_tui.model.sample import RESTART_TOLERANCE, Sample
from goneaway_tui.model.server import Variable
from goneaway_tui.model.session import Role, Session, Transaction
from goneaway_tui.model.snapshot import Basis, GlobalLimits, Risk, RiskThresholds, Snapshot, Verdict
from tests.builders import NOW, a_sample, a_server, a_session
from tests.property.facts import ages, idle_clients, policies, samples, seconds, sessions, strangers, texts

lefts = st.floats(-1e9, 1e9)
crowded = settings(max_examples=25)
"""A sample holds several sessions, so that fewer samples tell as much."""


def after(sample: Sample, gap: float, crowd: tuple[Session, ...]) -> Sample:
    """A later reading of the same run of the same server."""
    server = replace(sample.server, uptime=sample.server.uptime + gap)
    return replace(sample, taken_at=sample.taken_at + gap, server=server, sessions=crowd)


# --- Whatever is read


@crowded
@given(samples(sessions | strangers), st.none() | samples().map(judge), st.none() | policies)
def test_every_session_has_one_verdict_in_the_samples_order(
    sample: Sample, previous: Snapshot | None, policy: RiskThresholds | None
) -> None:
    snapshot = judge(sample, previous, policy)

    assert [*sample.sessions] == [verdict.session for verdict in snapshot.verdicts]
    assert sample is snapshot.sample


@crowded
@given(samples(), st.none() | samples().map(judge), policies)
def test_the_same_facts_are_always_judged_the_same(
    sample: Sample, previous: Snapshot | None, policy: RiskThresholds
) -> None:
    assert judge(sample, previous, policy) == judge(sample, previous, policy)


@crowded
@given(samples(), policies)
def test_judging_the_same_sample_twice_changes_no_verdict(sample: Sample, policy: RiskThresholds) -> None:
    first = judge(sample, None, policy)

    assert first == judge(sample, first, policy)


@crowded
@given(samples(), policies, st.randoms(use_true_random=False))
def test_verdict_of_a_session_does_not_depend_on_other_sessions(
    sample: Sample, policy: RiskThresholds, chance: Random
) -> None:
    crowd = [*sample.sessions]
    chance.shuffle(crowd)
    shuffled = judge(replace(sample, sessions=tuple(crowd)), None, policy)

    def by_id(verdicts: tuple[Verdict, ...]) -> dict[int, Verdict]:
        return {verdict.session.id: verdict for verdict in verdicts}

    assert by_id(judge(sample, None, policy).verdicts) == by_id(shuffled.verdicts)


# --- Deadlines


@crowded
@given(samples())
def test_deadline_is_the_start_of_the_idle_time_plus_the_limit(sample: Sample) -> None:
    for verdict in judge(sample).verdicts:
        session, limit = verdict.session, verdict.limit
        runs = session.idle_since is not None and (session.is_idle or session.role is Role.LOGIN)
        if limit is None or limit.basis is Basis.DISPROVED or not runs or session.idle_since is None:
            assert verdict.deadline is None
        else:
            assert session.idle_since + limit.seconds == verdict.deadline


@crowded
@given(samples())
def test_a_limit_is_the_sessions_own_or_one_of_the_globals(sample: Sample) -> None:
    known = {variable.value for variable in sample.variables}
    for verdict in judge(sample).verdicts:
        if verdict.limit is None:
            continue
        if verdict.limit.basis is Basis.OWN:
            assert verdict.session.own_limit == verdict.limit.seconds
        else:
            assert sample.variable(verdict.limit.variable) == verdict.limit.seconds
            assert verdict.limit.seconds in known
        assert verdict.limit.why


@crowded
@given(samples())
def test_session_without_an_idle_clock_has_no_limit_and_no_deadline(sample: Sample) -> None:
    for verdict in judge(sample).verdicts:
        session = verdict.session
        if session.own or session.role not in {Role.CLIENT, Role.LOGIN}:
            assert (Risk.EXEMPT, None, None) == (verdict.risk, verdict.limit, verdict.deadline)
        else:
            assert verdict.risk is not Risk.EXEMPT


@crowded
@given(samples(idle_clients))
def test_assumed_limit_is_disproved_only_by_sessions_that_outlived_it(sample: Sample) -> None:
    for verdict in judge(sample).verdicts:
        session, limit = verdict.session, verdict.limit
        if limit is None or limit.basis is Basis.OWN or session.idle_since is None:
            continue
        outlived = NOW - (session.idle_since + limit.seconds) > GRACE_SECONDS + session.idle_within
        assert outlived == (limit.basis is Basis.DISPROVED)


# --- Risk


@given(lefts, st.floats(0, 1e9), policies)
def test_less_time_left_is_never_calmer(left: float, less: float, policy: RiskThresholds) -> None:
    assert risk_within(left - less, policy).rank >= risk_within(left, policy).rank


@given(idle_clients, seconds, ages, policies)
def test_session_with_a_longer_idle_time_never_has_a_lower_risk(
    session: Session, limit: int, longer: float, policy: RiskThresholds
) -> None:
    assert session.idle_since is not None
    younger = replace(session, own_limit=limit)
    older = replace(younger, idle_since=session.idle_since - longer)
    ranks = [judge(a_sample([each]), None, policy).verdicts[0].risk.rank for each in (younger, older)]

    assert ranks == sorted(ranks)


@crowded
@given(samples(), policies, st.floats(1, 100))
def test_wider_warning_threshold_never_lowers_a_risk(
    sample: Sample, policy: RiskThresholds, further: float
) -> None:
    wider = RiskThresholds(policy.watch_below * further, policy.imminent_below * further)
    pairs = zip(judge(sample, None, policy).verdicts, judge(sample, None, wider).verdicts, strict=True)

    assert all(narrow.risk.rank <= wide.risk.rank for narrow, wide in pairs)


# --- From reading to reading

moments = st.tuples(
    st.floats(0, 100), st.floats(0, 200), st.booleans(), st.none() | st.sampled_from([None, 0, 1])
)
"""Seconds since the reading before; seconds idle; whether it works; rows written in a transaction, where one is open."""


@given(
    st.lists(moments, min_size=2, max_size=12),
    st.integers(1, 60),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_a_disproved_limit_never_revives_in_the_same_run(
    life: list[tuple[float, float, bool, int | None]], wait: int, trx: int, write: int, read_only: int
) -> None:
    globals_ = {
        "wait_timeout": wait,
        "idle_transaction_timeout": trx,
        "idle_write_transaction_timeout": write,
        "idle_readonly_transaction_timeout": read_only,
    }
    snapshot, gone_wrong, sample = None, set(), a_sample([], variables=globals_)
    for gap, idle_for, works, rows in life:
        now = sample.taken_at + gap
        session = a_session(
            own_limit=None,
            command="Query" if works else "Sleep",
            idle_since=None if works else now - idle_for,
            transaction=None if rows is None else Transaction(None, rows, rows),
        )
        sample = after(sample, gap, (session,))
        snapshot = judge(sample, snapshot)
        limit = snapshot.verdicts[0].limit
        assert limit is not None
        if (limit.variable, limit.seconds) in gone_wrong:
            assert Basis.DISPROVED is limit.basis
        if limit.basis is Basis.DISPROVED:
            gone_wrong.add((limit.variable, limit.seconds))


@crowded
@given(samples(), samples(), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_restart_forgets(before: Sample, reborn: Sample, gap: float, uptime: float) -> None:
    grown = before.server.uptime + gap
    assume(abs(grown - uptime) > RESTART_TOLERANCE + 0.001)
    later = replace(reborn, taken_at=NOW + gap, server=replace(before.server, uptime=uptime))

    assert judge(later) == judge(later, judge(before))


@crowded
@given(samples(), texts)
def test_another_server_in_its_place_forgets(sample: Sample, banner: str) -> None:
    assume(banner != sample.server.banner)
    elsewhere = replace(sample, server=replace(sample.server, banner=banner))

    assert judge(elsewhere) == judge(elsewhere, judge(sample))


@given(sessions, st.lists(st.integers(1, 100), min_size=2, max_size=5), st.floats(0, 100))
def test_globals_are_copied_once_whatever_becomes_of_them(
    session: Session, waits: list[int], gap: float
) -> None:
    sample = a_sample([session], variables={"wait_timeout": waits[0]})
    seen = [judge(sample)]
    for wait in waits[1:]:
        sample = replace(after(sample, gap, (session,)), variables=(Variable("wait_timeout", wait),))
        seen.append(judge(sample, seen[-1]))

    assert {waits[0]} == {snapshot.verdicts[0].inherited.wait_timeout for snapshot in seen}
    assert all(
        earlier.verdicts[0].inherited == later.verdicts[0].inherited for earlier, later in pairwise(seen)
    )


@crowded
@given(samples(), st.integers(0, 2**40))
def test_a_session_never_seen_before_has_todays_globals(sample: Sample, number: int) -> None:
    assume(all(session.id != number for session in sample.sessions))
    before = judge(replace(sample, variables=(Variable("wait_timeout", 1),)))
    newcomer = a_session(id=number)
    verdict = judge(after(sample, 1, (newcomer,)), before).verdicts[0]

    assert GlobalLimits.from_sample(sample) == verdict.inherited


# --- Groups


@crowded
@given(samples(), st.sampled_from([*GROUPINGS]))
def test_every_session_is_in_one_group(sample: Sample, by: str) -> None:
    verdicts = judge(sample).verdicts
    groups = group_by(by, verdicts)

    assert len(verdicts) == sum(group.sessions for group in groups)
    assert {GROUPINGS[by](verdict) for verdict in verdicts} == {group.key for group in groups}
    assert len(groups) == len({group.key for group in groups})
    assert sum(verdict.session.is_idle for verdict in verdicts) == sum(group.idle for group in groups)


@crowded
@given(samples(), st.sampled_from([*GROUPINGS]))
def test_groups_are_ordered_by_their_first_deadline(sample: Sample, by: str) -> None:
    soonest = [
        float("inf") if group.soonest_deadline is None else group.soonest_deadline
        for group in group_by(by, judge(sample).verdicts)
    ]

    assert sorted(soonest) == soonest


def test_a_server_of_the_builders_is_one_run() -> None:
    """What the laws above lean on."""
    assert a_server() == a_sample().server
