"""What came of an act, for the person who asked for it and for the journal."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.errors import GoneawayError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.model.tuning import Kept, Standing
from goneaway_tui.tune.actions import Action, KillQuery, KillSession, ResetPersist, SetVariable, digits
from goneaway_tui.tune.entries import Phase

GONE = "already gone"
"""An executor's warning where there was no such session any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act that the server accepted, or that had nothing left to do."""

    action: Action
    id: str
    """The act's, in the journal."""
    said: str
    """One sentence."""
    kept: Kept | None = None
    """None where the session was gone before anything was asked of the server."""
    before: Standing | None = None
    after: Standing | None = None
    """Read once more, over a connection of its own; None for a kill, and where that reading failed."""
    gone: bool = False
    """A session that had ended before we came."""
    unrecorded: str | None = None
    """Why the journal could not be told of the outcome; it says of this act that the outcome is unknown."""


def ending(error: BaseException, *, asked: bool) -> tuple[Phase, str]:
    """How the journal tells of an act that raised; `asked` is whether the server heard of it."""
    if isinstance(error, Refused):
        return Phase.REFUSED, error.line
    if not asked or (isinstance(error, SourceError) and not isinstance(error, OutcomeUnknown)):
        return Phase.FAILED, f"not performed: {_line(error)}"
    return Phase.FAILED, f"outcome unknown: {_line(error)}"


def _line(error: BaseException) -> str:
    return error.line if isinstance(error, GoneawayError) else repr(error)


def is_gone(action: Action, kept: Kept | None) -> bool:
    """Whether a session had ended before anybody came to kill it."""
    return isinstance(action, KillSession | KillQuery) and (kept is None or GONE in kept.warnings)


def said(action: Action, kept: Kept | None) -> str:
    """One sentence for what the server took; `kept` is None where there was nothing left to ask of it."""
    match action:
        case KillSession(witness) | KillQuery(witness) if is_gone(action, kept):
            return f"session {witness.id} was gone already"
        case KillSession(witness):
            return f"session {witness.id} was killed"
        case KillQuery(witness):
            return f"the statement of session {witness.id} was killed"
        case ResetPersist(name):
            return f"nothing is persisted for {name} any more; its running value stays"
        case SetVariable(name, value):
            if kept is None or kept.value is None:
                return f"{name} was set, and could not be read back"
            asked = "" if kept.value == value else f", not {digits(value)} as asked for"
            return f"{name} is {digits(kept.value)} now{asked}"
