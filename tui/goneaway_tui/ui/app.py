"""Standing still and going on: by SIGSTOP, from outside, nobody is asked.

The framework begins the screen anew at every SIGCONT, also where it has not left it first: then it listens to the keys
twice, and takes its own way with the terminal for the one to be restored at the end.
"""

from __future__ import annotations

import heapq
import signal
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import repeat
from types import FrameType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.app import App

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot, Verdict

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.doctor.live import LiveState
from threading import Lock
from typing import Any

from textual import events, on
from textual.app import SystemCommand
from textual.command import CommandList, CommandPalette
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widgets import Input
from textual.widgets.option_list import Option

from goneaway_tui.i18n import marked
from goneaway_tui.judge.ledger import Ledger
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import value_with_unit
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.controllers.add_servers import attach_board, board_of, open_topology, replace_board
from goneaway_tui.ui.controllers.tuning import NEEDS, TuningController
from goneaway_tui.ui.messages import (
    PlayFailed,
    PollFailed,
    PollFault,
    RecordingEnded,
    SnapshotTaken,
    StepTaken,
    VariableChosen,
)
from goneaway_tui.ui.poller import Poller
from goneaway_tui.ui.screens.export import export
from goneaway_tui.ui.screens.replay import ReplayPlayer
from goneaway_tui.ui.server_monitor import MonitorSpec, ServerMonitor, stop_all
from goneaway_tui.ui.server_status import CONNECTING, Freshness, ServerStatus, frozen_words


def resume_after_stop(app: App[None]) -> None:
    """Hand SIGCONT on to the framework only where it stopped us itself. To be called once its screen has begun."""
    stop, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
    left = False

    def stopping(number: int, frame: FrameType | None) -> None:
        nonlocal left
        left = True
        if callable(stop):
            stop(number, frame)

    def going_on(number: int, frame: FrameType | None) -> None:
        nonlocal left
        if left and callable(resume):
            resume(number, frame)
        else:
            app.refresh()
        left = False

    signal.signal(signal.SIGTSTP, stopping)
    signal.signal(signal.SIGCONT, going_on)


@runtime_checkable
class FollowsSnapshots(Protocol):
    """A screen that shows what goes on."""

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:
        """Take what is new. `departed`: how many have left so far."""


def open_ledger(app: GoneawayApp) -> None:
    from goneaway_tui.ui.screens.ledger import LedgerScreen

    of = app.in_hand
    app.push_screen(LedgerScreen(lambda: of.ledger, lambda: app.now, of.name))


def open_wall(app: GoneawayApp) -> None:
    from goneaway_tui.ui.screens.wall import WallScreen, WallView

    def departed() -> Iterable[tuple[str, Departure]]:
        """Of all servers, the newest first."""
        of_each = (zip(repeat(each.server_name), each.ledger) for each in app.watched)
        return heapq.merge(*of_each, key=lambda left: -left[1].at)

    def scene() -> WallView:
        glances = tuple(each.glance(app.now) for each in app.watched)
        return WallView(app.server_name, glances, departed, app.now, app.freshness)

    app.push_screen(WallScreen(scene))


def open_doctor(app: GoneawayApp) -> None:
    from goneaway_tui.doctor.case import NO_SERVER, facts_from_sample
    from goneaway_tui.doctor.live import LiveState
    from goneaway_tui.ui.screens.doctor import DoctorScreen

    of = app.in_hand

    def patient() -> LiveState | None:
        return None if of.shown is None else LiveState(of.shown, tuple(of.ledger), app.now)

    def facts() -> ServerFacts:
        """What this server says, for an error that is pasted."""
        if of.shown is None:
            return NO_SERVER
        return replace(facts_from_sample(of.shown.sample, of.name), departures=tuple(of.ledger))

    app.push_screen(DoctorScreen(patient, facts, of.name, lambda: app.freshness, of.recall))


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


def follow_snapshot(app: GoneawayApp) -> None:
    """Let the open screen take what is new."""
    if isinstance(app.screen, FollowsSnapshots):
        app.screen.keep_up(app.snapshot, len(app.ledger), app.now)


Row = tuple[str, str, str]
"""Title, help, and the action as a binding would name it."""

