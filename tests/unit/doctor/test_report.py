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


def written(write: Callable[..., int], log: bytes, *, verbose: bool = False) -> str:
    told: list[str] = []
    errors: list[Explanation] = list(explain_log("app.log", [log]))
    write(errors, told.append, verbose=verbose)
    return "".join(told)


def test_the_text_names_the_others_in_one_line() -> None:
    lines = written(write_text, FULL).splitlines()

    assert lines[0].endswith("1040  PyMySQL  too many connections: confirmed")
    (others,) = (nth for nth, line in enumerate(lines) if "Ruled out:" in line)
    assert "Ruled out: idle timeout, server restart, killed, packet too large." in " ".join(
        line.strip() for line in lines[others : others + 2]
    )
    assert not any(line.strip().startswith(("Not ", "Possible ", "Less likely")) for line in lines)


def test_markdown_names_the_others_in_one_line() -> None:
    lines = written(write_markdown, FULL).splitlines()

    assert ["- **too many connections: confirmed**"] == [line for line in lines if line.startswith("- **")]
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
def test_other_causes_are_one_line_and_all_are_whole_in_a_verbose_report(write: Callable[..., int]) -> None:
    short, whole = written(write, GONE), written(write, GONE, verbose=True)

    assert 1 == short.count("Also possible: ")
    assert "Also possible:" not in whole
    assert all(cause in whole for cause in ("idle timeout", "server restart", "killed"))
    assert len(whole) > 2 * len(short)


def test_the_verdict_of_every_kind_stands_first() -> None:
    lines = written(write_text, GONE + FULL + FULL).splitlines()

    assert "1. 2026-11-23T22:00:00  2006  PyMySQL  idle timeout: likely" == lines[0]
    assert lines[1].startswith(
        "2. 2026-11-23T22:00:00  1040  PyMySQL  too many connections: confirmed  2 times"
    )
    assert 1 == sum(line.strip().startswith("verify") for line in lines)


def test_a_verbose_report_lists_every_error() -> None:
    lines = written(write_text, FULL * 3, verbose=True).splitlines()

    assert 3 == sum(line.startswith("    app.log:") for line in lines)


def test_nothing_that_is_to_be_done_is_said_twice() -> None:
    lines = written(write_markdown, GONE, verbose=True).splitlines()
    remedies = [line for line in lines if line.startswith("  - remedy:")]

    assert len(remedies) > 5
    assert len(remedies) == len(set(remedies))


def test_an_unknown_cause_is_called_so() -> None:
    log = b"ERROR 2005 (HY000): Unknown MySQL server host 'db9' (-2)\n"

    assert "cause unknown" in written(write_text, log).splitlines()[0]


def test_a_guessed_year_is_marked() -> None:
    log = b"Nov 23 22:00:00 web-3 app[7]: (2006, 'MySQL server has gone away')\n"
    told: list[str] = []
    write_text(explain_log("app.log", [log], now=1_795_478_400.0), told.append)

    assert "2026-11-23T22:00:00 (year guessed)" in told[0]


def test_an_excerpt_begins_at_a_word_and_keeps_who_spoke() -> None:
    statement = "SELECT content, ttl, type FROM records WHERE disabled = 0 AND type = ? AND name = ? " * 3
    log = f"Nov 23 22:00:00 ns1 pdns[7]: Backend reported permanent error (lookup:{statement}: MySQL server has gone away)\n"
    (explanation,) = explain_log("ns.log", [log.encode()], now=1_795_478_400.0)

    assert explanation.text.startswith("pdns[7]: Backend reported permanent error")
    assert " ... " in explanation.text
    assert explanation.text.partition(" ... ")[2][0] in statement
    assert explanation.text.partition(" ... ")[2].split()[0] in statement.split()
    assert "gone away" in explanation.text


def test_no_line_repeats_the_line_before_it() -> None:
    lines = written(write_text, FULL).splitlines()

    assert all(one != other for one, other in pairwise(lines) if one.strip())
