"""From what servers say of others to watching those too: the board is laid anew around them, and no session of ours ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from goneaway_tui.errors import GoneawayError
from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.topology import ProposedServer
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.messages import PollFault
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.replay import ReplayBoard
from goneaway_tui.ui.screens.servers_board import SeveralServersBoard
from goneaway_tui.ui.server_monitor import MonitorSpec, ServerMonitor

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp


def board_of(app: GoneawayApp) -> BoardScreen:
    """The main screen, by what is watched."""
    if app.has_several:
        return SeveralServersBoard([each.name for each in app.watched])
    if app.player is not None:
        return ReplayBoard(app.server_name, app.player)
    return BoardScreen(app.server_name)


def attach_board(app: GoneawayApp, board: BoardScreen, show: Callable[[BoardScreen], object]) -> None:
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
    if isinstance(board, SeveralServersBoard):
        board.data_bind(servers=of.fleet)
        app.watch(board, "active_server", app.take_in_hand, init=False)


def replace_board(app: GoneawayApp, before: BoardScreen, board: BoardScreen) -> None:
    """Put a board where the one before was. No colour is worn then that is one server's alone."""
    while app.screen is not before:
        app.pop_screen()
    app.set_accent(None)
    attach_board(app, board, app.switch_screen)


def open_topology(app: GoneawayApp) -> None:
    """Ask those that can be asked."""
    from goneaway_tui.ui.screens.topology import TopologyScreen

    asked = [each for each in app.watched if each.relatives is not None]
    if not asked:
        app.notify(_("There is no server here to ask for others."), severity="warning")
        return

    def chosen(proposals: tuple[ProposedServer, ...] | None) -> None:
        if proposals:
            threading.Thread(target=_go, args=(app, proposals), name="joining", daemon=True).start()

    app.push_screen(TopologyScreen(asked), chosen)


def _go(app: GoneawayApp, proposals: Sequence[ProposedServer]) -> None:
    """In a thread of its own: the way there may lead through ssh."""
    owners = {each.name: each for each in app.watched}
    subjects: list[MonitorSpec] = []
    for each in proposals:
        owner = owners.get(each.server_name)
        if owner is None or owner.widen is None:
            continue
        try:
            subjects.append(owner.widen(each.host, each.port))
        except GoneawayError as error:
            app.call_from_thread(
                app.notify, plain(error.line, 400), severity="error", timeout=20, markup=False
            )
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            app.post_message(PollFault(error))
    if subjects:
        app.call_from_thread(add_servers, app, subjects)


def add_servers(app: GoneawayApp, subjects: Sequence[MonitorSpec]) -> None:
    """Watch these too, from now on. A name that is taken gets a number."""
    from goneaway_tui.ui.app import ASK_SECONDS

    many = len(app.watched) + len(subjects)
    for each in app.watched:
        each.be_among_others(ASK_SECONDS / 2)
    added = tuple(
        ServerMonitor(app, subject, place, many, ASK_SECONDS / 2, app.turn)
        for place, subject in enumerate(_with_names(app, subjects), len(app.watched))
    )
    app.lay_anew((*app.watched, *added))
    now = app.clock()
    for each in added:
        each.begin(now, later=0.0)
    app.tick()
    app.notify(ngettext("{number} more server is watched.", "{number} more servers are watched.", len(added)))


def _with_names(app: GoneawayApp, subjects: Sequence[MonitorSpec]) -> list[MonitorSpec]:
    taken = {each.name for each in app.watched}
    named = []
    for subject in subjects:
        name = subject.name or subject.source.name
        tries = (name, *(f"{name}#{number}" for number in range(2, len(taken) + 3)))
        free = next(each for each in tries if each not in taken)
        taken.add(free)
        named.append(replace(subject, name=free))
    return named
