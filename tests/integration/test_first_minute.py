"""The first minute of the demo, on each family: what it predicts happens, and the cause of each ended session is known."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from goneaway_tui.cli import DEMO_IMMINENT_BELOW, DEMO_WATCH_BELOW
from goneaway_tui.cli.factories import LocalZone
from goneaway_tui.judge.deadline import GRACE_SECONDS
from goneaway_tui.judge.tracker import Step, track
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Basis, Risk, RiskThresholds
from goneaway_tui.source.demo import Demo, start_demo
from goneaway_tui.source.demo.program import PROGRAM_VARIABLE, SHARE_VARIABLE
from goneaway_tui.source.demo.workload import OPENING_SECONDS
from goneaway_tui.source.error_log import ErrorLog
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.servers.private import NAMES, Missing, Name, find
from tests.waiting import comes_true

PREDICTIONS = 5
"""How many closings are waited for; the fifth comes after half a minute."""
INTERVAL = 1.0
POLICY = RiskThresholds(watch_below=DEMO_WATCH_BELOW, imminent_below=DEMO_IMMINENT_BELOW)
COARSE = 0.5
"""Seconds by which a deadline may be wrong on MariaDB, which counts idle times in whole seconds."""


@pytest.fixture(params=NAMES)
def begun(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Demo, float]]:
    """A demo, and the instant at which its first minute began: a busy machine takes seconds to start it."""
    name: Name = request.param
    try:
        program = find(name)
    except Missing as missing:
        if os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program.path))
    monkeypatch.setenv(SHARE_VARIABLE, str(program.share))
    told: list[float] = []

    def clock() -> float:
        told.append(time.time())
        return told[-1]

    demo = start_demo(clock)
    try:
        comes_true(lambda: told)
        yield demo, told[0]
    finally:
        demo.close()


class Observer:
    """Reads the demo's server as its board does, and holds each session that closes soon to that."""

    def __init__(self, demo: Demo, began: float) -> None:
        log = ErrorLog(demo.error_log, LocalZone())
        self._source = LiveSource(Address(socket=demo.socket, user=demo.user), time.time, log=log)
        self._began = began
        self._before: Step | None = None
        self.lateness = 0.0
        """By how many seconds this machine was late at worst."""
        self.predicted: dict[ProcesslistId, float] = {}
        """The deadline of each session that was seen closing soon."""
        self.departures: list[Departure] = []
        self.used_again: list[ProcesslistId] = []
        """Sessions that were closing soon, and then had another deadline."""

    def close(self) -> None:
        self._source.close()

    @property
    def seconds(self) -> float:
        return time.time() - self._began

    @property
    def ended_as_predicted(self) -> list[Departure]:
        return [each for each in self.departures if each.verdict.session.id in self.predicted]

    def look(self) -> None:
        """Read once, a second after the reading before."""
        asked = time.monotonic()
        time.sleep(INTERVAL)
        sample = self._source.sample()
        self.lateness = max(self.lateness, time.monotonic() - asked - INTERVAL)
        now = sample.taken_at
        if self._before is None:
            self._before = track(sample, None, POLICY)
        else:
            self._before = track(sample, self._before.snapshot, POLICY, self._before.learned_limits)
        self.departures += self._before.departed
        for verdict in self._before.snapshot.verdicts:
            number, deadline = verdict.session.id, verdict.deadline
            known = self.predicted.get(number)
            if known is not None and (deadline is None or deadline > known + 2 * COARSE):
                self.used_again.append(number)
            if verdict.risk is Risk.IMMINENT and deadline is not None:
                left = deadline - now + self.lateness
                if left < DEMO_IMMINENT_BELOW and self.seconds < OPENING_SECONDS - self.lateness:
                    self.predicted.setdefault(number, deadline)
            assert verdict.limit is None or verdict.limit.basis is not Basis.DISPROVED, verdict


def test_predictions_of_the_first_minute_come_true_and_the_ledger_shows_the_causes(
    begun: tuple[Demo, float],
) -> None:
    observer = Observer(*begun)
    wanted = {Cause.KILLED, Cause.PACKET_TOO_LARGE, Cause.CLIENT_QUIT, Cause.IDLE_TIMEOUT}
    try:
        while observer.seconds < OPENING_SECONDS:
            observer.look()
            seen = {each.cause for each in observer.departures}
            if len(observer.ended_as_predicted) >= PREDICTIONS and wanted <= seen:
                break
    finally:
        observer.close()

    assert observer.used_again == []
    ended = observer.ended_as_predicted
    assert len(ended) >= PREDICTIONS
    for each in ended:
        assert each.cause is Cause.IDLE_TIMEOUT, each
        # MariaDB may count an end one reading before it is missing.
        is_counted_early = any(
            words in each.evidence[-1]
            for words in ("but Aborted_clients did not rise for this session", "The log names 2 sessions")
        )
        assert each.certainty is (Certainty.LIKELY if is_counted_early else Certainty.CONFIRMED), each
        off = each.at - observer.predicted[each.verdict.session.id]
        assert abs(off) <= COARSE + GRACE_SECONDS + observer.lateness, each
    assert wanted <= {each.cause for each in observer.departures}
