"""What the server will make of a value, before it does: it cuts down without a word but a warning nobody reads."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.language import _
from goneaway_tui.model.tuning import Standing
from goneaway_tui.tune.tunables import Tunable


@dataclass(frozen=True, slots=True)
class Clamped:
    """What will be kept."""

    value: int | float
    because: str | None
    """Why it is not what was asked for; None where it is."""


def clamped(wanted: float, standing: Standing, tunable: Tunable) -> Clamped:
    """What the server will keep of `wanted`, in its own order: the maximum, the block, the minimum.

    A bound it does not tell is not foretold.
    """
    value, reasons = wanted, []
    low, high = standing.variable.min, standing.variable.max
    documented = standing.variable.is_documented
    block = standing.block or tunable.block
    if high is not None and value > high:
        value = high
        reasons = [_("the maximum in the manual") if documented else _("the server's maximum")]
    if block > 1 and value % block:
        value = value // block * block
        reasons.append(_("rounded down to a multiple of {block:,}", block=block))
    if low is not None and value < low:
        value = low
        reasons = [_("the minimum in the manual") if documented else _("the server's minimum")]
    return Clamped(value, None if value == wanted else _(", ").join(reasons))
