"""The gate: every change of a server goes through here, is written to the journal before and after, and runs at most once.

Nothing is ever retried: after a broken connection it is not known whether the server ran the statement, and the journal says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from threading import Lock

from goneaway_tui.errors import FileError, Refused, SourceError
from goneaway_tui.i18n import _, english
from goneaway_tui.model.tuning import (
    KeptValue,
    NewSessionProbe,
    Persistence,
    Privileges,
    VariableState,
)
from goneaway_tui.ports import ActConnection, Executor
from goneaway_tui.tune.actions import (
    Action,
    KillQuery,
    KillSession,
    Outcome,
    ResetPersist,
    SetVariable,
    action_words,
    failure_phase,
    is_already_ended,
    sql_number,
    undo_action,
)
from goneaway_tui.tune.journal import Journal, JournalAct, JournalEntry, Phase
from goneaway_tui.tune.preconditions import DECIDE_AGAIN, Objection, read_preconditions
from goneaway_tui.tune.tunables import TUNABLE

__all__ = ["Gate", "Outcome"]


class Gate:
    """The only caller of the methods of an Executor that change something. One act at a time, from any thread."""

    def __init__(
        self,
        executor: Executor,
        journal: Journal,
        privileges: Privileges,
        server_name: str = "",
        own_ids: Callable[[], Collection[int]] = tuple,
    ) -> None:
        """`own_ids` returns the ids of our own sessions, which change when a connection is opened again."""
        self.privileges = privileges
        self.journal = journal
        self._executor = executor
        self._server_name = server_name
        self._own_ids = own_ids
        self._lock = Lock()
        self._set: dict[str, list[float | None]] = {}
        """The values each variable was set to here, as asked and as kept, until a sample shows one of them."""

    def was_set_here(self, variable: str, value: float | None) -> bool:
        """Whether a changed value that a sample shows was set here; ask once for each change.

        True also while the act still runs: a sample may show the new value before the server's answer arrives.
        """
        return value in self._set.pop(variable, ())

    def variable_state(self, name: str) -> VariableState:
        """A variable, read again. Raises SourceError."""
        return self._executor.variable_state(name)

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        """The value that new sessions have. Raises SourceError."""
        return self._executor.probe(name)

    def last_change(self) -> JournalAct | None:
        """The change that `undo` would undo; None where there is none. Raises FileError."""
        return self.journal.last_change(self.privileges.server_id)

    def conversation(self) -> AbstractContextManager[ActConnection]:
        """One connection for several acts; hand it to `run` as `over`."""
        return self._executor.conversation()

    def run(
        self,
        action: Action,
        over: ActConnection | None = None,
        *,
        borrow: bool = False,
        objection: Objection | None = None,
    ) -> Outcome:
        """Perform the action once. The journal records every way this can end.

        `objection` is one more reason to spare a session, asked of the session as it is right before its kill.

        With `borrow` it may run over the connection that reads, where the server gives no other; the caller has shown that to
        the user.

        Raises FileError where the journal cannot be written, and Refused where the server or the session is not what was
        shown: nothing is done then. Raises SourceError, of which OutcomeUnknown alone leaves open whether it was done.
        One network round trip is between the check and a kill, in which the session can become busy.
        """
        with self._lock:
            attempt = self._attempt(action)
            self.journal.append(attempt)
            asked = False
            try:
                with (over or self._executor).conversation(borrow=borrow) as conversation:
                    try:
                        found = read_preconditions(
                            action, conversation, self.privileges, self._own_ids(), objection
                        )
                        asked = not found.already_ended
                        kept = self._perform(action, conversation) if asked else None
                    finally:
                        attempt = replace(attempt, lent=conversation.is_borrowed)
            except BaseException as error:
                phase, outcome = failure_phase(error, asked=asked)
                with suppress(FileError):
                    self._record(replace(attempt, phase=phase, outcome=outcome))
                raise
            return self._concluded(action, attempt, found.variable_state, kept)

    def undo(self, act_id: str = "", *, borrow: bool = False) -> Outcome:
        """Undo the last change of this server, also of an earlier run; return the outcome of the last statement.

        Raises as `undo_steps` does.
        """
        return list(self.undo_steps(act_id, borrow=borrow))[-1]

    def undo_steps(self, act_id: str = "", *, borrow: bool = False) -> Iterator[Outcome]:
        """Undo the last change statement by statement; each runs when its outcome is requested. Raises as `run` does.

        Refused where nothing is left to undo, where that is not `act_id` if one is given, or where the value is no longer
        the one that change left behind.
        """
        act = self.last_change()
        if act is None:
            raise Refused(_("no change on this server is left to undo"))
        if act_id not in {"", act.id}:
            raise Refused(_("another change was made on this server since"), _(DECIDE_AGAIN))
        was, actions = act.entry, self.undo_actions(act)
        if was.keep is Persistence.PERSIST:
            persisted = self.variable_state(str(was.variable)).persisted
            if persisted is not None and persisted != was.kept:
                raise Refused(
                    _(
                        "{variable} = {value} was persisted since",
                        variable=was.variable,
                        value=sql_number(persisted),
                    ),
                    _(DECIDE_AGAIN),
                )
        for action in actions:
            yield self.run(action, borrow=borrow)

    @staticmethod
    def undo_actions(act: JournalAct) -> tuple[Action, ...]:
        """The actions that undo an act. Raises Refused where the journal does not have the values before it."""
        was = act.entry
        if was.variable not in TUNABLE or was.old is None or was.kept is None or was.keep is None:
            raise Refused(
                _("the journal does not record the values before {statement}", statement=was.statement)
            )
        return undo_action(was.variable, was.old, was.kept, was.keep, was.old_persisted, act.id)

    # --- Performing

    def _perform(self, action: Action, executor: ActConnection) -> KeptValue:
        match action:
            case SetVariable(name, value, keep):
                self._set.setdefault(name, []).append(value)
                kept = executor.set_global(name, value, keep)
                self._set.setdefault(name, []).append(kept.value)
                return kept
            case ResetPersist(name):
                return executor.reset_persist(name)
            case KillSession(shown_session):
                return executor.kill(shown_session.id)
            case KillQuery(shown_session):
                return executor.kill_query(shown_session.id)

    def _concluded(
        self, action: Action, attempt: JournalEntry, before: VariableState | None, kept: KeptValue | None
    ) -> Outcome:
        outcome = Outcome(
            action,
            attempt.id,
            action_words(action, kept),
            kept,
            before,
            already_ended=is_already_ended(action, kept),
            was_borrowed=attempt.lent,
        )
        done = replace(
            attempt,
            phase=Phase.DONE,
            statement=kept.statement if kept else attempt.statement,
            kept=kept.value if kept else None,
            warnings=kept.warnings if kept else (),
            outcome=english(outcome.sentence),
        )
        if before is not None:
            done = replace(done, old=before.variable.value, old_persisted=before.persisted)
        try:
            self._record(done)
        except FileError as error:
            outcome = replace(outcome, journal_error=error.line)
        if before is not None:
            with suppress(SourceError):
                outcome = replace(outcome, after=self._executor.variable_state(before.variable.name))
        return outcome

    # --- The journal

    def _attempt(self, action: Action) -> JournalEntry:
        entry = JournalEntry(
            self.journal.now(),
            Phase.ATTEMPTED,
            self.journal.new_id(),
            self.privileges.account,
            self.privileges.server_id,
            self._server_name,
            action.statement,
        )
        match action:
            case SetVariable(name, value, keep, old, undoes):
                return replace(entry, variable=name, requested=value, keep=keep, old=old, undoes=undoes)
            case ResetPersist(name, old):
                return replace(entry, variable=name, old=old)
            case KillSession(shown_session) | KillQuery(shown_session):
                session_name = f"session {shown_session.id} of {shown_session.user}@{shown_session.host}"
                return replace(
                    entry,
                    about=f"{session_name}, {shown_session.program}"
                    if shown_session.program
                    else session_name,
                )

    def _record(self, entry: JournalEntry) -> None:
        self.journal.append(replace(entry, at=self.journal.now()))
