"""`goneaway-tui serve`: the screen in a browser. Each who looks has a process and connections of their own."""

from __future__ import annotations

import asyncio
import platform
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from goneaway_tui.cli.commands.exporter import endpoint_of
from goneaway_tui.cli.servers import configured_servers
from goneaway_tui.cli.terminal import exiting_on_signals, tell
from goneaway_tui.cli.web_handoff import handoff_json
from goneaway_tui.errors import ExitCode, SettingsError
from goneaway_tui.http_auth import basic_auth_guard
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.server import is_loopback
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings

NEEDS = {"textual_serve", "aiohttp", "aiohttp_jinja2", "jinja2"}
"""What comes with the extra."""
VIEWER = ("-P", "-m", "goneaway_tui.cli.web_child")
"""What Python is told to run; from no folder that happens to be the present one."""
EXPOSED = marked("sees every session and its SQL")


def run_web_service(each: Sequence[Settings], clock: Clock) -> ExitCode:
    """Raises SettingsError without the extra, where nobody can listen, or where it would not be safe; FileError for what
    cannot be read.
    """
    first = each[0]
    try:
        from goneaway_tui.web.service import LogLimit, WebService
        from goneaway_tui.web.viewer import ScreenProgram
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] not in NEEDS:
            raise
        raise SettingsError(
            _("serve needs the Python package textual-serve, which is not here"),
            _("pipx inject goneaway-tui textual-serve, or install goneaway-tui[serve]"),
        ) from None
    refuse_unsafe_options(each)
    doorway = endpoint_of(first, EXPOSED)
    told: list[int] = []
    with ExitStack() as held:
        members = () if first.simulated else held.enter_context(configured_servers(each))
        program = ScreenProgram((sys.executable, *VIEWER), handoff_json(first, members))
        service = WebService(
            doorway,
            basic_auth_guard(doorway, platform.node()),
            program,
            first.max_viewers,
            LogLimit(tell, clock),
        )

        def go(number: int) -> None:
            told.append(number)
            service.stop()

        def opened(port: int) -> None:
            scheme = "http" if doorway.cert is None else "https"
            reach = _("read-only") if all(one.read_only for one in each) else _("changes are allowed")
            place = f"{scheme}://{replace(first.listen, port=port)}/"
            tell(_("the screen is at {place}, {reach}; ctrl+c ends it", place=place, reach=reach))

        with exiting_on_signals(go):
            asyncio.run(service.run(opened))
    return ExitCode.INTERRUPTED if signal.SIGINT in told else ExitCode.DONE


def refuse_unsafe_options(each: Sequence[Settings]) -> None:
    """Raises SettingsError; what is the person's own risk is told."""
    first = each[0]
    may_change = not all(one.read_only for one in each)
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
