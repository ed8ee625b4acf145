"""The screens that open over the board with all they need of the app, and how they follow it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from goneaway_tui.doctor.checkup import Patient
from goneaway_tui.doctor.evidence import NO_SERVER, Facts, facts_of
from goneaway_tui.ui.screens.doctor import DoctorScreen
from goneaway_tui.ui.screens.ledger import LedgerScreen
from goneaway_tui.ui.screens.session import SessionScreen

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp


def open_ledger(app: GoneawayApp) -> None:
    app.push_screen(LedgerScreen(lambda: app.ledger, lambda: app.now, app.server_name))


def open_doctor(app: GoneawayApp) -> None:
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
    match app.screen:
        case SessionScreen() as screen:
            screen.follow(app.snapshot, app.now)
        case LedgerScreen() as screen if screen.is_behind(len(app.ledger)):
            screen.follow()
        case DoctorScreen() as screen if screen.is_behind(app.snapshot):
            screen.follow()
