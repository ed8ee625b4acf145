"""Finding a server program, and reading what it said when it failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from goneaway_tui.errors import SourceError
from goneaway_tui.model.server import Flavour
from goneaway_tui.source.demo.program import (
    SYSTEM_TABLES,
    NoServerProgram,
    ServerProgram,
    find_program,
)
from goneaway_tui.source.demo.server import last_log_lines


def a_fake_program(path: Path, says: str, help_status: int = 0) -> Path:
    """A script that answers --version, and --help with a directory beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *--version*) echo "{says}" ;;\n'
        f'*--no-defaults*) echo "basedir   {path.parent}"; exit {help_status} ;;\n'
        f'*) echo "basedir   {path.parent}" ;; esac\n'
    )
    path.chmod(0o755)
    return path


MARIADB = "mariadbd  Ver 10.11.19-MariaDB for Linux"
MYSQL = "/usr/sbin/mysqld  Ver 9.7.4 for Linux on x86_64 (MySQL Community Server - GPL)"


def test_the_environment_names_the_program(tmp_path: Path) -> None:
    path = a_fake_program(tmp_path / "it", MYSQL)
    program = find_program({"GONEAWAY_SERVER_PROGRAM": str(path), "PATH": "/bin:/usr/bin"})
    assert (program.path, program.flavour) == (str(path), Flavour.MYSQL)
    assert program.command("--x") == [str(path), "--no-defaults", "--x"]


def test_mariadb_is_preferred_on_the_path(tmp_path: Path) -> None:
    a_fake_program(tmp_path / "mysqld", MYSQL)
    a_fake_program(tmp_path / "mariadbd", MARIADB)
    program = find_program({"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert (program.path, program.flavour) == (str(tmp_path / "mariadbd"), Flavour.MARIADB)


def test_launcher_that_passes_no_defaults_gets_it_only_once(tmp_path: Path) -> None:
    path = a_fake_program(tmp_path / "it", MARIADB, help_status=2)
    program = find_program({"GONEAWAY_SERVER_PROGRAM": str(path)})
    assert program.command("--x") == [str(path), "--x"]


def test_missing_program_is_reported_in_one_line() -> None:
    with pytest.raises(NoServerProgram, match="GONEAWAY_SERVER_PROGRAM names /nowhere/mysqld") as told:
        find_program({"GONEAWAY_SERVER_PROGRAM": "/nowhere/mysqld"})
    assert isinstance(told.value, SourceError)
    assert "\n" not in told.value.line


def test_a_program_that_is_no_server_is_refused(tmp_path: Path) -> None:
    path = a_fake_program(tmp_path / "it", "cat (GNU coreutils) 9.1")
    with pytest.raises(SourceError, match="not a MySQL or MariaDB server"):
        find_program({"GONEAWAY_SERVER_PROGRAM": str(path)})


@pytest.mark.parametrize("prefix", ["mariadb_", "mysql_"])
def test_the_named_share_directory_gives_the_system_tables_in_order(tmp_path: Path, prefix: str) -> None:
    for name in SYSTEM_TABLES:
        (tmp_path / f"{prefix}{name}").touch()
    program = ServerProgram("/nowhere/mariadbd", Flavour.MARIADB)
    files = program.system_tables({"GONEAWAY_SERVER_SHARE": str(tmp_path)})
    assert [file.name for file in files] == [f"{prefix}{name}" for name in SYSTEM_TABLES]
    assert all(file.parent == tmp_path for file in files)


def test_last_log_message_is_the_first_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("0 [Note] begins\n0 [ERROR] no room\n0 [ERROR] so it ends\n0 [ERROR] Aborting\n\n")
    assert last_log_lines(log) == "no room"


def test_last_log_message_is_the_last_line_without_an_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\nsh: mysqld: \x1b[31mnot found\n")
    assert last_log_lines(log) == "sh: mysqld: ␛[31mnot found"


def test_missing_log_is_not_reported(tmp_path: Path) -> None:
    assert last_log_lines(tmp_path / "none") == "it printed no error"
