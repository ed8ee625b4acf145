"""What is printed for other programs and for `man`, by the command that prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from goneaway_tui.export.schemas import schema_text
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.manual import manual_text
from goneaway_tui.settings.options import COMPLETION, MANUAL, SCHEMA

DOCUMENTS: Mapping[str, Callable[[str], str]] = {
    SCHEMA: schema_text,
    COMPLETION: completion_text,
    MANUAL: lambda _word: manual_text(),
}
"""Each is made from the word that follows the command."""
