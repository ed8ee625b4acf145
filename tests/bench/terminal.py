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
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

COLUMNS, LINES = 160, 50
_PATIENCE = 60.0
_PIECE = re.compile(rb"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\x1b\[[?<=>]?[\d;]*[ -/]*[@-~]|([^\x1b]+)")
"""Going somewhere, a colour, anything else that is no text, text."""


class Mute(Exception):
    """It did not say in time what was waited for; what it said last is the message."""


class Screen:
    """As much of a terminal as tells where the cursor line is: the ground colour each line begins with."""

    def __init__(self) -> None:
        self.grounds: dict[int, bytes] = {}
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
                if self._column == 1:
                    self.grounds[self._line] = self._ground
                parts = text.split(b"\n")
                self._line += len(parts) - 1
                self._column = 1 if len(parts) > 1 and not parts[-1] else 2


class Terminal:
    """Runs a program until the block is left; what it writes is taken away as it comes."""

    def __init__(self, command: list[str], environment: Mapping[str, str], *, kept: int = 65_536) -> None:
        """`kept` bytes of its output, the newest, can be looked at."""
        self._kept: Final = kept
        self.output = b""
        self._painted_at = 0.0
        self._cursor = b""
        """The ground of the cursor's line, once it is known."""
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

    def cursor_line(self) -> int:
        """Where the only line of its ground is; raises Mute where a key moves no such line."""
        screen = self.screen = Screen()
        self.type(b"\x1b[B")
        time.sleep(0.7)
        before = dict(screen.grounds)
        self.type(b"\x1b[B")
        time.sleep(0.7)
        after = dict(screen.grounds)
        for line, ground in after.items():
            if before.get(line - 1) == ground and [*after.values()].count(ground) == 1:
                self._cursor = ground
                return line
        raise Mute(f"no line follows the key: {before} {after}")

    def press(self, key: bytes, line: int, seconds: float = 5.0) -> tuple[float, int]:
        """Seconds from a key to the paint of a cursor that is no longer on this line, and where it is; raises Mute."""
        screen = self.screen
        assert screen is not None
        with self._news:
            self.type(key)
            began = time.monotonic()
            moved = self._news.wait_for(lambda: self._lines(screen, line), seconds)
        if not moved:
            raise Mute(f"nothing was painted for {key!r}")
        return self._painted_at - began, self._lines(screen, line)[0]

    def _lines(self, screen: Screen, but: int) -> list[int]:
        return [
            line
            for line, ground in screen.grounds.items()
            if line in {but - 1, but + 1} and ground == self._cursor
        ]

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
