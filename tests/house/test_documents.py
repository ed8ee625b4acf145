"""What the README, the manual page and the completions tell of the code is what the code says."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from goneaway_tui.settings.answers import STATUSES
from goneaway_tui.settings.options import ACTIONS, COMMANDS, OPTIONS
from tests.house.documents import BLOCKS, README, SHARE, SHARED, block


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


def manual(*command: str) -> str:
    """The manual page as a reader sees it. Fails for any warning."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} on this machine: the manual page was not set")
    page = str(SHARE / "man/man1/goneaway-tui.1")
    told = subprocess.run(
        [*command, page],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "200", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "" == told.stderr
    return told.stdout


@pytest.mark.parametrize("command", ["man --warnings -l", "groff -man -ww -Tutf8"])
def test_the_manual_page_is_set_without_a_warning(command: str) -> None:
    assert "goneaway" in manual(*command.split())


def test_the_manual_page_tells_every_flag_variable_command_and_status() -> None:
    words = set(
        manual("man", "-l").replace(",", " ").replace("[", " ").replace("]", " ").replace("=", " ").split()
    )
    told = {flag for option in OPTIONS for flag in option.flags}
    told |= {option.env for option in OPTIONS if option.env} | set(COMMANDS)
    told |= {str(int(status)) for status in STATUSES} | {"|".join(each) for each in ACTIONS.values()}

    assert set() == told - words


@pytest.mark.parametrize("path", [path for path in SHARED if "man" not in path])
def test_the_completions_know_every_flag_and_command(path: str) -> None:
    text = (SHARE / path).read_text(encoding="utf-8")

    assert [] == [option.flag for option in OPTIONS if option.flag.removeprefix("--") not in text]
    assert [] == [command for command in COMMANDS if command not in text]
