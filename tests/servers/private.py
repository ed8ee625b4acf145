"""Real servers of our own: fresh, private to one test run, and gone with it however it ends.

    with Servers() as servers, servers.run("mysql97", "--max-connections=20") as server:
        connection = server.connect()

`tests/servers/get` fetches the programs. Each kind is initialised once a machine; every server starts on a copy of that.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

import pymysql
from pymysql.connections import Connection

from goneaway_tui.model.server import Flavour
from tests.waiting import PATIENCE

Name = Literal["mysql97", "mariadb1011", "mariadb118", "mariadb105"]
EVERY_NAME: Final[tuple[Name, ...]] = get_args(Name)
NAMES: Final[tuple[Name, ...]] = EVERY_NAME[:3]
"""The servers that most tests run on. MariaDB 10.5 joins those tests only whose subject differs there: what is read."""

_CARELESS: Final = ("--innodb-flush-method=nosync",)
"""While initialising only: what was written then is on the disk before anybody uses it."""
_UNUSED_DAYS: Final = 7
"""After so many without use a template is removed, when another of its kind is made."""

_START_LIMIT: Final = 2 * PATIENCE
_STOP_LIMIT: Final = PATIENCE
_SOCKET_PATH_LIMIT: Final = 100
"""A Unix socket's path has 108 bytes on Linux, 104 elsewhere."""

_GUARDIAN: Final = """
alive=' '
while read -r sign pid; do
  case $sign in
  +) alive="$alive$pid " ;;
  -) case $alive in *" $pid "*) alive="${alive%% $pid *} ${alive#* $pid }" ;; esac ;;
  esac
done
[ "$alive" = ' ' ] || kill -KILL $alive
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"""
"""Outlives us: once our end of its standard input is closed, by us or by our death, nothing of ours is left."""

_SPEAK_THEN_BECOME: Final = 'echo "+ $$"; exec "$@" >/dev/null'
"""A server's process names itself to the guardian before it is a server, so none can slip by."""


class Missing(Exception):
    """A server's program is not on this machine."""


class DidNotStart(Exception):
    """A server ended, or stayed mute, instead of answering; what it said is the message."""


@dataclass(frozen=True, slots=True)
class Program:
    """What starts a kind of server."""

    name: Name
    flavour: Flavour
    path: Path
    share: Path
    """Where the SQL of MariaDB's system tables lies."""


def home_of_servers() -> Path:
    """Where `tests/servers/get` puts them."""
    if chosen := os.environ.get("GONEAWAY_SERVERS"):
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "goneaway-tui" / "servers"


def find(name: Name) -> Program:
    """The private program, or for MariaDB 10.11 an installed one; raises Missing."""
    home = home_of_servers()
    flavour = Flavour.MYSQL if name.startswith("mysql") else Flavour.MARIADB
    digits = name.removeprefix(flavour)
    path = home / "bin" / f"{flavour}d{digits}"
    shares = sorted((home / name / "usr" / "share").glob("m*/english/errmsg.sys"))
    if path.exists() and shares:
        return Program(name, flavour, path, shares[0].parent.parent)
    installed = Path("/usr/sbin/mariadbd")
    if name == "mariadb1011" and installed.exists():
        said = subprocess.run([installed, "--version"], capture_output=True, text=True, check=False).stdout
        if " 10.11." in said:
            return Program(name, flavour, installed, Path("/usr/share/mysql"))
    raise Missing(f"{name} is not here: run tests/servers/get {name}")


@cache
def _unverified_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Client(Connection):
    """Uses TLS where the server has it, as PyMySQL does, but reads no certificates of the system for it: 40 ms each time."""

    def _create_ssl_ctx(self, asked: Any) -> ssl.SSLContext:
        return super()._create_ssl_ctx(asked) if asked else _unverified_tls()  # type: ignore[misc]


