"""Several servers at once: each has its own name, password and route, and an error of one stops no other.

Passwords are asked for and tunnels are opened one after the other, before anything starts. The rest runs in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from goneaway_tui.cli.connect import address_name, resolve_password, route_to
from goneaway_tui.cli.screen import settings_spec
from goneaway_tui.cli.terminal import write_err
from goneaway_tui.errors import SettingsError, SourceError
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings import Secret, Settings
from goneaway_tui.source.sockets import Address, Tunnel

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.model.sample import Sample
    from goneaway_tui.model.server import Limitation, ServerTopology
    from goneaway_tui.model.session import PastStatement, ProcesslistId
    from goneaway_tui.monitor.server_monitor import MonitorSpec
    from goneaway_tui.ports import Clock, Executor, Source
    from goneaway_tui.source.end_history import EndHistory
    from goneaway_tui.source.executor import ConnectionLender
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.tune.journal import Journal


T = TypeVar("T")
S = TypeVar("S", bound="Source")
SourceFactory = Callable[[Settings, Address, "Clock"], "LiveSource"]
"""Opens the source of one server."""
ONE_SERVER_OPTIONS: Mapping[str, str] = {
    "record": N_("a recording holds one server: run watch --record for each server"),
    "recording": N_("a recording holds one server: name only that server"),
    "error_log": N_("a log belongs to one server: write error_log below its [servers.NAME]"),
}
"""Options that name one server's file and cannot hold for several servers, each with what to do instead."""


@dataclass(frozen=True, slots=True)
class ConfiguredServer:
    """One of several servers, with its password and the route to it."""

    name: str
    """Different from the name of every other server."""
    settings: Settings
    password: Secret
    address: Address | None = None
    """None where there is no route to the server; `error` says why."""
    error: SourceError | None = None
    close_route: Callable[[], None] = lambda: None
    """Closes the tunnel to the server, if there is one."""


class UnreachedSource:
    """The source of a server that there is no route to: every read raises SourceError."""

    def __init__(self, member: ConfiguredServer) -> None:
        self.name = member.name
        self._why = _("the server cannot be reached") if member.error is None else str(member.error)

    def sample(self) -> Sample:
        raise self._no_route()

    def history(self) -> EndHistory:
        raise self._no_route()

    def transaction_statements(self, session: ProcesslistId) -> tuple[PastStatement, ...] | Limitation:  # noqa: ARG002
        raise self._no_route()

    def topology(self) -> ServerTopology:
        raise self._no_route()

    def close(self) -> None:
        """Nothing is open."""

    def _no_route(self) -> SourceError:
        """A new error for each read: one that is raised again keeps the traceback of every raise."""
        return SourceError(self._why, _("start goneaway-tui again when the server can be reached"))


@contextmanager
def configured_servers(servers: Sequence[Settings]) -> Iterator[tuple[ConfiguredServer, ...]]:
    """Resolve the passwords of the servers and keep the routes to them open while inside.

    Raises SettingsError if a password is missing, or an option cannot apply to several servers.
    """
    for option, hint in ONE_SERVER_OPTIONS.items():
        origins = [settings.origins[option] for settings in servers if getattr(settings, option) is not None]
        if len(set(origins)) < len(origins):
            raise SettingsError(_("{flag} cannot be used with several servers", flag=origins[0]), _(hint))
    passwords: dict[str, Secret] = {}
    members = []
    for name, settings in zip(server_names(servers), servers, strict=True):
        origin = settings.origins["password"]
        shared = sum(other.origins["password"] == origin for other in servers) > 1
        if not (settings.connection.ask_password and origin in passwords):
            passwords[origin] = resolve_password(settings.connection, "" if shared else name)
        members.append(ConfiguredServer(name, settings, passwords[origin]))
    with ExitStack() as stack:
        yield tuple(_with_route(member, stack) for member in members)


def server_names(servers: Iterable[Settings]) -> list[str]:
    """The name of each server: in the config file, else its address. Equal names become `name#2`, `name#3`."""
    # imported here: it loads all that follows a server, which a snapshot does not need
    from goneaway_tui.monitor.server_monitor import free_name

    names: list[str] = []
    for settings in servers:
        name = settings.profile or address_name(settings.connection)
        names.append(free_name(name, names))
    return names


