"""Logs that real clients wrote on real servers: every error once, with its code, time, client and cause."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs import client_log
from goneaway_tui.logs.blocks import WHOLE_LOG_BYTES
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import ErrorEvent
from goneaway_tui.model.cause import Cause, Certainty

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
with (CORPUS / "manifest.tsv").open(encoding="utf-8") as manifest:
    ROWS = list(csv.DictReader(manifest, delimiter="\t"))


@cache
def found(name: str) -> tuple[ErrorEvent, ...]:
    return tuple(find_error_events([(CORPUS / name).read_bytes()]))


def test_every_log_has_its_rows_and_every_row_its_log() -> None:
    assert {path.name for path in CORPUS.glob("*.log")} == {row["file"] for row in ROWS}


@pytest.mark.parametrize("name", sorted({row["file"] for row in ROWS}))
def test_every_error_is_found_and_found_once(name: str) -> None:
    assert [int(row["line"]) for row in ROWS if row["file"] == name] == [one.line for one in found(name)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['file']}:{row['line']}")
def test_an_error_is_understood(row: dict[str, str]) -> None:
    event = next(one for one in found(row["file"]) if one.line == int(row["line"]))
    findings = diagnose(Case(event))
    ranked = [finding.cause.value for finding in findings]
    sure = [finding.cause.value for finding in findings if finding.certainty is Certainty.CONFIRMED]

    assert row["code"] == ("-" if event.code is None else str(event.code))
    assert row["at"] == (event.timestamp.iso if event.timestamp else "-")
    assert row["client"] == (event.client.name or "-")
    assert row["cause"] in ranked[: int(row["rank"])]
    assert findings[ranked.index(row["cause"])].certainty is not Certainty.RULED_OUT
    assert sure in ([], [row["cause"]])


def test_only_a_killed_server_without_a_log_entry_may_rank_fourth() -> None:
    assert {row["cause"] for row in ROWS if int(row["rank"]) > 3} == {Cause.SERVER_CRASH.value}


def test_what_is_about_something_else_is_not_reported() -> None:
    lines = (HERE / "unrelated.log").read_bytes()

    assert [] == [one.text for one in find_error_events([lines])]


@pytest.mark.parametrize("line", (HERE / "unrelated.log").read_text(encoding="utf-8").splitlines())
def test_nor_is_any_of_it_alone(line: str) -> None:
    assert [] == [one.text for one in find_error_events([line.encode()])]


def test_a_hint_hides_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hints every line would be searched for every pattern."""
    lines = [
        line
        for path in [
            *CORPUS.glob("*.log"),
            *(HERE / "logs").glob("*.*"),
            HERE / "test_written.py",
            HERE / "unrelated.log",
        ]
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    hinted = [client_log.parse_line(line) for line in lines]
    monkeypatch.setattr(client_log, "PREFILTER_WORDS", ("",))

    assert hinted == [client_log.parse_line(line) for line in lines]
    assert any(hinted)


@pytest.mark.parametrize("name", sorted({row["file"] for row in ROWS}))
def test_in_a_log_too_long_to_be_read_line_by_line_the_same_is_found(name: str) -> None:
    ordinary = b"2026-11-22 22:00:00,000 INFO order 42 was shipped to a happy customer\n"
    before = WHOLE_LOG_BYTES // len(ordinary) + 1
    long = tuple(find_error_events([ordinary * before, (CORPUS / name).read_bytes(), ordinary * before]))

    assert [(one.line + before, one.code, one.stated_cause) for one in found(name)] == [
        (one.line, one.code, one.stated_cause) for one in long
    ]
