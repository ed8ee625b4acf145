"""How old what is shown is, and why: never left out, never flattered."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.export.instants import instant
from goneaway_tui.ui import wording
from goneaway_tui.ui.pace import Pace


@dataclass(frozen=True, slots=True)
class Freshness:
    """Words, and how they look."""

    words: str
    look: str


STALE_INTERVALS = 2
"""Pauses between two readings after which what one said is old: another should have come."""
CONNECTING = Freshness("◌ connecting", "$foreground-muted")


def freshness(seen: float | None, pace: Pace, *, in_trouble: bool) -> Freshness:
    """Of a server that was last seen so many seconds ago; None where it never was."""
    if seen is None:
        return Freshness("✖ not connected", "$text-error") if in_trouble else CONNECTING
    if in_trouble:
        return Freshness(f"✖ lost, seen {wording.age(seen)} ago", "bold $text-error")
    if seen > STALE_INTERVALS * pace.pause + 1:
        return Freshness(f"◌ waiting, seen {wording.age(seen)} ago", "bold $text-warning")
    if pace.is_stretched:
        return Freshness(f"● slow server, asked every {pace.pause:.2g} s", "$text-warning")
    return Freshness(f"● live {pace.interval:g} s", "$text-success")


def is_stale(seen: float, pace: Pace) -> bool:
    """Whether another reading should have come since."""
    return seen > STALE_INTERVALS * pace.pause


def frozen(seconds: float) -> Freshness:
    """Of a screen held for so long."""
    return Freshness(f"❄ frozen {wording.age(seconds)} ago", "bold $text-accent")


def replayed(now: float, speed: int | None) -> Freshness:
    """Of a recording at an instant; `speed` is None where it is at rest."""
    word = "▮▮ at rest" if speed is None else f"▶ {speed}x"
    return Freshness(f"{word}  {instant(now, 'seconds')}", "bold $text-accent")
