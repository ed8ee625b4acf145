"""The settings of a run and their origins: flags, DSN, environment variables, config file, option files."""

from goneaway_tui.settings.command_line import language_asked
from goneaway_tui.settings.environment import Environment, FileContent, Files
from goneaway_tui.settings.resolve import resolve, resolve_each
from goneaway_tui.settings.secrets import Secret, hide_secrets
from goneaway_tui.settings.settings import (
    ConnectionSettings,
    InfoAnswer,
    Keyring,
    ListenAddress,
    PasswordCommand,
    Settings,
    SslMode,
    Transport,
)

__all__ = [
    "ConnectionSettings",
    "Environment",
    "FileContent",
    "Files",
    "InfoAnswer",
    "Keyring",
    "ListenAddress",
    "PasswordCommand",
    "Secret",
    "Settings",
    "SslMode",
    "Transport",
    "hide_secrets",
    "language_asked",
    "resolve",
    "resolve_each",
]