ON_THE_BOARD: tuple[Row, ...] = (
    (marked("Filter"), marked("Narrow the sessions by words and fields"), "filter"),
    (marked("Sort"), marked("Sort by a column"), "sort"),
    (marked("Group"), marked("Group by user, client, program or database"), "group"),
    (marked("Freeze"), marked("Hold the screen, or let it go on"), "app.freeze"),
    (marked("Ledger"), marked("Who left, when, and why"), "app.ledger"),
    (marked("Doctor"), marked("Every cause as it stands now; explain an error"), "app.doctor"),
    (marked("Export"), marked("Write the snapshot on the screen to a file"), "app.export"),
    (marked("Tune"), marked("Change a limit of the server"), "app.tunables"),
    (marked("Kill"), marked("End the marked sessions, or the one under the cursor"), "app.kill"),
    (marked("Undo"), marked("Take back the last change"), "app.undo"),
    (marked("Variables"), marked("The limits, and the journal of changes"), "app.variables"),
    (
        marked("Relatives"),
        marked("Replicas, sources and members that the servers themselves name"),
        "app.relatives",
    ),
    (marked("Wall"), marked("Large and calm, for a screen on a wall; esc leaves it"), "app.wall"),
    (marked("Help"), marked("Keys, words, and what this account cannot see"), "help"),
)
ON_SEVERAL: tuple[Row, ...] = (
    (marked("One server"), marked("Only the server of the row under the cursor, and all again"), "only"),
    (marked("Servers"), marked("A row a server, to mark with space, and the sessions again"), "servers"),
    (
        marked("Tune the marked servers"),
        marked("The same change on each, one by one, up to the first surprise"),
        "tunables",
    ),
)
ANYWHERE: tuple[Row, ...] = (
    (marked("Theme"), marked("Change the colours"), "app.change_theme"),
    (marked("Quit"), marked("Leave"), "app.quit"),
)


class Palette(CommandPalette):
    """The framework's palette. Where no command matches it says so at once, in the language of the run."""

    def _start_no_matches_countdown(self, search_value: str) -> None:
        if search_value:
            words = Content(_("No match for {text}.", text=plain(search_value, 60)))
            self.query_one(CommandList).add_option(Option(words, id=self._NO_MATCHES, disabled=True))
        self._list_visible = bool(search_value)


def every_command(screen: Screen[Any], *, on_board: bool, has_several: bool) -> Iterable[SystemCommand]:
    """Those that mean something on the screen that is shown."""
    if on_board:
        yield from commands(screen, ON_THE_BOARD)
        yield from commands(screen, ON_SEVERAL if has_several else ())
    yield from commands(screen, ANYWHERE)


def commands(screen: Screen[Any], rows: Iterable[Row]) -> Iterable[SystemCommand]:
    for title, words, action in rows:
        yield SystemCommand(_(title), _(words), lambda action=action: screen.run_action(action))


TICK_SECONDS = 0.5
"""How often countdowns move. They show whole seconds, so none is skipped, and each is drawn half a second late at worst."""
ASK_SECONDS = 0.05
"""How often it is looked which of several servers is to be asked: their polls are spread, so that none waits for all others."""


