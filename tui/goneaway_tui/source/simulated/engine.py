"""The simulated server: its sessions, what happens to them and when, and the executor that changes its variables."""

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
"""By how much the Performance Schema's thread numbers run ahead of the process list's."""
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

    def client(self, who: ProcesslistId, app: Application, limit: int, address: str) -> Session:
        """A freshly logged-in session, idle from no particular instant."""
        attributes = dict(app.about)
        return Session(
            who,
            app.user,
            address,
            app.db,
            "Sleep",
            program=app.program,
            client=library_name(attributes.get("_client_name"), attributes.get("_client_version")),
            own_limit=self._shown(limit),
            attributes=(
                *app.about,
                ("_pid", str(self._rng.randrange(900, 64_000))),
                ("program_name", app.program),
            ),
            thread=_thread(who),
        )

    def login(self, who: ProcesslistId, address: str, at: float) -> Session:
        """Connected at `at`, not yet authenticated."""
        return Session(
            who,
            "unauthenticated user",
            address,
            None,
            "Connect",
            "Receiving from client",
            role=Role.LOGIN,
            idle_since=at,
            thread=_thread(who),
        )

    def scheduler(self, who: ProcesslistId) -> Session:
        return Session(
            who,
            "event_scheduler",
            "localhost",
            None,
            "Daemon",
            "Waiting on empty queue",
            role=Role.DAEMON,
            thread=_thread(who),
        )

    def replica(self, who: ProcesslistId) -> Session:
        """The session that sends a replica its binary log."""
        return Session(
            who,
            "repl",
            "db-02:49822",
            None,
            "Binlog Dump",
            "Source has sent all binlog to replica; waiting for more updates",
            role=Role.DUMP,
            own_limit=self._shown(self._server.value("wait_timeout")),
            thread=_thread(who),
        )

    def ourselves(self, who: ProcesslistId) -> Session:
        return Session(
            who,
            "goneaway",
            "mon-1:55120",
            None,
            "Query",
            "executing",
            self.shown("SELECT * FROM performance_schema.processlist"),
            program="goneaway-tui",
            client="pymysql 1.2.4",
            own=True,
            own_limit=self._shown(self._server.value("wait_timeout")),
            attributes=(
                ("_client_name", "pymysql"),
                ("_client_version", "1.2.4"),
                ("_pid", "31337"),
                ("program_name", "goneaway-tui"),
            ),
            thread=_thread(who),
        )

    def transaction(self, at: float, statement: str) -> Transaction:
        """What a statement that opens a transaction leaves held."""
        rows = 1 + int(self._rng.expovariate(0.4))
        if statement.startswith("SELECT"):
            return Transaction(at, rows_modified=0, rows_locked=rows)
        rows *= ROWS_OF_A_BATCH if "staging" in statement else 1
        return Transaction(at, rows_modified=rows, rows_locked=rows + self._rng.randrange(3))

    def address(self, app: Application) -> str:
        return f"{self._rng.choice(app.hosts)}:{self.port()}"

    def port(self) -> int:
        return self._rng.randrange(32_768, 61_000)

    def shown(self, statement: str) -> str | None:
        """The statement, or None where the engine does not show statements."""
        return statement if self._shows_statements else None

    def filled_in(self, template: str) -> str:
        """The statement with a number in the place of each `?`."""
        return template.replace("?", str(self._rng.randrange(1, 90_000))) if "?" in template else template

    def _shown(self, limit: int) -> int | None:
        return limit if self._server.shows_own_limits else None


def state_of(statement: str) -> str:
    """What the server says it is doing while it runs this."""
    if "GROUP BY" in statement:
        return "Creating sort index"
    return _STATES.get(statement.partition(" ")[0], "executing")


def _thread(who: ProcesslistId) -> ThreadId:
    return ThreadId(who + THREADS_AHEAD)


IMMINENT_SHARE = 0.10
WATCH_SHARE = 0.17
BUSY_SHARE = 0.08
TRANSACTION_SHARE = 0.22
"""Of the idle sessions whose application writes."""


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
    left: float
    """Seconds to its closing if it is imminent or on watch, else 0."""
    in_transaction: bool


