"""The poll loop of one server: when to read, reading, back-off after a failure; and the player of a recording in its place.

A reading is one attempt to take a sample. `Poller.poll` does one reading:

1. take a sample from the source, and add our own KILL statements to its evidence (`OwnKills`);
2. judge it, together with the snapshot before (`judge.track`);
3. report to the schedule whether it succeeded (`PollSchedule`), which sets the instant of the next reading;
4. report it to the listener (`PollListener`), and record it.

`Poller.run` repeats readings in the thread of the caller: `watch` and the exporter. A screen calls `Poller.start` instead, and
`request_if_due` from a timer. Of these methods `ReplayPlayer` has those that a screen calls for either: `start`, `request`,
`request_if_due`, `wait`, `close`, and `is_busy`. Nothing here knows a screen, and the only clock is the one that is passed in.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol

from goneaway_tui.errors import FileError, SourceError, UnsupportedVersion
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge import Step, track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.judge.ledger import POINT_SECONDS, TREND_SECONDS, Ledger, Trend
from goneaway_tui.judge.reuse_gaps import ReuseCounter
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import EndEvidence, KillStatement, Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot
from goneaway_tui.ports import Clock, Recorder, Source, Timeline
from goneaway_tui.tune.actions import Action, KillSession

SERVER_SHARE = 0.1
"""The share of the time that a server may spend on the readings of a screen."""
MAX_PAUSE_SECONDS = 30.0
"""The longest pause between two attempts to read a server that does not answer."""
WAKE_UP_SECONDS = 0.05
"""Seconds by which a waiting thread may wake up late, while the next reading still keeps to the planned instants."""
JOIN_SECONDS = 0.1
"""How long the thread may take to end once its source is closed."""


class Poller:
    """Reads one server, judges each sample, reports and records it. Keeps the newest snapshot only.

    Use either `run`, which repeats readings in the thread of the caller, or `start`, which makes a thread that reads at
    each `request`.
    """

    def __init__(
        self,
        source: Source,
        clock: Clock,
        listener: PollListener,
        schedule: PollSchedule,
        *,
        policy: RiskThresholds | None = None,
        first: Snapshot | None = None,
        recorder: Recorder | None = None,
        server_name: str = "",
        judge_lock: AbstractContextManager[object] | None = None,
    ) -> None:
        """`first`: the snapshot that was read before. `server_name`: the name that verdicts carry where there are several servers.

        `judge_lock` is held while judging, never while a server is waited for: many threads that compute at once would
        leave the screen no share of the processor.
        """
        self.schedule = schedule
        self.server_name = server_name
        """May be changed from any thread; the next reading uses it."""
        self.own_kills = OwnKills()
        self._source = source
        self._clock = clock
        self._listener = listener
        self._policy = policy
        self._recorder = recorder
        self._judge_lock = judge_lock or nullcontext()
        self.reuse_counter = ReuseCounter()
        """Counts since the first reading; may be read from any thread."""
        self._uncounted = first
        """The snapshot that was read before, until the first reading counts it: the screen opens without waiting for that."""
        self._previous = first
        self._lessons = NOTHING_LEARNED
        self._stopped = threading.Event()
        self._is_closed = False
        self._requested = threading.Event()
        self._is_idle = threading.Event()
        """Set while no reading is requested or under way."""
        self._is_idle.set()
        self._thread: threading.Thread | None = None

    @property
    def is_recording(self) -> bool:
        """Whether readings are recorded; False after an error of the recording."""
        return self._recorder is not None

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def has_read(self) -> bool:
        """Whether any reading has succeeded."""
        return self._previous is not None

    def poll(self) -> None:
        """Do one reading: read, judge, report, record.

        After `stop` a failure is not reported, because closing the source causes one. After `close` nothing is reported.
        """
        started = self._clock()
        try:
            step = self._read()
        except SourceError as error:
            if not self.is_stopped:
                self._report_failure(error)
            return
        is_recovery = self.schedule.has_failed
        self.schedule.succeed(step.snapshot.sample.seconds_at_server)
        self._previous, self._lessons = step.snapshot, step.learned_limits
        if self._uncounted is not None:
            self.reuse_counter.observe(self._uncounted)
            self._uncounted = None
        self.reuse_counter.observe(step.snapshot, step.departed)
        if not self._is_closed:
            self._listener.on_reading(Reading(step, self._clock() - started, is_recovery))
        self._record(step)

    def _read(self) -> Step:
        sample = self.own_kills.added_to(self._source.sample())
        name = self.server_name
        with self._judge_lock:
            previous = self._previous and self._previous.with_server_name(name)
            return track(sample, previous, self._policy, self._lessons, name)

    def _report_failure(self, error: SourceError) -> None:
        is_first, retry_seconds = not self.schedule.has_failed, None
        if isinstance(error, UnsupportedVersion):
            self.schedule.give_up()
        else:
            retry_seconds = self.schedule.fail(self._clock())
        self._listener.on_failed_reading(FailedReading(error, retry_seconds, is_first))

    def _record(self, step: Step) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.record(step.snapshot, step.departed)
        except FileError as error:
            self._recorder = None
            self._listener.on_recording_error(error)

    def run(self, seconds: float | None = None) -> None:
        """Read until stopped, for `seconds` at most, or until the version of the server turns out not to be supported.

        Raises what the listener raises.
        """
        end = math.inf if seconds is None else self._clock() + seconds
        while not self.is_stopped:
            self.schedule.begin(self._clock())
            self.poll()
            if self.schedule.due == math.inf:
                return
            now = self._clock()
            due = max(self.schedule.due, now)
            if due >= end:
                self._stopped.wait(max(0.0, end - now))
                return
            self._stopped.wait(due - now)

    def stop(self) -> None:
        """Start no further reading. Does not close the source; safe from any thread."""
        self._stopped.set()

    @property
    def is_busy(self) -> bool:
        return not self._is_idle.is_set()

    def start(self, on_fault: Callable[[Exception], object]) -> None:
        """Start a thread that reads at each `request`. `on_fault` gets an error that is not the server's."""
        self._thread = threading.Thread(target=self._serve, args=(on_fault,), name="poller", daemon=True)
        self._thread.start()

    def request(self) -> bool:
        """Request a reading; False where one is under way."""
        if self.is_busy:
            return False
        self._is_idle.clear()
        self._requested.set()
        return True

    def request_if_due(self, now: float) -> bool:
        """Request a reading where the schedule has one due and none is under way; True where that was so."""
        if not self.schedule.is_due(now) or self.is_busy:
            return False
        self.schedule.begin(now)
        return self.request()

    def wait(self, timeout: float) -> bool:
        """Block until no reading is under way, for `timeout` seconds at most; True where none is."""
        return self._is_idle.wait(timeout)

    def close(self) -> None:
        """Stop, close the source, and report nothing more. Waits JOIN_SECONDS at most: a thread in a system call cannot be stopped."""
        self._is_closed = True
        self.stop()
        self._source.close()
        self._requested.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=JOIN_SECONDS)

    def _serve(self, on_fault: Callable[[Exception], object]) -> None:
        while True:
            self._requested.wait()
            self._requested.clear()
            if self.is_stopped:
                return
            try:
                self.poll()
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                if not self.is_stopped:
                    on_fault(error)
            self._is_idle.set()


