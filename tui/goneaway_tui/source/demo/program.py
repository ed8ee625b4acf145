"""Find the installed server program, and how to run it."""

from __future__ import annotations

import os
import re
import shutil
import socket as sockets
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from pymysql.connections import Connection

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import _
from goneaway_tui.model.server import Flavour
from goneaway_tui.system import HAS_UNIX_SOCKETS
from goneaway_tui.text.sanitize import plain

PROGRAM_VARIABLE = "GONEAWAY_SERVER_PROGRAM"
"""The environment variable with the server program to use."""
SHARE_VARIABLE = "GONEAWAY_SERVER_SHARE"
"""The environment variable with the directory of MariaDB's SQL files for a new data directory."""
NAMES = ("mariadbd", "mysqld")
PROGRAM_FOLDERS = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/libexec",
    "/usr/local/bin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
    "/opt/homebrew/opt/mariadb/bin",
    "/opt/homebrew/opt/mysql/bin",
    "/opt/local/bin",
)
"""Directories of server programs that are often not in PATH."""
SYSTEM_TABLES = ("system_tables.sql", "performance_tables.sql", "system_tables_data.sql")
PROBE_SECONDS = 20.0


class NoServerProgram(SourceError):
    """No MySQL or MariaDB server program is installed."""


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """An installed server program that runs."""

    path: str
    flavour: Flavour
    accepts_no_defaults: bool = True
    """Whether `--no-defaults` may be given: it must come first, and a wrapper script may give it already.

    MariaDB reports this in its help. MySQL reports it only when it starts, so there the first start finds it out.
    """
    settings: Mapping[str, str] = field(default_factory=dict)
    """MariaDB's built-in directories, without option files, by the name of the option."""

    def command(self, *options: str) -> list[str]:
        """The command line with these options; `--no-defaults` must come first."""
        return [self.path, *(["--no-defaults"] if self.accepts_no_defaults else []), *options]

    def share_directories(self, environ: Mapping[str, str]) -> Iterable[Path]:
        """Directories that may hold the server's SQL files, the most likely first."""
        if environ.get(SHARE_VARIABLE):
            yield Path(environ[SHARE_VARIABLE])
        for option in ("lc-messages-dir", "character-sets-dir"):
            path = Path(self.settings.get(option, ""))
            if path.is_absolute():
                yield from (path, path.parent, path.parent / "mariadb", path.parent / "mysql")
        bases = [
            Path(self.settings.get("basedir", "/usr")),
            Path(self.path).resolve().parent.parent,
            Path("/usr"),
        ]
        for base in bases:
            yield from (base / "share" / name for name in ("mariadb", "mysql", ""))

    def system_tables(self, environ: Mapping[str, str]) -> list[Path]:
        """MariaDB's SQL files that fill a new data directory, in order; empty if they are not found."""
        for directory in self.share_directories(environ):
            for prefix in ("mariadb_", "mysql_"):
                files = [directory / f"{prefix}{name}" for name in SYSTEM_TABLES]
                if all(file.is_file() for file in files):
                    return files
        return []

    def installer(self) -> str | None:
        """MariaDB's script that makes a data directory: the one beside this program, else one in PATH."""
        folder = Path(self.path).resolve().parent
        search_path = os.pathsep.join(str(folder / relative) for relative in (".", "../bin", "../scripts"))
        for name in ("mariadb-install-db", "mysql_install_db"):
            found = shutil.which(name, path=search_path) or shutil.which(name)
            if found:
                return found
        return None


def find_program(environ: Mapping[str, str]) -> ServerProgram:
    """The server program to use. Raises NoServerProgram, or SourceError if the program does not run."""
    if not HAS_UNIX_SOCKETS:
        raise NoServerProgram(_("the server of the demo needs Linux, macOS or another Unix"))
    requested = environ.get(PROGRAM_VARIABLE)
    if requested:
        path = shutil.which(requested, path=environ.get("PATH"))
        if path is None:
            raise NoServerProgram(
                _(
                    "{variable} names {path}, which is not a program",
                    variable=PROGRAM_VARIABLE,
                    path=plain(requested, 200),
                ),
                _("set it to the path of mariadbd or mysqld, or unset it"),
            )
        return examine(path)
    for folders in (environ.get("PATH", os.defpath), os.pathsep.join(PROGRAM_FOLDERS)):
        for name in NAMES:
            path = shutil.which(name, path=folders)
            if path is not None:
                return examine(path)
    raise NoServerProgram(
        _("no MySQL or MariaDB server program is installed here"),
        _(
            "install mariadb-server, name a program in {variable}, or use demo --simulated",
            variable=PROGRAM_VARIABLE,
        ),
    )


def examine(path: str) -> ServerProgram:
    """Run a server program to read its family and options. Raises SourceError if it does not answer."""
    version = _output_of([path, "--version"])
    if version is None or "Ver" not in version:
        raise SourceError(
            _("{path} does not run, or is not a MySQL or MariaDB server", path=path),
            _("name another program in {variable}", variable=PROGRAM_VARIABLE),
        )
    if "mariadb" not in version.lower():
        return ServerProgram(path, Flavour.MYSQL)
    help_text = _output_of([path, "--no-defaults", "--verbose", "--help"])
    accepts_no_defaults = help_text is not None
    if help_text is None:
        help_text = _output_of([path, "--verbose", "--help"])
    settings = dict(re.findall(r"^([a-z][a-z-]+)\s+(/\S+)\s*$", help_text or "", re.MULTILINE))
    return ServerProgram(path, Flavour.MARIADB, accepts_no_defaults, settings)


def _output_of(command: list[str]) -> str | None:
    """The standard output of a command, or None if it fails."""
    try:
        completed = subprocess.run(  # noqa: S603 - the user's own choice of server program
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PROBE_SECONDS,
            check=True,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout.decode("utf-8", "replace")


ANSWER_SECONDS = 10.0
"""Longest time of one answer; longer than any statement of the demo."""

ServerConnection: TypeAlias = "Connection[Any]"


def connect(
    socket: str,
    user: str,
    program: str,
    database: str | None = None,
    client_flag: int = 0,
    answer_seconds: float = ANSWER_SECONDS,
) -> ServerConnection:
    """Log in. Raises pymysql.MySQLError or OSError.

    The socket is opened here, because PyMySQL does not close its own socket when no server answers.
    """
    connection: ServerConnection = Connection(
        unix_socket=socket,
        user=user,
        database=database,
        charset="utf8mb4",
        autocommit=True,
        client_flag=client_flag,
        read_timeout=answer_seconds,
        write_timeout=ANSWER_SECONDS,
        program_name=program,
        defer_connect=True,
    )
    unix_socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        unix_socket.settimeout(ANSWER_SECONDS)
        unix_socket.connect(socket)
        connection.connect(unix_socket)
    except BaseException:
        unix_socket.close()
        raise
    return connection


def run(connection: ServerConnection, statement: str, *values: object) -> None:
    """Run a statement and discard its result."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
