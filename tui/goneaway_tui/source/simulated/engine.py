"""The simulated server: its sessions, its scheduled events, and the executor that changes its variables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from heapq import heapify, heappop, heappush
from itertools import pairwise
from random import Random

from goneaway_tui.errors import Unsupported
from goneaway_tui.i18n import _
from goneaway_tui.model.blocking import Lock, LockWait
from goneaway_tui.model.sample import COM_QUIT
from goneaway_tui.model.server import Flavour, Variable
from goneaway_tui.model.session import (
    ProcesslistId,
    Role,
    Session,
    ThreadId,
    Transaction,
    library_name,
)
from goneaway_tui.model.tuning import (
    KeptValue,
    NewSessionProbe,
    Persistence,
    Privileges,
    VariableState,
)
from goneaway_tui.ports import Clock
from goneaway_tui.source.simulated.workload import (
    APPLICATIONS,
    CHANGER_LOCK,
    CHANGER_STATEMENT,
    CONNECT_TIMEOUT,
    DAY,
    HOLDER_STATEMENT,
    METADATA_STATE,
    READER_LOCK,
    READER_STATEMENT,
    ROW_LOCK,
    SHOP,
    Application,
    SimulatedServer,
)
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import ALREADY_GONE, sql_number
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import clamped

THREADS_AHEAD = 42
"""Difference between the thread ids of the Performance Schema and the process list ids."""
ROWS_OF_A_BATCH = 1000

_STATES = {
    "UPDATE": "updating",
    "DELETE": "updating",
    "INSERT": "update",
    "COMMIT": "waiting for handler commit",
}


class RowBuilder:
    """Builds the rows of the process list. It draws from the engine's random generator and keeps no state."""

    def __init__(self, server: SimulatedServer, rng: Random, *, shows_statements: bool) -> None:
        self._server = server
        self._rng = rng
        self._shows_statements = shows_statements

    def client(self, session_id: ProcesslistId, app: Application, limit: int, address: str) -> Session:
        """A session after its login; the caller sets since when it is idle."""
        attributes = dict(app.connect_attributes)
        return Session(
            session_id,
            app.user,
            address,
            app.db,
            "Sleep",
            program=app.program,
            client=library_name(attributes.get("_client_name"), attributes.get("_client_version")),
            own_limit=self._visible_limit(limit),
            attributes=(
                *app.connect_attributes,
                ("_pid", str(self._rng.randrange(900, 64_000))),
                ("program_name", app.program),
            ),
            thread=_thread(session_id),
        )

    def login(self, session_id: ProcesslistId, address: str, at: float) -> Session:
        """A session that connected at `at` and is not authenticated yet."""
        return Session(
            session_id,
            "unauthenticated user",
            address,
            None,
            "Connect",
            "Receiving from client",
            role=Role.LOGIN,
            idle_since=at,
            thread=_thread(session_id),
        )

    def scheduler(self, session_id: ProcesslistId) -> Session:
        return Session(
            session_id,
            "event_scheduler",
            "localhost",
            None,
            "Daemon",
            "Waiting on empty queue",
            role=Role.DAEMON,
            thread=_thread(session_id),
        )

    def replica(self, session_id: ProcesslistId) -> Session:
        """The session that sends a replica its binary log."""
        return Session(
            session_id,
            "repl",
            "db-02:49822",
            None,
            "Binlog Dump",
            "Source has sent all binlog to replica; waiting for more updates",
            role=Role.DUMP,
            own_limit=self._visible_limit(self._server.value("wait_timeout")),
            thread=_thread(session_id),
        )

    def own_session(self, session_id: ProcesslistId) -> Session:
        return Session(
            session_id,
            "goneaway",
            "mon-1:55120",
            None,
            "Query",
            "executing",
            self.visible_statement("SELECT * FROM performance_schema.processlist"),
            program="goneaway-tui",
            client="pymysql 1.2.4",
            own=True,
            own_limit=self._visible_limit(self._server.value("wait_timeout")),
            attributes=(
                ("_client_name", "pymysql"),
                ("_client_version", "1.2.4"),
                ("_pid", "31337"),
                ("program_name", "goneaway-tui"),
            ),
            thread=_thread(session_id),
        )

    def transaction(self, at: float, statement: str) -> Transaction:
        """The transaction that a statement leaves open."""
        rows = 1 + int(self._rng.expovariate(0.4))
        if statement.startswith("SELECT"):
            return Transaction(at, rows_modified=0, rows_locked=rows)
        rows *= ROWS_OF_A_BATCH if "staging" in statement else 1
        return Transaction(at, rows_modified=rows, rows_locked=rows + self._rng.randrange(3))

    def address(self, app: Application) -> str:
        return f"{self._rng.choice(app.hosts)}:{self.port()}"

    def port(self) -> int:
        return self._rng.randrange(32_768, 61_000)

    def visible_statement(self, statement: str) -> str | None:
        """The statement, or None where the engine does not show statements."""
        return statement if self._shows_statements else None

    def filled_in(self, template: str) -> str:
        """The statement with a number in the place of each `?`."""
        return template.replace("?", str(self._rng.randrange(1, 90_000))) if "?" in template else template

    def _visible_limit(self, limit: int) -> int | None:
        return limit if self._server.shows_own_limits else None


