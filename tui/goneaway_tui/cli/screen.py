"""Python's search for cyclic garbage, kept from going through thousands of sessions again and again."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from goneaway_tui.cli.terminal import exiting_on_signals, report_fault, silence_terminal, tell
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import _
from goneaway_tui.model.snapshot import Policy
from goneaway_tui.ports import Clock, Executor, Recorder, Source
from goneaway_tui.settings import Settings

if TYPE_CHECKING:
    from goneaway_tui.monitor.server_monitor import MonitorSpec
    from goneaway_tui.tune.journal import Journal
    from goneaway_tui.ui.app import GoneawayApp


THRESHOLDS = (5_000, 20, 100)
"""Objects more than before until the youngest are searched, and how many searches until those of the next age are.
By default all 5,000 sessions are gone through every few seconds, which stalls the screen for 70 ms."""


def freeze_startup_objects() -> None:
    """Never search what there is by now, and seldom what has lasted. What is no cycle, as a session is none, goes all the same."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


PATIENCE_SECONDS = 0.7
"""How long connecting may take before it is said that it does."""
GRACE_SECONDS = 1.0
"""How long the screen may take to end when a signal asks for it. A terminal that is gone answers no more."""


def show_board(
    settings: Settings,
    source: Source,
    clock: Clock,
    executor: Executor | None = None,
    greeting: str = "",
    leave: Callable[[], None] = lambda: None,
    recorder: Recorder | None = None,
    journal: Journal | None = None,
    grown: Callable[[MonitorSpec], MonitorSpec] = lambda subject: subject,
) -> ExitCode:
    """Read once, so that a server that refuses is told before the screen opens; then show the board.

    What is changed goes into the user's journal, unless it is another. `grown` gives the subject of the board what it
    takes to be joined by others.
    """
    from goneaway_tui.judge import judge

    try:
        patience = threading.Timer(
            PATIENCE_SECONDS, tell, [_("connecting to {server} ...", server=source.name)]
        )
        patience.daemon = True
        patience.start()
        try:
            first = judge(source.sample(), None, policy_of(settings))
        finally:
            patience.cancel()
        from goneaway_tui.monitor.server_monitor import MonitorSpec
        from goneaway_tui.ui.app import GoneawayApp

        subject = MonitorSpec(
            source,
            policy_of(settings),
            first=first,
            interval=settings.interval,
            executor=executor,
            journal=None if executor is None else journal or journal_of(clock),
            why_read_only=why_read_only(settings),
            recorder=recorder,
            color=settings.color,
        )
        app = GoneawayApp(
            [grown(subject)],
            clock,
            theme=settings.theme,
            run_for=settings.run_for,
            greeting=greeting,
            wall=settings.wall,
        )
        app.set_keymap(settings.keys)
        return run_app(app, source.close, leave)
    finally:
        source.close()


def run_app(
    app: GoneawayApp, close: Callable[[], None], leave: Callable[[], None] = lambda: None
) -> ExitCode:
    """Run the app until it ends, by a key or by a signal. `close` lets go of the servers, `leave` of the ways to them."""
    asked: dict[int, threading.Timer] = {}

    def go(number: int) -> None:
        """In a thread of the signal's own."""
        watchdog = threading.Timer(GRACE_SECONDS, _hang_up, [number, close, leave])
        watchdog.daemon = True
        asked[number] = watchdog
        watchdog.start()
        with suppress(RuntimeError):  # it does not run yet, or no more
            app.call_from_thread(app.action_interrupt if number == signal.SIGINT else app.exit)

    freeze_startup_objects()
    app.speak(sys.stderr.encoding)  # which is what the screen is drawn on
    with exiting_on_signals(go):
        app.run()
        for watchdog in asked.values():
            watchdog.cancel()
    if signal.SIGHUP in asked:
        silence_terminal()
    if app.interrupted:
        return ExitCode.INTERRUPTED
    if app.crash is not None:
        tell(report_fault(app.crash))
        return ExitCode.BUG
    return ExitCode.DONE


def why_read_only(settings: Settings) -> str:
    """Empty where it is not."""
    if not settings.read_only:
        return ""
    return _("read-only by {origin}: nothing can be changed", origin=_(settings.origins["read_only"]))


def policy_of(settings: Settings) -> Policy:
    return Policy(watch_below=settings.watch_below, imminent_below=settings.imminent_below)


def journal_of(clock: Clock) -> Journal:
    from platformdirs import user_state_path

    from goneaway_tui.tune.journal import Journal

    return Journal(user_state_path("goneaway-tui") / "journal.jsonl", clock)


def _hang_up(number: int, close: Callable[[], None], leave: Callable[[], None]) -> None:
    """The terminal does not let the screen end, so it is gone: nothing to restore, nobody to tell.

    Let the server's session go, and be gone.
    """
    close()
    leave()
    os._exit(128 + number)