class GoneawayApp(BaseApp[None]):
    """The board of one server or several. `clock` is the sources' own."""

    ENABLE_COMMAND_PALETTE = True

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    """Of the server in hand, as are its freshness and its trouble."""
    now: reactive[float] = reactive(0.0, repaint=False)
    freshness: reactive[Freshness] = reactive(CONNECTING, repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)
    reach: reactive[str] = reactive("", repaint=False)
    """What the keys can do on it, in a word that is not translated yet."""
    is_recording: reactive[bool] = reactive(False, repaint=False)
    fleet: reactive[tuple[ServerStatus, ...]] = reactive((), repaint=False)
    """All of several servers; none where there is one."""

    def __init__(
        self,
        subjects: Sequence[MonitorSpec],
        clock: Clock,
        *,
        ticking: bool = True,
        theme: str | None = None,
        run_for: float | None = None,
        greeting: str = "",
        wall: bool = False,
    ) -> None:
        """`ticking=False` leaves `tick` to the caller, for a clock that is held. `run_for` seconds later the app ends by itself.

        Several subjects have names unlike each other's. Raises SettingsError for a theme that does not exist.
        """
        super().__init__(theme, subjects[0].color if len(subjects) == 1 else None)
        self.clock = clock
        self._ticking, self._run_for = ticking, run_for
        self._tick_seconds = min(TICK_SECONDS, *(each.interval for each in subjects))
        slack = (self._tick_seconds if len(subjects) == 1 else ASK_SECONDS) / 2
        self.turn = Lock()
        self.watched = tuple(
            ServerMonitor(self, each, place, len(subjects), slack, self.turn)
            for place, each in enumerate(subjects)
        )
        self._hand = self.watched[0]
        self.player = subjects[0].player
        self._board = board_of(self)
        self._greeting, self._wall = greeting, wall
        self._frozen_at: float | None = None
        self._grey = self._greyed()
        """The keys of the board that can do nothing on the server in hand."""

    def lay_anew(self, watched: tuple[ServerMonitor, ...]) -> None:
        """A board around these, of whom some are new; what lies over the old one is left."""
        if self._ticking and not self.has_several:
            self.set_interval(ASK_SECONDS, self.ask)
        self.watched, self._hand = watched, watched[0]
        before, self._board = self._board, board_of(self)
        replace_board(self, before, self._board)

    def on_mount(self) -> None:
        attach_board(self, self._board, self.push_screen)
        now = self.clock()
        for place, each in enumerate(self.watched):
            each.begin(now, later=each.pace.interval * place / len(self.watched))
        if not self.has_several:
            self.acts.begin()
        if self._hand.newest is not None:
            self._draw(max(now, self._hand.newest.taken_at))
        self.tick()
        if self._ticking:
            self.set_interval(self._tick_seconds, self.tick)
            if self.has_several:
                self.set_interval(ASK_SECONDS, self.ask)
        if self._wall:
            open_wall(self)
        if self._greeting:
            self.notify(plain(self._greeting, 400), timeout=15, markup=False)
        if self._run_for is not None:
            self.set_timer(self._run_for, self.exit)
        if not self.is_headless:
            resume_after_stop(self)

    def on_unmount(self) -> None:
        stop_all(self.watched)

    @property
    def has_several(self) -> bool:
        return len(self.watched) > 1

    @property
    def in_hand(self) -> ServerMonitor:
        """The server the keys act on: that of the row under the cursor, held while another screen is open."""
        return self._hand

    @property
    def server_name(self) -> str:
        return self._hand.name

    @property
    def acts(self) -> TuningController:
        return self._hand.acts

    @property
    def poller(self) -> Poller | ReplayPlayer:
        return self._hand.poller

    @property
    def ledger(self) -> Ledger:
        """Everybody who left the server in hand, by the instant that is shown."""
        return self._hand.ledger

    def ask(self) -> None:
        """Ask whoever is due."""
        now = self.clock()
        for each in self.watched:
            each.ask(now)

    def tick(self) -> None:
        """Move the countdowns, ask whoever is due, and show what several servers said."""
        self.ask()
        now = self.clock()
        if self._frozen_at is None:
            self.now = now
        if self.has_several:
            self._draw(now)
        self.freshness = self._fresh(now)
        self._show_standing()
        follow_snapshot(self)

    def _draw(self, now: float) -> None:
        """Show the newest of each, unless the screen is held."""
        if self._frozen_at is None:
            self.now = now
            for each in self.watched:
                each.shown = each.newest
        if self.has_several:
            self.fleet = tuple(each.glance(now) for each in self.watched)
        self._show_hand(now)

    def _show_hand(self, now: float) -> None:
        """What there is to be seen of the server in hand."""
        self.trouble, self.freshness = self._hand.trouble, self._fresh(now)
        self._show_standing()
        self.snapshot = self._hand.shown
        grey = self._greyed()
        if grey != self._grey:
            self._grey = grey
            self.refresh_bindings()

    def _show_standing(self) -> None:
        """What this run may do to the server in hand, and whether it records: either may end while it runs."""
        self.reach = self.acts.reach
        self.is_recording = any(each.is_recording for each in self.watched)

    def take_in_hand(self, name: str) -> None:
        """The keys act on another server from now on."""
        self._hand = next(each for each in self.watched if each.name == name)
        self._show_hand(self.clock())

    def _greyed(self) -> frozenset[str]:
        return frozenset(key for key in NEEDS if self.acts.why_not(key))

    @on(SnapshotTaken)
    def _take(self, message: SnapshotTaken) -> None:
        watched = self.watched[message.of]
        if watched.take(message.snapshot):
            watched.acts.begin()
        if self.has_several:
            return  # drawn at the next tick, all at once
        self._draw(max(self.clock(), message.snapshot.taken_at))
        follow_snapshot(self)

    @on(StepTaken)
    def _note(self, message: StepTaken) -> None:
        """Write down who left, and say what nobody here has done."""
        watched, taken = self.watched[message.of], message.step
        gate = watched.acts.gate
        watched.ledger.add(taken.departed)
        of = f"{watched.name}: " if self.has_several else ""
        if taken.restarted:
            words = of + _("The server has restarted: all sessions are new.")
            self.notify(plain(words, 300), severity="warning", timeout=15, markup=False)
        for change in taken.changes:
            if gate is not None and gate.was_set_here(change.variable, change.new):
                continue
            words = of + _(
                "{variable} changed from {old} to {new}",
                variable=change.variable,
                old=value_with_unit(change.variable, change.old),
                new=value_with_unit(change.variable, change.new),
            )
            self.notify(plain(words, 300), timeout=8, markup=False)
        if not self.has_several:
            follow_snapshot(self)

    @on(VariableChosen)
    def _tune_chosen(self, message: VariableChosen) -> None:
        if message.name in TUNABLE:
            self.acts.tune(message.name)

    @on(RecordingEnded)
    @on(PlayFailed)
    def _complain(self, message: RecordingEnded | PlayFailed) -> None:
        self.notify(plain(message.error.line, 500), severity="error", timeout=20, markup=False)

    @on(PollFailed)
    def _bear(self, message: PollFailed) -> None:
        self.watched[message.of].bear(message.error, self.clock())
        self.trouble = self._hand.trouble
        self.freshness = self._fresh(self.clock())

    @on(PollFault)
    def _break(self, message: PollFault) -> None:
        raise message.error

    def _fresh(self, now: float) -> Freshness:
        return self._hand.freshness(now) if self._frozen_at is None else frozen_words(now - self._frozen_at)

    def on_key(self, event: events.Key) -> None:
        """A letter that reaches us while a field has the focus was typed in one burst with the key that opened it.

        The framework sent it to whoever had the focus then; it is meant for the field, not for a command.
        """
        was_typed_blind = getattr(self.screen, "was_typed_blind", None)
        if was_typed_blind is not None and was_typed_blind(event):
            event.stop()
            event.prevent_default()
        elif isinstance(self.focused, Input) and event.is_printable and event.character:
            self.focused.insert_text_at_cursor(event.character)
            event.stop()
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - the framework's shape
        """Grey the keys that can do nothing here; pressed all the same, they say why."""
        return None if action in NEEDS and self.acts.why_not(action) else True

    def clear_marks(self) -> None:
        """What was marked was marked for what is done now."""
        self._board.clear_marks()

    def look_again(self, server: ServerMonitor) -> None:
        """Poll as soon as may be: something was changed."""
        server.pace.hurry()
        self.tick()

    def action_tune(self, name: str) -> None:
        self.acts.tune(name)

    def action_tunables(self) -> None:
        self.acts.choose()

    def action_undo(self) -> None:
        self.acts.undo()

    def action_kill(self) -> None:
        kill(self, self._board.chosen_sessions(), self._board.marked_sessions.hidden)

    def action_variables(self) -> None:
        self.acts.variables()

    def action_ledger(self) -> None:
        open_ledger(self)

    def action_wall(self) -> None:
        open_wall(self)

    def action_doctor(self) -> None:
        open_doctor(self)

    def action_relatives(self) -> None:
        open_topology(self)

    def action_freeze(self) -> None:
        if self.player is not None:
            self.player.toggle()
        elif self._frozen_at is None:
            self._frozen_at = self.clock()
        else:
            self._frozen_at = None
            self._draw(self.clock())
        self.tick()

    def action_export(self) -> None:
        export(self, self.snapshot)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette", placeholder=_("Search for commands")))

    def search_themes(self) -> None:
        """The framework's list of themes, in the language of the run."""
        self.push_screen(Palette([ThemeProvider], placeholder=_("Search for themes")))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command by name in the palette."""
        return every_command(screen, on_board=screen is self._board, has_several=self.has_several)
