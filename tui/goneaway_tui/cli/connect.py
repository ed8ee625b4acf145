"""The route to one server: its password, from the settings, a prompt, a command or the keyring, and its SSH tunnel."""

from __future__ import annotations

import getpass
import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from goneaway_tui.cli.terminal import write_err
from goneaway_tui.errors import SettingsError, needs_unix
from goneaway_tui.i18n import N_, _
from goneaway_tui.settings import (
    ConnectionSettings,
    Keyring,
    PasswordCommand,
    Secret,
    Settings,
    Transport,
)
from goneaway_tui.source.sockets import STANDARD_SOCKETS, Address, Tunnel, standard_socket
from goneaway_tui.system import HAS_UNIX_SOCKETS
from goneaway_tui.text.sanitize import plain

PASSWORD_TIMEOUT_SECONDS = 120
"""Longest time a password command may take: the user may have to unlock a password store."""
ENDED = N_("{program} ended with exit status {number}")
ENDED_BY_SIGNAL = N_("{program} was ended by signal {number}")
MAX_PASSWORD_CHARACTERS = 4096
"""Longest password that a command may print, in characters."""


def resolve_password(connection: ConnectionSettings, server_name: str = "") -> Secret:
    """The password of a connection; a prompt names the server where `server_name` is given.

    Raises SettingsError if there is no password: no terminal, a command that fails, or a keyring without it.
    """
    if connection.ask_password:
        return _prompted(
            _("Password for {server}: ", server=plain(server_name, 100)) if server_name else _("Password: ")
        )
    if isinstance(connection.password, PasswordCommand):
        return _from_command(connection.password)
    if isinstance(connection.password, Keyring):
        return _from_keyring(connection.password, connection.user)
    return connection.password or Secret("")


def _prompted(prompt: str) -> Secret:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(prompt))
    except getpass.GetPassWarning:
        raise SettingsError(
            _("there is no terminal to ask for the password"), _("set MYSQL_PWD, or use ~/.my.cnf")
        ) from None
    except EOFError:
        raise SettingsError(
            _("no password was typed"), _("type it at the prompt, or set MYSQL_PWD")
        ) from None


def _from_command(command: PasswordCommand) -> Secret:
    """The first line that `command` prints. The command may use standard error and the terminal for questions."""
    import subprocess

    program = command.words[0]
    try:
        completed = subprocess.run(  # noqa: S603 - the user's own command, and no shell
            command.words, stdout=subprocess.PIPE, timeout=PASSWORD_TIMEOUT_SECONDS, check=False
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or _("an argument has an invalid character")
        what = _("cannot run {program}: {why}", program=program, why=why)
        raise SettingsError(what, _("correct the command"), command.origin) from None
    except subprocess.TimeoutExpired:
        what = _("{program} did not end within {number} s", program=program, number=PASSWORD_TIMEOUT_SECONDS)
        raise SettingsError(what, _("run it by hand once"), command.origin) from None
    if completed.returncode:
        message = ENDED_BY_SIGNAL if completed.returncode < 0 else ENDED
        what = _(message, program=program, number=abs(completed.returncode))
        raise SettingsError(what, _("run it by hand to see why"), command.origin)
    line = completed.stdout.partition(b"\n")[0].removesuffix(b"\r")
    if not line or len(line) > MAX_PASSWORD_CHARACTERS:
        raise SettingsError(
            _("{program} printed no password", program=program),
            _("print the password on the first line of its output"),
            command.origin,
        )
    return Secret(line.decode("utf-8", "surrogateescape"))


def _from_keyring(keyring: Keyring, user: str) -> Secret:
    try:
        module = importlib.import_module("keyring")
        failures: type[Exception] = importlib.import_module("keyring.errors").KeyringError
    except ImportError:
        raise SettingsError(
            _("the Python package keyring is not installed"),
            "pipx inject goneaway-tui keyring",
            keyring.origin,
        ) from None
    try:
        password = module.get_password(keyring.service, user)
    except failures as error:
        raise SettingsError(
            _("the keyring fails: {why}", why=error), _("check that the keyring is unlocked"), keyring.origin
        ) from None
    if not password:
        raise SettingsError(
            _("the keyring has no password for {user} at {service}", user=user, service=keyring.service),
            f"keyring set {keyring.service} {user}",
            keyring.origin,
        )
    return Secret(password)


@dataclass(frozen=True, slots=True)
class ConnectionRoute:
    """The address of a server, and the SSH tunnel to it where there is one."""

    address: Address
    tunnel: Tunnel | None = None

    def close(self) -> None:
        if self.tunnel is not None:
            self.tunnel.close()


@contextmanager
def route_to(settings: Settings, password: Secret | None = None) -> Iterator[ConnectionRoute]:
    """Open the route to a server while inside; the password is resolved where none is passed.

    Raises SettingsError without a password, SourceError if ssh cannot connect.
    """
    host = settings.connection.ssh
    if host is not None and not HAS_UNIX_SOCKETS:
        raise needs_unix("--ssh", _("open the tunnel with ssh -L, and name its end with -h and -P"))
    password_found = resolve_password(settings.connection) if password is None else password
    address = _address(settings.connection, password_found.reveal())
    address = replace(address, label=settings.profile and f"{settings.profile} ({address.name})")
    if host is None:
        yield ConnectionRoute(address)
        return
    target = address.socket or f"[{address.host}]:{address.port}"
    write_err(_("opening an ssh tunnel through {host} ...", host=host))
    with Tunnel(host, target) as tunnel:
        yield ConnectionRoute(
            replace(address, via=tunnel.path, label=f"{address.name} via {host}"),
            tunnel,
        )


def address_name(connection: ConnectionSettings) -> str:
    """The name of the address that a connection leads to. The password is not resolved."""
    return _address(connection, "").name


def _address(connection: ConnectionSettings, password: str) -> Address:
    path = None
    if connection.transport is Transport.SOCKET and not HAS_UNIX_SOCKETS:
        # As in the clients there, no host is TCP to this machine.
        if connection.socket is not None:
            raise needs_unix("--socket", _("name a host with -h"))
    elif connection.transport is Transport.SOCKET:
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
