"""Advice: what each limit would cut and free, one to set, or for how much longer to watch."""

from __future__ import annotations

from typing import Any

import pytest

from goneaway_tui.doctor.advice import (
    MARGIN,
    MIN_LIMIT_SECONDS,
    TEXT_FORMATS,
    Advice,
    advice_data,
    advise,
)
from goneaway_tui.judge.reuse_gaps import (
    DAY_SECONDS,
    LIMIT_LADDER,
    GroupGaps,
    GroupKey,
    ReuseGaps,
    Tally,
)
from tests.builders import NOW
from tests.schemas import check

WEB, NIGHTLY = GroupKey("shop", "gunicorn"), GroupKey("batch", "nightly")


def a_group(key: GroupKey, gaps: list[float], **fields: Any) -> GroupGaps:
    tally = Tally(**{"sessions": 10, **fields})
    for gap in gaps:
        tally.count(gap, gap)
    return tally.frozen(key, int(NOW // DAY_SECONDS))


def observed(*groups: GroupGaps, seconds: float = 7 * DAY_SECONDS, freed: float = 0.0) -> ReuseGaps:
    """`freed`: how many sessions a limit below a day would have closed, on average."""
    rows = tuple((limit, seconds * freed * (limit < DAY_SECONDS / 3), int(freed)) for limit in LIMIT_LADDER)
    return ReuseGaps(NOW, NOW + seconds, seconds, groups, rows)


def test_the_limit_leaves_a_margin_above_the_longest_gap() -> None:
    advice = advise(observed(a_group(WEB, [4.0] * 500 + [2460.0])))

    assert 3600 == advice.limit_seconds
    assert MARGIN * 2460 <= 3600
    assert "2460 s" in advice.because[0]


def test_no_limit_below_a_minute_is_recommended() -> None:
    assert MIN_LIMIT_SECONDS == advise(observed(a_group(WEB, [1.5] * 500))).limit_seconds


def test_candidates_count_what_they_cut_by_group() -> None:
    advice = advise(observed(a_group(WEB, [4.0] * 500 + [2460.0]), a_group(NIGHTLY, [1300.0] * 3)))
    by_limit = {row.limit_seconds: row for row in advice.candidates}

    assert [4, 1, 0] == [by_limit[limit].cut for limit in (900, 1800, 3600)]
    assert ((NIGHTLY, 3), (WEB, 1)) == by_limit[900].groups


@pytest.mark.parametrize(
    ("gaps", "seconds", "words"),
    [
        ([], 3600, "no session ran anything"),
        ([2.0] * 30, 60, "Watch for"),
        ([2460.0] * 200, 3600, "the longest gap so far is 41 minutes"),
        ([2.0] * 3, 7200, "3 reuses in 2 hours"),
    ],
)
def test_where_too_little_was_seen_nothing_is_recommended(
    gaps: list[float], seconds: float, words: str
) -> None:
    advice = advise(observed(a_group(WEB, gaps), seconds=seconds))

    assert advice.limit_seconds is None
    assert words in advice.because[0]
    assert advice.more_seconds is not None
    assert advice.more_seconds > 0


def test_a_few_sessions_with_far_longer_gaps_get_a_limit_of_their_own() -> None:
    groups = a_group(WEB, [4.0] * 5000), a_group(NIGHTLY, [21_000.0] * 7)
    advice = advise(observed(*groups, freed=40.0), 28_800)

    assert (60, ((NIGHTLY, 28_800),)) == (advice.limit_seconds, advice.own_limits)
    assert any("nightly (batch) needs a limit of its own" in reason for reason in advice.because)


def test_one_limit_serves_all_where_a_shorter_one_frees_nothing() -> None:
    groups = a_group(WEB, [4.0] * 5000), a_group(NIGHTLY, [21_000.0] * 7)
    advice = advise(observed(*groups), 28_800)

    assert (28_800, ()) == (advice.limit_seconds, advice.own_limits)


def test_what_cannot_be_known_is_said() -> None:
    group = a_group(WEB, [4.0] * 500, timed_out=12, timed_out_after=600.2, unmeasured=2)
    because = " ".join(advise(observed(group, seconds=4000)).because)

    assert "The server closed 12 sessions after 600 s" in because
    assert "2 more reuses are not counted" in because
    assert "Watched for 66 minutes only" in because


def test_remedies_are_those_of_the_clients_that_were_seen() -> None:
    advice = advise(observed(a_group(WEB, [4.0] * 500, client="pymysql 1.2.4")))

    assert any("PyMySQL" in remedy for remedy in advice.remedies)


def some_advice() -> list[Advice]:
    hostile = GroupKey("a\x1b[31m|b", "p\u202e")
    groups = (
        a_group(WEB, [0.2] * 50 + [4.0] * 5000),
        a_group(NIGHTLY, [21_000.0] * 7),
        a_group(hostile, [3.0]),
    )
    return [
        advise(observed(*groups, freed=40.0), 28_800, "db1:3306"),
        advise(observed(), None),
        advise(observed(*groups, seconds=60), 30),
    ]


@pytest.mark.parametrize("advice", some_advice(), ids=["whole", "empty", "short"])
def test_json_is_as_its_schema_says(advice: Advice) -> None:
    check("advise", advice_data(advice))


@pytest.mark.parametrize("format_name", TEXT_FORMATS)
@pytest.mark.parametrize("advice", some_advice(), ids=["whole", "empty", "short"])
def test_reports_hold_the_recommendation_and_nothing_that_controls_a_terminal(
    advice: Advice, format_name: str
) -> None:
    lines = list(TEXT_FORMATS[format_name](advice))

    assert any("timeout = " in line or "No recommendation" in line for line in lines)
    assert all(line.isprintable() for line in lines)
    if format_name == "text":
        assert max(map(len, lines)) <= 100
