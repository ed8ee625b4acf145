"""One server that is monitored: what was read last, what ended there, and whether it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import N_
from goneaway_tui.judge.departures import past_departures
from goneaway_tui.judge.ledger import DEFAULT_KEPT, Ledger, Trend
from goneaway_tui.judge.reuse_gaps import ReuseGaps
from goneaway_tui.model.server import Limitation, ServerTopology
from goneaway_tui.model.session import PastStatement, ProcesslistId
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot
from goneaway_tui.monitor.poller import (
    OwnKills,
    Poller,
    PollListener,
    PollSchedule,
    ReplayPlayer,
)
from goneaway_tui.ports import Clock, Executor, Recorder, Source
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.kill_rules import KillPolicy

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts


MIN_KEPT_DEPARTURES = 200
"""How many ended sessions of one server are kept one by one, however many servers there are."""
CLOSING_THREADS = 16
"""How many servers are closed at the same time."""
PAST_SECONDS = 3_600.0
"""How far back the ledger begins, as far as the server's log tells."""
CLOSING_SECONDS = 0.5
"""Longest time to wait until all are closed."""
NOT_ASKED = N_("there is no server here to change")
POLICY = RiskThresholds()
NO_KILL_POLICY = KillPolicy()


@dataclass(frozen=True, slots=True)
class MonitorSpec:
    """All that is needed to monitor one server and to change it."""

    source: Source
    policy: RiskThresholds = POLICY
    name: str = ""
    """Its name among several; one server alone has the name of its source."""
    first: Snapshot | None = None
    """What was read before the screen opened; it is shown at once."""
    interval: float = 1.0
    """Seconds between two readings."""
    executor: Executor | None = None
    journal: Journal | None = None
    why_read_only: str = NOT_ASKED
    """The reason to show where there is no executor."""
    recorder: Recorder | None = None
    player: ReplayPlayer | None = None
    """With a player a recording is shown, and the source only names it."""
    color: str | None = None
    """The server's, of the config file."""
    kill_policy: KillPolicy = NO_KILL_POLICY
    read_topology: Callable[[], ServerTopology] | None = None
    """Asks the server for its topology, in the caller's thread. Raises SourceError."""
    read_history: Callable[[], ServerFacts] | None = None
    """Asks the server for what it has counted since it started, in the caller's thread. Raises SourceError."""
    read_statements: Callable[[ProcesslistId], tuple[PastStatement, ...] | Limitation] | None = None
    """Asks the server for the statements of a session's open transaction, in the caller's thread; or why it tells
    none. Raises SourceError."""
    spec_for_host: Callable[[str, int], MonitorSpec] | None = None
    """Makes the spec of the server at another host and port, by the same account; connects to no server.

    Raises SettingsError and SourceError where no connection is possible there."""


