"""A line to a server that something happens to in the middle of a conversation."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from goneaway_tui.source.address import Address
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
