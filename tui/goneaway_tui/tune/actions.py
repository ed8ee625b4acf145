"""Actions: what can be changed on a server, as data. A dialog decides on one, and only the gate performs it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from goneaway_tui.errors import GoneawayError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.i18n import N_, _, english
from goneaway_tui.model.session import Session
from goneaway_tui.model.tuning import KeptValue, Persistence, VariableState
from goneaway_tui.tune import journal
from goneaway_tui.tune.journal import Phase


@dataclass(frozen=True, slots=True)
class SetVariable:
    """Give a global variable a value."""

    name: str
    value: int | float
    """As asked for, in the variable's own unit; the server may keep another."""
    keep: Persistence
    old: int | float | None
    """The value that was shown. If the server has another by then, nothing is done; None sets it in any case."""
    undoes: str | None = None
    """The journal's id of the act that this undoes."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.value} is no value for {self.name}")

    @property
    def statement(self) -> str:
        """
        >>> SetVariable("wait_timeout", 600, Persistence.PERSIST, 28800).statement
        'SET PERSIST wait_timeout = 600'
        """
        return f"SET {self.keep.name} {self.name} = {sql_number(self.value)}"


@dataclass(frozen=True, slots=True)
class ResetPersist:
    """Remove a persisted value; the running value stays."""

    name: str
    old: int | float | None = None
    """The running value that was shown, as for SetVariable."""

    @property
    def statement(self) -> str:
        return f"RESET PERSIST {self.name}"


@dataclass(frozen=True, slots=True)
class KillSession:
    """End a session: its transaction is rolled back, its locks are released."""

    session: Session
    """The session as it was shown when the kill was decided."""

    @property
    def statement(self) -> str:
        return f"KILL {self.session.id}"


@dataclass(frozen=True, slots=True)
class KillQuery:
    """End what a session is running; the session stays, and so does its transaction."""

    session: Session

    @property
    def statement(self) -> str:
        return f"KILL QUERY {self.session.id}"


Setting = SetVariable | ResetPersist
Killing = KillSession | KillQuery
Action = Setting | Killing


def undo_action(
    name: str,
    old: float,
    kept: float | None,
    keep: Persistence,
    persisted: float | None,
    undoes: str | None = None,
) -> tuple[Setting, ...]:
    """The actions that set a variable back from `kept` to `old`, and its persisted value back to `persisted`.

    The persisted value comes first: if that fails, nothing counts as undone, and undo can be repeated.
    """
    if keep is Persistence.GLOBAL:
        return (SetVariable(name, old, Persistence.GLOBAL, kept, undoes),)
    if persisted is None:
        return (ResetPersist(name, kept), SetVariable(name, old, Persistence.GLOBAL, kept, undoes))
    again = SetVariable(name, persisted, Persistence.PERSIST, kept, undoes)
    return (
        (again,)
        if persisted == old
        else (again, SetVariable(name, old, Persistence.GLOBAL, persisted, undoes))
    )


def sql_number(value: float) -> str:
    """A number as SET takes it.

    >>> sql_number(28800), sql_number(60.0), sql_number(0.000001)
    ('28800', '60', '0.000001')
    """
    return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"


ALREADY_GONE = N_("already ended")
"""An executor's warning where the session had already ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an act that the server accepted, or that had nothing left to do."""

    action: Action
    id: str
    """The id of the act in the journal."""
    sentence: str
    """The result in one sentence."""
    kept: KeptValue | None = None
    """None where the session had ended before a statement was sent."""
    before: VariableState | None = None
    after: VariableState | None = None
    """The variable read again over another connection; None for a kill, and where that failed."""
    already_ended: bool = False
    """Whether the session had ended before the kill."""
    was_borrowed: bool = False
    """Whether it ran over the connection that reads."""
    journal_error: str | None = None
    """Why the outcome could not be written to the journal, which then says that the outcome is unknown; else None."""


def failure_phase(error: BaseException, *, asked: bool) -> tuple[Phase, str]:
    """The journal's phase and English sentence for an act that raised. `asked`: whether a statement was sent."""
    if isinstance(error, Refused):
        return Phase.REFUSED, _line(error)
    if not asked or (isinstance(error, SourceError) and not isinstance(error, OutcomeUnknown)):
        return Phase.FAILED, journal.NOT_PERFORMED.format(why=_line(error))
    return Phase.FAILED, journal.OUTCOME_UNKNOWN.format(why=_line(error))


def _line(error: BaseException) -> str:
    if not isinstance(error, GoneawayError):
        return repr(error)
    return "; ".join(english(part) for part in (*error.args[:1], error.hint) if part)


def is_already_ended(action: Action, kept: KeptValue | None) -> bool:
    """Whether the session had already ended when it was to be killed."""
    return isinstance(action, KillSession | KillQuery) and (kept is None or ALREADY_GONE in kept.warnings)


def action_words(action: Action, kept: KeptValue | None) -> str:
    """The result of an action in one sentence; `kept` is None where no statement was sent."""
    match action:
        case KillSession(shown_session) | KillQuery(shown_session) if is_already_ended(action, kept):
            return _(journal.SESSION_ALREADY_ENDED, id=shown_session.id)
        case KillSession(shown_session):
            return _(journal.KILLED, id=shown_session.id)
        case KillQuery(shown_session):
            return _(journal.QUERY_KILLED, id=shown_session.id)
        case ResetPersist(name):
            return _(journal.NOT_PERSISTED, name=name)
        case SetVariable(name, value):
            if kept is None or kept.value is None:
                return _(journal.NOT_READ_BACK, name=name)
            sentence = journal.KEPT if kept.value == value else journal.KEPT_OTHER
            return _(sentence, name=name, kept=sql_number(kept.value), asked=sql_number(value))