def opening_sessions(clients: int, rng: Random) -> list[OpeningSession]:
    """All client sessions at the start, in the order of their ids."""
    weights = sum(app.share for app in APPLICATIONS)
    apps = [app for app in APPLICATIONS for _ in range(round(clients * app.share / weights))]
    apps = (apps + [APPLICATIONS[0]] * clients)[:clients]
    rng.shuffle(apps)
    imminent, watch, busy = (round(clients * share) for share in (IMMINENT_SHARE, WATCH_SHARE, BUSY_SHARE))
    states = [StartState.IMMINENT] * imminent + [StartState.WATCH] * watch + [StartState.BUSY] * busy
    states = (states + [StartState.CALM] * clients)[:clients]
    lefts = [4.0 + 53.0 * (k + rng.random()) / imminent for k in range(imminent)]
    lefts += [65.0 + 525.0 * (k + rng.random()) / watch for k in range(watch)]
    lefts = (lefts + [0.0] * clients)[:clients]
    parts = list(zip(states, lefts, strict=True))
    rng.shuffle(parts)
    return [
        OpeningSession(app, state, left, bool(app.writes) and rng.random() < TRANSACTION_SHARE)
        for app, (state, left) in zip(apps, parts, strict=True)
    ]


def limit_for(app: Application, server: SimulatedServer, rng: Random) -> int:
    """The own limit of a new session, in seconds."""
    inherits = not app.sets_its_own and rng.random() < server.inherits
    own = None if inherits else rng.choice(app.limits)
    return server.value("wait_timeout") if own is None else own


def idle_at_start(opening: OpeningSession, limit: float, rng: Random) -> float:
    """How many seconds a session has been idle when the simulation begins; always less than its limit."""
    if opening.state in {StartState.IMMINENT, StartState.WATCH}:
        return limit - min(opening.left, limit * rng.uniform(0.4, 0.95))
    if limit > DAY:
        return rng.uniform(2, 20) * 3600
    usual = min(rng.expovariate(1 / opening.app.pause_seconds), 0.5 * limit)
    if rng.random() < 0.3:
        usual = rng.uniform(0.05, 0.85) * min(limit, 10 * 3600)
    return min(usual, max(limit - 620.0, 0.3 * limit))


EXEMPT_SESSIONS = 3
"""Sessions without an idle clock: the event scheduler, a replica, ourselves."""
LOST_SHARE = 0.004
"""Share of idle waits that end because the client vanished without a COM_QUIT."""
COMMITTED_SHARE = 0.5
"""Share of writes committed with the statement; after the others the session idles inside the transaction."""
LONG_WAIT_PAUSES = 20
"""How many usual pauses a long idle wait lasts, on average."""
FORGOTTEN_SHARE = 0.7
"""Share of the sessions near their end at the start whose client does not come back."""

OPENING_SECONDS = 60.0
"""The first minute: what a new user sees predicted in it happens."""
LAST_SECONDS = 10.0
"""A client that would come back in the last seconds before its closing comes too late, as long as the opening lasts."""
FAR_SECONDS = 30.0
"""Only a session whose closing is farther than this is killed, or sends a packet that is too large."""
PACKET_AT = 20.0
"""When that packet is sent, in seconds from the start."""
CLEAN_DISCONNECT, TIMED_OUT, LOST, KILLED, TOO_LARGE = (COM_QUIT,), (4031,), (1158,), (1158, 1160), (1153,)
"""What the server counts of each end, by account."""

EventAction = Callable[[float, ProcesslistId], None]


def _row_statement(row: int) -> str:
    return HOLDER_STATEMENT.replace("?", str(row))


LOCKS_AT = 6.0
"""When the first session forgets to commit, in seconds from the start."""
LOCKS_HELD_SECONDS = 42.0
"""How long it forgets that: shorter than innodb_lock_wait_timeout, so that no wait for it fails."""
LOCKS_EVERY = (100.0, 160.0)
"""Seconds from one session that forgets to commit to the next."""
FIRST_WAIT_AFTER, NEXT_WAIT_AFTER = 1.5, (1.0, 3.0)
"""Seconds until the first session waits, and from one that waits to the next."""
CHANGED_BEFORE = 0.5
"""Seconds since a session that waits for a row began its transaction, in which it changed another row."""
CHAIN, QUEUE = 3, 2
"""How many sessions wait one for another, and how many besides for the holder."""


