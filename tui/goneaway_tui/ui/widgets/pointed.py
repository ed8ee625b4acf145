"""What the mouse does to a table: headings sort, rows are chosen, columns are pushed aside, and all of it explains itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView

from goneaway_tui.ui.hints import cell_hint, heading_hint
from goneaway_tui.ui.layout import Layout
from goneaway_tui.ui.widgets.hinted import Hinted

HEADER = 1
"""Lines above the rows."""


class Spot(NamedTuple):
    """A cell of the table."""

    column: str | None
    row: int
    """Of the row; negative on the heading."""


class Pointed(ScrollView, Hinted):
    """A heading line and rows under it, as the mouse finds them."""

    _layout: Layout[Any]
    _rows: Sequence[Any]
    _now: float

    class HeadingPressed(Message):
        """A click on a column's heading."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def point(self, index: int, *, again: bool) -> None:
        """A row was clicked; `again`, and it is to be opened."""
        raise NotImplementedError

    def action_push(self, steps: int) -> None:
        """Push the columns aside, to see what there is no room for."""
        raise NotImplementedError

    def _spot(self, event: events.MouseEvent) -> Spot | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        index = offset.y - HEADER + (self.scroll_offset.y if offset.y >= HEADER else 0)
        return Spot(self._layout.column_at(offset.x), index) if index < len(self._rows) else None

    def on_click(self, event: events.Click) -> None:
        spot = self._spot(event)
        if spot is None:
            return
        if spot.row >= 0:
            self.point(spot.row, again=event.chain > 1)
        elif spot.column:
            self.post_message(self.HeadingPressed(spot.column))

    def on_mouse_scroll_right(self) -> None:
        self.action_push(1)

    def on_mouse_scroll_left(self) -> None:
        self.action_push(-1)

    def hint_at(self, event: events.MouseMove) -> str:
        """Of a heading what it means; of a cell what it does not show: why, or what was cut off."""
        spot, table = self._spot(event), self.id or ""
        if spot is None or spot.column is None:
            return ""
        if spot.row < 0:
            return heading_hint(table, spot.column)
        row = self._rows[spot.row]
        told = cell_hint(table, spot.column, row, self._now)
        return told or self._layout.cut_off(spot.column, row, self._now)
