"""How much is shown of what others chose: names, files, lines of a log. Longer ones end with an ellipsis."""

from __future__ import annotations

from typing import Any

from goneaway_tui.doctor.advice import advice_data, advise, group_name, observed_words
from goneaway_tui.doctor.case import Case, ServerFacts
from goneaway_tui.doctor.corroboration import corroborating_arguments
from goneaway_tui.doctor.diagnosis import explain_log
from goneaway_tui.doctor.report import write_markdown, write_text
from goneaway_tui.judge.reuse_gaps import GroupKey
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import LogEntry
from tests.unit.doctor.test_advice import a_group, observed
from tests.unit.doctor.test_rules import AT, LOSS

LONG = "x" * 2000


def shown(text: str) -> int:
    """How many characters of the long name a text holds, its ellipsis counted."""
    return text.count("x") + text.count("…")


def test_forty_characters_of_a_user_and_of_a_program_are_shown_and_three_hundred_written() -> None:
    data: Any = advice_data(advise(observed(a_group(GroupKey(LONG, LONG), [4.0] * 500)), None, LONG))
    (group,) = data["groups"]

    assert 40 == shown(group_name(GroupKey(LONG, "")))
    assert 80 == shown(group_name(GroupKey(LONG, LONG)))
    assert [300, 300, 300] == [len(group["user"]), len(group["program"]), len(str(data["server_name"]))]


def test_two_hundred_characters_of_a_servers_name_are_shown() -> None:
    told: list[str] = []
    for write in (write_text, write_markdown):
        write([], told.append, LONG)

    assert [200, 200] == [shown(line) for line in told]
    assert 200 == shown(observed_words(advise(observed(), None, LONG)))


def test_a_thousand_characters_of_a_files_name_are_kept() -> None:
    (explanation,) = explain_log(
        LONG, [b"pymysql.err.OperationalError: (2006, 'MySQL server has gone away')"]
    )

    assert 1000 == len(explanation.file)


def test_of_an_entry_on_the_servers_end_120_characters_are_quoted() -> None:
    entry = LogEntry(AT - 20, LONG, None, Cause.SERVER_CRASH)
    (argument,) = corroborating_arguments(Case(LOSS, ServerFacts(log_entries=(entry,))), Cause.SERVER_CRASH)

    assert 120 == shown(argument.text)
