"""The app of the board: it reads one server or several by a timer, and carries out what the keys ask for.

SIGSTOP from outside gives no warning. The framework starts its screen again at every SIGCONT, also where it has not left
the screen first: then it listens to the keys twice, and takes its own mode of the terminal for the one to restore at the end.
"""

from __future__ import annotations

import heapq
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from itertools import repeat
from threading import Lock
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual import events, on
from textual.app import SystemCommand
from textual.command import CommandList, CommandPalette
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widgets import Input
from textual.widgets.option_list import Option

from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.filters import filter_term
from goneaway_tui.judge.ledger import Ledger
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.monitor.poller import Poller, ReplayPlayer
from goneaway_tui.monitor.server_monitor import (
    MonitorSpec,
    ServerMonitor,
    close_all,
    with_free_names,
)
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import value_with_unit
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.controllers.several_servers import SeveralServersController
from goneaway_tui.ui.controllers.tuning import NEEDS, TuningController
from goneaway_tui.ui.messages import (
    GreyedKeyPressed,
    MessagePoster,
    PollFailed,
    PollFault,
    RecordingEnded,
    SnapshotTaken,
    StepTaken,
    VariableChosen,
)
from goneaway_tui.ui.screens.blocking import BlockingScreen
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.export import ExportController
from goneaway_tui.ui.screens.replay import ReplayBoard
from goneaway_tui.ui.screens.servers_board import SeveralServersBoard
from goneaway_tui.ui.screens.session import SessionScreen
from goneaway_tui.ui.screens.topology import TopologyController
from goneaway_tui.ui.server_status import (
    CONNECTING,
    Freshness,
    ServerStatus,
    frozen_words,
    monitor_freshness,
    status_of,
    trouble_words,
)

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.doctor.live import LiveState
    from goneaway_tui.ui.screens.wall import WallView


@runtime_checkable
class FollowsSnapshots(Protocol):
    """A screen that shows what goes on."""

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:
        """Take what is new. `departed`: how many sessions have ended so far."""


@runtime_checkable
class ChoosesSessions(Protocol):
    """A screen on which sessions can be chosen, to be killed."""

    def chosen_sessions(self) -> list[Verdict]:
        """The marked sessions, or the one under the cursor."""


Row = tuple[str, str, str]
"""Title, help, and the action as a binding names it."""

ON_THE_BOARD: tuple[Row, ...] = (
    (N_("Filter"), N_("Narrow the sessions by words and fields"), "filter"),
    (N_("Sort"), N_("Sort by a column"), "sort"),
    (N_("Group"), N_("Group by user, client, program or database"), "group"),
    (N_("Mark all"), N_("Mark all sessions that are shown; again: none"), "mark_all"),
    (N_("Freeze"), N_("Hold the screen, or let it go on"), "app.freeze"),
    (N_("Ledger"), N_("Who left, when, and why"), "app.ledger"),
    (N_("Doctor"), N_("Every cause as it stands now; explain an error"), "app.doctor"),
    (N_("Export"), N_("Write the snapshot on the screen to a file"), "app.export"),
    (N_("Tune"), N_("Change a limit of the server"), "app.tunables"),
    (N_("Blocking"), N_("Who waits for whose lock, and what ends the wait"), "app.blocking"),
    (N_("Rules"), N_("Which sessions the rules of the config file would kill now"), "app.rules"),
    (N_("Kill"), N_("End the marked sessions, or the one under the cursor"), "app.kill"),
    (N_("Undo"), N_("Take back the last change"), "app.undo"),
    (N_("Variables"), N_("The limits, and the journal of changes"), "app.variables"),
    (
        N_("Relatives"),
        N_("Replicas, sources and members that the servers themselves name"),
        "app.relatives",
    ),
    (N_("Wall"), N_("Large and calm, for a screen on a wall; esc leaves it"), "app.wall"),
    (N_("Help"), N_("Keys, words, and what this account cannot see"), "help"),
)
ON_SEVERAL: tuple[Row, ...] = (
    (N_("One server"), N_("Only the server of the row under the cursor, and all again"), "only"),
    (N_("Servers"), N_("A row a server, to mark with space, and the sessions again"), "servers"),
    (
        N_("Tune the marked servers"),
        N_("The same change on each, one by one, up to the first surprise"),
        "tunables",
    ),
)
ANYWHERE: tuple[Row, ...] = (
    (N_("Theme"), N_("Change the colours"), "app.change_theme"),
    (N_("Quit"), N_("Leave"), "app.quit"),
)


