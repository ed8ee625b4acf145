"""The demo's first minute: what a new user sees predicted in it happens.

A session that comes near its closing is closed by the server; a session that its client goes on using is used again while
its closing is far. Clients that come back at the last moment, and sessions that outlive an assumed limit, come later.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol

from goneaway_tui.source.demo.server import LARGEST_PACKET
from goneaway_tui.source.demo.shop import Part

OPENING_SECONDS = 60.0
"""How long this lasts; seconds of the workload's time, which is never ahead of a clock's."""
NEAR_SECONDS = 10.0
"""A closing is near from here on."""
LEAST_ROOM = 3.0
"""Seconds a session must be able to idle before its closing is near; else its client falls silent at once."""
SILENCE_EVERY = 4.0
"""Seconds from one session under the global limit falling silent to the next: the first does so at once."""
KILL_AT = 4.0
PACKET_AT = 9.0
"""From when on one session may be killed, and another send a packet that is too large."""
KNOWN_AFTER = 2.0
"""Seconds after a login from which on something happens to a session: until then a reader may not have seen it."""
KILLER, SENDER = "etl", "report"
"""Users: of the session that kills another of the same user, which needs no privilege, and of the one that sends the packet."""


class Player(Protocol):
    """What the opening asks of one of the workload's clients."""

    part: Part
    expected_limit: int

    @property
    def session_id(self) -> int | None: ...

    @property
    def keeps_global(self) -> bool: ...

    def run(self, statement: str, *values: object) -> None: ...

    def fall_silent(self, rng: Random) -> float: ...


class Opening:
    """What each client does in the first minute beyond its own habits."""

    def __init__(self, players: Sequence[Player]) -> None:
        self._players = players
        self._silence_at = 0.0
        self._kill_at = KILL_AT
        self._packet_at = PACKET_AT
        self._logins: dict[int, float] = {}
        """When each session logged in, by its id."""

    def directed(self, player: Player, now: float, pause: float, rng: Random) -> float:
        """The seconds until a client acts again that has acted `now` and would pause so long by itself."""
        if player.session_id is None:
            return pause
        self._logins.setdefault(player.session_id, now)
        room = player.expected_limit - NEAR_SECONDS
        if room < LEAST_ROOM:
            return player.fall_silent(rng)
        if player.keeps_global and now >= self._silence_at:
            self._silence_at = now + SILENCE_EVERY
            return player.fall_silent(rng)
        if self._is_known(player, now):
            self._play_scene(player, now)
        return min(pause, room * rng.uniform(0.6, 1.0))

    def _is_known(self, player: Player, now: float) -> bool:
        """Whether its session has been there for so long that a reader has seen it."""
        return player.session_id is not None and self._logins[player.session_id] <= now - KNOWN_AFTER

    def _play_scene(self, player: Player, now: float) -> None:
        """The KILL or the packet, where it is time and this is the client to do it."""
        if now >= self._kill_at and player.part.user == KILLER:
            others = (each for each in self._players if each is not player and each.part.user == KILLER)
            victim = next((each.session_id for each in others if self._is_known(each, now)), None)
            if victim is not None:
                self._kill_at = float("inf")
                player.run("KILL %s", victim)
        elif now >= self._packet_at and player.part.user == SENDER:
            self._packet_at = float("inf")
            player.run("UPDATE orders SET customer = %s", "x" * LARGEST_PACKET)