def state_of(statement: str) -> str:
    """The state that the process list shows while the statement runs."""
    if "GROUP BY" in statement:
        return "Creating sort index"
    return _STATES.get(statement.partition(" ")[0], "executing")


def _thread(session_id: ProcesslistId) -> ThreadId:
    return ThreadId(session_id + THREADS_AHEAD)


IMMINENT_SHARE = 0.10
WATCH_SHARE = 0.17
BUSY_SHARE = 0.08
TRANSACTION_SHARE = 0.22
"""Share of the idle sessions of writing applications that have an open transaction."""


class StartState(Enum):
    """What a session is doing when the simulation begins."""

    IMMINENT = "imminent"
    WATCH = "watch"
    BUSY = "busy"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class OpeningSession:
    """One client session at the start."""

    app: Application
    state: StartState
    seconds_left: float
    """Seconds to the deadline if the state is IMMINENT or WATCH, else 0."""
    in_transaction: bool


def opening_sessions(clients: int, rng: Random) -> list[OpeningSession]:
    """All client sessions at the start, in the order of their ids."""
    total_share = sum(app.share for app in APPLICATIONS)
    apps = [app for app in APPLICATIONS for _ in range(round(clients * app.share / total_share))]
    apps = (apps + [APPLICATIONS[0]] * clients)[:clients]
    rng.shuffle(apps)
    imminent, watch, busy = (round(clients * share) for share in (IMMINENT_SHARE, WATCH_SHARE, BUSY_SHARE))
    states = [StartState.IMMINENT] * imminent + [StartState.WATCH] * watch + [StartState.BUSY] * busy
    states = (states + [StartState.CALM] * clients)[:clients]
    closings = [4.0 + 53.0 * (k + rng.random()) / imminent for k in range(imminent)]
    closings += [65.0 + 525.0 * (k + rng.random()) / watch for k in range(watch)]
    closings = (closings + [0.0] * clients)[:clients]
    starts = list(zip(states, closings, strict=True))
    rng.shuffle(starts)
    return [
        OpeningSession(app, state, seconds_left, bool(app.writes) and rng.random() < TRANSACTION_SHARE)
        for app, (state, seconds_left) in zip(apps, starts, strict=True)
    ]


def limit_for(app: Application, server: SimulatedServer, rng: Random) -> int:
    """The own limit of a new session, in seconds."""
    inherits = not app.always_sets_limit and rng.random() < server.inherit_share
    limit = None if inherits else rng.choice(app.limits)
    return server.value("wait_timeout") if limit is None else limit


def idle_at_start(opening: OpeningSession, limit: float, rng: Random) -> float:
    """How many seconds a session has been idle when the simulation begins; always less than its limit."""
    if opening.state in {StartState.IMMINENT, StartState.WATCH}:
        return limit - min(opening.seconds_left, limit * rng.uniform(0.4, 0.95))
    if limit > DAY:
        return rng.uniform(2, 20) * 3600
    idle_seconds = min(rng.expovariate(1 / opening.app.pause_seconds), 0.5 * limit)
    if rng.random() < 0.3:
        idle_seconds = rng.uniform(0.05, 0.85) * min(limit, 10 * 3600)
    return min(idle_seconds, max(limit - 620.0, 0.3 * limit))


EXEMPT_SESSIONS = 3
"""Sessions without an idle timeout: the event scheduler, a replica, this tool."""
LOST_SHARE = 0.004
"""Share of idle periods that end with a lost client, without COM_QUIT."""
COMMITTED_SHARE = 0.5
"""Share of writes that are committed at once; after the others the session idles in the transaction."""
LONG_WAIT_PAUSES = 20
"""Length of a long idle period, in mean pauses of the application."""
FORGOTTEN_SHARE = 0.7
"""Share of the sessions near their deadline at the start that their client has abandoned."""

