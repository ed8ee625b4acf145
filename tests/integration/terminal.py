"""The real program in a terminal of its own, and what it did to that terminal."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from tests.servers.private import RealServer
from tests.waiting import FAR, PATIENCE, comes_true

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = 1 << 20
"""Bytes of output kept; a long run writes far more."""
MODES: Final = {"alternate screen": 1049, "mouse": 1000, "mouse drag": 1003, "mouse SGR": 1006, "paste": 2004}
"""What a full-screen program switches on and has to switch off, by DEC's private numbers; the cursor is the reverse."""
CURSOR: Final = 25
SWITCH: Final = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
PATIENT: Final = f"""
import sys
from goneaway_tui.__main__ import main
from goneaway_tui.source import connection, live
connection.ANSWER_SECONDS = live.SAMPLE_SECONDS = {FAR}
sys.exit(main())
"""
"""The program with timeouts for a server's answer that no test waits for."""


class Terminal:
    """One run of `goneaway-tui` in a pseudo-terminal of 120x36. Everything it writes is read at once."""

    def __init__(self, home: Path, *arguments: str, long_answer_timeout: bool = False, **more: str) -> None:
        """`home` is the user's, and empty; `more` is added to the environment.

        A patient program waits `FAR` seconds for the answer of a server, so it ends in time only by not waiting at all.
        """
        program = ["-c", PATIENT] if long_answer_timeout else ["-m", "goneaway_tui"]
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self._before = self._attributes(theirs)
        self._slave = theirs
        self.process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment(home), **more},
            start_new_session=True,
        )
        self._written = bytearray()
        self._switches: dict[int, bool] = {}
        self._over = threading.Event()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._over.set()
        self._thread.join()
        for end in (self._ours, self._slave):
            with suppress(OSError):
                os.close(end)

    @property
    def text(self) -> str:
        """What was written lately, without colours and places."""
        plain = re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]", b"", bytes(self._written))
        return plain.decode("utf-8", "replace")

    def forget(self) -> None:
        """What was written so far."""
        self._written.clear()

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_for(self, words: str, seconds: float = PATIENCE) -> None:
        """Until these words were written. Fails where they are not."""
        comes_true(
            lambda: words in self.text, seconds, lambda: f"{words!r} is not shown: {self.text[-2000:]}"
        )

    def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit status, once all that it wrote is read; fails where it does not end."""
        status = self.process.wait(seconds)
        self._idle.clear()
        assert self._idle.wait(PATIENCE), "it goes on writing after its end"
        return status

    def left_on(self) -> list[str]:
        """What it switched on and did not switch off again; the cursor's and the line discipline's too."""
        on = [name for name, number in MODES.items() if self._switches.get(number)]
        if not self._switches.get(CURSOR, True):
            on.append("cursor hidden")
        if self._attributes(self._slave) != self._before:
            on.append("line discipline")
        return on

    def hang_up(self) -> None:
        """The terminal goes away, as when a line breaks or its window is closed."""
        self._over.set()
        self._thread.join()
        os.close(self._slave)
        os.close(self._ours)
        self._ours = self._slave = -1
        self.send(signal.SIGHUP)

    @staticmethod
    def _attributes(end: int) -> list[Any]:
        return termios.tcgetattr(end)[:4]

    def _drain(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.05)
            if not ready:
                self._idle.set()
                continue
            try:
                piece = os.read(self._ours, 1 << 16)
            except OSError:
                break
            for switch in SWITCH.finditer(piece):
                for number in switch[1].split(b";"):
                    self._switches[int(number)] = switch[2] == b"h"
            self._written += piece
            del self._written[:-KEPT]
        self._idle.set()


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "tui"),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }


def way_in(server: RealServer, user: str = "root", port: int | None = None) -> list[str]:
    return ["--no-defaults", "-h", "127.0.0.1", "-P", str(port or server.port), "-u", user]
