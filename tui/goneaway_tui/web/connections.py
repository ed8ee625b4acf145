"""The bound on open connections: one that asks nothing makes room for one that does.

Every connection takes a descriptor, so some hundred silent ones could lock everybody out. aiohttp closes a silent
connection after a while (`keepalive_timeout`, from the start of the connection on); where they come faster than that,
the one that has been silent longest is closed for the newest.
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
HANDSHAKE_SECONDS = 5.0
"""How long TLS may take to be agreed. Such a connection cannot be closed earlier: it has no transport yet."""
MAX_CONNECTIONS = 64
"""Besides those of the viewers. A page needs some six at a time."""


class Connections:
    """Those of one service. Used in its event loop alone."""

    def __init__(self, max_viewers: int) -> None:
        self._max = MAX_CONNECTIONS + max_viewers
        self._silent: dict[RequestHandler, float] = {}
        """Since when, in that order."""
        self._answering: set[RequestHandler] = set()

    async def listen(
        self, server: web.Server, host: str, port: int, context: ssl.SSLContext | None
    ) -> asyncio.Server:
        """Hand what is accepted there to `server`. Raises OSError where that is not possible."""
        loop = asyncio.get_running_loop()
        handshake: dict[str, Any] = {} if context is None else {"ssl_handshake_timeout": HANDSHAKE_SECONDS}

        def accepted() -> RequestHandler:
            self._make_room(loop.time())
            handler = server()
            self._silent[handler] = loop.time()
            return handler

        return await loop.create_server(accepted, host, port, ssl=context, **handshake)

    @contextmanager
    def answering(self, handler: RequestHandler) -> Iterator[None]:
        """While inside, a request on this connection is being answered, however long that takes."""
        self._silent.pop(handler, None)
        self._answering.add(handler)
        try:
            yield
        finally:
            self._answering.discard(handler)
            if handler.transport is not None:
                self._silent[handler] = asyncio.get_running_loop().time()

    def _make_room(self, now: float) -> None:
        """Forget those that are closed, and close the longest silent ones while there are too many."""
        closed = [
            each
            for each, since in self._silent.items()
            if each.transport is None and now - since > HANDSHAKE_SECONDS
        ]
        for each in closed:
            del self._silent[each]
        excess = len(self._silent) + len(self._answering) + 1 - self._max
        for each in [each for each in self._silent if each.transport is not None][: max(0, excess)]:
            del self._silent[each]
            each.force_close()
