"""From a key to a change: opens the dialogs, hands what they answer to the gate, and shows what came of it.

Everything that speaks to the server runs in a thread of its own; the gate is the one door.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from goneaway_tui.errors import FileError, GoneawayError, Refused, SourceError
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.model.tuning import Powers, Probe, Standing
from goneaway_tui.ports import Executor
from goneaway_tui.tune.actions import Action, ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate, Outcome
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.screens.chooser import ChooserScreen, tunables
from goneaway_tui.ui.screens.confirm import ConfirmScreen, undoing
from goneaway_tui.ui.screens.kill import Kills, KillScreen, mortals
from goneaway_tui.ui.screens.report import Done, ReportScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.screens.variables import VariablesScreen
from goneaway_tui.ui.screens.waiting import WaitingScreen
from goneaway_tui.ui.wording import NO_PRIVILEGES, READ_ONLY, READ_WRITE, on

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp
    from goneaway_tui.ui.watched import Watched

NEEDS = {"tune": "set", "tunables": "set", "undo": "set", "kill": "kill"}
"""Which power each key of the board needs."""


class Acts:
    """What the keys that change a server do. Without an executor they say why they do nothing."""

    def __init__(
        self,
        app: GoneawayApp,
        server: Watched,
        executor: Executor | None,
        journal: Journal | None,
        why_not: str,
    ) -> None:
        """`why_not`: what to say where there is no executor."""
        self._app = app
        self._server = server
        self._executor = executor
        self._journal = journal
        self._why_not = why_not
        self._powers: Powers | None = None
        self._gate: Gate | None = None
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Find out, in a thread, what the account may do, where that is not known yet."""
        if self._executor is not None and self._powers is None and not self.is_acting:
            self.in_thread(self._find_powers)

    @property
    def is_read_only(self) -> bool:
        return self._executor is None

    @property
    def reach(self) -> str:
        """What the keys can do, in a word that is not translated yet."""
        if self.is_read_only:
            return READ_ONLY
        lacks_all = self._powers is not None and all(map(self.why_not, NEEDS))
        return NO_PRIVILEGES if lacks_all else READ_WRITE

    @property
    def gate(self) -> Gate | None:
        """The one door to the server; None where there is none, or not yet."""
        return self._gate

    @property
    def is_acting(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, timeout: float) -> None:
        """Block, from another thread than the screen's, until what was begun is over."""
        for thread in self._threads:
            thread.join(timeout)

    def why_not(self, key: str) -> str:
        """Why a key does nothing, in one line; empty where it does something."""
        if self._executor is None:
            return self._why_not
        if self._powers is None:
            return _("what this account may do is not found out yet")
        need = NEEDS[key]
        if need == "set":
            return (
                ""
                if any(not self._powers.why_not_set(name) for name in TUNABLE)
                else self._powers.why_not_set("wait_timeout")
            )
        reasons = dict(self._powers.why_not)
        return "" if self._powers.can_kill else reasons.get(need, _("the account may not kill"))

    def tune(self, name: str) -> None:
        """Read the variable afresh, then open its dialog."""
        executor = self._executor
        if executor is None or self._powers is None:
            self._refuse(self.why_not("tune"))
            return

        self._app.push_screen(waiting := WaitingScreen())

        def read() -> None:
            standing = waiting.asked(partial(executor.standing, name))
            self._later(self._open_tune, waiting, standing)

        self.in_thread(read)

    def choose(self) -> None:
        """Every tunable the server has."""
        snapshot = self._server.shown
        if snapshot is None:
            return
        listed = tunables(snapshot.sample)

        def chosen(name: str | None) -> None:
            if name:
                self.tune(name)

        self._app.push_screen(ChooserScreen(self._named(_("tune")), listed, "wait_timeout"), chosen)

    def undo(self) -> None:
        gate = self._gate
        if gate is None or self._refuse(self.why_not("undo")):
            return
        try:
            act = gate.last_change()
            actions = () if act is None else gate.taking_back(act)
        except (Refused, FileError) as error:
            self._refuse(error.line)
            return
        if act is None:
            self._app.notify(
                _("Nothing to undo: through this tool no limit of this server was changed, or all is undone.")
            )
            return
        lines = undoing(act.entry, actions)

        def confirmed(yes: bool | None) -> None:  # noqa: FBT001 - the dialog answers with it
            if yes:
                self._perform(_("undo"), [lambda: self._undone(gate)])

        self._app.dress(self._server.color)
        self._app.push_screen(
            ConfirmScreen(_("undo on {server}", server=self._server.name), lines, _("Undo")), confirmed
        )

    def kill(self, victims: Sequence[Verdict], note: str = "") -> None:
        """Ask about the sessions that may be killed at all. `note`: what the dialog says of the others among them."""
        if self._refuse(self.why_not("kill")):
            return
        mortal, left_out = mortals(victims)
        if mortal:
            self._app.dress(self._server.color)
            notes = "\n".join(filter(None, (note, left_out)))
            screen = KillScreen(mortal, self._app.now, self._server.name, notes)
            self._app.push_screen(screen, self._perform_kills)
        else:
            self._refuse(left_out)

    def variables(self) -> None:
        """The limits, and the journal."""
        snapshot = self._server.shown
        sample = snapshot.sample if snapshot is not None else None
        journal = self._journal

        def look() -> None:
            read = None if journal is None else journal.read()
            acts, garbage = ((), 0) if read is None else (read.acts, read.garbage)
            self._later(
                self._app.push_screen, VariablesScreen(sample, acts, garbage, self._server.server_name)
            )

        self.in_thread(look)

    def _find_powers(self) -> None:
        assert self._executor is not None  # noqa: S101 - begin() asks nobody else
        self._later(self._take_powers, self._executor.powers())

    def _take_powers(self, powers: Powers) -> None:
        self._powers = powers
        if self._executor is not None and self._journal is not None:
            self._gate = Gate(self._executor, self._journal, powers, self._server.name, self._server.own_ids)
        self._app.refresh_bindings()

    def _open_tune(self, waiting: WaitingScreen, standing: Standing) -> None:
        snapshot = self._server.shown
        if snapshot is None or self._powers is None:
            waiting.action_leave()
            return
        tunable = TUNABLE[standing.variable.name]
        self._app.dress(self._server.color)
        screen = TuneScreen(
            tunable, standing, self._powers, lambda: self._server.shown or snapshot, self._server.name
        )
        waiting.give_way(screen, self._perform_change)

    def _perform_change(self, action: SetVariable | ResetPersist | None) -> None:
        gate = self._gate
        if action is not None and gate is not None:
            self._perform(action.name, [partial(self._done, gate, action)])

    def _perform_kills(self, kills: Kills | None) -> None:
        gate = self._gate
        if kills and gate is not None:
            self._perform(_("kill"), [partial(self._done, gate, kill) for kill in kills])

    def _perform(self, title: str, acts: Sequence[Callable[[], Done]]) -> None:
        """One after the other, told as they come; what fails ends the row, who is spared does not."""
        report = ReportScreen(on(title, self._server.name), len(acts))
        self._app.push_screen(report)

        def run() -> None:
            for act in acts:
                if report.is_stopping:
                    break
                done = act()
                self._later(report.add, done)
                if done.failed:
                    break
            self._later(self._end, report)

        self.in_thread(run)

    def _end(self, report: ReportScreen) -> None:
        report.finish()
        self._app.clear_marks()
        self._app.look_again(self._server)

    def _done(self, gate: Gate, action: Action) -> Done:
        with self._server.ours.killing(action) as told:
            try:
                outcome = gate.run(action)
            except Refused as refused:
                return Done(action, refused=refused.line)
            except (SourceError, FileError) as error:
                return Done(action, failed=error.line)
            if not outcome.gone:
                told.pop_all()
        return Done(action, outcome, self._probes(action))

    def _undone(self, gate: Gate) -> Done:
        try:
            outcome: Outcome = gate.undo()
        except Refused as refused:
            return Done(self._last_action(gate), refused=refused.line)
        except (SourceError, FileError) as error:
            return Done(self._last_action(gate), failed=error.line)
        return Done(outcome.action, outcome, self._probes(outcome.action))

    def _last_action(self, gate: Gate) -> Action:
        act = gate.last_change()
        return ResetPersist((act.entry.variable if act else None) or "?")

    def _probes(self, action: Action) -> tuple[Probe, ...]:
        """What new sessions get; that nobody could be asked takes nothing from what was done."""
        if not isinstance(action, SetVariable) or self._executor is None:
            return ()
        try:
            return self._executor.probe(action.name)
        except SourceError as error:
            self._later(
                self._app.notify,
                _("Could not open a session to see what it gets: {why}", why=plain(error.line, 300)),
            )
            return ()

    def _refuse(self, why: str) -> bool:
        """Say why nothing happens; True where there is a reason."""
        if why:
            words = f"{self._server.server_name}: {why}" if self._server.server_name else why
            self._app.notify(plain(words, 400), severity="warning", timeout=10, markup=False)
        return bool(why)

    def _named(self, title: str) -> str:
        """A title that says which of several servers it is of."""
        return on(title, self._server.server_name)

    def _later(self, call: Callable[..., object], *arguments: object) -> None:
        self._app.call_from_thread(call, *arguments)

    def in_thread(self, work: Callable[[], object]) -> None:
        """Run without making the screen wait; an error becomes a line, a fault of ours ends the app."""

        def run() -> None:
            try:
                work()
            except GoneawayError as error:
                self._later(self._refuse, error.line)
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                self._later(self._app.end_with, error)

        thread = threading.Thread(target=run, name="act", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()
