"""`goneaway-tui docs [PAGE]`: the pages of documentation, which the wheel brings along."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import goneaway_tui
from goneaway_tui.cli.terminal import write_out
from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.settings.options import PAGES

PACKAGE = Path(goneaway_tui.__file__).parent
FOLDERS = (PACKAGE / "docs", PACKAGE.parents[1] / "docs")
"""Where the pages are: in an installed package, and in a clone."""
MAX_COLUMNS = 100
"""Columns of a page on a terminal at most: longer lines are hard to read."""

_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_PAGE_LINK = re.compile(r"(?:([\w-]+)\.md)?(?:#.*)?")


def show_page(name: str) -> None:
    """Show a page, or the list of the pages for an empty name: through a pager on a terminal, else in Markdown.

    Raises FileError where the pages were not installed.
    """
    text = page_text(name) if name else page_list()
    if name and sys.stdout.isatty():
        _page_through(for_terminal(text))
    else:
        write_out(without_pictures(text))


def page_list() -> str:
    """The names of the pages, each with its task."""
    width = max(map(len, PAGES))
    return "".join(f"{name:<{width}}  {_(task)}\n" for name, task in PAGES.items())


def page_text(name: str) -> str:
    """A page as it is written, in Markdown. Raises FileError."""
    folder = next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[0])
    path = folder / f"{name}.md"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(
            _("cannot read {file}: {why}", file=path, why=error.strerror), _("install goneaway-tui again")
        ) from None


def for_terminal(text: str) -> str:
    """A page without pictures, whose links to other pages name the command that shows them."""
    return _LINK.sub(_link_words, without_pictures(text))


def without_pictures(text: str) -> str:
    """A page with the description of each picture in its place."""
    return _PICTURE.sub(lambda picture: f"*{_one_line(picture[1])}*", text)


def _link_words(link: re.Match[str]) -> str:
    words, target = link.groups()
    page = _PAGE_LINK.fullmatch(target)
    if page is None:
        return words if target.startswith("..") else link[0]
    return f"{words} (docs {page[1]})" if page[1] else words


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _page_through(text: str) -> None:
    """Show Markdown in the pager of `$PAGER`, or in `less`; without either, print it."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    os.environ.setdefault(
        "LESS", "FRX"
    )  # as git sets it: colours, and no pager for a page that fits the screen
    console = Console(
        theme=Theme({"markdown.code": "bold cyan"})
    )  # by default on black, also on a light terminal
    console.width = min(console.width, MAX_COLUMNS)
    with console.pager(styles=True):
        console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=False))
