"""A value about to be set, and the sessions there are: what is foretold of it is read off this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.forecast import WhatIf, what_if
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.tuning import Persistence, ResourceHeadroom, VariableState
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import SetVariable, sql_number, undo_action
from goneaway_tui.tune.tunables import IdleCounting, Reach, Tunable, Unit
from goneaway_tui.tune.values import clamped, value_words


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What the sentences are about."""

    tunable: Tunable
    kept: int | float
    snapshot: Snapshot
    headroom: ResourceHeadroom

    @property
    def open_sessions(self) -> tuple[Verdict, ...]:
        """The sessions of clients, ours aside."""
        return tuple(v for v in self.snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own)

    @property
    def closable_sessions(self) -> tuple[Verdict, ...]:
        """Those idle now whose waits this limit ends."""
        return tuple(
            v for v in self.open_sessions if v.session.is_idle and CLOSED_BY[self.tunable.idle_counting](v)
        )

    @property
    def what_if(self) -> WhatIf:
        """What the limit would do to them."""
        limit = float("inf") if self.tunable.zero_meaning and not self.kept else self.kept
        return what_if(self.closable_sessions, self.snapshot.taken_at, limit)

    @property
    def closed_by_now(self) -> int:
        """How many of them would be gone already."""
        return self.what_if.by_now

    @property
    def connected(self) -> int:
        counted = self.snapshot.sample.counter("threads_connected")
        return len(self.snapshot.verdicts) if counted is None else counted

    @property
    def busiest_account(self) -> tuple[str, int]:
        """The account with most sessions, fit to show, and how many these are; "" and 0 where there are none."""
        counted = Counter(v.session.user for v in self.open_sessions).most_common(1)
        return (plain(counted[0][0]), counted[0][1]) if counted else ("", 0)

    @property
    def kept_words(self) -> str:
        """What will be kept, in words."""
        return value_words(self.kept, self.tunable.unit)


CLOSED_BY: dict[IdleCounting, Callable[[Verdict], bool]] = {
    IdleCounting.NOBODY: lambda _verdict: False,
    IdleCounting.IDLE: lambda v: v.limit is None or not v.limit.variable.startswith("idle_"),
    IdleCounting.INTERACTIVE: lambda _verdict: True,
    IdleCounting.TRANSACTIONS: lambda v: v.session.transaction is not None,
    IdleCounting.READERS: lambda v: (
        v.session.transaction is not None and not v.session.transaction.rows_modified
    ),
    IdleCounting.WRITERS: lambda v: (
        v.session.transaction is not None and bool(v.session.transaction.rows_modified)
    ),
}
"""Whose idle waits a limit ends."""


SPARE_SHARE = 10
"""More than one in so many open sessions closed at their next idle is asked for twice, and so is less room to spare."""
SMALLEST_DEFAULT_PACKET = 1 << 20
"""Bytes: the least that any server still in use came with (MySQL 5.5 and MariaDB 10.1)."""
TOO_SHORT_SECONDS = 30
"""Seconds: an idle limit below this closes sessions between two clicks."""


def _closes_many(scene: PlannedChange) -> str | None:
    everybody = len(scene.open_sessions)
    if not scene.tunable.closes_idle or scene.closed_by_now * SPARE_SHARE <= everybody:
        return None
    if scene.tunable.idle_counting is IdleCounting.INTERACTIVE:
        return ngettext(
            "{closed:,} of {number:,} open session have idled longer than {limit} by now: once those whose clients are "
            "interactive carry this limit, each such wait ends in a closed connection",
            "{closed:,} of {number:,} open sessions have idled longer than {limit} by now: once those whose clients are "
            "interactive carry this limit, each such wait ends in a closed connection",
            everybody,
            closed=scene.closed_by_now,
            limit=scene.kept_words,
        )
    return ngettext(
        "{closed:,} of {number:,} open session have idled longer than {limit} by now: once they carry this limit, each "
        "such wait ends in a closed connection",
        "{closed:,} of {number:,} open sessions have idled longer than {limit} by now: once they carry this limit, each "
        "such wait ends in a closed connection",
        everybody,
        closed=scene.closed_by_now,
        limit=scene.kept_words,
    )


def _closes_early(scene: PlannedChange) -> str | None:
    if (
        not scene.tunable.closes_idle
        or scene.kept >= TOO_SHORT_SECONDS
        or (scene.tunable.zero_meaning and not scene.kept)
    ):
        return None
    return _(
        "{limit} is less than {seconds} s: sessions will be closed between two statements of a user at work",
        limit=scene.kept_words,
        seconds=TOO_SHORT_SECONDS,
    )


def _rejects_packets(scene: PlannedChange) -> str | None:
    if scene.tunable.name != "max_allowed_packet" or scene.kept >= SMALLEST_DEFAULT_PACKET:
        return None
    return _(
        "{limit} is less than servers have ever come with: what was sent without trouble before may cut new sessions off",
        limit=scene.kept_words,
    )


