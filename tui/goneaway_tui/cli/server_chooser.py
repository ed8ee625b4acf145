"""Which server it is to be, where nobody said: a choice on the screen, until one of them lets us in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from goneaway_tui.cli.connect import address_name, route_to
from goneaway_tui.cli.filesystem import append
from goneaway_tui.cli.terminal import report_fault, tell
from goneaway_tui.errors import ExitCode, SettingsError, SourceError
from goneaway_tui.i18n import _
from goneaway_tui.model.profile import ConnectedServer, Profile, ProfileDraft
from goneaway_tui.settings import (
    Environment,
    InfoAnswer,
    PasswordCommand,
    Settings,
    appended_profile,
    check_draft,
    resolve,
    servers_of,
    trial_settings,
)
from goneaway_tui.source.address import STANDARD_SOCKETS
from goneaway_tui.source.capabilities import find_capabilities, limitations_of
from goneaway_tui.source.connection import Connection
from goneaway_tui.text.sanitize import plain

PLACES = ("host", "port", "user", "password", "socket", "ssh", "transport")
"""What says where to connect, or as whom, by its name among the origins."""


def has_no_server(settings: Settings) -> bool:
    """Whether nothing at all says where to connect or as whom: no flag, no DSN, no variable, no option file.

    A standard socket in an option file says nothing: Debian's packages write it into everybody's.
    """
    said = {name for name in PLACES if settings.origins[name] != "default"}
    if settings.connection.socket in STANDARD_SOCKETS and not settings.live:
        said -= {
            name for name in ("socket", "transport") if settings.origins[name] == settings.origins["socket"]
        }
    return not (said or settings.profile)


def choose_server(
    settings: Settings, argv: Sequence[str], around: Environment, board: Callable[[Settings], int]
) -> int:
    """Show `board` on the server that is chosen. With no servers in the config file that is the one nearby.

    What does not let us in is told on the screen, where another can be chosen. Raises GoneawayError.
    """
    door = LiveServerDirectory(settings, argv, around)
    from goneaway_tui.ui.screens.connect import ConnectApp

    trouble, status = "", ExitCode.DONE
    chosen: ProfileDraft | str | None = None
    if not door.profiles():
        try:
            return board(settings)
        except SourceError as error:
            trouble, status = error.line, error.exit_code
    while True:
        app = ConnectApp(door, trouble=trouble, last=chosen, theme=settings.theme)
        app.set_charset(sys.stderr.encoding)
        chosen = app.run()
        if app.crash is not None:
            tell(report_fault(app.crash))
            return ExitCode.BUG
        if app.interrupted:
            return ExitCode.INTERRUPTED
        if chosen is None:
            if trouble:
                tell(trouble)
            return status
        try:
            return board(door.settings(chosen))
        except (SourceError, SettingsError) as error:
            trouble, status = error.line, error.exit_code


class LiveServerDirectory:
    """The servers of one config file, and the network."""

    def __init__(self, settings: Settings, argv: Sequence[str], around: Environment) -> None:
        """`argv` is what was said for any server: a theme, a config file."""
        self._settings = settings
        self._argv = tuple(argv)
        self._around = around

    def profiles(self) -> tuple[Profile, ...]:
        return tuple(self._profile(name) for name in servers_of(self._settings.config, self._around))

    def nearby(self) -> Profile:
        return Profile("", _place(self._settings))

    def settings(self, chosen: ProfileDraft | str) -> Settings:
        """Those of a run: with a name of the config file, with a draft, or with the server nearby for no name."""
        if isinstance(chosen, ProfileDraft):
            return self._trial(chosen)
        return self._named(chosen) if chosen else self._settings

    def wants_terminal(self, draft: ProfileDraft) -> bool:
        connection = self._trial(draft).connection
        return bool(
            connection.ssh or connection.ask_password or isinstance(connection.password, PasswordCommand)
        )

    def attempt(self, draft: ProfileDraft) -> ConnectedServer:
        settings = self._trial(draft)
        with route_to(settings) as way, closing(Connection(way.address)) as connection:
            found = find_capabilities(connection)
        return ConnectedServer(f"{found.flavour.title} {found.version}", found.account, limitations_of(found))

    def save(self, draft: ProfileDraft) -> str:
        path = self._settings.config
        append(path, appended_profile(draft, path, self._around))
        return self._around.name(path)

    def _trial(self, draft: ProfileDraft) -> Settings:
        check_draft(replace(draft, name=draft.name or "new"))
        return trial_settings(draft, self._argv, self._settings.config, self._around)

    def _named(self, name: str) -> Settings:
        told = resolve([*self._argv, f"@{name}"], self._around)
        assert not isinstance(told, InfoAnswer)  # noqa: S101 - a question would have been answered before
        return told

    def _profile(self, name: str) -> Profile:
        try:
            told = self._named(name)
        except SettingsError as error:
            return Profile(name, _("cannot be used: {why}", why=plain(error.line, 200)))
        return Profile(name, _place(told), told.color, told.read_only)


def _place(settings: Settings) -> str:
    connection = settings.connection
    there = f"{connection.user}@{address_name(connection)}"
    return plain(_("{place} via {host}", place=there, host=connection.ssh) if connection.ssh else there, 300)
