"""`python -m goneaway_tui.cli.web_child`: the screen of one browser. `serve` begins it, and says on its standard input what to show."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace

from goneaway_tui.cli import steady_clock
from goneaway_tui.cli.factories import live_source
from goneaway_tui.cli.screen import MonitoredServers, journal_of, show_board
from goneaway_tui.cli.servers import close_all, source_of
from goneaway_tui.cli.terminal import configure_terminal, exit_on_signals, tell
from goneaway_tui.cli.ui_servers import monitor_spec, simulated_server
from goneaway_tui.cli.web_handoff import WebHandoff, read_handoff
from goneaway_tui.errors import ExitCode, GoneawayError
from goneaway_tui.i18n import ENGLISH
from goneaway_tui.ports import Clock

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
    with ExitStack() as stack:
        if settings.simulated:
            servers = stack.enter_context(simulated_server(replace(settings, record=None), clock))
        else:
            servers = _handed_servers(handed, clock)
        return show_board(replace(settings, run_for=None), servers, clock)


def _handed_servers(handed: WebHandoff, clock: Clock) -> MonitoredServers:
    sources = [source_of(member, clock, live_source) for member in handed.members]
    journal = journal_of(clock)
    specs = tuple(
        monitor_spec(member, source, clock, journal)
        for member, source in zip(handed.members, sources, strict=True)
    )
    return MonitoredServers(specs, lambda: close_all(sources))


def _go_with_who_began_us() -> None:
    """Once nobody holds the other end of our input there is nobody to draw for. Such a pipe hangs up, as a terminal does."""
    pipe = select.poll()
    pipe.register(sys.stdin.fileno(), 0)
    pipe.poll()
    os.kill(os.getpid(), signal.SIGHUP)


if __name__ == "__main__":
    sys.exit(main())
