"""`--exec`: a command of the user's, run for an event that it finds on its standard input."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections import Counter
from typing import Self

from goneaway_tui.cli.terminal import tell
from goneaway_tui.export.data import Data
from goneaway_tui.export.json import dumps
from goneaway_tui.i18n import _

WAITING = 100
"""Events that may wait for their turn; what comes beyond is passed over, and told."""
PAUSE = 0.2
"""Seconds between two runs at least."""
PATIENCE = 30.0
"""Seconds one run may take."""


class ExecHook:
    """Runs one at a time in a thread of its own: whatever the command does, the watching goes on."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._events: queue.Queue[Data | None] = queue.Queue(WAITING)
        self._passed_over = 0
        self._failed: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="exec", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        """Let what waits be run, as long as that takes no longer than one run may."""
        try:
            self._events.put(None, timeout=PATIENCE)
            self._thread.join(timeout=PATIENCE)
        except queue.Full:
            pass
        for what, times in (*self._failed.items(), (_("passed over"), self._passed_over)):
            if times > 1:
                tell(
                    _(
                        "--exec {program}: {number:,} times {what}",
                        program=self._command[0],
                        number=times,
                        what=what,
                    )
                )

    def send(self, event: Data) -> None:
        """Never waits."""
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self._passed_over += 1
            if self._passed_over == 1:
                tell(_("--exec cannot keep up: events are passed over"))

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            self._perform(event)
            time.sleep(PAUSE)

    def _perform(self, event: Data) -> None:
        """Tell what goes wrong; it is the command's trouble, not ours."""
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, and no shell
                self._command,
                input=dumps(event) + "\n",
                encoding="utf-8",
                stdout=subprocess.DEVNULL,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self._fail(_("took longer than {number:g} s and was ended", number=PATIENCE))
        except (OSError, ValueError) as error:
            self._fail(_("cannot be run: {why}", why=error))
        else:
            if done.returncode:
                self._fail(_("ended with status {number}", number=done.returncode))

    def _fail(self, what: str) -> None:
        """Each way to fail is told once, and at the end how often it was."""
        self._failed[what] += 1
        if self._failed[what] == 1:
            tell(_("--exec {program} {what}", program=self._command[0], what=what))
