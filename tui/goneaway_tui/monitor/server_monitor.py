"""The state of one monitored server: the newest snapshot, the ledger of ended sessions, and the error of a failed reading.

`MonitorSpec` says how to read and change a server; `ServerMonitor` reads it by a `Poller`, or replays a recording, and keeps
the results for a screen. The functions at the end name and close several of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import N_
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
"""The least number of ended sessions that the ledger of one server keeps, however many servers there are."""
CLOSING_THREADS = 16
"""How many servers `close_all` closes at the same time."""
PAST_SECONDS = 3_600.0
"""How long before the first reading the ledger begins, as far as the log of the server covers it."""
CLOSING_SECONDS = 0.5
"""The longest time that `close_all` waits."""
NO_EXECUTOR = N_("there is no server here to change")
DEFAULT_THRESHOLDS = RiskThresholds()
NO_KILL_POLICY = KillPolicy()


@dataclass(frozen=True, slots=True)
class MonitorSpec:
    """Everything needed to monitor one server and to change it."""

    source: Source
    policy: RiskThresholds = DEFAULT_THRESHOLDS
    name: str = ""
    """Its name among several servers; empty: the name of its source."""
    first: Snapshot | None = None
    """The snapshot that was read before the screen opened; the screen shows it at once."""
    interval: float = 1.0
    """Seconds between two readings."""
    executor: Executor | None = None
    journal: Journal | None = None
    why_read_only: str = NO_EXECUTOR
    """The reason to show where there is no executor."""
    recorder: Recorder | None = None
    player: ReplayPlayer | None = None
    """Where a recording is shown. The source only gives it a name then."""
    color: str | None = None
    """The color of the server in the config file."""
    kill_policy: KillPolicy = NO_KILL_POLICY
    read_topology: Callable[[], ServerTopology] | None = None
    """Reads the topology of the server, in the caller's thread. Raises SourceError."""
    read_history: Callable[[], ServerFacts] | None = None
    """Reads what the server has counted since it started, in the caller's thread. Raises SourceError."""
    read_statements: Callable[[ProcesslistId], tuple[PastStatement, ...] | Limitation] | None = None
    """Reads the statements of a session's open transaction, in the caller's thread, or why there are none to read.
    Raises SourceError."""
    spec_for_host: Callable[[str, int], MonitorSpec] | None = None
    """Makes the spec of the server at another host and port, with the same account; does not connect.

    Raises SettingsError and SourceError where no connection is possible there."""


class ServerMonitor:
    """The state of one server, for a screen.

    Its poller reads in a thread of its own. The state here changes in the screen's thread, except that the thread of `load_past`
    writes to the ledger, once. Monitors of several servers share only `judge_lock`, by which one of them at a time judges a sample.

    The app passes on what the poller reports: `on_snapshot`, departures for the `ledger`, `trouble`, and `show_newest` to draw it.
    """

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
        """`servers`: how many servers the screen monitors. `slack`: how many seconds too early a reading may start.

        `judge_lock` is held while judging; several monitors may share it.
        """
        self.spec = spec
        self.name = spec.name or spec.source.name
        self.server_name = self.name if servers > 1 else ""
        """The name that its verdicts carry; empty where there is only one server."""
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
        """The snapshot that was read last; None before the first."""
        self.shown: Snapshot | None = None
        """The snapshot on the screen: older than `newest` while the screen is frozen."""
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
        """The reuse gaps since monitoring began; None in a recording, and before the first reading."""
        return self.poller.reuse_counter.counted() if isinstance(self.poller, Poller) else None

    @property
    def trend(self) -> Trend:
        """The number of sessions in the last hour, up to the instant that is shown."""
        return self._trend if self.player is None else self.player.trend

    @property
    def is_recording(self) -> bool:
        return isinstance(self.poller, Poller) and self.poller.is_recording

    @property
    def own_kills(self) -> OwnKills:
        """Our KILL statements on this server; none in a recording."""
        return self.poller.own_kills if isinstance(self.poller, Poller) else OwnKills()

    def own_ids(self) -> tuple[int, ...]:
        """The ids of our own sessions on this server."""
        return () if self.shown is None else self.shown.sample.server.own_session_ids

    def join_others(self, slack: float) -> None:
        """From now on there are several servers: verdicts carry the name of this one, and readings have another slack."""
        self.server_name, self.schedule.slack = self.name, slack
        if isinstance(self.poller, Poller):
            self.poller.server_name = self.name
        self.newest = self.newest and self.newest.with_server_name(self.name)
        self.shown = self.shown and self.shown.with_server_name(self.name)

    def start(self, now: float, delay: float, on_fault: Callable[[Exception], object]) -> None:
        """Start to read: `delay` seconds from now, or an interval after the snapshot that was read before."""
        self.poller.start(on_fault)
        first = self.newest
        self.schedule.wait_until(now + delay if first is None else first.taken_at + self.schedule.interval)

    def load_past(self) -> None:
        """Read once which sessions ended before the first reading, in a thread. Where the server does not report them, the ledger
        has none.
        """
        read, newest = self.spec.read_history, self.newest
        if self._has_asked_past or read is None or newest is None or self.player is not None:
            return
        self._has_asked_past = True

        def load() -> None:
            from goneaway_tui.judge.departures import past_departures

            with suppress(SourceError):
                until = newest.taken_at
                self._ledger.set_past(past_departures(read().log_entries, until - PAST_SECONDS, until))

        threading.Thread(target=load, name="past", daemon=True).start()

    def on_snapshot(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot that was read. Returns whether the server came back: the reading before failed, or there was none."""
        is_recovered = self.newest is None or bool(self.trouble)
        self.newest = snapshot.with_server_name(self.server_name)
        if self.player is None:
            self._trend = self._trend.with_snapshot(snapshot)
        self.trouble = ""
        return is_recovered

    def show_newest(self) -> None:
        """Put the newest snapshot on the screen."""
        self.shown = self.newest

    def age(self, now: float) -> float | None:
        """Seconds since the shown snapshot was read; None where none is shown."""
        return None if self.shown is None else max(0.0, now - self.shown.taken_at)


class Closeable(Protocol):
    """A source or a poller."""

    def close(self) -> None: ...


def close_all(closeables: Iterable[Closeable]) -> None:
    """Close all of them, CLOSING_THREADS at the same time, and wait no longer than CLOSING_SECONDS: some may hang."""
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
    """The name where it is not taken; otherwise the name with a number.

    >>> free_name("db1", ["db0"]), free_name("db1", ["db1", "db1#2"])
    ('db1', 'db1#3')
    """
    candidates = (name, *(f"{name}#{number}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)


def with_free_names(specs: Sequence[MonitorSpec], taken_names: Collection[str]) -> list[MonitorSpec]:
    """The specs, each with a name that no other has and that is not among `taken_names`."""
    taken = set(taken_names)
    named = []
    for spec in specs:
        name = free_name(spec.name or spec.source.name, taken)
        taken.add(name)
        named.append(replace(spec, name=name))
    return named
