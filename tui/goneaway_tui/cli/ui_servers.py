"""The servers of a board: one, several, or a simulated one, each as a MonitorSpec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.connect import route_to
from goneaway_tui.cli.factories import recorder_of
from goneaway_tui.cli.screen import MonitoredServers, journal_of, settings_spec, show_board
from goneaway_tui.cli.servers import (
    ConfiguredServer,
    RelatedServers,
    SourceFactory,
    UnreachedSource,
    configured_servers,
    executor_of,
    history_source,
    source_of,
)
from goneaway_tui.cli.terminal import require_terminal
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import N_, _, english
from goneaway_tui.monitor.server_monitor import close_all
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings
from goneaway_tui.tune.journal import Journal

if TYPE_CHECKING:
    from goneaway_tui.monitor.server_monitor import MonitorSpec
    from goneaway_tui.source.live import LiveSource


NO_ROUTE = N_("the server cannot be reached, so nothing can be changed on it")


@contextmanager
def simulated_server(settings: Settings, clock: Clock) -> Iterator[MonitoredServers]:
    """The simulated server. Its journal is removed at the end: no real server was changed. Raises FileError."""
    from tempfile import TemporaryDirectory

    from goneaway_tui.source.simulated import SimulatedSource

    source = SimulatedSource(clock, statements=settings.statements)
    with (
        TemporaryDirectory(prefix="goneaway-") as folder,
        recorder_of(settings, english(source.name)) as recorder,
    ):
        journal = Path(folder) / "journal.jsonl"
        spec = replace(
            settings_spec(settings, source),
            executor=None if settings.read_only else source.executor(),
            journal=Journal(journal, clock),
            recorder=recorder,
        )
        yield MonitoredServers((spec,), source.close, lambda: journal.unlink(missing_ok=True))


@contextmanager
def live_server(settings: Settings, clock: Clock, open_source: SourceFactory) -> Iterator[MonitoredServers]:
    """One server, and those of its topology that are added later. Raises SettingsError, SourceError and FileError."""
    with route_to(settings) as route, recorder_of(settings, route.address.name) as recorder:
        source = open_source(settings, route.address, clock)
        related = RelatedServers(clock, open_source)
        executor = executor_of(settings, route.address, clock, source)
        journal = None if executor is None else journal_of(clock)
        spec = replace(
            settings_spec(settings, source),
            executor=executor,
            journal=journal,
            recorder=recorder,
            read_topology=source.topology,
            read_history=history_source(source),
            read_statements=source.transaction_statements,
            spec_for_host=related.opener(settings, route.address, journal),
        )

        def clean_up() -> None:
            route.close()
            related.close_tunnels()

        try:
            yield MonitoredServers((spec,), source.close, clean_up)
        finally:
            source.close()
            related.close()
            related.close_tunnels()


def several_servers_board(
    all_settings: Sequence[Settings], clock: Clock, open_source: SourceFactory
) -> ExitCode:
    """Show several servers on one board. A server that rejects the connection is shown there, and tried again.

    Raises SettingsError and FileError.
    """
    require_terminal()
    with configured_servers(all_settings) as servers:
        sources = [source_of(server, clock, open_source) for server in servers]
        journal = journal_of(clock)
        related = RelatedServers(clock, open_source)

        def clean_up() -> None:
            for server in servers:
                server.close_route()
            related.close_tunnels()

        specs = tuple(
            replace(
                monitor_spec(server, source, clock, journal),
                read_topology=source.topology,
                read_history=history_source(source),
                read_statements=source.transaction_statements,
                spec_for_host=None
                if server.address is None
                else related.opener(server.settings, server.address, journal),
            )
            for server, source in zip(servers, sources, strict=True)
        )
        monitored = MonitoredServers(specs, lambda: close_all([*sources, related]), clean_up)
        try:
            return show_board(all_settings[0], monitored, clock)
        finally:
            related.close_tunnels()


def monitor_spec(
    server: ConfiguredServer, source: LiveSource | UnreachedSource, clock: Clock, journal: Journal
) -> MonitorSpec:
    """The monitoring of one of several servers. Without a route to the server it is read-only."""
    settings, address = server.settings, server.address
    spec = replace(settings_spec(settings, source, server.name), journal=journal)
    if address is None or isinstance(source, UnreachedSource):
        return spec if settings.read_only else replace(spec, why_read_only=_(NO_ROUTE))
    return replace(spec, executor=executor_of(settings, address, clock, source))
