"""Read the sessions of a MySQL server, and its two clocks: the statement timer of its events, and its wall clock.

`MysqlReader.sessions` is one sample: clocks, changed sessions, their rows, events, own limits, hosts, attributes, transactions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from goneaway_tui.model.session import ProcesslistId, Role, Session, ThreadId, Transaction
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.clocks import PICOSECONDS, Timebase, WholeSecondWaits
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.session_cache import (
    ChangeDetector,
    ChangedSessions,
    SessionCache,
    StatementEvent,
    command_words,
    gaps_between,
    is_cheaper_by_id,
    read_attributes,
    read_open_transactions,
    shared_text,
    text,
    text_or_none,
)
from goneaway_tui.source.session_table import SessionTable, integers, role_of, rows_of
from goneaway_tui.source.sql.shapes import UNSIGNED, Statement


class MysqlClocks:
    """Both clocks of the server. The statement timer is read from our own running statement, so our thread must be instrumented."""

    def __init__(self, connection: Connection, capabilities: Capabilities, clock: Clock) -> None:
        self._connection = connection
        self._capabilities = capabilities
        self._clock = clock
        self.timer = Timebase()
        self.wall = Timebase()
        self.exact = False
        """Whether the timer could be read for this sample. Without it no event can be placed in time."""
        self.moved = 0.0
        """Seconds by which the timer was set since the sample before."""
        self.has_lost_timer = False
        """Whether the timer could be read when we connected, and no longer can."""
        self.own_thread: ThreadId | None = None
        statement = capabilities.statement("own_thread")
        shows_timer = (
            "%s" in capabilities.required_statement("clock")
            and capabilities.statement("statements") is not None
        )
        if statement is not None and shows_timer:
            own = connection.rows(statement)
            self.own_thread = ThreadId(int(own[0][0])) if own else None

    def read(self) -> float | None:
        """Observe both clocks; return the statement timer in seconds, or None. Raises SourceError and Refusal."""
        timer, self.moved = None, 0.0
        if self.own_thread is not None:
            timer = self._observe(self._capabilities.required_statement("clock"), (self.own_thread,))
            self.has_lost_timer = timer is None
        if timer is None:
            self._observe(self._capabilities.required_statement("wall"), ())
        self.exact = timer is not None
        return timer

    def _observe(self, statement: Statement, parameters: tuple[int, ...]) -> float | None:
        sent = self._clock()
        rows = self._connection.rows(statement, parameters)
        received = self._clock()
        if not rows:
            return None
        timer, wall = rows[0]
        self.wall.observe(sent, received, float(wall))
        if timer is None:
            return None
        seconds = int(timer) / PICOSECONDS
        self.moved = self.timer.observe(sent, received, seconds)
        return seconds


ASKED_AT_ONCE = 500
"""Sessions whose variables one statement reads: 20 ms of the server's time at the measured 40 microseconds each."""
RAN_AT_ONCE = 100
"""Sessions that may have set their limits, whose limits are read in one sample; the others wait for the next."""
UNLIKELY_AT_ONCE = 20
"""The same of sessions that ran only SETS_NO_LIMIT: a function or a trigger may set a limit all the same."""
SETS_NO_LIMIT = frozenset(
    f"statement/sql/{name}"
    for name in (
        *(
            "select",
            "insert",
            "insert_select",
            "update",
            "update_multi",
            "replace",
            "replace_select",
            "delete",
        ),
        *("delete_multi", "do", "load", "begin", "commit", "rollback", "savepoint", "rollback_to_savepoint"),
        *("release_savepoint", "change_db", "show_status", "show_variables", "show_warnings", "lock_tables"),
        "unlock_tables",
    )
) | frozenset(
    f"statement/com/{name}"
    for name in ("Ping", "Init DB", "Statistics", "Prepare", "Close stmt", "Reset stmt")
)
"""The events of statements that set no variable of their session."""
SWEEP_SECONDS = 30.0
"""How often limits are read again of sessions that ran nothing: one without events may have changed its limit."""
SWEPT_AT_ONCE = 50
"""Sessions with events whose limits are read at a sweep."""


