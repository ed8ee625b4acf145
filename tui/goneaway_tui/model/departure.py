"""A session that left, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.session import ProcesslistId
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


class PatternKind(StrEnum):
    """What sort of habit it is; the order is by how much it matters."""

    SATURATION = "saturation"
    """The server runs out of connections while most of them sleep."""
    IDLE_IN_TRANSACTION = "idle_in_transaction"
    """A program leaves its transactions open while it waits."""
    LIMIT_BELOW_POOL = "limit_below_pool"
    """A pool keeps its connections longer than the server does."""
    CUT_OFF = "cut_off"
    """Something else than the server ends sessions at one idle age."""
    GHOSTS = "ghosts"
    """The client is gone and the server does not know."""
    PROXIED = "proxied"
    """An address is a proxy's, and those behind it are not seen."""


@dataclass(frozen=True, slots=True)
class PatternScope:
    """What the sessions of a pattern have in common; None where that is not what they share."""

    program: str | None = None
    user: str | None = None
    host: str | None = None
    """The client's, without a port."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One habit, with what speaks for it. Its texts are fit to show."""

    kind: PatternKind
    title: str
    """One line."""
    certainty: Certainty
    evidence: tuple[str, ...]
    """What was observed, a sentence each."""
    remedies: tuple[str, ...]
    """What to do, a sentence each."""
    sessions: tuple[ProcesslistId, ...]
    """Whom it was seen in, living or departed, by id."""
    scope: PatternScope = PatternScope()
    tunable: str | None = None
    """The variable that governs it, if one does."""
