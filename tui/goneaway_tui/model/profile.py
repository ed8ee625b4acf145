"""A server that somebody may choose, one that somebody describes, and what came of trying it."""

from __future__ import annotations

from dataclasses import dataclass, field

from goneaway_tui.model.server import Limitation


@dataclass(frozen=True, slots=True)
class Profile:
    """A server of the config file, as a list shows it."""

    name: str
    account_and_address: str
    """Who we are there and where it is: `dba@db1:3306 via jump`, or what is wrong with it."""
    color: str | None = None
    """One of the config file's names, or `#rrggbb`."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A connection as a person fills it in: texts as typed, empty where nothing was said."""

    name: str = ""
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    """For this run only: it is never written anywhere."""
    socket: str = ""
    ssl_mode: str = ""
    ssl_ca: str = ""
    ssh: str = ""
    password_command: str = ""
    """As a shell would take it apart."""
    password_keyring: str = ""
    color: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ConnectedServer:
    """A server that let us in."""

    server: str
    """`MySQL 9.7.4`."""
    account: str
    """As the server knows us, quoted: `'dba'@'%'`."""
    limitations: tuple[Limitation, ...] = ()
