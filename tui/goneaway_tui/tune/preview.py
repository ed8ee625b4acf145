"""The consequence, before anything is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.judge.forecast import WhatIf, what_if
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.tuning import Keep, Room, Standing
from goneaway_tui.tune.actions import SetVariable, digits, restoring
from goneaway_tui.tune.clamp import clamped
from goneaway_tui.tune.tunables import Counts, Reach, Tunable, Unit
from goneaway_tui.tune.values import words

TENTH = 10
"""More than one in so many open sessions closed at their next idle is asked for twice, and so is less room to spare."""
TOO_SHORT = 30
"""Seconds: an idle limit below this closes sessions between two clicks."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do."""

    action: SetVariable
    """What to hand to the gate: the value as asked for, so that the server's own warning is seen."""
    kept: int | float
    """What the server will keep of it."""
    because: str | None
    """Why that is not what was asked for."""
    statement: str
    undo: str
    """What takes it back; empty where today's value is not known."""
    effects: tuple[str, ...]
    option_file: tuple[str, ...]
    """Lines that make it last where SET PERSIST does not exist."""
    second_ask: str | None
    """Said in words before it may be done, if it is likely to be an accident."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the sentences are about."""

    tunable: Tunable
    kept: int | float
    snapshot: Snapshot
    room: Room

    @property
    def open(self) -> tuple[Verdict, ...]:
        """The sessions of clients, ours aside."""
        return tuple(v for v in self.snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own)

    @property
    def closable(self) -> tuple[Verdict, ...]:
        """Those idle now whose waits this limit ends."""
        return tuple(v for v in self.open if v.session.is_idle and CLOSABLE[self.tunable.closes](v))

    @property
    def ahead(self) -> WhatIf:
        """What the limit would do to them."""
        limit = float("inf") if self.tunable.zero and not self.kept else self.kept
        return what_if(self.closable, self.snapshot.taken_at, limit)

    @property
    def closed(self) -> int:
        """How many of them would be gone already."""
        return self.ahead.by_now

    @property
    def connected(self) -> int:
        counted = self.snapshot.sample.counter("threads_connected")
        return len(self.snapshot.verdicts) if counted is None else counted


def preview(
    tunable: Tunable,
    standing: Standing,
    wanted: float,
    snapshot: Snapshot,
    keep: Keep,
) -> Preview:
    """What setting `wanted` would do to the server in `snapshot`."""
    old = standing.variable.value
    kept = clamped(wanted, standing, tunable)
    scene = Scene(tunable, kept.value, snapshot, standing.room)
    action = SetVariable(tunable.name, wanted, keep, old)
    undo = () if old is None else restoring(tunable.name, old, kept.value, keep, standing.persisted)
    return Preview(
        action,
        kept.value,
        kept.because,
        action.statement,
        "; ".join(each.statement for each in undo),
        (*_effects(scene), *_after_restart(standing, kept.value, keep, tunable.unit)),
        ("[mysqld]", f"{tunable.name} = {digits(kept.value)}"),
        next((why for why in (rule(scene) for rule in ACCIDENTS) if why), None),
    )


# --- What it does


def _effects(scene: Scene) -> tuple[str, ...]:
    tunable = scene.tunable
    said = [_reach(scene)]
    if tunable.zero and not scene.kept:
        said.append(f"0 is {tunable.zero}")
    if tunable.closes_idle:
        ahead = scene.ahead
        idle = f"{ahead.by_now:,} of {len(scene.closable):,} {tunable.closes}"
        soon = ahead.within_minute - ahead.by_now
        more = f", {soon:,} more within a minute" if soon else ""
        said.append(f"with this limit {idle} would be closed by now{more}")
    said.extend(ROOM[tunable.name](scene) if tunable.name in ROOM else ())
    if tunable.client_note:
        said.append(tunable.client_note)
    return tuple(said)


def _reach(scene: Scene) -> str:
    if scene.tunable.reach not in {Reach.NEW_SESSIONS, Reach.RECONNECT}:
        return scene.tunable.reach.sentence
    return f"0 of {len(scene.open):,} open sessions change: each keeps its own until it reconnects"


