"""The same change on several servers: which servers take part, what each would keep, and why the others are excluded.

Nothing here reads or changes a server: the caller hands in what it read, and performs one server's change at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from goneaway_tui.errors import FileError, GoneawayError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.i18n import _
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Persistence, Privileges, VariableState
from goneaway_tui.tune.actions import Outcome, SetVariable, sql_number
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import JournalAct
from goneaway_tui.tune.preview import Preview, preview
from goneaway_tui.tune.tunables import Tunable
from goneaway_tui.tune.values import value_words

CLAMP_WARNING = " 1292: "
"""In every warning about a value that the server clamped, on MySQL and MariaDB: "Truncated incorrect ... value"."""


@dataclass(frozen=True, slots=True)
class ExaminedServer:
    """A server with what was read of it for the change."""

    server: str
    variable_state: VariableState
    privileges: Privileges
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ExcludedServer:
    """A server that is not changed, and why."""

    server: str
    why: str


@dataclass(frozen=True, slots=True)
class ServerChange:
    """The change of one server, with its preview."""

    server: str
    current_value: int | float | None
    preview: Preview


ServerPart = ServerChange | ExcludedServer


@dataclass(frozen=True, slots=True)
class ServerOutcome:
    """The result of one server's change."""

    server: str
    outcome: Outcome | None = None
    """None where nothing was done, or that is not known."""
    unexpected: str = ""
    """What differs from the preview, in one line; else empty. No other change is begun after it."""


# --- Who takes part


def settable(server: ExaminedServer, tunable: Tunable) -> ExaminedServer | ExcludedServer:
    """The server itself, if the variable can be set there; else why not."""
    why_not = server.variable_state.why_not_settable or server.privileges.why_not_set(tunable.name)
    return ExcludedServer(server.server, why_not) if why_not else server


def plan_changes(
    tunable: Tunable, wanted: float, keep: Persistence, servers: Iterable[ExaminedServer | ExcludedServer]
) -> tuple[ServerPart, ...]:
    """The part of each server in the change, in the order given, which is the order of the changes.

    A server that is given under two names is changed once.
    """
    parts: list[ServerPart] = []
    names: dict[str, str] = {}
    for server in servers:
        part = server if isinstance(server, ExcludedServer) else _part(tunable, wanted, keep, server)
        if isinstance(server, ExaminedServer) and isinstance(part, ServerChange):
            first = names.setdefault(server.privileges.server_id, server.server)
            if first != server.server:
                part = ExcludedServer(server.server, _("it is the same server as {name}", name=first))
        parts.append(part)
    return tuple(parts)


def _part(tunable: Tunable, wanted: float, keep: Persistence, examined: ExaminedServer) -> ServerPart:
    state, privileges, server = examined.variable_state, examined.privileges, examined.server
    if keep is Persistence.PERSIST and not privileges.can_persist:
        return ExcludedServer(server, dict(privileges.why_not).get("persist", _("not allowed")))
    now = state.variable.value
    ahead = preview(tunable, state, wanted, examined.snapshot, keep)
    if now is not None and ahead.changes_nothing:
        return ExcludedServer(server, _("the value is already {value}", value=value_words(now, tunable.unit)))
    return ServerChange(server, now, ahead)


def undo_on(server: str, last_change: JournalAct | None, act_id: str) -> ServerPart:
    """The part of a server in undoing an act. `last_change`: its newest change that is not undone, by the journal."""
    if last_change is None or last_change.id != act_id:
        return ExcludedServer(server, _("the change was undone, or another change was made, since"))
    try:
        actions = Gate.undo_actions(last_change)
    except Refused as refused:
        return ExcludedServer(server, refused.line)
    back = actions[-1]
    if not isinstance(back, SetVariable):
        return ExcludedServer(server, _("there is no value to restore"))
    statements = "; ".join(action.statement for action in actions)
    return ServerChange(
        server, last_change.entry.kept, Preview(back, back.value, None, statements, "", (), (), None)
    )


def changes(parts: Iterable[ServerPart]) -> tuple[ServerChange, ...]:
    """The parts that are changes."""
    return tuple(part for part in parts if isinstance(part, ServerChange))


# --- One by one


def one_by_one(
    parts: Iterable[ServerChange], perform: Callable[[ServerChange], Outcome], is_stopping: Callable[[], bool]
) -> Iterator[ServerOutcome]:
    """Perform each change once, in order, and yield its outcome before the next is begun.

    Nothing is begun after a change that did not end as previewed, or once `is_stopping` is true.
    """
    for part in parts:
        if is_stopping():
            return
        ended = _performed(part, perform)
        yield ended
        if ended.unexpected:
            return


def _performed(part: ServerChange, perform: Callable[[ServerChange], Outcome]) -> ServerOutcome:
    try:
        outcome = perform(part)
    except (Refused, SourceError, FileError) as error:
        return ServerOutcome(part.server, unexpected=_failure_words(error))
    return ServerOutcome(part.server, outcome, unexpected_result(part.preview, outcome))


def _failure_words(error: GoneawayError) -> str:
    if isinstance(error, OutcomeUnknown):
        return _("it is not known whether the change was made: {why}", why=error.line)
    return _("not done: {why}", why=error.line)


def unexpected_result(planned: Preview, outcome: Outcome) -> str:
    """What differs from the preview, in one line; empty where nothing does.

    A value that is clamped as previewed is expected, and so is the server's warning about it.
    """
    kept = None if outcome.kept is None else outcome.kept.value
    warnings = () if outcome.kept is None else outcome.kept.warnings
    if kept is None:
        return _("the value that the server kept could not be read back")
    if kept != planned.kept:
        return _(
            "the server kept {kept}, not {predicted} as predicted",
            kept=sql_number(kept),
            predicted=sql_number(planned.kept),
        )
    if any(planned.why_clamped is None or CLAMP_WARNING not in warning for warning in warnings):
        return _("the server gave a warning that was not predicted")
    if outcome.journal_error:
        return _("the result could not be written to the journal: {why}", why=outcome.journal_error)
    return _changed_since(kept, outcome.after)


def _changed_since(kept: float, after: VariableState | None) -> str:
    """Whether the value is still the one kept, read over another connection; empty where it is."""
    if after is None:
        return _("the value could not be read again afterwards")
    value = after.variable.value
    if value == kept:
        return ""
    return _(
        "the value is now {value}: another session has set it",
        value=_("unknown") if value is None else sql_number(value),
    )
