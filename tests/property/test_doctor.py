"""The doctor reads what anybody wrote: never an exception, the same wherever blocks are cut, in linear time."""

from __future__ import annotations

import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple, is_dataclass
from io import StringIO
from pathlib import Path
from re._constants import MAXREPEAT  # type: ignore[import-not-found]
from re._parser import SubPattern, parse  # type: ignore[import-not-found]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goneaway_tui.doctor import case as case_
from goneaway_tui.doctor.case import ServerFacts
from goneaway_tui.doctor.diagnosis import Explanation, explain_log
from goneaway_tui.doctor.report import FORMATS
from goneaway_tui.logs import blocks as blocks_
from goneaway_tui.logs import client_log, error_events, records, redact, server_log, timestamps
from goneaway_tui.logs.blocks import (
    AFTER_HIT_BYTES,
    BEFORE_HIT_BYTES,
    LINE_HEAD_BYTES,
    LINE_TAIL_BYTES,
    WHOLE_LOG_BYTES,
    find_blocks,
)
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.redact import redacted
from goneaway_tui.logs.timestamps import parse_timestamp
from goneaway_tui.model.cause import Certainty

CORPUS = Path(__file__).parents[1] / "unit" / "doctor"
REAL = [
    line
    for path in sorted(
        [*CORPUS.glob("corpus/*.log"), *CORPUS.glob("logs/*.err"), *CORPUS.glob("logs/*.json")]
    )
    for line in path.read_bytes().splitlines()
    if len(line) < 2000
]
ERROR = b"2026-11-23 22:00:00,000 ERROR pymysql.err.OperationalError: (2006, 'MySQL server has gone away')\n"
ORDINARY = b"2026-11-23 21:00:00,000 INFO order 42 was shipped to a happy customer\n"

logs = st.lists(st.sampled_from(REAL) | st.binary(max_size=200), max_size=40).map(b"\n".join)


def patterns_in(value: Any) -> Iterator[re.Pattern[str]]:
    """Every pattern of a table."""
    if isinstance(value, re.Pattern):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from patterns_in(astuple(value))
    elif isinstance(value, tuple):
        for each in value:
            yield from patterns_in(each)


def has_nested_loops(node: Any, *, within: bool = False) -> bool:
    """Whether a parsed pattern repeats without bound what itself repeats without bound."""
    if isinstance(node, SubPattern | list):
        return any(has_nested_loops(each, within=within) for each in node)
    if isinstance(node, tuple):
        loops = len(node) == 3 and node[1] is MAXREPEAT and isinstance(node[2], SubPattern)
        return (loops and within) or any(has_nested_loops(each, within=within or loops) for each in node)
    return False


def test_a_loop_in_a_loop_is_seen() -> None:
    assert has_nested_loops(parse("x(?:a|(b+)c)*"))
    assert not has_nested_loops(parse("a+(?:b{1,9})*c.*"))


def cut(log: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(each % (len(log) + 1) for each in at), len(log)]
    return [log[start:end] for start, end in itertools.pairwise(edges)]


@given(logs)
@settings(deadline=None)
def test_any_log_is_explained_without_an_exception_and_every_answer_can_be_written(log: bytes) -> None:
    found = list(explain_log("a\x1b[2J.log", [log], ServerFacts(), now=1e9))
    for write in FORMATS.values():
        out = StringIO()
        assert len(found) == write(iter(found), out.write)
        assert "\x1b" not in out.getvalue()
    out = StringIO()
    FORMATS["json"](iter(found), out.write)

    assert len(found) == len(json.loads(out.getvalue())["errors"])
    assert all(each.findings for each in found)


@given(logs)
@settings(deadline=None)
def test_text_fits_eighty_columns_but_for_links(log: bytes) -> None:
    out = StringIO()
    FORMATS["text"](explain_log("app.log", [log]), out.write)

    assert [] == [line for line in out.getvalue().splitlines() if len(line) > 80 and "https://" not in line]


@given(logs)
@settings(deadline=None)
def test_ruled_out_comes_last_and_confirmed_first(log: bytes) -> None:
    order = list(Certainty)
    for each in explain_log("app.log", [log]):
        ranks = [order.index(finding.certainty) for finding in each.findings]
        assert ranks == sorted(ranks)