OPENING_SECONDS = 60.0
"""Length of the opening, in which every predicted closing comes true."""
LAST_SECONDS = 10.0
"""During the opening, no client uses its session again within so many seconds before the deadline."""
FAR_SECONDS = 30.0
"""Only a session with a deadline farther away is killed, or sends a packet that is too large."""
PACKET_AT = 20.0
"""When that packet is sent, in seconds from the start."""
CLEAN_DISCONNECT, TIMED_OUT, LOST, KILLED, TOO_LARGE = (COM_QUIT,), (4031,), (1158,), (1158, 1160), (1153,)
"""The error codes that the server counts for the account at each kind of end."""

EventAction = Callable[[float, ProcesslistId], None]


def _row_statement(row: int) -> str:
    return HOLDER_STATEMENT.replace("?", str(row))


LOCKS_AT = 6.0
"""When the first session forgets to commit, in seconds from the start."""
LOCKS_HELD_SECONDS = 42.0
"""How long it holds its locks: shorter than innodb_lock_wait_timeout, so that no wait times out."""
LOCKS_EVERY = (100.0, 160.0)
"""Seconds between two sessions that forget to commit."""
FIRST_WAIT_AFTER, NEXT_WAIT_AFTER = 1.5, (1.0, 3.0)
"""Seconds until the first lock wait, and between the starts of two lock waits."""
CHANGED_BEFORE = 0.5
"""Seconds since a session that waits for a row began its transaction, in which it changed another row."""
CHAIN, QUEUE = 3, 2
"""Sessions that wait in a chain, each for the one before, and further sessions that wait for the holder."""


class SimulatedLocks:
    """The waits for locks, in the order in which they began."""

    def __init__(self) -> None:
        self._waits: dict[ProcesslistId, LockWait] = {}
        self._queue_keys: dict[ProcesslistId, str] = {}
        """The queue of each waiting session: the row or table that it waits for."""

    def waits(self) -> tuple[LockWait, ...]:
        return tuple(self._waits.values())

    def add(self, wait: LockWait, queue_key: str) -> None:
        self._waits[wait.waiter], self._queue_keys[wait.waiter] = wait, queue_key

    def has_waiters(self, holder: ProcesslistId) -> bool:
        return any(holder in wait.holders for wait in self._waits.values())

    def drop(self, waiter: ProcesslistId) -> LockWait | None:
        """End the wait of a session; None if it does not wait. Sessions that wait for it need `release`."""
        return self._waits.pop(waiter, None)

    def release(self, holder: ProcesslistId) -> tuple[ProcesslistId, ...]:
        """The sessions that get a lock after `holder` has released its locks. The others wait for the new holder."""
        queues: dict[str, list[LockWait]] = {}
        for wait in self._waits.values():
            if holder in wait.holders:
                queues.setdefault(self._queue_keys[wait.waiter], []).append(wait)
        granted: list[ProcesslistId] = []
        for first, *others in queues.values():
            granted.append(self._waits.pop(first.waiter).waiter)
            for wait in others:
                if wait.lock == READER_LOCK:
                    granted.append(self._waits.pop(wait.waiter).waiter)
                else:
                    self._waits[wait.waiter] = replace(wait, holders=(first.waiter,))
        return tuple(granted)


@dataclass(frozen=True, slots=True)
class SimulatedSession:
    """The constant facts of an open client session."""

    app: Application
    limit: int


