"""Where we are asked over HTTP, and by whom: the address, the certificate, the login, the name, the page.

A page from anywhere can make its reader's browser ask us, also on this very machine. That it is no page of ours is
told by its `Origin`; that a stranger's name was made to lead here is told by `Host`. No stranger can take an address
for a name, so by an address anybody may ask.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.model.server import is_loopback
from goneaway_tui.text.sanitize import plain

UNKNOWN, STRANGE, MISDIRECTED, TOO_MANY = 401, 403, 421, 429
"""Status codes of HTTP: who are you, that page may not, that is no name of ours, too many wrong logins."""
MAX_FAILED_LOGINS, FAILED_LOGIN_SECONDS = 10, 60.0
"""After so many wrong logins from one address its further ones get no challenge for so long. The right login is let in:
a neighbour may share the address."""
MAX_FAILED_PER_SECOND = 10
"""Wrong logins from all addresses; after them no login is looked at, right or wrong, till that second is over. So fast may
passwords be guessed."""
MAX_ADDRESSES = 1000
"""Whose wrong logins are remembered at a time."""
CHALLENGE = 'Basic realm="goneaway-tui"'
"""What `WWW-Authenticate` says to who is not known."""


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    host: str
    port: int
    cert: str | None = None
    """Paths: our certificate, its key, and the authorities of the certificates of who may ask."""
    key: str | None = None
    ca: str | None = None
    login: str | None = None
    """`user:password` of who may ask; None lets in everybody."""

    @property
    def is_guarded(self) -> bool:
        """Whether it is asked who comes."""
        return self.login is not None or self.ca is not None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_login_valid(login: str, authorization: str) -> bool:
    """Whether a header `Authorization` says `login`, which is `user:password`.

    >>> is_login_valid("a:b", "Basic YTpi"), is_login_valid("a:b", "Basic YTpj"), is_login_valid("a:b", "")
    (True, False, False)
    """
    kind, _space, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True) if kind.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        decoded = b""
    return hmac.compare_digest(decoded, login.encode())


def tls_context(endpoint: HttpEndpoint) -> ssl.SSLContext | None:
    """What speaks TLS there; None where it is not spoken.

    Raises FileError for a certificate, key or authority that is none; a key with a passphrase is none here.
    """
    if endpoint.cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(endpoint.cert, endpoint.key, password=lambda: "")
        if endpoint.ca is not None:
            context.load_verify_locations(endpoint.ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror or _("it is none")
        raise FileError(
            _("cannot speak TLS with {file}: {why}", file=plain(endpoint.cert, 300), why=why),
            _("name a certificate and its key, as PEM"),
        ) from None
    return context


class FailedLogins:
    """Wrong logins by address, and of all addresses in the current second."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, float]] = {}
        """How many, and when the first was."""
        self._lately: tuple[int, float] = (0, 0.0)
        """The same of all addresses, within a second."""

    def is_flooded(self, now: float) -> bool:
        """Whether so many were wrong in this second that none is looked at."""
        number, since = self._lately
        return number >= MAX_FAILED_PER_SECOND and now - since < 1

    def is_refused(self, address: str, now: float) -> bool:
        number, since = self._failed.get(address, (0, now))
        return number >= MAX_FAILED_LOGINS and now - since < FAILED_LOGIN_SECONDS

    def count(self, address: str, now: float) -> None:
        number, since = self._lately
        self._lately = (number + 1, since) if number and now - since < 1 else (1, now)
        number, since = self._failed.pop(address, (0, now))
        if now - since >= FAILED_LOGIN_SECONDS:
            number, since = 0, now
        self._failed[address] = (number + 1, since)
        if len(self._failed) > MAX_ADDRESSES:
            del self._failed[next(iter(self._failed))]


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before every answer."""

    names: frozenset[str] | None
    """Those we are asked by, in small letters, besides `localhost`; None where any is good."""
    login: str | None = None
    """`user:password`; None lets in everybody."""
    failed_logins: FailedLogins = field(default_factory=FailedLogins)

    def refusal(self, headers: Mapping[str, str], *, by_page: bool, address: str, now: float) -> int | None:
        """The status with which to refuse; None lets in.

        `by_page`: only a page of ours asks for this. `address`: of who asks. `now`: seconds on any one clock.
        """
        host = headers.get("Host", "").casefold()
        if self.names is not None and not _is_ours(_name_in(host), self.names):
            return MISDIRECTED
        origin = headers.get("Origin")
        if (origin is None and by_page) or (origin is not None and _place_of(origin) != host):
            return STRANGE
        return None if self.login is None else self._login_refusal(self.login, headers, address, now)

    def _login_refusal(self, login: str, headers: Mapping[str, str], address: str, now: float) -> int | None:
        authorization = headers.get("Authorization", "")
        if not authorization:
            return UNKNOWN
        if self.failed_logins.is_flooded(now):
            return TOO_MANY
        if is_login_valid(login, authorization):
            return None
        is_refused = self.failed_logins.is_refused(address, now)
        self.failed_logins.count(address, now)
        return TOO_MANY if is_refused else UNKNOWN


def refusal_text(status: int) -> str:
    return {
        401: _("who are you?"),
        403: _("only a page of ours may ask for that"),
        429: _("too many wrong logins: wait a minute"),
        421: _("by that name nobody is known here: ask by the address, or serve with --listen-auth"),
    }[status]


def basic_auth_guard(endpoint: HttpEndpoint, *names: str) -> Guard:
    """`names`: of this machine. With a login or a certificate a stranger's name gets nobody any further."""
    if endpoint.login is not None or endpoint.cert is not None:
        return Guard(None, endpoint.login)
    return Guard(frozenset(name.casefold() for name in (endpoint.host, *names)))


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
