"""The closings ahead, as bars several lines high over a time axis that gets coarser."""

from __future__ import annotations

from textual.content import Content

from goneaway_tui.judge.forecast import Forecast, Stretch
from goneaway_tui.language import _
from goneaway_tui.model.snapshot import Policy, Risk
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.widgets.summary import LOOKS, QUIET, Part, spread

LEVELS = " ▁▂▃▄▅▆▇█"
GAP = 2
"""Columns between two stretches."""


def bars(forecast: Forecast, policy: Policy, width: int, wide: int, rows: int) -> list[Content]:
    """A title, so many lines of bars, each so many columns wide, and a line that says where each stretch ends."""
    stretches = forecast.stretches
    most = max((n for stretch in stretches for n in stretch.counts), default=0)
    lines: list[list[Part]] = [[] for _line in range(rows)]
    axis: list[Part] = []
    for stretch in stretches:
        look = _look(stretch, policy)
        room = wide * len(stretch.counts)
        for row, line in enumerate(lines):
            below = (rows - 1 - row) * (len(LEVELS) - 1)
            signs = (_sign(n, most, rows, below) for n in stretch.counts)
            line += [("".join(sign * wide for sign in signs), look), (" " * GAP, "")]
        axis += [(in_cells(_mark(stretch, room), room, right=True), QUIET), (" " * GAP, "")]
    title: list[Part] = [(_("closings ahead"), "bold $text-primary")]
    if forecast.beyond:
        title.append((_("   {number} later", number=wording.count(forecast.beyond)), QUIET))
    return [spread(title, [], width), *(spread(line[:-1], [], width) for line in (*lines, axis))]


def _look(stretch: Stretch, policy: Policy) -> str:
    if stretch.end <= policy.imminent_below:
        return LOOKS[Risk.IMMINENT]
    return LOOKS[Risk.WATCH] if stretch.end <= policy.watch_below else "$text-primary"


def _sign(number: int, most: int, rows: int, below: int) -> str:
    """What of a bar stands in a line that begins so many eighths above the ground, where there is always a trace of one."""
    top = len(LEVELS) - 1
    height = max(1, round(number / max(most, 1) * rows * top)) if number else 0
    ground = 1 if below == 0 else 0
    return LEVELS[max(ground, min(top, height - below))]


def _mark(stretch: Stretch, room: int) -> str:
    words = wording.limit_words(stretch.end)
    return words if len(words) <= room else wording.clock(stretch.end)
