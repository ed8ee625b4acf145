"""Where we are asked over HTTP, and by whom: the address, the certificate, the login."""

from __future__ import annotations

import base64
import binascii
import hmac
import ssl
from dataclasses import dataclass

from goneaway_tui.errors import FileError
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain

CHALLENGE = 'Basic realm="goneaway-tui"'
"""What `WWW-Authenticate` says to who is not known."""


@dataclass(frozen=True, slots=True)
class Doorway:
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


def knows(login: str, authorization: str) -> bool:
    """Whether a header `Authorization` says `login`, which is `user:password`.

    >>> knows("a:b", "Basic YTpi"), knows("a:b", "Basic YTpj"), knows("a:b", "")
    (True, False, False)
    """
    kind, _space, said = authorization.partition(" ")
    try:
        given = base64.b64decode(said, validate=True) if kind.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    return hmac.compare_digest(given, login.encode())


def tls(doorway: Doorway) -> ssl.SSLContext | None:
    """What speaks TLS there; None where it is not spoken.

    Raises FileError for a certificate, key or authority that is none; a key with a passphrase is none here.
    """
    if doorway.cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(doorway.cert, doorway.key, password=lambda: "")
        if doorway.ca is not None:
            context.load_verify_locations(doorway.ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror or _("it is none")
        raise FileError(
            _("cannot speak TLS with {file}: {why}", file=plain(doorway.cert, 300), why=why),
            _("name a certificate and its key, as PEM"),
        ) from None
    return context
