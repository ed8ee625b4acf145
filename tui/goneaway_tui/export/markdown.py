"""Markdown for tickets and chats: a summary and a table. Text from the server cannot act as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from goneaway_tui.export.summary import limitation_words, summary_text
from goneaway_tui.export.table import COLUMNS, headings, in_closing_order, risk_word, rows
from goneaway_tui.i18n import _
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import cut_to

MAX_CELL_CHARACTERS = 100

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in r"\`*_[]|~$@"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_LINKS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
"""What some readers turn into a link by themselves."""


def write(snapshot: Snapshot, out: TextIO) -> None:
    """Write a snapshot."""
    out.writelines(f"{line}\n" for line in lines(snapshot))


def lines(snapshot: Snapshot) -> Iterator[str]:
    """The lines of a snapshot."""
    summary = summary_text(snapshot)
    title = _("goneaway: {name} at {instant}", name=escaped(summary.name), instant=summary.taken_at)
    yield f"# {title}"
    yield ""
    yield _("{server}, up {time}", server=escaped(summary.server), time=summary.up)
    yield ""
    figures = _(", ").join(f"{escaped(name)} {value}" for name, value in summary.figures)
    tally = _(", ").join(
        _("{number} {risk}", number=number, risk=risk_word(risk)) for risk, number in summary.tally
    )
    yield "- " + _("limits and counts: {figures}", figures=figures)
    yield "- " + _("risk: {tally}", tally=tally or _("no sessions"))
    yield "- " + _("next closing: {closing}", closing=summary.next)
    for limitation in snapshot.sample.limitations:
        yield "- " + limitation_words(limitation, _plainly, lambda statement: code(plain(statement)))
    yield ""
    yield line(headings())
    yield line("--:" if column.is_number else "---" for column in COLUMNS)
    for row in rows(in_closing_order(snapshot), snapshot.taken_at):
        yield line(escaped(cut_to(cell, MAX_CELL_CHARACTERS)) for cell in row)
    for legend_line in summary.legend:
        yield ""
        yield escaped(legend_line)


def line(cells: Iterable[str]) -> str:
    """One row of a table."""
    return "| " + " | ".join(cells) + " |"


def _plainly(text: str) -> str:
    return escaped(plain(text))


def escaped(text: str) -> str:
    r"""Plain text in which no character acts as markup.

    >>> print(escaped("<b>|`x`_y_ http://z"))
    &lt;b&gt;\|\`x\`\_y\_ http\://z
    """
    return _LINKS.sub(r"\\\g<0>", text.translate(_ESCAPES))


def code(text: str) -> str:
    """A statement to copy, between more backticks than it holds in a row.

    >>> code("GRANT PROCESS ON *.* TO `shop`@`%`")
    '`` GRANT PROCESS ON *.* TO `shop`@`%` ``'
    """
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"
