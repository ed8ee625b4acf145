"""The web service: a page, a WebSocket with a screen for each browser, and downloads, on one guarded address.

The limits on log lines, connections, bytes and seconds protect the service from hostile clients.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import mimetypes
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.web_protocol import RequestHandler
from textual_serve.download_manager import DownloadManager

from goneaway_tui.errors import SettingsError
from goneaway_tui.http_auth import (
    CHALLENGE,
    UNAUTHORIZED,
    Guard,
    HttpEndpoint,
    refusal_text,
    tls_context,
)
from goneaway_tui.i18n import _
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.web.viewer import BrowserInput, ScreenProgram, Viewer

MAX_LINES_A_PERIOD, LOG_PERIOD_SECONDS = 20, 10.0
"""Lines that are written at most in each period."""


class LogLimit:
    """Writes at most MAX_LINES_A_PERIOD lines in each period, and then how many were left out. Not thread-safe."""

    def __init__(self, write: Callable[[str], object], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def __call__(self, line: str) -> None:
        now = self._clock()
        if now - self._since >= LOG_PERIOD_SECONDS:
            if self._lines > MAX_LINES_A_PERIOD:
                self._write(_("{number} more lines were left out", number=self._lines - MAX_LINES_A_PERIOD))
            self._since, self._lines = now, 0
        self._lines += 1
        if self._lines <= MAX_LINES_A_PERIOD:
            self._write(line)


SILENT_SECONDS = 10.0
"""Longest time that a connection may send no request, also between requests."""
ANSWER_SECONDS = 30.0
"""Longest time for one answer, or one piece of a download: the largest file of the page is some 500 KB."""
HANDSHAKE_SECONDS = 5.0
"""Longest time of a TLS handshake. Such a connection cannot be closed earlier: it has no transport yet."""
SWEEP_SECONDS = 1.0
"""Time between two searches for connections to close."""
MAX_CONNECTIONS = 64
"""Connections at most, without those of viewers. A page needs about six at a time."""


class OpenConnections:
    """The connections of one service. Their number and time are limited, except for viewers. Used only in its event loop."""

    def __init__(self) -> None:
        self._open: dict[RequestHandler, float] = {}
        """When each connection last made progress, in loop time, oldest first; without those of viewers."""
        self._viewers: set[RequestHandler] = set()

    async def listen(
        self, server: web.Server, host: str, port: int, context: ssl.SSLContext | None
    ) -> asyncio.Server:
        """Accept connections for `server` at an address. Raises OSError if the address cannot be listened on."""
        handshake: dict[str, Any] = {} if context is None else {"ssl_handshake_timeout": HANDSHAKE_SECONDS}

        def accepted() -> RequestHandler:
            self._make_room()
            handler = server()
            self.note_progress(handler)
            return handler

        return await asyncio.get_running_loop().create_server(accepted, host, port, ssl=context, **handshake)

    def note_progress(self, handler: RequestHandler) -> None:
        """Note progress: the connection is new, sends a request, or has taken a piece of its answer."""
        self._open.pop(handler, None)
        self._open[handler] = asyncio.get_running_loop().time()

    @contextmanager
    def exempt(self, handler: RequestHandler) -> Iterator[None]:
        """While inside, the connection is a viewer's, whose time is not limited."""
        self._open.pop(handler, None)
        self._viewers.add(handler)
        try:
            yield
        finally:
            self._viewers.discard(handler)
            self.note_progress(handler)

    async def sweep(self) -> None:
        """Close connections that made no progress for ANSWER_SECONDS, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = asyncio.get_running_loop().time()
            self._forget_closed(now)
            for handler in [handler for handler, since in self._open.items() if now - since > ANSWER_SECONDS]:
                self._abort(handler)
            for handler in self._viewers:
                # A closing transport would wait forever to send the rest to a browser that no longer answers.
                if handler.transport is not None and handler.transport.is_closing():
                    handler.transport.abort()

    def abort_all(self) -> None:
        """Close all connections but those of viewers."""
        for handler in list(self._open):
            self._abort(handler)

    def _make_room(self) -> None:
        """Close the connections with the oldest progress, so that one more fits into MAX_CONNECTIONS."""
        self._forget_closed(asyncio.get_running_loop().time())
        excess = len(self._open) + 1 - MAX_CONNECTIONS
        connected = [handler for handler in self._open if handler.transport is not None]
        for handler in connected[: max(0, excess)]:
            self._abort(handler)

    def _forget_closed(self, now: float) -> None:
        """Forget connections without a transport: they are closed, or did not agree TLS in HANDSHAKE_SECONDS."""
        for handler, since in list(self._open.items()):
            if handler.transport is None and now - since > HANDSHAKE_SECONDS:
                del self._open[handler]

    def _abort(self, handler: RequestHandler) -> None:
        """Close a connection at once. `close` of its transport would wait until the rest of the answer is taken."""
        del self._open[handler]
        if handler.transport is not None:
            handler.transport.abort()


HEARTBEAT_SECONDS = 15.0
"""Time between two pings to a browser that sends nothing."""
SHUTDOWN_SECONDS = 5.0
"""Seconds that open requests may take when the service ends."""
MAX_MESSAGE_BYTES = 1 << 20
"""Bytes of one WebSocket message at most; a pasted text is one message."""
MAX_WIDTH, MAX_HEIGHT = 1000, 500
"""Cells of a screen at most."""
CLOSING_SECONDS = 3.0
"""Longest time that a browser may take to confirm that its WebSocket is closed."""
MAX_PATH_CHARACTERS = 1024
"""Characters of a path with its query, at most."""
MIME = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every answer."""
RouteHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CloseSocket = Callable[[int, str], Awaitable[None]]
"""Closes a WebSocket with a code and a reason."""