def in_parallel(sources: Mapping[str, S], ask: Callable[[str, S], T]) -> list[tuple[str, T | None]]:
    """Ask every server at once and close the sources.

    The answers come with the names of the servers, in their order. A server that fails is reported in a line; its
    answer is None.
    """

    from concurrent.futures import ThreadPoolExecutor  # takes 2 ms to load, and one server needs none

    from goneaway_tui.monitor.server_monitor import close_all

    def answer(name: str) -> tuple[str, T | None]:
        try:
            return name, ask(name, sources[name])
        except SourceError as error:
            write_err(_("{place}: {what}", place=name, what=error.line))
            return name, None

    threads = ThreadPoolExecutor(max_workers=len(sources), thread_name_prefix="server")
    try:
        return list(threads.map(answer, sources))
    finally:
        close_all(sources.values())
        threads.shutdown(wait=False, cancel_futures=True)


def _with_route(member: ConfiguredServer, stack: ExitStack) -> ConfiguredServer:
    try:
        route = stack.enter_context(route_to(member.settings, member.password))
    except SourceError as error:
        return replace(member, error=error)
    return replace(member, address=route.address, close_route=route.close)


def source_of(
    member: ConfiguredServer, clock: Clock, open_source: SourceFactory
) -> LiveSource | UnreachedSource:
    """The source of a server; an UnreachedSource where there is no route to it."""
    if member.address is None:
        return UnreachedSource(member)
    return open_source(member.settings, member.address, clock)


class RelatedServers:
    """Opens servers that belong to the topology of a server that is watched, and closes all of them at the end."""

    def __init__(self, clock: Clock, open_source: SourceFactory) -> None:
        self._clock = clock
        self._open = open_source
        self._sources = ExitStack()
        self._tunnels = ExitStack()

    def opener(
        self, settings: Settings, address: Address, journal: Journal | None
    ) -> Callable[[str, int], MonitorSpec]:
        """A function that opens the server at another host and port, with the account and the tunnel of `address`.

        The function raises SourceError if ssh cannot connect: ssh may not ask for a password then.
        """
        return partial(self._open_related, replace(settings, error_log=None, profile=None), address, journal)

    def _open_related(
        self, settings: Settings, address: Address, journal: Journal | None, host: str, port: int
    ) -> MonitorSpec:
        related = self._address_of(settings, address, host, port)
        source = self._open(settings, related, self._clock)
        self._sources.callback(source.close)
        return replace(
            settings_spec(settings, source, related.name),
            executor=executor_of(settings, related, self._clock, source),
            journal=journal,
            read_topology=source.topology,
            read_history=history_source(source),
            read_statements=source.transaction_statements,
            spec_for_host=self.opener(settings, related, journal),
        )

    def _address_of(self, settings: Settings, address: Address, host: str, port: int) -> Address:
        # Options for the password of one server do not apply to another server.
        related = replace(
            address,
            host=host,
            port=port,
            socket=None,
            via=None,
            admin_port_hint="",
            label=None,
            enable_cleartext_plugin=False,
            get_server_public_key=False,
            server_public_key_path=None,
        )
        machine = settings.connection.ssh
        if machine is None:
            return related
        tunnel = Tunnel(machine, f"[{host}]:{port}", may_ask=False)
        self._tunnels.callback(tunnel.close)
        return replace(related, via=tunnel.path, label=f"{related.name} via {machine}")

    def close(self) -> None:
        """Close the connections to the servers."""
        self._sources.close()

    def close_tunnels(self) -> None:
        """Close the tunnels to the servers."""
        self._tunnels.close()


def executor_of(
    settings: Settings, address: Address, clock: Clock, lender: ConnectionLender
) -> Executor | None:
    """The executor for a server, or None if the run is read-only. `lender`: the source, which lends its connection."""
    if settings.read_only:
        return None
    from goneaway_tui.source.executor import LiveExecutor

    return LiveExecutor(address, clock, statements=settings.statements, lender=lender)


def history_facts(source: LiveSource | UnreachedSource) -> ServerFacts:
    """The ended sessions and rejected connections that the server reports since its start. Raises SourceError."""
    from goneaway_tui.doctor.case import ServerFacts

    history = source.history()
    return ServerFacts(
        errors=history.errors,
        counts_errors=history.counts_errors,
        unknown_errors=history.unknown_errors,
        log_entries=history.log,
        failing_hosts=history.hosts,
        killed_at=history.killed_at,
    )


def history_source(source: LiveSource | UnreachedSource) -> Callable[[], ServerFacts]:
    """A function that returns `history_facts(source)`. The function raises SourceError."""
    return lambda: history_facts(source)
