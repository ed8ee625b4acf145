"""An app on the simulated source with a clock held by the test."""

from __future__ import annotations

from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.monitor.server_monitor import NO_KILL_POLICY, MonitorSpec
from goneaway_tui.ports import Executor, Source
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.kill_rules import KillPolicy
from goneaway_tui.ui.app import GoneawayApp
from tests.builders import NOW


class HeldClock:
    """Stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Scripted:
    """A source that plays given samples, then repeats the last; an exception in the list is raised in its turn."""

    name = "db-01:3306"

    def __init__(self, *script: Sample | Exception, clock: HeldClock | None = None) -> None:
        self._script = list(script)
        self._clock = clock
        self.asked_at: list[float] = []
        self.closed = False

    def sample(self) -> Sample:
        if self._clock is not None:
            self.asked_at.append(self._clock())
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed = True


def an_app(
    source: Source | None = None,
    clock: HeldClock | None = None,
    *,
    sessions: int = 60,
    flavour: Flavour = Flavour.MYSQL,
    policy: RiskThresholds | None = None,
    executor: Executor | None = None,
    journal: Journal | None = None,
    color: str | None = None,
    kill_policy: KillPolicy = NO_KILL_POLICY,
) -> GoneawayApp:
    """An app whose time moves only when told."""
    clock = clock or HeldClock()
    source = source or SimulatedSource(clock, sessions=sessions, flavour=flavour)
    subject = MonitorSpec(
        source,
        policy or RiskThresholds(),
        executor=executor,
        journal=journal,
        color=color,
        kill_policy=kill_policy,
    )
    return GoneawayApp([subject], clock, ticking=False)
