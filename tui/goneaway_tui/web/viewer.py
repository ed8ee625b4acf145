"""One who looks: a process that draws the screen, between its pipes and the browser's socket.

The framework's own web driver is at the other end of the pipes. What differs from its service is how the process is
begun and ended: by no shell, with nothing secret among its arguments or in its environment, and never to outlive us.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

PRELUDE = b"__GANGLION__\n"
"""What the driver says first."""
LEAST_LINES = 10
"""Lines that may come before it."""
GOODBYE_SECONDS = 3.0
"""How long the process may take to end."""
KEPT = 4096
"""Bytes of its complaints."""
LEFT = (0, 130)
"""What it ends with when somebody has left it."""


@dataclass(frozen=True, slots=True)
class Program:
    """What draws a screen."""

    words: tuple[str, ...]
    told: bytes = field(repr=False)
    """The first it reads, behind eight bytes that say how much it is."""


class Viewer(AppService):
    """Lives as long as the socket."""

    def __init__(
        self,
        program: Program,
        downloads: DownloadManager,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        ended: Callable[[bool, str], Awaitable[None]],
    ) -> None:
        """`ended` is told whether the screen was left, or broke, and what its process said last."""
        super().__init__(
            "", write_bytes=write_bytes, write_str=write_str, close=_wait, download_manager=downloads
        )
        self._program = program
        self._ended = ended

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width, height)
        process = await asyncio.create_subprocess_exec(
            *self._program.words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**environment, "PYTHONUTF8": "1"},
            start_new_session=True,  # ctrl+c at our terminal is for us alone
        )
        assert process.stdin is not None  # noqa: S101 - for the type checker
        told = self._program.told
        process.stdin.write(len(told).to_bytes(8, "big") + told)
        self._process, self._stdin = process, process.stdin
        return process

    async def run(self) -> None:
        """Hand on what it draws, until one of the two ends is gone."""
        process = self._process
        assert process is not None  # noqa: S101 - `start` has opened it
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        complaints = asyncio.create_task(_last_of(process.stderr))
        with suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            await self._hand_on(process.stdout)
        self.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), GOODBYE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        await self._ended(process.returncode in LEFT, await complaints)

    async def stop(self) -> None:
        """Have it end. It hears so twice: it is asked to, and its input ends."""
        task, self._task = self._task, None
        if task is not None:
            await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
            await self.send_meta({"type": "quit"})
            self.stdin.close()
            await task

    async def _hand_on(self, stdout: asyncio.StreamReader) -> None:
        """Raises IncompleteReadError at its end, and ConnectionError at the browser's."""
        for _line in range(LEAST_LINES):
            if await stdout.readline() == PRELUDE:
                break
        take = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        while True:
            kind = await stdout.readexactly(1)
            size = int.from_bytes(await stdout.readexactly(4), "big")
            payload = await stdout.readexactly(size)
            await take[kind](payload)


async def _wait() -> None:
    """It says that it will end; it is taken at its word once it has."""


async def _last_of(stderr: asyncio.StreamReader) -> str:
    """The last line that is not empty, once no more will come."""
    kept = b""
    while piece := await stderr.read(KEPT):
        kept = (kept + piece)[-KEPT:]
    lines = [line for line in kept.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("goneaway-tui: ") if lines else ""
