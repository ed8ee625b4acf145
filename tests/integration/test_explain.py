"""With a connection the server decides: real losses on real servers, explained with what the server says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql
import pytest

from goneaway_tui.cli import run
from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, Name, RealServer


def failing(act: Callable[[], object]) -> str:
    """The line an application logs."""
    with pytest.raises(pymysql.Error) as caught:
        act()
    return f"{datetime.now(UTC).isoformat()} ERROR pymysql.err.{caught.type.__name__}: {caught.value!s}\n"


def explained(
    capsys: pytest.CaptureFixture[str], server: RealServer, log: Path, line: str
) -> dict[str, dict[str, Any]]:
    """Findings by cause, in their order."""
    log.write_text(line, encoding="utf-8")
    where = ["-h", "127.0.0.1", "-P", str(server.port), "-u", "root", "--format=json"]
    assert 0 == run(["explain", str(log), *where])
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    return {each["cause"]: each for each in error["findings"]}


def idle(server: RealServer) -> str:
    session = server.connect()
    time.sleep(2.5)
    return failing(lambda: session.query("SELECT 1"))


def test_an_idle_session_is_explained_by_the_limit_in_force(
    capsys: pytest.CaptureFixture[str], any_server: RealServer, tmp_path: Path
) -> None:
    any_server.connect().query("SET GLOBAL wait_timeout = 1")
    try:
        found = explained(capsys, any_server, tmp_path / "app.log", idle(any_server))
    finally:
        any_server.connect().query("SET GLOBAL wait_timeout = 28800")

    assert "idle_timeout" == next(iter(found))
    assert any("1 s - 10 %" in each and "says" in each for each in found["idle_timeout"]["remedies"])
    assert "ruled_out" == found["server_restart"]["certainty"] == found["server_crash"]["certainty"]


@pytest.mark.parametrize("name", NAMES)
def test_a_restart_is_explained_by_the_uptime(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, name: Name, tmp_path: Path
) -> None:
    server = start_server(name)
    session = server.connect()
    server.stop()
    server.start()
    found = explained(capsys, server, tmp_path / "app.log", failing(lambda: session.query("SELECT 1")))

    assert "server_restart" == next(iter(found))
    assert any("started" in each for each in found["server_restart"]["because"])


def test_a_full_server_is_explained_by_itself(
    capsys: pytest.CaptureFixture[str], any_server: RealServer, tmp_path: Path
) -> None:
    line = "2026-11-23T22:00:00Z ERROR pymysql.err.OperationalError: (1040, 'Too many connections')\n"
    found = explained(capsys, any_server, tmp_path / "app.log", line)

    assert "confirmed" == found["too_many_connections"]["certainty"]
    assert any("now 151" in each for each in found["too_many_connections"]["remedies"])
