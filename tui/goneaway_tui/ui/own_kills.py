"""KILL statements of our own: with the connection each ran on, the server has forgotten who ran it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from goneaway_tui.i18n import _, marked
from goneaway_tui.model.sample import EndEvidence, KillStatement, Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.tune.actions import Action, KillSession

BY = marked("this tool")


class OwnKills:
    """Remembered from before each is run until its victim is missing. May be told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._victims: set[ProcesslistId] = set()
        self._uncounted: set[ProcesslistId] = set()
        """The victims of those that were run and are not set off yet against the server's count of KILL statements."""
        self._told_again = 0
        """How many KILL statements the sample before counted that were ours: each is counted in two samples."""
        self._uptime = 0.0

    @contextmanager
    def killing(self, action: Action) -> Iterator[ExitStack]:
        """What is done within may kill; that it will have is taken back unless what is yielded is emptied."""
        with ExitStack() as stack:
            if isinstance(action, KillSession):
                self.begin(action.session.id)
                stack.callback(self.withdraw, action.session.id)
            yield stack

    def begin(self, victim: ProcesslistId) -> None:
        with self._lock:
            self._victims.add(victim)
            self._uncounted.add(victim)

    def withdraw(self, victim: ProcesslistId) -> None:
        """It was not run after all, or found nobody."""
        with self._lock:
            self._victims.discard(victim)
            self._uncounted.discard(victim)

    def added_to(self, sample: Sample) -> Sample:
        """A sample that also says which of the missing we have killed."""
        with self._lock:
            if sample.server.uptime < self._uptime:  # another run, in which the numbers are others'
                self._victims.clear()
                self._uncounted.clear()
                self._told_again = 0
            self._uptime = sample.server.uptime
            if not self._victims and not self._uncounted and not self._told_again:
                return sample
            missing = self._victims - {session.id for session in sample.sessions}
            self._victims -= missing
            killed = self._foreign(sample.clues)
        others = tuple(kill for kill in sample.clues.kills if kill.session_id not in missing)
        told = tuple(KillStatement(victim, _(BY)) for victim in sorted(missing))
        clues = replace(sample.clues, kills=(*others, *told), killed=killed)
        return replace(sample, clues=clues)

    def _foreign(self, clues: EndEvidence) -> int | None:
        """How many of the KILL statements whose victim the server does not name were not ours."""
        self._uncounted -= {kill.session_id for kill in clues.kills}  # the server still knows that one
        if clues.killed is None:
            self._told_again = 0
            return None
        others = clues.killed - min(clues.killed, self._told_again)
        ours = min(len(self._uncounted), others)
        for victim in sorted(self._uncounted)[:ours]:
            self._uncounted.discard(victim)
        self._told_again = ours
        return others - ours
