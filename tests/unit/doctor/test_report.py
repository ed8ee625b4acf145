"""Where a cause is confirmed, all others are one line for a person, and whole in the data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from goneaway_tui.doctor.diagnosis import Explanation, explain_log
from goneaway_tui.doctor.report import (
    FORMATS,
    code_words,
    escaped,
    grouped_events,
    other_findings_words,
    report_lines,
    write_json,
    write_markdown,
    write_text,
)
from goneaway_tui.logs.error_events import ErrorEvent
from goneaway_tui.logs.timestamps import Timestamp
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


# --- Form


def an_explanation(**fields: Any) -> Explanation:
    event = ErrorEvent(
        fields.pop("line", 7), None, text=fields.pop("text", "gone away"), code=fields.pop("code", 2006)
    )
    findings = fields.pop("findings", (Finding(Cause.KILLED, Certainty.LIKELY),))
    return Explanation(fields.pop("file", "app.log"), replace(event, **fields), findings)


def lines_of(*explanations: Explanation, **options: Any) -> list[str]:
    return list(report_lines(grouped_events(explanations), **options))


def test_a_report_has_its_verdicts_then_each_kind_whole() -> None:
    finding = Finding(
        Cause.KILLED,
        Certainty.LIKELY,
        ("Com_kill rose.", "A second reason."),
        ("But this.",),
        "Look there.",
        ("Mend it.",),
        "https://example.org/",
    )
    timed = an_explanation(
        timestamp=Timestamp(datetime(2026, 11, 23, 12, tzinfo=UTC), zoned=True), findings=(finding,)
    )

    assert [
        "1. 2026-11-23T12:00:00Z  2006  unknown client  killed: likely",
        "",
        "1. 2006  unknown client  killed: likely",
        "  app.log:7  2026-11-23T12:00:00Z",
        "  | gone away",
        "  2006 CR_SERVER_GONE_ERROR: the connection was already closed when the client",
        "  began to send.",
        "    why    Com_kill rose.",
        "           A second reason.",
        "    but    But this.",
        "    verify Look there.",
        "    do     Mend it.",
        "    see    https://example.org/",
    ] == lines_of(timed)


def test_a_long_sentence_goes_on_below_its_beginning() -> None:
    finding = Finding(Cause.KILLED, Certainty.LIKELY, ("word " * 20,))

    assert ["    why    " + "word " * 13 + "word", "           " + "word " * 5 + "word"] == lines_of(
        an_explanation(findings=(finding,))
    )[-2:]


def test_a_page_is_named_only_beside_a_remedy() -> None:
    finding = Finding(Cause.KILLED, Certainty.LIKELY, docs="https://example.org/")

    assert not any("example.org" in line for line in lines_of(an_explanation(findings=(finding,))))


def test_a_verbose_report_sets_findings_apart_and_lists_errors_only_where_there_are_several() -> None:
    other = Finding(Cause.IDLE_TIMEOUT, Certainty.POSSIBLE)
    one = an_explanation(findings=(Finding(Cause.KILLED, Certainty.LIKELY), other))
    lines = lines_of(one, verbose=True)

    assert ["", "  idle timeout: possible"] == lines[-2:]
    assert not any(line.startswith("    app.log:7") for line in lines)
    assert ["    app.log:7", "    app.log:9"] == [
        line
        for line in lines_of(one, replace(one, event=replace(one.event, line=9)), verbose=True)
        if line[:8] == "    app."
    ]


def test_errors_of_one_kind_are_counted_by_file_up_to_two_hundred_kinds() -> None:
    events = grouped_events(an_explanation(code=number) for number in range(205))
    more = grouped_events([an_explanation(), an_explanation(line=9), an_explanation(file="b.log")])

    assert (200, 205, 5) == (len(events.groups), events.count, events.ungrouped_count)
    assert [2, 1] == [group.count for group in more.groups]
    assert (7, 9) == (more.groups[0].first.event.line, more.groups[0].last.event.line)
    assert 0 == more.ungrouped_count


def test_of_one_kind_a_thousand_places_are_kept() -> None:
    (group,) = grouped_events(an_explanation(line=number) for number in range(1200)).groups

    assert (1200, 1000, (0, "")) == (group.count, len(group.places), group.places[0])
    assert 999 == group.places[-1][0]


def test_kinds_that_were_not_kept_are_told() -> None:
    events = [an_explanation(code=number) for number in range(203)]
    text: list[str] = []
    markdown: list[str] = []
    write_text(events, text.append)
    write_markdown(events, markdown.append)

    assert "3 more errors of other kinds: --format=json lists all of them.\n" in text
    assert "\n3 more errors of other kinds.\n" in markdown
    assert not any("of further kinds" in line for line in lines_of(an_explanation()))


def test_how_often_is_told_with_the_last_line_and_its_time() -> None:
    untimed = [an_explanation(), an_explanation(line=9)]
    timed = [
        replace(
            one, event=replace(one.event, timestamp=Timestamp(datetime(2026, 1, 2, tzinfo=UTC), zoned=True))
        )
        for one in untimed
    ]

    assert lines_of(*untimed)[0].endswith("2 times, last on line 9")
    assert "last on line 9 at 2026-01-02T00:00:00Z" in " ".join(map(str.strip, lines_of(*timed)[:2]))
    assert "times" not in lines_of(untimed[0])[0]


def test_an_error_without_a_known_number_has_no_meaning_to_tell() -> None:
    assert "" == code_words(an_explanation(code=9999)) == code_words(an_explanation(code=None))
    assert "2006 CR_SERVER_GONE_ERROR" in code_words(an_explanation())


def test_likely_possible_and_ruled_out_others_are_told_apart() -> None:
    findings = [
        Finding(cause, certainty)
        for cause, certainty in (
            (Cause.KILLED, Certainty.LIKELY),
            (Cause.IDLE_TIMEOUT, Certainty.LIKELY),
            (Cause.SERVER_CRASH, Certainty.POSSIBLE),
        )
    ]

    assert "Also likely: idle timeout. Also possible: server crash." == other_findings_words(findings)


def test_on_several_servers_each_report_is_under_its_name() -> None:
    written: dict[str, list[str]] = {name: [] for name in FORMATS}
    for name, write in FORMATS.items():
        assert 1 == write([an_explanation()], written[name].append, "db-01")

    assert "== on db-01 ==\n\n" == written["text"][0]
    assert "# On db-01\n\n" == written["markdown"][0]
    assert 1 == "".join(written["json"]).count("\n")
    assert {"server_name", "schema", "errors"} == json.loads("".join(written["json"])).keys()
    assert "db-01" == json.loads("".join(written["json"]))["errors"][0]["server_name"]


def test_json_has_a_line_for_each_error_and_nothing_that_controls_a_terminal() -> None:
    told: list[str] = []
    assert 2 == write_json([an_explanation(file="a\x7f\u202e.log"), an_explanation(line=9)], told.append)
    text = "".join(told)

    assert 4 == text.count("\n")
    assert text.isascii()
    assert "\x7f" not in text
    assert [7, 9] == [error["line"] for error in json.loads(text)["errors"]]


def test_markdown_lists_reasons_and_remedies_and_says_what_to_verify() -> None:
    finding = Finding(
        Cause.KILLED, Certainty.LIKELY, ("a_b",), ("c",), "look", ("mend",), "https://example.org/"
    )
    told: list[str] = []
    write_markdown(
        [an_explanation(findings=(finding, Finding(Cause.IDLE_TIMEOUT, Certainty.POSSIBLE)))], told.append
    )

    assert [
        "1. 2006  unknown client  killed: likely",
        "",
        "## 1. 2006  unknown client  killed: likely",
        "",
        "app.log:7  2006 CR\\_SERVER\\_GONE\\_ERROR: the connection was already closed when the client began to send.",
        "",
        "> gone away",
        "",
        "- **killed: likely**",
        "  - a\\_b",
        "  - but: c",
        "  - to verify: look",
        "  - remedy: mend",
        "  - see <https://example.org/>",
        "",
        "Also possible: idle timeout.",
    ] == "".join(told).splitlines()


def test_markdown_without_other_causes_ends_with_the_finding() -> None:
    told: list[str] = []
    write_markdown(
        [an_explanation(findings=(Finding(Cause.KILLED, Certainty.LIKELY, docs="https://x"),))], told.append
    )

    assert "".join(told).endswith("- **killed: likely**\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("see https://x", "see https\\://x"),
        ("WWW.x.org", "WWW\\.x.org"),
        ("@you", "\\@you"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert shown == escaped(text)
