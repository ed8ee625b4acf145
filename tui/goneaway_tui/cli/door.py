"""Which server it is to be, where nobody said: a choice on the screen, until one of them lets us in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from goneaway_tui.cli.disk import append
from goneaway_tui.cli.terminal import fault, tell
from goneaway_tui.cli.way import address_name, way_to
from goneaway_tui.errors import ExitCode, SettingsError, SourceError
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.model.profile import Draft, Profile, Welcome
from goneaway_tui.settings import (
    Answer,
    Command,
    Settings,
    Surroundings,
    addition,
    look_through,
    resolve,
    servers_of,
    trial,
)
from goneaway_tui.source.address import STANDARD_SOCKETS
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.survey import limitations_of, survey

PLACES = ("host", "port", "user", "password", "socket", "ssh", "transport")
"""What says where to connect, or as whom, by its name among the origins."""


def is_unsaid(settings: Settings) -> bool:
    """Whether nothing at all says where to connect or as whom: no flag, no DSN, no variable, no option file.

    A standard socket in an option file says nothing: Debian's packages write it into everybody's.
    """
    said = {name for name in PLACES if settings.origins[name] != "default"}
    if settings.connection.socket in STANDARD_SOCKETS and not settings.live:
        said -= {
            name for name in ("socket", "transport") if settings.origins[name] == settings.origins["socket"]
        }
    return not (said or settings.profile)


def choose(
    settings: Settings, argv: Sequence[str], around: Surroundings, board: Callable[[Settings], int]
) -> int:
    """Show `board` on the server that is chosen. With no servers in the config file that is the one nearby.

    What does not let us in is told on the screen, where another can be chosen. Raises GoneawayError.
    """
    door = LiveDoor(settings, argv, around)
    from goneaway_tui.ui.connecting import ConnectApp

    trouble, status = "", ExitCode.DONE
    chosen: Draft | str | None = None
    if not door.profiles():
        try:
            return board(settings)
        except SourceError as error:
            trouble, status = error.line, error.exit_code
    while True:
        app = ConnectApp(door, trouble=trouble, last=chosen, theme=settings.theme)
        app.speak(sys.stderr.encoding)
        chosen = app.run()
        if app.crash is not None:
            tell(fault(app.crash))
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


class LiveDoor:
    """The servers of one config file, and the network."""

    def __init__(self, settings: Settings, argv: Sequence[str], around: Surroundings) -> None:
        """`argv` is what was said for any server: a theme, a config file."""
        self._settings = settings
        self._argv = tuple(argv)
        self._around = around

    def profiles(self) -> tuple[Profile, ...]:
        return tuple(self._profile(name) for name in servers_of(self._settings.config, self._around))

    def nearby(self) -> Profile:
        return Profile("", _place(self._settings))

    def settings(self, chosen: Draft | str) -> Settings:
        """Those of a run: with a name of the config file, with a draft, or with the server nearby for no name."""
        if isinstance(chosen, Draft):
            return self._trial(chosen)
        return self._named(chosen) if chosen else self._settings

    def wants_terminal(self, draft: Draft) -> bool:
        connection = self._trial(draft).connection
        return bool(connection.ssh or connection.ask_password or isinstance(connection.password, Command))

    def attempt(self, draft: Draft) -> Welcome:
        settings = self._trial(draft)
        with way_to(settings) as way, closing(Connection(way.address)) as connection:
            found = survey(connection)
        return Welcome(f"{found.flavour.title} {found.version}", found.account, limitations_of(found))

    def save(self, draft: Draft) -> str:
        path = self._settings.config
        append(path, addition(draft, path, self._around))
        return self._around.name(path)

    def _trial(self, draft: Draft) -> Settings:
        look_through(replace(draft, name=draft.name or "new"))
        return trial(draft, self._argv, self._settings.config, self._around)

    def _named(self, name: str) -> Settings:
        told = resolve([*self._argv, f"@{name}"], self._around)
        assert not isinstance(told, Answer)  # noqa: S101 - a question would have been answered before
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
