"""One browser's screen: a process that draws it, between its pipes and the browser's WebSocket.

Textual's own web driver runs in the process. Unlike in textual-serve, the process is started without a shell, has
nothing secret among its arguments or in its environment, and never outlives this one.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

PRELUDE = b"__GANGLION__\n"
"""The first line of the driver."""
MAX_LINES_BEFORE_PRELUDE = 10
"""Lines that may come before the prelude."""
EXIT_SECONDS = 3.0
"""Longest time that the process may take to end."""
MAX_BEHIND_BYTES = 128 * 1024
"""What may wait for the process to read it, besides what the pipe holds."""
STDERR_BYTES = 4096
"""Bytes of its standard error that are kept."""
LEFT_STATUSES = (0, 130)
"""Exit statuses of a screen that its user left."""


@dataclass(frozen=True, slots=True)
class ScreenProgram:
    """The program that draws a screen."""

    command: tuple[str, ...]
    handoff: bytes = field(repr=False)
    """The first input of the program, after eight bytes with its length."""


class Viewer(AppService):
    """The process of one browser, which lives as long as the WebSocket."""

    def __init__(
        self,
        program: ScreenProgram,
        downloads: DownloadManager,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        ended: Callable[[bool, str], Awaitable[None]],
    ) -> None:
        """`ended` is called with whether the user left the screen, and the last line of the process' standard error."""
        super().__init__(
            "", write_bytes=write_bytes, write_str=write_str, close=_wait, download_manager=downloads
        )
        self._program = program
        self._ended = ended

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width, height)
        process = await asyncio.create_subprocess_exec(
            *self._program.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            # Without the kitty protocol's keys it would not know the escape key as `browser_input` writes it.
            env={**environment, "PYTHONUTF8": "1", "TEXTUAL_DISABLE_KITTY_KEY": "0"},
            start_new_session=True,  # ctrl+c at our terminal is for us alone
        )
        assert process.stdin is not None  # noqa: S101 - for the type checker
        handoff = self._program.handoff
        process.stdin.write(len(handoff).to_bytes(8, "big") + handoff)
        self._process, self._stdin = process, process.stdin
        return process

    @property
    def is_behind(self) -> bool:
        """Whether the process reads its input more slowly than it arrives."""
        return self.stdin.transport.get_write_buffer_size() > MAX_BEHIND_BYTES

    async def send_bytes(self, data: bytes) -> bool:
        """Send keys to the process without waiting: a wait would hide that the browser is gone. `is_behind` bounds
        the queue.
        """
        return self._write(b"D", data)

    async def send_meta(self, data: dict[str, str | int | bool | None]) -> bool:
        """Send a size or a focus to the process without waiting; dropped for a process that is behind."""
        return not self.is_behind and self._write(b"M", json.dumps(data).encode())

    def _write(self, kind: Literal[b"D", b"M"], payload: bytes) -> bool:
        if self.stdin.is_closing():
            return False
        if payload:
            self.stdin.write(self.encode_packet(kind, payload))
        return True

    async def run(self) -> None:
        """Pass on what the process draws, until the process or the browser is gone."""
        process = self._process
        assert process is not None  # noqa: S101 - `start` has opened it
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        complaints = asyncio.create_task(_last_line(process.stderr))
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
                await self._hand_on(process.stdout)
            self.stdin.close()
            # A process is not seen to end, nor can it, while what it draws fills the pipe.
            rest = asyncio.create_task(_last_line(process.stdout))
            try:
                await asyncio.wait_for(process.wait(), EXIT_SECONDS)
            except TimeoutError:
                self._kill()
                await process.wait()
            finally:
                rest.cancel()
            await self._ended(process.returncode in LEFT_STATUSES, await complaints)
        finally:
            complaints.cancel()

    async def stop(self) -> None:
        """End the process within GOODBYE_SECONDS: by a message, and by the end of its input."""
        task, self._task = self._task, None
        if task is None:
            return
        self._write(b"M", json.dumps({"type": "quit"}).encode())
        self.stdin.close()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(EXIT_SECONDS):
                    await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
                    await asyncio.wait({task})
        finally:
            self._kill()
            if not task.done():
                task.cancel()
            await asyncio.wait({task})

    def _kill(self) -> None:
        """End the process at once, whatever it has not read yet."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            self.stdin.transport.abort()

    async def _hand_on(self, stdout: asyncio.StreamReader) -> None:
        """Raises IncompleteReadError at the end of the process' output, and ConnectionError at the browser's end."""
        for _line in range(MAX_LINES_BEFORE_PRELUDE):
            if await stdout.readline() == PRELUDE:
                break
        take = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        while True:
            kind = await stdout.readexactly(1)
            size = int.from_bytes(await stdout.readexactly(4), "big")
            payload = await stdout.readexactly(size)
            await take[kind](payload)


async def _wait() -> None:
    """Do nothing: the framework calls this to close the WebSocket when a process says that it will end. `run` sees
    the end.
    """


async def _last_line(stderr: asyncio.StreamReader) -> str:
    """The last line that is not empty, once the stream has ended."""
    tail = b""
    while piece := await stderr.read(STDERR_BYTES):
        tail = (tail + piece)[-STDERR_BYTES:]
    lines = [line for line in tail.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("goneaway-tui: ") if lines else ""
