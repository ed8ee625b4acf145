"""Hostile text made fit to show: one line, no control over the terminal, nothing hidden.

User names, host names, SQL, attributes and error messages come from untrusted users. Whatever could move the cursor,
repaint the screen, reverse reading order or hide is replaced by something visible of known width.
"""

from __future__ import annotations

import unicodedata
from typing import Final

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HIDDEN = {"Cf", "Cs", "Co", "Cn", "Cc"}
_MARKS = {"Mn", "Me"}
_VARIATION = {
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
    *range(0x180B, 0x1810),
    0x034F,
    0x17B4,
    0x17B5,
}
_BLANK_LETTERS = {0x115F, 0x1160, 0x3164, 0xFFA0}
"""Letters by category that are drawn as nothing: fillers of Hangul."""
MAX_MARKS = 2
"""Combining marks kept on one letter; more is not writing but a smear over the lines above."""


def plain(text: str, limit: int = 4096) -> str:
    r"""One printable line; what is cut off is marked by `…`.

    >>> plain("a\x1b[2Jb\nc\u202e")
    'a␛[2Jb c�'
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for char in text:
        if char.isspace() or char in "\x1c\x1d\x1e\x1f":
            shown.append(" ")
            marks = 0
            continue
        kind = unicodedata.category(char)
        if kind in _MARKS:
            marks += 1
            if marks <= MAX_MARKS and ord(char) not in _VARIATION and shown:
                shown.append(char)
            continue
        marks = 0
        if kind in _HIDDEN or ord(char) in _BLANK_LETTERS:
            code = ord(char)
            shown.append(
                chr(0x2400 + code)
                if code < 0x20
                else "\N{SYMBOL FOR DELETE}"
                if code == 0x7F
                else REPLACEMENT
            )
        else:
            shown.append(char)
    return "".join(shown)


def from_wire(raw: bytes) -> str:
    r"""A server's bytes as text that survives any encoding: what is not UTF-8 is shown as `\x..`."""
    return raw.decode("utf-8", "backslashreplace")


MAX_HOST_NAME: Final = 253
"""Characters of a name in the DNS."""


def display_hostname(host: str) -> str:
    r"""The ASCII name that the resolver is asked for, since letters of other scripts look like Latin ones.

    Empty where the host is ASCII; with escapes where no resolver takes it.

    >>> display_hostname("ex\u0430mple.com"), display_hostname("example.com"), display_hostname("\u202eexample.com")
    ('xn--exmple-4nf.com', '', '\\u202eexample.com')
    """
    if host.isascii():
        return ""
    try:
        if len(host) <= MAX_HOST_NAME:
            return plain(host.encode("idna").decode("ascii"), MAX_HOST_NAME)
    except UnicodeError:
        pass
    return plain(host[:MAX_HOST_NAME].encode("ascii", "backslashreplace").decode("ascii"), MAX_HOST_NAME)
