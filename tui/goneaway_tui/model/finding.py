"""What a doctor says of one trouble: a cause, how sure, why, and what to do at which end."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.model.cause import Cause, Certainty


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause weighed."""

    cause: Cause
    certainty: Certainty
    because: tuple[str, ...] = ()
    """What speaks for it, or rules it out, a sentence each."""
    against: tuple[str, ...] = ()
    """What speaks against it."""
    prove: str = ""
    """How to make sure."""
    remedies: tuple[str, ...] = ()
    """What to do, in the units and the place of whoever has to do it."""
    docs: str | None = None
    """Where it is explained: a page of a manual."""
