"""What the screen shows, cell by cell, and what of it is another a moment later: a recording is made of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import blend_rgb
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from textual.app import App

NEAR = 4
"""Cells that did not change are drawn again where fewer than this lie between two that did."""


class Ink(NamedTuple):
    """How a cell is drawn; colours as `#rrggbb`."""

    fore: str
    back: str
    bold: bool = False
    italic: bool = False
    underline: bool = False


class Cell(NamedTuple):
    """One place of the screen. The second half of a wide character is the empty string."""

    text: str
    ink: Ink

    def looks_like(self, other: Cell) -> bool:
        """Of a blank only the ground is seen."""
        if self.text.isspace() and other.text.isspace() and not (self.ink.underline or other.ink.underline):
            return self.ink.back == other.ink.back
        return self == other


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Frame:
    """The screen, for so many seconds, and what is said beneath it."""

    seconds: float
    rows: tuple[Row, ...]
    key: str
    """What was pressed last, as it stands on the key."""
    words: str

    @property
    def text(self) -> str:
        """The screen's lines without colours."""
        return "\n".join("".join(cell.text for cell in row).rstrip() for row in self.rows)


class Run(NamedTuple):
    """Neighbours of one ink in a row, and where they begin."""

    row: int
    column: int
    text: str
    ink: Ink

    @property
    def width(self) -> int:
        return cell_len(self.text)


def rows_of(app: App[Any]) -> tuple[Row, ...]:
    """What `app` shows now."""
    width, height = app.size
    console = Console(
        width=width, height=height, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    drawn = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert drawn is not None
    segments = Segment.filter_control(console.render(drawn))
    lines = Segment.split_and_crop_lines(segments, width, include_new_lines=False)
    return tuple(tuple(_cells(line)) for line in lines)


def changes(before: Sequence[Row], after: Sequence[Row]) -> Iterator[Run]:
    """What has to be drawn over `before` to see `after`; all of it where there was nothing."""
    for number, row in enumerate(after):
        was: Row = before[number] if number < len(before) else ()
        changed = [n for n, cell in enumerate(row) if n >= len(was) or not cell.looks_like(was[n])]
        for start, end in _stretches(changed, row):
            column = start
            for ink, cells in groupby(row[start:end], key=lambda cell: cell.ink):
                text = "".join(cell.text for cell in cells)
                yield Run(number, column, text, ink)
                column += cell_len(text)


def _cells(line: Sequence[Segment]) -> Iterator[Cell]:
    for segment in line:
        ink = _ink(segment.style or Style.null())
        for character in segment.text:
            yield Cell(character, ink)
            yield from [Cell("", ink)] * (cell_len(character) - 1)


def _ink(style: Style) -> Ink:
    theme = SVG_EXPORT_THEME
    fore = theme.foreground_color if style.color is None else style.color.get_truecolor(theme)
    back = (
        theme.background_color
        if style.bgcolor is None
        else style.bgcolor.get_truecolor(theme, foreground=False)
    )
    if style.reverse:
        fore, back = back, fore
    if style.dim:
        fore = blend_rgb(fore, back, 0.5)
    return Ink(fore.hex, back.hex, bool(style.bold), bool(style.italic), bool(style.underline))


def _stretches(changed: Sequence[int], row: Row) -> Iterator[tuple[int, int]]:
    """Where to begin and end drawing; never within a wide character."""
    stretches: list[tuple[int, int]] = []
    for column in changed:
        is_near = stretches and column - stretches[-1][1] < NEAR
        start = stretches.pop()[0] if is_near else column
        stretches.append((start, column + 1))
    for start, end in stretches:
        yield start - (not row[start].text), end + (end < len(row) and not row[end].text)
