"""Connection profiles: servers of the config file, a connection typed into the dialog, and the result of trying one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goneaway_tui.model.server import Limitation


@dataclass(frozen=True, slots=True)
class Profile:
    """A server of the config file, as a list shows it."""

    name: str
    account_and_address: str
    """Account and address: `dba@db1:3306 via jump`; or what is wrong with the profile."""
    color: str | None = None
    """One of the config file's names, or `#rrggbb`."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A connection as typed into the dialog; empty texts where nothing was typed."""

    name: str = ""
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    """For this run only; never written to a file."""
    socket: str = ""
    ssl_mode: str = ""
    ssl_ca: str = ""
    ssh: str = ""
    password_command: str = ""
    """A command line, split as a shell does."""
    password_keyring: str = ""
    color: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ConnectedServer:
    """A server that accepted the login."""

    server: str
    """`MySQL 9.7.4`."""
    account: str
    """The account the server matched, quoted: `'dba'@'%'`."""
    limitations: tuple[Limitation, ...] = ()
