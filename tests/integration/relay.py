"""A line to a server that something happens to in the middle of a conversation."""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Self

from goneaway_tui.source.sockets import Address
from tests.servers.private import RealServer


class Relay:
    """Carries bytes both ways, unencrypted, and does `what` just before it would pass on the first that hold `sign`."""

    def __init__(self, server: RealServer, sign: bytes, what: Callable[[], object]) -> None:
        self._server = server
        self._sign = sign
        self._what = what
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._door]
        self.happened = False

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self._door.getsockname()[1], "root", ssl_mode="DISABLED")

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """End every conversation; nothing more is passed on."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._server.port))
                self._open += [client, server]
                threading.Thread(target=self._carry, args=(client, server, self._sign), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, b""), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, sign: bytes) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if sign and sign in data and not self.happened:
                    self.happened = True
                    self._what()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


Alter = Callable[[bytes], Iterable[bytes]]
"""What becomes of bytes of the server's on their way to us, in pieces."""


class BadLine:
    """A line to a server that fails in each way lines do, and is mended, while both ends stay up."""

    def __init__(self, port: int) -> None:
        """`port`: of the server on this machine."""
        self.target = port
        self._door = self._opened(0)
        self.port: int = self._door.getsockname()[1]
        self._carried: list[socket.socket] = []
        self._alter: Alter = _as_it_is
        self._drops = False
        self._idle: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drops = False
        self.refuse()

    def mend(self) -> None:
        """All is well again; what was lost stays lost."""
        self._alter, self._drops, self._idle = _as_it_is, False, None
        if self._door.fileno() < 0:
            self._door = self._opened(self.port)

    def refuse(self) -> None:
        """End every conversation, and let nobody in."""
        _end(self._door)
        self.cut()

    def cut(self) -> None:
        """End every conversation."""
        while self._carried:
            _end(self._carried.pop())

    def drop(self) -> None:
        """From now on nothing arrives anywhere, and nobody is told."""
        self._drops = True

    def alter(self, how: Alter) -> None:
        self._alter = how

    def halve(self, data: bytes) -> Iterator[bytes]:
        """To be used with `alter`: half of what the server says next arrives, and then nothing."""
        yield data[: len(data) // 2]
        self.drop()

    def limit_idle(self, seconds: float) -> None:
        """End a conversation nobody says anything in for so long, as a load balancer does."""
        self._idle = seconds
        self.cut()

    def _opened(self, port: int) -> socket.socket:
        door = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(door,), daemon=True).start()
        return door

    def _accept(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = door.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    _end(client)
                    continue
                self._carried += [client, server]
                for ends in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:  # noqa: FBT001
        with suppress(OSError, ValueError):
            while data := self._heard(source):
                for piece in self._alter(data) if from_server else (data,):
                    if not self._drops:
                        sink.sendall(piece)
            if not self._drops:
                sink.shutdown(socket.SHUT_WR)

    def _heard(self, source: socket.socket) -> bytes:
        ready, _, _ = select.select([source], [], [], self._idle)
        return source.recv(65536) if ready else b""


def _as_it_is(data: bytes) -> Iterable[bytes]:
    return (data,)


def slowly(data: bytes) -> Iterator[bytes]:
    """A byte now and then, also in the middle of a row."""
    for index in range(len(data)):
        time.sleep(0.05)
        yield data[index : index + 1]


def garbled(data: bytes) -> Iterable[bytes]:
    return (bytes(random.Random(len(data)).randbytes(len(data))),)


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
