"""Which limit governs, when it runs out, and what disproves it."""

from __future__ import annotations

from typing import Any

import pytest

from goneaway_tui.judge.deadline import (
    GRACE_SECONDS,
    EndLimit,
    LimitOrigin,
    governing_limit,
    grace_seconds,
    limit_that_ended,
    risk_of,
    risk_within,
    shortest_end,
    verdict_on,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import Role, Session, Transaction
from goneaway_tui.model.snapshot import (
    SHARED_TRANSACTION_LIMITS,
    Basis,
    GlobalLimits,
    Limit,
    Risk,
    RiskThresholds,
    Verdict,
)
from tests.builders import NOW, a_sample, a_session, a_transaction, a_verdict

MARIADB = GlobalLimits(28_800, 0, 0, 0, 10)
READ = a_transaction(rows_modified=0, rows_locked=0)
LOCKED = a_transaction(rows_modified=0, rows_locked=7)
WROTE = a_transaction(rows_modified=3)


def a_mariadb_session(**fields: Any) -> Session:
    return a_session(**{"own_limit": None, **fields})


def judged(
    session: Session, inherited: GlobalLimits = MARIADB, before: Verdict | None = None, now: float = NOW
) -> Verdict:
    return verdict_on(session, now, inherited, before, RiskThresholds())


def limit_of(session: Session, inherited: GlobalLimits = MARIADB) -> Limit:
    limit = governing_limit(session, inherited)
    assert limit is not None
    return limit


def test_a_session_that_shows_its_own_limit_is_closed_by_it() -> None:
    limit = limit_of(a_session(own_limit=30), GlobalLimits(wait_timeout=28_800))

    assert (30, "wait_timeout", Basis.OWN) == (limit.seconds, limit.variable, limit.basis)


def test_an_own_limit_of_zero_is_still_its_own() -> None:
    assert Basis.OWN is limit_of(a_session(own_limit=0)).basis


def test_session_without_a_shown_limit_is_assumed_to_have_the_global_limit() -> None:
    limit = limit_of(a_mariadb_session(), GlobalLimits(wait_timeout=600))

    assert (600, "wait_timeout", Basis.ASSUMED) == (limit.seconds, limit.variable, limit.basis)


@pytest.mark.parametrize(
    ("wait", "trx", "write", "read_only", "transaction", "seconds", "variable"),
    [
        (5, 2, 0, 0, READ, 2, "idle_transaction_timeout"),
        (2, 5, 0, 0, READ, 5, "idle_transaction_timeout"),
        (6, 4, 2, 0, WROTE, 2, "idle_write_transaction_timeout"),
        (6, 4, 0, 2, READ, 2, "idle_readonly_transaction_timeout"),
        (6, 2, 0, 0, WROTE, 2, "idle_transaction_timeout"),
        (6, 2, 0, 0, None, 6, "wait_timeout"),
        (7, 2, 4, 0, WROTE, 4, "idle_write_transaction_timeout"),
        (7, 2, 0, 4, READ, 4, "idle_readonly_transaction_timeout"),
        (7, 0, 0, 3, LOCKED, 3, "idle_readonly_transaction_timeout"),
        (3, 0, 6, 0, WROTE, 6, "idle_write_transaction_timeout"),
        (7, 0, 3, 0, READ, 7, "wait_timeout"),
        (7, 0, 0, 3, WROTE, 7, "wait_timeout"),
        (7, 0, 0, 0, WROTE, 7, "wait_timeout"),
    ],
)
def test_inside_a_transaction_the_limit_is_the_one_that_was_measured(
    wait: int, trx: int, write: int, read_only: int, transaction: Any, seconds: int, variable: str
) -> None:
    limit = limit_of(
        a_mariadb_session(transaction=transaction), GlobalLimits(wait, trx, write, read_only, 10)
    )

    assert (seconds, variable) == (limit.seconds, limit.variable)


def test_a_server_without_the_transaction_family_has_wait_timeout_alone() -> None:
    limit = limit_of(a_mariadb_session(transaction=WROTE), GlobalLimits(wait_timeout=30))

    assert (30, "wait_timeout") == (limit.seconds, limit.variable)


def test_login_is_closed_by_connect_timeout_whatever_its_own_limit() -> None:
    limit = limit_of(a_session(role=Role.LOGIN, own_limit=28_800))

    assert (10, "connect_timeout", Basis.ASSUMED) == (limit.seconds, limit.variable, limit.basis)


@pytest.mark.parametrize("role", [Role.DAEMON, Role.DUMP, Role.REPLICA])
def test_server_thread_has_no_limit(role: Role) -> None:
    assert governing_limit(a_session(role=role), MARIADB) is None


def test_own_session_shows_no_limit() -> None:
    assert governing_limit(a_session(own=True), MARIADB) is None


def test_where_no_global_is_known_no_limit_is() -> None:
    assert governing_limit(a_mariadb_session(), GlobalLimits()) is None


@pytest.mark.parametrize("limit", [limit_of(a_session()), limit_of(a_mariadb_session(transaction=READ))])
def test_every_limit_states_its_origin(limit: Limit) -> None:
    assert limit.why


def test_deadline_is_the_limit_after_the_start_of_the_idle_time() -> None:
    assert NOW - 20 + 30 == judged(a_session(idle_for=20, own_limit=30)).deadline


def test_a_login_has_a_deadline_where_its_beginning_is_known() -> None:
    assert NOW - 3 + 10 == judged(a_session(role=Role.LOGIN, command="Connect", idle_for=3)).deadline


@pytest.mark.parametrize(
    "session",
    [
        a_session(command="Query"),
        a_session(idle_since=None),
        a_session(role=Role.LOGIN, command="Connect"),
        a_session(role=Role.DAEMON, command="Daemon"),
        a_session(own=True),
        a_session(command="Query", idle_for=20),
    ],
)
def test_without_a_running_idle_clock_there_is_no_deadline(session: Session) -> None:
    assert judged(session).deadline is None


def test_a_half_sent_packet_moves_the_deadline_with_the_clock_it_restarted() -> None:
    assert NOW - 5 + 30 == judged(a_session(idle_for=5, own_limit=30, half_sent=True)).deadline


def test_a_session_past_its_own_limit_is_overdue_however_long() -> None:
    verdict = judged(a_session(idle_for=100_000, own_limit=30))

    assert (Risk.OVERDUE, NOW - 100_000 + 30) == (verdict.risk, verdict.deadline)


def test_within_the_servers_lateness_an_assumed_deadline_is_overdue_and_not_yet_wrong() -> None:
    verdict = judged(a_mariadb_session(idle_for=28_800 + GRACE_SECONDS))

    assert verdict.limit is not None
    assert (Risk.OVERDUE, Basis.ASSUMED) == (verdict.risk, verdict.limit.basis)


def test_session_that_outlives_an_assumed_deadline_disproves_it() -> None:
    verdict = judged(a_mariadb_session(idle_for=28_800 + GRACE_SECONDS + 0.01))

    assert verdict.limit is not None
    assert (Risk.CALM, Basis.DISPROVED, None) == (verdict.risk, verdict.limit.basis, verdict.deadline)
    assert 28_800 == verdict.limit.seconds


def test_a_clock_that_may_be_wrong_disproves_nothing_within_its_error() -> None:
    verdict = judged(a_mariadb_session(idle_for=28_801.5, idle_within=1.0))

    assert verdict.limit is not None
    assert Basis.ASSUMED is verdict.limit.basis


def test_disproved_limit_stays_disproved_in_the_next_idle_time() -> None:
    outlived = judged(a_mariadb_session(idle_for=30_000))
    later = judged(a_mariadb_session(idle_for=1), before=outlived)

    assert (outlived.limit, None, Risk.CALM) == (later.limit, later.deadline, later.risk)


def test_disproved_limit_stays_disproved_while_the_session_is_busy() -> None:
    outlived = judged(a_mariadb_session(idle_for=30_000))
    working = judged(a_mariadb_session(command="Query"), before=outlived)
    later = judged(a_mariadb_session(idle_for=1), before=working)

    assert (Risk.BUSY, outlived.limit) == (working.risk, working.limit)
    assert outlived.limit == later.limit


def test_disproved_limit_stays_disproved_after_a_transaction_under_another_limit() -> None:
    inherited = GlobalLimits(30, idle_transaction_timeout=600)
    outlived = judged(a_mariadb_session(idle_for=40), inherited)
    inside = judged(a_mariadb_session(idle_for=1, transaction=READ), inherited, before=outlived)
    after = judged(a_mariadb_session(idle_for=1), inherited, before=inside)

    assert after.limit is not None
    assert Basis.DISPROVED is after.limit.basis


def test_disproving_one_limit_does_not_affect_another() -> None:
    inherited = GlobalLimits(30, idle_transaction_timeout=600)
    outlived = judged(a_mariadb_session(idle_for=40), inherited)
    inside = judged(a_mariadb_session(idle_for=1, transaction=READ), inherited, before=outlived)

    assert inside.limit is not None
    assert Basis.ASSUMED is inside.limit.basis


def test_a_session_keeps_the_globals_it_was_first_seen_under() -> None:
    before = judged(a_mariadb_session(), GlobalLimits(wait_timeout=600))
    later = judged(a_mariadb_session(), GlobalLimits(wait_timeout=60), before=before)

    assert later.limit is not None
    assert (600, GlobalLimits(wait_timeout=600)) == (later.limit.seconds, later.inherited)


@pytest.mark.parametrize("user", ["", "unauthenticated user", "etl"])
def test_session_that_logs_in_again_copies_the_global_values_again(user: str) -> None:
    """The end of a login, or COM_CHANGE_USER in a pool."""
    before = judged(a_mariadb_session(user=user, idle_for=1000), GlobalLimits(wait_timeout=600))
    later = judged(a_mariadb_session(user="shop"), GlobalLimits(wait_timeout=60), before=before)

    assert later.limit is not None
    assert (60, Basis.ASSUMED) == (later.limit.seconds, later.limit.basis)


def test_a_session_that_changes_its_own_limit_is_closed_by_the_new_one() -> None:
    before = judged(a_session(own_limit=600))

    assert NOW - 20 + 30 == judged(a_session(own_limit=30, idle_for=20), before=before).deadline


def test_a_verdict_of_a_builder_is_the_judges() -> None:
    assert a_verdict() == judged(
        a_session(), GlobalLimits(28_800, connect_timeout=10, interactive_timeout=28_800)
    )


@pytest.mark.parametrize("variable", SHARED_TRANSACTION_LIMITS)
@pytest.mark.parametrize(
    ("shared", "own", "transaction", "seconds"),
    [
        (30, 28_800, WROTE, 30),
        (30, 28_800, READ, 30),
        (30, 28_800, None, 28_800),
        (30, 20, WROTE, 20),
        (0, 28_800, WROTE, 28_800),
    ],
)
def test_a_limit_that_all_sessions_share_governs_an_idle_transaction_where_it_is_the_shorter(
    variable: str, shared: int, own: int, transaction: Transaction | None, seconds: int
) -> None:
    sample = a_sample(variables={"wait_timeout": 28_800, variable: shared})
    limit = limit_of(a_session(own_limit=own, transaction=transaction), GlobalLimits.from_sample(sample))

    assert (seconds, variable if seconds == shared else "wait_timeout") == (limit.seconds, limit.variable)


def test_a_shared_limit_is_todays_whenever_the_session_came() -> None:
    session = a_session(own_limit=28_800, transaction=WROTE)
    first = judged(session, GlobalLimits(28_800, shared_limit=("kill_idle_transaction", 600)))
    later = judged(session, GlobalLimits(28_800, shared_limit=("kill_idle_transaction", 5)), first)

    assert later.limit is not None
    assert 5 == later.limit.seconds


def test_transaction_limit_replaces_a_longer_limit_that_a_session_shows() -> None:
    """Huawei's MySQL has MariaDB's variables."""
    session = a_session(own_limit=28_800, transaction=WROTE)
    limit = limit_of(session, GlobalLimits(28_800, 60, 20, 0, 10))

    assert (20, "idle_write_transaction_timeout") == (limit.seconds, limit.variable)


@pytest.mark.parametrize(
    ("past", "late", "risk"),
    [
        (0.4, 0.5, Risk.IMMINENT),
        (0.6, 0.5, Risk.OVERDUE),
        (0.4, 0.0, Risk.OVERDUE),
        (1.9, 2.0, Risk.IMMINENT),
    ],
)
def test_thread_pool_has_until_its_next_check_before_a_session_is_overdue(
    past: float, late: float, risk: Risk
) -> None:
    pooled = GlobalLimits(600, 0, 0, 0, 10, late_seconds=late)
    verdict = judged(a_mariadb_session(idle_since=NOW - 600 - past), pooled)

    assert risk is verdict.risk
    assert Basis.ASSUMED is verdict.limit.basis  # type: ignore[union-attr]
    assert verdict.unchanged_until > NOW


POLICY = RiskThresholds(watch_below=600, imminent_below=60)


@pytest.mark.parametrize(
    ("left", "risk"),
    [
        (1e9, Risk.CALM),
        (600, Risk.CALM),
        (599.999, Risk.WATCH),
        (60, Risk.WATCH),
        (59.999, Risk.IMMINENT),
        (0.001, Risk.IMMINENT),
        (0, Risk.OVERDUE),
        (-1e9, Risk.OVERDUE),
    ],
)
def test_risk_depends_on_the_time_left(left: float, risk: Risk) -> None:
    assert risk is risk_within(left, POLICY)


def test_lines_drawn_the_wrong_way_round_warn_early_rather_than_late() -> None:
    assert Risk.IMMINENT is risk_within(45, RiskThresholds(watch_below=30, imminent_below=60))


@pytest.mark.parametrize(
    "session",
    [a_session(own=True), *(a_session(role=role) for role in (Role.DAEMON, Role.DUMP, Role.REPLICA))],
)
@pytest.mark.parametrize("left", [None, -1.0, 1e6])
def test_session_without_an_idle_clock_is_exempt_whatever_time_is_left(
    session: Session, left: float | None
) -> None:
    assert Risk.EXEMPT is risk_of(session, left, POLICY)


def test_an_idle_session_of_unknown_deadline_is_calm() -> None:
    assert Risk.CALM is risk_of(a_session(), None, POLICY)


@pytest.mark.parametrize("session", [a_session(command="Query"), a_session(role=Role.LOGIN)])
def test_session_that_is_not_idle_is_busy(session: Session) -> None:
    assert Risk.BUSY is risk_of(session, None, POLICY)


def test_a_login_about_to_be_cut_is_imminent() -> None:
    assert Risk.IMMINENT is risk_of(a_session(role=Role.LOGIN), 5, POLICY)


# --- Until when time alone changes nothing


@pytest.mark.parametrize(
    ("idle_for", "until"),
    [
        (0.0, 400),
        (399.0, 400),
        (400.0, 400),
        (401.0, 940),
        (940.0, 940),
        (941.0, 1000),
        (1000.0, 1000),
        (1000.5, 1000.75),
    ],
)
def test_a_verdict_holds_until_its_deadline_comes_nearer_than_the_next_threshold(
    idle_for: float, until: float
) -> None:
    """Ten minutes, one minute, the deadline, and three quarters of a second behind it: all in seconds since it was idle."""
    verdict = judged(a_mariadb_session(idle_since=NOW - idle_for), GlobalLimits(1000))

    assert NOW - idle_for + until == verdict.unchanged_until


def test_without_a_deadline_time_changes_nothing() -> None:
    assert float("inf") == judged(a_mariadb_session(command="Query")).unchanged_until
    assert float("inf") == judged(a_session(idle_since=NOW - 29_000, own_limit=28_800)).unchanged_until


@pytest.mark.parametrize(("late", "until"), [(0.5, 1000.5), (2.0, 1002.0)])
def test_a_pool_of_threads_moves_the_last_thresholds(late: float, until: float) -> None:
    limits = GlobalLimits(1000, late_seconds=late)

    assert NOW - 1000.1 + until == pytest.approx(
        judged(a_mariadb_session(idle_since=NOW - 1000.1), limits).unchanged_until
    )
    assert max(0.75, late + 0.25) == grace_seconds(limits)


@pytest.mark.parametrize(("past", "basis"), [(0.75, Basis.ASSUMED), (0.8, Basis.DISPROVED)])
def test_an_assumed_limit_is_disproved_three_quarters_of_a_second_behind_it(
    past: float, basis: Basis
) -> None:
    limit = judged(a_mariadb_session(idle_since=NOW - 600 - past), GlobalLimits(600)).limit

    assert limit is not None
    assert basis is limit.basis


# --- Another limit than that of a new session


@pytest.mark.parametrize(
    ("own", "inherited", "current", "differs"),
    [
        (600, GlobalLimits(600), GlobalLimits(600), False),
        (600, GlobalLimits(600), GlobalLimits(900), True),
        (600, GlobalLimits(900), GlobalLimits(900, interactive_timeout=600), False),
        (600, GlobalLimits(600), GlobalLimits(900, interactive_timeout=600), True),
        (600, GlobalLimits(900), GlobalLimits(900, interactive_timeout=700), True),
        (600, GlobalLimits(900), GlobalLimits(None), False),
    ],
)
def test_a_session_differs_whose_limit_no_new_session_would_copy(
    own: int,
    inherited: GlobalLimits,
    current: GlobalLimits,
    differs: bool,  # noqa: FBT001
) -> None:
    before = judged(a_session(own_limit=own), inherited)

    assert (
        differs
        is verdict_on(a_session(own_limit=own), NOW, current, before, RiskThresholds()).differs_from_global
    )


def test_a_transaction_limit_that_was_raised_differs_too() -> None:
    inherited, current = GlobalLimits(900, 60), GlobalLimits(900, 120, interactive_timeout=60)
    session = a_mariadb_session(transaction=WROTE)
    verdict = verdict_on(session, NOW, current, judged(session, inherited), RiskThresholds())

    assert verdict.differs_from_global


# --- The limit that ended a session


def ended(
    limit: Limit | None,
    idle: float | None,
    cause: Cause = Cause.IDLE_TIMEOUT,
    within: float = 0.5,
    **fields: Any,
) -> Departure:
    session = a_session(idle_since=None if idle is None else NOW - idle, **fields)
    verdict = a_verdict(session, limit=limit, inherited=GlobalLimits(wait_timeout=500))
    return Departure(verdict, NOW, within, cause, Certainty.CONFIRMED)


def a_limit(seconds: float, basis: Basis = Basis.OWN, variable: str = "wait_timeout") -> Limit:
    return Limit(seconds, variable, basis, "")


GLOBALS = {"wait_timeout": 600.0, "interactive_timeout": 300.0, "idle_transaction_timeout": 60.0}


@pytest.mark.parametrize(
    ("departure", "expected"),
    [
        (ended(a_limit(600), 600), (600, "wait_timeout", LimitOrigin.GLOBAL)),
        (ended(a_limit(500), 500), (500, "wait_timeout", LimitOrigin.EARLIER_GLOBAL)),
        (ended(a_limit(300), 300), (300, "interactive_timeout", LimitOrigin.GLOBAL)),
        (ended(a_limit(400), 400), (400, "wait_timeout", LimitOrigin.OWN)),
        (ended(a_limit(400), 5), (400, "wait_timeout", LimitOrigin.OWN)),
        (ended(a_limit(400, Basis.ASSUMED), 400), (400, "wait_timeout", LimitOrigin.EARLIER_GLOBAL)),
        (ended(a_limit(400, Basis.LEARNED), 400), (400, "wait_timeout", LimitOrigin.OWN)),
        (ended(a_limit(300, Basis.OWN, "idle_transaction_timeout"), 300), (300, "idle_transaction_timeout", LimitOrigin.OWN)),
        (ended(a_limit(400, Basis.ASSUMED), None), (400, "wait_timeout", LimitOrigin.EARLIER_GLOBAL)),
        (ended(a_limit(400, Basis.ASSUMED), 399.4), (400, "wait_timeout", LimitOrigin.EARLIER_GLOBAL)),
        (ended(a_limit(400, Basis.ASSUMED), 399.3), (399.3, None, LimitOrigin.UNKNOWN)),
        (ended(a_limit(400, Basis.ASSUMED), 398.5, idle_within=1.0), (400, "wait_timeout", LimitOrigin.EARLIER_GLOBAL)),
        (ended(a_limit(400, Basis.DISPROVED), 300), (300, "interactive_timeout", LimitOrigin.GLOBAL)),
        (ended(None, 300.6), (300, "interactive_timeout", LimitOrigin.GLOBAL)),
        (ended(None, 300.7), (300.7, None, LimitOrigin.UNKNOWN)),
        (ended(None, 299.4), (300, "interactive_timeout", LimitOrigin.GLOBAL)),
        (ended(None, 60.0, Cause.TRANSACTION_TIMEOUT), (60, "idle_transaction_timeout", LimitOrigin.GLOBAL)),
        (ended(None, 60.0), (60.0, None, LimitOrigin.UNKNOWN)),
    ],
)  # fmt: skip
def test_the_limit_that_ended_a_session_is_the_one_that_had_run_out(
    departure: Departure, expected: tuple[float, str | None, LimitOrigin]
) -> None:
    found = limit_that_ended(departure, GLOBALS)

    assert found is not None
    assert expected[1:] == (found.variable, found.origin)
    assert pytest.approx(expected[0]) == found.seconds


def test_where_neither_limit_nor_idle_time_is_known_or_no_timeout_ended_it_there_is_none() -> None:
    assert limit_that_ended(ended(None, None), GLOBALS) is None
    assert limit_that_ended(ended(a_limit(400, Basis.DISPROVED), None), GLOBALS) is None
    assert limit_that_ended(ended(a_limit(400), 400, Cause.KILLED), GLOBALS) is None
    assert limit_that_ended(ended(None, 5.0), {}) == EndLimit(5.0, None, LimitOrigin.UNKNOWN)


def test_the_shortest_end_is_that_of_an_idle_timeout() -> None:
    found = shortest_end(
        [
            ended(a_limit(400), 400),
            ended(a_limit(200), 200),
            ended(a_limit(60), 60, Cause.TRANSACTION_TIMEOUT),
        ],
        GLOBALS,
    )

    assert found is not None
    assert 200 == found.seconds
    assert shortest_end([], GLOBALS) is None
