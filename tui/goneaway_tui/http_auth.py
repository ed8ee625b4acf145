"""Access over HTTP: the address, the certificate, the login, and checks against other web pages.

A page from anywhere can make the browser of its reader send requests to us, also on this machine. `Origin` shows that
the page is not ours; `Host` shows that a foreign name was made to resolve to our address. A request by IP address is
let in: no other site can own an address as its name.
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

UNAUTHORIZED, FOREIGN_PAGE, FOREIGN_HOST, TOO_MANY_LOGINS = 401, 403, 421, 429
"""HTTP status codes: no or a wrong login, a page that is not ours, a host name that is not ours, too many wrong
logins.
"""
MAX_FAILED_LOGINS, FAILED_LOGIN_SECONDS = 10, 60.0
"""After so many wrong logins from one address, its further wrong logins get no challenge for so many seconds. The
right login is let in: a neighbour may share the address.
"""
MAX_FAILED_PER_SECOND = 10
"""Wrong logins from all addresses in a second; after them no login is checked, right or wrong, until the second is
over. This bounds how fast passwords can be guessed.
"""
MAX_ADDRESSES = 1000
"""Addresses whose wrong logins are remembered."""
CHALLENGE = 'Basic realm="goneaway-tui"'
"""The header `WWW-Authenticate` of an answer to a request without a valid login."""


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """Where to listen, and which clients are let in."""

    host: str
    port: int
    cert: str | None = None
    """Paths: our certificate, its key, and the CAs of the client certificates that are let in."""
    key: str | None = None
    ca: str | None = None
    login: str | None = None
    """`user:password`; None lets in every client."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return is_loopback(self.host)


def is_login_valid(login: str, authorization: str) -> bool:
    """Whether a header `Authorization` carries `login`, which is `user:password`.

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
    """The TLS context of the endpoint; None where it has no certificate.

    Raises FileError for a certificate, key or CA that cannot be used; a key with a passphrase cannot.
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
        why = getattr(error, "reason", None) or error.strerror or _("the certificate is not valid")
        raise FileError(
            _("cannot use {file} for TLS: {why}", file=plain(endpoint.cert, 300), why=why),
            _("name a certificate and its key in PEM format"),
        ) from None
    return context


class FailedLogins:
    """Counts wrong logins by address, and of all addresses in the current second."""

    def __init__(self) -> None:
        self._by_address: dict[str, tuple[int, float]] = {}
        """The number of wrong logins of an address, and when the first came."""
        self._this_second: tuple[int, float] = (0, 0.0)
        """The number of wrong logins of all addresses in the current second, and when the second began."""

    def is_flooded(self, now: float) -> bool:
        """Whether there were so many wrong logins in this second that no login is checked."""
        number, since = self._this_second
        return number >= MAX_FAILED_PER_SECOND and now - since < 1

    def is_refused(self, address: str, now: float) -> bool:
        """Whether an address has sent too many wrong logins in FAILED_LOGIN_SECONDS."""
        number, since = self._by_address.get(address, (0, now))
        return number >= MAX_FAILED_LOGINS and now - since < FAILED_LOGIN_SECONDS

    def count(self, address: str, now: float) -> None:
        """Count one wrong login."""
        number, since = self._this_second
        self._this_second = (number + 1, since) if number and now - since < 1 else (1, now)
        number, since = self._by_address.pop(address, (0, now))
        if now - since >= FAILED_LOGIN_SECONDS:
            number, since = 0, now
        self._by_address[address] = (number + 1, since)
        if len(self._by_address) > MAX_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides which requests are answered."""

    names: frozenset[str] | None
    """Host names that requests may be sent to besides `localhost`, in lower case; None allows every name."""
    login: str | None = None
    """`user:password`; None lets in every client."""
    failed_logins: FailedLogins = field(default_factory=FailedLogins)

    def refusal(self, headers: Mapping[str, str], *, by_page: bool, address: str, now: float) -> int | None:
        """The HTTP status with which to refuse a request; None lets it in.

        `by_page`: only a page of ours sends this request. `address`: of the client. `now`: seconds on any one clock.
        """
        host = headers.get("Host", "").casefold()
        if self.names is not None and not _is_allowed_name(_host_name_in(host), self.names):
            return FOREIGN_HOST
        origin = headers.get("Origin")
        if (origin is None and by_page) or (origin is not None and _netloc_of(origin) != host):
            return FOREIGN_PAGE
        return None if self.login is None else self._login_refusal(self.login, headers, address, now)

    def _login_refusal(self, login: str, headers: Mapping[str, str], address: str, now: float) -> int | None:
        authorization = headers.get("Authorization", "")
        if not authorization:
            return UNAUTHORIZED
        if self.failed_logins.is_flooded(now):
            return TOO_MANY_LOGINS
        if is_login_valid(login, authorization):
            return None
        is_refused = self.failed_logins.is_refused(address, now)
        self.failed_logins.count(address, now)
        return TOO_MANY_LOGINS if is_refused else UNAUTHORIZED


def refusal_text(status: int) -> str:
    """One line for a person, for each status of `Guard.refusal`."""
    return {
        401: _("a user name and a password are required"),
        403: _("only a page of goneaway-tui may request this"),
        429: _("too many failed logins: wait a minute"),
        421: _("this host name is not allowed: use the IP address, or serve with --listen-auth"),
    }[status]


def basic_auth_guard(endpoint: HttpEndpoint, *names: str) -> Guard:
    """The guard of an endpoint. `names` are the host names of this machine.

    With a login or a certificate any host name is allowed: a foreign page cannot send either.
    """
    if endpoint.login is not None or endpoint.cert is not None:
        return Guard(None, endpoint.login)
    return Guard(frozenset(name.casefold() for name in (endpoint.host, *names)))


def _is_allowed_name(name: str, names: frozenset[str]) -> bool:
    """Whether a host name is an IP address, `localhost`, or one of `names`."""
    try:
        ip_address(name)
    except ValueError:
        return name == "localhost" or (bool(name) and name in names)
    return True


def _host_name_in(host: str) -> str:
    """The host name in a header `Host`; empty where it cannot be read.

    >>> _host_name_in("db1:8104"), _host_name_in("[::1]:8104"), _host_name_in("[::1"), _host_name_in("a@b:1")
    ('db1', '::1', '', '')
    """
    try:
        return "" if "@" in host else urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _netloc_of(origin: str) -> str | None:
    """Host and port of the origin of a page; None for an origin without them."""
    try:
        return urlsplit(origin.casefold()).netloc or None
    except ValueError:
        return None
