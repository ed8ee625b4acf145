"""`goneaway-tui serve`: the screen in a browser. Each browser has a process and connections of its own."""

from __future__ import annotations

import asyncio
import os
import pickle
import platform
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from goneaway_tui.cli.commands.exporter import endpoint_of
from goneaway_tui.cli.servers import ConfiguredServer, configured_servers
from goneaway_tui.cli.terminal import exiting_on_signals, tell
from goneaway_tui.errors import ExitCode, SettingsError
from goneaway_tui.http_auth import basic_auth_guard
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import is_loopback
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings

EXTRA_MODULES = {"textual_serve", "aiohttp", "aiohttp_jinja2", "jinja2"}
"""The modules that the extra `serve` installs."""
WEB_CHILD = ("-P", "-m", "goneaway_tui.cli.web_child")
"""Arguments for Python; `-P` keeps it from importing modules of the current folder."""
EXPOSED = N_("sees every session and its SQL")


def run_web_service(servers: Sequence[Settings], clock: Clock) -> ExitCode:
    """Serve the screen until a signal ends it.

    Raises SettingsError without the extra, where the address cannot be listened on or would not be safe, and FileError.
    """
    first = servers[0]
    try:
        from goneaway_tui.web.service import LogLimit, WebService
        from goneaway_tui.web.viewer import ScreenProgram
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] not in EXTRA_MODULES:
            raise
        raise SettingsError(
            _("serve needs the Python package textual-serve, which is not here"),
            _("pipx inject goneaway-tui textual-serve, or install goneaway-tui[serve]"),
        ) from None
    refuse_unsafe_options(servers)
    endpoint = endpoint_of(first, EXPOSED)
    guard = basic_auth_guard(endpoint, platform.node())
    signals: list[int] = []
    with ExitStack() as stack:
        members = () if first.simulated else stack.enter_context(configured_servers(servers))
        program = ScreenProgram((sys.executable, *WEB_CHILD), pickled_handoff(first, members))
        service = WebService(endpoint, guard, program, first.max_viewers, LogLimit(tell, clock))

        def on_signal(number: int) -> None:
            signals.append(number)
            service.stop()

        with exiting_on_signals(on_signal):
            asyncio.run(service.run(partial(_report_address, servers)))
    return ExitCode.INTERRUPTED if signal.SIGINT in signals else ExitCode.DONE


def _report_address(servers: Sequence[Settings], port: int) -> None:
    first = servers[0]
    scheme = "http" if first.listen_cert is None else "https"
    reach = _("read-only") if all(server.read_only for server in servers) else _("changes are allowed")
    url = f"{scheme}://{replace(first.listen, port=port)}/"
    tell(_("the screen is at {place}, {reach}; ctrl+c ends it", place=url, reach=reach))


def refuse_unsafe_options(servers: Sequence[Settings]) -> None:
    """Raise SettingsError where strangers could read or change the servers; warn where only users of this machine could."""
    first = servers[0]
    may_change = not all(server.read_only for server in servers)
    if first.listen_auth is not None or first.listen_ca is not None:
        return
    if is_loopback(first.listen.host):
        if may_change:
            tell(_("warning: whoever is on this machine can change the server; --listen-auth names who may"))
        return
    if may_change:
        raise SettingsError(
            _("with --allow-changes whoever reaches {place} could change the server", place=first.listen),
            _("give --listen-auth, or listen on 127.0.0.1"),
        )
    origin = first.origins["listen"]
    if origin != "--listen":
        raise SettingsError(
            _("{origin} lets everybody who reaches {place} look", origin=origin, place=first.listen),
            _(
                "if that is meant, say --listen={place} to serve itself, or give --listen-auth",
                place=first.listen,
            ),
        )


# --- What a screen is to show, through the pipe that is its standard input. It holds passwords, so it is in no argument,
# no environment variable and no file. It is a pickle, since both ends are this program.

LENGTH_BYTES = 8
"""Bytes of the length that stands before the pickle."""


@dataclass(frozen=True, slots=True)
class WebHandoff:
    """The settings and servers of a screen in a browser."""

    settings: Settings
    """For the whole screen: theme, keys, layout."""
    members: tuple[ConfiguredServer, ...]
    """With their passwords and addresses. The writer keeps the routes open. Empty where the sessions are simulated."""


def pickled_handoff(settings: Settings, members: Sequence[ConfiguredServer]) -> bytes:
    members_to_send = tuple(
        replace(member, settings=_plain(member.settings), close_route=keep_route_open) for member in members
    )
    return pickle.dumps(WebHandoff(_plain(settings), members_to_send))


def read_handoff(descriptor: int) -> WebHandoff:
    """Read one handoff from a file descriptor, and nothing after it. Raises EOFError where it is not complete."""
    size = int.from_bytes(_exactly(descriptor, LENGTH_BYTES), "big")
    handoff = pickle.loads(_exactly(descriptor, size))  # noqa: S301 - from the process that began this one
    assert isinstance(handoff, WebHandoff)  # noqa: S101 - both ends are this program
    return handoff


def keep_route_open() -> None:
    """Leave the route open: it belongs to the process that wrote the handoff."""


def _plain(settings: Settings) -> Settings:
    """The settings with mappings that can be pickled; a mapping proxy cannot."""
    return replace(
        settings, origins=dict(settings.origins), keys=dict(settings.keys), rules=dict(settings.rules)
    )


def _exactly(descriptor: int, size: int) -> bytes:
    pieces = b""
    while len(pieces) < size:
        piece = os.read(descriptor, size - len(pieces))
        if not piece:
            raise EOFError
        pieces += piece
    return pieces