class PollListener(Protocol):
    """Receives what a poller reports, in the thread that reads."""

    def on_reading(self, reading: Reading) -> None: ...
    def on_failed_reading(self, failure: FailedReading) -> None: ...
    def on_recording_error(self, error: FileError) -> None:
        """The recording can no longer be written or read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading that succeeded."""

    step: Step
    seconds: float = 0.0
    """How long sampling and judging took."""
    is_recovery: bool = False
    """The reading before it failed."""


@dataclass(frozen=True, slots=True)
class FailedReading:
    """One reading that failed."""

    error: SourceError
    retry_seconds: float | None
    """The pause until the next attempt; None where there is no next attempt: the version of the server is not supported."""
    is_first: bool
    """The reading before it succeeded, or there was none."""


class PollSchedule:
    """The instant at which a server is read next. A pause is from the start of one reading to the start of the next, in seconds.

    Not for several threads at once, but for one thread after another.
    """

    def __init__(self, interval: float, slack: float, max_share: float = SERVER_SHARE) -> None:
        """`slack`: how many seconds too early a reading may start, so that the caller needs no finer timer.

        `max_share`: the share of the time that the server may spend on readings; with 1 a slow server gets no longer pauses.
        """
        self.interval = interval
        self.slack = slack
        self._max_share = max_share
        self._last_two_durations = (0.0, 0.0)
        self._failures = 0
        self._due = float("-inf")

    @property
    def pause(self) -> float:
        """The interval; longer where the last two readings took the server long."""
        return max(self.interval, min(self._last_two_durations) / self._max_share)

    @property
    def is_stretched(self) -> bool:
        return self.pause > self.interval

    @property
    def due(self) -> float:
        """The instant of the next reading: -inf for as soon as possible, inf for never."""
        return self._due

    @property
    def has_failed(self) -> bool:
        """Whether the newest reading failed."""
        return self._failures > 0

    def is_due(self, now: float) -> bool:
        return now >= self._due - self.slack

    def begin(self, now: float) -> None:
        """A reading starts. The next is due one pause after the instant planned for this one, or after `now` where this one is late."""
        is_on_time = abs(now - self._due) <= self.slack
        self._due = (self._due if is_on_time else now) + self.pause

    def succeed(self, seconds_at_server: float) -> None:
        """A reading succeeded, on which the server spent this many seconds."""
        self._last_two_durations = (self._last_two_durations[1], seconds_at_server)
        self._failures = 0

    def fail(self, now: float, failed_passes_before: int = 0) -> float:
        """A reading failed: double the pause with each failure in a row, up to MAX_PAUSE_SECONDS. Returns the pause in seconds.

        A caller whose readings succeed may still fail in what it does with them, as a pass of `kill` can. It reports that here,
        with the number of its failed passes in a row before this one: `succeed` has set the number of failed readings to 0.
        """
        self._failures = max(self._failures, failed_passes_before)
        pause = min(MAX_PAUSE_SECONDS, max(self.interval, 2.0 ** min(self._failures, 10)))
        self._failures += 1
        self._due = now + pause
        return pause

    def give_up(self) -> None:
        """A reading failed, and another would fail in the same way: make none due."""
        self._failures += 1
        self._due = math.inf

    def wait_until(self, instant: float) -> None:
        """Make the next reading due at this instant."""
        self._due = instant

    def make_due(self) -> None:
        """Make the next reading due at once."""
        self._due = float("-inf")


