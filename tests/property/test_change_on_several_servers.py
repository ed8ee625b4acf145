"""Laws of a change on several servers: in order, each once, and none after the first surprise."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import GoneawayError, OutcomeUnknown, Refused, SourceError
from goneaway_tui.model.server import Variable
from goneaway_tui.model.tuning import KeptValue, Persistence, VariableState
from goneaway_tui.tune.actions import Outcome
from goneaway_tui.tune.several import (
    ExaminedServer,
    ExcludedServer,
    ServerChange,
    changes,
    one_by_one,
    plan_changes,
    settable,
)
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import clamped
from tests.builders import a_snapshot
from tests.fakes import POWERS, FakeExecutor

WAIT = TUNABLE["wait_timeout"]
SNAPSHOT = a_snapshot()
seconds = st.integers(1, 100_000)
fates = st.sampled_from(["as foretold", "another value", "a warning", Refused, SourceError, OutcomeUnknown])


@st.composite
def servers(draw: st.DrawFn) -> list[ExaminedServer | ExcludedServer]:
    """Of which some could not be looked at, some are one and the same, some may not be changed."""
    seen: list[ExaminedServer | ExcludedServer] = []
    for number in range(draw(st.integers(0, 8))):
        name = f"db{number}"
        low, high = sorted((draw(seconds), draw(seconds)))
        variable = Variable("wait_timeout", draw(st.none() | st.integers(low, high)), low, high)
        privileges = replace(
            POWERS,
            server_id=str(draw(st.integers(0, 9))),
            can_set=draw(st.booleans()),
            can_persist=draw(st.booleans()),
        )
        at = ExaminedServer(
            name, VariableState(variable, persisted=draw(st.none() | seconds)), privileges, SNAPSHOT
        )
        seen.append(ExcludedServer(name, "away") if draw(st.integers(0, 4)) == 0 else settable(at, WAIT))
    return seen


@given(seen=servers(), wanted=seconds, keep=st.sampled_from(Persistence))
def test_every_server_has_one_part_and_every_excluded_server_a_reason(
    seen: list[ExaminedServer | ExcludedServer], wanted: int, keep: Persistence
) -> None:
    parts = plan_changes(WAIT, wanted, keep, seen)

    assert [each.server for each in seen] == [part.server for part in parts]
    for part, each in zip(parts, seen, strict=True):
        if isinstance(part, ExcludedServer):
            assert part.why
        else:
            assert isinstance(each, ExaminedServer)
            assert clamped(wanted, each.variable_state, WAIT).value == part.preview.kept
            assert each.privileges.can_set
            assert each.privileges.can_persist or keep is Persistence.GLOBAL
            assert part.current_value != part.preview.kept or keep is Persistence.PERSIST
    ids = [
        each.privileges.server_id
        for each, part in zip(seen, parts, strict=True)
        if isinstance(each, ExaminedServer) and isinstance(part, ServerChange)
    ]
    assert len(set(ids)) == len(ids)


@given(seen=servers(), wanted=seconds, keep=st.sampled_from(Persistence), data=st.data())
def test_changes_run_in_order_and_once_and_stop_after_an_unexpected_result(
    seen: list[ExaminedServer | ExcludedServer], wanted: int, keep: Persistence, data: st.DataObject
) -> None:
    meant = changes(plan_changes(WAIT, wanted, keep, seen))
    fate = {part.server: data.draw(fates) for part in meant}
    stop_after = data.draw(st.none() | st.integers(0, 8))
    begun: list[str] = []

    def perform(part: ServerChange) -> Outcome:
        begun.append(part.server)
        meets = fate[part.server]
        if isinstance(meets, type) and issubclass(meets, GoneawayError):
            raise meets("no")
        value = part.preview.kept + (meets == "another value")
        kept = KeptValue(
            part.preview.statement, value, ("Warning 1287: old",) if meets == "a warning" else ()
        )
        after = VariableState(Variable("wait_timeout", value))
        return Outcome(part.preview.action, part.server, "", kept, None, after)

    ended = list(one_by_one(meant, perform, lambda: stop_after is not None and len(begun) >= stop_after))
    order = [part.server for part in meant]
    odd = [n for n, name in enumerate(order) if fate[name] != "as foretold"]
    most = min([len(order), *(n + 1 for n in odd[:1]), *([] if stop_after is None else [stop_after])])

    assert order[:most] == begun == [each.server for each in ended]
    assert [fate[name] != "as foretold" for name in begun] == [bool(each.unexpected) for each in ended]


@given(seen=servers(), wanted=seconds, keep=st.sampled_from(Persistence))
def test_a_server_that_does_as_servers_do_never_surprises(
    seen: list[ExaminedServer | ExcludedServer], wanted: int, keep: Persistence
) -> None:
    """One that cuts down to its bounds and warns of it."""
    of = {each.server: each for each in seen}

    def perform(part: ServerChange) -> Outcome:
        each = of[part.server]
        assert isinstance(each, ExaminedServer)
        server = FakeExecutor(variables={"wait_timeout": each.variable_state})
        kept = server.set_global("wait_timeout", wanted, keep)
        return Outcome(
            part.preview.action, "", "", kept, each.variable_state, server.variable_state("wait_timeout")
        )

    assert not any(
        each.unexpected
        for each in one_by_one(changes(plan_changes(WAIT, wanted, keep, seen)), perform, lambda: False)
    )
