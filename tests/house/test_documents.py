"""What the README, the manual page and the completions tell of the code is what the code says."""

from __future__ import annotations

import re
import subprocess

import pytest

from goneaway_tui.settings.answers import STATUSES
from goneaway_tui.settings.options import ACTIONS, COMMANDS, OPTIONS
from tests.house.documents import BLOCKS, README, SHARE, SHARED, block
from tests.unit.settings.asking import program


@pytest.mark.parametrize("name", BLOCKS)
def test_a_made_part_is_what_would_be_made_now(name: str) -> None:
    found = block(name).search(README.read_text(encoding="utf-8"))

    assert found is not None
    assert BLOCKS[name]() == found[0], "python -m tests.house.documents"


@pytest.mark.parametrize("path", SHARED)
def test_a_made_file_is_what_would_be_made_now(path: str) -> None:
    assert SHARED[path]() == (SHARE / path).read_text(encoding="utf-8"), "python -m tests.house.documents"


def test_nothing_else_is_shared() -> None:
    assert set(SHARED) == {str(path.relative_to(SHARE)) for path in SHARE.rglob("*") if path.is_file()}


def manual(*arguments: str) -> str:
    page = str(SHARE / "man/man1/goneaway-tui.1")
    return subprocess.run(
        [program("mandoc"), *arguments, page], capture_output=True, text=True, check=False
    ).stdout


def test_the_manual_page_has_no_fault_but_that_it_bears_no_date() -> None:
    faults = manual("-T", "lint", "-W", "warning").splitlines()

    assert ["missing date"] == [fault.partition("WARNING: ")[2].partition(",")[0] for fault in faults]


def test_the_manual_page_tells_every_flag_variable_command_and_status() -> None:
    page = re.sub(r".\x08", "", manual("-T", "ascii", "-O", "width=200"))  # a bold letter is struck twice
    words = set(re.split(r"[\s,\[\]=]+", page))
    told = {flag for option in OPTIONS for flag in option.flags}
    told |= {option.env for option in OPTIONS if option.env} | set(COMMANDS)
    told |= {str(int(status)) for status in STATUSES} | {"|".join(each) for each in ACTIONS.values()}

    assert set() == told - words


@pytest.mark.parametrize("path", [path for path in SHARED if "man" not in path])
def test_the_completions_know_every_flag_and_command(path: str) -> None:
    text = (SHARE / path).read_text(encoding="utf-8")

    assert [] == [option.flag for option in OPTIONS if option.flag.removeprefix("--") not in text]
    assert [] == [command for command in COMMANDS if command not in text]
