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
from goneaway_tui.source.demo.opening import OPENING_SECONDS, Opening
from goneaway_tui.source.demo.server import GLOBAL_LIMIT, INTERACTIVE_LIMIT
from goneaway_tui.source.demo.shop import CARTS, DATABASE, PARTS, TOILERS, Part, open_shop
from goneaway_tui.source.demo.wire import Wire, connect, run

LEAVING_SECONDS = 1.0
"""How long `stop` waits for the threads."""
HEAD_START = 1.5
"""Seconds by which the first session is ahead of all others: MariaDB counts idle times in whole seconds."""
TOIL = "SELECT SLEEP(3) /* turnover by region, the slow way */"
_GONE = (pymysql.MySQLError, OSError)


class Actor:
    """One application's one session at a time: connects, works, idles, is closed, connects again."""

    def __init__(self, part: Part, number: int, limit: int | None, *, shown: bool) -> None:
        """`number` is the row of `cart` it writes; `limit` its own wait_timeout in seconds, None to keep the global one.

        `shown`: the server shows a session's own limit. Where it does not, the global one is assumed of every session.
        """
        self.part = part
        self._number = number
        self._limit = limit
        inherited = INTERACTIVE_LIMIT if part.interactive else GLOBAL_LIMIT
        self._idles_for = inherited if limit is None else limit
        """Seconds after which the server closes it."""
        self.expected_limit = self._idles_for if shown else GLOBAL_LIMIT
        """Seconds after which a reader of the server expects it to be closed."""
        self._wire: Wire | None = None
        self._in_transaction = False
        self._is_silent = False

    @property
    def session_id(self) -> int | None:
        """Of the session that its client is using; None where it has none, or has fallen silent on it."""
        if self._wire is None or self._is_silent:
            return None
        return int(self._wire.thread_id())  # type: ignore[no-untyped-call]

    @property
    def keeps_global(self) -> bool:
        """Whether the global wait_timeout closes it."""
        return self._limit is None and not self.part.interactive

    def act(self, socket: str, rng: Random, *, may_forget: bool = True) -> float:
        """Do the next thing. Returns the seconds until the one after.

        `may_forget`: its client may fall silent on a session that is open.
        """
        self._is_silent = False
        try:
            if self._wire is None:
                return self._connect(socket, rng)
            self._work(self._wire, rng)
        except _GONE:
            self.leave()
        if self._wire is None:
            return rng.uniform(1.0, 4.0)
        if may_forget and rng.random() < self.part.forgets:
            return self.fall_silent(rng)
        return rng.uniform(*self.part.pause)

    def run(self, statement: str, *values: object) -> None:
        """Run a statement that may end the session."""
        if self._wire is not None:
            try:
                run(self._wire, statement, *values)
            except _GONE:
                self.leave()

    def fall_silent(self, rng: Random) -> float:
        """Say nothing more on this session. Returns the seconds until its client finds that the server has closed it."""
        self._is_silent = True
        return self._idles_for + rng.uniform(2.0, 6.0)

    def leave(self) -> None:
        """Disconnect (COM_QUIT), if the server still listens."""
        wire, self._wire, self._in_transaction = self._wire, None, False
        if wire is not None:
            with suppress(*_GONE):
                wire.close()

    def _connect(self, socket: str, rng: Random) -> float:
        flag = CLIENT.INTERACTIVE if self.part.interactive else 0
        self._wire = connect(socket, self.part.user, self.part.program, DATABASE, flag)
        if self._limit is not None:
            run(self._wire, "SET SESSION wait_timeout = %s", self._limit)
        return rng.uniform(0.1, 1.0)

    def _work(self, wire: Wire, rng: Random) -> None:
        if self._in_transaction:
            run(wire, "COMMIT")
            self._in_transaction = False
        elif self.part.writes and rng.random() < 0.35:
            run(wire, "BEGIN")
            run(wire, "UPDATE cart SET quantity = quantity + 1 WHERE id = %s", self._number)
            self._in_transaction = True
        elif rng.random() < 0.03:
            self.leave()
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
        return limit if self._limits_shown or (limit or 0) > 2 * GLOBAL_LIMIT else None

    def _play(self) -> None:
        """One thread plays all who are never busy for long. Its time is the sum of its waits: it needs no clock."""
        rng, now = self._rng, 0.0
        parts = [(part, n) for part in PARTS for n in range(part.sessions)]
        actors = [
            Actor(part, row, self._limit(part, n), shown=self._limits_shown)
            for row, (part, n) in enumerate(parts)
        ]
        opening = Opening(actors)
        order = rng.sample(range(len(actors)), len(actors))
        order.sort(key=lambda row: not actors[row].keeps_global)  # the first is the first to fall silent
        cues = [(0.05 * turn + (HEAD_START if turn else 0.0), row) for turn, row in enumerate(order)]
        heapify(cues)
        while not self._stopped.wait(max(0.0, cues[0][0] - now)):
            now, row = heappop(cues)
            actor = actors[row]
            is_opening = now < OPENING_SECONDS
            pause = actor.act(self._socket, rng, may_forget=not is_opening)
            if is_opening:
                pause = opening.directed(actor, now, pause, rng)
            heappush(cues, (now + pause, row))
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
