"""Who may ask: by which name of ours, from which page, with which login.

A page from anywhere can make its reader's browser ask us, also on this very machine. That it is no page of ours is
told by its `Origin`; that a stranger's name was made to lead here is told by `Host`. No stranger can take an address
for a name, so by an address anybody may ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from goneaway_tui.doorway import Doorway, knows

UNKNOWN, STRANGE, MISDIRECTED = 401, 403, 421
"""Status codes of HTTP: who are you, that page may not, that is no name of ours."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before every answer."""

    names: frozenset[str] | None
    """Those we are asked by, in small letters, besides `localhost`; None where any is good."""
    login: str | None = None
    """`user:password`; None lets in everybody."""

    def refusal(self, headers: Mapping[str, str], *, by_page: bool) -> int | None:
        """The status with which to refuse; None lets in. `by_page`: only a page of ours asks for this."""
        host = headers.get("Host", "").casefold()
        if self.names is not None and not _is_ours(_name_in(host), self.names):
            return MISDIRECTED
        origin = headers.get("Origin")
        if (origin is None and by_page) or (origin is not None and _place_of(origin) != host):
            return STRANGE
        if self.login is not None and not knows(self.login, headers.get("Authorization", "")):
            return UNKNOWN
        return None


def guard_of(doorway: Doorway, *names: str) -> Guard:
    """`names`: of this machine. With a login or a certificate a stranger's name gets nobody any further."""
    if doorway.login is not None or doorway.cert is not None:
        return Guard(None, doorway.login)
    return Guard(frozenset(name.casefold() for name in (doorway.host, *names)))


def _is_ours(name: str, names: frozenset[str]) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return name == "localhost" or (bool(name) and name in names)
    return True


def _name_in(host: str) -> str:
    """
    >>> _name_in("db1:8104"), _name_in("[::1]:8104"), _name_in("[::1"), _name_in("a@b:1")
    ('db1', '::1', '', '')
    """
    try:
        return "" if "@" in host else urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _place_of(origin: str) -> str | None:
    """Host and port of a page's origin; None of one that has none."""
    try:
        return urlsplit(origin.casefold()).netloc or None
    except ValueError:
        return None
