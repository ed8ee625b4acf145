"""Some forty sessions that live, idle, forget themselves and are closed, so that there is something to watch."""

from __future__ import annotations

import threading
from contextlib import suppress
from heapq import heapify, heappop, heappush
from random import Random

import pymysql
from pymysql.constants import CLIENT

from goneaway_tui.errors import SourceError
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.source.demo.server import GLOBAL_LIMIT
from goneaway_tui.source.demo.shop import CARTS, DATABASE, PARTS, TOILERS, Part, open_shop
from goneaway_tui.source.demo.wire import Wire, connect, run

LEAVING_SECONDS = 1.0
"""How long `stop` waits for the threads."""
TOIL = "SELECT SLEEP(3) /* turnover by region, the slow way */"
_GONE = (pymysql.MySQLError, OSError)


class Actor:
    """One application's one session at a time: connects, works, idles, is closed, connects anew."""

    def __init__(self, part: Part, number: int, limit: int | None) -> None:
        """`number` is the row of `cart` it writes; `limit` its own wait_timeout in seconds."""
        self._part = part
        self._number = number
        self._limit = limit
        self._wire: Wire | None = None
        self._in_transaction = False

    def act(self, socket: str, rng: Random) -> float:
        """Do the next thing. Returns the seconds until the one after."""
        try:
            if self._wire is None:
                return self._connect(socket, rng)
            return self._work(self._wire, rng)
        except _GONE:
            self.leave()
            return rng.uniform(1.0, 4.0)

    def leave(self) -> None:
        """Say goodbye, if anyone listens."""
        wire, self._wire, self._in_transaction = self._wire, None, False
        if wire is not None:
            with suppress(*_GONE):
                wire.close()

    def _connect(self, socket: str, rng: Random) -> float:
        flag = CLIENT.INTERACTIVE if self._part.interactive else 0
        self._wire = connect(socket, self._part.user, self._part.program, DATABASE, flag)
        if self._limit is not None:
            run(self._wire, "SET SESSION wait_timeout = %s", self._limit)
        return rng.uniform(0.1, 1.0)

    def _work(self, wire: Wire, rng: Random) -> float:
        if self._in_transaction:
            run(wire, "COMMIT")
            self._in_transaction = False
        elif self._part.writes and rng.random() < 0.35:
            run(wire, "BEGIN")
            run(wire, "UPDATE cart SET quantity = quantity + 1 WHERE id = %s", self._number)
            self._in_transaction = True
        elif rng.random() < 0.05:
            self.leave()
            return rng.uniform(1.0, 4.0)
        else:
            run(wire, "SELECT customer, quantity FROM cart WHERE id = %s", rng.randrange(CARTS))
        if rng.random() < self._part.forgets:
            return (self._limit or GLOBAL_LIMIT) + rng.uniform(2.0, 6.0)
        return rng.uniform(*self._part.pause)


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
        self._toiling: dict[str, int] = {}
        """The session ids of the busy ones, by thread name."""
        players = [threading.Thread(target=self._play, name="demo-play", daemon=True)]
        toilers = [
            threading.Thread(
                target=self._toil, args=(user, f"demo-toil-{n}"), name=f"demo-toil-{n}", daemon=True
            )
            for n, user in enumerate(TOILERS)
        ]
        self._threads = players + toilers

    def start(self) -> None:
        """Create the shop and let everybody in. Raises SourceError. Once only."""
        try:
            with connect(self._socket, "root", "goneaway-demo") as root:
                open_shop(root)
        except _GONE as error:
            raise SourceError(
                _("the demo's shop could not be set up: {why}", why=plain(str(error), 300))
            ) from None
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody leaves; safe to call twice and from another thread."""
        self._stopped.set()
        busy = list(self._toiling.values())
        if busy:
            with suppress(*_GONE), connect(self._socket, "root", "goneaway-demo") as root:
                for who in busy:
                    with suppress(*_GONE):
                        run(root, "KILL %s", who)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(LEAVING_SECONDS)

    def _limit(self, part: Part, number: int) -> int | None:
        limit = part.limits[number % len(part.limits)]
        return limit if self._limits_shown or (limit or 0) > GLOBAL_LIMIT else None

    def _play(self) -> None:
        """One thread plays all who are never busy for long. Its time is the sum of its waits: it needs no clock."""
        rng, now = self._rng, 0.0
        parts = [(part, n) for part in PARTS for n in range(part.sessions)]
        actors = [Actor(part, row, self._limit(part, n)) for row, (part, n) in enumerate(parts)]
        cues = [(0.05 * turn, row) for turn, row in enumerate(rng.sample(range(len(actors)), len(actors)))]
        heapify(cues)
        while not self._stopped.wait(max(0.0, cues[0][0] - now)):
            now, row = heappop(cues)
            heappush(cues, (now + actors[row].act(self._socket, rng), row))
        for actor in actors:
            actor.leave()

    def _toil(self, user: str, name: str) -> None:
        """Run one long statement after another."""
        while not self._stopped.is_set():
            with (
                suppress(*_GONE),
                connect(self._socket, user, "java" if user == "report" else "python", DATABASE) as wire,
            ):
                self._toiling[name] = wire.thread_id()  # type: ignore[no-untyped-call]
                while not self._stopped.is_set():
                    run(wire, TOIL)
                    self._stopped.wait(1.0)
            self._toiling.pop(name, None)
            self._stopped.wait(2.0)
