"""The made-up server. What is done to it is nobody's business: its journal is forgotten with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from goneaway_tui.ports import Clock, Executor
from goneaway_tui.settings import Settings
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.journal import Journal


@dataclass(frozen=True, slots=True)
class MadeUp:
    """All that a screen on it takes."""

    source: SimulatedSource
    executor: Executor | None
    """None where it is only to be looked at."""
    journal: Journal
    forget: Callable[[], None]
    """Takes the journal away; for whoever has no time to leave in order."""


@contextmanager
def made_up(settings: Settings, clock: Clock) -> Iterator[MadeUp]:
    source = SimulatedSource(clock, statements=settings.statements)
    with TemporaryDirectory(prefix="goneaway-") as name:
        folder = Path(name)
        journal = folder / "journal.jsonl"
        executor = None if settings.read_only else source.executor()
        yield MadeUp(source, executor, Journal(journal, clock), lambda: journal.unlink(missing_ok=True))
