"""The composition root: turn argv into settings, run the command, and return an exit status.

Only the package `cli` reads the clock, prints, and connects packages that do not import each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from goneaway_tui.cli.factories import (
    LocalZone,
    create,
    live_source,
    local_environment,
    recorder_of,
    steady_clock,
)
from goneaway_tui.cli.screen import MonitoredServers, journal_of, settings_spec, show_server
from goneaway_tui.cli.terminal import (
    configure_terminal,
    report_fault,
    require_terminal,
    set_language,
    silence_stdout,
    write_err,
    write_out,
)
from goneaway_tui.errors import ExitCode, GoneawayError, SettingsError
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings import (
    Environment,
    InfoAnswer,
    Settings,
    hide_secrets,
    language_asked,
    resolve_each,
)
from goneaway_tui.settings.options import (
    ADVISE,
    DEMO,
    DOCTOR_BUNDLE,
    EXPLAIN,
    EXPORTER,
    KILL,
    REPLAY,
    SERVE,
    SNAPSHOT,
    UI,
    WATCH,
)

if TYPE_CHECKING:
    from goneaway_tui.ports import Clock

PASSWORD_VISIBLE = N_("other users of this machine can see the password in the process list; use -p alone")
DEMO_WATCH_BELOW, DEMO_IMMINENT_BELOW = 10.0, 5.0
"""Seconds to the deadline that the demo warns at by default: the global limit of its server is 15 s."""


def run(argv: Sequence[str]) -> int:
    """Run the command line and return the exit status. Write each failure to standard error as one line."""
    try:
        is_password_hidden = hide_secrets(argv)
        environment = local_environment()
        language = language_asked(argv, environment.environ)
        set_language(language)
        resolved = resolve_each(argv, environment)
        answers = (resolved,) if isinstance(resolved, InfoAnswer) else resolved
        for warning in dict.fromkeys(warning for answer in answers for warning in answer.warnings):
            write_err(_("warning: {warning}", warning=warning))
        if isinstance(resolved, InfoAnswer):
            return _answer(resolved)
        if not is_password_hidden:
            write_err(_("warning: {warning}", warning=_(PASSWORD_VISIBLE)))
        configure_terminal(resolved[0], language)
        return _run(resolved, argv, environment)
    except GoneawayError as error:
        write_err(error.line)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        silence_stdout()
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - an error of ours: reported in one line, with the traceback in a file
        write_err(report_fault(error))
        return ExitCode.BUG


def _run(servers: tuple[Settings, ...], argv: Sequence[str], environment: Environment) -> int:
    """Run the command that the settings name. Raises SettingsError for several servers if the command takes one."""
    command = servers[0].command
    if len(servers) > 1 and command in ONE_SERVER:
        raise SettingsError(
            _("{command} works with one server only", command=command),
            _("with several servers, use one of {names}", names=", ".join((UI, *SEVERAL_SERVERS))),
        )
    if command == UI:
        return _board(servers, argv, environment)
    if command in ONE_SERVER:
        return ONE_SERVER[command](servers[0], steady_clock())
    return SEVERAL_SERVERS[command](servers, steady_clock())


def _answer(answer: InfoAnswer) -> int:
    for line in answer.faults:
        write_err(line)
    if answer.faults:
        return ExitCode.USAGE
    if answer.page is not None:
        from goneaway_tui.cli.commands.docs import show_page

        show_page(answer.page)
    elif answer.file is None:
        write_out(answer.text)
    else:
        create(answer.file, answer.text)
        write_err(_("wrote {file}", file=answer.file))
    return ExitCode.DONE


def _board(servers: Sequence[Settings], argv: Sequence[str], environment: Environment) -> int:
    """Show the board of the servers that are named; where no server is named, of one that the user chooses on the screen."""
    if len(servers) > 1:
        from goneaway_tui.cli.ui_servers import several_servers_board

        return several_servers_board(servers, steady_clock(), live_source)
    from goneaway_tui.cli.server_chooser import choose_server, has_no_server

    require_terminal()
    settings = servers[0]
    if has_no_server(settings):
        return choose_server(settings, argv, environment, _one_server_board)
    return _one_server_board(settings)


def _one_server_board(settings: Settings) -> int:
    from goneaway_tui.cli.ui_servers import live_server

    clock = steady_clock()
    with live_server(settings, clock, live_source) as servers:
        return show_server(settings, servers, clock)


def _demo(settings: Settings, clock: Clock) -> int:
    require_terminal()
    if settings.simulated:
        return _simulated(settings, clock)
    from goneaway_tui.source.demo import NoServerProgram, start_demo
    from goneaway_tui.source.error_log import ErrorLog
    from goneaway_tui.source.executor import LiveExecutor
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.source.sockets import Address

    write_err(_("starting a private server with a live workload; it is removed at the end ..."))
    try:
        demo = start_demo(clock)
    except NoServerProgram as absent:
        greeting = _("{why}. These sessions are simulated.", why=absent.line)
        write_err(greeting)
        return _simulated(settings, clock, greeting)
    if settings.origins["watch_below"] == settings.origins["imminent_below"] == "default":
        settings = replace(settings, watch_below=DEMO_WATCH_BELOW, imminent_below=DEMO_IMMINENT_BELOW)
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


def _replay(settings: Settings, clock: Clock) -> int:
    from goneaway_tui.cli.commands.replay import replay

    return replay(settings, clock)


def _doctor_bundle(settings: Settings, clock: Clock) -> int:
    from goneaway_tui.cli.commands.doctor_bundle import doctor_bundle

    return doctor_bundle(settings, clock)


def _snapshot(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.snapshot import snapshot

    return snapshot(servers, clock)


def _watch(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.watch import run_watch

    return run_watch(servers, clock)


def _kill(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.kill import run_kill

    return run_kill(servers, clock)


def _explain(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.explain import explain

    return explain(servers, clock)


def _advise(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.advise import run_advise

    return run_advise(servers, clock)


def _exporter(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.exporter import exporter

    return exporter(servers, clock, live_source)


def _serve(servers: Sequence[Settings], clock: Clock) -> int:
    from goneaway_tui.cli.commands.serve import run_web_service

    return run_web_service(servers, clock)


ONE_SERVER: Mapping[str, Callable[[Settings, Clock], int]] = {
    REPLAY: _replay,
    DEMO: _demo,
    DOCTOR_BUNDLE: _doctor_bundle,
}
"""The commands that take at most one server."""
SEVERAL_SERVERS: Mapping[str, Callable[[Sequence[Settings], Clock], int]] = {
    SNAPSHOT: _snapshot,
    WATCH: _watch,
    KILL: _kill,
    EXPLAIN: _explain,
    ADVISE: _advise,
    EXPORTER: _exporter,
    SERVE: _serve,
}
"""The commands that take one server or several, besides the board."""