class SimulatedLocks:
    """The waits for locks, in the order in which they began."""

    def __init__(self) -> None:
        self._waits: dict[ProcesslistId, LockWait] = {}
        self._wanted: dict[ProcesslistId, str] = {}
        """Which row or table each waits for: sessions that want another one are in another queue."""

    def waits(self) -> tuple[LockWait, ...]:
        return tuple(self._waits.values())

    def add(self, wait: LockWait, wanted: str) -> None:
        self._waits[wait.waiter], self._wanted[wait.waiter] = wait, wanted

    def has_waiters(self, holder: ProcesslistId) -> bool:
        return any(holder in wait.holders for wait in self._waits.values())

    def drop(self, waiter: ProcesslistId) -> LockWait | None:
        """The session waits no longer; those behind it are let go by `release`."""
        return self._waits.pop(waiter, None)

    def release(self, holder: ProcesslistId) -> tuple[ProcesslistId, ...]:
        """The sessions that get a lock now that `holder` holds none. The others wait for the first that gets it."""
        queues: dict[str, list[LockWait]] = {}
        for wait in self._waits.values():
            if holder in wait.holders:
                queues.setdefault(self._wanted[wait.waiter], []).append(wait)
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
    """What stays the same about a living client session."""

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
        self._endings: list[tuple[str, str, int]] = []
        self._opening_ends = started + OPENING_SECONDS
        self._locks = SimulatedLocks()
        self._lock_rng = Random(f"locks {seed}")  # noqa: S311 - of its own, so that all else goes on as without
        self._counts = {
            "aborted_clients": 118,
            "aborted_connects": 9,
            "com_kill": 2,
            "max_used_connections": 0,
            "questions": 48_211_907,
        }
        self.own = self._add_fixed_sessions()
        for opening in opening_sessions(max(0, sessions - EXEMPT_SESSIONS), self._rng):
            self._add_opening_session(opening, started)
        self._schedule(started + self._rng.uniform(20, 40), self._open_login, self.own)
        self._schedule(started + self._rng.uniform(30, 50), self._kill_oldest, self.own)
        self._schedule(started + PACKET_AT, self._send_too_much, self.own)
        self._schedule(started + LOCKS_AT, self._forget_row_lock, self.own)

    def advance(self, now: float) -> None:
        """Run every event that is due. An earlier instant than last time changes nothing."""
        while self._events and self._events[0][0] <= now:
            at, _, act, who = heappop(self._events)
            if who in self._rows:
                act(at, who)

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
        """For new sessions; the existing ones keep their values."""
        changed = (
            replace(v, value=value, set_by="dynamic") if v.name == name else v for v in self._server.variables
        )
        self._server = replace(self._server, variables=tuple(changed))

    def kill(self, at: float, who: ProcesslistId) -> bool:
        """End a client's session; False where there is none."""
        if who not in self._clients:
            return False
        self._counts["com_kill"] += 1
        self._end_session(at, who, KILLED)
        return True

    def end_statement(self, at: float, who: ProcesslistId) -> bool:
        """End what a client's session is running, if anything; False where there is no such session."""
        if who not in self._clients:
            return False
        self._counts["com_kill"] += 1
        if self._rows[who].command == "Query":
            self._cancel_events({who})
            self._locks.drop(who)
            self._finish_or_commit(at, who)
        return True

    def _cancel_events(self, sessions: Collection[ProcesslistId]) -> None:
        self._events = [event for event in self._events if event[3] not in sessions]
        heapify(self._events)

    def _add_fixed_sessions(self) -> ProcesslistId:
        """Add the sessions without an idle limit. Returns our own id."""
        scheduler, replica, own = ProcesslistId(5), ProcesslistId(11), self._next_id()
        self._rows[scheduler] = self._row_builder.scheduler(scheduler)
        self._rows[replica] = self._row_builder.replica(replica)
        self._rows[own] = self._row_builder.ourselves(own)
        return own

    def _add_opening_session(self, opening: OpeningSession, start: float) -> None:
        """Add a session that has been connected for some time."""
        app, rng, who = opening.app, self._rng, self._next_id()
        client = self._clients[who] = SimulatedSession(app, limit_for(app, self._server, rng))
        row = self._row_builder.client(who, app, client.limit, self._row_builder.address(app))
        if opening.state is StartState.BUSY:
            self._rows[who] = row
            self._run(
                start,
                who,
                rng.choice(app.reads),
                rng.uniform(2.0, 10.0) + rng.expovariate(1 / app.statement_seconds),
            )
            return
        statement = self._row_builder.filled_in(
            rng.choice(app.writes if opening.in_transaction else app.reads)
        )
        held = self._row_builder.transaction(start, statement) if opening.in_transaction else None
        row = replace(row, statement=self._row_builder.shown(statement), transaction=held)
        limit = self._limit(row, client)
        since = start - idle_at_start(opening, limit, rng)
        if held is not None:
            held = replace(held, started=since - rng.uniform(0.01, 5.0))
        self._rows[who] = replace(row, idle_since=since, transaction=held)
        if opening.state is not StartState.CALM and rng.random() < FORGOTTEN_SHARE:
            self._schedule(since + limit, self._expire, who)
        else:
            self._schedule_end_of_wait(start, who)

    def _connection_of(self, app: Application) -> EventAction:
        """The event at which a session of `app` connects; the session it is scheduled for stays as it is."""

        def connect(at: float, _: ProcesslistId) -> None:
            who = self._next_id()
            self._clients[who] = SimulatedSession(app, limit_for(app, self._server, self._rng))
            self._rows[who] = self._row_builder.login(who, self._row_builder.address(app), at)
            self._schedule(at + self._rng.uniform(0.05, 0.4), self._log_in, who)

        return connect

    def _log_in(self, at: float, who: ProcesslistId) -> None:
        client = self._clients[who]
        row = self._row_builder.client(who, client.app, client.limit, self._rows[who].host)
        self._rows[who] = replace(row, idle_since=at)
        self._schedule(at + self._rng.uniform(0.02, 1.5), self._client_acts, who)

    def _open_login(self, at: float, who: ProcesslistId) -> None:
        """A health check opens a socket and never logs in."""
        stuck = self._next_id()
        self._rows[stuck] = self._row_builder.login(stuck, f"lb-1:{self._row_builder.port()}", at)
        self._schedule(at + CONNECT_TIMEOUT, self._end_login, stuck)
        self._schedule(at + self._rng.uniform(60, 150), self._open_login, who)

    def _end_login(self, at: float, who: ProcesslistId) -> None:  # noqa: ARG002 - every event has these parameters
        del self._rows[who]
        self._counts["aborted_connects"] += 1

    def _client_acts(self, at: float, who: ProcesslistId) -> None:
        """The client disconnects, vanishes, or runs a statement."""
        app, rng, chance = self._clients[who].app, self._rng, self._rng.random()
        if chance > 1 - LOST_SHARE:
            self._end_session(at, who, LOST)
        elif self._rows[who].transaction is not None:
            self._run(at, who, "COMMIT", rng.uniform(0.002, 0.05))
        elif chance < app.disconnect_share:
            self._end_session(at, who, CLEAN_DISCONNECT)
        else:
            template = rng.choice(app.writes if rng.random() < app.write_share else app.reads)
            self._run(at, who, template, max(0.001, rng.expovariate(1 / app.statement_seconds)))

    def _run(self, at: float, who: ProcesslistId, template: str, seconds: float) -> None:
        """Start a statement that takes `seconds`."""
        statement = self._row_builder.filled_in(template)
        held = self._rows[who].transaction
        if held is None and template in self._clients[who].app.writes:
            held = self._row_builder.transaction(at, statement)
        self._start_statement(at, who, statement, held)
        self._schedule(at + seconds, self._finish if statement == "COMMIT" else self._finish_statement, who)

    def _start_statement(
        self, at: float, who: ProcesslistId, statement: str, held: Transaction | None, state: str = ""
    ) -> None:
        """Start a statement; what ends it is scheduled by the caller."""
        self._rows[who] = replace(
            self._rows[who],
            command="Query",
            state=state or state_of(statement),
            statement=self._row_builder.shown(statement),
            idle_since=None,
            transaction=held,
            busy_since=at,
        )
        self._running += 1
        self._counts["questions"] += 1

    def _finish(self, at: float, who: ProcesslistId) -> None:
        self._rows[who] = replace(self._rows[who], transaction=None)
        self._finish_statement(at, who)

    def _finish_statement(self, at: float, who: ProcesslistId) -> None:
        """A statement ends; the idle time begins again."""
        row = self._rows[who]
        held = None if self._rng.random() < COMMITTED_SHARE else row.transaction
        self._rows[who] = replace(
            row, command="Sleep", state=None, idle_since=at, transaction=held, busy_since=None
        )
        self._running -= 1
        self._schedule_end_of_wait(at, who)
        if held is None:
            self._release_locks(at, who)

    def _finish_or_commit(self, at: float, who: ProcesslistId) -> None:
        """A statement that waited ends: the transaction too that began with it."""
        row = self._rows[who]
        began_with_it = row.transaction is not None and row.transaction.started == row.busy_since
        (self._finish if began_with_it else self._finish_statement)(at, who)

    def _release_locks(self, at: float, holder: ProcesslistId) -> None:
        """Let those go on that wait for a session which holds no lock any more."""
        for waiter in self._locks.release(holder):
            self._schedule(at + self._lock_rng.uniform(0.1, 0.6), self._finish, waiter)

    def _forget_row_lock(self, at: float, who: ProcesslistId) -> None:
        """A client changes a row and does not commit: some sessions wait for it, and each of a chain for the one before."""
        chosen = self._idle_shop_sessions(at, 1 + CHAIN + QUEUE)
        self._schedule(at + self._lock_rng.uniform(*LOCKS_EVERY), self._forget_read, who)
        if not chosen:
            return
        rows = self._lock_rng.sample(range(1, 90_000), CHAIN)
        chain, behind_holder = chosen[: 1 + CHAIN], chosen[1 + CHAIN :]
        self._hold(at, chain[0], _row_statement(rows[0]), Transaction(at, rows_modified=1, rows_locked=1))
        waits = [(waiter, holder, row) for (holder, waiter), row in zip(pairwise(chain), rows, strict=False)]
        waits += [(waiter, chain[0], rows[0]) for waiter in behind_holder]
        begins = at + FIRST_WAIT_AFTER
        for waiter, holder, row in waits:
            self._schedule(begins, self._wait_of(holder, _row_statement(row), ROW_LOCK), waiter)
            begins += self._lock_rng.uniform(*NEXT_WAIT_AFTER)

    def _forget_read(self, at: float, who: ProcesslistId) -> None:
        """A client reads in a transaction and does not commit: a change of the table waits, and readers behind that."""
        chosen = self._idle_shop_sessions(at, 2 + QUEUE)
        self._schedule(at + self._lock_rng.uniform(*LOCKS_EVERY), self._forget_row_lock, who)
        if len(chosen) < 2:
            return
        statement = READER_STATEMENT.replace("?", str(self._lock_rng.randrange(1, 90_000)))
        holder, changer, readers = chosen[0], chosen[1], chosen[2:]
        self._hold(at, holder, statement, Transaction(at, rows_modified=0, rows_locked=0))
        begins = at + FIRST_WAIT_AFTER
        self._schedule(begins, self._wait_of(holder, CHANGER_STATEMENT, CHANGER_LOCK), changer)
        for reader in readers:
            begins += self._lock_rng.uniform(*NEXT_WAIT_AFTER)
            self._schedule(begins, self._wait_of(changer, statement, READER_LOCK), reader)

    def _idle_shop_sessions(self, at: float, number: int) -> list[ProcesslistId]:
        """At most so many idle sessions without a transaction that the server closes later than all this takes."""
        enough = LOCKS_HELD_SECONDS + FAR_SECONDS
        idle = [
            who
            for who, client in self._clients.items()
            if client.app.db == SHOP
            and self._rows[who].is_idle
            and self._rows[who].transaction is None
            and self._deadline(who, at) - at > enough
            and client.limit > enough
        ]
        chosen = self._lock_rng.sample(idle, min(number, len(idle)))
        self._cancel_events(set(chosen))
        return chosen

    def _hold(self, at: float, who: ProcesslistId, statement: str, held: Transaction) -> None:
        """A client runs a statement in a transaction, and commits much later."""
        self._counts["questions"] += 1
        self._rows[who] = replace(
            self._rows[who], statement=self._row_builder.shown(statement), idle_since=at, transaction=held
        )
        self._schedule(at + LOCKS_HELD_SECONDS, self._client_acts, who)

    def _wait_of(self, holder: ProcesslistId, statement: str, lock: Lock) -> EventAction:
        """The event at which a session begins to wait for `holder`."""

        def wait(at: float, who: ProcesslistId) -> None:
            if holder not in self._rows or self._rows[holder].transaction is None:
                self._client_acts(at, who)
                return
            is_row = lock == ROW_LOCK
            began = at - CHANGED_BEFORE if is_row else at
            held = Transaction(began, rows_modified=int(is_row), rows_locked=2 * is_row)
            self._start_statement(at, who, statement, held, "" if is_row else METADATA_STATE)
            self._locks.add(LockWait(who, (holder,), lock, at), statement)
            timeout = self._server.value("innodb_lock_wait_timeout" if is_row else "lock_wait_timeout")
            self._schedule(at + timeout, self._give_up_waiting, who)

        return wait

    def _give_up_waiting(self, at: float, who: ProcesslistId) -> None:
        """A wait for a lock ends in error 1205; in a session that waits no longer nothing happens."""
        if self._locks.drop(who) is not None:
            self._finish_or_commit(at, who)

    def _schedule_end_of_wait(self, at: float, who: ProcesslistId) -> None:
        """Schedule the end of the running idle wait: the client's next statement, or the server's timeout."""
        client, deadline = self._clients[who], self._deadline(who, at)
        pauses = LONG_WAIT_PAUSES if self._rng.random() < client.app.long_wait_share else 1
        next_act = at + self._rng.expovariate(1 / (client.app.pause_seconds * pauses))
        comes_too_late = next_act < self._opening_ends and deadline - next_act < LAST_SECONDS
        if next_act >= deadline or comes_too_late:
            self._schedule(deadline, self._expire, who)
        else:
            self._schedule(next_act, self._client_acts, who)

    def _expire(self, at: float, who: ProcesslistId) -> None:
        self._end_session(at, who, TIMED_OUT)

    def _kill_oldest(self, at: float, who: ProcesslistId) -> None:
        """The DBA kills whoever has held a transaction open the longest."""
        held = [
            (row.transaction.started or at, row.id)
            for row in self._rows.values()
            if row.transaction is not None and self._deadline(row.id, at) - at > FAR_SECONDS
        ]
        if held:
            self._counts["com_kill"] += 1
            self._end_session(at, min(held)[1], KILLED)
        self._schedule(at + self._rng.uniform(150, 300), self._kill_oldest, who)

    def _send_too_much(self, at: float, _: ProcesslistId) -> None:
        """An idle client sends a packet above max_allowed_packet: the server closes its session."""
        idle = (
            who
            for who in self._clients
            if self._rows[who].is_idle
            and self._deadline(who, at) - at > FAR_SECONDS
            and not self._locks.has_waiters(who)
        )
        sender = next((who for who in idle if self._clients[who].app.writes), None)
        if sender is not None:
            self._end_session(at, sender, TOO_LARGE)

    def endings(self) -> tuple[tuple[str, str, int], ...]:
        """User, host and error of each error that the sessions raised that ended since the last call."""
        endings, self._endings = tuple(self._endings), []
        return endings

    def _end_session(self, at: float, who: ProcesslistId, codes: tuple[int, ...]) -> None:
        """A session ends, and raises these errors; another of its application comes a little later."""
        row, client = self._rows.pop(who), self._clients.pop(who)
        self._locks.drop(who)
        self._release_locks(at, who)
        self._running -= row.command == "Query"
        self._counts["aborted_clients"] += codes != CLEAN_DISCONNECT
        self._endings += ((row.user, row.client_host, code) for code in codes)
        self._schedule(at + self._rng.uniform(1, 15), self._connection_of(client.app), self.own)

    def _limit(self, row: Session, client: SimulatedSession) -> int:
        """Seconds the server lets this session idle: MariaDB's transaction timeouts replace its own limit."""
        if row.transaction is None:
            return client.limit
        kind = "write" if row.transaction.rows_modified else "readonly"
        specific = self._server.value(f"idle_{kind}_transaction_timeout")
        return specific or self._server.value("idle_transaction_timeout") or client.limit

    def _deadline(self, who: ProcesslistId, at: float) -> float:
        """When the server closes it, if it idles since `at` or has done so for longer."""
        row = self._rows[who]
        return (at if row.idle_since is None else row.idle_since) + self._limit(row, self._clients[who])

    def _next_id(self) -> ProcesslistId:
        """The next process list id; the gaps are sessions too short for anyone to see."""
        self._last_id += self._rng.randrange(1, 5)
        self._counts["max_used_connections"] = max(self._counts["max_used_connections"], len(self._rows) + 1)
        return ProcesslistId(self._last_id)

    def _schedule(self, at: float, act: EventAction, who: ProcesslistId) -> None:
        self._events_scheduled += 1
        heappush(self._events, (at, self._events_scheduled, act, who))


