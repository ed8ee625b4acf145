"""The screens that open over the board with all they need of the app, and how they follow it.

Their code is loaded when they are opened first: the first screen is on the terminal sooner.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from goneaway_tui.language import _, ngettext
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot, Verdict

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

    of = app.in_hand
    app.push_screen(LedgerScreen(lambda: of.ledger, lambda: app.now, of.name))


def open_wall(app: GoneawayApp) -> None:
    from goneaway_tui.ui.screens.wall import WallScreen
    from goneaway_tui.ui.widgets.wall import Scene

    def departed() -> Iterable[tuple[str, Departure]]:
        """Of all servers, the newest first."""
        of_each = (zip(repeat(each.server_name), each.ledger) for each in app.watched)
        return heapq.merge(*of_each, key=lambda left: -left[1].at)

    def scene() -> Scene:
        glances = tuple(each.glance(app.now) for each in app.watched)
        return Scene(app.server_name, glances, departed, app.now, app.freshness)

    app.push_screen(WallScreen(scene))


def open_doctor(app: GoneawayApp) -> None:
    from goneaway_tui.doctor.checkup import Patient
    from goneaway_tui.doctor.evidence import NO_SERVER, facts_of
    from goneaway_tui.ui.screens.doctor import DoctorScreen

    of = app.in_hand

    def patient() -> Patient | None:
        return None if of.shown is None else Patient(of.shown, tuple(of.ledger), app.now)

    def facts() -> Facts:
        """What this server says, for an error that is pasted."""
        if of.shown is None:
            return NO_SERVER
        return replace(facts_of(of.shown.sample, of.name), departures=tuple(of.ledger))

    app.push_screen(DoctorScreen(patient, facts, of.name, app.end_with, lambda: app.freshness, of.recall))


def kill(app: GoneawayApp, victims: Sequence[Verdict], hidden: int) -> None:
    """Ask about those on the server they are on: the marks may be on another than the cursor, and then not on several.

    `hidden`: how many of them a filter hides.
    """
    if not victims:
        app.notify(_("There is no session to kill here."), severity="warning")
        return
    of = {verdict.server_name for verdict in victims}
    if len(of) > 1:
        words = _(
            "The marked sessions are on {number} servers: o narrows the board to one, and keeps its marks.",
            number=len(of),
        )
        app.notify(words, severity="warning", timeout=10, markup=False)
        return
    owner = next((each for each in app.watched if {each.server_name} == of), app.in_hand)
    note = ngettext(
        "{number:,} of these sessions is marked and hidden by the filter.",
        "{number:,} of these sessions are marked and hidden by the filter.",
        hidden,
    )
    owner.acts.kill(victims, note if hidden else "")


def follow(app: GoneawayApp) -> None:
    """Let the open screen take what is new."""
    if isinstance(app.screen, KeepsUp):
        app.screen.keep_up(app.snapshot, len(app.ledger), app.now)
