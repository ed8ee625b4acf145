"""`goneaway-tui docs`: the list of the pages, a page in a pipe, a page on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from goneaway_tui.cli import run
from goneaway_tui.cli.commands import docs
from goneaway_tui.errors import ExitCode
from goneaway_tui.settings.options import PAGES
from tests.house.documents import document


def test_without_a_page_the_pages_are_listed_with_their_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    assert ExitCode.DONE == run(["docs"])
    lines = capsys.readouterr().out.splitlines()

    assert list(PAGES) == [line.split()[0] for line in lines]
    assert "blocking      find the session that holds the lock others wait for" in lines
    assert max(map(len, lines)) <= 80


def test_in_a_pipe_a_page_is_as_it_is_written_but_for_its_pictures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ExitCode.DONE == run(["docs", "blocking"])
    page = capsys.readouterr().out

    assert docs.without_pictures(document("docs/blocking.md")) == page
    assert (
        "*The tree of who blocks whom: a holder with 43 waiting sessions, its locks, and what ends it*"
        in page
    )
    assert "screenshots" not in page


def test_on_a_terminal_links_name_the_command_that_shows_the_page() -> None:
    text = "![The board:\ntrouble first](../screenshots/board.svg) [Which?](advise.md#x), [here](#y), [a](../S.md), [m](https://m/)"

    assert "*The board: trouble first* Which? (docs advise), here, a, [m](https://m/)" == docs.for_terminal(
        text
    )


@pytest.mark.parametrize("name", PAGES)
def test_on_a_terminal_no_page_leads_to_a_file(name: str) -> None:
    assert ".md)" not in docs.for_terminal(docs.page_text(name))


def test_pages_that_were_not_installed_are_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(docs, "FOLDERS", (tmp_path / "none",))

    assert ExitCode.FILE == run(["docs", "blocking"])
    assert "No such file or directory; install goneaway-tui again" in capsys.readouterr().err