class SimulatedExecutor:
    """Implements Executor. The source makes it; `lock` is held while either of them uses the engine."""

    is_borrowed = is_full = is_account_full = can_borrow = False

    def __init__(
        self, server: SimulatedServer, engine: SimulationEngine, clock: Clock, lock: threading.Lock, name: str
    ) -> None:
        """`server` is as it was when the server started."""
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
            "{server} keeps no value across restarts: write it into the option file too", server=self._family
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
            return self._standing(name)

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self._lock:
            self._engine.advance(self._clock())
            return next((each for each in self._engine.sessions() if each.id == session_id), None)

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        """Cuts down what is out of bounds, and warns of it with 1292, as servers do where sql_mode is not strict."""
        if keep is Persistence.PERSIST:
            self._require_persistence()
        with self._lock:
            kept = clamped(value, self._standing(name), TUNABLE[name]).value
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
            known = self._persisted.pop(name, None)
            warning = f"Warning 3615: Variable {name} does not exist in persisted config file"
            value = self._standing(name).variable.value
        return KeptValue(f"RESET PERSIST IF EXISTS {name}", value, (warning,) if known is None else ())

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        """An interactive client's own wait_timeout is copied from interactive_timeout."""
        twin = "interactive_timeout" if name == "wait_timeout" else name
        with self._lock:
            return tuple(
                NewSessionProbe(interactive, self._standing(asked).variable.value)
                for interactive, asked in ((False, name), (True, twin))
            )

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        with self._lock:
            now = self._clock()
            self._engine.advance(now)
            was_there = self._engine.kill(now, session_id)
        return KeptValue(f"KILL {session_id}", None, () if was_there else (ALREADY_GONE,))

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        with self._lock:
            now = self._clock()
            self._engine.advance(now)
            was_there = self._engine.end_statement(now, session_id)
        return KeptValue(f"KILL QUERY {session_id}", None, () if was_there else (ALREADY_GONE,))

    @property
    def _family(self) -> str:
        return f"{self._server.flavour.title} {self._server.version}"

    def _standing(self, name: str) -> VariableState:
        found = next((v for v in self._engine.variables if v.name == name), None)
        if found is None:
            raise Unsupported(
                _(
                    "{server} has no variable {name} that can be set",
                    server=self._name,
                    name=plain(name, 100),
                )
            )
        return VariableState(found, default=self._compiled.get(name), persisted=self._persisted.get(name))

    def _require_persistence(self) -> None:
        if self._server.flavour is not Flavour.MYSQL:
            raise Unsupported(
                _("{server} keeps no value across restarts", server=self._family),
                _("write it into the option file"),
            )
