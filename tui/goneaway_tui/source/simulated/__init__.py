"""A simulated server on the caller's clock, for the demo without a server, the screenshots and the tests of the UI."""

from __future__ import annotations

import threading
from collections import Counter

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import _
from goneaway_tui.model.sample import ABORT_ERRORS, COM_QUIT, EndEvidence, ErrorCount, Sample
from goneaway_tui.model.server import Flavour, Server
from goneaway_tui.ports import Clock
from goneaway_tui.source.simulated.engine import SimulatedExecutor, SimulationEngine
from goneaway_tui.source.simulated.workload import DAY, simulated_server

HOST = "db-01"
PORT = 3306
UPTIME = 41 * DAY + 7 * 3600
"""Uptime of the server when the simulation begins, in seconds."""


class SimulatedSource:
    """Implements Source. A sample depends only on the seed and the clock, not on earlier samples; only its evidence about
    ended sessions is of the time since the previous sample.
    """

    def __init__(
        self,
        clock: Clock,
        sessions: int = 60,
        seed: int = 9,
        started: float | None = None,
        statements: bool = True,  # noqa: FBT001, FBT002 - read at each call site by name
        flavour: Flavour = Flavour.MYSQL,
    ) -> None:
        """`started`: the instant when the simulation begins, now by default. `sessions`: their number then, with our own."""
        self._clock = clock
        self._started = clock() if started is None else started
        self._server = simulated_server(flavour, sessions)
        self._engine = SimulationEngine(
            self._server, self._started, sessions, seed, shows_statements=statements
        )
        self._kills = self._engine.counters()["com_kill"]
        self._lock = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return _("{server} (simulated)", server=f"{HOST}:{PORT}")

    def executor(self) -> SimulatedExecutor:
        """The executor for the simulated server."""
        return SimulatedExecutor(self._server, self._engine, self._clock, self._lock, self.name)

    def sample(self) -> Sample:
        """The simulated server as of now. Raises SourceError once closed."""
        with self._lock:
            if self._closed:
                raise SourceError(_("{server}: the simulation is closed", server=self.name))
            now = self._clock()
            self._engine.advance(now)
            uptime = float(int(now - self._started + UPTIME))
            counters = {**self._engine.counters(), "uptime": int(uptime)}
            return Sample(
                now,
                Server(
                    self._server.flavour,
                    self._server.version,
                    self._server.banner,
                    HOST,
                    PORT,
                    uptime,
                    (self._engine.own_id,),
                ),
                self._engine.sessions(),
                self._engine.variables,
                tuple(sorted(counters.items())),
                self._server.limitations,
                end_evidence=self._end_evidence(counters["com_kill"]),
                lock_waits=self._engine.lock_waits(),
            )

    def _end_evidence(self, kills: int) -> EndEvidence:
        """What a server of this family counts about the sessions that ended since the previous sample."""
        errors = self._engine.take_end_errors()
        killed, self._kills = kills - self._kills, kills
        aborted = sum(code in {1153, 1158, 4031} for *_account, code in errors)
        if self._server.flavour is Flavour.MARIADB:
            return EndEvidence(aborted_clients=aborted, kill_statements=killed, offline=False)
        counted = Counter(errors)
        return EndEvidence(
            errors=tuple(ErrorCount(user, host, code, n) for (user, host, code), n in counted.items()),
            aborted_clients=aborted,
            kill_statements=killed,
            counted_codes=ABORT_ERRORS | {COM_QUIT},
            offline=False,
        )

    def close(self) -> None:
        with self._lock:
            self._closed = True
