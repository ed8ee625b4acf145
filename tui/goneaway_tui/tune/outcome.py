"""What came of an act, for the person who asked for it and for the journal."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.errors import GoneawayError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.language import _, english, marked
from goneaway_tui.model.tuning import Kept, Standing
from goneaway_tui.tune import sentences
from goneaway_tui.tune.actions import Action, KillQuery, KillSession, ResetPersist, SetVariable, digits
from goneaway_tui.tune.entries import Phase

GONE = marked("already gone")
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
    lent: bool = False
    """It ran over the connection that reads."""
    unrecorded: str | None = None
    """Why the journal could not be told of the outcome; it says of this act that the outcome is unknown."""


def ending(error: BaseException, *, asked: bool) -> tuple[Phase, str]:
    """How the journal tells of an act that raised, in English; `asked` is whether the server heard of it."""
    if isinstance(error, Refused):
        return Phase.REFUSED, _line(error)
    if not asked or (isinstance(error, SourceError) and not isinstance(error, OutcomeUnknown)):
        return Phase.FAILED, sentences.NOT_PERFORMED.format(why=_line(error))
    return Phase.FAILED, sentences.OUTCOME_UNKNOWN.format(why=_line(error))


def _line(error: BaseException) -> str:
    if not isinstance(error, GoneawayError):
        return repr(error)
    return "; ".join(english(each) for each in (*error.args[:1], error.hint) if each)


def is_gone(action: Action, kept: Kept | None) -> bool:
    """Whether a session had ended before anybody came to kill it."""
    return isinstance(action, KillSession | KillQuery) and (kept is None or GONE in kept.warnings)


def said(action: Action, kept: Kept | None) -> str:
    """One sentence for what the server took; `kept` is None where there was nothing left to ask of it."""
    match action:
        case KillSession(witness) | KillQuery(witness) if is_gone(action, kept):
            return _(sentences.GONE, id=witness.id)
        case KillSession(witness):
            return _(sentences.KILLED, id=witness.id)
        case KillQuery(witness):
            return _(sentences.QUERY_KILLED, id=witness.id)
        case ResetPersist(name):
            return _(sentences.NOT_PERSISTED, name=name)
        case SetVariable(name, value):
            if kept is None or kept.value is None:
                return _(sentences.NOT_READ_BACK, name=name)
            sentence = sentences.KEPT if kept.value == value else sentences.KEPT_OTHER
            return _(sentence, name=name, kept=digits(kept.value), asked=digits(value))