class OwnLimitReader:
    """Reads the own limits of sessions, of at most so many in one sample. Sessions without a known limit come first."""

    def __init__(self, connection: Connection, capabilities: Capabilities, wall: Timebase) -> None:
        """`wall` converts instants of the server's wall clock."""
        self._connection = connection
        self._capabilities = capabilities
        self._wall = wall
        self._waiting: dict[ThreadId, None] = {}
        self._unswept: list[ThreadId] = []
        self._begun = False

    def read(
        self, by_thread: Mapping[ThreadId, SessionCache], threads: Iterable[ThreadId]
    ) -> list[SessionCache]:
        """Read the limits of sessions that are new or ran something; of all in the first sample. Returns the sessions read.

        Those come first that may have run a statement that sets the limit.
        """
        if self._capabilities.statement("own_limits") is None:
            return []
        for thread in sorted(threads):
            self._waiting.setdefault(thread)
        asked = [thread for thread in self._waiting if thread in by_thread]
        if self._begun:
            unknown = [thread for thread in asked if by_thread[thread].own_limit is None]
            known = [thread for thread in asked if by_thread[thread].own_limit is not None]
            likely = [thread for thread in known if by_thread[thread].may_have_set_limit]
            unlikely = [thread for thread in known if not by_thread[thread].may_have_set_limit]
            asked = [*unknown[:ASKED_AT_ONCE], *likely[:RAN_AT_ONCE], *unlikely[:UNLIKELY_AT_ONCE]]
        for first in range(0, len(asked), ASKED_AT_ONCE):
            batch = sorted(asked[first : first + ASKED_AT_ONCE])
            for thread, name, value in rows_of(self._connection, self._capabilities, "own_limits", (batch,)):
                cached = by_thread.get(thread)
                if cached is None:
                    continue
                if shared_text(name) == "wait_timeout":
                    cached.own_limit = int(value)
                else:
                    cached.command_began_at = self._wall.local(float(value))
        for thread in asked:
            by_thread[thread].may_have_set_limit = False
        done = set(asked)
        self._waiting = {
            thread: None for thread in self._waiting if thread in by_thread and thread not in done
        }
        self._begun = True
        return [by_thread[thread] for thread in asked]

    def sweep(self, by_thread: Mapping[ThreadId, SessionCache]) -> set[ThreadId]:
        """Some threads, in turn, so that each limit is read again some time."""
        if not self._unswept:
            self._unswept = sorted(by_thread, reverse=True)
        return {self._unswept.pop() for _ in range(min(SWEPT_AT_ONCE, len(self._unswept)))}


class TransactionReader:
    """Reads all open transactions: they are few, and both tables are short."""

    def __init__(self, connection: Connection, capabilities: Capabilities, timer: Timebase) -> None:
        """`timer` converts instants of events."""
        self._connection = connection
        self._capabilities = capabilities
        self._timer = timer
        self.open_transactions: dict[int, Row] = {}
        """The InnoDB transactions as last read, as `read_open_transactions` brings them."""
        self.by_session: dict[int, Transaction] = {}
        """The open transactions as last read, by session id."""

    def read(self, by_thread: Mapping[ThreadId, SessionCache], taken_at: float) -> None:
        """Read the open transactions. Raises SourceError and Refusal."""
        began: dict[int, tuple[float, bool]] = {}
        statement = self._capabilities.statement("transactions")
        if statement is not None and self._timer.is_set:
            for thread, start, read_only in self._connection.rows(statement):
                cached = by_thread.get(thread)
                if cached is not None and start is not None:
                    began[cached.id] = (self._timer.local(start / PICOSECONDS), bool(read_only))
        held = self.open_transactions = read_open_transactions(self._connection, self._capabilities)
        readable = "process" in self._capabilities.features
        self.by_session = {
            session_id: _transaction(
                began.get(session_id), held.get(session_id), taken_at, rows_readable=readable
            )
            for session_id in began.keys() | held.keys()
        }


def _transaction(
    began: tuple[float, bool] | None, held: Row | None, taken_at: float, *, rows_readable: bool
) -> Transaction:
    started, read_only = began if began is not None else (None, False)
    if held is None:
        rows = 0 if rows_readable else None
        return Transaction(started, rows, rows, read_only)
    age, modified, locked, innodb_read_only = held[:4]
    if started is None and age is not None:
        started = taken_at - max(0.0, float(age))
    return Transaction(started, int(modified), int(locked), read_only or bool(int(innodb_read_only)))


