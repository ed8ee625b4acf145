"""Where a table's columns stand: those there is room for, or all of them, pushed aside."""

from __future__ import annotations

from typing import Generic, TypeVar

from goneaway_tui.ui.columns import WIDE, Column, fit, in_cells

RowT = TypeVar("RowT")
ROOMY = 140
"""Cells from which on columns stand two apart."""
STEP = 8
"""Cells the columns are pushed at a time."""
UP, DOWN = "▴", "▾"
"""Mark the column that is sorted by. No sign of a risk, whatever letters the terminal has."""
GUTTER = 1
"""Cells in front of a line, for its mark."""


class Layout(Generic[RowT]):
    """The columns of one table at its width."""

    def __init__(self, columns: tuple[Column[RowT], ...]) -> None:
        self._columns = columns
        self._width = 0
        self.gap = 1
        """Cells after each column."""
        self.fitted: list[tuple[Column[RowT], int]] = []
        """Those shown, and how wide each is."""
        self.aside = 0
        """Cells they are pushed to the left; where any, none is left out."""

    def fit_to(self, width: int) -> None:
        """Take so many cells."""
        self._width, self.gap = width, 2 if width >= ROOMY else 1
        self.aside = min(self.aside, self._hidden)
        room = width - GUTTER + (self._hidden if self.aside else 0)
        self.fitted = fit(self._columns, room, self.gap)

    def push(self, steps: int) -> None:
        """So many steps aside, as far as there is anything to be seen there."""
        self.aside = max(0, min(self.aside + steps * STEP, self._hidden))
        self.fit_to(self._width)

    def column_at(self, x: int) -> str | None:
        """The id of the column at a cell of the screen."""
        at = GUTTER - self.aside
        for column, width in self.fitted:
            at += width + self.gap
            if x < at:
                return column.id
        return None

    def headings(self, sorted_by: str, *, reverse: bool) -> list[str]:
        """Of each column shown, in its cells; that which is sorted by bears a mark."""
        shown = []
        for column, room in self.fitted:
            mark = (DOWN if reverse else UP) if column.id == sorted_by else ""
            shown.append(in_cells(column.titled(mark, room), room, right=column.right) + " " * self.gap)
        return shown

    def cut_off(self, column: str, row: RowT, now: float) -> str:
        """The whole of a cell that has no room for it; empty where all of it is seen."""
        for each, room in self.fitted:
            if each.id == column and each.heading:
                whole = each.cell(row, now, WIDE)
                return (
                    whole if in_cells(each.cell(row, now, room), room, right=False).strip() != whole else ""
                )
        return ""

    @property
    def _hidden(self) -> int:
        """Cells there is no room for where all columns are shown as narrow as they may be."""
        return max(0, sum(column.least + self.gap for column in self._columns) + GUTTER - self._width)
