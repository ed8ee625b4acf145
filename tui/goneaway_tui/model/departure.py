"""A session that left, and why."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.snapshot import Verdict


@dataclass(frozen=True, slots=True)
class Departure:
    """One session that left."""

    verdict: Verdict
    """As it was last seen: who it was, its limit and the deadline foretold."""
    at: float
    """When it went, on the source's clock, as exactly as known."""
    within: float
    """Half-width in seconds of what `at` may be wrong by."""
    cause: Cause
    certainty: Certainty
    evidence: tuple[str, ...] = ()
    """What speaks for it, a sentence each, the strongest first."""

    @property
    def idle_seconds(self) -> float | None:
        """How long it had idled when it went; None where it was busy or nobody knows."""
        return self.verdict.idle_seconds(self.at)
