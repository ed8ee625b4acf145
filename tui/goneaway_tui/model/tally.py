"""What a snapshot's verdicts add up to, kept up from one snapshot to the next by what changed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from goneaway_tui.model.session import Role

if TYPE_CHECKING:
    from goneaway_tui.model.snapshot import Risk, Verdict

Mark = tuple[float, int]
"""An instant on the source's clock, and the session it is of."""


class Kin(NamedTuple):
    """Sessions that are likely to have been given the same limit."""

    user: str
    host: str
    """Without a port."""
    program: str
    inherited: float
    """The global `wait_timeout` in force when they came: who came under another was not given the same."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over all verdicts. Never changed: `after` makes the next."""

    risks: Mapping[Risk, int] = field(default_factory=dict)
    idle: int = 0
    """Sessions that sleep."""
    deadlines: Sequence[Mark] = ()
    """Of all that have one, in their order."""
    roles: Mapping[Role, int] = field(default_factory=dict)
    """How many of each, of those that are no clients: they tell what the server is to others."""
    waits: Mapping[Kin, Sequence[Mark]] = field(default_factory=dict)
    """When those of each kin surely idled already, in order: of sessions whose own limit nobody shows."""

    def after(self, went: Collection[Verdict], came: Collection[Verdict]) -> Tally:
        """With some verdicts taken out, and others put in."""
        risks = Counter(self.risks)
        risks.subtract(verdict.risk for verdict in went)
        risks.update(verdict.risk for verdict in came)
        idle = self.idle + sum(v.session.is_idle for v in came) - sum(v.session.is_idle for v in went)
        waits = dict(self.waits)
        for kin, marks in _by_kin(went).items():
            waits[kin] = _moved(waits[kin], marks, ())
        for kin, marks in _by_kin(came).items():
            waits[kin] = _moved(waits.get(kin, ()), (), marks)
        return Tally(
            risks,
            idle,
            _moved(self.deadlines, _deadlines(went), _deadlines(came)),
            self._roles(went, came),
            {kin: marks for kin, marks in waits.items() if marks},
        )

    def _roles(self, went: Iterable[Verdict], came: Iterable[Verdict]) -> Mapping[Role, int]:
        left = [v.session.role for v in went if v.session.role is not Role.CLIENT]
        arrived = [v.session.role for v in came if v.session.role is not Role.CLIENT]
        if not left and not arrived:
            return self.roles
        roles = Counter(self.roles)
        roles.update(arrived)
        roles.subtract(left)
        return {role: number for role, number in roles.items() if number}


def kin_of(verdict: Verdict) -> Kin | None:
    """Whom an idle session speaks for: nobody if its own limit is shown, or another than wait_timeout governs it."""
    session, limit = verdict.session, verdict.limit
    silent = session.own_limit is not None or session.own or session.half_sent or not session.is_idle
    if silent or limit is None or limit.variable != "wait_timeout" or verdict.inherited.wait_timeout is None:
        return None
    return Kin(session.user, session.client_host, session.program or "", verdict.inherited.wait_timeout)


def _by_kin(verdicts: Iterable[Verdict]) -> dict[Kin, list[Mark]]:
    found: dict[Kin, list[Mark]] = {}
    for verdict in verdicts:
        kin, since = kin_of(verdict), verdict.session.idle_since
        if kin is not None and since is not None:
            found.setdefault(kin, []).append((since + verdict.session.idle_within, verdict.session.id))
    return found


def _deadlines(verdicts: Iterable[Verdict]) -> list[Mark]:
    return [(v.deadline, v.session.id) for v in verdicts if v.deadline is not None]


def _moved(marks: Sequence[Mark], went: Sequence[Mark], came: Sequence[Mark]) -> Sequence[Mark]:
    """Some taken out of an ordered list, others put in."""
    if not went and not came:
        return marks
    if len(went) + len(came) > len(marks) // 4:
        gone = set(went)
        return sorted([*(mark for mark in marks if mark not in gone), *came])
    moved = list(marks)
    for mark in went:
        del moved[bisect_left(moved, mark)]
    for mark in came:
        insort(moved, mark)
    return moved
