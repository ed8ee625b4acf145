"""The little shop the demo's sessions work in, and who they are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import cycle
from random import Random
from typing import Protocol

import pymysql
from pymysql.constants import CLIENT

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import _
from goneaway_tui.source.demo.program import Wire, connect, run
from goneaway_tui.source.demo.server import GLOBAL_LIMIT, INTERACTIVE_LIMIT, LARGEST_PACKET
from goneaway_tui.text.sanitize import plain

WATCHER = "goneaway"
"""The account for watching: sees everything, changes nothing."""
DATABASE = "shop"
CARTS = 64
"""Rows in `cart`; each session writes only its own, so none waits for another's lock, except for the last two."""

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
    """Own limits, dealt out in turn; None keeps the global one."""
    pause: tuple[float, float]
    """Between two statements."""
    writes: bool = False
    forgets: float = 0.2
    """Share of idle waits nobody ends: the server will."""
    interactive: bool = False


BEHAVIOURS = (
    ApplicationBehaviour(
        "shop_app", "gunicorn", 18, (12, 20, 30, None, 45, 90, 120, None, 3600), (2.0, 12.0), writes=True
    ),
    ApplicationBehaviour("etl", "python", 6, (25, 60, 28_800), (5.0, 20.0), writes=True),
    ApplicationBehaviour("cron", "php", 4, (8, 10, 15), (1.0, 5.0), forgets=0.5),
    ApplicationBehaviour("report", "java", 5, (None, 3600, 28_800), (10.0, 40.0), forgets=0.1),
    ApplicationBehaviour("grafana", "grafana", 4, (None, 120), (3.0, 10.0), forgets=0.05),
    ApplicationBehaviour("dba", "mysql", 2, (None, 28_800), (15.0, 50.0), interactive=True, forgets=0.4),
)
"""All who come and go."""

BUSY_USERS = ("report", "etl", "report")
"""Users of the sessions that are nearly always busy."""


FIRST_LOCKS_AT, LOCKS_EVERY = 12.0, 75.0
"""Seconds from the start to the first client that forgets to commit, and from one such client's end to the next."""
LOCKS_HELD = (2.0 * GLOBAL_LIMIT, 0.7 * GLOBAL_LIMIT)
"""How long it forgets that, in turn: until the server closes its session, or until it commits."""
LOCK_WAIT_AFTER = 1.5
"""Seconds from one session that begins to wait to the next."""
LOCK_WAIT_SECONDS = 50
"""The longest wait for a row: innodb_lock_wait_timeout by default, and longer than the demo's global value."""
SHARED_ROW, NEXT_ROW = CARTS - 1, CARTS - 2
"""The row the client leaves locked, and the one that the first session that waits has locked itself."""
CHANGE = "UPDATE cart SET quantity = quantity + 1 WHERE id = %s"
WAITERS = (
    ("shop_app", "gunicorn", (NEXT_ROW, SHARED_ROW)),
    ("shop_app", "gunicorn", (SHARED_ROW,)),
    ("cron", "php", (NEXT_ROW,)),
)
"""User and program of the sessions that wait, and the rows each changes in one transaction."""


def set_up_database(root: Wire) -> None:
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
"""How long this lasts; seconds of the workload's time, which is never ahead of a clock's."""
NEAR_SECONDS = 10.0
"""A closing is near from here on."""
MIN_ROOM_SECONDS = 3.0
"""Seconds a session must be able to idle before its closing is near; else its client falls silent at once."""
SILENCE_EVERY = 4.0
"""Seconds from one session under the global limit falling silent to the next: the first does so at once."""
KILL_AT = 4.0
PACKET_AT = 9.0
"""From when on one session may be killed, and another send a packet that is too large."""
KNOWN_AFTER = 2.0
"""Seconds after a login from which on something happens to a session: until then a reader may not have seen it."""
KILLER, SENDER = "etl", "report"
"""Users: of the session that kills another of the same user, which needs no privilege, and of the one that sends the packet."""


class OpeningClient(Protocol):
    """What the opening asks of one of the workload's clients."""

    behaviour: ApplicationBehaviour
    expected_limit: int

    @property
    def session_id(self) -> int | None: ...

    @property
    def keeps_global(self) -> bool: ...

    def run(self, statement: str, *values: object) -> None: ...

    def go_idle(self, rng: Random) -> float: ...


