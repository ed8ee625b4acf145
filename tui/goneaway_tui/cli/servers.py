"""Several servers at once: each with a name, a password and a way of its own. What goes wrong with one stops no other.

Passwords are asked for and tunnels are opened one after the other, before anything starts; all else is side by side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from goneaway_tui.cli.connect import address_name, resolve_password, route_to
from goneaway_tui.cli.terminal import tell
from goneaway_tui.errors import SettingsError, SourceError
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.sample import Sample
from goneaway_tui.monitor.server_monitor import free_name
from goneaway_tui.ports import Clock, Source
from goneaway_tui.settings import Secret, Settings
from goneaway_tui.source.address import Address

if TYPE_CHECKING:
    from goneaway_tui.model.server import ServerTopology
    from goneaway_tui.source.end_evidence import EndHistory
    from goneaway_tui.source.live import LiveSource
from typing import TYPE_CHECKING

from goneaway_tui.cli.screen import settings_spec
from goneaway_tui.ports import Executor
from goneaway_tui.source.executor import ConnectionLender, LiveExecutor
from goneaway_tui.source.sockets import Tunnel

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.monitor.server_monitor import MonitorSpec
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.tune.journal import Journal


T = TypeVar("T")
S = TypeVar("S", bound=Source)
Open = Callable[[Settings, Address, Clock], "LiveSource"]
"""Makes the source of one server."""
GOODBYE_SECONDS = 0.5
"""How long all of them together may take to let go."""
NOT_OF_SEVERAL: Mapping[str, str] = {
    "record": marked("a recording is of one server: run watch --record once for each"),
    "recording": marked("a recording is of one server: give that server alone"),
    "error_log": marked("a log is of one server: write error_log below its [servers.NAME]"),
}
"""What is said of one server alone and cannot hold for several, with what to do instead."""


@dataclass(frozen=True, slots=True)
class ConfiguredServer:
    """One of several servers."""

    name: str
    """Unlike any other's."""
    settings: Settings
    password: Secret
    address: Address | None = None
    """How to get there; None where that is not possible, and then `trouble` says why."""
    trouble: SourceError | None = None
    leave: Callable[[], None] = lambda: None
    """Closes the way to it."""


class UnreachedSource:
    """The source of a server there is no way to."""

    def __init__(self, member: ConfiguredServer) -> None:
        self.name = member.name
        self._why = _("there is no way to it") if member.trouble is None else str(member.trouble)

    def sample(self) -> Sample:
        raise SourceError(self._why, _("start again once there is one"))

    def history(self) -> EndHistory:
        raise SourceError(self._why, _("start again once there is one"))

    def relatives(self) -> ServerTopology:
        raise SourceError(self._why, "start again once there is one")

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def configured_servers(each: Sequence[Settings]) -> Iterator[tuple[ConfiguredServer, ...]]:
    """All of them, with the ways to them open. Raises SettingsError where a password is not to be had."""
    for option, instead in NOT_OF_SEVERAL.items():
        said = [settings.origins[option] for settings in each if getattr(settings, option) is not None]
        if len(set(said)) < len(said):
            raise SettingsError(_("{flag} does not go with several servers", flag=said[0]), _(instead))
    known: dict[str, Secret] = {}
    members = []
    for name, settings in zip(server_names(each), each, strict=True):
        origin = settings.origins["password"]
        shared = sum(other.origins["password"] == origin for other in each) > 1
        if not (settings.connection.ask_password and origin in known):
            known[origin] = resolve_password(settings.connection, "" if shared else name)
        members.append(ConfiguredServer(name, settings, known[origin]))
    with ExitStack() as ways:
        yield tuple(_under_way(member, ways) for member in members)


def server_names(each: Iterable[Settings]) -> list[str]:
    """What each is called in the config file, else where it is; the second of a name is `name#2`."""
    found: list[str] = []
    for settings in each:
        name = settings.profile or address_name(settings.connection)
        found.append(free_name(name, found))
    return found


