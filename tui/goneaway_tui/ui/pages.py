"""The screens that open over the board with all they need of the app, and how they follow it.

Their code is loaded when they are opened first: the first screen is on the terminal sooner.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from goneaway_tui.model.snapshot import Snapshot

if TYPE_CHECKING:
    from goneaway_tui.doctor.checkup import Patient
    from goneaway_tui.doctor.evidence import Facts
    from goneaway_tui.ui.app import GoneawayApp


@runtime_checkable
class KeepsUp(Protocol):
    """A screen that shows what goes on."""

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:
        """Take what is new. `departed`: how many have left so far."""


def open_ledger(app: GoneawayApp) -> None:
    from goneaway_tui.ui.screens.ledger import LedgerScreen

    app.push_screen(LedgerScreen(lambda: app.ledger, lambda: app.now, app.server_name))


def open_doctor(app: GoneawayApp) -> None:
    from goneaway_tui.doctor.checkup import Patient
    from goneaway_tui.doctor.evidence import NO_SERVER, facts_of
    from goneaway_tui.ui.screens.doctor import DoctorScreen

    def patient() -> Patient | None:
        return None if app.snapshot is None else Patient(app.snapshot, tuple(app.ledger), app.now)

    def facts() -> Facts:
        """What this server says, for an error that is pasted."""
        if app.snapshot is None:
            return NO_SERVER
        return replace(facts_of(app.snapshot.sample, app.server_name), departures=tuple(app.ledger))

    app.push_screen(DoctorScreen(patient, facts, app.server_name, app.end_with))


def follow(app: GoneawayApp) -> None:
    """Let the open screen take what is new."""
    if isinstance(app.screen, KeepsUp):
        app.screen.keep_up(app.snapshot, len(app.ledger), app.now)