class WebService:
    """The web service. `run` answers until `stop`, which any thread may call."""

    def __init__(
        self,
        endpoint: HttpEndpoint,
        guard: Guard,
        program: ScreenProgram,
        max_viewers: int,
        log: Callable[[str], object],
    ) -> None:
        """`max_viewers`: screens at the same time. `log` takes a line for the user who started the service."""
        self._endpoint = endpoint
        self._guard = guard
        self._program = program
        self._max_viewers = max_viewers
        self._log = log
        self._downloads = DownloadManager()
        self._viewers: dict[Viewer, CloseSocket] = {}
        self._connections = OpenConnections()
        self._files = _framework_files()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End `run`. Any thread may call this."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def run(self, on_listening: Callable[[int], object]) -> None:
        """Answer until stopped; `on_listening` is called with the port.

        Raises SettingsError where the address cannot be listened on, and FileError for a certificate.
        """
        context = tls_context(self._endpoint)
        self._loop = asyncio.get_running_loop()
        _report_library_errors(self._log)
        runner = web.AppRunner(
            self.application(),
            access_log=None,
            shutdown_timeout=SHUTDOWN_SECONDS,
            keepalive_timeout=SILENT_SECONDS,
        )
        await runner.setup()
        try:
            await self._answer_until_stopped(runner, context, on_listening)
        except OSError as error:
            address = f"{self._endpoint.host}:{self._endpoint.port}"
            raise SettingsError(
                _("cannot listen on {place}: {why}", place=address, why=error.strerror or error),
                _("choose another address with --listen"),
            ) from None
        finally:
            await runner.cleanup()

    async def _answer_until_stopped(
        self, runner: web.AppRunner, context: ssl.SSLContext | None, on_listening: Callable[[int], object]
    ) -> None:
        assert runner.server is not None  # noqa: S101 - `setup` has made it
        endpoint = self._endpoint
        listener = await self._connections.listen(runner.server, endpoint.host, endpoint.port, context)
        sweeper = asyncio.create_task(self._connections.sweep())
        try:
            on_listening(listener.sockets[0].getsockname()[1])
            await self._stopped.wait()
        finally:
            sweeper.cancel()
            listener.close()
            self._connections.abort_all()

    def application(self) -> web.Application:
        """The routes, behind the guard."""
        application = web.Application(middlewares=[self._guarded])
        application.add_routes(
            [
                web.get("/", self._page),
                web.get(r"/{name:page\.(?:css|js)}", self._page),
                web.get("/ws", self._show_screen),
                web.get("/download/{key}", self._download),
                web.get("/static/{name:.+}", self._static),
            ]
        )
        application.on_response_prepare.append(_add_policy_headers)
        application.on_shutdown.append(self._close_all)
        return application

    @web.middleware
    async def _guarded(self, request: web.Request, handler: RouteHandler) -> web.StreamResponse:
        self._connections.note_progress(request.protocol)
        return await self._answered(request, handler)

    async def _answered(self, request: web.Request, handler: RouteHandler) -> web.StreamResponse:
        if len(request.raw_path) > MAX_PATH_CHARACTERS:
            return web.Response(status=414, text="414\n")
        status = self._guard.refusal(
            request.headers,
            by_page=request.path == "/ws",
            address=request.remote or "",
            now=asyncio.get_running_loop().time(),
        )
        if status is None:
            return await handler(request)
        headers = {"WWW-Authenticate": CHALLENGE} if status == UNAUTHORIZED else None
        return web.Response(status=status, text=f"{refusal_text(status)}\n", headers=headers)

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        text = (files("goneaway_tui.web") / "page" / name).read_text("utf-8")
        if name == "index.html":
            words = {"lost": _("Connection lost."), "again": _("Reconnect"), "trying": _("Reconnecting ...")}
            text = Template(text).substitute({key: html.escape(word) for key, word in words.items()})
        return web.Response(text=text, content_type=MIME[name.rpartition(".")[2]])

    async def _static(self, request: web.Request) -> web.Response:
        """A file of the framework, from memory: no request reads the disk."""
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return web.Response(body=self._files[name], content_type=mime)

    async def _show_screen(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket with a screen of its own, until the browser or the screen ends it."""
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, max_msg_size=MAX_MESSAGE_BYTES, timeout=CLOSING_SECONDS
        )
        await socket.prepare(request)
        close = partial(_close, socket, request.transport)
        if len(self._viewers) >= self._max_viewers:
            why = _("The limit of {number} viewers is reached.", number=self._max_viewers)
            await close(WSCloseCode.TRY_AGAIN_LATER, why)
            return socket

        async def on_end(user_quit: bool, last_line: str) -> None:  # noqa: FBT001 - passed by position
            if user_quit:
                await close(WSCloseCode.OK, _("The screen was closed."))
            elif not socket.closed:
                self._log_failure(last_line)
                await close(WSCloseCode.INTERNAL_ERROR, _("The screen ended with an error."))

        viewer = Viewer(self._program, self._downloads, socket.send_bytes, socket.send_str, on_end)
        self._viewers[viewer] = close
        with self._connections.exempt(request.protocol):
            try:
                await self._run_viewer(viewer, socket, request)
            finally:
                try:
                    await viewer.stop()
                finally:
                    del self._viewers[viewer]
        return socket

    async def _run_viewer(self, viewer: Viewer, socket: web.WebSocketResponse, request: web.Request) -> None:
        try:
            await viewer.start(
                _cells(request.query.get("width"), 80, MAX_WIDTH),
                _cells(request.query.get("height"), 24, MAX_HEIGHT),
            )
            await _forward_input(socket, viewer)
        except OSError as error:
            self._log_failure(str(error.strerror or error))
            await self._viewers[viewer](WSCloseCode.INTERNAL_ERROR, _("The screen could not start."))

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file from a screen. The browser saves it and never shows it as a page of ours."""
        key = request.match_info["key"]
        try:
            metadata = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        disposition = f"attachment; filename*=UTF-8''{quote(metadata.file_name, safe='')}"
        response = web.StreamResponse(headers={"Content-Disposition": disposition})
        response.content_type = "application/octet-stream"
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
            self._connections.note_progress(request.protocol)
        await response.write_eof()
        return response

    async def _close_all(self, _application: web.Application) -> None:
        """Close every screen, and say why on its page."""
        why = _("goneaway-tui serve has stopped.")
        closing = (close(WSCloseCode.GOING_AWAY, why) for close in [*self._viewers.values()])
        await asyncio.gather(*closing)

    def _log_failure(self, why: str) -> None:
        self._log(_("a screen ended with an error: {why}", why=plain(why, 500) or _("no error message")))


def _framework_files() -> dict[str, bytes]:
    """The static files of textual-serve by their path, about 1 MB."""
    folder = Path(textual_serve.__file__).parent / "static"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


async def _forward_input(socket: web.WebSocketResponse, viewer: Viewer) -> None:
    """Send the browser's keys and sizes to the screen. Messages that our page does not send are ignored."""
    browser = BrowserInput(asyncio.get_running_loop().time)
    async for message in socket:
        match _parsed(message.data) if message.type is WSMsgType.TEXT else None:
            case ["stdin", str(keys)]:
                allowed = browser.allowed(keys, is_behind=viewer.is_behind)
                await viewer.send_bytes(allowed.encode("utf-8", "replace"))
            case ["resize", {"width": width, "height": height}]:
                await viewer.set_terminal_size(_cells(width, 80, MAX_WIDTH), _cells(height, 24, MAX_HEIGHT))
            case ["ping", str(when)]:
                await socket.send_json(["pong", when[:40]])
            case ["focus"]:
                await viewer.focus()
            case ["blur"]:
                await viewer.blur()


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _cells(value: object, default: int, maximum: int) -> int:
    """A number of cells that a browser sent, from 1 to `maximum`; `default` for what is no number.

    >>> _cells("132", 80, 1000), _cells("x", 80, 1000), _cells(10**9, 80, 1000), _cells([], 80, 1000)
    (132, 80, 1000, 80)
    """
    try:
        return max(1, min(int(value), maximum)) if isinstance(value, str | int) else default
    except ValueError:
        return default


async def _close(
    socket: web.WebSocketResponse, transport: asyncio.Transport | None, code: int, why: str
) -> None:
    """Close a WebSocket; the page shows `why`, of which a closing frame holds 123 bytes.

    The connection of a browser that neither reads the frame nor answers is aborted.
    """
    message = why.encode()[:123].decode("utf-8", "ignore").encode()
    try:
        async with asyncio.timeout(2 * CLOSING_SECONDS):
            await socket.close(code=code, message=message)
    except TimeoutError:
        pass
    finally:
        if transport is not None and socket.close_code == WSCloseCode.ABNORMAL_CLOSURE:
            transport.abort()


async def _add_policy_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(POLICY)


def _report_library_errors(log: Callable[[str], object]) -> None:
    """Write one line where the libraries would log a traceback."""

    class LineHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            why = f": {type(error).__name__}: {error}" if error else ""
            log(plain(f"{record.getMessage()}{why}", 500))

    for name in ("aiohttp", "asyncio", "textual-serve"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [LineHandler(logging.ERROR)]
        logger.propagate = False
