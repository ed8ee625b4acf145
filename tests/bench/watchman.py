"""`kill --every` against a server that leaks: `python -m tests.bench.watchman --minutes 60`.

So many sessions a minute are opened and left idle, and some that are in use run a statement now and then. Printed each minute: how many
sessions the server has, and what the watchman holds of memory and file descriptors. At the end: whether the server stayed below its
bound, whether memory stayed flat, whether no session in use was killed, and what was written. Ends with 1 where not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Self

import pymysql

from tests.bench.soak import MEMORY_GROWTH, Figures, figures, growth
from tests.servers.private import NAMES, RealServer, Servers

MAX_IDLE_SECONDS = 10
"""How long a session may idle before it counts as leaked."""
USED_EVERY_SECONDS = 2.0


class Leak:
    """Opens sessions at an even pace and forgets them; a few others are used again and again."""

    def __init__(self, server: RealServer, per_minute: float, used: int) -> None:
        self._server, self._pause = server, 60 / per_minute
        self._over = threading.Event()
        self._leaked: list[Any] = []
        self._used = [server.connect(program_name="used") for _ in range(used)]
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._open, self._use)]
        self.opened = self.lost = 0
        """How many were leaked; how many in use were ended."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for each in (*self._leaked, *self._used):
            each._force_close()

    def _open(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            with suppress(pymysql.Error, OSError):
                self._leaked.append(self._server.connect(program_name="leaky-worker", ssl_disabled=True))
                self.opened += 1
            for each in self._leaked[:-1000]:
                each._force_close()
            del self._leaked[:-1000]

    def _use(self) -> None:
        while not self._over.wait(USED_EVERY_SECONDS):
            for each in list(self._used):
                try:
                    with each.cursor() as cursor:
                        cursor.execute("DO 0")
                except (pymysql.Error, OSError):
                    self.lost += 1
                    self._used.remove(each)


def sessions(server: RealServer) -> int:
    with closing(server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.processlist")
        return int(cursor.fetchall()[0][0])


def run(server: RealServer, minutes: float, per_minute: float, every: float, bound: int) -> bool:
    taken: list[Figures] = []
    most, told_at, began = 0, 0.0, time.monotonic()
    print(
        f"{'minute':>6} {'sessions':>8} {'MiB':>7} {'fds':>4} {'CPU s':>7} {'leaked':>6} {'in use lost':>11}"
    )
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        leak = stack.enter_context(Leak(server, per_minute, 5))
        out = stack.enter_context((Path(home) / "out").open("w"))
        match = f"--match=program=leaky-worker idle>{MAX_IDLE_SECONDS}s -trx:yes"
        watchman = subprocess.Popen(
            [sys.executable, "-m", "goneaway_tui", "kill", server.dsn, match, "--apply", f"--every={every}",
             "--max=100", "--format=json"],
            stdout=out, stderr=subprocess.PIPE, env={**os.environ, "HOME": home}, text=True,
        )  # fmt: skip
        stack.callback(watchman.kill)
        while (now := (time.monotonic() - began) / 60) < minutes and watchman.poll() is None:
            taken.append(figures(watchman.pid, now, leak.opened))
            most = max(most, count := sessions(server))
            if now >= told_at:
                told_at += 1
                f = taken[-1]
                print(f"{now:>6.1f} {count:>8} {f.memory:>7.1f} {f.descriptors:>4} {f.cpu:>7.1f} {leak.opened:>6}"
                      f" {leak.lost:>11}", flush=True)  # fmt: skip
            time.sleep(1)
        watchman.terminate()
        _out, said = watchman.communicate()
        told = Counter(json.loads(line)["event"] for line in (Path(home) / "out").read_text().splitlines())
        journal = Path(home) / ".local/state/goneaway-tui/journal.jsonl"
        lines = len(journal.read_text().splitlines()) if journal.exists() else 0
    grown = growth(taken)
    print(f"most sessions {most} of {bound}; leaked {leak.opened}; in use lost {leak.lost}; events {dict(told)}; journal lines {lines};"
          f" memory {grown:+.1%}; CPU {taken[-1].cpu:.1f} s in {taken[-1].minute:.1f} minutes; status {watchman.returncode}; {said.strip()}")  # fmt: skip
    return most < bound and grown <= MEMORY_GROWTH and not leak.lost and watchman.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--per-minute", type=float, default=50)
    parser.add_argument("--every", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--bound", type=int, default=40, help="max_connections of the server")
    parser.add_argument("--server", choices=NAMES, default="mysql97")
    asked = parser.parse_args()
    with Servers() as servers, servers.run(asked.server, f"--max-connections={asked.bound}") as server:
        fine = run(server, asked.minutes, asked.per_minute, asked.every, asked.bound)
    raise SystemExit(0 if fine else 1)


if __name__ == "__main__":
    main()
