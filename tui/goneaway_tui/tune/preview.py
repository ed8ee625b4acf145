"""The preview of a change: what the server will keep, its effect on the sessions there are, and when to confirm twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.forecast import WhatIf, what_if
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.tuning import Persistence, ResourceHeadroom, VariableState
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import SetVariable, sql_number, undo_action
from goneaway_tui.tune.tunables import AppliesTo, IdleCounting, Tunable, Unit
from goneaway_tui.tune.values import clamped, value_words


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A value about to be set, and the sessions it meets."""

    tunable: Tunable
    kept: int | float
    snapshot: Snapshot
    headroom: ResourceHeadroom

    @property
    def open_sessions(self) -> tuple[Verdict, ...]:
        """The sessions of clients, our own left out."""
        return tuple(v for v in self.snapshot.verdicts if v.session.is_client)

    @property
    def closable_sessions(self) -> tuple[Verdict, ...]:
        """The sessions that are idle now and that this limit would close."""
        return tuple(
            v for v in self.open_sessions if v.session.is_idle and CLOSED_BY[self.tunable.idle_counting](v)
        )

    @property
    def what_if(self) -> WhatIf:
        """What the limit would do to them."""
        limit = float("inf") if self.tunable.zero_meaning and not self.kept else self.kept
        return what_if(self.closable_sessions, self.snapshot.taken_at, limit)

    @property
    def busiest_account(self) -> tuple[str, int]:
        """The account with the most sessions, fit to show, and their number; "" and 0 where there are none."""
        counted = Counter(v.session.user for v in self.open_sessions).most_common(1)
        return (plain(counted[0][0]), counted[0][1]) if counted else ("", 0)

    @property
    def kept_words(self) -> str:
        """The value that will be kept, in words."""
        return value_words(self.kept, self.tunable.unit)


