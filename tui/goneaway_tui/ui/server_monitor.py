"""One server that is watched: when it is asked again, what it said last, who left it, and what may be done to it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goneaway_tui.errors import SourceError, UnsupportedVersion
from goneaway_tui.i18n import _, marked
from goneaway_tui.judge.ledger import DEFAULT_KEPT, Ledger
from goneaway_tui.model.server import ServerTopology
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Executor, Recorder, Source
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui import wording
from goneaway_tui.ui.controllers.tuning import TuningController
from goneaway_tui.ui.own_kills import OwnKills
from goneaway_tui.ui.poller import GOODBYE_SECONDS, Poller, PollSchedule
from goneaway_tui.ui.screens.replay import ReplayPlayer
from goneaway_tui.ui.server_status import Freshness, ServerStatus, freshness, is_stale, replay_freshness

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.ui.app import GoneawayApp


LONGEST_PAUSE = 30.0
"""Seconds between tries to reach a server that stays away."""
LEAST_KEPT = 200
"""How many of those who left one server are kept one by one, however many servers there are."""
GOODBYES = 16
"""How many are let go of at once."""
NOT_ASKED = marked("there is no server here to change")
POLICY = Policy()


@dataclass(frozen=True, slots=True)
class MonitorSpec:
    """What it takes to watch one server."""

    source: Source
    policy: Policy = POLICY
    name: str = ""
    """What it is called among several; one alone is called as its source says."""
    first: Snapshot | None = None
    """What was read before the screen began; it is shown at once."""
    interval: float = 1.0
    executor: Executor | None = None
    journal: Journal | None = None
    why_read_only: str = NOT_ASKED
    """What to say where there is no executor."""
    recorder: Recorder | None = None
    player: ReplayPlayer | None = None
    """With one a recording is shown, and the source only names it."""
    color: str | None = None
    """The server's, of the config file."""
    relatives: Callable[[], ServerTopology] | None = None
    """Asks it for others that belong with it, in a thread of the caller's. Raises SourceError."""
    recall: Callable[[], ServerFacts] | None = None
    """Asks it for what it remembers since it started, in a thread of the caller's. Raises SourceError."""
    widen: Callable[[str, int], MonitorSpec] | None = None
    """Makes what it takes to watch the server at another host and port by the same account; connects to nobody.

    Raises SettingsError and SourceError where there is no way there."""


class ServerMonitor:
    """One of those that are watched. Has a thread for reading, and none of its state is another's."""

    def __init__(
        self,
        app: GoneawayApp,
        subject: MonitorSpec,
        place: int,
        of: int,
        slack: float,
        turn: AbstractContextManager[object],
    ) -> None:
        """The `place`-th `of` so many. `slack`: how much too early it may be asked, in seconds.

        `turn` is held while judging: of many threads that reckon at once the screen would have its share alone.
        """
        self._subject = subject
        self.name = subject.name or subject.source.name
        self.server_name = self.name if of > 1 else ""
        """As its verdicts have it."""
        self.color = subject.color
        self.player = subject.player
        if self.player is not None:
            self.player.attach(app.post_message)
        self.poller = self.player or Poller(
            subject.source,
            subject.policy,
            app.post_message,
            subject.first,
            subject.recorder,
            self.server_name,
            place,
            turn,
        )
        self.pace = PollSchedule(subject.interval, slack)
        self.acts = TuningController(app, self, subject.executor, subject.journal, subject.why_read_only)
        self._ledger = Ledger(limit=max(LEAST_KEPT, DEFAULT_KEPT // of))
        self.newest = subject.first
        self.shown: Snapshot | None = None
        self.trouble = ""
        self.relatives, self.widen = subject.relatives, subject.widen
        self.recall = subject.recall
        self._failures = 0

    @property
    def ledger(self) -> Ledger:
        """Everybody who left, by the instant that is shown."""
        return self._ledger if self.player is None else self.player.ledger()

    @property
    def is_recording(self) -> bool:
        return isinstance(self.poller, Poller) and self.poller.is_recording

    def own_ids(self) -> tuple[int, ...]:
        """Which of its sessions are ours."""
        return () if self.shown is None else self.shown.sample.server.own_session_ids

    @property
    def ours(self) -> OwnKills:
        """What we killed there; in a recording that is nothing."""
        return self.poller.ours if isinstance(self.poller, Poller) else OwnKills()

    def be_among_others(self, slack: float) -> None:
        """There are several from now on: its sessions say whose they are, and it is asked at a finer beat."""
        self.server_name, self.pace.slack = self.name, slack
        if isinstance(self.poller, Poller):
            self.poller.server_name = self.name
        self.newest = self.newest and self.newest.with_server_name(self.name)
        self.shown = self.shown and self.shown.with_server_name(self.name)

    def begin(self, now: float, later: float) -> None:
        """Start reading: from `now` on, or so much `later`; by its beat where it was read before."""
        self.poller.start()
        first = self.newest
        self.pace.wait(now + later if first is None else first.taken_at + self.pace.interval)

    def ask(self, now: float) -> None:
        """Ask for a poll when one is due and none is out."""
        if self.player is not None:
            self.player.request()
        elif self.pace.is_due(now) and self.poller.request():
            self.pace.asked(now)

    def take(self, snapshot: Snapshot) -> bool:
        """What was read; True where nothing was before, or nothing could be."""
        is_back = self.newest is None or self._failures > 0
        self.newest = snapshot.with_server_name(self.server_name)
        self.pace.answered(snapshot.sample.seconds_at_server)
        self._failures, self.trouble = 0, ""
        return is_back

    def bear(self, error: SourceError, now: float) -> None:
        """Keep the last good snapshot; try again later each time."""
        pause = min(LONGEST_PAUSE, max(self.pace.interval, 2.0 ** min(self._failures, 10)))
        self._failures += 1
        if isinstance(error, UnsupportedVersion):  # it would say the same again
            self.pace.wait(math.inf)
            self.trouble = plain(error.line, 500)
            return
        self.pace.wait(now + pause)
        self.trouble = _(
            "{trouble} (next try in {pause})", trouble=plain(error.line, 500), pause=wording.age_words(pause)
        )

    def seen(self, now: float) -> float | None:
        """Seconds since what is shown was read."""
        return None if self.shown is None else max(0.0, now - self.shown.taken_at)

    def freshness(self, now: float) -> Freshness:
        if self.player is not None:
            return replay_freshness(now, self.player.speed if self.player.is_playing else None)
        return freshness(self.seen(now), self.pace, in_trouble=bool(self.trouble))

    def glance(self, now: float) -> ServerStatus:
        seen = self.seen(now)
        stale = seen is not None and is_stale(seen, self.pace)
        return ServerStatus(self.name, self.shown, seen, stale, self.trouble, self.color)


def stop_all(watched: Sequence[ServerMonitor]) -> None:
    """Let go of all, several at once, so that some that hang keep nobody waiting for long."""
    left = list(watched)

    def stop_some() -> None:
        with suppress(IndexError):
            while True:
                left.pop().poller.stop()

    if len(left) == 1:
        stop_some()
        return
    ending = [threading.Thread(target=stop_some, name="goodbye", daemon=True) for _ in watched[:GOODBYES]]
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join(GOODBYE_SECONDS / len(ending))
