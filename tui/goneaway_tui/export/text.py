"""Plain text, 120 columns wide, as on the main screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from goneaway_tui.export.summary import SummaryText, limitation_words, summary_text
from goneaway_tui.export.table import COLUMNS, headings, in_closing_order, risk_word, rows, widths
from goneaway_tui.i18n import _
from goneaway_tui.judge.forecast import closing_forecast
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.format import count_words, limit_words
from goneaway_tui.text.width import cell_width, cut_to, fit_width, wrapped_to_fit

WIDTH = 120
GAP = 1
RULE = "─" * WIDTH
BARS = "▁▂▃▄▅▆▇█"


def write(snapshot: Snapshot, out: TextIO) -> None:
    """Write a snapshot."""
    out.writelines(cut_to(line, WIDTH).rstrip() + "\n" for line in lines(snapshot))


def lines(snapshot: Snapshot) -> Iterator[str]:
    """The lines of a snapshot."""
    summary = summary_text(snapshot)
    yield from head(summary)
    yield closings_line(snapshot)
    for limitation in snapshot.sample.limitations:
        yield from wrapped_to_fit(limitation_words(limitation), WIDTH, "  ")
    yield RULE
    cells = rows(in_closing_order(snapshot), snapshot.taken_at)
    column_widths = widths(cells, WIDTH, GAP)
    for row in (headings(), *cells):
        yield (" " * GAP).join(
            fit_width(cell, width, right=column.is_number)
            for cell, width, column in zip(row, column_widths, COLUMNS, strict=True)
        )
    yield RULE
    yield from summary.legend


def head(summary: SummaryText) -> Iterator[str]:
    """The server, its limits, and the number of sessions by risk."""
    title = _(
        "goneaway  {name}  {server}  up {time}", name=summary.name, server=summary.server, time=summary.up
    )
    yield fit_width(title, WIDTH - cell_width(summary.taken_at) - 2) + "  " + summary.taken_at
    yield "   ".join(f"{name} {value}" for name, value in summary.figures)
    tally = "   ".join(f"{risk_word(risk)} {number}" for risk, number in summary.tally)
    following = _("next: {closing}", closing=summary.next)
    yield (tally or _("no sessions")) + " " * 7 + following


def closings_line(snapshot: Snapshot) -> str:
    """The closings ahead as bars: the lowest bar is no closing, the highest the interval with the most closings."""
    forecast = closing_forecast(snapshot, snapshot.taken_at)
    highest = max(max(bucket_range.counts) for bucket_range in forecast.ranges) or 1
    parts = [_("closings  now")]
    for bucket_range in forecast.ranges:
        parts.append("".join(BARS[-(-number * (len(BARS) - 1) // highest)] for number in bucket_range.counts))
        parts.append(f"{limit_words(bucket_range.end).replace(' ', '')} ")
    if forecast.later:
        parts.append(_("{number} later", number=count_words(forecast.later)))
    return " ".join(parts)
