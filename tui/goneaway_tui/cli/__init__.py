"""The composition root: from argv to settings, a source and a screen or a file, and to an exit status.

Here alone is the time asked, is anything printed, and do rooms that do not know each other meet.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

from goneaway_tui.cli.factories import live_source, recorder_of
from goneaway_tui.cli.filesystem import create, local_environment
from goneaway_tui.cli.screen import MonitoredServers, journal_of, policy_of, settings_spec, show_server
from goneaway_tui.cli.terminal import (
    configure_terminal,
    may_overwrite,
    report_fault,
    require_terminal,
    set_language,
    silence_stdout,
    tell,
    write_out,
)
from goneaway_tui.errors import ExitCode, GoneawayError, SourceError
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.snapshot import Policy
from goneaway_tui.ports import Clock
from goneaway_tui.settings import (
    Environment,
    InfoAnswer,
    Settings,
    hide_secrets,
    language_asked,
    resolve_each,
)
from goneaway_tui.settings.options import EXPORTER, SERVE, UI

SEEN = marked("others on this machine can see the password in the process list; use -p alone")
DEMO = Policy(watch_below=10, imminent_below=5)
"""Where the demo draws the lines unless told: its global limit is 15 s."""


def run(argv: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status. Nothing but a line ever reaches the user on failure."""
    try:
        hidden = hide_secrets(argv)
        around = local_environment()
        spoken = language_asked(argv, around.environ)
        set_language(spoken)
        told = resolve_each(argv, around)
        said = (told,) if isinstance(told, InfoAnswer) else told
        for warning in dict.fromkeys(warning for each in said for warning in each.warnings):
            tell(_("warning: {warning}", warning=warning))
        if isinstance(told, InfoAnswer):
            return _answer(told)
        if not hidden:
            tell(_("warning: {warning}", warning=_(SEEN)))
        configure_terminal(told[0], spoken)
        return _run(told, argv, around)
    except GoneawayError as error:
        tell(error.line)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        silence_stdout()
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the last line of defence: told in one line, kept whole in a file
        tell(report_fault(error))
        return ExitCode.BUG


def _run(each: tuple[Settings, ...], argv: Sequence[str], around: Environment) -> int:
    first = each[0]
    if len(each) > 1 or first.command in {EXPORTER, SERVE}:
        from goneaway_tui.cli.commands.several import run_over

        return run_over(each, steady_clock(), live_source)
    return _chosen(first, argv, around) if first.command == UI else COMMANDS[first.command](first)


def _answer(answer: InfoAnswer) -> int:
    for line in answer.faults:
        tell(line)
    if answer.faults:
        return ExitCode.USAGE
    if answer.file is None:
        write_out(answer.text)
    else:
        create(answer.file, answer.text)
        tell(_("wrote {file}", file=answer.file))
    return ExitCode.DONE


def _chosen(settings: Settings, argv: Sequence[str], around: Environment) -> int:
    """The board, on the server that was named; where none was, on one that is chosen on the screen."""
    from goneaway_tui.cli.server_chooser import choose_server, has_no_server

    require_terminal()
    return choose_server(settings, argv, around, _ui) if has_no_server(settings) else _ui(settings)


def _ui(settings: Settings) -> int:
    from goneaway_tui.cli.ui_servers import live_server

    clock = steady_clock()
    with live_server(settings, clock, live_source) as servers:
        return show_server(settings, servers, clock)


