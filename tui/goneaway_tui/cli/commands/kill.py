"""`goneaway-tui kill`: kill the sessions that a filter matches, once or repeatedly; without `--apply` only list them."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from goneaway_tui.cli.commands.watch import ExecHook, lines
from goneaway_tui.cli.connect import route_to
from goneaway_tui.cli.factories import live_source
from goneaway_tui.cli.screen import journal_of, policy_of, why_read_only
from goneaway_tui.cli.servers import UnreachedSource, configured_servers, executor_of, source_of
from goneaway_tui.cli.terminal import exiting_on_signals, write_err, write_out
from goneaway_tui.errors import ExitCode, FileError, SettingsError, SourceError
from goneaway_tui.export import data
from goneaway_tui.export.data import Data
from goneaway_tui.i18n import N_, NC_, _, ngettext
from goneaway_tui.judge import Step
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import HIDES_SESSIONS
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.monitor.poller import WAKE_UP_SECONDS, FailedReading, Poller, PollSchedule, Reading
from goneaway_tui.monitor.server_monitor import close_all
from goneaway_tui.ports import Clock, Executor
from goneaway_tui.settings import Settings
from goneaway_tui.source.live import LiveSource
from goneaway_tui.text.format import age_words, in_list
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.kill_rules import (
    KillEvent,
    KillPass,
    KillResult,
    choose_victims,
    hidden_field_problem,
    kill_filter,
)

EVENT_WORDS = {
    KillEvent.MATCH: N_("match"),
    KillEvent.KILLED: NC_("result", "killed"),
    KillEvent.SPARED: N_("spared"),
    KillEvent.GONE: N_("gone"),
    KillEvent.REFUSED: N_("refused"),
}
"""Each event as a person reads it; in English the word of the JSON contract."""
BORROWED = N_("the server gave no second connection, so KILL ran on the connection that reads the samples")


@dataclass(frozen=True, slots=True)
class KillTarget:
    """One server to kill on: its settings, its source and its executor."""

    name: str | None
    """None where there is one server."""
    settings: Settings
    source: LiveSource | UnreachedSource
    executor: Executor | None
    """None without --apply."""


class KillRun:
    """Reads one server once or repeatedly, and kills what matches. Keeps one snapshot."""

    def __init__(
        self, target: KillTarget, clock: Clock, journal: Journal, report: Callable[[Data, KillResult], None]
    ) -> None:
        """`report` writes an event. It is called in the thread of `run`."""
        self._target, self._settings = target, target.settings
        self._filter = kill_filter(self._settings.match or "")
        self._clock, self._journal, self._report = clock, journal, report
        self._own_ids: tuple[int, ...] = ()
        self._is_refusing = self._has_reported_borrowing = self._has_reported_hidden = False
        """What was reported already: a refused pass, the use of the reading connection, hidden sessions."""
        self._failed_passes = 0
        """How many failed in a row, each though its reading succeeded."""
        self.counts: Counter[KillEvent] = Counter()
        """The number of matched sessions by their outcome, over all passes."""
        self.was_refused = self.has_failed = False
        """Whether a whole pass was refused; whether the only pass failed."""
        self._poller = Poller(
            target.source,
            clock,
            self,
            PollSchedule(self._settings.every or self._settings.interval, WAKE_UP_SECONDS),
            policy=policy_of(self._settings),
            server_name=target.name or "",
        )

    @property
    def has_read(self) -> bool:
        """Whether the server has ever answered."""
        return self._poller.has_read

    def stop(self) -> None:
        """End the run after the session that is being killed now. Any thread may call this."""
        self._poller.stop()

    def run(self) -> None:
        """Make one pass; with --every, passes until stopped or until the time of the settings is over.

        Raises FileError. For one server it also raises SourceError, where the first reading or the only pass fails.
        """
        if self._settings.every is None:
            self._poller.poll()
        else:
            self._poller.run(self._settings.run_for)

    def on_reading(self, reading: Reading) -> None:
        """Make one pass over the sessions of a reading. Report only the first of several failed passes in a row."""
        self._own_ids = reading.step.snapshot.sample.server.own_session_ids
        if reading.is_recovery and not self._failed_passes:
            self._report_recovery()
        try:
            self._make_pass(reading.step)
        except SourceError as error:
            self.has_failed = self._settings.every is None
            if self.has_failed and self._target.name is None:
                raise
            if not self._failed_passes:
                write_err(self._with_name(error.line))
            self._poller.schedule.fail(self._clock(), self._failed_passes)
            self._failed_passes += 1
        else:
            if self._failed_passes:
                self._report_recovery()
            self._failed_passes = 0

    def _report_recovery(self) -> None:
        write_err(self._with_name(_("the server answers again")))

    def on_failed_reading(self, failure: FailedReading) -> None:
        """Report the first of several failures in a row."""
        is_final = self._settings.every is None or failure.retry_seconds is None
        if self._target.name is None and (is_final or not self.has_read):
            raise failure.error
        if failure.is_first:
            write_err(self._with_name(failure.error.line))

    def on_recording_error(self, error: FileError) -> None:
        raise error

    def _make_pass(self, step: Step) -> None:
        settings, snapshot = self._settings, step.snapshot
        problem = hidden_field_problem(self._filter, snapshot.sample, statements=settings.statements)
        if problem is not None:
            self._refuse(problem)
            return
        self._report_hidden_sessions(snapshot.sample)
        victims = choose_victims(snapshot, self._filter, settings.never_kill, query=settings.query)
        kill_pass = KillPass(self._filter, step, victims, settings.query)
        executor = self._target.executor
        if executor is None:
            for result in kill_pass.matches():
                self._report_result(result, snapshot.taken_at)
        if len(victims) > settings.max_kills:
            self.counts[KillEvent.MATCH] += len(victims) if executor is not None else 0
            self._refuse(_too_many(len(victims), settings.max_kills))
            return
        self._is_refusing = False
        if executor is not None and victims:
            name = self._target.name or self._target.source.name
            gate = Gate(executor, self._journal, executor.privileges(), name, lambda: self._own_ids)
            for result in kill_pass.perform(gate, self._clock, lambda: self._poller.is_stopped):
                self._report_result(result, self._clock())

    def _report_hidden_sessions(self, sample: Sample) -> None:
        """Report once that hidden sessions cannot match, where the account does not see every session."""
        why = next((limit.why for limit in sample.limitations if limit.what in HIDES_SESSIONS), None)
        if why is not None and not self._has_reported_hidden:
            self._has_reported_hidden = True
            words = _(
                "the account cannot see every session, and hidden sessions never match: {why}", why=_(why)
            )
            write_err(self._with_name(words))

    def _refuse(self, why: str) -> None:
        """Refuse a whole pass. Report only the first of several in a row."""
        self.was_refused = True
        if not self._is_refusing:
            write_err(self._with_name(why))
        self._is_refusing = True

    def _report_result(self, result: KillResult, now: float) -> None:
        self.counts[result.event] += 1
        if result.was_borrowed and not self._has_reported_borrowing:
            self._has_reported_borrowing = True
            write_err(self._with_name(_(BORROWED)))
        name = self._target.name
        event = {
            "event": result.event.value,
            "at": data.iso_instant(now),
            **data.kill_data(result.verdict, now),
            "statement": result.statement,
            "why": result.why or None,
        }
        self._report(event if name is None else data.with_server_name(name, event), result)

    def _with_name(self, what: str) -> str:
        name = self._target.name
        return what if name is None else _("{place}: {what}", place=name, what=what)


def _too_many(matches: int, limit: int) -> str:
    matched = ngettext("{number:,} session matches", "{number:,} sessions match", matches)
    return _(
        "{matched}, more than --max={limit}: no session is killed; narrow the filter, or raise --max",
        matched=matched,
        limit=limit,
    )


def run_kill(servers: Sequence[Settings], clock: Clock) -> int:
    """Kill on one server or several, and return the exit status.

    Raises SettingsError and FileError; SourceError only where there is one server.
    """
    for settings in servers:
        if settings.apply and settings.read_only:
            raise SettingsError(why_read_only(settings), _("leave out --apply to list what would be killed"))
    signals: list[int] = []
    with ExitStack() as stack:
        report = stack.enter_context(_open_report(servers[0]))
        targets = _one_target if len(servers) == 1 else _several_targets
        members = stack.enter_context(targets(servers, clock))
        journal = journal_of(clock)
        runs = [KillRun(member, clock, journal, report) for member in members]

        def on_signal(number: int) -> None:
            signals.append(number)
            for run in runs:
                run.stop()
            close_all(member.source for member in members)

        with exiting_on_signals(on_signal):
            try:
                _run_all(runs)
            except SourceError:
                if not signals:
                    raise
    counts = sum((run.counts for run in runs), Counter[KillEvent]())
    if counts.keys() - {KillEvent.MATCH} or not any(run.was_refused for run in runs):
        write_err(_totals(counts, is_dry=not servers[0].apply, query=servers[0].query))
    return ExitCode.INTERRUPTED if signal.SIGINT in signals else _status(runs, counts)


def _status(runs: Sequence[KillRun], counts: Counter[KillEvent]) -> ExitCode:
    """The status of the worst outcome: no answer or a rejected statement, then a refused pass, then no match."""
    if counts[KillEvent.REFUSED] or any(run.has_failed or not run.has_read for run in runs):
        return ExitCode.UNREACHABLE
    if any(run.was_refused for run in runs):
        return ExitCode.USAGE
    return ExitCode.DONE if counts.total() else ExitCode.NOTHING_FOUND


def _run_all(runs: Sequence[KillRun]) -> None:
    """Run a single run in this thread, several in a thread each."""
    if len(runs) == 1:
        runs[0].run()
        return
    with ThreadPoolExecutor(len(runs), thread_name_prefix="kill") as threads:
        try:
            done, _waiting = wait([threads.submit(run.run) for run in runs], return_when=FIRST_EXCEPTION)
        finally:
            for run in runs:
                run.stop()
    for future in done:
        future.result()


@contextmanager
def _one_target(servers: Sequence[Settings], clock: Clock) -> Iterator[list[KillTarget]]:
    settings = _polling_settings(servers[0])
    with route_to(settings) as route:
        source = live_source(settings, route.address, clock)
        try:
            executor = executor_of(settings, route.address, clock, source) if settings.apply else None
            yield [KillTarget(None, settings, source, executor)]
        finally:
            source.close()


@contextmanager
def _several_targets(servers: Sequence[Settings], clock: Clock) -> Iterator[list[KillTarget]]:
    with configured_servers(list(map(_polling_settings, servers))) as members:
        targets = []
        for member in members:
            source, executor = source_of(member, clock, live_source), None
            if member.settings.apply and member.address is not None and isinstance(source, LiveSource):
                executor = executor_of(member.settings, member.address, clock, source)
            targets.append(KillTarget(member.name, member.settings, source, executor))
        try:
            yield targets
        finally:
            close_all(target.source for target in targets)


def _polling_settings(settings: Settings) -> Settings:
    """The settings with which the server is read: at the pace of the passes, without its error log."""
    return replace(settings, interval=settings.every or settings.interval, error_log=None)


# --- Output


@contextmanager
def _open_report(settings: Settings) -> Iterator[Callable[[Data, KillResult], None]]:
    """While inside, yield a function that writes an event to standard output and passes each kill to `--exec`.

    Any thread may call it.
    """
    with ExitStack() as stack:
        is_json = settings.format == "json"
        write = stack.enter_context(lines(None))
        hook = stack.enter_context(ExecHook(settings.execute, needs_all=True)) if settings.execute else None
        writing = threading.Lock()

        def report(event: Data, result: KillResult) -> None:
            if is_json:
                write(event)
            else:
                with writing:
                    write_out(_line(event, result))
            if hook is not None and result.event is KillEvent.KILLED:
                hook.send(event)

        yield report


def _line(event: Data, result: KillResult) -> str:
    """One event for a person: what, the statement, the session, and why."""
    parts = [_(EVENT_WORDS[result.event]), result.statement]
    if "server_name" in event:
        parts.insert(0, str(event["server_name"]))
    parts += _session_words(result.verdict, event)
    line = "  ".join(filter(None, map(plain, parts)))
    return f"{line}: {plain(result.why, 500)}\n" if result.why else f"{line}\n"


def _session_words(verdict: Verdict, event: Data) -> Iterator[str]:
    session = verdict.session
    yield f"{session.user}@{session.host}"
    yield session.program or ""
    idle, busy = event["idle_seconds"], event["busy_seconds"]
    if isinstance(idle, int | float):
        yield _("idle {time}", time=age_words(idle))
    elif isinstance(busy, int | float):
        yield _("running {time}", time=age_words(busy))
    else:
        yield session.command
    if session.transaction is not None:
        rows = session.transaction.rows_modified
        yield (
            _("open transaction")
            if rows is None
            else ngettext("open transaction, {number:,} row", "open transaction, {number:,} rows", rows)
        )


def _totals(counts: Counter[KillEvent], *, is_dry: bool, query: bool) -> str:
    """How many sessions had each outcome, in one line. `query`: whether their statements were killed."""
    if not counts.total():
        return _("no session matches")
    if is_dry:
        matched = ngettext("{number:,} session matches", "{number:,} sessions match", counts[KillEvent.MATCH])
        return _("{matched}; nothing was killed; add --apply to kill", matched=matched)
    killed = counts[KillEvent.KILLED]
    if not killed:
        words = [_("nothing was killed")]
    elif query:
        words = [ngettext("{number:,} statement was killed", "{number:,} statements were killed", killed)]
    else:
        words = [ngettext("{number:,} session was killed", "{number:,} sessions were killed", killed)]
    others = (
        (KillEvent.SPARED, N_("{number} skipped")),
        (KillEvent.GONE, N_("{number} had already ended")),
        (KillEvent.REFUSED, N_("{number} refused by the server")),
    )
    words += [_(message, number=f"{counts[event]:,}") for event, message in others if counts[event]]
    return in_list(words)
