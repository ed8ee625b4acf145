"""The same change on several servers: who takes part, what each would keep, and where the rest is left alone.

Nothing here looks at a server or changes one: who does hands in what was seen, and is asked for one server at a time.
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
"""In every warning of a value that was cut down, on MySQL and MariaDB: "Truncated incorrect ... value"."""


@dataclass(frozen=True, slots=True)
class ExaminedServer:
    """A server as it was looked at for the change."""

    server: str
    variable_state: VariableState
    privileges: Privileges
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ExcludedServer:
    """A server that is not changed with the others."""

    server: str
    why: str


@dataclass(frozen=True, slots=True)
class ServerChange:
    """What one server has to do with it."""

    server: str
    current_value: int | float | None
    preview: Preview


ServerPart = ServerChange | ExcludedServer


@dataclass(frozen=True, slots=True)
class ServerOutcome:
    """What came of one server's change."""

    server: str
    outcome: Outcome | None = None
    """None where nothing came of it, or nobody knows what."""
    unexpected: str = ""
    """What was not as foretold; empty where all was. Nothing is begun after it."""


# --- Who takes part


def settable(server: ExaminedServer, tunable: Tunable) -> ExaminedServer | ExcludedServer:
    """As it was looked at, where the variable can be set there at all."""
    why_not = server.variable_state.why_not_settable or server.privileges.why_not_set(tunable.name)
    return ExcludedServer(server.server, why_not) if why_not else server


def plan_changes(
    tunable: Tunable, wanted: float, keep: Persistence, several: Iterable[ExaminedServer | ExcludedServer]
) -> tuple[ServerPart, ...]:
    """The part of each, in the order they are handed in, which is the order they are changed in.

    A server that is there under two names is changed once.
    """
    parts: list[ServerPart] = []
    names: dict[str, str] = {}
    for each in several:
        part = each if isinstance(each, ExcludedServer) else _part(tunable, wanted, keep, each)
        if isinstance(each, ExaminedServer) and isinstance(part, ServerChange):
            first = names.setdefault(each.privileges.server_id, each.server)
            if first != each.server:
                part = ExcludedServer(each.server, _("it is the same server as {name}", name=first))
        parts.append(part)
    return tuple(parts)


def _part(tunable: Tunable, wanted: float, keep: Persistence, looked: ExaminedServer) -> ServerPart:
    standing, privileges, server = looked.variable_state, looked.privileges, looked.server
    if keep is Persistence.PERSIST and not privileges.can_persist:
        return ExcludedServer(server, dict(privileges.why_not).get("persist", _("not allowed")))
    now = standing.variable.value
    ahead = preview(tunable, standing, wanted, looked.snapshot, keep)
    if now == ahead.kept and (keep is Persistence.GLOBAL or standing.persisted == ahead.kept):
        return ExcludedServer(server, _("it is {value} already", value=value_words(now, tunable.unit)))
    return ServerChange(server, now, ahead)


def undo_on(server: str, last_change: JournalAct | None, act_id: str) -> ServerPart:
    """The part of a server in taking an act back. `last_change`: its newest change that is not undone, as the journal has it."""
    if last_change is None or last_change.id != act_id:
        return ExcludedServer(server, _("it was undone, or something else was changed, since"))
    try:
        actions = Gate.undo_actions(last_change)
    except Refused as refused:
        return ExcludedServer(server, refused.line)
    back = actions[-1]
    if not isinstance(back, SetVariable):
        return ExcludedServer(server, _("there is no value to go back to"))
    statements = "; ".join(each.statement for each in actions)
    return ServerChange(
        server, last_change.entry.kept, Preview(back, back.value, None, statements, "", (), (), None)
    )


def changes(parts: Iterable[ServerPart]) -> tuple[ServerChange, ...]:
    """Those that are not left out."""
    return tuple(part for part in parts if isinstance(part, ServerChange))


# --- One by one


def one_by_one(
    parts: Iterable[ServerChange], perform: Callable[[ServerChange], Outcome], is_stopping: Callable[[], bool]
) -> Iterator[ServerOutcome]:
    """Perform each, in order and once, and tell what came of it before the next is begun.

    The first that does not end as foretold is the last that is begun; so is the one at which somebody asks to stop.
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
        return _("nobody knows whether it was done: {why}", why=error.line)
    return _("not done: {why}", why=error.line)


def unexpected_result(planned: Preview, outcome: Outcome) -> str:
    """What is not as it was foretold, in one line; empty where all is.

    That a value is cut down as foretold is no surprise, nor that the server warns of that.
    """
    kept = None if outcome.kept is None else outcome.kept.value
    warnings = () if outcome.kept is None else outcome.kept.warnings
    if kept is None:
        return _("what it kept could not be read back")
    if kept != planned.kept:
        return _(
            "it kept {kept}, not {foretold} as foretold",
            kept=sql_number(kept),
            foretold=sql_number(planned.kept),
        )
    if any(planned.why_clamped is None or CLAMP_WARNING not in each for each in warnings):
        return _("it warned of what was not foretold")
    if outcome.journal_error:
        return _("the journal could not be told: {why}", why=outcome.journal_error)
    return _changed_since(kept, outcome.after)


def _changed_since(kept: float, after: VariableState | None) -> str:
    """What has become of it, over a connection of its own."""
    if after is None:
        return _("it could not be looked at again afterwards")
    value = after.variable.value
    if value == kept:
        return ""
    return _(
        "it is {value} by now: somebody else has set it",
        value=_("unknown") if value is None else sql_number(value),
    )
