"""A way through another machine: the system's own `ssh`, so that agents, jump hosts and second factors work.

It listens on a Unix socket in a folder only we may enter: a port of this machine would be open to everybody on it.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from goneaway_tui.errors import SourceError, Unreachable
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain

PROGRAM = "ssh"
POLL_SECONDS = 0.05
GOODBYE_SECONDS = 2.0
"""How long ssh may take to end when it is asked to."""

_OPTIONS = {
    "ExitOnForwardFailure": "yes",
    "ServerAliveInterval": "10",
    "ServerAliveCountMax": "3",
    "ControlPath": "none",  # a shared connection would outlive us, with our way still open in it
}


class Tunnel:
    """One running `ssh -L`. `close` from any thread, as often as you like."""

    def __init__(self, host: str, target: str, *, may_ask: bool = True) -> None:
        """Wait until `host` lets us in; it may ask the person at the terminal meanwhile, unless that is not to be.

        `target` is what to reach from there: `db1:3306`, or the path of a Unix socket. Raises SourceError with the
        last that ssh said.
        """
        self.host = host
        self._closing = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="goneaway-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._log = folder / "log"
        self.path = str(folder / "way")
        """Of the Unix socket that leads to the target."""
        how = _OPTIONS if may_ask else {**_OPTIONS, "BatchMode": "yes"}
        options = [word for name, value in how.items() for word in ("-o", f"{name}={value}")]
        words = [
            PROGRAM,
            "-N",
            "-T",
            "-E",
            str(self._log),
            *options,
            "-L",
            f"{self.path}:{target}",
            "--",
            host,
        ]
        try:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603
        except (OSError, ValueError) as error:
            self._folder.cleanup()
            why = getattr(error, "strerror", None) or _("that is no name of a host")
            raise SourceError(
                _("cannot run {program}: {why}", program=PROGRAM, why=why),
                _("install an ssh client, or leave --ssh away"),
            ) from None
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it, and leave nothing of it behind."""
        with self._closing:
            self._process.terminate()
            try:
                self._process.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _wait(self) -> None:
        """Until it listens: it does so once it is let in, and not before."""
        while not Path(self.path).exists():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(POLL_SECONDS)
                said = plain(self._last_words(), 300) or _("status {number}", number=self._process.returncode)
                raise Unreachable(
                    _("no way through {host}: {said}", host=self.host, said=said),
                    _("try it by hand: {command}", command=f"{PROGRAM} {self.host}"),
                )

    def _last_words(self) -> str:
        try:
            with self._log.open("rb") as log:
                lines = log.read(1 << 16).decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
