"""Answering over HTTP, with the library's own server: TLS is the library's, passwords are looked at before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from goneaway_tui.doorway import CHALLENGE, Doorway, knows, tls
from goneaway_tui.errors import SettingsError
from goneaway_tui.metrics.collector import Board

PATIENCE = 10.0
"""Seconds somebody who has connected may keep us waiting."""
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]
"""As WSGI knows it."""


@contextmanager
def listening(doorway: Doorway, board: Board) -> Iterator[int]:
    """Answer while inside; the port. Raises SettingsError where nobody can listen there, FileError for a certificate."""
    tls(doorway)  # so that what is wrong with it is told; the library reads it again
    registry = CollectorRegistry()
    try:
        server, thread = start_http_server(
            doorway.port,
            doorway.host,
            registry,
            doorway.cert,
            doorway.key,
            client_cafile=doorway.ca,
            client_auth_required=doorway.ca is not None,
        )
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {doorway.host}:{doorway.port}: {error.strerror or error}",
            "choose another with --listen",
        ) from None
    handled: Any = server.RequestHandlerClass
    loose: Any = server
    loose.RequestHandlerClass = type("Patient", (handled,), {"timeout": PATIENCE})
    loose.handle_error = lambda *_: None  # who hangs up in the middle of an answer is nobody's trouble
    if doorway.cert is not None:
        loose.socket.do_handshake_on_connect = False  # left to the thread of who connects, and bounded there
    if doorway.login is not None:
        loose.set_app(guarded(loose.get_app(), doorway.login))
    registry.register(board)  # only now, so that nobody was told anything before the guard stood
    ProcessCollector(registry=registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def guarded(inner: Application, login: str) -> Application:
    """Lets through who says `login`, which is `user:password`."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if knows(login, environ.get("HTTP_AUTHORIZATION", "")):
            return inner(environ, start_response)
        start_response("401 Unauthorized", [("WWW-Authenticate", CHALLENGE)])
        return [b"who are you?\n"]

    return application
