"""The workload of the demo: a small shop database, and the applications that use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import cycle
from random import Random

import pymysql
from pymysql.constants import CLIENT

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import _
from goneaway_tui.ports import Clock
from goneaway_tui.source.demo.program import ServerConnection, connect, run
from goneaway_tui.source.demo.server import GLOBAL_LIMIT_SECONDS, INTERACTIVE_LIMIT_SECONDS, MAX_PACKET_BYTES
from goneaway_tui.text.sanitize import plain

WATCHER = "goneaway"
"""The account of the demo's monitoring: it sees every session and may change nothing."""
DATABASE = "shop"
CARTS = 64
"""Rows in `cart`; each client writes only its own row, so that no session waits for a lock, except on the last two rows."""

TABLES = (
    "CREATE DATABASE shop",
    "CREATE TABLE shop.cart (id INT PRIMARY KEY, customer VARCHAR(40) NOT NULL, quantity INT NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, customer VARCHAR(40) NOT NULL, total DECIMAL(9,2) NOT NULL) ENGINE=InnoDB",
)


@dataclass(frozen=True, slots=True)
class ApplicationBehaviour:
    """How the sessions of one application behave. Times are seconds."""

    user: str
    program: str
    sessions: int
    limits: tuple[int | None, ...]
    """Own limits in seconds, one for each session in turn; None keeps the global value."""
    pause: tuple[float, float]
    """The shortest and the longest pause between two statements."""
    writes: bool = False
    abandoned_share: float = 0.2
    """Share of idle periods that the client does not end, so that the server closes the session."""
    interactive: bool = False


BEHAVIOURS = (
    ApplicationBehaviour(
        "shop_app", "gunicorn", 18, (12, 20, 30, None, 45, 90, 120, None, 3600), (2.0, 12.0), writes=True
    ),
    ApplicationBehaviour("etl", "python", 6, (25, 60, 28_800), (5.0, 20.0), writes=True),
    ApplicationBehaviour("cron", "php", 4, (8, 10, 15), (1.0, 5.0), abandoned_share=0.5),
    ApplicationBehaviour("report", "java", 5, (None, 3600, 28_800), (10.0, 40.0), abandoned_share=0.1),
    ApplicationBehaviour("grafana", "grafana", 4, (None, 120), (3.0, 10.0), abandoned_share=0.05),
    ApplicationBehaviour(
        "dba", "mysql", 2, (None, 28_800), (15.0, 50.0), interactive=True, abandoned_share=0.4
    ),
)
"""The applications whose sessions connect and disconnect."""

BUSY_USERS = ("report", "etl", "report")
"""Users of the sessions that are nearly always busy."""


FIRST_LOCKS_AT, LOCKS_EVERY = 12.0, 75.0
"""Seconds from the start to the first client that forgets to commit, and from one such client's end to the next."""
LOCKS_HELD = (2.0 * GLOBAL_LIMIT_SECONDS, 0.7 * GLOBAL_LIMIT_SECONDS)
"""Seconds until it commits, in turn. The first is longer than the limit, so that the server closes the session."""
LOCK_WAIT_AFTER = 1.5
"""Seconds between the starts of two lock waits."""
LOCK_WAIT_SECONDS = 50
"""The longest wait for a row: the default of innodb_lock_wait_timeout, longer than the demo's global value."""
SHARED_ROW, NEXT_ROW = CARTS - 1, CARTS - 2
"""The row that the client leaves locked, and the row that the first waiting session has locked itself."""
CHANGE = "UPDATE cart SET quantity = quantity + 1 WHERE id = %s"
WAITERS = (
    ("shop_app", "gunicorn", (NEXT_ROW, SHARED_ROW)),
    ("shop_app", "gunicorn", (SHARED_ROW,)),
    ("cron", "php", (NEXT_ROW,)),
)
"""User and program of the waiting sessions, and the rows that each changes in one transaction."""


def set_up_database(root: ServerConnection) -> None:
    """Create the accounts and the tables. Raises pymysql.MySQLError."""
    for statement in TABLES:
        run(root, statement)
    with root.cursor() as cursor:
        rows = [(n, f"customer {n}") for n in range(CARTS)]
        cursor.executemany("INSERT INTO shop.cart (id, customer, quantity) VALUES (%s, %s, 1)", rows)
        cursor.executemany("INSERT INTO shop.orders (id, customer, total) VALUES (%s, %s, 49.90)", rows)
    for user in sorted({behaviour.user for behaviour in BEHAVIOURS} | set(BUSY_USERS)):
        run(root, "CREATE USER %s@'localhost'", user)
        run(root, "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO %s@'localhost'", user)
    run(root, "CREATE USER %s@'localhost'", WATCHER)
    run(root, "GRANT PROCESS ON *.* TO %s@'localhost'", WATCHER)
    run(root, "GRANT SELECT ON performance_schema.* TO %s@'localhost'", WATCHER)


