"""What a browser sends as keys, reduced to what a keyboard, a mouse and a clipboard can produce.

The screen's process believes its terminal: a report of a size changes how much it draws, and a paste without an end is
held in memory. A page is no terminal, so neither reaches the process.
"""

from __future__ import annotations

import re

MAX_PASTE_CHARACTERS = 64 * 1024
"""Of one paste; the rest of it is dropped."""

_TOKEN = re.compile(
    r"""
      (?P<text>     [^\x1b]+ | \x1b(?=\x1b|\Z) | \x1b[^\[\x1b] )  # characters, the escape key, a key with alt
    | (?P<sequence> \x1b\[ [\x20-\x3f]{0,29} [\x40-\x7e] )
    | (?P<held>     \x1b\[ [\x20-\x3f]{0,29} \Z )                 # the rest comes with the next message
    """,
    re.VERBOSE,
)
"""What matches nothing here is an escape character that begins nothing, and is dropped."""
_ALLOWED = re.compile(
    r"""\x1b\[ (?: [0-9;:]* [A-HPQRSZu~]  # keys, also as the kitty protocol writes them
                 | <[0-9;]+ [Mm]          # the mouse (SGR)
                 | [IO]                   # focus
                 | \?2026;[0-4]\$y        # whether the terminal can hold a frame back
               )""",
    re.VERBOSE,
)
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"


class BrowserInput:
    """The characters of one browser, in the order it sends them."""

    def __init__(self) -> None:
        self._held = ""
        """The beginning of a sequence: at most 31 characters."""
        self._pasted: int | None = None
        """Characters of the open paste so far; None where none is open."""

    def allowed(self, characters: str) -> str:
        """What of it may go to the screen's process."""
        text, self._held = self._held + characters, ""
        allowed: list[str] = []
        for token in _TOKEN.finditer(text):
            if token["held"]:
                self._held = token["held"]
            elif token["sequence"]:
                allowed.append(self._allowed_sequence(token["sequence"]))
            else:
                allowed.append(self._counted(token["text"]))
        return "".join(allowed)

    def _allowed_sequence(self, sequence: str) -> str:
        is_open = self._pasted is not None
        if sequence == _PASTE_ENDS:
            self._pasted = None
            return sequence if is_open else ""
        if is_open:
            return ""
        if sequence == _PASTE_BEGINS:
            self._pasted = 0
            return sequence
        return sequence if _ALLOWED.fullmatch(sequence) else ""

    def _counted(self, text: str) -> str:
        if self._pasted is None:
            return text
        room = max(0, MAX_PASTE_CHARACTERS - self._pasted)
        self._pasted += len(text)
        return text[:room]
