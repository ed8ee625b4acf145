"""The colour of a server: a ground of its own with an ink that can be read on it, whatever the theme."""

from __future__ import annotations

from dataclasses import dataclass

from textual.color import Color

EVEN = 0.179
"""The luminance on which black and white can be read equally well, by WCAG's contrast ratio."""


@dataclass(frozen=True, slots=True)
class Accent:
    ground: Color
    ink: Color

    @property
    def style(self) -> str:
        return f"bold {self.ink.hex6} on {self.ground.hex6}"


def accent(color: str | None) -> Accent | None:
    """`color` as the config file has it.

    >>> [accent(each).style for each in ("red", "#00f")]
    ['bold #000000 on #FF0000', 'bold #FFFFFF on #0000FF']
    """
    if color is None:
        return None
    ground = Color.parse(color)
    return Accent(ground, Color(0, 0, 0) if luminance(ground) > EVEN else Color(255, 255, 255))


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