LOOK_BACK = 0.005
"""Seconds before the last sample from which events are read again, so that no event falls between two samples."""
ALL_READ_SECONDS = 60.0
"""How often the whole list is read, whatever has changed."""
LARGE = 200
"""Number of sessions from which on changes are detected: reading all of fewer costs the same."""
EVENTS_BY_THREAD = 100
"""Number of sessions up to which events are read by thread; for more it is cheaper for the server to search all events."""

RESTS = frozenset({"Sleep", "Daemon"})
"""The commands of sessions that show the second in which they came to rest: MySQL's event scheduler counts from its last work."""
RESUMED_AT_ONCE = 500
"""Sessions whose history of statements is read in one sample, at most."""


class MysqlReader:
    """Reads sessions over one connection; remembers what is read once for a session. A new connection needs a new reader."""

    def __init__(
        self,
        connection: Connection,
        capabilities: Capabilities,
        clock: Clock,
        text_length: int,
        *,
        large: int = LARGE,
        many: int = EVENTS_BY_THREAD,
    ) -> None:
        """`text_length`: characters of SQL text to read, 0 for none. `large`: number of sessions from which on not all rows are read.

        `many`: number of changed sessions above which all events are searched.
        """
        self._connection = connection
        self._capabilities = capabilities
        self._clock = clock
        self._text_length = text_length
        self._large, self._many = large, many
        self._clocks = MysqlClocks(connection, capabilities, clock)
        self._events_since_timer = 0.0
        self._known: dict[int, SessionCache] = {}
        self._by_thread: dict[ThreadId, SessionCache] = {}
        self._limits = OwnLimitReader(connection, capabilities, self._clocks.wall)
        self._transactions = TransactionReader(connection, capabilities, self._clocks.timer)
        self._table = SessionTable()
        self._changes = ChangeDetector()
        self._was_unchanged = False
        """Whether in the last sample no session had run anything, apart from those that are always read."""
        self._all_read_at = -math.inf
        self._whole_second_waits = WholeSecondWaits(self._clocks.wall)
        self._swept_at = -math.inf
        self._resumed: list[tuple[SessionCache, StatementEvent, StatementEvent]] = []
        """Sessions that ran something after an idle time of a second or more, each with its event before and after."""
        self.lacks_threads = False
        """Whether performance_schema has no room for some sessions. Then the process list is read too, which has all."""
        self.unlisted = 0
        """How many sessions only the process list had in the last sample."""

    @property
    def has_lost_timer(self) -> bool:
        """Whether events were kept when we connected and are no longer: then the capabilities must be read again."""
        return self._clocks.has_lost_timer

    @property
    def round_trip(self) -> float:
        """The shortest round trip to the server of late, in seconds."""
        return self._clocks.wall.round_trip

    @property
    def open_transactions(self) -> Mapping[int, Row]:
        """The InnoDB transactions of the last sample, as `read_open_transactions` brings them."""
        return self._transactions.open_transactions

    def sessions(self, uptime: float = math.inf) -> tuple[float, tuple[Session, ...]]:
        """The instant of the sample on our clock, and every session. Raises SourceError and Refusal.

        `uptime` of the server in seconds: no session is older.
        """
        now_on_timer = self._clocks.read()
        if self._clocks.moved:
            self._follow_timer(self._clocks.moved, now_on_timer)
        changed, events = self._rows_to_read(now_on_timer)
        sent = self._clock()
        if changed is None:
            rows = rows_of(self._connection, self._capabilities, "sessions", (self._text_length,))
            rows += self._read_unlisted(rows) if self.lacks_threads else []
        else:
            rows = self._rows_of(changed)
        received = self._clock()
        taken_at = (sent + received) / 2
        self._whole_second_waits.doubt = (received - sent) / 2 + self._clocks.wall.uncertainty
        listed_ids = {row[1] for row in rows}
        if changed is None:
            self._all_read_at = taken_at
        ended = (
            self._known.keys() - listed_ids
            if changed is None
            else (changed.to_read - listed_ids) | changed.ended
        )
        new = self._update_known(rows, ended)
        if events is None:
            events = self._events_since(now_on_timer) if changed is None else self._events_of(rows)
        ran = {thread for thread, *event in events if self._note(self._by_thread.get(thread), *event)}
        self._read_gaps()
        limits_read = self._read_limits(new, rows, ran, taken_at, uptime)
        self._read_hosts(new)
        read_attributes(self._connection, self._capabilities, new)
        if changed is None or not changed.nothing:  # otherwise no transaction has begun, worked or ended
            self._transactions.read(self._by_thread, taken_at)
        transactions = self._transactions.by_session
        sessions = [self._session(row, transactions, taken_at) for row in rows]
        if changed is None:
            self._table.replace_all(sessions)
        else:
            self._table.update(sessions, ended)
            self._table.set_busy(self._capabilities.own_id, taken_at)
            for cached in limits_read:
                self._table.set_own_limit(cached.id, cached.own_limit)
        self._table.set_transactions(transactions)
        self._update_always_read(rows)
        return taken_at, self._table.sessions

    def _rows_to_read(self, now_on_timer: float | None) -> tuple[ChangedSessions | None, list[Row] | None]:
        """The sessions whose rows have to be read, None for all of them; and the statement events, where these were read to
        find out.
        """
        changed, events = self._find_changes(), None
        if changed is not None and len(changed.to_read) > self._many:
            events = self._events_since(now_on_timer)
            changed = changed.narrowed(self._ids_of(events))
        if changed is not None and not is_cheaper_by_id(changed.to_read, len(self._table)):
            changed = None
        return changed, events

    def _follow_timer(self, moved: float, now_on_timer: float | None) -> None:
        """Follow a timer that was set. Where the timer fell behind, its machine was suspended, and the idle times stood still too."""
        was_set = moved > 0 or (now_on_timer is not None and now_on_timer < self._events_since_timer)
        for cached in self._known.values() if was_set else ():
            cached.timer_moved += moved
        self._events_since_timer, self._all_read_at = 0.0, -math.inf

    def _find_changes(self) -> ChangedSessions | None:
        """The sessions that may have run something, without our own, which runs these statements; None where the whole list is due."""
        activity = (
            self._capabilities.statement("activity")
            if self._capabilities.statement("some") is not None
            else None
        )
        is_small = len(self._table) < self._large and self._all_read_at > -math.inf
        if activity is None or not self._clocks.exact or is_small or self.lacks_threads:
            self._changes, self._was_unchanged = ChangeDetector(), False
            return None
        changed = self._compare_checksum() if self._was_unchanged else None
        if changed is None:
            second, count, pack = self._connection.rows(activity)[0]
            entries = integers(pack)
            if (
                entries is None
                or len(entries) != count
                or not 0 <= min(entries, default=0) <= max(entries, default=0) < UNSIGNED
            ):
                return None
            expected = self._changes.always_read | {self._capabilities.own_id}
            changed = self._changes.update(entries, second)
            self._was_unchanged = not changed.ended and changed.to_read <= expected
        is_due = self._clock() - self._all_read_at > ALL_READ_SECONDS
        return None if is_due else changed.without(self._capabilities.own_id)

    def _compare_checksum(self) -> ChangedSessions | None:
        """The changes where the checksum is as before; None where a session has run something."""
        statement = self._capabilities.statement("activity_checksum")
        if statement is None:
            return None
        second, count, checksum = self._connection.rows(statement)[0]
        self._was_unchanged = self._changes.checksum(self._capabilities.own_id) == (count, checksum)
        return self._changes.unchanged(second) if self._was_unchanged else None

    def _rows_of(self, changed: ChangedSessions) -> list[Row]:
        if not changed.to_read:
            return []
        return rows_of(
            self._connection, self._capabilities, "some", (self._text_length, sorted(changed.to_read))
        )

    def _read_unlisted(self, listed: Iterable[Row]) -> list[Row]:
        """Rows of the sessions that are not among `listed`, from the process list: without thread and events."""
        statement = self._capabilities.statement("all_sessions")
        if statement is None:
            return []
        known = {row[1] for row in listed}
        rows = [row for row in self._connection.rows(statement, (self._text_length,)) if row[1] not in known]
        self.unlisted = len(rows)
        return rows

    def _update_known(self, rows: Iterable[Row], ended: Iterable[int]) -> dict[int, SessionCache]:
        """Forget the sessions that ended; remember the new ones, and return them."""
        for session_id in ended:
            self._forget(session_id)
        new = {}
        for row in rows:
            thread, session_id, command_time = row[0], row[1], row[6]
            cached = self._known.get(session_id)
            if cached is not None and (cached.thread != thread or command_time is None):
                self._forget(session_id)
                cached = None
            if cached is None and command_time is not None:
                cached = new[session_id] = SessionCache(
                    session_id, None if thread is None else ThreadId(int(thread))
                )
                self._known[session_id] = cached
                if cached.thread is not None:
                    self._by_thread[cached.thread] = cached
        return new

    def _forget(self, session_id: int) -> None:
        cached = self._known.pop(session_id, None)
        if cached is not None and cached.thread is not None:
            self._by_thread.pop(cached.thread, None)

    def _events_since(self, now_on_timer: float | None) -> list[Row]:
        """The last statement of every session that ran one since this was read last."""
        if self._capabilities.statement("statements") is None:
            return []
        since = round(max(0.0, self._events_since_timer - LOOK_BACK) * PICOSECONDS)
        events = rows_of(self._connection, self._capabilities, "statements", (self._text_length, since))
        if now_on_timer is not None:
            self._events_since_timer = now_on_timer
        return events

    def _events_of(self, rows: list[Row]) -> list[Row]:
        """The last statements of some sessions."""
        statement = self._capabilities.statement("statements_some")
        if statement is None or not rows:
            return []
        return self._connection.rows(statement, (self._text_length, [int(row[0]) for row in rows]))

    def _ids_of(self, events: Iterable[Row]) -> set[int]:
        """The sessions, other than our own, for which an event is new."""
        threads = ((self._by_thread.get(event[0]), event) for event in events)
        return {
            cached.id
            for cached, (_thread, _start, _end, first_id, last_id, *_) in threads
            if cached is not None
            and cached.id != self._capabilities.own_id
            and (cached.event is None or (cached.event.first_id, cached.event.last_id) != (first_id, last_id))
        }

    def _note(
        self,
        cached: SessionCache | None,
        start: int | None,
        end: int | None,
        first_id: int,
        last_id: int | None,
        name: bytes,
        sql_text: bytes | None,
    ) -> bool:
        """Note an event of a session; True where it was not known."""
        if cached is None or start is None or end is None:
            return False
        event = StatementEvent(start / PICOSECONDS, end / PICOSECONDS, first_id, last_id, shared_text(name))
        if cached.event == event:
            return False
        before, cached.event, cached.timer_moved = cached.event, event, 0.0
        is_next = before is not None and event.is_next_after(before)
        cached.may_have_set_limit |= not is_next or event.name not in SETS_NO_LIMIT
        self._note_gap(cached, before, event, is_next=is_next)
        if sql_text or not event.half_sent:
            cached.statement = text_or_none(sql_text) or command_words(event.name)
        return True

    def _note_gap(
        self, cached: SessionCache, before: StatementEvent | None, event: StatementEvent, *, is_next: bool
    ) -> None:
        """Note how long the session was idle before this event. Where other statements may have run between, the history is read."""
        cached.gaps = ()
        if before is None or before.start == event.start:
            return
        longest = event.start - before.end
        if longest >= 1 and not is_next:
            self._resumed.append((cached, before, event))
        elif not before.running:
            cached.gaps = (max(0.0, round(longest, 3)),)

    def _read_gaps(self) -> None:
        """Read the history of the sessions in `_resumed`, and note how long each was idle."""
        resumed, self._resumed = self._resumed[:RESUMED_AT_ONCE], []
        statement = self._capabilities.statement("statement_history")
        if statement is None or not resumed:
            return
        history: dict[int, list[tuple[float, float]]] = {}
        threads = [cached.thread for cached, _before, _event in resumed]
        for thread, start, end in self._connection.rows(statement, (threads,)):
            history.setdefault(thread, []).append((start / PICOSECONDS, end / PICOSECONDS))
        for cached, before, event in resumed:
            cached.gaps = gaps_between(before, event, history.get(cached.thread or 0, ()))

    def _read_limits(
        self,
        new: dict[int, SessionCache],
        rows: list[Row],
        ran: set[ThreadId],
        taken_at: float,
        uptime: float,
    ) -> list[SessionCache]:
        """Read own limits: of sessions that are new, that `ran` something, or that may have; return the sessions read."""
        sweep = taken_at - self._swept_at > SWEEP_SECONDS
        threads = ran | {cached.thread for cached in new.values() if cached.thread is not None}
        if sweep:
            self._swept_at = taken_at
            threads |= self._limits.sweep(self._by_thread)
        threads |= self._whole_second_waits.watch(
            self._known, new, rows, taken_at, uptime, exact=self._clocks.exact, sweep=sweep
        )
        if self._clocks.own_thread is not None:
            threads.discard(
                self._clocks.own_thread
            )  # our session runs statements in every sample, and sets no limit
        return self._limits.read(self._by_thread, threads)

    def _read_hosts(self, new: dict[int, SessionCache]) -> None:
        if self._capabilities.statement("hosts") is None or not new:
            return
        for session_id, host in rows_of(self._connection, self._capabilities, "hosts", (min(new),)):
            if int(session_id) in new:
                new[int(session_id)].host = text(host)

    def _update_always_read(self, rows: Iterable[Row]) -> None:
        """Note the sessions whose second shows nothing: those that work, have no events, have set their own clock, or are not listed yet."""
        for row in rows:
            session_id, instrumented = row[1], bool(row[10])
            cached = self._known.get(session_id)
            event = cached.event if cached is not None else None
            is_known_by_second = (
                cached is not None
                and shared_text(row[5]) in RESTS
                and instrumented
                and self._changes.is_listed(session_id)
            )
            if event is not None:
                expected = self._clocks.timer.local(event.start) - self._clocks.wall.offset
                is_known_by_second = (
                    is_known_by_second and not event.running and self._changes.began_at(session_id, expected)
                )
            (self._changes.always_read.discard if is_known_by_second else self._changes.always_read.add)(
                session_id
            )

    def _session(self, row: Row, transactions: dict[int, Transaction], taken_at: float) -> Session:
        _, session_id, user, host, db, command, seconds, state, info, thread_name, instrumented = row
        cached, own = self._known.get(session_id) or SessionCache(), session_id == self._capabilities.own_id
        role, shown = (
            role_of(shared_text(command), shared_text(user), shared_text(thread_name)),
            shared_text(command),
        )
        if seconds is None and role is Role.CLIENT:
            role, shown = Role.LOGIN, "Connect"
        event = cached.event
        exact = self._clocks.exact and bool(instrumented)
        half_sent = exact and event is not None and event.half_sent
        if shown == "Sleep" and exact and event is not None and event.running and not half_sent:
            shown = "Query"
        since, within, busy_since = None, 0.0, None
        if shown == "Sleep" and role is Role.CLIENT:
            since, within = self._idle_since(cached, seconds, exact=exact, taken_at=taken_at)
        elif own:
            busy_since = taken_at
        elif role is Role.CLIENT:
            busy_since = self._busy_since(cached, seconds, exact=exact, taken_at=taken_at)
        return Session(
            id=ProcesslistId(session_id),
            user=shared_text(user) or ("unauthenticated user" if role is Role.LOGIN else ""),
            host=cached.host or text(host),
            db=shared_text(db) or None,
            command=shown,
            state=shared_text(state) or None,
            statement=text_or_none(info) or (cached.statement if self._text_length else None),
            program=cached.program,
            client=cached.client,
            role=role,
            own=own,
            idle_since=since,
            idle_within=within,
            own_limit=cached.own_limit,
            half_sent=half_sent,
            transaction=transactions.get(session_id),
            attributes=cached.attributes,
            thread=cached.thread,
            busy_since=busy_since,
            gaps=cached.gaps,
        )

    def _busy_since(
        self, cached: SessionCache, seconds: int, *, exact: bool, taken_at: float
    ) -> float | None:
        """When the running statement began, on our clock; to within a second where no event times it."""
        event = cached.event
        if exact and event is not None and event.running:
            return min(taken_at, self._clocks.timer.local(event.start + cached.timer_moved))
        return self._whole_second_waits.began(seconds, taken_at)[0]

    def _idle_since(
        self, cached: SessionCache, seconds: int, *, exact: bool, taken_at: float
    ) -> tuple[float | None, float]:
        """When the current idle wait began, on our clock, and by how many seconds that may be wrong."""
        event = cached.event
        if exact and event is not None:
            instant = event.start if event.half_sent else event.end
            return min(taken_at, self._clocks.timer.local(instant + cached.timer_moved)), 0.0
        if exact and cached.command_began_at is not None:
            return min(taken_at, cached.command_began_at), 0.0
        if cached.whole_second_wait is not None:
            return cached.whole_second_wait.since, cached.whole_second_wait.within
        return self._whole_second_waits.began(seconds, taken_at)
