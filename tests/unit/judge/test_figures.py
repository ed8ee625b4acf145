"""The figures that sessions are judged by: measured on servers, or bounds. Whoever changes one changes it here too."""

from __future__ import annotations

from goneaway_tui.judge import (
    attribution,
    deadline,
    departures,
    filters,
    forecast,
    learned_limits,
    patterns,
    topology,
)
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import PatternScope
from goneaway_tui.model.sample import KillStatement, LogEntry
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import GlobalLimits, LimitGroup
from tests.builders import NOW, a_session
from tests.unit.judge.absences import missed, one, said


def test_errors_have_the_servers_numbers() -> None:
    assert (1158, 1160) == (attribution.NET_READ_ERROR, attribution.NET_WRITE_ERROR)
    assert {
        0: Cause.CLIENT_QUIT,
        1153: Cause.PACKET_TOO_LARGE,
        1159: Cause.NET_READ_TIMEOUT,
        1161: Cause.NET_WRITE_TIMEOUT,
        4031: Cause.IDLE_TIMEOUT,
    } == attribution.CAUSE_BY_CODE
    assert Cause.IDLE_TIMEOUT is attribution.CAUSE_BY_CODE_BEFORE_4031[1159]
    assert 4031 not in attribution.CAUSE_BY_CODE_BEFORE_4031
    assert 3306 == topology.STANDARD_PORT


def test_what_was_measured_on_servers() -> None:
    """In seconds: how late they close, how long they take to stop, how exact a predicted end is."""
    assert (0.1, 0.75, 0.5) == (deadline.CLOCK_SLACK, deadline.GRACE_SECONDS, deadline.POOL_TICK_SECONDS)
    assert (2.0, 5.0) == (departures.STOPPING_SECONDS, departures.SAME_END_SECONDS)
    assert (0.5, 3, 1.0) == (
        learned_limits.AGREEMENT_SECONDS, learned_limits.MIN_AGREEING, learned_limits.MAX_UNCERTAINTY_SECONDS
    )  # fmt: skip


def test_the_forecast_reaches_eight_hours_ahead() -> None:
    assert ((60, 12), (600, 10), (3600, 8), (28_800, 10)) == forecast.HORIZONS
    assert (32, -1) == (forecast.FIRST_RANGE_RATIO, forecast.BEFORE_ANY_SESSION)


def test_shares_and_numbers_that_make_a_pattern() -> None:
    assert (5, 10) == (patterns.MIN_OBSERVATIONS, patterns.LIKELY_OBSERVATIONS)
    assert (0.8, 0.8, 0.9) == (
        patterns.MAX_SHARE_OF_LIMIT,
        patterns.MIN_SHARE_ENDED,
        patterns.MIN_SHARE_BY_LIMIT,
    )
    assert (20, 10, 10, 3600) == (
        patterns.MIN_SIBLINGS, patterns.GHOST_TIMES_LONGER, patterns.ONE_GHOST_IN, patterns.MIN_GHOST_SECONDS
    )  # fmt: skip
    assert (0.5, 0.8, 0.7) == (patterns.MIN_SHARE_IN_TRANSACTION, patterns.FULL_SHARE, patterns.IDLE_SHARE)
    assert (10, 3) == (topology.MIN_SESSIONS, topology.MIN_ACCOUNTS)


def test_memory_and_time_are_bounded() -> None:
    assert (64, 4096, 1000) == (learned_limits.MAX_ENDS_KEPT, learned_limits.MAX_GROUPS, departures.MAX_PAST)
    assert (200, 500, 500_000) == (filters.MAX_PATTERN, filters.MAX_SEARCHED, filters.MAX_WAYS)


LONG = "x" * 1000


def shown(text: str) -> int:
    """How many characters of the long name a text holds, its ellipsis counted."""
    return text.count("x") + text.count("…")


def test_sixty_characters_of_a_name_are_shown() -> None:
    nothing = attribution.EndingCounts()
    group = LimitGroup(LONG, LONG, LONG, 28_800)
    learned = learned_limits.LearnedLimits(
        {group: learned_limits.LimitObservations((600.0,) * 3)}, {group: 600}
    )
    limit = learned_limits.limit_for(
        learned,
        a_session(user=LONG, host=LONG, program=LONG, own_limit=None),
        GlobalLimits(wait_timeout=28_800),
    )

    assert 120 == shown(attribution.counts_words((LONG, LONG), nothing, nothing))
    assert 180 == shown(patterns.scope_name(PatternScope(LONG, LONG, LONG)))
    assert 60 == shown(patterns.scope_name(PatternScope(LONG)).removeprefix("program "))
    assert limit is not None
    assert 180 == shown(limit.why)


def test_of_what_the_log_says_400_characters_are_quoted_and_of_a_killer_200() -> None:
    killed = said({1160: 1}, kills=(KillStatement(ProcesslistId(1), LONG),))
    logged = said(
        {1158: 1}, aborted_clients=1, log=(LogEntry(NOW + 0.25, LONG, ProcesslistId(1), Cause.CLIENT_LOST),)
    )

    assert 200 == shown(missed(one(), clues=killed)[0].evidence[0])
    assert 400 == shown(missed(one(), clues=logged)[0].evidence[0])


def test_a_hundred_characters_of_a_logged_user_and_255_of_a_host_are_kept() -> None:
    text = f"Aborted connection 8 to db: 'shop' user: '{'x' * 100}' host: '{'x' * 255}' (x)"
    (past,) = departures.past_departures(
        [LogEntry(NOW, text, ProcesslistId(8), Cause.CLIENT_LOST)], NOW, NOW + 1
    )

    assert (100, 255) == (len(past.verdict.session.user), len(past.verdict.session.host))
