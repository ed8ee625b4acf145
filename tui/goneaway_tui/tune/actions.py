"""What can be done to a server, as data: decided by a dialog, performed by the gate alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from goneaway_tui.errors import GoneawayError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.i18n import _, english, marked
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
    """The value the person was shown. If it is another by then, nothing is done; None sets whatever it is."""
    undoes: str | None = None
    """The journal's id of the act this takes back."""

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
    """Forget a persisted value; the running one stays."""

    name: str
    old: int | float | None = None
    """The running value the person was shown; as for SetVariable."""

    @property
    def statement(self) -> str:
        return f"RESET PERSIST {self.name}"


@dataclass(frozen=True, slots=True)
class KillSession:
    """End a session: its transaction is rolled back, its locks are released."""

    session: Session
    """As it was shown to the person who decided."""

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
    """What brings a variable back from `kept` to `old`, and what is persisted back to `persisted`, in this order.

    The persisted value comes first: while that fails, nothing counts as undone and all can be asked again.
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


ALREADY_GONE = marked("already gone")
"""An executor's warning where there was no such session any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act that the server accepted, or that had nothing left to do."""

    action: Action
    id: str
    """The act's, in the journal."""
    sentence: str
    """One sentence."""
    kept: KeptValue | None = None
    """None where the session was gone before anything was asked of the server."""
    before: VariableState | None = None
    after: VariableState | None = None
    """Read once more, over a connection of its own; None for a kill, and where that reading failed."""
    already_ended: bool = False
    """A session that had ended before we came."""
    was_borrowed: bool = False
    """It ran over the connection that reads."""
    journal_error: str | None = None
    """Why the journal could not be told of the outcome; it says of this act that the outcome is unknown."""


def failure_phase(error: BaseException, *, asked: bool) -> tuple[Phase, str]:
    """How the journal tells of an act that raised, in English; `asked` is whether the server heard of it."""
    if isinstance(error, Refused):
        return Phase.REFUSED, _line(error)
    if not asked or (isinstance(error, SourceError) and not isinstance(error, OutcomeUnknown)):
        return Phase.FAILED, journal.NOT_PERFORMED.format(why=_line(error))
    return Phase.FAILED, journal.OUTCOME_UNKNOWN.format(why=_line(error))


def _line(error: BaseException) -> str:
    if not isinstance(error, GoneawayError):
        return repr(error)
    return "; ".join(english(each) for each in (*error.args[:1], error.hint) if each)


def is_already_ended(action: Action, kept: KeptValue | None) -> bool:
    """Whether a session had ended before anybody came to kill it."""
    return isinstance(action, KillSession | KillQuery) and (kept is None or ALREADY_GONE in kept.warnings)


def action_words(action: Action, kept: KeptValue | None) -> str:
    """One sentence for what the server took; `kept` is None where there was nothing left to ask of it."""
    match action:
        case KillSession(witness) | KillQuery(witness) if is_already_ended(action, kept):
            return _(journal.SESSION_ALREADY_ENDED, id=witness.id)
        case KillSession(witness):
            return _(journal.KILLED, id=witness.id)
        case KillQuery(witness):
            return _(journal.QUERY_KILLED, id=witness.id)
        case ResetPersist(name):
            return _(journal.NOT_PERSISTED, name=name)
        case SetVariable(name, value):
            if kept is None or kept.value is None:
                return _(journal.NOT_READ_BACK, name=name)
            sentence = journal.KEPT if kept.value == value else journal.KEPT_OTHER
            return _(sentence, name=name, kept=sql_number(kept.value), asked=sql_number(value))