OPENING_SECONDS = 60.0
"""Length of the opening, in seconds from the first client's login."""
NEAR_SECONDS = 10.0
"""Seconds before a deadline from which on the closing counts as near."""
LATE_SECONDS = 2.5
"""Seconds by which a client may use its session later than NEAR_SECONDS before its deadline."""
MIN_ROOM_SECONDS = 3.0
"""Idle seconds that a session must have before its closing is near; otherwise its client goes idle at once."""
SILENCE_EVERY = 4.0
"""Seconds between two sessions with the global limit that go idle; the first does so at once."""
KILL_AT = 4.0
PACKET_AT = 9.0
"""Seconds from which on one session may be killed, and another may send a packet that is too large."""
KNOWN_AFTER = 2.0
"""Age in seconds from which on a session is killed or fails: a younger one may be missing in every sample."""
KILLER, SENDER = "etl", "report"
"""The user whose session kills another of the same user, which needs no privilege; the user that sends the packet."""


class OpeningMinute:
    """Adds events to the first minute: sessions that time out, one that is killed, one with a packet that is too large."""

    def __init__(self, clients: Sequence[DemoClient]) -> None:
        self._clients = clients
        self._silence_at = 0.0
        self._kill_at = KILL_AT
        self._packet_at = PACKET_AT
        self._logins: dict[int, float] = {}
        """When each session logged in, by its id."""
        self._near_at: dict[int, float] = {}
        """From when on the closing of each session is near, by its id."""

    def pause_after(self, client: DemoClient, now: float, pause: float, rng: Random) -> float:
        """The seconds until a client acts again. It acted at `now`, and its own pause would be `pause` seconds."""
        if client.session_id is None:
            return pause
        self._logins.setdefault(client.session_id, now)
        room = client.expected_limit - NEAR_SECONDS
        self._near_at[client.session_id] = now + room
        if room < MIN_ROOM_SECONDS:
            return client.go_idle(rng)
        if client.has_global_limit and now >= self._silence_at:
            self._silence_at = now + SILENCE_EVERY
            return client.go_idle(rng)
        if self._is_known(client, now):
            self._kill_or_send(client, now)
        return min(pause, room * rng.uniform(0.6, 1.0))

    def is_near(self, client: DemoClient, now: float) -> bool:
        """Whether the closing is so near, on a machine that lets the client act late, that it must not use the session."""
        return client.session_id is not None and now > self._near_at[client.session_id] + LATE_SECONDS

    def _is_known(self, client: DemoClient, now: float) -> bool:
        """Whether the client's session is older than KNOWN_AFTER, so that a sample lists it."""
        return client.session_id is not None and self._logins[client.session_id] <= now - KNOWN_AFTER

    def _kill_or_send(self, client: DemoClient, now: float) -> None:
        """Run the KILL or send the packet, if it is due and this client is of the right user."""
        if now >= self._kill_at and client.behaviour.user == KILLER:
            others = (
                other for other in self._clients if other is not client and other.behaviour.user == KILLER
            )
            victim = next((other.session_id for other in others if self._is_known(other, now)), None)
            if victim is not None:
                self._kill_at = float("inf")
                client.run("KILL %s", victim)
        elif now >= self._packet_at and client.behaviour.user == SENDER:
            self._packet_at = float("inf")
            client.run("UPDATE orders SET customer = %s", "x" * MAX_PACKET_BYTES)


JOIN_SECONDS = 1.0
"""How long `stop` waits for the threads."""
HEAD_START = 1.5
"""Seconds by which the first session starts before all others: MariaDB counts idle times in whole seconds."""
BUSY_STATEMENT = "SELECT SLEEP(3) /* turnover by region, the slow way */"
_DISCONNECTED = (pymysql.MySQLError, OSError)


