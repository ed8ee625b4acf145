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
from goneaway_tui.cli.terminal import exiting_on_signals, write_err
from goneaway_tui.errors import ExitCode, SettingsError, needs_unix
from goneaway_tui.http_auth import basic_auth_guard
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import is_loopback
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import SERVE
from goneaway_tui.system import HAS_UNIX_SOCKETS

EXTRA_MODULES = {"textual_serve", "aiohttp", "aiohttp_jinja2", "jinja2"}
"""The modules that the extra `serve` installs."""
WEB_CHILD = ("-P", "-m", "goneaway_tui.cli.web_child")
"""Arguments for Python; `-P` keeps it from importing modules of the current folder."""
EXPOSED = N_("can see every session and its SQL")


def run_web_service(servers: Sequence[Settings], clock: Clock) -> ExitCode:
    """Serve the screen until a signal ends it.

    Raises SettingsError without the extra, where the address cannot be listened on or would not be safe, and FileError.
    """
    settings = servers[0]
    if not HAS_UNIX_SOCKETS:
        raise needs_unix(SERVE, _("run serve on such a machine, or use the screen in a terminal"))
    try:
        from goneaway_tui.web.service import LogLimit, WebService
        from goneaway_tui.web.viewer import ScreenProgram
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] not in EXTRA_MODULES:
            raise
        raise SettingsError(
            _("serve needs the Python package textual-serve, which is not installed"),
            _("run pipx inject goneaway-tui textual-serve, or install goneaway-tui[serve]"),
        ) from None
    refuse_unsafe_options(servers)
    endpoint = endpoint_of(settings, EXPOSED)
    guard = basic_auth_guard(endpoint, platform.node())
    signals: list[int] = []
    with ExitStack() as stack:
        members = () if settings.simulated else stack.enter_context(configured_servers(servers))
        program = ScreenProgram((sys.executable, *WEB_CHILD), pickled_handoff(settings, members))
        service = WebService(endpoint, guard, program, settings.max_viewers, LogLimit(write_err, clock))

        def on_signal(number: int) -> None:
            signals.append(number)
            service.stop()

        with exiting_on_signals(on_signal):
            asyncio.run(service.run(partial(_report_address, servers)))
    return ExitCode.INTERRUPTED if signal.SIGINT in signals else ExitCode.DONE


def _report_address(servers: Sequence[Settings], port: int) -> None:
    settings = servers[0]
    scheme = "http" if settings.listen_cert is None else "https"
    access = _("read-only") if all(server.read_only for server in servers) else _("changes are allowed")
    url = f"{scheme}://{replace(settings.listen, port=port)}/"
    write_err(_("the screen is at {place}, {reach}; ctrl+c stops it", place=url, reach=access))


def refuse_unsafe_options(servers: Sequence[Settings]) -> None:
    """Raise SettingsError if the network could read or change the servers; warn if only users of this machine could."""
    settings = servers[0]
    may_change = not all(server.read_only for server in servers)
    if settings.listen_auth is not None or settings.listen_ca is not None:
        return
    if is_loopback(settings.listen.host):
        if may_change:
            write_err(
                _(
                    "warning: every user of this machine can change the server; restrict access with --listen-auth"
                )
            )
        return
    if may_change:
        raise SettingsError(
            _(
                "with --allow-changes, any client that reaches {place} could change the server",
                place=settings.listen,
            ),
            _("give --listen-auth, or listen on 127.0.0.1"),
        )
    origin = settings.origins["listen"]
    if origin != "--listen":
        raise SettingsError(
            _(
                "with {origin}, any client that reaches {place} could see the screen",
                origin=origin,
                place=settings.listen,
            ),
            _(
                "to confirm, give the flag --listen={place}, or restrict access with --listen-auth",
                place=settings.listen,
            ),
        )


# --- The settings of a screen reach its process through standard input. They hold passwords, so they are in no argument,
# no environment variable and no file. They are a pickle, since both ends are this program.

LENGTH_BYTES = 8
"""Bytes of the length that stands before the pickle."""


@dataclass(frozen=True, slots=True)
class WebHandoff:
    """The settings and servers of a screen in a browser."""

    settings: Settings
    """For the whole screen: theme, keys, layout."""
    members: tuple[ConfiguredServer, ...]
    """The servers, with passwords and addresses. The writer keeps the routes open. Empty if the sessions are simulated."""


def pickled_handoff(settings: Settings, members: Sequence[ConfiguredServer]) -> bytes:
    members_to_send = tuple(
        replace(member, settings=_picklable(member.settings), close_route=keep_route_open)
        for member in members
    )
    return pickle.dumps(WebHandoff(_picklable(settings), members_to_send))


def read_handoff(descriptor: int) -> WebHandoff:
    """Read one handoff from a file descriptor, and nothing after it. Raises EOFError where it is not complete."""
    size = int.from_bytes(_read_exactly(descriptor, LENGTH_BYTES), "big")
    handoff = pickle.loads(_read_exactly(descriptor, size))  # noqa: S301 - from the process that began this one
    assert isinstance(handoff, WebHandoff)  # noqa: S101 - both ends are this program
    return handoff


def keep_route_open() -> None:
    """Leave the route open: it belongs to the process that wrote the handoff."""


def _picklable(settings: Settings) -> Settings:
    """The settings with mappings that can be pickled; a mapping proxy cannot."""
    return replace(
        settings, origins=dict(settings.origins), keys=dict(settings.keys), rules=dict(settings.rules)
    )


def _read_exactly(descriptor: int, size: int) -> bytes:
    chunks = b""
    while len(chunks) < size:
        chunk = os.read(descriptor, size - len(chunks))
        if not chunk:
            raise EOFError
        chunks += chunk
    return chunks
