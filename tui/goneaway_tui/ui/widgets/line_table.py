"""What the mouse does to a table: headings sort, rows are chosen, columns are pushed aside, and all of it explains itself."""

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
"""Lines above the rows."""


class TableCell(NamedTuple):
    """A cell of the table."""

    column: str | None
    row: int
    """Of the row; negative on the heading."""


class MouseTable(ScrollView, TooltipWidget):
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

    def _spot(self, event: events.MouseEvent) -> TableCell | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        index = offset.y - HEADER_LINES + (self.scroll_offset.y if offset.y >= HEADER_LINES else 0)
        return TableCell(self._layout.column_at(offset.x), index) if index < len(self._rows) else None

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


RowT = TypeVar("RowT")


@dataclass(slots=True, eq=False)
class RenderedRow:
    """What one line shows; a line that looks different is another object."""

    row: Any
    now: float
    """The instant its ticking cells were last worked out for."""
    cells: list[str]
    tint: str
    is_marked: bool
    is_cursor: bool
    strip: Strip | None = None
    """The line as it was drawn, if it was: it stays the same wherever the table scrolls to."""


class LineTable(MouseTable, Generic[RowT], can_focus=True):
    """Rows of RowT under a heading line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--header", "lines--cursor", "lines--quiet", "lines--overdue", "lines--imminent", "lines--watch",
        "lines--calm", "lines--busy", "lines--exempt", "lines--stake",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, id="table.up"),
        Binding("down", "move(1)", "down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="table.page_up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="table.page_down"),
        Binding("left", "push(-1)", "left", show=False, id="table.left"),
        Binding("right", "push(1)", "right", show=False, id="table.right"),
        Binding("home", "jump(0)", "first", show=False, id="table.first"),
        Binding("end", "jump(-1)", "last", show=False, id="table.last"),
        Binding("enter", "choose", "detail", id="table.choose"),
        Binding("space", "mark", "mark", show=False, id="table.mark"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    cursor_key: reactive[Hashable | None] = reactive[Hashable | None](None, repaint=False)

    def __init__(
        self,
        columns: tuple[Column[RowT], ...],
        key_of: Callable[[RowT], Hashable],
        tint_of: Callable[[RowT], str],
        *,
        id: str,  # noqa: A002 - the framework's word
    ) -> None:
        super().__init__(id=id)
        self._layout = Layout(columns)
        self._key_of = key_of
        self._tint_of = tint_of
        self._rows: Sequence[RowT] = ()
        self._now = 0.0
        self._pictures: dict[int, RenderedRow] = {}
        """What the rows in sight are to show, by their index."""
        self._drawn: dict[int, RenderedRow | None] = {}
        """What was last drawn of them."""
        self._looks: dict[tuple[str, bool], Style] = {}
        self._sorted_by, self._reverse = "", False
        self._is_led = False
        """The user has moved the cursor: it follows its row. Until then it stays on top, where the next closing is."""
        self._nothing = ""
        self.marks: set[Hashable] = set()
        """The keys of marked rows, also of rows that are not shown now: whoever fills the table takes out what has ended."""

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
        """Take new rows in their order; the cursor goes where its row went, or stays where it was."""
        line_on_screen, self._rows, self._now = self.cursor - self.scroll_offset.y, rows, now
        if (sorted_by, reverse) != (self._sorted_by, self._reverse):
            self._sorted_by, self._reverse = sorted_by, reverse
            self._refresh_line_on_screen(0)
        size = Size(self.size.width, len(rows) + HEADER_LINES)
        if size != self.virtual_size:
            self.virtual_size = size
        found = self._find(self.cursor_key) if self._is_led else 0
        if found is None or not self._is_led:
            self._place(self.cursor if self._is_led else 0)
        elif found != self.cursor:
            self.cursor = found
            self._scroll_to_row(found - line_on_screen)
        self._redraw()

    def say_nothing(self, words: str) -> None:
        """What stands where rows would, while there are none: what would be there, and how it comes there."""
        if words != self._nothing:
            self._nothing = words
            self.refresh()

    def tick(self, now: float) -> None:
        """Let the countdowns run."""
        self._now = now
        self._redraw()

    def _redraw(self) -> None:
        """Draw those lines in sight that have changed; of the others no more is asked than what they would show."""
        top = self.scroll_offset.y
        for line in range(self._lines):
            if self._picture(top + line) is not self._drawn.get(top + line):
                self._refresh_line_on_screen(line + HEADER_LINES)

    def _refresh_line_on_screen(self, y: int) -> None:
        self.refresh(Region(0, y, self.scrollable_content_region.width, 1))

    def _picture(self, index: int) -> RenderedRow | None:
        """What a line is to show now; None below the last row."""
        if index >= len(self._rows):
            return None
        row, before = self._rows[index], self._pictures.get(index)
        is_marked = bool(self.marks) and self._key_of(row) in self.marks
        is_cursor = index == self.cursor
        if before is not None and before.row is row:  # then only what is ticking may be new
            if before.now == self._now:
                cells = before.cells
            else:
                pairs = zip(self._layout.fitted, before.cells, strict=True)
                cells = [c.cell(row, self._now, room) if c.ticking else shown for (c, room), shown in pairs]
        else:
            cells = [column.cell(row, self._now, room) for column, room in self._layout.fitted]
        tint = self._tint_of(row)
        looks = (cells, tint, is_marked, is_cursor)
        if before is not None and looks == (before.cells, before.tint, before.is_marked, before.is_cursor):
            before.row, before.now = row, self._now
            return before
        picture = self._pictures[index] = RenderedRow(row, self._now, *looks)
        return picture

    def _find(self, key: Hashable | None) -> int | None:
        if key is None:
            return None
        if 0 <= self.cursor < len(self._rows) and self._key_of(self._rows[self.cursor]) == key:
            return self.cursor
        return next((i for i, row in enumerate(self._rows) if self._key_of(row) == key), None)

    def _place(self, index: int) -> None:
        """Put the cursor on a row, and keep it in sight."""
        self.cursor = max(0, min(index, len(self._rows) - 1))
        row = self.cursor_row
        self.cursor_key = None if row is None else self._key_of(row)
        top = self.scroll_offset.y
        self._scroll_to_row(max(self.cursor - self._lines + 1, min(self.cursor, top)))
        if self.scroll_offset.y == top:  # else all of it is drawn anyway
            self._redraw()

    @property
    def _lines(self) -> int:
        """Rows there is room for."""
        return max(1, self.size.height - HEADER_LINES)

    def _scroll_to_row(self, index: int) -> None:
        """Have this row on top, or the nearest that can be there.

        Forced, since the framework else refuses until it has laid out the scroll bar of rows that have just come.
        """
        if index != self.scroll_offset.y:
            self.scroll_to(y=index, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Take the cursor along when the mouse wheel or the scroll bar moves the rows: keys act on a row in sight."""
        if self.show_vertical_scrollbar:
            self._move_scroll_bar(new_value)
        if round(old_value) != round(new_value):
            self.refresh(Region(0, HEADER_LINES, self.scrollable_content_region.width, self._lines))
        top = self.scroll_offset.y
        bottom = top + self._lines - 1
        for kept in (self._pictures, self._drawn):
            for index in [index for index in kept if not top <= index <= bottom]:
                del kept[index]
        if not top <= self.cursor <= bottom:
            self._is_led = True
            self._place(max(top, min(self.cursor, bottom)))

    def _move_scroll_bar(self, to: float) -> None:
        """Where an eighth of a cell is many rows, only by as many: the bar draws all of itself at each step."""
        step = max(1, self.virtual_size.height // (self.size.height * 8))
        self.vertical_scrollbar.position = to if to >= self.max_scroll_y else to // step * step

    def to_top(self) -> None:
        """Back to the first row, and stay there whatever row that is."""
        self._is_led = False
        self._place(0)

    def action_move(self, by: int) -> None:
        self._is_led = True
        self._place(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._is_led = True
        self._place(self.cursor + by * max(1, self._lines - 1))

    def action_jump(self, to: int) -> None:
        self._is_led = to != 0
        self._place(to if to >= 0 else len(self._rows) - 1)

    def action_choose(self) -> None:
        if self.cursor_key is not None:
            self.post_message(RowChosen(self.cursor_key))

    def action_mark(self) -> None:
        """Mark the row, or take its mark away, and go on to the next."""
        if self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.post_message(RowMarked(self.cursor_key))
            self._is_led = True
            self._place(self.cursor + 1)

    def clear_marks(self) -> None:
        self.marks.clear()
        self._redraw()

    def action_push(self, steps: int) -> None:
        """Push the columns aside, to see what there is no room for."""
        self._layout.push(steps)
        self._forget_lines()
        self.refresh()

    def on_resize(self) -> None:
        """Fit the columns to the whole width: a scroll bar stands in the gap after the last column."""
        self._layout.fit_to(self.size.width)
        self._forget_lines()
        self.refresh()  # all of it, the heading too
        self.virtual_size = Size(self.size.width, len(self._rows) + HEADER_LINES)
        self._place(self.cursor)

    def _forget_lines(self) -> None:
        """None looks any more as it did."""
        self._pictures.clear()
        self._drawn.clear()

    def point(self, index: int, *, again: bool) -> None:
        is_open = again and index == self.cursor
        self._is_led = True
        self._place(index)
        if is_open:
            self.action_choose()

    def notify_style_update(self) -> None:
        """The theme or the focus has changed."""
        self._looks.clear()
        self._forget_lines()
        super().notify_style_update()

    def _look(self, kind: str, *, is_cursor: bool = False) -> Style:
        """How a cell of a kind looks: a component class, or "" for any; looked up once."""
        look = self._looks.get((kind, is_cursor))
        if look is None:
            look = self.rich_style
            if is_cursor:
                look += self.get_component_rich_style("lines--cursor")
            if kind:
                look += self.get_component_rich_style(kind, partial=True)
            self._looks[kind, is_cursor] = look
        return look

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are: a table has no border, padding, tint or opacity, which the framework would see to.

        It keeps what it has drawn by the line of the screen, and so draws all of them whenever a table scrolls.
        """
        background = self.background_colors[1]
        lines = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            lines = [line.apply_filter(line_filter, background) for line in lines]
        left, right = crop.column_span
        return lines if (left, right) == (0, self.size.width) else [line.crop(left, right) for line in lines]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._layout.fitted:  # drawn before it was told its size
            self._layout.fit_to(width)
            self._forget_lines()
        if y < HEADER_LINES:
            return self._aside(self._header(), self.get_component_rich_style("lines--header"))
        index = y - HEADER_LINES + self.scroll_offset.y
        picture = self._drawn[index] = self._picture(index)
        if picture is None and not self._rows:
            return self._blank(y - HEADER_LINES - 1)
        if picture is None:
            return Strip.blank(width, self._look(""))
        strip = picture.strip
        if strip is None or strip.cell_length != width:
            strip = self._aside(self._line(picture), self._look("", is_cursor=picture.is_cursor))
            picture.strip = strip
        return strip

    def _blank(self, line: int) -> Strip:
        """A line of what is said where there are no rows."""
        width = self.size.width
        words = Content(self._nothing).wrap(max(1, width - 4)) if self._nothing else []
        text = f"  {words[line].plain}" if 0 <= line < len(words) else ""
        return Strip([Segment(in_cells(text, width, right=False), self._look("lines--quiet"))])

    def _aside(self, line: Strip, style: Style) -> Strip:
        left = self._layout.aside
        if not left:
            return line.adjust_cell_length(self.size.width, style)
        return line.crop_extend(left, left + self.size.width, style)

    def _header(self) -> Strip:
        style = self.get_component_rich_style("lines--header")
        segments = [Segment(" " * GUTTER, style)]
        segments += [
            Segment(each, style) for each in self._layout.headings(self._sorted_by, reverse=self._reverse)
        ]
        return Strip(segments)

    def _line(self, picture: RenderedRow) -> Strip:
        """Neighbouring cells that look alike are one segment."""
        parts = [("lines--stake", "✔") if picture.is_marked else ("", " ")]
        for (column, room), cell in zip(self._layout.fitted, picture.cells, strict=True):
            if column.tint is not None:
                kind = column.tint(picture.row)
            else:
                kind = picture.tint if column.tinted else COLUMN_TINTS.get(column.id, "") if cell else ""
            parts += [(kind, in_cells(cell, room, right=column.right)), ("", " " * self._layout.gap)]
        segments = [
            Segment("".join(text for _, text in alike), self._look(kind, is_cursor=picture.is_cursor))
            for kind, alike in groupby(parts, key=itemgetter(0))
        ]
        return Strip(segments, sum(room + self._layout.gap for _, room in self._layout.fitted) + GUTTER)
