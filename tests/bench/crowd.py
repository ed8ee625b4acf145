"""Sessions that sleep, in a process of their own: `python -m tests.bench.crowd PORT`, told what to do line by line.

    open 5000     until so many are open; a third sets a wait_timeout of its own
    churn 500     from now on so many of them a second run a statement
    turnover 20   from now on so many a second leave, and as many come

It answers each with `done`, and ends when nobody speaks to it any more.
"""

from __future__ import annotations

import random
import resource
import select
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, Self

import pymysql

USER = "crowd"
_NOTHING = b"\x05\x00\x00\x00\x03DO 0"
"""The packet of a statement that does nothing."""
_BEAT = 0.02
"""Seconds between two handfuls: a second's worth of statements is spread over the second."""


class Crowd:
    """Everybody who is connected."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._random = random.Random(5)
        self._seated: list[Any] = []
        self._answering: list[socket.socket] = []
        self.churn = self.turnover = 0.0
        self._owed = self._owed_turns = 0.0

    def open(self, count: int) -> None:
        while len(self._seated) < count:
            self._seated.append(self._newcomer())

    def beat(self, seconds: float) -> None:
        """What is due for so much time."""
        for answering in self._answering:
            with suppress(BlockingIOError):
                answering.recv(65_536, socket.MSG_DONTWAIT)
        self._owed += self.churn * seconds
        chosen = self._random.sample(self._seated, min(int(self._owed), len(self._seated)))
        self._owed -= len(chosen)
        self._answering = [each._sock for each in chosen]
        for line in self._answering:
            line.send(_NOTHING)
        self._owed_turns += self.turnover * seconds
        while self._owed_turns >= 1:
            self._owed_turns -= 1
            # The oldest leaves; it may still have an answer unread, which a goodbye does not mind.
            self._seated.pop(0).close()
            self._seated.append(self._newcomer())

    def _newcomer(self) -> Any:
        own = f"SET wait_timeout={self._random.randrange(7200, 36_000)}"
        return pymysql.connect(
            host="127.0.0.1",
            port=self._port,
            user=USER,
            ssl_disabled=True,
            init_command=own if self._random.random() < 1 / 3 else None,
        )


class Seats:
    """The crowd as seen from outside: enough processes that each has descriptors for its part."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._room = int(soft_limit() * 0.8)
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def open(self, count: int) -> None:
        """Until so many are open altogether."""
        while len(self._processes) * self._room < count:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.bench.crowd", str(self._port)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        for index, process in enumerate(self._processes):
            self._tell(process, f"open {min(self._room, count - index * self._room)}")

    def churn(self, rate: float) -> None:
        for process in self._processes:
            self._tell(process, f"churn {rate / len(self._processes)}")

    def turnover(self, rate: float) -> None:
        for process in self._processes:
            self._tell(process, f"turnover {rate / len(self._processes)}")

    def _tell(self, process: subprocess.Popen[str], order: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{order}\n")
        process.stdin.flush()
        if process.stdout.readline() != "done\n":
            raise RuntimeError(f"the crowd could not {order}")


def soft_limit() -> int:
    """As many descriptors as we may have, once we have asked for all of them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1_000_000 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def main() -> None:
    soft_limit()
    crowd = Crowd(int(sys.argv[1]))
    last = time.monotonic()
    while True:
        is_quiet = not crowd.churn and not crowd.turnover
        if select.select([sys.stdin], [], [], None if is_quiet else _BEAT)[0]:
            order = sys.stdin.readline().split()
            if not order:
                return
            what, amount = order[0], float(order[1])
            if what == "open":
                crowd.open(int(amount))
            else:
                setattr(crowd, what, amount)
            print("done", flush=True)
            last = time.monotonic()
        now = time.monotonic()
        crowd.beat(now - last)
        last = now


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
