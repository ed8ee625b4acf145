"""What a run is to do, and who said so: flags, DSN, environment, config file, option files."""

from goneaway_tui.settings.argv import hide_secrets
from goneaway_tui.settings.commandline import language_asked
from goneaway_tui.settings.profiles import addition, look_through, servers_of, trial
from goneaway_tui.settings.resolution import resolve, resolve_each
from goneaway_tui.settings.secret import Secret
from goneaway_tui.settings.settings import (
    Answer,
    Command,
    ConnectionSettings,
    Keyring,
    Listen,
    Settings,
    SslMode,
    Transport,
)
from goneaway_tui.settings.surroundings import Content, Files, Surroundings

__all__ = [
    "Answer",
    "Command",
    "ConnectionSettings",
    "Content",
    "Files",
    "Keyring",
    "Listen",
    "Secret",
    "Settings",
    "SslMode",
    "Surroundings",
    "Transport",
    "addition",
    "hide_secrets",
    "language_asked",
    "look_through",
    "resolve",
    "resolve_each",
    "servers_of",
    "trial",
]
