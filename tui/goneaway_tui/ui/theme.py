"""Colours and characters: a server's own colour, text that is readable in every theme, terminals without Unicode."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

EQUAL_CONTRAST = 0.179
"""The background luminance at which black and white text have the same contrast, by WCAG's ratio."""


@dataclass(frozen=True, slots=True)
class ServerAccent:
    """A server's own colour as a background, with the foreground that is readable on it."""

    background: Color
    foreground: Color

    @property
    def style(self) -> str:
        return f"bold {self.foreground.hex6} on {self.background.hex6}"


def server_accent(color: str | None) -> ServerAccent | None:
    """The accent for a colour as the config file names it; None without one.

    >>> [server_accent(color).style for color in ("red", "#00f")]
    ['bold #000000 on #FF0000', 'bold #FFFFFF on #0000FF']
    """
    if color is None:
        return None
    background = Color.parse(color)
    is_light = luminance(background) > EQUAL_CONTRAST
    return ServerAccent(background, Color(0, 0, 0) if is_light else Color(255, 255, 255))


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


MIN_CONTRAST = 4.5
"""The contrast ratio that WCAG 2.2 asks of text."""
BLEND_STEP = 0.04
"""How far a text colour is moved at a time towards black or white."""
CURSOR, BLURRED = 0.22, 0.1
"""The share of the theme's primary colour in the background of the cursor's row, with and without the focus."""
ON_EVERY_BACKGROUND = (
    "text-primary",
    "text-accent",
    "text-success",
    "text-warning",
    "text-error",
    "foreground-muted",
    "foreground",
)
"""Text colours that appear on each of the app's backgrounds."""
ON_THE_FOOTER = ("footer-key-foreground", "footer-description-foreground")
MUTED_SHARE = 0.65
"""The share of the text colour in muted text."""


def readable_colours(variables: Mapping[str, str]) -> dict[str, str]:
    """Changed values for a theme's CSS variables, so that text has `MIN_CONTRAST`, and the app's own background colours.

    A theme of the terminal's own palette keeps its text colours: the app cannot know them.
    """
    if "ansi" in variables["foreground"]:
        return {
            "cursor-row": "transparent",
            "cursor-row-blurred": "transparent",
            "trouble-ink": variables["text-error"],
        }
    surface, panel, primary = (Color.parse(variables[name]) for name in ("surface", "panel", "primary"))
    surface, panel = (color.with_alpha(1.0) for color in (surface, panel))
    cursor, blurred = (surface.blend(primary, share) for share in (CURSOR, BLURRED))
    foreground = Color.parse(variables["foreground"])
    backgrounds = (surface, panel, cursor, blurred)
    colours = {"cursor-row": cursor.hex6, "cursor-row-blurred": blurred.hex6}
    for name in ON_EVERY_BACKGROUND:
        color = (
            surface.blend(foreground, MUTED_SHARE)
            if name == "foreground-muted"
            else Color.parse(variables[name])
        )
        colours[name] = legible_colour(color, backgrounds).hex6
    trouble = surface + Color.parse(variables["error-muted"])
    colours["trouble-ink"] = legible_colour(Color.parse(colours["text-error"]), [trouble]).hex6
    highlighted = Color.parse(variables["block-cursor-background"]).with_alpha(1.0)
    colours["block-cursor-foreground"] = legible_colour(foreground, [highlighted]).hex6
    footer = Color.parse(variables["footer-background"])
    for name in ON_THE_FOOTER:
        colours[name] = legible_colour(Color.parse(variables[name]), [footer]).hex6
    return colours


def legible_colour(color: Color, backgrounds: Iterable[Color]) -> Color:
    """The nearest text colour with `MIN_CONTRAST` on all these backgrounds; black or white where no colour has it."""
    behind_text = tuple(backgrounds)

    def lowest_contrast(text: Color) -> float:
        return min(contrast(text, background) for background in behind_text)

    extreme = max((Color(0, 0, 0), Color(255, 255, 255)), key=lowest_contrast)
    legible, share = color.with_alpha(1.0), 0.0
    while lowest_contrast(legible) < MIN_CONTRAST and share < 1:
        share += BLEND_STEP
        legible = color.with_alpha(1.0).blend(extreme, min(1.0, share))
    return legible


def contrast(first: Color, second: Color) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


class PrintableFilter(LineFilter):
    """Draws printable characters only; a wide one that is not printable becomes as many blanks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [Segment(printable(segment.text), segment.style) for segment in segments]


def printable(text: str) -> str:
    """The text without characters that are not printable; those that take cells become blanks.

    >>> printable("a\\x1b[2Jb"), printable("a\\u202eb"), printable("a\\u3000b")
    ('a[2Jb', 'ab', 'a  b')
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " * cell_len(char) for char in text)


ASCII_SUBSTITUTES = {
    **dict.fromkeys("▲◆", "!"),
    "▴": "^",
    "▾": "v",
    "▸": ">",
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
    **dict(zip("▏▎▍▋▊▉", "  -===", strict=True)),
}
"""The ASCII substitute of each symbol of one cell."""
CACHED_TEXTS = 2048
"""Texts whose conversion is kept: the same ones are drawn again and again."""


class CharsetFilter(LineFilter):
    """Replaces characters that the terminal's encoding lacks by ASCII ones of the same width."""

    def __init__(self, encoding: str) -> None:
        """`encoding`: the terminal's, as Python names it."""
        super().__init__()
        self._encoding = encoding
        self._converted = lru_cache(CACHED_TEXTS)(self._convert)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        return [
            segment if segment.text.isascii() else Segment(self._converted(segment.text), segment.style)
            for segment in segments
        ]

    def _convert(self, text: str) -> str:
        return "".join(map(self._convert_character, text))

    def _convert_character(self, character: str) -> str:
        try:
            character.encode(self._encoding)
        except UnicodeEncodeError:
            return ASCII_SUBSTITUTES.get(character, "?" * cell_len(character))
        return character


def charset_filter(encoding: str | None) -> CharsetFilter | None:
    """The filter for a terminal with this encoding; None where it can show every character.

    >>> charset_filter("utf-8") is None, charset_filter("ANSI_X3.4-1968") is None
    (True, False)
    """
    try:
        name = codecs.lookup(encoding or "utf-8").name
    except LookupError:
        name = "ascii"
    return None if name.startswith("utf") else CharsetFilter(name)
