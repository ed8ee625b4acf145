"""How old what is shown is, and why: never left out, never flattered."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.export.instants import instant
from goneaway_tui.language import _, marked
from goneaway_tui.ui import wording
from goneaway_tui.ui.pace import Pace


@dataclass(frozen=True, slots=True)
class Freshness:
    """Words, and how they look."""

    words: str
    look: str


STALE_INTERVALS = 2
"""Pauses between two readings after which what one said is old: another should have come."""
CONNECTING = Freshness(marked("◌ connecting"), "$foreground-muted")
"""Its words are said where they are drawn."""


def freshness(seen: float | None, pace: Pace, *, in_trouble: bool) -> Freshness:
    """Of a server that was last seen so many seconds ago; None where it never was."""
    if seen is None:
        return Freshness(_("✖ not connected"), "$text-error") if in_trouble else CONNECTING
    if in_trouble:
        return Freshness(_("✖ lost, seen {age} ago", age=wording.age(seen)), "bold $text-error")
    if seen > STALE_INTERVALS * pace.pause + 1:
        return Freshness(_("◌ waiting, seen {age} ago", age=wording.age(seen)), "bold $text-warning")
    if pace.is_stretched:
        return Freshness(_("● slow server, asked every {seconds:.2g} s", seconds=pace.pause), "$text-warning")
    return Freshness(_("● live {seconds:g} s", seconds=pace.interval), "$text-success")


def is_stale(seen: float, pace: Pace) -> bool:
    """Whether another reading should have come since."""
    return seen > STALE_INTERVALS * pace.pause


def frozen(seconds: float) -> Freshness:
    """Of a screen held for so long."""
    return Freshness(_("❄ frozen {age} ago", age=wording.age(seconds)), "bold $text-accent")


def replayed(now: float, speed: int | None) -> Freshness:
    """Of a recording at an instant; `speed` is None where it is at rest."""
    word = _("▮▮ at rest") if speed is None else f"▶ {speed}x"
    return Freshness(f"{word}  {instant(now, 'seconds')}", "bold $text-accent")
