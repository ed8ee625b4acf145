"""Reading MySQL's sessions.

On a large server the roll tells who may have done anything (`source.roll`), and only their rows are brought; a small one is
read whole, as any is from time to time. What a statement may have changed (the idle clock, the own limit, the last
statement) comes from the statement events, so nothing is asked of a session that slept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from goneaway_tui.model.session import ProcesslistId, Role, Session, ThreadId, Transaction
from goneaway_tui.ports import Clock
from goneaway_tui.source.coarse import CoarseWaits
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.dossier import (
    Dossier,
    StatementEvent,
    command_words,
    optional,
    read_attributes,
    text,
    word,
)
from goneaway_tui.source.mysql_clocks import Clocks
from goneaway_tui.source.mysql_limits import SWEEP_SECONDS, OwnLimits
from goneaway_tui.source.mysql_transactions import Transactions
from goneaway_tui.source.packed import numbers, rows_of
from goneaway_tui.source.roles import role_of
from goneaway_tui.source.roll import Call, Roll, few
from goneaway_tui.source.roster import Roster
from goneaway_tui.source.sql.shapes import UNSIGNED
from goneaway_tui.source.survey import Survey
from goneaway_tui.source.timebase import PICOSECONDS

LOOK_BACK = 0.005
"""Seconds before the last reading from which events are asked again, so that none falls between two readings."""
WHOLE_SECONDS = 60.0
"""How often a server is read whole, whatever its roll says."""
LARGE = 200
"""Sessions from which on the roll is called: fewer are read whole for the same."""
EVENTS_BY_THREAD = 100
"""Sessions up to which events are asked by thread; of more it is cheaper for the server to look through all events."""


class MysqlReader:
    """Reads sessions over one connection; remembers what is asked once. A new connection needs a new reader."""

    def __init__(
        self, connection: Connection, found: Survey, clock: Clock, text_length: int, *, large: int = LARGE
    ) -> None:
        """`text_length`: characters of SQL text to bring, 0 for none. `large`: sessions from which on not all are read."""
        self._connection = connection
        self._found = found
        self._clock = clock
        self._text_length = text_length
        self._large = large
        self._clocks = Clocks(connection, found, clock)
        self._events_since = 0.0
        self._known: dict[int, Dossier] = {}
        self._by_thread: dict[ThreadId, Dossier] = {}
        self._limits = OwnLimits(connection, found, self._clocks.wall)
        self._transactions = Transactions(connection, found, self._clocks.timer)
        self._roster = Roster()
        self._roll = Roll()
        self._was_calm = False
        """At the last call nobody but the restless had done anything."""
        self._whole_at = -math.inf
        self._coarse = CoarseWaits(self._clocks.wall)
        self._swept_at = -math.inf
        self.is_short = False
        """performance_schema has no room for some sessions: the server's own list is read too, which has them all."""
        self.unlisted = 0
        """How many sessions only that list had at the last reading."""

    @property
    def is_blinded(self) -> bool:
        """Events were kept when we connected and are no longer: what was found out then does not hold any more."""
        return self._clocks.is_blinded

    @property
    def way(self) -> float:
        """Seconds to the server and back, as quick as they were of late."""
        return self._clocks.wall.round_trip

    def sessions(self, uptime: float = math.inf) -> tuple[float, tuple[Session, ...]]:
        """The instant of the reading on our clock, and every session. Raises SourceError.

        `uptime` is the server's age in seconds: a TIME beyond it is nobody's.
        """
        now_on_timer = self._clocks.read()
        if self._clocks.moved:
            self._follow_timer(self._clocks.moved, now_on_timer)
        call = self._call_roll()
        sent = self._clock()
        if call is None:
            rows = rows_of(self._connection, self._found, "sessions", (self._text_length,))
            rows += self._read_unlisted(rows) if self.is_short else []
        else:
            rows = self._rows_of(call)
        received = self._clock()
        taken_at = (sent + received) / 2
        self._coarse.doubt = (received - sent) / 2 + self._clocks.wall.uncertainty
        answered = {int(row[1]) for row in rows}
        if call is None:
            self._whole_at = taken_at
        gone = self._known.keys() - answered if call is None else (call.asked - answered) | call.gone
        new = self._meet(rows, gone)
        ran = self._read_events(now_on_timer, None if call is None else rows)
        sweep = taken_at - self._swept_at > SWEEP_SECONDS
        if sweep:
            self._swept_at = taken_at
            ran |= self._limits.sweep(self._by_thread)
        ran |= self._coarse.watch(
            self._known, new, rows, taken_at, uptime, exact=self._clocks.exact, sweep=sweep
        )
        ran |= {d.thread for d in new.values() if d.thread is not None}
        ran.discard(self._clocks.own_thread)  # ours runs statements all the time, and sets nothing
        told = self._limits.read(self._by_thread, ran)
        self._read_hosts(new)
        read_attributes(self._connection, self._found, new)
        transactions = self._transactions.read(self._by_thread, taken_at)
        sessions = [self._session(row, transactions, taken_at) for row in rows]
        if call is None:
            self._roster.fill(sessions)
        else:
            self._roster.update(sessions, gone)
            for dossier in told:
                self._roster.limit(dossier.id, dossier.own_limit)
        self._roster.hold(transactions)
        self._mark_restless(rows)
        return taken_at, self._roster.sessions

    def _follow_timer(self, moved: float, now_on_timer: float | None) -> None:
        """The timer was set: what only fell behind stood still with its machine, and so did the waits; else somebody set it."""
        was_set = moved > 0 or (now_on_timer is not None and now_on_timer < self._events_since)
        for dossier in self._known.values() if was_set else ():
            dossier.timer_moved += moved
        self._events_since, self._whole_at = 0.0, -math.inf

    def _call_roll(self) -> Call | None:
        """Who may have done anything; None where all are to be read."""
        roll = self._found.statement("roll") if self._found.statement("some") is not None else None
        is_small = len(self._roster) < self._large and self._whole_at > -math.inf
        if roll is None or not self._clocks.exact or is_small or self.is_short:
            self._roll, self._was_calm = Roll(), False
            return None
        call = self._call_briefly() if self._was_calm else None
        if call is None:
            second, number, entries = self._connection.rows(roll)[0]
            told = numbers(entries)
            if (
                told is None
                or len(told) != number
                or not 0 <= min(told, default=0) <= max(told, default=0) < UNSIGNED
            ):
                return None
            restless = self._roll.restless | {self._found.own_id}
            call = self._roll.call(told, int(second))
            self._was_calm = not call.gone and call.asked <= restless
        due = self._clock() - self._whole_at > WHOLE_SECONDS
        return call if few(call.asked, len(self._roster)) and not due else None

    def _call_briefly(self) -> Call | None:
        """By a checksum; None where it says that somebody has done something."""
        digest = self._found.statement("roll_digest")
        if digest is None:
            return None
        second, number, checksum = self._connection.rows(digest)[0]
        self._was_calm = self._roll.digest(self._found.own_id) == (int(number), int(checksum))
        return self._roll.unmoved(int(second)) if self._was_calm else None

    def _rows_of(self, call: Call) -> list[Row]:
        if not call.asked:
            return []
        return rows_of(self._connection, self._found, "some", (self._text_length, sorted(call.asked)))

    def _read_unlisted(self, listed: Iterable[Row]) -> list[Row]:
        """Rows of the sessions that are not among those, as the server's own list has them: no thread, no events."""
        statement = self._found.statement("all_sessions")
        if statement is None:
            return []
        known = {int(row[1]) for row in listed}
        rows = [
            row for row in self._connection.rows(statement, (self._text_length,)) if int(row[1]) not in known
        ]
        self.unlisted = len(rows)
        return rows

    def _meet(self, rows: Iterable[Row], gone: Iterable[int]) -> dict[int, Dossier]:
        """Forget who is gone; open a dossier for who is new, and return those."""
        for number in gone:
            self._forget(number)
        new = {}
        for row in rows:
            thread, number, command_time = row[0], int(row[1]), row[6]
            dossier = self._known.get(number)
            if dossier is not None and (dossier.thread != thread or command_time is None):
                self._forget(number)
                dossier = None
            if dossier is None and command_time is not None:
                dossier = new[number] = Dossier(number, None if thread is None else ThreadId(int(thread)))
                self._known[number] = dossier
                if dossier.thread is not None:
                    self._by_thread[dossier.thread] = dossier
        return new

    def _forget(self, number: int) -> None:
        dossier = self._known.pop(number, None)
        if dossier is not None and dossier.thread is not None:
            self._by_thread.pop(dossier.thread, None)

    def _read_events(self, now_on_timer: float | None, rows: list[Row] | None) -> set[ThreadId]:
        """Note the last statement of every session that ran one since the last reading; return their threads.

        `rows` are of those that may have; None is everybody.
        """
        if self._found.statement("statements") is None:
            return set()
        of_some = self._found.statement("statements_some")
        if of_some is not None and rows is not None and len(rows) <= EVENTS_BY_THREAD:
            threads = [int(row[0]) for row in rows]
            told = self._connection.rows(of_some, (self._text_length, threads)) if threads else []
        else:
            since = round(max(0.0, self._events_since - LOOK_BACK) * PICOSECONDS)
            told = rows_of(self._connection, self._found, "statements", (self._text_length, since))
            if now_on_timer is not None:
                self._events_since = now_on_timer
        return {thread for thread, *event in told if self._note(self._by_thread.get(thread), *event)}

    def _note(
        self,
        dossier: Dossier | None,
        start: int | None,
        end: int | None,
        running: int,
        name: bytes,
        sql_text: bytes | None,
    ) -> bool:
        """Whether this is an event that was not known."""
        if dossier is None or start is None or end is None:
            return False
        event = StatementEvent(start / PICOSECONDS, end / PICOSECONDS, bool(running), text(name))
        if dossier.event == event:
            return False
        dossier.event, dossier.timer_moved = event, 0.0
        if sql_text or not event.half_sent:
            dossier.statement = optional(sql_text) or command_words(event.name)
        return True

    def _read_hosts(self, new: dict[int, Dossier]) -> None:
        if self._found.statement("hosts") is None or not new:
            return
        for session_id, host in rows_of(self._connection, self._found, "hosts", (min(new),)):
            if int(session_id) in new:
                new[int(session_id)].host = text(host)

    def _mark_restless(self, rows: Iterable[Row]) -> None:
        """Note of whom the roll tells nothing: who works, has no events, or whose clock is not the server's; and who is not on it."""
        for row in rows:
            number, instrumented = int(row[1]), bool(row[10])
            dossier = self._known.get(number)
            event = dossier.event if dossier is not None else None
            quiet = (
                dossier is not None and word(row[5]) == "Sleep" and instrumented and self._roll.lists(number)
            )
            if event is not None:
                expected = self._clocks.timer.local(event.start) - self._clocks.wall.offset
                quiet = quiet and not event.running and self._roll.agrees(number, expected)
            (self._roll.restless.discard if quiet else self._roll.restless.add)(number)

    def _session(self, row: Row, transactions: dict[int, Transaction], taken_at: float) -> Session:
        _, number, user, host, db, command, seconds, state, info, thread_name, instrumented = row
        session_id = int(number)
        dossier = self._known.get(session_id) or Dossier()
        role, shown = role_of(word(command), word(user), word(thread_name)), word(command)
        if seconds is None and role is Role.CLIENT:
            role, shown = Role.LOGIN, "Connect"
        event = dossier.event
        exact = self._clocks.exact and bool(instrumented)
        half_sent = exact and event is not None and event.half_sent
        if shown == "Sleep" and exact and event is not None and event.running and not half_sent:
            shown = "Query"
        since, within = None, 0.0
        if shown == "Sleep" and role is Role.CLIENT:
            since, within = self._idle_since(dossier, int(seconds), exact=exact, taken_at=taken_at)
        return Session(
            id=ProcesslistId(session_id),
            user=word(user) or ("unauthenticated user" if role is Role.LOGIN else ""),
            host=dossier.host or text(host),
            db=word(db) or None,
            command=shown,
            state=word(state) or None,
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
            return min(taken_at, self._clocks.timer.local(instant + dossier.timer_moved)), 0.0
        if exact and dossier.began is not None:
            return min(taken_at, dossier.began), 0.0
        if dossier.wait is not None:
            return dossier.wait.since, dossier.wait.within
        return self._coarse.began(seconds, taken_at)