class Palette(CommandPalette):
    """The framework's palette. Where no command matches it says so immediately, in the language of the run."""

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]  # as in the framework
        """Let the second click of two beside the palette do nothing: the framework would close the board, and fail."""
        if not self.is_current:
            event.prevent_default()

    def _start_no_matches_countdown(self, search_value: str) -> None:
        if search_value:
            words = Content(_("No match for {text}.", text=plain(search_value, 60)))
            self.query_one(CommandList).add_option(Option(words, id=self._NO_MATCHES, disabled=True))
        self._list_visible = bool(search_value)


def every_command(screen: Screen[Any], *, on_board: bool, has_several: bool) -> Iterable[SystemCommand]:
    """The commands that apply to the screen that is shown."""
    if on_board:
        yield from commands(screen, ON_THE_BOARD)
        yield from commands(screen, ON_SEVERAL if has_several else ())
    yield from commands(screen, ANYWHERE)


def commands(screen: Screen[Any], rows: Iterable[Row]) -> Iterable[SystemCommand]:
    for title, words, action in rows:
        yield SystemCommand(_(title), _(words), lambda action=action: screen.run_action(action))


TICK_SECONDS = 0.5
"""How often countdowns move. They show whole seconds, so none is skipped, and each is drawn half a second late at worst."""
POLL_TICK_SECONDS = 0.05
"""How often it is checked which of several servers are due: their readings are spread, so that none waits for all others."""