CLOSED_BY: dict[IdleCounting, Callable[[Verdict], bool]] = {
    IdleCounting.NO_SESSION: lambda _verdict: False,
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
"""Whether a limit closes a session for being idle, by what the limit counts."""


SPARE_SHARE = 10
"""A change is confirmed twice if it would close more than one in so many open sessions, or leaves fewer connections to spare."""
SMALLEST_DEFAULT_PACKET = 1 << 20
"""Bytes: the smallest default of any server still in use (MySQL 5.5 and MariaDB 10.1)."""
TOO_SHORT_SECONDS = 30
"""Seconds: an idle limit below this closes sessions between two clicks."""


def _closes_many(change: PlannedChange) -> str | None:
    open_sessions = len(change.open_sessions)
    if not change.tunable.closes_idle or change.what_if.by_now * SPARE_SHARE <= open_sessions:
        return None
    if change.tunable.idle_counting is IdleCounting.INTERACTIVE:
        return ngettext(
            "{closed:,} of {number:,} open session has been idle for longer than {limit}: after interactive clients reconnect, "
            "they have this limit, and each such pause ends with a closed connection",
            "{closed:,} of {number:,} open sessions have been idle for longer than {limit}: after interactive clients "
            "reconnect, they have this limit, and each such pause ends with a closed connection",
            open_sessions,
            closed=change.what_if.by_now,
            limit=change.kept_words,
        )
    return ngettext(
        "{closed:,} of {number:,} open session has been idle for longer than {limit}: after reconnecting it has this "
        "limit, and each such pause ends with a closed connection",
        "{closed:,} of {number:,} open sessions have been idle for longer than {limit}: after reconnecting they have this "
        "limit, and each such pause ends with a closed connection",
        open_sessions,
        closed=change.what_if.by_now,
        limit=change.kept_words,
    )


def _closes_early(change: PlannedChange) -> str | None:
    if (
        not change.tunable.closes_idle
        or change.kept >= TOO_SHORT_SECONDS
        or (change.tunable.zero_meaning and not change.kept)
    ):
        return None
    return _(
        "{limit} is less than {seconds} s: the server will close sessions between two statements of a working user",
        limit=change.kept_words,
        seconds=TOO_SHORT_SECONDS,
    )


def _rejects_packets(change: PlannedChange) -> str | None:
    if change.tunable.name != "max_allowed_packet" or change.kept >= SMALLEST_DEFAULT_PACKET:
        return None
    return _(
        "{limit} is less than every server's default: statements that worked before may end new sessions",
        limit=change.kept_words,
    )


def _fills_server(change: PlannedChange) -> str | None:
    if change.tunable.name != "max_connections" or _leaves_room(change.kept, change.snapshot.connected):
        return None
    return ngettext(
        "{number:,} session is connected now, and a limit of {most:,} leaves less than a tenth free: the next connection "
        "may be refused, yours too",
        "{number:,} sessions are connected now, and a limit of {most:,} leaves less than a tenth free: the next connection "
        "may be refused, yours too",
        change.snapshot.connected,
        most=change.kept,
    )


def _fills_account(change: PlannedChange) -> str | None:
    user, sessions = change.busiest_account
    if change.tunable.name != "max_user_connections" or change.kept <= 0:
        return None
    if _leaves_room(change.kept, sessions):
        return None
    return ngettext(
        "{user} has {number:,} session open now: with {most:,} its next logins may be refused",
        "{user} has {number:,} sessions open now: with {most:,} its next logins may be refused",
        sessions,
        user=user,
        most=change.kept,
    )


def _leaves_room(limit: float, used: int) -> bool:
    return (limit - used) * SPARE_SHARE >= used


CONFIRMATIONS: tuple[Callable[[PlannedChange], str | None], ...] = (
    _closes_early,
    _closes_many,
    _rejects_packets,
    _fills_server,
    _fills_account,
)
"""Rules that ask for a second confirmation; the first that applies is shown."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do, before it is made."""

    action: SetVariable
    """The action for the gate: the value as asked for, so that the server's own warning is shown."""
    kept: int | float
    """The value that the server will keep."""
    why_clamped: str | None
    """Why the server will not keep the value asked for; None where it will."""
    statement: str
    undo: str
    """The statements that undo it; empty where the value now is not known."""
    effects: tuple[str, ...]
    option_file: tuple[str, ...]
    """Option file lines that keep the value across a restart, where SET PERSIST does not exist."""
    confirmation: str | None
    """Why the change must be confirmed a second time; None where once is enough."""
    changes_nothing: bool = False
    """Whether the server has the value already, and keeps it across a restart where that is asked for."""


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
    change = PlannedChange(tunable, kept.value, snapshot, state.headroom)
    action = SetVariable(tunable.name, wanted, keep, old)
    undo = () if old is None else undo_action(tunable.name, old, kept.value, keep, state.persisted)
    return Preview(
        action,
        kept.value,
        kept.why_clamped,
        action.statement,
        "; ".join(action.statement for action in undo),
        (*_effects(change), *_after_restart(state, kept.value, keep, tunable.unit)),
        ("[mysqld]", f"{tunable.name} = {sql_number(kept.value)}"),
        next((why for why in (rule(change) for rule in CONFIRMATIONS) if why), None),
        old == kept.value and (keep is Persistence.GLOBAL or state.persisted == kept.value),
    )


# --- Effects


def _effects(change: PlannedChange) -> tuple[str, ...]:
    tunable = change.tunable
    sentences = [_reach(change)]
    if tunable.zero_meaning and not change.kept:
        sentences.append(_("0 means {meaning}", meaning=_(tunable.zero_meaning)))
    if tunable.closes_idle:
        sentences.append(_closings(change))
    sentences.extend(RESOURCE_SENTENCES[tunable.name](change) if tunable.name in RESOURCE_SENTENCES else ())
    if tunable.client_note:
        sentences.append(_(tunable.client_note))
    return tuple(sentences)


def _closings(change: PlannedChange) -> str:
    ahead, whose = change.what_if, _(change.tunable.idle_counting.value)
    idle = len(change.closable_sessions)
    soon = ahead.within_minute - ahead.by_now
    if not soon and not ahead.by_now:
        return _("by now, this limit would have closed none of {idle:,} {whose}", idle=idle, whose=whose)
    if not soon:
        return _(
            "by now, this limit would have closed {closed:,} of {idle:,} {whose}",
            closed=ahead.by_now,
            idle=idle,
            whose=whose,
        )
    return _(
        "by now, this limit would have closed {closed:,} of {idle:,} {whose}, and {soon:,} more within a minute if they stay idle",
        closed=ahead.by_now,
        idle=idle,
        whose=whose,
        soon=soon,
    )


def _reach(change: PlannedChange) -> str:
    if change.tunable.applies_to not in {AppliesTo.NEW_SESSIONS, AppliesTo.RECONNECT}:
        return change.tunable.applies_to.sentence
    return _(
        "0 of {open:,} open sessions change now: each session keeps its value until it reconnects",
        open=len(change.open_sessions),
    )


def _after_restart(state: VariableState, kept: float, keep: Persistence, unit: Unit) -> tuple[str, ...]:
    if keep is Persistence.GLOBAL and state.persisted is not None and state.persisted != kept:
        return (
            _("a restart restores the persisted value {value}", value=value_words(state.persisted, unit)),
        )
    if keep is Persistence.GLOBAL and state.path:
        return (_("a restart restores the value in {path}", path=state.path),)
    return ()


def _connections(change: PlannedChange) -> tuple[str, ...]:
    max_used = change.snapshot.sample.counter("max_used_connections")
    sentences = [_used(change.snapshot.connected, max_used)]
    descriptors = change.headroom.connections_by_descriptors
    if descriptors is not None:
        sentences.append(
            _("the server's file descriptors allow {number:,} connections: enough", number=descriptors)
            if descriptors >= change.kept
            else _(
                "the server's file descriptors allow {number:,} connections: fewer than the new value",
                number=descriptors,
            )
        )
    if change.headroom.bytes_per_session is not None:
        per_session, total = (
            value_words(size, Unit.BYTES)
            for size in (
                change.headroom.bytes_per_session,
                int(change.headroom.bytes_per_session * change.kept),
            )
        )
        sentences.append(
            _(
                "each session may use {each} of buffers, all sessions together {all}",
                each=per_session,
                all=total,
            )
        )
    return tuple(sentences)


def _used(connected: int, max_used: int | None) -> str:
    if max_used is None:
        return ngettext("{number:,} session connected now", "{number:,} sessions connected now", connected)
    return ngettext(
        "{number:,} session connected now, {most:,} at most since the server started",
        "{number:,} sessions connected now, {most:,} at most since the server started",
        connected,
        most=max_used,
    )


def _account(change: PlannedChange) -> tuple[str, ...]:
    user, sessions = change.busiest_account
    if not sessions:
        return ()
    return (
        ngettext(
            "the account with the most sessions has {number:,} open: {user}",
            "the account with the most sessions has {number:,} open: {user}",
            sessions,
            user=user,
        ),
    )


RESOURCE_SENTENCES: dict[str, Callable[[PlannedChange], tuple[str, ...]]] = {
    "max_connections": _connections,
    "max_user_connections": _account,
}
