"""The way to a server: one socket, and the end of it that any thread may cut.

PyMySQL's timeouts hold for each piece of an answer, so a peer that sends a byte now and then could keep us for ever; and
the socket it speaks on is out of reach while it connects or shakes hands. The line keeps a second handle on the same
connection, for nothing but to end it: when somebody closes, or when the whole has taken too long.
"""

from __future__ import annotations

import socket as sockets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from goneaway_tui.language import marked
from goneaway_tui.source.address import Address

NO_TUNNEL = marked("the ssh tunnel to it has ended")


class Line:
    """One connection's socket. `cut` from any thread, at any time; the rest from the thread that reads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._handle: sockets.socket | None = None
        self._cut = False
        self.expired = False
        """It was cut because `within` ran out."""

    @property
    def is_cut(self) -> bool:
        """Nothing more comes over it."""
        return self._cut

    def open(self, address: Address) -> sockets.socket:
        """A connected socket, owned by the caller. Raises OSError."""
        try:
            return self._opened(address)
        except (ValueError, OverflowError):
            raise OSError(marked("that is no possible name of a server")) from None

    def _opened(self, address: Address) -> sockets.socket:
        if address.via:
            return self._through(address.via, address.connect_timeout)
        if address.socket:
            return self._reached(sockets.AF_UNIX, address.socket, address.connect_timeout)
        failure = OSError(marked("the name has no address"))
        for family, *_rest, where in sockets.getaddrinfo(
            address.host, address.port, type=sockets.SOCK_STREAM
        ):
            try:
                line = self._reached(family, where, address.connect_timeout)
            except OSError as error:
                failure = error
                continue
            line.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
            line.setsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE, 1)
            return line
        raise failure

    def _through(self, way: str, timeout: float) -> sockets.socket:
        try:
            return self._reached(sockets.AF_UNIX, way, timeout)
        except ConnectionAbortedError:
            raise
        except OSError:
            raise OSError(NO_TUNNEL) from None

    def cut(self) -> None:
        """End the connection; whoever waits on it wakes at once, and a later `open` fails."""
        with self._guard:
            self._cut = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(sockets.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the handle; without this the server would not see that the connection was closed."""
        with self._guard:
            self._cut = True
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the line where what is done inside takes longer."""
        watchdog = threading.Timer(seconds, self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _expire(self) -> None:
        self.expired = True
        self.cut()

    def _reached(self, family: int, where: object, timeout: float) -> sockets.socket:
        line = sockets.socket(family, sockets.SOCK_STREAM)
        try:
            self._hold(line)
            line.settimeout(timeout)
            line.connect(where)  # type: ignore[arg-type]
        except (OSError, ValueError, OverflowError):
            line.close()
            raise
        return line

    def _hold(self, line: sockets.socket) -> None:
        """From here on `cut` reaches it, also while it still connects."""
        with self._guard:
            if self._cut:
                raise ConnectionAbortedError(marked("closed meanwhile"))
            if self._handle is not None:
                self._handle.close()
            self._handle = line.dup()
