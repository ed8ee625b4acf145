"""The app: ticks, asks for polls, hands the newest snapshot down, and ends without a traceback."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events, on
from textual.app import SystemCommand
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from goneaway_tui.judge.ledger import Ledger
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Clock, Executor, Recorder, Source
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui import wording
from goneaway_tui.ui.acts import NEEDS, Acts
from goneaway_tui.ui.commands import ANYWHERE, ON_THE_BOARD, commands
from goneaway_tui.ui.exporting import export
from goneaway_tui.ui.face import Face
from goneaway_tui.ui.freshness import CONNECTING, Freshness, freshness, frozen, replayed
from goneaway_tui.ui.messages import Happened, Judged, PlayFailed, PollBroke, PollFailed, RecordingEnded
from goneaway_tui.ui.pace import Pace
from goneaway_tui.ui.pages import follow, open_doctor, open_ledger
from goneaway_tui.ui.player import Player
from goneaway_tui.ui.poller import Poller
from goneaway_tui.ui.screens.board import Board
from goneaway_tui.ui.screens.replay import ReplayBoard
from goneaway_tui.ui.standstill import go_on_where_we_stood

TICK_SECONDS = 0.5
"""How often countdowns move. They show whole seconds, so none is skipped, and each is drawn half a second late at worst."""
LONGEST_PAUSE = 30.0
"""Seconds between tries to reach a server that stays away."""


class GoneawayApp(Face[None]):
    """One server's board. `clock` is the source's own."""

    ENABLE_COMMAND_PALETTE = True

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    now: reactive[float] = reactive(0.0, repaint=False)
    freshness: reactive[Freshness] = reactive(CONNECTING, repaint=False)
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
        recorder: Recorder | None = None,
        player: Player | None = None,
        color: str | None = None,
    ) -> None:
        """`first` is shown at once. `ticking=False` leaves `tick` to the caller, for a clock that is held.

        `run_for` seconds later the app ends by itself. With a `player` it shows a recording, and `source` only names it.
        `color` is the server's, of the config file. Raises SettingsError for a theme that does not exist.
        """
        super().__init__(theme, color)
        self.clock = clock
        self._pace = Pace(interval, min(TICK_SECONDS, interval) / 2)
        self._ticking = ticking
        self.player = player
        if player is not None:
            player.attach(self.post_message)
        self._poller = player or Poller(source, policy, self.post_message, first, recorder)
        self._ledger = Ledger()
        self.server_name = source.name
        self.acts = Acts(self, executor, journal, why_read_only)
        self._board = (
            Board(source.name, read_only=executor is None)
            if player is None
            else ReplayBoard(source.name, player)
        )
        self._newest = first
        self._run_for = run_for
        self._greeting = greeting
        self._frozen_at: float | None = None
        self._failures = 0

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
            self._pace.wait(self._newest.taken_at + self._pace.interval)
            self.now, self.snapshot = max(self.clock(), self._newest.taken_at), self._newest
        self.tick()
        if self._ticking:
            self.set_interval(min(TICK_SECONDS, self._pace.interval), self.tick)
        if self._greeting:
            self.notify(plain(self._greeting, 400), timeout=15, markup=False)
        if self._run_for is not None:
            self.set_timer(self._run_for, self.exit)
        if not self.is_headless:
            go_on_where_we_stood(self)

    def on_unmount(self) -> None:
        self._poller.stop()

    @property
    def poller(self) -> Poller | Player:
        return self._poller

    @property
    def ledger(self) -> Ledger:
        """Everybody who left, by the instant that is shown."""
        return self._ledger if self.player is None else self.player.ledger()

    def tick(self) -> None:
        """Move the countdowns; ask for a poll when one is due and none is out."""
        if self.player is not None:
            self.player.request()
        now = self.clock()
        if self.player is None and self._pace.is_due(now) and self._poller.request():
            self._pace.asked(now)
        if self._frozen_at is None:
            self.now = now
        self.freshness = self._fresh(now)
        follow(self)

    @on(Judged)
    def _take(self, message: Judged) -> None:
        self._newest = message.snapshot
        self._pace.answered(message.snapshot.sample.seconds_at_server)
        self._failures, self.trouble = 0, ""
        if self._frozen_at is None:
            self.now = max(self.clock(), message.snapshot.taken_at)
            self.snapshot = message.snapshot
        self.freshness = self._fresh(self.clock())
        follow(self)

    @on(Happened)
    def _note(self, message: Happened) -> None:
        """Write down who left, and say what nobody here has done."""
        self._ledger.add(message.step.departed)
        if message.step.restarted:
            self.notify("The server has restarted: all sessions are new.", severity="warning", timeout=15)
        for change in message.step.changes:
            words = f"{change.variable} was {change.old}, and is {change.new} now"
            self.notify(plain(words, 300), timeout=8, markup=False)
        follow(self)

    @on(RecordingEnded)
    @on(PlayFailed)
    def _complain(self, message: RecordingEnded | PlayFailed) -> None:
        self.notify(plain(message.error.line, 500), severity="error", timeout=20, markup=False)

    @on(PollFailed)
    def _bear(self, message: PollFailed) -> None:
        """Keep the last good snapshot; try again later each time."""
        pause = min(LONGEST_PAUSE, max(self._pace.interval, 2.0**self._failures))
        self._failures += 1
        self._pace.wait(self.clock() + pause)
        self.trouble = f"{plain(message.error.line, 500)} (next try in {wording.age(pause)})"
        self.freshness = self._fresh(self.clock())

    @on(PollBroke)
    def _break(self, message: PollBroke) -> None:
        raise message.error

    def _fresh(self, now: float) -> Freshness:
        if self.player is not None:
            return replayed(now, self.player.speed if self.player.is_playing else None)
        if self._frozen_at is not None:
            return frozen(now - self._frozen_at)
        seen = None if self.snapshot is None else max(0.0, now - self.snapshot.taken_at)
        return freshness(seen, self._pace, in_trouble=bool(self.trouble))

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

    def own_ids(self) -> tuple[int, ...]:
        return () if self.snapshot is None else self.snapshot.sample.server.own_session_ids

    def clear_marks(self) -> None:
        """What was marked was marked for what is done now."""
        self._board.sessions.clear_marks()

    def look_again(self) -> None:
        """Poll as soon as may be: something was changed."""
        self._pace.hurry()
        self.tick()

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

    def action_ledger(self) -> None:
        open_ledger(self)

    def action_doctor(self) -> None:
        open_doctor(self)

    def action_freeze(self) -> None:
        if self.player is not None:
            self.player.toggle()
        elif self._frozen_at is None:
            self._frozen_at = self.clock()
        else:
            self._frozen_at = None
            self.snapshot = self._newest
        self.tick()

    def action_export(self) -> None:
        export(self, self.snapshot)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command by name in the palette."""
        if screen is self._board:
            yield from commands(screen, ON_THE_BOARD)
        yield from commands(screen, ANYWHERE)
