"""Inks that can be read on the grounds they stand on, whatever the theme: its colours, made darker or lighter until they can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.color import Color

from goneaway_tui.ui.accent import luminance

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


def inks(variables: Mapping[str, str]) -> dict[str, str]:
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
        told[name] = legible(ink, grounds).hex6
    trouble = surface + Color.parse(variables["error-muted"])
    told["trouble-ink"] = legible(Color.parse(told["text-error"]), [trouble]).hex6
    highlighted = Color.parse(variables["block-cursor-background"]).with_alpha(1.0)
    told["block-cursor-foreground"] = legible(foreground, [highlighted]).hex6
    footer = Color.parse(variables["footer-background"])
    for name in ON_THE_FOOTER:
        told[name] = legible(Color.parse(variables[name]), [footer]).hex6
    return told


def legible(ink: Color, grounds: Iterable[Color]) -> Color:
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
