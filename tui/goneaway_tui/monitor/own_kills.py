"""KILL statements of our own: with the connection each ran on, the server has forgotten who ran it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.sample import EndEvidence, KillStatement, Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.tune.actions import Action, KillSession

BY = N_("this tool")


class OwnKills:
    """The KILL statements that we run, each from before it runs until its session is missing. May be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._victims: set[ProcesslistId] = set()
        self._uncounted: set[ProcesslistId] = set()
        """The victims of statements that ran and are not yet subtracted from the server's count of KILL statements."""
        self._counted_before = 0
        """How many of the KILL statements counted in the sample before were ours: each is counted in two samples."""
        self._uptime = 0.0

    @contextmanager
    def killing(self, action: Action) -> Iterator[ExitStack]:
        """Expect a KILL statement in the block. It is withdrawn at the end unless the yielded stack is emptied before."""
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
        """The statement was not run after all, or found no session."""
        with self._lock:
            self._victims.discard(victim)
            self._uncounted.discard(victim)

    def added_to(self, sample: Sample) -> Sample:
        """The sample, with our KILL statements among its evidence for the sessions that are missing."""
        with self._lock:
            if sample.server.uptime < self._uptime:  # a restarted server gives the same ids to other sessions
                self._victims.clear()
                self._uncounted.clear()
                self._counted_before = 0
            self._uptime = sample.server.uptime
            if not self._victims and not self._uncounted and not self._counted_before:
                return sample
            missing = self._victims - {session.id for session in sample.sessions}
            self._victims -= missing
            killed = self._killed_by_others(sample.end_evidence)
        others = tuple(kill for kill in sample.end_evidence.kills if kill.session_id not in missing)
        own = tuple(KillStatement(victim, _(BY)) for victim in sorted(missing))
        clues = replace(sample.end_evidence, kills=(*others, *own), killed=killed)
        return replace(sample, end_evidence=clues)

    def _killed_by_others(self, clues: EndEvidence) -> int | None:
        """How many KILL statements whose victim the server does not name were not ours."""
        self._uncounted -= {kill.session_id for kill in clues.kills}  # the server still names that victim
        if clues.killed is None:
            self._counted_before = 0
            return None
        new = clues.killed - min(clues.killed, self._counted_before)
        own = min(len(self._uncounted), new)
        for victim in sorted(self._uncounted)[:own]:
            self._uncounted.discard(victim)
        self._counted_before = own
        return new - own
