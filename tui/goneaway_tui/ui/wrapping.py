"""How the framework wraps the text of a widget: between wide letters too, which it would break at blanks only."""

from __future__ import annotations

from rich._wrap import divide_line  # the framework's own, which it gives no public name
from rich.cells import cell_len

from goneaway_tui.model.wrapping import breaks, has_wide


def divided(text: str, width: int, fold: bool = True) -> list[int]:  # noqa: FBT001, FBT002 - the framework's shape
    """Where to cut a line, as offsets from its start."""
    return (
        breaks(text, width, fold=fold, measure=cell_len)
        if has_wide(text)
        else divide_line(text, width, fold=fold)
    )
