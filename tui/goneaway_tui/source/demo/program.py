"""Which server program is installed here, and what has to be known of it to run it."""

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
from goneaway_tui.text.sanitize import plain

PROGRAM_VARIABLE = "GONEAWAY_SERVER_PROGRAM"
"""Names the server program to use."""
SHARE_VARIABLE = "GONEAWAY_SERVER_SHARE"
"""Names the directory that holds MariaDB's SQL files for a new data directory."""
NAMES = ("mariadbd", "mysqld")
PLACES = (
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
"""Where server programs live that are not on everybody's PATH."""
SYSTEM_TABLES = ("system_tables.sql", "performance_tables.sql", "system_tables_data.sql")
ASKING_SECONDS = 20.0


class NoServerProgram(SourceError):
    """No MySQL or MariaDB server is installed that could be run."""


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A server program that answered."""

    path: str
    flavour: Flavour
    takes_no_defaults: bool = True
    """Whether `--no-defaults` may be said: it must come first, and a launcher may have said it already.

    MariaDB tells in its help. MySQL tells only when it starts, so there the first start on our own directory finds out.
    """
    settings: Mapping[str, str] = field(default_factory=dict)
    """MariaDB's own directories without any option file, by name with dashes."""

    def command(self, *options: str) -> list[str]:
        """How to run it; `--no-defaults` must come first."""
        return [self.path, *(["--no-defaults"] if self.takes_no_defaults else []), *options]

    def share_directories(self, environ: Mapping[str, str]) -> Iterable[Path]:
        """Where its SQL files may be, likeliest first."""
        if environ.get(SHARE_VARIABLE):
            yield Path(environ[SHARE_VARIABLE])
        for named in ("lc-messages-dir", "character-sets-dir"):
            given = Path(self.settings.get(named, ""))
            if given.is_absolute():
                yield from (given, given.parent, given.parent / "mariadb", given.parent / "mysql")
        bases = [
            Path(self.settings.get("basedir", "/usr")),
            Path(self.path).resolve().parent.parent,
            Path("/usr"),
        ]
        for base in bases:
            yield from (base / "share" / name for name in ("mariadb", "mysql", ""))

    def system_tables(self, environ: Mapping[str, str]) -> list[Path]:
        """MariaDB's SQL files that fill a new data directory, in order; none if they are not found."""
        for directory in self.share_directories(environ):
            for prefix in ("mariadb_", "mysql_"):
                files = [directory / f"{prefix}{name}" for name in SYSTEM_TABLES]
                if all(file.is_file() for file in files):
                    return files
        return []

    def installer(self) -> str | None:
        """MariaDB's script that makes a data directory: the one beside this program, else any."""
        here = Path(self.path).resolve().parent
        near = os.pathsep.join(str(here / way) for way in (".", "../bin", "../scripts"))
        for name in ("mariadb-install-db", "mysql_install_db"):
            found = shutil.which(name, path=near) or shutil.which(name)
            if found:
                return found
        return None


def find_program(environ: Mapping[str, str]) -> ServerProgram:
    """The server program to use. Raises NoServerProgram, or SourceError where the one found does not run."""
    named = environ.get(PROGRAM_VARIABLE)
    if named:
        path = shutil.which(named, path=environ.get("PATH"))
        if path is None:
            raise NoServerProgram(
                _(
                    "{variable} names {path}, which is not a program",
                    variable=PROGRAM_VARIABLE,
                    path=plain(named, 200),
                ),
                _("name a mariadbd or mysqld there, or unset it"),
            )
        return examine(path)
    for search in (environ.get("PATH", os.defpath), os.pathsep.join(PLACES)):
        for name in NAMES:
            path = shutil.which(name, path=search)
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
    """Ask a server program what it is. Raises SourceError where it does not answer."""
    said = _ask([path, "--version"])
    if said is None or "Ver" not in said:
        raise SourceError(
            _("{path} does not run, or is no MySQL or MariaDB server", path=path),
            _("name another in {variable}", variable=PROGRAM_VARIABLE),
        )
    if "mariadb" not in said.lower():
        return ServerProgram(path, Flavour.MYSQL)
    told = _ask([path, "--no-defaults", "--verbose", "--help"])
    takes_no_defaults = told is not None
    if told is None:
        told = _ask([path, "--verbose", "--help"])
    settings = dict(re.findall(r"^([a-z][a-z-]+)\s+(/\S+)\s*$", told or "", re.MULTILINE))
    return ServerProgram(path, Flavour.MARIADB, takes_no_defaults, settings)


def _ask(command: list[str]) -> str | None:
    """What a program prints, or None where it does not end well."""
    try:
        answer = subprocess.run(  # noqa: S603 - the user's own choice of server program
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=ASKING_SECONDS,
            check=True,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace")


SECONDS = 10.0
"""How long one answer may take; longer than any statement of the demo."""

Wire: TypeAlias = "Connection[Any]"


def connect(
    socket: str,
    user: str,
    program: str,
    database: str | None = None,
    client_flag: int = 0,
    answer_seconds: float = SECONDS,
) -> Wire:
    """Log in. Raises pymysql.MySQLError or OSError.

    The socket is opened here because PyMySQL drops its own without closing it when nobody answers.
    """
    wire: Wire = Connection(
        unix_socket=socket,
        user=user,
        database=database,
        charset="utf8mb4",
        autocommit=True,
        client_flag=client_flag,
        read_timeout=answer_seconds,
        write_timeout=SECONDS,
        program_name=program,
        defer_connect=True,
    )
    line = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        line.settimeout(SECONDS)
        line.connect(socket)
        wire.connect(line)
    except BaseException:
        line.close()
        raise
    return wire


def run(wire: Wire, statement: str, *values: object) -> None:
    """Run a statement for what it does."""
    with wire.cursor() as cursor:
        cursor.execute(statement, values or None)
