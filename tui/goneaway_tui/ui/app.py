"""The app of the board: a timer reads one server or several, and actions run the commands of the keys.

A process gets no warning of SIGSTOP. Textual starts its driver at every SIGCONT, also if it has not stopped it before:
then it reads the keys twice, and saves its own terminal mode as the one to restore at the end.
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
from goneaway_tui.system import HAS_JOB_CONTROL
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import value_with_unit
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.controllers.tuning import NEEDS, TuningController
from goneaway_tui.ui.messages import (
    DisabledKeyPressed,
    MessagePoster,
    PollFailed,
    PollFault,
    RecordingEnded,
    SnapshotTaken,
    StepTaken,
    VariableChosen,
)
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.server_status import (
    CONNECTING,
    Freshness,
    ServerStatus,
    frozen_freshness,
    monitor_freshness,
    status_of,
    trouble_words,
)

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.doctor.live import LiveState
    from goneaway_tui.ui.screens.servers_board import SeveralServersBoard
    from goneaway_tui.ui.screens.wall import WallView


@runtime_checkable
class FollowsSnapshots(Protocol):
    """A screen that follows the snapshots of the active server."""

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:
        """Show a snapshot as of `now` (Unix seconds). `ended_count`: number of entries in the ledger."""


@runtime_checkable
class ChoosesSessions(Protocol):
    """A screen on which the user can choose sessions to kill."""

    def chosen_sessions(self) -> list[Verdict]:
        """The marked sessions, or the one under the cursor."""


CommandRow = tuple[str, str, str]
"""Title, help text, and the action as in a binding; title and help are not translated yet."""

BOARD_COMMANDS: tuple[CommandRow, ...] = (
    (N_("Filter"), N_("Filter sessions by words and fields"), "filter"),
    (N_("Sort"), N_("Sort by a column; choose it again to reverse"), "sort"),
    (N_("Group"), N_("Group by user, client, program or database"), "group"),
    (N_("Mark all"), N_("Mark all shown sessions; press again to unmark them"), "mark_all"),
    (N_("Freeze"), N_("Freeze the screen; press again to continue"), "app.freeze"),
    (N_("Ledger"), N_("Open the ledger: ended sessions with cause and evidence"), "app.ledger"),
    (N_("Doctor"), N_("Open the doctor: check every cause, explain an error"), "app.doctor"),
    (N_("Export"), N_("Export the shown snapshot to a file"), "app.export"),
    (N_("Tune"), N_("Change a limit of the server"), "app.tunables"),
    (N_("Blocking"), N_("Show lock waits: waiting sessions below the blocking one"), "app.blocking"),
    (N_("Rules"), N_("Show which sessions each rule of the config file would kill now"), "app.rules"),
    (N_("Kill"), N_("Kill the marked sessions, or those of the row under the cursor"), "app.kill"),
    (N_("Undo"), N_("Undo the last change"), "app.undo"),
    (N_("Variables"), N_("Show the limits and the journal of changes"), "app.variables"),
    (
        N_("Topology"),
        N_("List replicas, sources and group members, and monitor them too"),
        "app.topology",
    ),
    (N_("Wall"), N_("Show large figures for a wall display; press esc to return"), "app.wall"),
    (N_("Help"), N_("Explain keys, symbols and filters, and what this account cannot see"), "help"),
)
SEVERAL_SERVERS_COMMANDS: tuple[CommandRow, ...] = (
    (N_("One server"), N_("Show only the server of the row under the cursor; press again for all"), "only"),
    (N_("Servers"), N_("List the servers, to mark them with space; press again for the sessions"), "servers"),
    (
        N_("Tune the marked servers"),
        N_("Change all marked servers, one by one; stop at the first unexpected result"),
        "tunables",
    ),
)
GLOBAL_COMMANDS: tuple[CommandRow, ...] = (
    (N_("Theme"), N_("Change the colours"), "app.change_theme"),
    (N_("Quit"), N_("Quit the program"), "app.quit"),
)


class Palette(CommandPalette):
    """Textual's command palette, which says immediately that no command matches, in the language of the run."""

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
    """The commands of the palette on a screen."""
    if on_board:
        yield from commands(screen, BOARD_COMMANDS)
        yield from commands(screen, SEVERAL_SERVERS_COMMANDS if has_several else ())
    yield from commands(screen, GLOBAL_COMMANDS)


