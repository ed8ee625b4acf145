"""What a run is to do, and who said so: flags, DSN, environment, option file."""

from goneaway_tui.settings.argv import hide_secrets
from goneaway_tui.settings.resolution import resolve
from goneaway_tui.settings.secret import Secret
from goneaway_tui.settings.settings import Answer, ConnectionSettings, Settings, SslMode, Transport

__all__ = [
    "Answer",
    "ConnectionSettings",
    "Secret",
    "Settings",
    "SslMode",
    "Transport",
    "hide_secrets",
    "resolve",
]
