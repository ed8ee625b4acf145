"""SVG: a self-contained picture of the summary and the table, as text in a grid, without fonts or files from
elsewhere.
"""

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
    LANGUAGE,
    LIGHT,
    MONO,
    PAPER,
    css_rules,
    headings,
    in_closing_order,
    risk_word,
    rows,
    widths,
)
from goneaway_tui.i18n import _
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.format import count_words
from goneaway_tui.text.width import cell_width, cut_to

MAX_SESSIONS = 40
"""Sessions that are drawn; the rest are counted."""
WIDTH, GAP = 132, 2
ADVANCE, LINE, MARGIN = 8.0, 20, 20
"""In pixels: the width of a cell, the height of a line, the margin. Letters are a little narrower than their cell."""


def write(snapshot: Snapshot, out: TextIO) -> None:
    """Write the picture of a snapshot."""
    out.writelines(f"{line}\n" for line in lines(snapshot))


def lines(snapshot: Snapshot) -> Iterator[str]:
    """The lines of the file."""
    summary = summary_text(snapshot)
    verdicts = in_closing_order(snapshot)
    shown = verdicts[:MAX_SESSIONS]
    hidden = len(verdicts) - len(shown)
    yield from head(summary, lines_drawn=5 + len(shown) + bool(hidden) + len(summary.legend))
    yield from summary_lines(summary)
    cells = rows(shown, snapshot.taken_at)
    column_widths = widths(cells, WIDTH, GAP)
    yield "".join(row(3, headings(), column_widths, "faint"))
    for line_number, (verdict, row_cells) in enumerate(zip(shown, cells, strict=True), start=4):
        yield "".join(row(line_number, row_cells, column_widths, verdict.risk.value))
    footer_lines = [_("and {number} more", number=count_words(hidden))] if hidden else []
    for line_number, line in enumerate((*footer_lines, *summary.legend), start=5 + len(shown)):
        yield text(0, line_number, line, "faint")
    yield "</svg>"


def head(summary: SummaryText, lines_drawn: int) -> Iterator[str]:
    """The lines up to the background."""
    width, height = 2 * MARGIN + int(WIDTH * ADVANCE), 2 * MARGIN + lines_drawn * LINE
    title = escape(_("goneaway: {name} at {instant}", name=summary.name, instant=summary.taken_at))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" lang="{_(LANGUAGE)}">'
    )
    yield f"<title>{title}</title>"
    yield "<style>"
    yield f"text {{ font: 13px {MONO}; fill: {INK[0]}; white-space: pre; }}"
    yield f".paper {{ fill: {PAPER[0]}; }}"
    yield f".faint {{ fill: {FAINT[0]}; }}"
    yield from css_rules(LIGHT, "fill")
    yield "@media (prefers-color-scheme: dark) {"
    yield f"text {{ fill: {INK[1]}; }}"
    yield f".paper {{ fill: {PAPER[1]}; }}"
    yield f".faint {{ fill: {FAINT[1]}; }}"
    yield from css_rules(DARK, "fill")
    yield "}"
    yield "</style>"
    yield f'<rect class="paper" width="{width}" height="{height}" />'


def summary_lines(summary: SummaryText) -> Iterator[str]:
    """Three lines: the server, its limits, and the number of sessions by risk, each risk in its colour."""
    title = _(
        "goneaway  {name}  {server}  up {time}", name=summary.name, server=summary.server, time=summary.up
    )
    yield text(0, 0, cut_to(title, WIDTH - 22), "ink")
    yield text(WIDTH, 0, summary.taken_at, "faint", is_right_aligned=True)
    yield text(0, 1, cut_to("   ".join(f"{name} {value}" for name, value in summary.figures), WIDTH), "faint")
    column = 0
    for risk, number in summary.tally:
        label = f"{risk_word(risk)} {number}"
        yield text(column, 2, label, risk.value)
        column += cell_width(label) + 3
    yield text(WIDTH, 2, _("next: {closing}", closing=summary.next), "ink", is_right_aligned=True)


def row(line: int, cells: Sequence[str], column_widths: Sequence[int], name: str) -> Iterator[str]:
    """One line of the table. `name` is a risk, which colours the risk's cell, or `faint` for the headings."""
    start = 0
    for column, cell, width in zip(COLUMNS, cells, column_widths, strict=True):
        css_class = name if column.name == "risk" or name == "faint" else "ink"
        if cell:
            yield text(
                start + width * column.is_number,
                line,
                cut_to(cell, width),
                css_class,
                is_right_aligned=column.is_number,
            )
        start += width + GAP


def text(column: int, line: int, words: str, css_class: str, *, is_right_aligned: bool = False) -> str:
    """Words that begin at a column of the grid, or with `is_right_aligned` end there."""
    x, y = MARGIN + column * ADVANCE, MARGIN + line * LINE + 14
    anchor = ' text-anchor="end"' if is_right_aligned else ""
    return f'<text class="{css_class}" x="{x:g}" y="{y}"{anchor}>{escape(words)}</text>'
