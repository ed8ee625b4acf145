"""Changes on one server: open the dialogs, pass their answers to the gate, and show the outcome.

Every query to the server runs in a thread; every change goes through the gate.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from goneaway_tui.errors import (
    FileError,
    GoneawayError,
    KillDenied,
    NoConnectionLeft,
    OutcomeUnknown,
    Refused,
    SourceError,
)
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.tuning import Privileges, VariableState
from goneaway_tui.monitor.server_monitor import ServerMonitor
from goneaway_tui.ports import ActConnection
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import Action, ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate, Outcome
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.screens.dialogs import (
    ChooserScreen,
    ConfirmScreen,
    WaitingScreen,
    tunables,
    undo_entries,
)
from goneaway_tui.ui.wording import NO_PRIVILEGES, READ_ONLY, READ_WRITE, labelled, title_on

if TYPE_CHECKING:
    from goneaway_tui.ui.screens.kill import Kills
    from goneaway_tui.ui.screens.report import ActResult, ReportScreen

NEEDS = {"tune": "set", "tunables": "set", "undo": "set", "kill": "kill"}
"""The kind of privilege that each key of the board needs."""
WAITING_NOTICE_SECONDS = 0.7
"""Seconds after which a notice says what a key waits for."""
BORROWS = N_(
    "▲ The server last refused this account another connection. If it refuses again, the statement runs on the monitoring connection."
)
MAY_BORROW = N_(
    "▲ The server is full: {taken} of {most} connections. If it refuses another one, the statement runs on the monitoring connection."
)
NOTHING_SENT = N_(
    "The server refused this account another connection. Nothing was sent. Try again to use the monitoring connection."
)


def is_command(action: str) -> bool:
    """Whether the action of a key needs the privileges of the account.

    >>> is_command("app.tune('wait_timeout')"), is_command("app.quit")
    (True, False)
    """
    return action.removeprefix("app.").partition("(")[0] in NEEDS


class TuningController:
    """Runs the keys that change one server. Without an executor they show why they do nothing."""

    def __init__(self, app: MonitorApp, monitor: ServerMonitor) -> None:
        self.monitor = monitor
        self._app = app
        self._executor = monitor.spec.executor
        self._journal = monitor.spec.journal
        self._privileges: Privileges | None = None
        self._gate: Gate | None = None
        self._full_snapshot: Snapshot | None = None
        """The newest snapshot when the server rejected a connection: the free connections in it are used by now."""
        self._own_sessions: tuple[Snapshot, bool] | None = None
        """A snapshot, and whether it lists sessions that the account may kill without a privilege."""
        self._privileges_lock = threading.Lock()
        """Held while the privileges are read."""
        self._threads: list[threading.Thread] = []

    def request_privileges(self) -> None:
        """Read the privileges of the account in a thread, if they are not known yet."""
        if self._executor is not None and self._privileges is None and not self.is_acting:
            self.in_thread(self.read_privileges)

    def read_privileges(self) -> None:
        """Read the privileges of the account, if they are not known yet. Blocks: do not call this in the thread of the app.

        Raises SourceError; the next call reads again.
        """
        with self._privileges_lock:
            if self._executor is not None and self._privileges is None:
                self._in_screen_thread(self._set_privileges, self._executor.privileges())

    @property
    def is_read_only(self) -> bool:
        return self._executor is None

    @property
    def access(self) -> str:
        """What this run can do to the server, as a word that is not translated yet."""
        if self.is_read_only:
            return READ_ONLY
        lacks_all = self._privileges is not None and all(map(self.why_not, NEEDS))
        return NO_PRIVILEGES if lacks_all else READ_WRITE

    @property
    def gate(self) -> Gate | None:
        """The gate for changes; None without an executor, and until the privileges are known."""
        return self._gate

    @property
    def is_acting(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, timeout: float) -> None:
        """Block until the started threads end, `timeout` seconds for each. Do not call this in the thread of the app."""
        for thread in self._threads:
            thread.join(timeout)

    def why_not(self, key: str) -> str:
        """Why a key does nothing, in one line; empty if it works, or may work once the privileges are known."""
        if self._executor is None:
            return self.monitor.spec.why_read_only
        if self._privileges is None:
            return self.monitor.trouble
        need = NEEDS[key]
        if need == "set":
            return (
                ""
                if any(not self._privileges.why_not_set(name) for name in TUNABLE)
                else self._privileges.why_not_set("wait_timeout")
            )
        return (
            ""
            if self._privileges.can_kill or self._has_own_sessions(self._privileges)
            else self._why_not_others()
        )

    def _has_own_sessions(self, privileges: Privileges) -> bool:
        """Whether a session is listed that the account may kill without a privilege."""
        from goneaway_tui.ui.screens.kill import killable_user

        snapshot = self.monitor.shown
        if snapshot is None:
            return False
        if self._own_sessions is None or self._own_sessions[0] is not snapshot:
            user = killable_user(snapshot.verdicts, privileges)
            has_any = any(v.session.is_client and user in {"", v.session.user} for v in snapshot.verdicts)
            self._own_sessions = snapshot, has_any
        return self._own_sessions[1]

    def _why_not_others(self) -> str:
        """Why the account may not kill the sessions of other accounts; empty if it may."""
        if self._privileges is None or self._privileges.can_kill:
            return ""
        return dict(self._privileges.why_not).get("kill", _("this account may not kill sessions"))

    def tune(self, name: str) -> None:
        """Read the variable from the server, then open its dialog."""
        executor = self._executor
        if executor is None:
            self._refuse(self.why_not("tune"))
            return

        def read(waiting: WaitingScreen) -> None:
            variable_state = waiting.ask(partial(executor.variable_state, name))
            self._in_screen_thread(self._open_tune, waiting, variable_state)

        self._wait_for_privileges("tune", read)

    def choose(self) -> None:
        """Ask for one of the tunables of the server, and open its dialog."""
        snapshot = self.monitor.shown
        if snapshot is None:
            return
        listed = tunables(snapshot.sample)

        def chosen(name: str | None) -> None:
            if name:
                self.tune(name)

        self._app.push_screen(
            ChooserScreen(self._with_server_name(_("tune")), listed, "wait_timeout"), chosen
        )

    def undo(self) -> None:
        self._with_privileges("undo", self._ask_undo)

    def kill(self, victims: Sequence[Verdict], note: str = "") -> None:
        """Open the kill dialog for the sessions that the account may kill. `note`: a line about the others."""
        self._with_privileges("kill", partial(self._ask_kill, victims, note))

    def _with_privileges(self, key: str, callback: Callable[[], object]) -> None:
        """Call `callback` for a key, now or as soon as the privileges are known."""
        if self._executor is None or self._privileges is not None:
            if not self._refuse(self.why_not(key)):
                callback()
            return
        self._wait_for_privileges(
            key, lambda waiting: self._in_screen_thread(waiting.close_and_run, callback)
        )

    def _wait_for_privileges(self, key: str, then: Callable[[WaitingScreen], object]) -> None:
        """Call `then` in a thread once the privileges are known; `esc` or another command key cancels the wait."""
        self._app.push_screen(waiting := WaitingScreen(is_command))
        timer = self._app.set_timer(WAITING_NOTICE_SECONDS, partial(self._notify_waiting, waiting))

        def learn() -> None:
            waiting.ask(self.read_privileges)
            self._in_screen_thread(timer.stop)
            self._in_screen_thread(waiting.keep_keys_for_dialog)
            why_not = self.why_not(key)
            if why_not:
                self._in_screen_thread(waiting.close_and_run, partial(self._refuse, why_not))
            else:
                then(waiting)

        self.in_thread(learn)

    def _notify_waiting(self, waiting: WaitingScreen) -> None:
        if waiting.is_current and self._privileges is None:
            self._app.notify(
                _("Reading the privileges of this account ... Press esc to cancel."), timeout=3, markup=False
            )

    def _ask_undo(self) -> None:
        gate = self._gate
        if gate is None:
            return
        try:
            act = gate.last_change()
            actions = () if act is None else gate.undo_actions(act)
        except (Refused, FileError) as error:
            self._refuse(error.line)
            return
        if act is None:
            self._app.notify(
                _("Nothing to undo. This tool changed nothing on this server, or every change is undone.")
            )
            return
        note = self._borrow_note()
        lines = [*undo_entries(act.entry, actions), *([note] if note else [])]

        def confirmed(is_confirmed: bool | None) -> None:  # noqa: FBT001 - the dialog answers with it
            if is_confirmed:
                perform_undo = partial(self._perform_undo, gate, act.id, actions, borrow=bool(note))
                self._perform(_("undo"), len(actions), perform_undo)
            else:
                self._app.notify(_("Nothing was undone."))

        self._app.set_accent(self.monitor.color)
        self._app.push_screen(
            ConfirmScreen(_("undo on {server}", server=self.monitor.name), lines, _("Undo"), focused="yes"),
            confirmed,
        )

    def rules(self) -> None:
        """Show the rules of the config file, and the sessions that each would kill now."""
        from goneaway_tui.ui.screens.kill import RulesScreen

        snapshot, name = self.monitor.shown, self.monitor.server_name
        self._app.push_screen(RulesScreen(self.monitor.spec.kill_policy, snapshot, self._app.now, name))

    def _ask_kill(self, victims: Sequence[Verdict], note: str) -> None:
        from goneaway_tui.ui.screens.kill import KillScreen, killable_sessions

        never_kill = self.monitor.spec.kill_policy.never_kill
        killable, left_out = killable_sessions(victims, self._only_user(), self._why_not_others(), never_kill)
        if killable:
            borrow_note = self._borrow_note()
            self._app.set_accent(self.monitor.color)
            notes = "\n".join(filter(None, (note, left_out)))
            screen = KillScreen(
                killable, self._app.now, self.monitor.name, notes, borrow_note, self.monitor.shown
            )
            self._app.push_screen(screen, partial(self._perform_kills, bool(borrow_note)))
        else:
            self._refuse(left_out)

    def _only_user(self) -> str:
        """The only user name whose sessions the account may kill; empty where it may kill all, or the name is unknown."""
        from goneaway_tui.ui.screens.kill import killable_user

        snapshot, privileges = self.monitor.shown, self._privileges
        if privileges is None or privileges.can_kill or snapshot is None:
            return ""
        return killable_user(snapshot.verdicts, privileges)

    def _borrow_note(self) -> str:
        """The warning that a change may have to run over the reading connection; empty if it gets its own connection."""
        executor, newest = self._executor, self.monitor.newest
        if executor is None or not executor.can_borrow:
            return ""
        used = newest and newest.sample.counter("threads_connected")
        limit = newest and newest.sample.counter("max_connections")
        if used and limit and used >= limit:
            return _(MAY_BORROW, taken=used, most=limit)
        has_room = bool(used and limit and newest is not self._full_snapshot)
        return _(BORROWS) if executor.is_full and (executor.is_account_full or not has_room) else ""

    def variables(self) -> None:
        """Show the limits and the journal."""
        from goneaway_tui.ui.screens.variables import VariablesScreen

        snapshot = self.monitor.shown
        sample = snapshot.sample if snapshot is not None else None
        journal = self._journal

        def read_journal() -> None:
            contents = None if journal is None else journal.read()
            acts, unreadable = ((), 0) if contents is None else (contents.acts, contents.garbage)
            self._in_screen_thread(
                self._app.push_screen, VariablesScreen(sample, acts, unreadable, self.monitor.server_name)
            )

        self.in_thread(read_journal)

    def _set_privileges(self, privileges: Privileges) -> None:
        self._privileges = privileges
        if self._executor is not None and self._journal is not None:
            self._gate = Gate(
                self._executor, self._journal, privileges, self.monitor.name, self.monitor.own_ids
            )
        self._app.refresh_bindings()

    def _open_tune(self, waiting: WaitingScreen, variable_state: VariableState) -> None:
        from goneaway_tui.ui.screens.tune import TuneScreen

        snapshot = self.monitor.shown
        if snapshot is None or self._privileges is None:
            waiting.action_leave()
            return
        tunable = TUNABLE[variable_state.variable.name]
        note = self._borrow_note() if self._executor is not None and self._executor.is_full else ""
        self._app.set_accent(self.monitor.color)
        screen = TuneScreen(
            tunable,
            variable_state,
            self._privileges,
            lambda: self.monitor.shown or snapshot,
            self.monitor.name,
        )
        screen.note, screen.reuse_gaps = note, self.monitor.reuse_gaps
        waiting.open_dialog(screen, partial(self._perform_change, bool(note)))

    def _perform_change(self, borrow: bool, action: SetVariable | ResetPersist | None) -> None:  # noqa: FBT001 - bound by a partial
        gate = self._gate
        if action is not None and gate is not None:
            self._perform(action.name, 1, lambda: [self._perform_action(gate, action, borrow=borrow)])

    def _perform_kills(self, borrow: bool, kills: Kills | None) -> None:  # noqa: FBT001 - bound by a partial
        gate = self._gate
        if not kills or gate is None:
            return

        def kill_each() -> Iterator[ActResult]:
            with gate.conversation() as connection:
                for kill in kills:
                    yield self._perform_action(gate, kill, connection, borrow=borrow)

        self._perform(_("kill"), len(kills), kill_each)

    def _perform(self, title: str, count: int, perform_all: Callable[[], Iterable[ActResult]]) -> None:
        """Perform actions one after the other, and show each result before the next action. A failed action stops the
        rest; a refused one does not.
        """
        from goneaway_tui.ui.screens.report import ReportScreen

        report = ReportScreen(title_on(title, self.monitor.name), count, self._app.clock, self.undo)
        self._app.push_screen(report)

        def one_by_one() -> Generator[ActResult]:
            yield from perform_all()

        def run() -> None:
            with closing(one_by_one()) as results:
                for result in results:
                    self._in_screen_thread(report.add, result)
                    if result.failed or report.is_stopping:
                        break
            self._in_screen_thread(self._finish_report, report)

        self.in_thread(run)

    def _finish_report(self, report: ReportScreen) -> None:
        report.finish()
        self._app.clear_marks()
        self._app.poll_soon(self.monitor)

    def _perform_action(
        self, gate: Gate, action: Action, connection: ActConnection | None = None, *, borrow: bool
    ) -> ActResult:
        with self.monitor.own_kills.killing(action) as withdrawal:
            try:
                outcome = gate.run(action, connection, borrow=borrow)
            except (Refused, SourceError, FileError) as error:
                return self._failure(action, error, borrow=borrow)
            if not outcome.already_ended:
                withdrawal.pop_all()
        return self._with_probe(action, outcome)

    def _perform_undo(
        self, gate: Gate, act_id: str, actions: Sequence[Action], *, borrow: bool
    ) -> Iterator[ActResult]:
        outcomes = gate.undo_steps(act_id, borrow=borrow)
        for action in actions:
            try:
                outcome = next(outcomes)
            except (Refused, SourceError, FileError) as error:
                yield self._failure(action, error, borrow=borrow)
                return
            yield self._with_probe(outcome.action, outcome)

    def _failure(self, action: Action, error: GoneawayError, *, borrow: bool) -> ActResult:
        from goneaway_tui.ui.screens.report import ActResult

        if isinstance(error, Refused):
            return ActResult(action, refused=error.line)
        if isinstance(error, KillDenied):
            return ActResult(action, denied=error.line)
        if isinstance(error, NoConnectionLeft):
            self._full_snapshot = self.monitor.newest
        can_borrow = self._executor is not None and self._executor.can_borrow
        if isinstance(error, NoConnectionLeft) and not borrow and can_borrow:
            return ActResult(action, failed=_(NOTHING_SENT))
        return ActResult(action, failed=error.line, is_unknown=isinstance(error, OutcomeUnknown))

    def _with_probe(self, action: Action, outcome: Outcome) -> ActResult:
        """Add the value that new sessions get. If it cannot be read, the change is still valid."""
        from goneaway_tui.ui.screens.report import ActResult

        if not isinstance(action, SetVariable) or self._executor is None:
            return ActResult(action, outcome)
        try:
            return ActResult(action, outcome, self._executor.probe(action.name))
        except SourceError as error:
            return ActResult(action, outcome, unprobed=str(error))

    def _refuse(self, why: str) -> bool:
        """Show why nothing happens; returns whether there is a reason."""
        if why:
            words = labelled(self.monitor.server_name, why)
            self._app.notify(plain(words, 400), severity="warning", timeout=10, markup=False)
        return bool(why)

    def _with_server_name(self, title: str) -> str:
        """The title, with the name of the server where there are several."""
        return title_on(title, self.monitor.server_name)

    def _in_screen_thread(self, function: Callable[..., object], *arguments: object) -> None:
        self._app.call_from_thread(function, *arguments)

    def in_thread(self, work: Callable[[], object]) -> None:
        """Run work in a thread. A GoneawayError is shown in a notice; an internal error ends the app."""

        def run() -> None:
            try:
                work()
            except GoneawayError as error:
                self._in_screen_thread(self._refuse, error.line)
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                self._in_screen_thread(self._app.end_with, error)

        thread = threading.Thread(target=run, name="act", daemon=True)
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        thread.start()