class OpeningMinute:
    """What each client does in the first minute beyond its own habits."""

    def __init__(self, clients: Sequence[OpeningClient]) -> None:
        self._clients = clients
        self._silence_at = 0.0
        self._kill_at = KILL_AT
        self._packet_at = PACKET_AT
        self._logins: dict[int, float] = {}
        """When each session logged in, by its id."""

    def pause_after(self, client: OpeningClient, now: float, pause: float, rng: Random) -> float:
        """The seconds until a client acts again that has acted `now` and would pause so long by itself."""
        if client.session_id is None:
            return pause
        self._logins.setdefault(client.session_id, now)
        room = client.expected_limit - NEAR_SECONDS
        if room < MIN_ROOM_SECONDS:
            return client.go_idle(rng)
        if client.keeps_global and now >= self._silence_at:
            self._silence_at = now + SILENCE_EVERY
            return client.go_idle(rng)
        if self._is_known(client, now):
            self._kill_or_send(client, now)
        return min(pause, room * rng.uniform(0.6, 1.0))

    def _is_known(self, client: OpeningClient, now: float) -> bool:
        """Whether its session has been there for so long that a reader has seen it."""
        return client.session_id is not None and self._logins[client.session_id] <= now - KNOWN_AFTER

    def _kill_or_send(self, client: OpeningClient, now: float) -> None:
        """The KILL or the packet, where it is time and this is the client to do it."""
        if now >= self._kill_at and client.behaviour.user == KILLER:
            others = (each for each in self._clients if each is not client and each.behaviour.user == KILLER)
            victim = next((each.session_id for each in others if self._is_known(each, now)), None)
            if victim is not None:
                self._kill_at = float("inf")
                client.run("KILL %s", victim)
        elif now >= self._packet_at and client.behaviour.user == SENDER:
            self._packet_at = float("inf")
            client.run("UPDATE orders SET customer = %s", "x" * LARGEST_PACKET)


JOIN_SECONDS = 1.0
"""How long `stop` waits for the threads."""
HEAD_START = 1.5
"""Seconds by which the first session is ahead of all others: MariaDB counts idle times in whole seconds."""
BUSY_STATEMENT = "SELECT SLEEP(3) /* turnover by region, the slow way */"
_GONE = (pymysql.MySQLError, OSError)


class DemoClient:
    """One application's one session at a time: connects, works, idles, is closed, connects again."""

    def __init__(
        self, behaviour: ApplicationBehaviour, number: int, limit: int | None, *, shown: bool
    ) -> None:
        """`number` is the row of `cart` it writes; `limit` its own wait_timeout in seconds, None to keep the global one.

        `shown`: the server shows a session's own limit. Where it does not, the global one is assumed of every session.
        """
        self.behaviour = behaviour
        self._number = number
        self._limit = limit
        inherited = INTERACTIVE_LIMIT if behaviour.interactive else GLOBAL_LIMIT
        self._idles_for = inherited if limit is None else limit
        """Seconds after which the server closes it."""
        self.expected_limit = self._idles_for if shown else GLOBAL_LIMIT
        """Seconds after which a reader of the server expects it to be closed."""
        self._wire: Wire | None = None
        self._in_transaction = False
        self._is_abandoned = False

    @property
    def session_id(self) -> int | None:
        """Of the session that its client is using; None where it has none, or has fallen silent on it."""
        if self._wire is None or self._is_abandoned:
            return None
        return int(self._wire.thread_id())  # type: ignore[no-untyped-call]

    @property
    def keeps_global(self) -> bool:
        """Whether the global wait_timeout closes it."""
        return self._limit is None and not self.behaviour.interactive

    def act(self, socket: str, rng: Random, *, may_forget: bool = True) -> float:
        """Do the next thing. Returns the seconds until the one after.

        `may_forget`: its client may fall silent on a session that is open.
        """
        self._is_abandoned = False
        try:
            if self._wire is None:
                return self._connect(socket, rng)
            self._work(self._wire, rng)
        except _GONE:
            self.disconnect()
        if self._wire is None:
            return rng.uniform(1.0, 4.0)
        if may_forget and rng.random() < self.behaviour.forgets:
            return self.go_idle(rng)
        return rng.uniform(*self.behaviour.pause)

    def run(self, statement: str, *values: object) -> None:
        """Run a statement that may end the session."""
        if self._wire is not None:
            try:
                run(self._wire, statement, *values)
            except _GONE:
                self.disconnect()

    def go_idle(self, rng: Random) -> float:
        """Say nothing more on this session. Returns the seconds until its client finds that the server has closed it."""
        self._is_abandoned = True
        return self._idles_for + rng.uniform(2.0, 6.0)

    def disconnect(self) -> None:
        """Disconnect (COM_QUIT), if the server still listens."""
        wire, self._wire, self._in_transaction = self._wire, None, False
        if wire is not None:
            with suppress(*_GONE):
                wire.close()

    def _connect(self, socket: str, rng: Random) -> float:
        flag = CLIENT.INTERACTIVE if self.behaviour.interactive else 0
        self._wire = connect(socket, self.behaviour.user, self.behaviour.program, DATABASE, flag)
        if self._limit is not None:
            run(self._wire, "SET SESSION wait_timeout = %s", self._limit)
        return rng.uniform(0.1, 1.0)

    def _work(self, wire: Wire, rng: Random) -> None:
        if self._in_transaction:
            run(wire, "COMMIT")
            self._in_transaction = False
        elif self.behaviour.writes and rng.random() < 0.35:
            run(wire, "BEGIN")
            run(wire, CHANGE, self._number)
            self._in_transaction = True
        elif rng.random() < 0.03:
            self.disconnect()
        else:
            run(wire, "SELECT customer, quantity FROM cart WHERE id = %s", rng.randrange(CARTS))


