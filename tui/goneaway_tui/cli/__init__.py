"""The composition root: from argv to settings, a source and a screen or a file, and to an exit status.

Here alone is the time asked, is anything printed, and do rooms that do not know each other meet.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.disk import create, surroundings
from goneaway_tui.cli.terminal import (
    fault,
    may_overwrite,
    require_terminal,
    silence_stdout,
    tell,
    write_out,
)
from goneaway_tui.errors import ExitCode, GoneawayError
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Clock, Executor, Source
from goneaway_tui.settings import (
    Answer,
    Settings,
    hide_secrets,
    resolve,
)

if TYPE_CHECKING:
    from goneaway_tui.tune.journal import Journal


DEMO = Policy(watch_below=45, imminent_below=15)
"""Where the demo draws the lines unless told: its sessions live for a minute."""


NO_SERVER = "these sessions are simulated: there is no server to change"
PATIENCE_SECONDS = 0.7
"""How long connecting may take before it is said that it does."""


def run(argv: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status. Nothing but a line ever reaches the user on failure."""
    try:
        hidden = hide_secrets(argv)
        settings = resolve(argv, surroundings())
        for warning in settings.warnings:
            tell(f"warning: {warning}")
        if isinstance(settings, Answer):
            return _answer(settings)
        if not hidden:
            tell("warning: others on this machine can see the password in the process list; use -p alone")
        return COMMANDS[settings.command](settings)
    except GoneawayError as error:
        tell(error.line)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        silence_stdout()
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the last line of defence: told in one line, kept whole in a file
        tell(fault(error))
        return ExitCode.BUG


def _answer(answer: Answer) -> int:
    if answer.file is None:
        write_out(answer.text)
    else:
        create(answer.file, answer.text)
        tell(f"wrote {answer.file}")
    return ExitCode.DONE


def _ui(settings: Settings) -> int:
    from goneaway_tui.cli.way import way_to
    from goneaway_tui.source.executor import LiveExecutor
    from goneaway_tui.source.live import LiveSource

    require_terminal()
    clock = steady_clock()
    with way_to(settings) as way:
        source = LiveSource(way.address, clock, statements=settings.statements, interval=settings.interval)
        executor = (
            None if settings.read_only else LiveExecutor(way.address, clock, statements=settings.statements)
        )
        return _watch(settings, source, clock, executor, leave=way.close)


def _demo(settings: Settings) -> int:
    from goneaway_tui.source.address import Address
    from goneaway_tui.source.demo import NoServerProgram, start_demo
    from goneaway_tui.source.executor import LiveExecutor
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.source.simulated import SimulatedSource

    require_terminal()
    clock = steady_clock()
    if settings.simulated:
        return _watch(settings, SimulatedSource(clock, statements=settings.statements), clock)
    tell("starting a private server with a living workload; it is removed when you quit ...")
    try:
        demo = start_demo()
    except NoServerProgram as absent:
        greeting = f"{absent.line}. These sessions are simulated."
        tell(greeting)
        return _watch(
            settings, SimulatedSource(clock, statements=settings.statements), clock, greeting=greeting
        )
    if settings.origins["watch_below"] == settings.origins["imminent_below"] == "default":
        settings = replace(settings, watch_below=DEMO.watch_below, imminent_below=DEMO.imminent_below)
    try:
        address = Address(socket=demo.socket, user=demo.user, label="demo (private server)")
        admin = replace(address, user=demo.admin)
        executor = None if settings.read_only else LiveExecutor(admin, clock, statements=settings.statements)
        return _watch(settings, LiveSource(address, clock, statements=settings.statements), clock, executor)
    finally:
        demo.close()


def _snapshot(settings: Settings) -> int:
    from goneaway_tui.cli.way import way_to
    from goneaway_tui.export import FORMATS, save
    from goneaway_tui.judge import judge
    from goneaway_tui.source.live import LiveSource

    with way_to(settings) as way:
        source = LiveSource(way.address, steady_clock(), statements=settings.statements)
        try:
            taken = judge(source.sample(), None, _policy(settings))
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


def _explain(settings: Settings) -> int:
    from goneaway_tui.cli.explain import chosen_format, explain, facts_from
    from goneaway_tui.doctor.evidence import NO_SERVER

    chosen, clock, facts = chosen_format(settings.format), steady_clock(), NO_SERVER
    if settings.live:
        from goneaway_tui.source.live import LiveSource

        facts = facts_from(LiveSource(_address(settings.connection), clock, statements=settings.statements))
    return explain(settings.files, chosen, facts, clock)


COMMANDS = {"ui": _ui, "demo": _demo, "snapshot": _snapshot, "explain": _explain}


def _watch(
    settings: Settings,
    source: Source,
    clock: Clock,
    executor: Executor | None = None,
    greeting: str = "",
    leave: Callable[[], None] = lambda: None,
) -> int:
    """Read once, so that a server that refuses is told before the screen opens; then show the board."""
    from goneaway_tui.judge import judge

    try:
        patience = threading.Timer(PATIENCE_SECONDS, tell, [f"connecting to {source.name} ..."])
        patience.daemon = True
        patience.start()
        try:
            first: Snapshot = judge(source.sample(), None, _policy(settings))
        finally:
            patience.cancel()
        from goneaway_tui.ui.app import GoneawayApp

        app = GoneawayApp(
            source,
            clock,
            _policy(settings),
            first=first,
            interval=settings.interval,
            theme=settings.theme,
            run_for=settings.run_for,
            greeting=greeting,
            executor=executor,
            journal=_journal(clock) if executor is not None else None,
            why_read_only=why_read_only(settings),
        )
        signal.signal(signal.SIGHUP, lambda *_: _hang_up(source, leave))
        app.run()
    finally:
        source.close()
    if app.interrupted:
        return ExitCode.INTERRUPTED
    if app.crash is not None:
        tell(fault(app.crash))
        return ExitCode.BUG
    return ExitCode.DONE


def why_read_only(settings: Settings) -> str:
    if not settings.read_only:
        return NO_SERVER
    return f"read-only by {settings.origins['read_only']}: nothing can be changed"


def _journal(clock: Clock) -> Journal:
    from platformdirs import user_state_path

    from goneaway_tui.tune.journal import Journal

    return Journal(user_state_path("goneaway-tui") / "journal.jsonl", clock)


def _hang_up(source: Source, leave: Callable[[], None]) -> None:
    """The terminal is gone: nothing to restore, nobody to tell. Let the server's session go, and be gone at once.

    Not by way of the screen's own end, which waits for a terminal that answers no more.
    """
    source.close()
    leave()
    os._exit(128 + signal.SIGHUP)


def steady_clock() -> Clock:
    """Seconds since 1970 that no setting of this machine's clock moves; a laptop's sleep counts."""
    ticks = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    began, began_ticks = time.time(), time.clock_gettime(ticks)
    return lambda: began + (time.clock_gettime(ticks) - began_ticks)


def _policy(settings: Settings) -> Policy:
    return Policy(watch_below=settings.watch_below, imminent_below=settings.imminent_below)
