"""`goneaway-tui watch`: what happens, one JSON object a line, for as long as it is let."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from goneaway_tui.cli.exec_hook import ExecHook
from goneaway_tui.cli.terminal import exiting_on_signals, silence_stdout, tell, use_utf8
from goneaway_tui.errors import ExitCode, FileError, SourceError, UnsupportedVersion
from goneaway_tui.export import data
from goneaway_tui.export.data import Data
from goneaway_tui.export.json import dumps
from goneaway_tui.i18n import _
from goneaway_tui.judge import Step, track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Clock, Recorder, Source
from goneaway_tui.private_files import open_private
from goneaway_tui.text.sanitize import plain

LONGEST_PAUSE = 30.0
"""Seconds between tries to reach a server that stays away."""


class Watch:
    """Looks at a source again and again, and tells what happened in between. Keeps one snapshot and no more."""

    def __init__(
        self,
        source: Source,
        clock: Clock,
        policy: Policy,
        write: Callable[[Data], None],
        *,
        interval: float,
        errand: ExecHook | None = None,
        recorder: Recorder | None = None,
        name: str | None = None,
    ) -> None:
        """With a `name` it is one of several: each event carries it, and a server that is not there at first is waited for."""
        self._name = name
        self._source = source
        self._clock = clock
        self._policy = policy
        self._out = write
        self._interval = interval
        self._errand = errand
        self._recorder = recorder
        self._last: Snapshot | None = None
        self._lessons = NOTHING_LEARNED
        self._failures = 0
        self._stopped = threading.Event()

    @property
    def has_seen(self) -> bool:
        """Whether the server ever answered."""
        return self._last is not None

    def stop(self) -> None:
        """From any thread: the look under way is the last, and is cut short where the server keeps it waiting."""
        self.stop_looking()
        self._source.close()

    def stop_looking(self) -> None:
        """The same, and leave the source to the caller."""
        self._stopped.set()

    def run(self, seconds: float | None) -> None:
        """Until stopped, or for so long. Raises SourceError where the first look of a nameless one fails or its server is too
        old, and FileError.
        """
        began = self._clock()
        end = None if seconds is None else began + seconds
        due = began
        try:
            self._take(track(self._source.sample(), None, self._policy))
        except SourceError as error:
            if self._name is not None:
                self._miss(error)
            elif not self._stopped.is_set():
                raise
        while not self._stopped.is_set():
            now = self._clock()
            due = max(due + self._interval, now) if not self._failures else now + self._pause()
            if end is not None and due >= end:
                self._stopped.wait(max(0.0, end - now))
                return
            if not self._stopped.wait(max(0.0, due - now)):
                self._look()

    def _look(self) -> None:
        try:
            taken = track(self._source.sample(), self._last, self._policy, self._lessons)
        except SourceError as error:
            if isinstance(error, UnsupportedVersion) and self._name is None:
                raise
            self._miss(error)
            return
        came_back, self._failures = bool(self._failures), 0
        self._take(taken, came_back=came_back)

    def _miss(self, error: SourceError) -> None:
        """Tell the first of several failures in a row; a server that is too old is not asked again."""
        if self._stopped.is_set():
            return
        if isinstance(error, UnsupportedVersion):
            self._stopped.set()
        self._failures += 1
        if self._failures == 1:
            tell(
                error.line if self._name is None else _("{place}: {what}", place=self._name, what=error.line)
            )
            self._write(data.lost_event(self._clock(), plain(error.line, 500)))

    def _take(self, taken: Step, *, came_back: bool = False) -> None:
        """Write what one reading brought, by the time it happened. `came_back`: our connection was lost before it."""
        happened = [data.recovered_event(taken.snapshot.taken_at)] if came_back else []
        if self._last is None:
            happened.append(data.hello_event(taken.snapshot))
        for event in sorted((*happened, *data.step_events(taken)), key=lambda event: str(event["at"])):
            self._write(event)
        if self._errand is not None:
            for departure in taken.departed:
                self._errand.send(self._named(data.departed_event(departure)))
            for event in data.at_risk_events(self._last, taken.snapshot):
                self._errand.send(self._named(event))
        if self._recorder is not None:
            self._recorder.record(taken.snapshot, taken.departed)
        self._last, self._lessons = taken.snapshot, taken.learned_limits

    def _write(self, event: Data) -> None:
        self._out(self._named(event))

    def _named(self, event: Data) -> Data:
        return event if self._name is None else data.with_server_name(self._name, event)

    def _pause(self) -> float:
        return min(LONGEST_PAUSE, max(self._interval, 2.0 ** (self._failures - 1)))


def watch(
    source: Source,
    clock: Clock,
    policy: Policy,
    *,
    interval: float,
    seconds: float | None,
    output: str | None,
    command: tuple[str, ...],
    recorder: Recorder | None,
) -> ExitCode:
    """Run it on this process's output and signals. Raises SourceError and FileError."""
    with ExitStack() as held:
        write = held.enter_context(lines(output))
        errand = held.enter_context(ExecHook(command)) if command else None
        watching = Watch(source, clock, policy, write, interval=interval, errand=errand, recorder=recorder)
        asked: list[int] = []

        def go(number: int) -> None:
            asked.append(number)
            watching.stop()

        with exiting_on_signals(go):
            watching.run(seconds)
    return ExitCode.INTERRUPTED if signal.SIGINT in asked else ExitCode.DONE


@contextmanager
def lines(output: str | None) -> Iterator[Callable[[Data], None]]:
    """What writes one event a line, from any thread. Both raise FileError."""
    writing = threading.Lock()
    with _opened(output) as out:

        def write(event: Data) -> None:
            line = dumps(event) + "\n"
            try:
                with writing:
                    out.write(line)
                    out.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                if output is None:
                    silence_stdout()
                why, hint = error.strerror, _("make room, or write elsewhere")
                if output is None:
                    raise FileError(_("cannot write to standard output: {why}", why=why), hint) from None
                file = plain(output, 300)
                raise FileError(_("cannot write to {file}: {why}", file=file, why=why), hint) from None

        yield write


@contextmanager
def _opened(output: str | None) -> Iterator[TextIO]:
    """Standard output, or a file to add to: lines that are there stay."""
    if output is None:
        use_utf8()
        yield sys.stdout
        return
    try:
        descriptor = open_private(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    except OSError as error:
        raise FileError(
            _("cannot write {file}: {why}", file=plain(output, 300), why=_(error.strerror or str(error))),
            _("choose another place with --output"),
        ) from None
    with os.fdopen(descriptor, "a", encoding="utf-8", newline="\n") as out:
        yield out