OWN_NAME = N_("this tool")


class OwnKills:
    """The KILL statements that we run, each from before it runs until its session is missing. Safe from any thread.

    They explain those sessions, and are subtracted from the number of KILL statements that the server counts (Com_kill).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._victims: set[ProcesslistId] = set()
        """The sessions that our statements end, until they are missing."""
        self._uncounted: set[ProcesslistId] = set()
        """The sessions of our statements that the server has not counted yet, from before each statement runs."""
        self._counted_at_last_sample = 0
        """How many of our statements the server counted at the last sample. The next sample counts each of them again."""
        self._uptime = 0.0

    @contextmanager
    def killing(self, action: Action) -> Iterator[ExitStack]:
        """Expect the block to run the KILL statement, where `action` is one.

        At the end of the block `withdraw` takes that back. A caller whose statement ended the session prevents this: it calls
        `pop_all` of the yielded stack.
        """
        with ExitStack() as stack:
            if isinstance(action, KillSession):
                self.begin(action.session.id)
                stack.callback(self.withdraw, action.session.id)
            yield stack

    def begin(self, victim: ProcesslistId) -> None:
        with self._lock:
            self._victims.add(victim)
            self._uncounted.add(victim)

    def withdraw(self, victim: ProcesslistId) -> None:
        """The statement did not run, or found no session."""
        with self._lock:
            self._victims.discard(victim)
            self._uncounted.discard(victim)

    def added_to(self, sample: Sample) -> Sample:
        """The sample, with our KILL statements among its evidence for the sessions that are missing."""
        with self._lock:
            if sample.server.uptime < self._uptime:  # a restarted server gives the same ids to other sessions
                self._victims.clear()
                self._uncounted.clear()
                self._counted_at_last_sample = 0
            self._uptime = sample.server.uptime
            if not (self._victims or self._uncounted or self._counted_at_last_sample):
                return sample
            missing = self._victims - {session.id for session in sample.sessions}
            self._victims -= missing
            statements_of_others = self._statements_of_others(sample.end_evidence)
        others = tuple(kill for kill in sample.end_evidence.kills if kill.session_id not in missing)
        own = tuple(KillStatement(victim, _(OWN_NAME)) for victim in sorted(missing))
        evidence = replace(sample.end_evidence, kills=(*others, *own), kill_statements=statements_of_others)
        return replace(sample, end_evidence=evidence)

    def _statements_of_others(self, evidence: EndEvidence) -> int | None:
        """How many of `evidence.kill_statements` were not ours; None where the server does not count them.

        Each statement is in the number of two samples. Those of ours that were in the last number are subtracted first; then
        as many of our uncounted statements as the rest can hold.
        """
        # The session of a statement that the server remembers is known, so that statement is not in the number.
        self._uncounted -= {kill.session_id for kill in evidence.kills}
        if evidence.kill_statements is None:
            self._counted_at_last_sample = 0
            return None
        new = max(0, evidence.kill_statements - self._counted_at_last_sample)
        counted_now = sorted(self._uncounted)[:new]
        self._uncounted.difference_update(counted_now)
        self._counted_at_last_sample = len(counted_now)
        return new - len(counted_now)


GAP_SECONDS = 120
"""More seconds than this from one snapshot to the next are a jump of the replay: playing at the highest speed skips fewer."""
SPEEDS = (1, 2, 5, 10, 30, 60)
"""Seconds of the recording per second of ours."""


MAX_DEPARTURES = 10_000


class ReplayPlayer:
    """Plays a recording where a `Poller` would read a server. It can also pause, jump to an instant, and move by samples.

    It begins at the first sample, paused. Any move by hand (`jump`, `move_by`, `to_departure`) pauses it. For one thread.
    """

    is_busy = False
    """Never: reading a recording takes milliseconds."""

    def __init__(self, timeline: Timeline, real: Clock, max_departures: int = MAX_DEPARTURES) -> None:
        """`real` is our own clock, by which the recording is played. `max_departures`: how many of the newest the ledger has.

        Raises FileError.
        """
        self._timeline = timeline
        self._real = real
        self._advanced_at = real()
        self._now = timeline.span[0]
        self._max_departures = max_departures
        self._departures: tuple[Departure, ...] = ()
        self._departures_at = -math.inf
        self._shown: Snapshot | None = None
        self._listener: PollListener | None = None
        self._trend = Trend()
        self._past: TrendReader | None = None
        self.is_playing = False
        self.speed = SPEEDS[0]

    def clock(self) -> float:
        """The instant that is shown."""
        return self._now

    @property
    def trend(self) -> Trend:
        """The number of sessions in the hour before the instant that is shown, as far as it is read by now.

        After a jump a thread reads that hour. The first access after it is done takes its result over.
        """
        if self._past is not None and self._past.trend is not None and self._shown is not None:
            read, self._past = self._past.trend, None
            self._trend = read.followed_by(self._trend).with_snapshot(self._shown)
        return self._trend

    @property
    def span(self) -> tuple[float, float]:
        """The first and the last instant of the recording. Raises FileError."""
        return self._timeline.span

    def attach(self, listener: PollListener) -> None:
        """Report to this listener each snapshot that is shown."""
        self._listener = listener

    def start(self, on_fault: Callable[[Exception], object]) -> None:
        """Do nothing: a replay needs no thread."""

    def close(self) -> None:
        self.is_playing = False
        self._stop_trend()

    def wait(self, timeout: float) -> bool:  # noqa: ARG002 - the signature of Poller
        return True

    def request(self) -> bool:
        """Let time pass, and show what was there then. It pauses at the end, as far as the recording is written by now."""
        last_advanced_at, self._advanced_at = self._advanced_at, self._real()
        passed = max(0.0, self._advanced_at - last_advanced_at) * self.speed * self.is_playing
        self._move(lambda: min(self._now + passed, max(self._now, self.span[1])), playing=self.is_playing)
        return True

    def request_if_due(self, now: float) -> None:  # noqa: ARG002 - the signature of Poller
        self.request()

    def toggle(self) -> None:
        """Play, or pause."""
        self._advanced_at = self._real()
        self.is_playing = not self.is_playing

    def faster(self, steps: int) -> None:
        """Change the speed by so many places of SPEEDS; a negative number slows the replay."""
        index = SPEEDS.index(self.speed) + steps
        self.speed = SPEEDS[min(max(index, 0), len(SPEEDS) - 1)]

    def jump(self, instant: float) -> None:
        """Go to any instant of the recording, or to its end that is nearer."""
        self._move(lambda: min(max(instant, self.span[0]), self.span[1]))

    def move_by(self, samples: int) -> None:
        """Go so many samples on, or back where negative; where there are not as many, to the last there is."""

        def find() -> float:
            at = self._now
            for _sample in range(abs(samples)):
                found = self._timeline.after(at) if samples > 0 else self._before(at)
                if found is None:
                    break
                at = found
            return at

        self._move(find)

    def to_departure(self, *, forward: bool) -> None:
        """Go to the next sample that brought a departure, or back to the one before; stay where there is none."""
        find = self._timeline.after if forward else self._timeline.before
        self._move(lambda: find(self._now, departures=True) or self._now)

    def ledger(self) -> Ledger:
        """The newest departures up to the instant that is shown. Raises FileError."""
        if self._now < self._departures_at:
            self._departures, self._departures_at = (), -math.inf
        if self._now > self._departures_at:
            floor = self._timeline.before(self._now, departures=True, skip=self._max_departures)
            since = max(-math.inf if floor is None else floor, self._departures_at)
            new = self._timeline.departures_between(since, self._now)
            self._departures = (self._departures + new)[-self._max_departures :]
            self._departures_at = self._now
        return Ledger(self._departures)

    def _before(self, at: float) -> float | None:
        """The sample before the one on the board at that instant."""
        shown = self._timeline.before(math.nextafter(at, math.inf))
        return None if shown is None else self._timeline.before(shown)

    def _move(self, find: Callable[[], float], *, playing: bool = False) -> None:
        try:
            self._now = find()
            self.is_playing = playing and self._now < self.span[1]
            shown = self._timeline.snapshot_at(self._now)
        except FileError as error:
            self.is_playing = False
            if self._listener is not None:
                self._listener.on_recording_error(error)
            return
        if shown is not self._shown:
            self._shown = shown
            self._follow_trend(shown)
            if self._listener is not None:
                self._listener.on_reading(Reading(Step(shown)))

    def _follow_trend(self, shown: Snapshot) -> None:
        """Add the shown snapshot to the trend; after a jump read the hour before it, in a thread."""
        newest_at = self._trend.points[-1].at if self._trend.points else math.inf
        self._trend = self._trend.with_snapshot(shown)
        is_jump_forward = shown.taken_at - newest_at > GAP_SECONDS
        is_move_back = shown.taken_at < newest_at and not self._trend.covers(self.span[0])
        if is_jump_forward or (is_move_back and self._past is None):
            self._stop_trend()
            since = max(self.span[0], self._now - TREND_SECONDS)
            self._past = TrendReader(self._timeline.sampled(since, self._now, POINT_SECONDS))

    def _stop_trend(self) -> None:
        if self._past is not None:
            self._past.is_stopped = True


class TrendReader:
    """Reads the trend of a recording in a thread of its own."""

    def __init__(self, snapshots: Iterable[Snapshot]) -> None:
        self.trend: Trend | None = None
        """None until the whole trend is read, and where the recording cannot be read."""
        self.is_stopped = False
        threading.Thread(target=self._read, args=(snapshots,), name="trend", daemon=True).start()

    def _read(self, snapshots: Iterable[Snapshot]) -> None:
        trend = Trend()
        try:
            for snapshot in snapshots:
                trend = trend.with_snapshot(snapshot)
                if self.is_stopped:
                    return
        except FileError:
            return
        self.trend = trend