class Workload:
    """Plays on a private server's socket until stopped."""

    def __init__(self, socket: str, seed: int = 9, *, limits_shown: bool = True) -> None:
        """`limits_shown`: the server shows a session's own limit. Where it does not, few have one: a demo of
        deadlines nobody can know would show little.
        """
        self._socket = socket
        self._limits_shown = limits_shown
        self._rng = Random(seed)  # noqa: S311 - a play, not a secret
        self._stopped = threading.Event()
        self._busy_sessions: dict[str, int] = {}
        """The session ids of those that are busy or wait, by thread name."""
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
        """Create the shop and let everybody in. Raises SourceError. Once only."""
        try:
            with connect(self._socket, "root", "goneaway-demo") as root:
                set_up_database(root)
        except _GONE as error:
            raise SourceError(
                _("the demo's shop could not be set up: {why}", why=plain(str(error), 300))
            ) from None
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody leaves; safe to call twice and from another thread."""
        self._stopped.set()
        busy = list(self._busy_sessions.values())
        if busy:
            with suppress(*_GONE), connect(self._socket, "root", "goneaway-demo") as root:
                for who in busy:
                    with suppress(*_GONE):
                        run(root, "KILL %s", who)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(JOIN_SECONDS)

    def _limit(self, behaviour: ApplicationBehaviour, number: int) -> int | None:
        limit = behaviour.limits[number % len(behaviour.limits)]
        return limit if self._limits_shown or (limit or 0) > 2 * GLOBAL_LIMIT else None

    def _run_clients(self) -> None:
        """One thread plays all who are never busy for long. Its time is the sum of its waits: it needs no clock."""
        rng, now = self._rng, 0.0
        parts = [(behaviour, n) for behaviour in BEHAVIOURS for n in range(behaviour.sessions)]
        clients = [
            DemoClient(behaviour, row, self._limit(behaviour, n), shown=self._limits_shown)
            for row, (behaviour, n) in enumerate(parts)
        ]
        opening = OpeningMinute(clients)
        order = rng.sample(range(len(clients)), len(clients))
        order.sort(key=lambda row: not clients[row].keeps_global)  # the first is the first to fall silent
        due = [(0.05 * index + (HEAD_START if index else 0.0), row) for index, row in enumerate(order)]
        heapify(due)
        while not self._stopped.wait(max(0.0, due[0][0] - now)):
            now, row = heappop(due)
            client = clients[row]
            is_opening = now < OPENING_SECONDS
            pause = client.act(self._socket, rng, may_forget=not is_opening)
            if is_opening:
                pause = opening.pause_after(client, now, pause, rng)
            heappush(due, (now + pause, row))
        for client in clients:
            client.disconnect()

    def _keep_busy(self, user: str, name: str) -> None:
        """Run one long statement after another."""
        while not self._stopped.is_set():
            with (
                suppress(*_GONE),
                connect(self._socket, user, "java" if user == "report" else "python", DATABASE) as wire,
            ):
                self._busy_sessions[name] = wire.thread_id()  # type: ignore[no-untyped-call]
                while not self._stopped.is_set():
                    run(wire, BUSY_STATEMENT)
                    self._stopped.wait(1.0)
            self._busy_sessions.pop(name, None)
            self._stopped.wait(2.0)

    def _forget_commits(self) -> None:
        """Now and then a client changes a row and forgets to commit, and others wait for it."""
        held = cycle(LOCKS_HELD)
        pause = FIRST_LOCKS_AT
        while not self._stopped.wait(pause):
            pause = LOCKS_EVERY
            waiters = [
                threading.Thread(target=self._wait_for_rows, args=(number,), daemon=True)
                for number in range(len(WAITERS))
            ]
            with suppress(*_GONE), connect(self._socket, "shop_app", "gunicorn", DATABASE) as wire:
                run(wire, "BEGIN")
                run(wire, CHANGE, SHARED_ROW)
                for waiter in waiters:
                    waiter.start()
                self._stopped.wait(next(held))
                run(wire, "COMMIT")
            for waiter in waiters:
                if waiter.is_alive():
                    waiter.join(JOIN_SECONDS)

    def _wait_for_rows(self, number: int) -> None:
        """Change rows that others have locked, in one transaction. `number` is the place in WAITERS."""
        user, program, rows = WAITERS[number]
        name = f"demo-waiter-{number}"
        if self._stopped.wait((number + 1) * LOCK_WAIT_AFTER):
            return
        with (
            suppress(*_GONE),
            connect(self._socket, user, program, DATABASE, answer_seconds=LOCK_WAIT_SECONDS) as wire,
        ):
            self._busy_sessions[name] = wire.thread_id()  # type: ignore[no-untyped-call]
            run(wire, "SET SESSION innodb_lock_wait_timeout = %s", LOCK_WAIT_SECONDS)
            run(wire, "BEGIN")
            for row in rows:
                run(wire, CHANGE, row)
            run(wire, "COMMIT")
        self._busy_sessions.pop(name, None)
