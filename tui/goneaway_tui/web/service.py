"""The bound on lines that strangers can make us write."""

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
from goneaway_tui.http_auth import CHALLENGE, UNKNOWN, Guard, HttpEndpoint, refusal_text, tls_context
from goneaway_tui.i18n import _
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.web.browser_input import BrowserInput
from goneaway_tui.web.viewer import ScreenProgram, Viewer

MAX_LINES, SECONDS = 20, 10.0
"""So many lines are written in so long."""


class LogLimit:
    """Takes lines and writes them, as long as they are not too many. Used in one thread."""

    def __init__(self, write: Callable[[str], object], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def __call__(self, line: str) -> None:
        now = self._clock()
        if now - self._since >= SECONDS:
            if self._lines > MAX_LINES:
                self._write(_("{number} more lines were left out", number=self._lines - MAX_LINES))
            self._since, self._lines = now, 0
        self._lines += 1
        if self._lines <= MAX_LINES:
            self._write(line)


SILENT_SECONDS = 10.0
"""How long a connection may ask nothing, between requests as well."""
ANSWER_SECONDS = 30.0
"""How long it may take over one answer, or a piece of a download: the largest file of the page is some 500 KB."""
HANDSHAKE_SECONDS = 5.0
"""How long TLS may take to be agreed. Such a connection cannot be closed earlier: it has no transport yet."""
SWEEP_SECONDS = 1.0
"""How often those whose time is over are looked for."""
MAX_CONNECTIONS = 64
"""Besides those of the viewers. A page needs some six at a time."""


class OpenConnections:
    """Those of one service. Used in its event loop alone."""

    def __init__(self) -> None:
        self._open: dict[RequestHandler, float] = {}
        """When each last got on, longest ago first; without those of viewers."""
        self._viewers: set[RequestHandler] = set()

    async def listen(
        self, server: web.Server, host: str, port: int, context: ssl.SSLContext | None
    ) -> asyncio.Server:
        """Hand what is accepted there to `server`. Raises OSError where that is not possible."""
        handshake: dict[str, Any] = {} if context is None else {"ssl_handshake_timeout": HANDSHAKE_SECONDS}

        def accepted() -> RequestHandler:
            self._make_room()
            handler = server()
            self.gets_on(handler)
            return handler

        return await asyncio.get_running_loop().create_server(accepted, host, port, ssl=context, **handshake)

    def gets_on(self, handler: RequestHandler) -> None:
        """It is new, asks something, or has taken a piece of its answer."""
        self._open.pop(handler, None)
        self._open[handler] = asyncio.get_running_loop().time()

    @contextmanager
    def exempt(self, handler: RequestHandler) -> Iterator[None]:
        """While inside, the connection is a viewer's."""
        self._open.pop(handler, None)
        self._viewers.add(handler)
        try:
            yield
        finally:
            self._viewers.discard(handler)
            self.gets_on(handler)

    async def sweep(self) -> None:
        """Close those whose time is over, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = asyncio.get_running_loop().time()
            self._forget_closed(now)
            for each in [each for each, since in self._open.items() if now - since > ANSWER_SECONDS]:
                self._abort(each)
            for each in self._viewers:
                # It has been given up, and what is still to be sent would keep it open for ever.
                if each.transport is not None and each.transport.is_closing():
                    each.transport.abort()

    def abort_all(self) -> None:
        """All but those of viewers."""
        for each in list(self._open):
            self._abort(each)

    def _make_room(self) -> None:
        """Close those that got on longest ago while there are too many."""
        self._forget_closed(asyncio.get_running_loop().time())
        excess = len(self._open) + 1 - MAX_CONNECTIONS
        for each in [each for each in self._open if each.transport is not None][: max(0, excess)]:
            self._abort(each)

    def _forget_closed(self, now: float) -> None:
        """A new one has no transport either, until TLS is agreed."""
        for each, since in list(self._open.items()):
            if each.transport is None and now - since > HANDSHAKE_SECONDS:
                del self._open[each]

    def _abort(self, handler: RequestHandler) -> None:
        """Without the rest of its answer, for which a transport that is closed would wait."""
        del self._open[handler]
        if handler.transport is not None:
            handler.transport.abort()


HEARTBEAT_SECONDS = 15.0
"""How often a browser that says nothing is asked whether it is there."""
PATIENCE_SECONDS = 5.0
"""How long everybody may take to let go when we end."""
MOST_BYTES = 1 << 20
"""Of one message: what is pasted is one."""
WIDEST, HIGHEST = 1000, 500
"""Cells of a screen."""
CLOSING_SECONDS = 3.0
"""How long a browser may take to agree that its socket is closed."""
LONGEST_PATH = 1024
"""Characters of what is asked for, with its query."""
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
"""What every answer carries."""
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Close = Callable[[int, str], Awaitable[None]]
"""With a code and a reason."""


class WebService:
    """Answers while `run` runs; `stop` from any thread."""

    def __init__(
        self,
        doorway: HttpEndpoint,
        guard: Guard,
        program: ScreenProgram,
        most: int,
        say: Callable[[str], object],
    ) -> None:
        """`most` may look at once; `say` takes lines for who started us."""
        self._doorway = doorway
        self._guard = guard
        self._program = program
        self._most = most
        self._say = say
        self._downloads = DownloadManager()
        self._looking: dict[Viewer, Close] = {}
        self._connections = OpenConnections()
        self._files = _framework_files()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def run(self, opened: Callable[[int], object]) -> None:
        """`opened` is told the port. Raises SettingsError where nobody can listen there, FileError for a certificate."""
        context, where = tls_context(self._doorway), self._doorway
        self._loop = asyncio.get_running_loop()
        _tell_of_faults(self._say)
        runner = web.AppRunner(
            self.application(),
            access_log=None,
            shutdown_timeout=PATIENCE_SECONDS,
            keepalive_timeout=SILENT_SECONDS,
        )
        await runner.setup()
        try:
            assert runner.server is not None  # noqa: S101 - `setup` has made it
            listener = await self._connections.listen(runner.server, where.host, where.port, context)
            sweeper = asyncio.create_task(self._connections.sweep())
            try:
                opened(listener.sockets[0].getsockname()[1])
                await self._stopped.wait()
            finally:
                sweeper.cancel()
                listener.close()
                self._connections.abort_all()
        except OSError as error:
            raise SettingsError(
                _(
                    "cannot listen on {place}: {why}",
                    place=f"{where.host}:{where.port}",
                    why=error.strerror or error,
                ),
                _("choose another with --listen"),
            ) from None
        finally:
            await runner.cleanup()

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._guarded])
        application.add_routes(
            [
                web.get("/", self._page),
                web.get(r"/{name:page\.(?:css|js)}", self._page),
                web.get("/ws", self._look),
                web.get("/download/{key}", self._download),
                web.get("/static/{name:.+}", self._static),
            ]
        )
        application.on_response_prepare.append(_with_policy)
        application.on_shutdown.append(self._part)
        return application

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Answer) -> web.StreamResponse:
        self._connections.gets_on(request.protocol)
        return await self._answered(request, handler)

    async def _answered(self, request: web.Request, handler: Answer) -> web.StreamResponse:
        if len(request.raw_path) > LONGEST_PATH:
            return web.Response(status=414, text="414\n")
        status = self._guard.refusal(
            request.headers,
            by_page=request.path == "/ws",
            address=request.remote or "",
            now=asyncio.get_running_loop().time(),
        )
        if status is None:
            return await handler(request)
        headers = {"WWW-Authenticate": CHALLENGE} if status == UNKNOWN else None
        return web.Response(status=status, text=f"{refusal_text(status)}\n", headers=headers)

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        text = (files("goneaway_tui.web") / "page" / name).read_text("utf-8")
        if name == "index.html":
            words = {"lost": _("The connection broke."), "again": _("Again"), "trying": _("Trying again ...")}
            text = Template(text).substitute({key: html.escape(said) for key, said in words.items()})
        return web.Response(text=text, content_type=MIME[name.rpartition(".")[2]])

    async def _static(self, request: web.Request) -> web.Response:
        """From memory: an answer that is not taken holds no file open, and no path is looked for on the disk."""
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return web.Response(body=self._files[name], content_type=mime)

    async def _look(self, request: web.Request) -> web.StreamResponse:
        """A screen, for as long as somebody looks."""
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, max_msg_size=MOST_BYTES, timeout=CLOSING_SECONDS
        )
        await socket.prepare(request)
        close = partial(_close, socket, request.transport)
        if len(self._looking) >= self._most:
            why = _("{number} look already, and no more may.", number=self._most)
            await close(WSCloseCode.TRY_AGAIN_LATER, why)
            return socket

        async def ended(was_left: bool, said: str) -> None:  # noqa: FBT001 - told by position
            if was_left:
                await close(WSCloseCode.OK, _("The screen was left."))
            elif not socket.closed:
                self._complain(said)
                await close(WSCloseCode.INTERNAL_ERROR, _("The screen broke."))

        viewer = Viewer(self._program, self._downloads, socket.send_bytes, socket.send_str, ended)
        self._looking[viewer] = close
        with self._connections.exempt(request.protocol):
            try:
                await viewer.start(
                    _cells(request.query.get("width"), 80, WIDEST),
                    _cells(request.query.get("height"), 24, HIGHEST),
                )
                await _obey(socket, viewer)
            except OSError as error:
                self._complain(str(error.strerror or error))
                await close(WSCloseCode.INTERNAL_ERROR, _("No screen could be begun."))
            finally:
                try:
                    await viewer.stop()
                finally:
                    del self._looking[viewer]
        return socket

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file for who looks: always one to be kept, never a page of ours."""
        key = request.match_info["key"]
        try:
            told = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound from None
        disposition = f"attachment; filename*=UTF-8''{quote(told.file_name, safe='')}"
        response = web.StreamResponse(headers={"Content-Disposition": disposition})
        response.content_type = "application/octet-stream"
        await response.prepare(request)
        async for piece in self._downloads.download(key):
            await response.write(piece)
            self._connections.gets_on(request.protocol)
        await response.write_eof()
        return response

    async def _part(self, _application: web.Application) -> None:
        """Everybody is told that we go, at once."""
        why = _("The program that shows this has ended.")
        closing = (close(WSCloseCode.GOING_AWAY, why) for close in [*self._looking.values()])
        await asyncio.gather(*closing)

    def _complain(self, why: str) -> None:
        self._say(_("a screen broke: {why}", why=plain(why, 500) or _("it did not say why")))


def _framework_files() -> dict[str, bytes]:
    """What the framework's page is made of, by the end of its path: some 1 MB."""
    folder = Path(textual_serve.__file__).parent / "static"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


async def _obey(socket: web.WebSocketResponse, viewer: Viewer) -> None:
    """Hand on keys and sizes. What the page would not say is passed over."""
    browser = BrowserInput(asyncio.get_running_loop().time)
    async for message in socket:
        match _said(message.data) if message.type is WSMsgType.TEXT else None:
            case ["stdin", str(keys)]:
                allowed = browser.allowed(keys, is_behind=viewer.is_behind)
                await viewer.send_bytes(allowed.encode("utf-8", "replace"))
            case ["resize", {"width": width, "height": height}]:
                await viewer.set_terminal_size(_cells(width, 80, WIDEST), _cells(height, 24, HIGHEST))
            case ["ping", str(when)]:
                await socket.send_json(["pong", when[:40]])
            case ["focus"]:
                await viewer.focus()
            case ["blur"]:
                await viewer.blur()


def _said(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _cells(said: object, usual: int, most: int) -> int:
    """
    >>> _cells("132", 80, 1000), _cells("x", 80, 1000), _cells(10**9, 80, 1000), _cells([], 80, 1000)
    (132, 80, 1000, 80)
    """
    try:
        return max(1, min(int(said), most)) if isinstance(said, str | int) else usual
    except ValueError:
        return usual


async def _close(
    socket: web.WebSocketResponse, transport: asyncio.Transport | None, code: int, why: str
) -> None:
    """The page shows why. A closing frame has room for 123 bytes. Who neither reads it nor answers is hung up on."""
    message = why.encode()[:123].decode("utf-8", "ignore").encode()
    try:
        async with asyncio.timeout(2 * CLOSING_SECONDS):
            await socket.close(code=code, message=message)
    except TimeoutError:
        pass
    finally:
        if transport is not None and socket.close_code == WSCloseCode.ABNORMAL_CLOSURE:
            transport.abort()


async def _with_policy(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(POLICY)


def _tell_of_faults(say: Callable[[str], object]) -> None:
    """What the libraries would write as a traceback is a line."""

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            why = f": {type(error).__name__}: {error}" if error else ""
            say(plain(f"{record.getMessage()}{why}", 500))

    for name in ("aiohttp", "asyncio", "textual-serve"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [Told(logging.ERROR)]
        logger.propagate = False
