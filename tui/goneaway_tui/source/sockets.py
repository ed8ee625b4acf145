"""The address of a server with our login, the socket to it, which any thread may cut, and the ssh tunnel to it.

The timeouts of PyMySQL hold for each piece of an answer, so a server that sends a byte now and then could keep us for ever. Its
socket cannot be closed while it connects or logs in. So `ServerSocket` keeps a second handle on the same connection, only to
end it: when the source is closed, or when a call takes too long as a whole.
"""

from __future__ import annotations

import socket as sockets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from goneaway_tui.errors import SourceError, Unreachable
from goneaway_tui.i18n import N_, _
from goneaway_tui.text.sanitize import plain

NO_TUNNEL = N_("the ssh tunnel to the server has ended")


STANDARD_SOCKETS = (
    "/var/run/mysqld/mysqld.sock",
    "/run/mysqld/mysqld.sock",
    "/run/mysql/mysql.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",  # noqa: S108 - the default of upstream builds
)


@dataclass(frozen=True, slots=True)
class Address:
    """How to connect and log in to a server: over `socket` where there is one, else over TCP."""

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
    """Whether the password may be sent in clear text, inside TLS or over a socket, to a server that has not proved which one it is."""
    get_server_public_key: bool = False
    """Whether the server's public key is trusted on a connection without TLS."""
    server_public_key_path: str | None = None
    """A file with the server's public key, in PEM."""
    connect_timeout: float = 10.0
    """Seconds."""
    via: str | None = None
    """Path of our end of a tunnel to the server, a Unix socket. `host`, `port` and `socket` are still those of the server."""
    admin_port_hint: str = ""
    """What to do where the server is full; empty where that is not known: see `source.live.find_admin_port`."""
    label: str | None = None
    """The name to show instead of the address."""

    @property
    def name(self) -> str:
        """The name to show: `db-01:3306`, `[::1]:3306`, or the path of the socket."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.label or self.socket or f"{host}:{self.port}"


def standard_socket() -> str:
    """The first standard socket that exists, else the first standard path, so that the error names it."""
    return next((path for path in STANDARD_SOCKETS if Path(path).exists()), STANDARD_SOCKETS[0])


class ServerSocket:
    """The socket of one connection. `cut` is safe from any thread, at any time; the rest only from the thread that reads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._handle: sockets.socket | None = None
        self._cut = False
        self.expired = False
        """Whether it was cut because the time of `within` had passed."""

    @property
    def is_cut(self) -> bool:
        """Whether it was cut or closed."""
        return self._cut

    def open(self, address: Address) -> sockets.socket:
        """A connected socket, owned by the caller. Raises OSError."""
        try:
            return self._opened(address)
        except (ValueError, OverflowError):
            raise OSError(N_("not a possible host name")) from None

    def _opened(self, address: Address) -> sockets.socket:
        if address.via:
            return self._open_tunnel(address.via, address.connect_timeout)
        if address.socket:
            return self._connected(sockets.AF_UNIX, address.socket, address.connect_timeout)
        failure = OSError(N_("the name has no address"))
        for family, *_rest, target in sockets.getaddrinfo(
            address.host, address.port, type=sockets.SOCK_STREAM
        ):
            try:
                sock = self._connected(family, target, address.connect_timeout)
            except OSError as error:
                failure = error
                continue
            sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
            sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE, 1)
            return sock
        raise failure

    def _open_tunnel(self, path: str, timeout: float) -> sockets.socket:
        try:
            return self._connected(sockets.AF_UNIX, path, timeout)
        except ConnectionAbortedError:
            raise
        except OSError:
            raise OSError(NO_TUNNEL) from None

    def cut(self) -> None:
        """End the connection. A thread that waits on it continues at once, and a later `open` fails."""
        with self._guard:
            self._cut = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(sockets.SHUT_RDWR)

    def close(self) -> None:
        """Close the handle; without this the server would not see that the connection was closed."""
        with self._guard:
            self._cut = True
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the socket where the block takes longer than so many seconds."""
        watchdog = threading.Timer(seconds, self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _expire(self) -> None:
        self.expired = True
        self.cut()

    def _connected(self, family: int, target: object, timeout: float) -> sockets.socket:
        sock = sockets.socket(family, sockets.SOCK_STREAM)
        try:
            self._keep_handle(sock)
            sock.settimeout(timeout)
            sock.connect(target)  # type: ignore[arg-type]
        except (OSError, ValueError, OverflowError):
            sock.close()
            raise
        return sock

    def _keep_handle(self, sock: sockets.socket) -> None:
        """Keep a second handle, so that `cut` can end the connection, also while it connects."""
        with self._guard:
            if self._cut:
                raise ConnectionAbortedError(N_("the connection was closed meanwhile"))
            if self._handle is not None:
                self._handle.close()
            self._handle = sock.dup()


PROGRAM = "ssh"
POLL_SECONDS = 0.05
SSH_EXIT_SECONDS = 2.0
"""Seconds that ssh may take to end after SIGTERM."""

_OPTIONS = {
    "ExitOnForwardFailure": "yes",
    "ServerAliveInterval": "10",
    "ServerAliveCountMax": "3",
    "ControlPath": "none",  # a shared connection would outlive us, with our tunnel still open in it
}


class Tunnel:
    """One running `ssh -L`. `close` is safe from any thread and safe to call twice."""

    def __init__(self, host: str, target: str, *, may_ask: bool = True) -> None:
        """Wait until ssh has logged in to `host`. `may_ask`: whether ssh may prompt at the terminal.

        `target` is the end of the tunnel as seen from `host`: `db1:3306`, or the path of a Unix socket. Raises SourceError
        with the last line that ssh logged.
        """
        import subprocess
        import tempfile  # loaded here: a connection without ssh needs neither

        self.host = host
        self._closing = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="goneaway-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._log = folder / "log"
        self.path = str(folder / "way")
        """The path of the Unix socket at our end of the tunnel."""
        ssh_options = _OPTIONS if may_ask else {**_OPTIONS, "BatchMode": "yes"}
        options = [word for name, value in ssh_options.items() for word in ("-o", f"{name}={value}")]
        command = [
            PROGRAM,
            "-N",
            "-T",
            "-E",
            str(self._log),
            *options,
            "-L",
            f"{self.path}:{target}",
            "--",
            host,
        ]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603
        except (OSError, ValueError) as error:
            self._folder.cleanup()
            why = getattr(error, "strerror", None) or _("not a host name")
            raise SourceError(
                _("cannot run {program}: {why}", program=PROGRAM, why=why),
                _("install an ssh client, or leave out --ssh"),
            ) from None
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End ssh, and remove its files."""
        import subprocess

        with self._closing:
            self._process.terminate()
            try:
                self._process.wait(SSH_EXIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _wait(self) -> None:
        """Wait until ssh listens, which it does only after its login. Raises Unreachable where it ends instead."""
        import subprocess

        while not Path(self.path).exists():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(POLL_SECONDS)
                last_line = plain(self._last_log_line(), 300) or _(
                    "exit status {number}", number=self._process.returncode
                )
                raise Unreachable(
                    _("cannot connect through {host}: {said}", host=self.host, said=last_line),
                    _("try by hand: {command}", command=f"{PROGRAM} {self.host}"),
                )

    def _last_log_line(self) -> str:
        try:
            with self._log.open("rb") as log:
                lines = log.read(1 << 16).decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
