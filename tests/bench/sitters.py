"""Sessions that idle to their limits on several servers, in a process of their own that knows when each was really closed."""

from __future__ import annotations

import heapq
import multiprocessing
import random
import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, Self

import pymysql

STIRRED: Final = 0.2
"""The part that runs another statement some seconds after it sat down: what was foretold first is wrong of those."""
STIR_WITHIN: Final = 10.0
Order = tuple[int, int, float]


@dataclass(slots=True)
class Seat:
    """One session and what became of it; instants by the machine's clock."""

    place: int
    """Of its server, among all."""
    id: int
    limit: int
    """Seconds it may idle."""
    quiet_since: float
    """When its last answer had arrived."""
    closed_at: float | None = None

    @property
    def noise(self) -> float:
        """By how many seconds it was closed late, server and machine together: past the limit and the 12 ms servers take."""
        assert self.closed_at is not None
        return max(0.0, self.closed_at - (self.quiet_since + self.limit) - 0.012)


class Sitters:
    """Those sessions as seen from outside."""

    def __init__(self, ports: Sequence[int]) -> None:
        context = multiprocessing.get_context("spawn")
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=attend, args=(tuple(ports), theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._orders.close()

    def seat(self, count: int, limit: int, seconds: float) -> list[Seat]:
        """So many more on each server, spread over so many seconds; all that there are. Raises EOFError."""
        return self._asked((count, limit, seconds))

    def seats(self) -> list[Seat]:
        """All, as they are by now. Raises EOFError."""
        return self._asked((0, 0, 0.0))

    def _asked(self, order: Order) -> list[Seat]:
        self._orders.send(order)
        seats: list[Seat] = self._orders.recv()
        return seats


class _Room:
    """The process's own side."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._hosts = [_connected(port) for port in ports]
        self._random = random.Random(12)
        self._selector = selectors.DefaultSelector()
        self._stirs: list[tuple[float, int]] = []
        self._guests: list[Any] = []
        self.seats: list[Seat] = []

    def seat(self, count: int, limit: int, seconds: float) -> None:
        """By the global limit: it is the only one MariaDB shows."""
        for host in self._hosts:
            host.query(f"SET GLOBAL wait_timeout = {limit}")
        for _ in range(count):
            for place, port in enumerate(self._ports):
                self._welcome(place, port, limit)
            self.watch(seconds / count)

    def watch(self, seconds: float) -> None:
        """Note who is closed, and let those speak whose time it is."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(min(left, 0.05)):
                self.seats[key.data].closed_at = time.time()
                self._selector.unregister(key.fileobj)
            while self._stirs and self._stirs[0][0] <= time.monotonic():
                self._speak(heapq.heappop(self._stirs)[1])

    def _welcome(self, place: int, port: int, limit: int) -> None:
        guest, number = _connected(port), len(self.seats)
        self._guests.append(guest)
        self.seats.append(Seat(place, guest.thread_id(), limit, 0.0))
        self._speak(number)
        if self._random.random() < STIRRED:
            heapq.heappush(self._stirs, (time.monotonic() + self._random.uniform(1, STIR_WITHIN), number))

    def _speak(self, number: int) -> None:
        line = self._guests[number]._sock
        if line in self._selector.get_map():
            self._selector.unregister(line)
        line.setblocking(True)
        self._guests[number].query("DO 0")
        self.seats[number].quiet_since = time.time()
        line.setblocking(False)
        self._selector.register(line, selectors.EVENT_READ, number)


def attend(ports: Sequence[int], orders: Connection) -> None:
    """Do what is ordered, answer with everybody, and keep watching in between."""
    room = _Room(ports)
    while True:
        room.watch(0.05)
        if orders.poll():
            count, limit, seconds = orders.recv()
            if count:
                room.seat(count, limit, seconds)
            orders.send(room.seats)


def _connected(port: int) -> Any:
    return pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True, ssl_disabled=True)
