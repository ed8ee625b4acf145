"""The doctor in another language than English: nothing left unsaid in it, and no line longer than it may be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from unicodedata import east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.doctor.case import Case, FailingHost, RaisedError, ServerFacts
from goneaway_tui.doctor.diagnosis import diagnose, explain_log
from goneaway_tui.doctor.live import LiveState, cause_statuses
from goneaway_tui.doctor.report import wrapped, write_markdown, write_text
from goneaway_tui.i18n import EnglishCatalogue, set_language
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import CODES, ErrorEvent, FailureKind
from goneaway_tui.logs.timestamps import Timestamp
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.server import Flavour
from goneaway_tui.text.width import padded
from tests.builders import NOW, a_session, a_snapshot, a_verdict

LOGS = sorted((Path(__file__).parent / "corpus").glob("*.log"))
NOON = Timestamp(datetime(2026, 11, 23, 12, tzinfo=UTC), zoned=True)
AT = NOON.clock_seconds
COLUMNS = 80


class Bracketed:
    """A language that can be told from English, and of which every sentence shows where it ends."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return f"⟦{message}⟧"

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return f"⟦{one if number == 1 else many}⟧"


class Wide:
    """A language of wide characters, without a blank to break a line at."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return message.replace(" ", "，空")

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return Wide.gettext(one if number == 1 else many)


@pytest.fixture
def bracketed() -> Iterator[None]:
    set_language(Bracketed())
    yield
    set_language(EnglishCatalogue())


@pytest.fixture
def wide() -> Iterator[None]:
    set_language(Wide())
    yield
    set_language(EnglishCatalogue())


@cache
def outside(text: str) -> str:
    """What of a text was not said in the language of the run."""
    depth, left = 0, []
    for each in text:
        depth += (each == "⟦") - (each == "⟧")
        if depth == 0 and each != "⟧":
            left.append(each)
    return "".join(left)


def texts(found: Finding) -> Iterator[str]:
    yield from (*found.because, *found.against, *found.remedies)
    if found.prove:
        yield found.prove


def width(line: str) -> int:
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in line)


def servers() -> Iterator[ServerFacts]:
    """Some that know little, some that know much."""
    told = {
        "wait_timeout": 600.0,
        "max_allowed_packet": 1024.0**2,
        "max_connections": 151.0,
        "idle_transaction_timeout": 30.0,
    }
    yield ServerFacts()
    for flavour in Flavour:
        for up in (-30.0, 20.0, 4000.0, 40 * 86_400.0):
            yield ServerFacts(
                "db1:3306",
                flavour,
                read_at=AT + 60,
                started_at=AT - up,
                limits=told,
                counters={"aborted_clients": 0, "com_kill": 0, "max_used_connections": 150},
                counts_errors=True,
                failing_hosts=(FailingHost("192.0.2.7", 100, 3),),
                session_count=140,
            )
        yield ServerFacts(
            "",
            flavour,
            started_at=AT - 9000,
            limits=told,
            counters={"aborted_clients": 3, "com_kill": 0},
            errors=(RaisedError(4031, 2, "shop", "web-3", AT - 9, AT - 9),),
            log_entries=(LogEntry(AT - 30, "mysqld: ready", None, Cause.SERVER_RESTART),),
            killed_at=AT - 70,
        )
    verdict = a_verdict(a_session())
    yield ServerFacts(departures=(Departure(verdict, AT - 3, 0.1, Cause.KILLED, Certainty.CONFIRMED),))


def error_events() -> Iterator[ErrorEvent]:
    """Every code, and losses in every manner, of connections of which the log tells much and little."""
    for code in (*CODES, None):
        event = ErrorEvent(7, NOON, "x", code)
        says = CODES[code].stated_cause if code in CODES else None
        yield replace(event, stated_cause=says, certainty=Certainty.LIKELY, from_server_log=True)
        yield replace(event, stated_cause=says, certainty=Certainty.CONFIRMED)
    for code in (2006, 2013, 2003, None):
        for how in FailureKind:
            event = ErrorEvent(7, NOON, "x", code, failures=frozenset({how}))
            yield replace(
                event, idle_seconds=350.0, statement_bytes=2_000_000, lost_near=3, refused_near=True
            )
            yield replace(
                event, idle_seconds=0.009, silent_seconds=700.0, used_after_close=True, offline_near=True
            )
            yield event


@pytest.mark.long
@pytest.mark.usefixtures("bracketed")
def test_every_finding_is_translated() -> None:
    events = list(error_events())
    for path in LOGS:
        events += find_error_events([path.read_bytes()])
    unsaid = {
        text
        for server in servers()
        for each in events
        for found in diagnose(Case(each, server))
        for text in texts(found)
        if outside(text)
    }

    assert not unsaid


@pytest.mark.usefixtures("bracketed")
def test_findings_about_a_live_server_are_translated_too() -> None:
    left = Departure(a_verdict(), NOW - 60.0, 0.5, Cause.KILLED, Certainty.CONFIRMED)
    states = [
        LiveState(a_snapshot(counters=counters, variables=variables, sessions=sessions), departures, NOW)
        for counters in ({}, {"com_kill": 0, "aborted_clients": 0}, {"com_kill": 2, "aborted_clients": 3})
        for variables in (
            {},
            {"max_connections": 151, "idle_transaction_timeout": 0},
            {"max_allowed_packet": 1 << 20, "net_read_timeout": 30, "idle_transaction_timeout": 60},
        )
        for sessions in ([], [a_session(idle_for=55, own_limit=60)], [a_session(idle_for=8000)])
        for departures in ((), (left,))
    ]
    unsaid = {
        text for each in states for found in cause_statuses(each) for text in texts(found) if outside(text)
    }

    assert not unsaid


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize("write", [write_text, write_markdown])
def test_of_an_answer_only_the_log_is_quoted_as_it_is(write: object) -> None:
    lines: list[str] = []
    for path in LOGS[:4]:
        write(explain_log("app.log", [path.read_bytes()]), lines.append, "db1")  # type: ignore[operator]
    prose = outside(
        "\n".join(line for line in "".join(lines).splitlines() if not line.lstrip().startswith(("|", ">")))
    )
    for known in ("app.log", "https://", "##"):
        prose = prose.replace(known, "")
    words = {word.strip(":.,*-") for word in prose.split()}

    assert not {word for word in words if word.isalpha() and word.islower()}


@pytest.mark.usefixtures("wide")
def test_an_answer_in_wide_characters_keeps_within_its_columns() -> None:
    lines: list[str] = []
    for path in LOGS:
        write_text(explain_log("app.log", [path.read_bytes()]), lines.append)
    told = [line for line in "".join(lines).splitlines() if "https://" not in line]

    assert [] == [line for line in told if width(line) > COLUMNS]
    assert [] == [line for line in told if line.lstrip().startswith("，")]


@given(
    st.lists(
        st.text(st.characters(max_codepoint=126, min_codepoint=33), min_size=1, max_size=8), min_size=1
    ).map(" ".join),
    st.integers(12, 90),
)
def test_narrow_text_is_laid_out_as_it_always_was(text: str, columns: int) -> None:
    expected = textwrap.wrap(
        text, columns, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )

    assert expected == wrapped(text, columns, "  ", "    ")


@given(st.text("ab-（，。」空闲 「x超时😀é"), st.integers(12, 40))
def test_no_line_is_too_wide_and_nothing_but_blanks_is_lost(text: str, columns: int) -> None:
    lines = wrapped(text, columns, "  ")
    long = max(map(len, text.split("a")), default=0)

    assert text.replace(" ", "") == "".join(lines).replace(" ", "")
    assert long > columns // 4 or all(width(line) <= columns for line in lines)


@pytest.mark.parametrize(("label", "filled"), [("why", "why    "), ("依据", "依据   "), ("", "       ")])
def test_labels_stand_in_their_columns(label: str, filled: str) -> None:
    assert filled == padded(label, 7)


def test_wide_punctuation_is_held_to_what_it_belongs_to() -> None:
    assert ["空闲超时", "（28800", "s）。见日", "志。"] == wrapped("空闲超时（28800 s）。见日志。", 9)
