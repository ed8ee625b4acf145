"""What the READMEs, the manual page and the completions tell of the code is what the code says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from goneaway_tui.settings.help import STATUSES
from goneaway_tui.settings.options import ACTIONS, COMMANDS, OPTIONS
from tests.house.documents import BLOCKS, DOCUMENTS, README, READMES, SHARE, SHARED, block
from tests.unit.settings.asking import program


@pytest.mark.parametrize(("language", "name"), BLOCKS)
def test_a_made_part_is_what_would_be_made_now(language: str, name: str) -> None:
    found = block(name).search(DOCUMENTS[language].read_text(encoding="utf-8"))

    assert found is not None
    assert BLOCKS[language, name]() == found[0], "python -m tests.house.documents"


def levels(text: str) -> list[str]:
    return re.findall(r"^#{1,3}(?= )", text, re.MULTILINE)


def code(text: str) -> list[str]:
    """Lines of the code blocks, without what a comment says."""
    fenced = [
        line
        for lines in re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in lines.split("\n")
    ]
    lines = [*re.findall(r"^    .*", text, re.MULTILINE), *fenced]
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def tables(text: str) -> list[int]:
    """How many cells each row of a table has."""
    return [len(re.findall(r"(?<!\\)\|", line)) for line in re.findall(r"^ *\|.*", text, re.MULTILINE)]


def pictures(text: str) -> list[str]:
    return re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)


def links(text: str) -> list[str]:
    """Where they lead, apart from the other README."""
    found = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", text)
    return [to for to in found if to.partition("#")[0] not in {path.name for path in READMES.values()}]


def figures(text: str) -> list[str]:
    """In any order, as languages order them differently."""
    return sorted(re.findall(r"\d[\d,.]*(?<=\d)", text))


@pytest.mark.parametrize("part", [levels, code, tables, pictures, links, figures])
@pytest.mark.parametrize("language", READMES)
def test_every_readme_has_the_parts_of_the_english_one(
    language: str, part: Callable[[str], list[object]]
) -> None:
    english, other = (path.read_text(encoding="utf-8") for path in (README, READMES[language]))

    assert part(english)
    assert part(english) == part(other)


@pytest.mark.parametrize("language", READMES)
def test_every_readme_leads_to_the_others(language: str) -> None:
    top = READMES[language].read_text(encoding="utf-8").split("\n\n")[1]

    assert [path.name for key, path in READMES.items() if key != language] == re.findall(r"\((.*?)\)", top)


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


def test_manual_page_lists_every_flag_variable_command_and_status() -> None:
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
