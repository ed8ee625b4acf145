"""The real program for a long time on a server that is never at rest: `python -m tests.bench.soak --minutes 60`.

It runs in a terminal of its own at one look a second, while sessions come and go and the server is restarted again and
again. Printed each minute: what it holds of memory and file descriptors, and how many sessions of its own the server
lists. At the end: whether memory stayed within 5 %, and whether anything of it is left. Ends with 1 where not.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pymysql

from goneaway_tui.judge.ledger import DEFAULT_KEPT
from tests.integration.terminal import Terminal, way_in
from tests.servers.private import NAMES, RealServer, Servers
from tests.waiting import comes_true

LASTS = 10.0
"""Seconds a session of the churn lives on average."""
THREADS = 2
MEMORY_GROWTH = 0.05
WARM_UP = 0.2
"""The least part of the run that is not held against the rest; it lasts until the ledger is full."""
OURS = "SELECT COUNT(*) FROM performance_schema.session_connect_attrs WHERE attr_value = 'goneaway-tui'"


class Churn:
    """So many sessions at once, each of which works a little, idles, and ends in one way or another."""

    def __init__(self, server: RealServer, sessions: int) -> None:
        self._server = server
        self._wanted = sessions
        self._sessions: deque[Any] = deque()
        self._over = threading.Event()
        self._random = random.Random(20261124)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)]
        self.ended = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for each in self._sessions:
            each._force_close()

    def __len__(self) -> int:
        return len(self._sessions)

    def _run(self) -> None:
        turns = THREADS * LASTS / self._wanted
        while not self._over.wait(turns if len(self._sessions) >= self._wanted else 0.002):
            try:
                self._turn()
            except (OSError, pymysql.Error):
                self._over.wait(0.2)

    def _turn(self) -> None:
        """One comes; where they are enough, the oldest goes."""
        options: dict[str, Any] = {"program_name": f"app {self._random.randrange(40)}"}
        session = self._server.connect(ssl_disabled=True, read_timeout=10, **options)
        self._sessions.append(session)
        with session.cursor() as cursor:
            cursor.execute(f"SET SESSION wait_timeout = {self._random.choice((20, 28800, 28800))}")
            cursor.execute(f"SELECT {self._random.random()}")
        if len(self._sessions) > self._wanted:
            goes = self._sessions.popleft()
            with suppress(OSError, pymysql.Error):
                (goes.close if self._random.random() < 0.5 else goes._force_close)()
            self.ended += 1


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one instant."""

    minute: float
    ended: int
    """How many sessions of the churn, by then."""
    memory: float
    """MiB that are resident and its own."""
    descriptors: int
    threads: int
    cpu: float
    """Seconds since it began."""


def figures(pid: int, minute: float, ended: int) -> Figures:
    process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    times = (process / "stat").read_text().rpartition(")")[2].split()
    return Figures(
        minute,
        ended,
        (int(status["RssAnon"].split()[0])) / 1024,
        len(list((process / "fd").iterdir())),
        int(status["Threads"]),
        (int(times[11]) + int(times[12])) / 100,
    )


def ours(server: RealServer) -> int:
    """Sessions of the program's that the server lists."""
    with closing(server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute(OURS)
        return int(cursor.fetchall()[0][0])


def growth(taken: Sequence[Figures]) -> float:
    """By how much the memory of the last fifth of what follows the warm-up is above that of its first.

    The ledger keeps so many who left and no more, so until it is full memory grows.
    """
    full = next((index for index, each in enumerate(taken) if each.ended > DEFAULT_KEPT), 0)
    warm = taken[max(full, int(len(taken) * WARM_UP)) :]
    fifth = max(1, len(warm) // 5)
    first, last = (statistics.median(each.memory for each in part) for part in (warm[:fifth], warm[-fifth:]))
    print(f"from minute {warm[0].minute:.1f} on, where the ledger {'is' if full else 'is not'} full: "
          f"{first:.1f} MiB, at the end {last:.1f} MiB")  # fmt: skip
    return last / first - 1


def soak(server: RealServer, minutes: float, sessions: int, restart_every: float) -> bool:
    taken: list[Figures] = []
    began = time.monotonic()
    restarts, told_at = 0, 0.0
    print(
        f"{'minute':>6} {'MiB':>7} {'fds':>4} {'threads':>7} {'CPU s':>7} {'ours':>4} {'churn':>5} {'ended':>6} {'restarts':>8}"
    )
    with tempfile.TemporaryDirectory() as home, Churn(server, sessions) as churn:
        comes_true(lambda: len(churn) >= sessions, 60)
        with Terminal(Path(home), *way_in(server)) as screen:
            screen.wait_for("live 1 s")
            before = figures(screen.process.pid, 0, 0)
            while (now := (time.monotonic() - began) / 60) < minutes and screen.process.poll() is None:
                if now >= (restarts + 1) * restart_every:
                    restarts += 1
                    (server.stop if restarts % 2 else server.kill)()
                    server.start()
                taken.append(figures(screen.process.pid, now, churn.ended))
                if now >= told_at:
                    told_at += min(1.0, minutes / 10)
                    f = taken[-1]
                    print(f"{now:>6.1f} {f.memory:>7.1f} {f.descriptors:>4} {f.threads:>7} {f.cpu:>7.1f} {ours(server):>4}"
                          f" {len(churn):>5} {churn.ended:>6} {restarts:>8}", flush=True)  # fmt: skip
                time.sleep(1)
            alive = screen.process.poll() is None
            screen.forget()
            if alive:
                comes_true(lambda: "live 1 s" in screen.text or "●" in screen.text, 60)
                after = figures(screen.process.pid, minutes, churn.ended)
                screen.press("q")
            status = screen.ended()
            left_on = screen.left_on()
        time.sleep(0.5)
        left = ours(server)
    grown = growth(taken)
    held = alive and after.descriptors <= before.descriptors
    print(f"memory {grown:+.1%}; descriptors {before.descriptors} -> {after.descriptors if alive else '?'}; "
          f"status {status}; sessions left {left}; left on in the terminal: {', '.join(left_on) or 'nothing'}")  # fmt: skip
    return held and grown <= MEMORY_GROWTH and not (status or left or left_on)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--restart-every", type=float, default=5, metavar="MINUTES")
    parser.add_argument("--server", choices=NAMES, default="mysql97")
    asked = parser.parse_args()
    with (
        Servers() as servers,
        servers.run(asked.server, f"--max-connections={asked.sessions + 100}") as server,
    ):
        fine = soak(server, asked.minutes, asked.sessions, asked.restart_every)
    raise SystemExit(0 if fine else 1)


if __name__ == "__main__":
    main()
