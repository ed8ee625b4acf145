"""The private servers themselves: are they what their names say, fresh, and gone afterwards?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection

from goneaway_tui.model.server import Flavour
from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, DidNotStart, Missing, Name, RealServer, find
from tests.waiting import comes_true

FAMILIES: dict[Name, str] = {
    "mysql97": "9.7.",
    "mariadb105": "10.5.",
    "mariadb1011": "10.11.",
    "mariadb118": "11.8.",
}
REPOSITORY = Path(__file__).parents[2]


def ask(server: RealServer, statement: str, **options: Any) -> tuple[tuple[Any, ...], ...]:
    with server.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchall())


def session_id(connection: Connection[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT connection_id()")
        (row,) = cursor.fetchall()
        return int(row[0])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_answers_as_the_version_it_is_named_for(any_version: RealServer) -> None:
    ((version, performance_schema, port),) = ask(
        any_version, "SELECT version(), @@performance_schema, @@port"
    )
    assert version.startswith(FAMILIES[any_version.name])
    assert ("MariaDB" in version) == (any_version.flavour is Flavour.MARIADB)
    assert (performance_schema, port) == (1, any_version.port)
    assert any_version.dsn == f"mysql://root@127.0.0.1:{port}"


def test_answers_on_its_socket_whose_path_is_short(any_server: RealServer) -> None:
    assert ask(any_server, "SELECT 1", unix_socket=str(any_server.socket)) == ((1,),)
    assert len(str(any_server.socket)) < 100


def test_server_writes_its_log_to_the_reported_path(any_server: RealServer) -> None:
    assert "ready for connections" in any_server.log.read_text("utf-8")
    assert (any_server.datadir / "ibdata1").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_server_keeps_its_sessions_and_answers_once_thawed(
    start_server: StartServer, name: Name
) -> None:
    server = start_server(name)
    with server.connect() as untimed, server.connect(read_timeout=0.3) as hasty:
        session = session_id(untimed)
        server.freeze()
        with pytest.raises(pymysql.OperationalError, match="timed out"):
            hasty.ping(reconnect=False)
        server.thaw()
        untimed.ping(reconnect=False)
        assert session_id(untimed) == session


@pytest.mark.parametrize("name", NAMES)
def test_killed_and_started_again_it_is_the_same_server(start_server: StartServer, name: Name) -> None:
    server = start_server(name)
    ask(server, "CREATE DATABASE kept")
    first = server.pid
    with server.connect() as connection:
        server.kill()
        with pytest.raises(pymysql.OperationalError, match=r"2006|2013"):
            connection.ping(reconnect=False)
    assert server.pid is None
    with pytest.raises(pymysql.OperationalError, match="refused"):
        server.connect()
    server.start()
    assert server.pid not in {None, first}
    assert ask(server, "SHOW DATABASES LIKE 'kept'") == (("kept",),)


@pytest.mark.parametrize("name", NAMES)
def test_stopped_server_shuts_down_cleanly_and_may_start_with_other_arguments(
    start_server: StartServer, name: Name
) -> None:
    server = start_server(name, "--max-connections=20")
    assert ask(server, "SELECT @@max_connections, @@wait_timeout") == ((20, 28800),)
    server.stop()
    assert "hutdown complete" in server.log.read_text("utf-8")
    server.start("--wait-timeout=77")
    assert ask(server, "SELECT @@max_connections, @@wait_timeout") == ((20, 77),)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_go_before_what_every_server_gets(start_server: StartServer, name: Name) -> None:
    assert ask(start_server(name, "--performance-schema=OFF"), "SELECT @@performance_schema") == ((0,),)


@pytest.mark.parametrize("name", NAMES)
def test_fresh_server_has_no_leftovers(start_server: StartServer, name: Name) -> None:
    first, second = start_server(name), start_server(name)
    ask(first, "CREATE DATABASE left_behind")
    ask(first, "CREATE USER left_behind")
    assert len({first.port, second.port}) == len({first.datadir, second.datadir}) == 2
    assert ask(second, "SHOW DATABASES LIKE 'left%'") == ()
    assert ask(second, "SELECT user FROM mysql.user WHERE user IN ('', 'left_behind')") == ()
    if first.flavour is Flavour.MYSQL:
        assert ask(first, "SELECT @@server_uuid") != ask(second, "SELECT @@server_uuid")


def test_server_that_cannot_start_reports_why(start_server: StartServer) -> None:
    with pytest.raises(DidNotStart, match="no-such-option"):
        start_server("mariadb1011", "--no-such-option")


@pytest.mark.parametrize(
    "end",
    ["pass", "raise SystemExit(3)", "os.kill(os.getpid(), 9)", "server.freeze(); os.kill(os.getpid(), 9)"],
    ids=["ended", "failed", "killed", "killed while frozen"],
)
def test_nothing_is_left_of_a_run(mariadb1011: RealServer, end: str) -> None:
    script = f"""
import os
from tests.servers.private import Servers
with Servers() as servers, servers.run("mariadb1011") as server:
    print(server.pid, server.datadir.parent.parent, flush=True)
    {end}
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    pid, directory = run.stdout.split()
    comes_true(
        lambda: not alive(int(pid)) and not Path(directory).exists(),
        told=lambda: f"process {pid} or {directory} outlives its run",
    )


def test_missing_server_names_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GONEAWAY_SERVERS", str(tmp_path))
    with pytest.raises(Missing, match=r"^mysql97 is not here: run tests/servers/get mysql97$"):
        find("mysql97")
