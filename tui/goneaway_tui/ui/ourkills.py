"""KILL statements of our own: with the connection each ran on, the server has forgotten who ran it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from goneaway_tui.language import _, marked
from goneaway_tui.model.clue import Kill
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.tune.actions import Action, KillSession

BY = marked("this tool")


class OurKills:
    """Remembered from before each is run until its victim is missing. May be told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._victims: set[ProcesslistId] = set()
        self._unremembered: set[ProcesslistId] = set()
        """Those whose KILL the server has not been seen to remember: of one it remembers it counts no other."""
        self._uncounted = 0
        """Of those that were run, how many the server's count of KILL statements has not been set off against yet."""
        self._uptime = 0.0

    @contextmanager
    def killing(self, action: Action) -> Iterator[ExitStack]:
        """What is done within may kill; that it will have is taken back unless what is yielded is emptied."""
        with ExitStack() as stack:
            if isinstance(action, KillSession):
                self.begin(action.witness.id)
                stack.callback(self.withdraw, action.witness.id)
            yield stack

    def begin(self, victim: ProcesslistId) -> None:
        with self._lock:
            self._victims.add(victim)
            self._unremembered.add(victim)
            self._uncounted += 1

    def withdraw(self, victim: ProcesslistId) -> None:
        """It was not run after all, or found nobody."""
        with self._lock:
            if victim in self._victims:
                self._victims.discard(victim)
                self._unremembered.discard(victim)
                self._uncounted -= 1

    def added_to(self, sample: Sample) -> Sample:
        """A sample that also says which of the missing we have killed."""
        with self._lock:
            if sample.server.uptime < self._uptime:  # another run, in which the numbers are others'
                self._victims.clear()
                self._unremembered.clear()
                self._uncounted = 0
            self._uptime = sample.server.uptime
            if not self._victims and not self._uncounted:
                return sample
            missing = self._victims - {session.id for session in sample.sessions}
            self._victims -= missing
            remembered = self._unremembered & {kill.session_id for kill in sample.clues.kills}
            self._unremembered -= remembered | missing
            self._uncounted = max(0, self._uncounted - len(remembered))
            off = min(self._uncounted, sample.clues.killed)
            self._uncounted -= off
        others = tuple(kill for kill in sample.clues.kills if kill.session_id not in missing)
        told = tuple(Kill(victim, _(BY)) for victim in sorted(missing))
        clues = replace(sample.clues, kills=(*others, *told), killed=sample.clues.killed - off)
        return replace(sample, clues=clues)
