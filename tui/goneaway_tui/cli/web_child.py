"""`python -m goneaway_tui.cli.web_child`: the process that draws the screen of one browser.

`serve` starts it, and writes to its standard input what to show.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace

from goneaway_tui.cli.commands.serve import WebHandoff, read_handoff
from goneaway_tui.cli.factories import live_source, steady_clock
from goneaway_tui.cli.screen import MonitoredServers, journal_of, show_board
from goneaway_tui.cli.servers import source_of
from goneaway_tui.cli.terminal import configure_terminal, exit_on_signals, write_err
from goneaway_tui.cli.ui_servers import monitor_spec, simulated_server
from goneaway_tui.errors import ExitCode, GoneawayError
from goneaway_tui.i18n import ENGLISH
from goneaway_tui.monitor.server_monitor import close_all
from goneaway_tui.ports import Clock

STACK_BYTES = 1 << 20
"""Stack size of each thread; each server has a thread."""
MEMORY_BYTES, MEMORY_BYTES_PER_SERVER = 512 << 20, 8 << 20
"""Limit on the data of the process. A screen over 200 servers of 500 sessions each takes 160 MB."""


def main() -> int:
    exit_on_signals()
    try:
        handoff = read_handoff(sys.stdin.fileno())
        bound_memory(len(handoff.members))
        threading.Thread(target=_exit_with_parent, name="alone", daemon=True).start()
        return run_screen(handoff)
    except GoneawayError as error:
        write_err(error.line)
        return error.exit_code
    except EOFError:
        return ExitCode.DONE


def bound_memory(servers: int) -> None:
    """Limit the memory of this process, so that hostile input ends with MemoryError and does not fill the machine."""
    import resource  # Windows has none; `serve` refuses to run there

    threading.stack_size(STACK_BYTES)
    limit_bytes = MEMORY_BYTES + servers * MEMORY_BYTES_PER_SERVER
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit_bytes < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))


def run_screen(handoff: WebHandoff) -> ExitCode:
    """Show the screen. A server that rejects the connection is shown there and tried again. Raises SettingsError for an unknown
    theme.
    """
    clock, settings = steady_clock(), handoff.settings
    configure_terminal(settings, ENGLISH)
    with ExitStack() as stack:
        if settings.simulated:
            servers = stack.enter_context(simulated_server(replace(settings, record=None), clock))
        else:
            servers = _handoff_servers(handoff, clock)
        return show_board(replace(settings, run_for=None), servers, clock)


def _handoff_servers(handoff: WebHandoff, clock: Clock) -> MonitoredServers:
    sources = [source_of(member, clock, live_source) for member in handoff.members]
    journal = journal_of(clock)
    specs = tuple(
        monitor_spec(member, source, clock, journal)
        for member, source in zip(handoff.members, sources, strict=True)
    )
    return MonitoredServers(specs, lambda: close_all(sources))


def _exit_with_parent() -> None:
    """End this process when `serve` closes the other end of our input, with the signal that a closed terminal sends."""
    pipe = select.poll()
    pipe.register(sys.stdin.fileno(), 0)
    pipe.poll()
    os.kill(os.getpid(), signal.SIGHUP)


if __name__ == "__main__":
    sys.exit(main())
