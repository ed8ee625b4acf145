"""The HTTP server for Prometheus: the application of `prometheus_client` behind a guard, with limits on connections
and time.
"""

from __future__ import annotations

import platform
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app

from goneaway_tui.errors import SettingsError
from goneaway_tui.http_auth import (
    CHALLENGE,
    UNAUTHORIZED,
    Guard,
    HttpEndpoint,
    basic_auth_guard,
    refusal_text,
    tls_context,
)
from goneaway_tui.i18n import _
from goneaway_tui.metrics.collector import MetricsStore
from goneaway_tui.ports import Clock

CONNECTION_SECONDS = 10.0
"""Longest time of a connection, from its first byte to its last. Each has a thread, and sends one answer."""
MAX_CONNECTIONS = 64
"""Connections at the same time; a further one closes the oldest."""
MAX_REQUEST_BYTES = 64 * 1024
"""Bytes of a request, with all its headers. The standard library takes 6 MiB of each connection before it asks for a login."""
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]
"""A WSGI application."""


@contextmanager
def metrics_server(endpoint: HttpEndpoint, store: MetricsStore, clock: Clock) -> Iterator[int]:
    """Answer scrapes while inside; yields the port.

    Raises SettingsError where the address cannot be listened on, and FileError for a certificate.
    """
    context = tls_context(endpoint)
    registry = CollectorRegistry()
    registry.register(store)
    ProcessCollector(registry=registry)
    guard = (
        basic_auth_guard(endpoint, platform.node()) if endpoint.is_loopback else Guard(None, endpoint.login)
    )
    try:
        server = MetricsServer(endpoint.host, endpoint.port, clock)
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(
            _("cannot listen on {place}: {why}", place=f"{endpoint.host}:{endpoint.port}", why=why),
            _("choose another address with --listen"),
        ) from None
    if context is not None:
        # The handshake runs in the thread of each connection, where its time is limited, not in the accepting thread.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.set_app(with_guard(make_wsgi_app(registry), guard, clock))
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class MetricsServer(ThreadingMixIn, WSGIServer):
    """A WSGI server with a thread for each connection; their number and time are limited."""

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family = addresses[0][0]
        self._clock = clock
        self._open: dict[socket.socket, float] = {}
        """When each connection began, oldest first. The accepting thread adds it, and its own thread removes it."""
        super().__init__((host, port), _Unlogged)

    def process_request(self, request: Any, client_address: Any) -> None:
        for oldest in list(self._open)[: max(0, len(self._open) + 1 - MAX_CONNECTIONS)]:
            _shut_down(oldest)
        self._open[request] = self._clock()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Close old connections. `serve_forever` calls this twice a second."""
        oldest_allowed = self._clock() - CONNECTION_SECONDS
        for connection, since in list(self._open.items()):
            if since < oldest_allowed:
                _shut_down(connection)

    def shutdown_request(self, request: Any) -> None:
        self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error: a client may close its connection during an answer."""


class BoundedRequest:
    """What a client sends over one connection, of which no more than MAX_REQUEST_BYTES are read."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self._bytes_left = MAX_REQUEST_BYTES

    def readline(self, size: int) -> bytes:
        """The next line, or the first `size` bytes of it. Raises ConnectionError at the bound: half a request is none."""
        line = self._file.readline(min(size, self._bytes_left))
        self._bytes_left -= len(line)
        if not self._bytes_left:
            raise ConnectionAbortedError
        return line

    def close(self) -> None:
        self._file.close()


class _Unlogged(WSGIRequestHandler):
    timeout = CONNECTION_SECONDS

    def setup(self) -> None:
        super().setup()
        self.rfile = BoundedRequest(self.rfile)  # type: ignore[assignment]  # of which the standard library reads lines alone

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Log nothing."""


def _shut_down(connection: socket.socket) -> None:
    """Shut a connection down: its thread reads the end of its input, and closes it."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def with_guard(application_: Application, guard: Guard, clock: Clock) -> Application:
    """The application `application_` for requests that the guard lets in."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        headers = {
            "Host": environ.get("HTTP_HOST", ""),
            "Authorization": environ.get("HTTP_AUTHORIZATION", ""),
            **({"Origin": environ["HTTP_ORIGIN"]} if "HTTP_ORIGIN" in environ else {}),
        }
        status = guard.refusal(headers, by_page=False, address=environ.get("REMOTE_ADDR", ""), now=clock())
        if status is None:
            return application_(environ, start_response)
        challenge = [("WWW-Authenticate", CHALLENGE)] if status == UNAUTHORIZED else []
        start_response(f"{status} Refused", [("Content-Type", "text/plain; charset=utf-8"), *challenge])
        return [f"{refusal_text(status)}\n".encode()]

    return application
