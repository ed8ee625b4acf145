"""Sessions counted by what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from goneaway_tui.model.snapshot import Risk, Verdict

GROUPINGS: dict[str, Callable[[Verdict], str]] = {
    "user": lambda v: v.session.user,
    "client": lambda v: v.session.client_host,
    "program": lambda v: v.session.program or "",
    "db": lambda v: v.session.db or "",
    "server": lambda v: v.server_name,
}
"""What sessions can be grouped by; each name is also the filter's word for it. The last makes sense of several servers only."""


@dataclass(frozen=True, slots=True)
class Group:
    """All sessions that share a value."""

    by: str
    key: str
    """The shared value; empty where the sessions have none."""
    sessions: int
    idle: int
    oldest_idle_since: float | None
    """When the longest running idle wait began."""
    soonest_deadline: float | None
    open_transactions: int
    is_overdue: bool = False
    """Whether one of them was found past its deadline: the soonest is, then."""


def group_by(by: str, verdicts: Iterable[Verdict]) -> tuple[Group, ...]:
    """One Group a value, the one with the soonest closing first."""
    key_of = GROUPINGS[by]
    members: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        members.setdefault(key_of(verdict), []).append(verdict)
    groups = [_summary(by, key, of) for key, of in members.items()]
    never = float("inf")
    return tuple(
        sorted(groups, key=lambda g: (never if g.soonest_deadline is None else g.soonest_deadline, g.key))
    )


def _summary(by: str, key: str, verdicts: list[Verdict]) -> Group:
    return Group(
        by,
        key,
        sessions=len(verdicts),
        idle=sum(v.session.is_idle for v in verdicts),
        oldest_idle_since=min(
            (
                v.session.idle_since
                for v in verdicts
                if v.session.is_idle and v.session.idle_since is not None
            ),
            default=None,
        ),
        soonest_deadline=min((v.deadline for v in verdicts if v.deadline is not None), default=None),
        open_transactions=sum(v.session.transaction is not None for v in verdicts),
        is_overdue=any(v.risk is Risk.OVERDUE for v in verdicts),
    )