def commands(screen: Screen[Any], rows: Iterable[CommandRow]) -> Iterable[SystemCommand]:
    for title, words, action in rows:
        yield SystemCommand(_(title), _(words), lambda action=action: screen.run_action(action))


TICK_SECONDS = 1.0
"""How often countdowns move, which show whole seconds: with each reading of the one server, or else by themselves."""
POLL_TICK_SECONDS = 0.05
"""Seconds between two checks which of several servers are due. Their readings are spread over the interval."""


class GoneawayApp(MonitorApp):
    """The app of one server or several. `clock`: the clock of the sources, in Unix seconds."""

    ENABLE_COMMAND_PALETTE = True

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    """The snapshot of the active server; `freshness`, `trouble` and `access` are of the same server."""
    freshness: reactive[Freshness] = reactive(CONNECTING, repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)
    access: reactive[str] = reactive("", repaint=False)
    """What this run can do to the active server, as a word that is not translated yet."""
    is_recording: reactive[bool] = reactive(False, repaint=False)
    server_statuses: reactive[tuple[ServerStatus, ...]] = reactive((), repaint=False)
    """The status of each server; empty if there is only one."""

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
        """`zone`: the local time zone, shown beside UTC. `ticking=False`: the caller calls `tick`, on a clock of its own.
        `run_for`: seconds after which the app ends.

        The names of several specs differ from each other. Raises SettingsError for a theme that does not exist.
        """
        super().__init__(theme, specs[0].color if len(specs) == 1 else None)
        self.clock = clock
        self._zone = zone
        self._ticking, self._run_for = ticking, run_for
        self._tick_seconds = min(TICK_SECONDS, *(spec.interval for spec in specs))
        self._judge_lock = Lock()
        self._tuning: dict[str, TuningController] = {}
        slack = (self._tick_seconds / 2 if len(specs) == 1 else POLL_TICK_SECONDS) / 2
        self.monitors = self._new_monitors(specs, 0, slack)
        self._active_monitor = self.monitors[0]
        self.player = specs[0].player
        self._several_board: SeveralServersBoard | None = None
        """The board, where there are several servers."""
        self._board = self._new_board()
        self._greeting, self._wall = greeting, wall
        self._frozen_at: float | None = None
        self._disabled_keys = self._find_disabled_keys()
        """The keys of the board that do nothing on the active server."""

    # --- The servers

    def _new_monitors(
        self, specs: Sequence[MonitorSpec], first_index: int, slack: float
    ) -> tuple[ServerMonitor, ...]:
        """A monitor for each server; also makes its tuning controller."""
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
        """Monitor these servers too. A name that is taken gets a number."""
        if self._ticking and not self.has_several:
            self.set_interval(POLL_TICK_SECONDS, self.poll_due)
        slack = POLL_TICK_SECONDS / 2
        for monitor in self.monitors:
            monitor.join_others(slack)
        named_specs = with_free_names(specs, [monitor.name for monitor in self.monitors])
        added = self._new_monitors(named_specs, len(self.monitors), slack)
        self.monitors = (*self.monitors, *added)
        self._rebuild_board()
        now = self.clock()
        for monitor in added:
            monitor.start(now, 0.0, self._report_fault)
        self.tick()
        self.notify(
            ngettext("Monitoring {number} more server.", "Monitoring {number} more servers.", len(added))
        )

    def tuning_of(self, monitor: ServerMonitor) -> TuningController:
        """The tuning controller of a server."""
        return self._tuning[monitor.name]

    @property
    def has_several(self) -> bool:
        return len(self.monitors) > 1

    @property
    def active_monitor(self) -> ServerMonitor:
        """The server that the keys act on: that of the row under the cursor. It does not change while a screen is open."""
        return self._active_monitor

    @property
    def server_name(self) -> str:
        return self._active_monitor.name

    @property
    def tuning(self) -> TuningController:
        """The tuning controller of the active server."""
        return self.tuning_of(self._active_monitor)

    @property
    def poller(self) -> Poller | ReplayPlayer:
        return self._active_monitor.poller

    @property
    def ledger(self) -> Ledger:
        """The ended sessions of the active server, up to the instant that is shown."""
        return self._active_monitor.ledger

    # --- The board

    def _new_board(self) -> BoardScreen:
        """The main screen: for one server, for several, or for a recording."""
        if self.has_several:
            from goneaway_tui.ui.controllers.several_servers import SeveralServersController
            from goneaway_tui.ui.screens.servers_board import SeveralServersBoard

            tuning = [self.tuning_of(monitor) for monitor in self.monitors]
            several = SeveralServersController(self, tuning, self._unmark_server)
            self._several_board = SeveralServersBoard([monitor.name for monitor in self.monitors], several)
            return self._several_board
        if self.player is not None:
            from goneaway_tui.ui.screens.replay import ReplayBoard

            return ReplayBoard(self.server_name, self.player)
        return BoardScreen(self.server_name)

    def _bind_board(self) -> BoardScreen:
        """Bind the board to the reactives of the app."""
        self._board.data_bind(
            snapshot=GoneawayApp.snapshot,
            now=GoneawayApp.now,
            freshness=GoneawayApp.freshness,
            trouble=GoneawayApp.trouble,
            access=GoneawayApp.access,
            is_recording=GoneawayApp.is_recording,
        )
        return self._board

    def _follow_board(self) -> None:
        """Bind the status of all servers to the board, and follow its active server. Call this after the board is shown."""
        if self._several_board is not None:
            self._several_board.data_bind(servers=GoneawayApp.server_statuses)
            self.watch(self._several_board, "active_server", self.set_active_server, init=False)

    def _rebuild_board(self) -> None:
        """Replace the board by one of all servers. This closes the screens over it, and clears the accent colour."""
        old_board = self._board
        self._active_monitor = self.monitors[0]
        self._board = self._new_board()
        while self.screen is not old_board:
            self.pop_screen()
        self.set_accent(None)
        self.switch_screen(self._bind_board())
        self._follow_board()

    def set_active_server(self, name: str) -> None:
        """Let the keys act on another server."""
        self._active_monitor = next(monitor for monitor in self.monitors if monitor.name == name)
        self.trend = self._active_monitor.trend
        self._show_active_server(self.clock())

    def clear_marks(self) -> None:
        self._board.clear_marks()

    def _unmark_server(self, name: str) -> None:
        if self._several_board is not None:
            self._several_board.unmark(name)

    # --- Start and end

    def on_mount(self) -> None:
        self.push_screen(self._bind_board())
        self._follow_board()
        now = self.clock()
        for index, monitor in enumerate(self.monitors):
            monitor.start(now, monitor.schedule.interval * index / len(self.monitors), self._report_fault)
        if not self.has_several:
            self.call_after_refresh(self.tuning.request_privileges)  # the sessions are drawn first
        if self._active_monitor.newest is not None:
            self._draw(max(now, self._active_monitor.newest.taken_at))
        self.tick()
        if self._ticking:
            self.set_interval(self._tick_seconds / 2, self.beat)
            if self.has_several:
                self.set_interval(POLL_TICK_SECONDS, self.poll_due)
        if self._wall:
            self.action_wall()
        if self._greeting:
            self.notify(plain(self._greeting, 400), timeout=15, markup=False)
        if self._run_for is not None:
            self.set_timer(self._run_for, self.exit)
        if HAS_JOB_CONTROL and not self.is_headless:
            self._resume_after_stop()

    def on_unmount(self) -> None:
        close_all(monitor.poller for monitor in self.monitors)

    def _resume_after_stop(self) -> None:
        """Pass SIGCONT on to Textual only if Textual stopped the process itself. Call this after its driver has started."""
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

    def poll_due(self) -> bool:
        """Read the servers that are due; whether there was one."""
        now = self.clock()
        asked = [monitor.poller.request_if_due(now) for monitor in self.monitors]
        return any(asked)

    def poll_soon(self, monitor: ServerMonitor) -> None:
        monitor.schedule.make_due()
        self.tick()

    def beat(self) -> None:
        """Each half tick: read the servers that are due, and move the countdowns where they stood still for a tick.

        What the one server answers moves them as well, so they wait for an answer that was just asked for: every line is
        drawn once a second, not twice.
        """
        awaits_answer = self.poll_due() and not self.has_several
        ticks = 1.4 if awaits_answer else 0.9  # timers are late, and sometimes early, by a few milliseconds
        if self.clock() - self.now >= ticks * self._tick_seconds:
            self.tick()

    def tick(self) -> None:
        """Redraw the countdowns, read the servers that are due, and draw the readings of several servers."""
        self.poll_due()
        now = self.clock()
        if self._frozen_at is None:
            self.now, self.trend = now, self._active_monitor.trend
        if self.has_several:
            self._draw(now)
        self.freshness = self._freshness(now)
        self._show_access()
        self._update_screens()

    def _draw(self, now: float) -> None:
        """Show the newest reading of each server, unless the screen is frozen."""
        if self._frozen_at is None:
            self.now, self.trend = now, self._active_monitor.trend
            for monitor in self.monitors:
                monitor.show_newest()
        if self.has_several:
            self.server_statuses = tuple(status_of(monitor, now) for monitor in self.monitors)
        self._show_active_server(now)

    def _show_active_server(self, now: float) -> None:
        """Show the active server."""
        self.trouble, self.freshness = self._active_monitor.trouble, self._freshness(now)
        self._show_access()
        self.snapshot = self._active_monitor.shown
        disabled_keys = self._find_disabled_keys()
        if disabled_keys != self._disabled_keys:
            self._disabled_keys = disabled_keys
            self.refresh_bindings()

    def _show_access(self) -> None:
        """Show what this run may do to the active server, and whether it records: both may end during the run."""
        self.access = self.tuning.access
        self.is_recording = any(monitor.is_recording for monitor in self.monitors)

    def _update_screens(self) -> None:
        """Update the visible screens: the one on top, and those partly visible below a dialog."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, FollowsSnapshots):
                screen.follow_snapshot(self.snapshot, len(self.ledger), self.now)
            if not screen.is_modal:
                break

    def _find_disabled_keys(self) -> frozenset[str]:
        return frozenset(key for key in NEEDS if self.tuning.why_not(key))

    def _freshness(self, now: float) -> Freshness:
        if self._frozen_at is not None:
            return frozen_freshness(now - self._frozen_at)
        return monitor_freshness(self._active_monitor, now)

    def _report_fault(self, error: Exception) -> None:
        """Report an internal error; called in the thread of a poller."""
        self.post_message(PollFault(error))

    @on(SnapshotTaken)
    def _take_snapshot(self, message: SnapshotTaken) -> None:
        monitor = self.monitors[message.index]
        if monitor.on_snapshot(message.snapshot):
            self.tuning_of(monitor).request_privileges()
        monitor.load_past()
        if self.has_several:
            return  # the next tick draws all servers together
        self._draw(max(self.clock(), message.snapshot.taken_at))
        self._update_screens()

    @on(StepTaken)
    def _take_step(self, message: StepTaken) -> None:
        """Add the ended sessions to the ledger, and notify of a restart and of changes that this tool did not make."""
        monitor, step = self.monitors[message.index], message.step
        gate = self.tuning_of(monitor).gate
        monitor.ledger.add(step.departed)
        prefix = f"{monitor.name}: " if self.has_several else ""
        if step.restarted:
            words = prefix + _("The server restarted. All sessions are new.")
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
            self._update_screens()

    @on(VariableChosen)
    def _tune_chosen(self, message: VariableChosen) -> None:
        if message.name in TUNABLE:
            self.tuning.tune(message.name)

    @on(DisabledKeyPressed)
    def _explain_disabled_key(self, message: DisabledKeyPressed) -> None:
        why = self.tuning.why_not(message.action)
        self.notify(
            wording.labelled(_(message.description), why), severity="warning", timeout=10, markup=False
        )

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
        """Insert a letter into the focused field, if it was typed in one burst with the key that opened the field.

        Textual sent it to the widget that had the focus before; it is meant for the field, not for a command.
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
        """Disable the keys that do nothing on the active server. A press of such a key shows the reason."""
        return None if action in NEEDS and self.tuning.why_not(action) else True

    def action_tune(self, name: str) -> None:
        self.tuning.tune(name)

    def action_tunables(self) -> None:
        self.tuning.choose()

    def action_undo(self) -> None:
        self.tuning.undo()

    def action_kill(self) -> None:
        """Open the kill dialog for the marked sessions, which may be on another server than the active one."""
        screen = self.screen if isinstance(self.screen, ChoosesSessions) else self._board
        victims = screen.chosen_sessions()
        hidden = self._board.marked_sessions.hidden if screen is self._board else 0
        if not victims:
            self.notify(_("There is no session to kill here."), severity="warning")
            return
        names = {verdict.server_name for verdict in victims}
        if len(names) > 1:
            words = _(
                "The marked sessions are on {number} servers. Press o to show one of them; its marks stay.",
                number=len(names),
            )
            self.notify(words, severity="warning", timeout=10, markup=False)
            return
        note = ngettext(
            "The filter hides {number:,} of these sessions.",
            "The filter hides {number:,} of these sessions.",
            hidden,
        )
        self.tuning_of(self._monitor_of(victims[0].server_name)).kill(victims, note if hidden else "")

    def action_blocking(self) -> None:
        from goneaway_tui.ui.screens.blocking import BlockingScreen

        def snapshots() -> list[Snapshot]:
            return [monitor.shown for monitor in self.monitors if monitor.shown is not None]

        names = [monitor.name for monitor in self.monitors]
        self.push_screen(BlockingScreen(snapshots, lambda: self.freshness, names, self._activate_server))

    def show_session(self, verdict: Verdict, listed: Callable[[], Sequence[Verdict]]) -> None:
        from goneaway_tui.ui.screens.session import SessionScreen

        monitor = self._monitor_of(verdict.server_name)
        read_statements = monitor.spec.read_statements
        self.push_screen(SessionScreen(verdict, self.now, monitor.shown, listed, read_statements))

    def _monitor_of(self, server_name: str) -> ServerMonitor:
        """The monitor of the server that a verdict names; a verdict of a single server has an empty name."""
        matching = (monitor for monitor in self.monitors if monitor.server_name == server_name)
        return next(matching, self._active_monitor)

    def _activate_server(self, name: str) -> None:
        """Let the keys act on another server, from a screen of several servers over the board."""
        if self._several_board is not None:
            self._several_board.active_server = name

    def action_rules(self) -> None:
        self.tuning.rules()

    def action_variables(self) -> None:
        self.tuning.variables()

    def action_ledger(self) -> None:
        self.show_ended("")

    def show_ended(self, filter_text: str) -> None:
        from goneaway_tui.ui.screens.ledger import LedgerScreen

        monitor = self.active_monitor
        self.push_screen(
            LedgerScreen(lambda: monitor.ledger, lambda: self.now, monitor.name, self._zone, filter_text)
        )

    def show_matching(self, filter_text: str) -> None:
        if self.has_several:
            filter_text = f"{filter_text} {filter_term('server', plain(self.server_name))}"
        while self.screen is not self._board:
            self.pop_screen()
        self._board.show_filtered(filter_text)

    def action_wall(self) -> None:
        from goneaway_tui.ui.screens.wall import WallScreen

        self.push_screen(WallScreen(self._wall_view))

    def _wall_view(self) -> WallView:
        from goneaway_tui.ui.screens.wall import WallView

        def departures() -> Iterable[tuple[str, Departure]]:
            """The departures of all servers, the newest first, each with the name of its server."""
            by_server = (zip(repeat(monitor.server_name), monitor.ledger) for monitor in self.monitors)
            return heapq.merge(*by_server, key=lambda entry: -entry[1].at)

        statuses = tuple(status_of(monitor, self.now) for monitor in self.monitors)
        return WallView(self.server_name, statuses, departures, self.now, self.freshness)

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
            """The facts of the active server, to explain a pasted error with."""
            if monitor.shown is None:
                return NO_SERVER
            return replace(
                facts_from_sample(monitor.shown.sample, monitor.name), departures=tuple(monitor.ledger)
            )

        self.push_screen(
            DoctorScreen(state, facts, monitor.name, lambda: self.freshness, monitor.spec.read_history)
        )

    def action_screen_help(self) -> None:
        """Show the help of a screen that has no list of its keys: its bindings."""
        from goneaway_tui.ui.screens.help import HelpScreen, binding_rows

        screen = self.screen
        self.push_screen(HelpScreen(binding_rows(screen), page=getattr(screen, "DOCS_PAGE", "board")))

    def action_topology(self) -> None:
        from goneaway_tui.ui.screens.topology import TopologyController

        TopologyController(self).open(self.monitors)

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
        from goneaway_tui.ui.screens.export import ExportController

        ExportController(self).export(self.snapshot)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette", placeholder=_("Search for commands")))

    def search_themes(self) -> None:
        """Textual's list of themes, in the language of the run."""
        self.push_screen(Palette([ThemeProvider], placeholder=_("Search for themes")))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The commands of the palette, by their names."""
        return every_command(screen, on_board=screen is self._board, has_several=self.has_several)
