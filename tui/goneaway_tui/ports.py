"""The shapes the core asks for; whoever has the shape may be plugged in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from goneaway_tui.model.sample import Sample

Clock = Callable[[], float]
"""Seconds since 1970 UTC on one source's own clock. It never runs backwards; a test or a replay holds it."""


class Source(Protocol):
    """Somewhere samples come from. Nothing here can change a server."""

    @property
    def name(self) -> str:
        """Who is being read, as a person would say it: `db-01:3306`."""

    def sample(self) -> Sample:
        """Read once. Raises SourceError where that is not possible now; the next call tries anew."""

    def close(self) -> None:
        """Let go of whatever is held; safe to call twice and from another thread."""
