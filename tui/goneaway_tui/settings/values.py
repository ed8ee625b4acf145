"""Readers of option values: a text in, a value out. They raise InvalidValue, which says what is wrong and what to write."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence

from goneaway_tui.i18n import LANGUAGES, N_, _, language_named
from goneaway_tui.settings.secrets import Secret
from goneaway_tui.settings.settings import ListenAddress, RecordingBound, SslMode, Transport
from goneaway_tui.text.format import parse_duration

DURATION = N_("write it like 90, 90s, 10m, 1h30m, 8h or 1y")

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def shown(text: str) -> str:
    """`text` for one line of an error: short, and without control characters.

    >>> shown("db1"), shown("a b" * 20)
    ("'db1'", "'a ba ba ba ba ba ba ba ba ba ba ba ba ba...'")
    """
    return repr(text if len(text) <= 40 else text[:40] + "...")


class InvalidValue(ValueError):
    """A text that is no value of its option. Its `str` repeats the text; `what` does not, for texts that may hold a
    password.
    """

    def __init__(self, what: str, text: str, hint: str) -> None:
        super().__init__(_("{what}: {text}", what=what, text=shown(text)))
        self.what = what
        self.hint = hint


def switch(text: str) -> bool:
    """A yes or no, in the words of the mysql client."""
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise InvalidValue(_("not a yes or no"), text, _("write 1 or 0"))
    return word in _TRUE


def negated_switch(text: str) -> bool:
    """The opposite of `switch`, for an option whose name begins with `no-`."""
    return not switch(text)


def word(text: str) -> str | None:
    """Any printable text that is UTF-8; None where it is empty, as in the `mysql` client."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue(_("not UTF-8"), text, _("check the terminal's character set")) from None
    if not text.isprintable():
        raise InvalidValue(_("not a name"), text, _("remove the character that cannot be printed"))
    return text or None


def filter_text(text: str) -> str:
    """A filter of sessions that may be killed by it."""
    from goneaway_tui.tune.kill_rules import kill_filter  # only `kill` loads it

    try:
        kill_filter(text)
    except ValueError as error:
        raise InvalidValue(_("not a filter for kill"), text, str(error)) from None
    return text


def path(text: str) -> str | None:
    """The name of a file: any bytes but NUL; None where it is empty."""
    if "\0" in text:
        raise InvalidValue(_("not a file name"), text, _("remove the NUL character"))
    return text or None


def output(text: str) -> str | None:
    """The name of a file; None, which is standard output, for `-`."""
    return None if text == "-" else path(text)


def host(text: str) -> str | None:
    """A host name or address that Python's resolver accepts: it raises UnicodeError for others."""
    name, colon, port = text.rpartition(":")
    if colon and ":" not in name and port.isdecimal():
        raise InvalidValue(_("not a host"), text, _("write the port separately, as in -h db1 -P 3307"))
    try:
        usable = (
            len(text) <= 255 and text.isprintable() and not set(text) & set(" /@") and text.encode("idna")
        )
    except UnicodeError:
        usable = False
    if text and not usable:
        raise InvalidValue(_("not a host"), text, _("write a name or an address, as in db1 or 10.0.0.7"))
    return text or None


def ssh(text: str) -> str | None:
    """A destination for `ssh`, also an alias of its config; nothing that `ssh` would take for an option."""
    if text.startswith("-") or not text.isprintable() or " " in text or len(text) > 255:
        raise InvalidValue(
            _("not an ssh destination"), text, _("write [user@]host, or an alias of your ssh config")
        )
    return text or None


def port(text: str) -> int:
    """A TCP port."""
    number = text.strip()
    if not (number.isascii() and number.isdecimal() and len(number) <= 5 and 1 <= int(number) <= 65535):
        raise InvalidValue(_("not a port"), text, _("a port is a number from 1 to 65535"))
    return int(number)


def listen(text: str) -> ListenAddress:
    """An address and a port; an IPv6 address in brackets.

    >>> str(listen("[::1]:9104")), str(listen("0.0.0.0:9200"))
    ('[::1]:9104', '0.0.0.0:9200')
    """
    address, colon, number = text.strip().rpartition(":")
    is_bracketed = address.startswith("[") and address.endswith("]")
    try:
        hostname = host(address[1:-1] if is_bracketed else address)
        port_number = port(number)
    except ValueError:
        hostname, port_number = None, 0
    if not (colon and hostname) or (":" in hostname) != is_bracketed:
        raise InvalidValue(
            _("not an address and a port"), text, _("write them as in 127.0.0.1:9104 or [::1]:9104")
        )
    return ListenAddress(hostname, port_number)


