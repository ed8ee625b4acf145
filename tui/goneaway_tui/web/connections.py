"""The bound on open connections: one that asks nothing, or does not take its answer, makes room for one that does.

Every connection takes a descriptor, so some hundred idle ones could lock everybody out. aiohttp closes a silent
connection after a while (`keepalive_timeout`, from the start of the connection on), and waits for ever for one that does
not read its answer; here that has an end too. Where they come faster than that, the one that has been without progress
longest is closed for the newest. Those of the viewers are exempt: the service bounds them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

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


class Connections:
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
