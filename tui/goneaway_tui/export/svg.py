"""A self-contained picture: the head of the table, text in a grid, no fonts or files from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TextIO

from goneaway_tui.export.summary import SummaryText, summary_text
from goneaway_tui.export.table import (
    COLUMNS,
    DARK,
    FAINT,
    INK,
    LIGHT,
    MONO,
    PAPER,
    headings,
    in_closing_order,
    rows,
    rules,
    widths,
)
from goneaway_tui.export.wording import LANGUAGE, risk_word
from goneaway_tui.i18n import _
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.format import count_words
from goneaway_tui.text.width import cell_width, cut_to

MOST = 40
"""Sessions drawn; the rest are counted."""
WIDTH, GAP = 132, 2
ADVANCE, LINE, MARGIN = 8.0, 20, 20
"""In pixels: a cell's width, a line's height, the border. Letters are a little narrower than their cell."""


def write(snapshot: Snapshot, out: TextIO) -> None:
    out.writelines(f"{line}\n" for line in lines(snapshot))


def lines(snapshot: Snapshot) -> Iterator[str]:
    words = summary_text(snapshot)
    verdicts = in_closing_order(snapshot)
    shown = verdicts[:MOST]
    more = len(verdicts) - len(shown)
    yield from head(words, lines_drawn=5 + len(shown) + bool(more) + len(words.legend))
    yield from above(words)
    cells = rows(shown, snapshot.taken_at)
    wide = widths(cells, WIDTH, GAP)
    yield "".join(row(3, headings(), wide, "faint"))
    for at, (verdict, each) in enumerate(zip(shown, cells, strict=True), start=4):
        yield "".join(row(at, each, wide, verdict.risk.value))
    below = [_("and {number} more", number=count_words(more))] if more else []
    for at, line in enumerate((*below, *words.legend), start=5 + len(shown)):
        yield text(0, at, line, "faint")
    yield "</svg>"


def head(words: SummaryText, lines_drawn: int) -> Iterator[str]:
    width, height = 2 * MARGIN + int(WIDTH * ADVANCE), 2 * MARGIN + lines_drawn * LINE
    title = escape(_("goneaway: {name} at {instant}", name=words.name, instant=words.taken_at))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" lang="{_(LANGUAGE)}">'
    )
    yield f"<title>{title}</title>"
    yield "<style>"
    yield f"text {{ font: 13px {MONO}; fill: {INK[0]}; white-space: pre; }}"
    yield f".paper {{ fill: {PAPER[0]}; }}"
    yield f".faint {{ fill: {FAINT[0]}; }}"
    yield from rules(LIGHT, "fill")
    yield "@media (prefers-color-scheme: dark) {"
    yield f"text {{ fill: {INK[1]}; }}"
    yield f".paper {{ fill: {PAPER[1]}; }}"
    yield f".faint {{ fill: {FAINT[1]}; }}"
    yield from rules(DARK, "fill")
    yield "}"
    yield "</style>"
    yield f'<rect class="paper" width="{width}" height="{height}" />'


def above(words: SummaryText) -> Iterator[str]:
    """Three lines: who answers, its limits, the tally with each risk in its colour."""
    who = _("goneaway  {name}  {server}  up {time}", name=words.name, server=words.server, time=words.up)
    yield text(0, 0, cut_to(who, WIDTH - 22), "ink")
    yield text(WIDTH, 0, words.taken_at, "faint", end=True)
    yield text(0, 1, cut_to("   ".join(f"{name} {value}" for name, value in words.figures), WIDTH), "faint")
    at = 0
    for risk, number in words.tally:
        told = f"{risk_word(risk)} {number}"
        yield text(at, 2, told, risk.value)
        at += cell_width(told) + 3
    yield text(WIDTH, 2, _("next: {closing}", closing=words.next), "ink", end=True)


def row(line: int, cells: Sequence[str], wide: Sequence[int], name: str) -> Iterator[str]:
    """One line of the table. The risk takes its colour; the heading is `faint` throughout."""
    at = 0
    for column, cell, width in zip(COLUMNS, cells, wide, strict=True):
        kind = name if column.name == "risk" or name == "faint" else "ink"
        if cell:
            yield text(at + width * column.figure, line, cut_to(cell, width), kind, end=column.figure)
        at += width + GAP


def text(column: int, line: int, words: str, kind: str, *, end: bool = False) -> str:
    """Words that begin, or with `end` finish, at a column of the grid."""
    x, y = MARGIN + column * ADVANCE, MARGIN + line * LINE + 14
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{kind}" x="{x:g}" y="{y}"{anchor}>{escape(words)}</text>'
