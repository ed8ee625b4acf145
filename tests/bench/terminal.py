"""A program in a terminal of its own, 160x50, that a person could be looking at."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import statistics
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple, Self

COLUMNS, LINES = 160, 50
HEAD: Final = 24
"""Cells at the beginning of a line by which rows are told apart: on the board the mark, the risk and the id."""
_PATIENCE = 60.0
_PIECE = re.compile(rb"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\x1b\[[?<=>]?[\d;]*[ -/]*[@-~]|([^\x1b]+)")
"""Going somewhere, a colour, anything else that is no text, text."""


class Mute(Exception):
    """It did not say in time what was waited for; what it said last is the message."""


class Head(NamedTuple):
    """The beginning of a line on the screen."""

    ground: bytes
    """Its background colour, as the terminal was told it."""
    text: str
    """Its first cells."""


class Screen:
    """As much of a terminal as tells where the cursor row is, and which rows are in sight."""

    def __init__(self) -> None:
        self.heads: dict[int, Head] = {}
        """By line, from 1 on."""
        self._line, self._column, self._ground = 0, 0, b""
        self._cut = b""
        """The beginning of a sequence whose rest has not come yet."""

    def feed(self, output: bytes) -> None:
        output = self._cut + output
        last = output.rfind(b"\x1b")
        whole = last < 0 or _PIECE.match(output, last)
        output, self._cut = (output, b"") if whole else (output[:last], output[last:])
        for line, column, colours, text in _PIECE.findall(output):
            if line:
                self._line, self._column = int(line), int(column)
            elif colours:
                found = re.search(rb"48;2;\d+;\d+;\d+", colours)
                self._ground = found[0] if found else b"" if colours in {b"", b"0"} else self._ground
            elif text:
                first, *more = text.decode(errors="replace").split("\n")
                self._write(first)
                for each in more:
                    self._line, self._column = self._line + 1, 1
                    self._write(each)

    def _write(self, text: str) -> None:
        if self._column == 1 and text:
            self.heads[self._line] = Head(self._ground, text[:HEAD])
        elif 1 < self._column <= HEAD:  # goes on where the last piece ended
            head = self.heads.get(self._line)
            if head is not None and len(head.text) == self._column - 1:
                self.heads[self._line] = head._replace(text=(head.text + text)[:HEAD])
        self._column += len(text)


class Terminal:
    """Runs a program until the block is left; what it writes is taken away as it comes."""

    def __init__(self, command: list[str], environment: Mapping[str, str], *, kept: int = 65_536) -> None:
        """`kept` bytes of its output, the newest, can be looked at."""
        self._kept: Final = kept
        self.output = b""
        self._painted_at = 0.0
        self.cursor_ground = b""
        """The background of the cursor's line, once it is known."""
        self.screen: Screen | None = None
        """Where somebody wants to know what is where; reading along costs CPU, of ours."""
        self._news = threading.Condition()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5)
        os.close(self._ours)

    @property
    def pid(self) -> int:
        """The program's own: setsid becomes what it starts."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Hold it still while another is measured."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def wait_for(self, text: bytes, seconds: float = _PATIENCE) -> None:
        """Until it has written this somewhere in what is kept; raises Mute."""
        with self._news:
            if not self._news.wait_for(lambda: text in self.output or not self.is_alive, seconds) or (
                text not in self.output
            ):
                raise Mute(f"{text!r} was not seen in {self.output[-2000:]!r}")

    def find_cursor(self) -> None:
        """Learn the background of the cursor's line; raises Mute where a key moves no such line."""
        screen = self.screen = Screen()
        self.type(b"\x1b[B")
        time.sleep(0.7)
        before = dict(screen.heads)
        self.type(b"\x1b[B")
        time.sleep(0.7)
        grounds = [head.ground for head in screen.heads.values()]
        for line, head in screen.heads.items():
            above = before.get(line - 1)
            if above is not None and above.ground == head.ground and grounds.count(head.ground) == 1:
                self.cursor_ground = head.ground
                return
        raise Mute(f"no line follows the key: {before} {screen.heads}")

    def seconds_to(self, key: bytes, is_painted: Callable[[], bool], seconds: float) -> float:
        """Seconds from a key to the output after which this is so; raises Mute."""
        with self._news:
            self.type(key)
            began = self._painted_at = time.monotonic()
            painted = self._news.wait_for(lambda: self._painted_at != began and is_painted(), seconds)
        if not painted:
            raise Mute(f"nothing was painted for {key!r}")
        return self._painted_at - began

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._ours, 65_536)
            except OSError:
                piece = b""
            at = time.monotonic()
            with self._news:
                self._painted_at = at
                self.output = (self.output + piece)[-self._kept :]
                if self.screen is not None:
                    self.screen.feed(piece)
                self._news.notify_all()
            if not piece:
                return


def percentile(values: list[float], part: float) -> float:
    """The value below which this part of them lies, 0 to 1."""
    return statistics.quantiles(values, n=1000, method="inclusive")[max(0, round(part * 1000) - 1)]
