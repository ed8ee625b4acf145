"""Socket or network, and how much TLS: what several options decide between them."""

from __future__ import annotations

from collections.abc import Mapping

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _
from goneaway_tui.settings.mention import Found, Rank
from goneaway_tui.settings.settings import SslMode, Transport

LOCAL = "localhost"

_MODES = tuple(SslMode)


def reach(found: Mapping[str, Found]) -> dict[str, Found]:
    """`transport`, and the `host` and `socket` that go with it.

    As in the `mysql` client, no host and `localhost` mean the Unix socket, and any other host means TCP.
    Two exceptions, each for what was said on purpose:

    * a port by flag, DSN or config file makes `localhost` TCP, unless a socket of equal or stronger origin is
      named (MariaDB's client does the same; MySQL's goes to the socket and drops the port silently);
    * a socket beats another host if its origin is stronger, or if both come by flag, both by DSN or both by the
      config file. Option files often name the distribution's socket, so there a host wins: the wrong server is
      the worse guess.

    `--protocol` decides before all this, unless what speaks against it is of stronger origin. Through ssh it is
    TCP unless a socket was named on purpose: what sockets this machine has is no matter there.
    """
    host, port, socket = found["host"], found["port"], found["socket"]
    named = socket.value is not None
    protocol, ssh = found["protocol"], found["ssh"]
    tcp = ssh if ssh.value is not None and not (named and socket.rank.is_deliberate) else None
    if tcp is None and protocol.value is Transport.TCP and not (named and socket.rank > protocol.rank):
        tcp = protocol
    if tcp is not None:
        return _tcp(Found(host.value or LOCAL, *_by(tcp if host.value is None else host)), socket, tcp)
    if protocol.value is Transport.SOCKET and host.rank <= protocol.rank:
        return _socket(host, socket, protocol)
    if host.value is None or host.value.lower() == LOCAL:
        if port.rank.is_deliberate and not (named and socket.rank >= port.rank):
            return _tcp(Found(host.value or LOCAL, *_by(port if host.value is None else host)), socket, port)
        decider = socket if named else host
        return {"host": host, "socket": socket, "transport": Found(Transport.SOCKET, *_by(decider))}
    if named and (socket.rank > host.rank or (socket.rank is host.rank and host.rank.is_deliberate)):
        return {
            "host": Found(None, *_by(socket)),
            "socket": socket,
            "transport": Found(Transport.SOCKET, *_by(socket)),
        }
    return _tcp(host, socket, host)


def _socket(host: Found, socket: Found, protocol: Found) -> dict[str, Found]:
    if host.value is not None and host.value.lower() != LOCAL:
        if host.rank is protocol.rank:
            raise SettingsError(
                _(
                    "the host ({host}) is another machine, and the protocol ({protocol}) a socket of this one",
                    host=host.origin,
                    protocol=protocol.origin,
                ),
                _("leave one of them out"),
            )
        host = Found(None, *_by(protocol))
    return {"host": host, "socket": socket, "transport": Found(Transport.SOCKET, *_by(protocol))}


def _tcp(host: Found, socket: Found, decider: Found) -> dict[str, Found]:
    return {
        "host": host,
        "socket": socket if socket.value is None else Found(None, *_by(decider)),
        "transport": Found(Transport.TCP, *_by(decider)),
    }


def _by(decider: Found) -> tuple[str, Rank]:
    return decider.origin, decider.rank


def ssl_mode(found: Mapping[str, Found]) -> Found:
    """The mode that `--ssl-mode`, MariaDB's switches and `--ssl-ca` come to.

    `--skip-ssl` overrules a mode of weaker origin. The other two switches only ever ask for more, and are heard
    unless a mode, or `--skip-ssl`, is of stronger origin. Authorities to trust, with no mode said, mean that the
    certificate is to be checked: VERIFY_CA, as in MySQL's client.
    """
    mode, switch, verify, authorities = (
        found[name] for name in ("ssl_mode", "ssl", "ssl_verify_server_cert", "ssl_ca")
    )
    decided = mode
    if switch.value is False and switch.rank > mode.rank:
        decided = Found(SslMode.DISABLED, *_by(switch))
    wishes = (
        (SslMode.REQUIRED, switch, switch.value is True),
        (SslMode.VERIFY_CA, authorities, authorities.value is not None and decided.rank is Rank.DEFAULT),
        (SslMode.VERIFY_IDENTITY, verify, verify.value is True),
    )
    floor = decided.rank
    for least, asking, asked in wishes:
        if asked and asking.rank >= floor and _MODES.index(decided.value) < _MODES.index(least):
            decided = Found(least, *_by(asking))
    return decided
