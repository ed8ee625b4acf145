"""`goneaway-tui watch`: the events of a server, one JSON object a line, until stopped."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self, TextIO

from goneaway_tui.cli.factories import live_source, recorder_of
from goneaway_tui.cli.screen import policy_of
from goneaway_tui.cli.servers import configured_servers, source_of
from goneaway_tui.cli.terminal import exiting_on_signals, silence_stdout, use_utf8, write_err
from goneaway_tui.errors import ExitCode, FileError, SourceError
from goneaway_tui.export import data
from goneaway_tui.export.data import Data
from goneaway_tui.export.json import dumps
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.departures import past_departures
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot
from goneaway_tui.monitor.poller import (
    WAKE_UP_SECONDS,
    FailedReading,
    Poller,
    PollSchedule,
    Reading,
)
from goneaway_tui.monitor.server_monitor import close_all
from goneaway_tui.ports import Clock, Recorder, Source
from goneaway_tui.settings import Settings
from goneaway_tui.system import open_private
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.cli.servers import UnreachedSource
    from goneaway_tui.source.live import LiveSource

EXEC_QUEUE_LENGTH = 100
"""Events that may wait for `--exec`; later events are dropped, and a line says so."""
EXEC_PAUSE_SECONDS = 0.2
"""Least time between two runs of `--exec`."""
EXEC_TIMEOUT_SECONDS = 30.0
"""Longest time that one run of `--exec` may take."""


class Watch:
    """Reads one server repeatedly, and writes what changed between two readings as events. Keeps one snapshot."""

    def __init__(
        self,
        source: Source,
        clock: Clock,
        policy: RiskThresholds,
        write: Callable[[Data], None],
        *,
        interval: float,
        hook: ExecHook | None = None,
        recorder: Recorder | None = None,
        name: str | None = None,
        read_past: Callable[[float], Sequence[Departure]] = lambda _until: (),
    ) -> None:
        """`name`: the server's name where there are several: each event carries it, and a server that does not answer at
        first is tried again. `read_past` returns the sessions that ended before an instant, the oldest first; it raises
        SourceError.
        """
        self._read_past = read_past
        self._name = name
        self._source = source
        self._clock = clock
        self._write_event = write
        self._hook = hook
        self._last: Snapshot | None = None
        schedule = PollSchedule(interval, WAKE_UP_SECONDS, max_share=1.0)
        self._poller = Poller(source, clock, self, schedule, policy=policy, recorder=recorder)

    @property
    def has_read(self) -> bool:
        """Whether the server has ever answered."""
        return self._last is not None

    def stop(self) -> None:
        """End `run` and close the source, which interrupts the current reading. Any thread may call this."""
        self.stop_polling()
        self._source.close()

    def stop_polling(self) -> None:
        """End `run` after the current reading; the caller closes the source. Any thread may call this."""
        self._poller.stop()

    def run(self, seconds: float | None) -> None:
        """Watch until stopped, or for so many seconds.

        Raises FileError. Without a name it also raises SourceError, where the first reading fails or the version of the
        server is not supported.
        """
        self._poller.run(seconds)

    def on_reading(self, reading: Reading) -> None:
        """Write the events of one reading, in the order in which they happened."""
        step = reading.step
        events = [data.recovered_event(step.snapshot.taken_at)] if reading.is_recovery else []
        if self._last is None:
            for event in (*events, data.hello_event(step.snapshot)):
                self._write(event)
            events = []
            self._write_past(step.snapshot.taken_at)
        waits = list(data.lock_wait_events(self._last, step.snapshot))
        events += [*data.step_events(step), *waits]
        for event in sorted(events, key=lambda event: str(event["at"])):
            self._write(event)
        if self._hook is not None:
            for departure in step.departed:
                self._hook.send(self._named(data.departed_event(departure)))
            blocked = [event for event in waits if event["event"] == "blocked"]
            for event in (*data.at_risk_events(self._last, step.snapshot), *blocked):
                self._hook.send(self._named(event))
        self._last = step.snapshot

    def _write_past(self, until: float) -> None:
        try:
            past = self._read_past(until)
        except SourceError as error:
            write_err(_("earlier departures are unknown: {why}", why=error.line))
        else:
            for departure in past:
                self._write(data.departed_event(departure))

    def on_failed_reading(self, failure: FailedReading) -> None:
        """Write the first of several failures in a row."""
        error = failure.error
        if self._name is None and (self._last is None or failure.retry_seconds is None):
            raise error
        if failure.is_first:
            write_err(
                error.line if self._name is None else _("{place}: {what}", place=self._name, what=error.line)
            )
            self._write(data.lost_event(self._clock(), plain(error.line, 500)))

    def on_recording_error(self, error: FileError) -> None:
        raise error

    def _write(self, event: Data) -> None:
        self._write_event(self._named(event))

    def _named(self, event: Data) -> Data:
        return event if self._name is None else data.with_server_name(self._name, event)


def watch(
    source: Source,
    clock: Clock,
    policy: RiskThresholds,
    *,
    interval: float,
    seconds: float | None,
    output: str | None,
    command: tuple[str, ...],
    recorder: Recorder | None,
    read_past: Callable[[float], Sequence[Departure]] = lambda _until: (),
) -> ExitCode:
    """Watch one server until a signal comes, and return the exit status. Raises SourceError and FileError."""
    with ExitStack() as stack:
        write = stack.enter_context(lines(output))
        hook = stack.enter_context(ExecHook(command)) if command else None
        watching = Watch(
            source,
            clock,
            policy,
            write,
            interval=interval,
            hook=hook,
            recorder=recorder,
            read_past=read_past,
        )
        signals: list[int] = []

        def on_signal(number: int) -> None:
            signals.append(number)
            watching.stop()

        with exiting_on_signals(on_signal):
            watching.run(seconds)
    return ExitCode.INTERRUPTED if signal.SIGINT in signals else ExitCode.DONE


@contextmanager
def lines(output: str | None) -> Iterator[Callable[[Data], None]]:
    """While inside, yield a function that writes one event a line. Any thread may call it. Both raise FileError."""
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
                why, hint = error.strerror, _("free some space, or write to another place")
                if output is None:
                    raise FileError(_("cannot write to standard output: {why}", why=why), hint) from None
                file = plain(output, 300)
                raise FileError(_("cannot write to {file}: {why}", file=file, why=why), hint) from None

        yield write


@contextmanager
def _opened(output: str | None) -> Iterator[TextIO]:
    """Standard output, or a file to append to."""
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


class ExecHook:
    """`--exec`: runs the user's command for each event, which the command reads on its standard input.

    A thread runs one at a time, so that a slow command does not delay the watching.
    """

    def __init__(self, command: tuple[str, ...], *, needs_all: bool = False) -> None:
        """`needs_all`: drop no event. Then `send` waits for room in the queue, and the end waits for every run."""
        self._command = command
        self._needs_all = needs_all
        self._events: queue.Queue[Data | None] = queue.Queue(EXEC_QUEUE_LENGTH)
        self._dropped = 0
        self._failed: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="exec", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        """Run the queued events; unless all are needed, for EXEC_TIMEOUT_SECONDS at most."""
        timeout = None if self._needs_all else EXEC_TIMEOUT_SECONDS
        try:
            self._events.put(None, timeout=timeout)
            self._thread.join(timeout=timeout)
        except queue.Full:
            pass
        for what, times in (*self._failed.items(), (_("skipped"), self._dropped)):
            if times > 1:
                write_err(
                    _(
                        "--exec {program}: {number:,} times {what}",
                        program=self._command[0],
                        number=times,
                        what=what,
                    )
                )

    def send(self, event: Data) -> None:
        """Queue an event. Without `needs_all` this never waits: it drops the event if the queue is full."""
        try:
            self._events.put(event, block=self._needs_all)
        except queue.Full:
            self._dropped += 1
            if self._dropped == 1:
                write_err(_("--exec cannot keep up: events are skipped"))

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            self._run_command(event)
            time.sleep(EXEC_PAUSE_SECONDS)

    def _run_command(self, event: Data) -> None:
        """Run the command for one event. Report its failure and go on."""
        try:
            completed = subprocess.run(  # noqa: S603 - the user's own command, and no shell
                self._command,
                input=dumps(event) + "\n",
                encoding="utf-8",
                stdout=subprocess.DEVNULL,
                timeout=EXEC_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self._report_failure(
                _("took longer than {number:g} s and was stopped", number=EXEC_TIMEOUT_SECONDS)
            )
        except (OSError, ValueError) as error:
            self._report_failure(_("cannot be run: {why}", why=error))
        else:
            if completed.returncode:
                self._report_failure(_("ended with exit status {number}", number=completed.returncode))

    def _report_failure(self, what: str) -> None:
        """Report each kind of failure once; the end of the hook reports how often it occurred."""
        self._failed[what] += 1
        if self._failed[what] == 1:
            write_err(_("--exec {program} {what}", program=self._command[0], what=what))


def run_watch(servers: Sequence[Settings], clock: Clock) -> int:
    """Watch one server or several until stopped, and return the exit status. Raises SettingsError and FileError;
    SourceError only where there is one server.
    """
    if len(servers) == 1:
        return _watch_one_server(servers[0], clock)
    return _watch_servers(servers, clock)


LOG_UNREADABLE = N_(
    "{option}: earlier departures are unknown, because the server's log cannot be read over the "
    "connection; give the log file: --error-log FILE"
)


def past_reader(
    source: LiveSource | UnreachedSource, since: float | None
) -> Callable[[float], Sequence[Departure]]:
    """A function that reads which sessions ended up to `since` seconds before an instant; it raises SourceError."""

    def read_past(until: float) -> Sequence[Departure]:
        if since is None:
            return ()
        history = source.history()
        if not history.reads_log:
            write_err(_(LOG_UNREADABLE, option="--since"))
        return past_departures(history.log, until - since, until)

    return read_past


def _watch_one_server(settings: Settings, clock: Clock) -> int:
    from goneaway_tui.cli.connect import route_to

    with route_to(settings) as route, recorder_of(settings, route.address.name) as recorder:
        source = live_source(settings, route.address, clock)
        try:
            return watch(
                source,
                clock,
                policy_of(settings),
                interval=settings.interval,
                seconds=settings.run_for,
                output=settings.output,
                command=settings.execute,
                recorder=recorder,
                read_past=past_reader(source, settings.since),
            )
        finally:
            source.close()


def _watch_servers(servers: Sequence[Settings], clock: Clock) -> ExitCode:
    """Watch each server in its own thread, and write all events to one output."""
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    settings = servers[0]
    signals: list[int] = []
    with ExitStack() as stack:
        members = stack.enter_context(configured_servers(servers))
        write = stack.enter_context(lines(settings.output))
        hook = stack.enter_context(ExecHook(settings.execute)) if settings.execute else None
        sources = [source_of(member, clock, live_source) for member in members]
        watching = [
            Watch(
                source,
                clock,
                policy_of(member.settings),
                write,
                interval=member.settings.interval,
                hook=hook,
                name=member.name,
                read_past=past_reader(source, member.settings.since),
            )
            for member, source in zip(members, sources, strict=True)
        ]

        def stop() -> None:
            for watch in watching:
                watch.stop_polling()
            close_all(sources)

        def on_signal(number: int) -> None:
            signals.append(number)
            stop()

        threads = stack.enter_context(ThreadPoolExecutor(len(watching), thread_name_prefix="watch"))
        with exiting_on_signals(on_signal):
            try:
                done, _waiting = wait(
                    [threads.submit(watch.run, settings.run_for) for watch in watching],
                    return_when=FIRST_EXCEPTION,
                )
            finally:
                stop()
        for future in done:
            future.result()
    if signal.SIGINT in signals:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE if all(watch.has_read for watch in watching) else ExitCode.UNREACHABLE
