"""Where a server is and who we are to it; and the socket to it, which any thread may cut.

PyMySQL's timeouts hold for each piece of an answer, so a peer that sends a byte now and then could keep us for ever; and
the socket it speaks on is out of reach while it connects or shakes hands. ServerSocket keeps a second handle on the same
connection, only to end it: when the source is closed, or when the whole has taken too long.
"""

from __future__ import annotations

import socket as sockets
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from goneaway_tui.errors import SourceError, Unreachable
from goneaway_tui.i18n import N_, _
from goneaway_tui.text.sanitize import plain

NO_TUNNEL = N_("the ssh tunnel to it has ended")


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


class ServerSocket:
    """One connection's socket. `cut` from any thread, at any time; the rest from the thread that reads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._handle: sockets.socket | None = None
        self._cut = False
        self.expired = False
        """It was cut because `within` ran out."""

    @property
    def is_cut(self) -> bool:
        """Nothing more comes over it."""
        return self._cut

    def open(self, address: Address) -> sockets.socket:
        """A connected socket, owned by the caller. Raises OSError."""
        try:
            return self._opened(address)
        except (ValueError, OverflowError):
            raise OSError(N_("that is no possible name of a server")) from None

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
        """End the connection; a thread that waits on it wakes at once, and a later `open` fails."""
        with self._guard:
            self._cut = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(sockets.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the handle; without this the server would not see that the connection was closed."""
        with self._guard:
            self._cut = True
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the socket where what is done inside takes longer."""
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
        """From here on `cut` reaches it, also while it still connects."""
        with self._guard:
            if self._cut:
                raise ConnectionAbortedError(N_("closed meanwhile"))
            if self._handle is not None:
                self._handle.close()
            self._handle = sock.dup()


PROGRAM = "ssh"
POLL_SECONDS = 0.05
SSH_EXIT_SECONDS = 2.0
"""How long ssh may take to end when it is asked to."""

_OPTIONS = {
    "ExitOnForwardFailure": "yes",
    "ServerAliveInterval": "10",
    "ServerAliveCountMax": "3",
    "ControlPath": "none",  # a shared connection would outlive us, with our way still open in it
}


class Tunnel:
    """One running `ssh -L`. `close` from any thread, as often as you like."""

    def __init__(self, host: str, target: str, *, may_ask: bool = True) -> None:
        """Wait until `host` lets us in; it may ask the person at the terminal meanwhile, unless that is not to be.

        `target` is what to reach from there: `db1:3306`, or the path of a Unix socket. Raises SourceError with the
        last that ssh said.
        """
        self.host = host
        self._closing = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="goneaway-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._log = folder / "log"
        self.path = str(folder / "way")
        """Of the Unix socket that leads to the target."""
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
            why = getattr(error, "strerror", None) or _("that is no name of a host")
            raise SourceError(
                _("cannot run {program}: {why}", program=PROGRAM, why=why),
                _("install an ssh client, or leave --ssh away"),
            ) from None
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it, and leave nothing of it behind."""
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
        """Until it listens: it does so once it is let in, and not before."""
        while not Path(self.path).exists():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(POLL_SECONDS)
                last_line = plain(self._last_log_line(), 300) or _(
                    "status {number}", number=self._process.returncode
                )
                raise Unreachable(
                    _("no way through {host}: {said}", host=self.host, said=last_line),
                    _("try it by hand: {command}", command=f"{PROGRAM} {self.host}"),
                )

    def _last_log_line(self) -> str:
        try:
            with self._log.open("rb") as log:
                lines = log.read(1 << 16).decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
