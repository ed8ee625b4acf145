"""Where a server is, who we are to it, and how privately we speak."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

STANDARD_SOCKETS = (
    "/var/run/mysqld/mysqld.sock",
    "/run/mysqld/mysqld.sock",
    "/run/mysql/mysql.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",  # noqa: S108 - where upstream builds put it
)


@dataclass(frozen=True, slots=True)
class Address:
    """What is needed to reach a server: by `socket` where there is one, else over TCP."""

    host: str = "localhost"
    port: int = 3306
    user: str = ""
    password: str = field(default="", repr=False)
    socket: str | None = None
    """Path of a Unix socket."""
    database: str | None = None
    ssl_mode: str = "PREFERRED"
    ssl_ca: str | None = None
    ssl_cert: str | None = None
    ssl_key: str | None = None
    enable_cleartext_plugin: bool = False
    """The password may go in clear text, inside TLS or over a socket, to a server that has not proved who it is."""
    get_server_public_key: bool = False
    """The server's public key is believed on a line that is not encrypted."""
    server_public_key_path: str | None = None
    """A file with that key, in PEM."""
    connect_timeout: float = 10.0
    """Seconds."""
    via: str | None = None
    """Path of a Unix socket of ours that leads to it, through a tunnel; the rest still says what is at its end."""
    admin_port_hint: str = ""
    """What to do where the server is full, as far as it is known: see `source.live.find_admin_port`."""
    label: str | None = None
    """What to call it instead of where it is."""

    @property
    def name(self) -> str:
        """As a person says it: `db-01:3306`, `[::1]:3306`, or the socket's path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.label or self.socket or f"{host}:{self.port}"


def standard_socket() -> str:
    """The first standard socket that exists, else the first standard path (its absence is then what is told)."""
    return next((path for path in STANDARD_SOCKETS if Path(path).exists()), STANDARD_SOCKETS[0])
