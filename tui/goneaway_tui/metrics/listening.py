"""Answering over HTTP, with the library's own server: TLS is the library's, passwords are looked at before it is asked."""

from __future__ import annotations

import base64
import binascii
import hmac
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.metrics.collector import Board
from goneaway_tui.model.plain import plain

PATIENCE = 10.0
"""Seconds somebody who has connected may keep us waiting."""
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]
"""As WSGI knows it."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where we are asked, and by whom."""

    host: str
    port: int
    cert: str | None = None
    """Paths: our certificate, its key, and the authorities of the certificates of who may ask."""
    key: str | None = None
    ca: str | None = None
    login: str | None = None
    """`user:password` of who may ask; None lets in everybody."""


@contextmanager
def listening(doorway: Doorway, board: Board) -> Iterator[int]:
    """Answer while inside; the port. Raises SettingsError where nobody can listen there, FileError for a certificate."""
    _look_through(doorway)
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
    wanted = login.encode()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        kind, _, said = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        try:
            given = base64.b64decode(said, validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            given = b""
        if hmac.compare_digest(given, wanted):
            return inner(environ, start_response)
        start_response("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="goneaway-tui"')])
        return [b"who are you?\n"]

    return application


def _look_through(doorway: Doorway) -> None:
    """Raises FileError for a certificate, key or authority that is none; a key with a passphrase is none here."""
    if doorway.cert is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(doorway.cert, doorway.key, password=lambda: "")
        if doorway.ca is not None:
            context.load_verify_locations(doorway.ca)
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror or "it is none"
        raise FileError(
            f"cannot speak TLS with {plain(doorway.cert, 300)}: {why}",
            "name a certificate and its key, as PEM",
        ) from None
