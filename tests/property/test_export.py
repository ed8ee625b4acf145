"""Laws of the exporters: they write whatever a server can say, and what they write is what it claims to be."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from goneaway_tui.export import FORMATS
from goneaway_tui.export.csv import HEADER
from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour, Limitation, Server, Variable
from goneaway_tui.model.session import ProcesslistId, Role, Session, Transaction
from goneaway_tui.model.snapshot import Basis, Limit, Snapshot, Verdict
from goneaway_tui.text.format import clock_words, countdown, limit_words, parse_duration, size_words
from goneaway_tui.text.width import cell_width

texts = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(
        [
            "=cmd()",
            " \t+1",
            "]]>",
            "<!--",
            "\x1b[2J",
            "\x9b1m",
            "\u202e",
            "\ud800",
            "|`\\",
            '"\r\n',
            "商店",
            "&#0;",
        ]
    ),
)
maybe_texts = st.none() | texts
counts = st.none() | st.integers(0, 2**64 - 1)
instants = st.floats(0, 4e9)
anything = st.floats() | st.integers(-1, 2**64 - 1)

transactions = st.builds(Transaction, st.none() | instants, counts, counts, st.booleans())
sessions = st.builds(
    Session,
    id=st.integers(0, 2**64 - 1).map(ProcesslistId),
    user=texts,
    host=texts,
    db=maybe_texts,
    command=st.sampled_from(["Sleep", "Query", "Daemon"]) | texts,
    state=maybe_texts,
    statement=maybe_texts,
    program=maybe_texts,
    client=maybe_texts,
    role=st.sampled_from(Role),
    own=st.booleans(),
    idle_since=st.none() | instants,
    own_limit=st.none() | st.integers(0, 31_536_000),
    transaction=st.none() | transactions,
)
servers = st.builds(
    Server,
    st.sampled_from(Flavour),
    texts,
    texts,
    maybe_texts,
    st.none() | st.integers(0, 65_535),
    st.floats(0, 1e10),
    st.lists(st.integers(0, 2**64 - 1)).map(tuple),
)
known = st.sampled_from(
    ["wait_timeout", "interactive_timeout", "max_allowed_packet", "connect_timeout", "max_connections"]
)
variables = st.builds(
    Variable, known | texts, st.none() | anything, st.none() | anything, st.none() | anything
)
samples = st.builds(
    Sample,
    instants,
    servers,
    st.lists(sessions, max_size=5).map(tuple),
    st.lists(variables, max_size=4).map(tuple),
    st.lists(st.tuples(texts, st.integers(0, 2**64 - 1)), max_size=3).map(tuple),
    st.lists(st.builds(Limitation, texts, texts, maybe_texts), max_size=2).map(tuple),
)
limits = st.builds(Limit, anything, texts, st.sampled_from(Basis), texts)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Judged as usual, then perhaps by someone who errs: the exporters show what they are given."""
    judged = judge(draw(samples))
    if draw(st.booleans()):
        return judged
    wild = tuple(
        Verdict(v.session, v.risk, draw(st.none() | limits), draw(st.none() | st.floats()))
        for v in judged.verdicts
    )
    return Snapshot(judged.sample, wild)


widely = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(snapshot: Snapshot, name: str) -> str:
    out = io.StringIO(newline="")
    FORMATS[name].write(snapshot, out)
    return out.getvalue()


def refused(word: str) -> NoReturn:
    raise AssertionError(word)


@pytest.mark.parametrize("name", FORMATS)
@widely
@given(snapshot=snapshots())
def test_every_format_writes_every_snapshot_as_utf_8_with_a_last_line_end(
    name: str, snapshot: Snapshot
) -> None:
    assert written(snapshot, name).encode("utf-8")[-1:] == b"\n"


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json"}))
@widely
@given(snapshot=snapshots())
def test_nothing_that_controls_or_hides_reaches_a_reader(name: str, snapshot: Snapshot) -> None:
    hidden = {
        char
        for char in written(snapshot, name)
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }

    assert set() == hidden - {"\n"}


