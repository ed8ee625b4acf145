"""The last look at every line before it is drawn: no widget, ours or the framework's, gets a control to the terminal.

Texts are made plain where they become cells and entries, which keeps them readable (`model.plain`). This is for what
was forgotten, and for what a library draws by itself: whatever is not printable is blank, and as wide as it was.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


class Printable(LineFilter):
    """Lets printable characters through."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the framework's shape
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [Segment(printable(segment.text), segment.style) for segment in segments]


def printable(text: str) -> str:
    """
    >>> printable("a\\x1b[2Jb"), printable("a\\u202eb"), printable("a\\u3000b")
    ('a[2Jb', 'ab', 'a  b')
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " * cell_len(char) for char in text)
