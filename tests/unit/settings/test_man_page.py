"""What is printed for other programs: schemas, completions, the manual page, names in the config file."""

from __future__ import annotations

import json

import pytest

from goneaway_tui.export import SCHEMAS, schema_text
from goneaway_tui.settings.completions import (
    ArgumentKind,
    completion_flags,
    completion_text,
)
from goneaway_tui.settings.man_page import manual_text
from goneaway_tui.settings.options import ACTIONS, COMPLETION, OPTIONS
from tests.unit.settings.asking import answer, complaint

SERVERS = '[servers.b]\nhost = "b"\n[servers.a]\nhost = "a"\ngroup = "all"\n'


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_printed_as_it_is_shipped(name: str) -> None:
    assert schema_text(name) == answer(f"schema {name}")
    assert json.loads(answer(f"schema {name}"))["title"].startswith("goneaway.")


@pytest.mark.parametrize("shell", ACTIONS[COMPLETION])
def test_a_completion_is_printed(shell: str) -> None:
    assert completion_text(shell) == answer(f"completion {shell}")


def test_the_manual_page_is_printed() -> None:
    assert manual_text() == answer("manual")
    assert manual_text().isascii()
    assert manual_text("kill") == answer("manual kill")
    assert "--max" in manual_text("kill").replace("\\-", "-")


def test_the_names_in_the_config_file_are_printed_in_its_order() -> None:
    assert "b\na\n" == answer("config servers", config=SERVERS)
    assert "all\n" == answer("config groups", config=SERVERS)
    assert answer("config servers") == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("schema", "schema needs an argument; choose one of snapshot, watch, kill, explain, advise"),
        ("schema snapshto", "schema does not take 'snapshto'; did you mean snapshot?"),
        ("completion", "completion needs an argument; choose one of bash, zsh, fish"),
        ("completion tcsh", "completion does not take 'tcsh'; choose one of bash, zsh, fish"),
        ("docs scriptin", "no page of documentation is called 'scriptin'; did you mean scripting?"),
        ("docs recor", "no page of documentation is called 'recor'; did you mean recording?"),
        ("docs kill", "no page of documentation is called 'kill'; did you mean ending-many?"),
        ("docs x", "no page of documentation is called 'x'; goneaway-tui docs lists the pages"),
        ("manual snapsho", "manual does not take 'snapsho'; did you mean snapshot?"),
    ],
)
def test_a_missing_or_wrong_word_is_reported(line: str, expected: str) -> None:
    assert expected == complaint(line)


def test_a_completion_knows_what_follows_each_flag() -> None:
    known = {flag.names[-1]: flag for flag in completion_flags() if flag.commands != ("explain",)}

    assert [] == [
        option.flag for option in OPTIONS if option.flag not in known and option.commands != ("explain",)
    ]
    assert ArgumentKind.FILE is known["--ssl-ca"].kind
    assert ArgumentKind.HOST is known["--ssh"].kind
    assert ArgumentKind.GROUP is known["--group"].kind
    assert ArgumentKind.NOTHING is known["--password"].kind
    assert ArgumentKind.NOTHING is known["--read-only"].kind
    assert "VERIFY_CA" in known["--ssl-mode"].words
