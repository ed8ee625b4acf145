"""When to ask a server again: as often as was asked for, unless it is too busy for that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from textual.message import Message

from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.judge import Step, track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Recorder, Source
from goneaway_tui.ui.messages import PollFailed, PollFault, RecordingEnded, SnapshotTaken, StepTaken
from goneaway_tui.ui.own_kills import OwnKills

SHARE = 0.1
"""The part of the time a server may spend on answering us."""


class PollSchedule:
    """The pause between two polls; from the begin of one to the begin of the next, in seconds."""

    def __init__(self, interval: float, slack: float) -> None:
        """`slack`: how much too early a poll may come, so that what drives us needs not to be finer."""
        self.interval = interval
        self.slack = slack
        self._took = (0.0, 0.0)
        self._due = float("-inf")

    @property
    def pause(self) -> float:
        """The interval, or what keeps us to our share of a slow server: one slow answer alone is no reason."""
        return max(self.interval, min(self._took) / SHARE)

    @property
    def is_stretched(self) -> bool:
        return self.pause > self.interval

    def is_due(self, now: float) -> bool:
        return now >= self._due - self.slack

    def asked(self, now: float) -> None:
        """A poll was sent. The next is due by the same beat, where we are not behind."""
        on_beat = abs(now - self._due) <= self.slack
        self._due = (self._due if on_beat else now) + self.pause

    def answered(self, seconds: float) -> None:
        """A server spent so long on it."""
        self._took = (self._took[1], seconds)

    def wait(self, until: float) -> None:
        """Not before, give or take the slack."""
        self._due = until

    def hurry(self) -> None:
        """As soon as may be."""
        self._due = float("-inf")


GOODBYE_SECONDS = 0.1
"""How long the thread may take to end once its source is closed."""

Post = Callable[[Message], object]


class Poller:
    """Reads a source when asked and posts what came of it."""

    def __init__(
        self,
        source: Source,
        policy: Policy,
        post: Post,
        first: Snapshot | None = None,
        recorder: Recorder | None = None,
        server_name: str = "",
        of: int = 0,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        """`first` is what was read before the thread began. `server_name` and `of` tell which of several servers it is.

        `turn` is held while judging, never while a server is waited for.
        """
        self._turn = turn or nullcontext()
        self.server_name = server_name
        """May be changed from any thread; the next poll goes by it."""
        self._of = of
        self._recorder = recorder
        self._lessons = NOTHING_LEARNED
        self._source = source
        self._policy = policy
        self._post = post
        self._previous = first
        self._asked = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._stopped = False
        self._ours = OwnKills()
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    @property
    def ours(self) -> OwnKills:
        return self._ours

    @property
    def is_recording(self) -> bool:
        """Whether what is read is written down; no more once that has failed."""
        return self._recorder is not None

    @property
    def is_busy(self) -> bool:
        return not self._idle.is_set()

    def start(self) -> None:
        self._thread.start()

    def request(self) -> bool:
        """Ask for a poll; False where one is still out."""
        if self.is_busy:
            return False
        self._idle.clear()
        self._asked.set()
        return True

    def stop(self) -> None:
        """Close the source and let the thread end; waits a moment only, since a thread in a system call cannot be stopped."""
        self._stopped = True
        self._source.close()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join(timeout=GOODBYE_SECONDS)

    def wait(self, timeout: float) -> bool:
        """Block until no poll is out; for tests and the last poll before leaving."""
        return self._idle.wait(timeout)

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._stopped:
                return
            message = self._poll()
            if not self._stopped:
                self._post(message)
            self._idle.set()

    def _poll(self) -> Message:
        try:
            sample = self._ours.added_to(self._source.sample())
            name = self.server_name
            with self._turn:
                before = self._previous and self._previous.with_server_name(name)
                taken = track(sample, before, self._policy, self._lessons, name)
        except SourceError as error:
            return PollFailed(error, self._of)
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            return PollFault(error)
        self._previous, self._lessons = taken.snapshot, taken.learned_limits
        self._record(taken)
        if taken.departed or taken.changes or taken.restarted:
            self._post(StepTaken(taken, self._of))
        return SnapshotTaken(taken.snapshot, self._of)

    def _record(self, taken: Step) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.record(taken.snapshot, taken.departed)
        except FileError as error:
            self._recorder = None
            self._post(RecordingEnded(error))
