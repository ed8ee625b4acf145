"""The table of every list: thousands of rows, a cursor that follows its row, marks, and columns fitted to the width."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from goneaway_tui.ui.columns import COLUMN_TINTS, GUTTER, Column, Layout, in_cells
from goneaway_tui.ui.messages import RowChosen, RowMarked
from goneaway_tui.ui.tooltips import TooltipWidget, cell_hint, heading_hint

HEADER_LINES = 1
"""Lines that the headings take above the rows."""


class TableCell(NamedTuple):
    """The cell under the mouse."""

    column: str | None
    row: int
    """The index of the row; negative on the heading."""


RowT = TypeVar("RowT")


@dataclass(slots=True, eq=False)
class RenderedRow:
    """A row as its line shows it. It stays the same object as long as the line looks the same."""

    row: Any
    now: float
    """The instant for which its ticking cells were last computed."""
    cells: list[str]
    tint: str
    is_marked: bool
    is_cursor: bool
    strip: Strip | None = None
    """The drawn line, cached; None before it is drawn. It does not depend on the scroll position."""


class LineTable(ScrollView, TooltipWidget, Generic[RowT], can_focus=True):
    """A table of rows of type RowT under a heading line, which draws only the lines that have changed.

    A click on a heading posts `HeadingPressed`, enter or a double click on a row `RowChosen`, and space, which marks the
    row, `RowMarked`.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--header", "lines--cursor", "lines--quiet", "lines--overdue", "lines--imminent", "lines--watch",
        "lines--calm", "lines--busy", "lines--exempt", "lines--stake",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, id="table.up"),
        Binding("down", "move(1)", "down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="table.page_up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="table.page_down"),
        Binding("left", "scroll_columns(-1)", "left", show=False, id="table.left"),
        Binding("right", "scroll_columns(1)", "right", show=False, id="table.right"),
        Binding("home", "jump(0)", "first", show=False, id="table.first"),
        Binding("end", "jump(-1)", "last", show=False, id="table.last"),
        Binding("enter", "choose", "details", id="table.choose"),
        Binding("space", "mark", "mark", id="table.mark"),
    ]

    class HeadingPressed(Message):
        """A click on a column's heading."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    cursor: reactive[int] = reactive(0, repaint=False)
    cursor_key: reactive[Hashable | None] = reactive[Hashable | None](None, repaint=False)

    def __init__(
        self,
        columns: tuple[Column[RowT], ...],
        key_of: Callable[[RowT], Hashable],
        tint_of: Callable[[RowT], str],
        *,
        id: str,  # noqa: A002 - Textual's name
        can_mark: bool = False,
    ) -> None:
        """`can_mark`: whether space marks a row."""
        super().__init__(id=id)
        self._layout = Layout(columns)
        self._can_mark = can_mark
        self._key_of = key_of
        self._tint_of = tint_of
        self._rows: Sequence[RowT] = ()
        self._now = 0.0
        self._rendered: dict[int, RenderedRow] = {}
        """The visible rows to draw, by index."""
        self._drawn: dict[int, RenderedRow | None] = {}
        """The visible rows as they were drawn last, by index."""
        self._styles: dict[tuple[str, bool], Style] = {}
        self._sorted_by, self._reverse = "", False
        self._cursor_was_moved = False
        """Whether the user has moved the cursor: then it follows its row; until then it stays on the first row."""
        self._empty_text = ""
        self.marks: set[Hashable] = set()
        """The keys of the marked rows, also of rows that are not shown now. The owner of the table removes those that ended."""

    @property
    def rows(self) -> Sequence[RowT]:
        return self._rows

    @property
    def cursor_row(self) -> RowT | None:
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def shown_columns(self) -> list[str]:
        return [column.id for column, _ in self._layout.fitted]

    def show(self, rows: Sequence[RowT], now: float, sorted_by: str = "", *, reverse: bool = False) -> None:
        """Show new rows in their order. The cursor follows its row; where the row is gone it keeps its place."""
        line_on_screen, self._rows, self._now = self.cursor - self.scroll_offset.y, rows, now
        if (sorted_by, reverse) != (self._sorted_by, self._reverse):
            self._sorted_by, self._reverse = sorted_by, reverse
            self._refresh_lines(0, HEADER_LINES)
        size = Size(self.size.width, len(rows) + HEADER_LINES)
        if size != self.virtual_size:
            self.virtual_size = size
        index = self._index_of(self.cursor_key) if self._cursor_was_moved else 0
        if index is None or not self._cursor_was_moved:
            self._move_cursor(self.cursor if self._cursor_was_moved else 0)
        elif index != self.cursor:
            self.cursor = index
            self._scroll_to_row(index - line_on_screen)
        self._redraw()

    def set_columns(self, columns: tuple[Column[RowT], ...]) -> None:
        """Show other columns from now on."""
        self._layout = Layout(columns)
        self._layout.fit_to(self.size.width)
        self._forget_drawn()
        self.refresh()

    def set_empty_text(self, text: str) -> None:
        """Set what the table shows while it has no rows."""
        if text != self._empty_text:
            self._empty_text = text
            self.refresh()

    def tick(self, now: float) -> None:
        """Redraw the cells that change with time."""
        self._now = now
        self._redraw()

    def _redraw(self) -> None:
        """Redraw the visible lines whose content has changed, neighbours together."""
        top, first = self.scroll_offset.y, 0
        for line in range(self.visible_lines + 1):
            if line < self.visible_lines and self._rendered_row(top + line) is not self._drawn.get(
                top + line
            ):
                continue
            if first < line:
                self._refresh_lines(first + HEADER_LINES, line - first)
            first = line + 1

    def _refresh_lines(self, y: int, height: int) -> None:
        self.refresh(Region(0, y, self.scrollable_content_region.width, height))

    def _rendered_row(self, index: int) -> RenderedRow | None:
        """The row at an index as it is to be shown now; None below the last row."""
        if index >= len(self._rows):
            return None
        row, previous = self._rows[index], self._rendered.get(index)
        is_marked = bool(self.marks) and self._key_of(row) in self.marks
        is_cursor = index == self.cursor
        if previous is not None and previous.row is row:  # only its ticking cells may be new
            if previous.now == self._now:
                cells = previous.cells
            else:
                pairs = zip(self._layout.fitted, previous.cells, strict=True)
                cells = [c.cell(row, self._now, room) if c.ticking else cell for (c, room), cell in pairs]
        else:
            cells = [column.cell(row, self._now, room) for column, room in self._layout.fitted]
        tint = self._tint_of(row)
        looks = (cells, tint, is_marked, is_cursor)
        if previous is not None and looks == (
            previous.cells,
            previous.tint,
            previous.is_marked,
            previous.is_cursor,
        ):
            previous.row, previous.now = row, self._now
            return previous
        rendered = self._rendered[index] = RenderedRow(row, self._now, *looks)
        return rendered

    def _index_of(self, key: Hashable | None) -> int | None:
        if key is None:
            return None
        if 0 <= self.cursor < len(self._rows) and self._key_of(self._rows[self.cursor]) == key:
            return self.cursor
        return next((i for i, row in enumerate(self._rows) if self._key_of(row) == key), None)

    def _move_cursor(self, index: int) -> None:
        """Move the cursor to a row, and scroll the row into view."""
        self.cursor = max(0, min(index, len(self._rows) - 1))
        row = self.cursor_row
        self.cursor_key = None if row is None else self._key_of(row)
        top = self.scroll_offset.y
        self._scroll_to_row(max(self.cursor - self.visible_lines + 1, min(self.cursor, top)))
        if self.scroll_offset.y == top:  # otherwise scrolling draws all lines
            self._redraw()

    @property
    def visible_lines(self) -> int:
        """How many rows there is room for."""
        return max(1, self.size.height - HEADER_LINES)

    def _scroll_to_row(self, index: int) -> None:
        """Scroll until this row is the first, or as near to it as possible.

        Forced: otherwise Textual refuses to scroll until it has laid out the scroll bar for new rows.
        """
        if index != self.scroll_offset.y:
            self.scroll_to(y=index, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Keep the cursor on a visible row when the mouse wheel or the scroll bar moves the rows: keys act on visible rows."""
        if self.show_vertical_scrollbar:
            self._move_scroll_bar(new_value)
        if round(old_value) != round(new_value):
            self._refresh_lines(HEADER_LINES, self.visible_lines)
        top = self.scroll_offset.y
        bottom = top + self.visible_lines - 1
        for cached in (self._rendered, self._drawn):
            for index in [index for index in cached if not top <= index <= bottom]:
                del cached[index]
        if not top <= self.cursor <= bottom:
            self._cursor_was_moved = True
            self._move_cursor(max(top, min(self.cursor, bottom)))

    def _move_scroll_bar(self, to: float) -> None:
        """Move the scroll bar in steps of an eighth of a cell: Textual draws the whole bar at each step."""
        step = max(1, self.virtual_size.height // (self.size.height * 8))
        self.vertical_scrollbar.position = to if to >= self.max_scroll_y else to // step * step

    def to_top(self) -> None:
        """Move the cursor to the first row, and keep it there when another row becomes the first."""
        self._cursor_was_moved = False
        self._move_cursor(0)

    def _cell_at(self, event: events.MouseEvent) -> TableCell | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        index = offset.y - HEADER_LINES + (self.scroll_offset.y if offset.y >= HEADER_LINES else 0)
        return TableCell(self._layout.column_at(offset.x), index) if index < len(self._rows) else None

    def on_click(self, event: events.Click) -> None:
        cell = self._cell_at(event)
        if cell is None:
            return
        if cell.row >= 0:
            self._click_row(cell.row, is_double=event.chain > 1)
        elif cell.column:
            self.post_message(self.HeadingPressed(cell.column))

    def on_mouse_scroll_right(self) -> None:
        self.action_scroll_columns(1)

    def on_mouse_scroll_left(self) -> None:
        self.action_scroll_columns(-1)

    def tooltip_at(self, event: events.MouseMove) -> str:
        """The meaning of a heading; the explanation of a cell, or its whole text if it is cut off."""
        cell, table = self._cell_at(event), self.id or ""
        if cell is None or cell.column is None:
            return ""
        if cell.row < 0:
            return heading_hint(table, cell.column)
        row = self._rows[cell.row]
        explanation = cell_hint(table, cell.column, row, self._now)
        return explanation or self._layout.full_text_if_cut(cell.column, row, self._now)

    def action_move(self, by: int) -> None:
        self._cursor_was_moved = True
        self._move_cursor(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._cursor_was_moved = True
        self._move_cursor(self.cursor + by * max(1, self.visible_lines - 1))

    def action_jump(self, to: int) -> None:
        self._cursor_was_moved = to != 0
        self._move_cursor(to if to >= 0 else len(self._rows) - 1)

    def action_choose(self) -> None:
        if self.cursor_key is not None:
            self.post_message(RowChosen(self.cursor_key))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        """Disable the key that marks, if rows cannot be marked."""
        return action != "mark" or self._can_mark

    def action_mark(self) -> None:
        """Toggle the mark of the cursor's row, and move on to the next row."""
        if self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.post_message(RowMarked(self.cursor_key))
            self._cursor_was_moved = True
            self._move_cursor(self.cursor + 1)

    def clear_marks(self) -> None:
        self.marks.clear()
        self._redraw()

    def action_scroll_columns(self, steps: int) -> None:
        """Scroll the columns sideways, to see those that do not fit."""
        self._layout.scroll(steps)
        self._forget_drawn()
        self.refresh()

    def on_resize(self) -> None:
        """Fit the columns to the whole width; the scroll bar stands in the gap after the last column."""
        self._layout.fit_to(self.size.width)
        self._forget_drawn()
        self.refresh()  # everything, the headings too
        self.virtual_size = Size(self.size.width, len(self._rows) + HEADER_LINES)
        self._move_cursor(self.cursor)

    def _forget_drawn(self) -> None:
        """Draw every line again: all look different now."""
        self._rendered.clear()
        self._drawn.clear()

    def _click_row(self, index: int, *, is_double: bool) -> None:
        """Move the cursor to a row; a double click on the row under the cursor also chooses it."""
        is_chosen = is_double and index == self.cursor
        self._cursor_was_moved = True
        self._move_cursor(index)
        if is_chosen:
            self.action_choose()

    def notify_style_update(self) -> None:
        """Draw everything again: the theme or the focus has changed."""
        self._styles.clear()
        self._forget_drawn()
        super().notify_style_update()

    def _style(self, component: str, *, is_cursor: bool = False) -> Style:
        """The style of a component class, or of a plain cell for ""; cached."""
        style = self._styles.get((component, is_cursor))
        if style is None:
            style = self.rich_style
            if is_cursor:
                style += self.get_component_rich_style("lines--cursor")
            if component:
                style += self.get_component_rich_style(component, partial=True)
            self._styles[component, is_cursor] = style
        return style

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render the lines without Textual's cache.

        Textual caches by the line of the screen, so scrolling would draw every line again; this table caches by row. It has
        no border, padding, tint or opacity, which Textual would add here.
        """
        background = self.background_colors[1]
        lines = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            lines = [line.apply_filter(line_filter, background) for line in lines]
        left, right = crop.column_span
        return lines if (left, right) == (0, self.size.width) else [line.crop(left, right) for line in lines]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._layout.fitted:  # drawn before the first resize event
            self._layout.fit_to(width)
            self._forget_drawn()
        if y < HEADER_LINES:
            return self._scrolled(self._heading_line(), self.get_component_rich_style("lines--header"))
        index = y - HEADER_LINES + self.scroll_offset.y
        rendered = self._drawn[index] = self._rendered_row(index)
        if rendered is None and not self._rows:
            return self._empty_line(y - HEADER_LINES - 1)
        if rendered is None:
            return Strip.blank(width, self._style(""))
        strip = rendered.strip
        if strip is None or strip.cell_length != width:
            strip = self._scrolled(self._row_line(rendered), self._style("", is_cursor=rendered.is_cursor))
            rendered.strip = strip
        return strip

    def _empty_line(self, line: int) -> Strip:
        """One line of the text shown while there are no rows."""
        width = self.size.width
        words = Content(self._empty_text).wrap(max(1, width - 4)) if self._empty_text else []
        text = f"  {words[line].plain}" if 0 <= line < len(words) else ""
        return Strip([Segment(in_cells(text, width, right=False), self._style("lines--quiet"))])

    def _scrolled(self, line: Strip, style: Style) -> Strip:
        left = self._layout.offset
        if not left:
            return line.adjust_cell_length(self.size.width, style)
        return line.crop_extend(left, left + self.size.width, style)

    def _heading_line(self) -> Strip:
        style = self.get_component_rich_style("lines--header")
        segments = [Segment(" " * GUTTER, style)]
        segments += [
            Segment(heading, style)
            for heading in self._layout.headings(self._sorted_by, reverse=self._reverse)
        ]
        return Strip(segments)

    def _row_line(self, rendered: RenderedRow) -> Strip:
        """Draw a row; neighbouring cells of the same style become one segment."""
        parts = [("lines--stake", "✔ ") if rendered.is_marked else ("", "  ")]
        for (column, room), cell in zip(self._layout.fitted, rendered.cells, strict=True):
            if column.tint is not None:
                component = column.tint(rendered.row)
            else:
                component = (
                    rendered.tint if column.tinted else COLUMN_TINTS.get(column.id, "") if cell else ""
                )
            parts += [(component, in_cells(cell, room, right=column.right)), ("", " " * self._layout.gap)]
        segments = [
            Segment(
                "".join(text for _, text in neighbours), self._style(component, is_cursor=rendered.is_cursor)
            )
            for component, neighbours in groupby(parts, key=itemgetter(0))
        ]
        return Strip(segments, sum(room + self._layout.gap for _, room in self._layout.fitted) + GUTTER)