@given(logs, st.lists(st.integers(min_value=0), max_size=6))
@settings(deadline=None)
def test_log_gives_the_same_result_wherever_its_blocks_are_cut(log: bytes, at: list[int]) -> None:
    assert list(find_error_events([log])) == list(find_error_events(cut(log, at)))


@given(st.lists(st.integers(min_value=0), max_size=6), st.integers(0, 6000), st.integers(0, 6000))
@settings(deadline=None, max_examples=25)
def test_errors_in_a_long_log_keep_their_lines_wherever_it_is_cut(
    at: list[int], one: int, other: int
) -> None:
    lines = [ORDINARY] * 8000
    for place in (one, other):
        lines[place] = ERROR
    log = b"".join(lines)
    assert len(log) > WHOLE_LOG_BYTES + BEFORE_HIT_BYTES + AFTER_HIT_BYTES

    assert [each + 1 for each in sorted({one, other})] == [
        each.line for each in find_error_events(cut(log, at))
    ]


@given(logs, logs)
@settings(deadline=None)
def test_reading_two_logs_finds_what_reading_each_finds(one: bytes, other: bytes) -> None:
    def told(*blocks: bytes) -> list[str]:
        return [each.text for log in blocks for each in find_error_events([log])]

    apart = b"\n" + ORDINARY * 2
    assert len(told(one, other)) >= len(told(one + apart + other)) - 1


@given(st.text())
def test_no_stamp_raises(text: str) -> None:
    read = parse_timestamp(text, 1e9)

    assert read is None or read.iso


@given(st.text())
def test_what_is_quoted_is_one_short_harmless_line(text: str) -> None:
    shown = redacted(text)

    assert len(shown) <= 300
    assert "\n" not in shown
    assert "\x1b" not in shown


@pytest.mark.long
@pytest.mark.parametrize(
    "hostile",
    [
        b"(2006, '" * 400_000,
        b"Error: 2006 " * 300_000,
        b"Lost connection to MySQL server " * 100_000,
        b"2026-11-23 22:00:00 5 [Warning] Aborted connection 5 to db: " + b"(((" * 1_000_000,
        b"2026-11-23 22:00:00 5 [Warning] Aborted connection 5 to db: \n" * 3_500,
        b"{" * 1_000_000 + b'"err_code" "msg" gone away',
        b"ERROR 2006 (HY000): " + b" " * 1_000_000 + b"gone away",
        b"mysql -p" * 100_000 + b"gone away",
        b"://a:" * 170_000 + b"server has gone away",
        b"server has gone away\t" * 50_000,
        b"onnect\n" * 70_000,
        b"A connection from " * 50_000,
        b"12:34:56 " * 100_000 + b"server has gone away",
    ],
    ids=lambda each: each[:24].decode(),
)
def test_hostile_bytes_cost_time_by_their_length_alone(hostile: bytes) -> None:
    """A megabyte of the worst: what were quadratic would take minutes; processor time, whatever else runs."""
    began = time.process_time()
    found: list[Explanation] = list(
        explain_log("-", [hostile[at : at + (1 << 18)] for at in range(0, len(hostile), 1 << 18)])
    )

    # `tests.bench.mutants` runs this under a profiler, which makes each call cost several times as much.
    limit_seconds = 10 if sys.getprofile() is None else 200
    assert time.process_time() - began < limit_seconds
    assert all(len(each.text) <= 300 for each in found)


@given(st.integers(0, 3 * 10**5), st.integers(0, 3 * 10**5))
@settings(deadline=None, max_examples=25)
def test_no_line_is_kept_whole_however_long(before: int, after: int) -> None:
    log = b"a" * before + b"server has gone away" + b"b" * after

    assert all(len(line.text) <= LINE_HEAD_BYTES + LINE_TAIL_BYTES + 5 for line in find_blocks([log]))


PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}.{nth}": pattern
    for module in (
        blocks_,
        client_log,
        error_events,
        records,
        redact,
        server_log,
        case_,
        timestamps,
    )
    for name, value in vars(module).items()
    for nth, pattern in enumerate(patterns_in(value))
}


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_has_a_loop_without_end_in_another(name: str) -> None:
    """What is quadratic, or worse, in a line: `(a+)+`. With this, and as no line is kept whole, time goes by bytes alone."""
    assert not has_nested_loops(parse(PATTERNS[name].pattern, PATTERNS[name].flags))
