"""The app: ticks, asks for polls, hands the newest snapshots down, and ends without a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock

from textual import events, on
from textual.app import SystemCommand
from textual.reactive import reactive
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widgets import Input

from goneaway_tui.judge.ledger import Ledger
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.ports import Clock
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import amount
from goneaway_tui.ui.acts import NEEDS, Acts
from goneaway_tui.ui.commands import Palette, every_command
from goneaway_tui.ui.exporting import export
from goneaway_tui.ui.face import Face
from goneaway_tui.ui.freshness import CONNECTING, Freshness, frozen
from goneaway_tui.ui.glance import Glance
from goneaway_tui.ui.joining import board_of, instead, open_relatives, seat
from goneaway_tui.ui.messages import (
    Happened,
    Judged,
    PlayFailed,
    PollBroke,
    PollFailed,
    RecordingEnded,
    VariableChosen,
)
from goneaway_tui.ui.pages import follow, kill, open_doctor, open_ledger, open_wall
from goneaway_tui.ui.player import Player
from goneaway_tui.ui.poller import Poller
from goneaway_tui.ui.standstill import go_on_where_we_stood
from goneaway_tui.ui.watched import Subject, Watched, stop_all

TICK_SECONDS = 0.5
"""How often countdowns move. They show whole seconds, so none is skipped, and each is drawn half a second late at worst."""
ASK_SECONDS = 0.05
"""How often it is looked which of several servers is to be asked: their polls are spread, so that none waits for all others."""


class GoneawayApp(Face[None]):
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
    fleet: reactive[tuple[Glance, ...]] = reactive((), repaint=False)
    """All of several servers; none where there is one."""

    def __init__(
        self,
        subjects: Sequence[Subject],
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
            Watched(self, each, place, len(subjects), slack, self.turn) for place, each in enumerate(subjects)
        )
        self._hand = self.watched[0]
        self.player = subjects[0].player
        self._board = board_of(self)
        self._greeting, self._wall = greeting, wall
        self._frozen_at: float | None = None
        self._grey = self._greyed()
        """The keys of the board that can do nothing on the server in hand."""

    def lay_anew(self, watched: tuple[Watched, ...]) -> None:
        """A board around these, of whom some are new; what lies over the old one is left."""
        if self._ticking and not self.has_several:
            self.set_interval(ASK_SECONDS, self.ask)
        self.watched, self._hand = watched, watched[0]
        before, self._board = self._board, board_of(self)
        instead(self, before, self._board)

    def on_mount(self) -> None:
        seat(self, self._board, self.push_screen)
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
            go_on_where_we_stood(self)

    def on_unmount(self) -> None:
        stop_all(self.watched)

    @property
    def has_several(self) -> bool:
        return len(self.watched) > 1

    @property
    def in_hand(self) -> Watched:
        """The server the keys act on: that of the row under the cursor, held while another screen is open."""
        return self._hand

    @property
    def server_name(self) -> str:
        return self._hand.name

    @property
    def acts(self) -> Acts:
        return self._hand.acts

    @property
    def poller(self) -> Poller | Player:
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
        follow(self)

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

    @on(Judged)
    def _take(self, message: Judged) -> None:
        watched = self.watched[message.of]
        if watched.take(message.snapshot):
            watched.acts.begin()
        if self.has_several:
            return  # drawn at the next tick, all at once
        self._draw(max(self.clock(), message.snapshot.taken_at))
        follow(self)

    @on(Happened)
    def _note(self, message: Happened) -> None:
        """Write down who left, and say what nobody here has done."""
        watched, taken = self.watched[message.of], message.step
        gate = watched.acts.gate
        watched.ledger.add(taken.departed)
        of = f"{watched.name}: " if self.has_several else ""
        if taken.restarted:
            words = of + _("The server has restarted: all sessions are new.")
            self.notify(plain(words, 300), severity="warning", timeout=15, markup=False)
        for change in taken.changes:
            if gate is not None and gate.has_set(change.variable, change.new):
                continue
            words = of + _(
                "{variable} changed from {old} to {new}",
                variable=change.variable,
                old=amount(change.variable, change.old),
                new=amount(change.variable, change.new),
            )
            self.notify(plain(words, 300), timeout=8, markup=False)
        if not self.has_several:
            follow(self)

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

    @on(PollBroke)
    def _break(self, message: PollBroke) -> None:
        raise message.error

    def _fresh(self, now: float) -> Freshness:
        return self._hand.freshness(now) if self._frozen_at is None else frozen(now - self._frozen_at)

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

    def look_again(self, server: Watched) -> None:
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
        kill(self, self._board.chosen(), self._board.marked_sessions.hidden)

    def action_variables(self) -> None:
        self.acts.variables()

    def action_ledger(self) -> None:
        open_ledger(self)

    def action_wall(self) -> None:
        open_wall(self)

    def action_doctor(self) -> None:
        open_doctor(self)

    def action_relatives(self) -> None:
        open_relatives(self)

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