class SimulationEngine:
    """All sessions of the simulated server, as of the last `advance`."""

    def __init__(
        self, server: SimulatedServer, started: float, sessions: int, seed: int, *, shows_statements: bool
    ) -> None:
        self._server = server
        self._rng = Random(seed)  # noqa: S311 - a simulation, not a secret
        self._row_builder = RowBuilder(server, self._rng, shows_statements=shows_statements)
        self._rows: dict[ProcesslistId, Session] = {}
        self._clients: dict[ProcesslistId, SimulatedSession] = {}
        self._events: list[tuple[float, int, EventAction, ProcesslistId]] = []
        self._events_scheduled = 0
        self._last_id = 4200
        self._running = 1
        self._end_errors: list[tuple[str, str, int]] = []
        self._opening_ends = started + OPENING_SECONDS
        self._locks = SimulatedLocks()
        self._lock_rng = Random(f"locks {seed}")  # noqa: S311 - separate, so that locks change nothing else
        self._counts = {
            "aborted_clients": 118,
            "aborted_connects": 9,
            "com_kill": 2,
            "max_used_connections": 0,
            "questions": 48_211_907,
        }
        self.own_id = self._add_fixed_sessions()
        for opening in opening_sessions(max(0, sessions - EXEMPT_SESSIONS), self._rng):
            self._add_opening_session(opening, started)
        self._schedule(started + self._rng.uniform(20, 40), self._open_login, self.own_id)
        self._schedule(started + self._rng.uniform(30, 50), self._kill_oldest, self.own_id)
        self._schedule(started + PACKET_AT, self._send_large_packet, self.own_id)
        self._schedule(started + LOCKS_AT, self._forget_row_lock, self.own_id)

    def advance(self, now: float) -> None:
        """Run every event that is due at `now`. An instant before the last one changes nothing."""
        while self._events and self._events[0][0] <= now:
            at, _, action, session_id = heappop(self._events)
            if session_id in self._rows:
                action(at, session_id)

    def sessions(self) -> tuple[Session, ...]:
        """All sessions, in the order of their ids."""
        return tuple(self._rows.values())

    def lock_waits(self) -> tuple[LockWait, ...]:
        """The sessions that wait for locks."""
        return self._locks.waits()

    def counters(self) -> dict[str, int]:
        """Status counters by lower-case name, without the uptime."""
        return {
            **self._counts,
            "connections": self._last_id,
            "max_connections": self._server.value("max_connections"),
            "threads_connected": len(self._rows) - 1,
            "threads_running": self._running,
        }

    @property
    def variables(self) -> tuple[Variable, ...]:
        return self._server.variables

    def set_variable(self, name: str, value: float) -> None:
        """Set a global variable. Existing sessions keep their values."""
        changed = (
            replace(v, value=value, set_by="dynamic") if v.name == name else v for v in self._server.variables
        )
        self._server = replace(self._server, variables=tuple(changed))

    def kill(self, at: float, session_id: ProcesslistId) -> bool:
        """Kill a client's session; returns False if it does not exist."""
        if session_id not in self._clients:
            return False
        self._counts["com_kill"] += 1
        self._end_session(at, session_id, KILLED)
        return True

    def end_statement(self, at: float, session_id: ProcesslistId) -> bool:
        """End the running statement of a client's session, if it runs one; returns False if the session does not exist."""
        if session_id not in self._clients:
            return False
        self._counts["com_kill"] += 1
        if self._rows[session_id].command == "Query":
            self._cancel_events({session_id})
            self._locks.drop(session_id)
            self._finish_or_commit(at, session_id)
        return True

    def _cancel_events(self, sessions: Collection[ProcesslistId]) -> None:
        self._events = [event for event in self._events if event[3] not in sessions]
        heapify(self._events)

    def _add_fixed_sessions(self) -> ProcesslistId:
        """Add the sessions without an idle limit. Returns our own id."""
        scheduler, replica, own_id = ProcesslistId(5), ProcesslistId(11), self._next_id()
        self._rows[scheduler] = self._row_builder.scheduler(scheduler)
        self._rows[replica] = self._row_builder.replica(replica)
        self._rows[own_id] = self._row_builder.own_session(own_id)
        return own_id

    def _add_opening_session(self, opening: OpeningSession, start: float) -> None:
        """Add a session that has been connected for some time."""
        app, rng, session_id = opening.app, self._rng, self._next_id()
        client = self._clients[session_id] = SimulatedSession(app, limit_for(app, self._server, rng))
        row = self._row_builder.client(session_id, app, client.limit, self._row_builder.address(app))
        if opening.state is StartState.BUSY:
            self._rows[session_id] = row
            self._run(
                start,
                session_id,
                rng.choice(app.reads),
                rng.uniform(2.0, 10.0) + rng.expovariate(1 / app.statement_seconds),
            )
            return
        statement = self._row_builder.filled_in(
            rng.choice(app.writes if opening.in_transaction else app.reads)
        )
        transaction = self._row_builder.transaction(start, statement) if opening.in_transaction else None
        row = replace(row, statement=self._row_builder.visible_statement(statement), transaction=transaction)
        limit = self._limit(row, client)
        since = start - idle_at_start(opening, limit, rng)
        if transaction is not None:
            transaction = replace(transaction, started=since - rng.uniform(0.01, 5.0))
        self._rows[session_id] = replace(row, idle_since=since, transaction=transaction)
        if opening.state is not StartState.CALM and rng.random() < FORGOTTEN_SHARE:
            self._schedule(since + limit, self._expire, session_id)
        else:
            self._schedule_end_of_wait(start, session_id)

    def _connect_event(self, app: Application) -> EventAction:
        """The event in which a new session of `app` connects. The session that it is scheduled for does not change."""

        def connect(at: float, _: ProcesslistId) -> None:
            session_id = self._next_id()
            self._clients[session_id] = SimulatedSession(app, limit_for(app, self._server, self._rng))
            self._rows[session_id] = self._row_builder.login(session_id, self._row_builder.address(app), at)
            self._schedule(at + self._rng.uniform(0.05, 0.4), self._log_in, session_id)

        return connect

    def _log_in(self, at: float, session_id: ProcesslistId) -> None:
        client = self._clients[session_id]
        row = self._row_builder.client(session_id, client.app, client.limit, self._rows[session_id].host)
        self._rows[session_id] = replace(row, idle_since=at)
        self._schedule(at + self._rng.uniform(0.02, 1.5), self._client_acts, session_id)

    def _open_login(self, at: float, session_id: ProcesslistId) -> None:
        """A health check opens a socket and never logs in."""
        login_id = self._next_id()
        self._rows[login_id] = self._row_builder.login(login_id, f"lb-1:{self._row_builder.port()}", at)
        self._schedule(at + CONNECT_TIMEOUT, self._end_login, login_id)
        self._schedule(at + self._rng.uniform(60, 150), self._open_login, session_id)

    def _end_login(self, at: float, session_id: ProcesslistId) -> None:  # noqa: ARG002 - every event has these parameters
        del self._rows[session_id]
        self._counts["aborted_connects"] += 1

    def _client_acts(self, at: float, session_id: ProcesslistId) -> None:
        """The client disconnects, is lost, or runs a statement."""
        app, rng, chance = self._clients[session_id].app, self._rng, self._rng.random()
        if chance > 1 - LOST_SHARE:
            self._end_session(at, session_id, LOST)
        elif self._rows[session_id].transaction is not None:
            self._run(at, session_id, "COMMIT", rng.uniform(0.002, 0.05))
        elif chance < app.disconnect_share:
            self._end_session(at, session_id, CLEAN_DISCONNECT)
        else:
            template = rng.choice(app.writes if rng.random() < app.write_share else app.reads)
            self._run(at, session_id, template, max(0.001, rng.expovariate(1 / app.statement_seconds)))

    def _run(self, at: float, session_id: ProcesslistId, template: str, seconds: float) -> None:
        """Start a statement that takes `seconds`."""
        statement = self._row_builder.filled_in(template)
        transaction = self._rows[session_id].transaction
        if transaction is None and template in self._clients[session_id].app.writes:
            transaction = self._row_builder.transaction(at, statement)
        self._start_statement(at, session_id, statement, transaction)
        self._schedule(
            at + seconds, self._finish if statement == "COMMIT" else self._finish_statement, session_id
        )

    def _start_statement(
        self,
        at: float,
        session_id: ProcesslistId,
        statement: str,
        transaction: Transaction | None,
        state: str = "",
    ) -> None:
        """Start a statement; the caller schedules its end."""
        self._rows[session_id] = replace(
            self._rows[session_id],
            command="Query",
            state=state or state_of(statement),
            statement=self._row_builder.visible_statement(statement),
            idle_since=None,
            transaction=transaction,
            busy_since=at,
        )
        self._running += 1
        self._counts["questions"] += 1

    def _finish(self, at: float, session_id: ProcesslistId) -> None:
        self._rows[session_id] = replace(self._rows[session_id], transaction=None)
        self._finish_statement(at, session_id)

    def _finish_statement(self, at: float, session_id: ProcesslistId) -> None:
        """A statement ends; the idle time begins again."""
        row = self._rows[session_id]
        transaction = None if self._rng.random() < COMMITTED_SHARE else row.transaction
        self._rows[session_id] = replace(
            row, command="Sleep", state=None, idle_since=at, transaction=transaction, busy_since=None
        )
        self._running -= 1
        self._schedule_end_of_wait(at, session_id)
        if transaction is None:
            self._release_locks(at, session_id)

    def _finish_or_commit(self, at: float, session_id: ProcesslistId) -> None:
        """A statement that waited ends; a transaction that it began ends with it."""
        row = self._rows[session_id]
        began_with_it = row.transaction is not None and row.transaction.started == row.busy_since
        (self._finish if began_with_it else self._finish_statement)(at, session_id)

    def _release_locks(self, at: float, holder: ProcesslistId) -> None:
        """Continue the sessions that wait for `holder`, which holds no lock any more."""
        for waiter in self._locks.release(holder):
            self._schedule(at + self._lock_rng.uniform(0.1, 0.6), self._finish, waiter)

    def _forget_row_lock(self, at: float, session_id: ProcesslistId) -> None:
        """A client changes a row and does not commit: some sessions wait for it directly, others in a chain."""
        chosen = self._idle_shop_sessions(at, 1 + CHAIN + QUEUE)
        self._schedule(
            at + self._lock_rng.uniform(*LOCKS_EVERY), self._leave_read_transaction_open, session_id
        )
        if not chosen:
            return
        rows = self._lock_rng.sample(range(1, 90_000), CHAIN)
        chain, queue = chosen[: 1 + CHAIN], chosen[1 + CHAIN :]
        self._hold_transaction(
            at, chain[0], _row_statement(rows[0]), Transaction(at, rows_modified=1, rows_locked=1)
        )
        waits = [(waiter, holder, row) for (holder, waiter), row in zip(pairwise(chain), rows, strict=False)]
        waits += [(waiter, chain[0], rows[0]) for waiter in queue]
        start = at + FIRST_WAIT_AFTER
        for waiter, holder, row in waits:
            self._schedule(start, self._wait_event(holder, _row_statement(row), ROW_LOCK), waiter)
            start += self._lock_rng.uniform(*NEXT_WAIT_AFTER)

    def _leave_read_transaction_open(self, at: float, session_id: ProcesslistId) -> None:
        """A client reads in a transaction and does not commit: an ALTER TABLE waits for it, and readers wait for that."""
        chosen = self._idle_shop_sessions(at, 2 + QUEUE)
        self._schedule(at + self._lock_rng.uniform(*LOCKS_EVERY), self._forget_row_lock, session_id)
        if len(chosen) < 2:
            return
        statement = READER_STATEMENT.replace("?", str(self._lock_rng.randrange(1, 90_000)))
        holder, changer, readers = chosen[0], chosen[1], chosen[2:]
        self._hold_transaction(at, holder, statement, Transaction(at, rows_modified=0, rows_locked=0))
        start = at + FIRST_WAIT_AFTER
        self._schedule(start, self._wait_event(holder, CHANGER_STATEMENT, CHANGER_LOCK), changer)
        for reader in readers:
            start += self._lock_rng.uniform(*NEXT_WAIT_AFTER)
            self._schedule(start, self._wait_event(changer, statement, READER_LOCK), reader)

    def _idle_shop_sessions(self, at: float, number: int) -> list[ProcesslistId]:
        """At most `number` idle sessions without a transaction, with deadlines after the end of the lock."""
        min_seconds = LOCKS_HELD_SECONDS + FAR_SECONDS
        idle = [
            session_id
            for session_id, client in self._clients.items()
            if client.app.db == SHOP
            and self._rows[session_id].is_idle
            and self._rows[session_id].transaction is None
            and self._deadline(session_id, at) - at > min_seconds
            and client.limit > min_seconds
        ]
        chosen = self._lock_rng.sample(idle, min(number, len(idle)))
        self._cancel_events(set(chosen))
        return chosen

    def _hold_transaction(
        self, at: float, session_id: ProcesslistId, statement: str, transaction: Transaction
    ) -> None:
        """A client runs a statement in a transaction, and commits much later."""
        self._counts["questions"] += 1
        self._rows[session_id] = replace(
            self._rows[session_id],
            statement=self._row_builder.visible_statement(statement),
            idle_since=at,
            transaction=transaction,
        )
        self._schedule(at + LOCKS_HELD_SECONDS, self._client_acts, session_id)

    def _wait_event(self, holder: ProcesslistId, statement: str, lock: Lock) -> EventAction:
        """The event in which a session begins to wait for `holder`."""

        def wait(at: float, session_id: ProcesslistId) -> None:
            if holder not in self._rows or self._rows[holder].transaction is None:
                self._client_acts(at, session_id)
                return
            is_row = lock == ROW_LOCK
            started = at - CHANGED_BEFORE if is_row else at
            transaction = Transaction(started, rows_modified=int(is_row), rows_locked=2 * is_row)
            self._start_statement(at, session_id, statement, transaction, "" if is_row else METADATA_STATE)
            self._locks.add(LockWait(session_id, (holder,), lock, at), statement)
            timeout = self._server.value("innodb_lock_wait_timeout" if is_row else "lock_wait_timeout")
            self._schedule(at + timeout, self._give_up_waiting, session_id)

        return wait

    def _give_up_waiting(self, at: float, session_id: ProcesslistId) -> None:
        """End a lock wait with error 1205; do nothing if the session does not wait any more."""
        if self._locks.drop(session_id) is not None:
            self._finish_or_commit(at, session_id)

    def _schedule_end_of_wait(self, at: float, session_id: ProcesslistId) -> None:
        """Schedule the end of the current idle period: the client's next statement, or the server's timeout."""
        client, deadline = self._clients[session_id], self._deadline(session_id, at)
        pauses = LONG_WAIT_PAUSES if self._rng.random() < client.app.long_wait_share else 1
        next_act = at + self._rng.expovariate(1 / (client.app.pause_seconds * pauses))
        comes_too_late = next_act < self._opening_ends and deadline - next_act < LAST_SECONDS
        if next_act >= deadline or comes_too_late:
            self._schedule(deadline, self._expire, session_id)
        else:
            self._schedule(next_act, self._client_acts, session_id)

    def _expire(self, at: float, session_id: ProcesslistId) -> None:
        self._end_session(at, session_id, TIMED_OUT)

    def _kill_oldest(self, at: float, session_id: ProcesslistId) -> None:
        """The DBA kills the session with the oldest transaction."""
        open_transactions = [
            (row.transaction.started or at, row.id)
            for row in self._rows.values()
            if row.transaction is not None and self._deadline(row.id, at) - at > FAR_SECONDS
        ]
        if open_transactions:
            self._counts["com_kill"] += 1
            self._end_session(at, min(open_transactions)[1], KILLED)
        self._schedule(at + self._rng.uniform(150, 300), self._kill_oldest, session_id)

    def _send_large_packet(self, at: float, _: ProcesslistId) -> None:
        """An idle client sends a packet above max_allowed_packet: the server closes its session."""
        idle = (
            session_id
            for session_id in self._clients
            if self._rows[session_id].is_idle
            and self._deadline(session_id, at) - at > FAR_SECONDS
            and not self._locks.has_waiters(session_id)
        )
        sender = next((session_id for session_id in idle if self._clients[session_id].app.writes), None)
        if sender is not None:
            self._end_session(at, sender, TOO_LARGE)

    def take_end_errors(self) -> tuple[tuple[str, str, int], ...]:
        """User, host and error code of each error of the sessions that ended since the previous call."""
        endings, self._end_errors = tuple(self._end_errors), []
        return endings

    def _end_session(self, at: float, session_id: ProcesslistId, codes: tuple[int, ...]) -> None:
        """End a session with these error codes, and schedule a new session of the same application."""
        row, client = self._rows.pop(session_id), self._clients.pop(session_id)
        self._locks.drop(session_id)
        self._release_locks(at, session_id)
        self._running -= row.command == "Query"
        self._counts["aborted_clients"] += codes != CLEAN_DISCONNECT
        self._end_errors += ((row.user, row.client_host, code) for code in codes)
        self._schedule(at + self._rng.uniform(1, 15), self._connect_event(client.app), self.own_id)

    def _limit(self, row: Session, client: SimulatedSession) -> int:
        """Seconds that the session may idle; MariaDB's transaction timeouts replace its own limit."""
        if row.transaction is None:
            return client.limit
        kind = "write" if row.transaction.rows_modified else "readonly"
        specific = self._server.value(f"idle_{kind}_transaction_timeout")
        return specific or self._server.value("idle_transaction_timeout") or client.limit

    def _deadline(self, session_id: ProcesslistId, at: float) -> float:
        """The deadline of a session that is idle; a busy one counts as idle since `at`."""
        row = self._rows[session_id]
        return (at if row.idle_since is None else row.idle_since) + self._limit(
            row, self._clients[session_id]
        )

    def _next_id(self) -> ProcesslistId:
        """The next process list id; the gaps stand for sessions that are too short to be listed."""
        self._last_id += self._rng.randrange(1, 5)
        self._counts["max_used_connections"] = max(self._counts["max_used_connections"], len(self._rows) + 1)
        return ProcesslistId(self._last_id)

    def _schedule(self, at: float, action: EventAction, session_id: ProcesslistId) -> None:
        self._events_scheduled += 1
        heappush(self._events, (at, self._events_scheduled, action, session_id))


