"""The private server of the demo: its directory and processes are removed however this program ends.

A guard process, a small shell script, reads a pipe from this program. The pipe closes when this program closes it or is
killed. Then the guard kills the process group whose id it read last, and removes the directory. A new process waits on
its own pipe until the guard has its id, and ends if this program dies before.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pymysql

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import Flavour
from goneaway_tui.source.demo.program import (
    PROGRAM_VARIABLE,
    SHARE_VARIABLE,
    NoServerProgram,
    connect,
    find_program,
)
from goneaway_tui.text.sanitize import plain

_GUARD_SCRIPT = """
dir=$1 group= tries=0
while read -r line; do group=$line; done
if [ -n "$group" ]; then
    kill -s KILL -- "-$group"
    while kill -s 0 -- "-$group" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf -- "$dir" || { sleep 1; rm -rf -- "$dir"; }
"""
_START_SCRIPT = 'read -r _ && input=$1 log=$2 && shift 2 && exec "$@" <"$input" >>"$log" 2>&1'

SOCKET_PATH_ROOM = 70
"""Longest name of a temporary directory that leaves room for a socket's path (104 bytes in all on some systems)."""
CLEANUP_SECONDS = 15.0
"""Seconds that the guard process may take to remove everything."""


class ProcessSupervisor:
    """Owns a new private directory, and at most one process group at a time. Not thread-safe."""

    def __init__(self) -> None:
        """Raises OSError without a shell, or where the directory cannot be made."""
        parent = tempfile.gettempdir()
        if len(os.fsencode(parent)) > SOCKET_PATH_ROOM:
            parent = "/tmp"  # noqa: S108 - mkdtemp makes it safe
        self.directory = Path(tempfile.mkdtemp(prefix="goneaway-", dir=parent))
        try:
            self._shell = _spawn(_GUARD_SCRIPT, str(self.directory))
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str], log: Path, stdin_path: Path | None = None) -> subprocess.Popen[bytes]:
        """Run a command in its own session, with input from `stdin_path` and output to `log`.

        The previous process must have ended.
        """
        process = _spawn(_START_SCRIPT, str(stdin_path or os.devnull), str(log), *command)
        self._process = process
        _send_line(self._shell, str(process.pid))
        _send_line(process, "begin")
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        return process

    def close(self) -> None:
        """Kill the process group and remove the directory; safe to call twice.

        The data are removed, so no orderly shutdown is needed.
        """
        if self._process is not None:
            _kill_group(self._process.pid)
            self._process.wait()
            self._process = None
            _send_line(self._shell, "")
        if self._shell.stdin is not None:
            with suppress(OSError):
                self._shell.stdin.close()
        try:
            self._shell.wait(CLEANUP_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_group(self._shell.pid)
            self._shell.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def _spawn(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A shell in its own session: ctrl+c and a closing terminal do not reach it."""
    return subprocess.Popen(  # noqa: S603 - our script; the arguments are passed, not pasted
        ["/bin/sh", "-c", script, "goneaway-demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        umask=0o077,
    )


def _send_line(process: subprocess.Popen[bytes], line: str) -> None:
    if process.stdin is not None and not process.stdin.closed:
        with suppress(OSError):
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


POLL_SECONDS = 0.1
INITIALISE_SECONDS = 120.0
START_SECONDS = 60.0

GLOBAL_LIMIT_SECONDS = 15
"""Seconds of the demo's global wait_timeout: short, so that a new user soon sees the server close a session."""
INTERACTIVE_LIMIT_SECONDS = 300
"""Seconds of the demo's global interactive_timeout."""
MAX_PACKET_BYTES = 1 << 20
"""Bytes of the demo's global max_allowed_packet: few, so that a client can exceed it at little cost."""
LOG_NAME = "server.log"
"""The name of the server's error log in its directory."""

SMALL_SERVER_OPTIONS = (
    "--innodb-buffer-pool-size=16M",
    "--key-buffer-size=64K",
    "--innodb-log-buffer-size=2M",
    "--table-open-cache=200",
    "--table-definition-cache=400",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--loose-aria-pagecache-buffer-size=1M",
    "--loose-innodb-log-file-size=4M",
    "--loose-innodb-redo-log-capacity=8M",
    "--loose-innodb-doublewrite=OFF",
    "--loose-innodb-flush-method=nosync",
    "--loose-innodb-use-native-aio=OFF",
)
"""Options for little memory, and without durability: the data are temporary."""

SERVER_OPTIONS = (
    "--skip-networking",
    "--performance-schema=ON",
    "--performance-schema-consumer-events-statements-current=ON",
    f"--wait-timeout={GLOBAL_LIMIT_SECONDS}",
    f"--interactive-timeout={INTERACTIVE_LIMIT_SECONDS}",
    f"--max-allowed-packet={MAX_PACKET_BYTES}",
    "--innodb-lock-wait-timeout=2",
    "--event-scheduler=ON",
    "--max-connections=200",
    "--loose-log-error-verbosity=3",
    "--loose-log-warnings=4",
)
"""Limits so short that the server closes sessions within a minute, and all instruments that this tool reads."""

MYSQL_ONLY = (
    "--secure-file-priv=NULL",
    "--loose-mysqlx=OFF",
    "--loose-auto-generate-certs=OFF",
    "--loose-caching-sha2-password-auto-generate-rsa-keys=OFF",
    "--loose-sha256-password-auto-generate-rsa-keys=OFF",
)


class PrivateServer:
    """One private server. `stop` may come from any thread, also while `start` waits."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Find the server program. Raises NoServerProgram if none is installed."""
        if not hasattr(os, "geteuid"):
            raise NoServerProgram(
                _("the demo's private server needs a Unix system"), _("use demo --simulated")
            )
        self._environ = os.environ if environ is None else environ
        self._program = find_program(self._environ)
        self._supervisor: ProcessSupervisor | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.version = ""
        """The version that the server reports; empty until it answers."""

    @property
    def program(self) -> str:
        """The path of the server program."""
        return self._program.path

    @property
    def directory(self) -> Path | None:
        """The directory of all its files; None before the start and after the stop."""
        return self._supervisor.directory if self._supervisor else None

    @property
    def error_log(self) -> Path:
        """The file the server writes its errors to. Raises SourceError while it is not running."""
        return self._running().directory / LOG_NAME

    @property
    def socket(self) -> str:
        """The path of its Unix socket. Raises SourceError while it is not running."""
        return str(self._running().directory / "s")

    def start(self) -> None:
        """Make a data directory, start the server, wait until it answers. Raises SourceError after removing everything."""
        with self._lock:
            if self._supervisor is not None or self._stopped.is_set():
                raise SourceError(_("a private server starts only once"))
            try:
                self._supervisor = ProcessSupervisor()
            except OSError as error:
                raise SourceError(
                    _("cannot make a private server: {why}", why=error),
                    _("check the free space of the temporary directory"),
                ) from None
            try:
                self._initialise(self._supervisor)
                self._run(self._supervisor)
            except BaseException:
                self._discard()
                raise

    def stop(self) -> None:
        """Kill the server and remove its directory; safe to call twice and from another thread."""
        self._stopped.set()
        with self._lock:
            self._discard()

    def _running(self) -> ProcessSupervisor:
        if self._supervisor is None:
            raise SourceError(_("the private server is not running"))
        return self._supervisor

    def _discard(self) -> None:
        if self._supervisor is not None:
            self._supervisor.close()
            self._supervisor = None

    def _initialise(self, supervisor: ProcessSupervisor) -> None:
        """Make the data directory; try again without `--no-defaults` if a wrapper script gives it already."""
        (supervisor.directory / "tmp").mkdir()
        log = supervisor.directory / "initialise.log"
        if self._fill(supervisor, log):
            return
        if self._program.accepts_no_defaults and "unknown option '--no-defaults'" in last_log_lines(log):
            self._program = replace(self._program, accepts_no_defaults=False)
            shutil.rmtree(supervisor.directory / "data", ignore_errors=True)
            log = supervisor.directory / "initialise-again.log"
            if self._fill(supervisor, log):
                return
        raise self._failure(N_("{program} could not create its data directory: {said}"), log)

    def _fill(self, supervisor: ProcessSupervisor, log: Path) -> bool:
        """Fill a new data directory; returns whether that succeeded."""
        stdin_path = None
        command = self._program.command(*self._options(supervisor.directory), "--initialize-insecure")
        if self._program.flavour is Flavour.MARIADB:
            command, stdin_path = self._mariadb_initialisation(supervisor.directory)
        process = supervisor.start(command, log, stdin_path)
        for _attempt in range(round(INITIALISE_SECONDS / POLL_SECONDS)):
            if process.poll() is not None or self._stopped.wait(POLL_SECONDS):
                break
        return process.poll() == 0

    def _mariadb_initialisation(self, directory: Path) -> tuple[list[str], Path | None]:
        """The command that fills a data directory, and the SQL it reads.

        The program's own SQL files come first: they are three times faster than the script, and of the right version.
        """
        tables = self._program.system_tables(self._environ)
        if tables:
            (directory / "data").mkdir()
            stdin_path = directory / "initialise.sql"
            sql = [file.read_bytes() for file in tables]
            stdin_path.write_bytes(b"\n".join([b"CREATE DATABASE mysql;", b"USE mysql;", *sql]))
            return self._program.command(
                *self._options(directory), "--bootstrap", "--skip-networking"
            ), stdin_path
        installer = self._program.installer()
        if installer is None:
            raise SourceError(
                _(
                    "beside {program}, there is no mariadb-install-db and no SQL file for a new data directory",
                    program=self.program,
                ),
                _(
                    "name the directory that holds mariadb_system_tables.sql in {variable}",
                    variable=SHARE_VARIABLE,
                ),
            )
        authentication = "--auth-root-authentication-method=normal"
        return [installer, "--no-defaults", *self._options(directory), authentication], None

    def _run(self, supervisor: ProcessSupervisor) -> None:
        """Start the server and wait until it accepts a connection."""
        directory = supervisor.directory
        log = directory / LOG_NAME
        socket_option = f"--socket={directory / 's'}"
        command = self._program.command(
            *self._options(directory), *SERVER_OPTIONS, socket_option, f"--pid-file={directory / 'pid'}"
        )
        process = supervisor.start(command, log)
        for _attempt in range(round(START_SECONDS / POLL_SECONDS)):
            if self._answers():
                return
            if process.poll() is not None or self._stopped.wait(POLL_SECONDS):
                break
        raise self._failure(N_("{program} did not start: {said}"), log, process)

    def _answers(self) -> bool:
        try:
            connection = connect(self.socket, "root", "goneaway-demo")
        except (pymysql.MySQLError, OSError):
            return False
        banner = str(connection.get_server_info())  # type: ignore[no-untyped-call]
        self.version = plain(banner.removeprefix("5.5.5-"), 100)
        connection.close()
        return True

    def _options(self, directory: Path) -> list[str]:
        """The options for making the data directory and for the server."""
        options = [f"--datadir={directory / 'data'}", f"--tmpdir={directory / 'tmp'}", *SMALL_SERVER_OPTIONS]
        if os.geteuid() == 0:
            options.append("--user=root")
        if self._program.flavour is Flavour.MYSQL:
            options.extend(MYSQL_ONLY)
        return options

    def _failure(self, what: str, log: Path, process: subprocess.Popen[bytes] | None = None) -> SourceError:
        if self._stopped.is_set():
            return SourceError(_("the private server was stopped while it started"))
        if process is not None and process.poll() is None:
            what = N_("{program} does not respond after {seconds:g} s: {said}")
        return SourceError(
            _(what, program=self.program, said=last_log_lines(log), seconds=START_SECONDS),
            _("name another program in {variable}, or use demo --simulated", variable=PROGRAM_VARIABLE),
        )


def last_log_lines(log: Path) -> str:
    """The line of a server's log that explains its end: the first error, else the last line."""
    try:
        text = log.read_text("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "[ERROR]" in line and not line.endswith("Aborting")]
    if not lines:
        return _("it printed no error")
    return plain((errors or lines[-1:])[0].partition("[ERROR] ")[2] or lines[-1], 300)
