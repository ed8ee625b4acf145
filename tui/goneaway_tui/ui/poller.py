"""The thread that reads and judges, so that the screen never waits.

One request, one poll; a request while one is out is dropped. So a slow server yields fewer samples, never a queue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from textual.message import Message

from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.judge import Step, step
from goneaway_tui.judge.learning import NOTHING_LEARNED
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Recorder, Source
from goneaway_tui.ui.messages import Happened, Judged, PollBroke, PollFailed, RecordingEnded
from goneaway_tui.ui.ourkills import OurKills

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
        self._ours = OurKills()
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    @property
    def ours(self) -> OurKills:
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
                before = self._previous and self._previous.called(name)
                taken = step(sample, before, self._policy, self._lessons, name)
        except SourceError as error:
            return PollFailed(error, self._of)
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            return PollBroke(error)
        self._previous, self._lessons = taken.snapshot, taken.lessons
        self._record(taken)
        if taken.departed or taken.changes or taken.restarted:
            self._post(Happened(taken, self._of))
        return Judged(taken.snapshot, self._of)

    def _record(self, taken: Step) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.record(taken.snapshot, taken.departed)
        except FileError as error:
            self._recorder = None
            self._post(RecordingEnded(error))