class GoneawayApp(MonitorApp):
    """The board of one server or several. `clock` is the sources' own."""

    ENABLE_COMMAND_PALETTE = True

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    """Of the server in hand, as are its freshness and its trouble."""
    freshness: reactive[Freshness] = reactive(CONNECTING, repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)
    reach: reactive[str] = reactive("", repaint=False)
    """What the keys can do on it, in a word that is not translated yet."""
    is_recording: reactive[bool] = reactive(False, repaint=False)
    fleet: reactive[tuple[ServerStatus, ...]] = reactive((), repaint=False)
    """The status of each of several servers; empty where there is one."""

    def __init__(
        self,
        specs: Sequence[MonitorSpec],
        clock: Clock,
        *,
        ticking: bool = True,
        theme: str | None = None,
        run_for: float | None = None,
        greeting: str = "",
        wall: bool = False,
        zone: tzinfo = UTC,
    ) -> None:
        """`zone`: the local time zone, shown beside UTC. `ticking=False` leaves `tick` to the caller, for a clock that is held. The app ends by itself `run_for` seconds later.

        Several specs have names unlike each other's. Raises SettingsError for a theme that does not exist.
        """
        super().__init__(theme, specs[0].color if len(specs) == 1 else None)
        self.clock = clock
        self._zone = zone
        self._ticking, self._run_for = ticking, run_for
        self._tick_seconds = min(TICK_SECONDS, *(spec.interval for spec in specs))
        self._judge_lock = Lock()
        self._tuning: dict[str, TuningController] = {}
        slack = (self._tick_seconds if len(specs) == 1 else POLL_TICK_SECONDS) / 2
        self.monitors = self._new_monitors(specs, 0, slack)
        self._active_monitor = self.monitors[0]
        self.player = specs[0].player
        self._topology = TopologyController(self)
        self._export = ExportController(self)
        self._board = self._new_board()
        self._greeting, self._wall = greeting, wall
        self._frozen_at: float | None = None
        self._grey = self._greyed()
        """The keys of the board that can do nothing on the server in hand."""

    # --- The servers

    def _new_monitors(
        self, specs: Sequence[MonitorSpec], first_index: int, slack: float
    ) -> tuple[ServerMonitor, ...]:
        """The monitors of these servers, with what tunes them."""
        monitors = tuple(
            ServerMonitor(
                spec,
                self.clock,
                MessagePoster(self.post_message, index),
                servers=first_index + len(specs),
                slack=slack,
                judge_lock=self._judge_lock,
            )
            for index, spec in enumerate(specs, first_index)
        )
        self._tuning |= {monitor.name: TuningController(self, monitor) for monitor in monitors}
        return monitors

    def add_servers(self, specs: Sequence[MonitorSpec]) -> None:
        """Monitor these servers too, from now on. A name that is taken gets a number."""
        if self._ticking and not self.has_several:
            self.set_interval(POLL_TICK_SECONDS, self.poll_due)
        slack = POLL_TICK_SECONDS / 2
        for monitor in self.monitors:
            monitor.join_others(slack)
        named = with_free_names(specs, [monitor.name for monitor in self.monitors])
        added = self._new_monitors(named, len(self.monitors), slack)
        self.monitors = (*self.monitors, *added)
        self._rebuild_board()
        now = self.clock()
        for monitor in added:
            monitor.start(now, 0.0, self._report_fault)
        self.tick()
        self.notify(
            ngettext("{number} more server is watched.", "{number} more servers are watched.", len(added))
        )

    def tuning_of(self, monitor: ServerMonitor) -> TuningController:
        """What the keys that change this server do."""
        return self._tuning[monitor.name]

    @property
    def has_several(self) -> bool:
        return len(self.monitors) > 1

    @property
    def active_monitor(self) -> ServerMonitor:
        """The server the keys act on: that of the row under the cursor, held while another screen is open."""
        return self._active_monitor

    @property
    def server_name(self) -> str:
        return self._active_monitor.name

    @property
    def tuning(self) -> TuningController:
        """What the keys that change the server in hand do."""
        return self.tuning_of(self._active_monitor)

    @property
    def poller(self) -> Poller | ReplayPlayer:
        return self._active_monitor.poller

    @property
    def ledger(self) -> Ledger:
        """The ended sessions of the server in hand, up to the instant that is shown."""
        return self._active_monitor.ledger

    # --- The board

    def _new_board(self) -> BoardScreen:
        """The main screen, by what is monitored."""
        if self.has_several:
            tuning = [self.tuning_of(monitor) for monitor in self.monitors]
            several = SeveralServersController(self, tuning, self._unmark_server)
            return SeveralServersBoard([monitor.name for monitor in self.monitors], several)
        if self.player is not None:
            return ReplayBoard(self.server_name, self.player)
        return BoardScreen(self.server_name)

    def _bind_board(self) -> BoardScreen:
        """Let the board show what the app knows."""
        self._board.data_bind(
            snapshot=GoneawayApp.snapshot,
            now=GoneawayApp.now,
            freshness=GoneawayApp.freshness,
            trouble=GoneawayApp.trouble,
            reach=GoneawayApp.reach,
            is_recording=GoneawayApp.is_recording,
        )
        return self._board

    def _follow_board(self) -> None:
        """Once the board is shown: give it the status of all servers, and take from it which server is in hand."""
        if isinstance(self._board, SeveralServersBoard):
            self._board.data_bind(servers=GoneawayApp.fleet)
            self.watch(self._board, "active_server", self.follow_active_server, init=False)

    def _rebuild_board(self) -> None:
        """A board of all servers in place of the one before. Screens over it are closed, and no server's colour is used."""
        before = self._board
        self._active_monitor = self.monitors[0]
        self._board = self._new_board()
        while self.screen is not before:
            self.pop_screen()
        self.set_accent(None)
        self.switch_screen(self._bind_board())
        self._follow_board()

    def follow_active_server(self, name: str) -> None:
        """Let the keys act on another server from now on."""
        self._active_monitor = next(monitor for monitor in self.monitors if monitor.name == name)
        self.trend = self._active_monitor.trend
        self._show_hand(self.clock())

    def clear_marks(self) -> None:
        self._board.clear_marks()

    def _unmark_server(self, name: str) -> None:
        if isinstance(self._board, SeveralServersBoard):
            self._board.unmark(name)

    # --- From start to end

    def on_mount(self) -> None:
        self.push_screen(self._bind_board())
        self._follow_board()
        now = self.clock()
        for index, monitor in enumerate(self.monitors):
            monitor.start(now, monitor.schedule.interval * index / len(self.monitors), self._report_fault)
        if not self.has_several:
            self.tuning.begin()
        if self._active_monitor.newest is not None:
            self._draw(max(now, self._active_monitor.newest.taken_at))
        self.tick()
        if self._ticking:
            self.set_interval(self._tick_seconds, self.tick)
            if self.has_several:
                self.set_interval(POLL_TICK_SECONDS, self.poll_due)
        if self._wall:
            self.action_wall()
        if self._greeting:
            self.notify(plain(self._greeting, 400), timeout=15, markup=False)
        if self._run_for is not None:
            self.set_timer(self._run_for, self.exit)
        if not self.is_headless:
            self._resume_after_stop()

    def on_unmount(self) -> None:
        close_all(each.poller for each in self.monitors)

    def _resume_after_stop(self) -> None:
        """Pass SIGCONT on to the framework only where it stopped us itself. To be called once its screen has started."""
        stop, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
        was_stopped = False

        def on_stop(number: int, frame: FrameType | None) -> None:
            nonlocal was_stopped
            was_stopped = True
            if callable(stop):
                stop(number, frame)

        def on_continue(number: int, frame: FrameType | None) -> None:
            nonlocal was_stopped
            if was_stopped and callable(resume):
                resume(number, frame)
            else:
                self.refresh()
            was_stopped = False

        signal.signal(signal.SIGTSTP, on_stop)
        signal.signal(signal.SIGCONT, on_continue)

    # --- Readings

    def poll_due(self) -> None:
        """Read the servers that are due."""
        now = self.clock()
        for monitor in self.monitors:
            monitor.poller.request_if_due(now)

    def poll_soon(self, monitor: ServerMonitor) -> None:
        monitor.schedule.hurry()
        self.tick()

    def tick(self) -> None:
        """Move the countdowns, read the servers that are due, and show what several servers answered."""
        self.poll_due()
        now = self.clock()
        if self._frozen_at is None:
            self.now, self.trend = now, self._active_monitor.trend
        if self.has_several:
            self._draw(now)
        self.freshness = self._freshness(now)
        self._show_reach()
        self._follow_snapshot()

    def _draw(self, now: float) -> None:
        """Show the newest reading of each server, unless the screen is frozen."""
        if self._frozen_at is None:
            self.now, self.trend = now, self._active_monitor.trend
            for monitor in self.monitors:
                monitor.shown = monitor.newest
        if self.has_several:
            self.fleet = tuple(status_of(monitor, now) for monitor in self.monitors)
        self._show_hand(now)

    def _show_hand(self, now: float) -> None:
        """Show the server in hand."""
        self.trouble, self.freshness = self._active_monitor.trouble, self._freshness(now)
        self._show_reach()
        self.snapshot = self._active_monitor.shown
        grey = self._greyed()
        if grey != self._grey:
            self._grey = grey
            self.refresh_bindings()

    def _show_reach(self) -> None:
        """Show what this run may do to the server in hand, and whether it records: either may end while it runs."""
        self.reach = self.tuning.reach
        self.is_recording = any(monitor.is_recording for monitor in self.monitors)

    def _follow_snapshot(self) -> None:
        """Give the screens in sight what is new: the one on top, and those that dialogs leave partly visible."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, FollowsSnapshots):
                screen.keep_up(self.snapshot, len(self.ledger), self.now)
            if not screen.is_modal:
                break

    def _greyed(self) -> frozenset[str]:
        return frozenset(key for key in NEEDS if self.tuning.why_not(key))

    def _freshness(self, now: float) -> Freshness:
        if self._frozen_at is not None:
            return frozen_words(now - self._frozen_at)
        return monitor_freshness(self._active_monitor, now)

    def _report_fault(self, error: Exception) -> None:
        """From the thread of a poller."""
        self.post_message(PollFault(error))

    @on(SnapshotTaken)
    def _take_snapshot(self, message: SnapshotTaken) -> None:
        monitor = self.monitors[message.index]
        if monitor.on_snapshot(message.snapshot):
            self.tuning_of(monitor).begin()
        monitor.load_past()
        if self.has_several:
            return  # drawn at the next tick, all together
        self._draw(max(self.clock(), message.snapshot.taken_at))
        self._follow_snapshot()

    @on(StepTaken)
    def _take_step(self, message: StepTaken) -> None:
        """Keep the sessions that ended, and tell of what was not done through this tool."""
        monitor, step = self.monitors[message.index], message.step
        gate = self.tuning_of(monitor).gate
        monitor.ledger.add(step.departed)
        prefix = f"{monitor.name}: " if self.has_several else ""
        if step.restarted:
            words = prefix + _("The server has restarted: all sessions are new.")
            self.notify(plain(words, 300), severity="warning", timeout=15, markup=False)
        for change in step.changes:
            if gate is not None and gate.was_set_here(change.variable, change.new):
                continue
            words = prefix + _(
                "{variable} changed from {old} to {new}",
                variable=change.variable,
                old=value_with_unit(change.variable, change.old),
                new=value_with_unit(change.variable, change.new),
            )
            self.notify(plain(words, 300), timeout=8, markup=False)
        if not self.has_several:
            self._follow_snapshot()

    @on(VariableChosen)
    def _tune_chosen(self, message: VariableChosen) -> None:
        if message.name in TUNABLE:
            self.tuning.tune(message.name)

    @on(GreyedKeyPressed)
    def _tell_why_greyed(self, message: GreyedKeyPressed) -> None:
        why = self.tuning.why_not(message.action)
        self.notify(f"{_(message.description)}: {why}", severity="warning", timeout=10, markup=False)

    @on(RecordingEnded)
    def _show_recording_error(self, message: RecordingEnded) -> None:
        self.notify(plain(message.error.line, 500), severity="error", timeout=20, markup=False)

    @on(PollFailed)
    def _show_poll_failure(self, message: PollFailed) -> None:
        """Keep showing the last good snapshot."""
        self.monitors[message.index].trouble = trouble_words(message.failure)
        self.trouble = self._active_monitor.trouble
        self.freshness = self._freshness(self.clock())

    @on(PollFault)
    def _end_with_fault(self, message: PollFault) -> None:
        raise message.error

    # --- Keys

    def on_key(self, event: events.Key) -> None:
        """A letter that arrives here while a field has the focus was typed in one burst with the key that opened the field.

        The framework sent it to what had the focus then; it is meant for the field, not for a command.
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
        return None if action in NEEDS and self.tuning.why_not(action) else True

    def action_tune(self, name: str) -> None:
        self.tuning.tune(name)

    def action_tunables(self) -> None:
        self.tuning.choose()

    def action_undo(self) -> None:
        self.tuning.undo()

    def action_kill(self) -> None:
        """Ask about the marked sessions, on the server they are on: that may be another than the one under the cursor."""
        screen = self.screen if isinstance(self.screen, ChoosesSessions) else self._board
        victims = screen.chosen_sessions()
        hidden = self._board.marked_sessions.hidden if screen is self._board else 0
        if not victims:
            self.notify(_("There is no session to kill here."), severity="warning")
            return
        names = {verdict.server_name for verdict in victims}
        if len(names) > 1:
            words = _(
                "The marked sessions are on {number} servers: o narrows the board to one, and keeps its marks.",
                number=len(names),
            )
            self.notify(words, severity="warning", timeout=10, markup=False)
            return
        note = ngettext(
            "{number:,} of these sessions is marked and hidden by the filter.",
            "{number:,} of these sessions are marked and hidden by the filter.",
            hidden,
        )
        self.tuning_of(self._monitor_of(victims[0].server_name)).kill(victims, note if hidden else "")

    def action_blocking(self) -> None:
        def snapshots() -> list[Snapshot]:
            return [monitor.shown for monitor in self.monitors if monitor.shown is not None]

        names = [monitor.name for monitor in self.monitors]
        self.push_screen(BlockingScreen(snapshots, lambda: self.freshness, names, self._activate_server))

    def show_session(self, verdict: Verdict, listed: Callable[[], Sequence[Verdict]]) -> None:
        monitor = self._monitor_of(verdict.server_name)
        read_statements = monitor.spec.read_statements
        self.push_screen(SessionScreen(verdict, self.now, monitor.shown, listed, read_statements))

    def _monitor_of(self, server_name: str) -> ServerMonitor:
        """The monitor of the server that a verdict names: empty where there is one server alone."""
        found = (monitor for monitor in self.monitors if monitor.server_name == server_name)
        return next(found, self._active_monitor)

    def _activate_server(self, name: str) -> None:
        """Let the keys act on another server, while a screen of several servers is over the board."""
        if isinstance(self._board, SeveralServersBoard):
            self._board.active_server = name

    def action_rules(self) -> None:
        self.tuning.rules()

    def action_variables(self) -> None:
        self.tuning.variables()

    def action_ledger(self) -> None:
        self.show_ended("")

    def show_ended(self, narrow: str) -> None:
        from goneaway_tui.ui.screens.ledger import LedgerScreen

        monitor = self.active_monitor
        self.push_screen(
            LedgerScreen(lambda: monitor.ledger, lambda: self.now, monitor.name, self._zone, narrow)
        )

    def show_matching(self, narrow: str) -> None:
        if self.has_several:
            narrow = f"{narrow} {filter_term('server', plain(self.server_name))}"
        while self.screen is not self._board:
            self.pop_screen()
        self._board.show_filtered(narrow)

    def action_wall(self) -> None:
        from goneaway_tui.ui.screens.wall import WallScreen

        self.push_screen(WallScreen(self._wall_view))

    def _wall_view(self) -> WallView:
        from goneaway_tui.ui.screens.wall import WallView

        def departed() -> Iterable[tuple[str, Departure]]:
            """Of all servers, the newest first."""
            by_server = (zip(repeat(monitor.server_name), monitor.ledger) for monitor in self.monitors)
            return heapq.merge(*by_server, key=lambda named: -named[1].at)

        statuses = tuple(status_of(monitor, self.now) for monitor in self.monitors)
        return WallView(self.server_name, statuses, departed, self.now, self.freshness)

    def action_doctor(self) -> None:
        from goneaway_tui.doctor.case import NO_SERVER, facts_from_sample
        from goneaway_tui.doctor.live import LiveState
        from goneaway_tui.ui.screens.doctor import DoctorScreen

        monitor = self.active_monitor

        def state() -> LiveState | None:
            if monitor.shown is None:
                return None
            return LiveState(monitor.shown, tuple(monitor.ledger), self.now)

        def facts() -> ServerFacts:
            """What this server says, for an error that is pasted."""
            if monitor.shown is None:
                return NO_SERVER
            return replace(
                facts_from_sample(monitor.shown.sample, monitor.name), departures=tuple(monitor.ledger)
            )

        self.push_screen(
            DoctorScreen(state, facts, monitor.name, lambda: self.freshness, monitor.spec.read_history)
        )

    def action_relatives(self) -> None:
        self._topology.open(self.monitors)

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
        self._export.export(self.snapshot)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette", placeholder=_("Search for commands")))

    def search_themes(self) -> None:
        """The framework's list of themes, in the language of the run."""
        self.push_screen(Palette([ThemeProvider], placeholder=_("Search for themes")))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command by name in the palette."""
        return every_command(screen, on_board=screen is self._board, has_several=self.has_several)
