"""Seconds left, as one of the contract's words."""

from __future__ import annotations

from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Policy, Risk


def risk_of(session: Session, seconds_left: float | None, policy: Policy, late: float = 0.0) -> Risk:
    """How near the end is. An idle session whose deadline nobody knows is calm: nothing is known to be coming.

    `late`: by how many seconds after the deadline this server may close.
    """
    if session.own or session.role not in {Role.CLIENT, Role.LOGIN}:
        return Risk.EXEMPT
    if seconds_left is None:
        return Risk.CALM if session.is_idle else Risk.BUSY
    return risk_within(seconds_left, policy, late)


def risk_within(seconds_left: float, policy: Policy, late: float = 0.0) -> Risk:
    """
    >>> risk_within(59, Policy(watch_below=600, imminent_below=60)).value
    'imminent'
    """
    if seconds_left <= -late:
        return Risk.OVERDUE
    if seconds_left < policy.imminent_below:
        return Risk.IMMINENT
    return Risk.WATCH if seconds_left < policy.watch_below else Risk.CALM