class DemoClient:
    """A client of one application, with one session at a time: it connects, works, idles, is closed, connects again."""

    def __init__(
        self, behaviour: ApplicationBehaviour, number: int, limit: int | None, *, shows_limits: bool
    ) -> None:
        """`number`: the row of `cart` to write. `limit`: the own wait_timeout in seconds; None keeps the global one.

        `shows_limits`: the server shows a session's own limit. Otherwise this tool assumes the global value for every session.
        """
        self.behaviour = behaviour
        self._number = number
        self._limit = limit
        inherited = INTERACTIVE_LIMIT_SECONDS if behaviour.interactive else GLOBAL_LIMIT_SECONDS
        self._limit_seconds = inherited if limit is None else limit
        """Idle seconds after which the server closes the session."""
        self.expected_limit = self._limit_seconds if shows_limits else GLOBAL_LIMIT_SECONDS
        """Idle seconds after which this tool expects the server to close the session."""
        self._connection: ServerConnection | None = None
        self._in_transaction = False
        self._is_abandoned = False

    @property
    def session_id(self) -> int | None:
        """The id of the open session; None without one, and for a session that the client has abandoned."""
        if self._connection is None or self._is_abandoned:
            return None
        return int(self._connection.thread_id())  # type: ignore[no-untyped-call]

    @property
    def has_global_limit(self) -> bool:
        """Whether the global wait_timeout is the limit of its sessions."""
        return self._limit is None and not self.behaviour.interactive

    def act(self, socket: str, rng: Random, *, may_abandon: bool = True) -> float:
        """Connect, or run the next statement. Returns the seconds until the next call.

        `may_abandon`: the client may abandon its open session.
        """
        self._is_abandoned = False
        try:
            if self._connection is None:
                return self._connect(socket, rng)
            self._work(self._connection, rng)
        except _DISCONNECTED:
            self.disconnect()
        if self._connection is None:
            return rng.uniform(1.0, 4.0)
        if may_abandon and rng.random() < self.behaviour.abandoned_share:
            return self.go_idle(rng)
        return rng.uniform(*self.behaviour.pause)

    def run(self, statement: str, *values: object) -> None:
        """Run a statement that may end the session."""
        if self._connection is not None:
            try:
                run(self._connection, statement, *values)
            except _DISCONNECTED:
                self.disconnect()

    def go_idle(self, rng: Random) -> float:
        """Abandon the session. Returns the seconds until the client uses it again, after the server has closed it."""
        self._is_abandoned = True
        return self._limit_seconds + rng.uniform(2.0, 6.0)

    def disconnect(self) -> None:
        """Disconnect (COM_QUIT), if the connection is still open."""
        connection, self._connection, self._in_transaction = self._connection, None, False
        if connection is not None:
            with suppress(*_DISCONNECTED):
                connection.close()

    def _connect(self, socket: str, rng: Random) -> float:
        flag = CLIENT.INTERACTIVE if self.behaviour.interactive else 0
        self._connection = connect(socket, self.behaviour.user, self.behaviour.program, DATABASE, flag)
        if self._limit is not None:
            run(self._connection, "SET SESSION wait_timeout = %s", self._limit)
        return rng.uniform(0.1, 1.0)

    def _work(self, connection: ServerConnection, rng: Random) -> None:
        if self._in_transaction:
            run(connection, "COMMIT")
            self._in_transaction = False
        elif self.behaviour.writes and rng.random() < 0.35:
            run(connection, "BEGIN")
            run(connection, CHANGE, self._number)
            self._in_transaction = True
        elif rng.random() < 0.03:
            self.disconnect()
        else:
            run(connection, "SELECT customer, quantity FROM cart WHERE id = %s", rng.randrange(CARTS))


