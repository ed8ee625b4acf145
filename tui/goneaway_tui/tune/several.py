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
from goneaway_tui.tune.actions import Outcome, SetVariable, digits
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import JournalAct
from goneaway_tui.tune.preview import Preview, preview
from goneaway_tui.tune.tunables import Tunable
from goneaway_tui.tune.values import value_words

CUT_DOWN = " 1292: "
"""In every warning of a value that was cut down, on MySQL and MariaDB: "Truncated incorrect ... value"."""


@dataclass(frozen=True, slots=True)
class ExaminedServer:
    """A server as it was looked at for the change."""

    server: str
    standing: VariableState
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
    now: int | float | None
    ahead: Preview


Part = ServerChange | ExcludedServer


@dataclass(frozen=True, slots=True)
class ServerOutcome:
    """What came of one server's change."""

    server: str
    outcome: Outcome | None = None
    """None where nothing came of it, or nobody knows what."""
    surprise: str = ""
    """What was not as foretold; empty where all was. Nothing is begun after it."""


# --- Who takes part


def settable(looked: ExaminedServer, tunable: Tunable) -> ExaminedServer | ExcludedServer:
    """As it was looked at, where the variable can be set there at all."""
    why_not = looked.standing.fixed or looked.privileges.why_not_set(tunable.name)
    return ExcludedServer(looked.server, why_not) if why_not else looked


def plan_changes(
    tunable: Tunable, wanted: float, keep: Persistence, several: Iterable[ExaminedServer | ExcludedServer]
) -> tuple[Part, ...]:
    """The part of each, in the order they are handed in, which is the order they are changed in.

    A server that is there under two names is changed once.
    """
    parts: list[Part] = []
    names: dict[str, str] = {}
    for each in several:
        part = each if isinstance(each, ExcludedServer) else _part(tunable, wanted, keep, each)
        if isinstance(each, ExaminedServer) and isinstance(part, ServerChange):
            first = names.setdefault(each.privileges.server_id, each.server)
            if first != each.server:
                part = ExcludedServer(each.server, _("it is the same server as {name}", name=first))
        parts.append(part)
    return tuple(parts)


def _part(tunable: Tunable, wanted: float, keep: Persistence, looked: ExaminedServer) -> Part:
    standing, privileges, server = looked.standing, looked.privileges, looked.server
    if keep is Persistence.PERSIST and not privileges.can_persist:
        return ExcludedServer(server, dict(privileges.why_not).get("persist", _("not allowed")))
    now = standing.variable.value
    ahead = preview(tunable, standing, wanted, looked.snapshot, keep)
    if now == ahead.kept and (keep is Persistence.GLOBAL or standing.persisted == ahead.kept):
        return ExcludedServer(server, _("it is {value} already", value=value_words(now, tunable.unit)))
    return ServerChange(server, now, ahead)


def undo_on(server: str, last: JournalAct | None, act_id: str) -> Part:
    """The part of a server in taking an act back. `last`: its newest change that is not undone, as the journal has it."""
    if last is None or last.id != act_id:
        return ExcludedServer(server, _("it was undone, or something else was changed, since"))
    try:
        actions = Gate.taking_back(last)
    except Refused as refused:
        return ExcludedServer(server, refused.line)
    back = actions[-1]
    if not isinstance(back, SetVariable):
        return ExcludedServer(server, _("there is no value to go back to"))
    statements = "; ".join(each.statement for each in actions)
    return ServerChange(
        server, last.entry.kept, Preview(back, back.value, None, statements, "", (), (), None)
    )


def changes(parts: Iterable[Part]) -> tuple[ServerChange, ...]:
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
        ended = _ended(part, perform)
        yield ended
        if ended.surprise:
            return


def _ended(part: ServerChange, perform: Callable[[ServerChange], Outcome]) -> ServerOutcome:
    try:
        outcome = perform(part)
    except (Refused, SourceError, FileError) as error:
        return ServerOutcome(part.server, surprise=_failed(error))
    return ServerOutcome(part.server, outcome, unexpected_result(part.ahead, outcome))


def _failed(error: GoneawayError) -> str:
    if isinstance(error, OutcomeUnknown):
        return _("nobody knows whether it was done: {why}", why=error.line)
    return _("not done: {why}", why=error.line)


def unexpected_result(ahead: Preview, outcome: Outcome) -> str:
    """What is not as it was foretold, in one line; empty where all is.

    That a value is cut down as foretold is no surprise, nor that the server warns of that.
    """
    kept = None if outcome.kept is None else outcome.kept.value
    warnings = () if outcome.kept is None else outcome.kept.warnings
    if kept is None:
        return _("what it kept could not be read back")
    if kept != ahead.kept:
        return _("it kept {kept}, not {foretold} as foretold", kept=digits(kept), foretold=digits(ahead.kept))
    if any(ahead.because is None or CUT_DOWN not in each for each in warnings):
        return _("it warned of what was not foretold")
    if outcome.unrecorded:
        return _("the journal could not be told: {why}", why=outcome.unrecorded)
    return _since(kept, outcome.after)


def _since(kept: float, after: VariableState | None) -> str:
    """What has become of it, over a connection of its own."""
    if after is None:
        return _("it could not be looked at again afterwards")
    value = after.variable.value
    if value == kept:
        return ""
    return _(
        "it is {value} by now: somebody else has set it",
        value=_("unknown") if value is None else digits(value),
    )
