"""What one reading of a server brought back, unjudged."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.model.clue import NOTHING_SAID, Clues
from goneaway_tui.model.server import Limitation, Server, Variable
from goneaway_tui.model.session import Session


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server said."""

    taken_at: float
    """Seconds since 1970 UTC on the source's clock."""
    server: Server
    sessions: tuple[Session, ...]
    variables: tuple[Variable, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()
    """Status counters by lower-case name."""
    limitations: tuple[Limitation, ...] = ()
    seconds_to_read: float = 0.0
    """How long the reading took, as the source's clock saw it."""
    seconds_at_server: float = 0.0
    """How much of that the server may have worked for: without the way there and back."""
    clues: Clues = NOTHING_SAID
    """What was said since the sample before of why sessions end."""

    def variable(self, name: str) -> int | float | None:
        """A global variable's value, or None where the server has no such variable."""
        return next((v.value for v in self.variables if v.name == name), None)

    def counter(self, name: str) -> int | None:
        return next((value for counter, value in self.counters if counter == name), None)