class ServerMonitor:
    """What is known of one server by now. It has a thread for reading, and shares no state with another monitor."""

    def __init__(
        self,
        spec: MonitorSpec,
        clock: Clock,
        listener: PollListener,
        *,
        servers: int = 1,
        slack: float = 0.0,
        judge_lock: AbstractContextManager[object] | None = None,
    ) -> None:
        """`servers`: how many are monitored. `slack`: how many seconds too early it may be read.

        `judge_lock` is held while judging.
        """
        self.spec = spec
        self.name = spec.name or spec.source.name
        self.server_name = self.name if servers > 1 else ""
        """What its verdicts name: empty where there is one server alone."""
        self.schedule = PollSchedule(spec.interval, slack)
        self.poller: Poller | ReplayPlayer
        if spec.player is None:
            self.poller = Poller(
                spec.source,
                clock,
                listener,
                self.schedule,
                policy=spec.policy,
                first=spec.first,
                recorder=spec.recorder,
                server_name=self.server_name,
                judge_lock=judge_lock,
            )
        else:
            self.poller = spec.player
            spec.player.attach(listener)
        self._ledger = Ledger(limit=max(MIN_KEPT_DEPARTURES, DEFAULT_KEPT // servers))
        self._trend = Trend() if spec.first is None else Trend().with_snapshot(spec.first)
        self._has_asked_past = False
        self.newest = spec.first
        """What was read last."""
        self.shown: Snapshot | None = None
        """What is on the screen: older than `newest` while the screen is frozen."""
        self.trouble = ""
        """Why the newest reading failed, in one line; empty where it succeeded."""

    @property
    def player(self) -> ReplayPlayer | None:
        return self.spec.player

    @property
    def color(self) -> str | None:
        return self.spec.color

    @property
    def ledger(self) -> Ledger:
        """The ended sessions, up to the instant that is shown."""
        return self._ledger if self.player is None else self.player.ledger()

    def reuse_gaps(self) -> ReuseGaps | None:
        """What was counted since monitoring began; None in a recording, and before the first reading."""
        return self.poller.reuse_counter.counted() if isinstance(self.poller, Poller) else None

    @property
    def trend(self) -> Trend:
        """How many sessions there were in the last hour, up to the instant that is shown."""
        return self._trend if self.player is None else self.player.trend

    @property
    def is_recording(self) -> bool:
        return isinstance(self.poller, Poller) and self.poller.is_recording

    @property
    def own_kills(self) -> OwnKills:
        """Our KILL statements there; in a recording there are none."""
        return self.poller.own_kills if isinstance(self.poller, Poller) else OwnKills()

    def own_ids(self) -> tuple[int, ...]:
        """The ids of our own sessions there."""
        return () if self.shown is None else self.shown.sample.server.own_session_ids

    def join_others(self, slack: float) -> None:
        """There are several servers from now on: its verdicts name it, and it is read on a finer beat."""
        self.server_name, self.schedule.slack = self.name, slack
        if isinstance(self.poller, Poller):
            self.poller.server_name = self.name
        self.newest = self.newest and self.newest.with_server_name(self.name)
        self.shown = self.shown and self.shown.with_server_name(self.name)

    def start(self, now: float, delay: float, on_fault: Callable[[Exception], object]) -> None:
        """Start to read `delay` seconds from now, or on its beat where it was read before."""
        self.poller.start(on_fault)
        first = self.newest
        self.schedule.wait_until(now + delay if first is None else first.taken_at + self.schedule.interval)

    def load_past(self) -> None:
        """Ask the server once for the sessions that ended before the first reading, in a thread; where it does not tell, there
        are none.
        """
        read, newest = self.spec.read_history, self.newest
        if self._has_asked_past or read is None or newest is None or self.player is not None:
            return
        self._has_asked_past = True

        def load() -> None:
            with suppress(SourceError):
                until = newest.taken_at
                self._ledger.set_past(past_departures(read().log_entries, until - PAST_SECONDS, until))

        threading.Thread(target=load, name="past", daemon=True).start()

    def on_snapshot(self, snapshot: Snapshot) -> bool:
        """Take what was read; True where the reading before failed or there was none."""
        is_back = self.newest is None or bool(self.trouble)
        self.newest = snapshot.with_server_name(self.server_name)
        if self.player is None:
            self._trend = self._trend.with_snapshot(snapshot)
        self.trouble = ""
        return is_back

    def age(self, now: float) -> float | None:
        """Seconds since what is shown was read; None where nothing is."""
        return None if self.shown is None else max(0.0, now - self.shown.taken_at)


class Closeable(Protocol):
    """A source or a poller."""

    def close(self) -> None: ...


def close_all(closeables: Iterable[Closeable]) -> None:
    """Close all of them, several at the same time, and wait no longer than CLOSING_SECONDS: some may hang."""
    remaining = list(closeables)

    def close_some() -> None:
        with suppress(IndexError):
            while True:
                remaining.pop().close()

    threads = [
        threading.Thread(target=close_some, name="closing", daemon=True) for _ in remaining[:CLOSING_THREADS]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CLOSING_SECONDS / len(threads))


def free_name(name: str, taken: Collection[str]) -> str:
    """The name where it is free; otherwise with a number.

    >>> free_name("db1", ["db0"]), free_name("db1", ["db1", "db1#2"])
    ('db1', 'db1#3')
    """
    candidates = (name, *(f"{name}#{number}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)


def with_free_names(specs: Sequence[MonitorSpec], taken_names: Collection[str]) -> list[MonitorSpec]:
    """The specs, each with a name unlike all others."""
    taken = set(taken_names)
    named = []
    for spec in specs:
        name = free_name(spec.name or spec.source.name, taken)
        taken.add(name)
        named.append(replace(spec, name=name))
    return named