def _demo(settings: Settings) -> int:
    from goneaway_tui.cli.commands.explain import LocalZone
    from goneaway_tui.source.address import Address
    from goneaway_tui.source.demo import NoServerProgram, start_demo
    from goneaway_tui.source.error_log import ErrorLog
    from goneaway_tui.source.executor import LiveExecutor
    from goneaway_tui.source.live import LiveSource

    require_terminal()
    clock = steady_clock()
    if settings.simulated:
        return _simulated(settings, clock)
    tell(_("starting a private server with a living workload; it is removed when you quit ..."))
    try:
        demo = start_demo()
    except NoServerProgram as absent:
        greeting = _("{why}. These sessions are simulated.", why=absent.line)
        tell(greeting)
        return _simulated(settings, clock, greeting)
    if settings.origins["watch_below"] == settings.origins["imminent_below"] == "default":
        settings = replace(settings, watch_below=DEMO.watch_below, imminent_below=DEMO.imminent_below)
    try:
        address = Address(socket=demo.socket, user=demo.user, label=_("demo (private server)"))
        admin = replace(address, user=demo.admin)
        executor = None if settings.read_only else LiveExecutor(admin, clock, statements=settings.statements)
        log = ErrorLog(demo.error_log, LocalZone())
        source = LiveSource(address, clock, statements=settings.statements, log=log)
        journal = None if executor is None else journal_of(clock)
        with recorder_of(settings, source.name) as recorder:
            spec = replace(
                settings_spec(settings, source), executor=executor, journal=journal, recorder=recorder
            )
            return show_server(settings, MonitoredServers((spec,), source.close), clock)
    finally:
        demo.close()


def _simulated(settings: Settings, clock: Clock, greeting: str = "") -> int:
    from goneaway_tui.cli.ui_servers import simulated_server

    with simulated_server(settings, clock) as servers:
        return show_server(settings, servers, clock, greeting)


def _snapshot(settings: Settings) -> int:
    from goneaway_tui.cli.connect import route_to
    from goneaway_tui.export import FORMATS, save
    from goneaway_tui.judge import judge

    with route_to(settings) as way:
        source = live_source(settings, way.address, steady_clock())
        try:
            taken = judge(source.sample(), None, policy_of(settings))
        finally:
            source.close()
    chosen = settings.format or "json"
    if settings.output is None:
        text = StringIO()
        FORMATS[chosen].write(taken, text)
        write_out(text.getvalue())
    else:
        save(taken, chosen, settings.output, overwrite=may_overwrite(Path(settings.output)))
    return ExitCode.DONE


def _watch(settings: Settings) -> int:
    from goneaway_tui.cli.commands.watch import watch
    from goneaway_tui.cli.connect import route_to

    clock = steady_clock()
    with route_to(settings) as way, recorder_of(settings, way.address.name) as recorder:
        source = live_source(settings, way.address, clock)
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
            )
        finally:
            source.close()


def _explain(settings: Settings) -> int:
    from goneaway_tui.cli.commands.explain import (
        chosen_format,
        facts_from,
        log_entries,
        recorded_departures,
        write_explanations,
    )
    from goneaway_tui.cli.connect import route_to
    from goneaway_tui.doctor.case import NO_SERVER

    chosen, clock, facts = chosen_format(settings.format), steady_clock(), NO_SERVER
    unasked: SourceError | None = None
    if settings.live:
        try:
            with route_to(settings) as way:
                facts = facts_from(live_source(replace(settings, error_log=None), way.address, clock))
        except SourceError as error:
            unasked = error
            tell(_("the server could not be asked, so this is told by the log alone: {why}", why=error.line))
    if settings.error_log is not None:
        facts = replace(facts, log=log_entries(settings.error_log))
    if settings.recording is not None:
        facts = replace(facts, departures=recorded_departures(settings.recording))
    told = write_explanations(settings.files, chosen, facts, clock)
    return told if unasked is None else unasked.exit_code


def _replay(settings: Settings) -> int:
    from goneaway_tui.cli.commands.replay import replay

    return replay(settings, steady_clock())


COMMANDS = {
    "replay": _replay,
    "demo": _demo,
    "snapshot": _snapshot,
    "watch": _watch,
    "explain": _explain,
}


def steady_clock() -> Clock:
    """Seconds since 1970 that no setting of this machine's clock moves; a laptop's sleep counts."""
    ticks = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    began, began_ticks = time.time(), time.clock_gettime(ticks)
    return lambda: began + (time.clock_gettime(ticks) - began_ticks)
