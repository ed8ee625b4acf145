"""Preconditions: whether a variable or a session is still what was shown when the change was decided."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from goneaway_tui.errors import Refused
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.tuning import Persistence, Privileges, VariableState
from goneaway_tui.ports import ActConnection
from goneaway_tui.tune.actions import (
    Action,
    Killing,
    KillQuery,
    ResetPersist,
    Setting,
    SetVariable,
    sql_number,
)
from goneaway_tui.tune.tunables import TUNABLE

SLACK_SECONDS = 0.5
"""Seconds by which two readings of one idle time may differ beyond their stated errors: each reads the server's clock over its
own connection."""

CUT_MARK = "…"


def same_session_problem(shown: Session, current: Session) -> str | None:
    """Why `current` is no longer the session `shown`, in words that follow its id; None where it is.

    Ids start over after a restart, and a session that is no longer idle is in use.
    """
    if current.user != shown.user:
        return _("now belongs to {now}, not to {shown}", now=current.user, shown=shown.user)
    if not _same_host(current, shown):
        return _("now comes from {now}, not from {shown}", now=current.host, shown=shown.host)
    if current.db != shown.db:
        return _(
            "now uses {now}, not {shown}",
            now=current.db or _("no database"),
            shown=shown.db or _("no database"),
        )
    if current.command != shown.command:
        return _("now has the command {now}, not {shown}", now=current.command, shown=shown.command)
    return _woke_up(shown, current)


def other_statement_problem(shown: Session, current: Session) -> str | None:
    """Why the session runs another statement than `shown`; None where it does not, or one of the texts is not shown.

    Texts are cut at different lengths, so one has to begin with the other.
    """
    if current.is_idle:
        return _("runs no statement")
    if shown.statement is None or current.statement is None:
        return None
    before, now = (text.removesuffix(CUT_MARK).rstrip() for text in (shown.statement, current.statement))
    return None if before.startswith(now) or now.startswith(before) else _("now runs another statement")


def protected_problem(session: Session) -> str | None:
    """Why a session is never killed, in words that follow its id; None where it may be killed."""
    if session.own:
        return _(OWN_CONNECTION)
    return _(PROTECTED_ROLES[session.role]) if session.role in PROTECTED_ROLES else None


OWN_CONNECTION = N_("belongs to goneaway-tui")
PROTECTED_ROLES = {
    Role.LOGIN: N_("has not finished its login"),
    Role.REPLICA: N_("is part of replication"),
    Role.DUMP: N_("sends the binary log to a replica"),
    Role.DAEMON: N_("is a session of the server itself"),
}


def _same_host(one: Session, other: Session) -> bool:
    """Whether the hosts are equal, or differ only in a port that one of the two readings does not show."""
    if one.host == other.host:
        return True
    portless = one.host == one.client_host or other.host == other.client_host
    return portless and one.client_host == other.client_host


def _woke_up(shown_session: Session, found: Session) -> str | None:
    if not shown_session.is_idle:
        return None
    if found.half_sent and not shown_session.half_sent:
        return _("is in use again: a command is arriving")
    if shown_session.idle_since is None:
        return None
    if found.idle_since is None:
        return _("may be in use again: the server no longer shows its idle time")
    slack = SLACK_SECONDS + shown_session.idle_within + found.idle_within
    return _("was used since") if found.idle_since > shown_session.idle_since + slack else None


Objection = Callable[[Session], str | None]
"""Why a session, as it is now, is to be spared, in words that follow its id; None where it is not."""

DECIDE_AGAIN = N_("check the current state, then decide again")


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What was read before the act."""

    variable_state: VariableState | None = None
    """The variable's state; None for a kill."""
    already_ended: bool = False
    """Whether the session has ended: nothing is left to do."""


def read_preconditions(
    action: Action,
    executor: ActConnection,
    privileges: Privileges,
    own_ids: Collection[int],
    objection: Objection | None = None,
) -> Preconditions:
    """Read what the action would change. Raises Refused where that is not what was shown, and SourceError."""
    if isinstance(action, SetVariable | ResetPersist):
        return _variable_preconditions(action, executor, privileges)
    return _session_preconditions(action, executor, own_ids, objection)


def _variable_preconditions(
    action: Setting, executor: ActConnection, privileges: Privileges
) -> Preconditions:
    if action.name not in TUNABLE:
        raise Refused(_("{name!r} is not a variable that goneaway-tui can set", name=action.name))
    why_not = _missing_privilege(action, privileges)
    if why_not:
        raise Refused(_("this account may not run {statement}", statement=action.statement), why_not)
    found = executor.variable_state(action.name)
    if found.why_not_settable:
        raise Refused(_("{name} cannot be set now", name=action.name), found.why_not_settable)
    value = found.variable.value
    if action.old is not None and value != action.old:
        raise Refused(
            _(
                "{name} is now {value}, not {shown}: it was changed since",
                name=action.name,
                value=_("unknown") if value is None else sql_number(value),
                shown=sql_number(action.old),
            ),
            _(DECIDE_AGAIN),
        )
    return Preconditions(found)


def _missing_privilege(action: Setting, privileges: Privileges) -> str:
    """What this account lacks. Whether it may kill is the server's to say: its own account's sessions it always may."""
    persists = isinstance(action, ResetPersist) or action.keep is Persistence.PERSIST
    why_not = privileges.why_not_set(action.name)
    if persists and not privileges.can_persist:
        return why_not or dict(privileges.why_not).get("persist", _("not allowed"))
    return why_not


def _session_preconditions(
    action: Killing, executor: ActConnection, own_ids: Collection[int], objection: Objection | None
) -> Preconditions:
    shown_session = action.session
    why_not = _(OWN_CONNECTION) if shown_session.id in own_ids else protected_problem(shown_session)
    found = None if why_not else executor.find(shown_session.id)
    if found is not None:
        why_not = protected_problem(found) or same_session_problem(shown_session, found)
        if why_not is None and isinstance(action, KillQuery):
            why_not = other_statement_problem(shown_session, found)
        if why_not is None and objection is not None:
            why_not = objection(found)
    if why_not is not None:
        raise Refused(
            _("session {id} {why_not}", id=shown_session.id, why_not=why_not), _("the session was not killed")
        )
    return Preconditions(already_ended=found is None)
