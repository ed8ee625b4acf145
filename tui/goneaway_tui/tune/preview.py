"""The consequence, before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.language import _, ngettext
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Keep, Standing
from goneaway_tui.tune.accidents import ACCIDENTS
from goneaway_tui.tune.actions import SetVariable, digits, restoring
from goneaway_tui.tune.clamp import clamped
from goneaway_tui.tune.scene import Scene
from goneaway_tui.tune.tunables import Reach, Tunable, Unit
from goneaway_tui.tune.values import words


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
        said.append(_("0 is {meaning}", meaning=_(tunable.zero)))
    if tunable.closes_idle:
        said.append(_closings(scene))
    said.extend(ROOM[tunable.name](scene) if tunable.name in ROOM else ())
    if tunable.client_note:
        said.append(_(tunable.client_note))
    return tuple(said)


def _closings(scene: Scene) -> str:
    ahead, whose = scene.ahead, _(scene.tunable.closes.value)
    idle = len(scene.closable)
    soon = ahead.within_minute - ahead.by_now
    if not soon:
        return _(
            "with this limit {closed:,} of {idle:,} {whose} would be closed by now",
            closed=ahead.by_now,
            idle=idle,
            whose=whose,
        )
    return _(
        "with this limit {closed:,} of {idle:,} {whose} would be closed by now, {soon:,} more within a minute",
        closed=ahead.by_now,
        idle=idle,
        whose=whose,
        soon=soon,
    )


def _reach(scene: Scene) -> str:
    if scene.tunable.reach not in {Reach.NEW_SESSIONS, Reach.RECONNECT}:
        return scene.tunable.reach.sentence
    return _(
        "0 of {open:,} open sessions change: each keeps its own until it reconnects", open=len(scene.open)
    )


def _after_restart(standing: Standing, kept: float, keep: Keep, unit: Unit) -> tuple[str, ...]:
    if keep is Keep.GLOBAL and standing.persisted is not None and standing.persisted != kept:
        return (_("a restart brings back the persisted {value}", value=words(standing.persisted, unit)),)
    if keep is Keep.GLOBAL and standing.path:
        return (_("a restart brings back what {path} says", path=standing.path),)
    return ()


def _connections(scene: Scene) -> tuple[str, ...]:
    most = scene.snapshot.sample.counter("max_used_connections")
    said = [_used(scene.connected, most)]
    descriptors = scene.room.descriptors
    if descriptors is not None:
        said.append(
            _("the server's file descriptors allow {number:,} connections: enough", number=descriptors)
            if descriptors >= scene.kept
            else _(
                "the server's file descriptors allow {number:,} connections: fewer than this",
                number=descriptors,
            )
        )
    if scene.room.memory_each is not None:
        each, all_of_them = (
            words(size, Unit.BYTES)
            for size in (scene.room.memory_each, int(scene.room.memory_each * scene.kept))
        )
        said.append(_("each may take {each} of buffers, all of them {all}", each=each, all=all_of_them))
    return tuple(said)


def _used(connected: int, most: int | None) -> str:
    if most is None:
        return ngettext("{number:,} session connected now", "{number:,} sessions connected now", connected)
    return ngettext(
        "{number:,} session connected now, {most:,} at most since the server started",
        "{number:,} sessions connected now, {most:,} at most since the server started",
        connected,
        most=most,
    )


def _account(scene: Scene) -> tuple[str, ...]:
    user, sessions = scene.busiest
    if not sessions:
        return ()
    return (
        ngettext(
            "the account with most has {number:,} session open: {user}",
            "the account with most has {number:,} sessions open: {user}",
            sessions,
            user=user,
        ),
    )


ROOM: dict[str, Callable[[Scene], tuple[str, ...]]] = {
    "max_connections": _connections,
    "max_user_connections": _account,
}
