"""Words of the contract that this version does not know yet, each with what to do in the meantime.

When one begins to work its line here goes, and its row in the tables comes.
"""

from __future__ import annotations

from collections.abc import Mapping

from goneaway_tui.errors import SettingsError

_SNAPSHOT = "goneaway-tui snapshot --format json reads the server once"
_CLIENT = "give the connection by flags, by DSN or in the [client] group of ~/.my.cnf"
_ONE = "give one server, by flags or by DSN"

COMMANDS: Mapping[str, str] = {
    "watch": _SNAPSHOT,
    "exporter": _SNAPSHOT,
    "replay": "goneaway-tui demo shows the screen without a server of yours",
}

FLAGS: Mapping[str, str] = {
    "--defaults-file": _CLIENT,
    "--defaults-extra-file": _CLIENT,
    "--defaults-group-suffix": _CLIENT,
    "--no-defaults": "what flags and DSN say overrules ~/.my.cnf",
    "--login-path": _CLIENT,
    "--protocol": "-S FILE is the Unix socket, -h 127.0.0.1 is TCP",
    "--config": "give flags, or GONEAWAY_... variables",
    "--group": _ONE,
    "--record": _SNAPSHOT,
    "--listen": _SNAPSHOT,
}

SEVERAL = "more than one server"
PROFILE = "@profile"


def not_yet(what: str) -> SettingsError:
    return SettingsError(f"{what} is not available yet", {**COMMANDS, **FLAGS}.get(what, _ONE))
