"""Let the user choose a server on the screen if the command line names none, until a server accepts the connection."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from goneaway_tui.cli.connect import address_name, route_to
from goneaway_tui.cli.factories import append
from goneaway_tui.cli.terminal import report_fault, write_err
from goneaway_tui.errors import ExitCode, SettingsError, SourceError
from goneaway_tui.i18n import _
from goneaway_tui.model.server import ConnectedServer, Profile, ProfileDraft
from goneaway_tui.settings import (
    Environment,
    InfoAnswer,
    PasswordCommand,
    Settings,
    resolve,
)
from goneaway_tui.settings.profiles import appended_profile, check_draft, servers_of, trial_settings
from goneaway_tui.source.capabilities import find_capabilities, limitations_of
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.sockets import STANDARD_SOCKETS
from goneaway_tui.text.sanitize import plain

CONNECTION_SETTINGS = ("host", "port", "user", "password", "socket", "ssh", "transport")
"""The settings that name a server or an account, by their names among the origins."""


def has_no_server(settings: Settings) -> bool:
    """Whether nothing names a server or an account: no flag, no DSN, no environment variable, no option file.

    A standard socket in an option file does not count: the packages of Debian write it into the file of every machine.
    """
    given = {name for name in CONNECTION_SETTINGS if settings.origins[name] != "default"}
    if settings.connection.socket in STANDARD_SOCKETS and not settings.live:
        given -= {
            name for name in ("socket", "transport") if settings.origins[name] == settings.origins["socket"]
        }
    return not (given or settings.profile)


def choose_server(
    settings: Settings, argv: Sequence[str], environment: Environment, board: Callable[[Settings], int]
) -> int:
    """Show `board` on the server that the user chooses. If the config file has no servers, start with the local one.

    An error of a server is shown on the screen, where another server can be chosen. Raises GoneawayError.
    """
    directory = LiveServerDirectory(settings, argv, environment)
    from goneaway_tui.ui.screens.connect import ConnectApp

    trouble, status = "", ExitCode.DONE
    chosen: ProfileDraft | str | None = None
    if not directory.profiles():
        try:
            return board(settings)
        except SourceError as error:
            trouble, status = error.line, error.exit_code
    while True:
        app = ConnectApp(directory, trouble=trouble, previous=chosen, theme=settings.theme)
        app.set_charset(sys.stderr.encoding)
        chosen = app.run()
        if app.crash is not None:
            write_err(report_fault(app.crash))
            return ExitCode.BUG
        if app.interrupted:
            return ExitCode.INTERRUPTED
        if chosen is None:
            if trouble:
                write_err(trouble)
            return status
        try:
            return board(directory.settings(chosen))
        except (SourceError, SettingsError) as error:
            trouble, status = error.line, error.exit_code


class LiveServerDirectory:
    """The servers of one config file, and trial connections to others."""

    def __init__(self, settings: Settings, argv: Sequence[str], environment: Environment) -> None:
        """`argv`: the arguments that hold for every server, such as a theme or a config file."""
        self._settings = settings
        self._argv = tuple(argv)
        self._environment = environment

    def profiles(self) -> tuple[Profile, ...]:
        return tuple(self._profile(name) for name in servers_of(self._settings.config, self._environment))

    def nearby(self) -> Profile:
        return Profile("", _account_and_host(self._settings))

    def settings(self, chosen: ProfileDraft | str) -> Settings:
        """The settings of a run on a draft or on a name of the config file; an empty name is the local server."""
        if isinstance(chosen, ProfileDraft):
            return self._trial(chosen)
        return self._resolved(chosen) if chosen else self._settings

    def wants_terminal(self, draft: ProfileDraft) -> bool:
        connection = self._trial(draft).connection
        return bool(
            connection.ssh or connection.ask_password or isinstance(connection.password, PasswordCommand)
        )

    def attempt(self, draft: ProfileDraft) -> ConnectedServer:
        settings = self._trial(draft)
        with route_to(settings) as route, closing(Connection(route.address)) as connection:
            caps = find_capabilities(connection)
        return ConnectedServer(f"{caps.flavour.title} {caps.version}", caps.account, limitations_of(caps))

    def save(self, draft: ProfileDraft) -> str:
        path = self._settings.config
        append(path, appended_profile(draft, path, self._environment))
        return self._environment.name(path)

    def _trial(self, draft: ProfileDraft) -> Settings:
        check_draft(replace(draft, name=draft.name or "new"))
        return trial_settings(draft, self._argv, self._settings.config, self._environment)

    def _resolved(self, name: str) -> Settings:
        resolved = resolve([*self._argv, f"@{name}"], self._environment)
        assert not isinstance(resolved, InfoAnswer)  # noqa: S101 - --help and the like are answered before
        return resolved

    def _profile(self, name: str) -> Profile:
        try:
            settings = self._resolved(name)
        except SettingsError as error:
            return Profile(name, _("cannot be used: {why}", why=plain(error.line, 200)))
        return Profile(name, _account_and_host(settings), settings.color, settings.read_only)


def _account_and_host(settings: Settings) -> str:
    connection = settings.connection
    target = f"{connection.user}@{address_name(connection)}"
    return plain(
        _("{place} via {host}", place=target, host=connection.ssh) if connection.ssh else target, 300
    )