class Workload:
    """The clients of the demo, which run on the socket of a private server until stopped."""

    def __init__(self, socket: str, clock: Clock, seed: int = 9, *, shows_limits: bool = True) -> None:
        """`clock` returns seconds. `shows_limits`: the server shows a session's own limit. Otherwise only few sessions have their own
        limit, since their deadlines would be unknown.
        """
        self._socket = socket
        self._clock = clock
        self._shows_limits = shows_limits
        self._rng = Random(seed)  # noqa: S311 - a simulation, not a secret
        self._stopped = threading.Event()
        self._busy_sessions: dict[str, int] = {}
        """The ids of the sessions that are busy or wait, by the name of their thread."""
        clients = [threading.Thread(target=self._run_clients, name="demo-play", daemon=True)]
        busy = [
            threading.Thread(
                target=self._keep_busy, args=(user, f"demo-toil-{n}"), name=f"demo-toil-{n}", daemon=True
            )
            for n, user in enumerate(BUSY_USERS)
        ]
        locks = [threading.Thread(target=self._forget_commits, name="demo-locks", daemon=True)]
        self._threads = clients + busy + locks

    def start(self) -> None:
        """Create the database and start the clients. Raises SourceError. Call this once."""
        try:
            with connect(self._socket, "root", "goneaway-demo") as root:
                set_up_database(root)
        except _DISCONNECTED as error:
            raise SourceError(
                _("the demo's shop could not be set up: {why}", why=plain(str(error), 300))
            ) from None
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop all clients; safe to call twice and from another thread."""
        self._stopped.set()
        busy = list(self._busy_sessions.values())
        if busy:
            with suppress(*_DISCONNECTED), connect(self._socket, "root", "goneaway-demo") as root:
                for session_id in busy:
                    with suppress(*_DISCONNECTED):
                        run(root, "KILL %s", session_id)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(JOIN_SECONDS)

    def _limit(self, behaviour: ApplicationBehaviour, number: int) -> int | None:
        limit = behaviour.limits[number % len(behaviour.limits)]
        return limit if self._shows_limits or (limit or 0) > 2 * GLOBAL_LIMIT_SECONDS else None

    def _new_clients(self) -> list[DemoClient]:
        instances = [(behaviour, n) for behaviour in BEHAVIOURS for n in range(behaviour.sessions)]
        return [
            DemoClient(behaviour, row, self._limit(behaviour, n), shows_limits=self._shows_limits)
            for row, (behaviour, n) in enumerate(instances)
        ]

    def _run_clients(self) -> None:
        """Run all clients whose statements are short, in one thread."""
        started = self._clock()
        clients = self._new_clients()
        opening = OpeningMinute(clients)
        order = self._rng.sample(range(len(clients)), len(clients))
        order.sort(
            key=lambda row: not clients[row].has_global_limit
        )  # the first client is the first to go idle
        due = [(0.05 * index + (HEAD_START if index else 0.0), row) for index, row in enumerate(order)]
        heapify(due)
        while not self._stopped.wait(max(0.0, due[0][0] - (self._clock() - started))):
            _due_at, row = heappop(due)
            pause = self._act(clients[row], opening, lambda: self._clock() - started)
            heappush(due, (self._clock() - started + pause, row))
        for client in clients:
            client.disconnect()

    def _act(self, client: DemoClient, opening: OpeningMinute, elapsed: Callable[[], float]) -> float:
        """Let a client act. Returns the seconds until its next call. `elapsed` returns seconds since the start."""
        if elapsed() >= OPENING_SECONDS:
            return client.act(self._socket, self._rng)
        if opening.is_near(client, elapsed()):
            return client.go_idle(self._rng)
        pause = client.act(self._socket, self._rng, may_abandon=False)
        return opening.pause_after(client, elapsed(), pause, self._rng)

    def _keep_busy(self, user: str, name: str) -> None:
        """Run one long statement after another."""
        while not self._stopped.is_set():
            with (
                suppress(*_DISCONNECTED),
                connect(self._socket, user, "java" if user == "report" else "python", DATABASE) as connection,
            ):
                self._busy_sessions[name] = connection.thread_id()  # type: ignore[no-untyped-call]
                while not self._stopped.is_set():
                    run(connection, BUSY_STATEMENT)
                    self._stopped.wait(1.0)
            self._busy_sessions.pop(name, None)
            self._stopped.wait(2.0)

    def _forget_commits(self) -> None:
        """Repeatedly change a row without a commit, so that other sessions wait for it."""
        hold_seconds = cycle(LOCKS_HELD)
        pause = FIRST_LOCKS_AT
        while not self._stopped.wait(pause):
            pause = LOCKS_EVERY
            waiters = [
                threading.Thread(target=self._wait_for_rows, args=(number,), daemon=True)
                for number in range(len(WAITERS))
            ]
            with (
                suppress(*_DISCONNECTED),
                connect(self._socket, "shop_app", "gunicorn", DATABASE) as connection,
            ):
                run(connection, "BEGIN")
                run(connection, CHANGE, SHARED_ROW)
                for waiter in waiters:
                    waiter.start()
                self._stopped.wait(next(hold_seconds))
                run(connection, "COMMIT")
            for waiter in waiters:
                if waiter.is_alive():
                    waiter.join(JOIN_SECONDS)

    def _wait_for_rows(self, number: int) -> None:
        """Change rows that other sessions have locked, in one transaction. `number`: the index in WAITERS."""
        user, program, rows = WAITERS[number]
        name = f"demo-waiter-{number}"
        if self._stopped.wait((number + 1) * LOCK_WAIT_AFTER):
            return
        with (
            suppress(*_DISCONNECTED),
            connect(self._socket, user, program, DATABASE, answer_seconds=LOCK_WAIT_SECONDS) as connection,
        ):
            self._busy_sessions[name] = connection.thread_id()  # type: ignore[no-untyped-call]
            run(connection, "SET SESSION innodb_lock_wait_timeout = %s", LOCK_WAIT_SECONDS)
            run(connection, "BEGIN")
            for row in rows:
                run(connection, CHANGE, row)
            run(connection, "COMMIT")
        self._busy_sessions.pop(name, None)
