"""A field whose text is fit to show whatever is put into it: pasted, or taken from a name a stranger chose."""

from __future__ import annotations

from textual.widgets import Input

from goneaway_tui.model.plain import plain


class Field(Input):
    """An Input that keeps no escape sequence, no line break and nothing hidden."""

    def validate_value(self, value: str) -> str:
        return plain(value)
