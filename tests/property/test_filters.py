"""The filter language takes whatever is typed, and its terms are logic."""

from __future__ import annotations

import re
import time
import warnings

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goneaway_tui.judge import judge
from goneaway_tui.judge.filters import (
    COMPARISONS,
    DURATION_FIELDS,
    GROUPINGS,
    NO_FILTER,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    Filter,
    bounded_pattern,
    busy_or_idle_since,
    parse_filter,
)
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Basis, Risk, Verdict
from tests.builders import NOW, a_sample
from tests.property.facts import samples, sessions, strangers

values = st.one_of(
    st.sampled_from(["shop", "calm", "4711", '"SELECT 1"', '""', "web-3", "10.0.0.7:40112", "nofield:x"]),
    st.text(max_size=8).map(lambda text: '"' + text.replace('"', "") + '"'),
    st.text(st.characters(categories=["L", "N", "P"], exclude_characters='"'), min_size=1, max_size=8),
)
words = st.one_of(
    st.sampled_from(Risk).map(lambda risk: f"risk:{risk.value}"),
    st.sampled_from(Basis).map(lambda basis: f"basis={basis.value}"),
    st.builds("{}:{}".format, st.sampled_from(["trx", "own"]), st.sampled_from(["yes", "no"])),
)
measures = st.builds(
    "{}{}{}".format,
    st.sampled_from([*DURATION_FIELDS, *NUMBER_FIELDS]),
    st.sampled_from([*COMPARISONS]),
    st.integers(0, 10_000),
)
terms = st.one_of(
    values,
    words,
    measures,
    st.builds(
        "risk{}{}".format, st.sampled_from([*COMPARISONS]), st.sampled_from([risk.value for risk in Risk])
    ),
    st.builds("{}{}{}".format, st.sampled_from([*TEXT_FIELDS]), st.sampled_from([":", "="]), values),
)
typed = st.text() | st.text(" \"':=<>-_aikdlersu0123", max_size=30) | st.lists(terms).map(" ".join)
verdicts = (sessions | strangers).map(lambda session: judge(a_sample([session])).verdicts[0])


def parsed(text: str) -> Filter:
    """What the text means; a text that means nothing is another law's."""
    try:
        return parse_filter(text)
    except ValueError:
        assume(condition=False)
        raise


@given(typed, verdicts)
def test_whatever_is_typed_is_a_filter_or_a_sentence(text: str, verdict: Verdict) -> None:
    try:
        narrowed = parse_filter(text)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = "none needed"

        assert narrowed.matches(verdict, NOW) in {True, False}
        assert text == narrowed.text

    assert sentence


@given(terms, verdicts, st.floats(-1e6, 1e6))
def test_a_minus_turns_a_term_round(term: str, verdict: Verdict, later: float) -> None:
    assume(not term.startswith("-"))
    now = NOW + later

    assert parsed(term).matches(verdict, now) != parsed(f"-{term}").matches(verdict, now)


@given(terms, terms, verdicts)
def test_all_terms_must_hold(one: str, other: str, verdict: Verdict) -> None:
    both = parsed(f"{one} {other}").matches(verdict, NOW)

    assert both == (parsed(one).matches(verdict, NOW) and parsed(other).matches(verdict, NOW))


@given(terms, st.sampled_from([" ", "  ", "\t", "\n"]), verdicts)
def test_blanks_around_a_term_mean_nothing(term: str, blank: str, verdict: Verdict) -> None:
    assert parsed(term).matches(verdict, NOW) == parsed(f"{blank}{term}{blank}").matches(verdict, NOW)


@given(samples(), st.lists(terms, max_size=3).map(" ".join))
def test_more_terms_never_bring_a_session_back(sample: Sample, text: str) -> None:
    wide, narrow = parsed(text), parsed(f"{text} user:shop")

    for verdict in judge(sample).verdicts:
        assert narrow.matches(verdict, NOW) <= wide.matches(verdict, NOW)


@given(verdicts)
def test_a_session_is_found_by_what_it_is(verdict: Verdict) -> None:
    assert parse_filter(f"id:{verdict.session.id}").matches(verdict, NOW)
    assert parse_filter(f"risk:{verdict.risk.value}").matches(verdict, NOW)
    assert parse_filter(f"risk>={verdict.risk.value}").matches(verdict, NOW)
    assert not parse_filter(f"risk>{verdict.risk.value}").matches(verdict, NOW)


@given(verdicts, st.sampled_from([*TEXT_FIELDS]))
def test_a_session_is_found_by_its_own_text(verdict: Verdict, field: str) -> None:
    text = TEXT_FIELDS[field](verdict)
    assume('"' not in text)

    assert parse_filter(f'{field}:"{text}"').matches(verdict, NOW)
    assert parse_filter(f'{field}="{text}"').matches(verdict, NOW)
    assert parse_filter(f'"{text}"').matches(verdict, NOW)


@given(verdicts)
def test_empty_filter_matches_every_session(verdict: Verdict) -> None:
    assert NO_FILTER.matches(verdict, NOW)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        '"',
        "-",
        " ",
        ":",
        ">=",
        "a:",
        "a>",
        'a:"',
        'user:"x" ',
        "user:x ",
        "- ",
        "-a ",
        "id:1 ",
        "a-",
        "\x00",
    ],
)
def test_a_long_text_is_read_in_a_time_that_grows_with_its_length(piece: str) -> None:
    """At a quadratic pace any of these would take minutes; processor time, so that a busy machine does not matter."""
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    parse_filter(text)

    assert time.process_time() - began < 5


@given(st.text("ab.*+?(|)[]{}\\1,:^$", max_size=14), st.text("ab", max_size=12))
def test_a_bounded_pattern_finds_what_the_pattern_finds(text: str, searched: str) -> None:
    try:
        pattern = bounded_pattern(text)
    except ValueError:
        return

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        found = re.search(text, searched, re.IGNORECASE)
    assert bool(found) is bool(pattern.search(searched))


@given(
    st.lists(sessions, max_size=12), st.integers(1, 4), st.sampled_from(["", *(f"/{by}" for by in GROUPINGS)])
)
def test_the_oldest_and_the_others_are_all_whose_age_is_known(
    listed: list[Session], number: int, by: str
) -> None:
    snapshot = judge(a_sample(listed))
    oldest, others = (
        {
            id(verdict)
            for verdict in parse_filter(f"{minus}oldest:{number}{by}").select(snapshot.verdicts, NOW)
        }
        for minus in ("", "-")
    )

    assert not oldest & others
    assert oldest | others == {
        id(verdict)
        for verdict in snapshot.verdicts
        if verdict.risk is not Risk.EXEMPT and busy_or_idle_since(verdict) is not None
    }
