"""Reading MySQL's sessions.

The process list comes whole. What a statement may have changed (the idle clock, the own limit, the last statement)
comes from the statement events that ended since the last reading, so nothing is asked of a session that slept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from goneaway_tui.model.session import ProcesslistId, Role, Session, ThreadId, Transaction
from goneaway_tui.ports import Clock
from goneaway_tui.source.coarse import TIME_ERROR, by_whole_seconds
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.dossier import (
    CoarseWait,
    Dossier,
    StatementEvent,
    command_words,
    optional,
    read_attributes,
    read_open_transactions,
    text,
)
from goneaway_tui.source.roles import role_of
from goneaway_tui.source.survey import Survey
from goneaway_tui.source.timebase import Timebase

PICOSECONDS = 1e12
ASKED_AT_ONCE = 500
"""Sessions whose variables one statement asks for: 20 ms of the server's time at the measured 40 microseconds each."""
LOOK_BACK = 0.005
"""Seconds before the last reading from which events are asked again, so that none falls between two readings."""
SWEEP_SECONDS = 30.0
"""How often own limits are asked again of sessions without events: these may change them unseen."""


class MysqlReader:
    """Reads sessions over one connection; remembers what is asked once. A new connection needs a new reader."""

    def __init__(self, connection: Connection, found: Survey, clock: Clock, text_length: int) -> None:
        """`text_length`: characters of SQL text to bring, 0 for none."""
        self._connection = connection
        self._found = found
        self._clock = clock
        self._text_length = text_length
        self._timer = Timebase()
        self._wall = Timebase()
        self._events_since = 0.0
        self._known: dict[int, Dossier] = {}
        self._own_thread: int | None = None
        self._looked_at = -math.inf
        """When the list was read last."""
        self._swept_at = -math.inf
        self._exact = False
        """Whether this reading could tell the timer, without which no event can be placed in time."""
        self.is_blinded = False
        """Events were kept when we connected and are no longer: what was found out then does not hold any more."""
        statement = found.statement("own_thread")
        if statement is not None:
            own = connection.rows(statement)
            self._own_thread = int(own[0][0]) if own else None

    def sessions(self, uptime: float = math.inf) -> tuple[float, tuple[Session, ...]]:
        """The instant of the reading on our clock, and every session. Raises SourceError.

        `uptime` is the server's age in seconds: a TIME beyond it is nobody's.
        """
        now_on_timer = self._read_clocks()
        sent = self._clock()
        rows = self._connection.rows(self._found.must("sessions"), (self._text_length,))
        taken_at = (sent + self._clock()) / 2
        new = self._meet(rows)
        ran = self._read_events(now_on_timer)
        unseen = self._watch_coarsely(rows, new, taken_at, uptime)
        self._looked_at = taken_at
        self._read_own_limits(ran | unseen | {d.thread for d in new.values() if d.thread is not None})
        self._read_hosts(new)
        read_attributes(self._connection, self._found, new)
        transactions = self._read_transactions(taken_at)
        return taken_at, tuple(self._session(row, transactions, taken_at) for row in rows)

    def _read_clocks(self) -> float | None:
        """Set both timebases by the server's clocks; the statement timer's reading in seconds, where there is one."""
        timer = None
        if self._own_thread is not None:
            timer = self._observe(self._found.must("clock"), (self._own_thread,))
            self.is_blinded = timer is None
        if timer is None:
            self._observe(self._found.must("wall"), ())
        self._exact = timer is not None
        return timer

    def _observe(self, statement: str, parameters: tuple[int, ...]) -> float | None:
        sent = self._clock()
        rows = self._connection.rows(statement, parameters)
        received = self._clock()
        if not rows:
            return None
        timer, wall = rows[0]
        self._wall.observe(sent, received, float(wall))
        if timer is None:
            return None
        seconds = int(timer) / PICOSECONDS
        moved = self._timer.observe(sent, received, seconds)
        if moved:
            # What only fell behind stood still with its machine, and so did the waits; else somebody set the clock it is.
            was_set, self._events_since = moved > 0 or seconds < self._events_since, 0.0
            for dossier in self._known.values() if was_set else ():
                dossier.timer_moved += moved
        return seconds

    def _meet(self, rows: Iterable[Row]) -> dict[int, Dossier]:
        """Forget who is gone; open a dossier for who is new, and return those."""
        known, new = {}, {}
        for row in rows:
            thread, session_id, command_time = row[0], int(row[1]), row[6]
            dossier = self._known.get(session_id)
            if dossier is None or dossier.thread != thread:
                dossier = Dossier(thread=None if thread is None else ThreadId(int(thread)))
                if command_time is not None:
                    new[session_id] = dossier
            if command_time is not None:
                known[session_id] = dossier
        self._known = known
        return new

    def _read_events(self, now_on_timer: float | None) -> set[ThreadId]:
        """Note the last statement of every session that ran one since the last reading; return their threads."""
        statement = self._found.statement("statements")
        if statement is None:
            return set()
        by_thread = {d.thread: d for d in self._known.values() if d.thread is not None}
        since = round(max(0.0, self._events_since - LOOK_BACK) * PICOSECONDS)
        ran: set[ThreadId] = set()
        for thread, start, end, running, name, sql_text in self._connection.rows(
            statement, (self._text_length, since)
        ):
            dossier = by_thread.get(thread)
            if dossier is None or start is None or end is None:
                continue
            event = StatementEvent(start / PICOSECONDS, end / PICOSECONDS, bool(running), text(name))
            if dossier.event != event:
                dossier.event, dossier.timer_moved = event, 0.0
                ran.add(thread)
                if sql_text or not event.half_sent:
                    dossier.statement = optional(sql_text) or command_words(event.name)
        if now_on_timer is not None:
            self._events_since = now_on_timer
        return ran

    def _watch_coarsely(
        self, rows: Iterable[Row], new: dict[int, Dossier], taken_at: float, uptime: float
    ) -> set[ThreadId]:
        """Follow the idle waits of sessions without events; return the threads that may have run something unseen.

        Where TIME began anew since the last look, the wait began between the looks, whatever TIME says.
        """
        sweep = taken_at - self._swept_at > SWEEP_SECONDS
        if sweep:
            self._swept_at = taken_at
        unseen: set[ThreadId] = set()
        for row in rows:
            session_id, command, seconds, instrumented = int(row[1]), text(row[5]), row[6], bool(row[10])
            dossier = self._known.get(session_id)
            if dossier is None or seconds is None:
                continue
            if instrumented and self._exact:
                dossier.followed = False
                continue
            before, dossier.wait = dossier.wait, None
            if command == "Sleep":
                followed = dossier.followed or (session_id in new and self._looked_at > -math.inf)
                dossier.wait = self._coarse_wait(before, int(seconds), taken_at, uptime, followed=followed)
            dossier.followed = True
            lately = not uptime >= int(seconds) > taken_at - self._looked_at + 2 * TIME_ERROR
            if dossier.thread is not None and (sweep or lately or dossier.wait != before):
                unseen.add(dossier.thread)
        return unseen

    def _coarse_wait(
        self, before: CoarseWait | None, seconds: int, taken_at: float, uptime: float, *, followed: bool
    ) -> CoarseWait:
        """This session's idle wait. `followed`: at the last look it worked, waited otherwise, or was not there."""
        second = math.floor(taken_at - self._wall.offset) - seconds
        if before is not None and abs(second - before.second) <= 1:
            return before
        since, within = by_whole_seconds(seconds, taken_at, self._wall, uptime)
        if followed:
            earliest = max(self._looked_at, -math.inf if since is None else since - TIME_ERROR / 2)
            since, within = (earliest + taken_at) / 2, max(TIME_ERROR, (taken_at - earliest) / 2)
        return CoarseWait(second, since, within)

    def _read_own_limits(self, threads: Iterable[ThreadId]) -> None:
        statement = self._found.statement("own_limits")
        if statement is None:
            return
        by_thread = {d.thread: d for d in self._known.values() if d.thread is not None}
        wanted = sorted(thread for thread in threads if thread in by_thread)
        for first in range(0, len(wanted), ASKED_AT_ONCE):
            for thread, name, value in self._connection.rows(
                statement, (wanted[first : first + ASKED_AT_ONCE],)
            ):
                if text(name) == "wait_timeout":
                    by_thread[thread].own_limit = int(value)
                else:
                    by_thread[thread].began = self._wall.local(float(value))

    def _read_hosts(self, new: dict[int, Dossier]) -> None:
        statement = self._found.statement("hosts")
        if statement is None or not new:
            return
        for session_id, host in self._connection.rows(statement, (min(new),)):
            if int(session_id) in new:
                new[int(session_id)].host = text(host)

    def _read_transactions(self, taken_at: float) -> dict[int, Transaction]:
        """Open transactions by session id: when they began from the events, what they hold from InnoDB."""
        began: dict[int, tuple[float, bool]] = {}
        statement = self._found.statement("transactions")
        if statement is not None and self._timer.is_set:
            ids = {d.thread: session_id for session_id, d in self._known.items()}
            for thread, start, read_only in self._connection.rows(statement):
                if thread in ids and start is not None:
                    began[ids[thread]] = (self._timer.local(start / PICOSECONDS), bool(read_only))
        held = read_open_transactions(self._connection, self._found)
        return {
            session_id: _transaction(
                began.get(session_id),
                held.get(session_id),
                taken_at,
                rows_readable="process" in self._found.able,
            )
            for session_id in began.keys() | held.keys()
        }

    def _session(self, row: Row, transactions: dict[int, Transaction], taken_at: float) -> Session:
        _, number, user, host, db, command, seconds, state, info, thread_name, instrumented = row
        session_id = int(number)
        dossier = self._known.get(session_id) or Dossier()
        role, shown = role_of(text(command), text(user), text(thread_name)), text(command)
        if seconds is None and role is Role.CLIENT:
            role, shown = Role.LOGIN, "Connect"
        event = dossier.event
        exact = self._exact and bool(instrumented)
        half_sent = exact and event is not None and event.half_sent
        if shown == "Sleep" and exact and event is not None and event.running and not half_sent:
            shown = "Query"
        since, within = None, 0.0
        if shown == "Sleep" and role is Role.CLIENT:
            since, within = self._idle_since(dossier, int(seconds), exact=exact, taken_at=taken_at)
        return Session(
            id=ProcesslistId(session_id),
            user=text(user) or ("unauthenticated user" if role is Role.LOGIN else ""),
            host=dossier.host or text(host),
            db=optional(db),
            command=shown,
            state=optional(state),
            statement=optional(info) or (dossier.statement if self._text_length else None),
            program=dossier.program,
            client=dossier.client,
            role=role,
            own=session_id == self._found.own_id,
            idle_since=since,
            idle_within=within,
            own_limit=dossier.own_limit,
            half_sent=half_sent,
            transaction=transactions.get(session_id),
            attributes=dossier.attributes,
            thread=dossier.thread,
        )

    def _idle_since(
        self, dossier: Dossier, seconds: int, *, exact: bool, taken_at: float
    ) -> tuple[float | None, float]:
        """When the running idle wait began on our clock, and by how much that may be wrong."""
        event = dossier.event
        if exact and event is not None:
            instant = event.start if event.half_sent else event.end
            return min(taken_at, self._timer.local(instant + dossier.timer_moved)), 0.0
        if exact and dossier.began is not None:
            return min(taken_at, dossier.began), 0.0
        if dossier.wait is not None:
            return dossier.wait.since, dossier.wait.within
        return by_whole_seconds(seconds, taken_at, self._wall)


def _transaction(
    began: tuple[float, bool] | None, held: Row | None, taken_at: float, *, rows_readable: bool
) -> Transaction:
    started, read_only = began if began is not None else (None, False)
    if held is None:
        rows = 0 if rows_readable else None
        return Transaction(started, rows, rows, read_only)
    age, modified, locked, innodb_read_only = held
    if started is None and age is not None:
        started = taken_at - max(0.0, float(age))
    return Transaction(started, int(modified), int(locked), read_only or bool(int(innodb_read_only)))
