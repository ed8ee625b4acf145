"""Looking before the leap: whether the server and the session are still what somebody was shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from goneaway_tui.errors import Refused
from goneaway_tui.language import _, marked
from goneaway_tui.model.tuning import Keep, Powers, Standing
from goneaway_tui.ports import Conversation
from goneaway_tui.tune.actions import Action, Killing, KillQuery, ResetPersist, Setting, SetVariable, digits
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.witness import OURS, other_statement, still, untouchable

LOOK_AGAIN = marked("look at it again, and decide anew")


@dataclass(frozen=True, slots=True)
class Look:
    """What is there before the act."""

    standing: Standing | None = None
    """The variable; None where a session is meant."""
    gone: bool = False
    """There is nothing left to do."""


def look(action: Action, executor: Conversation, powers: Powers, own_ids: Collection[int]) -> Look:
    """See what the action would meet. Raises Refused where that is not what was shown, and SourceError."""
    if isinstance(action, SetVariable | ResetPersist):
        return _at_variable(action, executor, powers)
    return _at_session(action, executor, own_ids)


def _at_variable(action: Setting, executor: Conversation, powers: Powers) -> Look:
    if action.name not in TUNABLE:
        raise Refused(_("{name!r} is not in the table of what can be set", name=action.name))
    why_not = _why_not(action, powers)
    if why_not:
        raise Refused(_("this account may not run {statement}", statement=action.statement), why_not)
    found = executor.standing(action.name)
    if found.fixed:
        raise Refused(_("{name} cannot be set now", name=action.name), found.fixed)
    value = found.variable.value
    if action.old is not None and value != action.old:
        raise Refused(
            _(
                "{name} is {value} now, not {shown}: somebody has changed it since",
                name=action.name,
                value=_("unknown") if value is None else digits(value),
                shown=digits(action.old),
            ),
            _(LOOK_AGAIN),
        )
    return Look(found)


def _why_not(action: Setting, powers: Powers) -> str:
    """What this account lacks. Whether it may kill is the server's to say: its own account's sessions it always may."""
    persists = isinstance(action, ResetPersist) or action.keep is Keep.PERSIST
    why_not = powers.why_not_set(action.name)
    if persists and not powers.can_persist:
        return why_not or dict(powers.why_not).get("persist", _("not allowed"))
    return why_not


def _at_session(action: Killing, executor: Conversation, own_ids: Collection[int]) -> Look:
    witness = action.witness
    why_not = _(OURS) if witness.id in own_ids else untouchable(witness)
    found = None if why_not else executor.find(witness.id)
    if found is not None:
        why_not = untouchable(found) or still(witness, found)
        if why_not is None and isinstance(action, KillQuery):
            why_not = other_statement(witness, found)
    if why_not is not None:
        raise Refused(_("session {id} {why_not}", id=witness.id, why_not=why_not), _("it was spared"))
    return Look(gone=found is None)
