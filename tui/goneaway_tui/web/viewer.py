"""Reduce what a browser sends to what a keyboard, a mouse and a clipboard can produce.

The screen's process trusts its terminal: a report of a size changes how much it draws, and a paste without an
end stays in memory. A page is not a terminal, so neither reaches the process. Every escape character that passes begins
a whole token that may pass, so tokens that pass cannot join to one that may not. The process queues its input without
a limit, so a token bucket limits the input.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from goneaway_tui.ports import Clock

MAX_PASTE_CHARACTERS = 64 * 1024
"""Of one paste; the rest of it is dropped."""
KEYS_A_SECOND = 1000.0
"""Sequences and characters on average; more are dropped. A held key repeats 30 times a second, and a mouse moves once
a frame.
"""
MAX_KEYS_AT_ONCE = 4096
PASTED_AS_KEY = 64
"""Characters of a paste that count as one key: the process takes a paste as one event."""
ESCAPE_KEY = "\x1b[27u"
"""The escape key in the kitty protocol: nothing that follows can continue it."""

_TOKEN = re.compile(
    r"""
      (?P<escape>   \x1b (?= \x1b | \Z ) )
    | (?P<sequence> \x1b\[ [\x20-\x3f]{0,29} [\x40-\x7e] )
    | (?P<held>     \x1b\[ [\x20-\x3f]{0,29} \Z )              # the rest comes with the next message
    | (?P<with_alt> \x1b [^\x1b\[\]PX^_\x80-\x9f] )
    | (?P<text>     [^\x1b\x80-\x9f]+ )
    """,
    re.VERBOSE,
)
"""What matches nothing here is dropped: control characters (C1), and an escape character that begins what only a
terminal sends (DCS, OSC, SOS, PM, APC) or nothing at all.
"""
_ALLOWED = re.compile(
    r"""\x1b\[ (?: [0-9]* (?: ;[0-9]* (?: ;[0-9:]* )? )? [A-HPQRSZu~]  # keys, also as the kitty protocol writes them
                 | <[0-9;]+ [Mm]          # the mouse (SGR)
                 | [IO]                   # focus
                 | \?2026;[0-4]\$y        # whether the terminal can hold a frame back
               )""",
    re.VERBOSE,
)
_SURROGATES = range(0xD800, 0xE000)
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"


class BrowserInput:
    """Filters and limits the input of one browser. Call it with the messages in their order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budget = float(MAX_KEYS_AT_ONCE)
        """Keys that may be sent now (the token bucket)."""
        self._counted_at = clock()
        self._partial = ""
        """The beginning of an incomplete escape sequence, at most 31 characters."""
        self._paste_length: int | None = None
        """Characters of the open paste so far; None where none is open."""

    def allowed(self, characters: str, *, is_behind: bool = False) -> str:
        """The characters that may go to the screen's process. To a process that `is_behind` only the end of a paste
        may go.
        """
        now = self._clock()
        self._budget = min(MAX_KEYS_AT_ONCE, self._budget + KEYS_A_SECOND * (now - self._counted_at))
        self._counted_at = now
        text, self._partial = self._partial + characters, ""
        allowed: list[str] = []
        for token in _TOKEN.finditer(text):
            if token["held"]:
                self._partial = token["held"]
            elif token[0] == _PASTE_ENDS:
                if self._paste_length is not None:
                    allowed.append(_PASTE_ENDS)
                self._paste_length = None
            elif self._paste_length is not None:
                allowed.append("" if is_behind else self._pass_paste(token, self._paste_length))
            elif is_behind or self._budget < 1:
                break  # no paste is open, so its end cannot follow
            else:
                allowed.append(self._pass_token(token))
        return "".join(allowed)

    def _pass_token(self, token: re.Match[str]) -> str:
        if token["text"]:
            return self._within_budget(token["text"], 1.0)
        if token["sequence"] and not (_ALLOWED.fullmatch(token[0]) and _names_characters(token[0])):
            return ""
        self._budget -= 1
        if token[0] == _PASTE_BEGINS:
            self._paste_length = 0
        return ESCAPE_KEY if token["escape"] else token[0]

    def _pass_paste(self, token: re.Match[str], length: int) -> str:
        """The characters of a paste, without the escape sequences of coloured text."""
        text = token["text"] or (token["with_alt"] or "")[1:]
        passed = self._within_budget(text[: MAX_PASTE_CHARACTERS - length], 1 / PASTED_AS_KEY)
        self._paste_length = length + len(passed)
        return passed

    def _within_budget(self, text: str, keys: float) -> str:
        """As much of the text as the token bucket allows. Each character costs `keys` keys, which may be a fraction."""
        passed = text[: int(self._budget / keys)]
        self._budget -= len(passed) * keys
        return passed


def _names_characters(sequence: str) -> bool:
    """Whether every number in a sequence is a character: Textual's parser takes those of any key for one, and fails at
    others.

    >>> _names_characters("\x1b[97;5u"), _names_characters("\x1b[1114112A"), _names_characters("\x1b[55296u")
    (True, False, False)
    """
    numbers = map(int, re.findall(r"\d+", sequence))
    return all(number <= sys.maxunicode and number not in _SURROGATES for number in numbers)


PRELUDE = b"__GANGLION__\n"
"""The first line of the driver."""
MAX_LINES_BEFORE_PRELUDE = 10
"""Lines that may come before the prelude."""
EXIT_SECONDS = 3.0
"""Longest time that the process may take to end."""
MAX_BEHIND_BYTES = 128 * 1024
"""Bytes that may wait for the process to read them, besides those in the pipe."""
STDERR_BYTES = 4096
"""Bytes of its standard error that are kept."""
QUIT_STATUSES = (0, 130)
"""Exit statuses of a screen that its user quit."""


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
        on_end: Callable[[bool, str], Awaitable[None]],
    ) -> None:
        """`on_end` is called with whether the user quit the screen, and with the last line of standard error."""
        super().__init__(
            "", write_bytes=write_bytes, write_str=write_str, close=_ignore_close, download_manager=downloads
        )
        self._program = program
        self._on_end = on_end

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width, height)
        process = await asyncio.create_subprocess_exec(
            *self._program.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            # Without the kitty protocol's keys the process would not know ESCAPE_KEY.
            env={**environment, "PYTHONUTF8": "1", "TEXTUAL_DISABLE_KITTY_KEY": "0"},
            start_new_session=True,  # ctrl+c at the terminal of `serve` does not reach the process
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
        """Send keys to the process without waiting: a wait would hide that the browser has disconnected. `is_behind`
        limits the queue.
        """
        return self._write(b"D", data)

    async def send_meta(self, data: dict[str, str | int | bool | None]) -> bool:
        """Send a size or a focus to the process without waiting; dropped for a process that is behind."""
        return not self.is_behind and self._write(b"M", json.dumps(data).encode())

    def _write(self, packet_type: Literal[b"D", b"M"], payload: bytes) -> bool:
        if self.stdin.is_closing():
            return False
        if payload:
            self.stdin.write(self.encode_packet(packet_type, payload))
        return True

    async def run(self) -> None:
        """Forward the output of the process until the process or the browser ends."""
        process = self._process
        assert process is not None  # noqa: S101 - `start` has opened it
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        last_error = asyncio.create_task(_last_line(process.stderr))
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
                await self._forward_output(process.stdout)
            self.stdin.close()
            # A process cannot end while its output fills the pipe.
            drain = asyncio.create_task(_last_line(process.stdout))
            try:
                await asyncio.wait_for(process.wait(), EXIT_SECONDS)
            except TimeoutError:
                self._kill()
                await process.wait()
            finally:
                drain.cancel()
            await self._on_end(process.returncode in QUIT_STATUSES, await last_error)
        finally:
            last_error.cancel()

    async def stop(self) -> None:
        """End the process within EXIT_SECONDS: by a message, and by the end of its input."""
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
        """End the process at once, also with unread input."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            self.stdin.transport.abort()

    async def _forward_output(self, stdout: asyncio.StreamReader) -> None:
        """Forward the packets of the process.

        Raises IncompleteReadError at their end, and ConnectionError if the browser disconnects.
        """
        for _line in range(MAX_LINES_BEFORE_PRELUDE):
            if await stdout.readline() == PRELUDE:
                break
        handlers = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        while True:
            packet_type = await stdout.readexactly(1)
            size = int.from_bytes(await stdout.readexactly(4), "big")
            payload = await stdout.readexactly(size)
            await handlers[packet_type](payload)


async def _ignore_close() -> None:
    """Do nothing: the framework calls this to close the WebSocket when a process says that it will end. `run` sees
    the end.
    """


async def _last_line(stderr: asyncio.StreamReader) -> str:
    """The last line that is not empty, once the stream has ended."""
    tail = b""
    while chunk := await stderr.read(STDERR_BYTES):
        tail = (tail + chunk)[-STDERR_BYTES:]
    lines = [line for line in tail.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("goneaway-tui: ") if lines else ""
