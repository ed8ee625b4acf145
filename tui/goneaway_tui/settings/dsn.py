"""Reading `mysql://user:password@host:port/db?ssl-mode=...`.

No error repeats any part of a DSN: where one is malformed, any part may be a piece of the password.
"""

from __future__ import annotations

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, marked
from goneaway_tui.settings.mention import BY_NAME, KEY_NAMES, Mention, Rank, canonical, meaning

ORIGIN = "DSN"

SCHEMES = ("mysql", "mariadb")

_FORM = marked("write mysql://user:password@host:port/database")
_ESCAPING = marked("in a user or password write %40 for @, %2F for /, %3F for ?, %23 for #")
_PLACES = ("host", "port", "user", "password", "database")
"""Options that have a place of their own in a DSN; the rest of the connection goes into its query."""

QUERY_KEYS = tuple(
    key for key, (option, _text) in KEY_NAMES.items() if option.name not in _PLACES and key == option.key
)


def is_dsn(text: str) -> bool:
    return "://" in text


def mentions(text: str) -> list[Mention]:
    """What a DSN says, in its order; what it leaves empty it does not say. Raises SettingsError."""
    scheme, _colon, rest = text.partition("://")
    if scheme.lower() not in SCHEMES:
        known = _(" or ").join(f"{known}://" for known in SCHEMES)
        raise SettingsError(
            _("the DSN's scheme is not known"), _("a DSN begins with {schemes}", schemes=known)
        )
    place, slash, tail = rest.partition("/")
    if not slash or "?" in place:
        place, mark, query = rest.partition("?")
        database = ""
    else:
        database, mark, query = tail.partition("?")
    if "#" in rest or "@" in database + query:
        raise SettingsError(_("the DSN has # in it, or @ after the host"), _(_ESCAPING))
    credentials, _at, address = place.rpartition("@")
    user, colon, password = credentials.partition(":")
    host, port = _address(address)
    said = {"user": user, "host": host, "port": port, "database": database}
    found = [_mention(name, part) for name, part in said.items() if part]
    if colon:
        found.append(_mention("password", password))
    return found + [_from_query(item) for item in query.split("&") if mark and item]


def _address(text: str) -> tuple[str, str]:
    """Host and port as written, the host without the brackets an IPv6 address wears."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        malformed = not bracket or colon not in {"", ":"}
    else:
        host, _colon, port = text.partition(":")
        malformed = ":" in port
    if malformed:
        raise SettingsError(
            _("the DSN's host is malformed"), _("put an IPv6 address in brackets, as in [::1]:3306")
        )
    if port and not (port.isascii() and port.isdecimal()):
        raise SettingsError(
            _("the DSN's port is not a number"), _("{what}; {hint}", what=_(_FORM), hint=_(_ESCAPING))
        )
    return host, port


def _from_query(item: str) -> Mention:
    key, equals, value = item.partition("=")
    option, text = meaning(KEY_NAMES, canonical(_decoded(key)).lower(), _decoded(value) if equals else None)
    if option is None or option.name in _PLACES:
        raise SettingsError(
            _("the DSN's query has a key that is not known"),
            _("it may have {names}", names=", ".join(QUERY_KEYS)),
        )
    return Mention(option, text, ORIGIN, Rank.DSN)


def _mention(name: str, part: str) -> Mention:
    return Mention(BY_NAME[name], _decoded(part), ORIGIN, Rank.DSN)


def _decoded(part: str) -> str:
    from urllib.parse import unquote

    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise SettingsError(_("the DSN has percent codes that are not UTF-8"), _(_ESCAPING)) from None
