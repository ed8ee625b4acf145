"""From what servers say of others to watching those too: the board is laid anew around them, and no session of ours ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from goneaway_tui.errors import GoneawayError
from goneaway_tui.judge.kinship import Proposal
from goneaway_tui.language import _, ngettext
from goneaway_tui.model.plain import plain
from goneaway_tui.ui.messages import PollBroke
from goneaway_tui.ui.screens.board import Board
from goneaway_tui.ui.screens.fleet import FleetBoard
from goneaway_tui.ui.screens.replay import ReplayBoard
from goneaway_tui.ui.watched import Subject, Watched

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp


def board_of(app: GoneawayApp) -> Board:
    """The main screen, by what is watched."""
    if app.has_several:
        return FleetBoard([each.name for each in app.watched])
    if app.player is not None:
        return ReplayBoard(app.server_name, app.player)
    return Board(app.server_name)


def seat(app: GoneawayApp, board: Board, show: Callable[[Board], object]) -> None:
    """Let a board show what the app knows."""
    of = type(app)
    board.data_bind(
        snapshot=of.snapshot,
        now=of.now,
        freshness=of.freshness,
        trouble=of.trouble,
        reach=of.reach,
        is_recording=of.is_recording,
    )
    show(board)
    if isinstance(board, FleetBoard):
        board.data_bind(fleet=of.fleet)
        app.watch(board, "in_hand", app.take_in_hand, init=False)


def instead(app: GoneawayApp, before: Board, board: Board) -> None:
    """Put a board where the one before was. No colour is worn then that is one server's alone."""
    while app.screen is not before:
        app.pop_screen()
    app.dress(None)
    seat(app, board, app.switch_screen)


def open_relatives(app: GoneawayApp) -> None:
    """Ask those that can be asked."""
    from goneaway_tui.ui.screens.relatives import RelativesScreen

    asked = [each for each in app.watched if each.relatives is not None]
    if not asked:
        app.notify(_("There is no server here to ask for others."), severity="warning")
        return

    def chosen(proposals: tuple[Proposal, ...] | None) -> None:
        if proposals:
            threading.Thread(target=_go, args=(app, proposals), name="joining", daemon=True).start()

    app.push_screen(RelativesScreen(asked), chosen)


def _go(app: GoneawayApp, proposals: Sequence[Proposal]) -> None:
    """In a thread of its own: the way there may lead through ssh."""
    owners = {each.name: each for each in app.watched}
    subjects: list[Subject] = []
    for each in proposals:
        owner = owners.get(each.by)
        if owner is None or owner.widen is None:
            continue
        try:
            subjects.append(owner.widen(each.host, each.port))
        except GoneawayError as error:
            app.call_from_thread(
                app.notify, plain(error.line, 400), severity="error", timeout=20, markup=False
            )
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            app.post_message(PollBroke(error))
    if subjects:
        app.call_from_thread(join, app, subjects)


def join(app: GoneawayApp, subjects: Sequence[Subject]) -> None:
    """Watch these too, from now on. A name that is taken gets a number."""
    from goneaway_tui.ui.app import ASK_SECONDS

    many = len(app.watched) + len(subjects)
    for each in app.watched:
        each.be_among_others(ASK_SECONDS / 2)
    added = tuple(
        Watched(app, subject, place, many, ASK_SECONDS / 2, app.turn)
        for place, subject in enumerate(_with_names(app, subjects), len(app.watched))
    )
    app.lay_anew((*app.watched, *added))
    now = app.clock()
    for each in added:
        each.begin(now, later=0.0)
    app.tick()
    app.notify(ngettext("{number} more server is watched.", "{number} more servers are watched.", len(added)))


def _with_names(app: GoneawayApp, subjects: Sequence[Subject]) -> list[Subject]:
    taken = {each.name for each in app.watched}
    named = []
    for subject in subjects:
        name = subject.name or subject.source.name
        tries = (name, *(f"{name}#{number}" for number in range(2, len(taken) + 3)))
        free = next(each for each in tries if each not in taken)
        taken.add(free)
        named.append(replace(subject, name=free))
    return named
