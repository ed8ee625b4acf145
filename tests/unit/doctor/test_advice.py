"""Advice: what each limit would cut and free, one to set, or for how much longer to watch."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest

from goneaway_tui.doctor.advice import (
    MARGIN,
    MIN_LIMIT_SECONDS,
    TEXT_FORMATS,
    Advice,
    _more_words,
    advice_data,
    advise,
    candidate_rows,
    group_rows,
    limit_for,
    more_seconds,
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
        ([2460.0] * 200, 3600, "The longest gap so far is 41 minutes"),
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

    assert "The server closed 12 sessions after 10 m (600 s)" in because
    assert "2 more reuses are not counted" in because
    assert "Monitored for 66 minutes only" in because


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


# --- Boundaries


@pytest.mark.parametrize(
    ("gap", "limit"),
    [(48.0, 60), (48.1, 90), (80.0, 120), (144.0, 180), (144.1, 240), (0.0, 60), (400_000_000.0, 31_536_000)],
)
def test_the_limit_is_the_least_of_the_ladder_that_leaves_a_quarter_above_the_longest_gap(
    gap: float, limit: int
) -> None:
    assert limit == limit_for(gap)


@pytest.mark.parametrize(
    ("gaps", "seconds", "more"),
    [
        ([2.0] * 100, 300, None),
        ([2.0] * 100, 299, 1),
        ([100.0] * 100, 500, None),
        ([100.0] * 100, 499, 1),
        ([2.0] * 99, 1000, 60),
        ([2.0] * 50, 1000, 1000),
        ([2.0] * 1, 1000, 99_000),
        ([2.0] * 1, 10_000, 594_800),
        ([2.0] * 1, 604_800, 60),
        ([], 1000, 85_400),
        ([], 86_400, 3600),
    ],
)
def test_for_how_much_longer_to_watch(gaps: list[float], seconds: float, more: float | None) -> None:
    """Five minutes, a hundred reuses at the rate so far but no more than a week, five times the longest gap; a day for the first."""
    assert more == more_seconds(observed(a_group(WEB, gaps), seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10.0, "1 more minute"),
        (60.0, "2 more minutes"),
        (5400.0, "90 more minutes"),
        (5401.0, "2 more hours"),
        (7200.0, "2 more hours"),
        (9000.0, "3 more hours"),
    ],
)
def test_the_time_to_watch_is_rounded_up(seconds: float, words: str) -> None:
    assert f"Watch for {words}" == _more_words(seconds)


def limits_of(advice: Advice) -> list[int]:
    return [row.limit_seconds for row in advice.candidates]


def test_candidates_reach_the_recommended_limit_and_the_one_now() -> None:
    gaps = observed(a_group(WEB, [4.0] * 500))

    assert [10, 15, 20, 30, 45, 60] == limits_of(advise(gaps))
    assert [10, 15, 20, 30, 45, 60, 75] == limits_of(advise(gaps, 75.5))
    assert 28_800 == limits_of(advise(gaps, 28_800))[-1]
    assert [28_800, 100_000] == limits_of(advise(gaps, 100_000))[-2:]
    assert [1, 10] == limits_of(advise(gaps, 1))[:2]
    assert 10 == limits_of(advise(gaps, 0.5))[0]


@pytest.mark.parametrize(
    ("web", "number", "has_own"),
    [(2460.0, 50, True), (2460.0, 51, False), (4000.0, 50, False), (60.0, 50, True)],
    ids=["eight times, a twentieth", "more than a twentieth", "five times", "three hundred times"],
)
def test_a_limit_of_its_own_is_for_few_reuses_with_gaps_eight_times_as_long(
    web: float,
    number: int,
    has_own: bool,  # noqa: FBT001
) -> None:
    groups = a_group(WEB, [4.0] * 949 + [web]), a_group(NIGHTLY, [21_000.0] * number)

    assert (((NIGHTLY, 28_800),) if has_own else ()) == advise(observed(*groups, freed=40.0)).own_limits


def test_of_many_groups_all_above_the_step_get_limits_of_their_own() -> None:
    monthly, unused = GroupKey("batch", "monthly"), GroupKey("idle", "")
    groups = (
        a_group(monthly, [300_000.0]),
        a_group(WEB, [4.0] * 950),
        a_group(unused, []),
        a_group(NIGHTLY, [21_000.0] * 5),
    )
    advice = advise(observed(*groups, freed=40.0, seconds=30 * DAY_SECONDS))

    assert 60 == advice.limit_seconds
    assert ((NIGHTLY, 28_800), (monthly, 604_800)) == advice.own_limits


@pytest.mark.parametrize(("freed", "has_own"), [(1.0, True), (0.9, False)])
def test_a_limit_of_its_own_is_worth_one_session_on_average(freed: float, has_own: bool) -> None:  # noqa: FBT001
    groups = a_group(WEB, [4.0] * 950), a_group(NIGHTLY, [21_000.0] * 5)

    assert has_own == bool(advise(observed(*groups, freed=freed)).own_limits)


def reasons(freed: float, current: float | None = None) -> str:
    return " ".join(advise(observed(a_group(WEB, [4.0] * 500), freed=freed), current).because)


def test_what_the_limit_would_have_closed_is_told_from_a_twentieth_of_a_session_on() -> None:
    assert "closed 0.1 idle sessions on average, and at most 0" in reasons(0.05)
    assert "closed no session while" in reasons(0.04)


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (59, "less than 1.25 times the longest gap"),
        (28_800, "keeps 40.0 more idle sessions open on average"),
        (90, "It did no harm while"),
    ],
)
def test_the_limit_now_is_compared(current: float, words: str) -> None:
    assert words in reasons(40.0, current)
    assert "The limit is now" not in reasons(40.0, 60)
    assert "The limit is now" not in reasons(40.0)


@pytest.mark.parametrize(("gap", "words"), [(0.05, "keeps 0.1 more"), (0.04, "did no harm")])
def test_a_twentieth_of_a_session_more_is_no_harm(gap: float, words: str) -> None:
    assert words in reasons(gap, 28_800)


def test_one_day_is_long_enough_to_say_nothing_of_daily_jobs() -> None:
    group = a_group(WEB, [4.0] * 500)

    assert not any(
        "Monitored for" in reason for reason in advise(observed(group, seconds=DAY_SECONDS)).because
    )
    assert any(
        "Monitored for" in reason for reason in advise(observed(group, seconds=DAY_SECONDS - 1)).because
    )


def test_the_shortest_idle_time_of_all_that_timed_out_is_told() -> None:
    groups = (
        a_group(WEB, [4.0] * 500, timed_out=12, timed_out_after=600.2),
        a_group(NIGHTLY, [4.0], timed_out=1, timed_out_after=90.0),
        a_group(GroupKey("c", ""), [4.0], timed_out=1),
    )

    assert "The server closed 14 sessions after 90 s" in " ".join(advise(observed(*groups)).because)
    alone = advise(observed(a_group(WEB, [4.0] * 500, timed_out=1))).because
    assert not any("The server closed" in reason for reason in alone)


def test_at_most_six_settings_are_named_and_each_group_gets_its_own_limit() -> None:
    clients = (
        "mysqlnd",
        "libmysql 9",
        "mysql connector/j 9",
        "go-mysql-driver",
        "node-mysql-2 3",
        "mysqlconnector 2",
        "pymysql 1",
    )
    groups = [
        a_group(GroupKey(str(number), ""), [4.0] * 90, client=client) for number, client in enumerate(clients)
    ]
    unused = a_group(GroupKey("x", ""), [], client="mariadb connector/j 3")
    advice = advise(observed(*groups, unused))

    assert 6 == len(advice.remedies)
    assert any("SetConnMaxIdleTime(54 * time.Second)" in remedy for remedy in advice.remedies)
    assert not any("MariaDB Connector/J" in remedy for remedy in advice.remedies)


def test_a_group_with_a_limit_of_its_own_gets_settings_for_it() -> None:
    nightly = a_group(NIGHTLY, [21_000.0] * 7, client="go-mysql-driver 1.9")
    advice = advise(observed(a_group(WEB, [4.0] * 5000), nightly, freed=40.0))

    assert any("SetConnMaxIdleTime(25920 * time.Second)" in remedy for remedy in advice.remedies)


# --- In writing


def test_the_table_of_limits_leaves_out_rows_that_say_the_same() -> None:
    advice = advise(observed(a_group(WEB, [4.0] * 500), freed=40.0), 28_800)

    assert [
        ("10 s", "0", "0.00 %", "40.0", "40", ""),
        ("1 m", "0", "0.00 %", "40.0", "40", "← recommended"),
        ("8 h", "0", "0.00 %", "0.0", "40", "← now"),
    ] == candidate_rows(advice)


def test_a_share_is_in_percent_of_all_reuses() -> None:
    advice = advise(observed(a_group(WEB, [4.0] * 750 + [2460.0] * 250)))

    assert ("10 s", "250", "25.00 %") == candidate_rows(advice)[0][:3]
    assert "–" == candidate_rows(advise(observed()))[0][2]


def test_the_table_of_groups_shows_gaps_and_a_dash_where_there_are_none() -> None:
    groups = (a_group(WEB, [0.5] * 60 + [9.2] * 35 + [2460.0] * 5), a_group(NIGHTLY, []))
    rows = group_rows(advise(observed(*groups)))

    assert ("gunicorn (shop)", "10", "100", "< 1 s", "10 s", "41 m", "41 m") == rows[0]
    assert ("nightly (batch)", "10", "0", "–", "–", "–", "–") == rows[1]


@pytest.mark.parametrize(("number", "hidden"), [(12, None), (13, "1 more groups"), (15, "3 more groups")])
def test_twelve_groups_are_shown(number: int, hidden: str | None) -> None:
    groups = [a_group(GroupKey(f"user{place}", ""), [4.0] * 100) for place in range(number)]
    lines = list(TEXT_FORMATS["text"](advise(observed(*groups))))

    assert 12 == sum(line.startswith("user") for line in lines)
    assert [line for line in lines if "more groups" in line] == (
        [] if hidden is None else [f"{hidden}: --format=json lists them all."]
    )


def test_sentences_are_wrapped_at_eighty_columns_where_no_width_is_given() -> None:
    widths = set()
    for length in range(1, 40):
        advice = advise(observed(a_group(WEB, [4.0] * 500), freed=40.0), None, "s" * length)
        lines = takewhile(lambda line: not line.startswith("Limit"), TEXT_FORMATS["text"](advice))
        widths |= {len(line) for line in lines}

    assert 80 == max(widths)


def test_figures_stand_to_the_right_and_notes_to_the_left() -> None:
    lines = list(TEXT_FORMATS["text"](advise(observed(a_group(WEB, [4.0] * 500), freed=40.0), 28_800)))
    start = next(index for index, line in enumerate(lines) if line.startswith("Limit"))

    assert [
        "Limit  Reuses cut   Share  Freed, mean  Freed, peak",
        "10 s            0  0.00 %         40.0           40",
        "1 m             0  0.00 %         40.0           40  ← recommended",
        "8 h             0  0.00 %          0.0           40  ← now",
    ] == lines[start : start + 4]


def test_markdown_has_a_column_of_words_and_columns_of_figures() -> None:
    lines = list(TEXT_FORMATS["markdown"](advise(observed(a_group(WEB, [4.0] * 500), freed=40.0))))

    assert "|---|" + "--:|" * 5 in lines
    assert "|---|" + "--:|" * 6 in lines


def test_the_data_rounds_and_leaves_out_what_is_not_known() -> None:
    advice = advise(observed(a_group(WEB, [4.0] * 2 + [2460.0]), seconds=10_000.0, freed=1.0), None, "db1")
    data: dict[str, Any] = advice_data(advice)
    row = next(row for row in data["candidates"] if row["limit_seconds"] == 1800)

    assert "db1" == data["server_name"]
    assert "server_name" not in advice_data(advise(observed()))
    assert (0.333333, 1, 1, 1.0) == (
        row["reuses_cut_share"], row["reuses_cut"], row["reuses_certainly_cut"], row["idle_sessions_freed"]
    )  # fmt: skip
    thousandths: Any = advice_data(advise(observed(a_group(WEB, [4.0]), freed=1.2346)))["candidates"]
    assert 1.235 == thousandths[0]["idle_sessions_freed"]
    assert isinstance(data["recommendation"]["watch_seconds_more"], int)
    assert data["groups"][0]["gap_seconds"] == {"p50": 5.0, "p90": 2460.0, "p99": 2460.0, "max": 2460.0}
    assert advice_data(advise(observed()))["candidates"][0]["reuses_cut_share"] is None  # type: ignore[index]


def test_days_are_in_order_each_with_its_longest_gap() -> None:
    first, second = (a_group(WEB, [gap] * 200) for gap in (4.0, 9.0))
    days: Any = advice_data(advise(observed(replace(second, day=20_001), replace(first, day=20_000))))["days"]

    assert [("2024-10-04", 200, 4.0), ("2024-10-05", 200, 9.0)] == [
        (row["day"], row["reuses"], row["longest_gap_seconds"]) for row in days
    ]
