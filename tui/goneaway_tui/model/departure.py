"""Departures: sessions that ended, and why. Patterns: what many sessions do alike.

A recording writes the fields of Departure by their names: renaming one changes its format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Verdict


@dataclass(frozen=True, slots=True)
class Departure:
    """One session that ended."""

    verdict: Verdict
    """The last verdict on the session: the session itself, its limit and its predicted deadline."""
    at: float
    """When the session ended, on the source's clock, as exactly as known."""
    within: float
    """Half-width in seconds of the error of `at`."""
    cause: Cause
    certainty: Certainty
    evidence: tuple[str, ...] = ()
    """The evidence for the cause, a sentence each, the strongest first."""
    observed: bool = True
    """Whether the session was listed before it ended. Otherwise only the server's log has it, and the verdict is empty."""

    @property
    def idle_seconds(self) -> float | None:
        """How long the session had been idle when it ended; None where it was busy, or that is not known."""
        return self.verdict.idle_seconds(self.at)


class PatternKind(StrEnum):
    """The kinds of pattern, the most important first."""

    SATURATION = "saturation"
    """The server runs out of connections while most of them are idle."""
    IDLE_IN_TRANSACTION = "idle_in_transaction"
    """A program leaves its transactions open while it is idle."""
    LIMIT_BELOW_POOL = "limit_below_pool"
    """A pool keeps its connections longer than the server's limit allows."""
    CUT_OFF = "cut_off"
    """Something other than the server ends sessions after one idle time."""
    GHOSTS = "ghosts"
    """The client has ended, and the server has not noticed."""
    OLD_LIMIT = "old_limit"
    """Sessions keep the limit that they copied before the global value was changed."""
    PROXIED = "proxied"
    """An address belongs to a proxy, and the server does not see the clients behind it."""


@dataclass(frozen=True, slots=True)
class PatternScope:
    """What the sessions of a pattern have in common; None for a property they do not share."""

    program: str | None = None
    user: str | None = None
    host: str | None = None
    """The client's, without a port."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One repeated behaviour, with its evidence. The texts are fit to show."""

    kind: PatternKind
    title: str
    """One line."""
    certainty: Certainty
    evidence: tuple[str, ...]
    """What was observed, a sentence each."""
    remedies: tuple[str, ...]
    """What to do, a sentence each."""
    sessions: tuple[ProcesslistId, ...]
    """The ids of the sessions that show it, open or ended."""
    scope: PatternScope = PatternScope()
    tunable: str | None = None
    """The variable to change, where one governs the behaviour."""
