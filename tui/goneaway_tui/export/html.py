"""HTML: one page without scripts or requests, light or dark as the reader's system, and well-formed XML too."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TextIO

from goneaway_tui.export.summary import SummaryText, limitation_words, summary_text
from goneaway_tui.export.table import (
    COLUMNS,
    DARK,
    FAINT,
    INK,
    LANGUAGE,
    LIGHT,
    MONO,
    PAPER,
    SANS,
    css_rules,
    headings,
    in_closing_order,
    risk_word,
    rows,
)
from goneaway_tui.i18n import _
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain

STYLE = (
    ":root { color-scheme: light dark; }",
    f"body {{ margin: 2rem; background: {PAPER[0]}; color: {INK[0]}; font: 0.9rem/1.4 {SANS}; }}",
    f"caption, dt, .faint, th {{ color: {FAINT[0]}; }}",
    "dl { display: flex; flex-wrap: wrap; gap: 0.3rem 2rem; margin: 0.6rem 0; }",
    "dl div { display: flex; gap: 0.5rem; } dd { margin: 0; }",
    "dd, td { font-variant-numeric: tabular-nums; } .risk { font-weight: 600; }",
    ".scroll { overflow-x: auto; } table { border-collapse: collapse; } caption { text-align: left; }",
    "th, td { padding: 0.2rem 0.7rem; text-align: left; vertical-align: top; white-space: nowrap; }",
    "tbody tr { border-top: 1px solid rgb(128 128 128 / 0.3); } th.figure, td.figure { text-align: right; }",
    "td { max-width: 14rem; overflow: hidden; text-overflow: ellipsis; }",
    "td.statement { white-space: normal; overflow-wrap: anywhere; min-width: 20rem; max-width: 40rem; }",
    f"td.statement, code {{ font-family: {MONO}; }}",
    *css_rules(LIGHT, "color"),
    "@media (prefers-color-scheme: dark) {",
    f"body {{ background: {PAPER[1]}; color: {INK[1]}; }}",
    f"caption, dt, .faint, th {{ color: {FAINT[1]}; }}",
    *css_rules(DARK, "color"),
    "}",
)


def write(snapshot: Snapshot, out: TextIO) -> None:
    """Write the page of a snapshot."""
    out.writelines(f"{line}\n" for line in lines(snapshot))


def lines(snapshot: Snapshot) -> Iterator[str]:
    """The lines of the page."""
    summary = summary_text(snapshot)
    yield from head(summary)
    yield from summary_lines(summary)
    if snapshot.sample.limitations:
        yield "<ul>"
        for limitation in snapshot.sample.limitations:
            yield f"<li>{limitation_words(limitation, _escaped, lambda grant: f'<code>{_escaped(grant)}</code>')}</li>"
        yield "</ul>"
    yield from table(snapshot)
    yield from (f'<p class="faint">{escape(line)}</p>' for line in summary.legend)
    yield "</body>"
    yield "</html>"


def head(summary: SummaryText) -> Iterator[str]:
    """The lines up to the end of `<head>`."""
    yield "<!DOCTYPE html>"
    yield f'<html xmlns="http://www.w3.org/1999/xhtml" lang="{_(LANGUAGE)}">'
    yield "<head>"
    yield '<meta charset="utf-8" />'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\" />"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1" />'
    yield '<meta name="color-scheme" content="light dark" />'
    title = _("goneaway: {name} at {instant}", name=summary.name, instant=summary.taken_at)
    yield f"<title>{escape(title)}</title>"
    yield "<style>"
    yield from STYLE
    yield "</style>"
    yield "</head>"


def summary_lines(summary: SummaryText) -> Iterator[str]:
    """The server, its limits, and the number of sessions by risk."""
    yield "<body>"
    yield f"<h1>goneaway: {escape(summary.name)}</h1>"
    title = _(
        "{server}, up {time}, at {instant}", server=summary.server, time=summary.up, instant=summary.taken_at
    )
    yield f'<p class="faint">{escape(title)}</p>'
    yield "<dl>"
    for name, value in (*summary.figures, (_("next closing"), summary.next)):
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
    yield "</dl>"
    yield "<dl>"
    for risk, number in summary.tally:
        yield f'<div><dt class="risk {risk.value}">{escape(risk_word(risk))}</dt><dd>{number}</dd></div>'
    no_sessions = _("no sessions")
    yield "</dl>" if summary.tally else f"<div><dt>{escape(no_sessions)}</dt><dd></dd></div></dl>"


def table(snapshot: Snapshot) -> Iterator[str]:
    """The table of sessions."""
    yield '<div class="scroll">'
    yield "<table>"
    caption = _("Sessions, the next to close first")
    yield f"<caption>{escape(caption)}</caption>"
    heads = (
        f'<th scope="col" class="{"figure" if column.is_number else "text"}">{escape(heading)}</th>'
        for column, heading in zip(COLUMNS, headings(), strict=True)
    )
    yield f"<thead><tr>{''.join(heads)}</tr></thead>"
    yield "<tbody>"
    verdicts = in_closing_order(snapshot)
    for verdict, row in zip(verdicts, rows(verdicts, snapshot.taken_at), strict=True):
        yield "<tr>"
        for column, cell in zip(COLUMNS, row, strict=True):
            names = f"risk {verdict.risk.value}" if column.name == "risk" else column.name
            yield f'<td class="{names}{" figure" if column.is_number else ""}" dir="auto">{escape(cell)}</td>'
        yield "</tr>"
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _escaped(text: str) -> str:
    return escape(plain(text))