def in_parallel(sources: Mapping[str, S], ask: Callable[[str, S], T]) -> list[tuple[str, T | None]]:
    """What each answers, by its name and in their order; of one that does not a line is told, and its answer is None.

    The sources are closed then, also where we are interrupted.
    """

    def answer(name: str) -> tuple[str, T | None]:
        try:
            return name, ask(name, sources[name])
        except SourceError as error:
            tell(_("{place}: {what}", place=name, what=error.line))
            return name, None

    threads = ThreadPoolExecutor(max_workers=len(sources), thread_name_prefix="server")
    try:
        return list(threads.map(answer, sources))
    finally:
        close_all(sources.values())
        threads.shutdown(wait=False, cancel_futures=True)


class Closeable(Protocol):
    """What can be let go of."""

    def close(self) -> None: ...


def close_all(sources: Iterable[Closeable]) -> None:
    """Let go of all of them at once: one that hangs keeps nobody waiting for long."""
    closing = [threading.Thread(target=source.close, name="goodbye", daemon=True) for source in sources]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join(GOODBYE_SECONDS / len(closing))


def _under_way(member: ConfiguredServer, ways: ExitStack) -> ConfiguredServer:
    try:
        way = ways.enter_context(route_to(member.settings, member.password))
    except SourceError as error:
        return replace(member, trouble=error)
    return replace(member, address=way.address, leave=way.close)


def source_of(member: ConfiguredServer, clock: Clock, open_source: Open) -> LiveSource | UnreachedSource:
    """What reads it; where there is no way to it, what says so."""
    if member.address is None:
        return UnreachedSource(member)
    return open_source(member.settings, member.address, clock)


class RelatedServers:
    """Makes what it takes to watch them, and lets go of it at the end."""

    def __init__(self, clock: Clock, open_source: Open) -> None:
        self._clock = clock
        self._open = open_source
        self._sources = ExitStack()
        self._tunnels = ExitStack()

    def beside(
        self, settings: Settings, address: Address, journal: Journal | None
    ) -> Callable[[str, int], MonitorSpec]:
        """What makes a subject of the server at another host and port, by what got us to the one at `address`.

        It raises SourceError where ssh does not get through: that may not ask anybody now.
        """

        def subject(host: str, port: int) -> MonitorSpec:
            # What was said of one server's password is not said of another's.
            there = replace(
                address,
                host=host,
                port=port,
                socket=None,
                via=None,
                side_door="",
                label=None,
                enable_cleartext_plugin=False,
                get_server_public_key=False,
                server_public_key_path=None,
            )
            if settings.connection.ssh is not None:
                there = self._through(settings.connection.ssh, there)
            own = replace(settings, error_log=None, profile=None)
            source = self._open(own, there, self._clock)
            self._sources.callback(source.close)
            return replace(
                settings_spec(settings, source, there.name),
                executor=executor_of(own, there, self._clock, source),
                journal=journal,
                relatives=source.relatives,
                recall=history_source(source),
                widen=self.beside(own, there, journal),
            )

        return subject

    def close(self) -> None:
        """Let go of the servers."""
        self._sources.close()

    def leave(self) -> None:
        """Close the ways to them."""
        self._tunnels.close()

    def _through(self, machine: str, address: Address) -> Address:
        tunnel = Tunnel(machine, f"[{address.host}]:{address.port}", may_ask=False)
        self._tunnels.callback(tunnel.close)
        return replace(address, via=tunnel.path, label=f"{address.name} via {machine}")


def executor_of(
    settings: Settings, address: Address, clock: Clock, lender: ConnectionLender
) -> Executor | None:
    """`lender` reads the same server by the same account."""
    if settings.read_only:
        return None
    return LiveExecutor(address, clock, statements=settings.statements, lender=lender)


def history_source(source: LiveSource | UnreachedSource) -> Callable[[], ServerFacts]:
    """Asks a server for what it remembers since it started. What is called raises SourceError."""

    def recall() -> ServerFacts:
        from goneaway_tui.cli.commands.explain import history_facts

        return history_facts(source)

    return recall
