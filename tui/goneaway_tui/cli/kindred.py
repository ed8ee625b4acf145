"""Further servers for a board that runs: those that one of its servers named, by that one's account and options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from goneaway_tui.cli.screen import policy_of, why_read_only
from goneaway_tui.ports import Clock, Executor
from goneaway_tui.settings import Settings
from goneaway_tui.source.address import Address
from goneaway_tui.source.executor import Lender, LiveExecutor
from goneaway_tui.source.tunnel import Tunnel

if TYPE_CHECKING:
    from goneaway_tui.cli.fleet import Open, Unreached
    from goneaway_tui.doctor.evidence import Facts
    from goneaway_tui.source.live import LiveSource
    from goneaway_tui.tune.journal import Journal
    from goneaway_tui.ui.watched import Subject


class Kindred:
    """Makes what it takes to watch them, and lets go of it at the end."""

    def __init__(self, clock: Clock, open_source: Open) -> None:
        self._clock = clock
        self._open = open_source
        self._sources = ExitStack()
        self._tunnels = ExitStack()

    def beside(
        self, settings: Settings, address: Address, journal: Journal | None
    ) -> Callable[[str, int], Subject]:
        """What makes a subject of the server at another host and port, by what got us to the one at `address`.

        It raises SourceError where ssh does not get through: that may not ask anybody now.
        """

        def subject(host: str, port: int) -> Subject:
            from goneaway_tui.ui.watched import Subject

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
            return Subject(
                source,
                policy_of(settings),
                there.name,
                interval=settings.interval,
                executor=executor_of(own, there, self._clock, source),
                journal=journal,
                why_read_only=why_read_only(settings),
                color=settings.color,
                relatives=source.relatives,
                recall=recall_of(source),
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


def executor_of(settings: Settings, address: Address, clock: Clock, lender: Lender) -> Executor | None:
    """`lender` reads the same server by the same account."""
    if settings.read_only:
        return None
    return LiveExecutor(address, clock, statements=settings.statements, lender=lender)


def recall_of(source: LiveSource | Unreached) -> Callable[[], Facts]:
    """Asks a server for what it remembers since it started. What is called raises SourceError."""

    def recall() -> Facts:
        from goneaway_tui.cli.explain import remembered

        return remembered(source)

    return recall
