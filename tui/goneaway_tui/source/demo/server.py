"""A directory and the processes that work in it, gone when we are, however we end.

A tiny shell holds the other end of a pipe of ours. When that pipe closes, by our hand or because we were killed, the
shell kills the process group it was told of last and removes the directory. Processes begin only after it was told:
they wait on a pipe of their own, and end at once if we die before the word.
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

_GUARD = """
dir=$1 group= tries=0
while read -r told; do group=$told; done
if [ -n "$group" ]; then
    kill -s KILL -- "-$group"
    while kill -s 0 -- "-$group" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf -- "$dir" || { sleep 1; rm -rf -- "$dir"; }
"""
_WAIT_FOR_THE_WORD = 'read -r _ && given=$1 log=$2 && shift 2 && exec "$@" <"$given" >>"$log" 2>&1'

SOCKET_PATH_ROOM = 70
"""Longest name of a temporary directory that leaves room for a socket's path (104 bytes in all on some systems)."""
FAREWELL_SECONDS = 15.0
"""How long the guardian may take to remove everything."""


class Guardian:
    """Owns a fresh private directory and at most one process group at a time. Not for two threads at once."""

    def __init__(self) -> None:
        """Raises OSError where there is no shell or no room."""
        parent = tempfile.gettempdir()
        if len(os.fsencode(parent)) > SOCKET_PATH_ROOM:
            parent = "/tmp"  # noqa: S108 - mkdtemp makes it safe
        self.directory = Path(tempfile.mkdtemp(prefix="goneaway-", dir=parent))
        try:
            self._shell = _spawn(_GUARD, str(self.directory))
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        self._ward: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str], log: Path, given: Path | None = None) -> subprocess.Popen[bytes]:
        """Run a command in its own session, reading `given`, writing to `log`. The one before must have ended."""
        ward = _spawn(_WAIT_FOR_THE_WORD, str(given or os.devnull), str(log), *command)
        self._ward = ward
        _tell(self._shell, str(ward.pid))
        _tell(ward, "begin")
        if ward.stdin is not None:
            with suppress(OSError):
                ward.stdin.close()
        return ward

    def close(self) -> None:
        """Kill what runs and remove the directory; safe to call twice.

        The data are thrown away with the directory, so nobody waits for an orderly shutdown.
        """
        if self._ward is not None:
            _kill_group(self._ward.pid)
            self._ward.wait()
            self._ward = None
            _tell(self._shell, "")
        if self._shell.stdin is not None:
            with suppress(OSError):
                self._shell.stdin.close()
        try:
            self._shell.wait(FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_group(self._shell.pid)
            self._shell.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def _spawn(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A shell in a session of its own: ctrl+c and a closing terminal do not reach it."""
    return subprocess.Popen(  # noqa: S603 - our script; the arguments are passed, not pasted
        ["/bin/sh", "-c", script, "goneaway-demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        umask=0o077,
    )


def _tell(process: subprocess.Popen[bytes], line: str) -> None:
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

GLOBAL_LIMIT = 15
"""Seconds of the demo's global wait_timeout: short, so that a new user soon sees the server close a session."""
INTERACTIVE_LIMIT = 300
"""Seconds of the demo's global interactive_timeout."""
LARGEST_PACKET = 1 << 20
"""Bytes of the demo's global max_allowed_packet: few, so that a client can exceed it at little cost."""
LOG = "server.log"
"""The name of the server's error log in its directory."""

SMALL = (
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
"""Little memory, and no care for data that will be thrown away."""

SETTINGS = (
    "--skip-networking",
    "--performance-schema=ON",
    "--performance-schema-consumer-events-statements-current=ON",
    f"--wait-timeout={GLOBAL_LIMIT}",
    f"--interactive-timeout={INTERACTIVE_LIMIT}",
    f"--max-allowed-packet={LARGEST_PACKET}",
    "--innodb-lock-wait-timeout=2",
    "--event-scheduler=ON",
    "--max-connections=200",
    "--loose-log-error-verbosity=3",
    "--loose-log-warnings=4",
)
"""Limits short enough that a newcomer sees sessions closed within a minute, and everything there is to see shown."""

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
        """Finds the program. Raises NoServerProgram where none is installed."""
        if not hasattr(os, "geteuid"):
            raise NoServerProgram(
                _("the demo's private server needs a Unix system"), _("use demo --simulated")
            )
        self._environ = os.environ if environ is None else environ
        self._program = find_program(self._environ)
        self._guardian: Guardian | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.version = ""
        """As the server says it, once it is ready."""

    @property
    def program(self) -> str:
        """The path of the server program."""
        return self._program.path

    @property
    def directory(self) -> Path | None:
        """Where everything of it is; None before the start and after the stop."""
        return self._guardian.directory if self._guardian else None

    @property
    def error_log(self) -> Path:
        """The file the server writes its errors to. Raises SourceError while it is not running."""
        return self._running().directory / LOG

    @property
    def socket(self) -> str:
        """The path of its Unix socket. Raises SourceError while it is not running."""
        return str(self._running().directory / "s")

    def start(self) -> None:
        """Make a data directory, start the server, wait until it answers. Raises SourceError, leaving nothing behind."""
        with self._lock:
            if self._guardian is not None or self._stopped.is_set():
                raise SourceError(_("a private server starts only once"))
            try:
                self._guardian = Guardian()
            except OSError as error:
                raise SourceError(
                    _("cannot make a private server: {why}", why=error),
                    _("is there room in the temporary directory?"),
                ) from None
            try:
                self._initialise(self._guardian)
                self._run(self._guardian)
            except BaseException:
                self._discard()
                raise

    def stop(self) -> None:
        """Kill the server and remove its directory; safe to call twice and from another thread."""
        self._stopped.set()
        with self._lock:
            self._discard()

    def _running(self) -> Guardian:
        if self._guardian is None:
            raise SourceError(_("the private server is not running"))
        return self._guardian

    def _discard(self) -> None:
        if self._guardian is not None:
            self._guardian.close()
            self._guardian = None

    def _initialise(self, guardian: Guardian) -> None:
        """Make the data directory; once more without `--no-defaults` where a launcher has said it already."""
        (guardian.directory / "tmp").mkdir()
        log = guardian.directory / "initialise.log"
        if self._fill(guardian, log):
            return
        if self._program.takes_no_defaults and "unknown option '--no-defaults'" in last_log_lines(log):
            self._program = replace(self._program, takes_no_defaults=False)
            shutil.rmtree(guardian.directory / "data", ignore_errors=True)
            log = guardian.directory / "initialise-again.log"
            if self._fill(guardian, log):
                return
        raise self._failure(N_("{program} could not make its data directory: {said}"), log)

    def _fill(self, guardian: Guardian, log: Path) -> bool:
        """Fill a new data directory; whether that went well."""
        given = None
        command = self._program.command(*self._options(guardian.directory), "--initialize-insecure")
        if self._program.flavour is Flavour.MARIADB:
            command, given = self._mariadb_initialisation(guardian.directory)
        process = guardian.start(command, log, given)
        for _look in range(round(INITIALISE_SECONDS / POLL_SECONDS)):
            if process.poll() is not None or self._stopped.wait(POLL_SECONDS):
                break
        return process.poll() == 0

    def _mariadb_initialisation(self, directory: Path) -> tuple[list[str], Path | None]:
        """The command that fills a data directory, and the SQL it reads.

        The program's own SQL files come first: three times faster than the script, and surely of its version.
        """
        tables = self._program.system_tables(self._environ)
        if tables:
            (directory / "data").mkdir()
            given = directory / "initialise.sql"
            sql = [file.read_bytes() for file in tables]
            given.write_bytes(b"\n".join([b"CREATE DATABASE mysql;", b"USE mysql;", *sql]))
            return self._program.command(*self._options(directory), "--bootstrap", "--skip-networking"), given
        installer = self._program.installer()
        if installer is None:
            raise SourceError(
                _(
                    "{program} has neither mariadb-install-db nor the SQL files for a new data directory beside it",
                    program=self.program,
                ),
                _(
                    "name the directory that holds mariadb_system_tables.sql in {variable}",
                    variable=SHARE_VARIABLE,
                ),
            )
        normal = "--auth-root-authentication-method=normal"
        return [installer, "--no-defaults", *self._options(directory), normal], None

    def _run(self, guardian: Guardian) -> None:
        """Start the server and wait until it lets us in."""
        directory = guardian.directory
        log = directory / LOG
        socket = f"--socket={directory / 's'}"
        command = self._program.command(
            *self._options(directory), *SETTINGS, socket, f"--pid-file={directory / 'pid'}"
        )
        process = guardian.start(command, log)
        for _look in range(round(START_SECONDS / POLL_SECONDS)):
            if self._answers():
                return
            if process.poll() is not None or self._stopped.wait(POLL_SECONDS):
                break
        raise self._failure(N_("{program} did not start: {said}"), log, process)

    def _answers(self) -> bool:
        try:
            wire = connect(self.socket, "root", "goneaway-demo")
        except (pymysql.MySQLError, OSError):
            return False
        banner = str(wire.get_server_info())  # type: ignore[no-untyped-call]
        self.version = plain(banner.removeprefix("5.5.5-"), 100)
        wire.close()
        return True

    def _options(self, directory: Path) -> list[str]:
        """What holds while making the data directory and afterwards."""
        options = [f"--datadir={directory / 'data'}", f"--tmpdir={directory / 'tmp'}", *SMALL]
        if os.geteuid() == 0:
            options.append("--user=root")
        if self._program.flavour is Flavour.MYSQL:
            options.extend(MYSQL_ONLY)
        return options

    def _failure(self, what: str, log: Path, process: subprocess.Popen[bytes] | None = None) -> SourceError:
        if self._stopped.is_set():
            return SourceError(_("the private server was stopped while it started"))
        if process is not None and process.poll() is None:
            what = N_("{program} does not answer after {seconds:g} s: {said}")
        return SourceError(
            _(what, program=self.program, said=last_log_lines(log), seconds=START_SECONDS),
            _("name another in {variable}, or use demo --simulated", variable=PROGRAM_VARIABLE),
        )


def last_log_lines(log: Path) -> str:
    """The line of a server's log that says why it ended: its first error, else its last line."""
    try:
        said = log.read_text("utf-8", "replace")
    except OSError:
        said = ""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "[ERROR]" in line and not line.endswith("Aborting")]
    if not lines:
        return _("it left no word")
    return plain((errors or lines[-1:])[0].partition("[ERROR] ")[2] or lines[-1], 300)