def count(minimum: int, maximum: int, span: str) -> Callable[[str], int]:
    """A reader of whole numbers in a range; `span` names the range in an error."""

    def read(text: str) -> int:
        number = text.strip().replace("_", "").replace(",", "")
        if not (
            number.isascii()
            and number.isdecimal()
            and len(number) <= 12
            and minimum <= int(number) <= maximum
        ):
            raise InvalidValue(_("not a number in range"), text, _("the range is {span}", span=_(span)))
        return int(number)

    return read


def secret(text: str) -> Secret:
    """A password as it is."""
    return Secret(text)


def seconds(minimum: float, maximum: float, span: str) -> Callable[[str], float]:
    """A reader of durations in a range, in seconds; `span` names the range in an error."""

    def read(text: str) -> float:
        try:
            duration = parse_duration(text)
        except ValueError:
            raise InvalidValue(_("not a duration"), text.strip(), _(DURATION)) from None
        if not minimum <= duration <= maximum:
            raise InvalidValue(_("out of range"), text, _("the range is {span}", span=_(span)))
        return duration

    return read


def connect_timeout(text: str) -> float:
    """Seconds. 0 means no limit to the clients: it becomes 12 hours, the maximum of their own option."""
    duration = seconds(0, 43_200, N_("up to 12h"))(text)
    return max(duration, 0.1) if duration else 43_200


def choose_one_of(names: Iterable[str]) -> str:
    """A hint with the names that are allowed."""
    return _("choose one of {names}", names=", ".join(names))


def _completed(text: str, names: Sequence[str]) -> str:
    """The name in `names` that is `text` or that `text` abbreviates, as in the clients; else empty."""
    word = text.strip().upper().replace("-", "_")
    begun = [name for name in names if name.startswith(word)]
    return word if word in names else begun[0] if word and len(begun) == 1 else ""


def ssl_mode(text: str) -> SslMode:
    """A mode of TLS, which may be abbreviated."""
    mode = _completed(text, tuple(SslMode))
    if not mode:
        raise InvalidValue(_("not a mode"), text, choose_one_of(SslMode))
    return SslMode(mode)


def protocol(text: str) -> Transport:
    """A transport, which may be abbreviated."""
    name = _completed(text, (*Transport, "PIPE", "MEMORY"))
    if not name:
        raise InvalidValue(_("not a protocol"), text, choose_one_of(Transport))
    if name not in tuple(Transport):
        raise InvalidValue(_("only on Windows"), text, choose_one_of(Transport))
    return Transport(name)


def language(text: str) -> str:
    """A key of `i18n.LANGUAGES`, by its name or by a locale."""
    key = language_named(text.strip())
    if key is None:
        raise InvalidValue(_("not a supported language"), text, choose_one_of(LANGUAGES))
    return key


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of a few words."""

    def read(text: str) -> str:
        if text.strip().lower() not in names:
            raise InvalidValue(_("not known"), text, choose_one_of(names))
        return text.strip().lower()

    return read


def words(text: str) -> tuple[str, ...]:
    """The words of a command, split as by a shell; no shell runs it."""
    try:
        split_words = tuple(shlex.split(text))
    except ValueError:
        raise InvalidValue(_("not a command"), text, _("a quote is not closed")) from None
    if "\0" in text:
        raise InvalidValue(_("not a command"), text, _("remove the NUL character"))
    if not split_words or not split_words[0]:
        raise InvalidValue(_("not a command"), text, _("name a program"))
    return split_words


def keep(text: str) -> RecordingBound:
    """The limit of a recording: a time or a size.

    >>> keep("7d").seconds, keep("500MiB").bytes
    (604800, 524288000)
    """
    size = re.fullmatch(r"(\d{1,12})\s*([kmgt])i?b", text.strip().lower())
    if size:
        return RecordingBound(bytes=int(size[1]) << {"k": 10, "m": 20, "g": 30, "t": 40}[size[2]])
    try:
        return RecordingBound(seconds=seconds(60, 315_360_000, N_("1m to 10y"))(text))
    except ValueError:
        raise InvalidValue(_("not an amount"), text, _("write a time as 7d, or a size as 500MiB")) from None
