"""The table of sessions as the exports show it: columns, order, widths and colours, and the words that the screen shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.model.session import Transaction
from goneaway_tui.model.snapshot import Basis, Limit, Risk, Snapshot, Verdict
from goneaway_tui.text.format import clock_words, countdown, limit_words
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import cell_width

MARKS = {Basis.ASSUMED: "~", Basis.DISPROVED: ">"}
"""The mark before a limit, by its basis, where the limit was not read from the session itself."""

LANGUAGE = N_("en")
"""What a catalogue calls its own language, as the web does: `zh-CN`."""
RISKS = {
    Risk.EXEMPT: N_("exempt"),
    Risk.BUSY: N_("busy"),
    Risk.CALM: N_("calm"),
    Risk.WATCH: N_("watch"),
    Risk.IMMINENT: N_("imminent"),
    Risk.OVERDUE: N_("overdue"),
}


def limit_cell(limit: Limit | None) -> str:
    """A limit with the mark of its basis: `~` assumed, `>` outlived; empty where there is no limit."""
    return "" if limit is None else MARKS.get(limit.basis, "") + limit_words(limit.seconds)


def risk_word(risk: Risk) -> str:
    """A risk as a person reads it; in English that is the contract's word."""
    return _(RISKS[risk])


def countdown_of(verdict: Verdict, now: float) -> str | None:
    """The countdown to the deadline of a session; None if the session is not idle or has no known deadline."""
    seconds_left = verdict.seconds_left(now)
    return None if seconds_left is None else countdown(seconds_left, is_overdue=verdict.risk is Risk.OVERDUE)


LIGHT = {
    Risk.OVERDUE: "#9c1583",
    Risk.IMMINENT: "#b42318",
    Risk.WATCH: "#8a5a00",
    Risk.CALM: "#1a6b3c",
    Risk.BUSY: "#175cd3",
    Risk.EXEMPT: "#5d6675",
}
DARK = {
    Risk.OVERDUE: "#ff8ad8",
    Risk.IMMINENT: "#ff8a80",
    Risk.WATCH: "#f5c451",
    Risk.CALM: "#7ddc9a",
    Risk.BUSY: "#8ab4ff",
    Risk.EXEMPT: "#a0a7b4",
}
SANS = 'system-ui, sans-serif, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei"'
MONO = 'ui-monospace, monospace, "Noto Sans Mono CJK SC", "PingFang SC", "Microsoft YaHei"'
"""A monospaced font. A font with Chinese letters comes last: it would draw Latin letters in another width."""
PAPER, INK, FAINT = ("#ffffff", "#14161a"), ("#1b1f24", "#e6e8eb"), ("#5d6675", "#a0a7b4")
"""Each colour for a light and for a dark background."""


def css_rules(colours: dict[Risk, str], attribute: str) -> Iterator[str]:
    """A CSS rule for each risk; `attribute` is the property that takes the colour."""
    for risk, colour in colours.items():
        yield f".{risk.value} {{ {attribute}: {colour}; }}"


MAX_COLUMN_WIDTH = 20
"""Cells of a column that does not shrink, at most; the highest session id has twenty digits."""


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column; its cells are sanitized."""

    name: str
    heading: str
    cell: Callable[[Verdict, float], str]
    is_number: bool = False
    """Whether the cells are aligned to the right."""
    shrinks: bool = False
    """Whether the column shrinks where the table is too wide."""


def closes_in(verdict: Verdict, now: float) -> str:
    """The cell of the time until the deadline."""
    return countdown_of(verdict, now) or ""


def idle(verdict: Verdict, now: float) -> str:
    """The cell of the idle time."""
    seconds = verdict.idle_seconds(now)
    return "" if seconds is None else clock_words(seconds)


def at_stake(transaction: Transaction | None) -> str:
    """What the end of the session would roll back: `trx` for an open transaction, then its rows."""
    if transaction is None:
        return ""
    if transaction.rows_modified:
        return ngettext("trx {number:,} row", "trx {number:,} rows", transaction.rows_modified)
    if transaction.rows_locked:
        return _("trx {number:,} locked", number=transaction.rows_locked)
    return _("trx read only") if transaction.read_only else _("trx open")


COLUMNS = (
    ExportColumn("risk", N_("Risk"), lambda v, _now: risk_word(v.risk)),
    ExportColumn("id", N_("Id"), lambda v, _now: str(v.session.id), is_number=True),
    ExportColumn("user", N_("User"), lambda v, _now: plain(v.session.user), shrinks=True),
    ExportColumn("client", N_("Client"), lambda v, _now: plain(v.session.host), shrinks=True),
    ExportColumn("program", N_("Program"), lambda v, _now: plain(v.session.program or ""), shrinks=True),
    ExportColumn("db", N_("Db"), lambda v, _now: plain(v.session.db or ""), shrinks=True),
    ExportColumn("idle", N_("Idle"), idle, is_number=True),
    ExportColumn("limit", N_("Limit"), lambda v, _now: limit_cell(v.limit), is_number=True),
    ExportColumn("closes", N_("Closes in"), closes_in, is_number=True),
    ExportColumn("stake", N_("At stake"), lambda v, _now: at_stake(v.session.transaction)),
    ExportColumn(
        "statement", N_("Last statement"), lambda v, _now: plain(v.session.statement or ""), shrinks=True
    ),
)


def headings() -> tuple[str, ...]:
    """The headings of COLUMNS in the language of the run."""
    return tuple(_(column.heading) for column in COLUMNS)


def in_closing_order(snapshot: Snapshot) -> list[Verdict]:
    """The sessions by deadline, then by risk from high to low, then by id."""
    return sorted(snapshot.verdicts, key=_closing_key)


def rows(verdicts: Sequence[Verdict], now: float) -> list[tuple[str, ...]]:
    """The cells of each session, in the order of COLUMNS."""
    return [tuple(column.cell(verdict, now) for column in COLUMNS) for verdict in verdicts]


def widths(cells: Sequence[tuple[str, ...]], total: int, gap: int) -> list[int]:
    """The width of each column, so that all columns with the gaps between them fit into `total` cells.

    Only columns with text from the server shrink, the widest first.
    """
    column_widths = [
        min(
            max([cell_width(heading), *(cell_width(row[i]) for row in cells)]),
            total if column.shrinks else MAX_COLUMN_WIDTH,
        )
        for i, (column, heading) in enumerate(zip(COLUMNS, headings(), strict=True))
    ]
    shrinking = [i for i, column in enumerate(COLUMNS) if column.shrinks]
    excess = sum(column_widths) + gap * (len(column_widths) - 1) - total
    for _cell in range(excess):
        column_widths[max(shrinking, key=column_widths.__getitem__)] -= 1
    return column_widths


def _closing_key(verdict: Verdict) -> tuple[float, int, int]:
    deadline = verdict.deadline
    is_known = deadline is not None and math.isfinite(deadline)
    return (
        deadline if is_known and deadline is not None else math.inf,
        -verdict.risk.rank,
        verdict.session.id,
    )
