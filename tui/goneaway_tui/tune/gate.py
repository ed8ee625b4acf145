"""The one door: whatever changes a server goes through here, is written down before and after, and happens at most once.

Nothing is ever tried again: after a broken line nobody knows whether the server did it, and the journal says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from threading import Lock

from goneaway_tui.errors import FileError, Refused, SourceError
from goneaway_tui.i18n import _, english
from goneaway_tui.model.tuning import KeptValue, NewSessionProbe, Persistence, Privileges, VariableState
from goneaway_tui.ports import ActConnection, Executor
from goneaway_tui.tune.actions import (
    Action,
    KillQuery,
    KillSession,
    Outcome,
    ResetPersist,
    SetVariable,
    action_words,
    digits,
    ending,
    is_gone,
    undo_action,
)
from goneaway_tui.tune.journal import Journal, JournalAct, JournalEntry, Phase
from goneaway_tui.tune.preconditions import LOOK_AGAIN, read_preconditions
from goneaway_tui.tune.tunables import TUNABLE

__all__ = ["Gate", "Outcome"]


class Gate:
    """The only caller of whatever changes something in an Executor. One act at a time, from any thread."""

    def __init__(
        self,
        executor: Executor,
        journal: Journal,
        privileges: Privileges,
        server_name: str = "",
        own_ids: Callable[[], Collection[int]] = tuple,
    ) -> None:
        """`own_ids` tells which sessions are ours just now: they change when the line is lost."""
        self.privileges = privileges
        self.journal = journal
        self._executor = executor
        self._server_name = server_name
        self._own_ids = own_ids
        self._lock = Lock()
        self._set: dict[str, list[float | None]] = {}
        """The values that each variable was set to through here, as asked and as kept, until a reading shows one."""

    def has_set(self, variable: str, value: float | None) -> bool:
        """Whether a change that a reading shows is one made here; ask once for each change.

        Also while the act still runs: a reading may show the new value before the server's answer is in.
        """
        return value in self._set.pop(variable, ())

    def standing(self, name: str) -> VariableState:
        """A variable, read afresh. Raises SourceError."""
        return self._executor.standing(name)

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        """What new sessions get. Raises SourceError."""
        return self._executor.probe(name)

    def last_change(self) -> JournalAct | None:
        """What `undo` would take back. Raises FileError."""
        return self.journal.last_change(self.privileges.server_id)

    def together(self) -> AbstractContextManager[ActConnection]:
        """One connection for a run of acts, each performed `over` it."""
        return self._executor.together()

    def run(self, action: Action, over: ActConnection | None = None, *, borrow: bool = False) -> Outcome:
        """Perform it, once. The journal tells of each way this can end.

        With `borrow` it may run over the connection that reads, where the server gives no other; the person who asked for
        it has been told so.

        Raises FileError where the journal cannot be written, and Refused where the server or the session is not what was
        shown: nothing is done then. Raises SourceError, of which OutcomeUnknown alone leaves open whether it was done.
        Between looking and killing lies one round trip, in which a session can still wake up.
        """
        with self._lock:
            attempt = self._attempt(action)
            self.journal.append(attempt)
            asked = False
            try:
                with (over or self._executor).together(borrow=borrow) as conversation:
                    try:
                        found = read_preconditions(action, conversation, self.privileges, self._own_ids())
                        asked = not found.gone
                        kept = self._perform(action, conversation) if asked else None
                    finally:
                        attempt = replace(attempt, lent=conversation.is_lent)
            except BaseException as error:
                phase, outcome = ending(error, asked=asked)
                with suppress(FileError):
                    self._record(replace(attempt, phase=phase, outcome=outcome))
                raise
            return self._concluded(action, attempt, found.standing, kept)

    def undo(self, act_id: str = "", *, borrow: bool = False) -> Outcome:
        """Take the last change to this server back, also one of an earlier run; the outcome of the last statement.

        Raises as `undo_each` does.
        """
        return list(self.undo_each(act_id, borrow=borrow))[-1]

    def undo_each(self, act_id: str = "", *, borrow: bool = False) -> Iterator[Outcome]:
        """The same, statement by statement, each run when its outcome is asked for. Raises as `run` does.

        Refused where nothing is left to undo, where that is not `act_id` if one is given, or where the value is no longer
        the one that change left behind.
        """
        act = self.last_change()
        if act is None:
            raise Refused(_("nothing was changed on this server that is not undone"))
        if act_id not in {"", act.id}:
            raise Refused(_("something else was changed on this server since"), _(LOOK_AGAIN))
        was, actions = act.entry, self.taking_back(act)
        if was.keep is Persistence.PERSIST:
            persisted = self.standing(str(was.variable)).persisted
            if persisted is not None and persisted != was.kept:
                raise Refused(
                    _(
                        "somebody has persisted {variable} = {value} since",
                        variable=was.variable,
                        value=digits(persisted),
                    ),
                    _(LOOK_AGAIN),
                )
        for action in actions:
            yield self.run(action, borrow=borrow)

    @staticmethod
    def taking_back(act: JournalAct) -> tuple[Action, ...]:
        """What `undo` would do for this one. Raises Refused where the journal does not tell."""
        was = act.entry
        if was.variable not in TUNABLE or was.old is None or was.kept is None or was.keep is None:
            raise Refused(
                _("the journal does not tell what to go back to after {statement}", statement=was.statement)
            )
        return undo_action(was.variable, was.old, was.kept, was.keep, was.old_persisted, act.id)

    # --- Doing

    def _perform(self, action: Action, executor: ActConnection) -> KeptValue:
        match action:
            case SetVariable(name, value, keep):
                self._set.setdefault(name, []).append(value)
                kept = executor.set_global(name, value, keep)
                self._set.setdefault(name, []).append(kept.value)
                return kept
            case ResetPersist(name):
                return executor.reset_persist(name)
            case KillSession(witness):
                return executor.kill(witness.id)
            case KillQuery(witness):
                return executor.kill_query(witness.id)

    def _concluded(
        self, action: Action, attempt: JournalEntry, before: VariableState | None, kept: KeptValue | None
    ) -> Outcome:
        outcome = Outcome(
            action,
            attempt.id,
            action_words(action, kept),
            kept,
            before,
            gone=is_gone(action, kept),
            lent=attempt.lent,
        )
        done = replace(
            attempt,
            phase=Phase.DONE,
            statement=kept.statement if kept else attempt.statement,
            kept=kept.value if kept else None,
            warnings=kept.warnings if kept else (),
            outcome=english(outcome.said),
        )
        if before is not None:
            done = replace(done, old=before.variable.value, old_persisted=before.persisted)
        try:
            self._record(done)
        except FileError as error:
            outcome = replace(outcome, unrecorded=error.line)
        if before is not None:
            with suppress(SourceError):
                outcome = replace(outcome, after=self._executor.standing(before.variable.name))
        return outcome

    # --- Writing down

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
            case KillSession(witness) | KillQuery(witness):
                of = f"session {witness.id} of {witness.user}@{witness.host}"
                return replace(entry, about=f"{of}, {witness.program}" if witness.program else of)

    def _record(self, entry: JournalEntry) -> None:
        self.journal.append(replace(entry, at=self.journal.now()))
