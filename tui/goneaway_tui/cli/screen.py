"""The board on the terminal: which servers it shows, its signals, and Python's search for cyclic garbage while it runs."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from goneaway_tui.cli.factories import LocalZone
from goneaway_tui.cli.terminal import exiting_on_signals, report_fault, silence_terminal, write_err
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import _
from goneaway_tui.settings import Settings
from goneaway_tui.system import HANGUP

if TYPE_CHECKING:
    from goneaway_tui.model.snapshot import RiskThresholds
    from goneaway_tui.monitor.server_monitor import MonitorSpec
    from goneaway_tui.ports import Clock, Source
    from goneaway_tui.tune.journal import Journal
    from goneaway_tui.tune.kill_rules import KillPolicy
    from goneaway_tui.ui.app import GoneawayApp


GC_THRESHOLDS = (5_000, 20, 100)
"""Objects more than before until the youngest are searched, and how many searches until those of the next age are.
By default all 5,000 sessions are searched every few seconds, which stalls the screen for 70 ms."""


@contextmanager
def without_garbage_search() -> Iterator[None]:
    """Do not search for cyclic garbage while inside, and never among the objects that exist at the end.

    For the first reading: its sessions form no cycles, and there may be thousands of them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def freeze_startup_objects() -> None:
    """Exclude the objects that exist now from the search, and search old ones seldom: sessions form no cycles.

    They are not searched before that: a start leaves no garbage but some 20 objects, and the search costs a fiftieth of it.
    """
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


NOTICE_AFTER_SECONDS = 0.7
"""Seconds of connecting after which a line on standard error says so."""
GRACE_SECONDS = 5.0
"""Seconds that the screen may take to end after a signal: it restores the terminal, and a busy machine is slow. A closed terminal
never lets it end."""


@dataclass(frozen=True, slots=True)
class MonitoredServers:
    """The servers of a board. The end of a `with` block closes the connections."""

    specs: tuple[MonitorSpec, ...]
    close: Callable[[], None]
    """Closes the connections; safe to call twice and from another thread."""
    clean_up: Callable[[], None] = lambda: None
    """Closes tunnels and removes temporary files, for a process that ends without leaving its `with` blocks."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()


def settings_spec(settings: Settings, source: Source, name: str = "") -> MonitorSpec:
    """The monitoring of a server as the settings ask for it, without an executor and a journal: read-only."""
    from goneaway_tui.monitor.server_monitor import MonitorSpec

    return MonitorSpec(
        source,
        policy_of(settings),
        name,
        interval=settings.interval,
        why_read_only=why_read_only(settings),
        color=settings.color,
        kill_policy=kill_policy_of(settings),
    )


def with_first_reading(spec: MonitorSpec) -> MonitorSpec:
    """Read the server once, so that an error is reported before the screen opens. Raises SourceError."""
    from goneaway_tui.judge import judge

    slow_notice = threading.Timer(
        NOTICE_AFTER_SECONDS, write_err, [_("connecting to {server} ...", server=spec.source.name)]
    )
    slow_notice.daemon = True
    slow_notice.start()
    try:
        with without_garbage_search():
            return replace(spec, first=judge(spec.source.sample(), None, spec.policy))
    finally:
        slow_notice.cancel()


def show_server(settings: Settings, servers: MonitoredServers, clock: Clock, greeting: str = "") -> ExitCode:
    """Show the board of one server, which is read once before the screen opens. Raises SourceError."""
    with servers:
        specs = tuple(map(with_first_reading, servers.specs))
        return show_board(settings, replace(servers, specs=specs), clock, greeting)


def show_board(settings: Settings, servers: MonitoredServers, clock: Clock, greeting: str = "") -> ExitCode:
    """Show these servers until the screen ends, then close them. Raises SettingsError for a theme that does not exist."""
    from goneaway_tui.ui.app import GoneawayApp

    with servers:
        app = GoneawayApp(
            servers.specs,
            clock,
            theme=settings.theme,
            run_for=settings.run_for,
            greeting=greeting,
            wall=settings.wall,
            zone=LocalZone(),
        )
        app.set_keymap(settings.keys)
        return run_app(app, servers.close, servers.clean_up)


def run_app(
    app: GoneawayApp, close: Callable[[], None], clean_up: Callable[[], None] = lambda: None
) -> ExitCode:
    """Run the app until a key or a signal ends it. `close` and `clean_up`: as in MonitoredServers."""
    watchdogs: dict[int, threading.Timer] = {}

    def on_signal(number: int) -> None:
        """In a thread of the signal's own."""
        watchdog = threading.Timer(GRACE_SECONDS, _force_exit, [number, close, clean_up])
        watchdog.daemon = True
        watchdogs[number] = watchdog
        watchdog.start()
        with suppress(RuntimeError):  # the app does not run yet, or no longer
            app.call_from_thread(app.action_interrupt if number == signal.SIGINT else app.exit)

    freeze_startup_objects()
    app.set_charset(sys.stderr.encoding)  # which is what the screen is drawn on
    with exiting_on_signals(on_signal):
        app.run()
        for watchdog in watchdogs.values():
            watchdog.cancel()
    if HANGUP in watchdogs:
        silence_terminal()
    if app.interrupted:
        return ExitCode.INTERRUPTED
    if app.crash is not None:
        write_err(report_fault(app.crash))
        return ExitCode.BUG
    return ExitCode.DONE


def why_read_only(settings: Settings) -> str:
    """The reason that nothing can be changed, in one line; empty where it can."""
    if not settings.read_only:
        return ""
    return _("read-only by {origin}: nothing can be changed", origin=_(settings.origins["read_only"]))


def policy_of(settings: Settings) -> RiskThresholds:
    from goneaway_tui.model.snapshot import RiskThresholds

    return RiskThresholds(watch_below=settings.watch_below, imminent_below=settings.imminent_below)


def kill_policy_of(settings: Settings) -> KillPolicy:
    from goneaway_tui.tune.kill_rules import KillPolicy

    return KillPolicy(tuple(settings.rules.values()), settings.never_kill, settings.statements)


def journal_of(clock: Clock) -> Journal:
    from platformdirs import user_state_path

    from goneaway_tui.tune.journal import Journal

    return Journal(user_state_path("goneaway-tui") / "journal.jsonl", clock)


def _force_exit(number: int, close: Callable[[], None], clean_up: Callable[[], None]) -> None:
    """Close the servers and end the process: the screen did not end in GRACE_SECONDS, so the terminal is closed."""
    close()
    clean_up()
    os._exit(128 + number)
