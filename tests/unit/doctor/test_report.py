"""Where a cause is confirmed, all others are one line for a person, and whole in the data."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from goneaway_tui.doctor.diagnosis import Explanation, explain_log
from goneaway_tui.doctor.report import other_findings_words, write_json, write_markdown, write_text
from goneaway_tui.model.cause import Cause, Certainty, Finding

FULL = b"2026-11-23 22:00:00 ERROR pymysql.err.OperationalError: (1040, 'Too many connections')\n"
GONE = b"2026-11-23 22:00:00 ERROR pymysql.err.OperationalError: (2006, 'MySQL server has gone away')\n"


def written(write: Callable[..., int], log: bytes) -> str:
    told: list[str] = []
    errors: list[Explanation] = list(explain_log("app.log", [log]))
    write(errors, told.append)
    return "".join(told)


def test_the_text_names_the_others_in_one_line() -> None:
    lines = written(write_text, FULL).splitlines()

    assert "  It was too many connections" in lines
    (others,) = (nth for nth, line in enumerate(lines) if "Ruled out:" in line)
    assert "Ruled out: idle timeout, server restart, killed, packet too large." in " ".join(
        line.strip() for line in lines[others : others + 2]
    )
    assert not any(line.strip().startswith(("Not ", "Possible ", "Less likely")) for line in lines)


def test_markdown_names_the_others_in_one_line() -> None:
    lines = written(write_markdown, FULL).splitlines()

    assert ["- **too many connections**: confirmed"] == [line for line in lines if line.startswith("- **")]
    assert 1 == sum("Ruled out:" in line for line in lines)


def test_possible_causes_are_listed_apart_from_ruled_out_causes() -> None:
    findings = [
        Finding(Cause.IDLE_TIMEOUT, Certainty.CONFIRMED),
        Finding(Cause.KILLED, Certainty.POSSIBLE),
        Finding(Cause.SERVER_RESTART, Certainty.RULED_OUT),
    ]

    assert "Also possible: killed. Ruled out: server restart." == other_findings_words(findings)


def test_the_data_keeps_every_finding() -> None:
    (error,) = json.loads(written(write_json, FULL))["errors"]

    assert len(error["findings"]) > 3
    assert {"confirmed", "ruled_out"} == {each["certainty"] for each in error["findings"]}


@pytest.mark.parametrize("write", [write_text, write_markdown])
def test_several_causes_are_listed_where_none_is_confirmed(write: Callable[..., int]) -> None:
    told = written(write, GONE)

    assert "Also possible:" not in told
    assert all(cause in told for cause in ("idle timeout", "server restart", "killed"))


def test_no_line_repeats_the_line_before_it() -> None:
    lines = written(write_text, FULL).splitlines()

    assert all(one != other for one, other in pairwise(lines) if one.strip())