def _fills_server(scene: PlannedChange) -> str | None:
    if scene.tunable.name != "max_connections" or _leaves_room(scene.kept, scene.connected):
        return None
    return ngettext(
        "{number:,} session connected now, and {most:,} leaves less than a tenth to spare: "
        "who connects next may be refused, you too",
        "{number:,} sessions connected now, and {most:,} leaves less than a tenth to spare: "
        "who connects next may be refused, you too",
        scene.connected,
        most=scene.kept,
    )


def _fills_account(scene: PlannedChange) -> str | None:
    user, sessions = scene.busiest_account
    if scene.tunable.name != "max_user_connections" or scene.kept <= 0:
        return None
    if _leaves_room(scene.kept, sessions):
        return None
    return ngettext(
        "{user} has {number:,} session open now: with {most:,} its next logins may be refused",
        "{user} has {number:,} sessions open now: with {most:,} its next logins may be refused",
        sessions,
        user=user,
        most=scene.kept,
    )


def _leaves_room(most: float, used: int) -> bool:
    return (most - used) * SPARE_SHARE >= used


CONFIRMATIONS: tuple[Callable[[PlannedChange], str | None], ...] = (
    _closes_early,
    _closes_many,
    _rejects_packets,
    _fills_server,
    _fills_account,
)
"""The first that has something to say is heard."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do."""

    action: SetVariable
    """What to hand to the gate: the value as asked for, so that the server's own warning is seen."""
    kept: int | float
    """What the server will keep of it."""
    why_clamped: str | None
    """Why that is not what was asked for."""
    statement: str
    undo: str
    """What takes it back; empty where today's value is not known."""
    effects: tuple[str, ...]
    option_file: tuple[str, ...]
    """Lines that make it last where SET PERSIST does not exist."""
    confirmation: str | None
    """Said in words before it may be done, if it is likely to be an accident."""


def preview(
    tunable: Tunable,
    state: VariableState,
    wanted: float,
    snapshot: Snapshot,
    keep: Persistence,
) -> Preview:
    """What setting `wanted` would do to the server in `snapshot`."""
    old = state.variable.value
    kept = clamped(wanted, state, tunable)
    scene = PlannedChange(tunable, kept.value, snapshot, state.headroom)
    action = SetVariable(tunable.name, wanted, keep, old)
    undo = () if old is None else undo_action(tunable.name, old, kept.value, keep, state.persisted)
    return Preview(
        action,
        kept.value,
        kept.why_clamped,
        action.statement,
        "; ".join(each.statement for each in undo),
        (*_effects(scene), *_after_restart(state, kept.value, keep, tunable.unit)),
        ("[mysqld]", f"{tunable.name} = {sql_number(kept.value)}"),
        next((why for why in (rule(scene) for rule in CONFIRMATIONS) if why), None),
    )


# --- What it does


def _effects(scene: PlannedChange) -> tuple[str, ...]:
    tunable = scene.tunable
    said = [_reach(scene)]
    if tunable.zero_meaning and not scene.kept:
        said.append(_("0 is {meaning}", meaning=_(tunable.zero_meaning)))
    if tunable.closes_idle:
        said.append(_closings(scene))
    said.extend(RESOURCE_SENTENCES[tunable.name](scene) if tunable.name in RESOURCE_SENTENCES else ())
    if tunable.client_note:
        said.append(_(tunable.client_note))
    return tuple(said)


def _closings(scene: PlannedChange) -> str:
    ahead, whose = scene.what_if, _(scene.tunable.idle_counting.value)
    idle = len(scene.closable_sessions)
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


def _reach(scene: PlannedChange) -> str:
    if scene.tunable.reach not in {Reach.NEW_SESSIONS, Reach.RECONNECT}:
        return scene.tunable.reach.sentence
    return _(
        "0 of {open:,} open sessions change: each keeps its own until it reconnects",
        open=len(scene.open_sessions),
    )


def _after_restart(standing: VariableState, kept: float, keep: Persistence, unit: Unit) -> tuple[str, ...]:
    if keep is Persistence.GLOBAL and standing.persisted is not None and standing.persisted != kept:
        return (
            _("a restart brings back the persisted {value}", value=value_words(standing.persisted, unit)),
        )
    if keep is Persistence.GLOBAL and standing.path:
        return (_("a restart brings back what {path} says", path=standing.path),)
    return ()


def _connections(scene: PlannedChange) -> tuple[str, ...]:
    most = scene.snapshot.sample.counter("max_used_connections")
    said = [_used(scene.connected, most)]
    descriptors = scene.headroom.connections_by_descriptors
    if descriptors is not None:
        said.append(
            _("the server's file descriptors allow {number:,} connections: enough", number=descriptors)
            if descriptors >= scene.kept
            else _(
                "the server's file descriptors allow {number:,} connections: fewer than this",
                number=descriptors,
            )
        )
    if scene.headroom.bytes_per_session is not None:
        each, all_of_them = (
            value_words(size, Unit.BYTES)
            for size in (scene.headroom.bytes_per_session, int(scene.headroom.bytes_per_session * scene.kept))
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


def _account(scene: PlannedChange) -> tuple[str, ...]:
    user, sessions = scene.busiest_account
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


RESOURCE_SENTENCES: dict[str, Callable[[PlannedChange], tuple[str, ...]]] = {
    "max_connections": _connections,
    "max_user_connections": _account,
}
