"""The app: ticks, asks for polls, hands the newest snapshot down, and ends without a traceback."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterable
from typing import ClassVar

from textual import events, on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.export import save
from goneaway_tui.judge import is_same_run
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Clock, Executor, Source
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui import wording
from goneaway_tui.ui.acts import NEEDS, Acts
from goneaway_tui.ui.messages import Judged, PollBroke, PollFailed
from goneaway_tui.ui.poller import Poller
from goneaway_tui.ui.screens.board import Board
from goneaway_tui.ui.screens.export import ExportChoice, ExportScreen
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.session import SessionScreen
from goneaway_tui.ui.widgets.summary import Freshness

TICK_SECONDS = 0.25
"""How often countdowns move: often enough that a second never seems to skip."""
LONGEST_PAUSE = 30.0
"""Seconds between tries to reach a server that stays away."""


class GoneawayApp(App[None]):
    """One server's board. `clock` is the source's own."""

    TITLE = "goneaway"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "quit", show=False, priority=True, id="app.interrupt"),
    ]

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    now: reactive[float] = reactive(0.0, repaint=False)
    freshness: reactive[Freshness] = reactive(Freshness("◌ connecting", "$text-muted"), repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)

    def __init__(
        self,
        source: Source,
        clock: Clock,
        policy: Policy,
        *,
        first: Snapshot | None = None,
        interval: float = 1.0,
        ticking: bool = True,
        theme: str | None = None,
        run_for: float | None = None,
        greeting: str = "",
        executor: Executor | None = None,
        journal: Journal | None = None,
        why_read_only: str = "there is no server here to change",
    ) -> None:
        """`first` is shown at once. `ticking=False` leaves `tick` to the caller, for a clock that is held.

        `run_for` seconds later the app ends by itself. Raises SettingsError for a theme that does not exist.
        """
        super().__init__()
        self.crash: Exception | None = None
        self.interrupted = False
        self.clock = clock
        self._interval = interval
        self._ticking = ticking
        self._poller = Poller(source, policy, self.post_message, first)
        self.server_name = source.name
        self.acts = Acts(self, executor, journal, why_read_only)
        self._board = Board(source.name, read_only=executor is None)
        self._newest = first
        self._run_for = run_for
        self._greeting = greeting
        self._frozen_at: float | None = None
        self._failures = 0
        self._due = float("-inf")
        if theme and theme not in self.available_themes:
            raise SettingsError(
                f"no theme is called {plain(theme, 40)}",
                f"one of: {', '.join(sorted(self.available_themes))}",
            )
        if theme:
            self.theme = theme

    def on_mount(self) -> None:
        self._board.data_bind(
            snapshot=GoneawayApp.snapshot,
            now=GoneawayApp.now,
            freshness=GoneawayApp.freshness,
            trouble=GoneawayApp.trouble,
        )
        self.push_screen(self._board)
        self._poller.start()
        self.acts.begin()
        if self._newest is not None:
            self._due = self._newest.taken_at + self._interval
            self.now, self.snapshot = max(self.clock(), self._newest.taken_at), self._newest
        self.tick()
        if self._ticking:
            self.set_interval(min(TICK_SECONDS, self._interval), self.tick)
        if self._greeting:
            self.notify(plain(self._greeting, 400), timeout=15, markup=False)
        if self._run_for is not None:
            self.set_timer(self._run_for, self.exit)
        if threading.current_thread() is threading.main_thread() and not self.is_headless:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)

    def on_unmount(self) -> None:
        self._poller.stop()

    @property
    def poller(self) -> Poller:
        return self._poller

    def tick(self) -> None:
        """Move the countdowns; ask for a poll when one is due and none is out."""
        now = self.clock()
        if now >= self._due and self._poller.request():
            self._due = now + self._interval
        if self._frozen_at is None:
            self.now = now
        self.freshness = self._fresh(now)
        self._follow()

    @on(Judged)
    def _take(self, message: Judged) -> None:
        if self._newest is not None and not is_same_run(self._newest.sample, message.snapshot.sample):
            self.notify("The server has restarted: all sessions are new.", severity="warning", timeout=15)
        self._newest = message.snapshot
        self._failures, self.trouble = 0, ""
        if self._frozen_at is None:
            self.now = max(self.clock(), message.snapshot.taken_at)
            self.snapshot = message.snapshot
        self.freshness = self._fresh(self.clock())
        self._follow()

    @on(PollFailed)
    def _bear(self, message: PollFailed) -> None:
        """Keep the last good snapshot; try again later each time."""
        pause = min(LONGEST_PAUSE, max(self._interval, 2.0**self._failures))
        self._failures += 1
        self._due = self.clock() + pause
        self.trouble = f"{plain(message.error.line, 500)} (next try in {wording.age(pause)})"
        self.freshness = self._fresh(self.clock())

    @on(PollBroke)
    def _break(self, message: PollBroke) -> None:
        raise message.error

    def _fresh(self, now: float) -> Freshness:
        if self._frozen_at is not None:
            return Freshness(f"❄ frozen {wording.age(now - self._frozen_at)} ago", "bold $text-accent")
        if self.snapshot is None:
            return Freshness(
                "✖ not connected" if self.trouble else "◌ connecting",
                "$text-error" if self.trouble else "$text-muted",
            )
        age = max(0.0, now - self.snapshot.taken_at)
        if self.trouble:
            return Freshness(f"✖ lost, seen {wording.age(age)} ago", "bold $text-error")
        if age > 2 * self._interval + 1:
            return Freshness(f"◌ waiting, seen {wording.age(age)} ago", "bold $text-warning")
        return Freshness(f"● live {self._interval:g} s", "$text-success")

    def _follow(self) -> None:
        if isinstance(self.screen, SessionScreen):
            self.screen.follow(self.snapshot, self.now)

    def on_key(self, event: events.Key) -> None:
        """A letter that reaches us while a field has the focus was typed in one burst with the key that opened it.

        The framework sent it to whoever had the focus then; it is meant for the field, not for a command.
        """
        if isinstance(self.screen, KillScreen) and self.screen.was_typed_blind(event):
            event.stop()
            event.prevent_default()
        elif isinstance(self.focused, Input) and event.is_printable and event.character:
            self.focused.insert_text_at_cursor(event.character)
            event.stop()
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - the framework's shape
        """Grey the keys that can do nothing here; pressed all the same, they say why."""
        return None if action in NEEDS and self.acts.why_not(action) else True

    def own_ids(self) -> tuple[int, ...]:
        return () if self.snapshot is None else self.snapshot.sample.server.own_session_ids

    def clear_marks(self) -> None:
        """What was marked was marked for what is done now."""
        self._board.sessions.clear_marks()

    def look_again(self) -> None:
        """Poll as soon as may be: something was changed."""
        self._due = float("-inf")
        self.tick()

    def end_with(self, error: Exception) -> None:
        """A fault of ours in another thread ends the app as one of this thread does."""
        self._handle_exception(error)

    def action_tune(self, name: str) -> None:
        self.acts.tune(name)

    def action_tunables(self) -> None:
        self.acts.choose()

    def action_undo(self) -> None:
        self.acts.undo()

    def action_kill(self) -> None:
        self.acts.kill(self._board.chosen())

    def action_variables(self) -> None:
        self.acts.variables()

    def action_interrupt(self) -> None:
        """ctrl+c quits, as everywhere else."""
        self.interrupted = True
        self.exit()

    def action_freeze(self) -> None:
        if self._frozen_at is None:
            self._frozen_at = self.clock()
        else:
            self._frozen_at = None
            self.snapshot = self._newest
        self.tick()

    def action_export(self) -> None:
        if self.snapshot is None:
            self.notify("Nothing has been read yet.", severity="warning")
            return
        shown = self.snapshot

        def answered(choice: ExportChoice | None) -> None:
            if choice is not None:
                self._write(shown, choice)

        self.push_screen(ExportScreen(shown), answered)

    @work(thread=True)
    def _write(self, snapshot: Snapshot, choice: ExportChoice) -> None:
        """Write in a thread: the file may be on a slow disk."""
        try:
            path = save(snapshot, choice.format, choice.path, overwrite=choice.overwrite)
        except FileError as error:
            self.call_from_thread(
                self.notify, plain(error.line, 500), severity="error", timeout=10, markup=False
            )
        else:
            self.call_from_thread(self.notify, f"Wrote {path.resolve()}", timeout=6, markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command by name in the palette."""
        board = self._board
        if screen is board:
            yield SystemCommand("Filter", "Narrow the sessions by words and fields", board.action_filter)
            yield SystemCommand("Sort", "Sort by a column", board.action_sort)
            yield SystemCommand("Group", "Group by user, client, program or database", board.action_group)
            yield SystemCommand("Freeze", "Hold the screen, or let it go on", self.action_freeze)
            yield SystemCommand("Export", "Write the snapshot on the screen to a file", self.action_export)
            yield SystemCommand("Tune", "Change a limit of the server", self.action_tunables)
            yield SystemCommand(
                "Kill", "End the marked sessions, or the one under the cursor", self.action_kill
            )
            yield SystemCommand("Undo", "Take back the last change", self.action_undo)
            yield SystemCommand("Variables", "The limits, and the journal of changes", self.action_variables)
            yield SystemCommand("Help", "Keys, words, and what this account cannot see", board.action_help)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Quit", "Leave", self.exit)

    def _handle_exception(self, error: Exception) -> None:
        """End with the fault in hand instead of a traceback on the terminal; `cli` tells it in one line."""
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
