"""What each kind of session looks like in the process list, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from heapq import heapify, heappop, heappush
from random import Random
from threading import Lock

from goneaway_tui.errors import Unsupported
from goneaway_tui.i18n import _
from goneaway_tui.model.sample import GOODBYE
from goneaway_tui.model.server import Flavour, Variable
from goneaway_tui.model.session import ProcesslistId, Role, Session, ThreadId, Transaction, library_name
from goneaway_tui.model.tuning import KeptValue, NewSessionProbe, Persistence, Privileges, VariableState
from goneaway_tui.ports import Clock
from goneaway_tui.source.simulated.workload import CAST, CONNECT_TIMEOUT, DAY, Application, SimulatedServer
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import GONE, digits
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
    """Dresses sessions; draws from the play's random generator and keeps nothing of its own."""

    def __init__(self, stage: SimulatedServer, rng: Random, *, shows_statements: bool) -> None:
        self._stage = stage
        self._rng = rng
        self._shows_statements = shows_statements

    def client(self, who: ProcesslistId, app: Application, limit: int, address: str) -> Session:
        """A freshly logged-in session, idle from no particular instant."""
        told = dict(app.about)
        return Session(
            who,
            app.user,
            address,
            app.db,
            "Sleep",
            program=app.program,
            client=library_name(told.get("_client_name"), told.get("_client_version")),
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
            own_limit=self._shown(self._stage.value("wait_timeout")),
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
            self.said("SELECT * FROM performance_schema.processlist"),
            program="goneaway-tui",
            client="pymysql 1.2.4",
            own=True,
            own_limit=self._shown(self._stage.value("wait_timeout")),
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

    def said(self, statement: str) -> str | None:
        """The statement, or None where the play keeps statements to itself."""
        return statement if self._shows_statements else None

    def written(self, template: str) -> str:
        """The statement with a number in the place of each `?`."""
        return template.replace("?", str(self._rng.randrange(1, 90_000))) if "?" in template else template

    def _shown(self, limit: int) -> int | None:
        return limit if self._stage.shows_own_limits else None


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


class LifeStage(Enum):
    """Where in its life a session is found."""

    IMMINENT = "imminent"
    WATCH = "watch"
    BUSY = "busy"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class OpeningSession:
    """One client session at the start."""

    app: Application
    place: LifeStage
    left: float
    """Seconds to its closing if it is imminent or on watch, else 0."""
    in_transaction: bool


def opening_sessions(clients: int, rng: Random) -> list[OpeningSession]:
    """All client sessions at the start, in the order of their ids."""
    weights = sum(app.share for app in CAST)
    apps = [app for app in CAST for _ in range(round(clients * app.share / weights))]
    apps = (apps + [CAST[0]] * clients)[:clients]
    rng.shuffle(apps)
    imminent, watch, busy = (round(clients * share) for share in (IMMINENT_SHARE, WATCH_SHARE, BUSY_SHARE))
    places = [LifeStage.IMMINENT] * imminent + [LifeStage.WATCH] * watch + [LifeStage.BUSY] * busy
    places = (places + [LifeStage.CALM] * clients)[:clients]
    lefts = [4.0 + 53.0 * (k + rng.random()) / imminent for k in range(imminent)]
    lefts += [65.0 + 525.0 * (k + rng.random()) / watch for k in range(watch)]
    lefts = (lefts + [0.0] * clients)[:clients]
    parts = list(zip(places, lefts, strict=True))
    rng.shuffle(parts)
    return [
        OpeningSession(app, place, left, bool(app.writes) and rng.random() < TRANSACTION_SHARE)
        for app, (place, left) in zip(apps, parts, strict=True)
    ]


def limit_for(app: Application, stage: SimulatedServer, rng: Random) -> int:
    """The own limit of a new session, in seconds."""
    inherits = not app.sets_its_own and rng.random() < stage.inherits
    own = None if inherits else rng.choice(app.limits)
    return stage.value("wait_timeout") if own is None else own


def idle_at_start(entrance: OpeningSession, limit: float, rng: Random) -> float:
    """How many seconds a session has been idle when the play begins; always less than its limit."""
    if entrance.place in {LifeStage.IMMINENT, LifeStage.WATCH}:
        return limit - min(entrance.left, limit * rng.uniform(0.4, 0.95))
    if limit > DAY:
        return rng.uniform(2, 20) * 3600
    usual = min(rng.expovariate(1 / entrance.app.pause), 0.5 * limit)
    if rng.random() < 0.3:
        usual = rng.uniform(0.05, 0.85) * min(limit, 10 * 3600)
    return min(usual, max(limit - 620.0, 0.3 * limit))


EXEMPT_SESSIONS = 3
"""Sessions without an idle clock: the event scheduler, a replica, ourselves."""
LOST_SHARE = 0.004
"""Share of idle waits that end because the client vanished without a word."""
COMMITTED_SHARE = 0.5
"""Share of writes committed with the statement; after the others the session idles inside the transaction."""
NAP_PAUSES = 20
"""How many usual pauses a nap lasts, on average."""
FORGOTTEN_SHARE = 0.7
"""Share of the sessions near their end at the start that nobody saves."""

OPENING_SECONDS = 60.0
"""The first minute: what a new user sees predicted in it happens."""
LAST_SECONDS = 10.0
"""A client that would come back in the last seconds before its closing comes too late, as long as the opening lasts."""
FAR_SECONDS = 30.0
"""Only a session whose closing is farther than this is killed, or sends a packet that is too large."""
PACKET_AT = 20.0
"""When that packet is sent, in seconds from the start."""
SAID_GOODBYE, TIMED_OUT, LOST, KILLED, TOO_LARGE = (GOODBYE,), (4031,), (1158,), (1158, 1160), (1153,)
"""What the server counts of each end, by account."""

Cue = Callable[[float, ProcesslistId], None]


@dataclass(frozen=True, slots=True)
class SimulatedSession:
    """What stays the same about a living client session."""

    app: Application
    limit: int


class SimulationEngine:
    """All sessions of the simulated server, as of the last `advance`."""

    def __init__(
        self, stage: SimulatedServer, started: float, sessions: int, seed: int, *, shows_statements: bool
    ) -> None:
        self._stage = stage
        self._rng = Random(seed)  # noqa: S311 - a play, not a secret
        self._wardrobe = RowBuilder(stage, self._rng, shows_statements=shows_statements)
        self._rows: dict[ProcesslistId, Session] = {}
        self._parts: dict[ProcesslistId, SimulatedSession] = {}
        self._cues: list[tuple[float, int, Cue, ProcesslistId]] = []
        self._cues_written = 0
        self._last_id = 4200
        self._running = 1
        self._endings: list[tuple[str, str, int]] = []
        self._opening_ends = started + OPENING_SECONDS
        self._counts = {
            "aborted_clients": 118,
            "aborted_connects": 9,
            "com_kill": 2,
            "max_used_connections": 0,
            "questions": 48_211_907,
        }
        self.own = self._set_the_scene()
        for entrance in opening_sessions(max(0, sessions - EXEMPT_SESSIONS), self._rng):
            self._enter(entrance, started)
        self._cue(started + self._rng.uniform(20, 40), self._knock, self.own)
        self._cue(started + self._rng.uniform(30, 50), self._kill_oldest, self.own)
        self._cue(started + PACKET_AT, self._send_too_much, self.own)

    def advance(self, now: float) -> None:
        """Play everything that is due. An earlier instant than last time changes nothing."""
        while self._cues and self._cues[0][0] <= now:
            at, _, act, who = heappop(self._cues)
            if who in self._rows:
                act(at, who)

    def sessions(self) -> tuple[Session, ...]:
        """Everyone there, in the order of their ids."""
        return tuple(self._rows.values())

    def counters(self) -> dict[str, int]:
        """Status counters by lower-case name, without the uptime."""
        return {
            **self._counts,
            "connections": self._last_id,
            "max_connections": self._stage.value("max_connections"),
            "threads_connected": len(self._rows) - 1,
            "threads_running": self._running,
        }

    @property
    def variables(self) -> tuple[Variable, ...]:
        return self._stage.variables

    def set_variable(self, name: str, value: float) -> None:
        """From now on; who is there keeps what it has."""
        changed = (
            replace(v, value=value, set_by="dynamic") if v.name == name else v for v in self._stage.variables
        )
        self._stage = replace(self._stage, variables=tuple(changed))

    def kill(self, at: float, who: ProcesslistId) -> bool:
        """End a client's session; False where there is none."""
        if who not in self._parts:
            return False
        self._counts["com_kill"] += 1
        self._depart(at, who, KILLED)
        return True

    def end_statement(self, at: float, who: ProcesslistId) -> bool:
        """End what a client's session is running, if anything; False where there is no such session."""
        if who not in self._parts:
            return False
        self._counts["com_kill"] += 1
        if self._rows[who].command == "Query":
            self._cues = [cue for cue in self._cues if cue[3] != who]
            heapify(self._cues)
            self._rest(at, who)
        return True

    def _set_the_scene(self) -> ProcesslistId:
        """Those without an idle clock. Returns our own id."""
        scheduler, replica, own = ProcesslistId(5), ProcesslistId(11), self._next_id()
        self._rows[scheduler] = self._wardrobe.scheduler(scheduler)
        self._rows[replica] = self._wardrobe.replica(replica)
        self._rows[own] = self._wardrobe.ourselves(own)
        return own

    def _enter(self, entrance: OpeningSession, start: float) -> None:
        """Put a session on the stage in the middle of its life."""
        app, rng, who = entrance.app, self._rng, self._next_id()
        part = self._parts[who] = SimulatedSession(app, limit_for(app, self._stage, rng))
        row = self._wardrobe.client(who, app, part.limit, self._wardrobe.address(app))
        if entrance.place is LifeStage.BUSY:
            self._rows[who] = row
            self._run(
                start, who, rng.choice(app.reads), rng.uniform(2.0, 10.0) + rng.expovariate(1 / app.toil)
            )
            return
        said = self._wardrobe.written(rng.choice(app.writes if entrance.in_transaction else app.reads))
        held = self._wardrobe.transaction(start, said) if entrance.in_transaction else None
        row = replace(row, statement=self._wardrobe.said(said), transaction=held)
        limit = self._limit(row, part)
        since = start - idle_at_start(entrance, limit, rng)
        if held is not None:
            held = replace(held, started=since - rng.uniform(0.01, 5.0))
        self._rows[who] = replace(row, idle_since=since, transaction=held)
        if entrance.place is not LifeStage.CALM and rng.random() < FORGOTTEN_SHARE:
            self._cue(since + limit, self._expire, who)
        else:
            self._wait(start, who)

    def _arrive(self, app: Application) -> Cue:
        """The cue at which a session of `app` connects; whoever it is addressed to stays untouched."""

        def arrive(at: float, _: ProcesslistId) -> None:
            who = self._next_id()
            self._parts[who] = SimulatedSession(app, limit_for(app, self._stage, self._rng))
            self._rows[who] = self._wardrobe.login(who, self._wardrobe.address(app), at)
            self._cue(at + self._rng.uniform(0.05, 0.4), self._admit, who)

        return arrive

    def _admit(self, at: float, who: ProcesslistId) -> None:
        part = self._parts[who]
        row = self._wardrobe.client(who, part.app, part.limit, self._rows[who].host)
        self._rows[who] = replace(row, idle_since=at)
        self._cue(at + self._rng.uniform(0.02, 1.5), self._wake, who)

    def _knock(self, at: float, who: ProcesslistId) -> None:
        """A health check opens a socket and never logs in."""
        stuck = self._next_id()
        self._rows[stuck] = self._wardrobe.login(stuck, f"lb-1:{self._wardrobe.port()}", at)
        self._cue(at + CONNECT_TIMEOUT, self._refuse, stuck)
        self._cue(at + self._rng.uniform(60, 150), self._knock, who)

    def _refuse(self, at: float, who: ProcesslistId) -> None:  # noqa: ARG002 - the shape of every cue
        del self._rows[who]
        self._counts["aborted_connects"] += 1

    def _wake(self, at: float, who: ProcesslistId) -> None:
        """The client does something: says goodbye, vanishes, or runs a statement."""
        app, rng, chance = self._parts[who].app, self._rng, self._rng.random()
        if chance > 1 - LOST_SHARE:
            self._depart(at, who, LOST)
        elif self._rows[who].transaction is not None:
            self._run(at, who, "COMMIT", rng.uniform(0.002, 0.05))
        elif chance < app.quits:
            self._depart(at, who, SAID_GOODBYE)
        else:
            template = rng.choice(app.writes if rng.random() < app.writing else app.reads)
            self._run(at, who, template, max(0.001, rng.expovariate(1 / app.toil)))

    def _run(self, at: float, who: ProcesslistId, template: str, seconds: float) -> None:
        """Start a statement that takes `seconds`."""
        row, statement = self._rows[who], self._wardrobe.written(template)
        held = row.transaction
        if held is None and template in self._parts[who].app.writes:
            held = self._wardrobe.transaction(at, statement)
        self._rows[who] = replace(
            row,
            command="Query",
            state=state_of(statement),
            statement=self._wardrobe.said(statement),
            idle_since=None,
            transaction=held,
        )
        self._running += 1
        self._counts["questions"] += 1
        self._cue(at + seconds, self._finish if statement == "COMMIT" else self._rest, who)

    def _finish(self, at: float, who: ProcesslistId) -> None:
        self._rows[who] = replace(self._rows[who], transaction=None)
        self._rest(at, who)

    def _rest(self, at: float, who: ProcesslistId) -> None:
        """A statement ends; the idle clock begins anew."""
        row = self._rows[who]
        held = None if self._rng.random() < COMMITTED_SHARE else row.transaction
        self._rows[who] = replace(row, command="Sleep", state=None, idle_since=at, transaction=held)
        self._running -= 1
        self._wait(at, who)

    def _wait(self, at: float, who: ProcesslistId) -> None:
        """Cue the end of the running idle wait: the client's next word, or the server's last."""
        part, deadline = self._parts[who], self._deadline(who, at)
        pauses = NAP_PAUSES if self._rng.random() < part.app.naps else 1
        wake = at + self._rng.expovariate(1 / (part.app.pause * pauses))
        comes_too_late = wake < self._opening_ends and deadline - wake < LAST_SECONDS
        if wake >= deadline or comes_too_late:
            self._cue(deadline, self._expire, who)
        else:
            self._cue(wake, self._wake, who)

    def _expire(self, at: float, who: ProcesslistId) -> None:
        self._depart(at, who, TIMED_OUT)

    def _kill_oldest(self, at: float, who: ProcesslistId) -> None:
        """The DBA kills whoever has held a transaction open the longest."""
        held = [
            (row.transaction.started or at, row.id)
            for row in self._rows.values()
            if row.transaction is not None and self._deadline(row.id, at) - at > FAR_SECONDS
        ]
        if held:
            self._counts["com_kill"] += 1
            self._depart(at, min(held)[1], KILLED)
        self._cue(at + self._rng.uniform(150, 300), self._kill_oldest, who)

    def _send_too_much(self, at: float, _: ProcesslistId) -> None:
        """An idle client sends a packet above max_allowed_packet: the server closes its session."""
        idle = (
            who
            for who in self._parts
            if self._rows[who].is_idle and self._deadline(who, at) - at > FAR_SECONDS
        )
        sender = next((who for who in idle if self._parts[who].app.writes), None)
        if sender is not None:
            self._depart(at, sender, TOO_LARGE)

    def endings(self) -> tuple[tuple[str, str, int], ...]:
        """User, host and each error raised by those who left since this was last asked."""
        told, self._endings = tuple(self._endings), []
        return told

    def _depart(self, at: float, who: ProcesslistId, codes: tuple[int, ...]) -> None:
        """A session ends, and raises these errors; another of its application comes a little later."""
        row, part = self._rows.pop(who), self._parts.pop(who)
        self._running -= row.command == "Query"
        self._counts["aborted_clients"] += codes != SAID_GOODBYE
        self._endings += ((row.user, row.client_host, code) for code in codes)
        self._cue(at + self._rng.uniform(1, 15), self._arrive(part.app), self.own)

    def _limit(self, row: Session, part: SimulatedSession) -> int:
        """Seconds the server lets this session idle: MariaDB's transaction timeouts replace its own limit."""
        if row.transaction is None:
            return part.limit
        kind = "write" if row.transaction.rows_modified else "readonly"
        specific = self._stage.value(f"idle_{kind}_transaction_timeout")
        return specific or self._stage.value("idle_transaction_timeout") or part.limit

    def _deadline(self, who: ProcesslistId, at: float) -> float:
        """When the server closes it, if it idles since `at` or has done so for longer."""
        row = self._rows[who]
        return (at if row.idle_since is None else row.idle_since) + self._limit(row, self._parts[who])

    def _next_id(self) -> ProcesslistId:
        """The next process list id; the gaps are sessions too short for anyone to see."""
        self._last_id += self._rng.randrange(1, 5)
        self._counts["max_used_connections"] = max(self._counts["max_used_connections"], len(self._rows) + 1)
        return ProcesslistId(self._last_id)

    def _cue(self, at: float, act: Cue, who: ProcesslistId) -> None:
        self._cues_written += 1
        heappush(self._cues, (at, self._cues_written, act, who))


class SimulatedExecutor:
    """Implements Executor. Made by the source whose play it changes; `lock` is held while either touches that."""

    is_lent = is_full = is_account_full = can_borrow = False

    def __init__(
        self, stage: SimulatedServer, play: SimulationEngine, clock: Clock, lock: Lock, name: str
    ) -> None:
        """`stage` is as it was when the server started."""
        self._stage = stage
        self._play = play
        self._clock = clock
        self._lock = lock
        self._name = name
        self._compiled = {v.name: v.value for v in stage.variables if v.set_by == "compiled"}
        self._persisted: dict[str, float] = {}

    def together(self, *, borrow: bool = False) -> AbstractContextManager[SimulatedExecutor]:  # noqa: ARG002 - no connection to share
        return nullcontext(self)

    def privileges(self) -> Privileges:
        persists = self._stage.flavour is Flavour.MYSQL
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

    def standing(self, name: str) -> VariableState:
        with self._lock:
            return self._standing(name)

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self._lock:
            self._play.advance(self._clock())
            return next((each for each in self._play.sessions() if each.id == session_id), None)

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        """Cuts down what is out of bounds, and warns of it with 1292, as servers do where sql_mode is not strict."""
        if keep is Persistence.PERSIST:
            self._require_persistence()
        with self._lock:
            kept = clamped(value, self._standing(name), TUNABLE[name]).value
            self._play.advance(self._clock())
            self._play.set_variable(name, kept)
            if keep is Persistence.PERSIST:
                self._persisted[name] = kept
        warning = f"Warning 1292: Truncated incorrect {name} value: '{digits(value)}'"
        return KeptValue(
            f"SET {keep.name} {name} = {digits(value)}", kept, () if kept == value else (warning,)
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
            self._play.advance(now)
            was_there = self._play.kill(now, session_id)
        return KeptValue(f"KILL {session_id}", None, () if was_there else (GONE,))

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        with self._lock:
            now = self._clock()
            self._play.advance(now)
            was_there = self._play.end_statement(now, session_id)
        return KeptValue(f"KILL QUERY {session_id}", None, () if was_there else (GONE,))

    @property
    def _family(self) -> str:
        return f"{self._stage.flavour.title} {self._stage.version}"

    def _standing(self, name: str) -> VariableState:
        found = next((v for v in self._play.variables if v.name == name), None)
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
        if self._stage.flavour is not Flavour.MYSQL:
            raise Unsupported(
                _("{server} keeps no value across restarts", server=self._family),
                _("write it into the option file"),
            )
