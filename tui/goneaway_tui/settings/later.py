"""Words of the contract that this version does not know yet, each with what to do in the meantime.

When one begins to work its line here goes, and its row in the tables comes.
"""

from __future__ import annotations

from collections.abc import Mapping

from goneaway_tui.errors import SettingsError

_SNAPSHOT = "goneaway-tui snapshot --format json reads the server once"

COMMANDS: Mapping[str, str] = {
    "exporter": _SNAPSHOT,
}

FLAGS: Mapping[str, str] = {
    "--listen": _SNAPSHOT,
}

LEFT_OUT: Mapping[str, str] = dict.fromkeys(
    ("--compress", "-C", "--compression-algorithms", "--zstd-compression-level"),
    "leave it away: a look at the server is small",
)
"""Of the `mysql` client, and not for us: our wire does not compress. In an option file it is passed over."""

UNCHECKED = frozenset({"ssl-capath", "ssl-crl", "ssl-crlpath", "ssl-fp", "ssl-fplist"})
"""In an option file these ask for a check of the server that we do not make: passing over them is told."""


def not_yet(what: str) -> SettingsError:
    return SettingsError(f"{what} is not available yet", {**COMMANDS, **FLAGS}[what])


def left_out(what: str) -> SettingsError:
    return SettingsError(f"{what} is left out: this connection does not compress", LEFT_OUT[what])
