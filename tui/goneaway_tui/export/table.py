"""The table of sessions people read: columns, order and widths, the same in every format."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from goneaway_tui.export.wording import clock, countdown_of, limit_cell, risk_word
from goneaway_tui.language import _, marked, ngettext
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import Transaction
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.wrapping import cell_width

WIDEST = 20
"""Cells a column gets at most that does not give way; the highest session id has twenty digits."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its cells are fit to show."""

    name: str
    heading: str
    cell: Callable[[Verdict, float], str]
    figure: bool = False
    """Aligned to the right."""
    yields: bool = False
    """Gives way where there is too little room."""


def closes_in(verdict: Verdict, now: float) -> str:
    return countdown_of(verdict, now) or ""


def idle(verdict: Verdict, now: float) -> str:
    seconds = verdict.idle_seconds(now)
    return "" if seconds is None else clock(seconds)


def at_stake(transaction: Transaction | None) -> str:
    """What would be rolled back, in a word or two."""
    if transaction is None:
        return ""
    if transaction.rows_modified:
        return ngettext("{number:,} row", "{number:,} rows", transaction.rows_modified)
    if transaction.rows_locked:
        return _("{number:,} locked", number=transaction.rows_locked)
    return _("read only") if transaction.read_only else _("transaction")


COLUMNS = (
    Column("risk", marked("Risk"), lambda v, _now: risk_word(v.risk)),
    Column("id", marked("Id"), lambda v, _now: str(v.session.id), figure=True),
    Column("user", marked("User"), lambda v, _now: plain(v.session.user), yields=True),
    Column("client", marked("Client"), lambda v, _now: plain(v.session.host), yields=True),
    Column("program", marked("Program"), lambda v, _now: plain(v.session.program or ""), yields=True),
    Column("db", marked("Db"), lambda v, _now: plain(v.session.db or ""), yields=True),
    Column("idle", marked("Idle"), idle, figure=True),
    Column("limit", marked("Limit"), lambda v, _now: limit_cell(v.limit), figure=True),
    Column("closes", marked("Closes in"), closes_in, figure=True),
    Column("stake", marked("At stake"), lambda v, _now: at_stake(v.session.transaction)),
    Column(
        "statement", marked("Last statement"), lambda v, _now: plain(v.session.statement or ""), yields=True
    ),
)


def headings() -> tuple[str, ...]:
    """What stands above the cells."""
    return tuple(_(column.heading) for column in COLUMNS)


def in_closing_order(snapshot: Snapshot) -> list[Verdict]:
    """Who closes first comes first; then the graver risk, then the lower id."""
    return sorted(snapshot.verdicts, key=_closing)


def rows(verdicts: Sequence[Verdict], now: float) -> list[tuple[str, ...]]:
    """The cells of each session, in the order of COLUMNS."""
    return [tuple(column.cell(verdict, now) for column in COLUMNS) for verdict in verdicts]


def widths(cells: Sequence[tuple[str, ...]], total: int, gap: int) -> list[int]:
    """A width for each column, so that all of them and the gaps between fit into `total`.

    Words of strangers give way to ours, the widest column first.
    """
    found = [
        min(
            max([cell_width(heading), *(cell_width(row[i]) for row in cells)]),
            total if column.yields else WIDEST,
        )
        for i, (column, heading) in enumerate(zip(COLUMNS, headings(), strict=True))
    ]
    texts = [i for i, column in enumerate(COLUMNS) if column.yields]
    over = sum(found) + gap * (len(found) - 1) - total
    for _cell in range(over):
        found[max(texts, key=found.__getitem__)] -= 1
    return found


def _closing(verdict: Verdict) -> tuple[float, int, int]:
    deadline = verdict.deadline
    known = deadline is not None and math.isfinite(deadline)
    return (deadline if known and deadline is not None else math.inf, -verdict.risk.rank, verdict.session.id)
