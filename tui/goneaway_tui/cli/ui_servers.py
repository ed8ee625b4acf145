"""The made-up server. What is done to it is nobody's business: its journal is forgotten with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from goneaway_tui.cli.screen import journal_of, policy_of, run_app, why_read_only
from goneaway_tui.cli.servers import (
    ConfiguredServer,
    Open,
    RelatedServers,
    UnreachedSource,
    close_all,
    configured_servers,
    executor_of,
    history_source,
    source_of,
)
from goneaway_tui.cli.terminal import require_terminal
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import _, marked
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.ports import Clock, Executor
from goneaway_tui.settings import Settings
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp

if TYPE_CHECKING:
    from goneaway_tui.source.live import LiveSource


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """All that a screen on it takes."""

    source: SimulatedSource
    executor: Executor | None
    """None where it is only to be looked at."""
    journal: Journal
    forget: Callable[[], None]
    """Takes the journal away; for whoever has no time to leave in order."""


@contextmanager
def simulated_run(settings: Settings, clock: Clock) -> Iterator[SimulatedRun]:
    source = SimulatedSource(clock, statements=settings.statements)
    with TemporaryDirectory(prefix="goneaway-") as name:
        folder = Path(name)
        journal = folder / "journal.jsonl"
        executor = None if settings.read_only else source.executor()
        yield SimulatedRun(source, executor, Journal(journal, clock), lambda: journal.unlink(missing_ok=True))


NO_WAY = marked("there is no way to this server, so nothing can be changed on it")


def several_servers_board(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:
    """One screen for all. Who refuses is told of there, and tried again. Raises SettingsError and FileError."""
    require_terminal()
    first = each[0]
    with configured_servers(each) as members:
        sources = [source_of(member, clock, open_source) for member in members]
        journal = journal_of(clock)
        kindred = RelatedServers(clock, open_source)
        subjects = [
            replace(
                monitor_spec(member, source, clock, journal),
                relatives=source.relatives,
                recall=history_source(source),
                widen=None
                if member.address is None
                else kindred.beside(member.settings, member.address, journal),
            )
            for member, source in zip(members, sources, strict=True)
        ]

        def close() -> None:
            close_all([*sources, kindred])

        def leave() -> None:
            for member in members:
                member.leave()
            kindred.leave()

        try:
            app = GoneawayApp(subjects, clock, theme=first.theme, run_for=first.run_for, wall=first.wall)
            app.set_keymap(first.keys)
            return run_app(app, close, leave)
        finally:
            close()
            kindred.leave()


def monitor_spec(
    member: ConfiguredServer, source: LiveSource | UnreachedSource, clock: Clock, journal: Journal
) -> MonitorSpec:
    """What it takes to watch it."""
    settings, address = member.settings, member.address
    return MonitorSpec(
        source,
        policy_of(settings),
        member.name,
        interval=settings.interval,
        executor=None
        if address is None or isinstance(source, UnreachedSource)
        else executor_of(settings, address, clock, source),
        journal=journal,
        why_read_only=why_read_only(settings) if settings.read_only else _(NO_WAY),
        color=settings.color,
    )
