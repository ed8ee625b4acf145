"""Words of the mysql client that are left out here."""

from __future__ import annotations

from collections.abc import Mapping

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, marked

LEFT_OUT: Mapping[str, str] = dict.fromkeys(
    ("--compress", "-C", "--compression-algorithms", "--zstd-compression-level"),
    marked("leave it away: a look at the server is small"),
)
"""Of the `mysql` client, and not for us: our wire does not compress. In an option file it is passed over."""

UNCHECKED = frozenset({"ssl-capath", "ssl-crl", "ssl-crlpath", "ssl-fp", "ssl-fplist"})
"""In an option file these ask for a check of the server that we do not make: passing over them is told."""


def left_out(what: str) -> SettingsError:
    return SettingsError(
        _("{flag} is left out: this connection does not compress", flag=what), _(LEFT_OUT[what])
    )