def _after_restart(standing: Standing, kept: float, keep: Keep, unit: Unit) -> tuple[str, ...]:
    if keep is Keep.GLOBAL and standing.persisted is not None and standing.persisted != kept:
        return (f"a restart brings back the persisted {words(standing.persisted, unit)}",)
    if keep is Keep.GLOBAL and standing.path:
        return (f"a restart brings back what {standing.path} says",)
    return ()


def _connections(scene: Scene) -> tuple[str, ...]:
    most = scene.snapshot.sample.counter("max_used_connections")
    used = f"{_sessions(scene.connected)} connected now"
    said = [used if most is None else f"{used}, {most:,} at most since the server started"]
    if scene.room.descriptors is not None:
        enough = "enough" if scene.room.descriptors >= scene.kept else "fewer than this"
        said.append(f"the server's file descriptors allow {scene.room.descriptors:,} connections: {enough}")
    if scene.room.memory_each is not None:
        each, all_of_them = (
            words(size, Unit.BYTES)
            for size in (scene.room.memory_each, int(scene.room.memory_each * scene.kept))
        )
        said.append(f"each may take {each} of buffers, all of them {all_of_them}")
    return tuple(said)


def _account(scene: Scene) -> tuple[str, ...]:
    user, sessions = _busiest(scene)
    return (f"the account with most has {_sessions(sessions)} open: {user}",) if sessions else ()


# --- What is likely to be an accident


def _closes_many(scene: Scene) -> str | None:
    everybody = len(scene.open)
    if not scene.tunable.closes_idle or scene.closed * TENTH <= everybody:
        return None
    return (
        f"{scene.closed:,} of {_sessions(everybody, 'open ')} have idled longer than {_limit(scene)} by now: "
        f"once {WHOSE.get(scene.tunable.closes, 'they')} carry this limit, each such wait ends in a closed connection"
    )


def _closes_early(scene: Scene) -> str | None:
    if not scene.tunable.closes_idle or scene.kept >= TOO_SHORT or (scene.tunable.zero and not scene.kept):
        return None
    return f"{_limit(scene)} is less than {TOO_SHORT} s: sessions will be closed between two statements of a user at work"


def _starves_all(scene: Scene) -> str | None:
    if scene.tunable.name != "max_connections" or _leaves_room(scene.kept, scene.connected):
        return None
    return (
        f"{_sessions(scene.connected)} connected now, and {scene.kept:,} leaves less than a tenth to spare: "
        "who connects next may be refused, you too"
    )


def _starves_an_account(scene: Scene) -> str | None:
    user, sessions = _busiest(scene)
    if scene.tunable.name != "max_user_connections" or scene.kept <= 0:
        return None
    if _leaves_room(scene.kept, sessions):
        return None
    return f"{user} has {_sessions(sessions)} open now: with {scene.kept:,} its next logins may be refused"


ACCIDENTS: tuple[Callable[[Scene], str | None], ...] = (
    _closes_early,
    _closes_many,
    _starves_all,
    _starves_an_account,
)
ROOM: dict[str, Callable[[Scene], tuple[str, ...]]] = {
    "max_connections": _connections,
    "max_user_connections": _account,
}
WHOSE = {Counts.INTERACTIVE: "those whose clients are interactive"}
CLOSABLE: dict[Counts, Callable[[Verdict], bool]] = {
    Counts.NOBODY: lambda _: False,
    Counts.IDLE: lambda v: v.limit is None or not v.limit.variable.startswith("idle_"),
    Counts.INTERACTIVE: lambda _: True,
    Counts.TRANSACTIONS: lambda v: v.session.transaction is not None,
    Counts.READERS: lambda v: v.session.transaction is not None and not v.session.transaction.rows_modified,
    Counts.WRITERS: lambda v: v.session.transaction is not None and bool(v.session.transaction.rows_modified),
}


def _leaves_room(most: float, used: int) -> bool:
    return (most - used) * TENTH >= used


def _busiest(scene: Scene) -> tuple[str, int]:
    counted = Counter(v.session.user for v in scene.open).most_common(1)
    return (plain(counted[0][0]), counted[0][1]) if counted else ("", 0)


def _limit(scene: Scene) -> str:
    return words(scene.kept, scene.tunable.unit)


def _sessions(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}session{'' if number == 1 else 's'}"
