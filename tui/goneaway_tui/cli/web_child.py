"""`python -m goneaway_tui.cli.web_child`: the screen of one browser. `serve` begins it, and says on its standard input what to show."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack

from goneaway_tui.cli import steady_clock
from goneaway_tui.cli.factories import live_source
from goneaway_tui.cli.screen import journal_of, policy_of, run_app, why_read_only
from goneaway_tui.cli.servers import close_all, source_of
from goneaway_tui.cli.terminal import configure_terminal, exit_on_signals, tell
from goneaway_tui.cli.ui_servers import monitor_spec
from goneaway_tui.cli.web_handoff import WebHandoff, read_handoff
from goneaway_tui.errors import ExitCode, GoneawayError
from goneaway_tui.i18n import ENGLISH
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.ports import Clock, Source
from goneaway_tui.settings import Settings
from goneaway_tui.ui.app import GoneawayApp

STACK_BYTES = 1 << 20
"""Of each thread; there is one for each server."""
MEMORY_BYTES, MEMORY_BYTES_A_SERVER = 512 << 20, 8 << 20
"""How much data the process may hold. A screen over 200 servers of 500 sessions each takes 160 MB."""


def main() -> int:
    exit_on_signals()
    try:
        handed = read_handoff(sys.stdin.fileno())
        bound_memory(len(handed.members))
        threading.Thread(target=_go_with_who_began_us, name="alone", daemon=True).start()
        return run_screen(handed)
    except GoneawayError as error:
        tell(error.line)
        return error.exit_code
    except EOFError:
        return ExitCode.DONE


def bound_memory(servers: int) -> None:
    """Whatever a browser sends, this machine goes on: what asks for more than its share ends with MemoryError."""
    threading.stack_size(STACK_BYTES)
    most = MEMORY_BYTES + servers * MEMORY_BYTES_A_SERVER
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def run_screen(handed: WebHandoff) -> ExitCode:
    """Who refuses is told of on the screen, and tried again. Raises SettingsError for a theme that does not exist."""
    clock, settings = steady_clock(), handed.settings
    configure_terminal(settings, ENGLISH)
    with ExitStack() as held:
        sources, subjects = _simulated(settings, clock, held) if settings.simulated else _real(handed, clock)
        held.callback(close_all, sources)
        app = GoneawayApp(subjects, clock, theme=settings.theme, wall=settings.wall)
        app.set_keymap(settings.keys)
        return run_app(app, lambda: close_all(sources))


def _real(handed: WebHandoff, clock: Clock) -> tuple[Sequence[Source], Sequence[MonitorSpec]]:
    sources = [source_of(member, clock, live_source) for member in handed.members]
    journal = journal_of(clock)
    each = zip(handed.members, sources, strict=True)
    return sources, [monitor_spec(member, source, clock, journal) for member, source in each]


def _simulated(
    settings: Settings, clock: Clock, held: ExitStack
) -> tuple[Sequence[Source], Sequence[MonitorSpec]]:
    from goneaway_tui.cli.ui_servers import simulated_run

    it = held.enter_context(simulated_run(settings, clock))
    subject = MonitorSpec(
        it.source,
        policy_of(settings),
        interval=settings.interval,
        executor=it.executor,
        journal=it.journal,
        why_read_only=why_read_only(settings),
    )
    return [it.source], [subject]


def _go_with_who_began_us() -> None:
    """Once nobody holds the other end of our input there is nobody to draw for. Such a pipe hangs up, as a terminal does."""
    pipe = select.poll()
    pipe.register(sys.stdin.fileno(), 0)
    pipe.poll()
    os.kill(os.getpid(), signal.SIGHUP)


if __name__ == "__main__":
    sys.exit(main())
