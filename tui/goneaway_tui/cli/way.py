"""The way to the server: who we are to it, where it is, and the tunnel if there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from goneaway_tui.cli.password import password_of
from goneaway_tui.cli.terminal import tell
from goneaway_tui.language import _
from goneaway_tui.settings import ConnectionSettings, Secret, Settings, Transport
from goneaway_tui.source.address import STANDARD_SOCKETS, Address, standard_socket
from goneaway_tui.source.tunnel import Tunnel


@dataclass(frozen=True, slots=True)
class Way:
    address: Address
    tunnel: Tunnel | None = None

    def close(self) -> None:
        if self.tunnel is not None:
            self.tunnel.close()


@contextmanager
def way_to(settings: Settings, password: Secret | None = None) -> Iterator[Way]:
    """Open while it is used; where no `password` is given it is looked for.

    Raises SettingsError without a password, SourceError where ssh does not get through.
    """
    known = password_of(settings.connection) if password is None else password
    address = _address(settings.connection, known.reveal())
    address = replace(address, label=settings.profile and f"{settings.profile} ({address.name})")
    host = settings.connection.ssh
    if host is None:
        yield Way(address)
        return
    target = address.socket or f"[{address.host}]:{address.port}"
    tell(_("asking ssh for a way through {host} ...", host=host))
    with Tunnel(host, target) as tunnel:
        yield Way(
            replace(address, via=tunnel.path, label=f"{address.name} via {host}"),
            tunnel,
        )


def address_name(connection: ConnectionSettings) -> str:
    """Where it goes, as a person says it; no password is looked for."""
    return _address(connection, "").name


def _address(connection: ConnectionSettings, password: str) -> Address:
    path = None
    if connection.transport is Transport.SOCKET:
        path = connection.socket or (STANDARD_SOCKETS[0] if connection.ssh else standard_socket())
    return Address(
        host=connection.host or "localhost",
        port=connection.port,
        user=connection.user,
        password=password,
        socket=path,
        database=connection.database,
        ssl_mode=connection.ssl_mode.value,
        ssl_ca=connection.ssl_ca,
        ssl_cert=connection.ssl_cert,
        ssl_key=connection.ssl_key,
        enable_cleartext_plugin=connection.enable_cleartext_plugin,
        get_server_public_key=connection.get_server_public_key,
        server_public_key_path=connection.server_public_key_path,
        connect_timeout=connection.connect_timeout,
    )
