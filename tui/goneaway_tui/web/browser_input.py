"""Reduce what a browser sends to what a keyboard, a mouse and a clipboard can produce.

The process of the screen trusts its terminal: a report of a size changes how much it draws, and a paste without an
end stays in memory. A page is no terminal, so neither reaches the process. Every escape character that passes begins
a whole token that may pass, so tokens that pass cannot join to one that may not. The process queues its input without
a limit, so a token bucket limits the input.
"""

from __future__ import annotations

import re
import sys

from goneaway_tui.ports import Clock

MAX_PASTE_CHARACTERS = 64 * 1024
"""Of one paste; the rest of it is dropped."""
KEYS_A_SECOND = 1000.0
"""Sequences and characters on average; more are dropped. A held key repeats 30 times a second, and a mouse moves once
a frame.
"""
MAX_KEYS_AT_ONCE = 4096
PASTED_AS_KEY = 64
"""Characters of a paste that count as one key: the process takes a paste as one event."""
ESCAPE_KEY = "\x1b[27u"
"""The escape key in the kitty protocol: nothing that follows can continue it."""

_TOKEN = re.compile(
    r"""
      (?P<escape>   \x1b (?= \x1b | \Z ) )
    | (?P<sequence> \x1b\[ [\x20-\x3f]{0,29} [\x40-\x7e] )
    | (?P<held>     \x1b\[ [\x20-\x3f]{0,29} \Z )              # the rest comes with the next message
    | (?P<with_alt> \x1b [^\x1b\[\]PX^_\x80-\x9f] )
    | (?P<text>     [^\x1b\x80-\x9f]+ )
    """,
    re.VERBOSE,
)
"""What matches nothing here is dropped: control characters (C1), and an escape character that begins what only a
terminal sends (DCS, OSC, SOS, PM, APC) or nothing at all.
"""
_ALLOWED = re.compile(
    r"""\x1b\[ (?: [0-9;:]* [A-HPQRSZu~]  # keys, also as the kitty protocol writes them
                 | <[0-9;]+ [Mm]          # the mouse (SGR)
                 | [IO]                   # focus
                 | \?2026;[0-4]\$y        # whether the terminal can hold a frame back
               )""",
    re.VERBOSE,
)
_SURROGATES = range(0xD800, 0xE000)
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"


class BrowserInput:
    """The input of one browser, in the order of its messages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys = float(MAX_KEYS_AT_ONCE)
        """How many may come now."""
        self._counted_at = clock()
        self._held = ""
        """The beginning of a sequence: at most 31 characters."""
        self._pasted: int | None = None
        """Characters of the open paste so far; None where none is open."""

    def allowed(self, characters: str, *, is_behind: bool = False) -> str:
        """The characters that may go to the screen's process. To a process that `is_behind` only the end of a paste
        may go.
        """
        now = self._clock()
        self._keys = min(MAX_KEYS_AT_ONCE, self._keys + KEYS_A_SECOND * (now - self._counted_at))
        self._counted_at = now
        text, self._held = self._held + characters, ""
        allowed: list[str] = []
        for token in _TOKEN.finditer(text):
            if token["held"]:
                self._held = token["held"]
            elif token[0] == _PASTE_ENDS:
                if self._pasted is not None:
                    allowed.append(_PASTE_ENDS)
                self._pasted = None
            elif self._pasted is not None:
                allowed.append("" if is_behind else self._of_paste(token, self._pasted))
            elif is_behind or self._keys < 1:
                break  # no paste is open, so there is no end to be heard
            else:
                allowed.append(self._typed(token))
        return "".join(allowed)

    def _typed(self, token: re.Match[str]) -> str:
        if token["text"]:
            return self._paid(token["text"], 1.0)
        if token["sequence"] and not (_ALLOWED.fullmatch(token[0]) and _names_characters(token[0])):
            return ""
        self._keys -= 1
        if token[0] == _PASTE_BEGINS:
            self._pasted = 0
        return ESCAPE_KEY if token["escape"] else token[0]

    def _of_paste(self, token: re.Match[str], pasted: int) -> str:
        """The characters of a paste without escape sequences: text that a program coloured is pasted without colours."""
        text = token["text"] or (token["with_alt"] or "")[1:]
        passes = self._paid(text[: MAX_PASTE_CHARACTERS - pasted], 1 / PASTED_AS_KEY)
        self._pasted = pasted + len(passes)
        return passes

    def _paid(self, text: str, keys: float) -> str:
        """As much of the text as the token bucket allows, where each character costs so many `keys`."""
        passes = text[: int(self._keys / keys)]
        self._keys -= len(passes) * keys
        return passes


def _names_characters(sequence: str) -> bool:
    """Whether every number in a key of the kitty protocol is a character: Textual's parser fails at other numbers.

    >>> _names_characters("\x1b[97;5u"), _names_characters("\x1b[1114112u"), _names_characters("\x1b[55296u")
    (True, False, False)
    """
    numbers = map(int, re.findall(r"\d+", sequence)) if sequence.endswith("u") else ()
    return all(number <= sys.maxunicode and number not in _SURROGATES for number in numbers)