class SimulatedExecutor:
    """Implements Executor. The source makes it; `lock` is held while either of them uses the engine."""

    is_borrowed = is_full = is_account_full = can_borrow = False

    def __init__(
        self, server: SimulatedServer, engine: SimulationEngine, clock: Clock, lock: threading.Lock, name: str
    ) -> None:
        """`server`: the server with the variables of its start."""
        self._server = server
        self._engine = engine
        self._clock = clock
        self._lock = lock
        self._name = name
        self._compiled = {v.name: v.value for v in server.variables if v.set_by == "compiled"}
        self._persisted: dict[str, float] = {}

    def conversation(self, *, borrow: bool = False) -> AbstractContextManager[SimulatedExecutor]:  # noqa: ARG002 - no connection to share
        return nullcontext(self)

    def privileges(self) -> Privileges:
        persists = self._server.flavour is Flavour.MYSQL
        why_not = _(
            "{server} cannot keep a value across restarts: write the value into the option file too",
            server=self._family,
        )
        return Privileges(
            "'goneaway'@'mon-1'",
            self._name,
            can_set=True,
            can_persist=persists,
            can_kill=True,
            why_not=() if persists else (("persist", why_not),),
        )

    def variable_state(self, name: str) -> VariableState:
        with self._lock:
            return self._variable_state(name)

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self._lock:
            self._engine.advance(self._clock())
            return next((session for session in self._engine.sessions() if session.id == session_id), None)

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        """Clamp a value that is out of bounds, with warning 1292, as servers do if sql_mode is not strict."""
        if keep is Persistence.PERSIST:
            self._require_persistence()
        with self._lock:
            kept = clamped(value, self._variable_state(name), TUNABLE[name]).value
            self._engine.advance(self._clock())
            self._engine.set_variable(name, kept)
            if keep is Persistence.PERSIST:
                self._persisted[name] = kept
        warning = f"Warning 1292: Truncated incorrect {name} value: '{sql_number(value)}'"
        return KeptValue(
            f"SET {keep.name} {name} = {sql_number(value)}", kept, () if kept == value else (warning,)
        )

    def reset_persist(self, name: str) -> KeptValue:
        self._require_persistence()
        with self._lock:
            persisted = self._persisted.pop(name, None)
            warning = f"Warning 3615: Variable {name} does not exist in persisted config file"
            value = self._variable_state(name).variable.value
        return KeptValue(f"RESET PERSIST IF EXISTS {name}", value, (warning,) if persisted is None else ())

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        """What new sessions get: an interactive client copies wait_timeout from interactive_timeout."""
        interactive_name = "interactive_timeout" if name == "wait_timeout" else name
        with self._lock:
            return tuple(
                NewSessionProbe(interactive, self._variable_state(variable).variable.value)
                for interactive, variable in ((False, name), (True, interactive_name))
            )

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        with self._lock:
            now = self._clock()
            self._engine.advance(now)
            existed = self._engine.kill(now, session_id)
        return KeptValue(f"KILL {session_id}", None, () if existed else (ALREADY_GONE,))

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        with self._lock:
            now = self._clock()
            self._engine.advance(now)
            existed = self._engine.end_statement(now, session_id)
        return KeptValue(f"KILL QUERY {session_id}", None, () if existed else (ALREADY_GONE,))

    @property
    def _family(self) -> str:
        return f"{self._server.flavour.title} {self._server.version}"

    def _variable_state(self, name: str) -> VariableState:
        variable = next((v for v in self._engine.variables if v.name == name), None)
        if variable is None:
            raise Unsupported(
                _(
                    "{server} has no variable {name} that can be set",
                    server=self._name,
                    name=plain(name, 100),
                )
            )
        return VariableState(variable, default=self._compiled.get(name), persisted=self._persisted.get(name))

    def _require_persistence(self) -> None:
        if self._server.flavour is not Flavour.MYSQL:
            raise Unsupported(
                _("{server} cannot keep a value across restarts", server=self._family),
                _("write the value into the option file"),
            )
