"""How things stand when the curtain rises: some sessions about to be closed, some soon, some busy, most calm."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from goneaway_tui.source.simulated.cast import CAST, DAY, Application, Stage

IMMINENT_SHARE = 0.10
WATCH_SHARE = 0.17
BUSY_SHARE = 0.08
TRANSACTION_SHARE = 0.22
"""Of the idle sessions whose application writes."""


class Place(Enum):
    """Where in its life a session is found."""

    IMMINENT = "imminent"
    WATCH = "watch"
    BUSY = "busy"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Entrance:
    """One client session at the start."""

    app: Application
    place: Place
    left: float
    """Seconds to its closing if it is imminent or on watch, else 0."""
    in_transaction: bool


def entrances(clients: int, rng: Random) -> list[Entrance]:
    """All client sessions at the start, in the order of their ids."""
    weights = sum(app.share for app in CAST)
    apps = [app for app in CAST for _ in range(round(clients * app.share / weights))]
    apps = (apps + [CAST[0]] * clients)[:clients]
    rng.shuffle(apps)
    imminent, watch, busy = (round(clients * share) for share in (IMMINENT_SHARE, WATCH_SHARE, BUSY_SHARE))
    places = [Place.IMMINENT] * imminent + [Place.WATCH] * watch + [Place.BUSY] * busy
    places = (places + [Place.CALM] * clients)[:clients]
    lefts = [4.0 + 53.0 * (k + rng.random()) / imminent for k in range(imminent)]
    lefts += [65.0 + 525.0 * (k + rng.random()) / watch for k in range(watch)]
    lefts = (lefts + [0.0] * clients)[:clients]
    parts = list(zip(places, lefts, strict=True))
    rng.shuffle(parts)
    return [
        Entrance(app, place, left, bool(app.writes) and rng.random() < TRANSACTION_SHARE)
        for app, (place, left) in zip(apps, parts, strict=True)
    ]


def limit_for(app: Application, stage: Stage, rng: Random) -> int:
    """The own limit of a new session, in seconds."""
    inherits = not app.sets_its_own and rng.random() < stage.inherits
    own = None if inherits else rng.choice(app.limits)
    return stage.value("wait_timeout") if own is None else own


def idle_at_start(entrance: Entrance, limit: float, rng: Random) -> float:
    """How many seconds a session has been idle when the play begins; always less than its limit."""
    if entrance.place in {Place.IMMINENT, Place.WATCH}:
        return limit - min(entrance.left, limit * rng.uniform(0.4, 0.95))
    if limit > DAY:
        return rng.uniform(2, 20) * 3600
    usual = min(rng.expovariate(1 / entrance.app.pause), 0.5 * limit)
    if rng.random() < 0.3:
        usual = rng.uniform(0.05, 0.85) * min(limit, 10 * 3600)
    return min(usual, max(limit - 620.0, 0.3 * limit))