class Guarded:
    """A directory, and processes, that end with this process: in order, or by the guardian when it is killed."""

    def __init__(self) -> None:
        longest = len("/123456/mysqld.sock") + len("/ga-12345678")
        short = len(tempfile.gettempdir()) + longest < _SOCKET_PATH_LIMIT
        self.directory: Final = Path(tempfile.mkdtemp(prefix="ga-", dir=None if short else "/tmp"))
        theirs, self._ours = os.pipe()
        self._guardian = subprocess.Popen(
            ["/bin/sh", "-c", _GUARDIAN, "guardian", self.directory],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        os.close(theirs)

    def spawn(self, command: list[str | Path], log: Path) -> subprocess.Popen[bytes]:
        """Start a process that cannot outlive us; what it says goes to the log."""
        with log.open("ab") as said:
            return subprocess.Popen(
                ["/bin/sh", "-c", _SPEAK_THEN_BECOME, "server", *command],
                stdin=subprocess.DEVNULL,
                stdout=self._ours,
                stderr=said,
                start_new_session=True,
                cwd=self.directory,
            )

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Once it has ended its number may become someone else's."""
        os.write(self._ours, f"- {process.pid}\n".encode())

    def close(self) -> None:
        os.close(self._ours)
        self._guardian.wait()


@dataclass(slots=True)
class _ProcessState:
    """The part of a server that changes."""

    process: subprocess.Popen[bytes] | None = None


@dataclass(frozen=True, slots=True)
class RealServer:
    """A server that runs, or did: its facts stay through stop, kill and start."""

    name: Name
    flavour: Flavour
    port: int
    socket: Path
    datadir: Path
    log: Path
    arguments: tuple[str, ...]
    """What was asked for besides what every private server gets."""
    _command: tuple[str | Path, ...] = field(repr=False)
    _guarded: Guarded = field(repr=False)
    _life: _ProcessState = field(default_factory=_ProcessState, repr=False)

    @property
    def dsn(self) -> str:
        """Root, without a password, over TCP."""
        return f"mysql://root@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._life.process.pid if self._life.process else None

    def connect(self, **options: Any) -> Connection[Any]:
        """Root over TCP; every option of PyMySQL's goes before ours."""
        return _Client(
            **{"host": "127.0.0.1", "port": self.port, "user": "root", "connect_timeout": PATIENCE, **options}
        )

    def lists(self, session_id: int) -> bool:
        """Whether its processlist shows the session: a server ends one a moment after the client left or was killed."""
        with closing(self.connect()) as asking, asking.cursor() as cursor:
            found = cursor.execute(
                "SELECT 1 FROM information_schema.processlist WHERE id = %s", (session_id,)
            )
            return bool(found)

    def start(self, *more: str) -> None:
        """Return once it answers. `more` are arguments for this life only."""
        if self._life.process:
            raise RuntimeError(f"{self.name} runs already")
        self._life.process = self._guarded.spawn([*self._command, *self.arguments, *more], self.log)
        try:
            self._wait_until_it_answers(self._life.process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to shut down, and wait until it has."""
        if process := self._life.process:
            process.terminate()
            process.send_signal(signal.SIGCONT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_LIMIT)
            self.kill()

    def kill(self) -> None:
        """End it as a crash would: no shutdown, clients learn nothing."""
        if process := self._life.process:
            process.kill()
            process.wait()
            self._guarded.forget(process)
            self._life.process = None

    def freeze(self) -> None:
        """Hold it still: connections stay open and nothing answers."""
        if process := self._life.process:
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        if process := self._life.process:
            process.send_signal(signal.SIGCONT)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_LIMIT
        while True:
            try:
                self._greet()
            except (OSError, pymysql.OperationalError) as refused:
                if process.poll() is not None:
                    raise DidNotStart(
                        f"{self.name} ended with status {process.returncode}:\n{_tail(self.log)}"
                    ) from refused
                if time.monotonic() > until:
                    raise DidNotStart(f"{self.name} is mute:\n{_tail(self.log)}") from refused
                time.sleep(0.02)
            else:
                return

    def _greet(self) -> None:
        """By the socket: arguments may forbid TCP or want it encrypted. PyMySQL would leak one that is refused."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.socket))
            connection = self.connect(defer_connect=True)
            connection.connect(line)
            connection.close()


class Servers:
    """The servers of one test run."""

    def __init__(self) -> None:
        self._guarded = Guarded()
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._guarded.close()

    @contextmanager
    def run(self, name: Name, *arguments: str) -> Iterator[RealServer]:
        """A fresh server that answers; afterwards it and its data are gone. Raises Missing, DidNotStart."""
        program = find(name)
        self._made += 1
        home = self._guarded.directory / str(self._made)
        home.mkdir()
        shutil.copytree(_template(program), home / "data")
        with ExitStack() as ports:
            server = self._started(program, home, arguments, ports)
            try:
                yield server
            finally:
                server.kill()
                shutil.rmtree(home)

    def _started(
        self, program: Program, home: Path, arguments: tuple[str, ...], ports: ExitStack
    ) -> RealServer:
        attempts = 5
        while True:
            attempts -= 1
            server = self._laid_out(program, home, arguments, ports.enter_context(port_of_our_own()))
            try:
                server.start()
            except DidNotStart as failure:
                # Somebody took the port since we looked.
                if "Address already in use" not in str(failure) or not attempts:
                    raise
            else:
                return server

    def _laid_out(self, program: Program, home: Path, arguments: tuple[str, ...], port: int) -> RealServer:
        log = home / "error.log"
        where = home / "mysqld.sock"
        command: tuple[str | Path, ...] = (
            program.path,
            *_common(program, home / "data"),
            f"--port={port}",
            f"--socket={where}",
            f"--pid-file={home / 'pid'}",
            f"--log-error={log}",
            "--bind-address=127.0.0.1",
            "--performance-schema=ON",
            *(("--mysqlx=OFF", "--log-error-verbosity=3") if program.flavour is Flavour.MYSQL else ()),
        )
        return RealServer(
            program.name, program.flavour, port, where, home / "data", log, arguments, command, self._guarded
        )


@cache
def _template(program: Program) -> Path:
    """The initialised data of a kind of server: made by the first run that wants it, used by all that come later.

    Its name changes with the program and with how it is initialised.
    """
    import fcntl  # of Unix alone, as servers are here; this module is imported elsewhere too

    found = program.path.stat()
    made_by = repr((program, found.st_mtime_ns, found.st_size)).encode() + Path(__file__).read_bytes()
    templates = home_of_servers() / "templates"
    template = templates / f"{program.name}-{hashlib.sha256(made_by).hexdigest()[:16]}"
    templates.mkdir(parents=True, exist_ok=True)
    with (templates / f"{program.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            _make_template(program, template)
        os.utime(template)
    return template / "data"


def _make_template(program: Program, template: Path) -> None:
    unused = time.time() - _UNUSED_DAYS * 86_400
    for other in template.parent.glob(f"{program.name}-*"):
        if other.stat().st_mtime < unused:
            shutil.rmtree(other)
    with tempfile.TemporaryDirectory(prefix=f"{program.name}-making-", dir=template.parent) as making:
        home = Path(making, program.name)
        home.mkdir()
        {Flavour.MYSQL: _initialise_mysql, Flavour.MARIADB: _initialise_mariadb}[program.flavour](
            program, home
        )
        os.sync()
        home.rename(template)


def _common(program: Program, datadir: Path) -> list[str]:
    """What initialising and running share; small, so that a copy is quick."""
    arguments = [
        "--no-defaults",
        f"--datadir={datadir}",
        f"--tmpdir={datadir.parent}",  # MariaDB removes whatever looks like its own there, as it starts
        "--innodb-buffer-pool-size=32M",
        "--innodb-use-native-aio=OFF",
        "--skip-log-bin",
    ]
    if os.geteuid() == 0:
        arguments.append("--user=root")
    if program.flavour is Flavour.MYSQL:
        arguments.append("--innodb-redo-log-capacity=8M")
    else:
        arguments.append("--innodb-log-file-size=8M")
    return arguments


def _initialise_mysql(program: Program, home: Path) -> None:
    _run_once([program.path, *_common(program, home / "data"), "--initialize-insecure", *_CARELESS], home)
    (home / "data" / "auto.cnf").unlink(missing_ok=True)  # its identity, which no two servers may share


def _initialise_mariadb(program: Program, home: Path) -> None:
    """As mariadb-install-db does, with a root that needs no password and nobody without a name."""
    (home / "data").mkdir()
    prefix = "mariadb" if (program.share / "mariadb_system_tables.sql").exists() else "mysql"
    files = [
        program.share / f"{prefix}_{name}.sql"
        for name in ("system_tables", "performance_tables", "system_tables_data", "sys_schema")
    ]
    tables = home / "tables.sql"
    tables.write_text(
        "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
        # MariaDB before 10.6 has no sys schema.
        + "\n".join(file.read_text("utf-8") for file in files if file.exists()),
        "utf-8",
    )
    _run_once([program.path, *_common(program, home / "data"), "--bootstrap", *_CARELESS], home, tables)


def _run_once(command: list[str | Path], home: Path, fed: Path = Path(os.devnull)) -> None:
    with fed.open("rb") as text, (home / "init.log").open("wb") as said:
        ended = subprocess.run(
            command, stdin=text, stdout=said, stderr=said, check=False, timeout=_START_LIMIT
        )
    if ended.returncode:
        raise DidNotStart(f"{home.name} could not be initialised:\n{_tail(home / 'init.log')}")


@contextmanager
def port_of_our_own() -> Iterator[int]:
    """A free TCP port below those the system lends out, which nobody else gets here until we leave, used or not.

    A server may be stopped and started again on it while other runs on this machine look for one: who holds the
    datagram port of the same number has it.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket(type=socket.SOCK_DGRAM) as hold:
            try:
                hold.bind(("127.0.0.1", port))
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            yield port
            return


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
