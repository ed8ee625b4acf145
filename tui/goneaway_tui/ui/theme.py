"""The colour of a server: a ground of its own with an ink that can be read on it, whatever the theme."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

EVEN = 0.179
"""The luminance on which black and white can be read equally well, by WCAG's contrast ratio."""


@dataclass(frozen=True, slots=True)
class ServerAccent:
    ground: Color
    ink: Color

    @property
    def style(self) -> str:
        return f"bold {self.ink.hex6} on {self.ground.hex6}"


def server_accent(color: str | None) -> ServerAccent | None:
    """`color` as the config file has it.

    >>> [server_accent(each).style for each in ("red", "#00f")]
    ['bold #000000 on #FF0000', 'bold #FFFFFF on #0000FF']
    """
    if color is None:
        return None
    ground = Color.parse(color)
    return ServerAccent(ground, Color(0, 0, 0) if luminance(ground) > EVEN else Color(255, 255, 255))


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


LEAST = 4.5
"""What WCAG 2.2 asks of text, as the ratio of the luminances."""
STEP = 0.04
"""How far an ink is moved at a time towards black or white."""
CURSOR, BLURRED = 0.22, 0.1
"""How much of the theme's own colour there is in the ground of the row under the cursor."""
ON_ANY = (
    "text-primary",
    "text-accent",
    "text-success",
    "text-warning",
    "text-error",
    "foreground-muted",
    "foreground",
)
"""What is written with on every ground of ours."""
ON_THE_FOOTER = ("footer-key-foreground", "footer-description-foreground")
QUIET = 0.65
"""How much of the text's colour quiet words have."""


def readable_colours(variables: Mapping[str, str]) -> dict[str, str]:
    """The theme's variables that are ours to change, and the grounds that are ours alone.

    Where the terminal's own palette is used nobody knows its colours: there nothing is changed.
    """
    if "ansi" in variables["foreground"]:
        return {
            "cursor-row": "transparent",
            "cursor-row-blurred": "transparent",
            "trouble-ink": variables["text-error"],
        }
    surface, panel, primary = (Color.parse(variables[name]) for name in ("surface", "panel", "primary"))
    surface, panel = (each.with_alpha(1.0) for each in (surface, panel))
    cursor, blurred = (surface.blend(primary, share) for share in (CURSOR, BLURRED))
    foreground = Color.parse(variables["foreground"])
    grounds = (surface, panel, cursor, blurred)
    told = {"cursor-row": cursor.hex6, "cursor-row-blurred": blurred.hex6}
    for name in ON_ANY:
        ink = surface.blend(foreground, QUIET) if name == "foreground-muted" else Color.parse(variables[name])
        told[name] = is_legible(ink, grounds).hex6
    trouble = surface + Color.parse(variables["error-muted"])
    told["trouble-ink"] = is_legible(Color.parse(told["text-error"]), [trouble]).hex6
    highlighted = Color.parse(variables["block-cursor-background"]).with_alpha(1.0)
    told["block-cursor-foreground"] = is_legible(foreground, [highlighted]).hex6
    footer = Color.parse(variables["footer-background"])
    for name in ON_THE_FOOTER:
        told[name] = is_legible(Color.parse(variables[name]), [footer]).hex6
    return told


def is_legible(ink: Color, grounds: Iterable[Color]) -> Color:
    """The ink nearest to this one that can be read on all these grounds, as far as there is any."""
    on = tuple(grounds)
    ends = (Color(0, 0, 0), Color(255, 255, 255))
    end = max(ends, key=lambda each: min(contrast(each, ground) for ground in on))
    found, share = ink.with_alpha(1.0), 0.0
    while min(contrast(found, ground) for ground in on) < LEAST and share < 1:
        share += STEP
        found = ink.with_alpha(1.0).blend(end, min(1.0, share))
    return found


def contrast(one: Color, other: Color) -> float:
    """WCAG's, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


class PrintableFilter(LineFilter):
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


SIGNS = {
    **dict.fromkeys("▲◆", "!"),
    "▴": "^",
    "▾": "v",
    "△": "^",
    **dict.fromkeys("●•✔", "*"),
    "✖": "x",
    "◌": "o",
    "·": ".",
    "»": ">",
    "▶": ">",
    "❄": "*",
    "…": "~",
    "⏎": "<",
    **dict.fromkeys("–—─━╸╺", "-"),
    **dict.fromkeys("│┃║▌▐▎▊╻╹", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┣┫╋", "+"),
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
    "▮": "|",
}
"""Of one cell each, as what they stand for."""
MOST_LINES = 2048
"""Texts that are remembered: the same ones are drawn again and again."""


class CharsetFilter(LineFilter):
    """Draws what a character set can say, as wide as it was."""

    def __init__(self, encoding: str) -> None:
        """`encoding`: the terminal's, as Python names it."""
        super().__init__()
        self._encoding = encoding
        self._said = lru_cache(MOST_LINES)(self._say)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the framework's shape
        return [
            segment if segment.text.isascii() else Segment(self._said(segment.text), segment.style)
            for segment in segments
        ]

    def _say(self, text: str) -> str:
        return "".join(map(self._letter, text))

    def _letter(self, sign: str) -> str:
        try:
            sign.encode(self._encoding)
        except UnicodeEncodeError:
            return SIGNS.get(sign, "?" * cell_len(sign))
        return sign


def letters_of(encoding: str | None) -> CharsetFilter | None:
    """What a terminal needs that speaks so; None where it can say everything.

    >>> letters_of("utf-8") is None, letters_of("ANSI_X3.4-1968") is None
    (True, False)
    """
    try:
        name = codecs.lookup(encoding or "utf-8").name
    except LookupError:
        name = "ascii"
    return None if name.startswith("utf") else CharsetFilter(name)