@widely
@given(snapshot=snapshots())
def test_nothing_that_controls_or_hides_is_raw_in_json(snapshot: Snapshot) -> None:
    hidden = {c for c in written(snapshot, "json") if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}

    assert set() == hidden - {"\n"}
    assert set() == set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(
        written(snapshot, "json")
    )


@widely
@given(snapshot=snapshots())
def test_json_parses_back_and_has_the_keys_of_the_contract(snapshot: Snapshot) -> None:
    data: dict[str, Any] = json.loads(written(snapshot, "json"), parse_constant=refused)
    keys = [
        "id",
        "user",
        "host",
        "db",
        "program",
        "command",
        "state",
        "statement",
        "idle_seconds",
        "limit",
        "deadline",
        "seconds_left",
        "risk",
        "own",
        "at_stake",
        "busy_seconds",
        "blocked_by",
        "waiting_seconds",
        "blocks",
    ]

    assert list(data) == ["schema", "taken_at", "server", "limitations", "variables", "counters", "sessions"]
    assert [keys] * len(snapshot.verdicts) == [list(session) for session in data["sessions"]]
    assert [v.session.id for v in snapshot.verdicts] == [session["id"] for session in data["sessions"]]


@widely
@given(snapshot=snapshots())
def test_csv_parses_back_to_one_row_a_session_and_none_of_it_runs(snapshot: Snapshot) -> None:
    rows = list(csv.reader(io.StringIO(written(snapshot, "csv"), newline=""), strict=True))

    assert [len(HEADER)] * (1 + len(snapshot.verdicts)) == [len(row) for row in rows]
    for row in rows[1:]:
        for name, cell in zip(HEADER, row, strict=True):
            if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")):
                assert math.isfinite(float(cell)), name


@pytest.mark.parametrize("name", ["html", "svg"])
@widely
@given(snapshot=snapshots())
def test_a_drawing_is_well_formed_whatever_it_shows(name: str, snapshot: Snapshot) -> None:
    ET.fromstring(written(snapshot, name))


@widely
@given(snapshot=snapshots())
def test_text_keeps_within_120_cells(snapshot: Snapshot) -> None:
    assert max(map(cell_width, written(snapshot, "text").split("\n"))) <= 120


@widely
@given(snapshot=snapshots())
def test_markdown_has_a_line_for_each_session_with_as_many_cells_as_the_heading(snapshot: Snapshot) -> None:
    rows = [line for line in written(snapshot, "markdown").split("\n") if line.startswith("| ")]
    bare = [row.replace("\\\\", "").replace("\\|", "") for row in rows]

    assert [12] * (2 + len(snapshot.verdicts)) == [row.count("|") for row in bare]


@given(st.integers(0, 400_000_000_000))
def test_a_limit_in_words_is_read_back_as_the_same_limit(milliseconds: int) -> None:
    assert milliseconds / 1000 == parse_duration(limit_words(milliseconds / 1000))


@given(st.integers(1, 31_536_000), st.floats(0, 1, exclude_max=True))
def test_idle_time_and_time_left_add_up_to_the_limit_before_the_deadline(limit: int, share: float) -> None:
    gone = limit * share
    assume(gone < limit)

    assert limit == seconds_in(clock_words(gone)) + seconds_in(countdown(limit - gone))


def seconds_in(shown: str) -> int:
    days, _, rest = shown.rpartition(" d ")
    total = 0
    for part in rest.split(":"):
        total = 60 * total + int(part)
    return 86_400 * int(days or 0) + total


@given(st.integers(0, 2**63))
def test_a_size_without_a_rounding_decimal_is_exact(number: int) -> None:
    words = size_words(number)
    figure, unit = words.replace(",", "").split()
    scale = 1024 ** ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].index(unit)

    assert figure.endswith(".0") or math.isclose(number, float(figure) * scale, rel_tol=0.05)
    assert "." in figure or number == int(figure) * scale
